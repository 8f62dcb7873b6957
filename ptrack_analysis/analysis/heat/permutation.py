"""Permutation test of the difference between two sets of groups, for all cells at once."""

from collections.abc import Iterator
from math import comb

import numpy as np
from scipy import sparse

from ptrack_analysis.analysis.uncertainty.estimates import fewer_than
from ptrack_analysis.geometry import Floats

FEWEST_GROUPS = 7
"""Minimum number of groups (people, if no groups are given) for a p-value."""
_LEVEL = 0.05
"""p-values are not reported if they cannot be this small."""
_CHUNK = 2_000_000
"""Numbers per pass over permutations."""
_TIE = 1e-9
"""Relative difference below which two statistics are considered equal, because of rounding."""
_NOISE = 1e-12
_HOUR = 3_600_000.0


class Design:
    """Number of people and groups in the two sets, and the recorded time [ms]; None for s/person."""

    def __init__(
        self,
        people: tuple[int, int],
        members: sparse.csr_array,
        watched: tuple[int, int] | None,
        permutations: int,
    ) -> None:
        self.people, self.watched, self.permutations = people, watched, permutations
        self.sizes: Floats = np.diff(members.indptr).astype("float64")
        first = int((np.cumsum(self.sizes) <= people[0]).sum())
        self.groups = (first, len(self.sizes) - first)

    @property
    def is_comparable(self) -> bool:
        """Whether a difference exists: seconds per person need people in both sets."""
        return self.watched is not None or min(self.people) > 0

    @property
    def value_unit(self) -> str:
        """Unit of the rates."""
        return "s/person" if self.watched is None else "s/h"

    @property
    def rates(self) -> tuple[float, float]:
        """Factors from sums of seconds to rates; NaN without people."""
        if self.watched is None:
            first, second = (1.0 / size if size else np.nan for size in self.people)
        else:
            first, second = (_HOUR / watched for watched in self.watched)
        return first, second

    @property
    def smallest_p(self) -> float:
        """The smallest possible p."""
        total = sum(self.groups)
        if self.watched is None:
            equal = self.groups[0] == self.groups[1]
            attainable = (2 if equal else 1) / comb(total, self.groups[0])
        else:
            share = min(self.watched) / sum(self.watched)
            attainable = float(share**total) * (2 if self.watched[0] == self.watched[1] else 1)
        return max(attainable, 1 / (self.permutations + 1))

    def find_reason(self, what: str) -> str:
        """Return the reason why there is no p; empty if there is one."""
        if not self.is_comparable:
            return "a set has no people"
        if sum(self.groups) < FEWEST_GROUPS:
            return fewer_than(FEWEST_GROUPS, what)
        if self.smallest_p > _LEVEL:
            return f"p cannot be below {self.smallest_p:.2g}"
        return ""


def compare_cells(
    time: sparse.csc_array, design: Design, permutations: int, seed: int
) -> tuple[Floats, Floats]:
    """Compute z and p of each cell; ``time`` is (groups, cells), the first set before the second."""
    z, p = np.zeros(time.shape[1]), np.full(time.shape[1], np.nan)
    if not design.is_comparable:
        return np.full_like(z, np.nan), p
    visited = np.flatnonzero(np.diff(time.indptr))
    by_cell = sparse.csr_array(time[:, visited].T)
    given = np.repeat([1.0, 0.0], design.groups)[:, None]
    z[visited] = _standardize(by_cell, given, design)[:, 0]
    if design.find_reason(""):
        return z, p
    passes = _draw_assignments(design, permutations, seed, chunk=max(1, _CHUNK // max(time.shape)))
    largest = np.sort(
        np.concatenate(
            [np.abs(_standardize(by_cell, drawn, design)).max(axis=0, initial=0.0) for drawn in passes]
        )
    )
    reached = permutations - np.searchsorted(largest, np.abs(z) * (1 - _TIE), side="left")
    p[:] = (1 + reached) / (1 + permutations)
    return z, p


def _draw_assignments(design: Design, permutations: int, seed: int, *, chunk: int) -> Iterator[Floats]:
    """Draw random assignments, (groups, up to ``chunk``) at a time: 1 for the first set, 0 for the second.

    For seconds per person, the numbers of groups are fixed. For seconds per hour, each group is assigned to
    the first period with the probability first duration / sum of both durations.
    """
    generator = np.random.default_rng(seed)
    total = sum(design.groups)
    given = np.repeat([1.0, 0.0], design.groups)
    for start in range(0, permutations, chunk):
        count = min(chunk, permutations - start)
        if design.watched is None:
            yield np.ascontiguousarray(generator.permuted(np.tile(given, (count, 1)), axis=1).T)
        else:
            share = design.watched[0] / sum(design.watched)
            yield np.ascontiguousarray((generator.random((count, total)) < share).astype("float64").T)


def _standardize(time: sparse.csr_array, assigned: Floats, design: Design) -> Floats:
    """Compute the z of the difference in each cell, for each assignment.

    The deviation of a group is its time minus the average time of its number of people. The difference is the
    sum of the deviations in the first set, times 1/n + 1/m for sets of n and m people. Its mean over all
    assignments is 0. The scale is the standard deviation of drawing groups without replacement (per person)
    or independently (per hour), for the actual sizes of the two sets.

    Parameters
    ----------
    time
        (cells, groups) time [ms].
    assigned
        (groups, k), 1 for the first set.
    design
        The groups and the durations.

    Returns
    -------
    numpy.ndarray
        (cells, k) z; 0 where the time does not vary.

    References
    ----------
    The variance per person follows the two-sample permutation test, E. J. G. Pitman, Significance tests which
    may be applied to samples from any populations, 1937, doi:10.2307/2984124.
    """
    total = np.asarray(time.sum(axis=1)).ravel()
    squares = np.asarray((time * time).sum(axis=1)).ravel()
    sums: Floats = time @ assigned
    if design.watched is not None:
        first, second = design.watched
        factors: Floats = np.full(assigned.shape[1], 1.0 / first + 1.0 / second)
        spread, variance = squares, squares / (float(first) * second)
        sums -= (total * first / (first + second))[:, None]
    else:
        people = sum(design.people)
        mean = total / people
        spread = squares - 2 * mean * (time @ design.sizes) + mean**2 * float(design.sizes @ design.sizes)
        ours = design.sizes @ assigned
        factors = 1.0 / ours + 1.0 / (people - ours)
        one, other = design.groups
        drawn = one * other / ((one + other) * max(one + other - 1, 1))
        variance = spread * drawn * (1.0 / design.people[0] + 1.0 / design.people[1]) ** 2
        sums -= mean[:, None] * ours
    varies = spread > _NOISE * squares
    scale = np.where(varies, 1.0 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
    sums *= scale[:, None] * factors
    return sums
