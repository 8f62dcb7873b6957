"""The tables of one video as the settings ask for them, each computed when it is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ptrack_analysis.analysis.crowd.bins import compute_occupancy_bins
from ptrack_analysis.analysis.crowd.density import compute_density
from ptrack_analysis.analysis.crowd.encounters import compute_encounters
from ptrack_analysis.analysis.crowd.flow import compute_flow
from ptrack_analysis.analysis.crowd.fundamental import compute_fundamental
from ptrack_analysis.analysis.heat.heatmaps import SHAPE, Heatmap, compute_box_heatmap, compute_heatmap
from ptrack_analysis.analysis.lines.counts import compute_balance, compute_counts
from ptrack_analysis.analysis.lines.crossings import compute_crossings
from ptrack_analysis.analysis.motion.stops import compute_stops
from ptrack_analysis.analysis.places.occupancy import compute_occupancy
from ptrack_analysis.analysis.places.visits import compute_visits
from ptrack_analysis.analysis.stays.observed import compute_observed
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trust.quality import compute_quality
from ptrack_analysis.dataset.road import DOOR, Road
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.schema import BALANCE, empty
from ptrack_analysis.zones import Line, Zone


def tracks_of(road: Road) -> pd.DataFrame:
    """Compute the tracks of the persons of one video."""
    return _made(road, "persons") if "persons" in road.made else compute_tracks(road.trajectories)


def observed_of(visits: pd.DataFrame, road: Road, settings: Settings) -> pd.DataFrame:
    """Tell how much of each stay in one video was seen."""
    if "observed" in road.made:
        return _made(road, "observed")
    return compute_observed(
        visits, road.trajectories, road.zones, margin=settings.margin, enter_after=settings.enter_after
    )


def visits_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Compute the visits of one video as the settings ask for them."""
    if "visits" in road.made:
        return _made(road, "visits")
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
    if "crossings" in road.made:
        return _made(road, "crossings")
    return compute_crossings(road.trajectories, road.lines, min_distance=settings.min_distance)


def occupancy_of(road: Road, settings: Settings, zones: Sequence[Zone] = ()) -> pd.DataFrame:
    """Compute the occupancy of the part of one video that was asked for."""
    if "occupancy" in road.made:
        occupancy = _made(road, "occupancy")
        return occupancy if zones else occupancy[occupancy.index.get_level_values("zone") == ""]
    return compute_occupancy(road.trajectories, road.video, zones, start=settings.start, end=settings.end)


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What several tables of one video are made of: its crossings, and the occupancy of the whole scene."""

    crossings: pd.DataFrame
    present: pd.DataFrame


def shared_of(road: Road, settings: Settings, occupancy: pd.DataFrame | None = None) -> Shared:
    """Compute what several tables of one video are made of; its occupancy, if that is known already."""
    if occupancy is None:
        present = occupancy_of(road, settings)
    else:
        present = occupancy[occupancy.index.get_level_values("zone") == ""]
    return Shared(crossings_of(road, settings), present)


def _made(road: Road, name: str) -> pd.DataFrame:
    """Give a table that was made block after block."""
    table: pd.DataFrame = road.made[name]
    return table


def counts_of(road: Road, settings: Settings, shared: Shared | None = None) -> pd.DataFrame:
    """Compute the counts over the lines of one video, from where its occupancy begins to where it ends."""
    shared = shared or shared_of(road, settings)
    moments = shared.present.index.get_level_values("timestamp")
    return compute_counts(
        shared.crossings,
        road.lines,
        replace(road.video, duration=moments.max()),
        every=settings.every,
        start=moments.min(),
    )


def balance_of(road: Road, settings: Settings, shared: Shared | None = None) -> pd.DataFrame:
    """Compute the balance of one video: of the lines that bound the scene, beside all that are present."""
    names = [line.name for line in bounds_of(road)]
    if not names:
        return empty(BALANCE)
    shared = shared or shared_of(road, settings)
    return compute_balance(shared.crossings, shared.present, lines=names)


def bounds_of(road: Road) -> list[Line]:
    """List the lines over which persons come into the scene and leave it: the doors, if there are any."""
    return [line for line in road.lines if line.kind == DOOR] or road.lines


def stops_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Compute the stops of one video as the settings ask for them."""
    if "stops" in road.made:
        return _made(road, "stops")
    return compute_stops(
        road.trajectories, max_extent=settings.stop_extent, min_duration=settings.stop_duration
    )


def heatmap_of(road: Road, settings: Settings, *, of: str = "boxes") -> Heatmap:
    """Compute a heatmap of one video as the settings ask for it; on a floor plan it is of footpoints."""
    if road.made:
        heatmap: Heatmap = road.made[of if road.floor is None else "footpoints"]
        return heatmap
    video = road.video
    if road.floor is not None:
        return compute_heatmap(
            road.trajectories, video, shape=settings.shape, cell=settings.cell, extent=road.floor.extent
        )
    shape = settings.shape or SHAPE
    if of == "footpoints":
        return compute_heatmap(road.trajectories, video, shape=shape)
    return compute_box_heatmap(road.detections, road.trajectories, video, shape=shape)


def quality_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Check the tracking of one video, with its doors and stitches where they are known."""
    if "quality" in road.made:
        return _made(road, "quality")
    return compute_quality(
        road.detections,
        road.trajectories,
        road.video,
        doors=[zone for zone in road.zones if zone.kind == DOOR] or None,
        stitches=road.stitches if settings.stitch else None,
        max_gap=settings.max_gap,
        period=road.period,
        start=settings.start,
        end=settings.end,
    )


def encounters_of(road: Road) -> pd.DataFrame:
    """Find the encounters in one video on a floor plan, on the clock of its sampling."""
    tick = road.period if road.period > pd.Timedelta(0) else None
    return compute_encounters(road.trajectories, period=tick)


def bins_of(road: Road, settings: Settings, occupancy: pd.DataFrame) -> pd.DataFrame:
    """Count the persons present in each interval of the occupancy's time."""
    until = occupancy.index.get_level_values("timestamp").max()
    return compute_occupancy_bins(occupancy, replace(road.video, duration=until), every=settings.every)


def density_of(road: Road, settings: Settings, occupancy: pd.DataFrame) -> pd.DataFrame:
    """Measure how dense persons stood in the zones of one video on a floor plan."""
    return compute_density(bins_of(road, settings, occupancy), road.zones)


def flow_of(road: Road, settings: Settings, shared: Shared | None = None) -> pd.DataFrame:
    """Measure the flow over the lines of one video, in the intervals of its counts."""
    shared = shared or shared_of(road, settings)
    moments = shared.present.index.get_level_values("timestamp")
    return compute_flow(
        shared.crossings,
        road.lines,
        replace(road.video, duration=moments.max()),
        every=settings.every,
        start=moments.min(),
    )


def fundamental_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Measure density, speed and flow in the zones of one video, in the intervals of its occupancy."""
    moments = occupancy_of(road, settings).index.get_level_values("timestamp")
    return compute_fundamental(
        road.trajectories,
        road.zones,
        replace(road.video, duration=moments.max()),
        every=settings.every,
        start=moments.min(),
    )
