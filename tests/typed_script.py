# ruff: noqa: T201 - a script prints
"""A user's script, checked with ``mypy --strict`` and run by ``test_typing.py`` in a folder with ``data``."""

from datetime import timedelta
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from shapely.geometry import LineString, box

import ptrack_analysis as pta

mpl.use("Agg")


def analyze_tables(source: str | Path) -> pd.DataFrame:
    """Compute tables step by step."""
    detections, video = pta.read_tracking(source)
    zones, lines = pta.read_zones(
        "data/shop/zones.geojson", video, plane=pta.read_floor_plan("data/shop/floor.json")
    )
    floor = pta.read_floor_plan(Path("data/shop/floor.json"), video)
    trajectories = pta.compute_trajectories(detections, video, plane=floor, max_gap="2s", speed_window=0.5)
    trajectories = pta.cleaning.smooth_trajectories(trajectories, window=timedelta(milliseconds=480))
    visits = pta.compute_visits(trajectories, zones, video, merge_gap=pd.Timedelta("1s"), min_dwell=0.5)
    crossings = pta.compute_crossings(trajectories, lines)
    counts: pd.DataFrame = pta.count_crossings(crossings, lines, video, every=60)
    occupancy = pta.compute_occupancy(trajectories, video, zones=zones, start="10s", end=pd.Timedelta("2min"))
    waits = pta.queues.compute_waiting_times(visits, ["checkout"])
    levels = pta.queues.compute_service_levels(waits, targets=[30, "1min", pd.Timedelta("2min")])
    dwell = pta.compute_dwell(visits, horizon=timedelta(minutes=1))
    stops = pta.compute_stops(trajectories, max_extent=1.0, min_duration=5)
    part = pta.select(trajectories, start=10, end="1min", persons=[1, 2])
    quality = pta.compute_quality(detections, trajectories, video, zones=zones, plane=floor)
    verdict: str = pta.quality.judge_video(quality).verdict
    heatmap = pta.compute_heatmap(trajectories, video, shape=(20, 30), bounds=floor.bounds)
    density: pta.heat.Heatmap = heatmap.normalize("area").smooth(1.0)
    axes: Axes = pta.plot_heatmap(density, zones=zones)
    pta.plot_paths(trajectories, zones=zones, ax=axes)
    pta.plots.plot_dwell(visits, zones=zones)
    pta.plots.plot_survival(pta.dwell.compute_survival(visits), zones=["shelves", "table"])
    duration: pd.Timedelta | None = video.duration
    print(len(counts), len(occupancy), len(levels), len(stops), len(part), verdict, duration)
    return dwell


def analyze_videos(source: str | Path) -> int:
    """Open each video of a folder, and export them."""
    analysis = pta.open_video(
        source, zones="data/shop/zones.geojson", merge_gap=1, max_gap=timedelta(seconds=2)
    )
    visits = analysis["visits"]
    pta.plot_visits(analysis)
    pta.plot_occupancy(analysis, title="people")
    pta.plots.plot_summary(analysis)
    config = pta.AnalysisConfig(
        zones=Path("data/shop/zones.geojson"), floor="data/shop/floor.json", every="1min"
    )
    for reference in pta.find_videos(source):
        print(reference.name, len(pta.open_video(reference, config=config)["tracks"]))
        detections, video = pta.read_tracking(reference)
        print(len(pta.open_video((detections, video))["tracks"]))
    pta.export_dataset(source, "out", zones="data/shop/zones.geojson", every=pd.Timedelta("1min"))
    dataset = pta.open_dataset(Path("out"))
    stored: pd.DataFrame = dataset.read("visits", videos="shop", start="10s", end=60)
    pta.write_parquet(visits, "visits.parquet")
    try:
        pta.compute_visits(
            pta.read_parquet("visits.parquet"), [], pta.Video(name="shop", duration=pd.Timedelta("3min"))
        )
    except pta.PtrackError as error:
        print(error)
    return len(stored)


def make_tables() -> pd.DataFrame:
    """Make tables and outlines by hand."""
    zone = pta.Zone("till", box(0, 0, 200, 100), "px", kind="queue", start=pd.Timedelta("10s"))
    line = pta.Line("door", LineString([(0, 0), (9, 9)]), "px")
    boxes = pd.DataFrame({"frame": [0, 1], "id": [1, 1], "x": [5, 6], "y": [5, 6], "w": [9, 9], "h": [9, 9]})
    video = pta.Video(width=640, height=360, frame_rate=25, duration=pd.Timedelta("1s"))
    columns = {"frame": "frame", "id": "id", "left": "x", "top": "y", "width": "w", "height": "h"}
    print(zone.name, line.unit)
    return pta.detections_from(boxes, columns=columns, video=video, unit="px", first_frame=0)


if __name__ == "__main__":
    print(analyze_tables("data/shop"))
    print(analyze_videos(Path("data/shop")))
    print(make_tables())
