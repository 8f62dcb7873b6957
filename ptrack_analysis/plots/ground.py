"""The ground of a picture on a plane: axes that show what is to be drawn, over a backdrop or none."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ptrack_analysis.analysis.heat.grid import Bounds
from ptrack_analysis.geometry import Floats
from ptrack_analysis.plots.axes import bounds, plane_axes
from ptrack_analysis.plots.backdrop import draw_backdrop, frame_extent, read_backdrop
from ptrack_analysis.plots.outlines import refuse_other_plane
from ptrack_analysis.scene.images import Picture
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.video import Video


def ground_axes(
    ax: Axes | None,
    unit: str,
    points: Floats,
    *,
    backdrop: Picture | None,
    video: Video | None,
    extent: Bounds | None,
    zones: Sequence[Zone],
    lines: Sequence[Line],
    margin: tuple[float, float] = (1.0, 1.4),
) -> Axes:
    """Make axes of the plane: of the frame or the extent, else of all points (n, 2), zones and lines.

    Raises
    ------
    ParameterError
        If the axes, a zone or a line is in another unit, the backdrop cannot be read or nothing says where
        it lies, or the extent is empty.
    """
    refuse_other_plane([*zones, *lines], unit)
    picture = None if backdrop is None else read_backdrop(backdrop)
    frame = frame_extent(unit, extent=extent, video=video, picture=picture)
    outlines = [*(zone.outline for zone in zones), *(line.outline for line in lines)]
    corners = [np.reshape(outline.bounds, (2, 2)) for outline in outlines]
    shown = frame or bounds(np.concatenate([points, *corners]))
    ax = plane_axes(ax, unit, shown, fixed=frame is not None, margin=margin)
    if picture is not None and frame is not None:
        draw_backdrop(ax, picture, frame)
    return ax
