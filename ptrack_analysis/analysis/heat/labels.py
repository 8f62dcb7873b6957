"""Kernels of the permutation test: random assignments of persons to two sets; NumPy and sparse products."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ptrack_analysis.geometry import Floats

_NOISE = 1e-12
_HOUR = 3_600_000.0


@dataclass(frozen=True, slots=True)
class Design:
    """How many persons the two sets have, and how long was watched [ms]; None: what counts is by person."""

    sizes: tuple[int, int]
    watched: tuple[int, int] | None

    @property
    def comparable(self) -> bool:
        """Whether the two can be compared: by person, both need persons."""
        return self.watched is not None or min(self.sizes) > 0

    @property
    def measured_in(self) -> str:
        """Unit of the rates."""
        return "s/person" if self.watched is None else "s/h"

    @property
    def rates(self) -> tuple[float, float]:
        """What a sum of seconds is multiplied by; NaN without persons."""
        if self.watched is None:
            first, second = (1.0 / size if size else np.nan for size in self.sizes)
        else:
            first, second = (_HOUR / watched for watched in self.watched)
        return first, second


def labellings(design: Design, permutations: int, seed: int, *, chunk: int) -> Iterator[Floats]:
    """Give random assignments, (persons, up to ``chunk``) at a time: 1 for the first set, 0 for the second.

    By person the sizes of the sets stay; by hour each person falls into the first with the share that its
    duration has of both.
    """
    chance = np.random.default_rng(seed)
    persons = sum(design.sizes)
    given = np.repeat([1.0, 0.0], design.sizes)
    for start in range(0, permutations, chunk):
        count = min(chunk, permutations - start)
        if design.watched is None:
            yield np.ascontiguousarray(chance.permuted(np.tile(given, (count, 1)), axis=1).T)
        else:
            share = design.watched[0] / sum(design.watched)
            yield np.ascontiguousarray((chance.random((count, persons)) < share).astype("float64").T)


def statistics(held: sparse.csr_array, labels: Floats, design: Design) -> Floats:
    """Standardise the difference of the two rates in each cell, for each assignment.

    The difference is linear in the labels, so its mean over all assignments is 0 and its standard deviation
    the same for each: that of drawing without replacement by person, and of independent draws by hour.

    Parameters
    ----------
    held
        (cells, persons) time [ms].
    labels
        (persons, k), 1 for the first set.
    design
        The sizes and the durations.

    Returns
    -------
    numpy.ndarray
        (cells, k) z; 0 where the time does not vary.

    References
    ----------
    The variance by person is that of the two-sample permutation test, E. J. G. Pitman, Significance tests
    which may be applied to samples from any populations, 1937, doi:10.2307/2984124.
    """
    total = np.asarray(held.sum(axis=1)).ravel()
    squares = np.asarray((held * held).sum(axis=1)).ravel()
    persons = sum(design.sizes)
    first, second = design.sizes if design.watched is None else design.watched
    if design.watched is None:
        spread = squares - total * total / max(persons, 1)
        variance = spread / max(persons - 1, 1) * (1.0 / first + 1.0 / second)
    else:
        spread = squares
        variance = squares / (float(first) * second)
    varies = spread > _NOISE * squares
    scale = np.where(varies, 1.0 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
    sums: Floats = held @ labels
    sums *= (1.0 / first + 1.0 / second) * scale[:, None]
    sums -= (total / second * scale)[:, None]
    return sums
