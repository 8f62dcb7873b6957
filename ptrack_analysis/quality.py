"""Quality of tracking: checks, confidence intervals, sensitivity, comparisons."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.comparison.compare import Comparison, compare_tracking
from ptrack_analysis.analysis.presence import estimate_sampling_period
from ptrack_analysis.analysis.quality.checks import compute_quality
from ptrack_analysis.analysis.quality.intervals import compute_confidence_intervals
from ptrack_analysis.analysis.quality.manual_count import compare_with_manual_count
from ptrack_analysis.analysis.quality.sensitivity import compute_sensitivity
from ptrack_analysis.analysis.quality.verdict import VideoVerdict, judge_video
from ptrack_analysis.analysis.uncertainty.estimates import (
    Interval,
    estimate_count,
    estimate_daily_count,
    estimate_share,
)
from ptrack_analysis.pipeline.inspection import Inspection, inspect_tracking
from ptrack_analysis.public_names import describe_missing
from ptrack_analysis.sources.read_report import ReadReport

__all__ = [
    "Comparison",
    "Inspection",
    "Interval",
    "ReadReport",
    "VideoVerdict",
    "compare_tracking",
    "compare_with_manual_count",
    "compute_confidence_intervals",
    "compute_quality",
    "compute_sensitivity",
    "estimate_count",
    "estimate_daily_count",
    "estimate_sampling_period",
    "estimate_share",
    "inspect_tracking",
    "judge_video",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
