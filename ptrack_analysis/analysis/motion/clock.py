"""Kernels of the clock: all located stretches on one axis of time, read between their rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds

_AT_ONCE = 2**17
"""Rows that a kernel works on at a time, so that intermediate arrays stay small in a long video."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """The rows with known positions, stretch after stretch on one growing clock.

    A stretch is made of neighboring rows of one run with known positions. ``rows`` are these rows,
    ``begins`` marks the first of each stretch, ``clock`` is their time [ms] with the stretches put one after
    another, ``first`` and ``last`` are the places within ``rows`` of each one's stretch's two ends.
    """

    rows: Integers
    begins: Bools
    clock: Milliseconds
    first: Integers
    last: Integers


def stretches(time: Milliseconds, run: Integers, x: Floats) -> Stretches:
    """Find the stretches of known positions; ``tracklet`` has a number of its own for each person's run."""
    known = np.flatnonzero(~np.isnan(x))
    begins = np.ones(len(known), dtype=bool)
    begins[1:] = (np.diff(known) != 1) | (run[known[1:]] != run[known[:-1]])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(known))[: len(first)] - 1
    stretch = np.cumsum(begins, dtype="int64") - 1
    return Stretches(known, begins, _one_clock(time[known], begins), first[stretch], last[stretch])


def whole_runs(run: Integers) -> Iterator[slice]:
    """Yield slices of about ``_AT_ONCE`` rows that cut no run; a longer run makes its slice longer."""
    begin = 0
    while begin < len(run):
        end = begin + int(
            np.searchsorted(run[begin:], run[min(begin + _AT_ONCE, len(run)) - 1], side="right")
        )
        yield slice(begin, end)
        begin = end


def locate_rows(clock: Milliseconds, moment: Milliseconds) -> tuple[Integers, Floats]:
    """Find the row at or before each moment, and which share of the way to the next row has passed."""
    row = np.searchsorted(clock, moment, side="right") - 1
    length = np.diff(clock, append=clock[-1:] + 1)
    return row, (moment - clock[row]) / length[row]


def between(values: Floats, at: tuple[Integers, Floats]) -> Floats:
    """Read values that change evenly between rows, at moments given by their row and share."""
    row, share = at
    following = np.minimum(row + 1, len(values) - 1)
    result: Floats = values[row] + (values[following] - values[row]) * share
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Integral:
    """The integral of values that change evenly between rows, from the first row of each stretch.

    ``values`` are relative to the first row of their stretch, ``curve`` is half their change per ms after
    each row, and ``area`` is the integral up to each row.
    """

    clock: Milliseconds
    values: Floats
    curve: Floats
    area: Floats

    def read(self, row: Integers, since: Milliseconds) -> Floats:
        """Return the integral at times that are ``since`` ms after a row."""
        result: Floats = self.area[row] + since * (self.values[row] + self.curve[row] * since)
        return result


def integrate(own: Stretches, values: tuple[Floats, ...]) -> list[Integral]:
    """Integrate the values of all rows.

    Each stretch is summed by itself, so other people in the table do not change a bit of the result.
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
    own: Stretches,
    moment: Milliseconds,
    row: Integers,
    values: tuple[Floats, ...],
    *,
    half: int,
    integrals: list[Integral] | None = None,
) -> list[Floats]:
    """Take the mean of values around moments of the clock, as ``mean_in_window`` defines it.

    ``row`` is the place within ``own.rows`` of any row of the stretch that the moment lies in, ``values``
    are those of ``own.rows``, and ``integrals`` are theirs, if they are known already.
    """
    opens = own.first[row]
    reach = np.minimum(moment - own.clock[opens], own.clock[own.last[row]] - moment)
    reach = np.minimum(reach, half)
    still = np.flatnonzero(reach == 0)
    here = locate_rows(own.clock, moment[still])
    early, late = find_rows(own.clock, moment - reach), find_rows(own.clock, moment + reach)
    length = np.maximum(2 * reach, 1)
    result = []
    for each, integral in zip(values, integrals or integrate(own, values), strict=True):
        mean = each[opens] + (integral.read(*late) - integral.read(*early)) / length
        mean[still] = between(each, here)
        result.append(mean)
    return result


def _one_clock(time: Milliseconds, begins: Bools) -> Milliseconds:
    """Put the stretches one after another on one growing clock, 1 ms apart."""
    ticks = np.diff(time, prepend=time[:1])
    np.copyto(ticks, 1, where=begins)
    return np.cumsum(ticks)
