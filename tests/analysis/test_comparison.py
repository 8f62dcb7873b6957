"""Two trackings of one video: which moments, who is who, what both see."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from pandas.testing import assert_frame_equal
from shapely.geometry import box

from ptrack_analysis import Video, Zone, compute_trajectories, read_tracking
from ptrack_analysis.analysis.comparison.compare import compare_tracking
from ptrack_analysis.analysis.comparison.matching import number_timestamps
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.floor import fit_floor_plan
from ptrack_analysis.schema import DETECTIONS, HEATMAP, empty_table, validate

pytestmark = pytest.mark.filterwarnings("ignore:.*exceed max_gap:ptrack_analysis.errors.PtrackWarning")

VIDEO = make_video(10_000)
LEFT, RIGHT = (Zone(name, box(x, 0, x + 500, 500), "px") for name, x in (("left", 0), ("right", 500)))


def every(step, start, stop, x, y=0.8):
    """Stand at a place from start to stop, seen every ``step`` ms."""
    return [(time, x, y) for time in range(start, stop, step)]


def compared(a, b, **options):
    return compare_tracking(make_detections(a), make_detections(b), VIDEO, **options)


def test_points_are_matched_up_to_the_largest_distance():
    a = make_points({1: [(0, 1.0, 1.0), (40, 1.0, 1.0)], 2: [(0, 5.0, 5.0), (40, 5.0, 5.0)]})
    b = make_points({7: [(0, 1.3, 1.4), (40, 1.0, 1.2)], 8: [(0, 5.0, 5.6), (40, 5.0, 5.6)]})
    found = compare_tracking(a, b, Video(frame_rate=25))
    assert (found.min_overlap, found.max_distance, found.unit) == (None, 0.5, "m")
    assert found.matches["person_b"].tolist() == [7, 7]
    assert found.matches["distance_m"].tolist() == pytest.approx([0.5, 0.2])
    assert found.pairs.loc[(1, 7), "distance_m"] == pytest.approx(0.35)
    assert found.figures.motp == pytest.approx(0.35)
    assert (found.figures.misses, found.figures.false_positives) == (2, 2)
    assert presence(found) == (80, 80, 80)
    assert compare_tracking(a, b, Video(frame_rate=25), max_distance=0.6).figures.matches == 4
    summary = found.summary()
    assert summary["max_distance_m"] == 0.5
    assert summary["trackings"][0]["without_position"] == 0
    json.dumps(summary, allow_nan=False)


def test_points_are_compared_with_boxes_on_a_floor_plan():
    floor = fit_floor_plan(
        np.array([(0, 0), (1, 0), (1, 1), (0, 1)]), np.array([(0, 0), (10, 0), (10, 5), (0, 5)])
    )
    a = make_detections({1: every(40, 0, 400, 0.3, 0.8), 2: every(40, 0, 400, None)})
    b = make_points({5: every(40, 0, 400, 3.1, 4.0)})
    video = replace(VIDEO, y_axis=floor.y_axis)
    found = compare_tracking(a, b, video, plane=floor)
    assert found.matches["distance_m"].tolist() == pytest.approx([0.1] * 10)
    assert found.trackings["without_position"].tolist() == [10, 0]
    other = {"up": "down", "down": "up"}[floor.y_axis]
    with pytest.raises(ParameterError, match=rf"got {other} for the points and {floor.y_axis} for the"):
        compare_tracking(a, b, replace(VIDEO, y_axis=other), plane=floor)
    with pytest.raises(ParameterError, match="positions in the same unit, got px and m"):
        compare_tracking(a, b, video)


def test_boxes_are_matched_by_distance_if_it_is_given():
    a, b = {1: every(40, 0, 400, 0.3)}, {5: every(40, 0, 400, 0.45)}
    assert compared(a, b).figures.matches == 0
    found = compared(a, b, max_distance=160)
    assert found.matches["distance_px"].tolist() == pytest.approx([150.0] * 10)


def test_options_of_points_and_boxes_are_not_mixed():
    points = make_points({1: [(0, 1.0, 1.0), (40, 1.0, 1.0)]})
    video = Video(frame_rate=25)
    with pytest.raises(ParameterError, match="min_overlap is used for boxes"):
        compare_tracking(points, points, video, min_overlap=0.5)
    for wrong in (0, -1, float("nan"), float("inf"), True):
        with pytest.raises(ParameterError, match="max_distance must be a number above 0"):
            compare_tracking(points, points, video, max_distance=wrong)
    in_px = make_points({1: [(0, 1.0, 1.0), (40, 1.0, 1.0)]}, unit="px")
    with pytest.raises(ParameterError, match=r"points in px require the maximum distance .*max_distance="):
        compare_tracking(in_px, in_px, VIDEO)
    assert compare_tracking(in_px, in_px, VIDEO, max_distance=20).figures.mota == 1


def ms(span):
    return int(span / pd.Timedelta("1ms"))


def presence(comparison):
    return ms(comparison.both), ms(comparison.only_a), ms(comparison.only_b)


MOMENTS = {
    "the same": ([0, 40, 80], [0, 40, 80], (40, 40), [0, 1, 2], [0, 1, 2]),
    "jitter": ([0, 40, 80], [3, 35, 99], (40, 40), [0, 1, 2], [0, 1, 2]),
    "half a period": ([0, 40, 80], [20, 60, 100], (40, 40), [0, 1, 2], [0, 1, 2]),
    "a nobody seen": ([0, 80, 120], [0, 40, 80, 120], (40, 40), [0, 2, 3], [0, 1, 2, 3]),
    "b nobody seen, at 24 a second": ([0, 41, 83], [0, 83], (41, 41), [0, 1, 2], [0, 2]),
    "b coarser": ([0, 33, 66, 100, 133], [0, 66, 133], (33, 66), [0, -1, 1, -1, 2], [0, 1, 2]),
    "b coarser, nobody seen": (
        [0, 33, 66, 100, 133, 166, 200],
        [0, 66, 200],
        (33, 66),
        [0, -1, 1, -1, 2, -1, 3],
        [0, 1, 3],
    ),
    "the closest first": ([0, 18], [10, 17], (40, 40), [0, 1], [0, 1]),
    "never one moment twice": ([10], [0, 11, 20], (40, 40), [0], [-1, 0, -1]),
    "b starts late": ([0, 40, 80], [80, 120], (40, 40), [0, 1, 2], [2, 3]),
    "b empty": ([0, 40], [], (40, 40), [0, 1], []),
    "a empty": ([], [0, 40], (40, 40), [], [0, 1]),
    "both empty": ([], [], (0, 0), [], []),
    "one moment each": ([10], [12], (0, 0), [0], [1]),
    "one moment, its period unknown": ([41], [0, 40, 80], (0, 40), [1], [0, 1, 2]),
}


@pytest.mark.parametrize(("a", "b", "periods", "of_a", "of_b"), MOMENTS.values(), ids=MOMENTS.keys())
def test_moments_are_compared_if_they_are_close_and_with_nobody_if_the_other_looked(
    a, b, periods, of_a, of_b
):
    ours = number_timestamps(np.array(a, dtype="int64"), np.array(b, dtype="int64"), *periods)
    assert [numbers.tolist() for numbers in ours] == [of_a, of_b]


@pytest.mark.parametrize("seed", range(30))
def test_moments_are_paired_as_the_slow_loop_pairs_them(seed):
    chance = np.random.default_rng(seed)
    a, b = (np.unique(chance.integers(0, 500, 30)) for _ in "ab")
    of_a, of_b = number_timestamps(a, b, 30, 24)
    ours = {
        (int(x), int(y))
        for x, i in zip(a, of_a, strict=True)
        for y, j in zip(b, of_b, strict=True)
        if i == j >= 0
    }
    free_a, free_b, naive = set(a.tolist()), set(b.tolist()), []
    for distance, _, x, y in sorted((abs(x - y), x > y, x, y) for x in free_a for y in free_b):
        if 2 * distance <= 24 and x in free_a and y in free_b:
            naive.append((x, y))
            free_a.remove(x)
            free_b.remove(y)
    assert sorted(ours) == sorted(naive)
    assert all((of_a[list(a).index(x)] >= 0) == (4 * min(abs(b - x)) > 3 * 24) for x in free_a)


def test_identical_trackings_agree_in_everything():
    persons = {1: every(100, 0, 1000, 0.2), 2: every(100, 500, 2000, 0.8)}
    c = compared(persons, persons, zones=[LEFT, RIGHT])
    assert presence(c) == (2500, 0, 0)
    assert (c.figures.mota, c.figures.hota, c.figures.idf1, c.figures.switches) == (1, 1, 1, 0)
    assert c.pairs.index.tolist() == [(1, 1), (2, 2)]
    assert c.pairs["share_a"].tolist() == c.pairs["share_b"].tolist() == [1, 1]
    assert c.pairs["counterpart"].all()
    assert (c.zones["dwell_a"] == c.zones["dwell_b"]).all()
    assert (c.zones["mean_difference"] == 0).all()
    assert not c.heatmap_difference.values.any()


PRESENCE = {
    "b sees nobody": ({1: every(100, 0, 1000, 0.2)}, {}, (0, 1000, 0)),
    "a sees nobody": ({}, {1: every(100, 0, 1000, 0.2)}, (0, 0, 1000)),
    "nobody at all": ({}, {}, (0, 0, 0)),
    "elsewhere": ({1: every(100, 0, 1000, 0.2)}, {1: every(100, 0, 1000, 0.8)}, (0, 1000, 1000)),
    "b sees the person later": (
        {1: every(100, 0, 1000, 0.2)},
        {5: every(100, 300, 1000, 0.2)},
        (700, 300, 0),
    ),
    "b shifted by less than half a period": (
        {1: every(100, 0, 1000, 0.2)},
        {5: every(100, 30, 1000, 0.2)},
        (970, 30, 30),
    ),
    "b samples half as often": (
        {1: every(100, 0, 1000, 0.2)},
        {5: every(200, 0, 1000, 0.2)},
        (1000, 0, 0),
    ),
    "b misses one moment within the gap": (
        {1: every(100, 0, 1000, 0.2)},
        {5: every(100, 0, 400, 0.2) + every(100, 500, 1000, 0.2)},
        (1000, 0, 0),
    ),
    "split in two": (
        {1: every(100, 0, 1000, 0.2)},
        {5: every(100, 0, 500, 0.2), 6: every(100, 500, 1000, 0.2)},
        (1000, 0, 0),
    ),
    "the box of b wanders off": (
        {1: every(100, 0, 1000, 0.2)},
        {5: every(100, 0, 500, 0.2) + every(100, 500, 1000, 0.7)},
        (500, 500, 500),
    ),
    "a without boxes for a while": (
        {1: [(time, None if 300 <= time < 600 else 0.2, 0.8) for time in range(0, 1000, 100)]},
        {5: every(100, 0, 1000, 0.2)},
        (1000, 0, 0),
    ),
    "a without boxes before the first match": (
        {1: [(time, None if time < 300 else 0.2, 0.8) for time in range(0, 1000, 100)]},
        {5: every(100, 0, 1000, 0.2)},
        (1000, 0, 0),
    ),
    "apart before the first match": (
        {1: [(time, None if time < 300 else 0.2, 0.8) for time in range(0, 1000, 100)]},
        {5: [(time, 0.2 if time >= 600 else 0.7, 0.8) for time in range(0, 1000, 100)]},
        (400, 600, 600),
    ),
    "a moment without a box does not undo a parting": (
        {1: [(time, None if time == 400 else 0.2, 0.8) for time in range(0, 1000, 100)]},
        {5: [(time, 0.2 if time >= 600 else 0.7, 0.8) for time in range(0, 1000, 100)]},
        (400, 600, 600),
    ),
    "a never with a box": (
        {1: [(time, None, None) for time in range(0, 1000, 100)]},
        {5: every(100, 0, 1000, 0.2)},
        (0, 1000, 1000),
    ),
    "taken over by another of b while a has no box": (
        {
            1: [*every(100, 0, 300, 0.2), *((t, None, None) for t in range(300, 1000, 100))],
            2: every(100, 300, 1000, 0.2),
        },
        {5: every(100, 0, 1000, 0.2)},
        (1000, 700, 0),
    ),
}


@pytest.mark.parametrize(("a", "b", "expected"), PRESENCE.values(), ids=PRESENCE.keys())
def test_presence_of_both_and_of_one(a, b, expected):
    assert presence(compared(a, b)) == expected


def wanderers(seed, step, jitter):
    """Make persons that cross each other, seen with gaps, jumps in number and missing boxes."""
    chance = np.random.default_rng(seed)
    persons = {}
    for person in range(5):
        number = person
        for time in range(0, 3000, step):
            if chance.random() < 0.05:
                number = int(chance.integers(0, 5))
            if chance.random() < 0.8:
                x = None if chance.random() < 0.2 else 0.5 + 0.3 * np.sin(person + time / 700)
                moment = max(time + int(chance.integers(-jitter, jitter + 1)), 0)
                persons.setdefault(number, {})[moment] = (moment, x, 0.8)
    return {number: list(path.values()) for number, path in persons.items()}


def numbered(tables, comparison):
    """Give for each table: moment [ms] -> number of the compared moment."""
    moments = [
        np.unique(table.index.get_level_values("timestamp").to_numpy().astype("int64")) for table in tables
    ]
    numbers = number_timestamps(*moments, *comparison.trackings["period"].map(ms))
    return [dict(zip(*both, strict=True)) for both in zip(moments, numbers, strict=True)]


def naive_partners(person, times, partner, apart):
    """Tell whom a person is taken for at each moment: whom it is matched to last, or first, if not parted."""
    matched = [time for time in times if (time, person) in partner]
    for time in times:
        near = [t for t in matched if t <= time][-1:] or matched[:1]
        other = partner[near[0], person] if near else None
        between = [t for t in times if near and min(near[0], time) <= t <= max(near[0], time)]
        parted = any((t, person) not in partner and apart(t, person, other) for t in between)
        yield time, None if parted else other


def naive_both(tables, comparison, max_gap):
    """Count ms by ms for which persons taken for one are present in both, from the table of matches."""
    numbers, partner, taken = numbered(tables, comparison), ({}, {}), ({}, {})
    for (time, p), row in comparison.matches.iterrows():
        partner[0][ms(time), p], partner[1][ms(row["timestamp_b"]), row["person_b"]] = row["person_b"], p
    boxes = [
        {(number[ms(time)], person) for time, person in table.index[table["left"].notna()]}
        for number, table in zip(numbers, tables, strict=True)
    ]
    for side, (table, period) in enumerate(zip(tables, comparison.trackings["period"], strict=True)):

        def apart(time, person, other, side=side):
            now = numbers[side][time]
            return now >= 0 and (now, person) in boxes[side] and (now, other) in boxes[1 - side]

        held = compute_trajectories(table, VIDEO, max_gap=max_gap, period=period)["time_present"]
        for person, rows in held.groupby(level=0):
            lengths = {ms(time): ms(length) for (_, time), length in rows.items()}
            for time, other in naive_partners(person, list(lengths), partner[side], apart):
                taken[side].update(
                    dict.fromkeys(((t, person) for t in range(time, time + lengths[time])), other)
                )
    return sum(taken[1].get((t, q)) == p for (t, p), q in taken[0].items() if q is not None)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("step", [100, 50, 200])
def test_presence_is_that_of_the_slow_loop_and_its_parts_add_up(seed, step):
    a = make_detections(wanderers(seed, 100, 10))
    b = make_detections(wanderers(seed + 100, step, 20))
    c = compare_tracking(a, b, VIDEO, max_gap="300ms", min_overlap=0.3)
    both, only_a, only_b = presence(c)
    assert both == naive_both((a, b), c, "300ms") > 0
    held = [ms(span) for span in c.trackings["time_present"]]
    assert [both + only_a, both + only_b] == held
    assert min(only_a, only_b) >= 0
    assert ms(c.pairs["matched"].sum()) == both
    assert c.zones.loc["", ["dwell_a", "dwell_b"]].map(ms).tolist() == held


def test_the_real_job_sees_itself_but_for_two_persons_without_a_body_box(real_data):
    job, video = read_tracking(real_data / "rekognition" / "edenai-2023-10-16.json")
    c = compare_tracking(job, job, video)
    assert presence(c) == (43_343 - 134, 134, 134)
    assert c.pairs["matched"].map(ms).to_dict() == {(0, 0): 14_581, (1, 1): 14_047, (2, 2): 14_581}
    assert c.trackings.loc["a", ["detections", "without_box", "moments", "in_both"]].tolist() == [
        400,
        96,
        189,
        189,
    ]
    assert (c.figures.mota, c.figures.hota, c.figures.matches) == (1, 1, 304)


def test_swapping_the_trackings_swaps_the_answer():
    a, b = (make_detections(wanderers(seed, 100, 0)) for seed in (1, 101))
    one, other = compare_tracking(a, b, VIDEO), compare_tracking(b, a, VIDEO)
    assert one.figures.idf1 == other.figures.idf1
    assert one.figures.hota == pytest.approx(other.figures.hota)
    assert (one.only_a + one.both, one.only_b + one.both) == (
        other.only_b + other.both,
        other.only_a + other.both,
    )
    assert (one.heatmap_difference.values == -other.heatmap_difference.values).all()


def test_pairs_tell_who_is_who():
    c = compared(
        {1: every(100, 0, 1000, 0.2), 2: every(100, 0, 1000, 0.8)},
        {5: every(100, 0, 600, 0.2), 6: every(100, 600, 1000, 0.2), 7: every(100, 0, 1000, 0.8)},
    )
    assert c.pairs.index.tolist() == [(1, 5), (1, 6), (2, 7)]
    assert c.pairs["matched"].map(ms).tolist() == [600, 400, 1000]
    assert c.pairs["share_a"].tolist() == [0.6, 0.4, 1.0]
    assert c.pairs["share_b"].tolist() == [1.0, 1.0, 1.0]
    assert c.pairs["matches"].tolist() == [6, 4, 10]
    assert c.pairs["counterpart"].tolist() == [True, False, True]
    assert c.figures.switches == 1
    assert c.trackings["persons"].to_dict() == {"a": 2, "b": 3}


def test_matches_keep_the_moments_of_both():
    c = compared({1: [(0, 0.2, 0.8), (100, 0.2, 0.8)]}, {5: [(30, 0.2, 0.8), (130, 0.2, 0.8)]})
    assert c.matches.index.tolist() == [(pd.Timedelta(0), 1), (pd.Timedelta("100ms"), 1)]
    assert c.matches["timestamp_b"].map(ms).tolist() == [30, 130]
    assert c.matches["person_b"].tolist() == [5, 5]
    assert c.matches["overlap"].tolist() == pytest.approx([1, 1])


def test_a_moment_that_the_other_did_not_look_at_is_no_miss():
    c = compared({1: every(100, 0, 1000, 0.2)}, {5: every(200, 0, 1000, 0.2)})
    assert (c.figures.mota, c.figures.misses, c.figures.matches) == (1, 0, 5)
    assert c.trackings.loc["a", ["moments", "in_both", "unmatched", "not_compared"]].tolist() == [10, 5, 0, 5]
    assert c.trackings.loc["b", ["moments", "in_both", "unmatched", "not_compared"]].tolist() == [5, 5, 0, 0]


def test_a_moment_at_which_the_other_saw_nobody_is_a_miss():
    c = compared({1: every(100, 0, 1000, 0.2)}, {5: every(100, 0, 800, 0.2)})
    assert (c.figures.misses, c.figures.mota) == (2, 0.8)
    assert c.trackings.loc["a", ["in_both", "unmatched", "not_compared"]].tolist() == [8, 2, 0]


def test_the_periods_can_be_given():
    half = {5: every(200, 0, 1000, 0.2)}
    c = compared({1: every(100, 0, 1000, 0.2)}, half, periods=(None, "100ms"))
    assert (c.figures.misses, c.trackings["not_compared"].tolist()) == (5, [0, 0])
    assert c.trackings["period"].map(ms).tolist() == [100, 100]


def test_detections_without_a_box_are_neither_missed_nor_false():
    bare = [(time, None if time % 200 else 0.2, 0.8) for time in range(0, 1000, 100)]
    c = compared({1: bare}, {5: every(100, 0, 1000, 0.2)})
    assert c.trackings["without_box"].tolist() == [5, 0]
    assert (c.figures.matches, c.figures.misses, c.figures.false_positives) == (5, 0, 5)


def test_occupancy_and_dwell_of_both():
    c = compared(
        {1: every(100, 0, 1000, 0.2), 2: every(100, 0, 500, 0.8)},
        {5: every(100, 0, 1000, 0.2)},
        zones=[RIGHT, LEFT],
    )
    scene = c.occupancy.loc[[""]]
    assert [ms(moment) for _, moment in scene.index] == [0, 500, 1000, 10_000]
    assert scene.to_numpy().tolist() == [[2, 1], [1, 1], [0, 0], [0, 0]]
    assert c.zones.index.tolist() == ["", "left", "right"]
    assert c.zones["dwell_a"].map(ms).tolist() == [1500, 1000, 500]
    assert c.zones["dwell_b"].map(ms).tolist() == [1000, 1000, 0]
    assert c.zones["persons_a"].tolist() == [2, 1, 1]
    assert c.zones["persons_b"].tolist() == [1, 1, 0]
    assert c.zones["mean_difference"].tolist() == [0.05, 0, 0.05]
    assert c.zones["mean_occupancy_a"].tolist() == [0.15, 0.1, 0.05]


def test_the_heatmap_difference_is_b_minus_a():
    c = compared({1: every(100, 0, 1000, 0.2)}, {5: every(100, 0, 600, 0.8)}, shape=(1, 2))
    assert c.heatmap_difference.values.tolist() == [[-1.0, 0.6]]
    validate(c.heatmap_difference.to_frame(), HEATMAP)


def test_on_a_floor_plan_the_heatmap_holds_the_places_of_both():
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype="float64")
    floor = fit_floor_plan(corners, corners * [10, 5])
    here, there = {1: every(100, 0, 1000, 0.15)}, {5: every(100, 0, 1000, 0.85)}
    c = compared(here, there, plane=floor, shape=(5, 10), zones=[Zone("all", box(0, 0, 10, 5), "m")])
    assert (c.heatmap_difference.unit, c.heatmap_difference.bounds[::2]) == ("m", (1.0, 9.0))
    assert c.heatmap_difference.values.sum() == pytest.approx(0)
    assert np.abs(c.heatmap_difference.values).sum() == pytest.approx(2)
    assert c.zones.loc["all", "dwell_a"] == c.zones.loc["all", "dwell_b"] == pd.Timedelta("1s")
    assert compared(here, {}, plane=floor).heatmap_difference.bounds[::2] == (1.0, 2.0)


def test_the_summary_is_json():
    for a, b in ((wanderers(1, 100, 0), wanderers(2, 100, 0)), ({}, {})):
        summary = compared(a, b, zones=[LEFT]).summary()
        assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["figures"]["mota"] is None
    assert summary["presence"] == {"both_s": 0.0, "only_a_s": 0.0, "only_b_s": 0.0}
    assert [zone["zone"] for zone in summary["zones"]] == ["", "left"]
    assert summary["zones"][0]["dwell_a_s"] == 0


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_the_tables_have_the_same_types_whatever_is_in_them(a, b):
    some = {1: every(100, 0, 1000, 0.2)}
    c, full = compared(some if a else {}, some if b else {}, zones=[LEFT]), compared(some, some, zones=[LEFT])
    for name in ("trackings", "pairs", "matches", "occupancy", "zones"):
        ours, theirs = getattr(c, name), getattr(full, name)
        assert ours.dtypes.to_dict() == theirs.dtypes.to_dict(), name
        assert ours.index.names == theirs.index.names
        assert ours.index.to_frame().dtypes.to_dict() == theirs.index.to_frame().dtypes.to_dict(), name


def test_arguments_are_not_changed_and_order_does_not_matter():
    a, b = (make_detections(wanderers(seed, 100, 10)) for seed in (3, 103))
    before = a.copy(deep=True), b.copy(deep=True)
    ordered = compare_tracking(a, b, VIDEO, zones=[LEFT])
    assert_frame_equal(a, before[0])
    assert_frame_equal(b, before[1])
    shuffled = compare_tracking(
        a.sample(frac=1, random_state=1), b.sample(frac=1, random_state=2), VIDEO, zones=[LEFT]
    )
    assert shuffled.figures == ordered.figures
    for name in ("trackings", "pairs", "matches", "occupancy", "zones"):
        assert_frame_equal(getattr(shuffled, name), getattr(ordered, name))


def test_an_empty_table_of_the_schema_is_an_ordinary_input():
    c = compare_tracking(empty_table(DETECTIONS), empty_table(DETECTIONS), VIDEO)
    assert presence(c) == (0, 0, 0)
    assert c.matches.empty
    assert c.pairs.empty


@pytest.mark.parametrize("least", [0, -0.1, 1.01, float("nan")])
def test_a_least_overlap_out_of_range_is_refused(least):
    with pytest.raises(ParameterError, match=r"min_overlap must be .*above 0"):
        compared({}, {}, min_overlap=least)


def test_what_is_no_table_of_detections_is_refused():
    with pytest.raises(SchemaError, match="not a detections table"):
        compare_tracking(make_detections({}), None, VIDEO)
    with pytest.raises(SchemaError, match="is in m"):
        compared({}, {}, zones=[Zone("floor", box(0, 0, 1, 1), "m")])
    with pytest.raises(ParameterError, match="max_gap"):
        compared({1: every(100, 0, 1000, 0.2)}, {}, max_gap="50ms", periods=("100ms", None))
