"""Comparison of two heatmaps: the difference per cell, and a permutation test."""

import warnings
from dataclasses import dataclass
from typing import Literal

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
from ptrack_analysis.analysis.heat.permutation import Design, compare_cells
from ptrack_analysis.analysis.motion.walks import split_walks
from ptrack_analysis.analysis.uncertainty.estimates import find_units
from ptrack_analysis.errors import ParameterError, PtrackWarning, SchemaError
from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import HEAT_DIFFERENCE, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Duration, Video, milliseconds, validate_video

MAX_PERMUTATIONS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class HeatmapComparison:
    """Two rates per cell, their difference, and its p-value, returned by ``compare_heatmaps``.

    Attributes
    ----------
    first, second
        (rows, columns) rates in ``value_unit``, row 0 at the top of the image.
    z
        Difference divided by its standard deviation under random assignment of the groups.
    p
        Probability of a difference this large in any cell, therefore corrected for the number of cells.
    bounds
        x0, y0, x1, y1 of the grid in ``unit``.
    unit
        ``px`` or ``m``.
    value_unit
        ``s/person`` or ``s/h``.
    groups
        Number of groups that were assigned at random. A person without a group counts as one.
    grouping
        Source of the groups: ``"none"`` (each person is a group), ``"given"`` or ``"detected"``.
    split_groups
        Number of groups with members in both sets. Each of them counts as two.
    note
        Reason why ``p`` is NaN, otherwise empty.

    Examples
    --------
    Compare the first half of a video with the second:

    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> halves = pta.select(trajectories, end="90s"), pta.select(trajectories, start="90s")
    >>> comparison = pta.heat.compare_heatmaps(*halves, video, durations=("90s", "90s"), shape=(2, 3))
    >>> comparison.p.round(2)
    array([[0.75, 1.  , 1.  ],
           [0.99, 1.  , 1.  ]])
    >>> comparison.mask(level=0.05).any().item()
    False
    """

    first: Floats
    second: Floats
    z: Floats
    p: Floats
    bounds: Bounds
    unit: str
    value_unit: str
    groups: int = 0
    grouping: Literal["none", "given", "detected"] = "none"
    split_groups: int = 0
    note: str = ""

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

        Parameters
        ----------
        level
            Significance level, between 0 and 1.

        Returns
        -------
        numpy.ndarray
            (rows, columns) bool.

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
        """Return the long table HEAT_DIFFERENCE.

        Returns
        -------
        pandas.DataFrame
            One row per cell, with the center of the cell.
        """
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
    durations: tuple[Duration, Duration] | None = None,
    groups: pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame] | None = None,
    permutations: int = 1000,
    seed: int = 0,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    bounds: Bounds | None = None,
    zone: Zone | None = None,
) -> HeatmapComparison:
    """Compare the time that two sets of people spent in each cell, and test the difference.

    Without ``durations``, seconds per person are compared: the mean over all people of a set, including
    people who never entered the cell. The groups are then assigned at random to two sets with the same
    numbers of groups. With ``durations``, seconds per hour of two periods are compared, so more people make
    more seconds. Each group is then assigned to the first period with a probability equal to the share of its
    duration in the sum of both durations.

    People who come together are not independent, so complete ``groups`` are assigned. Without ``groups``,
    each person is a group. A group with members in both sets counts as two; ``split_groups`` is the number of
    these groups.

    ``z`` is the difference in each cell divided by its standard deviation over all assignments. For each of
    ``permutations`` random assignments, the maximum of the absolute z over all cells is computed. ``p`` is
    the share of assignments, including the given one, whose maximum is at least the z of the cell. It is NaN
    with fewer than seven groups, or if no assignment can have a ``p`` of 0.05 or less; ``note`` states this.
    If all groups spent the same time in a cell, its z is 0. If a set has no people, its seconds per person
    are NaN, and so are ``z`` and ``p``; an empty period has a rate of 0.

    Parameters
    ----------
    first, second
        TRAJECTORIES in the same unit: two periods of one video, two videos of one camera, or two sets of
        people. Rows in any order.
    video
        The video, for its frame size.
    durations
        The recorded times of the two periods, to compare seconds per hour; by default, seconds per
        person are compared.
    groups
        GROUPS of the people: one table for both sets, or a pair of tables for two videos. A person who is not
        in the table is a group of one. A table from ``detect_groups`` counts as detected.
    permutations
        Number of random assignments, from 1 to ``MAX_PERMUTATIONS``; with fewer than 19, ``p`` is NaN.
    seed
        Seed of the random assignments: the same seed gives the same result.
    shape, cell, bounds, zone
        As in ``compute_heatmap``; by default the bounds include the positions of both sets.

    Returns
    -------
    HeatmapComparison
        Rates, difference and p-value of each cell.

    Raises
    ------
    SchemaError
        If a table is not a TRAJECTORIES or GROUPS table, or the tables or the zone are in different units.
    ParameterError
        If a duration is not above 0, the permutations or the seed are not whole numbers in range, or the
        grid is invalid, as in ``compute_heatmap``.

    Warns
    -----
    PtrackWarning
        If the groups were detected: detection misses some groups, and then ``p`` is too small. With 70 % of
        the groups found, 12 to 17 % of comparisons without any difference have a ``p`` of 0.05 or less.

    Notes
    -----
    People are exchanged, not seconds, because the seconds of one person are not independent. ``p`` is at
    least 1 / (permutations + 1). Its correction for all cells in one step is conservative. A person in both
    periods counts twice, which makes ``p`` too small; unknown groups have the same effect. The statistic is
    standardized, so cells with much time have no advantage. For groups of unequal sizes, the standard
    deviation of seconds per person is a linear approximation, and ``p`` remains valid. A difference per
    person does not depend on the number of people. O(n log n + permutations · cells visited per person).

    References
    ----------
    P. H. Westfall, S. S. Young, Resampling-Based Multiple Testing, 1993: the largest statistic of all tests.
    T. E. Nichols, A. P. Holmes, Nonparametric permutation tests for functional neuroimaging, Human Brain
    Mapping 15, 2002, doi:10.1002/hbm.1058: on maps. B. Phipson, G. K. Smyth, Permutation p-values should
    never be zero, Stat. Appl. Genet. Mol. Biol. 9, 2010, doi:10.2202/1544-6115.1585.

    Examples
    --------
    Compare the first half of a video with the second:

    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> halves = pta.select(trajectories, end="90s"), pta.select(trajectories, start="90s")
    >>> comparison = pta.heat.compare_heatmaps(*halves, video, durations=("90s", "90s"), shape=(2, 3))
    >>> comparison.difference.round(0)
    array([[-1494.,   134.,  -635.],
           [ -173.,   -98.,   208.]])
    >>> comparison.value_unit, comparison.groups
    ('s/h', 16)
    """
    validate(first, TRAJECTORIES, "first")
    validate(second, TRAJECTORIES, "second")
    validate_video(video)
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
    time_present = [_sum_by_person(table, unit, bounds, shape, zone) for table in (first, second)]
    people = time_present[0].shape[0], time_present[1].shape[0]
    watched = _read_durations(durations)
    members, split = _assign_groups(first, second, groups)
    design = Design(people, members, watched, permutations)
    rates = [
        np.asarray(each.sum(axis=0)).ravel() / 1000.0 * rate
        for each, rate in zip(time_present, design.rates, strict=True)
    ]
    by_group = members @ sparse.vstack(time_present, format="csc")
    z, p = compare_cells(sparse.csc_array(by_group), design, permutations, seed)
    cells = dict(zip(("first", "second", "z", "p"), (*rates, z, p), strict=True))
    grids = {name: values.reshape(shape) for name, values in cells.items()}
    grouping = _find_grouping(groups)
    if grouping == "detected":
        warnings.warn(
            "The groups were detected, and detection misses some groups: p is too small if people came "
            "together. Pass groups that you observed.",
            PtrackWarning,
            stacklevel=2,
        )
    return HeatmapComparison(
        **grids,
        bounds=bounds,
        unit=unit,
        value_unit=design.value_unit,
        groups=sum(design.groups),
        grouping=grouping,
        split_groups=split,
        note=design.find_reason("people" if grouping == "none" else "groups"),
    )


def _find_grouping(groups: object) -> Literal["none", "given", "detected"]:
    tables = groups if isinstance(groups, tuple) else (groups,)
    if groups is None:
        return "none"
    return "detected" if any(table.attrs.get("detected") for table in tables) else "given"


def _assign_groups(
    first: pd.DataFrame, second: pd.DataFrame, groups: pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame] | None
) -> tuple[sparse.csr_array, int]:
    """Return the membership matrix (groups, people), and the number of groups with members in both sets.

    The groups of the first set come first.
    """
    people = [np.unique(table.index.get_level_values("person_index").to_numpy()) for table in (first, second)]
    if isinstance(groups, tuple):
        if len(groups) != 2:  # noqa: PLR2004 - a pair
            raise ParameterError(f"groups must be one table or a pair of tables, got {len(groups)} tables")
        units = [find_units(own, table) for own, table in zip(people, groups, strict=True)]
        split = 0
    else:
        both = find_units(np.concatenate(people), groups)
        units = [both[: len(people[0])], both[len(people[0]) :]]
        split = 0 if groups is None else len(set(units[0].tolist()) & set(units[1].tolist()))
    numbers = [np.unique(own, return_inverse=True)[1] for own in units]
    sizes = [int(number.max(initial=-1)) + 1 for number in numbers]
    group = np.concatenate([numbers[0], numbers[1] + sizes[0]])
    shape = (sum(sizes), len(group))
    members = sparse.coo_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=shape)
    return members.tocsr(), split


def _sum_by_person(
    trajectories: pd.DataFrame, unit: str, bounds: Bounds, shape: tuple[int, int], zone: Zone | None
) -> sparse.csr_array:
    """Sum ``time_present`` per person and cell: (people, cells) [ms], exact; every person has a row."""
    walks = split_walks(trajectories, unit)
    rows, time_present = find_counted_rows(walks, unit, zone)
    cell = find_cells(walks.x[rows], walks.y[rows], bounds=bounds, shape=shape)
    cells = shape[0] * shape[1]
    counts = (cell < cells) & (time_present > 0)
    person = walks.rows.person[rows]
    people = int(walks.rows.first.sum())
    return sparse.coo_array(
        (time_present[counts].astype("float64"), (person[counts], cell[counts])), shape=(people, cells)
    ).tocsr()


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
    """Check that a number is an integer in a range."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not (is_whole and minimum <= value <= maximum):  # type: ignore[operator]
        raise ParameterError(f"{name} must be a whole number from {minimum} to {maximum}, got {value!r}")
