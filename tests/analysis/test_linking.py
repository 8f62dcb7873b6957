"""Tables under pandas: rows that were removed break a track, rows that overlap are refused."""

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_points, make_video
from shapely.geometry import LineString, box

from ptrack_analysis import (
    Line,
    Zone,
    compute_box_heatmap,
    compute_crossings,
    compute_heatmap,
    compute_occupancy,
    compute_quality,
    compute_stops,
    compute_tracks,
    compute_trajectories,
    compute_visits,
    open_video,
    plots,
    select,
)
from ptrack_analysis.cleaning import flag_jumps, smooth_trajectories
from ptrack_analysis.crowd import compute_encounters, compute_fundamental_diagram, detect_groups
from ptrack_analysis.errors import PtrackWarning, SchemaError
from ptrack_analysis.faces import compute_facing
from ptrack_analysis.heat import compare_heatmaps, compute_flow_field
from ptrack_analysis.motion import compute_kinematics, simplify_trajectories
from ptrack_analysis.schema import ENCOUNTERS, empty_table

REMOVED = pytest.mark.filterwarnings("ignore:rows were removed")
VIDEO = make_video(20_000)
HALL = Zone("hall", box(0, 0, 6, 6), "m")
DOOR = Line("door", LineString([(3.5, 0), (3.5, 6)]), "m")
# walks from x = 1 to x = 5 in 4 s, and stands there for 6 s
PATH = [(t, 1 + min(t, 4000) / 1000, 2.0) for t in range(0, 10_000, 500)]


def without(trajectories, first, last):
    times = trajectories.index.get_level_values("timestamp") / pd.Timedelta("1ms")
    return trajectories[(times < first) | (times > last)]


@pytest.fixture
def whole():
    return compute_trajectories(make_points({3: PATH}), video=VIDEO)


@REMOVED
def test_a_visit_is_lost_where_rows_were_removed_and_the_next_one_appeared(whole):
    visits = compute_visits(without(whole, 2000, 2500), [HALL], VIDEO)
    assert (visits["entered"] / pd.Timedelta("1ms")).tolist() == [0, 3000]
    assert (visits["exited"] / pd.Timedelta("1ms")).tolist() == [2000, 10_000]
    assert visits["entry"].tolist() == ["video_start", "appeared"]
    assert visits["exit"].tolist() == ["lost", "lost"]
    assert visits["dwell"].sum() == pd.Timedelta("9s")


@REMOVED
def test_steps_count_only_where_rows_are_linked_and_speeds_stay(whole):
    part = without(whole, 2000, 2500)
    track = compute_tracks(part).loc[3]
    assert track["path_length_m"] == pytest.approx(1.5 + 1.0)
    assert track["tracklets"] == 2
    known = compute_tracks(whole).loc[3]
    assert track["max_speed_m_per_s"] == known["max_speed_m_per_s"]


@REMOVED
def test_nothing_is_crossed_where_rows_were_removed(whole):
    assert len(compute_crossings(whole, [DOOR])) == 1
    assert len(compute_crossings(without(whole, 2500, 2500), [DOOR])) == 0


@REMOVED
def test_a_stop_and_a_visit_to_a_cell_end_where_rows_were_removed(whole):
    part = without(whole, 7000, 7000)
    assert len(compute_stops(whole, min_duration="2s")) == 1
    assert len(compute_stops(part, min_duration="2s")) == 2
    grid = {"shape": (1, 1), "bounds": (0.0, 0.0, 6.0, 6.0), "quantity": "visits"}
    assert compute_heatmap(whole, VIDEO, **grid).values.sum() == 1
    assert compute_heatmap(part, VIDEO, **grid).values.sum() == 2


def test_other_people_and_whole_tracklets_can_be_removed_without_a_warning():
    paths = {3: PATH, 5: [*PATH, *((t + 60_000, x, y) for t, x, y in PATH)]}
    trajectories = compute_trajectories(make_points(paths), video=make_video(100_000))
    video = make_video(100_000)
    visits = compute_visits(trajectories, [HALL], video)
    one = trajectories[trajectories.index.get_level_values("person_index") == 5]
    pd.testing.assert_frame_equal(
        compute_visits(one, [HALL], video), visits.loc[["hall"]].xs(5, level=1, drop_level=False)
    )
    late = one[one["tracklet"] == 2]
    assert compute_visits(late, [HALL], video)["entry"].tolist() == ["appeared"]


METERS = {
    "tracks": compute_tracks,
    "visits": lambda t: compute_visits(t, [HALL], VIDEO),
    "occupancy": lambda t: compute_occupancy(t, VIDEO),
    "crossings": lambda t: compute_crossings(t, [DOOR]),
    "stops": compute_stops,
    "heatmap": lambda t: compute_heatmap(t, VIDEO),
    "mean speeds": lambda t: compute_heatmap(t, VIDEO, quantity="mean_speed"),
    "heatmap comparison": lambda t: compare_heatmaps(t, t, VIDEO, bounds=(0.0, 0.0, 6.0, 6.0)),
    "flow field": lambda t: compute_flow_field(t, VIDEO),
    "fundamental diagram": lambda t: compute_fundamental_diagram(t, [HALL], VIDEO),
    "encounters": compute_encounters,
    "groups": lambda t: detect_groups(empty_table(ENCOUNTERS, unit="m"), t),
    "kinematics": compute_kinematics,
    "simplified": lambda t: simplify_trajectories(t, tolerance=0.1),
    "smoothed": smooth_trajectories,
    "jumps": lambda t: flag_jumps(t, max_speed=5.0),
    "part": lambda t: select(t, start="1s"),
    "paths": plots.plot_paths,
}


@pytest.mark.parametrize(
    "name", sorted(METERS.keys() - {"flow field", "groups", "smoothed", "jumps", "part", "paths"})
)
def test_every_function_warns_of_rows_that_were_removed_from_the_table(whole, name):
    number = np.arange(len(whole))
    for part in (whole[number % 2 == 0], whole[whole["x_m"] > 2]):
        with pytest.warns(PtrackWarning, match="rows were removed from the trajectories: [0-9]+ of"):
            METERS[name](part)


def test_tables_that_the_package_cut_or_cleaned_are_not_warned_of(data):
    for options in ({"stitch": True, "fill_gaps": "5s"}, {"max_speed": 200, "repair_jumps": True}):
        compute_tracks(open_video(data / "shop", smooth="1s", **options).trajectories)
    whole = open_video(data / "shop").trajectories
    for part in (select(whole, start="17.03s", end="33.1s"), select(whole, persons=[3, 5])):
        compute_tracks(select(part, start="20s"))
        compute_tracks(part[part.index.get_level_values("person_index") == 5])


@pytest.mark.parametrize("compute", METERS.values(), ids=METERS.keys())
def test_every_function_refuses_the_rows_of_two_computations(compute):
    one, other = (
        compute_trajectories(make_points({3: [(t + shift, x, y) for t, x, y in PATH]})) for shift in (0, 250)
    )
    with pytest.raises(SchemaError, match="person 3 is present from 0 to 500 ms, and again from 250 ms"):
        compute(pd.concat([one, other]))


PIXELS = {
    "box heatmap": compute_box_heatmap,
    "facing": lambda d, t: compute_facing(d, t, ["left"], make_video()),
    "quality": lambda d, t: compute_quality(d, t, make_video()),
}


@pytest.mark.parametrize("compute", PIXELS.values(), ids=PIXELS.keys())
def test_functions_of_detections_refuse_the_rows_of_two_computations(compute):
    tables = [
        make_detections({3: [(t + shift, 0.5, 0.5) for t in range(0, 3000, 500)]}) for shift in (0, 250)
    ]
    trajectories = pd.concat([compute_trajectories(table, make_video()) for table in tables])
    with pytest.raises(SchemaError, match="two videos or two computations"):
        compute(pd.concat(tables), trajectories)


@REMOVED
@pytest.mark.parametrize("seed", range(5))
def test_the_times_of_any_rows_that_are_left_add_up(seed):
    chance = np.random.default_rng(seed)
    paths = {
        person: [(int(t), *chance.random(2) * 5) for t in np.cumsum(chance.choice([40, 80, 900, 3000], 60))]
        for person in range(4)
    }
    whole = compute_trajectories(make_points(paths))
    part = whole[chance.random(len(whole)) < 0.9]
    total = part["time_present"].sum()
    assert compute_tracks(part)["time_in_scene"].sum() == total
    visits = compute_visits(part, [Zone("all", box(-1, -1, 9, 9), "m")], make_video(10**6))
    assert visits["dwell"].sum() == visits["exited"].sub(visits["entered"]).sum() == total
