"""New tables of a schema, from arrays or from nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ptrack_analysis.schema.table import Column, Table

Arrays = Mapping[str, np.ndarray | list[str]]


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
    levels = [_values(column, arrays[column.name]) for column in schema.key]
    if len(levels) == 1:
        index = pd.Index(levels[0], name=schema.key[0].name)
    else:
        index = pd.MultiIndex.from_arrays(levels, names=schema.key_names)
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


def _raw_dtype(column: Column) -> str:
    return {
        "choice": "int8",
        "text": "str",
        "instant": "datetime64[us]",
        "number": "float64",
        "flag": "bool",
    }.get(column.kind, "int64")


def _values(column: Column, values: Any) -> Any:
    match column.kind:
        case "moment" | "span":
            return np.asarray(values).astype("int64", copy=False).view("timedelta64[ms]")
        case "choice":
            return pd.Categorical.from_codes(
                np.asarray(values), dtype=pd.CategoricalDtype(list(column.choices))
            )
        case "text":
            return pd.array(np.asarray(values, dtype=object), dtype="str")
        case "instant":
            return pd.DatetimeIndex(np.asarray(values, dtype="datetime64[us]"), tz="UTC")
        case _:
            return (
                pd.array(values, dtype=column.dtype) if column.nullable else np.asarray(values, column.dtype)
            )
