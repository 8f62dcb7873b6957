"""Which zones share area, and how much."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from ptrack_analysis.scene.zones import Zone, refuse_invalid, refuse_zones, shared_area
from ptrack_analysis.schema import OVERLAPS, assemble


def compute_overlaps(zones: Sequence[Zone], *, unit: str | None = None) -> pd.DataFrame:
    """List which zones share area with which, and how much of each it is.

    Two zones overlap if both cover an area of more than 1e-9 of the smaller one, and there are a moment at
    which both hold and a video that both are in; a common edge or corner is no overlap. Each pair stands
    there twice, once from each side: who stands there is counted in both zones. Fewer than two zones, or
    none that overlap: no rows.

    Parameters
    ----------
    zones
        Zones of one plane, in any order.
    unit
        Unit of the plane, ``px`` or ``m``; by default that of the zones, and px where there are none.

    Returns
    -------
    pandas.DataFrame
        OVERLAPS, one row a zone and another that shares area with it, sorted by both names.

    Raises
    ------
    SchemaError
        If the zones are in two planes, or in another than ``unit``.
    ZoneError
        If two have one name, or an outline crosses itself.

    Notes
    -----
    O(zones² · corners · log corners); zones whose bounding rectangles lie apart cost next to nothing.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> shop, till = Zone("shop", box(0, 0, 8, 5), "m"), Zone("till", box(6, 0, 10, 5), "m")
    >>> compute_overlaps([shop, till]).reset_index()
       zone other  shared_m2  share
    0  shop  till       10.0   0.25
    1  till  shop       10.0   0.50
    """
    unit = unit or (zones[0].unit if zones else "px")
    refuse_zones(zones, unit)
    refuse_invalid(zones)
    pairs = [(zone, other, shared_area(zone, other)) for zone, other in permutations(zones, 2)]
    found = [pair for pair in pairs if pair[2] > 0]
    arrays: dict[str, np.ndarray | list[str]] = {
        "zone": [zone.name for zone, _, _ in found],
        "other": [other.name for _, other, _ in found],
        "shared_{u}2": np.array([area for *_, area in found], dtype="float64"),
        "share": np.array([area / zone.outline.area for zone, _, area in found], dtype="float64"),
    }
    return assemble(OVERLAPS, arrays, unit=unit)
