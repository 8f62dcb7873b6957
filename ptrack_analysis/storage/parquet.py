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
    """Write a table of the schema to a Parquet file that any reader understands, whole or not at all.

    The index levels become columns like the others. A moment ``entered`` is stored as ``entered_ms``, whole
    ms since the start of the video, a length of time ``dwell`` as ``dwell_s``, in seconds; names and choices
    as strings, what is missing as null. The unit and definition of each column stand in its metadata, the
    table's name in the file's. Further columns are written too, if they are bool, boolean, int32, int64,
    Int64, float64, str or categories of str. Rows keep their order; ``read_parquet`` gives back the same
    table.

    Parameters
    ----------
    table
        A table of the schema, of one video, or of many with the index level ``video`` on the left.
    path
        The file; what is there is replaced. Its folder must exist.
    schema
        Which table it is; by default found by the names of its index levels and columns.
    video
        Name of the video, to be written as a column ``video``, with ``person`` = ``video:person_index``
        beside it where the table has persons. The file then has many-video form.
    started_at
        Wall-clock moment at which the video starts, with its offset. Behind each moment ``entered_ms`` then
        stands its twin ``entered_at``, the same moment in UTC to the microsecond; that of ``timestamp_ms`` is
        ``recorded_at``.

    Raises
    ------
    SchemaError
        If it is no table of the schema, or has a further column of another type.
    ParameterError
        If ``video`` is given for a table that has the key ``video`` itself; if ``started_at`` has no offset,
        or is given for a table of several videos.
    OutputError
        If the file cannot be written there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ptrack_analysis.schema import VISITS, empty_table
    >>> with TemporaryDirectory() as folder:
    ...     write_parquet(empty_table(VISITS), f"{folder}/visits.parquet")
    ...     read_parquet(f"{folder}/visits.parquet").index.names
    FrozenList(['zone', 'person_index', 'visit'])
    """
    content = to_arrow(table, schema=schema, video=video, started_at=started_at)
    options = options_for(content, is_sorted=bool(table.index.is_monotonic_increasing))

    def write(file: BinaryIO) -> None:
        pq.write_table(content, file, row_group_size=ROW_GROUP, **options)

    def verify(written: Path) -> None:
        found = pq.read_metadata(written).num_rows
        if found != content.num_rows:
            raise OutputError(f"{path}: {content.num_rows} rows were written, but {found} are there")

    replace_file(path, write, verify=verify)


def read_parquet(path: str | PathLike[str]) -> pd.DataFrame:
    """Read a table of the schema from a Parquet file that ``write_parquet`` or the export wrote.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    pandas.DataFrame
        The table as it was written, rows in the same order. If the file has a column ``video``, so has the
        index, on the left; what is derived, ``person`` and the twins of moments, is left out.

    Raises
    ------
    InputError
        If there is no such file, it is no Parquet file, is damaged, or was not written by this package.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            schema_by_marks(file.schema_arrow.metadata)
            content = file.read()
        return from_arrow(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as Parquet: {_first_line(error)}") from error


def is_ours(path: Path) -> bool:
    """Return whether there is a Parquet file that this package wrote."""
    try:
        schema_by_marks(pq.read_schema(path).metadata)
    except (InputError, OSError, pa.ArrowException):
        return False
    return True


def options_for(content: pa.Table, *, is_sorted: bool) -> dict[str, Any]:
    """Return how a table is stored: the dictionary columns, and the order of its rows if any."""
    schema = add_video_key(schema_by_marks(content.schema.metadata))
    names = {column.name for column in stored_columns(schema) if column.is_name}
    dictionary = [f.name for f in content.schema if f.name in names or CATEGORIES_MARK in (f.metadata or {})]
    order = [column.name for column in stored_key(schema) if column.of in schema.key]
    places = [content.column_names.index(name) for name in order if name in content.column_names]
    sorting = [pq.SortingColumn(place) for place in places] if is_sorted else None
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
    """Write a table of the schema to a CSV file with the columns of its Parquet file.

    UTF-8, commas, a header, an empty cell for what is missing; wall-clock moments as in
    ``2026-11-24T08:00:00.000000Z``. A text that a spreadsheet would take for a
    formula, because it begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return, gets an apostrophe
    in front; so the file is for people, and a program reads the Parquet file.

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
    """Return the cells of a stored table as they stand in its CSV file."""
    return pa.table([_readable(column) for column in content.columns], names=content.column_names)


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write moments as ISO 8601, and put an apostrophe before the texts that look like formulas."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%SZ")
    if column.type != pa.string():
        return column
    looks_so = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(looks_so, pc.binary_join_element_wise("'", column, ""), column)
