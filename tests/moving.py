"""A small archive and what an export of it holds, for tests of runs that are cut short or shared out."""

import os
import signal
import stat
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages import page, record, write

from ptrack_analysis.dataset.batches import export_batch
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.manifest import PRIVATE, read_manifest
from ptrack_analysis.dataset.publishing import list_places
from ptrack_analysis.storage.s3 import S3Path

LEFT = [[[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0], [0.0, 0.0]]]


def make_archive(folder, videos, *, broken=()):
    """Write pages of so many videos of one person each, who walks to the right; some of them broken."""
    for number in range(videos):
        records = [
            record(ms, 1, box=(0.1 + ms / 2000, 0.2, 0.1, 0.4)) for ms in range(0, 600 + 100 * number, 100)
        ]
        made = page(*records, job=f"job-{number}")
        if number in broken:
            made["Persons"][0]["Timestamp"] = -1
        write(folder / "pages" / f"v{number:03}" / "p.json", made)
    feature = {
        "type": "Feature",
        "properties": {"name": "left"},
        "geometry": {"type": "Polygon", "coordinates": LEFT},
    }
    zones = {"type": "FeatureCollection", "unit": "fraction", "features": [feature]}
    write(folder / "zones.geojson", zones)
    return folder / "pages"


def tree(folder):
    """Return the content of every file of a dataset that is not private; views name its folder as OUT."""
    files = (path for path in folder.rglob("*") if path.is_file() and "_ptrack" not in path.parts)
    location = str(folder.resolve()).encode()
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(location, b"OUT") for path in files
    }


def read_all_rows(out):
    """Return the rows of every table as sorted texts: what a history of runs does not change."""
    manifest = read_manifest(out)
    if manifest.versions:
        from deltalake import DeltaTable  # noqa: PLC0415 - most tests have no Delta tables

        tables = {name: DeltaTable(out / name, version=one) for name, one in manifest.versions.items()}
        found = {name: one.to_pyarrow_table().to_pylist() for name, one in tables.items()}
        return {name: sorted(map(repr, rows)) for name, rows in found.items()}
    found = {name: [] for name in [*manifest.tables, *DIMENSIONS]}
    for file in manifest.files:
        if file.table in found:
            content = pq.read_table(pa.BufferReader((out / file.place).read_bytes()))
            found[file.table] += map(repr, content.to_pylist())
    return {name: sorted(rows) for name, rows in found.items()}


def find_faults(out):
    """List what is wrong with the files of a dataset: none is missing, damaged, foreign or left over."""
    manifest = read_manifest(out)
    places = list_places(out)
    faults = [f"{place} is foreign" for place in places.keys() - {file.place for file in manifest.files}]
    for file in manifest.files:
        if file.place not in places:
            faults.append(f"{file.place} is missing")
        elif sha256((out / file.place).read_bytes()).hexdigest() != file.sha256:
            faults.append(f"{file.place} is damaged")
    private = out / PRIVATE
    if isinstance(private, S3Path):
        kept = {path.relative_to(private).as_posix() for path in private.below()}
    else:
        kept = {path.relative_to(private).as_posix() for path in private.rglob("*")}
    left = kept - {"manifest.parquet", "sources.parquet", "lock", "holder.json"}
    return faults + [f"_ptrack/{name} is left over" for name in left]


def statuses(summary):
    return [video.status for video in summary.videos]


def order_kill(out, video, *, flush, process=0):
    """Order a worker to kill a process, or itself, at the n-th flush of a video's files, a file half written.

    Workers obey if they run ``export_or_kill`` in the place of ``export_batch``. Each order is obeyed once.
    """
    write(out.parent / f"kill-{video}", f"{flush} {process}")


def kills_ordered(out):
    """List the videos whose orders no worker has obeyed."""
    return sorted(path.name.removeprefix("kill-") for path in out.parent.glob("kill-*"))


def export_or_kill(task, target):
    """Export a batch, and obey the order to kill a process for one of its videos, if there is one."""
    orders = [target.out.parent / f"kill-{video.entry.video}" for video in task.videos]
    order = next((path for path in orders if path.exists()), None)
    if order is None:
        return export_batch(task, target)
    (left, process), fsync = map(int, order.read_text().split()), os.fsync

    def fsync_or_kill(file):
        nonlocal left
        left -= 1
        if left == 0:
            order.unlink()
            if stat.S_ISREG(os.fstat(file).st_mode):
                os.ftruncate(file, os.fstat(file).st_size // 2)
            os.kill(process or os.getpid(), signal.SIGKILL)
        fsync(file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync_or_kill)
        return export_batch(task, target)


def local_cluster(workers, **options):
    """Make a Dask cluster of worker processes on this machine, on free ports.

    Without a dashboard its scheduler would still take port 8787, and warn where that is in use.
    """
    distributed = pytest.importorskip("distributed")
    free = {"scheduler_kwargs": {"dashboard_address": "127.0.0.1:0"}, "dashboard_address": None}
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, **free, **options
    )
