"""Single frames of video files, read with PyAV; needs the extra ``video``."""

import re
from fractions import Fraction
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.video import milliseconds

_PLACE = re.compile(r"(?P<file>.+)@(?P<moment>[^@/\\]*)", re.DOTALL)
_VIDEOS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv"}
_HINT = "as in video.mp4@12.5s"
_THOUSAND = 1000


def frame_at(place: str | PathLike[str]) -> np.ndarray | None:
    """Read the frame that a place like ``video.mp4@12.5s`` names; None if the place is not of that form.

    It is the frame that is shown at that moment: the last one that begins at or before it, counted from the
    video's first frame, upright as the file says it was filmed. A file that is there under the whole name
    (``picture@2x.png``) is not taken for a moment of another.

    Parameters
    ----------
    place
        A video file, ``@``, and a length of time since the video's start, as pandas reads it.

    Returns
    -------
    numpy.ndarray or None
        (rows, columns, 3) red, green, blue as bytes.

    Raises
    ------
    ParameterError
        If it names a video but no moment, no length of time, or one that the video does not have; if the
        file is missing or no video; or if PyAV is not installed.

    Notes
    -----
    Decodes from the key frame before the moment on.
    """
    text = fspath(place)
    named = None if Path(text).is_file() else _PLACE.fullmatch(text)
    if named is None or not _is_moment(named["file"], named["moment"]):
        if Path(text).suffix.lower() in _VIDEOS:
            raise ParameterError(f"{text!r} is a video: say which of its frames, {_HINT}")
        return None
    try:
        moment = milliseconds(named["moment"], "the moment")
    except ParameterError as error:
        raise ParameterError(f"frame {text!r} cannot be read: {error}") from error
    return _read(text, named["file"], moment)


def _is_moment(file: str, moment: str) -> bool:
    """Tell whether what follows the ``@`` is meant as a moment, and is not a part of a picture's name."""
    return Path(file).suffix.lower() in _VIDEOS or (
        Path(file).is_file() and not Path(moment).suffix[1:].isalpha()
    )


def _read(place: str, file: str, moment: int) -> np.ndarray:
    try:
        av = import_module("av")
    except ImportError as error:
        raise ParameterError(
            f"frame {place!r} cannot be read without PyAV: pip install 'ptrack-analysis[video]'"
        ) from error
    if not Path(file).is_file():
        raise ParameterError(f"frame {place!r} cannot be read: there is no file {file!r}")
    try:
        with av.open(file) as container:
            if not container.streams.video:
                raise ParameterError(f"frame {place!r} cannot be read: {file!r} has no pictures")
            frame, end = _shown_at(container, Fraction(moment, _THOUSAND))
    except (av.error.FFmpegError, OSError) as error:
        raise ParameterError(
            f"frame {place!r} cannot be read: {file!r} is not a video, or a broken one"
        ) from error
    if frame is None:
        raise ParameterError(f"frame {place!r} cannot be read: the video {_extent(end)}")
    return upright(frame.to_ndarray(format="rgb24"), frame.rotation)


def _extent(end: Fraction | None) -> str:
    return "has no frames" if end is None else f"ends at {float(end):.3f} s"


def _shown_at(container: Any, moment: Fraction) -> tuple[Any, Fraction | None]:
    """Find the frame shown at a moment [s], else None; with it the end of the last frame looked at [s]."""
    stream = container.streams.video[0]
    begin = (stream.start_time or 0) * stream.time_base
    container.seek(int((moment + begin) / stream.time_base), stream=stream)
    frame, end = _last_before(container, stream, moment + begin)
    if frame is None:  # the key frame that was found lies behind the moment, or there is none
        container.seek(stream.start_time or 0, stream=stream)
        frame, end = _last_before(container, stream, moment + begin)
    return frame, None if end is None else end - begin


def _last_before(container: Any, stream: Any, moment: Fraction) -> tuple[Any, Fraction | None]:
    """Decode up to the moment; give the last frame that begins by then and is shown still."""
    found, end = None, None
    for frame in container.decode(stream):
        if frame.pts is None:
            continue
        since = frame.pts * frame.time_base
        if since > moment:
            return found, since
        found, end = frame, since + _length(frame, stream)
    return (None if end is None or end <= moment else found), end


def _length(frame: Any, stream: Any) -> Fraction:
    """Tell how long a frame is shown [s], where no other follows."""
    if frame.duration:
        return Fraction(frame.duration * frame.time_base)
    rate = stream.average_rate or stream.guessed_rate
    return 1 / Fraction(rate) if rate else Fraction(1, _THOUSAND)


def upright(picture: np.ndarray, rotation: int) -> np.ndarray:
    """Turn a picture counter-clockwise by the degrees that its file names, in quarters of a turn."""
    return np.ascontiguousarray(np.rot90(picture, round(rotation / 90) % 4))
