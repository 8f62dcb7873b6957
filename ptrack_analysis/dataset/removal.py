"""Removal of videos from a dataset."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

from ptrack_analysis.dataset.batches import BatchTask, Target, export_batch
from ptrack_analysis.dataset.changes import OpenDataset, changing, commit
from ptrack_analysis.dataset.manifest import VideoEntry, read_manifest
from ptrack_analysis.dataset.publishing import name_run, remove_sources
from ptrack_analysis.dataset.queries import unknown
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.storage.s3 import AnyPath, S3Path, parse_path


@dataclass(frozen=True, slots=True)
class RemoveSummary:
    """The removed videos, and the number of remaining videos."""

    out: AnyPath
    videos: tuple[str, ...]
    left: int


def remove_videos(
    out: str | PathLike[str] | S3Path,
    videos: str | Sequence[str] = (),
    *,
    before: dt.date | str | None = None,
) -> RemoveSummary:
    """Remove videos from all tables and the manifest of a dataset.

    Earlier versions of Delta tables are deleted with their files and log, so that no data of the videos
    remains. Readers of an earlier version must open the table again.

    Parameters
    ----------
    out
        The dataset.
    videos
        Names of videos.
    before
        Remove the videos whose last local day is before this date. Videos without a clock are kept.

    Raises
    ------
    ParameterError
        If a video does not exist, or neither ``videos`` nor ``before`` is given.
    InputError
        If the dataset does not exist.
    OutputError
        If another run is writing, or writing fails.
    RemoteError
        If S3 rejects a request.

    Examples
    --------
    >>> summary = pta.export_dataset("data/day", "out", zones="data/day/zones.geojson")
    >>> pta.datasets.remove_videos("out", "noon").left
    2
    >>> pta.open_dataset("out").videos
    ['evening', 'morning']
    """
    root, names = parse_path(out, name="out"), [videos] if isinstance(videos, str) else list(videos)
    if not names and before is None:
        raise ParameterError("videos or before must be given (--video or --before)")
    limit = _parse_date(before)
    read_manifest(root)
    with changing(root) as (dataset, check):
        known = {entry.video: entry for entry in dataset.manifest.videos}
        for name in names:
            if name not in known:
                raise unknown(root, "video", name, known)
        removed = {*names, *(entry.video for entry in known.values() if _ended_before(entry, limit))}
        target = make_target(dataset)
        results = [export_batch(task, target) for task in _list_tasks(dataset, removed)]
        if results:
            remove_sources(root)
            commit(dataset, target, results, {}, check)
    return RemoveSummary(root, tuple(sorted(removed)), len(known) - len(removed))


def make_target(dataset: OpenDataset) -> Target:
    """Return the target of a run that does not compute videos."""
    manifest = dataset.manifest
    tables = {name: manifest.schema(name) for name in manifest.tables}
    return Target(
        dataset.out,
        name_run(),
        tables,
        manifest.further,
        manifest.file_partition,
        (),
        versions=manifest.versions,
        schema_version=manifest.version,
    )


def _list_tasks(dataset: OpenDataset, removed: set[str]) -> list[BatchTask]:
    """Return a task for each batch with removed videos, which keeps the other videos."""
    return [
        BatchTask(
            batch,
            (),
            tuple(entry for entry in entries if entry.video not in removed),
            dataset.manifest.files_by_table(batch),
        )
        for batch, entries in dataset.manifest.batches.items()
        if any(entry.video in removed for entry in entries)
    ]


def _ended_before(entry: VideoEntry, limit: str | None) -> bool:
    days = entry.about.get("days") or []
    return limit is not None and bool(days) and days[-1] < limit


def _parse_date(before: dt.date | str | None) -> str | None:
    if before is None:
        return None
    try:
        return (before if isinstance(before, dt.date) else dt.date.fromisoformat(before)).isoformat()
    except ValueError as error:
        raise ParameterError(f"before must be a date such as 2026-11-24, got {before!r}") from error
