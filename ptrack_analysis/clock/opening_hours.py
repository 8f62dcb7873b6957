"""Opening hours in the syntax of OpenStreetMap, with public holidays."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined] # the stubs lack one

from ptrack_analysis.errors import ParameterError

Interval = tuple[datetime, datetime]

_QUOTED = re.compile(r'"[^"]*"')
_HOLIDAY = re.compile(r"\bPH\b")
_UNSUPPORTED = {
    r"\bSH\b": "school holidays are not known. Remove SH, or write the dates",
    r"\b(?:sunrise|sunset|dawn|dusk)\b": "the position of the sun is not known. Write times",
    r"\bPH(?: [+-]?\d+ days?)? (?:Mo|Tu|We|Th|Fr|Sa|Su)\b": (
        "PH before weekdays is ambiguous. Write PH,Mo for holidays and Mondays, or the dates"
    ),
}
"""Parts of opening hours that cannot be used, with the reason."""
_EXAMPLE = "text such as 'Mo-Fr 09:00-20:00; Sa 10:00-18:00; PH off'"
_POSITION = re.compile(r"--> 1:(\d+)")
_SHIFT = r"(?: -?\d+ days)?"
_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_ENTRY = rf"(?:{_DAY}(?:-{_DAY})?(?:\[[^\]]*\])?{_SHIFT}|PH{_SHIFT})"
_HOLIDAY_RULE = re.compile(rf"(?P<wide>(?:.* )?)(?P<days>{_ENTRY}(?:,{_ENTRY})*)(?P<rest>(?: .*)?)")
"""A rule as the parser formats it: months, weeks or years; days of the week and holidays; times."""
_SEPARATOR = re.compile(r"(; | \|\| |, )")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NO_DAY = "1900 Jan 01"
_NOON = time(12)
_TICK = timedelta(microseconds=1)
_AROUND = timedelta(days=2)
"""Time around an interval whose rules can matter, because opening times may last past midnight."""


@lru_cache(maxsize=1024)
def validate_opening_hours(text: str) -> None:
    """Reject invalid opening hours.

    The syntax is that of OpenStreetMap's key ``opening_hours``: ``Mo-Fr 09:00-20:00; Sa 10:00-18:00; Su
    off``, ``Fr 22:00-03:00``, ``24/7``, ``PH off``. School holidays and sun events are not supported.

    Raises
    ------
    ParameterError
        If the opening hours are invalid; the message contains the position and the reason.
    """
    plain = _QUOTED.sub('""', text)
    for words, reason in _UNSUPPORTED.items():
        if re.search(words, plain):
            raise ParameterError(f"opening_hours are {text!r}: {reason}.")
    _parse(text)
    if uses_holidays(text):
        _replace_holidays(text, (), frozenset())


def uses_holidays(text: str) -> bool:
    """Return whether opening hours depend on public holidays (``PH``)."""
    return _HOLIDAY.search(_QUOTED.sub("", text)) is not None


def open_intervals(
    text: str, begin: datetime, end: datetime, holidays: frozenset[date] | None = None
) -> Iterator[Interval]:
    """Yield the intervals in which a site is open, from ``begin`` to before ``end``.

    All times are local, without a time zone. ``unknown`` in the opening hours counts as closed.

    Parameters
    ----------
    text
        Opening hours.
    begin, end
        Local times.
    holidays
        Public holidays for ``PH``. The holidays of a year are known if the set contains at least one.

    Raises
    ------
    ParameterError
        If the opening hours are invalid or refer to holidays that are not known.
    """
    if begin >= end:
        return
    if uses_holidays(text):
        hours = _insert_holidays(text, begin.date(), (end - _TICK).date(), holidays)
    else:
        hours = _parse(text)
    for since, until, state, _ in hours.intervals(begin, end):
        if state == State.OPEN:
            yield since, until


@lru_cache(maxsize=1024)
def _insert_holidays(text: str, first: date, last: date, holidays: frozenset[date] | None) -> OpeningHours:
    """Return opening hours with the dates of holidays, valid from the first to the last day."""
    if holidays is None:
        raise ParameterError(
            f"opening_hours are {text!r}, but the public holidays (PH) are not known. Set "
            "Recording.holidays. read_recordings and export_dataset set it with holidays='DE' or a CSV file "
            "(--holidays)."
        )
    missing = {first.year, last.year} - {day.year for day in holidays}
    if missing:
        raise ParameterError(
            f"opening_hours are {text!r}, but the public holidays (PH) of {min(missing)} are not known. Pass "
            "holidays that contain this year (--holidays)."
        )
    begin, end = first - _AROUND, last + _AROUND
    days = [begin + timedelta(days=number) for number in range((end - begin).days + 1)]
    return _parse(_replace_holidays(text, days, holidays))


def _replace_holidays(text: str, days: Iterable[date], holidays: frozenset[date]) -> str:
    """Return opening hours with dates instead of holidays, valid on ``days`` only."""
    comments: list[str] = []

    def take_comment(found: re.Match[str]) -> str:
        comments.append(found.group())
        return f'"{len(comments) - 1}"'

    parts = _SEPARATOR.split(_QUOTED.sub(take_comment, str(_parse(text))))
    days = [*days]
    parts[::2] = [
        _replace_rule(rule, days, holidays, text) if _HOLIDAY.search(rule) else rule for rule in parts[::2]
    ]
    return re.sub(r'"(\d+)"', lambda found: comments[int(found[1])], "".join(parts))


def _replace_rule(rule: str, days: list[date], holidays: frozenset[date], text: str) -> str:
    """Return a rule with the dates of all days that its holidays and weekdays select.

    The result is a single rule, because two rules would treat opening times past midnight differently.
    """
    found = _HOLIDAY_RULE.fullmatch(rule)
    if found is None or _HOLIDAY.search(found["wide"] + found["rest"]):
        raise ParameterError(
            f"opening_hours are {text!r}: PH is not supported in this position. Write 'PH off' or dates."
        )
    entries = found["days"].split(",")
    weekdays = [entry for entry in entries if not entry.startswith("PH")]
    shifts = [timedelta(int([*entry.split(), "0"][1])) for entry in entries if entry.startswith("PH")]
    wide = _parse(found["wide"].strip() or "24/7")
    selected = {
        day for day in days if any(day - shift in holidays for shift in shifts) and _is_selected(wide, day)
    }
    if weekdays:
        regular = _parse(found["wide"] + ",".join(weekdays))
        selected |= {day for day in days if _is_selected(regular, day)}
    dates = [f"{day.year} {_MONTHS[day.month - 1]} {day.day:02}" for day in sorted(selected)]
    return (",".join(dates) or _NO_DAY) + found["rest"]


def _is_selected(selector: OpeningHours, day: date) -> bool:
    return bool(selector.is_open(datetime.combine(day, _NOON)))


@lru_cache(maxsize=1024)
def _parse(text: str) -> OpeningHours:
    try:
        return OpeningHours(text)
    except ParserError as error:
        found = _POSITION.search(str(error))
        at = f" (error at character {found[1]})" if found else ""
        raise ParameterError(f"opening_hours must be {_EXAMPLE}, got {text!r}{at}") from error
