"""Heatmaps: person-seconds in the cells of a grid, by where people stood or by what their boxes covered."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.grid import sum_boxes, sum_points
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.schema import DETECTIONS, HEATMAP, TRAJECTORIES, assemble, check, unit_of
from ptrack_analysis.video import Video

SHAPE = (54, 96)
MOST_CELLS = 4_000_000
Extent = tuple[float, float, float, float]


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

    def to_frame(self) -> pd.DataFrame:
        """Give the long table, HEATMAP: one row a cell, with the middle of the cell."""
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
        return assemble(HEATMAP, arrays, unit=self.unit)


def compute_heatmap(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    shape: tuple[int, int] = SHAPE,
    extent: Extent | None = None,
) -> Heatmap:
    """Sum the time for which people stood in each cell of a grid over the plane.

    Each detection adds its ``held`` to the cell that its position lies in; a cell owns its left and upper
    border. Positions outside the extent, and unlocated ones, add nothing. So the sum over the cells is the
    time located inside the extent, exactly.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its frame size.
    shape
        Rows and columns, each at least 1.
    extent
        x0, y0, x1, y1 in the plane; by default the frame [px], or the rectangle around all positions,
        outward to whole metres [m].

    Returns
    -------
    Heatmap
        ``of`` is ``footpoints``.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If the shape or the extent is empty, or the frame size is not known.

    Notes
    -----
    O(n + cells).
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    x, y = trajectories[f"x_{unit}"].to_numpy(), trajectories[f"y_{unit}"].to_numpy()
    extent = extent or _extent(x, y, unit, video)
    _refuse_empty(shape, extent)
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
    _refuse_empty(shape, extent)
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


def _extent(x: np.ndarray, y: np.ndarray, unit: str, video: Video) -> Extent:
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


def _refuse_empty(shape: tuple[int, int], extent: Extent) -> None:
    refuse_shape(shape)
    x0, y0, x1, y1 = extent
    if not (np.isfinite(extent).all() and x1 > x0 and y1 > y0):
        raise ParameterError(f"extent is {extent!r}, not x0 < x1 and y0 < y1")
