"""Crossings of lines, with counts by direction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import draw_outlines, ground_axes
from ptrack_analysis.plots.style import (
    OKABE_ITO,
    PAPER,
    find_plane_size,
    in_rows,
    legend_below,
    write_no_data,
)
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import CROSSINGS, find_unit, validate
from ptrack_analysis.video import Video, YAxis

_MARKS = {"in": ("o", OKABE_ITO[0], "crossed in"), "out": ("s", OKABE_ITO[1], "crossed out")}
_SIZES = {"in": 4.8, "out": 7.5}  # a circle over a square leaves both visible
_MANY = 60
_ROOM, _LEAST_SHARE, _FLATTEST = 2.0, 0.2, 0.4
"""Part shown around the lines: factor, smallest share of the axes, and smallest ratio of height and width."""


@plot_analysis("crossings", "lines", "zones", "bounds", "y_axis")
def plot_crossings(
    crossings: pd.DataFrame,
    /,
    lines: Sequence[Line],
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    background: Picture | None = None,
    video: Video | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    y_axis: YAxis = "down",
    **kwargs: Any,
) -> Axes:
    """Plot the lines with their counts, and a mark at the position of each crossing.

    Each line has an arrow to its *in* side and the number of crossings in and out. A dot is a crossing in, a
    square a crossing out. A new figure shows the part of the image or floor around the lines. Crossings of
    other lines are not drawn.

    Parameters
    ----------
    crossings
        CROSSINGS of one video, rows in any order.
    lines
        The lines, in the same plane.
    ax
        Axes to draw on, such as those returned by ``plot_paths``; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    background, video, bounds, zones, y_axis
        As in ``plot_paths``.
    **kwargs
        Passed to ``Axes.scatter``, which draws the crossings.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or its position is
        not known, or the bounds are empty.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = plot_crossings(analysis)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['crossed in: 11', 'crossed out: 11']
    """
    validate(crossings, CROSSINGS)
    unit = find_unit(crossings, CROSSINGS)
    ground: dict[str, Any] = {"background": background, "video": video, "bounds": bounds, "y_axis": y_axis}
    is_new = ax is None
    ax = ground_axes(ax, unit, zones=zones, lines=lines, **ground, title=title, figsize=figsize)
    figure = ax.get_figure(root=True)
    if is_new and lines and figure is not None:
        shape = _zoom_to_lines(ax, lines)
        if figsize is None:
            figure.set_size_inches(find_plane_size(shape, (1.0, 1.4)))
    of_lines = crossings[crossings.index.isin([line.name for line in lines], level="line")]
    draw_outlines(ax, zones, [replace(line, name=_totals(line, of_lines)) for line in lines])
    if len(of_lines):
        _draw_marks(ax, of_lines, unit, kwargs)
    else:
        write_no_data(ax, "No crossings")
    return ax


def _zoom_to_lines(ax: Axes, lines: Sequence[Line]) -> float:
    """Zoom to the lines and their surroundings, and return the ratio of height and width."""
    corners = np.array([line.outline.bounds for line in lines])
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    limits = np.array([[left, min(bottom, top)], [right, max(bottom, top)]])
    size = limits[1] - limits[0]
    wanted = np.maximum(_ROOM * (high - low), _LEAST_SHARE * size)
    shown = np.minimum(np.maximum(wanted, _FLATTEST * wanted.max()), size)
    start = ((low + high) / 2 - shown / 2).clip(limits[0], limits[1] - shown)
    end = start + shown
    ax.set_xlim(start[0], end[0])
    ax.set_ylim(*((end[1], start[1]) if bottom > top else (start[1], end[1])))
    return float(shown[1] / shown[0])


def _totals(line: Line, crossings: pd.DataFrame) -> str:
    """Return the label of a line: its name, shortened if necessary, and its counts."""
    name = " ".join(in_rows(line.name).split("\n")[:2])
    direction = crossings["direction"][crossings.index.get_level_values("line") == line.name]
    return f"{name}: {(direction == 'in').sum()}\u00a0in,\u00a0{(direction == 'out').sum()}\u00a0out"


def _draw_marks(ax: Axes, crossings: pd.DataFrame, unit: str, kwargs: dict[str, Any]) -> None:
    smaller = min(1.0, _MANY / len(crossings)) ** 0.25
    keys = []
    for direction, (marker, color, label) in _MARKS.items():
        size = _SIZES[direction] * smaller
        rows = crossings[crossings["direction"] == direction]
        style: dict[str, Any] = {"c": color, "s": size**2, "linewidths": size / 10, "edgecolors": PAPER}
        marks: dict[str, Any] = {"marker": marker, "alpha": 0.85, "label": f"_{direction}"}
        marks["zorder"] = 7 if direction == "in" else 6
        ax.scatter(rows[f"x_{unit}"], rows[f"y_{unit}"], **{**style, **marks, **kwargs})
        keys.append(Line2D([], [], linestyle="", marker=marker, color=color, label=f"{label}: {len(rows)}"))
    legend_below(ax, keys)
