"""Encounters: which people were near each other, and for how long."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.clock import find_parts
from ptrack_analysis.analysis.motion.walks import Walks, split_walks
from ptrack_analysis.analysis.presence import find_period, mark_starts
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.limits import above, validate_budget
from ptrack_analysis.schema import ENCOUNTERS, TRAJECTORIES, assemble, empty_table, find_unit, validate
from ptrack_analysis.video import Duration, Milliseconds, Video, milliseconds

_SLACK = 1 + 1e-9  # keeps rounding from putting two cells between near positions
_MOST_CELLS = 2**14  # cells across the plane, so that the keys of time and cell fit into 64 bits
_LARGEST = np.iinfo("int64").max
_AT_ONCE = 2**14  # number of samples per pass, which limits the memory
_MOST_PAIRS = 2**20  # number of pairs per pass, for the same reason
_PIECE_BYTES = 300  # per piece while pieces are sorted and merged, three copies

PAIR = 1 << 31
"""A pair of people is encoded as one number: lower index times this plus the other index."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Positions of people at the ticks of a clock; ``until`` is the end of each known position [ms]."""

    person: Integers
    tick: Integers
    x: Floats
    y: Floats
    until: Milliseconds

    def where(self, kept: "np.ndarray | slice") -> "Samples":
        """Return the selected samples, or all samples in another order."""
        return Samples(*(getattr(self, name)[kept] for name in self.__slots__))


_NO_SAMPLES = Samples(
    np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0), np.empty(0), np.empty(0, "int64")
)


@dataclass(frozen=True, slots=True, eq=False)
class ApproachPieces:
    """Times at which pairs are near each other, with their sums.

    ``pair`` encodes the pair and ``near`` is the time [ms]. ``distance``, ``x`` and ``y`` are integrals over
    that time. The other columns are minimum and maximum values.
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
        """Return the selected pieces, or all pieces in another order."""
        return ApproachPieces(*(getattr(self, name)[kept] for name in self.__slots__))


def joined(parts: list[ApproachPieces]) -> ApproachPieces:
    """Concatenate pieces; at least one part is required."""
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
    """Return the order by pair and time, with one key if it fits into 64 bits, otherwise with two."""
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
    """Cut samples in the order of ticks into passes of complete ticks.

    A pass ends before the tick of every ``_AT_ONCE``-th sample, independent of the sizes of the blocks.
    """
    waiting, before = _NO_SAMPLES, 0
    for block in blocks:
        waiting = _after(waiting, block)
        upcoming = -before % _AT_ONCE or _AT_ONCE
        marks = np.arange(upcoming, len(waiting.tick), _AT_ONCE)
        edges = np.unique(np.searchsorted(waiting.tick, np.append(waiting.tick[:1], waiting.tick[marks])))
        for begin, end in pairwise(edges):
            yield waiting.where(slice(begin, end))
        given = int(edges[-1]) if len(edges) else 0
        waiting, before = waiting.where(slice(given, None)), before + given
    if len(waiting.tick):
        yield waiting


def near_pieces(samples: Samples, near: "Near", clock: "Clock", found: int) -> ApproachPieces:
    """Find the pairs within a limit at each tick; a piece lasts one tick or until presence ends.

    The samples are sorted by tick and cell of a square grid. Near people are in the same cell or in one of
    its eight neighbors. Only half of the neighbors are searched, so that each pair is found once. ``found``
    is the number of pieces found before.

    Raises
    ------
    InputError
        If there are too many pieces for the memory.
    """
    order, key, across = _in_cells(samples, near.limit)
    parts = list[ApproachPieces]()
    for ones, others in _pairs(*_ranges(key, across)):
        part = _pieces(
            samples, order[ones], order[others], limit=near.limit, period=clock.tick, start=clock.start
        )
        parts.append(part)
        found += len(part.pair)
        validate_budget(
            found * _PIECE_BYTES,
            f"the search for encounters, with {found} pairs of people at a time or more,",
            "Analyze a part with start and end (--from, --to) or fewer people (--persons), or raise memory "
            "(--memory). In Python, max_distance can be reduced.",
        )
    return joined(parts)


def _after(waiting: Samples, block: Samples) -> Samples:
    if not len(waiting.tick):
        return block
    names = Samples.__slots__
    return Samples(*(np.concatenate([getattr(waiting, name), getattr(block, name)]) for name in names))


def _in_cells(samples: Samples, limit: float) -> tuple[Integers, Integers, int]:
    """Return the order by tick, column and row of the cell, the sorted keys, and the rows in a column."""
    low = [values.min() for values in (samples.x, samples.y)]
    size = max(np.ptp(samples.x), np.ptp(samples.y))
    side = max(limit * _SLACK, size / _MOST_CELLS)
    column, row = (
        np.floor((values - least) / side).astype("int64")
        for values, least in zip((samples.x, samples.y), low, strict=True)
    )
    # one empty cell on each side, so that cells at opposite borders are not neighbors
    columns, rows = int(column.max()) + 2, int(row.max()) + 3
    key = ((samples.tick - samples.tick.min()) * columns + column) * rows + row + 1
    order = np.argsort(key)
    return order, key[order], rows


def _ranges(key: Integers, rows: int) -> tuple[list[Integers], list[Integers]]:
    """Return the ranges to search for each sample: later ones in its column, and in the next column."""
    after = np.arange(1, len(key) + 1)
    lows: list[Integers] = [after, np.searchsorted(key, key + rows - 1)]
    highs: list[Integers] = [np.searchsorted(key, key + end, side="right") for end in (1, rows + 1)]
    return lows, highs


def _pairs(lows: list[Integers], highs: list[Integers]) -> Iterator[tuple[Integers, Integers]]:
    """Yield the pairs of indices in the ranges, about a million at a time."""
    for low, high in zip(lows, highs, strict=True):
        number = high - low
        total = np.cumsum(number)
        cuts = np.searchsorted(total, np.arange(_MOST_PAIRS, total[-1], _MOST_PAIRS))
        for part in np.split(np.arange(len(low)), np.unique(cuts)):
            one = np.repeat(part, number[part])
            nth = np.arange(len(one)) - np.repeat(np.cumsum(number[part]) - number[part], number[part])
            yield one, low[one] + nth


def _pieces(
    samples: Samples, one: Integers, other: Integers, *, limit: float, period: int, start: int
) -> ApproachPieces:
    """Return the pairs of samples that are within the limit, as pieces of time."""
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
"""Default of ``max_distance`` on a floor plan [m]."""


def compute_encounters(
    trajectories: pd.DataFrame,
    *,
    max_distance: float | None = None,
    min_duration: Duration = MIN_DURATION,
    merge_gap: Duration = NO_TIME,
    period: Duration | None = None,
) -> pd.DataFrame:
    """Find the encounters of pairs of people: periods in which they are near each other.

    All people are sampled on one clock that ticks once per ``period`` from the first timestamp of the table.
    A person has a position from each detection with a position until its time present ends. The position is
    interpolated linearly to the next detection of the tracklet if that has a position; otherwise, it stays
    constant. Two people are near at a tick if they are at most ``max_distance`` apart. They then count as
    near until the next tick, but not longer than both have a position. Successive near times of a pair with
    at most ``merge_gap`` between them are one encounter. ``duration`` is their sum, and encounters shorter
    than ``min_duration`` are dropped. People do not meet during gaps or without a position. With fewer than
    two people, the table is empty.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    max_distance
        Largest distance that counts as near, above 0; by default 1.5 m on a floor plan. It is required in the
        image, where the length of a pixel varies with the position [plane units].
    min_duration
        Shortest encounter.
    merge_gap
        Longest separation that does not end an encounter; then ``duration < ended - began``.
    period
        Time between two ticks, above 0; by default the sampling period of the table.

    Returns
    -------
    pandas.DataFrame
        ENCOUNTERS, one row per encounter, with ``person_index < other``, sorted by pair and time.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``max_distance`` is not above 0, or is missing in px; if an option is not a duration, or the
        period is 0.

    Notes
    -----
    O(s log s + pairs of samples in neighboring cells) with s ticks of all people together. The cells of the
    grid are ``max_distance`` wide, so a distance as large as the scene costs the square of the number of
    people at each tick. Start and end are accurate to one period, and an approach between two ticks is not
    detected. An encounter is never longer than the common presence of both people. Jitter splits encounters
    near the limit: smooth the trajectories, or set ``merge_gap``. The default distance is between the limits
    of Hall's personal and social distance, in which people stand when they talk.

    References
    ----------
    E. T. Hall, "The Hidden Dimension", 1966 (personal distance to 1.2 m, social distance to 3.6 m). Search
    in cells: J. L. Bentley et al., "The complexity of finding fixed-radius near neighbors", Information
    Processing Letters 6, 1977, doi:10.1016/0020-0190(77)90070-9.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> plan = pta.read_floor_plan("data/shop/floor.json")
    >>> encounters = pta.crowd.compute_encounters(pta.compute_trajectories(detections, video, plane=plan))
    >>> encounters["mean_distance_m"].reset_index().round(2)
       person_index  other  encounter  mean_distance_m
    0             2      3          1             0.67
    1             8      9          1             0.79
    2            10     11          1             0.64
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    limit = _limit(max_distance, unit)
    shortest, gap = milliseconds(min_duration, "min_duration"), milliseconds(merge_gap, "merge_gap")
    tick = None if period is None else milliseconds(period, "period")
    if tick == 0:
        raise ParameterError(f"period must be a duration above 0, got {period!r}")
    walks = split_walks(trajectories, unit)
    longest = int(walks.time_present.max(initial=0))
    if longest == 0:  # no one has any time present
        return empty_table(ENCOUNTERS, unit=unit)
    tick = tick or find_period(walks.rows, Video()) or longest
    start = int(walks.rows.time.min())
    clock = Clock(tick, start)
    samples = by_tick(sample_positions(walks, clock))
    near = Near(limit, shortest, gap)
    return build_encounters([samples], clock, near, walks.person_index[walks.rows.first], unit)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that ticks once per period from a start time [ms]."""

    tick: int
    start: int


@dataclass(frozen=True, slots=True)
class Near:
    """Definition of an encounter: distance [plane units], minimum duration and maximum separation [ms]."""

    limit: float
    shortest: int
    gap: int


NEAR = Near(MAX_DISTANCE_M, milliseconds(MIN_DURATION, "min_duration"), 0)
"""The default definition of an encounter on a floor plan."""


def build_encounters(
    blocks: Iterable[Samples], clock: Clock, near: Near, person_index: Integers, unit: str
) -> pd.DataFrame:
    """Build the ENCOUNTERS of samples in the order of ticks, in blocks of any size.

    The person of a sample is an index into ``person_index``, which is increasing.
    """
    parts, found = list[ApproachPieces](), 0
    for part in passes(blocks):
        parts.append(merged(near_pieces(part, near, clock, found), near.gap))
        found += len(parts[-1].pair)
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
            f"max_distance is required in {unit}: the length of a pixel varies within the image. Pass a "
            "distance such as the width of a person, or compute the trajectories on a floor plan."
        )
    return MAX_DISTANCE_M


def sample_positions(walks: Walks, clock: Clock) -> Samples:
    """Return the positions of all people at the ticks of a clock."""
    tick = clock.tick
    own = find_parts(walks.rows.time, walks.run, walks.x)
    rows, last = own.rows, own.last
    since = walks.rows.time[rows] - clock.start
    present = walks.time_present[rows]
    first = -(-since // tick)
    number = -(-(since + present) // tick) - first
    which = np.repeat(np.arange(len(rows)), number)
    at = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    share = (at * tick - since[which]) / present[which]
    following = np.minimum(which + 1, last[which])
    x, y = (
        values[which] + (values[following] - values[which]) * share
        for values in (walks.x[rows], walks.y[rows])
    )
    until = walks.rows.time[rows[last]] + walks.time_present[rows[last]]
    return Samples(walks.rows.person[rows[which]], at, x, y, until[which])


def _columns(met: ApproachPieces, person_index: Integers) -> dict[str, Integers | Floats]:
    """Convert the sums into the columns of the table."""
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
