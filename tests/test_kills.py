"""Exports killed at fifty random moments: the next run completes the dataset."""

import os
import random
import shutil
import signal

import pytest
from cut_short import cut_short
from moving import find_faults, make_archive, read_all_rows

from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.dataset.publishing import recover
from ptrack_analysis.dataset.removal import remove_videos

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL"),
]

KILLS = 50
VIDEOS = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive, its zones, and the dataset that an undisturbed run makes of it."""
    folder = tmp_path_factory.mktemp("made")
    pages = make_archive(folder, VIDEOS)
    export_dataset(pages, folder / "out", zones=folder / "zones.geojson")
    return pages, folder / "zones.geojson", read_all_rows(folder / "out")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exporter_killed_at_random_moments_is_completed_by_a_rerun(made, tmp_path, workers):
    """Half of the runs are killed with all their processes, half alone: then workers end by themselves."""
    pages, zones, expected = made
    options = ["--zones", zones, "--workers", workers]
    done, steps = cut_short(["export", pages, tmp_path / "whole/out", *options], tmp_path / "whole")
    assert done.returncode == 0
    chance, killed = random.Random(workers), 0
    for number in range(KILLS // 2):
        out, how = tmp_path / f"{number}/out", "parent" if number % 2 else "all"
        step = chance.randint(1, steps)
        done, _ = cut_short(["export", pages, out, *options], out.parent, step=step, how=how)
        killed += done.returncode == -signal.SIGKILL
        export_dataset(pages, out, zones=zones)
        assert read_all_rows(out) == expected
        assert find_faults(out) == []
        assert verify_dataset(out).findings == []
    assert killed >= KILLS // 2 - 2  # workers that run into each other may save a step at the very end


REMOVED = "v001-p"


@pytest.mark.parametrize("as_", [None, "delta"])
@pytest.mark.parametrize("which", ["export", "compact", "remove"])
def test_a_change_killed_at_random_moments_is_completed_by_the_next_run(tmp_path, which, as_):
    """Also of Delta tables, whose own log must agree with the manifest."""

    def complete(out):
        recover(out)
        if which == "export":
            export_dataset(pages, out, zones=zones, as_=as_)
        elif which == "compact":
            compact_dataset(out)
        elif REMOVED in read_manifest(out).entries:
            remove_videos(out, REMOVED)

    if as_ == "delta":
        pytest.importorskip("deltalake")
    zones = tmp_path / "zones.geojson"
    for videos in (2, 4):
        pages = make_archive(tmp_path, videos)
        export_dataset(pages, tmp_path / "before", zones=zones, as_=as_)
    if which == "export":
        make_archive(tmp_path, 5)
    options = ["--zones", zones, *(["--as", as_] if as_ else [])]
    arguments = {
        "export": [pages, "OUT", *options],
        "compact": ["OUT"],
        "remove": ["OUT", "--video", REMOVED],
    }

    def cut(name, step):
        out = shutil.copytree(tmp_path / "before", tmp_path / name / "out")
        given = [out if one == "OUT" else one for one in arguments[which]]
        return out, *cut_short([which, *given], out, step=step)

    whole, done, steps = cut("whole", 0)
    assert done.returncode == 0
    chance = random.Random(which)
    for step in sorted(chance.sample(range(1, steps), min(8, steps - 1))):
        out, done, _ = cut(f"{step}", step)
        assert done.returncode == -signal.SIGKILL
        complete(out)
        assert read_all_rows(out) == read_all_rows(whole)
        assert verify_dataset(out).findings == []
