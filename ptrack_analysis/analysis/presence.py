"""Time present: the time that each detection represents, in integer milliseconds."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.schema import CONTINUED, DETECTIONS, INTERPOLATED, POINTS, TRAJECTORIES, validate
from ptrack_analysis.schema.arrays import Rows, TableArrays
from ptrack_analysis.video import (
    Duration,
    Milliseconds,
    Video,
    find_sampling_period,
    milliseconds,
    timedelta,
    validate_video,
)

MAX_GAP = pd.Timedelta("2s")
"""Shortest default of ``max_gap``."""
GAP_PERIODS = 3
"""Minimum number of sampling periods that the default of ``max_gap`` covers."""
MOST_LONG_STEPS = 0.05
"""Share of the steps within three periods that may exceed ``max_gap`` without a warning."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonRows:
    """A table's rows in the order of person and time.

    ``order`` sorts the table's rows. ``person`` numbers the people from 0 in the order of their index,
    ``time`` is in ms, and ``first`` marks the first row of each person.
    """

    order: Integers
    person: Integers
    time: Milliseconds
    first: Bools


def rows_by_person(table: pd.DataFrame) -> PersonRows:
    """Sort a table keyed by person_index and timestamp (in either order) by person and time."""
    person, _ = read_level(table.index, "person_index")
    codes, times = read_level(table.index, "timestamp")
    if (codes[1:] >= codes[:-1]).all():
        order = np.argsort(person, kind="stable")
    else:
        order = np.lexsort((codes, person))
    first = mark_starts(person[order])
    return PersonRows(order, np.cumsum(first) - 1, times[codes[order]], first)


def detected(table: pd.DataFrame, rows: PersonRows) -> Bools:
    """Return which rows were detected, neither interpolated nor continued at the start of a part."""
    return ~(read_flag(table, rows, INTERPOLATED.name) | read_flag(table, rows, CONTINUED.name))


def read_flag(table: pd.DataFrame, rows: PersonRows, name: str) -> Bools:
    """Return a flag of the rows, or False for all rows if the table does not have the column."""
    if name not in table.columns:
        return np.zeros(len(rows.time), dtype=bool)
    flag: Bools = table[name].to_numpy()[rows.order]
    return flag


def mark_starts(labels: Integers) -> Bools:
    """Mark the positions at which a sorted array takes a new value."""
    first = np.ones(len(labels), dtype=bool)
    first[1:] = labels[1:] != labels[:-1]
    return first


def estimate_sampling_period(table: pd.DataFrame, video: Video) -> pd.Timedelta:
    """Estimate the sampling period of a video from all of its detections.

    The period is the lower median of the steps between each person's successive detections, if there are at
    least as many steps as people. Otherwise it is one frame at the frame rate of the video (cut to whole
    milliseconds), without a frame rate the lower median of the steps, and without steps 0.

    ``read_tracking`` stores the period as ``video.sampling_period``, and the other functions use that value.
    Call this function for a table from elsewhere, before selecting people or times from it.

    Parameters
    ----------
    table
        Detections, trajectories or points of the complete video.
    video
        The video, for its frame rate.

    Returns
    -------
    pandas.Timedelta
        The period [ms].

    Notes
    -----
    A video of 1 frame per second in which 60 % of the detections are missed has a period of 2 s by this
    definition. If every detection occurs twice, 40 ms apart, the period is 40 ms.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> pta.quality.estimate_sampling_period(detections, video)
    Timedelta('0 days 00:00:00.080000')
    """
    validate_video(video)
    names = list(table.index.names) if isinstance(table, pd.DataFrame) else None
    if names == DETECTIONS.key_names:
        validate(table, DETECTIONS)
    else:
        validate(table, TRAJECTORIES if names != POINTS.key_names or "time_present" in table else POINTS)
    return timedelta(find_period(rows_by_person(table), video))


def find_period(rows: PersonRows, video: Video) -> int:
    """Return the sampling period, as defined in ``estimate_sampling_period`` [ms]."""
    return find_sampling_period(steps_between(rows), int(rows.first.sum()), video.frame_rate)


def steps_between(rows: PersonRows) -> Milliseconds:
    """Return the times between each person's successive detections [ms]."""
    steps: Milliseconds = np.diff(rows.time)[~rows.first[1:]]
    return steps


def choose_period(rows: PersonRows, video: Video, period: Duration | None = None) -> int:
    """Return the given period, otherwise the period of the video, otherwise an estimate [ms]."""
    if period is not None:
        return milliseconds(period, "period")
    if video.sampling_period is not None:
        return milliseconds(video.sampling_period, "sampling_period")
    return find_period(rows, video)


def choose_max_gap(max_gap: Duration | None, period: int) -> int:
    """Return the longest step that does not interrupt presence [ms], by default from the period [ms].

    Raises
    ------
    ParameterError
        If ``max_gap`` is shorter than the period, so that no step would count as presence.
    """
    longest = milliseconds(MAX_GAP if max_gap is None else max_gap, "max_gap")
    if max_gap is None:
        return max(longest, GAP_PERIODS * period)
    if longest < period:
        raise ParameterError(
            f"max_gap must be at least the sampling period of {period} ms, got {longest} ms. Pass a longer "
            f"max_gap, such as '{GAP_PERIODS * period}ms' (--max-gap {GAP_PERIODS * period}ms), or set the "
            "sampling period with period (--sampling-period)."
        )
    return longest


def warn_of_long_steps(rows: PersonRows, max_gap: int, period: int, *, stacklevel: int = 3) -> None:
    """Warn if ``max_gap`` interrupts many of the steps within three sampling periods [ms]."""
    if max_gap >= GAP_PERIODS * period:
        return
    steps = steps_between(rows)
    steps = steps[steps <= GAP_PERIODS * period]
    long = int((steps > max_gap).sum())
    if long > MOST_LONG_STEPS * len(steps):
        warnings.warn(
            f"{long / len(steps):.0%} of the steps within three sampling periods ({GAP_PERIODS * period} ms) "
            f"exceed max_gap ({max_gap} ms) and interrupt presence. Set max_gap to at least "
            f"'{GAP_PERIODS * period}ms' (--max-gap {GAP_PERIODS * period}ms).",
            PtrackWarning,
            stacklevel=stacklevel,
        )


_LEAST_LONG = 100_000
"""A shorter option is not taken for milliseconds [ms]."""
_DAY = 86_400_000


def describe_long_options(length: pd.Timedelta, options: Mapping[str, Duration | None]) -> list[str]:
    """Describe options that are longer than the video, often milliseconds that are read as seconds.

    Options below 100 s, and bins that divide a day, such as an hour, are taken as meant.
    """
    found, video = [], milliseconds(length, "duration")
    for name, value in options.items():
        span = 0 if value is None else milliseconds(value, name)
        if span >= _LEAST_LONG and span > video and not (name == "every" and _DAY % span == 0):
            found.append(
                f"{name} is {span / 1000:g} s, longer than the video ({video / 1000:g} s). Numbers without a "
                f"unit are seconds: is '{span / 1000:g}ms' meant?"
            )
    return found


def warn_of_long_options(video: Video, *, stacklevel: int = 4, **options: Duration | None) -> None:
    """Warn of numbers without a unit that are longer than the video."""
    if video.duration is not None:
        plain = {name: value for name, value in options.items() if isinstance(value, int | float)}
        for text in describe_long_options(video.duration, plain):
            warnings.warn(text, PtrackWarning, stacklevel=stacklevel)


def find_video_end(video: Video | None, last: int) -> int | None:
    """Return the video's end [ms], or None if it is unknown or a detection is later."""
    if video is None or video.duration is None:
        return None
    duration = milliseconds(video.duration, "duration")
    return duration if last <= duration else None


def part_end(known: int | None, end: Duration | None, last: int) -> int:
    """Return the end of the analyzed part of a video [ms].

    This is ``end``, limited to the video's ``known`` end. Without both, it is the ``last`` observed time.
    """
    if end is None:
        return last if known is None else known
    requested = milliseconds(end, "end")
    return requested if known is None else min(known, requested)


def compute_time_present(
    rows: PersonRows, *, max_gap: int, period: int, end: int | None
) -> tuple[Milliseconds, Bools]:
    """Return the time present of each row, and which rows begin a tracklet.

    A row counts until the person's next row if that comes within ``max_gap``, otherwise for ``period``. Its
    time present does not extend beyond ``end``.

    Returns
    -------
    tuple
        (n,) time present [ms], never negative; (n,) bool, first row of a tracklet.
    """
    step = np.diff(rows.time)
    joined = ~rows.first[1:] & (step <= max_gap)
    present = np.full_like(rows.time, period)
    if end is not None:
        np.minimum(present, end - rows.time, out=present)
    np.copyto(present[:-1], step, where=joined)
    begins = np.ones(len(rows.time), dtype=bool)
    begins[1:] = ~joined
    return present, begins


def read_level(index: pd.Index, name: str) -> tuple[Integers, Integers]:
    """Return the codes of an index level with integers or times, and its values in ascending order."""
    levels: Any = index
    level_number = levels.names.index(name)
    codes, level = np.asarray(levels.codes[level_number]), levels.levels[level_number]
    values = np.asarray(level).view("int64")
    if level.is_monotonic_increasing:
        return codes, values
    order = np.argsort(values)
    return np.argsort(order)[codes], values[order]


def number_names(table: Rows, name: str) -> tuple[Integers, list[str]]:
    """Return the number of each row's name in a text level, and the names in ascending order."""
    if isinstance(table, TableArrays):
        return table.texts[name]
    index: Any = table.index
    level = index.names.index(name)
    codes, names = np.asarray(index.codes[level]), index.levels[level].tolist()
    used = sorted(np.unique(codes).tolist(), key=names.__getitem__)
    number = np.empty(len(names), dtype="int64")
    number[used] = np.arange(len(used))
    return number[codes], [names[code] for code in used]
