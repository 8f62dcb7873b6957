"""Boxes that the image border truncates, and tracklets that enter or leave over it."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.geometry import Anchor, Bools, Floats, Integers, anchor_fractions
from ptrack_analysis.video import Milliseconds

BORDER = 0.01
"""A side within this distance of the image border, as a fraction of the frame, is at the border."""
MIN_SPEED = 0.2
"""Minimum speed of the opposite side toward the border [box sizes per second]."""
_WINDOW = 1000
"""Time at the start or end of a tracklet over which the sides of the box are followed [ms]."""
_DETECTED, _INTERPOLATED = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class BoxFlags:
    """Flags of each row computed from its box: truncated, outside the image, entering or leaving."""

    box_truncated: Bools
    outside_image: Bools
    enters_frame: Bools
    leaves_frame: Bools


def flag_boxes(
    boxes: Floats,
    anchor: Anchor,
    *,
    time: Milliseconds,
    run: Integers,
    status: Integers,
    period: int,
    outside: Bools,
) -> BoxFlags:
    """Flag the rows of a table, in the order of person and time.

    Parameters
    ----------
    boxes
        (n, 4) left, top, width, height as fractions of the frame, not clipped; NaN without a box.
    anchor
        The point of the box that is the person's position.
    time
        (n,) timestamps [ms].
    run
        (n,) number of the tracklet over all people, increasing.
    status
        (n,) codes of the position status.
    period
        The sampling period [ms].
    outside
        (n,) whether the anchor is outside the image.
    """
    sides = np.column_stack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    truncated = find_truncated(sides, anchor)
    enters, leaves = find_frame_edges(sides, time=time, run=run, period=period)
    return BoxFlags(
        box_truncated=spread_to_interpolated(truncated, status, run, np.logical_or),
        outside_image=spread_to_interpolated(outside, status, run, np.logical_and),
        enters_frame=enters,
        leaves_frame=leaves,
    )


def find_outside(points: Floats) -> Bools:
    """Return which points, as fractions of the frame, are outside the image. Its border counts as inside."""
    x, y = points[:, 0], points[:, 1]
    outside: Bools = (x < 0) | (x >= 1) | (y < 0) | (y >= 1)
    return outside


def find_truncated(sides: Floats, anchor: Anchor) -> Bools:
    """Return which boxes the border cuts at a side that the anchor depends on.

    ``sides`` is (n, 4) left, top, right, bottom. The anchor always depends on the left and right side. It
    depends on the top unless it is at the bottom, and on the bottom unless it is at the top.
    """
    down = anchor_fractions(anchor)[1]
    truncated: Bools = np.logical_or(sides[:, 0] <= BORDER, sides[:, 2] >= 1 - BORDER)
    if down != 1:
        truncated |= sides[:, 1] <= BORDER
    if down != 0:
        truncated |= sides[:, 3] >= 1 - BORDER
    return truncated


def spread_to_interpolated(flag: Bools, status: Integers, run: Integers, combine: np.ufunc) -> Bools:
    """Flag interpolated positions by the detected positions before and after them in the same tracklet."""
    made = np.flatnonzero(status == _INTERPOLATED)
    known = np.flatnonzero(status == _DETECTED)
    if not len(made) or not len(known):
        return flag
    after = np.searchsorted(known, made)
    before, after = known[np.maximum(after - 1, 0)], known[np.minimum(after, len(known) - 1)]
    flagged = [flag[neighbor] & (run[neighbor] == run[made]) for neighbor in (before, after)]
    result = flag.copy()
    result[made] = combine(*flagged)
    return result


def find_frame_edges(sides: Floats, *, time: Milliseconds, run: Integers, period: int) -> tuple[Bools, Bools]:
    """Find the tracklets that enter or leave over the image border.

    A tracklet leaves over a side of the image if two conditions are met. First, that side of its box is
    within 0.01 of the frame from the border or beyond it, or would be after one more sampling period.
    Second, the opposite side moved toward that border at 0.2 box sizes per second or more. Velocities and
    the median size are computed from the boxes of the last second, or from the last two boxes. A tracklet
    that ends more than a second (and more than a sampling period) after its last box does not leave. Entering
    is defined in the same way, backwards in time.

    Returns
    -------
    tuple
        (n,) bool, first row of a tracklet that enters; (n,) bool, last row of a tracklet that leaves.
    """
    size = len(time)
    enters, leaves = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    if not size:
        return enters, leaves
    first = np.flatnonzero(np.diff(run, prepend=run[0] - 1))
    last = np.append(first[1:], size) - 1
    boxed = np.flatnonzero(np.isfinite(sides[:, 0] + sides[:, 1] + sides[:, 2] + sides[:, 3]))
    if not len(boxed):
        return enters, leaves
    leaves[last] = _leaving(sides, boxed, (time[boxed], run[boxed]), (time[last], run[last]), period)
    back, turned = boxed[::-1], first[::-1]
    backwards = (-time[back], -run[back]), (-time[turned], -run[turned])
    enters[turned] = _leaving(sides, back, *backwards, period)
    return enters, leaves


def _leaving(
    sides: Floats,
    boxed: Integers,
    rows: tuple[Milliseconds, Integers],
    ends: tuple[Milliseconds, Integers],
    period: int,
) -> Bools:
    """Return which tracklets leave.

    ``boxed`` are the rows of ``sides`` with a box, and ``rows`` their times and tracklets. ``ends`` are the
    time and tracklet of the last row of each tracklet.
    """
    (time, run), (end_time, end_run) = rows, ends
    until = np.searchsorted(run, end_run, side="right")
    since = np.searchsorted(run, end_run, side="left")
    leaves = np.zeros(len(end_run), dtype=bool)
    several = np.flatnonzero(until - since > 1)
    if not len(several):
        return leaves
    last, opens = until[several] - 1, since[several]
    clock = (time - time[0]) + (run - run[0]) * (int(np.ptp(time)) + _WINDOW + 1)
    start = np.searchsorted(clock, clock[last] - _WINDOW)
    start = np.minimum(np.maximum(start, opens), last - 1)
    seconds = (time[last] - time[start]) / 1000.0
    near_end = end_time[several] - time[last] <= max(_WINDOW, period)
    final = sides[boxed[last]]
    velocity = (final - sides[boxed[start]]) / seconds[:, None]
    ahead = final + np.where(seconds[:, None] > 0, velocity, 0.0) * (period / 1000.0)
    size = _median_sizes(sides, boxed, start, last)
    found = np.zeros(len(several), dtype=bool)
    for axis in (0, 1):
        low, high = axis, axis + 2
        least = MIN_SPEED * size[:, axis] * (1 - 1e-9)
        at_low = np.minimum(final[:, low], ahead[:, low]) <= BORDER
        at_high = np.maximum(final[:, high], ahead[:, high]) >= 1 - BORDER
        found |= at_low & (-velocity[:, high] >= least)
        found |= at_high & (velocity[:, low] >= least)
    leaves[several] = found & near_end
    return leaves


def _median_sizes(sides: Floats, boxed: Integers, start: Integers, last: Integers) -> Floats:
    """Return the median width and height of the boxes from each ``start`` to its ``last`` in ``boxed``."""
    count = last - start + 1
    group = np.repeat(np.arange(len(count)), count)
    offset = np.cumsum(count) - count
    row = boxed[np.arange(len(group)) - offset[group] + start[group]]
    sizes = np.empty((len(count), 2))
    for axis in (0, 1):
        values = sides[row, axis + 2] - sides[row, axis]
        ordered = values[np.lexsort((values, group))]
        sizes[:, axis] = (ordered[offset + (count - 1) // 2] + ordered[offset + count // 2]) / 2
    return sizes
