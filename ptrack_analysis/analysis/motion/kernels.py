"""Kernels of movement: steps, velocity, means and changes in a time window; NumPy only."""

import numpy as np

from ptrack_analysis.analysis.motion.clock import (
    KnownParts,
    between,
    find_parts,
    find_rows,
    integrate,
    locate_rows,
    means_at,
    slice_tracklets,
)
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.video import Milliseconds

_ROUNDING = 2.0**-50
"""Largest relative difference of two equal interpolated positions, from rounding."""
_NOISE = 1e-9
"""Largest relative difference of two equal mean positions, from rounding."""


def fill_between(
    time: Milliseconds, run: Integers, x: Floats, y: Floats, wanted: Bools, *, longest: int
) -> Bools:
    """Write positions into ``x`` and ``y`` where ``wanted``, by linear interpolation in time.

    A row is interpolated only if the known positions before and after it are in the same tracklet and at most
    ``longest`` ms apart.

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
    """Return the distance from the previous known position in the same tracklet.

    Returns
    -------
    tuple
        (n,) distance, NaN without a previous position; (n,) row of the previous position, or -1.
    """
    way, previous = np.full(len(run), np.nan), np.full(len(run), -1)
    known = np.flatnonzero(~np.isnan(x))
    together = np.diff(run[known]) == 0
    across, down = np.diff(x[known]), np.diff(y[known])
    length = np.sqrt(across * across + down * down)
    way[known[1:]] = np.where(together, length, np.nan)
    previous[known[1:]] = np.where(together, known[:-1], -1)
    return way, previous


def velocity(
    time: Milliseconds, run: Integers, x: Floats, y: Floats, *, half: int, smoothing: int
) -> tuple[Floats, Floats]:
    """Compute the velocity between the mean positions ``half`` ms before and after each row.

    A mean position is the mean over ``smoothing`` ms on both sides (see ``mean_in_window``); with 0, it is
    the position itself, interpolated linearly in time. The window is cut at the ends of the part of adjacent
    rows of one tracklet with known positions. If less than ``half`` of it is left, there is no velocity. A
    displacement as small as the rounding error of two equal positions is 0.

    Returns
    -------
    tuple
        (n,) x and y of the velocity [plane units per second], NaN without a velocity.
    """
    vx, vy = np.full(len(time), np.nan), np.full(len(time), np.nan)
    for part in slice_tracklets(run):
        _velocity(
            time[part], run[part], (x[part], y[part]), (vx[part], vy[part]), half=half, smoothing=smoothing
        )
    return vx, vy


def _velocity(
    time: Milliseconds,
    run: Integers,
    positions: tuple[Floats, Floats],
    into: tuple[Floats, Floats],
    *,
    half: int,
    smoothing: int,
) -> None:
    """Write the velocity of the rows of some tracklets into two arrays."""
    own = find_parts(time, run, positions[0])
    if not len(own.rows):
        return
    early = np.maximum(own.clock - half, own.clock[own.first])
    late = np.minimum(own.clock + half, own.clock[own.last])
    seconds = (late - early) / 1000.0
    np.copyto(seconds, np.nan, where=late - early < half)
    if smoothing:
        x, y = positions
        displacements = _mean_displacements(own, (x[own.rows], y[own.rows]), (early, late), half, smoothing)
        for each, result in zip(displacements, into, strict=True):
            result[own.rows] = each / seconds
        return
    (row_early, share_early), (row_late, share_late) = (
        locate_rows(own.clock, early),
        locate_rows(own.clock, late),
    )
    for positions_on_axis, result in zip(positions, into, strict=True):
        values = positions_on_axis[own.rows]
        rise = np.diff(values, append=values[-1:])
        before = values[row_early] + rise[row_early] * share_early
        after = values[row_late] + rise[row_late] * share_late
        moved, far = after - before, np.maximum(np.abs(values), np.abs(values + rise))
        near = _ROUNDING * np.maximum(far[row_early], far[row_late])
        np.copyto(moved, 0.0, where=np.abs(moved) <= near)
        result[own.rows] = moved / seconds


def _mean_displacements(
    own: KnownParts,
    values: tuple[Floats, ...],
    window: tuple[Milliseconds, Milliseconds],
    half: int,
    around: int,
) -> list[Floats]:
    """Return the displacements between the mean positions at the two ends of each row's window.

    With A(t) the integral of the position, and ``half`` equal to ``around``, the displacement at time t is
    (A(t + 2 half) - 2 A(t) + A(t - 2 half)) / (2 half), if the part reaches that far. The general formula
    takes twice as many integrals.
    """
    integrals = integrate(own, values)
    opens, closes = own.clock[own.first], own.clock[own.last]
    reach = 2 * half
    inner = (own.clock - opens >= reach) & (closes - own.clock >= reach) & (half == around)
    moved = [np.empty(len(own.clock)) for _ in values]
    rows = np.flatnonzero(inner)
    early, late = (find_rows(own.clock, own.clock[rows] + shift) for shift in (-reach, reach))
    for result, integral in zip(moved, integrals, strict=True):
        result[rows] = (integral.read(*late) - 2 * integral.area[rows] + integral.read(*early)) / reach
    rows = np.flatnonzero(~inner)
    times = np.concatenate([each[rows] for each in window])
    means = means_at(own, times, np.tile(rows, 2), values, half=around, integrals=integrals)
    for result, mean in zip(moved, means, strict=True):
        result[rows] = mean[len(rows) :] - mean[: len(rows)]
    for result, position in zip(moved, values, strict=True):
        np.copyto(result, 0.0, where=np.abs(result) <= _NOISE * (1e-3 + np.abs(position)))
    return moved


def mean_in_window(
    time: Milliseconds, run: Integers, x: Floats, y: Floats, *, half: int
) -> tuple[Floats, Floats]:
    """Compute the time mean of the position from ``half`` ms before each row to ``half`` ms after it.

    Positions are interpolated linearly between rows, so the mean is an integral by trapezoids, and uneven
    sampling does not bias it. If an end of the part of adjacent rows of one tracklet with known positions is
    nearer than ``half``, the window shrinks on both sides to that distance. Therefore, the window stays
    centered, a straight and even walk is unchanged, and the two ends stay fixed.

    Parameters
    ----------
    time
        (n,) times, increasing within each tracklet [ms].
    run
        (n,) number of the tracklet over all people.
    x, y
        (n,) positions, both NaN without a position [plane units].
    half
        Half the length of the window, 0 or more [ms].

    Returns
    -------
    tuple
        (n,) x and y of the mean [plane units], NaN where the row has no position.
    """
    mean_x, mean_y = np.full(len(time), np.nan), np.full(len(time), np.nan)
    own = find_parts(time, run, x)
    if not len(own.rows):
        return mean_x, mean_y
    every = np.arange(len(own.rows))
    mean_x[own.rows], mean_y[own.rows] = means_at(
        own, own.clock, every, (x[own.rows], y[own.rows]), half=half
    )
    return mean_x, mean_y


def change(time: Milliseconds, run: Integers, x: Floats, y: Floats, *, half: int) -> tuple[Floats, Floats]:
    """Compute the change of speed and heading from ``half`` ms before each row to ``half`` ms after it.

    Each half is cut at the end of its part, and reaches at least to the adjacent row: within one step, no
    change is known. The duration of the change is the time between the centers of the two halves.

    Returns
    -------
    tuple
        (n,) acceleration [plane units per second²], NaN if a half is empty; (n,) turning rate, from above
        -180 to 180 degrees divided by that duration [degrees per second], NaN also if a half has no movement.
    """
    gain, turning = np.full(len(time), np.nan), np.full(len(time), np.nan)
    for part in slice_tracklets(run):
        _change(time[part], run[part], (x[part], y[part]), (gain[part], turning[part]), half=half)
    return gain, turning


def _change(
    time: Milliseconds,
    run: Integers,
    positions: tuple[Floats, Floats],
    into: tuple[Floats, Floats],
    *,
    half: int,
) -> None:
    """Write the changes of speed and heading of the rows of some tracklets into two arrays."""
    own = find_parts(time, run, positions[0])
    if not len(own.rows):
        return
    clock, every = own.clock, np.arange(len(own.rows))
    before, after = np.maximum(every - 1, own.first), np.minimum(every + 1, own.last)
    early = np.minimum(np.maximum(clock - half, clock[own.first]), clock[before])
    late = np.maximum(np.minimum(clock + half, clock[own.last]), clock[after])
    past, future = (clock - early) / 1000.0, (late - clock) / 1000.0
    inside = (past > 0) & (future > 0)
    rows, past, future = own.rows[inside], past[inside], future[inside]
    start, end = locate_rows(clock, early[inside]), locate_rows(clock, late[inside])
    ax, ay = (values[rows] - between(values[own.rows], start) for values in positions)
    bx, by = (between(values[own.rows], end) - values[rows] for values in positions)
    seconds = (past + future) / 2
    into[0][rows] = (np.sqrt(bx * bx + by * by) / future - np.sqrt(ax * ax + ay * ay) / past) / seconds
    into[1][rows] = _turn(ax, ay, bx, by) / seconds


def _turn(ax: Floats, ay: Floats, bx: Floats, by: Floats) -> Floats:
    """Return the smallest angle between two displacements [degrees]; a half turn is 180, not -180."""
    turn = np.degrees(np.arctan2(ax * by - ay * bx, ax * bx + ay * by))
    np.copyto(turn, 180.0, where=turn <= -180)  # noqa: PLR2004 - half a turn
    np.copyto(turn, np.nan, where=((ax == 0) & (ay == 0)) | ((bx == 0) & (by == 0)))
    return turn


def direction(vx: Floats, vy: Floats) -> Floats:
    """Return the heading of a velocity [degrees]: 0 = +x, 90 = +y, below 360; NaN where it is 0 or NaN."""
    heading = np.degrees(np.arctan2(vy, vx))
    heading += np.where(heading < 0, 360.0, 0.0)
    np.copyto(heading, 0.0, where=heading >= 360)  # noqa: PLR2004 - a tiny negative angle rounds up to the full turn
    np.copyto(heading, np.nan, where=(vx == 0) & (vy == 0))
    return heading
