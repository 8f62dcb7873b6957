"""How zones fill the picture, or another area of the plane."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import shapely
from shapely.geometry import Polygon, box

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.floor import Floor, divided
from ptrack_analysis.video import Plane, Video
from ptrack_analysis.zones.sharing import SLIVER, refuse_invalid, shared_area
from ptrack_analysis.zones.zone import Zone, refuse_zones


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which share of an area is in a zone at all (``covered``), and in two or more at once (``doubled``)."""

    covered: float
    doubled: float

    @property
    def fills(self) -> bool:
        """Whether the zones fill the area, to 1e-9 of it."""
        return self.covered > 1 - SLIVER

    @property
    def tiles(self) -> bool:
        """Whether the zones fill the area and do not overlap there, to 1e-9 of it: each point is in one."""
        return self.fills and self.doubled < SLIVER


def compute_coverage(
    zones: Sequence[Zone],
    video: Video,
    plane: Plane | None = None,
    *,
    extent: tuple[float, float, float, float] | None = None,
) -> Coverage:
    """Measure how much of the picture lies in a zone, and how much in several.

    Where the zones tile the picture, the time in all of them is the time located in the picture; what is
    not covered counts in no zone, what is doubled in two. Zones count whenever they hold; they double each
    other only if there is a moment at which both do. No zones: 0 and 0.

    Parameters
    ----------
    zones
        Zones in the plane.
    video
        The video, for its frame.
    plane
        The plane that the zones are in; by default the picture [px]. On a floor plan, the picture is its
        image there.
    extent
        x0, y0, x1, y1 of another area to be measured, such as a floor plan's ``extent`` [px or m].

    Returns
    -------
    Coverage
        Shares of the area.

    Raises
    ------
    SchemaError
        If a zone is in another plane.
    ZoneError
        If two zones have one name, or an outline crosses itself.
    ParameterError
        If the picture reaches the horizon of the floor plan, so that its area there has no end, or the
        extent has no area.

    Notes
    -----
    O(zones² · corners · log corners). Areas are those of the plane: on a floor plan what is far from the
    camera weighs as much as what is near.

    Examples
    --------
    >>> half = Zone("left half", box(0, 0, 50, 100), "px")
    >>> compute_coverage([half], Video(width=100, height=100))
    Coverage(covered=0.5, doubled=0.0)
    """
    plane = plane or video.pixels
    refuse_zones(zones, plane.unit)
    refuse_invalid(zones)
    area = picture_in(plane) if extent is None else box(*extent)
    if area is None:
        raise ParameterError(
            "the picture reaches the horizon of the floor plan: give an extent, such as extent=floor.extent"
        )
    if not area.area > 0:
        raise ParameterError(f"extent is {extent!r}, which has no area")
    doubled = [
        one.outline.intersection(other.outline)
        for one, other in combinations(zones, 2)
        if shared_area(one, other) > 0
    ]
    return Coverage(_share([zone.outline for zone in zones], area), _share(doubled, area))


def picture_in(plane: Plane) -> Polygon | None:
    """Give the outline of the picture in a plane; None where it reaches the horizon of a floor plan."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    bent = isinstance(plane, Floor) and plane.lens is not None
    frame = plane.project(divided(corners) if bent else corners)
    return Polygon(frame) if np.isfinite(frame).all() else None


def outside(zones: Sequence[Zone], video: Video, plane: Plane | None) -> list[Zone]:
    """List the zones that have no part in the picture, as zones in a wrong unit have none.

    On a floor plan the picture is the image of its frame there; where it reaches the horizon, no zone is
    listed.
    """
    picture = picture_in(plane or video.pixels)
    return [] if picture is None else [zone for zone in zones if not zone.outline.intersects(picture)]


def _share(outlines: Sequence[shapely.Geometry], area: Polygon) -> float:
    return float(shapely.union_all(list(outlines)).intersection(area).area / area.area)
