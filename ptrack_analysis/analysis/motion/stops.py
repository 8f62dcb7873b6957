"""Stops: when and where persons stayed within a small place."""

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.clock import Stretches, stretches
from ptrack_analysis.analysis.motion.extents import last_within, widths
from ptrack_analysis.analysis.motion.walks import Walks, walks_of
from ptrack_analysis.analysis.presence import starts_of
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import above
from ptrack_analysis.schema import STOPS, TRAJECTORIES, assemble, check, unit_of
from ptrack_analysis.video import milliseconds

MIN_DURATION = pd.Timedelta("5s")
MAX_EXTENT_M = 1.0
"""The extent of a stop on a floor plan, if none is given [m]."""


def compute_stops(
    trajectories: pd.DataFrame,
    *,
    max_extent: float | None = None,
    min_duration: pd.Timedelta | str = MIN_DURATION,
) -> pd.DataFrame:
    """Find where each person stopped: stayed within a place no larger than ``max_extent``, long enough.

    Go through the rows of a run in the order of time, as long as they are located. From a row, take the
    shortest stretch of rows that holds for ``min_duration`` or longer (the sum of ``held``). If its positions
    reach no further than ``max_extent`` in any direction, it is a stop, which goes on for as many rows as
    that stays so; the search goes on behind it. Otherwise go on from the next row. A gap and a row that is
    not located end a stretch, so no stop lies across either; a single detection is a stop only if it alone
    holds that long. A stop's dwell is the sum of ``held`` of its rows, its place their mean position, each
    weighing its ``held``. An empty table gives an empty one.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    max_extent
        The largest extent of a stop, above 0; by default 1 m on a floor plan. In the picture it must be
        given, for a px is another length at each place [plane units].
    min_duration
        The shortest stop, above 0 [ms].

    Returns
    -------
    pandas.DataFrame
        STOPS, one row a stop, sorted by person and stop.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``max_extent`` is not above 0, or missing in px; if ``min_duration`` is 0 or no length of time.

    Notes
    -----
    O(n log n) for any number of stops. Extents are measured in 16 directions, so the largest distance D
    between two positions of a stop, its diameter, lies between ``extent`` and 1.005 ``extent``: a few stops
    more are found than by the diameter itself. Jitter of the positions by s adds about 4 to 6 s to an extent;
    a long stop is cut where one position lies too far off, so smooth the positions before, or widen the
    extent. A stop takes the last steps towards its place and the first away from it along. Whose box the
    picture cuts at its lower edge stands on that edge, and may seem to stop there while walking.

    References
    ----------
    R. Hariharan and K. Toyama, "Project Lachesis: Parsing and Modeling Location Histories", GIScience 2004,
    doi:10.1007/978-3-540-30231-5_8; the rule of MovingPandas' TrajectoryStopDetector, but that this one sees
    gaps.

    Examples
    --------
    A person walks up, stands for 4 s, walks on.

    >>> import pandas as pd
    >>> from ptrack_analysis import compute_stops, trajectories_from_points
    >>> moments = pd.to_timedelta([0, 1, 2, 3, 4, 5, 6], unit="s").as_unit("ms")
    >>> index = pd.MultiIndex.from_arrays([[7] * 7, moments], names=["person_index", "timestamp"])
    >>> points = pd.DataFrame({"x_m": [0.0, 2.0, 4.0, 4.0, 4.0, 4.0, 6.0], "y_m": [0.0] * 7}, index=index)
    >>> stops = compute_stops(trajectories_from_points(points), min_duration="3s")
    >>> stops[["x_m", "extent_m", "detections"]].to_numpy().tolist()
    [[4.0, 0.0, 4.0]]
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    limit = _extent(max_extent, unit)
    shortest = milliseconds(min_duration, "min_duration")
    if shortest == 0:
        raise ParameterError(f"min_duration is {min_duration!r}, not above 0")
    walks = walks_of(trajectories, unit)
    own = stretches(walks.rows.time, walks.run, walks.x)
    first, last = _stops(walks, own, limit, shortest)
    return assemble(STOPS, _measured(walks, own, first, last), unit=unit)


def _extent(given: float | None, unit: str) -> float:
    if given is not None:
        return above(given, "max_extent", finite=False)
    if unit != "m":
        raise ParameterError(
            f"max_extent is not given, and in {unit} no size of a stop suits every camera: give one, such as "
            "the width of a person in the picture"
        )
    return MAX_EXTENT_M


def _stops(walks: Walks, own: Stretches, limit: float, shortest: int) -> tuple[Integers, Integers]:
    """Find the first and the last row of each stop, as places within the located rows."""
    x, y, held = walks.x[own.rows], walks.y[own.rows], walks.held[own.rows]
    until = np.cumsum(held)
    least = np.searchsorted(until, until - held + shortest)
    far = last_within(x, y, own.first, least, own.last, limit=limit)
    able = np.flatnonzero(far >= least)
    chosen = able[_chain(np.searchsorted(able, far[able], side="right"))]
    return chosen, far[chosen]


def _chain(following: Integers) -> Bools:
    """Mark the places that are reached from the first by going from each to its following one.

    After each round all are marked that so many steps reach, and the strides double: O(n log n) for a chain
    of any length. ``len(following)`` means that nothing follows.
    """
    reached = np.zeros(len(following) + 1, dtype=bool)
    reached[0] = True
    stride = np.append(following, len(following))
    while not reached[-1]:
        reached[stride[reached]] = True
        stride = stride[stride]
    return reached[:-1]


def _measured(walks: Walks, own: Stretches, first: Integers, last: Integers) -> dict[str, Integers | Floats]:
    """Measure each stop: its times, its place, its extent."""
    x, y, held = walks.x[own.rows], walks.y[own.rows], walks.held[own.rows]
    until = np.cumsum(held)
    dwell = until[last] - until[first] + held[first]
    person = walks.rows.person[own.rows[first]]
    number = np.arange(len(first))
    opens = np.maximum.accumulate(np.where(starts_of(person), number, 0))
    time, opening = walks.rows.time[own.rows], own.first[first]
    count = np.concatenate([[0], np.cumsum(walks.detected[own.rows])])
    places = {
        name: values[opening] + _sums((values - values[own.first]) * held, first, last) / dwell
        for name, values in (("x_{u}", x), ("y_{u}", y))
    }
    return {
        "person_index": walks.person_index[own.rows[first]],
        "stop": number - opens + 1,
        "entered": time[first],
        "exited": time[last] + held[last],
        "dwell": dwell,
        **places,
        "extent_{u}": widths(x, y, first, last),
        "detections": count[last + 1] - count[first],
    }


def _sums(values: Floats, first: Integers, last: Integers) -> Floats:
    """Add up the values from each ``first`` to its ``last`` row."""
    ends = np.column_stack([first, last + 1]).ravel()
    sums: Floats = np.add.reduceat(np.append(values, 0.0), ends)[::2] if len(first) else np.empty(0)
    return sums
