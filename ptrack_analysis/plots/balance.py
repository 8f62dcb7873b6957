"""Count drift: people counted at lines against people present."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import cbook
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import INK, OKABE_ITO, legend_below, time_axes, write_no_data
from ptrack_analysis.plots.time_axis import set_clock, time_unit
from ptrack_analysis.schema import BALANCE, validate

_MILLISECONDS = 1000.0
_COUNTED, _DRIFT = OKABE_ITO[0], OKABE_ITO[1]


@plot_analysis("count_drift")
def plot_count_drift(
    balance: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    zone: str | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot the people counted at lines and the people present over time, with the drift shaded.

    Parameters
    ----------
    balance
        BALANCE of one video, rows in any order.
    ax
        Axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    zone
        The zone to draw; required only if the table has several.
    **kwargs
        Passed to ``Axes.step``, which draws the two lines.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is in seconds, formatted as a clock.

    Raises
    ------
    SchemaError
        If ``balance`` is not a BALANCE table.
    ParameterError
        If the axes show a plane, the zone is not in the table, or it is not given although the table has
        several.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = plot_count_drift(analysis)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['present', 'counted over lines', 'drift, 0 at the end']
    """
    validate(balance, BALANCE, "balance")
    rows = _of_zone(balance, zone).sort_index()
    times = rows.index.get_level_values("timestamp").to_numpy().astype("int64") / _MILLISECONDS
    last = float(times.max(initial=0.0))
    unit = time_unit(last)
    ax = time_axes(ax, unit, height=3.6, title=title, figsize=figsize)
    set_clock(ax.xaxis, unit)
    ax.set_ylabel("number of people")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    if rows[["in_total", "out_total", "counted", "present"]].to_numpy().any():
        _draw(ax, times, rows, kwargs)
    else:
        write_no_data(ax, "No people", until=last)
    return ax


def _of_zone(balance: pd.DataFrame, zone: str | None) -> pd.DataFrame:
    zones = balance.index.get_level_values("zone")
    names = sorted(zones.unique())
    if zone is None and len(names) > 1:
        raise ParameterError(f"The count drift has several zones: {names}. Pass zone=...")
    if zone is not None and zone not in names and names:
        raise ParameterError(f"zone {zone!r} is not in the balance table")
    return balance if zone is None else balance[zones == zone]


def _draw(ax: Axes, times: np.ndarray, rows: pd.DataFrame, kwargs: dict[str, Any]) -> None:
    counted, present = rows["counted"].to_numpy(), rows["present"].to_numpy()
    ax.fill_between(times, counted, present, step="post", color=_DRIFT, alpha=0.3, linewidth=0, zorder=1)
    given = cbook.normalize_kwargs(kwargs, Line2D)
    for values, color, label, width in (
        (present, INK, "present", 1.2),
        (counted, _COUNTED, "counted over lines", 1.8),
    ):
        style: dict[str, Any] = {"color": color, "label": label, "linewidth": width, "zorder": 3}
        ax.step(times, values, where="post", **{**style, "solid_joinstyle": "miter", **given})
    ax.set_ylim(bottom=min(0, counted.min()))
    ax.margins(x=0.01)
    last = int(rows["drift"].iloc[-1])
    label = f"drift, {last:+d} at the end" if last else "drift, 0 at the end"
    drift = Patch(color=_DRIFT, alpha=0.3, linewidth=0, label=label)
    legend_below(ax, [*ax.get_legend_handles_labels()[0], drift])
