"""Arrow tables of a dataset, with one fixed schema per table."""

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
from ptrack_analysis.schema import DETECTIONS, FACES, Column, Table
from ptrack_analysis.schema.arrays import Rows, TableArrays, drop_key
from ptrack_analysis.storage.arrow import ARROW_TYPES, MISSING_TIME, convert_column, convert_further_column
from ptrack_analysis.storage.columns import (
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
    stored_columns,
    stored_key,
)

SCHEMA_VERSION = 2
"""Version of the stored form of a dataset's tables; version 1 had one file per video and table."""
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
    "date",
    "Local date of the row's first time; of the recording's start if the row has no time.",
)
_HOUR_COLUMN = Column(LOCAL_HOUR, "integer", "Local hour of the same time, 0 to 23.")
_IDS = {
    "visit_id": ("video, zone, person and number of the visit", ("zone", "person", "visit")),
    "crossing_id": (
        "video, line, person, direction and number of the crossing in this direction",
        ("line", "person", "direction", "crossing"),
    ),
}
_ID_OF_TABLE = {"visits": "visit_id", "crossings": "crossing_id"}


@dataclass(frozen=True, slots=True)
class Clock:
    """The start of a video [us since 1970, UTC] and the site's time zone; None if unknown."""

    start: int | None = None
    zone: tzinfo | None = None

    @classmethod
    def of(cls, started_at: datetime | None, zone: tzinfo | None) -> "Clock":
        """Return the clock of a recording."""
        if started_at is None:
            return cls()
        return cls((started_at - _EPOCH) // _MICROSECOND, zone or UTC)

    def find_local(self, moments: np.ndarray) -> np.ndarray:
        """Convert times [us UTC] to local times of the site [us], without a time zone."""
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
    """List the stored columns of a table in order, without further columns of a source.

    Optional columns and the columns of both planes are always included. A column of wall-clock times follows
    each column of times in the video. Detections have no face columns, which are in a separate table.
    """
    schema = add_video_key(schema)
    key = [column for column in stored_key(schema) if column.name != VIDEO.name]
    video = next(column for column in stored_key(schema) if column.name == VIDEO.name)
    columns = [video, _local_column(_DATE, "date"), _local_column(_HOUR_COLUMN, "int64"), *key]
    if schema.name in _ID_OF_TABLE:
        columns.append(_id_column(_ID_OF_TABLE[schema.name]))
    seen = {column.name for column in columns}
    apart = {column.name for column in FACES.columns} if schema.name == DETECTIONS.name else set()
    for column in schema.columns:
        if column.name in apart:
            continue
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
    text = f"Key of the row in the dataset: {_IDS[name][0]}."
    return _local_column(Column(name, "text", text), "string")


@cache
def arrow_schema(schema: Table, further: Further = ()) -> pa.Schema:
    """Return the Arrow schema of a table of a dataset, including further columns."""
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
        pa.field(
            name,
            ARROW_TYPES[kind],
            metadata={"unit": "", "definition": _SOURCE_COLUMN, NULLABLE_MARK: "1"},
        )
        for name, kind in further
    ]
    marks = {TABLE_MARK: schema.name, PACKAGE_MARK: PACKAGE, VERSION_MARK: str(SCHEMA_VERSION)}
    return pa.schema(fields, marks)


@dataclass(frozen=True, slots=True)
class VideoTable:
    """A table of one video, with the video's name in the dataset and its clock."""

    video: str
    table: Rows
    clock: Clock


def build_rows(parts: Sequence[VideoTable], schema: Table, further: Further = ()) -> pa.Table:
    """Convert tables of several videos to the stored form of a dataset.

    Parameters
    ----------
    parts
        The computed tables, with the key of the schema.
    schema
        Schema of the tables.
    further
        Further columns of the sources, with their types.
    """
    lengths = [len(part.table) for part in parts]
    sources = [_read_arrays(part.table) for part in parts]
    fields, rows = arrow_schema(schema, further), sum(lengths)
    values, moments = _join_columns(sources, schema, lengths)
    names = pa.array([part.video for part in parts], pa.string())
    values[VIDEO.name] = names.take(pa.array(np.repeat(np.arange(len(parts)), lengths)))
    if PERSON.name in fields.names and PERSON.name not in values:
        values[PERSON.name] = _join_names([values[VIDEO.name], values["person_index"]])
    for name, (_, key) in _IDS.items():
        if name in fields.names:
            values[name] = _join_names(
                [values[VIDEO.name], *(values[part] for part in _id_parts(key, values))]
            )
    starts = [MISSING_TIME if part.clock.start is None else part.clock.start for part in parts]
    start = np.repeat(np.array(starts, dtype="int64"), lengths)
    values |= {
        column.name: _clock_times(moments[column.moment_name], start)
        for column in fact_columns(schema)
        if column.moment_name in moments
    }
    first = moments[f"{schema.row_time}_ms"] if schema.row_time else np.zeros(rows, "int64")
    dates, hours = _local_times(first, start, [part.clock for part in parts], lengths)
    values = {LOCAL_DATE: dates, LOCAL_HOUR: hours} | values  # hourly tables have their own
    for name, kind in further:
        values[name] = _join_further(name, ARROW_TYPES[kind], [part.table for part in parts])
    arrays = [values[field.name] if field.name in values else pa.nulls(rows, field.type) for field in fields]
    return pa.Table.from_arrays(arrays, schema=fields)


def _join_columns(
    sources: Sequence[dict[Any, Any]], schema: Table, lengths: Sequence[int]
) -> tuple[dict[str, Any], dict[Any, np.ndarray]]:
    """Join the columns that any of the videos has; also return the times in the video [ms]."""
    values: dict[str, Any] = {}
    moments: dict[Any, np.ndarray] = {}
    for column in fact_columns(schema):
        found = [source.get(column.memory_name) for source in sources]
        if column.moment_name is None and any(array is not None for array in found):
            values[column.name], times = _join_column(column, found, lengths)
            if times is not None:
                moments[column.name] = times
    return values, moments


def _read_arrays(table: Rows) -> dict[Any, Any]:
    """Return the values of the index levels and columns of a table by name."""
    if isinstance(table, TableArrays):
        names = {column.name: column.named(table.unit) for column in table.schema.columns}
        return {names.get(name, name): values for name, values in table.arrays.items()}
    index = table.index
    arrays: dict[Any, Any] = {name: series.array for name, series in drop_key(table).items()}
    if isinstance(index, pd.MultiIndex):
        return arrays | {
            name: level.take(codes).array
            for name, level, codes in zip(index.names, index.levels, index.codes, strict=True)
        }
    return arrays | {index.name: index.array}


def _join_column(column: Stored, found: Sequence[Any], lengths: Sequence[int]) -> tuple[Any, Any]:
    """Join a column of several videos; also return times in the video [ms], None for other kinds."""
    is_time = column.of.kind in ("moment", "span")
    if is_time:
        times = np.concatenate(
            [
                np.full(length, MISSING_TIME) if array is None else np.asarray(array).view("int64")
                for array, length in zip(found, lengths, strict=True)
            ]
        )
        array = convert_column(column.of, times)
        return array, times if column.of.kind == "moment" else None
    is_plain = (
        column.of.kind in _PLAIN and not column.of.nullable and all(array is not None for array in found)
    )
    if is_plain or all(isinstance(array, np.ndarray) for array in found):
        return convert_column(column.of, np.concatenate([np.asarray(array) for array in found])), None
    kind = ARROW_TYPES[column.type]
    arrays = [
        pa.nulls(length, kind) if array is None else convert_column(column.of, array)
        for array, length in zip(found, lengths, strict=True)
    ]
    return pa.chunked_array(arrays, kind), None


_PLAIN = ("integer", "number", "flag")


def _join_further(name: str, kind: pa.DataType, tables: Sequence[Rows]) -> pa.ChunkedArray:
    """Join a further column of several videos in its common type; null if a source lacks it."""
    arrays = [
        convert_further_column(name, table[name])[1].cast(kind)
        if isinstance(table, pd.DataFrame) and name in table.columns
        else pa.nulls(len(table), kind)
        for table in tables
    ]
    return pa.chunked_array(arrays, kind)


def find_further_types(table: pd.DataFrame, names: Iterable[str]) -> Further:
    """Return the stored types of further columns of a source."""
    kinds = {kind: name for name, kind in ARROW_TYPES.items()} | {pa.int32(): "int64"}
    return tuple((name, kinds[convert_further_column(name, table[name])[0].type]) for name in names)


def _id_parts(parts: Sequence[str], values: dict[str, Any]) -> list[str]:
    return ["person_index" if part == "person" and "person_index" in values else part for part in parts]


def _join_names(parts: Sequence[Any]) -> Any:
    """Join columns to names such as ``shop:3``."""
    return pc.binary_join_element_wise(*(part.cast(pa.string()) for part in parts), ":")


def _clock_times(moments: np.ndarray, start: np.ndarray) -> pa.Array:
    """Convert times in the video [ms] to UTC; null where the time or the clock is unknown."""
    known = (moments != MISSING_TIME) & (start != MISSING_TIME)
    times = np.where(known, moments, 0) * 1000 + np.where(known, start, 0)
    return pa.array(times, pa.int64(), mask=~known).cast(ARROW_TYPES["timestamp"])


def _local_times(
    moments: np.ndarray, start: np.ndarray, clocks: Sequence[Clock], lengths: Sequence[int]
) -> tuple[pa.Array, pa.Array]:
    """Return local dates and hours of times in the video [ms]; a missing time counts as 0."""
    unknown = start == MISSING_TIME
    local = np.where(moments == MISSING_TIME, 0, moments) * 1000 + start
    end = np.cumsum(lengths)
    for clock, stop, length in zip(clocks, end, lengths, strict=True):
        part = slice(stop - length, stop)
        local[part] = 0 if clock.start is None else clock.find_local(local[part])
    days = local // _DAY
    hours = (local - days * _DAY) // _HOUR
    dates = pa.array(days.astype("int32"), pa.int32(), mask=unknown).cast(pa.date32())
    return dates, pa.array(hours, pa.int64(), mask=unknown)


def join_rows(parts: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    """Join rows into one table, sorted by local date and video.

    The sort is stable. Missing further columns are null.
    """
    joined = pa.concat_tables([conform(part, schema) for part in parts]) if parts else schema.empty_table()
    if joined.num_rows == 0:
        return joined
    days = joined[LOCAL_DATE].cast(pa.int32()).fill_null(np.iinfo("int32").max).to_numpy()
    videos = joined[VIDEO.name].combine_chunks().dictionary_encode()
    ranks = pc.rank(videos.dictionary, tiebreaker="dense").to_numpy()[videos.indices.to_numpy()]
    order = np.lexsort((ranks, days))
    is_sorted = (np.diff(order) == 1).all()
    return joined if is_sorted else joined.take(pa.array(order))


def conform(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """Convert rows to the columns and types of a schema.

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
            raise InputError(f"column {field.name!r} cannot be converted to {field.type}: {error}") from error
    return pa.table(columns, schema=schema)


STEPS: dict[int, Callable[[pa.Table], pa.Table]] = {}
"""Functions that upgrade rows from one schema version to the next; ``conform`` adds new columns."""


def upgrade(content: pa.Table) -> pa.Table:
    """Upgrade rows of an older schema version to the current version."""
    marks = content.schema.metadata or {}
    version = int(marks.get(VERSION_MARK, SCHEMA_VERSION))
    while version < SCHEMA_VERSION:
        content = STEPS[version](content)
        version += 1
        content = content.replace_schema_metadata({**marks, VERSION_MARK: str(version).encode()})
    return content


def join_types(known: Further, found: Further) -> Further:
    """Join the further columns of two sources.

    If the types of a column differ, it becomes double for numbers, and string otherwise.
    """
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
    """Return the dictionary columns of a table and the encodings of its numbers and times."""
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
    """Write rows of a dataset to a Parquet file."""
    dictionary, encodings = _encodings(schema)
    pq.write_table(content, sink, use_dictionary=dictionary, column_encoding=encodings, **_PROFILE)


def split_by(content: pa.Table, partition: str | None) -> Iterator[tuple[str | None, pa.Table]]:
    """Split sorted rows by local month or day; yield each value (None if unknown) with its rows."""
    if partition is None:
        yield None, content
        return
    days = content[LOCAL_DATE]
    texts = pc.strftime(days, format="%Y-%m" if partition == "local_month" else "%Y-%m-%d")
    for value in texts.unique().to_pylist():
        chosen = pc.is_null(texts) if value is None else pc.equal(texts, value).fill_null(False)  # noqa: FBT003 - a value
        yield value, content.filter(chosen)
