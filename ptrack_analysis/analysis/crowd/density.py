"""Occupancy and density per bin."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import find_video_end, number_names
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.scene.zones import Zone, validate_zones
from ptrack_analysis.schema import BINS, DENSITY, OCCUPANCY, assemble, validate
from ptrack_analysis.video import Milliseconds, Video, milliseconds

MINUTE = pd.Timedelta("1min")
NO_TIME = pd.Timedelta(0)
MOST_INTERVALS = 5_000_000


def compute_occupancy_bins(
    occupancy: pd.DataFrame, video: Video, *, every: pd.Timedelta | str = MINUTE
) -> pd.DataFrame:
    """Return for each interval of time how many persons were there on average and at most.

    The intervals are ``[0, every)``, ``[every, 2 * every)`` and so on, from the occupancy's first row (0,
    but for a part of a video) to the video's end, where the last one is cut; where the end is unknown, or
    the occupancy goes beyond it, to its last row. ``person_seconds`` is the count added up over the
    interval's milliseconds, exactly; ``mean_persons`` is that by the length of the interval, and
    ``max_persons`` the largest count that holds at any moment of it. An interval with nobody there has 0
    everywhere. An empty table, or one that ends at 0, gives no rows.

    Parameters
    ----------
    occupancy
        OCCUPANCY of one video, rows in any order.
    video
        The video, for its end.
    every
        Length of an interval [ms].

    Returns
    -------
    pandas.DataFrame
        BINS, one row an interval for each zone of ``occupancy``, sorted by zone and time.

    Raises
    ------
    SchemaError
        If ``occupancy`` is not an OCCUPANCY table.
    ParameterError
        If ``every`` is no length of time above 0.

    Notes
    -----
    O(n log n + zones · intervals). The sum of ``person_seconds`` of the scene is the sum of ``time_present``
    to the millisecond; that of a zone is the dwell of its located persons. After a zone's last row nobody is
    counted. A mean over an interval in which the zone held for a part only is over the whole interval.

    References
    ----------
    Occupancy as the time average L of J. D. C. Little, "A Proof for the Queuing Formula: L = λW", Operations
    Research 9, 1961, doi:10.1287/opre.9.3.383.

    Examples
    --------
    Two persons for 30 s, then one for another 30 s, then nobody.

    >>> import pandas as pd
    >>> from ptrack_analysis import Video
    >>> from ptrack_analysis.crowd import compute_occupancy_bins
    >>> moments = pd.to_timedelta([0, 30, 60, 90], unit="s").as_unit("ms")
    >>> index = pd.MultiIndex.from_product([[""], moments], names=["zone", "timestamp"])
    >>> occupancy = pd.DataFrame({"persons": [2, 1, 0, 0]}, index=index)
    >>> bins = compute_occupancy_bins(occupancy, Video(duration=pd.Timedelta("90s")))
    >>> bins[["mean_persons", "max_persons"]].to_numpy().tolist()
    [[1.5, 2.0], [0.0, 0.0]]
    """
    validate(occupancy, OCCUPANCY)
    length = parse_bin_length(every)
    occupancy = occupancy.sort_index()
    zone, names = number_names(cast("pd.MultiIndex", occupancy.index), "zone")
    time = occupancy.index.get_level_values("timestamp").to_numpy().astype("int64")
    persons = occupancy["persons"].to_numpy()
    last = int(time.max(initial=0))
    known = find_video_end(video, last)
    starts, spans = intervals(last if known is None else known, length, int(time.min(initial=last)))
    rows = [zone == number for number in range(len(names))]
    parts = [_binned(time[own], persons[own], starts, spans) for own in rows]
    total, most = (
        np.concatenate([np.empty(0, "int64"), *(part[place] for part in parts)]) for place in (0, 1)
    )
    interval = np.tile(spans, len(names))
    arrays: dict[str, np.ndarray | list[str]] = {
        "zone": np.repeat(np.array(names, dtype=object), len(starts)),
        "timestamp": np.tile(starts, len(names)),
        "interval": interval,
        "mean_persons": total / interval,
        "max_persons": most,
        "person_seconds": total,
    }
    return assemble(BINS, arrays)


def parse_bin_length(every: pd.Timedelta | str) -> int:
    """Read the length of an interval [ms].

    Raises
    ------
    ParameterError
        If it is no length of time above 0.
    """
    length = milliseconds(every, "every")
    if length == 0:
        raise ParameterError(f"every is {every!r}, not a length of time above 0")
    return length


def intervals(end: int, length: int, begin: int = 0) -> tuple[Milliseconds, Milliseconds]:
    """Cut the time from the begin to the end into intervals: starts and lengths [ms], none of them 0."""
    if (end - begin) // length > MOST_INTERVALS:
        raise ParameterError(
            f"every is {length} ms, which makes {(end - begin) // length} intervals, more than "
            f"{MOST_INTERVALS}: take a longer one"
        )
    starts = np.arange(begin, end, length, dtype="int64")
    return starts, np.minimum(length, end - starts)


def time_held(zone: Zone, starts: Milliseconds, spans: Milliseconds) -> Milliseconds:
    """Return for how long of each interval the zone holds [ms]."""
    if zone.window is None:
        return spans
    since, until = zone.window
    held: Milliseconds = np.minimum(starts + spans, until) - np.maximum(starts, since)
    return np.maximum(held, 0)


def _binned(
    time: Milliseconds, persons: Integers, starts: Milliseconds, spans: Milliseconds
) -> tuple[Integers, Integers]:
    """Add up one zone's count over each interval [person-ms], and find its largest."""
    if not len(starts):
        return starts, starts
    end = starts[-1] + spans[-1]
    moments = np.unique(np.concatenate([starts, time[time < end]]))
    row = np.searchsorted(time, moments, side="right") - 1
    count = np.where((row >= 0) & (row < len(time) - 1), persons[row], 0)
    opens = np.searchsorted(moments, starts)
    total = np.add.reduceat(count * np.diff(moments, append=end), opens)
    return total, np.maximum.reduceat(count, opens)


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
        If a zone is not in meters, or not in ``bins``.
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
    >>> from ptrack_analysis import Zone
    >>> from ptrack_analysis.schema import empty_table
    >>> from ptrack_analysis.schema import BINS
    >>> compute_density(empty_table(BINS), [Zone("hall", box(0, 0, 4, 5), "m")]).columns.tolist()[1:3]
    ['area_m2', 'density_per_m2']
    """
    validate(bins, BINS)
    validate_square_meters(zones)
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


def validate_square_meters(zones: Sequence[Zone]) -> None:
    """Reject zones that have no area in square meters, or are none.

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
    validate_zones(zones, "m")


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
