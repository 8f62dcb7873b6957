"""Declarations of the package's tables, and functions to validate and build them.

The declarations need no pandas. The functions do, and are imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ptrack_analysis.schema.crowd import (
    DENSITY,
    ENCOUNTERS,
    FLOW,
    FUNDAMENTAL,
    GROUPS,
    OCCUPANCY,
    OCCUPANCY_HOURLY,
    VISITS_HOURLY,
    ZONE_OCCUPANCY,
)
from ptrack_analysis.schema.detected import (
    CONTINUED,
    DETECTIONS,
    FACE_COLUMNS,
    FACES,
    FACING,
    INTERPOLATED,
    LANDMARK_COLUMNS,
    LANDMARKS,
    MERGED_FROM,
    POINTS,
    STITCHES,
    TARGETS,
    TRACKER_COLUMNS,
)
from ptrack_analysis.schema.dwell import (
    DESTINATIONS,
    DWELL,
    DWELL_BY_ENTRY,
    DWELL_COMPARISON,
    DWELL_QUANTILES,
    FUNNEL,
    ORIGINS,
    RETAIL,
    SCENE_STAY,
    SERVICE_LEVELS,
    STAFF,
    SURVIVAL,
    TRANSITIONS,
    WAITS,
)
from ptrack_analysis.schema.heat import FIELD, HEAT_DIFFERENCE, HEATMAP_SLICES, MEASURE
from ptrack_analysis.schema.quality import (
    AGREEMENT,
    INTERVALS,
    QUALITY,
    SENSITIVITY,
    STATISTICS,
    TALLY,
    VERDICTS,
)
from ptrack_analysis.schema.released import RELEASED, Released
from ptrack_analysis.schema.table import PERSON_KEYS, ZONE, Column, Table
from ptrack_analysis.schema.tables import (
    CAMERAS,
    DATES,
    NOTEBOOK_ONLY,
    SALTED,
    SITES,
    SUPPRESSED,
    TABLES,
    VIDEOS,
)
from ptrack_analysis.schema.walked import MOVEMENT, POSITION_STATUSES, STOPS, TRACKS, TRAJECTORIES
from ptrack_analysis.schema.zones import (
    BALANCE,
    BOX_HEATMAP,
    COUNTS,
    CROSSINGS,
    DIRECTIONS,
    ENTRIES,
    EXITS,
    HEATMAP,
    LINES,
    OBSERVED_ENTRIES,
    OBSERVED_EXITS,
    OCCUPANCY_CHANGES,
    OVERLAPS,
    QUEUE,
    VISITS,
    ZONES,
)

if TYPE_CHECKING:
    from ptrack_analysis.schema.arrays import assemble, choice, empty_table
    from ptrack_analysis.schema.validation import (
        dictionary,
        find_further_columns,
        find_unit,
        in_seconds,
        list_columns,
        validate,
    )

__all__ = [
    "AGREEMENT",
    "BALANCE",
    "BOX_HEATMAP",
    "CAMERAS",
    "CONTINUED",
    "COUNTS",
    "CROSSINGS",
    "DATES",
    "DENSITY",
    "DESTINATIONS",
    "DETECTIONS",
    "DIRECTIONS",
    "DWELL",
    "DWELL_BY_ENTRY",
    "DWELL_COMPARISON",
    "DWELL_QUANTILES",
    "ENCOUNTERS",
    "ENTRIES",
    "EXITS",
    "FACES",
    "FACE_COLUMNS",
    "FACING",
    "FIELD",
    "FLOW",
    "FUNDAMENTAL",
    "FUNNEL",
    "GROUPS",
    "HEATMAP",
    "HEATMAP_SLICES",
    "HEAT_DIFFERENCE",
    "INTERPOLATED",
    "INTERVALS",
    "LANDMARKS",
    "LANDMARK_COLUMNS",
    "LINES",
    "MEASURE",
    "MERGED_FROM",
    "MOVEMENT",
    "NOTEBOOK_ONLY",
    "OBSERVED_ENTRIES",
    "OBSERVED_EXITS",
    "OCCUPANCY",
    "OCCUPANCY_CHANGES",
    "OCCUPANCY_HOURLY",
    "ORIGINS",
    "OVERLAPS",
    "PERSON_KEYS",
    "POINTS",
    "POSITION_STATUSES",
    "QUALITY",
    "QUEUE",
    "RELEASED",
    "RETAIL",
    "SALTED",
    "SCENE_STAY",
    "SENSITIVITY",
    "SERVICE_LEVELS",
    "SITES",
    "STAFF",
    "STATISTICS",
    "STITCHES",
    "STOPS",
    "SUPPRESSED",
    "SURVIVAL",
    "TABLES",
    "TALLY",
    "TARGETS",
    "TRACKER_COLUMNS",
    "TRACKS",
    "TRAJECTORIES",
    "TRANSITIONS",
    "VERDICTS",
    "VIDEOS",
    "VISITS",
    "VISITS_HOURLY",
    "WAITS",
    "ZONE",
    "ZONES",
    "ZONE_OCCUPANCY",
    "Column",
    "Released",
    "Table",
    "assemble",
    "choice",
    "dictionary",
    "empty_table",
    "find_further_columns",
    "find_unit",
    "in_seconds",
    "list_columns",
    "validate",
]

_OF_ARRAYS = ("assemble", "choice", "empty_table")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "arrays" if name in _OF_ARRAYS else "validation"
    return getattr(import_module(f"{__name__}.{module}"), name)
