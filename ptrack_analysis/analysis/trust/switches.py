"""Switches: where one number may have gone over from one person to another."""

from collections.abc import Sequence

import numpy as np

from ptrack_analysis.analysis.cleaning.bodies import whole_heights
from ptrack_analysis.analysis.presence import Rows
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds

_AT_ONCE = 2**17
"""Boxes that are compared at a time, so that intermediate arrays stay small in a long video."""
_SLACK, _SPEED = 0.5, 2.0
"""How far a box may jump, and how far a person may walk in a second [heights of the box]."""
_JITTER, _GROWTH = 1.3, 1.5
"""Ratio of two heights that is jitter, and that in a second a person's walk may add."""


def suspected_switches(rows: Rows, boxes: Sequence[Floats], size: tuple[int, int], *, max_gap: int) -> Bools:
    """Tell which boxes nobody can have got from the same person's box before.

    A box is suspect if its lower edge's middle lies farther from that of the box before than half a body and
    two bodies a second, the larger of both boxes being the body; or if its height is more than 1.3 times that
    of the box before, or less than the 1.3th part, times 1.5 a second. Boxes more than ``max_gap`` apart are
    not compared, and no heights of boxes that the picture cuts.

    Parameters
    ----------
    rows
        The rows in the order of person and time.
    boxes
        left, top, width, height, each (n,) in that order; NaN where there is none.
    size
        Width and height of the frame [px].
    max_gap
        The longest time between two boxes that are compared [ms].

    Returns
    -------
    numpy.ndarray
        (m - 1,) bool, one for each of the m rows with a box but the first.
    """
    seen = np.flatnonzero(np.isfinite(sum(boxes)))
    suspected: Bools = np.zeros(max(len(seen) - 1, 0), dtype=bool)
    for begin in range(0, len(suspected), _AT_ONCE):
        part = seen[begin : begin + _AT_ONCE + 1]
        there = [box[part] for box in boxes]
        suspected[begin : begin + _AT_ONCE] = _suspected(
            rows.time[part], rows.person[part], there, size, max_gap=max_gap
        )
    return suspected


def _suspected(
    time: Milliseconds, person: Integers, boxes: Sequence[Floats], size: tuple[int, int], *, max_gap: int
) -> Bools:
    """Tell which boxes but the first are suspect, of boxes that are all there."""
    left, top, width, height = boxes
    seconds = np.diff(time) / 1000.0
    follows = (person[1:] == person[:-1]) & (seconds * 1000.0 <= max_gap)
    across = np.diff(left + width / 2) * size[0]
    down = np.diff(top + height) * size[1]
    body = np.maximum(height[1:], height[:-1]) * size[1]
    far = across * across + down * down > (body * (_SLACK + _SPEED * seconds)) ** 2
    tall = np.log(whole_heights(top, height))
    other = np.abs(np.diff(tall)) > np.log(_JITTER) + seconds * np.log(_GROWTH)
    suspected: Bools = follows & (far | other)
    return suspected
