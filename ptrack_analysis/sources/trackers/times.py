"""Frames, times and dates as milliseconds since the start of the video."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.sources.pages.decode import DATE, LATEST_START
from ptrack_analysis.sources.trackers.cells import MOST, Cells, parse_numbers
from ptrack_analysis.sources.trackers.roles import find_time_role
from ptrack_analysis.sources.trackers.tracked import Given, frame_rate
from ptrack_analysis.video import Milliseconds, Video, frames_to_timestamps

LAST_FRAME = 10**9
"""Largest accepted frame number: more than a year of video."""
_ZONE = r"(?:Z|z|UTC|[+-][0-9]{2}:?[0-9]{2})$"
_ISO = rf"^{DATE}(?:[T ][0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?\s*(?:{_ZONE[:-1]})?)?$"
_CLOCK = r"^(?P<h>[0-9]{1,3}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9](?:[.,][0-9]+)?)$"
_DAY_MS = 86_400_000
_LONGEST_RELATIVE = 10**11
"""Times from this number on, in 1973, are since 1970 [ms]."""
_EPOCHS = ((1e9, 1e11, "s"), (1e12, 1e14, "ms"), (1e15, 1e17, "us"), (1e18, 1e20, "ns"))
"""Ranges of times since 1970 in each unit, from the year 2001 on."""
_MS = {"s": 1e3, "ms": 1.0, "us": 1e-3, "ns": 1e-6}
_DIGITS = 3
_HOUR = 3_600_000
_FEW = 10
_LEAST_FRAMES = 0.9
"""Steps of at least this many frames in milliseconds are in milliseconds."""
_LONGEST_STEP = 5.0
"""Times with decimals and smaller steps than this are in seconds."""


def parse_frame_rate(text: object) -> float | None:
    """Parse a frame rate, or return None if it is not a number above 0."""
    try:
        rate = float(text)  # type: ignore[arg-type]  # float rejects what is not a number
    except (TypeError, ValueError):
        return None
    return rate if np.isfinite(rate) and rate > 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """The times of the rows [ms], the start of the video if known, and messages."""

    values: Milliseconds
    started_at: datetime | None = None
    assumptions: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()


def read_times(
    cells: Cells,
    columns: Mapping[str, str],
    given: Given,
    base: int | None,
    video: Video,
    *,
    has_frame_0: bool | None = None,
) -> Times:
    """Read the column of the time.

    Parameters
    ----------
    cells, columns
        The rows, and the role of each column.
    given
        Options and facts from the caller: the first frame, the stride, the start of the video.
    base
        Number of the format's first frame. None if writers differ; then it is 0 if a frame 0 occurs,
        otherwise 1.
    video
        The video, for its frame rate.
    has_frame_0
        Whether a frame 0 occurs in the file, if ``cells`` are only a part of the file.

    Raises
    ------
    InputError
        If a value is not a time, or the values prove another unit.
    ParameterError
        If the frame rate is required and unknown, or ``stride`` is given for times.
    """
    role = find_time_role(columns)
    name = columns[role]
    if role == "frame":
        return _read_frames(cells, name, given, base, video, has_frame_0=has_frame_0)
    for option in ("stride", "first_frame"):
        if getattr(given, option) is not None:
            raise ParameterError(
                f"{cells.place}: {option} is for frames, and the time is in the column {name!r}. Leave it "
                f"out."
            )
    column = cells.columns[name]
    if pa.types.is_timestamp(column.type):
        if column.null_count:
            raise cells.fault(name, pc.index(pc.is_null(column), True).as_py(), "a time")
        moments = pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64()).to_numpy() / 1e3
        return _from_clock(cells, name, moments, given, has_zone=column.type.tz is not None)
    if pa.types.is_string(column.type):
        numbers, _ = parse_numbers(column)
        if cells.count and np.isnan(numbers).all():
            return _read_texts(cells, name, given)
        text = pc.index(pc.match_substring_regex(column, _ISO), True).as_py()
        if text >= 0:
            raise cells.fault(name, text, "a number as in the other rows: the table has two kinds of times")
    return _read_numbers(cells, name, role, given, video)


def _read_frames(
    cells: Cells,
    name: str,
    given: Given,
    base: int | None,
    video: Video,
    *,
    has_frame_0: bool | None,
) -> Times:
    """Convert frames to times: 1000 · (frame - first) · stride / rate, truncated."""
    column = cells.columns.get(name)
    advice = f"If {name} is a time, give it the role time (--columns time={name},...)."
    if column is not None and (pa.types.is_timestamp(column.type) or _has_date(column)):
        row = _find_date(column)
        raise InputError(
            f"{cells.where(row)}: {name} is {column[row].as_py()!s}, a date and not a frame. {advice}"
        )
    least = cells.least(name)
    if LAST_FRAME < least < np.inf:
        raise InputError(
            f"{cells.place}: {name} starts at {least:.0f}, which looks like wall-clock time, not like the "
            f"number of "
            f"a frame. {advice}"
        )
    first = given.first_frame if given.first_frame is not None else base
    frames = cells.whole(name, low=first or 0, high=LAST_FRAME + (first or 0))
    rate = frame_rate(video, cells.place)
    assumptions, oddities = list[str](), list[str]()
    if first is None and cells.count:
        is_proven = bool(has_frame_0 or (frames == 0).any())
        first = 0 if is_proven else 1
        evidence = "a frame 0 occurs" if is_proven else "no frame 0 occurs"
        text = f"frames are counted from {first} ({evidence} in {name!r})"
        told = oddities if is_proven else assumptions
        told.append(f"{text}, unless first_frame (--first-frame) is given")
    values = frames_to_timestamps((frames - (first or 0)) * (given.stride or 1), rate)
    return Times(values, None, tuple(assumptions), tuple(oddities))


def _has_date(column: Any) -> bool:
    return pa.types.is_string(column.type) and bool(
        pc.any(pc.match_substring_regex(column, rf"^\s*{DATE}"), min_count=0).as_py()
    )


def _find_date(column: Any) -> int:
    if pa.types.is_timestamp(column.type):
        return 0
    row: int = pc.index(pc.match_substring_regex(column, rf"^\s*{DATE}"), True).as_py()
    return row


def _read_numbers(cells: Cells, name: str, role: str, given: Given, video: Video) -> Times:
    """Read numeric times, since the start of the video or since 1970."""
    values = cells.numbers(name, 0, 1e20)
    if not len(values):
        return Times(np.empty(0, dtype="int64"))
    least, most = float(values.min()), float(values.max())
    epoch = next((unit for low, high, unit in _EPOCHS if low <= least < high), None)
    unit = {"time_s": "s", "timestamp_ms": "ms", "time_ms": "ms"}.get(role)
    if epoch is not None and (unit is None or least * _MS[unit] > LATEST_START):
        if unit is not None and unit != epoch:
            raise InputError(
                f"{cells.place}: {name} starts at {least:.15g}, which is a time in {epoch} since 1970, not "
                f"in {unit}. "
                f"Give it the role time instead of {role} (columns=, --columns)."
            )
        _validate_one_clock(cells, name, values, least * 1e3, f"{least:.15g}")
        return _from_clock(cells, name, values * _MS[epoch], given, has_zone=True)
    if unit == "s" and (proof := _prove_milliseconds(values, video)):
        raise InputError(
            f"{cells.place}: {name} {proof}, so it is in milliseconds. Give it the role time_ms (columns=, "
            "--columns)."
        )
    unit = unit or _find_unit(cells, name, values, video)
    if least * _MS[unit] > LATEST_START:
        raise InputError(
            f"{cells.place}: {name} starts at {least:.15g} {unit}, more than {LATEST_START // _DAY_MS} "
            f"days into the "
            "video. Subtract the time of the first frame, or give dates or times since 1970 as the role time."
        )
    if most * _MS[unit] > _LONGEST_RELATIVE:
        row = int(values.argmax())
        raise cells.fault(
            name, row, "a time since the start of the video as in the other rows: the table has two clocks"
        )
    if unit == "ms" and len(values) > _FEW and (count := len(np.unique(values))) > most - least + 1:
        raise InputError(
            f"{cells.place}: {name} has {count} different times within {most - least:.4g} ms, so it is in "
            f"seconds. "
            "Give it the role time_s (columns=, --columns)."
        )
    if (values * _MS[unit] > MOST).any():
        raise cells.fault(name, int(values.argmax()), f"a number from 0 to {MOST / _MS[unit]:g}")
    return Times(_cut(values * _MS[unit]))


def _find_unit(cells: Cells, name: str, values: Floats, video: Video) -> str:
    """Return the unit of times since the start of the video if their values prove it."""
    steps = np.diff(np.unique(values))
    if len(steps) and (values % 1 != 0).any() and np.median(steps) < _LONGEST_STEP:
        return "s"
    if video.duration is not None:
        length, most = video.duration.total_seconds(), float(values.max())
        if most > 2 * length:
            return "ms"
        if length / 10 < most:
            return "s"
    raise InputError(
        f"{cells.place}: {name} from {values.min():g} to {values.max():g} may be seconds or milliseconds. "
        f"Give it the "
        "role time_s or time_ms instead of time (columns=, --columns)."
    )


def _prove_milliseconds(values: Floats, video: Video) -> str:
    """Return the facts that show that whole numbers given as seconds are milliseconds; otherwise empty."""
    steps = np.diff(np.unique(values))
    if not len(steps) or (values % 1 != 0).any():
        return ""
    step, most = float(np.median(steps)), float(values.max())
    if video.duration is not None and most > 2 * (length := video.duration.total_seconds()):
        return f"ends at {most:g}, and the video at {length:g} s" if most <= 2000 * length else ""
    rate = video.frame_rate or 0.0
    if step > _LONGEST_STEP and step * rate / 1000 > _LEAST_FRAMES:
        return f"has steps of {step:g}, and a frame lasts {1000 / rate:g} ms at {rate:g} frames per second"
    return ""


def _validate_one_clock(cells: Cells, name: str, values: Floats, limit: float, first: str) -> None:
    """Reject times since 1970 that differ in their unit."""
    if (values > limit / 10).any():
        row = int((values > limit / 10).argmax())
        raise cells.fault(name, row, f"a time near {first} as in the other rows: the table has two clocks")


def _read_texts(cells: Cells, name: str, given: Given) -> Times:
    """Read times such as 2024-05-01T10:00:00Z or 00:01:30.040."""
    column = pc.utf8_trim_whitespace(cells.columns[name])
    is_clock = pc.fill_null(pc.match_substring_regex(column, _CLOCK), fill_value=False)
    if pc.all(is_clock, min_count=0).as_py():
        return _read_clock(cells, name, column)
    is_date = pc.fill_null(pc.match_substring_regex(column, _ISO), fill_value=False)
    if not pc.all(is_date, min_count=0).as_py():
        if pc.any(is_date, min_count=0).as_py():
            row = pc.index(is_date, False).as_py()
            raise cells.fault(
                name, row, "a date and time as in the other rows: the table has two kinds of times"
            )
        row = pc.index(is_clock, False).as_py()
        raise cells.fault(name, row, "a time: a number, 2024-05-01T10:00:00Z or 00:01:30.040")
    has_zone = pc.match_substring_regex(column, _ZONE)
    first = has_zone[0].as_py()
    other = pc.index(has_zone, not first).as_py()
    if other >= 0:
        says = "with" if first else "without"
        raise cells.fault(
            name, other, f"a time {says} a UTC offset, as in the first row: the table has two clocks"
        )
    plain = pc.replace_substring(pc.replace_substring(column, "/", "-"), ",", ".")
    try:
        moments = pd.to_datetime(pd.Series(plain.to_pandas()), format="ISO8601", utc=True)
    except (ValueError, OverflowError) as error:
        row = _find_broken_date(plain)
        raise cells.fault(name, row, "an existing date and time") from error
    milliseconds = moments.dt.tz_convert(None).to_numpy().astype("datetime64[us]").astype("int64") / 1e3
    return _from_clock(cells, name, milliseconds, given, has_zone=first)


def _find_broken_date(column: Any) -> int:
    parsed = pd.to_datetime(pd.Series(column.to_pandas()), format="ISO8601", utc=True, errors="coerce")
    return int(parsed.isna().to_numpy().argmax())


def _read_clock(cells: Cells, name: str, column: Any) -> Times:
    """Read HH:MM:SS.mmm as the time since the start of the video."""
    parts = pc.extract_regex(pc.replace_substring(column, ",", "."), _CLOCK)
    hours, minutes, seconds = (
        pc.cast(pc.struct_field(parts, key), pa.float64()).to_numpy() for key in ("h", "m", "s")
    )
    values = (hours * 3600 + minutes * 60 + seconds) * 1e3
    if len(values) and values.min() >= _HOUR:
        row = int(values.argmin())
        raise cells.fault(
            name,
            row,
            "a time since the start of the video. If it is the time of day, write the date as well",
        )
    return Times(_cut(values))


def _from_clock(cells: Cells, name: str, moments: Floats, given: Given, *, has_zone: bool) -> Times:
    """Convert wall-clock times to times since the start of the video [ms].

    The start is the first time if it is not given.
    """
    if not len(moments):
        return Times(np.empty(0, dtype="int64"))
    values = _cut(moments)
    first = int(values.min())
    shown = datetime.fromtimestamp(first / 1000, tz=UTC)
    if not has_zone:
        local = shown.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
        note = (
            f"times in {name!r} have no UTC offset: the video is taken to start with the first one, "
            f"{local} "
            "(give the start with started_at, --started-at, and timezone, --timezone)"
        )
        return Times(values - first, None, (note,))
    known = given.video.started_at
    if known is None:
        shown_first = shown.isoformat(timespec="milliseconds")
        note = f"the video is taken to start with the first time in {name!r}, {shown_first}"
        return Times(values - first, shown, oddities=(note,))
    start = round(known.timestamp() * 1000)
    if first < start:
        row = int(values.argmin())
        raise cells.fault(name, row, f"a time at or after the start of the video, {known.isoformat()}")
    return Times(values - start)


def _cut(values: Floats) -> Milliseconds:
    """Truncate to milliseconds, with a tolerance for rounding errors."""
    return np.floor(np.round(values, _DIGITS)).astype("int64")
