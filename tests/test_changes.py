"""What has changed, and what has not: files are read again only if they may have."""

import errno
import json
import os
import subprocess
import sys
import time

import pytest
from moving import make_archive, statuses, tree
from pages import page, record, write
from stored import assert_sound, contents, list_files, videos

from ptrack_analysis import export_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import batches, identity, publishing
from ptrack_analysis.dataset.identity import look_at
from ptrack_analysis.dataset.lock import LOCK, locked
from ptrack_analysis.errors import OutputError
from ptrack_analysis.sources import archive as archive_module
from ptrack_analysis.sources.pages import job as job_module
from ptrack_analysis.storage import files as writing


@pytest.fixture
def archive(tmp_path):
    return make_archive(tmp_path, 3)


def settle(folder):
    """Wait until every file below a folder looks as if it was written some time ago."""
    while not all(look_at(path)[1] for path in folder.rglob("*") if path.is_file()):
        time.sleep(0.02)


def read_by(monkeypatch):
    """Note the files whose content is read by the export, be it for a checksum or for its jobs."""
    files = []
    checksum, read_documents = identity.checksum, archive_module.read_documents
    monkeypatch.setattr(identity, "checksum", lambda path: files.append(path) or checksum(path))
    for module in (archive_module, job_module):
        monkeypatch.setattr(
            module, "read_documents", lambda file, *rest: files.append(file) or read_documents(file, *rest)
        )
    return files


def test_a_rerun_reads_no_file_that_looks_as_it_did(archive, tmp_path, monkeypatch):
    out = tmp_path / "out"
    settle(archive)
    export_dataset(archive, out)
    settle(out)
    export_dataset(archive, out)
    files = read_by(monkeypatch)
    assert statuses(export_dataset(archive, out)) == ["unchanged"] * 3
    assert files == []


def test_a_file_that_was_written_just_now_is_not_trusted_to_look_otherwise_if_it_changes(tmp_path):
    """A second change within one tick of the clock may leave time and size as they were."""
    path = write(tmp_path / "a", b"1")
    os.utime(path, ns=(0, time.time_ns() + 3600 * 10**9))
    assert look_at(path)[1] is False


def test_a_content_that_changed_behind_its_time_and_size_is_found_by_its_other_marks(archive, tmp_path):
    """The time of a file can be set back; that of its last change of any kind cannot."""
    settle(archive)
    export_dataset(archive, tmp_path / "out")
    path = archive / "v000" / "p.json"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes().replace(b"0.4", b"0.5"))
    os.utime(path, ns=times)
    summary = export_dataset(archive, tmp_path / "out")
    assert statuses(summary) == ["written", "unchanged", "unchanged"]


def test_what_was_only_touched_is_read_and_left_as_it_is(archive, tmp_path):
    export_dataset(archive, tmp_path / "out")
    before = tree(tmp_path / "out")
    for path in [*archive.rglob("*.json"), *(tmp_path / "out").rglob("[!.]*.parquet")]:
        os.utime(path, ns=(0, 0))
    assert statuses(export_dataset(archive, tmp_path / "out")) == ["unchanged"] * 3
    assert tree(tmp_path / "out") == before


DAMAGES = [b"", b"{", b"PAR1", b"PAR1\0\0\0\0PAR1", b"\xff\xfe"]


@pytest.mark.parametrize("damage", [None, *DAMAGES], ids=str)
def test_a_cache_that_is_damaged_costs_time_only(damage, archive, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out)
    before = tree(out)
    cache = out / "_ptrack/sources.parquet"
    if damage is None:
        cache.write_bytes((out / "videos/part-000001.parquet").read_bytes())
    else:
        cache.write_bytes(damage)
    assert statuses(export_dataset(archive, out)) == ["unchanged"] * 3
    assert tree(out) == before


def test_a_page_that_becomes_another_jobs_is_noticed(archive, tmp_path):
    settle(archive)
    export_dataset(archive, tmp_path / "out")
    write(archive / "v001" / "p.json", page(record(0, 2), record(100, 2), job="job-0"))
    summary = export_dataset(archive, tmp_path / "out")
    (video, _) = summary.videos
    assert (video.name, video.rows["detections"]) == ("v000-p", 8)
    assert summary.gone == ("v001-p",)


def test_a_video_that_the_source_no_longer_has_is_told_of_and_pruned_on_demand(archive, tmp_path, capfd):
    out = tmp_path / "out"
    export_dataset(archive, out)
    (archive / "v001" / "p.json").unlink()
    left = export_dataset(archive, out)
    assert (left.gone, left.pruned) == (("v001-p",), False)
    assert main(["export", str(archive), str(out)]) == 0
    assert "v001-p; kept in it (--prune removes them)" in capfd.readouterr().err
    assert "v001-p" in videos(out)
    assert main(["export", str(archive), str(out), "--prune"]) == 0
    assert "v001-p; removed from it" in capfd.readouterr().err
    export_dataset(archive, tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")
    assert_sound(out)


HOLD = """
import sys
from pathlib import Path
from ptrack_analysis.dataset.lock import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_export_says_who_holds_the_dataset_and_a_killed_one_holds_nothing(archive, tmp_path, capfd):
    out = tmp_path / "out"
    command = [sys.executable, "-c", HOLD, str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        assert main(["export", str(archive), str(out)]) == 1
        said = capfd.readouterr().err
        assert said.count("\n") == 1
        assert f"another run is writing this dataset (process {holder.pid} on " in said
        assert not (out / "videos").exists()
        holder.kill()
    assert (out / LOCK).exists()
    assert statuses(export_dataset(archive, out)) == ["written"] * 3


def test_a_lock_that_is_free_leaves_no_folder_that_it_made(tmp_path):
    with locked(tmp_path / "out"), pytest.raises(OutputError, match="another run"), locked(tmp_path / "out"):
        pass
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("files", [0, 5, 12, 20])
def test_a_full_disk_is_one_sentence_and_a_rerun_completes_it(files, archive, tmp_path, monkeypatch, capfd):
    left, flush = [files], publishing.flush

    def full(file):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(file)

    monkeypatch.setattr(publishing, "flush", full)
    assert main(["export", str(archive), str(tmp_path / "out")]) == 1
    said = capfd.readouterr().err
    assert "No space left on device" in said
    assert "Traceback" not in said
    assert not list_files(tmp_path / "out", "tracks")
    monkeypatch.undo()
    assert statuses(export_dataset(archive, tmp_path / "out")) == ["written"] * 3
    export_dataset(archive, tmp_path / "fresh")
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    assert_sound(tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_one_sentence(archive, tmp_path, monkeypatch, capfd):
    def refuse(path, **_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(writing.Path, "mkdir", refuse)
    assert main(["export", str(archive), str(tmp_path / "out")]) == 1
    assert "cannot be created: Permission denied" in capfd.readouterr().err


def test_a_poisoned_page_in_one_video_of_many_is_exit_4_and_the_others_are_done(tmp_path, capfd):
    pages = make_archive(tmp_path, 20, broken={7})
    assert main(["export", str(pages), str(tmp_path / "out"), "--json"]) == 4
    streams = capfd.readouterr()
    videos = json.loads(streams.out)["videos"]
    assert [one["name"] for one in videos if one["status"] == "failed"] == ["v007-p"]
    assert streams.err.count("ptrack: v007-p: ") == streams.err.count("v007-p") == 1


def test_whatever_one_video_raises_stops_no_other(archive, tmp_path, monkeypatch):
    compute = batches.compute_tables

    def compute_or_fail(analysis):
        if analysis.source.name == "v001-p":
            raise MemoryError
        return compute(analysis)

    monkeypatch.setattr(batches, "compute_tables", compute_or_fail)
    summary = export_dataset(archive, tmp_path / "out")
    assert statuses(summary) == ["written", "failed", "written"]
    assert "v001-p: cannot be analyzed: MemoryError" in str(summary.videos[1].error)


def test_the_marks_of_a_run_are_no_part_of_the_data(archive, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out)
    assert not [place for place in tree(out) if "lock" in place or place.endswith("sources.parquet")]
    assert sorted(path.name for path in (out / "_ptrack").iterdir()) == [
        "lock",
        "manifest.parquet",
        "sources.parquet",
    ]
    for path in out.rglob("*"):
        assert path.is_dir() or str(archive).encode() not in path.read_bytes(), path
