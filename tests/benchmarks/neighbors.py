"""The same questions asked of neighboring packages, on the same table: PedPy, MovingPandas, trackpy.

They are not needed by the package: install them with the extra ``neighbors``. What is not there is left out.
"""

import warnings
from functools import partial
from importlib.util import find_spec

import numpy as np
import pandas as pd

from ptrack_analysis import compute_crossings, compute_stops, compute_trajectories
from ptrack_analysis.analysis.motion.kernels import velocity
from ptrack_analysis.cleaning import compute_stitches, filter_short_tracks
from ptrack_analysis.schema import POINTS, assemble

from .inputs import SEED, VIDEO, fragments, square, strokes
from .rounds import Line, Rounds, against, alternate, median, ratio

RATE = 20  # frames a second of the regular table: whole ms a frame, and a window of whole frames
HALF = 5  # frames
CROSSINGS_IN, STITCHES_IN = 1.5, 10.0  # s
CROWD = 5 * 60_000  # ms
PERSONS, SLOW_PERSONS = 1000, 20  # MovingPandas is asked of a part, its time extrapolated to the whole
STOP_EXTENT, STOP_DURATION = 0.6, "5s"  # m
SHORTEST = 300  # positions of a track
COLUMNS_BY_SPEED = 1.3


def run(options):
    """Measure each question in rounds in which ours and theirs take turns."""
    lines = [*_own(options)]
    for name, measured in (("pedpy", _pedpy), ("movingpandas", _movingpandas), ("trackpy", _trackpy)):
        lines += measured(options) if find_spec(name) else [Line(name, "left out: it is not installed")]
    return lines


def _own(options):
    """Crossings and identities: no neighbor does the same, so the limit is a time."""
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
    half = HALF * 1000 // RATE
    theirs = partial(
        compute_individual_speed,
        traj_data=data,
        frame_step=HALF,
        speed_calculation=SpeedCalculation.BORDER_EXCLUDE,
    )
    ours = partial(
        compute_trajectories, points, speed_window=pd.Timedelta(milliseconds=2 * half), smoothing="0ms"
    )
    kernel = partial(
        velocity, frame.ravel() * (1000 // RATE), person, x.ravel(), y.ravel(), half=half, smoothing=0
    )
    differs = _speeds_differ(theirs(), ours()["speed_m_per_s"], np.hypot(*kernel()), frame.ravel(), person)
    speed, all_columns, alone = alternate(theirs, ours, kernel, rounds=options.rounds)
    lines = [Line("PedPy's speed", "compute_individual_speed, 1 M positions", speed)]
    if differs:
        return [*lines, Line("trajectories", f"no ratio: {differs}", all_columns)]
    note = "all columns; time by PedPy's for speed alone"
    by = ratio(all_columns, speed)
    return [
        *lines,
        Line("trajectories", note, all_columns, "", by, "x", COLUMNS_BY_SPEED, at_least=False),
        against(alone, speed, name="speed kernel", note="beside PedPy's speed", target=1.0),
    ]


def _speeds_differ(theirs, column, kernel, frame, person):
    """Compare where PedPy gives a speed: half a window away from both ends of a trajectory."""
    theirs = theirs.set_index(["id", "frame"])["speed"].sort_index()
    index = pd.MultiIndex.from_arrays([person, frame], names=["id", "frame"])
    for name, speed in (("the column", column.to_numpy()), ("the kernel", kernel)):
        ours = pd.Series(speed, index).reindex(theirs.index)
        if not np.allclose(ours, theirs, rtol=0, atol=1e-9):
            return f"{name} of speeds differs by {np.abs(ours - theirs).max():.2g} m/s"
    return ""


def _movingpandas(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what it could import
        import movingpandas  # noqa: PLC0415
    frame, x, y = walk()
    part = slice(0, SLOW_PERSONS)
    begin = pd.Timestamp("2026-01-01")
    table = pd.DataFrame(
        {
            "person": np.repeat(np.arange(SLOW_PERSONS), x.shape[1]),
            "time": begin + pd.to_timedelta(frame[part].ravel() * (1000 // RATE), unit="ms"),
            "x": x[part].ravel(),
            "y": y[part].ravel(),
        }
    )
    collection = movingpandas.TrajectoryCollection(table, "person", t="time", x="x", y="y", crs="EPSG:32632")
    detector = movingpandas.TrajectoryStopDetector(collection)
    points = _points(frame, x, y)
    trajectories = compute_trajectories(points)
    speeds = partial(collection.add_speed, overwrite=True)
    ranges = partial(
        detector.get_stop_time_ranges,
        max_diameter=STOP_EXTENT,
        min_duration=pd.Timedelta(STOP_DURATION).to_pytimedelta(),
    )
    stops = partial(compute_stops, trajectories, max_extent=STOP_EXTENT, min_duration=STOP_DURATION)
    speeds()
    steps_differ = _steps_differ(collection, trajectories)
    speed, columns, stop, ours = alternate(
        speeds, partial(compute_trajectories, points), ranges, stops, rounds=min(options.rounds, 3)
    )
    scale = PERSONS / SLOW_PERSONS
    speed, stop = (Rounds(scale * one for one in seconds) for seconds in (speed, stop))
    carried = f"{SLOW_PERSONS} of {PERSONS} persons, extrapolated"
    columns_note = "all columns; the same way from each position to the next"
    stops_note = "no ratio: these people must also stand, which MovingPandas does not ask"
    return [
        Line("MovingPandas' add_speed", carried, speed),
        against(columns, speed, differs=steps_differ, name="trajectories", note=columns_note, target=50.0),
        Line("MovingPandas' stops", carried, stop),
        Line("stops", stops_note, ours),
    ]


def _steps_differ(collection, trajectories):
    """Compare the way from each position to the next; in its first row it repeats the second's."""
    theirs = np.concatenate([one.df["speed"].to_numpy()[1:] / RATE for one in collection.trajectories])
    ours = trajectories.loc[: SLOW_PERSONS - 1, "step_m"].dropna().to_numpy()
    same = len(ours) == len(theirs) and np.allclose(ours, theirs, rtol=0, atol=1e-6)
    return "" if same else "steps differ"


def _trackpy(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it could import
        from trackpy import filter_stubs  # noqa: PLC0415
    random = np.random.default_rng(SEED)
    frame, x, y = walk()
    seen = np.arange(x.shape[1]) < random.integers(1, x.shape[1], (len(x), 1))
    person = np.repeat(np.arange(len(x)), seen.sum(axis=1))
    table = pd.DataFrame({"particle": person, "frame": frame[seen], "x": x[seen], "y": y[seen]})
    key = {"person_index": person, "timestamp": frame[seen] * (1000 // RATE)}
    points = assemble(POINTS, key | {"x_{u}": x[seen], "y_{u}": y[seen]}, unit="m")
    theirs = partial(filter_stubs, table, threshold=SHORTEST)
    ours = partial(filter_short_tracks, points, min_duration="0s", min_detections=SHORTEST)
    kept, _ = ours()
    same = np.array_equal(kept.index.get_level_values("person_index"), theirs()["particle"])
    stubs, split = alternate(theirs, ours, rounds=options.rounds)
    return [
        Line("trackpy's filter_stubs", f"{len(table)} positions of {PERSONS} persons", stubs),
        against(
            split,
            stubs,
            differs="" if same else "other rows are kept",
            name="filter_short_tracks",
            note="both the kept and the removed",
        ),
    ]
