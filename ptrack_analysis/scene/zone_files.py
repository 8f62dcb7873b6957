"""Zone files in GeoJSON, and the zones and lines of one video in its plane."""

import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from ptrack_analysis.errors import PtrackError, PtrackWarning, ZoneError
from ptrack_analysis.geometry import FARTHEST, Floats
from ptrack_analysis.limits import read_within_budget
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.lens import divided
from ptrack_analysis.scene.selection import is_pattern
from ptrack_analysis.scene.zone_checks import find_useless
from ptrack_analysis.scene.zone_objects import build_collection
from ptrack_analysis.scene.zones import (
    Line,
    Zone,
    is_bound_to,
    may_share_video,
    parse_properties,
)
from ptrack_analysis.video import Plane, PointPlane, Video, validate_plane, validate_video


@dataclass(frozen=True, slots=True)
class Scene:
    """The zones and lines of a zone file, for all its videos, in the unit of the file."""

    zones: list[Zone]
    lines: list[Line]
    unit: str

    @property
    def videos(self) -> list[str]:
        """The names and patterns of videos that zones or lines are bound to, each once, sorted."""
        things: list[Zone | Line] = [*self.zones, *self.lines]
        return sorted({name for thing in things for name in thing.videos})

    @property
    def cameras(self) -> list[str]:
        """The names and patterns of cameras that zones or lines are bound to, each once, sorted."""
        things: list[Zone | Line] = [*self.zones, *self.lines]
        return sorted({name for thing in things for name in thing.cameras})

    def of(self, video: str) -> "Scene":
        """Return the zones and lines of the video with this name, without those bound to cameras.

        Raises
        ------
        ZoneError
            If two zones or two lines of the video have the same name.
        """
        part = self._select(lambda thing: is_bound_to(thing.videos, video) and not thing.cameras)
        for things in (part.zones, part.lines):
            twice = [name for name, count in Counter(thing.name for thing in things).items() if count > 1]
            if twice:
                raise ZoneError(
                    f"the name {twice[0]!r} occurs twice in video {video!r}: two patterns of videos or "
                    "cameras fit it. Give one zone or line another name or pattern."
                )
        return part

    def of_camera(self, camera: str | None) -> "Scene":
        """Return the zones and lines of a camera, no longer bound to it; None is an unknown camera."""
        part = self._select(lambda thing: is_bound_to(thing.cameras, camera))
        return Scene(
            [replace(zone, cameras=()) for zone in part.zones],
            [replace(line, cameras=()) for line in part.lines],
            self.unit,
        )

    def unbind(self) -> Iterator["Scene"]:
        """Yield a scene for each zone and line, without bindings to videos and cameras."""
        for zone in self.zones:
            yield Scene([replace(zone, videos=(), cameras=())], [], self.unit)
        for line in self.lines:
            yield Scene([], [replace(line, videos=(), cameras=())], self.unit)

    def _select(self, is_wanted: Callable[[Zone | Line], bool]) -> "Scene":
        zones = [zone for zone in self.zones if is_wanted(zone)]
        return Scene(zones, [line for line in self.lines if is_wanted(line)], self.unit)


def swap_axes(scene: Scene) -> Scene:
    """Return the zones of a scene with x and y swapped."""
    zones = [
        replace(zone, outline=shapely.transform(zone.outline, lambda points: points[:, ::-1]))
        for zone in scene.zones
    ]
    return Scene(zones, [], scene.unit)


def project_scene(scene: Scene, video: Video, plane: Plane, *, place: str) -> tuple[list[Zone], list[Line]]:
    """Project the outlines of one video to a plane; ``place`` is the zone file in errors.

    Raises
    ------
    ZoneError
        If an outline reaches the horizon of the floor plan or the limit of its lens, or is in meters without
        a floor plan.
    """
    if isinstance(plane, PointPlane) and scene.unit != plane.unit:
        raise ZoneError(
            f"{place}: unit is {scene.unit!r}, but the positions are points in {plane.unit} without an "
            f'image. Draw the zones in {plane.unit}, and state "unit": "{plane.unit}".'
        )
    if scene.unit == "m" and plane.unit != "m":
        raise ZoneError(
            f"{place}: zones in meters require a floor plan to be projected to {plane.unit}. Pass one."
        )
    try:
        part = scene.of(video.name)
    except ZoneError as error:
        raise ZoneError(f"{place}: {error}") from error

    def carried(thing: Zone | Line) -> Any:
        return replace(thing, outline=_projected(thing, scene.unit, video, plane, place), unit=plane.unit)

    lines = [replace(carried(line), y_axis=plane.y_axis) for line in part.lines]
    return [carried(zone) for zone in part.zones], lines


def _projected(thing: Zone | Line, unit: str, video: Video, plane: Plane, place: str) -> Any:
    """Project an outline to the plane; reject an outline that cannot be projected completely.

    A straight edge in a distorted image is curved on the floor, so edges are divided first. If the y axis of
    a floor plan contradicts its pairs, a line is reversed, so that ``in`` stays the same as in the image.
    """
    if unit == plane.unit:
        return thing.outline
    outline = thing.outline
    if unit == "px":
        size = np.array([video.pixels.width, video.pixels.height])
        outline = shapely.transform(outline, lambda points: points / size)
    floor = plane if isinstance(plane, FloorPlan) else None
    if floor is not None and floor.lens is not None:
        outline = _divided(outline)

    def carry(points: Floats) -> Floats:
        projected = plane.project(points)
        if not np.isfinite(projected).all():
            raise ZoneError(
                f"{place}: {thing.kind} {thing.name!r} reaches the horizon of the floor plan, or the limit "
                "of its lens"
            )
        return projected

    carried = shapely.transform(outline, carry)
    is_swapped = floor is not None and floor.mirrored != (floor.y_axis == "up")
    return carried.reverse() if is_swapped and isinstance(thing, Line) else carried


def _divided(outline: Any) -> Any:
    """Divide the edges of an outline into short edges, in fractions of the frame."""
    match outline:
        case LineString():
            return type(outline)(divided(shapely.get_coordinates(outline)))
        case Polygon():
            rings = [_divided(ring) for ring in (outline.exterior, *outline.interiors)]
            return Polygon(rings[0], rings[1:])
        case _:
            return MultiPolygon([_divided(part) for part in outline.geoms])


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
    source: Any,
    video: Video,
    *,
    plane: Plane | None = None,
    camera: str | None = None,
    unit: str | None = None,
) -> tuple[list[Zone], list[Line]]:
    """Read zones and lines from a GeoJSON FeatureCollection, in the coordinates of a plane.

    Polygon (holes allowed) and MultiPolygon features are zones, and LineString features are lines. Each has
    ``properties.name`` and may have ``properties.kind``. The foreign member ``"unit"`` of the collection is
    the unit of the coordinates: ``fraction`` of the frame (the default), ``px``, or ``m`` on the floor.

    ``properties.video`` binds a zone or line to videos: the name of a video, a pattern such as ``"door_*"``,
    or a list of names and patterns. ``properties.camera`` binds it to the videos of cameras in the same way.
    The same name can then have different outlines in different videos. Zones and lines of other videos and
    cameras are excluded. A zone with ``properties.from`` or ``properties.to`` (``"10s"``, ``"5min"``,
    ``"1:30"`` since the start of the video) is active from ``from`` (included) to ``to`` (excluded).

    Zones and lines of other packages are read, too. A GeoDataFrame has one row per feature and the properties
    as columns. ``PolygonZone`` and ``LineZone`` of supervision are in px; a list names them ``zone 1``,
    ``line 1`` and so on, a mapping gives names. The direction of a ``LineZone`` is converted, so that in and
    out mean the same. Counts can differ: supervision fires when all corners of the box have crossed, in the
    band between the ends of the line; ``compute_crossings`` uses the foot point and the line itself.

    Parameters
    ----------
    source
        The file; or a GeoDataFrame; or zones and lines of supervision: one, a list, or names and zones.
    video
        The video, for its frame size and its name.
    plane
        The plane to project the outlines to; by default the image [px], or for a video of points (with a
        ``y_axis``) their own plane.
    camera
        The camera of the video. Without it, zones and lines that are bound to a camera are excluded.
    unit
        Unit of a GeoDataFrame: ``fraction``, ``px`` or ``m``; by default its ``attrs["unit"]``. A file states
        its unit itself.

    Returns
    -------
    tuple
        Zones and lines, in the order of the file. A ``PtrackWarning`` names those that cannot count anyone:
        outside the image, smaller than a pixel, or never active.

    Raises
    ------
    ZoneError
        With all defects: the file is not a zone file, a name is missing or occurs twice, an outline crosses
        itself, has too few corners, is not finite, or crosses the horizon, a property is invalid, an active
        time is empty, or coordinates are in meters without a floor plan.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> zones, lines = read_zones("data/shop/zones.geojson", video)
    >>> [zone.name for zone in zones], [line.name for line in lines]
    (['entrance', 'shelves', 'table', 'checkout'], ['door'])
    """
    validate_video(video)
    validate_plane(plane)
    scene = read_scene(source, unit).of_camera(camera)
    if plane is None and video.y_axis is not None and scene.unit != "fraction":
        plane = PointPlane(scene.unit, video.y_axis)
    plane, place = plane or video.pixels, name_source(source)
    zones, lines = project_scene(scene, video, plane, place=place)
    if useless := find_useless([*zones, *lines], video, plane):
        warnings.warn(f"{place}: {'; '.join(useless)}", PtrackWarning, stacklevel=2)
    return zones, lines


def name_source(source: Any) -> str:
    """Return how errors name the source of zones: the file, or ``zones`` in memory."""
    return str(source) if isinstance(source, str | PathLike) else "zones"


def read_scene(source: Any, unit: str | None = None) -> Scene:
    """Read zones and lines in their own unit, with the arguments and errors of ``read_zones``."""
    place = name_source(source)
    if isinstance(source, str | PathLike):
        if unit is not None:
            raise ZoneError(f'{place}: omit unit, because a zone file states it: "unit": "{unit}"')
        content = _read_json(Path(source))
    else:
        content = build_collection(source, unit)
    return parse_scene(content, place)


def parse_scene(content: Any, place: str) -> Scene:
    """Parse the content of a zone file; see ``read_zones`` for the errors, which start with ``place``."""
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        raise ZoneError(f"{place}: not a GeoJSON FeatureCollection: it has no list 'features'")
    unit = content.get("unit", "fraction")
    if unit not in UNITS:
        raise ZoneError(f"{place}: unit must be one of {', '.join(UNITS)}, got {unit!r}")
    scene, defects = Scene([], [], unit), list[str]()
    for position, feature in enumerate(content["features"]):
        try:
            _add(scene, feature)
        except PtrackError as error:
            defects.append(f"feature {position + 1}: {error}")
    if defects:
        raise ZoneError(f"{place}: " + "; ".join(defects))
    return scene


def _read_json(path: Path) -> Any:
    try:
        return json.loads(read_within_budget(path).decode("utf-8-sig"))
    except OSError as error:
        raise ZoneError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ZoneError(f"{path}: not JSON: {error}") from error


def _add(scene: Scene, feature: Any) -> None:
    """Add one GeoJSON feature to the scene, or raise an error with its defect."""
    if not isinstance(feature, dict):
        raise ZoneError(f"{feature!r:.60} is not a Feature")
    said = parse_properties(feature)
    outline = _outline(said.name, feature.get("geometry") or {})
    thing: Zone | Line
    if isinstance(outline, LineString):
        if said.start is not None or said.end is not None:
            raise ZoneError(f"line {said.name!r} has properties.from or to, which only zones may have")
        kind = said.kind or "line"
        thing = Line(said.name, outline, scene.unit, kind, said.videos, cameras=said.cameras)
        _validate_names_differ(thing, scene.lines)
        scene.lines.append(thing)
    else:
        kind = said.kind or "zone"
        thing = Zone(said.name, outline, scene.unit, kind, said.start, said.end, said.videos, said.cameras)
        _validate_names_differ(thing, scene.zones)
        scene.zones.append(thing)


def _validate_names_differ(thing: Zone | Line, others: Sequence[Zone | Line]) -> None:
    """Reject a name that another item has in the same video; patterns are compared per video later."""
    for other in others:
        if other.name != thing.name or not may_share_video(thing, other) or _are_patterns(thing, other):
            continue
        shared = set(thing.videos) & set(other.videos) or {*thing.videos, *other.videos}
        where = f" in video {min(shared)!r}" if shared else ""
        raise ZoneError(f"the name {thing.name!r} occurs twice{where}")


def _are_patterns(one: Zone | Line, other: Zone | Line) -> bool:
    """Return whether two items are bound to different patterns, so that their videos may differ."""
    return any(
        ours and theirs and {*ours}.isdisjoint(theirs) and any(map(is_pattern, (*ours, *theirs)))
        for ours, theirs in ((one.videos, other.videos), (one.cameras, other.cameras))
    )


def _outline(name: str, geometry: Any) -> Any:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon", "LineString"):
        raise ZoneError(f"{name!r} must be a Polygon, MultiPolygon or LineString, got {kind!r}")
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
        raise ZoneError(f"{name!r} has invalid coordinates for a {kind}") from error
    return _checked(name, outline, coordinates)


def _checked(name: str, outline: BaseGeometry, coordinates: Sequence[Any]) -> BaseGeometry:
    if isinstance(outline, LineString):
        if len(set(map(tuple, coordinates))) < _LEAST_VERTICES:
            raise ZoneError(f"line {name!r} has no length: fewer than two different vertices")
    elif outline.is_empty:
        raise ZoneError(f"{name!r} has fewer than three corners")
    elif not outline.convex_hull.area > 0:
        raise ZoneError(f"{name!r} has no area: its corners are on one line")
    elif not outline.is_valid:
        raise ZoneError(f"{name!r} is not a valid outline: {explain_validity(outline)}")
    return outline


def _positions(nested: Any) -> Iterator[Any]:
    """Yield the positions in nested GeoJSON coordinates."""
    if not isinstance(nested, list | tuple):
        raise TypeError(f"{nested!r} is not a position")
    if nested and isinstance(nested[0], int | float):
        yield nested[:2]
        return
    for inner in nested:
        yield from _positions(inner)
