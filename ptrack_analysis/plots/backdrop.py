"""The picture behind a plot: read, dimmed, laid over the frame."""

from os import PathLike, fspath
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from ptrack_analysis.analysis.heat.heatmaps import Extent
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.io.frames import frame_at
from ptrack_analysis.video import Video

Picture = str | PathLike[str] | np.ndarray
_DIM = 0.4
_GREY = 0.5
_LUMA = (0.299, 0.587, 0.114)
_FULL = 255.0


def read_backdrop(picture: Picture) -> Floats:
    """Read a picture from a file, or take it as an array, as (rows, columns, 3) from 0 to 1.

    Parameters
    ----------
    picture
        A file that Pillow can read; a frame of a video, as ``"video.mp4@12.5s"`` (with the extra ``video``);
        or an array (rows, columns), (rows, columns, 3) or (rows, columns, 4), of bytes or of floats from 0
        to 1. What is transparent becomes white.

    Raises
    ------
    ParameterError
        If the file is missing or not a whole picture, the video has no frame at that moment, or the array
        is none.
    """
    if isinstance(picture, np.ndarray):
        return _from_array(picture)
    if (frame := frame_at(picture)) is not None:
        return _from_array(frame)
    place = Path(fspath(picture))
    try:
        with Image.open(place) as image:
            return _from_array(np.asarray(image.convert("RGBA")))
    except OSError as error:
        reason = error.strerror or "not a picture that can be read, or not a whole one"
        raise ParameterError(f"backdrop {str(place)!r} cannot be read: {reason}") from error
    except (ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ParameterError(f"backdrop {str(place)!r} cannot be read: {error}") from error


def _from_array(picture: np.ndarray) -> Floats:
    levels = np.atleast_3d(picture)
    if picture.ndim not in {2, 3} or levels.shape[2] not in {1, 3, 4} or levels.size == 0:
        raise ParameterError(
            f"backdrop has the shape {picture.shape}, not (rows, columns) with 1, 3 or 4 colours"
        )
    if levels.dtype == np.uint8:
        levels = levels / _FULL
    elif levels.dtype.kind != "f" or not ((levels >= 0) & (levels <= 1)).all():
        raise ParameterError(
            f"backdrop is an array of {picture.dtype}, not of uint8 or of floats from 0 to 1"
        )
    colours = np.broadcast_to(levels[..., :3], (*levels.shape[:2], 3)).astype("float64")
    opacity = levels[..., 3:] if levels.shape[2] == 4 else 1.0  # noqa: PLR2004 - red, green, blue, alpha
    return 1.0 - (1.0 - colours) * opacity


def frame_extent(
    unit: str, *, extent: Extent | None, video: Video | None, picture: Floats | None
) -> Extent | None:
    """Tell which rectangle of the plane the frame, or the drawn part of the floor, fills.

    It is the given one, else the video's frame, else the picture's own size; None where nothing says it.

    Raises
    ------
    ParameterError
        If the given one is empty, or there is a picture but nothing says where it lies on the floor.
    """
    if extent is not None:
        x0, y0, x1, y1 = extent
        if not (np.isfinite(extent).all() and x1 > x0 and y1 > y0):
            raise ParameterError(f"extent is {extent!r}, not x0 < x1 and y0 < y1")
        return x0, y0, x1, y1
    if unit == "m":
        if picture is not None:
            raise ParameterError(
                "a backdrop under a plot in m needs extent=(x0, y0, x1, y1), as floor.extent has it"
            )
        return None
    if video is not None and video.width is not None and video.height is not None:
        return 0.0, 0.0, float(video.width), float(video.height)
    if picture is not None:
        return 0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])
    return None


def dimmed(picture: Floats) -> Floats:
    """Make a picture paler in colour and nearer to white."""
    grey = (picture @ np.array(_LUMA))[..., None]
    pale: Floats = 1.0 - (1.0 - _DIM) * (1.0 - (_GREY * grey + (1.0 - _GREY) * picture))
    return pale.clip(0.0, 1.0)


def draw_backdrop(ax: Axes, picture: Floats, extent: Extent) -> None:
    """Lay the picture over its rectangle, paler in colour and nearer to white, so that data stand out."""
    x0, y0, x1, y1 = extent
    limits = ax.axis()
    image = ax.imshow(dimmed(picture), extent=(x0, x1, y1, y0), zorder=0, aspect=ax.get_aspect())
    image.set_label("_backdrop")
    ax.axis(limits)
