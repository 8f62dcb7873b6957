"""Stays in zones: the rule, case by case, and against a walk over the rows."""

import naive
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from ptrack_analysis import Line, Zone, compute_trajectories, compute_visits
from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError

LEFT = Zone("left", box(0, 0, 500, 500), "px")
RIGHT = Zone("right", box(500, 0, 1000, 500), "px")
IN, OUT, LOST = (0.25, 0.5), (0.75, 0.5), (None, None)


def visits_of(path, *, duration=100_000, merge_gap="0s", zones=(LEFT,)):
    detections = make_detections({0: [(time, *place) for time, place in path]})
    video = make_video(duration)
    trajectories = compute_trajectories(detections, video, period="100ms", max_interpolation="0s")
    trajectories = trajectories.assign(enters_frame=False, leaves_frame=False)  # jumps here are no walks
    visits = compute_visits(trajectories, list(zones), video, merge_gap=merge_gap, period="100ms")
    times = visits[["entered", "exited", "dwell"]].astype("int64").to_numpy().tolist()
    ends = visits[["entry", "exit", "detections"]].astype(object).to_numpy().tolist()
    return [(*time, *end) for time, end in zip(times, ends, strict=True)]


CASES = {
    "never inside": ([(5000, OUT), (5100, OUT)], []),
    "seen once": ([(5000, IN)], [(5000, 5100, 100, "appeared", "lost", 1)]),
    "seen once at the start": ([(100, IN)], [(100, 200, 100, "video_start", "lost", 1)]),
    "one millisecond after the first period": ([(101, IN)], [(101, 201, 100, "appeared", "lost", 1)]),
    "stays": ([(5000, IN), (5200, IN), (5300, IN)], [(5000, 5400, 400, "appeared", "lost", 3)]),
    "enters and leaves": (
        [(5000, OUT), (5200, IN), (5300, IN), (5700, OUT)],
        [(5200, 5700, 500, "crossed", "crossed", 2)],
    ),
    "returns": (
        [(0, IN), (100, OUT), (300, IN), (400, OUT)],
        [(0, 100, 100, "video_start", "crossed", 1), (300, 400, 100, "crossed", "crossed", 1)],
    ),
    "a gap of exactly max_gap": ([(5000, IN), (7000, IN)], [(5000, 7100, 2100, "appeared", "lost", 2)]),
    "one millisecond more": (
        [(5000, IN), (7001, IN)],
        [(5000, 5100, 100, "appeared", "lost", 1), (7001, 7101, 100, "appeared", "lost", 1)],
    ),
    "lost to sight inside": (
        [(5000, IN), (5100, LOST), (5300, IN)],
        [(5000, 5100, 100, "appeared", "lost", 1), (5300, 5400, 100, "appeared", "lost", 1)],
    ),
    "there at the end": ([(99_800, OUT), (99_900, IN)], [(99_900, 100_000, 100, "crossed", "video_end", 1)]),
    "vanishes within one period of the end": (
        [(99_800, IN)],
        [(99_800, 99_900, 100, "appeared", "video_end", 1)],
    ),
    "vanishes just before": ([(99_799, IN)], [(99_799, 99_899, 100, "appeared", "lost", 1)]),
    "an earlier detection elsewhere is no start": (
        [(0, LOST), (100, IN)],
        [(100, 200, 100, "appeared", "lost", 1)],
    ),
}


@pytest.mark.parametrize(("path", "expected"), CASES.values(), ids=CASES.keys())
def test_a_visit_runs_from_the_first_detection_inside_to_the_first_that_is_not(path, expected):
    assert visits_of(path) == expected


MERGED = {
    "an absence of exactly merge_gap": (
        [(5000, IN), (5100, OUT), (6100, IN)],
        "1s",
        [(5000, 6200, 200, "appeared", "lost", 2)],
    ),
    "one millisecond more": (
        [(5000, IN), (5100, OUT), (6101, IN)],
        "1s",
        [(5000, 5100, 100, "appeared", "crossed", 1), (6101, 6201, 100, "crossed", "lost", 1)],
    ),
    "across runs": ([(5000, IN), (9000, IN)], "4s", [(5000, 9100, 200, "appeared", "lost", 2)]),
    "three in a row": (
        [(5000, IN), (5100, OUT), (5200, IN), (5300, OUT), (5400, IN), (5500, OUT)],
        "100ms",
        [(5000, 5500, 300, "appeared", "crossed", 3)],
    ),
}


@pytest.mark.parametrize(("path", "merge_gap", "expected"), MERGED.values(), ids=MERGED.keys())
def test_visits_a_short_absence_apart_are_one(path, merge_gap, expected):
    assert visits_of(path, merge_gap=merge_gap) == expected


def test_the_end_unknown_is_the_last_moment_of_the_table():
    points = make_points({0: [(0, 1, 1), (100, 1, 1)], 1: [(0, 1, 1), (500, 1, 1), (600, 1, 1)]})
    visits = compute_visits(
        compute_trajectories(points, period="100ms"),
        [Zone("z", box(0, 0, 2, 2), "m")],
        make_video(None),
        period="100ms",
    )
    assert visits["exit"].tolist() == ["lost", "video_end"]


def test_a_point_on_an_edge_that_two_zones_share_is_in_one_of_them():
    detections = make_detections({0: [(0, 0.5, 0.5)]})
    visits = compute_visits(compute_trajectories(detections, make_video()), [LEFT, RIGHT], make_video())
    assert visits.index.tolist() == [("right", 0, 1)]


def test_zones_may_overlap_and_have_holes_and_parts():
    overlapping = Zone("overlapping", box(0, 0, 1000, 500), "px")
    ring = Zone(
        "ring", Polygon(box(0, 0, 500, 500).exterior.coords, [box(200, 200, 300, 300).exterior.coords]), "px"
    )
    parts = Zone("parts", MultiPolygon([box(0, 0, 100, 100), box(200, 200, 300, 300)]), "px")
    trajectories = compute_trajectories(make_detections({0: [(0, *IN)]}), make_video())
    visits = compute_visits(trajectories, [LEFT, overlapping, ring, parts], make_video())
    assert visits.index.get_level_values("zone").tolist() == ["left", "overlapping", "parts"]


def test_visits_are_numbered_for_each_person_and_zone():
    path = [(0, *IN), (100, *OUT), (200, *IN), (300, *OUT)]
    detections = make_detections({3: path, 5: path})
    visits = compute_visits(compute_trajectories(detections, make_video()), [RIGHT, LEFT], make_video())
    assert visits.index.tolist() == [
        (zone, person, visit) for zone in ("left", "right") for person in (3, 5) for visit in (1, 2)
    ]


def test_zones_of_another_plane_and_of_equal_names_are_refused():
    trajectories = compute_trajectories(make_detections({0: [(0, *IN)]}), make_video())
    with pytest.raises(SchemaError, match="zone 'floor' is in m, but the trajectories are in px"):
        compute_visits(trajectories, [Zone("floor", box(0, 0, 1, 1), "m")], make_video())
    with pytest.raises(ZoneError, match="the name 'left' occurs twice"):
        compute_visits(trajectories, [LEFT, LEFT], make_video())


@pytest.mark.parametrize("seed", range(25))
def test_visits_equal_a_walk_over_the_rows(seed):
    chance = np.random.default_rng(seed)
    persons = {}
    for person in range(3):
        times = np.cumsum(chance.choice([50, 100, 300, 2500], 40))
        kinds = chance.choice(3, 40, p=[0.5, 0.35, 0.15])
        persons[person] = [(int(t), *(IN, OUT, LOST)[kind]) for t, kind in zip(times, kinds, strict=True)]
    merge_gap = int(chance.choice([0, 300, 3000]))
    detections = make_detections(persons)
    last = max(time for path in persons.values() for time, *_ in path)
    duration = int(last + chance.integers(0, 200))
    video = make_video(duration)
    trajectories = compute_trajectories(detections, video, max_interpolation="0s")
    trajectories = trajectories.assign(enters_frame=False, leaves_frame=False)  # jumps here are no walks
    visits = compute_visits(trajectories, [LEFT], video, merge_gap=f"{merge_gap}ms")
    period = naive.lower_median_step([(one, time) for one, path in persons.items() for time, *_ in path])
    place = {(person, time): x for person, path in persons.items() for time, x, _ in path}
    rows = [
        (person, time, held, run, place[person, time] == IN[0], place[person, time] is not None)
        for person, time, held, run in naive.presence(list(place), max_gap=2000, period=period, end=duration)
    ]
    expected = naive.visits(rows, merge_gap=merge_gap, period=period, end=duration)
    got = visits.reset_index()
    assert got["person_index"].tolist() == [stay["person"] for stay in expected]
    for column in ("entered", "exited", "dwell"):
        assert got[column].astype("int64").tolist() == [stay[column] for stay in expected]
    for column in ("entry", "exit", "detections"):
        assert got[column].tolist() == [stay[column] for stay in expected]


def test_no_zones_and_nobody_are_ordinary():
    trajectories = compute_trajectories(make_detections({0: [(0, *IN)]}), make_video())
    assert compute_visits(trajectories, [], make_video()).empty
    nobody = compute_trajectories(make_detections({}), make_video())
    assert compute_visits(nobody, [LEFT, RIGHT], make_video()).empty
    assert compute_visits(nobody, [], make_video()).dtypes["dwell"] == "timedelta64[ms]"
    assert pd.api.types.is_integer_dtype(compute_visits(nobody, [LEFT], make_video())["detections"])


def test_the_period_follows_a_longer_max_gap():
    detections = make_detections({0: [(3000 * n, *IN) for n in range(5)]})
    video = make_video(15_000)
    trajectories = compute_trajectories(detections, video, max_gap="5s")
    visits = compute_visits(trajectories, [LEFT], video)
    assert visits[["entry", "exit"]].to_numpy().tolist() == [["video_start", "video_end"]]


def test_lines_are_no_zones():
    line = Line("door", LineString([(0, 0), (1, 1)]), "px")
    trajectories = compute_trajectories(make_detections({1: [(0, 0.5, 0.5)]}), make_video(1000))
    with pytest.raises(
        ParameterError, match=r"zones must be a list of zones, .* read_zones returns two lists"
    ):
        compute_visits(trajectories, [line], make_video(1000))


FOUND = {
    "the steps within runs": ([250, 450, 650, 850, 5000, 10_000, 15_000], "2s", "appeared"),
    "steps beyond the usual gap": ([2500, 5500, 8500], "4s", "video_start"),
    "no steps: one frame": ([41], "2s", "appeared"),
    "no steps, within one frame": ([40], "2s", "video_start"),
}


@pytest.mark.parametrize(("times", "max_gap", "entry"), FOUND.values(), ids=FOUND)
def test_a_period_that_is_not_given_is_found_in_the_trajectories(times, max_gap, entry):
    video = make_video(100_000)
    trajectories = compute_trajectories(
        make_detections({0: [(time, *IN) for time in times]}), video, max_gap=max_gap
    )
    assert compute_visits(trajectories, [LEFT], video)["entry"].iloc[0] == entry


def test_without_a_known_end_the_last_moment_is_the_end():
    detections = make_detections({0: [(9850, *IN)], 1: [(10_000, *IN)]})
    trajectories = compute_trajectories(detections, make_video(), period="100ms")
    visits = compute_visits(trajectories, [LEFT], make_video(), period="100ms")
    assert visits["exit"].tolist() == ["lost", "video_end"]


def test_a_wrong_period_is_named():
    trajectories = compute_trajectories(make_detections({0: [(0, *IN)]}), make_video())
    with pytest.raises(ParameterError, match=r"^period must be a duration .*, got 'soon'"):
        compute_visits(trajectories, [LEFT], make_video(), period="soon")


@pytest.mark.parametrize(("margin", "dwell"), [({}, 1), ({"margin": 0.25}, 1), ({"margin": 0.75}, 2)])
def test_half_a_metre_outside_is_outside_unless_a_margin_says_otherwise(margin, dwell):
    points = make_points({0: [(0, 1.0, 1.0), (1000, 2.5, 1.0), (2000, 5.0, 1.0)]})
    trajectories = compute_trajectories(points, period="1s")
    zone = Zone("shop", box(0, 0, 2, 2), "m")
    visits = compute_visits(trajectories, [zone], make_video(), period="1s", **margin)
    assert visits["dwell"].tolist() == [pd.Timedelta(dwell, "s")]
