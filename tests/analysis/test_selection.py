"""Parts of a video are cut from the trajectories of the whole video, and add up to it."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from shapely.geometry import box

from ptrack_analysis import (
    Zone,
    compute_heatmap,
    compute_occupancy,
    compute_stops,
    compute_tracks,
    compute_trajectories,
    compute_visits,
    open_video,
    read_tracking,
    read_zones,
    select,
)
from ptrack_analysis.cli.main import main
from ptrack_analysis.errors import ParameterError, SchemaError
from ptrack_analysis.motion import compute_kinematics
from ptrack_analysis.schema import TRAJECTORIES, empty_table, validate

HALL = Zone("hall", box(0, 0, 9, 9), "m")
CUTS = [18_000 * number for number in range(11)]  # ten parts of data/shop


def in_ms(values):
    return (values / pd.Timedelta("1ms")).astype(int).tolist()


def walk(*times):
    return [(t, t / 1000, 2.0) for t in times]


@pytest.fixture
def whole():
    return compute_trajectories(
        make_points({3: walk(0, 700, 1000, 1500, 5000, 5500)}), video=make_video(6000)
    )


def test_a_row_that_reaches_in_becomes_a_row_at_the_start_with_its_position_and_speed(whole):
    part = select(whole, start="800ms", end="1200ms")
    validate(part, TRAJECTORIES)
    assert in_ms(part.index.get_level_values("timestamp")) == [800, 1000]
    assert in_ms(part["time_present"]) == [200, 200]
    assert part["continued"].tolist() == [True, False]
    assert part["x_m"].tolist() == [0.7, 1.0]
    assert part["speed_m_per_s"].tolist() == whole["speed_m_per_s"].iloc[1:3].tolist()
    assert np.isnan(part["step_m"].iloc[0])
    assert part["step_m"].iloc[1] == whole["step_m"].iloc[2]


def test_a_step_from_a_position_outside_of_the_part_does_not_count():
    path = [(0, 0.1, 0.5), (500, None, None), (1000, 0.2, 0.5), (1500, 0.3, 0.5)]
    whole = compute_trajectories(make_detections({3: path}), make_video(), max_interpolation="0ms")
    part = select(whole, start="600ms")
    assert np.isnan(part["step_px"]).tolist() == [True, True, False]
    assert compute_tracks(part)["path_length_px"].tolist() == pytest.approx([100.0])


def test_tracklets_of_a_part_are_numbered_from_1(whole):
    assert whole["tracklet"].tolist() == [1, 1, 1, 1, 2, 2]
    assert select(whole, start="3s")["tracklet"].tolist() == [1, 1]
    assert select(whole, start="1s")["tracklet"].tolist() == [1, 1, 2, 2]


def test_video_start_and_video_end_are_the_ends_of_the_part(whole):
    for start, end, ends in [
        ("800ms", "1200ms", ("video_start", "video_end")),
        ("4s", "5200ms", ("appeared", "video_end")),
        ("800ms", "4s", ("video_start", "lost")),
    ]:
        part = select(whole, start=start, end=end)
        visits = compute_visits(part, [HALL], make_video(6000), start=start, end=end)
        assert [tuple(each) for each in visits[["entry", "exit"]].to_numpy()] == [ends]


@pytest.mark.parametrize("seed", range(5))
def test_parts_of_any_table_add_up_to_the_whole(seed):
    chance = np.random.default_rng(seed)
    paths = {
        person: [(int(t), *chance.random(2) * 12) for t in np.cumsum(chance.choice([40, 900, 3000], 40))]
        for person in range(4)
    }
    whole = compute_trajectories(make_points(paths))
    cuts = np.unique([0, *chance.integers(1, 60_000, 12), 10**6])
    visits, rows, tracks = [], [], []
    for start, end in pairwise(cuts):
        span = {"start": f"{start}ms", "end": f"{end}ms"}
        part = select(whole, **span)
        rows.append(part)
        visits.append(compute_visits(part, [HALL], make_video(10**6), **span)["dwell"].sum())
        tracks.append(compute_tracks(part)["detections"].sum())
    assert pd.concat(rows)["time_present"].sum() == whole["time_present"].sum()
    assert sum(visits, pd.Timedelta(0)) == compute_visits(whole, [HALL], make_video(10**6))["dwell"].sum()
    assert sum(tracks) == len(whole)
    again = select(rows[-1], start=f"{cuts[-2]}ms")
    pd.testing.assert_frame_equal(again, rows[-1])


def test_ten_parts_of_the_shop_have_the_time_present_of_the_whole(data):
    detections, video = read_tracking(data / "shop")
    zones, _ = read_zones(data / "shop" / "zones.geojson", video)
    whole = compute_trajectories(detections, video)
    parts = [select(whole, start=f"{start}ms", end=f"{end}ms") for start, end in pairwise(CUTS)]
    assert sum(int(part["time_present"].sum() / pd.Timedelta("1ms")) for part in parts) == 499_360
    dwell = sum((compute_visits(part, zones, video)["dwell"].sum() for part in parts), pd.Timedelta(0))
    assert dwell == compute_visits(whole, zones, video)["dwell"].sum()


def test_ten_parts_of_the_shop_add_up_in_the_shell(data, capsys):
    total = 0.0
    for start, end in pairwise(CUTS):
        assert main(["table", "tracks", str(data / "shop"), "--from", f"{start}ms", "--to", f"{end}ms"]) == 0
        table = pd.read_csv(pd.io.common.StringIO(capsys.readouterr().out))
        total += table["time_in_scene_s"].sum()
    assert round(1000 * total) == 499_360


def test_all_outputs_of_a_part_are_those_of_the_selected_trajectories(data):
    detections, video = read_tracking(data / "shop")
    whole = compute_trajectories(detections, video)
    part = select(whole, start="20s", end="70s")
    analysis = open_video(data / "shop", start="20s", end="70s", zones=data / "shop" / "zones.geojson")
    close = {"check_exact": False, "rtol": 1e-9, "atol": 1e-6}
    pd.testing.assert_frame_equal(analysis.trajectories, part, **close)
    pd.testing.assert_frame_equal(analysis["tracks"], compute_tracks(part), **close)
    motion = compute_kinematics(whole)
    known = part[~part["continued"]].index
    pd.testing.assert_frame_equal(analysis["kinematics"].loc[known], motion.loc[known], **close)
    assert analysis.detections["continued"].sum() == part["continued"].sum() > 0
    assert set(analysis.detections.index) == {(time, person) for person, time in part.index}
    known = compute_heatmap(part, video, shape=(9, 16)).values
    assert analysis.heatmap(basis="foot_points", shape=(9, 16)).values == pytest.approx(known)
    zones, _ = read_zones(data / "shop" / "zones.geojson", video)
    visits = compute_visits(part, zones, video, start="20s", end="70s")
    pd.testing.assert_frame_equal(analysis["visits"], visits)


def test_people_and_rows_of_other_tables_are_selected(whole):
    stops = compute_stops(compute_trajectories(make_points({4: [(t, 1, 1) for t in range(0, 9000, 500)]})))
    assert len(select(stops, start="2s", end="3s")) == 1
    assert len(select(stops, start="20s")) == 0
    assert len(select(stops, persons=[3])) == 0
    visits = compute_visits(whole, [HALL], make_video(6000))
    assert in_ms(select(visits, end="3s")["entered"]) == [0]
    assert len(select(compute_kinematics(whole), start="1s", end="5s")) == 2
    assert len(select(empty_table(TRAJECTORIES, unit="m"), start="1s")) == 0


def test_tables_without_times_or_people_are_refused(whole):
    occupancy = compute_occupancy(whole, make_video(6000))
    with pytest.raises(ParameterError, match="Cut the trajectories and compute the table from them"):
        select(occupancy, start="1s")
    with pytest.raises(ParameterError, match="a table keyed by person"):
        select(occupancy, persons=[3])
    with pytest.raises(SchemaError, match="not a trajectories table"):
        select(whole.assign(time_present=1), start="1s")
    with pytest.raises(ParameterError, match="end must be after start"):
        select(whole, start="2s", end="1s")
