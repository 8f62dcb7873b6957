"""Density, flow, encounters and groups."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.crowd.density import compute_density, compute_occupancy_bins
from ptrack_analysis.analysis.crowd.encounters import compute_encounters
from ptrack_analysis.analysis.crowd.flow import compute_fundamental_diagram, compute_line_flow
from ptrack_analysis.analysis.crowd.groups import detect_groups
from ptrack_analysis.public_names import describe_missing

__all__ = [
    "compute_density",
    "compute_encounters",
    "compute_fundamental_diagram",
    "compute_line_flow",
    "compute_occupancy_bins",
    "detect_groups",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
