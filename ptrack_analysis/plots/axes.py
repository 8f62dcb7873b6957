"""Axes to draw on: made or given, in one plane or along time."""

import re
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.colours import GRID, INK, PAPER

TIME = "time"
_TIME_LABEL = "time since the start of the video [{unit}]"
_LABEL = re.compile(
    r"x \[(px|m)\]|x \[(fraction) of the frame's width\]|(time) since the start of the video \["
)
_WIDTH = 8.0
_LEAST, _MOST = 2.5, 10.0
_MARGIN = 0.02
_COLUMNS = 6
_SHARE = 0.9
"""Of the figure's width a legend takes this at most, if one column does."""


def plane_axes(
    ax: Axes | None,
    unit: str,
    shown: Bounds,
    *,
    fixed: bool,
    aspect: float = 1.0,
    margin: tuple[float, float],
) -> Axes:
    """Prepare axes for a plane: labels with the unit, y downwards, one length the same in x and y.

    Parameters
    ----------
    ax
        Axes given by the caller, or None.
    unit
        Unit of the plane: ``px``, ``m``, or ``fraction`` of the frame.
    shown
        x0, y0, x1, y1 of what will be seen; a new figure gets its shape.
    fixed
        Whether to show exactly this; else the axes fit what is drawn, and given ones keep their limits.
    aspect
        Length on paper of a unit of y, as a multiple of one of x.
    margin
        Width and height that a new figure needs beside the axes [inches].

    Raises
    ------
    ParameterError
        If the axes are in another unit.
    """
    x0, y0, x1, y1 = shown
    ax = ax or _new_axes(_plane_size(aspect * (y1 - y0) / (x1 - x0), margin))
    _refuse_other(ax, unit)
    of_width, of_height = (
        (" of the frame's width", " of the frame's height") if unit == "fraction" else ("", "")
    )
    ax.set(xlabel=f"x [{unit}{of_width}]", ylabel=f"y [{unit}{of_height}]")
    ax.set_aspect(aspect)
    if not ax.yaxis_inverted():
        ax.invert_yaxis()
    if fixed:
        across, down = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
        ax.set(xlim=(x0 - across, x1 + across), ylim=(y1 + down, y0 - down))
    return ax


def time_axes(ax: Axes | None, unit: str, *, height: float) -> Axes:
    """Prepare axes whose x is time; ``unit`` is how its ticks are written.

    Raises
    ------
    ParameterError
        If the axes are those of a plane.
    """
    ax = ax or _new_axes((_WIDTH, min(max(height, _LEAST), _MOST)))
    _refuse_other(ax, TIME)
    ax.set_xlabel(_TIME_LABEL.format(unit=unit))
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _new_axes(size: tuple[float, float]) -> Axes:
    return plt.subplots(figsize=size, layout="constrained")[1]


def _plane_size(slope: float, margin: tuple[float, float]) -> tuple[float, float]:
    """Find the size of a figure whose axes are ``slope`` times as high as they are wide."""
    beside, below = margin
    width = min(_WIDTH - beside, (_MOST - below) / slope)
    return max(width + beside, _WIDTH / 2), max(width * slope + below, _LEAST)


def _refuse_other(ax: Axes, unit: str) -> None:
    label = _LABEL.match(ax.get_xlabel())
    if label and (found := next(filter(None, label.groups()))) != unit:
        raise ParameterError(
            f"mixing two planes: the axes are in {found}, what is to be drawn on them is in {unit}"
        )


def say_nothing_to_draw(ax: Axes, reason: str, *, until: float | None = None) -> None:
    """Write into empty axes why they are empty, above outlines and their names.

    ``until`` is given where x has no scale of its own: how far it reaches, 0 where that is not known. An axis
    that would show no more than matplotlib's own 0 to 1 then has no ticks.
    """
    if until is not None and not ax.has_data():
        ax.set_yticks([])
        if until > 0:
            ax.set_xlim(0.0, until)
        else:
            ax.set_xticks([])
    ground = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.9, "pad": 4.0}
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "bbox": ground, "zorder": 30}
    ax.text(0.5, 0.5, f"nothing to draw: {reason}", transform=ax.transAxes, **style)


def legend_below(ax: Axes, handles: Sequence[Artist]) -> None:
    """Put a legend below the axes and their label, in as many columns as the figure is wide enough for."""
    figure = ax.get_figure(root=True)
    room = figure.bbox.width if figure is not None else 0.0
    for rows in range(max(-(-len(handles) // _COLUMNS), 1), len(handles) + 1):
        legend = ax.legend(
            handles=handles,
            loc="upper center",
            bbox_to_anchor=(0.5, 0.0),
            borderaxespad=4.2,
            ncols=-(-len(handles) // rows),
            frameon=False,
            fontsize="small",
        )
        if legend.get_window_extent().width <= _SHARE * room:
            return


def bounds(points: Floats) -> Bounds:
    """Give the rectangle around (n, 2) points, nowhere flatter than a quarter of its longer side."""
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) == 0:
        return 0.0, 0.0, 16.0, 9.0
    low, high = points.min(axis=0), points.max(axis=0)
    size = high - low
    half = np.maximum(size, max(size.max() / 4, 1e-9)) / 2
    middle = (low + high) / 2
    return (*(middle - half).tolist(), *(middle + half).tolist())
