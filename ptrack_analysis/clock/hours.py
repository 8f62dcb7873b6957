"""The hours of a place's own clock that a video covers, cut where the place opens or closes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from ptrack_analysis.clock.opening import open_intervals
from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.clock.timezones import clock_of, jump_between, moment_at, timezone_of
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.video import Milliseconds

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
    local_day: list[str]
    local_hour: Integers
    weekday: Integers

    def __len__(self) -> int:
        return len(self.hour_at)

    @property
    def covered(self) -> Milliseconds:
        """How much of each row's time the video covers [ms]."""
        return np.bincount(self.row, np.diff(self.bounds), len(self)).astype("int64")

    def place_of(self, moments: Milliseconds) -> Integers:
        """Give the stretch in which each moment lies; the first or last one for what is beyond."""
        return np.clip(np.searchsorted(self.bounds, moments, side="right") - 1, 0, len(self.row) - 1)


def hours_of(recording: Recording, begin: int, end: int) -> Hours:
    """Cut the part of a video from ``begin`` to ``end`` [ms] at the hours of its place's clock.

    An hour begins where the clock shows a full hour, or where its offset changes: an hour that occurs twice
    is two, one that is skipped is none, and a clock that moves by half an hour makes a short one. It is cut
    where the place opens or closes, by its own clock; without opening hours it is always open. A millisecond
    belongs to the hour in which it begins. A part of no length has the hour in which it lies.

    Raises
    ------
    ParameterError
        If the recording's start is not known, or the part goes beyond the calendar.
    """
    if recording.started_at is None:
        raise ParameterError(
            f"the start of the video {recording.video!r} is not known, so its hours are not: give "
            "Recording(started_at=...), in the shell --recordings or --started-at"
        )
    moment = moment_at(recording.started_at, recording.timezone)
    clock = timezone_of(recording.timezone or clock_of(moment))
    started = moment.astimezone(UTC)
    try:
        since, until = started + begin * _MILLISECOND, started + max(end, begin + 1) * _MILLISECOND
        cut = [one for hour in _hours(clock, since, until) for one in _stretches(*hour, clock, recording)]
    except OverflowError as error:
        raise ParameterError(
            f"the video {recording.video!r} starts at {recording.started_at.isoformat()} and lasts "
            f"{end / 1000:g} s: that is beyond the calendar"
        ) from error
    bounds = np.array([-((started - one.begin) // _MILLISECOND) for one in cut] + [end], dtype="int64")
    bounds = np.clip(bounds, begin, max(begin, end))
    kept = np.flatnonzero(np.diff(bounds)) if end > begin else np.zeros(1, dtype="int64")
    return _gathered([cut[place] for place in kept], np.append(bounds[kept], bounds[-1]), clock)


def _hours(clock: tzinfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the hours of a clock from the one that ``since`` lies in until before ``until``, in UTC."""
    begin = _hour_start(clock, since)
    while begin < until:
        shown = begin.astimezone(clock)
        end = begin + (_HOUR - _past_the_hour(shown))
        end = jump_between(clock, begin, end) or end
        yield begin, end
        begin = end


def _hour_start(clock: tzinfo, moment: datetime) -> datetime:
    """Give where the hour began that a moment lies in: at a full hour, or where the offset changed last."""
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
    for opens, closes in open_intervals(recording.opening_hours, shown, shown + (end - begin)):
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
        local_day=[one.date().isoformat() for one in shown],
        local_hour=np.array([one.hour for one in shown], dtype="int64"),
        weekday=np.array([one.isoweekday() for one in shown], dtype="int64"),
    )
