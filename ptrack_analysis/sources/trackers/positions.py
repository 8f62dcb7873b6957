"""POINTS from a tracker's columns, with the unit of x and y and its checks."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.tracked import Given, PointUnit, frame_size
from ptrack_analysis.video import Video

if TYPE_CHECKING:
    from ptrack_analysis.sources.trackers.form import BoxLayout

HEIGHT = "z"
"""Role of the column with the height of the head. Formats of points have it; callers cannot name it."""
_UNIT_IN_NAME = re.compile(r"[\W_](m|cm|mm|px)[\])]?$", re.IGNORECASE)
_BODY_HEIGHT = (100.0, 250.0)
"""A median height within these bounds is in cm, because no person is that tall in m."""
_WITHIN_FRAME = (-1.0, 2.0)
"""Fractions of the frame are within these bounds."""
_LEAST_STEPS = 50
"""Least number of steps from which a speed is estimated."""
_FASTEST = 12.0
"""Largest plausible median speed of people [m/s]."""
_ADVICE = "Pass unit='m', 'cm', 'mm' or 'px' (--unit m)."
_PER_METER = {"cm": (100, "centimeters"), "mm": (1000, "millimeters")}
"""Units that are converted to meters: number per meter, and name."""


def find_stated_unit(names: Mapping[str, str]) -> PointUnit | None:
    """Return the unit in the names of the columns, such as ``x_m`` or ``x [cm]``."""
    found = {match[1].lower() for axis in "xy" if (match := _UNIT_IN_NAME.search(names.get(axis, "")))}
    return found.pop() if len(found) == 1 else None  # type: ignore[return-value] # one of the pattern's


def read_positions(
    cells: Cells, columns: Mapping[str, str], layout: "BoxLayout", given: Given, video: Video
) -> tuple[dict[str, Floats], str, list[str], list[str]]:
    """Read x and y in m or px; fractions of the frame become px.

    Returns
    -------
    tuple
        The columns of POINTS, their unit, notes, and assumptions for a warning.

    Raises
    ------
    InputError
        If a value is not a number, or the heights prove another unit.
    ParameterError
        If the unit is unknown or contradicts the unit in the file; if the frame size is required and unknown.
    """
    if layout.unit == "fraction" and given.unit in {None, "fraction"}:
        sizes = dict(zip("xy", frame_size(video, cells.place), strict=True))
        pixels = {
            f"{axis}_{{u}}": cells.numbers(columns[axis], *_WITHIN_FRAME) * sizes[axis] for axis in "xy"
        }
        return pixels, "px", ["fractions of the frame are converted to px"], []
    unit, notes, assumed = _find_unit(cells, columns, layout, given)
    scale, _ = _PER_METER.get(unit, (1, ""))
    values = {
        f"{axis}_{{u}}": cells.numbers(columns[axis], required=not layout.may_be_hidden) / scale
        for axis in "xy"
    }
    for axis in "xy":
        if cells.count > 1 and not values[f"{axis}_{{u}}"].any():
            assumed.append(
                f"{columns[axis]} is 0 in all {cells.count} rows: check that it is the column of {axis}"
            )
    return values, "m" if unit in _PER_METER else unit, notes, assumed


def _find_unit(
    cells: Cells, columns: Mapping[str, str], layout: "BoxLayout", given: Given
) -> tuple[PointUnit, list[str], list[str]]:
    """Return the unit: of the file, given, or likely for the format."""
    stated: Any = layout.unit or find_stated_unit(columns)
    if given.unit == "fraction":
        raise ParameterError(f"{cells.place}: unit is 'fraction', but x and y are positions. {_ADVICE}")
    if stated and given.unit and given.unit != stated:
        raise ParameterError(
            f"{cells.place}: unit is {given.unit!r}, but the file states {stated!r}. Remove unit "
            f"(--unit {given.unit})."
        )
    unit: Any = stated or given.unit
    row, height = _find_height(cells, columns)
    is_body = _BODY_HEIGHT[0] <= height <= _BODY_HEIGHT[1]
    if is_body and unit in {None, "m"} and not stated:
        name = columns[HEIGHT]
        place = (
            f"{cells.where(row)}: {name} is {height:g} (the median), which is the height of a person in cm"
        )
        if unit is None:
            raise ParameterError(
                f"{place}, but the file does not state its unit. Pass unit='cm' (--unit cm)."
            )
        raise InputError(f"{place}, but unit is 'm'. Pass unit='cm' (--unit cm).")
    if unit is not None:
        _, name = _PER_METER.get(unit, (1, ""))
        return unit, [f"coordinates in {name} are converted to meters"] if name else [], []
    if layout.likely_unit is None:
        raise ParameterError(f"{cells.place}: the unit of x and y is not known. {_ADVICE}")
    text = (
        f"coordinates are assumed to be in {layout.likely_unit}, because the file does not state their unit"
    )
    return layout.likely_unit, [], [f"{text}; change this with unit (--unit cm)"]


def _find_height(cells: Cells, columns: Mapping[str, str]) -> tuple[int, float]:
    """Return the row and the value of the median height, or NaN without heights."""
    if HEIGHT not in columns or not cells.count:
        return 0, np.nan
    values = cells.numbers(columns[HEIGHT], required=False)
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return 0, np.nan
    row = int(known[np.argsort(values[known])[(len(known) - 1) // 2]])
    return row, float(values[row])


def validate_speed(points: pd.DataFrame, unit: str, place: str, *, is_stated: bool) -> list[str]:
    """Reject positions in m that imply a speed above the speed of a runner.

    Returns
    -------
    list of str
        A note instead, if the file itself states the unit m.

    Raises
    ------
    InputError
        If the median speed is above 12 m/s.
    """
    if unit != "m" or len(points) <= _LEAST_STEPS:
        return []
    index: Any = points.index
    person, time = (index.get_level_values(name).to_numpy() for name in ("person_index", "timestamp"))
    seconds = np.diff(time.view("int64")) / 1000.0
    steps = np.hypot(*np.diff(points[["x_m", "y_m"]].to_numpy(), axis=0).T)
    same = (person[1:] == person[:-1]) & (seconds > 0) & np.isfinite(steps)
    if same.sum() < _LEAST_STEPS:
        return []
    speed = float(np.median(steps[same] / seconds[same]))
    if speed <= _FASTEST:
        return []
    text = f"the median speed of the people is {speed:.0f} m/s, faster than anyone runs"
    if is_stated:
        return [f"{text}: check the unit and the frame rate"]
    raise InputError(
        f"{place}: {text}. The coordinates are probably in cm, mm or px, or the frame rate is too high. Pass "
        "unit='cm' or 'px' (--unit cm), or frame_rate in Video (--frame-rate)."
    )
