"""Observed time: how much of each stay was seen, and how much was filled in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.places.membership import Inside, positions_inside, time_inside
from ptrack_analysis.analysis.presence import Rows, rows_by_person, run_starts
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone, refuse_zones
from ptrack_analysis.schema import OBSERVED, TRAJECTORIES, VISITS, assemble, check, unit_of
from ptrack_analysis.video import Milliseconds, milliseconds


def compute_observed(
    visits: pd.DataFrame,
    trajectories: pd.DataFrame,
    zones: Sequence[Zone],
    *,
    margin: float = 0.0,
    enter_after: pd.Timedelta | str = "0s",
) -> pd.DataFrame:
    """Split each stay into the time that was observed, interpolated and bridged.

    ``observed`` is what is held by the detections inside whose position is their own, ``interpolated`` what
    is held by those whose position was filled in; what the visit joins over (``merge_gap``) is ``bridged``:
    nobody was seen inside then. The three add up to ``exited - entered``, in whole milliseconds, and the
    first two to ``dwell``. A stay that lasts no time has no share. No visits: no rows.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    trajectories
        The TRAJECTORIES that they were computed from, rows in any order.
    zones
        The zones that they were computed with; further ones are passed over.
    margin, enter_after
        What they were computed with [px or m; ms].

    Returns
    -------
    pandas.DataFrame
        OBSERVED, one row a stay, sorted by zone, person and visit.

    Raises
    ------
    SchemaError
        If a table is not what it should be, or a zone is in another plane.
    ParameterError
        If the table has visits to a zone that is not given, or the time held inside does not add up to a
        stay's ``dwell``: then the visits are of other trajectories, zones or options.

    Notes
    -----
    As ``compute_visits``: O(zones · (n + corners · points near the zone)). Between two detections of a run
    a person counts as observed, however far these are apart within ``max_gap``. Where a
    visit bridges a passage through the zone that is shorter than ``enter_after``, that is bridged too.

    Examples
    --------
    >>> from ptrack_analysis import empty
    >>> compute_observed(empty(VISITS), empty(TRAJECTORIES, unit="m"), []).empty
    True
    """
    check(visits, VISITS)
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    refuse_zones(zones, unit)
    visits = visits.sort_index()
    zone = visits.index.get_level_values("zone")
    missing = sorted(set(zone) - {one.name for one in zones})
    if missing:
        raise ParameterError(f"the table has visits to zone {missing[0]!r}, which is not given")
    walked = _walked(trajectories, unit)
    shortest = milliseconds(enter_after, "enter_after")
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 <= margin < np.inf:
        raise ParameterError(f"margin is {margin!r}, not a distance of at least 0 [{unit}]")
    stays = _Stays(
        person=visits.index.get_level_values("person_index").to_numpy(),
        entered=visits["entered"].to_numpy().astype("int64"),
        exited=visits["exited"].to_numpy().astype("int64"),
    )
    own, filled = np.zeros((2, len(visits)), dtype="int64")
    for one in zones:
        places = np.flatnonzero(zone == one.name)
        inside = _lasting(_inside(one, walked, margin), walked.begins, shortest)
        own[places], filled[places] = _held(stays.where(places), inside, walked)
    _refuse_other_sum(visits, own + filled)
    whole = stays.exited - stays.entered
    share = np.full(len(whole), np.nan)
    np.divide(own, whole, out=share, where=whole > 0)
    keys = {name: visits.index.get_level_values(name).to_numpy() for name in OBSERVED.key_names}
    columns = {"observed": own, "interpolated": filled, "bridged": whole - own - filled}
    return assemble(OBSERVED, keys | columns | {"observed_share": share})


@dataclass(frozen=True, slots=True, eq=False)
class _Walked:
    """The rows of trajectories by person and time, and which have a position of their own."""

    rows: Rows
    person_index: Integers
    x: Floats
    y: Floats
    held: Milliseconds
    begins: Bools
    own: Bools


@dataclass(frozen=True, slots=True, eq=False)
class _Stays:
    """Stays in one zone by person and time: whose, and from when to when [ms]."""

    person: Integers
    entered: Integers
    exited: Integers

    def where(self, places: Integers) -> "_Stays":
        """Give those at these places."""
        return _Stays(self.person[places], self.entered[places], self.exited[places])


def _walked(trajectories: pd.DataFrame, unit: str) -> _Walked:
    rows = rows_by_person(trajectories)
    return _Walked(
        rows=rows,
        person_index=trajectories.index.get_level_values("person_index").to_numpy()[rows.order],
        x=trajectories[f"x_{unit}"].to_numpy()[rows.order],
        y=trajectories[f"y_{unit}"].to_numpy()[rows.order],
        held=trajectories["held"].to_numpy()[rows.order].astype("int64"),
        begins=run_starts(rows, trajectories["run"].to_numpy()[rows.order]),
        own=(trajectories["located"] == "box").to_numpy()[rows.order],
    )


def _inside(zone: Zone, walked: _Walked, margin: float) -> Inside:
    positions = positions_inside(zone, walked.x, walked.y, walked.begins, margin)
    return time_inside(zone, positions, walked.rows.time, walked.held)


def _lasting(inside: Inside, begins: Bools, shortest: int) -> Inside:
    """Keep the stretches inside that last long enough."""
    rows = inside.rows
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1] + 1) | begins[rows[1:]]
    first = np.flatnonzero(new)
    lasts = inside.until[np.append(first[1:], len(rows))[: len(first)] - 1] - inside.since[first]
    kept = np.repeat(lasts >= shortest, np.diff(first, append=len(rows)))
    return Inside(rows[kept], inside.since[kept], inside.until[kept])


def _held(stays: _Stays, inside: Inside, walked: _Walked) -> tuple[Integers, Integers]:
    """Add up what the rows inside hold within each stay: those with a position of their own, the others."""
    _, number = np.unique(
        np.concatenate([stays.person, walked.person_index[inside.rows]]), return_inverse=True
    )
    span = 1 + max(int(stays.exited.max(initial=0)), int(inside.until.max(initial=0)))
    starts = number[: len(stays.person)] * span + stays.entered
    stay = np.searchsorted(starts, number[len(stays.person) :] * span + inside.since, side="right") - 1
    within = stay >= 0
    if len(starts):
        person = walked.person_index[inside.rows]
        within &= (stays.person[stay] == person) & (inside.since < stays.exited[stay])
    held, own = inside.until - inside.since, walked.own[inside.rows]
    sums = np.zeros((2, len(starts)), dtype="int64")
    for total, rows in zip(sums, (within & own, within & ~own), strict=True):
        np.add.at(total, stay[rows], held[rows])
    return sums[0], sums[1]


def _refuse_other_sum(visits: pd.DataFrame, held: Integers) -> None:
    """Refuse visits whose dwell is not what is held inside."""
    dwell = visits["dwell"].to_numpy().astype("int64")
    if (wrong := held != dwell).any():
        place = int(wrong.argmax())
        zone, person, visit = visits.index[place]
        raise ParameterError(
            f"visit {visit} of person {person} to zone {zone!r} has a dwell of {dwell[place]} ms, but "
            f"{held[place]} ms are held inside: the visits are of other trajectories, zones or options"
        )
