"""Tables of a dataset: one fixed Arrow schema per table, whatever is known of a video."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ptrack_analysis.errors import InputError
from ptrack_analysis.schema import Column, Table
from ptrack_analysis.storage.arrow import ARROW_TYPES, MISSING_TIME, convert_column, convert_further_column
from ptrack_analysis.storage.columns import (
    PACKAGE,
    PACKAGE_MARK,
    PERSON,
    TABLE_MARK,
    VERSION_MARK,
    VIDEO,
    Stored,
    add_video_key,
    find_clock_column,
    stored_columns,
    stored_key,
)

SCHEMA_VERSION = 2
"""Version of the stored form of a dataset's tables; version 1 was one file per video and table."""
LOCAL_DATE, LOCAL_HOUR = "local_date", "local_hour"
Further = tuple[tuple[str, str], ...]
"""Further columns of a source with their stored types."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_SOURCE_COLUMN = "Column of the source."
_DATE = Column(
    LOCAL_DATE,
    "text",
    "Date of the row's first moment by the clock of the site; of the start, if it has none.",
)
_HOUR_COLUMN = Column(LOCAL_HOUR, "integer", "Hour of the same moment, 0 to 23.")
_IDS = {
    "visit_id": ("video, zone, person and number of the visit", ("zone", "person", "visit")),
    "crossing_id": ("video, line, person and number of the crossing", ("line", "person", "crossing")),
}
_ID_OF_TABLE = {"visits": "visit_id", "crossings": "crossing_id"}


@dataclass(frozen=True, slots=True)
class Clock:
    """When a video starts [us since 1970, UTC], and the time zone of its site; None if unknown."""

    start: int | None = None
    zone: tzinfo | None = None

    @classmethod
    def of(cls, started_at: datetime | None, zone: tzinfo | None) -> "Clock":
        """Return the clock of a recording."""
        if started_at is None:
            return cls()
        return cls((started_at - _EPOCH) // _MICROSECOND, zone or UTC)

    def find_local(self, moments: np.ndarray) -> np.ndarray:
        """Return moments [us UTC] as the site's clock shows them [us], without a time zone."""
        if not len(moments):
            return moments
        first, last = (self._find_offset(int(moment)) for moment in (moments.min(), moments.max()))
        if first == last and moments.max() - moments.min() < 30 * _DAY:
            return moments + first
        local = pd.DatetimeIndex(moments.view("datetime64[us]"), tz="UTC").tz_convert(self.zone)
        return local.tz_localize(None).as_unit("us").to_numpy().view("int64")

    def _find_offset(self, moment: int) -> int:
        offset = (_EPOCH + timedelta(microseconds=moment)).astimezone(self.zone).utcoffset()
        return (offset or timedelta(0)) // _MICROSECOND


@cache
def fact_columns(schema: Table) -> tuple[Stored, ...]:
    """List the columns of a table in a dataset, in their order, without further columns of a source.

    Optional columns and the columns of both planes are always there. Every moment has its time by the clock
    behind it.
    """
    schema = add_video_key(schema)
    key = [column for column in stored_key(schema) if column.name != VIDEO.name]
    video = next(column for column in stored_key(schema) if column.name == VIDEO.name)
    columns = [video, _local_column(_DATE, "date"), _local_column(_HOUR_COLUMN, "int64"), *key]
    if schema.name in _ID_OF_TABLE:
        columns.append(_id_column(_ID_OF_TABLE[schema.name]))
    seen = {column.name for column in columns}
    for column in schema.columns:
        for unit in schema.units if column.in_plane else (None,):
            stored = next(one for one in stored_columns(schema, unit) if one.of is column)
            if stored.name not in seen:
                seen.add(stored.name)
                columns.append(stored)
    return tuple(one for column in columns for one in (column, find_clock_column(column)) if one is not None)


def _local_column(column: Column, kind: Any) -> Stored:
    return Stored(
        name=column.name,
        type=kind,
        unit="",
        definition=column.text,
        of=column,
        memory_name=column.name,
        is_name=False,
    )


def _id_column(name: str) -> Stored:
    text = f"Key of the row in the whole dataset: {_IDS[name][0]}."
    return _local_column(Column(name, "text", text), "string")


@cache
def arrow_schema(schema: Table, further: Further = ()) -> pa.Schema:
    """Return the Arrow schema of a table of a dataset, with these further columns of its source."""
    fields = [
        pa.field(
            column.name,
            ARROW_TYPES[column.type],
            metadata={"unit": column.unit, "definition": column.definition}
            | ({"choices": json.dumps(column.of.choices)} if column.of.choices else {}),
        )
        for column in fact_columns(schema)
    ]
    fields += [
        pa.field(name, ARROW_TYPES[kind], metadata={"unit": "", "definition": _SOURCE_COLUMN})
        for name, kind in further
    ]
    marks = {TABLE_MARK: schema.name, PACKAGE_MARK: PACKAGE, VERSION_MARK: str(SCHEMA_VERSION)}
    return pa.schema(fields, marks)


def build_rows(
    table: pd.DataFrame, schema: Table, video: str, clock: Clock, further: Iterable[str] = ()
) -> pa.Table:
    """Convert a table of one video to the stored form of a dataset.

    Parameters
    ----------
    table
        A table that the package computed, with the key of its schema.
    schema
        Its schema.
    video
        The name of the video in the dataset.
    clock
        When the recording started, and where.
    further
        Names of the further columns of the source that are stored.
    """
    rows, fields = len(table), arrow_schema(schema)
    values, moments = _store_columns(table, schema)
    values[VIDEO.name] = pa.repeat(pa.scalar(video, pa.string()), rows)
    if PERSON.name in fields.names and PERSON.name not in values:
        values[PERSON.name] = _name_people(values["person_index"], video)
    for name, (_, parts) in _IDS.items():
        if name in fields.names:
            values[name] = _join_key(video, [values[part] for part in _id_parts(parts, values)])
    for column in fact_columns(schema):
        if column.moment_name is not None and column.moment_name in moments:
            values[column.name] = _clock_times(moments[column.moment_name], clock)
    first = moments[f"{schema.row_time}_ms"] if schema.row_time else np.zeros(rows, "int64")
    values[LOCAL_DATE], values[LOCAL_HOUR] = _local_times(first, clock)
    arrays = [values[field.name] if field.name in values else pa.nulls(rows, field.type) for field in fields]
    for name in further:
        field, array = convert_further_column(name, table[name])
        fields = fields.append(field)
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=fields)


def _store_columns(table: pd.DataFrame, schema: Table) -> tuple[dict[str, pa.Array], dict[str, np.ndarray]]:
    """Convert the key and the columns that a table has; return its moments [ms] as well."""
    values: dict[str, pa.Array] = {}
    moments: dict[str, np.ndarray] = {}
    names = {*table.columns}
    levels = {*table.index.names}
    for column in fact_columns(schema):
        if column.moment_name is not None:
            continue
        if column.memory_name in levels:
            source = table.index.get_level_values(column.memory_name).array
        elif column.memory_name in names and column.name != LOCAL_HOUR:
            source = table[column.memory_name].array
        else:
            continue
        values[column.name] = convert_column(column.of, source)
        if column.of.kind == "moment":
            moments[column.name] = np.asarray(source).view("int64")
    return values, moments


def _id_parts(parts: Sequence[str], values: dict[str, pa.Array]) -> list[str]:
    return ["person_index" if part == "person" and "person_index" in values else part for part in parts]


def _name_people(numbers: pa.Array, video: str) -> pa.Array:
    """Name the person of each row; each name is made once, as there are fewer people than rows."""
    known = numbers.dictionary_encode()
    names = pc.binary_join_element_wise(pa.scalar(video), known.dictionary.cast(pa.string()), ":")
    return names.take(known.indices)


def _join_key(video: str, parts: list[pa.Array]) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(video), *(part.cast(pa.string()) for part in parts), ":")


def _clock_times(moments: np.ndarray, clock: Clock) -> pa.Array:
    """Return moments of the video [ms] in UTC; null where the moment or the clock is unknown."""
    if clock.start is None:
        return pa.nulls(len(moments), ARROW_TYPES["timestamp"])
    known = moments != MISSING_TIME
    times = np.where(known, moments, 0) * 1000 + clock.start
    return pa.array(times, pa.int64(), mask=~known).cast(ARROW_TYPES["timestamp"])


def _local_times(moments: np.ndarray, clock: Clock) -> tuple[pa.Array, pa.Array]:
    """Return the local date and hour of moments of the video [ms]; of its start where they are missing."""
    if clock.start is None:
        return pa.nulls(len(moments), pa.date32()), pa.nulls(len(moments), pa.int64())
    local = clock.find_local(np.where(moments == MISSING_TIME, 0, moments) * 1000 + clock.start)
    days = local // _DAY
    hours = (local - days * _DAY) // _HOUR
    return pa.array(days.astype("int32")).cast(pa.date32()), pa.array(hours)


def join_rows(parts: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    """Join the rows of several videos into one table of this schema, sorted by local date.

    Rows of one date keep their order. Missing further columns are null.
    """
    joined = pa.concat_tables([conform(part, schema) for part in parts]) if parts else schema.empty_table()
    if LOCAL_DATE not in schema.names or joined.num_rows == 0:
        return joined
    days = joined[LOCAL_DATE].cast(pa.int32()).fill_null(np.iinfo("int32").max).to_numpy()
    if (days[1:] >= days[:-1]).all():
        return joined
    return joined.take(pa.array(np.argsort(days, kind="stable")))


def conform(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with exactly the columns of a schema.

    Raises
    ------
    InputError
        If a column cannot be converted.
    """
    if part.schema.equals(schema):
        return pa.Table.from_arrays(part.columns, schema=schema)
    columns = []
    for field in schema:
        if field.name not in part.column_names:
            columns.append(pa.chunked_array([pa.nulls(len(part), field.type)]))
            continue
        try:
            columns.append(part[field.name].cast(field.type))
        except pa.ArrowInvalid as error:
            raise InputError(f"column {field.name!r} cannot become {field.type}: {error}") from error
    return pa.table(columns, schema=schema)


STEPS: dict[int, Callable[[pa.Table], pa.Table]] = {}
"""By schema version, what brings the rows of a table to the next version; ``conform`` adds new columns."""


def upgrade(content: pa.Table) -> pa.Table:
    """Bring the rows of an older schema version to the present one, a step for each version."""
    marks = content.schema.metadata or {}
    version = int(marks.get(VERSION_MARK, SCHEMA_VERSION))
    while version < SCHEMA_VERSION:
        content = STEPS[version](content)
        version += 1
        content = content.replace_schema_metadata({**marks, VERSION_MARK: str(version).encode()})
    return content


def join_types(known: Further, found: Further) -> Further:
    """Join the further columns of two sources: numbers become doubles, anything else that differs text."""
    types = dict(known)
    for name, kind in found:
        before = types.setdefault(name, kind)
        if before != kind:
            types[name] = "double" if {before, kind} == {"int64", "double"} else "string"
    return tuple(types.items())


ROW_GROUP = 131_072
_PROFILE: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "version": "2.6",
    "data_page_version": "1.0",
    "write_page_index": True,
    "write_page_checksum": True,
    "row_group_size": ROW_GROUP,
}


@cache
def _encodings(schema: Table) -> tuple[list[str], dict[str, str]]:
    """Return the dictionary columns of a table, and the encodings of its numbers and times."""
    dictionary, encodings = [], {}
    for column in fact_columns(schema):
        if column.is_name or column.type == "date" or column.name == LOCAL_HOUR:
            dictionary.append(column.name)
        elif column.type == "double":
            encodings[column.name] = "BYTE_STREAM_SPLIT"
        elif column.type in ("int64", "timestamp"):
            encodings[column.name] = "DELTA_BINARY_PACKED"
    return dictionary, encodings


def write_fact(content: pa.Table, schema: Table, sink: Any) -> None:
    """Write rows in the stored form of a dataset to a Parquet file."""
    dictionary, encodings = _encodings(schema)
    pq.write_table(content, sink, use_dictionary=dictionary, column_encoding=encodings, **_PROFILE)


def split_by(content: pa.Table, partition: str | None) -> Iterator[tuple[str | None, pa.Table]]:
    """Split sorted rows by local month or day; give each part with its value, None where it is unknown."""
    if partition is None:
        yield None, content
        return
    days = content[LOCAL_DATE]
    texts = pc.strftime(days, format="%Y-%m" if partition == "local_month" else "%Y-%m-%d")
    for value in texts.unique().to_pylist():
        chosen = pc.is_null(texts) if value is None else pc.equal(texts, value).fill_null(False)  # noqa: FBT003 - a value
        yield value, content.filter(chosen)
