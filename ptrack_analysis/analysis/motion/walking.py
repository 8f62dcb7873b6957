"""Kernels of walking: the way walked without the jitter of standing, how far it spread; NumPy only."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.analysis.motion.clock import Stretches, means_at, stretches, whole_runs
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds

_MOST_PIECES = 20_000_000
_NOISE = 1e-9
"""Share of a length that is the rounding of the arithmetic, in which who else is in the table has a part."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Pieces of way of about one window each: run, displacement, length of time [ms], whether walked."""

    run: Integers
    dx: Floats
    dy: Floats
    time: Milliseconds
    walked: Bools

    @property
    def way(self) -> Floats:
        """Length of each piece [plane units]."""
        return np.sqrt(self.dx * self.dx + self.dy * self.dy)


def pieces_of(
    time: Milliseconds, run: Integers, x: Floats, y: Floats, *, window: int, min_step: float
) -> Pieces:
    """Cut each located stretch into equal pieces and tell which of them were walked.

    A stretch is cut into as many equal pieces as whole windows fit into it, at least one; its positions are
    the means in a window around the cuts. A piece was walked if its two ends lie at least ``min_step`` apart
    for a window, in proportion for a longer piece; a stretch shorter than a window needs ``min_step`` too.

    Raises
    ------
    ParameterError
        If that would be more pieces than 20 million and four a row.
    """
    most = _MOST_PIECES + 4 * int(np.count_nonzero(~np.isnan(x)))
    found = [Pieces(*(np.empty(0, kind) for kind in ("int64", "float64", "float64", "int64", "bool")))]
    for part in whole_runs(run):
        places = x[part], y[part]
        found.append(_pieces(time[part], run[part], places, window=window, min_step=min_step, most=most))
        most -= len(found[-1].run)
    names = ("run", "dx", "dy", "time", "walked")
    return Pieces(*(np.concatenate([getattr(pieces, name) for pieces in found]) for name in names))


def _pieces(
    time: Milliseconds,
    run: Integers,
    places: tuple[Floats, Floats],
    *,
    window: int,
    min_step: float,
    most: int,
) -> Pieces:
    """Cut the located stretches of some runs into at most ``most`` pieces."""
    x, y = places
    own = stretches(time, run, x)
    first = np.flatnonzero(own.begins)
    length = own.clock[own.last[first]] - own.clock[first]
    row, moment = _cuts(own, first[length > 0], length[length > 0], window, most)
    mean_x, mean_y = means_at(own, moment, row, (x[own.rows], y[own.rows]), half=window // 2)
    piece = np.flatnonzero(row[1:] == row[:-1])
    dx, dy = (mean[piece + 1] - mean[piece] for mean in (mean_x, mean_y))
    length = moment[piece + 1] - moment[piece]
    least = min_step * (np.maximum(length, window) / window)
    walked = np.sqrt(dx * dx + dy * dy) >= least * (1 - _NOISE)
    return Pieces(run[own.rows[row[piece]]], dx, dy, length, walked)


def _cuts(
    own: Stretches, first: Integers, length: Milliseconds, window: int, most: int
) -> tuple[Integers, Milliseconds]:
    """Give the first row of each cut's stretch, and its moment on the clock."""
    count = np.maximum(length // window, 1)
    total = int(count.sum()) + len(count)
    if total > most:
        raise ParameterError(
            f"window is {window} ms, which cuts the ways into {total} pieces: take a longer one"
        )
    stretch = np.repeat(np.arange(len(first)), count + 1)
    number = np.arange(total) - (np.cumsum(count + 1) - count - 1)[stretch]
    row = first[stretch]
    return row, own.clock[row] + number * length[stretch] // count[stretch]


def radius_of_gyration(person: Integers, weight: Milliseconds, x: Floats, y: Floats, persons: int) -> Floats:
    """Give each person's root mean square distance from the mean position, NaN without a position.

    ``person`` numbers the persons from 0; where all of a person's weights are 0, each position counts alike.
    """
    known = np.flatnonzero(~np.isnan(x))
    person, weight, x, y = person[known], weight[known], x[known], y[known]
    total = np.bincount(person, weights=weight, minlength=persons)
    weight = np.where(total[person] > 0, weight, 1.0)
    total = np.bincount(person, weights=weight, minlength=persons)
    total = np.where(total > 0, total, np.nan)
    square = np.zeros(persons)
    for values in (x, y):
        shifted = values - _first_of(person, values, persons)[person]
        mean = np.bincount(person, weights=weight * shifted, minlength=persons) / total
        apart = shifted - mean[person]
        square += np.bincount(person, weights=weight * apart * apart, minlength=persons)
    return np.sqrt(square / total)


def _first_of(person: Integers, values: Floats, persons: int) -> Floats:
    """Give the first value of each person, so that the sums stay small."""
    first = np.zeros(persons)
    first[person[::-1]] = values[::-1]
    return first
