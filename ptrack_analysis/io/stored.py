"""The stored form of the tables: what each column is called on disk, its type, and the marks of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from ptrack_analysis.errors import InputError, SchemaError
from ptrack_analysis.schema import TABLES, VIDEOS, Column, Table

StoredType = Literal["int64", "double", "string", "timestamp", "bool"]

TABLE_MARK = b"ptrack_analysis.table"
PACKAGE_MARK = b"ptrack_analysis.package"
CATEGORIES_MARK = b"ptrack_analysis.categories"
PACKAGE = b"ptrack-analysis"

VIDEO = VIDEOS.key[0]
PERSON = Column("person", "text", "Key of the person over all videos: video, a colon, person_index.")

_TYPES: dict[str, StoredType] = {
    "moment": "int64",
    "span": "double",
    "instant": "timestamp",
    "integer": "int64",
    "number": "double",
    "text": "string",
    "choice": "string",
    "flag": "bool",
}
_SUFFIXES = {"moment": "_ms", "span": "_s"}
_UNITS = {"moment": "ms", "span": "s", "instant": "UTC"}


@dataclass(frozen=True, slots=True)
class Stored:
    """One column as it is stored: its name, type, unit and definition there.

    ``of`` is the column of the schema, ``memory_name`` its name in memory. ``is_name`` tells whether its
    values name something (a video, a zone, a choice): then they are few, and stored as a dictionary.
    """

    name: str
    type: StoredType
    unit: str
    definition: str
    of: Column
    memory_name: str
    is_name: bool


def with_video(schema: Table) -> Table:
    """Give the schema of such a table of many videos: ``video`` is the first level of its key."""
    return schema if VIDEO in schema.key else replace(schema, key=(VIDEO, *schema.key))


def stored_columns(schema: Table, unit: str | None = None) -> list[Stored]:
    """List the columns of a table of this schema as they are stored, optional ones too.

    The key comes first. Where it has ``video`` and ``person_index``, ``person`` stands behind ``video``.

    Parameters
    ----------
    schema
        Which table; ``with_video(schema)`` for one of a dataset.
    unit
        Unit of the plane, for a table that has one.
    """
    return [
        *stored_key(schema),
        *(_stored(column, column.kind == "choice", unit) for column in schema.columns),
    ]


def stored_key(schema: Table) -> list[Stored]:
    """List the columns that the key of a table of this schema is stored in, and ``person`` if it has it."""
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


def schema_of(table: pd.DataFrame) -> Table:
    """Find the schema that a table is of, by the names of its index levels and columns.

    Where the index fits two schemas (points and trajectories), it is the one with more columns whose columns
    are all there.

    Raises
    ------
    SchemaError
        If there is none.
    """
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(
            f"not a table of the package: it is a {type(table).__name__}, not a pandas.DataFrame"
        )
    names = list(table.index.names)
    fitting = [
        schema for schema in TABLES.values() if names in (schema.key_names, with_video(schema).key_names)
    ]
    if not fitting:
        raise SchemaError(f"not a table of the package: there is none with the index {names}")
    fitting.sort(key=lambda schema: len(schema.columns), reverse=True)
    found = next((schema for schema in fitting if _has_columns(table, schema)), fitting[0])
    return found if names == found.key_names else with_video(found)


def schema_by_marks(marks: Mapping[bytes, bytes] | None) -> Table:
    """Find the schema that a file's marks say it holds.

    Raises
    ------
    InputError
        If they are not the package's.
    """
    marks = marks or {}
    name = marks.get(TABLE_MARK, b"").decode(errors="replace")
    if marks.get(PACKAGE_MARK) != PACKAGE or name not in TABLES:
        raise InputError("not a table written by ptrack-analysis")
    return TABLES[name]


def _has_columns(table: pd.DataFrame, schema: Table) -> bool:
    needed = [column for column in schema.columns if not column.optional]
    return any(all(column.named(unit) in table.columns for column in needed) for unit in schema.units)
