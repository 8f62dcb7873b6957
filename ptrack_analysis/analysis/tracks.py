"""Tracks: one row a person, with the time in the scene and the way walked."""

import numpy as np
import pandas as pd

from ptrack_analysis.analysis import movement
from ptrack_analysis.analysis.presence import Rows, rows_by_person, run_starts
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.schema import LOCATED, TRACKS, TRAJECTORIES, assemble, check, empty, unit_of

_NO = LOCATED.index("no")


def compute_tracks(trajectories: pd.DataFrame) -> pd.DataFrame:
    """Sum each person's trajectory up: when seen, for how long, how far, how fast.

    ``dwell`` is the sum of ``held``, ``unlocated`` the part of it without a position; ``path`` is the sum of
    the steps, ``displacement`` the distance from the first to the last known position, the mean speed is the
    path by the time in which it was walked, so a gap between runs counts neither way nor time. A person who
    was never located has NaN for all that is measured; one located once has path and displacement 0 and NaN
    speeds.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.

    Returns
    -------
    pandas.DataFrame
        TRACKS, one row a person, sorted by person.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.

    Notes
    -----
    O(n log n). The path sums the jitter of the boxes too, so it errs towards longer; it is not smoothed.
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    if trajectories.empty:
        return empty(TRACKS, unit=unit)
    rows = rows_by_person(trajectories)
    held = trajectories["held"].to_numpy()[rows.order].view("int64")
    unlocated = np.asarray(trajectories["located"].cat.codes)[rows.order] == _NO
    run = trajectories["run"].to_numpy()[rows.order]
    x, y, speed = (
        trajectories[name].to_numpy()[rows.order]
        for name in (f"x_{unit}", f"y_{unit}", f"speed_{unit}_per_s")
    )
    first = np.flatnonzero(rows.first)
    last = np.append(first[1:], len(run)) - 1
    arrays = {
        "person_index": trajectories.index.get_level_values("person_index").to_numpy()[rows.order][first],
        "first_seen": rows.time[first],
        "last_seen": rows.time[last],
        "dwell": np.add.reduceat(held, first),
        "unlocated": np.add.reduceat(np.where(unlocated, held, 0), first),
        "detections": last - first + 1,
        "runs": run[last],
        "max_speed_{u}_per_s": np.fmax.reduceat(speed, first),
        **_ways(rows, run, x, y, first),
    }
    return assemble(TRACKS, arrays, unit=unit)


def _ways(rows: Rows, run: Integers, x: Floats, y: Floats, first: Integers) -> dict[str, Integers]:
    """Measure path, displacement, mean speed, start and end of each person."""
    runs = np.cumsum(run_starts(rows, run), dtype="int64")
    way, previous = movement.steps(runs, x, y)
    walked = previous >= 0
    path = np.add.reduceat(np.where(walked, way, 0.0), first)
    duration = np.add.reduceat(np.where(walked, rows.time - rows.time[previous], 0), first)
    known = np.flatnonzero(~np.isnan(x))
    ends = np.append(first[1:], len(run))
    start, end = np.searchsorted(known, first), np.searchsorted(known, ends) - 1
    seen = end >= start
    begin, finish = known[np.where(seen, start, 0)[seen]], known[np.where(seen, end, 0)[seen]]
    places = {
        name: np.full(len(first), np.nan) for name in ("start_x_{u}", "start_y_{u}", "end_x_{u}", "end_y_{u}")
    }
    for (name, values), row in zip(places.items(), (begin, begin, finish, finish), strict=True):
        values[seen] = (x if "_x_" in name else y)[row]
    across, down = places["end_x_{u}"] - places["start_x_{u}"], places["end_y_{u}"] - places["start_y_{u}"]
    moved = duration > 0
    mean = np.full(len(first), np.nan)
    mean[moved] = path[moved] / (duration[moved] / 1000.0)
    return {
        "path_{u}": np.where(seen, path, np.nan),
        "displacement_{u}": np.sqrt(across * across + down * down),
        "mean_speed_{u}_per_s": mean,
        **places,
    }
