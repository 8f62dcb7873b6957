"""Values of tables as JSON knows them."""

from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.crowd.density import time_held
from ptrack_analysis.scene.zones import Zone


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


def plain_occupancy(occupancy: pd.DataFrame, zone: Zone | None = None) -> dict[str, Any]:
    """Sum up the occupancy of the scene or of one zone.

    ``at_end`` is what holds until the closing row, for the end of the video is nobody's going. ``mean`` is
    over the time in which the zone holds, None if it holds at no moment.
    """
    rows = rows_of(occupancy, "" if zone is None else zone.name)
    moments = rows.index.get_level_values("timestamp").to_numpy().astype("int64")
    persons = rows["persons"].to_numpy()
    watched = moments[-1:] - moments[0]
    held = int((watched if zone is None else time_held(zone, moments[:1], watched))[0])
    peak = int(persons.max())
    return {
        "at_end": int(persons[-2:][0]),
        "mean": int((persons[:-1] * np.diff(moments)).sum()) / held if held else None,
        "peak": peak,
        "peak_at_s": seconds(moments[persons.argmax()]) if peak else None,
    }
