"""Occupancy interval by interval: mean, largest, and the time of all persons."""

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import end_of
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import BINS, OCCUPANCY, assemble, check
from ptrack_analysis.video import Milliseconds, Video, milliseconds

MINUTE = pd.Timedelta("1min")
NO_TIME = pd.Timedelta(0)
MOST_INTERVALS = 5_000_000


def compute_occupancy_bins(
    occupancy: pd.DataFrame, video: Video, *, every: pd.Timedelta | str = MINUTE
) -> pd.DataFrame:
    """Tell for each interval of time how many persons were there on average and at most.

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
    O(n log n + zones · intervals). The sum of ``person_seconds`` of the scene is the sum of ``held``
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
    >>> from ptrack_analysis import Video, compute_occupancy_bins
    >>> moments = pd.to_timedelta([0, 30, 60, 90], unit="s").as_unit("ms")
    >>> index = pd.MultiIndex.from_product([[""], moments], names=["zone", "timestamp"])
    >>> occupancy = pd.DataFrame({"persons": [2, 1, 0, 0]}, index=index)
    >>> bins = compute_occupancy_bins(occupancy, Video(duration=pd.Timedelta("90s")))
    >>> bins[["mean_persons", "max_persons"]].to_numpy().tolist()
    [[1.5, 2.0], [0.0, 0.0]]
    """
    check(occupancy, OCCUPANCY)
    length = length_of(every)
    occupancy = occupancy.sort_index()
    zone = occupancy.index.get_level_values("zone")
    time = occupancy.index.get_level_values("timestamp").to_numpy().astype("int64")
    persons = occupancy["persons"].to_numpy()
    last = int(time.max(initial=0))
    known = end_of(video, last)
    starts, spans = intervals(last if known is None else known, length, int(time.min(initial=last)))
    names = zone.unique().tolist()
    parts = [_binned(time[zone == name], persons[zone == name], starts, spans) for name in names]
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


def length_of(every: pd.Timedelta | str) -> int:
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
    """Tell for how long of each interval the zone holds [ms]."""
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
