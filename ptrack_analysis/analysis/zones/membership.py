"""Membership: which detections are inside which zone; and parsing of zone names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.scene.zones import Zone, in_rectangle, list_names, near_edges
from ptrack_analysis.video import Milliseconds


def parse_zone_names(zones: Sequence[Zone | str], argument: str) -> list[str]:
    """Return the names of zones in order.

    Parameters
    ----------
    zones
        Zones, or their names.
    argument
        Name of the argument, for error messages.

    Raises
    ------
    ParameterError
        If ``zones`` is not a list or tuple of zones and names.
    """
    return list_names(zones, Zone, argument)


def validate_visited(zones: Sequence[Zone | str], visits: pd.DataFrame, argument: str) -> None:
    """Reject a zone name that occurs in no visit, because it may be misspelled.

    Zone objects are accepted without visits. If the table is empty, all names are accepted.

    Parameters
    ----------
    zones
        Zones, or their names.
    visits
        A validated VISITS table.
    argument
        Name of the argument, for error messages.

    Raises
    ------
    ParameterError
        With the first unknown name and the names in the table.
    """
    known = visits.index.get_level_values("zone").unique()
    named = {zone.name for zone in zones if isinstance(zone, Zone)}
    unknown = [zone for zone in zones if isinstance(zone, str) and zone not in known and zone not in named]
    if len(known) and unknown:
        raise ParameterError(
            f"{argument} contains {unknown[0]!r}, but no visit has this zone: the zones of the visits are "
            f"{sorted(known)}. If the zone exists and no one visited it, pass the Zone."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """Rows that count in a zone, ascending, each from ``since`` to ``until`` [ms]."""

    rows: Integers
    since: Milliseconds
    until: Milliseconds


def extend_by_margin(
    zone: Zone, inside: Bools, position: tuple[Floats, Floats], begins: Bools, margin: float
) -> Bools:
    """Return which rows are in the outline of a zone, or still near it after such a row.

    Rows are in the order of person and time. A person stays inside until the next row of the tracklet that is
    farther from the zone than the margin or has no position.

    Parameters
    ----------
    zone
        The zone. Its active time does not matter here.
    inside
        (n,) bool, whether each row is in the outline.
    position
        (n,) coordinates x and y; NaN is not inside.
    begins
        (n,) first row of each tracklet.
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
    rows, group = _following(inside, ~inside & in_rectangle(zone, x, y, margin), begins)
    left = np.cumsum(~near_edges(zone, x[rows], y[rows], margin))
    before = np.concatenate([[0], left])[np.searchsorted(group, group)]
    extended = inside.copy()
    extended[rows[left == before]] = True
    return extended


def _following(inside: Bools, candidates: Bools, begins: Bools) -> tuple[Integers, Integers]:
    """Return the candidates that directly follow a row inside, and the number of their sequence."""
    rows = np.flatnonzero(candidates)
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1] + 1) | begins[rows[1:]]
    first = rows[new]
    sequence = np.cumsum(new) - 1
    kept = (inside[first - 1] & ~begins[first])[sequence]
    return rows[kept], sequence[kept]


def time_inside(zone: Zone, inside: Bools, time: Milliseconds, time_present: Milliseconds) -> Inside:
    """Cut the time present of the rows inside to the active time of the zone; drop rows outside it.

    A row counts from ``time`` for its time present. A row with a time present of 0 counts if it is within the
    active time.
    """
    rows = np.flatnonzero(inside)
    since = time[rows]
    until = since + time_present[rows]
    if zone.window is None:
        return Inside(rows, since, until)
    start, end = zone.window
    at_once = (time_present[rows] == 0) & (since >= start) & (since < end)
    since, until = np.maximum(since, start), np.minimum(until, end)
    counts = at_once | (since < until)
    return Inside(rows[counts], since[counts], until[counts])
