"""Which way, and how fast, people moved through each cell."""

import math

import naive_heat
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from ptrack_analysis import Zone, compute_heatmap, compute_trajectories
from ptrack_analysis.errors import SchemaError
from ptrack_analysis.heat import compute_flow_field
from ptrack_analysis.motion import compute_kinematics
from ptrack_analysis.schema import FIELD, validate

pytestmark = pytest.mark.filterwarnings("ignore:.*exceed max_gap:ptrack_analysis.errors.PtrackWarning")

BOUNDS = (0.0, 0.0, 4.0, 2.0)
VIDEO = make_video()


def on_the_floor(persons):
    return compute_trajectories(make_points(persons), period="1s", max_gap="2s", max_interpolation="0s")


def field_of(persons, shape=(1, 1), **options):
    return compute_flow_field(on_the_floor(persons), VIDEO, shape=shape, **{"bounds": BOUNDS, **options})


def walks(seed, persons=4, rows=20):
    chance = np.random.default_rng(seed)
    points = {}
    for person in range(persons):
        times = np.cumsum(chance.choice([100, 300, 3000], rows, p=[0.6, 0.3, 0.1])).tolist()
        x, y = chance.choice(np.arange(-3, 21) / 4, (2, rows))
        x[chance.random(rows) < 0.1] = math.nan
        points[person] = list(zip(times, x.tolist(), y.tolist(), strict=True))
    return points


CASES = {
    "along x": ({1: [(0, 1, 1), (1000, 2, 1), (2000, 3, 1)]}, 1.0, 0.0, 1.0),
    "along y": ({1: [(0, 1, 0), (1000, 1, 2)]}, 2.0, 90.0, 1.0),
    "to and fro, with a turn at 0 m/s": ({1: [(0, 1, 1), (1000, 2, 1), (2000, 1, 1)]}, 2 / 3, math.nan, 0.0),
    "to and fro on a slant": ({1: [(0, 1, 1), (1000, 2, 0), (2000, 1, 1)]}, math.sqrt(8) / 3, math.nan, 0.0),
    "the longer way leads": ({1: [(0, 0, 1), (1000, 3, 1)], 2: [(0, 3, 1), (1000, 2, 1)]}, 2.0, 0.0, 0.5),
    "across": ({1: [(0, 0, 0), (1000, 1, 0)], 2: [(0, 0, 0), (1000, 0, 1)]}, 1.0, 45.0, math.sqrt(0.5)),
    "stands": ({1: [(0, 1, 1), (1000, 1, 1)]}, 0.0, math.nan, math.nan),
    "seen once": ({1: [(0, 1, 1)]}, math.nan, math.nan, math.nan),
    "nobody": ({}, math.nan, math.nan, math.nan),
    "a gap": ({1: [(0, 1, 1), (2001, 2, 1)]}, math.nan, math.nan, math.nan),
}


@pytest.mark.parametrize(("persons", "speed", "heading", "coherence"), CASES.values(), ids=CASES.keys())
def test_a_cell_has_a_speed_a_direction_and_a_coherence(persons, speed, heading, coherence):
    field = field_of(persons)
    got = [field.mean_speed[0, 0], field.heading[0, 0], field.coherence[0, 0]]
    assert got == pytest.approx([speed, heading, coherence], nan_ok=True)


def test_a_step_belongs_to_the_cell_of_its_position():
    field = field_of({1: [(0, 1.0, 0.5), (1000, 2.0, 0.5), (3000, 3.0, 0.5)]}, shape=(1, 4))
    assert field.steps.tolist() == [[0, 1, 1, 1]]
    assert field.seconds.tolist() == [[0, 1, 2, 1]]
    assert field.path_length.tolist() == [[0, 1, 1.5, 0.5]]


def test_a_zone_cuts_the_steps_in_place_and_time():
    persons = {1: [(0, 0.5, 1), (1000, 1.5, 1), (2000, 2.5, 1), (3000, 3.5, 1)]}
    start, end = (pd.Timedelta(np.timedelta64(ms, "ms")) for ms in (1500, 2500))
    for zone, steps, seconds in (
        (Zone("west", box(0, 0, 2, 2), "m"), 2, 2.0),
        (Zone("late", box(0, 0, 4, 2), "m", start=start), 3, 2.5),
        (Zone("once", box(0, 0, 4, 2), "m", start=start, end=end), 2, 1.0),
    ):
        field = field_of(persons, zone=zone)
        assert (field.steps.tolist(), field.seconds.tolist()) == ([[steps]], [[seconds]])
    with pytest.raises(SchemaError, match="zone 'west' is in px"):
        field_of(persons, zone=Zone("west", box(0, 0, 2, 2), "px"))


@pytest.mark.parametrize("seed", range(4))
def test_the_kernel_agrees_with_a_loop_over_the_rows(seed):
    trajectories = on_the_floor(walks(seed))
    field = compute_flow_field(trajectories, VIDEO, shape=(4, 8), bounds=BOUNDS)
    moved = compute_kinematics(trajectories)
    table = trajectories.assign(time_present=trajectories["time_present"].to_numpy().astype("int64")).join(
        moved
    )
    rows = table[["x_m", "y_m", "time_present", "velocity_x_m_per_s", "velocity_y_m_per_s"]]
    wanted = naive_heat.flow_field(rows.itertuples(index=False, name=None), BOUNDS, (4, 8))
    got = (field.steps, field.seconds, field.path_length, field.displacement_x, field.displacement_y)
    for sums, expected in zip(got, wanted, strict=True):
        np.testing.assert_allclose(sums, expected, atol=1e-9)
    validate(field.to_frame(), FIELD)


@given(seed=st.integers(0, 10_000))
def test_the_sum_of_the_vectors_is_no_longer_than_the_way(seed):
    trajectories = on_the_floor(walks(seed))
    field = compute_flow_field(trajectories, VIDEO, shape=(3, 5), bounds=(-9.0, -9.0, 9.0, 9.0))
    held = trajectories["time_present"] / pd.Timedelta("1s")
    assert field.path_length.sum() == pytest.approx((trajectories["speed_m_per_s"] * held).sum())
    assert field.seconds.sum() == pytest.approx(held[trajectories["speed_m_per_s"].notna()].sum())
    known = ~np.isnan(field.coherence)
    assert ((field.coherence[known] >= 0) & (field.coherence[known] <= 1)).all()
    slow = np.hypot(*field.velocity) <= field.mean_speed * (1 + 1e-9)
    assert (slow | np.isnan(field.mean_speed)).all()


@given(seed=st.integers(0, 10_000))
def test_the_mean_speed_of_a_cell_is_that_of_the_heatmap_and_not_above_the_maximum(seed):
    trajectories = on_the_floor(walks(seed))
    field = compute_flow_field(trajectories, VIDEO, shape=(4, 8), bounds=BOUNDS)
    heatmap = compute_heatmap(trajectories, VIDEO, quantity="mean_speed", shape=(4, 8), bounds=BOUNDS)
    np.testing.assert_allclose(field.mean_speed, heatmap.values, rtol=1e-9)
    known = heatmap.values[~np.isnan(heatmap.values)]
    assert (known <= trajectories["speed_m_per_s"].max()).all()
