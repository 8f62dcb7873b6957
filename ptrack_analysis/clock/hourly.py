"""Occupancy and visits per local hour."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import seen_at
from ptrack_analysis.analysis.presence import find_video_end, part_end
from ptrack_analysis.clock.opening_hours import open_intervals
from ptrack_analysis.clock.recordings import Recording, validate_recording
from ptrack_analysis.clock.timezones import (
    jump_between,
    moment_at,
    name_offset,
    parse_timezone,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.scene.zones import Zone, validate_items
from ptrack_analysis.schema import (
    OBSERVED_ENTRIES,
    OCCUPANCY_CHANGES,
    OCCUPANCY_HOURLY,
    VISITS,
    VISITS_HOURLY,
    Table,
    assemble,
    empty_table,
    validate,
)
from ptrack_analysis.video import Duration, Milliseconds, Video, milliseconds, validate_video

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Interval:
    """An interval that starts at ``begin``, within the hour that starts at ``hour``; both in UTC."""

    hour: datetime
    begin: datetime
    is_open: bool


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Intervals of a video, each within one local hour and either open or closed.

    Interval ``i`` lasts from ``bounds[i]`` to before ``bounds[i + 1]`` [ms] and belongs to row ``row[i]``. A
    row is the open or the closed time of one hour; ``hour_at`` is the start of this hour [us since 1970,
    UTC].
    """

    bounds: Milliseconds
    row: Integers
    hour_at: Integers
    open: Bools
    local_date: np.ndarray
    local_hour: Integers
    weekday: Integers

    def __len__(self) -> int:
        return len(self.hour_at)

    @property
    def recorded_time(self) -> Milliseconds:
        """Time of each row that the video covers [ms]."""
        return np.bincount(self.row, np.diff(self.bounds), len(self)).astype("int64")

    def find_intervals(self, times: Milliseconds) -> Integers:
        """Return the interval of each time; the first or last interval for times outside."""
        return np.clip(np.searchsorted(self.bounds, times, side="right") - 1, 0, len(self.row) - 1)


def split_hours(recording: Recording, begin: int, end: int) -> Hours:
    """Split the part of a video from ``begin`` to ``end`` [ms] at local hours.

    An hour starts at a full hour of the local clock, or when the clock's offset changes. An hour that occurs
    twice counts as two hours, a skipped hour is absent, and a clock change of half an hour makes a short
    hour. Hours are also split when the site opens or closes. Without opening hours, the site is always open.
    A millisecond belongs to the hour in which it starts. A part of zero length is in one hour.

    Raises
    ------
    ParameterError
        If the start of the recording is unknown, the part extends beyond the calendar, or the opening hours
        refer to public holidays that are not known.
    """
    if recording.started_at is None:
        raise ParameterError(
            f"Video {recording.video!r} has no start, which hourly tables require. Pass "
            "Recording(started_at=...) (--recordings or --started-at)."
        )
    moment = moment_at(recording.started_at, recording.timezone)
    clock = parse_timezone(recording.timezone or name_offset(moment))
    started = moment.astimezone(UTC)
    try:
        since, until = started + begin * _MILLISECOND, started + max(end, begin + 1) * _MILLISECOND
        cut = [
            one for hour in iterate_hours(clock, since, until) for one in _split_hour(*hour, clock, recording)
        ]
    except OverflowError as error:
        raise ParameterError(
            f"Video {recording.video!r} starts at {recording.started_at.isoformat()} and lasts "
            f"{end / 1000:g} s, which is beyond the calendar. Correct the start of the recording."
        ) from error
    bounds = np.array([-((started - one.begin) // _MILLISECOND) for one in cut] + [end], dtype="int64")
    bounds = np.clip(bounds, begin, max(begin, end))
    kept = np.flatnonzero(np.diff(bounds)) if end > begin else np.zeros(1, dtype="int64")
    return _build_hours([cut[index] for index in kept], np.append(bounds[kept], bounds[-1]), clock)


def iterate_hours(clock: tzinfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield start and end of each local hour in UTC, from ``since`` to before ``until``."""
    begin = _hour_start(clock, since)
    while begin < until:
        shown = begin.astimezone(clock)
        end = begin + (_HOUR - _past_the_hour(shown))
        end = jump_between(clock, begin, end) or end
        yield begin, end
        begin = end


def _hour_start(clock: tzinfo, time: datetime) -> datetime:
    """Return the start of the hour that contains a time: a full hour or a later change of the offset."""
    full = time - _past_the_hour(time.astimezone(clock))
    return jump_between(clock, full, time) or full


def _past_the_hour(shown: datetime) -> timedelta:
    return timedelta(minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)


def _split_hour(begin: datetime, end: datetime, clock: tzinfo, recording: Recording) -> Iterator[_Interval]:
    """Split an hour when the site opens or closes."""
    if recording.opening_hours is None:
        yield _Interval(begin, begin, is_open=True)
        return
    shown = begin.astimezone(clock).replace(tzinfo=None, fold=0)
    at = begin
    until = shown + (end - begin)
    for opens, closes in open_intervals(recording.opening_hours, shown, until, recording.holidays):
        since = begin + (opens - shown)
        if at < since:
            yield _Interval(begin, at, is_open=False)
        yield _Interval(begin, since, is_open=True)
        at = begin + (closes - shown)
    if at < end:
        yield _Interval(begin, at, is_open=False)


def _build_hours(cut: list[_Interval], bounds: Milliseconds, clock: tzinfo) -> Hours:
    """Group the intervals into rows by hour and by open or closed."""
    keys = sorted({(one.hour, one.is_open) for one in cut})
    row = {key: number for number, key in enumerate(keys)}
    shown = [hour.astimezone(clock) for hour, _ in keys]
    return Hours(
        bounds=bounds,
        row=np.array([row[one.hour, one.is_open] for one in cut], dtype="int64"),
        hour_at=np.array([(hour - _EPOCH) // _MICROSECOND for hour, _ in keys], dtype="int64"),
        open=np.array([is_open for _, is_open in keys], dtype=bool),
        local_date=np.array([one.date() for one in shown], dtype="datetime64[s]"),
        local_hour=np.array([one.hour for one in shown], dtype="int64"),
        weekday=np.array([one.isoweekday() for one in shown], dtype="int64"),
    )


def compute_occupancy_hourly(occupancy: pd.DataFrame, video: Video, recording: Recording) -> pd.DataFrame:
    """Compute the occupancy per local hour.

    An hour that the clock shows twice has two rows; a skipped hour has no row. An hour in which the site
    opens or closes has one row for the open time and one for the closed time. Without opening hours, the site
    is always open. Hours are covered from the first row of the occupancy to the end of the video, or to the
    last row if it is later or the end is unknown. Each covered hour has a row per zone, with zeros if the
    zone was empty.

    Parameters
    ----------
    occupancy
        OCCUPANCY_CHANGES of one video, rows in any order.
    video
        The video, whose duration is used.
    recording
        The start of the recording, its time zone and its opening hours.

    Returns
    -------
    pandas.DataFrame
        OCCUPANCY_HOURLY, one row per zone, hour and opening state, sorted.

    Raises
    ------
    SchemaError
        If ``occupancy`` is not an OCCUPANCY_CHANGES table.
    ParameterError
        If the start of the recording is unknown, or its time zone or opening hours are invalid.

    Notes
    -----
    O(n log n + zones · hours). The sum of ``person_seconds`` is the integral of the occupancy, to the
    millisecond; for the scene, it is the sum of ``time_present``. Sum ``recorded_time`` and
    ``person_seconds`` over videos, but take the maximum of ``max_persons``.

    Examples
    --------
    >>> from datetime import datetime
    >>> import pandas as pd
    >>> from ptrack_analysis import Video
    >>> from ptrack_analysis.clock import Recording, compute_occupancy_hourly
    >>> times = pd.to_timedelta([0, 30, 60], unit="min").as_unit("ms")
    >>> index = pd.MultiIndex.from_product([[""], times], names=["zone", "timestamp"])
    >>> occupancy = pd.DataFrame({"persons": [2, 1, 0]}, index=index)
    >>> started = datetime.fromisoformat("2026-11-24T09:40:00+01:00")
    >>> recording = Recording(video="shop", started_at=started, timezone="Europe/Berlin")
    >>> hourly = compute_occupancy_hourly(occupancy, Video(), recording)
    >>> hourly[["local_hour", "max_persons"]].to_numpy().tolist()
    [[9, 2], [10, 2]]
    """
    validate(occupancy, OCCUPANCY_CHANGES, "occupancy")
    validate_video(video)
    validate_recording(recording)
    if occupancy.empty:
        return empty_table(OCCUPANCY_HOURLY)
    occupancy = occupancy.sort_index()
    zone = occupancy.index.get_level_values("zone")
    time = occupancy.index.get_level_values("timestamp").to_numpy().astype("int64")
    persons = occupancy["persons"].to_numpy()
    hours = split_hours(recording, int(time.min()), _end(video, int(time.max())))
    parts = [
        _integrate(time[rows], persons[rows], hours)
        for rows in pd.Series(range(len(zone))).groupby(zone).indices.values()
    ]
    arrays = {
        "person_seconds": np.concatenate([sums for sums, _ in parts]),
        "max_persons": np.concatenate([largest for _, largest in parts]),
    }
    return _assemble_hours(OCCUPANCY_HOURLY, zone.unique().tolist(), hours, arrays)


def _integrate(time: Milliseconds, persons: Integers, hours: Hours) -> tuple[Milliseconds, Integers]:
    """Return the integral and the maximum of the occupancy per row of the hours."""
    cuts = np.sort(np.concatenate([time, hours.bounds]))
    apart = np.flatnonzero(np.diff(cuts))
    since, lengths = cuts[apart], np.diff(cuts)[apart]
    known = np.searchsorted(time, since, side="right") - 1
    count = np.where(known < 0, 0, persons[np.maximum(known, 0)])
    row = hours.row[hours.find_intervals(since)]
    sums, largest = np.zeros((2, len(hours)), dtype="int64")
    np.add.at(sums, row, count * lengths)
    np.maximum.at(largest, row, count)
    return sums, largest


def compute_visits_hourly(
    visits: pd.DataFrame,
    video: Video,
    recording: Recording,
    *,
    zones: Sequence[Zone] = (),
    start: Duration | None = None,
    end: Duration | None = None,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
) -> pd.DataFrame:
    """Count visits and sum their dwell per local hour.

    The hours are as in ``compute_occupancy_hourly``, for the video or its part from ``start`` to ``end``. A
    visit is present in each hour that ``[entered, exited)`` overlaps. A visit of zero length is present in
    the hour of ``entered``. Its ``dwell`` is split over these hours in proportion to its length in each hour,
    in milliseconds, rounded down for the sum up to the end of each hour. ``began`` counts a visit in the
    hour of ``entered``, and ``entries`` counts it there only if its start was observed. A visit that is cut
    by the end of a part is present in both parts, and is an entry in at most one part.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    video
        The video, whose duration is used. If it is unknown, the video ends at ``end`` or with the last visit.
    recording
        The start of the recording, its time zone and its opening hours.
    zones
        Zones that get rows even if they have no visits.
    start, end
        The selected part of the video, as in ``select``.
    observed_entries
        Values of ``entry`` that count as an observed start of a visit, as in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        VISITS_HOURLY, one row per zone, hour and opening state, sorted.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If the start of the recording is unknown, its time zone or opening hours are invalid, or
        ``observed_entries`` is not a list of entries.

    Notes
    -----
    O(n log n + zones · hours + visits · hours per visit). The sum of ``began`` over all hours is the number
    of visits, and the sum of ``dwell`` is their dwell, to the millisecond. Do not sum ``present`` and
    ``persons`` over hours, because a visit can last several hours. All columns can be summed over videos; a
    person counts once per video.

    Examples
    --------
    >>> from datetime import datetime
    >>> from ptrack_analysis import Video
    >>> from ptrack_analysis.clock import Recording, compute_visits_hourly
    >>> from ptrack_analysis.schema import VISITS, empty_table
    >>> started = datetime.fromisoformat("2026-11-24T09:40:00+01:00")
    >>> recording = Recording(video="shop", started_at=started, timezone="Europe/Berlin")
    >>> len(compute_visits_hourly(empty_table(VISITS), Video(), recording))
    0
    """
    validate(visits, VISITS)
    validate_video(video)
    validate_recording(recording)
    validate_items(zones, Zone, "zones")
    visits = visits.sort_index()
    entered, exited, dwell = (
        visits[name].to_numpy().astype("int64") for name in ("entered", "exited", "dwell")
    )
    zone = visits.index.get_level_values("zone")
    names = sorted({*zone, *(one.name for one in zones)})
    if not names:
        return empty_table(VISITS_HOURLY)
    begin = 0 if start is None else milliseconds(start, "start")
    left = int(exited.max(initial=0))
    last = max(part_end(find_video_end(video, left), end, left), left)
    hours = split_hours(recording, begin, max(begin, last))
    visit, interval, share = _split_visits(entered, exited, dwell, hours)
    number = pd.Index(names).get_indexer(zone)
    cell = number[visit] * len(hours) + hours.row[interval]
    first = number * len(hours) + hours.row[hours.find_intervals(entered)]
    is_observed = seen_at(visits, "entry", observed_entries, "observed_entries")
    size = len(names) * len(hours)
    person = visits.index.get_level_values("person_index").to_numpy()
    arrays = {
        "began": np.bincount(first, minlength=size),
        "entries": np.bincount(first[is_observed], minlength=size),
        "present": _count_distinct(cell, visit, size),
        "persons": _count_distinct(cell, person[visit], size),
        "dwell": _sum_per_cell(cell, share, size),
    }
    return _assemble_hours(VISITS_HOURLY, names, hours, arrays)


def _split_visits(
    entered: Milliseconds, exited: Milliseconds, dwell: Milliseconds, hours: Hours
) -> tuple[Integers, Integers, Milliseconds]:
    """Split visits at the bounds; return the visit, interval and dwell of each piece."""
    first = hours.find_intervals(entered)
    last = np.maximum(hours.find_intervals(np.maximum(exited - 1, entered)), first)
    pieces = last - first + 1
    visit = np.repeat(np.arange(len(entered)), pieces)
    interval = np.arange(len(visit)) - np.repeat(np.cumsum(pieces) - pieces - first, pieces)
    is_last = interval == last[visit]
    until = np.where(is_last, exited[visit], hours.bounds[interval + 1])
    length = np.maximum(exited - entered, 1).astype(object)  # the products may need more than 64 bits
    sums = np.where(
        is_last, dwell[visit], dwell[visit].astype(object) * (until - entered[visit]) // length[visit]
    )
    sums = sums.astype("int64")
    before = np.where(interval == first[visit], 0, np.roll(sums, 1))
    return visit, interval, sums - before


def _count_distinct(cell: Integers, value: Integers, size: int) -> Integers:
    """Count the distinct values in each cell."""
    pairs = np.unique(np.column_stack([cell, value]), axis=0)
    return np.bincount(pairs[:, 0], minlength=size)


def _sum_per_cell(cell: Integers, values: Integers, size: int) -> Integers:
    sums = np.zeros(size, dtype="int64")
    np.add.at(sums, cell, values)
    return sums


def _assemble_hours(
    schema: Table, zones: list[str], hours: Hours, arrays: dict[str, Integers]
) -> pd.DataFrame:
    """Build a table with a row per zone and row of the hours."""
    times = len(zones)
    of_hours = {
        "hour_at": hours.hour_at,
        "open": hours.open,
        "local_date": np.array(hours.local_date, dtype=object),
        "local_hour": hours.local_hour,
        "weekday": hours.weekday,
        "recorded_time": hours.recorded_time,
    }
    repeated = {name: np.tile(values, times) for name, values in of_hours.items()}
    names = [zone for zone in zones for _ in range(len(hours))]
    return assemble(schema, {"zone": names, **repeated, **arrays})


def _end(video: Video, last: int) -> int:
    """Return the end of the video [ms], or the last time if it is later."""
    return last if video.duration is None else max(last, milliseconds(video.duration, "duration"))
