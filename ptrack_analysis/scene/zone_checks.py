"""Coverage of the image by zones, and warnings about unusual zones and lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon, box

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import parse_bounds
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.lens import divided
from ptrack_analysis.scene.zones import (
    SLIVER,
    Line,
    Zone,
    find_shared_areas,
    validate_items,
    validate_outlines,
    validate_zones,
)
from ptrack_analysis.video import Plane, PointPlane, Video, milliseconds, validate_plane, validate_video


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of an area that are in a zone (``covered``) and in two or more zones (``doubled``).

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> zones, lines = pta.read_zones("data/shop/zones.geojson", video)
    >>> coverage = compute_zone_coverage(zones, video)
    >>> round(coverage.covered, 2), coverage.fills
    (0.16, False)
    """

    covered: float
    doubled: float

    @property
    def fills(self) -> bool:
        """Whether the zones fill the area, with a tolerance of 1e-9."""
        return self.covered > 1 - SLIVER

    @property
    def tiles(self) -> bool:
        """Whether the zones fill the area without overlap, with a tolerance of 1e-9."""
        return self.fills and self.doubled < SLIVER


def compute_zone_coverage(
    zones: Sequence[Zone],
    video: Video,
    *,
    plane: Plane | None = None,
    bounds: tuple[float, float, float, float] | None = None,
) -> Coverage:
    """Compute the shares of the image that are in a zone, and in several zones.

    If the zones tile the image, the time in all zones together is the time with a position in the image.
    Time in uncovered areas counts in no zone, and time in doubled areas counts in two. Zones count
    independently of their active time. Two zones double each other only if both are active at a common time.
    Without zones, both shares are 0.

    Parameters
    ----------
    zones
        Zones in the plane.
    video
        The video, for its frame.
    plane
        The plane of the zones; by default the image [px]. On a floor plan, the area is the projection of the
        image.
    bounds
        x0, y0, x1, y1 of another area, such as a floor plan's ``bounds`` [px or m].

    Returns
    -------
    Coverage
        Shares of the area.

    Raises
    ------
    SchemaError
        If a zone is in another plane.
    ZoneError
        If two zones have the same name, or an outline crosses itself.
    ParameterError
        If the image reaches the horizon of the floor plan, so that its area there is infinite, or the bounds
        have no area.

    Notes
    -----
    O(zones² · corners · log corners). Areas are measured in the plane: on a floor plan, areas far from the
    camera have the same weight as near areas.

    Examples
    --------
    >>> half = Zone("left half", box(0, 0, 50, 100), "px")
    >>> compute_zone_coverage([half], Video(width=100, height=100))
    Coverage(covered=0.5, doubled=0.0)
    """
    validate_video(video)
    validate_plane(plane)
    validate_items(zones, Zone, "zones")
    plane = plane or video.pixels
    validate_zones(zones, plane.unit)
    validate_outlines(zones)
    area = picture_in(plane) if bounds is None else box(*parse_bounds(bounds))
    if area is None:
        raise ParameterError(
            "the image reaches the horizon of the floor plan. Pass bounds, such as bounds=floor.bounds."
        )
    if not area.area > 0:
        raise ParameterError(f"bounds must have an area, got {bounds!r}")
    doubled = [one.outline.intersection(other.outline) for one, other, _ in find_shared_areas(zones)]
    return Coverage(_share([zone.outline for zone in zones], area), _share(doubled, area))


def picture_in(plane: Plane) -> Polygon | None:
    """Return the outline of the image in a plane.

    None if it reaches the horizon of a floor plan, or in the plane of points, which have no image.
    """
    if isinstance(plane, PointPlane):
        return None
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    bent = isinstance(plane, FloorPlan) and plane.lens is not None
    frame = plane.project(divided(corners) if bent else corners)
    return Polygon(frame) if np.isfinite(frame).all() else None


def _share(outlines: Sequence[shapely.Geometry], area: Polygon) -> float:
    return float(shapely.union_all(list(outlines)).intersection(area).area / area.area)


OUTSIDE = 0.1
"""Minimum share of a zone outside the image for a warning."""
OVERLAP = 0.01
"""Minimum overlap for a warning, as a share of the smaller zone."""
NEARLY = 0.95
"""Minimum covered share of the image for a warning about incomplete coverage."""
_PAIRS = 5


def check_zones(zones: Sequence[Zone], video: Video, *, plane: Plane | None = None) -> list[str]:
    r"""List unusual properties of zones that may give wrong figures, one sentence each.

    The sentences report zones that are smaller than a pixel, zones that are outside the image by at least
    10 %, zones that are never active during the video, pairs of zones that overlap by at least 1 % of the
    smaller zone unless one contains the other (the first five pairs), and zones that together cover at least
    95 % of the image but not the complete image. Nested zones, separate zones and zones that tile the image
    are not reported.

    Parameters
    ----------
    zones
        Zones in the plane.
    video
        The video, for its frame and its duration.
    plane
        The plane of the zones; by default the image [px]. If the image reaches the horizon of a floor plan,
        the image is not considered.

    Raises
    ------
    SchemaError
        If a zone is in another plane.
    ZoneError
        If two zones have the same name, or an outline crosses itself.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> a, b = Zone("a", box(0, 0, 40, 50), "px"), Zone("b", box(30, 0, 120, 50), "px")
    >>> print(*check_zones([a, b], Video(width=100, height=50)), sep="\n")
    zone 'b' is 22.2 % outside the image
    zones 'a' and 'b' overlap by 25 % of 'a': people there count in both
    """
    validate_video(video)
    validate_plane(plane)
    validate_items(zones, Zone, "zones")
    plane = plane or video.pixels
    return [
        *find_useless(zones, video, plane),
        *_on_borders(zones, plane),
        *_on_overlaps(zones),
        *_on_coverage(zones, video, plane),
    ]


def find_useless(things: Sequence[Zone | Line], video: Video, plane: Plane) -> list[str]:
    """List zones and lines that count no one: smaller than a pixel, outside the image, never active."""
    return [*_on_size(things), *_on_the_picture(things, plane), *_on_time(things, video)]


def check_zone(zone: Zone, video: Video, plane: Plane) -> list[str]:
    """List unusual properties of a single zone: its size, position and active time; see ``check_zones``."""
    return [*find_useless([zone], video, plane), *_on_borders([zone], plane)]


def _on_size(things: Sequence[Zone | Line]) -> Iterator[str]:
    """Report zones and lines in the image that are smaller than a pixel, such as fractions given as px."""
    for thing in things:
        x0, y0, x1, y1 = thing.outline.bounds
        if thing.unit == "px" and max(x1 - x0, y1 - y0) < 1:
            yield (
                f"{_name(thing)} is smaller than a pixel. "
                'If its coordinates are fractions of the frame, set "unit": "fraction" in its file.'
            )


def _on_the_picture(things: Sequence[Zone | Line], plane: Plane) -> Iterator[str]:
    picture = picture_in(plane)
    for thing in things:
        if picture is not None and not thing.outline.intersects(picture):
            yield f"{_name(thing)} is outside the image: check the unit of its file"


def _on_borders(zones: Sequence[Zone], plane: Plane) -> Iterator[str]:
    picture = picture_in(plane)
    for zone in zones:
        if picture is not None and zone.outline.intersects(picture):
            share = 1 - zone.outline.intersection(picture).area / zone.outline.area
            if share >= OUTSIDE:
                yield f"{_name(zone)} is {_percent(share)} outside the image"


def _on_time(things: Sequence[Zone | Line], video: Video) -> Iterator[str]:
    for thing in things:
        if video.duration is not None and isinstance(thing, Zone) and thing.window is not None:
            duration = milliseconds(video.duration, "duration")
            if thing.window[0] >= duration:
                yield (
                    f"{_name(thing)} is active only from {_format_span(thing.window[0])} on, "
                    f"but the video ends at {_format_span(duration)}"
                )


def _name(thing: Zone | Line) -> str:
    return f"{'zone' if isinstance(thing, Zone) else 'line'} {thing.name!r}"


def _format_span(span: int) -> str:
    """Format a time since the start of the video [ms]: 45 s, 10 min, 1 h 5 min."""
    hours, minutes, seconds = span // 3_600_000, span // 60_000 % 60, span % 60_000 / 1000
    given = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{value:g} {unit}" for value, unit in given if value) or "0 s"


def _on_overlaps(zones: Sequence[Zone]) -> Iterator[str]:
    count = 0
    for one, other, area in find_shared_areas(zones):
        smaller = min(one, other, key=lambda zone: zone.outline.area)
        share = area / smaller.outline.area
        if OVERLAP <= share < 1 - OVERLAP:
            count += 1
            if count <= _PAIRS:
                yield (
                    f"zones {one.name!r} and {other.name!r} overlap by {_percent(share)} of "
                    f"{smaller.name!r}: people there count in both"
                )
    if count > _PAIRS:
        yield f"{count - _PAIRS} further pairs of zones overlap"


def _on_coverage(zones: Sequence[Zone], video: Video, plane: Plane) -> Iterator[str]:
    if picture_in(plane) is None:
        return
    coverage = compute_zone_coverage(zones, video, plane=plane)
    if coverage.covered >= NEARLY and not coverage.fills:
        yield (
            f"the zones leave {_percent(1 - coverage.covered)} of the image uncovered: "
            "people there count in no zone"
        )


def _percent(share: float) -> str:
    """Format a share as a percentage with at most one decimal."""
    rounded = f"{100 * share:.1f}".removesuffix(".0")
    return "less than 0.1 %" if rounded == "0" else f"{rounded} %"
