"""Motion: velocity, acceleration and turning of each person at each moment."""

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.motion.walks import walks_of
from ptrack_analysis.analysis.trajectories import SPEED_WINDOW
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import above
from ptrack_analysis.schema import MOVEMENT, TRAJECTORIES, assemble, check, unit_of
from ptrack_analysis.video import milliseconds

MAX_SPEED = {"m": 5.0, "px": np.inf}
"""The speed above which nobody is believed to move, if none is given [plane units per second]."""


def compute_movement(
    trajectories: pd.DataFrame,
    *,
    window: pd.Timedelta | str = SPEED_WINDOW,
    max_speed: float | None = None,
) -> pd.DataFrame:
    """Tell how each person moved at each moment: velocity, acceleration, turning.

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
    velocity is then that of the neighbouring steps, in equal parts, and the halves are those steps.

    ``too_fast`` marks a speed above ``max_speed``; the row stays. An empty table gives an empty one.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    window
        Length of the window, at least 2 ms [ms].
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
    >>> from ptrack_analysis import compute_movement, trajectories_from_points
    >>> moments = pd.to_timedelta([0, 1000, 2000], unit="ms").as_unit("ms")
    >>> index = pd.MultiIndex.from_arrays([[7, 7, 7], moments], names=["person_index", "timestamp"])
    >>> points = pd.DataFrame({"x_m": [0.0, 1.0, 3.0], "y_m": [0.0, 0.0, 0.0]}, index=index)
    >>> motion = compute_movement(trajectories_from_points(points), window="2s")
    >>> motion["velocity_x_m_per_s"].tolist()
    [1.0, 1.5, 2.0]
    >>> motion["acceleration_m_per_s2"].tolist()
    [nan, 1.0, nan]
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    half = milliseconds(window, "window") // 2
    if half == 0:
        raise ParameterError(f"window is {window!r}, not at least 2 ms")
    limit = MAX_SPEED[unit] if max_speed is None else above(max_speed, "max_speed", finite=False)
    walks = walks_of(trajectories, unit)
    time, person_index = walks.rows.time, walks.person_index
    vx, vy = kernels.velocity(time, walks.run, walks.x, walks.y, half=half)
    acceleration, turning = kernels.change(time, walks.run, walks.x, walks.y, half=half)
    del walks  # its arrays would stay in memory beside the table
    arrays = {
        "person_index": person_index,
        "timestamp": time,
        "velocity_x_{u}_per_s": vx,
        "velocity_y_{u}_per_s": vy,
        "acceleration_{u}_per_s2": acceleration,
        "turning": turning,
        "too_fast": np.sqrt(vx * vx + vy * vy) > limit,
    }
    return assemble(MOVEMENT, arrays, unit=unit)
