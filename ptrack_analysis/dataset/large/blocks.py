"""The rows of a video measured block after block, each block being whole persons."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.heat.heatmaps import SHAPE, boxes_held
from ptrack_analysis.analysis.motion.movement import compute_movement
from ptrack_analysis.analysis.presence import end_of, part_end, rows_by_person
from ptrack_analysis.analysis.trajectories import compute_trajectories
from ptrack_analysis.analysis.trust.measures import box_counts, ends_inside, presence_counts
from ptrack_analysis.analysis.trust.quality import quality_of_counts
from ptrack_analysis.dataset.large.sums import Counts, Covers, Stands
from ptrack_analysis.dataset.large.survey import Moments
from ptrack_analysis.dataset.measured import (
    crossings_of,
    heatmap_of,
    observed_of,
    occupancy_of,
    stops_of,
    tracks_of,
    visits_of,
)
from ptrack_analysis.dataset.notes import fast_of, flags_in, is_within
from ptrack_analysis.dataset.road import DOOR, Road, improved
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.dataset.stays import facing_of
from ptrack_analysis.schema import QUALITY, empty
from ptrack_analysis.video import milliseconds, timedelta
from ptrack_analysis.zones import Scene


@dataclass(slots=True)
class Gathered:
    """What was gathered of the blocks so far: small tables, one a block, and sums.

    ``road`` is the video's, without rows; ``end`` is its believed end, None where that is unknown, ``close``
    where its last stays end [ms].
    """

    road: Road
    settings: Settings
    end: int | None
    close: int
    covers: Covers
    tables: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    stands: Stands = field(default_factory=Stands)
    figures: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    ends: tuple[int, int] = (0, 0)
    rows: int = 0
    until: int = 0
    within: bool | None = None
    speeds: int = 0
    fast: int = 0

    @property
    def doors(self) -> list[Any]:
        """The zones through which persons come and go."""
        return [zone for zone in self.road.zones if zone.kind == DOOR]

    def add(self, detections: pd.DataFrame, *, with_stops: bool, scene: Scene | None) -> Road:
        """Measure a block of the part asked for, and add it; give its road, with its rows."""
        road = walked(detections, self)
        made = {"persons": tracks_of(road)}
        if with_stops:
            made["stops"] = stops_of(road, self.settings)
        if scene is not None:
            ending = replace(self.road.video, duration=timedelta(self.close))
            around = replace(road, video=ending)
            made["visits"] = visits_of(around, self.settings)
            made["observed"] = observed_of(made["visits"], road, self.settings)
            made["crossings"] = crossings_of(road, self.settings)
            if self.settings.faces:
                made["facing"] = facing_of(road, self.settings, scene)
        for name, table in made.items():
            self.tables.setdefault(name, []).append(table)
        self.counts.add(occupancy_of(road, self.settings, road.zones))
        if road.floor is None:
            self.covers.add(*boxes_held(detections, road.trajectories))
        self.stands.add(heatmap_of(road, self.settings, of="footpoints"))
        self._count(road)
        return road

    def made(self, part: Moments) -> dict[str, Any]:
        """Give the tables and heatmaps of all blocks; there was at least one, if only one of no rows."""
        made: dict[str, Any] = {
            name: pd.concat([table for table in tables if len(table)] or tables[:1]).sort_index(kind="stable")
            for name, tables in self.tables.items()
        }
        made["occupancy"] = self._occupancy()
        made["quality"] = self._quality(part)
        made["footpoints"] = self.stands.total
        if self.road.floor is None:
            pixels = self.road.video.pixels
            made["boxes"] = self.covers.heatmap((0.0, 0.0, float(pixels.width), float(pixels.height)), "px")
        return made

    def _count(self, road: Road) -> None:
        """Add what is counted of a block."""
        trajectories = road.trajectories
        self.flagged.update(flags_in(trajectories))
        if trajectories.empty:
            return
        self.rows += len(trajectories)
        if road.floor is not None:
            stands = is_within(trajectories, road.floor.extent)
            self.within = stands if self.within is None else bool(self.within or stands)
            speeds, fast = fast_of(trajectories)
            self.speeds, self.fast = self.speeds + speeds, self.fast + fast
        rows = rows_by_person(trajectories)
        held = trajectories["held"].to_numpy()[rows.order].view("int64")
        self.until = max(self.until, int((rows.time + held).max()))
        period = milliseconds(road.period, "period")
        longest = milliseconds(self.settings.max_gap, "max_gap")
        self.figures.update(presence_counts(trajectories, rows, period))
        self.figures.update(box_counts(road.detections, road.video, longest))
        if self.doors:
            found = ends_inside(
                road.detections, trajectories, rows, self.doors, period=period, between=self._between()
            )
            self.ends = self.ends[0] + found[0], self.ends[1] + found[1]

    def _between(self) -> tuple[int, int]:
        """Give the begin and the end of the part of the video that is looked at [ms]."""
        start, end = self.settings.start, self.settings.end
        close = part_end(self.end, end, self.close)
        return 0 if start is None else milliseconds(start, "start"), close

    def _occupancy(self) -> pd.DataFrame:
        start, end = self.settings.start, self.settings.end
        begin = 0 if start is None else milliseconds(start, "start")
        close = part_end(self.end, end, self.until)
        close = close if end is None else max(close, self.until, begin)
        return self.counts.occupancy(["", *(zone.name for zone in self.road.zones)], begin, close)

    def _quality(self, part: Moments) -> pd.DataFrame:
        if not self.rows:
            return empty(QUALITY)
        return quality_of_counts(
            self.figures,
            part.counted(),
            self.ends if self.doors else None,
            None,
            video=self.road.video,
            period=milliseconds(self.road.period, "period"),
            max_gap=milliseconds(self.settings.max_gap, "max_gap"),
        )


def gathered_for(road: Road, settings: Settings, last: int | None) -> Gathered:
    """Begin to gather; ``last`` is the last moment of the part that was asked for [ms]."""
    end = end_of(road.video, last or 0)
    close = end
    if close is None:
        close = 0 if last is None else last + milliseconds(road.period, "period")
    return Gathered(road, settings, end, close, Covers(settings.shape or SHAPE))


def walked(detections: pd.DataFrame, gathered: Gathered) -> Road:
    """Take a block down the road: locate its persons, as if all others were there too."""
    road, settings = gathered.road, gathered.settings
    trajectories = compute_trajectories(
        detections, road.video, plane=road.floor, max_gap=settings.max_gap, period=road.period
    )
    return replace(road, detections=detections, trajectories=improved(trajectories, settings))


def movement_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Tell how each person of a block moved."""
    return compute_movement(road.trajectories, max_speed=settings.max_speed)
