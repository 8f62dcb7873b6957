"""The tables of one video."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.crowd.bins import compute_occupancy_bins
from ptrack_analysis.analysis.crowd.groups import compute_groups
from ptrack_analysis.analysis.flows.retail import compute_retail
from ptrack_analysis.analysis.flows.transitions import compute_transitions
from ptrack_analysis.analysis.motion.movement import compute_movement
from ptrack_analysis.analysis.places.overlaps import compute_overlaps
from ptrack_analysis.analysis.stays.dwell import compute_dwell
from ptrack_analysis.analysis.stays.observed import compute_observed
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.dataset.layout import FOLDERS
from ptrack_analysis.dataset.measured import (
    balance_of,
    counts_of,
    crossings_of,
    encounters_of,
    fundamental_of,
    heatmap_of,
    occupancy_of,
    quality_of,
    stops_of,
    visits_of,
)
from ptrack_analysis.dataset.notes import notes_of
from ptrack_analysis.dataset.road import Road, take_road
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.inspection import notes_on
from ptrack_analysis.io.archive import VideoReference
from ptrack_analysis.schema import (
    ENCOUNTERS,
    FACE_COLUMNS,
    LANDMARK_COLUMNS,
    VIDEOS,
    Table,
    assemble,
    columns_of,
    empty,
)
from ptrack_analysis.video import Video, milliseconds
from ptrack_analysis.zones import Scene

_NOT_KNOWN = int(np.iinfo("int64").min)


def compute_tables(
    reference: VideoReference, settings: Settings, scene: Scene | None
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Compute every table of one video that the settings ask for, by the name of its folder; and notes on it.

    The sampling period is taken from the whole video, before persons and times are selected.

    Raises
    ------
    PtrackError
        If the video cannot be read, or not be measured as asked.
    """
    road = take_road(reference, settings, scene)
    detections, trajectories, video = road.detections, road.trajectories, road.video
    crossings, visits = crossings_of(road, settings), visits_of(road, settings)
    occupancy = occupancy_of(road, settings, road.zones)
    until = replace(video, duration=occupancy.index.get_level_values("timestamp").max())
    met = encounters_of(road) if road.floor else empty(ENCOUNTERS, unit="m")
    made: dict[str, Callable[[], pd.DataFrame]] = {
        "videos": lambda: videos_table(video, settings.start, settings.end),
        "persons": lambda: compute_tracks(trajectories),
        "detections": lambda: detections if settings.faces else _without_faces(detections),
        "stitches": lambda: road.stitches,
        "trajectories": lambda: trajectories,
        "movement": lambda: compute_movement(trajectories, max_speed=settings.max_speed),
        "stops": lambda: stops_of(road, settings),
        "visits": lambda: visits,
        "encounters": lambda: met,
        "groups": lambda: compute_groups(met, trajectories),
        "observed": lambda: compute_observed(
            visits, trajectories, road.zones, margin=settings.margin, enter_after=settings.enter_after
        ),
        "dwell": lambda: compute_dwell(visits, by=("zone", "entry")),
        "transitions": lambda: compute_transitions(visits),
        "retail": lambda: compute_retail(visits, road.zones),
        "occupancy_bins": lambda: compute_occupancy_bins(occupancy, until, every=settings.every),
        "fundamental": lambda: fundamental_of(road, settings),
        "quality": lambda: quality_of(road, settings),
        "zone_overlaps": lambda: compute_overlaps(road.zones, unit=settings.unit),
        "occupancy": lambda: occupancy,
        "crossings": lambda: crossings,
        "counts": lambda: counts_of(road, settings),
        "balance": lambda: balance_of(road, settings),
        "heatmap": lambda: _heatmaps(road, settings),
    }
    tables = {folder: _in_order(made[folder](), FOLDERS[folder]) for folder in folders_of(settings, scene)}
    notes = [*notes_on(road.reading, tables["persons"], settings.max_gap), *notes_of(road)]
    return tables, notes


def folders_of(settings: Settings, scene: Scene | None) -> list[str]:
    """List the tables that are computed, by the names of their folders, in their order."""
    left_out = set()
    if not settings.stitch:
        left_out |= {"stitches"}
    if not settings.measures_stops:
        left_out |= {"stops"}
    if settings.floor is None:
        left_out |= {"encounters", "groups"}
    if scene is None:
        left_out |= {"visits", "zone_overlaps", "observed", "dwell", "transitions", "retail"}
    if scene is None or settings.floor is None:
        left_out |= {"fundamental"}
    if scene is None or not scene.lines:
        left_out |= {"crossings", "counts", "balance"}
    return [folder for folder in FOLDERS if folder not in left_out]


def videos_table(
    video: Video, start: pd.Timedelta | str | None = None, end: pd.Timedelta | str | None = None
) -> pd.DataFrame:
    """Make the VIDEOS table of one video, of which the part from ``start`` to ``end`` was analysed."""
    texts = ("name", "codec", "format", "color_range", "job_id", "job_tag", "source")
    arrays: dict[str, Any] = {name: [getattr(video, name)] for name in (*texts, "width", "height")}
    started = video.started_at
    if started is not None and started.tzinfo is not None:
        started = started.astimezone(UTC).replace(tzinfo=None)
    arrays["video"] = arrays.pop("name")
    rate = np.nan if video.frame_rate is None else video.frame_rate
    duration = _NOT_KNOWN if video.duration is None else milliseconds(video.duration, "duration")
    arrays |= {
        "frame_rate": np.array([rate]),
        "duration": np.array([duration]),
        "analysed_from": np.array([_NOT_KNOWN if start is None else milliseconds(start, "start")]),
        "analysed_to": np.array([_NOT_KNOWN if end is None else milliseconds(end, "end")]),
        "started_at": np.array([started], dtype="datetime64[us]"),
    }
    return assemble(VIDEOS, arrays)


def _heatmaps(road: Road, settings: Settings) -> pd.DataFrame:
    """Make the heatmaps of one video: of footpoints, and of boxes where the plane is the picture.

    A box covers a part of the picture and no part of a floor plan, and the heatmaps of one file have one
    unit.
    """
    if road.floor is not None:
        heatmap = heatmap_of(road, settings)
        if road.duration is None:  # the column is there all the same, so that all files have the same
            return heatmap.to_frame().assign(density_per_m2=np.nan)
        return heatmap.to_frame(road.duration)
    both = [heatmap_of(road, settings, of=of).to_frame() for of in ("boxes", "footpoints")]
    return pd.concat(both).sort_index()


def _in_order(table: pd.DataFrame, schema: Table) -> pd.DataFrame:
    """Put the schema's columns into its order, and any others behind them."""
    known = [name for name, _ in columns_of(table, schema)]
    return table[[*known, *(name for name in table.columns if name not in known)]]


def _without_faces(detections: pd.DataFrame) -> pd.DataFrame:
    names = [column.name for column in (*FACE_COLUMNS, *LANDMARK_COLUMNS)]
    return detections.drop(columns=[name for name in names if name in detections.columns])
