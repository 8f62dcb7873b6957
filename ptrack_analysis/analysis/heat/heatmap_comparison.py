"""Comparison of two heatmaps: the difference per cell, and a permutation test of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from ptrack_analysis.analysis.heat.grid import (
    Bounds,
    build_cell_columns,
    find_bounds,
    find_cells,
    find_counted_rows,
    resolve_grid,
)
from ptrack_analysis.analysis.motion.walks import split_walks
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import HEAT_DIFFERENCE, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Video, milliseconds

MAX_PERMUTATIONS = 1_000_000
_CHUNK = 2_000_000
"""Numbers per pass over permutations."""
_TIE = 1e-9
"""Relative difference below which two statistics are equal up to the rounding of their sums."""
_NOISE = 1e-12
_HOUR = 3_600_000.0


@dataclass(frozen=True, slots=True, eq=False)
class HeatmapComparison:
    """Two rates per cell, their difference, and its p-value.

    ``first`` and ``second`` are (rows, columns) rates in ``value_unit`` (``s/person`` or ``s/h``), row 0 at
    the top of the image. ``z`` is their difference divided by its standard deviation under random assignment
    of the people. ``p`` is the probability of a difference this large in any cell, so it is corrected for the
    number of cells. ``bounds`` is x0, y0, x1, y1 of the grid in ``unit``.
    """

    first: Floats
    second: Floats
    z: Floats
    p: Floats
    bounds: Bounds
    unit: str
    value_unit: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.p.shape
        return rows, columns

    @property
    def difference(self) -> Floats:
        """``first`` minus ``second``."""
        difference: Floats = self.first - self.second
        return difference

    def mask(self, level: float = 0.05) -> Bools:
        """Return the cells with a significant difference: ``p`` is at most ``level``.

        If the two sets do not differ, the probability of any marked cell is at most ``level``.

        Raises
        ------
        ParameterError
            If ``level`` is not between 0 and 1.
        """
        if not (isinstance(level, int | float | np.floating) and 0 < level < 1):
            raise ParameterError(f"level must be between 0 and 1, got {level!r}")
        mask: Bools = self.p <= level
        return mask

    def to_frame(self) -> pd.DataFrame:
        """Return the long table HEAT_DIFFERENCE, one row per cell with the center of the cell."""
        columns = build_cell_columns(self.shape, self.bounds)
        numbers = {name: getattr(self, name) for name in ("first", "second", "difference", "z", "p")}
        columns |= {name: values.ravel() for name, values in numbers.items()}
        columns["measured_in"] = [self.value_unit] * self.p.size
        return assemble(HEAT_DIFFERENCE, columns, unit=self.unit)


def compare_heatmaps(
    first: pd.DataFrame,
    second: pd.DataFrame,
    video: Video,
    *,
    durations: tuple[pd.Timedelta | str, pd.Timedelta | str] | None = None,
    permutations: int = 1000,
    seed: int = 0,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    bounds: Bounds | None = None,
    zone: Zone | None = None,
) -> HeatmapComparison:
    """Compare the time that two sets of people spent in each cell, and test the difference.

    Without ``durations``, the seconds per person are compared: the mean over all people of a set, including
    those who never came to the cell. The people are then assigned at random to two sets of the same sizes.
    With ``durations``, the seconds per hour of two periods are compared, so more people make more seconds.
    Each person is then assigned to the first period with a probability equal to its share of both durations.

    The difference in each cell is divided by its standard deviation over all assignments (``z``). For each of
    ``permutations`` random assignments, the largest absolute z of all cells is noted. ``p`` is the share of
    assignments whose largest z reaches that of the cell, including the given assignment. A cell in which all
    people spent the same time has z 0. If a set has no people, its seconds per person are NaN, and so are
    ``z`` and ``p``; an empty period has a rate of 0.

    Parameters
    ----------
    first, second
        TRAJECTORIES in one unit: of two periods of one video, of two videos of one camera, or of two sets of
        people. Rows in any order.
    video
        The video, for its frame size.
    durations
        The times that were watched in the two periods, to compare seconds per hour; by default, seconds per
        person [ms].
    permutations
        Number of random assignments, from 1 to ``MAX_PERMUTATIONS``.
    seed
        Seed of the random assignments: the same seed gives the same result.
    shape, cell, bounds, zone
        As in ``compute_heatmap``; by default the bounds include the positions of both.

    Returns
    -------
    HeatmapComparison
        On the grid.

    Raises
    ------
    SchemaError
        If a table is not a TRAJECTORIES table, or the tables or the zone are in different units.
    ParameterError
        If a duration is not above 0, the permutations or the seed are not whole numbers in range, or the
        grid is invalid, as in ``compute_heatmap``.

    Notes
    -----
    People are exchanged, not seconds, because the seconds of one person are not independent. ``p`` is at
    least 1 / (permutations + 1). Its correction for all cells in one step is conservative. People who come
    together are not independent, and a person in both periods counts twice: both make ``p`` too small. The
    statistic is standardized, so cells with much time have no advantage. A difference per person says nothing
    about how many people came. O(n log n + permutations · cells visited per person).

    References
    ----------
    P. H. Westfall, S. S. Young, Resampling-Based Multiple Testing, 1993: the largest statistic of all tests.
    T. E. Nichols, A. P. Holmes, Nonparametric permutation tests for functional neuroimaging, Human Brain
    Mapping 15, 2002, doi:10.1002/hbm.1058: on maps. B. Phipson, G. K. Smyth, Permutation p-values should
    never be zero, Stat. Appl. Genet. Mol. Biol. 9, 2010, doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> nobody, video = empty_table(TRAJECTORIES, unit="px"), Video(width=640, height=360)
    >>> compare_heatmaps(nobody, nobody, video, durations=("1h", "2h"), shape=(1, 2)).p.tolist()
    [[1.0, 1.0]]
    """
    validate(first, TRAJECTORIES)
    validate(second, TRAJECTORIES)
    unit = find_unit(first, TRAJECTORIES)
    if find_unit(second, TRAJECTORIES) != unit:
        raise SchemaError(
            f"first and second must be in one unit, got {unit} and {find_unit(second, TRAJECTORIES)}"
        )
    _validate_whole("permutations", permutations, 1, MAX_PERMUTATIONS)
    _validate_whole("seed", seed, 0, 2**63 - 1)
    x, y = (
        np.concatenate([table[f"{axis}_{unit}"].to_numpy() for table in (first, second)]) for axis in "xy"
    )
    shape, bounds = resolve_grid(shape, cell, find_bounds(x, y, unit, video) if bounds is None else bounds)
    held = [_sum_by_person(table, unit, bounds, shape, zone) for table in (first, second)]
    sizes = held[0].shape[0], held[1].shape[0]
    design = _Design(sizes, _read_durations(durations))
    rates = [
        np.asarray(each.sum(axis=0)).ravel() / 1000.0 * rate
        for each, rate in zip(held, design.rates, strict=True)
    ]
    z, p = _test(sparse.vstack(held, format="csc"), design, permutations, seed)
    cells = dict(zip(("first", "second", "z", "p"), (*rates, z, p), strict=True))
    grids = {name: values.reshape(shape) for name, values in cells.items()}
    return HeatmapComparison(**grids, bounds=bounds, unit=unit, value_unit=design.value_unit)


@dataclass(frozen=True, slots=True)
class _Design:
    """Number of people of the two sets, and the time watched [ms]; None to compare seconds per person."""

    sizes: tuple[int, int]
    watched: tuple[int, int] | None

    @property
    def is_comparable(self) -> bool:
        """Whether a test is possible: seconds per person need people in both sets."""
        return self.watched is not None or min(self.sizes) > 0

    @property
    def value_unit(self) -> str:
        """Unit of the rates."""
        return "s/person" if self.watched is None else "s/h"

    @property
    def rates(self) -> tuple[float, float]:
        """Factors from sums of seconds to rates; NaN without people."""
        if self.watched is None:
            first, second = (1.0 / size if size else np.nan for size in self.sizes)
        else:
            first, second = (_HOUR / watched for watched in self.watched)
        return first, second


def _sum_by_person(
    trajectories: pd.DataFrame, unit: str, bounds: Bounds, shape: tuple[int, int], zone: Zone | None
) -> sparse.csr_array:
    """Sum ``time_present`` per person and cell: (people, cells) [ms], exact; every person has a row."""
    walks = split_walks(trajectories, unit)
    rows, held = find_counted_rows(walks, unit, zone)
    cell = find_cells(walks.x[rows], walks.y[rows], bounds=bounds, shape=shape)
    cells = shape[0] * shape[1]
    counts = (cell < cells) & (held > 0)
    person = walks.rows.person[rows]
    people = int(walks.rows.first.sum())
    return sparse.coo_array(
        (held[counts].astype("float64"), (person[counts], cell[counts])), shape=(people, cells)
    ).tocsr()


def _test(held: sparse.csc_array, design: _Design, permutations: int, seed: int) -> tuple[Floats, Floats]:
    """Compute z and p of each cell; ``time_present`` is (people, cells), the first set before the second."""
    z, p = np.zeros(held.shape[1]), np.ones(held.shape[1])
    if not design.is_comparable:
        return np.full_like(z, np.nan), np.full_like(p, np.nan)
    visited = np.flatnonzero(np.diff(held.indptr))
    by_cell = sparse.csr_array(held[:, visited].T)
    given = np.zeros((sum(design.sizes), 1))
    given[: design.sizes[0]] = 1.0
    z[visited] = _standardize(by_cell, given, design)[:, 0]
    passes = _draw_assignments(design, permutations, seed, chunk=max(1, _CHUNK // max(held.shape)))
    largest = np.sort(
        np.concatenate(
            [np.abs(_standardize(by_cell, drawn, design)).max(axis=0, initial=0.0) for drawn in passes]
        )
    )
    reached = permutations - np.searchsorted(largest, np.abs(z) * (1 - _TIE), side="left")
    p[:] = (1 + reached) / (1 + permutations)
    return z, p


def _draw_assignments(design: _Design, permutations: int, seed: int, *, chunk: int) -> Iterator[Floats]:
    """Draw random assignments, (people, up to ``chunk``) at a time: 1 for the first set, 0 for the second.

    For seconds per person the sizes of the sets stay. For seconds per hour each person is assigned to the
    first period with the share that its duration has of both.
    """
    generator = np.random.default_rng(seed)
    people = sum(design.sizes)
    given = np.repeat([1.0, 0.0], design.sizes)
    for start in range(0, permutations, chunk):
        count = min(chunk, permutations - start)
        if design.watched is None:
            yield np.ascontiguousarray(generator.permuted(np.tile(given, (count, 1)), axis=1).T)
        else:
            share = design.watched[0] / sum(design.watched)
            yield np.ascontiguousarray((generator.random((count, people)) < share).astype("float64").T)


def _standardize(held: sparse.csr_array, assigned: Floats, design: _Design) -> Floats:
    """Compute the z of the difference in each cell, for each assignment.

    The difference is linear in the assignment. Its mean over all assignments is 0, and its standard deviation
    is that of drawing without replacement (per person) or of independent draws (per hour).

    Parameters
    ----------
    held
        (cells, people) time [ms].
    assigned
        (people, k), 1 for the first set.
    design
        The sizes and the durations.

    Returns
    -------
    numpy.ndarray
        (cells, k) z; 0 where the time does not vary.

    References
    ----------
    The variance per person is that of the two-sample permutation test, E. J. G. Pitman, Significance tests
    which may be applied to samples from any populations, 1937, doi:10.2307/2984124.
    """
    total = np.asarray(held.sum(axis=1)).ravel()
    squares = np.asarray((held * held).sum(axis=1)).ravel()
    people = sum(design.sizes)
    first, second = design.sizes if design.watched is None else design.watched
    if design.watched is None:
        spread = squares - total * total / max(people, 1)
        variance = spread / max(people - 1, 1) * (1.0 / first + 1.0 / second)
    else:
        spread = squares
        variance = squares / (float(first) * second)
    varies = spread > _NOISE * squares
    scale = np.where(varies, 1.0 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
    sums: Floats = held @ assigned
    sums *= (1.0 / first + 1.0 / second) * scale[:, None]
    sums -= (total / second * scale)[:, None]
    return sums


def _read_durations(durations: object) -> tuple[int, int] | None:
    """Read the durations of the two periods [ms]."""
    if durations is None:
        return None
    if not isinstance(durations, tuple | list) or len(durations) != 2:  # noqa: PLR2004 - a pair
        raise ParameterError(f"durations must be a pair such as ('1h', '30min'), got {durations!r}")
    first, second = (milliseconds(duration, "durations") for duration in durations)
    if not first or not second:
        raise ParameterError(f"durations must both be longer than 0, got {durations!r}")
    return first, second


def _validate_whole(name: str, value: object, minimum: int, maximum: int) -> None:
    """Check that a number is whole and in range."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not (is_whole and minimum <= value <= maximum):  # type: ignore[operator]
        raise ParameterError(f"{name} must be a whole number from {minimum} to {maximum}, got {value!r}")
