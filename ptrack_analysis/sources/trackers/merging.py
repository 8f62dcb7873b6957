"""Merging the rows of another tracker to one row per person and time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.schema import DETECTIONS, Table, assemble
from ptrack_analysis.sources.read_report import DroppedRows
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.tracked import find_backward_rows
from ptrack_analysis.video import Milliseconds

Columns = Mapping[str, Any]


MOST_DOUBLED = 0.01
"""Accepted share of rows that repeat the id and frame of another row; more means two people in one id."""
_EXAMPLES = 3
_MOSTLY = 0.9
_RESTART = 0.5
"""If times go back by at least this share of the time range, another clip begins."""


def build_detections(
    schema: Table,
    cells: Cells,
    time: Milliseconds,
    person: Integers,
    columns: Columns,
    *,
    unit: str | None = None,
) -> tuple[pd.DataFrame, list[DroppedRows], list[str]]:
    """Build the table from rows in any order, with one row per person and time.

    Rows without a person (number below 0) are not tracked. They are excluded and counted. If a person occurs
    twice at one time, one row is kept, chosen by its values alone as for pages: the larger box, then the
    smaller ``left``, then the smaller ``top`` (for points: smaller x, then y).

    Parameters
    ----------
    schema
        DETECTIONS, or POINTS.
    cells
        The rows as read, for their positions in the file.
    time
        (n,) times [ms], whole numbers.
    person
        (n,) numbers of the people, -1 for untracked rows.
    columns
        The columns of the schema by name (``x_{u}``), and further columns.
    unit
        Unit of POINTS.

    Returns
    -------
    tuple
        The sorted table, the dropped rows, and messages on oddities.
    """
    tracked = person >= 0
    without = len(person) - int(tracked.sum())
    dropped, oddities = list[DroppedRows](), list[str]()
    if without:
        text = f"{without} rows without an id (untracked detections) are excluded"
        dropped.append(DroppedRows(text, without, cells.list_examples(np.flatnonzero(~tracked))))
    rows = np.flatnonzero(tracked)
    backward = find_backward_rows(person[rows], time[rows])
    if len(backward):
        first = int(rows[backward[0]])
        oddities.append(
            f"{len(backward)} rows are earlier than the row before of the same track (first: "
            f"{cells.where(first)}, id {person[first]}, {time[first] / 1000:.3f} s); rows are sorted by time"
        )
    order, again = _one_each(schema, time, person, columns, rows)
    if len(again):
        dropped.append(_describe_repeats(cells, time, person, columns, again))
    ours = {column.name for column in schema.columns}
    kept = {name: values[order] for name, values in columns.items()}
    key = {"timestamp": time[order], "person_index": person[order]}
    table = assemble(schema, key | {name: kept[name] for name in kept if name in ours}, unit=unit)
    return table.assign(**{name: kept[name] for name in kept if name not in ours}), dropped, oddities


def _describe_repeats(
    cells: Cells, time: Milliseconds, person: Integers, columns: Columns, again: Integers
) -> DroppedRows:
    """Return the rows that repeat the id and time of another row, with the cause."""
    count = int((person >= 0).sum())
    text = (
        f"{len(again)} of {count} rows ({len(again) / count:.1%}) repeat the id and time of another row and "
        "are dropped"
    )
    advice = ""
    if len(again) > MOST_DOUBLED * count:
        cause = _find_cause(time, person, columns)
        advice = (
            f"At most {MOST_DOUBLED:.0%} is accepted, because one id at one time must be one person. {cause}"
        )
    examples = tuple(f"{cells.where(row)}: id {person[row]}" for row in np.sort(again)[:_EXAMPLES].tolist())
    return DroppedRows(text, len(again), examples, is_certain=False, is_excessive=bool(advice), advice=advice)


_CAUSES = {
    "twice": "one run was saved twice (save it once)",
    "clips": "clips were appended whose frames start again (save one file per clip)",
    "cameras": (
        "several cameras or videos are in one table (name their column: video=... or camera=... in columns, "
        "--columns; otherwise save one file per video and camera)"
    ),
    "classes": "ids start again for each class (choose classes, --classes)",
}


def _find_cause(time: Milliseconds, person: Integers, columns: Columns) -> str:
    """Return the possible causes of repeated rows, with the likeliest cause first."""
    tracked = person >= 0
    rows = pd.DataFrame({"time": time, "person": person, **columns})[tracked]
    repeated = rows.duplicated(["time", "person"], keep=False)
    identical = rows[repeated].duplicated(keep=False)
    likely = "cameras"
    if identical.mean() > _MOSTLY:
        likely = "twice"
    elif "class_id" in columns and not rows.duplicated(["time", "person", "class_id"]).any():
        likely = "classes"
    elif (np.diff(time[tracked]) < -_RESTART * max(int(np.ptp(time[tracked])), 1)).any():
        likely = "clips"
    others = "; ".join(text for name, text in _CAUSES.items() if name != likely)
    return f"Probably {_CAUSES[likely]}. Other causes: {others}."


def _one_each(
    schema: Table, time: Milliseconds, person: Integers, columns: Columns, rows: Integers
) -> tuple[Integers, Integers]:
    """Return the rows to keep, in the order of the schema's key, and the other rows."""
    keys = {"timestamp": time[rows], "person_index": person[rows]}
    first, second = (keys[name] for name in schema.key_names)
    is_sorted = ((first[1:] > first[:-1]) | ((first[1:] == first[:-1]) & (second[1:] >= second[:-1]))).all()
    order = np.arange(len(rows)) if is_sorted else np.lexsort((second, first))
    if _again(first[order], second[order]).any():
        ranks = [_rank(values)[rows] for values in columns.values()]
        if schema is DETECTIONS:
            ranks.insert(0, -(columns["width"] * columns["height"])[rows])
        order = np.lexsort((*reversed(ranks), second, first))
    again = _again(first[order], second[order])
    return rows[order[~again]], rows[order[again]]


def _again(first: Integers, second: Integers) -> Bools:
    """Return a mask of the sorted keys that equal the key before."""
    again = np.zeros(len(first), dtype=bool)
    again[1:] = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
    return again


def _rank(values: Any) -> Floats | Integers:
    """Return the ranks of the values, which may be texts."""
    if isinstance(values, np.ndarray):
        return values
    codes, _ = pd.factorize(values, sort=True)
    return np.asarray(codes)
