"""The floor plan: a plane in metres, fitted to points known in the picture and on the floor."""

import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.video import Video

_LEAST_PAIRS = 4
_FAULTS = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError)
_HORIZON = 1e-9
"""Below this depth, as a share of the largest of the given points, a point counts as on the horizon."""


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """The floor as a plane [m]: a homography from fractions of the frame.

    ``matrix`` is (3, 3), scaled so that points in front of the horizon have a positive last coordinate, the
    largest of the given ones 1;
    ``error`` is the root mean square distance between the given floor points and those that the matrix
    puts there [m]; ``extent`` is the part that is drawn: x0, y0, x1, y1 [m].
    """

    matrix: Floats
    error: float
    extent: tuple[float, float, float, float]
    unit: str = "m"

    def project(self, points: Floats) -> Floats:
        """Carry (n, 2) fractions of the frame to the floor [m]; NaN at or above the horizon."""
        homogeneous = np.column_stack([points, np.ones(len(points))]) @ self.matrix.T
        depth = np.where(homogeneous[:, 2] > _HORIZON, homogeneous[:, 2], np.nan)
        projected: Floats = homogeneous[:, :2] / depth[:, None]
        return projected


def fit_floor(
    picture: Floats, floor: Floats, *, extent: tuple[float, float, float, float] | None = None
) -> Floor:
    """Fit the homography that carries picture points to floor points, by least squares.

    The direct linear transform on normalised points: exact for four pairs, for more it minimises the
    algebraic error. What is drawn of the floor is ``extent``, by default the rectangle around the floor
    points.

    Parameters
    ----------
    picture
        (n, 2) fractions of the frame, n at least 4.
    floor
        (n, 2) where these points are on the floor [m].
    extent
        x0, y0, x1, y1 of the part that is drawn [m].

    Raises
    ------
    ZoneError
        If there are fewer than four pairs, a value is not finite, the points (but for one) lie on one
        line, or the fit puts a given point at or above the horizon.

    References
    ----------
    R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, 2nd ed., algorithm 4.2.
    """
    picture, floor = np.asarray(picture, dtype="float64"), np.asarray(floor, dtype="float64")
    if len(picture) < _LEAST_PAIRS or len(picture) != len(floor):
        raise ZoneError(f"a floor needs at least 4 pairs picture - floor, not {len(picture)}")
    if not (np.isfinite(picture).all() and np.isfinite(floor).all()):
        raise ZoneError("a floor's pairs hold a value that is not a finite number")
    from_picture, to_floor = _normalising(picture), _normalising(floor)
    (x, y), (u, v) = _moved(from_picture, picture).T, _moved(to_floor, floor).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows_u = np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u])
    rows_v = np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v])
    _, singular, right = np.linalg.svd(np.vstack([rows_u, rows_v]))
    matrix = np.linalg.inv(to_floor) @ right[-1].reshape(3, 3) @ from_picture
    if singular[7] < 1e-9 * singular[0] or np.linalg.cond(right[-1].reshape(3, 3)) > 1e9:  # noqa: PLR2004 - float noise
        raise ZoneError("a floor's pairs do not fix a plane: three or more of its points lie on one line")
    depths = np.column_stack([picture, np.ones(len(picture))]) @ matrix[2]
    scale = np.sign(depths[0]) / np.abs(depths).max()
    matrix = matrix * scale
    if not (depths * scale > _HORIZON).all():
        raise ZoneError("a floor's pairs contradict each other: some lie on either side of the horizon")
    drawn = extent or (*floor.min(axis=0).tolist(), *floor.max(axis=0).tolist())
    fitted = Floor(matrix, 0.0, drawn)
    error = float(np.sqrt(((fitted.project(picture) - floor) ** 2).sum(axis=1).mean()))
    return Floor(matrix, error, drawn)


def read_floor(path: str | PathLike[str], video: Video | None = None) -> Floor:
    """Read a floor plan: pairs of points known in the picture and on the floor.

    The file is JSON: ``{"unit": "m", "picture_unit": "fraction" | "px", "pairs": [{"picture": [x, y],
    "floor": [x, y]}, ...], "extent": [x0, y0, x1, y1]}``; the extent may be missing. For pairs in px the
    video's frame size must be known.

    Raises
    ------
    ZoneError
        If the file is not such a file, or its pairs do not fix a plane.
    """
    place = Path(path)
    try:
        content = json.loads(place.read_text(encoding="utf-8-sig"))
        picture = np.array([pair["picture"] for pair in content["pairs"]], dtype="float64").reshape(-1, 2)
        floor = np.array([pair["floor"] for pair in content["pairs"]], dtype="float64").reshape(-1, 2)
        unit, picture_unit = content.get("unit", "m"), content.get("picture_unit", "fraction")
        drawn = content.get("extent")
        extent = (
            None if drawn is None else (float(drawn[0]), float(drawn[1]), float(drawn[2]), float(drawn[3]))
        )
    except OSError as error:
        raise ZoneError(f"{place}: cannot be read: {error.strerror}") from error
    except _FAULTS as error:
        raise ZoneError(
            f"{place}: not a floor file with 'pairs' of 'picture' and 'floor' points: {error}"
        ) from error
    if unit != "m" or picture_unit not in {"fraction", "px"}:
        raise ZoneError(f"{place}: units are {unit!r} and {picture_unit!r}, not 'm' and 'fraction' or 'px'")
    if picture_unit == "px":
        pixels = (video or Video()).pixels
        picture = picture / [pixels.width, pixels.height]
    try:
        return fit_floor(picture, floor, extent=extent)
    except ZoneError as error:
        raise ZoneError(f"{place}: {error}") from error


def _normalising(points: Floats) -> Floats:
    """Give the similarity that moves points to their middle and to a mean distance of √2 from it."""
    middle = points.mean(axis=0)
    distance = np.sqrt(((points - middle) ** 2).sum(axis=1)).mean()
    scale = np.sqrt(2) / distance if distance > 0 else 1.0
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])


def _moved(matrix: Floats, points: Floats) -> Floats:
    moved: Floats = (np.column_stack([points, np.ones(len(points))]) @ matrix.T)[:, :2]
    return moved
