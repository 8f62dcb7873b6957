"""Where bands between two columns lie, and how little they cross."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptrack_analysis.plots.sankey import bands, crossings, stack_nodes, stacked, untangled

CHANCE = np.random.default_rng(5)


def naive_crossings(flow, order):
    rows, columns = order
    pairs = [(row, column) for row in range(len(rows)) for column in range(len(columns))]
    return sum(
        flow[rows[a], columns[b]] * flow[rows[c], columns[d]]
        for (a, b), (c, d) in itertools.combinations(pairs, 2)
        if (a - c) * (b - d) < 0
    )


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 5))
def test_crossings_are_those_of_all_pairs(seed, left, right):
    chance = np.random.default_rng(seed)
    flow = chance.integers(0, 4, (left, right)).astype("float64")
    order = (chance.permutation(left).tolist(), chance.permutation(right).tolist())
    assert crossings(flow, order) == naive_crossings(flow, order)


@pytest.mark.parametrize("number", [1, 2, 5, 9, 14])
def test_what_can_be_drawn_without_crossings_is(number):
    flow = np.eye(number)[CHANCE.permutation(number)] * CHANCE.integers(1, 9, number)
    assert crossings(flow, untangled(flow, number, number)) == 0


def test_a_chain_of_shared_partners_is_drawn_without_crossings():
    chain = np.eye(6) + np.eye(6, k=1)
    flow = chain[CHANCE.permutation(6)][:, CHANCE.permutation(6)]
    assert crossings(flow, untangled(flow, 6, 6)) == 0


@given(st.integers(0, 10_000))
def test_the_order_is_never_worse_than_that_of_the_table(seed):
    flow = np.random.default_rng(seed).integers(0, 3, (5, 4)).astype("float64")
    rows, columns = untangled(flow, 3, 2)
    assert sorted(rows) == [0, 1, 2, 3, 4]
    assert (rows[3:], columns[2:]) == ([3, 4], [2, 3])
    assert crossings(flow, (rows, columns)) <= crossings(flow, (list(range(5)), list(range(4))))


def test_a_low_node_gets_the_room_of_its_label():
    tops, heights = stack_nodes(np.array([1.0, 0.1]), np.array([0.5, 0.5]), 0.1, 2.0)
    assert (tops.tolist(), heights.tolist()) == (pytest.approx([0.2, 1.5]), [1.0, 0.1])
    assert stacked(np.array([1.0, 0.1]), np.array([0.5, 0.5]), 0.1) == pytest.approx(1.7)


def test_bands_fill_their_nodes():
    flow = np.array([[2.0, 1.0], [0.0, 3.0]])
    left, right = (np.array([0.0, 4.0]), flow.sum(axis=1)), (np.array([0.0, 3.0]), flow.sum(axis=0))
    assert bands(flow, left, right) == [(0, 0.0, 0.0, 2.0), (0, 2.0, 3.0, 1.0), (1, 4.0, 4.0, 3.0)]
