"""What is odd about the tracking, and how much."""

import re

import naive_trust
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from shapely.geometry import LineString, box

from ptrack_analysis import (
    Line,
    Zone,
    compute_crossings,
    compute_quality,
    compute_trajectories,
    compute_visits,
    read_tracking,
    select,
)
from ptrack_analysis.analysis.quality.checks import CHECKS
from ptrack_analysis.analysis.quality.verdict import find_affecting_checks, judge_video
from ptrack_analysis.cleaning import apply_stitches, compute_stitches
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.pipeline.outputs import OUTPUTS
from ptrack_analysis.schema import DETECTIONS, QUALITY, assemble, empty_table, validate
from ptrack_analysis.video import Pixels

VIDEO = make_video(100_000)
PATH = [(time, 0.5, 0.5) for time in range(0, 4001, 100)]


def quality_of(detections, *, video=VIDEO, **options):
    trajectories = compute_trajectories(detections, video, plane=options.get("plane"))
    return of_video(compute_quality(detections, trajectories, video, **options))


def of_video(quality):
    """Keep the checks of the whole video."""
    return quality.xs("", level="name")


def value(persons, name, **options):
    return quality_of(make_detections(persons), **options).loc[name, "value"]


def test_nobody_detected_is_no_rows():
    none = empty_table(DETECTIONS)
    result = compute_quality(none, compute_trajectories(none, VIDEO), VIDEO)
    validate(result, QUALITY)
    assert result.empty


CASES = {
    "the period": ("sampling period", {1: PATH}, 0.1),
    "one step in ten is thrice as long": (
        "irregular sampling",
        {1: [(time, 0.5, 0.5) for time in np.cumsum(([100] * 9 + [300]) * 5)]},
        3.0,
    ),
    "no gap": ("gaps", {1: PATH}, 0.0),
    "one gap in 6 s of presence": (
        "gaps",
        {
            1: [
                *((t, 0.5, 0.5) for t in range(0, 2901, 100)),
                *((t, 0.5, 0.5) for t in range(9000, 11901, 100)),
            ]
        },
        10.0,
    ),
    "2 s in which one sampling was": (
        "bridged time",
        {1: [(0, 0.5, 0.5), (1000, 0.5, 0.5)], 2: PATH[:9]},
        40.0,
    ),
    "one of four without a body": ("face only", {1: [*PATH[:3], (300, None, None)]}, 25.0),
    "the last of four is nowhere": ("time without position", {1: [*PATH[:3], (300, None, None)]}, 25.0),
    "one of two is there for 0.2 s": ("short tracks", {1: PATH, 2: PATH[5:7]}, 50.0),
    "one of two is cut by the start": ("short tracks", {1: PATH, 2: PATH[:2]}, 0.0),
    "boxes beyond the left edge": ("boxes beyond image", {1: PATH[:3], 2: [(0, 0.01, 0.5)]}, 25.0),
    "a box that ends at the lower edge": ("truncated boxes", {1: PATH[:3], 2: [(0, 0.5, 0.995)]}, 25.0),
    "a jump over half the picture": (
        "identity switches",
        {1: [(0, 0.2, 0.5), (100, 0.8, 0.5), *((t, 0.8, 0.5) for t in range(200, 5901, 100))]},
        10.0,
    ),
    "a walk over half the picture": (
        "identity switches",
        {1: [(t, 0.2 + t / 10_000, 0.5) for t in range(0, 6000, 100)]},
        0.0,
    ),
}


@pytest.mark.parametrize(("name", "persons", "wanted"), CASES.values(), ids=CASES.keys())
def test_each_check_measures_what_it_says(name, persons, wanted):
    assert value(persons, name) == pytest.approx(wanted)


@pytest.mark.parametrize(("short", "verdict"), [(1, "doubtful"), (2, "doubtful"), (3, "bad")])
def test_fewer_than_three_short_tracks_are_at_most_doubtful(short, verdict):
    persons = {1: PATH, **dict.fromkeys(range(2, short + 2), PATH[5:7])}
    assert quality_of(make_detections(persons)).loc["short tracks", "verdict"] == verdict


def test_a_clip_of_less_than_a_second_has_no_short_tracks():
    persons = dict.fromkeys(range(1, 6), PATH[:9])
    result = quality_of(make_detections(persons), video=make_video(900)).loc["short tracks"]
    assert (result["value"], result["verdict"]) == (0.0, "good")


@pytest.mark.parametrize(("seconds", "verdict"), [(2, "doubtful"), (12, "bad")])
def test_a_zone_with_little_presence_is_at_most_doubtful(seconds, verdict):
    """Person 1 is at the lower border of the image in the zone, 2 is far from it."""
    persons = {
        1: [(time, 0.2, 0.995) for time in range(0, seconds * 1000, 100)],
        2: [(time, 0.8, 0.5) for time in range(0, 60_000, 100)],
    }
    detections = make_detections(persons)
    zone = Zone("till", box(0, 0, 400, 500), "px")
    trajectories = compute_trajectories(detections, VIDEO)
    result = compute_quality(detections, trajectories, VIDEO, zones=[zone])
    assert result.loc[("truncated boxes", "till"), ["value", "verdict"]].tolist() == [100.0, verdict]
    spoiled = str(judge_video(result))
    assert spoiled == ("usable with care" if verdict == "doubtful" else "not usable for visits and dwell")


def test_a_body_that_grows_at_once_is_suspected():
    small, large = (make_detections({1: [(t, 0.5, 0.7)]}, box=(0.1, h)) for t, h in ((0, 0.2), (100, 0.3)))
    both = pd.concat([small, large])
    assert quality_of(both).loc["identity switches", "value"] == pytest.approx(60_000 / 200)


def test_ends_inside_are_those_away_from_edges_and_doors():
    persons = {1: [(5000, 0.1, 0.5), (5100, 0.06, 0.5)], 2: [(5000, 0.5, 0.85), (5100, 0.5, 0.8)]}
    assert np.isnan(value(persons, "track ends inside"))
    assert value(persons, "track ends inside", entrances=[]) == 75.0
    door = Zone("door", box(400, 420, 600, 480), "px")
    assert value(persons, "track ends inside", entrances=[door]) == 50.0


def test_tracks_that_begin_and_end_behind_an_entrance_line_do_not_end_inside():
    """Person 1 comes in and goes out over the line, 2 comes in and is lost, 3 is found and goes out."""
    persons = {
        1: [(5000, 0.3, 0.5), (5100, 0.5, 0.5), (5200, 0.3, 0.5)],
        2: [(5000, 0.3, 0.6), (5100, 0.5, 0.6)],
        3: [(5000, 0.5, 0.7), (5100, 0.3, 0.7)],
    }
    path = LineString([(400, 500), (400, 0)])
    door = Line("door", path, "px", "entrance")
    assert value(persons, "track ends inside", lines=[door]) == pytest.approx(100 * 2 / 6)
    assert value(persons, "track ends inside", lines=[door], entrances=[]) == pytest.approx(100 * 2 / 6)
    wrong_way = Line("door", path.reverse(), "px", "entrance")
    assert value(persons, "track ends inside", lines=[wrong_way]) == pytest.approx(100 * 4 / 6)
    plain = Line("door", path, "px")
    assert value(persons, "track ends inside", lines=[plain], entrances=[]) == 100
    assert np.isnan(value(persons, "track ends inside", lines=[plain]))


def test_ends_at_the_start_and_the_end_of_the_video_say_nothing():
    persons = {1: [(0, 0.5, 0.5), (100, 0.5, 0.5)], 2: [(99_800, 0.5, 0.5), (99_900, 0.5, 0.5)]}
    assert value(persons, "track ends inside", entrances=[]) == 100.0
    whole = {1: [(time, 0.5, 0.5) for time in range(0, 1000, 100)]}
    assert np.isnan(value(whole, "track ends inside", entrances=[], video=make_video(1000)))


def test_stitches_are_continued_tracks():
    detections = make_detections({1: PATH[:20], 2: [(t + 500, x, y) for t, x, y in PATH[20:]]})
    trajectories = compute_trajectories(detections, VIDEO)
    stitches = compute_stitches(detections, trajectories, VIDEO)
    assert len(stitches) == 1
    result = of_video(compute_quality(detections, trajectories, VIDEO, stitches=stitches))
    assert result.loc["continued tracks", "value"] == 50.0
    assert result.loc["continued tracks", "verdict"] == "bad"


def test_joined_tracks_are_counted_of_the_persons_before_joining():
    """Person 2 continues 1, and 3 continues nobody: one of three, however many are left."""
    detections = make_detections(
        {1: PATH[:20], 2: [(t + 500, x, y) for t, x, y in PATH[20:]], 3: [(t, 0.1, 0.9) for t, *_ in PATH]}
    )
    stitches = compute_stitches(detections, compute_trajectories(detections, VIDEO), VIDEO)
    assert stitches.index.tolist() == [2]
    joined = apply_stitches(detections, stitches)
    for table in (detections, joined):
        assert quality_of(table, stitches=stitches).loc["continued tracks", "value"] == pytest.approx(100 / 3)
    before = select(joined, end="1s")
    assert quality_of(before, stitches=stitches).loc["continued tracks", "value"] == 0


def test_who_is_there_as_a_selected_part_begins_or_ends_was_neither_found_nor_lost():
    detections = make_detections({1: [(time, 0.5, 0.5) for time in range(0, 9001, 100)]})
    part = select(detections, start="2s", end="4s")
    assert quality_of(part, entrances=[]).loc["track ends inside", "value"] == 100
    assert np.isnan(quality_of(part, entrances=[], start="2s", end="4s").loc["track ends inside", "value"])
    assert quality_of(part, entrances=[], start="2s").loc["track ends inside", "value"] == 100
    assert quality_of(part, entrances=[], start="1s", end="4s").loc["track ends inside", "value"] == 100


def test_of_a_selected_part_the_period_of_the_whole_can_be_given():
    """Left are detections 1 s apart, with another 0.1 s after the last; the video was sampled each 0.1 s."""
    part = make_detections({1: [*((time, 0.5, 0.5) for time in range(0, 4001, 1000)), (4100, 0.5, 0.5)]})
    found = quality_of(part)["value"]
    assert (found["sampling period"], found["bridged time"], found["irregular sampling"]) == (1.0, 0, 1.0)
    trajectories = compute_trajectories(part, VIDEO, period="100ms")
    given = of_video(compute_quality(part, trajectories, VIDEO, period="100ms"))["value"]
    assert (given["sampling period"], given["irregular sampling"]) == (0.1, 10.0)
    assert given["bridged time"] == pytest.approx(100 * 4 * 0.8 / 4.2)


def test_sampling_slower_than_the_longest_gap_is_bad():
    detections = make_detections({1: [(time, 0.5, 0.5) for time in range(0, 60_000, 5000)]})
    trajectories = compute_trajectories(detections, VIDEO, period="40ms")
    result = of_video(compute_quality(detections, trajectories, VIDEO))
    assert result.loc["sampling period", "value"] == 5.0
    assert result.loc["sampling period", "verdict"] == "bad"


def jumping(jumps, until):
    """Make a path, sampled each 0.1 s, that jumps over half the picture so often, once a second."""
    turns = np.arange(1, jumps + 1) * 1000
    return [(t, 0.8 if (turns <= t).sum() % 2 else 0.2, 0.5) for t in range(0, until, 100)]


EVIDENCE = {
    "no jump": (0, 6000, "good"),
    "one in a short part": (1, 6000, "unknown"),
    "two in a short part": (2, 6000, "unknown"),
    "three in a short part": (3, 6000, "bad"),
    "three in five minutes": (3, 300_000, "doubtful"),
    "one in a long part": (1, 600_000, "good"),
}


@pytest.mark.parametrize(("jumps", "until", "verdict"), EVIDENCE.values(), ids=EVIDENCE.keys())
def test_a_rate_is_held_against_the_tracking_from_three_events_on(jumps, until, verdict):
    row = quality_of(make_detections({1: jumping(jumps, until)}), video=make_video(None)).loc[
        "identity switches"
    ]
    assert row["value"] == pytest.approx(jumps * 60_000 / until)
    assert row["verdict"] == verdict


def test_one_interruption_of_a_short_presence_proves_nothing():
    """Gaps of 3 s in 4.1 s of presence: one is no evidence, three are."""
    for gaps, verdict in ((1, "unknown"), (2, "unknown"), (3, "bad")):
        path = [(t + 3000 * sum(t >= 1000 * (n + 1) for n in range(gaps)), x, y) for t, x, y in PATH]
        assert quality_of(make_detections({1: path})).loc["gaps", "verdict"] == verdict


def test_a_verdict_is_what_the_thresholds_say():
    detections = make_detections({1: [*PATH[:3], (300, None, None)]})
    for pair, verdict in (((25, 30), "good"), ((24, 25), "doubtful"), ((0, 24.9), "bad")):
        result = quality_of(detections, thresholds={"face only": pair})
        assert result.loc["face only", "verdict"] == verdict
        assert result.loc["face only", ["doubtful_above", "bad_above"]].tolist() == list(pair)
    assert quality_of(detections).loc["continued tracks", "verdict"] == "unknown"


def test_faces_alone_have_no_boxes_to_judge():
    detections = make_detections({1: [(0, None, None), (100, None, None)]})
    result = quality_of(detections, entrances=[])
    unknown = set(result.index[result["verdict"] == "unknown"])
    assert {"boxes beyond image", "truncated boxes", "time outside image", "tiny boxes"} <= unknown


WRONG = {
    "no check": ({"speed": (1, 2)}, "There is no check 'speed'. The checks are sampling period, coarse"),
    "falling": ({"gaps": (2, 1)}, r"thresholds\['gaps'\] must be two numbers .*, got \(2, 1\)"),
    "one number": ({"gaps": 2}, r"thresholds\['gaps'\] must be two numbers .*, got 2"),
    "no mapping": ([1], r"thresholds must be a mapping .*, got \[1\]"),
}


@pytest.mark.parametrize(("thresholds", "message"), WRONG.values(), ids=WRONG.keys())
def test_thresholds_that_are_none_are_refused(thresholds, message):
    with pytest.raises(ParameterError, match=message):
        quality_of(make_detections({1: PATH}), thresholds=thresholds)


def test_a_door_of_another_plane_is_refused():
    with pytest.raises(SchemaError, match="zone 'door' is in m"):
        quality_of(make_detections({1: PATH}), entrances=[Zone("door", box(0, 0, 1, 1), "m")])


@pytest.mark.parametrize("seed", range(4))
def test_a_slow_loop_suspects_the_same_switches(seed):
    chance = np.random.default_rng(seed)
    rows = []
    for person in range(4):
        for time in np.cumsum(chance.choice([100, 300, 2500], 40)):
            if chance.random() < 0.2:
                rows.append((person, int(time), *[None] * 4))
            else:
                top, height = chance.uniform(-0.02, 0.4), chance.uniform(0.2, 0.45)
                rows.append((person, int(time), float(chance.uniform(0, 0.3)), top, 0.1, height))
    arrays = {
        "timestamp": np.array([row[1] for row in rows]),
        "person_index": np.array([row[0] for row in rows]),
    }
    for place, name in enumerate(("left", "top", "width", "height"), start=2):
        arrays[name] = np.array([np.nan if row[2] is None else row[place] for row in rows])
    detections = assemble(DETECTIONS, arrays)
    trajectories = compute_trajectories(detections, VIDEO)
    result = of_video(compute_quality(detections, trajectories, VIDEO))
    minutes = trajectories["time_present"].sum() / pd.Timedelta("1min")
    wanted = naive_trust.switches(rows, (1000, 500), 2000)
    assert wanted
    assert result.loc["identity switches", "value"] == pytest.approx(wanted / minutes)


def test_the_simulated_shop_has_no_switches_and_no_gaps(data):
    detections, video = read_tracking(data / "shop")
    result = quality_of(detections, video=video)
    assert result.loc["identity switches", "value"] == 0
    assert result.loc["gaps", "verdict"] == "good"


SHAKE = [(40 * step, 0.6 + 0.002 * (-1) ** step, 0.5) for step in range(1500)]


def test_a_person_who_trembles_on_a_border_flickers_and_the_margin_that_calms_it_is_exact():
    """The box is 2 px left and right of the border in turns: 749 visits after the first in 60 s."""
    detections = make_detections({1: SHAKE})
    trajectories, hall = compute_trajectories(detections, VIDEO), Zone("hall", box(0, 0, 600, 500), "px")
    row = compute_quality(detections, trajectories, VIDEO, zones=[hall]).loc[("visit flicker", "hall")]
    assert row["value"] == pytest.approx(749)
    assert (row["verdict"], row["affects"]) == ("bad", "visits, dwell, transitions")
    assert "749 repeat visits per person and minute" in row["advice"]
    assert "margin=2 (--margin 2)" in row["advice"]
    assert "min_distance=2 (--min-distance 2)" in row["advice"]
    for margin, verdict in ((2.001, "good"), (1.999, "bad")):
        visits = compute_visits(trajectories, [hall], VIDEO, margin=margin)
        result = compute_quality(detections, trajectories, VIDEO, zones=[hall], visits=visits)
        assert result.loc[("visit flicker", "hall"), "verdict"] == verdict


def test_a_person_who_trembles_on_a_line_flickers_and_a_line_that_is_far_away_does_not():
    detections = make_detections({1: SHAKE})
    trajectories = compute_trajectories(detections, VIDEO)
    lines = [Line(name, LineString([(x, 500), (x, 0)]), "px") for name, x in (("door", 600), ("far", 100))]
    result = compute_quality(detections, trajectories, VIDEO, lines=lines)
    assert result.loc[("crossing flicker", "door"), "value"] == pytest.approx(1498)
    assert "min_distance=2 (--min-distance 2)" in result.loc[("crossing flicker", ""), "advice"]
    assert ("crossing flicker", "far") not in result.index or result.loc[
        ("crossing flicker", "far"), "verdict"
    ] == "good"
    calm = compute_crossings(trajectories, lines, min_distance=2.001)
    assert (
        compute_quality(detections, trajectories, VIDEO, lines=lines, crossings=calm).loc[
            ("crossing flicker", ""), "verdict"
        ]
        == "good"
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_margin_of_the_advice_calms_a_random_walk_along_a_border(seed):
    chance = np.random.default_rng(seed)
    jitter = 0.6 + np.cumsum(chance.normal(0, 0.002, 1500)) * 0.3 + chance.normal(0, 0.004, 1500)
    detections = make_detections({1: [(40 * step, float(x), 0.5) for step, x in enumerate(jitter)]})
    trajectories, hall = compute_trajectories(detections, VIDEO), Zone("hall", box(0, 0, 600, 500), "px")
    row = compute_quality(detections, trajectories, VIDEO, zones=[hall]).loc[("visit flicker", "hall")]
    margin = float(re.search(r"margin=([\d.]+)", row["advice"])[1])
    visits = compute_visits(trajectories, [hall], VIDEO, margin=margin)
    result = compute_quality(detections, trajectories, VIDEO, zones=[hall], visits=visits)
    assert result.loc[("visit flicker", "hall"), "value"] <= row["value"] / 2
    assert result.loc[("visit flicker", "hall"), "verdict"] != "bad"


def test_one_person_under_two_ids_is_a_duplicate_and_two_people_side_by_side_are_not():
    walk = [(100 * step, 0.2 + 0.005 * step, 0.5) for step in range(50)]
    assert value({1: walk, 2: walk}, "duplicate tracks") == 50
    assert value({1: walk, 2: [(t, x + 0.015, y) for t, x, y in walk[:20]]}, "duplicate tracks") == 50
    assert value({1: walk, 2: [(t, x + 0.04, y) for t, x, y in walk]}, "duplicate tracks") == 0
    assert value({1: walk, 2: [(t, 0.9 - x, y) for t, x, y in walk]}, "duplicate tracks") == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_slow_loop_finds_the_same_duplicates(seed):
    chance = np.random.default_rng(seed)
    people = {}
    for person in range(12):
        x, steps = chance.uniform(0.1, 0.2), int(chance.integers(10, 40))
        people[person] = [(100 * step, x + chance.uniform(0, 0.02), 0.5) for step in range(steps)]
    detections = make_detections(people)
    boxes = dict(zip(detections.index, detections.to_numpy(), strict=True))
    wanted = set()
    for one, path in people.items():
        for other in range(one + 1, 12):
            both = [t for t, *_ in path if t in {t for t, *_ in people[other]}]
            same = 0
            for t in both:
                a, b = (boxes[(pd.Timedelta(t, "ms"), person)] for person in (one, other))
                shared = max(0, min(a[0], b[0]) + 0.1 - max(a[0], b[0])) * 0.2
                same += shared >= 0.7 * (2 * 0.1 * 0.2 - shared)
            shorter = one if len(path) < len(people[other]) else other
            if same >= 0.9 * min(len(path), len(people[other])) and same * 100 >= 1000:
                wanted.add(shorter)
    assert wanted
    assert quality_of(detections).loc["duplicate tracks", "value"] == pytest.approx(100 * len(wanted) / 12)


def test_boxes_below_a_pixel_are_counted_and_unknown_without_a_frame_size():
    detections = make_detections({1: PATH[:30]}, box=(0.0005, 0.2))
    assert quality_of(detections).loc["tiny boxes", "value"] == 100
    video = make_video(100_000, width=None, height=None)
    trajectories = compute_trajectories(detections, video, plane=Pixels(1, 1))
    row = compute_quality(detections, trajectories, video).loc[("tiny boxes", "")]
    assert row["verdict"] == "unknown"
    assert "--frame-size WxH" in row["advice"]


def test_steps_above_max_gap_and_a_period_above_a_second_are_checks():
    steps = [(2500 * step, 0.5, 0.5) for step in range(20)]
    assert value({1: steps}, "coarse sampling") == 2.5
    assert value({1: steps}, "long steps") == 0
    mixed = [(t, 0.5, 0.5) for t in np.cumsum([100, 100, 100, 3000] * 10)]
    assert value({1: mixed}, "long steps") == pytest.approx(100 * 10 / 39)


def test_time_outside_the_image_is_a_check_that_clipping_calms():
    detections = make_detections({1: [(100 * step, 0.5, 1.2) for step in range(20)]}, box=(0.1, 0.5))
    assert quality_of(detections).loc["time outside image", "value"] == 100
    clipped = compute_trajectories(detections, VIDEO, clip_boxes=True)
    assert compute_quality(detections, clipped, VIDEO).loc[("time outside image", ""), "value"] == 0


def test_a_share_is_measured_in_each_zone_and_only_spoiled_zones_are_marked():
    """Six people, one after the other, lack boxes in the left zone; a seventh has all in the right one."""
    left = [(100 * step, 0.2 if step in {0, 19} else None, 0.5) for step in range(20)]
    right = [(100 * step, 0.8, 0.5) for step in range(300)]
    people = {index: [(time + 10_000 * index, x, y) for time, x, y in left] for index in range(6)}
    detections = make_detections(people | {6: right})
    zones = [Zone("left", box(0, 0, 500, 500), "px"), Zone("right", box(500, 0, 1000, 500), "px")]
    result = compute_quality(detections, compute_trajectories(detections, VIDEO), VIDEO, zones=zones)
    assert result.loc[("face only", "left"), "value"] == pytest.approx(90)
    assert result.loc[("face only", "right"), "value"] == 0
    assert "face only" in find_affecting_checks(result, ["dwell"], "left")
    assert "face only" not in find_affecting_checks(result, ["dwell"], "right")
    assert result.loc[("face only", ""), "verdict"] == "doubtful"
    assert "face only" in find_affecting_checks(result, ["crossings"], "door")
    only_right = result[result.index.get_level_values("name") != "left"]
    assert str(judge_video(only_right)) == "usable with care"
    assert str(judge_video(result)) == "not usable for visits and dwell in left"


def test_every_affected_output_exists_and_every_check_says_what_to_do():
    for name, check in CHECKS.items():
        assert set(check.affects) <= set(OUTPUTS), name
        assert check.meaning.endswith(".")
        assert check.advice.endswith(".")
        assert check.needs.endswith((".", ")"))
        assert 0 <= check.doubtful <= check.bad


def test_unknown_checks_never_lower_the_verdict_and_say_what_makes_them_known():
    detections = make_detections({1: PATH})
    quality = compute_quality(detections, compute_trajectories(detections, VIDEO), VIDEO)
    unknown = quality[quality["verdict"] == "unknown"]
    assert str(judge_video(quality)) == "good"
    assert str(judge_video(unknown)) == "unknown"
    assert str(judge_video(quality, problems=["a page is broken"])) == "not usable"
    assert unknown["advice"].str.contains("needs").all()


def test_one_quick_return_elsewhere_does_not_hide_a_zone_that_flickers():
    """Person 2 comes back to the far zone once in 4 s; person 1 trembles on the border for a minute."""
    back = [(100 * step, 0.85 if step == 20 else 0.9, 0.5) for step in range(40)]
    detections = make_detections({1: SHAKE[:500], 2: back})
    zones = [Zone("hall", box(0, 0, 600, 500), "px"), Zone("far", box(870, 0, 1000, 500), "px")]
    trajectories = compute_trajectories(detections, VIDEO)
    result = compute_quality(detections, trajectories, VIDEO, zones=zones)
    assert result.loc[("visit flicker", ""), "value"] == result.loc[("visit flicker", "hall"), "value"]
    assert result.loc[("visit flicker", "far"), "verdict"] == "unknown"
    assert "Fewer than 3 events" in result.loc[("visit flicker", "far"), "advice"]
    assert str(judge_video(result)) == "not usable for visits, dwell and transitions in hall"
