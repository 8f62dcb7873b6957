"""DeepStream: folders of KITTI dumps with ids, and messages of three schemas."""

import json

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis import find_videos, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

ZEROS = " 0.0" * 7
SIDES = (0.1, 0.1, pytest.approx(0.3), 0.5)
START = "2026-03-01T08:00:00"


def dump(label="person", identity="17", left=10, end=" 0.5"):
    return f"{label} {identity} 0.0 0 0.0 {left}.0 20.0 {left + 30}.0 120.0{ZEROS}{end}\n"


def read_confidence(tracked):
    """Give the confidence of the first row, None if the table has no confidence."""
    return tracked.table["confidence"].iloc[0] if "confidence" in tracked.table else None


DUMPS = {
    "with a confidence": (dump(), 17, "person", 0.5),
    "without a confidence": (dump(end=""), 17, "person", None),
    "with visibility": (dump(end=" 0.5 0.9 25.0 120.0"), 17, "person", 0.5),
    "with a label of two words": (dump("old man"), 17, "old man", 0.5),
    "with a label of two words, without a confidence": (dump("old man", end=""), 17, "old man", None),
    "with a label that ends in a number": (dump("class 5", end=""), 17, "class 5", None),
    "with an id of 64 bits": (dump(identity="7781234567890123777"), 7781234567890123777, "person", 0.5),
}


@pytest.mark.parametrize(("line", "identity", "label", "confidence"), DUMPS.values(), ids=DUMPS.keys())
def test_a_line_of_a_dump_is_read_from_the_right(tmp_path, line, identity, label, confidence):
    write(tmp_path / "d" / "00_000_000003.txt", line)
    write(tmp_path / "d" / "00_000_000004.txt", "")
    assert recognize(tmp_path / "d").name == "deepstream-kitti"
    tracked = read(tmp_path / "d")
    assert boxes(tracked) == [(120, identity, *SIDES)]
    assert tracked.table["class_name"].tolist() == [label]
    assert read_confidence(tracked) == confidence
    assert "which must be the size of the stream multiplexer" in tracked.report.assumptions[0]


def test_untracked_rows_and_late_rows_are_counted_and_sorted(tmp_path):
    write(tmp_path / "d" / "000_000000.txt", dump() + dump(identity="18446744073709551615", left=40))
    write(tmp_path / "d" / "000_000001.txt", dump(identity="18", left=50) + dump(left=12))
    tracked = read(tmp_path / "d")
    assert [row[:2] for row in boxes(tracked)] == [(0, 17), (40, 17), (40, 18)]
    assert "1 rows without an id (untracked detections) are excluded" in tracked.notes


def test_each_stream_of_a_folder_is_a_camera(tmp_path, capsys):
    for stream in (0, 1):
        for frame in range(2):
            write(tmp_path / "d" / f"00_00{stream}_00000{frame}.txt", dump(left=10 + 40 * stream))
    found = find_videos(tmp_path / "d")
    assert [video.name for video in found] == ["d-000", "d-001"]
    video = Video(width=100, height=200, frame_rate=25.0)
    with pytest.warns(UserWarning, match="streammux"):
        assert read_tracking(found[1], video=video)[0]["left"].tolist() == [0.5, 0.5]
    with pytest.raises(InputError, match="2 videos"):
        read_tracking(tmp_path / "d", video=video)
    assert main(["inspect", str(tmp_path), "--frame-size", "100x200", "--frame-rate", "25"]) == 0
    assert "d-001" in capsys.readouterr().out


DETECTOR = f"person 0.0 0 0.0 10.0 20.0 40.0 120.0{ZEROS} 0.5\n"
BROKEN_DUMPS = {
    "a dump of detections": (DETECTOR, "line 1: the second word is 0.0, so these are detections without ids"),
    "a cut line": (dump() + dump()[:30], "line 2: expected label id"),
    "a side that is no number": (dump().replace("40.0", "x"), "line 1: x2 is 'x'"),
    "no ids": (dump(identity="-1"), "the id is -1 or missing in every row"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN_DUMPS.values(), ids=BROKEN_DUMPS.keys())
def test_a_broken_dump_is_refused_with_its_place(tmp_path, capsys, text, said):
    write(tmp_path / "d" / "00_000_000000.txt", text)
    with pytest.raises(InputError, match=said):
        read(tmp_path / "d")
    facts = ["--frame-size", "100x200", "--frame-rate", "25"]
    assert main(["summary", str(tmp_path / "d"), *facts]) == 3
    assert str(tmp_path / "d") in capsys.readouterr().err


def test_the_frame_size_is_required(tmp_path):
    write(tmp_path / "d" / "00_000_000000.txt", dump())
    with pytest.raises(ParameterError, match="--frame-size"):
        read(tmp_path / "d", video=Video(frame_rate=25.0))


def minimal(second, *objects, frame=0, sensor="cam1"):
    time = f"{START}.{second:03d}Z"
    return {
        "version": "4.0",
        "id": str(frame),
        "@timestamp": time,
        "sensorId": sensor,
        "objects": list(objects),
    }


def full(second, identity="17", sensor="cam1", **member):
    box = {"topleftx": 10, "toplefty": 20, "bottomrightx": 40, "bottomrighty": 120}
    return {
        "messageid": "m",
        "mdsversion": "1.0",
        "@timestamp": f"{START}.{second:03d}Z",
        "sensor": {"id": sensor, "location": {"lat": 1}},
        "object": {"id": identity, "speed": 0, "location": {"lat": 2}, "bbox": box, **member},
    }


def metropolis(second, identity="17", sensor="cam1"):
    box = {"leftX": 10.0, "topY": 20.0, "rightX": 40.0, "bottomY": 120.0}
    one = {"id": identity, "bbox": box, "type": "person", "confidence": 0.5}
    return {"timestamp": f"{START}.{second:03d}Z", "sensorId": sensor, "objects": [one]}


SENT = [(0, 17, *SIDES), (400, 17, *SIDES)]
OBJECT = "17|10|20|40|120|person"
MESSAGES = {
    "minimal": ([minimal(100, OBJECT, frame=5), minimal(500, OBJECT, frame=7)], None),
    "minimal with a confidence": ([minimal(at, f"{OBJECT}|#|||0.5") for at in (100, 500)], 0.5),
    "full": ([full(at, person={"age": 1, "confidence": 0.5}) for at in (100, 500)], 0.5),
    "full with an unknown confidence": ([full(at, person={"confidence": -0.1}) for at in (100, 500)], None),
    "Metropolis": ([metropolis(at) for at in (100, 500)], 0.5),
    "a frame without people": ([minimal(100, OBJECT), minimal(300), minimal(500, OBJECT)], None),
}


@pytest.mark.parametrize(("documents", "confidence"), MESSAGES.values(), ids=MESSAGES.keys())
@pytest.mark.parametrize("between", ["\n", " ", "\n\n"])
def test_messages_of_every_schema_give_the_same_rows(tmp_path, documents, confidence, between):
    file = write(tmp_path / "a.json", between.join(json.dumps(document, indent=1) for document in documents))
    assert recognize(file).name == "deepstream-json"
    tracked = read(file, video=Video(width=100, height=200))
    assert boxes(tracked) == SENT
    assert tracked.table["class_name"].tolist() == ["person", "person"]
    assert read_confidence(tracked) == confidence
    assert "times are the times at which the messages were sent" in tracked.report.assumptions[-1]
    assert tracked.video.started_at.isoformat() == f"{START}.100000+00:00"


def test_frame_numbers_are_used_if_the_frame_rate_is_given(tmp_path):
    documents = [minimal(100, OBJECT, frame=5), minimal(500, OBJECT, frame=7)]
    file = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, documents)))
    tracked = read(file)
    assert boxes(tracked) == [(200, 17, *SIDES), (280, 17, *SIDES)]
    assert tracked.report.assumptions == (
        "times follow from the frame numbers (id), counted from 0, and the frame rate",
    )


def test_each_sensor_is_a_camera_and_ids_may_be_texts(tmp_path):
    documents = [full(100, "a-1", person={}), full(100, "a-2", sensor="cam2", person={})]
    file = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, documents)))
    assert [video.name for video in find_videos(file)] == ["a-cam1", "a-cam2"]
    with pytest.raises(InputError, match="2 videos"):
        read_tracking(file, video=Video(width=100, height=200))


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.PtrackWarning")
def test_frame_numbers_of_each_camera_are_used_if_the_frame_rate_is_given(tmp_path):
    documents = [minimal(100, OBJECT, frame=5, sensor=name) for name in ("a", "b")]
    documents += [minimal(900, OBJECT, frame=6, sensor=name) for name in ("a", "b")]
    file = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, documents)))
    times = []
    for rate in (25.0, None):
        for reference in find_videos(file):
            table, _ = read_tracking(reference, video=Video(width=100, height=200, frame_rate=rate))
            times.append([key[0].total_seconds() for key in table.index])
    assert times == [[0.2, 0.24]] * 2 + [[0.0, 0.8]] * 2


BROKEN = {
    "cut": (json.dumps(minimal(0, OBJECT))[:-9], "JSON ends early"),
    "an object of too few parts": (json.dumps(minimal(0, "17|10|20")), "object 1: the object is '17|10|20'"),
    "a side that is no number": (json.dumps(minimal(0, "17|x|20|40|120|person")), "expected 'id|x1"),
    "no ids": (json.dumps(minimal(0, OBJECT.replace("17", "-1"))), "the id is -1 or missing in every row"),
    "no box": (
        json.dumps({"mdsversion": "1.0", "@timestamp": f"{START}Z", "object": {"id": "1"}}),
        "no member 'bbox'",
    ),
    "no time": (
        json.dumps({"sensorId": "a", "objects": [OBJECT]}),
        "object 1: the message has no '@timestamp'",
    ),
    "frames that start again": (
        "\n".join(json.dumps(minimal(0, OBJECT, frame=frame)) for frame in [*range(9), *range(9)]),
        "repeat the id and time of another row",
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_messages_are_refused_with_their_place(tmp_path, text, said):
    file = write(tmp_path / "a.json", text)
    with pytest.raises(InputError, match=said) as refused:
        read(file, format="deepstream-json")
    assert str(refused.value).startswith(str(file))
    options = ["--format", "deepstream-json", "--frame-size", "100x200", "--frame-rate", "25"]
    assert main(["summary", str(file), *options]) == 3
