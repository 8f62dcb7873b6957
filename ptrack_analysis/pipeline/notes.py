"""What a reader of one video's tables or plots should know, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.scene.zone_checks import line_notes, zone_notes

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis

ENTRANCE = "door"
"""Kind of zones and lines through which people come and go."""
_RUNNING = 5.0
"""If more than a quarter of the speeds are above this, the floor points are probably not in meters [m/s]."""
_FEW = 0.25
_FLAGS = {"interpolated": "rows were put into gaps", "jump": "positions are jumps, too far to walk to"}


def notes_on_analysis(analysis: VideoAnalysis) -> list[str]:
    """Return what a reader of the video's tables or plots should know of how they were made."""
    rows, reading = analysis.trajectories, analysis.reading
    notes = reading.cut_short
    if rows.empty and len(reading.facts().index):
        notes.append(_nothing_selected(reading.facts().index))
    if len(analysis.stitches):
        notes.append(
            f"{len(analysis.stitches)} tracks were joined to an earlier one of the same person: the table "
            "stitches says which, and why"
        )
    for flag, text in _FLAGS.items():
        if flag in rows.columns and rows[flag].any():
            notes.append(f"{int(rows[flag].sum())} of {len(rows)} {text} (column {flag})")
    if analysis.floor_plan is not None:
        notes += [f"floor plan: {note}" for note in analysis.floor_plan.notes]
        notes += _notes_on_floor(rows, analysis.floor_plan.extent)
    bounds = analysis.boundary_lines
    if len(bounds) > 1 and not any(line.kind == ENTRANCE for line in bounds):
        notes.append(
            "the balance takes every line as one that bounds the scene: give those that do the kind 'door', "
            "if there are others"
        )
    notes += line_notes(analysis.lines, analysis.video, analysis.floor_plan)
    notes += zone_notes(analysis.zones, analysis.video, analysis.floor_plan)
    return notes


def _notes_on_floor(trajectories: pd.DataFrame, bounds: Bounds) -> Iterator[str]:
    x, y = trajectories["x_m"].to_numpy(), trajectories["y_m"].to_numpy()
    x0, y0, x1, y1 = bounds
    if np.isfinite(x).any() and not ((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).any():
        yield f"floor plan: nobody ever stood within its extent {list(bounds)}, so its heatmap is empty"
    speed = trajectories["speed_m_per_s"].to_numpy()
    known, fast = int(np.isfinite(speed).sum()), int((speed > _RUNNING).sum())
    if fast > known * _FEW:
        yield (
            f"floor plan: {fast / known:.0%} of the speeds are above {_RUNNING:g} m/s, faster "
            "than people run: are its floor points in metres?"
        )


def _nothing_selected(whole: pd.Index) -> str:
    persons, times = (whole.get_level_values(name) for name in ("person_index", "timestamp"))
    return (
        "nothing is left of the video by the persons and times chosen: it has the persons "
        f"{int(persons.min())} to {int(persons.max())}, the last seen at {times.max().total_seconds():.3f} s"
    )
