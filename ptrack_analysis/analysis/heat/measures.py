"""Measures: what else than time can be told of the cells of a grid, each also by area, hour or as a share."""

from typing import Literal, get_args

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.cells import Extent, extent_around, grid_of
from ptrack_analysis.analysis.heat.grid import cells_of
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.heat.measure import Measure
from ptrack_analysis.analysis.heat.zoned import counted_rows
from ptrack_analysis.analysis.motion.walks import Walks, walks_of
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import TRAJECTORIES, check, unit_of
from ptrack_analysis.video import Milliseconds, Video
from ptrack_analysis.zones import Zone

__all__ = ["Measure", "compute_measure", "measure_of"]

Of = Literal["footpoints", "visits", "persons", "speed"]


def compute_measure(
    trajectories: pd.DataFrame,
    video: Video,
    of: Of,
    *,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    extent: Extent | None = None,
    zone: Zone | None = None,
) -> Measure:
    """Measure one thing in each cell of a grid over the plane.

    ``footpoints`` is the time for which people stood in the cell, as ``compute_heatmap`` sums it. ``visits``
    is how often the cell was entered: the stays in it, by the rule of ``compute_visits`` for a zone that is
    the cell, so that a detection elsewhere or without a position ends a stay, and so does the end of a run.
    ``persons`` is how many different persons stood in it at least once. ``speed`` is the mean of the speeds
    of the detections in it, weighted by what they hold: NaN where no time with a known speed was spent.
    A cell owns its left and upper border; positions outside the extent count nowhere.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its frame size.
    of
        What is measured.
    shape, cell, extent
        The grid, as in ``compute_heatmap``.
    zone
        The zone that all is limited to, while it holds; by default none. It does not change the grid.

    Returns
    -------
    Measure
        In s, visits, persons, or px/s (m/s on a floor plan).

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or the zone is in another plane.
    ParameterError
        If ``of`` is unknown, or the grid is refused as by ``compute_heatmap``.

    Notes
    -----
    O(n log n + cells). Only the seconds add up: a person is counted in each cell walked through, so the sum
    of ``persons`` over cells is not the number of persons. Who crosses a cell between two detections is not
    seen in it, so ``visits`` and ``persons`` err downwards where a step is longer than a cell; a footpoint
    that jitters on a border between two cells enters both again and again, so ``visits`` errs upwards where
    cells are as small as the jitter.

    References
    ----------
    L. C. Edie, Discussion of traffic stream measurements and definitions, 2nd Int. Symp. on the Theory of
    Traffic Flow, 1963: the mean speed in a region as way by time, which weights by the time spent.

    Examples
    --------
    >>> from ptrack_analysis import empty
    >>> nobody = empty(TRAJECTORIES, unit="m")
    >>> compute_measure(nobody, Video(), "visits", shape=(1, 2)).numbers.tolist()
    [[0.0, 0.0]]
    """
    check(trajectories, TRAJECTORIES)
    if of not in get_args(Of):
        raise ParameterError(f"of is {of!r}, not one of {sorted(get_args(Of))}")
    unit = unit_of(trajectories, TRAJECTORIES)
    walks = walks_of(trajectories, unit)
    x, y = walks.x, walks.y
    shape, extent = grid_of(shape, cell, extent_around(x, y, unit, video) if extent is None else extent)
    row, held = counted_rows(walks, unit, zone)
    place = cells_of(x[row], y[row], extent=extent, shape=shape)
    cells = shape[0] * shape[1]
    if of == "speed":
        speed = trajectories[f"speed_{unit}_per_s"].to_numpy()[walks.rows.order][row]
        values, measured_in = _means(place, speed, held, cells), f"{unit}/s"
    elif of == "footpoints":
        values, measured_in = np.bincount(place, held, minlength=cells + 1) / 1000.0, "s"
    else:
        once = _entries(row, place, walks.run[row]) if of == "visits" else _firsts(place, walks, row)
        values, measured_in = np.bincount(place[once], minlength=cells + 1).astype("float64"), of
    return Measure(values[:cells].reshape(shape), extent, unit, of, measured_in)


def measure_of(heatmap: Heatmap) -> Measure:
    """Give the person-seconds of a heatmap as a measure, to have them by area, by hour or as a share.

    Parameters
    ----------
    heatmap
        What ``compute_heatmap`` or ``compute_box_heatmap`` gives.

    Returns
    -------
    Measure
        In s, of what the heatmap is of.

    Raises
    ------
    SchemaError
        If it is not a Heatmap.

    Examples
    --------
    >>> heatmap = Heatmap(np.array([[30.0, 10.0]]), (0.0, 0.0, 2.0, 1.0), "m", "footpoints")
    >>> measure_of(heatmap).share().numbers.tolist()
    [[0.75, 0.25]]
    """
    if not isinstance(heatmap, Heatmap):
        raise SchemaError(f"not a heatmap: it is a {type(heatmap).__name__}, not a Heatmap")
    return Measure(heatmap.seconds, heatmap.extent, heatmap.unit, heatmap.of, "s")


def _entries(row: Integers, place: Integers, run: Integers) -> Bools:
    """Mark the first row of each stay in a cell: of neighbouring rows of one run in one cell."""
    new = np.ones(len(row), dtype=bool)
    new[1:] = (row[1:] != row[:-1] + 1) | (place[1:] != place[:-1]) | (run[1:] != run[:-1])
    return new


def _firsts(place: Integers, walks: Walks, row: Integers) -> Integers:
    """Give one row for each person in each cell."""
    person = walks.rows.person[row]
    persons = int(person.max(initial=0)) + 1
    return np.unique(place.astype("int64") * persons + person, return_index=True)[1]


def _means(place: Integers, speed: Floats, held: Milliseconds, cells: int) -> Floats:
    """Give the mean speed a cell, weighted by held; NaN where nothing weighs."""
    known = ~np.isnan(speed)
    place, speed, weight = place[known], speed[known], held[known].astype("float64")
    total = np.bincount(place, weight, minlength=cells + 1)
    ways = np.bincount(place, weight * speed, minlength=cells + 1)
    means: Floats = ways / np.where(total > 0, total, np.nan)
    most = np.zeros(cells + 1)
    np.maximum.at(most, place, speed)
    return np.minimum(means, most)  # rounding can lift a weighted mean above its largest term
