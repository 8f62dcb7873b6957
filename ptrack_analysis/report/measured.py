"""All that a report tells of one video, computed once."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.crowd.bins import compute_occupancy_bins
from ptrack_analysis.analysis.flows.transitions import compute_transitions
from ptrack_analysis.analysis.stays.dwell import compute_dwell
from ptrack_analysis.analysis.trust.intervals import compute_intervals
from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.clock.timezones import timezone_of
from ptrack_analysis.dataset.measured import occupancy_of, quality_of, tracks_of, visits_of
from ptrack_analysis.dataset.road import Road
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.summary import figures_of
from ptrack_analysis.web.backdrop import Backdrop


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One video measured: its road, what was asked for, and its tables.

    ``clock`` is the start of the video by its place's clock, None where that is not known; ``visits``,
    ``dwell``, ``stays`` (intervals of the mean stay) and ``transitions`` are None without zones.
    """

    road: Road
    settings: Settings
    recording: Recording
    backdrop: Any
    embedded: Backdrop | None
    figures: dict[str, Any]
    tracks: pd.DataFrame
    occupancy: pd.DataFrame
    quality: pd.DataFrame
    scene_stay: pd.DataFrame
    visits: pd.DataFrame | None
    dwell: pd.DataFrame | None
    stays: pd.DataFrame | None
    transitions: pd.DataFrame | None
    clock: datetime | None

    @property
    def busiest_zones(self) -> list[str]:
        """The names of the zones, those with the most time inside first."""
        zones = self.figures["zones"] or []
        ordered = sorted(zones, key=lambda zone: -(zone["total_dwell_s"] or 0.0))
        return [zone["zone"] for zone in ordered]

    @property
    def bins(self) -> pd.DataFrame:
        """The occupancy of each interval of ``every``."""
        until = self.occupancy.index.get_level_values("timestamp").max()
        video = replace(self.road.video, duration=until)
        return compute_occupancy_bins(self.occupancy, video, every=self.settings.every)


def measure(
    road: Road, settings: Settings, recording: Recording, backdrop: Any, embedded: Backdrop | None
) -> Measured:
    """Compute all that a report tells of one video."""
    visits = visits_of(road, settings) if road.zones else None
    tracks = tracks_of(road)
    return Measured(
        road=road,
        settings=settings,
        recording=recording,
        backdrop=backdrop,
        embedded=embedded,
        figures=figures_of(road, settings),
        tracks=tracks,
        occupancy=occupancy_of(road, settings, road.zones),
        quality=quality_of(road, settings),
        scene_stay=compute_intervals(tracks, "dwell", statistic="mean"),
        visits=visits,
        dwell=None if visits is None else compute_dwell(visits),
        stays=None if visits is None else compute_intervals(visits, "dwell", statistic="mean"),
        transitions=None if visits is None else compute_transitions(visits),
        clock=clock_of(recording),
    )


def clock_of(recording: Recording) -> datetime | None:
    """Give the start of a recording by its place's clock, where both are known."""
    if recording.started_at is None or recording.timezone is None:
        return None
    return recording.started_at.astimezone(timezone_of(recording.timezone))
