"""Columns of a tracker's table without a role: selection, types and names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.schema import TABLES
from ptrack_analysis.sources.read_report import IgnoredColumns
from ptrack_analysis.sources.trackers.cells import Cells
from ptrack_analysis.sources.trackers.roles import find_without_role
from ptrack_analysis.sources.trackers.text import with_decimal_point
from ptrack_analysis.storage.columns import add_video_key, stored_columns

MOST_COLUMNS = 50
"""Largest number of columns without a role that are kept."""
PREFIX = "source_"
"""Prefix for a column with the name of a column in the package's tables of people."""
NESTED = "its values are lists or objects"
_TOO_MANY = f"more than {MOST_COLUMNS} columns have no role"
_EMPTY = "it has no values"
_TRUTH = ("true", "false")
_MISSING = ("nan", "none", "null", "na", "n/a", "<na>")
"""Texts that programs write for a missing value in columns of numbers and flags."""
_TRIED = 1000
"""Number of texts with which a conversion is tried first."""
_PLAIN_INTEGER = r"^[+-]?(0|[1-9][0-9]*)$"
_NOT_A_NUMBER = r"^[+-]?(0[0-9]|[0-9]{17})"
"""Digits that a number would lose: leading zeros, and more digits than a float has."""

Reasons = dict[str, str]
"""Column to the reason why it is not read."""


@dataclass(frozen=True, slots=True)
class SourceColumns:
    """Columns without a role: the cells of the kept columns, and the ignored columns.

    ``columns`` maps names in the table to columns of the cells.
    """

    cells: Cells
    columns: Mapping[str, str]
    ignored: tuple[IgnoredColumns, ...]
    oddities: tuple[str, ...]


def choose_source_columns(
    columns: Mapping[str, str], present: Sequence[str], known: Collection[str] = ()
) -> tuple[list[str], Reasons]:
    """Return the columns without a role to read, and the reasons to ignore the others.

    Parameters
    ----------
    columns
        Role to column.
    present
        All columns of the source.
    known
        Columns that the format uses without a role.
    """
    names = find_without_role(columns, present, known)
    if len(names) > MOST_COLUMNS:
        return [], dict.fromkeys(names, _TOO_MANY)
    return names, {}


def read_source_columns(
    cells: Cells,
    names: Sequence[str],
    reasons: Mapping[str, str],
    *,
    are_texts: bool = False,
    decimal_comma: bool = False,
) -> SourceColumns:
    """Convert columns without a role to bool, int64, float64 or text; name them.

    Parameters
    ----------
    cells
        Cells with these columns.
    names
        The columns to read.
    reasons
        The ignored columns, with the reasons.
    are_texts
        Whether the cells come from a file without types, so that texts may be numbers or flags.
    decimal_comma
        Whether numbers may have a decimal comma.
    """
    reasons, columns, oddities = dict(reasons), dict(cells.columns), list[str]()
    kept = dict[str, str]()
    taken = set(_list_taken_names())
    for name in names if cells.count else ():
        column = columns[name]
        if are_texts and pa.types.is_string(column.type):
            column = _infer_type(column, decimal_comma=decimal_comma)
        if pa.types.is_floating(column.type):
            infinite = pc.is_inf(column)
            if count := pc.sum(infinite).as_py():
                oddities.append(f"{count} infinite values of the column {name!r} are read as missing")
            column = pc.if_else(pc.or_(infinite, pc.is_nan(column)), None, column)
        if column.null_count == len(column):
            reasons[name] = _EMPTY
            continue
        columns[name] = column
        free = name
        while free.lower() in taken:
            free = PREFIX + free
        if free != name:
            oddities.append(
                f"the column {name!r} has the name of a column of the tables and becomes {free!r}"
            )
        taken.add(free.lower())
        kept[free] = name
    return SourceColumns(replace(cells, columns=columns), kept, group_reasons(reasons), tuple(oddities))


def group_reasons(reasons: Mapping[str, str]) -> tuple[IgnoredColumns, ...]:
    """Group the ignored columns by reason."""
    groups: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        groups.setdefault(reason, []).append(name)
    return tuple(IgnoredColumns(tuple(names), reason) for reason, names in groups.items())


def find_plain_type(kind: Any) -> Any:
    """Return the type for reading an Arrow type, or None if it is not a plain type."""
    types = pa.types
    if types.is_dictionary(kind):
        return find_plain_type(kind.value_type)
    if types.is_boolean(kind):
        return pa.bool_()
    if types.is_integer(kind):
        return pa.int64()
    if types.is_floating(kind) or types.is_decimal(kind):
        return pa.float64()
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return pa.string() if is_text or types.is_null(kind) else None


def convert_plain(column: Any) -> Any:
    """Convert an Arrow column of a plain type to bool, int64, float64 or text.

    Whole numbers outside the range of int64 become texts, because a float would round them.
    """
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    wanted = find_plain_type(column.type)
    try:
        return pc.cast(column, wanted, safe=wanted != pa.float64())
    except pa.ArrowInvalid:
        return pc.cast(column, pa.string())


def choose_typed_columns(
    columns: Mapping[str, str], schema: pa.Schema, known: Collection[str] = ()
) -> tuple[list[str], Reasons]:
    """Return the columns without a role to read from a typed table.

    The reasons for ignoring the other columns are returned as well.
    """
    names, reasons = choose_source_columns(columns, schema.names, known)
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            reasons[name] = "another column has the same name"
        elif find_plain_type(schema.field(name).type) is None:
            reasons[name] = f"its type is {schema.field(name).type}"
    return [name for name in names if name not in reasons], reasons


def to_pandas(column: Any) -> Any:
    """Convert a column of bool, int64, float64 or text to a nullable array."""
    if pa.types.is_string(column.type):
        return pd.array(column, dtype="str")
    if pa.types.is_floating(column.type):
        return column.to_numpy().astype("float64")
    dtypes = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype()}
    return column.to_pandas(types_mapper=dtypes.get).array


@cache
def _list_taken_names() -> frozenset[str]:
    """List the columns of the package's tables of people, in lower case."""
    stored = (
        column
        for table in TABLES.values()
        if table.names_people
        for unit in table.units
        for column in stored_columns(add_video_key(table), unit, clocked=True)
    )
    return frozenset(name.lower() for column in stored for name in (column.name, column.memory_name))


def _infer_type(texts: Any, *, decimal_comma: bool) -> Any:
    """Convert texts to flags or numbers if all texts are; an empty text is missing."""
    known = pc.utf8_trim_whitespace(texts)
    known = pc.if_else(pc.equal(known, ""), None, known)
    found = _parse(known, decimal_comma=decimal_comma)
    if found is not None:
        return found
    is_missing = pc.is_in(pc.utf8_lower(known), value_set=pa.array(_MISSING))
    if pc.any(is_missing, min_count=0).as_py():
        found = _parse(pc.if_else(is_missing, None, known), decimal_comma=decimal_comma)
    return pc.if_else(pc.is_null(known), None, texts) if found is None else found


def _parse(texts: Any, *, decimal_comma: bool) -> Any:
    """Convert texts to flags, whole numbers or numbers; None for other texts.

    A failed conversion is slow, so each conversion is tried on the first texts.
    """
    numbers = with_decimal_point(texts) if decimal_comma else texts
    for values, parse in ((texts, _parse_flags), (texts, _parse_whole_numbers), (numbers, _parse_floats)):
        if parse(values.slice(0, _TRIED)) is not None and (found := parse(values)) is not None:
            return found
    return None


def _parse_flags(texts: Any) -> Any:
    lower = pc.ascii_lower(texts)
    is_flag = pc.all(pc.is_in(lower, value_set=pa.array([*_TRUTH, None])), min_count=0).as_py()
    return pc.equal(lower, _TRUTH[0]) if is_flag else None


def _parse_whole_numbers(texts: Any) -> Any:
    try:
        numbers = pc.cast(texts, pa.int64())
    except pa.ArrowInvalid:
        return None
    is_same = pc.all(pc.equal(pc.cast(numbers, pa.string()), texts), min_count=0).as_py()
    is_plain = is_same or pc.all(pc.match_substring_regex(texts, _PLAIN_INTEGER), min_count=0).as_py()
    return numbers if is_plain else None


def _parse_floats(texts: Any) -> Any:
    try:
        numbers = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        return None
    loses_digits = pc.any(pc.match_substring_regex(texts, _NOT_A_NUMBER), min_count=0).as_py()
    return None if loses_digits else numbers
