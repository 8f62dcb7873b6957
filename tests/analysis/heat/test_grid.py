"""Cells, bounds and sums of a grid."""

import math

import naive
import numpy as np
import pytest
from factories import make_detections, make_points, make_video

from ptrack_analysis import compute_heatmap, compute_trajectories
from ptrack_analysis.analysis.heat.grid import CHUNK, resolve_grid, sum_boxes, sum_points
from ptrack_analysis.errors import ParameterError


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
    points = sum_points(left, top, weight, bounds=(0, 0, 1, 1), shape=(1, 1))
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
    total = sum_points(x, y, weight, bounds=(0.0, 0.0, 10.0, 10.0), shape=(7, 9))
    inside = (x >= 0) & (x < 10) & (y >= 0) & (y < 10)
    expected, _, _ = np.histogram2d(
        y[inside], x[inside], bins=(7, 9), range=((0, 10), (0, 10)), weights=weight[inside]
    )
    assert (total == expected).all()


def test_a_point_just_inside_the_far_border_is_counted():
    just = np.nextafter(640.0, 0)
    total = sum_points(
        np.array([just]), np.array([just]), np.ones(1), bounds=(0, 0, 640.0, 640.0), shape=(96, 96)
    )
    assert total[95, 95] == 1


@pytest.mark.parametrize(("low", "high", "cells"), [(-1.0, 25.7, 3), (-0.1, 92.5, 199), (-0.1, 193.6, 174)])
def test_rounding_carries_no_point_out_of_the_last_cell(low, high, cells):
    just = np.array([np.nextafter(high, low)])
    assert (just[0] - low) * cells / (high - low) >= cells
    total = sum_points(just, just, np.ones(1), bounds=(low, low, high, high), shape=(cells, cells))
    assert total[-1, -1] == 1


@pytest.mark.parametrize("size", [352, 360, 640, 720, 1080, 1280, 1920, 22])
def test_a_point_on_a_border_that_is_a_whole_number_is_in_the_cell_behind_it(size):
    for cells in range(1, 110):
        border = np.array([k * size // cells for k in range(cells) if k * size % cells == 0], dtype="float64")
        cell = (border * cells / size).round().astype(int)
        total = sum_points(
            border, np.zeros(len(border)), np.ones(len(border)), bounds=(0, 0, size, 1), shape=(1, cells)
        )
        assert np.flatnonzero(total[0]).tolist() == cell.tolist()


def test_a_grid_of_the_most_cells_is_one():
    assert resolve_grid((2_000_000, 2), None, (0, 0, 1, 1)) == ((2_000_000, 2), (0, 0, 1, 1))
    assert resolve_grid(None, 0.25, (0, 0, 1_000_000, 0.25))[0] == (1, 4_000_000)


def on_the_floor(points, bounds=(0.0, 0.0, 2.0, 1.0), **options):
    trajectories = compute_trajectories(make_points(points), period="6s", max_gap="6s")
    return compute_heatmap(trajectories, make_video(), bounds=bounds, **options)


@pytest.mark.parametrize(
    "options", [{"shape": (0, 5)}, {"shape": (5,)}, {"bounds": (0, 0, 0, 1)}, {"bounds": (0, 0, math.nan, 1)}]
)
def test_an_empty_grid_is_refused(options):
    trajectories = compute_trajectories(make_detections({}), make_video())
    with pytest.raises(ParameterError, match=r"shape must be|bounds must be"):
        compute_heatmap(trajectories, make_video(), **options)


@pytest.mark.parametrize(
    ("cell", "bounds", "shape", "reached"),
    [
        (0.5, (0, 0, 2, 1), (2, 4), (0, 0, 2, 1)),
        (0.3, (0, 0, 2, 1), (4, 7), (0, 0, 2.1, 1.2)),
        (0.1, (0, 0, 0.3, 0.7), (7, 3), (0, 0, 0.3, 0.7)),
        (9, (-1, -2, 2, 1), (1, 1), (-1, -2, 8, 7)),
        (0.5, (3, 7, 5, 8), (2, 4), (3, 7, 5, 8)),
    ],
    ids=["fits", "reaches beyond", "fits but for float noise", "one cell", "away from the origin"],
)
def test_square_cells_cover_the_bounds(cell, bounds, shape, reached):
    heatmap = on_the_floor({}, bounds=bounds, cell=cell)
    assert heatmap.shape == shape
    assert heatmap.bounds == pytest.approx(reached)
    assert heatmap.cell_area == pytest.approx(cell**2)


def test_square_cells_are_of_the_picture_too():
    trajectories = compute_trajectories(make_detections({0: [(0, 0.5, 0.5)]}), make_video(), period="1s")
    heatmap = compute_heatmap(trajectories, make_video(), cell=100)
    assert heatmap.shape == (5, 10)
    assert heatmap.values[2, 5] == 1.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cell": 0}, "cell must be a number above 0, got 0"),
        ({"cell": -0.5}, "cell must be a number above 0, got -0.5"),
        ({"cell": math.nan}, "cell must be a number above 0, got nan"),
        ({"cell": "0.5"}, "cell must be a number above 0, got '0.5'"),
        ({"cell": 1e-9}, "cell is 1e-09: more than 4000000 cells"),
        ({"cell": 1e-3}, "at most 4000000 cells"),
        ({"cell": 0.5, "shape": (2, 2)}, r"exclude each other, got shape=\(2, 2\) and cell=0.5"),
        ({"cell": 0.5, "bounds": (0, 0, 0, 1)}, "bounds must be"),
        ({"cell": 0.5, "bounds": (0, 0, 1, 0)}, "bounds must be"),
        ({"shape": (4_000_001, 1)}, "at most 4000000 cells"),
        ({"shape": (1, 4_000_001)}, "at most 4000000 cells"),
        ({"shape": 5}, "shape must be rows and columns .*, got 5"),
    ],
)
def test_cells_that_make_no_grid_are_refused(options, said):
    with pytest.raises(ParameterError, match=said):
        on_the_floor({}, **{"bounds": (0.0, 0.0, 10.0, 10.0), **options})
