"""Heatmaps: person-seconds in the cells of a grid, by where people stood or by what their boxes covered."""

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
from ptrack_analysis.analysis.heat.heatmap import Heatmap
from ptrack_analysis.analysis.heat.zoned import in_zone
from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.schema import DETECTIONS, TRAJECTORIES, check, unit_of
from ptrack_analysis.video import Video
from ptrack_analysis.zones import Zone

__all__ = ["SHAPE", "Extent", "Heatmap", "compute_box_heatmap", "compute_heatmap", "refuse_shape"]


def compute_heatmap(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    extent: Extent | None = None,
    zone: Zone | None = None,
) -> Heatmap:
    """Sum the time for which people stood in each cell of a grid over the plane.

    Each detection adds its ``held`` to the cell that its position lies in; a cell owns its left and upper
    border. Positions outside the extent, and unlocated ones, add nothing. So the sum over the cells is the
    time located inside the heatmap's extent, exactly. The grid is given by its ``shape`` or by its ``cell``,
    the side of square cells: as many as cover the extent, which then reaches to the right and downwards
    beyond the given one by less than a cell. With a ``zone`` only the time inside it counts, while it holds:
    the sum is then the dwell of its visits, as far as they lie within the extent.

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
    zone
        The zone that the time is limited to, in the same plane; by default none. It does not change the grid.

    Returns
    -------
    Heatmap
        ``of`` is ``footpoints``.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or the zone is in another plane.
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
    held = trajectories["held"].to_numpy().view("int64")
    if zone is not None:
        time = trajectories.index.get_level_values("timestamp").to_numpy().view("int64")
        inside = in_zone(zone, unit, (x, y), time, held)
        x, y, held = x[inside.rows], y[inside.rows], inside.until - inside.since
    total = sum_points(x, y, held.astype("float64"), extent=extent, shape=shape)
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
    row = detection_rows(detections, trajectories)
    left, top, width, height = (
        detections[name].to_numpy()[row] for name in ("left", "top", "width", "height")
    )
    held = trajectories["held"].to_numpy().view("int64").astype("float64")
    corners = np.stack([left, top, left + np.maximum(width, 0), top + np.maximum(height, 0)])
    total = sum_boxes(corners, held, shape=shape)
    return Heatmap(total / 1000.0, extent, unit, "boxes")
