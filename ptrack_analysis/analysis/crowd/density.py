"""Occupancy and density per bin."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import find_video_end, number_names, warn_of_long_options
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.limits import validate_budget
from ptrack_analysis.scene.zones import Zone, validate_zones
from ptrack_analysis.schema import DENSITY, OCCUPANCY_CHANGES, ZONE_OCCUPANCY, assemble, validate
from ptrack_analysis.video import Duration, Milliseconds, Video, milliseconds, validate_video

MINUTE = pd.Timedelta("1min")
QUARTER_HOUR = pd.Timedelta("15min")
NO_TIME = pd.Timedelta(0)
MOST_BINS = 5_000_000
_BIN_BYTES = 120


def compute_occupancy_bins(
    occupancy: pd.DataFrame,
    video: Video,
    *,
    every: Duration = MINUTE,
    edges: Milliseconds | None = None,
) -> pd.DataFrame:
    """Compute the mean and maximum number of people per bin of time.

    The bins are ``[0, every)``, ``[every, 2 * every)`` and so on, from the first row of the occupancy (0,
    except for a part of a video) to the end of the video, or to the last row of the occupancy if that is
    later or the end is unknown. The last bin ends there. With ``edges``, bins can be aligned to the clock;
    the video may then cover a part of the first and the last bin only, and ``recorded_time`` is that part.

    ``person_seconds`` is the integral of the count over the bin, ``mean_persons`` is ``person_seconds`` /
    ``recorded_time``, and ``max_persons`` is the maximum count. A bin without people has 0 in these columns.
    An empty table, or a table that ends at 0, gives an empty table.

    Parameters
    ----------
    occupancy
        OCCUPANCY_CHANGES of one video, rows in any order.
    video
        The video, for its end.
    every
        Length of a bin; ignored with ``edges``.
    edges
        Start of each bin and the end of the last one, in ascending order, since the start of the
        video. They must cover the occupancy.

    Returns
    -------
    pandas.DataFrame
        ZONE_OCCUPANCY, one row per bin and zone of ``occupancy``, sorted by zone and time; the scene is the
        zone ``""``.

    Raises
    ------
    SchemaError
        If ``occupancy`` is not an OCCUPANCY_CHANGES table.
    ParameterError
        If ``every`` is not a duration above 0, or ``edges`` do not cover the occupancy.

    Notes
    -----
    O(n log n + zones · bins). The sum of ``person_seconds`` of the scene is the sum of ``time_present`` to
    the millisecond. For a zone, it is the dwell of the people with a position. After a zone's last row, the
    count is 0. If a zone is active during a part of a bin, the mean is still over the complete bin.

    References
    ----------
    Occupancy as the time average L of J. D. C. Little, "A Proof for the Queuing Formula: L = λW", Operations
    Research 9, 1961, doi:10.1287/opre.9.3.383.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> occupancy = pta.compute_occupancy(trajectories, video)
    >>> bins = pta.crowd.compute_occupancy_bins(occupancy, video, every="1min")
    >>> bins.loc["", ["mean_persons", "max_persons"]].round(2).reset_index()
            timestamp  mean_persons  max_persons
    0 0 days 00:00:00          2.43            4
    1 0 days 00:01:00          2.96            4
    2 0 days 00:02:00          2.93            5
    """
    validate(occupancy, OCCUPANCY_CHANGES, "occupancy")
    validate_video(video)
    length = parse_bin_length(every)
    warn_of_long_options(video, stacklevel=3, every=every)
    occupancy = occupancy.sort_index()
    zone, names = number_names(occupancy, "zone")
    time = occupancy.index.get_level_values("timestamp").to_numpy().astype("int64")
    persons = occupancy["persons"].to_numpy()
    last = int(time.max(initial=0))
    known = find_video_end(video, last)
    begin, end = int(time.min(initial=last)), last if known is None else known
    edges = make_edges(begin, end, length) if edges is None else edges
    counts = {name: (time[zone == number], persons[zone == number]) for number, name in enumerate(names)}
    return assemble(ZONE_OCCUPANCY, bin_counts(counts, edges, begin, end))


def bin_counts(
    counts: Mapping[str, tuple[Milliseconds, Integers]], edges: Milliseconds, begin: int, end: int
) -> dict[str, np.ndarray | list[str]]:
    """Compute the columns of ZONE_OCCUPANCY.

    Parameters
    ----------
    counts
        For each zone, the times at which the count changes [ms], and the count from then on.
    edges
        Edges of the bins [ms].
    begin, end
        The recorded part of the video [ms].
    """
    validate_budget(
        len(counts) * len(edges) * _BIN_BYTES,
        f"the occupancy of {len(counts)} zones in {len(edges) - 1} bins",
        "Pass longer bins with every (--every) or fewer zones, or raise memory (--memory).",
    )
    recorded = measure_recorded(edges, begin, end)
    parts = [_binned(time, persons, edges) for time, persons in counts.values()]
    total, most = (np.concatenate([np.empty(0, "int64"), *(part[of] for part in parts)]) for of in (0, 1))
    recorded_time = np.tile(recorded, len(counts))
    return {
        "zone": np.repeat(np.array([*counts], dtype=object), len(recorded)),
        "timestamp": np.tile(edges[:-1], len(counts)),
        "recorded_time": recorded_time,
        "mean_persons": total / recorded_time,
        "max_persons": most,
        "person_seconds": total,
    }


def parse_bin_length(every: Duration) -> int:
    """Return the length of a bin [ms].

    Raises
    ------
    ParameterError
        If ``every`` is not a duration above 0.
    """
    length = milliseconds(every, "every")
    if length == 0:
        raise ParameterError(f"every must be a duration above 0, got {every!r}")
    return length


def make_edges(begin: int, end: int, length: int) -> Milliseconds:
    """Return the edges of bins of this length [ms]; the last bin ends at ``end``."""
    validate_bin_count(begin, end, length)
    return np.append(np.arange(begin, end, length, dtype="int64"), end)


def validate_bin_count(begin: int, end: int, length: int) -> None:
    """Reject a bin length that gives too many bins."""
    number = (end - begin) // length
    if number > MOST_BINS:
        raise ParameterError(
            f"every is {length} ms, which makes {number} bins, more than {MOST_BINS}. Pass a longer duration."
        )


def measure_recorded(edges: Milliseconds, begin: int, end: int) -> Milliseconds:
    """Return the part of each bin that is between ``begin`` and ``end`` [ms].

    Raises
    ------
    ParameterError
        If the edges do not cover the time from ``begin`` to ``end``.
    """
    if begin < end and not (len(edges) > 1 and edges[0] <= begin and end <= edges[-1]):
        raise ParameterError(f"edges must cover the time from {begin} to {end} ms")
    recorded: Milliseconds = np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin)
    return recorded


def measure_active_time(zone: Zone, starts: Milliseconds, spans: Milliseconds) -> Milliseconds:
    """Return the active time of the zone within each bin [ms]."""
    if zone.window is None:
        return spans
    since, until = zone.window
    active: Milliseconds = np.minimum(starts + spans, until) - np.maximum(starts, since)
    return np.maximum(active, 0)


def _binned(time: Milliseconds, persons: Integers, edges: Milliseconds) -> tuple[Integers, Integers]:
    """Sum the count of one zone over each bin [person-ms], and find the maximum."""
    starts, end = edges[:-1], edges[-1]
    if not len(starts):
        return starts, starts
    times = np.unique(np.concatenate([starts, time[(time >= starts[0]) & (time < end)]]))
    row = np.searchsorted(time, times, side="right") - 1
    count = np.where((row >= 0) & (row < len(time) - 1), persons[row], 0)
    opens = np.searchsorted(times, starts)
    total = np.add.reduceat(count * np.diff(times, append=end), opens)
    return total, np.maximum.reduceat(count, opens)


def compute_density(bins: pd.DataFrame, zones: Sequence[Zone], *, start: Duration = NO_TIME) -> pd.DataFrame:
    """Compute the number of people per area in each zone and bin.

    The density is ``person_seconds`` divided by the zone's area and by the active time of the zone in the
    bin, so it describes the time when the zone was active. It is NaN if the zone was not active in the bin.
    The maximum density is ``max_persons`` / area. The space per person is the inverse of the density, or NaN
    without people. The scene ``""`` has no area and is excluded. Without zones or bins, the table is empty.

    Parameters
    ----------
    bins
        ZONE_OCCUPANCY of one video, rows in any order.
    zones
        Zones on the floor plan, each of them in ``bins``.
    start
        Start of the selected part: the recorded time of an earlier bin begins here.

    Returns
    -------
    pandas.DataFrame
        DENSITY, one row per zone and bin, sorted by zone and time.

    Raises
    ------
    SchemaError
        If ``bins`` is not a ZONE_OCCUPANCY table.
    ParameterError
        If a zone is not in meters, or not in ``bins``.
    ZoneError
        If two zones have the same name.

    Notes
    -----
    O(zones · bins). The area is the area of the complete outline, including parts covered by furniture or not
    visible to the camera. If such parts exist, the density is too low.

    References
    ----------
    Classic density k = N / A: B. Steffen and A. Seyfried, "Methods for measuring pedestrian density, flow,
    speed and direction with minimal scatter", Physica A 389, 2010, doi:10.1016/j.physa.2009.12.015; PedPy's
    ``compute_classic_density``, averaged over time.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson", floor="data/shop/floor.json")
    >>> occupancy = pta.compute_occupancy(analysis.trajectories, analysis.video, zones=analysis.zones)
    >>> bins = pta.crowd.compute_occupancy_bins(occupancy, analysis.video)
    >>> density = pta.crowd.compute_density(bins, analysis.zones)
    >>> density.loc["checkout", ["area_m2", "density_per_m2"]].round(3).reset_index()
            timestamp  area_m2  density_per_m2
    0 0 days 00:00:00      3.6           0.192
    1 0 days 00:01:00      3.6           0.040
    2 0 days 00:02:00      3.6           0.055
    """
    validate(bins, ZONE_OCCUPANCY, "bins")
    validate_square_meters(zones)
    bins = bins.sort_index()
    of_rows = bins.index.get_level_values("zone")
    missing = [zone.name for zone in zones if zone.name not in of_rows]
    if missing and len(bins):
        raise ParameterError(f"zone {missing[0]!r} is not in the occupancy bins")
    begin = milliseconds(start, "start")
    parts = [_dense(zone, bins[of_rows == zone.name], begin) for zone in zones]
    names = [zone.name for zone, part in zip(zones, parts, strict=True) for _ in part["timestamp"]]
    columns = ("timestamp", *(column.name for column in DENSITY.columns if not column.optional))
    arrays = {
        name: np.concatenate([np.empty(0, "int64"), *(part[name] for part in parts)]) for name in columns
    }
    return assemble(DENSITY, arrays | {"zone": names})


def validate_square_meters(zones: Sequence[Zone]) -> None:
    """Reject items that are not zones with an area in square meters.

    Raises
    ------
    ParameterError
        With the first such zone.
    ZoneError
        If two zones have the same name.
    """
    for zone in zones if isinstance(zones, list | tuple) else ():
        if isinstance(zone, Zone) and zone.unit != "m":
            raise ParameterError(
                f"zone {zone.name!r} must be in m to compute a density, got {zone.unit}: the size of a "
                f"{zone.unit} on the floor varies within the image. Read the zones on a floor plan."
            )
    validate_zones(zones, "m")


def _dense(zone: Zone, bins: pd.DataFrame, begin: int) -> dict[str, Integers | Floats]:
    """Compute the density in the bins of one zone."""
    time = bins.index.get_level_values("timestamp").to_numpy().astype("int64")
    interval, present = (
        bins[name].to_numpy().astype("int64") for name in ("recorded_time", "person_seconds")
    )
    open_time = measure_active_time(zone, np.maximum(time, begin), interval)
    area = zone.outline.area
    density = np.where(open_time > 0, present / np.maximum(open_time, 1) / area, np.nan)
    space = np.full(len(time), np.nan)
    np.divide(1.0, density, out=space, where=density > 0)
    most = np.where(open_time > 0, bins["max_persons"].to_numpy() / area, np.nan)
    return {
        "timestamp": time,
        "recorded_time": interval,
        "area_m2": np.full(len(time), area),
        "density_per_m2": density,
        "max_density_per_m2": most,
        "space_m2": space,
    }
