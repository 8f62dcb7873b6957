"""Opening hours: when a place is open, by its own clock."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined] # the stubs lack one

from ptrack_analysis.errors import ParameterError

_QUOTED = re.compile(r'"[^"]*"')
_ELSEWHERE = {
    r"PH|SH": "holidays, which no calendar is known for: leave it out, or give the dates",
    r"sunrise|sunset|dawn|dusk": "the sun, which the place is not known for: give times",
}
_EXAMPLE = "opening hours such as 'Mo-Fr 09:00-20:00; Sa 10:00-18:00; Su off'"
_PLACE = re.compile(r"--> 1:(\d+)")

Interval = tuple[datetime, datetime]


def refuse_hours(text: str) -> None:
    """Refuse what are no opening hours that can be told from a clock alone.

    The syntax is that of OpenStreetMap's key ``opening_hours``: ``Mo-Fr 09:00-20:00; Sa 10:00-18:00; Su
    off``, ``Fr 22:00-03:00``, ``24/7``. Holidays and the sun are refused.

    Raises
    ------
    ParameterError
        With the text, the place in it and the reason.
    """
    plain = _QUOTED.sub("", text)
    for words, reason in _ELSEWHERE.items():
        if found := re.search(rf"\b(?:{words})\b", plain):
            raise ParameterError(f"opening_hours are {text!r}: {found.group()} asks for {reason}")
    _parsed(text)


def open_intervals(text: str, begin: datetime, end: datetime) -> Iterator[Interval]:
    """Give the stretches of a place's own clock in which it is open, from ``begin`` until before ``end``.

    The times are local ones, without zone. What is ``unknown`` in the opening hours counts as not open.
    """
    if begin >= end:
        return
    for since, until, state, _ in _parsed(text).intervals(begin, end):
        if state == State.OPEN:
            yield since, until


@lru_cache(maxsize=1024)
def _parsed(text: str) -> OpeningHours:
    try:
        return OpeningHours(text)
    except ParserError as error:
        found = _PLACE.search(str(error))
        at = f" (at character {found[1]})" if found else ""
        raise ParameterError(f"opening_hours are {text!r}{at}, not {_EXAMPLE}") from error
