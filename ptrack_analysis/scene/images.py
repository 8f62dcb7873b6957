"""Background images, and frames of videos as images."""

import re
import warnings
from fractions import Fraction
from math import sqrt
from os import PathLike, fspath
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.limits import validate_path
from ptrack_analysis.scene.video_files import VideoFile
from ptrack_analysis.video import Video, milliseconds

_PLACE = re.compile(r"(?P<file>.+)@(?P<moment>[^@/\\]*)", re.DOTALL)
_VIDEOS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv"}
_HINT = "as in video.mp4@12.5s"
_THOUSAND = 1000


def frame_at(place: str | PathLike[str]) -> np.ndarray | None:
    """Read the frame that a name such as ``video.mp4@12.5s`` refers to; None if it has another form.

    This is the frame shown at that time: the last frame that begins at or before it, counted from the video's
    first frame, rotated upright as stated in the file. If a file with the complete name exists
    (``image@2x.png``), the name does not refer to a time.

    Parameters
    ----------
    place
        A video file, ``@``, and a duration since the video's start in the format of pandas.

    Returns
    -------
    numpy.ndarray or None
        (rows, columns, 3) red, green, blue as bytes.

    Raises
    ------
    ParameterError
        If a video is given without a time, the time is not a duration or is outside the video, the file is
        missing or not a video, or PyAV is not installed.

    Notes
    -----
    Decoding starts at the key frame before the time.
    """
    text = fspath(place)
    named = None if Path(text).is_file() else _PLACE.fullmatch(text)
    if named is None or not _is_moment(named["file"], named["moment"]):
        if Path(text).suffix.lower() in _VIDEOS:
            raise ParameterError(f"{text!r} is a video. Add the time of a frame, {_HINT}.")
        return None
    try:
        moment = milliseconds(named["moment"], "the time")
    except ParameterError as error:
        raise ParameterError(f"frame {text!r} cannot be read: {error}") from error
    return _read(text, named["file"], moment)


def _is_moment(file: str, moment: str) -> bool:
    """Return whether the text after ``@`` is a time, and not a part of an image's file name."""
    return Path(file).suffix.lower() in _VIDEOS or (
        Path(file).is_file() and not Path(moment).suffix[1:].isalpha()
    )


def _read(place: str, file: str, moment: int) -> np.ndarray:
    with VideoFile(file, f"frame {place!r}") as video:
        frame = next(video.find_frames([Fraction(moment, _THOUSAND)]))
        if frame is None:
            state = "has no frames" if video.end is None else f"ends at {float(video.end):.3f} s"
            raise ParameterError(f"frame {place!r} cannot be read: the video {state}")
        return np.asarray(frame.to_image())


Picture = str | PathLike[str] | np.ndarray
MOST_PIXELS = 40_000_000
"""Maximum number of pixels of a background image; larger images are not decoded."""
_ALIKE = 0.02
_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP")
"""Formats of images. Pillow runs another program for some others, such as Ghostscript for EPS."""


def read_picture(picture: Picture) -> Image.Image:
    """Read an image as red, green and blue, upright; transparent pixels become white.

    Parameters
    ----------
    picture
        A PNG, JPEG, WebP, TIFF, GIF or BMP file, rotated as stated in its EXIF data; a frame of a video, such
        as ``"video.mp4@12.5s"`` (requires the extra ``video``); or an array (rows, columns),
        (rows, columns, 3) or (rows, columns, 4) of bytes, or of floats from 0 to 1, which are rounded to
        bytes.

    Raises
    ------
    ParameterError
        If the file is missing or not a complete image, the video has no frame at that time, or the array has
        another shape or type.
    InputError
        If the image has more than 40 megapixels. A file is then not decoded.
    """
    if isinstance(picture, np.ndarray):
        return _from_array(picture, "background")
    validate_path(picture, "background", "an image file or an array")
    if (frame := frame_at(picture)) is not None:
        return _from_array(frame, f"background {fspath(picture)!r}")
    return _from_file(Path(fspath(picture)))


def is_stretched(size: tuple[int, int], rectangle: tuple[float, float]) -> bool:
    """Return whether an image with this size is stretched by more than 2 % to fill a rectangle."""
    return abs(size[0] / size[1] / (rectangle[0] / rectangle[1]) - 1) > _ALIKE


def validate_video_shape(source: VideoFile, video: Video) -> None:
    """Reject a video file whose frames have another aspect ratio than the tracked video.

    Raises
    ------
    ParameterError
        With both sizes.
    """
    if video.width is None or video.height is None:
        return
    if is_stretched(source.size, (video.width, video.height)):
        width, height = source.size
        raise ParameterError(
            f"{source.purpose} has frames of {width} x {height} px, but the tracked video has "
            f"{video.width} x {video.height} px, which is another shape. Pass the video that was tracked, "
            "without cropping or rotation."
        )


def stretched_note(size: tuple[int, int], rectangle: tuple[float, float], *, of_frame: bool) -> list[str]:
    """Report that a background has another shape than the frame or the plan below it, if it has."""
    if not is_stretched(size, rectangle):
        return []
    where = "{:.0f} x {:.0f} px of the video's frame".format(*rectangle) if of_frame else "bounds of the plan"
    message = f"The background ({size[0]} x {size[1]} px) has another shape than the {where}"
    return [f"{message}. It is stretched."]


def _validate_size(named: str, width: int, height: int) -> None:
    """Reject an image of more than 40 megapixels, and suggest a smaller size."""
    if width * height <= MOST_PIXELS:
        return
    factor = sqrt(MOST_PIXELS / (width * height))
    fitting = f"{max(1, int(width * factor))} x {max(1, int(height * factor))} px"
    raise InputError(
        f"{named} has {width * height / 1e6:.1f} megapixels ({width} x {height} px). The limit is "
        f"{MOST_PIXELS / 1e6:.0f} megapixels. Scale the image down, for example to {fitting}."
    )


def _opened(place: Path) -> Image.Image:
    """Open an image without decoding it, without Pillow's warning for large images."""
    Image.init()
    known = [name for name in _FORMATS if name in Image.OPEN]  # a build of Pillow may lack some
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(place, formats=known)


def _from_file(place: Path) -> Image.Image:
    named = f"background {str(place)!r}"
    try:
        with _opened(place) as image:
            _validate_size(named, *image.size)
            return _on_white(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))  # Pillow raises before width and height are known
        size = f"{int(pixels[0]) / 1e6:.1f}" if pixels else "too many"
        raise InputError(
            f"{named} has {size} megapixels. The limit is {MOST_PIXELS / 1e6:.0f} megapixels. "
            "Scale the image down."
        ) from error
    except OSError as error:
        reason = error.strerror or "not a readable or complete image"
        raise ParameterError(f"background {str(place)!r} cannot be read: {reason}") from error
    except InputError:
        raise
    except (ValueError, SyntaxError, EOFError) as error:
        raise ParameterError(f"background {str(place)!r} cannot be read: {error}") from error


def _from_array(picture: np.ndarray, named: str) -> Image.Image:
    levels = np.atleast_3d(picture)
    if picture.ndim not in {2, 3} or levels.shape[2] not in {1, 3, 4} or levels.size == 0:
        raise ParameterError(
            f"background must have the shape (rows, columns) with 1, 3 or 4 colors, got {picture.shape}"
        )
    _validate_size(named, levels.shape[1], levels.shape[0])
    if levels.dtype.kind == "f" and ((levels >= 0) & (levels <= 1)).all():
        levels = np.rint(levels * 255.0).astype("uint8")
    elif levels.dtype != np.uint8:
        raise ParameterError(
            f"background must be an array of uint8 or of floats from 0 to 1, got {picture.dtype}"
        )
    if levels.shape[2] == 1:
        levels = np.repeat(levels, 3, axis=2)
    return _on_white(Image.fromarray(np.ascontiguousarray(levels)))


def _on_white(image: Image.Image) -> Image.Image:
    """Replace transparency by white."""
    full = image.convert("RGBA")
    white = Image.new("RGBA", full.size, "white")
    return Image.alpha_composite(white, full).convert("RGB")
