"""One-to-one assignment over few possible pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ptrack_analysis.geometry import Bools, Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Competition:
    """Possible pairs, split into those that stand alone and groups that share ends.

    ``alone`` is (n,) bool; ``groups`` holds the places of the pairs of each group, groups in the order of
    their first pair; ``row`` and ``column`` number the left and the right ends of a group from 0.
    """

    alone: Bools
    groups: Sequence[Integers]
    row: Integers
    column: Integers


def one_to_one(left: Integers, right: Integers, weight: Floats) -> Bools:
    """Choose pairs such that nothing occurs twice and the sum of their weights is largest.

    Pairs that share no end with another are chosen at once; the others are solved one connected group at a
    time.

    Parameters
    ----------
    left, right
        (n,) the ends of each possible pair, numbered from 0; no pair twice.
    weight
        (n,) above 0.

    Returns
    -------
    numpy.ndarray
        (n,) bool, chosen. Among equal sums, which is chosen depends on the order of the numbers only.
    """
    competition = competing(left, right)
    chosen = competition.alone.copy()
    for group in competition.groups:
        picked = best_of_group(competition.row[group], competition.column[group], weight[group])
        chosen[group[picked]] = True
    return chosen


def competing(left: Integers, right: Integers) -> Competition:
    """Split possible pairs, given by their ends numbered from 0, into groups that share ends."""
    ends, others = int(left.max(initial=-1)) + 1, int(right.max(initial=-1)) + 1
    graph = coo_array(
        (np.ones(len(left), dtype=bool), (left, ends + right)), shape=(ends + others, ends + others)
    )
    label = np.asarray(connected_components(graph, directed=False)[1]) if len(left) else np.zeros(0, "int64")
    _, first, group, size = np.unique(label[left], return_index=True, return_inverse=True, return_counts=True)
    alone = size[group] == 1
    shared = np.flatnonzero(~alone)
    order = shared[np.argsort(first[group[shared]], kind="stable")]
    cuts = np.flatnonzero(np.diff(first[group[order]])) + 1
    groups = np.split(order, cuts) if len(order) else []
    return Competition(alone, groups, _counted(label[:ends])[left], _counted(label[ends:])[right])


def _counted(label: Integers) -> Integers:
    """Count the members of each label from 0."""
    order = np.argsort(label, kind="stable")
    in_order = label[order]
    count = np.empty(len(label), dtype="int64")
    count[order] = np.arange(len(label)) - np.searchsorted(in_order, in_order)
    return count


def best_of_group(row: Integers, column: Integers, weight: Floats) -> Bools:
    """Solve one group of possible pairs by the Hungarian method."""
    gain = np.zeros((int(row.max()) + 1, int(column.max()) + 1))
    gain[row, column] = weight
    picked = np.zeros(gain.shape, dtype=bool)
    picked[linear_sum_assignment(gain, maximize=True)] = True
    chosen: Bools = picked[row, column]
    return chosen
