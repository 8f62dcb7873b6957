"""Which rows of a table of counts rest on too few persons, and the table without them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Bools, Integers
from ptrack_analysis.schema import SUPPRESSED, Table, check, columns_of

_KEPT = {
    "zone_key",
    "line_key",
    "interval",
    "covered",
    "local_day",
    "local_hour",
    "weekday",
    "area_m2",
    "x_{u}",
    "y_{u}",
    "measured_in",
    "definition",
    "confidence",
}
"""Columns that say what a row is about, not what was found."""


def complemented(small: Bools, persons: Integers, groups: Sequence[Integers]) -> Bools:
    """Mark, beside rows of few persons, as many others that none of those is alone in its group.

    In a group with exactly one row marked, its figures could be had by subtracting the others from the
    group's total; so the row of fewest persons is marked too, of several the first, one of nobody only where
    there is no other. A group of one row stays as it is. This goes on until it holds in every group.

    Parameters
    ----------
    small
        (n,) rows that rest on few persons.
    persons
        (n,) persons that each row rests on.
    groups
        For each way to group the rows (n,) numbers of their groups.

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    marked = small.copy()
    rank = np.lexsort((np.arange(len(persons)), persons, persons == 0))
    place = np.empty(len(rank), dtype="int64")
    place[rank] = np.arange(len(rank))
    growing = True
    while growing:
        growing = False
        for group in groups:
            alone = (np.bincount(group[marked], minlength=group.max(initial=0) + 1) == 1)[group] & ~marked
            for lone in np.unique(group[alone]):
                others = np.flatnonzero(alone & (group == lone))
                marked[others[np.argmin(place[others])]] = True
                growing = True
    return marked


def groups_of(table: pd.DataFrame, ways: Sequence[Sequence[str]]) -> list[Integers]:
    """Give each row the number of its group, for each way to group them by some levels of the key."""
    keys = table.index.to_frame(index=False)
    return [keys.groupby([*way], sort=False).ngroup().to_numpy() for way in ways]


def without(
    table: pd.DataFrame, schema: Table, rows: Bools, figures: dict[str, Bools] | None = None
) -> pd.DataFrame:
    """Give a table without the figures of some rows, and without single figures of others.

    Parameters
    ----------
    table
        The table.
    schema
        Its schema, of which there is a form without small counts.
    rows
        (n,) rows of which every figure goes; what they are about stays.
    figures
        Rows of which a single column goes, by its name.
    """
    form, given = SUPPRESSED[schema.name], figures or {}
    gone = rows.copy()
    columns = {}
    for name, column in columns_of(table, schema):
        hidden = rows | given.get(name, False)
        whole = table[name].astype("Int64") if column.kind == "integer" else table[name]
        if column.name in _KEPT:
            columns[name] = whole
            continue
        gone |= hidden & table[name].notna().to_numpy()
        columns[name] = whole.mask(hidden)
    table = table.assign(**columns, suppressed=gone)
    check(table, form)
    return table
