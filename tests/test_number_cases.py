"""Small inputs with known answers, each from a public report or a trial."""

import pandas as pd
import pytest
from factories import make_detections, make_video
from pages import page, record, write
from shapely.geometry import box

from ptrack_analysis import (
    Video,
    Zone,
    compute_tracks,
    compute_trajectories,
    compute_visits,
    open_video,
    read_tracking,
)
from ptrack_analysis.cli.main import main
from ptrack_analysis.errors import PtrackWarning


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.PtrackWarning")
def test_python_and_the_shell_ignore_a_duration_that_detections_exceed(tmp_path, capsys):
    """The pages say 10 s, and the person is detected up to 69.9 s."""
    rows = [record(time, 0, box=(0.4, 0.4, 0.1, 0.3)) for time in range(0, 70_000, 100)]
    facts = {"FrameRate": 25.0, "FrameHeight": 720, "FrameWidth": 1280, "DurationMillis": 10_000}
    write(tmp_path / "pages.json", page(*rows, VideoMetadata=facts))
    detections, video = read_tracking(tmp_path / "pages.json")
    assert video.duration is None
    tracks = compute_tracks(compute_trajectories(detections, video))
    assert tracks["time_in_scene"].tolist() == [pd.Timedelta("70s")]
    assert main(["summary", str(tmp_path / "pages.json"), "--json"]) == 0
    shown = capsys.readouterr()
    assert '"present_s": 70.0' in shown.out
    assert "the duration of 10.000 s is ignored, because a detection is at 69.900 s" in shown.err


def test_the_same_duration_in_the_file_of_the_case(real_data):
    analysis = open_video(real_data / "cases/numbers/duration-too-short.json")
    with pytest.warns(PtrackWarning, match="the duration of 10.000 s is ignored"):
        tracks = analysis["tracks"]
    assert tracks["time_in_scene"].tolist() == [pd.Timedelta("70s")]
    assert analysis["occupancy_changes"].index.get_level_values("timestamp").max() == pd.Timedelta("70s")


def test_the_median_of_ten_people_who_leave_over_the_edge_or_turn_back(real_data):
    """Five leave over the border after 5.4 s, and five turn back after 10 s: no end is unobserved."""
    video = Video(width=1000, height=1000, frame_rate=25.0)
    sides = {"left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
    source = read_tracking(
        real_data / "cases/numbers/leaves-over-the-edge.csv",
        video=video,
        columns={"frame": "frame", "id": "track_id", **sides},
    )
    analysis = open_video(source, zones=real_data / "cases/zones/till.geojson")
    assert analysis["visits"]["exit"].value_counts()["frame_edge"] == 5
    dwell = analysis["dwell"].loc["till"]
    assert dwell["median"] == pd.Timedelta("5.4s")
    assert analysis["visits"]["dwell"].median() == pd.Timedelta("7.7s")
    assert dwell["end_unobserved"] == 0


def test_a_person_lost_with_cut_feet_is_lost_and_one_who_walks_out_with_a_cut_box_leaves():
    """The person below stands still; the other one walks over the left border, and the box is clipped."""
    standing = [(time, 0.5, 1.0) for time in range(0, 4000, 40)]
    walking = [(time, 0.3 - time / 10_000, 0.6) for time in range(0, 3200, 40)]
    detections = make_detections({0: standing, 1: walking}, box=(0.1, 0.3))
    left = detections["left"].clip(lower=0)
    detections = detections.assign(width=detections["width"] - (left - detections["left"]), left=left)
    video = make_video(10_000)
    trajectories = compute_trajectories(detections, video)
    everywhere = Zone("everywhere", box(-1000, -1000, 2000, 2000), "px")
    visits = compute_visits(trajectories, [everywhere], video)
    assert visits["exit"].tolist() == ["lost", "frame_edge"]
    assert trajectories.loc[0, "box_truncated"].all()


def test_boxes_below_the_image_are_outside_of_it_unless_they_are_clipped(real_data):
    video = Video(width=1280, height=720, frame_rate=25.0)
    source = read_tracking(real_data / "cases/trackers/beyond-bottom.csv", video=video)
    analysis, clipped = open_video(source), open_video(source, clip_boxes=True)
    assert analysis["tracks"]["time_outside_image"].tolist() == [pd.Timedelta("2s")]
    image = [Zone("image", box(0, 0, 1280, 720), "px")]
    assert len(compute_visits(analysis.trajectories, image, analysis.video)) == 0
    visits = compute_visits(clipped.trajectories, image, clipped.video)
    assert visits["dwell"].tolist() == [pd.Timedelta("2s")]
