"""The floor plan: a homography and its limits."""

import json

import numpy as np
import pytest
from factories import make_detections, make_video

from ptrack_analysis import compute_trajectories, fit_floor, read_floor
from ptrack_analysis.errors import ZoneError

PICTURE = np.array([[0.4, 0.5], [0.6, 0.5], [1.0, 1.0], [0.0, 1.0]])
FLOOR = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 8.0], [0.0, 8.0]])


def test_four_pairs_are_met_exactly():
    floor = fit_floor(PICTURE, FLOOR)
    assert floor.project(PICTURE) == pytest.approx(FLOOR, abs=1e-9)
    assert floor.error == pytest.approx(0, abs=1e-9)
    assert (floor.unit, floor.extent) == ("m", (0, 0, 4, 8))


@pytest.mark.parametrize("seed", range(10))
def test_more_pairs_recover_a_known_homography(seed):
    chance = np.random.default_rng(seed)
    matrix = np.array([[8, 1, 0.5], [0.3, 9, -1], [0.2, 0.7, 1]]) + chance.normal(0, 0.05, (3, 3))
    picture = chance.random((12, 2))
    carried = np.column_stack([picture, np.ones(12)]) @ matrix.T
    true = carried[:, :2] / carried[:, 2:]
    exact = fit_floor(picture, true)
    assert exact.project(picture) == pytest.approx(true, abs=1e-8)
    noisy = fit_floor(picture, true + chance.normal(0, 0.02, true.shape))
    assert 0 < noisy.error < 0.05


def test_points_at_or_above_the_horizon_have_no_place():
    floor = fit_floor(PICTURE, FLOOR)
    assert np.isnan(floor.project(np.array([[0.5, 0.1], [0.5, 0.375]]))).all()
    assert np.isfinite(floor.project(np.array([[0.5, 0.45]]))).all()


def test_a_detection_above_the_horizon_is_unlocated_and_not_interpolated():
    floor = fit_floor(PICTURE, FLOOR)
    detections = make_detections({0: [(0, 0.5, 0.9), (100, 0.5, 0.1), (200, 0.5, 0.9)]})
    trajectories = compute_trajectories(detections, make_video(), plane=floor)
    assert trajectories["located"].tolist() == ["box", "no", "box"]
    assert list(trajectories.columns[:2]) == ["x_m", "y_m"]


@pytest.mark.parametrize(
    ("picture", "floor", "said"),
    [
        (PICTURE[:3], FLOOR[:3], "at least 4 pairs"),
        (PICTURE, FLOOR * np.nan, "not a finite number"),
        ([[0, 0], [0.5, 0.5], [1, 1], [0.2, 0.2]], FLOOR, "lie on one line"),
        (PICTURE, [[0, 0], [1, 1], [2, 2], [3, 3]], "lie on one line"),
        ([[0, 0], [0.5, 0.5], [1, 1], [0, 1]], FLOOR, "lie on one line"),
        (PICTURE, [[0, 0]] * 4, "lie on one line"),
        (PICTURE, FLOOR[[0, 2, 1, 3]], "either side of the horizon"),
    ],
    ids=["three", "not finite", "collinear", "collinear floor", "three collinear", "one point", "twisted"],
)
def test_pairs_that_fix_no_plane_are_refused(picture, floor, said):
    with pytest.raises(ZoneError, match=said):
        fit_floor(np.array(picture, dtype=float), np.array(floor, dtype=float))


def pairs(scale=1.0):
    return [
        {"picture": (p * scale).tolist(), "floor": f.tolist()} for p, f in zip(PICTURE, FLOOR, strict=True)
    ]


def test_a_floor_file_in_fractions_or_pixels_is_read(tmp_path):
    file = tmp_path / "floor.json"
    file.write_text(json.dumps({"pairs": pairs(), "extent": [-1, -1, 5, 9]}), encoding="utf-8")
    assert read_floor(file).extent == (-1, -1, 5, 9)
    content = {"unit": "m", "picture_unit": "px", "pairs": pairs(np.array([1000, 500]))}
    file.write_text(json.dumps(content), encoding="utf-8")
    assert read_floor(file, make_video()).project(PICTURE) == pytest.approx(FLOOR, abs=1e-9)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not a floor file"),
        ("[]", "not a floor file"),
        ("{}", "not a floor file"),
        ('{"pairs": []}', "at least 4"),
        ('{"pairs": [], "unit": "ft"}', "units are 'ft'"),
        ('{"pairs": [], "extent": [1]}', "not a floor file"),
    ],
)
def test_a_file_that_is_no_floor_file_is_refused(tmp_path, content, said):
    file = tmp_path / "floor.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ZoneError, match=said) as refused:
        read_floor(file)
    assert "floor.json" in str(refused.value)
    with pytest.raises(ZoneError, match="cannot be read"):
        read_floor(tmp_path / "nowhere.json")


def test_the_floor_of_the_shop_is_read(data):
    assert read_floor(data / "shop" / "floor.json").error < 1e-3
