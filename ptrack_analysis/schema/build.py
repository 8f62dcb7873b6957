"""New tables of a schema, from arrays or from nothing."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.schema.table import Column, Table

Arrays = Mapping[str, np.ndarray | list[str]]

_MISSING = np.iinfo("int64").min


def assemble(schema: Table, arrays: Arrays, *, unit: str | None = None) -> pd.DataFrame:
    """Make a table of this schema from one array a key level and column, sorted by its key.

    Times are given as whole milliseconds (int64) or ``timedelta64[ms]``, choices as int8 codes in the order
    of their values, columns of the plane by their name without unit replaced (``x_{u}``). Optional columns
    that are not given are left out.

    Parameters
    ----------
    schema
        Which table.
    arrays
        Name to array; all of one length, none being an ordinary case.
    unit
        Unit of the plane, for a table that has one.

    Returns
    -------
    pandas.DataFrame
        The table, sorted by its key.
    """
    if len(schema.key) == 1:
        index = pd.Index(_values(schema.key[0], arrays[schema.key[0].name]), name=schema.key[0].name)
    else:
        index = _index(schema, arrays)
    columns = {
        column.named(unit): _values(column, arrays[column.name])
        for column in schema.columns
        if column.name in arrays
    }
    table = pd.DataFrame(columns, index=index)
    return table if index.is_monotonic_increasing else table.sort_index()


def empty(schema: Table, *, unit: str | None = None) -> pd.DataFrame:
    """Make the table of this schema that has no rows; optional columns are left out."""
    columns = [c for c in (*schema.key, *schema.columns) if not c.optional]
    return assemble(schema, {c.name: np.empty(0, _raw_dtype(c)) for c in columns}, unit=unit)


def choice(schema: Table, name: str, codes: np.ndarray) -> "pd.Categorical[str]":
    """Make the values of a choice column of the schema from their codes."""
    column = next(column for column in schema.columns if column.name == name)
    values: pd.Categorical[str] = _values(column, codes)
    return values


def _index(schema: Table, arrays: Arrays) -> pd.MultiIndex:
    """Make the index of several levels; as ``MultiIndex.from_arrays``, at a third of its cost."""
    levels: list[Any] = []
    codes: list[Any] = []
    for column in schema.key:
        factorized = _factorized(column, arrays[column.name])
        if factorized is None:
            values = [_values(column, arrays[column.name]) for column in schema.key]
            return pd.MultiIndex.from_arrays(values, names=schema.key_names)
        codes.append(factorized[0])
        levels.append(factorized[1])
    return pd.MultiIndex(levels, codes, names=schema.key_names, verify_integrity=False)


def _factorized(column: Column, values: Any) -> tuple[np.ndarray, pd.Index] | None:
    """Give the values of a level, each once and sorted, and where among them each row's is.

    None for what is rare or not there: a value that is missing, a level of another kind.
    """
    if column.kind == "text":
        texts = np.asarray(values, dtype=object).tolist()
        names = set(texts)
        if not all(type(name) is str for name in names):
            return None
        places = {name: place for place, name in enumerate(sorted(names))}
        codes = np.fromiter(map(places.__getitem__, texts), dtype="int64", count=len(texts))
        return codes, pd.Index([*places], dtype="str")
    raw = _values(column, values)
    if not isinstance(raw, np.ndarray) or raw.dtype.kind not in "im":
        return None
    codes, found = pd.factorize(raw.view("int64"), sort=True)
    if raw.dtype.kind == "m" and len(found) and found[0] == _MISSING:
        return None
    return codes, pd.Index(found.view(raw.dtype))


def _raw_dtype(column: Column) -> str:
    return {
        "choice": "int8",
        "text": "str",
        "instant": "datetime64[us]",
        "number": "float64",
        "flag": "bool",
    }.get(column.kind, "int64")


@cache
def _of_choices(choices: tuple[str, ...]) -> "pd.CategoricalDtype[str]":
    return pd.CategoricalDtype(list(choices))


def _values(column: Column, values: Any) -> Any:
    match column.kind:
        case "moment" | "span":
            return np.asarray(values).astype("int64", copy=False).view("timedelta64[ms]")
        case "choice":
            return pd.Categorical.from_codes(np.asarray(values), dtype=_of_choices(column.choices))
        case "text":
            return pd.array(np.asarray(values, dtype=object), dtype="str")
        case "instant":
            return pd.DatetimeIndex(np.asarray(values, dtype="datetime64[us]"), tz="UTC")
        case _:
            return (
                pd.array(values, dtype=column.dtype) if column.nullable else np.asarray(values, column.dtype)
            )
