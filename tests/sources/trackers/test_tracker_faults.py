"""Every way in which a tracker's file can be at fault, and what is made of odd ones."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import write
from tracker_files import SMALL, boxes, read

from ptrack_analysis.errors import InputError, ParameterError, PtrackError
from ptrack_analysis.sources.pages import documents
from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.sources.trackers.registry import read_tracks

GOOD = "1,1,1,1,5,5,0.5,-1,-1,-1"


def with_value(place, value):
    """Give two rows of MOTChallenge text, the second with this value at a place."""
    cells = ["2", "1", "1", "1", "5", "5", "0.5", "-1", "-1", "-1"]
    cells[place] = value
    return f"{GOOD}\n\n{','.join(cells)}\n"


VALUES = {
    "no number": (2, "wide", "bb_left is 'wide'; expected a number from -1e+06 to 1e+06"),
    "empty": (2, "", "bb_left is ''; expected a number"),
    "nan": (2, "nan", "bb_left is 'nan'; expected a number"),
    "infinity": (3, "inf", "bb_top is 'inf'; expected a number"),
    "overflow": (3, "1e999", "bb_top is '1e999'; expected a number"),
    "absurd": (3, "1e7", "bb_top is '1e7'; expected a number"),
    "truth value": (4, "true", "bb_width is 'true'; expected a number"),
    "negative width": (4, "-5", "bb_width is '-5'; expected a size of at least 0"),
    "negative height": (5, "-0.1", "bb_height is '-0.1'; expected a size of at least 0"),
    "fraction of a frame": (0, "1.5", "frame is '1.5'; expected a whole number from 1"),
    "frame before the first": (0, "-1", "frame is '-1'; expected a whole number from 1"),
    "huge frame": (0, "99999999999", "frame is '99999999999'; expected a whole number"),
    "frame beyond 2^64": (0, "1" + "0" * 30, "frame is '1000000000"),
    "nan as a frame": (0, "nan", "frame is 'nan'; expected a whole number"),
    "id that is no number": (1, "p7", "id is 'p7'; expected a whole number of at least -1"),
    "fraction of an id": (1, "1.5", "id is '1.5'; expected a whole number"),
    "id below -1": (1, "-2", "id is '-2'; expected a whole number of at least -1"),
    "confidence that is no number": (6, "high", "conf is 'high'; expected a number"),
    "python's underscore": (2, "1_0", "bb_left is '1_0'; expected a number"),
    "long text": (2, "x" * 100, "bb_left is '" + "x" * 59 + "...; expected a number"),
}


@pytest.mark.parametrize(("place", "value", "said"), VALUES.values(), ids=VALUES.keys())
def test_a_bad_value_is_refused_with_file_line_column_and_value(tmp_path, place, value, said):
    file = write(tmp_path / "a.txt", with_value(place, value))
    with pytest.raises(InputError) as refused:
        read(file, format="mot")
    assert str(refused.value).startswith(f"{file}, line 3: {said}")
    assert "\n" not in str(refused.value)


BROKEN = {
    "empty": ("", "the file is empty"),
    "blank": (" \n \n", "the file is empty"),
    "comments alone": ("# a\n# b\n", "no rows; expected frame,id"),
    "zero byte": (b"1,1,\0", "not a text file: byte 4 is zero"),
    "no UTF-8": (b"1,1,1\xff", "invalid UTF-8 at byte 5"),
    "too few values": ("1,1,1\n", "line 1: has 3 values; expected frame,id"),
    "too many values": (",".join("1" * 12), "line 1: has 12 values; expected"),
    "a line with fewer values": (f"{GOOD}\n1,1,1,1,5,5\n", "line 2: has 6 values; the first line has 10"),
    "words": ("lorem ipsum dolor sit amet et\n", "line 1: id is 'ipsum'; expected a whole number"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_text_is_refused_with_its_place(tmp_path, content, said):
    file = write(tmp_path / "a.txt", content)
    with pytest.raises(InputError) as refused:
        read(file, format="mot")
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path):
    for form in (None, *TRACKERS):
        with pytest.raises(InputError, match="there is no such file or folder"):
            read_tracks(tmp_path / "none.txt", format=form, video=SMALL)


def test_a_file_beyond_the_cap_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "MAX_DOCUMENT", 10)
    with pytest.raises(InputError, match="larger than 10 bytes"):
        read(write(tmp_path / "a.txt", GOOD), format="mot")


def test_a_zipped_file_is_read_as_it_is(tmp_path):
    plain, zipped = tmp_path / "a.txt", tmp_path / "b.txt.gz"
    assert boxes(read(write(plain, GOOD))) == boxes(read(write(zipped, gzip.compress(GOOD.encode()))))


def test_the_same_person_twice_at_a_moment_is_the_larger_box_and_counted(tmp_path):
    rows = [
        "1,1,11,1,5,5,0.5",
        "1,1,21,1,50,50,0.4",
        "1,1,1,1,5,5,0.6",
        "2,1,11,1,5,5,0.1",
        "2,1,1,1,5,5,0.2",
    ]
    rows += [f"{frame},1,1,1,5,5,0.2" for frame in range(3, 298)]
    for order in (rows, rows[::-1]):
        tracked = read(write(tmp_path / "a.txt", "\n".join(order)))
        assert boxes(tracked)[:2] == [(0, 1, 0.2, 0.0, 0.5, 0.25), (40, 1, 0.0, 0.0, 0.05, 0.025)]
        assert tracked.table["confidence"].tolist()[:2] == [0.4, 0.2]
        assert "3 of 300 rows (1.0%) repeat the id and time of another row and are dropped" in tracked.notes


APPENDED = {
    "two cameras": [f"{frame},7,{left},9,5,5" for frame in range(1, 51) for left in (9, 60)],
    "clips": [f"{frame},7,{9 + clip},9,5,5" for clip in (0, 50) for frame in range(1, 51)],
    "one run saved twice": [f"{frame},7,9,9,5,5" for _ in range(2) for frame in range(1, 51)],
}


@pytest.mark.parametrize("rows", APPENDED.values(), ids=APPENDED.keys())
def test_two_people_in_one_id_are_refused_with_the_likely_causes(tmp_path, rows):
    file = write(tmp_path / "a.txt", "\n".join(rows))
    with pytest.raises(InputError) as refused:
        read(file)
    message = str(refused.value)
    assert message.startswith(
        f"{file}: 50 of 100 rows (50.0%) repeat the id and time of another row and are dropped (for example "
    )
    assert message.endswith("pass allow_dropped=True (--allow-dropped).")
    for words in ("line ", "id 7", "several cameras", "clips were appended", "one file per video and camera"):
        assert words in message


def test_of_repeated_rows_1_percent_is_accepted_and_more_is_refused(tmp_path):
    rows = [f"{frame},1,9,9,5,5" for frame in range(1, 100)]
    assert len(read(write(tmp_path / "a.txt", "\n".join([*rows, rows[0]]))).table) == 99
    with pytest.raises(InputError, match=r"1 of 99 rows \(1\.0%\) repeat the id"):
        read(write(tmp_path / "a.txt", "\n".join([*rows[:98], rows[0]])))


def test_rows_without_an_id_repeat_nothing(tmp_path):
    rows = ["1,1,9,9,5,5", *["1,-1,9,9,5,5"] * 9]
    assert len(read(write(tmp_path / "a.txt", "\n".join(rows))).table) == 1


def test_the_published_cases_of_two_people_in_one_id_are_refused(real_data):
    with pytest.raises(InputError, match=r"\(50\.0%\) repeat .* Probably clips were appended"):
        read(real_data / "cases/trackers/clips-appended.txt")


def test_frames_that_go_backwards_inside_a_track_are_sorted_and_counted(tmp_path):
    rows = ["3,1,1,1,5,5", "1,1,1,1,5,5", "1,2,1,1,5,5", "2,1,1,1,5,5"]
    tracked = read(write(tmp_path / "a.txt", "\n".join(rows)), format="mot")
    assert [row[:2] for row in boxes(tracked)] == [(0, 1), (0, 2), (40, 1), (80, 1)]
    (note,) = tracked.notes
    assert note.startswith("1 rows are earlier than the row before of the same track (first: ")
    assert ", line " in note


def test_boxes_without_area_are_kept_and_counted(tmp_path):
    tracked = read(write(tmp_path / "a.txt", "1,1,1,1,0,5\n2,1,1,1,5,5"))
    assert len(tracked.table) == 2
    assert tracked.notes == ("1 boxes have no area",)


def test_boxes_beyond_the_frame_are_neither_refused_nor_cut(tmp_path):
    tracked = read(write(tmp_path / "a.txt", "1,1,-49,1,200,400"), first_pixel=1, format="mot")
    assert boxes(tracked) == [(0, 1, -0.5, 0.0, 2.0, 2.0)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"format": "sort"}, "format must be one of visdrone, boxmot, .*, got 'sort'"),
        ({"first_frame": -1}, "first_frame must be a whole number of at least 0, got -1"),
        ({"first_frame": True}, "first_frame must be .* got True"),
        ({"first_frame": 1.5}, "first_frame must be .* got 1.5"),
        ({"unit": "ft"}, "unit must be 'px', 'fraction', 'm', 'cm' or 'mm', got 'ft'"),
        ({"unit": "m"}, "unit is 'm', but the file has boxes"),
        ({"y_axis": "left"}, "y_axis must be 'up' or 'down', got 'left'"),
        ({"y_axis": "up"}, "y_axis is for points, but the file has boxes"),
        (
            {"format": "mot", "columns": {"frame": "f"}},
            "columns names 'frame', but this format takes no columns",
        ),
    ],
)
def test_an_argument_that_does_not_fit_is_refused(tmp_path, given, said):
    with pytest.raises(ParameterError, match=said):
        read(write(tmp_path / "a.txt", GOOD), **given)


@pytest.mark.parametrize("form", [name for name in TRACKERS if name != "ultralytics-txt"])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_rubbish_is_refused_with_a_sentence_or_holds_nobody(tmp_path_factory, form, content):
    """``[]`` is a whole file of frames without anybody."""
    file = write(tmp_path_factory.mktemp("rubbish") / "a.txt", content)
    try:
        table = read(file, format=form).table
    except PtrackError:
        return
    assert table.empty
