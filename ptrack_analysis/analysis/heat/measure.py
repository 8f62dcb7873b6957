"""What a measure is: one number a cell, which knows what it counts."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.cells import Extent, cell_columns, cell_size
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.schema import MEASURE, assemble
from ptrack_analysis.video import milliseconds

_HOUR = 3_600_000


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """One number a cell.

    ``numbers`` is (rows, columns), row 0 at the top of the picture; ``extent`` is x0, y0, x1, y1 of the grid
    in ``unit`` (``px``, ``m``, or ``fraction`` of the frame); ``of`` says what is measured: ``footpoints``,
    ``boxes``, ``visits``, ``persons`` or ``speed``; ``measured_in`` is the unit of the numbers.
    """

    numbers: Floats
    extent: Extent
    unit: str
    of: str
    measured_in: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.numbers.shape
        return rows, columns

    def per_m2(self) -> "Measure":
        """Divide by the area of a cell.

        Its sum over the cells, times the area of one, is the sum before.

        Returns
        -------
        Measure
            In ``measured_in`` a square metre.

        Raises
        ------
        ParameterError
            If the grid is not in m, or the numbers are speeds, shares or by area already.
        """
        self._refuse("/m²", "an area")
        if self.unit != "m":
            raise ParameterError(f"the measure is in {self.unit}: what is by m² needs a floor plan")
        width, height = cell_size(self.shape, self.extent)
        return replace(self, numbers=self.numbers / (width * height), measured_in=self.measured_in + "/m²")

    def per_hour(self, duration: pd.Timedelta | str | None) -> "Measure":
        """Divide by the time that was watched.

        Parameters
        ----------
        duration
            The time that was watched: ``video.duration``, or the length of the selected part [ms].

        Returns
        -------
        Measure
            In ``measured_in`` an hour of video.

        Raises
        ------
        ParameterError
            If the duration is None, 0, negative or not whole milliseconds, or the numbers are speeds, shares
            or by hour already.

        Examples
        --------
        >>> visits = Measure(np.array([[30.0, 0.0]]), (0.0, 0.0, 2.0, 1.0), "m", "visits", "visits")
        >>> hourly = visits.per_hour("15min")
        >>> hourly.numbers.tolist(), hourly.measured_in
        ([[120.0, 0.0]], 'visits/h')
        """
        self._refuse("/h", "an hour")
        if duration is None:
            raise ParameterError(
                "duration is None: the length of the video is not known, so give it, as '5min'"
            )
        watched = milliseconds(duration, "duration")
        if watched == 0:
            raise ParameterError(f"duration is {duration!r}, not longer than 0")
        return replace(self, numbers=self.numbers * (_HOUR / watched), measured_in=self.measured_in + "/h")

    def share(self) -> "Measure":
        """Divide by the sum over all cells; NaN everywhere where that is 0.

        Returns
        -------
        Measure
            Shares, of which the sum is 1. Of persons: shares of the cells' counts, not of the persons.

        Raises
        ------
        ParameterError
            If the numbers are speeds, whose sum means nothing, or shares already.
        """
        self._refuse("share", "the whole")
        total = float(self.numbers.sum())
        return replace(self, numbers=self.numbers / (total if total > 0 else np.nan), measured_in="share")

    def to_frame(self) -> pd.DataFrame:
        """Give the long table, MEASURE: one row a cell, with the middle of the cell."""
        arrays = cell_columns(self.shape, self.extent)
        count = self.numbers.size
        arrays |= {"of": [self.of] * count, "measured_in": [self.measured_in] * count}
        return assemble(MEASURE, arrays | {"number": self.numbers.ravel()}, unit=self.unit)

    def _refuse(self, unit: str, divisor: str) -> None:
        """Refuse to divide what is no sum, or what is divided already."""
        if self.of == "speed":
            raise ParameterError(f"of is 'speed': a mean speed by {divisor} means nothing")
        if self.measured_in == "share" or unit in self.measured_in:
            raise ParameterError(f"measured_in is {self.measured_in!r}, so it is divided already")
