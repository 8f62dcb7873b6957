"""Options and facts for reading a tracker's file, and the result."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.limits import at_least, validate_budget
from ptrack_analysis.sources.archive import FORMAT_OPTIONS, FormatOptions
from ptrack_analysis.sources.names import make_slug, strip_suffixes
from ptrack_analysis.sources.pages.rows import Budget
from ptrack_analysis.sources.read_report import ReadReport
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Milliseconds, Video, YAxis

PointUnit = Literal["m", "cm", "mm", "px"]
Unit = Literal["px", "fraction", "m", "cm", "mm"]
UNITS = ("px", "fraction", "m", "cm", "mm")
Y_AXES = ("up", "down")
_RATES = (1e-3, 1e6)
COLUMN_BYTES = 60
"""Peak bytes of an analysis per detection and column without a role: three copies, and texts."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """Another tracker's result: DETECTIONS or POINTS, the video, and the read report."""

    table: pd.DataFrame
    video: Video
    report: ReadReport

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages about dropped rows, assumptions and oddities."""
        return self.report.notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Options and facts from the caller about a file.

    ``first_frame``, ``first_pixel``, ``stride``, ``unit`` and ``y_axis`` are None to use the values of the
    format. ``budget`` limits the number of rows. ``read_tracks`` explains the others.
    """

    video: Video = field(default_factory=Video)
    columns: Mapping[str, str] | None = None
    first_frame: int | None = None
    first_pixel: int | None = None
    stride: int | None = None
    unit: Unit | None = None
    y_axis: YAxis | None = None
    classes: tuple[int | str, ...] = ()
    min_confidence: float | None = None
    part: Mapping[str, str] = field(default_factory=dict)
    budget: Budget | None = None

    def validate_size(self, rows: int, further: int = 0) -> None:
        """Reject a file whose rows need more memory than the budget.

        Raises
        ------
        InputError
            If the memory does not suffice.
        """
        if self.budget is None:
            return
        validate_budget(
            rows * (self.budget.row + further * COLUMN_BYTES),
            f"video {self.budget.video!r} with {rows} rows",
            "Raise memory (--memory), or split the file.",
            self.budget.memory,
        )

    def validate_lines(self, raw: bytes, further: int = 0) -> None:
        """Reject text whose lines need more memory than the budget."""
        if self.budget is not None:
            self.validate_size(raw.count(b"\n"), further)


def combine(options: FormatOptions, video: Video, budget: Budget | None = None) -> Given:
    """Combine the options and facts from the caller."""
    values = {name: getattr(options, name) for name in FORMAT_OPTIONS if name not in {"format", "columns"}}
    columns = dict(options.columns) or None
    return Given(video=video, columns=columns, part=dict(options.part), budget=budget, **values)


def validate_options(options: FormatOptions) -> FormatOptions:
    """Validate the values of the options, and return the options.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """
    for name, least, most in (("first_frame", 0, None), ("first_pixel", 0, 1), ("stride", 1, None)):
        value = getattr(options, name)
        if value is None:
            continue
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not is_whole or value < least or (most is not None and value > most):
            expected = f"{least} or {most}" if most is not None else f"a whole number of at least {least}"
            raise ParameterError(f"{name} must be {expected}, got {value!r}")
    for name, allowed in (("unit", UNITS), ("y_axis", Y_AXES)):
        value = getattr(options, name)
        if value is not None and value not in allowed:
            listed = ", ".join(map(repr, allowed[:-1]))
            raise ParameterError(f"{name} must be {listed} or {allowed[-1]!r}, got {value!r}")
    if options.min_confidence is not None:
        at_least(options.min_confidence, "min_confidence")
    return options


_ALSO_SIZE = " Boxes in pixels also need the frame size: Video(width=..., height=...) (--frame-size WxH)."


def named(video: Video, title: str, **known: Any) -> Video:
    """Add facts from a file to the given facts, with a name derived from the title."""
    facts = {fact: value for fact, value in known.items() if value is not None}
    return replace(video, name=make_slug(title), **facts)


def title_of_source(path: AnyPath, *, is_folder: bool = False) -> str:
    """Return the name of a folder, or the stem of a file."""
    name = path.name or path.resolve().name
    return name if is_folder else strip_suffixes(name)


def frame_size(video: Video, place: str) -> tuple[int, int]:
    """Return the frame's width and height [px].

    Raises
    ------
    ParameterError
        If the frame size is unknown, so that pixels cannot be converted to fractions.
    """
    if not video.width or not video.height:
        raise ParameterError(
            f"{place}: the frame size is not known, so pixels cannot become fractions of the frame. Pass "
            "video=Video(width=..., height=...) with the size of your frames (--frame-size WxH)."
        )
    return video.width, video.height


def frame_rate(video: Video, place: str) -> float:
    """Return the video's frames per second.

    Raises
    ------
    ParameterError
        If the rate is unknown, so that frames cannot be converted to times, or is not a valid rate.
    """
    rate = video.frame_rate
    if rate is None:
        raise ParameterError(
            f"{place}: the frame rate is not known, so frames cannot become times. Pass "
            "video=Video(frame_rate=...) with the rate of your video (--frame-rate N)."
            f"{'' if video.width else _ALSO_SIZE}"
        )
    if not _RATES[0] <= rate <= _RATES[1]:
        raise ParameterError(f"{place}: the frame rate is {rate!r}; expected {_RATES[0]:g} to {_RATES[1]:g}")
    return rate


def find_backward_rows(person: Integers, time: Milliseconds) -> Integers:
    """Return the rows that are earlier than the same person's previous row."""
    if (time[1:] >= time[:-1]).all():
        return np.empty(0, dtype="int64")
    order = np.argsort(person, kind="stable")
    same = person[order][1:] == person[order][:-1]
    return np.sort(order[1:][same & (time[order][1:] < time[order][:-1])])
