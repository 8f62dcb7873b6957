"""Positions averaged over a window."""

import naive_cleaning
import numpy as np
import pandas as pd
import pytest
from factories import HEIGHT, make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ptrack_analysis import compute_occupancy, compute_tracks, compute_trajectories
from ptrack_analysis.cleaning import smooth_trajectories
from ptrack_analysis.errors import ParameterError

UNTOUCHED = ["position_status", "time_present", "tracklet"]


def walked(path, **options):
    return compute_trajectories(make_points({1: path}), period="100ms", **options)


def places(trajectories):
    return trajectories["x_m"].tolist()


def test_a_straight_even_walk_stays_what_it_is():
    before = walked([(t, t / 1000, 0.0) for t in (0, 100, 250, 300, 800, 900)])
    after = smooth_trajectories(before, window="400ms")
    assert places(after) == pytest.approx(places(before))
    assert not after["smoothed"].any()


def test_feet_on_the_lower_border_stay_inside_the_image():
    path = [(t, 0.1 + t / 2000, 1.0) for t in range(0, 1100, 7)]
    before = compute_trajectories(make_detections({1: path}), make_video(2000))
    after = smooth_trajectories(before, window="400ms")
    assert (before["y_px"] < HEIGHT).all()
    assert (after["y_px"] < HEIGHT).all()


def test_a_spike_is_shared_with_its_neighbors():
    after = smooth_trajectories(
        walked([(t, float(t == 200), 0.0) for t in range(0, 500, 100)]), window="200ms"
    )
    assert places(after) == pytest.approx([0, 0.25, 0.5, 0.25, 0])
    assert after["smoothed"].tolist() == [False, True, True, True, False]


def test_steps_and_speeds_are_those_of_the_new_positions():
    before = walked([(t, float(t == 200), 0.0) for t in range(0, 500, 100)])
    after = smooth_trajectories(before, window="200ms", speed_window="200ms")
    assert after["step_m"].tolist()[1:] == pytest.approx([0.25, 0.25, 0.25, 0.25])
    assert after["speed_m_per_s"].tolist() == pytest.approx([2.5, 1.25, 0, 1.25, 2.5])


def test_the_ends_of_a_run_stay_where_they_are():
    path = [(0, 5.0, 0.0), (100, 1.0, 0.0), (200, 2.0, 0.0), (9000, 7.0, 0.0), (9100, 1.0, 0.0)]
    after = smooth_trajectories(walked(path), window="1s")
    assert [places(after)[place] for place in (0, 2, 3, 4)] == [5.0, 2.0, 7.0, 1.0]


WINDOWS = {"none": "0ms", "below twice the sampling": "199ms", "odd": "1ms"}


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS.keys())
def test_a_window_without_another_detection_changes_nothing(window):
    before = walked([(0, 0.0, 0.0), (100, 5.0, 3.0), (200, 1.0, 0.0), (300, 9.0, 9.0)])
    after = smooth_trajectories(before, window=window)
    assert not after["smoothed"].any()
    assert_frame_equal(after.drop(columns="smoothed"), before)


def test_who_is_not_located_is_not_located_by_smoothing():
    detections = make_detections({1: [(0, 0.1, 0.5), (100, 0.2, 0.5), (200, None, None)]})
    after = smooth_trajectories(compute_trajectories(detections, make_video()), window="1s")
    assert after["position_status"].tolist() == ["detected", "detected", "missing"]
    assert after["x_px"].isna().tolist() == [False, False, True]


def test_an_earlier_flag_is_kept():
    before = walked([(0, 0.0, 0.0), (100, 5.0, 0.0), (200, 1.0, 0.0)])
    twice = smooth_trajectories(smooth_trajectories(before), window="0s")
    assert twice["smoothed"].tolist() == [False, True, False]


PATHS = st.dictionaries(
    st.integers(0, 3),
    st.lists(
        st.tuples(st.integers(0, 9000), st.floats(-5, 5), st.floats(-5, 5)), unique_by=lambda row: row[0]
    ),
    max_size=3,
)


@given(PATHS, st.integers(0, 3000))
def test_presence_is_untouched(persons, window):
    before = compute_trajectories(make_points(persons), period="100ms")
    after = smooth_trajectories(before, window=f"{window}ms")
    assert_frame_equal(after[UNTOUCHED], before[UNTOUCHED])
    assert_frame_equal(compute_occupancy(after, make_video()), compute_occupancy(before, make_video()))
    assert compute_tracks(after)["time_in_scene"].equals(compute_tracks(before)["time_in_scene"])
    for axis in ("x_m", "y_m"):
        assert after[axis].abs().max() <= before[axis].abs().max() + 1e-9 or before.empty


@pytest.mark.parametrize("seed", range(4))
def test_the_mean_agrees_with_a_sum_over_milliseconds(seed):
    chance = np.random.default_rng(seed)
    path = [(int(t), *chance.random(2).tolist()) for t in np.cumsum(chance.integers(1, 300, 25))]
    after = smooth_trajectories(walked(path), window="500ms")
    expected = [naive_cleaning.smoothed(path, row[0], 250) for row in path]
    assert after[["x_m", "y_m"]].to_numpy() == pytest.approx(np.array(expected))


@pytest.mark.parametrize("options", [{"window": "-1s"}, {"speed_window": "1ms"}, {"window": "wide"}])
def test_a_window_that_cannot_be_is_refused(options):
    with pytest.raises(ParameterError, match="window must be"):
        smooth_trajectories(walked([(0, 0.0, 0.0)]), **options)


def test_flags_and_further_columns_are_carried():
    before = walked([(0, 0.0, 0.0), (100, 5.0, 0.0)]).assign(jump=[False, True], note=["a", "b"])
    after = smooth_trajectories(before.iloc[::-1])
    assert after["jump"].tolist() == [False, True]
    assert after["note"].tolist() == ["a", "b"]
    assert isinstance(after, pd.DataFrame)
