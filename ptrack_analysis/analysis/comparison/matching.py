"""Boxes of two trackings matched one to one over time."""

import numpy as np

from ptrack_analysis.analysis.comparison.assignment import best_of_group, competing
from ptrack_analysis.analysis.comparison.overlaps import Boxes, Overlaps, overlaps_of
from ptrack_analysis.geometry import Bools, Floats, Integers

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
    return match_overlaps(overlaps_of(a, b).at_least(min_overlap), a, b)


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
        """Give when each person was last matched, if it was with this partner, else ``NEVER``."""
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
