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
from ptrack_analysis.video import Milliseconds, milliseconds

WALK_WINDOW = pd.Timedelta("1s")
MIN_STEP = {"m": 0.2, "px": 10.0}
"""The way within one window below which a person stands, if none is given [plane units]."""
_NO = POSITION_STATUSES.index("missing")


@in_frame
def compute_tracks(
    trajectories: pd.DataFrame | Walks,
    *,
    window: pd.Timedelta | str = WALK_WINDOW,
    min_step: float | None = None,
) -> TableArrays:
    """Sum each person's trajectory up: when seen, for how long, how far, how fast.

    ``segment`` is the most frequent class of the source (the first by name of several), if it has classes.
    ``time_in_scene`` is the sum of ``time_present``, ``without_position`` the part of it without a position;
    ``path`` is the sum of the steps, ``displacement`` the distance from the first to the last known position.

    The mean and the maximum speed are those of the ``speed`` column, over the rows that have a speed. The
    mean weights each row by its ``time_present``, so it is never above the maximum. It is missing if the rows
    with a speed (``speed_time``) make up less than half of the time in the scene.

    ``walked`` is the way without the jitter of standing. Each stretch of located rows of a run is cut into as
    many equal pieces as whole windows fit into it, at least one; between two cuts the person walked the
    distance of the mean positions in a window around them (the window shrinks on both sides towards an end of
    the stretch, so that ends stay), if that is at least ``min_step`` a window, in proportion for a piece
    that is a little longer: who is slower stands, and neither that way nor its time (``walking``) counts. A
    stretch shorter than a window is one piece, walked from ``min_step`` on. ``straightness`` is the
    displacement of the walked pieces within each run, summed, by ``walked``: 1 is straight, NaN if nothing
    was walked. ``radius_of_gyration`` is the root mean square distance of the positions from their mean, each
    weighing its ``time_present`` (all the same, if none holds).

    A person who was never located has NaN for all that is measured and no time walking; one located once has
    path, displacement, way walked and radius 0 and NaN speeds. An empty table gives an empty one.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    window
        Length of the window that walking is measured in, at least 2 ms [ms].
    min_step
        The shortest way within one window that is walking, above 0; by default 0.2 m on a floor plan and 10
        px in the picture, where it should be fitted to the size of the persons [plane units].

    Returns
    -------
    pandas.DataFrame
        TRACKS, one row a person, sorted by person.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``window`` is no length of time, below 2 ms, or so short that it cuts the ways into more than
        20 million pieces and four a row; if ``min_step`` is not above 0.

    Notes
    -----
    O(n log n + time in sight by window). ``path`` sums the jitter of the boxes too, so it errs towards
    longer: a person who stands gathers way with every sample. ``walked`` errs towards shorter: a corner of 90
    degrees costs up to 0.3 of a window's way, an about-turn up to one. A start or a stop within a piece makes
    the whole piece walked or stood, so ``walking`` is off by up to a window at each.

    References
    ----------
    E. Batschelet, "Circular Statistics in Biology", Academic Press, 1981, for straightness. M. C. González,
    C. A. Hidalgo, A.-L. Barabási, "Understanding individual human mobility patterns", Nature 453 (2008),
    doi:10.1038/nature06958, for the radius of gyration.
    """
    walks = read_walks(trajectories)
    unit = walks.unit
    length = milliseconds(window, "window")
    if length < 2:  # noqa: PLR2004 - half of it must be a millisecond
        raise ParameterError(f"window is {window!r}, not at least 2 ms")
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
        "time_in_scene": np.add.reduceat(walks.held, first),
        "without_position": np.add.reduceat(np.where(unlocated, walks.held, 0), first),
        "time_outside_image": _sum_time(walks, first, "outside_image"),
        "time_box_truncated": _sum_time(walks, first, "box_truncated"),
        "segment": _find_segments(walks, len(first)),
        "detections": np.add.reduceat(walks.detected.astype("int64"), first),
        "tracklets": walks.run[last] - walks.run[first] + 1,
        **_speeds(speed, walks.held, first),
        **_ways(walks, first),
        **_walked(walks, first, pieces),
    }
    return collect(TRACKS, arrays, unit=unit)


def _sum_time(walks: Walks, first: Integers, flag: str) -> Milliseconds:
    """Sum each person's time present on the rows that have a position and a flag."""
    counted = walks.read_flag(flag) & ~np.isnan(walks.x)
    total: Milliseconds = np.add.reduceat(np.where(counted, walks.held, 0), first)
    return total


def _find_segments(walks: Walks, persons: int) -> np.ndarray:
    """Return each person's most frequent class, of several the first by name; None without a class."""
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


def _speeds(speed: Floats, held: Milliseconds, first: Integers) -> dict[str, Floats | Milliseconds]:
    """Compute each person's time-weighted mean speed and maximum speed over the rows with a speed."""
    known = ~np.isnan(speed)
    time = np.add.reduceat(np.where(known, held, 0), first)
    way = np.add.reduceat(np.where(known, speed * held, 0.0), first)
    most = np.fmax.reduceat(speed, first)
    mean = np.full(len(first), np.nan)
    np.divide(way, time, out=mean, where=time > 0)
    mean[2 * time < np.add.reduceat(held, first)] = np.nan
    # rounding can lift a weighted mean above its largest term
    return {
        "mean_speed_{u}_per_s": np.minimum(mean, most),
        "max_speed_{u}_per_s": most,
        "speed_time": time,
    }


def _ways(walks: Walks, first: Integers) -> dict[str, Floats]:
    """Measure path, displacement, start and end of each person."""
    x, y = walks.x, walks.y
    way, previous = kernels.steps(walks.run, x, y)
    path = np.add.reduceat(np.where(previous >= 0, way, 0.0), first)
    known = np.flatnonzero(~np.isnan(x))
    ends = np.append(first[1:], len(x))
    start, end = np.searchsorted(known, first), np.searchsorted(known, ends) - 1
    seen = end >= start
    begin, finish = known[np.where(seen, start, 0)[seen]], known[np.where(seen, end, 0)[seen]]
    places = {
        name: np.full(len(first), np.nan) for name in ("start_x_{u}", "start_y_{u}", "end_x_{u}", "end_y_{u}")
    }
    for (name, values), row in zip(places.items(), (begin, begin, finish, finish), strict=True):
        values[seen] = (x if "_x_" in name else y)[row]
    across, down = places["end_x_{u}"] - places["start_x_{u}"], places["end_y_{u}"] - places["start_y_{u}"]
    return {
        "path_length_{u}": np.where(seen, path, np.nan),
        "displacement_{u}": np.sqrt(across * across + down * down),
        **places,
    }


def _walked(walks: Walks, first: Integers, pieces: PathPieces) -> dict[str, Integers | Floats]:
    """Sum the pieces up that were walked, and measure how straight and how far around."""
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
    radius = radius_of_gyration(person, walks.held, walks.x, walks.y, persons)
    return {
        "path_length_smoothed_{u}": np.where(np.isnan(radius), np.nan, total),
        "walking": duration.astype("int64"),
        "straightness": straightness,
        "radius_of_gyration_{u}": radius,
    }
