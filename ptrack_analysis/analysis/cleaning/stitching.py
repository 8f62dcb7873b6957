"""Stitching: find tracks that belong to the same person."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.cleaning.candidates import (
    Bodies,
    Ends,
    Limits,
    Pairs,
    PictureGround,
    candidates,
    find_track_ends,
    fit_body_heights,
    whole_heights,
)
from ptrack_analysis.analysis.cleaning.smoothing import Positions, split_positions
from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.errors import SchemaError
from ptrack_analysis.geometry import Bools, Floats, Integers, contains
from ptrack_analysis.scene.zones import Zone, validate_zones
from ptrack_analysis.schema import DETECTIONS, STITCHES, assemble, validate
from ptrack_analysis.video import Duration, Video, milliseconds, validate_video


def first_of_chains(later: Integers, earlier: Integers) -> tuple[Integers, Bools]:
    """Find the first track of each later track's chain.

    Parameters
    ----------
    later, earlier
        (n,) numbers of the two tracks of each join; later tracks are distinct.

    Returns
    -------
    tuple
        (n,) number of the first track of the chain; (n,) bool, whether the chain is a circle, which has no
        first track.

    Notes
    -----
    Each pass doubles the number of links followed: O(n log n).
    """
    order = np.argsort(later, kind="stable")
    numbers = later[order]
    index = np.minimum(np.searchsorted(numbers, earlier), max(len(numbers) - 1, 0))
    onward = np.full(len(later), -1)
    if len(later):
        known = numbers[index] == earlier
        onward[known] = order[index[known]]
    last = np.arange(len(later))
    for _ in range(len(later).bit_length() + 1):
        further = np.where(onward >= 0, onward, 0)
        last = np.where(onward >= 0, last[further], last) if len(later) else last
        onward = np.where(onward >= 0, onward[further], -1) if len(later) else onward
    return earlier[last], onward >= 0


def cheapest(before: Integers, after: Integers, cost: Floats, *, unmatched: float) -> Bools:
    """Choose joins with the smallest total cost, with at most one join at each side of a track.

    A track without a continuation costs ``unmatched``. The problem is solved on the sparse graph of possible
    joins, with an additional partner for each earlier track that represents the absence of a continuation.

    Parameters
    ----------
    before, after
        (n,) the two tracks of each possible join, numbered from 0; distinct pairs, sorted by both.
    cost
        (n,) 0 or more, and below ``unmatched``.
    unmatched
        Cost of a track without a continuation.

    Returns
    -------
    numpy.ndarray
        (n,) bool, chosen. If several choices have exactly the same cost, the result depends only on the order
        of the numbers.
    """
    chosen = np.zeros(len(before), dtype=bool)
    if not len(before):
        return chosen
    from scipy.sparse import csr_array  # noqa: PLC0415 - importing SciPy takes half a second
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415 - the same

    left, row = np.unique(before, return_inverse=True)
    right, column = np.unique(after, return_inverse=True)
    every = np.arange(len(left))
    # plus 1, because the solver treats a cost of 0 as no edge (each row pays 1 for any choice)
    weight = np.concatenate([cost, np.full(len(left), unmatched)]) + 1.0
    entries = np.concatenate([row, every]), np.concatenate([column, len(right) + every])
    graph = csr_array((weight, entries), shape=(len(left), len(right) + len(left)))
    partner = np.full(len(left), -1)
    rows, columns = min_weight_full_bipartite_matching(graph)
    partner[rows] = columns
    chosen[:] = partner[row] == column
    return chosen


def margins(before: Integers, after: Integers, cost: Floats, chosen: Bools, *, unmatched: float) -> Floats:
    """Return the increase in cost of the best alternative for the two tracks of each chosen join.

    An alternative is a possible join that was not chosen. It replaces the chosen joins of its two tracks, and
    the two tracks that become free are joined if possible. The increase in cost is the margin of the replaced
    joins.

    Parameters
    ----------
    before, after, cost, unmatched
        As for ``cheapest``.
    chosen
        (n,) bool, the result of ``cheapest``.

    Returns
    -------
    numpy.ndarray
        (n,) the smallest increase for chosen joins; infinite without an alternative, and for joins that were
        not chosen.
    """
    margin = np.full(len(before), np.inf)
    if not chosen.any():
        return margin
    tracks = int(max(before.max(), after.max())) + 1
    gain = unmatched - cost
    of_before, of_after = np.full(tracks, -1), np.full(tracks, -1)
    of_before[before[chosen]] = of_after[after[chosen]] = np.flatnonzero(chosen)
    other = np.flatnonzero(~chosen)
    out = of_before[before[other]], of_after[after[other]]
    lost = sum(np.where(join >= 0, gain[join], 0.0) for join in out)
    both = np.flatnonzero((out[0] >= 0) & (out[1] >= 0))
    won = gain[other]
    won[both] += _find_gains(before[out[1][both]], after[out[0][both]], (before, after, gain), tracks)
    for join in out:
        np.minimum.at(margin, join[join >= 0], (lost - won)[join >= 0])
    return margin


def _find_gains(
    left: Integers, right: Integers, pairs: tuple[Integers, Integers, Floats], tracks: int
) -> Floats:
    """Return the gain of joining each two tracks; 0 if they cannot be joined."""
    before, after, gain = pairs
    keys, wanted = before * tracks + after, left * tracks + right
    index = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[index] == wanted, gain[index], 0.0)


STITCH_GAP = pd.Timedelta("4s")
_WINDOW = 800
"""Time at each end of a track from which its velocity and size are computed [ms]."""
_COMPETITION = 2
"""Pairs up to this multiple of ``max_gap`` apart compete in the choice."""


def compute_stitches(
    detections: pd.DataFrame | None,
    trajectories: pd.DataFrame,
    video: Video | None = None,
    *,
    entrances: Sequence[Zone] = (),
    max_gap: Duration = STITCH_GAP,
    max_speed: float = 3.0,
    max_drift: float = 1.0,
    max_size_ratio: float = 1.15,
    max_cost: float = 1.0,
    min_margin: float = 0.2,
) -> pd.DataFrame:
    """Find tracks that continue earlier tracks, because the tracker lost a person and changed the number.

    A track may continue an earlier track if it starts after the earlier one ends, at most ``max_gap`` later,
    at a position that can be reached at ``max_speed`` (with a tolerance of 0.5 m). If both tracks walk faster
    than 0.5 m/s in directions more than 120 degrees apart, they are different people: one has left and
    another has come.

    Both tracks are extrapolated to the middle of the gap with their own velocity (of the outermost 0.8 s,
    decaying by half in 0.55 s), one forward and the other backward. The distance between the two positions is
    the drift d. With the gap g, the time t between the two outermost positions, the change of velocity Δv and
    the ratio r of the box heights (each divided by the typical height at its position in the image, median
    of 0.8 s), the cost is

        cost² = (d / (0.5 m + max_drift · t))² + (Δv / max_speed)² + (ln r / ln max_size_ratio)²
                + (g / (4 · max_gap))²

    An unknown size counts as a quarter of its limit. Among all joins that cost less than ``max_cost``, the
    choice with the smallest total cost is taken, where a track without a continuation costs ``max_cost``.
    Each track is continued by at most one track and continues at most one. A chosen join is *not* made if an
    alternative for its tracks would increase the cost by less than ``min_margin``: if two continuations fit
    nearly equally well, neither is made. Pairs up to twice ``max_gap`` apart compete in the choice but are
    not joined, so that a track's own late continuation protects it from a stranger nearby. A track that ends
    in one of the ``entrances`` has left, and a track that starts there has come: they are not joined there.
    An empty table, and tracks without positions, give no joins.

    Distances are in meters: on a floor plan in its own unit, in the image on the estimated ground plane, as
    if each body were 1.7 m tall (see Notes).

    Parameters
    ----------
    detections
        DETECTIONS from which the trajectories were computed, for the boxes; None for points on a floor plan,
        which have no size.
    trajectories
        TRAJECTORIES of foot points of one video, in px or m; rows in any order.
    video
        The video, for its frame size; required in px.
    entrances
        Zones of the same plane in which people come into view and leave it.
    max_gap
        Longest gap to join, above 0.
    max_speed
        Maximum speed of people, above 0 [m/s].
    max_drift
        Deviation from the expected position per second of gap that costs 1, in addition to 0.5 m [m/s].
    max_size_ratio
        Ratio of the heights that costs 1, above 1.
    max_cost
        Joins must cost less than this, above 0.
    min_margin
        Minimum increase in cost of the next best choice, 0 or more. With 0, the order of the numbers decides
        between choices of equal cost.

    Returns
    -------
    pandas.DataFrame
        STITCHES, one row per later track, sorted by its number. ``apply_stitches`` joins them; delete the
        rows of unwanted joins first.

    Raises
    ------
    SchemaError
        If a table does not match its schema, a trajectory row has no detection, an entrance is in another
        plane, or the trajectories are in px and there are no detections.
    ParameterError
        If a limit is out of its range, or the frame size is required and unknown.

    Notes
    -----
    Errs toward missed joins: a join is made only if no other join fits nearly as well. The table shows
    results for the simulated shop of this project (``simulation``): 3 minutes, recorded 24 times at each
    density. Boxes are jittered by 2 px, and tracks break for 0.3 s or more about every 12 s, half of the time
    next to another person. The entrance is given, and no limit was tuned on these recordings. The columns
    show the share of true joins within ``max_gap`` that were found, and the number of false joins.

    =================  ===================  ===================  ===================
    people in view     floor, 0.3-4 s       floor, 0.3-6 s       image, 0.3-6 s
    =================  ===================  ===================  ===================
    1.5                97 %, 0 of 298       99 %, 0 of 258       98 %, 1 of 257
    2.5                97 %, 0 of 482       95 %, 0 of 398       94 %, 1 of 395
    5                  96 %, 2 of 1123      94 %, 5 of 944       94 %, 5 of 939
    11                 95 %, 13 of 2443     93 %, 16 of 2014     93 %, 15 of 1998
    =================  ===================  ===================  ===================

    Most errors occur when two people at arm's length are lost at the same time. ``min_margin=0.4`` makes
    false joins four times rarer and finds 2 to 7 of 100 fewer; without entrances, 1 to 5 of 100 fewer are
    found. For real trajectories through a crowded bottleneck (experiment AO 300: 348 people, no sizes, no
    entrances), broken for 0.3-2 s, 70 % were joined, all correctly; for 0.3-4 s, half were joined, and 2 of
    100 joins were false. In the image, the camera is assumed to be level, with a typical lens (focal length
    0.9 of the width). O(n log n + possible joins); costs are computed for a million pairs at a time, without
    a matrix of all tracks.

    References
    ----------
    L. Zhang, Y. Li, R. Nevatia, "Global data association for multi-object tracking using network flows",
    CVPR 2008, doi:10.1109/CVPR.2008.4587584 (global choice). R. Jonker, A. Volgenant, "A shortest augmenting
    path algorithm for dense and sparse linear assignment problems", Computing 38 (1987),
    doi:10.1007/BF02278710; D. F. Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Trans.
    AES 52 (2016), doi:10.1109/TAES.2016.140952 (the solver).

    Examples
    --------
    The tracker lost a person, who was found again under another number:

    >>> columns = {"frame": "frame", "id": "track_id"}
    >>> columns |= {"left": "x1", "right": "x2", "top": "y1", "bottom": "y2"}
    >>> video = pta.Video(width=1280, height=720, frame_rate=25.0)
    >>> detections, video = pta.read_tracking("data/tracker/morning.csv", columns=columns, video=video)
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> stitches = pta.cleaning.compute_stitches(detections, trajectories, video)
    >>> stitches[["after", "merged_into", "distance_px"]].reset_index().round(1)
       track_index  after  merged_into  distance_px
    0           15      7            7          2.4
    """
    if detections is not None:
        validate(detections, DETECTIONS)
    old = split_positions(trajectories)
    if video is not None:
        validate_video(video)
    validate_zones(entrances, old.unit, "entrances")
    gap = milliseconds(max_gap, "max_gap")
    limits = Limits(gap, gap * _COMPETITION, max_speed, max_drift, max_size_ratio, max_cost, min_margin)
    size, bodies = _sizes(detections, trajectories, old)
    ground = _ground(old, bodies, detections, video)
    places = np.column_stack([old.x, old.y])
    ends = find_track_ends(
        old.rows, ground.on_ground(places) if ground else places, size, window=_WINDOW, max_speed=max_speed
    )
    pairs = candidates(ends, _in_entrances(ends, places, entrances), limits)
    chosen = cheapest(pairs.before, pairs.after, pairs.cost, unmatched=max_cost)
    margin = margins(pairs.before, pairs.after, pairs.cost, chosen, unmatched=max_cost)
    waited = ends.start.row_time[pairs.after] - ends.stop.row_time[pairs.before]
    made = pairs.taken(chosen & (margin >= min_margin) & (waited <= gap))
    person = trajectories.index.get_level_values("person_index").to_numpy()[old.rows.order]
    return _table(person, ends, made, (places, ground), old.unit)


def _sizes(
    detections: pd.DataFrame | None, trajectories: pd.DataFrame, old: Positions
) -> tuple[Floats, Bodies | None]:
    """Return each row's box height divided by the typical height there, and the typical heights."""
    if detections is None:
        return np.full(len(old.x), np.nan), None
    row = detection_rows(detections, trajectories)[old.rows.order]
    top, height = (detections[name].to_numpy()[row] for name in ("top", "height"))
    bodies = fit_body_heights(top, height)
    if bodies is None:
        return np.full(len(old.x), np.nan), None
    return whole_heights(top, height) / bodies.usual(top + height), bodies


def _ground(
    old: Positions, bodies: Bodies | None, detections: pd.DataFrame | None, video: Video | None
) -> PictureGround | None:
    """Return the ground plane of the image; None if positions are in meters or there are no boxes."""
    if old.unit == "m":
        return None
    if detections is None:
        raise SchemaError("trajectories in px require detections: box heights give the scale of the image")
    pixels = (video or Video()).pixels
    return None if bodies is None else PictureGround(bodies, pixels.width, pixels.height)


def _in_entrances(ends: Ends, places: Floats, entrances: Sequence[Zone]) -> tuple[Bools, Bools]:
    """Return which tracks end in an entrance, and which start in one."""
    barred = []
    for side in (ends.stop, ends.start):
        inside = np.zeros(len(side.row), dtype=bool)
        for entrance in entrances:
            inside |= contains(entrance.edges, places[side.row, 0], places[side.row, 1])
        barred.append(inside)
    return barred[0], barred[1]


def _table(
    person: Integers,
    ends: Ends,
    pairs: Pairs,
    plane: tuple[Floats, PictureGround | None],
    unit: str,
) -> pd.DataFrame:
    """Build the table of joins in the plane of the trajectories."""
    places, ground = plane
    before, after = pairs.before, pairs.after
    stop, start = ends.stop, ends.start
    expected = ground.in_picture(pairs.expected) if ground else pairs.expected
    off, way = places[start.row[after]] - expected, places[start.row[after]] - places[stop.row[before]]
    later, earlier = person[start.row[after]], person[stop.row[before]]
    arrays = {
        "track_index": later,
        "after": earlier,
        "merged_into": first_of_chains(later, earlier)[0],
        "gap": start.row_time[after] - stop.row_time[before],
        "distance_{u}": np.hypot(off[:, 0], off[:, 1]),
        "speed_{u}_per_s": np.hypot(way[:, 0], way[:, 1])
        / ((start.time[after] - stop.time[before]) / 1000.0),
        "size_ratio": start.size[after] / stop.size[before],
        "cost": pairs.cost,
    }
    return assemble(STITCHES, arrays, unit=unit)
