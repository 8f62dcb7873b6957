"""Counts over lines: interval after interval, beside those present."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.presence import find_video_end
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.scene.zones import Line
from ptrack_analysis.schema import (
    BALANCE,
    COUNTS,
    CROSSINGS,
    OCCUPANCY_CHANGES,
    assemble,
    empty_table,
    validate,
)
from ptrack_analysis.video import Video, milliseconds

MINUTE = pd.Timedelta("1min")
NO_TIME = pd.Timedelta(0)


MOST_INTERVALS = 5_000_000


def count_crossings(
    crossings: pd.DataFrame,
    lines: Sequence[Line | str],
    video: Video,
    *,
    every: pd.Timedelta | str = MINUTE,
    start: pd.Timedelta | str = NO_TIME,
) -> pd.DataFrame:
    """Count the crossings of each line in each interval of time, and up to its end.

    The intervals are ``[0, every)``, ``[every, 2 * every)`` and so on to the video's end, where the last one
    is cut; a crossing exactly at the video's end belongs to the last. Where the end is unknown (or a crossing
    lies beyond it), they go on to that of the last crossing of any line, whole. Every line that is given has
    all intervals, with 0 where nobody crossed; lines that are not given are left out. An unknown end without
    any crossing: no rows.

    Parameters
    ----------
    crossings
        CROSSINGS of one video, rows in any order. ``filter_first_crossings`` of them counts each person once.
    lines
        Lines to count, or their names.
    video
        The video, for its end.
    every
        Length of an interval [ms].
    start
        Where the first interval begins: the start of the part that was selected [ms].

    Returns
    -------
    pandas.DataFrame
        COUNTS, one row an interval, sorted by line and time.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table.
    ParameterError
        If ``every`` is no length of time above 0, or makes more than five million intervals, something is no
        line, a line occurs twice, or a crossing lies before ``start``.

    Notes
    -----
    O(crossings + lines · intervals). A flow is ``in_count`` by ``interval``, in 1/s.

    Examples
    --------
    >>> from ptrack_analysis import Video
    >>> from ptrack_analysis.schema import empty_table
    >>> video = Video(duration=pd.Timedelta("150s"))
    >>> counts = count_crossings(empty_table(CROSSINGS, unit="px"), ["door"], video)
    >>> counts["interval"].dt.total_seconds().tolist()
    [60.0, 60.0, 30.0]
    """
    validate(crossings, CROSSINGS)
    names = _line_names(lines)
    length = milliseconds(every, "every")
    if length == 0:
        raise ParameterError(f"every is {every!r}, not a length of time above 0")
    time = crossings.index.get_level_values("timestamp").to_numpy().astype("int64")
    begin = milliseconds(start, "start")
    starts, spans = _intervals(time, video, length, begin)
    if len(starts) * len(names) > MOST_INTERVALS:
        raise ParameterError(
            f"every is {every!r}, which makes {len(starts)} intervals for each of {len(names)} lines, more "
            f"than {MOST_INTERVALS} in all: take a longer one"
        )
    inwards = (crossings["direction"] == "in").to_numpy()
    arrays: dict[str, Integers | list[str]] = {
        "line": np.repeat(np.array(names, dtype=object), len(starts)),
        "timestamp": np.tile(starts, len(names)),
        "interval": np.tile(spans, len(names)),
    }
    line = crossings.index.get_level_values("line")
    of_lines = [line == name for name in names]
    for way, mask in (("in", inwards), ("out", ~inwards)):
        places = [
            np.minimum((time[of_line & mask] - begin) // length, len(starts) - 1) for of_line in of_lines
        ]
        rows = [np.bincount(place, minlength=len(starts)) for place in places]
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
    """Set the persons counted into a zone over its lines beside those present in it, at every moment.

    ``counted`` is what a door counter would show: the persons present at 0, plus those that came in over the
    lines until then (a crossing counts from its moment on), minus those that went out. ``present`` is the
    occupancy of the zone, ``drift`` is ``counted`` minus ``present``. There is one row a change of any of
    them, a first row at 0 and a closing row at the end of the occupancy, each valid until the next. The
    closing row has the people present until the end, like that of the occupancy. No occupancy: no rows.

    Parameters
    ----------
    crossings
        CROSSINGS of one video, rows in any order.
    occupancy
        OCCUPANCY_CHANGES of the same video, rows in any order.
    zone
        Name of the zone that the lines bound; ``""`` is the whole scene.
    lines
        The lines whose *in* leads into the zone, or their names; by default all of the table. One that was
        never crossed adds nothing.

    Returns
    -------
    pandas.DataFrame
        BALANCE, sorted by time.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table, or ``occupancy`` not an OCCUPANCY_CHANGES table.
    ParameterError
        If the zone is not in the occupancy, something is no line, a line occurs twice, or a crossing lies
        beyond the occupancy's end: then they are not of one video.

    Notes
    -----
    O(n log n). A camera is no turnstile, so counting drifts: who appears inside the zone, or vanishes in
    it (lost by the tracker, hidden, at the picture's edge), changes ``present`` but crosses no line, and
    so does one who crosses in a gap. Each missed crossing shifts ``counted`` for good, so its error grows
    with time; ``present`` is counted anew at every moment and accumulates none. For up to a sampling step
    around a crossing the drift is ±1 with nothing wrong: the line is crossed between two detections, the zone
    is entered at the second.

    Examples
    --------
    >>> from ptrack_analysis import Video, compute_occupancy
    >>> from ptrack_analysis.schema import TRAJECTORIES
    >>> nobody = compute_occupancy(empty_table(TRAJECTORIES, unit="px"), Video(duration=pd.Timedelta("9s")))
    >>> compute_count_drift(empty_table(CROSSINGS, unit="px"), nobody)["drift"].tolist()
    [0, 0]
    """
    validate(crossings, CROSSINGS)
    validate(occupancy, OCCUPANCY_CHANGES)
    line = crossings.index.get_level_values("line")
    taken = np.ones(len(crossings), dtype=bool) if lines is None else line.isin(_line_names(lines))
    times, persons = _present(occupancy, zone)
    if not len(occupancy) and not taken.any():
        return empty_table(BALANCE)
    if not len(times):
        raise ParameterError(f"zone {zone!r} is not in the occupancy table")
    time = _moments(crossings)[taken]
    if time.max(initial=0) > times[-1]:
        raise ParameterError(
            f"a crossing at {time.max()} ms lies beyond the occupancy's end at {times[-1]} ms: "
            "the two tables are not of one video"
        )
    inwards = (crossings["direction"] == "in").to_numpy()[taken]
    return _balance(zone, times, persons, time, inwards)


def _balance(zone: str, times: Integers, persons: Integers, time: Integers, inwards: Bools) -> pd.DataFrame:
    """Put the two step functions on the moments of both, and keep those at which something changes."""
    moments = np.unique(np.concatenate([times, time]))
    came, went = (np.searchsorted(np.sort(time[way]), moments, side="right") for way in (inwards, ~inwards))
    present = persons[np.searchsorted(times, moments, side="right") - 1]
    numbers = np.stack([came, went, present])
    keep = np.ones(len(moments), dtype=bool)
    keep[1:-1] = (numbers[:, 1:-1] != numbers[:, :-2]).any(axis=0)
    counted = persons[0] + came - went
    columns = {
        "timestamp": moments,
        "in_total": came,
        "out_total": went,
        "counted": counted,
        "present": present,
        "drift": counted - present,
    }
    arrays = {name: values[keep] for name, values in columns.items()}
    return assemble(BALANCE, arrays | {"zone": [zone] * int(keep.sum())})


def _present(occupancy: pd.DataFrame, zone: str) -> tuple[Integers, Integers]:
    """Return the moments [ms] and the counts of one zone, in the order of time."""
    rows = occupancy[occupancy.index.get_level_values("zone") == zone].sort_index()
    return _moments(rows), rows["persons"].to_numpy()


def _moments(table: pd.DataFrame) -> Integers:
    moments: Integers = table.index.get_level_values("timestamp").to_numpy().astype("int64")
    return moments


def _line_names(lines: Sequence[Line | str]) -> list[str]:
    """Return the names of lines, refusing what is no line and what occurs twice."""
    if not isinstance(lines, list | tuple):
        raise ParameterError(f"{lines!r:.60} is not a list of lines or of their names")
    for line in lines:
        if not isinstance(line, Line | str):
            raise ParameterError(f"{line!r:.60} is not a Line or the name of one")
    names = [line if isinstance(line, str) else line.name for line in lines]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(f"the line {twice[0]!r} occurs twice")
    return names


def _intervals(time: Integers, video: Video, length: int, begin: int) -> tuple[Integers, Integers]:
    """Return the intervals' starts and lengths [ms]."""
    if time.min(initial=begin) < begin:
        raise ParameterError(f"a crossing at {time.min()} ms lies before the start at {begin} ms")
    last = int(time.max(initial=begin))
    end = find_video_end(video, last)
    if end is None:
        starts = np.arange((last - begin) // length + 1 if len(time) else 0) * length + begin
        return starts, np.full(len(starts), length)
    starts = np.arange(max(-(-(end - begin) // length), 1)) * length + begin
    return starts, np.minimum(length, np.maximum(end - starts, 0))
