"""Changes of datasets of Delta tables, with one commit per table and run.

A run replaces the rows of its videos with one commit per table. It commits after it has written the journal,
so the next run can finish the commits of a killed run. Each commit contains the number of its run, which
marks it as done. The manifest contains the version of each table. Readers use these versions, so all tables
belong to the same run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ptrack_analysis.dataset.delta_tables import (
    find_storage_options,
    locate,
    open_recorded,
    open_table,
    require_deltalake,
    say,
)
from ptrack_analysis.dataset.description import quote_text
from ptrack_analysis.dataset.manifest import PARTITION_KEYS, DatasetFile, Manifest, Partition
from ptrack_analysis.errors import OutputError
from ptrack_analysis.storage.facts import LOCAL_DATE, SCHEMA_VERSION
from ptrack_analysis.storage.s3 import AnyPath

if TYPE_CHECKING:
    from deltalake import DeltaTable

RETENTION = 168
"""Time for which ``compact`` keeps replaced files, because readers may still use them [h]."""
_APP = "ptrack-analysis"
_FORMATS = {"local_month": "%Y-%m", "local_day": "%Y-%m-%d"}


@dataclass(frozen=True, slots=True)
class TableChange:
    """The change of one table in a run.

    ``files`` are staged files with the new rows. They replace the rows of ``videos``, or all rows if this is
    None. ``version`` is the earlier version, None for a new table.
    """

    table: str
    files: tuple[str, ...]
    videos: tuple[str, ...] | None
    version: int | None
    partition: Partition | None = None


def list_changes(
    before: Manifest, manifest: Manifest, touched: set[int], files: Sequence[DatasetFile]
) -> tuple[TableChange, ...]:
    """Return the changes that replace rows of touched batches by staged files.

    A new table, or a table whose column types change, is written completely.
    """
    old = [entry for entry in before.videos if entry.batch in touched]
    videos = tuple(sorted({entry.video for entry in (*old, *manifest.videos) if entry.batch in touched}))
    changes = []
    for name in manifest.tables:
        version, staged = before.versions.get(name), tuple(file.place for file in files if file.table == name)
        if version is None or has_new_types(before, manifest, name):
            changes.append(TableChange(name, staged, None, version, manifest.partition))
        elif staged or any(entry.rows.get(name) for entry in old):
            changes.append(TableChange(name, staged, videos, version, manifest.partition))
    return tuple(changes)


def has_new_types(before: Manifest, manifest: Manifest, table: str) -> bool:
    """Return whether column types change, so that all rows must be written again."""
    types, now = dict(before.further.get(table, ())), dict(manifest.further.get(table, ()))
    return before.version < SCHEMA_VERSION or any(now[column] != types[column] for column in types)


def apply_changes(
    out: AnyPath, staging: AnyPath, changes: Sequence[TableChange], *, purge: bool
) -> dict[str, int]:
    """Commit changes that are not yet committed; return the versions of their tables.

    With ``purge``, the files and the log of all earlier versions are deleted.

    Raises
    ------
    OutputError
        If a table cannot be changed, or is a Delta table of another program.
    """
    number = int(sha256(staging.name.encode()).hexdigest()[:15], 16)
    versions = {}
    for change in changes:
        table = open_table(out, change.table)
        if table is None or table.transaction_version(_APP) != number:
            if table is not None and change.version is None:
                raise OutputError(
                    f"{out / change.table}: the folder contains a Delta table of another program. Export to "
                    "another folder."
                )
            try:
                _write(out, staging, change, table, number=number)
            except (require_deltalake().exceptions.DeltaError, OSError) as error:
                raise OutputError(f"{out / change.table}: cannot be changed: {say(error)}") from error
        table = open_table(out, change.table)
        assert table is not None  # noqa: S101 - it was written
        if purge:
            _purge(table)
        versions[change.table] = table.version()
    return versions


def _write(
    out: AnyPath,
    staging: AnyPath,
    change: TableChange,
    table: "DeltaTable | None",
    *,
    number: int,
) -> None:
    """Replace rows of a table in one commit."""
    deltalake = require_deltalake()
    known = [] if table is None else table.to_pyarrow_dataset().schema.names
    key = None if change.partition is None else PARTITION_KEYS[change.partition]
    if change.files:
        schema = pq.read_schema(pa.BufferReader((staging / change.files[0]).read_bytes()))
        names = [*schema.names, *([] if key is None else [key])]
    else:
        schema, names = table.to_pyarrow_dataset().schema, known  # type: ignore[union-attr] # it is not new
    whole = change.videos is None
    if not whole:
        names = [*(name for name in known if name in names), *(name for name in names if name not in known)]
    kinds = {field.name: field.type for field in schema} | ({} if key is None else {key: pa.string()})

    def read() -> Iterator[pa.RecordBatch]:
        parts = (pq.read_table(pa.BufferReader((staging / place).read_bytes())) for place in change.files)
        for part in parts:
            yield from _add_partition(part, change.partition).select(names).to_batches()

    fields = [schema.field(name) if name in schema.names else pa.field(name, kinds[name]) for name in names]
    predicate = None if whole else f"video IN ({', '.join(map(quote_text, change.videos or ()))})"
    deltalake.write_deltalake(
        locate(out, change.table),
        pa.RecordBatchReader.from_batches(pa.schema(fields), read()),
        mode="overwrite",
        predicate=predicate,
        schema_mode="overwrite" if whole else "merge" if {*names} - {*known} else None,
        partition_by=None if key is None else [key],
        storage_options=find_storage_options(out),
        writer_properties=deltalake.WriterProperties(compression="ZSTD", compression_level=3),
        commit_properties=deltalake.CommitProperties(
            app_transactions=[deltalake.Transaction(_APP, number, None)]
        ),
    )


def _add_partition(rows: pa.Table, partition: Partition | None) -> pa.Table:
    """Add the column of the partition; null where the date is unknown."""
    if partition is None:
        return rows
    return rows.append_column(
        PARTITION_KEYS[partition], pc.strftime(rows[LOCAL_DATE], format=_FORMATS[partition])
    )


def _purge(table: "DeltaTable") -> None:
    """Delete the files and the log of earlier versions."""
    table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"})
    table.create_checkpoint()
    table.cleanup_metadata()
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})


def compact_tables(out: AnyPath, manifest: Manifest, file_size: int) -> Iterator[tuple[str, int, list[int]]]:
    """Join each table's files, and delete files replaced over a week ago.

    Yields the name of each table, the earlier number of files, and the rows of each new file.
    """
    deltalake = require_deltalake()
    for name, version in manifest.versions.items():
        table = open_recorded(out, name, version, writing=True)
        before = len(table.file_uris())
        try:
            if before > 1:
                table.optimize.compact(target_size=file_size)
            if table.vacuum(retention_hours=RETENTION, dry_run=True):
                table.vacuum(retention_hours=RETENTION, dry_run=False)
        except (deltalake.exceptions.DeltaError, OSError) as error:
            raise OutputError(f"{out / name}: cannot be compacted: {say(error)}") from error
        rows = pa.table(table.get_add_actions(flatten=True))["num_records"].to_pylist()
        yield name, before, rows
