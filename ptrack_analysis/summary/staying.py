"""Who stayed in each zone, and for how long."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ptrack_analysis.analysis.stays.dwell import compute_dwell
from ptrack_analysis.analysis.stays.lengths import seen_whole
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.summary.values import plain_occupancy, rows_of, seconds

_SPANS = ("median", "median_low", "median_high", "naive_mean")


def zone_figures(
    zones: Sequence[Zone], visits: pd.DataFrame, occupancy: pd.DataFrame
) -> list[dict[str, Any]]:
    """List the figures of each zone, in the order of its file; zeros for one that nobody visited."""
    dwell = compute_dwell(visits)
    return [
        {
            **_figures(zone.name, rows_of(visits, zone.name), rows_of(dwell, zone.name)),
            "occupancy": plain_occupancy(occupancy, zone),
        }
        for zone in zones
    ]


def _figures(name: str, visits: pd.DataFrame, dwell: pd.DataFrame) -> dict[str, Any]:
    stays, cut, left_out = (int(dwell[count].sum()) for count in ("stays", "cut", "left_out"))
    median, low, high, mean = (seconds(dwell[span].iloc[0]) if stays else None for span in _SPANS)
    return {
        "zone": name,
        "visitors": int(visits.index.get_level_values("person_index").nunique()),
        "visits": stays,
        "total_dwell_s": seconds(int(visits["dwell"].to_numpy().view("int64").sum())),
        "median_dwell_s": median,
        "median_dwell_low_s": low,
        "median_dwell_high_s": high,
        "naive_mean_dwell_s": mean,
        "cut": cut,
        "left_out": left_out,
        "censored_share": float(1.0 - seen_whole(visits).mean()) if stays else None,
    }
