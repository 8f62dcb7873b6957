"""Occupancy along time: how many were there, when."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib import cbook
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import (
    legend_below,
    say_nothing_to_draw,
    short_name,
    time_axes,
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


@plot_analysis("occupancy_changes", zones=lambda analysis: ["", *analysis.zones])
def plot_occupancy(
    occupancy: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    zones: Sequence[Zone | str] | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw how many persons were in the scene and in each zone, as steps along time.

    A count holds from its row until the next; the last row of a zone closes it. The whole scene is a gray
    line over a gray ground.

    Parameters
    ----------
    occupancy
        OCCUPANCY_CHANGES of one video, rows in any order.
    ax
        Axes to draw on; by default a new figure's.
    zones
        Zones to draw, or their names (``""`` is the whole scene), in this order; by default
        all, by name.
    **kwargs
        Handed to ``Axes.step``, which draws each line.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on; x is in seconds, written as a clock shows them. Where nobody was in what is to be
        drawn, they say so.

    Raises
    ------
    SchemaError
        If ``occupancy`` is not an OCCUPANCY_CHANGES table.
    ParameterError
        If the axes are those of a plane, or a zone is not in the table.
    """
    validate(occupancy, OCCUPANCY_CHANGES)
    names = zone_names(occupancy, zones)
    counts = {name: _counts(occupancy, name) for name in names}
    missing = [name for name, (times, _) in counts.items() if len(times) == 0]
    if missing and len(occupancy):
        raise ParameterError(f"zone {missing[0]!r} is not in the occupancy table")
    last = max((float(times.max(initial=0.0)) for times, _ in counts.values()), default=0.0)
    unit = time_unit(last)
    ax = time_axes(ax, unit, height=3.6)
    set_clock(ax.xaxis, unit)
    ax.set_ylabel("number of persons")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    if any(persons.any() for _, persons in counts.values()):
        _draw_steps(ax, counts, zone_colors({*names, *zone_names(occupancy, None)} - {SCENE}), kwargs)
    else:
        said = "nobody was there" if names and len(occupancy) else "nobody was counted"
        say_nothing_to_draw(ax, said, until=last)
    return ax


def _counts(occupancy: pd.DataFrame, zone: str) -> tuple[Floats, Floats]:
    """Return the times [s] and counts of one zone, in the order of time."""
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
            "color": colors.get(name, to_rgba_array(_GREY)[0]),
            "label": short_name(name) or WHOLE_SCENE,
            "linewidth": width,
            "solid_joinstyle": "miter",
            "zorder": 2 + (name != SCENE),
        }
        ax.step(times, persons, where="post", **{**style, **given})
        if name == SCENE:
            ax.fill_between(times, persons, step="post", color=_GREY, alpha=0.15, linewidth=0, zorder=1)
    ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    legend_below(ax, ax.get_legend_handles_labels()[0])
