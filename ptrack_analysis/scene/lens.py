"""From the image to the floor: lens distortion and homography."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.geometry import FARTHEST, Floats

HORIZON = 1e-9
"""Depth below which a point is on the horizon, as a share of the largest depth of the given points."""
_RANK = 1e-9
_CONDITION = 1e9
_CLOSEST = 1e-100
_ROUNDS = 50
_ENOUGH = 1e-12
"""Relative decrease of the sum of squares below which the iteration ends."""


def fit_homography(picture: Floats, floor: Floats) -> Floats:
    """Fit the homography from (n, 2) image points to (n, 2) floor points, by least squares on the floor.

    It is scaled so that the last coordinate of all given points is positive, with a maximum of 1.

    Raises
    ------
    ZoneError
        If the points (except one) are on one line, or on both sides of the horizon.
    """
    from_picture, to_floor = _normalising(picture), _normalising(floor)
    seen, true = _moved(from_picture, picture), _moved(to_floor, floor)
    matrix: Floats = np.linalg.inv(to_floor) @ _refined(_linear(seen, true), seen, true) @ from_picture
    depths = _depths(matrix, picture)
    scaled: Floats = matrix / (np.sign(depths[0]) * np.abs(depths).max())
    return scaled


def _linear(seen: Floats, true: Floats) -> Floats:
    """Solve for the homography by the direct linear transform; reject pairs that do not define one."""
    (x, y), (u, v) = seen.T, true.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows_u = np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u])
    rows_v = np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v])
    rows = np.vstack([rows_u, rows_v])
    is_wide = len(rows) < rows.shape[1]  # otherwise, the full left matrix is not needed and is quadratic
    _, singular, right = np.linalg.svd(rows, full_matrices=is_wide)
    matrix: Floats = right[-1].reshape(3, 3)
    if singular[7] < _RANK * singular[0] or np.linalg.cond(matrix) > _CONDITION:
        raise ZoneError(
            "the pairs of the floor plan do not define a plane: three or more points are on one line"
        )
    depths = _depths(matrix, seen)
    if not (depths * np.sign(depths[0]) > HORIZON * np.abs(depths).max()).all():
        raise ZoneError(
            "the pairs of the floor plan contradict each other: they are on both sides of the horizon"
        )
    return matrix


def _refined(matrix: Floats, seen: Floats, true: Floats) -> Floats:
    """Reduce the sum of squared floor distances by Gauss-Newton steps."""
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
    """Halve a step until it reduces the cost and keeps all points on one side of the horizon."""
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
    """Return the errors of the projected points: x and y of each, (2n,)."""
    misses: Floats = (_moved(matrix, seen) / _depths(matrix, seen)[:, None] - true).ravel()
    return misses


def _slopes(matrix: Floats, seen: Floats) -> Floats:
    """Return the derivatives of the errors by the matrix's nine numbers: (2n, 9)."""
    rays = np.column_stack([seen, np.ones(len(seen))]) / _depths(matrix, seen)[:, None]
    places = _moved(matrix, seen) / _depths(matrix, seen)[:, None]
    slopes = np.zeros((len(seen), 2, 9))
    slopes[:, 0, 0:3] = slopes[:, 1, 3:6] = rays
    slopes[:, :, 6:9] = -places[:, :, None] * rays[:, None, :]
    return slopes.reshape(-1, 9)


def _normalising(points: Floats) -> Floats:
    """Return the similarity that moves points to a mean of 0 and a mean distance of √2."""
    middle = points.mean(axis=0)
    distance = np.sqrt(((points - middle) ** 2).sum(axis=1)).mean()
    if distance < _CLOSEST:
        raise ZoneError(
            f"the points of the floor plan are too near each other: {distance:g} apart on average"
        )
    scale = np.sqrt(2) / distance
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])


def _moved(matrix: Floats, points: Floats) -> Floats:
    moved: Floats = (np.column_stack([points, np.ones(len(points))]) @ matrix.T)[:, :2]
    return moved


def _depths(matrix: Floats, points: Floats) -> Floats:
    depths: Floats = np.column_stack([points, np.ones(len(points))]) @ matrix[2]
    return depths


_LENS_ROUNDS = 100
"""Newton converges in about six rounds; near the fold, it is slow, and bisection ends it."""
_LAST_DIGITS = 4
_LEAST = 1e-9
"""Minimum focal length, in frames."""
_OUT_OF_SIGHT = 1e6
"""Distance beyond which a fold is ignored, in focal lengths: no image extends that far."""
_CHUNK = 8192
_LEAST_SHARE = 4 / 9
"""Minimum of distorted / undistorted radius within the fold, for all coefficients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """The radial distortion of a camera.

    A point at distance r from the center in the undistorted image appears in the same direction at
    r · (1 + k1 · r² + k2 · r⁴), with r in focal lengths. ``k1`` and ``k2`` are OpenCV's coefficients; ``k1``
    is below 0 for a barrel distortion (wide angle). ``focal`` is the focal length as fractions of the frame's
    width and height, and ``center`` is the center of distortion in fractions of the frame. A ``k1`` far below
    0 folds the image: beyond some radius, undistorted points would move inward again. Only points within the
    fold can be in an image; points beyond it are NaN in both directions.

    Raises
    ------
    ZoneError
        If a number is not finite, or a focal length is not above 0.

    Notes
    -----
    Tangential distortion and a third coefficient are not supported: calibrate without them
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
            if not all(_is_number(number) and abs(number) <= FARTHEST for number in numbers):
                raise ZoneError(
                    f"lens: {name} must be finite and within {FARTHEST:.0e}, got {getattr(self, name)!r}"
                )
        if not all(_LEAST <= focal <= FARTHEST for focal in self.focal):
            raise ZoneError(f"lens: focal must be finite numbers above 0, got {self.focal!r}")

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
        """Build the lens from numbers in px, as returned by OpenCV's ``calibrateCamera``.

        Parameters
        ----------
        width, height
            Size of the calibrated frame [px].
        focal
            fx and fy of the camera matrix, or one number for both [px].
        k1, k2
            The first two radial coefficients in OpenCV's order.
        center
            cx and cy of the camera matrix; by default the center of the frame [px].

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
        """Undistorted radius beyond which the model folds; infinite if it never does [focal lengths]."""
        if self.k2 == 0:
            roots = [-1 / (3 * self.k1)] if self.k1 < 0 else []
        elif (inner := 9 * self.k1 * self.k1 - 20 * self.k2) <= 0:
            roots = []
        else:  # roots of 1 + 3 k1 s + 5 k2 s², s = r², without cancellation
            twice = -3 * self.k1 + math.copysign(math.sqrt(inner), -self.k1)
            roots = [root for root in (2 / twice, twice / (10 * self.k2)) if root > 0]
        radius = math.sqrt(min(roots, default=math.inf))
        return radius if radius < _OUT_OF_SIGHT else math.inf

    def distort(self, points: Floats) -> Floats:
        """Project (n, 2) undistorted points to their positions in the image; NaN beyond the fold."""
        rays = self._rays(points)
        radius = np.hypot(rays[:, 0], rays[:, 1])
        share = np.where(radius <= self.fold, self._share(np.minimum(radius, self.fold)), np.nan)
        return self._points(rays * share[:, None])

    def undistort(self, points: Floats) -> Floats:
        """Project (n, 2) points of the image to undistorted positions; NaN beyond the fold.

        The model has no closed inverse: each radius is found by Newton's method within a bracket, to the
        last digits of the float (near the fold, to half of its digits). O(n).
        """
        rays = self._rays(points)
        bent = np.hypot(rays[:, 0], rays[:, 1])
        seen = bent <= self._bent(np.array(self.fold)) if math.isfinite(self.fold) else np.isfinite(bent)
        radius = self._straight(np.where(seen, bent, 0.0))
        share = np.divide(radius, bent, out=np.ones_like(bent), where=seen & (bent > 0))
        return self._points(rays * np.where(seen, share, np.nan)[:, None])

    def _straight(self, bent: Floats) -> Floats:
        """Return the undistorted radius for each distorted one, in chunks that stay in the cache."""
        chunks = [self._solved(bent[start : start + _CHUNK]) for start in range(0, len(bent), _CHUNK)]
        return np.concatenate(chunks) if chunks else bent

    def _solved(self, bent: Floats) -> Floats:
        """Solve for the undistorted radius by Newton's method, or bisection if a step leaves the bracket."""
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
        """Return points relative to the center, in focal lengths; NaN if a point is not finite."""
        rays = (np.asarray(points, dtype="float64") - self.center) / self.focal
        return np.where(np.isfinite(rays), rays, np.nan)

    def _points(self, rays: Floats) -> Floats:
        points: Floats = rays * self.focal + self.center
        return points


def divided(vertices: Floats, *, longest: float = 0.01) -> Floats:
    """Divide the edges of a polyline evenly, because a lens bends straight edges of the image.

    Each edge gets the fewest vertices that leave no part longer than ``longest``; the given vertices are
    unchanged. An edge that two outlines share, corner to corner, is divided at exactly the same points in
    either direction: the parts are counted from the end with the smaller x (then y).

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


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
