"""Kernel of jumps: which sections of a run are away from where the person was before and after."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds

Walk = tuple[Milliseconds, Floats, Floats]
"""Moments [ms] and positions, x and y."""


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """Stretches of rows within which one can walk: first and last row, how many rows, of which run."""

    first: Integers
    last: Integers
    size: Integers
    run: Integers


def away(time: Milliseconds, run: Integers, x: Floats, y: Floats, *, max_speed: float) -> Bools:
    """Mark the rows of sections that a person jumped to and jumped back from.

    All rows have positions and are in the order of run and time. A run is cut into sections wherever the
    step needs more than ``max_speed``. A section is away if the step past it, from the last row of the
    section before to the first row of the one after, needs at most ``max_speed``, and if it has no more rows
    than either of these two. Of neighbouring sections that are all away (they are of equal size then) every
    other from the first is taken. What it parted is one section then, and the same is asked again until
    nothing is away.

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    begins = np.ones(len(time), dtype=bool)
    here = np.arange(1, len(time))
    begins[1:] = (run[1:] != run[:-1]) | _too_far((time, x, y), here - 1, here, max_speed)
    first = np.flatnonzero(begins)
    size = np.diff(first, append=len(time))
    sections = Sections(first, first + size - 1, size, run[first])
    removed = np.zeros(len(time) + 1, dtype="int64")
    while (taken := _taken(sections, (time, x, y), max_speed)).any():
        np.add.at(removed, sections.first[taken], 1)
        np.add.at(removed, sections.last[taken] + 1, -1)
        sections = _joined(sections, taken)
    return np.cumsum(removed[:-1]) > 0


def _taken(sections: Sections, walk: Walk, max_speed: float) -> Bools:
    """Mark the sections that are away, no two neighbours."""
    taken = np.zeros(len(sections.first), dtype=bool)
    if len(taken) < 3:  # noqa: PLR2004 - one between two
        return taken
    middle = np.arange(1, len(taken) - 1)
    run, size = sections.run, sections.size
    taken[middle] = (
        (run[middle - 1] == run[middle + 1])
        & (size[middle] <= np.minimum(size[middle - 1], size[middle + 1]))
        & ~_too_far(walk, sections.last[middle - 1], sections.first[middle + 1], max_speed)
    )
    # neighbours that are both away have equal sizes: neither has more rows than the other
    chain = taken & ~np.concatenate([[False], taken[:-1]])
    place = np.arange(len(taken)) - np.maximum.accumulate(np.where(chain, np.arange(len(taken)), 0))
    alternate: Bools = taken & (place % 2 == 0)
    return alternate


def _joined(sections: Sections, taken: Bools) -> Sections:
    """Leave the taken sections out, and make one of the two that each of them parted."""
    kept = np.flatnonzero(~taken)
    begins = ~taken[kept - 1]
    begins[0] = True
    group = np.flatnonzero(begins)
    end = np.append(group[1:], len(kept)) - 1
    size = np.add.reduceat(sections.size[kept], group)
    return Sections(sections.first[kept[group]], sections.last[kept[end]], size, sections.run[kept[group]])


def _too_far(walk: Walk, before: Integers, after: Integers, max_speed: float) -> Bools:
    """Tell whether the way between two rows needs more than the largest speed."""
    time, x, y = walk
    way = np.sqrt((x[after] - x[before]) ** 2 + (y[after] - y[before]) ** 2)
    far: Bools = way * 1000.0 > max_speed * (time[after] - time[before])
    return far
