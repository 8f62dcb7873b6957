"""Which points lie in which area."""

import naive
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from ptrack_analysis import Zone
from ptrack_analysis.geometry import anchor_points, contains

GRID = st.integers(0, 8).map(lambda value: value / 8)


def edges(*corners):
    ring = np.array(corners, dtype=float)
    return np.column_stack([ring, np.roll(ring, -1, axis=0)])


def is_in(corners, x, y):
    return bool(contains(edges(*corners), np.array([x], dtype=float), np.array([y], dtype=float))[0])


SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [
        (2, 2, True),
        (0, 2, True),
        (2, 0, True),
        (0, 0, True),
        (4, 2, False),
        (2, 4, False),
        (4, 4, False),
        (5, 2, False),
        (-1, 2, False),
        (np.nan, 2, False),
    ],
    ids=[
        "middle",
        "left edge",
        "upper edge",
        "upper left corner",
        "right edge",
        "lower edge",
        "lower right corner",
        "right of it",
        "left of it",
        "nowhere",
    ],
)
def test_left_and_upper_borders_belong_to_an_area_and_right_and_lower_do_not(x, y, inside):
    assert is_in(SQUARE, x, y) == inside
    assert is_in(SQUARE[::-1], x, y) == inside


@given(st.lists(st.tuples(GRID, GRID), min_size=3, max_size=8, unique=True), GRID, GRID)
def test_membership_equals_exact_arithmetic(corners, x, y):
    polygon = Polygon(corners)
    if not polygon.is_valid or polygon.area == 0:
        return
    assert is_in(corners, x, y) == naive.inside([(float(a), float(b)) for a, b in corners], x, y)


UNIT = st.floats(0, 1, exclude_max=True).map(lambda value: round(value, 9))


@given(
    st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
    st.lists(UNIT, min_size=4, max_size=4),
    st.lists(st.tuples(UNIT, UNIT), min_size=1, max_size=30),
)
@example((0.11167348778625955, 0.41160951462508427), [0.0, 6.1035e-05, 0.5, 0.0], [(0.0, 0.0)])
def test_of_four_areas_that_tile_the_frame_each_point_is_in_exactly_one(middle, cuts, points):
    """The middle is a corner of all four, and the cuts are where their edges meet the frame."""
    top, right, bottom, left = (cuts[0], 0.0), (1.0, cuts[1]), (cuts[2], 1.0), (0.0, cuts[3])
    tiles = [
        [(0, 0), top, middle, left],
        [top, (1, 0), right, middle],
        [middle, right, (1, 1), bottom],
        [left, middle, bottom, (0, 1)],
    ]
    on_edges = [
        (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
        for a, b in ((top, middle), (middle, right), (bottom, middle), (left, middle))
        for share in (0.0, 0.25, 0.5, 1.0)
    ]
    x, y = np.array([*points, *on_edges, middle]).T
    within = (x < 1) & (y < 1)
    count = sum(contains(edges(*tile), x[within], y[within]).astype(int) for tile in tiles)
    assert (count == 1).all()


def test_holes_are_outside_and_every_part_is_inside():
    ring = Zone("ring", Polygon(box(0, 0, 9, 9).exterior.coords, [box(3, 3, 6, 6).exterior.coords]), "px")
    x, y = np.array([1.0, 4.0, 3.0, 6.0]), np.array([1.0, 4.0, 4.0, 4.0])
    assert contains(ring.edges, x, y).tolist() == [True, False, False, True]


def test_an_area_without_edges_holds_nothing():
    assert not contains(np.empty((0, 4)), np.zeros(3), np.zeros(3)).any()


def test_anchors_on_the_far_edges_are_just_inside():
    boxes = np.array([[0.5, 0.5, 0.5, 0.5], [0.95, 0.5, 0.1, 0.5 + 1e-8], [0.5, 0.5, 0.1, 0.6], [np.nan] * 4])
    points = anchor_points(boxes)
    assert points[:, 1].tolist()[:3] == [np.nextafter(1, 0), np.nextafter(1, 0), 1.1]
    assert points[1, 0] == np.nextafter(1, 0)
    assert np.isnan(points[3]).all()
