"""Tables after people were renamed: stitches applied and undone, short tracks left out."""

from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.cleaning.stitching import first_of_chains
from ptrack_analysis.analysis.presence import mark_starts, rows_by_person
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.geometry import Integers
from ptrack_analysis.schema import DETECTIONS, POINTS, STITCHES, TRAJECTORIES, Table, validate
from ptrack_analysis.video import milliseconds, timedelta

_MADE = frozenset({"position_status", "time_present", "tracklet"})


def find_table_kind(table: object, *, trajectories: bool = False) -> Table:
    """Return whether a table is DETECTIONS or POINTS (or TRAJECTORIES, where they are taken), and check it.

    Its index tells detections from points, the columns ``located held run`` tell trajectories from points;
    whatever is neither is taken for detections.

    Raises
    ------
    SchemaError
        If it is no such table.
    """
    kind = DETECTIONS
    if isinstance(table, pd.DataFrame) and list(table.index.names) == POINTS.key_names:
        kind = TRAJECTORIES if set(table.columns) >= _MADE else POINTS
    if kind is TRAJECTORIES and not trajectories:
        raise SchemaError(
            "not a detections table: these are trajectories; clean the detections or points that they were "
            "computed from, then compute them again"
        )
    validate(table, kind)
    return kind


def apply_stitches(table: pd.DataFrame, stitches: pd.DataFrame) -> pd.DataFrame:
    """Give the joined tracks one number, that of the first of them, and keep the tracker's number.

    The chains are followed from ``after``, so rows of the stitches can be deleted: the chain is then two.
    Numbers that the table does not have are passed over, so stitches of a whole video fit a part of it. The
    tracker's number of every row is in ``merged_from``, joined or not; a table that has that column already,
    from an earlier round of stitching, keeps it. Nothing else changes, and the rows keep their order.

    Parameters
    ----------
    table
        DETECTIONS or POINTS that the stitches were computed from, or a part of them.
    stitches
        STITCHES; ``merged_into`` is not read.

    Returns
    -------
    pandas.DataFrame
        The same table with other numbers and the column ``merged_from``. Compute its trajectories anew.

    Raises
    ------
    SchemaError
        If ``table`` is neither DETECTIONS nor POINTS, or ``stitches`` is not STITCHES.
    ParameterError
        If stitches go round in a circle, if two of them follow the same track, or if the two tracks of one
        are in sight at the same moment.

    Notes
    -----
    O(n). A gap above ``max_gap`` of ``compute_trajectories`` stays a gap: the joined person has two runs.
    ``fill_gaps`` closes it.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> from ptrack_analysis.schema import DETECTIONS, STITCHES
    >>> list(apply_stitches(empty_table(DETECTIONS), empty_table(STITCHES, unit="px")).columns[-1:])
    ['merged_from']
    """
    find_table_kind(table)
    validate(stitches, STITCHES)
    later = stitches.index.to_numpy()
    earlier = stitches["after"].to_numpy()
    _validate_no_forks(later, earlier)
    into, circular = first_of_chains(later, earlier)
    if circular.any():
        raise ParameterError(f"the stitches of person {later[circular].min()} go round in a circle")
    person: Integers = table.index.get_level_values("person_index").to_numpy()
    renamed = _renamed(person, later, into)
    kept = table["merged_from"].to_numpy() if "merged_from" in table.columns else person
    result = _with_numbers(table, renamed).assign(merged_from=kept)
    _validate_no_overlap(table, renamed, person)
    return result


def unstitch_tracks(table: pd.DataFrame) -> pd.DataFrame:
    """Give every row the tracker's number again, and drop ``merged_from``.

    All rounds of stitching are undone at once; to undo one join, delete its row of the stitches and apply
    the others. What was done to the table in between stays: a row put into a gap has the number of the row
    before the gap.

    Parameters
    ----------
    table
        DETECTIONS or POINTS with the column ``merged_from``, rows in any order.

    Returns
    -------
    pandas.DataFrame
        The table as it was before ``apply_stitches``, rows in their order.

    Raises
    ------
    SchemaError
        If ``table`` is neither DETECTIONS nor POINTS, or has no column ``merged_from``.

    Examples
    --------
    >>> from ptrack_analysis.schema import empty_table
    >>> from ptrack_analysis.schema import DETECTIONS, STITCHES
    >>> detections = empty_table(DETECTIONS)
    >>> unstitch_tracks(apply_stitches(detections, empty_table(STITCHES, unit="px"))).equals(detections)
    True
    """
    kind = find_table_kind(table)
    if "merged_from" not in table.columns:
        raise SchemaError(
            f"not a {kind.name} table of joined persons: column 'merged_from' is missing; "
            "apply_stitches makes it"
        )
    return _with_numbers(table, table["merged_from"].to_numpy()).drop(columns="merged_from")


def _validate_no_forks(later: Integers, earlier: Integers) -> None:
    number, count = np.unique(earlier, return_counts=True)
    if (count > 1).any():
        forked = number[count > 1][0]
        both = ", ".join(str(one) for one in np.sort(later[earlier == forked]))
        raise ParameterError(f"person {forked} is followed by several ({both}): delete all but one")


def _validate_no_overlap(table: pd.DataFrame, renamed: Integers, person: Integers) -> None:
    """Reject to make two tracks one of which one begins before the other has ended; name the first two."""
    time = table.index.get_level_values("timestamp").to_numpy().view("int64")
    order = np.lexsort((time, person, renamed))
    first = np.flatnonzero(mark_starts(person[order]) | mark_starts(renamed[order]))
    last = np.append(first[1:], len(order))[: len(first)] - 1
    begins, ends, whose = time[order[first]], time[order[last]], renamed[order[first]]
    by_start = np.lexsort((begins, whose))
    both = (whose[by_start][1:] == whose[by_start][:-1]) & (begins[by_start][1:] <= ends[by_start][:-1])
    if both.any():
        place = by_start[np.flatnonzero(both)[0] :][:2]
        numbers = " and ".join(str(number) for number in np.sort(person[order[first[place]]]))
        moment = timedelta(int(begins[place[1]]))
        raise ParameterError(f"the stitches join persons {numbers}, who are both in sight at {moment}")


def _renamed(person: Integers, later: Integers, into: Integers) -> Integers:
    """Replace the numbers of later tracks by those of the first of their chains."""
    if not len(later):
        return person
    order = np.argsort(later)
    place = np.minimum(np.searchsorted(later[order], person), len(later) - 1)
    found = later[order][place] == person
    return np.where(found, into[order][place], person)


def _with_numbers(table: pd.DataFrame, person: Integers) -> pd.DataFrame:
    """Put other numbers of persons into the index."""
    index: Any = table.index
    levels = [person if name == "person_index" else index.get_level_values(name) for name in index.names]
    return table.set_axis(pd.MultiIndex.from_arrays(levels, names=index.names), axis=0)


def filter_short_tracks(
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
    >>> from ptrack_analysis.schema import empty_table
    >>> from ptrack_analysis.schema import DETECTIONS
    >>> kept, removed = filter_short_tracks(empty_table(DETECTIONS), min_duration="1s", min_detections=2)
    >>> len(kept), len(removed)
    (0, 0)
    """
    find_table_kind(table, trajectories=True)
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
