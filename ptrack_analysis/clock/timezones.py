"""Time zones and local times."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from ptrack_analysis.errors import ParameterError

_OFFSET = re.compile(r"([+-])(\d{2}):([0-5]\d)")
_ALIKE = 0.5
_ABBREVIATION = 4
"""Length of abbreviations such as CEST, which are near to others that mean something else."""
_SECOND = timedelta(seconds=1)
_FORM = "a moment such as 2026-03-29T09:00:00+02:00"
_FIX = "add an offset such as +01:00, or a timezone such as Europe/Berlin"


def parse_timezone(name: str) -> tzinfo:
    """Return the time zone of a name such as ``Europe/Berlin`` or of an offset such as ``+01:00``.

    Raises
    ------
    ParameterError
        If there is none, with the name that is nearest.
    """
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        if ahead < timedelta(days=1):
            return timezone(ahead if sign == "+" else -ahead)
    names = _names()
    if name not in names.values():
        near = get_close_matches(name.lower(), names, n=1, cutoff=_ALIKE) if len(name) > _ABBREVIATION else []
        meant = f": is {names[near[0]]!r} meant?" if near else ", such as 'Europe/Berlin'"
        raise ParameterError(f"timezone {name!r} is not one of the IANA time zones{meant}")
    return ZoneInfo(name)


def parse_moment(text: str, clock: str | None) -> datetime:
    """Parse a time with an offset, or a local time in a time zone.

    Parameters
    ----------
    text
        Date and time of ISO 8601, with an offset (or Z), or without.
    clock
        Name of the place's time zone, for a time without an offset.

    Raises
    ------
    ParameterError
        If it is no such text; if it has no offset and there is no clock; if the clock skips this time, or
        shows it twice.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(f"started_at is {text!r}, not {_FORM}") from error
    if "T" not in text.upper() and ":" not in text:
        raise ParameterError(f"started_at is {text!r}, which has no time of day: give {_FORM}")
    return moment_at(moment, clock)


def moment_at(moment: datetime, clock: str | None) -> datetime:
    """Return a time with its offset; a time without an offset is local. See ``parse_moment``."""
    if moment.tzinfo is None:
        if clock is None:
            raise ParameterError(
                f"started_at is {moment.isoformat()!r}, a local time without its zone: {_FIX}"
            )
        moment = _local(moment, clock)
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ParameterError(f"started_at is {moment.isoformat()!r}, beyond the calendar") from error
    return moment


def name_offset(moment: datetime) -> str:
    """Format the offset of a time: UTC, or an offset such as ``+01:00``."""
    minutes = round(_offset(moment).total_seconds() / 60)
    return (
        f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"
    )


def jump_between(clock: tzinfo, before: datetime, after: datetime) -> datetime | None:
    """Find the time from ``before`` to ``after``, both in UTC, at which a clock changes its offset.

    The clock changes at most once between them; None if it does not.
    """
    if _offset(before.astimezone(clock)) == _offset(after.astimezone(clock)):
        return None
    old, low, high = _offset(before.astimezone(clock)), 0, -(-(after - before) // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        is_old = _offset((before + middle * _SECOND).astimezone(clock)) == old
        low, high = (middle, high) if is_old else (low, middle)
    return before + high * _SECOND


def _local(local: datetime, clock: str) -> datetime:
    """Return the only time at which a clock shows this local time."""
    place = parse_timezone(clock)
    early, late = (local.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    if _offset(early) == _offset(late):
        return early
    try:
        shown = early.astimezone(UTC).astimezone(place).replace(tzinfo=None, fold=0)
        if shown == local:
            both = " or ".join(
                one.replace(tzinfo=timezone(_offset(one)), fold=0).isoformat() for one in (early, late)
            )
            raise ParameterError(
                f"started_at is {local.isoformat()!r}, a time that occurs twice in {clock}: give {both}"
            )
        _describe_skipped(local, place, clock)
    except OverflowError as error:
        raise ParameterError(f"started_at is {local.isoformat()!r}, beyond the calendar") from error
    return early


def _describe_skipped(local: datetime, place: tzinfo, clock: str) -> None:
    """Describe where the clock jumps over this time."""
    later, sooner = (local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    jump = jump_between(place, sooner.replace(microsecond=0), later + _SECOND)
    if jump is not None:
        last = (jump - _SECOND).astimezone(place).replace(tzinfo=None) + _SECOND
        first = jump.astimezone(place).replace(tzinfo=None)
        raise ParameterError(
            f"started_at is {local.isoformat()!r}, a time that {clock} skips: its clocks jump from "
            f"{last.isoformat()} to {first.isoformat()}"
        )


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}
