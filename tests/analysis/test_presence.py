"""How long a detection holds: the rule, case by case."""

import naive
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video

from ptrack_analysis import compute_tracks, compute_trajectories, read_tracking, select
from ptrack_analysis.analysis.presence import found_period
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.quality import estimate_sampling_period


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
    "seen once": ({0: at(0, 100), 1: at(100)}, None, [100, 100, 100], [1, 1, 1]),
    "returns": ({0: at(0, 100, 9000, 9100)}, None, [100, 100, 100, 100], [1, 1, 2, 2]),
    "two persons do not join": ({0: at(0, 100), 1: at(100, 200)}, None, [100, 100, 100, 100], [1, 1, 1, 1]),
}


@pytest.mark.parametrize(("persons", "duration", "holds", "runs"), CASES.values(), ids=CASES.keys())
def test_a_detection_holds_until_the_next_or_for_one_period(persons, duration, holds, runs):
    trajectories = compute_trajectories(make_detections(persons), make_video(duration))
    assert held(trajectories) == holds
    assert trajectories["tracklet"].tolist() == runs


PERIODS = {
    "lower median of two": (at(0, 100, 300), 25.0, 100),
    "median of three": (at(0, 100, 300, 700), 25.0, 200),
    "steps above max_gap do not count": (at(0, 100, 5000, 10000, 10100), 25.0, 100),
    "one moment: one frame cut to ms": (at(500), 29.97, 33),
    "no step and no rate": (at(0), None, 0),
}


@pytest.mark.parametrize(("path", "rate", "period"), PERIODS.values(), ids=PERIODS.keys())
def test_the_sampling_period_is_the_lower_median_step(path, rate, period):
    video = make_video(frame_rate=rate)
    assert estimate_sampling_period(make_detections({0: path}), video) == pd.Timedelta(period, unit="ms")


@pytest.mark.parametrize("option", [-1, "soon"])
def test_a_wrong_max_gap_of_the_sampling_period_is_named(option):
    with pytest.raises(ParameterError, match=r"^max_gap is "):
        estimate_sampling_period(make_detections({0: at(0, 100)}), make_video(), max_gap=option)


def test_the_sampling_period_counts_moments_of_all_persons_once():
    detections = make_detections({0: at(0, 300, 600), 1: at(0, 100, 600)})
    assert estimate_sampling_period(detections, make_video()) == pd.Timedelta("200ms")


def test_the_sampling_period_looks_only_at_rows_that_are_there():
    detections = make_detections({0: at(0, 300, 600), 1: at(100, 200)})
    assert estimate_sampling_period(select(detections, persons=[0]), make_video()) == pd.Timedelta("300ms")


def test_the_period_can_be_given_and_must_not_exceed_max_gap():
    detections = make_detections({0: at(0, 100)})
    trajectories = compute_trajectories(detections, make_video(), period="7ms")
    assert held(trajectories) == [100, 7]
    with pytest.raises(ParameterError, match="max_gap is 50 ms, below the sampling period of 60 ms"):
        compute_trajectories(detections, make_video(), period="60ms", max_gap="50ms")
    with pytest.raises(ParameterError, match="max_gap is 10 ms, below the sampling period of 40 ms"):
        compute_trajectories(make_detections({0: at(0)}), make_video(), max_gap="10ms")


SLOW = {
    "every 3 s": ({0: at(*range(0, 120_000, 3000))}, "3000"),
    "every 3 s, with one double": ({0: at(*range(0, 120_000, 3000), 30_040)}, "3000"),
    "two people at odd moments": ({0: at(0, 2500, 5000), 1: at(1250, 3750, 6250)}, "2500"),
}


@pytest.mark.parametrize(("persons", "step"), SLOW.values(), ids=SLOW.keys())
def test_sampling_slower_than_max_gap_is_refused_with_the_value_to_use(persons, step):
    detections, video = make_detections(persons), make_video(120_000)
    with pytest.raises(InputError, match=rf"every {step} ms.*max_gap='{3 * int(step)}ms' \(--max-gap"):
        compute_trajectories(detections, video)
    longer = compute_trajectories(detections, video, max_gap=f"{3 * int(step)}ms")
    assert compute_tracks(longer)["tracklets"].tolist() == [1] * len(persons)
    assert sum(held(compute_trajectories(detections, video, period="100ms"))) < sum(held(longer))


def test_few_steps_among_many_people_do_not_make_the_sampling_slow():
    persons = {0: at(0, 60_000)} | {person: at(100 * person) for person in range(1, 100)}
    assert estimate_sampling_period(make_detections(persons), make_video()) == pd.Timedelta("100ms")


@pytest.mark.parametrize("name", ["every-3-s", "every-3-s-one-double"])
def test_a_person_seen_every_3_s_counts_for_120_s_with_a_longer_max_gap(real_data, name):
    detections, video = read_tracking(real_data / f"cases/numbers/{name}.json")
    with pytest.raises(InputError, match=r"max_gap='9000ms'"):
        compute_trajectories(detections, video)
    assert sum(held(compute_trajectories(detections, video, max_gap="9s"))) == 120_000


@pytest.mark.parametrize("option", ["max_gap", "period", "max_interpolation", "speed_window"])
@pytest.mark.parametrize("value", ["-1s", "1.5us", "soon", pd.NaT])
def test_a_length_of_time_that_is_none_is_refused(option, value):
    with pytest.raises(ParameterError, match=option):
        compute_trajectories(make_detections({0: at(0, 100)}), make_video(), **{option: value})


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
    period = naive.lower_median_step([time for _, time in rows], max_gap)
    assert found_period(detections, video, max_gap) == period
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


def test_select_keeps_half_open_times_and_some_persons():
    detections = make_detections({0: at(0, 100, 200), 1: at(100), 2: at(150)})
    part = select(detections, start="100ms", end="200ms", persons=[0, 1, 99])
    assert part.index.tolist() == [(pd.Timedelta("100ms"), 0), (pd.Timedelta("100ms"), 1)]
    assert len(select(detections)) == 5
    with pytest.raises(ParameterError, match="end is '100ms', which is not after start"):
        select(detections, start="100ms", end="100ms")
