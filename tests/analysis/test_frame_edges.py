"""Boxes that the image border truncates, and tracklets that enter or leave over it."""

import numpy as np
import pandas as pd
import pytest
from factories import make_detections, make_video
from shapely.geometry import box

import ptrack_analysis as pta
from ptrack_analysis import Video, Zone
from ptrack_analysis.analysis.frame_edges import find_truncated
from ptrack_analysis.schema import DETECTIONS, assemble

TIMES = range(0, 4000, 40)


def make_boxes(sides, *, person=0, start=0, step=40):
    """Make the detections of one person from left, top, right, bottom per step."""
    sides = np.asarray(sides, dtype="float64")
    return assemble(
        DETECTIONS,
        {
            "timestamp": start + step * np.arange(len(sides)),
            "person_index": np.full(len(sides), person),
            "left": sides[:, 0],
            "top": sides[:, 1],
            "width": sides[:, 2] - sides[:, 0],
            "height": sides[:, 3] - sides[:, 1],
        },
    )


def walk_left(speed=0.2, *, clip=True, steps=60):
    """Walk out over the left border; the box is clipped to the frame."""
    left = 0.35 - speed * 0.04 * np.arange(steps)
    sides = np.column_stack([left, np.full(steps, 0.3), left + 0.1, np.full(steps, 0.8)])
    sides = sides[sides[:, 2] > 0.01]
    return np.clip(sides, 0, 1) if clip else sides


def edges_of(detections, **options):
    trajectories = pta.compute_trajectories(detections, make_video(100_000), **options)
    enters, leaves = (trajectories[name].to_numpy() for name in ("enters_frame", "leaves_frame"))
    assert not enters[1:].any()
    assert not leaves[:-1].any()
    return bool(enters[0]), bool(leaves[-1])


@pytest.mark.parametrize("clip", [True, False])
def test_a_walk_over_the_left_border_leaves_and_backwards_it_enters(clip):
    assert edges_of(make_boxes(walk_left(clip=clip))) == (False, True)
    assert edges_of(make_boxes(walk_left(clip=clip)[::-1])) == (True, False)


@pytest.mark.parametrize("turn", ["left", "right", "top", "bottom"])
def test_each_side_of_the_image_counts(turn):
    left, top, right, bottom = walk_left().T
    sides = {
        "left": (left, top, right, bottom),
        "right": (1 - right, top, 1 - left, bottom),
        "top": (top, left, bottom, right),
        "bottom": (top, 1 - right, bottom, 1 - left),
    }[turn]
    assert edges_of(make_boxes(np.column_stack(sides))) == (False, True)


def test_a_person_who_stands_cut_by_the_lower_border_is_lost():
    chance = np.random.default_rng(1)
    for _ in range(50):
        jitter = chance.normal(0, 0.003, (100, 4))
        sides = np.clip(np.array([0.45, 0.5, 0.55, 1.02]) + jitter, 0, 1)
        assert edges_of(make_boxes(sides)) == (False, False)


def test_a_person_lost_in_the_middle_did_not_leave_the_frame():
    assert edges_of(make_boxes(walk_left()[:25])) == (False, False)


def test_a_step_over_the_border_within_one_sampling_period_counts():
    sides = np.array([[0.5, 0.3, 0.6, 0.8], [0.3, 0.3, 0.4, 0.8], [0.1, 0.3, 0.2, 0.8]])
    assert edges_of(make_boxes(sides, step=1000)) == (False, True)
    assert edges_of(make_boxes(sides[:2], step=1000)) == (False, False)


def test_a_single_box_says_nothing():
    assert edges_of(make_boxes(walk_left()[-1:])) == (False, False)


def test_a_floor_plan_changes_no_flag():
    class Stretched:
        unit = "m"

        def project(self, points):
            return points * 10.0

    detections = make_boxes(walk_left())
    image = pta.compute_trajectories(detections, make_video())
    floor = pta.compute_trajectories(detections, make_video(), plane=Stretched())
    for name in ("box_truncated", "outside_image", "enters_frame", "leaves_frame"):
        assert image[name].tolist() == floor[name].tolist()


def test_truncation_depends_on_the_sides_of_the_anchor():
    sides = np.array(
        [[0.0, 0.3, 0.1, 0.5], [0.3, 0.005, 0.4, 0.5], [0.3, 0.3, 0.4, 0.995], [0.3, 0.3, 0.4, 0.5]]
    )
    expected = {
        "bottom_center": [True, False, True, False],
        "top_center": [True, True, False, False],
        "center": [True, True, True, False],
        (0.5, 0.9): [True, True, True, False],
    }
    assert {anchor: find_truncated(sides, anchor).tolist() for anchor in expected} == expected


def test_an_interpolated_position_is_truncated_if_either_neighbor_is():
    detections = make_detections(
        {0: [(0, 0.5, 0.5), (100, None, None), (200, 0.5, 1.0), (300, None, None), (400, 0.5, 1.0)]}
    )
    trajectories = pta.compute_trajectories(detections, make_video())
    assert trajectories["box_truncated"].tolist() == [False, True, True, True, True]


def test_a_repaired_jump_takes_the_truncation_of_its_neighbors():
    path = [(500 * step, 0.3 + 0.01 * step, 0.99 if step == 4 else 0.5) for step in range(9)]
    trajectories = pta.compute_trajectories(make_detections({0: path}), make_video())
    assert trajectories["box_truncated"].sum() == 1
    flagged = pta.cleaning.flag_jumps(trajectories, max_speed=100.0)
    repaired = pta.cleaning.repair_jumps(flagged)
    assert not repaired["box_truncated"].any()


def test_positions_below_the_image_are_outside_it_unless_boxes_are_clipped():
    detections = make_detections({0: [(time, 0.5, 1.1 if time >= 2000 else 0.5) for time in TIMES]})
    video, image = make_video(4000), Zone("image", box(0, 0, 1000, 500), "px")
    trajectories = pta.compute_trajectories(detections, video)
    tracks = pta.compute_tracks(trajectories)
    assert tracks["time_outside_image"].tolist() == [pd.Timedelta("2s")]
    assert tracks["time_box_truncated"].tolist() == [pd.Timedelta("2s")]
    assert pta.compute_visits(trajectories, [image], video)["dwell"].sum() == pd.Timedelta("2s")
    clipped = pta.compute_trajectories(detections, video, clip_boxes=True)
    assert pta.compute_tracks(clipped)["time_outside_image"].tolist() == [pd.Timedelta(0)]
    assert clipped["box_truncated"].equals(trajectories["box_truncated"])
    assert pta.compute_visits(clipped, [image], video)["dwell"].sum() == pd.Timedelta("4s")


def test_a_visit_that_ends_over_the_border_is_observed():
    video, zone = make_video(60_000), Zone("left", box(0, 0, 500, 500), "px")
    detections = pd.concat(
        [
            make_boxes(walk_left(), person=0, start=5000),
            make_boxes(walk_left()[::-1], person=1, start=5000),
            make_boxes(walk_left()[:25], person=2, start=5000),
        ]
    ).sort_index()
    visits = pta.compute_visits(pta.compute_trajectories(detections, video), [zone], video)
    assert visits["entry"].tolist() == ["appeared", "frame_edge", "appeared"]
    assert visits["exit"].tolist() == ["frame_edge", "lost", "lost"]
    transitions = pta.compute_transitions(visits)["transitions"]
    assert transitions["left", "(frame_edge)"] == 1
    assert transitions["(frame_edge)", "left"] == 1
    dwell = pta.compute_dwell(visits, observed_entries=["appeared", "frame_edge"])
    assert dwell["end_unobserved"].tolist() == [2]
    strict = pta.compute_dwell(
        visits, observed_entries=["appeared", "frame_edge"], observed_exits=["crossed"]
    )
    assert strict["end_unobserved"].tolist() == [3]


def test_the_end_of_the_video_comes_before_the_border():
    detections = make_boxes(walk_left())
    last = int(detections.index.get_level_values("timestamp").max().total_seconds() * 1000)
    video = make_video(last + 40)
    visits = pta.compute_visits(
        pta.compute_trajectories(detections, video), [Zone("left", box(0, 0, 500, 500), "px")], video
    )
    assert visits["exit"].tolist() == ["video_end"]


def test_the_heatmap_can_leave_truncated_boxes_out():
    detections = make_detections({0: [(time, 0.5, 1.0 if time >= 1000 else 0.5) for time in TIMES]})
    video = make_video(4000)
    trajectories = pta.compute_trajectories(detections, video)
    both = pta.compute_heatmap(trajectories, video, shape=(2, 2))
    sure = pta.compute_heatmap(trajectories, video, shape=(2, 2), truncated=False)
    assert both.values.sum() == 4.0
    assert both.excluded_seconds == 0.0
    assert sure.values.sum() + sure.excluded_seconds == 4.0
    assert sure.excluded_seconds == 3.0


def test_the_real_job_has_172_truncated_boxes(real_data):
    trajectories = pta.open_video(real_data / "rekognition/edenai-2023-10-16.json").trajectories
    boxed = trajectories["position_status"] == "detected"
    assert int(boxed.sum()) == 304
    assert int(trajectories.loc[boxed, "box_truncated"].sum()) == 172


def test_the_ground_truth_of_tud_campus_leaves_and_enters_where_people_do(real_data):
    video = Video(width=640, height=480, frame_rate=25.0)
    detections, video = pta.read_tracking(real_data / "mot/TUD-Campus/gt.txt", video=video)
    trajectories = pta.compute_trajectories(detections, video)
    people = trajectories.index.get_level_values("person_index")
    assert people[trajectories["leaves_frame"]].tolist() == [1, 2, 3]
    assert people[trajectories["enters_frame"]].tolist() == [7]


def test_five_of_ten_leave_over_the_edge(real_data):
    analysis = pta.open_video(
        pta.read_tracking(
            real_data / "cases/numbers/leaves-over-the-edge.csv",
            video=Video(width=1000, height=1000, frame_rate=25.0),
            columns={
                "frame": "frame",
                "id": "track_id",
                "left": "x1",
                "top": "y1",
                "right": "x2",
                "bottom": "y2",
            },
        ),
        zones=real_data / "cases/zones/till.geojson",
    )
    assert analysis["visits"]["exit"].tolist() == ["frame_edge"] * 5 + ["crossed"] * 5
    dwell = analysis["dwell"].loc["till"]
    assert dwell["median"] == pd.Timedelta("5.4s")
    assert dwell["observed_median"] == pd.Timedelta("7.7s")
    assert dwell["observed_mean"] == pd.Timedelta("7.7s")
    assert dwell["end_unobserved"] == 0
    strict = pta.open_video(
        analysis.source, zones=real_data / "cases/zones/till.geojson", observed_exits=["crossed"]
    )
    assert strict["dwell"].loc["till", "median"] == pd.Timedelta("10s")


def test_anchor_and_clip_boxes_are_options_of_the_analysis():
    detections = make_detections({0: [(time, 0.5, 1.1) for time in TIMES]})
    analysis = pta.open_video((detections, make_video(4000)), clip_boxes=True, anchor="center")
    assert analysis.trajectories["y_px"].round(6).unique().tolist() == [475.0]
    with pytest.raises(
        pta.PtrackError, match=r"anchor must be of bottom_center, center, top_center, got 'feet'"
    ):
        pta.AnalysisConfig(anchor="feet")
    with pytest.raises(pta.PtrackError, match=r"observed_exits must be of crossed, .*, got 'gone'"):
        pta.AnalysisConfig(observed_exits=["gone"])
