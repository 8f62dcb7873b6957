"""Person-seconds, visits, people and mean speed per cell, and series over time."""

import math

import naive_heat
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, box

from ptrack_analysis import (
    Line,
    Zone,
    compute_box_heatmap,
    compute_heatmap,
    compute_trajectories,
    compute_visits,
    select,
)
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import HEATMAP, HEATMAP_SLICES, MEASURE, validate

pytestmark = pytest.mark.filterwarnings("ignore:.*exceed max_gap:ptrack_analysis.errors.PtrackWarning")


def test_a_footpoint_gives_its_cell_the_time_that_it_holds():
    detections = make_detections({0: [(0, 0.1, 0.1), (100, 0.9, 0.9), (300, None, None)]})
    trajectories = compute_trajectories(detections, make_video(), period="50ms")
    heatmap = compute_heatmap(trajectories, make_video(), shape=(2, 4))
    assert heatmap.values.tolist() == [[0.1, 0, 0, 0], [0, 0, 0, 0.2]]
    assert (heatmap.bounds, heatmap.unit, heatmap.basis) == ((0.0, 0.0, 1000.0, 500.0), "px", "foot_points")


def test_a_cell_owns_its_left_and_upper_border():
    points = make_points({0: [(0, 1.0, 1.0)], 1: [(0, 0.0, 0.0)], 2: [(0, 2.0, 0.5)], 3: [(0, 0.5, 2.0)]})
    trajectories = compute_trajectories(points, period="1s")
    heatmap = compute_heatmap(trajectories, make_video(), shape=(2, 2), bounds=(0, 0, 2, 2))
    assert heatmap.values.tolist() == [[1, 0], [0, 1]]


def test_on_the_floor_the_extent_goes_around_all_positions():
    points = make_points({0: [(0, 1.5, -0.5)], 1: [(0, 4.0, 2.0)]})
    heatmap = compute_heatmap(compute_trajectories(points, period="1s"), make_video(), shape=(4, 4))
    assert heatmap.bounds == (1.0, -1.0, 5.0, 3.0)
    assert heatmap.values.sum() == 2.0
    assert compute_heatmap(compute_trajectories(points.iloc[:0]), make_video()).values.sum() == 0


def test_of_a_zone_only_the_time_inside_it_while_it_holds_is_counted():
    points = make_points({0: [(0, 0.5, 0.5), (1000, 1.5, 0.5), (2000, 0.5, 1.5), (3000, 0.5, 0.5)]})
    trajectories = compute_trajectories(points, period="1s")
    zone = Zone("left", box(0, 0, 1, 2), "m", start=pd.Timedelta("500ms"), end=pd.Timedelta("2250ms"))
    heatmap = compute_heatmap(trajectories, make_video(), shape=(2, 2), bounds=(0, 0, 2, 2), zone=zone)
    assert heatmap.values.tolist() == [[0.5, 0], [0.25, 0]]


def test_a_box_gives_each_cell_the_share_that_it_covers():
    detections = make_detections({0: [(0, 0.5, 0.75)]}, box=(0.5, 0.5))
    trajectories = compute_trajectories(detections, make_video(), period="8s", max_gap="8s")
    heatmap = compute_box_heatmap(detections, trajectories, make_video(), shape=(2, 2))
    assert heatmap.values == pytest.approx(np.full((2, 2), 2.0))
    assert (heatmap.bounds, heatmap.unit, heatmap.basis) == ((0.0, 0.0, 1000.0, 500.0), "px", "boxes")
    one_cell = compute_box_heatmap(detections, trajectories, shape=(1, 1))
    assert one_cell.values.tolist() == [[pytest.approx(2.0)]]
    assert (one_cell.unit, one_cell.bounds) == ("fraction", (0.0, 0.0, 1.0, 1.0))


def test_boxes_are_cut_at_the_frame_and_missing_or_negative_ones_cover_nothing():
    detections = make_detections(
        {0: [(0, 0.0, 1.25)], 1: [(0, None, None)], 2: [(0, 0.5, 0.5)], 3: [(0, 7, 7)]}, box=(0.5, 0.5)
    )
    detections.loc[(pd.Timedelta(0), 2), "width"] = -0.3
    trajectories = compute_trajectories(detections, make_video(), period="1s")
    heatmap = compute_box_heatmap(detections, trajectories, make_video(), shape=(4, 4))
    assert heatmap.values[3].tolist() == pytest.approx([1, 0, 0, 0])
    assert heatmap.values[:3].sum() == 0


def test_only_the_rows_of_the_trajectories_are_counted():
    detections = make_detections({0: [(0, 0.5, 0.5)], 1: [(0, 0.5, 0.5)]})
    trajectories = compute_trajectories(detections, make_video(), period="1s")
    part = compute_trajectories(select(detections, persons=[1]), make_video(), period="1s")
    whole, half = (
        compute_box_heatmap(detections, rows, make_video()).values.sum() for rows in (trajectories, part)
    )
    assert half == pytest.approx(whole / 2)
    with pytest.raises(SchemaError, match="contain person 0 at 0 days 00:00:00, but the detections do not"):
        compute_box_heatmap(select(detections, persons=[1]), trajectories)


def test_a_floor_on_which_nobody_is_located_has_one_square_meter():
    points = make_points({0: [(0, math.nan, 1.0), (40, 1.0, math.nan)]})
    heatmap = compute_heatmap(compute_trajectories(points), make_video(), shape=(1, 1))
    assert (heatmap.bounds, heatmap.values.sum()) == ((0.0, 0.0, 1.0, 1.0), 0.0)


BOUNDS = (0.0, 0.0, 4.0, 2.0)


VIDEO = make_video()


DOOR = Line("door", LineString([(0, 0), (1, 1)]), "m")


def on_the_floor(persons, **options):
    return compute_trajectories(make_points(persons), **{"period": "1s", "max_gap": "2s", **options})


def computed(persons, quantity, shape=(1, 2), **options):
    return compute_heatmap(
        on_the_floor(persons), VIDEO, quantity=quantity, shape=shape, bounds=BOUNDS, **options
    )


def random_walks(seed, persons=5, rows=40):
    """Make walks that jump, stop, leave the bounds and are lost."""
    chance = np.random.default_rng(seed)
    points = {}
    for person in range(persons):
        times = np.cumsum(chance.choice([100, 200, 3000], rows, p=[0.6, 0.3, 0.1])).tolist()
        x, y = chance.choice(np.arange(-2, 20) / 4, (2, rows))
        lost = chance.random(rows) < 0.15
        points[person] = [
            (time, math.nan if gone else a, math.nan if gone else b)
            for time, a, b, gone in zip(times, x.tolist(), y.tolist(), lost.tolist(), strict=True)
        ]
    return on_the_floor(points, max_interpolation="150ms")


def rows_of(trajectories):
    table = trajectories.reset_index()
    table["timestamp"] = table["timestamp"].to_numpy().astype("int64")
    table["time_present"] = table["time_present"].to_numpy().astype("int64")
    names = ["person_index", "timestamp", "x_m", "y_m", "time_present", "tracklet", "speed_m_per_s"]
    return list(table[names].itertuples(index=False, name=None))


CASES = {
    "nobody": ({}, [0, 0], [0, 0]),
    "seen once": ({1: [(0, 1, 1)]}, [1, 0], [1, 0]),
    "stays": ({1: [(0, 1, 1), (1000, 1.5, 1)]}, [1, 0], [1, 0]),
    "walks on": ({1: [(0, 1, 1), (1000, 3, 1)]}, [1, 1], [1, 1]),
    "returns": ({1: [(0, 1, 1), (1000, 3, 1), (2000, 1, 1)]}, [2, 1], [1, 1]),
    "two persons": ({1: [(0, 1, 1)], 2: [(0, 1, 1)]}, [2, 0], [2, 0]),
    "a gap of exactly max_gap": ({1: [(0, 1, 1), (2000, 1, 1)]}, [1, 0], [1, 0]),
    "one millisecond more": ({1: [(0, 1, 1), (2001, 1, 1)]}, [2, 0], [1, 0]),
    "outside in between": ({1: [(0, 1, 1), (1000, -1, 1), (2000, 1, 1)]}, [2, 0], [1, 0]),
    "on the shared border": ({1: [(0, 2, 1)]}, [0, 1], [0, 1]),
    "on the right border": ({1: [(0, 4, 1)]}, [0, 0], [0, 0]),
}


@pytest.mark.parametrize(("persons", "visits", "distinct"), CASES.values(), ids=CASES.keys())
def test_a_cell_is_visited_and_has_its_persons(persons, visits, distinct):
    assert computed(persons, "visits").values.tolist() == [visits]
    assert computed(persons, "people").values.tolist() == [distinct]


def test_a_detection_without_a_position_ends_a_stay_as_it_does_in_a_zone():
    trajectories = on_the_floor(
        {1: [(0, 1, 1), (1000, math.nan, math.nan), (2000, 1, 1)]}, max_interpolation="1s"
    )
    assert compute_heatmap(
        trajectories, VIDEO, quantity="visits", shape=(1, 1), bounds=BOUNDS
    ).values.tolist() == [[2]]


def test_the_mean_speed_is_weighted_by_the_time_held():
    persons = {1: [(0, 0, 1), (1000, 1, 1)], 2: [(0, 1, 1), (500, 1, 1)], 3: [(0, 3, 1)]}
    speed = computed(persons, "mean_speed")
    held = {1: 2.0, 2: 1.5}
    assert speed.values[0, 0] == pytest.approx((held[1] * 1.0 + held[2] * 0.0) / 3.5)
    assert math.isnan(speed.values[0, 1])
    assert speed.value_unit == "m/s"


@pytest.mark.parametrize("quantity", ["person_seconds", "visits", "people", "mean_speed"])
@pytest.mark.parametrize("seed", range(4))
def test_the_kernels_agree_with_a_loop_over_the_rows(quantity, seed):
    trajectories = random_walks(seed)
    got = compute_heatmap(trajectories, VIDEO, quantity=quantity, shape=(4, 8), bounds=BOUNDS)
    wanted = naive_heat.heatmap(quantity, rows_of(trajectories), BOUNDS, (4, 8))
    np.testing.assert_allclose(got.values, wanted, rtol=1e-12)
    validate(got.to_frame(), HEATMAP if quantity == "person_seconds" else MEASURE)


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 3), columns=st.integers(1, 4))
def test_the_visits_of_a_cell_are_those_of_a_zone_that_is_the_cell(seed, rows, columns):
    trajectories = random_walks(seed, persons=3, rows=15)
    visits = compute_heatmap(trajectories, VIDEO, quantity="visits", shape=(rows, columns), bounds=BOUNDS)
    wide, high = 4 / columns, 2 / rows
    for row in range(rows):
        for column in range(columns):
            corners = (column * wide, row * high, (column + 1) * wide, (row + 1) * high)
            stays = compute_visits(trajectories, [Zone("cell", box(*corners), "m")], VIDEO, period="1s")
            assert visits.values[row, column] == len(stays)


@given(seed=st.integers(0, 10_000))
def test_visits_people_and_time_agree(seed):
    trajectories = random_walks(seed, persons=3, rows=12)
    visits, persons, seconds = (
        compute_heatmap(trajectories, VIDEO, quantity=quantity, shape=(3, 5), bounds=BOUNDS).values
        for quantity in ("visits", "people", "person_seconds")
    )
    assert (persons <= visits).all()
    assert persons.max() <= 3
    assert ((seconds > 0) == (visits > 0)).all()
    heat = compute_heatmap(trajectories, VIDEO, shape=(3, 5), bounds=BOUNDS)
    assert seconds.tolist() == heat.values.tolist()


@given(seed=st.integers(0, 10_000), start=st.integers(0, 3000), length=st.integers(1, 4000))
def test_within_a_zone_the_time_is_the_dwell_of_its_visits(seed, start, length):
    trajectories = random_walks(seed, persons=3, rows=15)
    moments = [pd.Timedelta(np.timedelta64(ms, "ms")) for ms in (start, start + length)]
    zone = Zone("till", box(0.6, 0.3, 2.9, 1.7), "m", start=moments[0], end=moments[1])
    dwell = compute_visits(trajectories, [zone], VIDEO, period="1s")["dwell"].dt.total_seconds().sum()
    heat = compute_heatmap(trajectories, VIDEO, shape=(3, 5), bounds=BOUNDS, zone=zone)
    assert heat.values.sum() == pytest.approx(dwell, abs=1e-9)
    whole = compute_heatmap(trajectories, VIDEO, quantity="visits", shape=(1, 1), bounds=BOUNDS, zone=zone)
    assert whole.values[0, 0] == len(compute_visits(trajectories, [zone], VIDEO, period="1s"))


def test_two_zones_that_tile_the_floor_add_up_to_it():
    trajectories = random_walks(3)
    parts = [Zone("west", box(0, 0, 1.3, 2), "m"), Zone("east", box(1.3, 0, 4, 2), "m")]
    grid = {"shape": (4, 8), "bounds": BOUNDS}
    sums = sum(compute_heatmap(trajectories, VIDEO, **grid, zone=zone).values for zone in parts)
    np.testing.assert_allclose(sums, compute_heatmap(trajectories, VIDEO, **grid).values, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: computed({}, "boxes"), "quantity must be one of person_seconds, .*, got 'boxes'"),
        (lambda: computed({}, ["visits"]), r"got \['visits'\]"),
        (lambda: computed({}, "visits", shape=(0, 1)), r"shape must be .*, got \(0, 1\)"),
        (lambda: computed({}, "visits", zone="till"), "zones must be a list of zones, but contains 'till'"),
        (
            lambda: computed({}, "visits", zone=DOOR),
            "zones must be a list of zones, .* read_zones returns two",
        ),
        (
            lambda: computed({}, "visits", every="1min"),
            "every requires quantity='person_seconds', got quantity='visits'",
        ),
    ],
)
def test_an_unknown_quantity_grid_or_zone_is_refused(call, sentence):
    with pytest.raises(ParameterError, match=sentence):
        call()


def test_a_zone_in_another_unit_is_refused():
    with pytest.raises(SchemaError, match="zone 'till' is in px, but the trajectories are in m"):
        computed({}, "visits", zone=Zone("till", box(0, 0, 1, 1), "px"))


GRID = {"shape": (2, 4), "bounds": BOUNDS}


def walking(persons, duration=None):
    return compute_trajectories(
        make_points(persons), video=make_video(duration), period="100ms", max_gap="2s"
    )


def in_milliseconds(heatmap):
    """Return whole milliseconds, which the values are exactly, divided once."""
    held = np.rint(heatmap.values * 1000)
    assert (held / 1000 == heatmap.values).all()
    return held.astype("int64")


def long_walks(seed, duration=None):
    chance = np.random.default_rng(seed)
    persons = {
        person: [
            (int(time), float(x), float(y))
            for time, x, y in zip(
                np.cumsum(chance.choice([40, 70, 900, 2500], 12)),
                chance.random(12) * 5,
                chance.random(12) * 2,
                strict=True,
            )
        ]
        for person in range(3)
    }
    return walking(persons, duration)


def test_what_is_held_is_split_at_the_edges_of_the_bins():
    trajectories = walking({1: [(500, 1.5, 0.5), (2400, 1.5, 0.5)]}, 2500)
    series = compute_heatmap(trajectories, make_video(2500), every="1s", shape=(1, 1), bounds=BOUNDS)
    assert series.values.ravel().tolist() == [0.5, 1.0, 0.5]
    assert series.bin_edges.tolist() == [0, 1000, 2000, 2500]
    assert [heatmap.values.sum() for heatmap in series.bins] == [0.5, 1.0, 0.5]


@pytest.mark.parametrize(
    ("persons", "duration", "intervals"),
    [
        ({}, None, []),
        ({}, 0, [0]),
        ({}, 1000, [1000]),
        ({}, 1001, [1000, 1]),
        ({1: [(900, 1, 1)]}, None, [1000]),
        ({1: [(901, 1, 1)]}, None, [1000, 1000]),
        ({1: [(0, 1, 1)]}, 2500, [1000, 1000, 500]),
    ],
    ids=["nothing", "no time", "one", "one ms more", "just in", "beyond", "the video's end"],
)
def test_the_bins_reach_to_the_end(persons, duration, intervals):
    series = compute_heatmap(walking(persons, duration), make_video(duration), every="1s", **GRID)
    assert np.diff(series.bin_edges).tolist() == intervals
    validate(series.to_frame(), HEATMAP_SLICES)
    assert len(series.to_frame()) == 8 * len(intervals)


@given(seed=st.integers(0, 10_000), every=st.integers(1, 5000), known=st.booleans(), zoned=st.booleans())
def test_the_bins_sum_to_the_whole_exactly(seed, every, known, zoned):
    trajectories = long_walks(seed, 40_000 if known else None)
    zone = Zone("till", box(0.5, 0.5, 3, 3), "m", start=pd.Timedelta("1s")) if zoned else None
    video = make_video(40_000 if known else None)
    series = compute_heatmap(trajectories, video, every=f"{every}ms", zone=zone, **GRID)
    whole = compute_heatmap(trajectories, video, zone=zone, **GRID)
    held = in_milliseconds(series)
    assert held.sum(axis=0).tolist() == in_milliseconds(whole).tolist()
    assert (held.sum(axis=(1, 2)) <= 3 * np.diff(series.bin_edges)).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_kernel_agrees_with_a_loop_over_milliseconds(seed):
    trajectories = long_walks(seed)
    series = compute_heatmap(trajectories, make_video(), every="700ms", **GRID)
    time = trajectories.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
    held = trajectories["time_present"].to_numpy().astype("int64").tolist()
    rows = list(zip(time, trajectories["x_m"], trajectories["y_m"], held, strict=True))
    wanted = naive_heat.series(rows, BOUNDS, (2, 4), 700, len(series.values))
    assert in_milliseconds(series).tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("every", "sentence"),
    [
        ("0s", "every must be longer than 0, got '0s'"),
        ("-1s", "'-1s'"),
        ("1ms", "1 ms: 90000000 bins of 2 x 4"),
    ],
)
def test_bins_of_no_length_or_far_too_many_are_refused(every, sentence):
    with pytest.raises(ParameterError, match=sentence):
        compute_heatmap(walking({}), make_video(90_000_000), every=every, **GRID)


@pytest.mark.parametrize("shape", [(100, 1), (1, 100)])
def test_rows_and_columns_of_the_grid_both_count_towards_the_most_values(shape):
    with pytest.raises(ParameterError, match=f"1000000 bins of {shape[0]} x {shape[1]} cells are more than"):
        compute_heatmap(walking({}), make_video(1_000_000), every="1ms", shape=shape, bounds=BOUNDS)
