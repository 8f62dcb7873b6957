"""Heatmaps, their comparison, and flow fields."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.heat.flow_field import FlowField, compute_flow_field
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.heat.heatmap_comparison import HeatmapComparison, compare_heatmaps
from ptrack_analysis.analysis.heat.quantities import compute_box_heatmap, compute_heatmap
from ptrack_analysis.public_names import describe_missing

__all__ = [
    "FlowField",
    "Heatmap",
    "HeatmapComparison",
    "compare_heatmaps",
    "compute_box_heatmap",
    "compute_flow_field",
    "compute_heatmap",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
