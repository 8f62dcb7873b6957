"""An animated picture of the paths: persons walking, true to time."""

from collections.abc import Collection, Sequence
from io import BytesIO
from os import PathLike

import numpy as np
import pandas as pd
from PIL import Image

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.plots.axes import bounds
from ptrack_analysis.plots.backdrop import frame_extent, read_backdrop
from ptrack_analysis.plots.outlines import refuse_other_plane
from ptrack_analysis.plots.saving import MARK
from ptrack_analysis.plots.sketch import Sketch, palette_of, stage_of
from ptrack_analysis.plots.stretches import Steps, steps_of
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import TRAJECTORIES, check, unit_of
from ptrack_analysis.storage.files import write_bytes
from ptrack_analysis.video import Video, milliseconds

_WIDTHS = (120, 1920)
_RATES = (1, 50)
_MOST_FRAMES = 3000
_MOST_PIXELS = 600_000_000
_CENTI = 100
_TEN = 10


def write_paths_gif(
    trajectories: pd.DataFrame,
    video: Video,
    path: str | PathLike[str],
    *,
    backdrop: Picture | None = None,
    extent: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    persons: Collection[int] | None = None,
    width: int = 640,
    duration: pd.Timedelta | str = "12s",
    frame_rate: int = 10,
    trail: pd.Timedelta | str = "5s",
) -> None:
    """Write an animated GIF of the persons walking; see ``paths_gif``.

    The file is replaced whole or not at all, and equal arguments give equal bytes.

    Raises
    ------
    SchemaError, ParameterError
        As ``paths_gif``.
    OutputError
        If the file cannot be written.
    """
    content = paths_gif(
        trajectories,
        video,
        backdrop=backdrop,
        extent=extent,
        zones=zones,
        lines=lines,
        persons=persons,
        width=width,
        duration=duration,
        frame_rate=frame_rate,
        trail=trail,
    )
    write_bytes(path, content)


def paths_gif(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    backdrop: Picture | None = None,
    extent: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
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
    these are not located. Each person has the colour of ``plot_paths``.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order; those of a part of it play that part.
    video
        The video, for the size of its frame, which the backdrop fills.
    backdrop
        Picture to draw below, dimmed: a file, a frame of a video, or an array (rows, columns, colours).
    extent
        x0, y0, x1, y1 of the rectangle that the backdrop fills and the picture shows, in the plane's unit;
        needed for a backdrop in m (``floor.extent``).
    zones, lines
        Outlines to draw with their names, in the same plane.
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
        If a zone or a line is in another unit, the backdrop cannot be read or nothing says where it lies,
        the extent is empty, one of ``persons`` is not in the table, a number is out of its range, or there
        would be more than 3000 frames or 600 million pixels.

    Notes
    -----
    O(frames · n). All frames are in memory at once, a byte a pixel.
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    refuse_other_plane([*zones, *lines], unit)
    size = _whole(width, "width", _WIDTHS)
    frames = _frames(duration, frame_rate)
    behind = milliseconds(trail, "trail")
    picture = None if backdrop is None else read_backdrop(backdrop)
    frame = frame_extent(unit, extent=extent, video=video, picture=picture)
    steps = steps_of(trajectories, unit, persons)
    stage = stage_of(size, frame or bounds(steps.points[steps.known]), picture, zones, lines)
    _refuse_large(stage.size, len(frames))
    moments = _moments(steps, len(frames))
    factor = (moments[-1] + moments[1] - 2 * moments[0]) / frames.sum() / _TEN if len(moments) > 1 else 1.0
    return _encoded(Sketch(stage, steps, behind, factor, int(moments[-1])), moments, frames)


def _whole(value: object, name: str, limits: tuple[int, int]) -> int:
    least, most = limits
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not least <= value <= most:
        raise ParameterError(f"{name} is {value!r}, not a whole number from {least} to {most}")
    return int(value)


def _frames(duration: pd.Timedelta | str, frame_rate: int) -> Integers:
    """Give how long each frame is shown [10 ms]: whole numbers that add up to the duration."""
    rate = _whole(frame_rate, "frame_rate", _RATES)
    number = round(milliseconds(duration, "duration") * rate / 1000)
    if not 1 <= number <= _MOST_FRAMES:
        raise ParameterError(
            f"duration is {duration!r} at {rate} frames a second, which is not 1 to {_MOST_FRAMES} frames"
        )
    return np.diff(np.arange(number + 1) * _CENTI // rate)


def _refuse_large(size: tuple[int, int], number: int) -> None:
    """Refuse an animation that would not fit into memory."""
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
    palette = palette_of(sketch)
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
