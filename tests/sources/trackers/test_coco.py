"""COCO files of videos: CocoVID, MMTracking, TAO and YouTube-VIS."""

import json

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis import find_videos, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, NoPageError
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

RATE = Video(frame_rate=25.0)
SIDES = (0.1, 0.1, pytest.approx(0.3), 0.5)
CATEGORIES = [{"id": 1, "name": "person"}, {"id": 2, "name": "car"}]


def image(number, frame, video=1, key="frame_id", width=100):
    return {"id": number, "video_id": video, key: frame, "width": width, "height": 200, "file_name": "x.jpg"}


def annotation(number, track=7, key="track_id", **more):
    found = {"id": 90 + number, "image_id": number, key: track, "category_id": 1, "bbox": [10, 20, 30, 100]}
    return {**found, "area": 3000, "iscrowd": 0, "segmentation": [[1, 2, 3, 4]], **more}


def coco(images, annotations, *videos, **more):
    listed = [{"id": at, "name": name} for at, name in enumerate(videos or ["door"], 1)]
    return {"videos": listed, "images": images, "annotations": annotations, "categories": CATEGORIES, **more}


CASES = {
    "frames from 1": (
        coco([image(n, n + 1) for n in range(4)], [annotation(0), annotation(3)]),
        [(0, 7, *SIDES), (120, 7, *SIDES)],
    ),
    "frames from 0": (coco([image(n, n) for n in range(4)], [annotation(3)]), [(120, 7, *SIDES)]),
    "an empty first frame": (coco([image(n, n + 1) for n in range(4)], [annotation(2)]), [(80, 7, *SIDES)]),
    "MMTracking": (
        coco([image(n, n) for n in range(2)], [annotation(1, key="instance_id")]),
        [(40, 7, *SIDES)],
    ),
    "TAO": (
        coco([image(n, 30 * n, key="frame_index") for n in range(2)], [annotation(1)], tracks=[{"id": 7}]),
        [(1200, 7, *SIDES)],
    ),
    "a crowd, an ignored and another category": (
        coco(
            [image(0, 0)],
            [
                annotation(0),
                annotation(0, 8, iscrowd=1),
                annotation(0, 9, category_id=-1),
                annotation(0, 10, category_id=2),
            ],
        ),
        [(0, 7, *SIDES)],
    ),
    "YouTube-VIS": (
        {
            "videos": [{"id": 4, "width": 100, "height": 200, "file_names": ["a/0.jpg", "a/1.jpg"]}],
            "annotations": [
                {"id": 5, "video_id": 4, "category_id": 1, "bboxes": [None, [10, 20, 30, 100]]},
            ],
            "categories": CATEGORIES,
        },
        [(40, 5, *SIDES)],
    ),
}


@pytest.mark.parametrize(("document", "expected"), CASES.values(), ids=CASES.keys())
def test_annotations_have_exact_times_and_boxes(tmp_path, document, expected):
    file = write(tmp_path / "a.json", json.dumps(document))
    assert recognize(file).name == "coco-video"
    tracked = read(file, video=RATE)
    assert boxes(tracked) == expected
    assert (tracked.video.width, tracked.video.height) == (100, 200)


START_ASSUMED = (
    "the frames of video 'door' start at 9: they are counted from 0, unless first_frame (--first-frame) is "
    "given"
)


def test_what_is_left_out_and_assumed_is_said(tmp_path):
    document = coco(
        [image(0, 9)],
        [annotation(0, -1), annotation(0), annotation(0, 8, iscrowd=1), annotation(0, 9, category_id=-1)],
    )
    tracked = read(write(tmp_path / "a.json", json.dumps(document)), video=RATE)
    assert boxes(tracked) == [(360, 7, *SIDES)]
    assert tracked.notes == (
        "1 annotations with iscrowd are excluded",
        "1 annotations with category -1 are excluded",
        "1 rows without an id (untracked detections) are excluded",
        START_ASSUMED,
    )
    again = read(tmp_path / "a.json", video=RATE, first_frame=9)
    assert boxes(again) == [(0, 7, *SIDES)]


def test_each_video_has_its_own_frames_and_size(tmp_path, capsys):
    images = [image(0, 0), image(1, 1), image(2, 1, video=2, width=1000), image(3, 2, video=2, width=1000)]
    document = coco(images, [annotation(n) for n in range(4)], "door", "hall")
    file = write(tmp_path / "a.json", json.dumps(document))
    found = find_videos(file)
    assert [video.name for video in found] == ["door", "hall"]
    rows = []
    for reference in found:
        table, video = read_tracking(reference, video=RATE)
        rows.append((video.width, [key[0].total_seconds() for key in table.index], table["left"].tolist()))
    assert rows == [(100, [0.0, 0.04], [0.1, 0.1]), (1000, [0.0, 0.04], [0.01, 0.01])]
    assert main(["inspect", str(file), "--frame-rate", "25"]) == 0
    assert "hall" in capsys.readouterr().out


PLAIN = {**annotation(0)}
del PLAIN["track_id"]
BROKEN = {
    "cut": (json.dumps(coco([image(0, 0)], [annotation(0)]))[:-9], "JSON ends early"),
    "no tracks": (json.dumps(coco([image(0, 0)], [PLAIN])), "neither track_id nor instance_id"),
    "untracked only": (
        json.dumps(coco([image(0, 0)], [annotation(0, -1)])),
        "the id is -1 or missing in every",
    ),
    "no such image": (json.dumps(coco([image(0, 0)], [annotation(5)])), "image_id is 5, but the file has no"),
    "no frame": (
        json.dumps(coco([{"id": 0, "video_id": 1}], [annotation(0)])),
        "image 0: has neither frame_id nor",
    ),
    "a box of three numbers": (
        json.dumps(coco([image(0, 0)], [annotation(0, bbox=[1, 2, 3])])),
        "annotation 0: bbox has 3 numbers",
    ),
    "two sizes": (
        json.dumps(coco([image(0, 0), image(1, 1, width=90)], [annotation(0)])),
        "image 1: width is 90, but 100 in other images",
    ),
    "two people in one id": (
        json.dumps(coco([image(0, 0)], [annotation(0), annotation(0)])),
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


def test_plain_coco_and_bare_results_are_refused_by_name(tmp_path):
    plain = {"images": [{"id": 1}], "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}], "categories": []}
    with pytest.raises(NoPageError, match="COCO file without tracks"):
        find_videos(write(tmp_path / "a.json", json.dumps(plain)))
    bare = [{"image_id": 1, "category_id": 1, "track_id": 2, "bbox": [1, 2, 3, 4], "score": 0.5}]
    with pytest.raises(NoPageError, match="COCO results, a list without the images"):
        find_videos(write(tmp_path / "b.json", json.dumps(bare)))
