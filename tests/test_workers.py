"""Exports by several processes: the same bytes, whoever works on what, and nothing lost with a worker."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from moving import make_archive, statuses, tree

from ptrack_analysis import export_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.scale.pools import dask

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
    assert "WorkerError: the processes that should do the work cannot start: in a script" in done.stderr


def test_workers_and_an_executor_are_not_given_both(made, tmp_path):
    with pytest.raises(ParameterError, match="give one of them"):
        export_dataset(made[0], tmp_path / "out", workers=2, executor=object())


def workers_of(process):
    """List the workers that a process has started."""
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                yield int(child)


def kill_workers(of, stop, killed, pause=1.2, most=3):
    """Kill workers of a process, each a moment after it is there."""
    while not stop.wait(0.05):
        for worker in set(workers_of(of)) - set(killed):
            if len(killed) < most and not stop.wait(pause):
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                    killed.append(worker)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
def test_workers_that_are_killed_lose_nothing(made, tmp_path):
    pages, zones, expected, _ = made
    stop, killed = threading.Event(), []
    killer = threading.Thread(target=kill_workers, args=(os.getpid(), stop, killed))
    killer.start()
    try:
        summary = export_dataset(pages, tmp_path / "out", zones=zones, workers=2)
    finally:
        stop.set()
        killer.join()
    assert killed
    assert statuses(summary).count("failed") == 1
    assert tree(tmp_path / "out") == expected


@pytest.fixture
def cluster():
    """A Dask cluster of two worker processes on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def test_a_cluster_of_two_processes_writes_the_same_bytes(made, tmp_path, cluster, capfd):
    pages, zones, expected, _ = made
    command = ["export", str(pages), str(tmp_path / "out"), "--zones", str(zones)]
    assert main([*command, "--dask", cluster.scheduler_address, "--json"]) == 4
    assert len(json.loads(capfd.readouterr().out)["videos"]) == VIDEOS
    assert tree(tmp_path / "out") == expected


def test_a_cluster_that_loses_a_worker_completes_all_the_same(made, tmp_path, cluster):
    """The cluster starts another in its place, and gives it what the killed one had."""
    pages, zones, expected, _ = made
    victims = [worker.pid for worker in cluster.workers.values()]
    told = []

    def kill_one(*_):
        if not told:
            os.kill(victims[0], signal.SIGKILL)
        told.append(1)

    with dask(cluster.scheduler_address) as (executor, width):
        summary = export_dataset(
            pages, tmp_path / "out", zones=zones, executor=executor, in_flight=3 * width, progress=kill_one
        )
    assert statuses(summary).count("failed") == 1
    assert tree(tmp_path / "out") == expected


def test_a_scheduler_that_goes_away_is_exit_5_and_a_rerun_completes_it(made, tmp_path, capfd):
    """The scheduler is a process of its own, killed after the first video."""
    pytest.importorskip("distributed")
    pages, zones, expected, _ = made
    with scheduler_and_worker(tmp_path) as (address, scheduler):
        stop = threading.Event()
        killer = threading.Thread(target=kill_after, args=(tmp_path / "out/_runs", scheduler, stop))
        killer.start()
        command = ["export", str(pages), str(tmp_path / "out"), "--zones", str(zones)]
        try:
            assert main([*command, "--dask", address]) == 5
        finally:
            stop.set()
            killer.join()
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("ptrack: ")]
    assert len(said) == 1
    assert "the scheduler went away" in said[0]
    assert main(command) == 4
    assert tree(tmp_path / "out") == expected


@contextmanager
def scheduler_and_worker(folder):
    """Run a Dask scheduler and one worker, each in a process of its own; give address and scheduler."""
    begin = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    place = folder / "scheduler.json"
    more = ["--no-dashboard", "--scheduler-file", str(place)]
    with subprocess.Popen([*begin, *more], stderr=subprocess.DEVNULL) as scheduler:
        while not place.exists() or not place.read_text().strip():
            time.sleep(0.1)
        address = json.loads(place.read_text())["address"]
        join = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
        local = ["--nthreads", "1", "--local-directory", str(folder), "--death-timeout", "5", "--no-nanny"]
        with subprocess.Popen([*join, *local], stderr=subprocess.DEVNULL) as worker:
            try:
                yield address, scheduler
            finally:
                worker.kill()
                scheduler.kill()


def kill_after(records, process, stop):
    """Kill a process when the first record is written."""
    while not stop.wait(0.02):
        if list(records.glob("[!.]*.json")):
            process.kill()
            return
