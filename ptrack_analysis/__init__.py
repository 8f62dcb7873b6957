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
        motion,
        plots,
        quality,
        queues,
        rekognition,
        schema,
        zones,
    )
    from ptrack_analysis.analysis.cleaning.gaps import fill_gaps
    from ptrack_analysis.analysis.cleaning.jumps import flag_jumps, repair_jumps
    from ptrack_analysis.analysis.cleaning.renaming import (
        apply_stitches,
        filter_short_tracks,
        unstitch_tracks,
    )
    from ptrack_analysis.analysis.cleaning.smoothing import smooth_trajectories
    from ptrack_analysis.analysis.cleaning.stitching import compute_stitches
    from ptrack_analysis.analysis.comparison.compare import Comparison, compare_tracking
    from ptrack_analysis.analysis.counting.counts import compute_count_drift, count_crossings
    from ptrack_analysis.analysis.counting.crossings import compute_crossings, filter_first_crossings
    from ptrack_analysis.analysis.crowd.density import compute_density, compute_occupancy_bins
    from ptrack_analysis.analysis.crowd.encounters import compute_encounters
    from ptrack_analysis.analysis.crowd.flow import compute_fundamental_diagram, compute_line_flow
    from ptrack_analysis.analysis.crowd.groups import detect_groups
    from ptrack_analysis.analysis.dwell.dwell import compute_dwell, compute_dwell_quantiles
    from ptrack_analysis.analysis.dwell.queues import (
        compute_queue_length,
        compute_service_levels,
        compute_waiting_times,
    )
    from ptrack_analysis.analysis.dwell.staff import detect_staff, exclude_staff
    from ptrack_analysis.analysis.dwell.survival import compute_survival
    from ptrack_analysis.analysis.faces.facing import compute_facing
    from ptrack_analysis.analysis.heat.flow_field import FlowField, compute_flow_field
    from ptrack_analysis.analysis.heat.heatmap import Heatmap
    from ptrack_analysis.analysis.heat.heatmap_comparison import HeatmapComparison, compare_heatmaps
    from ptrack_analysis.analysis.heat.quantities import compute_box_heatmap, compute_heatmap
    from ptrack_analysis.analysis.motion.kinematics import compute_kinematics
    from ptrack_analysis.analysis.motion.simplification import simplify_trajectories
    from ptrack_analysis.analysis.motion.stops import compute_stops
    from ptrack_analysis.analysis.presence import estimate_sampling_period, select
    from ptrack_analysis.analysis.quality.checks import compute_quality
    from ptrack_analysis.analysis.quality.intervals import compute_confidence_intervals
    from ptrack_analysis.analysis.quality.manual_count import compare_with_manual_count
    from ptrack_analysis.analysis.quality.sensitivity import compute_sensitivity
    from ptrack_analysis.analysis.tracks import compute_tracks
    from ptrack_analysis.analysis.trajectories import compute_trajectories
    from ptrack_analysis.analysis.zones.occupancy import compute_occupancy, compute_zone_overlaps
    from ptrack_analysis.analysis.zones.retail import compute_retail_metrics
    from ptrack_analysis.analysis.zones.transitions import compute_funnel, compute_transitions
    from ptrack_analysis.analysis.zones.visits import compute_visits
    from ptrack_analysis.clock.hourly import compute_occupancy_hourly, compute_visits_hourly
    from ptrack_analysis.clock.recordings import Recording, read_recordings
    from ptrack_analysis.dataset.compaction import compact_dataset
    from ptrack_analysis.dataset.export import export_dataset
    from ptrack_analysis.dataset.opening import Dataset, open_dataset
    from ptrack_analysis.dataset.verify import Verification, verify_dataset
    from ptrack_analysis.editing.editor import ZoneEditor, edit_zones
    from ptrack_analysis.errors import PtrackError, PtrackWarning
    from ptrack_analysis.pipeline.config import AnalysisConfig
    from ptrack_analysis.pipeline.inspection import ReadReport, inspect_tracking
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis, open_video
    from ptrack_analysis.pipeline.workers import map_videos
    from ptrack_analysis.report.writing import write_report
    from ptrack_analysis.scene.floor_plan import FloorPlan, fit_floor_plan, read_floor_plan
    from ptrack_analysis.scene.lens import Lens
    from ptrack_analysis.scene.zone_checks import Coverage, check_zones, compute_zone_coverage
    from ptrack_analysis.scene.zone_files import read_zones
    from ptrack_analysis.scene.zones import Line, Zone
    from ptrack_analysis.schema import empty_table, validate
    from ptrack_analysis.sources.archive import VideoReference
    from ptrack_analysis.sources.finding import find_videos
    from ptrack_analysis.sources.pages.writing import write_pages
    from ptrack_analysis.sources.reading import read_tracking
    from ptrack_analysis.sources.rekognition.fetch import fetch_pages
    from ptrack_analysis.sources.rekognition.start import start_job
    from ptrack_analysis.sources.rekognition.wait import wait_for_job, wait_for_message
    from ptrack_analysis.sources.trackers.registry import read_tracks
    from ptrack_analysis.sources.trackers.tables import detections_from
    from ptrack_analysis.storage.parquet import read_parquet, write_parquet
    from ptrack_analysis.storage.s3 import create_client
    from ptrack_analysis.video import Video, frames_to_timestamps
    from ptrack_analysis.web.explorer import Explorer, explore
    from ptrack_analysis.web.widget import explore_widget

__version__ = "0.2.0.dev0"

_NAMES_BY_MODULE = {
    "analysis.cleaning.gaps": ("fill_gaps",),
    "analysis.cleaning.jumps": (
        "flag_jumps",
        "repair_jumps",
    ),
    "analysis.cleaning.renaming": (
        "apply_stitches",
        "filter_short_tracks",
        "unstitch_tracks",
    ),
    "analysis.cleaning.smoothing": ("smooth_trajectories",),
    "analysis.cleaning.stitching": ("compute_stitches",),
    "analysis.comparison.compare": (
        "Comparison",
        "compare_tracking",
    ),
    "analysis.counting.counts": (
        "compute_count_drift",
        "count_crossings",
    ),
    "analysis.counting.crossings": (
        "compute_crossings",
        "filter_first_crossings",
    ),
    "analysis.crowd.density": (
        "compute_density",
        "compute_occupancy_bins",
    ),
    "analysis.crowd.encounters": ("compute_encounters",),
    "analysis.crowd.flow": (
        "compute_line_flow",
        "compute_fundamental_diagram",
    ),
    "analysis.crowd.groups": ("detect_groups",),
    "analysis.dwell.dwell": (
        "compute_dwell",
        "compute_dwell_quantiles",
    ),
    "analysis.dwell.queues": (
        "compute_queue_length",
        "compute_service_levels",
        "compute_waiting_times",
    ),
    "analysis.dwell.staff": (
        "detect_staff",
        "exclude_staff",
    ),
    "analysis.dwell.survival": ("compute_survival",),
    "analysis.faces.facing": ("compute_facing",),
    "analysis.heat.flow_field": (
        "FlowField",
        "compute_flow_field",
    ),
    "analysis.heat.heatmap": ("Heatmap",),
    "analysis.heat.heatmap_comparison": (
        "HeatmapComparison",
        "compare_heatmaps",
    ),
    "analysis.heat.quantities": (
        "compute_box_heatmap",
        "compute_heatmap",
    ),
    "analysis.motion.kinematics": ("compute_kinematics",),
    "analysis.motion.simplification": ("simplify_trajectories",),
    "analysis.motion.stops": ("compute_stops",),
    "analysis.presence": (
        "estimate_sampling_period",
        "select",
    ),
    "analysis.quality.checks": ("compute_quality",),
    "analysis.quality.intervals": ("compute_confidence_intervals",),
    "analysis.quality.manual_count": ("compare_with_manual_count",),
    "analysis.quality.sensitivity": ("compute_sensitivity",),
    "analysis.tracks": ("compute_tracks",),
    "analysis.trajectories": ("compute_trajectories",),
    "analysis.zones.occupancy": (
        "compute_occupancy",
        "compute_zone_overlaps",
    ),
    "analysis.zones.retail": ("compute_retail_metrics",),
    "analysis.zones.transitions": (
        "compute_funnel",
        "compute_transitions",
    ),
    "analysis.zones.visits": ("compute_visits",),
    "clock.hourly": (
        "compute_occupancy_hourly",
        "compute_visits_hourly",
    ),
    "clock.recordings": (
        "Recording",
        "read_recordings",
    ),
    "dataset.compaction": ("compact_dataset",),
    "dataset.export": ("export_dataset",),
    "dataset.opening": (
        "Dataset",
        "open_dataset",
    ),
    "dataset.verify": (
        "Verification",
        "verify_dataset",
    ),
    "editing.editor": (
        "ZoneEditor",
        "edit_zones",
    ),
    "errors": (
        "PtrackError",
        "PtrackWarning",
    ),
    "pipeline.config": ("AnalysisConfig",),
    "pipeline.video_analysis": (
        "VideoAnalysis",
        "open_video",
    ),
    "pipeline.inspection": (
        "ReadReport",
        "inspect_tracking",
    ),
    "pipeline.workers": ("map_videos",),
    "report.writing": ("write_report",),
    "scene.floor_plan": (
        "FloorPlan",
        "fit_floor_plan",
        "read_floor_plan",
    ),
    "scene.lens": ("Lens",),
    "scene.zone_checks": (
        "Coverage",
        "compute_zone_coverage",
        "check_zones",
    ),
    "scene.zone_files": ("read_zones",),
    "scene.zones": (
        "Line",
        "Zone",
    ),
    "schema": (
        "validate",
        "empty_table",
    ),
    "sources.archive": ("VideoReference",),
    "sources.finding": ("find_videos",),
    "sources.pages.writing": ("write_pages",),
    "sources.reading": ("read_tracking",),
    "sources.rekognition.fetch": ("fetch_pages",),
    "sources.rekognition.start": ("start_job",),
    "sources.rekognition.wait": (
        "wait_for_job",
        "wait_for_message",
    ),
    "sources.trackers.registry": ("read_tracks",),
    "sources.trackers.tables": ("detections_from",),
    "storage.parquet": (
        "read_parquet",
        "write_parquet",
    ),
    "storage.s3": ("create_client",),
    "video": (
        "Video",
        "frames_to_timestamps",
    ),
    "web.explorer": (
        "Explorer",
        "explore",
    ),
    "web.widget": ("explore_widget",),
}
_MODULE_BY_NAME = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names}

__all__ = [
    "AnalysisConfig",
    "Comparison",
    "Coverage",
    "Dataset",
    "Explorer",
    "FloorPlan",
    "FlowField",
    "Heatmap",
    "HeatmapComparison",
    "Lens",
    "Line",
    "PtrackError",
    "PtrackWarning",
    "ReadReport",
    "Recording",
    "Verification",
    "Video",
    "VideoAnalysis",
    "VideoReference",
    "Zone",
    "ZoneEditor",
    "__version__",
    "apply_stitches",
    "check_zones",
    "compact_dataset",
    "compare_heatmaps",
    "compare_tracking",
    "compare_with_manual_count",
    "compute_box_heatmap",
    "compute_confidence_intervals",
    "compute_count_drift",
    "compute_crossings",
    "compute_density",
    "compute_dwell",
    "compute_dwell_quantiles",
    "compute_encounters",
    "compute_facing",
    "compute_flow_field",
    "compute_fundamental_diagram",
    "compute_funnel",
    "compute_heatmap",
    "compute_kinematics",
    "compute_line_flow",
    "compute_occupancy",
    "compute_occupancy_bins",
    "compute_occupancy_hourly",
    "compute_quality",
    "compute_queue_length",
    "compute_retail_metrics",
    "compute_sensitivity",
    "compute_service_levels",
    "compute_stitches",
    "compute_stops",
    "compute_survival",
    "compute_tracks",
    "compute_trajectories",
    "compute_transitions",
    "compute_visits",
    "compute_visits_hourly",
    "compute_waiting_times",
    "compute_zone_coverage",
    "compute_zone_overlaps",
    "count_crossings",
    "create_client",
    "detect_groups",
    "detect_staff",
    "detections_from",
    "edit_zones",
    "empty_table",
    "estimate_sampling_period",
    "exclude_staff",
    "explore",
    "explore_widget",
    "export_dataset",
    "fetch_pages",
    "fill_gaps",
    "filter_first_crossings",
    "filter_short_tracks",
    "find_videos",
    "fit_floor_plan",
    "flag_jumps",
    "frames_to_timestamps",
    "inspect_tracking",
    "map_videos",
    "open_dataset",
    "open_video",
    "read_floor_plan",
    "read_parquet",
    "read_recordings",
    "read_tracking",
    "read_tracks",
    "read_zones",
    "repair_jumps",
    "select",
    "simplify_trajectories",
    "smooth_trajectories",
    "start_job",
    "unstitch_tracks",
    "validate",
    "verify_dataset",
    "wait_for_job",
    "wait_for_message",
    "write_pages",
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
    "motion",
    "plots",
    "quality",
    "queues",
    "rekognition",
    "schema",
    "zones",
)


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _MODULE_BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_BY_NAME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBMODULES])
