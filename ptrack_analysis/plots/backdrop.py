"""The picture behind a plot: read, dimmed, laid over the frame."""

import numpy as np
from matplotlib.axes import Axes

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.scene.images import Picture, read_picture
from ptrack_analysis.video import Video

_DIM = 0.4
_GREY = 0.5
_LUMA = (0.299, 0.587, 0.114)
_FULL = 255.0


def read_backdrop(picture: Picture) -> Floats:
    """Read a picture as (rows, columns, 3) from 0 to 1.

    ``picture`` is what ``read_picture`` takes, and its errors are this function's.
    """
    return np.asarray(read_picture(picture)) / _FULL


def frame_extent(
    unit: str, *, extent: Bounds | None, video: Video | None, picture: Floats | None
) -> Bounds | None:
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


def draw_backdrop(ax: Axes, picture: Floats, extent: Bounds) -> None:
    """Lay the picture over its rectangle, paler in colour and nearer to white, so that data stand out."""
    x0, y0, x1, y1 = extent
    limits = ax.axis()
    image = ax.imshow(dimmed(picture), extent=(x0, x1, y1, y0), zorder=0, aspect=ax.get_aspect())
    image.set_label("_backdrop")
    ax.axis(limits)
