"""Arrow heads along paths."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.plots.stretches import Steps

_STRAIGHT = 0.6
_POINTS_PER_INCH = 72


def find_arrow_heads(steps: Steps, spacing: float) -> tuple[Floats, Floats, Integers]:
    """Place arrow heads along the paths, ``spacing`` apart, at least one on each unbroken path.

    A head points along the chord over half a spacing of the path around it, so that the jitter of boxes does
    not turn it. There is none where the chord is much shorter than the path, because the person stands or
    turns around, and none on paths shorter than an eighth of the spacing.

    Returns
    -------
    tuple
        (k, 2) positions, (k, 2) directions, and the (k,) rows at which the paths begin.
    """
    starts, ends = steps.stretches()
    way = _sum_lengths(steps, gap=spacing)
    length = way[ends] - way[starts]
    heads = np.where(length < spacing / 8, 0, np.maximum(1, np.round(length / spacing))).astype("int64")
    stretch = np.repeat(np.arange(len(starts)), heads)
    number = np.arange(len(stretch)) - np.repeat(np.cumsum(heads) - heads, heads)
    at = way[starts][stretch] + (number + 0.5) / heads[stretch] * length[stretch]
    before = np.maximum(at - spacing / 4, way[starts][stretch])
    after = np.minimum(at + spacing / 4, way[ends][stretch])
    chord = _find_points(steps, way, after) - _find_points(steps, way, before)
    straight = np.hypot(chord[:, 0], chord[:, 1]) > _STRAIGHT * (after - before)
    row = np.clip(np.searchsorted(way, at, side="right") - 1, 0, len(way) - 1)
    return _find_points(steps, way, at)[straight], chord[straight], row[straight]


def draw_arrow_heads(ax: Axes, places: Floats, ways: Floats, colors: Floats, size: float) -> None:
    """Draw arrow heads ``size`` points long, each in its color."""
    figure = ax.get_figure(root=True)
    if len(places) == 0 or figure is None:
        return
    upward = -1.0 if ax.yaxis_inverted() else 1.0
    along = ways / np.hypot(ways[:, 0], ways[:, 1])[:, None] * [1.0, upward]
    across = along[:, ::-1] * [-1.0, 1.0]
    inch = size / _POINTS_PER_INCH
    corners = [0.6 * along, -0.4 * along + 0.4 * across, -0.4 * along - 0.4 * across]
    drawn = PolyCollection(
        list(inch * np.stack(corners, axis=1)),
        offsets=places,
        offset_transform=ax.transData,
        facecolors=list(colors),
        zorder=4,
    )
    drawn.set_transform(figure.dpi_scale_trans)
    drawn.set_label("_arrows")
    ax.add_collection(drawn, autolim=False)


def _sum_lengths(steps: Steps, gap: float) -> Floats:
    """Sum the lengths of the steps up to each row, with a gap where rows are not joined."""
    size = np.hypot(*np.diff(steps.points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(np.where(steps.joined, size, gap))])


def _find_points(steps: Steps, way: Floats, where: Floats) -> Floats:
    return np.column_stack([np.interp(where, way, steps.points[:, axis]) for axis in (0, 1)])
