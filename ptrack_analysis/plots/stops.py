"""Stops: where persons stood, and how long."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import draw_outlines, ground_axes, label_points
from ptrack_analysis.plots.style import INK, legend_below, say_nothing_to_draw
from ptrack_analysis.plots.time_axis import HOUR, MINUTE
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import STOPS, find_unit, validate
from ptrack_analysis.video import Video, YAxis

_LARGEST = 20.0  # diameter of the longest stop's circle [points]
_LABELLED = 30
_FILL = 0.45
_COLOR = "#D55E00"
_ROUND = (1, 2, 5, 10, 20, 30)
_SHARES = (1, 4, 16)  # of the longest stop, in the legend


@plot_analysis("stops", "lines", "zones", "bounds", "y_axis")
def plot_stops(
    stops: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    background: Picture | None = None,
    video: Video | None = None,
    bounds: Bounds | None = None,
    zones: Sequence[Zone] = (),
    lines: Sequence[Line] = (),
    y_axis: YAxis = "down",
    **kwargs: Any,
) -> Axes:
    """Draw each stop as a circle at its place, whose area is its dwell.

    The circle of the longest stop is 20 points wide, whatever its dwell; the legend says what up to three
    sizes mean, after what it says already. Shorter stops lie above longer ones. Up to thirty stops have the
    number of their person beside them.

    Parameters
    ----------
    stops
        STOPS of one video, rows in any order.
    ax
        Axes to draw on, such as those of ``plot_paths``; by default a new figure's.
    background, video, bounds, zones, lines, y_axis
        As in ``plot_paths``.
    **kwargs
        Handed to ``Axes.scatter``, which draws the circles.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If ``stops`` is not a STOPS table.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or nothing says where
        it lies, or the bounds is empty.
    """
    validate(stops, STOPS)
    unit = find_unit(stops, STOPS)
    stops = stops.sort_index().sort_values("duration", ascending=False, kind="stable")
    points = stops[[f"x_{unit}", f"y_{unit}"]].to_numpy()
    ground: dict[str, Any] = {"background": background, "video": video, "bounds": bounds, "y_axis": y_axis}
    ax = ground_axes(ax, unit, points, zones=zones, lines=lines, **ground)
    draw_outlines(ax, zones, lines)
    if len(stops):
        _draw_circles(ax, stops, points, kwargs)
    else:
        say_nothing_to_draw(ax, "nobody stopped")
    return ax


def _draw_circles(ax: Axes, stops: pd.DataFrame, points: Floats, kwargs: dict[str, Any]) -> None:
    """Draw the circles, the longest stop below, and say what their sizes mean."""
    seconds = stops["duration"].to_numpy() / np.timedelta64(1, "s")
    area = _LARGEST**2 / seconds[0]
    style: dict[str, Any] = {"c": [to_rgba(_COLOR, _FILL)], "edgecolors": _COLOR, "linewidths": 1.2}
    style |= {"s": seconds * area, "zorder": 5, "label": "_stops"}
    ax.scatter(points[:, 0], points[:, 1], **{**style, **kwargs})
    legend_below(ax, [*_former(ax), *_sizes(seconds[0], area)])
    if len(stops) <= _LABELLED:
        names = [str(person) for person in stops.index.get_level_values("person_index")]
        label_points(ax, points, names, np.tile(to_rgba(INK), (len(names), 1)))


def _former(ax: Axes) -> list[Artist]:
    """Return the entries of the legend that stands already, such as that of the paths below."""
    legend = ax.get_legend()
    if legend is None:
        return []
    entries = [handle for handle in legend.legend_handles if handle is not None]
    for entry, text in zip(entries, legend.get_texts(), strict=True):
        entry.set_label(text.get_text())
    return entries


def _sizes(longest: float, area: float) -> list[Artist]:
    """Make the legend's entries of up to three round lengths of time, and the circles that they have."""
    lengths = {_rounded(longest / share) for share in _SHARES if share == 1 or longest >= share}
    sizes: dict[float, float] = {length: float(np.sqrt(length * area)) for length in sorted(lengths)}
    fill: dict[str, Any] = {"markerfacecolor": to_rgba(_COLOR, _FILL), "markeredgecolor": _COLOR}
    return [
        Line2D([], [], linestyle="", marker="o", markersize=size, label=f"stop of {_written(length)}", **fill)
        for length, size in sizes.items()
    ]


def _rounded(seconds: float) -> float:
    """Return the largest round length of time up to this one; below a second, the length itself."""
    unit = HOUR if seconds >= HOUR else MINUTE if seconds >= MINUTE else 1
    return max((step * unit for step in _ROUND if step * unit <= seconds), default=seconds)


def _written(seconds: float) -> str:
    """Write a round length of time with its unit."""
    if seconds >= HOUR:
        return f"{seconds / HOUR:.6g} h"
    return f"{seconds / MINUTE:.6g} min" if seconds >= MINUTE else f"{seconds:.3g} s"
