"""What a report is made from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.quality.intervals import compute_intervals
from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.clock.timezones import timezone_of
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.summary import figures_of
from ptrack_analysis.web.ground import Backdrop


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One video with its key figures and the image behind its plots.

    ``clock`` is the local start of the video, None where it is not known; ``stays`` are the confidence
    intervals of the mean visit, None without zones.
    """

    analysis: VideoAnalysis
    figures: dict[str, Any]
    backdrop: Any
    embedded: Backdrop | None
    scene_stay: pd.DataFrame
    stays: pd.DataFrame | None
    notes: tuple[str, ...] = ()

    @property
    def recording(self) -> Recording:
        """When and where the video was recorded."""
        return self.analysis.recording

    @property
    def visits(self) -> pd.DataFrame | None:
        """The visits, None without zones."""
        return self.analysis["visits"] if self.analysis.zones else None

    @property
    def busiest_zones(self) -> list[str]:
        """The names of the zones, those with the most time inside first."""
        zones = self.figures["zones"] or []
        ordered = sorted(zones, key=lambda zone: -(zone["total_dwell_s"] or 0.0))
        return [zone["zone"] for zone in ordered]

    @property
    def clock(self) -> datetime | None:
        """The local start of the recording, where it is known."""
        recording = self.recording
        if recording.started_at is None or recording.timezone is None:
            return None
        return recording.started_at.astimezone(timezone_of(recording.timezone))


def measure(
    analysis: VideoAnalysis, backdrop: Any, embedded: Backdrop | None, notes: tuple[str, ...] = ()
) -> Measured:
    """Compute what a report needs beside the tables."""
    stays = compute_intervals(analysis["visits"], "dwell", statistic="mean") if analysis.zones else None
    return Measured(
        analysis=analysis,
        figures=figures_of(analysis),
        backdrop=backdrop,
        embedded=embedded,
        scene_stay=compute_intervals(analysis["persons"], "dwell", statistic="mean"),
        stays=stays,
        notes=notes,
    )
