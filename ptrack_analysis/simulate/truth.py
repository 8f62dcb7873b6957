"""The true answers about one person's walk."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.simulate.scene import DOOR, ZONES, depth_inside
from ptrack_analysis.simulate.walkers import Walk


@dataclass(frozen=True)
class Truth:
    """What a perfect observer would note of one person, to the millisecond.

    Attributes
    ----------
    appeared, vanished : first moment in sight, first moment no longer [ms]
    visits : zone, entered [ms], exited [ms]: each the longest interval inside, while in sight
    crossings : first moment on the other side of the door's line [ms], direction
    """

    appeared: int
    vanished: int
    visits: tuple[tuple[str, int, int], ...]
    crossings: tuple[tuple[int, str], ...]


def observe(walk: Walk) -> Truth:
    """Note one person's stays in zones and passages through the door."""
    visits = tuple(visit for zone in ZONES for visit in _visits(zone, walk))
    return Truth(walk.begin, walk.end, visits, _crossings(walk))


def _visits(zone: str, walk: Walk) -> list[tuple[str, int, int]]:
    inside = depth_inside(walk.positions, ZONES[zone]) >= 0
    changes = np.flatnonzero(np.diff(inside, prepend=False, append=False)) + walk.begin
    return [(zone, entered, exited) for entered, exited in changes.reshape(-1, 2).tolist()]


def _crossings(walk: Walk) -> tuple[tuple[int, str], ...]:
    """Tell "in" from "out": in goes to the right along the line, which with y downwards is (-dy, dx)."""
    first, last = np.array(DOOR)
    along = last - first
    right = (walk.positions - first) @ np.array([-along[1], along[0]]) >= 0
    share = (walk.positions - first) @ along / (along @ along)
    moments = (np.flatnonzero(np.diff(right)) + 1).tolist()
    return tuple(
        (moment + walk.begin, "in" if right[moment] else "out")
        for moment in moments
        if 0 <= share[moment] <= 1
    )
