"""Which tracks are one person."""

import math
import tracemalloc

import naive_cleaning
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely.geometry import box

from ptrack_analysis import Video, Zone, compute_trajectories
from ptrack_analysis.analysis.cleaning import candidates as room
from ptrack_analysis.analysis.cleaning.candidates import (
    Bodies,
    PictureGround,
    fit_body_heights,
    whole_heights,
)
from ptrack_analysis.analysis.cleaning.stitching import cheapest, margins
from ptrack_analysis.cleaning import compute_stitches
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import POINTS, assemble


def walk(start, place, velocity=(0.0, 0.0), *, rows=11, step=100):
    """Walk evenly from a place, (ms, x, y)."""
    return [
        (start + n * step, place[0] + velocity[0] * n * step / 1000, place[1] + velocity[1] * n * step / 1000)
        for n in range(rows)
    ]


def stitches(tracks, **options):
    return compute_stitches(None, compute_trajectories(make_points(tracks), period="100ms"), **options)


def joins(tracks, **options):
    table = stitches(tracks, **options)
    return dict(zip(table.index.tolist(), table["after"].tolist(), strict=True))


STOOD = walk(0, (5.0, 5.0))
CASES = {
    "stands on": (walk(2000, (5.0, 5.0)), True),
    "exactly max_gap later": (walk(5000, (5.0, 5.0)), True),
    "one millisecond later": (walk(5001, (5.0, 5.0)), False),
    "at the moment of the end": (walk(1000, (5.0, 5.0)), False),
    "while the first is in sight": (walk(500, (5.0, 5.0)), False),
    "too far to walk": (walk(2000, (9.0, 5.0)), False),
    "farther than one drifts": (walk(2000, (7.0, 5.0)), False),
    "where one drifts": (walk(2000, (5.7, 5.0)), True),
    "seen once": (walk(2000, (5.0, 5.0), rows=1), True),
}


@pytest.mark.parametrize(("later", "joined"), CASES.values(), ids=CASES.keys())
def test_who_stands_on_is_joined(later, joined):
    assert joins({3: STOOD, 8: later}) == ({8: 3} if joined else {})


def test_who_walks_on_is_expected_where_the_walk_leads():
    ahead = {3: walk(0, (0.0, 0.0), (1.2, 0.0)), 8: walk(2000, (2.4, 0.0), (1.2, 0.0))}
    behind = {3: walk(0, (0.0, 0.0), (1.2, 0.0)), 8: walk(2000, (0.0, 0.0), (1.2, 0.0))}
    assert joins(ahead) == {8: 3}
    assert stitches(ahead)["distance_m"].item() < 0.4
    assert stitches(ahead)["speed_m_per_s"].item() == pytest.approx(1.2)
    assert joins(behind) == {}


def test_who_comes_back_the_way_another_left_is_another():
    left = walk(0, (0.0, 0.0), (1.0, 0.0))
    assert joins({3: left, 8: walk(1500, (1.0, 0.0), (-1.0, 0.0))}) == {}
    assert joins({3: left, 8: walk(1500, (1.0, 0.0), (-0.3, 0.0))}) == {8: 3}


def test_two_crossing_ways_are_told_apart_by_where_they_lead():
    tracks = {
        1: walk(0, (0.0, 1.5), (1.2, -0.9)),
        2: walk(0, (0.0, -1.5), (1.2, 0.9)),
        3: walk(2500, (3.0, -0.75), (1.2, -0.9)),
        4: walk(2500, (3.0, 0.75), (1.2, 0.9)),
    }
    assert joins(tracks) == {3: 1, 4: 2}


def test_two_who_fit_as_well_are_both_left_alone():
    assert joins({1: STOOD, 2: walk(2000, (4.9, 5.0)), 3: walk(2100, (5.1, 5.0))}) == {}
    assert joins({1: walk(0, (4.9, 5.0)), 2: walk(0, (5.1, 5.0)), 3: walk(2000, (5.0, 5.0))}) == {}


def test_with_no_margin_one_of_them_is_taken():
    tracks = {1: STOOD, 2: walk(2000, (4.9, 5.0)), 3: walk(2100, (5.2, 5.0))}
    assert joins(tracks, min_margin=0.0) == {2: 1}


def test_a_late_continuation_keeps_a_track_from_a_near_stranger():
    tracks = {1: STOOD, 2: walk(7000, (5.0, 5.0)), 3: walk(2000, (6.1, 5.0), rows=60)}
    assert joins({1: tracks[1], 3: tracks[3]}) == {3: 1}
    assert joins(tracks) == {}


def test_a_chain_is_merged_into_its_first():
    tracks = {30: STOOD, 20: walk(2000, (5.0, 5.0)), 10: walk(4000, (5.0, 5.0))}
    table = stitches(tracks)
    assert table.index.tolist() == [10, 20]
    assert table["after"].tolist() == [20, 30]
    assert table["merged_into"].tolist() == [30, 30]
    assert (table["gap"] == pd.Timedelta("1s")).all()


def test_who_ends_or_begins_in_a_door_has_left_or_come():
    tracks = {3: STOOD, 8: walk(2000, (5.0, 5.4))}
    assert joins(tracks, entrances=[Zone("shop", box(0, 0, 4, 4), "m")]) == {8: 3}
    assert joins(tracks, entrances=[Zone("end", box(4.9, 4.9, 5.1, 5.1), "m")]) == {}
    assert joins(tracks, entrances=[Zone("begin", box(4.9, 5.3, 5.1, 5.5), "m")]) == {}


def test_a_track_without_a_position_is_joined_to_nobody():
    detections = make_detections({1: [(0, None, None)], 2: [(500, None, None)], 3: [(900, 0.5, 0.5)]})
    video = make_video()
    assert compute_stitches(detections, compute_trajectories(detections, video), video).empty
    bare = make_detections({1: [(0, None, None)], 2: [(500, None, None)]})
    assert compute_stitches(bare, compute_trajectories(bare, video), video).empty


def test_the_gap_is_that_between_rows_even_where_these_have_no_box():
    early = [(0, 0.5, 0.5), (100, 0.5, 0.5), (600, None, None)]
    detections = make_detections({1: early, 2: [(1000, None, None), (1200, 0.5, 0.5), (1300, 0.5, 0.5)]})
    video = make_video()
    table = compute_stitches(detections, compute_trajectories(detections, video), video)
    assert table["gap"].tolist() == [pd.Timedelta("400ms")]
    assert table["distance_px"].tolist() == pytest.approx([0.0])


def tall(persons):
    """Make detections whose boxes have a height each: person -> (ms, x, y, height)."""
    detections = make_detections({person: [row[:3] for row in path] for person, path in persons.items()})
    height = {(person, row[0]): row[3] for person, path in persons.items() for row in path}
    tall = np.array([height[person, int(time / pd.Timedelta("1ms"))] for time, person in detections.index])
    bottom = detections["top"] + detections["height"]
    return detections.assign(top=bottom - tall, height=tall)


def standing(start, x, height):
    return [(start + 100 * n, x, 0.9, height) for n in range(11)]


HEIGHTS = {
    "the same": (0.4, True, 1.0),
    "a little taller": (0.42, True, 1.05),
    "a child": (0.3, False, 0.75),
    "unknown, cut by the picture": (0.9, True, math.nan),
}


@pytest.mark.parametrize(("height", "joined", "ratio"), HEIGHTS.values(), ids=HEIGHTS.keys())
def test_another_size_is_another_person(height, joined, ratio):
    detections = tall({1: standing(0, 0.5, 0.4), 2: standing(2000, 0.5, height)})
    video = make_video()
    table = compute_stitches(detections, compute_trajectories(detections, video), video)
    assert table.index.tolist() == ([2] if joined else [])
    if joined:
        assert table["size_ratio"].item() == pytest.approx(ratio, nan_ok=True)


def test_who_walks_away_gets_smaller_and_stays_the_same():
    path = [(100 * n, 0.5, 0.9 - 0.006 * n, 0.4 - 0.003 * n) for n in range(60)]
    detections = tall({1: path[:25], 2: path[35:]})
    video = make_video()
    table = compute_stitches(detections, compute_trajectories(detections, video), video)
    assert table["size_ratio"].tolist() == pytest.approx([1.0])


def test_renumbering_renames_and_nothing_else():
    chance = np.random.default_rng(5)
    tracks = {
        n: walk(int(chance.integers(0, 20_000)), chance.random(2) * 6, chance.normal(0, 0.7, 2))
        for n in range(40)
    }
    new = dict(zip(tracks, chance.permutation(1000)[:40].tolist(), strict=True))
    before, after = stitches(tracks), stitches({new[n]: track for n, track in tracks.items()})
    assert len(before) > 3
    renamed = before.rename(index=new).assign(
        **{name: before[name].map(new).to_numpy() for name in ("after", "merged_into")}
    )
    assert_frame_equal(after, renamed.sort_index())


@pytest.mark.parametrize("seed", range(6))
def test_the_joins_are_those_of_a_search_through_all_choices(seed, monkeypatch):
    """The road from points to joins against loops: costs, cheapest choice, margins."""
    monkeypatch.setattr(room, "_MOST_PAIRS", 5)
    chance = np.random.default_rng(seed)
    tracks = {
        n: walk(
            int(chance.integers(0, 9_000)),
            chance.random(2) * 3,
            chance.normal(0, 0.4, 2),
            rows=int(chance.integers(1, 14)),
        )
        for n in range(7)
    }
    costs = {
        (one, other): naive_cleaning.cost(tracks[one], tracks[other], max_gap=4.0)
        for one in tracks
        for other in tracks
        if one != other
    }
    pairs = {pair: cost for pair, cost in costs.items() if cost is not None and cost < 1}
    chosen = naive_cleaning.best_choice(pairs, 1.0)
    made = {
        after: before
        for before, after in chosen
        if naive_cleaning.margin(pairs, chosen, (before, after), 1.0) >= 0.2
        and tracks[after][0][0] - tracks[before][-1][0] <= 4000
    }
    table = stitches(tracks)
    assert dict(zip(table.index.tolist(), table["after"].tolist(), strict=True)) == made
    for after, cost in table["cost"].items():
        assert cost == pytest.approx(pairs[made[after], after])


def test_ten_thousand_tracks_are_joined_within_little_memory():
    """People who stand 20 m apart, each lost once: a matrix of all tracks would hold 800 MB."""
    count = 5_000
    place = np.column_stack([np.arange(count) % 70, np.arange(count) // 70]) * 20.0
    start = np.random.default_rng(3).integers(0, 100_000, count)
    time = np.concatenate([start, start + 2_000])[:, None] + np.arange(0, 500, 100)
    arrays = {
        "person_index": np.repeat(np.arange(2 * count), 5),
        "timestamp": time.ravel(),
        "x_{u}": np.repeat(np.tile(place[:, 0], 2), 5),
        "y_{u}": np.repeat(np.tile(place[:, 1], 2), 5),
    }
    trajectories = compute_trajectories(assemble(POINTS, arrays, unit="m"), period="100ms")
    tracemalloc.start()
    table = compute_stitches(None, trajectories)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table["after"].tolist() == list(range(count))
    assert table.index.tolist() == list(range(count, 2 * count))
    assert peak < 400e6


COSTS = st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.floats(0, 0.999), max_size=10)


@given(COSTS)
def test_the_choice_is_the_cheapest_of_all(pairs):
    keys = sorted(pairs)
    before, after = (np.array([key[side] for key in keys], dtype="int64") for side in (0, 1))
    cost = np.array([pairs[key] for key in keys])
    chosen = cheapest(before, after, cost, unmatched=1.0)
    best = naive_cleaning.best_choice(pairs, 1.0)
    found = {key for key, taken in zip(keys, chosen.tolist(), strict=True) if taken}
    assert sum(1 - pairs[key] for key in found) == pytest.approx(sum(1 - pairs[key] for key in best))
    assert len({one for one, _ in found}) == len({other for _, other in found}) == len(found)
    margin = margins(before, after, cost, chosen, unmatched=1.0)
    for key, value in zip(keys, margin.tolist(), strict=True):
        expected = naive_cleaning.margin(pairs, found, key, 1.0) if key in found else math.inf
        assert value == pytest.approx(expected)


def test_the_ground_is_learned_from_the_boxes():
    bottom = np.linspace(0.3, 0.95, 50)
    bodies = fit_body_heights(bottom - 0.4 * bottom, 0.4 * bottom)
    assert (bodies.at_top, bodies.growth) == pytest.approx((0.0, 0.4))
    ground = PictureGround(bodies, 1000, 500)
    places = ground.on_ground(np.array([[500.0, 250.0], [500.0 + 100 / 1.7, 250.0], [500.0, 500.0]]))
    assert places[1, 0] - places[0, 0] == pytest.approx(1.0)  # a body is 100 px there
    assert places[0, 1] == pytest.approx(2 * places[2, 1])  # half the height is twice the distance


def test_without_growth_the_ground_is_the_picture():
    for bodies in (
        fit_body_heights(np.full(9, 0.2), np.full(9, 0.34)),
        fit_body_heights(np.arange(9) / 20, 0.34 - np.arange(9) / 50),
    ):
        assert bodies.growth == 0
    ground = PictureGround(Bodies(0.34, 0.0, 0.3), 1000, 500)
    assert ground.on_ground(np.array([[500.0, 100.0]])).tolist() == pytest.approx(np.array([[0.0, 1.0]]))


@given(
    st.floats(-0.3, 0.2),
    st.one_of(st.just(0.0), st.floats(0.001, 0.9)),
    st.floats(0.15, 0.99),
    st.floats(0, 1),
)
def test_a_place_on_the_ground_is_found_again_in_the_picture(at_top, growth, y, x):
    bodies = Bodies(at_top if growth else 0.3, growth, 0.01)
    if bodies.usual(np.array([y]))[0] <= 0.01:
        return
    ground = PictureGround(bodies, 1280, 720)
    place = np.array([[x * 1280, y * 720]])
    assert ground.in_picture(ground.on_ground(place)) == pytest.approx(place, abs=1e-3)


def test_boxes_that_the_picture_cuts_tell_no_height():
    heights = whole_heights(np.array([0.1, 0.0, 0.5, np.nan, 0.3]), np.array([0.3, 0.3, 0.5, 0.2, -0.1]))
    assert np.isfinite(heights).tolist() == [True, False, False, False, False]


BAD = {
    "no gap": ({"max_gap": "0s"}, "max_gap must be a number above 0, got 0"),
    "no speed": ({"max_speed": 0}, "max_speed must be a number above 0, got 0"),
    "no ratio": ({"max_size_ratio": 1.0}, "max_size_ratio must be a number above 1, got 1.0"),
    "no number": ({"max_cost": "1"}, "max_cost must be a number above 0, got '1'"),
    "below 0": ({"min_margin": -0.1}, "min_margin must be a number of at least 0, got -0.1"),
    "not a number": ({"max_drift": math.nan}, "max_drift must be .*, got nan"),
    "two of them": (
        {"max_drift": 0, "max_speed": -1},
        "max_speed must be .*, got -1; max_drift must be .*, got 0",
    ),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD.keys())
def test_limits_that_cannot_be_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        stitches({1: STOOD}, **options)


def test_points_in_px_are_refused_because_nothing_tells_their_scale():
    trajectories = compute_trajectories(make_points({1: STOOD}, "px"), period="100ms")
    with pytest.raises(SchemaError, match="trajectories in px require detections"):
        compute_stitches(None, trajectories)


def test_a_picture_of_unknown_size_is_refused():
    detections = make_detections({1: [(0, 0.5, 0.5)]})
    with pytest.raises(ParameterError, match="has no frame size"):
        compute_stitches(detections, compute_trajectories(detections, make_video()), Video())


def test_trajectories_of_others_are_refused():
    trajectories = compute_trajectories(make_detections({1: [(0, 0.5, 0.5)]}), make_video())
    with pytest.raises(SchemaError, match="contain person 1 at 0 days 00:00:00, but the detections do not"):
        compute_stitches(make_detections({2: [(0, 0.5, 0.5)]}), trajectories, make_video())


def test_a_door_of_another_plane_is_refused():
    with pytest.raises(SchemaError, match="'exit' is in px"):
        stitches({1: STOOD}, entrances=[Zone("exit", box(0, 0, 1, 1), "px")])
