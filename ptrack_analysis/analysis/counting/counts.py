"""Counts over lines per bin, and their drift from the occupancy."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import find_video_end, warn_of_long_options
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.limits import wrong_kind
from ptrack_analysis.scene.zones import Line, list_names
from ptrack_analysis.schema import (
    BALANCE,
    COUNTS,
    CROSSINGS,
    OCCUPANCY_CHANGES,
    assemble,
    empty_table,
    validate,
)
from ptrack_analysis.video import Duration, Video, milliseconds, validate_video

MINUTE = pd.Timedelta("1min")
NO_TIME = pd.Timedelta(0)


MOST_INTERVALS = 5_000_000


def count_crossings(
    crossings: pd.DataFrame,
    lines: Sequence[Line | str],
    video: Video,
    *,
    every: Duration = MINUTE,
    start: Duration = NO_TIME,
) -> pd.DataFrame:
    """Count the crossings of each line per bin, and cumulatively.

    The bins are ``[0, every)``, ``[every, 2 * every)`` and so on to the video's end, where the last bin is
    cut. A crossing exactly at the video's end belongs to the last bin. If the end is unknown (or a crossing
    is later), the bins extend to the bin of the last crossing of any line, which is complete. Each given line
    has all bins, with 0 for bins without crossings; other lines are excluded. If the end is unknown and there
    are no crossings, the table is empty.

    Parameters
    ----------
    crossings
        CROSSINGS of one video, rows in any order. Apply ``filter_first_crossings`` to count each person once.
    lines
        Lines to count, or their names.
    video
        The video, for its end.
    every
        Length of a bin.
    start
        Start of the first bin: the start of the selected part.

    Returns
    -------
    pandas.DataFrame
        COUNTS, one row per line and bin, sorted by line and time.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table.
    ParameterError
        If ``every`` is not a duration above 0, or gives more than five million rows; if an item is not a
        line, a line occurs twice, or a crossing is before ``start``.

    Notes
    -----
    O(crossings + lines · bins). The flow is ``in_count`` / ``interval``, in 1/s.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> zones, lines = pta.read_zones("data/shop/zones.geojson", video)
    >>> crossings = pta.compute_crossings(trajectories, lines)
    >>> counts = pta.count_crossings(crossings, lines, video, every="1min")
    >>> counts[["in_count", "out_count"]].reset_index()
       line       timestamp  in_count  out_count
    0  door 0 days 00:00:00         3          3
    1  door 0 days 00:01:00         5          3
    2  door 0 days 00:02:00         3          5
    """
    validate(crossings, CROSSINGS)
    validate_video(video)
    names = _line_names(lines)
    length = milliseconds(every, "every")
    if length == 0:
        raise ParameterError(f"every must be a duration above 0, got {every!r}")
    warn_of_long_options(video, stacklevel=3, every=every)
    time = crossings.index.get_level_values("timestamp").to_numpy().astype("int64")
    begin = milliseconds(start, "start")
    last = int(time.max(initial=begin))
    end = find_video_end(video, last)
    number = (last - begin) // length + 1 if end is None else -(-(end - begin) // length)
    if number * len(names) > MOST_INTERVALS:  # before any bin is allocated
        raise ParameterError(
            f"every of {every!r} gives {number} bins for each of {len(names)} lines, more than "
            f"{MOST_INTERVALS} rows. Pass a longer duration."
        )
    starts, spans = _intervals(time, video, length, begin)
    inwards = (crossings["direction"] == "in").to_numpy()
    arrays: dict[str, Integers | list[str]] = {
        "line": np.repeat(np.array(names, dtype=object), len(starts)),
        "timestamp": np.tile(starts, len(names)),
        "interval": np.tile(spans, len(names)),
    }
    line = crossings.index.get_level_values("line")
    of_lines = [line == name for name in names]
    for way, mask in (("in", inwards), ("out", ~inwards)):
        bins = [np.minimum((time[of_line & mask] - begin) // length, len(starts) - 1) for of_line in of_lines]
        rows = [np.bincount(number, minlength=len(starts)) for number in bins]
        counts = np.reshape(np.array(rows, dtype="int64"), (len(names), len(starts)))
        arrays |= {f"{way}_count": counts.ravel(), f"{way}_total": counts.cumsum(axis=1).ravel()}
    return assemble(COUNTS, arrays)


def compute_count_drift(
    crossings: pd.DataFrame,
    occupancy: pd.DataFrame,
    *,
    zone: str = "",
    lines: Sequence[Line | str] | None = None,
) -> pd.DataFrame:
    """Compare the people counted into a zone over its lines with the people present in it, over time.

    ``counted`` is the result of a door counter: the people present at 0, plus the people who came in over the
    lines until then (a crossing counts from its timestamp on), minus the people who went out. ``present`` is
    the occupancy of the zone, and ``drift`` is ``counted`` minus ``present``. There is one row per change, a
    first row at 0 and a closing row at the end of the occupancy; each row is valid until the next one. The
    closing row has the people present until the end, as in the occupancy. Without occupancy, the table is
    empty.

    Parameters
    ----------
    crossings
        CROSSINGS of one video, rows in any order.
    occupancy
        OCCUPANCY_CHANGES of the same video, rows in any order.
    zone
        Name of the zone that the lines bound; ``""`` is the scene.
    lines
        Lines whose direction *in* leads into the zone, or their names; by default all lines of the table. A
        line without crossings adds nothing.

    Returns
    -------
    pandas.DataFrame
        BALANCE, sorted by time.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table, or ``occupancy`` not an OCCUPANCY_CHANGES table.
    ParameterError
        If the zone is not in the occupancy, an item is not a line, a line occurs twice, or a crossing is
        after the end of the occupancy, so that the tables belong to different videos.

    Notes
    -----
    O(n log n). Counting drifts because tracking is imperfect: a person who appears or disappears inside the
    zone (lost by the tracker, hidden, at the image border) changes ``present`` without crossing a line, and
    so does a person who crosses in a gap. Each missed crossing shifts ``counted`` permanently, so its error
    grows with time. ``present`` is counted independently at each time and does not accumulate errors. For up
    to one sampling step around a crossing, the drift is ±1 without any error: the line is crossed between two
    detections, and the zone is entered at the second.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> zones, lines = pta.read_zones("data/shop/zones.geojson", video)
    >>> crossings = pta.compute_crossings(trajectories, lines)
    >>> drift = pta.counting.compute_count_drift(crossings, pta.compute_occupancy(trajectories, video))
    >>> drift.loc["", ["counted", "present", "drift"]].tail(3).reset_index()
                   timestamp  counted  present  drift
    0 0 days 00:02:50.240000        1        2     -1
    1 0 days 00:02:50.480000        2        2      0
    2 0 days 00:03:00.000000        2        2      0
    """
    validate(crossings, CROSSINGS)
    validate(occupancy, OCCUPANCY_CHANGES, "occupancy")
    line = crossings.index.get_level_values("line")
    taken = np.ones(len(crossings), dtype=bool) if lines is None else line.isin(_line_names(lines))
    times, persons = _present(occupancy, zone)
    if not len(occupancy) and not taken.any():
        return empty_table(BALANCE)
    if not len(times):
        raise ParameterError(f"zone {zone!r} is not in the occupancy table")
    time = _read_times(crossings)[taken]
    if time.max(initial=0) > times[-1]:
        raise ParameterError(
            f"a crossing at {time.max()} ms is after the end of the occupancy at {times[-1]} ms. Pass two "
            "tables of the same video."
        )
    inwards = (crossings["direction"] == "in").to_numpy()[taken]
    return _balance(zone, times, persons, time, inwards)


def _balance(zone: str, times: Integers, persons: Integers, time: Integers, inwards: Bools) -> pd.DataFrame:
    """Evaluate the two step functions at the times of both, and keep the rows with a change."""
    timestamps = np.unique(np.concatenate([times, time]))
    came, went = (
        np.searchsorted(np.sort(time[way]), timestamps, side="right") for way in (inwards, ~inwards)
    )
    present = persons[np.searchsorted(times, timestamps, side="right") - 1]
    numbers = np.stack([came, went, present])
    keep = np.ones(len(timestamps), dtype=bool)
    keep[1:-1] = (numbers[:, 1:-1] != numbers[:, :-2]).any(axis=0)
    counted = persons[0] + came - went
    columns = {
        "timestamp": timestamps,
        "in_total": came,
        "out_total": went,
        "counted": counted,
        "present": present,
        "drift": counted - present,
    }
    arrays = {name: values[keep] for name, values in columns.items()}
    return assemble(BALANCE, arrays | {"zone": [zone] * int(keep.sum())})


def _present(occupancy: pd.DataFrame, zone: str) -> tuple[Integers, Integers]:
    """Return the times [ms] and the counts of one zone, in the order of time."""
    if not isinstance(zone, str):
        raise wrong_kind("zone", "the name of a zone", zone)
    rows = occupancy[occupancy.index.get_level_values("zone") == zone].sort_index()
    return _read_times(rows), rows["persons"].to_numpy()


def _read_times(table: pd.DataFrame) -> Integers:
    times: Integers = table.index.get_level_values("timestamp").to_numpy().astype("int64")
    return times


def _line_names(lines: Sequence[Line | str]) -> list[str]:
    """Return the names of lines; reject invalid and duplicate lines."""
    names = list_names(lines, Line, "lines")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(f"the line {twice[0]!r} occurs twice")
    return names


def _intervals(time: Integers, video: Video, length: int, begin: int) -> tuple[Integers, Integers]:
    """Return the starts and lengths of the bins [ms]."""
    if time.min(initial=begin) < begin:
        raise ParameterError(f"a crossing at {time.min()} ms is before the start at {begin} ms")
    last = int(time.max(initial=begin))
    end = find_video_end(video, last)
    if end is None:
        starts = np.arange((last - begin) // length + 1 if len(time) else 0) * length + begin
        return starts, np.full(len(starts), length)
    starts = np.arange(max(-(-(end - begin) // length), 1)) * length + begin
    return starts, np.minimum(length, np.maximum(end - starts, 0))
