"""Facts about a video that follow from its detections: sampling period and duration."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Integers
from ptrack_analysis.video import Milliseconds, Video, find_sampling_period, milliseconds, timedelta


def resolve_video(video: Video, index: pd.Index) -> tuple[Video, list[str]]:
    """Set the sampling period of a video, and drop its duration if a detection is later than that.

    Parameters
    ----------
    video
        The facts from the source and the caller.
    index
        Timestamp and person of each detection of the complete video.

    Returns
    -------
    tuple
        The video; a sentence for each fact that was ignored or could not be determined.
    """
    if not {"person_index", "timestamp"} <= {*index.names}:
        return video, []  # not a table of this package, for which the analysis will raise an error
    if not isinstance(index, pd.MultiIndex) or not len(index):
        return replace(video, sampling_period=timedelta(_one_frame(video))), []
    person, _ = _read_level(index, "person_index")
    codes, times = _read_level(index, "timestamp")
    time = times[codes]
    steps, people = _steps_by_person(person, time)
    period = find_sampling_period(steps, people, video.frame_rate)
    notes = []
    if not period:
        notes.append(
            "the sampling period is unknown, because no person was detected twice within an hour and "
            "there is no frame rate, so the time present is 0. Pass video=Video(frame_rate=...) "
            "(--frame-rate N)."
        )
    resolved = replace(video, sampling_period=timedelta(period))
    last = int(time.max())
    if video.duration is not None and last > milliseconds(video.duration, "duration"):
        notes.append(
            f"the duration of {video.duration.total_seconds():.3f} s is ignored, because a detection is at "
            f"{last / 1000:.3f} s"
        )
        resolved = replace(resolved, duration=None)
    return resolved, notes


def _one_frame(video: Video) -> int:
    return find_sampling_period(np.empty(0, "int64"), 0, video.frame_rate)


def _read_level(index: pd.MultiIndex, name: str) -> tuple[Integers, Integers]:
    """Return the codes and the values of a level: numbers, or times [ms]."""
    level = index.names.index(name)
    return np.asarray(index.codes[level]), index.levels[level].to_numpy().view("int64")


def _steps_by_person(person: Integers, time: Milliseconds) -> tuple[Milliseconds, int]:
    """Return the times between each person's successive detections [ms], and the number of people."""
    in_order = bool((time[1:] >= time[:-1]).all())
    order = np.argsort(person, kind="stable") if in_order else np.lexsort((time, person))
    person, time = person[order], time[order]
    same = person[1:] == person[:-1]
    return np.diff(time)[same], len(person) - int(same.sum())
