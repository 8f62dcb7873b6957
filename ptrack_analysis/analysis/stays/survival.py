"""How long stays last, where some were seen in part only: kernels in NumPy."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ptrack_analysis.geometry import Bools, Floats, Integers

_ROUNDING = 1e-9
"""How far above a share rounding may leave the product that stands for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """The lengths of stays [ms]: as far as seen, whether they ended there, the length from which on seen.

    ``since`` is -1 where the stay was seen from its beginning.
    """

    length: Integers
    ended: Bools
    since: Integers

    def where(self, kept: Bools) -> "Lengths":
        """Give those that are kept."""
        return Lengths(self.length[kept], self.ended[kept], self.since[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The share of stays that last longer, at each length in growing order, from 0 on."""

    length: Integers
    at_risk: Integers
    ended: Integers
    cut: Integers
    share: Floats
    low: Floats
    high: Floats


def kaplan_meier(lengths: Lengths, confidence: float) -> Curve:
    """Estimate the share of stays that last longer than each length, with its confidence bounds.

    At each length at which stays end, of those at risk there (seen from before it, and until it or longer)
    the share that ends is taken off what was left. Bounds are by Greenwood's variance on the scale of
    log(-log), which keeps them within 0 and 1; where the share is 1 or 0 they do not exist (NaN). No stays:
    an empty curve. O(n log n).
    """
    own = np.sort(lengths.length)
    ends = np.sort(lengths.length[lengths.ended])
    at = np.unique(np.concatenate([own, np.zeros(min(len(own), 1), own.dtype)]))
    before, until = (np.searchsorted(own, at, side=side) for side in ("left", "right"))
    ended = np.searchsorted(ends, at, side="right") - np.searchsorted(ends, at, side="left")
    at_risk = np.searchsorted(np.sort(lengths.since), at, side="left") - before
    share = np.cumprod(1.0 - ended / np.maximum(at_risk, 1))
    low, high = _bounds(share, np.cumsum(_hazard_variance(at_risk, ended)), confidence)
    return Curve(at, at_risk, ended, until - before - ended, share, low, high)


def _hazard_variance(at_risk: Integers, ended: Integers) -> Floats:
    """Give the terms of Greenwood's sum; one is infinite where all at risk end."""
    left = at_risk - ended
    terms = np.where(ended > 0, np.inf, 0.0)
    np.divide(ended, at_risk * left, out=terms, where=left > 0)
    return terms


def _bounds(share: Floats, variance: Floats, confidence: float) -> tuple[Floats, Floats]:
    low, high = np.full((2, len(share)), np.nan)
    inner = (share > 0) & (share < 1)
    log = np.log(share[inner])
    spread = _deviations(confidence) * np.sqrt(variance[inner]) / log
    low[inner] = np.exp(log * np.exp(-spread))
    high[inner] = np.exp(log * np.exp(spread))
    return low, high


def _deviations(confidence: float) -> float:
    """Tell within how many standard deviations such a share of a normal distribution lies."""
    upper = (1 + confidence) / 2
    return NormalDist().inv_cdf(upper) if upper < 1 else float("inf")


def first_below(length: Integers, share: Floats, quantiles: Floats) -> Integers:
    """Find for each quantile p the first length at which the share is at most 1 - p; -1 where none is.

    Of the estimate it is the quantile; of its bounds, they are the bounds of the quantile.
    """
    below = np.append(share, -1.0)[:, None] <= 1 - quantiles + _ROUNDING
    found: Integers = np.append(length, -1)[below.argmax(axis=0)]
    return found


def share_at(curve: Curve, lengths: Integers) -> tuple[Floats, Floats, Floats]:
    """Give the share of stays that last longer than each length, and its bounds.

    Beyond the longest stay nothing is known (NaN), unless it ended: then none lasts longer.
    """
    if len(curve.length) == 0:
        nothing = np.full(len(lengths), np.nan)
        return nothing, nothing.copy(), nothing.copy()
    places = np.searchsorted(curve.length, lengths, side="right") - 1
    unknown = (lengths > curve.length[-1]) & (curve.share[-1] > 0)
    share, low, high = (
        np.where(unknown, np.nan, values[places]) for values in (curve.share, curve.low, curve.high)
    )
    return share, low, high


def restricted_mean(curve: Curve, horizon: int, confidence: float) -> tuple[float, float, float]:
    """Give the mean of the lengths, those beyond the horizon counting as the horizon, and its bounds.

    It is the area below the curve up to there; unknown (NaN) if the horizon lies beyond the longest stay and
    that did not end. Its variance is Greenwood's sum, each term weighing the square of the area behind it.
    """
    if len(curve.length) == 0 or (horizon > curve.length[-1] and curve.share[-1] > 0):
        return np.nan, np.nan, np.nan
    area = curve.share * np.diff(np.minimum(np.append(curve.length, horizon), horizon))
    behind = np.cumsum(area[::-1])[::-1]
    terms = _hazard_variance(curve.at_risk, curve.ended)
    weighty = behind > 0
    spread = _deviations(confidence) * np.sqrt((behind[weighty] ** 2 * terms[weighty]).sum())
    mean = float(area.sum())
    return mean, max(mean - float(spread), 0.0), min(mean + float(spread), float(horizon))
