"""Zones and lines: named outlines in a plane."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, get_args

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from ptrack_analysis.cards import build_card, format_fields
from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError
from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.limits import describe, validate_choice, wrong_kind
from ptrack_analysis.scene.selection import is_pattern
from ptrack_analysis.video import YAxis, milliseconds, timedelta

_FOREVER = int(np.iinfo("int64").max)


ENTRANCE = "entrance"
"""Kind of zones and lines through which people come and go."""
QUEUE, GOALS = "queue", ("checkout", "goal")
"""Kinds of zones where people wait, and zones that people should reach."""
_KINDS = frozenset({"zone", "line", ENTRANCE, QUEUE, *GOALS})
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]\d(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Zone:
    """A named polygon in a plane; ``unit`` is the unit of the plane, ``kind`` the purpose of the zone.

    The zone is active from ``start`` (included) to ``end`` (excluded) since the start of the video; None is
    the video's own start or end. ``videos`` are the names, or patterns of names, of its videos; if empty, the
    zone is in every video. ``cameras`` restricts it to the videos of cameras in the same way.

    Raises
    ------
    ZoneError
        If the outline is not a polygon or has no area, or the zone is never active.
    ParameterError
        If ``start`` or ``end`` is not a duration.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> till = Zone("till", box(0, 0, 200, 100), "px", start=pd.Timedelta("10s"), end=pd.Timedelta("5min"))
    >>> till.window
    (10000, 300000)
    """

    name: str
    outline: Polygon | MultiPolygon
    unit: str
    kind: str = "zone"
    start: pd.Timedelta | None = None
    end: pd.Timedelta | None = None
    videos: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Reject zones without an area or without an active time."""
        outline: object = self.outline
        if not isinstance(outline, Polygon | MultiPolygon):
            got = type(outline).__name__
            raise ZoneError(f"outline of zone {self.name!r} must be a Polygon or MultiPolygon, got a {got}")
        if not outline.area > 0:
            raise ZoneError(f"zone {self.name!r} has no area")
        window = self.window
        if window and window[0] >= window[1]:
            raise ZoneError(
                f"zone {self.name!r} is active from {window[0]} ms to {window[1]} ms: its end must be after "
                "its start"
            )

    def __repr__(self) -> str:
        """Return the values, with the bounds of the outline."""
        return format_fields(self, _list_values(self))

    def _repr_html_(self) -> str:
        """Return a card for notebooks."""
        return build_card("Zone", self.name, _list_values(self) | {"name": None})

    @property
    def edges(self) -> Floats:
        """All edges of all rings: (m, 4) x and y of the first end, x and y of the second."""
        parts = self.outline.geoms if isinstance(self.outline, MultiPolygon) else [self.outline]
        rings = [
            np.asarray(ring.coords)[:, :2] for part in parts for ring in (part.exterior, *part.interiors)
        ]
        return np.vstack([np.column_stack([ring[:-1], ring[1:]]) for ring in rings])

    def find_distance(self, x: float, y: float) -> float:
        """Return the distance from a position to the zone; 0 inside."""
        return float(self.outline.distance(Point(x, y)))

    @property
    def window(self) -> tuple[int, int] | None:
        """Start and end of the active time [ms], the end excluded; None if always active."""
        if self.start is None and self.end is None:
            return None
        start = 0 if self.start is None else milliseconds(self.start, f"start of zone {self.name!r}")
        end = _FOREVER if self.end is None else milliseconds(self.end, f"end of zone {self.name!r}")
        return start, end


@dataclass(frozen=True, slots=True)
class Line:
    """A named polyline in a plane; crossing from its left to its right is *in*.

    Left and right are relative to the direction from the first to the last vertex. ``videos`` and ``cameras``
    restrict the line to videos, as for a ``Zone``. ``y_axis`` is the direction in which y increases in the
    plane: ``down`` on an image, ``up`` in the plane of PedPy and JuPedSim and on surveyed plans. It decides
    which side is left.

    Examples
    --------
    >>> Line("door", LineString([(0, 100), (50, 100)]), "px", kind="entrance").kind
    'entrance'
    """

    name: str
    outline: LineString
    unit: str
    kind: str = "line"
    videos: tuple[str, ...] = ()
    y_axis: YAxis = "down"
    cameras: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Reject an outline that is not a line, and an unknown direction of y."""
        outline: object = self.outline
        if not isinstance(outline, LineString):
            got = type(outline).__name__
            raise ZoneError(f"outline of line {self.name!r} must be a LineString, got a {got}")
        validate_choice(self.y_axis, "y_axis", get_args(YAxis))

    def __repr__(self) -> str:
        """Return the values, with the ends of the line."""
        return format_fields(self, _list_values(self))

    def _repr_html_(self) -> str:
        """Return a card for notebooks."""
        return build_card("Line", self.name, _list_values(self) | {"name": None})

    @property
    def seen(self) -> LineString:
        """The line in a plane where y points down: reversed if y points up, so that left stays left."""
        return self.outline if self.y_axis == "down" else self.outline.reverse()


def _list_values(thing: Zone | Line) -> dict[str, object]:
    """Return what is shown of a zone or line."""
    shown: dict[str, object] = {"name": thing.name, "kind": thing.kind, "unit": thing.unit}
    if isinstance(thing, Zone):
        shown["bounds"] = tuple(round(float(side), 3) for side in thing.outline.bounds)
        spans = {"start": thing.start, "end": thing.end}
        shown |= {name: f"{span.total_seconds():g}s" for name, span in spans.items() if span is not None}
    else:
        points = np.asarray(thing.outline.coords)[:, :2].round(3).tolist()
        shown |= {"first": tuple(points[0]), "last": tuple(points[-1]), "y_axis": thing.y_axis}
    return shown | {"videos": thing.videos, "cameras": thing.cameras}


def is_bound_to(patterns: Sequence[str], name: str | None) -> bool:
    """Return whether a name or pattern fits a name. Without patterns, every name fits."""
    return not patterns or (name is not None and any(fnmatchcase(name, pattern) for pattern in patterns))


def may_share_video(one: Zone | Line, other: Zone | Line) -> bool:
    """Return whether two zones or lines can be in the same video, judging by their bindings."""
    return _may_overlap(one.videos, other.videos) and _may_overlap(one.cameras, other.cameras)


def _may_overlap(patterns: Sequence[str], others: Sequence[str]) -> bool:
    if not patterns or not others:
        return True
    return any(
        (is_pattern(one) and is_pattern(other)) or fnmatchcase(one, other) or fnmatchcase(other, one)
        for one in patterns
        for other in others
    )


def validate_zones(zones: Sequence[Zone], unit: str, name: str = "zones") -> None:
    """Reject items that are not zones, zones in another plane than the trajectories, and duplicate names.

    Raises
    ------
    SchemaError
        With the first zone in another unit.
    ZoneError
        If a name occurs twice, or is the name of the scene.
    ParameterError
        If an item is not a zone.
    """
    _validate_items(zones, Zone, unit, name)
    if "" in {zone.name for zone in zones}:
        raise ZoneError("a zone has the name '', which is reserved for the scene")


def validate_lines(lines: Sequence[Line], unit: str) -> None:
    """Reject invalid lines, as ``validate_zones`` does for zones.

    Raises
    ------
    SchemaError
        With the first line in another unit.
    ZoneError
        If a name occurs twice or is empty.
    ParameterError
        If an item is not a line.
    """
    _validate_items(lines, Line, unit, "lines")
    if "" in {line.name for line in lines}:
        raise ZoneError("a line has an empty name")


def validate_items(things: object, kind: type[Zone | Line], name: str, *, or_names: bool = False) -> None:
    """Reject an argument that is not a list of zones or lines; with ``or_names``, names are allowed too.

    Raises
    ------
    ParameterError
        If it is something else; the message names the call that returns the right list.
    """
    singular = kind.__name__.lower()
    plural = f"{singular}s"
    expected = f"a list of {plural}" + (f" or {singular} names" if or_names else "")
    if not isinstance(things, list | tuple):
        raise wrong_kind(name, expected, things, _advise(things, kind, plural))
    for thing in things:
        if not isinstance(thing, (kind, str) if or_names else kind):
            raise ParameterError(
                f"{name} must be {expected}, but contains {describe(thing)}. {_advise(thing, kind, plural)}"
            )


def list_names(things: object, kind: type[Zone | Line], name: str) -> list[str]:
    """Return the names of a list of zones or lines, in which names are allowed too.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    validate_items(things, kind, name, or_names=True)
    return [thing if isinstance(thing, str) else thing.name for thing in things]  # type: ignore[attr-defined]


def _advise(given: object, kind: type[Zone | Line], plural: str) -> str:
    """Return the call that gives a list of zones or lines."""
    if isinstance(given, kind):
        return f"Pass a list: [{kind.__name__.lower()}]."
    if type(given).__name__ == "VideoAnalysis":
        return f"Pass analysis.{plural}."
    return "read_zones returns two lists: zones, lines = read_zones(path, video)."


def _validate_items(things: Sequence[Zone | Line], kind: type[Zone | Line], unit: str, name: str) -> None:
    validate_items(things, kind, name)
    for thing in things:
        if thing.unit != unit:
            raise SchemaError(
                f"{thing.kind} {thing.name!r} is in {thing.unit}, but the trajectories are in {unit}"
            )
    names = [thing.name for thing in things]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ZoneError(f"the name {twice[0]!r} occurs twice")


@dataclass(frozen=True, slots=True)
class Properties:
    """Properties of a feature: name, kind (None if missing), active time, videos and cameras."""

    name: str
    kind: str | None
    start: pd.Timedelta | None
    end: pd.Timedelta | None
    videos: tuple[str, ...]
    cameras: tuple[str, ...]


def parse_properties(feature: dict[str, Any]) -> Properties:
    """Parse ``name``, ``kind``, ``from``, ``to``, ``video`` and ``camera`` of a feature; ignore other keys.

    Raises
    ------
    ZoneError
        With the first invalid property.
    """
    said = feature.get("properties") or {}
    name = _text(said.get("name") if isinstance(said, dict) else None, "properties.name")
    kind = said.get("kind")
    start, end = _moment(name, said.get("from"), "from"), _moment(name, said.get("to"), "to")
    videos, cameras = _names(name, said, "video"), _names(name, said, "camera")
    return Properties(name, _spell_kind(kind) if isinstance(kind, str) else None, start, end, videos, cameras)


def _spell_kind(kind: str) -> str:
    """Return a known kind in small letters, and any other as it is given."""
    known = kind.strip().lower()
    return known if known in _KINDS else kind


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ZoneError(f"{what} must be a text, got {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ZoneError(f"{what} must be encodable as UTF-8, got {value!r}") from error
    return value


def _moment(name: str, value: Any, property_: str) -> pd.Timedelta | None:
    """Parse a time since the start of the video, a text with a unit, min:s or h:min:s."""
    if value is None:
        return None
    what = f"{name!r}: properties.{property_}"
    if not isinstance(value, str) or value.strip().replace(".", "", 1).isdigit():
        raise ZoneError(f"{what} is {value!r}, without a unit. {_HOW}")
    try:
        return timedelta(milliseconds(_spell_clock(value), what))
    except ParameterError as error:
        said = str(error).replace(repr(_spell_clock(value)), repr(value))
        raise ZoneError(f"{said}. {_HOW}") from error


_HOW = "Write the time as 90s, 5min, 1:30 (min:s) or 0:01:30."


def _spell_clock(text: str) -> str:
    """Return min:s and h:min:s as a text that pandas reads, and any other text as it is given."""
    parts = _CLOCK.fullmatch(text.strip())
    return f"{parts[1] or 0}h {parts[2]}min {parts[3]}s" if parts else text


def _names(name: str, said: dict[str, Any], key: str) -> tuple[str, ...]:
    """Parse the names or patterns of the videos or cameras of a feature."""
    given = said.get(key)
    if given is None:
        return ()
    names = given if isinstance(given, list) else [given]
    if not names:
        raise ZoneError(
            f"{name!r}: properties.{key} is [], so it is in no {key}. Remove the property for every {key}."
        )
    what = f"{name!r}: properties.{key}"
    if not all(isinstance(one, str) for one in names):
        raise ZoneError(f"{what} must be the name of a {key} or a list of names, got {given!r}")
    return tuple(dict.fromkeys(_text(one, what) for one in names))


def in_rectangle(zone: Zone, x: Floats, y: Floats, margin: float) -> Bools:
    """Return which points are in the zone's bounding rectangle, extended by ``margin``; False for NaN."""
    left, top, right, bottom = zone.outline.bounds
    across = (x >= left - margin) & (x <= right + margin)
    return across & (y >= top - margin) & (y <= bottom + margin)


def near_edges(zone: Zone, x: Floats, y: Floats, margin: float) -> Bools:
    """Return which points are at most ``margin`` from an edge of the zone, a hole or a part.

    The distance is the Euclidean distance to the nearest point of the edge. O(corners · points).
    """
    near = np.zeros(len(x), dtype=bool)
    for first_x, first_y, last_x, last_y in zone.edges:
        along_x, along_y = last_x - first_x, last_y - first_y
        squared = along_x * along_x + along_y * along_y
        if squared > 0:
            off_x, off_y = x - first_x, y - first_y
            share = np.clip((off_x * along_x + off_y * along_y) / squared, 0.0, 1.0)
            off_x -= share * along_x
            off_y -= share * along_y
            near |= off_x * off_x + off_y * off_y <= margin * margin
    return near


SLIVER = 1e-9
"""Area that is rounding noise, as a share of the smaller zone's area."""


def shared_area(zone: Zone, other: Zone) -> float:
    """Return the area that two zones cover at a common time of a common video; 0 for rounding noise."""
    if not (may_share_video(zone, other) and are_active_together(zone, other)):
        return 0.0
    area = float(zone.outline.intersection(other.outline).area)
    return area if area > SLIVER * min(zone.outline.area, other.outline.area) else 0.0


def find_shared_areas(zones: Sequence[Zone]) -> Iterator[tuple[Zone, Zone, float]]:
    """Yield each pair of zones that share an area, in the order of the zones, and the area.

    Only pairs with intersecting bounding rectangles are measured.
    """
    if not zones:
        return
    outlines = [zone.outline for zone in zones]
    pairs = shapely.STRtree(outlines).query(outlines)
    one, other = pairs[:, pairs[0] < pairs[1]]
    order = np.lexsort((other, one))
    for first, second in zip(one[order].tolist(), other[order].tolist(), strict=True):
        area = shared_area(zones[first], zones[second])
        if area > 0:
            yield zones[first], zones[second], area


def are_active_together(zone: Zone, other: Zone) -> bool:
    """Return whether both zones are active at a common time."""
    if zone.window is None or other.window is None:
        return True
    return max(zone.window[0], other.window[0]) < min(zone.window[1], other.window[1])


def validate_outlines(zones: Sequence[Zone]) -> None:
    """Reject a zone whose outline crosses itself, because its area is undefined.

    Raises
    ------
    ZoneError
        With the first such zone and the reason.
    """
    for zone in zones:
        if not zone.outline.is_valid:
            reason = shapely.is_valid_reason(zone.outline)
            raise ZoneError(f"{zone.name!r} is not a valid outline: {reason}")
