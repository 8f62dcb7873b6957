"""The tables of the package: what they hold, whether a table is one, and how to make one."""

from ptrack_analysis.schema.build import assemble, choice, empty
from ptrack_analysis.schema.checks import check, columns_of, unit_of
from ptrack_analysis.schema.detected import (
    DETECTIONS,
    FACE_COLUMNS,
    INTERPOLATED,
    LANDMARK_COLUMNS,
    LANDMARKS,
    MERGED_FROM,
    POINTS,
    STITCHES,
)
from ptrack_analysis.schema.dictionary import dictionary
from ptrack_analysis.schema.places import (
    BALANCE,
    COUNTS,
    CROSSINGS,
    DIRECTIONS,
    ENTRIES,
    EXITS,
    HEATMAP,
    LINES,
    OCCUPANCY,
    OVERLAPS,
    SEEN_ENDS,
    VISITS,
    ZONES,
)
from ptrack_analysis.schema.table import Column, Table
from ptrack_analysis.schema.tables import TABLES, VIDEOS
from ptrack_analysis.schema.walked import LOCATED, MOVEMENT, STOPS, TRACKS, TRAJECTORIES

__all__ = [
    "BALANCE",
    "COUNTS",
    "CROSSINGS",
    "DETECTIONS",
    "DIRECTIONS",
    "ENTRIES",
    "EXITS",
    "FACE_COLUMNS",
    "HEATMAP",
    "INTERPOLATED",
    "LANDMARKS",
    "LANDMARK_COLUMNS",
    "LINES",
    "LOCATED",
    "MERGED_FROM",
    "MOVEMENT",
    "OCCUPANCY",
    "OVERLAPS",
    "POINTS",
    "SEEN_ENDS",
    "STITCHES",
    "STOPS",
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
