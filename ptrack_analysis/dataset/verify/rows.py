"""Check of the rows of one table: NaN, invalid choices, and complete, unique, sorted keys."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.dataset.verify.findings import Ledger
from ptrack_analysis.dataset.verify.sums import Shelf, TableFile
from ptrack_analysis.schema import Table
from ptrack_analysis.storage.columns import PERSON, VIDEO, add_video_key, stored_columns, stored_key

RULES = {
    "values": "no number is NaN or infinite, each choice is one of its values, and whole numbers and flags "
    "are in every row (looked at: rows)",
    "videos": "each row is of the video whose record tells of it, and its person is video:person_index "
    "(looked at: rows)",
    "keys": "in each table the key is never null, occurs once, and grows from row to row (looked at: rows)",
}

_WHOLE = ("integer", "flag")


def check_rows(
    video: str, parts: Sequence[TableFile], schema: Table, shelf: Shelf, ledger: Ledger, *, salted: bool
) -> None:
    """Check the rows of one table of one video, a row group at a time."""
    schema = add_video_key(schema)
    before, at = None, parts[0].start if parts else 0
    for place, batch in _with_places(parts, shelf):
        check_values(place, batch, schema, at, ledger)
        _check_video(place, batch, video, at, ledger, salted=salted)
        before = check_keys(place, batch, schema, ledger, before=before, at=at)
        at += batch.num_rows


def check_values(place: str, batch: pa.Table, schema: Table, at: int, ledger: Ledger) -> None:
    """Look for NaN and infinite numbers, for choices that are none, and for nulls where there is none."""
    ledger.look("values", batch.num_rows)
    columns = {column.name: column.of for unit in schema.units for column in stored_columns(schema, unit)}
    choices = {name: column.choices for name, column in columns.items() if column.choices}
    whole = {name for name, column in columns.items() if column.kind in _WHOLE and not column.nullable}
    for field in batch.schema:
        column = batch[field.name]
        if pa.types.is_floating(field.type):
            wrong = pc.invert(pc.is_finite(column))
            expected = "a finite number, or null"
        elif field.name in choices:
            allowed = choices[field.name]
            wrong = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, value_set=pa.array(allowed))))
            expected = f"one of {', '.join(allowed)}"
        elif field.name in whole:
            wrong, expected = pc.is_null(column), "a value in every row"
        else:
            continue
        for row in _places(wrong):
            where = f"row {at + row}, column {field.name!r}"
            ledger.find("values", place, where, repr(column[row].as_py()), expected)
            break


def check_keys(
    place: str, batch: pa.Table, schema: Table, ledger: Ledger, *, before: pa.Table | None = None, at: int = 0
) -> pa.Table:
    """Check that each key is greater than the one before; give the last one, for the next rows."""
    ledger.look("keys", batch.num_rows)
    names = [column.name for column in stored_key(schema) if column.of in schema.key]
    keys = batch.select([name for name in names if name in batch.column_names])
    for name in keys.column_names:
        for row in _places(pc.is_null(keys[name])):
            ledger.find("keys", place, f"row {at + row}, column {name!r}", "null", "a value, for it is a key")
            return keys.slice(max(keys.num_rows - 1, 0))
    if before is not None:
        keys = pa.concat_tables([before.cast(keys.schema), keys])
        at -= before.num_rows
    rows = keys.num_rows
    if rows > 1:
        wrong = np.flatnonzero(~_greater(keys))
        if len(wrong):
            row = int(wrong[0]) + 1
            one, other = (", ".join(str(keys[n][r].as_py()) for n in names) for r in (row, row - 1))
            ledger.find("keys", place, f"row {at + row}", f"the key ({one})", f"one greater than ({other})")
    return keys.slice(max(rows - 1, 0))


def _greater(keys: pa.Table) -> np.ndarray:
    """Tell of each row but the first whether its key is greater than that of the row before."""
    after = np.zeros(keys.num_rows - 1, dtype=bool)
    for name in reversed(keys.column_names):
        column = keys[name].combine_chunks()
        one, other = column.slice(1), column.slice(0, len(column) - 1)
        after &= np.asarray(pc.equal(one, other))
        after |= np.asarray(pc.greater(one, other))
    return after


def _check_video(place: str, batch: pa.Table, video: str, at: int, ledger: Ledger, *, salted: bool) -> None:
    """Check that rows are of the video, and persons too."""
    ledger.look("videos", batch.num_rows)
    wanted = {VIDEO.name: pa.scalar(video)}
    if PERSON.name in batch.column_names and "person_index" in batch.column_names and not salted:
        numbers = batch["person_index"].cast(pa.string())
        wanted[PERSON.name] = pc.binary_join_element_wise(pa.scalar(video), numbers, ":")
    for name, expected in wanted.items():
        same = pc.fill_null(pc.equal(batch[name], expected), fill_value=False)
        for row in _places(pc.invert(same)):
            right = expected if isinstance(expected, pa.Scalar) else expected[row]
            where = f"row {at + row}, column {name!r}"
            ledger.find("videos", place, where, repr(batch[name][row].as_py()), repr(right.as_py()))
            return


def _with_places(parts: Sequence[TableFile], shelf: Shelf) -> Iterator[tuple[str, pa.Table]]:
    for part in parts:
        for batch in shelf.batches([part]):
            yield part.place, batch


def _places(mask: pa.ChunkedArray) -> Iterator[int]:
    """List the rows in which a mask holds."""
    yield from np.flatnonzero(np.asarray(pc.fill_null(mask, fill_value=False))).tolist()
