"""People walking, as an animated GIF."""

import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from fractions import Fraction
from io import BytesIO
from itertools import repeat
from os import PathLike, fspath
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.geometry import Integers
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.animation_canvas import FINE, LETTERS, STRIP, AnimationCanvas, prepare_canvas
from ptrack_analysis.plots.background import frame_bounds, read_background, validate_ground
from ptrack_analysis.plots.frame_annotator import load_font
from ptrack_analysis.plots.saving import MARK
from ptrack_analysis.plots.stretches import Steps, find_steps
from ptrack_analysis.plots.style import GRID, INK, PAPER, distinct_colors, enclosing_bounds
from ptrack_analysis.plots.time_axis import clock, time_unit
from ptrack_analysis.scene.images import Picture, validate_video_shape
from ptrack_analysis.scene.video_files import VideoFile
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import TRAJECTORIES, find_unit, validate
from ptrack_analysis.storage.files import write_bytes
from ptrack_analysis.video import Duration, Video, YAxis, milliseconds, validate_video

_DOT, _TRAIL = 5.0, 2.6
_NAMED = 30
_PALEST = 0.75
_GROUND_COLORS = 160
_PERSON_COLORS = 30

Color = tuple[int, int, int]


class Sketch:
    """The frames of one animation, each drawn on request."""

    def __init__(self, stage: AnimationCanvas, steps: Steps, behind: int, factor: float, end: int) -> None:
        self.stage, self.steps, self.behind, self.factor = stage, steps, behind, factor
        self.unit = time_unit(end / 1000)
        self.places = stage.pixels(steps.points)
        self.colors = np.rint(255 * distinct_colors(len(steps.persons))[:, :3]).astype(int)

    def at(self, moment: int, ground: Image.Image | None = None) -> Image.Image:
        """Draw the frame of a time [ms], on the ground or on another one."""
        picture = (self.stage.ground if ground is None else ground).copy()
        draw = ImageDraw.Draw(picture)
        steps = self.steps
        present = (steps.time <= moment) & (moment < steps.time + steps.held)
        self._draw_trails(draw, moment)
        here = np.flatnonzero(present & steps.known)
        for row in here.tolist():
            self._draw_dot(draw, row, named=len(here) <= _NAMED)
        return self._framed(picture.reduce(FINE), moment, int(present.sum()), len(here))

    def _draw_trails(self, draw: ImageDraw.ImageDraw, moment: int) -> None:
        """Draw the steps of the last while, the older the paler, while the person's run lasts."""
        steps = self.steps
        recent = (steps.time <= moment) & (steps.time > moment - self.behind)
        ends = np.flatnonzero(steps.joined & recent[1:] & recent[:-1])
        for row in ends[np.argsort(steps.time[ends], kind="stable")].tolist():
            age = (moment - int(steps.time[row])) / max(self.behind, 1)
            color = self.color(int(steps.rank[row]), _PALEST * age)
            line = self.places[row : row + 2].ravel().tolist()
            draw.line(line, fill=color, width=round(FINE * _TRAIL))

    def _draw_dot(self, draw: ImageDraw.ImageDraw, row: int, *, named: bool) -> None:
        x, y = self.places[row].tolist()
        rank = int(self.steps.rank[row])
        radius = FINE * _DOT
        draw.circle((x, y), radius + 1.5 * FINE, fill=PAPER)
        draw.circle((x, y), radius, fill=self.color(rank, 0.0))
        if named:
            text, font = str(self.steps.persons[rank]), load_font(FINE * LETTERS)
            halo: dict[str, Any] = {"stroke_width": 2 * FINE, "stroke_fill": PAPER}
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
        framed = Image.new("RGB", (width, height + STRIP), PAPER)
        framed.paste(picture)
        draw = ImageDraw.Draw(framed)
        draw.line((0, height, width, height), fill=GRID)
        line, font = height + STRIP / 2, load_font(LETTERS)
        seconds = round(moment / 1000, 1) if self.unit == "s" else moment // 1000
        time = clock(seconds, self.unit) + (" s" if self.unit == "s" else "")
        draw.text((8, line), time, fill=INK, font=font, anchor="lm")
        hidden = f", {present - located} not located" if present > located else ""
        said = f"{present} person{'' if present == 1 else 's'}{hidden}" if len(self.steps.time) else "nobody"
        draw.text((width / 2, line), said, fill=INK, font=font, anchor="mm")
        draw.text((width - 8, line), f"{_factor(self.factor)}\u00d7 speed", fill=INK, font=font, anchor="rm")
        return framed


def choose_palette(sketch: Sketch, ground: Image.Image | None = None) -> Image.Image:
    """Choose the 256 colors of all frames: of the ground, of the ink on paper, of the persons and trails."""
    ground = sketch.at(-1) if ground is None else ground
    ground = ground.quantize(_GROUND_COLORS, Image.Quantize.MEDIANCUT).convert("RGB")
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
_MILLISECONDS = 1000
_SAMPLES = 12
"""Frames of a video that the colors are chosen from, at least."""


@plot_analysis(lambda analysis: analysis.trajectories, "lines", "zones", "bounds", "y_axis")
def write_animation(
    trajectories: pd.DataFrame,
    /,
    video: Video,
    path: str | PathLike[str],
    *,
    background: Picture | None = None,
    video_file: str | PathLike[str] | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    persons: Collection[int] | None = None,
    width: int = 640,
    duration: Duration = "12s",
    frame_rate: int = 10,
    trail: Duration = "5s",
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
        video_file=video_file,
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
    video_file: str | PathLike[str] | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    persons: Collection[int] | None = None,
    width: int = 640,
    duration: Duration = "12s",
    frame_rate: int = 10,
    trail: Duration = "5s",
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
    video_file
        The video that was tracked (needs PyAV, the extra ``video``). Each frame of the animation is on the
        video's frame at that time, dimmed. People on it are not pixelated.
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
        would be more than 3000 frames or 600 million pixels. If ``video_file`` cannot be read, has another
        shape, or is given beside ``background`` or with trajectories in m.

    Warns
    -----
    PtrackWarning
        If the video file ends before the animation.

    Notes
    -----
    O(frames · n). All frames are in memory at once, a byte a pixel.
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_video(video)
    validate_ground(zones, lines, unit, video=video, y_axis=y_axis)
    size = _whole(width, "width", _WIDTHS)
    frames = _frames(duration, frame_rate)
    behind = milliseconds(trail, "trail")
    if video_file is not None and background is not None:
        raise ParameterError("Pass background (--background) or video_file (--video-file), but not both.")
    if video_file is not None and unit != "px":
        raise ParameterError(
            "video_file shows the image, but the trajectories are in m. Pass background (--background)."
        )
    picture = None if background is None else read_background(background)
    frame = frame_bounds(unit, bounds=bounds, video=video, picture=picture)
    steps = find_steps(trajectories, unit, persons)
    seen = frame or enclosing_bounds(steps.points[steps.known])
    stage = prepare_canvas(size, seen, picture, zones, lines, y_axis=y_axis)
    _validate_size(stage.size, len(frames))
    moments = _moments(steps, len(frames))
    factor = (moments[-1] + moments[1] - 2 * moments[0]) / frames.sum() / _TEN if len(moments) > 1 else 1.0
    sketch = Sketch(stage, steps, behind, factor, int(moments[-1]))
    if video_file is None:
        return _encode(_draw_frames(sketch, moments, repeat(None), choose_palette(sketch)), frames)
    with VideoFile(video_file, f"video_file {fspath(video_file)!r}") as source:
        validate_video_shape(source, video)
        content = _encode(_draw_on_video(sketch, moments, source), frames)
        if source.end is not None and moments[-1] >= source.end * _MILLISECONDS:
            warnings.warn(
                f"{source.purpose} ends at {float(source.end):.1f} s, but the animation at "
                f"{moments[-1] / _MILLISECONDS:.1f} s. What is after that has no background.",
                PtrackWarning,
                stacklevel=3,
            )
    return content


def _whole(value: object, name: str, limits: tuple[int, int]) -> int:
    least, most = limits
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not least <= value <= most:
        raise ParameterError(f"{name} is {value!r}, not a whole number from {least} to {most}")
    return int(value)


def _frames(duration: Duration, frame_rate: int) -> Integers:
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


def _draw_on_video(sketch: Sketch, moments: Integers, source: VideoFile) -> list[Image.Image]:
    """Draw each frame on the video's frame at its time, in colors chosen from some of them."""
    samples = moments[:: max(len(moments) // _SAMPLES, 1)]
    thumbnails = [sketch.at(-1, ground).reduce(2) for ground in _read_grounds(sketch.stage, samples, source)]
    width, height = thumbnails[0].size
    sheet = Image.new("RGB", (width, height * len(thumbnails)))
    for number, thumbnail in enumerate(thumbnails):
        sheet.paste(thumbnail, (0, number * height))
    grounds = _read_grounds(sketch.stage, moments, source)
    return _draw_frames(sketch, moments, grounds, choose_palette(sketch, sheet))


def _read_grounds(stage: AnimationCanvas, moments: Integers, source: VideoFile) -> Iterator[Image.Image]:
    """Yield the ground of each time [ms], with the frame that begins at or before that millisecond."""
    times = (Fraction(1000 * int(moment) + 999, 1_000_000) for moment in moments)
    for frame in source.find_frames(times):
        yield stage.paint_ground(None if frame is None else frame.to_image())


def _draw_frames(
    sketch: Sketch, moments: Integers, grounds: Iterable[Image.Image | None], palette: Image.Image
) -> list[Image.Image]:
    """Draw the frame of each time in the colors of a palette."""
    return [
        sketch.at(int(moment), ground).quantize(palette=palette, dither=Image.Dither.NONE)
        for moment, ground in zip(moments, grounds, strict=False)
    ]


def _encode(drawn: list[Image.Image], frames: Integers) -> bytes:
    """Return the content of a GIF."""
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
