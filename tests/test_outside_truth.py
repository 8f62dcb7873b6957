"""Published results of other programs, and real jobs, recovered."""

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Polygon, box

from ptrack_analysis import (
    Video,
    Zone,
    compute_occupancy,
    compute_tracks,
    compute_trajectories,
    compute_visits,
    export_dataset,
    frames_to_timestamps,
    inspect_tracking,
    read_tracking,
)
from ptrack_analysis.errors import IncompleteError, PageError, PtrackWarning
from ptrack_analysis.quality import estimate_sampling_period
from ptrack_analysis.schema import POINTS, assemble


@pytest.fixture(scope="module")
def job(real_data):
    return read_tracking(real_data / "rekognition" / "edenai-2023-10-16.json")


def ms(column):
    return column.to_numpy().astype("int64").tolist()


def test_the_real_job_is_read_whole(job):
    detections, video = job
    assert len(detections) == 400
    moments = detections.index.get_level_values("timestamp")
    assert moments.nunique() == 189
    assert moments.max() == pd.Timedelta("14514ms")
    by_person = detections.groupby("person_index").size()
    assert by_person.to_dict() == {0: 158, 1: 67, 2: 173, 3: 1, 4: 1}
    body, face = detections["left"].notna(), detections["face_left"].notna()
    assert [(body & ~face).sum(), (~body & face).sum(), (body & face).sum()] == [227, 96, 77]
    assert (video.width, video.height, video.duration) == (640, 360, pd.Timedelta("14581ms"))
    assert video.frame_rate == pytest.approx(29.97, abs=1e-4)


def test_the_real_job_gives_the_published_dwell(job):
    detections, video = job
    assert estimate_sampling_period(detections, video) == pd.Timedelta("67ms")
    trajectories = compute_trajectories(detections, video)
    tracks = compute_tracks(trajectories)
    assert ms(tracks["time_in_scene"]) == [14581, 14047, 14581, 67, 67]
    occupancy = compute_occupancy(trajectories, video).loc[""]
    moments = occupancy.index.to_numpy().astype("int64")
    assert (np.diff(moments) * occupancy["persons"].to_numpy()[:-1]).sum() == 43343


def test_an_export_of_the_real_job_gives_the_published_dwell(real_data, tmp_path):
    file = real_data / "rekognition" / "edenai-2023-10-16.json"
    summary = export_dataset(file, tmp_path, tables=["detections", "occupancy_changes"])
    assert summary.videos[0].rows["detections"] == 400
    persons = pd.read_parquet(tmp_path / "tracks")
    assert persons["time_in_scene_s"].tolist() == [14.581, 14.047, 14.581, 0.067, 0.067]
    occupancy = pd.read_parquet(tmp_path / "occupancy_changes")
    scene = occupancy[occupancy["zone"] == ""]
    assert (scene["timestamp_ms"].diff().shift(-1) * scene["persons"]).sum() == 43343


def test_the_real_job_has_the_published_edges(job, real_data):
    detections, _ = job
    bottom = (detections["top"] + detections["height"]).dropna()
    assert ((bottom >= 1).sum(), (bottom == 1).sum()) == (75, 35)
    findings = inspect_tracking(real_data / "rekognition" / "edenai-2023-10-16.json")
    assert (findings.boxes, findings.without_box, findings.truncated_boxes) == (304, 96, 172)
    assert findings.verdict == "not usable for visits, dwell and heatmap"


def test_a_zone_over_the_whole_picture_holds_all_located_time_in_one_visit_a_stretch(job):
    detections, video = job
    trajectories = compute_trajectories(detections, video)
    located = trajectories["position_status"] != "missing"
    zone = Zone("all", box(0, 0, 640, 360), "px")
    visits = compute_visits(trajectories, [zone], video)
    assert sum(ms(visits["dwell"])) == sum(ms(trajectories["time_present"][located]))
    person = trajectories.index.get_level_values("person_index")
    new = located & ~(located.shift(fill_value=False) & (person == person.to_series().shift().to_numpy()))
    assert len(visits) == new.sum() == 4


def test_detections_without_a_box_lie_up_to_3470_ms_between_located_ones(job):
    detections, video = job
    wide = compute_trajectories(detections, video, max_interpolation="3470ms")
    narrow = compute_trajectories(detections, video, max_interpolation="3469ms")
    assert (wide["position_status"] == "interpolated").sum() > (
        narrow["position_status"] == "interpolated"
    ).sum()
    wider = compute_trajectories(detections, video, max_interpolation="60s")
    assert (wider["position_status"] == "interpolated").sum() == (
        wide["position_status"] == "interpolated"
    ).sum()


def test_a_last_page_alone_is_read_with_the_finding_that_it_starts_late(real_data):
    findings = inspect_tracking(real_data / "rekognition" / "edenai-2022-12-08-last-page-only.json")
    assert findings.detections == 10
    assert findings.verdict == "good"
    assert "the first detection is at 14.180 s" in findings.notes[0]


@pytest.mark.parametrize("name", ["awscli-example.json", "awsdocs-example.json"])
def test_an_incomplete_example_is_refused_unless_asked_for(real_data, name):
    file = real_data / "rekognition" / name
    with pytest.raises(IncompleteError, match="incomplete"):
        read_tracking(file)
    with pytest.warns(PtrackWarning, match="incomplete: its page has a NextToken"):
        detections, video = read_tracking(file, allow_incomplete=True)
    assert len(detections) == 2
    assert (video.width, video.height) == (1920, 1080)


def test_an_example_as_printed_is_refused_with_the_place(real_data):
    with pytest.raises(PageError, match="not JSON at byte 4528"):
        read_tracking(real_data / "rekognition" / "awsdocs-example-as-printed-invalid.txt")


@pytest.fixture(scope="module")
def bottleneck(real_data):
    """The experiment AO 300: points in meters at 16 frames a second."""
    rows = np.loadtxt(real_data / "pedpy" / "traj.txt")
    arrays = {
        "person_index": rows[:, 0].astype("int64"),
        "timestamp": frames_to_timestamps(rows[:, 1].astype("int64"), 16.0),
        "x_{u}": rows[:, 2],
        "y_{u}": rows[:, 3],
    }
    return compute_trajectories(assemble(POINTS, arrays, unit="m"), video=Video(frame_rate=16.0))


def test_time_in_the_measurement_box_equals_jpsreport(real_data, bottleneck):
    """JPSreport's velocity is 1.06 m * 16 / k, k being whole frames in the box; a frame holds 62 or 63 ms."""
    area = Zone("area", Polygon([(2.4, 0.53), (2.4, -0.53), (-0.6, -0.53), (-0.6, 0.53)]), "m")
    assert len(bottleneck) == 128_783
    visits = compute_visits(bottleneck, [area], Video(frame_rate=16.0))
    dwell = visits.groupby("person_index")["dwell"].sum() / pd.Timedelta("1s")
    published = np.loadtxt(real_data / "pedpy" / "FDTinTout_traj_AO_300.txt_id_1.dat")
    frames = pd.Series(np.rint(1.06 * 16 / published[:, 2]), index=published[:, 0].astype(int))
    assert len(frames) == 348
    agreeing = (np.rint(dwell * 16).reindex(frames.index) == frames).sum()
    assert agreeing >= 345
