"""Who was near whom, and who moved together."""

import naive_crowd
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ptrack_analysis import compute_trajectories
from ptrack_analysis.analysis.crowd import encounters as neighbors
from ptrack_analysis.crowd import compute_encounters, detect_groups
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.schema import ENCOUNTERS, TRAJECTORIES, empty_table, validate


def walked(paths, unit="m", **options):
    return compute_trajectories(make_points(paths, unit), video=make_video(None), **options)


def stands(x, times, y=0.0):
    return [(1000 * time, x, y) for time in times]


def met(paths, **options):
    """Give (one, other, number, began, ended, duration) of each encounter, in seconds."""
    encounters = compute_encounters(walked(paths), **options)
    spans = encounters[["began", "ended", "duration"]] / pd.Timedelta("1s")
    return [(*key, *row) for key, row in zip(encounters.index, spans.to_numpy().tolist(), strict=True)]


CASES = {
    "side by side": ({1: stands(0, range(5)), 2: stands(1, range(5))}, [(1, 2, 1, 0, 5, 5)]),
    "exactly at the distance": ({1: stands(0, range(5)), 2: stands(1.5, range(5))}, [(1, 2, 1, 0, 5, 5)]),
    "a little farther": ({1: stands(0, range(5)), 2: stands(1.5001, range(5))}, []),
    "exactly long enough": ({1: stands(0, range(5)), 2: stands(1, range(3))}, [(1, 2, 1, 0, 3, 3)]),
    "too short": ({1: stands(0, range(5)), 2: stands(1, range(2))}, []),
    "at different times": ({1: stands(0, range(5)), 2: stands(0, range(5, 10))}, []),
    "the later one counts": ({1: stands(0, range(9)), 2: stands(1, range(4, 9))}, [(1, 2, 1, 4, 9, 5)]),
    "diagonally": ({1: stands(0, range(5)), 2: stands(1, range(5), 1.0)}, [(1, 2, 1, 0, 5, 5)]),
    "diagonally too far": ({1: stands(0, range(5)), 2: stands(1.2, range(5), 1.2)}, []),
    "three are three pairs": (
        {1: stands(0, range(4)), 2: stands(1, range(4)), 3: stands(0.5, range(4))},
        [(1, 2, 1, 0, 4, 4), (1, 3, 1, 0, 4, 4), (2, 3, 1, 0, 4, 4)],
    ),
    "a gap ends it": (
        {1: stands(0, range(12)), 2: stands(1, [0, 1, 2, 3, 8, 9, 10, 11])},
        [(1, 2, 1, 0, 4, 4), (1, 2, 2, 8, 12, 4)],
    ),
    "nobody": ({}, []),
    "one person": ({1: stands(0, range(5))}, []),
    "seen at one moment": ({1: stands(0, [0]), 2: stands(0, [0])}, []),
}


@pytest.mark.parametrize(("paths", "expected"), CASES.values(), ids=CASES.keys())
def test_pairs_that_are_near_for_long_enough(paths, expected):
    assert met(paths) == expected


def test_a_merge_gap_joins_what_is_at_most_so_long_apart():
    paths = {1: stands(0, range(12)), 2: stands(1, [0, 1, 2, 3, 8, 9, 10, 11])}
    assert met(paths, merge_gap="4s") == [(1, 2, 1, 0, 12, 8)]
    assert len(met(paths, merge_gap="3999ms")) == 2


def test_positions_between_detections_lie_on_the_straight_way():
    paths = {1: [(0, 0, 0), (1000, 4, 0)], 2: [(0, 0, 0), (500, 2, 0), (1000, 4, 0)]}
    assert met(paths, max_distance=0.01, min_duration="0s", period="100ms")[0][4] == 1.5


def test_nobody_is_met_while_not_located():
    lost = [(0, 0, 0), (1000, np.nan, np.nan), (2000, np.nan, np.nan), (3000, 0, 0)]
    trajectories = walked({1: stands(0, range(4)), 2: lost}, max_interpolation="0s")
    encounters = compute_encounters(trajectories, min_duration="0s")
    assert (encounters["duration"] / pd.Timedelta("1s")).tolist() == [1, 1]


NOWHERE = [(1000 * time, np.nan, np.nan) for time in range(5)]
FAR = stands(99, range(5))
PAIRS = {
    "the last person": ({0: FAR, 1: stands(0, range(5)), 2: stands(1, range(5)), 9: NOWHERE}, (1, 2)),
    "one between": ({0: FAR, 1: stands(0, range(5)), 2: NOWHERE, 9: stands(1, range(5))}, (1, 9)),
    "the first": ({0: NOWHERE, 1: FAR, 2: stands(0, range(5)), 9: stands(1, range(5))}, (2, 9)),
    "several of the last": (
        {0: FAR, 1: stands(0, range(5)), 2: stands(1, range(5)), 3: NOWHERE, 7: NOWHERE, 9: NOWHERE},
        (1, 2),
    ),
}


@pytest.mark.parametrize(("paths", "pair"), PAIRS.values(), ids=PAIRS.keys())
def test_who_is_never_located_does_not_change_who_met_whom(paths, pair):
    assert met(paths) == [(*pair, 1, 0, 5, 5)]


@pytest.mark.parametrize("period", [None, "1s"])
def test_at_one_moment_that_lasts_no_time_nobody_meets(period):
    """Nothing tells how long a moment lasts: there is one alone, and no frame rate."""
    points = make_points({1: stands(0, [3]), 2: stands(0, [3])})
    trajectories = compute_trajectories(points, video=make_video(None, frame_rate=None))
    assert trajectories["time_present"].max() == pd.Timedelta(0)
    encounters = compute_encounters(trajectories, min_duration="0s", period=period)
    validate(encounters, ENCOUNTERS)
    assert encounters.empty


def test_distances_and_places_are_means_over_time():
    encounter = compute_encounters(
        walked({1: stands(0, range(4)), 2: [(0, 1, 0), (1000, 0.5, 0), (2000, 0.5, 0), (3000, 0, 0)]})
    ).iloc[0]
    measured = encounter[["mean_distance_m", "min_distance_m", "x_m", "y_m", "extent_m"]]
    assert measured.tolist() == [0.5, 0.0, 0.25, 0.0, 0.5]


def test_the_distance_in_the_picture_must_be_given():
    with pytest.raises(ParameterError, match="max_distance is required in px"):
        compute_encounters(empty_table(TRAJECTORIES, unit="px"))
    encounters = compute_encounters(
        walked({1: stands(0, range(5)), 2: stands(9, range(5))}, "px"), max_distance=10
    )
    assert encounters["mean_distance_px"].tolist() == [9.0]


@pytest.mark.parametrize("distance", [0, -1, float("nan"), "1 m"])
def test_a_distance_that_is_none_is_refused_with_the_value(distance):
    with pytest.raises(ParameterError, match="max_distance must be"):
        compute_encounters(empty_table(TRAJECTORIES, unit="px"), max_distance=distance)


@pytest.mark.parametrize("option", ["min_duration", "merge_gap", "period"])
def test_a_time_that_is_none_is_refused_with_the_value(option):
    with pytest.raises(ParameterError, match=f"{option} must be a duration .*, got 'soon'"):
        compute_encounters(empty_table(TRAJECTORIES, unit="m"), **{option: "soon"})


def test_a_clock_that_stands_is_refused():
    with pytest.raises(ParameterError, match="period must be a duration above 0, got '0s'"):
        compute_encounters(empty_table(TRAJECTORIES, unit="m"), period="0s")


def test_an_endless_distance_finds_all_who_are_there_together():
    encounters = compute_encounters(
        walked({1: stands(0, range(4)), 2: stands(1e9, range(4))}), max_distance=float("inf")
    )
    assert len(encounters) == 1


def test_a_tiny_distance_in_a_wide_plane_is_found():
    paths = {1: stands(1e6, range(4)), 2: stands(1e6, range(4)), 3: stands(-1e6, range(4), 5e5)}
    assert [row[:2] for row in met(paths, max_distance=1e-9)] == [(1, 2)]


def random_paths(chance, *, persons=6, rows=15, size=4.0):
    paths = {}
    for person in chance.permutation(30)[:persons].tolist():
        times = np.cumsum(chance.choice([40, 100, 900, 2500], rows))
        places = chance.random((rows, 2)) * size
        places[chance.random(rows) < 0.15] = np.nan
        paths[person] = [(int(t), *place) for t, place in zip(times, places.tolist(), strict=True)]
    return paths


def rows_of(trajectories):
    result = {}
    for (person, time), row in trajectories.iterrows():
        place = (None, None) if np.isnan(row["x_m"]) else (row["x_m"], row["y_m"])
        held = int(row["time_present"] / pd.Timedelta("1ms"))
        result.setdefault(person, []).append((int(time / pd.Timedelta("1ms")), held, row["tracklet"], *place))
    return result


@pytest.mark.parametrize("seed", range(20))
def test_encounters_equal_a_loop_over_ticks_and_pairs(seed):
    chance = np.random.default_rng(seed)
    trajectories = walked(random_paths(chance), max_interpolation="1s")
    options = {
        "limit": float(chance.random() * 3 + 0.1),
        "shortest": int(chance.choice([0, 200, 800])),
        "gap": int(chance.choice([0, 300, 2000])),
        "period": int(chance.choice([33, 70, 400])),
    }
    found = compute_encounters(
        trajectories,
        max_distance=options["limit"],
        min_duration=f"{options['shortest']}ms",
        merge_gap=f"{options['gap']}ms",
        period=f"{options['period']}ms",
    )
    expected = naive_crowd.encounters(rows_of(trajectories), **options)
    keys = [(*pair, number + 1) for pair, rows in sorted(expected.items()) for number in range(len(rows))]
    assert found.index.tolist() == keys
    values = np.array([row for _, rows in sorted(expected.items()) for row in rows]).reshape(-1, 8)
    times = found[["began", "ended", "duration"]].to_numpy().astype("int64")
    assert (times == values[:, :3]).all()
    assert found.iloc[:, 3:].to_numpy() == pytest.approx(values[:, 3:], abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 40, 333, 5000]), st.floats(0.1, 9))
def test_encounters_are_never_longer_than_both_are_there(seed, period, limit):
    trajectories = walked(
        random_paths(np.random.default_rng(seed), persons=3, rows=8), max_interpolation="1s", period="100ms"
    )
    found = compute_encounters(trajectories, max_distance=limit, min_duration="0s", period=f"{period}ms")
    rows = rows_of(trajectories)
    near = found["duration"].groupby(level=["person_index", "other"]).sum()
    for (one, other), time in near.items():
        assert time / pd.Timedelta("1ms") <= naive_crowd.shared(rows, one, other)
    assert (found["duration"] <= found["ended"] - found["began"]).all()
    assert (found["min_distance_m"] <= found["mean_distance_m"] + 1e-9).all()
    assert (found["mean_distance_m"] <= limit + 1e-9).all()


def test_shifted_times_shift_encounters_and_nothing_else():
    paths = random_paths(np.random.default_rng(3))
    later = {person: [(time + 12_345, x, y) for time, x, y in path] for person, path in paths.items()}
    one, other = (compute_encounters(walked(each), min_duration="0s") for each in (paths, later))
    assert len(one)
    assert ((other["began"] - one["began"]) == pd.Timedelta("12345ms")).all()
    assert one["duration"].equals(other["duration"])


def goes(x, *, seconds=6, since=0, pace=1.0):
    return [(1000 * (since + time), x, pace * time) for time in range(seconds)]


def groups_of(paths, *, near=None, **options):
    trajectories = walked(paths)
    groups = detect_groups(compute_encounters(trajectories, **(near or {})), trajectories, **options)
    return dict(zip(groups.index, groups.itertuples(index=False, name=None), strict=True))


GROUPED = {
    "side by side": ({1: goes(0), 2: goes(1)}, {1: (1, 2), 2: (1, 2)}),
    "alone": ({1: goes(0), 2: goes(5)}, {1: (1, 1), 2: (2, 1)}),
    "standing together": ({1: goes(0, pace=0), 2: goes(1, pace=0)}, {1: (1, 1), 2: (2, 1)}),
    "linked through another": ({3: goes(2), 1: goes(0), 2: goes(1)}, {1: (1, 3), 2: (1, 3), 3: (1, 3)}),
    "two couples": (
        {1: goes(0), 2: goes(9), 3: goes(1), 4: goes(10)},
        {1: (1, 2), 2: (2, 2), 3: (1, 2), 4: (2, 2)},
    ),
    "one comes later": ({1: goes(0), 2: goes(1)[3:]}, {1: (1, 2), 2: (1, 2)}),
    "nobody": ({}, {}),
}


@pytest.mark.parametrize(("paths", "expected"), GROUPED.values(), ids=GROUPED.keys())
def test_groups_are_those_who_move_together(paths, expected):
    assert groups_of(paths) == expected


def test_half_of_the_common_time_is_enough_and_less_is_not():
    apart = [(1000 * time, 1.0 if time < 4 else 9.0, time) for time in range(8)]
    paths = {1: goes(0, seconds=8), 2: apart}
    assert groups_of(paths, min_share=0.5)[2] == (1, 2)
    assert groups_of(paths, min_share=0.501)[2] == (2, 1)


def test_those_who_only_stand_together_are_taken_if_no_way_is_asked_for():
    assert groups_of({1: goes(0, pace=0), 2: goes(1, pace=0)}, min_extent=0)[2] == (1, 2)


@pytest.mark.parametrize("share", [0, 1.5, float("nan"), "half"])
def test_a_share_out_of_range_is_refused_with_the_value(share):
    with pytest.raises(ParameterError, match=f"min_share .*{share!r}"):
        groups_of({1: goes(0)}, min_share=share)


@pytest.mark.parametrize("extent", [-1, float("nan"), "wide"])
def test_an_extent_out_of_range_is_refused_with_the_value(extent):
    with pytest.raises(ParameterError, match=f"min_extent must be .*, got {extent!r}"):
        groups_of({1: goes(0)}, min_extent=extent)


def test_in_the_picture_an_extent_must_be_given():
    with pytest.raises(ParameterError, match="min_extent is required in px"):
        detect_groups(empty_table(ENCOUNTERS, unit="px"), empty_table(TRAJECTORIES, unit="px"))


def test_tables_of_two_planes_are_refused():
    with pytest.raises(ParameterError, match="the encounters are in m, and the trajectories are in px"):
        detect_groups(empty_table(ENCOUNTERS, unit="m"), empty_table(TRAJECTORIES, unit="px"))


def test_encounters_of_another_video_are_refused():
    encounters = compute_encounters(walked({1: goes(0), 7: goes(1)}))
    with pytest.raises(ParameterError, match="person_index 7 of the encounters is not in the trajectories"):
        detect_groups(encounters, walked({1: goes(0), 2: goes(1)}))


@pytest.mark.parametrize("seed", range(10))
def test_groups_equal_a_loop_over_pairs(seed):
    chance = np.random.default_rng(seed)
    trajectories = walked(random_paths(chance, persons=8, rows=10))
    encounters = compute_encounters(trajectories, max_distance=2.0, min_duration="0s")
    groups = detect_groups(encounters, trajectories, min_share=0.3, min_extent=1.0)
    rows, links = rows_of(trajectories), []
    for pair, part in encounters.groupby(level=["person_index", "other"]):
        near = part["duration"].sum() / pd.Timedelta("1ms")
        if near >= 0.3 * naive_crowd.shared(rows, *pair) and part["extent_m"].max() >= 1.0:
            links.append(pair)
    found = dict(zip(groups.index, groups.itertuples(index=False, name=None), strict=True))
    assert found == naive_crowd.groups(sorted(rows), links)


@pytest.mark.parametrize(("name", "value"), [("_AT_ONCE", 3), ("_LARGEST", 10), ("_MOST_CELLS", 1)])
def test_how_the_search_is_cut_up_changes_nothing(monkeypatch, name, value):
    trajectories = walked(random_paths(np.random.default_rng(5), persons=9))
    options = {"max_distance": 1.2, "min_duration": "0s", "merge_gap": "100ms"}
    whole = compute_encounters(trajectories, **options)
    monkeypatch.setattr(neighbors, name, value)
    assert len(whole)
    assert_frame_equal(compute_encounters(trajectories, **options), whole)
