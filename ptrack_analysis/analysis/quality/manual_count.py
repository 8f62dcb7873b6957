"""Comparison of computed counts with a manual count."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.scene.zones import Line, Zone
from ptrack_analysis.schema import AGREEMENT, CROSSINGS, TALLY, VISITS, assemble, validate

_HOUR = 3_600_000.0
_CLOSE = 5.0
"""GEH below which a match is close."""


def compare_with_manual_count(
    computed: pd.DataFrame,
    tally: pd.DataFrame,
    *,
    places: Sequence[Zone | Line | str] | None = None,
    direction: Literal["in", "out"] | None = None,
) -> pd.DataFrame:
    """Compare computed visits or crossings with a manual count: bias and error per zone or line.

    Each interval of the tally starts at its timestamp (included) and ends after its length (excluded). The
    visits to the zone that were ``entered`` in it are counted, or the crossings of the line. ``bias`` is the
    mean of the differences counted minus tallied per interval, and ``mean_absolute_error`` is the mean of
    their absolute values. The percentage error is the mean over the intervals with a tally above 0, or NaN
    without such an interval. With the hourly flows c (counted) and m (tallied), the GEH statistic of an
    interval is ``sqrt(2 · (c - m)² / (c + m))``, or 0 if both are 0. An interval without computed events
    counts as 0. An empty tally gives an empty table.

    Parameters
    ----------
    computed
        VISITS or CROSSINGS of one video, rows in any order.
    tally
        TALLY of the same video, rows in any order. Its intervals may have gaps and different lengths.
    places
        All zones or lines that were computed, or their names; by default, the zones or lines in ``computed``.
        Pass them so that a zone or line without events is compared as well, instead of raising an error.
    direction
        Direction of the crossings to count, ``"in"`` or ``"out"``; by default both.

    Returns
    -------
    pandas.DataFrame
        AGREEMENT, one row per zone or line of the tally, sorted by name.

    Raises
    ------
    SchemaError
        If ``computed`` is neither a VISITS nor a CROSSINGS table, or ``tally`` not a TALLY table.
    ParameterError
        If the tally has a zone or line that was not computed, an interval without length, a negative count,
        or overlapping intervals; if ``direction`` is unknown, or is given for visits.

    Notes
    -----
    O(n log n). Errors of both signs cancel in ``bias``: it shows whether totals are reliable, while the
    absolute errors show whether single intervals are. A manual count itself has errors of a few percent. GEH
    was designed for vehicles per hour. A value below 5 in 85 % of the cases is the usual criterion, which is
    easy to meet with small flows.

    References
    ----------
    UK Department for Transport, "TAG Unit M3.1: Highway Assignment Modelling", 2020, section 3.3: GEH below 5
    in more than 85 % of cases. R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast
    accuracy", International Journal of Forecasting 22 (2006), doi:10.1016/j.ijforecast.2006.03.001.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> zones, lines = pta.read_zones("data/shop/zones.geojson", video)
    >>> crossings = pta.compute_crossings(trajectories, lines)
    >>> arrays = {"name": ["door"], "timestamp": [0], "interval": [180_000], "tallied": [20]}
    >>> arrays = {name: np.array(values) for name, values in arrays.items()}
    >>> tally = pta.schema.assemble(pta.schema.TALLY, arrays)
    >>> agreement = pta.quality.compare_with_manual_count(crossings, tally)
    >>> agreement[["counted", "tallied", "bias"]].reset_index()
       name  counted  tallied  bias
    0  door       22       20   2.0
    """
    of_lines = isinstance(computed, pd.DataFrame) and "line" in computed.index.names
    validate(computed, CROSSINGS if of_lines else VISITS)
    validate(tally, TALLY)
    event_name, time = _events(computed, of_lines=of_lines, direction=direction)
    tally = tally.sort_index()
    name = tally.index.get_level_values("name").to_numpy().astype(object)
    known = set(computed.index.get_level_values(0)) if places is None else _names(places)
    _validate_known(sorted(set(name) - known), known, "line" if of_lines else "zone")
    start = tally.index.get_level_values("timestamp").to_numpy().astype("int64")
    length = tally["interval"].to_numpy().astype("int64")
    tallied = tally["tallied"].to_numpy()
    _validate_bins(name, start, length, tallied)
    counted = np.zeros(len(tally), dtype="int64")
    for one in dict.fromkeys(name):
        rows, times = name == one, np.sort(time[event_name == one])
        ends = np.searchsorted(times, [start[rows], start[rows] + length[rows]])
        counted[rows] = ends[1] - ends[0]
    return _table(name, tallied, counted, length)


def _events(computed: pd.DataFrame, *, of_lines: bool, direction: str | None) -> tuple[Integers, Integers]:
    """Return the zone or line and the time [ms] of each counted event."""
    if direction not in {None, "in", "out"}:
        raise ParameterError(f"direction must be 'in' or 'out', got {direction!r}")
    if direction is not None and not of_lines:
        raise ParameterError(f"direction applies to crossings only, got {direction!r} with visits")
    event_name = computed.index.get_level_values(0).to_numpy()
    if not of_lines:
        return event_name, computed["entered"].to_numpy().astype("int64")
    time = computed.index.get_level_values("timestamp").to_numpy().astype("int64")
    if direction is None:
        return event_name, time
    counts = (computed["direction"] == direction).to_numpy()
    return event_name[counts], time[counts]


def _table(name: Integers, tallied: Integers, counted: Integers, length: Integers) -> pd.DataFrame:
    """Summarize the intervals of each zone or line."""
    names, index = np.unique(name.astype(str), return_inverse=True)
    intervals = np.bincount(index, minlength=len(names))
    off = (counted - tallied).astype("float64")
    hourly = _HOUR / length
    both = (counted + tallied).astype("float64")
    geh = np.sqrt(np.divide(2 * off**2 * hourly, both, out=np.zeros(len(off)), where=both > 0))
    some = tallied > 0
    percent = np.divide(100 * np.abs(off), tallied, out=np.zeros(len(off)), where=some)

    def total(values: Integers | Floats) -> Floats:
        return np.bincount(index, weights=values, minlength=len(names)).astype("float64")

    def mean(values: Floats, of: Integers | Floats = intervals) -> Floats:
        found: Floats = np.divide(total(values), of, out=np.full(len(names), np.nan), where=of > 0)
        return found

    arrays: dict[str, np.ndarray | list[str]] = {
        "name": names.tolist(),
        "intervals": intervals,
        "tallied": total(tallied),
        "counted": total(counted),
        "bias": mean(off),
        "mean_absolute_error": mean(np.abs(off)),
        "mean_absolute_percentage_error": mean(percent, total(some.astype("float64"))),
        "geh": mean(geh),
        "geh_below_5": mean((geh < _CLOSE).astype("float64")),
    }
    return assemble(AGREEMENT, arrays)


def _names(places: object) -> set[str]:
    if not isinstance(places, list | tuple):
        raise ParameterError(f"places must be a list of zones, lines or their names, got {places!r:.60}")
    for item in places:
        if not isinstance(item, Zone | Line | str):
            raise ParameterError(f"places must contain only zones, lines or their names, got {item!r:.60}")
    return {item if isinstance(item, str) else item.name for item in places}


def _validate_known(unknown: list[str], known: set[str], kind: str) -> None:
    if unknown:
        there = ", ".join(repr(name) for name in sorted(known)) or "empty"
        raise ParameterError(
            f"the tally contains {', '.join(repr(name) for name in unknown)}, but no such {kind} was "
            f"computed. The computed {kind}s are {there}."
        )


def _validate_bins(name: Integers, start: Integers, length: Integers, tallied: Integers) -> None:
    """Reject the first interval that is not possible; rows are in the order of name and time."""
    overlap = (name[1:] == name[:-1]) & (start[1:] < (start + length)[:-1])
    for wrong, what in (
        (length <= 0, "has an interval without length"),
        (tallied < 0, "has a count below 0"),
        (np.append(overlap, values=False), "overlaps the next interval"),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ParameterError(f"the tally of {name[row]!r} at {start[row]} ms {what}")
