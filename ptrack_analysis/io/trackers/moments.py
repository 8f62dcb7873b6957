"""Frames and times of other trackers, as whole milliseconds since the start of the video."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.io.faults import DATE, LATEST_START, TRACKS_FROM_START, wall_clock
from ptrack_analysis.io.trackers.cells import MOST, Cells
from ptrack_analysis.io.trackers.tracked import Given, frame_rate
from ptrack_analysis.video import Milliseconds, Video, frames_to_timestamps

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
    _refuse_dates(cells, name)
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
    _refuse_dates(cells, name)
    least = cells.least(name)
    if LATEST_START < least * (1000 / per_second) < np.inf:
        unit = "s" if per_second == 1 else "ms"
        raise InputError(wall_clock(cells.place, name, f"{least:.15g} {unit}", TRACKS_FROM_START))
    times = cells.numbers(name, 0, MOST * per_second / 1000) * (1000 / per_second)
    return np.floor(np.round(times, _NEAR)).astype("int64")


def _refuse_dates(cells: Cells, name: str) -> None:
    """Refuse a column in which a cell is a date, such as ISO 8601."""
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
    """Refuse what is no number of a first frame."""
    if first_frame is None:
        return
    if isinstance(first_frame, bool) or not isinstance(first_frame, int | np.integer) or first_frame < 0:
        raise ParameterError(f"first_frame is {first_frame!r}, not a whole number of at least 0")


def frames_backwards(person: Integers, time: Milliseconds) -> int:
    """Count the places where a person's rows go back in time, in the order in which they were written."""
    order = np.argsort(person, kind="stable")
    same = person[order][1:] == person[order][:-1]
    return int((same & (time[order][1:] < time[order][:-1])).sum())
