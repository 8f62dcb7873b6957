"""Short labels put beside points so that they do not cover each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.colours import INK
from ptrack_analysis.plots.outlines import HALO

_WIDE, _HIGH = 6.0, 9.0
_AWAY = (6.0, 15.0)
_SIDES = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1))


def label_points(ax: Axes, points: Floats, texts: Sequence[str], colours: Floats) -> None:
    """Write a text beside each (n, 2) point, on the first side where it is free and inside the axes.

    Texts that stand already are kept clear of; where every side is taken, the text goes to the right. The
    side is chosen for the present size of the figure. O(n²), for a few dozen.
    """
    figure = ax.get_figure(root=True)
    if figure is None or len(points) == 0:
        return
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    places = ax.transData.transform(points) / scale
    low, high = ax.bbox.get_points() / scale
    taken = [(place - 4, place + 4) for place in places]
    taken += [tuple(text.get_window_extent().get_points() / scale) for text in ax.texts]
    for place, point, text, colour in zip(places, points, texts, colours, strict=True):
        away, box = _free_place(place, np.array([_WIDE * len(text), _HIGH]), taken, low, high)
        taken.append(box)
        style: dict[str, Any] = {"color": _inked(colour), "ha": "center", "va": "center", "zorder": 8}
        ax.annotate(
            text,
            (float(point[0]), float(point[1])),
            xytext=(float(away[0]), float(away[1])),
            textcoords="offset points",
            fontsize="small",
            fontweight="bold",
            path_effects=[HALO],
            annotation_clip=True,
            **style,
        )


def _free_place(
    place: Floats, size: Floats, taken: Sequence[tuple[Floats, Floats]], low: Floats, high: Floats
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Find where beside the place the text's middle goes, and the box it fills."""
    ways = [np.array(side) * (away + size / 2) for away in _AWAY for side in _SIDES]
    boxes = [(place + way - size / 2, place + way + size / 2) for way in ways]
    for way, (lower, upper) in zip(ways, boxes, strict=True):
        inside = (lower >= low).all() and (upper <= high).all()
        if inside and not any(((lower < b) & (upper > a)).all() for a, b in taken):
            return way, (lower, upper)
    return ways[0], boxes[0]


def _inked(colour: Floats) -> object:
    """Give the colour, or dark grey where it is too light for letters."""
    return INK if colour[:3].mean() > 0.6 else tuple(colour[:3])  # noqa: PLR2004 - of 1, white
