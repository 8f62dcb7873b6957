"""When and where videos were recorded, and the file that tells it."""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from difflib import get_close_matches
from io import StringIO
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.clock.timezones import name_offset, parse_moment, parse_timezone, validate_opening_hours
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.schema import VIDEOS
from ptrack_analysis.storage.columns import stored_columns
from ptrack_analysis.storage.s3 import S3Path, parse_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """When and where one video was recorded; what is not known is None.

    ``started_at`` has an offset; ``timezone``, a name such as ``Europe/Berlin`` or an offset such as
    ``+01:00``, is that of the place's own clock, and known wherever ``started_at`` is. ``opening_hours`` are
    in the syntax of OpenStreetMap. ``further`` holds any other column of the file of recordings, or field of
    the pattern. ``fault`` says what is wrong with the time that the video's file name tells.
    """

    video: str
    started_at: datetime | None = None
    timezone: str | None = None
    site: str | None = None
    camera: str | None = None
    opening_hours: str | None = None
    further: Mapping[str, str | None] = field(default_factory=dict)
    fault: str | None = None

    def row(self) -> dict[str, Any]:
        """Return all that is known, as JSON knows it."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        started = None if self.started_at is None else self.started_at.isoformat()
        return known | {"started_at": started, "further": dict(self.further)}


def taken_names() -> set[str]:
    """List what no further column can be called: the columns of VIDEOS, as they are in memory and stored."""
    stored = stored_columns(VIDEOS, clocked=True)
    return {name for one in stored for name in (one.name, one.memory_name)} - {"site", "camera"}


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


def with_further(videos: pd.DataFrame, further: Mapping[str, str | None]) -> pd.DataFrame:
    """Put the further columns of a recording behind those of its row of VIDEOS, as text."""
    columns = {name: pd.array([value], dtype="str") for name, value in further.items()}
    return videos.assign(**columns)


_COLUMNS = ("video", "started_at", "timezone", "site", "camera", "opening_hours")
_NEEDED = ("video", "started_at")
_ALIKE = 0.8
_DELIMITERS = ",;\t|"
_EMPTY = "a header with the columns video and started_at was expected"

Row = tuple[int, dict[str, str]]


def read_recordings(
    path: str | PathLike[str] | S3Path, *, timezone: str | None = None
) -> dict[str, Recording]:
    """Read when and where each video was recorded, from a CSV file on disk or in S3.

    The columns are ``video``, its name, and ``started_at``, a moment of ISO 8601; if they are there,
    ``timezone``, ``site``, ``camera`` and ``opening_hours``; any others are kept as text, under their names
    in lower case, with an underscore for what is no letter or digit (``FloorPlan area``: ``floor_area``).
    ``started_at`` has an offset or Z, or is a local time by the row's ``timezone``; where it is empty, the
    clock is not known from here. Without ``timezone`` the place's clock is the offset of ``started_at``.
    UTF-8, with a byte order mark or without; separated by commas, semicolons, tabs or bars, whichever the
    header has most of.

    Parameters
    ----------
    path
        The file.
    timezone
        Name of the time zone of the rows that have none.

    Returns
    -------
    dict
        A Recording for each video, in the order of the file.

    Raises
    ------
    InputError
        If there is no such file, or a line of it cannot be used: a local time without its zone, one that
        its clock skips or shows twice, an unknown time zone, opening hours that cannot be read, a video
        that an earlier line has.
    RemoteError
        If S3 refuses.
    """
    place = str(path)
    recordings, lines = dict[str, Recording](), dict[str, int]()
    for line, row in _rows(place, _text(path)):
        try:
            recording = _recording(row, timezone)
        except ParameterError as error:
            raise InputError(f"{place}:{line}: {error}") from error
        name = recording.video
        if name in recordings:
            raise InputError(f"{place}:{line}: the video {name!r} is on line {lines[name]} already")
        recordings[name], lines[name] = recording, line
    return recordings


def _recording(row: dict[str, str], timezone: str | None) -> Recording:
    """Make the recording of one row, refusing what cannot be used."""
    known: dict[str, Any] = {name: row.get(name) or None for name in _COLUMNS}
    if known["video"] is None:
        raise ParameterError("the column 'video' is empty: the name of a video was expected")
    clock = known["timezone"] or timezone
    if clock is not None:
        parse_timezone(clock)
    if known["opening_hours"] is not None:
        validate_opening_hours(known["opening_hours"])
    if known["started_at"] is not None:
        known["started_at"] = parse_moment(known["started_at"], clock)
        clock = clock or name_offset(known["started_at"])
    further = {name: value or None for name, value in row.items() if name not in _COLUMNS}
    return Recording(**known | {"timezone": clock, "further": further})


def _text(path: str | PathLike[str] | S3Path) -> str:
    try:
        content = parse_path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}:{line}: byte {content[error.start]:#04x} is not UTF-8: save it as 'CSV UTF-8'"
        ) from error


def _rows(place: str, text: str) -> Iterator[Row]:
    """Return each row that is not blank by the names of its columns, with the number of its line."""
    header, _, _ = text.lstrip("\r\n").partition("\n")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if not names:
                names = _named(place, line, values)
            elif len(values) != len(names):
                raise InputError(f"{place}:{line}: {len(values)} cells, not {len(names)} as the header has")
            else:
                yield line, dict(zip(names, values, strict=True))
    except csv.Error as error:
        raise InputError(f"{place}:{reader.line_num}: not a CSV file: {error}") from error
    if not names:
        raise InputError(f"{place}:1: the file is empty; {_EMPTY}")


def _named(place: str, line: int, header: list[str]) -> list[str]:
    """Return the names of the columns, refusing those that are missing, twice, nearly known or taken."""
    names = [_plain(name) for name in header]
    defects = [f"the column {name!r} is missing" for name in _NEEDED if name not in names]
    for number, name in enumerate(names, start=1):
        near = get_close_matches(name, set(_COLUMNS) - set(names), n=1, cutoff=_ALIKE)
        if not name:
            defects.append(f"column {number} has no name of letters: {header[number - 1]!r}")
        elif name in names[: number - 1]:
            defects.append(f"the column {name!r} is there twice")
        elif name not in _COLUMNS and near and near[0] not in ("site", "camera"):
            defects.append(f"the column {name!r} is unknown: is {near[0]!r} meant?")
        elif name not in _COLUMNS and name in taken_names():
            defects.append(f"the column {name!r} is one that the table of videos has itself: rename it")
    if defects:
        raise InputError(f"{place}:{line}: {'; '.join(defects)}; {_EMPTY}")
    return names


def _plain(name: str) -> str:
    """Make the name of a column one that every database takes."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
