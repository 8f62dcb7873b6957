"""Colors, names, axes and legends of plots."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import (
    Colormap,
    ListedColormap,
    LogNorm,
    Normalize,
    PowerNorm,
    SymLogNorm,
    to_rgba,
    to_rgba_array,
)
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.scene.zone_colors import ON_WHITE, number_colors
from ptrack_analysis.scene.zones import Zone, list_names
from ptrack_analysis.sources.names import undirected
from ptrack_analysis.video import YAxis

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
INK = "#333333"
PAPER = "#ffffff"
GRID = "#e4e4e4"
_GOLDEN = (5**0.5 - 1) / 2
_BRIGHTEST = 0.82
_LIGHT = 0.7
_LUMA = (0.299, 0.587, 0.114)


def distinct_colors(number: int, *, alpha: float = 1.0) -> Floats:
    """Return distinct colors as a (number, 4) array of red, green, blue and alpha.

    Up to eight are the palette of Okabe and Ito. More are sampled from the colormap viridis, without its
    brightest part, in steps of the golden ratio, so that neighbors differ.

    References
    ----------
    M. Okabe, K. Ito, Color Universal Design, 2008, https://jfly.uni-koeln.de/color/
    """
    if number <= len(OKABE_ITO):
        return to_rgba_array(list(OKABE_ITO[:number]), alpha) if number else np.empty((0, 4))
    positions = _BRIGHTEST * (np.arange(number) * _GOLDEN % 1.0)
    return to_rgba_array(colormaps["viridis"](positions), alpha)


Color = str | tuple[float, ...]
"""A color in any form that matplotlib accepts."""


def zone_colors(
    names: Iterable[str], color: Color | Mapping[str, Color] | None = None
) -> dict[str, tuple[float, float, float, float]]:
    """Return the color of each zone, the same in all plots and web pages of these zones.

    ``color`` overrides the default: one color for all zones, or colors by name.

    Examples
    --------
    >>> zone_colors(["till", "hall"]) == zone_colors(["hall", "till"])
    True
    >>> zone_colors(["till"], {"till": "red"})["till"]
    (1.0, 0.0, 0.0, 1.0)
    """
    numbers = number_colors(sorted(set(names)))
    given: Mapping[str, Any] = color if isinstance(color, Mapping) else dict.fromkeys(numbers, color)
    return {name: to_rgba(given.get(name) or ON_WHITE[number]) for name, number in numbers.items()}


def build_palette(palest: float = 0.0) -> Colormap:
    """Return the colormap of plots with a scale: dark is high, missing values are transparent.

    ``palest`` is the unused share at the pale end of the colormap.
    """
    colors = ListedColormap(colormaps["magma_r"](np.linspace(palest, 1.0, 256)))
    return colors.with_extremes(bad=(0, 0, 0, 0))


def take_scale(style: dict[str, Any], low: float, high: float, *, exponent: float = 1.0) -> Any:
    """Remove ``vmin``, ``vmax`` and ``norm`` from a style and return the resulting norm.

    Raises
    ------
    ParameterError
        If ``norm`` is given together with ``vmin`` or ``vmax``.
    """
    norm, vmin, vmax = (style.pop(name, None) for name in ("norm", "vmin", "vmax"))
    if norm is None:
        ends = low if vmin is None else vmin, high if vmax is None else vmax
        return Normalize(*ends) if exponent == 1 else PowerNorm(exponent, *ends)
    if vmin is not None or vmax is not None:
        raise ParameterError("Pass norm, or vmin and vmax, but not both.")
    return norm


def add_color_bar(ax: Axes, mappable: ScalarMappable, label: str) -> None:
    """Draw the color bar; its label names a nonlinear scale, and pointed ends mark clipped values."""
    figure = ax.get_figure(root=True)
    if figure is None:
        return
    values: Floats = np.ma.compressed(np.ma.masked_invalid(np.ma.asarray(mappable.get_array())))
    norm: Any = mappable.norm
    named = {PowerNorm: "", LogNorm: "logarithmic scale", SymLogNorm: "symmetric logarithmic scale"}
    scale = next((text for kind, text in named.items() if isinstance(norm, kind)), "")
    if isinstance(norm, PowerNorm):
        scale = "square-root scale" if norm.gamma == 0.5 else f"power scale, {norm.gamma:g}"  # noqa: PLR2004
    above = bool(len(values) and norm.vmax is not None and values.max() > norm.vmax)
    below = bool(len(values) and norm.vmin is not None and values.min() < norm.vmin)
    extend = {(True, True): "both", (True, False): "max", (False, True): "min"}.get((above, below), "neither")
    bar = figure.colorbar(mappable, cax=ax.inset_axes((1.02, 0.0, 0.03, 1.0)), extend=extend)
    bar.set_label(f"{label}\n{scale}" if scale else label)
    bar.outline.set_visible(False)


def casings(colors: Floats) -> Floats:
    """Return the colors of casings around lines: white, or dark gray around light lines."""
    light = colors[:, :3] @ np.array(_LUMA) > _LIGHT
    cased = np.where(light[:, None], to_rgba_array(INK), to_rgba_array(PAPER))
    cased[:, 3] = colors[:, 3]
    return cased


_LETTERS = 20
_ROWS = 3
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no font has and XML does not allow."""


def zone_names(table: pd.DataFrame, zones: Sequence[Zone | str] | None) -> list[str]:
    """Return the names of the zones to draw: the given ones, or all in the table by name."""
    if zones is None:
        return sorted(table.index.get_level_values("zone").unique())
    return list(dict.fromkeys(list_names(zones, Zone, "zones")))


def drawable(text: str) -> str:
    """Replace control characters of a text, and remove marks that change the text direction.

    Otherwise a name could reverse the numbers next to it.
    """
    return _UNWRITABLE.sub("\ufffd", undirected(text))


def short_name(name: str) -> str:
    r"""Format a name for matplotlib in short rows.

    Dollar signs are escaped because a pair encloses a formula. A leading underscore is escaped
    because legends ignore such labels.

    Examples
    --------
    >>> short_name("till")
    'till'
    >>> print(short_name("shelf $5 to $10"))
    shelf \$5 to \$10
    """
    text = in_rows(name).replace("$", r"\$")
    return f"\u2060{text}" if text.startswith("_") else text


def in_one_row(name: str) -> str:
    """Format a name for matplotlib in one row.

    Examples
    --------
    >>> in_one_row("the long shelf on the left side")
    'the long shelf on …'
    """
    first, *others = short_name(name).split("\n")
    return f"{first} …" if others else first


def in_rows(name: str) -> str:
    """Break a long name into at most three rows of twenty letters and drop the rest.

    Examples
    --------
    >>> print(in_rows("the long shelf on the left side of the back room, second floor"))
    the long shelf on
    the left side of the
    back room, second …
    """
    return "\n".join(textwrap.wrap(drawable(name), _LETTERS, max_lines=_ROWS, placeholder=" …"))


TIME = "time"
_TIME_LABEL = "time since the start of the video [{unit}]"
_LABEL = re.compile(
    r"x \[(px|m)\]|x \[(fraction) of the frame's width\]|(time) since the start of the video \["
)
_WIDTH = 8.0
_LEAST, _MOST = 2.5, 10.0
_MARGIN = 0.02
_COLUMNS = 6
_SHARE = 0.9
_LEGEND_SHARE = 0.2
_TITLE_SHARE = 0.86
"""Maximum width of a legend as a share of the figure, unless a single column is wider."""


def plane_axes(
    ax: Axes | None,
    unit: str,
    shown: Bounds,
    *,
    fixed: bool,
    y_axis: YAxis = "down",
    aspect: float = 1.0,
    margin: tuple[float, float],
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
) -> Axes:
    """Prepare axes for a plane: labels with the unit, direction of y, and equal scales.

    Parameters
    ----------
    ax
        Axes given by the caller, or None.
    unit
        Unit of the plane: ``px``, ``m``, or ``fraction`` of the frame.
    shown
        x0, y0, x1, y1 of the visible part; a new figure gets its shape.
    fixed
        Whether to show exactly this part. Otherwise new axes fit the data, and given axes keep their limits.
    y_axis
        Direction in which y grows in the plane.
    aspect
        Plotted length of one unit of y, as a multiple of one unit of x.
    margin
        Width and height that a new figure needs around the axes [inches].
    title, figsize
        As in ``plot_paths``.

    Raises
    ------
    ParameterError
        If the axes are in another unit.
    """
    x0, y0, x1, y1 = shown
    ax = prepare_axes(ax, title, figsize, find_plane_size(aspect * (y1 - y0) / (x1 - x0), margin))
    _validate_unit(ax, unit)
    of_width, of_height = (
        (" of the frame's width", " of the frame's height") if unit == "fraction" else ("", "")
    )
    ax.set(xlabel=f"x [{unit}{of_width}]", ylabel=f"y [{unit}{of_height}]")
    ax.set_aspect(aspect)
    if ax.yaxis_inverted() != (y_axis == "down"):
        ax.invert_yaxis()
    if fixed:
        across, down = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
        low, high = y0 - down, y1 + down
        ax.set(xlim=(x0 - across, x1 + across), ylim=(low, high) if y_axis == "up" else (high, low))
    return ax


def time_axes(
    ax: Axes | None,
    unit: str,
    *,
    height: float,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
) -> Axes:
    """Prepare axes with time along x; ``unit`` is the format of the ticks.

    Raises
    ------
    ParameterError
        If the axes show a plane.
    """
    ax = prepare_axes(ax, title, figsize, (_WIDTH, max(height, _LEAST)))
    _validate_unit(ax, TIME)
    ax.set_xlabel(_TIME_LABEL.format(unit=unit))
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


class SettledLayout(ConstrainedLayoutEngine):
    """Constrained layout, applied twice: the first pass does not yet make room for legends below the axes.

    ``is_growing`` is whether a legend may increase the height of the figure.
    """

    is_growing = False

    def execute(self, fig: Figure) -> None:
        """Place the axes so that titles, labels and legends are inside the figure."""
        super().execute(fig)
        super().execute(fig)


def prepare_axes(
    ax: Axes | None, title: str | None, figsize: tuple[float, float] | None, default: tuple[float, float]
) -> Axes:
    """Return the given axes or new ones of a default size [inches], with the title.

    A figure of the default size becomes higher if its legend needs room. A figure without a layout engine
    gets constrained layout, so that ``savefig`` does not cut anything off.
    """
    if ax is None:
        layout = SettledLayout()
        layout.is_growing = figsize is None
        ax = plt.subplots(figsize=figsize or default, layout=layout)[1]
    figure = ax.get_figure(root=True)
    if figure is not None and figure.get_layout_engine() is None:
        figure.set_layout_engine(SettledLayout())
    if title is not None:
        set_title(ax, title)
    return ax


def set_title(ax: Axes, title: str) -> None:
    """Set a title at the left, wrapped if it is wider than the axes' part of the figure."""
    text = ax.set_title(title, loc="left", fontsize="medium", parse_math=False)
    figure = ax.get_figure(root=True)
    if figure is None or not title:
        return
    share = text.get_window_extent().width / (_TITLE_SHARE * find_width(ax, figure))
    if share > 1:
        text.set_text("\n".join(textwrap.wrap(title, max(int(len(title) / share), 12))))


def find_width(ax: Axes, figure: Figure) -> float:
    """Return the width of the figure's part that contains the axes and their labels [px]."""
    subplot = ax.get_subplotspec()
    columns = subplot.get_gridspec().ncols if subplot is not None else 1
    return figure.bbox.width / columns


def find_plane_size(slope: float, margin: tuple[float, float]) -> tuple[float, float]:
    """Return the size of a figure whose axes are ``slope`` times as high as wide."""
    beside, below = margin
    width = min(_WIDTH - beside, (_MOST - below) / slope)
    return max(width + beside, _WIDTH / 2), max(width * slope + below, _LEAST)


def _validate_unit(ax: Axes, unit: str) -> None:
    label = _LABEL.match(ax.get_xlabel())
    if label and (found := next(filter(None, label.groups()))) != unit:
        raise ParameterError(
            f"The axes are in {found}, but the data are in {unit}. Plot the data on other axes."
        )


def write_no_data(ax: Axes, reason: str, *, until: float | None = None) -> None:
    """Write a note into axes without data.

    ``until`` is the end of the x axis if the axes have no scale yet, or 0 if the end is not known. Axes
    without a known end get no ticks, because the default limits 0 to 1 would mislead.
    """
    if until is not None and not ax.has_data():
        ax.set_yticks([])
        if until > 0:
            ax.set_xlim(0.0, until)
        else:
            ax.set_xticks([])
    ground = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.9, "pad": 4.0}
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "bbox": ground, "zorder": 30}
    ax.text(0.5, 0.5, reason, transform=ax.transAxes, **style)


def legend_below(ax: Axes, handles: Sequence[Artist]) -> None:
    """Put a legend below the axes and their label, in as many columns as fit the figure."""
    figure = ax.get_figure(root=True)
    room = find_width(ax, figure) if figure is not None else 0.0
    for rows in range(max(-(-len(handles) // _COLUMNS), 1), len(handles) + 1):
        legend = ax.legend(
            handles=handles,
            loc="upper center",
            bbox_to_anchor=(0.5, 0.0),
            borderaxespad=4.2,
            ncols=-(-len(handles) // rows),
            frameon=False,
            fontsize="small",
        )
        if legend.get_window_extent().width <= _SHARE * room:
            break
    layout = figure.get_layout_engine() if figure is not None else None
    if figure is not None and isinstance(layout, SettledLayout) and layout.is_growing and handles:
        more = legend.get_window_extent().height - _LEGEND_SHARE * figure.bbox.height
        figure.set_figheight(figure.get_figheight() + max(more, 0.0) / figure.dpi)


def enclosing_bounds(points: Floats) -> Bounds:
    """Return the rectangle around (n, 2) points, with sides of at least a quarter of the longer one."""
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) == 0:
        return 0.0, 0.0, 16.0, 9.0
    low, high = points.min(axis=0), points.max(axis=0)
    size = high - low
    half = np.maximum(size, max(size.max() / 4, 1e-9)) / 2
    middle = (low + high) / 2
    return (*(middle - half).tolist(), *(middle + half).tolist())
