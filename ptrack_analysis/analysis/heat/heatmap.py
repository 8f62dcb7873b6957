"""A heatmap: one value per cell of a grid, with its quantity and unit."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.grid import Bounds, build_cell_columns, compute_cell_size
from ptrack_analysis.cards import build_card
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.limits import at_least, parse_bounds, validate_choice
from ptrack_analysis.schema import BOX_HEATMAP, HEATMAP, HEATMAP_SLICES, MEASURE
from ptrack_analysis.schema.arrays import TableArrays, collect
from ptrack_analysis.video import Duration, Milliseconds, milliseconds

Quantity = Literal["person_seconds", "visits", "people", "mean_speed"]
Basis = Literal["boxes", "foot_points"]
Divisor = Literal["area", "hour", "total"]

_HOUR = 3_600_000
_SUFFIXES = {"area": "/m²", "hour": "/h"}
_STORED = {"foot_points": "foot_points", "boxes": "boxes", "people": "persons", "mean_speed": "speed"}
"""Names in the tables on disk that differ from the names in memory."""
_TRUNCATE = 4.0
_MAX_SIGMA = 8.0
"""Maximum of sigma, as a multiple of the shorter side of the grid; beyond it all cells are equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """One value per cell of a grid.

    Attributes
    ----------
    values
        (rows, columns) values, row 0 at the top of the image. A series over time is (bins, rows, columns).
    bounds
        x0, y0, x1, y1 of the grid in ``unit``.
    unit
        ``px``, ``m``, or ``fraction`` of the frame.
    quantity
        ``person_seconds``, ``visits``, ``people`` or ``mean_speed``.
    basis
        ``foot_points`` or ``boxes``.
    normalized
        Divisors in the order of division: ``area``, ``hour``, ``total``.
    bin_edges
        Times at which the bins start and end [ms]; None if the time range is unknown.
    excluded_seconds
        Time of excluded truncated boxes within the bounds.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> heatmap = pta.compute_heatmap(trajectories, video, shape=(2, 3))
    >>> heatmap.quantity, heatmap.value_unit, heatmap.bounds
    ('person_seconds', 's', (0.0, 0.0, 1280.0, 720.0))
    >>> heatmap.normalize("total").values.round(2)
    array([[0.19, 0.17, 0.1 ],
           [0.03, 0.34, 0.18]])
    """

    values: Floats
    bounds: Bounds
    unit: str
    quantity: Quantity = field(default="person_seconds", kw_only=True)
    basis: Basis = field(default="foot_points", kw_only=True)
    normalized: tuple[Divisor, ...] = field(default=(), kw_only=True)
    bin_edges: Milliseconds | None = field(default=None, kw_only=True)
    excluded_seconds: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the quantity, the basis, and the number of bins.

        Raises
        ------
        ParameterError
            If the quantity or basis is unknown, or the bin edges do not fit the values.
        """
        for name, value, known in (("quantity", self.quantity, Quantity), ("basis", self.basis, Basis)):
            validate_choice(value, name, get_args(known))
        parse_bounds(self.bounds)
        at_least(self.excluded_seconds, "excluded_seconds")
        bins = len(self.values) if self.is_series else 1
        if self.is_series if self.bin_edges is None else len(self.bin_edges) != bins + 1:
            raise ParameterError(f"bin_edges must be {bins + 1} times, one more than bins")

    def __repr__(self) -> str:
        """Return the grid, the quantity and the unit, without the values."""
        return f"Heatmap({', '.join(f'{name} {value}' for name, value in self._list_facts().items())})"

    def _repr_html_(self) -> str:
        """Return a card for notebooks."""
        return build_card("Heatmap", "", self._list_facts(), calls="pta.plot_heatmap(heatmap)")

    def _list_facts(self) -> dict[str, object]:
        rows, columns = self.shape
        sides = ", ".join(f"{side:g}" for side in self.bounds)
        facts: dict[str, object] = {
            "quantity": self.quantity,
            "unit": self.value_unit,
            "basis": self.basis,
            "grid": f"{rows} x {columns}",
            "bounds": f"({sides}) {self.unit}",
        }
        return facts | ({"bins": len(self.values)} if self.is_series else {})

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.values.shape[-2:]
        return rows, columns

    @property
    def is_series(self) -> bool:
        """Whether the values are a series over time, one grid per bin."""
        return self.values.ndim == 3  # noqa: PLR2004 - bins, rows, columns

    @property
    def bins(self) -> list["Heatmap"]:
        """The heatmap of each bin of a series; otherwise the heatmap itself."""
        if not self.is_series or self.bin_edges is None:
            return [self]
        edges = self.bin_edges
        return [
            replace(self, values=values, bin_edges=edges[number : number + 2])
            for number, values in enumerate(self.values)
        ]

    @property
    def cell_area(self) -> float:
        """Area of one cell in squares of ``unit``, or as a share of the frame for ``fraction``."""
        width, height = compute_cell_size(self.shape, self.bounds)
        return width * height

    @property
    def value_unit(self) -> str:
        """Unit of the values: ``s``, ``visits``, ``people``, ``m/s``, then ``/m²``, ``/h``; or ``share``."""
        if "total" in self.normalized:
            return "share"
        units = {"person_seconds": "s", "mean_speed": f"{self.unit}/s"}
        return units.get(self.quantity, self.quantity) + "".join(_SUFFIXES[by] for by in self.normalized)

    def normalize(self, by: Divisor, *, duration: Duration | None = None) -> "Heatmap":
        """Divide by the area of a cell, by the recorded hours, or by the sum over all cells.

        Parameters
        ----------
        by
            ``area``, ``hour`` or ``total``. If no value is above 0, all shares of the total are NaN.
        duration
            The recorded time: ``video.duration``, or the duration of the selected part. Only for
            ``hour``; by default the length of each bin, if the bins are known.

        Returns
        -------
        Heatmap
            The same grid; ``value_unit`` is the unit of the values.

        Raises
        ------
        ParameterError
            If the quantity is ``mean_speed``, the values are already divided by this or are shares, the grid
            is not in m (``area``), or the duration is missing, 0 or not in whole milliseconds (``hour``).

        Examples
        --------
        >>> visits = Heatmap(np.array([[30.0, 0.0]]), (0.0, 0.0, 2.0, 1.0), "m", quantity="visits")
        >>> hourly = visits.normalize("hour", duration="15min")
        >>> hourly.values.tolist(), hourly.value_unit
        ([[120.0, 0.0]], 'visits/h')
        """
        if by not in get_args(Divisor):
            raise ParameterError(f"by must be 'area', 'hour' or 'total', got {by!r}")
        if self.quantity == "mean_speed":
            raise ParameterError("a heatmap of mean_speed cannot be normalized: its values are not sums")
        if by in self.normalized or "total" in self.normalized:
            raise ParameterError(f"the heatmap is already normalized: its values are in {self.value_unit}")
        if duration is not None and by != "hour":
            raise ParameterError(f"duration applies to by='hour' only, got by={by!r}")
        if by == "area":
            self._require_meters("by='area'")
            values = self.values / self.cell_area
        elif by == "hour":
            values = self.values * (_HOUR / self._find_durations(duration))
        else:
            total = float(self.values.sum())
            values = self.values / (total if total > 0 else np.nan)
        return replace(self, values=values, normalized=(*self.normalized, by))

    def density(self, duration: Duration | None = None) -> Floats:
        """Return the mean number of people per square meter of floor.

        The density is the person-seconds divided by the area of a cell and by the recorded time. The sum over
        all cells times ``cell_area`` is the mean number of people within the bounds.

        Parameters
        ----------
        duration
            As in ``normalize``.

        Returns
        -------
        numpy.ndarray
            The shape of ``values``, 0 without people [1/m²].

        Raises
        ------
        ParameterError
            If the values are not person-seconds, the grid is not in m, or the duration is missing, 0 or not
            in whole milliseconds.

        Notes
        -----
        Detections without a position are missing, so the density is biased downward if boxes are missing. It
        is the time mean of the classical density (people in an area divided by the area), not a Voronoi
        density.

        References
        ----------
        B. Steffen, A. Seyfried, Methods for measuring pedestrian density, flow, speed and direction with
        minimal scatter, Physica A 389 (9), 2010, doi:10.1016/j.physa.2009.12.015, the classical density.

        Examples
        --------
        >>> Heatmap(np.array([[30.0, 0.0]]), (0.0, 0.0, 2.0, 1.0), "m").density("1min").tolist()
        [[0.5, 0.0]]
        """
        if self.quantity != "person_seconds" or self.normalized:
            raise ParameterError(
                f"a density requires person-seconds, but the values are {self.quantity} in {self.value_unit}"
            )
        self._require_meters("a density")
        density: Floats = self.values / (self.cell_area * (self._find_durations(duration) / 1000.0))
        return density

    def smooth(self, sigma: float) -> "Heatmap":
        """Smooth with a Gaussian, which preserves the sum up to rounding.

        ``sigma`` is the same length along x and y for any shape of the cells. The Gaussian is cut at four
        sigma and reflected at the border of the grid. A sigma of 0 changes nothing. Each bin of a series is
        smoothed separately.

        Parameters
        ----------
        sigma
            Standard deviation of the Gaussian, from 0 to eight times the shorter side of the grid [px or m].

        Returns
        -------
        Heatmap
            The smoothed values on the same grid.

        Raises
        ------
        ParameterError
            If ``sigma`` is out of range, the quantity is ``mean_speed``, or the unit is ``fraction``, where
            lengths along x and y differ.

        Notes
        -----
        O(cells · sigma / side of a cell). Positions are uncertain by some decimeters, and a smoothed heatmap
        shows no detail below sigma. Near a wall, smoothing moves time into the wall.

        References
        ----------
        B. W. Silverman, Density Estimation for Statistics and Data Analysis, 1986,
        doi:10.1201/9781315140919, section 2.10: reflection at a boundary.

        Examples
        --------
        >>> heatmap = Heatmap(np.array([[0.0, 8.0, 0.0, 0.0]]), (0.0, 0.0, 4.0, 1.0), "m")
        >>> heatmap.smooth(0.5).values.round(1).tolist()
        [[0.9, 6.3, 0.9, 0.0]]
        """
        from scipy.ndimage import gaussian_filter  # noqa: PLC0415 - slow import

        if self.unit == "fraction":
            raise ParameterError(
                "a heatmap in fractions of the frame cannot be smoothed: lengths along x and y differ. Pass "
                "video= to compute_box_heatmap."
            )
        if self.quantity == "mean_speed":
            raise ParameterError("a heatmap of mean_speed cannot be smoothed: its values are not sums")
        x0, y0, x1, y1 = self.bounds
        largest = _MAX_SIGMA * min(x1 - x0, y1 - y0)
        is_number = isinstance(sigma, int | float | np.integer | np.floating) and not isinstance(sigma, bool)
        if not (is_number and 0 <= sigma <= largest):
            raise ParameterError(f"sigma must be a length from 0 to {largest:g} {self.unit}, got {sigma!r}")
        width, height = compute_cell_size(self.shape, self.bounds)
        in_cells = (sigma / height, sigma / width)
        smooth = gaussian_filter(
            self.values, in_cells, mode="reflect", truncate=_TRUNCATE, output="float64", axes=(-2, -1)
        )
        return replace(self, values=smooth)

    def to_arrays(self, duration: Duration | None = None) -> TableArrays:
        """Return the table as arrays; see ``to_frame`` for the parameters and tables."""
        density = None if duration is None else self.density(duration)
        columns = build_cell_columns(self.shape, self.bounds)
        if self.is_series:
            return self._collect_series(columns)
        values, count = self.values.ravel(), self.values.size
        if self.quantity != "person_seconds" or self.normalized:
            stored = self.basis if self.quantity == "person_seconds" else self.quantity
            columns |= {
                "quantity": [_STORED.get(stored, stored)] * count,
                "measured_in": [self.value_unit.replace("people", _STORED["people"])] * count,
                "number": values,
            }
            return collect(MEASURE, columns, unit=self.unit)
        if self.basis == "boxes":
            return collect(BOX_HEATMAP, columns | {"box_seconds": values}, unit=self.unit)
        columns["seconds"] = values
        if density is not None:
            columns["density_per_m2"] = density.ravel()
        return collect(HEATMAP, columns, unit=self.unit)

    def to_frame(self, duration: Duration | None = None) -> pd.DataFrame:
        """Return the long table, one row per cell with the center of the cell.

        Person-seconds of foot points give the table HEATMAP, person-seconds of boxes BOX_HEATMAP, and a
        series HEATMAP_SLICES. All other heatmaps give MEASURE.

        Parameters
        ----------
        duration
            The recorded time. If given, HEATMAP has the column ``density_per_m2``, computed as in
            ``density``.

        Returns
        -------
        pandas.DataFrame
            HEATMAP, BOX_HEATMAP, HEATMAP_SLICES or MEASURE.

        Raises
        ------
        ParameterError
            If the heatmap is a normalized series, or a duration is given but the values have no density.
        """
        return self.to_arrays(duration).to_frame()

    def _collect_series(self, cells: dict[str, Any]) -> TableArrays:
        """Return the table HEATMAP_SLICES."""
        if self.normalized or self.bin_edges is None:
            raise ParameterError("a normalized series has no table. Call to_frame() on each of its bins.")
        bins, per_bin = len(self.values), self.shape[0] * self.shape[1]
        columns = {name: np.tile(values, bins) for name, values in cells.items()}
        columns |= {
            "timestamp": np.repeat(self.bin_edges[:-1], per_bin),
            "interval": np.repeat(np.diff(self.bin_edges), per_bin),
            "seconds": self.values.ravel(),
        }
        return collect(HEATMAP_SLICES, columns, unit=self.unit)

    def _require_meters(self, what: str) -> None:
        if self.unit != "m":
            raise ParameterError(
                f"{what} requires a heatmap in m, got one in {self.unit}. Compute the trajectories on a "
                "floor plan: compute_trajectories(..., plane=floor)."
            )

    def _find_durations(self, duration: Duration | None) -> Milliseconds:
        """Return the recorded time [ms]: one number, or one number per bin of a series."""
        if duration is None and self.bin_edges is None:
            raise ParameterError(
                "duration is required: the recorded time is unknown. Pass video.duration, or if that is "
                "None, the observed time: analysis.window[1] - analysis.window[0]."
            )
        if duration is None:
            lengths = np.diff(np.asarray(self.bin_edges))
            watched = lengths.reshape(-1, 1, 1) if self.is_series else lengths.sum()
            if not np.all(watched):
                raise ParameterError("duration is required: a bin of the heatmap has a length of 0")
            return np.asarray(watched)
        if self.is_series:
            raise ParameterError(f"duration must not be given for a series, got {duration!r}")
        given = milliseconds(duration, "duration")
        if given == 0:
            raise ParameterError(f"duration must be longer than 0, got {duration!r}")
        return np.asarray(given)
