"""How long a detection holds: the rule, case by case."""

from contextlib import nullcontext
from dataclasses import replace

import naive
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video

from ptrack_analysis import compute_tracks, compute_trajectories, read_tracking, select
from ptrack_analysis.analysis.presence import number_names, part_end, rows_by_person
from ptrack_analysis.cli import main
from ptrack_analysis.errors import ParameterError, PtrackWarning, SchemaError
from ptrack_analysis.quality import estimate_sampling_period
from ptrack_analysis.sources.resolution import resolve_video
from ptrack_analysis.video import Video


def at(*times):
    return [(time, 0.5, 0.5) for time in times]


def held(trajectories):
    return trajectories["time_present"].to_numpy().astype("int64").tolist()


CASES = {
    "until the next detection": ({0: at(0, 100, 300)}, None, [100, 200, 100], [1, 1, 1]),
    "a gap of exactly max_gap": ({0: at(0, 100, 2100)}, None, [100, 2000, 100], [1, 1, 1]),
    "one millisecond more": ({0: at(0, 100, 2101)}, None, [100, 100, 100], [1, 1, 2]),
    "the last hold is cut at the end": ({0: at(0, 100)}, 130, [100, 30], [1, 1]),
    "the end at the last detection": ({0: at(0, 100)}, 100, [100, 0], [1, 1]),
    "an end before a detection is not believed": ({0: at(0, 100)}, 99, [100, 100], [1, 1]),
    "a hold before the end is not cut": ({0: at(0, 100)}, 5000, [100, 100], [1, 1]),
    "seen once": ({0: at(0, 100, 200), 1: at(100)}, None, [100, 100, 100, 100], [1, 1, 1, 1]),
    "returns": ({0: at(0, 100, 9000, 9100)}, None, [100, 100, 100, 100], [1, 1, 2, 2]),
    "two persons do not join": ({0: at(0, 100), 1: at(100, 200)}, None, [100, 100, 100, 100], [1, 1, 1, 1]),
}


@pytest.mark.parametrize(("persons", "duration", "holds", "runs"), CASES.values(), ids=CASES.keys())
def test_a_detection_holds_until_the_next_or_for_one_period(persons, duration, holds, runs):
    trajectories = compute_trajectories(make_detections(persons), make_video(duration))
    assert held(trajectories) == holds
    assert trajectories["tracklet"].tolist() == runs


PERIODS = {
    "lower median of two": ({0: at(0, 100, 300)}, 25.0, 100),
    "median of three": ({0: at(0, 100, 300, 700)}, 25.0, 200),
    "long steps count": ({0: at(0, 5000, 10000, 10100)}, 25.0, 5000),
    "steps of each person, not between people": ({0: at(0, 300, 600), 1: at(100, 400, 700)}, 25.0, 300),
    "every 3 s": ({0: at(*range(0, 120_000, 3000))}, 25.0, 3000),
    "every 3 s with one double": ({0: at(*range(0, 120_000, 3000), 30_040)}, 25.0, 3000),
    "as many steps as people": ({0: at(0, 900, 1800), 1: at(500)}, 25.0, 900),
    "fewer steps than people: one frame cut to ms": ({0: at(0, 900), 1: at(5), 2: at(7)}, 29.97, 33),
    "fewer steps than people and no rate": ({0: at(0, 900), 1: at(5), 2: at(7)}, None, 900),
    "one detection: one frame": ({0: at(500)}, 25.0, 40),
    "no step and no rate": ({0: at(0), 1: at(10)}, None, 0),
    "no detection": ({}, None, 0),
}


@pytest.mark.parametrize(("persons", "rate", "period"), PERIODS.values(), ids=PERIODS.keys())
def test_the_sampling_period_is_the_lower_median_of_each_persons_steps(persons, rate, period):
    video, detections = make_video(frame_rate=rate), make_detections(persons)
    expected = pd.Timedelta(period, unit="ms")
    assert estimate_sampling_period(detections, video) == expected
    assert estimate_sampling_period(detections[::-1], video) == expected
    assert resolve_video(video, detections.index)[0].sampling_period == expected


def test_trajectories_and_points_have_the_sampling_period_of_their_rows():
    persons, video = {0: at(0, 100, 200), 1: at(50, 350)}, make_video()
    trajectories = compute_trajectories(make_detections(persons), video, period="40ms")
    for table in (trajectories, trajectories[::-1], make_points(persons)):
        assert estimate_sampling_period(table, video) == pd.Timedelta("100ms")


NOT_FOR_PERIODS = {
    "a list": ([1], r"not a trajectories table: got \[1\]"),
    "detections": (make_detections({0: at(0)}).drop(columns="left"), "not a detections table: column 'left'"),
    "points": (make_points({0: at(0)}).drop(columns="y_m"), "not a points table: column 'y_m'"),
    "trajectories": (
        compute_trajectories(make_detections({0: at(0)}), make_video()).drop(columns="tracklet"),
        "not a trajectories table: ",
    ),
}


@pytest.mark.parametrize(("table", "said"), NOT_FOR_PERIODS.values(), ids=NOT_FOR_PERIODS.keys())
def test_the_sampling_period_of_another_table_is_refused_by_the_name_of_the_table(table, said):
    with pytest.raises(SchemaError, match=said):
        estimate_sampling_period(table, make_video())


def test_face_only_detections_count_for_the_sampling_period():
    detections = make_detections({0: [(0, 0.5, 0.5), (80, None, None), (160, 0.5, 0.5)]})
    assert estimate_sampling_period(detections, make_video()) == pd.Timedelta("80ms")


def test_parts_and_selections_use_the_period_of_the_video():
    detections = make_detections({0: at(0, 100, 200, 300), 1: at(0, 300, 600)})
    video = replace(make_video(), sampling_period=pd.Timedelta("100ms"))
    part = select(detections, persons=[1])
    assert held(compute_trajectories(part, video)) == [300, 300, 100]
    assert held(compute_trajectories(part, make_video())) == [300, 300, 300]


def test_the_period_can_be_given_and_must_not_exceed_max_gap():
    detections = make_detections({0: at(0, 100)})
    trajectories = compute_trajectories(detections, make_video(), period="7ms")
    assert held(trajectories) == [100, 7]
    ways_out = r"max_gap, such as '180ms' \(--max-gap 180ms\), or set the sampling period .*--sampling-period"
    with pytest.raises(ParameterError, match=rf"sampling period of 60 ms, got 50 ms.*{ways_out}"):
        compute_trajectories(detections, make_video(), period="60ms", max_gap="50ms")
    with pytest.raises(ParameterError, match="sampling period of 40 ms, got 10 ms"):
        compute_trajectories(make_detections({0: at(0)}), make_video(), max_gap="10ms")


def test_the_default_of_max_gap_grows_with_the_sampling_period():
    for step, longest in ((100, 2000), (600, 2000), (3000, 9000)):
        path = at(*range(0, 20 * step, step), 19 * step + longest, 19 * step + 2 * longest + 1)
        trajectories = compute_trajectories(make_detections({0: path}), make_video())
        assert trajectories["tracklet"].tolist() == [1] * 21 + [2]


def test_a_max_gap_that_interrupts_ordinary_steps_is_warned_of():
    path = at(*[time for start in range(0, 30_000, 300) for time in (start, start + 100)])
    video = replace(make_video(), sampling_period=pd.Timedelta("100ms"))
    message = (
        r"50% of the steps within three sampling periods \(300 ms\) exceed max_gap \(150 ms\).*"
        r"'300ms' \(--max-gap 300ms\)"
    )
    with pytest.warns(PtrackWarning, match=message):
        compute_trajectories(make_detections({0: path}), video, max_gap="150ms")
    compute_trajectories(make_detections({0: path}), video, max_gap="200ms")


@pytest.mark.parametrize(("longest", "max_gap", "is_warned_of"), [
    (1, "299ms", False), (2, "299ms", True), (2, "300ms", False), (0, "100ms", False),
])  # fmt: skip
def test_one_step_in_twenty_of_up_to_three_periods_may_exceed_max_gap(longest, max_gap, is_warned_of):
    steps = [100] * (20 - longest) + [300] * longest + [301] * 40
    path = at(*np.cumsum([0, *steps]).tolist())
    with pytest.warns(PtrackWarning, match=r"^10% of the steps") if is_warned_of else nullcontext():
        compute_trajectories(make_detections({0: path}), make_video(), period="100ms", max_gap=max_gap)


def test_the_warning_of_a_short_max_gap_shows_the_call_of_the_caller():
    detections = make_detections({0: at(*range(0, 10_000, 900))})
    with pytest.warns(PtrackWarning, match="exceed max_gap") as found:
        compute_trajectories(detections, make_video(), period="500ms", max_gap="800ms")
    assert found[0].filename == __file__


def test_few_steps_among_many_people_do_not_make_the_sampling_slow():
    persons = {0: at(0, 60_000)} | {person: at(100 * person) for person in range(1, 101)}
    trajectories = compute_trajectories(make_detections(persons), make_video())
    assert sum(held(trajectories)) == 4080  # with a period of 60 s it would be 6120 s


def test_a_period_of_0_is_explained():
    video, notes = resolve_video(Video(), make_detections({0: at(0), 1: at(10)}).index)
    assert video.sampling_period == pd.Timedelta(0)
    assert "the sampling period is unknown" in notes[0]
    assert "--frame-rate" in notes[0]


CASES_OF_PERIODS = {
    "rekognition/edenai-2023-10-16.json": (67, [14581, 14047, 14581, 67, 67]),
    "cases/numbers/every-3-s.json": (3000, [120_000]),
    "cases/numbers/every-3-s-one-double.json": (3000, [120_000]),
}


@pytest.mark.parametrize(("name", "expected"), CASES_OF_PERIODS.items(), ids=CASES_OF_PERIODS.keys())
def test_periods_and_dwell_of_real_files(real_data, name, expected):
    period, dwell = expected
    detections, video = read_tracking(real_data / name)
    assert video.sampling_period == pd.Timedelta(period, unit="ms")
    tracks = compute_tracks(compute_trajectories(detections, video))
    assert tracks["time_in_scene"].to_numpy().astype("int64").tolist() == dwell


def test_period_and_dwell_of_the_shop(data):
    detections, video = read_tracking(data / "shop")
    assert video.sampling_period == pd.Timedelta("80ms")
    assert sum(held(compute_trajectories(detections, video))) == 499_360


def test_ten_tags_at_1_hz_with_random_phase_have_a_period_of_1_s():
    phases = np.random.default_rng(1).integers(0, 1000, 10).tolist()
    tags = {tag: at(*range(phase, 60_000, 1000)) for tag, phase in enumerate(phases)}
    assert estimate_sampling_period(make_detections(tags), make_video()) == pd.Timedelta("1s")


@pytest.mark.parametrize("command", ["summary", "inspect"])
def test_the_shell_refuses_a_max_gap_below_the_period_with_exit_2(real_data, command, capsys):
    source = str(real_data / "cases/numbers/every-3-s.json")
    assert main([command, source, "--max-gap", "2s"]) == 2
    assert "--max-gap 9000ms" in capsys.readouterr().err
    assert main([command, source, "--json"]) == 0
    assert "120" in capsys.readouterr().out
    assert main([command, source, "--max-gap", "2s", "--sampling-period", "100ms"]) == 0


@pytest.mark.parametrize("option", ["max_gap", "period", "max_interpolation", "speed_window"])
@pytest.mark.parametrize("value", ["-1s", "1.5us", "soon", pd.NaT])
def test_a_length_of_time_that_is_none_is_refused(option, value):
    with pytest.raises(ParameterError, match=option):
        compute_trajectories(make_detections({0: at(0, 100)}), make_video(), **{option: value})


@pytest.mark.filterwarnings("ignore:.*exceed max_gap:ptrack_analysis.errors.PtrackWarning")
@pytest.mark.parametrize("seed", range(20))
def test_presence_equals_a_walk_over_the_rows(seed):
    chance = np.random.default_rng(seed)
    drawn = zip(chance.integers(0, 4, 60).tolist(), chance.integers(0, 6000, 60).tolist(), strict=True)
    rows = sorted(set(drawn))
    persons = {}
    for person, time in rows:
        persons.setdefault(person, []).append((time, 0.5, 0.5))
    duration = int(chance.integers(5000, 7000))
    max_gap = int(chance.integers(200, 900))
    detections, video = make_detections(persons), make_video(duration)
    period = min(naive.lower_median_step(rows), max_gap)
    trajectories = compute_trajectories(detections, video, max_gap=f"{max_gap}ms", period=f"{period}ms")
    end = duration if duration >= max(time for _, time in rows) else None
    expected = naive.presence(rows, max_gap=max_gap, period=period, end=end)
    got = [
        (person, int(time / np.timedelta64(1, "ms")), compute_time_present, run)
        for (person, time), compute_time_present, run in zip(
            trajectories.index, held(trajectories), trajectories["tracklet"], strict=True
        )
    ]
    assert got == expected


def test_dwell_is_the_sum_of_held_and_unlocated_the_part_without_a_place():
    detections = make_detections(
        {3: [(0, 0.1, 0.5), (100, None, None), (5000, None, None), (5100, 0.2, 0.5)]}
    )
    tracks = compute_tracks(compute_trajectories(detections, make_video()))
    row = tracks.loc[3]
    assert row["time_in_scene"] == pd.Timedelta("400ms")
    assert row["without_position"] == pd.Timedelta("200ms")
    assert (row["detections"], row["tracklets"]) == (4, 2)
    assert (row["first_seen"], row["last_seen"]) == (pd.Timedelta(0), pd.Timedelta("5100ms"))


def test_interpolated_and_continued_rows_are_present_and_not_detected():
    trajectories = compute_trajectories(make_detections({0: at(0, 100, 200, 300)}), make_video())
    marked = trajectories.assign(
        continued=[True, False, False, False], interpolated=[False, True, False, False]
    )
    row = compute_tracks(marked[::-1]).loc[0]
    assert (row["detections"], row["time_in_scene"]) == (2, pd.Timedelta("400ms"))


def test_select_keeps_half_open_times_and_some_persons():
    detections = make_detections({0: at(0, 100, 200), 1: at(100), 2: at(150)})
    part = select(detections, start="100ms", end="200ms", persons=[0, 1, 99])
    assert part.index.tolist() == [(pd.Timedelta("100ms"), 0), (pd.Timedelta("100ms"), 1)]
    assert len(select(detections)) == 5
    with pytest.raises(ParameterError, match=r"end must be after start"):
        select(detections, start="100ms", end="100ms")


@pytest.mark.parametrize("levels_in_order", [True, False])
def test_rows_in_any_order_are_sorted_by_person_and_time(levels_in_order):
    persons, times = [4, 2, 4, 2, 4, 2], [0, 300, 500, 100, 200, 0]
    names, moments = (
        ([2, 4], [0, 100, 200, 300, 500]) if levels_in_order else ([4, 2], [300, 0, 500, 200, 100])
    )
    index = pd.MultiIndex(
        levels=[np.array(moments, "timedelta64[ms]"), np.array(names)],
        codes=[[moments.index(time) for time in times], [names.index(person) for person in persons]],
        names=["timestamp", "person_index"],
    )
    rows = rows_by_person(pd.DataFrame(index=index))
    ordered = sorted(zip(persons, times, range(6), strict=True))
    assert rows.order.tolist() == [row for _, _, row in ordered]
    assert rows.time.tolist() == [time for _, time, _ in ordered]
    assert rows.person.tolist() == [0, 0, 0, 1, 1, 1]
    assert rows.first.tolist() == [True, False, False, True, False, False]


@pytest.mark.parametrize(
    ("known", "end", "last", "expected"),
    [
        (None, None, 700, 700),
        (900, None, 700, 900),
        (None, "800ms", 700, 800),
        (900, "800ms", 700, 800),
        (900, "1s", 700, 900),
    ],
)
def test_a_part_ends_at_its_end_within_the_video_or_at_the_last_observation(known, end, last, expected):
    assert part_end(known, end, last) == expected


def test_an_end_that_is_no_length_of_time_is_refused_by_its_name():
    with pytest.raises(ParameterError, match=r"^end must be a duration"):
        part_end(None, "soon", 700)


def test_names_of_a_level_are_numbered_in_ascending_order_without_the_unused():
    index = pd.MultiIndex(
        levels=[[0, 1], ["till", "aisle", "exit", "door"]],
        codes=[[0, 0, 1, 1], [0, 2, 3, 0]],
        names=["person_index", "zone"],
    )
    number, names = number_names(pd.DataFrame(index=index), "zone")
    assert names == ["door", "exit", "till"]
    assert number.tolist() == [2, 1, 0, 2]
    assert number.dtype == np.int64
