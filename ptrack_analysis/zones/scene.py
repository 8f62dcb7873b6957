"""A zone file's zones and lines, of all videos, and their way to the plane of one."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.floor import Floor, divided
from ptrack_analysis.geometry import Floats
from ptrack_analysis.video import Plane, Video
from ptrack_analysis.zones.zone import Line, Zone


@dataclass(frozen=True, slots=True)
class Scene:
    """What a zone file holds, of all videos, in the unit that it is written in."""

    zones: list[Zone]
    lines: list[Line]
    unit: str

    @property
    def videos(self) -> list[str]:
        """The names of videos that zones or lines are bound to, each once, sorted."""
        bound = [zone.videos for zone in self.zones] + [line.videos for line in self.lines]
        return sorted({name for names in bound for name in names})

    def of(self, video: str) -> "Scene":
        """Give the part that is in the video of this name: what is bound to it or to none."""
        return Scene(
            [zone for zone in self.zones if not zone.videos or video in zone.videos],
            [line for line in self.lines if not line.videos or video in line.videos],
            self.unit,
        )


def project_scene(scene: Scene, video: Video, plane: Plane, *, place: str) -> tuple[list[Zone], list[Line]]:
    """Carry the outlines of a zone file that are in the video to a plane; ``place`` names the file in errors.

    Raises
    ------
    ZoneError
        If an outline reaches the horizon of the floor plan or beyond what its lens shows, or is in metres and
        there is no floor plan.
    """
    if scene.unit == "m" and plane.unit != "m":
        raise ZoneError(
            f"{place}: zones in metres need a floor plan to be carried to {plane.unit}; none is given"
        )
    part = scene.of(video.name)

    def carried(thing: Zone | Line) -> Any:
        return replace(thing, outline=_projected(thing, scene.unit, video, plane, place), unit=plane.unit)

    return [carried(zone) for zone in part.zones], [carried(line) for line in part.lines]


def _projected(thing: Zone | Line, unit: str, video: Video, plane: Plane, place: str) -> Any:
    """Carry an outline to the plane, refusing one that has no whole image there.

    What is straight in the picture of a lens is bent on the floor: its edges are divided first. On a floor
    plan that mirrors the picture, a line is turned round, so that ``in`` stays what it is in the picture.
    """
    if unit == plane.unit:
        return thing.outline
    outline = thing.outline
    if unit == "px":
        size = np.array([video.pixels.width, video.pixels.height])
        outline = shapely.transform(outline, lambda points: points / size)
    floor = plane if isinstance(plane, Floor) else None
    if floor is not None and floor.lens is not None:
        outline = _divided(outline)

    def carry(points: Floats) -> Floats:
        projected = plane.project(points)
        if not np.isfinite(projected).all():
            raise ZoneError(
                f"{place}: {thing.kind} {thing.name!r} reaches the horizon of the floor plan, or beyond what "
                "its lens shows"
            )
        return projected

    carried = shapely.transform(outline, carry)
    return carried.reverse() if floor is not None and floor.mirrored and isinstance(thing, Line) else carried


def _divided(outline: Any) -> Any:
    """Divide the edges of an outline in fractions of the frame into short ones."""
    match outline:
        case LineString():
            return type(outline)(divided(shapely.get_coordinates(outline)))
        case Polygon():
            rings = [_divided(ring) for ring in (outline.exterior, *outline.interiors)]
            return Polygon(rings[0], rings[1:])
        case _:
            return MultiPolygon([_divided(part) for part in outline.geoms])
