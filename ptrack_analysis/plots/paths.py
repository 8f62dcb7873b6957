"""Paths of people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba, to_rgba_array
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.analysis.selection import parse_person_numbers
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers, contains
from ptrack_analysis.limits import validate_choice
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.arrows import draw_arrow_heads, find_arrow_heads
from ptrack_analysis.plots.background import (
    draw_background,
    draw_outlines,
    frame_bounds,
    label_points,
    read_background,
    validate_ground,
)
from ptrack_analysis.plots.steps import Steps, find_steps
from ptrack_analysis.plots.style import (
    INK,
    OKABE_ITO,
    PAPER,
    Color,
    add_color_bar,
    build_palette,
    casings,
    distinct_colors,
    enclosing_bounds,
    legend_below,
    plane_axes,
    short_name,
    take_scale,
    write_no_data,
    zone_colors,
)
from ptrack_analysis.plots.time_axis import clock, time_unit
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import TRAJECTORIES, find_unit, validate
from ptrack_analysis.video import Video, YAxis

MOST_PATHS = 20
"""Largest number of people whose paths are drawn individually by default."""
_HIGHLIGHTED = 3
_CELLS = 64
"""Cells across the plot of many people."""
_LEVELS = 64
"""Number of colors of the scale of speed or time."""
_PALEST = 0.2
_GRAY = "#707070"
_DASHES, _DOTS = (0, (2.5, 1.8)), (0, (0.8, 1.6))
_STROKES: dict[str, Any] = {"observed": "solid", "guessed": _DASHES, "truncated": _DOTS}
_MILLISECONDS = 1000.0
ColorBy = Literal["person", "speed", "time", "zone"]


@plot_analysis(lambda analysis: analysis.trajectories, "lines", "zones", "bounds", "y_axis")
def plot_paths(
    trajectories: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    background: Picture | None = None,
    video: Video | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    persons: Collection[int] | None = None,
    color_by: ColorBy = "person",
    highlight: Collection[int] | None = None,
    color: Color | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot each person's path on the image or the floor plan.

    A ring marks the first position, a square the last, and arrowheads the direction. The line breaks at gaps.
    A single position is a dot. Interpolated parts are dashed. Parts with boxes truncated by the image border
    are dotted, because the true position may be different.

    For more than 20 people, the plot shows the number of people who passed each cell (dark is high), and
    highlights a few paths.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    ax
        Axes to draw on, such as those returned by ``plot_heatmap``; by default a new figure's.
    title
        Title. By default, a VideoAnalysis on a new figure has its name, time and number of people.
    figsize
        Width and height of a new figure [inches]; by default they fit the data.
    background
        Image to draw below, dimmed: a file, or an array (rows, columns, colors).
    video
        The video, for its frame size: the background fills the frame, and the axes show it. By default the
        frame has the size of the background.
    bounds
        x0, y0, x1, y1 of the rectangle that the background fills and the axes show, in the plane's unit;
        required for a background in m (``floor.bounds``).
    zones, lines
        Zones and lines to draw with their names, in the same plane.
    y_axis
        Direction in which y grows: ``down`` on an image, ``up`` for PedPy points and surveyed plans.
    persons
        Indices of the people to draw; by default all.
    color_by
        ``person`` gives each person a color. ``speed`` is the speed of the trajectories, ``time`` the time
        since the start of the video. ``zone`` is the color of the zone that contains the position, the first
        of ``zones`` where they overlap. Except for ``person``, all paths are drawn, regardless of their
        number.
    highlight
        Indices of the people whose paths are highlighted if there are more than 20; by default the three
        people located longest.
    color
        One color for all paths.
    **kwargs
        Passed to ``matplotlib.collections.LineCollection``, which draws the paths. ``vmin``, ``vmax``,
        ``norm`` and ``cmap`` change the scale of speed, time, or people per cell.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or its position is
        not known, the bounds are empty, or a person is not in the table.

    Notes
    -----
    O(n log n). An SVG or PDF contains every position; ``rasterized=True`` reduces its size.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = pta.plot_paths(analysis)
    >>> ax.get_title(loc="left")
    'shop, 0:00 to 3:00, 13 people'

    On the floor plan, colored by speed:

    >>> analysis = pta.open_video("data/shop", floor="data/shop/floor.json")
    >>> ax = pta.plot_paths(analysis, color_by="speed", background="data/shop/floor_plan.png")
    >>> ax.get_xlabel()
    'x [m]'
    """
    validate(trajectories, TRAJECTORIES)
    validate_choice(color_by, "color_by", _COLORINGS)
    highlight = None if highlight is None else parse_person_numbers(highlight, "highlight")
    if color is not None and color_by != "person":
        raise ParameterError("Pass color or color_by, but not both.")
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_ground(zones, lines, unit, video=video, y_axis=y_axis)
    image = None if background is None else read_background(background)
    frame = frame_bounds(unit, bounds=bounds, video=video, image=image)
    steps = find_steps(trajectories, unit, persons)
    shown = frame or enclosing_bounds(_all_points(steps, zones, lines))
    ax = plane_axes(
        ax,
        unit,
        shown,
        fixed=frame is not None,
        y_axis=y_axis,
        margin=(1.0, 1.4),
        title=title,
        figsize=figsize,
    )
    if image is not None and frame is not None:
        draw_background(ax, image, frame)
    if len(steps.persons) == 0:
        write_no_data(ax, "No positions")
        draw_outlines(ax, zones, lines)
        return ax
    scale: dict[str, Any] = {
        name: kwargs.pop(name) for name in ("vmin", "vmax", "norm", "cmap") if name in kwargs
    }
    by_cell = color_by == "person" and color is None and len(steps.persons) > MOST_PATHS
    if by_cell:
        _draw_people_per_cell(ax, steps, shown, scale)
        chosen = _choose_highlighted(steps, highlight)
        scale = {}
        steps = find_steps(trajectories, unit, chosen) if chosen else steps
    if scale and color_by in {"person", "zone"}:
        raise ParameterError(
            f"{next(iter(scale))} needs a scale. Pass color_by='speed' or 'time', or draw more than "
            f"{MOST_PATHS} people."
        )
    if not by_cell or chosen:
        coloring = _color_all(steps, color) if color else _COLORINGS[color_by](steps, unit, zones, scale)
        _draw_paths(ax, steps, coloring, shown, kwargs)
    draw_outlines(ax, zones, lines)
    if len(steps.persons) <= MOST_PATHS and color_by == "person":
        _name_persons(ax, steps, coloring)
    return ax


def _all_points(steps: Steps, zones: Sequence[Zone], lines: Sequence[Line]) -> Floats:
    outlines = [*(zone.outline for zone in zones), *(line.outline for line in lines)]
    corners = [np.reshape(outline.bounds, (2, 2)) for outline in outlines]
    return np.concatenate([steps.points[steps.known], *corners])


@dataclass(frozen=True, slots=True, eq=False)
class _Coloring:
    """Color of each row, as an index into ``colors``, with the legend or the scale."""

    level: Integers
    colors: Floats
    keys: Sequence[Artist] = ()
    bar: ScalarMappable | None = None
    label: str = ""


def _color_by_person(steps: Steps, _unit: str, _zones: Sequence[Zone], _scale: dict[str, Any]) -> _Coloring:
    colors = distinct_colors(len(steps.persons))
    keys = [
        Line2D([], [], color=color, linewidth=2, label=f"person {person}")
        for person, color in zip(steps.persons, colors, strict=True)
    ]
    return _Coloring(steps.rank, colors, keys if len(keys) <= len(OKABE_ITO) else ())


def _color_all(steps: Steps, color: Color) -> _Coloring:
    return _Coloring(np.zeros(len(steps.rank), dtype="int64"), to_rgba_array([color]))


def _color_by_speed(steps: Steps, unit: str, _zones: Sequence[Zone], scale: dict[str, Any]) -> _Coloring:
    return _color_by_value(steps.speed, scale, f"speed [{unit}/s]")


def _color_by_time(steps: Steps, _unit: str, _zones: Sequence[Zone], scale: dict[str, Any]) -> _Coloring:
    seconds = steps.time / _MILLISECONDS
    known = seconds[steps.known]
    unit = time_unit(float(known.max()))
    scale = {"vmin": float(known.min()), **scale} if "norm" not in scale else scale
    return _color_by_value(seconds, scale, f"time since the start of the video [{unit}]")


def _color_by_value(values: Floats, scale: dict[str, Any], label: str) -> _Coloring:
    """Color by value in steps of the scale; missing values are gray."""
    style = dict(scale)
    cmap = style.pop("cmap", None) or build_palette(_PALEST)
    known = np.ma.masked_invalid(values)
    bar = ScalarMappable(take_scale(style, 0.0, float(known.max()) if known.count() else 1.0), cmap)
    bar.set_array(known)
    share = np.ma.filled(bar.norm(known), np.nan)
    unknown = np.isnan(share)
    level = np.clip(np.nan_to_num(share) * _LEVELS, 0, _LEVELS - 1).astype("int64")
    colors = np.vstack([bar.get_cmap()((np.arange(_LEVELS) + 0.5) / _LEVELS), to_rgba(_GRAY)])
    return _Coloring(np.where(unknown, _LEVELS, level), colors, bar=bar, label=label)


def _color_by_zone(steps: Steps, _unit: str, zones: Sequence[Zone], _scale: dict[str, Any]) -> _Coloring:
    if not zones:
        raise ParameterError("Coloring paths by zone needs zones. Pass zones=... (--zones FILE).")
    level = np.full(len(steps.rank), len(zones))
    for number, zone in reversed(list(enumerate(zones))):
        level[contains(zone.edges, *steps.points.T)] = number
    by_name = zone_colors(zone.name for zone in zones)
    colors = to_rgba_array([*(by_name[zone.name] for zone in zones), to_rgba(_GRAY)])
    names = [*(short_name(zone.name) for zone in zones), "outside the zones"]
    keys = [
        Line2D([], [], color=color, linewidth=2, label=name)
        for name, color in zip(names, colors, strict=True)
    ]
    return _Coloring(level, colors, keys)


_COLORINGS = {
    "person": _color_by_person,
    "speed": _color_by_speed,
    "time": _color_by_time,
    "zone": _color_by_zone,
}


def _choose_highlighted(steps: Steps, highlight: Collection[int] | None) -> list[int]:
    """Return the people to highlight: those given, or the three located longest."""
    if highlight is not None:
        return list(highlight)
    located = steps.known & (steps.rank >= 0)
    present = np.bincount(steps.rank[located], steps.time_present[located])
    longest: list[int] = steps.persons[np.argsort(-present, kind="stable")[:_HIGHLIGHTED]].tolist()
    return longest


def _draw_paths(ax: Axes, steps: Steps, coloring: _Coloring, shown: Bounds, kwargs: dict[str, Any]) -> None:
    number = len(steps.persons)
    crowd = min(len(OKABE_ITO) / number, 1.0)
    width, alpha = max(2.0 * crowd**0.4, 0.7), max(0.95 * crowd**0.22, 0.5)
    size = max(6.5 * crowd**0.3, 1.5)
    _draw_strokes(ax, steps, coloring, (width, alpha), kwargs)
    keys = list(coloring.keys)
    if number <= MOST_PATHS:
        diagonal = float(np.hypot(shown[2] - shown[0], shown[3] - shown[1]))
        positions, directions, rows = find_arrow_heads(steps, 0.12 * diagonal)
        draw_arrow_heads(ax, positions, directions, coloring.colors[coloring.level[rows]], size + width)
        _draw_marks(ax, steps, coloring, size)
        keys += _list_keys(steps, is_numbered=not keys and coloring.bar is None)
    legend_below(ax, keys)
    if coloring.bar is not None:
        _add_scale(ax, coloring.bar, coloring.label)


def _add_scale(ax: Axes, bar: ScalarMappable, label: str) -> None:
    add_color_bar(ax, bar, label)
    if label.startswith("time") and bar.colorbar is not None:
        unit = label.rpartition("[")[2].rstrip("]")
        bar.colorbar.ax.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: clock(seconds, unit)))


def _draw_people_per_cell(ax: Axes, steps: Steps, shown: Bounds, scale: dict[str, Any]) -> None:
    """Draw the number of people who passed each cell, with a scale; dark is high."""
    x0, y0, x1, y1 = shown
    cell = (x1 - x0) / _CELLS
    columns, rows = _CELLS, max(int(np.ceil((y1 - y0) / cell)), 1)
    people = count_people_per_cell(steps, shown, (rows, columns))
    if not people.any():
        return
    style = {"cmap": build_palette(), **scale}
    style["norm"] = take_scale(style, 0.0, float(people.max()))
    mesh = ax.pcolormesh(
        x0 + cell * np.arange(columns + 1),
        y0 + cell * np.arange(rows + 1),
        np.ma.masked_equal(people, 0),
        alpha=0.9,
        zorder=1.5,
        **style,
    )
    mesh.set_label("_people")
    add_color_bar(ax, mesh, f"people per cell, {len(steps.persons)} in total")
    if mesh.colorbar is not None and "norm" not in scale:
        mesh.colorbar.locator = MaxNLocator(integer=True)
        mesh.colorbar.update_ticks()


def count_people_per_cell(steps: Steps, bounds: Bounds, shape: tuple[int, int]) -> Integers:
    """Count the people whose path passes each cell.

    Each path is sampled at intervals of at most half a cell. A corner that a path cuts by less may be missed.
    """
    x0, y0, x1, y1 = bounds
    rows, columns = shape
    size = np.array([(x1 - x0) / columns, (y1 - y0) / rows])
    first = np.flatnonzero(steps.joined)
    start, step = steps.points[first], steps.points[first + 1] - steps.points[first]
    parts = np.maximum(np.ceil(2 * np.abs(step / size).max(axis=1, initial=0.0)), 1).astype("int64")
    line = np.repeat(np.arange(len(first)), parts)
    share = (np.arange(len(line)) - np.repeat(np.cumsum(parts) - parts, parts)) / parts[line]
    points = np.concatenate([start[line] + share[:, None] * step[line], steps.points[steps.known]])
    rank = np.concatenate([steps.rank[first][line], steps.rank[steps.known]])
    cell_index = np.floor((points - [x0, y0]) / size).astype("int64")
    inside = ((cell_index >= 0) & (cell_index < [columns, rows])).all(axis=1)
    cells = np.unique(np.column_stack([rank, cell_index[:, 1] * columns + cell_index[:, 0]])[inside], axis=0)[
        :, 1
    ]
    return np.bincount(cells, minlength=rows * columns).reshape(shape)


def _draw_strokes(
    ax: Axes, steps: Steps, coloring: _Coloring, width_and_alpha: tuple[float, float], kwargs: dict[str, Any]
) -> None:
    """Draw all strokes as one collection; a few people have a pale casing."""
    width, alpha = width_and_alpha
    level = coloring.level[:-1]
    first, last = steps.split_lines(steps.guessed, steps.truncated, level)
    strokes = [steps.points[start : end + 1] for start, end in zip(first, last, strict=True)]
    guessed, truncated = steps.guessed[first], steps.truncated[first]
    dashes = np.where(truncated, "truncated", np.where(guessed, "guessed", "observed"))
    colors = coloring.colors[level[first]]
    style: dict[str, Any] = {
        "colors": colors,
        "alpha": alpha,
        "linewidths": np.where(guessed | truncated, 0.7 * width, width),
        "linestyles": [_STROKES[kind] for kind in dashes.tolist()],
        "joinstyle": "round",
        "zorder": 3 if len(steps.persons) <= MOST_PATHS else 2,
    }
    if len(steps.persons) <= MOST_PATHS:
        cased = casings(colors) if coloring.bar is None else PAPER
        below: dict[str, Any] = {"colors": cased, "linewidths": width + 1.6, "zorder": 2.9}
        ax.add_collection(LineCollection(strokes, label="_casings", joinstyle="round", **below))
    ax.add_collection(LineCollection(strokes, **{**style, "label": "_paths", **kwargs}))


def _draw_marks(ax: Axes, steps: Steps, coloring: _Coloring, size: float) -> None:
    """Mark the starts and ends of paths, and single positions."""
    first, last = steps.ends()
    lone = np.setdiff1d(steps.lone(), np.concatenate([first, last]))
    color_of = coloring.colors[coloring.level]
    for rows, marker, scale, label in ((lone, "o", 0.4, "_lone"), (last, "s", 0.8, "_ends")):
        full: dict[str, Any] = {"c": color_of[rows], "s": (scale * size) ** 2, "linewidths": size / 12}
        ax.scatter(*_xy(steps, rows), marker=marker, edgecolors=PAPER, zorder=6, label=label, **full)
    ring: dict[str, Any] = {"edgecolors": color_of[first], "s": (1.3 * size) ** 2, "linewidths": size / 5}
    ax.scatter(*_xy(steps, first), facecolors="none", zorder=6, label="_starts", **ring)


def _xy(steps: Steps, rows: Integers) -> tuple[Floats, Floats]:
    return steps.points[rows, 0], steps.points[rows, 1]


def _name_persons(ax: Axes, steps: Steps, coloring: _Coloring) -> None:
    """Write each person's index at the end of the path."""
    _, last = steps.ends()
    names = [str(person) for person in steps.persons]
    label_points(ax, steps.points[last], names, coloring.colors[coloring.level[last]])


def _list_keys(steps: Steps, *, is_numbered: bool) -> list[Artist]:
    """Return the legend of the marks and the strokes."""
    start = Line2D(
        [], [], linestyle="", marker="o", markerfacecolor="none", color=INK, label="first position"
    )
    end = Line2D([], [], linestyle="", marker="s", color=INK, label="last position")
    guess = Line2D([], [], linestyle=_DASHES, color=INK, linewidth=1.4, label="interpolated")
    cut = Line2D([], [], linestyle=_DOTS, color=INK, linewidth=1.4, label="box truncated")
    number = Line2D([], [], linestyle="", marker="$7$", color=INK, label="person index")
    keys = [start, end]
    keys += [guess] if steps.guessed.any() else []
    keys += [cut] if steps.truncated.any() else []
    return [*keys, number] if is_numbered else list(keys)
