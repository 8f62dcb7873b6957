"""Confidence intervals of means, medians, rates and counts per zone or line."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.uncertainty.estimates import (
    CONFIDENCE,
    Interval,
    count_by_unit,
    estimate_count,
    estimate_ratio,
    find_units,
    parse_confidence,
)
from ptrack_analysis.analysis.uncertainty.kaplan_meier import (
    Lengths,
    estimate_survival,
    find_quantile_interval,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import validate_choice, wrong_kind
from ptrack_analysis.schema import (
    CROSSINGS,
    INTERVALS,
    STATISTICS,
    STOPS,
    TRACKS,
    VISITS,
    Table,
    assemble,
    validate,
)

Statistic = Literal["mean", "median", "rate", "count"]
_TAKEN = (VISITS, TRACKS, STOPS, CROSSINGS)
JACKKNIFE = "jackknife over people on the logarithm, Student's t"
METHODS = {
    "median": "Clopper-Pearson bounds of the share for the effective number of people",
    "count": "Garwood's bounds of a Poisson count, scaled for several rows of one person",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """One figure with its interval."""

    value: float
    interval: Interval
    persons: int
    rows: int


def compute_confidence_intervals(
    table: pd.DataFrame,
    *,
    of: str | None = "dwell",
    statistic: Statistic = "mean",
    per: str | None = None,
    groups: pd.DataFrame | None = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Estimate a mean, median, rate or count per zone or line, with its interval.

    ``mean`` and ``median`` are computed for the column ``of`` over the rows. ``rate`` is the sum of ``of``
    (or the number of rows if ``of`` is None) divided by the sum of ``per`` (or the number of people if
    ``per`` is None). ``count`` is the number of rows (``of`` must be None). Durations are in seconds. Rows
    with a missing value are excluded.

    Rows of one person depend on each other, so the person is the independent unit, or the group if
    ``groups`` are given. A mean or a rate has the interval of its logarithm by the delete-one-person
    jackknife. It needs 10 people, and with fewer than 50 it covers about 92 % instead of 95 %. A median
    needs 6 people. A count has Garwood's bounds, which are wider if a person has several rows. If an interval
    cannot be computed, its bounds are NaN, and ``note`` states the reason. Without rows, the table is empty.

    Parameters
    ----------
    table
        VISITS, TRACKS, STOPS or CROSSINGS of one video, rows in any order. Renumber the people of several
        videos before you concatenate their tables.
    of
        Name of a column of numbers, durations or flags (a flag counts 1); None counts rows.
    statistic
        ``"mean"``, ``"median"``, ``"rate"`` or ``"count"``.
    per
        Name of the column to divide by, only for ``rate``.
    groups
        GROUPS of the same video. A person who is not in the table is a separate unit.
    confidence
        Confidence level, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        INTERVALS, one row per zone or line, sorted by its name.

    Raises
    ------
    SchemaError
        If ``table`` is not one of these tables, or ``groups`` is not a GROUPS table.
    ParameterError
        If a column is not in the table or does not contain numbers, or an option is out of its range.

    Notes
    -----
    The interval describes the variation between people of the same population. It does not include errors of
    the tracker or visits cut by the end of the video (see ``compute_dwell``). Only the interval of a count
    includes the variation in the number of people. People who come together are not independent: pass
    ``groups``. O(m log m) for m rows.

    References
    ----------
    B. Efron, C. Stein, "The jackknife estimate of variance", Ann. Stat. 9, 1981, doi:10.1214/aos/1176345462.
    The median as in ``compute_dwell``, the count as in ``estimate_count``.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> intervals = pta.quality.compute_confidence_intervals(analysis["visits"])
    >>> intervals[["value", "low", "high", "persons"]].reset_index().round(1)
           name      figure  value  low  high  persons
    0  checkout  mean dwell   10.3  NaN   NaN        6
    1  entrance  mean dwell    3.5  1.9   6.3       13
    2   shelves  mean dwell   10.6  NaN   NaN        8
    3     table  mean dwell    5.6  NaN   NaN        9
    """
    schema = _find_table_schema(table)
    validate(table, schema)
    level = parse_confidence(confidence)
    _validate_request(of, statistic, per)
    table = table.sort_index()
    above, below = _numbers(table, of, "of"), _numbers(table, per, "per")
    kept: Bools = np.isfinite(above + below)
    key = next((name for name in ("zone", "line") if name in schema.key_names), None)
    names = np.full(len(table), "") if key is None else table.index.get_level_values(key).to_numpy()
    person = table.index.get_level_values("person_index").to_numpy()
    unit = find_units(person, groups)
    figures: dict[str, _Row] = {}
    for name in dict.fromkeys(names[kept]):
        rows = kept & (names == name)
        divisor = below[rows]
        if statistic == "rate" and per is None:  # each person counts once, in their first row
            divisor = _mark_first(person[rows])
        figures[str(name)] = _estimate(statistic, above[rows], divisor, unit[rows], level)
    return _assemble(figures, _label(of, statistic, per), statistic, level)


def _mark_first(person: Integers) -> Floats:
    first = np.zeros(len(person))
    first[np.unique(person, return_index=True)[1]] = 1.0
    return first


def _estimate(statistic: Statistic, above: Floats, below: Floats, unit: Integers, level: float) -> _Row:
    sizes = count_by_unit(unit)
    persons, rows = len(sizes), len(above)
    if statistic == "count":
        return _Row(float(rows), estimate_count(sizes, level), persons, rows)
    if statistic == "median":
        ended = np.ones(rows, dtype=bool)
        curve = estimate_survival(Lengths(above, ended, np.full(rows, -1.0), unit), level)
        return _Row(float(np.median(above)), find_quantile_interval(curve, 0.5), persons, rows)
    value, interval = estimate_ratio(above, below, unit, level)
    return _Row(value, interval, persons, rows)


def _assemble(figures: dict[str, _Row], label: str, statistic: Statistic, level: float) -> pd.DataFrame:
    rows = list(figures.values())
    arrays: dict[str, np.ndarray | list[str]] = {
        "name": list(figures),
        "figure": [label] * len(rows),
        "value": np.array([row.value for row in rows], dtype="float64"),
        "low": np.array([row.interval.low for row in rows], dtype="float64"),
        "high": np.array([row.interval.high for row in rows], dtype="float64"),
        "confidence": np.full(len(rows), level),
        "method": [METHODS.get(statistic, JACKKNIFE)] * len(rows),
        "persons": np.array([row.persons for row in rows], dtype="int64"),
        "rows": np.array([row.rows for row in rows], dtype="int64"),
        "note": [row.interval.note for row in rows],
    }
    return assemble(INTERVALS, arrays)


def _label(of: str | None, statistic: Statistic, per: str | None) -> str:
    if statistic == "count":
        return "count"
    if statistic == "rate":
        return f"{of or 'rows'} per {per or 'person'}"
    return f"{statistic} {of}"


def _find_table_schema(table: object) -> Table:
    """Return the schema of the table, or VISITS if it is unknown."""
    names = list(table.index.names) if isinstance(table, pd.DataFrame) else []
    return next((schema for schema in _TAKEN if schema.key_names == names), VISITS)


def _numbers(table: pd.DataFrame, name: str | None, option: str) -> Floats:
    """Return a column as numbers, with durations in seconds, or 1 per row without a name."""
    if name is None:
        return np.ones(len(table))
    if name not in table.columns:
        raise ParameterError(
            f"{option} must be a column of the table, got {name!r}; "
            f"the columns are {', '.join(table.columns)}"
        )
    column = table[name]
    if column.dtype.kind == "m":
        seconds: Floats = column.dt.total_seconds().to_numpy()
        return seconds
    if column.dtype.kind not in "iufb":
        raise ParameterError(
            f"{option} must be a column of numbers, durations or flags, but {name!r} is {column.dtype}"
        )
    return column.to_numpy(dtype="float64", na_value=np.nan)


def _validate_request(of: str | None, statistic: str, per: str | None) -> None:
    validate_choice(statistic, "statistic", STATISTICS)
    if of is not None and not isinstance(of, str):
        raise wrong_kind("of", "the name of a column", of)
    if statistic == "count" and of is not None:
        raise ParameterError(f"of must be None for a count, which counts rows, got {of!r}")
    if statistic in {"mean", "median"} and of is None:
        raise ParameterError(f"of must be a column for a {statistic}; only a rate or a count may count rows")
    if statistic != "rate" and per is not None:
        raise ParameterError(f"per applies to statistic='rate' only, got per={per!r} with {statistic!r}")
