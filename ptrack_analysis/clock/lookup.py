"""Recordings of videos from the file of recordings or from file names."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from math import factorial, prod
from pathlib import PurePosixPath
from typing import Any, Protocol

from ptrack_analysis.clock.holidays import read_holidays
from ptrack_analysis.clock.opening_hours import uses_holidays
from ptrack_analysis.clock.recordings import Recording, RecordingRow, read_rows, taken_names
from ptrack_analysis.clock.timezones import moment_at, name_offset
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.scene.selection import SelectorIndex, VideoKeys
from ptrack_analysis.sources.archive import VideoReference, shown
from ptrack_analysis.sources.names import listed, strip_suffixes
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Video

_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{2}",
    "d": r"\d{2}",
    "j": r"\d{3}",
    "H": r"\d{2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"\d{1,6}",
    "z": r"[Zz]|[+-]\d{2}:?\d{2}",
}
_PARTS = re.compile(r"%(?P<directive>.?)|\{(?P<field>[^{}]*)\}|(?P<text>[^%{}]+|[{}])", re.DOTALL)
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_MOST_WAYS = 10**7
"""Largest number of ways to separate the fields of a name, which are all tried."""
_NEEDED = "a date (%Y, %m and %d, or %Y and %j) and an hour (%H)"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed pattern of names, with its fields and time directives in order.

    ``ends`` match what follows each field.
    """

    text: str
    names: re.Pattern[str]
    fields: tuple[str, ...]
    directives: tuple[str, ...]
    ends: tuple[re.Pattern[str], ...]

    def read(self, name: str) -> tuple[datetime, dict[str, str]] | None:
        """Return the time and the fields of a name; None if the name does not match.

        Without ``%z``, the time is local.

        Raises
        ------
        ParameterError
            If the name matches, but its digits are not a valid date and time; if its fields can be separated
            in too many ways.
        """
        ways = prod(len(end.findall(name)) for end in self.ends) / factorial(len(self.ends))
        if ways > _MOST_WAYS:
            raise ParameterError(
                f"the fields of {self.text!r} can be separated in {ways:.0e} ways in the name {name!r}. "
                "Shorten the name, or use fewer fields."
            )
        found = self.names.fullmatch(name)
        if found is None:
            return None
        values = [found[f"time_{directive}"].upper() for directive in self.directives]
        try:
            form = " ".join(f"%{directive}" for directive in self.directives)
            time = datetime.strptime(" ".join(values), form)  # noqa: DTZ007 - a local time gets its zone later
        except ValueError as error:
            raise ParameterError(
                f"the name {name!r} matches {self.text!r}, but its time is invalid: {error}"
            ) from error
        return time, {one: found[f"field_{one}"] for one in self.fields}


@lru_cache(maxsize=64)
def parse_pattern(text: str) -> Pattern:
    """Parse a pattern of names, such as ``{camera}_%Y%m%d-%H%M%S``.

    A field in braces matches any text except ``/``. Directives match digits as in ``strptime``; ``%Y %y %m %d
    %j %H %M %S %f %z`` are supported, and ``%%`` is a percent sign. Other characters match themselves in
    upper or lower case.

    Raises
    ------
    ParameterError
        If a directive is unsupported, a directive or field occurs twice, two fields are adjacent, or the date
        or hour is missing.
    """
    expression, fields, directives = "", list[str](), list[str]()
    ends = list[re.Pattern[str]]()
    after_field = False
    for part in _PARTS.finditer(text):
        before = len(expression)
        if (directive := part["directive"]) is not None and directive != "%":
            expression += f"(?P<time_{_directive(directive, directives, text)}>{_DIRECTIVES[directive]})"
        elif (name := part["field"]) is not None:
            if after_field:
                raise ParameterError(
                    f"pattern {text!r} must have text between the fields {fields[-1]!r} and {name!r}"
                )
            expression += f"(?P<field_{_field(name, fields, text)}>[^/]+)"
        elif part["text"] in ("{", "}"):
            raise ParameterError(f"pattern {text!r} has an unpaired brace. Write fields as {{camera}}.")
        else:
            expression += re.escape(part["text"] or "%")
        if after_field:
            ends.append(re.compile(expression[before:], re.IGNORECASE))
        after_field = part["field"] is not None
    given = set(directives)
    if not (given & {"Y", "y"} and ({"m", "d"} <= given or "j" in given) and "H" in given):
        raise ParameterError(
            f"started_at must be a pattern of file names that contains {_NEEDED}, got {text!r}. For one "
            "known start, pass it to open_video, or pass a file of recordings (--recordings)."
        )
    names = re.compile(expression, re.IGNORECASE)
    return Pattern(text, names, tuple(fields), tuple(directives), tuple(ends))


def find_start(started_at: object) -> datetime | None:
    """Return the start of one video if it is given instead of a pattern of names."""
    if isinstance(started_at, datetime):
        return started_at
    try:
        return (
            datetime.fromisoformat(started_at) if isinstance(started_at, str) and ":" in started_at else None
        )
    except ValueError:
        return None


def _directive(directive: str, earlier: list[str], text: str) -> str:
    if directive not in _DIRECTIVES:
        known = " ".join(f"%{one}" for one in _DIRECTIVES)
        raise ParameterError(f"pattern {text!r}: directives must be in {known}, got %{directive}")
    if directive in earlier:
        raise ParameterError(f"pattern {text!r}: %{directive} occurs twice")
    earlier.append(directive)
    return directive


def _field(name: str, earlier: list[str], text: str) -> str:
    if not _FIELD.fullmatch(name) or name in taken_names():
        raise ParameterError(
            f"pattern {text!r}: {{{name}}} cannot be the name of a column. Use a name such as {{camera}} or "
            "{site}."
        )
    if name in earlier:
        raise ParameterError(f"pattern {text!r}: {{{name}}} occurs twice")
    earlier.append(name)
    return name


_SHOWN = 3


class Clocks(Protocol):
    """The fields of ``AnalysisConfig`` for the clocks of videos."""

    @property
    def video(self) -> Video:
        """The default facts about videos."""

    @property
    def recordings(self) -> Any:
        """The file of recordings."""

    @property
    def started_at(self) -> Any:
        """The pattern of file names."""

    @property
    def timezone(self) -> str | None:
        """The default time zone."""

    @property
    def opening_hours(self) -> str | None:
        """The default opening hours."""

    @property
    def holidays(self) -> Any:
        """The public holidays that opening hours refer to."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The clock configuration of a video, and its site and camera in the file of cameras."""

    clocks: Clocks
    site: str | None = None
    camera: str | None = None


Assign = Callable[[VideoKeys, RecordingRow | None], Assignment]


def find_keys(reference: VideoReference, root: AnyPath) -> VideoKeys:
    """Return the keys by which rows of recordings and cameras match a video.

    Files match by their paths below the source, their full paths and their names. The first file also matches
    by its name without suffix and by its folders.
    """
    files = [shown(root, file) for file in reference.files]
    slashed = [] if os.sep == "/" else [str(file).replace(os.sep, "/") for file in reference.files]
    form = dict(reference.form.part) if reference.form is not None else {}
    return VideoKeys(
        reference.name,
        tuple(list_names(files)),
        (*files, *(PurePosixPath(file).name for file in files), *map(str, reference.files), *slashed),
        reference.job_id,
        reference.job_tag,
        reference.video_uri,
        form.get("camera") or None,
    )


def find_recordings(
    settings: Clocks, videos: Sequence[VideoKeys], assign: Assign | None = None, *, strict: bool = False
) -> tuple[dict[str, Recording], list[str]]:
    """Return the recording of each video, from the file of recordings and file names.

    The file of recordings takes precedence over names. If the time in a name is invalid, the recording's
    ``fault`` describes the problem, and other videos are not affected. All recordings have the same further
    columns.

    Parameters
    ----------
    settings
        The file of recordings, and the clock of the videos.
    videos
        The keys of the videos.
    assign
        Returns the clock of a video by its keys and its row of the file, if cameras differ.
    strict
        Whether every video must have a row in the file of recordings.

    Returns
    -------
    tuple
        The Recording of each video by name, and notes on rows and options without effect.

    Raises
    ------
    InputError
        If the file of recordings or a file of holidays is invalid, two rows match the same video, a row with
        ``started_at`` matches several videos, or ``strict`` is set and a video has no row.
    ParameterError
        If opening hours refer to public holidays that are not known.
    """
    place = settings.recordings
    rows = [] if place is None else read_rows(place)
    for row in rows:  # reports faults of rows without a video, too
        row.read("", settings.timezone or (None if assign is None else "UTC"))
    matches = _match_rows([row for row in rows if row.selector], videos)
    found, assigned = dict[str, Recording](), dict[str, Assignment]()
    for keys in videos:
        own = matches.get(keys.name)
        assigned[keys.name] = Assignment(settings) if assign is None else assign(keys, own)
        found[keys.name] = find_recording(keys, own, assigned[keys.name])
    by_camera = [row for row in rows if not row.selector]
    known = {keys.name: replace(keys, camera=found[keys.name].camera) for keys in videos}
    for name, match in _match_rows(by_camera, [*known.values()], matches).items():
        found[name] = find_recording(known[name], match, assigned[name])
        matches[name] = match
    bare = [keys.name for keys in videos if keys.name not in matches]
    if strict and place is not None and bare:
        raise InputError(
            f"{place}: {_listed(bare)} of the source {'has' if len(bare) == 1 else 'have'} no row. Add "
            f"{'it' if len(bare) == 1 else 'them'}, or do not set strict (--strict)."
        )
    notes = list(_notes(place, rows, matches, videos))
    if place is None and assign is None and settings.started_at is None and settings.video.started_at is None:
        notes += [
            f"{name} has no effect, because the starts of videos are unknown without --recordings or "
            "--started-at"
            for name in ("timezone", "opening_hours", "holidays")
            if getattr(settings, name) is not None
        ]
    found = _fill_further(found, rows)
    return _add_holidays(found, {name: one.clocks for name, one in assigned.items()}), notes


def _add_holidays(found: Mapping[str, Recording], clocks: Mapping[str, Clocks]) -> dict[str, Recording]:
    """Add holidays to the recordings whose opening hours refer to them."""
    sources = {one.holidays for one in clocks.values() if one.holidays is not None}
    calendars = {source: read_holidays(source) for source in sorted(sources)}
    recordings = {}
    for name, recording in found.items():
        if recording.opening_hours is not None and uses_holidays(recording.opening_hours):
            source = clocks[name].holidays
            if source is None:
                raise ParameterError(
                    f"opening_hours of the video {name!r} are {recording.opening_hours!r}, but the public "
                    "holidays (PH) are not known. Pass holidays=..., such as 'DE' or a CSV file "
                    "(--holidays), or give them to the camera."
                )
            recording = recording.with_holidays(calendars[source])  # noqa: PLW2901 - completed
        recordings[name] = recording
    return recordings


def find_recording(keys: VideoKeys, row: RecordingRow | None, assigned: Assignment) -> Recording:
    """Return the recording of one video by its row, if any, and its file names."""
    clocks = assigned.clocks
    recording = Recording(video=keys.name, timezone=clocks.timezone)
    if row is not None:
        recording = row.read(keys.name, clocks.timezone)
    if recording.opening_hours is None:
        recording = replace(recording, opening_hours=clocks.opening_hours)
    if assigned.camera is not None:
        recording = replace(recording, camera=assigned.camera)
    recording = replace(recording, site=recording.site or assigned.site)
    if clocks.started_at is not None:
        uri = keys.video_uri or ""
        filmed = list_names([uri.partition("://")[2] or uri] if uri else [])
        recording = _by_names(recording, parse_pattern(clocks.started_at), [*keys.names, keys.name, *filmed])
    return replace(recording, camera=recording.camera or keys.camera)


def _match_rows(
    rows: Sequence[RecordingRow],
    videos: Sequence[VideoKeys],
    earlier: Mapping[str, RecordingRow] | None = None,
) -> dict[str, RecordingRow]:
    """Return the row of each video that has a row.

    Raises
    ------
    InputError
        If two rows match the same video, or a row with a start matches several videos.
    """
    found = dict[str, RecordingRow]()
    index = SelectorIndex([row.selector for row in rows])
    matched: dict[int, list[str]] = defaultdict(list)
    for keys in videos:
        fitting = [number for number in index.find(keys) if rows[number].fits(keys)]
        others = [*filter(None, [(earlier or {}).get(keys.name)]), *(rows[number] for number in fitting)]
        if len(others) > 1 and fitting:
            raise InputError(
                f"{others[1].place}: the row matches video {keys.name!r}, and so does {others[0].place}. "
                "Correct or remove one of them."
            )
        if fitting:
            found[keys.name] = rows[fitting[0]]
            matched[fitting[0]].append(keys.name)
    for number, fitted in matched.items():
        row = rows[number]
        if len(fitted) > 1 and row.cells.get("started_at"):
            raise InputError(
                f"{row.place}: the row has started_at, but matches {_listed(fitted)}. Write one row per "
                "video."
            )
    return found


def _fill_further(found: Mapping[str, Recording], rows: Sequence[RecordingRow]) -> dict[str, Recording]:
    """Return all recordings with the same further columns and types."""
    columns = dict.fromkeys(name for row in rows for name in row.further)
    columns |= dict.fromkeys(name for one in found.values() for name in one.further)
    types = {name: kind for row in rows for name, kind in row.types.items() if kind != "text"}
    return {
        name: replace(one, further={**columns, **one.further}, types=types) for name, one in found.items()
    }


def no_start(settings: Clocks, videos: Sequence[str]) -> list[str]:
    """Describe the videos whose start is unknown after ``settled``, if a start is configured."""
    sources = [] if settings.recordings is None else [f"{settings.recordings} does not state it"]
    if settings.started_at is not None:
        sources.append(f"the name does not match {settings.started_at!r}")
    reason = ", and ".join(sources)
    return [f"the start of {_listed(videos)} is unknown: {reason}"] if sources and videos else []


def settled(recording: Recording, video: Video, settings: Clocks | None = None) -> Recording:
    """Complete a recording with the metadata of its video.

    An unknown start is parsed from the name of the video file by the pattern of the settings. Otherwise, it
    is the video's ``started_at``.

    Raises
    ------
    InputError
        If the start in a name or in the video is invalid.
    """
    pattern = None if settings is None or settings.started_at is None else parse_pattern(settings.started_at)
    if recording.started_at is None and pattern is not None and video.source is not None:
        names = list(list_names([video.source.partition("://")[2] or video.source]))
        recording = _by_names(replace(recording, fault=None), pattern, names)
    if recording.fault is not None:
        raise InputError(f"{recording.video}: {recording.fault}")
    if recording.started_at is not None or video.started_at is None:
        return recording
    try:
        return _set_start(recording, video.started_at)
    except ParameterError as error:
        raise InputError(f"{recording.video}: {error}") from error


def _by_names(recording: Recording, pattern: Pattern, names: Iterable[str]) -> Recording:
    """Complete a recording with the fields of the first matching name; keep known values."""
    try:
        read = next((read for name in names if (read := pattern.read(name)) is not None), None)
        if read is None:
            return recording
        time, fields = read
        named = {name: fields.pop(name, None) for name in ("site", "camera")}
        known: dict[str, Any] = {name: getattr(recording, name) or named[name] for name in named}
        further = fields | {name: value for name, value in recording.further.items() if value is not None}
        recording = replace(recording, **known, further={**recording.further, **further})
        return recording if recording.started_at is not None else _set_start(recording, time)
    except ParameterError as error:
        if recording.started_at is not None:
            return recording
        message = str(error).rstrip(".")
        fault = f"{message}. Set the start of the video in the file of recordings (--recordings)."
        return replace(recording, fault=fault)


def _set_start(recording: Recording, time: datetime) -> Recording:
    """Set the start of a recording, and its time zone if it is unknown."""
    time = moment_at(time, recording.timezone)
    return replace(recording, started_at=time, timezone=recording.timezone or name_offset(time))


def list_names(files: Sequence[str]) -> Iterator[str]:
    """Yield the path of the first file without its suffix, and all parts of the path."""
    if not files:
        return
    path = PurePosixPath(files[0])
    parts = (*path.parts[:-1], strip_suffixes(path.name))
    for end in range(len(parts), 0, -1):
        for begin in range(end):
            yield "/".join(parts[begin:end])


def _notes(
    place: Any, rows: Sequence[RecordingRow], matches: Mapping[str, RecordingRow], videos: Sequence[VideoKeys]
) -> Iterator[str]:
    """Describe which rows match no video."""
    used = {row.place for row in matches.values()}
    unmatched = [
        str(row.selector) or f"camera {row.cells['camera']!r}" for row in rows if row.place not in used
    ]
    if unmatched:
        names = sorted(keys.name for keys in videos)
        more = f" and {len(unmatched) - _SHOWN} more" if len(unmatched) > _SHOWN else ""
        yield (
            f"{place}: {len(unmatched)} {'row matches' if len(unmatched) == 1 else 'rows match'} no video of "
            f"the source ({'; '.join(unmatched[:_SHOWN])}{more}), which has {_listed(names)}"
        )


def _listed(names: Sequence[str]) -> str:
    shown = listed(names, _SHOWN)
    return f"{len(names)} videos ({shown})" if len(names) > 1 else f"the video {shown}"
