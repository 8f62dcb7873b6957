"""Requests of a nightly export into a large dataset in S3: they depend on what is new."""

import time
from collections import Counter
from contextlib import contextmanager

from moving import make_archive, statuses

from ptrack_analysis import export_dataset
from ptrack_analysis.dataset.manifest import (
    MANIFEST,
    DatasetFile,
    Manifest,
    VideoEntry,
    format_manifest,
    place_file,
    read_manifest,
)
from ptrack_analysis.storage.s3 import default_client

TABLES = ("videos", "tracks", "visits")
IN_BATCH, PAGE = 25, 50
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def make_manifest(videos):
    """Make a manifest of so many videos."""
    entries = tuple(
        VideoEntry(
            f"old-{number:06}",
            f"job old-{number}",
            1 + number // IN_BATCH,
            content=f"{number:032}",
            about={"days": ["2026-11-24"]},
            rows=dict.fromkeys(TABLES, 1),
        )
        for number in range(videos)
    )
    batches = range(1, 1 + -(-videos // IN_BATCH))
    files = tuple(
        DatasetFile(place_file(table, batch, None, None), IN_BATCH, 0, EMPTY, batch)
        for table in TABLES
        for batch in batches
    )
    return Manifest(entries, files, TABLES, next_batch=batches[-1] + 1)


def simulate(out, videos):
    """Put a manifest of so many videos, and an empty object for each file that it lists."""
    manifest = make_manifest(videos)
    for file in manifest.files:
        (out / file.place).write_bytes(b"")
    (out / MANIFEST).write_bytes(format_manifest(manifest))
    return len(manifest.files)


def test_the_files_and_schemas_of_all_batches_of_100_000_videos_are_found_quickly():
    manifest = make_manifest(100_000)
    start = time.process_time()
    for batch, entries in manifest.batches.items():
        files = manifest.files_by_table(batch)
        for table in TABLES:
            assert manifest.files_of(table, {batch}) == files[table]
            assert manifest.schema(table).name == table
        assert manifest.entries[entries[0].video] is entries[0]
    assert time.process_time() - start < 5


@contextmanager
def counted():
    """Count the requests by their kinds."""
    kinds = Counter()

    def note(model, **_):
        kinds[model.name] += 1

    default_client().meta.events.register("before-call.s3", note, unique_id="count")
    yield kinds
    default_client().meta.events.unregister("before-call.s3", unique_id="count")


def export_into(out, videos, pages):
    """Export new videos into a dataset of so many others; return its files and the requests by kind."""
    files = simulate(out, videos)
    zones = pages.parent / "zones.geojson"
    with counted() as kinds:
        summary = export_dataset(pages, out, zones=zones, tables=["visits"])
    assert {*statuses(summary)} == {"written"}
    assert len(read_manifest(out).videos) == videos + len(summary.videos)
    return files, kinds


def test_requests_grow_with_the_pages_of_the_listing_only(bucket, tmp_path, monkeypatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", str(PAGE))
    pages = make_archive(tmp_path, 3)
    few, once = export_into(bucket / "few", 2000, pages)
    many, twice = export_into(bucket / "many", 4000, pages)
    lists = twice.pop("ListObjectsV2") - once.pop("ListObjectsV2")
    assert twice == once
    assert abs(lists - (many - few) / PAGE) <= 1


def test_requests_of_new_videos_grow_with_their_files_only(bucket, tmp_path):
    """Up to 25 new videos are one batch: a file of each table, staged, copied and removed."""
    kinds = [
        export_into(bucket / f"{new}", 100, make_archive(tmp_path / f"{new}", new))[1] for new in (2, 20)
    ]
    assert kinds[0] == kinds[1]
    assert sum(kinds[0].values()) < 100
    assert kinds[0]["GetObject"] <= 5
