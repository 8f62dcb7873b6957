"""A heatmap: normalized, as a density, smoothed, as a table."""

import math

import naive_floor
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ptrack_analysis import compute_heatmap, compute_trajectories
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.heat import Heatmap
from ptrack_analysis.schema import HEATMAP, HEATMAP_SLICES, MEASURE, validate

BOUNDS = (0.0, 0.0, 4.0, 2.0)


def some(values=((30.0, 10.0),), quantity="visits", unit="m"):
    return Heatmap(np.array(values), BOUNDS, unit, quantity=quantity)


def test_values_are_normalized_by_area_hour_and_total():
    assert some().normalize("area").values.tolist() == [[7.5, 2.5]]
    assert some().normalize("hour", duration="30min").values.tolist() == [[60, 20]]
    assert some().normalize("total").values.tolist() == [[0.75, 0.25]]
    both = some().normalize("hour", duration="30min").normalize("area")
    assert (both.values.tolist(), both.value_unit) == ([[15, 5]], "visits/h/m²")
    assert np.isnan(some([[0.0, 0.0]]).normalize("total").values).all()


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [("person_seconds", "s"), ("visits", "visits"), ("people", "people"), ("mean_speed", "m/s")],
)
def test_the_unit_of_the_values_follows_the_quantity(quantity, unit):
    assert some(quantity=quantity).value_unit == unit


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: some(unit="px").normalize("area"), "by='area' requires a heatmap in m, got one in px"),
        (
            lambda: some().normalize("area").normalize("area"),
            "already normalized: its values are in visits/m²",
        ),
        (
            lambda: some().normalize("total").normalize("hour", duration="1h"),
            "already normalized: its values are in share",
        ),
        (lambda: some(quantity="mean_speed").normalize("total"), "mean_speed cannot be normalized"),
        (lambda: some().normalize("hour"), "duration is required"),
        (lambda: some().normalize("hour", duration="0s"), "longer than 0, got '0s'"),
        (lambda: some().normalize("hour", duration="-1s"), "must be a duration of at least 0, got '-1s'"),
        (lambda: some().normalize("area", duration="1h"), "duration applies to by='hour' only"),
        (lambda: some().normalize("share"), "by must be 'area', 'hour' or 'total', got 'share'"),
        (lambda: some().density("1h"), "a density requires person-seconds, but the values are visits"),
        (lambda: some().to_frame("1h"), "a density requires person-seconds"),
    ],
)
def test_a_meaningless_division_is_refused(call, sentence):
    with pytest.raises(ParameterError, match=sentence):
        call()


def test_the_fields_after_the_unit_are_given_by_name():
    with pytest.raises(TypeError):
        Heatmap(np.ones((1, 2)), BOUNDS, "m", "foot_points")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"quantity": "persons"}, "quantity must be one of person_seconds, .*, got 'persons'"),
        ({"basis": "footpoints"}, "basis must be one of boxes, foot_points, got 'footpoints'"),
        ({"bin_edges": np.array([0])}, "bin_edges must be 2 times"),
        ({"values": np.ones((2, 1, 2))}, "bin_edges must be 3 times, one more than bins"),
    ],
)
def test_a_heatmap_that_contradicts_itself_is_refused(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Heatmap(**{"values": np.ones((1, 2)), "bounds": BOUNDS, "unit": "m", **options})


@pytest.mark.parametrize(
    ("heatmap", "stored", "unit"),
    [
        (some(), "visits", "visits"),
        (some(quantity="people").normalize("hour", duration="1h"), "persons", "persons/h"),
        (some(quantity="mean_speed", unit="px"), "speed", "px/s"),
        (some(quantity="person_seconds").normalize("area"), "foot_points", "s/m²"),
        (
            Heatmap(np.array([[30.0, 10.0]]), (0.0, 0.0, 1.0, 1.0), "fraction", basis="boxes").normalize(
                "total"
            ),
            "boxes",
            "share",
        ),
    ],
)
def test_the_table_has_the_words_of_the_files_on_disk(heatmap, stored, unit):
    table = heatmap.to_frame()
    validate(table, MEASURE)
    assert table.index.get_level_values(0).tolist() == [stored] * 2
    assert table["measured_in"].tolist() == [unit] * 2
    assert table["number"].tolist() == heatmap.values.ravel().tolist()


def series():
    values = np.array([[[30.0, 10.0]], [[2.0, 0.0]]])
    return Heatmap(values, BOUNDS, "m", bin_edges=np.array([0, 60_000, 90_000]))


def test_a_series_is_normalized_by_the_lengths_of_its_bins():
    assert series().normalize("hour").values.tolist() == [[[1800, 600]], [[240, 0]]]
    assert series().density().tolist() == [[[0.125, 10 / 240]], [[2 / 120, 0]]]
    assert series().bins[1].normalize("hour").values.tolist() == [[240, 0]]
    with pytest.raises(ParameterError, match="duration must not be given for a series"):
        series().normalize("hour", duration="1min")
    with pytest.raises(ParameterError, match="a bin of the heatmap has a length of 0"):
        Heatmap(np.zeros((1, 1, 2)), BOUNDS, "m", bin_edges=np.array([0, 0])).density()


def test_a_series_has_a_heatmap_and_a_table_per_bin():
    first, second = series().bins
    assert (first.shape, first.values.tolist(), second.values.tolist()) == ((1, 2), [[30, 10]], [[2, 0]])
    assert second.bin_edges.tolist() == [60_000, 90_000]
    assert first.bins == [first]
    validate(first.to_frame(), HEATMAP)
    table = series().to_frame()
    validate(table, HEATMAP_SLICES)
    assert table["seconds"].tolist() == [30, 10, 2, 0]
    assert table["interval"].dt.total_seconds().tolist() == [60, 60, 30, 30]
    with pytest.raises(ParameterError, match=r"a normalized series has no table. Call to_frame\(\) on each"):
        series().normalize("hour").to_frame()


def test_each_bin_of_a_series_is_smoothed_by_itself():
    smooth = series().smooth(1.0)
    for whole, part in zip(smooth.values, series().bins, strict=True):
        assert whole.tolist() == part.smooth(1.0).values.tolist()


def on_the_floor(points, bounds=(0.0, 0.0, 2.0, 1.0), **options):
    trajectories = compute_trajectories(make_points(points), period="6s", max_gap="6s")
    return compute_heatmap(trajectories, make_video(), bounds=bounds, **options)


def test_density_is_persons_on_a_square_metre_over_the_time_watched():
    heatmap = on_the_floor({0: [(0, 0.5, 0.5)], 1: [(0, 0.7, 0.5)], 2: [(0, 1.5, 0.2)]}, shape=(1, 4))
    assert heatmap.cell_area == 0.5
    assert heatmap.values.tolist() == [[0, 12, 0, 6]]
    assert heatmap.density("60s").tolist() == [[0, 0.4, 0, 0.2]]
    assert heatmap.density(pd.Timedelta("6s")).tolist() == [[0, 4, 0, 2]]
    assert on_the_floor({}, shape=(1, 4)).density("60s").tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize("seed", range(5))
def test_density_equals_point_by_point(seed):
    chance = np.random.default_rng(seed)
    places = chance.uniform(-1, 6, (200, 2))
    points = {person: [(0, x, y)] for person, (x, y) in enumerate(places.tolist())}
    heatmap = on_the_floor(points, bounds=(0.0, -0.5, 4.0, 5.5), shape=(6, 5))
    expected = naive_floor.density(
        places.tolist(), [6.0] * 200, bounds=heatmap.bounds, shape=(6, 5), duration=90.0
    )
    assert heatmap.density("90s") == pytest.approx(np.array(expected), abs=1e-12)


@given(
    st.lists(st.tuples(st.floats(-5, 15), st.floats(-5, 15)), max_size=20),
    st.floats(0.05, 20),
    st.integers(1, 10**9),
)
def test_density_times_area_times_duration_is_the_time_inside(places, cell, milliseconds):
    points = {person: [(0, x, y)] for person, (x, y) in enumerate(places)}
    heatmap = on_the_floor(points, bounds=(0.0, 0.0, 10.0, 7.0), cell=cell)
    x0, y0, x1, y1 = heatmap.bounds
    inside = sum(x0 <= x < x1 and y0 <= y < y1 for x, y in places)
    duration = pd.Timedelta(np.timedelta64(milliseconds, "ms"))
    assert heatmap.values.sum() == 6.0 * inside
    whole = heatmap.density(duration).sum() * heatmap.cell_area * (milliseconds / 1000)
    assert whole == pytest.approx(6.0 * inside, rel=1e-9)
    assert x1 > 10 - 1e-6
    assert y1 > 7 - 1e-6


def test_a_density_needs_a_floor_and_a_duration():
    trajectories = compute_trajectories(make_detections({0: [(0, 0.5, 0.5)]}), make_video())
    in_pixels = compute_heatmap(trajectories, make_video())
    with pytest.raises(ParameterError, match="a density requires a heatmap in m, got one in px"):
        in_pixels.density("1min")
    heatmap = on_the_floor({})
    with pytest.raises(ParameterError, match="duration is required: the recorded time is unknown"):
        heatmap.density(None)
    for wrong, said in [("0s", "longer than 0"), ("-1s", "at least 0"), ("soon", "must be a duration")]:
        with pytest.raises(ParameterError, match=said):
            heatmap.density(wrong)


def test_the_long_table_has_the_density_if_a_duration_is_given():
    heatmap = on_the_floor({0: [(0, 0.5, 0.5)]}, shape=(1, 2))
    assert "density_per_m2" not in heatmap.to_frame().columns
    table = heatmap.to_frame("60s")
    validate(table, HEATMAP)
    assert table["density_per_m2"].tolist() == [0.1, 0.0]
    with pytest.raises(ParameterError, match="got one in px"):
        compute_heatmap(compute_trajectories(make_detections({}), make_video()), make_video()).to_frame("1s")


def test_the_long_table_has_the_middle_of_each_cell():
    detections = make_detections({0: [(0, 0.9, 0.9)]})
    heatmap = compute_heatmap(
        compute_trajectories(detections, make_video(), period="1s"), make_video(), shape=(2, 2)
    )
    table = heatmap.to_frame()
    validate(table, HEATMAP)
    assert table.loc[(1, 1)].tolist() == [750.0, 375.0, 1.0]
    part = compute_heatmap(
        compute_trajectories(detections, make_video(), period="1s"),
        make_video(),
        shape=(2, 2),
        bounds=(800, 400, 1000, 480),
    )
    assert part.to_frame().loc[(1, 1)].tolist() == [950.0, 460.0, 1.0]


def heatmap(seconds, unit="m", bounds=None):
    rows, columns = seconds.shape
    return Heatmap(seconds, bounds or (0.0, 0.0, float(columns), float(rows)), unit)


SECONDS = arrays("float64", st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.floats(0, 1e6))


@given(seconds=SECONDS, share=st.floats(0, 8))
def test_smoothing_keeps_the_sum_and_makes_nothing_negative(seconds, share):
    smooth = heatmap(seconds).smooth(share * min(seconds.shape))
    assert smooth.values.sum() == pytest.approx(seconds.sum(), rel=1e-9)
    assert (smooth.values >= 0).all()
    assert smooth.values.max() <= seconds.max() * (1 + 1e-9)


@given(seconds=SECONDS)
def test_a_mirrored_heatmap_smooths_to_the_mirrored_one(seconds):
    there, back = heatmap(seconds).smooth(0.7), heatmap(seconds[::-1, ::-1]).smooth(0.7)
    np.testing.assert_allclose(there.values, back.values[::-1, ::-1], rtol=1e-9, atol=1e-9)


def test_sigma_is_a_length_in_the_plane_whatever_the_sides_of_a_cell():
    seconds = np.zeros((41, 81))
    seconds[20, 40] = 1.0
    smooth = heatmap(seconds, bounds=(0.0, 0.0, 8.1, 8.2)).smooth(0.8).values
    down, across = (np.arange(41) - 20) * 0.2, (np.arange(81) - 40) * 0.1
    assert math.sqrt(smooth.sum(axis=1) @ down**2) == pytest.approx(0.8, rel=0.01)
    assert math.sqrt(smooth.sum(axis=0) @ across**2) == pytest.approx(0.8, rel=0.01)


def test_sigma_0_changes_nothing_and_the_argument_stays():
    seconds = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert heatmap(seconds).smooth(0).values.tolist() == seconds.tolist()
    heatmap(seconds).smooth(1.0)
    assert seconds.tolist() == [[0, 1], [2, 3]]


def test_whole_numbers_are_smoothed_into_fractions():
    """In whole numbers a single second would round to none at all."""
    whole = np.zeros((5, 5), dtype="int64")
    whole[2, 2] = 1
    visits = Heatmap(whole, (0.0, 0.0, 5.0, 5.0), "m", quantity="visits")
    for smooth in (heatmap(whole).smooth(1.0).values, visits.smooth(1.0).values):
        assert smooth.dtype == "float64"
        assert smooth.sum() == pytest.approx(1)
        assert smooth.max() < 1


def test_smoothing_keeps_the_quantity_and_its_unit():
    smooth = some().normalize("hour", duration="1h").smooth(0.5)
    assert (smooth.quantity, smooth.value_unit) == ("visits", "visits/h")
    assert smooth.values.sum() == pytest.approx(40)


@pytest.mark.parametrize("sigma", [-1, math.nan, math.inf, 17, None, "1", True])
def test_what_is_no_width_is_refused(sigma):
    with pytest.raises(ParameterError, match=r"sigma must be a length from 0 to 16 m, got"):
        heatmap(np.ones((2, 3))).smooth(sigma)


def test_fractions_and_speeds_are_not_smoothed():
    with pytest.raises(ParameterError, match="in fractions of the frame cannot be smoothed"):
        heatmap(np.ones((2, 3)), unit="fraction").smooth(0.1)
    with pytest.raises(ParameterError, match="mean_speed cannot be smoothed"):
        some(quantity="mean_speed").smooth(0.1)
