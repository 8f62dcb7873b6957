"""Kernel of the floor: the homography between points, by least squares; NumPy only."""

import numpy as np

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.geometry import Floats

HORIZON = 1e-9
"""Below this depth, as a share of the largest of the given points, a point counts as on the horizon."""
_RANK = 1e-9
_CONDITION = 1e9
_ROUNDS = 50
_ENOUGH = 1e-12
"""A round that takes off less than this share of the sum of squares is the last."""


def fit_homography(picture: Floats, floor: Floats) -> Floats:
    """Fit the matrix that carries (n, 2) picture points to (n, 2) floor points, by least squares there.

    It is scaled such that the last coordinate of all given points is positive, the largest of them 1.

    Raises
    ------
    ZoneError
        If the points (but for one) lie on one line, or come to lie on either side of the horizon.
    """
    from_picture, to_floor = _normalising(picture), _normalising(floor)
    seen, true = _moved(from_picture, picture), _moved(to_floor, floor)
    matrix: Floats = np.linalg.inv(to_floor) @ _refined(_linear(seen, true), seen, true) @ from_picture
    depths = _depths(matrix, picture)
    scaled: Floats = matrix / (np.sign(depths[0]) * np.abs(depths).max())
    return scaled


def _linear(seen: Floats, true: Floats) -> Floats:
    """Solve for the homography by the direct linear transform, refusing pairs that do not fix one."""
    (x, y), (u, v) = seen.T, true.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows_u = np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u])
    rows_v = np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v])
    _, singular, right = np.linalg.svd(np.vstack([rows_u, rows_v]))
    matrix: Floats = right[-1].reshape(3, 3)
    if singular[7] < _RANK * singular[0] or np.linalg.cond(matrix) > _CONDITION:
        raise ZoneError("a floor's pairs do not fix a plane: three or more of its points lie on one line")
    depths = _depths(matrix, seen)
    if not (depths * np.sign(depths[0]) > HORIZON * np.abs(depths).max()).all():
        raise ZoneError("a floor's pairs contradict each other: some lie on either side of the horizon")
    return matrix


def _refined(matrix: Floats, seen: Floats, true: Floats) -> Floats:
    """Take Gauss-Newton steps to the least sum of squared floor distances, as long as they lessen it."""
    misses = _misses(matrix, seen, true)
    cost = float(misses @ misses)
    for _ in range(_ROUNDS):
        step: Floats = np.linalg.lstsq(_slopes(matrix, seen), -misses)[0].reshape(3, 3).astype("float64")
        closer, fewer, less = _shortened(matrix, step, seen, true, cost)
        if less >= cost * (1 - _ENOUGH):
            break
        matrix, misses, cost = closer, fewer, less
    return matrix


def _shortened(
    matrix: Floats, step: Floats, seen: Floats, true: Floats, cost: float
) -> tuple[Floats, Floats, float]:
    """Halve a step until it lessens the cost and keeps all points on one side of the horizon."""
    sign = np.sign(_depths(matrix, seen)[0])
    for halvings in range(20):
        closer = matrix + step / 2**halvings
        closer = closer / np.linalg.norm(closer)
        if (_depths(closer, seen) * sign > HORIZON).all():
            misses = _misses(closer, seen, true)
            if float(misses @ misses) < cost:
                return closer, misses, float(misses @ misses)
    return matrix, _misses(matrix, seen, true), cost


def _misses(matrix: Floats, seen: Floats, true: Floats) -> Floats:
    """Give by how much the projected points miss the true ones: x and y of each, (2n,)."""
    misses: Floats = (_moved(matrix, seen) / _depths(matrix, seen)[:, None] - true).ravel()
    return misses


def _slopes(matrix: Floats, seen: Floats) -> Floats:
    """Give how the misses change with each of the matrix's nine numbers: (2n, 9)."""
    rays = np.column_stack([seen, np.ones(len(seen))]) / _depths(matrix, seen)[:, None]
    places = _moved(matrix, seen) / _depths(matrix, seen)[:, None]
    slopes = np.zeros((len(seen), 2, 9))
    slopes[:, 0, 0:3] = slopes[:, 1, 3:6] = rays
    slopes[:, :, 6:9] = -places[:, :, None] * rays[:, None, :]
    return slopes.reshape(-1, 9)


def _normalising(points: Floats) -> Floats:
    """Give the similarity that moves points to their middle and to a mean distance of √2 from it."""
    middle = points.mean(axis=0)
    distance = np.sqrt(((points - middle) ** 2).sum(axis=1)).mean()
    scale = np.sqrt(2) / distance
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])


def _moved(matrix: Floats, points: Floats) -> Floats:
    moved: Floats = (np.column_stack([points, np.ones(len(points))]) @ matrix.T)[:, :2]
    return moved


def _depths(matrix: Floats, points: Floats) -> Floats:
    depths: Floats = np.column_stack([points, np.ones(len(points))]) @ matrix[2]
    return depths
