"""Tables as Parquet and CSV files."""

import io
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ptrack_analysis.errors import InputError, OutputError
from ptrack_analysis.schema import Table
from ptrack_analysis.storage.arrow import from_arrow, to_arrow
from ptrack_analysis.storage.columns import (
    CATEGORIES_MARK,
    add_video_key,
    schema_by_marks,
    stored_columns,
    stored_key,
)
from ptrack_analysis.storage.files import replace_file
from ptrack_analysis.storage.parquet_files import open_parquet, read_columns

ROW_GROUP = 131_072
_PROFILE: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "version": "2.6",
    "data_page_version": "1.0",
    "write_page_index": True,
    "write_page_checksum": True,
}


def write_parquet(
    table: pd.DataFrame,
    path: str | PathLike[str],
    *,
    schema: Table | None = None,
    video: str | None = None,
    started_at: datetime | None = None,
) -> None:
    """Write a table to a Parquet file that any reader understands.

    Index levels are stored as columns. A time ``entered`` is stored as ``entered_ms``, in whole milliseconds
    since the start of the video, and a duration ``dwell`` as ``dwell_s``, in seconds. Names and choices are
    stored as strings, missing values as null. Metadata contains the name of the table and the unit and
    definition of each column. Further columns may be bool, boolean, int32, int64, Int64, float64, str or
    categories of str. Rows keep their order, and ``read_parquet`` returns the same table. The file is
    replaced atomically.

    Parameters
    ----------
    table
        A table of one video, or of many with ``video`` as the first index level.
    path
        The file. An existing file is replaced. Its folder must exist.
    schema
        Schema of the table; by default, it is found by the names of the index levels and columns.
    video
        Name of the video, stored in a column ``video``. A table of people also gets the column ``person``,
        which is ``video:person_index``. The file then has the form of a table of many videos.
    started_at
        Wall-clock time of the start of the video, with its offset. If given, a column ``entered_at`` with the
        time in UTC, to the microsecond, follows each column such as ``entered_ms``; ``recorded_at`` follows
        ``timestamp_ms``.

    Raises
    ------
    SchemaError
        If the table does not match the schema, or a further column has another type.
    ParameterError
        If ``video`` is given for a table that already has the key ``video``; if ``started_at`` has no offset
        or is given for a table of several videos.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> tracks = pta.compute_tracks(pta.compute_trajectories(detections, video))
    >>> pta.write_parquet(tracks, "tracks.parquet")
    >>> import pandas as pd
    >>> columns = pd.read_parquet("tracks.parquet").columns  # without the schema of this package
    >>> columns[:3].tolist()
    ['person_index', 'first_seen_ms', 'last_seen_ms']
    """
    content = to_arrow(table, schema=schema, video=video, started_at=started_at)
    options = options_for(content, is_sorted=bool(table.index.is_monotonic_increasing))

    def write(file: BinaryIO) -> None:
        pq.write_table(content, file, row_group_size=ROW_GROUP, **options)

    def verify(written: Path) -> None:
        found = pq.read_metadata(written).num_rows
        if found != content.num_rows:
            raise OutputError(f"{path}: wrote {content.num_rows} rows, but the file has {found}")

    replace_file(path, write, verify=verify)


def read_parquet(path: str | PathLike[str]) -> pd.DataFrame:
    """Read a table from a Parquet file written by ``write_parquet`` or the export.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    pandas.DataFrame
        The table with its rows in the same order. If the file has a column ``video``, it is the first index
        level. Derived columns (``person`` and wall-clock times) are dropped.

    Raises
    ------
    InputError
        If the file does not exist, is not a Parquet file, is damaged, or was not written by this package.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> pta.write_parquet(detections, "detections.parquet")
    >>> again = pta.read_parquet("detections.parquet")
    >>> again.equals(detections)
    True
    """
    try:
        file = Path(path)
        with open_parquet(file) as opened:
            schema_by_marks(opened.schema_arrow.metadata)
        return from_arrow(read_columns(file, page_checksum_verification=True))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as Parquet: {_first_line(error)}") from error


def is_ours(path: Path) -> bool:
    """Return whether the path is a Parquet file written by this package."""
    try:
        schema_by_marks(pq.read_schema(path).metadata)
    except (InputError, OSError, pa.ArrowException):
        return False
    return True


def options_for(content: pa.Table, *, is_sorted: bool) -> dict[str, Any]:
    """Return the Parquet options of a table: profile, dictionary columns and sort order."""
    schema = add_video_key(schema_by_marks(content.schema.metadata))
    names = {column.name for column in stored_columns(schema) if column.is_name}
    dictionary = [f.name for f in content.schema if f.name in names or CATEGORIES_MARK in (f.metadata or {})]
    order = [column.name for column in stored_key(schema) if column.of in schema.key]
    indices = [content.column_names.index(name) for name in order if name in content.column_names]
    sorting = [pq.SortingColumn(index) for index in indices] if is_sorted else None
    return {**_PROFILE, "use_dictionary": dictionary, "sorting_columns": sorting}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


_FORMULA = r"^[=+\-@\t\r]"


def write_csv(
    table: pd.DataFrame,
    path: str | PathLike[str],
    *,
    schema: Table | None = None,
    video: str | None = None,
    started_at: datetime | None = None,
) -> None:
    """Write a table to a CSV file with the columns of its Parquet file.

    The file is UTF-8 with commas, a header and empty cells for missing values. Wall-clock times are written
    as in ``2026-11-24T08:00:00.000000Z``. A text that starts with ``=``, ``+``, ``-``, ``@``, a tab or a
    carriage return gets an apostrophe in front, because a spreadsheet would read it as a formula. Use
    Parquet files for programs.

    Parameters
    ----------
    table, path, schema, video, started_at
        As in ``write_parquet``.

    Raises
    ------
    SchemaError, ParameterError, OutputError
        As in ``write_parquet``.
    """
    content = to_arrow(table, schema=schema, video=video, started_at=started_at)
    safe = make_readable(content)

    def write(file: BinaryIO) -> None:
        pa_csv.write_csv(safe, file)

    replace_file(path, write)


def format_csv(
    table: pd.DataFrame,
    *,
    schema: Table | None = None,
    video: str | None = None,
    started_at: datetime | None = None,
) -> bytes:
    """Return the content of the CSV file that ``write_csv`` writes."""
    content = io.BytesIO()
    stored = to_arrow(table, schema=schema, video=video, started_at=started_at)
    pa_csv.write_csv(make_readable(stored), content)
    return content.getvalue()


def make_readable(content: pa.Table) -> pa.Table:
    """Convert a stored table to the cells of its CSV file."""
    return pa.table([_readable(column) for column in content.columns], names=content.column_names)


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Format times as ISO 8601, and add an apostrophe to texts that look like formulas."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%SZ")
    if column.type != pa.string():
        return column
    is_formula = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)
