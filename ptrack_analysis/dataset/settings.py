"""What is measured of each video of a source, and how."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.heat.heatmaps import refuse_shape
from ptrack_analysis.analysis.selection import numbers_of
from ptrack_analysis.dataset.checksum import checksum
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import above, at_least
from ptrack_analysis.video import Video, milliseconds, timedelta

Span = pd.Timedelta | str
Place = str | PathLike[str]

_SPANS = (
    "max_gap",
    "period",
    "merge_gap",
    "min_dwell",
    "enter_after",
    "every",
    "stop_duration",
    "fill_gaps",
    "smooth",
    "start",
    "end",
)
_ABOVE_ZERO = ("every", "stop_duration")
_LENGTHS = ("margin", "min_distance")
_LIMITS = ("stop_extent", "max_speed", "cell")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is measured of each video, and how; all that has a default may be left out.

    Lengths of time are texts that pandas reads, such as ``"2s"``, or Timedeltas, in whole ms; distances and
    speeds are in the unit of the plane: m and m/s with a floor plan, else px and px/s.

    Parameters
    ----------
    zones
        Zone file (GeoJSON) of zones and lines; without one there are neither visits nor crossings.
    floor
        Floor plan: everything is then measured in m, and the heatmap is of footpoints only.
    video
        Facts to fall back to where the source has none (frame size, frame rate).
    max_gap, period
        As in ``compute_trajectories`` [ms].
    merge_gap, min_dwell, enter_after, margin
        As in ``compute_visits`` [ms, ms, ms, unit of the plane].
    min_distance
        As in ``compute_crossings`` [unit of the plane].
    every
        Length of the intervals in which crossings are counted, as in ``compute_counts`` [ms].
    stop_extent, stop_duration
        ``max_extent`` and ``min_duration`` of ``compute_stops`` [unit of the plane, ms]; without a floor plan
        there are stops only if the extent is given.
    max_speed
        Speed above which a movement is flagged as too fast, and a position as a jump [unit of the plane/s].
    repair_jumps
        Whether positions flagged as jumps are replaced, as in ``repair_jumps``; needs ``max_speed``.
    stitch
        Whether tracks that are one person's are joined, as in ``compute_stitches``; zones of the kind
        ``door`` are its doors.
    fill_gaps
        The longest gap that is filled, as in ``fill_gaps`` [ms]; by default none is.
    smooth
        Window of ``smooth_trajectories`` [ms]; by default positions are left as they are.
    shape, cell
        Rows and columns of the heatmaps, by default 54 x 96; or, with a floor plan, the side of their square
        cells [m].
    start, end, persons
        What to keep, as in ``select``. Who is joined to a person that is wanted is kept too, whichever of its
        numbers is given.
    faces
        Whether the columns of faces, which are personal data, are written.
    csv
        Whether each table is written as CSV too, below ``csv``.
    allow_incomplete
        Whether to read archives whose last page is missing.

    Raises
    ------
    ParameterError
        If one is out of its range.
    """

    zones: Place | None = None
    floor: Place | None = None
    video: Video = field(default_factory=Video)
    max_gap: Span = "2s"
    period: Span | None = None
    merge_gap: Span = "0s"
    min_dwell: Span = "0s"
    enter_after: Span = "0s"
    margin: float = 0.0
    min_distance: float = 0.0
    every: Span = "1min"
    stop_extent: float | None = None
    stop_duration: Span = "5s"
    max_speed: float | None = None
    repair_jumps: bool = False
    stitch: bool = False
    fill_gaps: Span | None = None
    smooth: Span | None = None
    shape: tuple[int, int] | None = None
    cell: float | None = None
    start: Span | None = None
    end: Span | None = None
    persons: Iterable[int] | None = None
    faces: bool = False
    csv: bool = False
    allow_incomplete: bool = False

    def __post_init__(self) -> None:
        """Bring each field to its one form, refusing what is out of range."""
        if self.shape is not None:
            refuse_shape(self.shape)
        given = self.start, self.end
        for name, value in self._formed().items():
            object.__setattr__(self, name, value)
        if self.end is not None and self.end <= (self.start or timedelta(0)):  # type: ignore[operator] # both are Timedeltas now
            raise ParameterError(f"end is {given[1]!r}, which is not after start ({given[0]!r})")
        if self.repair_jumps and self.max_speed is None:
            raise ParameterError("jumps are steps above max_speed (--max-speed): to repair them, give it")

        if self.cell is not None and self.floor is None:
            raise ParameterError("cell is the side of a cell in metres, which needs a floor plan (--floor)")
        if self.cell is not None and self.shape is not None:
            raise ParameterError("cell and shape both say how large a cell is: give one of them")

    def _formed(self) -> dict[str, Any]:
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        shape = None if self.shape is None else tuple(map(int, self.shape))
        formed: dict[str, Any] = {"video": self.video or Video(), "shape": shape}
        for name in ("zones", "floor"):
            formed[name] = None if given[name] is None else Path(given[name])
        for name in _SPANS:
            formed[name] = None if given[name] is None else timedelta(milliseconds(given[name], name))
        for name in _ABOVE_ZERO:
            if formed[name] == timedelta(0):
                raise ParameterError(f"{name} is {given[name]!r}, not a length of time above 0")
        if self.fill_gaps is not None and formed["fill_gaps"] <= formed["max_gap"]:
            raise ParameterError(
                f"fill_gaps is {self.fill_gaps!r}, not above max_gap ({self.max_gap!r}): no gap is filled"
            )
        for name in _LENGTHS:
            formed[name] = at_least(given[name], name)
        for name in _LIMITS:
            formed[name] = None if given[name] is None else above(given[name], name)
        if formed["period"] is not None and formed["period"] > formed["max_gap"]:
            raise ParameterError(f"max_gap is {self.max_gap!r}, below the sampling period of {self.period!r}")
        if self.persons is not None:
            formed["persons"] = tuple(sorted(set(numbers_of(self.persons))))
        return formed

    @property
    def unit(self) -> str:
        """The unit of the plane in which positions are measured."""
        return "px" if self.floor is None else "m"

    @property
    def measures_stops(self) -> bool:
        """Whether stops are found: in px no extent of a stop suits every camera, so it has to be given."""
        return self.floor is not None or self.stop_extent is not None

    def parameters(self) -> dict[str, Any]:
        """Give all that decides about the result, as JSON knows it: times in ms, files by their checksum."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        values["video"] = {n: v for n, v in asdict(self.video).items() if v is not None and n != "name"}
        plain: dict[str, Any] = _plain(values)
        return plain


def _plain(value: Any) -> Any:
    """Make a value one that JSON knows."""
    value = value.item() if isinstance(value, np.generic) else value
    match value:
        case Mapping():
            return {name: _plain(inner) for name, inner in value.items()}
        case tuple():
            return [_plain(inner) for inner in value]
        case pd.Timedelta():
            return milliseconds(value, "duration")
        case datetime():
            return value.isoformat()
        case Path():
            return checksum(value)
        case _:
            return value
