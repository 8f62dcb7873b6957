"""Jumps flagged and repaired."""

import naive_cleaning
import numpy as np
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ptrack_analysis import compute_tracks, compute_trajectories
from ptrack_analysis.cleaning import flag_jumps, repair_jumps
from ptrack_analysis.errors import ParameterError, SchemaError


def at(places, step=1000):
    """Stand at these places, one after the other, a second apart."""
    return compute_trajectories(
        make_points({1: [(place * step, float(x), 0.0) for place, x in enumerate(places)]}), period="1s"
    )


CASES = {
    "nobody": ([], []),
    "seen once": ([0], []),
    "one away and back": ([0, 1, 9, 3, 4], [2]),
    "several away and back": ([0, 1, 2, 20, 21, 20, 6, 7, 8], [3, 4, 5]),
    "away and not back": ([0, 1, 9, 10], []),
    "the first": ([9, 0, 1, 2], []),
    "the last": ([0, 1, 2, 9], []),
    "exactly the largest speed": ([0, 3, 6], []),
    "two apart": ([0, 1, 9, 2, 8, 3, 4], [2, 4]),
    "away longer than before": ([0, 9, 9, 3, 4], []),
    "two different places away": ([0, 0, 9, 20, 0, 0], []),
    "as long away as before and after": ([0, 0, 9, 9, 0, 0], [2, 3]),
    "alternating": ([0, 9, 0, 9, 0, 9, 0], [1, 3, 5]),
    "a jump within a jump": ([0, 0, 0, 9, 30, 9, 0, 0, 0], [3, 4, 5]),
    "back too far": ([0, 0, 9, 16, 16], []),
}


@pytest.mark.parametrize(("places", "jumps"), CASES.values(), ids=CASES.keys())
def test_a_position_is_a_jump_if_it_cannot_be_walked_to_and_back_from(places, jumps):
    flagged = flag_jumps(at(places), max_speed=3.0)
    assert np.flatnonzero(flagged["jump"]).tolist() == jumps


def test_nothing_but_the_flag_changes():
    before = at([0, 1, 9, 3, 4])
    assert_frame_equal(flag_jumps(before, max_speed=3.0).drop(columns="jump"), before)


def test_a_run_is_not_compared_with_the_next():
    points = make_points({1: [(0, 0.0, 0.0), (2500, 90.0, 0.0), (5000, 0.0, 0.0)], 2: [(0, 90.0, 0.0)]})
    trajectories = compute_trajectories(points, period="500ms", max_gap="2s")
    assert not flag_jumps(trajectories, max_speed=3.0)["jump"].any()


def test_positions_interpolated_from_a_jump_are_flagged_with_it():
    path = [
        (0, 0.1, 0.5),
        (500, 0.1, 0.5),
        (600, 0.9, 0.5),
        (900, None, None),
        (1200, 0.1, 0.5),
        (1300, 0.1, 0.5),
    ]
    trajectories = compute_trajectories(make_detections({1: path}), make_video())
    flagged = flag_jumps(trajectories, max_speed=300.0)
    assert flagged["jump"].tolist() == [False, False, True, True, False, False]
    repaired = repair_jumps(flagged)
    assert repaired["x_px"].tolist() == pytest.approx([100.0] * 6)
    assert repaired["position_status"].tolist() == [
        "detected",
        "detected",
        "interpolated",
        "interpolated",
        "detected",
        "detected",
    ]


def test_a_repaired_position_lies_between_its_neighbors():
    repaired = repair_jumps(flag_jumps(at([0, 1, 9, 3, 4]), max_speed=3.0))
    assert repaired["x_m"].tolist() == [0, 1, 2, 3, 4]
    assert repaired["position_status"].tolist() == [
        "detected",
        "detected",
        "interpolated",
        "detected",
        "detected",
    ]
    assert repaired["step_m"].tolist()[1:] == [1, 1, 1, 1]
    assert repaired["speed_m_per_s"].tolist() == pytest.approx([1.0] * 5)
    assert repaired["jump"].tolist() == [False, False, True, False, False]


def test_a_position_without_near_neighbors_is_given_up():
    repaired = repair_jumps(flag_jumps(at([0, 1, 9, 3, 4]), max_speed=3.0), max_interpolation="1999ms")
    assert repaired["position_status"].tolist() == ["detected", "detected", "missing", "detected", "detected"]
    assert repaired["x_m"].isna().tolist() == [False, False, True, False, False]


def test_a_flag_set_by_hand_at_an_end_gives_the_position_up():
    repaired = repair_jumps(at([9, 0, 1]).assign(jump=[True, False, False]))
    assert repaired["position_status"].tolist() == ["missing", "detected", "detected"]


def test_a_walk_without_jumps_stays_what_it_is():
    before = flag_jumps(at([0, 1, 2, 3]), max_speed=3.0)
    assert_frame_equal(repair_jumps(before), before)


PLACES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 8.0, 9.0, 30.0]), max_size=25)


@given(PLACES)
def test_the_kernel_agrees_with_a_loop(places):
    expected = naive_cleaning.away([(place * 1000, x, 0.0) for place, x in enumerate(places)], 3.0)
    assert set(np.flatnonzero(flag_jumps(at(places), max_speed=3.0)["jump"])) == expected


@given(PLACES)
def test_repairing_changes_nobodys_time_in_the_scene(places):
    before = at(places)
    after = repair_jumps(flag_jumps(before, max_speed=3.0))
    assert_frame_equal(after[["time_present", "tracklet"]], before[["time_present", "tracklet"]])
    assert compute_tracks(after)["time_in_scene"].equals(compute_tracks(before)["time_in_scene"])


@pytest.mark.parametrize("speed", [0, -1.0, np.inf, np.nan, "fast", None])
def test_a_speed_that_cannot_be_is_refused(speed):
    with pytest.raises(ParameterError, match=r"max_speed must be above 0 \[m per second\]"):
        flag_jumps(at([0, 1]), max_speed=speed)


def test_repairing_what_was_never_flagged_is_refused():
    with pytest.raises(SchemaError, match="column 'jump' is missing"):
        repair_jumps(at([0, 1]))
