"""The simulation's archives have the API's shape, and their truth is true."""

import gzip
import json
from collections import Counter
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulation.__main__ import main
from simulation.archive import page_names, pages_of
from simulation.detection import Plan, record
from simulation.scene import DOOR, ZONES, Camera, depth_inside

DATA = Path(__file__).parent.parent / "data"
VIDEOS = [("shop", "shop"), ("day", "morning"), ("day", "noon"), ("day", "evening")]
LANDMARKS = ["eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"]
UNREADABLE_KEYS = {"Persons", "JobStatus", "data", "original_response"}

every_video = pytest.mark.parametrize(("scene", "video"), VIDEOS, ids=[video for _, video in VIDEOS])


def read_pages(scene, video):
    paths = (DATA / scene / "pages").glob(f"{video}-*.json")
    ordered = sorted(paths, key=lambda path: int(path.stem.rpartition("-")[2]))
    return [json.loads(path.read_text()) for path in ordered]


def read_rows(scene, video):
    return [row for page in read_pages(scene, video) for row in page["Persons"]]


def read_truth(scene, video):
    return json.loads((DATA / scene / "truth.json").read_text())["videos"][video]


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def pixels_of(content):
    return np.asarray(Image.open(BytesIO(content)).convert("RGB"), dtype=int)


def footpoint(box):
    return box["Left"] + box["Width"] / 2, box["Top"] + box["Height"]


def keys_in(value):
    if isinstance(value, dict):
        return set(value).union(*(keys_in(item) for item in value.values()))
    return set().union(*(keys_in(item) for item in value)) if isinstance(value, list) else set()


def numbers_in(value):
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return [number for item in items for number in numbers_in(item)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize("scene", ["shop", "day", "week"])
def test_the_default_seed_gives_the_archives_that_come_with_the_package(scene, tmp_path):
    assert main([str(tmp_path), "--scene", scene]) == 0
    made, kept = files_of(tmp_path), files_of(DATA / scene)
    assert made.keys() == kept.keys()
    for name, content in made.items():
        if name.endswith(".png"):
            assert np.array_equal(pixels_of(content), pixels_of(kept[name])), name
        elif name.endswith(".gz"):
            assert gzip.decompress(content) == gzip.decompress(kept[name]), name
        else:
            assert content == kept[name], name


def test_the_same_seed_gives_the_same_bytes_but_another_seed_does_not(tmp_path):
    for folder, seed in (("one", "3"), ("two", "3"), ("three", "5")):
        assert main([str(tmp_path / folder), "--seed", seed, "--minutes", "0.5", "--persons", "3"]) == 0
    one, two, three = (files_of(tmp_path / folder) for folder in ("one", "two", "three"))
    assert one == two
    assert one["pages/shop-1.json"] != three["pages/shop-1.json"]


def test_size_options_set_the_length_of_the_video_with_the_number_of_its_persons(tmp_path):
    assert main([str(tmp_path), "--minutes", "1.5", "--persons", "4"]) == 0
    truth = json.loads((tmp_path / "truth.json").read_text())["videos"]["shop"]
    assert (truth["duration"], len(truth["persons"])) == (90_000, 4)


def test_a_folder_with_pages_of_something_else_is_refused_untouched(tmp_path, capsys):
    stranger = tmp_path / "pages" / "shop-99.json"
    stranger.parent.mkdir()
    stranger.write_text("{}")
    assert main([str(tmp_path), "--minutes", "0.5", "--persons", "1"]) == 1
    assert "'shop-99.json'" in capsys.readouterr().err
    assert files_of(tmp_path) == {"pages/shop-99.json": b"{}"}


@pytest.mark.parametrize(
    "options",
    [["--minutes", "nan"], ["--minutes", "0"], ["--persons", "0"], ["--seed", "-1"], ["--scene", "x"]],
)
def test_an_option_that_makes_no_sense_is_a_usage_error(options, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path), *options])
    assert "error: argument" in capsys.readouterr().err


@pytest.mark.parametrize("scene", ["shop", "day"])
def test_an_archive_is_small(scene):
    files = files_of(DATA / scene)
    assert sum(map(len, files.values())) < 3_000_000
    assert all(len(content) < 150_000 for name, content in files.items() if name.endswith(".png"))


@every_video
def test_pages_are_full_but_the_last_and_chained_by_tokens(scene, video):
    pages = read_pages(scene, video)
    assert len(pages) > 1
    assert all(len(page["Persons"]) == 1000 for page in pages[:-1])
    assert 0 < len(pages[-1]["Persons"]) <= 1000
    tokens = [page["NextToken"] for page in pages[:-1]]
    assert len(set(tokens)) == len(tokens)
    assert all(0 < len(token) <= 255 for token in tokens)
    assert "NextToken" not in pages[-1]


@every_video
def test_every_page_says_of_which_job_it_is(scene, video):
    pages = read_pages(scene, video)
    keys = {"JobStatus", "VideoMetadata", "Persons", "JobId", "Video", "JobTag"}
    assert all(page.keys() - {"NextToken"} == keys for page in pages)
    assert {page["JobStatus"] for page in pages} == {"SUCCEEDED"}
    assert len({page["JobId"] for page in pages}) == 1
    assert len(bytes.fromhex(pages[0]["JobId"])) == 32
    assert all(page["VideoMetadata"] == pages[0]["VideoMetadata"] for page in pages)
    assert pages[0]["VideoMetadata"] == {
        "Codec": "h264",
        "DurationMillis": read_truth(scene, video)["duration"],
        "Format": "QuickTime / MOV",
        "FrameRate": 25.0,
        "FrameHeight": 720,
        "FrameWidth": 1280,
        "ColorRange": "LIMITED",
    }


@every_video
def test_rows_come_by_time_then_by_person_without_doubles(scene, video):
    keys = [(row["Timestamp"], row["Person"]["Index"]) for row in read_rows(scene, video)]
    assert all(before < after for before, after in pairwise(keys))


@every_video
def test_persons_are_numbered_in_the_order_in_which_they_are_first_seen(scene, video):
    first_seen = list(dict.fromkeys(row["Person"]["Index"] for row in read_rows(scene, video)))
    assert first_seen == list(range(len(read_truth(scene, video)["persons"])))


@every_video
def test_every_row_has_a_box_or_a_face_of_the_shape_of_the_api(scene, video):
    for row in read_rows(scene, video):
        person = row["Person"]
        assert {"Index"} < person.keys() <= {"Index", "BoundingBox", "Face"}
        for part in person.keys() - {"Index"}:
            box = person[part]["BoundingBox"] if part == "Face" else person[part]
            assert list(box) == ["Width", "Height", "Left", "Top"]
            assert box["Width"] > 0
            assert box["Height"] > 0
        if "Face" in person:
            face = person["Face"]
            assert list(face) == ["BoundingBox", "Landmarks", "Pose", "Quality", "Confidence"]
            assert [landmark["Type"] for landmark in face["Landmarks"]] == LANDMARKS
            assert list(face["Pose"]) == ["Roll", "Yaw", "Pitch"]
            assert all(0 <= value <= 100 for value in (*face["Quality"].values(), face["Confidence"]))


@every_video
def test_every_measured_number_is_a_float32(scene, video):
    numbers = np.array(numbers_in(read_rows(scene, video)))
    assert np.array_equal(numbers, numbers.astype(np.float32).astype(np.float64))


@every_video
def test_timestamps_are_whole_frames_and_mostly_every_second_one(scene, video):
    moments = sorted({row["Timestamp"] for row in read_rows(scene, video)})
    assert all(moment % 40 == 0 for moment in moments)
    steps = Counter(after - before for before, after in pairwise(moments))
    assert steps.most_common(1)[0][0] == 80
    assert {40, 120} <= steps.keys()


@every_video
def test_some_rows_have_no_body_box_and_many_have_a_face(scene, video):
    persons = [row["Person"] for row in read_rows(scene, video)]
    assert 0.05 < np.mean(["BoundingBox" not in person for person in persons]) < 0.2
    assert 0.25 < np.mean(["Face" in person for person in persons]) < 0.5


def test_some_boxes_are_cut_by_the_lower_edge_within_the_noise_of_float32():
    boxes = [row["Person"].get("BoundingBox") for row in read_rows("shop", "shop")]
    edges = np.array([footpoint(box)[1] for box in boxes if box])
    assert edges.max() < 1 + 1e-6
    assert (edges > 1).sum() > 5
    assert (np.abs(edges - 1) < 1e-6).sum() > 50


@every_video
def test_nobody_is_lost_for_two_seconds_while_present(scene, video):
    moments = {}
    for row in read_rows(scene, video):
        moments.setdefault(row["Person"]["Index"], []).append(row["Timestamp"])
    for person in read_truth(scene, video)["persons"]:
        seen = moments[person["person_index"]]
        assert person["appeared"] <= seen[0] < person["appeared"] + 121
        assert person["vanished"] - 121 <= seen[-1] < person["vanished"]
        assert all(after - before < 2000 for before, after in pairwise(seen))


@every_video
def test_gaps_hold_no_row_while_face_only_stretches_hold_exactly_the_rows_without_a_box(scene, video):
    truth = read_truth(scene, video)

    def covered(kind, row):
        return any(
            part["person_index"] == row["Person"]["Index"] and part["from"] <= row["Timestamp"] < part["to"]
            for part in truth[kind]
        )

    rows = read_rows(scene, video)
    assert truth["gaps"]
    assert not any(covered("gaps", row) for row in rows)
    assert all(covered("face_only", row) == ("BoundingBox" not in row["Person"]) for row in rows)


@every_video
def test_visits_lie_within_presence_and_last(scene, video):
    truth = read_truth(scene, video)
    persons = {person["person_index"]: person for person in truth["persons"]}
    for visit in truth["visits"]:
        person = persons[visit["person_index"]]
        assert 0 <= person["appeared"] <= visit["entered"] < visit["exited"] <= person["vanished"]
        assert person["vanished"] <= truth["duration"]
        assert visit["exited"] - visit["entered"] >= 500


@every_video
def test_everybody_crosses_the_door_inwards_unless_there_at_the_start_and_outwards_unless_at_the_end(
    scene, video
):
    truth = read_truth(scene, video)
    directions = {person["person_index"]: [] for person in truth["persons"]}
    for crossing in truth["crossings"]:
        directions[crossing["person_index"]].append(crossing["direction"])
    for person in truth["persons"]:
        expected = ["in"] * (person["appeared"] > 0) + ["out"] * (person["vanished"] < truth["duration"])
        assert directions[person["person_index"]] == expected


def test_some_are_there_at_the_start_and_some_at_the_end():
    truth = read_truth("shop", "shop")
    assert sum(person["appeared"] == 0 for person in truth["persons"]) >= 2
    assert sum(person["vanished"] == truth["duration"] for person in truth["persons"]) >= 2


@every_video
def test_footpoints_lie_in_a_zone_just_when_the_truth_says_so(scene, video):
    truth = read_truth(scene, video)
    to_floor = np.linalg.inv(Camera().homography)
    rows = [row for row in read_rows(scene, video) if "BoundingBox" in row["Person"]]
    places = np.array([[*footpoint(row["Person"]["BoundingBox"]), 1] for row in rows]) @ to_floor.T
    for zone, corners in ZONES.items():
        visits = [visit for visit in truth["visits"] if visit["zone"] == zone]
        said = [
            any(
                visit["person_index"] == row["Person"]["Index"]
                and visit["entered"] <= row["Timestamp"] < visit["exited"]
                for visit in visits
            )
            for row in rows
        ]
        depth = depth_inside(places[:, :2] / places[:, 2:], corners)
        wrong = (depth >= 0) != np.array(said)
        assert (
            np.abs(depth[wrong]).max(initial=0) < 0.1
        )  # meters: the jitter of the boxes, far from the camera
        assert wrong.mean() < 0.005


@pytest.mark.parametrize("scene", ["shop", "day"])
def test_truth_is_not_taken_for_a_page(scene):
    assert not keys_in(json.loads((DATA / scene / "truth.json").read_text())) & UNREADABLE_KEYS


def test_zones_lie_above_the_lower_edge_and_two_share_an_edge_corner_to_corner():
    features = json.loads((DATA / "shop" / "zones.geojson").read_text())["features"]
    rings = {feature["properties"]["name"]: feature["geometry"]["coordinates"] for feature in features}
    assert list(rings) == [*ZONES, "door"]
    corners = {name: {tuple(corner) for corner in rings[name][0]} for name in ZONES}
    assert len(corners["entrance"] & corners["shelves"]) == 2
    assert all(0 < x < 1 and 0 < y < 0.9 for outline in corners.values() for x, y in outline)


def test_the_floor_plan_brings_the_zones_back_to_where_they_are():
    floor = json.loads((DATA / "shop" / "floor.json").read_text())
    assert (floor["unit"], floor["image_unit"], floor["bounds"]) == ("m", "fraction", [0, 0, 12, 8])
    assert len(floor["pairs"]) >= 6
    marks = np.array([pair["floor"] for pair in floor["pairs"]])
    pictures = np.array([pair["image"] for pair in floor["pairs"]])
    assert np.abs(Camera().project(marks) - pictures).max() < 1e-6
    assert ((pictures > 0) & (pictures < 1)).all()


def test_walking_into_the_shop_goes_to_the_right_of_the_door_line_as_seen_in_the_picture():
    (first_x, first_y), (last_x, last_y) = Camera().project(np.array(DOOR))
    before, after = Camera().project(np.array([(2.2, 0.5), (2.2, 1.5)]))
    right = np.array([-(last_y - first_y), last_x - first_x])
    assert (before - [first_x, first_y]) @ right < 0 < (after - [first_x, first_y]) @ right


def test_the_table_of_another_tracker_is_made_again_byte_for_byte(tmp_path):
    assert main([str(tmp_path), "--scene", "tracker"]) == 0
    assert files_of(tmp_path) == files_of(DATA / "tracker")


def test_a_compact_video_has_the_same_persons_with_boxes_but_no_faces():
    plan = Plan("shop", 60_000, 4)
    whole, small = record(plan, seed=3), record(replace(plan, compact=True), seed=3)
    assert whole.truths == small.truths
    assert page_names(small) == ["shop-1.json.gz"]
    (page,) = pages_of(small, seed=3)
    persons = [row["Person"] for row in page["Persons"]]
    assert persons
    assert {tuple(person) for person in persons} == {("Index", "BoundingBox")}
    numbers = numbers_in(persons)
    assert numbers == [round(number, 4) for number in numbers]
