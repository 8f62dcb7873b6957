"""Differences of dwell between two periods or two zones, with confidence intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import Group, split_visits
from ptrack_analysis.analysis.uncertainty.estimates import (
    CONFIDENCE,
    Interval,
    count_by_unit,
    estimate_count,
    estimate_difference,
    parse_confidence,
)
from ptrack_analysis.analysis.uncertainty.kaplan_meier import (
    Lengths,
    estimate_restricted_mean,
    estimate_survival,
    find_quantile,
    find_quantile_interval,
    shares_at,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.scene.zones import Zone, list_names
from ptrack_analysis.schema import (
    DWELL_COMPARISON,
    OBSERVED_ENTRIES,
    OBSERVED_EXITS,
    VISITS,
    assemble,
    validate,
)
from ptrack_analysis.video import Duration, milliseconds

MINUTE = pd.Timedelta("1min")
_SECOND, _HOUR = 1000.0, 3_600_000.0
_Figures = dict[str, tuple[float, Interval]]


@dataclass(frozen=True, slots=True)
class _Request:
    """Options of the estimates: the horizon and the target [ms], and the confidence level."""

    horizon: int | None
    within: int
    level: float


def compare_periods(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    durations: tuple[Duration, Duration] | None = None,
    horizon: Duration | None = None,
    within: Duration = MINUTE,
    groups: pd.DataFrame | tuple[pd.DataFrame | None, pd.DataFrame | None] | None = None,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Compare the visits to each zone in two periods, with confidence intervals.

    For each zone, the median, the restricted mean and the share of visits that end within a time are compared
    (Kaplan-Meier, as in ``compute_dwell``), and the number of visits. A difference whose interval contains 0
    has the verdict ``may be chance``. A figure without an interval has the verdict ``unknown``, and ``note``
    states the reason.

    Parameters
    ----------
    first, second
        VISITS of the two periods: parts of one video, or two videos of one camera. Rows in any order.
    durations
        The recorded times of the two periods; visits are then compared per hour. By default, the periods
        are assumed to be equally long.
    horizon
        Duration up to which the restricted mean is computed; by default the shorter of the two longest
        visits of each zone.
    within
        Duration for the share of visits that end within it.
    groups
        GROUPS of the people, one table for both periods, or a pair of tables if they are of two videos.
    observed_entries, observed_exits, confidence
        As in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        DWELL_COMPARISON, four rows per zone with visits in a period, sorted by zone and figure.

    Raises
    ------
    SchemaError
        If a table is not a VISITS table, or ``groups`` not a GROUPS table.
    ParameterError
        If an option is out of its range.

    Notes
    -----
    The two periods are assumed to be independent. People in both make the interval of dwell wider than
    necessary if their visits resemble each other. The interval of a difference combines both intervals (Zou
    and Donner), so it contains 0 at least as often as its level states (``docs/coverage.md``). Each row is a
    separate test: among many zones, some differ by chance. O(m log m) per zone of m visits.

    References
    ----------
    G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures: a general approach", Stat.
    Med. 27, 2008, doi:10.1002/sim.3095. The intervals of the figures are described in ``compute_dwell``.
    Counts: F. Garwood, Biometrika 28, 1936, doi:10.1093/biomet/28.3-4.437.

    Examples
    --------
    >>> morning, noon = (
    ...     pta.open_video(video, zones="data/day/zones.geojson")
    ...     for video in pta.find_videos("data/day")
    ...     if video.name in ("morning", "noon")
    ... )
    >>> comparison = pta.dwell.compare_periods(morning["visits"], noon["visits"])
    >>> comparison.loc["shelves", ["first", "second", "verdict"]].reset_index().round(2)
                figure  first  second        verdict
    0           median   7.08    9.36        unknown
    1  restricted_mean   6.11    7.85        unknown
    2     share_within    NaN    1.00        unknown
    3           visits   4.00    7.00  may be chance
    """
    validate(first, VISITS, "first")
    validate(second, VISITS, "second")
    request = _read_request(horizon, within, confidence)
    hours = _read_durations(durations)
    pair = groups if isinstance(groups, tuple) else (groups, groups)
    if len(pair) != 2:  # noqa: PLR2004 - a pair
        raise ParameterError(f"groups must be one table or a pair of tables, got {len(pair)} tables")
    ends = observed_entries, observed_exits
    parts = [_split_by_zone(visits, ends, own) for visits, own in zip((first, second), pair, strict=True)]
    nothing = np.empty(0, "int64")
    empty = Group("", "", nothing, Lengths(nothing, nothing.astype(bool), nothing, nothing), nothing, 0, 0)
    rows = [
        (zone, figure, *values)
        for zone in sorted({*parts[0], *parts[1]})
        for figure, values in _compare(
            parts[0].get(zone, empty), parts[1].get(zone, empty), hours, request
        ).items()
    ]
    return _assemble(rows, request.level)


def compare_dwell(
    visits: pd.DataFrame,
    zones: Sequence[Zone | str],
    *,
    horizon: Duration | None = None,
    within: Duration = MINUTE,
    groups: pd.DataFrame | None = None,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Compare the visits to two zones of one video, with confidence intervals.

    Compares the median, the restricted mean, the share of visits that end within a time, and the number of
    visits, as ``compare_periods`` does.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    zones
        The names of the two zones, the first one first. Both must have visits.
    horizon, within, groups, observed_entries, observed_exits, confidence
        As in ``compare_periods``.

    Returns
    -------
    pandas.DataFrame
        DWELL_COMPARISON, four rows, sorted by figure. ``zone`` is ``"FIRST, SECOND"``.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table, or ``groups`` not a GROUPS table.
    ParameterError
        If ``zones`` are not two zones with visits, or an option is out of its range.

    Notes
    -----
    The visits to the two zones are assumed to be independent. If the same people visit both, the interval is
    too wide if long visits to one zone go with long visits to the other, and too narrow in the opposite case.

    References
    ----------
    As for ``compare_periods``.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> comparison = pta.dwell.compare_dwell(analysis["visits"], ["shelves", "table"])
    >>> comparison.loc["shelves, table", ["first", "second", "verdict"]].reset_index().round(2)
                figure  first  second        verdict
    0           median   8.92    2.24  may be chance
    1  restricted_mean   9.18    5.59        unknown
    2     share_within   1.00    1.00  may be chance
    3           visits  11.00   13.00  may be chance
    """
    validate(visits, VISITS)
    request = _read_request(horizon, within, confidence)
    parts = _split_by_zone(visits, (observed_entries, observed_exits), groups)
    zones = list_names(zones, Zone, "zones")
    if len(zones) != 2:  # noqa: PLR2004 - a pair
        raise ParameterError(f"zones must be two zones or the names of two zones, got {zones!r}")
    unknown = [name for name in zones if name not in parts]
    if visits.empty:
        return _assemble([], request.level)
    if unknown:
        raise ParameterError(f"zone {unknown[0]!r} has no visits; the zones with visits are {sorted(parts)}")
    first, second = zones
    compared = _compare(parts[first], parts[second], (1.0, 1.0), request)
    return _assemble([(f"{first}, {second}", *row) for row in _flatten(compared)], request.level)


def _split_by_zone(
    visits: pd.DataFrame, ends: tuple[Iterable[str], Iterable[str]], groups: pd.DataFrame | None
) -> dict[str, Group]:
    """Return the visits to each zone; ``ends`` are the observed entries and exits."""
    entries, exits = ends
    parts = split_visits(
        visits,
        by="zone",
        observed_entries=entries,
        observed_exits=exits,
        inside_before=None,
        groups=groups,
    )
    return {part.zone: part for part in parts}


def _flatten(compared: dict[str, tuple[float, float, Interval]]) -> list[tuple[str, float, float, Interval]]:
    return [(figure, *values) for figure, values in compared.items()]


def _compare(
    first: Group, second: Group, hours: tuple[float, float], request: _Request
) -> dict[str, tuple[float, float, Interval]]:
    """Return each figure of the two, and the interval of their difference."""
    longest = [int(part.lengths.length.max(initial=0)) for part in (first, second)]
    horizon = min(longest) if request.horizon is None else request.horizon
    estimates = [
        _estimate(part, horizon, own, request) for part, own in zip((first, second), hours, strict=True)
    ]
    return {
        figure: (
            estimates[0][figure][0],
            estimates[1][figure][0],
            estimate_difference(*estimates[0][figure], *estimates[1][figure]),
        )
        for figure in sorted(estimates[0])
    }


def _estimate(part: Group, horizon: int, hours: float, request: _Request) -> _Figures:
    curve = estimate_survival(part.lengths, request.level)
    mean, of_mean = estimate_restricted_mean(part.lengths, curve, horizon)
    longer, low, high = (float(values[0]) for values in shares_at(curve, np.array([request.within])))
    note = "" if np.isfinite(low) else "fewer than 2 people, or no visit observed for so long"
    count = estimate_count(count_by_unit(part.units), request.level)
    return {
        "median": _scale(find_quantile(curve, 0.5), find_quantile_interval(curve, 0.5), 1 / _SECOND),
        "restricted_mean": _scale(mean, of_mean, 1 / _SECOND),
        "share_within": (1 - longer, Interval(1 - high, 1 - low, note)),
        "visits": _scale(float(len(part.observed)), count, 1 / hours),
    }


def _scale(value: float, interval: Interval, factor: float) -> tuple[float, Interval]:
    return value * factor, Interval(interval.low * factor, interval.high * factor, interval.note)


def _assemble(rows: list[tuple[str, str, float, float, Interval]], level: float) -> pd.DataFrame:
    first, second = (np.array([row[index] for row in rows], dtype="float64") for index in (2, 3))
    intervals = [row[4] for row in rows]
    low = np.array([interval.low for interval in intervals], dtype="float64")
    high = np.array([interval.high for interval in intervals], dtype="float64")
    verdicts = np.where((low > 0) | (high < 0), "differs", "may be chance")
    verdicts = np.where(np.isnan(low) & np.isnan(high), "unknown", verdicts)
    arrays: dict[str, np.ndarray | list[str]] = {
        "zone": [row[0] for row in rows],
        "figure": [row[1] for row in rows],
        "first": first,
        "second": second,
        "difference": second - first,
        "low": low,
        "high": high,
        "confidence": np.full(len(rows), level),
        "verdict": verdicts.tolist(),
        "note": [interval.note for interval in intervals],
    }
    return assemble(DWELL_COMPARISON, arrays)


def _read_request(horizon: Duration | None, within: Duration, confidence: float) -> _Request:
    limit = None if horizon is None else milliseconds(horizon, "horizon")
    if limit == 0:
        raise ParameterError(f"horizon must be longer than 0, got {horizon!r}")
    return _Request(limit, milliseconds(within, "within"), parse_confidence(confidence))


def _read_durations(durations: object) -> tuple[float, float]:
    """Return the recorded hours of the two periods; 1 and 1 if they are not given."""
    if durations is None:
        return 1.0, 1.0
    if not isinstance(durations, tuple | list) or len(durations) != 2:  # noqa: PLR2004 - a pair
        raise ParameterError(f"durations must be a pair such as ('1h', '30min'), got {durations!r}")
    first, second = (milliseconds(duration, "durations") / _HOUR for duration in durations)
    if not first or not second:
        raise ParameterError(f"durations must both be longer than 0, got {durations!r}")
    return first, second
