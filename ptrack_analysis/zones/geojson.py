"""Zones and lines read from GeoJSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from ptrack_analysis.errors import PtrackError, ZoneError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.video import Plane, Video
from ptrack_analysis.zones.zone import Line, Zone

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


@dataclass(frozen=True, slots=True)
class Scene:
    """What a zone file holds, in the unit that it is written in."""

    zones: list[Zone]
    lines: list[Line]
    unit: str


def read_zones(
    path: str | PathLike[str], video: Video, plane: Plane | None = None
) -> tuple[list[Zone], list[Line]]:
    """Read zones and lines from a GeoJSON FeatureCollection, in the coordinates of a plane.

    Polygon (holes allowed) and MultiPolygon features are zones, LineString features are lines; each has
    ``properties.name``, and may have ``properties.kind``. The foreign member ``"unit"`` of the collection
    says what the coordinates are: ``fraction`` of the frame (the default), ``px``, or ``m`` on the floor.

    Parameters
    ----------
    path
        The file.
    video
        The video, for its frame size.
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
        crosses itself, has too few corners, is not finite, or crosses the horizon; metres without a floor.
    """
    plane = plane or video.pixels
    return project_scene(read_scene(path), video, plane, place=str(path))


def project_scene(scene: Scene, video: Video, plane: Plane, *, place: str) -> tuple[list[Zone], list[Line]]:
    """Carry a zone file's outlines to a plane; ``place`` names the file in errors."""
    if scene.unit == "m" and plane.unit != "m":
        raise ZoneError(
            f"{place}: zones in metres need a floor plan to be carried to {plane.unit}; none is given"
        )
    zones = [
        Zone(z.name, _projected(z, scene.unit, video, plane, place), plane.unit, z.kind) for z in scene.zones
    ]
    lines = [
        Line(x.name, _projected(x, scene.unit, video, plane, place), plane.unit, x.kind) for x in scene.lines
    ]
    return zones, lines


def _projected(thing: Zone | Line, unit: str, video: Video, plane: Plane, place: str) -> Any:
    """Carry an outline to the plane, refusing one that has no whole image there."""
    if unit == plane.unit:
        return thing.outline

    def carry(points: Floats) -> Floats:
        if unit == "px":
            points = points / [video.pixels.width, video.pixels.height]
        projected = plane.project(points)
        if not np.isfinite(projected).all():
            raise ZoneError(f"{place}: {thing.kind} {thing.name!r} crosses the horizon of the floor plan")
        return projected

    return shapely.transform(thing.outline, carry)


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
        raise ZoneError(f"{place}: unit is {unit!r}, not one of {UNITS}")
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
    properties = feature.get("properties") or {}
    geometry = feature.get("geometry") or {}
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise ZoneError(f"properties.name is {name!r}, not a text")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ZoneError(f"properties.name is {name!r}, which is no text that can be written") from error
    outline, kind = _outline(name, geometry), properties.get("kind")
    of_a_line = isinstance(outline, LineString)
    if name in {thing.name for thing in (scene.lines if of_a_line else scene.zones)}:
        raise ZoneError(f"the name {name!r} occurs twice")
    if of_a_line:
        scene.lines.append(Line(name, outline, scene.unit, kind if isinstance(kind, str) else "line"))
    else:
        scene.zones.append(Zone(name, outline, scene.unit, kind if isinstance(kind, str) else "zone"))


def _outline(name: str, geometry: Any) -> Any:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in {"Polygon", "MultiPolygon", "LineString"}:
        raise ZoneError(f"{name!r} is a {kind!r}, not a Polygon, MultiPolygon or LineString")
    try:
        coordinates = list(_positions(geometry["coordinates"]))
        if not np.isfinite(np.array(coordinates, dtype="float64")).all():
            raise ZoneError(f"{name!r} has a coordinate that is not a finite number")
        rings = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}.get(kind, [])
        if any(len({tuple(p) for p in ring}) < _LEAST_CORNERS for part in rings for ring in part):
            raise ZoneError(f"{name!r} has fewer than three corners")
        outline = shapely.force_2d(shapely.geometry.shape(geometry))
    except _FAULTS as error:
        if isinstance(error, ZoneError):
            raise
        raise ZoneError(f"{name!r} has no proper coordinates: {error}") from error
    return _checked(name, outline, coordinates)


def _checked(name: str, outline: BaseGeometry, coordinates: Sequence[Any]) -> BaseGeometry:
    if isinstance(outline, LineString):
        if len(set(map(tuple, coordinates))) < _LEAST_VERTICES:
            raise ZoneError(f"line {name!r} has no length: fewer than two different vertices")
    elif outline.is_empty:
        raise ZoneError(f"{name!r} has fewer than three corners")
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
