"""Annotations of WILDTRACK: one file per frame, seven cameras."""

import json

import pytest
from pages import write

from ptrack_analysis import find_videos, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, PtrackWarning
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

SIZE = Video(width=100, height=200)
RATED = Video(width=100, height=200, frame_rate=10.0)


def view(number, left=10):
    sides = (-1, -1, -1, -1) if left is None else (left, 20, left + 30, 120)
    return {"viewNum": number, **dict(zip(("xmin", "ymin", "xmax", "ymax"), sides, strict=True))}


def person(number, *lefts, position=481):
    views = [view(at, left) for at, left in enumerate(lefts)]
    return {"personID": number, "positionID": position, "views": views}


def folder(path, frames):
    for number, people in frames.items():
        write(path / f"{number:08d}.json", json.dumps(people))
    return path


def test_each_view_is_a_camera_with_exact_times_and_boxes(tmp_path):
    place = folder(
        tmp_path / "annotations_positions",
        {0: [person(7, 10, None)], 5: [person(7, 12, 50), person(9, None, 40)], 10: []},
    )
    assert recognize(place).name == "wildtrack"
    found = find_videos(place)
    assert [video.name for video in found] == ["annotations_positions-0", "annotations_positions-1"]
    rows = []
    for reference in found:
        with pytest.warns(
            PtrackWarning, match="10 frames per second are assumed, as in the files of WILDTRACK"
        ):
            table, _ = read_tracking(reference, video=SIZE)
        rows.append([(key[0].total_seconds(), key[1], left) for key, left in table["left"].items()])
    assert rows == [[(0.0, 7, 0.1), (0.5, 7, 0.12)], [(0.5, 7, 0.5), (0.5, 9, 0.4)]]


def test_the_position_on_the_ground_is_kept(tmp_path):
    place = folder(tmp_path / "w", {0: [person(1, 10, position=481)], 5: [person(1, 10, position=0)]})
    table, _ = read_tracking(find_videos(place)[0], video=RATED)
    assert table[["floor_x_m", "floor_y_m"]].to_numpy().tolist() == [
        [pytest.approx(-2.975), pytest.approx(-8.975)],
        [-3.0, -9.0],
    ]


def test_cameras_are_never_merged(tmp_path):
    place = folder(tmp_path / "w", {0: [person(1, 10, 50)], 5: [person(1, 10, 50)]})
    with pytest.raises(InputError, match="2 videos"):
        read_tracking(place, video=RATED)


def test_the_frame_rate_of_the_caller_goes_before_the_assumed_one(tmp_path):
    place = folder(tmp_path / "w", {0: [person(1, 10, 50)], 5: [person(1, 10, 50)]})
    for reference in find_videos(place):
        table, _ = read_tracking(reference, video=Video(width=100, height=200, frame_rate=5.0))
        assert [key[0].total_seconds() for key in table.index] == [0.0, 1.0]


def test_a_file_that_changes_between_two_cameras_is_read_again(tmp_path):
    place = folder(tmp_path / "w", {0: [person(1, 10, 50)], 5: [person(1, 10, 50)]})
    first, second = find_videos(place)
    assert read_tracking(first, video=RATED)[0]["left"].tolist() == [0.1, 0.1]
    folder(place, {5: [person(1, 10, 60), person(2, 10, 20)]})
    assert read_tracking(second, video=RATED)[0]["left"].tolist() == [0.5, 0.6, 0.2]


BROKEN = {
    "cut": (json.dumps([person(1, 10)])[:-9], "JSON ends early"),
    "no view number": (
        json.dumps([{**person(1), "views": [{"xmin": 1}]}]),
        "missing required field `viewNum`",
    ),
    "a text for a side": (json.dumps([person(1, 10)]).replace("120", '"x"'), "Expected `float`, got `str`"),
    "a turned box": (json.dumps([person(1, 10)]).replace("120", "5"), "person 1, view 0: ymax"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_with_its_file(tmp_path, text, said):
    place = folder(tmp_path / "w", {0: [person(2, 10)]})
    file = write(place / "00000005.json", text)
    with pytest.raises(InputError, match=said) as refused:
        read_tracking(place, video=RATED, format="wildtrack")
    assert str(refused.value).startswith(str(file))
    assert main(["summary", str(place), "--frame-size", "100x200"]) == 3


def test_the_shell_inspects_a_folder_above(tmp_path, capsys):
    folder(tmp_path / "in" / "w", {0: [person(1, 10, 50)], 5: [person(1, 11, 51)]})
    assert main(["inspect", str(tmp_path / "in"), "--frame-size", "100x200"]) == 0
    assert "w-1" in capsys.readouterr().out
