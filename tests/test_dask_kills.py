"""Exports on Dask clusters whose workers are killed at random moments: a rerun completes them."""

import os
import random

import pytest
from moving import (
    export_or_kill,
    find_faults,
    kills_ordered,
    local_cluster,
    make_archive,
    order_kill,
    read_all_rows,
)

from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.errors import PtrackError
from ptrack_analysis.pipeline.workers import dask

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL"),
]

KILLS = 50
EACH = 6
"""So many workers of one export are killed at most."""
FLUSHES = 8
"""So many files of one batch or chunk are brought to the disk at least."""
VIDEOS = 30


def test_dask_workers_killed_at_random_moments_are_made_good_by_a_rerun(tmp_path):
    chance, killed, rounds = random.Random(6), 0, 0
    pages = make_archive(tmp_path, VIDEOS)
    zones = tmp_path / "zones.geojson"
    export_dataset(pages, tmp_path / "whole", zones=zones)
    expected = read_all_rows(tmp_path / "whole")
    while killed < KILLS:
        rounds += 1
        assert rounds <= KILLS, "too few workers are killed"
        out = tmp_path / f"{rounds}/out"
        killed += export_amid_kills(pages, out, zones, chance)
        export_dataset(pages, out, zones=zones)
        assert read_all_rows(out) == expected
        assert find_faults(out) == []
        assert verify_dataset(out).findings == []


def export_amid_kills(pages, out, zones, chance):
    """Export batches or chunks on a cluster whose workers are killed; return how many were."""
    for number in chance.sample(range(VIDEOS), EACH):
        order_kill(out, f"v{number:03}-p", flush=chance.randint(1, FLUSHES))
    with (
        local_cluster(2, silence_logs=50) as cluster,
        dask(cluster.scheduler_address) as (executor, _),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("ptrack_analysis.dataset.export.export_batch", export_or_kill)
        try:
            export_dataset(pages, out, zones=zones, executor=executor, in_flight=chance.choice((6, 16)))
        except PtrackError as error:
            assert "a rerun completes it" in str(error)  # noqa: PT017 - both ends are as good
    return EACH - len(kills_ordered(out))
