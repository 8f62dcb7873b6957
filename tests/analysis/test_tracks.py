"""How far persons walked, without the jitter of standing; how straight, how far around."""

import contextlib
import math
import warnings

import naive_movement
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import example, given
from hypothesis import strategies as some
from shapely.geometry import box

from ptrack_analysis import (
    Video,
    Zone,
    compute_stops,
    compute_tracks,
    compute_trajectories,
    compute_visits,
    frames_to_timestamps,
    read_tracking,
)
from ptrack_analysis.cleaning import fill_gaps
from ptrack_analysis.errors import ParameterError, PtrackError, PtrackWarning
from ptrack_analysis.scene.floor_plan import fit_floor_plan

NAN = math.nan
MEASURES = ["path_length_smoothed_m", "walking", "straightness", "radius_of_gyration_m"]


def walk_of(path, **options):
    """Give way walked, time walking [ms], straightness and radius of one person, with a period of 1 s."""
    tracks = compute_tracks(
        compute_trajectories(make_points({0: path}), period="1s", max_gap="2s"), **options
    )
    way, time, straightness, radius = tracks.loc[0, MEASURES]
    return [way, time / pd.Timedelta("1ms"), straightness, radius]


def along(*places, start=0):
    """Give a path of a place a second."""
    return [(1000 * (start + n), float(x), 0.0) for n, x in enumerate(places)]


def about(*values):
    return pytest.approx(list(values), nan_ok=True, abs=1e-9)


PATHS = {
    "never located": ([(0, NAN, NAN)], [NAN, 0, NAN, NAN]),
    "seen once": ([(0, 5, 5)], [0, 0, NAN, 0]),
    "stands": (along(3, 3, 3), [0, 0, NAN, 0]),
    "walks straight": (along(0, 1, 2, 3, 4), [4, 4000, 1, math.sqrt(2)]),
    "walks just fast enough": ([(0, 0, 0), (1000, 0.2, 0)], [0.2, 1000, 1, 0.1]),
    "crawls": (along(0, 0.19, 0.38, 0.57), [0, 0, NAN, math.sqrt(5) / 2 * 0.19]),
    "a piece longer than a window needs more": ([(0, 0, 0), (1900, 0.37, 0)], [0, 0, NAN, None]),
    "a piece longer than a window": ([(0, 0, 0), (1900, 0.39, 0)], [0.39, 1900, 1, None]),
    "a moment, too short a way": ([(0, 0, 0), (100, 0.19, 0)], [0, 0, NAN, None]),
    "a moment, way enough": ([(0, 0, 0), (100, 0.21, 0)], [0.21, 100, 1, None]),
    "two runs, there and back": (
        [*along(0, 1, 2), *along(2, 1, 0, start=9)],
        [4, 4000, 1, math.sqrt(2 / 3)],
    ),
    "one run, there and back": (along(0, 1, 2, 1, 0), [3.5, 4000, 0, math.sqrt(0.56)]),
    "stands, then walks": (along(0, 0, 0, 1, 2), [1.875, 2000, 1, 0.8]),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS.keys())
def test_walking_is_what_is_not_standing(path, expected):
    found = walk_of(path)
    expected = [there if wanted is None else wanted for wanted, there in zip(expected, found, strict=True)]
    assert found == about(*expected)


@pytest.mark.filterwarnings("ignore:.*exceed max_gap:ptrack_analysis.errors.PtrackWarning")
def test_the_radius_weighs_each_position_by_the_time_held():
    assert walk_of([(0, 0, 0), (3000, 4, 0)], window="1s")[3] == 2.0
    trajectories = compute_trajectories(make_points({0: [(0, 0, 0), (1500, 4, 0)]}), period="500ms")
    assert compute_tracks(trajectories).loc[0, "radius_of_gyration_m"] == pytest.approx(
        math.sqrt(0.75 * 1 + 0.25 * 9)
    )


def test_positions_that_hold_no_time_weigh_the_same():
    trajectories = compute_trajectories(
        make_points({0: [(0, 0, 0), (5000, 2, 0)], 1: [(0, 0, 0)]}), period="0s"
    )
    assert compute_tracks(trajectories)["radius_of_gyration_m"].tolist() == [1.0, 0.0]


def test_who_is_not_located_for_a_while_walks_no_way_meanwhile():
    path = [(n * 1000, *((None, None) if n == 2 else (0.1 * n, 0.5))) for n in range(5)]
    trajectories = compute_trajectories(make_detections({0: path}), make_video(), max_interpolation="0s")
    track = compute_tracks(trajectories).loc[0]
    assert track["path_length_smoothed_px"] == pytest.approx(200)
    assert track["walking"] == pd.Timedelta("2s")


def speeds_of(table, unit):
    """Give mean and maximum speed by person, of a loop over the rows."""
    found = {}
    for person, own in table.groupby("person_index"):
        rows = [
            (row[f"speed_{unit}_per_s"], row["time_present"] / pd.Timedelta("1s"))
            for _, row in own.iterrows()
            if not math.isnan(row[f"speed_{unit}_per_s"])
        ]
        time = math.fsum(held for _, held in rows)
        mean = math.fsum(speed * held for speed, held in rows) / time if time else NAN
        if 2 * time < own["time_present"].dt.total_seconds().sum() - 1e-9:
            mean = NAN
        found[person] = mean, max((speed for speed, _ in rows), default=NAN)
    return found


def test_the_mean_speed_weights_the_windowed_speeds_by_the_time_held():
    """A zigzag: raw steps of 10 m/s, while the position moves at 1 m/s over the window of 500 ms."""
    path = [(0, 0, 0), (500, 1, 0), (1000, 2, 0), (1100, 1, 0), (1200, 2, 0), (3200, 2, 0)]
    trajectories = compute_trajectories(make_points({0: path}), period="500ms", max_gap="3s")
    track = compute_tracks(trajectories).loc[0]
    mean, most = speeds_of(trajectories, "m")[0]
    assert track["mean_speed_m_per_s"] == pytest.approx(mean)
    assert track["max_speed_m_per_s"] == most
    assert track["path_length_m"] / 3.2 > track["mean_speed_m_per_s"]


STEPS = some.tuples(some.integers(1, 3000), some.floats(-50, 50), some.floats(-50, 50), some.booleans())


@given(
    persons=some.lists(some.lists(STEPS, min_size=1, max_size=15), min_size=1, max_size=4),
    period=some.sampled_from(["0s", "40ms", "1s"]),
)
@example(persons=[[(100, 0.0, 0.0, True), *[(100, n % 2, 0.0, True) for n in range(20)]]], period="40ms")
@example(persons=[[(n % 7 + 1, 0.1 * n, 0.3 * n, True) for n in range(15)]], period="0s")
def test_the_mean_speed_is_never_above_the_maximum(persons, period):
    points = {}
    for person, steps in enumerate(persons):
        times = np.cumsum([step[0] for step in steps]).tolist()
        points[person] = [
            (time, *((x, y) if known else (NAN, NAN)))
            for time, (_, x, y, known) in zip(times, steps, strict=True)
        ]
    trajectories = compute_trajectories(make_points(points), period=period)
    tracks = compute_tracks(trajectories)
    mean, most = tracks["mean_speed_m_per_s"], tracks["max_speed_m_per_s"]
    assert ((mean <= most) | mean.isna()).all()
    assert not (most.isna() & mean.notna()).any()
    for person, (expected, maximum) in speeds_of(trajectories, "m").items():
        assert mean[person] == pytest.approx(expected, rel=1e-9, nan_ok=True)
        assert most[person] == pytest.approx(maximum, rel=0, nan_ok=True)


def read_all(folder):
    """Read each file below a folder that is one of tracking, with facts that its format may lack."""
    facts = Video(width=1920, height=1080, frame_rate=25.0)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        ignored = warnings.catch_warnings(action="ignore", category=PtrackWarning)
        with contextlib.suppress(PtrackError), ignored:
            yield compute_trajectories(*read_tracking(path, video=facts))


def test_in_every_real_file_no_mean_speed_is_above_the_maximum(real_data):
    rows = np.loadtxt(real_data / "pedpy" / "traj.txt")
    moments = frames_to_timestamps(rows[:, 1].astype("int64"), 16.0).astype("timedelta64[ms]")
    keys = [rows[:, 0].astype("int64"), moments]
    index = pd.MultiIndex.from_arrays(keys, names=["person_index", "timestamp"])
    points = pd.DataFrame({"x_m": rows[:, 2], "y_m": rows[:, 3]}, index=index)
    known = 0
    for trajectories in [compute_trajectories(points), *read_all(real_data)]:
        unit = "m" if "x_m" in trajectories else "px"
        mean, most = (compute_tracks(trajectories)[f"{name}_speed_{unit}_per_s"] for name in ("mean", "max"))
        assert ((mean <= most) | mean.isna()).all()
        known += most.notna().any()
    assert known >= 12


NOISE = {"1 % of the box": 0.01, "2 % of the box": 0.02}


def moments(chance, seconds):
    """Sample as the service does: uneven steps of 33 to 100 ms."""
    return np.cumsum(chance.choice([33, 67, 100], size=seconds * 1000 // 67, p=[0.04, 0.92, 0.04]))


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE.keys())
@pytest.mark.parametrize("seed", range(3))
def test_standing_for_ten_minutes_is_no_way_however_the_box_jitters(noise, seed):
    """Ten minutes beside a shelf; the box is 300 px high, or 1.7 m."""
    chance = np.random.default_rng(seed)
    times = moments(chance, 600)
    for unit, height in (("px", 300.0), ("m", 1.7)):
        jitter = chance.normal(0, noise * height, (len(times), 2))
        path = [(int(t), 500 + x, 300 + y) for t, (x, y) in zip(times, jitter, strict=True)]
        track = compute_tracks(compute_trajectories(make_points({0: path}, unit=unit))).loc[0]
        assert track[f"path_length_{unit}"] > 100 * height * noise * 60
        assert track[f"path_length_smoothed_{unit}"] <= 0.05 * height
        assert track["walking"] <= pd.Timedelta("2s")


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("seed", range(3))
def test_a_straight_walk_reads_its_length_within_five_percent(noise, seed):
    chance = np.random.default_rng(seed)
    times = moments(chance, 30)
    jitter = chance.normal(0, noise * 1.7, (len(times), 2))
    path = [(int(t), 1.2 * t / 1000 + x, y) for t, (x, y) in zip(times, jitter, strict=True)]
    way, time, straightness, _ = walk_of(path)
    true = 1.2 * (times[-1] - times[0]) / 1000
    assert way == pytest.approx(true, rel=0.05)
    assert time == times[-1] - times[0]
    assert 0.99 < straightness <= 1


def test_the_default_least_step_is_that_of_the_plane():
    slow = [(1000 * n, 0.25 * n, 0.0) for n in range(5)]
    assert walk_of(slow)[0] == pytest.approx(1.0)
    assert walk_of(slow, min_step=0.3)[0] == 0
    in_px = compute_tracks(compute_trajectories(make_points({0: slow}, unit="px")))
    assert in_px.loc[0, "path_length_smoothed_px"] == 0
    faster = [(1000 * n, 11.0 * n, 0.0) for n in range(5)]
    in_px = compute_tracks(compute_trajectories(make_points({0: faster}, unit="px")))
    assert in_px.loc[0, "path_length_smoothed_px"] == pytest.approx(44)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"window": "0s"}, "window must be at least 2 ms, got '0s'"),
        ({"window": "-1s"}, "window must be a duration .*, got '-1s'"),
        ({"min_step": 0}, "min_step must be a number above 0, got 0"),
        ({"min_step": NAN}, "min_step must be a number above 0, got nan"),
        ({"min_step": "far"}, "min_step must be a number above 0, got 'far'"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_value(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        walk_of([(0, 0, 0)], **options)


def test_a_window_that_cuts_the_ways_into_too_many_pieces_is_refused():
    points = make_points({0: [(0, 0, 0), (10**9, 1, 1)]})
    trajectories = compute_trajectories(points, max_gap="30D")
    with pytest.raises(ParameterError, match="window of 2 ms cuts the tracklets into 500000001 pieces"):
        compute_tracks(trajectories, window="2ms")


def wanderers(seed, persons=3, rows=40):
    chance = np.random.default_rng(seed)
    people = {}
    for person in range(persons):
        places = np.cumsum(chance.normal(0, chance.choice([0.02, 0.2]), (rows, 2)), axis=0)
        places[chance.random(rows) < 0.1] = NAN
        times = np.cumsum(chance.choice([33, 67, 100, 400, 2500], rows, p=[0.2, 0.4, 0.2, 0.15, 0.05]))
        people[person] = [(int(t), float(x), float(y)) for t, (x, y) in zip(times, places, strict=True)]
    return compute_trajectories(make_points(people), max_interpolation="200ms")


@pytest.mark.parametrize("seed", range(15))
def test_the_way_walked_equals_a_walk_over_the_rows(seed):
    trajectories = wanderers(seed)
    chance = np.random.default_rng(seed)
    window, least = int(chance.choice([50, 300, 1000])), float(chance.choice([0.02, 0.1, 0.2]))
    tracks = compute_tracks(trajectories, window=pd.Timedelta(window, "ms"), min_step=least)
    for person, own in trajectories.groupby(level="person_index"):
        times = own.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
        held = own["time_present"].to_numpy().astype("int64")
        rows = list(zip(times, own["x_m"], own["y_m"], held.tolist(), own["tracklet"], strict=True))
        way = time = 0.0
        runs = {run: np.zeros(2) for run in own["tracklet"]}
        for stretch in naive_movement.stretches(rows):
            walked = naive_movement.walked(naive_movement.nodes(stretch), window, least)
            way, time = way + walked[0], time + walked[1]
            runs[stretch[0][4]] += walked[2:]
        straight = sum(np.hypot(*each) for each in runs.values())
        places = own[["x_m", "y_m"]].to_numpy()
        here = ~np.isnan(places[:, 0])
        middle = np.average(places[here], axis=0, weights=held[here])
        radius = math.sqrt(np.average(((places[here] - middle) ** 2).sum(axis=1), weights=held[here]))
        track = tracks.loc[person]
        found = [*track[MEASURES[:1]], track["walking"] / pd.Timedelta("1ms"), *track[MEASURES[2:]]]
        assert found == pytest.approx([way, time, straight / way if way else NAN, radius], nan_ok=True)


@given(seed=some.integers(0, 10_000), angle=some.floats(0, 6.3), far=some.floats(-1e4, 1e4))
def test_turning_and_moving_the_floor_changes_no_measure(seed, angle, far):
    trajectories = wanderers(seed)
    turned = trajectories.copy()
    turned["x_m"] = math.cos(angle) * trajectories["x_m"] - math.sin(angle) * trajectories["y_m"] + far
    turned["y_m"] = math.sin(angle) * trajectories["x_m"] + math.cos(angle) * trajectories["y_m"] - far
    here, there = (compute_tracks(each, min_step=0.1)[MEASURES[2:]] for each in (trajectories, turned))
    np.testing.assert_allclose(here, there, atol=1e-6)


def test_a_selection_of_persons_is_measured_as_among_all():
    trajectories = wanderers(3, persons=5)
    everyone = compute_tracks(trajectories, min_step=0.1)
    for persons in ([4], [1, 3], [0, 2, 4]):
        chosen = trajectories[trajectories.index.get_level_values("person_index").isin(persons)]
        pd.testing.assert_frame_equal(compute_tracks(chosen, min_step=0.1), everyone.loc[persons])


@given(seed=some.integers(0, 10_000))
def test_straightness_is_from_0_to_1_and_walking_no_longer_than_the_dwell(seed):
    tracks = compute_tracks(wanderers(seed), min_step=0.05)
    assert tracks["straightness"].dropna().between(0, 1).all()
    assert (tracks["walking"] <= tracks["time_in_scene"]).all()
    assert (tracks["straightness"].isna() == (tracks["walking"] == pd.Timedelta(0))).all()


def test_on_a_floor_plan_it_is_measured_in_meters():
    floor = fit_floor_plan([(0, 0), (1, 0), (1, 1), (0, 1)], [(0, 0), (20, 0), (20, 10), (0, 10)])
    detections = make_detections({0: [(1000 * n, 0.1 * n, 0.5) for n in range(1, 6)]})
    track = compute_tracks(compute_trajectories(detections, make_video(), plane=floor)).loc[0]
    assert track["path_length_smoothed_m"] == pytest.approx(8)


def test_a_walk_at_the_very_threshold_is_walked_whoever_else_is_there():
    """A threshold on a rounded length would say now this, now that."""
    edge = [(100 * n, 0.02 * n, 0.0) for n in range(60)]
    stranger = [(100 * n, 1000.0 + n / 7, 3.3) for n in range(60)]
    alone, together = (
        compute_tracks(compute_trajectories(make_points(persons), period="100ms"))
        for persons in ({1: edge}, {0: stranger, 1: edge})
    )
    assert alone.loc[1, "walking"] == together.loc[1, "walking"] == pd.Timedelta("5.9s")


def test_rows_put_into_a_gap_are_no_detections():
    detections = make_detections({1: [(0, 0.2, 0.5), (100, 0.2, 0.5), (4100, 0.6, 0.5)]})
    filled = fill_gaps(detections, limit="5s", period="100ms")
    trajectories = compute_trajectories(filled, make_video(5000), period="100ms")
    assert len(trajectories) == 42
    assert compute_tracks(trajectories)["detections"].tolist() == [3]
    zone = Zone("all", box(0, 0, 1000, 500), "px")
    assert compute_visits(trajectories, [zone], make_video(5000))["detections"].tolist() == [3]
    assert compute_stops(trajectories, max_extent=900, min_duration="1s")["detections"].tolist() == [3]


def classified(classes):
    """Return trajectories of persons, each with the classes of its detections."""
    paths = {person: [(100 * k, 1.0, 1.0) for k in range(len(own))] for person, own in classes.items()}
    points = make_points(paths)
    names = [name for person in sorted(classes) for name in classes[person]]
    return compute_trajectories(points.assign(class_name=pd.array(names, dtype="str")))


def test_the_segment_of_a_person_is_the_most_frequent_class():
    tracks = compute_tracks(
        classified({1: ["car", "person", "person"], 2: ["car", "bike"], 3: [None, None, "car"], 4: [None]})
    )
    assert tracks["segment"].dropna().to_dict() == {1: "person", 2: "bike", 3: "car"}
    assert tracks["segment"].isna().tolist() == [False, False, False, True]


def test_persons_of_a_source_without_classes_have_no_segment():
    tracks = compute_tracks(compute_trajectories(make_points({1: [(0, 1.0, 1.0), (100, 1.0, 1.0)]})))
    assert tracks["segment"].isna().all()
