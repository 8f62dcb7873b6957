"""CVAT for video: tracks in XML, also those of JAAD and PIE."""

import pytest
from pages import write
from tracker_files import boxes, read

from ptrack_analysis import find_videos, read_tracking
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, PtrackWarning
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

SIZE = "<original_size><width>100</width><height>200</height></original_size>"


def box(frame, left=10, outside=0, inner="", **more):
    sides = {"xtl": left, "ytl": 20, "xbr": left + 30, "ybr": 120} | more
    sides = " ".join(f'{name}="{value}"' for name, value in sides.items())
    return f'<box frame="{frame}" outside="{outside}" occluded="0" keyframe="1" {sides}>{inner}</box>\n'


def track(*found, number=0, label="person", **more):
    named = "" if number is None else f' id="{number}"'
    others = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<track{named} label="{label}"{others}>\n{"".join(found)}</track>\n'


def cvat(*tracks, meta=f"<task>{SIZE}</task>"):
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
        f"<meta>{meta}</meta>\n{''.join(tracks)}</annotations>\n"
    )


def attribute(name, value):
    return f'<attribute name="{name}">{value}</attribute>'


def jaad(frame, identity, **more):
    return box(frame, inner=attribute("id", identity) + attribute("look", "looking"), **more)


CASES = {
    "frames of the filmed file": (
        cvat(track(box(10), box(13, left=13), box(16, left=16))),
        [(400, 0, 0.1, 0.1, 0.3, 0.5), (520, 0, 0.13, 0.1, 0.3, 0.5), (640, 0, 0.16, 0.1, 0.3, 0.5)],
    ),
    "absent while outside": (
        cvat(track(box(0), box(1, outside=1), box(2), number=7)),
        [(0, 7, 0.1, 0.1, 0.3, 0.5), (80, 7, 0.1, 0.1, 0.3, 0.5)],
    ),
    "two people": (
        cvat(track(box(0), number=3), track(box(0, left=40), number=4)),
        [(0, 3, 0.1, 0.1, 0.3, 0.5), (0, 4, 0.4, 0.1, 0.3, 0.5)],
    ),
    "other classes": (
        cvat(track(box(0)), track(box(0), number=1, label="car")),
        [(0, 0, 0.1, 0.1, 0.3, 0.5)],
    ),
    "JAAD's identities": (
        cvat(
            track(jaad(0, "0_1_2b"), jaad(1, "0_1_2b"), number=None, label="pedestrian"),
            track(jaad(0, "0_1_3", left=40), number=None, label="ped"),
            track(jaad(0, "0_1_4p"), number=None, label="people"),
        ),
        [(0, 1, 0.1, 0.1, 0.3, 0.5), (0, 2, 0.4, 0.1, 0.3, 0.5), (40, 1, 0.1, 0.1, 0.3, 0.5)],
    ),
    "no tracks": (cvat(), []),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_tracks_become_rows_with_exact_times_and_boxes(tmp_path, text, expected):
    file = write(tmp_path / "annotations.xml", text)
    assert recognize(file).name == "cvat-video"
    tracked = read(file, video=Video(frame_rate=25.0))
    assert [(time, person, *map(pytest.approx, sides)) for time, person, *sides in expected] == boxes(tracked)
    assert (tracked.video.width, tracked.video.height) == (100, 200)


def test_a_file_without_the_frame_size_takes_that_of_the_caller(tmp_path):
    file = write(tmp_path / "a.xml", cvat(track(box(1)), meta=""))
    assert boxes(read(file)) == [(40, 0, 0.1, 0.1, pytest.approx(0.3), 0.5)]


SINGLE = "1 tracks have one box, as CVAT exports shapes without an identity; they are read as tracks"
GAPS = (
    "frames are missing inside tracks (1 gaps); positions between keyframes are not interpolated, unless "
    "fill_gaps (--fill-gaps) is given"
)


def test_what_is_assumed_and_not_read_is_said(tmp_path):
    polygon = '<polygon frame="0" outside="0" points="1,2;3,4;5,6"/>'
    text = cvat(
        track(box(0), box(1, outside=1)),
        track(box(0, inner=attribute("age", "adult")), box(1), box(9), polygon, number=1),
        track(box(0, rotation="12.5"), box(1), number=2),
    )
    tracked = read(write(tmp_path / "a.xml", text))
    assert tracked.notes == (
        "the column 'age' is not read: attributes of boxes are not read",
        SINGLE,
        GAPS,
        "the rotation of 1 boxes is ignored",
        "shapes that are not boxes are not read (1 polygon)",
        "1 boxes mark that a person is absent (outside)",
    )


def test_groups_of_jaad_are_left_out_unless_they_are_chosen(tmp_path):
    text = cvat(
        track(jaad(0, "a"), number=None, label="pedestrian"), track(jaad(0, "b"), number=None, label="people")
    )
    file = write(tmp_path / "a.xml", text)
    tracked = read(file)
    assert tracked.table["source_id"].tolist() == ["a"]
    assert "1 boxes of groups (label 'people') are excluded" in tracked.notes
    assert read(file, classes=["people"]).table["source_id"].tolist() == ["b"]


def test_a_step_of_the_frame_filter_is_no_gap(tmp_path):
    meta = f"<task><frame_filter>step=3</frame_filter><source>a.mp4</source>{SIZE}</task>"
    tracked = read(write(tmp_path / "a.xml", cvat(track(box(10), box(13), box(16)), meta=meta)))
    assert tracked.notes == ()
    assert tracked.video.source == "a.mp4"


def test_each_task_of_a_project_is_a_video_with_its_size(tmp_path, capsys):
    other = SIZE.replace("100", "1000")
    meta = (
        f"<project><tasks><task><id>5</id><name>door</name>{SIZE}</task>"
        f"<task><id>6</id><name>hall</name>{other}</task></tasks></project>"
    )
    text = cvat(track(box(0), box(1), task_id="5"), track(box(0), box(1), task_id="6"), meta=meta)
    file = write(tmp_path / "annotations.xml", text)
    found = find_videos(file)
    assert [video.name for video in found] == ["5-door", "6-hall"]
    widths = []
    for reference in found:
        table, video = read_tracking(reference, video=Video(frame_rate=25.0))
        widths.append((video.width, table["left"].tolist()))
    assert widths == [(100, [0.1, 0.1]), (1000, [0.01, 0.01])]
    assert main(["inspect", str(file), "--frame-rate", "25"]) == 0
    assert "6-hall" in capsys.readouterr().out


BOMB = """<?xml version="1.0"?>
<!DOCTYPE annotations [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<annotations><version>&b;</version></annotations>
"""
OUTSIDE = '<!DOCTYPE annotations SYSTEM "file:///etc/passwd">\n<annotations><version/></annotations>\n'
BROKEN = {
    "cut": (
        cvat(track(box(0)))[:-40],
        "line 6: XML is not well-formed: unclosed token. The file is probably incomplete",
    ),
    "an XML bomb": (BOMB, "line 2: the XML declares a document type or an entity"),
    "another file's content": (OUTSIDE, "line 1: the XML declares a document type or an entity"),
    "images": (
        "<annotations><version>1.1</version><image id='0'><box label='person'/></image></annotations>",
        "CVAT for images: 1 images without tracks. Export the task as 'CVAT for video 1.1'",
    ),
    "a track without an id": (cvat(track(box(0), number=None)), "line 6: the track has neither"),
    "a missing side": (
        cvat(track('<box frame="0" xtl="1" ytl="1" xbr="5"/>')),
        "line 6: ybr of the box is None",
    ),
    "a text for a side": (cvat(track(box(0, ybr="x"))), "line 6: ybr of the box is 'x'; expected a number"),
    "a frame that is none": (cvat(track(box("1.5"))), "line 6: frame is 1.5; expected a whole number"),
    "an id in a frame twice": (
        cvat(track(box(0)), track(box(0, left=40))),
        "repeat the id and time of another row",
    ),
    "polygons only": (
        cvat(track('<polygon frame="0" points="1,2"/>')),
        "the tracks have no boxes, only 1 polygon",
    ),
    "a size that is none": (
        cvat(track(box(0)), meta=SIZE.replace("100", "wide")),
        "width in original_size is 'wide'",
    ),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_with_its_line(tmp_path, capsys, text, said):
    file = write(tmp_path / "a.xml", text)
    with pytest.raises(InputError, match=said) as refused:
        read(file)
    assert str(refused.value).startswith(str(file))
    assert main(["summary", str(file), "--frame-rate", "25"]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_the_shell_inspects_the_file(tmp_path, capsys):
    file = write(tmp_path / "door.xml", cvat(track(*(box(frame) for frame in range(5)))))
    assert main(["inspect", str(file), "--frame-rate", "25"]) == 0
    assert "door" in capsys.readouterr().out
    with pytest.warns(PtrackWarning, match="one box"):
        read_tracking(write(tmp_path / "b.xml", cvat(track(box(0)))), video=Video(frame_rate=25.0))
