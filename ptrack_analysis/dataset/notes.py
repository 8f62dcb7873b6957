"""What a reader of one video's tables or pictures should know, a sentence each."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.heatmaps import Extent
from ptrack_analysis.dataset.measured import bounds_of
from ptrack_analysis.dataset.road import DOOR, Road
from ptrack_analysis.zones import line_notes, zone_notes

_RUNNING = 5.0
"""Speed that a quarter of all speeds lies above only if the floor's points are no metres [m/s]."""


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
