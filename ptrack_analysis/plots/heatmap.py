"""Heatmaps of time, visits, people or speed."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ptrack_analysis.analysis.heat.grid import Bounds, compute_cell_size
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.limits import share, validate_choice
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import (
    draw_background,
    draw_outlines,
    frame_bounds,
    read_background,
    validate_ground,
)
from ptrack_analysis.plots.style import (
    add_color_bar,
    build_palette,
    plane_axes,
    take_scale,
    write_no_data,
)
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import Duration, Video, YAxis

_SCALES = {"sqrt": 0.5, "linear": 1.0}
_NOUNS = {
    "person_seconds": ("time", "person-seconds"),
    "visits": ("visits", "visits"),
    "people": ("people", "people"),
    "mean_speed": ("speed", "mean speed"),
}
"""Nouns of the quantities, in a sentence and as a label."""
_PALEST = 0.08  # of the colormap, so that the smallest value is visible on white


@plot_analysis(
    lambda analysis: analysis.heatmap(truncated=analysis.unit == "px", **analysis.choose_cells("heatmap")),
    "lines",
    "zones",
    "bounds",
    "y_axis",
)
def plot_heatmap(
    heatmap: Heatmap,
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
    duration: Duration | None = None,
    scale: Literal["sqrt", "linear"] = "sqrt",
    alpha: float | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the value of each cell as a color on the image or the floor plan.

    Dark is high. Cells with 0 and cells without a value are transparent. With a ``duration``, the plot shows
    the mean density on the floor, ``heatmap.density(duration)``. A heatmap in fractions of the frame is drawn
    in px if the frame size is known (from ``video``, ``bounds`` or a background), so that paths in px can be
    drawn on the same axes. Otherwise it is drawn in fractions, with square cells.

    Parameters
    ----------
    heatmap
        The result of ``compute_heatmap`` or ``compute_box_heatmap``; for a series, one of its ``bins``.
    ax
        Axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    background, video, bounds, zones, lines, y_axis
        As in ``plot_paths``.
    duration
        The recorded time, such as ``video.duration``, to plot people per m² instead of person-seconds.
    scale
        Scale of the colors. The square root shows paths as well as the spots where people stand.
    alpha
        Opacity of the cells, 0 to 1; by default 0.75 over a background, otherwise 1.
    **kwargs
        Passed to ``Axes.imshow``, which draws the cells: ``vmin``, ``vmax``, ``norm`` and ``cmap`` change
        the scale.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``heatmap`` is not a Heatmap.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or its position is not
        known, the bounds are empty, the scale is unknown, or the heatmap is a series. If a duration is given
        for a heatmap that is not in m or does not contain person-seconds.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", floor="data/shop/floor.json")
    >>> ax = pta.plot_heatmap(analysis, background="data/shop/floor_plan.png")
    >>> ax.child_axes[0].get_ylabel().splitlines()[0]  # the color bar
    'person-seconds per cell of 0.25 m x 0.25 m'
    """
    if not isinstance(heatmap, Heatmap):
        raise SchemaError(f"heatmap must be a Heatmap, got a {type(heatmap).__name__}")
    if heatmap.is_series:
        raise ParameterError("The heatmap is a series. Plot one of its bins, such as heatmap.bins[0].")
    validate_choice(scale, "scale", _SCALES)
    values, label = _choose_values(heatmap, duration)
    if heatmap.excluded_seconds:
        label += f"\nexcluding {heatmap.excluded_seconds:.1f} s with truncated boxes"
    image = None if background is None else read_background(background)
    cells, unit, frame = _find_bounds(heatmap, bounds, video, image)
    validate_ground(zones, lines, unit, video=video, y_axis=y_axis)
    (rows, columns), (x0, y0, x1, y1) = heatmap.shape, cells
    aspect = (x1 - x0) / columns / ((y1 - y0) / rows) if unit == "fraction" else 1.0
    ax = plane_axes(
        ax,
        unit,
        frame,
        fixed=True,
        y_axis=y_axis,
        aspect=aspect,
        margin=(1.5, 0.75),
        title=title,
        figsize=figsize,
    )
    if image is not None:
        draw_background(ax, image, frame)
    if (values > 0).any():
        opacity = share(alpha, "alpha") if alpha is not None else 1.0 if image is None else 0.75
        drawn = _draw_cells(ax, values, cells, {"alpha": opacity, **kwargs}, scale)
        add_color_bar(ax, drawn, label)
    else:
        write_no_data(ax, f"No cell has any {_NOUNS[heatmap.quantity][0]}")
    draw_outlines(ax, zones, lines)
    return ax


def _choose_values(heatmap: Heatmap, duration: Duration | None) -> tuple[Floats, str]:
    """Return the values to draw, and the label of the color bar."""
    if duration is not None:
        return heatmap.density(duration), "mean density [people per m²]"
    noun, unit = _NOUNS[heatmap.quantity][1], heatmap.value_unit
    if heatmap.quantity == "mean_speed":
        return heatmap.values, f"{noun} [{unit}]"
    if heatmap.basis == "boxes":
        noun = f"{noun} covered by boxes"
    words = f"{noun} [{unit}]" if heatmap.normalized else noun
    if heatmap.unit == "m":
        width, height = compute_cell_size(heatmap.shape, heatmap.bounds)
        return heatmap.values, f"{words} per cell of {width:.3g} m x {height:.3g} m"
    return heatmap.values, f"{words} per cell"


def _find_bounds(
    heatmap: Heatmap, bounds: Bounds | None, video: Video | None, image: Floats | None
) -> tuple[Bounds, str, Bounds]:
    """Return the bounds of the cells, their unit, and the rectangle to show."""
    unit = "px" if heatmap.unit == "fraction" else heatmap.unit
    frame = frame_bounds(unit, bounds=bounds, video=video, image=image)
    if heatmap.unit != "fraction":
        return heatmap.bounds, unit, frame or heatmap.bounds
    if frame is None:
        return heatmap.bounds, "fraction", heatmap.bounds
    (left, top, right, bottom), (x0, y0, x1, y1) = frame, heatmap.bounds
    wide, high = right - left, bottom - top
    return (left + x0 * wide, top + y0 * high, left + x1 * wide, top + y1 * high), unit, frame


def _draw_cells(ax: Axes, values: Floats, cells: Bounds, style: dict[str, Any], scale: str) -> AxesImage:
    x0, y0, x1, y1 = cells
    limits = ax.axis()
    norm = take_scale(style, 0.0, float(np.nanmax(values)), exponent=_SCALES[scale])
    image = ax.imshow(
        np.ma.masked_less_equal(np.ma.masked_invalid(values), 0.0),
        **{
            "extent": (x0, x1, y1, y0),
            "origin": "upper",
            "norm": norm,
            "cmap": build_palette(_PALEST),
            "interpolation": "nearest",
            "aspect": ax.get_aspect(),
            "zorder": 1,
            "label": "_heatmap",
            **style,
        },
    )
    ax.axis(limits)
    return image
