"""The tables of the package: what they hold, whether a table is one, and how to make one."""

from ptrack_analysis.schema.build import assemble, choice, empty
from ptrack_analysis.schema.checks import check, columns_of, unit_of
from ptrack_analysis.schema.dictionary import dictionary
from ptrack_analysis.schema.table import Column, Table
from ptrack_analysis.schema.tables import (
    CROSSINGS,
    DETECTIONS,
    ENTRIES,
    EXITS,
    FACE_COLUMNS,
    HEATMAP,
    LANDMARK_COLUMNS,
    LANDMARKS,
    LOCATED,
    OCCUPANCY,
    POINTS,
    TABLES,
    TRACKS,
    TRAJECTORIES,
    VIDEOS,
    VISITS,
    ZONES,
)

__all__ = [
    "CROSSINGS",
    "DETECTIONS",
    "ENTRIES",
    "EXITS",
    "FACE_COLUMNS",
    "HEATMAP",
    "LANDMARKS",
    "LANDMARK_COLUMNS",
    "LOCATED",
    "OCCUPANCY",
    "POINTS",
    "TABLES",
    "TRACKS",
    "TRAJECTORIES",
    "VIDEOS",
    "VISITS",
    "ZONES",
    "Column",
    "Table",
    "assemble",
    "check",
    "choice",
    "columns_of",
    "dictionary",
    "empty",
    "unit_of",
]
