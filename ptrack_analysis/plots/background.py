"""Background images of plots, and zones, lines and labels on them."""

import warnings
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from shapely.geometry import LineString, MultiPolygon, Polygon

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.errors import ParameterError, PtrackWarning
from ptrack_analysis.geometry import Floats
from ptrack_analysis.limits import parse_bounds, validate_choice
from ptrack_analysis.plots.style import INK, PAPER, enclosing_bounds, plane_axes, short_name
from ptrack_analysis.scene.images import Picture, read_picture, stretched_note
from ptrack_analysis.scene.zones import Line, Zone, validate_items
from ptrack_analysis.video import Video, YAxis, validate_video

_DIM = 0.4
_GREY = 0.5
_DARKEST = 0.2
_MEAN_DARKNESS = 0.22
_LUMA = (0.299, 0.587, 0.114)
_FULL = 255.0


def read_background(image: Picture) -> Floats:
    """Read an image as floats from 0 to 1 of shape (rows, columns, 3), as ``read_picture`` does."""
    return np.asarray(read_picture(image)) / _FULL


def frame_bounds(
    unit: str, *, bounds: Bounds | None, video: Video | None, image: Floats | None
) -> Bounds | None:
    """Return the rectangle of the plane that the frame or the floor plan fills.

    This is the given bounds, the frame of the video, the size of the image, or None.

    Raises
    ------
    ParameterError
        If the bounds are empty, or an image has no known position on the floor.
    """
    if bounds is not None:
        x0, y0, x1, y1 = parse_bounds(bounds)
        _warn_if_stretched(image, (x1 - x0, y1 - y0), unit)
        return x0, y0, x1, y1
    if unit == "m":
        if image is not None:
            raise ParameterError(
                "A background of a plot in m needs a position. "
                "Pass bounds=(x0, y0, x1, y1), such as floor.bounds."
            )
        return None
    if video is not None and video.width is not None and video.height is not None:
        _warn_if_stretched(image, (video.width, video.height), unit)
        return 0.0, 0.0, float(video.width), float(video.height)
    if image is not None:
        return 0.0, 0.0, float(image.shape[1]), float(image.shape[0])
    return None


def _warn_if_stretched(image: Floats | None, rectangle: tuple[float, float], unit: str) -> None:
    """Warn if an image is stretched to fill its rectangle."""
    if image is None:
        return
    size = image.shape[1], image.shape[0]
    for note in stretched_note(size, rectangle, of_frame=unit == "px"):
        warnings.warn(note, PtrackWarning, stacklevel=4)


def dimmed(image: Floats) -> Floats:
    """Make an image paler, regardless of its brightness, so that data on it are visible.

    A dark image is first brightened to keep its content visible.
    """
    bright = image / max(float(np.percentile(image, 99)), _DARKEST)
    gray = (bright @ np.array(_LUMA))[..., None]
    paler = 1.0 - (_GREY * gray + (1.0 - _GREY) * bright).clip(0.0, 1.0)
    light: Floats = 1.0 - min(1.0 - _DIM, _MEAN_DARKNESS / max(float(paler.mean()), 1e-9)) * paler
    return light.clip(0.0, 1.0)


def draw_background(ax: Axes, image: Floats, bounds: Bounds) -> None:
    """Draw the dimmed image in its rectangle."""
    x0, y0, x1, y1 = bounds
    limits = ax.axis()
    below, above = (y1, y0) if ax.yaxis_inverted() else (y0, y1)
    artist = ax.imshow(dimmed(image), extent=(x0, x1, below, above), zorder=0, aspect=ax.get_aspect())
    artist.set_label("_background")
    ax.axis(limits)


_TextBox = tuple[Floats, Floats]
HALO = withStroke(linewidth=2.5, foreground=PAPER)
_CASED = withStroke(linewidth=3.2, foreground=PAPER)
_LETTERING: dict[str, Any] = {
    "fontsize": "small",
    "color": INK,
    "path_effects": [HALO],
    "zorder": 7,
    "annotation_clip": True,
}
_RECTANGULAR = 0.9
_OUTER = 0.12
_ROOM = 0.7


def validate_ground(
    zones: Sequence[Zone],
    lines: Sequence[Line],
    unit: str,
    *,
    video: Video | None,
    y_axis: YAxis,
) -> None:
    """Reject arguments of a plot in the plane that are of the wrong kind or in another unit.

    Raises
    ------
    ParameterError
        If an argument is of the wrong kind, or a zone or line is in another unit.
    """
    validate_outlines(zones, lines, unit)
    validate_choice(y_axis, "y_axis", get_args(YAxis))
    if video is not None:
        validate_video(video)


def validate_outlines(zones: Sequence[Zone], lines: Sequence[Line], unit: str) -> None:
    """Reject what is not a zone or a line, and those that are not in the unit of the plot.

    Raises
    ------
    ParameterError
        With the first such argument, zone or line.
    """
    validate_items(zones, Zone, "zones")
    validate_items(lines, Line, "lines")
    things: list[Zone | Line] = [*zones, *lines]
    for thing in things:
        if thing.unit != unit:
            raise ParameterError(f"{thing.kind} {thing.name!r} is in {thing.unit}, but the plot is in {unit}")


def draw_outlines(ax: Axes, zones: Sequence[Zone], lines: Sequence[Line]) -> None:
    """Draw the zones with their names, and the lines with their names and an arrow to the *in* side."""
    rings = [
        shapely.get_coordinates(ring) for zone in zones for ring in shapely.get_parts(zone.outline.boundary)
    ]
    _add_strokes(ax, rings, "solid", "_zones")
    _add_strokes(ax, [shapely.get_coordinates(line.outline) for line in lines], (0, (5, 1.5)), "_lines")
    for line in lines:
        _name_line(ax, line)
    taken = [_estimate_box(ax, text) for text in ax.texts if isinstance(text, Annotation)]
    for zone in zones:
        _name_zone(ax, zone, taken)


def _add_strokes(ax: Axes, strokes: Sequence[Floats], style: Any, label: str) -> None:
    if strokes:
        drawn = LineCollection(strokes, colors=INK, linewidths=1.4, linestyles=[style], zorder=5)
        drawn.set(path_effects=[_CASED], label=label)
        ax.add_collection(drawn)


def _name_zone(ax: Axes, zone: Zone, taken: list[_TextBox]) -> None:
    """Write the name inside the zone, without overlapping other texts if possible.

    The name is in an upper corner of a zone that is nearly a rectangle, and otherwise at its widest part.
    """
    outline = zone.outline
    part = max(outline.geoms, key=lambda each: each.area) if isinstance(outline, MultiPolygon) else outline
    for style in _list_positions(ax, part):
        text = ax.annotate(short_name(zone.name), **_LETTERING, **style)
        box = _estimate_box(ax, text)
        if not any(((box[0] < b) & (box[1] > a)).all() for a, b in taken):
            break
        text.remove()
    else:
        text = ax.annotate(short_name(zone.name), **_LETTERING, **_list_positions(ax, part)[0])
    taken.append(_estimate_box(ax, text))


def _list_positions(ax: Axes, part: Polygon) -> list[dict[str, Any]]:
    """List positions and alignments for the name of a zone in order of preference."""
    left, low, right, high = part.bounds
    top, base = (low, high) if ax.yaxis_inverted() else (high, low)
    start, end = sorted(ax.get_xlim())
    points: dict[str, Any] = {"textcoords": "offset points"}
    if part.area > _RECTANGULAR * (right - left) * (high - low):
        first = "right" if (left + right) / 2 > (start + end) / 2 else "left"
        second = "left" if first == "right" else "right"
        x = {"left": (left, 4), "right": (right, -4)}
        corners = [(side, edge) for edge in ("top", "bottom") for side in (first, second)]
        y = {"top": (top, -4), "bottom": (base, 4)}
        return [
            {"xy": (x[side][0], y[edge][0]), "xytext": (x[side][1], y[edge][1]), "ha": side, "va": edge}
            | points
            for side, edge in corners
        ]
    middle = _middle(part)
    share = (middle[0] - start) / (end - start)
    across = "left" if share < _OUTER else "right" if share > 1 - _OUTER else "center"
    moves = ((0, 0), (32, 0), (-32, 0), (0, 13), (0, -13), (48, 0), (-48, 0))
    where: dict[str, Any] = {"xy": (float(middle[0]), float(middle[1])), "ha": across, "va": "center"}
    return [{**where, "xytext": move} | points for move in moves]


def _estimate_box(ax: Axes, text: Annotation) -> _TextBox:
    """Estimate the lower left and upper right corner of a text in points, without drawing the figure."""
    figure = ax.get_figure(root=True)
    scale = figure.dpi / 72 if figure is not None else 1.0
    rows = text.get_text().split("\n")
    size = np.array([_WIDE * max(map(len, rows)), 1.3 * _HIGH * len(rows)])
    anchor = ax.transData.transform(text.xy) / scale + np.asarray(text.xyann, dtype="float64")
    across = {"left": 0.0, "center": 0.5, "right": 1.0}[text.get_horizontalalignment()]
    up = {"bottom": 0.0, "center": 0.5, "top": 1.0}[text.get_verticalalignment()]
    low = anchor - size * [across, up]
    return low, low + size


def _middle(part: Polygon) -> Floats:
    """Return the centroid, or the center of the largest inscribed circle if that has much more room."""
    circle = shapely.maximum_inscribed_circle(part)
    room = part.boundary.distance(part.centroid) if part.contains(part.centroid) else 0.0
    found: Floats = shapely.get_coordinates(part.centroid if room >= _ROOM * circle.length else circle)[0]
    return found


def _name_line(ax: Axes, line: Line) -> None:
    """Write the name on the line's *out* side, with an arrow from its middle to the *in* side."""
    middle, direction = way_in(line.seen)
    inwards = direction * [1, -1 if ax.yaxis_inverted() else 1]  # offsets in points grow upwards
    position = (float(middle[0]), float(middle[1]))
    arrow: dict[str, Any] = {"arrowstyle": "<|-", "color": INK, "shrinkA": 0, "shrinkB": 0}
    ax.annotate(
        "in", position, xytext=tuple(20 * inwards), arrowprops=arrow, **_align_label(inwards), **_LETTERING
    )
    ax.annotate(
        short_name(line.name), position, xytext=tuple(-6 * inwards), **_align_label(-inwards), **_LETTERING
    )


def way_in(line: LineString) -> tuple[Floats, Floats]:
    """Return the middle of a line and the direction of its *in* side: to the right, with y downwards."""
    before, middle = (
        shapely.get_coordinates(line.interpolate(share, normalized=True))[0] for share in (0.45, 0.5)
    )
    x, y = (middle - before) / np.hypot(*(middle - before))
    return middle, np.array([-y, x])


def _align_label(direction: Floats) -> dict[str, Any]:
    """Return the alignment of a text on this side of its point."""
    across, down = np.sign(np.round(direction)).astype(int).tolist()
    return {
        "textcoords": "offset points",
        "ha": ("right", "center", "left")[across + 1],
        "va": ("top", "center", "bottom")[down + 1],
    }


_WIDE, _HIGH = 6.0, 9.0
_AWAY = (6.0, 15.0)
_SIDES = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1))


def label_points(ax: Axes, points: Floats, texts: Sequence[str], colors: Floats) -> None:
    """Label each (n, 2) point on the first side that is free and inside the axes.

    Labels do not overlap existing texts. If no side is free, the label is on the right. The choice is made
    for the current size of the figure. O(n²), for a few dozen points.
    """
    figure = ax.get_figure(root=True)
    if figure is None or len(points) == 0:
        return
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    positions = ax.transData.transform(points) / scale
    low, high = ax.bbox.get_points() / scale
    taken = [(position - 4, position + 4) for position in positions]
    taken += [tuple(text.get_window_extent().get_points() / scale) for text in ax.texts]
    for position, point, text, color in zip(positions, points, texts, colors, strict=True):
        away, box = _find_free_offset(position, np.array([_WIDE * len(text), _HIGH]), taken, low, high)
        taken.append(box)
        style: dict[str, Any] = {"color": _choose_ink(color), "ha": "center", "va": "center", "zorder": 8}
        ax.annotate(
            text,
            (float(point[0]), float(point[1])),
            xytext=(float(away[0]), float(away[1])),
            textcoords="offset points",
            fontsize="small",
            fontweight="bold",
            path_effects=[HALO],
            annotation_clip=True,
            **style,
        )


def _find_free_offset(
    position: Floats, size: Floats, taken: Sequence[tuple[Floats, Floats]], low: Floats, high: Floats
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Return the offset of a label from its point, and the box that it fills."""
    offsets = [np.array(side) * (away + size / 2) for away in _AWAY for side in _SIDES]
    boxes = [(position + direction - size / 2, position + direction + size / 2) for direction in offsets]
    for direction, (lower, upper) in zip(offsets, boxes, strict=True):
        inside = (lower >= low).all() and (upper <= high).all()
        if inside and not any(((lower < b) & (upper > a)).all() for a, b in taken):
            return direction, (lower, upper)
    return offsets[0], boxes[0]


def _choose_ink(color: Floats) -> object:
    """Return the color, or dark gray if the color is too light for text."""
    return INK if color[:3].mean() > 0.6 else tuple(color[:3])  # noqa: PLR2004 - of 1, white


def ground_axes(
    ax: Axes | None,
    unit: str,
    points: Floats | None = None,
    *,
    background: Picture | None,
    video: Video | None,
    bounds: Bounds | None,
    zones: Sequence[Zone],
    lines: Sequence[Line],
    margin: tuple[float, float] = (1.0, 1.4),
    default: Bounds | None = None,
    y_axis: YAxis = "down",
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
) -> Axes:
    """Return axes that show the frame or the bounds, or otherwise all (n, 2) points and outlines.

    ``default`` is shown if the size of the frame is not known from ``bounds``, the video or the background.

    Raises
    ------
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or its position is
        not known, or the bounds are empty.
    """
    validate_ground(zones, lines, unit, video=video, y_axis=y_axis)
    image = None if background is None else read_background(background)
    frame = frame_bounds(unit, bounds=bounds, video=video, image=image) or default
    outlines = [*(zone.outline for zone in zones), *(line.outline for line in lines)]
    corners = [np.reshape(outline.bounds, (2, 2)) for outline in outlines]
    shown = frame or enclosing_bounds(
        np.concatenate([np.empty((0, 2)) if points is None else points, *corners])
    )
    ax = plane_axes(
        ax,
        unit,
        shown,
        fixed=frame is not None,
        y_axis=y_axis,
        margin=margin,
        title=title,
        figsize=figsize,
    )
    if image is not None and frame is not None:
        draw_background(ax, image, frame)
    return ax
