"""Kaplan-Meier estimates of the duration of visits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import number_names
from ptrack_analysis.analysis.uncertainty.estimates import CONFIDENCE, find_units, parse_confidence
from ptrack_analysis.analysis.uncertainty.kaplan_meier import Lengths, estimate_survival
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.limits import describe, validate_choice
from ptrack_analysis.scene.zones import Zone, validate_items
from ptrack_analysis.schema import ENTRIES, SURVIVAL, VISITS, assemble, validate
from ptrack_analysis.schema.arrays import Rows, read_column, to_frame
from ptrack_analysis.schema.zones import OBSERVED_ENTRIES, OBSERVED_EXITS

BY = ("zone", "entry")
ANY_ENTRY = ""


def is_complete(
    visits: pd.DataFrame,
    *,
    observed_entries: Iterable[str] = OBSERVED_ENTRIES,
    observed_exits: Iterable[str] = OBSERVED_EXITS,
) -> Bools:
    """Return for each visit whether both its start and its end were observed."""
    begun = seen_at(visits, "entry", observed_entries, "observed_entries")
    return begun & seen_at(visits, "exit", observed_exits, "observed_exits")


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The visits of one zone and entry: their observed dwell [ms], and the durations for estimates.

    ``units`` is the person or group of each visit. ``start_unobserved`` and ``end_unobserved`` count all
    visits whose start or end was not observed.
    """

    zone: str
    entry: str
    observed: Integers
    lengths: Lengths
    units: Integers
    start_unobserved: int
    end_unobserved: int

    @property
    def persons(self) -> int:
        """Number of people (or groups, if given) that the estimates are based on."""
        return len(np.unique(self.lengths.unit))


def split_visits(
    visits: Rows,
    *,
    by: str,
    observed_entries: Iterable[str],
    observed_exits: Iterable[str],
    inside_before: "pd.Series[pd.Timedelta] | None",
    groups: pd.DataFrame | None,
) -> list[Group]:
    """Split a validated visits table by zone and, if requested, by entry, sorted by name.

    Raises
    ------
    ParameterError
        If an option is out of its range.
    SchemaError
        If ``groups`` is not a GROUPS table.
    """
    validate_choice(by, "by", BY)
    observed = read_column(visits, "dwell")
    begun = seen_at(visits, "entry", observed_entries, "observed_entries")
    ended = seen_at(visits, "exit", observed_exits, "observed_exits")
    before = _before(visits, inside_before)
    late = ~begun & (before >= 0) & (observed > 0)  # a visit without dwell was never at risk
    known = begun | late
    lengths = Lengths(
        length=observed + np.where(late, before, 0),
        ended=ended,
        since=np.where(late, before, -1),
        unit=find_units(read_column(visits, "person_index"), groups),
    )
    zone, names = number_names(visits, "zone")
    entry = read_column(visits, "entry")
    parts = []
    for index, name in enumerate(names):
        of_zone = zone == index
        rows = {ANY_ENTRY: of_zone}
        if by == "entry":
            rows = {kind: of_zone & (entry == code) for code, kind in enumerate(ENTRIES)}
        parts += [
            Group(
                name,
                kind,
                observed[own],
                lengths.where(own & known),
                lengths.unit[own],
                int((own & ~begun).sum()),
                int((own & ~ended).sum()),
            )
            for kind, own in sorted(rows.items())
            if own.any()
        ]
    return parts


def parse_ends(kinds: Iterable[str], column: str, name: str) -> list[str]:
    """Return kinds of ``entry`` or ``exit`` as a list.

    Raises
    ------
    ParameterError
        If a kind is not valid.
    """
    choices = VISITS.choices(column)
    wanted = None if isinstance(kinds, str) or not isinstance(kinds, Iterable) else list(kinds)
    if wanted is None or not all(isinstance(kind, str) and kind in choices for kind in wanted):
        raise ParameterError(f"{name} must be a list with some of {list(choices)}, got {describe(kinds)}")
    return wanted


def seen_at(visits: Rows, column: str, kinds: Iterable[str], name: str) -> Bools:
    """Mark the visits whose entry or exit is one of these kinds.

    Raises
    ------
    ParameterError
        If a kind is not valid.
    """
    choices = VISITS.choices(column)
    wanted = parse_ends(kinds, column, name)
    marks = np.array([kind in wanted for kind in choices] + [False])  # a missing value has the code -1
    marked: Bools = marks[read_column(visits, column)]
    return marked


def _before(visits: Rows, inside_before: object) -> Integers:
    """Return the time inside before each visit was first observed [ms]; -1 if unknown."""
    if inside_before is None:
        return np.full(len(visits), -1)
    if not isinstance(inside_before, pd.Series) or inside_before.dtype != "timedelta64[ms]":
        got = getattr(inside_before, "dtype", type(inside_before).__name__)
        raise ParameterError(f"inside_before must be a pandas.Series of timedelta64[ms], got {got}")
    keys = inside_before.index
    if list(keys.names) != VISITS.key_names or not keys.is_unique:
        raise ParameterError(
            f"inside_before must have one row per visit with the index {VISITS.key_names}, got the index "
            f"{list(keys.names)}{'' if keys.is_unique else ' with duplicate keys'}"
        )
    found = to_frame(visits).index.get_indexer(keys) if len(keys) else np.empty(0, "int64")
    if (found < 0).any():
        zone, person, visit = keys[found < 0][0]
        raise ParameterError(
            f"inside_before has visit {visit} of person {person} to zone {zone!r}, which is not in the table"
        )
    spans = inside_before.to_numpy().astype("int64")
    if (spans < 0).any():
        wrong = inside_before.iloc[int((spans < 0).argmax())]
        raise ParameterError(f"inside_before must contain durations of at least 0, got {wrong!r}")
    before = np.full(len(visits), -1)
    before[found] = spans
    return before


def parse_quantiles(quantiles: object) -> Floats:
    """Return distinct quantiles in increasing order.

    Raises
    ------
    ParameterError
        If a quantile is not between 0 and 1.
    """
    if isinstance(quantiles, str) or not isinstance(quantiles, Iterable):
        raise ParameterError(f"quantiles must be a list of numbers between 0 and 1, got {quantiles!r}")
    values = list(quantiles)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < 1:
            raise ParameterError(f"quantiles must be between 0 and 1, got {value!r}")
    return np.unique(np.array(values, dtype="float64"))


def zone_names(zones: Sequence[Zone | str], *, kind: str) -> list[str]:
    """Return the names of the zones of a kind; names are returned unchanged.

    Raises
    ------
    ParameterError
        If an item is neither a zone nor a name, or if a name occurs twice.
    """
    validate_items(zones, Zone, "zones", or_names=True)
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
    groups: pd.DataFrame | None = None,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Estimate the share of the visits to each zone that lasts longer than each duration.

    There is a row at 0 and one row at each duration at which a visit ended or was censored. A row is valid
    until the next row. Beyond the last row, the share is unknown unless it has reached 0. Censoring,
    exclusion and the confidence bounds are described in ``compute_dwell``. A zone in which no visit has an
    observed start has no rows.

    Parameters
    ----------
    visits
        VISITS of one video, rows in any order.
    by, observed_entries, observed_exits, inside_before, groups, confidence
        As in ``compute_dwell``.

    Returns
    -------
    pandas.DataFrame
        SURVIVAL, one row per duration, zone (and entry), sorted by them.

    Raises
    ------
    SchemaError
        If ``visits`` is not a VISITS table, or ``groups`` not a GROUPS table.
    ParameterError
        If an option is out of its range, or ``inside_before`` has a visit that the table does not contain.

    Notes
    -----
    Kaplan-Meier estimate. If one visit ends and another is censored at the same duration, the end comes
    first, as in R's ``survfit`` and in lifelines. A visit with a delayed entry is at risk only from the next
    duration on (intervals open on the left, ``Surv(start, stop]`` in R). The bounds are valid at each
    duration separately, not for the complete curve. O(m log m) per group of m visits.

    References
    ----------
    As for ``compute_dwell``.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson")
    >>> survival = pta.dwell.compute_survival(analysis["visits"])
    >>> survival.loc[("checkout", ""), ["at_risk", "ended", "share"]].round(2).head(4).reset_index()
                      length  at_risk  ended  share
    0 0 days 00:00:00.000000        5      0    1.0
    1 0 days 00:00:03.360000        5      1    0.8
    2 0 days 00:00:03.920000        4      1    0.6
    3 0 days 00:00:08.480000        3      0    0.6
    """
    validate(visits, VISITS)
    level = parse_confidence(confidence)
    parts = split_visits(
        visits,
        by=by,
        observed_entries=observed_entries,
        observed_exits=observed_exits,
        inside_before=inside_before,
        groups=groups,
    )
    curves = [estimate_survival(part.lengths, level) for part in parts]
    sizes = [len(curve.length) for curve in curves]
    bounds = [curve.bounds for curve in curves]
    columns: dict[str, list[np.ndarray]] = {
        name: [getattr(curve, name) for curve in curves]
        for name in ("length", "at_risk", "ended", "end_unobserved", "share")
    }
    columns |= {"share_low": [low for low, _ in bounds], "share_high": [high for _, high in bounds]}
    nothing: list[np.ndarray] = [np.empty(0, "int64")]
    arrays: dict[str, np.ndarray | list[str]] = {
        name: np.concatenate(nothing + values) for name, values in columns.items()
    }
    arrays["zone"] = np.repeat(np.array([part.zone for part in parts], dtype=object), sizes)
    arrays["entry"] = np.repeat(np.array([part.entry for part in parts], dtype=object), sizes)
    return assemble(SURVIVAL, arrays)
