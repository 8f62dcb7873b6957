"""Zones and lines, and visits, occupancy and transitions of zones."""

from typing import TYPE_CHECKING, NoReturn

from ptrack_analysis.analysis.zones.occupancy import compute_occupancy, compute_zone_overlaps
from ptrack_analysis.analysis.zones.retail import compute_retail_metrics
from ptrack_analysis.analysis.zones.transitions import compute_funnel, compute_transitions
from ptrack_analysis.analysis.zones.visits import compute_visits
from ptrack_analysis.editing.editor import ZoneEditor, edit_zones
from ptrack_analysis.public_names import describe_missing
from ptrack_analysis.scene.zone_checks import Coverage, check_zones, compute_zone_coverage
from ptrack_analysis.scene.zone_files import read_zones
from ptrack_analysis.scene.zones import Line, Zone

__all__ = [
    "Coverage",
    "Line",
    "Zone",
    "ZoneEditor",
    "check_zones",
    "compute_funnel",
    "compute_occupancy",
    "compute_retail_metrics",
    "compute_transitions",
    "compute_visits",
    "compute_zone_coverage",
    "compute_zone_overlaps",
    "edit_zones",
    "read_zones",
]


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> NoReturn:
        raise describe_missing(__name__, name)
