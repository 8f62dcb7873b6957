"""Occupancy interval by interval."""

import naive_crowd
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from ptrack_analysis import Zone, compute_occupancy, compute_trajectories
from ptrack_analysis.crowd import compute_density, compute_occupancy_bins
from ptrack_analysis.errors import ParameterError, ZoneError
from ptrack_analysis.schema import OCCUPANCY_CHANGES, ZONE_OCCUPANCY, assemble, empty_table

HALL = Zone("hall", box(0, 0, 4, 5), "m")


def make_occupancy(zones):
    rows = [(zone, *row) for zone, counts in zones.items() for row in counts]
    arrays = {
        "zone": [row[0] for row in rows],
        "timestamp": np.array([row[1] for row in rows], dtype="int64"),
        "persons": np.array([row[2] for row in rows], dtype="int64"),
    }
    return assemble(OCCUPANCY_CHANGES, arrays)


def rows_of(bins):
    times = bins.index.get_level_values("timestamp").to_numpy().astype("int64")
    columns = (
        bins[name].to_numpy().astype("int64") for name in ("recorded_time", "person_seconds", "max_persons")
    )
    return list(zip(times.tolist(), *(column.tolist() for column in columns), strict=True))


CASES = {
    "one person all the time": ([(0, 1), (2000, 0)], 2000, [(0, 1000, 1000, 1), (1000, 1000, 1000, 1)]),
    "an empty interval is 0": (
        [(0, 1), (1000, 0), (2000, 0)],
        2000,
        [(0, 1000, 1000, 1), (1000, 1000, 0, 0)],
    ),
    "half of an interval": ([(0, 0), (500, 2), (1000, 0)], 1000, [(0, 1000, 1000, 2)]),
    "a count across a border": (
        [(0, 0), (900, 1), (1100, 0), (2000, 0)],
        2000,
        [(0, 1000, 100, 1), (1000, 1000, 100, 1)],
    ),
    "a peak of one millisecond": ([(0, 1), (10, 5), (11, 1), (1000, 0)], 1000, [(0, 1000, 1004, 5)]),
    "a change exactly at a border": (
        [(0, 3), (1000, 1), (2000, 0)],
        2000,
        [(0, 1000, 3000, 3), (1000, 1000, 1000, 1)],
    ),
    "the last interval is cut": ([(0, 2), (1500, 0)], 1500, [(0, 1000, 2000, 2), (1000, 500, 1000, 2)]),
    "the end unknown": ([(0, 0), (100, 1), (1200, 0)], None, [(0, 1000, 900, 1), (1000, 200, 200, 1)]),
    "an end that is not believed": ([(0, 1), (1200, 0)], 600, [(0, 1000, 1000, 1), (1000, 200, 200, 1)]),
    "nobody and no end": ([(0, 0)], None, []),
    "nobody": ([(0, 0), (1000, 0)], 1000, [(0, 1000, 0, 0)]),
    "rows that end before the video": ([(0, 1), (500, 1)], 2000, [(0, 1000, 500, 1), (1000, 1000, 0, 0)]),
}


@pytest.mark.parametrize(("counts", "end", "expected"), CASES.values(), ids=CASES.keys())
def test_each_interval_has_the_time_of_all_persons_and_the_largest_count(counts, end, expected):
    bins = compute_occupancy_bins(make_occupancy({"": counts}), make_video(end), every="1s")
    assert rows_of(bins) == expected
    assert bins["mean_persons"].tolist() == [total / length for _, length, total, _ in expected]


def test_every_zone_has_all_intervals():
    occupancy = make_occupancy({"": [(0, 2), (2000, 0)], "till": [(0, 0), (1500, 1), (2000, 0)]})
    bins = compute_occupancy_bins(occupancy, make_video(2000), every="1s")
    assert bins.loc["till", "mean_persons"].tolist() == [0.0, 0.5]
    assert bins.loc["", "mean_persons"].tolist() == [2.0, 2.0]


def test_more_intervals_than_fit_are_refused_with_a_sentence():
    hours = make_occupancy({"": [(0, 1), (7_200_000, 0)]})
    with pytest.raises(ParameterError, match="every is 1 ms, which makes 7200000 bins, more than 5000000"):
        compute_occupancy_bins(hours, make_video(7_200_000), every="1ms")


@pytest.mark.parametrize("every", ["0s", "soon", "-1s"])
def test_an_interval_that_is_no_time_is_refused_with_the_value(every):
    with pytest.raises(ParameterError, match=f"every must be .*got '{every}'"):
        compute_occupancy_bins(empty_table(OCCUPANCY_CHANGES), make_video(1000), every=every)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 9)), min_size=1, max_size=12),
    st.integers(1, 2500),
    st.integers(0, 700),
)
def test_intervals_equal_a_loop_over_them(changes, every, later):
    times = np.cumsum([0, *(step for step, _ in changes)])
    counts = [(int(time), persons) for time, (_, persons) in zip(times, [*changes, (0, 0)], strict=True)]
    end = counts[-1][0] + later
    bins = compute_occupancy_bins(make_occupancy({"": counts}), make_video(end), every=f"{every}ms")
    assert rows_of(bins) == naive_crowd.bins([*counts, (end, 0)], end, every)


@pytest.mark.parametrize("every", ["77ms", "1s", "1h"])
@pytest.mark.parametrize("seed", range(5))
def test_person_seconds_add_up_to_held_whatever_the_interval(seed, every):
    chance = np.random.default_rng(seed)
    paths = {
        person: [(int(t), *chance.random(2)) for t in np.cumsum(chance.choice([50, 99, 2500], 20))]
        for person in range(5)
    }
    video = make_video(60_000 if seed % 2 else None)
    trajectories = compute_trajectories(make_points(paths), video=video)
    left = Zone("left", box(0, 0, 0.5, 1), "m")
    bins = compute_occupancy_bins(compute_occupancy(trajectories, video, zones=[left]), video, every=every)
    assert bins.loc[""]["person_seconds"].sum() == trajectories["time_present"].sum()
    assert (
        bins.loc["left"]["person_seconds"].sum()
        == trajectories["time_present"][trajectories["x_m"] < 0.5].sum()
    )


def bins_of(counts, end, zone="hall"):
    return compute_occupancy_bins(make_occupancy({zone: counts}), make_video(end), every="1s")


def test_density_is_persons_by_area():
    density = compute_density(bins_of([(0, 2), (500, 4), (1000, 0), (2000, 0)], 2000), [HALL])
    assert density["area_m2"].tolist() == [20.0, 20.0]
    assert density["density_per_m2"].tolist() == [0.15, 0.0]
    assert density["max_density_per_m2"].tolist() == [0.2, 0.0]
    assert density["space_m2"].iloc[0] == pytest.approx(20 / 3)
    assert np.isnan(density["space_m2"].iloc[1])


def test_density_is_of_the_time_in_which_the_zone_holds():
    half = Zone("hall", HALL.outline, "m", start=pd.Timedelta("500ms"), end=pd.Timedelta("1s"))
    density = compute_density(bins_of([(0, 0), (500, 2), (1000, 0), (2000, 0)], 2000), [half])
    assert density["density_per_m2"].iloc[0] == 0.1
    assert density["density_per_m2"].isna().tolist() == [False, True]
    assert density["max_density_per_m2"].isna().tolist() == [False, True]


def test_density_in_the_picture_is_refused():
    with pytest.raises(ParameterError, match="zone 'hall' must be in m to compute a density, got px"):
        compute_density(empty_table(ZONE_OCCUPANCY), [Zone("hall", HALL.outline, "px")])


def test_density_of_a_zone_that_was_not_counted_is_refused():
    with pytest.raises(ParameterError, match="zone 'hall' is not in the occupancy bins"):
        compute_density(bins_of([(0, 1), (1000, 0)], 1000, zone="till"), [HALL])


def test_density_of_two_zones_of_one_name_is_refused():
    with pytest.raises(ZoneError, match="'hall' occurs twice"):
        compute_density(empty_table(ZONE_OCCUPANCY), [HALL, HALL])


def test_no_zones_and_no_bins_give_no_rows():
    assert compute_density(bins_of([(0, 1), (1000, 0)], 1000), []).empty
    assert compute_density(empty_table(ZONE_OCCUPANCY), [HALL]).empty
