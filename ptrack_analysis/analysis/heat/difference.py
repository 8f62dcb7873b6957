"""How the heatmaps of two periods, or of two sets of persons, differ; and where by more than chance."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from ptrack_analysis.analysis.heat.cells import Extent, cell_columns, extent_around, grid_of
from ptrack_analysis.analysis.heat.labels import Design, labellings, statistics
from ptrack_analysis.analysis.heat.persons import held_by_person
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.schema import HEAT_DIFFERENCE, TRAJECTORIES, assemble, check, unit_of
from ptrack_analysis.video import Video, milliseconds
from ptrack_analysis.zones import Zone

MOST_PERMUTATIONS = 1_000_000
_CHUNK = 2_000_000
"""Numbers a pass over permutations."""
_TIE = 1e-9
"""Relative difference below which two statistics are the same: rounding of equal sums."""


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """Two rates a cell, and their difference beside chance.

    ``first`` and ``second`` are (rows, columns) rates in ``measured_in`` (``s/person`` or ``s/h``), row 0 at
    the top of the picture; ``z`` is their difference by its standard deviation under random assignment of
    the persons, ``p`` the chance of one as large anywhere, corrected for all cells; ``extent`` is x0, y0, x1,
    y1 of the grid in ``unit``.
    """

    first: Floats
    second: Floats
    z: Floats
    p: Floats
    extent: Extent
    unit: str
    measured_in: str

    @property
    def difference(self) -> Floats:
        """``first`` minus ``second``."""
        difference: Floats = self.first - self.second
        return difference

    def mask(self, level: float = 0.05) -> Bools:
        """Tell in which cells the difference is more than chance: ``p`` is at most ``level``.

        If the two sets do not differ at all, the chance that any cell is marked is at most ``level``.

        Raises
        ------
        ParameterError
            If ``level`` is not between 0 and 1.
        """
        if not (isinstance(level, int | float | np.floating) and 0 < level < 1):
            raise ParameterError(f"level is {level!r}, not a share between 0 and 1")
        mask: Bools = self.p <= level
        return mask

    def to_frame(self) -> pd.DataFrame:
        """Give the long table, HEAT_DIFFERENCE: one row a cell, with the middle of the cell."""
        arrays = cell_columns((self.p.shape[0], self.p.shape[1]), self.extent)
        numbers = {name: getattr(self, name) for name in ("first", "second", "difference", "z", "p")}
        arrays |= {name: values.ravel() for name, values in numbers.items()}
        return assemble(
            HEAT_DIFFERENCE, arrays | {"measured_in": [self.measured_in] * self.p.size}, unit=self.unit
        )


def compute_difference(
    first: pd.DataFrame,
    second: pd.DataFrame,
    video: Video,
    *,
    durations: tuple[pd.Timedelta | str, pd.Timedelta | str] | None = None,
    permutations: int = 1000,
    seed: int = 0,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    extent: Extent | None = None,
    zone: Zone | None = None,
) -> Difference:
    """Compare the time spent in each cell by two sets of persons, and tell where it differs beyond chance.

    Without ``durations`` the seconds in a cell by person are compared: the mean over all persons of a set,
    those who never came to the cell included. Chance is then any other assignment of the persons to two sets
    of these sizes. With ``durations``, the lengths of two periods, the seconds in a cell by hour are
    compared, so that more persons make more of them; chance is then that each person falls into the first
    period with the chance that its share of the time is. The persons are assigned anew ``permutations``
    times. In each cell the difference is divided by the standard deviation that it has over all assignments
    (``z``); the largest z of all cells, whatever its sign, is noted for each of the random ones; ``p`` is the
    share of these, the given assignment counted in, that reach the cell's. A cell in which all persons spent
    the same has z 0. Without persons in one of the sets, what is by person is NaN, and ``z`` and ``p`` too;
    an empty period is a rate of 0.

    Parameters
    ----------
    first, second
        TRAJECTORIES in one plane: of two periods of one video, of two videos of one camera, or of two sets
        of persons. Rows in any order.
    video
        The video, for its frame size.
    durations
        The times that were watched of the two, to compare what is by hour [ms]; by default, by person.
    permutations
        Number of random assignments, 1 to ``MOST_PERMUTATIONS``.
    seed
        Seed of the random assignments: the same seed gives the same result.
    shape, cell, extent, zone
        As in ``compute_heatmap``; by default the extent goes around the positions of both.

    Returns
    -------
    Difference
        Of the grid.

    Raises
    ------
    SchemaError
        If one is not a TRAJECTORIES table, the two are in different planes, or the zone is in another.
    ParameterError
        If a duration is not above 0, the permutations or the seed are not whole numbers in range, or the
        grid is refused as by ``compute_heatmap``.

    Notes
    -----
    The unit of chance is the person, not the second: the seconds of one person are not independent. ``p`` is
    at least 1 / (permutations + 1). Corrected for all cells in one step, it errs towards marking too few.
    Persons who come together are not independent either, and who is in both periods counts as two: both err
    towards marking too many. Heavy cells are not privileged, as the statistic is standardised. By person, a
    difference says nothing about how many came. O(n log n + permutations · cells visited, by person).

    References
    ----------
    P. H. Westfall, S. S. Young, Resampling-Based Multiple Testing, 1993: the largest statistic of all tests.
    T. E. Nichols, A. P. Holmes, Nonparametric permutation tests for functional neuroimaging, Human Brain
    Mapping 15, 2002, doi:10.1002/hbm.1058: on maps. B. Phipson, G. K. Smyth, Permutation p-values should
    never be zero, Stat. Appl. Genet. Mol. Biol. 9, 2010, doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> from ptrack_analysis import empty
    >>> nobody, video = empty(TRAJECTORIES, unit="px"), Video(width=640, height=360)
    >>> compute_difference(nobody, nobody, video, durations=("1h", "2h"), shape=(1, 2)).p.tolist()
    [[1.0, 1.0]]
    """
    check(first, TRAJECTORIES)
    check(second, TRAJECTORIES)
    unit = unit_of(first, TRAJECTORIES)
    if unit_of(second, TRAJECTORIES) != unit:
        raise SchemaError(f"the first are in {unit}, the second in {unit_of(second, TRAJECTORIES)}")
    _refuse_numbers(permutations, seed)
    x, y = (
        np.concatenate([table[f"{axis}_{unit}"].to_numpy() for table in (first, second)]) for axis in "xy"
    )
    shape, extent = grid_of(shape, cell, extent_around(x, y, unit, video) if extent is None else extent)
    held = [held_by_person(table, unit, extent, shape, zone) for table in (first, second)]
    sizes = held[0].shape[0], held[1].shape[0]
    design = Design(sizes, _watched(durations))
    rates = [
        np.asarray(each.sum(axis=0)).ravel() / 1000.0 * rate
        for each, rate in zip(held, design.rates, strict=True)
    ]
    z, p = _tested(sparse.vstack(held, format="csc"), design, permutations, seed)
    cells = dict(zip(("first", "second", "z", "p"), (*rates, z, p), strict=True))
    grids = {name: values.reshape(shape) for name, values in cells.items()}
    return Difference(**grids, extent=extent, unit=unit, measured_in=design.measured_in)


def _tested(held: sparse.csc_array, design: Design, permutations: int, seed: int) -> tuple[Floats, Floats]:
    """Give z and p of each cell; ``held`` is (persons, cells), those of the first set before the second's."""
    z, p = np.zeros(held.shape[1]), np.ones(held.shape[1])
    if not design.comparable:
        return np.full_like(z, np.nan), np.full_like(p, np.nan)
    visited = np.flatnonzero(np.diff(held.indptr))
    by_cell = sparse.csr_array(held[:, visited].T)
    given = np.zeros((sum(design.sizes), 1))
    given[: design.sizes[0]] = 1.0
    z[visited] = statistics(by_cell, given, design)[:, 0]
    passes = labellings(design, permutations, seed, chunk=max(1, _CHUNK // max(held.shape)))
    largest = np.sort(np.concatenate(list(_largest(by_cell, passes, design))))
    reached = permutations - np.searchsorted(largest, np.abs(z) * (1 - _TIE), side="left")
    p[:] = (1 + reached) / (1 + permutations)
    return z, p


def _largest(by_cell: sparse.csr_array, passes: Iterator[Floats], design: Design) -> Iterator[Floats]:
    """Give the largest z of all cells without its sign, pass after pass of assignments."""
    for labels in passes:
        yield np.abs(statistics(by_cell, labels, design)).max(axis=0, initial=0.0)


def _watched(durations: object) -> tuple[int, int] | None:
    """Read the lengths of the two periods [ms]."""
    if durations is None:
        return None
    if not isinstance(durations, tuple | list) or len(durations) != 2:  # noqa: PLR2004 - a pair
        raise ParameterError(f"durations is {durations!r}, not two lengths of time")
    first, second = (milliseconds(duration, "durations") for duration in durations)
    if not first or not second:
        raise ParameterError(f"durations is {durations!r}: both must be longer than 0")
    return first, second


def _refuse_numbers(permutations: object, seed: object) -> None:
    for name, value, least, most in (
        ("permutations", permutations, 1, MOST_PERMUTATIONS),
        ("seed", seed, 0, 2**63 - 1),
    ):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not (whole and least <= value <= most):  # type: ignore[operator]
            raise ParameterError(f"{name} is {value!r}, not a whole number from {least} to {most}")
