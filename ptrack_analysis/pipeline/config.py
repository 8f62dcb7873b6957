"""The configuration of an analysis: what is computed for each video, and how."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from difflib import get_close_matches
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import validate_shape
from ptrack_analysis.analysis.presence import parse_person_numbers
from ptrack_analysis.clock.lookup import parse_pattern
from ptrack_analysis.clock.timezones import parse_timezone, validate_opening_hours
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import above, amount_of_bytes, at_least, available_memory
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS
from ptrack_analysis.storage.files import checksum
from ptrack_analysis.storage.s3 import S3Path, parse_path
from ptrack_analysis.video import Video, milliseconds, timedelta

_LEAST_MEMORY = 10**6
_NO_PARAMETERS = {"recordings", "memory"}

Span = pd.Timedelta | str
Place = str | PathLike[str]
AnyPlace = Place | S3Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisConfig:
    """What is measured of each video, and how; all that has a default may be left out.

    Lengths of time are texts that pandas reads, such as ``"2s"``, or Timedeltas, in whole ms; distances and
    speeds are in the unit of the plane: m and m/s with a floor plan, else px and px/s.

    Parameters
    ----------
    zones
        Zone file (GeoJSON) of zones and lines; without one there are neither visits nor crossings.
    floor
        Floor plan: everything is then measured in m, and the heatmap is of footpoints only.
    recordings
        File of recordings, on disk or in S3, that tells when and where each video was recorded, as in
        ``read_recordings``; it goes before ``started_at``, and that before what the video tells itself.
    started_at
        Pattern of file names that tell it, such as ``"{camera}_%Y-%m-%dT%H-%M-%S%z"``; fields in braces
        become columns of the videos.
    timezone
        Time zone of the recordings that tell none, such as ``"Europe/Berlin"``.
    opening_hours
        Opening hours of the recordings that tell none, such as ``"Mo-Sa 09:00-20:00; Su off"``, in the syntax
        of OpenStreetMap.
    video
        Facts to fall back to where the source has none (frame size, frame rate).
    max_gap, period
        As in ``compute_trajectories`` [ms].
    merge_gap, min_dwell, enter_after, margin
        As in ``compute_visits`` [ms, ms, ms, unit of the plane].
    min_distance
        As in ``compute_crossings`` [unit of the plane].
    every
        Length of the intervals in which crossings are counted, as in ``count_crossings`` [ms].
    stop_extent, stop_duration
        ``max_extent`` and ``min_duration`` of ``compute_stops`` [unit of the plane, ms]; without a floor plan
        there are stops only if the extent is given.
    max_speed
        Speed above which a movement is flagged as too fast, and a position as a jump [unit of the plane/s].
    repair_jumps
        Whether positions flagged as jumps are replaced, as in ``repair_jumps``; needs ``max_speed``.
    stitch
        Whether tracks that are one person's are joined, as in ``compute_stitches``; zones of the kind
        ``entrance`` are its doors.
    fill_gaps
        The longest gap that is filled, as in ``fill_gaps`` [ms]; by default none is.
    smooth
        Window of ``smooth_trajectories`` [ms]; by default positions are left as they are.
    shape, cell
        Rows and columns of the heatmaps, by default 54 x 96; or, with a floor plan, the side of their square
        cells [m].
    start, end, persons
        What to keep, as in ``select``. Who is joined to a person that is wanted is kept too, whichever of its
        numbers is given.
    faces
        Whether the columns of faces, which are personal data, are written.
    csv
        Whether each table is written as CSV too, below ``csv``.
    tables
        Names of the tables to write, in a list or one text with commas, or ``"all"``; ``videos`` and
        ``tracks``, which the others refer to, are always written. By default all but ``measure``, ``field``
        and ``intervals``, which take long.
    min_count
        Small counts are suppressed: what rests on fewer persons is missing, tables of single persons are left
        out, and medians, quantiles, times of single events and rates are withheld, as in ``release``.
    salt
        A secret of at least 16 bytes: persons are named by keys made with it, as in ``release``. It is
        written nowhere; bytes or text.
    allow_incomplete
        Whether to read archives that lack pages, as in ``read_tracking``.
    memory
        How much memory one video may take, such as ``"8GB"``; by default three quarters of the available
        memory. A video that would take more is refused while it is read: analyze it in parts with ``start``
        and ``end``.

    Raises
    ------
    ParameterError
        If one is out of its range.
    """

    zones: Place | None = None
    floor: Place | None = None
    recordings: AnyPlace | None = None
    started_at: str | None = None
    timezone: str | None = None
    opening_hours: str | None = None
    video: Video = field(default_factory=Video)
    max_gap: Span = "2s"
    period: Span | None = None
    merge_gap: Span = "0s"
    min_dwell: Span = "0s"
    enter_after: Span = "0s"
    margin: float = 0.0
    min_distance: float = 0.0
    every: Span = "1min"
    stop_extent: float | None = None
    stop_duration: Span = "5s"
    max_speed: float | None = None
    repair_jumps: bool = False
    stitch: bool = False
    fill_gaps: Span | None = None
    smooth: Span | None = None
    shape: tuple[int, int] | None = None
    cell: float | None = None
    start: Span | None = None
    end: Span | None = None
    persons: Iterable[int] | None = None
    faces: bool = False
    csv: bool = False
    tables: Iterable[str] | str | None = None
    min_count: int | None = None
    salt: bytes | str | None = field(default=None, repr=False)
    allow_incomplete: bool = False
    memory: int | str | None = None

    def __post_init__(self) -> None:
        """Bring each field to its one form, refusing what is out of range."""
        if self.shape is not None:
            validate_shape(self.shape)
        for read, text in (
            (parse_pattern, self.started_at),
            (parse_timezone, self.timezone),
            (validate_opening_hours, self.opening_hours),
        ):
            if text is not None:
                read(text)
        given = self.start, self.end
        for name, value in self._formed().items():
            object.__setattr__(self, name, value)
        if self.end is not None and self.end <= (self.start or timedelta(0)):  # type: ignore[operator] # both are Timedeltas now
            raise ParameterError(f"end is {given[1]!r}, which is not after start ({given[0]!r})")
        if self.repair_jumps and self.max_speed is None:
            raise ParameterError("jumps are steps above max_speed (--max-speed): to repair them, give it")

        if self.cell is not None and self.floor is None:
            raise ParameterError("cell is the side of a cell in meters, which needs a floor plan (--floor)")
        if self.cell is not None and self.shape is not None:
            raise ParameterError("cell and shape both say how large a cell is: give one of them")

    def _formed(self) -> dict[str, Any]:
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        shape = None if self.shape is None else tuple(map(int, self.shape))
        formed: dict[str, Any] = {"video": self.video or Video(), "shape": shape}
        for name in ("zones", "floor"):
            formed[name] = None if given[name] is None else Path(given[name])
        formed["recordings"] = None if self.recordings is None else parse_path(self.recordings)
        formed |= parse_durations(given) | parse_lengths(given)
        if self.persons is not None:
            formed["persons"] = tuple(sorted(set(parse_person_numbers(self.persons))))
        formed["tables"] = chosen(self.tables)
        formed["min_count"] = least_count(self.min_count)
        formed["salt"] = secret(self.salt)
        if self.memory is not None:
            formed["memory"] = amount_of_bytes(self.memory, "memory", least=_LEAST_MEMORY)
        return formed

    @property
    def tells_clocks(self) -> bool:
        """Whether anything tells when videos were recorded."""
        return not (self.recordings is None and self.started_at is None and self.video.started_at is None)

    @property
    def memory_bytes(self) -> int | None:
        """How much memory one video may take [bytes]; None where the system does not tell."""
        return memory_for(1) if self.memory is None else int(self.memory)

    def part_name(self, video: str) -> str:
        """Return the name of a video in a dataset, which says what part of the video it is."""
        start, end = (None if time is None else milliseconds(time, "time") for time in (self.start, self.end))
        return _part_name(video, start, end)

    @property
    def withholds(self) -> bool:
        """Whether tables are made for leaving the house, as by ``release``."""
        return self.min_count is not None or self.salt is not None

    @property
    def unit(self) -> str:
        """The unit of the plane in which positions are measured."""
        return "px" if self.floor is None else "m"

    @property
    def measures_stops(self) -> bool:
        """Whether stops are found: in px no extent of a stop suits every camera, so it has to be given."""
        return self.floor is not None or self.stop_extent is not None

    def parameters(self) -> dict[str, Any]:
        """Return all that decides about the result, as JSON knows it: times in ms, files by their checksum.

        The file of recordings is not among it, as only its own line concerns a video; nor is the memory.
        """
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _NO_PARAMETERS}
        values["video"] = {n: v for n, v in asdict(self.video).items() if v is not None and n != "name"}
        values |= describe_secrets(self.salt, self.persons)
        plain: dict[str, Any] = to_json_value(values)
        return plain


_SPANS = (
    "max_gap",
    "period",
    "merge_gap",
    "min_dwell",
    "enter_after",
    "every",
    "stop_duration",
    "fill_gaps",
    "smooth",
    "start",
    "end",
)
_ABOVE_ZERO = ("every", "stop_duration")
_LENGTHS = ("margin", "min_distance")
_LIMITS = ("stop_extent", "max_speed", "cell")


def parse_durations(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lengths of time among settings as whole ms, those that were left out as None.

    Raises
    ------
    ParameterError
        If one is no length of time, is 0 where that means nothing, or does not fit another.
    """
    formed: dict[str, Any] = {
        name: None if given[name] is None else timedelta(milliseconds(given[name], name)) for name in _SPANS
    }
    for name in _ABOVE_ZERO:
        if formed[name] == timedelta(0):
            raise ParameterError(f"{name} is {given[name]!r}, not a length of time above 0")
    fill_gaps, max_gap, period = (given[name] for name in ("fill_gaps", "max_gap", "period"))
    if fill_gaps is not None and formed["fill_gaps"] <= formed["max_gap"]:
        raise ParameterError(f"fill_gaps is {fill_gaps!r}, not above max_gap ({max_gap!r}): no gap is filled")
    if period is not None and formed["period"] > formed["max_gap"]:
        raise ParameterError(f"max_gap is {max_gap!r}, below the sampling period of {period!r}")
    return formed


def parse_lengths(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the distances, and what is a limit in the plane, among settings as numbers.

    Raises
    ------
    ParameterError
        If one is no number, or out of its range.
    """
    formed: dict[str, Any] = {name: at_least(given[name], name) for name in _LENGTHS}
    for name in _LIMITS:
        formed[name] = None if given[name] is None else above(given[name], name)
    return formed


def to_json_value(value: Any) -> Any:
    """Make a value one that JSON knows: times in ms, files as their checksums."""
    value = value.item() if isinstance(value, np.generic) else value
    match value:
        case Mapping():
            return {name: to_json_value(inner) for name, inner in value.items()}
        case tuple():
            return [to_json_value(inner) for inner in value]
        case pd.Timedelta():
            return milliseconds(value, "duration")
        case datetime():
            return value.isoformat()
        case Path():
            return checksum(value)
        case _:
            return value


LEAST_SALT = 16
"""Shortest salt that is taken [bytes]."""

_EVERY = "all"
_FINGERPRINT = b"ptrack-analysis salt"
_LEAST_COUNT = 2


def chosen(tables: Iterable[str] | str | None) -> tuple[str, ...] | None:
    """Return the names of the tables to write, in the order of the dataset, each once; None is the default.

    Raises
    ------
    ParameterError
        If one is no table of a dataset, or none is named.
    """
    if tables is None:
        return None
    names = tables.split(",") if isinstance(tables, str) else [*tables]
    names = [name.strip() if isinstance(name, str) else name for name in names]
    if names == [_EVERY]:
        return tuple(OUTPUTS)
    unknown = [name for name in names if name not in OUTPUTS]
    if unknown:
        near = get_close_matches(str(unknown[0]), OUTPUTS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(OUTPUTS)}, or all"
        raise ParameterError(f"tables (--tables) has {unknown[0]!r}, which is no table of a dataset: {hint}")
    if not names:
        raise ParameterError("tables (--tables) names none; give some, or all")
    return tuple(name for name in OUTPUTS if name in {*ALWAYS, *names})


def least_count(count: object) -> int | None:
    """Return the number of persons below which figures are suppressed.

    Raises
    ------
    ParameterError
        If it is no whole number of at least 2: below that nothing would be suppressed.
    """
    if count is None:
        return None
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < _LEAST_COUNT:
        raise ParameterError(
            f"min_count (--min-count) is {count!r}, not a whole number of at least {_LEAST_COUNT}"
        )
    return int(count)


def secret(salt: object) -> bytes | None:
    """Return the salt as bytes; it is in no message.

    Raises
    ------
    ParameterError
        If it is no text or bytes, or shorter than 16 bytes.
    """
    if salt is None:
        return None
    if not isinstance(salt, str | bytes):
        raise ParameterError(f"salt is a {type(salt).__name__}, not bytes or text")
    plain = salt.encode() if isinstance(salt, str) else salt
    if len(plain) < LEAST_SALT:
        raise ParameterError(
            f"the salt (--salt-file) has {len(plain)} bytes, not at least {LEAST_SALT}: make one with "
            "head -c 32 /dev/urandom | base64 > salt.txt, and keep it secret"
        )
    return plain


def keyed(salt: bytes, text: str) -> str:
    """Return the first 16 hex digits of the HMAC-SHA256 of a text, with the salt as its key."""
    return hmac.new(salt, text.encode(), sha256).hexdigest()[:16]


def describe_secrets(salt: bytes | str | None, persons: Iterable[int] | None) -> dict[str, Any]:
    """Return what a record may say of the salt, its fingerprint, and of persons that were chosen.

    Persons that are named by salted keys are not named by their numbers in the record either.
    """
    if not isinstance(salt, bytes):
        return {}
    known = {"salt": hmac.new(salt, _FINGERPRINT, sha256).hexdigest()}
    return known if persons is None else known | {"persons": [keyed(salt, str(one)) for one in persons]}


def memory_for(workers: int) -> int | None:
    """Return the memory that each of some workers may use: together three quarters of what is available."""
    available = available_memory()
    return None if available is None else available * 3 // 4 // workers


def _part_name(video: str, start: int | None, end: int | None) -> str:
    """Return the name that a part of a video has in a dataset, such as ``shop@20s-70s``.

    ``start`` and ``end`` are in ms; without both, or from 0 on without an end, it is the whole video.
    """
    if not start and end is None:
        return video
    return f"{video}@{_shown_time(start) if start else 'start'}-{'end' if end is None else _shown_time(end)}"


def _shown_time(time: int) -> str:
    return f"{time}ms" if time % 1000 else f"{time // 1000}s"
