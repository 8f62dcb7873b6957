"""Time zones and local times."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from ptrack_analysis.errors import ParameterError

_OFFSET = re.compile(r"([+-])(\d{2}):([0-5]\d)")
_ALIKE = 0.5
_ABBREVIATION = 4
"""Length of abbreviations such as CEST, for which close matches would be misleading."""
_SECOND = timedelta(seconds=1)
_FORM = "a time such as 2026-03-29T09:00:00+02:00"
_FIX = "Add an offset such as +01:00, or set a timezone such as Europe/Berlin"


@lru_cache(maxsize=1024)
def parse_timezone(name: str) -> tzinfo:
    """Return the time zone of a name such as ``Europe/Berlin`` or of an offset such as ``+01:00``.

    Raises
    ------
    ParameterError
        If the time zone is unknown; the message suggests a similar name.
    """
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        if ahead < timedelta(days=1):
            return timezone(ahead if sign == "+" else -ahead)
    names = _names()
    if name not in names.values():
        near = get_close_matches(name.lower(), names, n=1, cutoff=_ALIKE) if len(name) > _ABBREVIATION else []
        hint = f". Did you mean {names[near[0]]!r}?" if near else ""
        raise ParameterError(f"timezone must be an IANA name such as 'Europe/Berlin', got {name!r}{hint}")
    return ZoneInfo(name)


def parse_moment(text: str, clock: str | None) -> datetime:
    """Parse a time with an offset, or a local time in a time zone.

    Parameters
    ----------
    text
        Date and time in ISO 8601, with or without an offset (or Z).
    clock
        Name of the site's time zone, for a time without an offset.

    Raises
    ------
    ParameterError
        If the text is not such a time, has no offset although the time zone is unknown, or is a local time
        that the clock skips or shows twice.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(f"started_at must be {_FORM}, got {text!r}") from error
    if "T" not in text.upper() and ":" not in text:
        raise ParameterError(f"started_at must be {_FORM}, but {text!r} has no time of day")
    return moment_at(time, clock)


def moment_at(time: datetime, clock: str | None) -> datetime:
    """Return a time with its offset; a time without an offset is local. See ``parse_moment``."""
    if time.tzinfo is None:
        if clock is None:
            raise ParameterError(
                f"started_at is {time.isoformat()!r}, a local time without time zone. {_FIX}"
            )
        time = _resolve_local(time, clock)
    try:
        time.astimezone(UTC)
    except OverflowError as error:
        raise ParameterError(f"started_at is {time.isoformat()!r}, which is beyond the calendar") from error
    return time


def name_offset(time: datetime) -> str:
    """Format the offset of a time: UTC, or an offset such as ``+01:00``."""
    minutes = round(_offset(time).total_seconds() / 60)
    return (
        f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"
    )


def jump_between(clock: tzinfo, before: datetime, after: datetime) -> datetime | None:
    """Find the time between two times in UTC at which a clock changes its offset.

    Return None if the offset does not change. The clock must change at most once between the two times.
    """
    if _offset(before.astimezone(clock)) == _offset(after.astimezone(clock)):
        return None
    old, low, high = _offset(before.astimezone(clock)), 0, -(-(after - before) // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        is_old = _offset((before + middle * _SECOND).astimezone(clock)) == old
        low, high = (middle, high) if is_old else (low, middle)
    return before + high * _SECOND


def _resolve_local(local: datetime, clock: str) -> datetime:
    """Return a local time with its offset; reject times that the clock skips or shows twice."""
    zone = parse_timezone(clock)
    early, late = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if _offset(early) == _offset(late):
        return early
    try:
        shown = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0)
        if shown == local:
            both = " or ".join(
                one.replace(tzinfo=timezone(_offset(one)), fold=0).isoformat() for one in (early, late)
            )
            raise ParameterError(
                f"started_at is {local.isoformat()!r}, a time that occurs twice in {clock}. Write {both}"
            )
        _reject_skipped(local, zone, clock)
    except OverflowError as error:
        raise ParameterError(f"started_at is {local.isoformat()!r}, which is beyond the calendar") from error
    return early


def _reject_skipped(local: datetime, zone: tzinfo, clock: str) -> None:
    """Raise an error if the clock skips this local time."""
    later, sooner = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    jump = jump_between(zone, sooner.replace(microsecond=0), later + _SECOND)
    if jump is not None:
        last = (jump - _SECOND).astimezone(zone).replace(tzinfo=None) + _SECOND
        first = jump.astimezone(zone).replace(tzinfo=None)
        raise ParameterError(
            f"started_at is {local.isoformat()!r}, a time that {clock} skips: its clocks jump from "
            f"{last.isoformat()} to {first.isoformat()}"
        )


def _offset(time: datetime) -> timedelta:
    return time.utcoffset() or timedelta(0)


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}
