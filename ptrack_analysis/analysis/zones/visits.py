"""Visits: one continuous time of one person in one zone."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import find_removed
from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.analysis.presence import (
    PersonRows,
    choose_period,
    find_video_end,
    mark_starts,
    part_end,
)
from ptrack_analysis.analysis.zones.membership import Inside, extend_by_margin, time_inside
from ptrack_analysis.errors import PtrackWarning
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import at_least
from ptrack_analysis.scene.zones import Zone, validate_zones
from ptrack_analysis.schema import ENTRIES, EXITS, POSITION_STATUSES, VISITS
from ptrack_analysis.schema.arrays import TableArrays, collect, in_frame
from ptrack_analysis.video import Video, milliseconds

_CROSSED, _EDGE, _START, _APPEARED, _OPENED = range(len(ENTRIES))
_, _, _END, _LOST, _CLOSED = range(len(EXITS))
_DETECTED = POSITION_STATUSES.index("detected")
MOST_BROKEN = 0.5
"""Share of the visits that may start or end at removed rows without a warning."""
_NONE_BEFORE = np.iinfo("int64").min


@dataclass(frozen=True, slots=True)
class Options:
    """What a stay is: a distance in the plane, and lengths of time [ms]."""

    margin: float
    enter_after: int
    merge_gap: int
    min_dwell: int


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """What finding stays needs of the trajectories, in the order of person and time; times in ms."""

    rows: PersonRows
    person_index: Integers
    x: Floats
    y: Floats
    held: Integers
    begins: Bools
    removed: Bools
    period: int
    start: int
    end: int
    detected: Bools
    interpolated: Bools
    enters_frame: Bools
    leaves_frame: Bools


@dataclass(frozen=True, slots=True, eq=False)
class _Stretches:
    """Stretches inside, or visits: their first and last row, their times, how many detections they have."""

    first: Integers
    last: Integers
    entered: Integers
    exited: Integers
    dwell: Integers
    interpolated: Integers
    detections: Integers

    def where(self, kept: Bools) -> "_Stretches":
        """Return those that are kept."""
        return _Stretches(*(getattr(self, name)[kept] for name in self.__slots__))


def stays_in(zone: Zone, inside: Bools, presence: Presence, options: Options) -> dict[str, Integers]:
    """Find the stays in one zone: the columns of VISITS, and its key but for the zone.

    Stretches inside that last, joined over short absences, as far as their dwell is enough.
    """
    position = presence.x, presence.y
    positions = extend_by_margin(zone, inside, position, presence.begins, options.margin)
    stretches = _stretches(time_inside(zone, positions, presence.rows.time, presence.held), presence)
    stretches = stretches.where(stretches.exited - stretches.entered >= options.enter_after)
    visits = _merged(stretches, presence.rows.person, options.merge_gap)
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
        "broken": _are_broken(presence, visits),
    }


def _stretches(inside: Inside, presence: Presence) -> _Stretches:
    """Join neighboring rows of one run."""
    rows = inside.rows
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1] + 1) | presence.begins[rows[1:]]
    first = np.flatnonzero(new)
    after = np.append(first[1:], len(rows))[: len(first)]
    spans = inside.until - inside.since
    held, filled, count = (
        np.concatenate([[0], np.cumsum(values)])
        for values in (spans, np.where(presence.interpolated[rows], spans, 0), presence.detected[rows])
    )
    return _Stretches(
        first=rows[first],
        last=rows[after - 1],
        entered=inside.since[first],
        exited=inside.until[after - 1],
        dwell=held[after] - held[first],
        interpolated=filled[after] - filled[first],
        detections=count[after] - count[first],
    )


def _merged(stretches: _Stretches, person: Integers, merge_gap: int) -> _Stretches:
    """Join the stretches of a person that are at most so long apart."""
    absence = stretches.entered[1:] - stretches.exited[:-1]
    new = mark_starts(person[stretches.first])
    new[1:] |= absence > merge_gap
    opens = np.flatnonzero(new)
    closes = np.append(opens[1:], len(new))[: len(opens)] - 1
    dwell, interpolated, detections = (
        np.add.reduceat(values, opens) if len(opens) else values
        for values in (stretches.dwell, stretches.interpolated, stretches.detections)
    )
    return _Stretches(
        first=stretches.first[opens],
        last=stretches.last[closes],
        entered=stretches.entered[opens],
        exited=stretches.exited[closes],
        dwell=dwell,
        interpolated=interpolated,
        detections=detections,
    )


def _entry(zone: Zone, presence: Presence, positions: Bools, first: Integers) -> Integers:
    rows = presence.rows
    linked = ~presence.begins[first]
    at_start = rows.first[first] & (rows.time[first] <= presence.start + presence.period)
    crossed = linked & ~np.isnan(presence.x[first - 1])
    unseen = np.where(presence.enters_frame[first], _EDGE, _APPEARED)
    entry = np.where(crossed, _CROSSED, np.where(at_start, _START, unseen))
    if zone.window is not None:
        entry[(rows.time[first] < zone.window[0]) | (linked & positions[first - 1])] = _OPENED
    return entry.astype("int8")


def _exit(zone: Zone, presence: Presence, positions: Bools, visits: _Stretches) -> Integers:
    following = np.minimum(visits.last + 1, len(presence.x) - 1)
    linked = (following > visits.last) & ~presence.begins[following]
    crossed = linked & ~np.isnan(presence.x[following])
    at_end = visits.exited + presence.period >= presence.end
    unseen = np.where(presence.leaves_frame[visits.last], _EDGE, _LOST)
    left = np.where(crossed, _CROSSED, np.where(at_end, _END, unseen))
    if zone.window is not None:
        until = presence.rows.time[visits.last] + presence.held[visits.last]
        left[(until > zone.window[1]) | (linked & positions[following])] = _CLOSED
    return left.astype("int8")


def _are_broken(presence: Presence, visits: _Stretches) -> Bools:
    """Return which visits end where rows were removed, or start a person whose first rows were removed."""
    first, removed = presence.rows.first, presence.removed
    following = np.minimum(visits.last + 1, len(first) - 1)
    broken: Bools = (following > visits.last) & ~first[following] & removed[following]
    return broken | (first[visits.first] & removed[visits.first])


def _warn_of_removed(stays: Sequence[dict[str, Integers]]) -> None:
    """Warn if most visits start or end where rows were removed from the trajectories."""
    total = sum(len(stay["visit"]) for stay in stays)
    broken = sum(int(stay["broken"].sum()) for stay in stays)
    if broken > MOST_BROKEN * total:
        warnings.warn(
            f"{broken} of {total} visits start or end where rows were removed from the trajectories. Their "
            "entries, exits and counts depend on the filter. Compute the visits from all trajectories, and "
            "filter the visits. To analyze a part of the video, use select.",
            PtrackWarning,
            stacklevel=4,
        )


def _counted(person: Integers) -> Integers:
    """Count equal neighbors from 1."""
    place = np.arange(len(person))
    return place - np.maximum.accumulate(np.where(mark_starts(person), place, 0)) + 1


NO_TIME = pd.Timedelta(0)


@in_frame
def compute_visits(
    trajectories: pd.DataFrame | Walks,
    zones: Sequence[Zone],
    video: Video,
    *,
    margin: float = 0.0,
    enter_after: pd.Timedelta | str = NO_TIME,
    merge_gap: pd.Timedelta | str = NO_TIME,
    min_dwell: pd.Timedelta | str = NO_TIME,
    period: pd.Timedelta | str | None = None,
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
) -> TableArrays:
    """Cut each person's presence into stays in zones.

    A visit runs from a person's first detection inside the zone to the first after it that is not inside, or
    to the end of the run; a detection that is not located is not inside. ``dwell`` is the sum of
    ``time_present`` of the detections inside; ``interpolated`` is the part of it with interpolated positions,
    and ``bridged`` is the time of absences between ``entered`` and ``exited``. A point on an edge that two
    zones share, corner to corner, is in exactly one of them; zones may overlap. Where a zone holds only from
    a moment, to a moment, what a detection holds is cut to that time to the millisecond: ``entered``,
    ``exited`` and ``dwell`` are of what is left.

    Where rows were removed from the trajectories, a visit ends: its exit is ``lost`` and the entry of the
    next one ``appeared``, unless one of the other rules applies. A ``PtrackWarning`` says so if more than
    half of the visits start or end there, as they do after filtering by zone.

    Four options, in the order in which they are applied, say what a stay is where people stand about a
    border. ``margin``: who entered at the outline stays inside until a detection lies farther than this from
    the zone, within a run and as long as located (whether the zone holds plays no part). ``enter_after``: a
    stretch inside that is shorter is passing through and no stay, a longer one counts from its first moment.
    ``merge_gap``: two stretches of a person at most this long apart are one visit, even across runs; then
    ``dwell < exited - entered``. ``min_dwell``: visits of less dwell are left out. ``visit`` numbers what
    remains, so a visit above 1 is a return, and ``since_previous_visit`` is the time since the one before.

    ``entry`` is ``zone_opened`` if the person was inside as the zone began to hold; else ``crossed`` if the
    detection before, in the same run, was located outside; ``video_start`` if the person has no earlier
    detection and this one is within one sampling period of the video's start; ``frame_edge`` if the tracklet
    enters over the image border (``enters_frame``); else ``appeared``. ``exit`` is
    ``zone_closed`` if the person was inside as the zone ceased to hold; else ``crossed`` if the next
    detection in the same run is located outside; ``video_end`` if the visit ends within one period of the
    video's end (of the last moment seen, where that is unknown); ``frame_edge`` if the tracklet leaves over
    the image border (``leaves_frame``); else ``lost``. With ``video_start``, ``appeared``, ``video_end`` and
    ``lost``, the visit was longer than observed. No zones, or no one in them: no rows.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    zones
        Zones in the same plane.
    video
        The video, for its end.
    margin
        How far from the zone a person still stays inside [px or m].
    enter_after
        The shortest stretch inside that counts [ms].
    merge_gap
        The longest absence that does not end a visit [ms].
    min_dwell
        The shortest dwell of a visit that is listed [ms].
    period
        The sampling period [ms]; by default ``video.sampling_period``, or that of the trajectories
        that are no longer than the longest step within a run. Give the one that the trajectories were
        computed with, if it was given there.
    start, end
        The part of the video that was selected, as given to ``select`` [ms]: ``video_start`` and
        ``video_end`` then mean its ends.

    Returns
    -------
    pandas.DataFrame
        VISITS, one row a stay, sorted by zone, person and visit.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or a zone is in another plane.
    ParameterError
        If ``margin`` is no distance, or another option no length of time.

    Notes
    -----
    Without options, the dwell in zones that tile the picture adds up to the time located in it, and the dwell
    in a zone to the integral of its occupancy. ``merge_gap`` keeps that; ``margin`` adds the time near the
    zone (who is in the margin between two zones may be in both), ``enter_after`` and ``min_dwell`` take the
    time of what is left out. O(zones · (n + corners · points near the zone)).

    References
    ----------
    A margin and a least time are the distance and the time of a switch with hysteresis (O. H. Schmitt, "A
    thermionic trigger", J. Sci. Instrum. 15, 1938, doi:10.1088/0950-7671/15/1/305).

    Examples
    --------
    >>> from shapely.geometry import box
    >>> from ptrack_analysis import compute_trajectories
    >>> points = pd.DataFrame(
    ...     {"x_m": [1.0, 2.0, 3.5, 2.0, 6.0], "y_m": 1.0},
    ...     index=pd.MultiIndex.from_arrays(
    ...         [[7] * 5, np.arange(5).astype("timedelta64[s]").astype("timedelta64[ms]")],
    ...         names=["person_index", "timestamp"],
    ...     ),
    ... )
    >>> trajectories, hall = compute_trajectories(points), Zone("hall", box(0, 0, 3, 3), "m")
    >>> compute_visits(trajectories, [hall], Video())["dwell"].dt.total_seconds().tolist()
    [2.0, 1.0]
    >>> compute_visits(trajectories, [hall], Video(), margin=1)["dwell"].dt.total_seconds().tolist()
    [4.0]
    """
    walks = read_walks(trajectories)
    validate_zones(zones, walks.unit)
    options = Options(
        margin=at_least(margin, "margin"),
        enter_after=milliseconds(enter_after, "enter_after"),
        merge_gap=milliseconds(merge_gap, "merge_gap"),
        min_dwell=milliseconds(min_dwell, "min_dwell"),
    )
    presence = _presence(walks, video, period, (start, end))
    stays = [stays_in(zone, walks.find_inside(zone), presence, options) for zone in zones]
    _warn_of_removed(stays)
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
    period: pd.Timedelta | str | None,
    part: tuple[pd.Timedelta | str | None, pd.Timedelta | str | None],
) -> Presence:
    rows = walks.rows
    last = int((rows.time + walks.held).max(initial=0))
    start, end = part
    known = find_video_end(video, int(rows.time.max(initial=0)))
    return Presence(
        rows=rows,
        person_index=walks.person_index,
        x=walks.x,
        y=walks.y,
        held=walks.held,
        begins=walks.links.begins,
        removed=find_removed(walks.table, rows, walks.links),
        period=choose_period(rows, video, period),
        start=0 if start is None else milliseconds(start, "start"),
        end=part_end(known, end, last),
        detected=walks.detected,
        interpolated=walks.status != _DETECTED,
        enters_frame=walks.read_flag("enters_frame"),
        leaves_frame=walks.read_flag("leaves_frame"),
    )
