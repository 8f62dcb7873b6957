"""The layout of bands between two columns of nodes, arithmetic only."""

import numpy as np

from ptrack_analysis.geometry import Floats

Column = tuple[Floats, Floats]
"""Upper edges and heights of the nodes of one side, y downwards."""

Band = tuple[int, float, float, float]
"""One band: the row of its origin, its upper edge on the left and on the right, and its width."""

Order = tuple[list[int], list[int]]
_ROUNDS = 24


def untangled(flow: Floats, left: int, right: int) -> Order:
    """Order the nodes of both sides so that wide bands cross little.

    Each node goes to the mean place of its partners, weighted by the bands, one side after the other; the
    order with the least crossings met on the way is kept, the first of equals, and neighbours are swapped
    where that leaves less.

    Parameters
    ----------
    flow
        (m, n) weights of the bands from m origins to n destinations.
    left, right
        How many nodes of each side, from the first, may change their places; the others stay behind them.

    Returns
    -------
    tuple of list
        Rows and columns in their new order.
    """
    order: Order = (list(range(flow.shape[0])), list(range(flow.shape[1])))
    best, least = order, crossings(flow, order)
    for round_ in range(_ROUNDS):
        if round_ % 2:
            order = (_sorted(flow, order[1], order[0], left), order[1])
        else:
            order = (order[0], _sorted(flow.T, order[0], order[1], right))
        now = crossings(flow, order)
        if now < least:
            best, least = order, now
    return _swapped(flow, best, (left, right))


def _swapped(flow: Floats, order: Order, movable: tuple[int, int]) -> Order:
    """Swap neighbours as long as bands cross less for it, at most some rounds."""
    sides, least = [list(order[0]), list(order[1])], crossings(flow, order)
    for _ in range(_ROUNDS):
        before = least
        for side, number in zip(sides, movable, strict=True):
            for at in range(number - 1):
                side[at], side[at + 1] = side[at + 1], side[at]
                now = crossings(flow, (sides[0], sides[1]))
                if now < least:
                    least = now
                else:
                    side[at], side[at + 1] = side[at + 1], side[at]
        if least == before:
            break
    return sides[0], sides[1]


def _sorted(flow: Floats, partners: list[int], own: list[int], movable: int) -> list[int]:
    """Sort the movable of one side by the mean place of their partners, those without any as they stand."""
    place = np.empty(len(partners))
    place[partners] = np.arange(len(partners))
    weight = flow.sum(axis=1)
    mean = np.divide(flow @ place, weight, out=np.full(len(flow), np.inf), where=weight > 0)
    free = [each for each in own if each < movable]
    return [*sorted(free, key=lambda each: mean[each]), *range(movable, len(flow))]


def crossings(flow: Floats, order: Order) -> float:
    """Sum the products of the weights of all pairs of bands that cross."""
    ordered = flow[np.ix_(*order)]
    below_left = np.zeros_like(ordered)  # bands that start lower and end higher
    sums = ordered[::-1].cumsum(axis=0)[::-1].cumsum(axis=1)
    below_left[:-1, 1:] = sums[1:, :-1]
    return float((ordered * below_left).sum())


def stacked(heights: Floats, rooms: Floats, gap: float) -> float:
    """Give the height of a side: each node has its own, or the room of its label if that is more."""
    return float((np.maximum(heights, rooms) + gap).sum())


def place(heights: Floats, rooms: Floats, gap: float, height: float) -> Column:
    """Stack the nodes of one side, centred: each has its height, or the room of its label if that is more."""
    slots = np.maximum(heights, rooms) + gap
    tops = np.cumsum(slots) - slots
    return tops + (height - slots.sum()) / 2 + (slots - heights) / 2, heights


def bands(flow: Floats, left: Column, right: Column) -> list[Band]:
    """Put the bands at their nodes in the order of their partners, so that those of a node never cross."""
    starts = left[0][:, None] + np.cumsum(flow, axis=1) - flow
    ends = right[0][None, :] + np.cumsum(flow, axis=0) - flow
    return [
        (int(row), float(starts[row, column]), float(ends[row, column]), float(flow[row, column]))
        for row, column in zip(*np.nonzero(flow), strict=True)
    ]
