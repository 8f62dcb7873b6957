"""Simplification: the fewest rows that preserve the shape of each path."""

import numpy as np
import pandas as pd
import shapely

from ptrack_analysis.analysis.motion.clock import find_parts
from ptrack_analysis.analysis.motion.walks import split_walks
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.limits import at_least
from ptrack_analysis.schema import POINTS, TRAJECTORIES, assemble, find_unit, validate

_PIECE = 1024
"""Rows that are simplified together."""


def simplify_trajectories(trajectories: pd.DataFrame, *, tolerance: float) -> pd.DataFrame:
    """Simplify paths: drop rows that are within ``tolerance`` of the remaining path.

    Uses the Douglas-Peucker algorithm on each part of a tracklet with known positions. The two ends of a part
    are kept. If the position farthest from the straight line between them is more than ``tolerance`` away,
    it is kept, and the algorithm continues on both sides of it. Therefore, each dropped position is within
    ``tolerance`` of the path through the kept positions, and no position is moved. Gaps and rows without a
    position end a part. An isolated position is kept; rows without a position are dropped. An empty table
    gives an empty table.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    tolerance
        Largest distance of a dropped position from the simplified path, 0 or more [plane units].

    Returns
    -------
    pandas.DataFrame
        POINTS, sorted by person and time, with the additional column ``tracklet``, so that plots can avoid
        lines across gaps.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If ``tolerance`` is negative or not finite.

    Notes
    -----
    O(n log n) for ordinary paths. The algorithm uses positions, not times: the pace between kept rows is
    lost, so compute speed and dwell before.

    References
    ----------
    D. H. Douglas and T. K. Peucker, "Algorithms for the reduction of the number of points required to
    represent a digitized line or its caricature", Cartographica 10 (1973), doi:10.3138/FM57-6770-U75U-7727.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> plan = pta.read_floor_plan("data/shop/floor.json")
    >>> trajectories = pta.compute_trajectories(detections, video, plane=plan)
    >>> simplified = pta.motion.simplify_trajectories(trajectories, tolerance=0.1)
    >>> len(trajectories), len(simplified)
    (5957, 123)
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    allowed = at_least(tolerance, "tolerance")
    walks = split_walks(trajectories, unit)
    own = find_parts(walks.rows.time, walks.run, walks.x)
    kept = own.rows[_kept(walks.x[own.rows], walks.y[own.rows], own.first, own.last, allowed)]
    arrays = {
        "person_index": walks.person_index[kept],
        "timestamp": walks.rows.time[kept],
        "x_{u}": walks.x[kept],
        "y_{u}": walks.y[kept],
    }
    points = assemble(POINTS, arrays, unit=unit)
    return points.assign(tracklet=trajectories["tracklet"].to_numpy()[walks.rows.order][kept])


def _kept(x: Floats, y: Floats, first: Integers, last: Integers, tolerance: float) -> Integers:
    """Find the positions to keep; the third coordinate carries their numbers through the simplification.

    A long part is simplified in pieces that share their end row. This bounds the depth of the recursion and
    the time, which grows with the square of the length.
    """
    number = np.arange(len(x))
    drawn = np.flatnonzero(first < last)
    piece = (drawn - first[drawn]) // _PIECE
    shared = (drawn > first[drawn]) & ((drawn - first[drawn]) % _PIECE == 0)
    ends = drawn[shared]  # each is the last row of a piece and the first of the next
    row = np.concatenate([drawn, ends])
    path = np.stack([np.concatenate([first[drawn], first[ends]]), np.concatenate([piece, piece[shared] - 1])])
    order = np.lexsort((row, path[1], path[0]))
    row, path = row[order], path[:, order]
    begins = np.ones(len(row), dtype=bool)
    begins[1:] = (path[:, 1:] != path[:, :-1]).any(axis=0)
    of_path = np.cumsum(begins) - 1
    several = np.bincount(of_path)[of_path] > 1
    corners = np.column_stack([x[row], y[row], row.astype("float64")])[several]
    paths = shapely.linestrings(corners, indices=np.cumsum(begins[several]) - 1)
    simple = shapely.simplify(paths, tolerance, preserve_topology=False)
    through = shapely.get_coordinates(simple, include_z=True)[:, 2].astype("int64")
    return np.union1d(number[first == last], through)
