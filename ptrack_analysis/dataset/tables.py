"""The tables of one video."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.heatmaps import (
    SHAPE,
    Extent,
    Heatmap,
    compute_box_heatmap,
    compute_heatmap,
)
from ptrack_analysis.analysis.lines.counts import compute_balance, compute_counts
from ptrack_analysis.analysis.lines.crossings import compute_crossings
from ptrack_analysis.analysis.motion.movement import compute_movement
from ptrack_analysis.analysis.motion.stops import compute_stops
from ptrack_analysis.analysis.places.occupancy import compute_occupancy
from ptrack_analysis.analysis.places.overlaps import compute_overlaps
from ptrack_analysis.analysis.places.visits import compute_visits
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.dataset.layout import FOLDERS
from ptrack_analysis.dataset.road import DOOR, Road, take_road
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.inspection import notes_on
from ptrack_analysis.io.archive import VideoReference
from ptrack_analysis.schema import (
    BALANCE,
    FACE_COLUMNS,
    LANDMARK_COLUMNS,
    VIDEOS,
    Table,
    assemble,
    columns_of,
    empty,
)
from ptrack_analysis.video import Video, milliseconds
from ptrack_analysis.zones import Line, Scene, Zone, line_notes, zone_notes

_RUNNING = 5.0
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
    crossings = crossings_of(road, settings)
    made: dict[str, Callable[[], pd.DataFrame]] = {
        "videos": lambda: videos_table(video, settings.start, settings.end),
        "persons": lambda: compute_tracks(trajectories),
        "detections": lambda: detections if settings.faces else _without_faces(detections),
        "stitches": lambda: road.stitches,
        "trajectories": lambda: trajectories,
        "movement": lambda: compute_movement(trajectories, max_speed=settings.max_speed),
        "stops": lambda: stops_of(road, settings),
        "visits": lambda: visits_of(road, settings),
        "zone_overlaps": lambda: compute_overlaps(road.zones, unit=settings.unit),
        "occupancy": lambda: occupancy_of(road, settings, road.zones),
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
    if scene is None:
        left_out |= {"visits", "zone_overlaps"}
    if scene is None or not scene.lines:
        left_out |= {"crossings", "counts", "balance"}
    return [folder for folder in FOLDERS if folder not in left_out]


def visits_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Compute the visits of one video as the settings ask for them."""
    return compute_visits(
        road.trajectories,
        road.zones,
        road.video,
        merge_gap=settings.merge_gap,
        min_dwell=settings.min_dwell,
        enter_after=settings.enter_after,
        margin=settings.margin,
        period=road.period,
    )


def crossings_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Compute the crossings of one video as the settings ask for them."""
    return compute_crossings(road.trajectories, road.lines, min_distance=settings.min_distance)


def occupancy_of(road: Road, settings: Settings, zones: Sequence[Zone] = ()) -> pd.DataFrame:
    """Compute the occupancy of the part of one video that was asked for."""
    return compute_occupancy(road.trajectories, road.video, zones, start=settings.start, end=settings.end)


def counts_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Compute the counts over the lines of one video, from where its occupancy begins to where it ends."""
    moments = occupancy_of(road, settings).index.get_level_values("timestamp")
    return compute_counts(
        crossings_of(road, settings),
        road.lines,
        replace(road.video, duration=moments.max()),
        every=settings.every,
        start=moments.min(),
    )


def balance_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Compute the balance of one video: of the lines that bound the scene, beside all that are present."""
    names = [line.name for line in bounds_of(road)]
    if not names:
        return empty(BALANCE)
    return compute_balance(crossings_of(road, settings), occupancy_of(road, settings), lines=names)


def bounds_of(road: Road) -> list[Line]:
    """List the lines over which persons come into the scene and leave it: the doors, if there are any."""
    return [line for line in road.lines if line.kind == DOOR] or road.lines


def stops_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Compute the stops of one video as the settings ask for them."""
    return compute_stops(
        road.trajectories, max_extent=settings.stop_extent, min_duration=settings.stop_duration
    )


def notes_of(road: Road) -> list[str]:
    """Say what a reader of one video's tables or pictures should know of what was made of it."""
    whole, notes = road.reading.detections, list[str]()
    if road.reading.incomplete:
        notes.append(str(road.reading.incomplete))
    if road.detections.empty and len(whole):
        notes.append(_nothing_selected(whole))
    if len(road.stitches):
        notes.append(
            f"{len(road.stitches)} tracks were joined to an earlier one of the same person: the table "
            "stitches says which, and why"
        )
    notes += _notes_on_cleaning(road.trajectories)
    notes += [] if road.floor is None else [f"floor plan: {note}" for note in road.floor.notes]
    if road.floor is not None:
        notes += _notes_on_floor(road.trajectories, road.floor.extent)
    bounds = bounds_of(road)
    if len(bounds) > 1 and not any(line.kind == DOOR for line in bounds):
        notes.append(
            "the balance takes every line as one that bounds the scene: give those that do the kind 'door', "
            "if there are others"
        )
    notes += line_notes(road.lines, road.video, road.floor)
    notes += zone_notes(road.zones, road.video, road.floor)
    return notes


def _notes_on_cleaning(trajectories: pd.DataFrame) -> Iterator[str]:
    said = {"interpolated": "rows were put into gaps", "jump": "positions are jumps, too far to walk to"}
    for flag, text in said.items():
        flagged = int(trajectories[flag].sum()) if flag in trajectories.columns else 0
        if flagged:
            yield f"{flagged} of {len(trajectories)} {text} (column {flag})"


def _notes_on_floor(trajectories: pd.DataFrame, extent: Extent) -> Iterator[str]:
    x, y, speed = (trajectories[name].to_numpy() for name in ("x_m", "y_m", "speed_m_per_s"))
    x0, y0, x1, y1 = extent
    known = np.isfinite(x)
    if known.any() and not ((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).any():
        yield f"floor plan: nobody ever stood within its extent {list(extent)}, so its heatmap is empty"
    fast = np.nanquantile(speed, 0.75) if np.isfinite(speed).any() else 0.0
    if fast > _RUNNING:
        yield (
            f"floor plan: a quarter of the speeds are above {fast:.1f} m/s, faster than people run: are its "
            "floor points in metres?"
        )


def _nothing_selected(detections: pd.DataFrame) -> str:
    persons = detections.index.get_level_values("person_index")
    last = detections.index.get_level_values("timestamp").max().total_seconds()
    return (
        "nothing is left of the video by the persons and times chosen: it has the persons "
        f"{persons.min()} to {persons.max()}, the last seen at {last:.3f} s"
    )


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


def heatmap_of(road: Road, settings: Settings, *, of: str = "boxes") -> Heatmap:
    """Compute a heatmap of one video as the settings ask for it; on a floor plan it is of footpoints."""
    video = road.video
    if road.floor is not None:
        return compute_heatmap(
            road.trajectories, video, shape=settings.shape, cell=settings.cell, extent=road.floor.extent
        )
    shape = settings.shape or SHAPE
    if of == "footpoints":
        return compute_heatmap(road.trajectories, video, shape=shape)
    return compute_box_heatmap(road.detections, road.trajectories, video, shape=shape)


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
