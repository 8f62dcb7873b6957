"""Visits: who stayed in which zone, from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import (
    MAX_GAP,
    Rows,
    end_of,
    found_period,
    rows_by_person,
    run_starts,
    starts_of,
)
from ptrack_analysis.geometry import Bools, Floats, Integers, contains
from ptrack_analysis.schema import ENTRIES, EXITS, TRAJECTORIES, VISITS, assemble, check, unit_of
from ptrack_analysis.video import Video, milliseconds
from ptrack_analysis.zones import Zone, refuse_other_unit

NO_GAP = pd.Timedelta(0)
_CROSSED, _START, _APPEARED = range(len(ENTRIES))
_, _END, _VANISHED = range(len(EXITS))


def compute_visits(
    trajectories: pd.DataFrame,
    zones: Sequence[Zone],
    video: Video,
    *,
    merge_gap: pd.Timedelta | str = NO_GAP,
    period: pd.Timedelta | str | None = None,
) -> pd.DataFrame:
    """Cut each person's presence into stays in zones.

    A visit runs from a person's first detection inside the zone to the first after it that is not inside, or
    to the end of the run; a detection that is not located is not inside. ``dwell`` is the sum of ``held`` of
    the detections inside. Two visits of a person to a zone that lie at most ``merge_gap`` apart are one, even
    across runs: then ``dwell < exited - entered``. A point on an edge that two zones share, corner to corner,
    is in exactly one of them; zones may overlap.

    ``entry`` is ``crossed`` if the detection before, in the same run, was located outside; ``start`` if the
    person has no earlier detection and this one is within one sampling period of the video's start; else
    ``appeared``. ``exit`` is ``crossed`` if the next detection in the same run is located outside; ``end`` if
    the visit ends within one period of the video's end (of the last moment seen, where that is unknown); else
    ``vanished``. All but ``crossed`` mean that the stay was longer than seen. No zones, or nobody in them:
    no rows.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    zones
        Zones in the same plane.
    video
        The video, for its end.
    merge_gap
        The longest absence that does not end a visit [ms].
    period
        The sampling period [ms]; by default the lower median of the steps between the trajectories' moments
        that are no longer than the longest step within a run. Give the one that the trajectories were
        computed with, if it was given there.

    Returns
    -------
    pandas.DataFrame
        VISITS, one row a stay, sorted by zone, person and visit.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or a zone is in another plane.
    ParameterError
        If ``merge_gap`` or ``period`` is no length of time.

    Notes
    -----
    O(zones · (n + corners · points near the zone)).
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    refuse_other_unit(zones, unit)
    merge = milliseconds(merge_gap, "merge_gap")
    presence = _presence(trajectories, unit, video, period)
    stays = [_stays(zone, presence, merge) for zone in zones]
    names = [zone.name for zone, stay in zip(zones, stays, strict=True) for _ in stay["visit"]]
    arrays = {"zone": names} | {
        column.name: np.concatenate([np.empty(0, "int64"), *(stay[column.name] for stay in stays)])
        for column in (*VISITS.key[1:], *VISITS.columns)
    }
    return assemble(VISITS, arrays)


@dataclass(frozen=True, slots=True, eq=False)
class _Presence:
    """What the kernel needs of the trajectories, in the order of person and time."""

    rows: Rows
    person_index: Integers
    x: Floats
    y: Floats
    held: Integers
    begins: Bools
    period: int
    end: int


def _presence(
    trajectories: pd.DataFrame, unit: str, video: Video, period: pd.Timedelta | str | None
) -> _Presence:
    rows = rows_by_person(trajectories)
    held = trajectories["held"].to_numpy()[rows.order].view("int64")
    run = trajectories["run"].to_numpy()[rows.order]
    last = int((rows.time + held).max(initial=0))
    end = end_of(video, int(rows.time.max(initial=0)))
    begins = run_starts(rows, run)
    if period is None:
        steps = np.diff(rows.time)[~begins[1:]]
        longest = int(steps.max()) if len(steps) else milliseconds(MAX_GAP, "max_gap")
        sampled = found_period(trajectories, video, longest)
    else:
        sampled = milliseconds(period, "period")
    return _Presence(
        rows=rows,
        person_index=trajectories.index.get_level_values("person_index").to_numpy()[rows.order],
        x=trajectories[f"x_{unit}"].to_numpy()[rows.order],
        y=trajectories[f"y_{unit}"].to_numpy()[rows.order],
        held=held,
        begins=begins,
        period=sampled,
        end=last if end is None else end,
    )


def _stays(zone: Zone, presence: _Presence, merge_gap: int) -> dict[str, Integers]:
    """Find the stays in one zone: where the state changes, merged over short absences."""
    rows, begins = presence.rows, presence.begins
    inside = contains(zone.edges, presence.x, presence.y)
    enters, leaves = inside.copy(), inside.copy()
    enters[1:] &= ~inside[:-1] | begins[1:]
    leaves[:-1] &= ~inside[1:] | begins[1:]
    first, last = np.flatnonzero(enters), np.flatnonzero(leaves)
    held = np.concatenate([[0], np.cumsum(np.where(inside, presence.held, 0))])
    count = np.concatenate([[0], np.cumsum(inside)])
    exited = rows.time[last] + presence.held[last]
    new = np.ones(len(first), dtype=bool)
    new[1:] = (rows.person[first[1:]] != rows.person[first[:-1]]) | (
        rows.time[first[1:]] - exited[:-1] > merge_gap
    )
    opens = np.flatnonzero(new)
    closes = np.append(opens[1:], len(new))[: len(opens)] - 1
    first, last, exited = first[opens], last[closes], exited[closes]
    return {
        "person_index": presence.person_index[first],
        "visit": _counted(rows.person[first]),
        "entered": rows.time[first],
        "exited": exited,
        "dwell": held[last + 1] - held[first],
        "entry": _entry(presence, first),
        "exit": _exit(presence, last, exited),
        "detections": count[last + 1] - count[first],
    }


def _entry(presence: _Presence, first: Integers) -> Integers:
    rows = presence.rows
    crossed = ~presence.begins[first] & ~np.isnan(presence.x[first - 1])
    at_start = rows.first[first] & (rows.time[first] <= presence.period)
    return np.where(crossed, _CROSSED, np.where(at_start, _START, _APPEARED)).astype("int8")


def _exit(presence: _Presence, last: Integers, exited: Integers) -> Integers:
    following = np.minimum(last + 1, len(presence.x) - 1)
    same_run = (following > last) & ~presence.begins[following]
    crossed = same_run & ~np.isnan(presence.x[following])
    at_end = exited + presence.period >= presence.end
    return np.where(crossed, _CROSSED, np.where(at_end, _END, _VANISHED)).astype("int8")


def _counted(person: Integers) -> Integers:
    """Count equal neighbours from 1."""
    place = np.arange(len(person))
    return place - np.maximum.accumulate(np.where(starts_of(person), place, 0)) + 1
