"""Fitting the floor to pairs of points known in the picture and on the floor."""

import numpy as np

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.floor.homography import fit_homography
from ptrack_analysis.floor.lens import Lens
from ptrack_analysis.floor.plane import Extent, Floor
from ptrack_analysis.geometry import FARTHEST, Floats

_LEAST_PAIRS = 4


def fit_floor(
    picture: Floats, floor: Floats, *, extent: Extent | None = None, lens: Lens | None = None
) -> Floor:
    """Fit the homography that carries picture points to floor points, by least squares on the floor.

    Four pairs are met exactly; more are met such that the sum of the squared distances on the floor between
    the given points and the projected ones is least. So errors count in metres where people walk: a far
    place, where a pixel is wide, pulls more than a near one. With a lens its bending is undone first. What
    is drawn of the floor is ``extent``, by default the rectangle around the floor points.

    Parameters
    ----------
    picture
        (n, 2) fractions of the frame, n at least 4, as the picture shows them.
    floor
        (n, 2) where these points are on the floor [m].
    extent
        x0, y0, x1, y1 of the part that is drawn [m].
    lens
        What bends the picture; by default nothing.

    Returns
    -------
    Floor
        ``floor.error`` and ``floor.residuals`` tell how well the pairs agree [m], ``floor.notes`` what
        looks wrong.

    Raises
    ------
    ZoneError
        If there are fewer than four pairs or different points, a value is not finite or beyond 1e9, the
        points (but for one) lie on one line, the fit puts a given point at or above the horizon, a picture
        point lies where the lens shows nothing, or the extent is empty.

    Notes
    -----
    The direct linear transform on normalised points, which minimises an algebraic error, is where the
    Gauss-Newton steps to the least squares begin; where they find nothing better it is kept. O(n) a step.

    References
    ----------
    R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, 2nd ed., algorithms 4.2 and 4.3.

    Examples
    --------
    >>> seen = np.array([[0.4, 0.5], [0.6, 0.5], [1.0, 1.0], [0.0, 1.0]])
    >>> fitted = fit_floor(seen, np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 8.0], [0.0, 8.0]]))
    >>> fitted.project(np.array([[0.5, 0.75]])).round(3).tolist()
    [[2.0, 6.667]]
    """
    picture, floor = np.asarray(picture, dtype="float64"), np.asarray(floor, dtype="float64")
    _refuse_pairs(picture, floor)
    straight = picture if lens is None else lens.undistort(picture)
    if not np.isfinite(straight).all():
        place = int(np.flatnonzero(~np.isfinite(straight).all(axis=1))[0])
        raise ZoneError(f"pairs[{place}]: the lens shows nothing at {tuple(picture[place].tolist())}")
    matrix = fit_homography(straight, floor)
    return Floor(matrix, np.column_stack([picture, floor]), _drawn(extent, floor), lens)


def _refuse_pairs(picture: Floats, floor: Floats) -> None:
    """Refuse what is not four pairs of different finite points."""
    if picture.ndim != 2 or floor.shape != picture.shape or picture.shape[1] != 2:  # noqa: PLR2004 - x and y
        raise ZoneError(
            f"a floor needs pairs of points: arrays of shape {picture.shape} and {floor.shape} are not two "
            "of (n, 2)"
        )
    if len(picture) < _LEAST_PAIRS:
        raise ZoneError(f"a floor needs at least 4 pairs picture - floor, not {len(picture)}")
    pairs = np.column_stack([picture, floor])
    for place in np.flatnonzero(~(np.abs(pairs) <= FARTHEST).all(axis=1)):
        raise ZoneError(
            f"pairs[{place}] of the floor is {pairs[place].tolist()}, not a finite number within "
            f"{FARTHEST:.0e} each"
        )
    for points, where in ((picture, "in the picture"), (floor, "on the floor")):
        different = len(np.unique(points, axis=0))
        if different < _LEAST_PAIRS:
            raise ZoneError(f"a floor needs at least 4 different points {where}, not {different}")


def _drawn(extent: Extent | None, floor: Floats) -> Extent:
    """Take the given extent, refusing an empty one, or the rectangle around the floor points."""
    if extent is None:
        return (*floor.min(axis=0).tolist(), *floor.max(axis=0).tolist())
    x0, y0, x1, y1 = extent
    if not ((np.abs(extent) <= FARTHEST).all() and x1 > x0 and y1 > y0):
        raise ZoneError(f"a floor's extent is {extent!r}, not finite numbers x0 < x1 and y0 < y1")
    return x0, y0, x1, y1
