"""What a heatmap is."""

from dataclasses import dataclass

import pandas as pd

from ptrack_analysis.analysis.heat.cells import Extent, cell_columns, cell_size
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.schema import HEATMAP, assemble
from ptrack_analysis.video import milliseconds


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
        width, height = cell_size(self.shape, self.extent)
        return width * height

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
        >>> import numpy as np
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
        arrays = cell_columns(self.shape, self.extent)
        arrays |= {"of": [self.of] * self.seconds.size, "seconds": self.seconds.ravel()}
        if duration is not None:
            arrays["density_per_m2"] = self.density(duration).ravel()
        return assemble(HEATMAP, arrays, unit=self.unit)
