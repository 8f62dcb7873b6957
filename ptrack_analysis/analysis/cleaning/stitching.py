"""Which tracks are of one person."""

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
from ptrack_analysis.video import Video, milliseconds


def first_of_chains(later: Integers, earlier: Integers) -> tuple[Integers, Bools]:
    """Follow each later track to the first of its chain.

    Parameters
    ----------
    later, earlier
        (n,) numbers of the two tracks of each join; no later one twice.

    Returns
    -------
    tuple
        (n,) number of the first track of the chain; (n,) bool, whether there is none because the chain is a
        circle.

    Notes
    -----
    Each pass doubles how far the chains are followed: O(n log n).
    """
    order = np.argsort(later, kind="stable")
    numbers = later[order]
    place = np.minimum(np.searchsorted(numbers, earlier), max(len(numbers) - 1, 0))
    onward = np.full(len(later), -1)
    if len(later):
        known = numbers[place] == earlier
        onward[known] = order[place[known]]
    last = np.arange(len(later))
    for _ in range(len(later).bit_length() + 1):
        further = np.where(onward >= 0, onward, 0)
        last = np.where(onward >= 0, last[further], last) if len(later) else last
        onward = np.where(onward >= 0, onward[further], -1) if len(later) else onward
    return earlier[last], onward >= 0


def cheapest(before: Integers, after: Integers, cost: Floats, *, unmatched: float) -> Bools:
    """Choose joins such that no track is followed by two or follows two, and the sum of costs is least.

    A track that nothing follows costs ``unmatched``. Solved on the sparse graph of the possible joins, with
    one more partner for each earlier track that stands for *nobody*.

    Parameters
    ----------
    before, after
        (n,) the two tracks of each possible join, numbered from 0; no pair twice, sorted by both.
    cost
        (n,) 0 or more, and below ``unmatched``.
    unmatched
        What a track that nothing follows costs.

    Returns
    -------
    numpy.ndarray
        (n,) bool, chosen. Which of several choices with exactly the same sum is taken depends on the order
        of the numbers only.
    """
    chosen = np.zeros(len(before), dtype=bool)
    if not len(before):
        return chosen
    from scipy.sparse import csr_array  # noqa: PLC0415 - loading SciPy takes half a second, and only this needs it
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415 - the same

    left, row = np.unique(before, return_inverse=True)
    right, column = np.unique(after, return_inverse=True)
    every = np.arange(len(left))
    # plus 1, because the solver takes a cost of 0 for no edge; it is paid once a row, whatever is chosen
    weight = np.concatenate([cost, np.full(len(left), unmatched)]) + 1.0
    places = np.concatenate([row, every]), np.concatenate([column, len(right) + every])
    graph = csr_array((weight, places), shape=(len(left), len(right) + len(left)))
    partner = np.full(len(left), -1)
    rows, columns = min_weight_full_bipartite_matching(graph)
    partner[rows] = columns
    chosen[:] = partner[row] == column
    return chosen


def margins(before: Integers, after: Integers, cost: Floats, chosen: Bools, *, unmatched: float) -> Floats:
    """Tell by how much the best other use of each chosen join's two tracks is worse.

    Another use is one possible join that was not chosen: it is put in, the chosen joins of its two tracks
    are taken out, and the two tracks that these leave over are joined if they can be. What this makes the
    choice dearer is the margin of the joins taken out.

    Parameters
    ----------
    before, after, cost, unmatched
        As for ``cheapest``.
    chosen
        (n,) bool, what it chose.

    Returns
    -------
    numpy.ndarray
        (n,) the smallest such difference for the chosen, infinite where there is no other use, and for
        those that were not chosen.
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
    """Look up what joining each two tracks gains, 0 where they cannot be joined."""
    before, after, gain = pairs
    keys, wanted = before * tracks + after, left * tracks + right
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, gain[place], 0.0)


STITCH_GAP = pd.Timedelta("4s")
_WINDOW = 800
"""How much of a track tells its velocity and size at its end [ms]."""
_COMPETITION = 2
"""Pairs up to so many times max_gap apart take part in the choice."""


def compute_stitches(
    detections: pd.DataFrame | None,
    trajectories: pd.DataFrame,
    video: Video | None = None,
    *,
    entrances: Sequence[Zone] = (),
    max_gap: pd.Timedelta | str = STITCH_GAP,
    max_speed: float = 3.0,
    max_drift: float = 1.0,
    max_size_ratio: float = 1.15,
    max_cost: float = 1.0,
    min_margin: float = 0.2,
) -> pd.DataFrame:
    """Return which tracks continue which, because the tracker lost a person and gave a new number.

    A track may continue an earlier one if it begins after that one's end, at most ``max_gap`` later, at a
    place that can be reached at ``max_speed`` (and 0.5 m of slack), unless both walk, faster than 0.5 m/s,
    and it comes more than 120 degrees against the direction in which the other left: then one has left and
    another has come. Both are walked on to the middle of the gap with their own velocity (of the outermost
    0.8 s, fading by half in 0.55 s), the one forwards, the other backwards; the distance between the two
    places is the drift d. With g the gap, t the time between the two outermost positions, Δv the change of
    velocity and r the ratio of the boxes' heights (each by the height usual at its place in the picture,
    median of 0.8 s) the cost is

        cost² = (d / (0.5 m + max_drift · t))² + (Δv / max_speed)² + (ln r / ln max_size_ratio)²
                + (g / (4 · max_gap))²

    A size that is not known counts as a quarter of its limit. Among all joins that cost less than
    ``max_cost`` the choice with the least sum of costs is taken, a track without continuation costing
    ``max_cost``; each track is continued by at most one and continues at most one. A chosen join is *not*
    made if another use of its tracks would make the choice dearer by less than ``min_margin``: where two
    continuations fit nearly as well, neither is made. Pairs up to twice ``max_gap`` apart take part in the
    choice, so that a track is kept from a near stranger by its own late continuation, but are not joined.
    A track that ends in one of the ``entrances`` has left, and one that begins there has come: neither is
    joined there. An empty table, and tracks without any position, give no joins.

    Lengths are in meters: on a floor plan its own, in the picture those of the ground that the boxes stand
    on, as if each body were 1.7 m tall (see Notes).

    Parameters
    ----------
    detections
        DETECTIONS that the trajectories were computed from, for the boxes; None for points on a floor plan,
        which have no size.
    trajectories
        TRAJECTORIES of footpoints of one video, in px or m; rows in any order.
    video
        The video, for its frame size; needed in px.
    entrances
        Zones of the same plane in which people come into sight and leave it.
    max_gap
        The longest gap that is joined, above 0 [ms].
    max_speed
        The largest speed at which people move, above 0 [m/s].
    max_drift
        How far from the expected place a person may turn up, for each second of gap, at cost 1; 0.5 m are
        added [m/s].
    max_size_ratio
        Ratio of the heights at cost 1, above 1.
    max_cost
        Joins cost less than this, above 0.
    min_margin
        By how much the next best choice must be dearer, 0 or more; with 0, exact ties are broken by the
        order of the numbers.

    Returns
    -------
    pandas.DataFrame
        STITCHES, one row a later track, sorted by its number. ``apply_stitches`` joins them; delete the rows
        of joins that you do not want before.

    Raises
    ------
    SchemaError
        If a table is not what it should be, a trajectory row has no detection, a door is of another plane,
        or the trajectories are in px and there are no detections.
    ParameterError
        If a limit is out of its range, or the frame size is needed and not known.

    Notes
    -----
    Errs towards missed joins: a join is made only where no other fits nearly as well. Measured in the
    simulated shop of this project (``simulation``), 3 minutes filmed 24 times at each density (boxes jittered
    by 2 px, numbers broken for 0.3 s and more every 12 s or so, half of the times next to somebody else; the
    door given; no limit was chosen on these recordings): joins found of the true ones within ``max_gap``,
    and how many of all joins are false.

    =================  ===================  ===================  ===================
    persons in view    floor, 0.3-4 s       floor, 0.3-6 s       picture, 0.3-6 s
    =================  ===================  ===================  ===================
    1.5                97 %, 0 of 298       99 %, 0 of 258       98 %, 1 of 257
    2.5                97 %, 0 of 482       95 %, 0 of 398       94 %, 1 of 395
    5                  96 %, 2 of 1123      94 %, 5 of 944       94 %, 5 of 939
    11                 95 %, 13 of 2443     93 %, 16 of 2014     93 %, 15 of 1998
    =================  ===================  ===================  ===================

    What goes wrong are two persons at arm's length, both lost at once. ``min_margin=0.4`` makes false joins
    four times rarer and finds 2 to 7 of 100 fewer; without doors 1 to 5 of 100 fewer are found.
    Of real ways through a crowded bottleneck (the experiment AO 300: 348 people, no sizes, no doors) broken
    for 0.3-2 s it joined 70 %, none falsely; for 0.3-4 s half, and 2 of 100 joins were false.
    In the picture the camera is taken to be level, with a usual lens (focal length 0.9 of the width).
    O(n log n + possible joins); pairs are measured a million at a time, and no matrix of all tracks is made.

    References
    ----------
    L. Zhang, Y. Li, R. Nevatia, "Global data association for multi-object tracking using network flows",
    CVPR 2008, doi:10.1109/CVPR.2008.4587584 (global choice). R. Jonker, A. Volgenant, "A shortest augmenting
    path algorithm for dense and sparse linear assignment problems", Computing 38 (1987),
    doi:10.1007/BF02278710; D. F. Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Trans.
    AES 52 (2016), doi:10.1109/TAES.2016.140952 (the solver).

    Examples
    --------
    >>> from ptrack_analysis import Video, compute_trajectories
    >>> from ptrack_analysis.schema import empty_table
    >>> from ptrack_analysis.schema import DETECTIONS
    >>> video, detections = Video(width=640, height=360), empty_table(DETECTIONS)
    >>> len(compute_stitches(detections, compute_trajectories(detections, video), video))
    0
    """
    if detections is not None:
        validate(detections, DETECTIONS)
    old = split_positions(trajectories)
    validate_zones(list(entrances), old.unit)
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
    waited = ends.start.seen[pairs.after] - ends.stop.seen[pairs.before]
    made = pairs.taken(chosen & (margin >= min_margin) & (waited <= gap))
    person = trajectories.index.get_level_values("person_index").to_numpy()[old.rows.order]
    return _table(person, ends, made, (places, ground), old.unit)


def _sizes(
    detections: pd.DataFrame | None, trajectories: pd.DataFrame, old: Positions
) -> tuple[Floats, Bodies | None]:
    """Return each row's height by the usual one in its place, and what is usual."""
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
    """Return the ground of the picture, or None where positions are in meters, or there are none."""
    if old.unit == "m":
        return None
    if detections is None:
        raise SchemaError("trajectories in px need the detections: only boxes tell how far a px reaches")
    pixels = (video or Video()).pixels
    return None if bodies is None else PictureGround(bodies, pixels.width, pixels.height)


def _in_entrances(ends: Ends, places: Floats, entrances: Sequence[Zone]) -> tuple[Bools, Bools]:
    """Return which tracks end in a door, and which begin in one."""
    barred = []
    for side in (ends.stop, ends.start):
        inside = np.zeros(len(side.row), dtype=bool)
        for door in entrances:
            inside |= contains(door.edges, places[side.row, 0], places[side.row, 1])
        barred.append(inside)
    return barred[0], barred[1]


def _table(
    person: Integers,
    ends: Ends,
    pairs: Pairs,
    plane: tuple[Floats, PictureGround | None],
    unit: str,
) -> pd.DataFrame:
    """Describe joins in the trajectories' own plane."""
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
        "gap": start.seen[after] - stop.seen[before],
        "distance_{u}": np.hypot(off[:, 0], off[:, 1]),
        "speed_{u}_per_s": np.hypot(way[:, 0], way[:, 1])
        / ((start.moment[after] - stop.moment[before]) / 1000.0),
        "size_ratio": start.size[after] / stop.size[before],
        "cost": pairs.cost,
    }
    return assemble(STITCHES, arrays, unit=unit)
