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
    short_name,
    time_axes,
    write_no_data,
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
    """One bar per visit: times [s], middle and height in lanes, zone, and which ends were not observed.

    ``names`` are the labels of the lanes, at the heights ``positions``. ``lanes`` is the number of lanes.
    """

    entered: Floats
    exited: Floats
    middle: Floats
    height: Floats
    zone: Integers
    start_unobserved: Bools
    end_unobserved: Bools
    names: list[str]
    positions: Floats
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
    """Assign each visit to a lane.

    Lanes by person are in the order of their first visit. The lane of a person who was in several zones at
    once is divided by zone. Lanes by zone are in the order of the zones, with one lane per visitor in the
    order of their first visit.
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
    names, positions = _names(first, zones, lanes)
    return Bars(
        **{name: bars[name].to_numpy() for name in times},
        middle=lane - _FILLED / 2 + _FILLED * (part + 0.5) / parts,
        height=_FILLED / parts,
        zone=zone,
        start_unobserved=~visits["entry"].isin({*observed[0], "zone_opened"}).to_numpy(),
        end_unobserved=~visits["exit"].isin({*observed[1], "zone_closed"}).to_numpy(),
        names=names,
        positions=positions,
        lanes=len(first),
    )


def _names(first: pd.DataFrame, zones: Sequence[str], lanes: Lanes) -> tuple[list[str], Floats]:
    """Return the labels of lanes or of groups of lanes by zone, and their positions."""
    if lanes == "person":
        return [str(person) for person in first["person"]], np.arange(len(first), dtype="float64")
    zone, lanes_of = np.unique(first["zone"].to_numpy(dtype="int64"), return_counts=True)
    return [zones[each] for each in zone], np.cumsum(lanes_of) - (lanes_of + 1) / 2


def _parts(bars: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the part of the person's lane for each bar, and the number of parts."""
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
    visit was longer than recorded. People are in the order of their first visit. The lane of a person who was
    in several zones at once is divided. With many people, only some lanes are labeled.

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
        One lane per ``person``, or one per visitor of each ``zone``, zone by zone.
    observed_entries, observed_exits
        Kinds of entry and exit that count as observed, as in ``compute_dwell``.
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
        If the axes show a plane, or ``lanes`` is unknown.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = pta.plot_visits(analysis)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['entrance', 'shelves', 'table', 'checkout', 'start or end not observed']
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
        write_no_data(ax, "No visits", until=0.0)
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
    for unobserved, times, marker in (
        (bars.start_unobserved, bars.entered, "<"),
        (bars.end_unobserved, bars.exited, ">"),
    ):
        head: dict[str, Any] = {
            "s": size[unobserved] ** 2,
            "facecolors": PAPER,
            "edgecolors": colors[bars.zone[unobserved]],
            "linewidths": np.minimum(size[unobserved] / 6, 1.2),
        }
        ax.scatter(
            times[unobserved], bars.middle[unobserved], marker=marker, zorder=3, label="_unseen", **head
        )
    ax.autoscale_view(scaley=False)


def _lane_height(ax: Axes, lanes: int) -> float:
    """Estimate the height of a lane in points."""
    figure = ax.get_figure(root=True)
    return ax.get_position().height * (figure.get_figheight() if figure else 1.0) * _POINTS_PER_INCH / lanes


def _name_lanes(ax: Axes, bars: Bars) -> None:
    """Label the lanes from the top, skipping some labels if they would overlap."""
    every = 1 + (len(bars.names) - 1) // _NAMED
    ax.set_yticks(bars.positions[::every], [short_name(name) for name in bars.names[::every]])
    ax.set_ylim(bars.lanes - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelsize="small")
    ax.grid(visible=every == 1, axis="y")


def _keys(names: Sequence[str], colors: Floats, bars: Bars) -> list[Patch | Line2D]:
    """Return the legend of the zones and the arrowheads."""
    keys: list[Patch | Line2D] = [
        Patch(color=tuple(color), label=short_name(name))
        for name, color in zip(names, colors.tolist(), strict=True)
    ]
    if bars.start_unobserved.any() or bars.end_unobserved.any():
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
