"""Telling a tracker's format by looking."""

import pytest
from pages import page, record, write

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.sources.trackers.hdf5 import fits_hdf5
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.sources.trackers.sample import read_sample
from ptrack_analysis.sources.trackers.tracked import Given

STRANGERS = {
    "words": ("a.txt", "lorem ipsum\n"),
    "binary": ("a.bin", bytes(range(256))),
    "a page": ("a.json", page(record())),
    "a sheet of something": ("a.csv", "a,b\n1,2\n"),
    "rubbish named gz": ("a.txt.gz", b"PK\x03\x04"),
}


@pytest.mark.parametrize(("name", "content"), STRANGERS.values(), ids=STRANGERS.keys())
def test_what_no_format_fits_is_refused_in_one_line(tmp_path, name, content):
    file = write(tmp_path / name, content)
    with pytest.raises(InputError) as refused:
        recognize(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert "\n" not in str(refused.value)


def test_a_long_binary_file_is_recognized_by_all_of_its_first_bytes(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100_000))
    assert fits_hdf5(read_sample(tmp_path / "a.h5")) is None


def test_a_folder_of_pages_is_no_trackers(tmp_path):
    for number in (1, 2):
        write(tmp_path / f"page-{number}.json", page(record()))
    with pytest.raises(InputError, match="a folder with no tracking data"):
        recognize(tmp_path)


def test_every_format_says_what_it_is():
    for name, tracker in TRACKERS.items():
        assert tracker.name == name
        assert tracker.text
        assert tracker.read.__doc__


def test_an_empty_file_is_told_so_at_once(tmp_path):
    with pytest.raises(InputError, match=r"a\.txt: the file is empty"):
        recognize(write(tmp_path / "a.txt", " \n"))


ZEROS = " 0.0" * 7
TRACK = f"person 17 0.0 0 0.0 10.0 20.0 40.0 120.0{ZEROS} 0.5\n"
LOOKALIKES = {
    "a dump of DeepStream": ({"00_000_000001.txt": TRACK}, "deepstream-kitti"),
    "Service Maker's dump": ({"000_000001.txt": TRACK}, "deepstream-kitti"),
    "labels of Ultralytics": ({"v_1.txt": "0 0.5 0.5 0.1 0.3 0.9 7\n"}, "ultralytics-txt"),
    "WILDTRACK": (
        {"00000005.json": '[{"personID": 1, "positionID": 2, "views": []}]'},
        "wildtrack",
    ),
    "frames of Ultralytics": (
        {"v_5.json": '[{"name": "person", "box": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}}]'},
        "ultralytics-json",
    ),
    "KITTI tracking": (f"0 17 Pedestrian 0 0 0.0 10.0 20.0 40.0 120.0{ZEROS}\n", "kitti"),
    "MOT results": ("1,17,10,20,30,40,0.9,-1,-1,-1\n", "mot"),
    "VATIC": ('17 10 20 40 120 0 0 0 1 "Pedestrian"\n', "vatic"),
    "TAO, which has tracks and frame_index": (
        '{"tracks": [], "images": [{"id": 1, "frame_index": 0, "video_id": 1}], "annotations": []}',
        "coco-video",
    ),
    "BoxMOT's lines": ('{"frame_index": 0, "tracks": []}\n', "boxmot-jsonl"),
    "AlphaPose": ('[{"image_id": "0.jpg", "keypoints": [], "box": [1, 2, 3, 4], "idx": 1}]', "alphapose"),
    "DeepStream's minimal message": (
        '{"version": "4.0", "id": "1", "@timestamp": "2026-01-05T09:00:00Z", "sensorId": "a", "objects": []}',
        "deepstream-json",
    ),
}


@pytest.mark.parametrize(("content", "format_name"), LOOKALIKES.values(), ids=LOOKALIKES.keys())
def test_formats_that_look_alike_are_told_apart(tmp_path, content, format_name):
    if isinstance(content, dict):
        for name, text in content.items():
            write(tmp_path / "v" / name, text)
        assert recognize(tmp_path / "v").name == format_name
        return
    assert recognize(write(tmp_path / "v.txt", content)).name == format_name


def test_a_dump_of_detections_is_refused_although_it_is_named_like_a_dump_of_tracks(tmp_path):
    detections = f"person 0.0 0 0.0 10.0 20.0 40.0 120.0{ZEROS} 0.5\n"
    write(tmp_path / "v" / "00_000_000001.txt", detections)
    found = recognize(tmp_path / "v")
    with pytest.raises(InputError, match="detections without ids"):
        found.read(tmp_path / "v", Given())
