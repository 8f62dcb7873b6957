"""Runs that go wrong: one sentence, nothing half done, and a rerun that completes the dataset.

Kills of exports, of Dask's workers and of fetches have files of their own: ``test_kills``,
``test_dask_kills``, ``test_rekognition_kill``; a change that stops at each of its steps is in
``dataset/test_publishing``.
"""

import os
import random
import shutil
import subprocess
import sys

import pytest
from cut_short import cut_short
from moving import find_faults, make_archive, read_all_rows, tree

from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import STAGING, read_manifest
from ptrack_analysis.dataset.publishing import recover
from ptrack_analysis.dataset.removal import remove_videos

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
