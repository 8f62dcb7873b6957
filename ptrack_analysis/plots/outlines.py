"""Zones and lines drawn on a plane."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patheffects import withStroke
from shapely.geometry import LineString, MultiPolygon, Polygon

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.colours import INK, PAPER
from ptrack_analysis.plots.names import short_name
from ptrack_analysis.scene.zones import Line, Zone

HALO = withStroke(linewidth=2.5, foreground=PAPER)
_CASED = withStroke(linewidth=3.2, foreground=PAPER)
_LETTERING: dict[str, Any] = {
    "fontsize": "small",
    "color": INK,
    "path_effects": [HALO],
    "zorder": 7,
    "annotation_clip": True,
}
_RECTANGULAR = 0.9
_OUTER = 0.12
_ROOM = 0.7


def refuse_other_plane(things: Sequence[Zone | Line], unit: str) -> None:
    """Refuse zones or lines that are not in the unit that is drawn.

    Raises
    ------
    ParameterError
        With the first such zone or line.
    """
    for thing in things:
        if thing.unit != unit:
            raise ParameterError(
                f"mixing two planes: {thing.kind} {thing.name!r} is in {thing.unit}, the plot is in {unit}"
            )


def draw_outlines(ax: Axes, zones: Sequence[Zone], lines: Sequence[Line]) -> None:
    """Draw each zone's outline and name, and each line with its name and an arrow to its *in* side."""
    rings = [
        shapely.get_coordinates(ring) for zone in zones for ring in shapely.get_parts(zone.outline.boundary)
    ]
    _add_strokes(ax, rings, "solid", "_zones")
    _add_strokes(ax, [shapely.get_coordinates(line.outline) for line in lines], (0, (5, 1.5)), "_lines")
    for zone in zones:
        _name_zone(ax, zone)
    for line in lines:
        _name_line(ax, line)


def _add_strokes(ax: Axes, strokes: Sequence[Floats], style: Any, label: str) -> None:
    if strokes:
        drawn = LineCollection(strokes, colors=INK, linewidths=1.4, linestyles=[style], zorder=5)
        drawn.set(path_effects=[_CASED], label=label)
        ax.add_collection(drawn)


def _name_zone(ax: Axes, zone: Zone) -> None:
    """Write the name inside the zone: in an upper corner of one like a rectangle, else where it is widest."""
    outline = zone.outline
    part = max(outline.geoms, key=lambda each: each.area) if isinstance(outline, MultiPolygon) else outline
    left, top, right, bottom = part.bounds
    start, end = sorted(ax.get_xlim())
    if part.area > _RECTANGULAR * (right - left) * (bottom - top):
        leftwards = (left + right) / 2 > (start + end) / 2
        place, away, down = (right if leftwards else left, top), -4 if leftwards else 4, -4
        across, above = ("right" if leftwards else "left"), "top"
    else:
        middle = _middle(part)
        share = (middle[0] - start) / (end - start)
        place, away, down = (float(middle[0]), float(middle[1])), 0, 0
        across, above = ("left" if share < _OUTER else "right" if share > 1 - _OUTER else "center"), "center"
    style: dict[str, Any] = {**_LETTERING, "ha": across, "va": above}
    ax.annotate(short_name(zone.name), place, xytext=(away, down), textcoords="offset points", **style)


def _middle(part: Polygon) -> Floats:
    """Give the place for a name: the centroid, unless a circle much smaller than elsewhere fits around it."""
    circle = shapely.maximum_inscribed_circle(part)
    room = part.boundary.distance(part.centroid) if part.contains(part.centroid) else 0.0
    found: Floats = shapely.get_coordinates(part.centroid if room >= _ROOM * circle.length else circle)[0]
    return found


def _name_line(ax: Axes, line: Line) -> None:
    """Write the name on the line's *out* side, with an arrow from its middle to the *in* side."""
    middle, way = way_in(line.outline)
    inwards = way * [1, -1]  # on paper y points upwards
    place = (float(middle[0]), float(middle[1]))
    arrow: dict[str, Any] = {"arrowstyle": "<|-", "color": INK, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("in", place, xytext=tuple(20 * inwards), arrowprops=arrow, **_beside(inwards), **_LETTERING)
    ax.annotate(short_name(line.name), place, xytext=tuple(-6 * inwards), **_beside(-inwards), **_LETTERING)


def way_in(line: LineString) -> tuple[Floats, Floats]:
    """Give a line's middle, and which way *in* is with y downwards: to the right of who walks along it."""
    before, middle = (
        shapely.get_coordinates(line.interpolate(share, normalized=True))[0] for share in (0.45, 0.5)
    )
    x, y = (middle - before) / np.hypot(*(middle - before))
    return middle, np.array([-y, x])


def _beside(way: Floats) -> dict[str, Any]:
    """Give the alignment of a text that lies this way from its point, and grows further that way."""
    across, down = np.sign(np.round(way)).astype(int).tolist()
    return {
        "textcoords": "offset points",
        "ha": ("right", "center", "left")[across + 1],
        "va": ("top", "center", "bottom")[down + 1],
    }
