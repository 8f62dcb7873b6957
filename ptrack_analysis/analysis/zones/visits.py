"""Visits: one continuous stay of one person in one zone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.analysis.presence import (
    PersonRows,
    choose_period,
    find_video_end,
    mark_starts,
    part_end,
    warn_of_long_options,
)
from ptrack_analysis.analysis.zones.membership import Inside, extend_by_margin, time_inside
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import at_least
from ptrack_analysis.scene.zones import Zone, validate_zones
from ptrack_analysis.schema import ENTRIES, EXITS, POSITION_STATUSES, VISITS
from ptrack_analysis.schema.arrays import TableArrays, collect, in_frame
from ptrack_analysis.video import Duration, Video, milliseconds, validate_video

_CROSSED, _EDGE, _START, _APPEARED, _OPENED = range(len(ENTRIES))
_, _, _END, _LOST, _CLOSED = range(len(EXITS))
_DETECTED = POSITION_STATUSES.index("detected")
_NONE_BEFORE = np.iinfo("int64").min


@dataclass(frozen=True, slots=True)
class Options:
    """Options of visits: a distance in the plane, and durations [ms]."""

    margin: float
    enter_after: int
    merge_gap: int
    min_dwell: int


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """Columns of trajectories for the computation of visits, by person and time; times in ms."""

    rows: PersonRows
    person_index: Integers
    x: Floats
    y: Floats
    time_present: Integers
    begins: Bools
    period: int
    start: int
    end: int
    detected: Bools
    interpolated: Bools
    enters_frame: Bools
    leaves_frame: Bools


@dataclass(frozen=True, slots=True, eq=False)
class _Stays:
    """Continuous stays inside, or visits: first and last row, times, and number of detections."""

    first: Integers
    last: Integers
    entered: Integers
    exited: Integers
    dwell: Integers
    interpolated: Integers
    detections: Integers

    def where(self, kept: Bools) -> "_Stays":
        """Return the selected stays."""
        return _Stays(*(getattr(self, name)[kept] for name in self.__slots__))


def stays_in(zone: Zone, inside: Bools, presence: Presence, options: Options) -> dict[str, Integers]:
    """Find the visits to one zone: the columns of VISITS, and its key except for the zone.

    Stays inside that are long enough are joined over short absences, and then selected by their dwell.
    """
    position = presence.x, presence.y
    positions = extend_by_margin(zone, inside, position, presence.begins, options.margin)
    stays = _find_stays(time_inside(zone, positions, presence.rows.time, presence.time_present), presence)
    stays = stays.where(stays.exited - stays.entered >= options.enter_after)
    visits = _merged(stays, presence.rows.person, options.merge_gap)
    visits = visits.where(visits.dwell >= options.min_dwell)
    person = presence.rows.person[visits.first]
    again = ~mark_starts(person)
    away = np.full(len(person), _NONE_BEFORE)
    away[again] = visits.entered[again] - visits.exited[np.flatnonzero(again) - 1]
    return {
        "person_index": presence.person_index[visits.first],
        "visit": _counted(person),
        "entered": visits.entered,
        "exited": visits.exited,
        "dwell": visits.dwell,
        "interpolated": visits.interpolated,
        "bridged": visits.exited - visits.entered - visits.dwell,
        "entry": _entry(zone, presence, positions, visits.first),
        "exit": _exit(zone, presence, positions, visits),
        "detections": visits.detections,
        "since_previous_visit": away,
    }


def _find_stays(inside: Inside, presence: Presence) -> _Stays:
    """Join adjacent rows of one tracklet."""
    rows = inside.rows
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1] + 1) | presence.begins[rows[1:]]
    first = np.flatnonzero(new)
    after = np.append(first[1:], len(rows))[: len(first)]
    spans = inside.until - inside.since
    time_present, filled, count = (
        np.concatenate([[0], np.cumsum(values)])
        for values in (spans, np.where(presence.interpolated[rows], spans, 0), presence.detected[rows])
    )
    return _Stays(
        first=rows[first],
        last=rows[after - 1],
        entered=inside.since[first],
        exited=inside.until[after - 1],
        dwell=time_present[after] - time_present[first],
        interpolated=filled[after] - filled[first],
        detections=count[after] - count[first],
    )


def _merged(stays: _Stays, person: Integers, merge_gap: int) -> _Stays:
    """Join successive stays of a person that are at most ``merge_gap`` apart."""
    absence = stays.entered[1:] - stays.exited[:-1]
    new = mark_starts(person[stays.first])
    new[1:] |= absence > merge_gap
    opens = np.flatnonzero(new)
    closes = np.append(opens[1:], len(new))[: len(opens)] - 1
    dwell, interpolated, detections = (
        np.add.reduceat(values, opens) if len(opens) else values
        for values in (stays.dwell, stays.interpolated, stays.detections)
    )
    return _Stays(
        first=stays.first[opens],
        last=stays.last[closes],
        entered=stays.entered[opens],
        exited=stays.exited[closes],
        dwell=dwell,
        interpolated=interpolated,
        detections=detections,
    )


def _entry(zone: Zone, presence: Presence, positions: Bools, first: Integers) -> Integers:
    rows = presence.rows
    linked = ~presence.begins[first]
    at_start = rows.first[first] & (rows.time[first] <= presence.start + presence.period)
    crossed = linked & ~np.isnan(presence.x[first - 1])
    unobserved = np.where(presence.enters_frame[first], _EDGE, _APPEARED)
    entry = np.where(crossed, _CROSSED, np.where(at_start, _START, unobserved))
    if zone.window is not None:
        entry[(rows.time[first] < zone.window[0]) | (linked & positions[first - 1])] = _OPENED
    return entry.astype("int8")


def _exit(zone: Zone, presence: Presence, positions: Bools, visits: _Stays) -> Integers:
    following = np.minimum(visits.last + 1, len(presence.x) - 1)
    linked = (following > visits.last) & ~presence.begins[following]
    crossed = linked & ~np.isnan(presence.x[following])
    at_end = visits.exited + presence.period >= presence.end
    unobserved = np.where(presence.leaves_frame[visits.last], _EDGE, _LOST)
    left = np.where(crossed, _CROSSED, np.where(at_end, _END, unobserved))
    if zone.window is not None:
        until = presence.rows.time[visits.last] + presence.time_present[visits.last]
        left[(until > zone.window[1]) | (linked & positions[following])] = _CLOSED
    return left.astype("int8")


def _counted(person: Integers) -> Integers:
    """Return the number of each element among its equal neighbors, from 1."""
    index = np.arange(len(person))
    return index - np.maximum.accumulate(np.where(mark_starts(person), index, 0)) + 1


NO_TIME = pd.Timedelta(0)


@in_frame
def compute_visits(
    trajectories: pd.DataFrame | Walks,
    zones: Sequence[Zone],
    video: Video,
    *,
    margin: float = 0.0,
    enter_after: Duration = NO_TIME,
    merge_gap: Duration = NO_TIME,
    min_dwell: Duration = NO_TIME,
    period: Duration | None = None,
    start: Duration | None = None,
    end: Duration | None = None,
) -> TableArrays:
    """Compute each person's visits to each zone.

    A visit starts with the first detection inside the zone. It ends with the next detection that is not
    inside, or with the tracklet. A detection without a position is not inside. ``dwell`` is the sum of
    ``time_present`` of the detections inside. ``interpolated`` is the part of it with interpolated positions,
    and ``bridged`` is the time of absences between ``entered`` and ``exited``. A point on an edge that two
    zones share, corner to corner, is in exactly one of them; zones may overlap. If a zone is active only
    during a part of the video, ``time_present`` is cut to that part to the millisecond, and ``entered``,
    ``exited`` and ``dwell`` refer to the rest.

    If rows were removed from the trajectories, a visit ends there: its exit is ``lost`` and the entry of the
    next visit is ``appeared``, unless another rule applies. A ``PtrackWarning`` is issued, as after filtering
    by zone.

    Four options define a visit for people who stand near a border. They are applied in this order:

    * ``margin``: a person who entered stays inside until a detection is farther than this from the zone,
      within a tracklet and as long as positions are known (even while the zone is not active).
    * ``enter_after``: a shorter stay inside is passing through and not a visit. A longer stay counts from its
      start.
    * ``merge_gap``: two stays of a person that are at most this far apart are one visit, even across
      tracklets; then ``dwell < exited - entered``.
    * ``min_dwell``: visits with less dwell are dropped.

    ``visit`` numbers the remaining visits, so a number above 1 is a return. ``since_previous_visit`` is the
    time since the previous visit.

    ``entry`` is the first of these that applies: ``zone_opened``, the person was inside when the zone became
    active; ``crossed``, the previous detection of the tracklet has a position outside; ``video_start``, the
    person has no earlier detection and this one is within one sampling period of the video's start;
    ``frame_edge``, the tracklet enters over the image border (``enters_frame``); otherwise ``appeared``.
    ``exit`` is the first of these: ``zone_closed``, the person was inside when the zone ceased to be active;
    ``crossed``, the next detection of the tracklet has a position outside; ``video_end``, the visit ends
    within one period of the video's end (or of the last detection if the end is unknown); ``frame_edge``,
    the tracklet leaves over the image border (``leaves_frame``); otherwise ``lost``. With ``video_start``,
    ``appeared``, ``video_end`` and ``lost``, the visit was longer than observed. Without zones or visits, the
    table is empty.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    zones
        Zones in the same plane.
    video
        The video, for its end.
    margin
        Distance from the zone within which a person stays inside [px or m].
    enter_after
        Shortest stay inside that counts.
    merge_gap
        Longest absence that does not end a visit.
    min_dwell
        Shortest dwell of a visit.
    period
        The sampling period; by default ``video.sampling_period``, or an estimate from the trajectories.
        If you passed a period to ``compute_trajectories``, pass it here as well.
    start, end
        The selected part of the video, as passed to ``select``: ``video_start`` and ``video_end`` then
        refer to its ends.

    Returns
    -------
    pandas.DataFrame
        VISITS, one row per visit, sorted by zone, person and visit.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or a zone is in another plane.
    ParameterError
        If ``margin`` is not a distance, or another option is not a duration.

    Notes
    -----
    Without options, the dwell in zones that tile the image adds up to the time with a position in the image,
    and the dwell in a zone equals the integral of its occupancy. ``merge_gap`` preserves this. ``margin``
    adds time near the zone; a person in the margin between two zones may be in both. ``enter_after`` and
    ``min_dwell`` remove the time of the dropped visits. O(zones · (n + corners · points near the zone)).

    References
    ----------
    A margin and a minimum time are the distance and the time of a switch with hysteresis (O. H. Schmitt, "A
    thermionic trigger", J. Sci. Instrum. 15, 1938, doi:10.1088/0950-7671/15/1/305).

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> zones, lines = pta.read_zones("data/shop/zones.geojson", video)
    >>> visits = pta.compute_visits(trajectories, zones, video)
    >>> visits.loc["checkout", ["dwell", "entry", "exit"]].head(3).reset_index()
       person_index  visit                  dwell        entry     exit
    0             0      1 0 days 00:00:19.040000  video_start  crossed
    1             2      1 0 days 00:00:18.560000      crossed  crossed
    2             3      1 0 days 00:00:03.920000      crossed  crossed
    >>> len(visits), len(pta.compute_visits(trajectories, zones, video, min_dwell="5s"))
    (52, 17)
    """
    walks = read_walks(trajectories)
    validate_zones(zones, walks.unit)
    validate_video(video)
    warn_of_long_options(video, enter_after=enter_after, merge_gap=merge_gap, min_dwell=min_dwell)
    options = Options(
        margin=at_least(margin, "margin"),
        enter_after=milliseconds(enter_after, "enter_after"),
        merge_gap=milliseconds(merge_gap, "merge_gap"),
        min_dwell=milliseconds(min_dwell, "min_dwell"),
    )
    presence = _presence(walks, video, period, (start, end))
    stays = [stays_in(zone, walks.find_inside(zone), presence, options) for zone in zones]
    names = [zone.name for zone, stay in zip(zones, stays, strict=True) for _ in stay["visit"]]
    arrays = {"zone": names} | {
        column.name: np.concatenate([np.empty(0, "int64"), *(stay[column.name] for stay in stays)])
        for column in (*VISITS.key[1:], *VISITS.columns)
        if not column.optional
    }
    return collect(VISITS, arrays)


def _presence(
    walks: Walks,
    video: Video,
    period: Duration | None,
    part: tuple[Duration | None, Duration | None],
) -> Presence:
    rows = walks.rows
    last = int((rows.time + walks.time_present).max(initial=0))
    start, end = part
    known = find_video_end(video, int(rows.time.max(initial=0)))
    return Presence(
        rows=rows,
        person_index=walks.person_index,
        x=walks.x,
        y=walks.y,
        time_present=walks.time_present,
        begins=walks.links.begins,
        period=choose_period(rows, video, period),
        start=0 if start is None else milliseconds(start, "start"),
        end=part_end(known, end, last),
        detected=walks.detected,
        interpolated=walks.status != _DETECTED,
        enters_frame=walks.read_flag("enters_frame"),
        leaves_frame=walks.read_flag("leaves_frame"),
    )
