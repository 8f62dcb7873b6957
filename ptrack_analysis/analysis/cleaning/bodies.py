"""How large people appear in the picture, learned from their boxes, and the ground that follows from it."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.geometry import EDGE_TOLERANCE, Floats

BODY = 1.7
"""Height of a body [m]."""
_FOCAL = 0.9
"""Focal length of a usual camera, as a share of the picture's width."""
_LEAST_SPREAD = 0.05
"""Feet must spread at least so far over the picture, as a fraction of its height, to tell a slope."""

_LEAST_GROWTH = 0.001
"""Boxes grow at least so much over the whole picture, or not at all, as a fraction of its height."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Usual height of a box by where its feet are, all in fractions of the frame's height: a straight line.

    ``at_top`` is the height for feet at the picture's upper edge, ``growth`` how much it grows down to the
    lower edge, 0 where that cannot be told; it is never taken as below ``least``.
    """

    at_top: float
    growth: float
    least: float

    def usual(self, bottom: Floats) -> Floats:
        """Give the usual height for feet at these rows of the picture."""
        return np.maximum(self.at_top + self.growth * bottom, self.least)


@dataclass(frozen=True, slots=True)
class PictureGround:
    """The level ground that a picture's boxes stand on [m]: as if each body were 1.7 m tall.

    ::

        sideways  X = (x - width / 2) · 1.7 / h        h: usual height of a box there [px]
        away      Y = - focal · 1.7 / h                focal: 0.9 of the picture's width

    A step downwards in the picture is never taken as shorter than one sideways. Where the boxes do not grow
    towards the lower edge, the ground is the picture itself, scaled by their usual height.
    """

    bodies: Bodies
    width: int
    height: int

    @property
    def focal(self) -> float:
        """Focal length [px]; 0 where the ground is the picture itself."""
        if not self.bodies.growth:
            return 0.0
        nearest = (self.bodies.at_top + self.bodies.growth) * self.height
        return max(_FOCAL * self.width, nearest / self.bodies.growth)

    def on_ground(self, picture: Floats) -> Floats:
        """Carry (n, 2) places in the picture [px] to the ground [m]."""
        metres = BODY / (self.bodies.usual(picture[:, 1] / self.height) * self.height)
        away = -self.focal * metres if self.focal else picture[:, 1] * metres
        return np.column_stack([(picture[:, 0] - self.width / 2) * metres, away])

    def in_picture(self, ground: Floats) -> Floats:
        """Carry (n, 2) places on the ground [m] back to the picture [px]."""
        if self.focal:
            nearest = 4 * (self.bodies.at_top + self.bodies.growth) * self.height
            metres = np.maximum(-ground[:, 1] / self.focal, BODY / nearest)
            y = (BODY / metres / self.height - self.bodies.at_top) / self.bodies.growth * self.height
        else:
            metres = np.full(len(ground), BODY / (self.bodies.at_top * self.height))
            y = ground[:, 1] / metres
        return np.column_stack([ground[:, 0] / metres + self.width / 2, y])


def bodies_of(top: Floats, height: Floats) -> Bodies | None:
    """Fit the usual height of a box to where its feet are, by least squares; None without a whole box.

    Boxes that the picture's upper or lower edge cuts are left out: neither feet nor height are seen. The
    line is level where the boxes do not grow towards the lower edge, or their feet hardly spread. Its least
    value is the height that one box in a hundred is below.
    """
    tall = whole_heights(top, height)
    seen = np.isfinite(tall)
    if not seen.any():
        return None
    tall, bottom = tall[seen], top[seen] + height[seen]
    offset = bottom - bottom.mean()
    least = float(np.quantile(tall, 0.01))
    if offset.std() >= _LEAST_SPREAD:
        growth = float((offset * tall).sum() / (offset * offset).sum())
        if growth >= _LEAST_GROWTH:
            return Bodies(float(tall.mean()) - growth * float(bottom.mean()), growth, least)
    return Bodies(float(tall.mean()), 0.0, least)


def whole_heights(top: Floats, height: Floats) -> Floats:
    """Give the heights of boxes; NaN where the picture's upper or lower edge cuts one, or there is none."""
    bottom = top + height
    whole = (top > EDGE_TOLERANCE) & (bottom < 1 - EDGE_TOLERANCE) & (height > 0)
    return np.where(whole, height, np.nan)
