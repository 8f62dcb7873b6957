"""The days that a dataset covers, and the sites that it is of."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.schema import DATES, SITES, TRACKER_COLUMNS, VIDEOS, assemble

_TOLD = ("site", "camera", "timezone", "opening_hours")
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SATURDAY = 6


def about_of(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Give what the dimensions need to know of one video, as JSON knows it: where it was recorded, and when.

    ``days`` are the first and the last local day that it covers, none where its clock is not known;
    ``further`` are the columns of its own that the table of videos has; ``tracker_columns`` are the optional
    columns of another tracker that the tables have.
    """
    row = tables["videos"].iloc[0]
    days = {day for table in tables.values() if "local_day" in table for day in table["local_day"]}
    known = sorted(day for day in days if isinstance(day, str))
    schema = {column.name for column in VIDEOS.columns}
    about: dict[str, Any] = {name: row[name] if isinstance(row[name], str) else None for name in _TOLD}
    further = [name for name in tables["videos"].columns if name not in schema]
    about |= {"days": [known[0], known[-1]] if known else [], "further": further}
    columns = {
        column
        for name, table in tables.items()
        for column in OUTPUTS[name].table.columns
        if column.name in table
    }
    return about | {"tracker_columns": [column.name for column in TRACKER_COLUMNS if column in columns]}


def dates_table(days: Iterable[str]) -> pd.DataFrame:
    """Make the DATES table from the first of these days to the last, with every day between.

    Parameters
    ----------
    days
        Days as YYYY-MM-DD, in any order, none being an ordinary case.

    Raises
    ------
    ValueError
        If one is no day.

    Examples
    --------
    >>> dates_table(["2024-12-31", "2024-12-29"])["iso_week"].to_dict()
    {'2024-12-29': 52, '2024-12-30': 1, '2024-12-31': 1}
    """
    known = sorted({dt.date.fromisoformat(day) for day in days})
    count = (known[-1] - known[0]).days + 1 if known else 0
    every = [known[0] + dt.timedelta(days=n) for n in range(count)]
    weeks = [day.isocalendar() for day in every]
    numbers = {
        "year": [day.year for day in every],
        "quarter": [(day.month + 2) // 3 for day in every],
        "month": [day.month for day in every],
        "day_of_month": [day.day for day in every],
        "iso_year": [week.year for week in weeks],
        "iso_week": [week.week for week in weeks],
        "weekday": [week.weekday for week in weeks],
    }
    return assemble(
        DATES,
        {
            "day": [day.isoformat() for day in every],
            **{name: np.array(values, dtype="int64") for name, values in numbers.items()},
            "weekday_name": [_NAMES[week.weekday - 1] for week in weeks],
            "weekend": np.array([week.weekday >= _SATURDAY for week in weeks], dtype=bool),
        },
    )


def sites_table(recordings: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make the SITES table of the recordings of videos, each with ``site``, ``timezone`` and so on.

    A recording whose site is not known is in no row. What the videos of a site differ in is missing.
    """
    of_site: dict[str, list[Mapping[str, Any]]] = {}
    for recording in recordings:
        if recording.get("site"):
            of_site.setdefault(recording["site"], []).append(recording)
    cameras = [len({one["camera"] for one in those if one.get("camera")}) for those in of_site.values()]
    return assemble(
        SITES,
        {
            "site": [*of_site],
            "timezone": [_only(those, "timezone") for those in of_site.values()],
            "opening_hours": [_only(those, "opening_hours") for those in of_site.values()],
            "cameras": np.array(cameras, dtype="int64"),
            "videos": np.array([len(those) for those in of_site.values()], dtype="int64"),
        },
    )


def _only(recordings: list[Mapping[str, Any]], name: str) -> Any:
    values = {one.get(name) or np.nan for one in recordings}
    return values.pop() if len(values) == 1 else np.nan
