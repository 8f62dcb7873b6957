"""The hours of a clock, told millisecond by millisecond."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd


def moments(started, begin, end):
    """Give each millisecond of a video with its moment in UTC."""
    for ms in range(begin, end):
        yield ms, started.astimezone(UTC) + timedelta(milliseconds=ms)


def hour_of(moment, place):
    """Walk back second by second until the clock shows another hour, or has another offset."""
    shown = moment.astimezone(place)
    at = moment.replace(microsecond=0)
    while True:
        before = (at - timedelta(seconds=1)).astimezone(place)
        if before.utcoffset() != shown.utcoffset() or (before.hour, before.date()) != (
            shown.hour,
            shown.date(),
        ):
            return at
        at -= timedelta(seconds=1)


def naive_rows(recording, begin, end, is_open):
    """Give each hour's rows: (hour_at, open) -> the milliseconds that belong to it."""
    place = ZoneInfo(recording.timezone)
    rows, last = defaultdict(list), None
    for ms, moment in moments(recording.started_at, begin, end):
        second = moment.replace(microsecond=0)
        if last is None or last[0] != second:
            last = second, hour_of(moment, place)
        rows[last[1], is_open(moment.astimezone(place))].append(ms)
    return rows


def naive_occupancy(occupancy, rows, zone):
    """Add up the persons of each millisecond: (hour_at, open) -> person-ms, largest count, ms."""
    part = occupancy.loc[zone]["persons"]
    times = part.index.to_numpy().astype("int64").tolist()
    counts = part.tolist()

    def count(ms):
        return next((c for t, c in zip(reversed(times), reversed(counts), strict=True) if t <= ms), 0)

    return {
        key: (sum(map(count, inside)), max(map(count, inside)), len(inside)) for key, inside in rows.items()
    }


def table_of(hourly, zone, columns):
    """Give the rows of a zone as (hour_at, open) -> values, spans in ms."""
    part = hourly.xs(zone, level="zone")
    return {
        (hour.to_pydatetime(), bool(is_open)): tuple(
            value // pd.Timedelta("1ms") if isinstance(value, pd.Timedelta) else value for value in row
        )
        for (hour, is_open), row in zip(part.index, part[columns].itertuples(index=False), strict=True)
    }


def at(text):
    return datetime.fromisoformat(text)
