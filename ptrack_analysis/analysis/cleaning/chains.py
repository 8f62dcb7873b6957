"""Kernel of renaming: the first track of each chain of joined tracks."""

import numpy as np

from ptrack_analysis.geometry import Bools, Integers


def first_of_chains(later: Integers, earlier: Integers) -> tuple[Integers, Bools]:
    """Follow each later track to the first of its chain.

    Parameters
    ----------
    later, earlier
        (n,) numbers of the two tracks of each join; no later one twice.

    Returns
    -------
    tuple
        (n,) number of the first track of the chain; (n,) bool, whether there is none because the chain is a
        circle.

    Notes
    -----
    Each pass doubles how far the chains are followed: O(n log n).
    """
    order = np.argsort(later, kind="stable")
    numbers = later[order]
    place = np.minimum(np.searchsorted(numbers, earlier), max(len(numbers) - 1, 0))
    onward = np.full(len(later), -1)
    if len(later):
        known = numbers[place] == earlier
        onward[known] = order[place[known]]
    last = np.arange(len(later))
    for _ in range(len(later).bit_length() + 1):
        further = np.where(onward >= 0, onward, 0)
        last = np.where(onward >= 0, last[further], last) if len(later) else last
        onward = np.where(onward >= 0, onward[further], -1) if len(later) else onward
    return earlier[last], onward >= 0
