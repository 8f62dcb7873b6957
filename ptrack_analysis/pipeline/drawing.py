"""The plots of ``ptrack plot``: each drawn from one VideoAnalysis."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ptrack_analysis.analysis.dwell.survival import compute_survival
from ptrack_analysis.analysis.heat.flow_field import compute_flow_field
from ptrack_analysis.analysis.heat.grid import SHAPE
from ptrack_analysis.analysis.heat.heatmap import Basis
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.pipeline.outputs import FIELD_CELL, FIELD_SHAPE, HEAT_CELL
from ptrack_analysis.plots import (
    animate_paths,
    plot_count_drift,
    plot_counts,
    plot_crossings,
    plot_encounters,
    plot_flow_field,
    plot_fundamental_diagram,
    plot_heatmap,
    plot_occupancy,
    plot_paths,
    plot_sankey,
    plot_stops,
    plot_survival,
    plot_transitions,
    plot_visits,
)
from ptrack_analysis.scene.images import read_picture, stretched_note

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.plot_options import PlotOptions
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis


@lru_cache(maxsize=1)
def _read_background(path: str) -> Image.Image:
    """Read a background image; the note on its shape and the plot need the same one."""
    return read_picture(path)


def background_notes(analysis: VideoAnalysis, options: PlotOptions) -> list[str]:
    """Return a note if the background image is stretched."""
    if options.background is None:
        return []
    x0, y0, x1, y1 = analysis.bounds
    size = _read_background(str(options.background)).size
    return list(stretched_note(size, (x1 - x0, y1 - y0), of_frame=analysis.floor_plan is None))


def _ground(analysis: VideoAnalysis, options: PlotOptions) -> dict[str, Any]:
    """Return the bounds of what is drawn, and the image behind it."""
    if options.background is None:
        return {"bounds": analysis.bounds}
    return {"background": np.asarray(_read_background(str(options.background))), "bounds": analysis.bounds}


def paths(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the path of each person."""
    return plot_paths(
        analysis.trajectories, zones=analysis.zones, lines=analysis.lines, **_ground(analysis, options)
    )


def heatmap(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot a heatmap."""
    if analysis.floor_plan is not None and options.basis == "boxes":
        raise ParameterError(
            "boxes lie in the picture, not on a floor plan: leave --floor or take --basis foot_points"
        )
    if options.density and (analysis.floor_plan is None or analysis.duration is None):
        raise ParameterError("a density needs a floor plan (--floor FILE) and a video of known length")
    shape, cell = _cells(analysis, None, HEAT_CELL)
    basis: Basis = "foot_points" if options.basis == "foot_points" else "boxes"
    return plot_heatmap(
        analysis.heatmap(basis=basis, shape=shape, cell=cell),
        duration=analysis.duration if options.density else None,
        zones=analysis.zones,
        lines=analysis.lines,
        **_ground(analysis, options),
    )


def visits(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the visits over time."""
    return plot_visits(analysis["visits"], zones=analysis.zones)


def occupancy(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the occupancy over time."""
    return plot_occupancy(analysis["occupancy"], zones=["", *analysis.zones])


def crossings(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the crossings of the lines."""
    return plot_crossings(
        analysis["crossings"], analysis.lines, zones=analysis.zones, **_ground(analysis, options)
    )


def counts(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the counts over time."""
    return plot_counts(analysis["counts"])


def count_drift(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the counts beside the number of people present."""
    return plot_count_drift(analysis["count_drift"])


def stops(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the stops."""
    return plot_stops(
        analysis["stops"], zones=analysis.zones, lines=analysis.lines, **_ground(analysis, options)
    )


def survival(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the survival curves of the dwell times."""
    return plot_survival(compute_survival(analysis["visits"]), zones=analysis.zones)


def transitions(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the transitions as a matrix."""
    return plot_transitions(analysis["transitions"])


def sankey(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the transitions as bands."""
    return plot_sankey(analysis["transitions"], zones=analysis.zones)


def encounters(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the encounters."""
    return plot_encounters(
        analysis["encounters"], zones=analysis.zones, lines=analysis.lines, **_ground(analysis, options)
    )


def fundamental_diagram(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot speed against density."""
    return plot_fundamental_diagram(analysis["fundamental_diagram"])


def flow_field(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Plot the flow field."""
    shape, cell = _cells(analysis, FIELD_SHAPE, FIELD_CELL)
    field = compute_flow_field(
        analysis.trajectories, analysis.video, shape=shape, cell=cell, bounds=analysis.bounds
    )
    return plot_flow_field(field, zones=analysis.zones, lines=analysis.lines, **_ground(analysis, options))


def _cells(
    analysis: VideoAnalysis, shape: tuple[int, int] | None, cell: float
) -> tuple[tuple[int, int] | None, float | None]:
    """Return the shape or the side of the cells that is asked for, or else these: a picture is to be seen.

    On a floor so wide that it would have more columns than the picture of a frame, the cells are larger.
    """
    if analysis.config.shape is not None or analysis.config.cell is not None:
        return analysis.config.shape, analysis.config.cell
    if analysis.floor_plan is None:
        return shape, None
    x0, y0, x1, y1 = analysis.floor_plan.bounds
    _, columns = shape or SHAPE
    return None, max(cell, max(x1 - x0, y1 - y0) / columns)


def animation(analysis: VideoAnalysis, options: PlotOptions) -> Any:
    """Draw people walking, as an animated GIF."""
    return animate_paths(
        analysis.trajectories,
        analysis.video,
        zones=analysis.zones,
        lines=analysis.lines,
        width=options.width,
        duration=options.duration,
        frame_rate=options.fps,
        trail=options.trail,
        **_ground(analysis, options),
    )
