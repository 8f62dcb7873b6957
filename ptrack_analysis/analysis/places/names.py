"""The zones that a caller names."""

from collections.abc import Sequence

import pandas as pd

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.scene.zones import Zone


def names_of(zones: Sequence[Zone | str], argument: str) -> list[str]:
    """Give the names of zones in their order, refusing what is no zone.

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


def refuse_unvisited(zones: Sequence[Zone | str], visits: pd.DataFrame, argument: str) -> None:
    """Refuse a name that no visit has, for it may be misspelt; that of a Zone is not.

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
