"""Notes for readers of a video's tables and plots."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.analysis.presence import describe_long_options
from ptrack_analysis.analysis.quality.checks import CHECKS
from ptrack_analysis.analysis.quality.verdict import format_value
from ptrack_analysis.errors import PtrackError
from ptrack_analysis.geometry import Floats, contains
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.zone_checks import check_zones, find_useless
from ptrack_analysis.scene.zone_files import project_scene, swap_axes
from ptrack_analysis.scene.zones import ENTRANCE, Line, Zone
from ptrack_analysis.schema.arrays import Rows, read_column
from ptrack_analysis.sources.pages.job import Reading
from ptrack_analysis.sources.pages.rows import Whole
from ptrack_analysis.video import Video

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis

MUCH_UNLOCATED = CHECKS["time without position"].doubtful / 100
"""Share of the time in the scene without a position from which a note reports it."""

_SAID = ("dropped rows", "missing pages")


def notes_on(reading: Reading, tracks: Rows | None) -> list[str]:
    """Describe oddities of a reading that do not prevent its use, one sentence each.

    The time without a position is taken from TRACKS. Without TRACKS it is not reported, because a quality
    check does so.
    """
    whole = reading.facts()
    return [
        *reading.report.notes,
        *_notes_on_video(reading.video, has_points="left" not in reading.detections.columns),
        *_notes_on_boxes(whole),
        *(() if tracks is None else _notes_on_positions(tracks)),
    ]


def notes_on_quality(quality: pd.DataFrame) -> list[str]:
    """Describe each doubtful or bad check: its value, the affected outputs and advice."""
    odd = quality[quality["verdict"].isin(["doubtful", "bad"])].reset_index()
    odd = odd[~odd["check"].isin(_SAID)]
    return [
        f"{row.check}{f' in {row.name!r}' if row.name else ''} is {row.verdict}: "
        f"{format_value(float(str(row.value)), str(row.value_unit))} "
        f"(doubtful above {row.doubtful_above:g}, bad above {row.bad_above:g}). "
        f"It affects {row.affects}. {row.advice}"
        for row in odd.itertuples(index=False)
    ]


def _notes_on_video(video: Video, *, has_points: bool) -> Iterator[str]:
    """Describe missing metadata of the video."""
    if not has_points and (video.width is None or video.height is None):
        yield "the frame size is not known, which pixel units require. Use --frame-size WxH"
    if video.duration is None:
        yield "the video's duration is not known, so the last visits end with the last detection"


def _notes_on_boxes(whole: Whole) -> Iterator[str]:
    """Describe oddities of the boxes."""
    if whole.negative:
        boxes = _count(whole.negative, "box has", "boxes have")
        yield f"{boxes} a negative size and no area in a heatmap"


def _notes_on_positions(tracks: Rows) -> Iterator[str]:
    """Describe the share of the time in the scene without a position."""
    dwell, unlocated = (
        int(read_column(tracks, name).sum()) for name in ("time_in_scene", "without_position")
    )
    if unlocated > MUCH_UNLOCATED * dwell:
        yield (
            f"positions are missing for {unlocated / dwell:.0%} of the time in the scene (no body box), so "
            "time in zones may be too short by up to this share"
        )


def select_boxes(detections: pd.DataFrame) -> Floats:
    """Return the existing body boxes: (k, 4) left, top, width, height."""
    boxes: Floats = detections[["left", "top", "width", "height"]].to_numpy()
    return boxes[~np.isnan(boxes).any(axis=1)]


def total_ms(spans: pd.Series[pd.Timedelta]) -> int:
    """Sum durations [ms]."""
    return int(spans.to_numpy().view("int64").sum())


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


_RUNNING = 5.0
"""If more than a quarter of the speeds are above this, the floor points are probably not in meters [m/s]."""
_FEW = 0.25
_FLAGS = {
    "interpolated": "rows were interpolated in gaps",
    "jump": "positions are jumps that require more than the maximum speed",
}


def notes_on_analysis(analysis: VideoAnalysis) -> list[str]:
    """Return notes on how the tables and plots of the video were computed."""
    rows, reading = analysis.trajectories, analysis.reading
    notes = [*reading.cut_short, *find_input_faults(analysis)]
    if len(analysis.stitches):
        notes.append(
            f"{len(analysis.stitches)} tracks were joined to an earlier track of the same person, see the "
            "table stitches"
        )
    for flag, text in _FLAGS.items():
        if flag in rows.columns and rows[flag].any():
            notes.append(f"{int(rows[flag].sum())} of {len(rows)} {text} (column {flag})")
    if analysis.ignores_cameras:
        notes.append(
            f"zones and lines of the cameras {', '.join(analysis.ignores_cameras)} are excluded, because the "
            "camera of the video is not known"
        )
    bounds = analysis.boundary_lines
    if len(bounds) > 1 and not any(line.kind == ENTRANCE for line in bounds):
        notes.append(
            "the count drift treats every line as a boundary of the scene. If some are not, give the "
            "boundary lines the kind 'entrance'"
        )
    useless, odd = _check_outlines(analysis)
    return [*notes, *(text for text in odd if text not in useless)]


def find_input_faults(analysis: VideoAnalysis, *, with_scene: bool = True) -> list[str]:
    """List the findings that show that the input is wrong, or read in another way than meant.

    ``with_scene`` includes the zones and lines.
    """
    rows, reading = analysis.trajectories, analysis.reading
    index, faults = reading.facts().index, list[str]()
    if not len(index):
        faults.append("no person was detected")
    elif rows.empty:
        faults.append(_nothing_selected(index))
    else:
        length = reading.video.duration or index.get_level_values("timestamp").max()
        options = {name: getattr(analysis.config, name) for name in _LENGTHS}
        faults += describe_long_options(length, options)
    if analysis.floor_plan is not None:
        faults += [f"floor plan: {note}" for note in analysis.floor_plan.notes]
        faults += _notes_on_floor(rows, analysis.floor_plan.bounds)
    if with_scene:
        faults += _check_outlines(analysis)[0]
        faults += _find_swapped(analysis)
    return faults


_LENGTHS = ("max_gap", "merge_gap", "enter_after", "min_dwell", "every")


def _check_outlines(analysis: VideoAnalysis) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what makes zones and lines useless, and all that is unusual about them; nothing for points."""
    if analysis.has_points:  # the checks compare outlines with the image
        return (), ()
    video = analysis.video
    duration = video.duration if any(zone.window for zone in analysis.zones) else None
    facts = Video(width=video.width, height=video.height, duration=duration)
    return _check_scene(tuple(analysis.zones), tuple(analysis.lines), facts, analysis.floor_plan)


@lru_cache(maxsize=64)
def _check_scene(
    zones: tuple[Zone, ...], lines: tuple[Line, ...], video: Video, plan: FloorPlan | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Check the zones and lines; once for all videos of a camera."""
    plane = plan or video.pixels
    on_lines = find_useless(lines, video, plane)
    return (
        (*on_lines, *find_useless(zones, video, plane)),
        (*on_lines, *check_zones(zones, video, plane=plan)),
    )


def _find_swapped(analysis: VideoAnalysis) -> Iterator[str]:
    """Report that all zones are empty, and that people would be in them if x and y were swapped."""
    walks, scene = analysis.walks, analysis.scene
    if not analysis.zones or scene is None or any(walks.find_inside(zone).any() for zone in analysis.zones):
        return
    try:
        zones, _ = project_scene(swap_axes(scene), analysis.video, analysis.plane, place="zones")
    except PtrackError:
        return
    names = [repr(zone.name) for zone in zones if contains(zone.edges, walks.x, walks.y).any()]
    if names:
        yield (
            f"no one was ever in a zone, but people would be in {', '.join(names)} if x and y were swapped: "
            "are the corners given as (y, x)?"
        )


def _notes_on_floor(trajectories: pd.DataFrame, bounds: Bounds) -> Iterator[str]:
    x, y = trajectories["x_m"].to_numpy(), trajectories["y_m"].to_numpy()
    x0, y0, x1, y1 = bounds
    if np.isfinite(x).any() and not ((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).any():
        yield f"floor plan: no position is within its bounds {list(bounds)}, so its heatmap is empty"
    speed = trajectories["speed_m_per_s"].to_numpy()
    known, fast = int(np.isfinite(speed).sum()), int((speed > _RUNNING).sum())
    if fast > known * _FEW:
        yield (
            f"floor plan: {fast / known:.0%} of the speeds are above {_RUNNING:g} m/s, faster "
            "than people run: are its floor points in meters?"
        )


def _nothing_selected(whole: pd.Index) -> str:
    persons, times = (whole.get_level_values(name) for name in ("person_index", "timestamp"))
    return (
        "the selected persons and times contain no detection: the video has the persons "
        f"{int(persons.min())} to {int(persons.max())}, the last detection at "
        f"{times.max().total_seconds():.3f} s"
    )
