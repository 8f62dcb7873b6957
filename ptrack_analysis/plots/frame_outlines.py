"""Outlines and label positions of zones and lines on video frames."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import shapely
from PIL import Image, ImageDraw
from shapely.geometry import LineString, MultiPolygon, Polygon

from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.background import way_in
from ptrack_analysis.plots.style import INK, PAPER
from ptrack_analysis.scene.zones import Line, Zone

Color = tuple[int, int, int]
_FINE = 2
_TINT = 36  # of 255
_ARROW, _ASIDE = 10, 6
"""Length of a line's arrow [strokes]; distance of its label [px]."""
_LEAST_CORNERS = 2
_STEP = 0.02
"""Longest part of an outline that is projected as a straight line, as a share of the outline's length."""


class Outline(Protocol):
    """A zone or a line on the frame."""

    source: Any
    name: str
    color: Color

    def find_corner(self, size: tuple[int, int]) -> tuple[float, float]:
        """Return the upper left corner of a label of this size."""

    def draw(self, overlay: Image.Image, stroke: int) -> None:
        """Draw the outline on a transparent layer."""


class ZoneOutline:
    """A zone on the frame, with its label on the lower edge, where it hides few people."""

    def __init__(self, zone: Zone, project: Callable[[Floats], Floats], color: Color) -> None:
        self.source, self.name, self.color = zone, zone.name, color
        parts = zone.outline.geoms if isinstance(zone.outline, MultiPolygon) else [zone.outline]
        rings = [
            [_project_ring(ring, project) for ring in (part.exterior, *part.interiors)] for part in parts
        ]
        self._parts = [[ring for ring in part if len(ring) > _LEAST_CORNERS] for part in rings]
        shapes = [Polygon(part[0]).buffer(0) for part in self._parts if part]
        shape = max(shapes, key=lambda each: each.area, default=Polygon())
        self._anchor = None if shape.is_empty else _find_lower_edge(shape)

    @property
    def is_on_image(self) -> bool:
        """Whether any part of the zone is visible on the image."""
        return self._anchor is not None

    def is_active(self, time: int) -> bool:
        """Return whether the zone is valid at a time [ms]."""
        window = self.source.window
        return window is None or window[0] <= time < window[1]

    def find_corner(self, size: tuple[int, int]) -> tuple[float, float]:
        """Return the upper left corner of a label of this size."""
        x, y = self._anchor or (0.0, 0.0)
        return x - size[0] / 2, y - size[1] / 2

    def draw(self, overlay: Image.Image, stroke: int) -> None:
        """Draw the outline and tint its interior."""
        tint = Image.new("L", overlay.size)
        draw = ImageDraw.Draw(tint)
        for part in self._parts:
            for number, ring in enumerate(part):
                draw.polygon(ring.ravel().tolist(), fill=0 if number else _TINT)
        overlay.alpha_composite(_colored(self.color, tint))
        rings = [ring for part in self._parts for ring in part]
        _draw_strokes(overlay, rings, self.color, parse_color(PAPER), stroke)


class LineOutline:
    """A line on the frame, with an arrow to its *in* side and its label on the *out* side."""

    def __init__(self, line: Line, project: Callable[[Floats], Floats]) -> None:
        self.source, self.name, self.color = line, line.name, parse_color(INK)
        self._points = _project_ring(line.outline, project)
        self.is_on_image = len(np.unique(self._points, axis=0)) > 1
        if self.is_on_image:
            self._middle, self._inwards = way_in(LineString(self._points))

    def find_corner(self, size: tuple[int, int]) -> tuple[float, float]:
        """Return the upper left corner of a label of this size."""
        half = np.array(size) / 2
        away = (np.abs(self._inwards) * half).sum() + _ASIDE
        x, y = (self._middle - away * self._inwards - half).tolist()
        return x, y

    def draw(self, overlay: Image.Image, stroke: int) -> None:
        """Draw the line and its arrow."""
        length = _ARROW * stroke
        tip = self._middle + length * self._inwards
        across = 0.35 * length * self._inwards[::-1] * [1, -1]
        neck = tip - 0.5 * length * self._inwards
        strokes = [self._points, np.array([self._middle, tip]), np.array([neck + across, tip, neck - across])]
        _draw_strokes(overlay, strokes, parse_color(PAPER), self.color, stroke)


def _find_lower_edge(shape: Polygon | MultiPolygon) -> tuple[float, float]:
    """Return the lowest point of a shape below its middle."""
    middle, (_, top, _, bottom) = shape.representative_point(), shape.bounds
    column = shape.intersection(LineString([(middle.x, top - 1), (middle.x, bottom + 1)]))
    return middle.x, float(column.bounds[3])


def _project_ring(ring: LineString, project: Callable[[Floats], Floats]) -> Floats:
    """Project an outline, which may become curved, and drop points outside the image plane."""
    points = project(shapely.get_coordinates(ring.segmentize(_STEP * ring.length)))
    return points[np.isfinite(points).all(axis=1)]


def _draw_strokes(
    overlay: Image.Image, strokes: Sequence[Floats], color: Color, casing: Color, width: int
) -> None:
    """Draw lines with a casing and smooth edges."""
    for shade, wide in ((casing, 2 * width), (color, width)):
        mask = Image.new("L", (_FINE * overlay.width, _FINE * overlay.height))
        draw = ImageDraw.Draw(mask)
        for stroke in strokes:
            draw.line((_FINE * stroke).ravel().tolist(), fill=255, width=_FINE * wide, joint="curve")
        overlay.alpha_composite(_colored(shade, mask.reduce(_FINE)))


def _colored(color: Color, opacity: Image.Image) -> Image.Image:
    layer = Image.new("RGBA", opacity.size, color)
    layer.putalpha(opacity)
    return layer


def parse_color(text: str) -> Color:
    """Return the bytes of a color such as ``#333333``."""
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue
