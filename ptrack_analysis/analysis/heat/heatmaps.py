"""Heatmaps: person-seconds in the cells of a grid, by where people stood or by what their boxes covered."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.cells import (
    SHAPE,
    Extent,
    extent_around,
    grid_of,
    refuse_empty,
    refuse_shape,
)
from ptrack_analysis.analysis.heat.grid import sum_boxes, sum_points
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.schema import DETECTIONS, HEATMAP, TRAJECTORIES, assemble, check, unit_of
from ptrack_analysis.video import Video, milliseconds

__all__ = ["SHAPE", "Extent", "Heatmap", "compute_box_heatmap", "compute_heatmap", "refuse_shape"]


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Person-seconds a cell.

    ``seconds`` is (rows, columns), row 0 at the top of the picture; ``extent`` is x0, y0, x1, y1 of the grid
    in ``unit`` (``px``, ``m``, or ``fraction`` of the frame); ``of`` is ``footpoints`` or ``boxes``.
    """

    seconds: Floats
    extent: Extent
    unit: str
    of: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.seconds.shape
        return rows, columns

    @property
    def cell_area(self) -> float:
        """Area of one cell, in squares of ``unit`` (of ``fraction``: as a share of the frame)."""
        (rows, columns), (x0, y0, x1, y1) = self.shape, self.extent
        return ((x1 - x0) / columns) * ((y1 - y0) / rows)

    def density(self, duration: pd.Timedelta | str | None) -> Floats:
        """Give the mean density of persons on the floor: how many stood on a square metre, over a time.

        It is ``seconds`` divided by the area of a cell and by ``duration``. So its sum over the cells, times
        ``cell_area``, is the mean number of persons within the extent.

        Parameters
        ----------
        duration
            The time that was watched: ``video.duration``, or the length of the selected part [ms].

        Returns
        -------
        numpy.ndarray
            (rows, columns), 0 where nobody stood [1/m²].

        Raises
        ------
        ParameterError
            If the heatmap is not in m, or the duration is None, 0, negative or not whole milliseconds.

        Notes
        -----
        Who is unlocated stands nowhere, so with missing boxes it errs downwards. It is the time-mean of a
        classical density, persons in an area divided by the area; a Voronoi density is another thing.

        References
        ----------
        B. Steffen, A. Seyfried, Methods for measuring pedestrian density, flow, speed and direction with
        minimal scatter, Physica A 389 (9), 2010, doi:10.1016/j.physa.2009.12.015, the classical density.

        Examples
        --------
        >>> Heatmap(np.array([[30.0, 0.0]]), (0.0, 0.0, 2.0, 1.0), "m", "footpoints").density("1min").tolist()
        [[0.5, 0.0]]
        """
        if self.unit != "m":
            raise ParameterError(
                f"the heatmap is in {self.unit}: persons per m² need a floor plan, compute_trajectories(..., "
                "plane=floor)"
            )
        if duration is None:
            raise ParameterError(
                "duration is None: the length of the video is not known, so give it, as '5min'"
            )
        watched = milliseconds(duration, "duration")
        if watched == 0:
            raise ParameterError(f"duration is {duration!r}, not longer than 0")
        density: Floats = self.seconds / (self.cell_area * (watched / 1000.0))
        return density

    def to_frame(self, duration: pd.Timedelta | str | None = None) -> pd.DataFrame:
        """Give the long table, HEATMAP: one row a cell, with the middle of the cell.

        With a ``duration`` [ms] it has the column ``density_per_m2``, as ``density`` computes and refuses it.
        """
        (rows, columns), (x0, y0, x1, y1) = self.shape, self.extent
        row, column = np.divmod(np.arange(rows * columns), columns)
        arrays: dict[str, Any] = {
            "of": [self.of] * (rows * columns),
            "row": row,
            "column": column,
            "x_{u}": x0 + (column + 0.5) * ((x1 - x0) / columns),
            "y_{u}": y0 + (row + 0.5) * ((y1 - y0) / rows),
            "seconds": self.seconds.ravel(),
        }
        if duration is not None:
            arrays["density_per_m2"] = self.density(duration).ravel()
        return assemble(HEATMAP, arrays, unit=self.unit)


def compute_heatmap(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    extent: Extent | None = None,
) -> Heatmap:
    """Sum the time for which people stood in each cell of a grid over the plane.

    Each detection adds its ``held`` to the cell that its position lies in; a cell owns its left and upper
    border. Positions outside the extent, and unlocated ones, add nothing. So the sum over the cells is the
    time located inside the heatmap's extent, exactly. The grid is given by its ``shape`` or by its ``cell``,
    the side of square cells: as many as cover the extent, which then reaches to the right and downwards
    beyond the given one by less than a cell.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its frame size.
    shape
        Rows and columns, each at least 1; by default 54 and 96.
    cell
        Side of square cells, instead of a shape [px or m].
    extent
        x0, y0, x1, y1 in the plane, as ``floor.extent``; by default the frame [px], or the rectangle around
        all positions, outward to whole metres [m].

    Returns
    -------
    Heatmap
        ``of`` is ``footpoints``.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If the shape, the cell or the extent is empty, shape and cell are both given, or the frame size is
        not known.

    Notes
    -----
    O(n + cells).
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    x, y = trajectories[f"x_{unit}"].to_numpy(), trajectories[f"y_{unit}"].to_numpy()
    shape, extent = grid_of(shape, cell, extent_around(x, y, unit, video) if extent is None else extent)
    held = trajectories["held"].to_numpy().view("int64").astype("float64")
    total = sum_points(x, y, held, extent=extent, shape=shape)
    return Heatmap(total / 1000.0, extent, unit, "footpoints")


def compute_box_heatmap(
    detections: pd.DataFrame,
    trajectories: pd.DataFrame,
    video: Video | None = None,
    *,
    shape: tuple[int, int] = SHAPE,
) -> Heatmap:
    """Sum the time for which people's boxes covered each cell of a grid over the picture.

    Each detection adds to each cell its ``held`` times the share of the cell that its body box covers: an
    exact share, not whole cells. Boxes are cut at the frame; detections without a body box, and boxes of a
    negative size, add nothing. So
    the sum over the cells times the area of one is the sum of ``held`` times the area of the box inside the
    frame.

    Parameters
    ----------
    detections
        DETECTIONS, rows in any order.
    trajectories
        TRAJECTORIES computed from them, or from a part of them: only its rows are counted.
    video
        The video, for its frame size: the extent is then in px, else in fractions of the frame.
    shape
        Rows and columns, each at least 1.

    Returns
    -------
    Heatmap
        ``of`` is ``boxes``.

    Raises
    ------
    SchemaError
        If a table is not what it should be, or a trajectory row has no detection.
    ParameterError
        If the shape is empty.

    Notes
    -----
    O(n + cells), whatever the size of the boxes.
    """
    check(detections, DETECTIONS)
    check(trajectories, TRAJECTORIES)
    extent, unit = (0.0, 0.0, 1.0, 1.0), "fraction"
    if video is not None:
        extent, unit = (0.0, 0.0, float(video.pixels.width), float(video.pixels.height)), "px"
    refuse_empty(shape, extent)
    row = _rows_of(detections.index, trajectories.index)
    left, top, width, height = (
        detections[name].to_numpy()[row] for name in ("left", "top", "width", "height")
    )
    held = trajectories["held"].to_numpy().view("int64").astype("float64")
    total = sum_boxes(
        np.stack([left, top, left + np.maximum(width, 0), top + np.maximum(height, 0)]), held, shape=shape
    )
    return Heatmap(total / 1000.0, extent, unit, "boxes")


def _rows_of(detections: Any, trajectories: Any) -> Integers:
    """Find the detection of each trajectory row."""
    row: Integers = detections.reorder_levels(trajectories.names).get_indexer(trajectories)
    if (row < 0).any():
        person, moment = trajectories[np.flatnonzero(row < 0)[0]]
        raise SchemaError(
            f"the trajectories have person {person} at {moment}, of whom there is no detection then"
        )
    return row
