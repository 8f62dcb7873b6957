"""Moments of two trackings that are compared with each other."""

import numpy as np

from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.video import Milliseconds

LEFT_OUT = -1


def compared_moments(
    a: Milliseconds, b: Milliseconds, period_a: int, period_b: int
) -> tuple[Integers, Integers]:
    """Give moments of two trackings that are to be compared the same number.

    Two moments at most half a sampling period apart (of the finer tracking: it has a moment that close to
    any time) are compared; the two closest of all are paired first, then the closest of what is left, so no
    moment is used twice. Of pairs equally close, those with the moment of a first come first.

    A moment that finds no counterpart is compared with nobody if the other tracking has no moment within
    three quarters of *its* sampling period: it would have sampled there, and saw nobody. (Even sampling
    leaves no time further than half a period from a moment; the rest is room for jitter and for times cut to
    whole ms.) Otherwise the other did not look just then, and the moment is left out.

    Parameters
    ----------
    a, b
        (m,), (n,) distinct moments in growing order [ms].
    period_a, period_b
        Sampling periods [ms]; 0 where unknown: then the other's is taken.

    Returns
    -------
    tuple
        (m,) and (n,) numbers from 0 in the order of time, ``LEFT_OUT`` for a moment that is left out.

    Notes
    -----
    O((m + n) log(m + n)); the rounds of pairing are at most as many as the ms of half a period, and one or
    two on real data.
    """
    period_a, period_b = period_a or period_b, period_b or period_a
    with_b = _paired(a, b, min(period_a, period_b))
    paired_a = np.flatnonzero(with_b >= 0)
    paired_b = with_b[paired_a]
    alone_a = _looked_for(a, b, period_b)
    alone_a[paired_a] = False
    alone_b = _looked_for(b, a, period_a)
    alone_b[paired_b] = False
    time = np.concatenate([a[paired_a], a[alone_a], b[alone_b]])
    number = np.empty(len(time), dtype="int64")
    number[np.argsort(time, kind="stable")] = np.arange(len(time))
    of_a = np.full(len(a), LEFT_OUT, dtype="int64")
    of_b = np.full(len(b), LEFT_OUT, dtype="int64")
    of_a[paired_a] = of_b[paired_b] = number[: len(paired_a)]
    of_a[alone_a] = number[len(paired_a) : len(time) - int(alone_b.sum())]
    of_b[alone_b] = number[len(time) - int(alone_b.sum()) :]
    return of_a, of_b


def _paired(a: Milliseconds, b: Milliseconds, period: int) -> Integers:
    """Give the place in b of each moment of a, or -1: rounds of pairs that are each other's nearest."""
    with_b = np.full(len(a), -1, dtype="int64")
    left_a, left_b = np.arange(len(a)), np.arange(len(b))
    while len(left_a) and len(left_b):
        to_b = _nearest(a[left_a], b[left_b], later=True)
        to_a = _nearest(b[left_b], a[left_a], later=False)
        close = to_a[to_b] == np.arange(len(left_a))
        close &= 2 * np.abs(a[left_a] - b[left_b][to_b]) <= period
        if not close.any():
            break
        with_b[left_a[close]] = left_b[to_b[close]]
        left_b = np.delete(left_b, to_b[close])
        left_a = left_a[~close]
    return with_b


def _nearest(times: Milliseconds, among: Milliseconds, *, later: bool) -> Integers:
    """Give the place of the nearest of ``among`` to each time; of two equally near, the later or earlier."""
    place = np.searchsorted(among, times)
    before, after = np.maximum(place - 1, 0), np.minimum(place, len(among) - 1)
    to_before, to_after = times - among[before], among[after] - times
    take_after = (to_after <= to_before) if later else (to_after < to_before)
    return np.where((place == 0) | ((place < len(among)) & take_after), after, before)


def _looked_for(times: Milliseconds, among: Milliseconds, period: int) -> Bools:
    """Tell which times lie further than three quarters of a period from all of ``among``."""
    if not len(among) or not len(times):
        return np.ones(len(times), dtype=bool)
    distance = np.abs(times - among[_nearest(times, among, later=True)])
    looked: Bools = 4 * distance > 3 * period
    return looked
