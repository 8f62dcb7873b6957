"""Kernels that work through a long video in slices give the same values as in one go."""

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video

from ptrack_analysis.analysis.motion import clock
from ptrack_analysis.analysis.motion.kinematics import compute_kinematics
from ptrack_analysis.analysis.quality import measures as switches
from ptrack_analysis.analysis.quality.checks import compute_quality
from ptrack_analysis.analysis.tracks import compute_tracks
from ptrack_analysis.analysis.trajectories import compute_trajectories


def tables(detections, video):
    trajectories = compute_trajectories(detections, video, period="100ms")
    quality = compute_quality(detections, trajectories, video, period="100ms")
    return trajectories, compute_kinematics(trajectories), compute_tracks(trajectories), quality


@pytest.mark.parametrize("rows", [1, 2, 7, 30])
def test_slices_of_any_size_give_the_same_tables(rows, monkeypatch):
    chance = np.random.default_rng(3)
    paths = {}
    for person in range(6):
        times = np.cumsum(chance.choice([100, 200, 3000], 9))
        paths[person] = [
            (int(time), *((None, None) if chance.random() < 0.2 else chance.random(2))) for time in times
        ]
    detections, video = make_detections(paths), make_video()
    whole = tables(detections, video)
    monkeypatch.setattr(clock, "_AT_ONCE", rows)
    monkeypatch.setattr(switches, "_AT_ONCE", rows)
    for sliced, expected in zip(tables(detections, video), whole, strict=True):
        pd.testing.assert_frame_equal(sliced, expected, check_exact=True)


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_slices_cut_no_run_and_leave_out_no_row(rows, monkeypatch):
    monkeypatch.setattr(clock, "_AT_ONCE", rows)
    run = np.array([1, 1, 1, 2, 3, 3, 4, 4, 4, 4])
    parts = [run[part] for part in clock.slice_tracklets(run)]
    assert np.concatenate(parts).tolist() == run.tolist()
    assert sum(len(np.unique(part)) for part in parts) == 4
    assert list(clock.slice_tracklets(run[:0])) == []
