"""The ground of an animation: background image, zones and lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from PIL import Image, ImageDraw
from shapely.geometry import LineString
from shapely.ops import substring

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.background import dimmed, way_in
from ptrack_analysis.plots.frame_annotator import load_font
from ptrack_analysis.plots.style import INK, PAPER, in_rows
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import YAxis

FINE = 2
"""Fine pixels per pixel of the animation, for smooth edges."""
STRIP = 26
"""Height of the strip with the time below the image [px]."""
LETTERS = 12
_TALLEST = 4.0  # times the width
_OUTLINE = 1.3
_DASH, _BREAK, _ARROW = 14.0, 6.0, 24.0
"""Lengths of dashes, their gaps and the arrow [fine px]."""


@dataclass(frozen=True, slots=True, eq=False)
class AnimationCanvas:
    """The static part of an animation: ground at fine resolution, projection and outlines."""

    ground: Image.Image
    origin: Floats
    scale: Floats
    outlined: Sequence[Zone | Line] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame [px]."""
        return self.ground.width // FINE, self.ground.height // FINE + STRIP

    def pixels(self, points: Floats) -> Floats:
        """Project (n, 2) points of the plane to the ground [fine px]."""
        return (points - self.origin) * self.scale

    def draw_line(self, line: Line) -> LineString:
        """Project a line to the ground, with its *in* side to the right."""
        is_up = bool(self.scale[1] < 0)
        outline = line.outline if (line.y_axis == "up") == is_up else line.outline.reverse()
        return LineString(self.pixels(shapely.get_coordinates(outline)))

    def paint_ground(self, image: Image.Image | None) -> Image.Image:
        """Return a ground with the dimmed image, or white, and the outlines with their names."""
        ground = Image.new("RGB", self.ground.size, PAPER)
        if image is not None:
            shown = image.resize((ground.width // FINE, ground.height // FINE), Image.Resampling.BOX)
            levels = np.rint(255 * dimmed(np.asarray(shown) / 255.0)).astype("uint8")
            ground.paste(Image.fromarray(levels).resize(ground.size, Image.Resampling.BILINEAR))
        self.draw_outlines(ground)
        return ground

    def draw_outlines(self, ground: Image.Image) -> None:
        """Draw the outlines of zones and lines, and their names."""
        draw = ImageDraw.Draw(ground)
        for thing in self.outlined:
            _draw_outline(draw, self, thing)
        for thing in self.outlined:
            _draw_name(draw, self, thing)


def prepare_canvas(
    width: int,
    shown: Bounds,
    image: Floats | None,
    zones: Sequence[Zone],
    lines: Sequence[Line],
    *,
    y_axis: YAxis = "down",
) -> AnimationCanvas:
    """Prepare the ground: the background or white, with outlines and their names."""
    x0, y0, x1, y1 = shown
    scale = FINE * width / (x1 - x0)
    height = int(np.clip(round(scale * (y1 - y0) / FINE), 1, _TALLEST * width)) * FINE
    ground = Image.new("RGB", (FINE * width, height), PAPER)
    if image is not None:
        levels = np.rint(255 * dimmed(image)).astype("uint8")
        ground.paste(Image.fromarray(levels).resize(ground.size, Image.Resampling.LANCZOS))
    is_up = y_axis == "up"
    origin, scales = np.array([x0, y1 if is_up else y0]), np.array([scale, -scale if is_up else scale])
    canvas = AnimationCanvas(ground, origin, scales, [*zones, *lines])
    canvas.draw_outlines(ground)
    return canvas


def _draw_outline(draw: ImageDraw.ImageDraw, canvas: AnimationCanvas, thing: Zone | Line) -> None:
    """Draw an outline in a pale casing; a line is dashed, with an arrow to its *in* side."""
    outline = thing.outline.boundary if isinstance(thing, Zone) else thing.outline
    strokes = [
        LineString(canvas.pixels(shapely.get_coordinates(ring))) for ring in shapely.get_parts(outline)
    ]
    if isinstance(thing, Line):
        strokes = [canvas.draw_line(thing)]
        middle, inwards = way_in(strokes[0])
        strokes = [*_dashes(strokes[0]), LineString([middle, middle + _ARROW * inwards])]
    for color, wide in ((PAPER, 3.0), (INK, 1.0)):
        for stroke in strokes:
            corners = shapely.get_coordinates(stroke).ravel().tolist()
            draw.line(corners, fill=color, width=round(FINE * _OUTLINE * wide), joint="curve")
    if isinstance(thing, Line):
        tip, across = middle + 1.3 * _ARROW * inwards, 0.35 * _ARROW * inwards[::-1] * [1, -1]
        base = middle + 0.7 * _ARROW * inwards
        draw.polygon([*map(tuple, (tip, base + across, base - across))], fill=INK)


def _dashes(line: LineString) -> list[Any]:
    """Cut a line on the ground into dashes."""
    starts = np.arange(0.0, line.length, _DASH + _BREAK).tolist()
    return [substring(line, start, start + _DASH) for start in starts]


def _draw_name(draw: ImageDraw.ImageDraw, canvas: AnimationCanvas, thing: Zone | Line) -> None:
    """Write the name in the middle of a zone or on the *out* side of a line."""
    if isinstance(thing, Zone):
        position = canvas.pixels(shapely.get_coordinates(thing.outline.representative_point()))[0]
    else:
        middle, inwards = way_in(canvas.draw_line(thing))
        position = middle - FINE * LETTERS * inwards
    style: dict[str, Any] = {
        "fill": INK,
        "stroke_width": 2 * FINE,
        "stroke_fill": PAPER,
        "anchor": "mm",
        "align": "center",
    }
    text, font = in_rows(thing.name), load_font(FINE * LETTERS)
    half = np.array(draw.multiline_textbbox((0, 0), text, font, anchor="mm", align="center"))[2:] + 3 * FINE
    position = np.maximum(np.minimum(position, np.array(canvas.ground.size) - half), half)  # inside the image
    draw.multiline_text(tuple(position), text, font=font, **style)
