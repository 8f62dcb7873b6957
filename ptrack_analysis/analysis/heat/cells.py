"""Cells of a heatmap: how many there are, and where they lie."""

import math
from typing import Any

import numpy as np

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.limits import above
from ptrack_analysis.video import Video

Extent = tuple[float, float, float, float]

SHAPE = (54, 96)
MOST_CELLS = 4_000_000
_WHOLE = 1e-9
"""By how much of a cell an extent may be longer than a whole number of cells: float noise of the division."""


def grid_of(
    shape: tuple[int, int] | None, cell: float | None, extent: Extent
) -> tuple[tuple[int, int], Extent]:
    """Give the shape and the extent of a grid by its shape, or by the side of its cells."""
    if cell is None:
        shape = SHAPE if shape is None else shape
        refuse_empty(shape, extent)
        return shape, extent
    if shape is not None:
        raise ParameterError(f"shape is {shape!r} and cell is {cell!r}: give one of the two")
    cell = above(cell, "cell")
    refuse_empty((1, 1), extent)
    x0, y0, x1, y1 = extent
    across, down = (x1 - x0) / cell, (y1 - y0) / cell
    if max(across, down) > MOST_CELLS:
        raise ParameterError(f"cell is {cell!r}: more than {MOST_CELLS} cells in the extent {extent!r}")
    columns, rows = (max(1, math.ceil(count - _WHOLE)) for count in (across, down))
    refuse_shape((rows, columns))
    return (rows, columns), (x0, y0, x0 + columns * cell, y0 + rows * cell)


def extent_around(x: Floats, y: Floats, unit: str, video: Video) -> Extent:
    """Give the frame, or the rectangle around all positions, outward to whole metres."""
    if unit == "px":
        return 0.0, 0.0, float(video.pixels.width), float(video.pixels.height)
    known = ~(np.isnan(x) | np.isnan(y))
    if not known.any():
        return 0.0, 0.0, 1.0, 1.0
    x, y = x[known], y[known]
    upper_x, upper_y = np.floor(x.max()) + 1, np.floor(y.max()) + 1
    return float(np.floor(x.min())), float(np.floor(y.min())), float(upper_x), float(upper_y)


def refuse_shape(shape: tuple[int, int]) -> None:
    """Refuse what is not a number of rows and a number of columns, or more than ``MOST_CELLS`` cells.

    Raises
    ------
    ParameterError
        With the shape.
    """
    numbers = shape if isinstance(shape, tuple | list) else ()
    whole = all(isinstance(number, int | np.integer) and number >= 1 for number in numbers)
    if not whole or len(numbers) != 2 or numbers[0] * numbers[1] > MOST_CELLS:  # noqa: PLR2004 - a pair
        raise ParameterError(
            f"shape is {shape!r}, not rows and columns of at least 1, {MOST_CELLS} cells at most"
        )


def refuse_empty(shape: tuple[int, int], extent: Extent) -> None:
    """Refuse a grid without cells, or that covers nothing."""
    refuse_shape(shape)
    x0, y0, x1, y1 = extent
    if not (np.isfinite(extent).all() and x1 > x0 and y1 > y0):
        raise ParameterError(f"extent is {extent!r}, not x0 < x1 and y0 < y1")


def cell_size(shape: tuple[int, int], extent: Extent) -> tuple[float, float]:
    """Give the width and the height of one cell."""
    (rows, columns), (x0, y0, x1, y1) = shape, extent
    return (x1 - x0) / columns, (y1 - y0) / rows


def cell_columns(shape: tuple[int, int], extent: Extent) -> dict[str, Any]:
    """Give the columns that every table of cells begins with: row and column, and the middle of the cell."""
    (rows, columns), (width, height) = shape, cell_size(shape, extent)
    row, column = np.divmod(np.arange(rows * columns), columns)
    return {
        "row": row,
        "column": column,
        "x_{u}": extent[0] + (column + 0.5) * width,
        "y_{u}": extent[1] + (row + 0.5) * height,
    }
