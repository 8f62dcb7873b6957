"""Density, flow, encounters and groups."""

from ptrack_analysis.analysis.crowd.density import compute_density, compute_occupancy_bins
from ptrack_analysis.analysis.crowd.encounters import compute_encounters
from ptrack_analysis.analysis.crowd.flow import compute_fundamental_diagram, compute_line_flow
from ptrack_analysis.analysis.crowd.groups import detect_groups

__all__ = [
    "compute_density",
    "compute_encounters",
    "compute_fundamental_diagram",
    "compute_line_flow",
    "compute_occupancy_bins",
    "detect_groups",
]
