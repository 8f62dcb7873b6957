"""People walking, as an animated GIF."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import shapely
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import LineString
from shapely.ops import substring

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import dimmed, frame_bounds, read_background, validate_plane, way_in
from ptrack_analysis.plots.saving import MARK
from ptrack_analysis.plots.stretches import Steps, find_steps
from ptrack_analysis.plots.style import GRID, INK, PAPER, distinct_colors, enclosing_bounds, in_rows
from ptrack_analysis.plots.time_axis import clock, time_unit
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import TRAJECTORIES, find_unit, validate
from ptrack_analysis.storage.files import write_bytes
from ptrack_analysis.video import Video, YAxis, milliseconds

_FINE = 2  # pixels drawn for each one shown, so that edges are smooth
_STRIP = 26
_TALLEST = 4.0  # times the width
_DOT, _TRAIL, _OUTLINE = 5.0, 2.6, 1.3
_LETTERS = 12
_DASH, _BREAK, _ARROW = 14.0, 6.0, 24.0
"""Lengths of what a line is drawn of [fine px]."""
_NAMED = 30
_PALEST = 0.75
_GROUND_COLORS = 160
_PERSON_COLORS = 30

Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class AnimationCanvas:
    """What does not move: the ground, as fine as it is drawn, and where the plane lies on it."""

    ground: Image.Image
    origin: Floats
    scale: Floats

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame [px]."""
        return self.ground.width // _FINE, self.ground.height // _FINE + _STRIP

    def pixels(self, points: Floats) -> Floats:
        """Return where points of the plane (n, 2) lie on the ground [fine px]."""
        return (points - self.origin) * self.scale

    def draw_line(self, line: Line) -> LineString:
        """Return a line on the ground, with its *in* side to the right."""
        is_up = bool(self.scale[1] < 0)
        outline = line.outline if (line.y_axis == "up") == is_up else line.outline.reverse()
        return LineString(self.pixels(shapely.get_coordinates(outline)))


def prepare_canvas(
    width: int,
    shown: Bounds,
    picture: Floats | None,
    zones: Sequence[Zone],
    lines: Sequence[Line],
    *,
    y_axis: YAxis = "down",
) -> AnimationCanvas:
    """Prepare the ground: the background or paper, with outlines and their names."""
    x0, y0, x1, y1 = shown
    scale = _FINE * width / (x1 - x0)
    height = int(np.clip(round(scale * (y1 - y0) / _FINE), 1, _TALLEST * width)) * _FINE
    ground = Image.new("RGB", (_FINE * width, height), PAPER)
    if picture is not None:
        levels = np.rint(255 * dimmed(picture)).astype("uint8")
        ground.paste(Image.fromarray(levels).resize(ground.size, Image.Resampling.LANCZOS))
    is_up = y_axis == "up"
    origin, scales = np.array([x0, y1 if is_up else y0]), np.array([scale, -scale if is_up else scale])
    stage = AnimationCanvas(ground, origin, scales)
    draw = ImageDraw.Draw(ground)
    things: list[Zone | Line] = [*zones, *lines]
    for thing in things:
        _draw_outline(draw, stage, thing)
    for thing in things:
        _draw_name(draw, stage, thing)
    return stage


def _draw_outline(draw: ImageDraw.ImageDraw, stage: AnimationCanvas, thing: Zone | Line) -> None:
    """Draw the outline dark in a pale casing; that of a line in dashes, with an arrow to its *in* side."""
    outline = thing.outline.boundary if isinstance(thing, Zone) else thing.outline
    strokes = [LineString(stage.pixels(shapely.get_coordinates(ring))) for ring in shapely.get_parts(outline)]
    if isinstance(thing, Line):
        strokes = [stage.draw_line(thing)]
        middle, inwards = way_in(strokes[0])
        strokes = [*_dashes(strokes[0]), LineString([middle, middle + _ARROW * inwards])]
    for color, wide in ((PAPER, 3.0), (INK, 1.0)):
        for stroke in strokes:
            corners = shapely.get_coordinates(stroke).ravel().tolist()
            draw.line(corners, fill=color, width=round(_FINE * _OUTLINE * wide), joint="curve")
    if isinstance(thing, Line):
        tip, across = middle + 1.3 * _ARROW * inwards, 0.35 * _ARROW * inwards[::-1] * [1, -1]
        base = middle + 0.7 * _ARROW * inwards
        draw.polygon([*map(tuple, (tip, base + across, base - across))], fill=INK)


def _dashes(line: LineString) -> list[Any]:
    """Cut a line on the ground into dashes."""
    starts = np.arange(0.0, line.length, _DASH + _BREAK).tolist()
    return [substring(line, start, start + _DASH) for start in starts]


def _draw_name(draw: ImageDraw.ImageDraw, stage: AnimationCanvas, thing: Zone | Line) -> None:
    """Write the name in the zone's middle, or on the line's *out* side."""
    if isinstance(thing, Zone):
        place = stage.pixels(shapely.get_coordinates(thing.outline.representative_point()))[0]
    else:
        middle, inwards = way_in(stage.draw_line(thing))
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
    """Return the font of matplotlib, the same on every machine."""
    place = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(str(place), size, layout_engine=ImageFont.Layout.BASIC)


class Sketch:
    """The frames of one animation, each drawn on request."""

    def __init__(self, stage: AnimationCanvas, steps: Steps, behind: int, factor: float, end: int) -> None:
        self.stage, self.steps, self.behind, self.factor = stage, steps, behind, factor
        self.unit = time_unit(end / 1000)
        self.places = stage.pixels(steps.points)
        self.colors = np.rint(255 * distinct_colors(len(steps.persons))[:, :3]).astype(int)

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
            color = self.color(int(steps.rank[row]), _PALEST * age)
            line = self.places[row : row + 2].ravel().tolist()
            draw.line(line, fill=color, width=round(_FINE * _TRAIL))

    def _draw_dot(self, draw: ImageDraw.ImageDraw, row: int, *, named: bool) -> None:
        x, y = self.places[row].tolist()
        rank = int(self.steps.rank[row])
        radius = _FINE * _DOT
        draw.circle((x, y), radius + 1.5 * _FINE, fill=PAPER)
        draw.circle((x, y), radius, fill=self.color(rank, 0.0))
        if named:
            text, font = str(self.steps.persons[rank]), _font(_FINE * _LETTERS)
            halo: dict[str, Any] = {"stroke_width": 2 * _FINE, "stroke_fill": PAPER}
            right = x + 2.2 * radius + draw.textlength(text, font) < draw.im.size[0]
            place = (x + (2 if right else -2) * radius, y)
            draw.text(place, text, fill=INK, font=font, anchor="lm" if right else "rm", **halo)

    def color(self, rank: int, pale: float) -> Color:
        """Return a person's color, mixed with white."""
        red, green, blue = np.rint(self.colors[rank] * (1 - pale) + 255 * pale).astype(int).tolist()
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


def choose_palette(sketch: Sketch) -> Image.Image:
    """Choose the 256 colors of all frames: of the ground, of the ink on paper, of the persons and trails."""
    ground = sketch.at(-1).quantize(_GROUND_COLORS, Image.Quantize.MEDIANCUT).convert("RGB")
    found = ground.getcolors(_GROUND_COLORS) or []
    number = len(sketch.colors)
    ranks = sorted({each * number // _PERSON_COLORS for each in range(_PERSON_COLORS) if number})
    shades = [sketch.color(rank, pale) for pale in (0.0, 0.4, 0.7) for rank in ranks]
    greys = [(level, level, level) for level in (51, 120, 190, 255)]
    chosen = [*greys, *shades, *(color for _, color in found)][:256]
    palette = Image.new("P", (1, 1))
    palette.putpalette([int(level) for color in chosen for level in color])  # type: ignore[union-attr]
    return palette


def _factor(factor: float) -> str:
    """Write how much faster than life it goes, in two figures, without an exponent."""
    return f"{factor:.0f}" if factor >= 9.5 else f"{factor:.2g}" if factor >= 0.01 else f"1/{1 / factor:.0f}"  # noqa: PLR2004


_WIDTHS = (120, 1920)
_RATES = (1, 50)
_MOST_FRAMES = 3000
_MOST_PIXELS = 600_000_000
_CENTI = 100
_TEN = 10


@plot_analysis(lambda analysis: analysis.trajectories, "lines", "zones", "bounds", "y_axis")
def write_animation(
    trajectories: pd.DataFrame,
    /,
    video: Video,
    path: str | PathLike[str],
    *,
    background: Picture | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    persons: Collection[int] | None = None,
    width: int = 640,
    duration: pd.Timedelta | str = "12s",
    frame_rate: int = 10,
    trail: pd.Timedelta | str = "5s",
) -> None:
    """Write an animated GIF of people walking.

    The arguments are those of ``animate_paths``, which may start with a VideoAnalysis. The file is replaced
    completely or not at all, and equal arguments give equal bytes.

    Raises
    ------
    SchemaError, ParameterError
        As ``animate_paths``.
    OutputError
        If the file cannot be written.
    """
    content = animate_paths(
        trajectories,
        video,
        background=background,
        bounds=bounds,
        zones=zones,
        lines=lines,
        y_axis=y_axis,
        persons=persons,
        width=width,
        duration=duration,
        frame_rate=frame_rate,
        trail=trail,
    )
    write_bytes(path, content)


@plot_analysis(lambda analysis: analysis.trajectories, "video", "lines", "zones", "bounds", "y_axis")
def animate_paths(
    trajectories: pd.DataFrame,
    /,
    video: Video,
    *,
    background: Picture | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    persons: Collection[int] | None = None,
    width: int = 640,
    duration: pd.Timedelta | str = "12s",
    frame_rate: int = 10,
    trail: pd.Timedelta | str = "5s",
) -> bytes:
    """Make an animated GIF of the persons walking, with the way that each went last.

    It plays from the table's first moment to the last at which somebody is present, faster or slower by one
    factor, which stands below. A person is a dot where the last detection was, from its moment for the time
    that it holds; in a gap nobody is drawn. The trail is broken where a run ends and where the person is not
    located. Below stand the time since the start of the video and how many are present, and how many of
    these are not located. Each person has the color of ``plot_paths``.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order; those of a part of it play that part.
    video
        The video, for the size of its frame, which the background fills.
    background
        Image to draw below, dimmed: a file, a frame of a video, or an array (rows, columns, colors).
    bounds
        x0, y0, x1, y1 of the rectangle that the background fills and the picture shows, in the plane's unit;
        needed for a background in m (``floor.bounds``).
    zones, lines
        Outlines to draw with their names, in the same plane.
    y_axis
        As in ``plot_paths``.
    persons
        Whom to draw; by default all.
    width
        Width of the picture, 120 to 1920 [px]; the height follows.
    duration
        How long the animation is, at least one of its frames [ms].
    frame_rate
        Frames a second, 1 to 50; a GIF can hold the time of a frame to 10 ms.
    trail
        How much of the way behind a person is shown, in the video's time [ms].

    Returns
    -------
    bytes
        The content of a GIF file, which repeats itself.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If a zone or a line is in another unit, the background cannot be read or its position is not known,
        the bounds are empty, one of ``persons`` is not in the table, a number is out of its range, or there
        would be more than 3000 frames or 600 million pixels.

    Notes
    -----
    O(frames · n). All frames are in memory at once, a byte a pixel.
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_plane([*zones, *lines], unit)
    size = _whole(width, "width", _WIDTHS)
    frames = _frames(duration, frame_rate)
    behind = milliseconds(trail, "trail")
    picture = None if background is None else read_background(background)
    frame = frame_bounds(unit, bounds=bounds, video=video, picture=picture)
    steps = find_steps(trajectories, unit, persons)
    seen = frame or enclosing_bounds(steps.points[steps.known])
    stage = prepare_canvas(size, seen, picture, zones, lines, y_axis=y_axis)
    _validate_size(stage.size, len(frames))
    moments = _moments(steps, len(frames))
    factor = (moments[-1] + moments[1] - 2 * moments[0]) / frames.sum() / _TEN if len(moments) > 1 else 1.0
    return _encoded(Sketch(stage, steps, behind, factor, int(moments[-1])), moments, frames)


def _whole(value: object, name: str, limits: tuple[int, int]) -> int:
    least, most = limits
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not least <= value <= most:
        raise ParameterError(f"{name} is {value!r}, not a whole number from {least} to {most}")
    return int(value)


def _frames(duration: pd.Timedelta | str, frame_rate: int) -> Integers:
    """Return how long each frame is shown [10 ms]: whole numbers that add up to the duration."""
    rate = _whole(frame_rate, "frame_rate", _RATES)
    number = round(milliseconds(duration, "duration") * rate / 1000)
    if not 1 <= number <= _MOST_FRAMES:
        raise ParameterError(
            f"duration is {duration!r} at {rate} frames a second, which is not 1 to {_MOST_FRAMES} frames"
        )
    return np.diff(np.arange(number + 1) * _CENTI // rate)


def _validate_size(size: tuple[int, int], number: int) -> None:
    """Reject an animation that would not fit into memory."""
    width, height = size
    if width * height * number > _MOST_PIXELS:
        raise ParameterError(
            f"duration and width make {number} frames of {width} x {height} px, more than "
            f"{_MOST_PIXELS:,} pixels in all: make it shorter, smaller or with fewer frames a second"
        )


def _moments(steps: Steps, number: int) -> Integers:
    """Spread the frames over the time that is played [ms]; of nothing there is one frame."""
    if len(steps.time) == 0:
        return np.zeros(1, dtype="int64")
    first, last = int(steps.time.min()), int((steps.time + steps.held).max())
    return first + (last - first) * np.arange(number) // number


def _encoded(sketch: Sketch, moments: Integers, frames: Integers) -> bytes:
    """Draw each frame and encode all."""
    palette = choose_palette(sketch)
    drawn = [sketch.at(int(moment)).quantize(palette=palette, dither=Image.Dither.NONE) for moment in moments]
    stream = BytesIO()
    drawn[0].save(
        stream,
        "GIF",
        save_all=True,
        append_images=drawn[1:],
        duration=(_TEN * frames[: len(drawn)]).tolist(),
        loop=0,
        optimize=False,
        comment=MARK.encode(),
    )
    return stream.getvalue()
