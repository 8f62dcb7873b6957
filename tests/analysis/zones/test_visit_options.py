"""When a zone holds, and what counts as a stay about a border: case by case, and against a walk."""

import naive
import naive_zones
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from pandas.testing import assert_frame_equal
from shapely.geometry import MultiPolygon, Polygon, box

from ptrack_analysis import Zone, compute_occupancy, compute_trajectories, compute_visits
from ptrack_analysis.errors import ParameterError, ZoneError

LEFT = box(0, 0, 500, 500)
IN, OUT = 250, 750


def ms(value):
    return None if value is None else pd.Timedelta(np.timedelta64(value, "ms"))


def zone(outline=LEFT, start=None, end=None, name="left"):
    return Zone(name, outline, "px", start=ms(start), end=ms(end))


def walk_along(path, y=250):
    """Make trajectories of one person: (ms, x), or (ms, x, y); sampled every 100 ms."""
    points = make_points({0: [(*step, y)[:3] for step in path]}, unit="px")
    return compute_trajectories(points, video=make_video(100_000), period="100ms", max_interpolation="0s")


def visits_of(trajectories, zones, *, end=100_000, **options):
    video = make_video(end)
    visits = compute_visits(trajectories, zones, video, period="100ms", **options)
    times = visits[["entered", "exited", "dwell"]].astype("int64").to_numpy().tolist()
    ends = visits[["entry", "exit", "detections"]].astype(object).to_numpy().tolist()
    return [(*time, *others) for time, others in zip(times, ends, strict=True)]


STAYS = [(5000, IN), (5200, IN), (5400, IN), (5600, OUT)]
HOLDS = {
    "always": (STAYS, (None, None), [(5000, 5600, 600, "appeared", "crossed", 3)]),
    "opens around a person": (STAYS, (5100, None), [(5100, 5600, 500, "zone_opened", "crossed", 3)]),
    "opens at the moment of a detection": (
        STAYS,
        (5200, None),
        [(5200, 5600, 400, "zone_opened", "crossed", 2)],
    ),
    "opens as someone enters": (
        [(4900, OUT), *STAYS],
        (5000, None),
        [(5000, 5600, 600, "crossed", "crossed", 3)],
    ),
    "opens before": ([(4900, OUT), *STAYS], (4999, None), [(5000, 5600, 600, "crossed", "crossed", 3)]),
    "closes around a person": (STAYS, (None, 5500), [(5000, 5500, 500, "appeared", "zone_closed", 3)]),
    "closes at the moment of a detection": (
        STAYS,
        (None, 5400),
        [(5000, 5400, 400, "appeared", "zone_closed", 2)],
    ),
    "closes as someone leaves": (STAYS, (None, 5600), [(5000, 5600, 600, "appeared", "crossed", 3)]),
    "opens and closes between two detections": (
        STAYS,
        (5050, 5051),
        [(5050, 5051, 1, "zone_opened", "zone_closed", 1)],
    ),
    "opens when all are gone": (STAYS, (5600, None), []),
    "closes before anybody came": (STAYS, (None, 5000), []),
    "opens while nobody is seen": (
        [(5000, IN), (9000, IN)],
        (7000, None),
        [(9000, 9100, 100, "appeared", "lost", 1)],
    ),
    "vanishes as the zone closes": (
        [(5000, IN)],
        (None, 5100),
        [(5000, 5100, 100, "appeared", "lost", 1)],
    ),
    "is there from the video's start": ([(0, IN)], (0, None), [(0, 100, 100, "video_start", "lost", 1)]),
    "holds beyond the video's end": (
        [(99_900, IN)],
        (None, 200_000),
        [(99_900, 100_000, 100, "appeared", "video_end", 1)],
    ),
}


@pytest.mark.parametrize(("path", "window", "expected"), HOLDS.values(), ids=HOLDS.keys())
def test_a_stay_is_cut_to_the_time_at_which_the_zone_holds(path, window, expected):
    trajectories = walk_along(path)
    assert visits_of(trajectories, [zone(LEFT, *window)]) == expected
    occupancy = compute_occupancy(trajectories, make_video(100_000), zones=[zone(LEFT, *window)]).loc["left"]
    moments = occupancy.index.to_numpy().astype("int64")
    present = (np.diff(moments) * occupancy["persons"].to_numpy()[:-1]).sum()
    assert present == sum(stay[2] for stay in expected)


def test_a_detection_that_holds_for_nothing_counts_at_its_moment_only():
    points = make_points({0: [(5000, IN, 250)]}, unit="px")
    trajectories = compute_trajectories(points, period="0s")
    for window, stays in (((5000, 5001), 1), ((None, 5000), 0), ((5001, None), 0), ((None, None), 1)):
        assert len(compute_visits(trajectories, [zone(LEFT, *window)], make_video(9000))) == stays


RING = Polygon(LEFT.exterior.coords, [box(200, 200, 300, 300).exterior.coords])
PARTS = MultiPolygon([box(0, 0, 100, 500), box(140, 0, 300, 500)])
L_SHAPED = Polygon([(0, 0), (500, 0), (500, 100), (100, 100), (100, 500), (0, 500)])
MARGINS = {
    "straddling a border is one stay": (
        LEFT,
        [(1000, 490), (1100, 510), (1200, 499), (1300, 549), (1400, 551), (1500, 520)],
        [(1000, 1400, 400, "appeared", "crossed", 4)],
    ),
    "exactly the margin is still inside": (
        LEFT,
        [(1000, 499), (1100, 550), (1200, 550.001)],
        [(1000, 1200, 200, "appeared", "crossed", 2)],
    ),
    "in the margin nobody enters": (
        LEFT,
        [(1000, 510), (1100, 520), (1200, 499), (1300, 600)],
        [(1200, 1300, 100, "crossed", "crossed", 1)],
    ),
    "a corner is near as the crow flies": (
        box(0, 0, 500, 200),
        [(1000, 499, 199), (1100, 535, 235), (1200, 536, 236)],
        [(1000, 1200, 200, "appeared", "crossed", 2)],
    ),
    "an unlocated moment ends it": (
        LEFT,
        [(1000, 499), (1100, np.nan), (1200, 510)],
        [(1000, 1100, 100, "appeared", "lost", 1)],
    ),
    "a new run starts without memory": (
        LEFT,
        [(1000, 499), (5000, 510), (5100, 499)],
        [(1000, 1100, 100, "appeared", "lost", 1), (5100, 5200, 100, "crossed", "lost", 1)],
    ),
    "the rim of a hole is near": (
        RING,
        [(1000, 190), (1100, 240), (1200, 190), (1300, 700)],
        [(1000, 1300, 300, "appeared", "crossed", 3)],
    ),
    "from one part to the other is one stay": (
        PARTS,
        [(1000, 90), (1100, 120), (1200, 150), (1300, 360)],
        [(1000, 1300, 300, "appeared", "crossed", 3)],
    ),
    "a bay is outside its rectangle's corner": (
        L_SHAPED,
        [(1000, 490, 50), (1100, 490, 150), (1200, 490, 151)],
        [(1000, 1200, 200, "appeared", "crossed", 2)],
    ),
    "never inside": (LEFT, [(1000, 510), (1100, 520)], []),
}


@pytest.mark.parametrize(("outline", "path", "expected"), MARGINS.values(), ids=MARGINS.keys())
def test_who_entered_stays_inside_within_the_margin(outline, path, expected):
    assert visits_of(walk_along(path), [zone(outline)], margin=50) == expected


def test_the_middle_of_a_wide_hole_is_beyond_the_margin():
    path = [(1000, 190), (1100, 240), (1200, 250), (1300, 190)]
    assert [stay[:3] for stay in visits_of(walk_along(path), [zone(RING)], margin=45)] == [
        (1000, 1200, 200),
        (1300, 1400, 100),
    ]


def test_in_the_margin_between_two_zones_one_may_be_in_both():
    right = zone(box(500, 0, 1000, 500), name="right")
    path = [(1000, 490), (1100, 520), (1200, 600)]
    assert [stay[:3] for stay in visits_of(walk_along(path), [zone(), right], margin=50)] == [
        (1000, 1200, 200),
        (1100, 1300, 200),
    ]


def test_the_margin_is_remembered_from_before_the_zone_opened():
    path = [(1000, 490), (1100, 520), (1200, 530), (1300, 600)]
    assert visits_of(walk_along(path), [zone(start=1150)], margin=50) == [
        (1150, 1300, 150, "zone_opened", "crossed", 2)
    ]


BLINK = [(0, OUT), (100, IN), (200, OUT)]
TWICE = [(1000, IN), (1100, OUT), (1200, IN), (1300, OUT), (5000, OUT)]
TIMES = {
    "a stretch of exactly enter_after counts": (BLINK, {"enter_after": "100ms"}, [(100, 200)]),
    "one millisecond less is passing through": (BLINK, {"enter_after": "101ms"}, []),
    "the last hold counts": ([(1000, IN), (1100, IN)], {"enter_after": "200ms"}, [(1000, 1200)]),
    "margin before enter_after": (
        [(1000, 490), (1100, 510), (1200, 600)],
        {"margin": 50, "enter_after": "200ms"},
        [(1000, 1200)],
    ),
    "enter_after before merge_gap": (TWICE, {"enter_after": "150ms", "merge_gap": "1s"}, []),
    "merge_gap before min_dwell": (TWICE, {"merge_gap": "1s", "min_dwell": "200ms"}, [(1000, 1300)]),
    "a dwell of one millisecond less is left out": (TWICE, {"merge_gap": "1s", "min_dwell": "201ms"}, []),
    "min_dwell alone": (TWICE, {"min_dwell": "101ms"}, []),
}


@pytest.mark.parametrize(("path", "options", "expected"), TIMES.values(), ids=TIMES.keys())
def test_options_apply_in_their_order(path, options, expected):
    assert [stay[:2] for stay in visits_of(walk_along(path), [zone()], **options)] == expected


def test_what_is_left_out_has_no_number_and_no_part_in_away():
    path = [(0, IN), (300, OUT), (1000, IN), (1100, OUT), (2000, IN), (2300, OUT)]
    trajectories, video = walk_along(path), make_video(9000)
    all_of_them = compute_visits(trajectories, [zone()], video)
    assert all_of_them["since_previous_visit"].isna().tolist() == [True, False, False]
    assert all_of_them["since_previous_visit"].tolist()[1:] == [ms(700), ms(900)]
    long = compute_visits(trajectories, [zone()], video, min_dwell="200ms")
    assert long.index.get_level_values("visit").tolist() == [1, 2]
    assert long["since_previous_visit"].tolist()[1:] == [ms(1700)]
    assert (long.index.get_level_values("visit") > 1).tolist() == long[
        "since_previous_visit"
    ].notna().tolist()


BAD = {
    "a margin below 0": ({"margin": -1}, "margin must be a number of at least 0, got -1"),
    "a margin that is no number": ({"margin": "1m"}, "margin must be a number of at least 0, got '1m'"),
    "no margin": ({"margin": None}, "margin must be a number of at least 0, got None"),
    "a margin beyond all": ({"margin": float("inf")}, "margin must be a number of at least 0, got inf"),
    "a margin that is not a number": (
        {"margin": float("nan")},
        "margin must be a number of at least 0, got nan",
    ),
    "a margin of True": ({"margin": True}, "margin must be a number of at least 0, got True"),
    "min_dwell below 0": ({"min_dwell": "-1s"}, "min_dwell must be a duration of at least 0, got '-1s'"),
    "enter_after below 0": (
        {"enter_after": "-1s"},
        "enter_after must be a duration of at least 0, got '-1s'",
    ),
    "enter_after that is none": (
        {"enter_after": "soon"},
        "enter_after must be a duration such as '2s' or '500ms', got 'soon'",
    ),
}


@pytest.mark.parametrize(("options", "said"), BAD.values(), ids=BAD.keys())
def test_an_option_out_of_its_range_is_refused(options, said):
    with pytest.raises(ParameterError) as refused:
        compute_visits(walk_along(BLINK), [zone()], make_video(), **options)
    assert said in str(refused.value)


def test_a_zone_that_can_hold_nobody_is_refused():
    with pytest.raises(ZoneError, match="zone 'left' is active from 5000 ms to 5000 ms"):
        zone(start=5000, end=5000)
    with pytest.raises(ZoneError, match="zone 'left' is active from 0 ms to 0 ms"):
        zone(end=0)
    with pytest.raises(ParameterError, match="start of zone 'left' must be a duration such as '2s'"):
        Zone("left", LEFT, "px", start="noon")
    with pytest.raises(ZoneError, match="zone 'left' has no area"):
        zone(Polygon([(0, 0), (1, 1), (2, 2)]))
    with pytest.raises(
        ZoneError, match="outline of zone 'left' must be a Polygon or MultiPolygon, got a Point"
    ):
        zone(LEFT.centroid)


def random_rows(chance):
    """Make rows (person, time, held, run, x, y) that wander about a border, some of them nowhere."""
    path = {}
    for person in range(3):
        times = np.cumsum(chance.choice([50, 100, 300, 2500], 40, p=[0.3, 0.4, 0.25, 0.05]))
        x = 450 + np.cumsum(chance.normal(0, 40, 40))
        lost = chance.random(40) < 0.1
        path |= {
            (person, int(time)): (None if gone else float(round(along, 3)), 250.0 + 10 * person)
            for time, along, gone in zip(times, x, lost, strict=True)
        }
    return path


def assert_equal(visits, expected):
    assert visits.index.get_level_values("person_index").tolist() == [one["person"] for one in expected]
    assert visits.index.get_level_values("visit").tolist() == [one["visit"] for one in expected]
    for column in ("entered", "exited", "dwell"):
        assert visits[column].astype("int64").tolist() == [one[column] for one in expected]
    for column in ("entry", "exit", "detections"):
        assert visits[column].tolist() == [one[column] for one in expected]
    away = [
        None if pd.isna(value) else value / pd.Timedelta("1ms") for value in visits["since_previous_visit"]
    ]
    assert away == [one["since_previous_visit"] for one in expected]


RINGS = {
    "square": (LEFT, [[(0, 0), (500, 0), (500, 500), (0, 500)]]),
    "with a hole": (
        Polygon(LEFT.exterior.coords, [[(380, 200), (470, 200), (470, 300), (380, 300)]]),
        [[(0, 0), (500, 0), (500, 500), (0, 500)], [(380, 200), (470, 200), (470, 300), (380, 300)]],
    ),
    "slanted, in two parts": (
        MultiPolygon(
            [Polygon([(300, 0), (460, 0), (420, 500)]), Polygon([(480, 0), (700, 250), (480, 500)])]
        ),
        [[(300, 0), (460, 0), (420, 500)], [(480, 0), (700, 250), (480, 500)]],
    ),
}


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize(("outline", "rings"), RINGS.values(), ids=RINGS.keys())
def test_all_options_together_equal_a_walk_over_the_rows(outline, rings, seed):
    chance = np.random.default_rng(seed)
    path = random_rows(chance)
    last = max(time for _, time in path)
    end = int(last + chance.integers(0, 200))
    start = int(chance.choice([0, 50, 900, 1000]))
    window = (start, int(chance.choice([start + 1, start + 700, start + 2000, 10**9])))
    options = {
        "margin": float(chance.choice([0, 5, 30])),
        "enter_after": int(chance.choice([0, 100, 400])),
        "merge_gap": int(chance.choice([0, 300, 3000])),
        "min_dwell": int(chance.choice([0, 100, 1000])),
    }
    persons = {}
    for (person, time), (x, y) in path.items():
        persons.setdefault(person, []).append(
            (time, np.nan if x is None else x, y if x is not None else np.nan)
        )
    points = make_points(persons, unit="px")
    video = make_video(end)
    trajectories = compute_trajectories(points, video=video, period="70ms", max_interpolation="0s")
    rows = [
        (person, time, held, run, *path[person, time])
        for person, time, held, run in naive.presence(list(path), max_gap=2000, period=70, end=end)
    ]
    expected = naive_zones.visits(rows, rings, window=window, period=70, end=end, **options)
    spans = {name: value if name == "margin" else ms(value) for name, value in options.items()}
    zones = [Zone("z", outline, "px", start=ms(window[0]), end=ms(window[1]))]
    visits = compute_visits(trajectories, zones, video, period="70ms", **spans)
    assert_equal(visits, expected)
    shuffled = trajectories.sample(frac=1, random_state=seed)
    assert_frame_equal(compute_visits(shuffled, zones, video, period="70ms", **spans), visits)
