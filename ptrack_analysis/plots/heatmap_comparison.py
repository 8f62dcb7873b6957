"""Differences between two heatmaps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from ptrack_analysis.analysis.heat.grid import Bounds, build_cell_columns, compute_cell_size
from ptrack_analysis.analysis.heat.heatmap_comparison import HeatmapComparison
from ptrack_analysis.errors import SchemaError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.limits import share
from ptrack_analysis.plots.background import draw_outlines, ground_axes
from ptrack_analysis.plots.style import INK, add_color_bar, take_scale, write_no_data
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import Video, YAxis

_PALE = 0.35
_UNITS = {"s/person": "seconds per person", "s/h": "seconds per hour"}


def plot_heatmap_comparison(
    comparison: HeatmapComparison,
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
    level: float = 0.05,
    alpha: float | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the difference of each cell as a color on the image or the floor plan.

    Cells are orange if people spent more time there in the first set, purple if in the second. The scale is
    symmetric. Cells whose difference may be due to chance are pale. Cells significant at the ``level`` are
    opaque and outlined. Cells without a difference are transparent.

    Parameters
    ----------
    comparison
        The result of ``compare_heatmaps``.
    ax
        Axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    background, video, bounds, zones, lines, y_axis
        As in ``plot_paths``.
    level
        Largest ``p`` of a significant cell.
    alpha
        Opacity of significant cells, 0 to 1; by default 0.85 over a background, otherwise 1.
    **kwargs
        Passed to ``Axes.imshow``, which draws the cells.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``comparison`` is not a HeatmapComparison.
    ParameterError
        If the level is not between 0 and 1, the axes, a zone or a line is in another unit, the background
        cannot be read or its position is not known, or the bounds are empty.

    Examples
    --------
    >>> trajectories = pta.open_video("data/shop").trajectories
    >>> first, second = pta.select(trajectories, end="90s"), pta.select(trajectories, start="90s")
    >>> video = pta.open_video("data/shop").video
    >>> comparison = pta.heat.compare_heatmaps(first, second, video, durations=("90s", "90s"), shape=(9, 16))
    >>> ax = plot_heatmap_comparison(comparison)
    >>> ax.child_axes[0].get_ylabel()  # the color bar
    'first minus second [seconds per hour per cell]'
    """
    if not isinstance(comparison, HeatmapComparison):
        raise SchemaError(f"comparison must be a HeatmapComparison, got a {type(comparison).__name__}")
    marked = comparison.mask(level)
    ground: dict[str, Any] = {"background": background, "video": video, "bounds": bounds, "y_axis": y_axis}
    ground |= {"default": comparison.bounds, "margin": (1.5, 0.75)}
    ax = ground_axes(ax, comparison.unit, zones=zones, lines=lines, **ground, title=title, figsize=figsize)
    values = comparison.difference
    opacity = share(alpha, "alpha") if alpha is not None else 1.0 if background is None else 0.85
    if np.nan_to_num(values).any():
        _draw_cells(ax, comparison, np.where(marked, opacity, opacity * _PALE), kwargs)
        _outline(ax, comparison, marked.ravel())
    else:
        write_no_data(ax, "No cell differs")
    draw_outlines(ax, zones, lines)
    return ax


def _draw_cells(ax: Axes, comparison: HeatmapComparison, opacity: Floats, kwargs: dict[str, Any]) -> None:
    """Draw the cells, and a color bar."""
    values, (x0, y0, x1, y1) = comparison.difference, comparison.bounds
    most = float(np.nanmax(np.abs(values)))
    limits = ax.axis()
    style = {
        "extent": (x0, x1, y1, y0),
        "cmap": "PuOr_r",
        "interpolation": "nearest",
        "aspect": ax.get_aspect(),
        "alpha": np.where(np.nan_to_num(values) == 0, 0.0, opacity),
        "zorder": 1,
        "label": "_difference",
        **kwargs,
    }
    style["norm"] = take_scale(style, -most, most)
    image = ax.imshow(np.nan_to_num(values), **style)
    ax.axis(limits)
    add_color_bar(ax, image, f"first minus second [{_UNITS[comparison.value_unit]} per cell]")


def _outline(ax: Axes, comparison: HeatmapComparison, marked: np.ndarray) -> None:
    """Outline each marked cell."""
    width, height = compute_cell_size(comparison.shape, comparison.bounds)
    cells = build_cell_columns(comparison.shape, comparison.bounds)
    x, y = cells["x_{u}"][marked], cells["y_{u}"][marked]
    corners = [(x + across * width, y + down * height) for across, down in _CORNERS]
    frames = np.stack([np.column_stack(corner) for corner in corners], axis=1)
    drawn = PolyCollection(
        list(frames), facecolors="none", edgecolors=INK, linewidths=0.8, zorder=3, label="_marked"
    )
    ax.add_collection(drawn, autolim=False)


_CORNERS = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
