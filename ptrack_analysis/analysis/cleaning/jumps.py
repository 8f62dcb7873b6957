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
from ptrack_analysis.video import Duration, Milliseconds, milliseconds

Walk = tuple[Milliseconds, Floats, Floats]
"""Times [ms] and coordinates x and y."""


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """Sections of rows at plausible speeds: first and last row, number of rows, and tracklet."""

    first: Integers
    last: Integers
    size: Integers
    run: Integers


def mark_jumps(time: Milliseconds, run: Integers, x: Floats, y: Floats, *, max_speed: float) -> Bools:
    """Mark the rows of sections that a person jumped to and jumped back from.

    All rows have positions and are in the order of tracklet and time. A tracklet is cut into sections
    wherever a step requires more than ``max_speed``. A section is a jump if the step across it, from the last
    row of the previous section to the first row of the next one, requires at most ``max_speed``, and if it
    has no more rows than either of these two sections. If adjacent sections could all be jumps, they have
    equal sizes, and every other one is taken, starting with the first. The sections around a jump are then
    joined, and the search is repeated until no jump is found.

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
    """Mark the sections that are jumps; two adjacent sections are never both marked."""
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
    # adjacent candidates have equal sizes, because neither has more rows than the other
    chain = taken & ~np.concatenate([[False], taken[:-1]])
    nth = np.arange(len(taken)) - np.maximum.accumulate(np.where(chain, np.arange(len(taken)), 0))
    alternate: Bools = taken & (nth % 2 == 0)
    return alternate


def _joined(sections: Sections, taken: Bools) -> Sections:
    """Remove the taken sections, and join the two sections around each of them."""
    kept = np.flatnonzero(~taken)
    begins = ~taken[kept - 1]
    begins[0] = True
    group = np.flatnonzero(begins)
    end = np.append(group[1:], len(kept)) - 1
    size = np.add.reduceat(sections.size[kept], group)
    return Sections(sections.first[kept[group]], sections.last[kept[end]], size, sections.run[kept[group]])


def _too_far(walk: Walk, before: Integers, after: Integers, max_speed: float) -> Bools:
    """Return whether the distance between two rows requires more than the maximum speed."""
    time, x, y = walk
    way = np.sqrt((x[after] - x[before]) ** 2 + (y[after] - y[before]) ** 2)
    far: Bools = way * 1000.0 > max_speed * (time[after] - time[before])
    return far


def flag_jumps(trajectories: pd.DataFrame, *, max_speed: float) -> pd.DataFrame:
    r"""Flag jumps: positions that a person cannot have walked to and back from.

    ::

        1 2 3                9 10 11      before and after: the step 3 - 9 can be walked
              \            /
           too fast    too fast
                \        /
                 4 ... 8                  the jump

    The detected positions of a tracklet are cut into sections wherever the step to the next position requires
    more than ``max_speed``. A section is a jump if the step across it, from the previous section to the next
    one, requires at most ``max_speed``, and if it has no more detections than either of the two. The two
    sections are then joined, and the search is repeated until no jump is found. If adjacent sections of equal
    size could each be the jump, the first, third, ... are flagged. Positions interpolated from a jump are
    flagged as well. Only flags are set; nothing else changes.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    max_speed
        Maximum speed of people in the scene, above 0: for example 3 m/s in a shop [plane units per second].

    Returns
    -------
    pandas.DataFrame
        TRAJECTORIES with the flag ``jump``, in the order of person and time. An existing flag is replaced.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``max_speed`` is not a finite number above 0.

    Notes
    -----
    Errs toward too few flags. The first and the last section of a tracklet are never flagged: there is only
    one step, and the wrong side of it is unknown. A jump that lasts longer than the section before or after
    it is not flagged, nor is a jump to a position that can be reached within one step. A correct section
    between two wrong ones is kept only if it has more detections. A step of exactly ``max_speed`` is
    plausible. O(n log n), plus one pass per level of nesting.

    References
    ----------
    Speed filters are common in animal tracking: D. C. Douglas et al., "Moderating Argos location errors in
    animal tracking data", Methods in Ecology and Evolution 3 (2012),
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
    is_number = isinstance(max_speed, int | float | np.number) and not isinstance(max_speed, bool)
    if not (is_number and 0 < max_speed < np.inf):
        raise ParameterError(f"max_speed must be above 0 [{positions.unit} per second], got {max_speed!r}")
    measured = np.flatnonzero((positions.status == BOX) & ~np.isnan(positions.x))
    jump = np.zeros(len(positions.x), dtype=bool)
    jump[measured] = mark_jumps(
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
    max_interpolation: Duration = MAX_GAP,
    speed_window: Duration = SPEED_WINDOW,
) -> pd.DataFrame:
    """Replace flagged positions by interpolation between the other positions of the tracklet.

    A flagged position is interpolated linearly in time between the unflagged positions before and after it
    in the same tracklet, if these are at most ``max_interpolation`` apart. Its ``position_status`` is then
    ``interpolated``. Otherwise, the position is removed, and ``position_status`` is ``missing``. The flag is
    kept. ``time_present`` and ``tracklet`` do not change; steps, speeds and headings are recomputed. An empty
    table gives an empty table.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video with the flag ``jump`` (``flag_jumps``), rows in any order.
    max_interpolation
        Longest time between two positions for interpolation between them.
    speed_window
        Length of the window for speed and heading, as in ``compute_trajectories``.

    Returns
    -------
    pandas.DataFrame
        TRAJECTORIES, sorted by person and time.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or has no column ``jump``.
    ParameterError
        If an option is not a duration, or ``speed_window`` is below 2 ms.

    Notes
    -----
    O(n log n). The time in the scene does not change. A removed position moves its time from a zone to the
    time without a position.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> plan = pta.read_floor_plan("data/shop/floor.json")
    >>> trajectories = pta.compute_trajectories(detections, video, plane=plan)
    >>> flagged = pta.cleaning.flag_jumps(trajectories, max_speed=1.5)
    >>> repaired = pta.cleaning.repair_jumps(flagged)
    >>> flagged["jump"].sum().item()
    9
    >>> repaired.loc[repaired["jump"], "position_status"].value_counts().to_dict()
    {'interpolated': 9, 'detected': 0, 'missing': 0}
    """
    old = split_positions(trajectories)
    if "jump" not in trajectories.columns:
        raise SchemaError(
            "not a trajectories table with jumps: column 'jump' is missing. Call flag_jumps first."
        )
    jump = trajectories["jump"].to_numpy()[old.rows.order]
    longest = milliseconds(max_interpolation, "max_interpolation")
    x, y = np.where(jump, np.nan, old.x), np.where(jump, np.nan, old.y)
    filled = kernels.fill_between(old.rows.time, old.run, x, y, jump, longest=longest)
    status = np.where(jump, np.where(filled, INTERPOLATED, NO), old.status).astype("int8")
    flags: dict[str, Bools] = {}
    for name, combine in (("box_truncated", np.logical_or), ("outside_image", np.logical_and)):
        if name in trajectories.columns:
            flag = trajectories[name].to_numpy()[old.rows.order]
            flags[name] = spread_to_interpolated(flag & ~jump, status, old.run, combine)
    return with_positions(trajectories, old, (x, y, status), speed_window=speed_window, **flags)


def _spread(jump: Bools, positions: Positions, measured: Integers) -> None:
    """Flag positions that were interpolated from an adjacent flagged position of the tracklet."""
    made = np.flatnonzero((positions.status == INTERPOLATED) & ~np.isnan(positions.x))
    if not len(made) or not len(measured):
        return
    after = np.searchsorted(measured, made)
    for neighbor in (np.maximum(after - 1, 0), np.minimum(after, len(measured) - 1)):
        row = measured[neighbor]
        jump[made] |= jump[row] & (positions.run[row] == positions.run[made])
