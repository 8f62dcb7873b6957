"""The recording of each video: from the file of recordings, or by a pattern of file names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Protocol

from ptrack_analysis.clock.recordings import Recording, read_recordings, taken_names
from ptrack_analysis.clock.timezones import moment_at, name_offset
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.names import listed, strip_suffixes
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
_NEEDED = "a date (%Y, %m and %d, or %Y and %j) and an hour (%H)"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of names, ready to be compared: its fields and the directives of its time, in their order."""

    text: str
    names: re.Pattern[str]
    fields: tuple[str, ...]
    directives: tuple[str, ...]

    def read(self, name: str) -> tuple[datetime, dict[str, str]] | None:
        """Read the time, local where there is no ``%z``, and the fields; None if the name does not fit.

        Raises
        ------
        ParameterError
            If the name fits, and its digits are no date and time.
        """
        found = self.names.fullmatch(name)
        if found is None:
            return None
        values = [found[f"time_{directive}"].upper() for directive in self.directives]
        try:
            form = " ".join(f"%{directive}" for directive in self.directives)
            moment = datetime.strptime(" ".join(values), form)  # noqa: DTZ007 - a local time is settled later
        except ValueError as error:
            raise ParameterError(
                f"the name {name!r} fits {self.text!r}, but has no such time: {error}"
            ) from error
        return moment, {one: found[f"field_{one}"] for one in self.fields}


@lru_cache(maxsize=64)
def parse_pattern(text: str) -> Pattern:
    """Make a pattern: ``{camera}`` stands for any text, ``%Y`` and its like for digits of the time.

    Directives are those of ``strptime`` that are written in digits: ``%Y %y %m %d %j %H %M %S %f %z``; ``%%``
    is a percent sign. Everything else stands for itself, in upper or lower case.

    Raises
    ------
    ParameterError
        If it has another directive, one or a field twice, two fields with nothing between them, or no date
        and hour.
    """
    expression, fields, directives = "", list[str](), list[str]()
    after_field = False
    for part in _PARTS.finditer(text):
        if (directive := part["directive"]) is not None and directive != "%":
            expression += f"(?P<time_{_directive(directive, directives, text)}>{_DIRECTIVES[directive]})"
        elif (name := part["field"]) is not None:
            if after_field:
                raise ParameterError(f"pattern {text!r}: nothing stands between {fields[-1]!r} and {name!r}")
            expression += f"(?P<field_{_field(name, fields, text)}>[^/]+)"
        elif part["text"] in ("{", "}"):
            raise ParameterError(
                f"pattern {text!r}: a brace stands alone, not around a name as in {{camera}}"
            )
        else:
            expression += re.escape(part["text"] or "%")
        after_field = part["field"] is not None
    given = set(directives)
    if not (given & {"Y", "y"} and ({"m", "d"} <= given or "j" in given) and "H" in given):
        raise ParameterError(f"pattern {text!r} does not tell {_NEEDED}")
    return Pattern(text, re.compile(expression, re.IGNORECASE), tuple(fields), tuple(directives))


def _directive(directive: str, earlier: list[str], text: str) -> str:
    if directive not in _DIRECTIVES:
        known = " ".join(f"%{one}" for one in _DIRECTIVES)
        raise ParameterError(f"pattern {text!r}: %{directive} is not one of {known}")
    if directive in earlier:
        raise ParameterError(f"pattern {text!r}: %{directive} is there twice")
    earlier.append(directive)
    return directive


def _field(name: str, earlier: list[str], text: str) -> str:
    if not _FIELD.fullmatch(name) or name in taken_names():
        raise ParameterError(f"pattern {text!r}: {{{name}}} cannot be a column; {{camera}} and {{site}} can")
    if name in earlier:
        raise ParameterError(f"pattern {text!r}: {{{name}}} is there twice")
    earlier.append(name)
    return name


_SHOWN = 3


class Clocks(Protocol):
    """Where the clocks of videos are told: the fields of ``AnalysisConfig`` that are needed here."""

    @property
    def video(self) -> Video:
        """The facts of the videos that do not tell them."""

    @property
    def recordings(self) -> Any:
        """The file of recordings."""

    @property
    def started_at(self) -> str | None:
        """The pattern of the names of files."""

    @property
    def timezone(self) -> str | None:
        """The time zone of those that tell none."""

    @property
    def opening_hours(self) -> str | None:
        """The opening hours of those that tell none."""


def find_recordings(
    settings: Clocks, files: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Recording], list[str]]:
    """Return what is known of the recording of each video, from the file of recordings and its files' names.

    What the file of recordings tells goes before what names tell. A name that tells a time which cannot be
    is kept as the recording's ``fault``: it concerns that video alone. Every recording has the same further
    columns.

    Parameters
    ----------
    settings
        Where clocks are told.
    files
        The places of each video's files below the source, by the video's name.

    Returns
    -------
    tuple
        A Recording for each video, by its name; and notes on what does not fit together.

    Raises
    ------
    InputError
        If the file of recordings cannot be used.
    """
    place = settings.recordings
    told = {} if place is None else read_recordings(place, timezone=settings.timezone)
    pattern = None if settings.started_at is None else parse_pattern(settings.started_at)
    found = {}
    for name, places in files.items():
        recording = told.get(name, Recording(video=name, timezone=settings.timezone))
        if recording.opening_hours is None:
            recording = replace(recording, opening_hours=settings.opening_hours)
        found[name] = recording
        if pattern is not None:
            found[name] = _by_names(recording, pattern, [*_candidates(places), name])
    columns = [name for one in (*told.values(), *found.values()) for name in one.further]
    columns += [] if pattern is None else [name for name in pattern.fields if name not in ("site", "camera")]
    blank: dict[str, str | None] = dict.fromkeys(columns)
    filled = {name: replace(one, further=blank | dict(one.further)) for name, one in found.items()}
    notes = list(_notes(place, told, filled))
    if place is None and pattern is None and settings.video.started_at is None:
        notes += [
            f"{name} is given, and changes nothing: no start of a video is known without --recordings or "
            "--started-at"
            for name in ("timezone", "opening_hours")
            if getattr(settings, name) is not None
        ]
    return filled, notes


def no_start(settings: Clocks, videos: Sequence[str]) -> list[str]:
    """List of which videos no start is told, though it was asked for: those left when all are ``settled``."""
    sources = [] if settings.recordings is None else [f"{settings.recordings} does not tell it"]
    if settings.started_at is not None:
        sources.append(f"the name does not fit {settings.started_at!r}")
    return [f"no start is told of {_listed(videos)}: {', and '.join(sources)}"] if sources and videos else []


def settled(recording: Recording, video: Video, settings: Clocks | None = None) -> Recording:
    """Complete what is known of a recording by what the video itself tells, once it is read.

    Where its start is not known yet, it is what the name of the filmed file tells, by the pattern of the
    settings, or else the video's own ``started_at``.

    Raises
    ------
    InputError
        If the start that a name or the video tells cannot be.
    """
    pattern = None if settings is None or settings.started_at is None else parse_pattern(settings.started_at)
    if recording.started_at is None and pattern is not None and video.source is not None:
        names = list(_candidates([video.source.partition("://")[2] or video.source]))
        recording = _by_names(replace(recording, fault=None), pattern, names)
    if recording.fault is not None:
        raise InputError(f"{recording.video}: {recording.fault}")
    if recording.started_at is not None or video.started_at is None:
        return recording
    try:
        return _begun(recording, video.started_at)
    except ParameterError as error:
        raise InputError(f"{recording.video}: {error}") from error


def _by_names(recording: Recording, pattern: Pattern, names: Iterable[str]) -> Recording:
    """Fill in what the first fitting name tells; what is known already stays."""
    try:
        read = next((read for name in names if (read := pattern.read(name)) is not None), None)
        if read is None:
            return recording
        moment, fields = read
        told = {name: fields.pop(name, None) for name in ("site", "camera")}
        known: dict[str, Any] = {name: getattr(recording, name) or told[name] for name in told}
        further = fields | {name: value for name, value in recording.further.items() if value is not None}
        recording = replace(recording, **known, further={**recording.further, **further})
        return recording if recording.started_at is not None else _begun(recording, moment)
    except ParameterError as error:
        return recording if recording.started_at is not None else replace(recording, fault=str(error))


def _begun(recording: Recording, moment: datetime) -> Recording:
    """Set the start of a recording, and its clock where that is not known."""
    moment = moment_at(moment, recording.timezone)
    return replace(recording, started_at=moment, timezone=recording.timezone or name_offset(moment))


def _candidates(places: Sequence[str]) -> Iterator[str]:
    """List the names that may tell a recording: of the first file, whole path first, then of its folders."""
    if not places:
        return
    path = PurePosixPath(places[0])
    parts = (*path.parts[:-1], strip_suffixes(path.name))
    for end in range(len(parts), 0, -1):
        for begin in range(end):
            yield "/".join(parts[begin:end])


def _notes(place: Any, told: Mapping[str, Recording], found: Mapping[str, Recording]) -> Iterator[str]:
    """Describe what does not fit together."""
    strangers = [name for name in told if name not in found]
    if strangers:
        yield f"{place} has {_listed(strangers)}, which the source has not: it has {_listed(sorted(found))}"


def _listed(names: Sequence[str]) -> str:
    shown = listed(names, _SHOWN)
    return f"{len(names)} videos ({shown})" if len(names) > 1 else f"the video {shown}"
