"""The pictures of ``ptrack plot``: each drawn from one video's road."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ptrack_analysis.cli.texts import shown

if TYPE_CHECKING:
    from ptrack_analysis.dataset.road import Road
    from ptrack_analysis.dataset.settings import Settings

Extent = tuple[float, float, float, float]

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


def _extent(road: "Road") -> Extent:
    """Give what of the plane is drawn: the frame, or the floor plan's extent."""
    if road.floor is not None:
        return road.floor.extent
    pixels = road.video.pixels
    return (0.0, 0.0, float(pixels.width), float(pixels.height))


def _ground(given: argparse.Namespace, road: "Road") -> dict[str, Any]:
    """Give what lies below the picture and where, and say on stderr if it is stretched."""
    extent = _extent(road)
    if given.backdrop is None:
        return {"extent": extent}
    import numpy as np

    from ptrack_analysis.io.pictures import read_picture, stretched_note

    picture = read_picture(given.backdrop)
    x0, y0, x1, y1 = extent
    for note in stretched_note(picture.size, (x1 - x0, y1 - y0), of_frame=road.floor is None):
        print(f"note: {shown(road.video.name)}: {note}", file=sys.stderr)
    return {"backdrop": np.asarray(picture), "extent": extent}


def _paths(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.plots import plot_paths

    return plot_paths(road.trajectories, zones=road.zones, lines=road.lines, **_ground(given, road))


def _heatmap(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import heatmap_of
    from ptrack_analysis.errors import ParameterError
    from ptrack_analysis.plots import plot_heatmap

    if road.floor is not None and given.of == "boxes":
        raise ParameterError(
            "boxes lie in the picture, not on a floor plan: leave --floor or take --of footpoints"
        )
    if given.density and (road.floor is None or road.duration is None):
        raise ParameterError("a density needs a floor plan (--floor FILE) and a video of known length")
    shape, cell = _cells(road, settings, None, HEAT_CELL)
    return plot_heatmap(
        heatmap_of(road, replace(settings, shape=shape, cell=cell), of=given.of or "boxes"),
        duration=road.duration if given.density else None,
        zones=road.zones,
        lines=road.lines,
        **_ground(given, road),
    )


def _visits(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import visits_of
    from ptrack_analysis.plots import plot_visits

    return plot_visits(visits_of(road, settings), zones=road.zones)


def _occupancy(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import occupancy_of
    from ptrack_analysis.plots import plot_occupancy

    return plot_occupancy(occupancy_of(road, settings, road.zones), zones=["", *road.zones])


def _crossings(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import crossings_of
    from ptrack_analysis.plots import plot_crossings

    return plot_crossings(crossings_of(road, settings), road.lines, zones=road.zones, **_ground(given, road))


def _counts(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import counts_of
    from ptrack_analysis.plots import plot_counts

    return plot_counts(counts_of(road, settings))


def _balance(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import balance_of
    from ptrack_analysis.plots import plot_balance

    return plot_balance(balance_of(road, settings))


def _stops(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import stops_of
    from ptrack_analysis.plots import plot_stops

    return plot_stops(stops_of(road, settings), zones=road.zones, lines=road.lines, **_ground(given, road))


def _survival(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.analysis.stays.curves import compute_survival
    from ptrack_analysis.dataset.measured import visits_of
    from ptrack_analysis.plots import plot_survival

    return plot_survival(compute_survival(visits_of(road, settings)), zones=road.zones)


def _transitions(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.analysis.flows.transitions import compute_transitions
    from ptrack_analysis.dataset.measured import visits_of
    from ptrack_analysis.plots import plot_transitions

    return plot_transitions(compute_transitions(visits_of(road, settings)))


def _sankey(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.analysis.flows.transitions import compute_transitions
    from ptrack_analysis.dataset.measured import visits_of
    from ptrack_analysis.plots import plot_sankey

    return plot_sankey(compute_transitions(visits_of(road, settings)), zones=road.zones)


def _encounters(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import encounters_of
    from ptrack_analysis.plots import plot_encounters

    return plot_encounters(encounters_of(road), zones=road.zones, lines=road.lines, **_ground(given, road))


def _fundamental(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.dataset.measured import fundamental_of
    from ptrack_analysis.plots import plot_fundamental

    return plot_fundamental(fundamental_of(road, settings))


def _field(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.analysis.heat.field import compute_field
    from ptrack_analysis.plots import plot_field

    shape, cell = _cells(road, settings, FIELD_SHAPE, FIELD_CELL)
    field = compute_field(road.trajectories, road.video, shape=shape, cell=cell, extent=_extent(road))
    return plot_field(field, zones=road.zones, lines=road.lines, **_ground(given, road))


def _cells(
    road: "Road", settings: "Settings", shape: tuple[int, int] | None, cell: float
) -> tuple[tuple[int, int] | None, float | None]:
    """Give the shape or the side of the cells that is asked for, or else these: a picture is to be seen.

    On a floor so wide that it would have more columns than the picture of a frame, the cells are larger.
    """
    from ptrack_analysis.analysis.heat.cells import SHAPE

    if settings.shape is not None or settings.cell is not None:
        return settings.shape, settings.cell
    if road.floor is None:
        return shape, None
    x0, y0, x1, y1 = road.floor.extent
    _, columns = shape or SHAPE
    return None, max(cell, max(x1 - x0, y1 - y0) / columns)


def _animation(given: argparse.Namespace, road: "Road", settings: "Settings") -> Any:
    from ptrack_analysis.plots import paths_gif

    return paths_gif(
        road.trajectories,
        road.video,
        zones=road.zones,
        lines=road.lines,
        width=given.width,
        duration=given.duration,
        frame_rate=given.fps,
        trail=given.trail,
        **_ground(given, road),
    )


DRAWN: dict[str, Callable[[argparse.Namespace, "Road", "Settings"], Any]] = {
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
