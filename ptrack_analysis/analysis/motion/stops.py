"""Stops: times without leaving a small area."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.clock import Stretches, stretches
from ptrack_analysis.analysis.motion.walks import Walks, split_walks
from ptrack_analysis.analysis.presence import find_period, mark_starts
from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above
from ptrack_analysis.schema import STOPS, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Video, milliseconds

DIRECTIONS = 16
"""In how many directions an extent is measured, evenly over the half circle."""
LONGEST_PERIOD = 1000
"""Sampling period above which speeds do not show who stands [ms]."""
_BLOCK = 131_072


def widths(x: Floats, y: Floats, first: Integers, last: Integers) -> Floats:
    """Measure the largest extent of the positions from each ``first`` to its ``last`` row, in any direction.

    Of the ``DIRECTIONS`` directions the largest counts: at most the largest distance between two positions,
    and at least its cos(90 / ``DIRECTIONS`` degrees), 0.995 of it.
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
    x: Floats, y: Floats, stretch: Integers, least: Integers, last: Integers, *, limit: float
) -> Integers:
    """Find the last row up to which the positions from each row on reach no further than ``limit``.

    Parameters
    ----------
    x, y
        (n,) positions.
    stretch
        (n,) number of the stretch of each row, growing.
    least
        (n,) the row that must be reached: a row that cannot get there is not followed to its end.
    last
        (n,) the last row of the stretch, which is never passed.
    limit
        The largest extent [plane units].

    Returns
    -------
    numpy.ndarray
        (n,) rows; below ``least`` where that cannot be reached.

    Notes
    -----
    O(directions · n log n) time and O(n log n) memory for the longest stretch: whole stretches are taken
    together in blocks. Each direction gives the last row by itself, and the smallest of these is the answer.
    """
    far = np.where(least <= last, last, -1)
    turns = np.append(np.flatnonzero(np.diff(stretch, prepend=-1)), len(x))
    cuts = np.unique(np.append(turns[np.searchsorted(turns, np.arange(0, len(x), _BLOCK))], len(x)))
    for begin, end in pairwise(cuts.tolist()):
        block = slice(begin, end)
        far[block] = begin + _last_in_block(
            x[block], y[block], least[block] - begin, far[block] - begin, limit
        )
    return far


def _last_in_block(x: Floats, y: Floats, least: Integers, far: Integers, limit: float) -> Integers:
    """Do the work of ``last_within`` for a few stretches, ``far`` being the last rows allowed.

    After the first two directions most of the walking is out: only rows that can be part of a stay go on.
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
    """Cut ``far`` back in place to the last row up to which the spread from each row is within the limit.

    A row that does not reach ``least`` gets -1, and is not followed further.
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
    """Return spread of the values from each ``first`` to its ``last`` row, from two overlapping halves."""
    spread = np.empty(len(first))
    level = np.frexp((last - first + 1).astype("float64"))[1] - 1
    for power in range(len(high)):
        mine = np.flatnonzero(level == power)
        start, stop = first[mine], last[mine] - (1 << power) + 1
        top, bottom = high[power], low[power]
        spread[mine] = np.maximum(top[start], top[stop]) - np.minimum(bottom[start], bottom[stop])
    return spread


def _descend(high: list[Floats], low: list[Floats], rows: Integers, far: Integers, limit: float) -> Integers:
    """Walk on from each row in ever smaller strides, as long as the spread stays within the limit."""
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
    """Return the directions as (directions, 2) cosine and sine; the coarse ones first, x and y exact."""
    number = np.arange(DIRECTIONS)
    number = number[np.argsort(-(number & -number) - DIRECTIONS * (number == 0), kind="stable")]
    axes = np.column_stack([np.cos(np.pi * number / DIRECTIONS), np.sin(np.pi * number / DIRECTIONS)])
    axes[1] = 0.0, 1.0
    return axes


STAND, WALK = 0.3, 0.5
"""Speeds at which standing starts and ends [maximum extents per second]."""
MIN_DURATION = pd.Timedelta("5s")
MAX_EXTENT_M = 1.0
"""The extent of a stop on a floor plan, if none is given [m]."""


def compute_stops(
    trajectories: pd.DataFrame,
    *,
    max_extent: float | None = None,
    min_duration: pd.Timedelta | str = MIN_DURATION,
) -> pd.DataFrame:
    """Find where each person stopped: stayed within a place no larger than ``max_extent``, long enough.

    A person stands from a row with a speed of at most 0.3 ``max_extent`` per second until a row with a speed
    above 0.5 ``max_extent`` per second; the stretch is cut back to its last row at or below the lower limit.
    A row without a speed changes nothing. Stops are searched for where a person stands.

    Go through the rows of a tracklet in the order of time, as long as the person stands. From a row, take the
    shortest stretch of rows that holds for ``min_duration`` or longer (the sum of ``time_present``). If its
    positions reach no further than ``max_extent`` in any direction, it is a stop, which goes on for as many
    rows as that stays so; the search goes on behind it. Otherwise go on from the next row. A gap and a row
    that is not located end a stretch, so no stop lies across either; a single detection is a stop only if it
    alone holds that long. A stop's dwell is the sum of ``time_present`` of its rows, its place their mean
    position, each weighing its ``time_present``. An empty table gives an empty one.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    max_extent
        The largest extent of a stop, above 0; by default 1 m on a floor plan. In the picture it must be
        given, for a px is another length at each place [plane units].
    min_duration
        The shortest stop, above 0 [ms].

    Returns
    -------
    pandas.DataFrame
        STOPS, one row a stop, sorted by person and stop.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``max_extent`` is not above 0, or missing in px; if ``min_duration`` is 0 or no length of time.

    Notes
    -----
    O(n log n) for any number of stops. Extents are measured in 16 directions, so the largest distance D
    between two positions of a stop, its diameter, lies between ``extent`` and 1.005 ``extent``: a few stops
    more are found than by the diameter itself. Jitter of the positions by s adds about 4 to 6 s to an extent;
    a long stop is cut where one position lies too far off, so smooth the positions before, or widen the
    extent. Strong body sway, of 10 cm and more, splits stops. With a sampling period above 1 s, speeds do
    not show who stands, and a ``PtrackWarning`` says so. Whose box the
    picture cuts at its lower edge stands on that edge, and may seem to stop there while walking.

    References
    ----------
    R. Hariharan and K. Toyama, "Project Lachesis: Parsing and Modeling Location Histories", GIScience 2004,
    doi:10.1007/978-3-540-30231-5_8; the rule of MovingPandas' TrajectoryStopDetector, but that this one sees
    gaps.

    Examples
    --------
    A person walks up, stands for 4 s, walks on. Speeds are taken over half a second before and after.

    >>> import pandas as pd
    >>> from ptrack_analysis import compute_stops, compute_trajectories
    >>> moments = pd.to_timedelta([0, 1, 2, 3, 4, 5, 6], unit="s").as_unit("ms")
    >>> index = pd.MultiIndex.from_arrays([[7] * 7, moments], names=["person_index", "timestamp"])
    >>> points = pd.DataFrame({"x_m": [0.0, 2.0, 4.0, 4.0, 4.0, 4.0, 6.0], "y_m": [0.0] * 7}, index=index)
    >>> stops = compute_stops(compute_trajectories(points), min_duration="2s")
    >>> stops[["x_m", "extent_m", "detections"]].to_numpy().tolist()
    [[4.0, 0.0, 2.0]]
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    limit = _extent(max_extent, unit)
    shortest = milliseconds(min_duration, "min_duration")
    if shortest == 0:
        raise ParameterError(f"min_duration is {min_duration!r}, not above 0")
    walks = split_walks(trajectories, unit)
    period = find_period(walks.rows, Video())
    if period > LONGEST_PERIOD:
        warnings.warn(
            f"the sampling period of {period} ms is too long to find stops: above {LONGEST_PERIOD} ms, "
            "speeds do not show who stands. Track the video at a higher rate, or use visits to zones.",
            PtrackWarning,
            stacklevel=2,
        )
    own = stretches(walks.rows.time, walks.run, walks.x)
    speed = trajectories[f"speed_{unit}_per_s"].to_numpy()[walks.rows.order][own.rows]
    first, last = _stops(walks, own, find_standing(speed, own, limit), limit, shortest)
    return assemble(STOPS, _measured(walks, own, first, last), unit=unit)


def _extent(given: float | None, unit: str) -> float:
    if given is not None:
        return above(given, "max_extent", finite=False)
    if unit != "m":
        raise ParameterError(
            f"max_extent is not given, and in {unit} no size of a stop suits every camera: give one, such as "
            "the width of a person in the picture"
        )
    return MAX_EXTENT_M


def find_standing(speed: Floats, own: Stretches, limit: float) -> Bools:
    """Return which located rows belong to a time of standing, by two limits of speed.

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
    walks: Walks, own: Stretches, standing: Bools, limit: float, shortest: int
) -> tuple[Integers, Integers]:
    """Find the first and the last row of each stop, as indices within the located rows."""
    rows = np.flatnonzero(standing)
    begins = np.ones(len(rows), dtype=bool)
    begins[1:] = (np.diff(rows) != 1) | own.begins[rows[1:]]
    opens = np.flatnonzero(begins)
    closes = np.append(opens[1:], len(rows))[: len(opens)] - 1
    period = np.cumsum(begins) - 1
    at = own.rows[rows]
    until = np.cumsum(walks.held[at])
    least = np.searchsorted(until, until - walks.held[at] + shortest)
    far = last_within(walks.x[at], walks.y[at], opens[period], least, closes[period], limit=limit)
    able = np.flatnonzero(far >= least)
    chosen = able[_chain(np.searchsorted(able, far[able], side="right"))]
    return rows[chosen], rows[far[chosen]]


def _chain(following: Integers) -> Bools:
    """Mark the places that are reached from the first by going from each to its following one.

    After each round all are marked that so many steps reach, and the strides double: O(n log n) for a chain
    of any length. ``len(following)`` means that nothing follows.
    """
    reached = np.zeros(len(following) + 1, dtype=bool)
    reached[0] = True
    stride = np.append(following, len(following))
    while not reached[-1]:
        reached[stride[reached]] = True
        stride = stride[stride]
    return reached[:-1]


def _measured(walks: Walks, own: Stretches, first: Integers, last: Integers) -> dict[str, Integers | Floats]:
    """Measure each stop: its times, its place, its extent."""
    x, y, held = walks.x[own.rows], walks.y[own.rows], walks.held[own.rows]
    until = np.cumsum(held)
    dwell = until[last] - until[first] + held[first]
    person = walks.rows.person[own.rows[first]]
    number = np.arange(len(first))
    opens = np.maximum.accumulate(np.where(mark_starts(person), number, 0))
    time, opening = walks.rows.time[own.rows], own.first[first]
    count = np.concatenate([[0], np.cumsum(walks.detected[own.rows])])
    places = {
        name: values[opening] + _sums((values - values[own.first]) * held, first, last) / dwell
        for name, values in (("x_{u}", x), ("y_{u}", y))
    }
    return {
        "person_index": walks.person_index[own.rows[first]],
        "stop": number - opens + 1,
        "entered": time[first],
        "exited": time[last] + held[last],
        "duration": dwell,
        **places,
        "extent_{u}": widths(x, y, first, last),
        "detections": count[last + 1] - count[first],
    }


def _sums(values: Floats, first: Integers, last: Integers) -> Floats:
    """Add up the values from each ``first`` to its ``last`` row."""
    ends = np.column_stack([first, last + 1]).ravel()
    sums: Floats = np.add.reduceat(np.append(values, 0.0), ends)[::2] if len(first) else np.empty(0)
    return sums
