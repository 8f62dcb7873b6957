"""The fundamental diagram: mean speed against density, one point per bin."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ptrack_analysis.analysis.crowd.flow import compute_fundamental_diagram
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import (
    GRID,
    INK,
    legend_below,
    prepare_axes,
    short_name,
    write_no_data,
    zone_colors,
    zone_names,
)
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import FUNDAMENTAL, validate

_LABEL = "density [people/m²]"
_FREE, _SHAPE, _JAM = 1.34, 1.913, 5.4  # Weidmann's free speed [m/s], parameter and jam density [1/m²]
_FAINT = 0.65


def _compute_fundamental_diagram(analysis: Any) -> pd.DataFrame:
    """Return the diagram in bins of the configured length, or otherwise of a length that suits a plot."""
    if analysis.config.every is not None:
        table: pd.DataFrame = analysis["fundamental_diagram"]
        return table
    return compute_fundamental_diagram(
        analysis.trajectories, analysis.zones, analysis.video_until_end, start=analysis.window[0]
    )


@plot_analysis(_compute_fundamental_diagram)
def plot_fundamental_diagram(
    fundamental: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    zones: Sequence[Zone | str] | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the mean speed against the density, one point per bin and zone.

    Bins without a known speed are excluded. The gray line is Weidmann's relation for people walking on level
    ground. Points far below it come from people who stand or stroll.

    Parameters
    ----------
    fundamental
        FUNDAMENTAL of one video, rows in any order.
    ax
        Axes to draw on: empty, or of another fundamental diagram; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    zones
        Zones to plot, or their names, in the order of the legend; by default all, by name.
    **kwargs
        Passed to ``Axes.scatter``, which draws the points. ``color`` is one color, or colors by zone.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    SchemaError
        If ``fundamental`` is not a FUNDAMENTAL table.
    ParameterError
        If the axes show something else, or a zone is not in the table.

    References
    ----------
    U. Weidmann, "Transporttechnik der Fussgänger", Schriftenreihe des IVT 90, ETH Zürich, 1993,
    doi:10.3929/ethz-a-000687810.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson", floor="data/shop/floor.json")
    >>> ax = plot_fundamental_diagram(analysis)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['checkout', 'entrance', 'shelves', 'table', 'Weidmann 1993']
    """
    validate(fundamental, FUNDAMENTAL)
    names = zone_names(fundamental, zones)
    of_rows = fundamental.index.get_level_values("zone")
    missing = sorted(set(names) - set(of_rows))
    if missing and len(fundamental):
        raise ParameterError(f"zone {missing[0]!r} is not in the fundamental table")
    ax = _prepare_axes(ax, figsize, title)
    known = fundamental["speed_m_per_s"].notna().to_numpy()
    if not known.any():
        write_no_data(ax, "No known speed")
        return ax
    colors = zone_colors({*names, *of_rows}, kwargs.pop("color", None))
    for name in names:
        rows = fundamental[known & (of_rows == name)].sort_index()
        style: dict[str, Any] = {"color": [colors[name]], "alpha": _FAINT, "s": 26, "linewidths": 0}
        style |= {"zorder": 3, "label": short_name(name)}
        ax.scatter(rows["density_per_m2"], rows["speed_m_per_s"], **{**style, **kwargs})
    _draw_reference(ax, float(fundamental["density_per_m2"][known].max()))
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    legend_below(ax, ax.get_legend_handles_labels()[0])
    return ax


def _prepare_axes(ax: Axes | None, figsize: tuple[float, float] | None, title: str | None) -> Axes:
    """Prepare axes of density and speed, and reject axes of another plot."""
    ax = prepare_axes(ax, title, figsize, (7.0, 4.4))
    if ax.get_xlabel() not in {"", _LABEL}:
        raise ParameterError(f"ax must show {_LABEL!r} along x, got axes with {ax.get_xlabel()!r}")
    ax.set(xlabel=_LABEL, ylabel="mean speed [m/s]")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _draw_reference(ax: Axes, densest: float) -> None:
    """Draw Weidmann's relation up to the largest density."""
    density: Floats = np.linspace(densest / 200, min(max(densest, 0.1) * 1.05, _JAM), 200)
    speed = _FREE * (1 - np.exp(-_SHAPE * (1 / density - 1 / _JAM)))
    ax.plot(density, speed, color=INK, alpha=0.5, linewidth=1.2, zorder=2, label="Weidmann 1993")
