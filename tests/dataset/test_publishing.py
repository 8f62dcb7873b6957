"""Changes that stop at each of their steps, and what readers see meanwhile; on disk and in S3."""

import json
import os
import shutil
import threading
from datetime import timedelta
from functools import partial

import pytest
from moving import find_faults, make_archive, read_all_rows

from ptrack_analysis import export_dataset, open_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import changes, lock, publishing
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import JOURNAL, MANIFEST, STAGING
from ptrack_analysis.dataset.publishing import recover
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.errors import InputError, OutputError
from ptrack_analysis.storage.s3 import S3Path, default_client

REQUESTS = ("PutObject", "CopyObject", "DeleteObject")
CALLS = ("replace", "unlink", "rmdir")


def make_pages(folder, *, changed=False):
    """Write three videos; changed, a fourth, with another page of the first."""
    pages = make_archive(folder, 4 if changed else 3)
    if changed:
        first = pages / "v000/p.json"
        first.write_text(first.read_text().replace('"Timestamp": 300', '"Timestamp": 350'))
    return pages


def export(pages, out, tables=("visits",), **settings):
    zones = pages.parent / "zones.geojson"
    return export_dataset(pages, out, zones=zones, tables=tables, **settings)


def copy_dataset(source, target):
    if isinstance(source, S3Path):
        for found in source.below():
            found.copy_to(target / found.relative_to(source).as_posix())
    else:
        shutil.copytree(source, target)


class Killed(BaseException):
    """The end of a process in the middle of its work."""


class Steps:
    """Counts the changes of files and objects, and ends the process at one of them."""

    def __init__(self, last):
        self.last = last
        self.count = 0

    def take(self, *_, **__):
        self.count += 1
        if 0 < self.last <= self.count:
            raise Killed

    def around(self, function, *given, **named):
        self.take()
        return function(*given, **named)


def run_until(out, last, work):
    """Do some work on a dataset up to a step (0: to its end); return the steps, or None if it was ended."""
    steps = Steps(last)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "discard_staged", lambda _: None)  # a killed process tidies nothing up
        if isinstance(out, S3Path):
            events = default_client().meta.events
            for name in REQUESTS:
                events.register(f"before-call.s3.{name}", steps.take, unique_id=name)
        else:
            for name in CALLS:
                patch.setattr(os, name, partial(steps.around, getattr(os, name)))
        try:
            work(out)
        except Killed:
            return None
        finally:
            if isinstance(out, S3Path):
                for name in REQUESTS:
                    events.unregister(f"before-call.s3.{name}", unique_id=name)
    return steps.count


def stop_at_each_step(root, work, monkeypatch, *, stride=1):
    """Stop work on copies of a dataset at each step, and check what recovery and a rerun make of it."""
    monkeypatch.setattr(lock, "LEASE", timedelta(seconds=-1))  # that of a killed run is over
    before = read_all_rows(root / "before")
    copy_dataset(root / "before", root / "after")
    steps, outcomes = run_until(root / "after", 0, work), []
    after = read_all_rows(root / "after")
    assert before != after or work is compact_dataset
    for step in range(1, steps + 1, stride):
        out = root / f"{step}"
        copy_dataset(root / "before", out)
        assert run_until(out, step, work) is None
        is_published = (out / JOURNAL).is_file()
        recover(out)
        assert read_all_rows(out) in (before, after)
        assert not (out / JOURNAL).is_file()
        if is_published:
            assert read_all_rows(out) == after
        outcomes.append(is_published)
        if work is not remove_one or read_all_rows(out) == before:
            work(out)
        assert read_all_rows(out) == after
        assert find_faults(out) == []
    assert True in outcomes
    assert False in outcomes


def remove_one(out):
    remove_videos(out, "v001-p")


@pytest.mark.parametrize("name", ["export", "remove", "compact"])
def test_a_change_on_disk_that_stops_at_any_step_is_finished_or_discarded(tmp_path, monkeypatch, name):
    """Before the journal is there, the rows stay as they were; from then on they become the new ones."""
    export(make_pages(tmp_path / "archive"), tmp_path / "before")
    pages = make_pages(tmp_path / "archive", changed=True)
    if name == "compact":
        export(pages, tmp_path / "before")
    work = {"export": partial(export, pages), "remove": remove_one, "compact": compact_dataset}[name]
    stop_at_each_step(tmp_path, work, monkeypatch)


def test_a_change_that_removes_a_folder_and_stops_at_any_step_is_finished(tmp_path, monkeypatch):
    pages = make_pages(tmp_path / "archive")
    export(pages, tmp_path / "before", csv=True)
    pages = make_pages(tmp_path / "archive", changed=True)
    stop_at_each_step(tmp_path, partial(export, pages), monkeypatch, stride=2)
    assert not (tmp_path / "after/csv").exists()


@pytest.mark.parametrize("stride", [8, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["export", "compact"])
def test_a_change_in_s3_that_stops_at_any_request_is_finished_or_discarded(
    tmp_path, monkeypatch, bucket, name, stride
):
    export(make_pages(tmp_path / "archive"), bucket / "before")
    pages = make_pages(tmp_path / "archive", changed=True)
    if name == "compact":
        export(pages, bucket / "before")
    work = {"export": partial(export, pages), "compact": compact_dataset}[name]
    stop_at_each_step(bucket, work, monkeypatch, stride=stride)


@pytest.fixture
def published(tmp_path):
    """A dataset whose last run stopped while it published."""
    out = tmp_path / "out"
    export(make_pages(tmp_path / "archive"), out)
    pages = make_pages(tmp_path / "archive", changed=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "_finish", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            export(pages, out)
    assert (out / JOURNAL).exists()
    return out


def test_a_reader_waits_for_a_run_that_publishes(published):
    threading.Timer(0.3, recover, [published]).start()
    assert "v003-p" in open_dataset(published).videos


def test_a_reader_says_what_to_do_about_a_run_that_stopped(published, monkeypatch):
    monkeypatch.setattr(publishing, "_PATIENCE", 0.1)
    with pytest.raises(InputError, match="a run was interrupted while it changed the dataset"):
        open_dataset(published)


def test_any_next_run_finishes_the_change_first(published):
    remove_videos(published, "v003-p")
    assert open_dataset(published).videos == ["v000-p", "v001-p", "v002-p"]
    assert find_faults(published) == []


OUTSIDE = [
    {"run": "r", "moves": ["../outside"], "removals": []},
    {"run": "r", "moves": [], "removals": ["visits/../../outside"]},
    {"run": "r", "moves": [], "removals": ["/etc/outside"]},
    {"run": "..", "moves": ["outside"], "removals": []},
    {"run": "a/b", "moves": ["outside"], "removals": []},
    {"run": "", "moves": ["outside"], "removals": []},
]


@pytest.mark.parametrize("journal", OUTSIDE)
def test_a_journal_that_names_files_outside_is_refused(tmp_path, journal, capfd):
    out = tmp_path / "out"
    pages = make_pages(tmp_path / "archive")
    export(pages, out)
    (tmp_path / "outside").write_text("mine")
    (out / JOURNAL).write_text(json.dumps(journal))
    assert main(["export", str(pages), str(out)]) == 3
    assert "lists files outside the dataset" in capfd.readouterr().err.splitlines()[-1]
    assert (tmp_path / "outside").read_text() == "mine"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"run": 1}', '{"run": "r", "moves": [1], "removals": []}']
)
def test_a_damaged_journal_is_one_sentence(tmp_path, content):
    out = tmp_path / "out"
    export(make_pages(tmp_path / "archive"), out)
    (out / JOURNAL).write_text(content)
    with pytest.raises(InputError, match="journal: the journal is damaged"):
        recover(out)


@pytest.mark.parametrize("moment", ["check", "manifest"])
def test_a_run_in_s3_that_was_overtaken_changes_nothing(tmp_path, bucket, monkeypatch, moment):
    """Its lease ended, and another run wrote the dataset before it or after it looked at its lease."""
    out = bucket / "out"
    export(make_pages(tmp_path / "archive"), out)
    pages, before = make_pages(tmp_path / "archive", changed=True), []
    write_bytes_to = publishing.write_bytes_to

    def overtake(*given):
        monkeypatch.setattr(publishing, "write_bytes_to", write_bytes_to)
        if moment == "check":  # the other run discards what this one has staged
            (out / lock.LOCK).unlink()
            remove_one(out)
        else:
            staged = [found for found in (out / STAGING).below() if found.key.endswith("manifest.parquet")]
            staged[0].copy_to(out / "other")
            (out / MANIFEST).write_bytes((out / "other").read_bytes()[:-4] + b"xxxx")
            (out / "other").unlink()
        before.append({found.key: found.tag for found in out.below() if "staging" not in found.key})
        return write_bytes_to(*given)

    monkeypatch.setattr(publishing, "write_bytes_to", overtake)
    with pytest.raises(OutputError, match="another run"):
        export(pages, out)
    after = {found.key: found.tag for found in out.below()}
    after.pop((out / lock.LOCK).key, None)
    before[0].pop((out / lock.LOCK).key, None)
    assert after == before[0]


def test_glob_readers_see_each_video_once_at_every_moment(tmp_path):
    """DuckDB reads the files of two tables while exports replace and add videos."""
    duckdb = pytest.importorskip("duckdb")
    out, done, seen, wrong = tmp_path / "out", threading.Event(), [], []
    export(make_pages(tmp_path / "archive"), out, ("detections",))
    query = "select video, count(*) from read_parquet('{}/*.parquet') group by video order by video"

    def look():
        with duckdb.connect() as connection:
            while not done.is_set():
                try:
                    videos = connection.sql(query.format(out / "videos")).fetchall()
                    detections = dict(connection.sql(query.format(out / "detections")).fetchall())
                except duckdb.IOException:  # the file of a removed batch went after it was listed
                    continue
                seen.append(len(videos))
                if {count for _, count in videos} != {1}:
                    wrong.append(videos)
                if [detections.get(f"v00{number}-p") for number in range(3)] != [6, 7, 8]:
                    wrong.append(detections)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(6):
        pages = make_pages(tmp_path / "archive", changed=number % 2 == 0)
        export(pages, out, ("detections",))
        if number % 2:
            remove_videos(out, "v003-p")
    done.set()
    reader.join()
    assert wrong == []
    assert {*seen} == {3, 4}
