"""What became of an export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from ptrack_analysis.errors import PtrackError
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.video import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSummary:
    """What became of one video.

    ``error`` is what failed, if it did. ``rows`` has the rows of each table by its folder. ``in_scene`` is
    the persons' time in the scene, ``unlocated`` the part of it in which nobody knows where they stood, so
    which is missing from ``dwell``, their time in each zone, by the zone's name in the order of its file.
    """

    name: str
    status: Literal["written", "unchanged", "failed"]
    error: PtrackError | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    dwell: Mapping[str, pd.Timedelta] = field(default_factory=dict)
    in_scene: pd.Timedelta = field(default_factory=lambda: timedelta(0))
    unlocated: pd.Timedelta = field(default_factory=lambda: timedelta(0))
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What became of an export: the dataset's folder, each video in the order of the archive, warnings."""

    out: AnyPath
    videos: tuple[VideoSummary, ...]
    warnings: tuple[str, ...] = ()

    def of_status(self, status: str) -> list[VideoSummary]:
        """Give the videos that were ``written``, are ``unchanged`` or ``failed``."""
        return [video for video in self.videos if video.status == status]


def summarize(
    name: str,
    *,
    status: Literal["written", "unchanged"],
    rows: Mapping[str, int],
    tracks: pd.DataFrame,
    visits: pd.DataFrame | None,
    zones: list[str],
    notes: Sequence[str],
) -> VideoSummary:
    """Sum up one video's tables: the time in each zone, and the time of which the place is not known."""
    in_scene, unlocated = _sum(tracks["dwell"]), _sum(tracks["unlocated"])
    dwell = {}
    if visits is not None:
        by_zone = visits["dwell"].groupby(level="zone").sum()
        dwell = {zone: _sum(by_zone[by_zone.index == zone]) for zone in zones}
    return VideoSummary(
        name=name,
        status=status,
        rows=rows,
        dwell=dwell,
        in_scene=in_scene,
        unlocated=unlocated,
        warnings=tuple(notes),
    )


def _sum(spans: pd.Series) -> pd.Timedelta:
    return timedelta(spans.to_numpy().view("int64").sum())
