"""What a zone and a line are, and whether they fit a plane."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely.geometry import LineString, MultiPolygon, Polygon

from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.video import Plane, Video


@dataclass(frozen=True, slots=True)
class Zone:
    """A named polygon in a plane; ``unit`` is the plane's, ``kind`` is what the zone is used as."""

    name: str
    outline: Polygon | MultiPolygon
    unit: str
    kind: str = "zone"

    @property
    def edges(self) -> Floats:
        """All edges of all rings: (m, 4) x and y of the first end, x and y of the second."""
        parts = self.outline.geoms if isinstance(self.outline, MultiPolygon) else [self.outline]
        rings = [
            np.asarray(ring.coords)[:, :2] for part in parts for ring in (part.exterior, *part.interiors)
        ]
        return np.vstack([np.column_stack([ring[:-1], ring[1:]]) for ring in rings])


@dataclass(frozen=True, slots=True)
class Line:
    """A named polyline in a plane; seen from its first to its last vertex, left to right is *in*."""

    name: str
    outline: LineString
    unit: str
    kind: str = "line"


def outside(zones: Sequence[Zone], video: Video, plane: Plane | None) -> list[Zone]:
    """List the zones that have no part in the picture, as zones in a wrong unit have none.

    On a floor plan the picture is the image of its frame there, as far as it lies below the horizon; where
    a corner does not, no zone is listed.
    """
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    frame = (plane or video.pixels).project(corners)
    if not np.isfinite(frame).all():
        return []
    picture = Polygon(frame)
    return [zone for zone in zones if not zone.outline.intersects(picture)]


def refuse_other_unit(zones: Sequence[Zone | Line], unit: str) -> None:
    """Refuse zones or lines of another plane than the trajectories', or two of one name.

    Raises
    ------
    SchemaError
        With the first such zone.
    ParameterError
        If something is no zone.
    """
    if not isinstance(zones, list | tuple):
        raise ParameterError(f"{zones!r:.60} is not a list of zones; read_zones gives two, zones and lines")
    for zone in zones:
        if not isinstance(zone, Zone | Line):
            raise ParameterError(f"{zone!r:.60} is not a Zone; read_zones gives two lists, zones and lines")
        if zone.unit != unit:
            raise SchemaError(
                f"{zone.kind} {zone.name!r} is in {zone.unit}, but the trajectories are in {unit}"
            )
    names = [zone.name for zone in zones]
    if "" in names:
        raise ZoneError("a zone has the name '', which stands for the whole scene")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ZoneError(f"the name {twice[0]!r} occurs twice")
