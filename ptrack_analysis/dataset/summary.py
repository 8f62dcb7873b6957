"""What became of an export."""

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
    """What became of one video.

    ``error`` is what failed, if it did. ``rows`` has the rows of each table by its folder. ``in_scene`` is
    the persons' time in the scene, ``without_position`` the part of it in which nobody knows where they
    stood, so which is missing from ``dwell``, their time in each zone, by the zone's name in the order of its
    file. ``findings`` are those of the ``warnings`` that are on missing pages, dropped rows and assumptions.
    None of these is known of a video that failed, nor where what may be of single persons is withheld.
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


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What became of an export: the dataset's folder, each video in the order of the archive, warnings.

    ``gone`` are the videos of the dataset that came from this source, which no longer has them; ``pruned``
    tells whether their files were removed.
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
    """Sum up one video's tables: the time in each zone, and that of which the place is not known [ms].

    What rests on a table that is not written is left out.
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
    """Sum up one video by its entry in the manifest."""
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
    """Return what a warning says of an earlier read; if figures are withheld, only that pages are missing."""
    missing = [report["completeness"]] if report.get("missing") else []
    return tuple(report.get("findings", missing))
