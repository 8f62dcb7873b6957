"""The same questions asked of neighbouring packages, on the same table: PedPy, MovingPandas, supervision.

They are not needed by the package: install them with the extra ``neighbours``. What is not there is left out.
"""

import warnings
from functools import partial
from importlib.util import find_spec

import numpy as np
import pandas as pd

from ptrack_analysis import (
    compute_crossings,
    compute_stitches,
    compute_stops,
    compute_trajectories,
    trajectories_from_points,
)
from ptrack_analysis.analysis.motion.kernels import velocity
from ptrack_analysis.geometry import contains
from ptrack_analysis.schema import POINTS, assemble

from .inputs import SEED, VIDEO, fragments, octagons, square, strokes
from .rounds import Line, alternate, median, ratio

RATE = 20  # frames a second of the regular table: whole ms a frame, and a window of whole frames
HALF = 5  # frames
CROSSINGS_IN, STITCHES_IN = 1.5, 10.0  # s
CROWD = 5 * 60_000  # ms
PERSONS, SLOW_PERSONS = 1000, 20  # MovingPandas is asked of a part, its time carried over to the whole
STOP_EXTENT, STOP_DURATION = 1.0, "5s"  # m


def run(options):
    """Measure each question in rounds in which ours and theirs take turns."""
    lines = [*_own(options)]
    if find_spec("pedpy"):
        lines += _pedpy(options)
    if find_spec("movingpandas"):
        lines += _movingpandas(options)
    if find_spec("supervision"):
        lines += _supervision(options)
    return lines


def _own(options):
    """Crossings and identities: no neighbour does the same, so the limit is a time."""
    trajectories = compute_trajectories(square(), VIDEO)
    sparse, crowd = fragments(), fragments(within=CROWD)
    crossings, alone, crowded = alternate(
        partial(compute_crossings, trajectories, strokes()),
        partial(compute_stitches, sparse, compute_trajectories(sparse, VIDEO), VIDEO),
        partial(compute_stitches, crowd, compute_trajectories(crowd, VIDEO), VIDEO),
        rounds=min(options.rounds, 3),
    )
    line = partial(Line, speed="", unit="s", at_least=False)
    tracks = f"{sparse.index.get_level_values('person_index').nunique()} tracks"
    return [
        line(
            "crossings", "10 lines, 1 M detections", crossings, value=median(crossings), target=CROSSINGS_IN
        ),
        line("stitches", f"{tracks} in an hour", alone, value=median(alone), target=STITCHES_IN),
        line("stitches", f"{tracks} in 5 minutes", crowded, value=median(crowded), target=STITCHES_IN),
    ]


def walk(persons=PERSONS, each=1000):
    """Make positions of people who walk, stand and turn, at every frame [m]: one million by default."""
    random = np.random.default_rng(SEED)
    standing = random.random((persons, each // 50)) < 0.3
    speed = np.where(np.repeat(standing, 50, axis=1), 0.0, 1.2) / RATE
    heading = np.cumsum(random.normal(0, 0.05, (persons, each)), axis=1)
    x = np.cumsum(speed * np.cos(heading), axis=1) + random.normal(0, 0.01, (persons, each))
    y = np.cumsum(speed * np.sin(heading), axis=1) + random.normal(0, 0.01, (persons, each))
    frame = random.integers(0, 20_000, (persons, 1)) + np.arange(each)
    return frame, x, y


def _points(frame, x, y):
    person = np.repeat(np.arange(len(x)), x.shape[1])
    key = {"person_index": person, "timestamp": frame.ravel() * (1000 // RATE)}
    return assemble(POINTS, key | {"x_{u}": x.ravel(), "y_{u}": y.ravel()}, unit="m")


def _pedpy(options):
    from pedpy import SpeedCalculation, TrajectoryData, compute_individual_speed  # noqa: PLC0415 - a rival is imported when it runs

    frame, x, y = walk()
    points = _points(frame, x, y)
    person = np.repeat(np.arange(len(x)), x.shape[1])
    data = TrajectoryData(
        pd.DataFrame({"id": person, "frame": frame.ravel(), "x": x.ravel(), "y": y.ravel()}), frame_rate=RATE
    )
    window = pd.Timedelta(milliseconds=2 * HALF * 1000 // RATE)
    time = frame.ravel() * (1000 // RATE)
    theirs, all_columns, kernel = alternate(
        partial(
            compute_individual_speed,
            traj_data=data,
            frame_step=HALF,
            speed_calculation=SpeedCalculation.BORDER_ADAPTIVE,
        ),
        partial(trajectories_from_points, points, speed_window=window),
        partial(velocity, time, person, x.ravel(), y.ravel(), half=HALF * 1000 // RATE),
        rounds=options.rounds,
    )
    return [
        Line("PedPy's speed", "compute_individual_speed, border adaptive, 1 M positions", theirs),
        Line(
            "trajectories",
            "all columns; time by PedPy's for speed alone",
            all_columns,
            "",
            ratio(all_columns, theirs),
            "x",
            2.0,
            False,
        ),
        Line("speed kernel", "x faster than PedPy's speed", kernel, "", ratio(theirs, kernel), "x", 1.0),
    ]


def _movingpandas(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what it could import
        import movingpandas  # noqa: PLC0415
    frame, x, y = walk()
    part = slice(0, SLOW_PERSONS)
    table = pd.DataFrame(
        {
            "person": np.repeat(np.arange(SLOW_PERSONS), x.shape[1]),
            "time": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(frame[part].ravel() * (1000 // RATE), unit="ms"),
            "x": x[part].ravel(),
            "y": y[part].ravel(),
        }
    )
    collection = movingpandas.TrajectoryCollection(table, "person", t="time", x="x", y="y", crs="EPSG:32632")
    detector = movingpandas.TrajectoryStopDetector(collection)
    points = _points(frame, x, y)
    trajectories = trajectories_from_points(points)
    arrays = frame.ravel() * (1000 // RATE), np.repeat(np.arange(len(x)), x.shape[1]), x.ravel(), y.ravel()
    speed, stops, kernel, ours = alternate(
        partial(collection.add_speed, overwrite=True),
        partial(
            detector.get_stop_time_ranges,
            max_diameter=STOP_EXTENT,
            min_duration=pd.Timedelta(STOP_DURATION).to_pytimedelta(),
        ),
        partial(velocity, *arrays, half=HALF * 1000 // RATE),
        partial(compute_stops, trajectories, max_extent=STOP_EXTENT, min_duration=STOP_DURATION),
        rounds=min(options.rounds, 3),
    )
    scale = PERSONS / SLOW_PERSONS
    carried = f"{SLOW_PERSONS} of {PERSONS} persons, carried over"
    return [
        Line("MovingPandas' add_speed", carried, tuple(scale * s for s in speed)),
        Line("speed kernel", "x faster than it", kernel, "", scale * ratio(speed, kernel), "x", 50.0),
        Line("MovingPandas' stops", carried, tuple(scale * s for s in stops)),
        Line("stops", "x faster than it", ours, "", scale * ratio(stops, ours), "x", 50.0),
    ]


def _supervision(options):
    import supervision  # noqa: PLC0415

    trajectories = compute_trajectories(square().dropna(), VIDEO)
    x, y = trajectories["x_px"].to_numpy(), trajectories["y_px"].to_numpy()
    boxes = np.column_stack([x - 10, y - 40, x + 10, y]).astype(np.float32)
    frames = np.array_split(supervision.Detections(xyxy=boxes).xyxy, len(boxes) // 40)
    zone = octagons(1)[0]
    corners = np.asarray(zone.outline.exterior.coords)[:-1]
    theirs = supervision.PolygonZone(
        corners.round().astype(int), triggering_anchors=(supervision.Position.BOTTOM_CENTER,)
    )
    whole = supervision.Detections(xyxy=boxes)
    one_by_one = [supervision.Detections(xyxy=frame) for frame in frames]
    by_frame, at_once, ours = alternate(
        lambda: [theirs.trigger(detections) for detections in one_by_one],
        partial(theirs.trigger, whole),
        partial(contains, zone.edges, x, y),
        rounds=options.rounds,
    )
    return [
        Line("supervision, by frame", "PolygonZone.trigger as it is used: a call a frame", by_frame),
        Line("supervision, at once", "PolygonZone.trigger, one call for all frames", at_once),
        Line("membership", "x faster than by frame", ours, "", ratio(by_frame, ours), "x", 5.0),
        Line("membership", "x faster than at once", ours, "", ratio(at_once, ours), "x"),
    ]
