"""Time present: the time that each detection stands for, in whole milliseconds."""

import operator
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.schema import DETECTIONS, POINTS, validate
from ptrack_analysis.video import Milliseconds, Video, frames_to_timestamps, milliseconds, timedelta

MAX_GAP = pd.Timedelta("2s")


@dataclass(frozen=True, slots=True, eq=False)
class PersonRows:
    """A table's rows in the order of person and time.

    ``order`` takes the table's rows to this order; ``person`` numbers the persons from 0 in the order of
    their index, ``time`` is in ms, ``first`` marks the first row of each person.
    """

    order: Integers
    person: Integers
    time: Milliseconds
    first: Bools


def rows_by_person(table: pd.DataFrame) -> PersonRows:
    """Order a table keyed by person_index and timestamp (in either order) by person and time."""
    person, _ = _level(table.index, "person_index")
    codes, times = _level(table.index, "timestamp")
    if (codes[1:] >= codes[:-1]).all():
        order = np.argsort(person, kind="stable")
    else:
        order = np.lexsort((codes, person))
    first = mark_starts(person[order])
    return PersonRows(order, np.cumsum(first) - 1, times[codes[order]], first)


def detected(table: pd.DataFrame, rows: PersonRows) -> Bools:
    """Return which rows were detected, and not put into a gap afterwards."""
    if "interpolated" not in table.columns:
        return np.ones(len(rows.time), dtype=bool)
    return ~table["interpolated"].to_numpy(dtype=bool)[rows.order]


def read_flag(table: pd.DataFrame, rows: PersonRows, name: str) -> Bools:
    """Return a flag of the rows, all False where the table does not have it."""
    if name not in table.columns:
        return np.zeros(len(rows.time), dtype=bool)
    flag: Bools = table[name].to_numpy(dtype=bool)[rows.order]
    return flag


def mark_starts(labels: Integers) -> Bools:
    """Mark where a sorted array takes a new value."""
    first = np.ones(len(labels), dtype=bool)
    first[1:] = labels[1:] != labels[:-1]
    return first


def run_starts(rows: PersonRows, run: Integers) -> Bools:
    """Mark the first row of each run, of runs that are numbered within each person."""
    begins = rows.first.copy()
    begins[1:] |= run[1:] != run[:-1]
    return begins


def estimate_sampling_period(
    table: pd.DataFrame, video: Video, *, max_gap: pd.Timedelta | str = MAX_GAP
) -> pd.Timedelta:
    """Return the time between two samplings of the video.

    The lower median of the steps between the table's successive distinct timestamps, of all persons, that
    are at most ``max_gap``; with no such step one frame at the video's frame rate, cut to whole ms; with no
    rate 0. Take it from the whole table before selecting persons or times: what is left out changes it.

    Parameters
    ----------
    table
        Detections, trajectories, or any table whose index has the level ``timestamp``.
    video
        The video, for its frame rate.
    max_gap
        The longest step that counts as sampling [ms].

    Returns
    -------
    pandas.Timedelta
        The period [ms].

    Raises
    ------
    InputError
        If the lower median of each person's steps exceeds ``max_gap``, and there are at least as many steps
        as people: most of the time present would be lost.
    ParameterError
        If one frame, where it is taken, is longer than ``max_gap``.
    """
    return timedelta(period_in_ms(table, video, milliseconds(max_gap, "max_gap"), None))


def period_in_ms(table: pd.DataFrame, video: Video, max_gap: int, given: pd.Timedelta | str | None) -> int:
    """Return the sampling period [ms], estimated unless it is given; at most ``max_gap``."""
    if given is None:
        if (slow := slow_sampling(table, max_gap)) is not None:
            raise InputError(f"video {video.name!r}: {slow}")
        period = found_period(table, video, max_gap)
    else:
        period = milliseconds(given, "period")
    if period > max_gap:
        raise ParameterError(f"max_gap is {max_gap} ms, below the sampling period of {period} ms")
    return period


def slow_sampling(table: pd.DataFrame, max_gap: int) -> str | None:
    """Return a sentence if most detections are farther apart than ``max_gap`` [ms], otherwise None.

    Compared is the lower median of the steps between each person's successive detections, if there are at
    least as many steps as people.
    """
    rows = rows_by_person(table)
    steps = np.diff(rows.time)[~rows.first[1:]]
    if not len(steps) or len(steps) < rows.first.sum():
        return None
    middle = (len(steps) - 1) // 2
    step = int(np.partition(steps, middle)[middle])
    if step <= max_gap:
        return None
    return (
        f"a person is typically detected every {step} ms, but max_gap is {max_gap} ms, so almost no "
        f"time would count as presence. Set max_gap='{3 * step}ms' (--max-gap {3 * step}ms), "
        "or the sampling period."
    )


def found_period(table: pd.DataFrame, video: Video, max_gap: int) -> int:
    """Find the sampling period [ms] by the rule of ``estimate_sampling_period``, whatever its length."""
    codes, times = _level(table.index, "timestamp")
    used = np.zeros(len(times), dtype=bool)
    used[codes] = True
    steps = np.diff(times[used])
    steps = steps[steps <= max_gap]
    if len(steps):
        middle = (len(steps) - 1) // 2
        return int(np.partition(steps, middle)[middle])
    if video.frame_rate is None:
        return 0
    return int(frames_to_timestamps(np.array([1]), video.frame_rate)[0])


def find_video_end(video: Video | None, last: int) -> int | None:
    """Return the video's end [ms], or None where it is unknown or a detection lies beyond it."""
    if video is None or video.duration is None:
        return None
    duration = milliseconds(video.duration, "duration")
    return duration if last <= duration else None


def part_end(known: int | None, end: pd.Timedelta | str | None, seen: int) -> int:
    """Return where the part of a video that was looked at ends [ms].

    It is at ``end``, but not beyond the video's ``known`` end; without both, at the last moment ``seen``.
    """
    if end is None:
        return seen if known is None else known
    asked = milliseconds(end, "end")
    return asked if known is None else min(known, asked)


def compute_time_present(
    rows: PersonRows, *, max_gap: int, period: int, end: int | None
) -> tuple[Milliseconds, Bools]:
    """Return how long each row holds, and which rows begin a run.

    A row holds until the same person's next row if that comes within ``max_gap``, otherwise for ``period``,
    but not beyond ``end``.

    Returns
    -------
    tuple
        (n,) held [ms], never negative; (n,) bool, first row of a run.
    """
    step = np.diff(rows.time)
    joined = ~rows.first[1:] & (step <= max_gap)
    held = np.full(len(rows.time), period, dtype="int64")
    if end is not None:
        np.minimum(held, end - rows.time, out=held)
    np.copyto(held[:-1], step, where=joined)
    begins = np.ones(len(rows.time), dtype=bool)
    begins[1:] = ~joined
    return held, begins


def _level(index: pd.Index, name: str) -> tuple[Integers, Integers]:
    """Return a level's codes and its values in growing order, such that values[codes] are the rows'."""
    if not isinstance(index, pd.MultiIndex):
        index = pd.MultiIndex.from_arrays([index], names=[index.name])
    place = index.names.index(name)
    codes, level = np.asarray(index.codes[place]), index.levels[place]
    values = np.asarray(level).view("int64")
    if level.is_monotonic_increasing:
        return codes, values
    order = np.argsort(values)
    rank = np.empty(len(order), dtype=codes.dtype)
    rank[order] = np.arange(len(order), dtype=codes.dtype)
    return rank[codes], values[order]


def select(
    detections: pd.DataFrame,
    *,
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
    persons: Iterable[int] | None = None,
) -> pd.DataFrame:
    """Keep the detections of some persons and of a stretch of time: ``start <= timestamp < end``.

    What is computed afterwards is computed as if nothing else had been seen: a person's last detection
    before ``end`` holds for one sampling period, and who was there before ``start`` has ``appeared``. The
    sampling period itself is to be taken from the whole table (``estimate_sampling_period``) and given on.

    Parameters
    ----------
    detections
        DETECTIONS or POINTS, rows in any order.
    start, end
        Moments since the start of the video [ms]; by default its start and its end.
    persons
        Numbers of the persons to keep; those that do not occur are passed over. By default all.

    Returns
    -------
    pandas.DataFrame
        DETECTIONS or POINTS, the rows kept in their order.

    Raises
    ------
    SchemaError
        If ``detections`` is not a DETECTIONS table.
    ParameterError
        If ``end`` is not after ``start``, or one of them is no moment.
    """
    points = isinstance(detections, pd.DataFrame) and {"x_px", "x_m"} & {*detections}
    validate(detections, POINTS if points else DETECTIONS)
    keep = np.ones(len(detections), dtype=bool)
    moment = detections.index.get_level_values("timestamp").to_numpy().view("int64")
    first = 0 if start is None else milliseconds(start, "start")
    if end is not None:
        last = milliseconds(end, "end")
        if last <= first:
            raise ParameterError(f"end is {end!r}, which is not after start ({start!r})")
        keep &= moment < last
    keep &= moment >= first
    if persons is not None:
        keep &= detections.index.get_level_values("person_index").isin(parse_person_numbers(persons))
    return detections.copy(deep=False) if keep.all() else detections[keep]


def parse_person_numbers(persons: Iterable[int]) -> list[int]:
    """Read numbers of persons.

    Raises
    ------
    ParameterError
        If it is no list of numbers.
    """
    try:
        return [int(operator.index(person)) for person in persons]
    except (TypeError, ValueError) as error:
        raise ParameterError(f"persons is {persons!r}, not a list of numbers of persons") from error
