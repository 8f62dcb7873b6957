"""Files that no random bytes become: SQLite, Parquet, HDF5 and manifests, built from descriptions in JSON.

The fuzzer changes the description, so a file with unusual types, names and values is still a valid file.
``patch`` then changes some of its bytes.
"""

import io
import json
import sqlite3
from contextlib import closing, suppress

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset import manifest

TYPES = {
    **{str(kind): kind for kind in (pa.null(), pa.bool_(), pa.float16(), pa.float32(), pa.float64())},
    **{
        f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")()
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
    **{str(kind): kind for kind in (pa.string(), pa.large_string(), pa.binary(), pa.date32(), pa.date64())},
    **{f"timestamp[{unit}]": pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")},
    **{f"duration[{unit}]": pa.duration(unit) for unit in ("s", "ms", "us", "ns")},
    "timestamp[us, UTC]": pa.timestamp("us", tz="UTC"),
    "timestamp[ms, +01:00]": pa.timestamp("ms", tz="+01:00"),
    "time32": pa.time32("ms"),
    "time64": pa.time64("us"),
    "decimal": pa.decimal128(30, 3),
    "binary(4)": pa.binary(4),
    "list": pa.list_(pa.float64()),
    "list of texts": pa.list_(pa.string()),
    "list(4)": pa.list_(pa.float32(), 4),
    "large list": pa.large_list(pa.int64()),
    "struct": pa.struct({"x": pa.float64(), "y": pa.int8()}),
    "map": pa.map_(pa.string(), pa.int64()),
    "names": pa.dictionary(pa.int32(), pa.string()),
    "numbers": pa.dictionary(pa.int8(), pa.float64()),
}
"""The types of Parquet columns by their names in a description."""
COMPRESSIONS = ("none", "snappy", "gzip", "zstd", "lz4", "brotli")


def build(kind, content):
    """Return the bytes of a file that a description describes; other content is the file itself.

    None if the description does not describe a file.
    """
    if not content.startswith(b"{"):
        return content
    try:
        said = json.loads(content)
        made = bytearray(
            {"sqlite": _build_sqlite, "parquet": _build_parquet, "hdf5": _build_hdf5}[kind](said)
        )
        for place, value in said.get("patch", ()):
            made[place % len(made)] = value % 256
        return bytes(made)
    except _UNFIT:
        return None


_UNFIT = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)
_UNFIT += (OSError, RuntimeError, MemoryError, NotImplementedError, sqlite3.Error, pa.ArrowException)


def _build_sqlite(said):
    """Build a database: statements of SQL, of which wrong ones are skipped, and rows of tables."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as base:
        base.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_DENY if action == _ATTACH else sqlite3.SQLITE_OK
        )
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2**20)
        base.set_progress_handler(lambda: True, 100_000)
        for statement in said["script"]:
            with suppress(*_UNFIT):
                base.execute(statement)
        for name, rows in said["rows"].items():
            for row in rows:
                values = [json.dumps(one) if isinstance(one, dict | list) else one for one in row]
                with suppress(*_UNFIT):
                    base.execute(f'INSERT INTO "{name}" VALUES ({",".join("?" * len(row))})', values)  # noqa: S608
        return base.serialize()


_ATTACH = 24


def _build_parquet(said):
    """Build a file from [name, type, values, metadata] of each column."""
    columns = [(str(name), TYPES[kind], values, [*more][:1]) for name, kind, values, *more in said["columns"]]
    count = max(len(values) for _, _, values, _ in columns)
    fields = [pa.field(name, kind, metadata=_mark(*more)) for name, kind, _, more in columns]
    arrays = [
        pa.array([_fit(value, kind) for value in values] + [None] * (count - len(values)), kind)
        for _, kind, values, _ in columns
    ]
    sink = io.BytesIO()
    options = {"compression": "zstd", **said.get("options", {})}
    pq.write_table(pa.table(arrays, pa.schema(fields, _mark(said.get("metadata")))), sink, **options)
    return sink.getvalue()


def _mark(marks=None):
    return {str(key).encode(): str(value).encode() for key, value in (marks or {}).items()}


def _fit(value, kind):
    """Return a value if its column can have it."""
    try:
        pa.array([value], kind)
    except _UNFIT:
        return None
    return value


def _build_hdf5(said):
    """Build a file with [type, fields, rows] of each dataset; attributes are those of the file."""
    import h5py  # noqa: PLC0415 - an extra
    import numpy as np  # noqa: PLC0415 - with it

    sink = io.BytesIO()
    with h5py.File(sink, "w") as file:
        for name, (fields, rows) in said["datasets"].items():
            kind = np.dtype([(field, form) for field, form in fields])
            file.create_dataset(name, data=np.array([tuple(row) for row in rows], kind))
        for name, target in said.get("links", {}).items():
            file[name] = h5py.SoftLink(target)
        for name, value in said.get("attributes", {}).items():
            file.attrs[name] = value
    return sink.getvalue()


def build_manifest(said):
    """Return a manifest of the described head and rows; None if the description describes none."""
    try:
        head = dict(said["head"])
        if isinstance(head.get("shared"), dict):
            head["shared"] = {
                name: list(map(_as_text, values)) if isinstance(values, list) else values
                for name, values in head["shared"].items()
            }
        rows = [
            {
                name: _build_files(value) if name == "files" else _as_text(value) if name in _JSON else value
                for name, value in row.items()
            }
            for row in said["rows"]
        ]
        schema = manifest._SCHEMA.with_metadata({manifest._MARK: json.dumps(head)})
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink)
    except _UNFIT:
        return None
    return sink.getvalue()


_JSON = ("about", "rows", "figures", "notes")


def _as_text(value):
    return value if isinstance(value, str | None) else json.dumps(value)


def _build_files(files):
    return files and [file | {"sha256": bytes(32)} for file in files]
