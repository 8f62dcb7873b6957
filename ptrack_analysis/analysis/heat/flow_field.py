"""Flow fields: mean velocity, mean speed and coherence per cell of a grid."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import (
    Bounds,
    build_cell_columns,
    find_bounds,
    find_cells,
    find_counted_rows,
    resolve_grid,
    sum_points,
)
from ptrack_analysis.analysis.motion import kernels
from ptrack_analysis.analysis.motion.walks import Walks
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import FIELD, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Milliseconds, Video, validate_video

_TOLERANCE = 1e-12
"""Vector sums below this share of the path length are rounding errors of vectors that cancel out."""
_LEAST_SHARE, _LEAST_COHERENCE = 0.2, 0.5
"""Minimum share of the path length, and minimum coherence, of each half of a cell with two-way traffic."""


@dataclass(frozen=True, slots=True, eq=False)
class FlowField:
    """Sums of the steps in each cell of a grid, returned by ``compute_flow_field``.

    A step is the velocity of one position times its ``time_present``. All sums are (rows, columns), row 0 at
    the top of the image.

    Attributes
    ----------
    steps
        Number of steps.
    seconds
        Duration of the steps [s].
    path_length
        Sum of the lengths of the steps [``unit``].
    displacement_x, displacement_y
        Sum of the vectors of the steps [``unit``].
    bounds
        x0, y0, x1, y1 of the grid in ``unit``.
    unit
        ``px`` or ``m``.
    present
        Time of all positions, with or without a speed [s].
    halves
        Two fields with the steps within 90 degrees of the axis of each cell, and with the others. Two-way
        traffic along one axis has a small total ``coherence`` and a large ``coherence`` in each half.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> field = pta.heat.compute_flow_field(trajectories, video, shape=(2, 3))
    >>> field.coherence.round(2)
    array([[0.13, 0.05, 0.5 ],
           [0.28, 0.01, 0.14]])
    """

    steps: Integers
    seconds: Floats
    path_length: Floats
    displacement_x: Floats
    displacement_y: Floats
    bounds: Bounds
    unit: str
    present: Floats
    halves: tuple["FlowField", "FlowField"] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.path_length.shape
        return rows, columns

    @property
    def mean_speed(self) -> Floats:
        """Path length / time; NaN if the speed is known for less than half of the time [``unit``/s]."""
        return np.where(self._is_known, _divide(self.path_length, self.seconds), np.nan)

    @property
    def _is_known(self) -> Bools:
        return np.asarray(2 * self.seconds >= self.present)

    @property
    def velocity(self) -> tuple[Floats, Floats]:
        """Sum of the vectors / time, along x and y; NaN where ``mean_speed`` is NaN [``unit`` per second]."""
        x, y = (
            np.where(self._is_known, _divide(each, self.seconds), np.nan)
            for each in (self.displacement_x, self.displacement_y)
        )
        return x, y

    @property
    def heading(self) -> Floats:
        """Direction of the sum of the vectors: 0 = +x, 90 = +y; NaN if they cancel out [degrees]."""
        return kernels.direction(self.displacement_x, self.displacement_y)

    @property
    def coherence(self) -> Floats:
        """Length of the sum of the vectors / path length: 1 if all steps have the same direction."""
        length = np.hypot(self.displacement_x, self.displacement_y)
        return np.minimum(_divide(length, self.path_length), 1.0)

    @property
    def is_two_way(self) -> Bools:
        """Whether people walked in two opposite directions.

        Each half has at least a fifth of the path length, and a coherence of at least 0.5.
        """
        two_way = np.full(self.shape, self.halves is not None)
        for half in self.halves or ():
            two_way &= half.path_length >= _LEAST_SHARE * self.path_length
            two_way &= half.coherence >= _LEAST_COHERENCE
        return two_way

    def to_frame(self) -> pd.DataFrame:
        """Return the long table FIELD.

        Returns
        -------
        pandas.DataFrame
            One row per cell, with the center of the cell.
        """
        velocity_x, velocity_y = self.velocity
        arrays = {
            "steps": self.steps,
            "speed_time": self.seconds,
            "way_{u}": self.path_length,
            "mean_speed_{u}_per_s": self.mean_speed,
            "velocity_x_{u}_per_s": velocity_x,
            "velocity_y_{u}_per_s": velocity_y,
            "heading": self.heading,
            "coherence": self.coherence,
        }
        columns = {name: values.ravel() for name, values in arrays.items()}
        return assemble(FIELD, build_cell_columns(self.shape, self.bounds) | columns, unit=self.unit)


def compute_flow_field(
    trajectories: pd.DataFrame,
    video: Video,
    *,
    shape: tuple[int, int] | None = None,
    cell: float | None = None,
    bounds: Bounds | None = None,
    zone: Zone | None = None,
) -> FlowField:
    """Compute the mean velocity, mean speed and coherence of people in each cell of a grid.

    Each position with a speed is a step: its windowed velocity (the columns ``speed`` and ``heading``) times
    its ``time_present``. The step belongs to the cell of the position, and a cell includes its left and upper
    border. The heading of a cell is the heading of the vector sum of its steps, weighted by their length. The
    coherence is the length of that sum divided by the sum of the lengths: 1 if all steps have one direction,
    0 if they cancel out. The mean speed is the mean of ``speed`` weighted by ``time_present``, including
    people who stand. It equals ``compute_heatmap(quantity="mean_speed")``. Positions outside the bounds are
    ignored.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video, rows in any order.
    video
        The video, for its frame size.
    shape, cell, bounds
        The grid, as in ``compute_heatmap``.
    zone
        Zone in the same unit: only the time inside it counts, as in ``compute_visits``. By default
        all steps count.

    Returns
    -------
    FlowField
        The field in the unit of the trajectories.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table, or the zone is in another unit.
    ParameterError
        If the grid is invalid, as in ``compute_heatmap``.

    Notes
    -----
    O(n log n + cells). The path length is the sum of speed times ``time_present``, not of the distances
    between positions. A fast person may cross a cell between two positions, so use cells longer than a step.
    Jitter of the boxes adds path length without direction: it lowers the coherence and raises the mean speed
    where people stand. ``smooth_trajectories`` removes most of it.

    References
    ----------
    K. V. Mardia, P. E. Jupp, Directional Statistics, 2000, doi:10.1002/9780470316979, section 2.2: mean
    direction and mean resultant length, here weighted by length. L. C. Edie, Discussion of traffic stream
    measurements and definitions, 1963: the mean speed in a region.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> field = pta.heat.compute_flow_field(trajectories, video, shape=(2, 3))
    >>> field.mean_speed.round(0)
    array([[30., 50.,  5.],
           [62., 35., 25.]])
    >>> field.unit, field.steps.sum().item()
    ('px', 5841)
    """
    validate(trajectories, TRAJECTORIES)
    unit = find_unit(trajectories, TRAJECTORIES)
    validate_video(video)
    walks = Walks(trajectories, unit)
    shape, bounds = resolve_grid(
        shape, cell, find_bounds(walks.x, walks.y, unit, video) if bounds is None else bounds
    )
    row, time_present = find_counted_rows(walks, unit, zone)
    order = walks.rows.order[row]
    speed = trajectories[f"speed_{unit}_per_s"].to_numpy()[order]
    heading = trajectories["heading"].to_numpy()[order]
    moves = ~np.isnan(speed) & (time_present > 0)
    cells = find_cells(walks.x[row][moves], walks.y[row][moves], bounds=bounds, shape=shape)
    walked = cells, speed[moves], heading[moves], time_present[moves]
    present = sum_points(
        walks.x[row], walks.y[row], time_present.astype("float64"), bounds=bounds, shape=shape
    )
    field = _build_field(walked, bounds, unit, shape)
    is_ahead = _find_half(walked, count=shape[0] * shape[1])
    halves = [tuple(each[half] for each in walked) for half in (is_ahead, ~is_ahead)]
    one, other = (_build_field(half, bounds, unit, shape) for half in halves)
    return replace(field, present=present / 1000.0, halves=(one, other))


def _build_field(walked: tuple[Any, ...], bounds: Bounds, unit: str, shape: tuple[int, int]) -> FlowField:
    """Sum the cells, speeds, headings and durations of steps."""
    sums = _sum_steps(*walked, count=shape[0] * shape[1])
    steps, seconds, path_length, x, y = (each.reshape(shape) for each in sums)
    return FlowField(steps.astype("int64"), seconds, path_length, x, y, bounds, unit, seconds)


def _find_half(walked: tuple[Any, ...], *, count: int) -> Bools:
    """Return which steps are within 90 degrees of the axis of their cell, in one of its two directions.

    The axis is the mean of the directions after doubling their angles, weighted by length.
    """
    cells, speed, heading, time_present = walked
    angle = np.radians(np.nan_to_num(heading))
    length = speed * time_present
    x, y = (
        np.bincount(cells, length * np.nan_to_num(each), minlength=count + 1)
        for each in (np.cos(2 * angle), np.sin(2 * angle))
    )
    axis = np.arctan2(y, x) / 2
    ahead: Bools = np.cos(angle - axis[cells]) >= 0
    return ahead


def _sum_steps(
    cells: Integers, speed: Floats, heading: Floats, time_present: Milliseconds, *, count: int
) -> tuple[Floats, ...]:
    """Sum the number, duration [s], length and vector of the steps in each of ``count`` cells."""
    seconds = time_present / 1000.0
    length = speed * seconds
    angle = np.radians(np.where(np.isnan(heading), 0.0, heading))  # a speed of 0 has no heading
    weights = (np.ones(len(cells)), seconds, length, length * np.cos(angle), length * np.sin(angle))
    steps, duration, path_length, x, y = (
        np.bincount(cells, weight, minlength=count + 1)[:count].astype("float64") for weight in weights
    )
    cancelled = np.hypot(x, y) <= _TOLERANCE * path_length
    x[cancelled] = y[cancelled] = 0.0
    return steps, duration, path_length, x, y


def _divide(values: Floats, divisor: Floats) -> Floats:
    """Divide; the result is NaN where the divisor is 0."""
    divided: Floats = values / np.where(divisor > 0, divisor, np.nan)
    return divided
