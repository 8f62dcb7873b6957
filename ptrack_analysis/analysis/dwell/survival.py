"""Kaplan-Meier estimates of how long visits last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import ENTRIES, SURVIVAL, VISITS, assemble, validate
from ptrack_analysis.schema.zones import OBSERVED_ENTRIES, OBSERVED_EXITS

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
        """Return those that are kept."""
        return Lengths(self.length[kept], self.ended[kept], self.since[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The share of stays that last longer, at each length in growing order, from 0 on."""

    length: Integers
    at_risk: Integers
    ended: Integers
    end_unobserved: Integers
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
    """Return the terms of Greenwood's sum; one is infinite where all at risk end."""
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
    """Return the share of stays that last longer than each length, and its bounds.

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
    """Return the mean of the lengths, those beyond the horizon counting as the horizon, and its bounds.

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


CONFIDENCE = 0.95
BY = ("zone", "entry")
ANY_ENTRY = ""


def seen_whole(
    visits: pd.DataFrame,
    *,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
) -> Bools:
    """Return which visits were observed from start to end, or to an end of the zone itself."""
    entries, exits = {*observed_entries, "zone_opened"}, {*observed_exits, "zone_closed"}
    whole: Bools = (visits["entry"].isin(entries) & visits["exit"].isin(exits)).to_numpy()
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The stays of one zone and entry: their dwell as seen [ms], and the lengths to estimate from."""

    zone: str
    entry: str
    seen: Integers
    lengths: Lengths

    @property
    def start_unobserved(self) -> int:
        """How many stays began unseen at an unknown time before."""
        return len(self.seen) - len(self.lengths.length)

    @property
    def end_unobserved(self) -> int:
        """How many of the others ended unseen."""
        return int((~self.lengths.ended).sum())


def split_visits(
    visits: pd.DataFrame,
    by: str,
    observed_entries: Iterable[str],
    observed_exits: Iterable[str],
    inside_before: "pd.Series[pd.Timedelta] | None",
) -> list[Group]:
    """Take a checked visits table apart into its groups, in the order of their names.

    Raises
    ------
    ParameterError
        If an option is none that there is.
    """
    if by not in BY:
        raise ParameterError(f"by must be 'zone' or 'entry', got {by!r}")
    seen = visits["dwell"].to_numpy().astype("int64")
    begun = seen_at(visits, "entry", observed_entries, "observed_entries")
    before = _before(visits, inside_before)
    late = ~begun & (before >= 0) & (seen > 0)  # who was never at risk, for no time, tells nothing
    known = begun | late
    lengths = Lengths(
        length=seen + np.where(late, before, 0),
        ended=seen_at(visits, "exit", observed_exits, "observed_exits"),
        since=np.where(late, before, -1),
    )
    zone, names = pd.factorize(visits.index.get_level_values("zone"), sort=True)
    entry = visits["entry"].cat.codes.to_numpy()
    groups = []
    for place, name in enumerate(names):
        of_zone = zone == place
        rows = {ANY_ENTRY: of_zone}
        if by == "entry":
            rows = {kind: of_zone & (entry == code) for code, kind in enumerate(ENTRIES)}
        groups += [
            Group(name, kind, seen[own], lengths.where(own & known))
            for kind, own in sorted(rows.items())
            if own.any()
        ]
    return groups


def seen_at(visits: pd.DataFrame, column: str, kinds: Iterable[str], name: str) -> Bools:
    """Mark the stays whose entry or exit is one of these kinds.

    Raises
    ------
    ParameterError
        If one of them is no such kind.
    """
    choices = VISITS.choices(column)
    wanted = None if isinstance(kinds, str) or not isinstance(kinds, Iterable) else list(kinds)
    if wanted is None or not all(isinstance(kind, str) and kind in choices for kind in wanted):
        raise ParameterError(f"{name} is {kinds!r}, not a list of some of {list(choices)}")
    marked: Bools = visits[column].isin(wanted).to_numpy()
    return marked


def _before(visits: pd.DataFrame, inside_before: object) -> Integers:
    """Return the time inside before each stay was first seen [ms]; -1 where it is not known."""
    if inside_before is None:
        return np.full(len(visits), -1)
    if not isinstance(inside_before, pd.Series) or inside_before.dtype != "timedelta64[ms]":
        got = getattr(inside_before, "dtype", type(inside_before).__name__)
        raise ParameterError(f"inside_before is {got}, not a pandas.Series of timedelta64[ms]")
    keys = inside_before.index
    if list(keys.names) != VISITS.key_names or not keys.is_unique:
        raise ParameterError(f"inside_before has the index {list(keys.names)}, not one row a stay's key")
    places = visits.index.get_indexer(keys) if len(keys) else np.empty(0, "int64")
    if (places < 0).any():
        zone, person, visit = keys[places < 0][0]
        raise ParameterError(
            f"inside_before has visit {visit} of person {person} to zone {zone!r}, which is not in the table"
        )
    spans = inside_before.to_numpy().astype("int64")
    if (spans < 0).any():
        wrong = inside_before.iloc[int((spans < 0).argmax())]
        raise ParameterError(f"inside_before has {wrong!r}, not a length of time of at least 0")
    before = np.full(len(visits), -1)
    before[places] = spans
    return before


def parse_confidence(confidence: object) -> float:
    """Read a confidence level.

    Raises
    ------
    ParameterError
        If it is not between 0 and 1.
    """
    return float(_shares([confidence], "confidence")[0])


def parse_quantiles(quantiles: object) -> Floats:
    """Read quantiles, each once, in growing order.

    Raises
    ------
    ParameterError
        If one is not between 0 and 1.
    """
    if isinstance(quantiles, str) or not isinstance(quantiles, Iterable):
        raise ParameterError(f"quantiles is {quantiles!r}, not a list of numbers")
    return np.unique(_shares(list(quantiles), "quantiles"))


def _shares(values: list[object], name: str) -> Floats:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < 1:
            raise ParameterError(f"{name} has {value!r}, not a number between 0 and 1")
    return np.array(values, dtype="float64")


def zone_names(zones: Sequence[Zone | str], *, kind: str) -> list[str]:
    """Give the names of the zones of a kind; a name alone is taken as it is.

    Raises
    ------
    ParameterError
        If something is no zone and no name, or there twice.
    """
    if not isinstance(zones, list | tuple):
        raise ParameterError(f"{zones!r:.60} is not a list of zones or of their names")
    for zone in zones:
        if not isinstance(zone, Zone | str):
            raise ParameterError(f"{zone!r:.60} is not a Zone or the name of one")
    names = [
        zone if isinstance(zone, str) else zone.name
        for zone in zones
        if isinstance(zone, str) or zone.kind == kind
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(f"the zone {twice[0]!r} occurs twice")
    return names


def compute_survival(
    visits: pd.DataFrame,
    *,
    by: str = "zone",
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    inside_before: "pd.Series[pd.Timedelta] | None" = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Return which share of the stays in each zone lasts longer than any length of time.

    At each length at which stays end, the share left is multiplied by one minus the share of those at risk
    that end there; a stay is at risk up to the length at which it ended or was cut, that included. What is
    cut and what is left out is told as in ``compute_dwell``. There is a row at 0 and one at each length at
    which a stay ended or was cut, each holding until the next; beyond the last nothing is known unless its
    share is 0. Bounds are missing where the share is 1 or 0. A zone all of whose stays are left out has no
    rows.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    by, observed_entries, observed_exits, inside_before, confidence
        As in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        SURVIVAL, one row a length of a zone (and entry), sorted by them.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If an option is out of its range, or ``inside_before`` has a stay that is not in the table.

    Notes
    -----
    O(n log n) for each group. Errs as ``compute_dwell`` does. The bounds hold at each length on its own, not
    for the whole curve at once.

    References
    ----------
    As for ``compute_dwell``; the bounds are those of J. D. Kalbfleisch, R. L. Prentice, The Statistical
    Analysis of Failure Time Data, 1980, by M. Greenwood's variance (1926).

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> list(compute_survival(empty_table(VISITS)).columns)
    ['at_risk', 'ended', 'end_unobserved', 'share', 'share_low', 'share_high']
    """
    validate(visits, VISITS)
    level = parse_confidence(confidence)
    groups = split_visits(visits, by, observed_entries, observed_exits, inside_before)
    curves = [kaplan_meier(group.lengths, level) for group in groups]
    lengths = [len(curve.length) for curve in curves]
    columns: dict[str, list[np.ndarray]] = {
        "length": [curve.length for curve in curves],
        "at_risk": [curve.at_risk for curve in curves],
        "ended": [curve.ended for curve in curves],
        "end_unobserved": [curve.end_unobserved for curve in curves],
        "share": [curve.share for curve in curves],
        "share_low": [curve.low for curve in curves],
        "share_high": [curve.high for curve in curves],
    }
    nothing: list[np.ndarray] = [np.empty(0, "int64")]
    arrays: dict[str, np.ndarray | list[str]] = {
        name: np.concatenate(nothing + parts) for name, parts in columns.items()
    }
    arrays["zone"] = np.repeat(np.array([group.zone for group in groups], dtype=object), lengths)
    arrays["entry"] = np.repeat(np.array([group.entry for group in groups], dtype=object), lengths)
    return assemble(SURVIVAL, arrays)
