"""The picture behind the explorer: read, made smaller, embedded."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.io.frames import frame_at

Picture = str | PathLike[str] | np.ndarray
_LONGEST = 1920
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A picture as a page holds it: a ``data:`` address, and the size of the picture it was made from."""

    address: str
    width: int
    height: int


def embedded_backdrop(picture: Picture) -> Backdrop:
    """Read a picture and make it part of a page, as JPEG with its longer side at most 1920 px.

    Parameters
    ----------
    picture
        A file that Pillow can read; a frame of a video, as ``"video.mp4@12.5s"`` (with the extra ``video``);
        or an array (rows, columns), (rows, columns, 3) or (rows, columns, 4) of bytes, or of floats from 0
        to 1. What is transparent becomes white; what else the file holds (place, camera) is left out.

    Raises
    ------
    ParameterError
        If the file is missing or not a whole picture, the video has no frame at that moment, or the array
        is none.
    """
    image = _read(picture)
    width, height = image.size
    image.thumbnail((_LONGEST, _LONGEST))
    stream = BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY, optimize=True)
    return Backdrop(f"data:image/jpeg;base64,{b64encode(stream.getvalue()).decode('ascii')}", width, height)


def _read(picture: Picture) -> Image.Image:
    if isinstance(picture, np.ndarray):
        return _from_array(picture)
    if (frame := frame_at(picture)) is not None:
        return _from_array(frame)
    return _from_file(Path(picture))


def _from_file(place: Path) -> Image.Image:
    try:
        with Image.open(place) as image:
            return _on_white(image)
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
