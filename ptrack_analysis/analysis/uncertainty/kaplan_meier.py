"""Kaplan-Meier estimates with their effective number of independent observations."""

from dataclasses import dataclass

import numpy as np

from ptrack_analysis.analysis.uncertainty.estimates import (
    ALL_EQUAL,
    CONFIDENCE,
    FEWEST_FOR_MEDIAN,
    FEWEST_FOR_RESTRICTED_MEAN,
    Interval,
    critical_value,
    fewer_than,
    share_bounds,
)
from ptrack_analysis.geometry import Bools, Floats, Integers

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """Observed durations [ms], whether they ended, the start of their observation, and their units.

    ``since`` is -1 if a duration was observed from its start. ``unit`` numbers the independent units.
    """

    length: Integers | Floats
    ended: Bools
    since: Integers | Floats
    unit: Integers

    def where(self, kept: Bools) -> "Lengths":
        """Return the selected durations."""
        return Lengths(self.length[kept], self.ended[kept], self.since[kept], self.unit[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The Kaplan-Meier estimate of the share that lasts longer than each duration, in increasing order.

    ``effective`` is the effective number of independent observations at each duration, for one confidence
    level. ``units`` is the number of people or groups.
    """

    length: Integers | Floats
    at_risk: Integers
    ended: Integers
    end_unobserved: Integers
    share: Floats
    effective: Floats
    units: int
    confidence: float

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper confidence bounds of the share at each duration; NaN for a single unit."""
        return share_bounds(self.share, self.effective, self.confidence)


def estimate_survival(lengths: Lengths, confidence: float = CONFIDENCE) -> Curve:
    """Estimate the share that lasts longer than each duration, and its effective number of observations.

    At each duration, the share is reduced by the fraction that ends there among the observations at risk
    (observed from before this duration until it or longer). If one observation ends and another is censored
    at the same duration, the end comes first. The variance is cluster-robust: V = n/(n-1) Σ ψ², where ψ is
    the influence of a unit. The effective number is min(S(1-S)/V, m) · (t(m-1)/t(n-1))² for m durations of n
    units. At a share of 1, it is the number of units at risk at the next duration. At a share of 0, it is n,
    or less if the effective number of the last share above 0 is less. Without durations, the curve is empty.
    O(m log m).

    References
    ----------
    E. L. Kaplan, P. Meier, JASA 53, 1958, doi:10.1080/01621459.1958.10501452. Z. Ying, L. J. Wei, "The
    Kaplan-Meier estimate for dependent failure time observations", J. Multivariate Anal. 50, 1994,
    doi:10.1006/jmva.1994.1031. E. L. Korn, B. I. Graubard, Survey Methodology 24, 1998. F. J. Dorey, E. L.
    Korn, "Effective sample sizes for confidence intervals for survival probabilities", Stat. Med. 6, 1987,
    doi:10.1002/sim.4780060605.
    """
    own = np.sort(lengths.length)
    ends = np.sort(lengths.length[lengths.ended])
    at = np.unique(np.concatenate([own, np.zeros(min(len(own), 1), own.dtype)]))
    before, until = (np.searchsorted(own, at, side=side) for side in ("left", "right"))
    ended = np.searchsorted(ends, at, side="right") - np.searchsorted(ends, at, side="left")
    at_risk = np.searchsorted(np.sort(lengths.since), at, side="left") - before
    share = np.cumprod(1.0 - ended / np.maximum(at_risk, 1))
    squares, units_at_risk = _sum_squares(lengths, at, *_hazard(at_risk, ended))
    units = len(np.unique(lengths.unit))
    effective = np.full(len(at), np.nan)
    if units > 1:
        variance = share**2 * units / (units - 1) * squares
        effective = _effective_numbers(share, variance, len(own), units, confidence)
        effective = np.where(share == 1, units_at_risk, effective)
    return Curve(at, at_risk, ended, until - before - ended, share, effective, units, confidence)


def _hazard(at_risk: Integers, ended: Integers) -> tuple[Floats, Floats]:
    """Return the weight of one end at each duration, and the cumulative hazard; 0 where all end."""
    left = at_risk - ended
    weight = np.divide(1.0, left, out=np.zeros(len(left)), where=left > 0)
    return weight, ended * weight / np.maximum(at_risk, 1)


def _sum_squares(
    lengths: Lengths, at: Integers | Floats, weight: Floats, hazard: Floats
) -> tuple[Floats, Integers]:
    """Return Σ (ψ / S)² over the units and the number of units at risk, after each duration.

    For each unit, ψ / S is -(c - r · H): r is the number of its durations at risk, H is the cumulative
    hazard, and c changes only where a duration of the unit starts or ends. The three sums of squares and
    products also change only there.
    """
    total = np.cumsum(hazard)
    unit, units = np.unique(lengths.unit, return_inverse=True)
    leave = np.searchsorted(at, lengths.length)
    enter = np.searchsorted(at, lengths.since, side="right") - 1
    start = np.where(enter >= 0, np.append(total, 0.0)[enter], 0.0)
    owner = np.concatenate([units, units])
    time = np.concatenate([np.maximum(enter, 0), leave])
    change = np.concatenate([start, lengths.ended * weight[leave] - total[leave]])
    risk = np.repeat([1, -1], len(leave))
    order = np.lexsort((time, owner))
    owner, time, change, risk = owner[order], time[order], change[order], risk[order]
    c, r = np.cumsum(change), np.cumsum(risk)
    first = np.searchsorted(owner, np.arange(len(unit)))
    base = np.where(first > 0, c[first - 1], 0.0) if len(c) else c
    c -= base[owner]
    opens = np.zeros(len(c), dtype=bool)
    opens[first] = True
    c_before, r_before = (np.where(opens, 0, np.roll(values, 1)) for values in (c, r))

    def accumulate(values: np.ndarray) -> Floats:
        summed: Floats = np.cumsum(np.bincount(time, weights=values, minlength=len(at)), dtype="float64")
        return summed

    squares = accumulate(c**2 - c_before**2)
    squares -= 2 * total * accumulate(c * r - c_before * r_before)
    squares += total**2 * accumulate(r.astype("float64") ** 2 - r_before**2)
    present = np.rint(accumulate((r > 0) * 1.0 - (r_before > 0))).astype("int64")
    return np.maximum(squares, 0.0), present


def _effective_numbers(share: Floats, variance: Floats, visits: int, units: int, confidence: float) -> Floats:
    inner = (share > 0) & (share < 1)
    worth = np.full(len(share), float(visits))
    np.divide(share * (1 - share), variance, out=worth, where=inner & (variance > 0))
    ratio = critical_value(visits, confidence) / critical_value(units, confidence)
    effective = np.where(inner, np.minimum(worth, visits) * ratio**2, float(units))
    last = np.flatnonzero(inner)
    if len(last):
        effective[share == 0] = min(float(units), float(effective[last[-1]]) * units / (units - 1))
    return effective


def shares_at(curve: Curve, lengths: Integers) -> tuple[Floats, Floats, Floats]:
    """Return the share that lasts longer than each duration, and its bounds.

    Beyond the last duration, the share is unknown (NaN), unless it has reached 0.
    """
    if len(curve.length) == 0:
        nothing = np.full(len(lengths), np.nan)
        return nothing, nothing.copy(), nothing.copy()
    index = np.searchsorted(curve.length, lengths, side="right") - 1
    unknown = (lengths > curve.length[-1]) & (curve.share[-1] > 0)
    values = curve.share[index]
    bounds = share_bounds(values, curve.effective[index], curve.confidence)
    share, low, high = (np.where(unknown, np.nan, each) for each in (values, *bounds))
    return share, low, high


def find_quantile(curve: Curve, quantile: float) -> float:
    """Return the first duration at which the share is at most 1 - ``quantile`` [ms]; NaN without one.

    If the curve equals 1 - ``quantile`` over a range of durations, this is the start of the range, as in
    lifelines (``qth_survival_time``); R's ``quantile.survfit`` returns its midpoint.
    """
    below = np.flatnonzero(curve.share <= 1 - quantile + _ROUNDING)
    return float(curve.length[below[0]]) if len(below) else np.nan


def find_quantile_interval(curve: Curve, quantile: float) -> Interval:
    """Return the durations at which the bounds of the share contain 1 - ``quantile`` [ms].

    The upper end is open if the upper bound of the curve never reaches that share. The interval is missing
    for fewer than six people.

    References
    ----------
    R. Brookmeyer, J. Crowley, "A confidence interval for the median survival time", Biometrics 38, 1982,
    doi:10.2307/2530286.
    """
    from scipy.special import betainc  # noqa: PLC0415 - importing SciPy takes half a second

    if curve.units < FEWEST_FOR_MEDIAN:
        return Interval(note=fewer_than(FEWEST_FOR_MEDIAN))
    level, tail = 1 - quantile, (1 - curve.confidence) / 2
    share, number = curve.share, np.maximum(curve.effective, _ROUNDING)
    count = share * number
    above, below = share == 1, share == 0
    inner = ~above & ~below
    above[above] = tail ** (1 / number[above]) > level
    below[below] = 1 - tail ** (1 / number[below]) < level
    above[inner] = betainc(count[inner], (number - count)[inner] + 1, level) < tail
    below[inner] = betainc(count[inner] + 1, (number - count)[inner], level) > 1 - tail
    inside = np.flatnonzero(~above & ~below)
    if not len(inside):
        return Interval(note="too many visits of equal length")
    first, after = inside[0], inside[-1] + 1
    if after == len(curve.length):
        return Interval(float(curve.length[first]), np.nan, "open upwards: too few long visits ended")
    return Interval(float(curve.length[first]), float(curve.length[after]))


def estimate_restricted_mean(lengths: Lengths, curve: Curve, horizon: int) -> tuple[float, Interval]:
    """Return the mean duration, where longer durations count as the horizon, and its interval [ms].

    The mean is the area below the curve up to the horizon. The interval is computed for the logit of mean /
    horizon, from the cluster-robust variance of the area and Student's t. The mean is NaN if the horizon is
    beyond the last duration and the share there is above 0. The interval is missing for fewer than 20 people,
    or if no one is at risk at the horizon.
    """
    if len(curve.length) == 0:
        return np.nan, Interval(note="no visit with an observed start")
    if horizon > curve.length[-1] and curve.share[-1] > 0:
        return np.nan, Interval(note="the horizon is beyond the longest visit")
    area = curve.share * np.diff(np.minimum(np.append(curve.length, horizon), horizon))
    mean = float(area.sum())
    if curve.units < FEWEST_FOR_RESTRICTED_MEAN:
        return mean, Interval(note=fewer_than(FEWEST_FOR_RESTRICTED_MEAN))
    if horizon > curve.length[-1]:
        return mean, Interval(note="no one is at risk at the horizon")
    influence = _influence_on_area(lengths, curve, area)
    scale = mean / horizon * (1 - mean / horizon)
    deviation = np.sqrt(curve.units / (curve.units - 1) * float((influence**2).sum())) / horizon
    if not (scale > 0 and deviation > _ROUNDING * scale):
        return mean, Interval(note=ALL_EQUAL)
    center = np.log(mean / (horizon - mean))
    spread = critical_value(curve.units, curve.confidence) * deviation / scale
    low, high = (float(horizon / (1 + np.exp(-(center + side)))) for side in (-spread, spread))
    return mean, Interval(low, high)


def _influence_on_area(lengths: Lengths, curve: Curve, area: Floats) -> Floats:
    """Return the influence of each unit on the area below the curve."""
    weight, hazard = _hazard(curve.at_risk, curve.ended)
    behind = np.cumsum(area[::-1])[::-1]
    total = np.cumsum(hazard * behind)
    leave = np.searchsorted(curve.length, lengths.length)
    enter = np.searchsorted(curve.length, lengths.since, side="right") - 1
    start = np.where(enter >= 0, np.append(total, 0.0)[enter], 0.0)
    own = lengths.ended * weight[leave] * behind[leave] - total[leave] + start
    influence: Floats = np.bincount(np.unique(lengths.unit, return_inverse=True)[1], weights=own).astype(
        "float64"
    )
    return influence
