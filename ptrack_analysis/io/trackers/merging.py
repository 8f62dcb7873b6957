"""Rows of another tracker as one row a person and moment, in the tables' order."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.io.trackers.moments import frames_backwards
from ptrack_analysis.schema import DETECTIONS, POINTS, Table, assemble
from ptrack_analysis.video import Milliseconds

Columns = Mapping[str, Any]


def table_of(
    schema: Table, time: Milliseconds, person: Integers, columns: Columns
) -> tuple[pd.DataFrame, list[str]]:
    """Make the table of rows that come in any order, one a person and moment.

    Rows without a person (number below 0) are not tracked: left out and counted. The same person twice at
    one moment is one row, chosen by its values alone as for pages: the larger box, then the one further
    left, then further up (of points: smaller x, then y).

    Parameters
    ----------
    schema
        DETECTIONS, or POINTS (in m).
    time
        (n,) whole ms.
    person
        (n,) numbers of the persons, -1 for none.
    columns
        The columns of the schema by their names (``x_{u}``), and further ones.

    Returns
    -------
    tuple
        The table, sorted; sentences on what was left out or odd.
    """
    tracked = person >= 0
    without = len(person) - int(tracked.sum())
    notes = [f"{without} rows without an id (detections of no track) are left out"] if without else []
    backwards = frames_backwards(person[tracked], time[tracked])
    if backwards:
        notes.append(
            f"at {backwards} places the rows of a track go back in time; all rows are sorted by time"
        )
    order, doubled = _one_each(schema, time, person, columns, np.flatnonzero(tracked))
    if doubled:
        notes.append(
            f"{doubled} rows are of a person and moment that another row has too; one row of each is kept"
        )
    unit = "m" if schema is POINTS else None
    ours = {column.name for column in schema.columns}
    kept = {name: values[order] for name, values in columns.items()}
    key = {"timestamp": time[order], "person_index": person[order]}
    table = assemble(schema, key | {name: kept[name] for name in kept if name in ours}, unit=unit)
    return table.assign(**{name: kept[name] for name in kept if name not in ours}), notes


def refuse_untracked(place: str, person: Integers) -> None:
    """Refuse rows of which none has a person.

    Raises
    ------
    InputError
        If there are rows, and every number is below 0.
    """
    if len(person) and (person < 0).all():
        raise InputError(
            f"{place}: the id is -1 or missing in every row: these are detections, not tracks; "
            "let a tracker number the persons first"
        )


def _one_each(
    schema: Table, time: Milliseconds, person: Integers, columns: Columns, rows: Integers
) -> tuple[Integers, int]:
    """Give the rows to keep, in the order of the schema's key, and how many others there are."""
    keys = {"timestamp": time[rows], "person_index": person[rows]}
    first, second = (keys[name] for name in schema.key_names)
    order = np.lexsort((second, first))
    if _again(first[order], second[order]).any():
        ranks = [_rank(values)[rows] for values in columns.values()]
        if schema is DETECTIONS:
            ranks.insert(0, -(columns["width"] * columns["height"])[rows])
        order = np.lexsort((*reversed(ranks), second, first))
    again = _again(first[order], second[order])
    return rows[order[~again]], int(again.sum())


def _again(first: Integers, second: Integers) -> Bools:
    """Tell which sorted keys are those of the row before."""
    again = np.zeros(len(first), dtype=bool)
    again[1:] = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
    return again


def _rank(values: Any) -> Floats | Integers:
    """Give numbers in the order of the values, which may be texts."""
    if isinstance(values, np.ndarray):
        return values
    codes, _ = pd.factorize(values, sort=True)
    return np.asarray(codes)
