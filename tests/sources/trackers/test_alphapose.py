"""Results of AlphaPose with tracking."""

import json

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, MixedError
from ptrack_analysis.sources.trackers.registry import recognize

SIDES = (0.1, 0.1, pytest.approx(0.3), 0.5)


def pose(image="0.jpg", idx=3, **more):
    found = {"image_id": image, "category_id": 1, "keypoints": [1.0, 2.0, 0.5], "score": 2.5}
    return {**found, "box": [10, 20, 30, 100], "idx": idx, **more}


CASES = {
    "frames of a video": ([pose("0.jpg"), pose("12.jpg")], [(0, 3, *SIDES), (480, 3, *SIDES)]),
    "a video that begins later": ([pose("5.jpg")], [(200, 3, *SIDES)]),
    "images with other names": (
        [pose("door_0001.png"), pose("door_0003.png")],
        [(0, 3, *SIDES), (80, 3, *SIDES)],
    ),
    "images that are numbered from 0": (
        [pose("0000.png"), pose("0002.png")],
        [(0, 3, *SIDES), (80, 3, *SIDES)],
    ),
    "numbers": ([pose(4)], [(160, 3, *SIDES)]),
}


@pytest.mark.parametrize(("found", "expected"), CASES.values(), ids=CASES.keys())
def test_poses_have_exact_times_and_boxes(tmp_path, found, expected):
    file = write(tmp_path / "alphapose-results.json", json.dumps(found))
    assert recognize(file).name == "alphapose"
    tracked = read(file)
    assert boxes(tracked) == expected
    assert tracked.table["confidence"].tolist() == [2.5] * len(expected)


def test_untracked_poses_are_counted(tmp_path):
    tracked = read(write(tmp_path / "a.json", json.dumps([pose(), pose(idx=None)])))
    assert tracked.notes == ("1 rows without an id (untracked detections) are excluded",)


def test_the_assumed_first_frame_is_said(tmp_path):
    tracked = read(write(tmp_path / "a.json", json.dumps([pose("0001.png")])))
    assert "frames are counted from 1 (no frame 0 occurs" in tracked.notes[0]


BROKEN = {
    "cut": (json.dumps([pose()])[:-9], InputError, "JSON ends early"),
    "no tracking": (json.dumps([pose(idx=None)]), InputError, "no pose has an idx.*--pose_track"),
    "no box": (json.dumps([pose(box=[])]), InputError, "item 1: the pose has no box of four numbers"),
    "no number": (json.dumps([pose("door.jpg")]), InputError, "item 1: image_id is 'door.jpg'"),
    "two cameras": (json.dumps([pose("a_1.jpg"), pose("b_1.jpg")]), MixedError, "such as 'a_' and 'b_'"),
    "a text for an idx": (json.dumps([pose(idx="x")]), InputError, "Expected `int | null`, got `str`"),
    "frames that start again": (
        json.dumps([pose(f"{n}.jpg") for n in (*range(9), *range(9))]),
        InputError,
        "repeat the id and time",
    ),
}


@pytest.mark.parametrize(("text", "error", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_with_its_place(tmp_path, text, error, said):
    file = write(tmp_path / "a.json", text)
    with pytest.raises(error, match=said) as refused:
        read(file)
    assert str(refused.value).startswith(str(file))
    assert main(["summary", str(file), "--frame-rate", "25", "--frame-size", "100x200"]) == 3


def test_the_shell_inspects_the_file(tmp_path, capsys):
    file = write(tmp_path / "door.json", json.dumps([pose(f"{n}.jpg") for n in range(4)]))
    assert main(["inspect", str(file), "--frame-rate", "25", "--frame-size", "100x200"]) == 0
    assert "door" in capsys.readouterr().out
