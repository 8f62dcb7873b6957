"""Encounters between people."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import draw_outlines, ground_axes, label_points
from ptrack_analysis.plots.style import (
    INK,
    PAPER,
    add_color_bar,
    build_palette,
    take_scale,
    write_no_data,
)
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import ENCOUNTERS, find_unit, validate
from ptrack_analysis.video import Video, YAxis

_LABELLED = 20
_PALEST = 0.15


@plot_analysis("encounters", "lines", "zones", "bounds", "y_axis")
def plot_encounters(
    encounters: pd.DataFrame,
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
    **kwargs: Any,
) -> Axes:
    """Plot each encounter as a dot at its position, colored by its duration.

    Dark is long. Longer encounters are drawn over shorter ones. Up to twenty are labeled with the two people.

    Parameters
    ----------
    encounters
        ENCOUNTERS of one video, rows in any order.
    ax
        Axes to draw on, such as those returned by ``plot_paths``; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    background, video, bounds, zones, lines, y_axis
        As in ``plot_paths``.
    **kwargs
        Passed to ``Axes.scatter``, which draws the dots: ``vmin``, ``vmax``, ``norm`` and ``cmap`` change
        the scale, ``color`` replaces it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``encounters`` is not an ENCOUNTERS table.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or its position is
        not known, or the bounds are empty.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", floor="data/shop/floor.json")
    >>> ax = plot_encounters(analysis)
    >>> [text.get_text() for text in ax.texts]
    ['8 and 9', '2 and 3', '10 and 11']
    """
    validate(encounters, ENCOUNTERS)
    unit = find_unit(encounters, ENCOUNTERS)
    encounters = encounters.sort_index().sort_values("duration", kind="stable")
    points = encounters[[f"x_{unit}", f"y_{unit}"]].to_numpy()
    ax = ground_axes(
        ax,
        unit,
        points,
        background=background,
        video=video,
        bounds=bounds,
        zones=zones,
        lines=lines,
        y_axis=y_axis,
        margin=(1.8, 0.9),
        title=title,
        figsize=figsize,
    )
    draw_outlines(ax, zones, lines)
    if len(encounters):
        _draw_dots(ax, encounters, points, kwargs)
    else:
        write_no_data(ax, "No encounters")
    return ax


def _draw_dots(ax: Axes, encounters: pd.DataFrame, points: Floats, kwargs: dict[str, Any]) -> None:
    """Draw the dots, the longest on top, with a color bar."""
    seconds = encounters["duration"].to_numpy() / np.timedelta64(1, "s")
    style: dict[str, Any] = {"c": seconds, "cmap": build_palette(_PALEST), "s": 60, "edgecolors": PAPER}
    style |= {"linewidths": 0.8, "zorder": 5, "label": "_encounters", **kwargs}
    if "color" in style:
        del style["c"], style["cmap"]
    else:
        style["norm"] = take_scale(style, 0.0, float(seconds.max()))
    dots = ax.scatter(points[:, 0], points[:, 1], **style)
    if "color" not in style:
        add_color_bar(ax, dots, "duration [s]")
    if len(encounters) <= _LABELLED:
        pairs = zip(
            *(encounters.index.get_level_values(key) for key in ("person_index", "other")), strict=True
        )
        names = [f"{one} and {other}" for one, other in pairs]
        label_points(ax, points, names, np.tile(to_rgba(INK), (len(names), 1)))
