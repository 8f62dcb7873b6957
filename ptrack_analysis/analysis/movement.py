"""Kernels of movement: positions between samples, steps, velocity in a time window; NumPy only."""

import numpy as np

from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds


def fill_between(
    time: Milliseconds, run: Integers, x: Floats, y: Floats, wanted: Bools, *, longest: int
) -> Bools:
    """Write positions into ``x`` and ``y`` where ``wanted``, by linear interpolation in time.

    Only between the two known positions around a row in the same run that are at most ``longest`` ms apart.

    Returns
    -------
    numpy.ndarray
        (n,) bool, where a position was written.
    """
    filled = np.zeros(len(time), dtype=bool)
    known = np.flatnonzero(~np.isnan(x))
    rows = np.flatnonzero(wanted)
    if not len(known) or not len(rows):
        return filled
    after = np.searchsorted(known, rows)
    rows, after = rows[(after > 0) & (after < len(known))], after[(after > 0) & (after < len(known))]
    before, after = known[after - 1], known[after]
    near = (run[before] == run[after]) & (time[after] - time[before] <= longest)
    rows, before, after = rows[near], before[near], after[near]
    share = (time[rows] - time[before]) / (time[after] - time[before])
    for values in (x, y):
        values[rows] = values[before] + (values[after] - values[before]) * share
    filled[rows] = True
    return filled


def steps(run: Integers, x: Floats, y: Floats) -> tuple[Floats, Integers]:
    """Measure the way from the previous known position in the same run.

    Returns
    -------
    tuple
        (n,) way, NaN where there is none; (n,) row of that previous position, -1 where there is none.
    """
    way, previous = np.full(len(run), np.nan), np.full(len(run), -1)
    known = np.flatnonzero(~np.isnan(x))
    here, there = known[1:], known[:-1]
    together = run[here] == run[there]
    here, there = here[together], there[together]
    way[here] = np.sqrt((x[here] - x[there]) ** 2 + (y[here] - y[there]) ** 2)
    previous[here] = there
    return way, previous


def velocity(time: Milliseconds, run: Integers, x: Floats, y: Floats, *, half: int) -> tuple[Floats, Floats]:
    """Measure velocity between the positions ``half`` ms before and after each row.

    The window is cut at the ends of the stretch of neighbouring rows of one run with known positions;
    positions between rows are interpolated linearly in time.

    Returns
    -------
    tuple
        (n,) x and y of the velocity [plane units per second], NaN where nothing can be measured.
    """
    vx, vy = np.full(len(time), np.nan), np.full(len(time), np.nan)
    known = np.flatnonzero(~np.isnan(x))
    if not len(known):
        return vx, vy
    begins = np.ones(len(known), dtype=bool)
    begins[1:] = (np.diff(known) != 1) | (run[known[1:]] != run[known[:-1]])
    clock = _one_clock(time[known], begins)
    stretch = np.cumsum(begins, dtype="int64") - 1
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(known)) - 1
    early = np.maximum(clock - half, clock[first][stretch])
    late = np.minimum(clock + half, clock[last][stretch])
    seconds = (late - early) / 1000.0
    np.copyto(seconds, np.nan, where=seconds == 0)
    (row_early, share_early), (row_late, share_late) = _place(clock, early), _place(clock, late)
    for values, result in ((x[known], vx), (y[known], vy)):
        rise = np.diff(values, append=values[-1:])
        before = values[row_early] + rise[row_early] * share_early
        after = values[row_late] + rise[row_late] * share_late
        result[known] = (after - before) / seconds
    return vx, vy


def direction(vx: Floats, vy: Floats) -> Floats:
    """Give the heading of a velocity [degrees]: 0 = +x, 90 = +y, below 360; NaN where it is 0 or NaN."""
    heading = np.degrees(np.arctan2(vy, vx))
    heading += np.where(heading < 0, 360.0, 0.0)
    np.copyto(heading, 0.0, where=heading >= 360)  # noqa: PLR2004 - a tiny negative angle rounds up to the full turn
    np.copyto(heading, np.nan, where=(vx == 0) & (vy == 0))
    return heading


def _one_clock(time: Milliseconds, begins: Bools) -> Milliseconds:
    """Put the stretches one after another on one growing clock, 1 ms apart."""
    ticks = np.diff(time, prepend=time[:1])
    np.copyto(ticks, 1, where=begins)
    return np.cumsum(ticks)


def _place(clock: Milliseconds, moment: Milliseconds) -> tuple[Integers, Floats]:
    """Find the row at or before each moment, and which share of the way to the next row has passed."""
    row = np.searchsorted(clock, moment, side="right") - 1
    length = np.diff(clock, append=clock[-1:] + 1)
    return row, (moment - clock[row]) / length[row]
