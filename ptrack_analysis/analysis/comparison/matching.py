"""Compared timestamps of two trackings, and the matches of their boxes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import validate_budget
from ptrack_analysis.video import Milliseconds

NOT_COMPARED = -1


def number_timestamps(
    a: Milliseconds, b: Milliseconds, period_a: int, period_b: int
) -> tuple[Integers, Integers]:
    """Assign a number to each timestamp, the same number to compared timestamps.

    Two timestamps are compared if they are at most half the shorter sampling period apart. The closest two
    are paired first, then the closest of the remaining timestamps, so that each occurs in at most one pair.
    If two pairs are equally close, the pair in which a precedes b is paired first.

    A timestamp without a counterpart is compared with an empty frame if the other tracking has no timestamp
    within three quarters of *its* sampling period: it would have sampled at that time, and detected no one.
    (With even sampling, no time is further than half a period from a timestamp. The rest allows for jitter
    and rounding to milliseconds.) Otherwise, the other tracking did not sample at that time, and the
    timestamp is not compared.

    Parameters
    ----------
    a, b
        (m,), (n,) distinct timestamps, ascending [ms].
    period_a, period_b
        Sampling periods [ms]. An unknown period is 0 and is replaced by the period of the other tracking.

    Returns
    -------
    tuple
        (m,) and (n,) numbers from 0 in the order of time; ``NOT_COMPARED`` for excluded timestamps.

    Notes
    -----
    O((m + n) log(m + n)). The number of rounds of pairing is at most half the period in ms, and one or two on
    real data.
    """
    period_a, period_b = period_a or period_b, period_b or period_a
    with_b = _pair_nearest(a, b, min(period_a, period_b))
    paired_a = np.flatnonzero(with_b >= 0)
    paired_b = with_b[paired_a]
    alone_a = _are_far(a, b, period_b)
    alone_a[paired_a] = False
    alone_b = _are_far(b, a, period_a)
    alone_b[paired_b] = False
    time = np.concatenate([a[paired_a], a[alone_a], b[alone_b]])
    number = np.empty(len(time), dtype="int64")
    number[np.argsort(time, kind="stable")] = np.arange(len(time))
    of_a = np.full(len(a), NOT_COMPARED, dtype="int64")
    of_b = np.full(len(b), NOT_COMPARED, dtype="int64")
    of_a[paired_a] = of_b[paired_b] = number[: len(paired_a)]
    of_a[alone_a] = number[len(paired_a) : len(time) - int(alone_b.sum())]
    of_b[alone_b] = number[len(time) - int(alone_b.sum()) :]
    return of_a, of_b


def _pair_nearest(a: Milliseconds, b: Milliseconds, period: int) -> Integers:
    """Return the index in b of each timestamp of a, or -1, by rounds that pair mutual nearest neighbors."""
    with_b = np.full(len(a), -1, dtype="int64")
    left_a, left_b = np.arange(len(a)), np.arange(len(b))
    while len(left_a) and len(left_b):
        to_b = _find_nearest(a[left_a], b[left_b], later=True)
        to_a = _find_nearest(b[left_b], a[left_a], later=False)
        close = to_a[to_b] == np.arange(len(left_a))
        close &= 2 * np.abs(a[left_a] - b[left_b][to_b]) <= period
        if not close.any():
            break
        with_b[left_a[close]] = left_b[to_b[close]]
        left_b = np.delete(left_b, to_b[close])
        left_a = left_a[~close]
    return with_b


def _find_nearest(times: Milliseconds, among: Milliseconds, *, later: bool) -> Integers:
    """Return the index of the nearest of ``among``; ``later`` decides between two equally near."""
    index = np.searchsorted(among, times)
    before, after = np.maximum(index - 1, 0), np.minimum(index, len(among) - 1)
    to_before, to_after = times - among[before], among[after] - times
    take_after = (to_after <= to_before) if later else (to_after < to_before)
    return np.where((index == 0) | ((index < len(among)) & take_after), after, before)


def _are_far(times: Milliseconds, among: Milliseconds, period: int) -> Bools:
    """Return which times are further than three quarters of a period from all of ``among``."""
    if not len(among) or not len(times):
        return np.ones(len(times), dtype=bool)
    distance = np.abs(times - among[_find_nearest(times, among, later=True)])
    are_far: Bools = 4 * distance > 3 * period
    return are_far


_CELL_BYTES = 25
"""Memory per pair of a group while the group is matched: three copies of the weights, and the result."""
_OVERLAP_BYTES = 150
"""Memory per overlapping pair of boxes until they are matched, as several columns."""
_CHUNK = 1_000_000
"""Pairs per pass, which limits the memory for pairs of boxes that do not overlap."""
TOLERANCE = 1e-9
"""Amount by which rounding may take an overlap below a minimum that it reaches."""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes or positions of one tracking, sorted by compared timestamp.

    ``step`` numbers the compared timestamps and ``person`` the people, both from 0. ``sides`` is (4, n) left,
    top, right and bottom in any unit, or (2, n) x and y.
    """

    step: Integers
    person: Integers
    sides: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Overlapping pairs of boxes at the same timestamp, sorted by ``a`` and ``b``.

    ``a`` and ``b`` are the indexes of the boxes in their trackings. ``overlap`` is above 0; for positions, it
    is their closeness.
    """

    a: Integers
    b: Integers
    overlap: Floats

    def where(self, kept: Bools) -> "Overlaps":
        """Return the pairs that a mask selects."""
        return Overlaps(self.a[kept], self.b[kept], self.overlap[kept])

    def at_least(self, overlap: float) -> "Overlaps":
        """Return the pairs that reach a minimum overlap, up to rounding (1e-9)."""
        return self.where(self.overlap >= overlap - TOLERANCE)


Similarity = Callable[[Floats, Floats], Floats]
"""Similarity of boxes or positions: 1 if they are equal, 0 or less if they cannot be matched."""


def find_overlaps(a: Boxes, b: Boxes, similarity: Similarity | None = None) -> Overlaps:
    """Find all overlapping pairs of boxes at the same timestamp.

    By default, the overlap is the intersection over union, which is the same in fractions of the frame as in
    px. A box without an area overlaps no box. For positions, pass the ``similarity`` that ``build_closeness``
    returns.

    Notes
    -----
    O(sum over the timestamps of boxes of a · boxes of b), in passes of bounded memory.
    """
    first = np.searchsorted(b.step, a.step, side="left")
    count = np.searchsorted(b.step, a.step, side="right") - first
    until = np.cumsum(count)
    parts, found = list[Overlaps](), 0
    start = 0
    while start < len(count):
        before = int(until[start - 1]) if start else 0
        stop = max(int(np.searchsorted(until, before + _CHUNK, side="right")), start + 1)
        measured = similarity or intersection_over_union
        parts.append(
            _find_overlaps_of_rows(a, b, start, first[start:stop], count[start:stop], similarity=measured)
        )
        found += len(parts[-1].a)
        validate_budget(
            found * _OVERLAP_BYTES,
            f"the comparison, with {found} pairs of boxes that overlap or more,",
            "Compare a part of the video (start and end of select), or fewer people.",
        )
        start = stop
    return Overlaps(
        np.concatenate([np.empty(0, "int64"), *(part.a for part in parts)]),
        np.concatenate([np.empty(0, "int64"), *(part.b for part in parts)]),
        np.concatenate([np.empty(0), *(part.overlap for part in parts)]),
    )


def _find_overlaps_of_rows(
    a: Boxes, b: Boxes, start: int, first: Integers, count: Integers, *, similarity: Similarity
) -> Overlaps:
    """Pair each box of a from ``start`` on with its ``count`` boxes of b from ``first`` on."""
    left = np.repeat(np.arange(start, start + len(count)), count)
    right = np.arange(len(left)) + np.repeat(first - np.cumsum(count) + count, count)
    return _drop_zero(left, right, similarity(a.sides[:, left], b.sides[:, right]))


def _drop_zero(left: Integers, right: Integers, overlap: Floats) -> Overlaps:
    return Overlaps(left, right, overlap).where(overlap > 0)


def intersection_over_union(a: Floats, b: Floats) -> Floats:
    """Return the area of the intersection divided by the area of the union.

    Parameters
    ----------
    a, b
        (4, n) left, top, right and bottom.

    Returns
    -------
    numpy.ndarray
        (n,) from 0 to 1; 0 if a box has no area.

    Examples
    --------
    >>> one, shifted = np.array([[0.0], [0.0], [2.0], [2.0]]), np.array([[1.0], [0.0], [3.0], [2.0]])
    >>> intersection_over_union(one, shifted).round(3).tolist()
    [0.333]
    """
    width = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])
    height = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
    common = np.where((width > 0) & (height > 0), width * height, 0.0)
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    covered: Floats = np.divide(common, either, out=np.zeros(len(common)), where=common > 0)
    return covered


def build_closeness(max_distance: float) -> Similarity:
    """Return the similarity of positions: ``1 - distance / (2 * max_distance)``, as in TrackEval.

    Positions at most ``max_distance`` apart have a closeness of at least 0.5, which is ``MIN_OVERLAP``.
    """

    def measure(a: Floats, b: Floats) -> Floats:
        closeness: Floats = 1 - np.hypot(*(a - b)) / (2 * max_distance)
        return closeness

    return measure


@dataclass(frozen=True, slots=True, eq=False)
class Competition:
    """Possible pairs, split into isolated pairs and groups of pairs that share ends.

    ``alone`` is (n,) bool and marks the isolated pairs. ``groups`` contains the indexes of the pairs of each
    group, sorted by the first pair. ``row`` and ``column`` number the left and right ends of a group from 0.
    """

    alone: Bools
    groups: Sequence[Integers]
    row: Integers
    column: Integers


def match_one_to_one(left: Integers, right: Integers, weight: Floats) -> Bools:
    """Choose pairs without a common end so that the sum of their weights is maximal.

    Isolated pairs are always chosen. Each connected group of the others is solved separately.

    Parameters
    ----------
    left, right
        (n,) ends of each possible pair, numbered from 0. All pairs are distinct.
    weight
        (n,) above 0.

    Returns
    -------
    numpy.ndarray
        (n,) bool, True for chosen pairs. Ties depend only on the order of the numbers.
    """
    competition = split_competition(left, right)
    chosen = competition.alone.copy()
    for group in competition.groups:
        picked = solve_group(competition.row[group], competition.column[group], weight[group])
        chosen[group[picked]] = True
    return chosen


def split_competition(left: Integers, right: Integers) -> Competition:
    """Split possible pairs, given by their ends numbered from 0, into groups that share ends."""
    ends, others = int(left.max(initial=-1)) + 1, int(right.max(initial=-1)) + 1
    graph = coo_array(
        (np.ones(len(left), dtype=bool), (left, ends + right)), shape=(ends + others, ends + others)
    )
    label = np.asarray(connected_components(graph, directed=False)[1]) if len(left) else np.zeros(0, "int64")
    _, first, group, size = np.unique(label[left], return_index=True, return_inverse=True, return_counts=True)
    alone = size[group] == 1
    shared = np.flatnonzero(~alone)
    order = shared[np.argsort(first[group[shared]], kind="stable")]
    cuts = np.flatnonzero(np.diff(first[group[order]])) + 1
    groups = np.split(order, cuts) if len(order) else []
    return Competition(
        alone, groups, _number_members(label[:ends])[left], _number_members(label[ends:])[right]
    )


def _number_members(label: Integers) -> Integers:
    """Return the number of each item among the items with its label, from 0."""
    order = np.argsort(label, kind="stable")
    in_order = label[order]
    count = np.empty(len(label), dtype="int64")
    count[order] = np.arange(len(label)) - np.searchsorted(in_order, in_order)
    return count


def solve_group(row: Integers, column: Integers, weight: Floats) -> Bools:
    """Solve one group of possible pairs with the Hungarian method."""
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    validate_budget(
        rows * columns * _CELL_BYTES,
        f"the comparison, with a group of {rows} and {columns} boxes or tracks that overlap,",
        "Compare a part of the video (start and end of select), or fewer people.",
    )
    gain = np.zeros((rows, columns))
    gain[row, column] = weight
    picked = np.zeros(gain.shape, dtype=bool)
    picked[linear_sum_assignment(gain, maximize=True)] = True
    chosen: Bools = picked[row, column]
    return chosen


MIN_OVERLAP = 0.5
NEVER_MATCHED = -1


def match_boxes(a: Boxes, b: Boxes, *, min_overlap: float = MIN_OVERLAP) -> Overlaps:
    """Match the boxes of each timestamp one to one by their overlap.

    Boxes can be matched if their intersection over union is at least ``min_overlap``. A person of a keeps the
    last match, even after a long time, if it is still possible. If two people have the same last match, the
    more recent match is kept. The other boxes of the timestamp are matched so that the number of matches is
    maximal, then the sum of overlaps. A timestamp without boxes in one of the trackings has no matches.

    Parameters
    ----------
    a, b
        Boxes sorted by compared timestamp.
    min_overlap
        Minimum overlap [1], above 0 and at most 1. An overlap that rounding takes just below it (1e-9)
        counts.

    Returns
    -------
    Overlaps
        The matched pairs, in the order of a.

    Notes
    -----
    Only groups of boxes that compete with each other are solved one by one.

    References
    ----------
    K. Bernardin, R. Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics",
    EURASIP Journal on Image and Video Processing 2008, section 2.1.3, doi:10.1155/2008/246309.
    """
    return match_overlaps(find_overlaps(a, b).at_least(min_overlap), a, b)


def match_overlaps(possible: Overlaps, a: Boxes, b: Boxes) -> Overlaps:
    """Match boxes as in ``match_boxes``, given the pairs that overlap enough."""
    competition = split_competition(possible.a, possible.b)
    chosen = competition.alone.copy()
    step = a.step[possible.a]
    person_a, person_b = a.person[possible.a], b.person[possible.b]
    memory = _Memory(int(a.person.max(initial=-1)) + 1)
    settled = np.flatnonzero(competition.alone)
    settled_at, done = step[settled], 0
    for group in competition.groups:
        until = int(np.searchsorted(settled_at, step[group[0]]))
        earlier = settled[done:until]
        memory.keep(person_a[earlier], person_b[earlier], step[earlier])
        done = until
        last = memory.when_last(person_a[group], person_b[group])
        taken = group[
            _match_group(competition.row[group], competition.column[group], possible.overlap[group], last)
        ]
        memory.keep(person_a[taken], person_b[taken], step[taken])
        chosen[taken] = True
    return possible.where(chosen)


class _Memory:
    """The partner and the timestamp of the last match of each person of a."""

    __slots__ = ("partner", "when")

    def __init__(self, persons: int) -> None:
        self.partner = np.full(persons, NEVER_MATCHED, dtype="int64")
        self.when = np.full(persons, NEVER_MATCHED, dtype="int64")

    def keep(self, person: Integers, partner: Integers, when: Integers) -> None:
        """Record matches, given in the order of time."""
        self.partner[person] = partner
        self.when[person] = when

    def when_last(self, person: Integers, partner: Integers) -> Integers:
        """Return the timestamp of each person's last match if it was this partner, or ``NEVER_MATCHED``."""
        return np.where(self.partner[person] == partner, self.when[person], NEVER_MATCHED)


def _match_group(row: Integers, column: Integers, overlap: Floats, last: Integers) -> Bools:
    """Match the boxes of one group: first the continued matches, most recent first."""
    chosen = np.zeros(len(row), dtype=bool)
    row_free, column_free = np.ones(len(row), dtype=bool), np.ones(len(row), dtype=bool)
    for pair in np.argsort(-last, kind="stable")[: np.count_nonzero(last != NEVER_MATCHED)]:
        if column_free[column[pair]]:
            chosen[pair] = True
            row_free[row[pair]] = column_free[column[pair]] = False
    rest = np.flatnonzero(row_free[row] & column_free[column])
    if len(rest):
        weight = overlap[rest] + len(rest)  # one more match outweighs all overlaps
        chosen[rest[solve_group(row[rest], column[rest], weight)]] = True
    return chosen
