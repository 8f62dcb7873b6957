"""Heatmaps slice after slice of time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.cells import Extent, cell_columns, extent_around, grid_of
from ptrack_analysis.analysis.heat.grid import cells_of
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.heat.zoned import in_zone
from ptrack_analysis.analysis.presence import end_of
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.schema import HEATMAP_SLICES, TRAJECTORIES, assemble, check, unit_of
from ptrack_analysis.video import Milliseconds, Video, milliseconds
from ptrack_analysis.zones import Zone

MINUTE = pd.Timedelta("1min")
MOST_NUMBERS = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class HeatmapSlices:
    """Heatmaps of successive slices of time.

    ``held`` is (slices, rows, columns) [ms], whole numbers; ``starts`` and ``intervals`` are the slices'
    first moments and lengths [ms]; ``extent`` and ``unit`` are those of a Heatmap.
    """

    held: Milliseconds
    starts: Milliseconds
    intervals: Milliseconds
    extent: Extent
    unit: str

    @property
    def heatmaps(self) -> list[Heatmap]:
        """The heatmap of each slice."""
        return [Heatmap(held / 1000.0, self.extent, self.unit, "footpoints") for held in self.held]

    @property
    def whole(self) -> Heatmap:
        """The heatmap of all slices together: exactly what ``compute_heatmap`` gives."""
        return Heatmap(self.held.sum(axis=0) / 1000.0, self.extent, self.unit, "footpoints")

    def to_frame(self) -> pd.DataFrame:
        """Give the long table, HEATMAP_SLICES: one row a cell a slice, with the middle of the cell."""
        slices, rows, columns = self.held.shape
        cells = cell_columns((rows, columns), self.extent)
        arrays = {name: np.tile(values, slices) for name, values in cells.items()}
        arrays |= {
            "timestamp": np.repeat(self.starts, rows * columns),
            "interval": np.repeat(self.intervals, rows * columns),
            "seconds": self.held.ravel() / 1000.0,
        }
        return assemble(HEATMAP_SLICES, arrays, unit=self.unit)


def compute_heatmap_slices(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    every: pd.Timedelta | str = MINUTE,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    extent: Extent | None = None,
    zone: Zone | None = None,
) -> HeatmapSlices:
    """Sum the time for which people stood in each cell, in each slice of time.

    The slices are ``[0, every)``, ``[every, 2 * every)`` and so on to the video's end, where the last one is
    cut; where the end is unknown, to that of the last detection's ``held``, whole. What a detection holds is
    cut at the slices' borders, so the sum of the slices is ``compute_heatmap`` exactly. A slice without
    anybody is 0. An unknown end without any detection: no slices.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its frame size and its end.
    every
        Length of a slice [ms].
    shape, cell, extent, zone
        As in ``compute_heatmap``; the grid is the same for all slices.

    Returns
    -------
    HeatmapSlices
        In the order of time.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or the zone is in another plane.
    ParameterError
        If ``every`` is no length of time above 0, slices times cells are more than ``MOST_NUMBERS``, or the
        grid is refused as by ``compute_heatmap``.

    Notes
    -----
    O(n + slices · (persons + cells)).

    Examples
    --------
    >>> from ptrack_analysis import empty
    >>> video = Video(width=640, height=360, duration=pd.Timedelta("150s"))
    >>> slices = compute_heatmap_slices(empty(TRAJECTORIES, unit="px"), video, shape=(2, 2))
    >>> slices.intervals.tolist(), slices.held.shape
    ([60000, 60000, 30000], (3, 2, 2))
    """
    check(trajectories, TRAJECTORIES)
    length = milliseconds(every, "every")
    if length == 0:
        raise ParameterError(f"every is {every!r}, not a length of time above 0")
    unit = unit_of(trajectories, TRAJECTORIES)
    x, y = trajectories[f"x_{unit}"].to_numpy(), trajectories[f"y_{unit}"].to_numpy()
    shape, extent = grid_of(shape, cell, extent_around(x, y, unit, video) if extent is None else extent)
    since = trajectories.index.get_level_values("timestamp").to_numpy().view("int64")
    held = trajectories["held"].to_numpy().view("int64")
    starts, intervals = _slices(int((since + held).max(initial=0)), video, length, shape)
    if zone is not None:
        inside = in_zone(zone, unit, (x, y), since, held)
        x, y, since, held = x[inside.rows], y[inside.rows], inside.since, inside.until - inside.since
    place = cells_of(x, y, extent=extent, shape=shape)
    known = np.flatnonzero(place < shape[0] * shape[1])
    sums = _sums(place[known], since[known], held[known], length, (len(starts), shape[0] * shape[1]))
    return HeatmapSlices(sums.reshape(len(starts), *shape), starts, intervals, extent, unit)


def _slices(
    last: int, video: Video, length: int, shape: tuple[int, int]
) -> tuple[Milliseconds, Milliseconds]:
    """Give the slices' starts and lengths [ms]."""
    end = end_of(video, last)
    count = -(-(last if end is None else max(end, 1)) // length)
    if count * shape[0] * shape[1] > MOST_NUMBERS:
        raise ParameterError(
            f"every is {length} ms: {count} slices of {shape[0]} x {shape[1]} cells are more than "
            f"{MOST_NUMBERS} numbers"
        )
    starts = np.arange(count) * length
    return starts, np.minimum(length, (count * length if end is None else end) - starts)


def _sums(
    place: Integers, since: Milliseconds, held: Milliseconds, length: int, size: tuple[int, int]
) -> Milliseconds:
    """Sum the parts that fall into each slice: (slices, cells); exact, for they are whole numbers."""
    lasting = np.flatnonzero(held > 0)
    place, since, until = place[lasting], since[lasting], (since + held)[lasting]
    first, last = since // length, (until - 1) // length
    parts = last - first + 1
    row = np.repeat(np.arange(len(first)), parts)
    number = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    part = np.minimum(until[row], (number + 1) * length) - np.maximum(since[row], number * length)
    slices, cells = size
    return np.bincount(number * cells + place[row], part, minlength=slices * cells).astype("int64")
