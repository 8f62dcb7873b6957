"""When and where persons stopped."""

import math
from itertools import combinations

import naive_movement
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as some

from ptrack_analysis import compute_stops, compute_trajectories
from ptrack_analysis.analysis.motion import stops as extents
from ptrack_analysis.errors import ParameterError, PtrackWarning

NAN = math.nan


def stopped(path, **options):
    """Give (entered, exited, detections) of the stops of one person, with a period of 1 s."""
    trajectories = at_rest(compute_trajectories(make_points({0: path}), period="1s"))
    return found_in(compute_stops(trajectories, **{"min_duration": "3s", **options}))


def found_in(stops):
    columns = (
        stops[name].to_numpy().astype("int64").tolist() for name in ("entered", "exited", "detections")
    )
    return list(zip(*columns, strict=True))


def standing(start, seconds, x=0.0, y=0.0):
    return [(1000 * (start + n), x, y) for n in range(seconds)]


def walking(start, seconds, x=0.0):
    return [(1000 * (start + n), x + 2.0 * n, 0.0) for n in range(seconds)]


def at_rest(trajectories):
    """Give the trajectories with speeds of 0, so that the search for stops alone decides."""
    return trajectories.assign(speed_m_per_s=0.0)


PATHS = {
    "never stops": (walking(0, 9), []),
    "seen once": ([(0, 0, 0)], []),
    "exactly long enough": (standing(0, 3), [(0, 3000, 3)]),
    "one second short": (standing(0, 2), []),
    "stands throughout": (standing(0, 30), [(0, 30_000, 30)]),
    "walks up, stands, walks on": (
        [*walking(0, 3), *standing(3, 4, 6.0), *walking(7, 3, 8.0)],
        [(3000, 7000, 4)],
    ),
    "stands at two places": ([*standing(0, 4), *standing(4, 5, 3.0)], [(0, 4000, 4), (4000, 9000, 5)]),
    "returns to its place": (
        [*standing(0, 3), (3000, 9, 9), *standing(4, 3)],
        [(0, 3000, 3), (4000, 7000, 3)],
    ),
    "never located": ([(n * 1000, NAN, NAN) for n in range(9)], []),
    "just within the extent": ([(0, 0, 0), (1000, 1.0, 0), (2000, 0, 0)], [(0, 3000, 3)]),
    "just beyond the extent": ([(0, 0, 0), (1000, 1.0001, 0), (2000, 0, 0)], []),
    "just within it downwards": ([(0, 5, 0), (1000, 5, 1.0), (2000, 5, 0)], [(0, 3000, 3)]),
    "drifts slowly": ([(1000 * n, 0.25 * n, 0) for n in range(10)], [(0, 5000, 5), (5000, 10_000, 5)]),
    "a gap ends a stop": (
        [*standing(0, 4), *standing(7, 4)],
        [(0, 4000, 4), (7000, 11_000, 4)],
    ),
    "a gap between two that are too short": ([*standing(0, 2), *standing(5, 2)], []),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS.keys())
def test_a_stop_is_long_enough_within_a_small_place(path, expected):
    assert stopped(path) == expected


def test_no_stop_lies_across_a_hole():
    """Two detections ten minutes apart are no stop of ten minutes."""
    path = [(start + t, 0, 0) for start in (0, 600_000) for t in (0, 1000, 2000)]
    assert stopped(path) == [(0, 3000, 3), (600_000, 603_000, 3)]
    assert stopped(path, min_duration="3001ms") == []


def test_a_row_that_is_not_located_ends_a_stop():
    path = [(n * 1000, *((None, None) if n == 4 else (0.5, 0.5))) for n in range(9)]
    trajectories = compute_trajectories(make_detections({0: path}), make_video(), max_interpolation="0s")
    stops = compute_stops(trajectories, max_extent=10, min_duration="3s")
    assert found_in(stops) == [(0, 4000, 4), (5000, 9000, 4)]


def test_the_cadence_of_the_samples_changes_nothing():
    even = [(t, 0.0, 0.0) for t in range(0, 6001, 500)]
    uneven = [(t, 0.0, 0.0) for t in (0, 33, 100, 166, 1766, 2000, 2033, 3900, 5000, 6000)]
    for path in (even, uneven):
        ((entered, exited, _),) = stopped(path)
        assert (entered, exited) == (0, 7000)


def test_the_place_of_a_stop_weighs_each_position_by_the_time_held():
    path = [(0, 0.0, 0.0), (1000, 0.9, 0.3), (1100, 0.0, 0.0), (3000, 0.0, 0.0)]
    trajectories = at_rest(compute_trajectories(make_points({0: path}), period="1s"))
    stop = compute_stops(trajectories, min_duration="3s").loc[(0, 1)]
    assert stop["duration"] == pd.Timedelta("4s")
    assert stop[["x_m", "y_m"]].tolist() == pytest.approx([0.9 * 100 / 4000, 0.3 * 100 / 4000])


def test_stops_are_counted_from_one_for_each_person():
    persons = {
        5: [*standing(0, 4), *standing(4, 5, 3.0)],
        2: standing(0, 9),
        7: walking(0, 9),
        1: [(0, 0, 0)],
    }
    stops = compute_stops(at_rest(compute_trajectories(make_points(persons), period="1s")), min_duration="3s")
    assert stops.index.tolist() == [(2, 1), (5, 1), (5, 2)]


def test_a_selection_of_persons_stops_as_among_all():
    persons = {5: standing(0, 4), 2: standing(0, 9), 7: [*standing(0, 4), *standing(4, 5, 3.0)]}
    trajectories = at_rest(compute_trajectories(make_points(persons), period="1s"))
    everyone = compute_stops(trajectories, min_duration="3s")
    pd.testing.assert_frame_equal(
        compute_stops(trajectories.loc[[5, 7]], min_duration="3s"), everyone.loc[[5, 7]]
    )


def test_in_the_picture_the_extent_must_be_given():
    trajectories = compute_trajectories(make_detections({0: [(0, 0.5, 0.5)]}), make_video())
    with pytest.raises(ParameterError, match="max_extent is required in px"):
        compute_stops(trajectories)
    assert compute_stops(trajectories, max_extent=20).empty


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_extent": 0}, "max_extent must be a number above 0, got 0"),
        ({"max_extent": -1.5}, "max_extent must be a number above 0, got -1.5"),
        ({"max_extent": NAN}, "max_extent must be a number above 0, got nan"),
        ({"max_extent": "1 m"}, "max_extent must be a number above 0, got '1 m'"),
        ({"min_duration": "0s"}, "min_duration must be longer than 0, got '0s'"),
        ({"min_duration": "-5s"}, "min_duration must be a duration .*, got '-5s'"),
        ({"min_duration": None}, "min_duration must be a duration .*, got None"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_value(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        stopped([(0, 0, 0)], **options)


def loiterers(seed, persons=4, rows=60):
    """Make persons who walk, linger and vanish for a while, at random."""
    chance = np.random.default_rng(seed)
    people = {}
    for person in range(persons):
        speed = np.repeat(chance.choice([0.0, 0.02, 0.5], rows // 10), 10)
        steps = chance.normal(0, 1, (rows, 2)) * speed[:, None] + chance.normal(0, 0.01, (rows, 2))
        places = np.cumsum(steps, axis=0)
        places[chance.random(rows) < 0.03] = NAN
        times = np.cumsum(chance.choice([33, 67, 100, 400, 2500], rows, p=[0.2, 0.4, 0.2, 0.17, 0.03]))
        people[person] = [(int(t), float(x), float(y)) for t, (x, y) in zip(times, places, strict=True)]
    return compute_trajectories(make_points(people), max_interpolation="100ms")


@pytest.mark.parametrize("block", [1, 100, 131_072])
@pytest.mark.parametrize("seed", range(10))
def test_stops_equal_a_walk_over_the_rows(seed, block, monkeypatch):
    monkeypatch.setattr(extents, "_BLOCK", block)
    trajectories = loiterers(seed)
    chance = np.random.default_rng(seed)
    limit, shortest = float(chance.choice([0.05, 0.2, 1.0])), int(chance.choice([100, 500, 2000]))
    stops = compute_stops(trajectories, max_extent=limit, min_duration=pd.Timedelta(shortest, "ms"))
    expected = []
    for person, own in trajectories.groupby(level="person_index"):
        times = own.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
        held = own["time_present"].to_numpy().astype("int64").tolist()
        columns = own["x_m"], own["y_m"], held, own["tracklet"], own["speed_m_per_s"]
        rows = list(zip(times, *columns, strict=True))
        for stretch in naive_movement.stretches(rows):
            stands = naive_movement.standing([row[5] for row in stretch], limit)
            parts = [stretch[first : last + 1] for first, last in stands]
            for part in [
                stood[first : last + 1]
                for stood in parts
                for first, last in naive_movement.stops(stood, limit, shortest)
            ]:
                dwell = sum(row[3] for row in part)
                x = sum(row[1] * row[3] for row in part) / dwell
                reach = naive_movement.extent([row[1:3] for row in part])
                expected.append((person, part[0][0], part[-1][0] + part[-1][3], dwell, x, reach, len(part)))
    found = stops.reset_index()
    for name in ("entered", "exited", "duration"):
        found[name] = found[name].to_numpy().astype("int64")
    names = ["person_index", "entered", "exited", "duration", "x_m", "extent_m", "detections"]
    assert len(found) == len(expected)
    if expected:
        np.testing.assert_allclose(found[names].to_numpy(dtype="float64"), np.array(expected), atol=1e-9)


@given(some.lists(some.tuples(some.floats(-50, 50), some.floats(-50, 50)), min_size=2, max_size=25))
def test_an_extent_is_the_diameter_but_for_half_a_percent(points):
    x, y = (np.array(values) for values in zip(*points, strict=True))
    (extent,) = extents.widths(x, y, np.array([0]), np.array([len(x) - 1]))
    diameter = max(math.dist(a, b) for a, b in combinations(points, 2))
    assert extent <= diameter + 1e-9
    assert diameter <= extent / math.cos(math.pi / 2 / extents.DIRECTIONS) + 1e-9


@given(
    seed=some.integers(0, 10_000),
    limit=some.sampled_from([0.05, 0.3, 2.0]),
    shortest=some.sampled_from(["100ms", "1s", "4s"]),
)
def test_stops_of_a_person_do_not_overlap_are_long_enough_and_small_enough(seed, limit, shortest):
    stops = compute_stops(loiterers(seed), max_extent=limit, min_duration=shortest)
    assert (stops["extent_m"] <= limit + 1e-9).all()
    assert (stops["duration"] >= pd.Timedelta(shortest)).all()
    assert (stops["exited"] - stops["entered"] == stops["duration"]).all()
    earlier = stops["exited"].groupby(level="person_index").shift()
    assert (stops["entered"] >= earlier)[earlier.notna()].all()


def test_ten_thousand_stops_of_one_person_are_found():
    path = [(500 * n, 3.0 * (n // 10), 0.0) for n in range(100_000)]
    stops = compute_stops(at_rest(compute_trajectories(make_points({0: path}))))
    assert len(stops) == 10_000
    assert (stops["duration"] == pd.Timedelta("5s")).all()
    assert stops["x_m"].to_numpy() == pytest.approx(3.0 * np.arange(10_000))


@pytest.mark.parametrize("jitter", [0.005, 0.02, 0.05])
def test_a_stop_between_two_walks_is_found_once_and_holds_no_walking(jitter):
    chance = np.random.default_rng(3)
    time = np.arange(0, 30_000, 40)
    x = 1.4 * (np.minimum(time, 10_000) + np.maximum(time - 20_000, 0)) / 1000
    noise = chance.normal(0, jitter, (2, len(time)))
    path = list(zip(time.tolist(), x + noise[0], noise[1], strict=True))
    trajectories = compute_trajectories(make_points({0: path}))
    ((entered, exited, _),) = found_in(compute_stops(trajectories))
    assert abs(entered - 10_000) <= 500
    assert abs(exited - 20_000) <= 500
    own = trajectories.loc[0]
    inside = own[(own.index >= pd.Timedelta(entered, "ms")) & (own.index < pd.Timedelta(exited, "ms"))]
    assert (inside["speed_m_per_s"] > 0.5).mean() < 0.01


def test_who_walks_slowly_never_stops_though_the_extent_would_allow_it():
    path = [(100 * step, 0.06 * step, 0.0) for step in range(200)]
    assert compute_stops(compute_trajectories(make_points({0: path})), min_duration="1s").empty


def test_a_sampling_period_above_1_s_is_warned_of():
    for step, period in ((1000, None), (1001, "1001 ms")):
        points = make_points({person: [(t, 1, 1) for t in range(0, 20 * step, step)] for person in (1, 2)})
        trajectories = compute_trajectories(points)
        if period is None:
            assert len(compute_stops(trajectories)) == 2
        else:
            with pytest.warns(PtrackWarning, match=f"sampling period of {period} is too long to find stops"):
                compute_stops(trajectories)
