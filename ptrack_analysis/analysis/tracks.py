"""Tracks: one row per person, with time in the scene and path length."""

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.motion.kinematics import PathPieces, cut_pieces, radius_of_gyration
from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.limits import above
from ptrack_analysis.schema import POSITION_STATUSES, TRACKS
from ptrack_analysis.schema.arrays import TableArrays, collect, empty_arrays, in_frame
from ptrack_analysis.video import Duration, Milliseconds, milliseconds

WALK_WINDOW = pd.Timedelta("1s")
MIN_STEP = {"m": 0.2, "px": 10.0}
"""Default of ``min_step``: the shortest distance within one window that is walking [plane units]."""
_NO = POSITION_STATUSES.index("missing")


@in_frame
def compute_tracks(
    trajectories: pd.DataFrame | Walks,
    *,
    window: Duration = WALK_WINDOW,
    min_step: float | None = None,
) -> TableArrays:
    """Summarize each person's track: times, path length and speed.

    ``segment`` is the person's most frequent class, if the source has classes; ties go to the first by name.
    ``time_in_scene`` is the sum of ``time_present``, and ``without_position`` is the part without a position.
    ``path_length`` is the sum of the steps. ``displacement`` is the distance from the first to the last known
    position.

    Mean and maximum speed come from the ``speed`` column, over the rows that have a speed. The mean weights
    each row by its ``time_present``, so it is never above the maximum. It is missing if the rows with a speed
    (``speed_time``) make up less than half of the time in the scene.

    ``path_length_smoothed`` excludes the jitter of a standing person. Each part of a tracklet with known
    positions is cut into equal pieces: as many as complete windows fit into it, but at least one. The
    distance of a piece is the distance between the mean positions in a window around its two ends. Near an
    end of the part, the window shrinks on both sides, so that the end stays fixed. A piece counts as walked
    if its distance is at least ``min_step`` per window, in proportion for a piece that is longer than a
    window. Otherwise the person is standing, and neither the distance nor the time (``walking``) counts. A
    part shorter than a window is one piece, walked from a distance of ``min_step``.

    ``straightness`` is the displacement of the walked pieces, summed over the tracklets, divided by
    ``path_length_smoothed``: 1 is straight, NaN if the person did not walk. ``radius_of_gyration`` is the
    root mean square distance of the positions from their mean, weighted by ``time_present`` (with equal
    weights if all are 0).

    A person without any position has NaN for all distances and speeds and no time walking. With one position,
    path length, smoothed path length, displacement and radius are 0 and speeds are NaN. An empty table gives
    an empty table.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    window
        Length of the window in which walking is measured, at least 2 ms.
    min_step
        The shortest distance within one window that is walking, above 0. By default 0.2 m on a floor plan
        and 10 px in the image; adapt the latter to the size of the people [plane units].

    Returns
    -------
    pandas.DataFrame
        TRACKS, one row per person, sorted by person.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``window`` is not a duration, is below 2 ms, or is so short that it cuts the tracklets into more
        than 20 million pieces and more than four per row; if ``min_step`` is not above 0.

    Notes
    -----
    O(n log n + time in scene / window). ``path_length`` includes the jitter of the boxes and errs toward
    longer: the path of a standing person grows with every sample. ``path_length_smoothed`` errs toward
    shorter: a corner of 90 degrees costs up to 0.3 of the distance in a window, an about-turn up to all of
    it. If a person starts or stops within a piece, the complete piece is walked or not, so ``walking`` is off
    by up to a window each time.

    References
    ----------
    E. Batschelet, "Circular Statistics in Biology", Academic Press, 1981, for straightness. M. C. González,
    C. A. Hidalgo, A.-L. Barabási, "Understanding individual human mobility patterns", Nature 453 (2008),
    doi:10.1038/nature06958, for the radius of gyration.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> tracks = pta.compute_tracks(pta.compute_trajectories(detections, video))
    >>> tracks[["detections", "path_length_px", "straightness"]].head(3).reset_index().round(2)
       person_index  detections  path_length_px  straightness
    0             0         596         1397.39          0.58
    1             1          93          418.25          0.73
    2             2         609         1996.57          0.02
    """
    walks = read_walks(trajectories)
    unit = walks.unit
    length = milliseconds(window, "window")
    if length < 2:  # noqa: PLR2004 - half a window must be at least 1 ms
        raise ParameterError(f"window must be at least 2 ms, got {window!r}")
    least = MIN_STEP[unit] if min_step is None else above(min_step, "min_step", finite=False)
    rows = walks.rows
    if not len(rows.order):
        return empty_arrays(TRACKS, unit=unit)
    unlocated = walks.status == _NO
    first = np.flatnonzero(rows.first)
    last = np.append(first[1:], len(walks.x)) - 1
    speed = walks.read(f"speed_{unit}_per_s")
    pieces = cut_pieces(rows.time, walks.run, walks.x, walks.y, window=length, min_step=least)
    arrays = {
        "person_index": walks.person_index[first],
        "first_seen": rows.time[first],
        "last_seen": rows.time[last],
        "time_in_scene": np.add.reduceat(walks.time_present, first),
        "without_position": np.add.reduceat(np.where(unlocated, walks.time_present, 0), first),
        "time_outside_image": _sum_time(walks, first, "outside_image"),
        "time_box_truncated": _sum_time(walks, first, "box_truncated"),
        "segment": _find_segments(walks, len(first)),
        "detections": np.add.reduceat(walks.detected.astype("int64"), first),
        "tracklets": walks.run[last] - walks.run[first] + 1,
        **_speeds(speed, walks.time_present, first),
        **_ways(walks, first),
        **_walked(walks, first, pieces),
    }
    return collect(TRACKS, arrays, unit=unit)


def _sum_time(walks: Walks, first: Integers, flag: str) -> Milliseconds:
    """Sum each person's time present over the rows with a position and a flag."""
    counted = walks.read_flag(flag) & ~np.isnan(walks.x)
    total: Milliseconds = np.add.reduceat(np.where(counted, walks.time_present, 0), first)
    return total


def _find_segments(walks: Walks, persons: int) -> np.ndarray:
    """Return each person's most frequent class; ties go to the first by name, None without a class."""
    segments = np.full(persons, None, dtype=object)
    if "class_name" not in walks.table:
        return segments
    codes, names = pd.factorize(walks.table["class_name"].to_numpy(dtype=object), sort=True)
    person, code = np.cumsum(walks.rows.first) - 1, codes[walks.rows.order]
    pairs, counts = np.unique(np.stack([person, code])[:, code >= 0], axis=1, return_counts=True)
    order = np.lexsort((pairs[1], -counts, pairs[0]))
    found, best = np.unique(pairs[0][order], return_index=True)
    segments[found] = np.asarray(names, dtype=object)[pairs[1][order][best]]
    return segments


def _speeds(speed: Floats, time_present: Milliseconds, first: Integers) -> dict[str, Floats | Milliseconds]:
    """Compute each person's time-weighted mean speed and maximum speed over the rows with a speed."""
    known = ~np.isnan(speed)
    time = np.add.reduceat(np.where(known, time_present, 0), first)
    way = np.add.reduceat(np.where(known, speed * time_present, 0.0), first)
    most = np.fmax.reduceat(speed, first)
    mean = np.full(len(first), np.nan)
    np.divide(way, time, out=mean, where=time > 0)
    mean[2 * time < np.add.reduceat(time_present, first)] = np.nan
    # rounding can make a weighted mean exceed its largest term
    return {
        "mean_speed_{u}_per_s": np.minimum(mean, most),
        "max_speed_{u}_per_s": most,
        "speed_time": time,
    }


def _ways(walks: Walks, first: Integers) -> dict[str, Floats]:
    """Compute each person's path length, displacement, start and end."""
    x, y = walks.x, walks.y
    way, previous = kernels.steps(walks.run, x, y)
    path = np.add.reduceat(np.where(previous >= 0, way, 0.0), first)
    known = np.flatnonzero(~np.isnan(x))
    ends = np.append(first[1:], len(x))
    start, end = np.searchsorted(known, first), np.searchsorted(known, ends) - 1
    located = end >= start
    begin, finish = known[np.where(located, start, 0)[located]], known[np.where(located, end, 0)[located]]
    positions = {
        name: np.full(len(first), np.nan) for name in ("start_x_{u}", "start_y_{u}", "end_x_{u}", "end_y_{u}")
    }
    for (name, values), row in zip(positions.items(), (begin, begin, finish, finish), strict=True):
        values[located] = (x if "_x_" in name else y)[row]
    across = positions["end_x_{u}"] - positions["start_x_{u}"]
    down = positions["end_y_{u}"] - positions["start_y_{u}"]
    return {
        "path_length_{u}": np.where(located, path, np.nan),
        "displacement_{u}": np.sqrt(across * across + down * down),
        **positions,
    }


def _walked(walks: Walks, first: Integers, pieces: PathPieces) -> dict[str, Integers | Floats]:
    """Sum the walked pieces of each person, and compute straightness and radius of gyration."""
    persons = len(first)
    opens = np.flatnonzero(np.diff(walks.run, prepend=0))
    person = np.cumsum(walks.rows.first) - 1
    person_of = person[opens]
    walked = pieces.walked
    run = pieces.run[walked] - 1
    way, time, across, down = (
        np.bincount(run, weights=values[walked], minlength=len(opens))
        for values in (pieces.way, pieces.time, pieces.dx, pieces.dy)
    )
    straight = np.minimum(np.sqrt(across * across + down * down), way)
    total, duration, direct = (
        np.bincount(person_of, weights=values, minlength=persons) for values in (way, time, straight)
    )
    straightness = np.full(persons, np.nan)
    np.divide(direct, total, out=straightness, where=total > 0)
    radius = radius_of_gyration(person, walks.time_present, walks.x, walks.y, persons)
    return {
        "path_length_smoothed_{u}": np.where(np.isnan(radius), np.nan, total),
        "walking": duration.astype("int64"),
        "straightness": straightness,
        "radius_of_gyration_{u}": radius,
    }
