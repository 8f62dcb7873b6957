"""Confidence intervals of the figures in summary, report and overview."""

from typing import Any

import pandas as pd

from ptrack_analysis.analysis.uncertainty.estimates import count_by_unit, estimate_count

GARWOOD = " Garwood's interval of a count, with the person as the independent unit."


def seconds(value: Any) -> float | None:
    """Convert a duration or a number of ms to s; None if it is missing."""
    if pd.isna(value):
        return None
    return float(value.total_seconds() if isinstance(value, pd.Timedelta) else value / 1000)


def summarize_stay(stay: pd.DataFrame) -> dict[str, Any] | None:
    """Summarize the table of stays in the scene; None without people."""
    if stay.empty:
        return None
    row = stay.iloc[0]
    spans = ("median", "median_low", "median_high", "restricted_mean", "horizon")
    return {
        **{f"{name}_s": seconds(row[name]) for name in spans},
        **{name: int(row[name]) for name in ("people", "persons", "start_unobserved", "end_unobserved")},
        "note": str(row["note"]),
    }


def estimate_bounds(events: pd.DataFrame) -> tuple[float, float]:
    """Return the confidence bounds of the number of visits or crossings in a table.

    The person is the independent unit, because events of one person may depend on each other.
    """
    persons = events.index.get_level_values("person_index").to_numpy()
    interval = estimate_count(count_by_unit(persons))
    return interval.low, interval.high


def count_in_and_out(crossings: pd.DataFrame) -> dict[str, int | float]:
    """Return the crossings in each direction, with their confidence bounds."""
    found: dict[str, int | float] = {}
    for way in ("in", "out"):
        rows = crossings[(crossings["direction"] == way).to_numpy()]
        low, high = estimate_bounds(rows)
        found |= {f"{way}_total": len(rows), f"{way}_low": low, f"{way}_high": high}
    return found
