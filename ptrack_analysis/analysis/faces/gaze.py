"""Gaze: which way a face is turned in the picture, and what lies that way."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.geometry import Bools, Floats

EDGE_ANGLES = {"right": 0.0, "bottom": 90.0, "left": 180.0, "top": -90.0}
"""Direction of the picture's edges [degrees]: 0 = +x, growing towards +y."""
_ROUNDING = 1e-9
_AT_ONCE = 1 << 14
"""So many faces at once stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Gaze:
    """Where faces look: ``x``, ``y`` the middle of the face [px]; the way it is turned, of length 1.

    ::

        across = sin(yaw) · cos(pitch)     to the picture's right
        down   = - sin(pitch)              to its lower edge
        camera = cos(yaw) · cos(pitch)     out of it, to the camera
    """

    x: Floats
    y: Floats
    across: Floats
    down: Floats
    camera: Floats

    def where(self, kept: Bools | slice) -> "Gaze":
        """Give those that are kept."""
        return Gaze(*(getattr(self, name)[kept] for name in self.__slots__))

    def at_camera(self, within: float) -> Bools:
        """Tell which faces are turned from the camera by at most so much [degrees]."""
        return np.asarray(self.camera >= np.cos(np.radians(within)) - _ROUNDING)

    def at_edge(self, edge: str, within: float) -> Bools:
        """Tell which faces are turned to an edge of the picture, within so much to both sides [degrees]."""
        angle = np.degrees(np.arctan2(self.down, self.across)) - EDGE_ANGLES[edge]
        return np.asarray(np.abs((angle + 180) % 360 - 180) <= within + _ROUNDING)

    def at_outline(self, edges: Floats, within: float) -> Bools:
        """Tell of which faces the cone about their direction in the picture meets the area in the edges.

        The direction from the face to a point that moves along an edge turns one way only, so the least
        angle between it and the gaze is that of a corner, or 0 where the gaze itself meets an edge.
        """
        meets = np.zeros(len(self.x), dtype=bool)
        for first in range(0, len(meets), _AT_ONCE):
            part = np.s_[first : first + _AT_ONCE]
            meets[part] = _meets(self.where(part), edges, within)
        return meets


def _meets(gaze: Gaze, edges: Floats, within: float) -> Bools:
    """Tell of which faces the cone meets the area in the edges."""
    meets = np.zeros(len(gaze.x), dtype=bool)
    narrow = max(np.cos(np.radians(within)) - _ROUNDING, 0.0) ** 2
    length = np.hypot(gaze.across, gaze.down)
    u, v = gaze.across / length, gaze.down / length
    for x0, y0, x1, y1 in edges:
        (along, beside), (along_to, beside_to) = (
            (u * off_x + v * off_y, u * off_y - v * off_x)
            for off_x, off_y in ((x0 - gaze.x, y0 - gaze.y), (x1 - gaze.x, y1 - gaze.y))
        )
        meets |= (along >= 0) & (along * along >= narrow * (along * along + beside * beside))
        cut = along * beside_to - along_to * beside
        meets |= ((beside < 0) != (beside_to < 0)) & (cut * (beside_to - beside) >= 0)
    return meets
