"""Kernel of stitching: where, when and how each track begins and ends."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.analysis.presence import Rows, starts_of
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds

_SHRINKING = 0.02
"""Added to the spread of the moments that a velocity is fitted to, so that few of them tell little [s²]."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of each track, its beginning or its end.

    ``moment`` is that of the outermost position, ``seen`` that of the outermost row [ms]; ``place`` is
    (n, 2) [m], ``velocity`` (n, 2) [m/s], ``size`` the height of the box by the usual one, NaN if not known.
    """

    seen: Milliseconds
    moment: Milliseconds
    row: Integers
    place: Floats
    velocity: Floats
    size: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Beginning and end of each track that has a position, in the order of their persons."""

    start: Side
    stop: Side


def ends_of(rows: Rows, places: Floats, size: Floats, *, window: int, max_speed: float) -> Ends:
    """Find the beginning and the end of each track that has a position.

    Velocity is the slope of the positions within ``window`` ms of the outermost one, by least squares, drawn
    towards 0 where they cover little time, and never above ``max_speed``; size is the lower median there.

    Parameters
    ----------
    rows
        The order of person and time.
    places
        (n, 2) positions in that order, NaN where there is none [m].
    size
        (n,) heights of the boxes by the usual one, NaN where not known.
    window
        How far from the outermost position others count [ms].
    max_speed
        The largest speed [m/s].
    """
    known = np.flatnonzero(~np.isnan(places).any(axis=1))
    begins = starts_of(rows.person[known])
    first = np.flatnonzero(begins)
    last = first + np.diff(first, append=len(known)) - 1
    track = np.cumsum(begins) - 1
    all_first = np.flatnonzero(rows.first)
    all_last = all_first + np.diff(all_first, append=len(rows.time)) - 1
    own = np.searchsorted(rows.person[all_first], rows.person[known[first]])
    sides = []
    for edge, seen in ((first, all_first[own]), (last, all_last[own])):
        time = rows.time[known]
        near = np.abs(time - time[edge][track]) <= window
        velocity = _slopes(time, places[known], near, first, track)
        speed = np.sqrt((velocity * velocity).sum(axis=1))
        velocity *= (np.minimum(speed, max_speed) / np.maximum(speed, 1e-9))[:, None]
        place, median = places[known[edge]], _medians(size[known], near, track, len(first))
        sides.append(Side(rows.time[seen], time[edge], known[edge], place, velocity, median))
    return Ends(*sides)


def _slopes(time: Milliseconds, places: Floats, near: Bools, first: Integers, track: Integers) -> Floats:
    """Fit the velocity of each track's near positions (n, 2)."""
    if not len(first):
        return np.empty((0, 2))
    weight = near.astype("float64")
    seconds = (time - time[first][track]) / 1000.0
    middle = np.add.reduceat(weight * seconds, first) / np.add.reduceat(weight, first)
    offset = weight * (seconds - middle[track])
    spread = np.add.reduceat(offset * offset, first) + _SHRINKING
    moved = places - places[first][track]
    return np.add.reduceat(offset[:, None] * moved, first, axis=0) / spread[:, None]


def _medians(size: Floats, near: Bools, track: Integers, tracks: int) -> Floats:
    """Give the lower median of each track's near sizes, NaN where there is none."""
    medians = np.full(tracks, np.nan)
    used = np.flatnonzero(near & ~np.isnan(size))
    order = used[np.lexsort((size[used], track[used]))]
    begin = np.flatnonzero(starts_of(track[order])) if len(order) else order
    count = np.diff(begin, append=len(order))
    medians[track[order[begin]]] = size[order[begin + (count - 1) // 2]]
    return medians
