"""Visits, persons and speeds a cell; by area, by hour, as shares."""

import math

import naive_heat
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, box

from ptrack_analysis import (
    Heatmap,
    Line,
    Zone,
    compute_heatmap,
    compute_measure,
    compute_visits,
    measure_of,
    trajectories_from_points,
)
from ptrack_analysis.analysis.heat.measure import Measure
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import MEASURE, check

EXTENT = (0.0, 0.0, 4.0, 2.0)
VIDEO = make_video()
DOOR = Line("door", LineString([(0, 0), (1, 1)]), "m")


def on_the_floor(persons, **options):
    return trajectories_from_points(make_points(persons), **{"period": "1s", "max_gap": "2s", **options})


def measured(persons, of, shape=(1, 2), **options):
    return compute_measure(on_the_floor(persons), VIDEO, of, shape=shape, extent=EXTENT, **options)


def random_walks(seed, persons=5, rows=40):
    """Make walks that jump, stop, leave the extent and are lost."""
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
    table["held"] = table["held"].to_numpy().astype("int64")
    names = ["person_index", "timestamp", "x_m", "y_m", "held", "run", "speed_m_per_s"]
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
    assert measured(persons, "visits").numbers.tolist() == [visits]
    assert measured(persons, "persons").numbers.tolist() == [distinct]


def test_a_detection_without_a_position_ends_a_stay_as_it_does_in_a_zone():
    trajectories = on_the_floor(
        {1: [(0, 1, 1), (1000, math.nan, math.nan), (2000, 1, 1)]}, max_interpolation="1s"
    )
    assert compute_measure(trajectories, VIDEO, "visits", shape=(1, 1), extent=EXTENT).numbers.tolist() == [
        [2]
    ]


def test_the_mean_speed_is_weighted_by_the_time_held():
    persons = {1: [(0, 0, 1), (1000, 1, 1)], 2: [(0, 1, 1), (500, 1, 1)], 3: [(0, 3, 1)]}
    speed = measured(persons, "speed")
    held = {1: 2.0, 2: 1.5}
    assert speed.numbers[0, 0] == pytest.approx((held[1] * 1.0 + held[2] * 0.0) / 3.5)
    assert math.isnan(speed.numbers[0, 1])
    assert speed.measured_in == "m/s"


@pytest.mark.parametrize("of", ["footpoints", "visits", "persons", "speed"])
@pytest.mark.parametrize("seed", range(4))
def test_the_kernels_agree_with_a_loop_over_the_rows(of, seed):
    trajectories = random_walks(seed)
    got = compute_measure(trajectories, VIDEO, of, shape=(4, 8), extent=EXTENT)
    wanted = naive_heat.measure(of, rows_of(trajectories), EXTENT, (4, 8))
    np.testing.assert_allclose(got.numbers, wanted, rtol=1e-12)
    check(got.to_frame(), MEASURE)


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 3), columns=st.integers(1, 4))
def test_the_visits_of_a_cell_are_those_of_a_zone_that_is_the_cell(seed, rows, columns):
    trajectories = random_walks(seed, persons=3, rows=15)
    visits = compute_measure(trajectories, VIDEO, "visits", shape=(rows, columns), extent=EXTENT)
    wide, high = 4 / columns, 2 / rows
    for row in range(rows):
        for column in range(columns):
            corners = (column * wide, row * high, (column + 1) * wide, (row + 1) * high)
            stays = compute_visits(trajectories, [Zone("cell", box(*corners), "m")], VIDEO, period="1s")
            assert visits.numbers[row, column] == len(stays)


@given(seed=st.integers(0, 10_000))
def test_measures_keep_their_order(seed):
    trajectories = random_walks(seed, persons=3, rows=12)
    visits, persons, seconds = (
        compute_measure(trajectories, VIDEO, of, shape=(3, 5), extent=EXTENT).numbers
        for of in ("visits", "persons", "footpoints")
    )
    assert (persons <= visits).all()
    assert persons.max() <= 3
    assert ((seconds > 0) == (visits > 0)).all()
    heat = compute_heatmap(trajectories, VIDEO, shape=(3, 5), extent=EXTENT)
    assert seconds.tolist() == heat.seconds.tolist()


@given(seed=st.integers(0, 10_000), start=st.integers(0, 3000), length=st.integers(1, 4000))
def test_within_a_zone_the_time_is_the_dwell_of_its_visits(seed, start, length):
    trajectories = random_walks(seed, persons=3, rows=15)
    moments = [pd.Timedelta(np.timedelta64(ms, "ms")) for ms in (start, start + length)]
    zone = Zone("till", box(0.6, 0.3, 2.9, 1.7), "m", start=moments[0], end=moments[1])
    dwell = compute_visits(trajectories, [zone], VIDEO, period="1s")["dwell"].dt.total_seconds().sum()
    heat = compute_heatmap(trajectories, VIDEO, shape=(3, 5), extent=EXTENT, zone=zone)
    assert heat.seconds.sum() == pytest.approx(dwell, abs=1e-9)
    whole = compute_measure(trajectories, VIDEO, "visits", shape=(1, 1), extent=EXTENT, zone=zone)
    assert whole.numbers[0, 0] == len(compute_visits(trajectories, [zone], VIDEO, period="1s"))


def test_two_zones_that_tile_the_floor_add_up_to_it():
    trajectories = random_walks(3)
    parts = [Zone("west", box(0, 0, 1.3, 2), "m"), Zone("east", box(1.3, 0, 4, 2), "m")]
    grid = {"shape": (4, 8), "extent": EXTENT}
    sums = sum(compute_heatmap(trajectories, VIDEO, **grid, zone=zone).seconds for zone in parts)
    np.testing.assert_allclose(sums, compute_heatmap(trajectories, VIDEO, **grid).seconds, atol=1e-9)


def some(values=((30.0, 10.0),), of="visits", unit="m", measured_in="visits"):
    return Measure(np.array(values), EXTENT, unit, of, measured_in)


def test_by_area_by_hour_and_as_a_share():
    assert some().per_m2().numbers.tolist() == [[7.5, 2.5]]
    assert some().per_hour("30min").numbers.tolist() == [[60, 20]]
    assert some().share().numbers.tolist() == [[0.75, 0.25]]
    both = some().per_hour("30min").per_m2()
    assert (both.numbers.tolist(), both.measured_in) == ([[15, 5]], "visits/h/m²")
    assert np.isnan(some([[0.0, 0.0]]).share().numbers).all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: some(unit="px").per_m2(), "the measure is in px"),
        (lambda: some().per_m2().per_m2(), "'visits/m²', so it is divided already"),
        (lambda: some().share().per_hour("1h"), "'share', so it is divided already"),
        (lambda: some(of="speed").share(), "a mean speed by the whole means nothing"),
        (lambda: some().per_hour(None), "duration is None"),
        (lambda: some().per_hour("0s"), "'0s', not longer than 0"),
        (lambda: some().per_hour("-1s"), "'-1s', not a length of time of at least 0"),
        (lambda: measured({}, "boxes"), "of is 'boxes', not one of"),
        (lambda: measured({}, ["visits"]), "of is \\['visits'\\], not one of"),
        (lambda: measured({}, "visits", shape=(0, 1)), "shape is \\(0, 1\\)"),
        (lambda: measured({}, "visits", zone="till"), "'till' is not a Zone"),
        (lambda: measured({}, "visits", zone=DOOR), "is not a Zone; read_zones gives two"),
    ],
)
def test_what_means_nothing_is_refused(call, sentence):
    with pytest.raises(ParameterError, match=sentence):
        call()


def test_a_zone_in_another_plane_and_what_is_no_heatmap_are_refused():
    with pytest.raises(SchemaError, match="zone 'till' is in px, but the trajectories are in m"):
        measured({}, "visits", zone=Zone("till", box(0, 0, 1, 1), "px"))
    with pytest.raises(SchemaError, match="not a heatmap: it is a int"):
        measure_of(3)


def test_a_heatmap_becomes_a_measure_of_seconds():
    heat = Heatmap(np.array([[1.0, 3.0]]), EXTENT, "m", "boxes")
    measure = measure_of(heat)
    assert (measure.of, measure.measured_in, measure.shape) == ("boxes", "s", (1, 2))
    assert measure.to_frame()["number"].tolist() == [1.0, 3.0]
