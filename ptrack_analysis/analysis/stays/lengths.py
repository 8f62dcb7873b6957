"""How long each stay was seen to last, and what of it was not seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.stays.survival import Lengths
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import ENTRIES, SEEN_ENDS, VISITS

BEGINS = ("crossed",)
"""The entries at which a stay is seen to begin, if the caller names no others."""
ENDS = ("crossed",)
"""The exits at which a stay is seen to end, if the caller names no others."""
CONFIDENCE = 0.95
BY = ("zone", "entry")
ANY_ENTRY = ""


def seen_whole(visits: pd.DataFrame) -> Bools:
    """Tell of each stay whether nothing of it is missing: both its ends were seen, or are the zone's own."""
    whole: Bools = (visits["entry"].isin(SEEN_ENDS) & visits["exit"].isin(SEEN_ENDS)).to_numpy()
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The stays of one zone and entry: their dwell as seen [ms], and the lengths to estimate from."""

    zone: str
    entry: str
    seen: Integers
    lengths: Lengths

    @property
    def left_out(self) -> int:
        """How many stays began unseen at an unknown time before."""
        return len(self.seen) - len(self.lengths.length)

    @property
    def cut(self) -> int:
        """How many of the others ended unseen."""
        return int((~self.lengths.ended).sum())


def groups_of(
    visits: pd.DataFrame,
    *,
    by: str,
    begins: Iterable[str],
    ends: Iterable[str],
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
    begun = seen_at(visits, "entry", begins, "begins")
    before = _before(visits, inside_before)
    late = ~begun & (before >= 0) & (seen > 0)  # who was never at risk, for no time, tells nothing
    known = begun | late
    lengths = Lengths(
        length=seen + np.where(late, before, 0),
        ended=seen_at(visits, "exit", ends, "ends"),
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
    """Give the time inside before each stay was first seen [ms]; -1 where it is not known."""
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


def confidence_of(confidence: object) -> float:
    """Read a confidence level.

    Raises
    ------
    ParameterError
        If it is not between 0 and 1.
    """
    return float(_shares([confidence], "confidence")[0])


def quantiles_of(quantiles: object) -> Floats:
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
