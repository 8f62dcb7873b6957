"""What a zone and a line are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from shapely.geometry import LineString, MultiPolygon, Polygon

from ptrack_analysis.errors import ParameterError, SchemaError, ZoneError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.video import milliseconds

_FOREVER = int(np.iinfo("int64").max)


@dataclass(frozen=True, slots=True)
class Zone:
    """A named polygon in a plane; ``unit`` is the plane's, ``kind`` is what the zone is used as.

    The zone holds at the moments from ``start`` (included) to ``end`` (excluded) since the start of the
    video; None is the video's own start or end. ``videos`` are the names of the videos that it is in; none
    is every video.

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

    def __post_init__(self) -> None:
        """Refuse what can hold nobody."""
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

    ``videos`` are the names of the videos that it is in; none is every video.
    """

    name: str
    outline: LineString
    unit: str
    kind: str = "line"
    videos: tuple[str, ...] = ()


def in_one_video(videos: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether two things bound to these videos, none being every video, are both in any."""
    return not videos or not others or not set(videos).isdisjoint(others)


def refuse_zones(zones: Sequence[Zone], unit: str) -> None:
    """Refuse zones of another plane than the trajectories', two of one name, and what is no zone.

    Raises
    ------
    SchemaError
        With the first zone in another unit.
    ZoneError
        If a name occurs twice, or is that of the whole scene.
    ParameterError
        If something is no zone.
    """
    _refuse(zones, Zone, unit)
    if "" in {zone.name for zone in zones}:
        raise ZoneError("a zone has the name '', which stands for the whole scene")


def refuse_lines(lines: Sequence[Line], unit: str) -> None:
    """Refuse lines as ``refuse_zones`` does zones; the errors are the same.

    Raises
    ------
    SchemaError
        With the first line in another unit.
    ZoneError
        If a name occurs twice, or is empty.
    ParameterError
        If something is no line.
    """
    _refuse(lines, Line, unit)
    if "" in {line.name for line in lines}:
        raise ZoneError("a line has the name '', which names nothing")


def _refuse(things: Sequence[Zone | Line], wanted: type[Zone | Line], unit: str) -> None:
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
