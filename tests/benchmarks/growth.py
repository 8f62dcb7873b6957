"""Growth: what ten times as many detections, persons or zones cost; near-linear, if all is well."""

from functools import partial

import pandas as pd

from ptrack_analysis import (
    Video,
    compute_occupancy,
    compute_trajectories,
    compute_visits,
    read_tracking,
)

from .archives import archive_of
from .inputs import octagons, square
from .rounds import Line, alternate, median
from .tables import usual

DETECTIONS = (10_000, 100_000, 1_000_000, 10_000_000)
PERSONS = (1, 10, 100, 1000, 10_000)
ZONES = (1, 10, 100, 500)
FEW = 10  # zones, where not they grow
NEAR_LINEAR = 1.5
"""So many times the cost of one at most, for each step."""


def run(options):
    """Measure each step in a few rounds; the largest ones take minutes."""
    rounds = min(options.rounds, 3)
    return [*_loading(options.cache, rounds), *_detections(rounds), *_persons(rounds), *_zones(rounds)]


def _loading(cache, rounds):
    costs = {}
    for detections in DETECTIONS:
        made = archive_of(cache, 1, detections)
        (seconds,) = alternate(partial(read_tracking, made.pages), rounds=rounds)
        costs[f"{made.detections} detections, {made.megabytes:.0f} MB"] = made.detections, seconds
    return _lines("loading", costs, "detection")


def _detections(rounds):
    growing = {}
    for detections in DETECTIONS:
        for name, seconds in _answers(square(persons=detections // 1000), octagons(FEW), rounds).items():
            growing.setdefault(name, {})[f"{detections} detections"] = detections, seconds
    return [line for name, costs in growing.items() for line in _lines(name, costs, "detection")]


def _persons(rounds):
    growing = {}
    for persons in PERSONS:
        made = square(persons=persons, each=1_000_000 // persons)
        for name, seconds in _answers(made, octagons(FEW), rounds).items():
            growing.setdefault(name, {})[f"1 M detections of {persons}"] = 1_000_000, seconds
    return [line for name, costs in growing.items() for line in _lines(name, costs, "detection")]


def _zones(rounds):
    detections = square()
    video = video_of(detections)
    trajectories = compute_trajectories(detections, video)
    growing = {}
    for count in ZONES:
        zones = octagons(count)
        times = alternate(
            partial(compute_visits, trajectories, zones, video),
            partial(compute_occupancy, trajectories, video, zones=zones),
            rounds=rounds,
        )
        for name, seconds in zip(("visits", "occupancy"), times, strict=True):
            growing.setdefault(name, {})[f"1 M detections, {count} zones"] = count, seconds
    return [line for name, costs in growing.items() for line in _lines(name, costs, "zone")]


def _answers(detections, zones, rounds):
    """Time everything that is usual, of one table."""
    functions = usual(detections, video_of(detections), zones)
    return dict(zip(functions, alternate(*functions.values(), rounds=rounds), strict=True))


def _lines(name, costs, unit):
    """Make the lines of one function: the cost of one, beside that of one in the step before."""
    lines, before = [], None
    for note, (count, seconds) in costs.items():
        each = median(seconds) / count
        told = f"{1e6 * each:.2f} us per {unit}" if unit == "detection" else f"{1e3 * each:.1f} ms per {unit}"
        line = partial(Line, name, note, seconds, told)
        if before is None:
            lines.append(line())
        else:
            lines.append(line(each / before, f"x per {unit}", NEAR_LINEAR, at_least=False))
        before = each
    return lines


def video_of(detections):
    """Give a video that lasts as long as its detections."""
    last = detections.index.get_level_values("timestamp").max()
    return Video(name="square", width=1280, height=720, frame_rate=30.0, duration=last + pd.Timedelta("67ms"))
