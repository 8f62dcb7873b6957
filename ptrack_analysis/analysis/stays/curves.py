"""Survival curves: which share of the stays lasts longer than any length of time."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.stays.lengths import BEGINS, CONFIDENCE, ENDS, confidence_of, groups_of
from ptrack_analysis.analysis.stays.survival import kaplan_meier
from ptrack_analysis.schema import SURVIVAL, VISITS, assemble, check


def compute_survival(
    visits: pd.DataFrame,
    *,
    by: str = "zone",
    begins: Iterable[str] = BEGINS,
    ends: Iterable[str] = ENDS,
    inside_before: "pd.Series[pd.Timedelta] | None" = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Tell which share of the stays in each zone lasts longer than any length of time.

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
    by, begins, ends, inside_before, confidence
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
    >>> from ptrack_analysis import empty
    >>> list(compute_survival(empty(VISITS)).columns)
    ['at_risk', 'ended', 'cut', 'share', 'share_low', 'share_high']
    """
    check(visits, VISITS)
    level = confidence_of(confidence)
    groups = groups_of(visits, by=by, begins=begins, ends=ends, inside_before=inside_before)
    curves = [kaplan_meier(group.lengths, level) for group in groups]
    lengths = [len(curve.length) for curve in curves]
    columns: dict[str, list[np.ndarray]] = {
        "length": [curve.length for curve in curves],
        "at_risk": [curve.at_risk for curve in curves],
        "ended": [curve.ended for curve in curves],
        "cut": [curve.cut for curve in curves],
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
