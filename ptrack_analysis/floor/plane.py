"""The floor as a plane in metres."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.floor.homography import HORIZON, fit_homography
from ptrack_analysis.floor.lens import Lens
from ptrack_analysis.geometry import Floats

Extent = tuple[float, float, float, float]

_CHANCE = 0.001
_NOTED = 0.01
_LEAST_CHECKED = 6
"""Of fewer pairs, none can be told from the others: without one of five the other four are met exactly."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Floor:
    """The floor as a plane [m]: a homography from fractions of the frame, after the lens is undone.

    ``matrix`` is (3, 3), scaled so that points in front of the horizon have a positive last coordinate, the
    largest of the given ones 1; ``pairs`` is (n, 4), the given points: x and y in the picture (fractions of
    the frame) and on the floor [m]; ``extent`` is the part that is drawn: x0, y0, x1, y1 [m]; ``lens`` bends
    the picture, None where straight lines are straight in it.
    """

    matrix: Floats
    pairs: Floats
    extent: Extent
    lens: Lens | None = None
    unit: str = "m"

    def __repr__(self) -> str:
        worst = int(self.residuals.argmax())
        return (
            f"Floor({len(self.pairs)} pairs, error {self.error:.3g} m, "
            f"worst pairs[{worst}] {self.residuals[worst]:.3g} m, extent {self.extent} m"
            f"{'' if self.lens is None else f', {self.lens}'})"
        )

    def project(self, points: Floats) -> Floats:
        """Carry (n, 2) fractions of the frame to the floor [m].

        NaN stays NaN, and becomes what lies at or above the horizon, or where the lens shows nothing.
        """
        straight = points if self.lens is None else self.lens.undistort(points)
        homogeneous = np.column_stack([straight, np.ones(len(straight))]) @ self.matrix.T
        depth = np.where(homogeneous[:, 2] > HORIZON, homogeneous[:, 2], np.nan)
        projected: Floats = homogeneous[:, :2] / depth[:, None]
        return projected

    def unproject(self, points: Floats) -> Floats:
        """Carry (n, 2) points of the floor [m] to fractions of the frame, the inverse of ``project``.

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
    def mirrored(self) -> bool:
        """Whether the floor's y axis points up as seen in the picture, or its x axis to the left.

        A floor plan is drawn with y downwards, like the picture; one whose y points up appears as in a
        mirror, and what is left of a line in the picture is right of it on the floor.
        """
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
        notes = []
        if (found := self._far_out()) is not None:
            place, away = found
            where = f"{away:.2f} m away from there" if np.isfinite(away) else "beyond the horizon"
            notes.append(
                f"pairs[{place}] of the floor does not fit: the others put its picture point {where}"
            )
        across = float(np.hypot(*np.ptp(self.pairs[:, 2:], axis=0)))
        if len(self.pairs) < _LEAST_CHECKED and self.error > _NOTED * across:
            notes.append(
                f"the pairs miss by {self.error:.2f} m: one of them may be wrong, but which can only be told "
                f"of {_LEAST_CHECKED} pairs or more"
            )
        if self.mirrored:
            notes.append(
                "the floor is mirrored: as seen in the picture its y axis points up (or its x axis to the "
                "left), while plans are drawn with y downwards; turn the sign of y in its pairs, or check "
                "that no two points are swapped"
            )
        return notes

    def _far_out(self) -> tuple[int, float] | None:
        """Find the pair that does not fit the others, and by how much [m]."""
        count, whole = len(self.pairs), float((self.residuals**2).sum())
        if count < _LEAST_CHECKED or whole == 0:
            return None
        rest, place, away = min(filter(None, map(self._without, range(count))), default=(whole, 0, 0.0))
        across = float(np.hypot(*np.ptp(self.pairs[:, 2:], axis=0)))
        unlikely = count * (rest / whole) ** (count - 5) < _CHANCE
        return (place, away) if unlikely and not away <= _NOTED * across else None

    def _without(self, place: int) -> tuple[float, int, float] | None:
        """Fit without one pair: the squares of the others, which pair, how far off it lies [m]."""
        others = np.arange(len(self.pairs)) != place
        picture = self.pairs[:, :2] if self.lens is None else self.lens.undistort(self.pairs[:, :2])
        try:
            matrix = fit_homography(picture[others], self.pairs[others, 2:])
        except ZoneError:
            return None
        residuals = Floor(matrix, self.pairs, self.extent, self.lens).residuals
        return float((residuals[others] ** 2).sum()), place, float(residuals[place])
