"""Retail metrics and their definitions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import is_complete
from ptrack_analysis.analysis.uncertainty.estimates import CONFIDENCE, Interval, find_units, parse_confidence
from ptrack_analysis.analysis.zones.membership import parse_zone_names, validate_visited
from ptrack_analysis.analysis.zones.retail_intervals import RetailSample
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import OBSERVED_ENTRIES, OBSERVED_EXITS, RETAIL, VISITS, assemble, validate
from ptrack_analysis.video import Duration, milliseconds


@dataclass(frozen=True, slots=True)
class RetailMetric:
    """One figure: the unit of its value, its definition, and the source of the definition."""

    measured_in: str
    definition: str
    source: str


_RETAILNEXT = "RetailNext, Metrics Glossary"
_BUMBEE = "Bumbee Labs, The retail metrics glossary"
_AURA = "Aura Vision, What is a Capture rate?"
_CLOUD4WI = "Cloud4Wi, Behaviors"
_PALEXY = "Palexy, Section Traffic Metrics"

FIGURES = {
    "visitors": RetailMetric(
        "persons", "Distinct people with a visit to the zone.", f"{_BUMBEE} (unique visitors)"
    ),
    "visits": RetailMetric("visits", "Visits to the zone.", f"{_BUMBEE} (visits)"),
    "exposure_rate": RetailMetric(
        "1",
        "Visitors of the zone divided by the people with a visit to any zone.",
        f"{_RETAILNEXT} (exposure rate; here of people)",
    ),
    "total_dwell": RetailMetric(
        "s",
        "Sum of the dwell of all visits: the exposure of the zone in person-seconds.",
        f"{_BUMBEE} (dwell time)",
    ),
    "average_dwell": RetailMetric("s", "Total dwell divided by visits.", f"{_CLOUD4WI} (visit duration)"),
    "dwell_per_visitor": RetailMetric(
        "s", "Total dwell divided by visitors.", f"{_PALEXY} (average dwell time)"
    ),
    "peak_occupancy": RetailMetric(
        "persons",
        "Maximum number of visits in progress at one time.",
        "Aura Vision, What is Occupancy? (its maximum)",
    ),
    "peak_moment": RetailMetric(
        "s",
        "First time of the peak occupancy, since the start of the video.",
        "Aura Vision, What is Occupancy? (time of the maximum)",
    ),
    "bounce_rate": RetailMetric(
        "1", "Visits with a dwell below the given length divided by visits.", f"{_CLOUD4WI} (bounce rate)"
    ),
    "one_zone_rate": RetailMetric(
        "1",
        "Visitors who visited no other zone divided by visitors, like the bounce rate of a website.",
        "Shoppermotion, Bounce rate",
    ),
    "re_entry_rate": RetailMetric(
        "1",
        "Repeat visits of a person to the zone divided by visits.",
        f"{_CLOUD4WI} (returning rate; here within the video)",
    ),
    "capture_ratio": RetailMetric(
        "1",
        "Visitors divided by passers-by (people who passed without entering); may exceed 1.",
        f"{_BUMBEE} (capture rate)",
    ),
    "capture_rate": RetailMetric("1", "Visitors divided by visitors and passers-by together.", _AURA),
    "whole_visits": RetailMetric(
        "visits",
        "Visits whose start and end were both observed.",
        f"{_BUMBEE} (visits; here without visits cut by the video or a lost track)",
    ),
    "conversion_rate": RetailMetric(
        "1",
        "Transactions divided by visits with an observed start and end; may exceed 1.",
        f"{_BUMBEE} (conversion rate; here per observed visit instead of visitor)",
    ),
}


_NO_INTERVAL = Interval(note="no interval for this figure")
TEN_SECONDS = pd.Timedelta("10s")
_SECOND = 1000.0

_Values = dict[str, tuple[float, int]]
"""Figure to its value, and the number of people or visits that it is based on."""


def compute_retail_metrics(
    visits: pd.DataFrame,
    zones: Sequence[Zone | str],
    *,
    bounce_below: Duration = TEN_SECONDS,
    passers_by: Mapping[str, Zone | str | int] | None = None,
    transactions: Mapping[str, int] | None = None,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    groups: pd.DataFrame | None = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Compute retail metrics per zone: visitors, capture, bounce, exposure, dwell, peak and conversion.

    A visitor is a person with at least one visit to the zone. Each visit counts once, however it began. The
    table contains the definition and source of each figure:

    * ``visitors``: people; ``visits``; ``re_entry_rate`` = (visits - visitors) / visits;
    * ``exposure_rate`` = visitors / people with a visit to any zone of the table;
    * ``total_dwell`` = sum of dwell, the exposure in person-seconds; ``average_dwell`` = total dwell /
      visits; ``dwell_per_visitor`` = total dwell / visitors;
    * ``peak_occupancy`` = maximum number of visits in progress at one time (each during
      ``[entered, exited)``); ``peak_moment`` = the first time of this maximum, in seconds since the start of
      the video;
    * ``bounce_rate`` = visits with a dwell below ``bounce_below`` / visits; ``one_zone_rate`` = visitors who
      visited no other zone of the table / visitors;
    * ``capture_ratio`` = visitors / passers-by; ``capture_rate`` = visitors / (visitors + passers-by). Both
      are published as capture rate. Passers-by are people who passed without entering;
    * ``whole_visits`` = visits whose start and end were both observed; ``conversion_rate`` = transactions /
      ``whole_visits``, which may exceed 1.

    A figure is NaN if its denominator is 0 or not given. Without visitors, counts, total dwell and peak are
    0. Without zones, the table is empty.

    ``low`` and ``high`` are the confidence bounds of a figure: Clopper-Pearson bounds for shares, Garwood
    bounds for counts, and delete-one-person jackknife bounds for the two mean dwell times. Total dwell and
    peak have no bounds. A bound that cannot be computed is NaN, and ``note`` states the reason.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    zones
        The zones, or their names. A name must occur in ``visits``, unless the table is empty; a Zone need
        not.
    bounce_below
        Dwell below which a visit is a bounce.
    passers_by
        For each zone name, the zone in front of it (people who visited that zone and not this one passed by),
        or the number of people who passed without entering, from your own counter. The name of a zone in
        front must be one of ``zones`` or occur in ``visits``; a Zone need not.
    transactions
        For each zone name, the number of sales during the video.
    observed_entries, observed_exits, groups, confidence
        As in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        RETAIL, one row per zone and figure, sorted by both.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table, or ``groups`` not a GROUPS table.
    ParameterError
        If an item is not a zone or occurs twice, a number is not a whole number of at least 0, a name is
        unknown, ``bounce_below`` is not a duration, or ``confidence`` is not between 0 and 1.

    Notes
    -----
    If the tracker gives one person several numbers, the number of visitors is too high, so dwell per visitor
    and re-entry rate are too low. The sale of a visit that is cut by the start or end of the video may be
    outside the video. Therefore, conversion counts visits with an observed start and end; the usual
    definition divides by visitors. ``peak_occupancy`` counts half-open visits ``[entered, exited)``: a person
    who leaves at the time at which another enters is not counted with them. Visits cut by the video or by a
    lost track count with their observed dwell, so dwell is too low and bounce too high. If your counter
    counts everyone who passes, including people who then enter, ``capture_ratio`` is the share that enters.
    ``merge_gap`` makes visits, and therefore the peak, continue during an absence. Without options of
    ``compute_visits``, the peak equals the peak of ``compute_occupancy``. The intervals treat each person (or
    group) as an independent unit: several visits of one person widen the interval of a share of visits, as
    if all of them had the same outcome. O(zones · visits).

    References
    ----------
    RetailNext, *Metrics Glossary*. Bumbee Labs, *The retail metrics glossary*. Aura Vision, *What is a
    Capture rate?*, *What is Occupancy?*. Cloud4Wi, *Behaviors* (bounce and returning rate). Shoppermotion,
    *Bounce rate*. Palexy, *Section Traffic Metrics*. All are help pages of these products.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> metrics = pta.compute_retail_metrics(
    ...     analysis["visits"], ["shelves", "checkout"], transactions={"checkout": 3}
    ... )
    >>> figures = ["visitors", "average_dwell", "bounce_rate", "conversion_rate"]
    >>> metrics.loc["checkout", "value"][figures].round(2)
    figure
    visitors            6.00
    average_dwell      10.32
    bounce_rate         0.67
    conversion_rate     0.75
    Name: value, dtype: float64
    """
    validate(visits, VISITS)
    names = _distinct(parse_zone_names(zones, "zones"))
    validate_visited(zones, visits, "zones")
    level = parse_confidence(confidence)
    short = milliseconds(bounce_below, "bounce_below")
    passing, sold = (
        _given(numbers, names, argument)
        for numbers, argument in ((passers_by, "passers_by"), (transactions, "transactions"))
    )
    whole = is_complete(visits, observed_entries=observed_entries, observed_exits=observed_exits)
    of_zone = visits.index.get_level_values("zone")
    persons = visits.index.get_level_values("person_index")
    unit = find_units(persons.to_numpy(), groups)
    rows = []
    for name in names:
        own, inside = visits[of_zone == name], persons[of_zone == name].unique()
        elsewhere = persons[of_zone != name].unique()
        values = _dwell(own, len(inside), short) | _peak(own)
        values |= _reach(inside, elsewhere, persons.nunique())
        passed = _passed(visits, names, passing.get(name), inside)
        values |= _rates(len(inside), int(whole[of_zone == name].sum()), passed, sold.get(name))
        intervals = RetailSample(
            person=persons.to_numpy(),
            unit=unit,
            dwell=visits["dwell"].to_numpy().view("int64"),
            inside=of_zone == name,
            whole=whole,
            passed=passed,
        ).estimate_intervals({figure: value for figure, (value, _) in values.items()}, level)
        rows += [(name, figure, *values[figure], intervals.get(figure, _NO_INTERVAL)) for figure in FIGURES]
    return _table(rows)


def _table(rows: list[tuple[str, str, float, int, Interval]]) -> pd.DataFrame:
    """Build the table of the figures of all zones, with their definitions."""
    figures = [FIGURES[figure] for _, figure, *_ in rows]
    arrays: dict[str, np.ndarray | list[str]] = {
        "zone": [zone for zone, *_ in rows],
        "figure": [figure for _, figure, *_ in rows],
        "value": np.array([value for _, _, value, *_ in rows], dtype="float64"),
        "low": np.array([interval.low for *_, interval in rows], dtype="float64"),
        "high": np.array([interval.high for *_, interval in rows], dtype="float64"),
        "measured_in": [figure.measured_in for figure in figures],
        "taken_of": np.array([number for *_, number, _ in rows], dtype="int64"),
        "definition": [f"{figure.definition} Source: {figure.source}." for figure in figures],
        "note": [interval.note for *_, interval in rows],
    }
    return assemble(RETAIL, arrays)


def _dwell(own: pd.DataFrame, visitors: int, short: int) -> _Values:
    """Return the figures about visitors, visits and dwell."""
    dwell = own["dwell"].to_numpy().view("int64")
    seconds, visits = float(dwell.sum()) / _SECOND, len(own)
    return {
        "visitors": (float(visitors), visitors),
        "visits": (float(visits), visits),
        "total_dwell": (seconds, visits),
        "average_dwell": (_by(seconds, visits), visits),
        "dwell_per_visitor": (_by(seconds, visitors), visitors),
        "bounce_rate": (_by(int((dwell < short).sum()), visits), visits),
        "re_entry_rate": (_by(visits - visitors, visits), visits),
    }


def _peak(own: pd.DataFrame) -> _Values:
    """Return the maximum number of visits in progress at one time, and when it is first reached [s]."""
    entered, exited = (own[name].to_numpy().view("int64") for name in ("entered", "exited"))
    times, position = np.unique(np.concatenate([entered, exited]), return_inverse=True)
    change = np.zeros(len(times), dtype="int64")
    np.add.at(change, position[: len(entered)], 1)
    np.add.at(change, position[len(entered) :], -1)
    persons: Integers = np.cumsum(change)
    maximum = int(persons.max(initial=0))
    first = times[persons.argmax()] / _SECOND if maximum else np.nan
    return {"peak_occupancy": (float(maximum), len(own)), "peak_moment": (float(first), len(own))}


def _reach(inside: pd.Index, elsewhere: pd.Index, persons: int) -> _Values:
    """Return the share of people who visited the zone, and the share of visitors who visited only it."""
    alone = len(inside.difference(elsewhere))
    return {
        "exposure_rate": (_by(len(inside), persons), persons),
        "one_zone_rate": (_by(alone, len(inside)), len(inside)),
    }


def _rates(visitors: int, whole: int, passed: int | None, sold: int | None) -> _Values:
    """Return the figures that require passers-by, transactions or completely observed visits."""
    of_both = 0 if passed is None else visitors + passed
    return {
        "capture_ratio": (_by(visitors, passed or 0), passed or 0),
        "capture_rate": (_by(visitors, of_both), of_both),
        "whole_visits": (float(whole), whole),
        "conversion_rate": (np.nan if sold is None else _by(sold, whole), whole),
    }


def _passed(
    visits: pd.DataFrame, names: list[str], passers_by: Zone | str | int | None, inside: pd.Index
) -> int | None:
    """Return the given number of passers-by, or count people in the zone in front who did not enter."""
    if not isinstance(passers_by, Zone | str):
        return passers_by
    in_front = visits.index.get_level_values("zone") == parse_zone_names([passers_by], "passers_by")[0]
    if isinstance(passers_by, str) and passers_by not in names and not in_front.any():
        raise ParameterError(
            f"passers_by contains {passers_by!r}, which is not one of the zones {names} and has no visits. "
            "If the zone exists and no one visited it, pass the Zone."
        )
    return len(visits.index.get_level_values("person_index")[in_front].unique().difference(inside))


def _by(part: float, whole: int) -> float:
    return part / whole if whole else np.nan


def _distinct(names: list[str]) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(f"zone {twice[0]!r} occurs twice")
    return names


def _given(numbers: Mapping[str, Zone | str | int] | None, names: list[str], argument: str) -> dict[str, Any]:
    """Parse values given per zone: numbers or, for passers-by, also zones."""
    if not isinstance(numbers, Mapping | None):
        raise ParameterError(f"{argument} must be a mapping from zone names, got {numbers!r:.60}")
    given: dict[str, Any] = {}
    for name, number in (numbers or {}).items():
        if name not in names:
            raise ParameterError(f"{argument} contains {name!r}, which is not one of the zones {names}")
        if argument == "passers_by" and isinstance(number, Zone | str):
            if parse_zone_names([number], argument) == [name]:
                raise ParameterError(f"passers_by of {name!r} must be another zone, got the zone itself")
            given[name] = number
        elif isinstance(number, int | np.integer) and not isinstance(number, bool) and number >= 0:
            given[name] = int(number)
        else:
            raise ParameterError(
                f"{argument} of {name!r} must be a whole number of at least 0, got {number!r:.60}"
            )
    return given
