"""Tables whose columns are named: files and tables in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.trackers.cells import Cells, csv_cells, of_arrow, of_values, read_raw
from ptrack_analysis.sources.trackers.form import BoxLayout, by_own_names, checked, tracked
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.tracked import (
    Given,
    Tracked,
    Unit,
    check_first_frame,
    checked_unit,
    named,
    title_of_source,
    warn_of_dropped,
)
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Video


def detections_from(
    table: Any,
    *,
    columns: Mapping[str, str] | None = None,
    video: Video | None = None,
    first_frame: int | None = None,
    unit: Unit = "px",
) -> pd.DataFrame:
    """Make DETECTIONS of a table in memory: polars, DuckDB, pyarrow, pandas.

    The rules are those of a CSV or Parquet file whose columns are named: rows without an id are left out, of
    a person's rows at one moment the larger box is kept. If rows are dropped, a ``PtrackWarning`` has the
    counts.

    Parameters
    ----------
    table
        Anything with ``__arrow_c_stream__``, or a pandas DataFrame, whose index levels count as columns.
    columns
        Role to column, such as ``{"frame": "frame", "id": "track_id", "left": "x1", "top": "y1",
        "right": "x2", "bottom": "y2"}``; by default columns that bear the names of their roles: ``id``; one
        of ``frame``, ``timestamp_ms``, ``time_s``; ``left`` or ``center_x``, ``right`` or ``width``; ``top``
        or ``center_y``, ``bottom`` or ``height``; perhaps ``confidence``, ``class``, ``class_name``.
    video
        The video, for its frame size and rate, as far as they are needed.
    first_frame
        Number of the video's first frame; by default 0 where a frame 0 occurs, else 1.
    unit
        Unit of the boxes' sides: ``px``, or ``fraction`` of the frame.

    Returns
    -------
    pandas.DataFrame
        DETECTIONS, sorted by timestamp and person; ``confidence``, ``class_id`` and ``class_name`` are
        carried along. No rows: an empty table.

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
    check_first_frame(first_frame)
    video = video or Video()
    given = Given(video=video, columns=columns, first_frame=first_frame, unit=checked_unit(unit))
    place = "the table"
    if isinstance(table, pd.DataFrame):
        result = _of_pandas(table, place, given, video)
    elif hasattr(table, "__arrow_c_stream__"):
        result = of_arrow_table(pa.table(table), place, given, video)
    else:
        raise ParameterError(
            f"the table is a {type(table).__name__}; expected a pandas.DataFrame or anything with "
            "__arrow_c_stream__ (polars, DuckDB, pyarrow)"
        )
    warn_of_dropped(place, result.dropped)
    return result.table


def of_arrow_table(table: pa.Table, place: str, given: Given, video: Video) -> Tracked:
    """Make DETECTIONS of an Arrow table."""
    columns = named_columns(given, table.column_names, place)
    cells = {}
    for name in dict.fromkeys(columns.values()):
        if table.column_names.count(name) > 1:
            raise InputError(f"{place}: column {name!r} is there twice")
        if pa.types.is_duration(table[name].type):
            _validate_no_duration(name, columns, place)
        try:
            cells[name] = of_arrow(table[name], name)
        except (InputError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(f"{place}: {error}") from error
    found = Cells(cells, table.num_rows, place, lambda row: f"{place}, row {row}")
    return of_named(found, columns, given, video)


def of_named(cells: Cells, columns: Mapping[str, str], given: Given, video: Video) -> Tracked:
    """Make DETECTIONS of cells whose columns are known."""
    return tracked(cells, BoxLayout(columns=columns, unit=given.unit or "px"), given, video)


def named_columns(given: Given, present: Sequence[str], place: str) -> dict[str, str]:
    """Return which column plays which role: as the caller says, else by the columns' own names."""
    return checked(given.columns or by_own_names(present), present, place)


def _of_pandas(table: pd.DataFrame, place: str, given: Given, video: Video) -> Tracked:
    levels = {
        str(name): table.index.get_level_values(at)
        for at, name in enumerate(table.index.names)
        if name is not None
    }
    present = [*map(str, table.columns), *levels]
    columns = named_columns(given, present, place)
    cells = {}
    for name in dict.fromkeys(columns.values()):
        if present.count(name) > 1:
            raise InputError(f"{place}: column {name!r} is there twice")
        values = table[name] if name in table.columns else levels[name]
        if values.dtype.kind == "m":
            _validate_no_duration(name, columns, place)
        cells[name] = _of_series(pd.Series(values.array), name)
    found = Cells(cells, len(table), place, lambda row: f"{place}, row {row}")
    return of_named(found, columns, given, video)


def _validate_no_duration(name: str, columns: Mapping[str, str], place: str) -> None:
    """Reject a length of time where a number is asked for; as ``timestamp_ms`` it is taken as it is."""
    for role, column in columns.items():
        if column == name and role != "timestamp_ms":
            raise InputError(
                f"{place}: column {name!r}, given for {role}, is a length of time; give it for timestamp_ms"
            )


def _of_series(values: "pd.Series[Any]", name: str) -> Any:
    if values.dtype == object:
        return of_values([None if one is pd.NA or one != one else one for one in values])  # noqa: PLR0124 - NaN
    return of_arrow(pa.chunked_array([pa.array(values, from_pandas=True)]), name)


MAX_ROWS = 2**28
"""Most rows of a Parquet file that are read."""
_PARQUET = b"PAR1"


def read_table(path: AnyPath, given: Given) -> Tracked:
    """Read a CSV or Parquet file whose columns the caller names.

    ``columns`` maps roles to the file's columns: ``id``; one of ``frame``, ``timestamp_ms``, ``time_s``;
    ``left`` with ``right`` or ``width``, or ``center_x`` with ``width``; ``top`` with ``bottom`` or
    ``height``, or ``center_y`` with ``height``; perhaps ``confidence``, ``class``, ``class_name``. Without
    ``columns``, those that bear the names of their roles are taken. Sides are in px unless ``unit`` is
    ``fraction``; the frame's upper left corner is (0, 0). Frames are counted from 0 where a frame 0 occurs,
    else from 1, which is noted, unless ``first_frame`` is given. Times are cut to whole ms.

    Parameters
    ----------
    path
        The file; what it is, is seen by looking at it.
    given
        What the caller says.

    Returns
    -------
    Tracked
        DETECTIONS, with ``confidence``, ``class_id`` and ``class_name`` where they are named.

    Raises
    ------
    InputError
        With the place and value of what cannot be; if no row has an id.
    ParameterError
        If a column is not there, roles are missing, or the frame size or rate is needed and not known.
    """
    raw = _first_bytes(path)
    video = named(given.video, title_of_source(path))
    if raw == _PARQUET:
        return of_arrow_table(_parquet(path, given), str(path), given, video)
    cells = csv_cells(path)
    return of_named(cells, named_columns(given, list(cells.columns), cells.place), given, video)


def fits_table(sample: Sample) -> str | None:
    """Return why a file's columns do not bear the names of roles, None if they do."""
    if sample.is_folder:
        return "a folder"
    if sample.head.startswith(_PARQUET):
        return "a Parquet file, whose columns are to be named with columns (--columns)"
    own = by_own_names(sample.header)
    try:
        checked(own, sample.header, "its first line")
    except ParameterError as error:
        return f"its columns are to be named with columns (--columns): {error}"
    return None


def _parquet(path: AnyPath, given: Given) -> pa.Table:
    try:
        with pq.ParquetFile(pa.BufferReader(read_raw(path))) as file:
            if file.metadata.num_rows > MAX_ROWS:
                raise InputError(f"{path}: {file.metadata.num_rows} rows; at most {MAX_ROWS} are read")
            columns = named_columns(given, file.schema_arrow.names, str(path))
            return file.read(columns=list(dict.fromkeys(columns.values())))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from error


def _first_bytes(path: AnyPath) -> bytes:
    try:
        with path.open("rb") as stream:
            first: bytes = stream.read(len(_PARQUET))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return first
