"""How two sets of persons differ, cell by cell, beyond chance."""

import math
from itertools import combinations

import naive_heat
import numpy as np
import pytest
from factories import make_points, make_video
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from ptrack_analysis import Zone, compute_heatmap, compute_trajectories
from ptrack_analysis.errors import ParameterError, PtrackWarning, SchemaError
from ptrack_analysis.heat import compare_heatmaps
from ptrack_analysis.schema import GROUPS, HEAT_DIFFERENCE, assemble, validate

BOUNDS = (0.0, 0.0, 4.0, 1.0)
GRID = {"shape": (1, 4), "bounds": BOUNDS}
VIDEO = make_video()


def stood(held, period=100):
    """Make persons who stood in the cells for these whole numbers of seconds: (persons, cells)."""
    points = {}
    for person, seconds in enumerate(held):
        cells = np.repeat(np.arange(len(seconds)), seconds)
        points[person] = [(place * 1000, cell + 0.5, 0.5) for place, cell in enumerate(cells.tolist())]
        points[person] = points[person] or [(0, -1.0, 0.5)]
    return compute_trajectories(make_points(points), period="1s", max_gap="1s")


def difference(first, second, **options):
    return compare_heatmaps(stood(first), stood(second), VIDEO, **{"permutations": 200, **GRID, **options})


def test_by_person_it_is_the_mean_over_all_persons_even_those_who_never_came():
    result = difference([[4, 0, 0, 0], [0, 0, 0, 0]], [[1, 3, 0, 0]])
    assert result.first.tolist() == [[2, 0, 0, 0]]
    assert result.second.tolist() == [[1, 3, 0, 0]]
    assert result.difference.tolist() == [[1, -3, 0, 0]]
    assert result.value_unit == "s/person"
    assert result.z[0, 2:].tolist() == [0, 0]
    assert np.isnan(result.p).all()
    assert result.note == "fewer than 7 people"


def test_by_hour_more_persons_make_more_seconds():
    result = difference([[1, 0, 0, 0]] * 3, [[1, 0, 0, 0]], durations=("30min", "1h"))
    assert result.first.tolist() == [[6, 0, 0, 0]]
    assert result.second.tolist() == [[1, 0, 0, 0]]
    assert result.value_unit == "s/h"


HELD = st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=3)


@given(first=HELD, second=HELD)
@settings(max_examples=40)
def test_z_is_the_difference_by_its_standard_deviation_over_all_assignments(first, second):
    every = naive_heat.all_differences(np.array(first + second, dtype="float64"), len(first))
    result = difference(first, second, permutations=1)
    spread = every.std(axis=0)
    wanted = np.where(spread > 1e-9, result.difference / np.where(spread > 1e-9, spread, 1), 0)
    np.testing.assert_allclose(result.z, wanted, atol=1e-9)


@given(first=HELD, second=HELD)
@settings(max_examples=40)
def test_by_hour_too(first, second):
    every, chances = naive_heat.all_rate_differences(np.array(first + second, dtype="float64"), (1.0, 3.0))
    result = difference(first, second, permutations=1, durations=("1h", "3h"))
    assert chances @ every == pytest.approx(np.zeros(4), abs=1e-9)
    spread = np.sqrt(chances @ every**2)
    wanted = np.where(spread > 1e-9, result.difference / np.where(spread > 1e-9, spread, 1), 0)
    np.testing.assert_allclose(result.z, wanted, atol=1e-9)


@pytest.mark.parametrize("durations", [None, ("1h", "2h")], ids=["by person", "by hour"])
def test_p_is_near_the_share_of_all_assignments_that_reach_as_far(durations):
    first, second = (
        [[5, 1, 0, 0], [4, 0, 2, 0], [6, 1, 1, 1], [4, 2, 0, 1]],
        [
            [1, 1, 0, 4],
            [0, 1, 2, 5],
            [1, 0, 0, 3],
            [2, 0, 1, 4],
        ],
    )
    held = np.array(first + second, dtype="float64")
    if durations is None:
        every = naive_heat.all_differences(held, 4)
        chances = np.full(len(every), 1 / len(every))
    else:
        every, chances = naive_heat.all_rate_differences(held, (1.0, 2.0))
    largest = (np.abs(every) / np.sqrt(chances @ every**2)).max(axis=1)
    result = difference(first, second, durations=durations, permutations=20_000)
    for z, p in zip(result.z[0], result.p[0], strict=True):
        assert p == pytest.approx(chances @ (largest >= abs(z) - 1e-9), abs=0.015)


@given(first=HELD, second=HELD, hours=st.sampled_from([None, ("1h", "2h")]))
@settings(max_examples=40)
def test_swapped_sets_differ_the_other_way(first, second, hours):
    more = [[0, 0, 0, 0]] * 8
    there = difference(first + more, second + more, permutations=19, durations=hours)
    back = difference(second + more, first + more, permutations=19, durations=hours and hours[::-1])
    np.testing.assert_array_equal(there.difference, -back.difference)
    np.testing.assert_allclose(there.z, -back.z, atol=1e-9)
    assert ((there.p > 0) & (there.p <= 1)).all()
    grows = np.argsort(np.abs(there.z[0]))
    assert (np.diff(there.p[0, grows]) <= 0).all()


@given(first=HELD, second=HELD)
@settings(max_examples=40)
def test_the_rates_are_the_heatmaps_by_person_or_hour(first, second):
    heat = compute_heatmap(stood(first), VIDEO, **GRID)
    np.testing.assert_allclose(difference(first, second).first, heat.values / len(first))
    hourly = difference(first, second, durations=("30min", "1h"))
    np.testing.assert_allclose(hourly.first, heat.values * 2)


def test_the_same_twice_differs_nowhere():
    held = [[1, 2, 0, 3], [0, 4, 1, 0], [2, 2, 2, 2], [0, 0, 0, 1]]
    result = difference(held, held)
    assert not result.difference.any()
    assert (result.p == 1).all()
    assert not result.mask(0.99).any()


def test_the_same_seed_gives_the_same_and_another_nearly():
    chance = np.random.default_rng(5)
    first, second = chance.integers(0, 5, (10, 4)).tolist(), chance.integers(0, 5, (12, 4)).tolist()
    one, again, other = (difference(first, second, permutations=2000, seed=seed) for seed in (1, 1, 2))
    assert one.p.tolist() == again.p.tolist()
    np.testing.assert_allclose(one.p, other.p, atol=0.06)


def test_a_place_that_one_set_prefers_is_marked_and_no_other():
    chance = np.random.default_rng(8)
    first, second = chance.integers(0, 6, (40, 4)), chance.integers(0, 6, (40, 4))
    first[:, 2] += 4
    result = difference(first.tolist(), second.tolist(), permutations=999)
    assert result.mask().tolist() == [[False, False, True, False]]
    assert result.p[0, 2] == 1 / 1000


@pytest.mark.parametrize("durations", [None, ("1h", "1h")], ids=["by person", "by hour"])
def test_where_nothing_differs_hardly_any_map_has_a_mark(durations):
    marked = 0
    for seed in range(200):
        chance = np.random.default_rng(seed)
        held = chance.poisson(0.4, (24, 4)) * 3
        count = 12 if durations is None else chance.binomial(24, 0.5)
        result = difference(
            held[:count].tolist(), held[count:].tolist(), permutations=99, seed=seed, durations=durations
        )
        marked += result.mask().any()
    assert marked <= 19  # of 200 at 5 %: 10 are expected, more than 19 have a chance of 0.3 %


def test_without_persons_what_is_by_person_cannot_be_told():
    nobody = stood([[1, 0, 0, 0]]).iloc[:0]
    result = compare_heatmaps(nobody, stood([[1, 0, 0, 0]]), VIDEO, **GRID)
    assert np.isnan(result.first).all()
    assert result.second.tolist() == [[1, 0, 0, 0]]
    assert np.isnan(result.p).all()
    assert not result.mask().any()
    hourly = compare_heatmaps(nobody, nobody, VIDEO, durations=("1h", "1h"), **GRID)
    assert not hourly.first.any()
    assert np.isnan(hourly.p).all()
    assert (result.note, hourly.note) == ("a set has no people", "fewer than 7 people")
    validate(hourly.to_frame(), HEAT_DIFFERENCE)


def test_a_zone_limits_both():
    zone = Zone("west", box(0, 0, 2, 1), "m")
    result = difference([[1, 2, 3, 4]], [[4, 3, 2, 1]], zone=zone)
    assert result.difference.tolist() == [[-3, -1, 0, 0]]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"permutations": 0}, "permutations must be a whole number from 1 to 1000000, got 0"),
        ({"permutations": 2.5}, r"got 2\.5"),
        ({"permutations": True}, "got True"),
        ({"permutations": 10**9}, "got 1000000000"),
        ({"seed": -1}, "seed must be .*, got -1"),
        ({"seed": None}, "seed must be .*, got None"),
        ({"durations": ("1h", "0s")}, "must both be longer than 0"),
        ({"durations": "1h"}, "must be a pair .*, got '1h'"),
        ({"durations": ("1h", None)}, "durations must be a duration .*, got None"),
        ({"shape": (0, 1)}, "shape must be"),
    ],
)
def test_numbers_out_of_range_are_refused(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        difference([[1, 0, 0, 0]], [[1, 0, 0, 0]], **options)


@pytest.mark.parametrize("level", [0, 1, math.nan, "0.05", None])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(ParameterError, match=r"level must be between 0 and 1, got"):
        difference([[1, 0, 0, 0]], [[1, 0, 0, 0]]).mask(level)


def test_two_planes_are_not_compared():
    in_px = compute_trajectories(make_points({1: [(0, 1, 1)]}, unit="px"))
    with pytest.raises(SchemaError, match="must be in one unit, got m and px"):
        compare_heatmaps(stood([[1, 0, 0, 0]]), in_px, VIDEO)


def groups_of(groups, *, detected=False):
    """Make GROUPS of {person: group}."""
    numbers = np.array(list(groups.values()))
    arrays = {"person_index": np.array(list(groups)), "group": numbers}
    table = assemble(GROUPS, arrays | {"size": np.array([(numbers == one).sum() for one in numbers])})
    table.attrs["detected"] = detected
    return table


def in_pairs(held):
    return [each for each in held for _ in range(2)]


def test_twins_in_groups_say_no_more_than_one_person_of_each():
    """Both of a pair do the same: z and p are those of one person of each pair."""
    chance = np.random.default_rng(3)
    first, second = chance.integers(0, 5, (5, 4)).tolist(), chance.integers(0, 5, (6, 4)).tolist()
    alone = difference(first, second, permutations=500)
    pairs = tuple(groups_of({n: n // 2 for n in range(2 * len(held))}) for held in (first, second))
    together = difference(in_pairs(first), in_pairs(second), permutations=500, groups=pairs)
    np.testing.assert_allclose(together.first, alone.first)
    np.testing.assert_allclose(together.z, alone.z, atol=1e-9)
    np.testing.assert_allclose(together.p, alone.p)
    assert (together.groups, together.grouping, together.split_groups) == (11, "given", 0)
    without = difference(in_pairs(first), in_pairs(second), permutations=500)
    assert (np.abs(without.z) >= np.abs(together.z) - 1e-9).all()
    assert (without.groups, without.grouping) == (22, "none")


@given(first=HELD, second=HELD, size=st.integers(1, 3))
@settings(max_examples=30)
def test_z_of_groups_follows_from_all_assignments_of_whole_groups(first, second, size):
    """The numerator, over all assignments of groups, has mean 0 and the variance that z is scaled by."""
    held, people = np.array(first + second, dtype="float64"), (len(first), len(second))
    numbers = [*(n // size for n in range(people[0])), *(10 + n // size for n in range(people[1]))]
    deviation = held - held.mean(axis=0)
    sums = np.array([deviation[np.array(numbers) == one].sum(axis=0) for one in dict.fromkeys(numbers)])
    ours = len(dict.fromkeys(numbers[: people[0]]))
    every = np.array([sums[list(chosen)].sum(axis=0) for chosen in combinations(range(len(sums)), ours)])
    np.testing.assert_allclose(every.mean(axis=0), 0, atol=1e-9)
    spread = every.std(axis=0) * (1 / people[0] + 1 / people[1])
    pairs = tuple(groups_of({n: n // size for n in range(count)}) for count in people)
    result = difference(first, second, permutations=1, groups=pairs)
    wanted = np.where(spread > 1e-9, result.difference / np.where(spread > 1e-9, spread, 1), 0)
    np.testing.assert_allclose(result.z, wanted, atol=1e-9)


def test_a_group_with_members_in_both_sets_counts_as_two():
    held = [[1, 0, 2, 0], [0, 1, 0, 0], [3, 0, 0, 1], [0, 2, 0, 0]]
    groups = groups_of({0: 1, 1: 1, 2: 2, 3: 3})
    result = difference(held, held, groups=groups)
    assert (result.groups, result.split_groups) == (6, 3)
    assert result.note == "fewer than 7 groups"
    assert np.isnan(result.p).all()
    assert not result.mask().any()


def test_detected_groups_are_named_and_warned_of():
    held = [[1, 0, 2, 0], [0, 1, 0, 0], [3, 0, 0, 1], [0, 2, 0, 0]]
    groups = groups_of({0: 1, 1: 2, 2: 3, 3: 4}, detected=True)
    with pytest.warns(PtrackWarning, match="detection misses some groups: p is too small"):
        result = difference(held, held, groups=groups)
    assert result.grouping == "detected"


def test_a_p_that_cannot_be_small_is_not_given():
    held = [[2, 0, 0, 0], [0, 2, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]] * 2
    few = difference(held[:4], held[4:], permutations=18)
    assert few.note == "p cannot be below 0.053"
    assert np.isnan(few.p).all()
    uneven = difference(held[:1], held[1:], permutations=999)
    assert uneven.note == "p cannot be below 0.12"
    assert difference(held[:4], held[4:], permutations=19).note == ""


def test_three_tables_of_groups_are_refused():
    with pytest.raises(ParameterError, match="groups must be one table or a pair of tables, got 3 tables"):
        difference([[1, 0, 0, 0]], [[1, 0, 0, 0]], groups=(groups_of({0: 1}),) * 3)
    with pytest.raises(SchemaError):
        difference([[1, 0, 0, 0]], [[1, 0, 0, 0]], groups=stood([[1, 0, 0, 0]]))
