"""Dwell times: one dot per visit, one row per zone."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ptrack_analysis.analysis.dwell.dwell import compute_dwell
from ptrack_analysis.analysis.dwell.survival import parse_ends, seen_at
from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import (
    INK,
    PAPER,
    in_one_row,
    legend_below,
    short_name,
    time_axes,
    write_no_data,
    zone_colors,
    zone_names,
)
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import OBSERVED_ENTRIES, OBSERVED_EXITS, VISITS, validate

MOST_TALL_ROWS = 14
"""Largest number of zones whose rows have room for labels of several lines."""
MOST_DOTS = 60
"""Largest number of visits of a zone that are drawn as individual dots."""
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 36000, 86400)
_SHORTEST = 0.1
_COLUMNS, _STEP, _HIGHEST = 90, 0.13, 0.4
"""Columns of dots along the axis; distance of dots in a column, and of the farthest from the middle
[rows]."""


@plot_analysis(
    "visits",
    "zones",
    observed_entries=lambda analysis: analysis.config.observed_entries,
    observed_exits=lambda analysis: analysis.config.observed_exits,
)
def plot_dwell(
    visits: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    zones: Sequence[Zone | str] | None = None,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    **kwargs: Any,
) -> Axes:
    """Plot the dwell time of each visit, one row per zone.

    A dot is a visit; a triangle is a visit whose start or end was not observed. In a zone with more than 60
    visits, a dot represents all visits of similar length, with an area in proportion to their number. The
    line is the median (Kaplan-Meier) and the band its confidence interval. The time scale is logarithmic.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    ax
        Axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    zones
        Zones to draw, or their names, in this order; by default all, by name.
    observed_entries, observed_exits
        Kinds of entry and exit that count as observed, as in ``compute_dwell``.
    **kwargs
        Passed to ``Axes.scatter``, which draws the dots. ``color`` is one color, or colors by zone.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is the dwell time [s].

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If the axes show a plane.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = plot_dwell(analysis)
    >>> ax.get_yticklabels()[0].get_text().splitlines()
    ['entrance', '22 visits']
    """
    validate(visits, VISITS)
    names = zone_names(visits, zones)
    drawn = visits[visits.index.get_level_values("zone").isin(names)]
    ax = time_axes(ax, "s", height=_find_row_height(names) * len(names) + 1.5, title=title, figsize=figsize)
    ax.set_xlabel("dwell time")
    if drawn.empty:
        write_no_data(ax, "No visits", until=0.0)
        return ax
    entries = parse_ends(observed_entries, "entry", "observed_entries")
    exits = parse_ends(observed_exits, "exit", "observed_exits")
    started = seen_at(drawn, "entry", entries, "observed_entries")
    ended = seen_at(drawn, "exit", exits, "observed_exits")
    lengths = np.maximum(drawn["dwell"].dt.total_seconds().to_numpy(), _SHORTEST)
    table = compute_dwell(drawn, observed_entries=entries, observed_exits=exits)
    low, high = 0.8 * lengths.min(), 1.25 * lengths.max()
    ax.set_xscale("log")
    ax.set(xlim=(low, high), ylim=(len(names) - 0.4, -0.6))
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if low <= tick <= high]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _write_length(seconds)))
    colors = zone_colors({*names, *zone_names(visits, None)}, kwargs.pop("color", None))
    zone_of_row = drawn.index.get_level_values("zone").to_numpy()
    for row, name in enumerate(names):
        own = zone_of_row == name
        _draw_median(ax, table, name, row, colors[name])
        share = np.log(lengths[own] / low) / np.log(high / low)
        observed = started[own], ended[own]
        _draw_dots(ax, (lengths[own], share), observed, row, {"color": colors[name], **kwargs})
    apart = "\n" if len(names) <= MOST_TALL_ROWS else ", "
    counts = [int((zone_of_row == name).sum()) for name in names]
    labels = [_write_label(name, apart, count) for name, count in zip(names, counts, strict=True)]
    ax.set_yticks(range(len(names)), labels)
    ax.tick_params(axis="y", length=0, labelsize="medium" if len(names) <= MOST_TALL_ROWS else "small")
    ax.grid(visible=False, axis="y")
    legend_below(ax, _list_keys(started, ended))
    return ax


def _write_length(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"  # noqa: PLR2004 - an hour


def _find_row_height(names: Sequence[str]) -> float:
    return 0.62 if len(names) <= MOST_TALL_ROWS else 0.36


def _write_label(name: str, apart: str, visits: int) -> str:
    written = short_name(name) if apart == "\n" else in_one_row(name)
    return f"{written}{apart}{visits} visit{'' if visits == 1 else 's'}"


def _draw_median(ax: Axes, table: pd.DataFrame, name: str, row: int, color: Any) -> None:
    """Draw the median and its confidence interval, if known."""
    found = table[table.index.get_level_values("zone") == name]
    if found.empty or pd.isna(found["median"].iloc[0]):
        return
    columns = ("median", "median_low", "median_high")
    median, low, high = (found[column].iloc[0].total_seconds() for column in columns)
    if not np.isnan(low):
        right = ax.get_xlim()[1] if np.isnan(high) else high
        ax.add_patch(Rectangle((low, row - 0.36), right - low, 0.72, color=color, alpha=0.16, linewidth=0))
    ax.plot([median, median], [row - 0.4, row + 0.4], color=color, linewidth=2, zorder=4, label="_median")


def _draw_dots(
    ax: Axes, where: tuple[Floats, Floats], observed: tuple[Bools, Bools], row: int, style: dict[str, Any]
) -> None:
    """Draw the visits of one zone, individually or grouped by length."""
    (lengths, share), (started, ended) = where, observed
    column = np.minimum((share * _COLUMNS).astype("int64"), _COLUMNS - 1)
    color = style.pop("color")
    if len(lengths) > MOST_DOTS:
        column //= 2
        columns, counts = np.unique(column, return_counts=True)
        middle = [float(np.median(lengths[column == number])) for number in columns]
        size = {"s": np.maximum(160.0 * counts / counts.max(), 3.0)}
        style = {**size, "color": [color], "edgecolors": PAPER, "linewidths": 0.6, "zorder": 3, **style}
        ax.scatter(middle, np.full(len(columns), row), label="_dots", **style)
        return
    order = np.lexsort((lengths, column))
    rank = pd.Series(column[order]).groupby(column[order]).cumcount().to_numpy()
    size = np.bincount(column)[column[order]]
    step = np.minimum(_STEP, 2 * _HIGHEST / np.maximum(size, 1))
    offset = np.empty(len(lengths))
    offset[order] = (rank - (size - 1) / 2) * step
    for marker, own, face in (
        ("o", started & ended, color),
        (">", started & ~ended, PAPER),
        ("<", ~started, PAPER),
    ):
        edge = PAPER if marker == "o" else [color]
        dots: dict[str, Any] = {"s": 26.0, "marker": marker, "facecolors": [face], "edgecolors": edge}
        dots |= {"linewidths": 0.6 if marker == "o" else 1.2, "zorder": 3, "label": "_dots"}
        if own.any():
            ax.scatter(lengths[own], row + offset[own], **{**dots, **style})


def _list_keys(started: Bools, ended: Bools) -> list[Line2D | Patch]:
    """Return the entries of the legend."""
    keys: list[Line2D | Patch] = []
    for marker, face, label, is_there in (
        ("o", INK, "start and end observed", (started & ended).any()),
        (">", PAPER, "end not observed", (started & ~ended).any()),
        ("<", PAPER, "start not observed", (~started).any()),
    ):
        if is_there:
            style: dict[str, Any] = {"markerfacecolor": face, "markeredgecolor": INK}
            keys.append(Line2D([], [], linestyle="", marker=marker, label=label, **style))
    keys.append(Line2D([], [], color=INK, linewidth=2, label="median"))
    return [*keys, Patch(color=INK, alpha=0.16, label="95% interval")]
