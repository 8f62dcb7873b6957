"""What the properties of a GeoJSON feature say of a zone or line."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.video import milliseconds, timedelta


@dataclass(frozen=True, slots=True)
class Properties:
    """A feature's name, its kind (None: not said), when it holds and in which videos (none: in every)."""

    name: str
    kind: str | None
    start: pd.Timedelta | None
    end: pd.Timedelta | None
    videos: tuple[str, ...]


def properties_of(feature: dict[str, Any]) -> Properties:
    """Read ``name``, ``kind``, ``from``, ``to`` and ``video`` of a feature; others are passed over.

    Raises
    ------
    ZoneError
        With the first that is not what it should be.
    """
    said = feature.get("properties") or {}
    name = _text(said.get("name") if isinstance(said, dict) else None, "properties.name")
    kind = said.get("kind")
    start, end = _moment(name, said.get("from"), "from"), _moment(name, said.get("to"), "to")
    return Properties(name, kind if isinstance(kind, str) else None, start, end, _videos(name, said))


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ZoneError(f"{what} is {value!r}, not a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ZoneError(f"{what} is {value!r}, which is no text that can be written") from error
    return value


def _moment(name: str, value: Any, property_: str) -> pd.Timedelta | None:
    """Read a moment since the start of the video; a number says no unit, as a number or as a text."""
    if value is None:
        return None
    what = f"{name!r}: properties.{property_}"
    if not isinstance(value, str) or value.strip().replace(".", "", 1).isdigit():
        raise ZoneError(f"{what} is {value!r}, not a text with a unit such as '10s', '5min' or '00:01:30'")
    try:
        return timedelta(milliseconds(value, what))
    except ValueError as error:
        raise ZoneError(str(error)) from error


def _videos(name: str, said: dict[str, Any]) -> tuple[str, ...]:
    given = said.get("video")
    if given is None:
        return ()
    names = given if isinstance(given, list) else [given]
    if not names:
        raise ZoneError(f"{name!r}: properties.video is [], so it is in no video; without it, it is in every")
    what = f"{name!r}: properties.video"
    if not all(isinstance(one, str) for one in names):
        raise ZoneError(f"{what} is {given!r}, not the name of a video or a list of names")
    return tuple(dict.fromkeys(_text(one, what) for one in names))
