"""Occupancy, dwell and heatmap of two trackings, side by side."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.heat.quantities import compute_heatmap
from ptrack_analysis.analysis.places.occupancy import compute_occupancy
from ptrack_analysis.analysis.places.visits import compute_visits
from ptrack_analysis.geometry import Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import TRAJECTORIES, unit_of
from ptrack_analysis.video import Video

SCENE = ""


def occupancy_of_both(a: pd.DataFrame, b: pd.DataFrame, video: Video, zones: Sequence[Zone]) -> pd.DataFrame:
    """Count the persons of both trajectories tables in the scene and each zone, at every change of either."""
    of_a, of_b = _steps(compute_occupancy(a, video, zones)), _steps(compute_occupancy(b, video, zones))
    parts = []
    for zone in sorted(of_a):
        moments = np.union1d(of_a[zone][0], of_b[zone][0])
        index = pd.MultiIndex.from_product(
            [pd.Index([zone], dtype="str"), moments.view("timedelta64[ms]")], names=["zone", "timestamp"]
        )
        counts = {"persons_a": _held(of_a[zone], moments), "persons_b": _held(of_b[zone], moments)}
        parts.append(pd.DataFrame(counts, index=index))
    return pd.concat(parts)


def _steps(occupancy: pd.DataFrame) -> dict[str, tuple[Integers, Integers]]:
    """Give the moments and counts of each zone."""
    moments = occupancy.index.get_level_values("timestamp").to_numpy().view("int64")
    persons = occupancy["persons"].to_numpy()
    rows: Any = occupancy.groupby(level="zone", sort=False).indices
    return {str(zone): (moments[place], persons[place]) for zone, place in rows.items()}


def _held(steps: tuple[Integers, Integers], moments: Integers) -> Integers:
    """Give the count that holds at each moment; the last one, 0, holds for ever."""
    known, persons = steps
    counts: Integers = persons[np.searchsorted(known, moments, side="right") - 1]
    return counts


def zones_of_both(
    a: pd.DataFrame, b: pd.DataFrame, video: Video, zones: Sequence[Zone], occupancy: pd.DataFrame
) -> pd.DataFrame:
    """Sum dwell, persons and mean occupancy of both trajectories tables, for the scene and each zone."""
    names = sorted([SCENE, *(zone.name for zone in zones)])
    table = pd.DataFrame(index=pd.Index(names, name="zone", dtype="str"))
    stays = [_stays(trajectories, video, zones) for trajectories in (a, b)]
    for which, stay in zip("ab", stays, strict=True):
        table[f"dwell_{which}"] = np.array([stay[name][0] for name in names]).view("timedelta64[ms]")
    for which, stay in zip("ab", stays, strict=True):
        table[f"persons_{which}"] = [stay[name][1] for name in names]
    means = np.array([_means(occupancy.loc[[name]]) for name in names])
    for place, column in enumerate(("mean_occupancy_a", "mean_occupancy_b", "mean_difference")):
        table[column] = means[:, place]
    return table


def _stays(trajectories: pd.DataFrame, video: Video, zones: Sequence[Zone]) -> dict[str, tuple[int, int]]:
    """Give dwell [ms] and number of persons of the scene and each zone."""
    persons = trajectories.index.get_level_values("person_index")
    held = int(trajectories["held"].to_numpy().view("int64").sum())
    stays = {SCENE: (held, int(persons.nunique()))}
    visits = compute_visits(trajectories, zones, video)
    zone, person = (visits.index.get_level_values(name).to_numpy() for name in ("zone", "person_index"))
    dwell = visits["dwell"].to_numpy().view("int64")
    for one in zones:
        inside = zone == one.name
        stays[one.name] = int(dwell[inside].sum()), len(np.unique(person[inside]))
    return stays


def _means(occupancy: pd.DataFrame) -> tuple[float, float, float]:
    """Give the means over time of both counts and of their absolute difference; NaN over no time."""
    moments = occupancy.index.get_level_values("timestamp").to_numpy().view("int64")
    a, b = (occupancy[name].to_numpy() for name in ("persons_a", "persons_b"))
    length = np.diff(moments)
    total = int(length.sum())
    if not total:
        return np.nan, np.nan, np.nan
    one, other, apart = (int((count[:-1] * length).sum()) / total for count in (a, b, np.abs(a - b)))
    return one, other, apart


def heatmap_difference(a: pd.DataFrame, b: pd.DataFrame, video: Video, shape: tuple[int, int]) -> Heatmap:
    """Subtract the heatmap of a from that of b, over one extent that holds both."""
    bounds = _common_bounds(a, b, video, shape)
    of_a, of_b = (compute_heatmap(each, video, shape=shape, bounds=bounds) for each in (a, b))
    return replace(of_a, values=of_b.values - of_a.values)


def _common_bounds(a: pd.DataFrame, b: pd.DataFrame, video: Video, shape: tuple[int, int]) -> Bounds | None:
    """Give the extent around all positions of both; None where it is the frame's."""
    unit = unit_of(a, TRAJECTORIES)
    located = [each for each in (a, b) if each[f"x_{unit}"].notna().any()]
    if unit == "px" or not located:
        return None
    bounds = np.array([compute_heatmap(each, video, shape=shape).bounds for each in located])
    x0, y0 = bounds[:, :2].min(axis=0)
    x1, y1 = bounds[:, 2:].max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)
