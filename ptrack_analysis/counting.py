"""Crossings of lines, counts per bin, and count drift."""

from ptrack_analysis.analysis.counting.counts import compute_count_drift, count_crossings
from ptrack_analysis.analysis.counting.crossings import compute_crossings, filter_first_crossings

__all__ = ["compute_count_drift", "compute_crossings", "count_crossings", "filter_first_crossings"]
