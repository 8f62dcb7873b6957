"""What a caller says about a tracker's file, and its frames as times."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError, PtrackWarning
from ptrack_analysis.geometry import Integers
from ptrack_analysis.sources.names import slugs, strip_suffixes
from ptrack_analysis.sources.pages.decode import DATE, LATEST_START, TRACKS_FROM_START, wall_clock
from ptrack_analysis.sources.trackers.cells import MOST, Cells
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Milliseconds, Video, frames_to_timestamps

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
    """Reject what is no unit of coordinates."""
    if unit not in {None, "px", "fraction"}:
        raise ParameterError(f"unit is {unit!r}, not 'px' or 'fraction'")
    return unit


def named(video: Video, title: str, **known: Any) -> Video:
    """Put what a file tells before the facts to fall back to; the name is made of the title."""
    facts = {fact: value for fact, value in known.items() if value is not None}
    return replace(video, name=slugs([title or "video"])[0], **facts)


def title_of_source(path: AnyPath, *, is_folder: bool = False) -> str:
    """Return the name of a folder, or the stem of a file."""
    name = path.name or path.resolve().name
    return name if is_folder else strip_suffixes(name)


def frame_size(video: Video, place: str) -> tuple[int, int]:
    """Return the frame's width and height [px].

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
    """Return the video's frames a second.

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


LAST_FRAME = 10**9
"""Largest frame number that is believed: more than a year of video."""
_NEAR = 6


def from_frames(
    cells: Cells, name: str, given: Given, base: int | None, video: Video
) -> tuple[Milliseconds, list[str]]:
    """Turn a column of frame numbers into times: 1000 · (frame - first) / rate, cut to whole ms.

    Parameters
    ----------
    cells, name
        The column.
    given
        What the caller says: the number of the first frame, if any.
    base
        Number of the format's first frame; None where writers differ: 0 where a frame 0 occurs, else 1,
        which is noted.
    video
        The video, for its rate.

    Raises
    ------
    InputError
        If a frame is no whole number, or before the first; if the first is a wall-clock time.
    ParameterError
        If the rate is not known.
    """
    _validate_no_dates(cells, name)
    least = cells.least(name)
    if LAST_FRAME < least < np.inf:
        raise InputError(
            f"{cells.place}: {name} starts at {least:.0f}, which looks like wall-clock time and not like the "
            f"number of a frame. {TRACKS_FROM_START}"
        )
    first = given.first_frame if given.first_frame is not None else base
    frames = cells.whole(name, low=first or 0, high=LAST_FRAME + (first or 0))
    notes = []
    if first is None and cells.count:
        first = 0 if (frames == 0).any() else 1
        seen = "a frame 0 occurs" if first == 0 else "no frame 0 occurs"
        notes = [
            f"frames are counted from {first} ({seen} in {name!r}); first_frame (--first-frame) tells another"
        ]
    rate = frame_rate(video, cells.place)
    return frames_to_timestamps(frames - (first or 0), rate), notes


def from_times(cells: Cells, name: str, per_second: int) -> Milliseconds:
    """Turn a column of times into whole ms, cut; a millionth of a ms below counts as whole.

    Parameters
    ----------
    cells, name
        The column.
    per_second
        1 for a time in seconds, 1000 for one in milliseconds.

    Raises
    ------
    InputError
        If a time is no number; if the first is above 10 days, as wall-clock times are.
    """
    _validate_no_dates(cells, name)
    least = cells.least(name)
    if LATEST_START < least * (1000 / per_second) < np.inf:
        unit = "s" if per_second == 1 else "ms"
        raise InputError(wall_clock(cells.place, name, f"{least:.15g} {unit}", TRACKS_FROM_START))
    times = cells.numbers(name, 0, MOST * per_second / 1000) * (1000 / per_second)
    return np.floor(np.round(times, _NEAR)).astype("int64")


def _validate_no_dates(cells: Cells, name: str) -> None:
    """Reject a column in which a cell is a date, such as ISO 8601."""
    column = cells.columns.get(name)
    if column is None or not pa.types.is_string(column.type):
        return
    row = pc.index(pc.match_substring_regex(column, DATE), True).as_py()
    if row >= 0:
        shown = column[row].as_py()
        raise InputError(
            f"{cells.where(row)}: {name} is {shown!r}, which is a wall-clock time. {TRACKS_FROM_START}"
        )


def check_first_frame(first_frame: object) -> None:
    """Reject what is no number of a first frame."""
    if first_frame is None:
        return
    if isinstance(first_frame, bool) or not isinstance(first_frame, int | np.integer) or first_frame < 0:
        raise ParameterError(f"first_frame is {first_frame!r}, not a whole number of at least 0")


def frames_backwards(person: Integers, time: Milliseconds) -> int:
    """Count the places where a person's rows go back in time, in the order in which they were written."""
    order = np.argsort(person, kind="stable")
    same = person[order][1:] == person[order][:-1]
    return int((same & (time[order][1:] < time[order][:-1])).sum())
