"""The drawing plane of the explorer, and its image."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.images import Picture, read_picture, stretched_note
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import Video, YAxis

_LONGEST = 1920
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Background:
    """An image in a page: its ``data:`` address, and the size of the original image."""

    address: str
    width: int
    height: int


def embedded_background(picture: Picture) -> Background:
    """Read an image and encode it for a page, as JPEG with at most 1920 px on the longer side.

    ``picture`` is any argument of ``read_picture``, which also raises the errors. Metadata of the file, such
    as the location, is removed.
    """
    image = read_picture(picture)
    width, height = image.size
    image.thumbnail((_LONGEST, _LONGEST))
    stream = BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY, optimize=True)
    return Background(f"data:image/jpeg;base64,{b64encode(stream.getvalue()).decode('ascii')}", width, height)


Bounds = tuple[float, float, float, float]

_MARGIN = 0.05
_PIECES = 64
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The rectangle of a plane that a page shows.

    ``bounds`` is x0, y0, x1, y1, and ``unit`` the unit of the positions. With ``floor``, the rectangle is the
    image of the video [px], and the positions are in meters. ``y_axis`` is the direction of y in the plane.
    """

    unit: str
    bounds: Bounds
    picture: bool
    floor: FloorPlan | None = None
    y_axis: YAxis = "down"

    @property
    def is_mirrored(self) -> bool:
        """Whether the page mirrors the plane: y grows downward in a page."""
        return self.y_axis == "up" if self.floor is None else self.floor.mirrored

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the rectangle."""
        x0, y0, x1, y1 = self.bounds
        return x1 - x0, y1 - y0

    def fractions(self, points: Floats) -> Floats:
        """Project (n, 2) points of the plane to fractions of the rectangle; NaN where this is impossible."""
        if self.floor is not None:
            return self.floor.unproject(points)
        fractions: Floats = (points - np.array(self.bounds[:2])) / np.array(self.size)
        if self.y_axis == "up":
            fractions[:, 1] = 1 - fractions[:, 1]
        return fractions

    def parts(self, thing: Zone | Line) -> list[list[list[float]]]:
        """Return the rings or the polyline of an outline as fractions; empty if projection fails."""
        outline = thing.outline
        if self.floor is not None:
            outline = shapely.segmentize(outline, max(outline.length / _PIECES, 1e-9))
        if isinstance(thing, Line) and (thing.y_axis == "up") != self.is_mirrored:
            outline = outline.reverse()
        rings = [self.fractions(ring) for ring in _rings(outline)]
        if not all(np.isfinite(ring).all() for ring in rings):
            return []
        return [np.round(ring, _DIGITS).tolist() for ring in rings]


def _rings(outline: Any) -> list[Floats]:
    """List the coordinates of each ring of each part, or of the polyline."""
    if isinstance(outline, LineString):
        return [np.asarray(outline.coords)[:, :2]]
    parts = outline.geoms if isinstance(outline, MultiPolygon) else [outline]
    return [np.asarray(ring.coords)[:, :2] for part in parts for ring in (part.exterior, *part.interiors)]


def find_bounds(
    unit: str,
    points: Floats,
    outlines: Sequence[Zone | Line],
    *,
    video: Video,
    floor: FloorPlan | None,
    bounds: Bounds | None,
    background: Background | None,
    y_axis: YAxis = "down",
) -> Ground:
    """Return the rectangle to draw: the frame (px or floor plan), the bounds, or around all points.

    Raises
    ------
    ParameterError
        If ``bounds`` is empty, the bounds of a background are unknown, or a frame size is required and
        unknown.
    """
    frame = _frame(video, background)
    if unit == "m" and floor is not None:
        if frame is None:
            raise ParameterError(
                f"Video {video.name!r} has no frame size, which drawing on its image requires. "
                "Pass video=Video(width=..., height=...) or a background."
            )
        return Ground(unit, frame, picture=True, floor=floor)
    if bounds is not None:
        x0, y0, x1, y1 = bounds
        if not (np.isfinite(bounds).all() and x1 > x0 and y1 > y0):
            raise ParameterError(f"bounds must have x0 < x1 and y0 < y1, got {bounds!r}")
        return Ground(unit, (float(x0), float(y0), float(x1), float(y1)), picture=False, y_axis=y_axis)
    if unit == "px" and frame is not None:
        return Ground(unit, frame, picture=True)
    if background is not None:
        raise ParameterError(
            "a background of trajectories in m needs its position. Pass floor= if it is the image of the "
            "video, or bounds=(x0, y0, x1, y1), such as floor.bounds, if it is a plan."
        )
    return Ground(unit, _bounds(points, outlines), picture=False, y_axis=y_axis)


def _frame(video: Video, background: Background | None) -> Bounds | None:
    if video.width and video.height:
        return 0.0, 0.0, float(video.width), float(video.height)
    return None if background is None else (0.0, 0.0, float(background.width), float(background.height))


def _bounds(points: Floats, outlines: Sequence[Zone | Line]) -> Bounds:
    """Return the rectangle around all points and outlines, with a margin. Its area is positive."""
    corners = [np.reshape(thing.outline.bounds, (2, 2)) for thing in outlines]
    known = np.concatenate([points[np.isfinite(points).all(axis=1)], *corners])
    if not len(known):
        return 0.0, 0.0, 1.0, 1.0
    low, high = known.min(axis=0), known.max(axis=0)
    spread = high - low
    widest = float(spread.max()) or 1.0
    margin = np.maximum(spread, 0.25 * widest) * _MARGIN + np.maximum(0.25 * widest - spread, 0) / 2
    (x0, y0), (x1, y1) = low - margin, high + margin
    return float(x0), float(y0), float(x1), float(y1)


def aspect_note(background: Background | None, ground: Ground) -> list[str]:
    """Return a note if the aspect ratio of a background differs by more than 2 %."""
    if background is None:
        return []
    return stretched_note((background.width, background.height), ground.size, of_frame=ground.picture)
