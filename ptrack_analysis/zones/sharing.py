"""Area that two zones share."""

from collections.abc import Sequence

import shapely

from ptrack_analysis.errors import ZoneError
from ptrack_analysis.zones.zone import Zone, in_one_video

SLIVER = 1e-9
"""Area that is float noise, as a share of the smaller zone's."""


def shared_area(zone: Zone, other: Zone) -> float:
    """Give the area that both cover at some moment of some video, 0 where it is float noise."""
    if not (in_one_video(zone.videos, other.videos) and hold_together(zone, other)):
        return 0.0
    area = float(zone.outline.intersection(other.outline).area)
    return area if area > SLIVER * min(zone.outline.area, other.outline.area) else 0.0


def hold_together(zone: Zone, other: Zone) -> bool:
    """Tell whether there is a moment at which both zones hold."""
    if zone.window is None or other.window is None:
        return True
    return max(zone.window[0], other.window[0]) < min(zone.window[1], other.window[1])


def refuse_invalid(zones: Sequence[Zone]) -> None:
    """Refuse a zone whose outline crosses itself: what it covers is not defined.

    Raises
    ------
    ZoneError
        With the first such zone and the reason.
    """
    for zone in zones:
        if not zone.outline.is_valid:
            reason = shapely.is_valid_reason(zone.outline)
            raise ZoneError(f"{zone.name!r} is not a valid outline: {reason}")
