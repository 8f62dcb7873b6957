"""Flow over lines, and the fundamental diagram of density, speed and flow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.counting.counts import NO_TIME, count_crossings
from ptrack_analysis.analysis.crowd.density import (
    MINUTE,
    make_edges,
    measure_active_time,
    measure_recorded,
    parse_bin_length,
    validate_square_meters,
)
from ptrack_analysis.analysis.motion.walks import split_walks
from ptrack_analysis.analysis.presence import find_video_end, warn_of_long_options
from ptrack_analysis.analysis.zones.membership import Inside, time_inside
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats, Integers, contains
from ptrack_analysis.scene.zones import Line, Zone, validate_lines
from ptrack_analysis.schema import CROSSINGS, FLOW, FUNDAMENTAL, TRAJECTORIES, assemble, find_unit, validate
from ptrack_analysis.video import Duration, Milliseconds, Video, milliseconds, validate_video

_MILLISECONDS = 1000.0


def compute_line_flow(
    crossings: pd.DataFrame,
    lines: Sequence[Line],
    video: Video,
    *,
    every: Duration = MINUTE,
    start: Duration = NO_TIME,
) -> pd.DataFrame:
    """Compute the flow over each line and, on a floor plan, the specific flow per meter, both ways.

    The bins and counts are defined in ``count_crossings``. A flow is the count divided by the length of its
    bin (the last bin is cut at the video's end). The specific flow is the flow divided by the length of the
    line along all its vertices. Without crossings, the flow is 0; in a bin without length, it is NaN. If
    there are no lines, or the end is unknown and there are no crossings, the table is empty.

    Parameters
    ----------
    crossings
        CROSSINGS of one video, rows in any order.
    lines
        Lines in the same plane. Each line has all bins.
    video
        The video, for its end.
    every
        Length of a bin.
    start
        Start of the first bin: the start of the selected part.

    Returns
    -------
    pandas.DataFrame
        FLOW, one row per line and bin, sorted by line and time; the specific flow exists only in meters.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table, or a line is in another plane.
    ParameterError
        If ``every`` is not a duration above 0, or an item is not a line.

    Notes
    -----
    O(crossings + lines · bins). The flow is too low if people cross undetected. A line that is drawn wider
    than its opening makes the specific flow too small.

    References
    ----------
    Flow J and specific flow J / b: A. Seyfried et al., "New Insights into Pedestrian Flow Through
    Bottlenecks", Transportation Science 43, 2009, doi:10.1287/trsc.1090.0263.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson", floor="data/shop/floor.json")
    >>> flow = pta.crowd.compute_line_flow(analysis["crossings"], analysis.lines, analysis.video)
    >>> flow[["in_per_m_per_s", "out_per_m_per_s"]].round(3).reset_index()
       line       timestamp  in_per_m_per_s  out_per_m_per_s
    0  door 0 days 00:00:00           0.025            0.025
    1  door 0 days 00:01:00           0.042            0.025
    2  door 0 days 00:02:00           0.025            0.042
    """
    validate(crossings, CROSSINGS)
    parse_bin_length(every)
    unit = find_unit(crossings, CROSSINGS)
    _validate_lines(lines, unit)
    counts = count_crossings(crossings, lines, video, every=every, start=start)
    names = counts.index.get_level_values("line")
    interval = counts["interval"].to_numpy().astype("int64")
    arrays: dict[str, np.ndarray | list[str]] = {
        "line": names.tolist(),
        "timestamp": counts.index.get_level_values("timestamp").to_numpy().astype("int64"),
        "interval": interval,
    }
    widths = {line.name: line.outline.length for line in lines}
    width = np.array([widths[name] for name in names], dtype="float64")
    for way in ("in", "out"):
        flow = _by_time(counts[f"{way}_count"].to_numpy().astype("float64"), interval / _MILLISECONDS)
        arrays[f"{way}_per_s"] = flow
        if unit == "m":
            arrays[f"{way}_per_m_per_s"] = flow / width
    return assemble(FLOW, arrays)


def _by_time(count: Floats, seconds: Floats) -> Floats:
    result = np.full(len(count), np.nan)
    np.divide(count, seconds, out=result, where=seconds > 0)
    return result


def _validate_lines(lines: Sequence[Line], unit: str) -> None:
    """Reject items that are not lines with a length in this plane."""
    if not isinstance(lines, list | tuple):
        raise ParameterError(f"lines must be a list of lines, got {lines!r:.60}")
    for line in lines:
        if not isinstance(line, Line):
            raise ParameterError(f"lines must contain only Line objects, got {line!r:.60}")
        if not line.outline.length > 0:
            raise ParameterError(f"line {line.name!r} has no length, so its specific flow is undefined")
    validate_lines(lines, unit)


def compute_fundamental_diagram(
    trajectories: pd.DataFrame,
    zones: Sequence[Zone],
    video: Video,
    *,
    every: Duration = MINUTE,
    start: Duration = NO_TIME,
    edges: Milliseconds | None = None,
) -> pd.DataFrame:
    """Compute the density, mean speed and flow of people in each zone and bin.

    The bins are defined in ``compute_occupancy_bins``. Let ``A`` be the zone's area and ``T`` its active time
    in the bin. In Edie's definitions, density ``k`` is the time of people inside divided by ``A · T``, speed
    ``v`` is the mean speed inside, and flow is ``q = k · v``.

    A detection counts at its foot point for its ``time_present``, as in ``compute_occupancy``. The mean speed
    is the mean of the column ``speed`` weighted by ``time_present``. It is NaN if the speed is known for less
    than half of the time inside (``speed_time``), and so is the flow. Without people inside, density and flow
    are 0 and the speed is NaN. While the zone is not active, all three are NaN. If there are no zones, or the
    end is 0, the table is empty.

    Parameters
    ----------
    trajectories
        TRAJECTORIES of one video on a floor plan, rows in any order.
    zones
        Zones on the same floor plan.
    video
        The video, for its end.
    every
        Length of a bin.
    start
        Start of the selected part, at which the first bin starts.
    edges
        Alternatively, the start of each bin and the end of the last one, as in ``compute_occupancy_bins``.

    Returns
    -------
    pandas.DataFrame
        FUNDAMENTAL, one row per zone and bin, sorted by zone and time.

    Raises
    ------
    SchemaError
        If ``trajectories`` is not a TRAJECTORIES table.
    ParameterError
        If the trajectories or a zone are not in meters, or ``every`` is not a duration above 0.
    ZoneError
        If two zones have the same name, or a zone has none.

    Notes
    -----
    O(zones · n + bins). ``person_seconds`` equals the column of ``compute_occupancy_bins`` to the
    millisecond. If a part of the zone is not visible to the camera, the density is too low.

    References
    ----------
    L. C. Edie, "Discussion of traffic stream measurements and definitions", 2nd International Symposium on
    the Theory of Traffic Flow, 1963; for walking areas M. Saberi and H. Mahmassani, "Exploring Areawide
    Dynamics of Pedestrian Crowds", Transportation Research Record 2421, 2014, doi:10.3141/2421-04.

    Examples
    --------
    >>> analysis = pta.open_video("data/shop", zones="data/shop/zones.geojson", floor="data/shop/floor.json")
    >>> diagram = pta.crowd.compute_fundamental_diagram(analysis.trajectories, analysis.zones, analysis.video)
    >>> diagram.loc["entrance", ["density_per_m2", "speed_m_per_s"]].round(2).reset_index()
            timestamp  density_per_m2  speed_m_per_s
    0 0 days 00:00:00            0.04           0.99
    1 0 days 00:01:00            0.04           0.94
    2 0 days 00:02:00            0.11           0.43
    """
    validate(trajectories, TRAJECTORIES)
    validate_video(video)
    unit = find_unit(trajectories, TRAJECTORIES)
    if unit != "m":
        raise ParameterError(
            f"the trajectories must be in m to compute a density, got {unit}. Compute them on a floor plan: "
            "compute_trajectories(..., plane=floor)."
        )
    validate_square_meters(zones)
    walks = split_walks(trajectories, unit)
    last = int((walks.rows.time + walks.time_present).max(initial=0))
    end = find_video_end(video, last)
    end = last if end is None else end
    length, begin = parse_bin_length(every), milliseconds(start, "start")
    warn_of_long_options(video, stacklevel=3, every=every)
    edges = make_edges(begin, end, length) if edges is None else edges
    recorded = measure_recorded(edges, begin, end)
    speed = trajectories["speed_m_per_s"].to_numpy()[walks.rows.order]
    parts = []
    for zone in zones if len(recorded) else ():
        located = contains(zone.edges, walks.x, walks.y) & (walks.time_present > 0)
        inside = time_inside(zone, located, walks.rows.time, walks.time_present)
        sums = _sum_per_bin(inside, speed, edges, begin, end)
        parts.append(_measured(zone, sums, edges[:-1], recorded, begin))
    columns = ("timestamp", *(column.name for column in FUNDAMENTAL.columns if not column.optional))
    arrays = {
        name: np.concatenate([np.empty(0, "int64"), *(part[name] for part in parts)]) for name in columns
    }
    names = [zone.name for zone, part in zip(zones, parts, strict=False) for _ in part["timestamp"]]
    return assemble(FUNDAMENTAL, arrays | {"zone": names})


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums per bin: time inside, the part of it with a known speed [ms], and the path length [mm]."""

    present: Milliseconds
    measured: Milliseconds
    way: Floats


def _sum_per_bin(inside: Inside, speed: Floats, edges: Milliseconds, begin: int, end: int) -> _Sums:
    """Sum the time inside and the path length over the bins, row by row in their order."""
    number = len(edges) - 1
    row, place, time = _shares(inside, edges, begin, end)
    known = ~np.isnan(speed[row])
    sums = _Sums(np.zeros(number, "int64"), np.zeros(number, "int64"), np.zeros(number))
    np.add.at(sums.present, place, time)
    np.add.at(sums.measured, place[known], time[known])
    np.add.at(sums.way, place[known], speed[row[known]] * time[known])
    return sums


def _measured(
    zone: Zone, sums: _Sums, starts: Milliseconds, spans: Milliseconds, begin: int
) -> dict[str, Integers | Floats]:
    """Divide the sums of one zone by its area and its active time."""
    present, measured, way = sums.present, sums.measured, sums.way / _MILLISECONDS
    space = zone.outline.area * measure_active_time(zone, np.maximum(starts, begin), spans)
    density = _divided(present, space)
    mean = _divided(way * _MILLISECONDS, np.where(2 * measured >= present, measured, 0))
    return {
        "timestamp": starts,
        "recorded_time": spans,
        "person_seconds": present,
        "speed_time": measured,
        "path_length_m": way,
        "density_per_m2": density,
        "speed_m_per_s": mean,
        "flow_per_m_per_s": np.where(density == 0, 0.0, density * mean),
    }


def _shares(
    inside: Inside, edges: Milliseconds, begin: int, end: int
) -> tuple[Integers, Integers, Milliseconds]:
    """Distribute the time of the rows over the bins: row, bin, time in it [ms]."""
    since, until = np.maximum(inside.since, begin), np.minimum(inside.until, end)
    lasting = until > since
    rows, since, until = inside.rows[lasting], since[lasting], until[lasting]
    first = np.searchsorted(edges, since, side="right") - 1
    number = np.searchsorted(edges, until, side="left") - first
    which = np.repeat(np.arange(len(rows)), number)
    place = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    time = np.minimum(until[which], edges[place + 1]) - np.maximum(since[which], edges[place])
    return rows[which], place, time


def _divided(values: np.ndarray, by: np.ndarray) -> Floats:
    result = np.full(len(values), np.nan)
    np.divide(values, by, out=result, where=by > 0)
    return result
