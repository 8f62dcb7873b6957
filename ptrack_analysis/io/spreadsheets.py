"""CSV files: a table of the schema for a spreadsheet."""

from datetime import datetime
from os import PathLike
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ptrack_analysis.io.to_arrow import to_arrow
from ptrack_analysis.io.writing import replace_file
from ptrack_analysis.schema import Table

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
    safe = _for_people(content)

    def write(file: BinaryIO) -> None:
        pa_csv.write_csv(safe, file)

    replace_file(path, write)


def _for_people(content: pa.Table) -> pa.Table:
    """Give the cells of a stored table as they stand in its CSV file."""
    return pa.table([_readable(column) for column in content.columns], names=content.column_names)


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write moments as ISO 8601, and put an apostrophe before the texts that look like formulas."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%SZ")
    if column.type != pa.string():
        return column
    looks_so = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(looks_so, pc.binary_join_element_wise("'", column, ""), column)
