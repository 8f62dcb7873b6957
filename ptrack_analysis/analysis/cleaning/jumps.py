"""Detection and repair of jumps: positions that imply an impossible speed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.cleaning.smoothing import (
    BOX,
    INTERPOLATED,
    NO,
    Positions,
    split_positions,
    with_positions,
)
from ptrack_analysis.analysis.frame_edges import spread_to_interpolated
from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.presence import MAX_GAP
from ptrack_analysis.analysis.trajectories import SPEED_WINDOW
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds, milliseconds

Walk = tuple[Milliseconds, Floats, Floats]
"""Moments [ms] and positions, x and y."""


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """Stretches of rows within which one can walk: first and last row, how many rows, of which run."""

    first: Integers
    last: Integers
    size: Integers
    run: Integers


def away(time: Milliseconds, run: Integers, x: Floats, y: Floats, *, max_speed: float) -> Bools:
    """Mark the rows of sections that a person jumped to and jumped back from.

    All rows have positions and are in the order of run and time. A run is cut into sections wherever the
    step needs more than ``max_speed``. A section is away if the step past it, from the last row of the
    section before to the first row of the one after, needs at most ``max_speed``, and if it has no more rows
    than either of these two. Of neighboring sections that are all away (they are of equal size then) every
    other from the first is taken. What it parted is one section then, and the same is asked again until
    nothing is away.

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    begins = np.ones(len(time), dtype=bool)
    here = np.arange(1, len(time))
    begins[1:] = (run[1:] != run[:-1]) | _too_far((time, x, y), here - 1, here, max_speed)
    first = np.flatnonzero(begins)
    size = np.diff(first, append=len(time))
    sections = Sections(first, first + size - 1, size, run[first])
    removed = np.zeros(len(time) + 1, dtype="int64")
    while (taken := _taken(sections, (time, x, y), max_speed)).any():
        np.add.at(removed, sections.first[taken], 1)
        np.add.at(removed, sections.last[taken] + 1, -1)
        sections = _joined(sections, taken)
    return np.cumsum(removed[:-1]) > 0


def _taken(sections: Sections, walk: Walk, max_speed: float) -> Bools:
    """Mark the sections that are away, no two neighbors."""
    taken = np.zeros(len(sections.first), dtype=bool)
    if len(taken) < 3:  # noqa: PLR2004 - one between two
        return taken
    middle = np.arange(1, len(taken) - 1)
    run, size = sections.run, sections.size
    taken[middle] = (
        (run[middle - 1] == run[middle + 1])
        & (size[middle] <= np.minimum(size[middle - 1], size[middle + 1]))
        & ~_too_far(walk, sections.last[middle - 1], sections.first[middle + 1], max_speed)
    )
    # neighbors that are both away have equal sizes: neither has more rows than the other
    chain = taken & ~np.concatenate([[False], taken[:-1]])
    place = np.arange(len(taken)) - np.maximum.accumulate(np.where(chain, np.arange(len(taken)), 0))
    alternate: Bools = taken & (place % 2 == 0)
    return alternate


def _joined(sections: Sections, taken: Bools) -> Sections:
    """Leave the taken sections out, and make one of the two that each of them parted."""
    kept = np.flatnonzero(~taken)
    begins = ~taken[kept - 1]
    begins[0] = True
    group = np.flatnonzero(begins)
    end = np.append(group[1:], len(kept)) - 1
    size = np.add.reduceat(sections.size[kept], group)
    return Sections(sections.first[kept[group]], sections.last[kept[end]], size, sections.run[kept[group]])


def _too_far(walk: Walk, before: Integers, after: Integers, max_speed: float) -> Bools:
    """Return whether the way between two rows needs more than the largest speed."""
    time, x, y = walk
    way = np.sqrt((x[after] - x[before]) ** 2 + (y[after] - y[before]) ** 2)
    far: Bools = way * 1000.0 > max_speed * (time[after] - time[before])
    return far


def flag_jumps(trajectories: pd.DataFrame, *, max_speed: float) -> pd.DataFrame:
    r"""Flag the positions that a person cannot have walked to and back from.

    ::

        1 2 3                9 10 11      before and after: the step 3 - 9 can be walked
              \            /
           too fast    too fast
                \        /
                 4 ... 8                  the jump

    The positions measured in a run (``position_status`` is ``box``) are cut into sections wherever the step
    to the next needs more than ``max_speed``. A section is a jump if the step past it, from the section
    before to the one after, needs at most ``max_speed``, and if it has no more detections than either of the
    two; what it parted is one section then, and the same is asked again until nothing is found. Of
    neighboring sections that could both be the jump, equal in size, the first, third, ... are. A position
    interpolated next to a jump is made from it, and is flagged too. Only flags are set; nothing else changes.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    max_speed
        The largest speed at which people move there, above 0: say 3 in a shop [plane units per second].

    Returns
    -------
    pandas.DataFrame
        TRAJECTORIES with the flag ``jump``, in the order of person and time. An earlier flag is replaced.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``max_speed`` is not a finite number above 0.

    Notes
    -----
    Errs towards too few flags. The first and the last section of a run are never flagged: there is one step
    only, and which side of it is wrong cannot be told. Nor is a jump away that is longer than the stay
    before or after it, nor one to a place where the person could walk to within a step. Sections that the
    person truly walked between two that are wrong are kept only as long as they have more detections. A
    position of ``max_speed`` exactly can be walked to. O(n log n) and one pass more a level of nesting.

    References
    ----------
    Filters by the speed that a step needs are those of animal tracking: D. C. Douglas et al., "Moderating
    Argos location errors in animal tracking data", Methods in Ecology and Evolution 3 (2012),
    doi:10.1111/j.2041-210X.2012.00245.x.

    Examples
    --------
    >>> from ptrack_analysis import compute_trajectories
    >>> from ptrack_analysis.schema import POINTS, assemble
    >>> points = assemble(
    ...     POINTS,
    ...     {"person_index": np.full(4, 1), "timestamp": np.array([0, 500, 1000, 1500]),
    ...      "x_{u}": np.array([0.0, 0.5, 9.0, 1.5]), "y_{u}": np.zeros(4)},
    ...     unit="m",
    ... )
    >>> flag_jumps(compute_trajectories(points), max_speed=3.0)["jump"].tolist()
    [False, False, True, False]
    """
    positions = split_positions(trajectories)
    if not (isinstance(max_speed, int | float | np.number) and 0 < max_speed < np.inf):
        raise ParameterError(f"max_speed is {max_speed!r}, not a speed above 0 [{positions.unit} per second]")
    measured = np.flatnonzero((positions.located == BOX) & ~np.isnan(positions.x))
    jump = np.zeros(len(positions.x), dtype=bool)
    jump[measured] = away(
        positions.rows.time[measured],
        positions.run[measured],
        positions.x[measured],
        positions.y[measured],
        max_speed=float(max_speed),
    )
    _spread(jump, positions, measured)
    return trajectories.take(positions.rows.order).assign(jump=jump)


def repair_jumps(
    trajectories: pd.DataFrame,
    *,
    max_interpolation: pd.Timedelta | str = MAX_GAP,
    speed_window: pd.Timedelta | str = SPEED_WINDOW,
) -> pd.DataFrame:
    """Replace the flagged positions by interpolation between the others of the run.

    A flagged position is interpolated linearly in time between the unflagged positions before and after it
    in the same run, if these are at most ``max_interpolation`` apart, and is ``position_status`` by
    ``interpolated`` then; otherwise it is given up, and ``position_status`` is ``no``. The flag stays.
    ``time_present`` and ``tracklet`` are untouched; steps, speeds and headings are measured anew. An empty
    table gives an empty one.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video with the flag ``jump`` (``flag_jumps``), rows in any order.
    max_interpolation
        The longest time between two positions to interpolate between [ms].
    speed_window
        Length of the window for speed and heading, as in ``compute_trajectories`` [ms].

    Returns
    -------
    pandas.DataFrame
        TRAJECTORIES, sorted by person and time.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or has no column ``jump``.
    ParameterError
        If a length of time is none, or ``speed_window`` is below 2 ms.

    Notes
    -----
    O(n log n). Nobody's time in the scene changes; a position given up moves its time from a zone to
    *unlocated*.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> from ptrack_analysis.schema import TRAJECTORIES
    >>> len(repair_jumps(flag_jumps(empty_table(TRAJECTORIES, unit="m"), max_speed=3.0)))
    0
    """
    old = split_positions(trajectories)
    if "jump" not in trajectories.columns:
        raise SchemaError(
            "not a trajectories table with jumps: column 'jump' is missing; flag_jumps makes it"
        )
    jump = trajectories["jump"].to_numpy()[old.rows.order]
    longest = milliseconds(max_interpolation, "max_interpolation")
    x, y = np.where(jump, np.nan, old.x), np.where(jump, np.nan, old.y)
    filled = kernels.fill_between(old.rows.time, old.run, x, y, jump, longest=longest)
    located = np.where(jump, np.where(filled, INTERPOLATED, NO), old.located).astype("int8")
    flags: dict[str, Bools] = {}
    for name, combine in (("box_truncated", np.logical_or), ("outside_image", np.logical_and)):
        if name in trajectories.columns:
            flag = trajectories[name].to_numpy()[old.rows.order]
            flags[name] = spread_to_interpolated(flag & ~jump, located, old.run, combine)
    return with_positions(trajectories, old, (x, y, located), speed_window=speed_window, **flags)


def _spread(jump: Bools, positions: Positions, measured: Integers) -> None:
    """Flag the positions that were interpolated from a flagged one before or after them in the run."""
    made = np.flatnonzero((positions.located == INTERPOLATED) & ~np.isnan(positions.x))
    if not len(made) or not len(measured):
        return
    after = np.searchsorted(measured, made)
    for neighbor in (np.maximum(after - 1, 0), np.minimum(after, len(measured) - 1)):
        row = measured[neighbor]
        jump[made] |= jump[row] & (positions.run[row] == positions.run[made])
