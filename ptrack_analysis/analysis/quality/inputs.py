"""Inputs and results of quality checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.motion.walks import Walks
from ptrack_analysis.analysis.presence import PersonRows, rows_by_person
from ptrack_analysis.analysis.zones.membership import time_inside
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.floor_plan import FloorPlan
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import POSITION_STATUSES
from ptrack_analysis.schema.arrays import Rows, drop_key
from ptrack_analysis.video import Milliseconds, Video

MINUTE = 60_000.0
"""Milliseconds per minute."""
LEAST_EVENTS = 3
"""Minimum number of events for a rate above a threshold to be doubtful or bad."""
LEAST_PRESENCE = 10_000.0
"""Minimum time of all people in a zone for a share there to be bad [ms]."""
NAN = float("nan")
BOX = ("left", "top", "width", "height")
_MOST_STEPS = 0.95


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of one check: the value of the video, and the data for the zones.

    Attributes
    ----------
    value
        The value of the video; NaN if unknown.
    events
        Number of events (for a rate) or people (for a share); None for other checks.
    time
        The part of each row's time present that the check concerns [ms]. The values of the zones are its
        shares of the time inside them.
    by_name
        Value and number of events of each zone or line, if the check measures them itself.
    advice
        Advice for this video, instead of the general advice.
    """

    value: float
    events: int | None = None
    time: Floats | None = None
    by_name: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    advice: str = ""


UNKNOWN = Measured(NAN)
"""The result of a check that lacks its input."""


@dataclass(frozen=True, eq=False)
class QualityInputs:
    """The tables of one video, with rows in the order of person and time; times in ms.

    ``thresholds`` are the values above which each check is doubtful.
    """

    detections: pd.DataFrame
    walks: Walks
    video: Video
    period: int
    max_gap: int
    part: tuple[int, int]
    entrances: Sequence[Zone] | None
    stitches: pd.DataFrame | None
    zones: Sequence[Zone]
    lines: Sequence[Line]
    visits: Rows
    crossings: Rows
    floor_plan: FloorPlan | None
    thresholds: Mapping[str, float]

    @property
    def trajectories(self) -> pd.DataFrame:
        """The trajectories."""
        return self.walks.table

    @property
    def rows(self) -> PersonRows:
        """The order of the trajectories by person and time."""
        return self.walks.rows

    @property
    def unit(self) -> str:
        """Unit of the positions."""
        return self.walks.unit

    @property
    def time_present(self) -> Milliseconds:
        """Time present of each row [ms]."""
        return self.walks.time_present

    @cached_property
    def boxes(self) -> list[Floats]:
        """left, top, width and height of each detection, in the order of the table."""
        bare = drop_key(self.detections)
        return [bare[name].to_numpy() for name in BOX]

    @cached_property
    def detection_rows(self) -> PersonRows:
        """The order of the detections by person and time."""
        return rows_by_person(self.detections)

    @cached_property
    def sampling(self) -> tuple[float, float]:
        """The sampling period [s], and the 95 % quantile of the steps between timestamps in periods."""
        times: Integers = np.unique(self.detection_rows.time)
        period, steps = self.period, np.sort(times[1:] - times[:-1])
        near = steps <= self.max_gap
        if len(steps) and not near.any():  # all steps are gaps, so no one is followed
            period = _find_quantile(steps, 0.5)
        else:
            steps = steps[near]
        if not len(steps) or not period:
            return NAN, NAN
        return period / 1000.0, float(_find_quantile(steps, _MOST_STEPS)) / period

    @cached_property
    def total(self) -> int:
        """Time present of all rows [ms]."""
        return int(self.time_present.sum())

    @cached_property
    def people(self) -> Integers:
        """Number of each person, ascending."""
        return self.walks.person_index[self.rows.first]

    @cached_property
    def time_in_scene(self) -> Milliseconds:
        """Time present of each person [ms]."""
        time: Milliseconds = np.add.reduceat(self.time_present, np.flatnonzero(self.rows.first))
        return time

    @property
    def position(self) -> tuple[Floats, Floats]:
        """Coordinates x and y; NaN without a position."""
        return self.walks.position

    @cached_property
    def is_located(self) -> Bools:
        """Whether each row has a position."""
        located: Bools = np.isfinite(self.position[0])
        return located

    @property
    def status(self) -> Integers:
        """Code of the position status of each row, in the order of ``POSITION_STATUSES``."""
        return self.walks.status

    @cached_property
    def is_missing(self) -> Bools:
        """Whether the position of each row is missing."""
        return np.asarray(self.status == POSITION_STATUSES.index("missing"))

    @property
    def tracklet_starts(self) -> Bools:
        """Whether each row is the first of its tracklet."""
        return self.walks.links.begins

    @cached_property
    def inside(self) -> dict[str, tuple[Integers, Floats]]:
        """Rows inside each zone, and the part of their time present that counts there [ms]."""
        found = {}
        for zone in self.zones:
            inside = time_inside(zone, self.walks.find_inside(zone), self.rows.time, self.time_present)
            found[zone.name] = inside.rows, (inside.until - inside.since).astype("float64")
        return found

    @cached_property
    def presence(self) -> dict[str, float]:
        """Time of all people in each zone [ms]."""
        return {name: float(time.sum()) for name, (_, time) in self.inside.items()}

    def measure_time(self, time: Floats, whole: Floats | Milliseconds | None = None) -> Measured:
        """Return a part of the time present as a share of the total, or of ``whole`` [ms per row]."""
        total = float(self.total if whole is None else whole.sum())
        return Measured(compute_percentage(float(time.sum()), total), time=time)

    def measure_rows(self, affected: Bools, *, located: bool = True) -> Measured:
        """Return the share of the time present of some rows, by default of the rows with a position."""
        time = np.where(affected, self.time_present, 0.0)
        return self.measure_time(time, np.where(self.is_located, self.time_present, 0) if located else None)

    def compute_zone_shares(self, time: Floats) -> dict[str, float]:
        """Return the share of a part of the time present in each zone with people [%]."""
        total = np.maximum(self.time_present, 1)
        shares = {
            name: compute_percentage(float((time[rows] / total[rows] * inside).sum()), float(inside.sum()))
            for name, (rows, inside) in self.inside.items()
        }
        return {name: value for name, value in shares.items() if not np.isnan(value)}


def compute_percentage(part: float, whole: float) -> float:
    """Return a part as a percentage of a total, or NaN if the total is 0."""
    return 100.0 * float(part) / float(whole) if whole else NAN


def _find_quantile(values: Integers, quantile: float) -> int:
    """Return the smallest sorted value that at least this share of the values does not exceed."""
    return int(values[np.searchsorted(np.arange(1, len(values) + 1), quantile * len(values))])
