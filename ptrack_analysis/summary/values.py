"""Values of tables as JSON knows them."""

from typing import Any

import numpy as np
import pandas as pd


def seconds(value: Any) -> float | None:
    """Give a length of time, or a number of ms, in s; None where it is missing."""
    if pd.isna(value):
        return None
    return float(value.total_seconds() if isinstance(value, pd.Timedelta) else value / 1000)


def number(value: Any) -> float | None:
    """Give a number, None where it is missing."""
    return None if pd.isna(value) else float(value)


def rows_of(table: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Give the rows of one zone."""
    return table[table.index.get_level_values("zone") == zone]


def plain_occupancy(occupancy: pd.DataFrame, zone: str = "") -> dict[str, Any]:
    """Sum up the occupancy of the scene or of one zone.

    ``at_end`` is what holds until the closing row, for the end of the video is nobody's going.
    """
    rows = rows_of(occupancy, zone)
    moments = rows.index.get_level_values("timestamp").to_numpy().astype("int64")
    persons = rows["persons"].to_numpy()
    watched = int(moments[-1] - moments[0])
    peak = int(persons.max())
    return {
        "at_end": int(persons[-2:][0]),
        "mean": int((persons[:-1] * np.diff(moments)).sum()) / watched if watched else None,
        "peak": peak,
        "peak_at_s": seconds(moments[persons.argmax()]) if peak else None,
    }
