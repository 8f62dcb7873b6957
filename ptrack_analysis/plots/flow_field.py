"""Flow fields: direction and speed of walking per cell."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ptrack_analysis.analysis.heat.flow_field import FlowField, compute_flow_field
from ptrack_analysis.analysis.heat.grid import Bounds, build_cell_columns, compute_cell_size
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Bools
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import draw_outlines, ground_axes
from ptrack_analysis.plots.style import add_color_bar, build_palette, take_scale, write_no_data
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import Video, YAxis

_LONGEST = 0.95  # of the cell's shorter side
_ASIDE = 0.18  # of the same side: distance of each of two arrows from the middle of the cell
_PALEST = 0.15


def _compute_flow_field(analysis: Any) -> FlowField:
    cells = analysis.choose_cells("flow_field")
    trajectories = analysis.trajectories
    if "box_truncated" in trajectories.columns:
        trajectories = trajectories[~trajectories["box_truncated"].to_numpy(dtype=bool)]
    return compute_flow_field(trajectories, analysis.video, bounds=analysis.bounds, **cells)


@plot_analysis(_compute_flow_field, "lines", "zones", "bounds", "y_axis")
def plot_flow_field(
    field: FlowField,
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
    min_steps: int = 1,
    **kwargs: Any,
) -> Axes:
    """Plot the direction in which people walked through each cell, colored by their mean speed.

    The arrow in the middle of a cell points in the mean direction. Its length is the coherence: it is nearly
    as long as the cell if everyone walked in one direction. A cell with walking in opposite directions
    (``FlowField.is_two_way``) has one arrow per direction, with a length of twice its share of the path
    length. Dark is fast. Cells without a direction, or with fewer steps than ``min_steps``, are empty. For a
    VideoAnalysis, positions of truncated boxes are excluded.

    Parameters
    ----------
    field
        The result of ``compute_flow_field``.
    ax
        Axes to draw on, such as those returned by ``plot_heatmap``; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    background, video, bounds, zones, lines, y_axis
        As in ``plot_paths``.
    min_steps
        Smallest number of steps of a cell with an arrow, at least 1.
    **kwargs
        Passed to ``Axes.quiver``, which draws the arrows: ``vmin``, ``vmax``, ``norm`` and ``cmap`` change
        the scale, ``color`` replaces it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``field`` is not a FlowField.
    ParameterError
        If ``min_steps`` is not a positive integer, the axes, a zone or a line is in another unit, the
        background cannot be read or its position is not known, or the bounds are empty.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", floor="data/shop/floor.json")
    >>> ax = plot_flow_field(analysis, background="data/shop/floor_plan.png")
    >>> ax.child_axes[0].get_ylabel()  # the color bar
    'mean speed [m/s]'
    """
    if not isinstance(field, FlowField):
        raise SchemaError(f"field must be a FlowField, got a {type(field).__name__}")
    if not isinstance(min_steps, int | np.integer) or isinstance(min_steps, bool) or min_steps < 1:
        raise ParameterError(f"min_steps must be an integer of at least 1, got {min_steps!r}")
    ground: dict[str, Any] = {"background": background, "video": video, "bounds": bounds, "y_axis": y_axis}
    ground |= {"default": field.bounds, "margin": (1.5, 0.75)}
    ax = ground_axes(ax, field.unit, zones=zones, lines=lines, **ground, title=title, figsize=figsize)
    shown = (field.steps >= min_steps) & ~np.isnan(field.heading) & (field.seconds > 0)
    if shown.any():
        _draw_arrows(ax, field, shown, kwargs)
    else:
        write_no_data(ax, "No cell has a direction")
    draw_outlines(ax, zones, lines)
    return ax


def _draw_arrows(ax: Axes, field: FlowField, shown: Bools, kwargs: dict[str, Any]) -> None:
    """Draw the arrows of the given cells, and a color bar."""
    cells = build_cell_columns(field.shape, field.bounds)
    longest = min(compute_cell_size(field.shape, field.bounds))
    two_way = shown & field.is_two_way
    parts = [(shown & ~two_way, field, 1.0)]
    parts += [(two_way, half, 2.0) for half in field.halves or ()]
    at = np.concatenate([np.flatnonzero(where) for where, _, _ in parts])
    across, down = (
        np.concatenate(
            [factor * getattr(part, name)[where] / field.path_length[where] for where, part, factor in parts]
        )
        for name in ("displacement_x", "displacement_y")
    )
    size = np.hypot(across, down)
    at, across, down, size = (each[size > 0] for each in (at, across, down, size))
    across, down = (_LONGEST * longest * each / np.maximum(size, 1.0) for each in (across, down))
    aside = np.where(two_way.ravel()[at], _ASIDE * longest, 0.0) / np.hypot(across, down)
    speed = field.mean_speed.ravel()[at]
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
        "cmap": build_palette(_PALEST),
        "zorder": 3,
        "label": "_field",
        **kwargs,
    }
    colors = [] if "color" in style else [speed]
    style["norm"] = take_scale(style, 0.0, float(np.nanmax(speed, initial=0.0)) or 1.0)
    x, y = cells["x_{u}"][at] - aside * down, cells["y_{u}"][at] + aside * across
    arrows = ax.quiver(x, y, across, down, *colors, **style)
    ax.axis(limits)
    if colors:
        add_color_bar(ax, arrows, f"mean speed [{field.unit}/s]")
