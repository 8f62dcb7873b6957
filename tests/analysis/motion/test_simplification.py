"""The fewest rows that keep each path's shape."""

import math

import pytest
import shapely
from factories import make_detections, make_points, make_video
from hypothesis import given
from hypothesis import strategies as some

from ptrack_analysis import compute_trajectories
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.motion import simplify_trajectories
from ptrack_analysis.schema import POINTS, TRAJECTORIES, empty_table, validate

NAN = math.nan


def kept(path, tolerance):
    """Give the moments [ms] that are kept of one person's path."""
    simple = simplify_trajectories(compute_trajectories(make_points({0: path})), tolerance=tolerance)
    validate(simple, POINTS)
    return simple.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()


def along(*places):
    return [(100 * n, x, y) for n, (x, y) in enumerate(places)]


PATHS = {
    "seen once": (along((3, 4)), [0]),
    "never located": (along((NAN, NAN)), []),
    "seen twice": (along((0, 0), (1, 1)), [0, 100]),
    "straight": (along((0, 0), (1, 0), (2, 0), (5, 0)), [0, 300]),
    "a bend as large as the tolerance": (along((0, 0), (1, 0.5), (2, 0)), [0, 200]),
    "a larger bend": (along((0, 0), (1, 0.51), (2, 0)), [0, 100, 200]),
    "a corner": (along((0, 0), (1, 0), (2, 0), (2, 1), (2, 2)), [0, 200, 400]),
    "stands": (along((1, 1), (1, 1), (1, 1)), [0, 200]),
    "there and back": (along((0, 0), (3, 0), (0, 0)), [0, 100, 200]),
    "a loop within the tolerance": (along((0, 0), (0.2, 0), (0.2, 0.2), (0, 0)), [0, 300]),
    "a loop": (along((0, 0), (4, 0), (4, 4), (0, 4), (0, 0)), [0, 100, 200, 300, 400]),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS.keys())
def test_a_row_is_kept_if_the_path_needs_it(path, expected):
    assert kept(path, 0.5) == expected


def test_both_ends_of_a_run_are_kept():
    path = [(0, 0, 0), (100, 1, 0), (200, 2, 0), (2201, 3, 0), (2301, 4, 0), (2401, 5, 0)]
    simple = simplify_trajectories(compute_trajectories(make_points({0: path})), tolerance=10)
    assert simple["x_m"].tolist() == [0, 2, 3, 5]
    assert simple["tracklet"].tolist() == [1, 1, 2, 2]


def test_a_row_that_is_not_located_is_dropped_and_its_neighbors_stay():
    path = [(n * 100, *((None, None) if n == 2 else (0.1 * n, 0.5))) for n in range(6)]
    trajectories = compute_trajectories(make_detections({0: path}), make_video(), max_interpolation="0s")
    assert simplify_trajectories(trajectories, tolerance=5)["x_px"].tolist() == pytest.approx(
        [0, 100, 300, 500]
    )


def test_persons_are_never_drawn_into_each_other():
    points = make_points({1: along((0, 0), (1, 0)), 2: along((2, 0), (3, 0)), 9: along((4, 0))})
    assert simplify_trajectories(compute_trajectories(points), tolerance=1)["x_m"].tolist() == [
        0,
        1,
        2,
        3,
        4,
    ]


@pytest.mark.parametrize("tolerance", [-1, NAN, math.inf, "1 m", None])
def test_a_wrong_tolerance_is_refused_with_its_value(tolerance):
    with pytest.raises(ParameterError, match=f"tolerance must be a number of at least 0, got {tolerance!r}"):
        kept(along((0, 0)), tolerance)


def test_nothing_in_nothing_out_and_a_wrong_table_is_refused():
    simple = simplify_trajectories(empty_table(TRAJECTORIES, unit="px"), tolerance=1)
    assert simple.empty
    validate(simple, POINTS)
    assert simple["tracklet"].dtype == "int64"
    with pytest.raises(SchemaError, match="not a trajectories table"):
        simplify_trajectories(simple, tolerance=1)


eighths = some.integers(-72, 72).map(lambda number: number / 8)


@given(
    places=some.lists(some.tuples(eighths, eighths), min_size=2, max_size=40),
    tolerance=some.sampled_from([0.0, 0.1, 1.0, 5.0]),
)
def test_each_dropped_position_lies_within_the_tolerance_of_the_kept_path(places, tolerance):
    simple = simplify_trajectories(
        compute_trajectories(make_points({0: along(*places)})), tolerance=tolerance
    )
    rest = shapely.LineString(simple[["x_m", "y_m"]].to_numpy())
    moments = simple.index.get_level_values("timestamp").to_numpy().astype("int64")
    assert (shapely.distance(rest, shapely.points(places)) <= tolerance + 1e-9).all()
    assert [places[moment // 100] for moment in moments] == [tuple(row) for row in rest.coords]
    assert (moments[0], moments[-1]) == (0, 100 * (len(places) - 1))


def test_a_long_path_with_a_corner_at_every_row_is_simplified_all_the_same():
    """Without pieces its recursion would be as deep as it is long."""
    zigzag = along(*((n / 100, (-1) ** n * (1 + n / 1000)) for n in range(40_000)))
    assert len(kept(zigzag, 0.5)) > 20_000


def test_a_long_straight_path_keeps_few_rows():
    assert len(kept(along(*((n / 100, 0) for n in range(40_000))), 0.5)) <= 2 + 40_000 / 1024
