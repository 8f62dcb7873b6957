"""Which detections are inside which zone, and zones that are named."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone, in_rectangle, near_edges
from ptrack_analysis.video import Milliseconds


def parse_zone_names(zones: Sequence[Zone | str], argument: str) -> list[str]:
    """Return the names of zones in their order, refusing what is no zone.

    Parameters
    ----------
    zones
        Zones, or their names.
    argument
        Name of the argument, for the error.

    Raises
    ------
    ParameterError
        If it is no list or tuple of zones and names.
    """
    if not isinstance(zones, list | tuple):
        raise ParameterError(f"{argument} is {zones!r:.60}, not a list of zones or of their names")
    for zone in zones:
        if not isinstance(zone, Zone | str):
            raise ParameterError(f"{argument} holds {zone!r:.60}, not a Zone or the name of one")
    return [zone if isinstance(zone, str) else zone.name for zone in zones]


def validate_visited(zones: Sequence[Zone | str], visits: pd.DataFrame, argument: str) -> None:
    """Reject a name that no visit has, for it may be misspelt; that of a Zone is not.

    Visits know the zones that somebody visited, and no others: without visits nothing is refused.

    Parameters
    ----------
    zones
        Zones, or their names.
    visits
        A checked VISITS table.
    argument
        Name of the argument, for the error.

    Raises
    ------
    ParameterError
        With the first such name, and the names that there are.
    """
    known = visits.index.get_level_values("zone").unique()
    named = {zone.name for zone in zones if isinstance(zone, Zone)}
    unknown = [zone for zone in zones if isinstance(zone, str) and zone not in known and zone not in named]
    if len(known) and unknown:
        raise ParameterError(
            f"{argument} names {unknown[0]!r}, which nobody visited: the zones of the visits are "
            f"{sorted(known)}; if it is one of yours, give the Zone"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """The numbers of the rows that count in a zone, in growing order; each from ``since`` ``until`` [ms]."""

    rows: Integers
    since: Milliseconds
    until: Milliseconds


def extend_by_margin(
    zone: Zone, inside: Bools, position: tuple[Floats, Floats], begins: Bools, margin: float
) -> Bools:
    """Return which rows lie in the outline of a zone, or are still near it after a row that does.

    Rows are in the order of person and time. A person stays inside until the next row of the run that is
    farther from the zone than the margin or has no position.

    Parameters
    ----------
    zone
        The zone; when it is active does not matter.
    inside
        (n,) bool, whether each row lies in the outline.
    position
        (n,) coordinates x and y; NaN is not inside.
    begins
        (n,) first row of each run.
    margin
        Largest distance from the zone at which a person stays inside [px or m].

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    if margin <= 0 or not inside.any():
        return inside
    x, y = position
    rows, stretch = _following(inside, ~inside & in_rectangle(zone, x, y, margin), begins)
    left = np.cumsum(~near_edges(zone, x[rows], y[rows], margin))
    before = np.concatenate([[0], left])[np.searchsorted(stretch, stretch)]
    extended = inside.copy()
    extended[rows[left == before]] = True
    return extended


def _following(inside: Bools, candidates: Bools, begins: Bools) -> tuple[Integers, Integers]:
    """Return the stretches of candidates that follow a row inside in its run: their rows, and of which."""
    rows = np.flatnonzero(candidates)
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1] + 1) | begins[rows[1:]]
    first = rows[new]
    stretch = np.cumsum(new) - 1
    kept = (inside[first - 1] & ~begins[first])[stretch]
    return rows[kept], stretch[kept]


def time_inside(zone: Zone, inside: Bools, time: Milliseconds, held: Milliseconds) -> Inside:
    """Cut what the rows inside hold to the time at which the zone holds; rows that lose all of it drop out.

    A row holds from ``time`` for ``time_present``; one that holds for 0 counts if its moment is within.
    """
    rows = np.flatnonzero(inside)
    since = time[rows]
    until = since + held[rows]
    if zone.window is None:
        return Inside(rows, since, until)
    start, end = zone.window
    momentary = (held[rows] == 0) & (since >= start) & (since < end)
    since, until = np.maximum(since, start), np.minimum(until, end)
    counts = momentary | (since < until)
    return Inside(rows[counts], since[counts], until[counts])
