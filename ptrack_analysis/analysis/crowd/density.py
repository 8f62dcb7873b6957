"""Density: how many persons stood on a square metre of a zone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.crowd.bins import time_held
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.scene.zones import Zone, refuse_zones
from ptrack_analysis.schema import BINS, DENSITY, assemble, check


def compute_density(bins: pd.DataFrame, zones: Sequence[Zone]) -> pd.DataFrame:
    """Divide the persons in each zone by its area, interval after interval.

    The density is ``person_seconds`` by the zone's area and by the part of the interval in which the zone
    holds, so it is that of the time when it was open; NaN where it held for none of the interval. The
    largest density is ``max_persons`` by the area, the space of a person the inverse of the density: NaN with
    nobody there. The scene ``""`` has no area and is left out. No zones, or no bins: no rows.

    Parameters
    ----------
    bins
        BINS of one video, rows in any order.
    zones
        Zones on the floor plan, each of them in ``bins``.

    Returns
    -------
    pandas.DataFrame
        DENSITY, one row an interval for each zone, sorted by zone and time.

    Raises
    ------
    SchemaError
        If ``bins`` is not a BINS table.
    ParameterError
        If a zone is not in metres, or not in ``bins``.
    ZoneError
        If a zone has the name of another.

    Notes
    -----
    O(zones · intervals). The area is that of the whole outline, including what furniture covers and what the
    camera does not see: there the density errs low.

    References
    ----------
    The classic density k = N / A of B. Steffen and A. Seyfried, "Methods for measuring pedestrian density,
    flow, speed and direction with minimal scatter", Physica A 389, 2010, doi:10.1016/j.physa.2009.12.015;
    PedPy's ``compute_classic_density``, averaged over time.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> from ptrack_analysis import Zone, empty
    >>> from ptrack_analysis.schema import BINS
    >>> compute_density(empty(BINS), [Zone("hall", box(0, 0, 4, 5), "m")]).columns.tolist()[1:3]
    ['area_m2', 'density_per_m2']
    """
    check(bins, BINS)
    refuse_pixels(zones)
    bins = bins.sort_index()
    of_rows = bins.index.get_level_values("zone")
    missing = [zone.name for zone in zones if zone.name not in of_rows]
    if missing and len(bins):
        raise ParameterError(f"zone {missing[0]!r} is not in the occupancy bins")
    parts = [_dense(zone, bins[of_rows == zone.name]) for zone in zones]
    names = [zone.name for zone, part in zip(zones, parts, strict=True) for _ in part["timestamp"]]
    columns = ("timestamp", *(column.name for column in DENSITY.columns if not column.optional))
    arrays = {
        name: np.concatenate([np.empty(0, "int64"), *(part[name] for part in parts)]) for name in columns
    }
    return assemble(DENSITY, arrays | {"zone": names})


def refuse_pixels(zones: Sequence[Zone]) -> None:
    """Refuse zones that have no area in square metres, or are none.

    Raises
    ------
    ParameterError
        With the first such zone.
    ZoneError
        If two have one name.
    """
    for zone in zones if isinstance(zones, list | tuple) else ():
        if isinstance(zone, Zone) and zone.unit != "m":
            raise ParameterError(
                f"zone {zone.name!r} is in {zone.unit}, and no density is to be had in the picture, where a "
                f"{zone.unit} is another length at each place: read the zones on a floor plan, in m"
            )
    refuse_zones(zones, "m")


def _dense(zone: Zone, bins: pd.DataFrame) -> dict[str, Integers | Floats]:
    """Measure one zone's intervals."""
    time = bins.index.get_level_values("timestamp").to_numpy().astype("int64")
    interval, present = (bins[name].to_numpy().astype("int64") for name in ("interval", "person_seconds"))
    open_time = time_held(zone, time, interval)
    area = zone.outline.area
    density = np.where(open_time > 0, present / np.maximum(open_time, 1) / area, np.nan)
    space = np.full(len(time), np.nan)
    np.divide(1.0, density, out=space, where=density > 0)
    most = np.where(open_time > 0, bins["max_persons"].to_numpy() / area, np.nan)
    return {
        "timestamp": time,
        "interval": interval,
        "area_m2": np.full(len(time), area),
        "density_per_m2": density,
        "max_density_per_m2": most,
        "space_m2": space,
    }
