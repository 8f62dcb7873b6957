"""The zones that a caller names."""

from collections.abc import Sequence

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.zones import Zone


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
