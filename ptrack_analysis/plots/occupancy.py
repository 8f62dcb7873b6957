"""Occupancy over time: the number of people."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import cbook
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.dwell import MOST_TALL_ROWS
from ptrack_analysis.plots.style import (
    INK,
    in_one_row,
    legend_below,
    short_name,
    time_axes,
    write_no_data,
    zone_colors,
    zone_names,
)
from ptrack_analysis.plots.time_axis import set_clock, time_unit
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import OCCUPANCY_CHANGES, validate

SCENE = ""
WHOLE_SCENE = "whole scene"
_GREY = "#777777"
_MILLISECONDS = 1000.0
_MANY = 200
_FEWEST_ROWS = 3


@plot_analysis("occupancy_changes", zones=lambda analysis: ["", *analysis.zones])
def plot_occupancy(
    occupancy: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    zones: Sequence[Zone | str] | None = None,
    rows: bool | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the number of people in the scene and in each zone over time.

    A count is valid from its row until the next row. The last row of a zone closes it. The scene is gray.

    Parameters
    ----------
    occupancy
        OCCUPANCY_CHANGES of one video, rows in any order.
    ax
        Axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    zones
        Zones to plot, or their names (``""`` is the whole scene), in this order; by default all, by name.
    rows
        Whether each zone has its own row, all with the same scale, or all share one; by default rows for
        three or more zones.
    **kwargs
        Passed to ``Axes.step``, which draws each line. ``color`` is one color, or colors by zone.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is in seconds, formatted as a clock. In rows, y grows by 1 per person.

    Raises
    ------
    SchemaError
        If ``occupancy`` is not an OCCUPANCY_CHANGES table.
    ParameterError
        If the axes show a plane, or a zone is not in the table.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = pta.plot_occupancy(analysis)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['whole scene', 'entrance', 'shelves', 'table', 'checkout']
    """
    validate(occupancy, OCCUPANCY_CHANGES, "occupancy")
    names = zone_names(occupancy, zones)
    counts = {name: _counts(occupancy, name) for name in names}
    missing = [name for name, (times, _) in counts.items() if len(times) == 0]
    if missing and len(occupancy):
        raise ParameterError(f"zone {missing[0]!r} is not in the occupancy table")
    last = max((float(times.max(initial=0.0)) for times, _ in counts.values()), default=0.0)
    unit = time_unit(last)
    in_rows = len(names) >= _FEWEST_ROWS if rows is None else rows
    height = (0.62 if len(names) <= MOST_TALL_ROWS else 0.36) * len(names) + 1.5 if in_rows else 3.6
    ax = time_axes(ax, unit, height=height, title=title, figsize=figsize)
    set_clock(ax.xaxis, unit)
    ax.set_ylabel("number of people")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    if any(people.any() for _, people in counts.values()):
        known = {*names, *zone_names(occupancy, None)} - {SCENE}
        colors = {SCENE: to_rgba(_GREY), **zone_colors(known, kwargs.pop("color", None))}
        draw = _draw_rows if in_rows else _draw_steps
        draw(ax, counts, colors, kwargs)
        ax.margins(x=0.01)
    else:
        write_no_data(ax, "No people", until=last)
    return ax


def _counts(occupancy: pd.DataFrame, zone: str) -> tuple[Floats, Floats]:
    """Return the times [s] and counts of one zone, ordered by time."""
    rows = occupancy[occupancy.index.get_level_values("zone") == zone].sort_index()
    times = rows.index.get_level_values("timestamp").to_numpy().astype("int64") / _MILLISECONDS
    return times, rows["persons"].to_numpy().astype("float64")


def _draw_steps(
    ax: Axes, counts: dict[str, tuple[Floats, Floats]], colors: dict[str, Any], kwargs: dict[str, Any]
) -> None:
    width = 1.6 if max(len(times) for times, _ in counts.values()) <= _MANY else 0.8
    given = cbook.normalize_kwargs(kwargs, Line2D)
    for name, (times, persons) in counts.items():
        style: dict[str, Any] = {
            "color": colors[name],
            "label": short_name(name) or WHOLE_SCENE,
            "linewidth": width,
            "solid_joinstyle": "miter",
            "zorder": 2 + (name != SCENE),
        }
        ax.step(times, persons, where="post", **{**style, **given})
        if name == SCENE:
            ax.fill_between(times, persons, step="post", color=_GREY, alpha=0.15, linewidth=0, zorder=1)
    ax.set_ylim(bottom=0)
    legend_below(ax, ax.get_legend_handles_labels()[0])


def _draw_rows(
    ax: Axes, counts: dict[str, tuple[Floats, Floats]], colors: dict[str, Any], kwargs: dict[str, Any]
) -> None:
    """Draw each zone in its own row, as high as the largest count of all zones."""
    most = max(float(people.max(initial=0.0)) for _, people in counts.values())
    step = 1.25 * most
    bases = step * np.arange(len(counts))[::-1]
    given = cbook.normalize_kwargs(kwargs, Line2D)
    for base, (name, (times, people)) in zip(bases, counts.items(), strict=True):
        ax.fill_between(
            times, base, base + people, step="post", color=colors[name], alpha=0.25, linewidth=0, zorder=2
        )
        style: dict[str, Any] = {"color": colors[name], "linewidth": 1.0, "solid_joinstyle": "miter"}
        style |= {"label": short_name(name) or WHOLE_SCENE, "zorder": 3}
        ax.step(times, base + people, where="post", **{**style, **given})
        label = f"max {people.max(initial=0.0):.0f}"
        options: dict[str, Any] = {
            "xycoords": ax.get_yaxis_transform(),
            "textcoords": "offset points",
            "ha": "left",
        }
        ax.annotate(
            label, (1.0, base + 0.4 * most), (4, 0), color=INK, fontsize="small", va="center", **options
        )
    few = len(counts) <= MOST_TALL_ROWS
    names = [short_name(name) if few else in_one_row(name) for name in counts]
    ax.set_yticks(bases + 0.4 * most, [name or WHOLE_SCENE for name in names])
    ax.tick_params(axis="y", length=0, labelsize="medium" if few else "small")
    ax.grid(visible=False, axis="y")
    ax.set(ylim=(0, bases[0] + 1.1 * most), ylabel="")
