"""Reading the tables of a dataset for checks, and sums over them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ptrack_analysis.dataset.compaction_record import day_in
from ptrack_analysis.storage.s3 import AnyPath


@dataclass(frozen=True, slots=True)
class TableFile:
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
        """Return a file as one on disk."""
        if isinstance(self.root, Path):
            return self.root / place
        folder = place.partition("/")[0]
        target = self._scratch / folder
        if self._fetched.get(folder) != place:
            (self.root / place).fetch(target)
            self._fetched[folder] = place
        return target

    def batches(self, parts: Sequence[TableFile], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
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

    def columns(self, parts: Sequence[TableFile]) -> list[str]:
        """List the columns that the files of these parts have."""
        return pq.read_schema(self.local(parts[0].place)).names if parts else []

    def _group(self, part: TableFile, file: pq.ParquetFile, group: int) -> pa.Table:
        kept = self._groups.get(part.folder)
        if kept is None or kept[:2] != (part.place, group):
            self._groups.pop(part.folder, None)
            kept = part.place, group, file.read_row_group(group)
            self._groups[part.folder] = kept
        return kept[2]


Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one video, and the settings that they were made with."""

    parts: Mapping[str, Sequence[TableFile]]
    shelf: Shelf
    parameters: Mapping[str, Any]

    def __contains__(self, folder: str) -> bool:
        return folder in self.parts

    @property
    def has_clock(self) -> bool:
        """Whether it is known when the video was recorded."""
        return day_in(self.parameters) is not None

    def place(self, folder: str) -> str:
        """Return the file in which a table's rows lie, or begin."""
        parts = self.parts[folder]
        return parts[0].place if parts else folder

    def read(self, folder: str, columns: Sequence[str]) -> Iterable[pa.Table]:
        """Read columns of a table, a row group or less at a time."""
        return self.shelf.batches(self.parts[folder], columns)

    def columns(self, folder: str) -> list[str]:
        """List the columns of a table."""
        return self.shelf.columns(self.parts[folder])

    def rows(self, folder: str) -> int:
        """Return the number of a table's rows."""
        return sum(part.stop - part.start for part in self.parts[folder])

    def sums(
        self,
        folder: str,
        by: Sequence[str],
        of: Sequence[str] = (),
        where: tuple[str, str | bool] | None = None,
    ) -> dict[Key, tuple[int, ...]]:
        """Count the rows of each key, and add up columns: lengths of time in ms, others as they are.

        ``where`` names a column and the value that it has in the rows that are taken. A missing value adds
        nothing. The key is the values of the columns ``by``.
        """
        columns = list(dict.fromkeys([*by, *of, *([where[0]] if where else ())]))
        total: dict[Key, tuple[int, ...]] = {}
        for batch in self.read(folder, columns):
            rows = batch if where is None else batch.filter(pc.equal(batch[where[0]], where[1]))
            numbers = {f"sum {place}": _whole(rows[name], name) for place, name in enumerate(of)}
            count = pa.array(np.ones(rows.num_rows, dtype="int64"))
            keyed = pa.table({**{name: rows[name] for name in by}, "rows": count, **numbers})
            added = ["rows", *numbers]
            grouped = keyed.group_by(list(by), use_threads=False).aggregate([(name, "sum") for name in added])
            values = [grouped[f"{name}_sum"].to_pylist() for name in added]
            keys = (
                zip(*(grouped[name].to_pylist() for name in by), strict=True) if by else [()] * len(grouped)
            )
            for key, *numbers_of in zip(keys, *values, strict=True):
                before = total.get(key, (0,) * len(added))
                total[key] = tuple(b + (n or 0) for b, n in zip(before, numbers_of, strict=True))
        return total

    def occupancy_changes(self) -> dict[str, int]:
        """Return the integral of the occupancy of each zone, and of the scene under "" [person-ms]."""
        total: dict[str, int] = {}
        zone, moment, persons = "", 0, 0
        for batch in self.read("occupancy_changes", ["zone", "timestamp_ms", "persons"]):
            zones = batch["zone"].to_numpy()
            moments, counts = (batch[name].to_numpy() for name in ("timestamp_ms", "persons"))
            names, place = np.unique(zones.astype(str), return_inverse=True)
            lasts = np.append(moments[1:] - moments[:-1], 0) * counts
            lasts[:-1][place[1:] != place[:-1]] = 0
            if len(zones) and zone in total and zones[0] == zone:
                total[zone] += int(moments[0] - moment) * persons
            for number, name in enumerate(names.tolist()):
                total[name] = total.get(name, 0) + int(lasts[place == number].sum())
            if len(zones):
                zone, moment, persons = str(zones[-1]), int(moments[-1]), int(counts[-1])
        return total


def _whole(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Return a column as whole numbers: what is stored in seconds, in ms."""
    if pa.types.is_floating(column.type):
        column = pc.round(pc.multiply(column, 1000.0 if name.endswith("_s") else 1.0))
    return column.cast(pa.int64())


_NEAR = 1e-6
"""A position this near to the heatmap's border, as a share of a cell, may lie on either side."""


def heat_is_located(tables: Tables) -> Iterator[tuple[str, str, object, object]]:
    """Compare the seconds of the footpoints' heatmap with the time held by positions within its cells."""
    names = tables.shelf.columns(tables.parts["heatmap"])
    unit = next((u for u in ("px", "m") if f"x_{u}" in names), None)
    if unit is None:
        return
    names = ["row", "column", f"x_{unit}", f"y_{unit}", "seconds"]
    table = pa.concat_tables(
        pa.table({name: batch[name] for name in names}) for batch in tables.read("heatmap", names)
    )
    if not table.num_rows:
        return
    seconds = float(np.nansum(table["seconds"].to_numpy()))
    sides = [_find_side(table, name, f"{axis}_{unit}") for name, axis in (("column", "x"), ("row", "y"))]
    if None in sides:
        return
    low, high = _located(tables, unit, [side for side in sides if side is not None])
    tolerance = 1e-9 * max(high, 1.0)
    if not low - tolerance <= seconds <= high + tolerance:
        yield (
            "heatmap",
            "seconds of foot points",
            f"{seconds:.3f} s",
            f"{high:.3f} s located within its cells",
        )


def _find_side(table: pa.Table, number: str, middle: str) -> tuple[float, float, float] | None:
    """Return the range of the cells along an axis and the side of a cell; None if a side is unknown."""
    numbers, middles = table[number].to_numpy(), table[middle].to_numpy()
    low, high = int(np.argmin(numbers)), int(np.argmax(numbers))
    span = int(numbers[high] - numbers[low])
    if not span and middle.endswith("_m"):
        return None
    cell = abs(middles[high] - middles[low]) / span if span else middles[low] / (numbers[low] + 0.5)
    ends = sorted((float(middles[low]), float(middles[high])))
    return ends[0] - cell / 2, ends[1] + cell / 2, float(cell)


def _located(tables: Tables, unit: str, sides: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Add up the time held surely within the cells, and the time that may be within them [s]."""
    low = high = 0.0
    for batch in tables.read("trajectories", [f"x_{unit}", f"y_{unit}", "time_present_s"]):
        held = np.nan_to_num(batch["time_present_s"].to_numpy())
        surely = maybe = np.ones(len(held), dtype=bool)
        for axis, (begin, end, cell) in zip("xy", sides, strict=True):
            value, near = batch[f"{axis}_{unit}"].to_numpy(), _NEAR * abs(cell)
            surely = surely & (value >= begin + near) & (value < end - near)
            maybe = maybe & (value >= begin - near) & (value < end + near)
        low, high = low + float(held[surely].sum()), high + float(held[maybe].sum())
    return low, high
