"""The image behind a plot, and the outlines, names and numbers on it."""

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


def read_background(picture: Picture) -> Floats:
    """Read an image as (rows, columns, 3) from 0 to 1, as ``read_picture`` does."""
    return np.asarray(read_picture(picture)) / _FULL


def frame_bounds(
    unit: str, *, bounds: Bounds | None, video: Video | None, picture: Floats | None
) -> Bounds | None:
    """Return the rectangle of the plane that the frame, or the drawn part of the floor, fills.

    These are the given bounds, or the frame of the video, or the size of the image, or None.

    Raises
    ------
    ParameterError
        If the given one is empty, or there is a picture but its position is not known on the floor.
    """
    if bounds is not None:
        x0, y0, x1, y1 = parse_bounds(bounds)
        _warn_if_stretched(picture, (x1 - x0, y1 - y0), unit)
        return x0, y0, x1, y1
    if unit == "m":
        if picture is not None:
            raise ParameterError(
                "a background under a plot in m needs bounds=(x0, y0, x1, y1), as floor.bounds has it"
            )
        return None
    if video is not None and video.width is not None and video.height is not None:
        _warn_if_stretched(picture, (video.width, video.height), unit)
        return 0.0, 0.0, float(video.width), float(video.height)
    if picture is not None:
        return 0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])
    return None


def _warn_if_stretched(picture: Floats | None, rectangle: tuple[float, float], unit: str) -> None:
    """Warn of an image of another shape than the rectangle that it fills."""
    if picture is None:
        return
    size = picture.shape[1], picture.shape[0]
    for note in stretched_note(size, rectangle, of_frame=unit == "px"):
        warnings.warn(note, PtrackWarning, stacklevel=4)


def dimmed(picture: Floats) -> Floats:
    """Make an image paler in color and light, whatever its brightness, so that data stand out.

    A dark image is brightened first, so that its content can still be seen.
    """
    bright = picture / max(float(np.percentile(picture, 99)), _DARKEST)
    gray = (bright @ np.array(_LUMA))[..., None]
    paler = 1.0 - (_GREY * gray + (1.0 - _GREY) * bright).clip(0.0, 1.0)
    light: Floats = 1.0 - min(1.0 - _DIM, _MEAN_DARKNESS / max(float(paler.mean()), 1e-9)) * paler
    return light.clip(0.0, 1.0)


def draw_background(ax: Axes, picture: Floats, bounds: Bounds) -> None:
    """Draw the image in its rectangle, paler and lighter."""
    x0, y0, x1, y1 = bounds
    limits = ax.axis()
    below, above = (y1, y0) if ax.yaxis_inverted() else (y0, y1)
    image = ax.imshow(dimmed(picture), extent=(x0, x1, below, above), zorder=0, aspect=ax.get_aspect())
    image.set_label("_background")
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
        With the first such argument.
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
            raise ParameterError(f"{thing.kind} {thing.name!r} is in {thing.unit}, and the plot is in {unit}")


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
    """Write the name inside the zone, clear of the texts that are there already where there is room.

    That is in an upper corner of a zone like a rectangle, or otherwise where the zone is widest.
    """
    outline = zone.outline
    part = max(outline.geoms, key=lambda each: each.area) if isinstance(outline, MultiPolygon) else outline
    for style in _list_places(ax, part):
        text = ax.annotate(short_name(zone.name), **_LETTERING, **style)
        box = _estimate_box(ax, text)
        if not any(((box[0] < b) & (box[1] > a)).all() for a, b in taken):
            break
        text.remove()
    else:
        text = ax.annotate(short_name(zone.name), **_LETTERING, **_list_places(ax, part)[0])
    taken.append(_estimate_box(ax, text))


def _list_places(ax: Axes, part: Polygon) -> list[dict[str, Any]]:
    """List positions and alignments for the name of a zone, the best first."""
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
    """Return the lower left and upper right corner of a text in points, without drawing the figure."""
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
    """Give the place for a name: the centroid, unless a circle much smaller than elsewhere fits around it."""
    circle = shapely.maximum_inscribed_circle(part)
    room = part.boundary.distance(part.centroid) if part.contains(part.centroid) else 0.0
    found: Floats = shapely.get_coordinates(part.centroid if room >= _ROOM * circle.length else circle)[0]
    return found


def _name_line(ax: Axes, line: Line) -> None:
    """Write the name on the line's *out* side, with an arrow from its middle to the *in* side."""
    middle, way = way_in(line.seen)
    inwards = way * [1, -1 if ax.yaxis_inverted() else 1]  # on paper y points upward
    place = (float(middle[0]), float(middle[1]))
    arrow: dict[str, Any] = {"arrowstyle": "<|-", "color": INK, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("in", place, xytext=tuple(20 * inwards), arrowprops=arrow, **_beside(inwards), **_LETTERING)
    ax.annotate(short_name(line.name), place, xytext=tuple(-6 * inwards), **_beside(-inwards), **_LETTERING)


def way_in(line: LineString) -> tuple[Floats, Floats]:
    """Return a line's middle, and which way *in* is with y downwards: to the right of who walks along it."""
    before, middle = (
        shapely.get_coordinates(line.interpolate(share, normalized=True))[0] for share in (0.45, 0.5)
    )
    x, y = (middle - before) / np.hypot(*(middle - before))
    return middle, np.array([-y, x])


def _beside(way: Floats) -> dict[str, Any]:
    """Return the alignment of a text that lies this way from its point, and grows further that way."""
    across, down = np.sign(np.round(way)).astype(int).tolist()
    return {
        "textcoords": "offset points",
        "ha": ("right", "center", "left")[across + 1],
        "va": ("top", "center", "bottom")[down + 1],
    }


_WIDE, _HIGH = 6.0, 9.0
_AWAY = (6.0, 15.0)
_SIDES = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1))


def label_points(ax: Axes, points: Floats, texts: Sequence[str], colors: Floats) -> None:
    """Write a text beside each (n, 2) point, on the first side where it is free and inside the axes.

    Texts that stand already are kept clear of; where every side is taken, the text goes to the right. The
    side is chosen for the present size of the figure. O(n²), for a few dozen.
    """
    figure = ax.get_figure(root=True)
    if figure is None or len(points) == 0:
        return
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    places = ax.transData.transform(points) / scale
    low, high = ax.bbox.get_points() / scale
    taken = [(place - 4, place + 4) for place in places]
    taken += [tuple(text.get_window_extent().get_points() / scale) for text in ax.texts]
    for place, point, text, color in zip(places, points, texts, colors, strict=True):
        away, box = _free_place(place, np.array([_WIDE * len(text), _HIGH]), taken, low, high)
        taken.append(box)
        style: dict[str, Any] = {"color": _inked(color), "ha": "center", "va": "center", "zorder": 8}
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


def _free_place(
    place: Floats, size: Floats, taken: Sequence[tuple[Floats, Floats]], low: Floats, high: Floats
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Find where beside the place the text's middle goes, and the box it fills."""
    ways = [np.array(side) * (away + size / 2) for away in _AWAY for side in _SIDES]
    boxes = [(place + way - size / 2, place + way + size / 2) for way in ways]
    for way, (lower, upper) in zip(ways, boxes, strict=True):
        inside = (lower >= low).all() and (upper <= high).all()
        if inside and not any(((lower < b) & (upper > a)).all() for a, b in taken):
            return way, (lower, upper)
    return ways[0], boxes[0]


def _inked(color: Floats) -> object:
    """Return the color, or dark gray where it is too light for letters."""
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
    """Make axes of the plane: of the frame or the bounds, else of all (n, 2) points and outlines.

    ``default`` is shown if neither ``bounds`` nor the video nor the background tells the size of the frame.

    Raises
    ------
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or its position is
        not known, or the bounds are empty.
    """
    validate_ground(zones, lines, unit, video=video, y_axis=y_axis)
    picture = None if background is None else read_background(background)
    frame = frame_bounds(unit, bounds=bounds, video=video, picture=picture) or default
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
    if picture is not None and frame is not None:
        draw_background(ax, picture, frame)
    return ax
