"""The evidence that the rules for findings read."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.dwell import find_observed_stays
from ptrack_analysis.analysis.quality.verdict import find_affecting_checks, index_checks
from ptrack_analysis.geometry import Bools
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.finding_texts import QualityWords, clock_time, describe_reason
from ptrack_analysis.report.key_figures import gather_key_figures, read_quality
from ptrack_analysis.report.parts import local_time
from ptrack_analysis.scene.zones import ENTRANCE, Line, Zone

_PERCENT = 100.0


class Evidence:
    """The tables of a video, its key figures and its quality checks."""

    def __init__(self, analysis: VideoAnalysis, figures: Mapping[str, Any] | None = None) -> None:
        self.analysis = analysis
        self.figures = gather_key_figures(analysis) if figures is None else figures
        self.quality = read_quality(analysis)
        self.checks = index_checks(self.quality)
        self.words = QualityWords(
            self.quality,
            has_zones=bool(analysis.zones) and len(analysis["visits"]) > 0,
            has_lines=bool(analysis.lines),
        )

    @property
    def zones(self) -> list[Zone]:
        """The zones that are not entrances."""
        return [zone for zone in self.analysis.zones if zone.kind != ENTRANCE]

    @property
    def entrance_lines(self) -> list[Line]:
        """The lines of kind ``entrance``."""
        return [line for line in self.analysis.lines if line.kind == ENTRANCE]

    @property
    def has_entrance(self) -> bool:
        """Whether the scene has a known entrance."""
        return bool(self.entrance_lines or self.analysis.entrances)

    @property
    def length(self) -> float:
        """Length of the analyzed part [s]."""
        return float(self.figures["end_s"] - self.figures["start_s"])

    @cached_property
    def visits(self) -> pd.DataFrame:
        """The visits, sorted by person and entry."""
        visits = self.analysis["visits"].reset_index()
        return visits.sort_values(["person_index", "entered", "exited"], kind="stable")

    @cached_property
    def zone_figures(self) -> dict[str, dict[str, Any]]:
        """The key figures of each zone by name."""
        return {zone["zone"]: zone for zone in self.figures["zones"] or []}

    @cached_property
    def stay_ends(self) -> tuple[Bools, Bools]:
        """Whether each person's arrival and departure were observed during the video."""
        analysis = self.analysis
        return find_observed_stays(
            analysis["tracks"],
            analysis.video,
            period=analysis.period,
            start=analysis.config.start,
            end=analysis.config.end,
        )

    @property
    def observed_stays(self) -> tuple[pd.Index, pd.Index]:
        """The people who came in during the video, and the people who also left."""
        people, (came, left) = self.analysis["tracks"].index, self.stay_ends
        return people[came], people[came & left]

    def is_bad(self, outputs: Sequence[str], zone: str = "") -> bool:
        """Return whether a check makes an output unusable, in one zone or in general."""
        return bool(find_affecting_checks(self.checks, outputs, zone, verdicts=("bad",)))

    def verdict(self, check: str) -> str:
        """Return the verdict of a check on the complete video; ``unknown`` if it was not made."""
        if (check, "") not in self.quality.index:
            return "unknown"
        return str(self.quality.loc[(check, ""), "verdict"])

    def describe_doubt(self, check: str) -> str:
        """Describe the result of a doubtful check."""
        row = self.quality.loc[[(check, "")]].iloc[0]
        return describe_reason(check, float(row["value"]), str(row["value_unit"]))

    def estimated_share(self, zone: str) -> float:
        """Return the share of the time in a zone with an estimated position."""
        if ("face only", zone) not in self.quality.index:
            return 0.0
        value = float(self.quality["value"].loc[[("face only", zone)]].iloc[0])
        return 0.0 if np.isnan(value) else value / _PERCENT

    def format_time(self, seconds: float) -> str:
        """Format a time as a player shows it, or as local time if the clock is known."""
        started_at = self.clock
        if started_at is None:
            return clock_time(seconds)
        return f"{local_time(round(1000 * seconds), started_at):%H:%M}"

    @cached_property
    def clock(self) -> Any:
        """The local start of the video; None if it is not known."""
        return self.analysis.recording.local_start
