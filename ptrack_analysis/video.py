"""The filmed file: its facts, its picture as a plane, its clock."""

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers

if TYPE_CHECKING:
    from ptrack_analysis.sources.read_report import ReadReport

Milliseconds = Integers


YAxis = Literal["up", "down"]


class Plane(Protocol):
    """Where distances are measured: the image in px, a floor plan in m, or the plane of points."""

    @property
    def unit(self) -> str:
        """The unit of the plane's coordinates: ``px`` or ``m``."""

    @property
    def y_axis(self) -> YAxis:
        """Which way y grows, seen from above the floor with x to the right: ``up`` or ``down``."""

    def project(self, points: Floats) -> Floats:
        """Project (n, 2) fractions of the frame to (n, 2) coordinates in the plane; NaN where it has none."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """The picture as a plane: x to the right, y downwards, origin in its upper left corner [px]."""

    width: int
    height: int
    unit: str = "px"
    y_axis: YAxis = "down"

    def project(self, points: Floats) -> Floats:
        """Multiply fractions of the frame by its size."""
        pixels: Floats = points * np.array([self.width, self.height], dtype="float64")
        return pixels


@dataclass(frozen=True, slots=True)
class PointPlane:
    """The plane of points that have no image: its unit, and which way y grows."""

    unit: str
    y_axis: YAxis

    def project(self, points: Floats) -> Floats:  # noqa: ARG002 - of the protocol
        """Reject fractions of the frame, because points have no frame."""
        raise ParameterError(
            f"points in {self.unit} have no image, so nothing can be projected to their plane"
        )


def choose_y_axis(unit: str) -> YAxis:
    """Return which way y grows if nothing says it: up in m, as in PedPy and on surveyed plans, down in px."""
    return "up" if unit == "m" else "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """The facts about one recording; an unknown fact is None.

    ``width`` and ``height`` are the size of the frame [px], ``frame_rate`` is in frames per second,
    ``source`` is the location of the recording (bucket and key), and ``started_at`` is the wall-clock time
    of its start. ``sampling_period`` is the time between two detections of a person, as
    ``estimate_sampling_period`` defines it. ``read_tracking`` determines it on the whole video, and all
    functions use it for parts and selections too. ``y_axis`` tells which way y grows in the plane of points,
    ``up`` or ``down``; boxes are on the image, where it grows downward. ``read_report`` says what became of
    the rows of the source.
    """

    name: str = "video"
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    duration: pd.Timedelta | None = None
    codec: str | None = None
    format: str | None = None
    color_range: str | None = None
    job_id: str | None = None
    job_tag: str | None = None
    source: str | None = None
    started_at: datetime | None = None
    sampling_period: pd.Timedelta | None = None
    y_axis: YAxis | None = None
    read_report: "ReadReport | None" = field(default=None, compare=False, repr=False)

    @property
    def pixels(self) -> Pixels:
        """The picture as a plane, in px.

        Raises
        ------
        ParameterError
            If the frame's size is not known.
        """
        if self.width is None or self.height is None:
            raise ParameterError(
                f"the frame size of video {self.name!r} is not known, so nothing can be measured in px: "
                "give Video(width=..., height=...), in the shell --frame-size 640x360"
            )
        return Pixels(self.width, self.height)


def frames_to_timestamps(frames: Integers, frame_rate: float) -> Milliseconds:
    """Turn frame numbers into whole milliseconds as the API does: 1000 · frame / rate, cut to whole ms.

    The arithmetic is exact: the rate is taken as the nearest fraction with a denominator of at most 1001
    if that is within 1e-6 of it (30000/1001 for 29.97002997), else at most 100 000.

    Parameters
    ----------
    frames
        (n,) whole numbers, 0 for the first frame.
    frame_rate
        Frames a second, above 0.

    Returns
    -------
    numpy.ndarray
        (n,) int64 [ms].

    Examples
    --------
    >>> frames_to_timestamps(np.array([0, 1, 2, 25]), 25.0)
    array([   0,   40,   80, 1000])
    """
    rate = _find_exact_rate(float(frame_rate))
    return np.asarray(frames, dtype="int64") * (1000 * rate.denominator) // rate.numerator


def timestamps_to_frames(timestamps: Milliseconds, frame_rate: float) -> Integers:
    """Turn timestamps back into the numbers of their frames: the inverse of ``frames_to_timestamps``.

    Parameters
    ----------
    timestamps
        (n,) whole milliseconds.
    frame_rate
        Frames per second, above 0.

    Returns
    -------
    numpy.ndarray
        (n,) int64, 0 for the first frame.

    Raises
    ------
    ParameterError
        If a timestamp is not that of a frame.

    Examples
    --------
    >>> timestamps_to_frames(np.array([0, 33, 66, 1001]), 30000 / 1001)
    array([ 0,  1,  2, 30])
    """
    rate = _find_exact_rate(float(frame_rate))
    times = np.asarray(timestamps, dtype="int64")
    frames: Integers = -(-times * rate.numerator // (1000 * rate.denominator))
    between = frames_to_timestamps(frames, frame_rate) != times
    if between.any():
        raise ParameterError(
            f"the timestamp {times[between.argmax()]} ms is not that of a frame at {frame_rate:g} frames per "
            "second. Pass the frame rate by which the timestamps were computed."
        )
    return frames


@lru_cache(maxsize=64)
def _find_exact_rate(frame_rate: float) -> Fraction:
    """Return the fraction that a frame rate stands for."""
    if not (np.isfinite(frame_rate) and frame_rate > 0):
        raise ParameterError(f"frame_rate is {frame_rate!r}, not a number above 0")
    rate = Fraction(frame_rate).limit_denominator(1001)
    if abs(rate - Fraction(frame_rate)) > Fraction(1, 10**6):
        rate = Fraction(frame_rate).limit_denominator(100_000)
    if not rate:
        raise ParameterError(f"frame_rate is {frame_rate!r}, less than one frame in a day")
    return rate


_LONGEST_STEP = 3_600_000
_LONG_STEP = 4096


def find_sampling_period(steps: Milliseconds, people: int, frame_rate: float | None) -> int:
    """Return the sampling period of a video [ms].

    Parameters
    ----------
    steps
        Times between each person's successive detections [ms]. Steps longer than an hour are ignored: no
        tracker samples so rarely.
    people
        Number of people. With fewer steps than people, the steps do not show how the video was sampled.
    frame_rate
        Frames per second, or None.

    Returns
    -------
    int
        The lower median of the steps, if there are at least as many steps as people. Otherwise one frame, or
        without a frame rate the lower median of the steps, or 0 without steps.

    Examples
    --------
    >>> find_sampling_period(np.array([40, 40, 80]), 2, None)
    40
    """
    if steps.max(initial=0) > _LONGEST_STEP:
        steps = steps[steps <= _LONGEST_STEP]
    if frame_rate is not None and (len(steps) < people or not len(steps)):
        return int(frames_to_timestamps(np.array([1]), frame_rate)[0])
    if not len(steps):
        return 0
    middle = (len(steps) - 1) // 2
    counts = np.bincount(np.minimum(steps, _LONG_STEP))  # faster than a sort: most steps are short
    median = int(np.searchsorted(np.cumsum(counts), middle, side="right"))
    return median if median < _LONG_STEP else int(np.sort(steps)[middle])


def milliseconds(value: pd.Timedelta | str, name: str) -> int:
    """Read a length of time as whole milliseconds, refusing what is negative, missing or finer.

    Parameters
    ----------
    value
        A pandas Timedelta, or a text that pandas reads as one ("2s").
    name
        Name of the argument, for the error.

    Raises
    ------
    ParameterError
        If it is no length of time, below 0, or has a fraction of a millisecond.
    """
    try:
        span = pd.Timedelta(value)
    except (ValueError, TypeError) as error:
        raise ParameterError(f"{name} is {value!r}, not a length of time such as '2s' or '500ms'") from error
    if pd.isna(span) or span < pd.Timedelta(0):
        raise ParameterError(f"{name} is {value!r}, not a length of time of at least 0")
    exact = span.to_timedelta64()
    whole = exact.astype("timedelta64[ms]")
    if whole != exact:
        raise ParameterError(f"{name} is {value!r}, which is not a whole number of milliseconds")
    return int(whole.astype("int64"))


def timedelta(milliseconds_: int) -> pd.Timedelta:
    """Make a pandas Timedelta in the resolution of the tables, milliseconds."""
    return pd.Timedelta(np.timedelta64(int(milliseconds_), "ms"))
