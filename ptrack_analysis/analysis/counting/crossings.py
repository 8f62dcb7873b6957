"""Crossings: who crossed which line, when, which way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.counting import sides
from ptrack_analysis.analysis.motion.walks import Walks, read_walks
from ptrack_analysis.analysis.presence import mark_starts
from ptrack_analysis.errors import ZoneError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import at_least
from ptrack_analysis.scene.zones import Line, validate_lines
from ptrack_analysis.schema import CROSSINGS, DIRECTIONS, validate
from ptrack_analysis.schema.arrays import TableArrays, collect, in_frame
from ptrack_analysis.video import Milliseconds

_IN, _OUT = range(len(DIRECTIONS))
_LEAST_VERTICES = 2
_NOISE = 1e-6
"""What a moment may lie beyond a whole millisecond by the rounding of the arithmetic alone [ms]."""


@in_frame
def compute_crossings(
    trajectories: pd.DataFrame | Walks, lines: Sequence[Line], *, min_distance: float = 0.0
) -> TableArrays:
    """List every crossing of every line: who, when, which way, where.

    A person walks straight from each located position to the next one in the same run; nothing is crossed in
    a gap. A position is *clear of* a line if it is farther from it than ``min_distance``: by default, if it
    is not exactly on it. From each clear position to the next clear one of the run, the crossings of the
    line on the way are added up, +1 from its left to its right, -1 back, left and right as seen
    looking from its first to its last vertex, with y as ``line.y_axis`` says. A sum above 0 is one crossing
    ``in``, a sum below 0 one
    ``out``, a sum of 0 is none. The moment is that of the last crossing in that direction on this way, by
    linear interpolation along the step, rounded up to whole ms: the first whole ms by which the line has been
    crossed. Who stands exactly on the line crosses it on leaving it.

    So to touch the line and return is no crossing; jitter around it that stays within ``min_distance`` counts
    once at most; a way round the line's end is none; a crossing with the last position counts, if
    that is clear. A way exactly through an end of the line counts as if the line were moved an infinitesimal
    towards +x (and still less towards +y): a way through the end that two lines share crosses one of them.
    No lines, nobody, or lone positions: no rows.

    ::

        clear   │ min_distance │   clear
          P1 ───┼─► P2 ─┃► P3 ─┼──► P4       P1 to P4: one crossing, between P2 and P3
          Q1 ───┼─► Q2 ─┃► Q3  │
          Q5 ◄──┼─ Q4 ◄─┃──┘   │             Q1 to Q5: none

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    lines
        Lines in the same plane.
    min_distance
        How far from the line a person must be to have left it [px or m, as the trajectories].

    Returns
    -------
    pandas.DataFrame
        CROSSINGS, one row a crossing, sorted by line, moment and person.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or a line is in another plane.
    ParameterError
        If ``min_distance`` is no number of at least 0, or something is no line.
    ZoneError
        If a line has no name or no length, a vertex that is not finite, or the name of another.

    Notes
    -----
    O(lines · (n + vertices · steps near the line)). Nothing is counted for who appears or vanishes within
    ``min_distance`` of the line, or crosses it in a gap: the count errs low there. Who is present but not
    located on one side, and then located on the other, has crossed: that is counted, but its moment, on a
    straight and even way between the two positions, is a guess. ``min_distance`` of a few times the jitter
    of the footpoint takes the repeated crossings of a person who stands at the line; a person who turns
    within it is not counted. The direction ``in`` depends on the order in which the line is drawn. Other
    tools use other rules: Ultralytics (``ObjectCounter``) counts a movement to the right over a line that is
    taller than wide as in, and a movement downwards over any other line. If the directions are swapped, draw
    the line from its other end.

    Examples
    --------
    >>> from shapely.geometry import LineString
    >>> from ptrack_analysis import Line
    >>> from ptrack_analysis.schema import TRAJECTORIES, empty_table
    >>> door = Line("door", LineString([(5, 10), (5, 0)]), "m")
    >>> compute_crossings(empty_table(TRAJECTORIES, unit="m"), [door]).columns.tolist()
    ['direction', 'crossing', 'x_m', 'y_m']
    """
    walks = read_walks(trajectories)
    outlines = _outlines(lines, walks.unit)
    distance = at_least(min_distance, "min_distance")
    walk = _walk(walks)
    found = [_crossings(outline, walk, distance) for outline in outlines]
    names = [line.name for line, one in zip(lines, found, strict=True) for _ in one["crossing"]]
    arrays = {"line": np.array(names, dtype=object)} | {
        column.name: np.concatenate([np.empty(0, "int64"), *(one[column.name] for one in found)])
        for column in (*CROSSINGS.key[1:], *CROSSINGS.columns)
        if not column.optional
    }
    return collect(CROSSINGS, arrays, unit=walks.unit)


def filter_first_crossings(crossings: pd.DataFrame) -> pd.DataFrame:
    """Keep of each person only the first crossing of each line in each direction.

    Counted from these, a person who goes in and out again and again is one in and one out.

    Parameters
    ----------
    crossings
        CROSSINGS of one video.

    Returns
    -------
    pandas.DataFrame
        CROSSINGS, the rows whose number is 1, in the given order.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table.
    """
    validate(crossings, CROSSINGS)
    return crossings[crossings["crossing"] == 1]


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """The located positions in the order of person and time; ``joined`` to the next one in the same run."""

    person_index: Integers
    run: Integers
    time: Milliseconds
    x: Floats
    y: Floats
    joined: Bools


def _walk(walks: Walks) -> _Walk:
    at = np.flatnonzero(np.isfinite(walks.x) & np.isfinite(walks.y))
    run = walks.run[at]
    joined = run[1:] == run[:-1]
    return _Walk(walks.person_index[at], run, walks.rows.time[at], walks.x[at], walks.y[at], joined)


def _outlines(lines: Sequence[Line], unit: str) -> list[Floats]:
    """Return the lines' vertices, refusing what is no line, or none of this plane."""
    validate_lines(lines, unit)
    return [_vertices(line) for line in lines]


def _vertices(line: Line) -> Floats:
    vertices = np.array([point[:2] for point in line.seen.coords], dtype="float64").reshape(-1, 2)
    if not np.isfinite(vertices).all():
        raise ZoneError(f"line {line.name!r} has a coordinate that is not a finite number")
    vertices = sides.distinct(vertices)
    if len(vertices) < _LEAST_VERTICES:
        raise ZoneError(f"line {line.name!r} has no length: fewer than two different vertices")
    return vertices


def _crossings(vertices: Floats, walk: _Walk, distance: float) -> dict[str, np.ndarray]:
    """Find the crossings of one line: those of its edges, added up between positions clear of it."""
    near, steps = _near(vertices, walk, distance)
    away = sides.distances(vertices, walk.x[near], walk.y[near])
    hits = sides.hits(vertices, walk.x, walk.y, steps)
    begin, between = _clear_before(walk, near[away <= distance], hits.step)
    last = sides.last_of_net(begin[between], hits.sign[between])
    step, sign = hits.step[between][last], hits.sign[between][last]
    share = hits.share[between][last]
    moved = np.ceil(share * (walk.time[step + 1] - walk.time[step]) - _NOISE).astype("int64")
    time = np.maximum(walk.time[step] + moved, walk.time[begin[between][last]] + 1)
    x, y = (axis[step] + share * (axis[step + 1] - axis[step]) for axis in (walk.x, walk.y))
    stops = np.flatnonzero(share == 1)
    leaves = sides.last_of_stay(near[away == 0], step[stops] + 1)
    time[stops], x[stops], y[stops] = walk.time[leaves], walk.x[leaves], walk.y[leaves]
    direction = np.where(sign > 0, _IN, _OUT)
    person_index = walk.person_index[step]
    return {
        "timestamp": time,
        "person_index": person_index,
        "direction": direction,
        "crossing": _numbers(person_index, direction),
        "x_{u}": x,
        "y_{u}": y,
    }


def _near(vertices: Floats, walk: _Walk, distance: float) -> tuple[Integers, Integers]:
    """Find the positions, then the steps, that the line's bounding rectangle does not rule out."""
    slack = distance * (1 + 1e-9)  # so that the distance itself, not this shortcut, decides at the border
    (left, top), (right, bottom) = vertices.min(axis=0) - slack, vertices.max(axis=0) + slack
    beyond = [walk.x < left, walk.x > right, walk.y < top, walk.y > bottom]
    apart = ~walk.joined
    for one in beyond:
        apart |= one[:-1] & one[1:]
    return np.flatnonzero(~np.logical_or.reduce(beyond)), np.flatnonzero(~apart)


def _clear_before(walk: _Walk, unclear: Integers, steps: Integers) -> tuple[Integers, Bools]:
    """Find the clear position from which each step is on the way to the next one, and whether both exist."""
    mask = np.ones(len(walk.x), dtype=bool)
    mask[unclear] = False
    clear = np.flatnonzero(mask)
    if not len(clear):
        return steps, np.zeros(len(steps), dtype=bool)
    after = np.searchsorted(clear, steps, side="right")
    begin, end = clear[after - 1], clear[np.minimum(after, len(clear) - 1)]
    in_run = (walk.run[begin] == walk.run[steps]) & (walk.run[end] == walk.run[steps])
    return begin, in_run & (begin <= steps) & (steps < end)


def _numbers(person_index: Integers, direction: Integers) -> Integers:
    """Count each person's crossings in each direction from 1, rows being in the order of person and time."""
    order = np.lexsort((direction, person_index))
    new = mark_starts(person_index[order]) | mark_starts(direction[order])
    place = np.arange(len(order))
    number = np.empty(len(order), dtype="int64")
    number[order] = place - np.maximum.accumulate(np.where(new, place, 0)) + 1
    return number
