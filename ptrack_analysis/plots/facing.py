"""Time during which people faced each target."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import legend_below, short_name, time_axes, write_no_data
from ptrack_analysis.schema import FACING, validate

_COLORS = {"facing": "#0072B2", "not_facing": "#56B4E9", "without_face": "#DDDDDD"}
_LABELS = {"facing": "facing", "not_facing": "facing elsewhere", "without_face": "without a face"}
_THICK = 0.7


@plot_analysis("facing")
def plot_facing(
    facing: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot how long people faced each target, one bar per target.

    Each bar is the time of all people in the scene: facing the target, facing elsewhere, and without a face
    of sufficient quality. The target that was faced longest is at the top.

    Parameters
    ----------
    facing
        FACING of one video, rows in any order.
    ax
        Axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    **kwargs
        Passed to ``Axes.barh``, which draws the bars.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; x is in seconds.

    Raises
    ------
    SchemaError
        If ``facing`` is not a FACING table.
    ParameterError
        If the axes show a plane.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson", faces=True)
    >>> ax = plot_facing(analysis)
    >>> ax.get_xlabel()
    'time of all people [s]'
    """
    validate(facing, FACING)
    seconds = facing[list(_COLORS)].apply(lambda column: column.dt.total_seconds())
    sums = seconds.groupby("target").sum().sort_values("facing", kind="stable")
    ax = time_axes(ax, "s", height=1.6 + 0.34 * len(sums), title=title, figsize=figsize)
    ax.set_xlabel("time of all people [s]")
    if not len(sums):
        write_no_data(ax, "No targets")
        return ax
    rows, left = np.arange(len(sums)), np.zeros(len(sums))
    for name, color in _COLORS.items():
        style: dict[str, Any] = {"color": color, "height": _THICK, "linewidth": 0, "zorder": 3}
        ax.barh(rows, sums[name], left=left, label=_LABELS[name], **{**style, **kwargs})
        left += sums[name].to_numpy()
    ax.set_yticks(rows, [short_name(target) for target in sums.index])
    ax.grid(visible=False, axis="y")
    legend_below(ax, [Patch(color=color, label=_LABELS[name]) for name, color in _COLORS.items()])
    return ax
