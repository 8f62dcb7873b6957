"""What follows from published figures is found, and suppression goes on until none follows."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptrack_analysis.dataset.suppression import Cells, choose_suppressed, find_derivable

EVERY = np.array([*itertools.product(range(-3, 4), repeat=5)])
"""Differences between two assignments of 5 atoms: a circuit of a 0/1 matrix with 5 columns is among them."""


def make_cells(matrix):
    matrix = np.asarray(matrix)
    cell, atom = np.nonzero(matrix)
    return Cells(cell, atom, matrix[cell, atom], *matrix.shape)


def has_one_value(matrix, known, asked):
    """Return whether every assignment that agrees with the known cells has the same value for a cell."""
    consistent = EVERY[~(EVERY @ matrix[known].T).any(axis=1)]
    return not (consistent @ matrix[asked]).any()


TABLES = st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=2, max_size=7).map(
    lambda rows: np.unique(np.array([row for row in rows if any(row)] or [[1, 0, 0, 0, 0]]), axis=0)
)


@given(matrix=TABLES, bits=st.integers(0, 127))
def test_what_is_derivable_agrees_with_trying_all_assignments(matrix, bits):
    known = np.array([bits >> place & 1 for place in range(len(matrix))], dtype=bool)
    found = find_derivable(make_cells(matrix), known, np.ones(len(matrix), dtype=bool))
    assert found.tolist() == [has_one_value(matrix, known, place) for place in range(len(matrix))]


@given(matrix=TABLES, bits=st.integers(0, 127), costs=st.lists(st.integers(0, 9), min_size=7, max_size=7))
def test_each_small_cell_keeps_two_values_after_suppression(matrix, bits, costs):
    small = np.array([bits >> place & 1 for place in range(len(matrix))], dtype=bool)
    published, fixed = np.ones((2, len(matrix)), dtype=bool)
    suppressed = choose_suppressed(
        make_cells(matrix), published, small, ~fixed, np.array(costs[: len(matrix)], dtype=float)
    )
    assert (suppressed >= small).all()
    for place in range(len(matrix)):
        assert not (suppressed[place] and has_one_value(matrix, ~suppressed, place))


def zones_by_hours(zones, hours):
    """Make the cells of each zone and hour, of each hour's scene, of each zone, and the atoms outside."""
    atoms = np.arange((zones + 1) * hours).reshape(zones + 1, hours)
    unit = np.eye(atoms.size, dtype="int64")
    scene = unit[atoms].sum(axis=0)
    totals = unit[atoms[:-1]].sum(axis=1)
    return np.concatenate([unit, scene, totals])


def test_a_table_of_20_zones_and_24_hours_takes_less_than_a_second():
    matrix, generator = zones_by_hours(20, 24), np.random.default_rng(0)
    small = np.zeros(len(matrix), dtype=bool)
    small[: 21 * 24] = generator.random(21 * 24) < 0.08
    published = np.ones(len(matrix), dtype=bool)
    published[20 * 24 : 21 * 24] = False  # outside of the zones
    cost = generator.random(len(matrix))
    cells = make_cells(matrix)
    begun = time.process_time()
    suppressed = choose_suppressed(cells, published, small, np.zeros_like(small), cost)
    leaks = find_derivable(cells, published & ~suppressed, small)
    assert time.process_time() - begun < 1
    assert not leaks.any()
    assert find_derivable(cells, published & ~small, small).any()  # the small cells alone are not enough


def test_a_cell_that_is_the_difference_of_two_published_cells_is_found():
    matrix = [[1, 1, 0], [1, 0, 0], [0, 1, 0]]
    known = np.array([True, True, False])
    assert find_derivable(make_cells(matrix), known, ~known).tolist() == [False, False, True]


def test_what_is_outside_of_the_zones_is_found():
    first, second, outside, scene = [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]
    known = np.array([True, True, False, True])
    found = find_derivable(make_cells([first, second, outside, scene]), known, ~known)
    assert found.tolist() == [False, False, True, False]


def test_of_several_ways_to_hide_a_cell_the_cheapest_is_taken():
    matrix = [[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    small = np.array([False, True, False, False])
    nothing = np.zeros(4, dtype=bool)
    suppressed = choose_suppressed(make_cells(matrix), ~nothing, small, nothing, np.array([9.0, 1, 5, 3]))
    assert suppressed.tolist() == [False, True, False, True]


def test_equations_are_not_suppressed():
    matrix = [[1, 0, -1], [0, 1, -1], [1, 0, 0], [0, 1, 0]]
    small = np.array([False, False, False, True])
    fixed = np.array([True, True, False, False])
    suppressed = choose_suppressed(make_cells(matrix), np.ones(4, bool), small, fixed, np.zeros(4))
    assert suppressed.tolist() == [False, False, True, True]


@pytest.mark.parametrize("count", [0, 3])
def test_nothing_small_means_nothing_suppressed(count):
    nothing = np.zeros(count, dtype=bool)
    cells = make_cells(np.eye(count, dtype="int64"))
    assert not choose_suppressed(cells, ~nothing, nothing, nothing, np.zeros(count)).any()
