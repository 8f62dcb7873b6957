"""Conversion of tables to Arrow and back."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.errors import InputError, ParameterError, SchemaError
from ptrack_analysis.schema import Column, Table, find_unit, validate
from ptrack_analysis.storage.columns import (
    CATEGORIES_MARK,
    NULLABLE_MARK,
    PACKAGE,
    PACKAGE_MARK,
    PERSON,
    TABLE_MARK,
    VERSION_MARK,
    VIDEO,
    Stored,
    add_video_key,
    find_clock_column,
    find_schema,
    schema_by_marks,
    stored_columns,
    stored_key,
)

ARROW_TYPES = {
    "int64": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "bool": pa.bool_(),
}
EXTRA_TYPES = {
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "str": pa.string(),
    "category": pa.string(),
    "boolean": pa.bool_(),
    "Int64": pa.int64(),
}
_NULLABLE_DTYPES = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype()}
DERIVED = {"local_date", "local_hour", "visit_id", "crossing_id"}
"""Stored columns of a dataset that are derived from others."""
MISSING_TIME = int(np.iinfo("int64").min)
_LONGEST_SPAN = 2.0**53
"""Longest duration in a file [s]."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Part = tuple[pa.Field, pa.Array]


def to_arrow(
    table: pd.DataFrame,
    *,
    schema: Table | None = None,
    video: str | None = None,
    started_at: datetime | None = None,
) -> pa.Table:
    """Convert a table to its stored form, as described in ``write_parquet``.

    Raises
    ------
    SchemaError
        If the table does not match the schema, or a further column cannot be stored.
    ParameterError
        If ``video`` is given for a table that already has the key ``video``; if ``started_at`` has no offset
        or is given for a table of several videos.
    """
    schema = _validate_table(table, schema)
    if video is not None and VIDEO in schema.key:
        raise ParameterError(
            f"video must not be set, because the {schema.name} table already has the key 'video'"
        )
    parts = [*_key_parts(table, schema, video), *_column_parts(table, schema)]
    if started_at is not None:
        parts = list(_add_clock_columns(parts, schema, _find_start(started_at, table, schema)))
    marks = {TABLE_MARK: schema.name.encode(), PACKAGE_MARK: PACKAGE}
    return pa.table([array for _, array in parts], pa.schema([field for field, _ in parts], marks))


def _find_start(started_at: datetime, table: pd.DataFrame, schema: Table) -> int:
    """Return the start of the table's video [us since 1970]."""
    if started_at.tzinfo is None:
        raise ParameterError(
            f"started_at must have an offset such as +01:00, got the local time {started_at.isoformat()!r}"
        )
    if VIDEO in schema.key and len(table.index.unique(VIDEO.name)) > 1:
        raise ParameterError(
            f"started_at must not be set, because the {schema.name} table has several videos, each with its "
            "own start"
        )
    return (started_at - _EPOCH) // _MICROSECOND


def _add_clock_columns(parts: list[Part], schema: Table, start: int) -> Iterator[Part]:
    """Insert a column in UTC after each column of times since the start of the video."""
    stored = {column.name: column for column in stored_columns(add_video_key(schema))}
    for field, times in parts:
        yield field, times
        clock_column = find_clock_column(stored[field.name]) if field.name in stored else None
        if clock_column is not None:
            try:
                instants = pc.add_checked(pc.multiply_checked(times, 1000), start)
            except pa.ArrowInvalid as error:
                raise ParameterError(f"{field.name} has a time beyond the calendar") from error
            yield _field(clock_column), instants.cast(ARROW_TYPES[clock_column.type])


def _validate_table(table: pd.DataFrame, schema: Table | None) -> Table:
    """Validate a table and return its schema, with the key ``video`` if the table has it."""
    if schema is None:
        schema = find_schema(table)
    elif isinstance(table, pd.DataFrame) and table.index.names[0] == VIDEO.name:
        schema = add_video_key(schema)
    if isinstance(table, pd.DataFrame) and not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise SchemaError(f"not a {schema.name} table: column {twice!r} occurs twice")
    validate(table, schema)
    return schema


def _key_parts(table: pd.DataFrame, schema: Table, video: str | None) -> Iterator[Part]:
    """Convert the index levels, preceded by ``video`` and ``person`` if they apply."""
    levels = {name: table.index.get_level_values(name).array for name in schema.key_names}
    arrays = {column.name: convert_column(column, levels[column.name]) for column in schema.key}
    if video is not None:
        schema = add_video_key(schema)
        arrays[VIDEO.name] = pa.repeat(pa.scalar(video, pa.string()), len(table))
    for column in stored_key(schema):
        if column.of is PERSON:
            arrays[PERSON.name] = _format_person_keys(arrays, video)
        yield _field(column), arrays[column.of.name]


def _format_person_keys(arrays: Mapping[str, pa.Array], video: str | None) -> pa.Array:
    """Return the key of the person of each row, ``video:person_index``."""
    if video is None:
        numbers = arrays["person_index"].cast(pa.string())
        return pc.binary_join_element_wise(arrays[VIDEO.name], numbers, ":")
    known = arrays["person_index"].dictionary_encode()  # format each key once
    names = pc.binary_join_element_wise(pa.scalar(video), known.dictionary.cast(pa.string()), ":")
    return names.take(known.indices)


def _column_parts(table: pd.DataFrame, schema: Table) -> Iterator[Part]:
    """Convert the columns in the order of the table."""
    unit = find_unit(table, schema) if schema.in_plane else None
    columns = stored_columns(add_video_key(schema), unit, clocked=True)
    known = {
        column.memory_name: column
        for column in columns
        if column.of in schema.columns and not column.moment_name
    }
    _validate_extras(table, [name for name in table.columns if name not in known], [c.name for c in columns])
    bare = table.reset_index(drop=True)  # otherwise, pandas copies the index for each column
    for name, values in bare.items():
        if name in known:
            column = known[str(name)]
            yield _field(column), convert_column(column.of, values.array)
        else:
            yield convert_further_column(str(name), values)


def _validate_extras(table: pd.DataFrame, names: list[Any], taken: list[str]) -> None:
    """Reject further columns with an unsupported type, or a name that differs from another only in case."""
    others = {name.lower() for name in taken}
    defects = []
    for name in names:
        dtype = table[name].dtype
        if not isinstance(name, str):
            defects.append(f"the name {name!r} must be text")
        elif name.lower() in others:
            defects.append(f"the name {name!r} is taken by another stored column")
        elif str(dtype) not in EXTRA_TYPES:
            defects.append(f"{name!r} must be one of {', '.join(EXTRA_TYPES)}, got {dtype}")
        elif isinstance(dtype, pd.CategoricalDtype) and dtype.categories.dtype != "str":
            defects.append(f"{name!r} must have categories of str, got {dtype.categories.dtype}")
        others.add(str(name).lower())
    if defects:
        raise SchemaError("further columns cannot be stored: " + "; ".join(defects))


@cache
def _field(column: Stored) -> pa.Field:
    metadata = {"unit": column.unit, "definition": column.definition}
    return pa.field(column.name, ARROW_TYPES[column.type], metadata=metadata)


def convert_column(column: Column, values: Any) -> pa.Array:
    """Convert the values of a column of the schema to their stored type."""
    match column.kind:
        case "moment":
            times = np.asarray(values).view("int64")
            return pa.array(times, pa.int64(), mask=times == MISSING_TIME)
        case "span":
            durations = np.asarray(values).view("int64")
            return pa.array(durations / 1000.0, pa.float64(), mask=durations == MISSING_TIME)
        case "choice":
            return _categories(values) if isinstance(values, pd.Categorical) else _choose(column, values)
        case "date":
            return pa.array(np.asarray(values).astype("datetime64[D]"), pa.date32())
        case "instant":
            return pa.array(values, pa.timestamp("us", tz="UTC"))
        case _:
            plain = {"integer": pa.int64(), "flag": pa.bool_(), "text": pa.string()}
            return pa.array(values, plain.get(column.kind, pa.float64()), from_pandas=True)


def convert_further_column(name: str, values: pd.Series) -> Part:
    """Convert a further column; the categories of a categorical are stored in its metadata."""
    stored_type = EXTRA_TYPES[str(values.dtype)]
    if not isinstance(values.dtype, pd.CategoricalDtype):
        marks = {NULLABLE_MARK: "1"} if values.dtype in _NULLABLE_DTYPES.values() else None
        field = pa.field(name, stored_type, metadata=marks)
        return field, pa.array(values.array, stored_type, from_pandas=True)
    kept = {"categories": values.dtype.categories.to_list(), "ordered": bool(values.dtype.ordered)}
    return pa.field(name, stored_type, metadata={CATEGORIES_MARK: json.dumps(kept)}), _categories(
        values.array
    )


def _choose(column: Column, codes: np.ndarray) -> pa.Array:
    """Convert the codes of a choice to texts."""
    return pa.array(column.choices, pa.string()).take(pa.array(codes, mask=codes < 0))


def _categories(values: Any) -> pa.Array:
    """Convert a categorical to strings."""
    codes = np.asarray(values.codes)
    indices = pa.array(codes, mask=codes < 0)
    return pa.array(values.categories.to_list(), pa.string()).take(indices)


_EXTRA_TYPES = set(EXTRA_TYPES.values())


def from_arrow(content: pa.Table, *, whole: bool = True) -> pd.DataFrame:
    """Convert a stored table to a table in memory.

    If ``whole`` is False, columns outside the key may be missing, and derived columns (``person``,
    ``recorded_at``) are kept.

    Raises
    ------
    InputError
        If it is not a stored table of the package.
    """
    schema = schema_by_marks(content.schema.metadata)
    if VIDEO.name in content.column_names:
        schema = add_video_key(schema)
    if whole:
        content = drop_derived(content)
    known = {
        column.name: column for unit in schema.units for column in stored_columns(schema, unit, clocked=True)
    }
    levels, columns = {}, {}
    for field, array in zip(content.schema, content.columns, strict=True):
        column = known.get(field.name)
        if column is None:
            columns[field.name] = _extra_values(field, array)
            continue
        _validate_type(field, ARROW_TYPES[column.type])
        is_derived = column.moment_name is not None or column.of is PERSON
        if is_derived and whole:
            continue
        if column.moment_name is not None:
            columns[field.name] = _instants(array)
        elif column.of in schema.key:
            levels[column.of.name] = _values(column.of, array)
        else:
            columns[column.memory_name] = _values(column.of, array)
    table = pd.DataFrame(columns, index=_index(levels, schema))
    try:
        if whole:
            validate(table, schema)
    except SchemaError as error:
        raise InputError(str(error)) from error
    return table


def drop_derived(content: pa.Table) -> pa.Table:
    """Drop the columns of a dataset that a table in memory does not have.

    These are derived columns, and optional columns and columns of a plane without values.
    """
    if VERSION_MARK not in (content.schema.metadata or {}):
        return content
    schema = add_video_key(schema_by_marks(content.schema.metadata))
    by_unit = {unit: {column.name for column in stored_columns(schema, unit)} for unit in schema.units}
    own = set[str]().union(*by_unit.values())
    optional = {
        column.name for unit in schema.units for column in stored_columns(schema, unit) if column.of.optional
    }
    empty = {
        name
        for name, array in zip(content.column_names, content.columns, strict=True)
        if array.null_count == len(array)
    }
    dropped = (DERIVED - own) | (optional & empty)
    if schema.in_plane:
        in_plane = {unit: [c.named(unit) for c in schema.columns if c.in_plane] for unit in schema.units}
        used = [unit for unit, names in in_plane.items() if not empty.issuperset(_stored(names, content))]
        for unit in schema.units:
            if unit not in (used or schema.units[:1]):
                dropped |= {name for name in in_plane[unit] if name in empty}
    return content.drop_columns([name for name in content.column_names if name in dropped])


def _stored(names: Iterable[str], content: pa.Table) -> set[str]:
    return {name for name in names if name in content.column_names}


def _index(levels: dict[str, Any], schema: Table) -> Any:
    missing = [name for name in schema.key_names if name not in levels]
    if missing:
        raise InputError(f"the key column {missing[0]!r} is missing")
    if len(schema.key) == 1:
        return pd.Index(levels[schema.key[0].name], name=schema.key[0].name)
    arrays = [levels[name] for name in schema.key_names]
    return pd.MultiIndex.from_arrays(arrays, names=schema.key_names)


def _values(column: Column, array: pa.ChunkedArray) -> Any:
    """Convert the stored values of a column of the schema to its dtype in memory."""
    match column.kind:
        case "moment":
            return array.fill_null(MISSING_TIME).to_numpy().view("timedelta64[ms]")
        case "date" | "instant":
            return _dates(array) if column.kind == "date" else _instants(array)
        case "span":
            return _milliseconds(column.name, array.to_numpy())
        case "choice":
            return _categorical(array, column.choices, ordered=False)
        case "text":
            return pd.array(array, dtype="str")
        case _:
            nullable = {pa.int64(): pd.Int64Dtype()}
            return array.to_pandas(types_mapper=nullable.get).array if column.nullable else array.to_numpy()


def _instants(array: pa.ChunkedArray) -> pd.DatetimeIndex:
    """Convert wall-clock times."""
    times = array.cast(pa.int64()).fill_null(MISSING_TIME).to_numpy()
    return pd.DatetimeIndex(times.view("datetime64[us]"), tz="UTC")


def _dates(array: pa.ChunkedArray) -> pd.DatetimeIndex:
    """Convert dates."""
    days = array.cast(pa.int32()).cast(pa.int64()).fill_null(MISSING_TIME).to_numpy()
    return pd.DatetimeIndex(days.view("datetime64[D]").astype("datetime64[s]"))


def _milliseconds(name: str, seconds: np.ndarray) -> np.ndarray:
    """Convert seconds to whole milliseconds; exact up to 2^51 ms."""
    known = ~np.isnan(seconds)
    longest = np.abs(seconds[known]).max(initial=0.0)
    if longest > _LONGEST_SPAN:
        raise InputError(f"a duration in {name!r} has {longest:g} s, which is out of range")
    durations = np.rint(np.where(known, seconds, 0.0) * 1000.0).astype("int64")
    durations[~known] = MISSING_TIME
    return durations.view("timedelta64[ms]")


def _extra_values(field: pa.Field, array: pa.ChunkedArray) -> Any:
    """Convert a further column by its type."""
    if pa.types.is_date32(field.type):
        return array.cast(pa.int32()).to_numpy().astype("datetime64[D]").astype("datetime64[s]")
    kept = (field.metadata or {}).get(CATEGORIES_MARK)
    if kept is not None:
        _validate_type(field, pa.string())
        try:
            written = json.loads(kept)
            return _categorical(array, written["categories"], ordered=written["ordered"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"column {field.name!r} has invalid categories: {error}") from error
    if field.type not in _EXTRA_TYPES:
        raise InputError(f"column {field.name!r} has type {field.type}, which the package does not write")
    is_nullable = array.null_count or NULLABLE_MARK in (field.metadata or {})
    if is_nullable and field.type in _NULLABLE_DTYPES:
        return array.to_pandas(types_mapper=_NULLABLE_DTYPES.get).array
    return pd.array(array, dtype="str") if field.type == pa.string() else array.to_numpy()


def _categorical(array: pa.ChunkedArray, categories: Any, *, ordered: bool) -> pd.Categorical:
    codes = pc.index_in(array, value_set=pa.array(categories, pa.string()))
    if codes.null_count > array.null_count:
        raise InputError(f"a value of a column is not one of {', '.join(categories)}")
    dtype = pd.CategoricalDtype(pd.Index(categories, dtype="str"), ordered=ordered)
    return pd.Categorical.from_codes(codes.fill_null(-1).to_numpy(), dtype=dtype)


def _validate_type(field: pa.Field, expected: pa.DataType) -> None:
    if field.type != expected:
        raise InputError(f"column {field.name!r} must be {expected}, got {field.type}")
