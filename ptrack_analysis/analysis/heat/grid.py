"""Kernels of heatmaps: points and boxes summed into the cells of a grid; NumPy only."""

import numpy as np

from ptrack_analysis.geometry import Bools, Floats, Integers

CHUNK = 8192
"""Rows a pass, so that a pass's arrays stay in the processor's cache; floats are summed pass by pass."""


def sum_points(
    x: Floats, y: Floats, weight: Floats, *, extent: tuple[float, float, float, float], shape: tuple[int, int]
) -> Floats:
    """Sum the weights of the points in each cell; a cell owns its left and upper border.

    Parameters
    ----------
    x, y
        (n,) positions; NaN and what is outside the half-open extent falls nowhere.
    weight
        (n,) what a point adds.
    extent
        x0, y0, x1, y1 of the grid.
    shape
        Rows and columns.

    Returns
    -------
    numpy.ndarray
        (rows, columns) sums; exact where the weights are whole numbers.
    """
    total = np.zeros(shape[0] * shape[1] + 1)
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        cell = cells_of(x[part], y[part], extent=extent, shape=shape)
        total += np.bincount(cell, weight[part], minlength=len(total))
    sums: Floats = total[:-1].reshape(shape)
    return sums


def cells_of(
    x: Floats, y: Floats, *, extent: tuple[float, float, float, float], shape: tuple[int, int]
) -> Integers:
    """Give the number of each point's cell, row after row from 0; rows · columns where it falls nowhere."""
    (left, upper, right, lower), (rows, columns) = extent, shape
    inside = (x >= left) & (x < right) & (y >= upper) & (y < lower)
    column = _cell(x, left, right, columns, inside)
    cell: Integers = np.where(inside, _cell(y, upper, lower, rows, inside) * columns + column, rows * columns)
    return cell


def _cell(values: Floats, low: float, high: float, cells: int, inside: Bools) -> Integers:
    """Give the cell along one axis; rounding never carries a point out of the last one."""
    scaled = np.where(inside, (values - low) * cells / (high - low), 0.0)  # so, px borders are exact
    cell: Integers = np.minimum(scaled.astype("int32"), cells - 1)
    return cell


def sum_boxes(boxes: Floats, weight: Floats, *, shape: tuple[int, int]) -> Floats:
    """Sum, in each cell, the weights of the boxes times the share of the cell that each box covers.

    The share is exact, not whole cells. The cover of a box is the product of its cover of the columns and of
    the rows, and each of these is the difference of two ramps; so a box is four corners in an array of
    second differences, and the cover is its double sum. A corner at column k + f adds to four places, with
    weights linear in f: what is summed a corner are the moments 1, f, g, f·g in its own cell.

    Parameters
    ----------
    boxes
        (4, n) left, top, right, bottom as fractions of the frame; cut here to the frame. NaN adds nothing.
    weight
        (n,) what a box adds to a cell that it covers whole.
    shape
        Rows and columns.

    Returns
    -------
    numpy.ndarray
        (rows, columns) sums; sums below 1e-12 of all weights, the noise of the differences, are 0.
    """
    moments = np.zeros((4, (shape[0] + 1) * (shape[1] + 1)))
    for start in range(0, len(weight), CHUNK):
        part = slice(start, start + CHUNK)
        moments += _corner_moments(boxes[:, part], weight[part], shape=shape)
    return _cover(moments, float(np.abs(weight).sum()), shape=shape)


def _cover(moments: Floats, weight: float, *, shape: tuple[int, int]) -> Floats:
    """Sum moments up to the cover of each cell; noise is a share of ``weight``, that of all boxes."""
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


def _corner_moments(boxes: Floats, weight: Floats, *, shape: tuple[int, int]) -> Floats:
    """Sum the moments of the boxes' corners by cell: (4, cells, one more each way)."""
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
