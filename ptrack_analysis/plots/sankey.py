"""Transitions between zones as bands."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.analyses import plot_analysis
from ptrack_analysis.plots.style import INK, in_rows, prepare_axes, write_no_data, zone_colors
from ptrack_analysis.scene.zones import Zone, list_names
from ptrack_analysis.schema import DESTINATIONS, ORIGINS, TRANSITIONS, validate

Column = tuple[Floats, Floats]
"""Upper edges and heights of the nodes on one side, y downwards."""

Band = tuple[int, float, float, float]
"""One band: the row of its origin, its upper edges on the left and on the right, and its width."""

Order = tuple[list[int], list[int]]
_ROUNDS = 24


def untangled(flow: Floats, left: int, right: int) -> Order:
    """Order the nodes on both sides so that few wide bands cross.

    The sides alternate: each node of one side moves to the mean position of its partners, weighted by the
    bands. The order with the smallest sum of crossings is kept. Neighbors are then swapped as long as this
    reduces the sum.

    Parameters
    ----------
    flow
        (m, n) weights of the bands from m origins to n destinations.
    left, right
        Number of nodes on each side, from the first, that may move. The others stay below them.

    Returns
    -------
    tuple of list
        Rows and columns in their new order.
    """
    order: Order = (list(range(flow.shape[0])), list(range(flow.shape[1])))
    best, least = order, crossings(flow, order)
    for round_ in range(_ROUNDS):
        if round_ % 2:
            order = (_sorted(flow, order[1], order[0], left), order[1])
        else:
            order = (order[0], _sorted(flow.T, order[0], order[1], right))
        now = crossings(flow, order)
        if now < least:
            best, least = order, now
    return _swapped(flow, best, (left, right))


def _swapped(flow: Floats, order: Order, movable: tuple[int, int]) -> Order:
    """Swap neighbors as long as this reduces crossings, for a limited number of rounds."""
    sides, least = [list(order[0]), list(order[1])], crossings(flow, order)
    for _ in range(_ROUNDS):
        before = least
        for side, number in zip(sides, movable, strict=True):
            for at in range(number - 1):
                side[at], side[at + 1] = side[at + 1], side[at]
                now = crossings(flow, (sides[0], sides[1]))
                if now < least:
                    least = now
                else:
                    side[at], side[at + 1] = side[at + 1], side[at]
        if least == before:
            break
    return sides[0], sides[1]


def _sorted(flow: Floats, partners: list[int], own: list[int], movable: int) -> list[int]:
    """Sort the movable nodes of one side by the mean position of their partners."""
    rank = np.empty(len(partners))
    rank[partners] = np.arange(len(partners))
    weight = flow.sum(axis=1)
    mean = np.divide(flow @ rank, weight, out=np.full(len(flow), np.inf), where=weight > 0)
    free = [each for each in own if each < movable]
    return [*sorted(free, key=lambda each: mean[each]), *range(movable, len(flow))]


def crossings(flow: Floats, order: Order) -> float:
    """Sum the products of the weights of all pairs of bands that cross."""
    ordered = flow[np.ix_(*order)]
    below_left = np.zeros_like(ordered)  # bands that start lower and end higher
    sums = ordered[::-1].cumsum(axis=0)[::-1].cumsum(axis=1)
    below_left[:-1, 1:] = sums[1:, :-1]
    return float((ordered * below_left).sum())


def stacked(heights: Floats, rooms: Floats, gap: float) -> float:
    """Return the height of one side. Each node takes the height of its bar or its label."""
    return float((np.maximum(heights, rooms) + gap).sum())


def stack_nodes(heights: Floats, rooms: Floats, gap: float, height: float) -> Column:
    """Stack and center the nodes of one side, each as high as its bar or its label."""
    slots = np.maximum(heights, rooms) + gap
    tops = np.cumsum(slots) - slots
    return tops + (height - slots.sum()) / 2 + (slots - heights) / 2, heights


def bands(flow: Floats, left: Column, right: Column) -> list[Band]:
    """Attach bands to their nodes in the order of the partners, so that bands of one node never cross."""
    starts = left[0][:, None] + np.cumsum(flow, axis=1) - flow
    ends = right[0][None, :] + np.cumsum(flow, axis=0) - flow
    return [
        (int(row), float(starts[row, column]), float(ends[row, column]), float(flow[row, column]))
        for row, column in zip(*np.nonzero(flow), strict=True)
    ]


_WIDTH = 8.0  # of a new figure [inches]
_LOWEST = 1.5
_HEADING = 0.5  # above and below the nodes [inches]
_NODES = 3.2  # height of all nodes of a side together [inches]
_ROW = 0.21  # height that a row of a label needs [inches]
_GAP = 0.07
_BAR = 0.022  # width of a node, of the axes
_ALPHA = 0.5
_STATE = "#8c8c8c"


@plot_analysis("transitions", "zones")
def plot_sankey(
    transitions: pd.DataFrame,
    /,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    zones: Sequence[Zone | str] | None = None,
    **kwargs: Any,
) -> Axes:
    """Plot transitions between zones as bands, with widths in proportion to their number.

    Origins are on the left, destinations on the right. A band is one step between zones, not the complete
    path of a person, so a zone occurs on both sides. Zones are ordered so that few bands cross. The states in
    brackets are below them, in gray. A band has the color of its origin. The number next to each name counts
    the transitions from or to it. Suited to about twelve zones.

    Parameters
    ----------
    transitions
        TRANSITIONS of one video, rows in any order.
    ax
        Empty axes to draw on; by default a new figure's.
    title, figsize
        As in ``plot_paths``.
    zones
        Zones to draw, or their names, in this order; by default all in the table, by name.
        Transitions from or to other zones are excluded.
    **kwargs
        Passed to ``matplotlib.patches.PathPatch``, which draws the bands.

    Returns
    -------
    matplotlib.axes.Axes
        The axes, without a scale.

    Raises
    ------
    SchemaError
        If ``transitions`` is not a TRANSITIONS table.
    ParameterError
        If the axes are not empty.

    Notes
    -----
    The sides alternate: nodes are ordered by the mean position of their partners, and the order with the
    fewest crossings is used. O(rounds · bands²), for at most a few hundred bands.

    References
    ----------
    K. Sugiyama, S. Tagawa, M. Toda, Methods for visual understanding of hierarchical system structures, IEEE
    Transactions on Systems, Man, and Cybernetics 11 (1981), https://doi.org/10.1109/TSMC.1981.4308636

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> ax = plot_sankey(analysis)
    >>> ax.texts[0].get_text()  # the uppermost origin
    'checkout  6'
    """
    validate(transitions, TRANSITIONS)
    if ax is not None and (ax.has_data() or ax.get_xlabel()):
        raise ParameterError("The axes are not empty. Pass empty axes, or omit ax.")
    left, right, flow = _flows(transitions, zones)
    order = untangled(flow, _count_zones(left, ORIGINS), _count_zones(right, DESTINATIONS))
    left, right = [left[each] for each in order[0]], [right[each] for each in order[1]]
    flow = flow[np.ix_(*order)]
    columns, height = _columns(flow, left, right)
    ax = prepare_axes(ax, title, figsize, (_WIDTH, height + 2 * _HEADING))
    ax.set(xlim=(0, 1), ylim=(height, 0), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    if not flow.any():
        write_no_data(ax, "No transitions")
        return ax
    colors = _colors([*left, *right], zones)
    _draw_bands(ax, bands(flow * _scale(flow), *columns), [colors[name] for name in left], kwargs)
    for number, (side, names) in enumerate((("from", left), ("to", right))):
        sums = dict(zip(names, flow.sum(axis=1 - number).tolist(), strict=True))
        _draw_nodes(ax, side, columns[number], sums, colors)
    return ax


def _flows(
    transitions: pd.DataFrame, zones: Sequence[Zone | str] | None
) -> tuple[list[str], list[str], Floats]:
    """Return the names on both sides, states last, and the number of transitions between them."""
    count = transitions["transitions"]
    if zones is not None:
        wanted = list_names(zones, Zone, "zones")
        for side, states in (("origin", ORIGINS), ("destination", DESTINATIONS)):
            count = count[count.index.get_level_values(side).isin([*wanted, *states])]
    count = count[count > 0]
    sides = []
    for side, states in (("origin", ORIGINS), ("destination", DESTINATIONS)):
        there = set(count.index.get_level_values(side))
        sides.append([*sorted(there - set(states)), *(state for state in states if state in there)])
    left, right = sides
    cells = count.unstack("destination").reindex(index=left, columns=right)
    return left, right, cells.fillna(0.0).to_numpy(dtype="float64").reshape(len(left), len(right))


def _count_zones(names: Sequence[str], states: Sequence[str]) -> int:
    """Count the zones, which precede the states."""
    return sum(name not in states for name in names)


def _scale(flow: Floats) -> float:
    """Return the height of a single transition [inches]."""
    return _NODES / max(float(flow.sum()), 1.0)


def _columns(flow: Floats, left: Sequence[str], right: Sequence[str]) -> tuple[tuple[Column, Column], float]:
    """Stack the nodes of both sides with room for their labels, and return the total height."""
    rooms = [np.array([_ROW * (in_rows(name).count("\n") + 1) for name in names]) for names in (left, right)]
    heights = [flow.sum(axis=1 - side) * _scale(flow) for side in (0, 1)]
    height = max(stacked(high, room, _GAP) for high, room in zip(heights, rooms, strict=True))
    height = max(height, _LOWEST)
    return (
        stack_nodes(heights[0], rooms[0], _GAP, height),
        stack_nodes(heights[1], rooms[1], _GAP, height),
    ), height


def _colors(names: Sequence[str], zones: Sequence[Zone | str] | None) -> dict[str, Any]:
    """Return the color of each zone, the same on both sides; states are gray."""
    given = [zone if isinstance(zone, str) else zone.name for zone in zones or ()]
    own = zone_colors({*names, *given} - {*ORIGINS, *DESTINATIONS})
    return {name: own.get(name, _STATE) for name in names}


def _draw_bands(ax: Axes, shapes: Sequence[Band], colors: Sequence[Any], kwargs: dict[str, Any]) -> None:
    """Draw each band as a curve with horizontal ends, wide bands below narrow ones."""
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    start, end = _BAR, 1 - _BAR
    for row, from_, to, width in sorted(shapes, key=lambda band: -band[3]):
        points = [(start, from_), (0.5, from_), (0.5, to), (end, to)]
        back = [(x, y + width) for x, y in reversed(points)]
        style: dict[str, Any] = {"facecolor": colors[row], "alpha": _ALPHA, "linewidth": 0, "zorder": 2}
        outline = Path([*points, *back, points[0]], codes)
        ax.add_patch(PathPatch(outline, **{**style, "label": "_band", **kwargs}))


def _draw_nodes(ax: Axes, side: str, column: Column, sums: dict[str, float], colors: dict[str, Any]) -> None:
    """Draw the bars of one side with names and totals, and the heading of the side."""
    x, edge, away, across = (0.0, 0.0, -6, "right") if side == "from" else (1.0 - _BAR, 1.0, 6, "left")
    for (name, total), top, high in zip(sums.items(), *column, strict=True):
        ax.add_patch(Rectangle((x, top), _BAR, high, facecolor=colors[name], linewidth=0, zorder=3))
        label: dict[str, Any] = {"ha": across, "va": "center", "color": INK, "parse_math": False}
        text = f"{in_rows(name)}  {total:.0f}"
        ax.annotate(
            text,
            (edge, top + high / 2),
            (away, 0),
            textcoords="offset points",
            fontsize="small",
            annotation_clip=False,
            **label,
        )
    heading: dict[str, Any] = {"ha": across, "va": "bottom", "color": INK, "fontweight": "bold"}
    ax.annotate(
        side,
        (edge, 0.0),
        (away, 8),
        textcoords="offset points",
        fontsize="small",
        annotation_clip=False,
        **heading,
    )
