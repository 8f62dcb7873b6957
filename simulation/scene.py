"""The simulated shop: floor, furniture, zones and camera."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Corners = tuple[tuple[float, float], ...]

WIDTH, HEIGHT = 1280, 720  # the image [px]
EXTENT = (0.0, 0.0, 12.0, 8.0)  # the floor plan [m]: x to the right, y towards the camera
WALL_HEIGHT = 3.9  # [m]
FRONT = 1.0  # y of the front wall; the pavement is between 0 and the wall [m]
DOOR: Corners = ((1.2, FRONT), (3.2, FRONT))  # from left to right, so that walking in is "in" [m]

ZONES: dict[str, Corners] = {  # convex, clockwise on the plan [m]
    "entrance": ((0.8, 1.4), (4.4, 1.4), (4.4, 3.2), (0.8, 3.2)),
    "shelves": ((4.4, 1.4), (10.2, 1.4), (10.2, 3.2), (4.4, 3.2)),
    "table": ((4.6, 3.8), (7.0, 3.8), (7.7, 4.5), (7.7, 5.6), (7.0, 6.3), (4.6, 6.3), (3.9, 5.6), (3.9, 4.5)),
    "checkout": ((8.4, 3.7), (10.4, 3.7), (10.4, 5.5), (8.4, 5.5)),
}
SPOTS: dict[str, tuple[tuple[float, float, float, float], ...]] = {  # where people stand: x0, y0, x1, y1 [m]
    "entrance": ((1.4, 2.0, 3.8, 2.6),),
    "shelves": ((5.0, 2.0, 9.6, 2.5),),
    "table": ((5.1, 4.2, 6.5, 4.4), (4.35, 4.7, 4.6, 5.4), (7.0, 4.7, 7.2, 5.4), (5.1, 5.65, 6.5, 5.9)),
    "checkout": ((8.85, 4.2, 9.2, 5.0),),
    "aisle": ((3.8, 7.5, 6.6, 7.8),),  # so near the camera that the feet are below the image
}


@dataclass(frozen=True)
class Furniture:
    """A block on the floor [m].

    Attributes
    ----------
    name : name of the furniture
    left, back, right, front : its sides on the floor plan [m]
    height : above the floor [m]
    """

    name: str
    left: float
    back: float
    right: float
    front: float
    height: float


FURNITURE = (
    Furniture("shelf", 4.8, FRONT, 6.5, 1.35, 1.9),
    Furniture("shelf", 6.7, FRONT, 8.4, 1.35, 1.9),
    Furniture("shelf", 8.6, FRONT, 10.3, 1.35, 1.9),
    Furniture("plant", 3.7, 1.05, 4.1, 1.35, 0.9),
    Furniture("table", 5.1, 4.75, 6.5, 5.3, 0.8),
    Furniture("counter", 9.6, 3.9, 10.2, 5.3, 1.0),
)


@dataclass(frozen=True)
class Camera:
    """A camera with a level, shifted lens: upright things are upright in its image.

    Attributes
    ----------
    x, y, z : position; z is the height above the floor [m]
    yaw : rotation to the right, relative to the direction -y [rad]
    focal : focal length [px]
    horizon : the image's row of the horizon [px]
    """

    x: float = 4.9
    y: float = 11.6
    z: float = 3.7
    yaw: float = 0.1
    focal: float = 800.0
    horizon: float = 10.0

    @property
    def homography(self) -> Floats:
        """Matrix from the floor (x, y, 1) to the image (fractions x, y, 1) times the distance ahead [m]."""
        sine, cosine = np.sin(self.yaw), np.cos(self.yaw)
        right = np.array([cosine, sine, -cosine * self.x - sine * self.y])
        ahead = np.array([sine, -cosine, -sine * self.x + cosine * self.y])
        below = np.array([0.0, 0.0, self.z])
        return np.stack(
            [
                self.focal / WIDTH * right + 0.5 * ahead,
                self.focal / HEIGHT * below + self.horizon / HEIGHT * ahead,
                ahead,
            ]
        )

    def ahead(self, points: Floats) -> Floats:
        """Distance of floor points from the camera, measured along its view [m]."""
        ahead: Floats = points @ self.homography[2, :2] + self.homography[2, 2]
        return ahead

    def project(self, points: Floats, height: Floats | float = 0.0) -> Floats:
        """Project points from the floor to the image.

        Parameters
        ----------
        points : positions on the floor, shape (n, 2) [m]
        height : height above the floor, shape (n,) or one for all [m]

        Returns
        -------
        positions in the image, origin top left, shape (n, 2) [fraction of the frame]
        """
        ahead = self.ahead(points)
        image = (points @ self.homography[:2, :2].T + self.homography[:2, 2]) / ahead[:, None]
        image[:, 1] -= height * self.focal / HEIGHT / ahead
        return image


def depth_inside(points: Floats, corners: Corners) -> Floats:
    """Compute the depth of points inside a convex outline [m].

    The depth is the distance to the nearest edge line, negative outside.

    Parameters
    ----------
    points : positions on the floor, shape (n, 2) [m]
    corners : corners of the outline, clockwise on the plan [m]
    """
    first = np.array(corners)
    along = np.roll(first, -1, axis=0) - first
    inward = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.hypot(along[:, 0], along[:, 1])[:, None]
    depth = np.full(len(points), np.inf)
    for corner, normal in zip(first, inward, strict=True):
        np.minimum(depth, points @ normal - corner @ normal, out=depth)
    return depth
