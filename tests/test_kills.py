"""Exports killed at fifty random moments: the next run gives an undisturbed dataset, and that verifies."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from moving import make_archive, tree

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
    return pages, folder / "zones.geojson", tree(folder / "out")


def is_whole(out, expected):
    assert tree(out) == expected
    assert verify_dataset(out).findings == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exporter_killed_at_random_moments_is_completed_by_a_rerun(made, tmp_path, workers):
    """Half of the runs are killed with all their processes, half alone: then workers end by themselves."""
    pages, zones, expected = made
    command = [sys.executable, "-m", "ptrack_analysis", "export", str(pages), "--zones", str(zones)]
    command += ["--workers", str(workers)]
    chance, begun = random.Random(workers), time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)
    longest, amid = time.monotonic() - begun, 0
    for number in range(KILLS // 2):
        out = tmp_path / f"out-{number}"
        with subprocess.Popen(
            [*command, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            time.sleep(chance.uniform(0.3, 1.0) * longest)
            if number % 2:
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        amid += process.returncode == -signal.SIGKILL and bool([*out.rglob("*.parquet")])
        export_dataset(pages, out, zones=zones)
        is_whole(out, expected)
    assert amid >= KILLS // 10  # else the moments were not those of work
