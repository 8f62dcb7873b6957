"""Dwell: how long stays last, by what was seen of them."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.dwell.survival import (
    CONFIDENCE,
    Group,
    first_below,
    kaplan_meier,
    parse_confidence,
    parse_quantiles,
    restricted_mean,
    split_visits,
)
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.schema import DWELL, DWELL_BY_ENTRY, DWELL_QUANTILES, VISITS, assemble, validate
from ptrack_analysis.schema.zones import OBSERVED_ENTRIES, OBSERVED_EXITS
from ptrack_analysis.video import milliseconds

QUANTILES = (0.25, 0.5, 0.75, 0.9)
_MEDIAN = np.array([0.5])
_MISSING = np.iinfo("int64").min


def compute_dwell(
    visits: pd.DataFrame,
    *,
    by: str = "zone",
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    inside_before: "pd.Series[pd.Timedelta] | None" = None,
    horizon: pd.Timedelta | str | None = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Return how long the stays in each zone last, beside what a plain mean and median would say.

    The length of a stay is its ``dwell``. One whose exit is none of ``observed_exits``, by default
    ``crossed`` and ``frame_edge``, lasted longer than seen: it is right-censored, and says only that it
    lasted so long; so is one that a zone's closing ended. One whose entry is none of ``observed_entries``
    began before it was seen, and it is seen only because it had not ended by then (left-truncated). If
    the time spent inside before is known (``inside_before``), the stay counts among those at risk from
    that length on; if not, which is the ordinary case, it can stand nowhere on the scale of lengths and
    is left out of the estimates, but counted in ``start_unobserved``. The naive figures are those of all
    stays as seen.

    The median is the shortest length that at most half of the stays last beyond; the restricted mean is the
    mean of the lengths, those beyond the horizon counting as the horizon. A figure that cannot be told is
    missing: the median if more than half of the stays are still there at the longest cut one, the
    restricted mean if the horizon lies beyond it, an upper bound that the data do not give, everything if
    all stays are left out. No visits: no rows.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    by
        ``"zone"``, or ``"entry"`` for each kind of entry of each zone.
    observed_entries
        The entries at which the start of a visit is observed. Add ``"appeared"`` for a zone at an entrance
        where people come into view as they enter.
    observed_exits
        The exits at which a stay is seen to end. Add ``"lost"`` for a zone that persons leave out of
        sight.
    inside_before
        Time inside before a stay was first seen, by the key of the visit, as far as it is known [ms]. It is
        read for the stays that began unseen and last any time, and passed over for the others: a stay that
        was seen to begin has no time before, and one of no dwell that began unseen was at risk of ending at
        no moment and stays left out.
    horizon
        Where the restricted mean ends [ms]; by default the longest stay of each group, of those not left out
        (with the time before, where that is known). Give one to compare groups.
    confidence
        How often the bounds are to hold the true figure, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        DWELL, one row per zone that has visits; by entry DWELL_BY_ENTRY, one row per zone and entry. Sorted.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If an option is out of its range, or ``inside_before`` has a stay that is not in the table.

    Notes
    -----
    O(n log n) for each group. Left in, stays already running at the start would lengthen the figures, for a
    long stay is likelier to be running at any moment; taken for whole ones, they and the cut ones shorten
    them. Assumes that a stay is cut for a reason that has nothing to do with how long it would last: true of
    the video's end; a tracker that loses those who stand still makes stays look shorter. Stays of one person
    count as independent. Lengths are of stays as listed: ``min_dwell`` of ``compute_visits`` removes short
    ones, cut or not. Bounds of few stays are rough; with ``inside_before`` few are at risk at short lengths,
    and if all of these end, the estimate stays at 0.

    References
    ----------
    E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958,
    doi:10.1080/01621459.1958.10501452. R. Brookmeyer, J. Crowley, "A confidence interval for the median
    survival time", Biometrics 38, 1982, doi:10.2307/2530286, on the log(-log) scale. J. P. Klein, M. L.
    Moeschberger, Survival Analysis, 2nd ed. 2003, doi:10.1007/b97377: sections 3.4 and 4.6 (left truncation
    and delayed entry), 4.5 (mean and quantiles).

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> compute_dwell(empty_table(VISITS)).empty
    True
    """
    validate(visits, VISITS)
    level = parse_confidence(confidence)
    limit = None if horizon is None else milliseconds(horizon, "horizon")
    if limit == 0:
        raise ParameterError(f"horizon is {horizon!r}, not above 0")
    groups = split_visits(visits, by, observed_entries, observed_exits, inside_before)
    rows = [_figures(group, limit, level) for group in groups]
    arrays: dict[str, np.ndarray | list[str]] = {"zone": [group.zone for group in groups]}
    if by == "entry":
        arrays["entry"] = [group.entry for group in groups]
    names = [column.name for column in DWELL.columns if not column.optional]
    columns = {name: np.array([row[name] for row in rows], dtype="int64") for name in names}
    return assemble(DWELL_BY_ENTRY if by == "entry" else DWELL, arrays | columns)


def compute_dwell_quantiles(
    visits: pd.DataFrame,
    *,
    by: str = "zone",
    quantiles: Iterable[float] = QUANTILES,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
    inside_before: "pd.Series[pd.Timedelta] | None" = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Return the lengths that given shares of the stays in each zone do not last beyond.

    The quantile p is the shortest length that at most 1 - p of the stays last beyond, by the Kaplan-Meier
    estimate; with nothing unseen it is the plain one, the smallest dwell that a share p of the stays does
    not exceed. Its bounds are the quantiles of the estimate's bounds. A quantile is missing where more than
    1 - p of the stays are still there at the longest cut one. What is cut and what is left out, and the
    other rules, are those of ``compute_dwell``. No visits: no rows.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    by, observed_entries, observed_exits, inside_before, confidence
        As in ``compute_dwell``.
    quantiles
        The shares, between 0 and 1, each once.

    Returns
    -------
    pandas.DataFrame
        DWELL_QUANTILES, one row a quantile of a zone (and entry), sorted by them.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table.
    ParameterError
        If an option is out of its range, or ``inside_before`` has a stay that is not in the table.

    Notes
    -----
    O(n log n) for each group. Errs as ``compute_dwell`` does.

    References
    ----------
    As for ``compute_dwell``; the plain quantile is definition 1 of R. J. Hyndman, Y. Fan, "Sample quantiles
    in statistical packages", Am. Stat. 50, 1996, doi:10.1080/00031305.1996.10473566.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> compute_dwell_quantiles(empty_table(VISITS), quantiles=[0.5]).index.names
    FrozenList(['zone', 'entry', 'quantile'])
    """
    validate(visits, VISITS)
    shares, level = parse_quantiles(quantiles), parse_confidence(confidence)
    groups = split_visits(visits, by, observed_entries, observed_exits, inside_before)
    found = [(_quantiles(group.seen, shares), *_estimates(group, shares, level)) for group in groups]
    columns = np.reshape(np.array(found, dtype="int64"), (len(groups), 4, len(shares)))
    arrays: dict[str, np.ndarray | list[str]] = {
        "zone": [group.zone for group in groups for _ in shares],
        "entry": [group.entry for group in groups for _ in shares],
        "quantile": np.tile(shares, len(groups)),
    }
    names = [column.name for column in DWELL_QUANTILES.columns if not column.optional]
    return assemble(DWELL_QUANTILES, arrays | {name: columns[:, n].ravel() for n, name in enumerate(names)})


def _figures(group: Group, limit: int | None, level: float) -> dict[str, int]:
    """Work out a row of DWELL, its times in ms."""
    curve = kaplan_meier(group.lengths, level)
    median, low, high = (values[0] for values in _estimates(group, _MEDIAN, level))
    horizon = int(group.lengths.length.max(initial=0)) if limit is None else limit
    means = restricted_mean(curve, horizon, level)
    return {
        "visits": len(group.seen),
        "start_unobserved": group.start_unobserved,
        "end_unobserved": group.end_unobserved,
        "observed_mean": _whole(float(group.seen.mean())),
        "naive_median": int(_quantiles(group.seen, _MEDIAN)[0]),
        "median": median,
        "median_low": low,
        "median_high": high,
        "horizon": horizon if len(curve.length) or limit is not None else _MISSING,
        **dict(
            zip(
                ("restricted_mean", "restricted_mean_low", "restricted_mean_high"),
                map(_whole, means),
                strict=True,
            )
        ),
    }


def _estimates(group: Group, shares: Floats, level: float) -> tuple[Integers, Integers, Integers]:
    """Return the quantiles of a group's lengths and their bounds [ms], missing where there are none."""
    curve = kaplan_meier(group.lengths, level)
    lowest = np.where(curve.share == 0, 0.0, curve.low)  # no bound lies above a share of nobody
    found = (first_below(curve.length, values, shares) for values in (curve.share, lowest, curve.high))
    estimate, low, high = (np.where(length < 0, _MISSING, length) for length in found)
    return estimate, low, high


def _quantiles(seen: Integers, shares: Floats) -> Integers:
    """Return the plain quantiles: the smallest values that a share of all does not exceed."""
    return np.quantile(seen, shares, method="inverted_cdf").astype("int64")


def _whole(value: float) -> int:
    return _MISSING if np.isnan(value) else round(value)
