"""Resampling: the bootstrap over clusters of rows, in NumPy."""

from collections.abc import Iterator

import numpy as np

from ptrack_analysis.geometry import Floats, Integers

_MOST_DRAWS = 1 << 21
_ROUNDING = 1e-12
"""Figures that differ by less, relatively, are the same."""


def ratio(above: Floats, below: Floats) -> float:
    """Divide the sum of the one by the sum of the other; NaN where there is nothing to divide by."""
    total = float(below.sum())
    return float(above.sum()) / total if total else float("nan")


def ratios(above: Floats, below: Floats, *, rounds: int, chance: np.random.Generator) -> Floats:
    """Give the ratio of the sums of as many clusters drawn with replacement, in each round.

    Parameters
    ----------
    above, below
        (n,) sums of each cluster.
    rounds
        How often to draw.
    chance
        Source of chance.

    Returns
    -------
    numpy.ndarray
        (rounds,), NaN where the drawn clusters have nothing to divide by.
    """
    found = [
        np.divide(above[drawn].sum(axis=1), total, out=np.full(len(total), np.nan), where=total != 0)
        for drawn in _draws(len(above), rounds, chance)
        for total in [below[drawn].sum(axis=1)]
    ]
    return np.concatenate(found)


def medians(values: Floats, cluster: Integers, *, rounds: int, chance: np.random.Generator) -> Floats:
    """Give the median of the rows of as many clusters drawn with replacement, in each round.

    Parameters
    ----------
    values
        (n,) values of the rows.
    cluster
        (n,) number of each row's cluster, from 0.
    rounds
        How often to draw.
    chance
        Source of chance.

    Returns
    -------
    numpy.ndarray
        (rounds,).
    """
    order = np.argsort(values, kind="stable")
    values, cluster = values[order], cluster[order]
    clusters = int(cluster.max()) + 1
    found = []
    for drawn in _draws(clusters, rounds, chance, columns=max(clusters, len(values))):
        place = drawn + clusters * np.arange(len(drawn))[:, None]
        times = np.bincount(place.ravel(), minlength=drawn.size).reshape(len(drawn), clusters)
        twice = 2 * np.cumsum(times[:, cluster], axis=1)
        total = twice[:, -1:] // 2
        lower, upper = (twice >= total).argmax(axis=1), (twice > total).argmax(axis=1)
        found.append((values[lower] + values[upper]) / 2)
    return np.concatenate(found)


def percentile_interval(drawn: Floats, confidence: float) -> tuple[float, float]:
    """Give the interval between the percentiles of what was drawn."""
    low, high = np.nanquantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def accelerated_interval(
    value: float, drawn: Floats, left_out: Floats, confidence: float
) -> tuple[float, float]:
    """Give the bias-corrected and accelerated interval (BCa).

    Parameters
    ----------
    value
        The figure of all clusters.
    drawn
        (rounds,) the figures of the drawn ones.
    left_out
        (n,) the figures with each cluster left out in turn.
    confidence
        Share of intervals that should hold the truth.
    """
    from scipy.special import ndtr, ndtri  # noqa: PLC0415 - loading SciPy takes half a second, and only this needs it

    drawn, left_out = drawn[np.isfinite(drawn)], left_out[np.isfinite(left_out)]
    off = drawn - value
    alike = np.abs(off) <= _ROUNDING * abs(value)
    below = ((~alike & (off < 0)).sum() + alike.sum() / 2) / len(drawn)
    shift = ndtri(np.clip(below, 0.5 / len(drawn), 1 - 0.5 / len(drawn)))
    pull = left_out.mean() - left_out if len(left_out) else np.zeros(1)
    spread = float((pull**2).sum()) ** 1.5
    skew = float((pull**3).sum()) / (6 * spread) if spread > 0 else 0.0
    ends = shift + ndtri(np.array([(1 - confidence) / 2, (1 + confidence) / 2]))
    low, high = np.quantile(drawn, ndtr(shift + ends / (1 - skew * ends)))
    return float(low), float(high)


def _draws(
    clusters: int, rounds: int, chance: np.random.Generator, *, columns: int | None = None
) -> Iterator[Integers]:
    """Draw clusters with replacement, some rounds at a time: (some, clusters)."""
    at_once = max(_MOST_DRAWS // (columns or clusters), 1)
    for first in range(0, rounds, at_once):
        yield chance.integers(0, clusters, size=(min(at_once, rounds - first), clusters))
