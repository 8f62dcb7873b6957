"""Density, speed and flow in zones."""

import naive_crowd
import numpy as np
import pandas as pd
import pytest
from factories import make_points, make_video
from pandas.testing import assert_frame_equal
from shapely.geometry import box

from ptrack_analysis import Zone, compute_occupancy, compute_trajectories
from ptrack_analysis.crowd import compute_fundamental_diagram, compute_occupancy_bins
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.schema import TRAJECTORIES, empty_table

HALL = Zone("hall", box(0, 0, 10, 2), "m")
MEASURES = ["density_per_m2", "speed_m_per_s", "flow_per_m_per_s"]


def walked(paths, end=None):
    return compute_trajectories(make_points(paths), video=make_video(end), period="1s")


def measured(paths, end=4000, zone=HALL, every="2s"):
    return compute_fundamental_diagram(walked(paths, end), [zone], make_video(end), every=every)


def test_flow_is_density_times_speed():
    table = measured({1: [(0, 0, 1), (1000, 2, 1), (2000, 4, 1)]})
    assert table[MEASURES].iloc[0].tolist() == [0.05, 2.0, 0.1]


def test_an_empty_interval_has_no_density_no_flow_and_an_unknown_speed():
    density, speed, flow = measured({1: [(0, 0, 1), (1000, 2, 1)]})[MEASURES].iloc[1]
    assert (density, flow) == (0.0, 0.0)
    assert np.isnan(speed)


def test_a_person_of_whom_no_way_is_known_counts_in_the_density_alone():
    density, speed, flow = measured({1: [(0, 0, 1)]})[MEASURES].iloc[0]
    assert density == 0.025
    assert np.isnan([speed, flow]).all()


def test_who_stands_has_a_speed_of_0():
    assert measured({1: [(0, 1, 1), (1000, 1, 1)]})[MEASURES].iloc[0].tolist() == [0.05, 0.0, 0.0]


def test_the_mean_speed_weighs_persons_by_their_time():
    table = measured({1: [(0, 0, 1), (1000, 4, 1)], 2: [(0, 1, 1), (1000, 1, 1), (3000, 1, 1)]}, every="4s")
    assert table["path_length_m"].iloc[0] == pytest.approx(8.0)
    assert table["speed_m_per_s"].iloc[0] == pytest.approx(8 / 6)


def test_the_speed_of_a_detection_belongs_to_the_zone_of_its_foot_point():
    out = measured({1: [(0, 9, 1), (1000, 13, 1), (2000, 13, 1)]})
    into = measured({1: [(0, 13, 1), (1000, 9, 1), (2000, 9, 1)]})
    assert out["path_length_m"].iloc[0] == pytest.approx(4.0)
    assert into["path_length_m"].iloc[0] == pytest.approx(2.0)


def test_the_path_is_shared_out_over_the_bins_by_time():
    table = measured({1: [(1500, 0, 1), (2500, 4, 1), (3500, 8, 1)]})
    assert table["path_length_m"].tolist() == pytest.approx([2.0, 8.0])


def test_a_speed_that_is_known_for_less_than_half_of_the_time_is_missing():
    table = measured({1: [(0, 0, 1), (300, 1, 1)], 2: [(0, 1, 1)], 3: [(0, 2, 1)]})
    assert table["speed_time"].iloc[0] == pd.Timedelta("1.3s")
    assert np.isnan(table["speed_m_per_s"].iloc[0])


def test_density_is_of_the_time_in_which_the_zone_holds():
    half = Zone("hall", HALL.outline, "m", start=pd.Timedelta("1s"), end=pd.Timedelta("2s"))
    table = measured({1: [(0, 0, 1), (1000, 2, 1), (2000, 4, 1)]}, zone=half)
    assert table[MEASURES].iloc[0].tolist() == [0.05, 2.0, 0.1]
    assert table[MEASURES].iloc[1].isna().all()


def test_in_the_picture_it_is_refused():
    with pytest.raises(ParameterError, match="the trajectories must be in m to compute a density, got px"):
        compute_fundamental_diagram(empty_table(TRAJECTORIES, unit="px"), [], make_video(1000))
    with pytest.raises(ParameterError, match="zone 'hall' must be in m"):
        compute_fundamental_diagram(
            empty_table(TRAJECTORIES, unit="m"), [Zone("hall", HALL.outline, "px")], make_video(1000)
        )


def test_what_is_no_list_of_zones_is_refused():
    with pytest.raises(ParameterError, match="zones must be a list of zones"):
        compute_fundamental_diagram(empty_table(TRAJECTORIES, unit="m"), "hall", make_video(1000))


def test_a_table_that_is_none_is_refused():
    with pytest.raises(SchemaError, match="not a trajectories table"):
        compute_fundamental_diagram(None, [HALL], make_video(1000))


def test_no_zones_and_no_time_give_no_rows():
    assert compute_fundamental_diagram(empty_table(TRAJECTORIES, unit="m"), [], make_video(1000)).empty
    assert compute_fundamental_diagram(empty_table(TRAJECTORIES, unit="m"), [HALL], make_video(None)).empty


def test_more_intervals_than_fit_are_refused_with_a_sentence():
    with pytest.raises(ParameterError, match="every is 1 ms, which makes 7200000 bins, more than 5000000"):
        measured({1: [(0, 0, 1)]}, end=7_200_000, every="1ms")


def same_as_bins(trajectories, zone, video, every, **part):
    """Give both tables' rows of a zone: keys, lengths and person-seconds."""
    occupancy = compute_occupancy(trajectories, video, zones=[zone], **part)
    moments = occupancy.index.get_level_values("timestamp")
    until = make_video(int(moments.max() / pd.Timedelta("1ms")))
    bins = compute_occupancy_bins(occupancy, until, every=every).loc[[zone.name]]
    table = compute_fundamental_diagram(trajectories, [zone], until, every=every, start=moments.min())
    columns = ["recorded_time", "person_seconds"]
    assert_frame_equal(table[columns], bins[columns])
    return table


@pytest.mark.parametrize("every", ["700ms", "2s", "1min"])
@pytest.mark.parametrize("start", ["0s", "2s", "3700ms"])
@pytest.mark.parametrize("seed", range(3))
def test_a_selected_part_has_the_intervals_of_its_occupancy(seed, start, every):
    video = make_video(60_000)
    begin = pd.Timedelta(start) / pd.Timedelta("1ms")
    part = {
        person: [row for row in path if begin <= row[0] < 20_000]
        for person, path in random_paths(np.random.default_rng(seed)).items()
    }
    trajectories = compute_trajectories(make_points(part), video=video, period="100ms")
    everywhere = Zone("everywhere", box(-9, -9, 9, 9), "m")
    table = same_as_bins(trajectories, everywhere, video, every, start=start, end="20s")
    located = trajectories["x_m"].notna()
    assert table["person_seconds"].sum() == trajectories["time_present"][located].sum()
    assert table.index[0][1] == pd.Timedelta(start)


def test_a_hold_that_begins_before_the_start_counts_from_there_on():
    table = compute_fundamental_diagram(
        walked({1: [(0, 0, 1), (2000, 4, 1)]}, 4000), [HALL], make_video(4000), every="1s", start="500ms"
    )
    assert table["recorded_time"].dt.total_seconds().tolist() == [1, 1, 1, 0.5]
    assert table["person_seconds"].dt.total_seconds().tolist() == [1, 1, 0.5, 0]
    assert table["path_length_m"].tolist() == pytest.approx([2, 2, 1, 0])


@pytest.mark.parametrize("every", ["1s", "7s"])
def test_a_last_hold_beyond_the_end_of_the_video_is_counted_whole(every):
    """The trajectories were made without the video: the last of them holds for a second, beyond its end."""
    trajectories = compute_trajectories(
        make_points({1: [(1000 * time, 1, 1) for time in range(10)]}), period="1s"
    )
    table = compute_fundamental_diagram(trajectories, [HALL], make_video(9500), every=every)
    assert table["person_seconds"].sum() == trajectories["time_present"].sum() == pd.Timedelta("10s")
    assert_frame_equal(
        table[["recorded_time", "person_seconds"]],
        compute_occupancy_bins(
            compute_occupancy(trajectories, make_video(9500), zones=[HALL]), make_video(9500), every=every
        ).loc[["hall"], ["recorded_time", "person_seconds"]],
    )


def random_paths(chance, *, lost=0.2):
    paths = {}
    for person in range(4):
        times = np.cumsum(chance.choice([40, 100, 1500, 2500], 20))
        places = chance.random((20, 2)) * 4
        places[chance.random(20) < lost] = np.nan
        paths[person] = [(int(t), *place) for t, place in zip(times, places.tolist(), strict=True)]
    return paths


def rows_of(trajectories):
    result = {}
    for (person, time), row in trajectories.iterrows():
        place = (None, None) if np.isnan(row["x_m"]) else (row["x_m"], row["y_m"])
        held = int(row["time_present"] / pd.Timedelta("1ms"))
        speed = None if np.isnan(row["speed_m_per_s"]) else row["speed_m_per_s"] / 1000
        result.setdefault(person, []).append(
            (int(time / pd.Timedelta("1ms")), held, row["tracklet"], *place, speed)
        )
    return result


@pytest.mark.parametrize("seed", range(8))
def test_it_equals_a_loop_over_rows_and_intervals(seed):
    chance = np.random.default_rng(seed)
    video = make_video(int(chance.integers(30_000, 60_000)))
    trajectories = compute_trajectories(
        make_points(random_paths(chance)), video=video, max_interpolation="1s"
    )
    window = (3000, 17_000)
    zone = Zone("hall", box(1, 1, 3, 3), "m", start=pd.Timedelta("3s"), end=pd.Timedelta("17s"))
    every = int(chance.integers(100, 5000))
    end = int(max(video.duration / pd.Timedelta("1ms"), 0))
    table = compute_fundamental_diagram(trajectories, [zone], video, every=f"{every}ms")
    expected = naive_crowd.fundamental(
        rows_of(trajectories), lambda x, y: 1 <= x < 3 and 1 <= y < 3, window=window, end=end, every=every
    )
    assert (table["person_seconds"].to_numpy().astype("int64") == [row[0] for row in expected]).all()
    assert (table["speed_time"].to_numpy().astype("int64") == [row[1] for row in expected]).all()
    assert table["path_length_m"].to_numpy() == pytest.approx(
        np.array([row[2] for row in expected]), abs=1e-9
    )


@pytest.mark.parametrize("seed", range(5))
def test_zones_that_tile_the_floor_share_all_time_and_the_whole_path(seed):
    chance = np.random.default_rng(seed)
    video = make_video(60_000)
    trajectories = compute_trajectories(make_points(random_paths(chance, lost=0)), video=video)
    zones = [Zone("left", box(-1, -1, 2, 5), "m"), Zone("right", box(2, -1, 5, 5), "m")]
    table = compute_fundamental_diagram(trajectories, zones, video, every="3s")
    assert table["person_seconds"].sum() == trajectories["time_present"].sum()
    path = trajectories["speed_m_per_s"] * trajectories["time_present"].dt.total_seconds()
    assert table["path_length_m"].sum() == pytest.approx(path.sum(), rel=1e-9)
    bins = compute_occupancy_bins(compute_occupancy(trajectories, video, zones=zones), video, every="3s")
    assert table["person_seconds"].equals(bins.loc[["left", "right"], "person_seconds"])
