"""Stays: the stretches that persons spend in one zone, found in arrays."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.analysis.places.membership import Inside, positions_inside, time_inside
from ptrack_analysis.analysis.presence import Rows, starts_of
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import ENTRIES, EXITS

_CROSSED, _START, _APPEARED, _OPENED = range(len(ENTRIES))
_, _END, _VANISHED, _CLOSED = range(len(EXITS))
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

    rows: Rows
    person_index: Integers
    x: Floats
    y: Floats
    held: Integers
    begins: Bools
    period: int
    end: int
    detected: Bools
    interpolated: Bools


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
        """Give those that are kept."""
        return _Stretches(*(getattr(self, name)[kept] for name in self.__slots__))


def stays_in(zone: Zone, presence: Presence, options: Options) -> dict[str, Integers]:
    """Find the stays in one zone: the columns of VISITS, and its key but for the zone.

    Stretches inside that last, joined over short absences, as far as their dwell is enough.
    """
    positions = positions_inside(zone, presence.x, presence.y, presence.begins, options.margin)
    inside = time_inside(zone, positions, presence.rows.time, presence.held)
    stretches = _stretches(inside, presence)
    stretches = stretches.where(stretches.exited - stretches.entered >= options.enter_after)
    visits = _merged(stretches, presence.rows.person, options.merge_gap)
    visits = visits.where(visits.dwell >= options.min_dwell)
    person = presence.rows.person[visits.first]
    again = ~starts_of(person)
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
        "away": away,
    }


def _stretches(inside: Inside, presence: Presence) -> _Stretches:
    """Join neighbouring rows of one run."""
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
    new = starts_of(person[stretches.first])
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
    at_start = rows.first[first] & (rows.time[first] <= presence.period)
    crossed = linked & ~np.isnan(presence.x[first - 1])
    entry = np.where(crossed, _CROSSED, np.where(at_start, _START, _APPEARED))
    if zone.window is not None:
        entry[(rows.time[first] < zone.window[0]) | (linked & positions[first - 1])] = _OPENED
    return entry.astype("int8")


def _exit(zone: Zone, presence: Presence, positions: Bools, visits: _Stretches) -> Integers:
    following = np.minimum(visits.last + 1, len(presence.x) - 1)
    linked = (following > visits.last) & ~presence.begins[following]
    crossed = linked & ~np.isnan(presence.x[following])
    at_end = visits.exited + presence.period >= presence.end
    left = np.where(crossed, _CROSSED, np.where(at_end, _END, _VANISHED))
    if zone.window is not None:
        until = presence.rows.time[visits.last] + presence.held[visits.last]
        left[(until > zone.window[1]) | (linked & positions[following])] = _CLOSED
    return left.astype("int8")


def _counted(person: Integers) -> Integers:
    """Count equal neighbours from 1."""
    place = np.arange(len(person))
    return place - np.maximum.accumulate(np.where(starts_of(person), place, 0)) + 1
