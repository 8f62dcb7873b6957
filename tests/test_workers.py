"""Exports by several processes: the same files, in whatever order, and nothing lost with a worker."""

import json
import os
import platform
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
from moving import export_or_kill, kills_ordered, local_cluster, make_archive, order_kill, statuses, tree

from ptrack_analysis import export_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.pipeline.workers import dask, keep_freed_memory, map_tasks, processes

VIDEOS = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive, its zones, and the dataset that one process makes of it."""
    folder = tmp_path_factory.mktemp("made")
    pages = make_archive(folder, VIDEOS, broken={2})
    summary = export_dataset(pages, folder / "out", zones=folder / "zones.geojson")
    return pages, folder / "zones.geojson", tree(folder / "out"), summary


def test_three_processes_write_the_bytes_of_one(made, tmp_path):
    pages, zones, expected, alone = made
    summary = export_dataset(pages, tmp_path / "out", zones=zones, workers=3)
    assert tree(tmp_path / "out") == expected
    assert str(summary.videos) == str(alone.videos)
    again = export_dataset(pages, tmp_path / "out", zones=zones, workers=2)
    assert statuses(again) == ["unchanged", "unchanged", "failed", *["unchanged"] * 3]


def test_a_script_that_each_process_would_run_anew_is_told_what_is_wrong(made, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from ptrack_analysis import export_dataset\n"
        f"export_dataset({str(made[0])!r}, {str(tmp_path / 'out')!r}, workers=2)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "WorkerError: Worker processes cannot start. In a script" in done.stderr


def test_workers_and_an_executor_are_not_given_both(made, tmp_path):
    with pytest.raises(ParameterError, match="Pass only one"):
        export_dataset(made[0], tmp_path / "out", workers=2, executor=object())


@pytest.fixture
def deadly(monkeypatch):
    """Let workers kill a process where ``order_kill`` says so."""
    monkeypatch.setattr("ptrack_analysis.dataset.export.export_batch", export_or_kill)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_workers_that_are_killed_lose_nothing(made, tmp_path, deadly):
    """One worker is killed with a file half written, another between two files."""
    pages, zones, expected, _ = made
    order_kill(tmp_path / "out", "v000-p", flush=1)
    order_kill(tmp_path / "out", "v004-p", flush=8)
    summary = export_dataset(pages, tmp_path / "out", zones=zones, workers=2)
    assert kills_ordered(tmp_path / "out") == []
    assert statuses(summary).count("failed") == 1
    assert tree(tmp_path / "out") == expected


def count_faults_of_arrays(_):
    """Count the pages that the kernel clears for 100 arrays of 1 MiB that are freed at once."""
    import resource  # noqa: PLC0415 - not on Windows

    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        np.ones(2**17)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these limits")
def test_a_worker_started_as_dask_does_reuses_freed_memory(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    (outcome,) = map_tasks(count_faults_of_arrays, ["task"], make=processes(1))
    assert outcome.error is None
    assert outcome.result < 10 * 2**20 / os.sysconf("SC_PAGE_SIZE")


def test_memory_limits_stay_where_no_environment_sets_them(monkeypatch):
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    keep_freed_memory.cache_clear()
    assert not keep_freed_memory()


@pytest.fixture
def cluster():
    """A Dask cluster of two worker processes on this machine."""
    with local_cluster(2) as cluster:
        yield cluster


def test_a_cluster_of_two_processes_writes_the_same_bytes(made, tmp_path, cluster, capfd):
    pages, zones, expected, _ = made
    command = ["export", str(pages), str(tmp_path / "out"), "--zones", str(zones)]
    assert main([*command, "--dask", cluster.scheduler_address, "--json"]) == 4
    assert len(json.loads(capfd.readouterr().out)["videos"]) == VIDEOS
    assert tree(tmp_path / "out") == expected


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_cluster_that_loses_a_worker_completes_all_the_same(made, tmp_path, cluster, deadly):
    """The cluster starts another in its place, and gives it what the killed one had."""
    pages, zones, expected, _ = made
    order_kill(tmp_path / "out", "v003-p", flush=5)
    with dask(cluster.scheduler_address) as (executor, width):
        summary = export_dataset(pages, tmp_path / "out", zones=zones, executor=executor, in_flight=3 * width)
    assert kills_ordered(tmp_path / "out") == []
    assert statuses(summary).count("failed") == 1
    assert tree(tmp_path / "out") == expected


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_scheduler_that_goes_away_is_exit_5_and_a_rerun_completes_it(made, tmp_path, capfd, monkeypatch):
    """The scheduler is a process of its own; it is killed while a worker writes the fourth video."""
    pytest.importorskip("distributed")
    pages, zones, expected, _ = made
    with scheduler_and_worker(tmp_path) as (address, scheduler):
        command = ["export", str(pages), str(tmp_path / "out"), "--zones", str(zones)]
        order_kill(tmp_path / "out", "v003-p", flush=5, process=scheduler.pid)
        with monkeypatch.context() as patch:
            patch.setattr("ptrack_analysis.dataset.export.export_batch", export_or_kill)
            assert main([*command, "--dask", address]) == 5
        assert scheduler.wait() == -signal.SIGKILL
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("ptrack: ")]
    assert len(said) == 1
    assert "The connection to the scheduler was lost" in said[0]
    assert main(command) == 4
    assert tree(tmp_path / "out") == expected


@contextmanager
def scheduler_and_worker(folder):
    """Run a Dask scheduler and one worker, each in a process of its own; give address and scheduler."""
    begin = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    place = folder / "scheduler.json"
    more = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(place)]
    seen = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}  # they import what is sent
    with subprocess.Popen([*begin, *more], stderr=subprocess.DEVNULL, env=seen) as scheduler:
        while not place.exists() or not place.read_text().strip():
            assert scheduler.poll() is None
            time.sleep(0.1)
        address = json.loads(place.read_text())["address"]
        join = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
        local = ["--nthreads", "1", "--local-directory", str(folder), "--no-nanny"]
        with subprocess.Popen([*join, *local], stderr=subprocess.DEVNULL, env=seen) as worker:
            try:
                yield address, scheduler
            finally:
                worker.kill()
                scheduler.kill()
