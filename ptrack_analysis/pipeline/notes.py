"""Notes for readers of a video's tables and plots."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.analysis.quality.checks import CHECKS
from ptrack_analysis.analysis.quality.verdict import format_value
from ptrack_analysis.geometry import Floats
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.zone_checks import check_lines, check_zones
from ptrack_analysis.scene.zones import ENTRANCE, Line, Zone
from ptrack_analysis.schema.arrays import Rows, read_column
from ptrack_analysis.sources.pages.job import Reading
from ptrack_analysis.sources.pages.rows import Whole
from ptrack_analysis.video import Video

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis

LATE = pd.Timedelta("2s")
"""A first detection later than this may mean that the first pages are missing."""
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
        *_notes_on_times(reading.video, whole.index, has_points="left" not in reading.detections.columns),
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


def _notes_on_times(video: Video, index: pd.MultiIndex, *, has_points: bool) -> Iterator[str]:
    """Describe oddities of the times and the metadata of the video."""
    timestamps = index.get_level_values("timestamp").unique()
    if not len(timestamps):
        yield "no person was detected"
    elif timestamps.min() > LATE:
        late = timestamps.min().total_seconds()
        yield (
            f"the first detection is at {late:.3f} s: if people were present before, the first pages are "
            "missing"
        )
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
    notes = reading.cut_short
    if rows.empty and len(reading.facts().index):
        notes.append(_nothing_selected(reading.facts().index))
    if len(analysis.stitches):
        notes.append(
            f"{len(analysis.stitches)} tracks were joined to an earlier track of the same person, see the "
            "table stitches"
        )
    for flag, text in _FLAGS.items():
        if flag in rows.columns and rows[flag].any():
            notes.append(f"{int(rows[flag].sum())} of {len(rows)} {text} (column {flag})")
    if analysis.floor_plan is not None:
        notes += [f"floor plan: {note}" for note in analysis.floor_plan.notes]
        notes += _notes_on_floor(rows, analysis.floor_plan.bounds)
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
    if not analysis.has_points:  # the checks compare outlines with the image
        video = analysis.video
        duration = video.duration if any(zone.window for zone in analysis.zones) else None
        facts = Video(width=video.width, height=video.height, duration=duration)
        notes += _check_scene(tuple(analysis.zones), tuple(analysis.lines), facts, analysis.floor_plan)
    return notes


@lru_cache(maxsize=64)
def _check_scene(
    zones: tuple[Zone, ...], lines: tuple[Line, ...], video: Video, plan: FloorPlan | None
) -> tuple[str, ...]:
    """Check the zones and lines; once for all videos of a camera."""
    return (*check_lines(lines, video, plan), *check_zones(zones, video, plane=plan))


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
