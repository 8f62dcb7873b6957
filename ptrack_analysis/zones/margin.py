"""How near to a zone points lie."""

import numpy as np

from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.zones.zone import Zone


def in_rectangle(zone: Zone, x: Floats, y: Floats, margin: float) -> Bools:
    """Tell which points lie in the zone's bounding rectangle, grown by ``margin`` on each side; NaN: none."""
    left, top, right, bottom = zone.outline.bounds
    across = (x >= left - margin) & (x <= right + margin)
    return across & (y >= top - margin) & (y <= bottom + margin)


def near_edges(zone: Zone, x: Floats, y: Floats, margin: float) -> Bools:
    """Tell which points lie at most ``margin`` from an edge of the zone, that of a hole or a part too.

    The distance is the Euclidean one to the nearest point of the edge. O(corners · points).
    """
    near = np.zeros(len(x), dtype=bool)
    for first_x, first_y, last_x, last_y in zone.edges:
        along_x, along_y = last_x - first_x, last_y - first_y
        squared = along_x * along_x + along_y * along_y
        if squared > 0:
            off_x, off_y = x - first_x, y - first_y
            share = np.clip((off_x * along_x + off_y * along_y) / squared, 0.0, 1.0)
            off_x -= share * along_x
            off_y -= share * along_y
            near |= off_x * off_x + off_y * off_y <= margin * margin
    return near
