"""Crossings of lines: the rule, case by case, against an exact walk, and its laws."""

from fractions import Fraction
from itertools import pairwise

import naive
import naive_lines
import numpy as np
import pytest
from factories import make_detections, make_points, make_video
from hypothesis import example, given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely.geometry import LineString, box

from ptrack_analysis import Line, Zone, compute_crossings, compute_trajectories
from ptrack_analysis.counting import filter_first_crossings
from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError
from ptrack_analysis.schema import CROSSINGS, TRAJECTORIES, empty_table, validate


def line_of(*vertices, name="door", unit="m"):
    return Line(name, LineString(vertices), unit)


UP = line_of((5, 10), (5, 0))  # its right is where x grows


def crossings_of(persons, lines=(UP,), **options):
    trajectories = compute_trajectories(make_points(persons), period="100ms")
    return compute_crossings(trajectories, list(lines), **options)


def rows_of(crossings):
    times = crossings.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
    persons = crossings.index.get_level_values("person_index").tolist()
    return list(zip(times, persons, crossings["direction"].astype(str), strict=True))


def along(*places):
    """Walk along y = 5: one place each 100 ms; None: not located."""
    return [(100 * n, np.nan if x is None else x, 5) for n, x in enumerate(places)]


CASES = {
    "never near": (along(1, 2, 1), []),
    "seen once": (along(4), []),
    "to the right": (along(4, 6), [(50, "in")]),
    "to the left": (along(6, 4), [(50, "out")]),
    "there and back": (along(4, 6, 4), [(50, "in"), (150, "out")]),
    "rounded up to the first whole ms beyond": (along(4, 7), [(34, "in")]),
    "with the last position": (along(3, 3, 3, 5.5), [(280, "in")]),
    "touches and returns": (along(4, 5, 4), []),
    "touches and goes on": (along(4, 5, 6), [(100, "in")]),
    "stands on the line and goes on": (along(4, 5, 5, 5, 6), [(300, "in")]),
    "stands on the line and returns": (along(6, 5, 5, 6), []),
    "appears on the line": (along(5, 6), []),
    "vanishes on the line": (along(4, 5), []),
    "walks along the line": ([(0, 5, 1), (100, 5, 9), (200, 5, 3)], []),
    "beside the end": ([(0, 4, 11), (100, 6, 11)], []),
    "round the end and back over the line": ([(0, 4, 5), (100, 4, 11), (200, 6, 11), (300, 6, 5)], []),
    "over the line and back round the end": (
        [(0, 4, 9), (100, 6, 9), (200, 6, 11), (300, 4, 11)],
        [(50, "in")],
    ),
    "a gap over the line": ([(0, 4, 5), (2001, 6, 5)], []),
    "a gap of exactly max_gap": ([(0, 4, 5), (2000, 6, 5)], [(1000, "in")]),
    "not located at the line": (along(4, None, 6), [(100, "in")]),
    "an irregular cadence": ([(0, 1, 5), (33, 4, 5), (1633, 8, 5), (1700, 9, 5)], [(433, "in")]),
    "stands still": (along(4, 4, 4, 6, 6, 6), [(250, "in")]),
}


@pytest.mark.parametrize(("path", "expected"), CASES.values(), ids=CASES.keys())
def test_a_crossing_goes_from_a_position_clear_of_the_line_to_the_next(path, expected):
    assert rows_of(crossings_of({7: path})) == [(time, 7, way) for time, way in expected]


JITTER = {
    "within the distance: none": (along(4.5, 5.5, 4.5, 5.5), 0.5, []),
    "jitter before going on: the last one counts": (along(3, 5.5, 4.5, 5.5, 7), 0.5, [(250, "in")]),
    "jitter before turning back: none": (along(3, 5.5, 4.5, 3), 0.5, []),
    "without a distance each one counts": (
        along(3, 5.5, 4.5, 7),
        0,
        [(80, "in"), (150, "out"), (220, "in")],
    ),
    "a step over the whole distance": (along(3, 7), 1, [(50, "in")]),
    "exactly the distance is not clear": (along(4, 6), 1, []),
    "a little more is": (along(3.999, 6.001), 1, [(50, "in")]),
    "round the end within the distance: none": (
        [(0, 3, 10), (100, 4.5, 10.5), (200, 5.5, 10.5), (300, 7, 10)],
        1,
        [],
    ),
}


@pytest.mark.parametrize(("path", "distance", "expected"), JITTER.values(), ids=JITTER.keys())
def test_who_stays_within_min_distance_has_not_left_the_line(path, distance, expected):
    assert rows_of(crossings_of({7: path}, min_distance=distance)) == [(t, 7, way) for t, way in expected]


POLYLINES = {
    "through the vertex of a bend": (((5, 10), (5, 5), (8, 0)), [(0, 4, 5), (100, 6, 5)], ["in"]),
    "touching the vertex of a bend": (((4, 10), (5, 5), (4, 0)), [(0, 5, 1), (100, 5, 9)], []),
    "over both arms of a bend": (((5, 8), (7, 5), (5, 2)), [(0, 5.5, 1), (100, 5.5, 9)], []),
    "into a bend": (((5, 8), (7, 5), (5, 2)), [(0, 5.5, 1), (100, 5.5, 5)], ["out"]),
    "out of a spiral: one net crossing": (
        ((5, 5), (5, 6), (4, 6), (4, 4), (6, 4), (6, 8), (0, 8)),
        [(0, 4.5, 5), (100, 4.5, 9)],
        ["out"],
    ),
    "along an edge and off on the other side": (
        ((5, 10), (5, 0)),
        [(0, 4, 2), (100, 5, 4), (200, 5, 6), (300, 6, 8)],
        ["in"],
    ),
    "a doubled vertex": (((5, 10), (5, 5), (5, 5), (5, 0)), [(0, 4, 5), (100, 6, 5)], ["in"]),
    "a closed line": (((2, 2), (8, 2), (8, 8), (2, 8), (2, 2)), [(0, 1, 5), (100, 5, 5)], ["in"]),
}


@pytest.mark.parametrize(("vertices", "path", "ways"), POLYLINES.values(), ids=POLYLINES.keys())
def test_a_line_may_have_many_vertices(vertices, path, ways):
    crossings = crossings_of({7: path}, [line_of(*vertices)])
    assert crossings["direction"].tolist() == ways


def test_the_place_is_on_the_line():
    crossings = crossings_of({7: [(0, 4, 2), (100, 8, 6)]})
    assert crossings[["x_m", "y_m"]].to_numpy().tolist() == [[5, 3]]


def test_who_stands_on_the_line_crosses_it_where_they_leave_it():
    crossings = crossings_of({7: [(0, 4, 2), (100, 5, 4), (200, 5, 6), (300, 6, 8)]})
    assert rows_of(crossings) == [(200, 7, "in")]
    assert crossings[["x_m", "y_m"]].to_numpy().tolist() == [[5, 6]]


def test_crossings_are_numbered_for_each_person_line_and_direction():
    low = line_of((5, 0), (5, 10), name="back")
    crossings = crossings_of({3: along(4, 6, 4, 6), 5: along(6, 4, 6)}, [UP, low])
    door = crossings.loc["door"]
    assert rows_of(door) == [(50, 3, "in"), (50, 5, "out"), (150, 3, "out"), (150, 5, "in"), (250, 3, "in")]
    assert door["crossing"].tolist() == [1, 1, 1, 1, 2]
    assert crossings.loc["back", "direction"].tolist() == ["out", "in", "in", "out", "out"]


def test_first_crossings_count_each_person_once_a_line_and_direction():
    crossings = crossings_of({3: along(4, 6, 4, 6), 5: along(6, 4, 6)})
    assert rows_of(filter_first_crossings(crossings)) == [
        (50, 3, "in"),
        (50, 5, "out"),
        (150, 3, "out"),
        (150, 5, "in"),
    ]
    assert filter_first_crossings(empty_table(CROSSINGS, unit="px")).empty
    with pytest.raises(SchemaError, match="not a crossings table"):
        filter_first_crossings(empty_table(TRAJECTORIES, unit="px"))


def test_two_persons_on_either_side_of_a_line_do_not_cross_it():
    assert crossings_of({1: along(4, 4), 2: [(200, 6, 5), (300, 6, 5)]}).empty


def test_a_box_that_straddles_the_line_crosses_it_once():
    """The footpoint decides; rules over all corners of the box go astray while it straddles the line."""
    path = [(100 * n, x, 0.5) for n, x in enumerate((0.4, 0.46, 0.49, 0.51, 0.54, 0.6))]
    trajectories = compute_trajectories(make_detections({0: path}, box=(0.3, 0.2)), make_video())
    crossings = compute_crossings(trajectories, [line_of((500, 500), (500, 0), unit="px")])
    assert rows_of(crossings) == [(250, 0, "in")]
    assert crossings["x_px"].tolist() == [500]


def test_a_line_through_two_persons_way_is_crossed_by_each_at_one_moment():
    crossings = crossings_of({1: along(4, 6), 2: along(6, 4)})
    assert crossings.index.tolist() == [("door", *key[1:]) for key in crossings.index]
    assert rows_of(crossings) == [(50, 1, "in"), (50, 2, "out")]


REFUSED = {
    "a zone": (
        [Zone("room", box(0, 0, 1, 1), "m")],
        ParameterError,
        "lines must be a list of lines, .* read_zones returns two",
    ),
    "the pair that read_zones gives": (
        ([], [UP]),
        ParameterError,
        "lines must be a list of lines, .* read_zones returns two",
    ),
    "a line alone": (UP, ParameterError, "lines must be a list of lines, got"),
    "another unit": ([line_of((0, 0), (1, 1), unit="px")], SchemaError, "line 'door' is in px, but"),
    "a doubled name": ([UP, UP], ZoneError, "the name 'door' occurs twice"),
    "no name": ([line_of((0, 0), (1, 1), name="")], ZoneError, "a line has an empty name"),
    "no length": (
        [line_of((1, 1), (1, 1))],
        ZoneError,
        "line 'door' has no length: fewer than two different",
    ),
    "nothing": ([Line("door", LineString(), "m")], ZoneError, "line 'door' has no length"),
    "infinity": (
        [line_of((0, 0), (1, np.inf))],
        ZoneError,
        "line 'door' has a coordinate that is not a finite",
    ),
}


@pytest.mark.parametrize(("lines", "error", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_line_of_this_plane_is_refused(lines, error, sentence):
    trajectories = compute_trajectories(make_points({7: along(4, 6)}))
    with pytest.raises(error, match=sentence.replace("(", r"\(")):
        compute_crossings(trajectories, lines)


@pytest.mark.parametrize("distance", [-1, np.nan, np.inf, None, "much"])
def test_a_distance_that_is_none_is_refused(distance):
    with pytest.raises(ParameterError, match=f"min_distance must be a number .* 0, got {distance!r}"):
        crossings_of({7: along(4, 6)}, min_distance=distance)


def test_nobody_and_no_lines_are_ordinary():
    nobody = empty_table(TRAJECTORIES, unit="px")
    for crossings in (
        compute_crossings(nobody, []),
        compute_crossings(nobody, [line_of((0, 0), (1, 1), unit="px")], min_distance=1),
        crossings_of({7: along(4, 6)}, []),
        crossings_of({7: along(None, None)}),
    ):
        validate(crossings, CROSSINGS)
        assert crossings.empty


GRID = st.tuples(st.integers(0, 4), st.integers(0, 4))
STEPS = st.sampled_from([1, 7, 40, 40, 40, 3000])
PATHS = st.lists(st.tuples(STEPS, GRID), max_size=12)
PERSONS = st.dictionaries(st.integers(0, 3), PATHS, max_size=2)
DISTANCES = st.sampled_from([0, 0, 0.5, 1, 1.5])


def polylines(least, most):
    return (
        st.lists(GRID, min_size=least, max_size=most)
        .map(lambda points: [p for n, p in enumerate(points) if n == 0 or p != points[n - 1]])
        .filter(lambda points: len(points) >= 2)
    )


def timed(persons):
    """Turn (step, place) into (ms, x, y) on a coarse grid, where nearly everything touches exactly."""
    return {
        person: [(int(t), x, y) for t, (_, (x, y)) in zip(np.cumsum([s for s, _ in path]), path, strict=True)]
        for person, path in persons.items()
    }


def fractions(place):
    return tuple(Fraction(value) for value in place)


def runs_of(path):
    """Number the runs of a path [(ms, x, y)] under the default max_gap."""
    return naive.presence([(0, t) for t, _, _ in path], max_gap=2000, period=1)


def net(crossings, person):
    own = crossings[crossings.index.get_level_values("person_index") == person]
    return int((own["direction"] == "in").sum()) - int((own["direction"] == "out").sum())


@given(PERSONS, polylines(2, 4), DISTANCES)
def test_crossings_equal_an_exact_walk_past_a_line_moved_a_little(persons, vertices, distance):
    persons = timed(persons)
    crossings = crossings_of(persons, [line_of(*vertices)], min_distance=distance)
    validate(crossings, CROSSINGS)
    rows = [
        (person, row[3], time, x, y)
        for person, path in persons.items()
        for (time, x, y), row in zip(path, runs_of(path), strict=True)
    ]
    assert rows_of(crossings) == sorted(
        naive_lines.crossings(rows, vertices, min_distance=Fraction(distance))
    )


@pytest.mark.parametrize("seed", range(10))
def test_crossings_of_any_coordinates_equal_an_exact_walk(seed):
    chance = np.random.default_rng(seed)
    times = [np.cumsum(chance.choice([33, 67, 100, 2500], 60)).tolist() for _ in range(3)]
    places = np.cumsum(chance.normal(0, 1, (3, 60, 2)), axis=1) + chance.random((3, 1, 2))
    persons = {
        person: [
            (time, float(x), float(y)) for time, (x, y) in zip(times[person], places[person], strict=True)
        ]
        for person in range(3)
    }
    vertices = [tuple(vertex) for vertex in chance.normal(0, 4, (4, 2)).tolist()]
    distance = float(chance.choice([0, 0.3]))
    rows = [
        (person, row[3], time, Fraction(x), Fraction(y))
        for person, path in persons.items()
        for (time, x, y), row in zip(path, runs_of(path), strict=True)
    ]
    exact = [tuple(map(Fraction, vertex)) for vertex in vertices]
    expected = naive_lines.crossings(rows, exact, min_distance=Fraction(distance))
    crossings = crossings_of(persons, [line_of(*vertices)], min_distance=distance)
    assert rows_of(crossings) == sorted(expected)
    ends = crossings[["x_m", "y_m"]].to_numpy()
    assert len(ends)
    assert max(LineString(vertices).distance(LineString([end, end])) for end in ends) < 1e-9


@given(PERSONS, polylines(2, 4), DISTANCES)
def test_a_line_reversed_swaps_in_with_out_and_changes_nothing_else(persons, vertices, distance):
    persons = timed(persons)
    one = crossings_of(persons, [line_of(*vertices)], min_distance=distance)
    other = crossings_of(persons, [line_of(*vertices[::-1])], min_distance=distance)
    swapped = other["direction"].cat.rename_categories({"in": "out", "out": "in"})
    assert one["direction"].astype(str).tolist() == swapped.astype(str).tolist()
    assert_frame_equal(one.drop(columns="direction"), other.drop(columns="direction"))


@given(PATHS, st.integers(1, 3))
def test_who_crosses_a_line_without_ends_goes_in_and_out_by_turns(path, where):
    path = [(min(step, 40), place) for step, place in path]
    crossings = crossings_of(timed({0: path}), [line_of((where, 100), (where, -100))])
    ways = crossings["direction"].tolist()
    assert all(one != other for one, other in pairwise(ways))
    sides = [np.sign(x - where) for _, (x, _) in path if x != where]
    assert net(crossings, 0) == (sides[-1] - sides[0]) / 2 if sides else not ways


@example([(1, (0, 0)), (1, (2, 2))], [(0, 1), (0, 4), (3, 1)], 0.1)  # the distance of the end rounds to 0
@given(PATHS, st.lists(GRID, min_size=3, max_size=3, unique=True), st.sampled_from([1, 0.1, 1 / 3]))
def test_ins_minus_outs_over_a_closed_line_are_the_change_of_being_inside(path, corners, unit):
    """On a grid whose coordinates floating point rounds, places are on a slanted line or just beside it."""
    path = [(step, (x * unit, y * unit)) for step, (x, y) in path]
    corners = [(x * unit, y * unit) for x, y in corners]
    exact = [fractions(corner) for corner in corners]
    (ax, ay), (bx, by), (cx, cy) = exact
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    path = timed({0: [(min(step, 40), place) for step, place in path]})[0]
    ends = path[:1] + path[-1:]
    if (
        turn == 0
        or not path
        or any(naive_lines.squared_distance([*exact, exact[0]], fractions(e[1:])) == 0 for e in ends)
    ):
        return
    crossings = crossings_of({0: path}, [line_of(*corners, corners[0])])
    begin, end = (naive.inside(corners, x, y) for _, x, y in ends)
    assert net(crossings, 0) == ((turn > 0) - (turn < 0)) * (int(end) - int(begin))


@given(PATHS, polylines(2, 2), st.integers(0, 4))
def test_a_line_cut_in_two_is_crossed_as_often_as_whole(path, vertices, cut):
    """On positions eight times as coarse the cut, at an eighth, is met exactly too."""
    (ax, ay), (bx, by) = [(8 * x, 8 * y) for x, y in vertices]
    middle = (ax + (bx - ax) * (cut + 1) // 8, ay + (by - ay) * (cut + 1) // 8)
    path = [(t, 8 * x, 8 * y) for t, x, y in timed({0: [(min(s, 40), p) for s, p in path]})[0]]
    whole = [(ax, ay), (bx, by)]
    if not path or any(naive_lines.squared_distance(whole, end[1:]) == 0 for end in (path[0], path[-1])):
        return
    parts = [line_of((ax, ay), middle, name="first"), line_of(middle, (bx, by), name="second")]
    crossings = crossings_of({0: path}, [line_of(*whole), *parts])
    by_line = [
        net(crossings.loc[[name]], 0) if name in crossings.index else 0
        for name in ("door", "first", "second")
    ]
    assert by_line[0] == by_line[1] + by_line[2]


@given(PATHS, polylines(2, 2))
def test_a_position_put_into_a_step_changes_no_crossing_of_a_straight_line(path, vertices):
    path = [(2 * t, 2 * x, 2 * y) for t, x, y in timed({0: path})[0]]
    halfway = [
        ((t + s) // 2, (x + u) // 2, (y + v) // 2) for (t, x, y), (s, u, v) in pairwise(path) if s - t <= 2000
    ]
    vertices = [(2 * x, 2 * y) for x, y in vertices]
    with_more, before = (
        rows_of(crossings_of({0: points}, [line_of(*vertices)])) for points in (sorted(path + halfway), path)
    )
    if any(naive_lines.squared_distance(vertices, place) == 0 for _, *place in halfway):
        with_more, before = ([row[1:] for row in rows] for rows in (with_more, before))
    assert with_more == before


def test_a_position_on_the_line_put_into_a_step_can_move_the_time_of_the_crossing():
    path = [(2, 0, 6), (3, 2, 5), (4, 4, 4), (5, 2, 4), (6, 0, 4)]
    line = line_of((2, 4), (4, 4))
    assert rows_of(crossings_of({0: path[::2]}, [line])) == [(4, 0, "out")]
    assert rows_of(crossings_of({0: path}, [line])) == [(5, 0, "out")]


@given(PERSONS, polylines(2, 4), st.integers(1, 10_000))
def test_shifted_times_and_renumbered_persons_change_nothing_else(persons, vertices, later):
    persons = timed(persons)
    moved = {9 - person: [(t + later, x, y) for t, x, y in path] for person, path in persons.items()}
    found = rows_of(crossings_of(persons, [line_of(*vertices)]))
    shifted = rows_of(crossings_of(moved, [line_of(*vertices)]))
    assert sorted((t - later, 9 - person, way) for t, person, way in shifted) == sorted(found)


def test_which_side_a_place_is_on_is_decided_exactly():
    """The middle place is on the line but for rounding; taken for both sides, it would be crossed twice."""
    path = [(0, 0.5, 0.5), (100, 0.4, 0.5), (200, 0.5, 0.3)]
    assert crossings_of({7: path}, [line_of((0.5, 0.7), (0.3, 0.3))]).empty
