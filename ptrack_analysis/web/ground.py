"""The plane that the explorer draws on, and its image."""

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
    """A picture as a page holds it: a ``data:`` address, and the size of the picture it was made from."""

    address: str
    width: int
    height: int


def embedded_background(picture: Picture) -> Background:
    """Read a picture and make it part of a page, as JPEG with its longer side at most 1920 px.

    ``picture`` is what ``read_picture`` takes, and its errors are this function's. What else the file holds
    (place, camera) is left out.
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
    """A rectangle of a plane: ``bounds`` is x0, y0, x1, y1 [unit], ``unit`` that of what is drawn.

    Where ``floor`` is given, the rectangle is the video's image [px] and what is drawn is in meters.
    ``y_axis`` tells which way y grows in the plane; the page always draws ``up`` upward.
    """

    unit: str
    bounds: Bounds
    picture: bool
    floor: FloorPlan | None = None
    y_axis: YAxis = "down"

    @property
    def is_mirrored(self) -> bool:
        """Whether the page shows the plane mirrored in its own coordinates, in which y grows downward."""
        return self.y_axis == "up" if self.floor is None else self.floor.mirrored

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the rectangle."""
        x0, y0, x1, y1 = self.bounds
        return x1 - x0, y1 - y0

    def fractions(self, points: Floats) -> Floats:
        """Project (n, 2) points of the plane to fractions of the rectangle; NaN where they have none."""
        if self.floor is not None:
            return self.floor.unproject(points)
        fractions: Floats = (points - np.array(self.bounds[:2])) / np.array(self.size)
        if self.y_axis == "up":
            fractions[:, 1] = 1 - fractions[:, 1]
        return fractions

    def parts(self, thing: Zone | Line) -> list[list[list[float]]]:
        """Return rings or the polyline of an outline as fractions; none where it cannot be drawn whole."""
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
    """Return where to draw: on the frame for px, or m with a floor; else on the bounds, or on all there is.

    Raises
    ------
    ParameterError
        If the bounds is empty, nothing says where a background lies on the plan, or the size of the frame is
        needed and not known.
    """
    frame = _frame(video, background)
    if unit == "m" and floor is not None:
        if frame is None:
            raise ParameterError(
                "the frame size of the video is not known, so its picture cannot be drawn on: "
                "give Video(width=..., height=...) or a background"
            )
        return Ground(unit, frame, picture=True, floor=floor)
    if bounds is not None:
        x0, y0, x1, y1 = bounds
        if not (np.isfinite(bounds).all() and x1 > x0 and y1 > y0):
            raise ParameterError(f"bounds is {bounds!r}, not x0 < x1 and y0 < y1")
        return Ground(unit, (float(x0), float(y0), float(x1), float(y1)), picture=False, y_axis=y_axis)
    if unit == "px" and frame is not None:
        return Ground(unit, frame, picture=True)
    if background is not None:
        raise ParameterError(
            "trajectories in m on a background need floor=, if it shows the video's picture, or "
            "bounds=(x0, y0, x1, y1), if it is a plan; floor.bounds is the one of the floor's plan"
        )
    return Ground(unit, _bounds(points, outlines), picture=False, y_axis=y_axis)


def _frame(video: Video, background: Background | None) -> Bounds | None:
    if video.width and video.height:
        return 0.0, 0.0, float(video.width), float(video.height)
    return None if background is None else (0.0, 0.0, float(background.width), float(background.height))


def _bounds(points: Floats, outlines: Sequence[Zone | Line]) -> Bounds:
    """Return the rectangle around all that is drawn, with a margin; never without area."""
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
    """Report that a background has another shape than what it is laid over; nothing if it is within 2 %."""
    if background is None:
        return []
    return stretched_note((background.width, background.height), ground.size, of_frame=ground.picture)
