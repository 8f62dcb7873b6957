"""Read Parquet files within the memory budget."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ptrack_analysis.errors import InputError
from ptrack_analysis.limits import SMALL, allowed_memory, validate_budget

_MAGIC = b"PAR1"
_TAIL = 8
_FOOTER = 30
"""Memory of a parsed footer per byte."""
_COPIES = 2
"""Copies of texts in memory while they are decompressed and decoded."""
_VALUE = 8
"""Memory per decoded value [bytes]."""
_FEWER = "Keep only the columns that are needed, write larger row groups, or raise memory (--memory)."
_SPLIT = "Split the file, or raise memory (--memory)."


def open_parquet(source: Path | bytes, **options: Any) -> Any:
    """Open a Parquet file if its footer fits into the memory.

    Raises
    ------
    InputError
        If the footer needs too much memory.
    OSError, pyarrow.ArrowException
        If the file cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _TAIL))
            tail = stream.read()
    else:
        size, tail = len(source), source[-_TAIL:]
    if tail.endswith(_MAGIC):
        length = min(int.from_bytes(tail[:4], "little"), size)
        memory = max(allowed_memory(), SMALL)
        validate_budget(length * _FOOTER, f"a footer of {length} bytes", _FEWER, memory)
    return pq.ParquetFile(source if isinstance(source, Path) else pa.BufferReader(source), **options)


def read_columns(
    source: Path | bytes,
    names: Collection[str] | None = None,
    *,
    memory: float | None = None,
    **options: Any,
) -> pa.Table:
    """Read columns of a Parquet file, by default all, if they fit into the memory.

    Texts are read as dictionaries and repeated afterward, because a text in a file of a few kB can be
    repeated to many GB.

    Raises
    ------
    InputError
        If the columns need too much memory.
    OSError, pyarrow.ArrowException
        If the file cannot be read.
    """
    memory = max(allowed_memory() if memory is None else memory, SMALL)
    with open_parquet(source) as file:
        metadata, schema = file.metadata, file.schema_arrow
        wanted = set(schema.names if names is None else names)
        leaves = [file.schema.column(at) for at in range(metadata.num_columns)]
    chosen = {at: leaf.path for at, leaf in enumerate(leaves) if _is_part(leaf.path, wanted)}
    texts = {at: path for at, path in chosen.items() if _has_texts(leaves[at])}
    size = count = needed = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for at in chosen:
            chunk = group.column(at)
            size, count = size + max(chunk.total_uncompressed_size, 0), count + max(chunk.num_values, 0)
            needed += max(chunk.total_uncompressed_size, 0) * (_COPIES if at in texts else 1)
    what = f"a table with {count} values in {size} bytes"
    validate_budget(needed + count * _VALUE, what, _SPLIT, memory)
    try:
        with pq.ParquetFile(
            source if isinstance(source, Path) else pa.BufferReader(source),
            metadata=metadata,
            read_dictionary=[*texts.values()],
            **options,
        ) as file:
            table = file.read(columns=None if names is None else [*names], use_threads=False)
    except MemoryError as error:
        raise InputError(f"the table needs more memory than is available. {_SPLIT}") from error
    return _repeat_texts(table, schema, memory)


def _has_texts(leaf: Any) -> bool:
    return bool(leaf.physical_type == "BYTE_ARRAY" and leaf.logical_type.type != "DECIMAL")


def _is_part(path: str, names: Collection[str]) -> bool:
    """Return whether the path of a leaf belongs to one of these columns."""
    return path in names or any(path[:at] in names for at, letter in enumerate(path) if letter == ".")


def _repeat_texts(table: pa.Table, schema: pa.Schema, memory: float) -> pa.Table:
    """Convert dictionaries of texts to texts if they fit into the memory."""
    columns, size = {at: table.column(at) for at in range(table.num_columns)}, 0
    for column in columns.values():
        kind = column.type
        if pa.types.is_dictionary(kind) and not pa.types.is_nested(kind.value_type):
            size += sum(map(_measure, column.chunks))
    validate_budget(size * _COPIES, f"a table with texts of {size} bytes", _SPLIT, memory)
    for at, column in columns.items():
        name = table.field(at).name
        kind = schema.field(name).type if schema.names.count(name) == 1 else column.type
        if column.type != kind:
            table = table.set_column(at, schema.field(name), column.cast(kind))
    return table


def _measure(chunk: Any) -> int:
    """Return the size of the texts of a dictionary array [bytes]."""
    lengths = pc.binary_length(chunk.dictionary)
    return pc.sum(pc.take(lengths, chunk.indices)).as_py() or 0
