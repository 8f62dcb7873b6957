"""Folders of save_txt, and exports of Results."""

import json

import pytest
from pages import write
from pandas.testing import assert_frame_equal
from tracker_files import boxes, read

from ptrack_analysis.errors import InputError, MixedError
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

PLACES = [(0, 7, 0.0, 0.0, 0.5, 0.5), (80, 7, 0.25, 0.5, 0.5, 0.5)]
RATE = Video(frame_rate=25.0)


def txt(folder, files):
    for name, text in files.items():
        write(folder / name, text)
    return folder


def test_centers_as_fractions_become_boxes_and_the_file_tells_the_frame(tmp_path):
    folder = txt(
        tmp_path, {"v_1.txt": "0 0.25 0.25 0.5 0.5 0.9 7\n", "v_3.txt": "0 0.5 0.75 0.5 0.5 0.8 7\n"}
    )
    assert recognize(folder).name == "ultralytics-txt"
    tracked = read(folder, video=RATE)
    assert boxes(tracked) == PLACES
    assert tracked.table["confidence"].tolist() == [0.9, 0.8]
    assert tracked.video.name == "v"


def test_a_run_folder_with_labels_is_found(tmp_path):
    txt(tmp_path / "run" / "labels", {"v_1.txt": "0 0.25 0.25 0.5 0.5 7", "v_3.txt": "0 0.5 0.75 0.5 0.5 7"})
    write(tmp_path / "run" / "args.yaml", "x")
    assert recognize(tmp_path / "run").name == "ultralytics-txt"
    assert boxes(read(tmp_path / "run", video=RATE)) == PLACES


def test_frames_are_in_the_order_of_their_numbers_and_empty_files_are_no_fault(tmp_path):
    line = "0 0.25 0.25 0.5 0.5 7"
    folder = txt(tmp_path, {"v_10.txt": line, "v_9.txt": line, "v_1.txt": "", "v_2.txt": line})
    assert [row[0] for row in boxes(read(folder, video=RATE))] == [40, 320, 360]


@pytest.mark.parametrize(
    ("lines", "kept", "without"),
    [
        (["0 .5 .5 .1 .1 .9 7", "0 .5 .5 .1 .1 .9"], 1, 1),
        (["0 .5 .5 .1 .1 7", "0 .5 .5 .1 .1"], 1, 1),
        (["0 .5 .5 .1 .1 7", "0 .5 .5 .1 .1 8"], 2, 0),
    ],
    ids=["confidence without id", "no id", "ids everywhere"],
)
def test_lines_without_an_id_are_left_out_and_counted(tmp_path, lines, kept, without):
    tracked = read(txt(tmp_path, {"v_1.txt": "\n".join(lines)}), video=RATE)
    assert len(tracked.table) == kept
    assert any(f"{without} rows without an id" in note for note in tracked.notes) == bool(without)


@pytest.mark.parametrize("line", ["0 .5 .5 .1 .1", "0 .5 .5 .1 .1 .93"], ids=["bare", "confidence"])
def test_a_folder_without_ids_is_detections_and_no_tracks(tmp_path, line):
    with pytest.raises(InputError, match="detections, not tracks"):
        read(txt(tmp_path, {"v_1.txt": line, "v_2.txt": line}), video=RATE)


FAULTS = {
    "no number": ({"v_1.txt": "0 .5 x .1 .1 7"}, "v_1.txt, line 1: yc is 'x'; expected a number"),
    "segments": (
        {"v_1.txt": "0 .1 .1 .2 .2 .3 .3 .4 .4"},
        "v_1.txt, line 1: expected class xc yc w h",
    ),
    "negative size": ({"v_1.txt": "\n0 .5 .5 -.1 .1 7"}, "v_1.txt, line 2: w is '-.1'; expected a size"),
    "no number in a name": ({"v_1.txt": "0 .5 .5 .1 .1 7", "classes.txt": "x"}, "does not end in the number"),
    "no files": ({"a.csv": "x"}, "no files name_<frame>.txt"),
}


@pytest.mark.parametrize(("files", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_in_a_folder_is_refused_with_its_place(tmp_path, files, said):
    with pytest.raises(InputError, match=said):
        read(txt(tmp_path, files), video=RATE, format="ultralytics-txt")


def test_files_of_two_videos_are_refused(tmp_path):
    with pytest.raises(MixedError, match="files of 2 videos, such as 'a' and 'b'"):
        read(txt(tmp_path, {"a_1.txt": "0 .5 .5 .1 .1 7", "b_1.txt": "0 .5 .5 .1 .1 7"}), video=RATE)


def test_a_file_of_save_txt_alone_is_refused(tmp_path):
    file = write(tmp_path / "v_1.txt", "0 .5 .5 .1 .1 7")
    with pytest.raises(InputError, match="Pass the folder"):
        read(file, format="ultralytics-txt")


def box(corners=(0, 0, 50, 100), person=7, name="person", **more):
    sides = dict(zip(("x1", "y1", "x2", "y2"), corners, strict=True))
    found = {"name": name, "class": 0, "confidence": 0.9, "box": sides, "track_id": person} | more
    return {key: value for key, value in found.items() if value is not None}


SECOND = (25, 100, 75, 200)
SAVED = {
    "a list a frame": [[box()], [], [box(SECOND)]],
    "a list a line": "\n".join(map(json.dumps, [[box()], [], [box(SECOND)]])),
    "numbered": [box(frame=1), box(SECOND, frame=3)],
    "numbered lines": "\n".join(map(json.dumps, [box(frame=1), box(SECOND, frame=3)])),
    "segments too": [[box(segments={"x": [1], "y": [2]})], [], [box(SECOND)]],
}


@pytest.mark.parametrize("content", SAVED.values(), ids=SAVED.keys())
def test_every_way_of_saving_to_json_gives_the_same_boxes(tmp_path, content):
    file = write(tmp_path / "a.json", content)
    assert recognize(file).name == "ultralytics-json"
    tracked = read(file)
    assert boxes(tracked) == PLACES
    assert tracked.table["class_name"].tolist() == ["person", "person"]


def test_a_folder_of_one_file_a_frame_gives_the_same_boxes(tmp_path):
    for frame, boxes_ in ((1, [box()]), (2, []), (3, [box(SECOND)])):
        write(tmp_path / f"v_{frame}.json", boxes_)
    assert recognize(tmp_path).name == "ultralytics-json"
    assert boxes(read(tmp_path)) == PLACES


def test_normalised_corners_are_seen_and_noted(tmp_path):
    file = write(tmp_path / "a.json", [[box((0, 0, 0.5, 0.5))], [], [box((0.25, 0.5, 0.75, 1.0))]])
    tracked = read(file, video=RATE)
    assert boxes(tracked) == PLACES
    assert tracked.notes == (
        "the sides of all boxes are between 0 and 1: they are read as fractions of the frame",
    )


def test_boxes_without_track_id_are_left_out_and_counted(tmp_path):
    tracked = read(write(tmp_path / "a.json", [[box(), box(person=None)], [], [box(SECOND)]]))
    assert boxes(tracked) == PLACES
    assert tracked.notes == ("1 rows without an id (untracked detections) are excluded",)


JSON_FAULTS = {
    "no ids": ([[box(person=None)]], "detections, not tracks"),
    "no frame": ([box()], "no object has the number of its frame"),
    "no box": ([[{"track_id": 1}]], "frame 0, item 1: box is None; expected an object"),
    "turned boxes": ([[box() | {"box": {"x1": 1, "x3": 2}}]], "box has a corner x3"),
    "no number": ([[box(), box(("a", 0, 1, 1))]], "frame 0, item 2: box.x1 is 'a'; expected a number"),
    "missing corner": (
        [[box() | {"box": {"x1": 1, "y1": 1, "x2": 90}}]],
        "box.y2 is None; expected a number",
    ),
    "corners turned": (
        [[box((50, 0, 10, 9))]],
        "box.x2 is 10; expected at least the box.x1 of the box, 50",
    ),
    "a list of numbers": ([[1]], "item 1: is 1; expected one object per box"),
}


@pytest.mark.parametrize(("content", "said"), JSON_FAULTS.values(), ids=JSON_FAULTS.keys())
def test_a_fault_in_an_export_is_refused_with_its_place(tmp_path, content, said):
    with pytest.raises(InputError, match=said):
        read(write(tmp_path / "a.json", content), format="ultralytics-json")


SPELT = {
    "one cell": (
        "frame,name,class,confidence,box,track_id\n"
        "1,person,0,0.9,\"{'x1': 0.0, 'y1': 0.0, 'x2': 50.0, 'y2': 100.0}\",7\n"
        "3,person,0,0.9,\"{'x1': 25.0, 'y1': 100.0, 'x2': 75.0, 'y2': 200.0}\",7\n"
    ),
    "four cells": (
        "frame,name,class,confidence,x1,y1,x2,y2,track_id\n"
        "1,person,0,0.9,0,0,50,100,7\n3,person,0,0.9,25,100,75,200,7\n"
    ),
    "four dotted cells": (
        "frame,name,class,confidence,box.x1,box.y1,box.x2,box.y2,track_id\n"
        "1,person,0,0.9,0,0,50,100,7\n3,person,0,0.9,25,100,75,200,7\n"
    ),
}


@pytest.mark.parametrize("content", SPELT.values(), ids=SPELT.keys())
def test_every_way_of_saving_to_csv_gives_the_same_table(tmp_path, content):
    file = write(tmp_path / "a.csv", content)
    assert recognize(file).name == "ultralytics-csv"
    expected = read(write(tmp_path / "a.json", SAVED["numbered"]))
    assert_frame_equal(read(file).table, expected.table)


def test_a_folder_of_one_csv_a_frame_gives_the_same_boxes(tmp_path):
    header, first, second = SPELT["one cell"].strip().split("\n")
    for name, row in (("v_1.csv", first), ("v_3.csv", second)):
        write(tmp_path / name, "\n".join(line.partition(",")[2] for line in (header, row)))
    write(tmp_path / "v_2.csv", "\n")
    assert recognize(tmp_path).name == "ultralytics-csv"
    assert boxes(read(tmp_path)) == PLACES


def test_a_box_that_cannot_be_read_is_refused_with_its_line(tmp_path):
    text = SPELT["one cell"].replace("'x1': 25.0", "'left': 25.0")
    with pytest.raises(InputError, match=r"a.csv, line 3: box.x1 is .* expected a number"):
        read(write(tmp_path / "a.csv", text))
