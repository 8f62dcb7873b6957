"""Occupancy over time, and overlaps of zones."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.analysis.presence import find_video_end, part_end
from ptrack_analysis.analysis.zones.membership import Inside, time_inside
from ptrack_analysis.geometry import Integers
from ptrack_analysis.scene.zones import (
    Zone,
    find_shared_areas,
    validate_items,
    validate_outlines,
    validate_zones,
)
from ptrack_analysis.schema import OCCUPANCY_CHANGES, OVERLAPS, assemble
from ptrack_analysis.video import Duration, Milliseconds, Video, milliseconds, validate_video


def compute_zone_overlaps(zones: Sequence[Zone], *, unit: str | None = None) -> pd.DataFrame:
    """List the pairs of overlapping zones, and the share of each zone that overlaps.

    Two zones overlap if they share more than 1e-9 of the area of the smaller zone, are active at a common
    time, and have a common video. A common edge or corner is not an overlap. Each pair is listed twice, once
    from each side. A person in the overlap counts in both zones. Without overlaps, the table is empty.

    Parameters
    ----------
    zones
        Zones of one plane, in any order.
    unit
        Unit of the plane, ``px`` or ``m``; by default the unit of the zones, or px without zones.

    Returns
    -------
    pandas.DataFrame
        OVERLAPS, one row per zone and overlapping zone, sorted by both names.

    Raises
    ------
    SchemaError
        If the zones are in two planes, or in a plane other than ``unit``.
    ZoneError
        If two zones have the same name, or an outline crosses itself.

    Notes
    -----
    O(zones · log zones + pairs with intersecting bounding rectangles · corners · log corners).

    Examples
    --------
    >>> from shapely.geometry import box
    >>> shop, till = Zone("shop", box(0, 0, 8, 5), "m"), Zone("till", box(6, 0, 10, 5), "m")
    >>> compute_zone_overlaps([shop, till]).reset_index()
       zone other  shared_m2  share
    0  shop  till       10.0   0.25
    1  till  shop       10.0   0.50
    """
    validate_items(zones, Zone, "zones")
    unit = unit or (zones[0].unit if zones else "px")
    validate_zones(zones, unit)
    validate_outlines(zones)
    once = list(find_shared_areas(zones))
    found = [*once, *((other, zone, area) for zone, other, area in once)]
    arrays: dict[str, np.ndarray | list[str]] = {
        "zone": [zone.name for zone, _, _ in found],
        "other": [other.name for _, other, _ in found],
        "shared_{u}2": np.array([area for *_, area in found], dtype="float64"),
        "share": np.array([area / zone.outline.area for zone, _, area in found], dtype="float64"),
    }
    return assemble(OVERLAPS, arrays, unit=unit)


def compute_occupancy(
    trajectories: pd.DataFrame | Walks,
    video: Video,
    *,
    zones: Sequence[Zone] = (),
    start: Duration | None = None,
    end: Duration | None = None,
) -> pd.DataFrame:
    """Count the people present in the scene and in each zone over time.

    A person is present in the half-open interval ``[timestamp, timestamp + time_present)`` of each detection.
    People without a position count in the scene but in no zone. Each zone has one row per change, a first row
    at 0 and a closing row at the end of the video (or at the end of the last detection if the end is
    unknown). Each row is valid until the next row of the zone. The closing row repeats the number of people
    before it, because people who are present at the end of the video do not leave. The integral over time is
    the sum of ``time_present``; in a zone, it includes only the time while the zone is active. At times
    without people, the count is 0.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its end.
    zones
        Zones in the same plane. The scene (zone ``""``) is always counted.
    start, end
        The selected part of the video, as passed to ``select``. The first row is at ``start``. The
        closing row is at ``end`` or the video's end, whichever is earlier, or at the end of the last
        detection if that is later.

    Returns
    -------
    pandas.DataFrame
        OCCUPANCY_CHANGES, sorted by zone and timestamp.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or a zone is in another plane or named ``""``.

    Notes
    -----
    A zone counts people within its outline, independent of the options of ``compute_visits``. Presence is
    half-open: if one person leaves at the time at which another arrives, the peak counts one person, while
    tools with closed intervals count two. The peak is the maximum number at any time. Tools that report the
    maximum average per bin give a smaller peak (``compute_occupancy_bins`` returns both).
    O(zones · n log n) in the worst case; the sort is over periods of presence, not over detections.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> occupancy = pta.compute_occupancy(trajectories, video)
    >>> occupancy.loc[""].tail(3).reset_index()
                   timestamp  persons
    0 0 days 00:02:49.440000        3
    1 0 days 00:02:50.240000        2
    2 0 days 00:03:00.000000        2
    >>> occupancy["persons"].max().item()
    5
    """
    validate_video(video)
    counts = count_people(read_walks(trajectories), video, zones=zones, start=start, end=end)
    arrays: dict[str, Integers | list[str]] = {
        "zone": [name for name, (times, _) in counts.items() for _ in times],
        "timestamp": np.concatenate([times for times, _ in counts.values()]),
        "persons": np.concatenate([persons for _, persons in counts.values()]),
    }
    return assemble(OCCUPANCY_CHANGES, arrays)


def count_people(
    walks: Walks,
    video: Video,
    *,
    zones: Sequence[Zone] = (),
    start: Duration | None = None,
    end: Duration | None = None,
) -> dict[str, tuple[Milliseconds, Integers]]:
    """Count the people in the scene (zone ``""``) and in each zone, as in ``compute_occupancy``.

    Returns
    -------
    dict
        The times at which each count changes [ms], and the count from then on.
    """
    validate_zones(zones, walks.unit)
    rows, time_present = walks.rows, walks.time_present
    until = rows.time + time_present
    known = find_video_end(video, int(rows.time.max(initial=0)))
    latest = int(until.max(initial=0))
    begin = 0 if start is None else milliseconds(start, "start")
    close = part_end(known, end, latest)
    if end is not None:
        close = max(close, latest, begin)
    is_present = time_present > 0
    scene = Inside(np.flatnonzero(is_present), rows.time[is_present], until[is_present])
    counts = {"": _changes(rows.person, scene, begin, close)}
    for zone in zones:
        inside = time_inside(zone, walks.find_inside(zone) & is_present, rows.time, time_present)
        counts[zone.name] = _changes(rows.person, inside, begin, close)
    return counts


def _changes(person: Integers, inside: Inside, begin: int, close: int) -> tuple[Integers, Integers]:
    """Return the times at which the count changes, and the count from then on."""
    person, time, until = person[inside.rows], inside.since, inside.until
    apart = np.ones(len(time) + 1, dtype=bool)
    apart[1:-1] = (person[1:] != person[:-1]) | (time[1:] != until[:-1])
    comes, goes = time[apart[:-1]], until[apart[1:]]
    times, position = np.unique(
        np.concatenate([[begin, max(begin, close)], comes, goes]), return_inverse=True
    )
    change = np.zeros(len(times), dtype="int64")
    np.add.at(change, position[2 : 2 + len(comes)], 1)
    np.add.at(change, position[2 + len(comes) :], -1)
    keep = change != 0
    keep[[0, -1]] = True
    persons = np.cumsum(change)
    persons[1:][-1:] = persons[-2:-1]  # the end of the video is not the end of anyone's presence
    return times[keep], persons[keep]
