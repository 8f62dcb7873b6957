"""Animated GIFs of paths."""

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
from ptrack_analysis.plots.steps import Steps, find_steps
from ptrack_analysis.plots.style import GRID, INK, PAPER, distinct_colors, enclosing_bounds
from ptrack_analysis.plots.time_axis import clock, time_unit
from ptrack_analysis.scene.images import Picture, validate_video_shape
from ptrack_analysis.scene.video_files import VideoFile
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import TRAJECTORIES, find_unit, validate
from ptrack_analysis.storage.files import write_output
from ptrack_analysis.video import Duration, Video, YAxis, milliseconds, validate_video

_DOT, _TRAIL = 5.0, 2.6
_NAMED = 30
_PALEST = 0.75
_GROUND_COLORS = 160
_PERSON_COLORS = 30

Color = tuple[int, int, int]


class Sketch:
    """Draws the frames of one animation."""

    def __init__(self, canvas: AnimationCanvas, steps: Steps, trail: int, factor: float, end: int) -> None:
        self.canvas, self.steps, self.trail, self.factor = canvas, steps, trail, factor
        self.unit = time_unit(end / 1000)
        self.positions = canvas.pixels(steps.points)
        self.colors = np.rint(255 * distinct_colors(len(steps.persons))[:, :3]).astype(int)

    def at(self, time: int, ground: Image.Image | None = None) -> Image.Image:
        """Draw the frame of a time [ms] on the default ground or on the given one."""
        image = (self.canvas.ground if ground is None else ground).copy()
        draw = ImageDraw.Draw(image)
        steps = self.steps
        present = (steps.time <= time) & (time < steps.time + steps.time_present)
        self._draw_trails(draw, time)
        here = np.flatnonzero(present & steps.known)
        for row in here.tolist():
            self._draw_dot(draw, row, named=len(here) <= _NAMED)
        return self._framed(image.reduce(FINE), time, int(present.sum()), len(here))

    def _draw_trails(self, draw: ImageDraw.ImageDraw, time: int) -> None:
        """Draw each person's trail, fading with age and broken between tracklets."""
        steps = self.steps
        recent = (steps.time <= time) & (steps.time > time - self.trail)
        ends = np.flatnonzero(steps.joined & recent[1:] & recent[:-1])
        for row in ends[np.argsort(steps.time[ends], kind="stable")].tolist():
            age = (time - int(steps.time[row])) / max(self.trail, 1)
            color = self.color(int(steps.rank[row]), _PALEST * age)
            line = self.positions[row : row + 2].ravel().tolist()
            draw.line(line, fill=color, width=round(FINE * _TRAIL))

    def _draw_dot(self, draw: ImageDraw.ImageDraw, row: int, *, named: bool) -> None:
        x, y = self.positions[row].tolist()
        rank = int(self.steps.rank[row])
        radius = FINE * _DOT
        draw.circle((x, y), radius + 1.5 * FINE, fill=PAPER)
        draw.circle((x, y), radius, fill=self.color(rank, 0.0))
        if named:
            text, font = str(self.steps.persons[rank]), load_font(FINE * LETTERS)
            halo: dict[str, Any] = {"stroke_width": 2 * FINE, "stroke_fill": PAPER}
            right = x + 2.2 * radius + draw.textlength(text, font) < draw.im.size[0]
            position = (x + (2 if right else -2) * radius, y)
            draw.text(position, text, fill=INK, font=font, anchor="lm" if right else "rm", **halo)

    def color(self, rank: int, pale: float) -> Color:
        """Return a person's color, mixed with white."""
        red, green, blue = np.rint(self.colors[rank] * (1 - pale) + 255 * pale).astype(int).tolist()
        return red, green, blue

    def _framed(self, image: Image.Image, time: int, present: int, located: int) -> Image.Image:
        """Add a strip with the time, the number of people and the speed below the image."""
        width, height = image.size
        framed = Image.new("RGB", (width, height + STRIP), PAPER)
        framed.paste(image)
        draw = ImageDraw.Draw(framed)
        draw.line((0, height, width, height), fill=GRID)
        line, font = height + STRIP / 2, load_font(LETTERS)
        seconds = round(time / 1000, 1) if self.unit == "s" else time // 1000
        written = clock(seconds, self.unit) + (" s" if self.unit == "s" else "")
        draw.text((8, line), written, fill=INK, font=font, anchor="lm")
        hidden = f", {present - located} without a position" if present > located else ""
        people = (
            f"{present} {'person' if present == 1 else 'people'}{hidden}"
            if len(self.steps.time)
            else "no people"
        )
        draw.text((width / 2, line), people, fill=INK, font=font, anchor="mm")
        draw.text((width - 8, line), f"{_factor(self.factor)}\u00d7 speed", fill=INK, font=font, anchor="rm")
        return framed


def choose_palette(sketch: Sketch, ground: Image.Image | None = None) -> Image.Image:
    """Choose 256 colors for all frames: of the ground, the text, the people and their trails."""
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
    """Format the playback speed with two digits, without an exponent."""
    return f"{factor:.0f}" if factor >= 9.5 else f"{factor:.2g}" if factor >= 0.01 else f"1/{1 / factor:.0f}"  # noqa: PLR2004


_WIDTHS = (120, 1920)
_RATES = (1, 50)
_MOST_FRAMES = 3000
_MOST_PIXELS = 600_000_000
_CENTI = 100
_TEN = 10
_MILLISECONDS = 1000
_SAMPLES = 12
"""Smallest number of video frames from which the colors are chosen."""


@plot_analysis(lambda analysis: analysis.trajectories, "video", "lines", "zones", "bounds", "y_axis")
def write_animation(
    trajectories: pd.DataFrame,
    /,
    path: str | PathLike[str],
    *,
    video: Video,
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

    Takes the arguments of ``animate_paths``; a VideoAnalysis can replace the trajectories. The file is
    replaced completely or not at all. Equal arguments write equal bytes.

    Raises
    ------
    SchemaError, ParameterError
        As in ``animate_paths``.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop")
    >>> write_animation(analysis, "paths.gif", width=240, duration="2s")
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
    write_output(path, content)


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
    """Return an animated GIF of people walking, each with a trail.

    The animation plays at constant speed from the first detection to the last. A dot marks a person's latest
    position for the time present of that detection. People are not drawn during gaps. The trail breaks
    between tracklets and where a position is missing. A strip below the image shows the time in the video,
    the number of people, the number without a position, and the speed. Each person has the color of
    ``plot_paths``.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order. An excerpt plays only its own time.
    video
        The video, for its frame size, which the background fills.
    background
        Image to draw below, dimmed: a file, a frame of a video, or an array (rows, columns, colors).
    video_file
        The video that was tracked (needs PyAV, the extra ``video``). Each frame of the animation is on the
        video's frame at that time, dimmed. People on it are not pixelated.
    bounds
        x0, y0, x1, y1 of the rectangle that the background fills and the animation shows, in the plane's
        unit; required for a background in m (``floor.bounds``).
    zones, lines
        Zones and lines to draw with their names, in the same plane.
    y_axis
        As in ``plot_paths``.
    persons
        Indices of the people to draw; by default all.
    width
        Width of the animation, 120 to 1920 [px]; the height follows.
    duration
        Duration of the animation, at least one of its frames.
    frame_rate
        Frames per second, 1 to 50. A GIF stores the duration of a frame in steps of 10 ms.
    trail
        Duration of the trail behind each person, in the video's time.

    Returns
    -------
    bytes
        The content of a GIF file that plays in a loop.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If a zone or a line is in another unit, the background cannot be read or its position is not known,
        the bounds are empty, one of ``persons`` is not in the table, a number is out of its range, or the
        animation would have more than 3000 frames or 600 million pixels. If ``video_file`` cannot be read,
        has another shape, or is given together with ``background`` or with trajectories in m.

    Warns
    -----
    PtrackWarning
        If the video file ends before the animation.

    Notes
    -----
    O(frames · n). All frames are in memory at once, with one byte per pixel.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> content = animate_paths(analysis, width=240, duration="2s")
    >>> content[:6]
    b'GIF89a'
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_video(video)
    validate_ground(zones, lines, unit, video=video, y_axis=y_axis)
    size = _validate_integer(width, "width", _WIDTHS)
    frames = _frames(duration, frame_rate)
    trail_length = milliseconds(trail, "trail")
    if video_file is not None and background is not None:
        raise ParameterError("Pass background (--background) or video_file (--video-file), but not both.")
    if video_file is not None and unit != "px":
        raise ParameterError(
            "video_file shows the image, but the trajectories are in m. Pass background (--background)."
        )
    image = None if background is None else read_background(background)
    frame = frame_bounds(unit, bounds=bounds, video=video, image=image)
    steps = find_steps(trajectories, unit, persons)
    shown = frame or enclosing_bounds(steps.points[steps.known])
    canvas = prepare_canvas(size, shown, image, zones, lines, y_axis=y_axis)
    _validate_size(canvas.size, len(frames))
    times = _choose_times(steps, len(frames))
    factor = (times[-1] + times[1] - 2 * times[0]) / frames.sum() / _TEN if len(times) > 1 else 1.0
    sketch = Sketch(canvas, steps, trail_length, factor, int(times[-1]))
    if video_file is None:
        return _encode(_draw_frames(sketch, times, repeat(None), choose_palette(sketch)), frames)
    with VideoFile(video_file, f"video_file {fspath(video_file)!r}") as source:
        validate_video_shape(source, video)
        content = _encode(_draw_on_video(sketch, times, source), frames)
        if source.end is not None and times[-1] >= source.end * _MILLISECONDS:
            warnings.warn(
                f"{source.purpose} ends at {float(source.end):.1f} s, but the animation at "
                f"{times[-1] / _MILLISECONDS:.1f} s. Later frames have no background.",
                PtrackWarning,
                stacklevel=3,
            )
    return content


def _validate_integer(value: object, name: str, limits: tuple[int, int]) -> int:
    least, most = limits
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not least <= value <= most:
        raise ParameterError(f"{name} must be an integer from {least} to {most}, got {value!r}")
    return int(value)


def _frames(duration: Duration, frame_rate: int) -> Integers:
    """Return the duration of each frame [10 ms] as integers that add up to the given duration."""
    rate = _validate_integer(frame_rate, "frame_rate", _RATES)
    number = round(milliseconds(duration, "duration") * rate / 1000)
    if not 1 <= number <= _MOST_FRAMES:
        raise ParameterError(
            f"duration must give 1 to {_MOST_FRAMES} frames, got {duration!r} at {rate} frames per second"
        )
    return np.diff(np.arange(number + 1) * _CENTI // rate)


def _validate_size(size: tuple[int, int], number: int) -> None:
    """Reject an animation that would not fit in memory."""
    width, height = size
    if width * height * number > _MOST_PIXELS:
        raise ParameterError(
            f"The animation would have {number} frames of {width} x {height} px, more than "
            f"{_MOST_PIXELS:,} pixels in total. Reduce duration, width or frame_rate."
        )


def _choose_times(steps: Steps, number: int) -> Integers:
    """Return evenly spaced times of the frames [ms]; an empty table has one frame."""
    if len(steps.time) == 0:
        return np.zeros(1, dtype="int64")
    first, last = int(steps.time.min()), int((steps.time + steps.time_present).max())
    return first + (last - first) * np.arange(number) // number


def _draw_on_video(sketch: Sketch, times: Integers, source: VideoFile) -> list[Image.Image]:
    """Draw each frame on the video's frame at its time, in colors chosen from a sample of frames."""
    samples = times[:: max(len(times) // _SAMPLES, 1)]
    thumbnails = [sketch.at(-1, ground).reduce(2) for ground in _read_grounds(sketch.canvas, samples, source)]
    width, height = thumbnails[0].size
    sheet = Image.new("RGB", (width, height * len(thumbnails)))
    for number, thumbnail in enumerate(thumbnails):
        sheet.paste(thumbnail, (0, number * height))
    grounds = _read_grounds(sketch.canvas, times, source)
    return _draw_frames(sketch, times, grounds, choose_palette(sketch, sheet))


def _read_grounds(canvas: AnimationCanvas, times: Integers, source: VideoFile) -> Iterator[Image.Image]:
    """Yield the ground of each time [ms]: the frame that starts at or before that millisecond."""
    ends = (Fraction(1000 * int(time) + 999, 1_000_000) for time in times)
    for frame in source.find_frames(ends):
        yield canvas.paint_ground(None if frame is None else frame.to_image())


def _draw_frames(
    sketch: Sketch, times: Integers, grounds: Iterable[Image.Image | None], palette: Image.Image
) -> list[Image.Image]:
    """Draw the frame of each time in the colors of the palette."""
    return [
        sketch.at(int(time), ground).quantize(palette=palette, dither=Image.Dither.NONE)
        for time, ground in zip(times, grounds, strict=False)
    ]


def _encode(drawn: list[Image.Image], frames: Integers) -> bytes:
    """Encode the frames as a GIF."""
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
