"""The flow field: which way, and how fast, people moved through each cell."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.cells import Extent, cell_columns, extent_around, grid_of
from ptrack_analysis.analysis.heat.grid import cells_of
from ptrack_analysis.analysis.heat.zoned import refuse_zone
from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.motion.walks import Walks, walks_of
from ptrack_analysis.geometry import Bools, Floats, Integers, contains
from ptrack_analysis.schema import FIELD, TRAJECTORIES, assemble, check, unit_of
from ptrack_analysis.video import Milliseconds, Video
from ptrack_analysis.zones import Zone


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The steps summed in each cell.

    All are (rows, columns), row 0 at the top of the picture: ``steps`` is their number, ``seconds`` the time
    they took, ``way`` the sum of their lengths, ``along_x`` and ``along_y`` that of their vectors
    [``unit``]; ``extent`` is x0, y0, x1, y1 of the grid in ``unit`` (``px`` or ``m``).
    """

    steps: Integers
    seconds: Floats
    way: Floats
    along_x: Floats
    along_y: Floats
    extent: Extent
    unit: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.way.shape
        return rows, columns

    @property
    def mean_speed(self) -> Floats:
        """Way by time, NaN where no step took time [``unit`` per second]."""
        return _by(self.way, self.seconds)

    @property
    def velocity(self) -> tuple[Floats, Floats]:
        """Sum of the vectors by time, along x and y, NaN where no step took time [``unit`` per second]."""
        return _by(self.along_x, self.seconds), _by(self.along_y, self.seconds)

    @property
    def heading(self) -> Floats:
        """Direction of the sum of the vectors: 0 = +x, 90 = +y; NaN where they cancel out [degrees]."""
        return kernels.direction(self.along_x, self.along_y)

    @property
    def coherence(self) -> Floats:
        """Length of the sum of the vectors by the way: 1 where all went one way, NaN without a way."""
        return np.minimum(_by(np.hypot(self.along_x, self.along_y), self.way), 1.0)

    def to_frame(self) -> pd.DataFrame:
        """Give the long table, FIELD: one row a cell, with the middle of the cell."""
        along_x, along_y = self.velocity
        arrays = {
            "steps": self.steps,
            "seconds": self.seconds,
            "way_{u}": self.way,
            "mean_speed_{u}_per_s": self.mean_speed,
            "velocity_x_{u}_per_s": along_x,
            "velocity_y_{u}_per_s": along_y,
            "heading": self.heading,
            "coherence": self.coherence,
        }
        columns = {name: values.ravel() for name, values in arrays.items()}
        return assemble(FIELD, cell_columns(self.shape, self.extent) | columns, unit=self.unit)


def compute_field(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    extent: Extent | None = None,
    zone: Zone | None = None,
) -> Field:
    """Sum the steps of people in each cell of a grid: their mean direction, mean speed and coherence.

    A step leads from a person's previous known position to the next in the same run, and belongs whole to
    the cell that its middle lies in; a cell owns its left and upper border. The direction of a cell is that
    of the sum of its steps' vectors, so a step counts by its length; the coherence is the length of that sum
    by the sum of the lengths: 1 where all went one way, 0 where as much goes to as fro. The mean speed is
    the way by the time of the steps, standing included. What lies outside the extent is left out.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its frame size.
    shape, cell, extent
        The grid, as in ``compute_heatmap``.
    zone
        The zone that is looked at, by default all: steps whose middle lies in it, in place and in time.

    Returns
    -------
    Field
        In the plane of the trajectories.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or the zone is in another plane.
    ParameterError
        If the grid is refused as by ``compute_heatmap``.

    Notes
    -----
    O(n log n + cells). The way and the vectors summed over the cells are those of all steps in the extent.
    Walking backwards in time turns every direction about and changes nothing else. Steps longer than a cell
    smear: take cells longer than a step. The jitter of boxes adds way without direction, so it lowers the
    coherence and raises the mean speed where people stand; ``smooth_trajectories`` first takes most of it.

    References
    ----------
    K. V. Mardia, P. E. Jupp, Directional Statistics, 2000, doi:10.1002/9780470316979, section 2.2: mean
    direction and mean resultant length, here weighted by way. L. C. Edie, Discussion of traffic stream
    measurements and definitions, 1963: the mean speed in a region.

    Examples
    --------
    >>> from ptrack_analysis import trajectories_from_points
    >>> points = pd.DataFrame(
    ...     {"x_m": [0.0, 1.0, 2.0], "y_m": 0.5},
    ...     index=pd.MultiIndex.from_arrays(
    ...         [[7] * 3, np.array([0, 1000, 2000], "timedelta64[ms]")], names=["person_index", "timestamp"]
    ...     ),
    ... )
    >>> field = compute_field(trajectories_from_points(points), Video(), shape=(1, 1))
    >>> float(field.mean_speed[0, 0]), float(field.heading[0, 0]), float(field.coherence[0, 0])
    (1.0, 0.0, 1.0)
    """
    check(trajectories, TRAJECTORIES)
    unit = unit_of(trajectories, TRAJECTORIES)
    walks = walks_of(trajectories, unit)
    grid = grid_of(shape, cell, extent_around(walks.x, walks.y, unit, video) if extent is None else extent)
    if zone is not None:
        refuse_zone(zone, unit)
    sums = _sums(walks, *grid, zone)
    steps, time, way, along_x, along_y = sums
    return Field(steps.astype("int64"), time / 1000.0, way, along_x, along_y, grid[1], unit)


def _sums(walks: Walks, shape: tuple[int, int], extent: Extent, zone: Zone | None) -> list[Floats]:
    """Sum number, time [ms], way and vector of the steps in each cell."""
    way, previous = kernels.steps(walks.run, walks.x, walks.y)
    here = np.flatnonzero(previous >= 0)
    there = previous[here]
    dx, dy = walks.x[here] - walks.x[there], walks.y[here] - walks.y[there]
    x, y = walks.x[there] + dx / 2, walks.y[there] + dy / 2
    place = cells_of(x, y, extent=extent, shape=shape)
    cells = shape[0] * shape[1]
    early, late = walks.rows.time[there], walks.rows.time[here]
    if zone is not None:
        place = np.where(_in(zone, x, y, early + late), place, cells)
    weights = (np.ones(len(here)), (late - early).astype("float64"), way[here], dx, dy)
    sums = (np.bincount(place, weight, minlength=cells + 1) for weight in weights)
    return [each[:cells].astype("float64").reshape(shape) for each in sums]


def _in(zone: Zone, x: Floats, y: Floats, twice: Milliseconds) -> Bools:
    """Tell which middles lie in the zone while it holds; ``twice`` is double their moment [ms]."""
    inside = contains(zone.edges, x, y)
    if zone.window is not None:
        start, end = zone.window
        inside &= (twice >= 2 * start) & (twice / 2 < end)
    return inside


def _by(values: Floats, divisor: Floats) -> Floats:
    """Divide, NaN where there is nothing to divide by."""
    divided: Floats = values / np.where(divisor > 0, divisor, np.nan)
    return divided
