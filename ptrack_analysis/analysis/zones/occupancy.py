"""Occupancy over time, and overlaps of zones."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.analysis.presence import find_video_end, part_end
from ptrack_analysis.analysis.zones.membership import Inside, time_inside
from ptrack_analysis.geometry import Integers
from ptrack_analysis.scene.zones import Zone, shared_area, validate_outlines, validate_zones
from ptrack_analysis.schema import OCCUPANCY_CHANGES, OVERLAPS, assemble
from ptrack_analysis.video import Milliseconds, Video, milliseconds


def compute_zone_overlaps(zones: Sequence[Zone], *, unit: str | None = None) -> pd.DataFrame:
    """List which zones share area with which, and how much of each it is.

    Two zones overlap if both cover an area of more than 1e-9 of the smaller one, and there are a moment at
    which both hold and a video that both are in; a common edge or corner is no overlap. Each pair stands
    there twice, once from each side: who stands there is counted in both zones. Fewer than two zones, or
    none that overlap: no rows.

    Parameters
    ----------
    zones
        Zones of one plane, in any order.
    unit
        Unit of the plane, ``px`` or ``m``; by default that of the zones, and px where there are none.

    Returns
    -------
    pandas.DataFrame
        OVERLAPS, one row a zone and another that shares area with it, sorted by both names.

    Raises
    ------
    SchemaError
        If the zones are in two planes, or in another than ``unit``.
    ZoneError
        If two have one name, or an outline crosses itself.

    Notes
    -----
    O(zones² · corners · log corners); zones whose bounding rectangles lie apart cost next to nothing.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> shop, till = Zone("shop", box(0, 0, 8, 5), "m"), Zone("till", box(6, 0, 10, 5), "m")
    >>> compute_zone_overlaps([shop, till]).reset_index()
       zone other  shared_m2  share
    0  shop  till       10.0   0.25
    1  till  shop       10.0   0.50
    """
    unit = unit or (zones[0].unit if zones else "px")
    validate_zones(zones, unit)
    validate_outlines(zones)
    pairs = [(zone, other, shared_area(zone, other)) for zone, other in permutations(zones, 2)]
    found = [pair for pair in pairs if pair[2] > 0]
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
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
) -> pd.DataFrame:
    """Count the people present in the scene and in each zone over time.

    A person is present on the half-open ``[timestamp, timestamp + time_present)`` of each detection; people
    without a position count in the scene and in no zone. There is one row per change, a first row at 0 and a
    closing row at the end of the video (at the last time present, where the end is unknown). Each row is
    valid until the next row of the zone. The closing row repeats the number of people until then, because
    people who are present at the end of the video do not leave. The integral over time is the sum of
    ``time_present``; in a zone, of its part while the zone is active. Before and after, and with no one
    there, the rows are 0.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its end.
    zones
        Zones in the same plane; the scene, zone ``""``, is always counted.
    start, end
        The part of the video that was selected, as given to ``select`` [ms]: the first row is then at
        ``start``, the closing one at ``end`` or the video's end, whichever is first, or where the last
        detection ceases to hold, if that is later.

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
    A zone counts people within its outline, whatever options visits to it are computed with. Presence is
    half-open: where one person leaves as another comes, the peak counts one of them, while tools with closed
    intervals count both. The peak is the largest number at any time; tools that report the largest average
    per bin give a smaller one (``compute_occupancy_bins`` returns both).
    O(zones · n log n) at worst; the sort is over stretches of presence, not over detections.
    """
    counts = count_people(read_walks(trajectories), video, zones=zones, start=start, end=end)
    arrays: dict[str, Integers | list[str]] = {
        "zone": [name for name, (moments, _) in counts.items() for _ in moments],
        "timestamp": np.concatenate([moments for moments, _ in counts.values()]),
        "persons": np.concatenate([persons for _, persons in counts.values()]),
    }
    return assemble(OCCUPANCY_CHANGES, arrays)


def count_people(
    walks: Walks,
    video: Video,
    *,
    zones: Sequence[Zone] = (),
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
) -> dict[str, tuple[Milliseconds, Integers]]:
    """Count the people in the scene, the zone ``""``, and in each zone, as in ``compute_occupancy``.

    Returns
    -------
    dict
        The times at which each count changes [ms], and the count from then on.
    """
    validate_zones(zones, walks.unit)
    rows, held = walks.rows, walks.held
    until = rows.time + held
    known = find_video_end(video, int(rows.time.max(initial=0)))
    seen = int(until.max(initial=0))
    begin = 0 if start is None else milliseconds(start, "start")
    close = part_end(known, end, seen) if end is None else max(part_end(known, end, seen), seen, begin)
    stays = held > 0
    scene = Inside(np.flatnonzero(stays), rows.time[stays], until[stays])
    counts = {"": _changes(rows.person, scene, begin, close)}
    for zone in zones:
        inside = time_inside(zone, walks.find_inside(zone) & stays, rows.time, held)
        counts[zone.name] = _changes(rows.person, inside, begin, close)
    return counts


def _changes(person: Integers, inside: Inside, begin: int, close: int) -> tuple[Integers, Integers]:
    """List the moments at which the count changes, and the count from then on."""
    person, time, until = person[inside.rows], inside.since, inside.until
    apart = np.ones(len(time) + 1, dtype=bool)
    apart[1:-1] = (person[1:] != person[:-1]) | (time[1:] != until[:-1])
    comes, goes = time[apart[:-1]], until[apart[1:]]
    moments, place = np.unique(np.concatenate([[begin, max(begin, close)], comes, goes]), return_inverse=True)
    change = np.zeros(len(moments), dtype="int64")
    np.add.at(change, place[2 : 2 + len(comes)], 1)
    np.add.at(change, place[2 + len(comes) :], -1)
    keep = change != 0
    keep[[0, -1]] = True
    persons = np.cumsum(change)
    persons[1:][-1:] = persons[-2:-1]  # the end of the video is not the end of anyone's presence
    return moments[keep], persons[keep]
