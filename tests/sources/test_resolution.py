"""Sampling period and duration of a video, from its detections."""

import numpy as np
import pytest
from pages import page, record, write

from ptrack_analysis import inspect_tracking, read_tracking
from ptrack_analysis.errors import PtrackWarning
from ptrack_analysis.video import find_sampling_period

FAR = 2**53


@pytest.mark.parametrize("longest", [1, 50, 5000, 10_000])
def test_the_sampling_period_is_the_lower_median_however_long_the_steps_are(longest):
    steps = np.random.default_rng(longest).integers(1, longest + 1, 1001)
    for number in (1, 2, 1000, 1001):
        median = np.sort(steps[:number])[(number - 1) // 2]
        assert find_sampling_period(steps[:number], 1, None) == median


def test_a_step_of_more_than_an_hour_is_not_a_sampling_step():
    assert find_sampling_period(np.array([FAR]), 1, 25.0) == 40
    assert find_sampling_period(np.array([3_600_001]), 1, None) == 0
    assert find_sampling_period(np.array([3_600_000, FAR, FAR]), 1, None) == 3_600_000


def test_absurd_timestamps_among_small_ones_give_the_tables(tmp_path):
    people = [record(0, 0), record(67, 1), record(FAR, 0)]
    place = write(tmp_path / "page.json", page(*people, VideoMetadata={}))
    with pytest.warns(
        PtrackWarning, match="the sampling period is unknown, because no person was detected twice"
    ):
        detections, _ = read_tracking(place)
    assert len(detections) == 3
    assert inspect_tracking(place).persons == 2
