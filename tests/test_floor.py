"""The floor plan: a homography, a lens, and their limits."""

import json
import pickle

import naive_floor
import numpy as np
import pytest
from factories import make_detections, make_video
from hypothesis import given
from hypothesis import strategies as st

from ptrack_analysis import compute_trajectories, read_floor_plan
from ptrack_analysis.errors import ParameterError, ZoneError
from ptrack_analysis.floor import fit_floor_plan
from ptrack_analysis.scene.lens import Lens, divided
from ptrack_analysis.video import Video

PICTURE = np.array([[0.4, 0.5], [0.6, 0.5], [1.0, 1.0], [0.0, 1.0]])
FLOOR = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 8.0], [0.0, 8.0]])
BARREL = Lens(k1=-0.2, focal=(0.8, 1.4))
LENSES = {
    "barrel": Lens(k1=-0.25, focal=(0.8, 1.4)),
    "barrel that never folds": Lens(k1=-0.3, k2=0.1, focal=(0.7, 1.2), center=(0.51, 0.48)),
    "pincushion": Lens(k1=0.2, focal=(0.9, 1.6)),
    "pincushion that folds": Lens(k1=0.2, k2=-0.3, focal=(0.7, 1.2)),
    "barrel that folds early": Lens(k1=-0.5, k2=-0.2, focal=(0.5, 0.9)),
    "only the second": Lens(k1=0.0, k2=-0.3, focal=(0.8, 1.4)),
    "nothing": Lens(k1=0.0, focal=(1.0, 1.0)),
}
every_lens = pytest.mark.parametrize("lens", LENSES.values(), ids=LENSES.keys())
GRID = np.stack(np.meshgrid(np.linspace(0, 1, 11), np.linspace(0, 1, 11)), axis=-1).reshape(-1, 2)


def numbers_of(lens):
    return {"k1": lens.k1, "k2": lens.k2, "focal": lens.focal, "center": lens.center}


def known_pairs(seed, count=12, noise=0.0):
    """Points in the picture and where a known homography puts them on the floor [m]."""
    chance = np.random.default_rng(seed)
    matrix = np.array([[8, 1, 0.5], [0.3, 9, -1], [0.2, 0.7, 1]]) + chance.normal(0, 0.05, (3, 3))
    picture = chance.random((count, 2))
    true = np.array([naive_floor.project(matrix, point) for point in picture.tolist()])
    return matrix, picture, true + chance.normal(0, noise, true.shape)


def test_four_pairs_are_met_exactly():
    floor = fit_floor_plan(PICTURE, FLOOR)
    assert floor.project(PICTURE) == pytest.approx(FLOOR, abs=1e-9)
    assert floor.error == pytest.approx(0, abs=1e-9)
    assert (floor.unit, floor.bounds, floor.notes) == ("m", (0, 0, 4, 8), [])


@pytest.mark.parametrize("seed", range(10))
def test_more_pairs_recover_a_known_homography(seed):
    _, picture, true = known_pairs(seed)
    exact = fit_floor_plan(picture, true)
    assert exact.project(picture) == pytest.approx(true, abs=1e-8)
    assert exact.notes == []
    _, picture, measured = known_pairs(seed, noise=0.02)
    assert 0 < fit_floor_plan(picture, measured).error < 0.05


@pytest.mark.parametrize("seed", range(10))
def test_no_matrix_nearby_has_a_smaller_sum_of_squares(seed):
    _, picture, measured = known_pairs(seed, count=8, noise=0.3)
    floor = fit_floor_plan(picture, measured)
    least = naive_floor.squares(floor.matrix.tolist(), floor.pairs.tolist())
    assert least == pytest.approx(8 * floor.error**2)
    chance = np.random.default_rng(seed)
    for size in (1e-2, 1e-4, 1e-5):
        for _ in range(20):
            nearby = floor.matrix * (1 + chance.normal(0, size, (3, 3)))
            assert naive_floor.squares(nearby.tolist(), floor.pairs.tolist()) > least * (1 - 1e-9)


def test_points_at_or_above_the_horizon_have_no_place():
    floor = fit_floor_plan(PICTURE, FLOOR)
    assert np.isnan(floor.project(np.array([[0.5, 0.1], [0.5, 0.375], [np.nan, 0.9]]))).all()
    assert np.isfinite(floor.project(np.array([[0.5, 0.45]]))).all()
    assert floor.project(np.empty((0, 2))).shape == (0, 2)


def test_a_detection_above_the_horizon_is_unlocated_and_not_interpolated():
    floor = fit_floor_plan(PICTURE, FLOOR)
    detections = make_detections({0: [(0, 0.5, 0.9), (100, 0.5, 0.1), (200, 0.5, 0.9)]})
    trajectories = compute_trajectories(detections, make_video(), plane=floor)
    assert trajectories["position_status"].tolist() == ["detected", "missing", "detected"]
    assert list(trajectories.columns[:2]) == ["x_m", "y_m"]


@given(st.floats(0.01, 3.99), st.floats(0.01, 7.99))
def test_from_the_floor_to_the_picture_and_back_is_the_same_place(x, y):
    for lens in (None, BARREL):
        floor = fit_floor_plan(PICTURE, FLOOR, lens=lens)
        there = floor.unproject(np.array([[x, y]]))
        assert floor.project(there) == pytest.approx(np.array([[x, y]]), abs=1e-9)


def test_what_lies_behind_the_camera_is_in_no_picture():
    floor = fit_floor_plan(PICTURE, FLOOR)
    assert np.isfinite(floor.unproject(np.array([[2.0, 8.0], [2.0, 9.9]]))).all()
    assert np.isnan(floor.unproject(np.array([[2.0, 12.0], [2.0, 1e6]]))).all()


def test_one_wrong_pair_of_many_is_named():
    _, picture, true = known_pairs(3, noise=0.01)
    true[7] += [0.8, 0.0]
    floor = fit_floor_plan(picture, true)
    (note,) = floor.notes
    assert note.startswith("pairs[7] of the floor plan does not fit: the others put its image point 0.")
    assert floor.residuals.argmax() == 7
    assert repr(floor).startswith("FloorPlan(12 pairs, error 0.")
    assert "worst pairs[7]" in repr(floor)


@pytest.mark.parametrize("count", [4, 5])
def test_of_five_pairs_no_wrong_one_can_be_told(count):
    _, picture, true = known_pairs(3, count=count)
    true[1] += 0.5
    floor = fit_floor_plan(picture, true)
    notes = ["so one may be wrong. Use at least 6 pairs to identify it."] if count == 5 else []
    assert [note.partition(" m, ")[2] for note in floor.notes] == notes


def test_ordinary_measuring_errors_are_rarely_noted():
    noted = sum(bool(fit_floor_plan(*known_pairs(seed, noise=0.05)[1:]).notes) for seed in range(200))
    assert noted <= 2


def test_the_pairs_show_that_y_points_up_unless_the_file_states_it():
    upward = fit_floor_plan(PICTURE, FLOOR * [1, -1])
    assert upward.project(PICTURE) == pytest.approx(FLOOR * [1, -1], abs=1e-9)
    assert upward.mirrored
    assert upward.y_axis == "up"
    assert "the y axis of the plan is taken to point up" in upward.notes[0]
    assert fit_floor_plan(PICTURE, FLOOR * [1, -1], y_axis="up").notes == []
    for y, y_axis, shown in ((-1, "down", "up"), (1, "up", "down")):
        stated = fit_floor_plan(PICTURE, FLOOR * [1, y], y_axis=y_axis)
        assert stated.y_axis == y_axis
        assert f"states that y points {y_axis}, but the pairs show that it points {shown}" in stated.notes[0]
    with pytest.raises(ZoneError, match="y_axis must be 'up' or 'down', got 'left'"):
        fit_floor_plan(PICTURE, FLOOR, y_axis="left")
    turned = fit_floor_plan(PICTURE, FLOOR @ [[0, 1], [-1, 0]])
    assert turned.y_axis == "down"
    assert turned.notes == []


def test_a_floor_goes_to_another_process_and_back():
    floor = fit_floor_plan(PICTURE, FLOOR, lens=BARREL)
    there = pickle.loads(pickle.dumps(floor))  # noqa: S301 - our own bytes, as an executor sends them
    assert (there.project(PICTURE) == floor.project(PICTURE)).all()


@pytest.mark.parametrize(
    ("picture", "floor", "said"),
    [
        (PICTURE[:3], FLOOR[:3], "at least 4 pairs"),
        (
            PICTURE,
            FLOOR * [[1, 1], [1, 1], [1, np.nan], [1, 1]],
            r"pairs\[2\].* must be finite numbers .*nan\]",
        ),
        ([[0, 0], [0.5, 0.5], [1, 1], [0.2, 0.2]], FLOOR, "are on one line"),
        (PICTURE, [[0, 0], [1, 1], [2, 2], [3, 3]], "are on one line"),
        ([[0, 0], [0.5, 0.5], [1, 1], [0, 1]], FLOOR, "are on one line"),
        (PICTURE, [[0, 0]] * 4, "4 different points on the floor, got 1"),
        (PICTURE[[0, 1, 2, 2]], FLOOR, "4 different points in the image, got 3"),
        (PICTURE, FLOOR[[0, 2, 1, 3]], "both sides of the horizon"),
        (PICTURE, FLOOR[:3], r"\(4, 2\) and \(3, 2\)"),
        (PICTURE.ravel(), FLOOR.ravel(), r"got \(8,\) and \(8,\)"),
    ],
    ids=[
        "three",
        "not finite",
        "collinear",
        "collinear floor",
        "three collinear",
        "one point",
        "doubled",
        "twisted",
        "unequal",
        "no points",
    ],
)
def test_pairs_that_fix_no_plane_are_refused(picture, floor, said):
    with pytest.raises(ZoneError, match=said):
        fit_floor_plan(np.array(picture, dtype=float), np.array(floor, dtype=float))


@pytest.mark.parametrize("bounds", [(0, 0, 0, 1), (0, 3, 1, 2), (0, 0, np.inf, 1)])
def test_an_empty_extent_is_refused(bounds):
    with pytest.raises(ZoneError, match="bounds must be"):
        fit_floor_plan(PICTURE, FLOOR, bounds=bounds)


@every_lens
def test_a_lens_bends_as_point_by_point(lens):
    expected = [naive_floor.bend(point, **numbers_of(lens)) for point in GRID.tolist()]
    inside = np.hypot(*((GRID - lens.center) / lens.focal).T) <= lens.fold
    bent = lens.distort(GRID)
    assert bent[inside] == pytest.approx(np.array(expected)[inside], abs=1e-12)
    assert np.isnan(bent[~inside]).all()


@every_lens
def test_straightening_equals_halving_point_by_point(lens):
    expected = np.array([naive_floor.straighten(point, **numbers_of(lens)) for point in GRID.tolist()])
    assert lens.undistort(GRID) == pytest.approx(expected, abs=1e-6, nan_ok=True)


@every_lens
@pytest.mark.parametrize("seed", range(3))
def test_what_was_straightened_bends_back(lens, seed):
    seen = np.random.default_rng(seed).random((20_000, 2))
    straight = lens.undistort(seen)
    shown = np.isfinite(straight).all(axis=1)
    assert shown.mean() > 0.2
    assert lens.distort(straight[shown]) == pytest.approx(seen[shown], abs=1e-12)


def test_the_center_is_not_bent_and_no_points_are_no_points():
    for lens in LENSES.values():
        assert lens.undistort(np.array([lens.center])).tolist() == [list(lens.center)]
        assert lens.undistort(np.empty((0, 2))).shape == (0, 2)
        assert np.isnan(lens.undistort(np.array([[np.nan, 0.5], [np.inf, 0.5]]))).all()


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0, 3))
def test_within_the_fold_a_further_point_is_seen_further_out(k1, k2, radius):
    lens = Lens(k1=k1, k2=k2, focal=(1.0, 1.0), center=(0.0, 0.0))
    radius = min(radius, 0.999 * lens.fold)
    near, far = lens.distort(np.array([[radius * 0.99, 0.0], [radius, 0.0]]))[:, 0]
    assert near <= far
    assert lens.undistort(np.array([[far, 0.0]]))[0, 0] == pytest.approx(radius, abs=1e-6)


def test_a_barrel_lens_folds_at_its_known_radius():
    lens = Lens(k1=-1 / 3, focal=(1.0, 1.0), center=(0.0, 0.0))
    assert lens.fold == pytest.approx(1.0)
    bent = lens.distort(np.array([[0.999999, 0.0], [1.01, 0.0]]))
    assert bent[0, 0] == pytest.approx(2 / 3)
    assert np.isnan(bent[1]).all()
    assert np.isnan(lens.undistort(np.array([[0.7, 0.0]]))).all()


def test_with_a_lens_the_floor_is_that_of_the_straight_picture():
    seen = BARREL.distort(GRID)
    plain = fit_floor_plan(PICTURE, FLOOR)
    floor = fit_floor_plan(BARREL.distort(PICTURE), FLOOR, lens=BARREL)
    assert floor.project(seen) == pytest.approx(plain.project(GRID), abs=1e-9, nan_ok=True)
    assert floor.unproject(FLOOR) == pytest.approx(BARREL.distort(PICTURE), abs=1e-9)
    assert floor.error == pytest.approx(0, abs=1e-9)


def test_a_straight_edge_of_the_picture_is_followed_behind_a_lens():
    floor = fit_floor_plan(BARREL.distort(PICTURE), FLOOR, lens=BARREL)
    edge = np.array([[0.15, 0.9], [0.85, 0.9]])
    middle = floor.project(np.array([[0.5, 0.9]]))[0]
    assert abs(floor.project(edge).mean(axis=0) - middle)[1] > 0.05
    on_floor = floor.project(divided(edge))
    assert abs(on_floor - middle).sum(axis=1).min() < 1e-9
    between = (on_floor[:-1] + on_floor[1:]) / 2
    halfway = floor.project((divided(edge)[:-1] + divided(edge)[1:]) / 2)
    assert np.hypot(*(between - halfway).T).max() < 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_a_shared_edge_is_divided_at_the_very_same_points(seed):
    ring = np.random.default_rng(seed).random((6, 2))
    there, back = divided(ring), divided(ring[::-1])
    assert (there == back[::-1]).all()
    assert all((there == corner).all(axis=1).any() for corner in ring)
    assert np.hypot(*np.diff(there, axis=0).T).max() <= 0.01 * (1 + 1e-9)
    assert len(divided(np.array([[0.2, 0.2], [0.2, 0.2]]))) == 2


def test_a_pair_where_the_lens_shows_nothing_is_refused():
    with pytest.raises(ZoneError, match=r"pairs\[2\]: the lens does not cover \(1.0, 1.0\)"):
        fit_floor_plan(PICTURE, FLOOR, lens=Lens(k1=-0.5, focal=(1.0, 1.0)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"k1": np.nan}, "k1 must be finite and within 1e+09, got nan"),
        ({"k2": np.inf}, "k2 must be finite and within 1e+09, got inf"),
        ({"focal": (0.0, 1.0)}, "focal must be finite numbers above 0, got (0.0, 1.0)"),
        ({"focal": (1.0, -1.0)}, "focal must be finite numbers above 0, got (1.0, -1.0)"),
        ({"focal": (1.0, np.nan)}, "focal must be finite numbers above 0, got (1.0, nan)"),
        ({"center": (np.nan, 0.5)}, "center must be finite and within 1e+09, got (nan, 0.5)"),
    ],
)
def test_a_lens_of_impossible_numbers_is_refused(wrong, said):
    with pytest.raises(ZoneError) as refused:
        Lens(**{"k1": -0.1, "focal": (1.0, 1.0), **wrong})
    assert said in str(refused.value)


def pairs(scale=1.0, picture=PICTURE):
    return [{"image": (p * scale).tolist(), "floor": f.tolist()} for p, f in zip(picture, FLOOR, strict=True)]


def written(folder, **content):
    file = folder / "floor.json"
    file.write_text(json.dumps({"pairs": pairs(), **content}), encoding="utf-8")
    return file


def test_a_floor_file_in_fractions_or_pixels_is_read(tmp_path):
    assert read_floor_plan(written(tmp_path, bounds=[-1, -1, 5, 9])).bounds == (-1, -1, 5, 9)
    file = written(tmp_path, unit="m", image_unit="px", pairs=pairs(np.array([1000, 500])), by="hand")
    assert read_floor_plan(file, make_video()).project(PICTURE) == pytest.approx(FLOOR, abs=1e-9)
    with pytest.raises(ParameterError, match="video 'video' has no frame size"):
        read_floor_plan(file)


def test_a_floor_plan_is_fitted_once_for_all_videos_of_one_size(tmp_path):
    file = written(tmp_path, unit="m", image_unit="px", pairs=pairs(100.0))
    first = read_floor_plan(file, Video(name="a", width=100, height=100))
    assert read_floor_plan(file, Video(name="b", width=100, height=100)) is first
    assert read_floor_plan(file, Video(name="a", width=200, height=100)) is not first
    with pytest.raises(ParameterError, match="video 'c' has no frame size"):
        read_floor_plan(file, Video(name="c"))
    file = written(tmp_path, unit="m", image_unit="px", pairs=pairs(50.0))
    assert read_floor_plan(file, Video(name="a", width=100, height=100)) is not first


def test_a_lens_in_pixels_is_that_of_opencv_and_one_in_fractions_is_of_the_frame(tmp_path):
    in_pixels = {"k1": -0.2, "k2": 0.05, "focal": 800, "center": [510, 245]}
    file = written(tmp_path, image_unit="px", pairs=pairs(np.array([1000, 500])), lens=in_pixels)
    expected = Lens(k1=-0.2, k2=0.05, focal=(0.8, 1.6), center=(0.51, 0.49))
    assert read_floor_plan(file, make_video()).lens == expected
    in_fractions = {"k1": -0.2, "k2": 0.05, "focal": [0.8, 1.6], "center": [0.51, 0.49]}
    assert read_floor_plan(written(tmp_path, lens=in_fractions)).lens == expected
    only = read_floor_plan(written(tmp_path, lens={"k1": -0.2, "focal": [0.8, 1.6]})).lens
    assert only == Lens(k1=-0.2, k2=0.0, focal=(0.8, 1.6), center=(0.5, 0.5))
    assert read_floor_plan(written(tmp_path, lens=None)).lens is None


@pytest.mark.parametrize(
    ("lens", "said"),
    [
        ([], "lens must be an object with k1 and focal, got []"),
        ({}, "lens: 'k1' is missing"),
        ({"k1": -0.1}, "lens: 'focal' is missing"),
        ({"K1": -0.1, "focal": [1, 1]}, "lens: 'K1' is unknown, expected one of k1, k2, focal, center"),
        ({"k1": -0.1, "p1": 0.01, "focal": [1, 1]}, "lens: 'p1' is not supported"),
        (
            {"k1": -0.1, "focal": 0.9},
            "focal must be two numbers in fractions of the frame's width and height, got 0.9",
        ),
        ({"k1": -0.1, "focal": [1]}, "focal must be 2 numbers, got [1]"),
        ({"k1": -0.1, "focal": [0, 1]}, "focal must be finite numbers above 0, got (0.0, 1.0)"),
        ({"k1": "-0.1", "focal": [1, 1]}, "k1 and k2 must be 2 numbers, got ['-0.1', 0.0]"),
        ({"k1": -0.1, "focal": [1, 1], "center": 0.5}, "center must be 2 numbers, got 0.5"),
        ({"k1": float("nan"), "focal": [1, 1]}, "k1 must be finite and within 1e+09, got nan"),
    ],
)
def test_a_lens_that_is_none_is_refused_with_its_file(tmp_path, lens, said):
    with pytest.raises(ZoneError) as refused:
        read_floor_plan(written(tmp_path, lens=lens))
    assert said in str(refused.value)
    assert "floor.json" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not a floor plan"),
        ("[]", "not a floor plan"),
        ("{}", "not a floor plan"),
        ('{"pairs": []}', "at least 4"),
        ('{"pairs": [], "unit": "ft"}', "got 'ft'"),
        ('{"pairs": [], "image_unit": []}', "got 'm' and"),
        ('{"pairs": [], "bounds": [1]}', "not a floor plan"),
        (
            '{"pairs": [{"image": [1, 2, 3], "floor": [1, 2]}]}',
            r"pairs\[0\].image must be 2 numbers, got \[1, 2, 3\]",
        ),
        (
            '{"pairs": [{"image": [1, 2], "floor": ["1", 2]}]}',
            r"pairs\[0\].floor must be 2 numbers, got \['1', 2\]",
        ),
        (
            '{"pairs": [{"image": [1, 2], "floor": [true, 2]}]}',
            r"pairs\[0\].floor must be 2 numbers, got \[True, 2\]",
        ),
        ('{"pairs": [{"image": [1, 2]}]}', "'floor'"),
    ],
)
def test_a_file_that_is_no_floor_file_is_refused(tmp_path, content, said):
    file = tmp_path / "floor.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ZoneError, match=said) as refused:
        read_floor_plan(file)
    assert "floor.json" in str(refused.value)
    with pytest.raises(ZoneError, match="cannot be read"):
        read_floor_plan(tmp_path / "nowhere.json")


def test_the_floor_of_the_shop_is_read(data):
    floor = read_floor_plan(data / "shop" / "floor.json")
    assert floor.error < 1e-3
    assert floor.notes == []


def test_a_misspelt_member_is_not_passed_over(tmp_path):
    file = tmp_path / "floor.json"
    file.write_text('{"pairs": [], "lense": {}}')
    with pytest.raises(ZoneError, match="has a member 'lense': is 'lens' meant"):
        read_floor_plan(file)


def test_pixels_taken_for_fractions_are_refused(tmp_path):
    file = tmp_path / "floor.json"
    pairs = [{"image": [221 * n, 31 * n * n], "floor": [n, n * n]} for n in range(1, 6)]
    file.write_text(json.dumps({"pairs": pairs}))
    with pytest.raises(ZoneError, match='such as 1105: is "image_unit": "px" missing'):
        read_floor_plan(file)


def test_fractions_named_px_are_refused_instead_of_measured_wrongly(data, tmp_path):
    content = json.loads((data / "shop" / "floor.json").read_text(encoding="utf-8"))
    (tmp_path / "floor.json").write_text(json.dumps(content | {"image_unit": "px"}), encoding="utf-8")
    with pytest.raises(
        ZoneError, match='within 2 px of the image\'s corner: is "image_unit": "fraction" meant'
    ):
        read_floor_plan(tmp_path / "floor.json", Video(width=1280, height=720))
