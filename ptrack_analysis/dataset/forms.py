"""Values of settings in their one form: lengths of time, lengths in the plane, and all of them as JSON."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.dataset.checksum import checksum
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import above, at_least
from ptrack_analysis.video import milliseconds, timedelta

_SPANS = (
    "max_gap",
    "period",
    "merge_gap",
    "min_dwell",
    "enter_after",
    "every",
    "stop_duration",
    "fill_gaps",
    "smooth",
    "start",
    "end",
)
_ABOVE_ZERO = ("every", "stop_duration")
_LENGTHS = ("margin", "min_distance")
_LIMITS = ("stop_extent", "max_speed", "cell")


def spans_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the lengths of time among settings as whole ms, those that were left out as None.

    Raises
    ------
    ParameterError
        If one is no length of time, is 0 where that means nothing, or does not fit another.
    """
    formed: dict[str, Any] = {
        name: None if given[name] is None else timedelta(milliseconds(given[name], name)) for name in _SPANS
    }
    for name in _ABOVE_ZERO:
        if formed[name] == timedelta(0):
            raise ParameterError(f"{name} is {given[name]!r}, not a length of time above 0")
    fill_gaps, max_gap, period = (given[name] for name in ("fill_gaps", "max_gap", "period"))
    if fill_gaps is not None and formed["fill_gaps"] <= formed["max_gap"]:
        raise ParameterError(f"fill_gaps is {fill_gaps!r}, not above max_gap ({max_gap!r}): no gap is filled")
    if period is not None and formed["period"] > formed["max_gap"]:
        raise ParameterError(f"max_gap is {max_gap!r}, below the sampling period of {period!r}")
    return formed


def lengths_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the distances, and what is a limit in the plane, among settings as numbers.

    Raises
    ------
    ParameterError
        If one is no number, or out of its range.
    """
    formed: dict[str, Any] = {name: at_least(given[name], name) for name in _LENGTHS}
    for name in _LIMITS:
        formed[name] = None if given[name] is None else above(given[name], name)
    return formed


def plain_of(value: Any) -> Any:
    """Make a value one that JSON knows: times in ms, files as their checksums."""
    value = value.item() if isinstance(value, np.generic) else value
    match value:
        case Mapping():
            return {name: plain_of(inner) for name, inner in value.items()}
        case tuple():
            return [plain_of(inner) for inner in value]
        case pd.Timedelta():
            return milliseconds(value, "duration")
        case datetime():
            return value.isoformat()
        case Path():
            return checksum(value)
        case _:
            return value
