"""Zones and lines read from GeoJSON."""

import json
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from ptrack_analysis.errors import PtrackError, ZoneError
from ptrack_analysis.geometry import FARTHEST
from ptrack_analysis.video import Plane, Video
from ptrack_analysis.zones.properties import Properties, properties_of
from ptrack_analysis.zones.scene import Scene, project_scene
from ptrack_analysis.zones.zone import Line, Zone, in_one_video

UNITS = ("fraction", "px", "m")
_LEAST_CORNERS = 3
_LEAST_VERTICES = 2
_FAULTS = (
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    RecursionError,
    shapely.errors.ShapelyError,
)


def read_zones(
    path: str | PathLike[str], video: Video, plane: Plane | None = None
) -> tuple[list[Zone], list[Line]]:
    """Read zones and lines from a GeoJSON FeatureCollection, in the coordinates of a plane.

    Polygon (holes allowed) and MultiPolygon features are zones, LineString features are lines; each has
    ``properties.name``, and may have ``properties.kind``. The foreign member ``"unit"`` of the collection
    says what the coordinates are: ``fraction`` of the frame (the default), ``px``, or ``m`` on the floor.

    ``properties.video``, the name of a video or a list of names, binds a zone or line to these videos; then
    the same name may stand for another outline in another video. What is bound to other videos than this one
    is left out. A zone with ``properties.from`` or ``properties.to`` (``"10s"``, ``"5min"``, ``"00:01:30"``
    since the start of the video) holds at the moments from the one, included, to the other, excluded.

    Parameters
    ----------
    path
        The file.
    video
        The video, for its frame size and its name.
    plane
        The plane to carry the outlines to; by default the picture [px].

    Returns
    -------
    tuple
        Zones and lines, in the order of the file.

    Raises
    ------
    ZoneError
        With all defects found: not such a file, a name that is missing or occurs twice, an outline that
        crosses itself, has too few corners, is not finite, or crosses the horizon; a property that is not
        what it should be, or times that leave nothing between them; metres without a floor.
    """
    plane = plane or video.pixels
    return project_scene(read_scene(path), video, plane, place=str(path))


def read_scene(path: str | PathLike[str]) -> Scene:
    """Read a zone file as it is written; the errors are those of ``read_zones``."""
    place = Path(path)
    try:
        content = json.loads(place.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ZoneError(f"{place}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ZoneError(f"{place}: not JSON: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        raise ZoneError(f"{place}: not a GeoJSON FeatureCollection: it has no list 'features'")
    unit = content.get("unit", "fraction")
    if unit not in UNITS:
        raise ZoneError(f"{place}: unit is {unit!r}, not one of {', '.join(UNITS)}")
    scene, defects = Scene([], [], unit), list[str]()
    for position, feature in enumerate(content["features"]):
        try:
            _add(scene, feature)
        except PtrackError as error:
            defects.append(f"features[{position}]: {error}")
    if defects:
        raise ZoneError(f"{place}: " + "; ".join(defects))
    return scene


def _add(scene: Scene, feature: Any) -> None:
    """Add one GeoJSON feature to the scene, or raise with what is wrong with it."""
    if not isinstance(feature, dict):
        raise ZoneError(f"{feature!r:.60} is not a Feature")
    said = properties_of(feature)
    outline = _outline(said.name, feature.get("geometry") or {})
    if isinstance(outline, LineString):
        _refuse_name_twice(said, scene.lines)
        if said.start is not None or said.end is not None:
            raise ZoneError(f"line {said.name!r} has properties.from or to; only zones hold for a time")
        scene.lines.append(Line(said.name, outline, scene.unit, said.kind or "line", said.videos))
    else:
        _refuse_name_twice(said, scene.zones)
        kind = said.kind or "zone"
        scene.zones.append(Zone(said.name, outline, scene.unit, kind, said.start, said.end, said.videos))


def _refuse_name_twice(said: Properties, others: Sequence[Zone | Line]) -> None:
    """Refuse a name that another thing has in the same video."""
    for other in others:
        if other.name == said.name and in_one_video(said.videos, other.videos):
            shared = set(said.videos) & set(other.videos) or {*said.videos, *other.videos}
            where = f" in video {min(shared)!r}" if shared else ""
            raise ZoneError(f"the name {said.name!r} occurs twice{where}")


def _outline(name: str, geometry: Any) -> Any:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon", "LineString"):
        raise ZoneError(f"{name!r} is a {kind!r}, not a Polygon, MultiPolygon or LineString")
    try:
        coordinates = list(_positions(geometry["coordinates"]))
        if not (np.abs(np.array(coordinates, dtype="float64")) <= FARTHEST).all():
            raise ZoneError(f"{name!r} has a coordinate that is not a finite number within {FARTHEST:.0e}")
        rings = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}.get(kind, [])
        if any(len({tuple(p) for p in ring}) < _LEAST_CORNERS for part in rings for ring in part):
            raise ZoneError(f"{name!r} has fewer than three corners")
        outline = shapely.force_2d(shapely.geometry.shape(geometry))
    except _FAULTS as error:
        if isinstance(error, ZoneError):
            raise
        raise ZoneError(f"{name!r} has no proper coordinates for a {kind}") from error
    return _checked(name, outline, coordinates)


def _checked(name: str, outline: BaseGeometry, coordinates: Sequence[Any]) -> BaseGeometry:
    if isinstance(outline, LineString):
        if len(set(map(tuple, coordinates))) < _LEAST_VERTICES:
            raise ZoneError(f"line {name!r} has no length: fewer than two different vertices")
    elif outline.is_empty:
        raise ZoneError(f"{name!r} has fewer than three corners")
    elif not outline.convex_hull.area > 0:
        raise ZoneError(f"{name!r} has no area: its corners lie on one line")
    elif not outline.is_valid:
        raise ZoneError(f"{name!r} is not a valid outline: {explain_validity(outline)}")
    return outline


def _positions(nested: Any) -> Iterator[Any]:
    """Walk nested GeoJSON coordinates down to their positions."""
    if not isinstance(nested, list | tuple):
        raise TypeError(f"{nested!r} is not a position")
    if nested and isinstance(nested[0], int | float):
        yield nested[:2]
        return
    for inner in nested:
        yield from _positions(inner)
