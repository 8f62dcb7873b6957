"""Where exactly a document is at fault, said in one sentence."""

import re
from typing import Any

import msgspec

from ptrack_analysis.errors import PageError

LATEST_START = 10 * 24 * 3600 * 1000
"""A first timestamp above this (10 days) is taken for wall-clock time, not time since the video's start [ms].

Seconds since 1970 are above it too if they are read as milliseconds.
"""
DATE = r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}"
"""What a text with a date looks like."""
_FROM_START = "Timestamps count from the start of the video: subtract the time of its first frame from each"
PAGES_FROM_START = f"{_FROM_START} Timestamp, in milliseconds."
TRACKS_FROM_START = (
    f"{_FROM_START}, and give milliseconds as the column timestamp_ms or seconds as the column time_s "
    "(columns=, in the shell --columns)."
)
_LONGEST = 60
_BYTE = re.compile(r"\(byte (\d+)\)")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


def malformed(raw: bytes, place: str, error: Exception) -> PageError:
    """Say where a document is not well-formed JSON."""
    found = _BYTE.search(str(error))
    if isinstance(error, RecursionError):
        return PageError(f"{place}: nested deeper than any page is; not a GetPersonTracking page")
    reason = _BYTE.sub("", str(error)).removeprefix("JSON is malformed: ").strip()
    if found is None:
        return PageError(
            f"{place}: not whole JSON: {reason} (at its end, byte {len(raw)}, {_line(raw, len(raw))})"
        )
    at = int(found.group(1))
    shown = raw[at : at + 12]
    return PageError(f"{place}: not JSON at byte {at} ({_line(raw, at)}): {reason}, found {shown!r}")


def wall_clock(place: object, name: str, first: str, advice: str) -> str:
    """Say that timestamps look like wall-clock time."""
    return (
        f"{place}: {name} starts at {first}, more than {LATEST_START // 86_400_000} days into the video, and "
        f"looks like wall-clock time. {advice}"
    )


def is_of_several(error: PageError) -> bool:
    """Tell whether a document is at fault because more follows it, as in JSON Lines."""
    return any(words in str(error) for words in ("trailing characters", "Extra data"))


def not_utf8(raw: bytes, place: str, error: UnicodeDecodeError) -> PageError:
    """Say where a document is not UTF-8."""
    shown = raw[error.start : error.start + 4]
    return PageError(f"{place}: invalid UTF-8 at byte {error.start} ({_line(raw, error.start)}): {shown!r}")


def unexpected(content: Any, place: str, error: msgspec.ValidationError) -> PageError:
    """Say which value of a well-formed document is not what the API sends."""
    reason, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`")
    where = f"{place}: {path.removeprefix('.')}" if path else f"{place}: the whole document"
    if "missing required field" in reason:
        return PageError(f"{where}: required field {reason.split('`')[1]!r} is missing")
    value = repr(_value(content, path))
    if len(value) > _LONGEST:
        value = value[:_LONGEST] + "..."
    if path.endswith(".Timestamp") and re.match(DATE, value.strip("'")):
        return PageError(f"{where} is {value}, which is a wall-clock time. {PAGES_FROM_START}")
    expected = reason.replace("`", "").split(", got ")[0].replace("Expected ", "expected ")
    return PageError(f"{where} is {value}; {expected[:1].lower()}{expected[1:]}")


def _value(content: Any, path: str) -> Any:
    """Follow a path such as ``.Persons[3].Timestamp`` into an untyped document, as far as it leads."""
    for name, position in _STEP.findall(path):
        try:
            content = content[name] if name else content[int(position)]
        except (KeyError, IndexError, TypeError):
            break
    return content


def _line(raw: bytes, at: int) -> str:
    before = raw[:at]
    line, column = before.count(b"\n") + 1, at - before.rfind(b"\n")
    return f"line {line}, column {column}"
