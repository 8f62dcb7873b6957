"""Positions by person, and their smoothing."""

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
from ptrack_analysis.video import Duration, milliseconds

BOX, INTERPOLATED, NO = range(len(POSITION_STATUSES))


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """The arrays of trajectories in the order of person and time.

    ``run`` numbers the tracklets of all people, and ``status`` contains the codes of the position status.
    """

    rows: PersonRows
    run: Integers
    x: Floats
    y: Floats
    status: Integers
    unit: str


def split_positions(trajectories: pd.DataFrame) -> Positions:
    """Return the arrays of trajectories.

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
        status=np.asarray(trajectories["position_status"].cat.codes)[rows.order],
        unit=unit,
    )


def with_positions(
    trajectories: pd.DataFrame,
    old: Positions,
    new: tuple[Floats, Floats, Integers],
    *,
    speed_window: Duration,
    **flags: Bools,
) -> pd.DataFrame:
    """Return trajectories with new positions (x, y, status) and flags; recompute steps and speeds.

    Raises
    ------
    ParameterError
        If ``speed_window`` is below 2 ms.
    """
    half, around = parse_speed_windows(speed_window, SMOOTHING)
    x, y, status = new
    way, _ = kernels.steps(old.run, x, y)
    vx, vy = kernels.velocity(old.rows.time, old.run, x, y, half=half, smoothing=around)
    unit = old.unit
    columns: dict[str, Any] = {
        f"x_{unit}": x,
        f"y_{unit}": y,
        "position_status": choice(TRAJECTORIES, "position_status", status),
        f"step_{unit}": way,
        f"speed_{unit}_per_s": np.sqrt(vx * vx + vy * vy),
        "heading": kernels.direction(vx, vy),
        **flags,
    }
    return trajectories.take(old.rows.order).assign(**columns)


def parse_half_window(window: Duration, name: str) -> int:
    """Return half the length of a window, rounded down to whole milliseconds."""
    return milliseconds(window, name) // 2


WINDOW = pd.Timedelta("500ms")

_NOISE = 1e-9
"""Largest displacement that is rounding and not smoothing, as a share of the coordinates (plus 1)."""


def smooth_trajectories(
    trajectories: pd.DataFrame,
    *,
    window: Duration = WINDOW,
    speed_window: Duration = SPEED_WINDOW,
) -> pd.DataFrame:
    """Smooth each position with its mean over a time window, and flag positions that moved.

    Positions are interpolated linearly between rows. The window is centered on the row and shrinks on both
    sides near an end of a part with known positions. Therefore, the ends of a part stay fixed, and a straight
    and even walk is unchanged. A row without another position within half the window is also unchanged, so a
    window shorter than the sampling period has no effect. Rows without a position stay without.
    ``time_present``, ``tracklet`` and ``position_status`` do not change; steps, speeds and headings are
    recomputed. An empty table gives an empty table.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    window
        Length of the window for positions; 0 changes nothing.
    speed_window
        Length of the window for speed and heading, as in ``compute_trajectories``.

    Returns
    -------
    pandas.DataFrame
        TRAJECTORIES with the flag ``smoothed``, sorted by person and time. An existing flag is kept.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If a window is not a duration, or ``speed_window`` is below 2 ms.

    Notes
    -----
    O(n log n). The time in the scene does not change; the time in a zone may change where positions cross its
    border. Paths become too short, because corners are cut as well as jitter. Flag and repair jumps first: a
    mean spreads a jump over its neighbors.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> smoothed = pta.cleaning.smooth_trajectories(trajectories, window="1s")
    >>> paths = [pta.compute_tracks(table)["path_length_px"].sum() for table in (trajectories, smoothed)]
    >>> [round(path) for path in paths]
    [17666, 16102]
    """
    old = split_positions(trajectories)
    half = parse_half_window(window, "window")
    x, y = kernels.mean_in_window(old.rows.time, old.run, old.x, old.y, half=half)
    alone = ~_has_company(old, half)
    noise = _NOISE * (1 + np.hypot(old.x, old.y))
    # Rounding in the mean of equal values could move a position just inside the image to the outside.
    x = np.where(alone | (np.abs(x - old.x) <= noise), old.x, x)
    y = np.where(alone | (np.abs(y - old.y) <= noise), old.y, y)
    moved = np.hypot(x - old.x, y - old.y) > noise
    if "smoothed" in trajectories.columns:
        moved |= trajectories["smoothed"].to_numpy()[old.rows.order]
    return with_positions(trajectories, old, (x, y, old.status), speed_window=speed_window, smoothed=moved)


def _has_company(old: Positions, half: int) -> Bools:
    """Return which rows have an adjacent row with a position in their tracklet, at most ``half`` ms away."""
    known = ~np.isnan(old.x)
    near = known[1:] & known[:-1] & (old.run[1:] == old.run[:-1]) & (np.diff(old.rows.time) <= half)
    company = np.zeros(len(known), dtype=bool)
    company[1:] |= near
    company[:-1] |= near
    return company
