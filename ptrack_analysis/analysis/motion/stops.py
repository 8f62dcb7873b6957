"""Stops: times without leaving a small area."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.clock import KnownParts, find_parts
from ptrack_analysis.analysis.motion.walks import Walks, split_walks
from ptrack_analysis.analysis.presence import find_period, mark_starts
from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above
from ptrack_analysis.schema import STOPS, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Duration, Video, milliseconds

DIRECTIONS = 16
"""Number of directions in which an extent is measured, evenly spaced over the half circle."""
LONGEST_PERIOD = 1000
"""Sampling period above which speeds do not show whether a person stands [ms]."""
_BLOCK = 131_072


def widths(x: Floats, y: Floats, first: Integers, last: Integers) -> Floats:
    """Return the largest extent of the positions from each ``first`` to its ``last`` row.

    The extent is measured in ``DIRECTIONS`` directions. The result is at most the largest distance between
    two positions, and at least cos(90 / ``DIRECTIONS`` degrees) = 0.995 of it.
    """
    ends = np.column_stack([first, last + 1]).ravel()
    widest = np.zeros(len(first))
    if len(first):
        for along in _axes():
            reach = np.append(along[0] * x + along[1] * y, 0.0)
            high, low = np.maximum.reduceat(reach, ends)[::2], np.minimum.reduceat(reach, ends)[::2]
            np.maximum(widest, high - low, out=widest)
    return widest


def last_within(
    x: Floats, y: Floats, part: Integers, least: Integers, last: Integers, *, limit: float
) -> Integers:
    """Find, for each row, the last row up to which the positions stay within ``limit``.

    Parameters
    ----------
    x, y
        (n,) positions.
    part
        (n,) number of the part that each row belongs to, increasing.
    least
        (n,) the row that must be reached. Rows that cannot reach it are not followed further.
    last
        (n,) the last row of the part, which is never passed.
    limit
        The largest extent [plane units].

    Returns
    -------
    numpy.ndarray
        (n,) rows; below ``least`` if it cannot be reached.

    Notes
    -----
    O(directions · n log n) time and O(n log n) memory for the longest part. Complete parts are processed
    together in blocks. The result is the minimum of the last rows in all directions.
    """
    far = np.where(least <= last, last, -1)
    turns = np.append(np.flatnonzero(np.diff(part, prepend=-1)), len(x))
    cuts = np.unique(np.append(turns[np.searchsorted(turns, np.arange(0, len(x), _BLOCK))], len(x)))
    for begin, end in pairwise(cuts.tolist()):
        block = slice(begin, end)
        far[block] = begin + _last_in_block(
            x[block], y[block], least[block] - begin, far[block] - begin, limit
        )
    return far


def _last_in_block(x: Floats, y: Floats, least: Integers, far: Integers, limit: float) -> Integers:
    """Apply ``last_within`` to a few parts; ``far`` contains the last allowed rows.

    The first two directions exclude most of the walking. Only rows that can be part of a stop are continued.
    """
    far, axes = far.copy(), _axes()
    for across, down in axes[:2]:
        _cut_back(across * x + down * y, least, far, limit)
    rows = np.flatnonzero(far >= least)
    depth = np.bincount(rows, minlength=len(x) + 1) - np.bincount(far[rows] + 1, minlength=len(x) + 1)
    part = np.flatnonzero(np.cumsum(depth)[:-1])
    x, y, goal, near = x[part], y[part], least[part], far[part]
    able = near >= goal
    goal, near = np.searchsorted(part, goal), np.where(able, np.searchsorted(part, near), -1)
    for across, down in axes[2:]:
        _cut_back(across * x + down * y, goal, near, limit)
    far[part] = np.where(near >= goal, part[near], -1)
    return far


def _cut_back(reach: Floats, least: Integers, far: Integers, limit: float) -> None:
    """Reduce ``far`` in place to the last row up to which the spread from each row is within the limit.

    A row that does not reach ``least`` gets -1 and is not followed further.
    """
    rows = np.flatnonzero(far >= least)
    if not len(rows):
        return
    high, low = _levels(reach, int((far[rows] - rows).max()) + 1, limit)
    most = (2 << (len(high) - 1)) - 2
    able = least[rows] - rows <= most
    able[able] = _spreads(high, low, rows[able], least[rows[able]]) <= limit
    far[rows[~able]] = -1
    rows = rows[able]
    last = np.minimum(far[rows], rows + most)
    beyond = np.flatnonzero(_spreads(high, low, rows, last) > limit)
    if len(beyond):
        last[beyond] = _descend(high, low, rows[beyond], last[beyond], limit)
    far[rows] = last


def _levels(reach: Floats, longest: int, limit: float) -> tuple[list[Floats], list[Floats]]:
    """Return maxima and minima over 1, 2, 4, 8 … rows from each row, while any spread is within the limit."""
    high, low = [reach], [reach]
    size = 1
    while 2 * size <= longest:
        higher, lower = (
            np.maximum(high[-1][:-size], high[-1][size:]),
            np.minimum(low[-1][:-size], low[-1][size:]),
        )
        if (higher - lower).min() > limit:
            break
        high.append(higher)
        low.append(lower)
        size *= 2
    return high, low


def _spreads(high: list[Floats], low: list[Floats], first: Integers, last: Integers) -> Floats:
    """Return the spread from each ``first`` to its ``last`` row, computed from two overlapping halves."""
    spread = np.empty(len(first))
    level = np.frexp((last - first + 1).astype("float64"))[1] - 1
    for power in range(len(high)):
        mine = np.flatnonzero(level == power)
        start, stop = first[mine], last[mine] - (1 << power) + 1
        top, bottom = high[power], low[power]
        spread[mine] = np.maximum(top[start], top[stop]) - np.minimum(bottom[start], bottom[stop])
    return spread


def _descend(high: list[Floats], low: list[Floats], rows: Integers, far: Integers, limit: float) -> Integers:
    """Advance from each row in decreasing strides while the spread stays within the limit."""
    following, top, bottom = rows.copy(), high[0][rows], low[0][rows]
    for power in reversed(range(len(high))):
        able = np.flatnonzero(following + (1 << power) - 1 <= far)
        here = following[able]
        higher, lower = np.maximum(top[able], high[power][here]), np.minimum(bottom[able], low[power][here])
        good: Bools = higher - lower <= limit
        able = able[good]
        top[able], bottom[able] = higher[good], lower[good]
        following[able] += 1 << power
    return following - 1


def _axes() -> Floats:
    """Return the directions as (directions, 2) cosine and sine; coarse directions first, x and y exact."""
    number = np.arange(DIRECTIONS)
    number = number[np.argsort(-(number & -number) - DIRECTIONS * (number == 0), kind="stable")]
    axes = np.column_stack([np.cos(np.pi * number / DIRECTIONS), np.sin(np.pi * number / DIRECTIONS)])
    axes[1] = 0.0, 1.0
    return axes


STAND, WALK = 0.3, 0.5
"""Speeds at which standing starts and ends [maximum extents per second]."""
MIN_DURATION = pd.Timedelta("5s")
MAX_EXTENT_M = 1.0
"""Default of ``max_extent`` on a floor plan [m]."""


def compute_stops(
    trajectories: pd.DataFrame,
    *,
    max_extent: float | None = None,
    min_duration: Duration = MIN_DURATION,
) -> pd.DataFrame:
    """Find each person's stops: periods within a small area.

    A person stands from a row with a speed of at most 0.3 ``max_extent`` per second until a row with a speed
    above 0.5 ``max_extent`` per second. The period is cut back to its last row at or below the lower limit.
    A row without a speed does not change the state. Stops are searched only while a person stands.

    The search goes through the rows of a tracklet in the order of time. From a row, it takes the shortest
    sequence of rows that lasts at least ``min_duration`` (the sum of ``time_present``). If the extent of the
    positions is at most ``max_extent`` in every direction, the sequence is a stop. The stop is extended as
    long as this remains true, and the search continues after it. Otherwise, the search continues from the
    next row. A gap or a row without a position ends a sequence, so no stop extends across either. A single
    detection is a stop only if its time present is long enough. The duration of a stop is the sum of
    ``time_present`` of its rows, and its position is the mean of their positions, weighted by
    ``time_present``. An empty table gives an empty table.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    max_extent
        Largest extent of a stop, above 0; by default 1 m on a floor plan. It is required in the image, where
        the length of a pixel varies with the position [plane units].
    min_duration
        The shortest stop, above 0.

    Returns
    -------
    pandas.DataFrame
        STOPS, one row per stop, sorted by person and stop.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``max_extent`` is not above 0, or is missing in px; if ``min_duration`` is 0 or not a duration.

    Notes
    -----
    O(n log n) for any number of stops. Extents are measured in 16 directions, so the largest distance D
    between two positions of a stop, its diameter, is between ``extent`` and 1.005 ``extent``. Slightly more
    stops are found than by the diameter itself. Jitter of the positions by s adds about 4 to 6 s to an
    extent. A single outlying position splits a long stop, so smooth the positions first, or increase the
    extent. Strong body sway, of 10 cm and more, splits stops. With a sampling period above 1 s, speeds do not
    show whether a person stands, and a ``PtrackWarning`` is issued. If the image cuts a box at its lower
    edge, the foot point is on that edge, and the person may seem to stop there while walking.

    References
    ----------
    R. Hariharan and K. Toyama, "Project Lachesis: Parsing and Modeling Location Histories", GIScience 2004,
    doi:10.1007/978-3-540-30231-5_8. MovingPandas' TrajectoryStopDetector searches in the same way, without
    gaps and speeds.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> plan = pta.read_floor_plan("data/shop/floor.json")
    >>> stops = pta.compute_stops(pta.compute_trajectories(detections, video, plane=plan))
    >>> stops[["x_m", "y_m", "extent_m"]].head(3).reset_index().round(2)
       person_index  stop   x_m   y_m  extent_m
    0             0     1  9.07  5.00      0.02
    1             0     2  8.68  2.36      0.04
    2             2     1  4.49  7.37      0.07
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    limit = _extent(max_extent, unit)
    shortest = milliseconds(min_duration, "min_duration")
    if shortest == 0:
        raise ParameterError(f"min_duration must be longer than 0, got {min_duration!r}")
    walks = split_walks(trajectories, unit)
    period = find_period(walks.rows, Video())
    if period > LONGEST_PERIOD:
        warnings.warn(
            f"the sampling period of {period} ms is too long to find stops: above {LONGEST_PERIOD} ms, "
            "speeds do not show whether people stand. Track the video at a higher rate, or use visits.",
            PtrackWarning,
            stacklevel=2,
        )
    own = find_parts(walks.rows.time, walks.run, walks.x)
    speed = trajectories[f"speed_{unit}_per_s"].to_numpy()[walks.rows.order][own.rows]
    first, last = _stops(walks, own, find_standing(speed, own, limit), limit, shortest)
    return assemble(STOPS, _measured(walks, own, first, last), unit=unit)


def _extent(given: float | None, unit: str) -> float:
    if given is not None:
        return above(given, "max_extent", finite=False)
    if unit != "m":
        raise ParameterError(
            f"max_extent is required in {unit}: the size of a stop depends on the camera. Pass a size such "
            "as the width of a person in the image."
        )
    return MAX_EXTENT_M


def find_standing(speed: Floats, own: KnownParts, limit: float) -> Bools:
    """Return which rows with a position belong to periods of standing, by two speed limits.

    Standing starts at or below ``STAND`` times the extent per second, and ends above ``WALK`` times it.
    """
    number = np.arange(len(speed))
    low = speed <= STAND * limit
    switches = low | (speed > WALK * limit) | own.begins
    latest = np.maximum.accumulate(np.where(switches, number, 0))
    standing = low[latest]
    opens = standing & own.begins
    opens[1:] |= standing[1:] & ~standing[:-1]
    closes = np.append(opens[1:] | ~standing[1:], True)[: len(speed)] & standing
    last_low = np.maximum.accumulate(np.where(low, number, -1))
    period = np.cumsum(opens) - 1
    result: Bools = np.zeros(len(speed), dtype=bool)
    if opens.any():
        result[standing] = number[standing] <= last_low[closes][period[standing]]
    return result


def _stops(
    walks: Walks, own: KnownParts, standing: Bools, limit: float, shortest: int
) -> tuple[Integers, Integers]:
    """Find the first and the last row of each stop, as indices within the rows with a position."""
    rows = np.flatnonzero(standing)
    begins = np.ones(len(rows), dtype=bool)
    begins[1:] = (np.diff(rows) != 1) | own.begins[rows[1:]]
    opens = np.flatnonzero(begins)
    closes = np.append(opens[1:], len(rows))[: len(opens)] - 1
    period = np.cumsum(begins) - 1
    at = own.rows[rows]
    until = np.cumsum(walks.time_present[at])
    least = np.searchsorted(until, until - walks.time_present[at] + shortest)
    far = last_within(walks.x[at], walks.y[at], opens[period], least, closes[period], limit=limit)
    able = np.flatnonzero(far >= least)
    chosen = able[_chain(np.searchsorted(able, far[able], side="right"))]
    return rows[chosen], rows[far[chosen]]


def _chain(following: Integers) -> Bools:
    """Mark the positions that are reached from the first by following ``following``.

    Each round marks all positions reached in twice as many steps: O(n log n) for a chain of any length.
    ``len(following)`` marks the end of the chain.
    """
    reached = np.zeros(len(following) + 1, dtype=bool)
    reached[0] = True
    stride = np.append(following, len(following))
    while not reached[-1]:
        reached[stride[reached]] = True
        stride = stride[stride]
    return reached[:-1]


def _measured(walks: Walks, own: KnownParts, first: Integers, last: Integers) -> dict[str, Integers | Floats]:
    """Compute the times, position and extent of each stop."""
    x, y, time_present = walks.x[own.rows], walks.y[own.rows], walks.time_present[own.rows]
    until = np.cumsum(time_present)
    dwell = until[last] - until[first] + time_present[first]
    person = walks.rows.person[own.rows[first]]
    number = np.arange(len(first))
    opens = np.maximum.accumulate(np.where(mark_starts(person), number, 0))
    time, opening = walks.rows.time[own.rows], own.first[first]
    count = np.concatenate([[0], np.cumsum(walks.detected[own.rows])])
    positions = {
        name: values[opening] + _sums((values - values[own.first]) * time_present, first, last) / dwell
        for name, values in (("x_{u}", x), ("y_{u}", y))
    }
    return {
        "person_index": walks.person_index[own.rows[first]],
        "stop": number - opens + 1,
        "entered": time[first],
        "exited": time[last] + time_present[last],
        "duration": dwell,
        **positions,
        "extent_{u}": widths(x, y, first, last),
        "detections": count[last + 1] - count[first],
    }


def _sums(values: Floats, first: Integers, last: Integers) -> Floats:
    """Sum the values from each ``first`` to its ``last`` row."""
    ends = np.column_stack([first, last + 1]).ravel()
    sums: Floats = np.add.reduceat(np.append(values, 0.0), ends)[::2] if len(first) else np.empty(0)
    return sums
