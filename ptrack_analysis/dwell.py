"""Dwell times, their comparison, survival curves and staff."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.dwell.comparison import compare_dwell, compare_periods
from ptrack_analysis.analysis.dwell.dwell import compute_dwell, compute_dwell_quantiles, compute_stay_in_scene
from ptrack_analysis.analysis.dwell.staff import detect_staff, exclude_staff
from ptrack_analysis.analysis.dwell.survival import compute_survival
from ptrack_analysis.public_names import describe_missing

__all__ = [
    "compare_dwell",
    "compare_periods",
    "compute_dwell",
    "compute_dwell_quantiles",
    "compute_stay_in_scene",
    "compute_survival",
    "detect_staff",
    "exclude_staff",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
