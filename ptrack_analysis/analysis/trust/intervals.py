"""Intervals: how far chance alone could move a figure."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.trust.resampling import (
    accelerated_interval,
    medians,
    percentile_interval,
    ratio,
    ratios,
)
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
    check,
)

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
        """Refuse what is out of its range, all of it in one sentence."""
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


def compute_intervals(
    table: pd.DataFrame,
    of: str | None = "dwell",
    *,
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
    >>> from ptrack_analysis import empty
    >>> compute_intervals(empty(VISITS)).columns.tolist()
    ['value', 'low', 'high', 'confidence', 'persons', 'rows']
    """
    schema = _schema_of(table)
    check(table, schema)
    chance = _Chance(rounds, confidence, seed)
    _refuse(of, statistic, per)
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
    """Give a figure, the ends of its interval, and how many persons and rows it is of."""
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
        "of": list(figures),
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


def _schema_of(table: object) -> Table:
    """Tell which of the tables it is; visits, if none."""
    names = list(table.index.names) if isinstance(table, pd.DataFrame) else []
    return next((schema for schema in _TAKEN if schema.key_names == names), VISITS)


def _numbers(table: pd.DataFrame, name: str | None, option: str) -> Floats:
    """Give a column as numbers, lengths of time in seconds; 1 a row, if none is named."""
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


def _refuse(of: str | None, statistic: str, per: str | None) -> None:
    if statistic not in STATISTICS:
        raise ParameterError(f"statistic is {statistic!r}, not one of {', '.join(STATISTICS)}")
    if statistic != "rate" and of is None:
        raise ParameterError(f"of is None, but a {statistic} needs a column; only a rate counts rows")
    if statistic != "rate" and per is not None:
        raise ParameterError(f"per is {per!r}, but a {statistic} is divided by nothing; only a rate is")
