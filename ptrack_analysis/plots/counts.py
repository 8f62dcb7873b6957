"""Counts over time: crossings of lines, in above 0 and out below 0."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import (
    INK,
    distinct_colors,
    legend_below,
    short_name,
    time_axes,
    write_no_data,
)
from ptrack_analysis.plots.time_axis import set_clock, time_unit
from ptrack_analysis.scene.zones import Line, list_names
from ptrack_analysis.schema import COUNTS, validate

_MILLISECONDS = 1000.0
_FILLED = 0.86
_PALE = 0.55


@plot_analysis("counts")
def plot_counts(
    counts: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    lines: Sequence[Line | str] | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the crossings of each line per bin: in as bars above 0, out as paler bars below 0.

    The bars of several lines are side by side. The legend gives the totals of each line. Suited to about four
    lines and a hundred bins.

    Parameters
    ----------
    counts
        COUNTS of one video, rows in any order.
    ax
        Axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    lines
        Lines to draw, or their names, in the order of their colors; by default all, by name.
    **kwargs
        Passed to ``Axes.bar``, which draws the bars.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is in seconds, formatted as a clock. Counts of out are below 0.

    Raises
    ------
    SchemaError
        If ``counts`` is not a COUNTS table.
    ParameterError
        If the axes show a plane, or a line is not in the table.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = plot_counts(analysis)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['door: 11 in, 11 out']
    """
    validate(counts, COUNTS)
    of_rows = counts.index.get_level_values("line")
    names = sorted(of_rows.unique()) if lines is None else list_names(lines, Line, "lines")
    names = list(dict.fromkeys(names))
    missing = sorted(set(names) - set(of_rows))
    if missing and len(counts):
        raise ParameterError(f"line {missing[0]!r} is not in the counts table")
    lengths = counts["interval"].to_numpy().astype("int64") / _MILLISECONDS
    ends = _starts(counts) + lengths
    unit = time_unit(float(ends.max(initial=0.0)))
    ax = time_axes(ax, unit, height=3.6, title=title, figsize=figsize)
    set_clock(ax.xaxis, unit)
    ax.set_ylabel(f"crossings in {lengths.max(initial=0.0):g} s\n← out\u00a0\u00a0\u00a0\u00a0in →")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{abs(count):.0f}"))
    if len(counts) and names:
        _draw_bars(ax, [counts[of_rows == name].sort_index() for name in names], names, kwargs)
    else:
        write_no_data(ax, "No counts")
    return ax


def _starts(counts: pd.DataFrame) -> Floats:
    return counts.index.get_level_values("timestamp").to_numpy().astype("int64") / _MILLISECONDS


def _draw_bars(ax: Axes, tables: list[pd.DataFrame], names: list[str], kwargs: dict[str, Any]) -> None:
    colors = distinct_colors(len(names))
    keys = []
    for number, (table, name, color) in enumerate(zip(tables, names, colors, strict=True)):
        width = table["interval"].to_numpy().astype("int64") / _MILLISECONDS
        slot = _FILLED / len(names)
        left = _starts(table) + width * ((1 - _FILLED) / 2 + number * slot)
        inwards, outwards = table["in_count"].to_numpy(), table["out_count"].to_numpy()
        pale = np.append(color[:3], _PALE)
        for count, face, label in ((inwards, color, "_in"), (-outwards, pale, "_out")):
            style: dict[str, Any] = {"color": tuple(face), "align": "edge", "zorder": 3, "linewidth": 0}
            high = count != 0  # thousands of bars of zero height would take minutes
            ax.bar(left[high], count[high], width[high] * slot, label=label, **{**style, **kwargs})
        totals = f"{short_name(name)}: {inwards.sum()} in, {outwards.sum()} out"
        keys.append(Patch(color=color, label=totals))
    ax.axhline(0, color=INK, linewidth=0.8, zorder=4)
    ends = [float((_starts(table) + table["interval"].dt.total_seconds()).max()) for table in tables]
    ax.update_datalim([(0.0, 0.0), (max(ends), 0.0)])
    ax.margins(x=0.01)
    if not any(table[["in_count", "out_count"]].to_numpy().any() for table in tables):
        ax.set_ylim(-1, 1)
    legend_below(ax, keys)
