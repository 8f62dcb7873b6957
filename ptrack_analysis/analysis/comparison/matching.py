"""Moments of two trackings that are compared with each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import validate_budget
from ptrack_analysis.video import Milliseconds

LEFT_OUT = -1


def compared_moments(
    a: Milliseconds, b: Milliseconds, period_a: int, period_b: int
) -> tuple[Integers, Integers]:
    """Give moments of two trackings that are to be compared the same number.

    Two moments at most half a sampling period apart (of the finer tracking: it has a moment that close to
    any time) are compared; the two closest of all are paired first, then the closest of what is left, so no
    moment is used twice. Of pairs equally close, those with the moment of a first come first.

    A moment that finds no counterpart is compared with nobody if the other tracking has no moment within
    three quarters of *its* sampling period: it would have sampled there, and saw nobody. (Even sampling
    leaves no time further than half a period from a moment; the rest is room for jitter and for times cut to
    whole ms.) Otherwise the other did not look just then, and the moment is left out.

    Parameters
    ----------
    a, b
        (m,), (n,) distinct moments in growing order [ms].
    period_a, period_b
        Sampling periods [ms]; 0 where unknown: then the other's is taken.

    Returns
    -------
    tuple
        (m,) and (n,) numbers from 0 in the order of time, ``LEFT_OUT`` for a moment that is left out.

    Notes
    -----
    O((m + n) log(m + n)); the rounds of pairing are at most as many as the ms of half a period, and one or
    two on real data.
    """
    period_a, period_b = period_a or period_b, period_b or period_a
    with_b = _paired(a, b, min(period_a, period_b))
    paired_a = np.flatnonzero(with_b >= 0)
    paired_b = with_b[paired_a]
    alone_a = _looked_for(a, b, period_b)
    alone_a[paired_a] = False
    alone_b = _looked_for(b, a, period_a)
    alone_b[paired_b] = False
    time = np.concatenate([a[paired_a], a[alone_a], b[alone_b]])
    number = np.empty(len(time), dtype="int64")
    number[np.argsort(time, kind="stable")] = np.arange(len(time))
    of_a = np.full(len(a), LEFT_OUT, dtype="int64")
    of_b = np.full(len(b), LEFT_OUT, dtype="int64")
    of_a[paired_a] = of_b[paired_b] = number[: len(paired_a)]
    of_a[alone_a] = number[len(paired_a) : len(time) - int(alone_b.sum())]
    of_b[alone_b] = number[len(time) - int(alone_b.sum()) :]
    return of_a, of_b


def _paired(a: Milliseconds, b: Milliseconds, period: int) -> Integers:
    """Return the place in b of each moment of a, or -1: rounds of pairs that are each other's nearest."""
    with_b = np.full(len(a), -1, dtype="int64")
    left_a, left_b = np.arange(len(a)), np.arange(len(b))
    while len(left_a) and len(left_b):
        to_b = _nearest(a[left_a], b[left_b], later=True)
        to_a = _nearest(b[left_b], a[left_a], later=False)
        close = to_a[to_b] == np.arange(len(left_a))
        close &= 2 * np.abs(a[left_a] - b[left_b][to_b]) <= period
        if not close.any():
            break
        with_b[left_a[close]] = left_b[to_b[close]]
        left_b = np.delete(left_b, to_b[close])
        left_a = left_a[~close]
    return with_b


def _nearest(times: Milliseconds, among: Milliseconds, *, later: bool) -> Integers:
    """Return place of the nearest of ``among`` to each time; of two equally near, the later or earlier."""
    place = np.searchsorted(among, times)
    before, after = np.maximum(place - 1, 0), np.minimum(place, len(among) - 1)
    to_before, to_after = times - among[before], among[after] - times
    take_after = (to_after <= to_before) if later else (to_after < to_before)
    return np.where((place == 0) | ((place < len(among)) & take_after), after, before)


def _looked_for(times: Milliseconds, among: Milliseconds, period: int) -> Bools:
    """Return which times lie further than three quarters of a period from all of ``among``."""
    if not len(among) or not len(times):
        return np.ones(len(times), dtype=bool)
    distance = np.abs(times - among[_nearest(times, among, later=True)])
    looked: Bools = 4 * distance > 3 * period
    return looked


_CELL_BYTES = 25
"""Memory per pair of a group while the group is matched: three copies of the weights, and the result."""
_OVERLAP_BYTES = 150
"""Memory per overlapping pair of boxes until they are matched, as several columns."""
_CHUNK = 1_000_000
"""Pairs a pass, so that crowded videos do not fill the memory with pairs that do not touch."""
TOLERANCE = 1e-9
"""How far below a least overlap an overlap still meets it: the float noise of fractions of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes or positions of one tracking, in the order of the compared moments.

    ``moment`` numbers the compared moments, ``person`` the persons, both from 0; ``sides`` is (4, n) left,
    top, right, bottom in any one unit, or (2, n) x and y.
    """

    moment: Integers
    person: Integers
    sides: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Pairs of boxes of the same moment that overlap, in the order of ``a`` and then ``b``.

    ``a`` and ``b`` are the boxes' places in their trackings; ``overlap`` is above 0. Of positions it is their
    closeness.
    """

    a: Integers
    b: Integers
    overlap: Floats

    def where(self, kept: Bools) -> "Overlaps":
        """Keep some of the pairs."""
        return Overlaps(self.a[kept], self.b[kept], self.overlap[kept])

    def at_least(self, overlap: float) -> "Overlaps":
        """Keep the pairs that overlap at least so much, up to float noise (1e-9)."""
        return self.where(self.overlap >= overlap - TOLERANCE)


Similarity = Callable[[Floats, Floats], Floats]
"""How similar boxes or positions are: 1 if they are the same, 0 or less if they cannot be matched."""


def find_overlaps(a: Boxes, b: Boxes, similarity: Similarity | None = None) -> Overlaps:
    """Find all pairs of boxes of the same moment that overlap.

    The overlap is intersection over union: the area that both cover by the area that either covers. It is
    the same in fractions of the frame as in px. A box without an area overlaps nothing. Another
    ``similarity`` takes its place, such as that of ``build_closeness`` for positions.

    Notes
    -----
    O(sum over the moments of boxes of a · boxes of b), in passes of bounded memory.
    """
    first = np.searchsorted(b.moment, a.moment, side="left")
    count = np.searchsorted(b.moment, a.moment, side="right") - first
    until = np.cumsum(count)
    parts, found = list[Overlaps](), 0
    start = 0
    while start < len(count):
        before = int(until[start - 1]) if start else 0
        stop = max(int(np.searchsorted(until, before + _CHUNK, side="right")), start + 1)
        measured = similarity or intersection_over_union
        parts.append(_overlaps_in(a, b, start, first[start:stop], count[start:stop], similarity=measured))
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


def _overlaps_in(
    a: Boxes, b: Boxes, start: int, first: Integers, count: Integers, *, similarity: Similarity
) -> Overlaps:
    """Pair the boxes of a from ``start`` on with ``count`` boxes of b from ``first`` on each."""
    place = np.arange(start, start + len(count))
    left = np.repeat(place, count)
    right = np.arange(len(left)) + np.repeat(first - np.cumsum(count) + count, count)
    return _kept(left, right, similarity(a.sides[:, left], b.sides[:, right]))


def _kept(left: Integers, right: Integers, overlap: Floats) -> Overlaps:
    return Overlaps(left, right, overlap).where(overlap > 0)


def intersection_over_union(a: Floats, b: Floats) -> Floats:
    """Return the area that both boxes cover by the area that either covers.

    Parameters
    ----------
    a, b
        (4, n) left, top, right, bottom.

    Returns
    -------
    numpy.ndarray
        (n,) 0 to 1; 0 where a box has no area.

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

    So positions at most ``max_distance`` apart have a closeness of at least 0.5, ``MIN_OVERLAP``.
    """

    def measure(a: Floats, b: Floats) -> Floats:
        closeness: Floats = 1 - np.hypot(*(a - b)) / (2 * max_distance)
        return closeness

    return measure


@dataclass(frozen=True, slots=True, eq=False)
class Competition:
    """Possible pairs, split into those that stand alone and groups that share ends.

    ``unmatched`` is (n,) bool; ``groups`` holds the places of the pairs of each group, groups in the order of
    their first pair; ``row`` and ``column`` number the left and the right ends of a group from 0.
    """

    alone: Bools
    groups: Sequence[Integers]
    row: Integers
    column: Integers


def one_to_one(left: Integers, right: Integers, weight: Floats) -> Bools:
    """Choose pairs such that nothing occurs twice and the sum of their weights is largest.

    Pairs that share no end with another are chosen at once; the others are solved one connected group at a
    time.

    Parameters
    ----------
    left, right
        (n,) the ends of each possible pair, numbered from 0; no pair twice.
    weight
        (n,) above 0.

    Returns
    -------
    numpy.ndarray
        (n,) bool, chosen. Among equal sums, which is chosen depends on the order of the numbers only.
    """
    competition = competing(left, right)
    chosen = competition.alone.copy()
    for group in competition.groups:
        picked = best_of_group(competition.row[group], competition.column[group], weight[group])
        chosen[group[picked]] = True
    return chosen


def competing(left: Integers, right: Integers) -> Competition:
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
    return Competition(alone, groups, _counted(label[:ends])[left], _counted(label[ends:])[right])


def _counted(label: Integers) -> Integers:
    """Count the members of each label from 0."""
    order = np.argsort(label, kind="stable")
    in_order = label[order]
    count = np.empty(len(label), dtype="int64")
    count[order] = np.arange(len(label)) - np.searchsorted(in_order, in_order)
    return count


def best_of_group(row: Integers, column: Integers, weight: Floats) -> Bools:
    """Solve one group of possible pairs by the Hungarian method."""
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
NEVER = -1


def match_boxes(a: Boxes, b: Boxes, *, min_overlap: float = MIN_OVERLAP) -> Overlaps:
    """Match the boxes of each moment one to one by their overlap.

    Boxes may be matched if their intersection over union is at least ``min_overlap``. A person of a whose
    last match, however long ago, may be matched again keeps it; of two persons with the same last match, the
    one that had it later. The other boxes of the moment are matched such that there are as many matches as
    possible, and among these such that the sum of overlaps is largest. A moment with boxes of one tracking
    only, or of none, has no match.

    Parameters
    ----------
    a, b
        Boxes in the order of the compared moments.
    min_overlap
        The least overlap [1], above 0 and at most 1; met also where float noise (1e-9) takes it just below.

    Returns
    -------
    Overlaps
        The matched pairs, in the order of a.

    Notes
    -----
    Only moments in which boxes compete are solved one by one, and only the groups of boxes that do.

    References
    ----------
    K. Bernardin, R. Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics",
    EURASIP Journal on Image and Video Processing 2008, section 2.1.3, doi:10.1155/2008/246309.
    """
    return match_overlaps(find_overlaps(a, b).at_least(min_overlap), a, b)


def match_overlaps(possible: Overlaps, a: Boxes, b: Boxes) -> Overlaps:
    """Match as ``match_boxes`` does, of the pairs that overlap enough."""
    competition = competing(possible.a, possible.b)
    chosen = competition.alone.copy()
    moment = a.moment[possible.a]
    person_a, person_b = a.person[possible.a], b.person[possible.b]
    memory = _Memory(int(a.person.max(initial=-1)) + 1)
    settled = np.flatnonzero(competition.alone)
    settled_at, seen = moment[settled], 0
    for group in competition.groups:
        until = int(np.searchsorted(settled_at, moment[group[0]]))
        earlier = settled[seen:until]
        memory.keep(person_a[earlier], person_b[earlier], moment[earlier])
        seen = until
        last = memory.when_last(person_a[group], person_b[group])
        taken = group[
            _of_group(competition.row[group], competition.column[group], possible.overlap[group], last)
        ]
        memory.keep(person_a[taken], person_b[taken], moment[taken])
        chosen[taken] = True
    return possible.where(chosen)


class _Memory:
    """The last match of each person of a, and when it was."""

    __slots__ = ("partner", "when")

    def __init__(self, persons: int) -> None:
        self.partner = np.full(persons, NEVER, dtype="int64")
        self.when = np.full(persons, NEVER, dtype="int64")

    def keep(self, person: Integers, partner: Integers, when: Integers) -> None:
        """Note matches, given in the order of time."""
        self.partner[person] = partner
        self.when[person] = when

    def when_last(self, person: Integers, partner: Integers) -> Integers:
        """Return when each person was last matched, if it was with this partner, else ``NEVER``."""
        return np.where(self.partner[person] == partner, self.when[person], NEVER)


def _of_group(row: Integers, column: Integers, overlap: Floats, last: Integers) -> Bools:
    """Match the boxes of one group: first those that continue a match, the latest first; then the others."""
    chosen = np.zeros(len(row), dtype=bool)
    row_free, column_free = np.ones(len(row), dtype=bool), np.ones(len(row), dtype=bool)
    for pair in np.argsort(-last, kind="stable")[: np.count_nonzero(last != NEVER)]:
        if column_free[column[pair]]:
            chosen[pair] = True
            row_free[row[pair]] = column_free[column[pair]] = False
    rest = np.flatnonzero(row_free[row] & column_free[column])
    if len(rest):
        weight = overlap[rest] + len(rest)  # one match more outweighs all overlaps
        chosen[rest[best_of_group(row[rest], column[rest], weight)]] = True
    return chosen
