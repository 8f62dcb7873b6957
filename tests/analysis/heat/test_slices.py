"""Heatmaps slice after slice of time."""

import naive_heat
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from ptrack_analysis import Zone, compute_heatmap, compute_heatmap_slices, trajectories_from_points
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.schema import HEATMAP_SLICES, check

EXTENT = (0.0, 0.0, 4.0, 2.0)
GRID = {"shape": (2, 4), "extent": EXTENT}


def on_the_floor(persons, duration=None):
    return trajectories_from_points(
        make_points(persons), video=make_video(duration), period="100ms", max_gap="2s"
    )


def random_walks(seed, duration=None):
    chance = np.random.default_rng(seed)
    persons = {
        person: [
            (int(time), float(x), float(y))
            for time, x, y in zip(
                np.cumsum(chance.choice([40, 70, 900, 2500], 12)),
                chance.random(12) * 5,
                chance.random(12) * 2,
                strict=True,
            )
        ]
        for person in range(3)
    }
    return on_the_floor(persons, duration)


def test_what_is_held_is_cut_at_the_borders_of_the_slices():
    trajectories = on_the_floor({1: [(500, 1.5, 0.5), (2400, 1.5, 0.5)]}, 2500)
    slices = compute_heatmap_slices(trajectories, make_video(2500), every="1s", shape=(1, 1), extent=EXTENT)
    assert slices.held.ravel().tolist() == [500, 1000, 500]
    assert slices.starts.tolist() == [0, 1000, 2000]
    assert slices.intervals.tolist() == [1000, 1000, 500]
    assert [heat.seconds.sum() for heat in slices.heatmaps] == [0.5, 1.0, 0.5]


@pytest.mark.parametrize(
    ("persons", "duration", "intervals"),
    [
        ({}, None, []),
        ({}, 0, [0]),
        ({}, 1000, [1000]),
        ({}, 1001, [1000, 1]),
        ({1: [(900, 1, 1)]}, None, [1000]),
        ({1: [(901, 1, 1)]}, None, [1000, 1000]),
        ({1: [(0, 1, 1)]}, 2500, [1000, 1000, 500]),
    ],
    ids=["nothing", "no time", "one", "one ms more", "just in", "beyond", "the video's end"],
)
def test_slices_go_to_the_end(persons, duration, intervals):
    slices = compute_heatmap_slices(on_the_floor(persons, duration), make_video(duration), every="1s", **GRID)
    assert slices.intervals.tolist() == intervals
    check(slices.to_frame(), HEATMAP_SLICES)
    assert len(slices.to_frame()) == 8 * len(intervals)


@given(seed=st.integers(0, 10_000), every=st.integers(1, 5000), known=st.booleans(), zoned=st.booleans())
def test_the_slices_sum_to_the_whole_exactly(seed, every, known, zoned):
    trajectories = random_walks(seed, 40_000 if known else None)
    zone = Zone("till", box(0.5, 0.5, 3, 3), "m", start=pd.Timedelta("1s")) if zoned else None
    video = make_video(40_000 if known else None)
    slices = compute_heatmap_slices(trajectories, video, every=f"{every}ms", zone=zone, **GRID)
    whole = compute_heatmap(trajectories, video, zone=zone, **GRID)
    assert slices.whole.seconds.tolist() == whole.seconds.tolist()
    assert (slices.held.sum(axis=(1, 2)) <= 3 * slices.intervals).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_kernel_agrees_with_a_loop_over_milliseconds(seed):
    trajectories = random_walks(seed)
    slices = compute_heatmap_slices(trajectories, make_video(), every="700ms", **GRID)
    time = trajectories.index.get_level_values("timestamp").to_numpy().astype("int64").tolist()
    held = trajectories["held"].to_numpy().astype("int64").tolist()
    rows = list(zip(time, trajectories["x_m"], trajectories["y_m"], held, strict=True))
    wanted = naive_heat.slices(rows, EXTENT, (2, 4), 700, len(slices.starts))
    assert slices.held.tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("every", "sentence"),
    [
        ("0s", "'0s', not a length of time above 0"),
        ("-1s", "'-1s'"),
        ("1ms", "1 ms: 90000000 slices of 2 x 4"),
    ],
)
def test_slices_of_no_length_or_far_too_many_are_refused(every, sentence):
    with pytest.raises(ParameterError, match=sentence):
        compute_heatmap_slices(on_the_floor({}), make_video(90_000_000), every=every, **GRID)
