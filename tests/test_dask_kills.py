"""Exports on Dask clusters whose workers are killed at random moments: a rerun gives undisturbed bytes."""

import os
import random
import signal
import threading

import pytest
from moving import make_archive, tree

from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.errors import PtrackError
from ptrack_analysis.scale.pools import dask

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL"),
]

KILLS = 50
EACH = 6
"""So many workers of one export are killed at most."""
VIDEOS = 30


def kill_workers(cluster, chance, stop, killed):
    """Kill running workers with pauses; one that is starting is let be: Dask would give it up for good."""
    while not stop.wait(chance.uniform(0.3, 2.0)) and len(killed) < EACH:
        running = [nanny for nanny in cluster.workers.values() if nanny.status.name == "running"]
        if running and (pid := chance.choice(running).pid):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)


def test_dask_workers_killed_at_random_moments_are_made_good_by_a_rerun(tmp_path):
    chance, killed, rounds = random.Random(6), 0, 0
    pages = make_archive(tmp_path, VIDEOS)
    zones = tmp_path / "zones.geojson"
    export_dataset(pages, tmp_path / "whole", zones=zones)
    expected = tree(tmp_path / "whole")
    while killed < KILLS:
        rounds += 1
        assert rounds <= KILLS, "the moments are not those of work"
        out = tmp_path / f"out-{rounds}"
        killed += export_amid_kills(pages, out, zones, chance)
        export_dataset(pages, out, zones=zones)
        assert tree(out) == expected
        assert verify_dataset(out).findings == []


def export_amid_kills(pages, out, zones, chance):
    """Export on a cluster of its own while its workers are killed; give how many were."""
    stop, killed = threading.Event(), []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        killer = threading.Thread(target=kill_workers, args=(cluster, chance, stop, killed))
        with dask(cluster.scheduler_address) as (executor, _):
            killer.start()
            try:
                export_dataset(pages, out, zones=zones, executor=executor, in_flight=6)
            except PtrackError as error:
                assert "a rerun completes it" in str(error)  # noqa: PT017 - both ends are as good
            finally:
                stop.set()
                killer.join()
    return len(killed)
