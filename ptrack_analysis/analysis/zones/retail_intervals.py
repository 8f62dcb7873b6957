"""Confidence intervals of the retail metrics of one zone."""

from dataclasses import dataclass, replace

import numpy as np

from ptrack_analysis.analysis.uncertainty.estimates import (
    NO_DIVISOR,
    Interval,
    count_by_unit,
    estimate_count,
    estimate_ratio,
    estimate_share,
)
from ptrack_analysis.geometry import Bools, Integers

_SECOND = 1000.0
_NOT_GIVEN = "the number to compare with is not given"


@dataclass(frozen=True, slots=True, eq=False)
class RetailSample:
    """The visits that the intervals of one zone are computed from.

    ``unit`` numbers the independent unit of each visit. ``inside`` marks the visits to the zone, and
    ``whole`` the visits with an observed start and end. ``passed`` is the number of passers-by, if known.
    """

    person: Integers
    unit: Integers
    dwell: Integers
    inside: Bools
    whole: Bools
    passed: int | None

    def estimate_intervals(self, values: dict[str, float], level: float) -> dict[str, Interval]:
        """Return the interval of each figure, or the reason why it has none."""
        inside, dwell = self.inside, self.dwell[self.inside] / _SECOND
        unit = self.unit[inside]
        first = np.zeros(len(unit))
        first[np.unique(self.person[inside], return_index=True)[1]] = 1.0
        visits, whole = count_by_unit(unit), count_by_unit(self.unit[inside & self.whole])
        people, everyone = (
            count_by_unit(self.unit[rows][np.unique(self.person[rows], return_index=True)[1]])
            for rows in (inside, np.ones(len(inside), dtype=bool))
        )
        near = np.concatenate([people, np.ones(self.passed or 0)])  # each passer-by is a separate unit
        shares = {
            "exposure_rate": everyone,
            "one_zone_rate": people,
            "bounce_rate": visits,
            "re_entry_rate": visits,
            "conversion_rate": whole,
        }
        found = {
            name: estimate_share(values[name] * sizes.sum(), sizes, level)[1]
            if np.isfinite(values[name])
            else Interval(note=_NOT_GIVEN if name == "conversion_rate" and len(whole) else NO_DIVISOR)
            for name, sizes in shares.items()
        }
        captured = Interval(note=_NOT_GIVEN)
        if self.passed is not None:
            captured = estimate_share(people.sum(), near, level)[1]
        counts = {"visitors": people, "visits": visits, "whole_visits": whole}
        return {
            **found,
            **{name: estimate_count(sizes, level) for name, sizes in counts.items()},
            "average_dwell": estimate_ratio(dwell, np.ones(len(unit)), unit, level)[1],
            "dwell_per_visitor": estimate_ratio(dwell, first, unit, level)[1],
            "capture_rate": captured,
            "capture_ratio": _odds(captured) if self.passed else replace(captured, low=np.nan, high=np.nan),
        }


def _odds(interval: Interval) -> Interval:
    """Return the interval of share / (1 - share)."""
    low, high = (end / (1 - end) if end < 1 else np.nan for end in (interval.low, interval.high))
    return Interval(low, high, interval.note)
