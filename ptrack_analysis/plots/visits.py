"""Visits along time: who was in which zone, from when to when."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.axes import legend_below, say_nothing_to_draw, time_axes
from ptrack_analysis.plots.clock import set_clock, time_unit
from ptrack_analysis.plots.colours import INK, PAPER, distinct_colours
from ptrack_analysis.plots.lanes import Bars, Lanes, lay_out
from ptrack_analysis.plots.names import short_name, zone_names
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import VISITS, check

_BAR = 0.18
_NAMED = 40
_POINTS_PER_INCH = 72


def plot_visits(
    visits: pd.DataFrame,
    *,
    ax: Axes | None = None,
    zones: Sequence[Zone | str] | None = None,
    lanes: Lanes = "person",
    **kwargs: Any,
) -> Axes:
    """Draw each visit as a bar along time, coloured by its zone, one lane a person.

    A bar reaches from ``entered`` to ``exited``. An end at which the person neither crossed the border nor
    the zone began or ceased to hold bears a white arrow head: the stay was longer than seen. Persons stand in
    the order in which they first entered a zone; who was in several zones at once has a part of the lane for
    each. With many persons, only some lanes are named.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    ax
        Axes to draw on; by default a new figure's.
    zones
        Zones to draw, or their names, in the order of their colours; by default all, by name.
    lanes
        One lane a ``person``, or one a visitor of each ``zone``, zone by zone.
    **kwargs
        Handed to ``matplotlib.collections.PolyCollection``, which draws the bars.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on; x is in seconds, written as a clock shows them.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If the axes are those of a plane, or ``lanes`` is unknown.
    """
    check(visits, VISITS)
    if lanes not in {"person", "zone"}:
        raise ParameterError(f"lanes is {lanes!r}, not 'person' or 'zone'")
    names = zone_names(visits, zones)
    bars = lay_out(visits, names, lanes)
    unit = time_unit(float(bars.exited.max(initial=0.0)))
    ax = time_axes(ax, unit, height=_BAR * bars.lanes / bars.height.mean() + 1.6 if bars.lanes else 0.0)
    set_clock(ax.xaxis, unit)
    ax.set_ylabel(lanes)
    if bars.lanes:
        _draw_bars(ax, bars, distinct_colours(len(names)), kwargs)
        _name_lanes(ax, bars)
        legend_below(ax, _keys(names, bars))
    else:
        say_nothing_to_draw(ax, "nobody visited a zone", until=0.0)
    return ax


def _draw_bars(ax: Axes, bars: Bars, colours: Floats, kwargs: dict[str, Any]) -> None:
    style: dict[str, Any] = {
        "facecolors": colours[bars.zone],
        "edgecolors": colours[bars.zone],
        "linewidths": 0.5,
        "label": "_visits",
        "zorder": 2,
    }
    ax.add_collection(PolyCollection(list(bars.corners()), **{**style, **kwargs}))
    size = np.clip(0.75 * _lane_height(ax, bars.lanes) * bars.height, 1.2, 8.0)
    for unseen, times, marker in (
        (bars.entry_unseen, bars.entered, "<"),
        (bars.exit_unseen, bars.exited, ">"),
    ):
        head: dict[str, Any] = {
            "s": size[unseen] ** 2,
            "facecolors": PAPER,
            "edgecolors": colours[bars.zone[unseen]],
            "linewidths": np.minimum(size[unseen] / 6, 1.2),
        }
        ax.scatter(times[unseen], bars.middle[unseen], marker=marker, zorder=3, label="_unseen", **head)
    ax.autoscale_view(scaley=False)


def _lane_height(ax: Axes, lanes: int) -> float:
    """Estimate the height of a lane on paper, in points."""
    figure = ax.get_figure(root=True)
    return ax.get_position().height * (figure.get_figheight() if figure else 1.0) * _POINTS_PER_INCH / lanes


def _name_lanes(ax: Axes, bars: Bars) -> None:
    """Write names beside lanes, only every so many where they would not fit, the first lane on top."""
    every = 1 + (len(bars.names) - 1) // _NAMED
    ax.set_yticks(bars.places[::every], [short_name(name) for name in bars.names[::every]])
    ax.set_ylim(bars.lanes - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelsize="small")
    ax.grid(visible=every == 1, axis="y")


def _keys(names: Sequence[str], bars: Bars) -> list[Patch | Line2D]:
    """Make the legend: the zones, and what the arrow heads mean."""
    keys: list[Patch | Line2D] = [
        Patch(color=colour, label=short_name(name))
        for name, colour in zip(names, distinct_colours(len(names)), strict=True)
    ]
    if bars.entry_unseen.any() or bars.exit_unseen.any():
        keys.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker=">",
                markerfacecolor=PAPER,
                color=INK,
                label="began or ended unseen",
            )
        )
    return keys
