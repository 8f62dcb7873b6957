"""Crossings of lines: person, time, direction and position."""

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
"""Largest amount by which rounding may move a time beyond a full millisecond [ms]."""


@in_frame
def compute_crossings(
    trajectories: pd.DataFrame | Walks, lines: Sequence[Line], *, min_distance: float = 0.0
) -> TableArrays:
    """List every crossing of every line: person, time, direction and position.

    A person walks straight from each known position to the next one in the same tracklet; nothing is crossed
    in a gap. A position is *clear of* a line if it is farther from the line than ``min_distance``; by
    default, if it is not exactly on the line. Between two successive clear positions of the tracklet, the
    crossings of the line are summed: +1 from its left to its right, -1 back. Left and right are relative to
    the direction from the first to the last vertex, with y as in ``line.y_axis``. A sum above 0 is one
    crossing ``in``, a sum below 0 is one crossing ``out``, and a sum of 0 is not a crossing. The timestamp is
    the time of the last crossing in this direction, interpolated linearly along the step and rounded up to
    milliseconds: the first millisecond at which the line has been crossed. A person who stands exactly on the
    line crosses it when leaving it.

    Therefore, touching the line and returning is not a crossing. Jitter within ``min_distance`` of the line
    counts at most once. A path around the end of the line is not a crossing. A crossing to the last position
    counts if that position is clear. A path exactly through an end of the line is treated as if the line were
    shifted infinitesimally toward +x (and even less toward +y): a path through the common end of two lines
    crosses exactly one of them. Without lines, people or successive positions, the table is empty.

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
        Distance from the line at which a person has left it [px or m, as the trajectories].

    Returns
    -------
    pandas.DataFrame
        CROSSINGS, one row per crossing, sorted by line, timestamp and person.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or a line is in another plane.
    ParameterError
        If ``min_distance`` is not a number of at least 0, or an item is not a line.
    ZoneError
        If a line has no name, no length, a vertex that is not finite, or the name of another line.

    Notes
    -----
    O(lines · (n + vertices · steps near the line)). People who appear or disappear within ``min_distance`` of
    the line, or cross it in a gap, are not counted: the count is too low there. If a person has a position on
    one side, then none, and then one on the other side, a crossing is counted, but its time is an estimate
    that assumes a straight and even path. A ``min_distance`` of a few times the jitter of the foot point
    removes the repeated crossings of a person who stands at the line; a person who turns around within it is
    not counted. The direction ``in`` depends on the order in which the line is drawn. Other tools use other
    rules: Ultralytics (``ObjectCounter``) counts a movement to the right over a line that is taller than wide
    as in, and a movement downward over any other line. If the directions are swapped, draw the line in the
    opposite direction.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> zones, lines = pta.read_zones("data/shop/zones.geojson", video)
    >>> crossings = pta.compute_crossings(trajectories, lines)
    >>> crossings["direction"].value_counts().to_dict()
    {'in': 11, 'out': 11}
    >>> crossings["direction"].head(3).reset_index()
       line              timestamp  person_index direction
    0  door 0 days 00:00:06.759000             1       out
    1  door 0 days 00:00:14.515000             2        in
    2  door 0 days 00:00:33.234000             3        in
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
    """Keep only each person's first crossing of each line in each direction.

    In counts of these crossings, a person who goes in and out several times counts once in each direction.

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

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> from shapely.geometry import LineString
    >>> middle = pta.Line("middle", LineString([(640, 0), (640, 720)]), "px")
    >>> crossings = pta.compute_crossings(trajectories, [middle])
    >>> len(crossings), len(pta.counting.filter_first_crossings(crossings))
    (24, 21)
    """
    validate(crossings, CROSSINGS)
    return crossings[crossings["crossing"] == 1]


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """Known positions in the order of person and time; ``joined`` to the next one in the same tracklet."""

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
    """Return the vertices of the lines; reject items that are not lines of this plane."""
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
    """Find the crossings of one line: crossings of its edges, summed between clear positions."""
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
    """Return the positions, and the steps, that the line's bounding rectangle does not exclude."""
    slack = distance * (1 + 1e-9)  # so that the exact distance, not this shortcut, decides at the border
    (left, top), (right, bottom) = vertices.min(axis=0) - slack, vertices.max(axis=0) + slack
    beyond = [walk.x < left, walk.x > right, walk.y < top, walk.y > bottom]
    apart = ~walk.joined
    for one in beyond:
        apart |= one[:-1] & one[1:]
    return np.flatnonzero(~np.logical_or.reduce(beyond)), np.flatnonzero(~apart)


def _clear_before(walk: _Walk, unclear: Integers, steps: Integers) -> tuple[Integers, Bools]:
    """Return the clear position before each step, and mark steps between two clear positions."""
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
    """Return each crossing's number per person and direction, from 1; rows are by person and time."""
    order = np.lexsort((direction, person_index))
    new = mark_starts(person_index[order]) | mark_starts(direction[order])
    index = np.arange(len(order))
    number = np.empty(len(order), dtype="int64")
    number[order] = index - np.maximum.accumulate(np.where(new, index, 0)) + 1
    return number
