"""What happened in one video in each hour of the clock."""

from dataclasses import replace

import pandas as pd

from ptrack_analysis.clock.hourly import compute_occupancy_hourly, compute_visits_hourly
from ptrack_analysis.clock.recording import Recording
from ptrack_analysis.dataset.road import Road
from ptrack_analysis.schema import OCCUPANCY_HOURLY, VISITS_HOURLY, empty
from ptrack_analysis.video import Video


def occupancy_hourly_of(occupancy: pd.DataFrame, road: Road, recording: Recording) -> pd.DataFrame:
    """Sum the occupancy of one video over the hours of its place's clock; nothing if that is not known."""
    if recording.started_at is None:
        return empty(OCCUPANCY_HOURLY)
    return compute_occupancy_hourly(occupancy, _until(occupancy, road), recording)


def visits_hourly_of(
    visits: pd.DataFrame, occupancy: pd.DataFrame, road: Road, recording: Recording
) -> pd.DataFrame:
    """Sum the visits of one video over the same hours as its occupancy; nothing if the clock is not known."""
    if recording.started_at is None:
        return empty(VISITS_HOURLY)
    start = occupancy.index.get_level_values("timestamp").min()
    return compute_visits_hourly(visits, _until(occupancy, road), recording, road.zones, start=start)


def _until(occupancy: pd.DataFrame, road: Road) -> Video:
    """Give the video as long as its occupancy: until the end of the part that is measured."""
    return replace(road.video, duration=occupancy.index.get_level_values("timestamp").max())
