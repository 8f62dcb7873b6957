"""Candidates for stitching: pairs of tracks that fit by time, distance and box size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from ptrack_analysis.analysis.presence import PersonRows, mark_starts
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import EDGE_TOLERANCE, Bools, Floats, Integers
from ptrack_analysis.limits import above, at_least, validate_budget
from ptrack_analysis.video import Milliseconds

BODY = 1.7
"""Height of a body [m]."""
_FOCAL = 0.9
"""Focal length of a typical camera, as a share of the image width."""
_LEAST_SPREAD = 0.05
"""Minimum spread of foot points for fitting a slope, as a fraction of the image height."""

_LEAST_GROWTH = 0.001
"""Minimum growth of boxes from the top to the bottom of the image, as a fraction of its height."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Typical height of a box as a linear function of its lower edge, in fractions of the frame height.

    ``at_top`` is the height at the upper edge of the image, and ``growth`` its increase down to the lower
    edge (0 if unknown). The height is never below ``least``.
    """

    at_top: float
    growth: float
    least: float

    def usual(self, bottom: Floats) -> Floats:
        """Return the typical box height for these positions of the lower edge."""
        return np.maximum(self.at_top + self.growth * bottom, self.least)


@dataclass(frozen=True, slots=True)
class PictureGround:
    """The ground plane of an image [m], estimated as if each body were 1.7 m tall.

    ::

        sideways  X = (x - width / 2) · 1.7 / h        h: typical box height there [px]
        away      Y = - focal · 1.7 / h                focal: 0.9 of the image width

    A step downward in the image is never shorter than a step sideways. If the boxes do not grow toward the
    lower edge, the ground is the image itself, scaled by their typical height.
    """

    bodies: Bodies
    width: int
    height: int

    @property
    def focal(self) -> float:
        """Focal length [px]; 0 if the ground is the image itself."""
        if not self.bodies.growth:
            return 0.0
        nearest = (self.bodies.at_top + self.bodies.growth) * self.height
        return max(_FOCAL * self.width, nearest / self.bodies.growth)

    def on_ground(self, picture: Floats) -> Floats:
        """Project (n, 2) positions in the image [px] to the ground [m]."""
        meters = BODY / (self.bodies.usual(picture[:, 1] / self.height) * self.height)
        away = -self.focal * meters if self.focal else picture[:, 1] * meters
        return np.column_stack([(picture[:, 0] - self.width / 2) * meters, away])

    def in_picture(self, ground: Floats) -> Floats:
        """Project (n, 2) positions on the ground [m] back to the image [px]."""
        if self.focal:
            nearest = 4 * (self.bodies.at_top + self.bodies.growth) * self.height
            meters = np.maximum(-ground[:, 1] / self.focal, BODY / nearest)
            y = (BODY / meters / self.height - self.bodies.at_top) / self.bodies.growth * self.height
        else:
            meters = np.full(len(ground), BODY / (self.bodies.at_top * self.height))
            y = ground[:, 1] / meters
        return np.column_stack([ground[:, 0] / meters + self.width / 2, y])


def fit_body_heights(top: Floats, height: Floats) -> Bodies | None:
    """Fit the typical box height as a function of the lower edge; None without a complete box.

    Boxes cut by the upper or lower edge of the image are excluded, because their height is unknown. The fit
    is by least squares. The line is level if the boxes do not grow toward the lower edge, or if their foot
    points hardly spread. The minimum height is the 1 % quantile of the heights.
    """
    tall = whole_heights(top, height)
    complete = np.isfinite(tall)
    if not complete.any():
        return None
    tall, bottom = tall[complete], top[complete] + height[complete]
    offset = bottom - bottom.mean()
    least = float(np.quantile(tall, 0.01))
    if offset.std() >= _LEAST_SPREAD:
        growth = float((offset * tall).sum() / (offset * offset).sum())
        if growth >= _LEAST_GROWTH:
            return Bodies(float(tall.mean()) - growth * float(bottom.mean()), growth, least)
    return Bodies(float(tall.mean()), 0.0, least)


def whole_heights(top: Floats, height: Floats) -> Floats:
    """Return the heights of boxes; NaN without a box or if the image cuts its upper or lower edge."""
    bottom = top + height
    whole = (top > EDGE_TOLERANCE) & (bottom < 1 - EDGE_TOLERANCE) & (height > 0)
    return np.where(whole, height, np.nan)


_SHRINKING = 0.02
"""Added to the spread of the times in a velocity fit, so that short intervals have little weight [s²]."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of each track, its start or its end.

    ``time`` is the time of the outermost position, and ``row_time`` the time of the outermost row [ms].
    ``position`` is (n, 2) [m] and ``velocity`` is (n, 2) [m/s]. ``size`` is the box height divided by the
    typical height, NaN if unknown.
    """

    row_time: Milliseconds
    time: Milliseconds
    row: Integers
    position: Floats
    velocity: Floats
    size: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Start and end of each track with a position, in the order of the person index."""

    start: Side
    stop: Side


def find_track_ends(
    rows: PersonRows, positions: Floats, size: Floats, *, window: int, max_speed: float
) -> Ends:
    """Find the start and the end of each track with a position.

    Velocity is the least-squares slope of the positions within ``window`` ms of the outermost position. It
    is shrunk toward 0 if the positions cover little time, and limited to ``max_speed``. Size is the lower
    median of the same rows.

    Parameters
    ----------
    rows
        The order of person and time.
    positions
        (n, 2) positions in that order, NaN without a position [m].
    size
        (n,) box heights divided by the typical height, NaN if unknown.
    window
        Longest time between the outermost position and other positions that count [ms].
    max_speed
        Maximum speed [m/s].
    """
    known = np.flatnonzero(~np.isnan(positions).any(axis=1))
    begins = mark_starts(rows.person[known])
    first = np.flatnonzero(begins)
    last = first + np.diff(first, append=len(known)) - 1
    track = np.cumsum(begins) - 1
    all_first = np.flatnonzero(rows.first)
    all_last = all_first + np.diff(all_first, append=len(rows.time)) - 1
    own = np.searchsorted(rows.person[all_first], rows.person[known[first]])
    sides = []
    for edge, row in ((first, all_first[own]), (last, all_last[own])):
        time = rows.time[known]
        near = np.abs(time - time[edge][track]) <= window
        velocity = _slopes(time, positions[known], near, first, track)
        speed = np.sqrt((velocity * velocity).sum(axis=1))
        velocity *= (np.minimum(speed, max_speed) / np.maximum(speed, 1e-9))[:, None]
        position, median = positions[known[edge]], _medians(size[known], near, track, len(first))
        sides.append(Side(rows.time[row], time[edge], known[edge], position, velocity, median))
    return Ends(*sides)


def _slopes(time: Milliseconds, positions: Floats, near: Bools, first: Integers, track: Integers) -> Floats:
    """Return the velocity fitted to each track's near positions (n, 2)."""
    if not len(first):
        return np.empty((0, 2))
    weight = near.astype("float64")
    seconds = (time - time[first][track]) / 1000.0
    middle = np.add.reduceat(weight * seconds, first) / np.add.reduceat(weight, first)
    offset = weight * (seconds - middle[track])
    spread = np.add.reduceat(offset * offset, first) + _SHRINKING
    moved = positions - positions[first][track]
    return np.add.reduceat(offset[:, None] * moved, first, axis=0) / spread[:, None]


def _medians(size: Floats, near: Bools, track: Integers, tracks: int) -> Floats:
    """Return the lower median of each track's near sizes; NaN without a size."""
    medians = np.full(tracks, np.nan)
    used = np.flatnonzero(near & ~np.isnan(size))
    order = used[np.lexsort((size[used], track[used]))]
    begin = np.flatnonzero(mark_starts(track[order])) if len(order) else order
    count = np.diff(begin, append=len(order))
    medians[track[order[begin]]] = size[order[begin + (count - 1) // 2]]
    return medians


SLACK = 0.5
"""Tolerance of any position, because boxes jitter [m]."""
FADE = 0.8
"""Time in which a person's velocity decays to 1/e [s]."""
WALKING = 0.5
"""Speed above which a person walks [m/s]."""
_AGAINST = -0.5
"""Cosine of the angle between two directions below which they are opposite."""
_UNKNOWN_SIZE = 0.25
"""Contribution of an unknown size to the cost, as a share of the limit."""
_MOST_PAIRS = 1 << 20
_PAIR_BYTES = 250
"""Memory per possible join while the joins are chosen [bytes]."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a join, as in ``compute_stitches``; ``horizon`` and ``max_gap`` are in ms."""

    max_gap: int
    horizon: int
    max_speed: float
    max_drift: float
    max_size_ratio: float
    max_cost: float
    min_margin: float

    def __post_init__(self) -> None:
        """Reject values out of their range, all in one message."""
        lowest = {"max_gap": 0, "max_speed": 0, "max_drift": 0, "max_size_ratio": 1, "max_cost": 0}
        checks = [partial(above, getattr(self, name), name, least) for name, least in lowest.items()]
        checks.append(partial(at_least, self.min_margin, "min_margin"))
        wrong = [fault for check in checks if (fault := _fault(check))]
        if wrong:
            raise ParameterError("; ".join(wrong))


def _fault(check: Callable[[], float]) -> str:
    """Return the error message of a check; empty if it passes."""
    try:
        check()
    except ParameterError as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Possible joins: earlier and later track, expected position (n, 2) [m], and cost."""

    before: Integers
    after: Integers
    expected: Floats
    cost: Floats

    def taken(self, rows: Bools | Integers) -> "Pairs":
        """Return some of the pairs, or all pairs in another order."""
        return Pairs(self.before[rows], self.after[rows], self.expected[rows], self.cost[rows])


def candidates(ends: Ends, barred: tuple[Bools, Bools], limits: Limits) -> Pairs:
    """Find the pairs of tracks that cost less than the limit, sorted by earlier and later track.

    The later tracks are sorted by their start, so the candidates for an end are adjacent. Costs are computed
    for about a million pairs at a time.

    Parameters
    ----------
    ends
        Start and end of the tracks.
    barred
        (n,) bool each: tracks that cannot be continued, and tracks that cannot continue another.
    limits
        Limits of a join.

    Raises
    ------
    InputError
        If there are too many pairs for the memory.
    """
    parts, found = list[Pairs](), 0
    for before, after in _chunks(ends, barred, limits.horizon):
        parts.append(_fitting(ends, before, after, limits))
        found += len(parts[-1].cost)
        validate_budget(
            found * _PAIR_BYTES,
            f"stitching, with {found} possible joins or more,",
            "Turn stitch (--stitch) off, analyze a part with start and end (--from, --to), or raise memory "
            "(--memory).",
        )
    pairs = Pairs(
        np.concatenate([part.before for part in parts]),
        np.concatenate([part.after for part in parts]),
        np.concatenate([part.expected for part in parts]),
        np.concatenate([part.cost for part in parts]),
    )
    return pairs.taken(np.lexsort((pairs.after, pairs.before)))


def _chunks(ends: Ends, barred: tuple[Bools, Bools], horizon: int) -> Iterator[tuple[Integers, Integers]]:
    """Yield, in parts, the pairs of a track and tracks that start within the horizon of its end."""
    leaving, coming = np.flatnonzero(~barred[0]), np.flatnonzero(~barred[1])
    coming = coming[np.argsort(ends.start.row_time[coming], kind="stable")]
    begin, end = ends.start.row_time[coming], ends.stop.row_time[leaving]
    low = np.searchsorted(begin, end, side="right")
    count = np.searchsorted(begin, end + horizon, side="right") - low
    total = np.cumsum(count)
    cuts = np.searchsorted(total, np.arange(_MOST_PAIRS, int(total[-1]) if len(total) else 0, _MOST_PAIRS))
    for part in np.split(np.arange(len(leaving)), np.unique(cuts)):
        row = np.repeat(part, count[part])
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count[part]) - count[part], count[part])
        yield leaving[row], coming[low[row] + nth]


def _fitting(ends: Ends, before: Integers, after: Integers, limits: Limits) -> Pairs:
    """Return the pairs whose cost is below the limit."""
    stop, start = ends.stop, ends.start
    wait = (start.time[after] - stop.time[before]) / 1000.0
    way = start.position[after] - stop.position[before]
    possible = _length(way) <= limits.max_speed * wait + SLACK
    possible &= ~_came_back(stop.velocity[before], start.velocity[after])
    before, after, wait = before[possible], after[possible], wait[possible]
    reach = FADE * (1 - np.exp(-wait / (2 * FADE)))
    expected = stop.position[before] + (stop.velocity[before] + start.velocity[after]) * reach[:, None]
    drift = _length(start.position[after] - expected) / (SLACK + limits.max_drift * wait)
    turn = _length(start.velocity[after] - stop.velocity[before]) / limits.max_speed
    size = np.abs(np.log(start.size[after] / stop.size[before])) / np.log(limits.max_size_ratio)
    size = np.where(np.isnan(size), _UNKNOWN_SIZE, size)
    late = (start.row_time[after] - stop.row_time[before]) / (4.0 * limits.max_gap)
    cost = np.sqrt(drift * drift + turn * turn + size * size + late * late)
    return Pairs(before, after, expected, cost).taken(cost < limits.max_cost)


def _came_back(left: Floats, came: Floats) -> Bools:
    """Return which pairs walk in opposite directions: both walk, more than 120 degrees apart."""
    along, both = (left * came).sum(axis=1), _length(left) * _length(came)
    walking = np.minimum(_length(left), _length(came)) > WALKING
    back: Bools = walking & (along < _AGAINST * both)
    return back


def _length(vectors: Floats) -> Floats:
    length: Floats = np.sqrt((vectors * vectors).sum(axis=1))
    return length
