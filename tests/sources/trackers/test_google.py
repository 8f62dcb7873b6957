"""Results of Google Video Intelligence: people, objects, both spellings, omitted zeros, times."""

import json

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis import find_videos, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

BOX = {"left": 0.25, "top": 0.5, "right": 0.5, "bottom": 1.0}


def person(*detections, **more):
    return {"tracks": [{"timestampedObjects": list(detections), **more}]}


def at(time=None, box=BOX):
    return {"normalizedBoundingBox": box} | ({} if time is None else {"timeOffset": time})


def entity(name, *frames, **more):
    return {"entity": {"description": name}, "confidence": 0.75, "frames": list(frames), **more}


def results(*entries):
    return {"annotationResults": [{"inputUri": "/b/a.mp4", **entry} for entry in entries]}


def people(*found):
    return results({"personDetectionAnnotations": list(found)})


def objects(*found):
    return results({"objectAnnotations": list(found)})


SIDES = (0.25, 0.5, 0.25, 0.5)
ONE = [(0, 0, *SIDES)]
CASES = {
    "a missing time is 0": (people(person(at())), ONE),
    "seconds as text": (people(person(at("1.125s"))), [(1125, 0, *SIDES)]),
    "an empty offset is 0": (people(person(at({}))), ONE),
    "seconds and nanos": (people(person(at({"seconds": 2, "nanos": 250000000}))), [(2250, 0, *SIDES)]),
    "seconds as text in an object": (people(person(at({"seconds": "3"}))), [(3000, 0, *SIDES)]),
    "microseconds": (people(person(at({"seconds": 1, "microseconds": 500000}))), [(1500, 0, *SIDES)]),
    "a missing side is 0": (
        people(person(at("0.5s", {"right": 0.5, "bottom": 0.25}))),
        [(500, 0, 0.0, 0.0, 0.5, 0.25)],
    ),
    "edges beyond the frame": (
        people(person(at("0s", {"left": -0.25, "top": 0.5, "right": 1.25, "bottom": 1.0}))),
        [(0, 0, -0.25, 0.5, 1.5, 0.5)],
    ),
    "the position is the person": (
        people(person(at("0s")), {"tracks": [*person(at("0s"))["tracks"], *person(at("1s"))["tracks"]]}),
        [(0, 0, *SIDES), (0, 1, *SIDES), (1000, 2, *SIDES)],
    ),
    "snake case": (
        {
            "annotation_results": [
                {
                    "person_detection_annotations": [
                        {
                            "tracks": [
                                {
                                    "timestamped_objects": [
                                        {
                                            "normalized_bounding_box": BOX,
                                            "time_offset": {"seconds": 4, "nanos": 125000000},
                                        }
                                    ]
                                }
                            ]
                        }
                    ]
                }
            ]
        },
        [(4125, 0, *SIDES)],
    ),
    "inside an operation": ({"done": True, "response": people(person(at()))}, ONE),
    "inside Eden AI's response": ({"google": {"original_response": people(person(at()))}}, ONE),
    "objects": (objects(entity("person", at("0s")), entity("cat", at("0s"))), ONE),
    "an object with a trackId": (
        objects(entity("man", at("0s"), trackId="7"), entity("man", at("1s"), trackId="7")),
        [(0, 7, *SIDES), (1000, 7, *SIDES)],
    ),
    "features in several entries": (
        results(
            {"objectAnnotations": [entity("person", at("9s"))]},
            {"personDetectionAnnotations": [person(at("0s"))]},
        ),
        ONE,
    ),
    "streaming messages in a list": (
        [objects(entity("girl", at(f"{n}s"), trackId="3")) for n in range(2)],
        [(0, 3, *SIDES), (1000, 3, *SIDES)],
    ),
}


@pytest.mark.parametrize(("content", "expected"), CASES.values(), ids=CASES.keys())
def test_every_spelling_gives_the_same_rows(tmp_path, content, expected):
    file = write(tmp_path / "a.json", json.dumps(content))
    assert recognize(file).name == "google-video"
    assert boxes(read(file)) == expected


def test_messages_one_after_the_other_are_one_source(tmp_path):
    text = "\n".join(json.dumps(objects(entity("boy", at(f"{n}s"), trackId="3"))) for n in range(3))
    for name in ("a.json", "a.jsonl"):
        assert [row[:2] for row in boxes(read(write(tmp_path / name, text)))] == [
            (0, 3),
            (1000, 3),
            (2000, 3),
        ]


def test_what_is_left_out_and_assumed_is_said(tmp_path):
    both = results(
        {"personDetectionAnnotations": [person(at(), {"timeOffset": "1s"}, confidence=0.5)]},
        {"objectAnnotations": [entity("person", at())]},
    )
    tracked = read(write(tmp_path / "a.json", json.dumps(both)))
    assert tracked.table["confidence"].tolist() == [0.5]
    assert tracked.table["class_name"].tolist() == ["person"]
    assert [reason.rows for reason in tracked.report.dropped] == [1, 1]
    assert "1 detections of object tracking are excluded, because person detection found the same people" in (
        tracked.notes
    )
    other = read(write(tmp_path / "b.json", json.dumps(objects(entity("man", at()), entity("car", at())))))
    assert other.notes == ("1 of 2 rows of other classes are excluded (1 car)",)
    no_boxes = results(
        {"personDetectionAnnotations": [person()]}, {"objectAnnotations": [entity("person", at())]}
    )
    assert read(write(tmp_path / "c.json", json.dumps(no_boxes))).notes == (
        "object tracking is read, because the tracks of people have no boxes",
    )


def test_each_filmed_file_is_a_video(tmp_path, capsys):
    first, second = people(person(at("1s"))), people(person(at("2s")))
    second["annotationResults"][0]["inputUri"] = "/b/second.mp4"
    joined = {"annotationResults": first["annotationResults"] + second["annotationResults"]}
    file = write(tmp_path / "a.json", json.dumps(joined))
    found = find_videos(file)
    assert [video.name for video in found] == ["b-a.mp4", "b-second.mp4"]
    tables = [read_tracking(video, video=Video(frame_rate=25.0))[0] for video in found]
    assert [[(key[0].total_seconds(), key[1]) for key in table.index] for table in tables] == [
        [(1.0, 0)],
        [(2.0, 0)],
    ]
    with pytest.raises(InputError, match="2 videos"):
        read_tracking(file)
    assert main(["inspect", str(file), "--frame-rate", "25"]) == 0
    assert "b-second.mp4" in capsys.readouterr().out


BROKEN = {
    "cut": (json.dumps(people(person(at("1s"))))[:-9], "JSON ends early"),
    "no boxes": (json.dumps(people(person())), "Request person detection with includeBoundingBoxes"),
    "pixels": (
        json.dumps(people(person(at("1s", {"right": 300, "bottom": 40})))),
        "person 0, track 0: a side",
    ),
    "a text for a side": (
        json.dumps(people(person(at("1s", {"right": "x"})))),
        "Expected `float`, got `str`",
    ),
    "a time without a unit": (json.dumps(people(person(at("1.5")))), "expected seconds such as '1.5s'"),
    "a negative time": (json.dumps(people(person(at({"seconds": -1})))), "expected a whole number from 0"),
    "a turned box": (
        json.dumps(people(person(at("1s", {"left": 0.5, "right": 0.25, "bottom": 0.5})))),
        "at least the",
    ),
    "a failed analysis": (json.dumps(results({"error": {"code": 3, "message": "bad"}})), "video failed: bad"),
    "a strange trackId": (json.dumps(objects(entity("man", at(), trackId="x"))), "trackId is 'x'"),
    "no list": (json.dumps({"annotationResults": 7}), "Expected `array`, got `int`"),
    "endless seconds": (
        json.dumps(people(person(at({"seconds": "9" * 5000})))),
        "expected a whole number from 0",
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_with_its_place(tmp_path, capsys, text, said):
    file = write(tmp_path / "a.json", text)
    with pytest.raises(InputError, match=said) as refused:
        read(file)
    assert str(refused.value).startswith(f"{file}")
    assert main(["summary", str(file)]) == 3
    assert "\n" not in capsys.readouterr().err.strip()
