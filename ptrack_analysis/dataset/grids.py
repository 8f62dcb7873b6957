"""What is measured in the cells of a grid over one video."""

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.cells import Extent
from ptrack_analysis.analysis.heat.field import compute_field
from ptrack_analysis.analysis.heat.heatmaps import SHAPE
from ptrack_analysis.analysis.heat.measures import Of, compute_measure
from ptrack_analysis.dataset.measured import heatmap_of
from ptrack_analysis.dataset.road import Road
from ptrack_analysis.dataset.settings import Settings

_MEASURED: tuple[Of, ...] = ("persons", "speed", "visits")


def heatmaps_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Make the heatmaps of one video: of footpoints, and of boxes where the plane is the picture.

    A box covers a part of the picture and no part of a floor plan, and the heatmaps of one file have one
    unit.
    """
    if road.floor is not None:
        heatmap = heatmap_of(road, settings)
        if road.duration is None:  # the column is there all the same, so that all files have the same
            return heatmap.to_frame().assign(density_per_m2=np.nan)
        return heatmap.to_frame(road.duration)
    both = [heatmap_of(road, settings, of=of).to_frame() for of in ("boxes", "footpoints")]
    return pd.concat(both).sort_index()


def measures_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Count visits and persons a cell, and measure their speed, on the grid of the heatmap of footpoints."""
    shape, cell, extent = _grid(road, settings)
    measured = [
        compute_measure(road.trajectories, road.video, of, shape=shape, cell=cell, extent=extent).to_frame()
        for of in _MEASURED
    ]
    return pd.concat(measured).sort_index()


def field_of(road: Road, settings: Settings) -> pd.DataFrame:
    """Sum the steps in each cell of the heatmap's grid."""
    shape, cell, extent = _grid(road, settings)
    return compute_field(road.trajectories, road.video, shape=shape, cell=cell, extent=extent).to_frame()


def _grid(road: Road, settings: Settings) -> tuple[tuple[int, int] | None, float | None, Extent | None]:
    """Give shape, side of the cells and extent of the grid that the heatmap has."""
    if road.floor is not None:
        return settings.shape, settings.cell, road.floor.extent
    return settings.shape or SHAPE, None, None
