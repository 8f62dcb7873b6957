"""The tables of one video."""

from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heatmaps import compute_box_heatmap, compute_heatmap
from ptrack_analysis.analysis.occupancy import compute_occupancy
from ptrack_analysis.analysis.presence import sampling_period
from ptrack_analysis.analysis.selection import select
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.visits import compute_visits
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.floor import Floor, read_floor
from ptrack_analysis.inspection import notes_on
from ptrack_analysis.io.archive import VideoReference
from ptrack_analysis.io.tracking import load
from ptrack_analysis.schema import FACE_COLUMNS, LANDMARK_COLUMNS, VIDEOS, ZONES, assemble
from ptrack_analysis.video import Video, milliseconds
from ptrack_analysis.zones import Scene, outside, project_scene

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
    reading = load(reference, video=settings.video, faces=settings.faces, careful=False)
    reading.refuse(allow_incomplete=settings.allow_incomplete)
    whole, video = reading.detections, reading.video
    floor = None if settings.floor is None else read_floor(settings.floor, video)
    period = settings.period
    if period is None:
        period = sampling_period(whole, video, max_gap=settings.max_gap)
    detections = select(whole, start=settings.start, end=settings.end, persons=settings.persons)
    trajectories = compute_trajectories(
        detections, video, plane=floor, max_gap=settings.max_gap, period=period
    )
    zones = (
        []
        if scene is None
        else project_scene(scene, video, floor or video.pixels, place=str(settings.zones))[0]
    )
    visits = compute_visits(trajectories, zones, video, merge_gap=settings.merge_gap, period=period)
    tables = {
        "videos": videos_table(video),
        "persons": compute_tracks(trajectories),
        "detections": detections if settings.faces else _without_faces(detections),
        "trajectories": trajectories,
        "visits": visits,
        "occupancy": compute_occupancy(trajectories, video, zones),
        "heatmap": _heatmap(detections, trajectories, video, settings.shape, floor),
    }
    notes = notes_on(reading, tables["persons"], settings.max_gap)
    if reading.incomplete:
        notes.append(str(reading.incomplete))
    if detections.empty and len(whole):
        notes.append(_nothing_selected(whole))
    notes += [
        f"zone {zone.name!r} lies outside the picture: check the unit of its file"
        for zone in outside(zones, video, floor)
    ]
    return {folder: tables[folder] for folder in settings.folders}, notes


def _nothing_selected(detections: pd.DataFrame) -> str:
    persons = detections.index.get_level_values("person_index")
    last = detections.index.get_level_values("timestamp").max().total_seconds()
    return (
        "nothing is left of the video by the persons and times chosen: it has the persons "
        f"{persons.min()} to {persons.max()}, the last seen at {last:.3f} s"
    )


def videos_table(video: Video) -> pd.DataFrame:
    """Make the VIDEOS table of one video."""
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
        "started_at": np.array([started], dtype="datetime64[us]"),
    }
    return assemble(VIDEOS, arrays)


def zones_table(scene: Scene) -> pd.DataFrame:
    """Make the ZONES table of a zone file, with the outlines in the file's own unit."""
    zones = scene.zones
    arrays = {
        "zone": [zone.name for zone in zones],
        "kind": [zone.kind for zone in zones],
        "unit": [zone.unit for zone in zones],
        "outline": [zone.outline.wkt for zone in zones],
    }
    return assemble(ZONES, arrays)


def _heatmap(
    detections: pd.DataFrame,
    trajectories: pd.DataFrame,
    video: Video,
    shape: tuple[int, int],
    floor: Floor | None,
) -> pd.DataFrame:
    """Make the heatmaps of one video: of footpoints, and of boxes where the plane is the picture.

    A box covers a part of the picture and no part of a floor plan, and the heatmaps of one file have one
    unit.
    """
    if floor is not None:
        return compute_heatmap(trajectories, video, shape=shape, extent=floor.extent).to_frame()
    boxes = compute_box_heatmap(detections, trajectories, video, shape=shape)
    footpoints = compute_heatmap(trajectories, video, shape=shape)
    return pd.concat([boxes.to_frame(), footpoints.to_frame()]).sort_index()


def _without_faces(detections: pd.DataFrame) -> pd.DataFrame:
    names = [column.name for column in (*FACE_COLUMNS, *LANDMARK_COLUMNS)]
    return detections.drop(columns=[name for name in names if name in detections.columns])
