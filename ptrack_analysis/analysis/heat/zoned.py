"""The part of the time that counts in one zone."""

import numpy as np

from ptrack_analysis.analysis.motion.walks import Walks
from ptrack_analysis.analysis.places.membership import Inside, time_inside
from ptrack_analysis.geometry import Floats, Integers, contains
from ptrack_analysis.video import Milliseconds
from ptrack_analysis.zones import Zone, refuse_zones


def refuse_zone(zone: Zone, unit: str) -> None:
    """Refuse what is no zone, or a zone of another plane.

    Raises
    ------
    SchemaError
        If the zone is in another plane than ``unit``.
    ParameterError
        If it is no zone.
    """
    refuse_zones([zone], unit)


def in_zone(
    zone: Zone, unit: str, places: tuple[Floats, Floats], time: Milliseconds, held: Milliseconds
) -> Inside:
    """Cut what rows, in any order, hold to one zone, by the rule of ``compute_visits`` without its options.

    Raises
    ------
    SchemaError
        If the zone is in another plane than ``unit``.
    ParameterError
        If it is no zone.
    """
    refuse_zone(zone, unit)
    return time_inside(zone, contains(zone.edges, *places), time, held)


def counted_rows(walks: Walks, unit: str, zone: Zone | None) -> tuple[Integers, Milliseconds]:
    """Give the rows that count in a zone, or all, by person and time; and what they hold there [ms]."""
    if zone is None:
        return np.arange(len(walks.x)), walks.held
    inside = in_zone(zone, unit, (walks.x, walks.y), walks.rows.time, walks.held)
    return inside.rows, inside.until - inside.since
