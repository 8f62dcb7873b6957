"""How long stays in one video last, and how far chance goes in that."""

import pandas as pd

from ptrack_analysis.analysis.faces.facing import compute_facing
from ptrack_analysis.analysis.stays.queues import compute_service_levels, compute_waits
from ptrack_analysis.analysis.trust.intervals import compute_intervals
from ptrack_analysis.dataset.road import Road
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.schema import FACING, TARGETS, empty
from ptrack_analysis.zones import Scene, Zone, project_scene

QUEUE = "queue"
"""Kind of a zone in which persons wait."""

BY = ("zone", "entry")
"""What stays are told apart by in the tables of how long they last."""

_IN_METRES = "m"


def service_levels_of(visits: pd.DataFrame, road: Road) -> pd.DataFrame:
    """Tell how many of the waits in the queues of one video last longer than each target."""
    return compute_service_levels(compute_waits(visits, road.zones))


def intervals_of(visits: pd.DataFrame | None, tracks: pd.DataFrame) -> pd.DataFrame:
    """Tell what chance leaves open of the main figures: time in the scene, time and stays in each zone."""
    found = [compute_intervals(tracks, "dwell")]
    if visits is not None:
        found += [compute_intervals(visits, "dwell", statistic="mean")]
        found += [compute_intervals(visits, "dwell", statistic="median")]
        found += [compute_intervals(visits, None, statistic="rate")]
    return pd.concat([part for part in found if len(part)] or found[:1]).sort_index()


def facing_of(road: Road, settings: Settings, scene: Scene) -> pd.DataFrame:
    """Estimate what the faces of one video were turned to: its zones, and the edges of the picture.

    Faces are seen in the picture, so zones are taken as they lie there; zones drawn in metres are passed
    over. Where a zone has the name of an edge, it is the zone that is meant. Nothing is told of a video whose
    frame size is not known.
    """
    video = road.video
    if video.width is None or video.height is None:
        return empty(FACING)
    zones: list[Zone] = []
    if scene.unit != _IN_METRES:
        zones, _ = project_scene(scene, video, video.pixels, place=str(settings.zones))
    taken = {zone.name for zone in zones}
    targets: list[Zone | str] = [*zones, *(edge for edge in TARGETS if edge not in taken)]
    return compute_facing(road.detections, road.trajectories, targets, video)
