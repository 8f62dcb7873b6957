"""Exports killed at fifty random moments: the next run completes the dataset."""

import os
import random
import signal

import pytest
from cut_short import cut_short
from moving import find_faults, make_archive, read_all_rows

from ptrack_analysis import export_dataset, verify_dataset

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
