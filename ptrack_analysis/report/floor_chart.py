"""The maps of foot points and of boxes over the image of the scene."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import numpy as np
from contourpy import FillType, contour_generator
from numpy.lib.stride_tricks import sliding_window_view

from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.report.finding_texts import format_length
from ptrack_analysis.report.svg import drawing, element, fit, letters, line, title
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.web.ground import Background, Ground, find_bounds

LEVELS = 5
"""Number of shades."""
_NICE = (
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    20,
    60,
    120,
    300,
    600,
    1200,
    3600,
    7200,
    18000,
    36000,
    72000,
    180000,
)
_SPOTS, _PARTS = 32, 4
"""Number of spots across the image, and of cells across a spot."""
_SPOT, _LARGEST_GRID = 0.5, 400
"""Side of a spot on a floor plan [m], and the maximum number of cells across the plan."""
_STRIP, _HIGHEST = 22.0, 560.0
"""Height of the strip below the image, and the largest height of the image [px]."""
_BINS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Stood:
    """The time spent at each spot, or covered by boxes, as areas of equal shade.

    Attributes
    ----------
    ground
        The plane of the drawing.
    areas
        Rings of each shade, from the lightest, as fractions of the ground.
    levels
        The lower bound of each shade [s].
    spot
        Width and height of a spot as fractions of the ground; zero for boxes.
    below
        Time of truncated boxes with feet below the image, in equal bins of its width [s].
    undrawn
        Time that is not drawn, by reason [s].
    """

    ground: Ground
    areas: Sequence[Sequence[Floats]]
    levels: Sequence[float]
    spot: tuple[float, float] = (0.0, 0.0)
    below: Sequence[float] = ()
    undrawn: Mapping[str, float] = field(default_factory=dict)
    background: bool = False
    zones: Sequence[Zone] = ()
    lines: Sequence[Line] = ()
    colors: Mapping[str, int] = field(default_factory=dict)


def find_ground(analysis: VideoAnalysis, background: Background | None) -> Ground:
    """Return the plane of the charts and the explorer of a video."""
    unit = analysis.unit
    points = analysis.trajectories[[f"x_{unit}", f"y_{unit}"]].to_numpy()
    return find_bounds(
        unit,
        points,
        [*analysis.zones, *analysis.lines],
        video=analysis.video,
        floor=None,
        bounds=analysis.bounds if unit == "m" else None,
        background=background,
        y_axis=analysis.y_axis,
    )


def find_spots(
    analysis: VideoAnalysis, ground: Ground, colors: Mapping[str, int], *, background: bool
) -> Stood:
    """Return the time that people spent in a square around each point, without truncated boxes."""
    width, height = ground.size
    if analysis.unit == "m":
        cell = max(_SPOT / _PARTS, max(width, height) / _LARGEST_GRID)
        heatmap = analysis.heatmap(basis="foot_points", cell=cell, truncated=False)
    else:
        columns = _SPOTS * _PARTS
        rows = max(round(columns * height / width), 1)
        heatmap = analysis.heatmap(basis="foot_points", shape=(rows, columns), truncated=False)
    time = _sum_spots(heatmap.values)
    levels = choose_levels(float(time.max(initial=0.0)))
    x0, y0, x1, y1 = heatmap.bounds
    rows, columns = heatmap.shape
    below, undrawn = _find_undrawn(analysis, ground)
    spot = _PARTS * (x1 - x0) / columns / width, _PARTS * (y1 - y0) / rows / height
    return Stood(
        ground,
        _find_areas(heatmap, time, levels, ground),
        levels,
        spot,
        below,
        undrawn,
        background,
        analysis.zones,
        analysis.lines,
        colors,
    )


def find_boxes(
    analysis: VideoAnalysis, ground: Ground, colors: Mapping[str, int], *, background: bool
) -> Stood:
    """Return the time for which boxes covered each part of the image."""
    heatmap = analysis.heatmap(basis="boxes")
    levels = choose_levels(float(heatmap.values.max(initial=0.0)))
    areas = _find_areas(heatmap, heatmap.values, levels, ground)
    return Stood(
        ground,
        areas,
        levels,
        background=background,
        zones=analysis.zones,
        lines=analysis.lines,
        colors=colors,
    )


def _sum_spots(values: Floats) -> Floats:
    """Return the sum within the spot around each cell; cells beyond the borders are 0."""
    before, after = _PARTS // 2, _PARTS - _PARTS // 2 - 1
    windows = sliding_window_view(np.pad(values, ((before, after),) * 2), (_PARTS, _PARTS))
    sums: Floats = windows.sum(axis=(2, 3))
    return sums


def choose_levels(highest: float) -> list[float]:
    """Return the lower bound of each shade: round durations that increase two- or threefold [s]."""
    if highest < _NICE[0]:
        return []
    top = max(number for number, level in enumerate(_NICE) if level <= highest)
    lowest = max(top - LEVELS + 1, 0)
    return [float(level) for level in _NICE[lowest : top + 1]]


def _find_areas(
    heatmap: Heatmap, time: Floats, levels: Sequence[float], ground: Ground
) -> list[list[Floats]]:
    """Return the rings around the cells of at least each level, as fractions of the ground."""
    x0, y0, x1, y1 = heatmap.bounds
    rows, columns = heatmap.shape
    if not levels:
        return []
    padded = np.pad(time, 1)
    across = x0 + (np.arange(columns + 2) - 0.5) * (x1 - x0) / columns
    along = y0 + (np.arange(rows + 2) - 0.5) * (y1 - y0) / rows
    contours = contour_generator(across, along, padded, fill_type=FillType.OuterOffset)
    areas = []
    for number, level in enumerate(levels):
        upper = levels[number + 1] if number + 1 < len(levels) else float(padded.max()) * 2
        points, offsets, *_ = cast("tuple[list[Floats], list[Integers]]", contours.filled(level, upper))
        rings: list[Floats] = []
        for outline, starts in zip(points, offsets, strict=True):
            fractions = np.clip(ground.fractions(outline), 0.0, 1.0)
            rings += [fractions[a:b] for a, b in pairwise(starts)]
        areas.append(rings)
    return areas


def _find_undrawn(analysis: VideoAnalysis, ground: Ground) -> tuple[list[float], dict[str, float]]:
    """Return the time with feet below the image by position across it, and all undrawn time [s].

    The parts are disjoint. Together with the drawn time they sum to the time in the scene.
    """
    walks = analysis.walks
    (x, y), (x0, y0, x1, y1) = walks.position, analysis.bounds if analysis.unit == "m" else ground.bounds
    truncated, located = walks.read_flag("box_truncated"), np.isfinite(x) & np.isfinite(y)
    inside = located & (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    below = np.zeros(len(x), dtype=bool)
    if ground.picture and not analysis.has_points:
        below = truncated & located & (y >= y1 - 1.0)
    parts = {
        "below": below,
        "truncated": inside & truncated & ~below,
        "outside": located & ~inside & ~below,
        "without position": ~located,
    }
    undrawn = {name: float(walks.time_present[rows].sum()) / 1000.0 for name, rows in parts.items()}
    if not below.any():
        return [], undrawn
    bin_of_row = np.clip(((x[below] - x0) / (x1 - x0) * _BINS).astype("int64"), 0, _BINS - 1)
    strip = np.bincount(bin_of_row, weights=walks.time_present[below], minlength=_BINS) / 1000.0
    return [float(seconds) for seconds in strip], undrawn


def draw_stood(stood: Stood, width: int) -> str:
    """Draw the shades over the image, with the outlines of zones and lines."""
    wide, high = stood.ground.size
    inner = min(float(width), _HIGHEST * wide / high)
    height = inner * high / wide
    size = {"width": inner, "height": height}
    drawn = [element("rect", class_="sheet", **size)]
    if stood.background:
        drawn.append(element("use", href="#scene", class_="scene", **size))
    for shade, rings in enumerate(stood.areas, LEVELS + 1 - len(stood.areas)):
        path = "".join(_write_ring(ring, inner, height) for ring in rings)
        if path:
            drawn.append(element("path", d=path, class_=f"h{shade}", fill_rule="evenodd"))
    drawn += _draw_outlines(stood, inner, height)
    if stood.spot[0]:
        side = {"width": stood.spot[0] * inner, "height": stood.spot[1] * height}
        x = inner - side["width"] - 6
        drawn.append(element("rect", x=x, y=6, class_="spot", **side))
        drawn.append(letters(x - 5, 6 + side["height"] / 2 + 4, "one spot", "halo small", "end"))
    if stood.below:
        drawn += _draw_below(stood.below, inner, height)
        height += _STRIP
    middle = f"translate({(width - inner) / 2:.1f} 0)"
    return drawing(width, height, element("g", *drawn, transform=middle), class_="map")


def _write_ring(ring: Floats, width: float, height: float) -> str:
    points = np.round(ring * (width, height), 1)
    if len(points) < 4:  # noqa: PLR2004 - a triangle and its first point again
        return ""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points.tolist()) + "Z"


def _draw_outlines(stood: Stood, width: float, height: float) -> list[str]:
    """Draw the zones in their colors and the lines dashed, with names."""
    drawn, names = [], []
    for zone in stood.zones:
        color = f"on{stood.colors[zone.name]}" if zone.name in stood.colors else "onall"
        path = "".join(_write_ring(np.array(ring), width, height) for ring in stood.ground.parts(zone))
        if not path:
            continue
        drawn += [
            element("path", d=path, class_="casing"),
            element("path", d=path, class_=f"{color} outline"),
        ]
        if zone.name in stood.colors:
            ring = np.array(stood.ground.parts(zone)[0])
            x, y = float(ring[:, 0].min()) * width, float(ring[:, 1].max()) * height
            x, y = min(max(x, 2.0), width - 60), min(max(y + 14, 14.0), height - 4)
            names.append(letters(x, y, fit(zone.name, width - x), f"{color} halo b"))
    for one in stood.lines:
        for part in stood.ground.parts(one):
            points = np.round(np.array(part) * (width, height), 1).tolist()
            path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
            drawn += [element("path", d=path, class_="casing"), element("path", d=path, class_="entrance")]
    return [*drawn, *names]


def _draw_below(below: Sequence[float], width: float, height: float) -> list[str]:
    """Draw the time with feet below the image as a strip of bars."""
    most, wide = max(below), width / _BINS
    drawn = [
        element("rect", x=0, y=height, width=width, height=_STRIP, class_="sheet"),
        line(0, height, width, height, "border"),
    ]
    for number, seconds in enumerate(below):
        if seconds:
            words = title(f"{format_length(seconds)} with feet below the image")
            size = {"width": wide, "height": max(2.0, seconds / most * (_STRIP - 4))}
            drawn.append(element("rect", words, x=number * wide, y=height + 1, class_="below", **size))
    highest = below.index(most)
    anchor = "end" if highest > _BINS / 2 else "start"
    x = (highest if anchor == "end" else highest + 1) * wide + (-4 if anchor == "end" else 4)
    return [*drawn, letters(x, height + _STRIP - 6, f"up to {format_length(most)}", "halo small", anchor)]
