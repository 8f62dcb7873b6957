"""Files that grow by one block of a table after the other, and are in the end those of the whole table."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ptrack_analysis.io.parquet import ROW_GROUP, options_for
from ptrack_analysis.io.spreadsheets import for_people
from ptrack_analysis.io.to_arrow import to_arrow
from ptrack_analysis.schema import Table


@dataclass(slots=True)
class GrowingTable:
    """A Parquet file, and beside it a CSV file if there is to be one, that blocks of a table go to.

    ``form`` is what ``write_parquet`` is given beside the table. Parquet is written a row group at a time, so
    what waits for the next one is less than a row group and a block.
    """

    parquet: Path
    csv: Path | None
    schema: Table
    form: Mapping[str, Any]
    rows: int = 0
    _waiting: list[pa.Table] = field(default_factory=list)
    _writers: list[Any] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)

    def add(self, block: pd.DataFrame) -> None:
        """Add a block; the rows of all blocks are in the order of their key."""
        content = to_arrow(block, schema=self.schema, **self.form)
        if not self._writers:
            self._begin(content)
        self.rows += len(block)
        self._waiting.append(content)
        if self.csv is not None:
            self._writers[1].write_table(for_people(content))
        if sum(len(part) for part in self._waiting) >= ROW_GROUP:
            self._write(last=False)

    def close(self) -> None:
        """Write what is left; there was at least one block, if only one of no rows."""
        self._write(last=True)
        for writer in self._writers:
            writer.close()
        self._open.close()

    def _begin(self, content: pa.Table) -> None:
        options = options_for(content, is_sorted=True)
        file = self._open.enter_context(self.parquet.open("wb"))
        self._writers.append(pq.ParquetWriter(file, content.schema, **options))
        if self.csv is not None:
            plain = for_people(content.slice(0, 0)).schema
            self._writers.append(pa_csv.CSVWriter(self._open.enter_context(self.csv.open("wb")), plain))

    def _write(self, *, last: bool) -> None:
        """Write whole row groups; at the end the rest too, and one of no rows if there never was a row."""
        whole = pa.concat_tables(self._waiting)
        end = len(whole) if last else len(whole) - len(whole) % ROW_GROUP
        for begin in range(0, end, ROW_GROUP):
            group = whole.slice(begin, min(ROW_GROUP, end - begin)).combine_chunks()
            self._writers[0].write_table(group, row_group_size=ROW_GROUP)
        if last and not self.rows:
            self._writers[0].write_table(whole)
        self._waiting = [whole.slice(end)]


@contextmanager
def growing_tables(
    folder: Path, schemas: Mapping[str, Table], form: Mapping[str, Any], *, csv: bool
) -> Iterator[dict[str, GrowingTable]]:
    """Open growing files for some tables in a folder; whatever happens, they are closed in the end."""
    tables = {
        name: GrowingTable(folder / f"{name}.parquet", folder / f"{name}.csv" if csv else None, schema, form)
        for name, schema in schemas.items()
    }
    with ExitStack() as stack:
        for table in tables.values():
            stack.callback(table._open.close)  # noqa: SLF001 - its own module
        yield tables
