"""Relations between the tables of a dataset, for BI tools."""

from dataclasses import dataclass

from ptrack_analysis.pipeline.outputs import FACTS

_OF_VIDEOS = tuple(name for name in FACTS if name != "videos")
_OF_TRACKS = ("detections", "trajectories", "visits", "crossings")
_OF_ZONES = ("visits", "zone_occupancy", "dwell")


@dataclass(frozen=True, slots=True)
class Relation:
    """A many-to-one relation from ``table.column`` to ``key`` of the table ``to``.

    A filter on ``to`` also filters ``table``. In a BI tool, an active relation applies by default. Other
    relations are inactive, because with them a filter could reach a table by two paths.
    """

    table: str
    column: str
    to: str
    key: str
    active: bool = True


RELATIONS = (
    *(Relation(table, "video", "videos", "video") for table in _OF_VIDEOS),
    *(Relation(table, "local_date", "dates", "date") for table in _OF_VIDEOS),
    *(Relation(table, "zone_key", "zones", "zone_key") for table in _OF_ZONES),
    Relation("transitions", "origin_key", "zones", "zone_key"),
    Relation("crossings", "line_key", "lines", "line_key"),
    Relation("videos", "camera_key", "cameras", "camera_key"),
    Relation("cameras", "site", "sites", "site"),
    *(Relation(table, "person", "tracks", "person", active=False) for table in _OF_TRACKS),
    Relation("videos", "local_date", "dates", "date", active=False),
    Relation("zones", "camera_key", "cameras", "camera_key", active=False),
    Relation("transitions", "destination_key", "zones", "zone_key", active=False),
)
"""The relations between the standard facts and the dimensions.

To activate the relations to ``tracks``, deactivate the relation of ``tracks`` to ``dates`` and the relations
of the same facts to ``videos``.
"""
