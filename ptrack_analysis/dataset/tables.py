"""The tables of one video."""

from collections.abc import Callable, Collection
from functools import cache

import pandas as pd

from ptrack_analysis.analysis.crowd.groups import compute_groups
from ptrack_analysis.analysis.flows.retail import compute_retail
from ptrack_analysis.analysis.flows.transitions import compute_transitions
from ptrack_analysis.analysis.motion.movement import compute_movement
from ptrack_analysis.analysis.places.overlaps import compute_overlaps
from ptrack_analysis.analysis.stays.curves import compute_survival
from ptrack_analysis.analysis.stays.dwell import compute_dwell, compute_dwell_quantiles
from ptrack_analysis.analysis.stays.queues import compute_queue, compute_waits
from ptrack_analysis.clock.lookup import settled
from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.dataset.definitions import definitions_of
from ptrack_analysis.dataset.grids import field_of, heatmaps_of, measures_of
from ptrack_analysis.dataset.hours import occupancy_hourly_of, visits_hourly_of
from ptrack_analysis.dataset.keys import with_keys
from ptrack_analysis.dataset.layout import DIMENSIONS, FOLDERS, ON_REQUEST
from ptrack_analysis.dataset.measured import (
    balance_of,
    bins_of,
    counts_of,
    density_of,
    encounters_of,
    flow_of,
    fundamental_of,
    observed_of,
    occupancy_of,
    quality_of,
    shared_of,
    stops_of,
    tracks_of,
    visits_of,
)
from ptrack_analysis.dataset.notes import Told, notes_of
from ptrack_analysis.dataset.release import needed_folders, released_folders
from ptrack_analysis.dataset.road import Road, take_road
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.dataset.stays import BY, QUEUE, facing_of, intervals_of, service_levels_of
from ptrack_analysis.dataset.video_row import videos_table
from ptrack_analysis.inspection import Seen, notes_on
from ptrack_analysis.io.archive import VideoReference
from ptrack_analysis.schema import (
    ENCOUNTERS,
    FACE_COLUMNS,
    LANDMARK_COLUMNS,
    empty,
)
from ptrack_analysis.zones import Scene

_OF_ZONES = {
    "visits",
    "observed",
    "dwell",
    "dwell_quantiles",
    "survival",
    "visits_hourly",
    "transitions",
    "retail",
    "zone_overlaps",
}


def compute_tables(
    reference: VideoReference,
    settings: Settings,
    scene: Scene | None,
    recording: Recording | None = None,
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Compute every table of one video that the settings ask for, by the name of its folder; and notes on it.

    The sampling period is taken from the whole video, before persons and times are selected. Facts carry the
    keys of their zones and lines.

    Parameters
    ----------
    reference
        The video.
    settings
        What is measured, and how.
    scene
        What the zone file draws; without one there are no tables of zones and lines.
    recording
        What is known of the recording beside the video's own facts, such as when and where it began.

    Raises
    ------
    PtrackError
        If the video cannot be read, or not be measured as asked.
    """
    return tables_along(take_road(reference, settings, scene), settings, scene, recording)


def tables_along(
    road: Road,
    settings: Settings,
    scene: Scene | None,
    recording: Recording | None = None,
    *,
    elsewhere: Collection[str] = (),
    seen: Seen | None = None,
    told: Told | None = None,
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Compute every table along one video's road, but those that are made ``elsewhere``; and notes on it.

    ``seen`` and ``told`` are what the notes need of the rows, where the road does not hold them.
    """
    recording = settled(recording or Recording(video=road.video.name), road.video, settings)
    made = _made(road, settings, scene, recording)
    definitions = definitions_of(scene, road.video.name)
    tables = {
        folder: with_keys(made[folder](), FOLDERS[folder], definitions)
        for folder in _computed(settings, scene)
        if folder not in elsewhere
    }
    notes = [
        *notes_on(road.reading, tables["persons"], settings.max_gap, seen=seen),
        *notes_of(road, told),
    ]
    return tables, notes


def _made(
    road: Road, settings: Settings, scene: Scene | None, recording: Recording
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Tell how each table of one video is made; what several are made of is made once."""
    trajectories = road.trajectories
    occupancy = occupancy_of(road, settings, road.zones)
    tracks = cache(lambda: tracks_of(road))
    shared = cache(lambda: shared_of(road, settings, occupancy))
    met = cache(lambda: encounters_of(road) if road.floor else empty(ENCOUNTERS, unit="m"))
    made: dict[str, Callable[[], pd.DataFrame]] = {
        "videos": lambda: videos_table(road.reading.video, settings.start, settings.end, recording),
        "persons": tracks,
        "detections": lambda: road.detections if settings.faces else without_faces(road.detections),
        "stitches": lambda: road.stitches,
        "trajectories": lambda: trajectories,
        "movement": lambda: compute_movement(trajectories, max_speed=settings.max_speed),
        "stops": lambda: stops_of(road, settings),
        "encounters": met,
        "groups": lambda: compute_groups(met(), trajectories),
        "quality": lambda: quality_of(road, settings),
        "occupancy": lambda: occupancy,
        "occupancy_bins": lambda: bins_of(road, settings, occupancy),
        "occupancy_hourly": lambda: occupancy_hourly_of(occupancy, road, recording),
        "density": lambda: density_of(road, settings, occupancy),
        "fundamental": lambda: fundamental_of(road, settings),
        "crossings": lambda: shared().crossings,
        "counts": lambda: counts_of(road, settings, shared()),
        "balance": lambda: balance_of(road, settings, shared()),
        "flow": lambda: flow_of(road, settings, shared()),
        "heatmap": lambda: heatmaps_of(road, settings),
        "measure": lambda: measures_of(road, settings),
        "field": lambda: field_of(road, settings),
    }
    if scene is None:
        return made | {"intervals": lambda: intervals_of(None, tracks())}
    visits = visits_of(road, settings)
    return made | {
        **_made_of_visits(visits, road, settings),
        "visits_hourly": lambda: visits_hourly_of(visits, occupancy, road, recording),
        "facing": lambda: road.made["facing"] if "facing" in road.made else facing_of(road, settings, scene),
        "intervals": lambda: intervals_of(visits, tracks()),
    }


def _made_of_visits(
    visits: pd.DataFrame, road: Road, settings: Settings
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Tell how the tables of stays in zones are made."""
    zones = road.zones
    return {
        "visits": lambda: visits,
        "observed": lambda: observed_of(visits, road, settings),
        "dwell": lambda: compute_dwell(visits, by=BY),
        "dwell_quantiles": lambda: compute_dwell_quantiles(visits, by=BY),
        "survival": lambda: compute_survival(visits, by=BY),
        "waits": lambda: compute_waits(visits, zones),
        "service_levels": lambda: service_levels_of(visits, road),
        "queue": lambda: compute_queue(visits, zones, road.video, start=settings.start, end=settings.end),
        "transitions": lambda: compute_transitions(visits),
        "retail": lambda: compute_retail(visits, zones),
        "zone_overlaps": lambda: compute_overlaps(zones, unit=settings.unit),
    }


def folders_of(settings: Settings, scene: Scene | None) -> list[str]:
    """List the tables that are written, by the names of their folders, in their order."""
    return released_folders(_computed(settings, scene), settings)


def _computed(settings: Settings, scene: Scene | None) -> list[str]:
    """List the tables that are computed: those that are written, and those that others are counted by."""
    wanted = {*DIMENSIONS, *(settings.tables or FOLDERS.keys() - {*ON_REQUEST}), *needed_folders(settings)}
    left_out = set()
    if not settings.stitch:
        left_out |= {"stitches"}
    if not settings.measures_stops:
        left_out |= {"stops"}
    if settings.floor is None:
        left_out |= {"encounters", "groups"}
    if scene is None:
        left_out |= _OF_ZONES
    if scene is None or settings.floor is None:
        left_out |= {"density", "fundamental"}
    if scene is None or not settings.faces:
        left_out |= {"facing"}
    if scene is None or not scene.lines:
        left_out |= {"crossings", "counts", "balance", "flow"}
    if scene is None or not any(zone.kind == QUEUE for zone in scene.zones):
        left_out |= {"waits", "service_levels", "queue"}
    if not settings.tells_clocks:
        left_out |= {"occupancy_hourly", "visits_hourly"}
    return [folder for folder in FOLDERS if folder in wanted - left_out]


def without_faces(detections: pd.DataFrame) -> pd.DataFrame:
    """Leave out the columns of faces."""
    names = [column.name for column in (*FACE_COLUMNS, *LANDMARK_COLUMNS)]
    return detections.drop(columns=[name for name in names if name in detections.columns])
