"""From the image to the floor: lens distortion and homography."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.geometry import FARTHEST, Floats

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
    """Return by how much the projected points miss the true ones: x and y of each, (2n,)."""
    misses: Floats = (_moved(matrix, seen) / _depths(matrix, seen)[:, None] - true).ravel()
    return misses


def _slopes(matrix: Floats, seen: Floats) -> Floats:
    """Return how the misses change with each of the matrix's nine numbers: (2n, 9)."""
    rays = np.column_stack([seen, np.ones(len(seen))]) / _depths(matrix, seen)[:, None]
    places = _moved(matrix, seen) / _depths(matrix, seen)[:, None]
    slopes = np.zeros((len(seen), 2, 9))
    slopes[:, 0, 0:3] = slopes[:, 1, 3:6] = rays
    slopes[:, :, 6:9] = -places[:, :, None] * rays[:, None, :]
    return slopes.reshape(-1, 9)


def _normalising(points: Floats) -> Floats:
    """Return the similarity that moves points to their middle and to a mean distance of √2 from it."""
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


_LENS_ROUNDS = 100
"""Newton converges in about six; beside the fold, where it is slow, halving the bracket ends it."""
_LAST_DIGITS = 4
_LEAST = 1e-9
"""Smallest focal length that is believed, in frames."""
_OUT_OF_SIGHT = 1e6
"""A fold beyond so many focal lengths is none: no picture reaches there."""
_CHUNK = 8192
_LEAST_SHARE = 4 / 9
"""Whatever the coefficients, no radius within the fold is bent to less than this share of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """The radial distortion of a camera.

    A point at distance r from the center, where straight lines are straight, is seen on the same ray at
    r · (1 + k1 · r² + k2 · r⁴), r being measured in focal lengths. ``k1`` and ``k2`` are OpenCV's, ``k1``
    is below 0 for a barrel (wide angle); ``focal`` is the focal length as fractions of the frame's width
    and of its height, ``center`` the point that is not bent, in fractions of the frame. A ``k1`` far below 0
    folds the picture back: beyond some radius straight points would come inwards again. Only what lies
    within the fold is a picture that a camera can take; points beyond it are NaN both ways.

    Raises
    ------
    ZoneError
        If a number is not finite, or a focal length is not above 0.

    Notes
    -----
    Tangential distortion and a third coefficient are not modelled: calibrate without them
    (``CALIB_ZERO_TANGENT_DIST | CALIB_FIX_K3``).

    References
    ----------
    D. C. Brown, Close-Range Camera Calibration, Photogrammetric Engineering 37 (8), 1971; OpenCV,
    "Camera Calibration and 3D Reconstruction", the radial part.

    Examples
    --------
    >>> lens = Lens.in_pixels(1280, 720, focal=800.0, k1=-0.2)
    >>> lens.undistort(lens.distort(np.array([[0.9, 0.5]]))).round(9).tolist()
    [[0.9, 0.5]]
    """

    k1: float
    focal: tuple[float, float]
    k2: float = 0.0
    center: tuple[float, float] = (0.5, 0.5)

    def __post_init__(self) -> None:
        for name, numbers in (("k1", (self.k1,)), ("k2", (self.k2,)), ("center", self.center)):
            if not all(abs(number) <= FARTHEST for number in numbers):
                raise ZoneError(
                    f"lens: {name} is {getattr(self, name)!r}, not a finite number within {FARTHEST:.0e}"
                )
        if not all(_LEAST <= focal <= FARTHEST for focal in self.focal):
            raise ZoneError(f"lens: focal is {self.focal!r}, not finite numbers above 0")

    @classmethod
    def in_pixels(
        cls,
        width: int,
        height: int,
        *,
        focal: float | tuple[float, float],
        k1: float,
        k2: float = 0.0,
        center: tuple[float, float] | None = None,
    ) -> Self:
        """Make the lens from numbers in px, as OpenCV's ``calibrateCamera`` gives them.

        Parameters
        ----------
        width, height
            Size of the frame that was calibrated [px].
        focal
            fx and fy of the camera matrix, or one number for both [px].
        k1, k2
            The radial coefficients, the first two that OpenCV lists.
        center
            cx and cy of the camera matrix; by default the middle of the frame [px].

        Raises
        ------
        ZoneError
            If a number is not finite, or a focal length is not above 0.
        """
        across, down = focal if isinstance(focal, tuple) else (focal, focal)
        x, y = (width / 2, height / 2) if center is None else center
        return cls(k1=k1, k2=k2, focal=(across / width, down / height), center=(x / width, y / height))

    @property
    def fold(self) -> float:
        """Straight radius beyond which the model folds back, infinite if it never does [focal lengths]."""
        if self.k2 == 0:
            roots = [-1 / (3 * self.k1)] if self.k1 < 0 else []
        elif (inner := 9 * self.k1 * self.k1 - 20 * self.k2) <= 0:
            roots = []
        else:  # of 1 + 3 k1 s + 5 k2 s², s = r², written so that nothing cancels
            twice = -3 * self.k1 + math.copysign(math.sqrt(inner), -self.k1)
            roots = [root for root in (2 / twice, twice / (10 * self.k2)) if root > 0]
        radius = math.sqrt(min(roots, default=math.inf))
        return radius if radius < _OUT_OF_SIGHT else math.inf

    def distort(self, points: Floats) -> Floats:
        """Project (n, 2) straight points to where the picture shows them; NaN beyond the fold."""
        rays = self._rays(points)
        radius = np.hypot(rays[:, 0], rays[:, 1])
        share = np.where(radius <= self.fold, self._share(np.minimum(radius, self.fold)), np.nan)
        return self._points(rays * share[:, None])

    def undistort(self, points: Floats) -> Floats:
        """Project (n, 2) points of the picture to where straight lines stay straight; NaN beyond the fold.

        The model has no inverse formula: each radius is found by Newton's method, kept between bounds that
        hold it, to the float's last digits (beside the fold to half of them). O(n).
        """
        rays = self._rays(points)
        bent = np.hypot(rays[:, 0], rays[:, 1])
        seen = bent <= self._bent(np.array(self.fold)) if math.isfinite(self.fold) else np.isfinite(bent)
        radius = self._straight(np.where(seen, bent, 0.0))
        share = np.divide(radius, bent, out=np.ones_like(bent), where=seen & (bent > 0))
        return self._points(rays * np.where(seen, share, np.nan)[:, None])

    def _straight(self, bent: Floats) -> Floats:
        """Find the straight radius of each bent one, a chunk at a time so that it stays in the cache."""
        chunks = [self._solved(bent[start : start + _CHUNK]) for start in range(0, len(bent), _CHUNK)]
        return np.concatenate(chunks) if chunks else bent

    def _solved(self, bent: Floats) -> Floats:
        """Solve for the straight radius by Newton's method, halving the bounds where a step leaves them."""
        low, high = np.zeros_like(bent), np.minimum(bent / _LEAST_SHARE, self.fold)
        radius = np.minimum(bent, high)
        left = np.arange(len(bent))
        for _ in range(_LENS_ROUNDS):
            at = radius[left]
            excess = self._bent(at) - bent[left]
            low[left], high[left] = np.where(excess < 0, at, low[left]), np.where(excess > 0, at, high[left])
            slope = 1 + at**2 * (3 * self.k1 + 5 * self.k2 * at**2)
            closer = at - np.divide(excess, slope, out=np.full_like(at, np.inf), where=slope > 0)
            within = (closer >= low[left]) & (closer <= high[left])
            closer = np.where(excess == 0, at, np.where(within, closer, (low[left] + high[left]) / 2))
            radius[left] = closer
            left = left[np.abs(closer - at) > _LAST_DIGITS * np.spacing(closer)]
            if not len(left):
                break
        return radius

    def _share(self, radius: Floats) -> Floats:
        square = radius**2
        return 1 + square * (self.k1 + self.k2 * square)

    def _bent(self, radius: Floats) -> Floats:
        return radius * self._share(radius)

    def _rays(self, points: Floats) -> Floats:
        """Measure points from the center, in focal lengths; NaN where a point is not finite."""
        rays = (np.asarray(points, dtype="float64") - self.center) / self.focal
        return np.where(np.isfinite(rays), rays, np.nan)

    def _points(self, rays: Floats) -> Floats:
        points: Floats = rays * self.focal + self.center
        return points


def divided(vertices: Floats, *, longest: float = 0.01) -> Floats:
    """Divide the edges of a polyline evenly, for behind a lens a straight edge of the picture is curved.

    Each edge gets as few vertices as leave no part longer than ``longest``; the given vertices stay as they
    are. An edge that two outlines share, corner to corner, is divided at the very same points whichever way
    each of them goes along it: the parts are counted from its end with the smaller x (then y).

    Parameters
    ----------
    vertices
        (n, 2) vertices of a line, or of a closed ring with the first repeated as the last [fraction of the
        frame].
    longest
        Longest part, above 0 [fraction of the frame].

    Returns
    -------
    numpy.ndarray
        (m, 2) vertices, m at least n.

    Examples
    --------
    >>> divided(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.1]]), longest=0.5).tolist()
    [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.1]]
    """
    first, last = vertices[:-1], vertices[1:]
    swapped = (first[:, 0] > last[:, 0]) | ((first[:, 0] == last[:, 0]) & (first[:, 1] > last[:, 1]))
    low, high = np.where(swapped[:, None], last, first), np.where(swapped[:, None], first, last)
    parts = np.maximum(np.ceil(np.hypot(*(high - low).T) / longest), 1).astype("int64")
    edge = np.repeat(np.arange(len(parts)), parts)
    passed = np.arange(len(edge)) - np.repeat(np.cumsum(parts) - parts, parts)
    share = np.where(swapped[edge], parts[edge] - passed, passed) / parts[edge]
    inner = low[edge] + (high - low)[edge] * share[:, None]
    return np.vstack([np.where((passed == 0)[:, None], first[edge], inner), vertices[-1:]])
