"""Kernel of stitching: the cheapest choice of joins, and which of them another choice comes close to."""

import numpy as np

from ptrack_analysis.geometry import Bools, Floats, Integers


def cheapest(before: Integers, after: Integers, cost: Floats, *, unmatched: float) -> Bools:
    """Choose joins such that no track is followed by two or follows two, and the sum of costs is least.

    A track that nothing follows costs ``unmatched``. Solved on the sparse graph of the possible joins, with
    one more partner for each earlier track that stands for *nobody*.

    Parameters
    ----------
    before, after
        (n,) the two tracks of each possible join, numbered from 0; no pair twice, sorted by both.
    cost
        (n,) 0 or more, and below ``unmatched``.
    unmatched
        What a track that nothing follows costs.

    Returns
    -------
    numpy.ndarray
        (n,) bool, chosen. Which of several choices with exactly the same sum is taken depends on the order
        of the numbers only.
    """
    chosen = np.zeros(len(before), dtype=bool)
    if not len(before):
        return chosen
    from scipy.sparse import csr_array  # noqa: PLC0415 - loading SciPy takes half a second, and only this needs it
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415 - the same

    left, row = np.unique(before, return_inverse=True)
    right, column = np.unique(after, return_inverse=True)
    every = np.arange(len(left))
    # plus 1, because the solver takes a cost of 0 for no edge; it is paid once a row, whatever is chosen
    weight = np.concatenate([cost, np.full(len(left), unmatched)]) + 1.0
    places = np.concatenate([row, every]), np.concatenate([column, len(right) + every])
    graph = csr_array((weight, places), shape=(len(left), len(right) + len(left)))
    partner = np.full(len(left), -1)
    rows, columns = min_weight_full_bipartite_matching(graph)
    partner[rows] = columns
    chosen[:] = partner[row] == column
    return chosen


def margins(before: Integers, after: Integers, cost: Floats, chosen: Bools, *, unmatched: float) -> Floats:
    """Tell by how much the best other use of each chosen join's two tracks is worse.

    Another use is one possible join that was not chosen: it is put in, the chosen joins of its two tracks
    are taken out, and the two tracks that these leave over are joined if they can be. What this makes the
    choice dearer is the margin of the joins taken out.

    Parameters
    ----------
    before, after, cost, unmatched
        As for ``cheapest``.
    chosen
        (n,) bool, what it chose.

    Returns
    -------
    numpy.ndarray
        (n,) the smallest such difference for the chosen, infinite where there is no other use, and for
        those that were not chosen.
    """
    margin = np.full(len(before), np.inf)
    if not chosen.any():
        return margin
    tracks = int(max(before.max(), after.max())) + 1
    gain = unmatched - cost
    of_before, of_after = np.full(tracks, -1), np.full(tracks, -1)
    of_before[before[chosen]] = of_after[after[chosen]] = np.flatnonzero(chosen)
    other = np.flatnonzero(~chosen)
    out = of_before[before[other]], of_after[after[other]]
    lost = sum(np.where(join >= 0, gain[join], 0.0) for join in out)
    both = np.flatnonzero((out[0] >= 0) & (out[1] >= 0))
    won = gain[other]
    won[both] += _gain_of(before[out[1][both]], after[out[0][both]], (before, after, gain), tracks)
    for join in out:
        np.minimum.at(margin, join[join >= 0], (lost - won)[join >= 0])
    return margin


def _gain_of(
    left: Integers, right: Integers, pairs: tuple[Integers, Integers, Floats], tracks: int
) -> Floats:
    """Look up what joining each two tracks gains, 0 where they cannot be joined."""
    before, after, gain = pairs
    keys, wanted = before * tracks + after, left * tracks + right
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, gain[place], 0.0)
