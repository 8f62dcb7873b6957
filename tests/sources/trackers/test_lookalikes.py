"""Pairs of layouts that look alike: what decides, and what is said where nothing does."""

import json

import pytest
from factories import make_video
from pages import write

from ptrack_analysis import open_video, read_tracking
from ptrack_analysis.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.PtrackWarning")
VIDEO = make_video(width=1000, height=500, frame_rate=10)


def rows(line, start=1, ids=(4,)):
    """Repeat a line for three frames; ``x`` is the left side [px]."""
    found = [(f, i, 100 * i + 10 * f) for f in range(start, start + 3) for i in ids]
    return "".join(line.format(f=f, i=i, x=x) + "\n" for f, i, x in found)


def coco(first):
    images = [
        {"id": 7 + number, "video_id": 1, "frame_id": first + number, "width": 1000, "height": 500}
        for number in range(2)
    ]
    one = {"id": 1, "image_id": 8, "track_id": 3, "category_id": 1, "bbox": [410, 88, 40, 121]}
    videos, classes = [{"id": 1, "name": "v"}], [{"id": 1, "name": "person"}]
    return json.dumps({"videos": videos, "images": images, "annotations": [one], "categories": classes})


PAIRS = {
    "MOTChallenge's truth, by its name": ("gt/gt.txt", rows("{f},{i},{x},88,40,121,1,1,0.5"), (0, 409, 3)),
    "BoxMOT up to 16, the same columns": ("tracks.txt", rows("{f},{i},{x},88,40,121,1,0,0.9"), (0, 410, 3)),
    "BoxMOT 17 to 23": ("tracks.txt", rows("{f},{i},{x},88,40,121,0.9,1,0"), (0, 410, 3)),
    "BoxMOT 25": ("tracks.txt", rows("{f},{i},{x}.25,88.5,40.1,121.0,0.913,0,-1"), (0, 410.25, 3)),
    "VisDrone": ("uav0000013_v.txt", rows("{f},{i},{x},88,40,121,1,1,0,0"), (0, 410, 3)),
    "results of MOT15": ("a.txt", rows("{f},{i},{x},88,40,121,0.9,-1,-1,-1"), (0, 410, 3)),
    "truth of MOT15 with world coordinates": (
        "gt/gt.txt",
        rows("{f},{i},{x},88,40,121,1,3.2,1.5,0"),
        (0, 409, 3),
    ),
    "deep_sort_pytorch, with the class in column 3": (
        "a.txt",
        rows("{f},{i},0,{x},88,40,121,-1,-1,-1,-1"),
        (0, 410, 3),
    ),
    "FairMOT with a score": ("a.txt", rows("{f},{i},{x},88,40,121,0.9,1,-1,-1,-1"), (0, 410, 3)),
    "a demo on a video, from frame 0": (
        "a.txt",
        rows("{f},{i},{x},88,40,121,0.9,-1,-1,-1", start=0),
        (0, 400, 3),
    ),
    "widths smaller than the left sides": ("a.txt", rows("{f},{i},{x},88,40,121"), (0, 410, 3)),
    "COCO from frame 1": ("a.json", coco(1), (100, 410, 1)),
    "COCO from frame 0": ("a.json", coco(0), (100, 410, 1)),
    "times with decimals": (
        "a.csv",
        "time,id,left,top,width,height\n" + rows("0.{f},{i},{x},88,40,121"),
        (100, 410, 3),
    ),
}


@pytest.mark.parametrize(("name", "content", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_what_decides_between_two_layouts_is_read(tmp_path, name, content, expected):
    found = open_video(write(tmp_path / name, content), video=VIDEO).detections
    first = found.index.get_level_values("timestamp")[0].total_seconds() * 1000
    assert (first, round(found["left"].iloc[0] * 1000, 6), len(found)) == expected


def test_a_list_of_classes_beside_a_truth_names_them(tmp_path):
    write(tmp_path / "gt" / "labels.txt", "car\nperson\n")
    file = write(tmp_path / "gt" / "gt.txt", rows("{f},{i},{x},88,40,121,1,2,1.0"))
    assert len(open_video(file, video=VIDEO).detections) == 3


UNDECIDED = {
    "corners or widths": ("a.txt", "1,4,100,88,140,209\n2,4,110,88,150,209\n", "or two corners"),
    "seconds or milliseconds": (
        "a.csv",
        "time,id,left,top,width,height\n0,4,100,88,40,121\n100,4,110,88,40,121\n",
        "may be seconds or milliseconds",
    ),
    "vehicles of UAVDT": ("M0101_gt.txt", rows("{f},{i},{x},88,40,121,1,0,0"), "vehicles only"),
    "confidences that are no ids": ("labels/v_1.txt", "0 0.5 0.5 0.1 0.3 0.9\n", "detections, not tracks"),
}


@pytest.mark.parametrize(("name", "content", "said"), UNDECIDED.values(), ids=UNDECIDED.keys())
def test_what_nothing_decides_is_asked(tmp_path, name, content, said):
    file = write(tmp_path / name, content)
    with pytest.raises(InputError, match=said):
        open_video(file.parent.parent if "/" in name else file, video=VIDEO).detections  # noqa: B018


def test_corners_are_read_as_widths_if_the_format_is_named(tmp_path):
    file = write(tmp_path / "a.txt", "1,4,100,88,140,209\n2,4,110,88,150,209\n")
    found, _ = read_tracking(file, video=VIDEO, format="mot")
    assert found["width"].round(6).tolist() == [0.14, 0.15]
