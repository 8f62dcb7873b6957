"""Sums over the rows of one video's tables, a row group at a time, in whole milliseconds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.dataset.compact.planning import day_in
from ptrack_analysis.dataset.verify.shelf import Part, Shelf

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one video, and the settings that they were made with."""

    parts: Mapping[str, Sequence[Part]]
    shelf: Shelf
    parameters: Mapping[str, Any]

    def __contains__(self, folder: str) -> bool:
        return folder in self.parts

    @property
    def has_clock(self) -> bool:
        """Whether it is known when the video was recorded."""
        return day_in(self.parameters) is not None

    def place(self, folder: str) -> str:
        """Give the file in which a table's rows lie, or begin."""
        parts = self.parts[folder]
        return parts[0].place if parts else folder

    def read(self, folder: str, columns: Sequence[str]) -> Iterable[pa.Table]:
        """Read columns of a table, a row group or less at a time."""
        return self.shelf.batches(self.parts[folder], columns)

    def rows(self, folder: str) -> int:
        """Tell the number of a table's rows."""
        return sum(part.stop - part.start for part in self.parts[folder])

    def sums(
        self, folder: str, by: Sequence[str], of: Sequence[str] = (), where: tuple[str, str] | None = None
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

    def occupancy(self) -> dict[str, int]:
        """Give the integral of the occupancy of each zone, and of the scene under "" [person-ms]."""
        total: dict[str, int] = {}
        zone, moment, persons = "", 0, 0
        for batch in self.read("occupancy", ["zone", "timestamp_ms", "persons"]):
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
    """Give a column as whole numbers: what is stored in seconds, in ms."""
    if pa.types.is_floating(column.type):
        column = pc.round(pc.multiply(column, 1000.0 if name.endswith("_s") else 1.0))
    return column.cast(pa.int64())
