"""Absences within visits, which a page needs to cut visits to a range."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.analysis.zones.membership import extend_by_margin, time_inside
from ptrack_analysis.geometry import Integers
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.video import Duration, milliseconds

_DAYS = 2**33
"""More milliseconds than a page can show."""


@dataclass(frozen=True, slots=True, eq=False)
class Absences:
    """Absences by visit and time [ms]; ``visit`` is the row of VISITS.

    ``unknown`` is the number of visits whose absences do not add up to ``bridged``, because they were
    computed with other options. Their absences are not listed.
    """

    visit: Integers
    start: Integers
    end: Integers
    unknown: int


def find_absences(
    trajectories: pd.DataFrame,
    zones: Sequence[Zone],
    visits: pd.DataFrame,
    *,
    margin: float = 0.0,
    enter_after: Duration = "0s",
) -> Absences:
    """Find when people were outside the zone during their visits.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video.
    zones
        The zones of the visits.
    visits
        VISITS of the trajectories.
    margin, enter_after
        The options of ``compute_visits`` that the visits were computed with.
    """
    least = milliseconds(enter_after, "enter_after")
    bridged = _milliseconds(visits["bridged"])
    joined = np.flatnonzero(bridged > 0)
    none = np.empty(0, dtype="int64")
    found = [(none, none, none)]
    if len(joined):
        walks = read_walks(trajectories)
        names = visits.index.get_level_values("zone").to_numpy()[joined]
        for zone in zones:
            of_zone = joined[names == zone.name]
            if len(of_zone):
                gaps = _find_gaps(walks, zone, margin, least)
                found.append(_assign(gaps, visits, of_zone))
    visit, start, end = (np.concatenate(parts) for parts in zip(*found, strict=True))
    total = np.bincount(visit, weights=end - start, minlength=len(visits)).astype("int64")
    known = total == bridged
    kept = known[visit]
    order = np.lexsort((start[kept], visit[kept]))
    return Absences(visit[kept][order], start[kept][order], end[kept][order], int((~known).sum()))


def find_absences_in_analysis(analysis: VideoAnalysis, visits: pd.DataFrame) -> Absences:
    """Find the absences during visits of a video that were computed with its configuration."""
    config = analysis.config
    return find_absences(
        analysis.trajectories,
        analysis.zones,
        visits,
        margin=config.margin,
        enter_after=config.enter_after,
    )


def _find_gaps(
    walks: Walks, zone: Zone, margin: float, enter_after: int
) -> tuple[Integers, Integers, Integers]:
    """Find the gaps between consecutive times of a person in a zone: person, start and end."""
    begins = walks.links.begins
    positions = extend_by_margin(zone, walks.find_inside(zone), walks.position, begins, margin)
    inside = time_inside(zone, positions, walks.rows.time, walks.time_present)
    rows = inside.rows
    opens = np.ones(len(rows), dtype=bool)
    opens[1:] = (rows[1:] != rows[:-1] + 1) | begins[rows[1:]]
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(rows))[: len(first)] - 1
    entered, exited = inside.since[first], inside.until[last]
    lasting = exited - entered >= enter_after
    person, entered, exited = walks.person_index[rows[first]][lasting], entered[lasting], exited[lasting]
    gap = (person[1:] == person[:-1]) & (entered[1:] > exited[:-1])
    return person[1:][gap], exited[:-1][gap], entered[1:][gap]


def _assign(
    gaps: tuple[Integers, Integers, Integers], visits: pd.DataFrame, rows: Integers
) -> tuple[Integers, Integers, Integers]:
    """Assign gaps to the visits that contain them: row of the visit, start and end."""
    person, start, end = gaps
    numbers = visits.index.get_level_values("person_index").to_numpy()[rows]
    entered, exited = (_milliseconds(visits[name])[rows] for name in ("entered", "exited"))
    known, rank = np.unique(numbers, return_inverse=True)
    key = rank * _DAYS + entered
    order = np.argsort(key)
    gap_rank = np.minimum(np.searchsorted(known, person), len(known) - 1)
    at = np.searchsorted(key[order], gap_rank * _DAYS + start, side="right") - 1
    visit = order[np.maximum(at, 0)]
    inside = (at >= 0) & (numbers[visit] == person) & (end <= exited[visit])
    return rows[visit[inside]], start[inside], end[inside]


def _milliseconds(column: pd.Series) -> Integers:
    values: Integers = column.to_numpy().astype("timedelta64[ms]").astype("int64")
    return values
