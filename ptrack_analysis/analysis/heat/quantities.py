"""The quantities of a heatmap, computed from trajectories and boxes."""

from typing import get_args

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import (
    SHAPE,
    Bounds,
    find_bounds,
    find_cells,
    find_counted_rows,
    find_time_in_zone,
    resolve_grid,
    sum_boxes,
    sum_points,
    validate_grid,
)
from ptrack_analysis.analysis.heat.heatmap import Heatmap, Quantity
from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.analysis.presence import find_video_end, warn_of_long_options
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import validate_choice
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import DETECTIONS, validate
from ptrack_analysis.video import Duration, Milliseconds, Video, milliseconds, validate_video

MAX_VALUES = 20_000_000
"""Maximum number of values of a series: bins times cells."""


def compute_heatmap(
    trajectories: pd.DataFrame | Walks,
    video: Video,
    *,
    quantity: Quantity = "person_seconds",
    every: Duration | None = None,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    bounds: Bounds | None = None,
    zone: Zone | None = None,
    truncated: bool = True,
) -> Heatmap:
    """Compute the time, visits, people or mean speed in each cell of a grid.

    ``person_seconds`` is the total time of people in the cell: each detection adds its ``time_present``.
    ``visits`` is the number of visits to the cell, defined as in ``compute_visits`` for a zone of that shape:
    a detection in another cell or without a position ends the visit, and so does the end of a tracklet.
    ``people`` is the number of distinct people in the cell. ``mean_speed`` is the mean of the speeds of the
    detections in the cell, weighted by ``time_present``; it is NaN if the speed is known for less than half
    of the time.

    A cell includes its left and upper border. Positions outside the bounds and detections without a position
    are ignored, so the sum of the person-seconds is exactly the time with a position within the bounds. With
    ``every``, the result is a series: bins from 0 to the end of the video, where the last bin is cut. If the
    end is unknown, the bins extend to the end of the last detection, and the last bin is complete. The
    ``time_present`` of a detection is split at the edges of the bins.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its frame size and its end.
    quantity
        ``person_seconds``, ``visits``, ``people`` or ``mean_speed``.
    every
        Length of a bin, to compute a series of person-seconds over time; by default one heatmap.
    shape
        Rows and columns, each at least 1; by default 54 and 96.
    cell
        Side of square cells, instead of a shape. The number of cells covers the bounds, so the grid may
        extend beyond them to the right and downward by less than a cell [px or m].
    bounds
        x0, y0, x1, y1 of the grid, such as ``floor.bounds``; by default the frame [px], or the rectangle
        around all positions, rounded outward to full meters [m].
    zone
        Zone in the same unit: only the time inside it counts, and only while the zone is active. By default
        all time counts. The zone does not change the grid.
    truncated
        Whether positions of truncated boxes count (``box_truncated``). Their true positions may be elsewhere,
        so exclude them to find the busiest cell. ``excluded_seconds`` is then their time.

    Returns
    -------
    Heatmap
        Values in s, visits, people, or px/s (m/s on a floor plan); ``basis`` is ``foot_points``.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or the zone is in another unit.
    ParameterError
        If the quantity is unknown, the grid is empty or has too many cells, shape and cell are both given,
        or the frame size is unknown; if ``every`` is 0, combined with another quantity, or makes a series of
        more than ``MAX_VALUES`` values.

    Notes
    -----
    O(n log n + bins · (people + cells)). Only person-seconds are additive: a person counts in each cell that
    they walk through, so the sum of ``people`` is not the number of people. A person who crosses a cell
    between two detections is not counted there, so ``visits`` and ``people`` are biased downward if a step is
    longer than a cell. A foot point that jitters across a border starts many visits, so ``visits`` is biased
    upward if cells are smaller than the jitter.

    References
    ----------
    L. C. Edie, Discussion of traffic stream measurements and definitions, 2nd Int. Symp. on the Theory of
    Traffic Flow, 1963: the mean speed in a region is distance / time, which weights by the time spent.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> heatmap = pta.compute_heatmap(trajectories, video, shape=(2, 3))
    >>> heatmap.values.round(1)
    array([[ 93.3,  82.3,  46.9],
           [ 16.7, 164.4,  86.5]])
    >>> series = pta.compute_heatmap(trajectories, video, every="1min")
    >>> series.values.shape, series.value_unit
    ((3, 54, 96), 's')
    """
    walks = read_walks(trajectories)
    validate_video(video)
    validate_choice(quantity, "quantity", get_args(Quantity))
    if every is not None and quantity != "person_seconds":
        raise ParameterError(f"every requires quantity='person_seconds', got quantity={quantity!r}")
    length = None if every is None else milliseconds(every, "every")
    if length == 0:
        raise ParameterError(f"every must be longer than 0, got {every!r}")
    warn_of_long_options(video, stacklevel=3, every=every)
    unit, (x, y) = walks.unit, walks.position
    shape, bounds = resolve_grid(shape, cell, find_bounds(x, y, unit, video) if bounds is None else bounds)
    excluded = 0.0
    if not truncated and (cut := walks.read_flag("box_truncated")).any():
        excluded = _sum_excluded(walks, cut, bounds)
        whole = walks.table
        walks = Walks(whole.assign(**{f"x_{unit}": whole[f"x_{unit}"].mask(whole["box_truncated"])}), unit)
        x, y = walks.position
    if quantity != "person_seconds":
        values = _compute_by_person(walks, quantity, shape=shape, bounds=bounds, zone=zone)
        return Heatmap(values, bounds, unit, quantity=quantity, excluded_seconds=excluded)
    time, time_present = walks.rows.time, walks.time_present
    last = int((time + time_present).max(initial=0))
    if zone is not None:
        inside = find_time_in_zone(zone, unit, (x, y), time, time_present)
        x, y, time, time_present = x[inside.rows], y[inside.rows], inside.since, inside.until - inside.since
    if length is None:
        total = sum_points(x, y, time_present.astype("float64"), bounds=bounds, shape=shape)
        return Heatmap(total / 1000.0, bounds, unit, excluded_seconds=excluded)
    edges = _find_bin_edges(last, video, length, shape)
    cells = find_cells(x, y, bounds=bounds, shape=shape)
    sums = _sum_bins(cells, time, time_present, length, (len(edges) - 1, *shape))
    return Heatmap(sums / 1000.0, bounds, unit, bin_edges=edges, excluded_seconds=excluded)


def _sum_excluded(walks: Walks, cut: Bools, bounds: Bounds) -> float:
    """Return the time of truncated boxes within the bounds [s]."""
    x, y = walks.position
    x0, y0, x1, y1 = bounds
    counted = cut & (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    return float(walks.time_present[counted].sum()) / 1000.0


def compute_box_heatmap(
    detections: pd.DataFrame,
    trajectories: pd.DataFrame | Walks,
    video: Video | None = None,
    *,
    shape: tuple[int, int] = SHAPE,
) -> Heatmap:
    """Compute the time for which people's boxes covered each cell of a grid over the image.

    Each detection adds its ``time_present`` times the share of the cell that its body box covers. The share
    is exact. Boxes are clipped to the frame. Detections without a body box and boxes of a negative size add
    nothing. Therefore, the sum over the cells times the area of a cell is the sum of ``time_present`` times
    the area of the box within the frame.

    Parameters
    ----------
    detections
        DETECTIONS, rows in any order.
    trajectories
        TRAJECTORIES computed from all or some of them; only the rows of this table count.
    video
        The video, for its frame size: the grid is then in px, otherwise in fractions of the frame.
    shape
        Rows and columns, each at least 1.

    Returns
    -------
    Heatmap
        Values in s; ``basis`` is ``boxes``.

    Raises
    ------
    SchemaError
        If a table has another schema, or a row of the trajectories has no detection.
    ParameterError
        If the shape is empty.

    Notes
    -----
    O(n + cells), for boxes of any size.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> heatmap = pta.compute_box_heatmap(detections, trajectories, video)
    >>> heatmap.shape, heatmap.basis, heatmap.value_unit
    ((54, 96), 'boxes', 's')
    >>> round(heatmap.values.max().item(), 1)
    55.9
    """
    if not isinstance(trajectories, Walks):
        validate(detections, DETECTIONS)
    walks = read_walks(trajectories)
    bounds, unit = (0.0, 0.0, 1.0, 1.0), "fraction"
    if video is not None:
        validate_video(video)
        bounds, unit = (0.0, 0.0, float(video.pixels.width), float(video.pixels.height)), "px"
    validate_grid(shape, bounds)
    total = sum_boxes(*_find_boxes(detections, walks), shape=shape)
    return Heatmap(total / 1000.0, bounds, unit, basis="boxes")


def _find_boxes(detections: pd.DataFrame, walks: Walks) -> tuple[Floats, Floats]:
    """Return the boxes of trajectories, (4, n) left, top, right, bottom, and their ``time_present`` [ms]."""
    order = np.argsort(walks.rows.order)  # sum floats in the order of the table
    row = detection_rows(detections, walks.table)
    left, top, width, height = (
        detections[name].to_numpy()[row] for name in ("left", "top", "width", "height")
    )
    time_present = walks.time_present[order].astype("float64")
    return np.stack([left, top, left + np.maximum(width, 0), top + np.maximum(height, 0)]), time_present


def _compute_by_person(
    walks: Walks, quantity: Quantity, *, shape: tuple[int, int], bounds: Bounds, zone: Zone | None
) -> Floats:
    """Compute visits, people or mean speed, which require the rows by person and time."""
    row, time_present = find_counted_rows(walks, walks.unit, zone)
    cell = find_cells(walks.x[row], walks.y[row], bounds=bounds, shape=shape)
    cells = shape[0] * shape[1]
    if quantity == "mean_speed":
        speed = walks.read(f"speed_{walks.unit}_per_s")[row]
        values = _average_speed(cell, speed, time_present, cells)
    else:
        counted = (
            _find_visit_starts(row, cell, walks.run[row])
            if quantity == "visits"
            else _find_first_rows(cell, walks, row)
        )
        values = np.bincount(cell[counted], minlength=cells + 1).astype("float64")
    return values[:cells].reshape(shape)


def _find_visit_starts(row: Integers, cell: Integers, run: Integers) -> Bools:
    """Mark the first row of each visit to a cell: successive rows of one tracklet in one cell."""
    new = np.ones(len(row), dtype=bool)
    new[1:] = (row[1:] != row[:-1] + 1) | (cell[1:] != cell[:-1]) | (run[1:] != run[:-1])
    return new


def _find_first_rows(cell: Integers, walks: Walks, row: Integers) -> Integers:
    """Return one row per person and cell."""
    person = walks.rows.person[row]
    people = int(person.max(initial=0)) + 1
    return np.unique(cell.astype("int64") * people + person, return_index=True)[1]


def _average_speed(cell: Integers, speed: Floats, time_present: Milliseconds, cells: int) -> Floats:
    """Return the mean speed per cell weighted by ``time_present``; NaN if unknown for most of the time."""
    known = ~np.isnan(speed)
    present = np.bincount(cell, time_present.astype("float64"), minlength=cells + 1)
    cell, speed, weight = cell[known], speed[known], time_present[known].astype("float64")
    total = np.bincount(cell, weight, minlength=cells + 1)
    distance = np.bincount(cell, weight * speed, minlength=cells + 1)
    means: Floats = distance / np.where((total > 0) & (2 * total >= present), total, np.nan)
    maximum = np.zeros(cells + 1)
    np.maximum.at(maximum, cell, speed)
    return np.minimum(means, maximum)  # rounding can make a weighted mean exceed its largest term


def _find_bin_edges(last: int, video: Video, length: int, shape: tuple[int, int]) -> Milliseconds:
    """Return the edges of the bins, up to the end of the video or of the last detection [ms]."""
    end = find_video_end(video, last)
    count = -(-(last if end is None else max(end, 1)) // length)
    if count * shape[0] * shape[1] > MAX_VALUES:
        raise ParameterError(
            f"every is {length} ms: {count} bins of {shape[0]} x {shape[1]} cells are more than "
            f"{MAX_VALUES} values"
        )
    edges = np.arange(count + 1) * length
    return edges if end is None else np.minimum(edges, end)


def _sum_bins(
    cell: Integers, since: Milliseconds, time_present: Milliseconds, length: int, shape: tuple[int, int, int]
) -> Milliseconds:
    """Sum the time in each bin and cell: (bins, rows, columns) [ms], exact because the parts are integers."""
    bins, cells = shape[0], shape[1] * shape[2]
    counted = np.flatnonzero((cell < cells) & (time_present > 0))
    cell, since, until = cell[counted], since[counted], (since + time_present)[counted]
    first, last = since // length, (until - 1) // length
    parts = last - first + 1
    row = np.repeat(np.arange(len(first)), parts)
    number = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    part = np.minimum(until[row], (number + 1) * length) - np.maximum(since[row], number * length)
    sums = np.bincount(number * cells + cell[row], part, minlength=bins * cells).astype("int64")
    return sums.reshape(shape)
