"""Analyze how people move through video: dwell time, paths, heatmaps, counts and crowding.

The everyday functions are here, all others one level down, such as ``cleaning.smooth_trajectories``.
Importing the package imports nothing heavy: each name and each submodule is loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptrack_analysis import (
        cleaning,
        clock,
        counting,
        crowd,
        datasets,
        dwell,
        errors,
        explorer,
        faces,
        floor,
        heat,
        interchange,
        motion,
        plots,
        quality,
        queues,
        rekognition,
        schema,
        zones,
    )
    from ptrack_analysis.analysis.comparison.compare import compare_tracking
    from ptrack_analysis.analysis.counting.counts import count_crossings
    from ptrack_analysis.analysis.counting.crossings import compute_crossings
    from ptrack_analysis.analysis.dwell.dwell import compute_dwell
    from ptrack_analysis.analysis.heat.quantities import compute_box_heatmap, compute_heatmap
    from ptrack_analysis.analysis.motion.stops import compute_stops
    from ptrack_analysis.analysis.quality.checks import compute_quality
    from ptrack_analysis.analysis.selection import select
    from ptrack_analysis.analysis.tracks import compute_tracks
    from ptrack_analysis.analysis.trajectories import compute_trajectories
    from ptrack_analysis.analysis.zones.occupancy import compute_occupancy
    from ptrack_analysis.analysis.zones.retail import compute_retail_metrics
    from ptrack_analysis.analysis.zones.transitions import compute_funnel, compute_transitions
    from ptrack_analysis.analysis.zones.visits import compute_visits
    from ptrack_analysis.dataset.export import export_dataset
    from ptrack_analysis.dataset.opening import Dataset, open_dataset
    from ptrack_analysis.dataset.verify import verify_dataset
    from ptrack_analysis.editing.editor import edit_zones
    from ptrack_analysis.errors import PtrackError, PtrackWarning
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.inspection import inspect_tracking
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis, open_video
    from ptrack_analysis.plots import plot_heatmap, plot_occupancy, plot_paths, plot_visits
    from ptrack_analysis.report.writing import write_report
    from ptrack_analysis.scene.floor_plan import FloorPlan, read_floor_plan
    from ptrack_analysis.scene.zone_files import read_zones
    from ptrack_analysis.scene.zones import Line, Zone
    from ptrack_analysis.sources.finding import find_videos
    from ptrack_analysis.sources.reading import read_tracking
    from ptrack_analysis.sources.sink import TrackingSink
    from ptrack_analysis.sources.trackers.registry import read_tracks
    from ptrack_analysis.sources.trackers.tables import detections_from
    from ptrack_analysis.storage.parquet import read_parquet, write_parquet
    from ptrack_analysis.video import Video, frames_to_timestamps
    from ptrack_analysis.web.explorer import explore

__version__ = "0.2.0.dev0"

__all__ = [
    "AnalysisConfig",
    "Dataset",
    "FloorPlan",
    "Line",
    "PtrackError",
    "PtrackWarning",
    "TrackingSink",
    "Video",
    "VideoAnalysis",
    "Zone",
    "__version__",
    "compare_tracking",
    "compute_box_heatmap",
    "compute_crossings",
    "compute_dwell",
    "compute_funnel",
    "compute_heatmap",
    "compute_occupancy",
    "compute_quality",
    "compute_retail_metrics",
    "compute_stops",
    "compute_tracks",
    "compute_trajectories",
    "compute_transitions",
    "compute_visits",
    "count_crossings",
    "detections_from",
    "edit_zones",
    "explore",
    "export_dataset",
    "find_videos",
    "frames_to_timestamps",
    "inspect_tracking",
    "open_dataset",
    "open_video",
    "plot_heatmap",
    "plot_occupancy",
    "plot_paths",
    "plot_visits",
    "read_floor_plan",
    "read_parquet",
    "read_tracking",
    "read_tracks",
    "read_zones",
    "select",
    "verify_dataset",
    "write_parquet",
    "write_report",
]

_SUBMODULES = (
    "cleaning",
    "clock",
    "counting",
    "crowd",
    "datasets",
    "dwell",
    "errors",
    "explorer",
    "faces",
    "floor",
    "heat",
    "interchange",
    "motion",
    "plots",
    "quality",
    "queues",
    "rekognition",
    "schema",
    "zones",
)

_MODULES = {
    "AnalysisConfig": "pipeline.config",
    "Dataset": "dataset.opening",
    "FloorPlan": "scene.floor_plan",
    "Line": "scene.zones",
    "PtrackError": "errors",
    "PtrackWarning": "errors",
    "TrackingSink": "sources.sink",
    "Video": "video",
    "VideoAnalysis": "pipeline.video_analysis",
    "Zone": "scene.zones",
    "compare_tracking": "analysis.comparison.compare",
    "compute_box_heatmap": "analysis.heat.quantities",
    "compute_crossings": "analysis.counting.crossings",
    "compute_dwell": "analysis.dwell.dwell",
    "compute_funnel": "analysis.zones.transitions",
    "compute_heatmap": "analysis.heat.quantities",
    "compute_occupancy": "analysis.zones.occupancy",
    "compute_quality": "analysis.quality.checks",
    "compute_retail_metrics": "analysis.zones.retail",
    "compute_stops": "analysis.motion.stops",
    "compute_tracks": "analysis.tracks",
    "compute_trajectories": "analysis.trajectories",
    "compute_transitions": "analysis.zones.transitions",
    "compute_visits": "analysis.zones.visits",
    "count_crossings": "analysis.counting.counts",
    "detections_from": "sources.trackers.tables",
    "edit_zones": "editing.editor",
    "explore": "web.explorer",
    "export_dataset": "dataset.export",
    "find_videos": "sources.finding",
    "frames_to_timestamps": "video",
    "inspect_tracking": "pipeline.inspection",
    "open_dataset": "dataset.opening",
    "open_video": "pipeline.video_analysis",
    "plot_heatmap": "plots",
    "plot_occupancy": "plots",
    "plot_paths": "plots",
    "plot_visits": "plots",
    "read_floor_plan": "scene.floor_plan",
    "read_parquet": "storage.parquet",
    "read_tracking": "sources.reading",
    "read_tracks": "sources.trackers.registry",
    "read_zones": "scene.zone_files",
    "select": "analysis.selection",
    "verify_dataset": "dataset.verify",
    "write_parquet": "storage.parquet",
    "write_report": "report.writing",
}
"""The module of each name."""


if not TYPE_CHECKING:  # type checkers report unknown names themselves

    def __getattr__(name: str) -> Any:
        if name in _SUBMODULES:
            return import_module(f"{__name__}.{name}")
        if name not in _MODULES:
            raise import_module(f"{__name__}.public_names").describe_missing(__name__, name)
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBMODULES])
