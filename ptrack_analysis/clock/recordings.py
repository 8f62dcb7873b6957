"""Recordings of videos: their starts, clocks, sites and cameras; the file of recordings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from ptrack_analysis.clock.holidays import FindHolidays, list_days, read_holidays
from ptrack_analysis.clock.opening_hours import uses_holidays, validate_opening_hours
from ptrack_analysis.clock.timezones import name_offset, parse_moment, parse_timezone
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.scene.selection import SELECTORS, Selector, VideoKeys, fits_pattern
from ptrack_analysis.schema import VIDEOS
from ptrack_analysis.storage.columns import stored_columns
from ptrack_analysis.storage.csv_rows import read_text, simplify_name, split_rows
from ptrack_analysis.storage.s3 import S3Path, parse_path

Value = str | int | float | bool
FurtherType = Literal["text", "integer", "number", "flag"]
_PANDAS_TYPES = {"text": "str", "integer": "Int64", "number": "float64", "flag": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The time and location of one recording; an unknown fact is None.

    ``started_at`` has an offset. ``timezone`` is a name such as ``Europe/Berlin`` or an offset such as
    ``+01:00``; it is known if ``started_at`` is known. ``opening_hours`` are in the syntax of OpenStreetMap,
    and ``holidays`` are the public holidays for ``PH`` in them. ``further`` has the other columns of the file
    of recordings and the fields of the pattern, ``types`` their types unless text. ``fault`` is the problem
    with the time in the name of the video's file.
    """

    video: str
    started_at: datetime | None = None
    timezone: str | None = None
    site: str | None = None
    camera: str | None = None
    opening_hours: str | None = None
    holidays: frozenset[date] | None = None
    further: Mapping[str, Value | None] = field(default_factory=dict)
    types: Mapping[str, FurtherType] = field(default_factory=dict)
    fault: str | None = None

    @property
    def local_start(self) -> datetime | None:
        """When the recording started by the clock of its place, where that is known."""
        if self.started_at is None or self.timezone is None:
            return None
        return self.started_at.astimezone(parse_timezone(self.timezone))

    def with_holidays(self, find_holidays: FindHolidays) -> Self:
        """Return the recording with the holidays that its opening hours can refer to, if they do."""
        if self.opening_hours is None or not uses_holidays(self.opening_hours):
            return self
        return replace(self, holidays=list_days(find_holidays, self.started_at))

    def row(self) -> dict[str, Any]:
        """Return all that is known, as JSON knows it."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        known["started_at"] = None if self.started_at is None else self.started_at.isoformat()
        if self.holidays is None:
            del known["holidays"]
        else:
            known["holidays"] = sorted(day.isoformat() for day in self.holidays)
        return known | {"further": dict(self.further), "types": dict(self.types)}


_RESERVED = {
    "day",
    "date",
    "month",
    "local_date",
    "local_day",
    "local_hour",
    "timestamp",
    "person",
    "person_index",
    "plane",
}
"""Names of keys, dates and partitions of a dataset, which would be ambiguous as further columns."""


def taken_names() -> set[str]:
    """List the names that further columns cannot have: columns of VIDEOS, keys, dates and partitions."""
    stored = stored_columns(VIDEOS, clocked=True)
    return {name for one in stored for name in (one.name, one.memory_name)} - {"site", "camera"} | _RESERVED


def of_recording(recording: Recording) -> dict[str, Any]:
    """Return the columns of VIDEOS that tell a recording, of one row, as ``assemble`` takes them."""
    started, shown = recording.started_at, None
    if started is not None and recording.timezone is not None:
        shown = started.astimezone(parse_timezone(recording.timezone))
    utc = None if started is None else started.astimezone(UTC).replace(tzinfo=None)
    return {
        "started_at": np.array([utc], dtype="datetime64[us]"),
        "timezone": [recording.timezone],
        "local_date": np.array([None if shown is None else shown.date()], dtype="datetime64[s]"),
        "local_hour": [None if shown is None else shown.hour],
        "weekday": [None if shown is None else shown.isoweekday()],
        "site": [recording.site],
        "camera": [recording.camera],
        "camera_key": [make_camera_key(recording.site, recording.camera)],
        "opening_hours": [recording.opening_hours],
    }


def make_camera_key(site: str | None, camera: str | None) -> str | None:
    """Return the key of a camera, ``site/camera``, or None if both names are unknown.

    Examples
    --------
    >>> make_camera_key("Bonn", "entrance 1/2")
    'Bonn/entrance 1%2F2'
    """
    if not site and not camera:
        return None
    parts = ((name or "").replace("%", "%25").replace("/", "%2F") for name in (site, camera))
    return "/".join(parts)


def with_further(videos: pd.DataFrame, recording: Recording) -> pd.DataFrame:
    """Return VIDEOS with the further columns of a recording behind its own, in their types."""
    columns = {
        name: pd.Series([value], videos.index, dtype=_PANDAS_TYPES[recording.types.get(name, "text")])
        for name, value in recording.further.items()
    }
    return videos.assign(**columns)


_COLUMNS = ("started_at", "timezone", "site", "camera", "opening_hours")
_ALIKE = 0.8
_EXPECTED = "expected a header such as video,started_at"
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d{1,2})?")
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A row of the file of recordings: a selector of videos, and its cells as text.

    Without a selector, it applies to the videos of its camera. ``further`` and ``types`` are as in Recording.
    """

    place: str
    selector: Selector
    cells: Mapping[str, str]
    further: Mapping[str, Value | None]
    types: Mapping[str, FurtherType]

    def fits(self, keys: VideoKeys) -> bool:
        """Return whether the row is for a video, whose camera is known only if ``keys`` has it."""
        if self.selector:
            return self.selector.fits(keys)
        return keys.camera is not None and fits_pattern(keys.camera, self.cells["camera"])

    def read(self, video: str, timezone: str | None) -> Recording:
        """Return the recording of a video.

        Raises
        ------
        InputError
            If a cell cannot be used: a local time without a time zone, or one that the local clock skips or
            shows twice; an unknown time zone; opening hours that cannot be read.
        """
        known: dict[str, Any] = {name: self.cells.get(name) or None for name in _COLUMNS}
        try:
            clock = known["timezone"] or timezone
            if clock is not None:
                parse_timezone(clock)
            if known["opening_hours"] is not None:
                validate_opening_hours(known["opening_hours"])
            if known["started_at"] is not None:
                known["started_at"] = parse_moment(known["started_at"], clock)
                clock = clock or name_offset(known["started_at"])
        except ParameterError as error:
            raise InputError(f"{self.place}: {error}") from error
        if not self.selector:
            del known["camera"]  # it may be a pattern
        further = {"further": self.further, "types": self.types}
        return Recording(**known | further | {"video": video, "timezone": clock})


def read_recordings(
    path: str | PathLike[str] | S3Path,
    *,
    timezone: str | None = None,
    holidays: str | PathLike[str] | None = None,
) -> dict[str, Recording]:
    """Read when and where each video was recorded, from a CSV file on disk or in S3.

    The columns are ``video``, the name of a video, and ``started_at``, a time in ISO 8601; optionally
    ``timezone``, ``site``, ``camera`` and ``opening_hours`` (with ``PH`` for public holidays, which are
    set in ``Recording.holidays``). Any others are kept, under their names in lower case, with an
    underscore for characters other than letters and digits (``FloorPlan area``: ``floorplan_area``); a
    column whose cells are all whole numbers, numbers, or ``true`` and ``false`` has that type, all others
    are text. ``started_at`` has an offset or Z, or is a local time in the row's ``timezone``; where it is
    empty, the start is not known from the file. Without ``timezone``, the local clock has the offset of
    ``started_at``. The file is UTF-8, with or without a byte order mark, and separated by commas,
    semicolons, tabs or bars, whichever the header has most of.

    Exports, reports and ``ptrack table`` also match rows by ``files``, ``job_id``, ``job_tag``, ``video_uri``
    or ``camera``; this function needs the column ``video``.

    Parameters
    ----------
    path
        The file.
    timezone
        Name of the time zone of the rows without one.
    holidays
        Public holidays, which ``PH`` in opening hours stands for: a country such as ``DE``, a part of one
        such as ``DE-BE``, or a CSV file with the columns ``date`` and ``name``.

    Returns
    -------
    dict
        A Recording for each video, in the order of the file.

    Raises
    ------
    InputError
        If there is no such file, or a line of it cannot be used: a local time without its zone, one that
        its clock skips or shows twice, an unknown time zone, opening hours that cannot be read, a video
        that an earlier line has, no name of a video. If the file of holidays cannot be used.
    ParameterError
        If the country is unknown, or its holidays need a package that is not installed.
    RemoteError
        If S3 refuses.
    """
    find_holidays = None if holidays is None else read_holidays(str(holidays))
    recordings = {}
    for row in read_rows(path):
        if not row.selector.video:
            raise InputError(f"{row.place}: the column 'video' is empty: expected the name of a video")
        name = row.selector.video[0]
        recordings[name] = row.read(name, timezone)
        if find_holidays is not None:
            recordings[name] = recordings[name].with_holidays(find_holidays)
    return recordings


def read_rows(path: str | PathLike[str] | S3Path) -> list[RecordingRow]:
    """Read the rows of a file of recordings; the errors are those of ``read_recordings``."""
    place = str(path)
    rows = split_rows(place, read_text(parse_path(path)))
    line, header = next(rows, (1, []))
    if not header:
        raise InputError(f"{place}:1: the file is empty; {_EXPECTED}")
    names = _read_header(place, line, header)
    lines = [(line, dict(zip(names, cells, strict=True))) for line, cells in rows]
    further = [name for name in names if name not in (*SELECTORS, *_COLUMNS)]
    types = {name: find_type([cells[name] for _, cells in lines]) for name in further}
    made, taken = list[RecordingRow](), dict[str, int]()
    for line, cells in lines:
        selector = Selector(**{name: (cells[name],) for name in SELECTORS if cells.get(name)})
        if not selector and not cells.get("camera"):
            known = [name for name in (*SELECTORS, "camera") if name in names]
            raise InputError(
                f"{place}:{line}: the row names no video: {_list_columns(known)} empty. Fill in "
                f"{'one of them' if len(known) > 1 else 'it'}."
            )
        key = str(selector) or f"camera {cells['camera']!r}"
        if key in taken:
            raise InputError(f"{place}:{line}: {key} is on line {taken[key]} already")
        taken[key] = line
        values = {name: convert_text(cells[name], types[name]) for name in further}
        made.append(RecordingRow(f"{place}:{line}", selector, cells, values, types))
    return made


def find_type(texts: Sequence[str]) -> FurtherType:
    """Return the type of a column of texts; empty texts are missing values.

    Whole numbers and numbers have no zeros before them, so that ``007`` stays text; dates are text.
    """
    given = [text for text in texts if text]
    if not given:
        return "text"
    if all(map(_INTEGER.fullmatch, given)):
        return "integer"
    if all(_NUMBER.fullmatch(text) and text[-1].isdigit() for text in given):
        return "number"
    return "flag" if all(text.lower() in _FLAGS for text in given) else "text"


def convert_text(text: str, kind: FurtherType) -> Value | None:
    """Convert a text to a type; None for an empty text."""
    if not text:
        return None
    match kind:
        case "integer":
            return int(text)
        case "number":
            return float(text)
        case "flag":
            return _FLAGS[text.lower()]
    return text


def _read_header(place: str, line: int, header: list[str]) -> list[str]:
    """Return the names of the columns; reject names that are missing, double, nearly known or reserved."""
    names, known = [simplify_name(name) for name in header], (*SELECTORS, *_COLUMNS)
    defects = []
    for number, name in enumerate(names, start=1):
        near = get_close_matches(name, set(known) - set(names), n=1, cutoff=_ALIKE)
        if not name:
            defects.append(f"column {number} has no name of letters: {header[number - 1]!r}")
        elif name in names[: number - 1]:
            defects.append(f"the column {name!r} is there twice")
        elif name not in known and near and near[0] not in ("site", "camera"):
            defects.append(f"the column {name!r} is unknown: is {near[0]!r} meant?")
        elif name not in known and name in taken_names():
            defects.append(
                f"the column {name!r} has the name of a column that a dataset has itself. Rename it"
            )
    if not {*SELECTORS, "camera"} & {*names}:
        defects.insert(0, f"none of the columns {', '.join((*SELECTORS, 'camera'))} is there")
    if defects:
        raise InputError(f"{place}:{line}: {'; '.join(defects)}; {_EXPECTED}")
    return names


def _list_columns(names: Sequence[str]) -> str:
    listed = " and ".join(map(repr, names))
    return f"the columns {listed} are" if len(names) > 1 else f"the column {listed} is"
