"""Short tracks, told from the others."""

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.cleaning.kinds import kind_of
from ptrack_analysis.analysis.presence import rows_by_person
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.video import milliseconds


def split_short_tracks(
    table: pd.DataFrame, *, min_duration: pd.Timedelta | str, min_detections: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a table into the tracks that are long enough and those that are not.

    A track is removed if the time from its first row to its last is below ``min_duration`` or if it has
    fewer than ``min_detections`` rows. Both limits are to be named, and both parts come back: who was seen
    once is a person too, unless the analyst says otherwise. ``min_duration="0s", min_detections=1`` removes
    nobody.

    Parameters
    ----------
    table
        DETECTIONS, POINTS or TRAJECTORIES, rows in any order.
    min_duration
        The shortest time from first to last row that is kept [ms].
    min_detections
        The smallest number of rows that is kept; rows without a body box count.

    Returns
    -------
    tuple of pandas.DataFrame
        The rows kept and the rows removed, each in their order: together the table.

    Raises
    ------
    SchemaError
        If ``table`` is none of these tables.
    ParameterError
        If ``min_duration`` is no length of time, or ``min_detections`` is not a whole number of at least 0.

    Notes
    -----
    O(n log n). Errs towards fewer persons, where a tracker lost somebody within the limits: join identities
    first (``compute_stitches``). Rows put into gaps count like others.

    Examples
    --------
    >>> from ptrack_analysis import empty
    >>> from ptrack_analysis.schema import DETECTIONS
    >>> kept, removed = split_short_tracks(empty(DETECTIONS), min_duration="1s", min_detections=2)
    >>> len(kept), len(removed)
    (0, 0)
    """
    kind_of(table, trajectories=True)
    shortest = milliseconds(min_duration, "min_duration")
    if isinstance(min_detections, bool) or not isinstance(min_detections, int | np.integer):
        raise ParameterError(f"min_detections is {min_detections!r}, not a whole number")
    if min_detections < 0:
        raise ParameterError(f"min_detections is {min_detections!r}, not at least 0")
    rows = rows_by_person(table)
    first = np.flatnonzero(rows.first)
    count = np.diff(first, append=len(rows.time))
    duration = rows.time[first + count - 1] - rows.time[first]
    kept = np.empty(len(rows.time), dtype=bool)
    kept[rows.order] = np.repeat((duration >= shortest) & (count >= min_detections), count)
    return table[kept], table[~kept]
