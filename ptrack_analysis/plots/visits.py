"""Visits to zones over time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ptrack_analysis.analysis.dwell.survival import parse_ends
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import validate_choice
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import (
    INK,
    PAPER,
    legend_below,
    say_nothing_to_draw,
    short_name,
    time_axes,
    zone_colors,
    zone_names,
)
from ptrack_analysis.plots.time_axis import set_clock, time_unit
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import OBSERVED_ENTRIES, OBSERVED_EXITS, VISITS, validate

Lanes = Literal["person", "zone"]
_FILLED = 0.8
_MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One bar a visit: its times [s], its middle and height in lanes, its zone, and which ends were unseen.

    ``names`` is what is written beside the lanes, at the heights ``places``; ``lanes`` is how many there are.
    """

    entered: Floats
    exited: Floats
    middle: Floats
    height: Floats
    zone: Integers
    entry_unseen: Bools
    exit_unseen: Bools
    names: list[str]
    places: Floats
    lanes: int

    def corners(self) -> Floats:
        """Return the bars' corners: (n, 4, 2)."""
        low, high = self.middle - self.height / 2, self.middle + self.height / 2
        left, right = self.entered, self.exited
        return np.stack(
            [np.column_stack(c) for c in ((left, low), (right, low), (right, high), (left, high))], 1
        )


def lay_out(
    visits: pd.DataFrame, zones: Sequence[str], lanes: Lanes, observed: tuple[Iterable[str], Iterable[str]]
) -> Bars:
    """Put each visit to one of the zones into a lane.

    Lanes of persons are in the order in which they first entered; a person who was in several zones at once
    has a part of the lane for each of the zones visited. Lanes by zone are in the order of the zones, with
    one lane a visitor, in the order in which they first entered it.
    """
    zone = pd.Index(zones).get_indexer(visits.index.get_level_values("zone"))
    visits, zone = visits[zone >= 0], zone[zone >= 0]
    times = {name: visits[name].to_numpy().astype("int64") / _MILLISECONDS for name in ("entered", "exited")}
    bars = pd.DataFrame({"person": visits.index.get_level_values("person_index"), "zone": zone, **times})
    keys = ["person"] if lanes == "person" else ["zone", "person"]
    first = bars.groupby(keys)["entered"].min().reset_index()
    first = first.sort_values([*keys[:-1], "entered", "person"], ignore_index=True)
    lane = bars.merge(first[keys].assign(lane=first.index), on=keys, how="left")["lane"].to_numpy()
    part, parts = _parts(bars) if lanes == "person" else (np.zeros(len(bars)), np.ones(len(bars)))
    names, places = _names(first, zones, lanes)
    return Bars(
        **{name: bars[name].to_numpy() for name in times},
        middle=lane - _FILLED / 2 + _FILLED * (part + 0.5) / parts,
        height=_FILLED / parts,
        zone=zone,
        entry_unseen=~visits["entry"].isin({*observed[0], "zone_opened"}).to_numpy(),
        exit_unseen=~visits["exit"].isin({*observed[1], "zone_closed"}).to_numpy(),
        names=names,
        places=places,
        lanes=len(first),
    )


def _names(first: pd.DataFrame, zones: Sequence[str], lanes: Lanes) -> tuple[list[str], Floats]:
    """Name each lane by its person, or each zone's lanes together, in their middle."""
    if lanes == "person":
        return [str(person) for person in first["person"]], np.arange(len(first), dtype="float64")
    zone, lanes_of = np.unique(first["zone"].to_numpy(dtype="int64"), return_counts=True)
    return [zones[each] for each in zone], np.cumsum(lanes_of) - (lanes_of + 1) / 2


def _parts(bars: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return which part of the person's lane each bar takes, and how many parts the lane has."""
    ordered = bars.sort_values(["person", "entered", "exited"])
    until = ordered.groupby("person")["exited"].cummax().groupby(ordered["person"]).shift()
    at_once = (ordered["entered"] < until).groupby(ordered["person"]).transform("any").reindex(bars.index)
    of_person = bars.groupby("person")["zone"]
    part = of_person.rank("dense").to_numpy() - 1
    parts = of_person.transform("nunique").to_numpy()
    return np.where(at_once, part, 0.0), np.where(at_once, parts, 1.0)


_BAR = 0.18
_NAMED = 40
_HIGHEST = 10.0  # of a new figure [inches]
_POINTS_PER_INCH = 72


@plot_analysis(
    "visits",
    "zones",
    observed_entries=lambda analysis: analysis.observed["observed_entries"],
    observed_exits=lambda analysis: analysis.observed["observed_exits"],
)
def plot_visits(
    visits: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    zones: Sequence[Zone | str] | None = None,
    lanes: Lanes = "person",
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    **kwargs: Any,
) -> Axes:
    """Plot each visit as a bar over time in the color of its zone, one lane per person.

    A bar reaches from ``entered`` to ``exited``. A white arrowhead marks an end that was not observed: the
    visit was longer than recorded. People are in the order in which they first entered a zone. The lane of a
    person who was in several zones at once is divided. Of many people, only some lanes are labeled.

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
    lanes
        One lane a ``person``, or one a visitor of each ``zone``, zone by zone.
    observed_entries, observed_exits
        Entries and exits at which the ends of a visit are observed, as in ``compute_dwell``.
    **kwargs
        Passed to ``matplotlib.collections.PolyCollection``, which draws the bars. ``color`` is one color, or
        colors by zone.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is in seconds, formatted as on a clock.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If the axes are those of a plane, or ``lanes`` is unknown.
    """
    validate(visits, VISITS)
    validate_choice(lanes, "lanes", ("person", "zone"))
    names = zone_names(visits, zones)
    observed = (
        parse_ends(observed_entries, "entry", "observed_entries"),
        parse_ends(observed_exits, "exit", "observed_exits"),
    )
    bars = lay_out(visits, names, lanes, observed)
    unit = time_unit(float(bars.exited.max(initial=0.0)))
    ax = time_axes(
        ax,
        unit,
        height=min(_BAR * bars.lanes / bars.height.mean() + 1.6, _HIGHEST) if bars.lanes else 0.0,
        title=title,
        figsize=figsize,
    )
    set_clock(ax.xaxis, unit)
    ax.set_ylabel(lanes)
    if bars.lanes:
        by_zone = zone_colors({*names, *zone_names(visits, None)}, kwargs.pop("color", None))
        colors = np.array([by_zone[name] for name in names])
        _draw_bars(ax, bars, colors, kwargs)
        _name_lanes(ax, bars)
        legend_below(ax, _keys(names, colors, bars))
    else:
        say_nothing_to_draw(ax, "no visits", until=0.0)
    return ax


def _draw_bars(ax: Axes, bars: Bars, colors: Floats, kwargs: dict[str, Any]) -> None:
    style: dict[str, Any] = {
        "facecolors": colors[bars.zone],
        "edgecolors": colors[bars.zone],
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
            "edgecolors": colors[bars.zone[unseen]],
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


def _keys(names: Sequence[str], colors: Floats, bars: Bars) -> list[Patch | Line2D]:
    """Make the legend: the zones, and what the arrow heads mean."""
    keys: list[Patch | Line2D] = [
        Patch(color=tuple(color), label=short_name(name))
        for name, color in zip(names, colors.tolist(), strict=True)
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
                label="start or end not observed",
            )
        )
    return keys
