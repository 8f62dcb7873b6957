"""Transitions between zones as a matrix."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.limits import validate_choice
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import (
    GRID,
    INK,
    PAPER,
    build_palette,
    prepare_axes,
    short_name,
    take_scale,
    write_no_data,
)
from ptrack_analysis.scene.zones import Zone, list_names
from ptrack_analysis.schema import DESTINATIONS, ORIGINS, TRANSITIONS, validate

_PALEST = 0.04  # of the colormap, so that a single transition is visible on white
_LUMA = (0.299, 0.587, 0.114)
_DARK = 0.52  # luma of a cell below which its number is white
_WIDEST, _NARROWEST = 0.62, 0.37  # of a cell [inches]
_MOST = 9.5  # of all cells in a row [inches]
_BESIDE = 1.7  # width of the names [inches]
_LEAST_WIDTH = 6.0  # for the title [inches]
_CROWDED = 14
_LEAST_SHARE = 0.005
_FORMS = {"transitions": "{:.0f}", "share": "{:.0%}"}


@plot_analysis("transitions")
def plot_transitions(
    transitions: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    zones: Sequence[Zone | str] | None = None,
    measure: Literal["transitions", "share"] = "transitions",
    **kwargs: Any,
) -> Axes:
    """Plot the number of transitions between zones as a matrix.

    Rows are origins, columns are destinations. States that occur, such as ``(outside)``, follow the zones
    after a separating line. Colors are on a square-root scale, so that rare transitions are visible. Cells
    without transitions are empty. Suited to at most 20 zones.

    Parameters
    ----------
    transitions
        TRANSITIONS of one video, rows in any order.
    ax
        Empty axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    zones
        Zones to plot, or their names; by default all in the table, by name.
    measure
        ``transitions`` is their number. ``share`` is the share of all transitions from the origin, including
        those to zones that are not drawn.
    **kwargs
        Passed to ``Axes.imshow``, which draws the cells.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is the column of a cell and y its row, from 0.

    Raises
    ------
    SchemaError
        If ``transitions`` is not a TRANSITIONS table.
    ParameterError
        If the axes are not empty, or the measure is unknown.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = plot_transitions(analysis)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['checkout', 'entrance', 'shelves', 'table', '(outside)', '(video_start)']
    """
    validate(transitions, TRANSITIONS)
    validate_choice(measure, "measure", _FORMS)
    if ax is not None and (ax.has_data() or ax.get_xlabel()):
        raise ParameterError("The axes are not empty. Pass empty axes, or omit ax.")
    names = _zone_names(transitions, zones)
    origins, destinations = (
        [*names, *(state for state in states if state in transitions.index.get_level_values(side))]
        for side, states in (("origin", ORIGINS), ("destination", DESTINATIONS))
    )
    rows = transitions.index.get_level_values("origin").isin(origins)
    rows &= transitions.index.get_level_values("destination").isin(destinations)
    shown = transitions.loc[rows, measure].unstack("destination")
    cells = shown.reindex(index=origins, columns=destinations).fillna(0.0).to_numpy(dtype="float64")
    ax = prepare_axes(ax, title, figsize, _find_size(*cells.shape))
    ax.set(xlabel="to", ylabel="from")
    if cells.any():
        _draw_names(ax, origins, destinations, len(names))
        _write_numbers(ax, _draw_cells(ax, cells, kwargs), cells, _FORMS[measure])
    else:
        write_no_data(ax, "No transitions", until=0.0)
    return ax


def _zone_names(transitions: pd.DataFrame, zones: Sequence[Zone | str] | None) -> list[str]:
    """Return the names of the zones to draw: the given ones, or all in the table by name."""
    if zones is not None:
        return list(dict.fromkeys(list_names(zones, Zone, "zones")))
    both = (transitions.index.get_level_values(side) for side in TRANSITIONS.key_names)
    return sorted({name for names in both for name in names} - {*ORIGINS, *DESTINATIONS})


def _find_size(rows: int, columns: int) -> tuple[float, float]:
    cell = float(np.clip(_MOST / max(rows, columns, 1), _NARROWEST, _WIDEST))
    return max(_BESIDE + cell * columns, _LEAST_WIDTH), _BESIDE + cell * max(rows, 3)


def _draw_cells(ax: Axes, cells: Floats, kwargs: dict[str, Any]) -> AxesImage:
    style: dict[str, Any] = {
        "cmap": build_palette(_PALEST),
        "interpolation": "nearest",
        "aspect": "equal",
        "zorder": 1,
        "label": "_transitions",
        **kwargs,
    }
    style["norm"] = take_scale(style, 0.0, float(cells.max()), exponent=0.5)
    return ax.imshow(np.ma.masked_less_equal(cells, 0.0), **style)


def _draw_names(ax: Axes, origins: list[str], destinations: list[str], zones: int) -> None:
    """Name rows and columns, and draw the grid and the line between zones and states."""
    size = "x-small" if max(len(origins), len(destinations)) > _CROWDED else "small"
    ax.set_xticks(range(len(destinations)), [short_name(name) for name in destinations])
    ax.set_yticks(range(len(origins)), [short_name(name) for name in origins])
    ax.tick_params(axis="x", top=True, bottom=False, labeltop=True, labelbottom=False, rotation=90)
    ax.tick_params(axis="both", length=0, labelsize=size)
    ax.xaxis.set_label_position("top")
    ax.set_xticks(np.arange(len(destinations) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(origins) + 1) - 0.5, minor=True)
    ax.tick_params(which="minor", length=0, top=False)
    ax.grid(which="minor", color=GRID, linewidth=0.6, zorder=2)
    ax.spines[:].set_visible(False)
    for line, last in ((ax.axhline, len(origins)), (ax.axvline, len(destinations))):
        if 0 < zones < last:
            line(zones - 0.5, color=INK, linewidth=1.0, zorder=3)


def _write_numbers(ax: Axes, image: AxesImage, cells: Floats, form: str) -> None:
    """Write the value into each cell that is not empty, in white on dark cells."""
    size = "xx-small" if max(cells.shape) > _CROWDED else "small"
    for row, column in zip(*np.nonzero(cells), strict=True):
        value = cells[row, column]
        text = "<1%" if form == _FORMS["share"] and value < _LEAST_SHARE else form.format(value)
        luma = float(np.dot(image.to_rgba(np.array([value]))[0, :3], _LUMA))
        color = PAPER if luma < _DARK else INK
        ax.text(column, row, text, ha="center", va="center", fontsize=size, color=color, zorder=4)
