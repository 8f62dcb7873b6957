"""Which rows of a stored table lie in a range of time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow.dataset as pa_dataset

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.video import milliseconds

Moment = pd.Timedelta | datetime | str

_PAIRS = (
    (("timestamp_ms", "timestamp_ms"), ("recorded_at", "recorded_at")),
    (("entered_ms", "exited_ms"), ("entered_at", "exited_at")),
    (("began_ms", "ended_ms"), ("began_at", "ended_at")),
    (("first_seen_ms", "last_seen_ms"), ("first_seen_at", "last_seen_at")),
    (None, ("hour_at", "hour_at")),
    (None, ("started_at", "started_at")),
)
"""The columns of a row's first and last moment, since the start of the video and on the wall clock."""
_OPEN = ("exited_ms", "exited_at", "ended_ms", "ended_at")
"""Moments that are no longer part of the row."""


def rows_between(
    columns: Sequence[str], start: Moment | None, end: Moment | None, *, table: str
) -> pa_dataset.Expression | None:
    """Give the condition that a row has any moment from ``start`` to before ``end``; None without either.

    Raises
    ------
    ParameterError
        If a bound is no moment, both are not on one clock, or the table has no moments.
    """
    bounds = {
        name: _bound(given, name) for name, given in (("start", start), ("end", end)) if given is not None
    }
    if not bounds:
        return None
    clocks = {isinstance(bound, pd.Timestamp) for bound in bounds.values()}
    if len(clocks) > 1:
        raise ParameterError(
            f"start is {start!r} and end is {end!r}: one is a length of time since the start of the video, "
            "the other a moment of the wall clock"
        )
    if start is not None and end is not None and not bounds["start"] < bounds["end"]:
        raise ParameterError(f"end is {end!r}, which is not after start ({start!r})")
    first, last = _moments_of(columns, on_clock=clocks.pop(), table=table)
    conditions = []
    if "start" in bounds:
        stops = pa_dataset.field(last)
        conditions.append(stops > bounds["start"] if last in _OPEN else stops >= bounds["start"])
    if "end" in bounds:
        conditions.append(pa_dataset.field(first) < bounds["end"])
    return conditions[0] if len(conditions) == 1 else conditions[0] & conditions[1]


def _moments_of(columns: Sequence[str], *, on_clock: bool, table: str) -> tuple[str, str]:
    """Find the columns with a row's first and last moment."""
    for since_start, clock in _PAIRS:
        pair = clock if on_clock else since_start
        if pair is not None and set(pair) <= set(columns):
            return pair
    if on_clock and any(pair is not None and set(pair) <= set(columns) for pair, _ in _PAIRS):
        raise ParameterError(
            f"table {table!r} has no moments of the wall clock: the start of no recording is known; "
            "give start and end as lengths of time since the start of the video, such as '10s'"
        )
    raise ParameterError(f"table {table!r} has no moments that start and end could choose rows by")


def _bound(given: Moment, name: str) -> Any:
    """Read a bound: whole ms since the start of the video, or a moment of the wall clock."""
    if not isinstance(given, datetime):
        return milliseconds(given, name)
    if given.tzinfo is None:
        raise ParameterError(f"{name} is {given!r}, which has no time zone: give one, such as tzinfo=UTC")
    return pd.Timestamp(given).tz_convert("UTC").as_unit("us")
