"""Smoothing of heatmaps by a Gaussian."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy.ndimage import gaussian_filter

from ptrack_analysis.analysis.heat.cells import cell_size
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.heat.measure import Measure
from ptrack_analysis.errors import ParameterError, SchemaError

Cells = TypeVar("Cells", Heatmap, Measure)

_TRUNCATE = 4.0
_WIDEST = 8.0
"""The widest sigma, as a multiple of the grid's sides: beyond, all cells are equal."""


def smooth_heatmap(heatmap: Cells, sigma: float) -> Cells:
    """Spread what is in each cell over the cells around it, as a Gaussian.

    The spread is ``sigma`` in the plane, the same along x and y whatever the sides of a cell, cut at four
    sigma; what would fall beyond the border of the grid is reflected back, so the sum stays what it was (to
    rounding). 0 changes nothing.

    Parameters
    ----------
    heatmap
        A Heatmap, or a Measure of anything but speed.
    sigma
        Standard deviation of the Gaussian, 0 or more [px or m].

    Returns
    -------
    Heatmap or Measure
        Of the same grid, with the same fields.

    Raises
    ------
    SchemaError
        If it is neither.
    ParameterError
        If ``sigma`` is no length of at least 0 or more than eight times a side of the grid; if the cells are
        in fractions of the frame, in which a length is not the same along x and y; if it is of speed.

    Notes
    -----
    O(cells · sigma / side of a cell). A person's position is itself a few decimetres uncertain; a smoothed
    heatmap shows that, and has no more detail than sigma. Beside a wall it shows people in the wall.

    References
    ----------
    B. W. Silverman, Density Estimation for Statistics and Data Analysis, 1986, doi:10.1201/9781315140919,
    section 2.10: reflection at a boundary.

    Examples
    --------
    >>> heatmap = Heatmap(np.array([[0.0, 8.0, 0.0, 0.0]]), (0.0, 0.0, 4.0, 1.0), "m", "footpoints")
    >>> smooth_heatmap(heatmap, 0.5).seconds.round(1).tolist()
    [[0.9, 6.3, 0.9, 0.0]]
    """
    if not isinstance(heatmap, Heatmap | Measure):
        raise SchemaError(f"not a heatmap: it is a {type(heatmap).__name__}, not a Heatmap or a Measure")
    if heatmap.unit == "fraction":
        raise ParameterError(
            "the heatmap is in fractions of the frame, which are not the same length along x and y: "
            "compute it with a video"
        )
    if heatmap.of == "speed":
        raise ParameterError("of is 'speed': a mean speed has no sum that smoothing could keep")
    x0, y0, x1, y1 = heatmap.extent
    widest = _WIDEST * min(x1 - x0, y1 - y0)
    number = isinstance(sigma, int | float | np.integer | np.floating) and not isinstance(sigma, bool)
    if not (number and 0 <= sigma <= widest):
        raise ParameterError(f"sigma is {sigma!r}, not a length from 0 to {widest:g} {heatmap.unit}")
    width, height = cell_size(heatmap.shape, heatmap.extent)
    in_cells = (sigma / height, sigma / width)
    if isinstance(heatmap, Heatmap):
        smooth = gaussian_filter(
            heatmap.seconds, in_cells, mode="reflect", truncate=_TRUNCATE, output="float64"
        )
        return replace(heatmap, seconds=smooth)
    smooth = gaussian_filter(heatmap.numbers, in_cells, mode="reflect", truncate=_TRUNCATE, output="float64")
    return replace(heatmap, numbers=smooth)
