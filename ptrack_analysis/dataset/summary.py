"""The outcome of an export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from ptrack_analysis.dataset.manifest import VideoEntry
from ptrack_analysis.errors import PtrackError
from ptrack_analysis.schema.arrays import Rows, read_column
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSummary:
    """The outcome of one video.

    ``error`` is the reason if it failed. ``rows`` has the number of rows per table. ``in_scene`` is the total
    time of people in the scene, and ``without_position`` its part without a position. ``dwell`` is the total
    time in each zone by name, which does not include ``without_position``. ``findings`` are the ``warnings``
    about missing pages, dropped rows and assumptions. ``existed`` is True if the dataset already had rows of
    the video; if the video failed, they are kept. A video that failed has no other values than ``error`` and
    ``existed``. Times are missing if figures of single people are withheld.
    """

    name: str
    status: Literal["written", "unchanged", "failed"]
    error: PtrackError | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    dwell: Mapping[str, pd.Timedelta] = field(default_factory=dict)
    in_scene: pd.Timedelta | None = None
    without_position: pd.Timedelta | None = None
    warnings: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    existed: bool = False


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """The outcome of an export: the dataset, the videos in order, and warnings.

    ``gone`` are the videos of the dataset that the source no longer contains; ``pruned`` is True if they were
    removed.
    """

    out: AnyPath
    videos: tuple[VideoSummary, ...]
    warnings: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    pruned: bool = False

    def of_status(self, status: str) -> list[VideoSummary]:
        """Return the videos that were ``written``, are ``unchanged`` or ``failed``."""
        return [video for video in self.videos if video.status == status]


def sum_figures(tracks: Rows | None, visits: Rows | None, zones: Sequence[str]) -> dict[str, Any]:
    """Compute one video's total time in scene, without position and per zone [ms].

    A time is missing if its table is not written.
    """
    figures: dict[str, Any] = {}
    if tracks is not None:
        figures |= {
            "in_scene": int(read_column(tracks, "time_in_scene").sum()),
            "without_position": int(read_column(tracks, "without_position").sum()),
        }
    if visits is not None:
        names, dwell = read_column(visits, "zone"), read_column(visits, "dwell")
        figures["dwell"] = {zone: int(dwell[names == zone].sum()) for zone in zones}
    return figures


def summarize_video(
    entry: VideoEntry, status: Literal["written", "unchanged"], zones: Sequence[str]
) -> VideoSummary:
    """Return the summary of a video from its entry in the manifest."""
    figures, name = entry.figures, entry.video
    dwell = figures.get("dwell", {})
    return VideoSummary(
        name=name,
        status=status,
        rows=dict(entry.rows),
        dwell={zone: timedelta(dwell[zone]) for zone in zones if zone in dwell},
        in_scene=timedelta(figures["in_scene"]) if "in_scene" in figures else None,
        without_position=timedelta(figures["without_position"]) if "without_position" in figures else None,
        warnings=tuple(entry.notes),
        findings=_list_findings(entry.read_report),
    )


def _list_findings(report: Mapping[str, Any]) -> tuple[str, ...]:
    """Return an earlier read's findings, or missing pages if figures are withheld."""
    missing = [report["completeness"]] if report.get("missing") else []
    return tuple(report.get("findings", missing))
