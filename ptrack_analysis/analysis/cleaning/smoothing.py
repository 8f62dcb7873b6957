"""Positions by person, and smoothing of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.presence import PersonRows, rows_by_person
from ptrack_analysis.analysis.trajectories import SMOOTHING, SPEED_WINDOW, parse_speed_windows
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import POSITION_STATUSES, TRAJECTORIES, choice, find_unit, validate
from ptrack_analysis.video import milliseconds

BOX, INTERPOLATED, NO = range(len(POSITION_STATUSES))


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """The arrays of trajectories in the order of person and time.

    ``tracklet`` numbers the runs of all persons; ``position_status`` holds the codes of the choices.
    """

    rows: PersonRows
    run: Integers
    x: Floats
    y: Floats
    located: Integers
    unit: str


def split_positions(trajectories: pd.DataFrame) -> Positions:
    """Take trajectories apart.

    Raises
    ------
    SchemaError
        If the table is not a TRAJECTORIES table.
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    rows = rows_by_person(trajectories)
    x, y = (trajectories[f"{axis}_{unit}"].to_numpy()[rows.order] for axis in "xy")
    unknown = np.isnan(x) | np.isnan(y)
    return Positions(
        rows=rows,
        run=link_rows(trajectories, rows).tracklet,
        x=np.where(unknown, np.nan, x),
        y=np.where(unknown, np.nan, y),
        located=np.asarray(trajectories["position_status"].cat.codes)[rows.order],
        unit=unit,
    )


def with_positions(
    trajectories: pd.DataFrame,
    old: Positions,
    new: tuple[Floats, Floats, Integers],
    *,
    speed_window: pd.Timedelta | str,
    **flags: Bools,
) -> pd.DataFrame:
    """Put other positions (x, y, located) and flags in, with steps, speeds and headings measured anew.

    Raises
    ------
    ParameterError
        If ``speed_window`` is below 2 ms.
    """
    half, around = parse_speed_windows(speed_window, SMOOTHING)
    x, y, located = new
    way, _ = kernels.steps(old.run, x, y)
    vx, vy = kernels.velocity(old.rows.time, old.run, x, y, half=half, smoothing=around)
    unit = old.unit
    columns: dict[str, Any] = {
        f"x_{unit}": x,
        f"y_{unit}": y,
        "position_status": choice(TRAJECTORIES, "position_status", located),
        f"step_{unit}": way,
        f"speed_{unit}_per_s": np.sqrt(vx * vx + vy * vy),
        "heading": kernels.direction(vx, vy),
        **flags,
    }
    return trajectories.take(old.rows.order).assign(**columns)


def parse_half_window(window: pd.Timedelta | str, name: str) -> int:
    """Return half the length of a window, cut to whole milliseconds."""
    return milliseconds(window, name) // 2


WINDOW = pd.Timedelta("500ms")

_NOISE = 1e-9
"""How far rounding may move a position, as a share of its coordinates [and of 1]: that is not smoothing."""


def smooth_trajectories(
    trajectories: pd.DataFrame,
    *,
    window: pd.Timedelta | str = WINDOW,
    speed_window: pd.Timedelta | str = SPEED_WINDOW,
) -> pd.DataFrame:
    """Replace each position by the mean over time of the way around it, and flag those that moved.

    The way is that between the positions, walked straight and evenly; the window is centerd on the row and
    shrinks on both sides where an end of the located stretch of its run is nearer than half of it, so the
    ends of a stretch stay where they are, and a straight even walk stays what it is. A row with no other
    located row of its stretch within half the window stays too: so a window that is shorter than the
    sampling changes nothing. Rows without a position stay without. ``time_present``, ``tracklet`` and
    ``position_status`` are untouched; steps, speeds and headings are measured anew. An empty table gives an
    empty one.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    window
        Length of the window for positions; 0 changes nothing [ms].
    speed_window
        Length of the window for speed and heading, as in ``compute_trajectories`` [ms].

    Returns
    -------
    pandas.DataFrame
        TRAJECTORIES with the flag ``smoothed``, sorted by person and time. A flag that a row has already is
        kept.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If a window is no length of time, or ``speed_window`` is below 2 ms.

    Notes
    -----
    O(n log n). Nobody's time in the scene changes; the time in a zone may, where positions cross its border.
    Errs towards shorter ways: corners are cut, as well as jitter. Flag and repair jumps first: a mean spreads
    a jump over its neighbors.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> from ptrack_analysis.schema import TRAJECTORIES
    >>> smooth_trajectories(empty_table(TRAJECTORIES, unit="m")).columns[-1]
    'smoothed'
    """
    old = split_positions(trajectories)
    half = parse_half_window(window, "window")
    x, y = kernels.mean_in_window(old.rows.time, old.run, old.x, old.y, half=half)
    alone = ~_has_company(old, half)
    noise = _NOISE * (1 + np.hypot(old.x, old.y))
    # A mean of equal values may be rounded up: a position just inside the image would lie outside.
    x = np.where(alone | (np.abs(x - old.x) <= noise), old.x, x)
    y = np.where(alone | (np.abs(y - old.y) <= noise), old.y, y)
    moved = np.hypot(x - old.x, y - old.y) > noise
    if "smoothed" in trajectories.columns:
        moved |= trajectories["smoothed"].to_numpy()[old.rows.order]
    return with_positions(trajectories, old, (x, y, old.located), speed_window=speed_window, smoothed=moved)


def _has_company(old: Positions, half: int) -> Bools:
    """Return which rows have a neighboring row with a position, in their run, at most ``half`` ms away."""
    known = ~np.isnan(old.x)
    near = known[1:] & known[:-1] & (old.run[1:] == old.run[:-1]) & (np.diff(old.rows.time) <= half)
    company = np.zeros(len(known), dtype=bool)
    company[1:] |= near
    company[:-1] |= near
    return company
