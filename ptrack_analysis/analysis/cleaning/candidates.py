"""Candidates for stitching: which tracks may continue which, by time, distance and box size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from ptrack_analysis.analysis.presence import PersonRows, mark_starts
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import EDGE_TOLERANCE, Bools, Floats, Integers
from ptrack_analysis.limits import above, at_least
from ptrack_analysis.video import Milliseconds

BODY = 1.7
"""Height of a body [m]."""
_FOCAL = 0.9
"""Focal length of a usual camera, as a share of the picture's width."""
_LEAST_SPREAD = 0.05
"""Feet must spread at least so far over the picture, as a fraction of its height, to tell a slope."""

_LEAST_GROWTH = 0.001
"""Boxes grow at least so much over the whole picture, or not at all, as a fraction of its height."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Usual height of a box by where its feet are, all in fractions of the frame's height: a straight line.

    ``at_top`` is the height for feet at the picture's upper edge, ``growth`` how much it grows down to the
    lower edge, 0 where that cannot be told; it is never taken as below ``least``.
    """

    at_top: float
    growth: float
    least: float

    def usual(self, bottom: Floats) -> Floats:
        """Return the usual height for feet at these rows of the picture."""
        return np.maximum(self.at_top + self.growth * bottom, self.least)


@dataclass(frozen=True, slots=True)
class PictureGround:
    """The level ground that a picture's boxes stand on [m]: as if each body were 1.7 m tall.

    ::

        sideways  X = (x - width / 2) · 1.7 / h        h: usual height of a box there [px]
        away      Y = - focal · 1.7 / h                focal: 0.9 of the picture's width

    A step downwards in the picture is never taken as shorter than one sideways. Where the boxes do not grow
    towards the lower edge, the ground is the picture itself, scaled by their usual height.
    """

    bodies: Bodies
    width: int
    height: int

    @property
    def focal(self) -> float:
        """Focal length [px]; 0 where the ground is the picture itself."""
        if not self.bodies.growth:
            return 0.0
        nearest = (self.bodies.at_top + self.bodies.growth) * self.height
        return max(_FOCAL * self.width, nearest / self.bodies.growth)

    def on_ground(self, picture: Floats) -> Floats:
        """Project (n, 2) places in the picture [px] to the ground [m]."""
        meters = BODY / (self.bodies.usual(picture[:, 1] / self.height) * self.height)
        away = -self.focal * meters if self.focal else picture[:, 1] * meters
        return np.column_stack([(picture[:, 0] - self.width / 2) * meters, away])

    def in_picture(self, ground: Floats) -> Floats:
        """Project (n, 2) places on the ground [m] back to the picture [px]."""
        if self.focal:
            nearest = 4 * (self.bodies.at_top + self.bodies.growth) * self.height
            meters = np.maximum(-ground[:, 1] / self.focal, BODY / nearest)
            y = (BODY / meters / self.height - self.bodies.at_top) / self.bodies.growth * self.height
        else:
            meters = np.full(len(ground), BODY / (self.bodies.at_top * self.height))
            y = ground[:, 1] / meters
        return np.column_stack([ground[:, 0] / meters + self.width / 2, y])


def fit_body_heights(top: Floats, height: Floats) -> Bodies | None:
    """Fit the usual height of a box to where its feet are, by least squares; None without a whole box.

    Boxes that the picture's upper or lower edge cuts are left out: neither feet nor height are seen. The
    line is level where the boxes do not grow towards the lower edge, or their feet hardly spread. Its least
    value is the height that one box in a hundred is below.
    """
    tall = whole_heights(top, height)
    seen = np.isfinite(tall)
    if not seen.any():
        return None
    tall, bottom = tall[seen], top[seen] + height[seen]
    offset = bottom - bottom.mean()
    least = float(np.quantile(tall, 0.01))
    if offset.std() >= _LEAST_SPREAD:
        growth = float((offset * tall).sum() / (offset * offset).sum())
        if growth >= _LEAST_GROWTH:
            return Bodies(float(tall.mean()) - growth * float(bottom.mean()), growth, least)
    return Bodies(float(tall.mean()), 0.0, least)


def whole_heights(top: Floats, height: Floats) -> Floats:
    """Return the heights of boxes; NaN where the picture's upper or lower edge cuts one, or there is none."""
    bottom = top + height
    whole = (top > EDGE_TOLERANCE) & (bottom < 1 - EDGE_TOLERANCE) & (height > 0)
    return np.where(whole, height, np.nan)


_SHRINKING = 0.02
"""Added to the spread of the moments that a velocity is fitted to, so that few of them tell little [s²]."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of each track, its beginning or its end.

    ``moment`` is that of the outermost position, ``seen`` that of the outermost row [ms]; ``place`` is
    (n, 2) [m], ``velocity`` (n, 2) [m/s], ``size`` the height of the box by the usual one, NaN if not known.
    """

    seen: Milliseconds
    moment: Milliseconds
    row: Integers
    place: Floats
    velocity: Floats
    size: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Beginning and end of each track that has a position, in the order of their persons."""

    start: Side
    stop: Side


def find_track_ends(rows: PersonRows, places: Floats, size: Floats, *, window: int, max_speed: float) -> Ends:
    """Find the beginning and the end of each track that has a position.

    Velocity is the slope of the positions within ``window`` ms of the outermost one, by least squares, drawn
    towards 0 where they cover little time, and never above ``max_speed``; size is the lower median there.

    Parameters
    ----------
    rows
        The order of person and time.
    places
        (n, 2) positions in that order, NaN where there is none [m].
    size
        (n,) heights of the boxes by the usual one, NaN where not known.
    window
        How far from the outermost position others count [ms].
    max_speed
        The largest speed [m/s].
    """
    known = np.flatnonzero(~np.isnan(places).any(axis=1))
    begins = mark_starts(rows.person[known])
    first = np.flatnonzero(begins)
    last = first + np.diff(first, append=len(known)) - 1
    track = np.cumsum(begins) - 1
    all_first = np.flatnonzero(rows.first)
    all_last = all_first + np.diff(all_first, append=len(rows.time)) - 1
    own = np.searchsorted(rows.person[all_first], rows.person[known[first]])
    sides = []
    for edge, seen in ((first, all_first[own]), (last, all_last[own])):
        time = rows.time[known]
        near = np.abs(time - time[edge][track]) <= window
        velocity = _slopes(time, places[known], near, first, track)
        speed = np.sqrt((velocity * velocity).sum(axis=1))
        velocity *= (np.minimum(speed, max_speed) / np.maximum(speed, 1e-9))[:, None]
        place, median = places[known[edge]], _medians(size[known], near, track, len(first))
        sides.append(Side(rows.time[seen], time[edge], known[edge], place, velocity, median))
    return Ends(*sides)


def _slopes(time: Milliseconds, places: Floats, near: Bools, first: Integers, track: Integers) -> Floats:
    """Fit the velocity of each track's near positions (n, 2)."""
    if not len(first):
        return np.empty((0, 2))
    weight = near.astype("float64")
    seconds = (time - time[first][track]) / 1000.0
    middle = np.add.reduceat(weight * seconds, first) / np.add.reduceat(weight, first)
    offset = weight * (seconds - middle[track])
    spread = np.add.reduceat(offset * offset, first) + _SHRINKING
    moved = places - places[first][track]
    return np.add.reduceat(offset[:, None] * moved, first, axis=0) / spread[:, None]


def _medians(size: Floats, near: Bools, track: Integers, tracks: int) -> Floats:
    """Return the lower median of each track's near sizes, NaN where there is none."""
    medians = np.full(tracks, np.nan)
    used = np.flatnonzero(near & ~np.isnan(size))
    order = used[np.lexsort((size[used], track[used]))]
    begin = np.flatnonzero(mark_starts(track[order])) if len(order) else order
    count = np.diff(begin, append=len(order))
    medians[track[order[begin]]] = size[order[begin + (count - 1) // 2]]
    return medians


SLACK = 0.5
"""How far any position may be off, because boxes jitter [m]."""
FADE = 0.8
"""Time in which a walker's velocity fades to 1/e of itself [s]."""
WALKING = 0.5
"""Who is faster walks [m/s]."""
_AGAINST = -0.5
"""Cosine of the angle from which on two directions are against each other."""
_UNKNOWN_SIZE = 0.25
"""What a size that is not known adds to the cost, as if it were a quarter of the limit."""
_MOST_PAIRS = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a join may need, as in ``compute_stitches``; ``horizon`` and ``max_gap`` are in ms."""

    max_gap: int
    horizon: int
    max_speed: float
    max_drift: float
    max_size_ratio: float
    max_cost: float
    min_margin: float

    def __post_init__(self) -> None:
        """Reject what is out of its range, all of it in one sentence."""
        lowest = {"max_gap": 0, "max_speed": 0, "max_drift": 0, "max_size_ratio": 1, "max_cost": 0}
        checks = [partial(above, getattr(self, name), name, least) for name, least in lowest.items()]
        checks.append(partial(at_least, self.min_margin, "min_margin"))
        wrong = [fault for check in checks if (fault := _fault(check))]
        if wrong:
            raise ParameterError("; ".join(wrong))


def _fault(check: Callable[[], float]) -> str:
    """Return what a check has to say, nothing if it passes."""
    try:
        check()
    except ParameterError as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Possible joins: the earlier and the later track, and what they cost; expected place (n, 2) [m]."""

    before: Integers
    after: Integers
    expected: Floats
    cost: Floats

    def taken(self, rows: Bools | Integers) -> "Pairs":
        """Take some of the pairs, or all in another order."""
        return Pairs(self.before[rows], self.after[rows], self.expected[rows], self.cost[rows])


def candidates(ends: Ends, barred: tuple[Bools, Bools], limits: Limits) -> Pairs:
    """Find the pairs of tracks that cost less than the limit, by earlier track, then by later.

    The later tracks are sorted by their beginning, so those that begin within the horizon of an end stand
    together; pairs are measured about a million at a time.

    Parameters
    ----------
    ends
        Beginning and end of the tracks.
    barred
        (n,) bool each: tracks that nothing may follow, tracks that may follow nothing.
    limits
        What a join may need.
    """
    parts = [_fitting(ends, before, after, limits) for before, after in _chunks(ends, barred, limits.horizon)]
    pairs = Pairs(
        np.concatenate([part.before for part in parts]),
        np.concatenate([part.after for part in parts]),
        np.concatenate([part.expected for part in parts]),
        np.concatenate([part.cost for part in parts]),
    )
    return pairs.taken(np.lexsort((pairs.after, pairs.before)))


def _chunks(ends: Ends, barred: tuple[Bools, Bools], horizon: int) -> Iterator[tuple[Integers, Integers]]:
    """Return the pairs of a track and those that begin within the horizon of its end, in parts."""
    leaving, coming = np.flatnonzero(~barred[0]), np.flatnonzero(~barred[1])
    coming = coming[np.argsort(ends.start.seen[coming], kind="stable")]
    begin, end = ends.start.seen[coming], ends.stop.seen[leaving]
    low = np.searchsorted(begin, end, side="right")
    count = np.searchsorted(begin, end + horizon, side="right") - low
    total = np.cumsum(count)
    cuts = np.searchsorted(total, np.arange(_MOST_PAIRS, int(total[-1]) if len(total) else 0, _MOST_PAIRS))
    for part in np.split(np.arange(len(leaving)), np.unique(cuts)):
        row = np.repeat(part, count[part])
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count[part]) - count[part], count[part])
        yield leaving[row], coming[low[row] + nth]


def _fitting(ends: Ends, before: Integers, after: Integers, limits: Limits) -> Pairs:
    """Measure pairs, and keep those below the limit."""
    stop, start = ends.stop, ends.start
    wait = (start.moment[after] - stop.moment[before]) / 1000.0
    way = start.place[after] - stop.place[before]
    possible = _length(way) <= limits.max_speed * wait + SLACK
    possible &= ~_came_back(stop.velocity[before], start.velocity[after])
    before, after, wait = before[possible], after[possible], wait[possible]
    reach = FADE * (1 - np.exp(-wait / (2 * FADE)))
    expected = stop.place[before] + (stop.velocity[before] + start.velocity[after]) * reach[:, None]
    drift = _length(start.place[after] - expected) / (SLACK + limits.max_drift * wait)
    turn = _length(start.velocity[after] - stop.velocity[before]) / limits.max_speed
    size = np.abs(np.log(start.size[after] / stop.size[before])) / np.log(limits.max_size_ratio)
    size = np.where(np.isnan(size), _UNKNOWN_SIZE, size)
    late = (start.seen[after] - stop.seen[before]) / (4.0 * limits.max_gap)
    cost = np.sqrt(drift * drift + turn * turn + size * size + late * late)
    return Pairs(before, after, expected, cost).taken(cost < limits.max_cost)


def _came_back(left: Floats, came: Floats) -> Bools:
    """Return where both walk, and the later one more than 120 degrees against the earlier one."""
    along, both = (left * came).sum(axis=1), _length(left) * _length(came)
    walking = np.minimum(_length(left), _length(came)) > WALKING
    back: Bools = walking & (along < _AGAINST * both)
    return back


def _length(vectors: Floats) -> Floats:
    length: Floats = np.sqrt((vectors * vectors).sum(axis=1))
    return length
