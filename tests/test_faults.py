"""Runs that go wrong: one sentence, nothing half done, and a rerun that completes the dataset.

Kills of exports, of Dask's workers and of fetches have files of their own: ``test_kills``,
``test_dask_kills``, ``test_rekognition_kill``; a change that stops at each of its steps is in
``dataset/test_publishing``.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from io import BytesIO
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
from cut_short import cut_short
from moving import find_faults, make_archive, read_all_rows, tree
from PIL import Image
from rekognition_job import people
from rekognition_server import RekognitionServer

import ptrack_analysis as pta
from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import export as exporting
from ptrack_analysis.dataset import publishing
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import STAGING, read_manifest
from ptrack_analysis.dataset.publishing import recover
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.editing.editor_files import EditorFiles
from ptrack_analysis.editing.session import open_session
from ptrack_analysis.errors import OutputError, PtrackError
from ptrack_analysis.sources.rekognition import fetch as fetching

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and mounts of POSIX")
VIDEOS = 6
REMOVED = "v001-p"
COMMANDS = ["export", "compact", "remove"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive, its zones, a dataset of two batches, and what undisturbed runs make of it."""
    folder = tmp_path_factory.mktemp("made")
    zones = folder / "zones.geojson"
    for videos in (VIDEOS // 2, VIDEOS):
        export_dataset(make_archive(folder, videos), folder / "out", zones=zones)
    for which in COMMANDS[1:]:
        shutil.copytree(folder / "out", folder / which)
        complete(folder, which, folder / which)
    return folder


def prepare(made, which, out):
    """Copy the dataset that a command changes to its place; an export makes a new one."""
    if which != "export":
        shutil.copytree(made / "out", out)


def arguments(made, which, out):
    """Return the arguments of a command that changes a dataset."""
    return {
        "export": ["export", str(made / "pages"), str(out), "--zones", str(made / "zones.geojson")],
        "compact": ["compact", str(out)],
        "remove": ["remove", str(out), "--video", REMOVED],
    }[which]


def complete(made, which, out):
    """Do in this process what a command was to do, as far as it is not done."""
    if which == "export":
        export_dataset(made / "pages", out, zones=made / "zones.geojson")
    elif which == "compact":
        compact_dataset(out)
    else:
        recover(out)
        if REMOVED in read_manifest(out).entries:
            remove_videos(out, REMOVED)


def run(made, which, out, *more):
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "ptrack_analysis", *arguments(made, which, out), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def is_complete_after_a_rerun(made, which, out):
    complete(made, which, out)
    assert read_all_rows(out) == read_all_rows(made / ("out" if which == "export" else which))
    assert find_faults(out) == []
    assert verify_dataset(out).findings == []


@pytest.fixture
def small_disk(tmp_path):
    """Give a file system of its own, and change its size or whether it can be written to."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no file system can be mounted here")

    def change(how):
        subprocess.run(["mount", "-o", f"remount,{how}", place], check=True)

    yield place, change
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("which", COMMANDS)
def test_a_disk_that_is_full_is_one_sentence_and_loses_nothing(made, small_disk, which):
    place, change = small_disk
    out = place / "out"
    prepare(made, which, out)
    before = tree(out)
    change(f"size={shutil.disk_usage(place).used + 16_384}")
    done = run(made, which, out)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert tree(out) == before
    assert not (out / STAGING).exists()
    change("size=64m")
    is_complete_after_a_rerun(made, which, out)


@pytest.mark.parametrize("which", COMMANDS)
def test_a_disk_that_cannot_be_written_to_is_one_sentence_and_loses_nothing(made, small_disk, which):
    place, change = small_disk
    out = place / "out"
    shutil.copytree(made / "out", out)
    before = tree(out)
    change("ro")
    done = run(made, which, out, *(["--max-gap", "1s"] if which == "export" else []))
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert tree(out) == before
    change("rw")
    is_complete_after_a_rerun(made, which, out)


@pytest.mark.slow
@pytest.mark.parametrize("which", COMMANDS)
def test_an_interrupt_at_any_moment_is_130_and_leaves_nothing_half_done(made, tmp_path, which):
    whole = tmp_path / "whole/out"
    prepare(made, which, whole)
    done, steps = cut_short(arguments(made, which, whole), whole.parent)
    assert done.returncode == 0
    for step in random.Random(which).sample(range(1, steps + 1), min(12, steps)):
        out = tmp_path / f"{step}/out"
        prepare(made, which, out)
        done, _ = cut_short(arguments(made, which, out), out.parent, step=step, how="SIGINT")
        assert done.returncode == 130
        assert done.stderr.splitlines()[-1] == "ptrack: interrupted"
        is_complete_after_a_rerun(made, which, out)


def test_a_folder_that_vanishes_while_it_is_written_to(made, tmp_path):
    _, steps = cut_short(arguments(made, "export", tmp_path / "whole"), tmp_path / "whole")
    for step in (steps // 10, steps // 2, steps * 9 // 10):
        out = tmp_path / f"{step}"
        done, _ = cut_short(arguments(made, "export", out), out, step=step, how="vanish")
        assert done.returncode in {0, 1}
        assert "Traceback" not in done.stderr
        is_complete_after_a_rerun(made, "export", out)


@pytest.mark.parametrize("moment", [0, 1, 4_102_444_800], ids=["1970", "a second later", "2100"])
def test_a_clock_that_jumps(made, tmp_path, moment):
    """Times of files are only compared for being the same: what is older, or of the future, has changed."""
    shutil.copytree(made / "pages", tmp_path / "pages")
    out, zones = tmp_path / "out", made / "zones.geojson"
    export_dataset(tmp_path / "pages", out, zones=zones)
    page = tmp_path / "pages/v003/p.json"
    text = page.read_text()
    page.write_text(text.replace('"Left": 0.1,', '"Left": 0.2,', 1))
    assert page.stat().st_size == len(text)
    os.utime(page, (moment, moment))
    done = export_dataset(tmp_path / "pages", out, zones=zones)
    assert [video.name for video in done.of_status("written")] == ["v003-p"]
    export_dataset(tmp_path / "pages", tmp_path / "anew", zones=zones)
    assert read_all_rows(out) == read_all_rows(tmp_path / "anew")


@pytest.mark.parametrize("which", [*COMMANDS, "two workers"])
def test_a_termination_at_any_time_leaves_nothing_behind(made, tmp_path, which):
    """A change that was published in part is finished by the next run; all else is as it was."""
    workers = ["--workers", "2"] if which == "two workers" else []
    which = "export" if workers else which
    command = [*arguments(made, which, tmp_path / "whole/out"), *workers]
    prepare(made, which, tmp_path / "whole/out")
    done, steps = cut_short(command, tmp_path / "whole/out")
    assert done.returncode == 0
    for step in (steps // 4, steps // 2, steps * 19 // 20):
        out = tmp_path / f"{step}/out"
        prepare(made, which, out)
        command = [*arguments(made, which, out), *workers]
        done, _ = cut_short(command, out, step=step, how="terminate")
        assert (done.returncode, done.stderr.splitlines()[-1:]) == (143, ["ptrack: terminated"])
        left = {path.relative_to(out).as_posix() for path in out.rglob("*")} if out.exists() else set()
        if "_ptrack/journal" not in left:
            assert not [name for name in left if "staging" in name]
        assert not [name for name in left if name.endswith((".tmp", "holder.json"))]
        is_complete_after_a_rerun(made, which, out)


OUTPUTS = {
    "table": ["table", "trajectories", "SOURCE", "-o", "OUT/a.parquet"],
    "plot": ["plot", "paths", "SOURCE", "-o", "OUT/a.png"],
    "summary": ["summary", "SOURCE", "--json", "-o", "OUT/a.json"],
    "report": ["report", "SOURCE", "-o", "OUT/a.html"],
}


def of_output(made, which, out):
    given = [str(made / "pages/v003") if one == "SOURCE" else one for one in OUTPUTS[which]]
    return [one.replace("OUT", str(out), 1) for one in given]


@pytest.mark.parametrize("which", OUTPUTS)
def test_a_termination_leaves_the_old_output_or_the_new_one(made, tmp_path, which):
    out = tmp_path / "out"
    out.mkdir()
    command = [*of_output(made, which, out), "--force"]
    done, steps = cut_short(command, out)
    assert (done.returncode, steps > 0) == (0, True)
    (file,) = out.iterdir()
    size = file.stat().st_size
    for step in range(1, steps + 1):
        file.write_bytes(b"old")
        done, _ = cut_short(command, out, step=step, how="terminate")
        assert done.returncode == 143
        assert [path.name for path in out.iterdir()] == [file.name]
        assert file.stat().st_size in {len(b"old"), size}


@pytest.mark.parametrize("which", OUTPUTS)
def test_an_output_on_a_full_disk_is_one_sentence(made, small_disk, which):
    place, change = small_disk
    (place / "fill").write_bytes(bytes(1_000_000))
    change(f"size={shutil.disk_usage(place).used}")
    command = [sys.executable, "-m", "ptrack_analysis", *of_output(made, which, place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert [path.name for path in place.iterdir()] == ["fill"]


WITHOUT_RIGHTS = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]
needs_rights = pytest.mark.skipif(
    os.name != "nt" and os.geteuid() == 0 and shutil.which("setpriv") is None,
    reason="the system refuses root nothing",
)


def run_without_rights(command):
    """Run a command as a user to whom the rights of files apply, as they do not to root."""
    prefix = WITHOUT_RIGHTS if os.geteuid() == 0 else []
    command = [*prefix, sys.executable, "-m", "ptrack_analysis", *map(str, command)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@needs_rights
@pytest.mark.parametrize("which", [*COMMANDS, *OUTPUTS])
def test_a_folder_without_the_right_to_write_is_one_sentence(made, tmp_path, which):
    out = tmp_path / "out"
    if which in COMMANDS:
        shutil.copytree(made / "out", out)
        command = [*arguments(made, which, out), *(["--max-gap", "1s"] if which == "export" else [])]
    else:
        out.mkdir()
        command = of_output(made, which, out)
    before = tree(out)
    folders = [out, *(path for path in out.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    done = run_without_rights(command)
    for folder in folders:
        folder.chmod(0o700)
    assert done.returncode == 1
    assert "Permission denied" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert tree(out) == before


@needs_rights
@pytest.mark.parametrize("command", [["inspect"], ["summary"], ["table", "tracks"], ["export"], ["report"]])
def test_a_page_that_may_not_be_read_is_one_sentence(made, tmp_path, command):
    shutil.copytree(made / "pages/v003", tmp_path / "in")
    (tmp_path / "in/p.json").chmod(0)
    more = {"export": [tmp_path / "out"], "report": ["-o", tmp_path / "a.html"]}.get(command[0], [])
    done = run_without_rights([*command, tmp_path / "in", *more])
    assert done.returncode in {1, 3}
    assert "Permission denied" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "a.html").exists()


CHANGED = {
    "vanishes": lambda page: page.unlink(),
    "grows by half a page": lambda page: page.write_text(page.read_text() + page.read_text()[:200]),
    "is cut": lambda page: os.truncate(page, page.stat().st_size // 2),
    "is replaced": lambda page: page.write_text(page.read_text().replace('"Left": 0.1,', '"Left": 0.2,', 1)),
}


@pytest.mark.parametrize("how", CHANGED)
def test_a_page_that_changes_while_it_is_read_fails_alone_or_is_read_completely(
    made, tmp_path, monkeypatch, how
):
    """It changes after the source was scanned and before its rows are read; the next run finds its rows."""
    pages, out, zones = tmp_path / "pages", tmp_path / "out", made / "zones.geojson"
    shutil.copytree(made / "pages", pages)
    page, left = pages / "v003/p.json", [True]
    original, scan = page.read_bytes(), exporting.scan_source

    def scan_and_change(*given):
        found = scan(*given)
        if left:
            left.clear()
            CHANGED[how](page)
        return found

    monkeypatch.setattr(exporting, "scan_source", scan_and_change)
    done = export_dataset(pages, out, zones=zones)
    failed = [video.name for video in done.of_status("failed")]
    assert failed == ([] if how == "is replaced" else ["v003-p"])
    assert len(done.of_status("written")) == VIDEOS - len(failed)
    assert verify_dataset(out).findings == []
    if how != "is replaced":
        page.write_bytes(original)
    export_dataset(pages, out, zones=zones)
    export_dataset(pages, tmp_path / "anew", zones=zones)
    assert read_all_rows(out) == read_all_rows(tmp_path / "anew")


@pytest.mark.parametrize("jump", [-86_400, 86_400], ids=["back", "forward"])
def test_a_clock_that_jumps_during_a_run(made, tmp_path, monkeypatch, jump):
    """The clock moves by a day at each question, and the run is as any other."""
    times, real = [0], exporting.name_run
    clock = publishing.time.time_ns

    def jumping():
        times[0] += jump
        return clock() + times[0] * 10**9

    monkeypatch.setattr(publishing.time, "time_ns", jumping)
    monkeypatch.setattr(publishing.time, "time", lambda: jumping() / 1e9)
    monkeypatch.setattr(exporting, "name_run", lambda: "20000101T000000Z" + real()[-9:])
    for _ in range(2):
        export_dataset(made / "pages", tmp_path / "out", zones=made / "zones.geojson")
    is_complete_after_a_rerun(made, "export", tmp_path / "out")


@pytest.mark.parametrize("pair", [("export", "compact"), ("compact", "remove"), ("remove", "export")])
def test_two_commands_at_once_run_one_after_the_other_or_one_is_refused(made, tmp_path, pair):
    out = tmp_path / "out"
    shutil.copytree(made / "out", out)
    done = [None, None]

    def start(number):
        more = ["--max-gap", "1s"] if pair[number] == "export" else []
        done[number] = run(made, pair[number], out, *more)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 in {one.returncode for one in done}
    for one in done:
        assert one.returncode == 0 or "another run is writing this dataset" in one.stderr.splitlines()[-1]
    assert find_faults(out) == []
    assert verify_dataset(out).findings == []


class Sinking:
    """A sink that has saved two pages."""

    def __init__(self, place):
        self.folder, self.frame = place / "sink", 0
        self.sink = pta.TrackingSink(
            self.folder, video=pta.Video(width=640, height=480, frame_rate=25), page_size=10
        )
        self.go_on()

    def go_on(self, frames=25):
        for _ in range(frames):
            self.frame += 1
            self.sink.append(([1], [[10.0 + self.frame, 10, 90, 90]], None), frame=self.frame)

    def finish(self):
        self.go_on(75 - self.frame)
        self.sink.close()


class Fetching:
    """A fetch that has saved some of its pages."""

    def __init__(self, place):
        self.folder = place / "fetched"
        with suppress(StopIteration):
            self.fetch(lambda summary: next(iter(()) if summary.pages == 3 else iter([0])))

    def fetch(self, progress=None):
        with RekognitionServer() as server:
            server.add(people(40))
            client = server.client()
            return pta.rekognition.fetch_pages(
                "job-1", self.folder, client=client, max_results=4, progress=progress
            )

    def go_on(self):
        self.fetch()

    finish = go_on


class Editing:
    """An editor that has saved one zone."""

    def __init__(self, place):
        self.folder, self.number = place / "zones", 0
        self.folder.mkdir()
        Image.new("RGB", (160, 90)).save(place / "frame.png")
        self.files = EditorFiles(open_session(place / "frame.png", self.folder / "zones.json"))
        self.edit = self.files.opening()["zones"]
        self.go_on()

    def go_on(self):
        ring = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.1]]
        zone = {"source": None, "properties": {"name": f"z{self.number}"}}
        zone["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        self.edit["disk"] = self.files.save_zones(self.edit | {"features": [zone]})["disk"]
        self.number += 1

    def finish(self):
        while self.number < 3:
            self.go_on()


def whole_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def without_rights(folder):
    """Take the right to write a folder from this process."""
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


@contextmanager
def broken(how, folder, change):
    """Break the disk of a folder in some way."""
    if how == "denied":
        with without_rights(folder):
            yield
        return
    change("ro" if how == "read-only" else f"size={shutil.disk_usage(folder).used}")
    yield
    change("rw,size=64m")


@pytest.mark.parametrize("writer", [Sinking, Fetching, Editing])
@pytest.mark.parametrize("how", ["full", "read-only", "denied"])
def test_a_disk_that_breaks_under_a_writer_is_one_sentence_and_it_goes_on_later(
    small_disk, tmp_path, writer, how
):
    place, change = small_disk
    reason = {"full": "No space left", "read-only": "Read-only", "denied": "Permission denied"}[how]
    whole = writer(tmp_path)
    whole.finish()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        run = writer(Path(folder) if how == "denied" else place)
        before = whole_files(run.folder)
        with broken(how, run.folder, change), pytest.raises(OutputError, match=reason):
            run.go_on()
        assert whole_files(run.folder) == before
        run.finish()
        assert whole_files(run.folder) == whole_files(whole.folder)


@pytest.mark.parametrize("how", CHANGED)
def test_a_page_that_changes_while_a_fetch_resumes_is_fetched_again(tmp_path, monkeypatch, how):
    run, whole, read = Fetching(tmp_path), Fetching(tmp_path / "whole"), fetching.read_history
    whole.finish()

    def change_and_read(*given):
        CHANGED[how](run.folder / "000002.json")
        return read(*given)

    monkeypatch.setitem(
        CHANGED, "is replaced", lambda page: page.write_bytes((run.folder / "000003.json").read_bytes())
    )
    monkeypatch.setattr(fetching, "read_history", change_and_read)
    done = run.fetch()
    assert (done.restarts, done.complete) == (1, True)
    assert whole_files(run.folder) == whole_files(whole.folder)


def test_a_fetch_whose_saved_pages_are_removed_does_not_end_as_complete(tmp_path):
    run, whole = Fetching(tmp_path), Fetching(tmp_path / "whole")
    whole.finish()
    with pytest.raises(OutputError, match="another program removed pages while they were fetched"):
        run.fetch(lambda _: (run.folder / "000002.json").unlink(missing_ok=True))
    run.finish()
    assert whole_files(run.folder) == whole_files(whole.folder)


def test_a_second_fetch_into_a_folder_is_refused_while_the_first_one_runs(tmp_path):
    run, whole, refused = Fetching(tmp_path), Fetching(tmp_path / "whole"), []
    whole.finish()

    def fetch_too(_):
        with pytest.raises(OutputError, match="another process is writing this folder") as raised:
            run.fetch()
        refused.append(raised)

    run.fetch(fetch_too)
    assert refused
    assert whole_files(run.folder) == whole_files(whole.folder)
    with pytest.raises(PtrackError), RekognitionServer() as server:
        pta.rekognition.fetch_pages("none", tmp_path / "new", client=server.client())
    assert not (tmp_path / "new").exists()


def test_of_sinks_that_start_in_one_folder_one_writes_it(tmp_path):
    (tmp_path / "a").mkdir()
    barrier, started, refused = threading.Barrier(6), [], []

    def start():
        barrier.wait()
        try:
            started.append(pta.TrackingSink(tmp_path / "a", video=pta.Video(width=640, height=480)))
        except OutputError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(started), len(refused)) == (1, 5)
    assert all("another process is writing" in one or "not empty" in one for one in refused)


def test_two_servers_answer_from_one_folder(made):
    with (
        pta.rekognition.serve_tracking(made / "pages", envelope="gateway") as one,
        pta.rekognition.serve_tracking(made / "pages", envelope="gateway") as other,
    ):
        answers = [urlopen(f"{server.url}/job-0").read() for server in (one, other)]  # noqa: S310 - http
    assert answers[0] == answers[1]
    assert b"Persons" in answers[0]


def test_writers_and_servers_do_not_mind_a_clock_that_jumps_back(tmp_path, monkeypatch):
    """All times of waiting are of a clock that cannot be set."""
    wholes = [writer(tmp_path / "whole") for writer in (Sinking, Fetching)]
    clock, jumps = time.time_ns, count(1)
    monkeypatch.setattr(time, "time_ns", lambda: clock() - next(jumps) * 10**14)
    monkeypatch.setattr(time, "time", lambda: clock() / 1e9 - next(jumps) * 1e5)
    for whole in wholes:
        run = type(whole)(tmp_path)
        run.finish()
        whole.finish()
        assert whole_files(run.folder) == whole_files(whole.folder)
    pauses = []
    with RekognitionServer() as server:
        server.add(people(4), in_progress=2)
        given = {"client": server.client(), "deadline": "10s", "sleep": pauses.append}
        assert pta.rekognition.fetch_pages("job-1", tmp_path / "late", **given).complete
    assert len(pauses) == 2


def test_a_server_of_stdin_that_is_terminated_leaves_no_copy(made, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with (made / "pages/v003/p.json").open("rb") as content:
        done, _ = cut_short(["serve", "-", "--port", "0"], tmp_path, step=4, how="terminate", stdin=content)
    assert (done.returncode, done.stderr.splitlines()[-1:]) == (143, ["ptrack: terminated"])
    assert [*tmp_path.iterdir()] == []


def test_stdin_that_does_not_fit_on_the_disk_is_one_sentence(small_disk, monkeypatch, capfd):
    place, change = small_disk
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b" " * 2**20)))
    change("size=64k")
    assert main(["serve", "-"]) == 1
    (sentence,) = capfd.readouterr().err.splitlines()
    assert re.fullmatch(
        rf"ptrack: {place}/.*: the copy of stdin cannot be written: No space left on device", sentence
    )
    assert [*place.iterdir()] == []
