"""Tables whose columns have roles, in files and in memory."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.limits import validate_columns
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
    find_part_columns,
    propose_columns,
    validate_roles,
)
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.source_columns import (
    Reasons,
    choose_source_columns,
    choose_typed_columns,
    convert_plain,
    read_source_columns,
)
from ptrack_analysis.sources.trackers.text import Sheet, read_raw
from ptrack_analysis.sources.trackers.tracked import (
    Given,
    Unit,
    combine,
    named,
    title_of_source,
    validate_options,
)
from ptrack_analysis.storage.parquet_files import open_parquet, read_columns
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
    """Convert a table of polars, DuckDB, pyarrow or pandas to DETECTIONS or POINTS.

    The same rules apply as to a CSV or Parquet file with named columns; see ``read_tracks``. A
    ``PtrackWarning`` is issued if rows are dropped, columns are not read, or facts are assumed.

    Parameters
    ----------
    table
        Anything with ``__arrow_c_stream__``, or a pandas DataFrame, whose index levels count as columns.
    columns
        Role to column, such as ``{"frame": "frame", "id": "track_id", "left": "x1", "top": "y1",
        "right": "x2", "bottom": "y2"}``; by default columns that are named like roles.
    video
        The video, for its frame size and rate, if required.
    first_frame, stride, unit, y_axis, classes, min_confidence, allow_dropped
        As in ``read_tracks``.

    Returns
    -------
    pandas.DataFrame
        DETECTIONS, sorted by timestamp and person, or POINTS if ``x`` and ``y`` are given. ``confidence``,
        ``class_id``, ``class_name`` and the columns without a role are kept.

    Raises
    ------
    InputError
        If a value is invalid, with its row and column; if no row has an id.
    ParameterError
        If ``table`` is not a table, a column is missing, or the frame size or rate is required and unknown.

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
        rows = _read_arrow(content, _choose(content.schema, given, place), place, video)
    else:
        raise ParameterError(
            "the table must be a pandas.DataFrame or an object with __arrow_c_stream__ (polars, DuckDB, "
            f"pyarrow), got {type(table).__name__}"
        )
    result = build_tracked(rows, given)
    if not allow_dropped:
        result.report.validate_dropped()
    result.report.warn()
    return result.table


@dataclass(frozen=True, slots=True)
class _Choice:
    """The chosen columns of a table.

    ``present`` are the names of all columns, ``columns`` maps roles to columns, ``candidates`` may separate
    videos, ``further`` have no role, and ``reasons`` explains why other columns are ignored.
    """

    present: Sequence[str]
    columns: Mapping[str, str]
    candidates: Mapping[str, str]
    further: Sequence[str]
    reasons: Reasons

    @property
    def needed(self) -> list[str]:
        """The columns that have or may get a role."""
        return list(dict.fromkeys([*self.columns.values(), *self.candidates.values()]))


def _choose(schema: pa.Schema, given: Given, place: str) -> _Choice:
    """Choose the columns of a typed table.

    Raises
    ------
    InputError
        If a column that has a role occurs twice.
    """
    columns, candidates = name_columns(given, schema.names, place)
    further, reasons = choose_typed_columns(columns, schema)
    choice = _Choice(schema.names, columns, candidates, further, reasons)
    for name in choice.needed:
        if schema.names.count(name) > 1:
            raise InputError(f"{place}: two columns have the name {name!r}")
    return choice


def _read_arrow(table: pa.Table, choice: _Choice, place: str, video: Video) -> Rows:
    """Read the chosen columns of an Arrow table."""
    columns = choice.columns
    cells = {name: convert_plain(table[name]) for name in choice.further}
    for name in choice.needed:
        if name in cells:
            continue
        if pa.types.is_duration(table[name].type):
            _validate_no_duration(name, columns, place)
        try:
            cells[name] = _read_column(table[name], name, columns)
        except (InputError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(f"{place}: {error}") from error
    found = Cells(cells, table.num_rows, place, lambda row: f"{place}, row {row}")
    return _interpret(found, choice, video)


def _read_column(column: Any, name: str, columns: Mapping[str, str]) -> Any:
    """Convert an Arrow column. A list of numbers, which may be a box, becomes a text."""
    kind = column.type
    if any(columns.get(role) == name for role in BOXES) and hasattr(kind, "value_type"):
        lists = [chunk.cast(pa.list_(pa.float64())).cast(pa.list_(pa.string())) for chunk in column.chunks]
        return pa.chunked_array([pc.binary_join(chunk, " ") for chunk in lists], pa.string())
    return of_arrow(column, name, exact=columns["id"] == name)


def _interpret(
    cells: Cells,
    choice: _Choice,
    video: Video,
    *,
    are_texts: bool = False,
    decimal_comma: bool = False,
) -> Rows:
    """Interpret cells with known columns.

    ``are_texts`` is explained in ``read_source_columns``.

    Raises
    ------
    InputError
        If a column that the caller does not name separates cameras.
    """
    assumptions, columns = list[str](), dict(choice.columns)
    for role, name in choice.candidates.items():
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
    used = set(columns.values())
    further = read_source_columns(
        cells,
        [name for name in choice.further if name not in used],
        {name: reason for name, reason in choice.reasons.items() if name not in used},
        are_texts=are_texts,
        decimal_comma=decimal_comma,
    )
    return Rows(
        further.cells,
        BoxLayout(columns=columns, text_ids=True),
        assumptions=tuple(assumptions),
        oddities=further.oddities,
        further=further.columns,
        ignored=further.ignored,
        video=video,
    )


def name_columns(given: Given, present: Sequence[str], place: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the column of each role, as given, otherwise by the columns' names.

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
    """Return advice with an option to copy, which guesses the role of each column."""
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
    """Return advice with options to copy for a table of points."""
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
    positions = {str(name): at for at, name in enumerate(table.columns)}
    present = [*map(str, table.columns), *levels]
    columns, candidates = name_columns(given, present, place)
    further, reasons = choose_source_columns(columns, present)

    def get_values(name: str) -> Any:
        return pd.Series((levels[name] if name in levels else table.iloc[:, positions[name]]).array)

    arrays = {name: _convert_series(get_values(name)) for name in further}
    reasons |= {name: "its values are of several types" for name in further if arrays[name] is None}
    known = [name for name in further if arrays[name] is not None]
    kept, typed = choose_typed_columns({}, pa.schema([(name, arrays[name].type) for name in known]))
    choice = _Choice(present, columns, candidates, kept, reasons | typed)
    cells = {name: convert_plain(arrays[name]) for name in kept}
    for name in choice.needed:
        if present.count(name) > 1:
            raise InputError(f"{place}: two columns have the name {name!r}")
        if name in cells:
            continue
        values = get_values(name)
        if values.dtype.kind == "m":
            _validate_no_duration(name, columns, place)
        cells[name] = _read_series(values, name, columns)
    found = Cells(cells, len(table), place, lambda row: f"{place}, row {row}")
    return _interpret(found, choice, video)


def _convert_series(values: "pd.Series[Any]") -> Any:
    """Convert a column of pandas to Arrow; None if its values have several types."""
    try:
        return pa.chunked_array([pa.array(values, from_pandas=True)])
    except (pa.ArrowException, TypeError, ValueError):
        return None


def _validate_no_duration(name: str, columns: Mapping[str, str], place: str) -> None:
    """Reject durations in a column whose role requires another type."""
    for role, column in columns.items():
        if column == name and role not in {"timestamp_ms", "time_ms"}:
            raise InputError(
                f"{place}: column {name!r}, given for {role}, has durations. Use the role time_ms."
            )


def _read_series(values: "pd.Series[Any]", name: str, columns: Mapping[str, str]) -> Any:
    if values.dtype == object:
        plain = [None if value is pd.NA or value is pd.NaT or _is_nan(value) else value for value in values]
        return of_values(plain)
    return _read_column(pa.chunked_array([pa.array(values, from_pandas=True)]), name, columns)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value  # noqa: PLR0124 - only NaN differs from itself


MAX_ROWS = 2**28
"""Largest number of rows of a Parquet file."""
_PARQUET = b"PAR1"


def read_table(path: AnyPath, given: Given) -> Rows:
    """Read a CSV or Parquet file whose columns have roles.

    ``columns`` maps roles to the file's columns; ``read_tracks`` lists the roles. Without ``columns``, the
    columns that are named like roles are read. The frame's upper left corner is (0, 0).

    Parameters
    ----------
    path
        The file: CSV or Parquet, recognized by its content.
    given
        Options and facts from the caller.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with the value and its position; if the rows may be of several cameras.
    ParameterError
        If a column is missing, or roles are missing.
    """
    video = named(given.video, title_of_source(path))
    if _first_bytes(path) == _PARQUET:
        return _read_parquet(path, given, video)
    sheet = Sheet.open(path)
    columns, candidates = name_columns(given, sheet.names, str(path))
    choice = _Choice(sheet.names, columns, candidates, *choose_source_columns(columns, sheet.names))
    given.validate_lines(sheet.raw, len(choice.further))
    numeric = {name for role, name in columns.items() if role in NUMERIC}
    cells = sheet.read(choice.needed, numeric, {columns["id"]}, choice.further)
    return _interpret(cells, choice, video, are_texts=True, decimal_comma=sheet.has_decimal_comma)


def read_names(sample: Sample) -> list[str]:
    """Return the names of the columns of a table."""
    return read_parquet_names(sample.path) if sample.head.startswith(_PARQUET) else sample.header


def fits_table(sample: Sample) -> str | None:
    """Return why a file's columns are not named like roles, or None if they are."""
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
    return list(_read_schema(path, _find_source(path))[0].names)


def _read_parquet(path: AnyPath, given: Given, video: Video) -> Rows:
    source = _find_source(path)
    schema, rows = _read_schema(path, source)
    if rows > MAX_ROWS:
        raise InputError(f"{path}: {rows} rows; at most {MAX_ROWS} are read")
    choice = _choose(schema, given, str(path))
    given.validate_size(rows, len(choice.further))
    names = [*dict.fromkeys([*choice.needed, *choice.further])]
    memory = None if given.budget is None else given.budget.memory
    try:
        table = read_columns(source, names, memory=memory)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    return _read_arrow(table, choice, str(path), video)


def _find_source(path: AnyPath) -> Path | bytes:
    """Return a file on disk, of which only a part is read, or the content of another file."""
    return path if isinstance(path, Path) and not path.name.lower().endswith(".gz") else read_raw(path)


def _read_schema(path: AnyPath, source: Path | bytes) -> tuple[pa.Schema, int]:
    """Read the columns and the number of rows of a Parquet file."""
    try:
        with open_parquet(source) as file:
            validate_columns(file.metadata.num_columns)
            return file.schema_arrow, file.metadata.num_rows
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: AnyPath, error: Exception) -> InputError:
    return InputError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}")


def _first_bytes(path: AnyPath) -> bytes:
    try:
        with path.open("rb") as stream:
            first: bytes = stream.read(len(_PARQUET))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return first
