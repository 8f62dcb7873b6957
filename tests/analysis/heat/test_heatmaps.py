"""Person-seconds a cell."""

import math

import naive
import naive_floor
import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from ptrack_analysis import (
    Zone,
    compute_box_heatmap,
    compute_heatmap,
    compute_trajectories,
    select,
    trajectories_from_points,
)
from ptrack_analysis.analysis.heat.cells import grid_of
from ptrack_analysis.analysis.heat.grid import CHUNK, sum_boxes, sum_points
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import HEATMAP, check


def test_a_footpoint_gives_its_cell_the_time_that_it_holds():
    detections = make_detections({0: [(0, 0.1, 0.1), (100, 0.9, 0.9), (300, None, None)]})
    trajectories = compute_trajectories(detections, make_video(), period="50ms")
    heatmap = compute_heatmap(trajectories, make_video(), shape=(2, 4))
    assert heatmap.seconds.tolist() == [[0.1, 0, 0, 0], [0, 0, 0, 0.2]]
    assert (heatmap.extent, heatmap.unit, heatmap.of) == ((0.0, 0.0, 1000.0, 500.0), "px", "footpoints")


def test_a_cell_owns_its_left_and_upper_border():
    points = make_points({0: [(0, 1.0, 1.0)], 1: [(0, 0.0, 0.0)], 2: [(0, 2.0, 0.5)], 3: [(0, 0.5, 2.0)]})
    trajectories = trajectories_from_points(points, period="1s")
    heatmap = compute_heatmap(trajectories, make_video(), shape=(2, 2), extent=(0, 0, 2, 2))
    assert heatmap.seconds.tolist() == [[1, 0], [0, 1]]


def test_on_the_floor_the_extent_goes_around_all_positions():
    points = make_points({0: [(0, 1.5, -0.5)], 1: [(0, 4.0, 2.0)]})
    heatmap = compute_heatmap(trajectories_from_points(points, period="1s"), make_video(), shape=(4, 4))
    assert heatmap.extent == (1.0, -1.0, 5.0, 3.0)
    assert heatmap.seconds.sum() == 2.0
    assert compute_heatmap(trajectories_from_points(points.iloc[:0]), make_video()).seconds.sum() == 0


def test_of_a_zone_only_the_time_inside_it_while_it_holds_is_counted():
    points = make_points({0: [(0, 0.5, 0.5), (1000, 1.5, 0.5), (2000, 0.5, 1.5), (3000, 0.5, 0.5)]})
    trajectories = trajectories_from_points(points, period="1s")
    zone = Zone("left", box(0, 0, 1, 2), "m", start=pd.Timedelta("500ms"), end=pd.Timedelta("2250ms"))
    heatmap = compute_heatmap(trajectories, make_video(), shape=(2, 2), extent=(0, 0, 2, 2), zone=zone)
    assert heatmap.seconds.tolist() == [[0.5, 0], [0.25, 0]]


def test_a_box_gives_each_cell_the_share_that_it_covers():
    detections = make_detections({0: [(0, 0.5, 0.75)]}, box=(0.5, 0.5))
    trajectories = compute_trajectories(detections, make_video(), period="8s", max_gap="8s")
    heatmap = compute_box_heatmap(detections, trajectories, make_video(), shape=(2, 2))
    assert heatmap.seconds == pytest.approx(np.full((2, 2), 2.0))
    assert (heatmap.extent, heatmap.unit, heatmap.of) == ((0.0, 0.0, 1000.0, 500.0), "px", "boxes")
    one_cell = compute_box_heatmap(detections, trajectories, shape=(1, 1))
    assert one_cell.seconds.tolist() == [[pytest.approx(2.0)]]
    assert (one_cell.unit, one_cell.extent) == ("fraction", (0.0, 0.0, 1.0, 1.0))


def test_boxes_are_cut_at_the_frame_and_missing_or_negative_ones_cover_nothing():
    detections = make_detections(
        {0: [(0, 0.0, 1.25)], 1: [(0, None, None)], 2: [(0, 0.5, 0.5)], 3: [(0, 7, 7)]}, box=(0.5, 0.5)
    )
    detections.loc[(pd.Timedelta(0), 2), "width"] = -0.3
    trajectories = compute_trajectories(detections, make_video(), period="1s")
    heatmap = compute_box_heatmap(detections, trajectories, make_video(), shape=(4, 4))
    assert heatmap.seconds[3].tolist() == pytest.approx([1, 0, 0, 0])
    assert heatmap.seconds[:3].sum() == 0


def test_only_the_rows_of_the_trajectories_are_counted():
    detections = make_detections({0: [(0, 0.5, 0.5)], 1: [(0, 0.5, 0.5)]})
    trajectories = compute_trajectories(detections, make_video(), period="1s")
    part = compute_trajectories(select(detections, persons=[1]), make_video(), period="1s")
    whole, half = (
        compute_box_heatmap(detections, rows, make_video()).seconds.sum() for rows in (trajectories, part)
    )
    assert half == pytest.approx(whole / 2)
    with pytest.raises(SchemaError, match="person 0 at 0 days 00:00:00, of whom there is no detection"):
        compute_box_heatmap(select(detections, persons=[1]), trajectories)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (54, 96)])
def test_box_cover_equals_cell_by_cell(seed, shape):
    chance = np.random.default_rng(seed)
    left, top = chance.uniform(-0.3, 1.2, (2, 20))
    boxes = np.stack([left, top, left + chance.uniform(0, 0.7, 20), top + chance.uniform(0, 0.7, 20)])
    boxes[:, :3] = [[0, 1 / 3, math.nan], [0, 0.2, 0], [1, 2 / 3, 1], [1, 0.8, 1]]
    weight = chance.integers(1, 5000, 20).astype("float64")
    expected = sum(
        w * np.array(naive.cover(side, *shape))
        for side, w in zip(boxes.T.tolist(), weight, strict=True)
        if not math.isnan(side[0])
    )
    assert sum_boxes(boxes, weight, shape=shape) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("count", [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 1])
def test_boxes_of_several_passes_are_all_counted(count):
    chance = np.random.default_rng(count)
    left, top = chance.random((2, count)) * 0.5
    boxes = np.stack([left, top, left + 0.25, top + 0.5])
    weight = chance.integers(1, 100, count).astype("float64")
    total = sum_boxes(boxes, weight, shape=(1, 1))
    assert total[0, 0] == pytest.approx(weight.sum() * 0.125)
    points = sum_points(left, top, weight, extent=(0, 0, 1, 1), shape=(1, 1))
    assert points[0, 0] == weight.sum()


def test_cells_that_no_box_touches_are_exactly_zero():
    chance = np.random.default_rng(0)
    left, top = chance.uniform(0.2, 0.4, (2, 100_000))
    boxes = np.stack([left, top, left + 0.1, top + 0.1])
    total = sum_boxes(boxes, np.full(100_000, 67.0), shape=(10, 10))
    assert (total[6:] == 0).all()
    assert (total[:2] == 0).all()
    assert (total >= 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_points_equal_a_histogram(seed):
    chance = np.random.default_rng(seed)
    x, y = chance.uniform(-1, 11, (2, 20_000))
    weight = chance.integers(0, 100, 20_000).astype("float64")
    total = sum_points(x, y, weight, extent=(0.0, 0.0, 10.0, 10.0), shape=(7, 9))
    inside = (x >= 0) & (x < 10) & (y >= 0) & (y < 10)
    expected, _, _ = np.histogram2d(
        y[inside], x[inside], bins=(7, 9), range=((0, 10), (0, 10)), weights=weight[inside]
    )
    assert (total == expected).all()


def test_a_point_just_inside_the_far_border_is_counted():
    just = np.nextafter(640.0, 0)
    total = sum_points(
        np.array([just]), np.array([just]), np.ones(1), extent=(0, 0, 640.0, 640.0), shape=(96, 96)
    )
    assert total[95, 95] == 1


@pytest.mark.parametrize(("low", "high", "cells"), [(-1.0, 25.7, 3), (-0.1, 92.5, 199), (-0.1, 193.6, 174)])
def test_rounding_carries_no_point_out_of_the_last_cell(low, high, cells):
    just = np.array([np.nextafter(high, low)])
    assert (just[0] - low) * cells / (high - low) >= cells
    total = sum_points(just, just, np.ones(1), extent=(low, low, high, high), shape=(cells, cells))
    assert total[-1, -1] == 1


@pytest.mark.parametrize("size", [352, 360, 640, 720, 1080, 1280, 1920, 22])
def test_a_point_on_a_border_that_is_a_whole_number_is_in_the_cell_behind_it(size):
    for cells in range(1, 110):
        border = np.array([k * size // cells for k in range(cells) if k * size % cells == 0], dtype="float64")
        cell = (border * cells / size).round().astype(int)
        total = sum_points(
            border, np.zeros(len(border)), np.ones(len(border)), extent=(0, 0, size, 1), shape=(1, cells)
        )
        assert np.flatnonzero(total[0]).tolist() == cell.tolist()


def test_a_grid_of_the_most_cells_is_one():
    assert grid_of((2_000_000, 2), None, (0, 0, 1, 1)) == ((2_000_000, 2), (0, 0, 1, 1))
    assert grid_of(None, 0.25, (0, 0, 1_000_000, 0.25))[0] == (1, 4_000_000)


def test_a_floor_on_which_nobody_is_located_has_one_square_metre():
    points = make_points({0: [(0, math.nan, 1.0), (40, 1.0, math.nan)]})
    heatmap = compute_heatmap(trajectories_from_points(points), make_video(), shape=(1, 1))
    assert (heatmap.extent, heatmap.seconds.sum()) == ((0.0, 0.0, 1.0, 1.0), 0.0)


def test_the_long_table_has_the_middle_of_each_cell():
    detections = make_detections({0: [(0, 0.9, 0.9)]})
    heatmap = compute_heatmap(
        compute_trajectories(detections, make_video(), period="1s"), make_video(), shape=(2, 2)
    )
    table = heatmap.to_frame()
    check(table, HEATMAP)
    assert table.loc[("footpoints", 1, 1)].tolist() == [750.0, 375.0, 1.0]
    assert len(table) == 4
    part = compute_heatmap(
        compute_trajectories(detections, make_video(), period="1s"),
        make_video(),
        shape=(2, 2),
        extent=(800, 400, 1000, 480),
    )
    assert part.to_frame().loc[("footpoints", 1, 1)].tolist() == [950.0, 460.0, 1.0]


@pytest.mark.parametrize(
    "options", [{"shape": (0, 5)}, {"shape": (5,)}, {"extent": (0, 0, 0, 1)}, {"extent": (0, 0, math.nan, 1)}]
)
def test_an_empty_grid_is_refused(options):
    trajectories = compute_trajectories(make_detections({}), make_video())
    with pytest.raises(ParameterError, match=r"shape is|extent is"):
        compute_heatmap(trajectories, make_video(), **options)


def on_the_floor(points, extent=(0.0, 0.0, 2.0, 1.0), **options):
    trajectories = trajectories_from_points(make_points(points), period="6s", max_gap="6s")
    return compute_heatmap(trajectories, make_video(), extent=extent, **options)


def test_density_is_persons_on_a_square_metre_over_the_time_watched():
    heatmap = on_the_floor({0: [(0, 0.5, 0.5)], 1: [(0, 0.7, 0.5)], 2: [(0, 1.5, 0.2)]}, shape=(1, 4))
    assert heatmap.cell_area == 0.5
    assert heatmap.seconds.tolist() == [[0, 12, 0, 6]]
    assert heatmap.density("60s").tolist() == [[0, 0.4, 0, 0.2]]
    assert heatmap.density(pd.Timedelta("6s")).tolist() == [[0, 4, 0, 2]]
    assert on_the_floor({}, shape=(1, 4)).density("60s").tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize("seed", range(5))
def test_density_equals_point_by_point(seed):
    chance = np.random.default_rng(seed)
    places = chance.uniform(-1, 6, (200, 2))
    points = {person: [(0, x, y)] for person, (x, y) in enumerate(places.tolist())}
    heatmap = on_the_floor(points, extent=(0.0, -0.5, 4.0, 5.5), shape=(6, 5))
    expected = naive_floor.density(
        places.tolist(), [6.0] * 200, extent=heatmap.extent, shape=(6, 5), duration=90.0
    )
    assert heatmap.density("90s") == pytest.approx(np.array(expected), abs=1e-12)


@given(
    st.lists(st.tuples(st.floats(-5, 15), st.floats(-5, 15)), max_size=20),
    st.floats(0.05, 20),
    st.integers(1, 10**9),
)
def test_density_times_area_times_duration_is_the_time_inside(places, cell, milliseconds):
    points = {person: [(0, x, y)] for person, (x, y) in enumerate(places)}
    heatmap = on_the_floor(points, extent=(0.0, 0.0, 10.0, 7.0), cell=cell)
    x0, y0, x1, y1 = heatmap.extent
    inside = sum(x0 <= x < x1 and y0 <= y < y1 for x, y in places)
    duration = pd.Timedelta(np.timedelta64(milliseconds, "ms"))
    assert heatmap.seconds.sum() == 6.0 * inside
    whole = heatmap.density(duration).sum() * heatmap.cell_area * (milliseconds / 1000)
    assert whole == pytest.approx(6.0 * inside, rel=1e-9)
    assert x1 > 10 - 1e-6
    assert y1 > 7 - 1e-6


def test_a_density_needs_a_floor_and_a_duration():
    trajectories = compute_trajectories(make_detections({0: [(0, 0.5, 0.5)]}), make_video())
    in_pixels = compute_heatmap(trajectories, make_video())
    with pytest.raises(ParameterError, match="the heatmap is in px: persons per m² need a floor plan"):
        in_pixels.density("1min")
    heatmap = on_the_floor({})
    with pytest.raises(ParameterError, match="duration is None: the length of the video is not known"):
        heatmap.density(None)
    for wrong, said in [("0s", "not longer than 0"), ("-1s", "at least 0"), ("soon", "not a length of time")]:
        with pytest.raises(ParameterError, match=said):
            heatmap.density(wrong)


def test_the_long_table_has_the_density_if_a_duration_is_given():
    heatmap = on_the_floor({0: [(0, 0.5, 0.5)]}, shape=(1, 2))
    assert "density_per_m2" not in heatmap.to_frame().columns
    table = heatmap.to_frame("60s")
    check(table, HEATMAP)
    assert table["density_per_m2"].tolist() == [0.1, 0.0]
    with pytest.raises(ParameterError, match="is in px"):
        compute_heatmap(compute_trajectories(make_detections({}), make_video()), make_video()).to_frame("1s")


@pytest.mark.parametrize(
    ("cell", "extent", "shape", "reached"),
    [
        (0.5, (0, 0, 2, 1), (2, 4), (0, 0, 2, 1)),
        (0.3, (0, 0, 2, 1), (4, 7), (0, 0, 2.1, 1.2)),
        (0.1, (0, 0, 0.3, 0.7), (7, 3), (0, 0, 0.3, 0.7)),
        (9, (-1, -2, 2, 1), (1, 1), (-1, -2, 8, 7)),
        (0.5, (3, 7, 5, 8), (2, 4), (3, 7, 5, 8)),
    ],
    ids=["fits", "reaches beyond", "fits but for float noise", "one cell", "away from the origin"],
)
def test_square_cells_cover_the_extent(cell, extent, shape, reached):
    heatmap = on_the_floor({}, extent=extent, cell=cell)
    assert heatmap.shape == shape
    assert heatmap.extent == pytest.approx(reached)
    assert heatmap.cell_area == pytest.approx(cell**2)


def test_square_cells_are_of_the_picture_too():
    trajectories = compute_trajectories(make_detections({0: [(0, 0.5, 0.5)]}), make_video(), period="1s")
    heatmap = compute_heatmap(trajectories, make_video(), cell=100)
    assert heatmap.shape == (5, 10)
    assert heatmap.seconds[2, 5] == 1.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cell": 0}, "cell is 0, not a number above 0"),
        ({"cell": -0.5}, "cell is -0.5"),
        ({"cell": math.nan}, "cell is nan"),
        ({"cell": "0.5"}, "cell is '0.5'"),
        ({"cell": 1e-9}, "cell is 1e-09: more than 4000000 cells"),
        ({"cell": 1e-3}, "4000000 cells at most"),
        ({"cell": 0.5, "shape": (2, 2)}, r"shape is \(2, 2\) and cell is 0.5: give one of the two"),
        ({"cell": 0.5, "extent": (0, 0, 0, 1)}, "extent is"),
        ({"cell": 0.5, "extent": (0, 0, 1, 0)}, "extent is"),
        ({"shape": (4_000_001, 1)}, "4000000 cells at most"),
        ({"shape": (1, 4_000_001)}, "4000000 cells at most"),
        ({"shape": 5}, "shape is 5, not rows and columns"),
    ],
)
def test_cells_that_make_no_grid_are_refused(options, said):
    with pytest.raises(ParameterError, match=said):
        on_the_floor({}, **{"extent": (0.0, 0.0, 10.0, 10.0), **options})
