"""What was done to a run, and what was found after it: one sentence, nothing half, and a rerun that is whole.

Kills of exports, of Dask's workers and of fetches have files of their own: ``test_kills``,
``test_dask_kills``, ``test_rekognition_kill``; kills of a compaction are in ``test_compact``.
"""

import os
import random
import shutil
import subprocess
import sys

import pytest
from cut_short import cut_short
from moving import make_archive, tree

from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.dataset.compaction import compact_dataset

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and mounts of POSIX")
VIDEOS = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive, its zones, the dataset of an undisturbed run, and that compacted."""
    folder = tmp_path_factory.mktemp("made")
    pages = make_archive(folder, VIDEOS)
    export_dataset(pages, folder / "out", zones=folder / "zones.geojson")
    compact_dataset(folder / "out", folder / "big")
    return folder


def arguments(made, which, out):
    source = [str(made / "pages"), str(out), "--zones", str(made / "zones.geojson")]
    return [which, *(source if which == "export" else [str(made / "out"), str(out)])]


def command(made, which, out):
    return [sys.executable, "-m", "ptrack_analysis", *arguments(made, which, out)]


def is_whole_after_a_rerun(made, which, out):
    if which == "export":
        export_dataset(made / "pages", out, zones=made / "zones.geojson")
    else:
        compact_dataset(made / "out", out)
    assert tree(out) == tree(made / ("out" if which == "export" else "big"))
    assert verify_dataset(out).findings == []


def leftovers(out):
    return [path for path in out.parent.rglob(".ptrack-*") if path.name.endswith(".tmp")]


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


@pytest.mark.parametrize("which", ["export", "compact"])
def test_a_disk_that_is_full(made, small_disk, which):
    place, change = small_disk
    change("size=160k")
    done = subprocess.run(command(made, which, place / "out"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not leftovers(place / "out")
    change("size=64m")
    is_whole_after_a_rerun(made, which, place / "out")


@pytest.mark.parametrize("which", ["export", "compact"])
def test_a_disk_that_cannot_be_written_to(made, small_disk, which):
    place, change = small_disk
    shutil.copytree(made / ("out" if which == "export" else "big"), place / "out")
    before = tree(place / "out")
    change("ro")
    done = subprocess.run(
        [*command(made, which, place / "out"), *(["--max-gap", "1s"] if which == "export" else [])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert tree(place / "out") == before
    change("rw")
    is_whole_after_a_rerun(made, which, place / "out")


@pytest.mark.slow
@pytest.mark.parametrize("which", ["export", "compact"])
def test_an_interrupt_at_any_moment_is_130_and_leaves_nothing_half(made, tmp_path, which):
    whole = tmp_path / "whole"
    done, steps = cut_short(arguments(made, which, whole / "out"), whole)
    assert done.returncode == 0
    for step in random.Random(which).sample(range(1, steps + 1), 12):
        out = tmp_path / f"{step}" / "out"
        done, _ = cut_short(arguments(made, which, out), out.parent, step=step, how="SIGINT")
        assert done.returncode == 130
        assert done.stderr.splitlines()[-1] == "ptrack: interrupted"
        assert not leftovers(out)
        is_whole_after_a_rerun(made, which, out)


def test_a_folder_that_vanishes_while_it_is_written_to(made, tmp_path):
    _, steps = cut_short(arguments(made, "export", tmp_path / "whole"), tmp_path / "whole")
    for step in (steps // 10, steps // 2, steps * 9 // 10):
        out = tmp_path / f"{step}"
        done, _ = cut_short(arguments(made, "export", out), out, step=step, how="vanish")
        assert done.returncode in {0, 1}
        assert "Traceback" not in done.stderr
        is_whole_after_a_rerun(made, "export", out)


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
    assert tree(out) == tree(tmp_path / "anew")
