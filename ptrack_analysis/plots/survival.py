"""Survival curves: the share of visits longer than each duration."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from ptrack_analysis.analysis.dwell.survival import compute_survival
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
    zone_colors,
    zone_names,
)
from ptrack_analysis.plots.time_axis import clock, set_clock, time_unit
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import SURVIVAL, validate

_MILLISECONDS = 1000.0
_LABEL = "dwell time [{unit}]"
_BAND = 0.15
_HALF = 0.5
_ROUNDING = 1e-9


@plot_analysis(lambda analysis: compute_survival(analysis["visits"], **analysis.observed), "zones")
def plot_survival(
    survival: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    zones: Sequence[Zone | str] | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the share of visits that last longer than each duration, one curve per zone.

    The band around a curve is its confidence interval. A small stroke marks a duration at which the end of a
    visit was not observed. The legend gives the median (where the curve falls to a half) and the number of
    unobserved ends. A zone passed as a ``Zone`` has no curve if no visit was observed from its start. Each
    kind of entry has its own curve. Suited to about six curves.

    Parameters
    ----------
    survival
        SURVIVAL of one video, rows in any order.
    ax
        Axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    zones
        Zones to draw, or their names, in this order; by default all, by name.
    **kwargs
        Passed to ``Axes.step``, which draws the curves.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is in seconds, formatted as on a clock, y is a share.

    Raises
    ------
    SchemaError
        If ``survival`` is not a SURVIVAL table.
    ParameterError
        If the axes show another plot, or a zone is not in the table.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = plot_survival(analysis)
    >>> print(ax.get_legend().get_texts()[0].get_text())
    entrance: median 2.4 s
    1 of 22 ends not observed
    """
    validate(survival, SURVIVAL)
    names = zone_names(survival, zones)
    given = [zone.name for zone in zones or () if isinstance(zone, Zone)]
    known = {*survival.index.get_level_values("zone"), *given}
    missing = [name for name in names if name not in known]
    if missing and len(survival):
        raise ParameterError(f"zone {missing[0]!r} is not in the survival table")
    survival = survival[survival.index.get_level_values("zone").isin(names)].sort_index()
    unit = time_unit(float(_lengths(survival).max(initial=0.0)))
    ax = _prepare_axes(ax, unit, figsize=figsize, title=title)
    if survival.empty:
        write_no_data(ax, "No visits observed from their start", until=0.0)
        return ax
    ax.axhline(_HALF, color=INK, linewidth=0.8, linestyle=(0, (4, 4)), zorder=2, label="_half")
    curves = {(str(zone), str(entry)): own for (zone, entry), own in survival.groupby(["zone", "entry"])}
    keys = [key for name in names for key in [one for one in curves if one[0] == name] or [(name, "")]]
    by_zone = zone_colors({*names, *known} - {""})
    is_split = len(keys) > len(names)
    colors = distinct_colors(len(keys)) if is_split else [by_zone[zone] for zone, _ in keys]
    legend: list[Artist] = []
    for key, color in zip(keys, colors, strict=True):
        label = f"{short_name(key[0])}: no visit observed\nfrom its start"
        if key in curves:
            _draw_curve(ax, curves[key], color, kwargs)
            label = _label(key, curves[key], unit)
        legend.append(Line2D([], [], color=tuple(color), linewidth=2, label=label))
    legend_below(ax, legend)
    return ax


def _lengths(survival: pd.DataFrame) -> Floats:
    return survival.index.get_level_values("length").to_numpy().astype("int64") / _MILLISECONDS


def _prepare_axes(ax: Axes | None, unit: str, **options: Any) -> Axes:
    """Prepare axes with dwell time along x, and reject axes of another plot."""
    label = "" if ax is None else ax.get_xlabel()
    if label and not label.startswith(_LABEL.partition(" [")[0]):
        raise ParameterError(f"ax must show a dwell time along x, got axes with {label!r}")
    ax = time_axes(ax, unit, height=3.6, **options)
    set_clock(ax.xaxis, unit)
    ax.set(xlabel=_LABEL.format(unit=unit), ylabel="share of visits that last longer", ylim=(0, 1.02))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.margins(x=0.01)
    return ax


def _draw_curve(ax: Axes, curve: pd.DataFrame, color: Floats, kwargs: dict[str, Any]) -> None:
    length, share = _lengths(curve), curve["share"].to_numpy()
    style: dict[str, Any] = {"where": "post", "color": tuple(color), "linewidth": 1.8, "zorder": 4}
    ax.step(length, share, **{**style, "label": "_share", **kwargs})
    filled = curve[["share_low", "share_high"]].ffill(limit=1)  # bounds are valid until all visits have ended
    bounds = (filled["share_low"].to_numpy(), filled["share_high"].to_numpy())
    ax.fill_between(length, *bounds, step="post", color=tuple(color), alpha=_BAND, linewidth=0, zorder=3)
    unobserved = curve["end_unobserved"].to_numpy() > 0
    strokes: dict[str, Any] = {"linestyle": "", "marker": "|", "markersize": 7, "color": tuple(color)}
    ax.plot(length[unobserved], share[unobserved], zorder=5, label="_cut", **strokes)


def _label(key: tuple[str, str], curve: pd.DataFrame, unit: str) -> str:
    """Return the label of a curve: zone, median and number of unobserved ends."""
    zone, entry = key
    name = f"{short_name(zone)}, {entry}" if entry else short_name(zone)
    below = np.flatnonzero(curve["share"].to_numpy() <= _HALF + _ROUNDING)
    half = f"median {_time(float(_lengths(curve)[below[0]]), unit)}" if len(below) else "no median"
    unobserved, ended = int(curve["end_unobserved"].sum()), int(curve["ended"].sum())
    return f"{name}: {half}\n{unobserved} of {unobserved + ended} ends not observed"


def _time(seconds: float, unit: str) -> str:
    """Format a median like the axis, to tenths of a second if the axis is in seconds."""
    return f"{seconds:.1f} s" if unit == "s" else clock(round(seconds), unit)
