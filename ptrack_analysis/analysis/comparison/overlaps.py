"""Overlaps of boxes: intersection over union of all boxes of the same moment."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.geometry import Bools, Floats, Integers

_CHUNK = 1_000_000
"""Pairs a pass, so that crowded videos do not fill the memory with pairs that do not touch."""
TOLERANCE = 1e-9
"""How far below a least overlap an overlap still meets it: the float noise of fractions of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes of one tracking, in the order of the compared moments.

    ``moment`` numbers the compared moments, ``person`` the persons, both from 0; ``sides`` is (4, n) left,
    top, right, bottom in any one unit.
    """

    moment: Integers
    person: Integers
    sides: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Pairs of boxes of the same moment that overlap, in the order of ``a`` and then ``b``.

    ``a`` and ``b`` are the boxes' places in their trackings; ``overlap`` is above 0.
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


def overlaps_of(a: Boxes, b: Boxes) -> Overlaps:
    """Find all pairs of boxes of the same moment that overlap.

    The overlap is intersection over union: the area that both cover by the area that either covers. It is
    the same in fractions of the frame as in px. A box without an area overlaps nothing.

    Notes
    -----
    O(sum over the moments of boxes of a · boxes of b), in passes of bounded memory.
    """
    first = np.searchsorted(b.moment, a.moment, side="left")
    count = np.searchsorted(b.moment, a.moment, side="right") - first
    until = np.cumsum(count)
    parts = []
    start = 0
    while start < len(count):
        before = int(until[start - 1]) if start else 0
        stop = max(int(np.searchsorted(until, before + _CHUNK, side="right")), start + 1)
        parts.append(_overlaps_in(a, b, start, first[start:stop], count[start:stop]))
        start = stop
    return Overlaps(
        np.concatenate([np.empty(0, "int64"), *(part.a for part in parts)]),
        np.concatenate([np.empty(0, "int64"), *(part.b for part in parts)]),
        np.concatenate([np.empty(0), *(part.overlap for part in parts)]),
    )


def _overlaps_in(a: Boxes, b: Boxes, start: int, first: Integers, count: Integers) -> Overlaps:
    """Pair the boxes of a from ``start`` on with ``count`` boxes of b from ``first`` on each."""
    place = np.arange(start, start + len(count))
    left = np.repeat(place, count)
    right = np.arange(len(left)) + np.repeat(first - np.cumsum(count) + count, count)
    return _kept(left, right, intersection_over_union(a.sides[:, left], b.sides[:, right]))


def _kept(left: Integers, right: Integers, overlap: Floats) -> Overlaps:
    return Overlaps(left, right, overlap).where(overlap > 0)


def intersection_over_union(a: Floats, b: Floats) -> Floats:
    """Give the area that both boxes cover by the area that either covers.

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
