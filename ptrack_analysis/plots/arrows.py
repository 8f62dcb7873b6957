"""Arrowheads along paths."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.plots.steps import Steps

_STRAIGHT = 0.6
_POINTS_PER_INCH = 72


def find_arrow_heads(steps: Steps, spacing: float) -> tuple[Floats, Floats, Integers]:
    """Place arrowheads along the paths, ``spacing`` apart, at least one per unbroken path.

    An arrowhead points along the chord over half a spacing of the path around it, so that jitter of the boxes
    does not change its direction. There is no arrowhead where the chord is much shorter than the path,
    because the person stands or turns around, or on paths shorter than an eighth of the spacing.

    Returns
    -------
    tuple
        (k, 2) positions, (k, 2) directions, and (k,) rows before the arrowheads.
    """
    starts, ends = steps.split_lines()
    distance = _sum_lengths(steps, gap=spacing)
    length = distance[ends] - distance[starts]
    heads = np.where(length < spacing / 8, 0, np.maximum(1, np.round(length / spacing))).astype("int64")
    line = np.repeat(np.arange(len(starts)), heads)
    number = np.arange(len(line)) - np.repeat(np.cumsum(heads) - heads, heads)
    at = distance[starts][line] + (number + 0.5) / heads[line] * length[line]
    before = np.maximum(at - spacing / 4, distance[starts][line])
    after = np.minimum(at + spacing / 4, distance[ends][line])
    chord = _find_points(steps, distance, after) - _find_points(steps, distance, before)
    straight = np.hypot(chord[:, 0], chord[:, 1]) > _STRAIGHT * (after - before)
    row = np.clip(np.searchsorted(distance, at, side="right") - 1, 0, len(distance) - 1)
    return _find_points(steps, distance, at)[straight], chord[straight], row[straight]


def draw_arrow_heads(ax: Axes, positions: Floats, directions: Floats, colors: Floats, size: float) -> None:
    """Draw arrowheads of the given size [points] and colors."""
    figure = ax.get_figure(root=True)
    if len(positions) == 0 or figure is None:
        return
    upward = -1.0 if ax.yaxis_inverted() else 1.0
    along = directions / np.hypot(directions[:, 0], directions[:, 1])[:, None] * [1.0, upward]
    across = along[:, ::-1] * [-1.0, 1.0]
    inch = size / _POINTS_PER_INCH
    corners = [0.6 * along, -0.4 * along + 0.4 * across, -0.4 * along - 0.4 * across]
    drawn = PolyCollection(
        list(inch * np.stack(corners, axis=1)),
        offsets=positions,
        offset_transform=ax.transData,
        facecolors=list(colors),
        zorder=4,
    )
    drawn.set_transform(figure.dpi_scale_trans)
    drawn.set_label("_arrows")
    ax.add_collection(drawn, autolim=False)


def _sum_lengths(steps: Steps, gap: float) -> Floats:
    """Sum the step lengths up to each row, with a gap where rows are not joined."""
    size = np.hypot(*np.diff(steps.points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(np.where(steps.joined, size, gap))])


def _find_points(steps: Steps, distance: Floats, where: Floats) -> Floats:
    return np.column_stack([np.interp(where, distance, steps.points[:, axis]) for axis in (0, 1)])
