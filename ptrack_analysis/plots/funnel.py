"""Funnels: the number of people who reached each step."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.plots.style import GRID, INK, OKABE_ITO, prepare_axes, short_name, write_no_data
from ptrack_analysis.schema import FUNNEL, validate

_WIDTH, _ROW, _BESIDE = 6.5, 0.55, 1.0  # [inches]
_ROOM = 1.3  # of the longest bar, for its label


def plot_funnel(
    funnel: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the number of people who reached each step as a bar, the first step at the top.

    Each bar is labeled with the number. From the second step on, the label includes the share of the people
    who reached the previous step, if there are any.

    Parameters
    ----------
    funnel
        FUNNEL of one video, rows in any order.
    ax
        Empty axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    **kwargs
        Passed to ``Axes.barh``, which draws the bars.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is people, y is the number of the step, downwards.

    Raises
    ------
    SchemaError
        If ``funnel`` is not a FUNNEL table.
    ParameterError
        If the axes are not empty.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> funnel = pta.compute_funnel(analysis["visits"], ["entrance", "shelves", "table"])
    >>> ax = plot_funnel(funnel)
    >>> [text.get_text() for text in ax.texts]
    ['13', '6  (46%)', '4  (67%)']
    """
    validate(funnel, FUNNEL)
    if ax is not None and (ax.has_data() or ax.get_xlabel()):
        raise ParameterError("The axes are not empty. Pass empty axes, or omit ax.")
    ax = prepare_axes(ax, title, figsize, (_WIDTH, _BESIDE + _ROW * max(len(funnel), 2)))
    funnel = funnel.sort_index()
    ax.set_xlabel("people")
    ax.spines[["top", "right"]].set_visible(False)
    if len(funnel):
        _draw_bars(ax, funnel, kwargs)
    else:
        write_no_data(ax, "The funnel has no steps")
    return ax


def _draw_bars(ax: Axes, funnel: pd.DataFrame, kwargs: dict[str, Any]) -> None:
    style: dict[str, Any] = {"color": OKABE_ITO[0], "height": 0.7, "zorder": 3, "label": "_funnel"}
    bars = ax.barh(funnel.index.to_numpy(), funnel["persons"].to_numpy(), **{**style, **kwargs})
    shares = zip(funnel["persons"], funnel["share_of_previous"], strict=True)
    texts = [f"{persons}" if pd.isna(share) else f"{persons}  ({share:.0%})" for persons, share in shares]
    ax.bar_label(bars, texts, padding=4, color=INK, fontsize="small")
    ax.set_yticks(funnel.index.to_numpy(), [short_name(zone) for zone in funnel["zone"]])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlim(0, _ROOM * max(int(funnel["persons"].max()), 1))
    if not ax.yaxis_inverted():
        ax.invert_yaxis()
