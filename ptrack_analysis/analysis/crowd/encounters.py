"""Encounters: who came close to whom, for how long."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.clock import stretches
from ptrack_analysis.analysis.motion.walks import Walks, split_walks
from ptrack_analysis.analysis.presence import find_period, mark_starts
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.limits import above
from ptrack_analysis.schema import ENCOUNTERS, TRAJECTORIES, assemble, empty_table, find_unit, validate
from ptrack_analysis.video import Milliseconds, Video, milliseconds

_SLACK = 1 + 1e-9  # so that rounding never puts two cells between two positions that are near
_MOST_CELLS = 2**14  # across the plane, so that the keys of time and cell fit into 64 bits
_LARGEST = np.iinfo("int64").max
_AT_ONCE = 2**14  # samples searched at a time, which bounds the memory

PAIR = 1 << 31
"""A pair of persons is one number: that of the lower one times this, plus that of the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Where persons were at the ticks of one clock; ``until`` is when their located presence ends [ms]."""

    person: Integers
    tick: Integers
    x: Floats
    y: Floats
    until: Milliseconds

    def where(self, kept: "np.ndarray | slice") -> "Samples":
        """Return those that are kept, or in this order."""
        return Samples(*(getattr(self, name)[kept] for name in self.__slots__))


_NOBODY = Samples(np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0), np.empty(0), np.empty(0, "int64"))


@dataclass(frozen=True, slots=True, eq=False)
class ApproachPieces:
    """Times at which pairs are near, with what is added up over them.

    ``pair`` numbers the pairs; ``near`` is the time [ms], ``distance``, ``x`` and ``y`` are integrals over
    it, the rest are the smallest and largest values.
    """

    pair: Integers
    began: Milliseconds
    ended: Milliseconds
    near: Milliseconds
    distance: Floats
    x: Floats
    y: Floats
    least: Floats
    x_low: Floats
    x_high: Floats
    y_low: Floats
    y_high: Floats

    def where(self, kept: np.ndarray) -> "ApproachPieces":
        """Return those that are kept, or in this order."""
        return ApproachPieces(*(getattr(self, name)[kept] for name in self.__slots__))


def joined(parts: list[ApproachPieces]) -> ApproachPieces:
    """Put pieces one after another; there is at least one part."""
    return ApproachPieces(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ApproachPieces.__slots__)
    )


def merged(pieces: ApproachPieces, gap: int) -> ApproachPieces:
    """Join pieces of one pair that are at most ``gap`` ms apart; sorted by pair and time."""
    if not len(pieces.pair):
        return pieces
    pieces = pieces.where(_by_pair_and_time(pieces))
    new = np.ones(len(pieces.pair), dtype=bool)
    new[1:] = (pieces.pair[1:] != pieces.pair[:-1]) | (pieces.began[1:] - pieces.ended[:-1] > gap)
    opens = np.flatnonzero(new)
    closes = np.append(opens[1:], len(new)) - 1
    return ApproachPieces(
        pieces.pair[opens],
        pieces.began[opens],
        pieces.ended[closes],
        np.add.reduceat(pieces.near, opens),
        np.add.reduceat(pieces.distance, opens),
        np.add.reduceat(pieces.x, opens),
        np.add.reduceat(pieces.y, opens),
        np.minimum.reduceat(pieces.least, opens),
        np.minimum.reduceat(pieces.x_low, opens),
        np.maximum.reduceat(pieces.x_high, opens),
        np.minimum.reduceat(pieces.y_low, opens),
        np.maximum.reduceat(pieces.y_high, opens),
    )


def _by_pair_and_time(pieces: ApproachPieces) -> Integers:
    """Order pieces by pair and time, by one key where it fits into 64 bits, else by two."""
    since = pieces.began - pieces.began.min()
    span = int(since.max()) + 1
    if int(pieces.pair.max()) < _LARGEST // span - 1:
        order: Integers = np.argsort(pieces.pair * span + since)
        return order
    return np.lexsort((pieces.began, pieces.pair))


def by_tick(samples: Samples) -> Samples:
    """Return the samples in the order of their ticks."""
    return samples.where(np.argsort(samples.tick, kind="stable"))


def passes(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """Cut samples that come in the order of ticks into passes of whole ticks.

    A pass ends before the tick of every so manieth sample; where it does not depend on how they come.
    """
    held, before = _NOBODY, 0
    for block in blocks:
        held = _after(held, block)
        upcoming = -before % _AT_ONCE or _AT_ONCE
        marks = np.arange(upcoming, len(held.tick), _AT_ONCE)
        edges = np.unique(np.searchsorted(held.tick, np.append(held.tick[:1], held.tick[marks])))
        for begin, end in pairwise(edges):
            yield held.where(slice(begin, end))
        given = int(edges[-1]) if len(edges) else 0
        held, before = held.where(slice(given, None)), before + given
    if len(held.tick):
        yield held


def near_pieces(samples: Samples, limit: float, period: int, start: int) -> ApproachPieces:
    """Find the pairs within ``limit`` at each tick, each piece lasting a tick or to the end of presence.

    The samples are sorted by tick and cell of a square grid; who is near lies in the same cell or one of its
    eight neighbors, of which half are looked into, for each pair is looked for once.
    """
    order, key, across = _in_cells(samples, limit)
    ones, others = _pairs(*_ranges(key, across))
    return _pieces(samples, order[ones], order[others], limit=limit, period=period, start=start)


def _after(held: Samples, block: Samples) -> Samples:
    if not len(held.tick):
        return block
    names = Samples.__slots__
    return Samples(*(np.concatenate([getattr(held, name), getattr(block, name)]) for name in names))


def _in_cells(samples: Samples, limit: float) -> tuple[Integers, Integers, int]:
    """Order the samples by tick, column and row of their cell; give that key, and the rows in a column."""
    low = [values.min() for values in (samples.x, samples.y)]
    size = max(np.ptp(samples.x), np.ptp(samples.y))
    side = max(limit * _SLACK, size / _MOST_CELLS)
    column, row = (
        np.floor((values - least) / side).astype("int64")
        for values, least in zip((samples.x, samples.y), low, strict=True)
    )
    columns, rows = (
        int(column.max()) + 2,
        int(row.max()) + 3,
    )  # empty cells around, so that none is a neighbor
    key = ((samples.tick - samples.tick.min()) * columns + column) * rows + row + 1
    order = np.argsort(key)
    return order, key[order], rows


def _ranges(key: Integers, rows: int) -> tuple[list[Integers], list[Integers]]:
    """Return the ranges to search for each sample: after it in its column, and in the next column."""
    after = np.arange(1, len(key) + 1)
    lows: list[Integers] = [after, np.searchsorted(key, key + rows - 1)]
    highs: list[Integers] = [np.searchsorted(key, key + end, side="right") for end in (1, rows + 1)]
    return lows, highs


def _pairs(lows: list[Integers], highs: list[Integers]) -> tuple[Integers, Integers]:
    """List the pairs of places that ranges stand for."""
    ones, others = [], []
    for low, high in zip(lows, highs, strict=True):
        number = high - low
        one = np.repeat(np.arange(len(low)), number)
        ones.append(one)
        others.append(low[one] + np.arange(len(one)) - np.repeat(np.cumsum(number) - number, number))
    return np.concatenate(ones), np.concatenate(others)


def _pieces(
    samples: Samples, one: Integers, other: Integers, *, limit: float, period: int, start: int
) -> ApproachPieces:
    """Keep the pairs of samples that are within the limit, as pieces of time."""
    across, down = samples.x[one] - samples.x[other], samples.y[one] - samples.y[other]
    distance = np.sqrt(across * across + down * down)
    near = np.flatnonzero(distance <= limit)
    one, other, distance = one[near], other[near], distance[near]
    turned = samples.person[one] > samples.person[other]
    one, other = np.where(turned, other, one), np.where(turned, one, other)
    began = start + samples.tick[one] * period
    ended = np.minimum(began + period, np.minimum(samples.until[one], samples.until[other]))
    x, y = (values[one] + (values[other] - values[one]) / 2 for values in (samples.x, samples.y))
    time = ended - began
    pair = samples.person[one] * PAIR + samples.person[other]
    return ApproachPieces(pair, began, ended, time, distance * time, x * time, y * time, distance, x, x, y, y)


MIN_DURATION = pd.Timedelta("3s")
NO_TIME = pd.Timedelta(0)
MAX_DISTANCE_M = 1.5
"""The distance of an encounter on a floor plan, if none is given [m]."""


def compute_encounters(
    trajectories: pd.DataFrame,
    *,
    max_distance: float | None = None,
    min_duration: pd.Timedelta | str = MIN_DURATION,
    merge_gap: pd.Timedelta | str = NO_TIME,
    period: pd.Timedelta | str | None = None,
) -> pd.DataFrame:
    """List the times that pairs of persons spent near each other.

    All persons are looked at on one clock that ticks once a ``period`` from the first moment of the table. A
    person is somewhere from a located detection for as long as that holds: on the straight way to the next
    position, if that is the next detection of the run and located, else where the detection was. Two are near
    at a tick if they are at most ``max_distance`` apart, and then until the next tick, but no longer than
    both are somewhere. Such times of a pair, one after another or with at most ``merge_gap`` between them,
    are one encounter; ``duration`` is what they add up to, and encounters with less than ``min_duration`` are
    left out. Nobody meets anybody in a gap, or while not located. Nobody, or one person: no rows.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    max_distance
        The largest distance that is near, above 0; by default 1.5 m on a floor plan. In the picture it must
        be given, for a px is another length at each place [plane units].
    min_duration
        The shortest encounter [ms].
    merge_gap
        The longest time apart that does not end an encounter; then ``duration < ended - began`` [ms].
    period
        The time between two ticks, above 0; by default that between two samplings of the table [ms].

    Returns
    -------
    pandas.DataFrame
        ENCOUNTERS, one row an encounter of the two persons ``person_index < other``, sorted by pair and time.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``max_distance`` is not above 0, or missing in px; if a length of time is none, or the period 0.

    Notes
    -----
    O(s log s + pairs of samples in neighboring cells) with s ticks of all persons together; the cells of
    the grid are ``max_distance`` wide, so a distance as wide as the scene costs the square of the persons
    at each tick. Beginning and end are known to a period, and an approach between two ticks is not seen.
    An encounter is never longer than the time that both are present. Jitter cuts encounters about the limit
    into pieces: smooth the trajectories, or allow a ``merge_gap``. The default distance is between the ends
    of Hall's personal and social distance, the ways in which people stand who talk.

    References
    ----------
    E. T. Hall, "The Hidden Dimension", 1966 (personal distance to 1.2 m, social distance to 3.6 m). Search
    in cells: J. L. Bentley et al., "The complexity of finding fixed-radius near neighbors", Information
    Processing Letters 6, 1977, doi:10.1016/0020-0190(77)90070-9.

    Examples
    --------
    Two persons stand a meter apart for 4 s, then one goes.

    >>> import pandas as pd
    >>> from ptrack_analysis import compute_trajectories
    >>> from ptrack_analysis.crowd import compute_encounters
    >>> moments = pd.to_timedelta([0, 1, 2, 3, 4, 5] * 2, unit="s").as_unit("ms")
    >>> index = pd.MultiIndex.from_arrays([[3] * 6 + [8] * 6, moments], names=["person_index", "timestamp"])
    >>> x = [0.0] * 6 + [1.0] * 4 + [3.0, 5.0]
    >>> points = pd.DataFrame({"x_m": x, "y_m": [0.0] * 12}, index=index)
    >>> met = compute_encounters(compute_trajectories(points))
    >>> met.index.tolist(), met["duration"].dt.total_seconds().tolist(), met["x_m"].tolist()
    ([(3, 8, 1)], [4.0], [0.5])
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    limit = _limit(max_distance, unit)
    shortest, gap = milliseconds(min_duration, "min_duration"), milliseconds(merge_gap, "merge_gap")
    tick = None if period is None else milliseconds(period, "period")
    if tick == 0:
        raise ParameterError(f"period is {period!r}, not a length of time above 0")
    walks = split_walks(trajectories, unit)
    longest = int(walks.held.max(initial=0))
    if longest == 0:  # nobody is there for any time
        return empty_table(ENCOUNTERS, unit=unit)
    tick = tick or find_period(walks.rows, Video()) or longest
    start = int(walks.rows.time.min())
    clock = Clock(tick, start)
    samples = by_tick(sample_positions(walks, clock))
    near = Near(limit, shortest, gap)
    return build_encounters([samples], clock, near, walks.person_index[walks.rows.first], unit)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that ticks once a period from a moment on [ms]."""

    tick: int
    start: int


@dataclass(frozen=True, slots=True)
class Near:
    """What an encounter is: how near [plane units], how long at least, after which gap not the same [ms]."""

    limit: float
    shortest: int
    gap: int


NEAR = Near(MAX_DISTANCE_M, milliseconds(MIN_DURATION, "min_duration"), 0)
"""What an encounter is on a floor plan, if nothing is said."""


def build_encounters(
    blocks: Iterable[Samples], clock: Clock, near: Near, person_index: Integers, unit: str
) -> pd.DataFrame:
    """Make the ENCOUNTERS of samples that come in the order of ticks, in blocks of any size.

    A sample's person is its place in ``person_index``, which grows.
    """
    parts = [
        merged(near_pieces(part, near.limit, clock.tick, clock.start), near.gap) for part in passes(blocks)
    ]
    if not parts:
        return empty_table(ENCOUNTERS, unit=unit)
    met = merged(joined(parts), near.gap)
    met = met.where(met.near >= near.shortest)
    return assemble(ENCOUNTERS, _columns(met, person_index), unit=unit)


def _limit(given: float | None, unit: str) -> float:
    if given is not None:
        return above(given, "max_distance", finite=False)
    if unit != "m":
        raise ParameterError(
            f"max_distance is not given, and in {unit} no distance is near at every place: give one, such as "
            "the width of a person in the picture, or compute the trajectories on a floor plan"
        )
    return MAX_DISTANCE_M


def sample_positions(walks: Walks, clock: Clock) -> Samples:
    """Read the positions of all persons at the ticks of a clock."""
    tick = clock.tick
    own = stretches(walks.rows.time, walks.run, walks.x)
    rows, last = own.rows, own.last
    since = walks.rows.time[rows] - clock.start
    held = walks.held[rows]
    first = -(-since // tick)
    number = -(-(since + held) // tick) - first
    which = np.repeat(np.arange(len(rows)), number)
    at = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    share = (at * tick - since[which]) / held[which]
    following = np.minimum(which + 1, last[which])
    x, y = (
        values[which] + (values[following] - values[which]) * share
        for values in (walks.x[rows], walks.y[rows])
    )
    until = walks.rows.time[rows[last]] + walks.held[rows[last]]
    return Samples(walks.rows.person[rows[which]], at, x, y, until[which])


def _columns(met: ApproachPieces, person_index: Integers) -> dict[str, Integers | Floats]:
    """Turn what was added up into the columns of the table."""
    one, other = np.divmod(met.pair, PAIR)
    number = np.arange(len(met.pair))
    opens = np.maximum.accumulate(np.where(mark_starts(met.pair), number, 0))
    return {
        "person_index": person_index[one],
        "other": person_index[other],
        "encounter": number - opens + 1,
        "began": met.began,
        "ended": met.ended,
        "duration": met.near,
        "mean_distance_{u}": met.distance / met.near,
        "min_distance_{u}": met.least,
        "x_{u}": met.x / met.near,
        "y_{u}": met.y / met.near,
        "extent_{u}": np.hypot(met.x_high - met.x_low, met.y_high - met.y_low),
    }
