"""Zones and lines: named outlines in a plane."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError
from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.scene.selection import is_pattern
from ptrack_analysis.video import YAxis, milliseconds, timedelta

_FOREVER = int(np.iinfo("int64").max)


ENTRANCE = "entrance"
"""Kind of zones and lines through which people come and go."""
QUEUE, GOALS = "queue", ("checkout", "goal")
"""Kinds of zones where people wait, and that people are meant to reach."""
_KINDS = frozenset({"zone", "line", ENTRANCE, QUEUE, *GOALS})
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]\d(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Zone:
    """A named polygon in a plane; ``unit`` is the plane's, ``kind`` is what the zone is used as.

    The zone is valid from ``start`` (included) to ``end`` (excluded) since the start of the video; None is
    the video's own start or end. ``videos`` are the names, or patterns of names, of the videos that it is in;
    without any, it is in every video. ``cameras`` restricts it to the videos of cameras in the same way.

    Raises
    ------
    ZoneError
        If the outline is no polygon or has no area, or the zone holds at no moment.
    ParameterError
        If ``start`` or ``end`` is no length of time.

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
        """Reject what can hold nobody."""
        outline: object = self.outline
        if not isinstance(outline, Polygon | MultiPolygon):
            got = type(outline).__name__
            raise ZoneError(f"zone {self.name!r} has a {got} as outline, not a Polygon or MultiPolygon")
        if not outline.area > 0:
            raise ZoneError(f"zone {self.name!r} has no area")
        window = self.window
        if window and window[0] >= window[1]:
            raise ZoneError(
                f"zone {self.name!r} holds from {window[0]} ms to {window[1]} ms, which is no time: "
                "it must end after it starts"
            )

    @property
    def edges(self) -> Floats:
        """All edges of all rings: (m, 4) x and y of the first end, x and y of the second."""
        parts = self.outline.geoms if isinstance(self.outline, MultiPolygon) else [self.outline]
        rings = [
            np.asarray(ring.coords)[:, :2] for part in parts for ring in (part.exterior, *part.interiors)
        ]
        return np.vstack([np.column_stack([ring[:-1], ring[1:]]) for ring in rings])

    def find_distance(self, x: float, y: float) -> float:
        """Return the distance of a position to the zone; 0 inside."""
        return float(self.outline.distance(Point(x, y)))

    @property
    def window(self) -> tuple[int, int] | None:
        """First moment at which the zone holds, and first at which it no longer does [ms]; None: always."""
        if self.start is None and self.end is None:
            return None
        start = 0 if self.start is None else milliseconds(self.start, f"start of zone {self.name!r}")
        end = _FOREVER if self.end is None else milliseconds(self.end, f"end of zone {self.name!r}")
        return start, end


@dataclass(frozen=True, slots=True)
class Line:
    """A named polyline in a plane; seen from its first to its last vertex, left to right is *in*.

    ``videos`` and ``cameras`` restrict it to videos, as for a ``Zone``. ``y_axis`` tells which way y grows in
    the plane: ``down`` on an image, ``up`` in the plane of PedPy and JuPedSim and on surveyed plans. It
    decides which side is left.
    """

    name: str
    outline: LineString
    unit: str
    kind: str = "line"
    videos: tuple[str, ...] = ()
    y_axis: YAxis = "down"
    cameras: tuple[str, ...] = ()

    @property
    def seen(self) -> LineString:
        """The line as in a plane where y points down: reversed if y points up, so that left stays left."""
        return self.outline if self.y_axis == "down" else self.outline.reverse()


def is_bound_to(patterns: Sequence[str], name: str | None) -> bool:
    """Return whether one of the names or patterns fits a name; without any, every name fits."""
    return not patterns or (name is not None and any(fnmatchcase(name, pattern) for pattern in patterns))


def may_share_video(one: Zone | Line, other: Zone | Line) -> bool:
    """Return whether two zones or lines can be in the same video, as far as their names show."""
    return _may_overlap(one.videos, other.videos) and _may_overlap(one.cameras, other.cameras)


def _may_overlap(patterns: Sequence[str], others: Sequence[str]) -> bool:
    if not patterns or not others:
        return True
    return any(
        (is_pattern(one) and is_pattern(other)) or fnmatchcase(one, other) or fnmatchcase(other, one)
        for one in patterns
        for other in others
    )


def validate_zones(zones: Sequence[Zone], unit: str) -> None:
    """Reject zones of another plane than the trajectories', two of one name, and what is no zone.

    Raises
    ------
    SchemaError
        With the first zone in another unit.
    ZoneError
        If a name occurs twice, or is that of the whole scene.
    ParameterError
        If something is no zone.
    """
    _validate_items(zones, Zone, unit)
    if "" in {zone.name for zone in zones}:
        raise ZoneError("a zone has the name '', which stands for the whole scene")


def validate_lines(lines: Sequence[Line], unit: str) -> None:
    """Reject lines as ``validate_zones`` does zones; the errors are the same.

    Raises
    ------
    SchemaError
        With the first line in another unit.
    ZoneError
        If a name occurs twice, or is empty.
    ParameterError
        If something is no line.
    """
    _validate_items(lines, Line, unit)
    if "" in {line.name for line in lines}:
        raise ZoneError("a line has the name '', which names nothing")


def _validate_items(things: Sequence[Zone | Line], wanted: type[Zone | Line], unit: str) -> None:
    kind = wanted.__name__
    if not isinstance(things, list | tuple):
        raise ParameterError(
            f"{things!r:.60} is not a list of {kind.lower()}s; read_zones gives two, zones and lines"
        )
    for thing in things:
        if not isinstance(thing, wanted):
            raise ParameterError(
                f"{thing!r:.60} is not a {kind}; read_zones gives two lists, zones and lines"
            )
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
    """A feature's name, kind (None if not given), validity, and the videos and cameras that it is in."""

    name: str
    kind: str | None
    start: pd.Timedelta | None
    end: pd.Timedelta | None
    videos: tuple[str, ...]
    cameras: tuple[str, ...]


def parse_properties(feature: dict[str, Any]) -> Properties:
    """Read ``name``, ``kind``, ``from``, ``to``, ``video`` and ``camera`` of a feature; ignore the others.

    Raises
    ------
    ZoneError
        With the first that is not what it should be.
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
        raise ZoneError(f"{what} is {value!r}, not a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ZoneError(f"{what} is {value!r}, which is no text that can be written") from error
    return value


def _moment(name: str, value: Any, property_: str) -> pd.Timedelta | None:
    """Read a time since the start of the video, a text with a unit, min:s or h:min:s."""
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
    """Read the names or patterns of the videos or cameras that a feature is for."""
    given = said.get(key)
    if given is None:
        return ()
    names = given if isinstance(given, list) else [given]
    if not names:
        raise ZoneError(
            f"{name!r}: properties.{key} is [], so it is in no {key}. Leave it out for every {key}."
        )
    what = f"{name!r}: properties.{key}"
    if not all(isinstance(one, str) for one in names):
        raise ZoneError(f"{what} is {given!r}, not the name of a {key} or a list of names")
    return tuple(dict.fromkeys(_text(one, what) for one in names))


def in_rectangle(zone: Zone, x: Floats, y: Floats, margin: float) -> Bools:
    """Return which points lie in the zone's bounding rectangle, grown by ``margin``; False for NaN."""
    left, top, right, bottom = zone.outline.bounds
    across = (x >= left - margin) & (x <= right + margin)
    return across & (y >= top - margin) & (y <= bottom + margin)


def near_edges(zone: Zone, x: Floats, y: Floats, margin: float) -> Bools:
    """Return which points lie at most ``margin`` from an edge of the zone, that of a hole or a part too.

    The distance is the Euclidean one to the nearest point of the edge. O(corners · points).
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
"""Area that is float noise, as a share of the smaller zone's."""


def shared_area(zone: Zone, other: Zone) -> float:
    """Return the area that both cover at some moment of some video, 0 where it is float noise."""
    if not (may_share_video(zone, other) and hold_together(zone, other)):
        return 0.0
    area = float(zone.outline.intersection(other.outline).area)
    return area if area > SLIVER * min(zone.outline.area, other.outline.area) else 0.0


def hold_together(zone: Zone, other: Zone) -> bool:
    """Return whether there is a moment at which both zones hold."""
    if zone.window is None or other.window is None:
        return True
    return max(zone.window[0], other.window[0]) < min(zone.window[1], other.window[1])


def validate_outlines(zones: Sequence[Zone]) -> None:
    """Reject a zone whose outline crosses itself: what it covers is not defined.

    Raises
    ------
    ZoneError
        With the first such zone and the reason.
    """
    for zone in zones:
        if not zone.outline.is_valid:
            reason = shapely.is_valid_reason(zone.outline)
            raise ZoneError(f"{zone.name!r} is not a valid outline: {reason}")
