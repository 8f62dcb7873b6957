"""What is added up over blocks of whole persons, exactly as over all of them at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import CHUNK, corner_moments, cover_of, no_moments
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.schema import OCCUPANCY, assemble

_MILLISECONDS = 1000.0


@dataclass(slots=True)
class Covers:
    """Boxes on their way to a heatmap: summed in the passes that all of them at once are summed in."""

    shape: tuple[int, int]
    moments: Floats = field(init=False)
    weight: float = 0.0
    _boxes: Floats = field(default_factory=lambda: np.empty((4, 0)))
    _held: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        """Begin with no box."""
        self.moments = no_moments(self.shape)

    def add(self, boxes: Floats, held: Floats) -> None:
        """Add (4, n) boxes and how long each holds [ms]; what fills no pass waits for the next ones."""
        boxes, held = np.concatenate([self._boxes, boxes], axis=1), np.concatenate([self._held, held])
        whole = len(held) - len(held) % CHUNK
        for start in range(0, whole, CHUNK):
            self._sum(boxes[:, start : start + CHUNK], held[start : start + CHUNK])
        self._boxes, self._held = boxes[:, whole:], held[whole:]

    def heatmap(self, extent: tuple[float, float, float, float], unit: str) -> Heatmap:
        """Give the heatmap of all boxes."""
        if len(self._held):
            self._sum(self._boxes, self._held)
        total = cover_of(self.moments, self.weight, shape=self.shape)
        return Heatmap(total / _MILLISECONDS, extent, unit, "boxes")

    def _sum(self, boxes: Floats, held: Floats) -> None:
        self.moments += corner_moments(boxes, held, shape=self.shape)
        self.weight += float(held.sum())  # whole numbers, so the order does not matter


@dataclass(slots=True)
class Stands:
    """Heatmaps of where people stood, added up in whole milliseconds."""

    total: Heatmap | None = None

    def add(self, heatmap: Heatmap) -> None:
        """Add the heatmap of a block, all having one grid."""
        if self.total is not None:
            held = np.rint(self.total.seconds * _MILLISECONDS) + np.rint(heatmap.seconds * _MILLISECONDS)
            heatmap = replace(heatmap, seconds=held / _MILLISECONDS)
        self.total = heatmap


@dataclass(slots=True)
class Counts:
    """Occupancies, added up: how the number of persons changes at each moment, zone by zone."""

    changes: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, occupancy: pd.DataFrame) -> None:
        """Add the OCCUPANCY of a block."""
        zone = occupancy.index.get_level_values("zone")
        time = occupancy.index.get_level_values("timestamp").to_numpy().view("int64")
        persons = occupancy["persons"].to_numpy()
        for name in zone.unique():
            rows = np.flatnonzero(zone == name)
            changes = np.diff(persons[rows], prepend=0)
            known = self.changes.setdefault(str(name), Counter())
            for moment, change in zip(time[rows].tolist(), changes.tolist(), strict=True):
                if change:
                    known[moment] += change

    def occupancy(self, names: Sequence[str], begin: int, close: int) -> pd.DataFrame:
        """Give the OCCUPANCY of all blocks, from ``begin`` to ``close`` [ms]."""
        parts = [self._steps(name, begin, close) for name in names]
        arrays: dict[str, np.ndarray | list[str]] = {
            "zone": [name for name, (moments, _) in zip(names, parts, strict=True) for _ in moments],
            "timestamp": np.concatenate([moments for moments, _ in parts]),
            "persons": np.concatenate([persons for _, persons in parts]),
        }
        return assemble(OCCUPANCY, arrays)

    def _steps(self, name: str, begin: int, close: int) -> tuple[Integers, Integers]:
        changes = {moment: change for moment, change in self.changes.get(name, Counter()).items() if change}
        for moment in (begin, max(begin, close)):
            changes.setdefault(moment, 0)
        moments = np.array(sorted(changes), dtype="int64")
        persons = np.cumsum([changes[moment] for moment in moments.tolist()])
        return moments, persons
