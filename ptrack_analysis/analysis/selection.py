"""Selection of people and of a part of the video."""

import operator
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.presence import rows_by_person
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.limits import wrong_kind
from ptrack_analysis.schema import (
    CONTINUED,
    DETECTIONS,
    MOVEMENT,
    POINTS,
    TABLES,
    TRAJECTORIES,
    Table,
    find_unit,
    validate,
)
from ptrack_analysis.video import Duration, milliseconds

_MADE = {"position_status", "time_present", "tracklet"}
_VELOCITIES = {f"velocity_{axis}_{unit}_per_s" for axis in "xy" for unit in MOVEMENT.units}
_SPANS = (("entered", "exited"), ("began", "ended"), ("first_seen", "last_seen"))
_EVER = np.iinfo("int64").max


def select(
    table: pd.DataFrame,
    *,
    start: Duration | None = None,
    end: Duration | None = None,
    persons: Iterable[int] | None = None,
) -> pd.DataFrame:
    """Select the rows of some people and of a part of a video, from ``start`` to before ``end``.

    TRAJECTORIES are cut at both ends: ``time_present`` is the time within the part. A detection whose time
    present extends into the part becomes a row at ``start`` with the same position and speed, flagged
    ``continued``. Adjacent parts together have the time present of the complete video. Speeds stay as
    computed, and tracklets are numbered from 1 again. Pass the same ``start`` and ``end`` to
    ``compute_visits`` and ``compute_occupancy``, so that ``video_start`` and ``video_end`` refer to the part.

    Other tables keep complete rows: rows with a ``timestamp`` in the part, and visits, stops, encounters and
    tracks that overlap it. Avoid cutting DETECTIONS, and cut trajectories instead: a removed detection counts
    as a person not detected. The last detection before ``end`` then represents one sampling period, gaps up
    to ``max_gap`` are bridged, and a person present before ``start`` has ``appeared``.

    Parameters
    ----------
    table
        A table of one video, rows in any order.
    start, end
        Times since the start of the video; by default the start and end of the video.
    persons
        Numbers of the people to keep; unknown numbers are ignored. By default, all people.

    Returns
    -------
    pandas.DataFrame
        The table with the selected rows. TRAJECTORIES are sorted by person and time if they were cut.

    Raises
    ------
    SchemaError
        If the table has the columns of DETECTIONS, POINTS or TRAJECTORIES, but is not valid.
    ParameterError
        If ``end`` is not after ``start``, one of them is not a time, or the table has no times or people.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> part = pta.select(trajectories, start="1min", end="2min")
    >>> part.index.get_level_values("person_index").unique().tolist()
    [2, 4, 5, 6, 7, 8, 9]
    >>> part["time_present"].sum().total_seconds()
    177.56
    >>> len(pta.select(trajectories, persons=[3]))
    306
    """
    kind = _find_kind(table)
    if kind is not None:
        validate(table, kind)
    if persons is not None:
        if "person_index" not in table.index.names:
            names = list(table.index.names)
            raise ParameterError(f"persons requires a table keyed by person, got one with the key {names}")
        chosen = table.index.get_level_values("person_index").isin(parse_person_numbers(persons))
        table = table.copy(deep=False) if chosen.all() else table[chosen]
    if start is None and end is None:
        return table.copy(deep=False)
    if kind is TRAJECTORIES:
        return cut_trajectories(table, start, end)[0]
    kept = _find_overlapping(table, *parse_part(start, end), counts_people=kind is None)
    return table.copy(deep=False) if kept.all() else table[kept]


def _find_kind(table: object) -> Table | None:
    """Return the schema of DETECTIONS, POINTS or TRAJECTORIES; None for other tables of the package."""
    if not isinstance(table, pd.DataFrame):
        return DETECTIONS
    columns, names = {*table.columns}, list(table.index.names)
    if columns >= _MADE:
        return TRAJECTORIES
    if names in (DETECTIONS.key_names, POINTS.key_names) and not columns & _VELOCITIES:
        return POINTS if columns & {"x_px", "x_m"} else DETECTIONS
    return None if any(names == each.key_names for each in TABLES.values()) else DETECTIONS


def parse_part(start: Duration | None, end: Duration | None) -> tuple[int, int]:
    """Return the start and the end of a part [ms], or the largest possible time without an end."""
    first = 0 if start is None else milliseconds(start, "start")
    if end is None:
        return first, _EVER
    last = milliseconds(end, "end")
    if last <= first:
        raise ParameterError(f"end must be after start ({start!r}), got {end!r}")
    return first, last


def cut_trajectories(
    trajectories: pd.DataFrame, start: Duration | None, end: Duration | None
) -> tuple[pd.DataFrame, Integers]:
    """Cut TRAJECTORIES to a part of the video, as ``select`` describes.

    Returns
    -------
    tuple
        The part, sorted by person and time; (n,) the row of ``trajectories`` that each row comes from.
    """
    first, last = parse_part(start, end)
    unit = find_unit(trajectories, TRAJECTORIES)
    rows = rows_by_person(trajectories)
    links = link_rows(trajectories, rows)
    since = np.maximum(rows.time, first)
    until = np.minimum(rows.time + links.time_present, last)
    at_once = (links.time_present == 0) & (rows.time >= first) & (rows.time < last)
    kept = np.flatnonzero((since < until) | at_once)
    source = rows.order[kept]
    part = trajectories.iloc[source]
    index = pd.MultiIndex.from_arrays(
        [part.index.get_level_values("person_index"), since[kept].astype("timedelta64[ms]")],
        names=TRAJECTORIES.key_names,
    )
    step = f"step_{unit}"
    x, y = part[f"x_{unit}"].to_numpy(), part[f"y_{unit}"].to_numpy()
    within = ~np.isnan(kernels.steps(links.tracklet[kept], np.where(np.isnan(y), np.nan, x), y)[0])
    changed = {
        "time_present": (until - since)[kept].astype("timedelta64[ms]"),
        "tracklet": _number_from_one(part["tracklet"].to_numpy(), rows.person[kept]),
        step: np.where(within, part[step].to_numpy(), np.nan),
    }
    if first > 0:
        changed[CONTINUED.name] = flag_continued(part, rows.time[kept] < first)
    return part.set_axis(index).assign(**changed), source


def flag_continued(table: pd.DataFrame, continued: Bools) -> Bools:
    """Return which rows continue an earlier row, in this part or in an earlier cut."""
    if CONTINUED.name in table.columns:
        continued = continued | table[CONTINUED.name].to_numpy(dtype=bool)
    return continued


def _number_from_one(tracklet: Integers, person: Integers) -> Integers:
    """Renumber the tracklets of each person from 1."""
    if not len(tracklet):
        return tracklet
    first = np.flatnonzero(np.diff(person, prepend=person[0] - 1))
    size = np.diff(first, append=len(person))
    numbered: Integers = tracklet - np.repeat(tracklet[first] - 1, size)
    return numbered


def _find_overlapping(table: pd.DataFrame, first: int, last: int, *, counts_people: bool) -> Bools:
    """Return which rows are in a part of the time or overlap it."""
    names = table.index.names
    if "timestamp" in names and not (counts_people and "persons" in table.columns):
        time = table.index.get_level_values("timestamp").to_numpy().view("int64")
        within: Bools = (time >= first) & (time < last)
        return within
    for begins, ends in _SPANS:
        if begins in table.columns and ends in table.columns:
            since, until = (table[name].to_numpy().view("int64") for name in (begins, ends))
            overlapping: Bools = (since < last) & ((until > first) | (since >= first))
            return overlapping
    raise ParameterError(
        f"table must have times to be cut, got one with the key {list(names)}. Cut the trajectories and "
        "compute the table from them; pass the same start and end if the function accepts them."
    )


def parse_person_numbers(persons: Iterable[int], name: str = "persons") -> list[int]:
    """Return the person numbers as integers.

    Raises
    ------
    ParameterError
        If ``persons`` is not a list of whole numbers.
    """
    try:
        return [int(operator.index(person)) for person in persons]
    except (TypeError, ValueError) as error:
        advice = (
            "These are person_index; the column source_id of the detections has a tracker's own identities."
        )
        raise wrong_kind(name, "a list of whole numbers", persons, advice) from error
