"""The configuration of an analysis."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import amount_of_bytes, memory_for, validate_path
from ptrack_analysis.pipeline.config_fields import document_fields, option
from ptrack_analysis.pipeline.config_values import (
    convert_to_json,
    describe_secrets,
    read_choices,
    read_durations,
    read_numbers,
    read_table_names,
    validate_min_count,
    validate_salt,
)
from ptrack_analysis.schema.zones import ENTRIES, EXITS, OBSERVED_ENTRIES, OBSERVED_EXITS
from ptrack_analysis.storage.s3 import parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from ptrack_analysis.storage.s3 import S3Path
    from ptrack_analysis.video import Duration, Video

    FilePath = str | PathLike[str]
    AnyFilePath = FilePath | S3Path

ANCHORS = ("bottom_center", "center", "top_center")
_LEAST_MEMORY = 10**6
_NO_PARAMETERS = {"recordings", "holidays", "memory"}
_NO_FACTS = {"name", "sampling_period", "read_report"}


def _unknown_video() -> Video:
    from ptrack_analysis.video import Video

    return Video()


@document_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisConfig:
    """Configuration of the analysis of each video. All fields have defaults.

    Durations are strings such as ``"2s"`` or Timedeltas, in whole milliseconds. Distances and speeds are in
    the unit of the plane: m and m/s with a floor plan, px and px/s without.

    Parameters
    ----------
    FIELDS
    video
        Facts about the video that the source may lack: frame size, frame rate.
    points_unit
        Unit of the positions, ``m`` or ``px``, if the source has points without boxes. It is set when the
        source is known.

    Raises
    ------
    ParameterError
        If a value is out of range or contradicts another one.

    Examples
    --------
    >>> config = pta.AnalysisConfig(zones="data/shop/zones.geojson", merge_gap="1s")
    >>> analysis = pta.open_video("data/shop", config=config)
    >>> len(analysis["visits"])
    52
    """

    zones: FilePath | None = field(default=None, metadata=option("GeoJSON file of zones and lines", "scene"))
    floor: FilePath | None = field(
        default=None, metadata=option("floor plan (floor.json); results are then in meters", "scene")
    )
    recordings: AnyFilePath | None = field(
        default=None,
        metadata=option(
            "CSV file with the columns video (or files, job_id, job_tag, video_uri, camera) and started_at, "
            "and optionally timezone, site, camera, opening_hours and others; also from s3://",
            "clock",
            note="Takes precedence over ``started_at``, which takes precedence over the start in the video. "
            "Columns that name videos may contain patterns, and all must match. See "
            "``read_recordings``.",
        ),
    )
    started_at: str | None = field(
        default=None,
        metadata=option(
            "pattern of the start in file names, such as '{camera}_%Y-%m-%dT%H-%M-%S%z'",
            "clock",
            metavar="PATTERN",
            note="Fields in braces become columns of the videos. ``open_video`` also accepts "
            "the start of its video, such as 2026-05-04T09:00:00+02:00 or a datetime.",
        ),
    )
    timezone: str | None = field(
        default=None,
        metadata=option(
            "time zone of recordings without one, such as Europe/Berlin", "clock", metavar="ZONE"
        ),
    )
    opening_hours: str | None = field(
        default=None,
        metadata=option(
            "opening hours of recordings without any, such as 'Mo-Sa 09:00-20:00; Su off' (OpenStreetMap "
            "syntax)",
            "clock",
            metavar="TEXT",
        ),
    )
    holidays: FilePath | None = field(
        default=None,
        metadata=option(
            "public holidays: a country such as DE, a part of one such as DE-BE, or a CSV file with the "
            "columns date and name; used by PH in opening hours and by the table dates",
            "clock",
            metavar="CODE|FILE",
            note="A country needs the extra ``holidays``. The table ``dates`` keeps the holidays of earlier "
            "exports for years that this source does not have.",
        ),
    )
    video: Video = field(default_factory=_unknown_video)
    points_unit: str = ""
    max_gap: Duration | None = field(
        default=None,
        metadata=option(
            "longest gap between detections that still counts as presence",
            "presence",
            unit="ms",
            default="2s, or three sampling periods if that is longer",
        ),
    )
    period: Duration | None = field(
        default=None,
        metadata=option(
            "sampling period: the time present of the last detection before a gap",
            "presence",
            unit="ms",
            flag="--sampling-period",
            default="auto: estimated from the video",
            auto=True,
        ),
    )
    anchor: str = field(
        default="bottom_center",
        metadata=option(
            "point of the box that is taken as the position",
            "positions",
            choices=ANCHORS,
        ),
    )
    clip_boxes: bool = field(
        default=False,
        metadata=option("clip boxes to the image before the position is taken", "positions"),
    )
    merge_gap: Duration = field(
        default="0s",
        metadata=option("longest absence from a zone that does not end a visit", "visits", unit="ms"),
    )
    min_dwell: Duration = field(
        default="0s", metadata=option("minimum dwell time of a visit", "visits", unit="ms")
    )
    enter_after: Duration = field(
        default="0s",
        metadata=option(
            "minimum time inside a zone; a shorter one does not start a visit", "visits", unit="ms"
        ),
    )
    margin: float = field(
        default=0.0,
        metadata=option(
            "distance outside a zone up to which a person inside has not left it", "visits", unit="plane"
        ),
    )
    observed_entries: Iterable[str] = field(
        default=OBSERVED_ENTRIES,
        metadata=option(
            "entries at which the start of a visit is observed",
            "visits",
            metavar="ENTRY,ENTRY",
            default=",".join(OBSERVED_ENTRIES),
        ),
    )
    observed_exits: Iterable[str] = field(
        default=OBSERVED_EXITS,
        metadata=option(
            "exits at which the end of a visit is observed",
            "visits",
            metavar="EXIT,EXIT",
            default=",".join(OBSERVED_EXITS),
        ),
    )
    min_distance: float = field(
        default=0.0,
        metadata=option(
            "minimum distance from a line that a person must reach on both sides to cross it",
            "lines",
            unit="plane",
        ),
    )
    every: Duration | None = field(
        default=None,
        metadata=option(
            "length of the bins of time",
            "bins",
            unit="ms",
            above_zero=True,
            default="15min, but 1min in plots and for counts and flow over lines",
        ),
    )
    stop_extent: float | None = field(
        default=None,
        metadata=option(
            "maximum extent of a stop",
            "stops",
            unit="plane",
            default="1 m on a floor plan, no stops without one",
            above_zero=True,
        ),
    )
    stop_duration: Duration = field(
        default="5s", metadata=option("minimum duration of a stop", "stops", unit="ms", above_zero=True)
    )
    max_speed: float | None = field(
        default=None,
        metadata=option(
            "speed above which a step is flagged as a jump",
            "cleaning",
            unit="plane/s",
            metavar="SPEED",
            above_zero=True,
        ),
    )
    repair_jumps: bool = field(
        default=False,
        metadata=option("replace flagged jumps by interpolated positions; needs a maximum speed", "cleaning"),
    )
    stitch: bool = field(
        default=False,
        metadata=option(
            "stitch tracks that belong to one person",
            "cleaning",
            note="Zones of kind ``entrance`` are used as entrances.",
        ),
    )
    fill_gaps: Duration | None = field(
        default=None,
        metadata=option(
            "longest gap that is filled with interpolated detections", "cleaning", unit="ms", default="none"
        ),
    )
    smooth: Duration | None = field(
        default=None,
        metadata=option(
            "length of the window for smoothing positions", "cleaning", unit="ms", default="no smoothing"
        ),
    )
    shape: tuple[int, int] | None = field(
        default=None, metadata=option("rows and columns of heatmaps", "cells", metavar="RxC", default="54x96")
    )
    cell: float | None = field(
        default=None,
        metadata=option(
            "side of square cells, instead of rows and columns; needs a floor plan",
            "cells",
            unit="m",
            above_zero=True,
        ),
    )
    start: Duration | None = field(
        default=None,
        metadata=option(
            "start of the analyzed part, such as 10s; results name the part, as in shop@10s-end",
            "part",
            unit="ms",
            flag="--from",
            note="Files of other trackers are read completely before they are cut.",
        ),
    )
    end: Duration | None = field(
        default=None,
        metadata=option(
            "end of the analyzed part, such as 5min; time present is cut there",
            "part",
            unit="ms",
            flag="--to",
        ),
    )
    persons: Iterable[int] | None = field(
        default=None,
        metadata=option(
            "person indices to analyze, such as 3,7",
            "part",
            metavar="N,N",
            default="all",
            note="With stitching, each index selects all tracks of the person.",
        ),
    )
    faces: bool = field(
        default=False, metadata=option("include face columns, which are personal data", "faces")
    )
    csv: bool = field(default=False, metadata=option("write each table as CSV, too", "tables"))
    tables: Iterable[str] | str | None = field(
        default=None,
        metadata=option(
            "names of the tables to write, or all",
            "tables",
            metavar="NAME,NAME|all",
            default="the standard tables; ptrack table --list lists all",
            note="``videos`` and ``tracks`` are always written, because the other tables refer to them.",
        ),
    )
    min_count: int | None = field(
        default=None,
        metadata=option(
            "minimum number of people behind a published figure; figures of fewer people are suppressed, and "
            "tables of single people, extremes, quantiles and times of single events are withheld",
            "privacy",
            metavar="K",
        ),
    )
    salt: bytes | str | None = field(
        default=None,
        repr=False,
        metadata=option(
            "secret of at least 16 bytes, from which keys are made that replace person indices",
            "privacy",
            flag="--salt-file",
            from_file=True,
            note="It is not written to any file.",
        ),
    )
    allow_incomplete: bool = field(
        default=False, metadata=option("read archives that lack pages", "presence")
    )
    allow_dropped: bool = field(
        default=False,
        metadata=option(
            "read sources of which many rows are dropped for a reason that may be a misreading", "presence"
        ),
    )
    memory: int | str | None = field(
        default=None,
        metadata=option(
            "memory limit for one video, such as 8GB; larger videos must be analyzed in parts",
            "part",
            metavar="SIZE",
            default="three quarters of the available memory",
        ),
    )

    def __post_init__(self) -> None:
        """Normalize each field, and reject values out of range."""
        from ptrack_analysis.analysis.heat.grid import validate_grid_shape
        from ptrack_analysis.clock.holidays import is_country, read_holidays
        from ptrack_analysis.clock.lookup import parse_pattern
        from ptrack_analysis.clock.opening_hours import validate_opening_hours
        from ptrack_analysis.clock.timezones import parse_timezone
        from ptrack_analysis.video import timedelta

        if self.shape is not None:
            validate_grid_shape(self.shape)
        given = self.start, self.end
        for name, value in self._formed().items():
            object.__setattr__(self, name, value)
        for read, text in (
            (parse_pattern, self.started_at),
            (parse_timezone, self.timezone),
            (validate_opening_hours, self.opening_hours),
        ):
            if text is not None:
                read(text)
        if self.holidays is not None and is_country(str(self.holidays)):
            read_holidays(str(self.holidays))
        if self.end is not None and self.end <= (self.start or timedelta(0)):  # type: ignore[operator] # both are Timedeltas now
            raise ParameterError(f"end must be after start ({given[0]!r}), got {given[1]!r}")
        if self.repair_jumps and self.max_speed is None:
            raise ParameterError("repair_jumps needs max_speed (--max-speed), above which a step is a jump.")
        if self.points_unit:
            self._validate_points()
        if self.cell is not None and self.shape is not None:
            raise ParameterError("cell and shape both set the size of the cells. Pass only one.")

    def _validate_points(self) -> None:
        """Reject settings that concern boxes, because the source has points."""
        for name, is_given, text in (
            ("floor", self.floor is not None, "a floor plan projects boxes from the image"),
            ("stitch", self.stitch, "stitching needs bounding boxes"),
            ("clip_boxes", self.clip_boxes, "there are no boxes to clip"),
            ("anchor", self.anchor != ANCHORS[0], "there are no boxes with an anchor"),
        ):
            if is_given:
                flag = name.replace("_", "-")
                raise ParameterError(f"{text}, but the source has points. Omit {name} (--{flag}).")

    def _formed(self) -> dict[str, Any]:
        from ptrack_analysis.analysis.selection import parse_person_numbers

        given = {one.name: getattr(self, one.name) for one in fields(self)}
        shape = None if self.shape is None else tuple(map(int, self.shape))
        formed: dict[str, Any] = {"video": self.video or _unknown_video(), "shape": shape}
        for name in ("zones", "floor"):
            if given[name] is not None:
                validate_path(given[name], name)
            formed[name] = None if given[name] is None else Path(given[name])
        formed["recordings"] = (
            None if self.recordings is None else parse_path(self.recordings, name="recordings")
        )
        if self.holidays is not None:
            validate_path(self.holidays, "holidays")
        formed["holidays"] = None if self.holidays is None else str(self.holidays)
        formed |= read_durations(type(self), given) | read_numbers(type(self), given)
        if self.persons is not None:
            formed["persons"] = tuple(sorted(set(parse_person_numbers(self.persons))))
        formed["observed_entries"] = read_choices(self.observed_entries, ENTRIES, "observed_entries")
        formed["observed_exits"] = read_choices(self.observed_exits, EXITS, "observed_exits")
        read_choices([self.anchor], ANCHORS, "anchor")
        formed["tables"] = read_table_names(self.tables)
        formed["min_count"] = validate_min_count(self.min_count)
        formed["salt"] = validate_salt(self.salt)
        if self.memory is not None:
            formed["memory"] = amount_of_bytes(self.memory, "memory", least=_LEAST_MEMORY)
        return formed

    @property
    def tells_clocks(self) -> bool:
        """Whether the configuration states when videos were recorded."""
        return not (self.recordings is None and self.started_at is None and self.video.started_at is None)

    @property
    def memory_bytes(self) -> int | None:
        """Memory that one video may use [bytes]; None if the system does not report it."""
        return memory_for(1) if self.memory is None else int(self.memory)

    def part_name(self, video: str) -> str:
        """Return the name of a video in a dataset, with the analyzed part.

        Parameters
        ----------
        video
            Name of the video.

        Returns
        -------
        str
            The name, such as ``shop`` or ``shop@20s-70s``.
        """
        from ptrack_analysis.video import milliseconds

        start, end = (None if time is None else milliseconds(time, "time") for time in (self.start, self.end))
        return _part_name(video, start, end)

    @property
    def withholds(self) -> bool:
        """Whether tables are protected for publication, as by ``release``."""
        return self.min_count is not None or self.salt is not None

    @property
    def unit(self) -> str:
        """The unit of positions."""
        return self.points_unit or ("px" if self.floor is None else "m")

    def validate_cell(self) -> None:
        """Raise an error if the cell size is in meters and positions are in px.

        Raises
        ------
        ParameterError
            If positions are in px. This is known only when the source is read, because it may have points
            in m.
        """
        if self.cell is not None and self.unit != "m":
            raise ParameterError(
                "cell is in meters, which needs a floor plan. Pass floor=... (--floor FILE)."
            )

    @property
    def measures_stops(self) -> bool:
        """Whether stops are found. In px they need an extent, since no default suits every camera."""
        return self.unit == "m" or self.stop_extent is not None

    def parameters(self) -> dict[str, Any]:
        """Return all parameters that affect the result, as JSON: times in ms, files by checksum.

        The file of recordings is excluded, because only one of its lines concerns a video. Holidays are
        excluded, because they are part of the recordings whose opening hours refer to them. The memory limit
        does not affect the result.
        """
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _NO_PARAMETERS}
        if not self.points_unit:
            del values["points_unit"]
        values["video"] = {
            n: getattr(self.video, n)
            for n in (one.name for one in fields(self.video))
            if n not in _NO_FACTS and getattr(self.video, n) is not None
        }
        values |= describe_secrets(self.salt, self.persons, is_suppressed=self.min_count is not None)
        plain: dict[str, Any] = convert_to_json(values)
        return plain


def _part_name(video: str, start: int | None, end: int | None) -> str:
    """Return the name of a part of a video in a dataset, such as ``shop@20s-70s``.

    ``start`` and ``end`` are in ms. Without an end, and without a start after 0, the part is the complete
    video.
    """
    if not start and end is None:
        return video
    return f"{video}@{_shown_time(start) if start else 'start'}-{'end' if end is None else _shown_time(end)}"


def _shown_time(time: int) -> str:
    return f"{time}ms" if time % 1000 else f"{time // 1000}s"
