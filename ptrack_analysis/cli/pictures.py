"""The pictures of ``ptrack plot``: each drawn from one video's analysis."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.options import shown

if TYPE_CHECKING:
    from ptrack_analysis.pipeline.video_analysis import VideoAnalysis

TEXTS = {
    "paths": "the way that each person walked",
    "heatmap": "person-seconds a cell",
    "visits": "who stayed in which zone, over time (needs --zones)",
    "occupancy": "how many persons were there, over time",
    "crossings": "where and how often the lines were crossed (needs --zones with lines)",
    "counts": "how often the lines were crossed, over time (needs --zones with lines)",
    "balance": "counts over the lines beside the persons present (needs --zones with lines)",
    "stops": "where persons stood still, and for how long",
    "survival": "which share of the stays seen to begin lasts how long, cut ones too (needs --zones)",
    "transitions": "from which zone to which (needs --zones)",
    "sankey": "from which zone to which, as bands (needs --zones)",
    "encounters": "where persons met (needs --floor)",
    "fundamental": "speed against density (needs --zones and --floor)",
    "field": "mean direction and speed a cell",
    "animation": "persons walking, as an animated GIF",
}
ON_A_PLANE = {"paths", "heatmap", "crossings", "stops", "encounters", "field", "animation"}
OF_VISITS = {"visits", "survival", "transitions", "sankey"}
ON_A_FLOOR = {"encounters", "fundamental"}
WITHOUT_PLACES = {"occupancy"}
AT_LINES = {"crossings", "counts", "balance"}
HEAT_CELL, FIELD_CELL = 0.25, 0.5
"""Sides of the cells of pictures on a floor plan, unless others are asked for [m]."""
FIELD_SHAPE = (18, 32)
"""Rows and columns of the field in the picture: an arrow a cell, each long enough to be seen."""


def _ground(given: argparse.Namespace, analysis: "VideoAnalysis") -> dict[str, Any]:
    """Give what lies below the picture and where, and say on stderr if it is stretched."""
    extent = analysis.bounds
    if given.backdrop is None:
        return {"extent": extent}
    import numpy as np

    from ptrack_analysis.scene.images import read_picture, stretched_note

    picture = read_picture(given.backdrop)
    x0, y0, x1, y1 = extent
    for note in stretched_note(picture.size, (x1 - x0, y1 - y0), of_frame=analysis.floor_plan is None):
        print(f"note: {shown(analysis.video.name)}: {note}", file=sys.stderr)
    return {"backdrop": np.asarray(picture), "extent": extent}


def _paths(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_paths

    return plot_paths(
        analysis.trajectories, zones=analysis.zones, lines=analysis.lines, **_ground(given, analysis)
    )


def _heatmap(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.plots import plot_heatmap

    if analysis.floor_plan is not None and given.of == "boxes":
        raise ParameterError(
            "boxes lie in the picture, not on a floor plan: leave --floor or take --of footpoints"
        )
    if given.density and (analysis.floor_plan is None or analysis.duration is None):
        raise ParameterError("a density needs a floor plan (--floor FILE) and a video of known length")
    shape, cell = _cells(analysis, None, HEAT_CELL)
    return plot_heatmap(
        analysis.heatmap(
            basis="foot_points" if given.of == "footpoints" else given.of, shape=shape, cell=cell
        ),
        duration=analysis.duration if given.density else None,
        zones=analysis.zones,
        lines=analysis.lines,
        **_ground(given, analysis),
    )


def _visits(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_visits

    return plot_visits(analysis["visits"], zones=analysis.zones)


def _occupancy(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_occupancy

    return plot_occupancy(analysis["occupancy"], zones=["", *analysis.zones])


def _crossings(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_crossings

    return plot_crossings(
        analysis["crossings"], analysis.lines, zones=analysis.zones, **_ground(given, analysis)
    )


def _counts(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_counts

    return plot_counts(analysis["counts"])


def _balance(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_balance

    return plot_balance(analysis["balance"])


def _stops(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_stops

    return plot_stops(
        analysis["stops"], zones=analysis.zones, lines=analysis.lines, **_ground(given, analysis)
    )


def _survival(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.analysis.dwell.survival import compute_survival
    from ptrack_analysis.plots import plot_survival

    return plot_survival(compute_survival(analysis["visits"]), zones=analysis.zones)


def _transitions(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_transitions

    return plot_transitions(analysis["transitions"])


def _sankey(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_sankey

    return plot_sankey(analysis["transitions"], zones=analysis.zones)


def _encounters(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_encounters

    return plot_encounters(
        analysis["encounters"], zones=analysis.zones, lines=analysis.lines, **_ground(given, analysis)
    )


def _fundamental(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import plot_fundamental

    return plot_fundamental(analysis["fundamental"])


def _field(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.analysis.heat.flow_field import compute_flow_field
    from ptrack_analysis.plots import plot_flow_field

    shape, cell = _cells(analysis, FIELD_SHAPE, FIELD_CELL)
    field = compute_flow_field(
        analysis.trajectories, analysis.video, shape=shape, cell=cell, bounds=analysis.bounds
    )
    return plot_flow_field(field, zones=analysis.zones, lines=analysis.lines, **_ground(given, analysis))


def _cells(
    analysis: "VideoAnalysis", shape: tuple[int, int] | None, cell: float
) -> tuple[tuple[int, int] | None, float | None]:
    """Give the shape or the side of the cells that is asked for, or else these: a picture is to be seen.

    On a floor so wide that it would have more columns than the picture of a frame, the cells are larger.
    """
    from ptrack_analysis.analysis.heat.grid import SHAPE

    if analysis.config.shape is not None or analysis.config.cell is not None:
        return analysis.config.shape, analysis.config.cell
    if analysis.floor_plan is None:
        return shape, None
    x0, y0, x1, y1 = analysis.floor_plan.extent
    _, columns = shape or SHAPE
    return None, max(cell, max(x1 - x0, y1 - y0) / columns)


def _animation(given: argparse.Namespace, analysis: "VideoAnalysis") -> Any:
    from ptrack_analysis.plots import paths_gif

    return paths_gif(
        analysis.trajectories,
        analysis.video,
        zones=analysis.zones,
        lines=analysis.lines,
        width=given.width,
        duration=given.duration,
        frame_rate=given.fps,
        trail=given.trail,
        **_ground(given, analysis),
    )


DRAWN: dict[str, Callable[[argparse.Namespace, "VideoAnalysis"], Any]] = {
    "paths": _paths,
    "heatmap": _heatmap,
    "visits": _visits,
    "occupancy": _occupancy,
    "crossings": _crossings,
    "counts": _counts,
    "balance": _balance,
    "stops": _stops,
    "survival": _survival,
    "transitions": _transitions,
    "sankey": _sankey,
    "encounters": _encounters,
    "fundamental": _fundamental,
    "field": _field,
    "animation": _animation,
}
