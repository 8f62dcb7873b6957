"""Tables whose columns have roles: files and tables in memory."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.archive import FormatOptions
from ptrack_analysis.sources.trackers.cells import Cells, of_arrow, of_values
from ptrack_analysis.sources.trackers.classes import parse_classes
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, build_tracked
from ptrack_analysis.sources.trackers.positions import find_stated_unit
from ptrack_analysis.sources.trackers.roles import (
    BOXES,
    MOMENTS,
    NUMERIC,
    ROLES,
    across,
    by_own_names,
    down,
    find_ignored,
    find_part_columns,
    propose_columns,
    validate_roles,
)
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import Sheet, read_raw
from ptrack_analysis.sources.trackers.tracked import (
    Given,
    Unit,
    combine,
    named,
    title_of_source,
    validate_options,
)
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Video, YAxis

_SHOWN = 3


def detections_from(
    table: Any,
    *,
    columns: Mapping[str, str] | None = None,
    video: Video | None = None,
    first_frame: int | None = None,
    stride: int | None = None,
    unit: Unit | None = None,
    y_axis: YAxis | None = None,
    classes: Sequence[int | str] | None = None,
    min_confidence: float | None = None,
    allow_dropped: bool = False,
) -> pd.DataFrame:
    """Make DETECTIONS, or POINTS, of a table in memory: polars, DuckDB, pyarrow, pandas.

    The rules are those of a CSV or Parquet file with named columns; see ``read_tracks``. If rows are
    dropped, columns ignored or facts assumed, a ``PtrackWarning`` has the counts.

    Parameters
    ----------
    table
        Anything with ``__arrow_c_stream__``, or a pandas DataFrame, whose index levels count as columns.
    columns
        Role to column, such as ``{"frame": "frame", "id": "track_id", "left": "x1", "top": "y1",
        "right": "x2", "bottom": "y2"}``; by default columns that have the names of roles.
    video
        The video, for its frame size and rate, as far as they are needed.
    first_frame, stride, unit, y_axis, classes, min_confidence, allow_dropped
        As in ``read_tracks``.

    Returns
    -------
    pandas.DataFrame
        DETECTIONS, sorted by timestamp and person, or with the roles ``x`` and ``y`` POINTS;
        ``confidence``, ``class_id`` and ``class_name`` are carried along. No rows: an empty table.

    Raises
    ------
    InputError
        With the row, column and value of what cannot be; if no row has an id.
    ParameterError
        If it is no table, a column is not there, or the frame size or rate is needed and not known.

    Examples
    --------
    >>> sides = {"left": [0], "top": [0], "right": [50], "bottom": [50]}
    >>> table = pd.DataFrame({"frame": [0], "id": [7], **sides})
    >>> detections_from(table, video=Video(width=100, height=200, frame_rate=25.0))["height"].tolist()
    [0.25]
    """
    options = FormatOptions(
        first_frame=first_frame,
        stride=stride,
        unit=unit,
        y_axis=y_axis,
        classes=parse_classes(classes or ()),
        min_confidence=min_confidence,
        columns=tuple((columns or {}).items()),
    )
    video = video or Video()
    given, place = combine(validate_options(options), video), "the table"
    if isinstance(table, pd.DataFrame):
        rows = _read_pandas(table, place, given, video)
    elif hasattr(table, "__arrow_c_stream__"):
        content = pa.table(table)
        rows = _read_arrow(content, content.column_names, place, given, video)
    else:
        raise ParameterError(
            f"the table is a {type(table).__name__}; expected a pandas.DataFrame or anything with "
            "__arrow_c_stream__ (polars, DuckDB, pyarrow)"
        )
    result = build_tracked(rows, given)
    if not allow_dropped:
        result.report.validate_dropped()
    result.report.warn()
    return result.table


def _read_arrow(table: pa.Table, present: Sequence[str], place: str, given: Given, video: Video) -> Rows:
    """Read the columns of an Arrow table that have a role; ``present`` names those of its source."""
    columns, candidates = name_columns(given, present, place)
    cells = {}
    for name in dict.fromkeys([*columns.values(), *candidates.values()]):
        if present.count(name) > 1:
            raise InputError(f"{place}: two columns have the name {name!r}")
        if pa.types.is_duration(table[name].type):
            _validate_no_duration(name, columns, place)
        try:
            cells[name] = _read_column(table[name], name, columns)
        except (InputError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(f"{place}: {error}") from error
    found = Cells(cells, table.num_rows, place, lambda row: f"{place}, row {row}")
    return _interpret(found, present, columns, candidates, video)


def _read_column(column: Any, name: str, columns: Mapping[str, str]) -> Any:
    """Convert an Arrow column; a list of numbers, which may be a box, becomes a text."""
    kind = column.type
    if any(columns.get(role) == name for role in BOXES) and hasattr(kind, "value_type"):
        lists = [chunk.cast(pa.list_(pa.float64())).cast(pa.list_(pa.string())) for chunk in column.chunks]
        return pa.chunked_array([pc.binary_join(chunk, " ") for chunk in lists], pa.string())
    return of_arrow(column, name, exact=columns["id"] == name)


def _interpret(
    cells: Cells,
    present: Sequence[str],
    columns: Mapping[str, str],
    candidates: Mapping[str, str],
    video: Video,
) -> Rows:
    """Interpret cells whose columns are known; ``candidates`` may separate videos or cameras.

    Raises
    ------
    InputError
        If a column separates cameras, and the caller does not name it.
    """
    assumptions, columns = list[str](), dict(columns)
    for role, name in candidates.items():
        values = pc.unique(pc.fill_null(pc.cast(cells.columns[name], pa.string()), "")).to_pylist()
        if not 1 < len(values) <= max(cells.count // 2, 1):
            continue
        shown = ", ".join(map(repr, values[:_SHOWN])) + (", ..." if len(values) > _SHOWN else "")
        if role == "camera":
            raise InputError(
                f"{cells.place}: the column {name!r} has {len(values)} values ({shown}), so the rows may "
                f"be of several "
                f"cameras. Add camera={name} to the columns (--columns) to read each camera as a video."
            )
        columns[role] = name
        assumptions.append(f"each of the {len(values)} values of the column {name!r} is read as a video")
    return Rows(
        cells,
        BoxLayout(columns=columns, text_ids=True),
        assumptions=tuple(assumptions),
        ignored_columns=find_ignored(columns, present),
        video=video,
    )


def name_columns(given: Given, present: Sequence[str], place: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the column of each role, as the caller says, otherwise by the columns' own names.

    The second dictionary has columns without a role that may separate videos or cameras.
    """
    try:
        columns = validate_roles(given.columns or by_own_names(present), present, place)
    except ParameterError as error:
        if given.columns:
            raise
        raise ParameterError(f"{error}. {advise_columns(present)}") from error
    return columns, find_part_columns(columns, present)


def advise_columns(present: Sequence[str]) -> str:
    """Return an option to paste, with a guess of the role of each column."""
    guess = propose_columns(present)
    if "x" in guess:
        return _advise_points(guess)
    missing = [role for role in ("frame", "id") if role not in guess]
    if "frame" in missing and any(role in guess for role in MOMENTS):
        missing.remove("frame")
    try:
        across(guess), down(guess)
    except ParameterError:
        missing += [role for role in ("left", "top", "right", "bottom") if role not in guess]
    order = sorted(guess, key=ROLES.index)
    pairs = [f"{role}={guess[role]}" for role in order] + [f"{role}=..." for role in missing]
    line = f"--columns {shlex.quote(','.join(pairs))}"
    return f"Name the columns by role, for example {line}"


def _advise_points(guess: Mapping[str, str]) -> str:
    """Return options to paste for a table of points."""
    order = sorted(guess, key=ROLES.index)
    missing = [] if "id" in guess else ["id=..."]
    if not any(role in guess for role in MOMENTS):
        missing.append("frame=...")
    pairs = ",".join([*(f"{role}={guess[role]}" for role in order), *missing])
    unit = "" if find_stated_unit(guess) else " --unit m"
    return (
        f"Name the columns by role, for example --columns {shlex.quote(pairs)}{unit}"
        f"{' (or cm, or px)' if unit else ''}"
    )


def _read_pandas(table: pd.DataFrame, place: str, given: Given, video: Video) -> Rows:
    levels = {
        str(name): table.index.get_level_values(at)
        for at, name in enumerate(table.index.names)
        if name is not None
    }
    present = [*map(str, table.columns), *levels]
    columns, candidates = name_columns(given, present, place)
    cells = {}
    for name in dict.fromkeys([*columns.values(), *candidates.values()]):
        if present.count(name) > 1:
            raise InputError(f"{place}: two columns have the name {name!r}")
        values = table[name] if name in table.columns else levels[name]
        if values.dtype.kind == "m":
            _validate_no_duration(name, columns, place)
        cells[name] = _read_series(pd.Series(values.array), name, columns)
    found = Cells(cells, len(table), place, lambda row: f"{place}, row {row}")
    return _interpret(found, present, columns, candidates, video)


def _validate_no_duration(name: str, columns: Mapping[str, str], place: str) -> None:
    """Reject durations in a column whose role asks for something else."""
    for role, column in columns.items():
        if column == name and role not in {"timestamp_ms", "time_ms"}:
            raise InputError(
                f"{place}: column {name!r}, given for {role}, has durations. Give it the role time_ms."
            )


def _read_series(values: "pd.Series[Any]", name: str, columns: Mapping[str, str]) -> Any:
    if values.dtype == object:
        plain = [None if value is pd.NA or value is pd.NaT or _is_nan(value) else value for value in values]
        return of_values(plain)
    return _read_column(pa.chunked_array([pa.array(values, from_pandas=True)]), name, columns)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value  # noqa: PLR0124 - only NaN differs from itself


MAX_ROWS = 2**28
"""Most rows of a Parquet file that are read."""
_PARQUET = b"PAR1"


def read_table(path: AnyPath, given: Given) -> Rows:
    """Read a CSV or Parquet file whose columns have roles.

    ``columns`` maps roles to the file's columns; ``read_tracks`` lists the roles. Without ``columns``, those
    that have the names of their roles are taken. The frame's upper left corner is (0, 0).

    Parameters
    ----------
    path
        The file; its content tells whether it is CSV or Parquet.
    given
        What the caller says.

    Returns
    -------
    Rows
        The rows and what they mean, for ``build_tracked``.

    Raises
    ------
    InputError
        With the place and value of what is at fault; if the rows may be of several cameras.
    ParameterError
        If a column is missing, or roles are missing.
    """
    video = named(given.video, title_of_source(path))
    if _first_bytes(path) == _PARQUET:
        return _read_parquet(path, given, video)
    sheet = Sheet.open(path)
    given.validate_lines(sheet.raw)
    columns, candidates = name_columns(given, sheet.names, str(path))
    numeric = {name for role, name in columns.items() if role in NUMERIC}
    cells = sheet.read([*columns.values(), *candidates.values()], numeric, {columns["id"]})
    return _interpret(cells, sheet.names, columns, candidates, video)


def read_names(sample: Sample) -> list[str]:
    """Return the names of the columns of a table."""
    return read_parquet_names(sample.path) if sample.head.startswith(_PARQUET) else sample.header


def fits_table(sample: Sample) -> str | None:
    """Return why a file's columns do not have the names of roles, None if they do."""
    if sample.is_folder:
        return "a folder"
    try:
        names = read_names(sample)
        validate_roles(by_own_names(names), names, "the table")
    except (InputError, ParameterError) as error:
        return f"its columns need roles (--columns): {error}"
    return None


def read_parquet_names(path: AnyPath) -> list[str]:
    """Return the names of the columns of a Parquet file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    with _open_parquet(path) as file:
        names: list[str] = file.schema_arrow.names
        return names


def _read_parquet(path: AnyPath, given: Given, video: Video) -> Rows:
    with _open_parquet(path) as file:
        rows = file.metadata.num_rows
        if rows > MAX_ROWS:
            raise InputError(f"{path}: {rows} rows; at most {MAX_ROWS} are read")
        given.validate_size(rows)
        present = file.schema_arrow.names
        columns, candidates = name_columns(given, present, str(path))
        try:
            table = file.read(columns=list(dict.fromkeys([*columns.values(), *candidates.values()])))
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from error
    return _read_arrow(table, present, str(path), given, video)


def _open_parquet(path: AnyPath) -> Any:
    """Open a Parquet file; one on disk is not read beyond its metadata."""
    try:
        if isinstance(path, Path) and not path.name.lower().endswith(".gz"):
            return pq.ParquetFile(path)
        return pq.ParquetFile(pa.BufferReader(read_raw(path)))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from error


def _first_bytes(path: AnyPath) -> bytes:
    try:
        with path.open("rb") as stream:
            first: bytes = stream.read(len(_PARQUET))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return first
