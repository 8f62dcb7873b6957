"""Pictures of a scene: a file, a frame of a video or an array, as one of red, green and blue."""

from os import PathLike, fspath
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.io.frames import frame_at

Picture = str | PathLike[str] | np.ndarray
_ALIKE = 0.02


def read_picture(picture: Picture) -> Image.Image:
    """Read a picture as red, green and blue, upright; what is transparent becomes white.

    Parameters
    ----------
    picture
        A file that Pillow can read, turned as its EXIF says it was taken; a frame of a video, as
        ``"video.mp4@12.5s"`` (with the extra ``video``); or an array (rows, columns), (rows, columns, 3) or
        (rows, columns, 4) of bytes, or of floats from 0 to 1, which are rounded to bytes.

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
    return _from_file(Path(fspath(picture)))


def is_stretched(size: tuple[int, int], rectangle: tuple[float, float]) -> bool:
    """Tell whether a picture of so many columns and rows is stretched to fill a rectangle, by over 2 %."""
    return abs(size[0] / size[1] / (rectangle[0] / rectangle[1]) - 1) > _ALIKE


def stretched_note(size: tuple[int, int], rectangle: tuple[float, float], *, of_frame: bool) -> list[str]:
    """Say that a backdrop has another shape than the frame or the plan below it, if it has."""
    if not is_stretched(size, rectangle):
        return []
    where = "{:.0f} x {:.0f} px of the video's frame".format(*rectangle) if of_frame else "extent of the plan"
    said = f"The backdrop ({size[0]} x {size[1]} px) has another shape than the {where}"
    return [f"{said}: it is stretched to fill it."]


def _from_file(place: Path) -> Image.Image:
    try:
        with Image.open(place) as image:
            return _on_white(ImageOps.exif_transpose(image))
    except OSError as error:
        reason = error.strerror or "not a picture that can be read, or not a whole one"
        raise ParameterError(f"backdrop {str(place)!r} cannot be read: {reason}") from error
    except (ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ParameterError(f"backdrop {str(place)!r} cannot be read: {error}") from error


def _from_array(picture: np.ndarray) -> Image.Image:
    levels = np.atleast_3d(picture)
    if picture.ndim not in {2, 3} or levels.shape[2] not in {1, 3, 4} or levels.size == 0:
        raise ParameterError(
            f"backdrop has the shape {picture.shape}, not (rows, columns) with 1, 3 or 4 colours"
        )
    if levels.dtype.kind == "f" and ((levels >= 0) & (levels <= 1)).all():
        levels = np.rint(levels * 255.0).astype("uint8")
    elif levels.dtype != np.uint8:
        raise ParameterError(
            f"backdrop is an array of {picture.dtype}, not of uint8 or of floats from 0 to 1"
        )
    if levels.shape[2] == 1:
        levels = np.repeat(levels, 3, axis=2)
    return _on_white(Image.fromarray(np.ascontiguousarray(levels)))


def _on_white(image: Image.Image) -> Image.Image:
    """Lay what is transparent on white."""
    full = image.convert("RGBA")
    white = Image.new("RGBA", full.size, "white")
    return Image.alpha_composite(white, full).convert("RGB")
