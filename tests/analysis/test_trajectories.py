"""Where people stood and how fast they were."""

import math

import naive
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video

from ptrack_analysis import Video, compute_tracks, compute_trajectories
from ptrack_analysis.errors import ParameterError, SchemaError


def places(trajectories):
    return [
        (round(x, 6), round(y, 6), str(located))
        for x, y, located in trajectories[["x_px", "y_px", "position_status"]].itertuples(index=False)
    ]


def test_a_person_stands_at_the_middle_of_the_lower_edge():
    detections = make_detections({0: [(0, 0.25, 0.5)]}, box=(0.1, 0.3))
    assert places(compute_trajectories(detections, make_video())) == [(250.0, 250.0, "detected")]


@pytest.mark.parametrize(
    ("anchor", "place"),
    [
        ("bottom_center", (250, 250)),
        ("center", (250, 150)),
        ("top_center", (250, 50)),
        ((0.0, 0.5), (200, 150)),
    ],
)
def test_another_point_of_the_box_can_be_chosen(anchor, place):
    detections = make_detections({0: [(0, 0.25, 0.5)]}, box=(0.1, 0.4))
    trajectories = compute_trajectories(detections, make_video(), anchor=anchor)
    assert trajectories[["x_px", "y_px"]].to_numpy()[0] == pytest.approx(place)


@pytest.mark.parametrize("anchor", ["foot", (1,), (0, math.nan)])
def test_an_unknown_anchor_is_refused(anchor):
    with pytest.raises(ParameterError, match="anchor must be"):
        compute_trajectories(make_detections({0: [(0, 0.5, 0.5)]}), make_video(), anchor=anchor)


@pytest.mark.parametrize(
    ("y", "inside"),
    [(1.0, True), (1 + 1e-6, True), (1 + 1.1e-6, False), (1 - 1e-9, True), (1.5, False)],
)
def test_a_point_on_the_lower_edge_or_a_hair_beyond_is_just_inside(y, inside):
    trajectories = compute_trajectories(make_detections({0: [(0, 0.5, y)]}), make_video())
    assert (trajectories["y_px"].iloc[0] < 500) == inside


def test_a_missing_box_is_interpolated_within_its_run():
    detections = make_detections({0: [(0, 0.1, 0.2), (300, None, None), (400, 0.5, 0.6)]})
    assert places(compute_trajectories(detections, make_video()))[1] == (400.0, 250.0, "interpolated")


UNLOCATED = {
    "before the first place": [(0, None, None), (100, 0.5, 0.5)],
    "after the last place": [(0, 0.5, 0.5), (100, None, None)],
    "across a gap": [(0, 0.5, 0.5), (100, None, None), (2101, 0.5, 0.5)],
    "alone": [(0, None, None)],
    "places too far apart in time": [
        (0, 0.5, 0.5),
        *((t, None, None) for t in (900, 1800)),
        (2001, 0.5, 0.5),
    ],
}


@pytest.mark.parametrize("path", UNLOCATED.values(), ids=UNLOCATED.keys())
def test_a_missing_box_without_places_around_it_stays_unlocated(path):
    trajectories = compute_trajectories(make_detections({0: path}), make_video(), period="40ms")
    missing = trajectories[[x is None for _, x, _ in path]]
    assert set(missing["position_status"]) == {"missing"}
    assert missing[["x_px", "y_px", "speed_px_per_s", "heading", "step_px"]].isna().all(axis=None)
    assert len(trajectories) == len(path)


def test_places_exactly_max_interpolation_apart_are_interpolated_between():
    detections = make_detections({0: [(0, 0.1, 0.1), (100, None, None), (500, 0.5, 0.5)]})
    for longest, located in (("500ms", "interpolated"), ("499ms", "missing"), ("0s", "missing")):
        trajectories = compute_trajectories(detections, make_video(), max_interpolation=longest)
        assert trajectories["position_status"].iloc[1] == located


def test_persons_are_never_interpolated_into_each_other():
    detections = make_detections({0: [(0, 0.1, 0.1), (100, None, None)], 1: [(200, 0.5, 0.5)]})
    assert compute_trajectories(detections, make_video())["position_status"].tolist() == [
        "detected",
        "missing",
        "detected",
    ]


def test_a_step_reaches_back_to_the_previous_place_of_the_run():
    path = [(0, 0.1, 0.5), (1000, None, None), (1900, None, None), (2100, 0.2, 0.5), (9000, 0.9, 0.5)]
    trajectories = compute_trajectories(make_detections({0: path}), make_video(), max_interpolation="1s")
    assert trajectories["step_px"].tolist() == pytest.approx(
        [math.nan, math.nan, math.nan, 100.0, math.nan], nan_ok=True
    )


def test_speed_is_measured_over_a_window_in_time_not_in_frames():
    times = [500, 567, 600, 700, 767, 900, 1000]
    detections = make_detections({0: [(t, 0.001 * t * 0.3, 0.5) for t in times]})
    trajectories = compute_trajectories(detections, make_video())
    assert trajectories["speed_px_per_s"].tolist() == pytest.approx([300.0] * len(times))
    assert trajectories["heading"].tolist() == pytest.approx([0.0] * len(times), abs=1e-9)


@pytest.mark.parametrize(
    ("dx", "dy", "heading"), [(1, 0, 0), (1, 1, 45), (0, 1, 90), (-1, 0, 180), (0, -1, 270), (1, -1, 315)]
)
def test_heading_is_0_towards_x_and_90_towards_y(dx, dy, heading):
    points = make_points({0: [(0, 0, 0), (250, dx, dy)]})
    assert compute_trajectories(points)["heading"].tolist() == pytest.approx([heading] * 2)


@pytest.mark.parametrize("away", [1.0, 1e-9, 1e6])
def test_who_is_where_she_was_has_no_heading_though_interpolation_rounds(away):
    """Half a second before and after, the person is a sixth of the way out: (1 - 500/600) and 100/600."""
    points = make_points({0: [(0, 0.0, 0.0), (600, away, 0.0), (1200, 0.0, 0.0), (1300, 0.0, 0.0)]})
    turned = compute_trajectories(points, speed_window="1s", smoothing="0ms").iloc[1]
    assert turned["speed_m_per_s"] == 0
    assert np.isnan(turned["heading"])


def test_who_is_back_between_two_rows_has_no_heading():
    way = [(0, 0.0), (300, 5.0), (700, 5.0), (800, 0.0), (1400, 2.0)]
    points = make_points({0: [(ms, x, 0.0) for ms, x in way]})
    turned = compute_trajectories(points, speed_window="1200ms", smoothing="0ms").iloc[2]
    assert turned["speed_m_per_s"] == 0
    assert np.isnan(turned["heading"])


def test_one_place_has_no_speed_and_a_standing_person_has_speed_zero_and_no_heading():
    points = make_points({0: [(0, 1, 1)], 1: [(0, 2, 2), (250, 2, 2)], 2: [(0, 2, 2), (249, 2, 2)]})
    trajectories = compute_trajectories(points)
    assert trajectories["speed_m_per_s"].tolist() == pytest.approx(
        [math.nan, 0, 0, math.nan, math.nan], nan_ok=True
    )
    assert trajectories["heading"].isna().all()


@pytest.mark.parametrize("seed", range(15))
def test_speed_and_places_equal_a_walk_over_the_rows(seed):
    chance = np.random.default_rng(seed)
    rows = {}
    for person in range(3):
        times = np.cumsum(chance.choice([33, 67, 100, 400, 900, 2500], 25))
        missing = chance.random(25) < 0.3
        rows[person] = [
            (int(t), None if gone else float(x), None if gone else float(y))
            for t, x, y, gone in zip(times, chance.random(25), chance.random(25), missing, strict=True)
        ]
    smoothing = int(chance.choice([0, 300, 500]))
    trajectories = compute_trajectories(
        make_detections(rows), make_video(), max_interpolation="500ms", smoothing=f"{smoothing}ms"
    )
    for person, path in rows.items():
        own = trajectories.loc[person]
        stretch, stretches = [], []
        for place, (time, row) in enumerate(zip(own.index, own.itertuples(), strict=True)):
            ms = int(time / np.timedelta64(1, "ms"))
            new_run = place > 0 and own["tracklet"].iloc[place] != own["tracklet"].iloc[place - 1]
            if stretch and (math.isnan(row.x_px) or new_run):
                stretches.append(stretch)
                stretch = []
            if not math.isnan(row.x_px):
                stretch.append((ms, row.x_px, row.y_px))
        stretches.append(stretch)
        expected = {
            node[0]: naive.speed(nodes, node[0], 250, smoothing // 2) for nodes in stretches for node in nodes
        }
        for (ms, _, _), row in zip(path, own.itertuples(), strict=True):
            vx, vy = expected.get(ms, (math.nan, math.nan))
            assert row.speed_px_per_s == pytest.approx(math.hypot(vx, vy), nan_ok=True, abs=1e-7)


@pytest.mark.parametrize("smoothing", [300, 500])
def test_speeds_along_a_long_tracklet_equal_those_by_the_definition(smoothing):
    chance = np.random.default_rng(3)
    paths = {}
    for person, step in enumerate([(40,), (33, 67, 100), (250, 251), (499, 501, 1000)]):
        times = np.cumsum(chance.choice(step, 300)) + int(chance.integers(0, 3_000_000))
        places = 5000 + np.cumsum(chance.normal(0, 0.05, (300, 2)), axis=0)
        paths[person] = [(int(t), float(x), float(y)) for t, (x, y) in zip(times, places, strict=True)]
    speeds = compute_trajectories(make_points(paths), smoothing=f"{smoothing}ms")["speed_m_per_s"]
    for person, path in paths.items():
        by_hand = [math.hypot(*naive.speed(path, time, 250, smoothing // 2)) for time, _, _ in path]
        assert speeds.loc[person].to_numpy() == pytest.approx(by_hand, nan_ok=True, rel=1e-9, abs=1e-9)


def test_a_track_sums_the_way_and_weights_the_speeds_by_held():
    path = [(0, 0.1, 0.5), (1000, 0.2, 0.5), (5000, 0.2, 0.9), (6000, 0.1, 0.9)]
    row = compute_tracks(compute_trajectories(make_detections({0: path}), make_video())).loc[0]
    assert row["path_length_px"] == pytest.approx(200)
    assert row["displacement_px"] == pytest.approx(200)
    assert row["mean_speed_px_per_s"] == pytest.approx(100)
    assert row[["start_x_px", "start_y_px", "end_x_px", "end_y_px"]].tolist() == pytest.approx(
        [100, 250, 100, 450]
    )


def test_tracks_of_the_unlocated_and_of_those_seen_once():
    detections = make_detections(
        {0: [(0, None, None)], 1: [(0, 0.5, 0.5)], 2: [(0, 0.5, 0.5), (250, 0.5, 0.5)]}
    )
    tracks = compute_tracks(compute_trajectories(detections, make_video()))
    assert tracks["path_length_px"].tolist() == pytest.approx([math.nan, 0, 0], nan_ok=True)
    assert tracks["mean_speed_px_per_s"].tolist() == pytest.approx([math.nan, math.nan, 0], nan_ok=True)
    assert tracks["start_x_px"].tolist() == pytest.approx([math.nan, 500, 500], nan_ok=True)


def test_further_columns_are_carried_along():
    detections = make_detections({1: [(0, 0.5, 0.5)], 0: [(0, 0.5, 0.5), (9, 0.5, 0.5)]}, faces=True)
    detections["color"] = ["a", "b", "c"]
    trajectories = compute_trajectories(detections, make_video())
    assert trajectories["color"].tolist() == ["a", "c", "b"]
    assert "face_left" not in trajectories


def test_without_a_frame_size_nothing_is_measured_in_px():
    with pytest.raises(ParameterError, match="video 'video' has no frame size"):
        compute_trajectories(make_detections({}), Video())


def test_points_enter_in_their_own_plane():
    points = make_points({4: [(0, 1.0, 2.0), (500, math.nan, math.nan), (1000, 3.0, 2.0)]})
    trajectories = compute_trajectories(points.iloc[::-1])
    assert trajectories["x_m"].tolist() == [1.0, 2.0, 3.0]
    assert trajectories["position_status"].tolist() == ["detected", "interpolated", "detected"]
    assert trajectories.index[0] == (4, pd.Timedelta(0))
    with pytest.raises(SchemaError, match="'x_px' or 'x_m'"):
        compute_trajectories(points.rename(columns={"x_m": "x", "y_m": "y"}))


def test_an_infinite_position_is_no_position():
    points = make_points({0: [(0, 1, 1), (100, math.inf, 1), (200, 3, 1)]})
    trajectories = compute_trajectories(points)
    assert trajectories["position_status"].tolist() == ["detected", "interpolated", "detected"]
    assert trajectories["x_m"].tolist() == [1, 2, 3]


def test_jitter_of_a_standing_person_adds_little_to_the_speed_and_a_walk_keeps_its_own():
    chance = np.random.default_rng(0)
    jitter = chance.normal(0, 0.05, (5000, 2))
    stand = [(40 * step, x, y) for step, (x, y) in enumerate(jitter)]
    walk = [(40 * step, 1.4 * 0.04 * step + x, y) for step, (x, y) in enumerate(jitter)]
    tracks = compute_tracks(compute_trajectories(make_points({0: stand, 1: walk})))
    raw = compute_tracks(compute_trajectories(make_points({0: stand}), smoothing="0ms"))
    assert tracks.loc[0, "mean_speed_m_per_s"] == pytest.approx(0.049, abs=0.01)
    assert tracks.loc[1, "mean_speed_m_per_s"] == pytest.approx(1.401, abs=0.005)
    assert raw.loc[0, "mean_speed_m_per_s"] > 0.1
