"""From the stored form, an Arrow table, back to the table in memory."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, SchemaError
from ptrack_analysis.io.stored import (
    CATEGORIES_MARK,
    PERSON,
    VIDEO,
    schema_by_marks,
    stored_columns,
    with_video,
)
from ptrack_analysis.io.to_arrow import ARROW_TYPES, EXTRA_TYPES, MISSING_TIME
from ptrack_analysis.schema import Column, Table, check

_EXTRA_DTYPES = {stored: dtype for dtype, stored in EXTRA_TYPES.items() if dtype != "category"}


def from_arrow(content: pa.Table, *, whole: bool = True) -> pd.DataFrame:
    """Convert a table in its stored form back to what it was in memory.

    If not ``whole``, columns may be missing, though not of the key, and derived ones (``person``,
    ``recorded_at``) are kept.

    Raises
    ------
    InputError
        If it is not in the stored form of a table of the package.
    """
    schema = schema_by_marks(content.schema.metadata)
    if VIDEO.name in content.column_names:
        schema = with_video(schema)
    known = {
        column.name: column for unit in schema.units for column in stored_columns(schema, unit, clocked=True)
    }
    levels, columns = {}, {}
    for field, array in zip(content.schema, content.columns, strict=True):
        column = known.get(field.name)
        if column is None:
            columns[field.name] = _extra_values(field, array)
            continue
        _refuse_type(field, ARROW_TYPES[column.type])
        if column.twin_of is not None:
            if not whole:
                columns[field.name] = _instants(array)
            continue  # it says again what the moment says
        if column.of in schema.key:
            levels[column.of.name] = _values(column.of, array)
        elif column.of is not PERSON or not whole:
            columns[column.memory_name] = _values(column.of, array)
    table = pd.DataFrame(columns, index=_index(levels, schema))
    try:
        if whole:
            check(table, schema)
    except SchemaError as error:
        raise InputError(str(error)) from error
    return table


def _index(levels: dict[str, Any], schema: Table) -> Any:
    missing = [name for name in schema.key_names if name not in levels]
    if missing:
        raise InputError(f"the column of the key {missing[0]!r} is missing")
    if len(schema.key) == 1:
        return pd.Index(levels[schema.key[0].name], name=schema.key[0].name)
    arrays = [levels[name] for name in schema.key_names]
    return pd.MultiIndex.from_arrays(arrays, names=schema.key_names)


def _values(column: Column, array: pa.ChunkedArray) -> Any:
    """Convert what is stored for a column of the schema to its dtype in memory."""
    match column.kind:
        case "moment":
            return array.fill_null(MISSING_TIME).to_numpy().view("timedelta64[ms]")
        case "instant":
            return _instants(array)
        case "span":
            return _milliseconds(array.to_numpy())
        case "choice":
            return _categorical(array, column.choices, ordered=False)
        case "text":
            return pd.array(array, dtype="str")
        case _:
            nullable = {pa.int64(): pd.Int64Dtype()}
            return array.to_pandas(types_mapper=nullable.get).array if column.nullable else array.to_numpy()


def _instants(array: pa.ChunkedArray) -> pd.DatetimeIndex:
    """Convert moments of the wall clock."""
    times = array.cast(pa.int64()).fill_null(MISSING_TIME).to_numpy()
    return pd.DatetimeIndex(times.view("datetime64[us]"), tz="UTC")


def _milliseconds(seconds: np.ndarray) -> np.ndarray:
    """Convert seconds back to whole ms: exact up to 2^51 ms, about seventy thousand years."""
    known = np.isfinite(seconds)
    spans = np.rint(np.where(known, seconds, 0.0) * 1000.0).astype("int64")
    spans[~known] = MISSING_TIME
    return spans.view("timedelta64[ms]")


def _extra_values(field: pa.Field, array: pa.ChunkedArray) -> Any:
    """Convert a column of the user's own, by its type."""
    kept = (field.metadata or {}).get(CATEGORIES_MARK)
    if kept is not None:
        _refuse_type(field, pa.string())
        try:
            written = json.loads(kept)
            return _categorical(array, written["categories"], ordered=written["ordered"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"column {field.name!r} has broken categories: {error}") from error
    if field.type not in _EXTRA_DTYPES:
        raise InputError(f"column {field.name!r} is {field.type}, which the package does not write")
    return pd.array(array, dtype="str") if field.type == pa.string() else array.to_numpy()


def _categorical(array: pa.ChunkedArray, categories: Any, *, ordered: bool) -> pd.Categorical:
    codes = pc.index_in(array, value_set=pa.array(categories, pa.string()))
    if codes.null_count > array.null_count:
        raise InputError(f"a value is not one of {', '.join(categories)}")
    dtype = pd.CategoricalDtype(pd.Index(categories, dtype="str"), ordered=ordered)
    return pd.Categorical.from_codes(codes.fill_null(-1).to_numpy(), dtype=dtype)


def _refuse_type(field: pa.Field, expected: pa.DataType) -> None:
    if field.type != expected:
        raise InputError(f"column {field.name!r} is {field.type}, not {expected}")
