"""Reading the files of a dataset row group by row group, on disk or in S3."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.storage.s3 import AnyPath


@dataclass(frozen=True, slots=True)
class Part:
    """Rows ``start`` to ``stop`` of one file, which are one video's rows of a table."""

    folder: str
    place: str
    start: int
    stop: int


class Shelf:
    """The files of a dataset, of which one row group a table is held in memory.

    A file in S3 is fetched to the folder ``scratch``, where one file a table lies at a time.
    """

    def __init__(self, root: AnyPath, scratch: Path) -> None:
        self.root = root
        self._scratch = scratch
        self._fetched: dict[str, str] = {}
        self._groups: dict[str, tuple[str, int, pa.Table]] = {}

    def local(self, place: str) -> Path:
        """Give a file as one on disk."""
        if isinstance(self.root, Path):
            return self.root / place
        folder = place.partition("/")[0]
        target = self._scratch / folder
        if self._fetched.get(folder) != place:
            (self.root / place).fetch(target)
            self._fetched[folder] = place
        return target

    def batches(self, parts: Sequence[Part], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Read these parts, a row group or less at a time."""
        for part in parts:
            first = 0
            with pq.ParquetFile(self.local(part.place)) as file:
                for group in range(file.num_row_groups):
                    rows = file.metadata.row_group(group).num_rows
                    start, stop = max(part.start - first, 0), min(part.stop - first, rows)
                    if start < stop:
                        table = self._group(part, file, group)
                        table = table if columns is None else table.select(list(columns))
                        yield table.slice(start, stop - start)
                    first += rows

    def columns(self, parts: Sequence[Part]) -> list[str]:
        """List the columns that the files of these parts have."""
        return pq.read_schema(self.local(parts[0].place)).names if parts else []

    def _group(self, part: Part, file: pq.ParquetFile, group: int) -> pa.Table:
        kept = self._groups.get(part.folder)
        if kept is None or kept[:2] != (part.place, group):
            self._groups.pop(part.folder, None)
            kept = part.place, group, file.read_row_group(group)
            self._groups[part.folder] = kept
        return kept[2]
