"""Whether a table is the table that a function needs."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.errors import SchemaError
from ptrack_analysis.schema.table import Column, Table


def check(table: object, schema: Table) -> None:
    """Refuse what is not a table of this schema, with all its defects in one sentence.

    The index must hold the key's levels by name and order, with their dtypes and no key twice; the columns
    must be there with their dtypes, those of the plane in exactly one unit. Rows may come in any order and
    further columns may stand beside. Time must be in milliseconds.

    Parameters
    ----------
    table
        The table.
    schema
        What it should be, one of the constants of ``ptrack_analysis.schema``.

    Raises
    ------
    SchemaError
        With every defect found.
    """
    if not isinstance(table, pd.DataFrame):
        message = f"not a {schema.name} table: it is a {type(table).__name__}, not a pandas.DataFrame"
        raise SchemaError(message)
    _refuse_several_videos(table, schema)
    defects = [*_index_defects(table.index, schema), *_column_defects(table, schema)]
    if not defects and not _unique(table.index):
        twice = table.index[table.index.duplicated()][0]
        defects.append(f"the key {_plain(twice)} occurs twice")
    if defects:
        raise SchemaError(f"not a {schema.name} table: " + "; ".join(defects))


def unit_of(table: pd.DataFrame, schema: Table) -> str:
    """Tell the unit of the plane (``px`` or ``m``) that a table of this schema is measured in.

    Raises
    ------
    SchemaError
        If the table has columns of no plane, or of two.
    """
    found = _units(table, schema)
    if len(found) == 1:
        return found[0]
    wanted = " or ".join(f"{_first_in_plane(schema).named(unit)!r}" for unit in schema.units)
    mixed = f"its columns mix {' and '.join(found)}" if found else f"it has no column {wanted}"
    raise SchemaError(f"not a {schema.name} table: {mixed}")


def columns_of(table: pd.DataFrame, schema: Table) -> list[tuple[str, Column]]:
    """Pair each column of the schema that the table has with its name there, in the schema's order."""
    unit = unit_of(table, schema) if schema.in_plane else None
    named = ((column.named(unit), column) for column in schema.columns)
    return [(name, column) for name, column in named if name in table.columns]


@cache
def _dtype(name: str) -> Any:
    """Give what a dtype of this name equals; to read the name each time would cost more than the rest."""
    return name if name == "category" else pd.api.types.pandas_dtype(name)


def _first_in_plane(schema: Table) -> Column:
    return next(column for column in schema.columns if column.in_plane)


def _units(table: pd.DataFrame, schema: Table) -> list[str]:
    in_plane = [column for column in schema.columns if column.in_plane]
    return [u for u in schema.units if any(column.named(u) in table.columns for column in in_plane)]


def _refuse_several_videos(table: pd.DataFrame, schema: Table) -> None:
    if "video" in table.index.names and "video" not in schema.key_names:
        raise SchemaError(
            f"not a {schema.name} table of one video: its index has the level 'video', so it may hold "
            "several; take one with table.xs(name, level='video')"
        )


def _index_defects(index: pd.Index, schema: Table) -> list[str]:
    names = list(index.names)
    if names != schema.key_names:
        return [f"index is {names}, not {schema.key_names}"]
    dtypes = [level.dtype for level in index.levels] if isinstance(index, pd.MultiIndex) else [index.dtype]
    defects = [
        f"index level {column.name!r} is {dtype}, not {column.dtype}"
        for column, dtype in zip(schema.key, dtypes, strict=True)
        if dtype != _dtype(column.dtype)
    ]
    if isinstance(index, pd.MultiIndex):
        missing = [np.asarray(code).min(initial=0) < 0 for code in index.codes]
    else:
        missing = [bool(index.hasnans)]
    return defects + [
        f"index level {column.name!r} has a missing value"
        for column, is_missing in zip(schema.key, missing, strict=True)
        if is_missing
    ]


def _column_defects(table: pd.DataFrame, schema: Table) -> list[str]:
    unit = None
    if schema.in_plane:
        try:
            unit = unit_of(table, schema)
        except SchemaError as error:
            return [str(error).partition(": ")[2]]
    dtypes = dict(zip(table.columns, table.dtypes, strict=True))  # by column it would cost a Series each
    defects = []
    for column in schema.columns:
        name = column.named(unit)
        dtype = dtypes.get(name)
        if dtype is None:
            if not column.optional:
                defects.append(f"column {name!r} is missing")
        elif dtype != _dtype(column.dtype):
            defects.append(f"column {name!r} is {dtype}, not {column.dtype}")
        elif isinstance(dtype, pd.CategoricalDtype) and tuple(dtype.categories) != column.choices:
            categories = tuple(dtype.categories)
            defects.append(f"column {name!r} has categories {categories!r}, not {column.choices!r}")
    return defects


def _unique(index: Any) -> bool:
    """Whether no key occurs twice; sorted keys, the ordinary case, are seen without a hash table."""
    by_level = isinstance(index, pd.MultiIndex) and all(one.is_monotonic_increasing for one in index.levels)
    if by_level and _strictly_sorted([np.asarray(code) for code in index.codes]):
        return True
    return bool(index.is_unique)


def _strictly_sorted(codes: list[np.ndarray]) -> bool:
    """Whether rows of codes grow from each row to the next, compared level by level."""
    after = np.zeros(max(len(codes[0]) - 1, 0), dtype=bool)
    for code in reversed(codes):
        after &= code[1:] == code[:-1]
        after |= code[1:] > code[:-1]
    return bool(after.all())


def _plain(key: object) -> str:
    values = key if isinstance(key, tuple) else (key,)
    return "(" + ", ".join(str(value) for value in values) + ")"
