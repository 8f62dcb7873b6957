"""The answers: what is computed of the tables, for a video of a million detections."""

from functools import partial

import numpy as np
import pandas as pd

from ptrack_analysis import (
    Video,
    compute_funnel,
    compute_occupancy,
    compute_quality,
    compute_trajectories,
    compute_transitions,
    compute_visits,
)
from ptrack_analysis.crowd import compute_encounters
from ptrack_analysis.heat import compare_heatmaps
from ptrack_analysis.quality import compute_confidence_intervals
from ptrack_analysis.schema import POINTS, assemble

from .inputs import SEED, VIDEO, octagons, square
from .rounds import Line, alternate, median

TOGETHER, QUALITY, INTERVALS, ENCOUNTERS, DIFFERENCE = 1.0, 1.0, 0.05, 10.0, 10.0  # s
HOUR = Video(name="hall", frame_rate=15.0, duration=pd.Timedelta("1h"))


def run(options):
    """Measure each answer; they take turns, a few rounds."""
    detections, zones = square(), octagons(20)
    trajectories = compute_trajectories(detections, VIDEO)
    visits = compute_visits(trajectories, zones, VIDEO)
    ten_thousand = visits.iloc[:10_000]
    number = trajectories.index.get_level_values("person_index")
    first, second = trajectories[number < 500], trajectories[number >= 500]
    crowd = hall()

    def together():
        compute_occupancy(trajectories, VIDEO, zones=zones)
        compute_transitions(visits)
        compute_funnel(visits, [zone.name for zone in zones[:6]])

    functions = {
        "occupancy, transitions, funnel": (together, TOGETHER, f"20 zones, {len(visits)} visits"),
        "quality": (partial(compute_quality, detections, trajectories, VIDEO), QUALITY, "1 M detections"),
        "intervals": (
            partial(compute_confidence_intervals, ten_thousand, statistic="median"),
            INTERVALS,
            f"{len(ten_thousand)} visits",
        ),
        "encounters": (
            partial(compute_encounters, crowd),
            ENCOUNTERS,
            f"100 persons for an hour at 15 Hz: {len(crowd)} rows",
        ),
        "difference": (
            partial(compare_heatmaps, first, second, VIDEO),
            DIFFERENCE,
            "54 x 96 cells, 1000 permutations",
        ),
    }
    times = alternate(*(call for call, _, _ in functions.values()), rounds=min(options.rounds, 3))
    return [
        Line(name, how, seconds, value=median(seconds), unit="s", target=target, at_least=False)
        for (name, (_, target, how)), seconds in zip(functions.items(), times, strict=True)
    ]


def hall(persons=100, side=20.0):
    """Make trajectories of people who wander over a hall for an hour, at every frame of 15 a second [m]."""
    random = np.random.default_rng(SEED)
    frames = 3600 * 15
    heading = np.cumsum(random.normal(0, 0.15, (persons, frames)), axis=1)
    x, y = (
        random.uniform(0, side, (persons, 1)) + np.cumsum(np_way(heading) / 15, axis=1)
        for np_way in (np.cos, np.sin)
    )
    time = np.arange(frames) * 1000 // 15
    arrays = {
        "person_index": np.repeat(np.arange(persons), frames),
        "timestamp": np.tile(time, persons),
        "x_{u}": np.abs((x % (2 * side)) - side).ravel(),
        "y_{u}": np.abs((y % (2 * side)) - side).ravel(),
    }
    return compute_trajectories(assemble(POINTS, arrays, unit="m"), video=HOUR)
