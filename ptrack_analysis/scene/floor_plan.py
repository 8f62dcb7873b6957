"""The floor plan: a plane in meters, fitted to points known in the image and on the floor."""

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ptrack_analysis.cards import build_card
from ptrack_analysis.errors import ParameterError, ZoneError
from ptrack_analysis.geometry import FARTHEST, Floats
from ptrack_analysis.limits import parse_bounds, read_within_budget, validate_path
from ptrack_analysis.scene.lens import HORIZON, Lens, fit_homography
from ptrack_analysis.video import Pixels, Video, YAxis, validate_video

Bounds = tuple[float, float, float, float]

_CHANCE = 0.001
_NOTED = 0.01
_MOST_PLANS = 64
"""Maximum number of floor plans in the cache, shared between videos."""
_LEAST_CHECKED = 6
"""Minimum number of pairs to identify a wrong one: of five pairs, any four are met exactly."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FloorPlan:
    """The floor as a plane [m]: a homography from fractions of the frame, after correction of the lens.

    ``matrix`` is (3, 3), scaled so that points in front of the horizon have a positive last coordinate, with
    a maximum of 1 at the given points. ``pairs`` is (n, 4), the given points: x and y in the image (fractions
    of the frame) and on the floor [m]. ``bounds`` is the part that is drawn: x0, y0, x1, y1 [m]. ``lens`` is
    the distortion of the image; None if straight lines are straight in the image. ``stated_y_axis`` is the
    y axis in the file, or None.

    Examples
    --------
    >>> floor = pta.read_floor_plan("data/shop/floor.json")
    >>> floor.project(np.array([[0.5, 0.9]])).round(2).tolist()
    [[5.36, 6.98]]
    >>> floor.bounds
    (0.0, 0.0, 12.0, 8.0)
    """

    matrix: Floats
    pairs: Floats
    bounds: Bounds
    lens: Lens | None = None
    unit: str = "m"
    stated_y_axis: YAxis | None = None

    def __repr__(self) -> str:
        worst = int(self.residuals.argmax())
        error = f", worst pairs[{worst}] {self.residuals[worst]:.3g} m" if self.has_error else ""
        return (
            f"FloorPlan({len(self.pairs)} pairs, {self.describe_error()}{error}, "
            f"bounds {self.bounds} m"
            f"{'' if self.lens is None else f', {self.lens}'})"
        )

    def _repr_html_(self) -> str:
        """Return a card for notebooks."""
        facts = {
            "pairs": len(self.pairs),
            "mean error": f"{self.error:.3g} m" if self.has_error else "unknown (4 pairs)",
            "largest error": f"{float(self.residuals.max()):.3g} m" if self.has_error else None,
            "bounds": f"{tuple(round(float(side), 3) for side in self.bounds)} m",
            "lens": None if self.lens is None else str(self.lens),
        }
        return build_card("Floor plan", "", facts)

    def project(self, points: Floats) -> Floats:
        """Project (n, 2) fractions of the frame to the floor [m].

        NaN stays NaN. Points at or above the horizon, or not covered by the lens, become NaN.
        """
        straight = points if self.lens is None else self.lens.undistort(points)
        homogeneous = np.column_stack([straight, np.ones(len(straight))]) @ self.matrix.T
        depth = np.where(homogeneous[:, 2] > HORIZON, homogeneous[:, 2], np.nan)
        projected: Floats = homogeneous[:, :2] / depth[:, None]
        return projected

    def unproject(self, points: Floats) -> Floats:
        """Project (n, 2) points of the floor [m] to fractions of the frame, the inverse of ``project``.

        Use it to draw on the image. Points in front of the camera but outside the image have fractions below
        0 or above 1. Points to the side or behind the camera, or not covered by the lens, are NaN.
        """
        homogeneous = np.column_stack([points, np.ones(len(points))]) @ np.linalg.inv(self.matrix).T
        depth = np.where(homogeneous[:, 2] > HORIZON, homogeneous[:, 2], np.nan)
        straight: Floats = homogeneous[:, :2] / depth[:, None]
        return straight if self.lens is None else self.lens.distort(straight)

    @property
    def residuals(self) -> Floats:
        """Distance between each given floor point and the projection of its image point: (n,) [m]."""
        away = self.project(self.pairs[:, :2]) - self.pairs[:, 2:]
        return np.hypot(away[:, 0], away[:, 1])

    @property
    def error(self) -> float:
        """Root mean square of ``residuals``: the reprojection error on the floor, not in the image [m].

        It is always 0 for four pairs, which the fit meets exactly.
        """
        return float(np.sqrt((self.residuals**2).mean()))

    @property
    def has_error(self) -> bool:
        """Whether ``error`` is known: there are more than the four pairs that the fit meets exactly."""
        return len(self.pairs) > _LEAST_PAIRS

    def describe_error(self) -> str:
        """Describe ``error``, which four pairs do not show."""
        return f"error {self.error:.3g} m" if self.has_error else "error unknown"

    @property
    def y_axis(self) -> YAxis:
        """Direction in which y increases on the plan, with x to the right: as stated, or from the pairs.

        A plan that is drawn like the image has y ``down``; a surveyed plan has y ``up``, so that its pairs
        mirror the image.
        """
        return self.stated_y_axis or ("up" if self.mirrored else "down")

    @property
    def mirrored(self) -> bool:
        """Whether the pairs mirror the image: the left of a line in the image is its right on the floor."""
        return bool(np.linalg.det(self.matrix) < 0)

    @property
    def notes(self) -> list[str]:
        """Problems of the floor plan, one sentence each: an outlying pair, a mirrored plan.

        The candidate is the pair without which the others agree best. It is an outlier under two conditions.
        First, measuring errors alone are unlikely: n · (S₁ / S)ⁿ⁻⁵ < 0.001 with S and S₁ the sums of the
        squared residuals with and without the pair. Second, the fit of the others is off by more than 1 % of
        the diagonal of the rectangle around the floor points. With five pairs or fewer, no outlier can be
        identified; a note is given if the mean error exceeds this limit.

        References
        ----------
        R. D. Cook, S. Weisberg, Residuals and Influence in Regression, 1982, section 2.2.2: the mean-shift
        outlier test. With two coordinates per pair, its F distribution has 2 and 2n - 10 degrees of freedom;
        its tail is the power above, and Bonferroni's factor is n.
        """
        return list(_describe_faults(self))


@lru_cache(maxsize=_MOST_PLANS)
def _describe_faults(plan: FloorPlan) -> tuple[str, ...]:
    """Return the notes on a floor plan, which require one fit per omitted pair."""
    notes = []
    if (found := _find_far_pair(plan)) is not None:
        pair, away = found
        where = f"{away:.2f} m away from there" if np.isfinite(away) else "beyond the horizon"
        notes.append(f"pairs[{pair}] of the floor plan does not fit: the others put its image point {where}")
    across = float(np.hypot(*np.ptp(plan.pairs[:, 2:], axis=0)))
    if len(plan.pairs) < _LEAST_CHECKED and plan.error > _NOTED * across:
        notes.append(
            f"the pairs of the floor plan have an error of {plan.error:.2f} m, so one may be wrong. Use "
            f"at least {_LEAST_CHECKED} pairs to identify it."
        )
    if plan.stated_y_axis is None and plan.mirrored:
        notes.append(
            "the pairs mirror the image, so the y axis of the plan is taken to point up. If it does, "
            'state it in the file ("y_axis": "up"). Otherwise two points are swapped, or a sign is wrong.'
        )
    elif plan.mirrored != (plan.y_axis == "up"):
        shown = "up" if plan.mirrored else "down"
        notes.append(
            f"the file states that y points {plan.y_axis}, but the pairs show that it points {shown}: "
            "check y_axis, and that no two points are swapped"
        )
    return tuple(notes)


def _find_far_pair(plan: FloorPlan) -> tuple[int, float] | None:
    """Find the pair that does not fit the others, and by how much [m]."""
    count, whole = len(plan.pairs), float((plan.residuals**2).sum())
    if count < _LEAST_CHECKED or whole == 0:
        return None
    rest, pair, away = min(
        filter(None, (_fit_without(plan, pair) for pair in range(count))), default=(whole, 0, 0.0)
    )
    across = float(np.hypot(*np.ptp(plan.pairs[:, 2:], axis=0)))
    unlikely = count * (rest / whole) ** (count - 5) < _CHANCE
    return (pair, away) if unlikely and not away <= _NOTED * across else None


def _fit_without(plan: FloorPlan, pair: int) -> tuple[float, int, float] | None:
    """Fit without one pair: sum of squares of the others, index of the pair, and its error [m]."""
    others = np.arange(len(plan.pairs)) != pair
    picture = plan.pairs[:, :2] if plan.lens is None else plan.lens.undistort(plan.pairs[:, :2])
    try:
        matrix = fit_homography(picture[others], plan.pairs[others, 2:])
    except ZoneError:
        return None
    residuals = FloorPlan(matrix, plan.pairs, plan.bounds, plan.lens).residuals
    return float((residuals[others] ** 2).sum()), pair, float(residuals[pair])


_LEAST_PAIRS = 4


def fit_floor_plan(
    picture: Floats,
    floor: Floats,
    *,
    bounds: Bounds | None = None,
    lens: Lens | None = None,
    y_axis: YAxis | None = None,
) -> FloorPlan:
    """Fit a floor plan: the homography from image points to floor points.

    Four pairs are met exactly. With more pairs, the sum of the squared distances on the floor between the
    given points and the projected points is minimized. Errors are therefore in meters: a distant point, where
    a pixel is wide, has more weight than a near point. With a lens, its distortion is corrected first.
    ``bounds`` is the part of the floor that is drawn, by default the rectangle around the floor points.

    Parameters
    ----------
    picture
        (n, 2) fractions of the frame, n at least 4, as in the image.
    floor
        (n, 2) positions of these points on the floor [m].
    bounds
        x0, y0, x1, y1 of the part that is drawn [m].
    lens
        Distortion of the image; by default none.
    y_axis
        Direction in which y increases on the plan, ``up`` or ``down``; by default from the pairs.

    Returns
    -------
    FloorPlan
        ``error`` and ``residuals`` show how well the pairs agree [m]; ``notes`` lists problems.

    Raises
    ------
    ZoneError
        If there are fewer than four pairs or distinct points, a value is not finite or beyond 1e9, the
        points (except one) are on one line, the fit puts a given point at or above the horizon, an image
        point is not covered by the lens, or the bounds are empty.

    Notes
    -----
    The Gauss-Newton iteration to the least squares starts at the direct linear transform on normalized
    points, which minimizes an algebraic error and is kept if no step improves it. O(n) per step.

    References
    ----------
    R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, 2nd ed., algorithms 4.2 and 4.3.

    Examples
    --------
    >>> seen = np.array([[0.4, 0.5], [0.6, 0.5], [1.0, 1.0], [0.0, 1.0]])
    >>> fitted = fit_floor_plan(seen, np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 8.0], [0.0, 8.0]]))
    >>> fitted.project(np.array([[0.5, 0.75]])).round(3).tolist()
    [[2.0, 6.667]]
    """
    picture, floor = np.asarray(picture, dtype="float64"), np.asarray(floor, dtype="float64")
    _validate_pairs(picture, floor)
    straight = picture if lens is None else lens.undistort(picture)
    if not np.isfinite(straight).all():
        index = int(np.flatnonzero(~np.isfinite(straight).all(axis=1))[0])
        raise ZoneError(f"pairs[{index}]: the lens does not cover {tuple(picture[index].tolist())}")
    matrix = fit_homography(straight, floor)
    if y_axis not in (None, "up", "down"):
        raise ZoneError(f"y_axis must be 'up' or 'down', got {y_axis!r}")
    pairs = np.column_stack([picture, floor])
    return FloorPlan(matrix, pairs, _drawn(bounds, floor), lens, stated_y_axis=y_axis)


def _validate_pairs(picture: Floats, floor: Floats) -> None:
    """Reject anything but at least four pairs of distinct finite points."""
    if picture.ndim != 2 or floor.shape != picture.shape or picture.shape[1] != 2:  # noqa: PLR2004 - x and y
        raise ZoneError(
            f"a floor plan requires pairs of points: two arrays of shape (n, 2), got {picture.shape} and "
            f"{floor.shape}"
        )
    if len(picture) < _LEAST_PAIRS:
        raise ZoneError(
            f"a floor plan requires at least 4 pairs of image and floor points, got {len(picture)}"
        )
    pairs = np.column_stack([picture, floor])
    for index in np.flatnonzero(~(np.abs(pairs) <= FARTHEST).all(axis=1)):
        raise ZoneError(
            f"pairs[{index}] of the floor plan must be finite numbers within {FARTHEST:.0e}, got "
            f"{pairs[index].tolist()}"
        )
    for points, where in ((picture, "in the image"), (floor, "on the floor")):
        different = len(np.unique(points, axis=0))
        if different < _LEAST_PAIRS:
            raise ZoneError(f"a floor plan requires at least 4 different points {where}, got {different}")


def _drawn(bounds: Bounds | None, floor: Floats) -> Bounds:
    """Return the given bounds, or the rectangle around the floor points; reject empty bounds."""
    if bounds is None:
        return (*floor.min(axis=0).tolist(), *floor.max(axis=0).tolist())
    try:
        sides = parse_bounds(bounds)
    except ParameterError as error:
        raise ZoneError(str(error)) from error
    if max(map(abs, sides)) > FARTHEST:
        raise ZoneError(f"bounds must be finite numbers within {FARTHEST:.0e}, got {bounds!r}")
    return sides


_FAULTS = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError)
_LENS_MEMBERS = ("k1", "k2", "focal", "center")
_MEMBERS = ("unit", "image_unit", "y_axis", "pairs", "bounds", "lens")
_ALIKE = 0.75
_UNITS = ("fraction", "px")
_FAR = 10.0
"""Distance outside the frame, in frames, from which an image point cannot be a fraction."""
_NEAR = 2.0
"""Distance from the corner within which image points are fractions rather than px."""
_UNMODELLED = frozenset({"p1", "p2", "k3", "k4", "k5", "k6"})


def read_floor_plan(path: str | PathLike[str], video: Video | None = None) -> FloorPlan:
    """Read a floor plan: pairs of points known in the image and on the floor.

    The file is JSON: ``{"unit": "m", "image_unit": "fraction" | "px", "y_axis": "up" | "down", "pairs":
    [{"image": [x, y], "floor": [x, y]}, ...], "bounds": [x0, y0, x1, y1], "lens": {"k1": ..., "k2": ...,
    "focal": [fx, fy], "center": [cx, cy]}}``. y_axis, bounds and lens are optional, and further members of
    the file and of its pairs are ignored. ``y_axis`` is the direction in which y increases on the plan:
    ``up`` on a surveyed plan, ``down`` on a plan that is drawn like the image; by default, it is derived from
    the pairs. The points and the lens are in ``image_unit``; px requires the video's frame size. In px, the
    lens has the numbers of OpenCV's ``calibrateCamera``, and ``focal`` may be one number. By default, ``k2``
    is 0 and ``center`` is the center of the image; other members of the lens are rejected.

    Parameters
    ----------
    path
        The file.
    video
        The video, for its frame size.

    Raises
    ------
    ZoneError
        If the file is not a floor plan, or its pairs do not define a plane.
    ParameterError
        If the file is in px, and the video's frame size is unknown.

    Examples
    --------
    >>> floor = pta.read_floor_plan("data/shop/floor.json")
    >>> len(floor.pairs), round(floor.error, 3), floor.notes
    (8, 0.0, [])
    """
    validate_path(path, "path")
    if video is not None:
        validate_video(video)
    place, video = Path(path), video or Video()
    try:
        text = read_within_budget(place).decode("utf-8-sig")
    except OSError as error:
        raise ZoneError(f"{place}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _not_a_floor_file(place, error) from error
    name = video.name if video.width is None or video.height is None else ""
    return _parse_floor_plan(place, text, Video(name=name, width=video.width, height=video.height))


def _not_a_floor_file(place: Path, error: Exception) -> ZoneError:
    return ZoneError(f"{place}: not a floor plan with 'pairs' of 'image' and 'floor' points: {error}")


@lru_cache(maxsize=_MOST_PLANS)
def _parse_floor_plan(place: Path, text: str, video: Video) -> FloorPlan:
    """Fit the floor plan of a file, once for all videos with the same frame size."""
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("pairs"), list):
            raise ZoneError(f"{place}: not a floor plan: it has no list 'pairs'")  # noqa: TRY301 - final message
        picture, floor = _points(content["pairs"], "image"), _points(content["pairs"], "floor")
        unit, image_unit = content.get("unit", "m"), content.get("image_unit", "fraction")
        drawn, bent = content.get("bounds"), content.get("lens")
        bounds = None if drawn is None else _four(drawn)
    except ZoneError:
        raise
    except _FAULTS as error:
        raise _not_a_floor_file(place, error) from error
    if unit != "m" or image_unit not in _UNITS:
        raise ZoneError(f"{place}: units must be 'm' and 'fraction' or 'px', got {unit!r} and {image_unit!r}")
    _validate_members(place, content)
    if image_unit == "fraction" and not ((picture > -_FAR) & (picture < 1 + _FAR)).all():
        raise ZoneError(
            f"{place}: pairs have image points far outside 0 to 1, such as {picture.max():g}: is "
            '"image_unit": "px" missing?'
        )
    if image_unit == "px" and len(picture) and (np.abs(picture) <= _NEAR).all():
        raise ZoneError(
            f"{place}: all image points are within {_NEAR:g} px of the image's corner: is "
            '"image_unit": "fraction" meant?'
        )
    frame = video.pixels if image_unit == "px" else Pixels(1, 1)
    try:
        lens = None if bent is None else _lens(bent, frame, image_unit)
        y_axis = content.get("y_axis")
        fractions = picture / [frame.width, frame.height]
        plan = fit_floor_plan(fractions, floor, bounds=bounds, lens=lens, y_axis=y_axis)
    except ZoneError as error:
        raise ZoneError(f"{place}: {error}") from error
    for shared in (plan.matrix, plan.pairs):
        shared.setflags(write=False)
    return plan


def _validate_members(place: Path, content: dict[str, Any]) -> None:
    """Reject a misspelled member of the file, which would otherwise be ignored."""
    for name in content:
        meant = get_close_matches(name, _MEMBERS, cutoff=_ALIKE)
        if name not in _MEMBERS and meant:
            raise ZoneError(f"{place}: has a member {name!r}: is {meant[0]!r} meant?")


def _points(pairs: Any, which: str) -> Floats:
    """Return one side of the pairs: (n, 2)."""
    points = [_numbers(pair[which], 2, f"pairs[{index}].{which}") for index, pair in enumerate(pairs)]
    return np.array(points, dtype="float64").reshape(-1, 2)


def _four(drawn: Any) -> Bounds:
    x0, y0, x1, y1 = _numbers(drawn, 4, "bounds")
    return x0, y0, x1, y1


def _lens(content: Any, frame: Pixels, unit: str) -> Lens:
    """Return the lens; in fractions, its numbers refer to a frame of 1 x 1."""
    if not isinstance(content, dict):
        raise ZoneError(f"lens must be an object with k1 and focal, got {content!r:.60}")
    for name in content:
        if name in _UNMODELLED:
            raise ZoneError(f"lens: {name!r} is not supported. Calibrate with k1 and k2 only.")
        if name not in _LENS_MEMBERS:
            raise ZoneError(f"lens: {name!r} is unknown, expected one of {', '.join(_LENS_MEMBERS)}")
    for name in ("k1", "focal"):
        if name not in content:
            raise ZoneError(f"lens: {name!r} is missing")
    focal, center = content["focal"], content.get("center")
    if not isinstance(focal, list):
        if unit == "fraction":
            raise ZoneError(
                f"lens: focal must be two numbers in fractions of the frame's width and height, got {focal!r}"
            )
        focal = [focal, focal]
    try:
        (k1, k2) = _numbers([content["k1"], content.get("k2", 0.0)], 2, "k1 and k2")
        across, down = _numbers(focal, 2, "focal")
        middle = None if center is None else _numbers(center, 2, "center")
    except _FAULTS as error:
        raise ZoneError(f"lens: {error}") from error
    return Lens.in_pixels(
        frame.width,
        frame.height,
        focal=(across, down),
        k1=k1,
        k2=k2,
        center=None if middle is None else (middle[0], middle[1]),
    )


def _numbers(values: Any, count: int, name: str) -> tuple[float, ...]:
    """Return a fixed number of values from a list in the file."""
    numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    if not numbers or len(values) != count:
        raise ValueError(f"{name} must be {count} numbers, got {values!r:.60}")
    return tuple(float(value) for value in values)
