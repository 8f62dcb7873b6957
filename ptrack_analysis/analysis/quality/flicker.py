"""Flicker: repeated visits and crossings of people who stand at a border, and how to reduce it."""

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

import numpy as np
import shapely

from ptrack_analysis.analysis.presence import mark_starts, number_names
from ptrack_analysis.analysis.quality.inputs import (
    LEAST_EVENTS,
    MINUTE,
    UNKNOWN,
    Measured,
    QualityInputs,
)
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema.arrays import read_column
from ptrack_analysis.video import Milliseconds

QUICK = 2000
"""Longest absence after which a return counts as flicker [ms]."""
_DIGITS = 3
"""Significant digits of a distance in the advice, rounded up."""


@dataclass(frozen=True, slots=True, eq=False)
class _Flicker:
    """Quick returns at one zone or line: their rate, and the farthest distance from the border in between."""

    rate: float
    distances: Floats
    minutes: float

    def find_calming_distance(self, limit: float) -> float:
        """Return the smallest distance that leaves at most ``limit`` returns per minute."""
        allowed = int(limit * self.minutes)
        return float(np.sort(self.distances)[::-1][allowed]) if allowed < len(self.distances) else 0.0


def measure_visit_flicker(inputs: QualityInputs) -> Measured:
    """Measure visits that begin at most 2 s after the person's previous visit, per person and minute.

    The minutes are the time in the scene of the people who visited the zone. The value of the video is the
    value of the zone with the most flicker.
    """
    visits = inputs.visits
    numbers, names = number_names(visits, "zone")
    person, entered, away = (
        read_column(visits, name) for name in ("person_index", "entered", "since_previous_visit")
    )
    is_quick = (away >= 0) & (away <= QUICK)  # a first visit has the smallest integer
    found = {}
    for zone in inputs.zones:
        here = _find(zone.name, numbers, names)
        quick = here & is_quick
        found[zone.name] = _measure(
            inputs, zone, person[here], (person[quick], entered[quick] - away[quick], entered[quick])
        )
    return _summarize(found, inputs, "visit flicker")


def measure_crossing_flicker(inputs: QualityInputs) -> Measured:
    """Measure crossings at most 2 s after the person's previous crossing of the line, per person and minute.

    The minutes are the time in the scene of the people who crossed the line. The value of the video is the
    value of the line with the most flicker.
    """
    crossings = inputs.crossings
    numbers, names = number_names(crossings, "line")
    person, time = (read_column(crossings, name) for name in ("person_index", "timestamp"))
    found = {}
    for line in inputs.lines:
        here = _find(line.name, numbers, names)
        order = np.lexsort((time[here], person[here]))
        who, when = person[here][order], time[here][order]
        quick = np.append(~mark_starts(who)[1:] & (np.diff(when) <= QUICK), values=False)[: len(who)]
        after = np.flatnonzero(quick) + 1
        found[line.name] = _measure(inputs, line, who, (who[quick], when[quick], when[after]))
    return _summarize(found, inputs, "crossing flicker")


def _find(name: str, numbers: Integers, names: list[str]) -> Bools:
    """Return the rows of a zone or line, given the numbers of the names."""
    return np.asarray(numbers == (names.index(name) if name in names else -1))


def _measure(
    inputs: QualityInputs,
    place: Zone | Line,
    people: Integers,
    returns: tuple[Integers, Milliseconds, Milliseconds],
) -> _Flicker:
    """Measure the quick returns of people to one zone or line: person, start and end of each absence."""
    is_here = np.isin(inputs.people, people)
    minutes = float(inputs.time_in_scene[is_here].sum()) / MINUTE
    person, since, until = returns
    if not len(person):
        return _Flicker(0.0, np.empty(0), minutes)
    first, after = _find_rows(inputs, person, since), _find_rows(inputs, person, until)
    after = np.maximum(after, first + 1)
    row = np.repeat(first, after - first) + _count_up(after - first)
    x, y = inputs.position
    border = place.outline.boundary if isinstance(place, Zone) else place.outline
    distance = shapely.distance(border, shapely.points(x[row], y[row]))
    broken = ~np.isfinite(x[row]) | inputs.tracklet_starts[row]
    distance[broken] = np.inf
    farthest = np.maximum.reduceat(distance, np.cumsum(after - first) - (after - first))
    return _Flicker(len(person) / minutes if minutes else 0.0, farthest, minutes)


def _find_rows(inputs: QualityInputs, person: Integers, since: Milliseconds) -> Integers:
    """Return the first row of each person at or after a time."""
    time = inputs.rows.time
    span = int(time.max()) + 1
    keys = inputs.rows.person.astype("int64") * span + time
    wanted = np.searchsorted(inputs.people, person).astype("int64") * span + np.minimum(since, span - 1)
    return np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)


def _count_up(lengths: Integers) -> Integers:
    """Count from 0 within each of several sequences."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _summarize(found: dict[str, _Flicker], inputs: QualityInputs, check: str) -> Measured:
    """Return the value of the zone or line with the most flicker, and advice with the calming distance."""
    if not found:
        return UNKNOWN
    worst = max(found, key=lambda name: (len(found[name].distances) >= LEAST_EVENTS, found[name].rate))
    by_name = {name: (one.rate, len(one.distances)) for name, one in found.items() if one.minutes}
    one, limit = found[worst], inputs.thresholds[check]
    advice = _advise(worst, one, limit, inputs.unit, is_zone=check == "visit flicker")
    return Measured(one.rate, events=len(one.distances), by_name=by_name, advice=advice)


def _advise(name: str, flicker: _Flicker, limit: float, unit: str, *, is_zone: bool) -> str:
    """Return advice against the flicker of one zone or line; empty if there is no flicker."""
    if flicker.rate <= limit:
        return ""
    distance = flicker.find_calming_distance(limit)
    thing, events = ("zone", "repeat visits") if is_zone else ("line", "repeat crossings")
    said = f"People at {thing} {name!r} make {flicker.rate:.3g} {events} per person and minute. "
    if not isfinite(distance):
        away = "Merge visits with merge_gap='2s' (--merge-gap 2s)." if is_zone else "Move the line."
        return f"{said}Their positions are missing in between, so no distance calms it. {away}"
    value = f"{_round_up(distance):g}"
    if is_zone:
        return (
            f"{said}Set margin={value} (--margin {value}) [{unit}] or more to calm it. A line along this "
            f"border needs min_distance={value} (--min-distance {value})."
        )
    return f"{said}Set min_distance={value} (--min-distance {value}) [{unit}] or more to calm it."


def _round_up(distance: float) -> float:
    """Round up to three significant digits."""
    if distance <= 0:
        return 0.0
    digits = _DIGITS - 1 - floor(log10(distance))
    return ceil(distance * 10.0**digits - 1e-9) / 10.0**digits
