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
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.background import draw_outlines, ground_axes, label_points
from ptrack_analysis.plots.style import INK, legend_below, say_nothing_to_draw
from ptrack_analysis.plots.time_axis import HOUR, MINUTE
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import STOPS, find_unit, validate
from ptrack_analysis.video import Video, YAxis

_LARGEST, _LARGEST_SUM = (
    20.0,
    34.0,
)  # diameter of the circle of the longest stop, or of the largest sum [points]
_WIDE_ENOUGH = 15.0  # for the number of people [points]
_LABELED = 30
_CELLS = 24
_FILL = 0.45
_COLOR = "#D55E00"
_ROUND = (1, 2, 5, 10, 20, 30)
_SHARES, _SHARES_OF_SUM = (1, 4, 16), (3, 12, 48)  # of the longest stop, in the legend


@plot_analysis("stops", "lines", "zones", "bounds", "y_axis")
def plot_stops(
    stops: pd.DataFrame,
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
    """Plot each stop as a circle with an area in proportion to its duration.

    The circle of the longest stop is 20 points wide, and the legend explains up to three sizes. Shorter stops
    lie above longer ones. Up to 30 stops are labeled with the person. More stops are added up in square cells
    of 1/24 of the width of the plot: the circle lies at their mean position, and its area is the time that
    people stood there. Circles with enough room have the number of people in them.

    Parameters
    ----------
    stops
        STOPS of one video, rows in any order.
    ax
        Axes to draw on, such as those of ``plot_paths``; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    background, video, bounds, zones, lines, y_axis
        As in ``plot_paths``.
    **kwargs
        Passed to ``Axes.scatter``, which draws the circles; the legend follows ``color``.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``stops`` is not a STOPS table.
    ParameterError
        If the axes, a zone or a line is in another unit, the background cannot be read or its position is
        not known, or the bounds are empty.
    """
    validate(stops, STOPS)
    unit = find_unit(stops, STOPS)
    stops = stops.sort_index().sort_values("duration", ascending=False, kind="stable")
    points = stops[[f"x_{unit}", f"y_{unit}"]].to_numpy()
    ground: dict[str, Any] = {"background": background, "video": video, "bounds": bounds, "y_axis": y_axis}
    ax = ground_axes(ax, unit, points, zones=zones, lines=lines, **ground, title=title, figsize=figsize)
    draw_outlines(ax, zones, lines)
    if len(stops):
        _draw_circles(ax, stops, points, kwargs)
    else:
        say_nothing_to_draw(ax, "no stops")
    return ax


def _draw_circles(ax: Axes, stops: pd.DataFrame, points: Floats, kwargs: dict[str, Any]) -> None:
    """Draw the circles, the longest stop below, and a legend of their sizes."""
    seconds = stops["duration"].to_numpy() / np.timedelta64(1, "s")
    person = stops.index.get_level_values("person_index").to_numpy()
    people, largest, text, shares = np.ones(len(stops), dtype="int64"), _LARGEST, "stop of {}", _SHARES
    if len(stops) > _LABELED:
        points, seconds, people = _add_up(points, seconds, person, abs(np.diff(ax.get_xlim())[0]) / _CELLS)
        largest, text, shares = _LARGEST_SUM, "{} of standing", _SHARES_OF_SUM
    area = largest**2 / seconds[0]
    color = kwargs.pop("color", _COLOR)
    style: dict[str, Any] = {"c": [to_rgba(color, _FILL)], "edgecolors": [color], "linewidths": 1.2}
    style |= {"s": seconds * area, "zorder": 5, "label": "_stops"}
    ax.scatter(points[:, 0], points[:, 1], **{**style, **kwargs})
    legend_below(ax, [*_former(ax), *_sizes(seconds[0], area, color, shares, text)])
    if len(stops) <= _LABELED:
        label_points(ax, points, [str(each) for each in person], np.tile(to_rgba(INK), (len(person), 1)))
        return
    for point, number, diameter in zip(points, people, np.sqrt(seconds * area), strict=True):
        if number > 1 and diameter >= _WIDE_ENOUGH:
            ax.text(
                float(point[0]),
                float(point[1]),
                f"{number}",
                ha="center",
                va="center",
                fontsize="x-small",
                color=INK,
                zorder=6,
            )


def _add_up(
    points: Floats, seconds: Floats, person: Integers, cell: float
) -> tuple[Floats, Floats, Integers]:
    """Add up the stops in square cells: their mean position, duration and number of people, longest first."""
    stops = pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "seconds": seconds, "person": person})
    cells = [np.floor(stops[axis] / cell) for axis in ("x", "y")]
    sums = stops.groupby(cells, sort=False).agg(
        x=("x", "mean"), y=("y", "mean"), seconds=("seconds", "sum"), people=("person", "nunique")
    )
    sums = sums.sort_values("seconds", ascending=False, kind="stable")
    return sums[["x", "y"]].to_numpy(), sums["seconds"].to_numpy(), sums["people"].to_numpy()


def _former(ax: Axes) -> list[Artist]:
    """Return the entries of the legend that stands already, such as that of the paths below."""
    legend = ax.get_legend()
    if legend is None:
        return []
    entries = [handle for handle in legend.legend_handles if handle is not None]
    for entry, text in zip(entries, legend.get_texts(), strict=True):
        entry.set_label(text.get_text())
    return entries


def _sizes(longest: float, area: float, color: Any, shares: tuple[int, ...], text: str) -> list[Artist]:
    """Return the legend's entries of up to three round durations, as circles of their size."""
    lengths = {_rounded(longest / share) for share in shares if share == shares[0] or longest >= share}
    fill: dict[str, Any] = {"markerfacecolor": to_rgba(color, _FILL), "markeredgecolor": color}
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            markersize=float(np.sqrt(length * area)),
            label=text.format(_written(length)),
            **fill,
        )
        for length in sorted(lengths)
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
