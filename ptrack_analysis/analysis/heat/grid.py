"""The grid of a heatmap: its cells and bounds, and the sums of points and boxes per cell."""

import math
from typing import Any

import numpy as np

from ptrack_analysis.analysis.motion.walks import Walks
from ptrack_analysis.analysis.zones.membership import Inside, time_inside
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers, contains
from ptrack_analysis.limits import above, parse_bounds
from ptrack_analysis.scene.zones import Zone, validate_zones
from ptrack_analysis.video import Milliseconds, Video

Bounds = tuple[float, float, float, float]

SHAPE = (54, 96)
MAX_CELLS = 4_000_000
CHUNK = 8192
"""Rows per pass, so that the arrays of a pass stay in the processor's cache. Sums are added pass by pass."""
_TOLERANCE = 1e-9
"""Share of a cell by which bounds may exceed the last cell: rounding errors of the division."""


def resolve_grid(
    shape: tuple[int, int] | None, cell: float | None, bounds: Bounds
) -> tuple[tuple[int, int], Bounds]:
    """Return the shape and the bounds of a grid given by its shape or by the side of its square cells."""
    if cell is None:
        shape = SHAPE if shape is None else shape
        validate_grid(shape, bounds)
        return shape, bounds
    if shape is not None:
        raise ParameterError(f"shape and cell exclude each other, got shape={shape!r} and cell={cell!r}")
    cell = above(cell, "cell")
    validate_grid((1, 1), bounds)
    x0, y0, x1, y1 = bounds
    across, down = (x1 - x0) / cell, (y1 - y0) / cell
    if max(across, down) > MAX_CELLS:
        raise ParameterError(f"cell is {cell!r}: more than {MAX_CELLS} cells within the bounds {bounds!r}")
    columns, rows = (max(1, math.ceil(count - _TOLERANCE)) for count in (across, down))
    validate_grid_shape((rows, columns))
    return (rows, columns), (x0, y0, x0 + columns * cell, y0 + rows * cell)


def find_bounds(x: Floats, y: Floats, unit: str, video: Video) -> Bounds:
    """Return the frame in px, or the rectangle around all positions, rounded outward to full meters."""
    if unit == "px":
        return 0.0, 0.0, float(video.pixels.width), float(video.pixels.height)
    known = ~(np.isnan(x) | np.isnan(y))
    if not known.any():
        return 0.0, 0.0, 1.0, 1.0
    x, y = x[known], y[known]
    upper_x, upper_y = np.floor(x.max()) + 1, np.floor(y.max()) + 1
    return float(np.floor(x.min())), float(np.floor(y.min())), float(upper_x), float(upper_y)


def validate_grid_shape(shape: tuple[int, int]) -> None:
    """Check the number of rows and columns, and the number of cells against ``MAX_CELLS``.

    Raises
    ------
    ParameterError
        If they are not two whole numbers of at least 1, or there are too many cells.
    """
    numbers = shape if isinstance(shape, tuple | list) else ()
    whole = all(isinstance(number, int | np.integer) and number >= 1 for number in numbers)
    if not whole or len(numbers) != 2 or numbers[0] * numbers[1] > MAX_CELLS:  # noqa: PLR2004 - a pair
        raise ParameterError(
            f"shape must be rows and columns of at least 1 and at most {MAX_CELLS} cells, got {shape!r}"
        )


def validate_grid(shape: tuple[int, int], bounds: Bounds) -> None:
    """Check the shape, and that the bounds have an area."""
    validate_grid_shape(shape)
    parse_bounds(bounds)


def compute_cell_size(shape: tuple[int, int], bounds: Bounds) -> tuple[float, float]:
    """Return the width and the height of one cell."""
    (rows, columns), (x0, y0, x1, y1) = shape, bounds
    return (x1 - x0) / columns, (y1 - y0) / rows


def build_cell_columns(shape: tuple[int, int], bounds: Bounds) -> dict[str, Any]:
    """Return the first columns of every table of cells: row, column, and the center of the cell."""
    (rows, columns), (width, height) = shape, compute_cell_size(shape, bounds)
    row, column = np.divmod(np.arange(rows * columns), columns)
    return {
        "row": row,
        "column": column,
        "x_{u}": bounds[0] + (column + 0.5) * width,
        "y_{u}": bounds[1] + (row + 0.5) * height,
    }


def find_cells(x: Floats, y: Floats, *, bounds: Bounds, shape: tuple[int, int]) -> Integers:
    """Return the number of each point's cell, row by row from 0, or rows · columns outside the bounds."""
    (left, upper, right, lower), (rows, columns) = bounds, shape
    inside = (x >= left) & (x < right) & (y >= upper) & (y < lower)
    column = _find_along(x, left, right, columns, inside)
    row = _find_along(y, upper, lower, rows, inside)
    cell: Integers = np.where(inside, row * columns + column, rows * columns)
    return cell


def _find_along(values: Floats, low: float, high: float, cells: int, inside: Bools) -> Integers:
    """Return the cell along one axis. Rounding never moves a point beyond the last cell."""
    scaled = np.where(inside, (values - low) * cells / (high - low), 0.0)  # this order keeps px borders exact
    cell: Integers = np.minimum(scaled.astype("int32"), cells - 1)
    return cell


def find_time_in_zone(
    zone: Zone, unit: str, positions: tuple[Floats, Floats], time: Milliseconds, time_present: Milliseconds
) -> Inside:
    """Return the rows inside the zone and their time there, as in ``compute_visits``.

    Raises
    ------
    SchemaError
        If the zone is in another unit.
    ParameterError
        If ``zone`` is not a Zone.
    """
    validate_zones([zone], unit)
    return time_inside(zone, contains(zone.edges, *positions), time, time_present)


def find_counted_rows(walks: Walks, unit: str, zone: Zone | None) -> tuple[Integers, Milliseconds]:
    """Return the rows inside the zone, or all rows, by person and time, with their time there [ms]."""
    if zone is None:
        return np.arange(len(walks.x)), walks.time_present
    inside = find_time_in_zone(zone, unit, (walks.x, walks.y), walks.rows.time, walks.time_present)
    return inside.rows, inside.until - inside.since


def sum_points(x: Floats, y: Floats, weight: Floats, *, bounds: Bounds, shape: tuple[int, int]) -> Floats:
    """Sum the weights of the points in each cell. A cell includes its left and upper border.

    Parameters
    ----------
    x, y
        (n,) positions; NaN and positions outside the half-open bounds are ignored.
    weight
        (n,) weights of the points.
    bounds
        x0, y0, x1, y1 of the grid.
    shape
        Rows and columns.

    Returns
    -------
    numpy.ndarray
        (rows, columns) sums, exact if the weights are integers.
    """
    total = np.zeros(shape[0] * shape[1] + 1)
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        cell = find_cells(x[part], y[part], bounds=bounds, shape=shape)
        total += np.bincount(cell, weight[part], minlength=len(total))
    sums: Floats = total[:-1].reshape(shape)
    return sums


def sum_boxes(boxes: Floats, weight: Floats, *, shape: tuple[int, int]) -> Floats:
    """Sum, per cell, the weights of the boxes times the share of the cell that each box covers.

    The share is exact. The cover of a box is the product of its cover of the columns and of the rows. Each
    factor is the difference of two ramps. Therefore, a box is four corners in an array of second differences,
    and the cover is the double sum of that array. A corner at column k + f adds to four cells with weights
    linear in f, so the moments 1, f, g and f·g are summed in the cell of the corner.

    Parameters
    ----------
    boxes
        (4, n) left, top, right, bottom as fractions of the frame. They are clipped to the frame; NaN adds
        nothing.
    weight
        (n,) weight of a box in a cell that it covers completely.
    shape
        Rows and columns.

    Returns
    -------
    numpy.ndarray
        (rows, columns) sums. Sums below 1e-12 of all weights are rounding errors and set to 0.
    """
    moments = np.zeros((4, (shape[0] + 1) * (shape[1] + 1)))
    for start in range(0, len(weight), CHUNK):
        part = slice(start, start + CHUNK)
        moments += _sum_corners(boxes[:, part], weight[part], shape=shape)
    return _compute_cover(moments, float(np.abs(weight).sum()), shape=shape)


def _compute_cover(moments: Floats, weight: float, *, shape: tuple[int, int]) -> Floats:
    """Sum the moments up to the cover of each cell; ``weight`` is the sum of all weights."""
    rows, columns = shape
    width = columns + 1
    plain, across, down, both = moments.reshape(4, rows + 1, width)
    second = np.zeros((rows + 2, columns + 2))
    second[:-1, :-1] += plain - across - down + both
    second[:-1, 1:] += across - both
    second[1:, :-1] += down - both
    second[1:, 1:] += both
    cover: Floats = second[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1][1:-1, 1:-1]
    noise = 1e-12 * weight
    return np.where(cover <= noise, 0.0, cover)


def _sum_corners(boxes: Floats, weight: Floats, *, shape: tuple[int, int]) -> Floats:
    """Sum the moments of the boxes' corners per cell: (4, cells), with one more row and column."""
    rows, columns = shape
    size = (rows + 1) * (columns + 1)
    count = np.array([columns, rows, columns, rows], dtype="float64")[:, None]
    edges = np.clip(boxes, 0.0, 1.0) * count
    if np.isnan(edges.sum()):
        known = ~np.isnan(edges).any(axis=0)
        edges, weight = edges[:, known], weight[known]
    whole = edges.astype("int32")
    left, top, right, bottom = edges - whole
    whole[1::2] *= columns + 1
    first, upper, last, lower = whole
    cells = np.concatenate([lower + last, upper + first, lower + first, upper + last], dtype="intp")
    signed = np.concatenate([weight, weight, -weight, -weight])
    across = signed * np.concatenate([right, left, left, right])
    g = np.concatenate([bottom, top, bottom, top])
    return np.stack(
        [np.bincount(cells, values, minlength=size) for values in (signed, across, signed * g, across * g)]
    )
