"""Frames of an animation, drawn with Pillow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import LineString
from shapely.ops import substring

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.backdrop import dimmed
from ptrack_analysis.plots.clock import clock, time_unit
from ptrack_analysis.plots.colours import GRID, INK, PAPER, distinct_colours
from ptrack_analysis.plots.names import in_rows
from ptrack_analysis.plots.outlines import way_in
from ptrack_analysis.plots.stretches import Steps
from ptrack_analysis.scene.zones import Line, Zone

_FINE = 2  # pixels drawn for each one shown, so that edges are smooth
_STRIP = 26
_TALLEST = 4.0  # times the width
_DOT, _TRAIL, _OUTLINE = 5.0, 2.6, 1.3
_LETTERS = 12
_DASH, _BREAK, _ARROW = 14.0, 6.0, 24.0
"""Lengths of what a line is drawn of [fine px]."""
_NAMED = 30
_PALEST = 0.75
_GROUND_COLOURS = 160
_PERSON_COLOURS = 30

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What does not move: the ground, as fine as it is drawn, and where the plane lies on it."""

    ground: Image.Image
    origin: Floats
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame [px]."""
        return self.ground.width // _FINE, self.ground.height // _FINE + _STRIP

    def pixels(self, points: Floats) -> Floats:
        """Give where points of the plane (n, 2) lie on the ground [fine px]."""
        return (points - self.origin) * self.scale


def stage_of(
    width: int, shown: Bounds, picture: Floats | None, zones: Sequence[Zone], lines: Sequence[Line]
) -> Stage:
    """Prepare the ground: the backdrop or paper, with outlines and their names."""
    x0, y0, x1, y1 = shown
    scale = _FINE * width / (x1 - x0)
    height = int(np.clip(round(scale * (y1 - y0) / _FINE), 1, _TALLEST * width)) * _FINE
    ground = Image.new("RGB", (_FINE * width, height), PAPER)
    if picture is not None:
        levels = np.rint(255 * dimmed(picture)).astype("uint8")
        ground.paste(Image.fromarray(levels).resize(ground.size, Image.Resampling.LANCZOS))
    stage = Stage(ground, np.array([x0, y0]), scale)
    draw = ImageDraw.Draw(ground)
    things: list[Zone | Line] = [*zones, *lines]
    for thing in things:
        _draw_outline(draw, stage, thing)
    for thing in things:
        _draw_name(draw, stage, thing)
    return stage


def _draw_outline(draw: ImageDraw.ImageDraw, stage: Stage, thing: Zone | Line) -> None:
    """Draw the outline dark in a pale casing; that of a line in dashes, with an arrow to its *in* side."""
    outline = thing.outline.boundary if isinstance(thing, Zone) else thing.outline
    strokes = [LineString(stage.pixels(shapely.get_coordinates(ring))) for ring in shapely.get_parts(outline)]
    if isinstance(thing, Line):
        middle, inwards = way_in(strokes[0])
        strokes = [*_dashes(strokes[0]), LineString([middle, middle + _ARROW * inwards])]
    for colour, wide in ((PAPER, 3.0), (INK, 1.0)):
        for stroke in strokes:
            corners = shapely.get_coordinates(stroke).ravel().tolist()
            draw.line(corners, fill=colour, width=round(_FINE * _OUTLINE * wide), joint="curve")
    if isinstance(thing, Line):
        tip, across = middle + 1.3 * _ARROW * inwards, 0.35 * _ARROW * inwards[::-1] * [1, -1]
        base = middle + 0.7 * _ARROW * inwards
        draw.polygon([*map(tuple, (tip, base + across, base - across))], fill=INK)


def _dashes(line: LineString) -> list[Any]:
    """Cut a line on the ground into dashes."""
    starts = np.arange(0.0, line.length, _DASH + _BREAK).tolist()
    return [substring(line, start, start + _DASH) for start in starts]


def _draw_name(draw: ImageDraw.ImageDraw, stage: Stage, thing: Zone | Line) -> None:
    """Write the name in the zone's middle, or on the line's *out* side."""
    if isinstance(thing, Zone):
        place = stage.pixels(shapely.get_coordinates(thing.outline.representative_point()))[0]
    else:
        middle, inwards = way_in(LineString(stage.pixels(shapely.get_coordinates(thing.outline))))
        place = middle - _FINE * _LETTERS * inwards
    style: dict[str, Any] = {
        "fill": INK,
        "stroke_width": 2 * _FINE,
        "stroke_fill": PAPER,
        "anchor": "mm",
        "align": "center",
    }
    draw.multiline_text(tuple(place), in_rows(thing.name), font=_font(_FINE * _LETTERS), **style)


def _font(size: float) -> ImageFont.FreeTypeFont:
    """Give the font of matplotlib, the same on every machine."""
    place = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(str(place), size, layout_engine=ImageFont.Layout.BASIC)


class Sketch:
    """The frames of one animation, each drawn on request."""

    def __init__(self, stage: Stage, steps: Steps, behind: int, factor: float, end: int) -> None:
        self.stage, self.steps, self.behind, self.factor = stage, steps, behind, factor
        self.unit = time_unit(end / 1000)
        self.places = stage.pixels(steps.points)
        self.colours = np.rint(255 * distinct_colours(len(steps.persons))[:, :3]).astype(int)

    def at(self, moment: int) -> Image.Image:
        """Draw the frame of a moment [ms]."""
        picture = self.stage.ground.copy()
        draw = ImageDraw.Draw(picture)
        steps = self.steps
        present = (steps.time <= moment) & (moment < steps.time + steps.held)
        self._draw_trails(draw, moment)
        here = np.flatnonzero(present & steps.known)
        for row in here.tolist():
            self._draw_dot(draw, row, named=len(here) <= _NAMED)
        return self._framed(picture.reduce(_FINE), moment, int(present.sum()), len(here))

    def _draw_trails(self, draw: ImageDraw.ImageDraw, moment: int) -> None:
        """Draw the steps of the last while, the older the paler, while the person's run lasts."""
        steps = self.steps
        recent = (steps.time <= moment) & (steps.time > moment - self.behind)
        ends = np.flatnonzero(steps.joined & recent[1:] & recent[:-1])
        for row in ends[np.argsort(steps.time[ends], kind="stable")].tolist():
            age = (moment - int(steps.time[row])) / max(self.behind, 1)
            colour = self.colour(int(steps.rank[row]), _PALEST * age)
            line = self.places[row : row + 2].ravel().tolist()
            draw.line(line, fill=colour, width=round(_FINE * _TRAIL))

    def _draw_dot(self, draw: ImageDraw.ImageDraw, row: int, *, named: bool) -> None:
        x, y = self.places[row].tolist()
        rank = int(self.steps.rank[row])
        radius = _FINE * _DOT
        draw.circle((x, y), radius + 1.5 * _FINE, fill=PAPER)
        draw.circle((x, y), radius, fill=self.colour(rank, 0.0))
        if named:
            text, font = str(self.steps.persons[rank]), _font(_FINE * _LETTERS)
            halo: dict[str, Any] = {"stroke_width": 2 * _FINE, "stroke_fill": PAPER}
            right = x + 2.2 * radius + draw.textlength(text, font) < draw.im.size[0]
            place = (x + (2 if right else -2) * radius, y)
            draw.text(place, text, fill=INK, font=font, anchor="lm" if right else "rm", **halo)

    def colour(self, rank: int, pale: float) -> Colour:
        """Give a person's colour, mixed with white."""
        red, green, blue = np.rint(self.colours[rank] * (1 - pale) + 255 * pale).astype(int).tolist()
        return red, green, blue

    def _framed(self, picture: Image.Image, moment: int, present: int, located: int) -> Image.Image:
        """Put the strip with time and number of persons below the picture."""
        width, height = picture.size
        framed = Image.new("RGB", (width, height + _STRIP), PAPER)
        framed.paste(picture)
        draw = ImageDraw.Draw(framed)
        draw.line((0, height, width, height), fill=GRID)
        line, font = height + _STRIP / 2, _font(_LETTERS)
        seconds = round(moment / 1000, 1) if self.unit == "s" else moment // 1000
        time = clock(seconds, self.unit) + (" s" if self.unit == "s" else "")
        draw.text((8, line), time, fill=INK, font=font, anchor="lm")
        hidden = f", {present - located} not located" if present > located else ""
        said = f"{present} person{'' if present == 1 else 's'}{hidden}" if len(self.steps.time) else "nobody"
        draw.text((width / 2, line), said, fill=INK, font=font, anchor="mm")
        draw.text((width - 8, line), f"{_factor(self.factor)}\u00d7 speed", fill=INK, font=font, anchor="rm")
        return framed


def palette_of(sketch: Sketch) -> Image.Image:
    """Choose the 256 colours of all frames: of the ground, of the ink on paper, of the persons and trails."""
    ground = sketch.at(-1).quantize(_GROUND_COLOURS, Image.Quantize.MEDIANCUT).convert("RGB")
    found = ground.getcolors(_GROUND_COLOURS) or []
    number = len(sketch.colours)
    ranks = sorted({each * number // _PERSON_COLOURS for each in range(_PERSON_COLOURS) if number})
    shades = [sketch.colour(rank, pale) for pale in (0.0, 0.4, 0.7) for rank in ranks]
    greys = [(level, level, level) for level in (51, 120, 190, 255)]
    chosen = [*greys, *shades, *(colour for _, colour in found)][:256]
    palette = Image.new("P", (1, 1))
    palette.putpalette([int(level) for colour in chosen for level in colour])  # type: ignore[union-attr]
    return palette


def _factor(factor: float) -> str:
    """Write how much faster than life it goes, in two figures, without an exponent."""
    return f"{factor:.0f}" if factor >= 9.5 else f"{factor:.2g}" if factor >= 0.01 else f"1/{1 / factor:.0f}"  # noqa: PLR2004
