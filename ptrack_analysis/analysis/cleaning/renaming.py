"""Renaming of people: apply and undo stitches, and filter short tracks."""

from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.cleaning.stitching import first_of_chains
from ptrack_analysis.analysis.presence import mark_starts, rows_by_person
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.schema import DETECTIONS, POINTS, STITCHES, TRAJECTORIES, Table, validate
from ptrack_analysis.video import Duration, milliseconds, timedelta

_MADE = frozenset({"position_status", "time_present", "tracklet"})


def find_table_kind(table: object, *, trajectories: bool = False) -> Table:
    """Return the schema of a table: DETECTIONS or POINTS (or TRAJECTORIES, if allowed), and validate it.

    The index distinguishes detections from points. The columns ``position_status``, ``time_present`` and
    ``tracklet`` distinguish trajectories from points. Any other table is validated as detections.

    Raises
    ------
    SchemaError
        If the table does not match its schema.
    """
    kind = DETECTIONS
    if isinstance(table, pd.DataFrame) and list(table.index.names) == POINTS.key_names:
        kind = TRAJECTORIES if set(table.columns) >= _MADE else POINTS
    if kind is TRAJECTORIES and not trajectories:
        raise SchemaError(
            "not a detections table, but trajectories. Clean the detections or points from which they were "
            "computed, and compute the trajectories again."
        )
    validate(table, kind)
    return kind


def apply_stitches(table: pd.DataFrame, stitches: pd.DataFrame) -> pd.DataFrame:
    """Renumber joined tracks with the number of the first track of each chain.

    The chains follow ``after``, so rows of the stitches can be deleted; this splits a chain into two. Numbers
    that do not occur in the table are ignored, so stitches of a complete video can be applied to a part. The
    column ``merged_from`` contains the tracker's number of every row, also of tracks that were not joined.
    A table that already has this column from an earlier round of stitching keeps it. Nothing else changes,
    and the rows keep their order.

    Parameters
    ----------
    table
        DETECTIONS or POINTS from which the stitches were computed, or a part of them.
    stitches
        STITCHES; ``merged_into`` is not used.

    Returns
    -------
    pandas.DataFrame
        The table with the new numbers and the column ``merged_from``. Recompute its trajectories.

    Raises
    ------
    SchemaError
        If ``table`` is neither DETECTIONS nor POINTS, or ``stitches`` is not STITCHES.
    ParameterError
        If the stitches form a circle, if two stitches follow the same track, or if two joined tracks overlap
        in time.

    Notes
    -----
    O(n). A gap above ``max_gap`` of ``compute_trajectories`` remains a gap, so the joined person has two
    tracklets. ``fill_gaps`` closes it.

    Examples
    --------
    The tracker lost a person, who was found again under another number:

    >>> columns = {"frame": "frame", "id": "track_id"}
    >>> columns |= {"left": "x1", "right": "x2", "top": "y1", "bottom": "y2"}
    >>> video = pta.Video(width=1280, height=720, frame_rate=25.0)
    >>> detections, video = pta.read_tracking("data/tracker/morning.csv", columns=columns, video=video)
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> stitches = pta.cleaning.compute_stitches(detections, trajectories, video)
    >>> stitched = pta.cleaning.apply_stitches(detections, stitches)
    >>> [table.index.get_level_values("person_index").nunique() for table in (detections, stitched)]
    [6, 5]
    """
    find_table_kind(table)
    validate(stitches, STITCHES)
    later = stitches.index.to_numpy()
    earlier = stitches["after"].to_numpy()
    _validate_no_forks(later, earlier)
    into, circular = first_of_chains(later, earlier)
    if circular.any():
        raise ParameterError(
            f"the stitches of person {later[circular].min()} form a circle. Delete one of them."
        )
    person: Integers = table.index.get_level_values("person_index").to_numpy()
    renamed = _renamed(person, later, into)
    kept = table["merged_from"].to_numpy() if "merged_from" in table.columns else person
    result = _with_numbers(table, renamed).assign(merged_from=kept)
    _validate_no_overlap(table, renamed, person)
    return result


def unstitch_tracks(table: pd.DataFrame) -> pd.DataFrame:
    """Restore the tracker's number of every row, and drop ``merged_from``.

    All rounds of stitching are undone together. To undo a single join, delete its row of the stitches and
    apply the others again. Other changes to the table remain: a row inserted in a gap gets the number of the
    row before the gap.

    Parameters
    ----------
    table
        DETECTIONS or POINTS with the column ``merged_from``, rows in any order.

    Returns
    -------
    pandas.DataFrame
        The table as before ``apply_stitches``, rows in the same order.

    Raises
    ------
    SchemaError
        If ``table`` is neither DETECTIONS nor POINTS, or has no column ``merged_from``.

    Examples
    --------
    The tracker lost a person, who was found again under another number:

    >>> columns = {"frame": "frame", "id": "track_id"}
    >>> columns |= {"left": "x1", "right": "x2", "top": "y1", "bottom": "y2"}
    >>> video = pta.Video(width=1280, height=720, frame_rate=25.0)
    >>> detections, video = pta.read_tracking("data/tracker/morning.csv", columns=columns, video=video)
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> stitches = pta.cleaning.compute_stitches(detections, trajectories, video)
    >>> stitched = pta.cleaning.apply_stitches(detections, stitches)
    >>> pta.cleaning.unstitch_tracks(stitched).equals(detections)
    True
    """
    kind = find_table_kind(table)
    if "merged_from" not in table.columns:
        raise SchemaError(
            f"not a {kind.name} table with stitched people: column 'merged_from' is missing. "
            "Call apply_stitches first."
        )
    return _with_numbers(table, table["merged_from"].to_numpy()).drop(columns="merged_from")


def _validate_no_forks(later: Integers, earlier: Integers) -> None:
    number, count = np.unique(earlier, return_counts=True)
    if (count > 1).any():
        forked = number[count > 1][0]
        both = ", ".join(str(one) for one in np.sort(later[earlier == forked]))
        raise ParameterError(
            f"person {forked} is continued by several tracks ({both}). Delete all but one of these stitches."
        )


def _validate_no_overlap(table: pd.DataFrame, renamed: Integers, person: Integers) -> None:
    """Reject stitches of tracks that overlap in time, and name the first two."""
    time = table.index.get_level_values("timestamp").to_numpy().view("int64")
    order = np.lexsort((time, person, renamed))
    first = np.flatnonzero(mark_starts(person[order]) | mark_starts(renamed[order]))
    last = np.append(first[1:], len(order))[: len(first)] - 1
    begins, ends, whose = time[order[first]], time[order[last]], renamed[order[first]]
    by_start = np.lexsort((begins, whose))
    both = (whose[by_start][1:] == whose[by_start][:-1]) & (begins[by_start][1:] <= ends[by_start][:-1])
    if both.any():
        rows = by_start[np.flatnonzero(both)[0] :][:2]
        numbers = " and ".join(str(number) for number in np.sort(person[order[first[rows]]]))
        time_of_overlap = timedelta(int(begins[rows[1]]))
        raise ParameterError(
            f"the stitches join persons {numbers}, who are both present at {time_of_overlap}. Delete one of "
            "these stitches."
        )


def _renamed(person: Integers, later: Integers, into: Integers) -> Integers:
    """Replace the numbers of later tracks by the number of the first track of their chain."""
    if not len(later):
        return person
    order = np.argsort(later)
    index = np.minimum(np.searchsorted(later[order], person), len(later) - 1)
    found = later[order][index] == person
    return np.where(found, into[order][index], person)


def _with_numbers(table: pd.DataFrame, person: Integers) -> pd.DataFrame:
    """Return the table with other person numbers in its index."""
    index: Any = table.index
    levels = [person if name == "person_index" else index.get_level_values(name) for name in index.names]
    return table.set_axis(pd.MultiIndex.from_arrays(levels, names=index.names), axis=0)


def filter_short_tracks(
    table: pd.DataFrame, *, min_duration: Duration, min_detections: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a table into the rows of long tracks and the rows of short tracks.

    A track is short if the time from its first row to its last is below ``min_duration``, or if it has fewer
    than ``min_detections`` rows. Both limits are required, and both parts are returned, because a person with
    one detection may also be real. ``min_duration="0s", min_detections=1`` removes no one.

    Parameters
    ----------
    table
        DETECTIONS, POINTS or TRAJECTORIES, rows in any order.
    min_duration
        Shortest time from the first to the last row of a track to keep.
    min_detections
        Minimum number of rows of a track to keep; rows without a body box count.

    Returns
    -------
    tuple of pandas.DataFrame
        The kept and the removed rows, each in their original order; together they are the table.

    Raises
    ------
    SchemaError
        If ``table`` is not one of these tables.
    ParameterError
        If ``min_duration`` is not a duration, or ``min_detections`` is not a whole number of at least 0.

    Notes
    -----
    O(n log n). The number of people is too low if a tracker lost people within the limits: stitch tracks
    first (``compute_stitches``). Rows inserted in gaps count like other rows.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> trajectories = pta.compute_trajectories(detections, video)
    >>> kept, removed = pta.cleaning.filter_short_tracks(detections, min_duration="10s", min_detections=2)
    >>> removed.groupby("person_index").size().to_dict()
    {1: 93}
    """
    find_table_kind(table, trajectories=True)
    shortest = milliseconds(min_duration, "min_duration")
    if isinstance(min_detections, bool) or not isinstance(min_detections, int | np.integer):
        raise ParameterError(f"min_detections must be a whole number, got {min_detections!r}")
    if min_detections < 0:
        raise ParameterError(f"min_detections must be at least 0, got {min_detections!r}")
    rows = rows_by_person(table)
    first = np.flatnonzero(rows.first)
    count = np.diff(first, append=len(rows.time))
    duration = rows.time[first + count - 1] - rows.time[first]
    kept = np.empty(len(rows.time), dtype=bool)
    kept[rows.order] = np.repeat((duration >= shortest) & (count >= min_detections), count)
    return table[kept], table[~kept]
