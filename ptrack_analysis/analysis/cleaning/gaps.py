"""Gap filling: interpolated rows where a person was not detected for a while."""

from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.cleaning.renaming import find_table_kind
from ptrack_analysis.analysis.presence import PersonRows, choose_max_gap, rows_by_person
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import DETECTIONS, POINTS, Table, find_unit
from ptrack_analysis.video import Duration, Milliseconds, milliseconds

_BOX = ("left", "top", "width", "height")


MOST_ROWS = 50_000_000


def fill_gaps(
    table: pd.DataFrame,
    *,
    limit: Duration,
    max_gap: Duration | None = None,
    period: Duration,
) -> pd.DataFrame:
    """Fill the gaps of each person with interpolated rows, and flag them.

    A gap is filled if it is longer than ``max_gap``, so that it would interrupt presence, and at most
    ``limit``. The rows before and after it must have a body box (or a position); other gaps are not filled.
    New rows are inserted every ``period`` after the row before the gap, up to the row after it (exclusive).
    All four sides of the box are interpolated linearly in time. A new row has the flag ``interpolated``: its
    position is an estimate, and trajectories show this in ``position_status``. It has no face, and other
    columns are missing. Integers and other flags cannot be missing and are copied from the row before. An
    existing flag ``interpolated`` is kept. An empty table gives an empty table.

    Parameters
    ----------
    table
        DETECTIONS or POINTS, rows in any order.
    limit
        Longest gap to fill, above ``max_gap``.
    max_gap
        Longest gap between detections that still counts as presence, as in ``compute_trajectories``; by
        default 2 s, or three periods if that is longer.
    period
        Time between new rows, above 0 and at most ``max_gap``: ``video.sampling_period``.

    Returns
    -------
    pandas.DataFrame
        The same table with the new rows and the flag ``interpolated``, sorted by its key.

    Raises
    ------
    SchemaError
        If ``table`` is neither DETECTIONS nor POINTS.
    ParameterError
        If ``limit`` is not above ``max_gap``, or ``period`` is 0 or above ``max_gap``.

    Notes
    -----
    Presence becomes continuous: if ``compute_trajectories`` gets the same ``max_gap`` and ``period``, each
    filled gap adds its length minus one period to the time in the scene, because the row before the gap
    already counted for one period. This errs toward longer dwell: a person who left and came back was
    absent. Pass the period to the following functions, because the new rows are not aligned with the video's
    sampling, and an estimate from the filled table would be too short.
    O(n log n + new rows).

    Examples
    --------
    >>> from ptrack_analysis.schema import POINTS, assemble
    >>> points = assemble(
    ...     POINTS,
    ...     {"person_index": np.array([4, 4]), "timestamp": np.array([0, 4000]),
    ...      "x_{u}": np.array([0.0, 8.0]), "y_{u}": np.array([1.0, 1.0])},
    ...     unit="m",
    ... )
    >>> fill_gaps(points, limit="5s", period="1s")["x_m"].tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    kind = find_table_kind(table)
    above, longest, step = _lengths(limit, max_gap, period)
    rows = rows_by_person(table)
    names = _BOX if kind is DETECTIONS else tuple(f"{axis}_{find_unit(table, POINTS)}" for axis in "xy")
    places = np.column_stack([table[name].to_numpy()[rows.order] for name in names])
    before, time = new_rows(rows, np.isfinite(places).all(axis=1), above=above, limit=longest, period=step)
    share = (time - rows.time[before]) / (rows.time[before + 1] - rows.time[before])
    between = places[before] + (places[before + 1] - places[before]) * share[:, None]
    columns = _columns(table, rows.order, rows.order[before], dict(zip(names, between.T, strict=True)))
    person: Integers = table.index.get_level_values("person_index").to_numpy()[rows.order]
    keys = {
        "person_index": np.concatenate([person, person[before]]),
        "timestamp": np.concatenate([rows.time, time]).view("timedelta64[ms]"),
    }
    return _sorted(columns, keys, kind)


def new_rows(
    rows: PersonRows, known: Bools, *, above: int, limit: int, period: int
) -> tuple[Integers, Milliseconds]:
    """Return, for each new row, the row before its gap and its time [ms]."""
    gap = np.diff(rows.time)
    filled = ~rows.first[1:] & (gap > above) & (gap <= limit) & known[:-1] & known[1:]
    before = np.flatnonzero(filled)
    count = (gap[before] - 1) // period
    if count.sum() > MOST_ROWS:
        raise ParameterError(
            f"the gaps would be filled with {count.sum()} rows, one per {period} ms, more than {MOST_ROWS}. "
            "Pass a shorter limit or a longer period."
        )
    row = np.repeat(before, count)
    nth = np.arange(1, len(row) + 1) - np.repeat(np.cumsum(count) - count, count)
    return row, rows.time[row] + nth * period


def _lengths(limit: Duration, max_gap: Duration | None, period: Duration) -> tuple[int, int, int]:
    longest, step = milliseconds(limit, "limit"), milliseconds(period, "period")
    if not step:
        raise ParameterError(f"period must be above 0, got {period!r}")
    above = choose_max_gap(max_gap, step)
    if longest <= above:
        raise ParameterError(
            f"limit must be above max_gap ({above} ms), got {limit!r}: no gap would be filled"
        )
    return above, longest, step


def _columns(
    table: pd.DataFrame, order: Integers, before: Integers, between: dict[str, Floats]
) -> dict[str, Any]:
    """Return each column with the values of the old rows followed by the new rows."""
    columns = {}
    for name in table.columns:
        old, new = (pd.Series(table[name].array[rows]) for rows in (order, before))
        if name in between:
            new = pd.Series(between[name])
        elif not isinstance(new.dtype, np.dtype) or new.dtype.kind not in "iub":
            new = new.mask(np.ones(len(new), dtype=bool))
        columns[name] = pd.concat([old, new]).array if len(new) else old.array
    flagged = columns.get("interpolated", np.zeros(len(order) + len(before), dtype=bool))
    columns["interpolated"] = np.asarray(flagged) | (np.arange(len(flagged)) >= len(order))
    return columns


def _sorted(columns: dict[str, Any], keys: dict[str, Any], kind: Table) -> pd.DataFrame:
    """Build the table from columns and key levels, sorted by its key."""
    order = np.lexsort([keys[name] for name in reversed(kind.key_names)])
    index = pd.MultiIndex.from_arrays([keys[name][order] for name in kind.key_names], names=kind.key_names)
    return pd.DataFrame({name: values[order] for name, values in columns.items()}, index=index)
