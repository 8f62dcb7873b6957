"""The floor plan: a plane in meters, fitted to points known in the image and on the floor."""

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.geometry import FARTHEST, Floats
from ptrack_analysis.scene.lens import HORIZON, Lens, fit_homography
from ptrack_analysis.video import Pixels, Video, YAxis

Bounds = tuple[float, float, float, float]

_CHANCE = 0.001
_NOTED = 0.01
_MOST_PLANS = 64
"""Number of floor plans that are kept for further videos."""
_LEAST_CHECKED = 6
"""Of fewer pairs, none can be told from the others: without one of five the other four are met exactly."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FloorPlan:
    """The floor as a plane [m]: a homography from fractions of the frame, after the lens is undone.

    ``matrix`` is (3, 3), scaled so that points in front of the horizon have a positive last coordinate, the
    largest of the given ones 1; ``pairs`` is (n, 4), the given points: x and y in the picture (fractions of
    the frame) and on the floor [m]; ``bounds`` is the part that is drawn: x0, y0, x1, y1 [m]; ``lens`` bends
    the picture, None where straight lines are straight in it. ``stated_y_axis`` is the y axis that the file
    states, None if it states none.
    """

    matrix: Floats
    pairs: Floats
    bounds: Bounds
    lens: Lens | None = None
    unit: str = "m"
    stated_y_axis: YAxis | None = None

    def __repr__(self) -> str:
        worst = int(self.residuals.argmax())
        return (
            f"Floor({len(self.pairs)} pairs, error {self.error:.3g} m, "
            f"worst pairs[{worst}] {self.residuals[worst]:.3g} m, bounds {self.bounds} m"
            f"{'' if self.lens is None else f', {self.lens}'})"
        )

    def project(self, points: Floats) -> Floats:
        """Project (n, 2) fractions of the frame to the floor [m].

        NaN stays NaN, and becomes what lies at or above the horizon, or where the lens shows nothing.
        """
        straight = points if self.lens is None else self.lens.undistort(points)
        homogeneous = np.column_stack([straight, np.ones(len(straight))]) @ self.matrix.T
        depth = np.where(homogeneous[:, 2] > HORIZON, homogeneous[:, 2], np.nan)
        projected: Floats = homogeneous[:, :2] / depth[:, None]
        return projected

    def unproject(self, points: Floats) -> Floats:
        """Project (n, 2) points of the floor [m] to fractions of the frame, the inverse of ``project``.

        It is for what is to be drawn on the picture. What lies before the camera but out of its picture has
        fractions below 0 or above 1; what lies beside or behind the camera, or where the lens shows nothing,
        is NaN.
        """
        homogeneous = np.column_stack([points, np.ones(len(points))]) @ np.linalg.inv(self.matrix).T
        depth = np.where(homogeneous[:, 2] > HORIZON, homogeneous[:, 2], np.nan)
        straight: Floats = homogeneous[:, :2] / depth[:, None]
        return straight if self.lens is None else self.lens.distort(straight)

    @property
    def residuals(self) -> Floats:
        """Distance between each given floor point and where ``project`` puts its picture point: (n,) [m]."""
        away = self.project(self.pairs[:, :2]) - self.pairs[:, 2:]
        return np.hypot(away[:, 0], away[:, 1])

    @property
    def error(self) -> float:
        """Root mean square of ``residuals``: the reprojection error on the floor, not in the picture [m].

        It is 0 for four pairs, whatever they are worth: the fit then has nothing to be checked against.
        """
        return float(np.sqrt((self.residuals**2).mean()))

    @property
    def y_axis(self) -> YAxis:
        """Which way y grows on the plan, with x to the right: as stated, otherwise as the pairs show.

        A plan that is drawn like the image has y ``down``; a surveyed plan has y ``up``, so that its pairs
        mirror the image.
        """
        return self.stated_y_axis or ("up" if self.mirrored else "down")

    @property
    def mirrored(self) -> bool:
        """Whether the pairs mirror the image: what is left of a line there is right of it on the floor."""
        return bool(np.linalg.det(self.matrix) < 0)

    @property
    def notes(self) -> list[str]:
        """Say what looks wrong with the floor, one sentence each: a pair that lies far out, a mirrored plan.

        The pair without which the others agree best lies far out if measuring errors alone would hardly do
        that, n · (S₁ / S)ⁿ⁻⁵ < 0.001 with S and S₁ the sums of the squared residuals with it and without,
        and if the others put it farther off than 1 % of the diagonal of the rectangle around the floor
        points. Of five pairs or fewer none can be told: it is said if they miss by more than that on average.

        References
        ----------
        R. D. Cook, S. Weisberg, Residuals and Influence in Regression, 1982, section 2.2.2: the mean-shift
        outlier test; with two coordinates a pair its F distribution has 2 and 2n - 10 degrees of freedom,
        whose tail is that power, and Bonferroni's factor is n.
        """
        return list(_describe_faults(self))


@lru_cache(maxsize=_MOST_PLANS)
def _describe_faults(plan: FloorPlan) -> tuple[str, ...]:
    """Return the notes on a floor plan, which take a fit without each pair."""
    notes = []
    if (found := _find_far_pair(plan)) is not None:
        place, away = found
        where = f"{away:.2f} m away from there" if np.isfinite(away) else "beyond the horizon"
        notes.append(f"pairs[{place}] of the floor does not fit: the others put its picture point {where}")
    across = float(np.hypot(*np.ptp(plan.pairs[:, 2:], axis=0)))
    if len(plan.pairs) < _LEAST_CHECKED and plan.error > _NOTED * across:
        notes.append(
            f"the pairs miss by {plan.error:.2f} m: one of them may be wrong, but which can only be told "
            f"of {_LEAST_CHECKED} pairs or more"
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
    rest, place, away = min(
        filter(None, (_fit_without(plan, pair) for pair in range(count))), default=(whole, 0, 0.0)
    )
    across = float(np.hypot(*np.ptp(plan.pairs[:, 2:], axis=0)))
    unlikely = count * (rest / whole) ** (count - 5) < _CHANCE
    return (place, away) if unlikely and not away <= _NOTED * across else None


def _fit_without(plan: FloorPlan, place: int) -> tuple[float, int, float] | None:
    """Fit without one pair: the squares of the others, which pair, how far off it lies [m]."""
    others = np.arange(len(plan.pairs)) != place
    picture = plan.pairs[:, :2] if plan.lens is None else plan.lens.undistort(plan.pairs[:, :2])
    try:
        matrix = fit_homography(picture[others], plan.pairs[others, 2:])
    except ZoneError:
        return None
    residuals = FloorPlan(matrix, plan.pairs, plan.bounds, plan.lens).residuals
    return float((residuals[others] ** 2).sum()), place, float(residuals[place])


_LEAST_PAIRS = 4


def fit_floor_plan(
    picture: Floats,
    floor: Floats,
    *,
    bounds: Bounds | None = None,
    lens: Lens | None = None,
    y_axis: YAxis | None = None,
) -> FloorPlan:
    """Fit the homography that carries picture points to floor points, by least squares on the floor.

    Four pairs are met exactly; more are met such that the sum of the squared distances on the floor between
    the given points and the projected ones is least. So errors count in meters where people walk: a far
    place, where a pixel is wide, pulls more than a near one. With a lens its bending is undone first. What
    is drawn of the floor is ``bounds``, by default the rectangle around the floor points.

    Parameters
    ----------
    picture
        (n, 2) fractions of the frame, n at least 4, as the picture shows them.
    floor
        (n, 2) where these points are on the floor [m].
    bounds
        x0, y0, x1, y1 of the part that is drawn [m].
    lens
        What bends the picture; by default nothing.
    y_axis
        Which way y grows on the plan, ``up`` or ``down``; by default as the pairs show.

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
        point lies where the lens shows nothing, or the bounds is empty.

    Notes
    -----
    The direct linear transform on normalized points, which minimizes an algebraic error, is where the
    Gauss-Newton steps to the least squares begin; where they find nothing better it is kept. O(n) a step.

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
        place = int(np.flatnonzero(~np.isfinite(straight).all(axis=1))[0])
        raise ZoneError(f"pairs[{place}]: the lens shows nothing at {tuple(picture[place].tolist())}")
    matrix = fit_homography(straight, floor)
    if y_axis not in {None, "up", "down"}:
        raise ZoneError(f"y_axis must be 'up' or 'down', got {y_axis!r}")
    pairs = np.column_stack([picture, floor])
    return FloorPlan(matrix, pairs, _drawn(bounds, floor), lens, stated_y_axis=y_axis)


def _validate_pairs(picture: Floats, floor: Floats) -> None:
    """Reject what is not four pairs of different finite points."""
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


def _drawn(bounds: Bounds | None, floor: Floats) -> Bounds:
    """Take the given bounds, refusing an empty one, or the rectangle around the floor points."""
    if bounds is None:
        return (*floor.min(axis=0).tolist(), *floor.max(axis=0).tolist())
    x0, y0, x1, y1 = bounds
    if not ((np.abs(bounds) <= FARTHEST).all() and x1 > x0 and y1 > y0):
        raise ZoneError(f"a floor's bounds is {bounds!r}, not finite numbers x0 < x1 and y0 < y1")
    return x0, y0, x1, y1


_FAULTS = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError)
_LENS_MEMBERS = ("k1", "k2", "focal", "center")
_MEMBERS = ("unit", "image_unit", "y_axis", "pairs", "bounds", "lens")
_ALIKE = 0.75
_UNITS = ("fraction", "px")
_FAR = 10.0
"""How far outside the frame, in frames, a point of the picture is no fraction of it."""
_NEAR = 2.0
"""Points of the picture that all lie so near its corner are fractions, and no px."""
_UNMODELLED = frozenset({"p1", "p2", "k3", "k4", "k5", "k6"})


def read_floor_plan(path: str | PathLike[str], video: Video | None = None) -> FloorPlan:
    """Read a floor plan: pairs of points known in the picture and on the floor.

    The file is JSON: ``{"unit": "m", "image_unit": "fraction" | "px", "y_axis": "up" | "down", "pairs":
    [{"image": [x, y], "floor": [x, y]}, ...], "bounds": [x0, y0, x1, y1], "lens": {"k1": ..., "k2": ...,
    "focal": [fx, fy], "center": [cx, cy]}}``; y_axis, bounds and lens may be missing, and further members of
    the file and of its pairs are ignored. ``y_axis`` states which way y grows on the plan: ``up`` on a
    surveyed plan, ``down`` on one that is drawn like the image; by default the pairs show it. The points and
    the lens are in ``image_unit``; in px, which needs the video's frame size, the lens is as OpenCV's
    ``calibrateCamera`` gives it, and ``focal`` may be one number. Of the lens, ``k2`` is 0 and ``center`` the
    middle of the image where they are missing; other members are refused.

    Raises
    ------
    ZoneError
        If the file is not such a file, or its pairs do not fix a plane.
    ParameterError
        If it is in px, and the video's frame size is not known.
    """
    place, video = Path(path), video or Video()
    try:
        text = place.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ZoneError(f"{place}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _not_a_floor_file(place, error) from error
    name = video.name if video.width is None or video.height is None else ""
    return _parse_floor_plan(place, text, Video(name=name, width=video.width, height=video.height))


def _not_a_floor_file(place: Path, error: Exception) -> ZoneError:
    return ZoneError(f"{place}: not a floor file with 'pairs' of 'image' and 'floor' points: {error}")


@lru_cache(maxsize=_MOST_PLANS)
def _parse_floor_plan(place: Path, text: str, video: Video) -> FloorPlan:
    """Fit the floor plan of a file; once for all videos with the same frame size."""
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("pairs"), list):
            raise ZoneError(f"{place}: not a floor file: it has no list 'pairs'")  # noqa: TRY301 - told as it is
        picture, floor = _points(content["pairs"], "image"), _points(content["pairs"], "floor")
        unit, image_unit = content.get("unit", "m"), content.get("image_unit", "fraction")
        drawn, bent = content.get("bounds"), content.get("lens")
        bounds = None if drawn is None else _four(drawn)
    except ZoneError:
        raise
    except _FAULTS as error:
        raise _not_a_floor_file(place, error) from error
    if unit != "m" or image_unit not in _UNITS:
        raise ZoneError(f"{place}: units are {unit!r} and {image_unit!r}, not 'm' and 'fraction' or 'px'")
    _validate_members(place, content)
    if image_unit == "fraction" and not ((picture > -_FAR) & (picture < 1 + _FAR)).all():
        raise ZoneError(
            f"{place}: pairs have picture points far outside 0 to 1, such as {picture.max():g}: is "
            '"image_unit": "px" missing?'
        )
    if image_unit == "px" and len(picture) and (np.abs(picture) <= _NEAR).all():
        raise ZoneError(
            f"{place}: all picture points lie within {_NEAR:g} px of the picture's corner: is "
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
    """Reject a member that is nearly one of the file's: it would be passed over silently."""
    for name in content:
        meant = get_close_matches(name, _MEMBERS, cutoff=_ALIKE)
        if name not in _MEMBERS and meant:
            raise ZoneError(f"{place}: has a member {name!r}: is {meant[0]!r} meant?")


def _points(pairs: Any, which: str) -> Floats:
    """Take one side of the pairs: (n, 2)."""
    points = [_numbers(pair[which], 2, f"pairs[{place}].{which}") for place, pair in enumerate(pairs)]
    return np.array(points, dtype="float64").reshape(-1, 2)


def _four(drawn: Any) -> Bounds:
    x0, y0, x1, y1 = _numbers(drawn, 4, "bounds")
    return x0, y0, x1, y1


def _lens(content: Any, frame: Pixels, unit: str) -> Lens:
    """Take the lens; in fractions its numbers are those of a frame of 1 x 1."""
    if not isinstance(content, dict):
        raise ZoneError(f"lens is {content!r:.60}, not an object with k1 and focal")
    for name in content:
        if name in _UNMODELLED:
            raise ZoneError(f"lens: {name!r} is not modelled, calibrate without it: k1 and k2 only")
        if name not in _LENS_MEMBERS:
            raise ZoneError(f"lens: {name!r} is not one of {', '.join(_LENS_MEMBERS)}")
    for name in ("k1", "focal"):
        if name not in content:
            raise ZoneError(f"lens: {name!r} is missing")
    focal, center = content["focal"], content.get("center")
    if not isinstance(focal, list):
        if unit == "fraction":
            raise ZoneError(
                f"lens: focal is {focal!r}, one number; in fractions of the frame it takes two, "
                "[of its width, of its height]"
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
    """Take so many numbers from a list of the file."""
    numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    if not numbers or len(values) != count:
        raise ValueError(f"{name} is {values!r:.60}, not {count} numbers")
    return tuple(float(value) for value in values)
