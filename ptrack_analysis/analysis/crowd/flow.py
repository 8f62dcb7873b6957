"""Flow: how many persons a second cross a line, and a metre of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.crowd.bins import MINUTE, length_of
from ptrack_analysis.analysis.lines.counts import NO_TIME, compute_counts
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Floats
from ptrack_analysis.scene.zones import Line, refuse_lines
from ptrack_analysis.schema import CROSSINGS, FLOW, assemble, check, unit_of
from ptrack_analysis.video import Video

_MILLISECONDS = 1000.0


def compute_flow(
    crossings: pd.DataFrame,
    lines: Sequence[Line],
    video: Video,
    *,
    every: pd.Timedelta | str = MINUTE,
    start: pd.Timedelta | str = NO_TIME,
) -> pd.DataFrame:
    """Tell how many persons a second cross each line, and on a floor plan each metre of it, both ways.

    The intervals and what is counted in them are those of ``compute_counts``. A flow is the count by the
    length of its interval (the last is cut at the video's end), a specific flow is that by the length of the
    line from its first to its last vertex along all of them. Where nobody crosses, it is 0; in an
    interval of no length, NaN. An unknown end without any crossing, or no lines: no rows.

    Parameters
    ----------
    crossings
        CROSSINGS of one video, rows in any order.
    lines
        Lines in the same plane; each has all intervals.
    video
        The video, for its end.
    every
        Length of an interval [ms].
    start
        Where the first interval begins: the start of the part that was selected [ms].

    Returns
    -------
    pandas.DataFrame
        FLOW, one row an interval, sorted by line and time; the specific flow is there in metres only.

    Raises
    ------
    SchemaError
        If ``crossings`` is not a CROSSINGS table, or a line is in another plane.
    ParameterError
        If ``every`` is no length of time above 0, or something is no line.

    Notes
    -----
    O(crossings + lines · intervals). It errs as the crossings do: low where persons cross unseen. A line that
    is drawn wider than the opening it stands in makes the specific flow too small.

    References
    ----------
    Flow J and specific flow J / b of A. Seyfried et al., "New Insights into Pedestrian Flow Through
    Bottlenecks", Transportation Science 43, 2009, doi:10.1287/trsc.1090.0263.

    Examples
    --------
    >>> from shapely.geometry import LineString
    >>> from ptrack_analysis import Line, Video, empty
    >>> from ptrack_analysis.schema import CROSSINGS
    >>> door = Line("door", LineString([(0, 0), (0, 2)]), "m")
    >>> video = Video(duration=pd.Timedelta("60s"))
    >>> compute_flow(empty(CROSSINGS, unit="m"), [door], video)["in_per_m_per_s"].tolist()
    [0.0]
    """
    check(crossings, CROSSINGS)
    length_of(every)
    unit = unit_of(crossings, CROSSINGS)
    _refuse_other(lines, unit)
    counts = compute_counts(crossings, lines, video, every=every, start=start)
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


def _refuse_other(lines: Sequence[Line], unit: str) -> None:
    """Refuse what is no line with a length in this plane."""
    if not isinstance(lines, list | tuple):
        raise ParameterError(f"{lines!r:.60} is not a list of lines")
    for line in lines:
        if not isinstance(line, Line):
            raise ParameterError(f"{line!r:.60} is not a Line")
        if not line.outline.length > 0:
            raise ParameterError(f"line {line.name!r} has no length, so no flow can be had for a metre of it")
    refuse_lines(lines, unit)
