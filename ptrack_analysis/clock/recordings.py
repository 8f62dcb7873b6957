"""Recordings of videos (start, time zone, site, camera), and the file of recordings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from math import isfinite
from os import PathLike
from sys import intern
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from ptrack_analysis.clock.holidays import FindHolidays, list_days, read_holidays
from ptrack_analysis.clock.opening_hours import uses_holidays, validate_opening_hours
from ptrack_analysis.clock.timezones import name_offset, parse_moment, parse_timezone
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.limits import wrong_kind
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
    """The time and location of one recording; unknown values are None.

    ``started_at`` has an offset. ``timezone`` is a name such as ``Europe/Berlin`` or an offset such as
    ``+01:00``; it is known if ``started_at`` is known. ``opening_hours`` have the syntax of OpenStreetMap,
    and ``holidays`` are the public holidays for ``PH``. ``further`` contains the other columns of the file of
    recordings and the fields of the file name, and ``types`` their types, except text. ``fault`` describes an
    invalid time in the file name.

    Examples
    --------
    >>> from datetime import datetime
    >>> started_at = datetime.fromisoformat("2026-05-04T06:30:00+00:00")
    >>> recording = pta.clock.Recording(
    ...     video="morning", started_at=started_at, timezone="Europe/Berlin", site="Bonn"
    ... )
    >>> recording.local_start.isoformat()
    '2026-05-04T08:30:00+02:00'
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
        """Local start of the recording, None if unknown."""
        if self.started_at is None or self.timezone is None:
            return None
        return self.started_at.astimezone(parse_timezone(self.timezone))

    def with_holidays(self, find_holidays: FindHolidays) -> Self:
        """Return the recording with holidays if its opening hours refer to them."""
        if self.opening_hours is None or not uses_holidays(self.opening_hours):
            return self
        return replace(self, holidays=list_days(find_holidays, self.started_at))

    def row(self) -> dict[str, Any]:
        """Return the fields as values for JSON."""
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
    """Return the columns of VIDEOS about a recording, with one row, for ``assemble``."""
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
    """Append the further columns of a recording to VIDEOS, with their types."""
    columns = {
        name: pd.Series([value], videos.index, dtype=_PANDAS_TYPES[recording.types.get(name, "text")])
        for name, value in recording.further.items()
    }
    return videos.assign(**columns)


_COLUMNS = ("started_at", "timezone", "site", "camera", "opening_hours")
_ALIKE = 0.8
_MOST_COLUMNS = 200
_EXPECTED = "Expected a header such as video,started_at."
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d+)?|\.\d+)([eE][+-]?\d{1,2})?")
_FLAGS = {"true": True, "false": False}


def validate_recording(recording: object) -> None:
    """Reject an argument that is not a Recording.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    if not isinstance(recording, Recording):
        advice = "read_recordings returns the recordings of a file; Recording(video=..., ...) describes one."
        raise wrong_kind("recording", "a Recording", recording, advice)


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A row of the file of recordings: a selector of videos, and its other cells with text.

    Without a selector, it applies to the videos of its camera. ``further`` and ``types`` are as in Recording.
    """

    place: str
    selector: Selector
    cells: Mapping[str, str]
    further: Mapping[str, Value | None]
    types: Mapping[str, FurtherType]

    def fits(self, keys: VideoKeys) -> bool:
        """Return whether the row applies to a video."""
        if self.selector:
            return self.selector.fits(keys)
        return keys.camera is not None and fits_pattern(keys.camera, self.cells["camera"])

    def read(self, video: str, timezone: str | None) -> Recording:
        """Return the recording of a video.

        Raises
        ------
        InputError
            If a cell is invalid: a local time without a time zone, a local time that the clock skips or shows
            twice, an unknown time zone, or invalid opening hours.
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
    """Read the start and location of each video from a CSV file on disk or in S3.

    The column ``video`` contains the name of a video, and ``started_at`` a time in ISO 8601. Optional columns
    are ``timezone``, ``site``, ``camera`` and ``opening_hours``. ``PH`` in opening hours refers to public
    holidays, which are set in ``Recording.holidays``. ``started_at`` has an offset or Z, or is a local time
    in the row's ``timezone``. If it is empty, the start is unknown. Without ``timezone``, the local clock has
    the offset of ``started_at``.

    Other columns are kept. Their names are converted to lower case, with an underscore for other characters
    than letters and digits (``FloorPlan area`` becomes ``floorplan_area``). A column of whole numbers, of
    numbers, or of ``true`` and ``false`` has this type; other columns are text.

    The file is UTF-8, with or without a byte order mark. The delimiter is the comma, semicolon, tab or bar,
    whichever is most frequent in the header.

    Exports, reports and ``ptrack table`` also match rows by ``files``, ``job_id``, ``job_tag``, ``video_uri``
    or ``camera``; this function requires the column ``video``.

    Parameters
    ----------
    path
        The file.
    timezone
        Name of the time zone of rows without ``timezone``.
    holidays
        Public holidays for ``PH`` in opening hours: a country such as ``DE``, a subdivision such as
        ``DE-BE``, or a CSV file with the columns ``date`` and ``name``.

    Returns
    -------
    dict
        The Recording of each video, in the order of the file.

    Raises
    ------
    InputError
        If the file or the file of holidays does not exist or is invalid. A line is invalid if it has a local
        time without a time zone, a local time that the clock skips or shows twice, an unknown time zone,
        invalid opening hours, or a video that is missing or already on an earlier line.
    ParameterError
        If the country is unknown, or its holidays require a package that is not installed.
    RemoteError
        If S3 rejects the request.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"video": ["morning"], "started_at": ["2026-05-04T08:30:00+02:00"]})
    >>> table.assign(site="Bonn").to_csv("recordings.csv", index=False)
    >>> recordings = pta.clock.read_recordings("recordings.csv")
    >>> recordings["morning"].site, recordings["morning"].local_start.isoformat()
    ('Bonn', '2026-05-04T08:30:00+02:00')
    """
    find_holidays = None if holidays is None else read_holidays(str(holidays))
    recordings = {}
    for row in read_rows(path):
        if not row.selector.video:
            raise InputError(
                f"{row.place}: the column 'video' must contain the name of a video, but is empty"
            )
        name = row.selector.video[0]
        recordings[name] = row.read(name, timezone)
        if find_holidays is not None:
            recordings[name] = recordings[name].with_holidays(find_holidays)
    return recordings


def read_rows(path: str | PathLike[str] | S3Path) -> list[RecordingRow]:
    """Read the rows of a file of recordings; see ``read_recordings`` for errors."""
    place = str(path)
    rows = split_rows(place, read_text(parse_path(path)))
    line, header = next(rows, (1, []))
    if not header:
        raise InputError(f"{place}:1: the file is empty. {_EXPECTED}")
    names = _read_header(place, line, header)
    further = {name: at for at, name in enumerate(names) if name not in (*SELECTORS, *_COLUMNS)}
    lines = [*rows]
    types = {name: find_type([cells[at] for _, cells in lines]) for name, at in further.items()}
    made, taken = list[RecordingRow](), dict[str, int]()
    lines.reverse()
    while lines:  # a line is released when it was converted
        line, texts = lines.pop()
        given = ((name, text) for name, text in zip(names, texts, strict=True) if text)
        cells = {name: intern(text) for name, text in given if name not in further}
        selector = Selector(**{name: (cells.pop(name),) for name in SELECTORS if name in cells})
        if not selector and "camera" not in cells:
            known = [name for name in (*SELECTORS, "camera") if name in names]
            raise InputError(
                f"{place}:{line}: the row does not name a video, because {_list_columns(known)} empty. "
                f"Fill in {'one of them' if len(known) > 1 else 'the column'}."
            )
        key = str(selector) or f"camera {cells['camera']!r}"
        if key in taken:
            raise InputError(f"{place}:{line}: {key} is already on line {taken[key]}")
        taken[key] = line
        values = {name: convert_text(texts[at], types[name]) for name, at in further.items()}
        made.append(RecordingRow(f"{place}:{line}", selector, cells, values, types))
    return made


def find_type(texts: Sequence[str]) -> FurtherType:
    """Return the type of a column of texts; empty texts are missing values.

    A number must not have leading zeros, so ``007`` is text. Dates are text.
    """
    given = [text for text in texts if text]
    if not given:
        return "text"
    if all(map(_INTEGER.fullmatch, given)):
        return "integer"
    if all(_NUMBER.fullmatch(text) and isfinite(float(text)) for text in given):
        return "number"
    return "flag" if all(text.lower() in _FLAGS for text in given) else "text"


def convert_text(text: str, kind: FurtherType) -> Value | None:
    """Convert a text to a type; an empty text becomes None."""
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
    """Return the names of the columns; reject missing, duplicate, misspelled and reserved names."""
    if len(header) > _MOST_COLUMNS:
        raise InputError(
            f"{place}:{line}: the file has {len(header)} columns, more than {_MOST_COLUMNS}. Remove some."
        )
    names, known = [simplify_name(name) for name in header], (*SELECTORS, *_COLUMNS)
    defects = []
    for number, name in enumerate(names, start=1):
        near = get_close_matches(name, set(known) - set(names), n=1, cutoff=_ALIKE)
        if not name:
            defects.append(f"the name of column {number} must contain letters, got {header[number - 1]!r}")
        elif name in names[: number - 1]:
            defects.append(f"the column {name!r} occurs twice")
        elif name not in known and near and near[0] not in ("site", "camera"):
            defects.append(f"the column {name!r} is unknown (did you mean {near[0]!r}?)")
        elif name not in known and name in taken_names():
            defects.append(f"the column {name!r} must be renamed, because datasets reserve this name")
    if not {*SELECTORS, "camera"} & {*names}:
        defects.insert(0, f"the file has none of the columns {', '.join((*SELECTORS, 'camera'))}")
    if defects:
        raise InputError(f"{place}:{line}: {'; '.join(defects)}. {_EXPECTED}")
    return names


def _list_columns(names: Sequence[str]) -> str:
    listed = " and ".join(map(repr, names))
    return f"the columns {listed} are" if len(names) > 1 else f"the column {listed} is"
