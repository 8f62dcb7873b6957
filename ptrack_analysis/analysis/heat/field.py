"""The flow field: which way, and how fast, people moved through each cell."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.cells import Extent, cell_columns, extent_around, grid_of
from ptrack_analysis.analysis.heat.grid import cells_of
from ptrack_analysis.analysis.heat.zoned import counted_rows
from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.motion.walks import walks_of
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.schema import FIELD, TRAJECTORIES, assemble, check, unit_of
from ptrack_analysis.video import Milliseconds, Video
from ptrack_analysis.zones import Zone

_ROUNDING = 1e-12
"""Sums of vectors shorter than this share of the way are rounding errors of vectors that cancel out."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The steps summed in each cell.

    A step is the velocity of one position for the time that it is held. All sums are (rows, columns), row 0
    at the top of the picture: ``steps`` is the number of steps, ``seconds`` their duration, ``way`` the sum
    of their lengths, ``along_x`` and ``along_y`` the sum of their vectors [``unit``]; ``extent`` is x0, y0,
    x1, y1 of the grid in ``unit`` (``px`` or ``m``).
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

    Each position with a speed is a step: it moves at its windowed velocity (the columns ``speed`` and
    ``heading``) for the time that it is held. The step belongs to the cell of the position; a cell owns its
    left and upper border. The direction of a cell is that of the sum of its steps' vectors, so a step counts
    by its length. The coherence is the length of that sum by the sum of the lengths: 1 where all went one
    way, 0 where as much goes to as fro. The mean speed is the mean of ``speed`` weighted by ``held``,
    standing included. It equals the mean speed of ``compute_measure``. Positions outside the extent do not
    count.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its frame size.
    shape, cell, extent
        The grid, as in ``compute_heatmap``.
    zone
        Zone to which the steps are cut, in place and time, by the rule of ``compute_visits``. By default all
        steps count.

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
    O(n log n + cells). The way is the sum of speed times held, not of the raw distances between positions. A
    fast person may cross a cell between two positions: use cells longer than a step. Jitter of the boxes adds
    way without direction, so it lowers the coherence and raises the mean speed where people stand;
    ``smooth_trajectories`` removes most of it.

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
    shape, extent = grid_of(
        shape, cell, extent_around(walks.x, walks.y, unit, video) if extent is None else extent
    )
    row, held = counted_rows(walks, unit, zone)
    order = walks.rows.order[row]
    speed = trajectories[f"speed_{unit}_per_s"].to_numpy()[order]
    heading = trajectories["heading"].to_numpy()[order]
    moves = ~np.isnan(speed) & (held > 0)
    place = cells_of(walks.x[row][moves], walks.y[row][moves], extent=extent, shape=shape)
    sums = _sums(place, speed[moves], heading[moves], held[moves], cells=shape[0] * shape[1])
    steps, seconds, way, along_x, along_y = (each.reshape(shape) for each in sums)
    return Field(steps.astype("int64"), seconds, way, along_x, along_y, extent, unit)


def _sums(
    place: Integers, speed: Floats, heading: Floats, held: Milliseconds, *, cells: int
) -> tuple[Floats, ...]:
    """Sum number, duration [s], way and vector of the steps in each cell."""
    seconds = held / 1000.0
    way = speed * seconds
    turn = np.radians(np.where(np.isnan(heading), 0.0, heading))  # a speed of 0 has no heading
    weights = (np.ones(len(place)), seconds, way, way * np.cos(turn), way * np.sin(turn))
    number, time, length, along_x, along_y = (
        np.bincount(place, weight, minlength=cells + 1)[:cells].astype("float64") for weight in weights
    )
    cancelled = np.hypot(along_x, along_y) <= _ROUNDING * length
    along_x[cancelled] = along_y[cancelled] = 0.0
    return number, time, length, along_x, along_y


def _by(values: Floats, divisor: Floats) -> Floats:
    """Divide, NaN where there is nothing to divide by."""
    divided: Floats = values / np.where(divisor > 0, divisor, np.nan)
    return divided
