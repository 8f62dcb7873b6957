"""The description of a dataset: its stored tables, their keys and their relations."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa

from ptrack_analysis.dataset.manifest import PARTITION_KEYS, Form, VisitEnds
from ptrack_analysis.dataset.relations import RELATIONS, Relation
from ptrack_analysis.errors import SchemaError

MARK = "written by ptrack-analysis"
"""Text in the first lines of the files that describe a dataset."""

WITHHELD = "suppressed"
"""Column that marks the rows whose figures are withheld."""
_S3 = "s3://"
_STANDARD = {"videos"} | {relation.table for relation in RELATIONS if relation.to == "videos"}
_UNIQUE = {"tracks": "person", "visits": "visit_id", "crossings": "crossing_id"}
"""The single column that identifies a row of a table whose key has several columns."""


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table of a dataset in its stored form.

    Each field of ``schema`` has the metadata ``unit`` and ``definition``, and ``choices`` (a JSON list) if it
    has a fixed set of values. ``row`` describes a row, and ``key`` lists the columns that identify it. A
    dimension has one file; the other tables are facts, with a file per batch.
    """

    name: str
    schema: pa.Schema
    row: str
    key: tuple[str, ...]
    is_dimension: bool = False

    def has(self, *names: str) -> bool:
        """Return whether the table has all these columns."""
        return {*names} <= {*self.schema.names}

    @property
    def is_standard(self) -> bool:
        """Whether an export writes the table by default."""
        return self.is_dimension or self.name in _STANDARD

    @property
    def has_own_time(self) -> bool:
        """Whether ``local_date`` is from a time of the row, not the recording's start."""
        is_of_person = self.has("person") and any(pa.types.is_timestamp(one.type) for one in self.schema)
        is_of_time = not {"timestamp_ms", "hour_at"}.isdisjoint(self.key)
        return self.name == "videos" or is_of_time or is_of_person

    @property
    def unique_columns(self) -> tuple[str, ...]:
        """The columns that alone identify a row."""
        single = self.key if len(self.key) == 1 else ()
        further = [
            name for name in (_UNIQUE.get(self.name),) if name and self.has(name) and name not in single
        ]
        return (*single, *further)


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """The description of a dataset for its dictionary, its views and other files.

    Parameters
    ----------
    tables
        The stored tables, facts first.
    location
        Absolute path of the dataset's folder, or ``s3://bucket/prefix``.
    partition
        ``local_month``, ``local_day``, or None for a flat dataset. Only facts have partitions.
    partitions
        The partition values of each fact; None is the partition without a date.
    observed
        The videos of each pair of observed entries and exits.
    min_counts
        The numbers of people below which figures are withheld.
    salted
        Whether people are identified by salted keys.
    version
        Version of the dataset's schema.
    form
        Whether tables are Parquet files or Delta tables.
    """

    tables: tuple[StoredTable, ...]
    location: str
    partition: str | None = None
    partitions: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    observed: Mapping[VisitEnds, tuple[str, ...]] = field(default_factory=dict)
    min_counts: tuple[int, ...] = ()
    salted: bool = False
    version: int = 2
    form: Form = "parquet"

    def find(self, name: str) -> StoredTable | None:
        """Return the table of this name, None if the dataset does not have it."""
        return next((table for table in self.tables if table.name == name), None)

    def has(self, name: str, *columns: str) -> bool:
        """Return whether the dataset has this table with these columns."""
        table = self.find(name)
        return table is not None and table.has(*columns)

    @property
    def is_in_s3(self) -> bool:
        """Whether the dataset is in S3."""
        return self.location.startswith(_S3)

    @property
    def root(self) -> str:
        """The location without a trailing slash."""
        return self.location.rstrip("/")

    @property
    def partition_key(self) -> str | None:
        """The name of the partitions, such as ``month``; None for a flat dataset."""
        return None if self.partition is None else PARTITION_KEYS[self.partition]

    def list_relations(self) -> list[Relation]:
        """List the relations between the tables of this dataset, in table order."""
        further = [table for table in self.tables if not table.is_standard]
        relations = chain(RELATIONS, *map(_relate, further))
        found = [one for one in relations if self.has(one.table, one.column) and self.has(one.to, one.key)]
        order = [table.name for table in self.tables]
        return sorted(found, key=lambda relation: order.index(relation.table))

    def find_pattern(self, table: StoredTable) -> str:
        """Return the path pattern of a table's files, or the folder of a Delta table."""
        if self.form == "delta":
            return table.name
        if table.is_dimension:
            return f"{table.name}/{table.name}.parquet"
        return f"{table.name}/{'' if self.partition is None else '**/'}part-*.parquet"


def _relate(table: StoredTable) -> Iterator[Relation]:
    """Yield the possible relations of a fact that is not written by default."""
    yield Relation(table.name, "video", "videos", "video")
    yield Relation(table.name, "local_date", "dates", "date")
    yield Relation(table.name, "zone_key", "zones", "zone_key")
    yield Relation(table.name, "line_key", "lines", "line_key")
    yield Relation(table.name, "person", "tracks", "person", active=False)
    yield Relation(table.name, "other_person", "tracks", "person", active=False)


def find_unit(column: pa.Field) -> str:
    """Return the unit of a stored column, empty if it has none."""
    return _find_mark(column, b"unit")


def find_definition(column: pa.Field) -> str:
    """Return the definition of a stored column."""
    return _find_mark(column, b"definition")


def find_choices(column: pa.Field) -> list[str]:
    """Return the allowed values of a stored column; empty if all are allowed."""
    choices: list[str] = json.loads(_find_mark(column, b"choices") or "[]")
    return choices


def _find_mark(column: pa.Field, mark: bytes) -> str:
    text: str = (column.metadata or {}).get(mark, b"").decode()
    return text


TYPE_NAMES = {
    pa.int8(): "int8",
    pa.int16(): "int16",
    pa.int32(): "int32",
    pa.int64(): "int64",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "string",
    pa.bool_(): "bool",
    pa.date32(): "date",
    pa.timestamp("us", tz="UTC"): "timestamp[us, UTC]",
}
"""The name of each stored type."""


def find_type(column: pa.Field) -> str:
    """Return the name of a stored column's type, or of the values of a dictionary.

    Raises
    ------
    SchemaError
        If the package does not write this type.
    """
    stored = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if stored not in TYPE_NAMES:
        raise SchemaError(f"column {column.name!r} has type {stored}, which datasets do not support")
    return TYPE_NAMES[stored]


def as_sentence(text: str) -> str:
    """Return the text with a period at the end."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def quote_name(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"
