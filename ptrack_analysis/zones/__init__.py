"""Zones and lines: named outlines in a plane, read from GeoJSON."""

from ptrack_analysis.zones.geojson import Scene, project_scene, read_scene, read_zones
from ptrack_analysis.zones.zone import Line, Zone, outside, refuse_other_unit

__all__ = [
    "Line",
    "Scene",
    "Zone",
    "outside",
    "project_scene",
    "read_scene",
    "read_zones",
    "refuse_other_unit",
]
