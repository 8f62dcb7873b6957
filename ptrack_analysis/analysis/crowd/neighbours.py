"""Kernels of nearness: positions of all persons on one clock, and which of them are near; NumPy only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.video import Milliseconds

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
        """Give those that are kept, or in this order."""
        return Samples(*(getattr(self, name)[kept] for name in self.__slots__))


_NOBODY = Samples(np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0), np.empty(0), np.empty(0, "int64"))


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
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

    def where(self, kept: np.ndarray) -> "Pieces":
        """Give those that are kept, or in this order."""
        return Pieces(*(getattr(self, name)[kept] for name in self.__slots__))


def joined(parts: list[Pieces]) -> Pieces:
    """Put pieces one after another; there is at least one part."""
    return Pieces(*(np.concatenate([getattr(part, name) for part in parts]) for name in Pieces.__slots__))


def merged(pieces: Pieces, gap: int) -> Pieces:
    """Join pieces of one pair that are at most ``gap`` ms apart; sorted by pair and time."""
    if not len(pieces.pair):
        return pieces
    pieces = pieces.where(_by_pair_and_time(pieces))
    new = np.ones(len(pieces.pair), dtype=bool)
    new[1:] = (pieces.pair[1:] != pieces.pair[:-1]) | (pieces.began[1:] - pieces.ended[:-1] > gap)
    opens = np.flatnonzero(new)
    closes = np.append(opens[1:], len(new)) - 1
    return Pieces(
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


def _by_pair_and_time(pieces: Pieces) -> Integers:
    """Order pieces by pair and time, by one key where it fits into 64 bits, else by two."""
    since = pieces.began - pieces.began.min()
    span = int(since.max()) + 1
    if int(pieces.pair.max()) < _LARGEST // span - 1:
        order: Integers = np.argsort(pieces.pair * span + since)
        return order
    return np.lexsort((pieces.began, pieces.pair))


def by_tick(samples: Samples) -> Samples:
    """Give the samples in the order of their ticks."""
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


def near_pieces(samples: Samples, limit: float, period: int, start: int) -> Pieces:
    """Find the pairs within ``limit`` at each tick, each piece lasting a tick or to the end of presence.

    The samples are sorted by tick and cell of a square grid; who is near lies in the same cell or one of its
    eight neighbours, of which half are looked into, for each pair is looked for once.
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
    )  # empty cells around, so that none is a neighbour
    key = ((samples.tick - samples.tick.min()) * columns + column) * rows + row + 1
    order = np.argsort(key)
    return order, key[order], rows


def _ranges(key: Integers, rows: int) -> tuple[list[Integers], list[Integers]]:
    """Give for each sample the ranges of places to look into: after it in its column, and in the next one."""
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
) -> Pieces:
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
    return Pieces(pair, began, ended, time, distance * time, x * time, y * time, distance, x, x, y, y)
