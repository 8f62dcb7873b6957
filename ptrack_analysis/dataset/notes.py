"""What a reader of one video's tables or pictures should know, a sentence each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.heatmaps import Extent
from ptrack_analysis.dataset.measured import bounds_of
from ptrack_analysis.dataset.road import DOOR, Road
from ptrack_analysis.zones import line_notes, zone_notes

_RUNNING = 5.0
"""Speed that a quarter of all speeds lies above only if the floor's points are no metres [m/s]."""
_FEW = 0.25
"""The quarter: up to this share of the speeds nothing is said."""


_FLAGS = {"interpolated": "rows were put into gaps", "jump": "positions are jumps, too far to walk to"}


@dataclass(frozen=True, slots=True)
class Told:
    """What notes need of all rows: of the whole video who was there, of the part measured how many rows.

    ``persons`` are the smallest and the largest person_index, ``last`` is the last moment, of the whole;
    ``flagged`` counts the rows with each flag; ``within`` tells whether a position lies within the floor
    plan's extent, None where there is none; ``fast`` of the ``speeds`` that are known are faster than people
    run.
    """

    persons: tuple[int, int] | None
    last: pd.Timedelta | None
    rows: int
    flagged: Mapping[str, int]
    within: bool | None = None
    speeds: int = 0
    fast: int = 0


def notes_of(road: Road, told: Told | None = None) -> list[str]:
    """Say what a reader of one video's tables or pictures should know of what was made of it.

    ``told`` is what there is to know of all rows where the road does not hold them.
    """
    told = told or _told_by(road)
    notes = road.reading.cut_short
    if not told.rows and told.persons is not None:
        notes.append(_nothing_selected(told))
    if len(road.stitches):
        notes.append(
            f"{len(road.stitches)} tracks were joined to an earlier one of the same person: the table "
            "stitches says which, and why"
        )
    for flag, text in _FLAGS.items():
        if told.flagged.get(flag):
            notes.append(f"{told.flagged[flag]} of {told.rows} {text} (column {flag})")
    notes += [] if road.floor is None else [f"floor plan: {note}" for note in road.floor.notes]
    if road.floor is not None:
        notes += _notes_on_floor(told, road.floor.extent)
    bounds = bounds_of(road)
    if len(bounds) > 1 and not any(line.kind == DOOR for line in bounds):
        notes.append(
            "the balance takes every line as one that bounds the scene: give those that do the kind 'door', "
            "if there are others"
        )
    notes += line_notes(road.lines, road.video, road.floor)
    notes += zone_notes(road.zones, road.video, road.floor)
    return notes


def flags_in(trajectories: pd.DataFrame) -> dict[str, int]:
    """Count the rows with each flag that notes tell of."""
    return {flag: int(trajectories[flag].sum()) for flag in _FLAGS if flag in trajectories.columns}


def fast_of(trajectories: pd.DataFrame) -> tuple[int, int]:
    """Count the speeds that are known, and those of them that are faster than people run."""
    speed = trajectories["speed_m_per_s"].to_numpy()
    return int(np.isfinite(speed).sum()), int((speed > _RUNNING).sum())


def is_within(trajectories: pd.DataFrame, extent: Extent) -> bool | None:
    """Tell whether a position lies within the floor plan's extent; None: there is no position."""
    x, y = trajectories["x_m"].to_numpy(), trajectories["y_m"].to_numpy()
    x0, y0, x1, y1 = extent
    if not np.isfinite(x).any():
        return None
    return bool(((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).any())


def _told_by(road: Road) -> Told:
    whole, walked = road.reading.detections.index, road.trajectories
    persons, moments = (whole.get_level_values(name) for name in ("person_index", "timestamp"))
    within, speeds, fast = None, 0, 0
    if road.floor is not None:
        within = is_within(walked, road.floor.extent)
        speeds, fast = fast_of(walked)
    return Told(
        persons=(int(persons.min()), int(persons.max())) if len(whole) else None,
        last=moments.max() if len(whole) else None,
        rows=len(walked),
        flagged=flags_in(walked),
        within=within,
        speeds=speeds,
        fast=fast,
    )


def _notes_on_floor(told: Told, extent: Extent) -> Iterator[str]:
    if told.within is False:
        yield f"floor plan: nobody ever stood within its extent {list(extent)}, so its heatmap is empty"
    if told.fast > told.speeds * _FEW:
        yield (
            f"floor plan: {told.fast / told.speeds:.0%} of the speeds are above {_RUNNING:g} m/s, faster "
            "than people run: are its floor points in metres?"
        )


def _nothing_selected(told: Told) -> str:
    least, most = told.persons or (0, 0)
    last = 0.0 if told.last is None else told.last.total_seconds()
    return (
        "nothing is left of the video by the persons and times chosen: it has the persons "
        f"{least} to {most}, the last seen at {last:.3f} s"
    )
