"""Arrow heads that show which way paths were walked."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.plots.stretches import Steps

_STRAIGHT = 0.6
_POINTS_PER_INCH = 72


def arrow_heads(steps: Steps, spacing: float) -> tuple[Floats, Floats, Integers]:
    """Place arrow heads along the paths, as far apart as ``spacing``, at least one on each unbroken path.

    A head points along the chord over half a spacing of the path around it, so that the jitter of boxes does
    not turn it. Where the chord is much shorter than the path (the person stands, or turns round) there is
    none, nor on paths shorter than an eighth of the spacing.

    Parameters
    ----------
    steps
        What is drawn.
    spacing
        Way between two heads, in the plane's unit.

    Returns
    -------
    tuple
        (k, 2) places, (k, 2) directions, (k,) ranks of the persons.
    """
    starts, ends = steps.stretches(split=False)
    way = _way_along(steps, gap=spacing)
    length = way[ends] - way[starts]
    heads = np.where(length < spacing / 8, 0, np.maximum(1, np.round(length / spacing))).astype("int64")
    stretch = np.repeat(np.arange(len(starts)), heads)
    number = np.arange(len(stretch)) - np.repeat(np.cumsum(heads) - heads, heads)
    at = way[starts][stretch] + (number + 0.5) / heads[stretch] * length[stretch]
    before = np.maximum(at - spacing / 4, way[starts][stretch])
    after = np.minimum(at + spacing / 4, way[ends][stretch])
    chord = _at(steps, way, after) - _at(steps, way, before)
    straight = np.hypot(chord[:, 0], chord[:, 1]) > _STRAIGHT * (after - before)
    return _at(steps, way, at)[straight], chord[straight], steps.rank[starts][stretch][straight]


def draw_arrow_heads(ax: Axes, heads: tuple[Floats, Floats, Integers], colours: Floats, size: float) -> None:
    """Draw arrow heads ``size`` points long, each in its person's colour, on a plane with y downwards."""
    places, ways, rank = heads
    figure = ax.get_figure(root=True)
    if len(places) == 0 or figure is None:
        return
    along = ways / np.hypot(ways[:, 0], ways[:, 1])[:, None] * [1.0, -1.0]
    across = along[:, ::-1] * [-1.0, 1.0]
    inch = size / _POINTS_PER_INCH
    corners = [0.6 * along, -0.4 * along + 0.4 * across, -0.4 * along - 0.4 * across]
    drawn = PolyCollection(
        list(inch * np.stack(corners, axis=1)),
        offsets=places,
        offset_transform=ax.transData,
        facecolors=list(colours[rank]),
        zorder=4,
    )
    drawn.set_transform(figure.dpi_scale_trans)
    drawn.set_label("_arrows")
    ax.add_collection(drawn, autolim=False)


def _way_along(steps: Steps, gap: float) -> Floats:
    """Sum the ways between rows, with a gap where they are not joined, so that stretches lie apart."""
    size = np.hypot(*np.diff(steps.points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(np.where(steps.joined, size, gap))])


def _at(steps: Steps, way: Floats, where: Floats) -> Floats:
    """Find the points at these ways along."""
    return np.column_stack([np.interp(where, way, steps.points[:, axis]) for axis in (0, 1)])
