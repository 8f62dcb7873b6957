"""The path of each person."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import (
    draw_background,
    draw_outlines,
    frame_bounds,
    label_points,
    read_background,
    validate_plane,
)
from ptrack_analysis.plots.stretches import Steps, find_steps
from ptrack_analysis.plots.style import (
    INK,
    OKABE_ITO,
    PAPER,
    casings,
    distinct_colors,
    enclosing_bounds,
    legend_below,
    plane_axes,
    say_nothing_to_draw,
)
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import TRAJECTORIES, find_unit, validate
from ptrack_analysis.video import Video, YAxis

_STRAIGHT = 0.6
_POINTS_PER_INCH = 72


def arrow_heads(steps: Steps, spacing: float) -> tuple[Floats, Floats, Integers]:
    """Place arrow heads along the paths, as far apart as ``spacing``, at least one on each unbroken path.

    A head points along the chord over half a spacing of the path around it, so that the jitter of boxes does
    not turn it. Where the chord is much shorter than the path (the person stands, or turns round) there is
    none, nor on paths shorter than an eighth of the spacing.

    Parameters
    ----------
    steps
        What is drawn.
    spacing
        Way between two heads, in the plane's unit.

    Returns
    -------
    tuple
        (k, 2) places, (k, 2) directions, (k,) ranks of the persons.
    """
    starts, ends = steps.stretches(split=False)
    way = _way_along(steps, gap=spacing)
    length = way[ends] - way[starts]
    heads = np.where(length < spacing / 8, 0, np.maximum(1, np.round(length / spacing))).astype("int64")
    stretch = np.repeat(np.arange(len(starts)), heads)
    number = np.arange(len(stretch)) - np.repeat(np.cumsum(heads) - heads, heads)
    at = way[starts][stretch] + (number + 0.5) / heads[stretch] * length[stretch]
    before = np.maximum(at - spacing / 4, way[starts][stretch])
    after = np.minimum(at + spacing / 4, way[ends][stretch])
    chord = _at(steps, way, after) - _at(steps, way, before)
    straight = np.hypot(chord[:, 0], chord[:, 1]) > _STRAIGHT * (after - before)
    return _at(steps, way, at)[straight], chord[straight], steps.rank[starts][stretch][straight]


def draw_arrow_heads(ax: Axes, heads: tuple[Floats, Floats, Integers], colors: Floats, size: float) -> None:
    """Draw arrow heads ``size`` points long, each in its person's color."""
    places, ways, rank = heads
    figure = ax.get_figure(root=True)
    if len(places) == 0 or figure is None:
        return
    upward = -1.0 if ax.yaxis_inverted() else 1.0
    along = ways / np.hypot(ways[:, 0], ways[:, 1])[:, None] * [1.0, upward]
    across = along[:, ::-1] * [-1.0, 1.0]
    inch = size / _POINTS_PER_INCH
    corners = [0.6 * along, -0.4 * along + 0.4 * across, -0.4 * along - 0.4 * across]
    drawn = PolyCollection(
        list(inch * np.stack(corners, axis=1)),
        offsets=places,
        offset_transform=ax.transData,
        facecolors=list(colors[rank]),
        zorder=4,
    )
    drawn.set_transform(figure.dpi_scale_trans)
    drawn.set_label("_arrows")
    ax.add_collection(drawn, autolim=False)


def _way_along(steps: Steps, gap: float) -> Floats:
    """Sum the ways between rows, with a gap where they are not joined, so that stretches lie apart."""
    size = np.hypot(*np.diff(steps.points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(np.where(steps.joined, size, gap))])


def _at(steps: Steps, way: Floats, where: Floats) -> Floats:
    """Find the points at these ways along."""
    return np.column_stack([np.interp(where, way, steps.points[:, axis]) for axis in (0, 1)])


_LABELLED = 30
_CELLS = 64
"""Cells across the plot of many people."""
_PEOPLE = colormaps["magma_r"].resampled(256)
_DASHES, _DOTS = (0, (2.5, 1.8)), (0, (0.8, 1.6))
_STROKES: dict[str, Any] = {"observed": "solid", "guessed": _DASHES, "truncated": _DOTS}


@plot_analysis(lambda analysis: analysis.trajectories, "lines", "zones", "bounds", "y_axis")
def plot_paths(
    trajectories: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    background: Picture | None = None,
    video: Video | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    persons: Collection[int] | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the path of each person on the image, the floor plan, or the plane of points.

    Each person has a color. A path begins at a ring and ends at a square: the first and the last place where
    the person was located; arrow heads show the way. It is broken where a run ends and where the person is
    not located; a lone position is a dot. Interpolated parts are dashed, parts with boxes that
    the image border cuts are dotted: their true position may be elsewhere. Up to eight persons stand in a
    legend, up to thirty have their number beside the end of their path. With more, colors show how many
    people passed each cell (dark is high), over thin lines without marks.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    ax
        Axes to draw on, such as those of ``plot_heatmap``; by default a new figure's.
    background
        Picture to draw below, dimmed: a file, or an array (rows, columns, colors).
    video
        The video, for the size of its frame, which the background fills and the axes show; by default the
        background's own size.
    bounds
        x0, y0, x1, y1 of the rectangle that the background fills and the axes show, in the plane's unit;
        needed for a background in m (``floor.bounds``).
    zones, lines
        Outlines to draw with their names, in the same plane.
    y_axis
        Which way y grows in the plane: ``down`` on an image, ``up`` for points of PedPy and surveyed plans.
    persons
        Whom to draw; by default all.
    **kwargs
        Handed to ``matplotlib.collections.LineCollection``, which draws the paths.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or nothing says where
        it lies, the bounds is empty, or one of ``persons`` is not in the table.

    Notes
    -----
    O(n log n). An SVG or PDF holds every position; ``rasterized=True`` keeps it small.
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_plane([*zones, *lines], unit)
    picture = None if background is None else read_background(background)
    frame = frame_bounds(unit, bounds=bounds, video=video, picture=picture)
    steps = find_steps(trajectories, unit, persons)
    shown = frame or enclosing_bounds(_all_points(steps, zones, lines))
    ax = plane_axes(ax, unit, shown, fixed=frame is not None, y_axis=y_axis, margin=(1.0, 1.4))
    if picture is not None and frame is not None:
        draw_background(ax, picture, frame)
    if len(steps.persons):
        _draw_paths(ax, steps, shown, kwargs)
    else:
        say_nothing_to_draw(ax, "no person was located")
    draw_outlines(ax, zones, lines)
    _name_persons(ax, steps)
    return ax


def _all_points(steps: Steps, zones: Sequence[Zone], lines: Sequence[Line]) -> Floats:
    outlines = [*(zone.outline for zone in zones), *(line.outline for line in lines)]
    corners = [np.reshape(outline.bounds, (2, 2)) for outline in outlines]
    return np.concatenate([steps.points[steps.known], *corners])


def _draw_paths(ax: Axes, steps: Steps, shown: Bounds, kwargs: dict[str, Any]) -> None:
    number = len(steps.persons)
    crowd = min(len(OKABE_ITO) / number, 1.0)
    width, alpha = max(2.0 * crowd**0.4, 0.5), max(0.95 * crowd**0.22, 0.4)
    size = max(6.5 * crowd**0.3, 1.5)
    colors = distinct_colors(number)
    faded = np.column_stack([colors[:, :3], np.full(number, alpha)])
    diagonal = float(np.hypot(shown[2] - shown[0], shown[3] - shown[1]))
    _draw_strokes(ax, steps, faded, width, kwargs)
    if number > _LABELLED:
        _draw_people_per_cell(ax, steps, shown)
        return
    draw_arrow_heads(ax, arrow_heads(steps, 0.12 * diagonal), colors, size + width)
    _draw_marks(ax, steps, colors, size)
    legend_below(ax, _keys(steps, colors))


def _draw_people_per_cell(ax: Axes, steps: Steps, shown: Bounds) -> None:
    """Draw how many different people passed each cell, with a scale; dark is high."""
    x0, y0, x1, y1 = shown
    cell = (x1 - x0) / _CELLS
    columns, rows = _CELLS, max(int(np.ceil((y1 - y0) / cell)), 1)
    people = count_people_per_cell(steps, shown, (rows, columns))
    if not people.any():
        return
    mesh = ax.pcolormesh(
        x0 + cell * np.arange(columns + 1),
        y0 + cell * np.arange(rows + 1),
        np.ma.masked_equal(people, 0),
        cmap=_PEOPLE,
        vmin=0,
        alpha=0.9,
        zorder=2.5,
    )
    mesh.set_label("_people")
    if ax.figure is not None:
        bar = ax.figure.colorbar(mesh, cax=ax.inset_axes((1.02, 0.0, 0.03, 1.0)))
        bar.set_label("people per cell")
        bar.locator = MaxNLocator(integer=True)
        bar.update_ticks()


def count_people_per_cell(steps: Steps, bounds: Bounds, shape: tuple[int, int]) -> Integers:
    """Count the different people whose path passes each cell.

    Points are set along each path at most half a cell apart. A corner that a path cuts by less than that may
    be missed.
    """
    x0, y0, x1, y1 = bounds
    rows, columns = shape
    size = np.array([(x1 - x0) / columns, (y1 - y0) / rows])
    first = np.flatnonzero(steps.joined)
    start, way = steps.points[first], steps.points[first + 1] - steps.points[first]
    parts = np.maximum(np.ceil(2 * np.abs(way / size).max(axis=1, initial=0.0)), 1).astype("int64")
    line = np.repeat(np.arange(len(first)), parts)
    share = (np.arange(len(line)) - np.repeat(np.cumsum(parts) - parts, parts)) / parts[line]
    points = np.concatenate([start[line] + share[:, None] * way[line], steps.points[steps.known]])
    rank = np.concatenate([steps.rank[first][line], steps.rank[steps.known]])
    place = np.floor((points - [x0, y0]) / size).astype("int64")
    inside = ((place >= 0) & (place < [columns, rows])).all(axis=1)
    cells = np.unique(np.column_stack([rank, place[:, 1] * columns + place[:, 0]])[inside], axis=0)[:, 1]
    return np.bincount(cells, minlength=rows * columns).reshape(shape)


def _draw_strokes(ax: Axes, steps: Steps, colors: Floats, width: float, kwargs: dict[str, Any]) -> None:
    """Draw all stretches as one collection, for few persons over a pale casing."""
    first, last = steps.stretches()
    strokes = [steps.points[start : end + 1] for start, end in zip(first, last, strict=True)]
    guessed, truncated, rank = steps.guessed[first], steps.truncated[first], steps.rank[first]
    dashes = np.where(truncated, "truncated", np.where(guessed, "guessed", "observed"))
    style: dict[str, Any] = {
        "colors": colors[rank],
        "linewidths": np.where(guessed | truncated, 0.7 * width, width),
        "linestyles": [_STROKES[kind] for kind in dashes.tolist()],
        "joinstyle": "round",
        "zorder": 3 if len(steps.persons) <= _LABELLED else 2,
    }
    if len(steps.persons) <= _LABELLED:
        below: dict[str, Any] = {"colors": casings(colors)[rank], "linewidths": width + 1.6, "zorder": 2.9}
        ax.add_collection(LineCollection(strokes, label="_casings", joinstyle="round", **below))
    ax.add_collection(LineCollection(strokes, **{**style, "label": "_paths", **kwargs}))


def _draw_marks(ax: Axes, steps: Steps, colors: Floats, size: float) -> None:
    """Mark where paths begin and end, and positions that stand alone."""
    first, last = steps.ends()
    lone = np.setdiff1d(steps.lone(), np.concatenate([first, last]))
    edge = size / 12 if len(colors) <= _LABELLED else 0.0
    for rows, marker, scale, label in ((lone, "o", 0.4, "_lone"), (last, "s", 0.8, "_ends")):
        full: dict[str, Any] = {"c": colors[steps.rank[rows]], "s": (scale * size) ** 2, "linewidths": edge}
        ax.scatter(*_xy(steps, rows), marker=marker, edgecolors=PAPER, zorder=6, label=label, **full)
    ring: dict[str, Any] = {
        "edgecolors": colors[steps.rank[first]],
        "s": (1.3 * size) ** 2,
        "linewidths": size / 5,
    }
    ax.scatter(*_xy(steps, first), facecolors="none", zorder=6, label="_starts", **ring)


def _xy(steps: Steps, rows: Integers) -> tuple[Floats, Floats]:
    return steps.points[rows, 0], steps.points[rows, 1]


def _name_persons(ax: Axes, steps: Steps) -> None:
    """Write each person's number beside the end of the path, if they are not too many."""
    if len(steps.persons) <= _LABELLED:
        _, last = steps.ends()
        names = [str(person) for person in steps.persons]
        label_points(ax, steps.points[last], names, distinct_colors(len(names)))


def _keys(steps: Steps, colors: Floats) -> list[Line2D]:
    """Make the legend: the persons if they are few, and what the marks mean."""
    few = len(steps.persons) <= len(OKABE_ITO)
    named = [
        Line2D([], [], color=color, linewidth=2, label=f"person {person}")
        for person, color in zip(steps.persons, colors, strict=True)
        if few
    ]
    start = Line2D([], [], linestyle="", marker="o", markerfacecolor="none", color=INK, label="first seen")
    end = Line2D([], [], linestyle="", marker="s", color=INK, label="last seen")
    guess = Line2D([], [], linestyle=_DASHES, color=INK, linewidth=1.4, label="interpolated")
    cut = Line2D([], [], linestyle=_DOTS, color=INK, linewidth=1.4, label="box truncated")
    number = Line2D([], [], linestyle="", marker="$7$", color=INK, label="number of the person")
    numbered = not few and len(steps.persons) <= _LABELLED
    guesses = [guess] if steps.guessed.any() else []
    cuts = [cut] if steps.truncated.any() else []
    return [*named, start, end, *guesses, *cuts, *([number] if numbered else [])]
