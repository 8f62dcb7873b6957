"""The functions that compute the outputs of a video: one per table, from a VideoAnalysis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.crowd.density import MINUTE
from ptrack_analysis.analysis.heat.grid import SHAPE
from ptrack_analysis.analysis.heat.heatmap import Quantity
from ptrack_analysis.clock.lookup import settled
from ptrack_analysis.clock.recordings import Recording, of_recording, with_further
from ptrack_analysis.scene.zone_files import project_scene
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import (
    BALANCE,
    BOX_HEATMAP,
    CROSSINGS,
    DIRECTIONS,
    FACE_COLUMNS,
    FACES,
    FACING,
    LANDMARK_COLUMNS,
    OCCUPANCY,
    OCCUPANCY_HOURLY,
    TARGETS,
    VIDEOS,
    VISITS_HOURLY,
    ZONE_OCCUPANCY,
    empty_table,
)
from ptrack_analysis.schema.arrays import Rows, TableArrays, collect
from ptrack_analysis.video import Duration, Video, milliseconds

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis

_NOT_KNOWN = int(np.iinfo("int64").min)
_CELL_QUANTITIES: tuple[Quantity, ...] = ("people", "mean_speed", "visits")


def videos(analysis: VideoAnalysis) -> Rows:
    """Return the row of the video."""
    config, recording = analysis.config, analysis.recording
    video = replace(analysis.reading.video, name=analysis.name)
    row = _collect_video(video, config.start, config.end, recording, analysis.unit)
    return with_further(row.to_frame(), recording) if recording.further else row


def tracks(analysis: VideoAnalysis) -> TableArrays:
    """Compute the tracks."""
    from ptrack_analysis.analysis.tracks import compute_tracks

    return compute_tracks.arrays(analysis.walks)


def detections(analysis: VideoAnalysis) -> pd.DataFrame:
    """Return the detections without their faces."""
    table = analysis.detections
    names = {column.name for column in (*FACE_COLUMNS, *LANDMARK_COLUMNS)}
    there = [name for name in table.columns if name in names]
    return table.drop(columns=there) if there else table


def faces(analysis: VideoAnalysis) -> pd.DataFrame:
    """Return the faces of the detections that have one."""
    table = analysis.detections
    names = [column.name for column in FACES.columns]
    if "face_left" not in table:
        return empty_table(FACES)
    return table.reindex(columns=names)[table["face_left"].notna()]


def stitches(analysis: VideoAnalysis) -> pd.DataFrame:
    """Return the stitches."""
    return analysis.stitches


def trajectories(analysis: VideoAnalysis) -> pd.DataFrame:
    """Return the trajectories."""
    return analysis.trajectories


def kinematics(analysis: VideoAnalysis) -> pd.DataFrame:
    """Return velocity, acceleration and turning."""
    return analysis.kinematics


def stops(analysis: VideoAnalysis) -> pd.DataFrame:
    """Find the stops."""
    from ptrack_analysis.analysis.motion.stops import compute_stops

    config = analysis.config
    return compute_stops(
        analysis.trajectories, max_extent=config.stop_extent, min_duration=config.stop_duration
    )


def encounters(analysis: VideoAnalysis) -> pd.DataFrame:
    """Find the encounters, on the clock of the sampling."""
    from ptrack_analysis.analysis.crowd.encounters import compute_encounters

    tick = analysis.period if analysis.period > pd.Timedelta(0) else None
    return compute_encounters(analysis.trajectories, period=tick)


def groups(analysis: VideoAnalysis) -> pd.DataFrame:
    """Find the groups."""
    from ptrack_analysis.analysis.crowd.groups import detect_groups

    return detect_groups(analysis["encounters"], analysis.trajectories)


def visits(analysis: VideoAnalysis) -> TableArrays:
    """Compute the visits."""
    from ptrack_analysis.analysis.zones.visits import compute_visits

    config = analysis.config
    return compute_visits.arrays(
        analysis.walks,
        analysis.zones,
        analysis.video,
        merge_gap=config.merge_gap,
        min_dwell=config.min_dwell,
        enter_after=config.enter_after,
        margin=config.margin,
        period=analysis.period,
        start=config.start,
        end=config.end,
    )


def dwell(analysis: VideoAnalysis) -> TableArrays:
    """Estimate the dwell times per zone."""
    from ptrack_analysis.analysis.dwell.dwell import compute_dwell

    return compute_dwell.arrays(analysis.compute_rows("visits"), **analysis.observed)


def dwell_by_entry(analysis: VideoAnalysis) -> TableArrays:
    """Estimate the dwell times per zone and entry."""
    from ptrack_analysis.analysis.dwell.dwell import compute_dwell

    return compute_dwell.arrays(analysis.compute_rows("visits"), by="entry", **analysis.observed)


def dwell_quantiles(analysis: VideoAnalysis) -> pd.DataFrame:
    """Estimate quantiles of the dwell times."""
    from ptrack_analysis.analysis.dwell.dwell import compute_dwell_quantiles

    return compute_dwell_quantiles(analysis["visits"], by="entry", **analysis.observed)


def stay_in_scene(analysis: VideoAnalysis) -> pd.DataFrame:
    """Estimate how long people stay in the scene."""
    from ptrack_analysis.analysis.dwell.dwell import compute_stay_in_scene

    config = analysis.config
    return compute_stay_in_scene(
        analysis["tracks"], analysis.video, period=analysis.period, start=config.start, end=config.end
    )


def survival(analysis: VideoAnalysis) -> pd.DataFrame:
    """Estimate the survival curves of the dwell times."""
    from ptrack_analysis.analysis.dwell.survival import compute_survival

    return compute_survival(analysis["visits"], by="entry", **analysis.observed)


def visits_hourly(analysis: VideoAnalysis) -> pd.DataFrame:
    """Sum the visits over the hours of the clock; empty where the clock is not known."""
    from ptrack_analysis.clock.hourly import compute_visits_hourly

    if analysis.recording.started_at is None:
        return empty_table(VISITS_HOURLY)
    return compute_visits_hourly(
        analysis["visits"],
        analysis.video_until_end,
        analysis.recording,
        zones=analysis.zones,
        start=analysis.window[0],
        observed_entries=analysis.config.observed_entries,
    )


def waiting_times(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the waiting times."""
    from ptrack_analysis.analysis.dwell.queues import compute_waiting_times

    return compute_waiting_times(analysis["visits"], analysis.zones, **analysis.observed)


def service_levels(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the share of waits per target."""
    from ptrack_analysis.analysis.dwell.queues import compute_service_levels

    return compute_service_levels(analysis["waiting_times"])


def queue_length(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the queue lengths over time."""
    from ptrack_analysis.analysis.dwell.queues import compute_queue_length

    config = analysis.config
    return compute_queue_length(
        analysis["visits"], analysis.zones, analysis.video, start=config.start, end=config.end
    )


def transitions(analysis: VideoAnalysis) -> TableArrays:
    """Count the transitions."""
    from ptrack_analysis.analysis.zones.transitions import compute_transitions

    return compute_transitions.arrays(analysis.compute_rows("visits"))


def retail_metrics(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the retail metrics."""
    from ptrack_analysis.analysis.zones.retail import compute_retail_metrics

    return compute_retail_metrics(analysis["visits"], analysis.zones, **analysis.observed)


def zone_overlaps(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the overlaps of the zones."""
    from ptrack_analysis.analysis.zones.occupancy import compute_zone_overlaps

    return compute_zone_overlaps(analysis.zones, unit=analysis.unit)


def occupancy_changes(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the number of people in the scene and the zones at each change."""
    from ptrack_analysis.analysis.zones.occupancy import compute_occupancy

    config = analysis.config
    return compute_occupancy(
        analysis.walks, analysis.video, zones=analysis.zones, start=config.start, end=config.end
    )


def occupancy(analysis: VideoAnalysis) -> TableArrays:
    """Return the occupancy of the scene per bin."""
    return collect(OCCUPANCY, analysis.bin_occupancy([""]))


def zone_occupancy(analysis: VideoAnalysis) -> TableArrays:
    """Return the occupancy of each zone per bin."""
    return collect(ZONE_OCCUPANCY, analysis.bin_occupancy(name for name in analysis.people_counts if name))


def occupancy_hourly(analysis: VideoAnalysis) -> pd.DataFrame:
    """Sum the occupancy over the hours of the clock; empty where the clock is not known."""
    from ptrack_analysis.clock.hourly import compute_occupancy_hourly

    if analysis.recording.started_at is None:
        return empty_table(OCCUPANCY_HOURLY)
    return compute_occupancy_hourly(
        analysis["occupancy_changes"], analysis.video_until_end, analysis.recording
    )


def density(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the density in the zones per bin."""
    from ptrack_analysis.analysis.crowd.density import compute_density

    return compute_density(analysis["zone_occupancy"], analysis.zones, start=analysis.window[0])


def fundamental_diagram(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute density, speed and flow in the zones per bin."""
    from ptrack_analysis.analysis.crowd.flow import compute_fundamental_diagram

    return compute_fundamental_diagram(
        analysis.trajectories,
        analysis.zones,
        analysis.video_until_end,
        start=analysis.window[0],
        edges=analysis.bin_edges,
    )


def crossings(analysis: VideoAnalysis) -> TableArrays:
    """Find the crossings of the lines."""
    from ptrack_analysis.analysis.counting.crossings import compute_crossings

    return compute_crossings.arrays(analysis.walks, analysis.lines, min_distance=analysis.config.min_distance)


def counts(analysis: VideoAnalysis) -> pd.DataFrame:
    """Count the crossings per bin."""
    from ptrack_analysis.analysis.counting.counts import count_crossings

    return count_crossings(
        analysis["crossings"],
        analysis.lines,
        analysis.video_until_end,
        every=analysis.config.every or MINUTE,
        start=analysis.window[0],
    )


def count_drift(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compare the counts over the boundary lines with the number of people present."""
    from ptrack_analysis.analysis.counting.counts import compute_count_drift

    names = [line.name for line in analysis.boundary_lines]
    if not names:
        return empty_table(BALANCE)
    return compute_count_drift(analysis["crossings"], analysis.scene_occupancy, lines=names)


def line_flow(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the flow over the lines per bin."""
    from ptrack_analysis.analysis.crowd.flow import compute_line_flow

    return compute_line_flow(
        analysis["crossings"],
        analysis.lines,
        analysis.video_until_end,
        every=analysis.config.every or MINUTE,
        start=analysis.window[0],
    )


def heatmap(analysis: VideoAnalysis) -> TableArrays:
    """Return the cells of the heatmap of foot points in which people stood."""
    made = analysis.heatmap(basis="foot_points")
    table = made.to_arrays(analysis.duration if analysis.unit == "m" else None)
    table = table.take(table.arrays["seconds"] > 0)
    if analysis.unit == "m" and analysis.duration is None:  # so that all files have the same columns
        table = table.with_columns(density_per_m2=np.full(len(table), np.nan))
    return table


def box_heatmap(analysis: VideoAnalysis) -> pd.DataFrame:
    """Return the cells of the image that bounding boxes covered; empty on a floor plan."""
    if analysis.unit == "m":
        return empty_table(BOX_HEATMAP, unit="m")
    table = analysis.heatmap(basis="boxes").to_frame()
    return table[table["box_seconds"] > 0]


def cell_values(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute visits, people and mean speed per cell."""
    from ptrack_analysis.analysis.heat.quantities import compute_heatmap

    grid = _grid(analysis)
    measured = [
        compute_heatmap(analysis.walks, analysis.video, quantity=quantity, **grid).to_frame()
        for quantity in _CELL_QUANTITIES
    ]
    return pd.concat(measured).sort_index()


def flow_field(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute the mean velocity per cell."""
    from ptrack_analysis.analysis.heat.flow_field import compute_flow_field

    return compute_flow_field(analysis.trajectories, analysis.video, **_grid(analysis)).to_frame()


def facing(analysis: VideoAnalysis) -> pd.DataFrame:
    """Estimate for how long faces were turned to the zones and to the edges of the image.

    Faces are located in the image, so zones in meters are ignored. Empty if the frame size is unknown.
    """
    from ptrack_analysis.analysis.faces.facing import compute_facing

    video, scene = analysis.video, analysis.scene
    if scene is None or video.width is None or video.height is None:
        return empty_table(FACING)
    zones: list[Zone] = []
    if scene.unit != "m":
        zones, _ = project_scene(scene, video, video.pixels, place=str(analysis.config.zones or "zones"))
    taken = {zone.name for zone in zones}
    targets: list[Zone | str] = [*zones, *(edge for edge in TARGETS if edge not in taken)]
    return compute_facing(analysis.detections, analysis.trajectories, targets, video)


def confidence_intervals(analysis: VideoAnalysis) -> pd.DataFrame:
    """Compute confidence intervals of the main figures."""
    from ptrack_analysis.analysis.quality.intervals import compute_confidence_intervals

    found = [compute_confidence_intervals(analysis["tracks"], of="time_in_scene")]
    if analysis.scene is not None:
        visits = analysis["visits"]
        found += [compute_confidence_intervals(visits, of="dwell", statistic="mean")]
        found += [compute_confidence_intervals(visits, of="dwell", statistic="median")]
        found += [compute_confidence_intervals(visits, of=None, statistic="rate")]
        found += [compute_confidence_intervals(visits, of=None, statistic="count")]
        crossings = analysis["crossings"] if analysis.lines else empty_table(CROSSINGS, unit=analysis.unit)
        for way in DIRECTIONS:
            counted = compute_confidence_intervals(
                crossings[(crossings["direction"] == way).to_numpy()], of=None, statistic="count"
            )
            found += [counted.rename(index={"count": f"crossings {way}"}, level="figure")]
    return pd.concat([part for part in found if len(part)] or found[:1]).sort_index()


def quality(analysis: VideoAnalysis) -> TableArrays:
    """Compute the quality checks."""
    from ptrack_analysis.analysis.quality.checks import compute_quality

    config = analysis.config
    return compute_quality.arrays(
        analysis.detections,
        analysis.walks,
        analysis.video,
        zones=analysis.zones,
        lines=analysis.lines,
        visits=analysis.compute_rows("visits") if analysis.zones else None,
        crossings=analysis.compute_rows("crossings") if analysis.lines else None,
        plane=analysis.floor_plan,
        entrances=analysis.entrances or None,
        stitches=analysis.stitches if config.stitch else None,
        max_gap=analysis.max_gap,
        period=analysis.period,
        start=config.start,
        end=config.end,
    )


def videos_table(
    video: Video,
    start: Duration | None = None,
    end: Duration | None = None,
    recording: Recording | None = None,
    *,
    plane: str = "px",
) -> pd.DataFrame:
    """Build the VIDEOS table of one video that was analyzed from ``start`` to ``end``.

    Time and site come from the recording. Without a recording, the time is the start that the video states.
    ``plane`` is the unit of the positions.
    """
    recording = recording or settled(Recording(video=video.name), video)
    return with_further(_collect_video(video, start, end, recording, plane).to_frame(), recording)


def _collect_video(
    video: Video,
    start: Duration | None,
    end: Duration | None,
    recording: Recording,
    plane: str,
) -> TableArrays:
    texts = ("name", "codec", "format", "color_range", "job_id", "job_tag", "source")
    arrays: dict[str, Any] = {name: [getattr(video, name)] for name in (*texts, "width", "height")}
    arrays["video"] = arrays.pop("name")
    rate = np.nan if video.frame_rate is None else video.frame_rate
    duration = _NOT_KNOWN if video.duration is None else milliseconds(video.duration, "duration")
    period, report = _NOT_KNOWN, video.read_report
    if video.sampling_period is not None:
        period = milliseconds(video.sampling_period, "sampling_period")
    arrays |= {
        "frame_rate": np.array([rate]),
        "duration": np.array([duration]),
        "sampling_period": np.array([period]),
        "completeness": [None if report is None else report.verdict],
        "plane": [plane],
        "rows_read": [None if report is None else report.rows],
        "rows_dropped": [None if report is None else report.dropped_rows],
        "analyzed_from": np.array([_NOT_KNOWN if start is None else milliseconds(start, "start")]),
        "analyzed_to": np.array([_NOT_KNOWN if end is None else milliseconds(end, "end")]),
    }
    return collect(VIDEOS, arrays | of_recording(recording))


def _grid(analysis: VideoAnalysis) -> dict[str, Any]:
    """Return the grid of the heatmap of foot points."""
    config = analysis.config
    if analysis.unit == "m":
        return {"shape": config.shape, "cell": config.cell, "bounds": analysis.bounds}
    return {"shape": config.shape or SHAPE, "cell": None, "bounds": None}
