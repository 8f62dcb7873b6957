"""Compaction of a dataset into a few large files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike

import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.dataset.batches import BatchResult, BatchTask, Target, read_rows, stage_rows
from ptrack_analysis.dataset.changes import OpenDataset, changing, commit
from ptrack_analysis.dataset.delta import compact_tables
from ptrack_analysis.dataset.delta_tables import find_versions
from ptrack_analysis.dataset.manifest import DatasetFile, VideoEntry, read_manifest
from ptrack_analysis.dataset.removal import make_target
from ptrack_analysis.limits import amount_of_bytes
from ptrack_analysis.storage.facts import arrow_schema, join_rows
from ptrack_analysis.storage.s3 import AnyPath, S3Path, parse_path

Progress = Callable[[str, int], object]
_LEAST_SIZE = 1000


@dataclass(frozen=True, slots=True)
class CompactSummary:
    """The outcome of a compaction: videos, files before, and rows per new file."""

    out: AnyPath
    videos: tuple[str, ...]
    before: int
    files: Mapping[str, int] = field(default_factory=dict)


def compact_dataset(
    out: str | PathLike[str] | S3Path,
    *,
    file_size: int | str = "128MB",
    progress: Progress | None = None,
) -> CompactSummary:
    """Rewrite the files of a dataset as a few large files with the same rows.

    While files are replaced, tools that read all files of a folder briefly read some rows twice.
    ``open_dataset`` does not.

    Delta tables are optimized without a change for readers. Files that were replaced more than 168 hours ago
    are deleted.

    Parameters
    ----------
    out
        The dataset, on disk or in S3.
    file_size
        Size at which a new file starts, in bytes or as text such as ``"128MB"``.
    progress
        Called after each table of each batch with the name of the table and the total number of calls.

    Raises
    ------
    InputError
        If the dataset does not exist, or a file is damaged.
    OutputError
        If another run is writing, or writing fails.
    RemoteError
        If S3 rejects a request.

    Examples
    --------
    >>> summary = pta.export_dataset("data/day", "out", zones="data/day/zones.geojson")
    >>> summary = pta.datasets.compact_dataset("out")
    >>> summary.before, len(summary.files), summary.files["visits/part-000001.parquet"]
    (12, 12, 61)
    """
    root, most = parse_path(out, name="out"), amount_of_bytes(file_size, "file_size", least=_LEAST_SIZE)
    read_manifest(root)
    with changing(root) as (dataset, check):
        before = dataset.manifest
        if before.form == "delta":
            return _compact_tables(dataset, most, check, progress)
        groups = list(_group(dataset, most))
        is_compact = all(len({entry.batch for entry in group}) == 1 for group in groups)
        if is_compact and len(groups) == len(before.batches):
            groups = []
        target = make_target(dataset)
        results, steps = list[BatchResult](), len(groups) * len(target.tables)
        for batch, group in enumerate(groups, before.next_batch):
            entries = tuple(replace(entry, batch=batch) for entry in group)
            files = list[DatasetFile]()
            for name in target.tables:
                files += _stage_table(dataset, name, group, batch, target)
                if progress is not None:
                    progress(name, steps)
            results.append(BatchResult(batch, entries, tuple(files), before.further, ()))
        if groups:  # the old batches become empty
            results += [BatchResult(batch, (), (), before.further, ()) for batch in before.batches]
        manifest = commit(dataset, target, results, {}, check)
    files_after = {file.place: file.rows for file in manifest.files if file.batch >= 0}
    return CompactSummary(root, manifest.names, sum(file.batch >= 0 for file in before.files), files_after)


def _compact_tables(
    dataset: OpenDataset, most: int, check: Callable[[], None], progress: Progress | None
) -> CompactSummary:
    """Compact Delta tables and record their new versions."""
    before, count, files = dataset.manifest, 0, dict[str, int]()
    check()
    for name, number, rows in compact_tables(dataset.out, before, most):
        count += number
        files |= {f"{name}/{index}": found for index, found in enumerate(rows)}
        if progress is not None:
            progress(name, len(before.versions))
    dataset = replace(dataset, manifest=replace(before, versions=find_versions(dataset.out, before)))
    manifest = commit(dataset, make_target(dataset), [], {}, check)
    return CompactSummary(dataset.out, manifest.names, count, files)


def _group(dataset: OpenDataset, most: int) -> Iterator[list[VideoEntry]]:
    """Group the videos by name into batches whose largest file has the requested size."""
    manifest = dataset.manifest
    bytes_per_row = {}
    for name in manifest.tables:
        files = manifest.files_of(name)
        bytes_per_row[name] = sum(file.size for file in files) / max(1, sum(file.rows for file in files))
    group: list[VideoEntry] = []
    sizes = dict.fromkeys(manifest.tables, 0.0)
    for entry in manifest.videos:
        own = {name: entry.rows.get(name, 0) * bytes_per_row[name] for name in sizes}
        if group and any(sizes[name] + own[name] > most for name in sizes):
            yield group
            group, sizes = [], dict.fromkeys(manifest.tables, 0.0)
        group.append(entry)
        sizes = {name: sizes[name] + own[name] for name in sizes}
    if group:
        yield group


def _stage_table(
    dataset: OpenDataset, name: str, group: Sequence[VideoEntry], batch: int, target: Target
) -> list[DatasetFile]:
    """Stage the rows of some videos as the files of a table."""
    names = pa.array([entry.video for entry in group], pa.string())
    parts = []
    for file in dataset.manifest.files_of(name, {entry.batch for entry in group}):
        rows = read_rows(dataset.out / file.place, file)
        parts.append(rows.filter(pc.is_in(rows["video"], value_set=names)))
    rows = join_rows(parts, arrow_schema(target.tables[name], target.further.get(name, ())))
    return list(stage_rows(rows, name, BatchTask(batch, ()), target))
