"""How persons moved: velocity, acceleration, turning; the mean in a window."""

import math

import naive_movement
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as some

from ptrack_analysis import compute_trajectories
from ptrack_analysis.analysis.motion.kernels import mean_in_window
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.motion import compute_kinematics

NAN = math.nan


def motion(path, **options):
    return compute_kinematics(
        compute_trajectories(make_points({0: path}), period="100ms"), **{"smoothing": "0ms", **options}
    )


def about(*values):
    return pytest.approx(list(values), nan_ok=True, abs=1e-9)


def random_rows(seed, persons=3, rows=25):
    """Give person -> (ms, x, y), with uneven steps, gaps and missing places."""
    chance = np.random.default_rng(seed)
    return {
        person: [
            (int(t), NAN if gone else float(x), NAN if gone else float(y))
            for t, x, y, gone in zip(
                np.cumsum(chance.choice([33, 67, 100, 400, 900, 2500], rows)),
                chance.random(rows),
                chance.random(rows),
                chance.random(rows) < 0.2,
                strict=True,
            )
        ]
        for person in range(persons)
    }


def rows_of(own):
    """Give (time, x, y, held, run) of one person's trajectory."""
    times = own.index.to_numpy().astype("int64").tolist()
    held = own["time_present"].to_numpy().astype("int64").tolist()
    return list(zip(times, own["x_m"], own["y_m"], held, own["tracklet"], strict=True))


WALKS = {
    "evenly": ([(0, 0, 0), (100, 0.1, 0), (200, 0.2, 0)], [0.0], [0.0]),
    "faster": ([(0, 0, 0), (500, 0.5, 0), (1000, 1.5, 0)], [2.0], [0.0]),
    "stops": ([(0, 0, 0), (500, 1, 0), (1000, 1, 0)], [-4.0], [NAN]),
    "starts": ([(0, 0, 0), (500, 0, 0), (1000, 1, 0)], [4.0], [NAN]),
    "turns from +x to +y": ([(0, 0, 0), (500, 1, 0), (1000, 1, 1)], [0.0], [180.0]),
    "turns from +y to +x": ([(0, 0, 0), (500, 0, 1), (1000, 1, 1)], [0.0], [-180.0]),
    "turns by the smaller angle": (
        [(0, 0, 0), (500, -1, -0.1), (1000, -2, 0)],
        [0.0],
        [-4 * math.degrees(math.atan(0.1))],
    ),
    "turns about": ([(0, 0, 0), (500, 1, 0), (1000, 0, 0)], [0.0], [360.0]),
    "turns about going down": ([(0, 0, 0), (500, 0, -1), (1000, 0, 0)], [0.0], [360.0]),
    "stands": ([(0, 1, 1), (500, 1, 1), (1000, 1, 1)], [0.0], [NAN]),
}


@pytest.mark.parametrize(("path", "gain", "turn"), WALKS.values(), ids=WALKS.keys())
def test_change_is_from_the_first_half_of_the_window_to_the_second(path, gain, turn):
    moved = motion(path, window="1s")
    assert moved["acceleration_m_per_s2"].tolist() == about(NAN, *gain, NAN)
    assert moved["turning_angle"].tolist() == about(NAN, *turn, NAN)


def test_velocity_is_the_way_by_the_time_between_the_ends_of_the_window():
    moved = motion([(0, 0, 0), (500, 1, 0), (1000, 1, -1)], window="1s")
    assert moved["velocity_x_m_per_s"].tolist() == about(2, 1, 0)
    assert moved["velocity_y_m_per_s"].tolist() == about(0, -1, -2)


@pytest.mark.parametrize("window", ["2ms", "100ms", "500ms", "3s"])
def test_the_length_of_the_velocity_is_the_speed_of_the_trajectory(window):
    trajectories = compute_trajectories(make_points(random_rows(5)), speed_window=window)
    moved = compute_kinematics(trajectories, window=window)
    speed = np.hypot(moved["velocity_x_m_per_s"], moved["velocity_y_m_per_s"])
    np.testing.assert_allclose(speed, trajectories["speed_m_per_s"], atol=1e-12)


def test_a_window_below_the_sampling_period_measures_the_neighboring_steps():
    path = [(0, 0, 0), (100, 0.1, 0), (200, 0.4, 0), (300, 0.5, 0)]
    for window in ("2ms", "50ms", "200ms"):
        moved = motion(path, window=window)
        assert moved["velocity_x_m_per_s"].tolist() == about(1, 2, 2, 1)
        assert moved["acceleration_m_per_s2"].tolist() == about(NAN, 20, -20, NAN)


NOTHING = {
    "alone": [(0, 1, 1)],
    "a gap on both sides": [(0, 1, 1), (2001, 2, 2), (4002, 3, 3)],
    "never located": [(0, NAN, NAN), (100, NAN, NAN)],
}


@pytest.mark.parametrize("path", NOTHING.values(), ids=NOTHING.keys())
def test_where_there_is_nothing_to_measure_stands_nan(path):
    moved = motion(path)
    assert len(moved) == len(path)
    assert moved.drop(columns="too_fast").isna().all(axis=None)
    assert not moved["too_fast"].any()


def test_nothing_is_measured_across_a_gap_or_an_unlocated_row():
    path = [(0, 0, 0), (100, 0.1, 0), (2101, 9, 9), (2201, 9, 9.1)]
    assert motion(path, window="200ms")["velocity_x_m_per_s"].tolist() == about(1, 1, 0, 0)
    detections = make_detections({0: [(0, 0.1, 0.5), (100, 0.2, 0.5), (200, None, None), (300, 0.9, 0.5)]})
    trajectories = compute_trajectories(detections, make_video(), max_interpolation="0s")
    unlocated = compute_kinematics(trajectories, window="200ms")
    assert unlocated["velocity_x_px_per_s"].tolist() == about(1000, 1000, NAN, NAN)


@pytest.mark.parametrize(
    ("limit", "fast"),
    [(None, [True, False, False]), (4.0, [True, True, False]), (6.0, [False] * 3), (math.inf, [False] * 3)],
)
def test_what_is_above_the_limit_is_marked_and_stays(limit, fast):
    path = [(0, 0, 0), (500, 3, 0), (1000, 5, 0)]
    moved = motion(path, window="1s", max_speed=limit)
    assert moved["velocity_x_m_per_s"].tolist() == [6, 5, 4]
    assert moved["too_fast"].tolist() == fast


def test_in_the_picture_no_speed_is_too_fast_unless_a_limit_is_given():
    detections = make_detections({0: [(0, 0.0, 0.5), (10, 1.0, 0.5)]})
    trajectories = compute_trajectories(detections, make_video())
    assert not compute_kinematics(trajectories, window="20ms")["too_fast"].any()
    assert compute_kinematics(trajectories, window="20ms", max_speed=99_000)["too_fast"].all()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"window": "0s"}, "window must be at least 2 ms, got '0s'"),
        ({"window": "1ms"}, "window must be at least 2 ms, got '1ms'"),
        ({"window": "-1s"}, "window must be a duration .*, got '-1s'"),
        ({"window": "soon"}, "window must be a duration .*, got 'soon'"),
        ({"max_speed": 0}, "max_speed must be a number above 0, got 0"),
        ({"max_speed": -2.5}, "max_speed must be a number above 0, got -2.5"),
        ({"max_speed": NAN}, "max_speed must be a number above 0, got nan"),
        ({"max_speed": "fast"}, "max_speed must be a number above 0, got 'fast'"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_value(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        motion([(0, 0, 0)], **options)


@pytest.mark.parametrize("seed", range(12))
def test_the_kernels_equal_a_walk_over_the_rows(seed):
    trajectories = compute_trajectories(make_points(random_rows(seed)), max_interpolation="500ms")
    half = int(np.random.default_rng(seed).choice([1, 40, 250, 1500]))
    moved = compute_kinematics(trajectories, window=pd.Timedelta(2 * half, "ms"), smoothing="0ms")
    for person, own in trajectories.groupby(level="person_index"):
        expected = {}
        for stretch in naive_movement.stretches(rows_of(own.droplevel(0))):
            path = naive_movement.nodes(stretch)
            expected |= {path[n][0]: naive_movement.change(path, n, half) for n in range(len(path))}
        times = own.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
        wanted = np.array([expected.get(time, (NAN, NAN)) for time in times])
        found = moved.loc[person, ["acceleration_m_per_s2", "turning_angle"]].to_numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-7)


def means(path, half):
    time, x, y = (np.array(values) for values in zip(*path, strict=True))
    return mean_in_window(time, np.zeros(len(path), "int64"), x.astype(float), y.astype(float), half=half)


MEANS = {
    "a straight even walk stays": ([(0, 0, 0), (100, 1, 2), (400, 4, 8), (500, 5, 10)], [0, 1, 4, 5]),
    "a peak is rounded": ([(0, 0, 0), (500, 1, 0), (1000, 0, 0)], [0, 0.5, 0]),
    "crowded samples weigh no more": (
        [(0, 0, 0), (498, 0, 0), (499, 0, 0), (500, 0, 0), (1000, 4, 0)],
        [0, 4 * (496 / 500) * 496 / 2 / 996, 4 * (498 / 500) * 498 / 2 / 998, 1, 4],
    ),
    "the window shrinks towards an end": ([(0, 0, 0), (100, 1, 0), (1000, 1, 0)], [0, 0.75, 1]),
    "alone": ([(0, 7, 7)], [7]),
    "nowhere": ([(0, NAN, NAN), (100, NAN, NAN)], [NAN, NAN]),
    "nowhere between": ([(0, 1, 1), (100, NAN, NAN), (200, 3, 3)], [1, NAN, 3]),
}


@pytest.mark.parametrize(("path", "expected"), MEANS.values(), ids=MEANS.keys())
def test_the_mean_in_a_window_of_one_second(path, expected):
    assert means(path, 500)[0].tolist() == about(*expected)


def test_a_window_of_no_length_changes_nothing():
    path = [(0, 0.1, 0), (33, 0.7, 1), (100, 0.3, 2)]
    assert means(path, 0)[0].tolist() == [0.1, 0.7, 0.3]


@pytest.mark.parametrize("seed", range(12))
def test_the_mean_in_a_window_equals_an_integral_from_row_to_row(seed):
    trajectories = compute_trajectories(make_points(random_rows(seed)), max_interpolation="500ms")
    half = int(np.random.default_rng(seed).choice([1, 50, 500, 2000]))
    run = trajectories.groupby(["person_index", "tracklet"]).ngroup().to_numpy()
    time = trajectories.index.get_level_values("timestamp").to_numpy().astype("int64")
    places = trajectories["x_m"].to_numpy(), trajectories["y_m"].to_numpy()
    found = np.column_stack(mean_in_window(time, run, *places, half=half))
    wanted = np.full_like(found, NAN)
    for person, own in trajectories.groupby(level="person_index"):
        for stretch in naive_movement.stretches(rows_of(own.droplevel(0))):
            path = naive_movement.nodes(stretch)
            for moment, _, _ in path:
                row = trajectories.index.get_loc((person, np.timedelta64(moment, "ms")))
                wanted[row] = naive_movement.mean(path, moment, half)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


@given(
    steps=some.lists(some.integers(1, 3000), min_size=1, max_size=30),
    places=some.lists(some.floats(-1e6, 1e6), min_size=31, max_size=31),
    half=some.integers(0, 5000),
)
def test_a_mean_never_leaves_what_it_is_the_mean_of_and_the_ends_stay(steps, places, half):
    time = np.cumsum([0, *steps])
    x = np.array(places[: len(time)])
    mean, _ = mean_in_window(time, np.zeros(len(x), "int64"), x, x, half=half)
    slack = 1e-6 * max(np.abs(x).max(), 1e-6)
    assert (mean >= x.min() - slack).all()
    assert (mean <= x.max() + slack).all()
    assert (mean[0], mean[-1]) == (x[0], x[-1])
