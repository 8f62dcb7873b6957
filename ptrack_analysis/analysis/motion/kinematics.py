"""Velocity, acceleration and turning; the path without the jitter of standing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.motion.clock import Stretches, means_at, stretches, whole_runs
from ptrack_analysis.analysis.motion.walks import split_walks
from ptrack_analysis.analysis.trajectories import SMOOTHING, SPEED_WINDOW, parse_speed_windows
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above
from ptrack_analysis.schema import MOVEMENT, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Milliseconds

_MOST_PIECES = 20_000_000
_NOISE = 1e-9
"""Share of a length that is the rounding of the arithmetic, in which who else is in the table has a part."""


@dataclass(frozen=True, slots=True, eq=False)
class PathPieces:
    """Pieces of way of about one window each: run, displacement, length of time [ms], whether walked."""

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
    """Cut each located stretch into equal pieces and tell which of them were walked.

    A stretch is cut into as many equal pieces as whole windows fit into it, at least one; its positions are
    the means in a window around the cuts. A piece was walked if its two ends lie at least ``min_step`` apart
    for a window, in proportion for a longer piece; a stretch shorter than a window needs ``min_step`` too.

    Raises
    ------
    ParameterError
        If that would be more pieces than 20 million and four a row.
    """
    most = _MOST_PIECES + 4 * int(np.count_nonzero(~np.isnan(x)))
    found = [PathPieces(*(np.empty(0, kind) for kind in ("int64", "float64", "float64", "int64", "bool")))]
    for part in whole_runs(run):
        places = x[part], y[part]
        found.append(_pieces(time[part], run[part], places, window=window, min_step=min_step, most=most))
        most -= len(found[-1].run)
    names = ("run", "dx", "dy", "time", "walked")
    return PathPieces(*(np.concatenate([getattr(pieces, name) for pieces in found]) for name in names))


def _pieces(
    time: Milliseconds,
    run: Integers,
    places: tuple[Floats, Floats],
    *,
    window: int,
    min_step: float,
    most: int,
) -> PathPieces:
    """Cut the located stretches of some runs into at most ``most`` pieces."""
    x, y = places
    own = stretches(time, run, x)
    first = np.flatnonzero(own.begins)
    length = own.clock[own.last[first]] - own.clock[first]
    row, moment = _cuts(own, first[length > 0], length[length > 0], window, most)
    mean_x, mean_y = means_at(own, moment, row, (x[own.rows], y[own.rows]), half=window // 2)
    piece = np.flatnonzero(row[1:] == row[:-1])
    dx, dy = (mean[piece + 1] - mean[piece] for mean in (mean_x, mean_y))
    length = moment[piece + 1] - moment[piece]
    least = min_step * (np.maximum(length, window) / window)
    walked = np.sqrt(dx * dx + dy * dy) >= least * (1 - _NOISE)
    return PathPieces(run[own.rows[row[piece]]], dx, dy, length, walked)


def _cuts(
    own: Stretches, first: Integers, length: Milliseconds, window: int, most: int
) -> tuple[Integers, Milliseconds]:
    """Return the first row of each cut's stretch, and its moment on the clock."""
    count = np.maximum(length // window, 1)
    total = int(count.sum()) + len(count)
    if total > most:
        raise ParameterError(
            f"window is {window} ms, which cuts the ways into {total} pieces: take a longer one"
        )
    stretch = np.repeat(np.arange(len(first)), count + 1)
    number = np.arange(total) - (np.cumsum(count + 1) - count - 1)[stretch]
    row = first[stretch]
    return row, own.clock[row] + number * length[stretch] // count[stretch]


def radius_of_gyration(person: Integers, weight: Milliseconds, x: Floats, y: Floats, persons: int) -> Floats:
    """Return each person's root mean square distance from the mean position, NaN without a position.

    ``person`` numbers the persons from 0; where all of a person's weights are 0, each position counts alike.
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
    """Return the first value of each person, so that the sums stay small."""
    first = np.zeros(persons)
    first[person[::-1]] = values[::-1]
    return first


MAX_SPEED = {"m": 5.0, "px": np.inf}
"""The speed above which nobody is believed to move, if none is given [plane units per second]."""


def compute_kinematics(
    trajectories: pd.DataFrame,
    *,
    window: pd.Timedelta | str = SPEED_WINDOW,
    smoothing: pd.Timedelta | str = SMOOTHING,
    max_speed: float | None = None,
) -> pd.DataFrame:
    """Return how each person moved at each moment: velocity, acceleration, turning.

    Velocity is the way from the position half a window before to that half a window after, by the time
    between them; its length is the speed of ``compute_trajectories`` with the same window. Acceleration is
    the change of speed from the first half of the window to the second, turning that of heading by the
    smaller angle, each by the time between the middles of the halves::

            t - window/2          t          t + window/2
                 |---- first half ---|--- second half ---|
                          ^------- time between -------^

    Positions between rows are interpolated linearly in time. The window is cut where a stretch of located
    rows of a run ends, so nothing is measured across a gap or an unlocated row. NaN where there is nothing to
    measure: velocity at a position that stands alone, acceleration and turning also at the two ends of a
    stretch, turning also where a half has no way. A window shorter than two sampling periods is no error:
    velocity is then that of the neighboring steps, in equal parts, and the halves are those steps.

    ``too_fast`` marks a speed above ``max_speed``; the row stays. An empty table gives an empty one.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    window
        Length of the window, at least 2 ms [ms].
    smoothing
        Length of the window for the mean positions that velocity is taken from, as in
        ``compute_trajectories`` [ms].
    max_speed
        The fastest that a person is believed to move, above 0; by default 5 m/s on a floor plan, and no
        limit in the picture, where a px is another length at each place [plane units per second].

    Returns
    -------
    pandas.DataFrame
        MOVEMENT, one row for each of ``trajectories``, sorted by person and time.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``window`` is no length of time or below 2 ms, or ``max_speed`` is not above 0.

    Notes
    -----
    O(n log n). A window smooths: what happens within less than half of it is seen weaker than it was, and
    the speed on a curve is that of its chord, so it errs towards slower. Jitter of the positions by s makes
    an error of speed of about 1.4 s by the window, and of acceleration of about 10 s by its square: widen the
    window for acceleration. The limit of 5 m/s is twice the fastest walk that was measured on healthy adults
    (2.5 m/s); somebody who sprints passes it too.

    References
    ----------
    R. W. Bohannon, "Comfortable and maximum walking speed of adults aged 20-79 years", Age and Ageing 26
    (1997), doi:10.1093/ageing/26.1.15, for the limit. B. Steffen and A. Seyfried, "Methods for measuring
    pedestrian density, flow, speed and direction with minimal scatter", Physica A 389 (2010),
    doi:10.1016/j.physa.2009.12.015, for speed over a window around the moment.

    Examples
    --------
    A person walks 1 m in the first second and 2 m in the next.

    >>> import pandas as pd
    >>> from ptrack_analysis import compute_trajectories
    >>> from ptrack_analysis.motion import compute_kinematics
    >>> moments = pd.to_timedelta([0, 1000, 2000], unit="ms").as_unit("ms")
    >>> index = pd.MultiIndex.from_arrays([[7, 7, 7], moments], names=["person_index", "timestamp"])
    >>> points = pd.DataFrame({"x_m": [0.0, 1.0, 3.0], "y_m": [0.0, 0.0, 0.0]}, index=index)
    >>> motion = compute_kinematics(compute_trajectories(points), window="2s", smoothing="0ms")
    >>> motion["velocity_x_m_per_s"].tolist()
    [1.0, 1.5, 2.0]
    >>> motion["acceleration_m_per_s2"].tolist()
    [nan, 1.0, nan]
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    half, around = parse_speed_windows(window, smoothing, "window")
    limit = MAX_SPEED[unit] if max_speed is None else above(max_speed, "max_speed", finite=False)
    walks = split_walks(trajectories, unit)
    time, person_index = walks.rows.time, walks.person_index
    vx, vy = kernels.velocity(time, walks.run, walks.x, walks.y, half=half, smoothing=around)
    acceleration, turning = kernels.change(time, walks.run, walks.x, walks.y, half=half)
    del walks  # its arrays would stay in memory beside the table
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
