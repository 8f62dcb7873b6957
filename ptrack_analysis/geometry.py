"""Geometry of points in NumPy: anchors of boxes and points in polygons."""

from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ptrack_analysis.errors import ParameterError

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]
Anchor = Literal["bottom_center", "center", "top_center"] | tuple[float, float]

ANCHORS: dict[str, tuple[float, float]] = {
    "bottom_center": (0.5, 1.0),
    "center": (0.5, 0.5),
    "top_center": (0.5, 0.0),
}
FEET_MARGIN = 0.01
"""Distance from the lower image edge within which a box may hide the feet, as a share of the height."""
EDGE_TOLERANCE = 1e-6
"""Distance beyond the right or lower edge at which a point still counts as inside, in fractions."""
_JUST_INSIDE = np.nextafter(1.0, 0.0)
_ROUNDING = 1e-15
"""Relative difference of two products below which rounding may change their order: above 6 · 2^-53."""
_LEAST = 1e-300
"""Products below this may have underflowed."""
_SMALLEST = float(np.finfo("float64").tiny)

FARTHEST = 1e9
"""Largest accepted coordinate: beyond it, fourth powers may overflow."""


def anchor_fractions(anchor: Anchor) -> tuple[float, float]:
    """Return the position of an anchor in its box, as fractions of the box.

    Raises
    ------
    ParameterError
        If the anchor is neither a known name nor two finite numbers.
    """
    if isinstance(anchor, str):
        if anchor in ANCHORS:
            return ANCHORS[anchor]
    elif isinstance(anchor, tuple | list) and len(anchor) == 2 and np.isfinite(anchor).all():  # noqa: PLR2004 - a point has two coordinates
        return float(anchor[0]), float(anchor[1])
    raise ParameterError(
        f"anchor must be one of {sorted(ANCHORS)} or two fractions of the box, got {anchor!r}"
    )


def anchor_points(boxes: Floats, anchor: Anchor = "bottom_center") -> Floats:
    """Return one point of each box: by default the foot point, the bottom center.

    A point on the right or lower edge of the frame, or at most ``EDGE_TOLERANCE`` beyond it, is moved just
    inside. A box that the image cuts ends on the edge within rounding noise, and its person is in the image.

    Parameters
    ----------
    boxes
        (n, 4) left, top, width, height as fractions of the frame; NaN without a box.
    anchor
        ``"bottom_center"``, ``"center"``, ``"top_center"``, or fractions of the box's width and height.

    Returns
    -------
    numpy.ndarray
        (n, 2) fractions of the frame, NaN without a box.
    """
    along, down = anchor_fractions(anchor)
    points = np.empty((len(boxes), 2))
    points[:, 0] = boxes[:, 0] + boxes[:, 2] * along
    points[:, 1] = boxes[:, 1] + boxes[:, 3] * down
    np.copyto(points, _JUST_INSIDE, where=(points >= 1) & (points <= 1 + EDGE_TOLERANCE))
    return points


def contains(edges: Floats, x: Floats, y: Floats) -> Bools:
    """Return which points are inside closed rings, by the half-open crossing rule.

    A point is inside if a ray from it towards +x crosses an odd number of edges. Each edge extends from its
    smaller y (included) to its larger y (excluded). Holes and several parts therefore need no special
    treatment. A point on a left or upper border is inside, and a point on a right or lower border is not. A
    point on an edge or corner that areas share, corner to corner, is in exactly one area, because the side of
    an edge is decided exactly. NaN is outside.

    Parameters
    ----------
    edges
        (m, 4) x and y of the first end, x and y of the second, of all edges of all rings.
    x, y
        (n,) coordinates of the points.

    Returns
    -------
    numpy.ndarray
        (n,) bool.

    Notes
    -----
    O((m + n) log n + points at the height of each edge, summed over the edges).

    References
    ----------
    W. R. Franklin, PNPOLY, "Point Inclusion in Polygon Test".
    """
    inside = np.zeros(len(x), dtype=bool)
    if not len(edges):
        return inside
    flat = edges.reshape(-1, 2)
    (left, top), (right, bottom) = flat.min(axis=0), flat.max(axis=0)
    near = np.flatnonzero((x >= left) & (x <= right) & (y >= top) & (y < bottom))
    near = near[np.argsort(y[near])]
    near_x, near_y = x[near], y[near]
    odd = np.zeros(len(near), dtype=bool)
    downward = _in_fixed_order(edges)
    first, last = np.searchsorted(near_y, downward[:, 1]), np.searchsorted(near_y, downward[:, 3])
    for edge in np.flatnonzero(first < last):
        beside = slice(first[edge], last[edge])
        odd[beside] ^= is_left(downward[edge], near_x[beside], near_y[beside])
    inside[near[odd]] = True
    return inside


def is_left(edge: Floats, x: Floats, y: Floats) -> Bools:
    """Return which points are strictly to the left of a downward line (y downward).

    The result is exact: where floating point is ambiguous, within about 1e-15 of the line, it is computed
    with fractions.

    Parameters
    ----------
    edge
        (4,) x and y of the upper end, x and y of the lower end; their y must differ.
    x, y
        (n,) coordinates of the points.

    References
    ----------
    J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates,
    doi:10.1007/PL00009321: the bound of the orientation test.
    """
    first_x, first_y, last_x, last_y = edge
    if first_x == last_x or not len(x):
        return np.asarray(x < first_x)
    across = (x - first_x) * (last_y - first_y)
    largest = max(float(across.max()), -float(across.min()))
    across -= (y - first_y) * (last_x - first_x)
    left: Bools = across < 0
    doubtful = np.abs(across) <= _ROUNDING * largest + _LEAST
    if doubtful.any():
        doubt = np.flatnonzero(doubtful)
        left[doubt] = _exact_areas(edge, x[doubt], y[doubt]) > 0
    return left


def doubled_areas(first: Floats, last: Floats, x: Floats, y: Floats) -> Floats:
    """Return twice the area between segments and points.

    It is positive if the point is on the right, with y downward. The sign is exact, and 0 means that the
    point is exactly on the line. The magnitude has floating-point accuracy.

    Parameters
    ----------
    first, last
        (2,) or (2, n) coordinates of the ends of the segments.
    x, y
        (n,) or () coordinates of the points.

    Returns
    -------
    numpy.ndarray
        (n,) areas.
    """
    across = (last[0] - first[0]) * (y - first[1])
    down = (last[1] - first[1]) * (x - first[0])
    area: Floats = np.atleast_1d(across - down)
    doubtful = (np.abs(area) <= _ROUNDING * np.abs(across) + _LEAST) & (across != 0) & (down != 0)
    doubt = np.flatnonzero(doubtful)
    if len(doubt):
        ends = np.vstack(np.broadcast_arrays(*first, *last, x, y, area))[:-1, doubt]
        area[doubt] = _exact_areas(ends[:4], ends[4], ends[5])
    return area


def _exact_areas(edges: Floats, x: Floats, y: Floats) -> Floats:
    """Compute areas with fractions, point by point, for edges (4, n) or one edge (4,)."""
    ends = np.broadcast_to(edges.reshape(4, -1), (4, len(x)))
    return np.array([_exact_area(*map(Fraction, point)) for point in zip(*ends, x, y, strict=True)])


def _exact_area(*point: Fraction) -> float:
    first_x, first_y, last_x, last_y, x, y = point
    area = (last_x - first_x) * (y - first_y) - (last_y - first_y) * (x - first_x)
    return float((area > 0) - (area < 0)) * max(abs(float(area)), _SMALLEST)


def _in_fixed_order(edges: Floats) -> Floats:
    """Return the edges that rays can cross, with the smaller y first."""
    upward = edges[:, 1] > edges[:, 3]
    ordered = np.where(upward[:, None], edges[:, [2, 3, 0, 1]], edges)
    return ordered[ordered[:, 1] < ordered[:, 3]]
