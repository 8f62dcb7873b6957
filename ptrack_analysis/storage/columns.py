"""Names, types and units of stored columns."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Literal

import pandas as pd

from ptrack_analysis.errors import InputError, SchemaError
from ptrack_analysis.schema import TABLES, VIDEOS, Column, Table

StoredType = Literal["int64", "double", "string", "timestamp", "bool", "date"]

TABLE_MARK = b"ptrack_analysis.table"
PACKAGE_MARK = b"ptrack_analysis.package"
VERSION_MARK = b"ptrack_analysis.version"
"""Metadata key for the schema version of a file of a dataset."""
CATEGORIES_MARK = b"ptrack_analysis.categories"
NULLABLE_MARK = b"ptrack_analysis.nullable"
"""Metadata key of a further column of whole numbers or flags that may be missing."""
PACKAGE = b"ptrack-analysis"

VIDEO = VIDEOS.key[0]
PERSON = Column("person", "text", "Key of the person in the dataset: video, a colon, person_index.")

_TYPES: dict[str, StoredType] = {
    "moment": "int64",
    "span": "double",
    "instant": "timestamp",
    "date": "date",
    "integer": "int64",
    "number": "double",
    "text": "string",
    "choice": "string",
    "flag": "bool",
}
_SUFFIXES = {"moment": "_ms", "span": "_s"}
_UNITS = {"moment": "ms", "span": "s", "instant": "UTC"}
_TWINS = {"timestamp": "recorded_at"}


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored name, type, unit and definition of one column.

    ``of`` is the column of the schema, ``memory_name`` its name in memory. ``is_name`` is True if the values
    are names (of videos, zones or choices), which are stored as a dictionary. ``moment_name`` is set for a
    column of wall-clock times. It is the stored name of the column of the same times in the video.
    """

    name: str
    type: StoredType
    unit: str
    definition: str
    of: Column
    memory_name: str
    is_name: bool
    moment_name: str | None = None


@cache
def add_video_key(schema: Table) -> Table:
    """Return the schema with ``video`` as the first level of its key."""
    return schema if VIDEO in schema.key else replace(schema, key=(VIDEO, *schema.key))


def stored_columns(schema: Table, unit: str | None = None, *, clocked: bool = False) -> list[Stored]:
    """List the stored columns of a table, including optional columns.

    The key comes first. If it contains ``video`` and ``person_index``, ``person`` follows ``video``.

    Parameters
    ----------
    schema
        Schema of the table; ``add_video_key(schema)`` for a table of a dataset.
    unit
        Unit of the plane, for a table with positions.
    clocked
        Whether the clock is known. If so, a column ``<name>_at`` with the time in UTC follows each time
        ``<name>_ms`` since the start of the video; ``recorded_at`` follows ``timestamp_ms``.
    """
    return list(_stored_columns(schema, unit, clocked))


@cache
def _stored_columns(schema: Table, unit: str | None, clocked: bool) -> tuple[Stored, ...]:  # noqa: FBT001 - called above
    columns = [
        *stored_key(schema),
        *(_stored(column, column.kind == "choice", unit) for column in schema.columns),
    ]
    return tuple(with_twins(columns) if clocked else columns)


def with_twins(columns: list[Stored]) -> list[Stored]:
    """Insert a column in UTC after each column of times since the start of the video."""
    return [one for column in columns for one in (column, find_clock_column(column)) if one is not None]


def find_clock_column(column: Stored) -> Stored | None:
    """Return the wall-clock column of a column of times in the video; None for other columns."""
    if column.of.kind != "moment" or not column.of.of_video:
        return None
    return replace(
        column,
        name=_TWINS.get(column.memory_name, f"{column.memory_name}_at"),
        type="timestamp",
        unit="UTC",
        definition=f"{column.name} as a time in UTC; missing without a clock.",
        moment_name=column.name,
    )


def stored_key(schema: Table) -> list[Stored]:
    """List the stored columns of a schema's key, including ``person`` if it applies."""
    key = list(schema.key)
    if key[0] == VIDEO and "person_index" in schema.key_names:
        key.insert(1, PERSON)
    return [_stored(column, column.kind == "text") for column in key]


def _stored(column: Column, is_name: bool, unit: str | None = None) -> Stored:  # noqa: FBT001 - called above
    memory_name = column.named(unit)
    definition = column.text
    if column.choices:
        definition += " One of: " + ", ".join(column.choices) + "."
    return Stored(
        name=memory_name + _SUFFIXES.get(column.kind, ""),
        type=_TYPES[column.kind],
        unit=_UNITS.get(column.kind, column.unit_in(unit)),
        definition=definition,
        of=column,
        memory_name=memory_name,
        is_name=is_name,
    )


def find_schema(table: pd.DataFrame) -> Table:
    """Find the schema of a table by the names of its index levels and columns.

    If the index fits two schemas (points and trajectories), return the schema with more columns, provided
    that the table has all of them.

    Raises
    ------
    SchemaError
        If no schema fits.
    """
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(f"the table must be a pandas.DataFrame, got {type(table).__name__}")
    return _find_schema(tuple(table.index.names), tuple(table.columns))


@lru_cache(maxsize=1024)  # bounded, because further columns have arbitrary names
def _find_schema(key: tuple[Hashable, ...], columns: tuple[Hashable, ...]) -> Table:
    names = list(key)
    own = names[1:] if names[0] == VIDEO.name else names
    fitting = [schema for schema in TABLES.values() if schema.key_names in (names, own)]
    if not fitting:
        raise SchemaError(
            f"no table of the package has the index {names}. Add columns to a table without changing "
            "its index, and write other tables with in_seconds(table).to_parquet(path)."
        )
    fitting.sort(key=lambda schema: len(schema.columns), reverse=True)
    found = next((schema for schema in fitting if _has_columns(columns, schema)), fitting[0])
    return found if names == found.key_names else add_video_key(found)


def schema_by_marks(marks: Mapping[bytes, bytes] | None) -> Table:
    """Find the schema of a file by its metadata.

    Raises
    ------
    InputError
        If the file was not written by this package.
    """
    marks = marks or {}
    name = marks.get(TABLE_MARK, b"").decode(errors="replace")
    if marks.get(PACKAGE_MARK) != PACKAGE or name not in TABLES:
        raise InputError("not a table written by ptrack-analysis")
    return TABLES[name]


def _has_columns(columns: tuple[Hashable, ...], schema: Table) -> bool:
    needed = [column for column in schema.columns if not column.optional]
    return any(all(column.named(unit) in columns for column in needed) for unit in schema.units)
