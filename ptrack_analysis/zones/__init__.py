"""Zones and lines: named outlines in a plane, read from GeoJSON."""

from ptrack_analysis.zones.coverage import Coverage, compute_coverage, outside
from ptrack_analysis.zones.geojson import read_scene, read_zones
from ptrack_analysis.zones.margin import in_rectangle, near_edges
from ptrack_analysis.zones.notes import line_notes, zone_notes
from ptrack_analysis.zones.scene import Scene, project_scene
from ptrack_analysis.zones.sharing import refuse_invalid, shared_area
from ptrack_analysis.zones.zone import Line, Zone, refuse_lines, refuse_zones

__all__ = [
    "Coverage",
    "Line",
    "Scene",
    "Zone",
    "compute_coverage",
    "in_rectangle",
    "line_notes",
    "near_edges",
    "outside",
    "project_scene",
    "read_scene",
    "read_zones",
    "refuse_invalid",
    "refuse_lines",
    "refuse_zones",
    "shared_area",
    "zone_notes",
]
