"""Flow fields: which way people went, and how fast."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize

from ptrack_analysis.analysis.heat.flow_field import FlowField, compute_flow_field
from ptrack_analysis.analysis.heat.grid import Bounds, build_cell_columns, compute_cell_size
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import draw_outlines, ground_axes
from ptrack_analysis.plots.style import say_nothing_to_draw
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import Video, YAxis

_LONGEST = 0.95  # of a cell's shorter side
_DARKEST = 0.9  # of the colormap: its brightest end is unreadable on paper


def _compute_flow_field(analysis: Any) -> FlowField:
    cells = analysis.choose_cells("flow_field")
    return compute_flow_field(analysis.trajectories, analysis.video, bounds=analysis.bounds, **cells)


@plot_analysis(_compute_flow_field, "lines", "zones", "bounds", "y_axis")
def plot_flow_field(
    field: FlowField,
    /,
    *,
    ax: Axes | None = None,
    background: Picture | None = None,
    video: Video | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    min_steps: int = 1,
    **kwargs: Any,
) -> Axes:
    """Draw an arrow in each cell: where people went, as long as they agree, colored by their mean speed.

    An arrow lies in the middle of its cell and points along the mean direction; its length is the coherence,
    1 being nearly the cell's shorter side, so that a cell with people going to and fro has a short one. Cells
    without a direction, or with fewer steps than ``min_steps``, have none.

    Parameters
    ----------
    field
        The result of ``compute_flow_field``.
    ax
        Axes to draw on, such as those of ``plot_heatmap``; by default a new figure's.
    background, video, bounds, zones, lines, y_axis
        As in ``plot_paths``.
    min_steps
        The least number of steps of a cell that has an arrow, 1 or more.
    **kwargs
        Handed to ``Axes.quiver``, which draws the arrows.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If ``field`` is not a FlowField.
    ParameterError
        If ``min_steps`` is no whole number above 0, the axes, a zone or a line is in another unit, the
        background cannot be read or nothing says where it lies, or the bounds is empty.
    """
    if not isinstance(field, FlowField):
        raise SchemaError(f"field must be a FlowField, got a {type(field).__name__}")
    if not isinstance(min_steps, int | np.integer) or isinstance(min_steps, bool) or min_steps < 1:
        raise ParameterError(f"min_steps is {min_steps!r}, not a whole number of at least 1")
    ground: dict[str, Any] = {"background": background, "video": video, "bounds": bounds, "y_axis": y_axis}
    ground |= {"default": field.bounds, "margin": (1.5, 0.75)}
    ax = ground_axes(ax, field.unit, zones=zones, lines=lines, **ground)
    shown = (field.steps >= min_steps) & ~np.isnan(field.heading) & (field.seconds > 0)
    if shown.any():
        _draw_arrows(ax, field, np.flatnonzero(shown), kwargs)
    else:
        say_nothing_to_draw(ax, "no cell has a direction")
    draw_outlines(ax, zones, lines)
    return ax


def _draw_arrows(ax: Axes, field: FlowField, shown: np.ndarray, kwargs: dict[str, Any]) -> None:
    """Draw the arrows of these cells, and the bar that says how fast their colors are."""
    cells, longest = (
        build_cell_columns(field.shape, field.bounds),
        min(compute_cell_size(field.shape, field.bounds)),
    )
    turn = np.radians(field.heading.ravel()[shown])
    length = _LONGEST * longest * field.coherence.ravel()[shown]
    speed = field.mean_speed.ravel()[shown]
    limits = ax.axis()
    style: dict[str, Any] = {
        "angles": "xy",
        "units": "xy",
        "scale_units": "xy",
        "scale": 1.0,
        "pivot": "middle",
        "width": 0.12 * longest,
        "headwidth": 3.2,
        "headlength": 3.6,
        "headaxislength": 3.2,
        "minlength": 0.0,
        "minshaft": 1.5,
        "cmap": ListedColormap(colormaps["viridis_r"](np.linspace(1 - _DARKEST, 1.0, 256))),
        "norm": Normalize(0.0, float(speed.max())),
        "zorder": 3,
        "label": "_field",
    }
    across, down = length * np.cos(turn), length * np.sin(turn)
    arrows = ax.quiver(
        cells["x_{u}"][shown], cells["y_{u}"][shown], across, down, speed, **{**style, **kwargs}
    )
    ax.axis(limits)
    bar = ax.figure.colorbar(arrows, cax=ax.inset_axes((1.02, 0.0, 0.03, 1.0)))
    bar.set_label(f"mean speed [{field.unit}/s]; the longer the arrow, the more go its way")
    bar.outline.set_visible(False)
