"""Kernels for crossing a polyline: crossing steps, their direction, and distances of positions."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ptrack_analysis.analysis.presence import mark_starts
from ptrack_analysis.geometry import Bools, Floats, Integers, doubled_areas

_SWAPPED = [2, 3, 0, 1]
_TINY = np.finfo("float64").tiny
"""Distance of a position next to the line whose distance rounds to 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Crossings of steps and edges of a polyline, in the order of the path.

    ``step`` is the index of the step's first position. ``sign`` is +1 from the polyline's left to its right
    and -1 back. ``share`` is the fraction of the step before the crossing, from 0 to 1.
    """

    step: Integers
    sign: Integers
    share: Floats


def hits(vertices: Floats, x: Floats, y: Floats, steps: Integers) -> Hits:
    """Find where steps cross the edges of a polyline, each edge separately.

    Exact contacts are decided as if the polyline were shifted by an infinitesimal toward +x and an even
    smaller one toward +y. Then no position is on it and no step passes through a vertex, so the signs along
    a path add up as for curves in general position. A closed path that does not go around an end of the
    polyline adds up to 0. A step through the vertex between two edges crosses one edge, or both edges there
    and back.

    ::

              B  last vertex
              ▲
        P ────┼───► Q         left to right is +1
              │
              A  first vertex

    Parameters
    ----------
    vertices
        (m, 2) vertices, adjacent ones distinct.
    x, y
        (n,) coordinates of positions, y increasing downward.
    steps
        (k,) indices of the steps' first positions, increasing; a step ends at the next position.

    Returns
    -------
    Hits
        One entry per crossing of an edge.

    Notes
    -----
    O(m · k). The two ends of each edge and of each step are put in a fixed order before the arithmetic, so a
    reversed polyline, a step back, and polylines with a common edge give exactly the same numbers.

    References
    ----------
    H. Edelsbrunner, E. P. Mücke, Simulation of Simplicity, ACM Transactions on Graphics 9, 1990,
    doi:10.1145/77635.77639.
    """
    ends = np.stack([x[steps], y[steps], x[steps + 1], y[steps + 1]])
    backwards = (ends[0] > ends[2]) | ((ends[0] == ends[2]) & (ends[1] > ends[3]))
    ordered = np.where(backwards, ends[_SWAPPED], ends)
    over = [
        _right(doubled_areas(ordered[:2], ordered[2:], *vertex), ordered[2:] - ordered[:2], moved=1)
        for vertex in vertices
    ]
    found = [(np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0))]
    for edge in range(len(vertices) - 1):
        astride = np.flatnonzero(over[edge] != over[edge + 1])
        crossed, rightwards, share = _across(vertices[edge : edge + 2], ends[:, astride])
        found.append((steps[astride[crossed]], np.where(rightwards, 1, -1), share))
    step, sign, share = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((share, step))
    return Hits(step[order], sign[order], share[order])


def _across(edge: Floats, ends: Floats) -> tuple[Integers, Bools, Floats]:
    """Find the steps that cross the line of an edge, whether they go to its right, and at which share."""
    swapped = tuple(edge[0]) > tuple(edge[1])
    ordered = edge[::-1] if swapped else edge
    areas = doubled_areas(*ordered, *ends[:2]), doubled_areas(*ordered, *ends[2:])
    before, after = (_right(area, ordered[1] - ordered[0], moved=-1) for area in areas)
    crossed = np.flatnonzero(before != after)
    behind, ahead = areas[0][crossed], areas[1][crossed]
    return crossed, after[crossed] != swapped, behind / (behind - ahead)


def _right(area: Floats, along: Floats, *, moved: int) -> Bools:
    """Return which areas are on the right; ties are decided by shifting the line (+1) or the path (-1)."""
    tie = np.where(along[1] != 0, -moved * along[1], moved * along[0]) > 0
    right: Bools = np.where(area != 0, area > 0, tie)
    return right


def last_of_net(way: Integers, sign: Integers) -> Integers:
    """Find, on each path whose signs do not add up to 0, the last crossing in the direction of the sum."""
    if not len(way):
        return np.empty(0, "int64")
    first = mark_starts(way)
    net = np.sign(np.add.reduceat(sign, np.flatnonzero(first)))[np.cumsum(first) - 1]
    agreeing = np.flatnonzero(sign == net)
    last: Integers = agreeing[mark_starts(way[agreeing][::-1])[::-1]]
    return last


def last_of_stay(on: Integers, rows: Integers) -> Integers:
    """Find the last position of a stay exactly on the line; other rows are returned unchanged."""
    last = on[np.diff(on, append=-1) != 1]
    until = np.searchsorted(last, rows)
    if not len(on):
        return rows
    stay: Integers = np.where(np.isin(rows, on), last[np.minimum(until, len(last) - 1)], rows)
    return stay


def distances(vertices: Floats, x: Floats, y: Floats) -> Floats:
    """Return the distance of positions from a polyline; exactly 0 for positions exactly on it.

    Parameters
    ----------
    vertices
        (m, 2) vertices, adjacent ones distinct.
    x, y
        (n,) coordinates of positions.

    Returns
    -------
    numpy.ndarray
        (n,) distance to the nearest point of the polyline.
    """
    nearest = np.full(len(x), np.inf)
    for first, last in pairwise(vertices):
        along = last - first
        to_x, to_y = x - first[0], y - first[1]
        share = np.clip((to_x * along[0] + to_y * along[1]) / (along @ along), 0.0, 1.0)
        apart = np.hypot(to_x - share * along[0], to_y - share * along[1])
        (left, top), (right, bottom) = np.minimum(first, last), np.maximum(first, last)
        within = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
        is_on = within & (doubled_areas(first, last, x, y) == 0)
        apart = np.where(is_on, 0.0, np.maximum(apart, _TINY))
        np.minimum(nearest, apart, out=nearest)
    return nearest


def distinct(vertices: Floats) -> Floats:
    """Drop vertices that are equal to the previous one, or too near to it for the arithmetic."""
    kept = vertices[:1]
    for vertex in vertices[1:]:
        if ((vertex - kept[-1]) ** 2).sum() > 0:
            kept = np.vstack([kept, vertex])
    return kept
