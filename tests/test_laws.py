"""The conservation laws, exact in whole milliseconds, on whatever hypothesis thinks of."""

import itertools

import numpy as np
import pandas as pd
import pytest
from factories import HEIGHT, WIDTH, make_detections, make_video
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely.geometry import Polygon

from ptrack_analysis import (
    Zone,
    compute_box_heatmap,
    compute_heatmap,
    compute_occupancy,
    compute_tracks,
    compute_trajectories,
    compute_visits,
)

MOMENTS = st.integers(0, 12_000)
COORDINATES = st.one_of(st.none(), st.floats(-0.2, 1.3), st.sampled_from([0.0, 0.5, 1.0, 1 + 1e-8, 1 + 1e-6]))
PATHS = st.lists(st.tuples(MOMENTS, COORDINATES, COORDINATES), max_size=25, unique_by=lambda row: row[0])
PERSONS = st.dictionaries(st.integers(0, 5), PATHS, max_size=4)
DURATIONS = st.one_of(st.none(), st.integers(0, 15_000))
PERIODS = st.integers(0, 2000).map(lambda length: f"{length}ms")


def whole(persons):
    """Take a person with half a position as one without any."""
    return {
        person: [(t, *((None, None) if x is None or y is None else (x, y))) for t, x, y in path]
        for person, path in persons.items()
    }


def total(column):
    return int(column.to_numpy().astype("int64").sum())


def integral(occupancy, zone):
    """Integrate the count of persons over time [person-ms]."""
    part = occupancy.loc[[zone]]
    moments = part.index.get_level_values("timestamp").to_numpy().astype("int64")
    return int((np.diff(moments) * part["persons"].to_numpy()[:-1]).sum())


def tiles(middle):
    """Cut the frame into four zones that share corners, one of them ``middle``."""
    x, y = middle
    corners = [(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)]
    top, right, bottom, left = (x, 0), (WIDTH, y), (x, HEIGHT), (0, y)
    outlines = [
        [corners[0], top, middle, left],
        [top, corners[1], right, middle],
        [middle, right, corners[2], bottom],
        [left, middle, bottom, corners[3]],
    ]
    return [Zone(f"tile {number}", Polygon(outline), "px") for number, outline in enumerate(outlines)]


def in_frame(trajectories):
    x, y = trajectories["x_px"].to_numpy(), trajectories["y_px"].to_numpy()
    return (x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)


@given(PERSONS, DURATIONS, PERIODS)
def test_law_1_dwell_is_held_is_the_integral_of_occupancy(persons, duration, period):
    video = make_video(duration)
    trajectories = compute_trajectories(make_detections(whole(persons)), video, period=period)
    held = total(trajectories["time_present"])
    assert (trajectories["time_present"].to_numpy().astype("int64") >= 0).all()
    assert total(compute_tracks(trajectories)["time_in_scene"]) == held
    assert integral(compute_occupancy(trajectories, video), "") == held


@given(
    PERSONS,
    DURATIONS,
    st.tuples(st.floats(1, WIDTH - 1), st.floats(1, HEIGHT - 1)),
    st.integers(0, 3000),
    PERIODS,
)
def test_law_2_zones_that_tile_the_frame_hold_the_time_located_in_it(
    persons, duration, middle, merge_gap, period
):
    video, zones = make_video(duration), tiles(middle)
    trajectories = compute_trajectories(make_detections(whole(persons)), video, period=period)
    visits = compute_visits(trajectories, zones, video, merge_gap=f"{merge_gap}ms")
    occupancy = compute_occupancy(trajectories, video, zones=zones)
    held = trajectories["time_present"].to_numpy().astype("int64")
    assert total(visits["dwell"]) == held[in_frame(trajectories)].sum()
    by_zone = visits.groupby("zone")["dwell"].sum()
    for zone in zones:
        dwell = by_zone.get(zone.name, pd.Timedelta(0)) / pd.Timedelta("1ms")
        assert dwell == integral(occupancy, zone.name)
    unlocated = held[(trajectories["position_status"] == "missing").to_numpy()].sum()
    outside = held[~in_frame(trajectories) & (trajectories["position_status"] != "missing").to_numpy()].sum()
    assert total(visits["dwell"]) + outside + unlocated == held.sum()
    assert (visits["dwell"] <= visits["exited"] - visits["entered"]).all()


@given(PERSONS, DURATIONS, st.tuples(st.integers(1, 9), st.integers(1, 9)), PERIODS)
def test_law_3_the_heatmaps_hold_the_time_in_the_frame(persons, duration, shape, period):
    video, detections = make_video(duration), make_detections(whole(persons))
    trajectories = compute_trajectories(detections, video, period=period)
    held = trajectories["time_present"].to_numpy().astype("int64")
    stood = compute_heatmap(trajectories, video, shape=shape)
    assert np.rint(stood.values * 1000).sum() == held[in_frame(trajectories)].sum()
    assert stood.values.sum() * 1000 == pytest.approx(held[in_frame(trajectories)].sum())
    covered = compute_box_heatmap(detections, trajectories, video, shape=shape)
    boxes = detections.reorder_levels(trajectories.index.names).loc[trajectories.index].fillna(0)
    across = (boxes["left"] + boxes["width"]).clip(0, 1) - boxes["left"].clip(0, 1)
    down = (boxes["top"] + boxes["height"]).clip(0, 1) - boxes["top"].clip(0, 1)
    area = (held * (across * down).to_numpy()).sum() / 1000
    assert covered.values.sum() / (shape[0] * shape[1]) == pytest.approx(area, abs=1e-6)


@given(PERSONS, DURATIONS, st.randoms(use_true_random=False), PERIODS)
def test_law_4_the_order_of_rows_changes_nothing(persons, duration, chance, period):
    video, detections = make_video(duration), make_detections(whole(persons))
    order = list(range(len(detections)))
    chance.shuffle(order)
    assert_frame_equal(
        compute_trajectories(detections.iloc[order], video, period=period),
        compute_trajectories(detections, video, period=period),
    )


@given(PERSONS, DURATIONS, st.permutations(range(6)), PERIODS)
def test_law_4_renumbering_persons_renames_keys_and_nothing_else(persons, duration, numbers, period):
    video, zones = make_video(duration), tiles((300.0, 200.0))

    def results(rows):
        trajectories = compute_trajectories(make_detections(rows), video, period=period)
        visits = compute_visits(trajectories, zones, video)
        return (
            trajectories,
            compute_tracks(trajectories),
            visits,
            compute_occupancy(trajectories, video, zones=zones),
        )

    persons = whole(persons)
    *named, occupancy = results(persons)
    *renamed, same = results({numbers[person]: path for person, path in persons.items()})
    assert_frame_equal(same, occupancy)
    for one, other in zip(named, renamed, strict=True):
        names = one.index.names
        moved = one.reset_index()
        moved["person_index"] = moved["person_index"].map(dict(enumerate(numbers))).astype("int64")
        assert_frame_equal(moved.set_index(names).sort_index(), other, check_index_type=False)


@given(PERSONS, st.integers(0, 15_000), st.integers(1, 100_000), PERIODS)
def test_law_4_shifting_all_times_shifts_times_and_nothing_else(persons, duration, shift, period):
    persons = whole(persons)
    later = {person: [(t + shift, x, y) for t, x, y in path] for person, path in persons.items()}
    zones, unit = tiles((300.0, 200.0)), pd.Timedelta("1ms")
    video, moved = make_video(duration), make_video(duration + shift)
    first = compute_trajectories(make_detections(persons), video, period=period)
    second = compute_trajectories(make_detections(later), moved, period=period)
    assert_frame_equal(first.reset_index(drop=True), second.reset_index(drop=True), atol=1e-7, rtol=1e-7)
    visits = compute_visits(first, zones, video, period=period)
    shifted = compute_visits(second, zones, moved, period=period)
    assert_frame_equal(visits[["dwell", "exit", "detections"]], shifted[["dwell", "exit", "detections"]])
    assert ((shifted["entered"] - visits["entered"]) / unit == shift).all()


@given(PERSONS, DURATIONS, st.data())
def test_law_5_a_further_detection_within_a_run_changes_no_scene_dwell(persons, duration, data):
    persons, video = whole(persons), make_video(duration)
    before = compute_trajectories(make_detections(persons), video, period="50ms")
    joined = [
        (person, int(moment / np.timedelta64(1, "ms")), int(held / np.timedelta64(1, "ms")))
        for (person, moment), held in before["time_present"].items()
    ]
    gaps = [
        (person, moment, held)
        for (person, moment, held), following in itertools.pairwise(joined)
        if held > 1 and following[:2] == (person, moment + held)
    ]
    if not gaps:
        return
    person, moment, held = data.draw(st.sampled_from(gaps))
    extra = data.draw(st.integers(moment + 1, moment + held - 1))
    persons[person] = [*persons[person], (extra, 0.5, 0.5)]
    after = compute_trajectories(make_detections(persons), video, period="50ms")
    assert_frame_equal(
        compute_tracks(after)[["time_in_scene", "tracklets"]],
        compute_tracks(before)[["time_in_scene", "tracklets"]],
    )
