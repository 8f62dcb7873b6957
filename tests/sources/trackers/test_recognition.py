"""Telling a tracker's format by looking."""

import gzip

import pytest
from pages import page, record, write

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.archive import FormatOptions
from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.sources.trackers.hdf5 import fits_hdf5
from ptrack_analysis.sources.trackers.registry import find_format, find_points_unit, recognize
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


MOT = "1,17,10,20,30,40,0.9,-1,-1,-1\n"
SAMPLES = {
    "lines": (MOT * 2, MOT[:-1]),
    "a line without its end": (MOT.strip(), MOT.strip()),
    "a byte order mark": ("\ufeff" + MOT, MOT[:-1]),
    "UTF-16": (MOT.encode("utf-16"), MOT[:-1]),
    "UTF-16 of an odd length": (MOT.encode("utf-16") + b"\n", MOT[:-1]),
    "UTF-16, big-endian": (b"\xfe\xff" + MOT.encode("utf-16-be"), MOT[:-1]),
    "gzip": (gzip.compress(MOT.encode()), MOT[:-1]),
    "UTF-16 in gzip": (gzip.compress(MOT.encode("utf-16")), MOT[:-1]),
    "more than the first 64 KiB": (MOT * 3000, MOT[:-1]),
    "more than the first 64 KiB in gzip": (gzip.compress((MOT * 3000).encode()), MOT[:-1]),
}


@pytest.mark.parametrize(("content", "line"), SAMPLES.values(), ids=SAMPLES.keys())
def test_a_sample_has_complete_lines_as_utf_8_whatever_the_encoding(tmp_path, content, line):
    sample = read_sample(write(tmp_path / "a.txt", content))
    assert {*sample.head.split(b"\n")} - {b""} == {line.encode()}
    assert len(sample.head) <= 2**16
    assert sample.rows[0] == line.encode().split(b",")
    assert (sample.is_numeric, sample.has_frame_0, sample.is_json, sample.has_header_comment) == (
        True, False, False, False,
    )  # fmt: skip
    assert recognize(tmp_path / "a.txt").name == "mot"


def test_a_sample_tells_json_comments_numbers_and_frame_0(tmp_path):
    cases = {" [1]": "json", "\n{": "json", " # x": "comment", "1,nan\n": "", "1 2\n0 3\n": "numeric frame_0"}
    for text, found in cases.items():
        sample = read_sample(write(tmp_path / "a.txt", text))
        assert sample.is_json == ("json" in found)
        assert sample.has_header_comment == ("comment" in found)
        assert sample.is_numeric == ("numeric" in found)
        assert sample.has_frame_0 == ("frame_0" in found)
    assert read_sample(write(tmp_path / "a.txt", "x, y;z\n")).header == ["x", "y;z"]
    assert read_sample(write(tmp_path / "a.txt", "\n1,2,\n\n3,4\n")).rows == [[b"1", b"2"], [b"3", b"4"]]


def test_a_folder_is_sampled_by_its_visible_files_in_natural_order(tmp_path):
    for name in ("f10.TXT", "f9.txt", ".hidden.txt", "a.txt", "sub/b.txt"):
        write(tmp_path / "v" / name, "" if name == "a.txt" else name)
    sample = read_sample(tmp_path / "v")
    assert (sample.is_folder, sample.names, sample.head) == (True, ("a.txt", "f9.txt", "f10.TXT"), b"")
    assert sample.first(".txt").head == b"f9.txt"
    assert sample.first(".json") is None
    with pytest.raises(InputError, match="missing: there is no such file or folder"):
        read_sample(tmp_path / "missing")
    with pytest.raises(InputError, match=r"a\.gz: the gzip file is damaged or incomplete"):
        read_sample(write(tmp_path / "a.gz", b"\x1f\x8b" + b"x" * 20))


def test_the_unit_of_points_is_found_without_reading_them(tmp_path):
    text = "frame,id,{0}\n0,1,2,3\n"
    for names, columns, unit in (
        ("left,top,width,height", {}, ""),
        ("x,y", {}, "m"),
        ("x,y", {"frame": "frame", "id": "id", "x": "x", "y": "y"}, "m"),
        ("x_px,y_px", {"frame": "frame", "id": "id", "x": "x_px", "y": "y_px"}, "px"),
        ("x_cm,y_cm", {"frame": "frame", "id": "id", "x": "x_cm", "y": "y_cm"}, "m"),
    ):
        file = write(tmp_path / "a.csv", text.format(names))
        assert find_points_unit(file, FormatOptions(format="table", columns=tuple(columns.items()))) == unit
        if unit:
            stated = FormatOptions(format="table", columns=tuple(columns.items()), unit="px")
            assert find_points_unit(file, stated) == "px"


def test_an_unknown_format_and_a_missing_source_are_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"format must be one of .* got 'mott'\. Did you mean 'mot'\?"):
        find_format(tmp_path / "a.txt", FormatOptions(format="mott"))
    with pytest.raises(InputError, match=r"a\.txt: there is no such file or folder"):
        find_format(tmp_path / "a.txt", FormatOptions(format="mot"))
    write(tmp_path / "a.txt", MOT)
    assert find_format(tmp_path / "a.txt", FormatOptions(columns=(("frame", "f"),))).name == "mot"
    assert find_format(tmp_path / "a.txt", FormatOptions(columns=(("id", "i"),))).name == "table"
    assert find_format(tmp_path, FormatOptions(format="mot")).name == "mot"


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
