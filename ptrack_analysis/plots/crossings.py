"""Crossings: where lines were crossed, which way, how often."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import draw_outlines, ground_axes
from ptrack_analysis.plots.style import OKABE_ITO, PAPER, in_rows, legend_below, say_nothing_to_draw
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import CROSSINGS, find_unit, validate
from ptrack_analysis.video import Video, YAxis

_MARKS = {"in": ("o", OKABE_ITO[0], "crossed in"), "out": ("s", OKABE_ITO[1], "crossed out")}
_SIZES = {"in": 4.8, "out": 7.5}  # so that a circle upon a square leaves both to be seen
_MANY = 60


@plot_analysis("crossings", "lines", "zones", "bounds", "y_axis")
def plot_crossings(
    crossings: pd.DataFrame,
    /,
    lines: Sequence[Line],
    *,
    ax: Axes | None = None,
    background: Picture | None = None,
    video: Video | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    y_axis: YAxis = "down",
    **kwargs: Any,
) -> Axes:
    """Draw lines with their totals, and where each was crossed, on the picture or the floor plan.

    Each line has an arrow to its *in* side and says how often it was crossed in and out. A crossing is a dot
    on the line, for out a square; crossings of lines that are not given are not drawn.

    Parameters
    ----------
    crossings
        CROSSINGS of one video, rows in any order.
    lines
        The lines, in the same plane.
    ax
        Axes to draw on, such as those of ``plot_paths``; by default a new figure's.
    background, video, bounds, zones, y_axis
        As in ``plot_paths``.
    **kwargs
        Handed to ``Axes.scatter``, which draws the crossings.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or nothing says where
        it lies, or the bounds is empty.
    """
    validate(crossings, CROSSINGS)
    unit = find_unit(crossings, CROSSINGS)
    ground: dict[str, Any] = {"background": background, "video": video, "bounds": bounds, "y_axis": y_axis}
    ax = ground_axes(ax, unit, zones=zones, lines=lines, **ground)
    of_lines = crossings[crossings.index.isin([line.name for line in lines], level="line")]
    draw_outlines(ax, zones, [replace(line, name=_totals(line, of_lines)) for line in lines])
    if len(of_lines):
        _draw_marks(ax, of_lines, unit, kwargs)
    else:
        say_nothing_to_draw(ax, "no line was crossed")
    return ax


def _totals(line: Line, crossings: pd.DataFrame) -> str:
    """Return what is written beside a line: its name, cut to leave room, and its totals."""
    name = " ".join(in_rows(line.name).split("\n")[:2])
    way = crossings["direction"][crossings.index.get_level_values("line") == line.name]
    return f"{name}: {(way == 'in').sum()} in, {(way == 'out').sum()} out"


def _draw_marks(ax: Axes, crossings: pd.DataFrame, unit: str, kwargs: dict[str, Any]) -> None:
    smaller = min(1.0, _MANY / len(crossings)) ** 0.25
    keys = []
    for way, (marker, color, label) in _MARKS.items():
        size = _SIZES[way] * smaller
        rows = crossings[crossings["direction"] == way]
        style: dict[str, Any] = {"c": color, "s": size**2, "linewidths": size / 10, "edgecolors": PAPER}
        marks: dict[str, Any] = {"marker": marker, "alpha": 0.85, "label": f"_{way}"}
        marks["zorder"] = 7 if way == "in" else 6
        ax.scatter(rows[f"x_{unit}"], rows[f"y_{unit}"], **{**style, **marks, **kwargs})
        keys.append(Line2D([], [], linestyle="", marker=marker, color=color, label=f"{label}: {len(rows)}"))
    legend_below(ax, keys)
