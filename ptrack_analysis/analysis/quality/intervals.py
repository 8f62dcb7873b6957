"""Confidence intervals by resampling people."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
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

_MOST_DRAWS = 1 << 21
_ROUNDING = 1e-12
"""Figures that differ by less, relatively, are the same."""


def ratio(above: Floats, below: Floats) -> float:
    """Divide the sum of the one by the sum of the other; NaN where there is nothing to divide by."""
    total = float(below.sum())
    return float(above.sum()) / total if total else float("nan")


def ratios(above: Floats, below: Floats, *, rounds: int, chance: np.random.Generator) -> Floats:
    """Return the ratio of the sums of as many clusters drawn with replacement, in each round.

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
    """Return the median of the rows of as many clusters drawn with replacement, in each round.

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
    """Return the interval between the percentiles of what was drawn."""
    low, high = np.nanquantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def accelerated_interval(
    value: float, drawn: Floats, left_out: Floats, confidence: float
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated interval (BCa).

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


Statistic = Literal["mean", "median", "rate"]
_TAKEN = (VISITS, TRACKS, STOPS, CROSSINGS)
_LEAST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class _Chance:
    """How to draw: how often, how sure, from which seed."""

    rounds: int
    confidence: float
    seed: int

    def __post_init__(self) -> None:
        """Reject what is out of its range, all of it in one sentence."""
        wrong = []
        if not _whole(self.rounds, _LEAST_ROUNDS):
            wrong.append(f"rounds is {self.rounds!r}, not a whole number of at least {_LEAST_ROUNDS}")
        if not (isinstance(self.confidence, float) and 0 < self.confidence < 1):
            wrong.append(f"confidence is {self.confidence!r}, not a number above 0 and below 1")
        if not _whole(self.seed, 0):
            wrong.append(f"seed is {self.seed!r}, not a whole number of at least 0")
        if wrong:
            raise ParameterError("; ".join(wrong))


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= least


def compute_confidence_intervals(
    table: pd.DataFrame,
    *,
    of: str | None = "dwell",
    statistic: Statistic = "mean",
    per: str | None = None,
    rounds: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Estimate a figure of each zone or line, with the interval that chance alone leaves open.

    ``mean`` and ``median`` are those of the column ``of`` over the rows (of stays, of stops). ``rate`` is the
    sum of ``of`` by the sum of ``per``: of the number of rows, if ``of`` is None, and by the number of
    persons, if ``per`` is None. Lengths of time count in seconds; a row in which one of the columns is
    missing is left out.

    Rows of one person are not independent, so persons are drawn: from the persons of a zone (who have a row
    there) as many are drawn with replacement, all their rows with them, and the figure is computed anew,
    ``rounds`` times. The interval of a mean and a rate is the bias-corrected and accelerated one (BCa), that
    of a median goes from percentile to percentile. The same seed gives the same interval; each zone is drawn
    by itself. With fewer than two persons nothing can be said: the ends are NaN. No rows: no rows.

    Parameters
    ----------
    table
        VISITS, TRACKS, STOPS or CROSSINGS of one video, rows in any order; several videos' only after their
        persons were given numbers of their own.
    of
        Name of a column of numbers, lengths of time or flags (a flag counts 1); None counts rows.
    statistic
        ``"mean"``, ``"median"`` or ``"rate"``.
    per
        Name of the column to divide by, for ``rate`` only.
    rounds
        How often to draw, at least 20.
    confidence
        Share of intervals that should hold the true figure, above 0 and below 1.
    seed
        Seed of chance, a whole number of at least 0.

    Returns
    -------
    pandas.DataFrame
        INTERVALS, one row a zone or line, sorted by its name.

    Raises
    ------
    SchemaError
        If ``table`` is none of these tables.
    ParameterError
        If a column is not in it or holds no numbers, or an option is out of its range.

    Notes
    -----
    O(rounds · rows). The interval says what another day of the same kind might have given, with other persons
    drawn from the same crowd; it says nothing of what the tracker does wrong, of stays cut by the end of the
    video, or of how many persons come. Persons count as independent: groups make the true interval
    wider. With fewer than some 30 persons it is too narrow.

    References
    ----------
    B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993,
    doi:10.1201/9780429246593: chapters 13 (percentiles) and 14 (BCa). C. A. Field, A. H. Welsh,
    "Bootstrapping clustered data", J. R. Stat. Soc. B 69 (2007), doi:10.1111/j.1467-9868.2007.00593.x.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> compute_confidence_intervals(empty_table(VISITS)).columns.tolist()
    ['value', 'low', 'high', 'confidence', 'persons', 'rows']
    """
    schema = _find_table_schema(table)
    validate(table, schema)
    chance = _Chance(rounds, confidence, seed)
    _validate_request(of, statistic, per)
    table = table.sort_index()
    above, below = _numbers(table, of, "of"), _numbers(table, per, "per")
    kept = np.isfinite(above + below)
    group = next((name for name in ("zone", "line") if name in schema.key_names), None)
    names = np.full(len(table), "") if group is None else table.index.get_level_values(group).to_numpy()
    person = table.index.get_level_values("person_index").to_numpy()
    figures = {}
    for name in dict.fromkeys(names[kept]):
        rows = kept & (names == name)
        _, cluster = np.unique(person[rows], return_inverse=True)
        divisor = None if statistic == "rate" and per is None else below[rows]
        figures[str(name)] = _figure(statistic, above[rows], divisor, cluster, chance)
    return _table(figures, _label(of, statistic, per), confidence)


def _figure(
    statistic: Statistic, above: Floats, below: Floats | None, cluster: Integers, chance: _Chance
) -> tuple[float, float, float, int, int]:
    """Return a figure, the ends of its interval, and how many persons and rows it is of."""
    persons, rows = int(cluster.max()) + 1, len(above)
    draw = np.random.default_rng(chance.seed)
    low = high = float("nan")
    if statistic == "median":
        value = float(np.median(above))
        if persons > 1:
            drawn = medians(above, cluster, rounds=chance.rounds, chance=draw)
            low, high = percentile_interval(drawn, chance.confidence)
        return value, low, high, persons, rows
    top: Floats = np.bincount(cluster, weights=above).astype("float64")
    bottom: Floats = np.ones(persons)
    if below is not None:
        bottom = np.bincount(cluster, weights=below).astype("float64")
    value = ratio(top, bottom)
    if persons > 1 and np.isfinite(value):
        drawn = ratios(top, bottom, rounds=chance.rounds, chance=draw)
        rest = bottom.sum() - bottom
        left_out = np.divide(top.sum() - top, rest, out=np.full(persons, np.nan), where=rest != 0)
        low, high = accelerated_interval(value, drawn, left_out, chance.confidence)
    return value, low, high, persons, rows


def _table(
    figures: dict[str, tuple[float, float, float, int, int]], label: str, confidence: float
) -> pd.DataFrame:
    columns = list(zip(*figures.values(), strict=True)) or [()] * 5
    arrays: dict[str, np.ndarray | list[str]] = {
        "name": list(figures),
        "figure": [label] * len(figures),
        "confidence": np.full(len(figures), confidence),
    }
    names = ("value", "low", "high", "persons", "rows")
    return assemble(
        INTERVALS, arrays | {name: np.array(values) for name, values in zip(names, columns, strict=True)}
    )


def _label(of: str | None, statistic: Statistic, per: str | None) -> str:
    if statistic == "rate":
        return f"{of or 'rows'} per {per or 'person'}"
    return f"{statistic} {of}"


def _find_table_schema(table: object) -> Table:
    """Return which of the tables it is; visits, if none."""
    names = list(table.index.names) if isinstance(table, pd.DataFrame) else []
    return next((schema for schema in _TAKEN if schema.key_names == names), VISITS)


def _numbers(table: pd.DataFrame, name: str | None, option: str) -> Floats:
    """Return a column as numbers, lengths of time in seconds; 1 a row, if none is named."""
    if name is None:
        return np.ones(len(table))
    if name not in table.columns:
        raise ParameterError(
            f"{option} is {name!r}, which is no column; there are {', '.join(table.columns)}"
        )
    column = table[name]
    if column.dtype.kind == "m":
        seconds: Floats = column.dt.total_seconds().to_numpy()
        return seconds
    if column.dtype.kind not in "iufb":
        raise ParameterError(f"{option} is {name!r}, a column of {column.dtype}, not of numbers")
    return column.to_numpy(dtype="float64", na_value=np.nan)


def _validate_request(of: str | None, statistic: str, per: str | None) -> None:
    if statistic not in STATISTICS:
        raise ParameterError(f"statistic is {statistic!r}, not one of {', '.join(STATISTICS)}")
    if statistic != "rate" and of is None:
        raise ParameterError(f"of is None, but a {statistic} needs a column; only a rate counts rows")
    if statistic != "rate" and per is not None:
        raise ParameterError(f"per is {per!r}, but a {statistic} is divided by nothing; only a rate is")
