"""Occupancy and visits by the hour of the clock."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import seen_at
from ptrack_analysis.analysis.presence import find_video_end, part_end
from ptrack_analysis.clock.opening_hours import open_intervals
from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.clock.timezones import (
    jump_between,
    moment_at,
    name_offset,
    parse_timezone,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.scene.zones import Zone
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
from ptrack_analysis.video import Milliseconds, Video, milliseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch of time that begins at ``begin``, in the hour that begins at ``hour``; both in UTC."""

    hour: datetime
    begin: datetime
    is_open: bool


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Stretches of a video, each within one hour of its place's clock and either open or not.

    Stretch ``i`` goes from the moment ``bounds[i]`` to before ``bounds[i + 1]`` [ms]; it is part of row
    ``row[i]``. A row is one hour, while the place is open or while it is not: ``hour_at`` is where the hour
    begins [us since 1970, UTC].
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
        """How much of each row's time the video covers [ms]."""
        return np.bincount(self.row, np.diff(self.bounds), len(self)).astype("int64")

    def find_stretch(self, moments: Milliseconds) -> Integers:
        """Return the stretch in which each moment lies; the first or last one for what is beyond."""
        return np.clip(np.searchsorted(self.bounds, moments, side="right") - 1, 0, len(self.row) - 1)


def split_hours(recording: Recording, begin: int, end: int) -> Hours:
    """Cut the part of a video from ``begin`` to ``end`` [ms] at the hours of its place's clock.

    An hour begins where the clock shows a full hour, or where its offset changes: an hour that occurs twice
    is two, one that is skipped is none, and a clock that moves by half an hour makes a short one. It is cut
    where the place opens or closes, by its own clock; without opening hours it is always open. A millisecond
    belongs to the hour in which it begins. A part of no length has the hour in which it lies.

    Raises
    ------
    ParameterError
        If the recording's start is not known, the part goes beyond the calendar, or the opening hours need
        public holidays that are not known.
    """
    if recording.started_at is None:
        raise ParameterError(
            f"the start of the video {recording.video!r} is not known, so its hours are not: give "
            "Recording(started_at=...), in the shell --recordings or --started-at"
        )
    moment = moment_at(recording.started_at, recording.timezone)
    clock = parse_timezone(recording.timezone or name_offset(moment))
    started = moment.astimezone(UTC)
    try:
        since, until = started + begin * _MILLISECOND, started + max(end, begin + 1) * _MILLISECOND
        cut = [
            one for hour in iterate_hours(clock, since, until) for one in _stretches(*hour, clock, recording)
        ]
    except OverflowError as error:
        raise ParameterError(
            f"the video {recording.video!r} starts at {recording.started_at.isoformat()} and lasts "
            f"{end / 1000:g} s: that is beyond the calendar"
        ) from error
    bounds = np.array([-((started - one.begin) // _MILLISECOND) for one in cut] + [end], dtype="int64")
    bounds = np.clip(bounds, begin, max(begin, end))
    kept = np.flatnonzero(np.diff(bounds)) if end > begin else np.zeros(1, dtype="int64")
    return _gathered([cut[place] for place in kept], np.append(bounds[kept], bounds[-1]), clock)


def iterate_hours(clock: tzinfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield start and end of each hour of a clock, from that of ``since`` to before ``until``, in UTC."""
    begin = _hour_start(clock, since)
    while begin < until:
        shown = begin.astimezone(clock)
        end = begin + (_HOUR - _past_the_hour(shown))
        end = jump_between(clock, begin, end) or end
        yield begin, end
        begin = end


def _hour_start(clock: tzinfo, moment: datetime) -> datetime:
    """Return where the hour began that a moment lies in: at a full hour, or where the offset changed last."""
    full = moment - _past_the_hour(moment.astimezone(clock))
    return jump_between(clock, full, moment) or full


def _past_the_hour(shown: datetime) -> timedelta:
    return timedelta(minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)


def _stretches(begin: datetime, end: datetime, clock: tzinfo, recording: Recording) -> Iterator[_Stretch]:
    """Cut an hour where the place opens or closes."""
    if recording.opening_hours is None:
        yield _Stretch(begin, begin, is_open=True)
        return
    shown = begin.astimezone(clock).replace(tzinfo=None, fold=0)
    at = begin
    until = shown + (end - begin)
    for opens, closes in open_intervals(recording.opening_hours, shown, until, recording.holidays):
        since = begin + (opens - shown)
        if at < since:
            yield _Stretch(begin, at, is_open=False)
        yield _Stretch(begin, since, is_open=True)
        at = begin + (closes - shown)
    if at < end:
        yield _Stretch(begin, at, is_open=False)


def _gathered(cut: list[_Stretch], bounds: Milliseconds, clock: tzinfo) -> Hours:
    """Gather the stretches to rows: one an hour and open or not."""
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
    """Return how many persons were there in each hour of the place's clock.

    The hours are those of the place, so that one which occurs twice is two rows and one that is skipped
    none. An hour in which the place opens or closes is two rows, one of the time while it was open and one of
    the rest; without opening hours it is always open. From the occupancy's first row to the video's end (to
    the last row, if that is later or the end is not known) each hour has a row for each zone, of zeros where
    nobody was; an hour that the video does not cover has none.

    Parameters
    ----------
    occupancy
        OCCUPANCY_CHANGES of one video, rows in any order.
    video
        The video, for its end.
    recording
        When the video starts, by which clock, and the opening hours.

    Returns
    -------
    pandas.DataFrame
        OCCUPANCY_HOURLY, one row an hour and open or not for each zone of ``occupancy``, sorted.

    Raises
    ------
    SchemaError
        If ``occupancy`` is not an OCCUPANCY_CHANGES table.
    ParameterError
        If the recording's start is not known, or its time zone or opening hours cannot be used.

    Notes
    -----
    O(n log n + zones · hours). ``person_seconds`` over all hours is the integral of the occupancy, to the
    millisecond: for the scene the sum of ``time_present``. Over videos ``recorded_time`` and
    ``person_seconds`` add up; of ``max_persons`` only the largest is meant.

    Examples
    --------
    >>> from datetime import datetime
    >>> import pandas as pd
    >>> from ptrack_analysis import Video
    >>> from ptrack_analysis.clock import Recording, compute_occupancy_hourly
    >>> moments = pd.to_timedelta([0, 30, 60], unit="min").as_unit("ms")
    >>> index = pd.MultiIndex.from_product([[""], moments], names=["zone", "timestamp"])
    >>> occupancy = pd.DataFrame({"persons": [2, 1, 0]}, index=index)
    >>> started = datetime.fromisoformat("2026-11-24T09:40:00+01:00")
    >>> recording = Recording(video="shop", started_at=started, timezone="Europe/Berlin")
    >>> hourly = compute_occupancy_hourly(occupancy, Video(), recording)
    >>> hourly[["local_hour", "max_persons"]].to_numpy().tolist()
    [[9, 2], [10, 2]]
    """
    validate(occupancy, OCCUPANCY_CHANGES)
    if occupancy.empty:
        return empty_table(OCCUPANCY_HOURLY)
    occupancy = occupancy.sort_index()
    zone = occupancy.index.get_level_values("zone")
    time = occupancy.index.get_level_values("timestamp").to_numpy().astype("int64")
    persons = occupancy["persons"].to_numpy()
    hours = split_hours(recording, int(time.min()), _end(video, int(time.max())))
    parts = [
        _integrated(time[rows], persons[rows], hours)
        for rows in pd.Series(range(len(zone))).groupby(zone).indices.values()
    ]
    arrays = {
        "person_seconds": np.concatenate([sums for sums, _ in parts]),
        "max_persons": np.concatenate([largest for _, largest in parts]),
    }
    return _assembled(OCCUPANCY_HOURLY, zone.unique().tolist(), hours, arrays)


def _integrated(time: Milliseconds, persons: Integers, hours: Hours) -> tuple[Milliseconds, Integers]:
    """Add up the count over each row's time, and find the largest that holds in it."""
    cuts = np.sort(np.concatenate([time, hours.bounds]))
    apart = np.flatnonzero(np.diff(cuts))
    since, spans = cuts[apart], np.diff(cuts)[apart]
    known = np.searchsorted(time, since, side="right") - 1
    count = np.where(known < 0, 0, persons[np.maximum(known, 0)])
    row = hours.row[hours.find_stretch(since)]
    sums, largest = np.zeros((2, len(hours)), dtype="int64")
    np.add.at(sums, row, count * spans)
    np.maximum.at(largest, row, count)
    return sums, largest


def compute_visits_hourly(
    visits: pd.DataFrame,
    video: Video,
    recording: Recording,
    *,
    zones: Sequence[Zone] = (),
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
) -> pd.DataFrame:
    """Count the visits and sum their dwell per hour of the local clock.

    The hours are those of ``compute_occupancy_hourly``, over the video or the part of it from ``start`` to
    ``end``. A visit is present in each hour that ``[entered, exited)`` overlaps (a visit of no length in the
    hour of ``entered``). Its ``dwell`` is split over these hours in proportion to its length in each, in
    whole ms: until any time, it has had the same share of its dwell as of its length, rounded down. ``began``
    counts a visit in the hour of ``entered``, and ``entries`` counts it there only if its start was observed.
    A visit that is cut by the end of a part is present in both parts, and is an entry in at most one.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    video
        The video, for its end; where it is unknown, ``end`` is it, or without one the last stay's.
    recording
        When the video starts, by which clock, and the opening hours.
    zones
        Zones of which there are rows even if nobody was in them.
    start, end
        The part of the video that was selected, as given to ``select`` [ms].
    observed_entries
        The entries at which the start of a visit is observed, as in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        VISITS_HOURLY, one row an hour and open or not for each zone, sorted.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If the recording's start is not known, its time zone or opening hours cannot be used, or
        ``observed_entries`` is not a list of entries.

    Notes
    -----
    O(n log n + zones · hours + stays · the hours that they reach into). Over all hours ``began`` adds up to
    the number of stays and ``dwell`` to theirs, to the millisecond; ``present`` and ``persons`` do not, as
    one stay can last in several hours. Over videos all of them add up, persons as the videos know them.

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
    stays = visits.sort_index()
    entered, exited, dwell = (
        stays[name].to_numpy().astype("int64") for name in ("entered", "exited", "dwell")
    )
    zone = stays.index.get_level_values("zone")
    names = sorted({*zone, *(one.name for one in zones)})
    if not names:
        return empty_table(VISITS_HOURLY)
    begin = 0 if start is None else milliseconds(start, "start")
    left = int(exited.max(initial=0))
    last = max(part_end(find_video_end(video, left), end, left), left)
    hours = split_hours(recording, begin, max(begin, last))
    stay, place, share = _split(entered, exited, dwell, hours)
    number = pd.Index(names).get_indexer(zone)
    cell = number[stay] * len(hours) + hours.row[place]
    first = number * len(hours) + hours.row[hours.find_stretch(entered)]
    seen = seen_at(stays, "entry", observed_entries, "observed_entries")
    size = len(names) * len(hours)
    person = stays.index.get_level_values("person_index").to_numpy()
    arrays = {
        "began": np.bincount(first, minlength=size),
        "entries": np.bincount(first[seen], minlength=size),
        "present": _different(cell, stay, size),
        "persons": _different(cell, person[stay], size),
        "dwell": _summed(cell, share, size),
    }
    return _assembled(VISITS_HOURLY, names, hours, arrays)


def _split(
    entered: Milliseconds, exited: Milliseconds, dwell: Milliseconds, hours: Hours
) -> tuple[Integers, Integers, Milliseconds]:
    """Split stays at the bounds: the stay of each piece, its stretch, and its part of the dwell."""
    first = hours.find_stretch(entered)
    last = np.maximum(hours.find_stretch(np.maximum(exited - 1, entered)), first)
    pieces = last - first + 1
    stay = np.repeat(np.arange(len(entered)), pieces)
    place = np.arange(len(stay)) - np.repeat(np.cumsum(pieces) - pieces - first, pieces)
    until = np.where(place == last[stay], exited[stay], hours.bounds[place + 1])
    length = np.maximum(exited - entered, 1).astype(object)  # the products may need more than 64 bits
    had = np.where(
        place == last[stay], dwell[stay], dwell[stay].astype(object) * (until - entered[stay]) // length[stay]
    )
    had = had.astype("int64")
    before = np.where(place == first[stay], 0, np.roll(had, 1))
    return stay, place, had - before


def _different(cell: Integers, value: Integers, size: int) -> Integers:
    """Count the different values in each cell."""
    pairs = np.unique(np.column_stack([cell, value]), axis=0)
    return np.bincount(pairs[:, 0], minlength=size)


def _summed(cell: Integers, values: Integers, size: int) -> Integers:
    sums = np.zeros(size, dtype="int64")
    np.add.at(sums, cell, values)
    return sums


def _assembled(schema: Table, zones: list[str], hours: Hours, arrays: dict[str, Integers]) -> pd.DataFrame:
    """Put a row for each zone and each row of the hours into a table."""
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
    """Return the video's end [ms]: what is beyond it shows that it ends later."""
    return last if video.duration is None else max(last, milliseconds(video.duration, "duration"))
