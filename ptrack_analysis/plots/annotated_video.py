"""The tracked video with boxes, trails, zones, lines and counts drawn on it."""

import warnings
from collections.abc import Callable, Sequence
from fractions import Fraction
from os import PathLike, fspath
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.selection import parse_part
from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import validate_outlines
from ptrack_analysis.plots.frame_annotator import FrameAnnotator, format_clock
from ptrack_analysis.plots.saving import MARK
from ptrack_analysis.plots.video_boxes import BoxTracks
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.images import validate_video_shape
from ptrack_analysis.scene.video_files import VideoFile, VideoWriter
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import (
    CROSSINGS,
    DETECTIONS,
    OCCUPANCY_CHANGES,
    TRAJECTORIES,
    VISITS,
    find_unit,
    validate,
)
from ptrack_analysis.storage.files import replace_file
from ptrack_analysis.video import Duration, Video, milliseconds, validate_video

FORMATS = ("mp4", "mov", "mkv")
_SCENE = ""
_RATES_DIFFER = 0.01
_LONGER = 1.0
"""A file that is longer than the tracked video by less than this [s] gives no warning."""
_THOUSAND = 1000


class LiveCounts:
    """Counts of people, visits and crossings at a time, read from the tables.

    Parameters
    ----------
    occupancy
        OCCUPANCY_CHANGES. The number of people in a zone is valid from its row until the next. From the
        closing row on it is 0.
    visits
        VISITS. A visit counts from the time of entry.
    crossings
        CROSSINGS. A crossing counts from its timestamp.
    """

    def __init__(
        self,
        occupancy: pd.DataFrame | None = None,
        visits: pd.DataFrame | None = None,
        crossings: pd.DataFrame | None = None,
    ) -> None:
        self._people = {} if occupancy is None else _read_people(occupancy)
        self._visits = None if visits is None else _read_times(visits, ["zone"], "entered")
        self._crossings = None if crossings is None else _read_times(crossings, ["line", "direction"])

    def count_people(self, zone: str, time: int) -> int | None:
        """Return the number of people in a zone at a time [ms]; ``""`` is the scene."""
        if zone not in self._people:
            return None
        times, people = self._people[zone]
        index = int(np.searchsorted(times, time, side="right")) - 1
        return int(people[index]) if 0 <= index < len(times) - 1 else 0

    def count_visits(self, zone: str, time: int) -> int | None:
        """Return the number of visits to a zone that have started by a time [ms]."""
        return _count_until(self._visits, (zone,), time)

    def count_crossings(self, line: str, direction: str, time: int) -> int | None:
        """Return the number of crossings of a line in a direction until a time [ms]."""
        return _count_until(self._crossings, (line, direction), time)

    def describe(self, thing: Zone | Line, time: int) -> str:
        """Return the counts of a zone or line at a time [ms] as text; empty without tables."""
        if isinstance(thing, Line):
            inside, outside = (
                self.count_crossings(thing.name, direction, time) for direction in ("in", "out")
            )
            return "" if inside is None else f"in {inside} \u00b7 out {outside}"
        people, visits = self.count_people(thing.name, time), self.count_visits(thing.name, time)
        now = "" if people is None else f"{people} now"
        so_far = "" if visits is None else f"{visits} visit{'' if visits == 1 else 's'}"
        return " \u00b7 ".join(filter(None, (now, so_far)))


def _read_people(occupancy: pd.DataFrame) -> dict[str, tuple[Integers, Integers]]:
    validate(occupancy, OCCUPANCY_CHANGES, "occupancy")
    found = {}
    for zone, rows in occupancy.groupby(level="zone"):
        rows = rows.sort_index()  # noqa: PLW2901 - the same rows
        times = rows.index.get_level_values("timestamp").to_numpy().astype("int64")
        found[str(zone)] = times, rows["persons"].to_numpy()
    return found


def _read_times(
    table: pd.DataFrame, keys: list[str], column: str = "timestamp"
) -> dict[tuple[str, ...], Integers]:
    validate(table, VISITS if column == "entered" else CROSSINGS)
    times = table.reset_index()[[*keys, column]]
    return {
        tuple(map(str, key)): np.sort(rows[column].to_numpy().astype("timedelta64[ms]").astype("int64"))
        for key, rows in times.groupby(keys, observed=True)
    }


def _count_until(
    times: dict[tuple[str, ...], Integers] | None, key: tuple[str, ...], time: int
) -> int | None:
    if times is None:
        return None
    return int(np.searchsorted(times[key], time, side="right")) if key in times else 0


@plot_analysis(
    lambda analysis: analysis.trajectories,
    "video",
    "detections",
    "zones",
    "lines",
    floor_plan=lambda analysis: analysis.floor_plan,
    occupancy=lambda analysis: analysis["occupancy_changes"],
    visits=lambda analysis: analysis["visits"] if analysis.zones else None,
    crossings=lambda analysis: analysis["crossings"] if analysis.lines else None,
    start=lambda analysis: analysis.config.start,
    end=lambda analysis: analysis.config.end,
    blur=lambda analysis: analysis.config.salt is not None,
    labels=lambda analysis: analysis.config.salt is None,
    everyone=lambda analysis: _read_everyone(analysis.of_everyone) if analysis.config.persons else None,
)
def write_annotated_video(
    trajectories: pd.DataFrame,
    /,
    video_file: str | PathLike[str],
    output: str | PathLike[str],
    *,
    video: Video,
    detections: pd.DataFrame,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    floor_plan: FloorPlan | None = None,
    occupancy: pd.DataFrame | None = None,
    visits: pd.DataFrame | None = None,
    crossings: pd.DataFrame | None = None,
    start: Duration | None = None,
    end: Duration | None = None,
    trail: Duration = "5s",
    blur: bool = False,
    labels: bool = True,
    everyone: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    form: str | None = None,
    report: Callable[[float], None] | None = None,
) -> None:
    """Write the tracked video with boxes, trails, zones, lines and live counts drawn on it.

    Frames are matched to detections by time since the first frame, not by frame number. A person has a box in
    the color of ``plot_paths`` for the time present of each detection. The box is interpolated between two
    linked detections. After the last detection before a gap it stays for one sampling period. A detection
    without a body box has the box of its face, unless its position is interpolated. Counts are read from the
    tables at the time of the frame.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video_file
        The video that was tracked (needs PyAV, the extra ``video``). Boxes are scaled to another resolution
        of the same shape.
    output
        File to write: ``.mp4``, ``.mov`` or ``.mkv``. It is replaced completely or not at all.
    video
        The video, for its frame size, frame rate and duration.
    detections
        The DETECTIONS from which the trajectories were computed, for the boxes.
    zones, lines
        Zones and lines to draw with their names, in the same plane.
    floor_plan
        The floor plan, if the trajectories are in m; positions are projected back to the image.
    occupancy
        OCCUPANCY_CHANGES, for the number of people in each zone.
    visits
        VISITS, for the number of visits so far.
    crossings
        CROSSINGS, for the counts of each line.
    start, end
        Part of the video to write; by default the complete video.
    trail
        Duration of the trail behind each person.
    blur
        Whether to pixelate people: the body box, or otherwise the face, with a margin, on every frame on
        which the person is present and through gaps within a tracklet. An analysis with a salt pixelates by
        default.
    labels
        Whether to write each person's index at the box. An analysis with a salt does not by default.
    everyone
        TRAJECTORIES and DETECTIONS of all people to pixelate; by default the people who are drawn. An
        analysis of selected people pixelates everyone.
    form
        ``mp4``, ``mov`` or ``mkv``; by default the suffix of ``output``.
    report
        Called with the share of the video that has been written, after each frame.

    Raises
    ------
    SchemaError
        If an argument is not the table named by its parameter.
    ParameterError
        If the video file cannot be read, its shape differs from the frame's, it has no frame in the part, a
        zone or line is in another unit, or PyAV is not installed.
    OutputError
        If the file cannot be written.

    Warns
    -----
    PtrackWarning
        If the video file is shorter or longer than the tracked video, its frame rate differs, or people
        without any box cannot be pixelated.

    Notes
    -----
    The image is encoded as H.264 (MPEG-4 Part 2 if PyAV lacks libx264). Sound is not copied. Frames are read
    and written one at a time.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> write_annotated_video(analysis, "shop.mp4", "annotated.mp4", blur=True)  # doctest: +SKIP
    """
    validate(trajectories, TRAJECTORIES)
    if isinstance(detections, pd.DataFrame) and {"x_px", "x_m"} & {*detections.columns}:
        raise ParameterError("An annotated video needs bounding boxes, but the source has points.")
    validate(detections, DETECTIONS)
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_video(video)
    validate_outlines(zones, lines, unit)
    target = Path(output)
    form = form or target.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise ParameterError(f"output must end in .mp4, .mov or .mkv, got {fspath(output)!r}")
    behind = milliseconds(trail, "trail")
    first, last = parse_part(start, end)
    with VideoFile(video_file, f"video_file {fspath(video_file)!r}") as source:
        if target.exists() and target.samefile(source.path):
            raise ParameterError(f"output must differ from video_file, got {fspath(output)!r} for both.")
        validate_video_shape(source, video)
        tracks = BoxTracks(trajectories, detections, unit)
        hidden = None if not blur else tracks if everyone is None else BoxTracks(*everyone, unit)
        annotator = FrameAnnotator(
            source.size,
            tracks,
            floor_plan.unproject if floor_plan is not None else _FromPixels(video),
            zones=zones,
            lines=lines,
            trail=behind,
            hidden=hidden,
            labels=labels,
        )
        counts = LiveCounts(occupancy, visits, crossings)
        parts = first, last

        def write(file: BinaryIO) -> None:
            writer = VideoWriter(file.name, form, source.size, source, MARK)
            duration = None
            try:
                duration = _write_frames(writer, source, annotator, counts, parts, report=report)
            finally:
                writer.close(duration)

        replace_file(target, write)
        notes = _list_notes(source, video, tracks, hidden, is_part=end is not None)
    for note in notes:
        warnings.warn(note, PtrackWarning, stacklevel=3)


def _read_everyone(analysis: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    return analysis.trajectories, analysis.detections


class _FromPixels:
    """Projects positions in px to fractions of the frame."""

    def __init__(self, video: Video) -> None:
        pixels = video.pixels
        self._size = np.array([pixels.width, pixels.height], dtype="float64")

    def __call__(self, points: Floats) -> Floats:
        fractions: Floats = points / self._size
        return fractions


def _write_frames(
    writer: VideoWriter,
    source: VideoFile,
    annotator: FrameAnnotator,
    counts: LiveCounts,
    part: tuple[int, int],
    *,
    report: Callable[[float], None] | None,
) -> Fraction:
    """Write the frames of a part [ms], and return the duration of the last one [s]."""
    first, last = part
    begin, shown = None, Fraction(0)
    things: list[Zone | Line] = [zone.source for zone in annotator.zones]
    things += [line.source for line in annotator.lines]
    longest = min(last, round((source.duration or 0) * _THOUSAND))
    for frame in source.decode(Fraction(first, _THOUSAND)):
        time = frame.milliseconds
        if time < first:
            continue
        if time >= last:
            break
        begin = frame.time if begin is None else begin
        shown = frame.duration
        people = counts.count_people(_SCENE, time)
        clock = format_clock(time, max(longest, time))
        if people is not None:
            clock += f" \u00b7 {_format_people(people)}"
        image = frame.to_image()
        annotator.annotate(image, time, {thing: counts.describe(thing, time) for thing in things}, clock)
        writer.write(image, frame.time - begin)
        if report is not None and longest > first:
            report(min((time - first) / (longest - first), 1.0))
    if begin is None:
        end = "" if source.end is None else f" The file ends at {float(source.end):.1f} s."
        raise ParameterError(f"{source.purpose} has no frame in this part of the video.{end}")
    return shown


def _list_notes(
    source: VideoFile, video: Video, tracks: BoxTracks, hidden: BoxTracks | None, *, is_part: bool
) -> list[str]:
    """Return notes on differences between the video file and the tracked video."""
    notes = []
    rate = None if source.frame_rate is None else float(source.frame_rate)
    if rate and video.frame_rate and abs(rate / video.frame_rate - 1) > _RATES_DIFFER:
        notes.append(
            f"{source.purpose} has {rate:.4g} frames per second, but the tracked video has "
            f"{video.frame_rate:.4g}. Boxes are matched by time. Check that they follow people to the end."
        )
    if source.left_out:
        notes.append(
            f"{source.purpose} has {source.left_out} frames without a time, or with a time that is not later "
            "than the previous one. They are excluded."
        )
    end = None if source.end is None else float(source.end)
    late, people = tracks.count_from(int(np.ceil((end or 0.0) * _THOUSAND)))
    tracked = None if video.duration is None else video.duration.total_seconds()
    if end is not None and late:
        notes.append(
            f"{source.purpose} ends at {end:.1f} s. {late} later detections of "
            f"{_format_people(people)} have no frame."
        )
    elif end is not None and tracked is not None and not is_part and end - tracked > _LONGER:
        notes.append(
            f"{source.purpose} is {end:.1f} s long, but the tracked video ends at {tracked:.1f} s. Later "
            "frames have no boxes."
        )
    if hidden is not None and (without := hidden.count_without_box())[0]:
        hint = "" if hidden.reads_faces else " Read the faces with open_video(..., faces=True)."
        notes.append(
            f"{without[0]} detections of {_format_people(without[1])} have neither a body box nor a face box "
            f"and are not pixelated.{hint}"
        )
    return notes


def _format_people(number: int) -> str:
    return f"{number} {'person' if number == 1 else 'people'}"
