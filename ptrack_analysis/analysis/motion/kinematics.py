"""Velocity, acceleration and turning; the path length without the jitter of standing people."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.motion.clock import KnownParts, find_parts, means_at, slice_tracklets
from ptrack_analysis.analysis.motion.walks import split_walks
from ptrack_analysis.analysis.trajectories import SMOOTHING, SPEED_WINDOW, parse_speed_windows
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above
from ptrack_analysis.schema import MOVEMENT, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Duration, Milliseconds

_MOST_PIECES = 20_000_000
_NOISE = 1e-9
"""Relative rounding error of a length, which depends on the other people in the table."""


@dataclass(frozen=True, slots=True, eq=False)
class PathPieces:
    """Pieces of paths, each about one window long; ``walked`` marks pieces in which people walked."""

    run: Integers
    dx: Floats
    dy: Floats
    time: Milliseconds
    walked: Bools

    @property
    def way(self) -> Floats:
        """Length of each piece [plane units]."""
        return np.sqrt(self.dx * self.dx + self.dy * self.dy)


def cut_pieces(
    time: Milliseconds, run: Integers, x: Floats, y: Floats, *, window: int, min_step: float
) -> PathPieces:
    """Cut each part with known positions into equal pieces, and find the pieces that were walked.

    A part is cut into as many equal pieces as complete windows fit into it, at least one. The positions at
    the cuts are means in a window around them. A piece was walked if its two ends are at least ``min_step``
    per window apart, in proportion for a longer piece. A part shorter than a window also needs ``min_step``.

    Raises
    ------
    ParameterError
        If the number of pieces exceeds 20 million plus four per row.
    """
    most = _MOST_PIECES + 4 * int(np.count_nonzero(~np.isnan(x)))
    found = [PathPieces(*(np.empty(0, kind) for kind in ("int64", "float64", "float64", "int64", "bool")))]
    for part in slice_tracklets(run):
        positions = x[part], y[part]
        found.append(_pieces(time[part], run[part], positions, window=window, min_step=min_step, most=most))
        most -= len(found[-1].run)
    names = ("run", "dx", "dy", "time", "walked")
    return PathPieces(*(np.concatenate([getattr(pieces, name) for pieces in found]) for name in names))


def _pieces(
    time: Milliseconds,
    run: Integers,
    positions: tuple[Floats, Floats],
    *,
    window: int,
    min_step: float,
    most: int,
) -> PathPieces:
    """Cut the parts with known positions of some tracklets into at most ``most`` pieces."""
    x, y = positions
    own = find_parts(time, run, x)
    first = np.flatnonzero(own.begins)
    length = own.clock[own.last[first]] - own.clock[first]
    row, cut = _cuts(own, first[length > 0], length[length > 0], window, most)
    mean_x, mean_y = means_at(own, cut, row, (x[own.rows], y[own.rows]), half=window // 2)
    piece = np.flatnonzero(row[1:] == row[:-1])
    dx, dy = (mean[piece + 1] - mean[piece] for mean in (mean_x, mean_y))
    length = cut[piece + 1] - cut[piece]
    least = min_step * (np.maximum(length, window) / window)
    walked = np.sqrt(dx * dx + dy * dy) >= least * (1 - _NOISE)
    return PathPieces(run[own.rows[row[piece]]], dx, dy, length, walked)


def _cuts(
    own: KnownParts, first: Integers, length: Milliseconds, window: int, most: int
) -> tuple[Integers, Milliseconds]:
    """Return the first row of the part of each cut, and the cut's time on the clock."""
    count = np.maximum(length // window, 1)
    total = int(count.sum()) + len(count)
    if total > most:
        raise ParameterError(
            f"window of {window} ms cuts the tracklets into {total} pieces. Pass a longer window."
        )
    part = np.repeat(np.arange(len(first)), count + 1)
    number = np.arange(total) - (np.cumsum(count + 1) - count - 1)[part]
    row = first[part]
    return row, own.clock[row] + number * length[part] // count[part]


def radius_of_gyration(person: Integers, weight: Milliseconds, x: Floats, y: Floats, persons: int) -> Floats:
    """Return each person's root mean square distance from the mean position; NaN without a position.

    ``person`` numbers the people from 0. If all weights of a person are 0, all positions count equally.
    """
    known = np.flatnonzero(~np.isnan(x))
    person, weight, x, y = person[known], weight[known], x[known], y[known]
    total = np.bincount(person, weights=weight, minlength=persons)
    weight = np.where(total[person] > 0, weight, 1.0)
    total = np.bincount(person, weights=weight, minlength=persons)
    total = np.where(total > 0, total, np.nan)
    square = np.zeros(persons)
    for values in (x, y):
        shifted = values - _find_first_values(person, values, persons)[person]
        mean = np.bincount(person, weights=weight * shifted, minlength=persons) / total
        apart = shifted - mean[person]
        square += np.bincount(person, weights=weight * apart * apart, minlength=persons)
    return np.sqrt(square / total)


def _find_first_values(person: Integers, values: Floats, persons: int) -> Floats:
    """Return the first value of each person; subtracting it keeps the sums small."""
    first = np.zeros(persons)
    first[person[::-1]] = values[::-1]
    return first


MAX_SPEED = {"m": 5.0, "px": np.inf}
"""Default of ``max_speed``: speeds above it are marked as too fast [plane units per second]."""


def compute_kinematics(
    trajectories: pd.DataFrame,
    *,
    window: Duration = SPEED_WINDOW,
    smoothing: Duration = SMOOTHING,
    max_speed: float | None = None,
) -> pd.DataFrame:
    """Compute each person's velocity, acceleration and turning rate at each detection.

    Velocity is the displacement from the position half a window before to the position half a window after,
    divided by the time between them. Its length is the speed of ``compute_trajectories`` with the same
    window. Acceleration is the change of speed from the first half of the window to the second. The turning
    rate is the change of heading by the smaller angle. Both are divided by the time between the centers of
    the halves::

            t - window/2          t          t + window/2
                 |---- first half ---|--- second half ---|
                          ^------- time between -------^

    Positions between rows are interpolated linearly in time. The window is cut at the ends of each part of a
    tracklet with known positions, so nothing is computed across a gap or a missing position. Values are NaN
    where they are not defined: velocity at an isolated position, acceleration and turning also at the two
    ends of a part, turning also if there is no movement in one half. If the window is shorter than two
    sampling periods, velocity is computed from the two adjacent steps in equal parts, and the halves are
    these steps.

    ``too_fast`` marks a speed above ``max_speed``; the row is kept. An empty table gives an empty table.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    window
        Length of the window, at least 2 ms.
    smoothing
        Length of the window for the mean positions that velocity is computed from, as in
        ``compute_trajectories``.
    max_speed
        The largest plausible speed, above 0. By default 5 m/s on a floor plan, and no limit in the image,
        where the length of a pixel varies with the position [plane units per second].

    Returns
    -------
    pandas.DataFrame
        MOVEMENT, one row per row of ``trajectories``, sorted by person and time.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``window`` is not a duration or is below 2 ms, or ``max_speed`` is not above 0.

    Notes
    -----
    O(n log n). A window smooths: changes within less than half of it are underestimated, and the speed on a
    curve is the speed along its chord, so it errs toward slower. Jitter of the positions by s causes an
    error of about 1.4 s / window in speed, and of about 10 s / window² in acceleration: widen the window for
    acceleration. The limit of 5 m/s is twice the fastest walking speed measured on healthy adults (2.5 m/s);
    a sprinting person also exceeds it.

    References
    ----------
    R. W. Bohannon, "Comfortable and maximum walking speed of adults aged 20-79 years", Age and Ageing 26
    (1997), doi:10.1093/ageing/26.1.15, for the limit. B. Steffen and A. Seyfried, "Methods for measuring
    pedestrian density, flow, speed and direction with minimal scatter", Physica A 389 (2010),
    doi:10.1016/j.physa.2009.12.015, for speed over a window around the timestamp.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> plan = pta.read_floor_plan("data/shop/floor.json")
    >>> trajectories = pta.compute_trajectories(detections, video, plane=plan)
    >>> motion = pta.motion.compute_kinematics(trajectories, max_speed=1.5)
    >>> motion[["velocity_x_m_per_s", "velocity_y_m_per_s"]].abs().max().round(2).to_dict()
    {'velocity_x_m_per_s': 1.25, 'velocity_y_m_per_s': 1.32}
    >>> motion["too_fast"].sum().item()
    0
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    half, around = parse_speed_windows(window, smoothing, "window")
    limit = MAX_SPEED[unit] if max_speed is None else above(max_speed, "max_speed", finite=False)
    walks = split_walks(trajectories, unit)
    time, person_index = walks.rows.time, walks.person_index
    vx, vy = kernels.velocity(time, walks.run, walks.x, walks.y, half=half, smoothing=around)
    acceleration, turning = kernels.change(time, walks.run, walks.x, walks.y, half=half)
    del walks  # frees its arrays before the table is built
    arrays = {
        "person_index": person_index,
        "timestamp": time,
        "velocity_x_{u}_per_s": vx,
        "velocity_y_{u}_per_s": vy,
        "acceleration_{u}_per_s2": acceleration,
        "turning_angle": turning,
        "too_fast": np.sqrt(vx * vx + vy * vy) > limit,
    }
    return assemble(MOVEMENT, arrays, unit=unit)
