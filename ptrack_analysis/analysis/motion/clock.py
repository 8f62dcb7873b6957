"""Kernels on one time axis that joins all parts with known positions, interpolated between rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds

_AT_ONCE = 2**17
"""Rows per pass of a kernel, so that intermediate arrays stay small for a long video."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownParts:
    """Rows with known positions, in unbroken parts on one increasing clock.

    A part consists of adjacent rows of one tracklet with known positions. ``rows`` are these rows, and
    ``begins`` marks the first row of each part. ``clock`` is their time [ms], with the parts placed one after
    another. ``first`` and ``last`` are, for each row, the indices within ``rows`` of the ends of its part.
    """

    rows: Integers
    begins: Bools
    clock: Milliseconds
    first: Integers
    last: Integers


def find_parts(time: Milliseconds, run: Integers, x: Floats) -> KnownParts:
    """Find the parts with known positions. ``run`` numbers the tracklets over all people."""
    known = np.flatnonzero(~np.isnan(x))
    begins = np.ones(len(known), dtype=bool)
    begins[1:] = (np.diff(known) != 1) | (run[known[1:]] != run[known[:-1]])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(known))[: len(first)] - 1
    part = np.cumsum(begins, dtype="int64") - 1
    return KnownParts(known, begins, _one_clock(time[known], begins), first[part], last[part])


def slice_tracklets(run: Integers) -> Iterator[slice]:
    """Yield slices of about ``_AT_ONCE`` rows that do not cut tracklets; long tracklets extend a slice."""
    begin = 0
    while begin < len(run):
        end = begin + int(
            np.searchsorted(run[begin:], run[min(begin + _AT_ONCE, len(run)) - 1], side="right")
        )
        yield slice(begin, end)
        begin = end


def locate_rows(clock: Milliseconds, time: Milliseconds) -> tuple[Integers, Floats]:
    """Find the row at or before each time, and the elapsed fraction of the step to the next row."""
    row = np.searchsorted(clock, time, side="right") - 1
    length = np.diff(clock, append=clock[-1:] + 1)
    return row, (time - clock[row]) / length[row]


def between(values: Floats, at: tuple[Integers, Floats]) -> Floats:
    """Interpolate values linearly between rows, at times given by their row and fraction."""
    row, share = at
    following = np.minimum(row + 1, len(values) - 1)
    result: Floats = values[row] + (values[following] - values[row]) * share
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Integral:
    """The integral of values that are linear between rows, from the first row of each part.

    ``values`` are relative to the first row of their part, ``curve`` is half their change per ms after each
    row, and ``area`` is the integral up to each row.
    """

    clock: Milliseconds
    values: Floats
    curve: Floats
    area: Floats

    def read(self, row: Integers, since: Milliseconds) -> Floats:
        """Return the integral at times that are ``since`` ms after a row."""
        result: Floats = self.area[row] + since * (self.values[row] + self.curve[row] * since)
        return result


def integrate(own: KnownParts, values: tuple[Floats, ...]) -> list[Integral]:
    """Integrate the values of all rows.

    Each part is summed separately, so other people in the table do not change a bit of the result.
    """
    values = tuple(each - each[own.first] for each in values)  # equal positions give exactly 0
    length = np.diff(own.clock, append=own.clock[-1:] + 1)
    curves, parts = [], np.zeros((len(values), len(length)))
    for each, part in zip(values, parts, strict=True):
        rise = np.diff(each, append=each[-1:])
        curves.append(rise / (2 * length))
        np.multiply(length[:-1], each[:-1] + rise[:-1] / 2, out=part[1:])
    parts[:, own.begins] = 0.0
    areas = pd.DataFrame(parts.T).groupby(own.first, sort=False).cumsum().to_numpy("float64").T
    return [Integral(own.clock, *three) for three in zip(values, curves, areas, strict=True)]


def find_rows(clock: Milliseconds, time: Milliseconds) -> tuple[Integers, Milliseconds]:
    """Find the row at or before each time, and the time since that row [ms]."""
    row = np.searchsorted(clock, time, side="right") - 1
    return row, time - clock[row]


def means_at(
    own: KnownParts,
    time: Milliseconds,
    row: Integers,
    values: tuple[Floats, ...],
    *,
    half: int,
    integrals: list[Integral] | None = None,
) -> list[Floats]:
    """Compute the mean of values around times of the clock, as defined in ``mean_in_window``.

    ``row`` is the index within ``own.rows`` of any row of the part that contains the time. ``values`` belong
    to ``own.rows``, and ``integrals`` are their integrals, if already computed.
    """
    opens = own.first[row]
    reach = np.minimum(time - own.clock[opens], own.clock[own.last[row]] - time)
    reach = np.minimum(reach, half)
    still = np.flatnonzero(reach == 0)
    here = locate_rows(own.clock, time[still])
    early, late = find_rows(own.clock, time - reach), find_rows(own.clock, time + reach)
    length = np.maximum(2 * reach, 1)
    result = []
    for each, integral in zip(values, integrals or integrate(own, values), strict=True):
        mean = each[opens] + (integral.read(*late) - integral.read(*early)) / length
        mean[still] = between(each, here)
        result.append(mean)
    return result


def _one_clock(time: Milliseconds, begins: Bools) -> Milliseconds:
    """Arrange the parts one after another on one increasing clock, 1 ms apart."""
    ticks = np.diff(time, prepend=time[:1])
    np.copyto(ticks, 1, where=begins)
    return np.cumsum(ticks)
