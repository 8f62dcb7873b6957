"""When and where it was busiest."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.crowd.density import MINUTE, compute_occupancy_bins
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.summary.values import seconds
from ptrack_analysis.video import Video

HOUR = pd.Timedelta("1h")


def busiest_interval(occupancy: pd.DataFrame, video: Video) -> dict[str, Any] | None:
    """Find the first interval with the most person-seconds; None if nobody was there."""
    moments = occupancy.index.get_level_values("timestamp")
    every = HOUR if moments.max() - moments.min() > HOUR else MINUTE
    bins = compute_occupancy_bins(occupancy, replace(video, duration=moments.max()), every=every)
    total = bins["person_seconds"].to_numpy().view("int64")
    if not total.any():
        return None
    place = int(total.argmax())
    row = bins.iloc[place]
    return {
        "every_s": seconds(every),
        "start_s": seconds(bins.index[place][1]),
        "length_s": seconds(row["interval"]),
        "person_seconds": seconds(row["person_seconds"]),
        "mean_persons": float(row["mean_persons"]),
        "max_persons": int(row["max_persons"]),
    }


def busiest_cell(heatmap: Heatmap) -> dict[str, Any] | None:
    """Find the first cell of the heatmap of footpoints with the most seconds; None if it is empty."""
    if not heatmap.values.any():
        return None
    row, column = np.unravel_index(int(heatmap.values.argmax()), heatmap.shape)
    (x0, y0, x1, y1), (rows, columns) = heatmap.bounds, heatmap.shape
    width, height = (x1 - x0) / columns, (y1 - y0) / rows
    return {
        "row": int(row),
        "column": int(column),
        f"x_{heatmap.unit}": float(x0 + (column + 0.5) * width),
        f"y_{heatmap.unit}": float(y0 + (row + 0.5) * height),
        f"width_{heatmap.unit}": width,
        f"height_{heatmap.unit}": height,
        "stood_s": float(heatmap.values[row, column]),
    }
