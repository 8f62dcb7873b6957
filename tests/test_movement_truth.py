"""Speeds of another program, and of simulated persons whose every step is known, recovered."""

import numpy as np
import pandas as pd
import pytest

from ptrack_analysis import (
    Video,
    compute_stops,
    compute_tracks,
    compute_trajectories,
    frames_to_timestamps,
)
from ptrack_analysis.motion import compute_kinematics
from ptrack_analysis.scene.floor_plan import read_floor_plan
from ptrack_analysis.schema import DETECTIONS, POINTS, assemble
from simulation.detection import detect, sample_times
from simulation.scene import HEIGHT, WIDTH
from simulation.walks import make_walk

RATE = 16.0
FASTEST = 2.1  # in the whole experiment, by PedPy [m/s]
# person, frame, speed [m/s]: pedpy.compute_individual_speed of PedPy 1.5.1, SpeedCalculation.BORDER_EXCLUDE,
# with this number of frames before and after
PEDPY = {
    4: [
        (34, 358, 0.270046),
        (91, 364, 1.085676),
        (92, 188, 0.560104),
        (118, 329, 1.067308),
        (215, 408, 0.242173),
        (278, 547, 0.328627),
        (282, 420, 0.246507),
        (302, 328, 0.256721),
    ],
    5: [
        (11, 139, 0.873448),
        (52, 62, 1.784924),
        (81, 168, 0.429417),
        (164, 141, 0.035403),
        (181, 133, 0.271243),
        (245, 939, 0.787194),
        (256, 495, 1.177663),
        (309, 442, 0.234721),
    ],
}
# A frame lasts 62.5 ms. An even number of frames is a whole number of ms, and as many frames later lies a row
# exactly that much later: nothing is rounded. Five frames are 312.5 ms, of which 312 are taken, and rows lie
# up to 0.5 ms early: each end of the window is up to 1 ms off, in which a person moves 1 ms * FASTEST.
TOLERANCE = {4: 1e-6, 5: 2 * 0.001 * FASTEST / 0.624 + 1e-6}


@pytest.fixture(scope="module")
def rows(real_data):
    """The experiment AO 300: person, frame, x, y in meters."""
    return np.loadtxt(real_data / "pedpy" / "traj.txt")


@pytest.fixture(scope="module")
def bottleneck(rows):
    arrays = {
        "person_index": rows[:, 0].astype("int64"),
        "timestamp": frames_to_timestamps(rows[:, 1].astype("int64"), RATE),
        "x_{u}": rows[:, 2],
        "y_{u}": rows[:, 3],
    }
    return compute_trajectories(assemble(POINTS, arrays, unit="m"), video=Video(frame_rate=RATE))


def window_of(frames):
    """Give twice as many frames in whole ms, each half cut to whole ms."""
    return pd.Timedelta(2 * (frames * 625 // 10), "ms")


def speed_of(movement):
    return np.hypot(movement["velocity_x_m_per_s"], movement["velocity_y_m_per_s"])


@pytest.mark.parametrize("frames", PEDPY)
def test_speeds_are_those_that_pedpy_computed(bottleneck, frames):
    speed = speed_of(compute_kinematics(bottleneck, window=window_of(frames), smoothing="0ms"))
    for person, frame, published in PEDPY[frames]:
        moment = frames_to_timestamps(np.array([frame]), RATE).astype("timedelta64[ms]")[0]
        assert speed[person, moment] == pytest.approx(published, abs=TOLERANCE[frames])


@pytest.mark.parametrize("frames", [2, 4, 5, 8])
def test_all_speeds_are_those_of_pedpy(rows, bottleneck, frames):
    """Where the window fits whole; at the two ends of a trajectory it is PedPy's one-sided window."""
    pedpy = pytest.importorskip("pedpy")
    table = pd.DataFrame(
        {
            "id": rows[:, 0].astype("int64"),
            "frame": rows[:, 1].astype("int64"),
            "x": rows[:, 2],
            "y": rows[:, 3],
        }
    )
    data = pedpy.TrajectoryData(data=table, frame_rate=RATE)
    theirs = pedpy.compute_individual_speed(
        traj_data=data, frame_step=frames, speed_calculation=pedpy.SpeedCalculation.BORDER_EXCLUDE
    )
    one_sided = pedpy.compute_individual_speed(
        traj_data=data, frame_step=frames, speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED
    )
    at_end = ~one_sided["id"].duplicated() | ~one_sided["id"].duplicated(keep="last")
    theirs = pd.concat([theirs, one_sided[at_end]])
    assert len(theirs) > 120_000
    ours = speed_of(compute_kinematics(bottleneck, window=window_of(frames), smoothing="0ms"))
    moments = frames_to_timestamps(theirs["frame"].to_numpy(), RATE).astype("timedelta64[ms]")
    same = ours.loc[pd.MultiIndex.from_arrays([theirs["id"], moments])].to_numpy()
    # a window of odd frames, and a one-sided one of half its length, as above
    tolerance = 1e-9 if frames % 2 == 0 else 2 * 0.001 * FASTEST / 0.312
    assert np.abs(same - theirs["speed"].to_numpy()).max() <= tolerance


@pytest.fixture(scope="module")
def simulated(data):
    """Twelve persons in the shop: their true walks, and trajectories on the floor from what a camera saw."""
    times = sample_times(np.random.default_rng(1), 180_000, 25.0)
    walks, columns = [], []
    for person in range(12):
        chance = np.random.default_rng([7, person])
        walks.append(make_walk(chance, int(chance.integers(0, 100_000)), 180_000))
        seen = detect(chance, walks[-1], times)
        columns.append(np.column_stack([np.full(len(seen.boxes), person), seen.timestamps, seen.boxes]))
    person, moment, *box = np.concatenate(columns).T
    sides = dict(zip(("left", "top", "width", "height"), box, strict=True))
    detections = assemble(DETECTIONS, {"person_index": person, "timestamp": moment, **sides})
    video = Video(width=WIDTH, height=HEIGHT, frame_rate=25.0)
    floor = read_floor_plan(data / "shop" / "floor.json")
    return walks, compute_trajectories(detections, video, plane=floor)


def located(walk, own):
    """Give the places of a person's located rows within the true walk [ms]."""
    return own.index[own["position_status"] != "missing"].to_numpy().astype("int64") - walk.begin


def true_speed(walk, ms):
    """Give the speed of the true walk [m/s] by the definition: from means over half a second."""
    total = np.concatenate([np.zeros((1, 2)), np.cumsum((walk[1:] + walk[:-1]) / 2, axis=0)])
    ends = []
    for shift in (-250, 250):
        middle = np.clip(ms + shift, ms[0], ms[-1])
        reach = np.minimum(np.minimum(middle - ms[0], ms[-1] - middle), 250)
        mean = (total[middle + reach] - total[middle - reach]) / np.maximum(2 * reach, 1)[:, None]
        ends.append((middle, np.where(reach[:, None] > 0, mean, walk[middle])))
    (early, start), (late, end) = ends
    return np.linalg.norm(end - start, axis=1) / (late - early) * 1000


def test_the_speed_of_walking_is_the_true_one_within_five_percent(simulated):
    """Of the median while walking, the true speed being measured over the same windows."""
    walks, trajectories = simulated
    speed = speed_of(compute_kinematics(trajectories))
    for person, walk in enumerate(walks):
        own = trajectories.loc[person]
        ms = located(walk, own)
        true = true_speed(walk.positions, ms)
        walking = true > 0.5
        measured = speed.loc[person][(own["position_status"] != "missing").to_numpy()].to_numpy()
        assert np.median(measured[walking]) == pytest.approx(np.median(true[walking]), rel=0.05)
        assert not compute_kinematics(trajectories.loc[[person]])["too_fast"].any()


def test_the_way_walked_is_the_true_one_but_for_corners(simulated):
    """Corners and about-turns cost up to 8 % of these ways of 9 to 24 m; jitter adds nothing."""
    walks, trajectories = simulated
    tracks = compute_tracks(trajectories)
    for person, walk in enumerate(walks):
        ms = located(walk, trajectories.loc[person])
        true = np.linalg.norm(np.diff(walk.positions[ms[0] : ms[-1] + 1], axis=0), axis=1).sum()
        assert 0.92 * true <= tracks.loc[person, "path_length_smoothed_m"] <= true
        assert tracks.loc[person, "path_length_m"] > true
    assert (tracks["path_length_m"] - tracks["path_length_smoothed_m"]).max() > 4


def true_stands(walk, first, last):
    """Give (start, stop) [ms] within the walk wherever a person truly stood still for 6 s or longer."""
    moved = np.linalg.norm(walk.positions[first + 100 : last] - walk.positions[first : last - 100], axis=1)
    changes = np.flatnonzero(np.diff(moved < 0.001, prepend=False, append=False)) + first
    return [(start, stop) for start, stop in changes.reshape(-1, 2) if stop - start >= 6000]


def test_persons_stop_where_and_when_they_truly_stand(simulated):
    """Whoever truly stands for 6 s, located all the time, is found to stop there for nearly as long."""
    walks, trajectories = simulated
    stops = compute_stops(trajectories)
    found = 0
    for person, walk in enumerate(walks):
        own = trajectories.loc[person]
        ms = located(walk, own)
        for start, stop in true_stands(walk, ms[0], ms[-1]):
            begin, end = walk.begin + start, walk.begin + stop
            seen = own.loc[np.timedelta64(begin, "ms") : np.timedelta64(end, "ms")]
            if (seen["position_status"] == "missing").any():
                continue
            mine = stops.loc[person]
            entered, exited = (mine[name].to_numpy().astype("int64") for name in ("entered", "exited"))
            overlap = np.minimum(exited, end) - np.maximum(entered, begin)
            best = overlap.argmax()
            assert overlap[best] > 0.9 * (end - begin)
            place = mine[["x_m", "y_m"]].to_numpy()[best]
            assert np.linalg.norm(place - walk.positions[(start + stop) // 2]) < 0.3
            found += 1
    assert found >= 10
