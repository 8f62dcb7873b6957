"""From a table in memory to its stored form, an Arrow table."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.io.stored import (
    CATEGORIES_MARK,
    PACKAGE,
    PACKAGE_MARK,
    PERSON,
    TABLE_MARK,
    VIDEO,
    Stored,
    schema_of,
    stored_columns,
    stored_key,
    with_video,
)
from ptrack_analysis.schema import Column, Table, check, unit_of

ARROW_TYPES = {
    "int64": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "bool": pa.bool_(),
}
EXTRA_TYPES = {
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "str": pa.string(),
    "category": pa.string(),
}
MISSING_TIME = int(np.iinfo("int64").min)

Part = tuple[pa.Field, pa.Array]


def to_arrow(table: pd.DataFrame, *, schema: Table | None = None, video: str | None = None) -> pa.Table:
    """Convert a table to its stored form; ``write_parquet`` says what that is.

    Raises
    ------
    SchemaError
        If it is no table of the schema, or has a further column that cannot be stored.
    ParameterError
        If ``video`` is given for a table that has the key ``video`` itself.
    """
    schema = _checked(table, schema)
    if video is not None and VIDEO in schema.key:
        raise ParameterError(f"video is {video!r}, but the {schema.name} table has the key 'video' itself")
    parts = [*_key_parts(table, schema, video), *_column_parts(table, schema)]
    marks = {TABLE_MARK: schema.name.encode(), PACKAGE_MARK: PACKAGE}
    return pa.table([array for _, array in parts], pa.schema([field for field, _ in parts], marks))


def _checked(table: pd.DataFrame, schema: Table | None) -> Table:
    """Check the table and give its schema, with the key ``video`` where it has it."""
    if schema is None:
        schema = schema_of(table)
    elif isinstance(table, pd.DataFrame) and table.index.names[0] == VIDEO.name:
        schema = with_video(schema)
    if isinstance(table, pd.DataFrame) and not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise SchemaError(f"not a {schema.name} table: column {twice!r} is there twice")
    check(table, schema)
    return schema


def _key_parts(table: pd.DataFrame, schema: Table, video: str | None) -> Iterator[Part]:
    """Convert the index levels; ``video`` and ``person`` come before them where there are such."""
    levels = {name: table.index.get_level_values(name).array for name in schema.key_names}
    arrays = {column.name: _array(column, levels[column.name]) for column in schema.key}
    if video is not None:
        schema = with_video(schema)
        arrays[VIDEO.name] = pa.repeat(pa.scalar(video, pa.string()), len(table))
    for column in stored_key(schema):
        if column.of is PERSON:
            numbers = arrays["person_index"].cast(pa.string())
            arrays[PERSON.name] = pc.binary_join_element_wise(arrays[VIDEO.name], numbers, ":")
        yield _field(column), arrays[column.of.name]


def _column_parts(table: pd.DataFrame, schema: Table) -> Iterator[Part]:
    """Convert the columns, in the order in which the table has them."""
    columns = stored_columns(with_video(schema), unit_of(table, schema) if schema.in_plane else None)
    known = {column.memory_name: column for column in columns if column.of in schema.columns}
    _refuse_extras(table, [name for name in table.columns if name not in known], [c.name for c in columns])
    for name, values in table.items():
        if name in known:
            column = known[str(name)]
            yield _field(column), _array(column.of, values.array)
        else:
            yield _extra_part(str(name), values)


def _refuse_extras(table: pd.DataFrame, names: list[Any], taken: list[str]) -> None:
    """Refuse further columns for which there is no type, or whose name is another's but for its case."""
    others = {name.lower() for name in taken}
    defects = []
    for name in names:
        dtype = table[name].dtype
        if not isinstance(name, str):
            defects.append(f"{name!r} is no text")
        elif name.lower() in others:
            defects.append(f"{name!r} is the stored name of another")
        elif str(dtype) not in EXTRA_TYPES:
            defects.append(f"{name!r} is {dtype}, not one of {', '.join(EXTRA_TYPES)}")
        elif isinstance(dtype, pd.CategoricalDtype) and dtype.categories.dtype != "str":
            defects.append(f"{name!r} has categories of {dtype.categories.dtype}, not of str")
        others.add(str(name).lower())
    if defects:
        raise SchemaError("further columns that cannot be stored: " + "; ".join(defects))


def _field(column: Stored) -> pa.Field:
    metadata = {"unit": column.unit, "definition": column.definition}
    return pa.field(column.name, ARROW_TYPES[column.type], metadata=metadata)


def _array(column: Column, values: Any) -> pa.Array:
    """Convert the values of a column of the schema to the type in which they are stored."""
    match column.kind:
        case "moment":
            moments = np.asarray(values).view("int64")
            return pa.array(moments, pa.int64(), mask=moments == MISSING_TIME)
        case "span":
            spans = np.asarray(values).view("int64")
            return pa.array(spans / 1000.0, pa.float64(), mask=spans == MISSING_TIME)
        case "choice":
            return _categories(values)
        case "instant":
            return pa.array(values, pa.timestamp("us", tz="UTC"))
        case "text":
            return pa.array(values, pa.string(), from_pandas=True)
        case _:
            plain = {"integer": pa.int64(), "flag": pa.bool_()}
            return pa.array(values, plain.get(column.kind, pa.float64()), from_pandas=True)


def _extra_part(name: str, values: pd.Series) -> Part:
    """Convert a column of the user's own; the categories of a categorical go to its metadata."""
    stored_type = EXTRA_TYPES[str(values.dtype)]
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return pa.field(name, stored_type), pa.array(values.array, stored_type, from_pandas=True)
    kept = {"categories": values.dtype.categories.to_list(), "ordered": bool(values.dtype.ordered)}
    return pa.field(name, stored_type, metadata={CATEGORIES_MARK: json.dumps(kept)}), _categories(
        values.array
    )


def _categories(values: Any) -> pa.Array:
    """Convert a categorical to plain strings, by its codes."""
    codes = np.asarray(values.codes)
    indices = pa.array(codes, mask=codes < 0)
    return pa.array(values.categories.to_list(), pa.string()).take(indices)
