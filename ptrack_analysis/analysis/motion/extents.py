"""Kernels of extents: how far positions reach, how long they stay within a limit; NumPy only."""

from itertools import pairwise

import numpy as np

from ptrack_analysis.geometry import Bools, Floats, Integers

DIRECTIONS = 16
"""In how many directions an extent is measured, evenly over the half circle."""
_BLOCK = 131_072


def widths(x: Floats, y: Floats, first: Integers, last: Integers) -> Floats:
    """Measure the largest extent of the positions from each ``first`` to its ``last`` row, in any direction.

    Of the ``DIRECTIONS`` directions the largest counts: at most the largest distance between two positions,
    and at least its cos(90 / ``DIRECTIONS`` degrees), 0.995 of it.
    """
    ends = np.column_stack([first, last + 1]).ravel()
    widest = np.zeros(len(first))
    if len(first):
        for along in _axes():
            reach = np.append(along[0] * x + along[1] * y, 0.0)
            high, low = np.maximum.reduceat(reach, ends)[::2], np.minimum.reduceat(reach, ends)[::2]
            np.maximum(widest, high - low, out=widest)
    return widest


def last_within(
    x: Floats, y: Floats, stretch: Integers, least: Integers, last: Integers, *, limit: float
) -> Integers:
    """Find the last row up to which the positions from each row on reach no further than ``limit``.

    Parameters
    ----------
    x, y
        (n,) positions.
    stretch
        (n,) number of the stretch of each row, growing.
    least
        (n,) the row that must be reached: a row that cannot get there is not followed to its end.
    last
        (n,) the last row of the stretch, which is never passed.
    limit
        The largest extent [plane units].

    Returns
    -------
    numpy.ndarray
        (n,) rows; below ``least`` where that cannot be reached.

    Notes
    -----
    O(directions · n log n) time and O(n log n) memory for the longest stretch: whole stretches are taken
    together in blocks. Each direction gives the last row by itself, and the smallest of these is the answer.
    """
    far = np.where(least <= last, last, -1)
    turns = np.append(np.flatnonzero(np.diff(stretch, prepend=-1)), len(x))
    cuts = np.unique(np.append(turns[np.searchsorted(turns, np.arange(0, len(x), _BLOCK))], len(x)))
    for begin, end in pairwise(cuts.tolist()):
        block = slice(begin, end)
        far[block] = begin + _last_in_block(
            x[block], y[block], least[block] - begin, far[block] - begin, limit
        )
    return far


def _last_in_block(x: Floats, y: Floats, least: Integers, far: Integers, limit: float) -> Integers:
    """Do the work of ``last_within`` for a few stretches, ``far`` being the last rows allowed.

    After the first two directions most of the walking is out: only rows that can be part of a stay go on.
    """
    far, axes = far.copy(), _axes()
    for across, down in axes[:2]:
        _cut_back(across * x + down * y, least, far, limit)
    rows = np.flatnonzero(far >= least)
    depth = np.bincount(rows, minlength=len(x) + 1) - np.bincount(far[rows] + 1, minlength=len(x) + 1)
    part = np.flatnonzero(np.cumsum(depth)[:-1])
    x, y, goal, near = x[part], y[part], least[part], far[part]
    able = near >= goal
    goal, near = np.searchsorted(part, goal), np.where(able, np.searchsorted(part, near), -1)
    for across, down in axes[2:]:
        _cut_back(across * x + down * y, goal, near, limit)
    far[part] = np.where(near >= goal, part[near], -1)
    return far


def _cut_back(reach: Floats, least: Integers, far: Integers, limit: float) -> None:
    """Cut ``far`` back in place to the last row up to which the spread from each row is within the limit.

    A row that does not reach ``least`` gets -1, and is not followed further.
    """
    rows = np.flatnonzero(far >= least)
    if not len(rows):
        return
    high, low = _levels(reach, int((far[rows] - rows).max()) + 1, limit)
    most = (2 << (len(high) - 1)) - 2
    able = least[rows] - rows <= most
    able[able] = _spreads(high, low, rows[able], least[rows[able]]) <= limit
    far[rows[~able]] = -1
    rows = rows[able]
    last = np.minimum(far[rows], rows + most)
    beyond = np.flatnonzero(_spreads(high, low, rows, last) > limit)
    if len(beyond):
        last[beyond] = _descend(high, low, rows[beyond], last[beyond], limit)
    far[rows] = last


def _levels(reach: Floats, longest: int, limit: float) -> tuple[list[Floats], list[Floats]]:
    """Give maxima and minima over 1, 2, 4, 8 … rows from each row, while any spread is within the limit."""
    high, low = [reach], [reach]
    size = 1
    while 2 * size <= longest:
        higher, lower = (
            np.maximum(high[-1][:-size], high[-1][size:]),
            np.minimum(low[-1][:-size], low[-1][size:]),
        )
        if (higher - lower).min() > limit:
            break
        high.append(higher)
        low.append(lower)
        size *= 2
    return high, low


def _spreads(high: list[Floats], low: list[Floats], first: Integers, last: Integers) -> Floats:
    """Give the spread of the values from each ``first`` to its ``last`` row, from two overlapping halves."""
    spread = np.empty(len(first))
    level = np.frexp((last - first + 1).astype("float64"))[1] - 1
    for power in range(len(high)):
        mine = np.flatnonzero(level == power)
        start, stop = first[mine], last[mine] - (1 << power) + 1
        top, bottom = high[power], low[power]
        spread[mine] = np.maximum(top[start], top[stop]) - np.minimum(bottom[start], bottom[stop])
    return spread


def _descend(high: list[Floats], low: list[Floats], rows: Integers, far: Integers, limit: float) -> Integers:
    """Walk on from each row in ever smaller strides, as long as the spread stays within the limit."""
    following, top, bottom = rows.copy(), high[0][rows], low[0][rows]
    for power in reversed(range(len(high))):
        able = np.flatnonzero(following + (1 << power) - 1 <= far)
        here = following[able]
        higher, lower = np.maximum(top[able], high[power][here]), np.minimum(bottom[able], low[power][here])
        good: Bools = higher - lower <= limit
        able = able[good]
        top[able], bottom[able] = higher[good], lower[good]
        following[able] += 1 << power
    return following - 1


def _axes() -> Floats:
    """Give the directions as (directions, 2) cosine and sine; the coarse ones first, x and y exact."""
    number = np.arange(DIRECTIONS)
    number = number[np.argsort(-(number & -number) - DIRECTIONS * (number == 0), kind="stable")]
    axes = np.column_stack([np.cos(np.pi * number / DIRECTIONS), np.sin(np.pi * number / DIRECTIONS)])
    axes[1] = 0.0, 1.0
    return axes
