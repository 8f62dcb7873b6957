"""One video with its configuration: reads, cleans and computes each table once."""

import warnings
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import fields, replace
from difflib import get_close_matches
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict, cast, get_args

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.crowd.density import QUARTER_HOUR, bin_counts, parse_bin_length
from ptrack_analysis.analysis.heat.grid import SHAPE, Bounds, find_bounds
from ptrack_analysis.analysis.heat.heatmap import Basis, Heatmap
from ptrack_analysis.analysis.motion.walks import Walks
from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.analysis.presence import choose_max_gap
from ptrack_analysis.analysis.quality.verdict import VideoVerdict, judge_video
from ptrack_analysis.analysis.selection import cut_trajectories, flag_continued, select
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.zones.occupancy import count_people
from ptrack_analysis.cards import build_card
from ptrack_analysis.clock.bins import find_bin_edges
from ptrack_analysis.clock.lookup import find_keys, find_recordings, find_start, settled
from ptrack_analysis.clock.recordings import Recording, validate_recording
from ptrack_analysis.errors import NotedWarning, ParameterError, PtrackWarning
from ptrack_analysis.geometry import Anchor, Integers
from ptrack_analysis.limits import limit_memory, wrong_kind
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.notes import find_input_faults, notes_on_analysis
from ptrack_analysis.pipeline.outputs import (
    FIELD_CELL,
    FIELD_SHAPE,
    HEAT_CELL,
    OUTPUTS,
    Need,
    find_output,
    validate_needs,
)
from ptrack_analysis.scene.floor_plan import FloorPlan, read_floor_plan
from ptrack_analysis.scene.selection import VideoKeys
from ptrack_analysis.scene.zone_files import Scene, project_scene, read_scene
from ptrack_analysis.scene.zones import ENTRANCE, Line, Zone
from ptrack_analysis.schema import (
    CONTINUED,
    DETECTIONS,
    STITCHES,
    empty_table,
    find_further_columns,
    find_unit,
    validate,
)
from ptrack_analysis.schema.arrays import Rows, to_frame
from ptrack_analysis.schema.detected import POINTS
from ptrack_analysis.sources.archive import FormatOptions, Source, VideoReference
from ptrack_analysis.sources.finding import find_unit_of_points, scan_source
from ptrack_analysis.sources.pages.job import Reading
from ptrack_analysis.sources.pages.rows import Budget, TimeRange, compute_whole
from ptrack_analysis.sources.read_report import ReadReport
from ptrack_analysis.sources.reading import load
from ptrack_analysis.sources.resolution import resolve_video
from ptrack_analysis.sources.trackers.tracked import COLUMN_BYTES
from ptrack_analysis.storage.s3 import parse_path
from ptrack_analysis.video import (
    Milliseconds,
    Pixels,
    Plane,
    PointPlane,
    Video,
    YAxis,
    choose_y_axis,
    milliseconds,
    timedelta,
    validate_end,
)

Tables = tuple[pd.DataFrame, Video]
ROW_BYTES = 450
"""Bytes per detection at the peak of an export of the standard tables in px, as measured."""
_MORE_BYTES = 160
"""Additional bytes per detection on a floor plan, with faces, or with cleaning, as measured."""
_OTHER_BYTES = 110
"""Bytes per detection outside the part that is read, for time, person and order, as measured."""
_MARGIN = 1000
"""Time read on both sides of a part in addition to twice ``max_gap``, for speed windows [ms]."""


class ObservedEnds(TypedDict):
    """The entries and exits at which the start and the end of a visit are observed."""

    observed_entries: Iterable[str]
    observed_exits: Iterable[str]


_CLOCK = ("recordings", "started_at", "timezone", "opening_hours", "holidays")
"""Options that make a recording."""


class VideoAnalysis:
    """One video with its configuration; computes each table on first access.

    Access tables by name: ``analysis["visits"]``. ``tables`` lists all names with their definitions.
    The source is read on first access, and each table is computed once.

    Parameters
    ----------
    source
        A file, a folder, an ``s3://`` prefix or a video that ``find_videos`` found; or tables in memory:
        ``(detections, video)`` or ``(points, video)``.
    config
        The configuration.
    scene
        Zones and lines; by default read from the zone file that ``config`` names.
    recording
        Time and site of the recording.
    form
        Options for reading a tracker's file.
    warn
        Whether to emit a ``PtrackWarning`` if rows are dropped, facts are assumed, pages are missing, or
        zones or options do not fit the video.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> analysis["visits"].groupby("zone")["dwell"].sum().dt.total_seconds()
    zone
    checkout     61.92
    entrance     76.28
    shelves     116.48
    table        72.72
    Name: dwell, dtype: float64
    >>> analysis.unit, len(analysis.trajectories)
    ('px', 5957)
    """

    def __init__(
        self,
        source: Source | VideoReference | Tables,
        config: AnalysisConfig | None = None,
        scene: Scene | None = None,
        recording: Recording | None = None,
        *,
        form: FormatOptions | None = None,
        name: str | None = None,
        warn: bool = True,
    ) -> None:
        _validate_arguments(source, config, recording)
        self.source = source
        self._name = name
        self._given_config = AnalysisConfig() if config is None else config
        self._given_scene = scene
        self._given_recording = recording
        self._form = form
        self._warns = warn
        self._rows: dict[str, Rows] = {}
        self._tables: dict[str, pd.DataFrame] = {}
        self._heatmaps: dict[tuple[Any, ...], Heatmap] = {}
        self._read: list[pd.DataFrame] = []
        self._checked: set[bool] = set()
        self._warned: set[str] = set()

    def __repr__(self) -> str:
        """Name the source, and the tables computed so far."""
        if isinstance(self.source, tuple):
            source = f"<{len(self.source[0])} rows in memory>"
        else:
            source = repr(getattr(self.source, "name", self.source))
        return f"VideoAnalysis({source}, computed: {', '.join(self._rows) or 'nothing yet'})"

    def _repr_html_(self) -> str:
        """Return a card for notebooks with what is known so far; nothing is read or computed for it."""
        known = self.__dict__
        source = f"{len(self.source[0])} rows in memory" if isinstance(self.source, tuple) else self.source
        given = self._given_config
        facts: dict[str, object] = {
            "source": getattr(source, "name", source),
            "state": None if "reading" in known else "not read yet",
            "zones": given.zones,
            "floor plan": given.floor,
            "computed": ", ".join(self._rows),
        }
        if "window" in known:
            start, end = (time.total_seconds() for time in self.window)
            facts["time"] = f"{start:.1f} to {end:.1f} s"
        if "_projected" in known:
            facts |= {
                "zones": ", ".join(zone.name for zone in self.zones),
                "lines": ", ".join(line.name for line in self.lines),
            }
        if "tracks" in self._rows:
            facts["people"] = len(self["tracks"])
        if "quality" in self._rows:
            facts["quality"] = self.verdict
        calls = (
            'analysis["visits"]  ·  analysis.tables  ·  pta.plot_paths(analysis)  ·  pta.explore(analysis)'
        )
        return build_card(
            "Video analysis", self.name if "reading" in known else self._name or "", facts, calls=calls
        )

    if not TYPE_CHECKING:  # type checkers report unknown names themselves

        def __getattr__(self, name: str) -> Any:
            """Say how to get a table whose name is given as an attribute."""
            if name in OUTPUTS and not hasattr(type(self), name):
                raise AttributeError(
                    f"a VideoAnalysis has no attribute {name!r}: get the table with [{name!r}]"
                )
            return object.__getattribute__(self, name)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table, computed on first access.

        Raises
        ------
        ParameterError
            If no table has this name, or a requirement of the table is not met.
        """
        if name not in self._tables:
            self._tables[name] = to_frame(self.compute_rows(name))
        return self._tables[name]

    def compute_rows(self, name: str) -> Rows:
        """Return a table in the form in which it is computed, on first access.

        Raises
        ------
        ParameterError
            If no table has this name, or a requirement of the table is not met.
        """
        if name not in self._rows:
            output = find_output(name)
            validate_needs(f"table {name!r}", [need for need in output.needs if not self.meets(need)])
            with self._limit_memory():
                self._rows[name] = output.compute(self)
            self._warn_of_faults()
        return self._rows[name]

    def _warn_of_faults(self) -> None:
        """Warn once of each finding that shows that the input is wrong."""
        with_scene = "_projected" in self.__dict__
        if not self._warns or with_scene in self._checked:
            return
        self._checked.add(with_scene)
        found = [text for text in find_input_faults(self, with_scene=with_scene) if text not in self._warned]
        self._warned.update(found)
        if found:
            warnings.warn(f"{self.name}: {'; '.join(found)}", NotedWarning, stacklevel=4)

    @cached_property
    def config(self) -> AnalysisConfig:
        """The configuration, with the unit of the positions if the source has points."""
        given = self._given_config
        if isinstance(self.source, tuple):
            table = self.source[0]
            unit = "" if "left" in table.columns else find_unit(table, POINTS)
        else:
            unit = given.points_unit or find_unit_of_points(self.source, self._form)
        config = given if unit == given.points_unit else replace(given, points_unit=unit)
        config.validate_cell()
        return config

    def meets(self, need: Need) -> bool:
        """Return whether the source and the configuration meet a requirement of a table.

        Parameters
        ----------
        need
            The requirement.

        Returns
        -------
        bool
            True if the requirement is met.
        """
        return need.is_met(self.config, self.scene)

    def with_outlines(self, zones: Sequence[Zone], lines: Sequence[Line]) -> Self:
        """Return this analysis with other zones and lines in its plane, sharing the trajectories.

        Stitching, which uses the entrances, is not repeated.

        Parameters
        ----------
        zones, lines
            The new zones and lines, in the unit of the plane.

        Returns
        -------
        VideoAnalysis
            An analysis that computes the tables of zones and lines anew.
        """
        _ = self.walks  # shared: computed at most once
        other = copy(self)
        other.__dict__ |= {"_rows": {}, "_tables": {}}
        for name in ("people_counts", "window", "bin_edges"):
            other.__dict__.pop(name, None)
        other.__dict__["scene"] = Scene([*zones], [*lines], self.unit)
        other.__dict__["_projected"] = [*zones], [*lines]
        return other

    @property
    def tables(self) -> pd.DataFrame:
        """All tables: the meaning of a row, whether it can be computed, and missing requirements."""
        rows = [
            {
                "name": output.name,
                "row": output.table.row,
                "available": all(map(self.meets, output.needs)),
                "needs": ", ".join(sorted(need.name.lower() for need in output.needs)),
            }
            for output in OUTPUTS.values()
        ]
        return pd.DataFrame(rows).set_index("name")

    @property
    def notes(self) -> list[str]:
        """Notes on how the tables and plots were computed."""
        return notes_on_analysis(self)

    @cached_property
    def scene(self) -> Scene | None:
        """The zones and lines for the camera of the recording, in the unit of the zone file."""
        scene, recording = self._whole_scene, self._found_recording
        return None if scene is None else scene.of_camera(None if recording is None else recording.camera)

    @cached_property
    def _whole_scene(self) -> Scene | None:
        return read_scene_file(self.config) if self._given_scene is None else self._given_scene

    @property
    def ignores_cameras(self) -> list[str]:
        """The cameras whose zones and lines are excluded because the camera of the video is not known."""
        recording = self._found_recording
        is_known = recording is not None and recording.camera is not None
        return [] if is_known or self._whole_scene is None else self._whole_scene.cameras

    @cached_property
    def reading(self) -> Reading:
        """The metadata and report of the read; the rows are only in ``detections``."""
        if isinstance(self.source, tuple):
            table, video = self.source
            self._read = [table]
            index: Any = table.index
            facts = compute_whole(table)
            if len(index):
                validate_end(video, milliseconds(index.get_level_values("timestamp").max(), "timestamp"))
            resolved, _ = resolve_video(video, index)
            resolved = replace(resolved, started_at=self.config.video.started_at or resolved.started_at)
            if video.sampling_period is not None:
                resolved = replace(resolved, sampling_period=video.sampling_period)
            report = video.read_report or ReadReport(source="tables in memory", kept=len(table))
            return Reading(table.iloc[:0], replace(resolved, read_report=report), report, whole=facts)
        gap = timedelta(choose_max_gap(self.config.max_gap, 0))
        budget = _memory_budget(self.source, self.config)
        options: dict[str, Any] = {"video": self.config.video, "faces": self.config.faces, "careful": False}
        options["landmarks"] = self.config.faces
        options |= {"form": self._form, "budget": budget, "name": self._name}
        part = _part_to_read(self.config, gap)
        with self._limit_memory():
            reading = load(self.source, part=part, **options)
        needed = self._choose_max_gap(reading.video)
        if part is not None and needed > gap:  # the sampling period is known only after reading
            with self._limit_memory():
                reading = load(self.source, part=_part_to_read(self.config, needed), **options)
        reading.validate(
            allow_incomplete=self.config.allow_incomplete, allow_dropped=self.config.allow_dropped
        )
        if self._warns:
            reading.report.warn()
        if budget is not None and part is None:
            schema = DETECTIONS if "left" in reading.detections.columns else POINTS
            further = len(find_further_columns(reading.detections, schema))
            budget = replace(budget, row=budget.row + COLUMN_BYTES * further)
            budget.validate(len(reading.detections), 0)
        self._read = [reading.detections]
        return replace(reading, detections=reading.detections.iloc[:0], whole=reading.facts())

    def _limit_memory(self) -> AbstractContextManager[None]:
        """Return a context in which steps may use the memory of the configuration."""
        return limit_memory(None if self.config.memory is None else int(self.config.memory))

    def _choose_max_gap(self, video: Video) -> pd.Timedelta:
        period = video.sampling_period if self.config.period is None else self.config.period
        return timedelta(choose_max_gap(self.config.max_gap, milliseconds(period or timedelta(0), "period")))

    @property
    def has_points(self) -> bool:
        """Whether the source has positions without boxes."""
        return bool(self.config.points_unit)

    @cached_property
    def video(self) -> Video:
        """The video, with the sampling period of the configuration if it has one."""
        video = self.reading.video
        if self.config.period is None:
            return video
        return replace(video, sampling_period=pd.Timedelta(self.config.period))

    @property
    def name(self) -> str:
        """The name of the video, or of its part, such as ``shop@20s-70s``."""
        return self.config.part_name(self.video.name)

    @cached_property
    def recording(self) -> Recording:
        """The recording: time and site."""
        return settled(
            self._found_recording or Recording(video=self.video.name), self.reading.video, self.config
        )

    @cached_property
    def _found_recording(self) -> Recording | None:
        """The given recording, otherwise the one that the file of recordings or the file names state."""
        config = self._given_config
        if self._given_recording is not None or not any(getattr(config, name) for name in _CLOCK):
            return self._given_recording
        if isinstance(self.source, tuple):
            keys = VideoKeys(self.video.name, (self.video.name,))
        elif isinstance(self.source, VideoReference):
            first = self.source.path or self.source.files[0]
            keys = find_keys(self.source, first.parent)
        else:
            root = parse_path(self.source)
            videos = scan_source(root, self._form).videos
            if len(videos) != 1:
                return None  # reading the source reports this
            keys = find_keys(videos[0], root)
        name = self._name or keys.name
        recordings, _ = find_recordings(config, [replace(keys, name=name)])
        recording = recordings[name]
        is_expected = config.recordings is not None or config.started_at is not None
        if self._warns and is_expected and recording.started_at is None and recording.fault is None:
            source = "the pattern" if config.recordings is None else f"a row of {config.recordings}"
            text = f"video {name!r} does not match {source}, so the start of the recording is unknown"
            warnings.warn(text, PtrackWarning, stacklevel=3)
        return recording

    @cached_property
    def period(self) -> pd.Timedelta:
        """The sampling period of the complete video."""
        return self.video.sampling_period or timedelta(0)

    @cached_property
    def max_gap(self) -> pd.Timedelta:
        """The longest gap between detections that still counts as presence."""
        return self._choose_max_gap(self.video)

    @cached_property
    def floor_plan(self) -> FloorPlan | None:
        """The floor plan, if one is given."""
        return None if self.config.floor is None else read_floor_plan(self.config.floor, self.video)

    @property
    def plane(self) -> Plane:
        """The plane of the positions: the floor plan, the plane of points, otherwise the image."""
        if self.has_points:
            return PointPlane(self.unit, self.video.y_axis or choose_y_axis(self.unit))
        return self.floor_plan or self.video.pixels

    @property
    def y_axis(self) -> YAxis:
        """The direction of y in the plane: ``down`` on the image, ``up`` or ``down`` otherwise."""
        return self.plane.y_axis if self.has_points or self.floor_plan is not None else "down"

    @property
    def unit(self) -> str:
        """The unit of positions: ``px`` or ``m``."""
        return self.config.unit

    @cached_property
    def bounds(self) -> Bounds:
        """The drawn part of the plane: the frame, the floor plan's bounds, or all points."""
        if self.floor_plan is not None:
            return self.floor_plan.bounds
        if self.has_points and not (self.unit == "px" and self.video.width and self.video.height):
            x, y = self.trajectories[[f"x_{self.unit}", f"y_{self.unit}"]].to_numpy().T
            return find_bounds(x, y, "m", self.video)
        pixels = self.video.pixels
        return 0.0, 0.0, float(pixels.width), float(pixels.height)

    @cached_property
    def _projected(self) -> tuple[list[Zone], list[Line]]:
        if self.scene is None:
            return [], []
        return project_scene(self.scene, self.video, self.plane, place=str(self.config.zones or "zones"))

    @property
    def zones(self) -> list[Zone]:
        """The zones of this video in its plane."""
        return self._projected[0]

    @property
    def lines(self) -> list[Line]:
        """The lines of this video in its plane."""
        return self._projected[1]

    @property
    def entrances(self) -> list[Zone]:
        """The zones through which people come and go."""
        return [zone for zone in self.zones if zone.kind == ENTRANCE]

    @property
    def boundary_lines(self) -> list[Line]:
        """The lines over which people enter and leave the scene: entrances, or all lines without any."""
        return [line for line in self.lines if line.kind == ENTRANCE] or self.lines

    @cached_property
    def _cleaned(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Detections of the selected people after stitching and gap filling; and the stitches."""
        config, video = self.config, self.video
        detections = self._read.pop()
        stitches = empty_table(STITCHES, unit=self.unit)
        if config.stitch:
            from ptrack_analysis.analysis.cleaning.renaming import apply_stitches
            from ptrack_analysis.analysis.cleaning.stitching import compute_stitches

            trajectories = self._locate(detections)
            with self._limit_memory():
                stitches = compute_stitches(detections, trajectories, video, entrances=self.entrances)
            detections = apply_stitches(detections, stitches)
        if config.fill_gaps is not None and self.period > timedelta(0):  # without a period there are no gaps
            from ptrack_analysis.analysis.cleaning.gaps import fill_gaps

            detections = fill_gaps(
                detections, limit=config.fill_gaps, max_gap=self.max_gap, period=self.period
            )
        persons: Sequence[int] | None = config.persons  # type: ignore[assignment] # a tuple after validation
        if persons is not None:
            merged = [int(stitches["merged_into"].get(person, person)) for person in persons]
            detections = select(detections, persons=merged)
        return detections, stitches

    @cached_property
    def of_everyone(self) -> "VideoAnalysis":
        """The same analysis without the selection of people."""
        if self.config.persons is None:
            return self
        config, recording = replace(self._given_config, persons=None), self._given_recording
        return VideoAnalysis(
            self.source, config, self._given_scene, recording, form=self._form, name=self._name, warn=False
        )

    @property
    def is_part(self) -> bool:
        """Whether only a part of the video is analyzed."""
        return self.config.start is not None or self.config.end is not None

    @cached_property
    def detections(self) -> pd.DataFrame:
        """Detections after cleaning and after the time and person filters: one for each trajectory row."""
        detections = self._cleaned[0]
        if not self.is_part:
            return detections
        index: Any = self.trajectories.index
        part = detections.iloc[detection_rows(detections, self._located)[self._cut[1]]]
        continued = part.index.get_level_values("timestamp") != index.get_level_values("timestamp")
        part = part.set_axis(index.reorder_levels(part.index.names))
        if CONTINUED.name in self.trajectories.columns:
            part = part.assign(**{CONTINUED.name: flag_continued(part, continued)})
        return part.sort_index()

    @property
    def stitches(self) -> pd.DataFrame:
        """The joined tracks, with the reason for each."""
        return self._cleaned[1]

    def _locate(self, detections: pd.DataFrame) -> pd.DataFrame:
        if self.has_points:
            return compute_trajectories(
                detections, video=self.video, max_gap=self.max_gap, period=self.period
            )
        return compute_trajectories(
            detections,
            self.video,
            plane=self.floor_plan,
            max_gap=self.max_gap,
            period=self.period,
            anchor=cast("Anchor", self.config.anchor),
            clip_boxes=self.config.clip_boxes,
        )

    @cached_property
    def _located(self) -> pd.DataFrame:
        """Trajectories of the selected people after cleaning, not cut to a part of the time."""
        config, trajectories = self.config, self._locate(self._cleaned[0])
        if config.max_speed is not None:
            from ptrack_analysis.analysis.cleaning.jumps import flag_jumps, repair_jumps

            trajectories = flag_jumps(trajectories, max_speed=config.max_speed)
            if config.repair_jumps:
                trajectories = repair_jumps(trajectories, max_interpolation=self.max_gap)
        if config.smooth is not None:
            from ptrack_analysis.analysis.cleaning.smoothing import smooth_trajectories

            trajectories = smooth_trajectories(trajectories, window=config.smooth)
        return trajectories

    @property
    def verdict(self) -> VideoVerdict:
        """The verdict of the quality checks on the tracking."""
        return judge_video(self.quality)

    @property
    def quality(self) -> pd.DataFrame | None:
        """Quality checks; None for points, because the checks need boxes."""
        return None if self.has_points else self["quality"]

    @cached_property
    def _cut(self) -> tuple[pd.DataFrame, Integers]:
        """The trajectories of the part, and the row of the uncut trajectories that each row is from."""
        return cut_trajectories(self._located, self.config.start, self.config.end)

    @property
    def trajectories(self) -> pd.DataFrame:
        """Trajectories after cleaning and after the time and person filters."""
        return self._cut[0] if self.is_part else self._located

    @cached_property
    def walks(self) -> Walks:
        """The arrays of the trajectories, read once for all tables."""
        return Walks(self.trajectories, self.unit)

    @property
    def kinematics(self) -> pd.DataFrame:
        """Velocity, acceleration and turning, measured before the trajectories are cut to a part."""
        from ptrack_analysis.analysis.motion.kinematics import compute_kinematics

        motion = compute_kinematics(self._located, max_speed=self.config.max_speed)
        if not self.is_part:
            return motion
        part, rows = self._cut
        return motion.iloc[rows].set_axis(part.index)

    @cached_property
    def duration(self) -> pd.Timedelta | None:
        """Duration of the analyzed part, up to the end of the video if it is known."""
        ends = [end for end in (self.config.end, self.video.duration) if end is not None]
        if not ends:
            return None
        return max(min(map(pd.Timedelta, ends)) - pd.Timedelta(self.config.start or 0), timedelta(0)) or None

    @property
    def observed(self) -> ObservedEnds:
        """The entries and exits at which the start and the end of a visit are observed."""
        config = self.config
        return {"observed_entries": config.observed_entries, "observed_exits": config.observed_exits}

    @property
    def scene_occupancy(self) -> pd.DataFrame:
        """The occupancy of the scene, without zones."""
        occupancy = self["occupancy_changes"]
        return occupancy[occupancy.index.get_level_values("zone") == ""]

    @cached_property
    def people_counts(self) -> dict[str, tuple[Milliseconds, Integers]]:
        """The times at which the number of people in each zone changes [ms], and the number from then on."""
        start, end = self.config.start, self.config.end
        return count_people(self.walks, self.video, zones=self.zones, start=start, end=end)

    @cached_property
    def window(self) -> tuple[pd.Timedelta, pd.Timedelta]:
        """First and last observed time."""
        times = self.people_counts[""][0]
        return timedelta(int(times[0])), timedelta(int(times[-1]))

    @cached_property
    def bin_edges(self) -> Milliseconds:
        """The edges of the bins of occupancy, aligned to the clock of the site where it is known [ms]."""
        begin, end = (milliseconds(time, "window") for time in self.window)
        return find_bin_edges(self.recording, begin, end, parse_bin_length(self.config.every or QUARTER_HOUR))

    def bin_occupancy(self, names: Iterable[str]) -> dict[str, np.ndarray | list[str]]:
        """Return the columns of the occupancy of some zones in these bins; the scene is the zone ``""``."""
        begin, end = (milliseconds(time, "window") for time in self.window)
        return bin_counts({name: self.people_counts[name] for name in names}, self.bin_edges, begin, end)

    @property
    def video_until_end(self) -> Video:
        """The video with the end of the analyzed part as its duration."""
        return replace(self.video, duration=self.window[1])

    def choose_cells(self, plot: Literal["heatmap", "flow_field"]) -> dict[str, Any]:
        """Return the shape or the size of the cells of a plot: as configured, otherwise its default.

        On a large floor plan the cells are larger, so that the plot has no more columns than on the image.
        """
        shape, cell = (None, HEAT_CELL) if plot == "heatmap" else (FIELD_SHAPE, FIELD_CELL)
        if self.config.shape is not None or self.config.cell is not None:
            return {"shape": self.config.shape, "cell": self.config.cell}
        if self.unit != "m":
            return {"shape": shape, "cell": None}
        x0, y0, x1, y1 = self.bounds
        return {"shape": None, "cell": max(cell, max(x1 - x0, y1 - y0) / (shape or SHAPE)[1])}

    def heatmap(
        self,
        *,
        basis: Basis | None = None,
        shape: tuple[int, int] | None = None,
        cell: float | None = None,
        truncated: bool = True,
    ) -> Heatmap:
        """Return the person-seconds per cell, computed once per grid.

        Parameters
        ----------
        basis
            ``boxes`` (the default on the image) or ``foot_points`` (always in m; the default for points).
        shape, cell
            Rows and columns, or the side of a cell; by default from the configuration.
        truncated
            Whether foot points of truncated boxes count. Their true position may differ.

        Returns
        -------
        Heatmap
            The heatmap in s. Calls with the same options return the same object.

        Raises
        ------
        ParameterError
            If the basis is unknown, or is ``boxes`` and the source has points.
        """
        from ptrack_analysis.analysis.heat.quantities import compute_box_heatmap, compute_heatmap

        if basis is not None and basis not in get_args(Basis):
            raise ParameterError(f"basis must be one of {', '.join(get_args(Basis))}, got {basis!r}")
        on_floor = self.unit == "m"
        default: Basis = "foot_points" if on_floor or self.has_points else "boxes"
        basis = "foot_points" if on_floor else basis or default
        if self.has_points and basis == "boxes":
            validate_needs("basis 'boxes'", [Need.BOXES])
        if shape is None and cell is None:
            shape, cell = self.config.shape, self.config.cell
        key = basis, shape, cell, truncated
        if key not in self._heatmaps:
            if on_floor:
                made = compute_heatmap(
                    self.walks,
                    self.video,
                    shape=shape,
                    cell=cell,
                    bounds=self.bounds,
                    truncated=truncated,
                )
            elif basis == "foot_points":
                made = compute_heatmap(self.walks, self.video, shape=shape or SHAPE, truncated=truncated)
            else:
                made = compute_box_heatmap(self.detections, self.walks, self.video, shape=shape or SHAPE)
            self._heatmaps[key] = made
            self._warn_of_faults()
        return self._heatmaps[key]


def read_scene_file(settings: AnalysisConfig) -> Scene | None:
    """Read the zone file and project it to the floor plan, to report their errors first.

    Raises
    ------
    ZoneError
        If the zone file or the floor plan cannot be used.
    """
    scene = None if settings.zones is None else read_scene(settings.zones)
    video = settings.video
    if scene is not None and scene.unit == "m" and settings.floor is None:
        return scene  # the source may have points in m
    if settings.floor is not None:
        sized = video if video.width and video.height else Video(width=1, height=1)
        read_floor_plan(settings.floor, sized)
    try:
        plane: Plane = Pixels(1, 1) if settings.floor is None else read_floor_plan(settings.floor, video)
        if scene is not None:
            for part in scene.unbind():
                project_scene(part, video, plane, place=str(settings.zones))
    except ParameterError:
        return scene  # projecting px needs the frame size, which is known for each video only
    return scene


def _part_to_read(config: AnalysisConfig, max_gap: pd.Timedelta) -> TimeRange | None:
    """Return the part of the video to keep in memory while it is read; None for all.

    The part has a margin on both sides, wider than the range within which detections affect each other.
    Cleaning needs all detections.
    """
    if _cleans(config) or (config.start is None and config.end is None):
        return None
    margin = 2 * milliseconds(max_gap, "max_gap") + _MARGIN
    start = 0 if config.start is None else milliseconds(config.start, "start") - margin
    end = np.inf if config.end is None else milliseconds(config.end, "end") + margin
    return TimeRange(start, end)


def _validate_arguments(source: object, config: object, recording: object) -> None:
    """Reject arguments of the wrong kind, without reading the source."""
    if isinstance(source, tuple):
        table, video = source if len(source) == 2 else (None, None)  # noqa: PLR2004 - a pair
        if not isinstance(table, pd.DataFrame) or not isinstance(video, Video):
            raise wrong_kind("source", "a path, or (detections, video)", source)
        validate(table.iloc[:0], DETECTIONS if "left" in table.columns else POINTS)
    elif isinstance(source, pd.DataFrame | VideoAnalysis):
        frame = "Pass (detections, video); detections_from converts other tables."
        advice = frame if isinstance(source, pd.DataFrame) else "Pass analysis.source."
        raise wrong_kind("source", "a path, or (detections, video)", source, advice)
    elif not isinstance(source, VideoReference):
        parse_path(source, name="source")
    if config is not None and not isinstance(config, AnalysisConfig):
        raise wrong_kind("config", "an AnalysisConfig", config, "Pass AnalysisConfig(zones=...).")
    if recording is not None:
        validate_recording(recording)


def _cleans(config: AnalysisConfig) -> bool:
    return bool(config.stitch or config.repair_jumps or config.smooth or config.fill_gaps)


def _memory_budget(source: Source | VideoReference, config: AnalysisConfig) -> Budget | None:
    """Return the memory that the video may use; None if it is not known."""
    memory = config.memory_bytes
    if memory is None:
        return None
    more = _cleans(config) or config.floor is not None or config.faces
    without = " without stitch, fill_gaps, smooth and repair_jumps" if _cleans(config) else ""
    return Budget(
        video=source.name if isinstance(source, VideoReference) else str(source),
        memory=memory,
        row=ROW_BYTES + (_MORE_BYTES if more else 0) + (_MORE_BYTES if config.faces else 0),
        other=_OTHER_BYTES,
        way_out=f"Analyze it in parts with start and end (--from, --to){without}, or raise memory "
        "(--memory).",
    )


def open_video(
    source: Source | VideoReference | Tables,
    *,
    config: AnalysisConfig | None = None,
    recording: Recording | None = None,
    name: str | None = None,
    **options: Any,
) -> VideoAnalysis:
    """Open one video for analysis; the source is read on first access.

    Parameters
    ----------
    source
        A file, a folder, an ``s3://`` prefix or a video that ``find_videos`` found; or tables in memory:
        ``(detections, video)``.
    config
        The configuration. Alternatively, pass its fields as options.
    recording
        Time and site of the recording; by default from ``recordings`` or ``started_at``, if these are given.
    name
        Name of the video; by default the name of its files or folder, see ``find_videos``.
    **options
        Fields of the configuration, such as ``zones="zones.geojson"``, ``floor="floor.json"``,
        ``merge_gap="1s"``. ``zones`` may also be a GeoDataFrame or zones of supervision, see ``read_zones``.

    Returns
    -------
    VideoAnalysis
        The analysis. Access its tables by name: ``analysis["visits"]``.

    Raises
    ------
    ParameterError
        If ``config`` and options are both given, or an option is out of its range.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson", floor="data/shop/floor.json")
    >>> analysis["tracks"]["path_length_m"].head(3).round(1)
    person_index
    0    17.8
    1     5.9
    2    24.1
    Name: path_length_m, dtype: float64
    """
    if config is not None and options:
        raise ParameterError(f"config and {next(iter(options))} are both given. Pass only one.")
    for option in options.keys() - {field.name for field in fields(AnalysisConfig)}:
        if option in FormatOptions.__dataclass_fields__:
            advice = f"read_tracking has it: open_video(read_tracking(source, {option}=...))"
        else:
            near = get_close_matches(option, [field.name for field in fields(AnalysisConfig)], n=1)
            advice = f"did you mean {near[0]}?" if near else "AnalysisConfig lists the options"
        raise ParameterError(f"open_video has no option {option!r}; {advice}")
    if (start := find_start(options.get("started_at"))) is not None:
        options["video"] = replace(options.get("video") or Video(), started_at=start)
        del options["started_at"]
    scene = None
    if options.get("zones") is not None and not isinstance(options["zones"], str | PathLike):
        scene = read_scene(options.pop("zones"))
    config = AnalysisConfig(**options) if config is None else config
    return VideoAnalysis(source, config, scene, recording, name=name)
