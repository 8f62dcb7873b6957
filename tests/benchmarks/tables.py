"""Computing tables of a million detections."""

from functools import partial

from ptrack_analysis import (
    compute_box_heatmap,
    compute_heatmap,
    compute_occupancy,
    compute_tracks,
    compute_trajectories,
    compute_visits,
)

from .inputs import VIDEO, octagons, square
from .rounds import Line, alternate, median

TRAJECTORIES_A_SECOND = 1.0  # million
VISITS_IN = 1.5  # s


def run(options):
    """Measure each analysis on the same square; they take turns."""
    detections = square()
    functions = usual(detections, VIDEO, octagons())
    rows = {name: f"{len(function())} rows" for name, function in functions.items() if "map" not in name}
    times = dict(zip(functions, alternate(*functions.values(), rounds=options.rounds), strict=True))
    return [_line(name, seconds, len(detections), rows.get(name, "")) for name, seconds in times.items()]


def usual(detections, video, zones):
    """Give a call of each analysis that most people want, by its name."""
    trajectories = compute_trajectories(detections, video)
    return {
        "trajectories": partial(compute_trajectories, detections, video),
        "visits": partial(compute_visits, trajectories, zones, video),
        "tracks": partial(compute_tracks, trajectories),
        "occupancy": partial(compute_occupancy, trajectories, video, zones=zones),
        "heatmap": partial(compute_heatmap, trajectories, video),
        "box heatmap": partial(compute_box_heatmap, detections, trajectories),
    }


def _line(name, seconds, detections, rows):
    rate = detections / median(seconds) / 1e6
    note = {
        "trajectories": f"{detections} detections, a fifth without a body box; all columns",
        "visits": f"10 zones of 8 corners; {rows}",
        "occupancy": f"scene and 10 zones; {rows}",
    }.get(name, rows)
    line = partial(Line, name, note, seconds, f"{rate:.2f} M/s")
    if name == "trajectories":
        return line(rate, "M/s", TRAJECTORIES_A_SECOND)
    if name == "visits":
        return line(median(seconds), "s", VISITS_IN, at_least=False)
    return line()
