"""Kernel of stitching: which tracks may follow which, and what that costs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from ptrack_analysis.analysis.cleaning.ends import Ends
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above, at_least

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
        """Refuse what is out of its range, all of it in one sentence."""
        lowest = {"max_gap": 0, "max_speed": 0, "max_drift": 0, "max_size_ratio": 1, "max_cost": 0}
        checks = [partial(above, getattr(self, name), name, least) for name, least in lowest.items()]
        checks.append(partial(at_least, self.min_margin, "min_margin"))
        wrong = [fault for check in checks if (fault := _fault(check))]
        if wrong:
            raise ParameterError("; ".join(wrong))


def _fault(check: Callable[[], float]) -> str:
    """Give what a check has to say, nothing if it passes."""
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
    """Give the pairs of a track and those that begin within the horizon of its end, in parts."""
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
    """Tell where both walk, and the later one more than 120 degrees against the earlier one."""
    along, both = (left * came).sum(axis=1), _length(left) * _length(came)
    walking = np.minimum(_length(left), _length(came)) > WALKING
    back: Bools = walking & (along < _AGAINST * both)
    return back


def _length(vectors: Floats) -> Floats:
    length: Floats = np.sqrt((vectors * vectors).sum(axis=1))
    return length
