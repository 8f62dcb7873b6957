"""Crossings of lines, counts per bin, and count drift."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.counting.counts import compute_count_drift, count_crossings
from ptrack_analysis.analysis.counting.crossings import compute_crossings, filter_first_crossings
from ptrack_analysis.public_names import describe_missing

__all__ = ["compute_count_drift", "compute_crossings", "count_crossings", "filter_first_crossings"]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
