"""Estimates with confidence intervals: shares, means, rates, counts and differences.

The independent unit is the person, or the group if groups are given. Visits of one unit may depend on each
other, so the amount of information depends on the number of units, not on the number of visits. If an
interval cannot be computed, both ends are NaN and a note states the reason. For an open interval, only one
end is NaN.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.limits import at_least
from ptrack_analysis.schema import GROUPS, validate

CONFIDENCE = 0.95
FEWEST_FOR_SHARE, FEWEST_FOR_MEDIAN, FEWEST_FOR_MEAN, FEWEST_FOR_RESTRICTED_MEAN = 2, 6, 10, 20
FEWEST_DAYS = 3
"""Minimum number of people (days) for an interval of each kind of figure."""
ENOUGH_FOR_MEAN = 50
"""With fewer people, the actual coverage of the interval of a mean or a rate is below its nominal level."""
ABOUT_92 = f"fewer than {ENOUGH_FOR_MEAN} people: about 92 % instead of 95 %"
ALL_EQUAL = "no variation between people"
NO_DIVISOR = "nothing to divide by"
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval.

    Attributes
    ----------
    low, high
        Bounds of the interval; NaN if they cannot be computed.
    note
        Reason why a bound is missing, or a caveat; otherwise empty.

    Examples
    --------
    >>> share, interval = pta.quality.estimate_share(5, [1] * 20)
    >>> round(interval.low, 2), round(interval.high, 2)
    (0.09, 0.49)
    >>> pta.quality.estimate_share(1, [1])[1].note
    'fewer than 2 people'
    """

    low: float = np.nan
    high: float = np.nan
    note: str = ""


def find_units(person_index: Integers, groups: pd.DataFrame | None) -> Integers:
    """Return the number of the independent unit of each row: the group if given, otherwise the person.

    A person without a group is a separate unit.

    Raises
    ------
    SchemaError
        If ``groups`` is not a GROUPS table.
    """
    if groups is None:
        return np.asarray(person_index)
    validate(groups, GROUPS)
    known = groups.index.to_numpy()
    order = np.argsort(known)
    index = np.searchsorted(known[order], person_index)
    listed = np.append(known[order], -1)[index] == person_index
    group = np.append(groups["group"].to_numpy()[order], 0)[index]
    units: Integers = np.unique(
        np.column_stack([listed, np.where(listed, group, person_index)]), axis=0, return_inverse=True
    )[1]
    return units.ravel()


def critical_value(number: int, confidence: float) -> float:
    """Return the two-sided quantile of Student's t with ``number`` - 1 degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 - importing SciPy takes half a second

    return float(stdtrit(number - 1, (1 + confidence) / 2))


def share_bounds(share: Floats, effective: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the Clopper-Pearson bounds of shares with these effective numbers of observations.

    References
    ----------
    C. J. Clopper, E. S. Pearson, Biometrika 26, 1934, doi:10.1093/biomet/26.4.404.
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - importing SciPy takes half a second

    tail = (1 - confidence) / 2
    count = share * effective
    known = effective > 0
    low, high = np.where(known, 0.0, np.nan), np.where(known, 1.0, np.nan)
    some, rest = known & (share > 0), known & (share < 1)
    low[some] = betaincinv(count[some], (effective - count)[some] + 1, tail)
    high[rest] = betaincinv(count[rest] + 1, (effective - count)[rest], 1 - tail)
    return low, high


def fewer_than(number: int, what: str = "people") -> str:
    """Return the note of an interval that is missing because there are too few people."""
    return f"fewer than {number} {what}"


def count_by_unit(unit: Integers) -> Integers:
    """Return the number of rows of each independent unit, in ascending order of the units."""
    counts: Integers = np.unique(unit, return_counts=True)[1]
    return counts


def estimate_share(
    part: float, sizes: Iterable[float], confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """Return ``part`` / sum of ``sizes`` and its interval, from the number of events of each unit.

    The bounds are Clopper-Pearson bounds. If units have several events, their effective number of independent
    events is (Σ s)² / Σ s², as if all events of a unit had the same outcome. The interval is then wider than
    necessary. The interval is missing for fewer than two units or a share above 1. Without events, the share
    is NaN.

    Parameters
    ----------
    part
        Number of events that have the property.
    sizes
        Number of all events of each independent unit, such as the visits of each person.
    confidence
        Confidence level, between 0 and 1.

    Returns
    -------
    float, Interval
        The share, and its interval with a note that states why it is missing.

    Raises
    ------
    ParameterError
        If ``confidence`` is not between 0 and 1.

    References
    ----------
    C. J. Clopper, E. S. Pearson, Biometrika 26, 1934, doi:10.1093/biomet/26.4.404. Effective number: L. Kish,
    *Survey Sampling*, 1965.

    Examples
    --------
    >>> share, interval = estimate_share(5, [1] * 20)
    >>> share, round(interval.low, 3), round(interval.high, 3)
    (0.25, 0.087, 0.491)
    """
    confidence = parse_confidence(confidence)
    part = at_least(part, "part")
    size = np.asarray(list(sizes), dtype="float64")
    size = size[size > 0]
    whole = float(size.sum())
    if not whole:
        return np.nan, Interval(note=NO_DIVISOR)
    share = part / whole
    if share > 1:
        return share, Interval(note="above 1: not a share")
    if len(size) < FEWEST_FOR_SHARE:
        return share, Interval(note=fewer_than(FEWEST_FOR_SHARE))
    effective = whole**2 / float((size**2).sum())
    low, high = share_bounds(np.array([share]), np.array([effective]), confidence)
    return share, Interval(float(low[0]), float(high[0]))


def estimate_ratio(
    above: Floats, below: Floats, unit: Integers, confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """Return the sum of ``above`` / the sum of ``below`` and its interval, for a mean or a rate.

    The interval is computed for the logarithm, by the delete-one-unit jackknife and Student's t. It is
    missing for fewer than ten people. The value is NaN if the denominator is 0.

    References
    ----------
    B. Efron, C. Stein, "The jackknife estimate of variance", Ann. Stat. 9, 1981, doi:10.1214/aos/1176345462.
    """
    _, number = np.unique(unit, return_inverse=True)
    tops, bottoms = (np.bincount(number, weights=values) for values in (above, below))
    units, top, bottom = len(tops), float(tops.sum()), float(bottoms.sum())
    if not bottom:
        return np.nan, Interval(note=NO_DIVISOR)
    value = top / bottom
    if units < FEWEST_FOR_MEAN:
        return value, Interval(note=fewer_than(FEWEST_FOR_MEAN))
    rest, others = top - tops, bottom - bottoms
    if value <= 0:
        return value, Interval(note="all values are 0")
    if (rest <= 0).any() or (others <= 0).any():
        return value, Interval(note="all but one person have the value 0")
    logs = np.log(rest / others)
    deviation = np.sqrt((units - 1) / units * float(((logs - logs.mean()) ** 2).sum()))
    if not deviation > _ROUNDING:
        return value, Interval(note=ALL_EQUAL)
    spread = critical_value(units, confidence) * deviation
    note = ABOUT_92 if units < ENOUGH_FOR_MEAN and confidence == CONFIDENCE else ""
    return value, Interval(float(value * np.exp(-spread)), float(value * np.exp(spread)), note)


def estimate_count(sizes: Iterable[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of a count in one video, from the number of events of each unit.

    The bounds are F. Garwood's bounds (1936) for a Poisson count, scaled by f = Σ s² / Σ s over the sizes s:
    f · bounds(count / f). Units with several events widen them. A count of 0 has an upper bound.

    Parameters
    ----------
    sizes
        Number of events of each independent unit, such as the crossings of each person.
    confidence
        Confidence level, between 0 and 1.

    Returns
    -------
    Interval
        The interval of the sum of ``sizes``.

    Raises
    ------
    ParameterError
        If ``confidence`` is not between 0 and 1.

    References
    ----------
    F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28, 1936,
    doi:10.1093/biomet/28.3-4.437.

    Examples
    --------
    >>> interval = estimate_count([1] * 10)
    >>> round(interval.low, 1), round(interval.high, 1)
    (4.8, 18.4)
    """
    from scipy.special import gammaincinv  # noqa: PLC0415 - importing SciPy takes half a second

    confidence = parse_confidence(confidence)
    size = np.asarray(list(sizes), dtype="float64")
    count, squares = float(size.sum()), float((size**2).sum())
    scale = squares / count if count else 1.0
    tail = (1 - confidence) / 2
    low = float(scale * gammaincinv(count / scale, tail)) if count else 0.0
    return Interval(low, float(scale * gammaincinv(count / scale + 1, 1 - tail)))


def estimate_daily_count(counts: Iterable[float], confidence: float = CONFIDENCE) -> tuple[float, Interval]:
    """Return the mean count per day and its interval across days.

    The interval is log(mean) ± t(d-1) · sqrt(max(variance, mean) / d) / mean over d days, so it is never
    narrower than the interval of a Poisson count. It is missing for fewer than three days or a mean of 0.

    Parameters
    ----------
    counts
        The count of each day; 0 for a day without events.
    confidence
        Confidence level, between 0 and 1.

    Returns
    -------
    float, Interval
        The mean per day, and its interval with a note that states why it is missing.

    Raises
    ------
    ParameterError
        If ``confidence`` is not between 0 and 1.

    Examples
    --------
    >>> mean, interval = estimate_daily_count([58, 65, 70, 72, 67, 123])
    >>> round(mean, 1), round(interval.low, 1), round(interval.high, 1)
    (75.8, 54.7, 105.1)
    """
    confidence = parse_confidence(confidence)
    count = np.asarray(list(counts), dtype="float64")
    days = len(count)
    mean = float(count.mean()) if days else np.nan
    if days < FEWEST_DAYS:
        return mean, Interval(note=fewer_than(FEWEST_DAYS, "days"))
    if not mean > 0:
        return mean, Interval(note="no events on any day")
    deviation = np.sqrt(max(float(count.var(ddof=1)), mean) / days) / mean
    spread = critical_value(days, confidence) * deviation
    return mean, Interval(float(mean * np.exp(-spread)), float(mean * np.exp(spread)))


def estimate_difference(
    first: float, of_first: Interval, second: float, of_second: Interval, *, correlation: float = 0.0
) -> Interval:
    """Return the interval of ``second`` minus ``first`` from the intervals of the two figures.

    The distance from a figure to its bound represents its uncertainty on that side. ``correlation`` is the
    correlation of the two estimates if both samples contain the same people.

    References
    ----------
    G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures: a general approach", Stat.
    Med. 27, 2008, doi:10.1002/sim.3095.
    """

    def combine(one: float, other: float) -> float:
        return float(np.sqrt(max(one**2 - 2 * correlation * one * other + other**2, 0.0)))

    low = second - first - combine(second - of_second.low, of_first.high - first)
    high = second - first + combine(of_second.high - second, first - of_first.low)
    notes = [
        f"{name}: {interval.note}"
        for name, interval in (("first", of_first), ("second", of_second))
        if interval.note
    ]
    return Interval(low, high, "; ".join(notes))


def parse_confidence(confidence: object) -> float:
    """Validate a confidence level and return it.

    Raises
    ------
    ParameterError
        If it is not between 0 and 1.
    """
    if (
        isinstance(confidence, bool)
        or not isinstance(confidence, int | float | np.number)
        or not 0 < confidence < 1
    ):
        raise ParameterError(f"confidence must be between 0 and 1, got {confidence!r}")
    return float(confidence)


def estimate_count_ratio(
    later: float, earlier: float, dispersion: float, freedom: int, confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """Return the ratio of two counts and its interval, allowing for more variation than Poisson counts have.

    The interval is log(ratio) ± t(freedom) · sqrt(dispersion · (1 / later + 1 / earlier)). The dispersion is
    the variance of the counts divided by their mean; values below 1 count as 1.

    Parameters
    ----------
    later, earlier
        The two counts.
    dispersion
        Variance of similar counts divided by their mean.
    freedom
        Degrees of freedom of the dispersion.
    confidence
        Confidence level, between 0 and 1.

    Returns
    -------
    float, Interval
        The ratio and its interval; NaN with a note if a count is 0 or there are no degrees of freedom.

    Examples
    --------
    >>> ratio, interval = estimate_count_ratio(120, 100, 1.0, 20)
    >>> round(ratio, 2), round(interval.low, 2), round(interval.high, 2)
    (1.2, 0.9, 1.59)
    """
    if not (later > 0 and earlier > 0 and freedom > 0):
        return np.nan, Interval(note="a count is 0" if freedom > 0 else "too few days")
    ratio = later / earlier
    spread = np.sqrt(max(dispersion, 1.0) * (1 / later + 1 / earlier))
    width = np.exp(critical_value(freedom + 1, confidence) * spread)
    return ratio, Interval(float(ratio / width), float(ratio * width))
