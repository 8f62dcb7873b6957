"""What every reader of another tracker is given, and what it gives."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd

from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.io.names import slugs, stem_of
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.video import Video

Unit = Literal["px", "fraction"]
_RATES = (1e-3, 1e6)


@dataclass(frozen=True, slots=True)
class Tracked:
    """Another tracker's result: DETECTIONS (or POINTS), the video, and what was odd or left out.

    ``notes`` are sentences, each with the number of rows that it is about; ``dropped`` are those of them that
    count the rows that are not in the table.
    """

    table: pd.DataFrame
    video: Video
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the caller says about a file: facts to fall back to, names of columns, how frames are counted.

    ``first_frame`` is the number of the video's first frame, None for the format's own; ``unit`` that of the
    coordinates, None for the format's own.
    """

    video: Video = field(default_factory=Video)
    columns: Mapping[str, str] | None = None
    first_frame: int | None = None
    unit: Unit | None = None


def warn_of_dropped(place: object, dropped: Sequence[str], *, stacklevel: int = 3) -> None:
    """Warn once that rows of a source were dropped; say nothing if none were."""
    if dropped:
        warnings.warn(f"{place}: {'; '.join(dropped)}", PtrackWarning, stacklevel=stacklevel)


def checked_unit(unit: Any) -> Any:
    """Refuse what is no unit of coordinates."""
    if unit not in {None, "px", "fraction"}:
        raise ParameterError(f"unit is {unit!r}, not 'px' or 'fraction'")
    return unit


def named(video: Video, title: str, **known: Any) -> Video:
    """Put what a file tells before the facts to fall back to; the name is made of the title."""
    facts = {fact: value for fact, value in known.items() if value is not None}
    return replace(video, name=slugs([title or "video"])[0], **facts)


def title_of_source(path: AnyPath, *, is_folder: bool = False) -> str:
    """Give the name of a folder, or the stem of a file."""
    name = path.name or path.resolve().name
    return name if is_folder else stem_of(name)


def frame_size(video: Video, place: str) -> tuple[int, int]:
    """Give the frame's width and height [px].

    Raises
    ------
    ParameterError
        If they are not known, and pixels cannot become fractions without them.
    """
    if not video.width or not video.height:
        raise ParameterError(
            f"{place}: the frame size is not known, so pixels cannot become fractions of the frame: "
            "give Video(width=..., height=...), in the shell --frame-size 640x360"
        )
    return video.width, video.height


def frame_rate(video: Video, place: str) -> float:
    """Give the video's frames a second.

    Raises
    ------
    ParameterError
        If the rate is not known, and frames cannot become times without it, or is no sensible rate.
    """
    rate = video.frame_rate
    if rate is None:
        raise ParameterError(
            f"{place}: the frame rate is not known, so frames cannot become times: "
            "give Video(frame_rate=...), in the shell --frame-rate 25"
        )
    if not _RATES[0] <= rate <= _RATES[1]:
        raise ParameterError(f"{place}: the frame rate is {rate!r}; expected {_RATES[0]:g} to {_RATES[1]:g}")
    return rate
