"""Exports of Label Studio: boxes between keyframes, as percent of the frame."""

import json

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis import find_videos, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

NONE = Video()


def key(frame, x=10, *, enabled=True, **more):
    return {
        "frame": frame,
        "x": x,
        "y": 20,
        "width": 30,
        "height": 50,
        "enabled": enabled,
        "time": 9.9,
        **more,
    }


def region(*keys, number="k1", label="person", count=100, duration=4.0):
    value = {"framesCount": count, "duration": duration, "labels": [label], "sequence": list(keys)}
    return {"id": number, "type": "videorectangle", "from_name": "box", "to_name": "video", "value": value}


def task(*results, number=1, video="/data/upload/door.mp4", annotations=None):
    found = annotations if annotations is not None else [{"id": 1, "result": list(results)}]
    return {"id": number, "data": {"video": video}, "annotations": found}


def row(time, left, person=1):
    return (time, person, pytest.approx(left), 0.2, 0.3, 0.5)


CASES = {
    "linear between keyframes": (
        [task(region(key(1, 10), key(5, 50, enabled=False)))],
        [row(0, 0.1), row(40, 0.2), row(80, 0.3), row(120, 0.4), row(160, 0.5)],
    ),
    "absent after a disabled keyframe": (
        [task(region(key(1), key(2, enabled=False), key(4), key(5, 20, enabled=False)))],
        [row(0, 0.1), row(40, 0.1), row(120, 0.1), row(160, 0.2)],
    ),
    "keyframes in any order": (
        [task(region(key(3, 30, enabled=False), key(1)))],
        [row(0, 0.1), row(40, 0.2), row(80, 0.3)],
    ),
    "nothing after the last keyframe": ([task(region(key(11)))], [row(400, 0.1)]),
    "two people": (
        [task(region(key(1)), region(key(1, 40), number="k2"))],
        [row(0, 0.1), row(0, 0.4, 2)],
    ),
    "other kinds of results": (
        [task(region(key(1)), {"id": "c", "type": "choices", "value": {"choices": ["day"]}})],
        [row(0, 0.1)],
    ),
    "a task that is not in a list": (task(region(key(1))), [row(0, 0.1)]),
}


@pytest.mark.parametrize(("document", "expected"), CASES.values(), ids=CASES.keys())
def test_keyframes_become_rows_with_exact_times_and_boxes(tmp_path, document, expected):
    file = write(tmp_path / "a.json", json.dumps(document))
    assert recognize(file).name == "label-studio"
    tracked = read(file, video=NONE)
    assert boxes(tracked) == expected
    assert (tracked.video.frame_rate, tracked.video.duration.total_seconds()) == (25.0, 4.0)


def test_what_is_assumed_is_said(tmp_path):
    annotations = [
        {"was_cancelled": True, "result": [region(key(1))]},
        {"result": [region(key(1), key(3, rotation=5.0))]},
        {"result": [region(key(7))]},
    ]
    tracked = read(write(tmp_path / "a.json", json.dumps([task(annotations=annotations)])), video=NONE)
    assert len(tracked.table) == 3
    assert tracked.notes == (
        "several annotations of a task are assumed to be from several annotators: the first is read",
        "1 regions are still enabled at their last keyframe; nothing is read after it",
        "the rotation of 1 boxes is ignored",
        "1 of 3 rows are linear between keyframes",
    )


def test_each_task_is_a_video_with_its_own_rate(tmp_path, capsys):
    tasks = [
        task(region(key(1), key(2))),
        task(region(key(1), key(2), duration=10.0), number=2, video="hall.mp4"),
        task(region(key(1), key(2)), number=3),
    ]
    file = write(tmp_path / "a.json", json.dumps(tasks))
    found = find_videos(file)
    assert [video.name for video in found] == ["door.mp4", "hall.mp4", "door.mp4-3"]
    with pytest.warns(UserWarning, match="still enabled"):
        table, video = read_tracking(found[1])
    assert [key[0].total_seconds() for key in table.index] == [0.0, 0.1]
    assert video.frame_rate == 10.0
    assert main(["inspect", str(file)]) == 0
    assert "hall.mp4" in capsys.readouterr().out


BROKEN = {
    "cut": (json.dumps([task(region(key(1)))])[:-9], "JSON ends early"),
    "a frame 0": (json.dumps([task(region(key(0)))]), "result 1: frame is 0; expected 1 to 100"),
    "a frame beyond the video": (json.dumps([task(region(key(101)))]), "frame is 101; expected 1 to 100"),
    "pixels": (json.dumps([task(region(key(1, 12000)))]), "a side of the box is 120"),
    "a text for a side": (json.dumps([task(region(key(1, "x")))]), "Expected `float`, got `str`"),
    "no duration": (json.dumps([task(region(key(1), duration=0))]), "duration is 0 s with 100 frames"),
    "no sequence": (
        json.dumps([task({"id": "a", "type": "videorectangle", "value": {}})]),
        "missing required field `sequence`",
    ),
    "no ids": (json.dumps([task(region(key(1), number=""))]), "the id is -1 or missing in every row"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_with_its_place(tmp_path, text, said):
    file = write(tmp_path / "a.json", text)
    with pytest.raises(InputError, match=said) as refused:
        read(file, video=NONE)
    assert str(refused.value).startswith(str(file))
    assert main(["summary", str(file)]) == 3
