"""Results of Roboflow inference and workflows with tracker_id."""

import json

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis import find_videos, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, PtrackWarning
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

RATE = Video(frame_rate=25.0)
SIDES = (0.1, 0.1, pytest.approx(0.3), 0.5)


def one(identity=7, x=25, **more):
    box = {"x": x, "y": 70, "width": 30, "height": 100, "confidence": 0.5, "class": "person", "class_id": 0}
    tracked = {} if identity is None else {"tracker_id": identity}
    return {**box, "detection_id": "0b7c", **tracked, **more}


def frame(*found, number=None, width=100, **metadata):
    result = {"image": {"width": width, "height": 200}, "predictions": list(found)}
    facts = ({} if number is None else {"frame_number": number}) | metadata
    return result | ({"video_metadata": facts} if facts else {})


CASES = {
    "one object per frame": ([frame(one()), frame(), frame(one())], [(0, 7, *SIDES), (80, 7, *SIDES)]),
    "frame numbers from 0": (
        [frame(number=0), frame(one(), number=5), frame(one(), number=7)],
        [(200, 7, *SIDES), (280, 7, *SIDES)],
    ),
    "frame numbers from 1": (
        [frame(one(), number=1), frame(one(), number=3)],
        [(0, 7, *SIDES), (80, 7, *SIDES)],
    ),
    "the output of a workflow": ([{"people": frame(one())}, {"people": frame()}], [(0, 7, *SIDES)]),
    "an output that is called predictions": ([{"predictions": frame(one())}], [(0, 7, *SIDES)]),
    "one output of several has tracks": (
        [{"raw": frame(one(None)), "people": frame(one())}],
        [(0, 7, *SIDES)],
    ),
    "metadata beside the output": (
        [{"people": frame(one()), "video_metadata": {"frame_number": n}} for n in (0, 2)],
        [(0, 7, *SIDES), (80, 7, *SIDES)],
    ),
    "other classes": ([frame(one(), one(8, **{"class": "car"}))], [(0, 7, *SIDES)]),
}


@pytest.mark.parametrize(("documents", "expected"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("has_lines", [False, True])
def test_frames_have_exact_times_and_boxes(tmp_path, documents, expected, has_lines):
    text = "\n".join(map(json.dumps, documents)) if has_lines else json.dumps(documents)
    file = write(tmp_path / ("a.jsonl" if has_lines else "a.json"), text)
    assert recognize(file).name == "roboflow"
    assert boxes(read(file, video=RATE)) == expected


def test_what_is_assumed_is_said_and_untracked_boxes_are_counted(tmp_path):
    documents = [frame(one(), one(None), one(-1))]
    tracked = read(write(tmp_path / "a.json", json.dumps(documents)), video=RATE)
    assert tracked.notes == (
        "2 rows without an id (untracked detections) are excluded",
        "objects have no frame_number: each object is assumed to be the next frame",
    )
    assert tracked.table["confidence"].tolist() == [0.5]
    assert (tracked.video.width, tracked.video.height) == (100, 200)
    numbered = read(write(tmp_path / "b.json", json.dumps([frame(one(), number=3)])), video=RATE)
    assert any("frames are counted from 1" in note for note in numbered.report.assumptions)


def test_each_video_identifier_is_a_video_with_its_own_facts(tmp_path):
    documents = [
        frame(one(), number=0, fps=10.0, video_identifier="door"),
        frame(one(), number=0, fps=5.0, video_identifier="hall", width=1000),
        frame(one(), number=1, fps=10.0, video_identifier="door"),
        frame(one(), number=1, fps=5.0, video_identifier="hall", width=1000),
    ]
    found = find_videos(write(tmp_path / "a.json", json.dumps(documents)))
    assert [video.name for video in found] == ["door", "hall"]
    times = []
    for reference in found:
        table, video = read_tracking(reference)
        times.append((video.width, [key[0].total_seconds() for key in table.index]))
    assert times == [(100, [0.0, 0.1]), (1000, [0.0, 0.2])]


BROKEN = {
    "cut": (json.dumps([frame(one())])[:-9], "JSON ends early"),
    "no tracks": (json.dumps([frame(one(None))]), "no prediction has a tracker_id. A detection_id is new"),
    "a text for a side": (json.dumps([frame(one(x="left"))]), "Expected `float`, got `str`"),
    "some frame numbers": (
        json.dumps([frame(one(), number=1), frame(one())]),
        "only some objects have a frame",
    ),
    "another size": (json.dumps([frame(one()), frame(one(), width=90)]), "width is 90, but 100 in earlier"),
    "several outputs": (
        json.dumps([{"a": frame(one()), "b": frame(one())}]),
        "several outputs of the workflow have predictions \\('a', 'b'\\)",
    ),
    "a negative size": (json.dumps([frame(one(height=-5))]), "expected a size of at least 0"),
    "frames that start again": (
        json.dumps([frame(one(), number=n) for n in (*range(9), *range(9))]),
        "repeat the id and time",
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_with_its_place(tmp_path, text, said):
    file = write(tmp_path / "a.json", text)
    with pytest.raises(InputError, match=said) as refused:
        read(file, video=RATE)
    assert str(refused.value).startswith(str(file))
    assert main(["summary", str(file), "--frame-rate", "25"]) == 3


def test_the_shell_inspects_the_file(tmp_path, capsys):
    file = write(tmp_path / "door.json", json.dumps([frame(one(x=25 + n)) for n in range(4)]))
    assert main(["inspect", str(file), "--frame-rate", "25"]) == 0
    assert "door" in capsys.readouterr().out
    with pytest.warns(PtrackWarning, match="each object is assumed to be the next frame"):
        assert len(read_tracking(file, video=RATE)[0]) == 4
