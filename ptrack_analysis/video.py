"""Metadata of a video, the image as a plane, and conversion of times."""

import math
import re
from dataclasses import dataclass, field, fields
from datetime import datetime
from datetime import timedelta as time_span
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np
import pandas as pd

from ptrack_analysis.cards import build_card, format_fields
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.limits import above, validate_choice, whole_number, wrong_kind

if TYPE_CHECKING:
    from ptrack_analysis.sources.read_report import ReadReport

Milliseconds = Integers
Duration = time_span | str | float
"""A text such as ``"2s"``, a Timedelta or timedelta, or a number of seconds."""
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")

YAxis = Literal["up", "down"]


class Plane(Protocol):
    """The plane of distances: image in px, floor plan in m, or plane of points."""

    @property
    def unit(self) -> str:
        """The unit of the plane's coordinates: ``px`` or ``m``."""

    @property
    def y_axis(self) -> YAxis:
        """Direction of increasing y, from above with x to the right: ``up`` or ``down``."""

    def project(self, points: Floats) -> Floats:
        """Project (n, 2) fractions of the frame to coordinates in the plane, or NaN."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """The image as a plane [px]: x to the right, y downward, origin upper left."""

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
    """The plane of points without an image: unit, and direction of increasing y."""

    unit: str
    y_axis: YAxis

    def project(self, points: Floats) -> Floats:  # noqa: ARG002 - of the protocol
        """Reject fractions of the frame, because points have no frame."""
        raise ParameterError(
            f"points in {self.unit} have no image, so fractions of a frame cannot be projected to their plane"
        )


def choose_y_axis(unit: str) -> YAxis:
    """Return the default direction of increasing y: up in m, down in px.

    PedPy and surveyed plans have y upward as well.
    """
    return "up" if unit == "m" else "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """Metadata of one recording; unknown values are None.

    ``width`` and ``height`` are the size of the frame [px], ``frame_rate`` is in frames per second,
    ``source`` is the location of the recording (bucket and key), and ``started_at`` is the wall-clock time
    of its start. ``sampling_period`` is the time between two detections of a person, as defined in
    ``estimate_sampling_period``. ``read_tracking`` estimates it from the complete video, and all functions
    use it for parts and selections as well. ``y_axis`` is the direction of increasing y in the plane of
    points, ``up`` or ``down``; boxes are on the image, where y increases downward. ``read_report`` describes
    the handling of the rows of the source.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> video.name, video.width, video.height, video.duration
    ('shop', 1280, 720, Timedelta('0 days 00:03:00'))
    >>> video.sampling_period
    Timedelta('0 days 00:00:00.080000')

    A source without metadata needs a video with the missing facts:

    >>> video = pta.Video(width=640, height=360, frame_rate=25)
    >>> video.pixels.unit
    'px'
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

    def __post_init__(self) -> None:
        """Validate the values, and convert durations to Timedelta.

        Raises
        ------
        ParameterError
            With the first invalid value.
        """
        for name in ("width", "height"):
            if (size := getattr(self, name)) is not None:
                whole_number(size, name)
        if self.frame_rate is not None:
            above(self.frame_rate, "frame_rate")
        for name in ("duration", "sampling_period"):
            given: Duration | None = getattr(self, name)
            if given is not None and not isinstance(given, pd.Timedelta):
                object.__setattr__(self, name, timedelta(milliseconds(given, name)))
        if self.y_axis is not None:
            validate_choice(self.y_axis, "y_axis", get_args(YAxis))

    def __repr__(self) -> str:
        """Return the known values."""
        return format_fields(self, self._list_values())

    def _repr_html_(self) -> str:
        """Return a card for notebooks with the known values."""
        values = self._list_values() | {"width": None, "height": None}
        size = None if self.width is None else f"{self.width} x {self.height} px"
        facts = {label.replace("_", " "): value for label, value in values.items() if label != "name"}
        report = self.read_report
        rows = None if report is None else f"{report.kept} of {report.rows} rows read"
        return build_card("Video", self.name, {"frame size": size, **facts, "read report": rows})

    def _list_values(self) -> dict[str, object]:
        names = [each.name for each in fields(self) if each.repr]
        values = {name: getattr(self, name) for name in names}
        spans = {name: value for name, value in values.items() if isinstance(value, pd.Timedelta)}
        return values | {name: f"{span.total_seconds():g}s" for name, span in spans.items()}

    @property
    def pixels(self) -> Pixels:
        """The image as a plane, in px.

        Raises
        ------
        ParameterError
            If the frame size is unknown.
        """
        if self.width is None or self.height is None:
            raise ParameterError(
                f"video {self.name!r} has no frame size, which pixel units require. Pass "
                "Video(width=..., height=...) with the size of your frames (--frame-size WxH)."
            )
        return Pixels(self.width, self.height)


def validate_video(video: object, name: str = "video") -> "Video":
    """Return a Video, and reject any other argument.

    Raises
    ------
    ParameterError
        If it is something else; the message names the call that returns a Video.
    """
    if isinstance(video, Video):
        return video
    advice = "Pass the video that read_tracking returned."
    if type(video).__name__ == "VideoAnalysis":
        advice = "Pass analysis.video."
    elif isinstance(video, tuple) and any(isinstance(part, Video) for part in video):
        advice = "read_tracking returns both: detections, video = read_tracking(...)."
    elif isinstance(video, dict):
        advice = "Pass Video(width=..., height=..., ...)."
    raise wrong_kind(name, "a Video", video, advice)


def validate_plane(plane: object, name: str = "plane") -> None:
    """Reject an argument that is neither a plane, such as a FloorPlan, nor None.

    Raises
    ------
    ParameterError
        If it is something else; the message names the call that returns a FloorPlan.
    """
    if plane is None or (hasattr(plane, "project") and hasattr(plane, "unit")):
        return
    advice = "Pass read_floor_plan(path)."
    if type(plane).__name__ == "VideoAnalysis":
        advice = "Pass analysis.floor_plan."
    raise wrong_kind(name, "a FloorPlan", plane, advice)


def frames_to_timestamps(frames: Integers, frame_rate: float) -> Milliseconds:
    """Convert frames to milliseconds like the API: 1000 · frame / rate, rounded down.

    The arithmetic is exact. The rate is the nearest fraction with a denominator of at most 1001 if that is
    within 1e-6 (30000/1001 for 29.97002997), otherwise with a denominator of at most 100 000.

    Parameters
    ----------
    frames
        (n,) integers, 0 for the first frame.
    frame_rate
        Frames per second, above 0.

    Returns
    -------
    numpy.ndarray
        (n,) int64 [ms].

    Examples
    --------
    >>> frames_to_timestamps(np.array([0, 1, 2, 25]), 25.0)
    array([   0,   40,   80, 1000])
    """
    rate = _find_exact_rate(above(frame_rate, "frame_rate"))
    return np.asarray(frames, dtype="int64") * (1000 * rate.denominator) // rate.numerator


def timestamps_to_frames(timestamps: Milliseconds, frame_rate: float) -> Integers:
    """Convert timestamps to frame numbers, the inverse of ``frames_to_timestamps``.

    Parameters
    ----------
    timestamps
        (n,) integers [ms].
    frame_rate
        Frames per second, above 0.

    Returns
    -------
    numpy.ndarray
        (n,) int64, 0 for the first frame.

    Raises
    ------
    ParameterError
        If no frame has a timestamp.

    Examples
    --------
    >>> timestamps_to_frames(np.array([0, 33, 66, 1001]), 30000 / 1001)
    array([ 0,  1,  2, 30])
    """
    rate = _find_exact_rate(above(frame_rate, "frame_rate"))
    times = np.asarray(timestamps, dtype="int64")
    frames: Integers = -(-times * rate.numerator // (1000 * rate.denominator))
    between = frames_to_timestamps(frames, frame_rate) != times
    if between.any():
        raise ParameterError(
            f"no frame has the timestamp {times[between.argmax()]} ms at {frame_rate:g} frames per second. "
            "Pass the frame rate from which the timestamps were computed."
        )
    return frames


@lru_cache(maxsize=64)
def _find_exact_rate(frame_rate: float) -> Fraction:
    """Return the exact fraction of a frame rate such as 29.97."""
    rate = Fraction(frame_rate).limit_denominator(1001)
    if abs(rate - Fraction(frame_rate)) > Fraction(1, 10**6):
        rate = Fraction(frame_rate).limit_denominator(100_000)
    if not rate:
        raise ParameterError(f"frame_rate must be at least one frame per day, got {frame_rate!r}")
    return rate


_LONGEST_STEP = 3_600_000
_LONG_STEP = 4096


def find_sampling_period(steps: Milliseconds, people: int, frame_rate: float | None) -> int:
    """Return the sampling period of a video [ms].

    Parameters
    ----------
    steps
        Times between each person's successive detections [ms]. Steps longer than an hour are ignored, because
        trackers do not sample that rarely.
    people
        Number of people. With fewer steps than people, the steps do not show the sampling of the video.
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


def milliseconds(value: Duration, name: str) -> int:
    """Convert a duration to integer milliseconds.

    Parameters
    ----------
    value
        A Timedelta or timedelta, a text that pandas can parse ("2s"), or a number of seconds.
    name
        Name of the argument, for error messages.

    Raises
    ------
    ParameterError
        If ``value`` is not a duration, is below 0, or has a fraction of a millisecond.
    """
    try:
        span = _parse_duration(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise wrong_kind(name, "a duration such as '2s' or '500ms'", value) from error
    if pd.isna(span) or span < pd.Timedelta(0):
        raise ParameterError(f"{name} must be a duration of at least 0, got {value!r}")
    exact = span.to_timedelta64()
    whole = exact.astype("timedelta64[ms]")
    if whole != exact:
        raise ParameterError(f"{name} must be in whole milliseconds, got {value!r}")
    return int(whole.astype("int64"))


def _parse_duration(value: Duration) -> pd.Timedelta:
    """Parse a duration; plain numbers are seconds."""
    if isinstance(value, bool | np.bool | np.integer | np.floating | int | float):
        if isinstance(value, bool | np.bool) or not math.isfinite(value):
            raise ValueError(value)
        return pd.Timedelta(seconds=float(value))
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) and float(value) != 0:
        raise ValueError(value)  # without a unit, pandas would read nanoseconds
    return pd.Timedelta(value)


_LATE = 1000
"""A time that is later than the end of a video by more than this shows another video [ms]."""


def validate_end(video: Video, last: int) -> None:
    """Reject a table whose last time [ms] is much later than the end of the video.

    Raises
    ------
    ParameterError
        If the time is later than the end by more than a second and by more than one sampling period.
    """
    if video.duration is None:
        return
    period = 0 if video.sampling_period is None else milliseconds(video.sampling_period, "sampling_period")
    end = milliseconds(video.duration, "duration")
    if last > end + max(_LATE, period):
        raise ParameterError(
            f"the table has a time of {last / 1000:.3f} s, but video {video.name!r} ends at {end / 1000:.3f} "
            "s, so it is of another video. Pass the video that was read with it. If the duration is wrong, "
            "pass dataclasses.replace(video, duration=None)."
        )


def timedelta(milliseconds_: int) -> pd.Timedelta:
    """Return a pandas Timedelta in milliseconds, the resolution of the tables."""
    return pd.Timedelta(np.timedelta64(int(milliseconds_), "ms"))
