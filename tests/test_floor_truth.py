"""The floor against truth from outside: OpenCV, and the camera of the simulation."""

import naive_floor
import numpy as np
import pandas as pd
import pytest

from ptrack_analysis import (
    compute_heatmap,
    compute_tracks,
    compute_trajectories,
    find_videos,
    read_floor_plan,
    read_tracking,
)
from ptrack_analysis.floor import fit_floor_plan
from ptrack_analysis.scene.lens import Lens
from simulation import detection as recording
from simulation.archive import MARKS, SEED
from simulation.detection import detect, sample_times
from simulation.scene import EXTENT, HEIGHT, WIDTH, Camera
from simulation.walks import make_walk

CV_CAMERA = np.array([[800.0, 0.0, 655.0], [0.0, 810.0, 350.0], [0.0, 0.0, 1.0]])
CV_COEFFICIENTS = np.array([-0.31, 0.12, 0.0, 0.0, 0.0])
SEEN_PX = np.array([[640, 360], [30, 20], [1250, 700], [1279, 0], [200, 600], [900, 100.5]])
CV_STRAIGHT_PX = np.array(
    [
        [639.997656, 360.001563],
        [-125.697002, -62.208017],
        [1396.700534, 786.294432],
        [1434.915559, -87.452637],
        [128.275232, 639.409213],
        [915.865041, 84.34356],
    ]
)
"""What cv2.undistortPoints of OpenCV 5.0.0 gives for SEEN_PX, iterated to 1e-14."""
MEASURED = np.array(
    [
        [0.81, 0.81, 4.44, 3.73],
        [0.52, 0.29, 3.72, 1.41],
        [0.05, 0.38, 1.0, 1.85],
        [0.41, 0.05, 3.47, -0.3],
        [0.05, 1.0, 0.95, 4.66],
        [0.65, 0.23, 4.5, 0.96],
        [0.43, 0.97, 2.65, 4.45],
        [0.9, 0.84, 4.83, 3.83],
        [0.39, 0.49, 2.79, 2.44],
    ]
)
CV_MATRIX = np.array(
    [
        [7.39924718, 0.42111818, 0.68090008],
        [0.22285582, 8.07026528, -0.79716007],
        [0.15830614, 0.55521254, 1.0],
    ]
)
CV_ERROR = 0.042942189765
"""What cv2.findHomography of OpenCV 5.0.0 gives for MEASURED with method 0, least squares, and its error."""
ARCHIVES = [("shop", "shop", 0), ("day", "morning", 0), ("day", "noon", 1), ("day", "evening", 2)]
WIDE = Lens.in_pixels(WIDTH, HEIGHT, focal=800.0, k1=-0.22, k2=0.04)


def of_opencv():
    return Lens.in_pixels(1280, 720, focal=(800.0, 810.0), k1=-0.31, k2=0.12, center=(655.0, 350.0))


def test_points_are_straightened_as_opencv_recorded():
    straight = of_opencv().undistort(SEEN_PX / [1280, 720]) * [1280, 720]
    assert straight == pytest.approx(CV_STRAIGHT_PX, abs=1e-6)


def test_the_homography_is_that_which_opencv_recorded():
    """OpenCV stops a little before the least squares: its matrix agrees to 1e-5, its error is no smaller."""
    floor = fit_floor_plan(MEASURED[:, :2], MEASURED[:, 2:])
    assert floor.matrix / floor.matrix[2, 2] == pytest.approx(CV_MATRIX, abs=1e-5)
    assert floor.error == pytest.approx(CV_ERROR, abs=1e-9)
    assert floor.error <= CV_ERROR


def test_lens_and_homography_agree_with_opencv_itself():
    cv2 = pytest.importorskip("cv2")
    seen = np.random.default_rng(0).uniform((0, 0), (1280, 720), (500, 2))
    straight = of_opencv().undistort(seen / [1280, 720])
    rays = np.column_stack([(straight * [1280, 720] - [655, 350]) / [800, 810], np.ones(500)])
    back, _ = cv2.projectPoints(
        rays[:, None], np.zeros(3), np.zeros(3), CV_CAMERA, CV_COEFFICIENTS, aspectRatio=0
    )
    assert back[:, 0] == pytest.approx(seen, abs=1e-9)
    matrix, _ = cv2.findHomography(MEASURED[:, :2], MEASURED[:, 2:], 0)
    floor = fit_floor_plan(MEASURED[:, :2], MEASURED[:, 2:])
    assert floor.matrix / floor.matrix[2, 2] == pytest.approx(matrix / matrix[2, 2], abs=1e-5)


def true_walks(name, number):
    """Send the simulation's persons again: person_index -> (walk, what was reported of it)."""
    plan = next(plan for scene in recording.SCENES.values() for plan in scene if plan.name == name)
    times = sample_times(np.random.default_rng([SEED, number]), plan.duration, recording.FRAME_RATE)
    spacing = (plan.duration - recording.LATEST - recording.EARLIEST) / plan.persons
    seen = []
    for person in range(plan.persons):
        rng = np.random.default_rng([SEED, number, person + 1])
        walk = make_walk(rng, int(recording.EARLIEST + spacing * (person + rng.random())), plan.duration)
        seen.append((walk, detect(rng, walk, times)))
    seen.sort(key=lambda pair: pair[1].timestamps[0])
    return dict(enumerate(seen))


@pytest.fixture(scope="module", params=ARCHIVES, ids=[name for _, name, _ in ARCHIVES])
def filmed(request, data):
    """A video with its floor: detections, video, floor, the true position of each row of trajectories."""
    archive, name, number = request.param
    (reference,) = [one for one in find_videos(data / archive) if one.name.endswith(name)]
    detections, video = read_tracking(reference)
    floor = read_floor_plan(data / archive / "floor.json", video)
    true = {}
    for person, (walk, sighting) in true_walks(name, number).items():
        places = walk.positions[sighting.timestamps - walk.begin]
        index = pd.MultiIndex.from_product(
            [[person], sighting.timestamps.astype("timedelta64[ms]")], names=["person_index", "timestamp"]
        )
        true[person] = pd.DataFrame(places, index=index, columns=["x_m", "y_m"])
    return detections, video, floor, pd.concat(true.values())


def located_by_box(trajectories, detections):
    """Rows located by a box whose feet are seen: whose lower edge is not the picture's."""
    bottom = (detections["top"] + detections["height"]).reorder_levels(trajectories.index.names)
    return (trajectories["position_status"] == "detected") & (bottom.reindex(trajectories.index) < 1 - 1e-6)


def off(trajectories, true, rows):
    away = trajectories.loc[rows, ["x_m", "y_m"]] - true.loc[trajectories.index[rows]]
    return np.hypot(away["x_m"], away["y_m"])


def test_the_pairs_of_the_archive_recover_the_camera(data):
    """The pairs are written to 6 digits; a far place is 1e-5 m off by that, and nothing by the fit."""
    floor = read_floor_plan(data / "shop" / "floor.json")
    places = np.stack(np.meshgrid(np.linspace(1, 11, 20), np.linspace(0, 7.5, 20)), axis=-1).reshape(-1, 2)
    assert floor.project(Camera().project(places)) == pytest.approx(places, abs=1e-4)
    assert floor.unproject(places) == pytest.approx(Camera().project(places), abs=1e-5)
    exact = fit_floor_plan(Camera().project(np.array(MARKS)), np.array(MARKS))
    assert exact.project(Camera().project(places)) == pytest.approx(places, abs=1e-9)


def test_true_positions_are_recovered(filmed):
    """The simulated detector puts the feet with an error of 0.0003 of the frame, 1 cm at the far door."""
    detections, video, floor, true = filmed
    trajectories = compute_trajectories(detections, video, plane=floor)
    assert set(trajectories.index) <= set(true.index)
    away = off(trajectories, true, located_by_box(trajectories, detections))
    assert len(away) > 1000
    assert away.median() < 0.01
    assert away.quantile(0.99) < 0.03


def test_feet_below_the_picture_put_a_person_too_far_away(filmed):
    """Such a box ends above the feet: the person seems to stand where the lower edge meets the floor."""
    detections, video, floor, true = filmed
    trajectories = compute_trajectories(detections, video, plane=floor)
    cut = (trajectories["position_status"] == "detected") & ~located_by_box(trajectories, detections)
    if not cut.any():
        pytest.skip("nobody comes so near in this video")
    behind = true.loc[trajectories.index[cut], "y_m"] - trajectories.loc[cut, "y_m"]
    assert behind.median() > 0
    assert behind.max() < 0.5


def test_path_lengths_in_metres_are_the_true_ones_within_a_tenth(filmed):
    """Jitter lengthens a path and the gaps shorten it; feet below the picture are left out of both."""
    detections, video, floor, true = filmed
    tracks = compute_tracks(compute_trajectories(detections, video, plane=floor))
    ways = np.hypot(*true.groupby(level="person_index").diff().T.to_numpy())
    expected = pd.Series(ways, true.index).groupby(level="person_index").sum()
    ratio = tracks["path_length_m"] / expected
    assert ratio.median() == pytest.approx(1.0, abs=0.1)


def test_density_times_area_times_duration_is_the_time_inside(filmed):
    detections, video, floor, _ = filmed
    trajectories = compute_trajectories(detections, video, plane=floor)
    heatmap = compute_heatmap(trajectories, video, cell=0.25, bounds=floor.bounds)
    assert (heatmap.shape, heatmap.bounds, heatmap.unit) == ((32, 48), EXTENT, "m")
    x, y = trajectories["x_m"], trajectories["y_m"]
    inside = (x >= 0) & (x < 12) & (y >= 0) & (y < 8)
    held = trajectories["time_present"][inside].sum() / pd.Timedelta("1s")
    density = heatmap.density(video.duration)
    duration = video.duration / pd.Timedelta("1s")
    assert heatmap.values.sum() == pytest.approx(held, rel=1e-12)
    assert density.sum() * heatmap.cell_area * duration == pytest.approx(held, rel=1e-12)
    naive = naive_floor.density(
        trajectories[["x_m", "y_m"]].to_numpy().tolist(),
        (trajectories["time_present"] / pd.Timedelta("1s")).tolist(),
        bounds=EXTENT,
        shape=(32, 48),
        duration=duration,
    )
    assert density == pytest.approx(np.array(naive), rel=1e-9, abs=1e-12)


def bent(detections, lens):
    """The detections as the same camera would give them behind a lens: boxes around the bent footpoint."""
    feet = np.column_stack(
        [detections["left"] + detections["width"] / 2, detections["top"] + detections["height"]]
    )
    feet = lens.distort(feet)
    return detections.assign(left=feet[:, 0] - detections["width"] / 2, top=feet[:, 1] - detections["height"])


def test_behind_a_known_lens_positions_are_recovered_and_without_it_they_are_not(filmed):
    detections, video, floor, true = filmed
    rows = located_by_box(compute_trajectories(detections, video, plane=floor), detections)
    picture = WIDE.distort(Camera().project(np.array(MARKS)))
    with_lens = fit_floor_plan(picture, np.array(MARKS), lens=WIDE)
    without = fit_floor_plan(picture, np.array(MARKS))
    seen = bent(detections, WIDE)
    recovered, skewed = (
        off(compute_trajectories(seen, video, plane=plane), true, rows) for plane in (with_lens, without)
    )
    assert recovered.median() < 0.01
    assert recovered.quantile(0.99) < 0.03
    assert skewed.median() > 5 * recovered.median()
    assert without.error > 100 * with_lens.error
