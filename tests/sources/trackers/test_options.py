"""Options that choose rows, and the forms that tables have: separators, encodings, identities, one-cell
boxes."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages import write
from tracker_files import SMALL, boxes, read

from ptrack_analysis import VideoAnalysis, detections_from, find_videos
from ptrack_analysis.errors import InputError, ParameterError, PtrackWarning
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.sources.archive import FormatOptions

SINK = "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,frame_number\n"
ROWS = ("0,0.9,1,Person", "0,0.3,2,child", "2,0.8,3,car", "5,0.7,4,rider")
PEOPLE = SINK + "".join(f"1,1,9,90,{row},0\n" for row in ROWS)
TABLE = "frame,id,left,top,width,height\n0,7,10,20,50,100\n1,7,11.5,20,50,100\n"
PLACES = [(0, 7, 0.1, 0.1, 0.5, 0.5), (40, 7, 0.115, 0.1, 0.5, 0.5)]


def people(tracked):
    return sorted(tracked.table.index.get_level_values("person_index"))


def test_people_are_kept_by_their_names_and_riders_are_apart(tmp_path):
    tracked = read(write(tmp_path / "a.csv", PEOPLE))
    assert people(tracked) == [1, 2]
    assert tracked.notes[:1] == ("2 of 4 rows of other classes are excluded (1 car, 1 rider)",)


@pytest.mark.parametrize(
    ("classes", "kept"),
    [(["person"], [1]), (["child", "CAR"], [2, 3]), ([2], [3]), (["0", "rider"], [1, 2, 4]), ("car", [3])],
)
def test_classes_are_chosen_by_name_or_number(tmp_path, classes, kept):
    assert people(read(write(tmp_path / "a.csv", PEOPLE), classes=classes)) == kept


def test_a_class_that_no_row_has_is_said_and_refused_if_nothing_is_left(tmp_path):
    file = write(tmp_path / "a.csv", PEOPLE)
    assert "no row has the class 'dog'" in read(file, classes=["car", "dog"]).notes
    with pytest.raises(InputError, match=r"no row is of the given classes \(1 Person, .*--classes"):
        read(file, classes=["dog"])
    with pytest.raises(ParameterError, match="classes must be names or numbers"):
        read(file, classes=[1.5])


def test_names_of_classes_need_names_in_the_file(tmp_path):
    numbers = write(tmp_path / "a.txt", "1,1,9,9,5,5,0.9,0,-1\n1,2,9,9,5,5,0.9,2,-1\n")
    assert people(read(numbers, classes=[2])) == [2]
    with pytest.raises(ParameterError, match=r"numbers without names \(0, 2\)"):
        read(numbers, classes=["person"])
    with pytest.raises(ParameterError, match="requires a class column, which the file does not have"):
        read(write(tmp_path / "b.txt", "1,1,9,9,5,5,0.9\n"), classes=["person"])


def test_classes_of_ground_truth_have_the_names_of_motchallenge(tmp_path):
    text = "1,1,9,9,5,5,1,1,1\n1,2,9,9,5,5,1,7,1\n1,3,9,9,5,5,1,3,1\n"
    assert people(read(write(tmp_path / "gt.txt", text), classes=[1, 7])) == [1, 2]
    assert people(read(write(tmp_path / "gt.txt", text), classes=["static person", "car"])) == [2, 3]


def test_a_class_that_is_left_out_does_not_shift_frames_or_times(tmp_path):
    rows = "1,1,9,90,2,0.9,9,car,0\n1,1,9,90,0,0.9,1,person,1\n"
    assert boxes(read(write(tmp_path / "a.csv", SINK + rows)))[0][0] == 40


def test_people_who_lose_all_their_rows_to_a_choice_are_counted(tmp_path):
    rows = "1,1,9,90,{0},{1},{2},{3},{4}\n"
    text = SINK + "".join(
        rows.format(*row)
        for row in (
            (0, 0.9, 1, "person", 0), (2, 0.9, 1, "car", 1), (2, 0.9, 3, "car", 0), (2, 0.9, 3, "car", 1),
            (2, 0.9, -1, "car", 0), (0, 0.2, 4, "person", 0), (0, 0.2, 1, "person", 2),
        )
    )  # fmt: skip
    dropped = read(write(tmp_path / "a.csv", text), min_confidence=0.5).report.dropped
    assert [(one.rows, one.people) for one in dropped[:2]] == [(4, 1), (2, 1)]


def test_rows_below_the_least_confidence_are_left_out_and_counted(tmp_path):
    tracked = read(write(tmp_path / "a.csv", PEOPLE), min_confidence=0.5)
    assert people(tracked) == [1]
    assert "1 of 4 rows with a confidence below 0.5 are excluded" in tracked.notes
    with pytest.raises(ParameterError, match="requires a confidence, which the file does not have"):
        read(write(tmp_path / "b.csv", TABLE), min_confidence=0.5)
    with pytest.raises(ParameterError, match="min_confidence"):
        read(write(tmp_path / "b.csv", TABLE), min_confidence=-1)


FORMS = {
    "a separator line": "sep=;\n" + TABLE.replace(",", ";"),
    "decimal commas": TABLE.replace(",", ";").replace(".", ","),
    "quoted decimal commas": TABLE.replace(",", ";").replace("11.5", '"11,5"'),
    "bars": TABLE.replace(",", "|"),
    "UTF-16": TABLE.encode("utf-16"),
    "UTF-16, big-endian": b"\xfe\xff" + TABLE.encode("utf-16-be"),
    "UTF-8 with a byte order mark": TABLE.encode("utf-8-sig"),
    "line ends of Windows": TABLE.replace("\n", "\r\n"),
    "blank lines": "\n\n" + TABLE + "\n",
    "boxes in one cell": "frame,id,box_xywh\n0,7,[10 20 50 100]\n1,7,(11.5; 20; 50; 100)\n",
    "quoted boxes in one cell": 'frame,id,box_xyxy\n0,7,"[10, 20, 60, 120]"\n1,7,"11.5,20,61.5,120"\n',
    "centers in one cell": "frame;id;box_cxcywh\n0;7;35.0 70 50 100\n1;7;36.5 70 50 100\n",
    "centers": "frame,id,center_x,center_y,width,height\n0,7,35,70,50,100\n1,7,36.5,70,50,100\n",
    "ids as floats": TABLE.replace(",7,", ",7.0,"),
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_a_table_gives_the_same_boxes(tmp_path, content):
    assert boxes(read(write(tmp_path / "a.csv", content))) == PLACES


def test_a_fault_behind_a_separator_line_is_told_its_line_and_its_cell(tmp_path):
    text = "sep=;\n" + TABLE.replace(",", ";").replace("11.5", "-x")
    with pytest.raises(InputError, match=r"a.csv, line 4: left is '-x'; expected a number"):
        read(write(tmp_path / "a.csv", text))
    text = TABLE.replace("50,100\n1", "-50,100\n1")
    with pytest.raises(InputError, match=r"a.csv, line 2: width is '-50'; expected a size of at least 0"):
        read(write(tmp_path / "a.csv", text))


def test_a_box_cell_without_four_numbers_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"line 2: box_xyxy is '\[1, 2, 3\]'; expected four numbers"):
        read(write(tmp_path / "a.csv", 'frame,id,box_xyxy\n0,7,"[1, 2, 3]"\n'))


def test_boxes_may_be_lists_in_parquet_and_in_memory(tmp_path):
    values = {"frame": [0, 1], "id": [7, 7], "box_xyxy": [[10.0, 20, 60, 120], [11.5, 20, 61.5, 120]]}
    pq.write_table(pa.table(values), tmp_path / "a.parquet")
    assert boxes(read(tmp_path / "a.parquet")) == PLACES
    assert len(detections_from(pd.DataFrame(values), video=SMALL)) == 2


IDS = {
    "texts": (["a", "b"], [1, 2], ["a", "b"]),
    "texts in another order": (["b", "a"], [1, 2], ["b", "a"]),
    "a number among texts": (["7", "a"], [1, 2], ["7", "a"]),
    "64 bits": ([str(2**63 - 1), "5"], [5, 2**63 - 1], None),
    "more than 64 bits": ([str(2**70), "5"], [1, 2], [str(2**70), "5"]),
}


@pytest.mark.parametrize(("ids", "numbers", "kept"), IDS.values(), ids=IDS.keys())
def test_ids_of_any_kind_are_read(tmp_path, ids, numbers, kept):
    rows = [f"{frame},{person},10,20,50,100" for frame, person in enumerate(ids)]
    tracked = read(write(tmp_path / "a.csv", "\n".join(["frame,id,left,top,width,height", *rows])))
    assert people(tracked) == numbers
    assert (tracked.table["source_id"].tolist() if "source_id" in tracked.table else None) == kept


@pytest.mark.parametrize("untracked", ["", "-1", "-1.0", "18446744073709551615", "None", "nan"])
def test_untracked_values_are_left_out_and_counted(tmp_path, untracked):
    for other in ("7", "a"):
        text = TABLE.replace(",7,", f",{other},") + f"1,{untracked},1,1,5,5\n"
        tracked = read(write(tmp_path / "a.csv", text))
        assert len(tracked.table) == 2
        assert tracked.notes[0] == "1 rows without an id (untracked detections) are excluded"


def test_ids_that_floats_have_rounded_are_refused():
    table = pd.DataFrame(
        {"frame": [0, 1], "id": [2.0**60, 1.0], "left": 1, "top": 1, "width": 9, "height": 9}
    )
    with pytest.raises(InputError, match=r"row 0: id is .*floats round whole numbers above 2\^53"):
        detections_from(table, video=SMALL)


CONTRADICTED = {
    "px called fractions": (
        TABLE,
        "fraction",
        (
            "line 3: a side of the box is 11.5, but the unit is 'fraction' of the frame. Remove "
            "unit='fraction' (--unit) if the boxes are in px."
        ),
    ),
    "far left of the frame": (
        "frame,id,left,top,width,height\n0,1,0,0,1,1\n1,1,-10.5,0,1,1\n",
        "fraction",
        "line 3",
    ),
    "fractions called px": (
        "frame,id,left,top,width,height\n0,1,-0.5,0,1,2\n",
        "px",
        (
            ": the sides of all boxes are between -0.5 and 2, so they are fractions of the frame, not px. "
            "Pass unit='fraction' (--unit fraction)."
        ),
    ),
    "boxes called meters": (
        TABLE,
        "m",
        (
            ": unit is 'm', but the file has boxes, which are in px or fractions of the frame. Points need "
            "the columns x and y (--columns)."
        ),
    ),
}


@pytest.mark.parametrize(("text", "unit", "said"), CONTRADICTED.values(), ids=CONTRADICTED.keys())
def test_a_unit_that_the_boxes_contradict_is_refused(tmp_path, text, unit, said):
    with pytest.raises((InputError, ParameterError)) as refused:
        read(write(tmp_path / "a.csv", text), unit=unit)
    assert said in str(refused.value)


FRACTIONS = {
    "within the frame": ("0.5,0,0.5,1", True),
    "a frame beyond the left and two to the right": ("-1,-1,3,2.5", True),
    "more than a frame beyond the left": ("-1.5,0,1,1", False),
    "more than two frames to the right": ("0.5,0,1.75,1", False),
    "whole numbers": ("0,0,1,2", False),
}


@pytest.mark.parametrize(("sides", "is_fraction"), FRACTIONS.values(), ids=FRACTIONS.keys())
def test_sides_near_the_frame_that_are_not_all_whole_are_fractions(tmp_path, sides, is_fraction):
    tracked = read(write(tmp_path / "a.csv", f"frame,id,left,top,width,height\n0,1,{sides}\n"))
    width = float(sides.split(",")[2])
    assert tracked.table["width"].tolist() == [width if is_fraction else width / 100]
    assert any("they are read as fractions of the frame" in note for note in tracked.notes) == is_fraction


@pytest.mark.parametrize("unit", ["m", "cm", "mm"])
def test_boxes_have_no_unit_of_length(tmp_path, unit):
    with pytest.raises(ParameterError, match=f"a.csv: unit is '{unit}', but the file has boxes"):
        read(write(tmp_path / "a.csv", TABLE), unit=unit)


def test_boxes_without_area_are_counted(tmp_path):
    text = "frame,id,left,top,width,height\n0,1,9,9,0,9\n1,1,9,9,9,0\n2,1,9,9,9,9\n"
    assert "2 boxes have no area" in read(write(tmp_path / "a.csv", text)).notes
    text = "frame,id,left,top,right,bottom\n0,1,9,9,9,20\n1,1,9,9,8,20\n"
    with pytest.raises(InputError, match=r"line 3: right is '8'; expected at least the left of the box, 9"):
        read(write(tmp_path / "a.csv", text))


def test_y_axis_is_for_points(tmp_path):
    said = r"y_axis is for points, but the file has boxes, in which y points down. Remove y_axis \(--y-axis\)"
    with pytest.raises(ParameterError, match=said):
        read(write(tmp_path / "a.csv", TABLE), y_axis="up")


def test_recognized_fractions_are_warned_of():
    table = pd.DataFrame({"frame": [0], "id": [1], "left": 0.1, "top": 0.1, "width": 0.2, "height": 0.5})
    with pytest.warns(PtrackWarning, match="they are read as fractions of the frame"):
        assert detections_from(table, video=SMALL)["left"].tolist() == [0.1]


PIXELS = {
    "clipped at 0": ("0,0,50,100", "20,0,50,100", 0, False),
    "clipped at 1": ("1,1,50,100", "20,1,50,100", 1, False),
    "outside the image": ("-3,5,50,100", "1,1,50,100", 0, True),
    "no evidence": ("7,5,50,100", "9,9,50,100", 0, True),
}


@pytest.mark.parametrize(("first", "second", "base", "is_said"), PIXELS.values(), ids=PIXELS.keys())
def test_the_first_pixel_is_proven_by_clipped_boxes_or_given(tmp_path, first, second, base, is_said):
    file = write(tmp_path / "a.txt", f"1,1,{first},0.9,-1,-1,-1\n2,1,{second},0.9,-1,-1,-1\n")
    left = int(first.split(",")[0])
    tracked = read(file)
    assert boxes(tracked)[0][2] == pytest.approx((left - base) / 100)
    assert any("pixels are assumed to be counted from 0" in note for note in tracked.notes) == is_said
    for given in (0, 1):
        assert boxes(read(file, first_pixel=given))[0][2] == pytest.approx((left - given) / 100)


BOXMOT = {
    "first of version 10": ("1 7 10 20 50 100 1 0 -1\n", None, 0),
    "to version 15": ("1,7,10,20,50,100,1,0,0.913000\n", 0.913, 0),
    "version 16": ("1,7,10,20,50,100,1,1,0.913000\n", 0.913, 1),
    "versions 17 to 23": ("1,7,10,20,50,100,0.913000,1,4\n", 0.913, 1),
    "version 25": ("1,7,10.0,20.0,50.0,100.0,0.913,0,-1\n", 0.913, 0),
}


@pytest.mark.parametrize(("text", "confidence", "number"), BOXMOT.values(), ids=BOXMOT.keys())
def test_every_writer_of_boxmot_is_told_apart(tmp_path, text, confidence, number):
    tracked = read(write(tmp_path / "tracks.txt", text))
    assert boxes(tracked) == [(0, 7, 0.1, 0.1, 0.5, 0.5)]
    assert tracked.table["class_id"].tolist() == [number]
    assert (tracked.table["confidence"].tolist() if "confidence" in tracked.table else [None]) == [confidence]


def test_oriented_boxes_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"tracks.txt: 13 values per line are oriented boxes"):
        read(write(tmp_path / "tracks.txt", ",".join("1" * 13)), format="boxmot")


ELEVEN = {
    "deep_sort_pytorch": ("1,7,0,10,20,50,100,-1,-1,-1,-1", [0], None),
    "FairMOT": ("1,7,10,20,50,100,0.5,1,-1,-1,-1", [1], [0.5]),
}


@pytest.mark.parametrize(("row", "classes", "confidence"), ELEVEN.values(), ids=ELEVEN.keys())
def test_eleven_columns_are_told_apart(tmp_path, row, classes, confidence):
    tracked = read(write(tmp_path / "a.txt", row), first_pixel=0)
    assert boxes(tracked) == [(0, 7, 0.1, 0.1, 0.5, 0.5)]
    assert tracked.table["class_id"].tolist() == classes
    assert ("confidence" in tracked.table) == (confidence is not None)


def test_streams_in_one_text_are_cameras(tmp_path):
    file = write(tmp_path / "a.txt", "1 7 10 20 50 100 -1 -1 -1 0\n1 7 30 20 50 100 -1 -1 -1 1\n")
    assert [one.name for one in find_videos(file)] == ["a-0", "a-1"]
    with pytest.raises(InputError, match=r"has 2 values .* each a camera"):
        read(file)


def test_the_one_file_of_a_loop_is_refused_with_its_cause(tmp_path):
    write(tmp_path / "labels" / "image0.txt", "0 .5 .5 .1 .1 7\n0 .6 .5 .1 .1 7\n")
    with pytest.raises(
        InputError, match=r"in a loop writes every frame to this file.*Track the video file itself"
    ):
        read(tmp_path / "labels")


def test_a_table_with_100_000_columns_is_read(tmp_path):
    more = 100_000
    header = TABLE.splitlines()[0] + "".join(f",c{number}" for number in range(more))
    rows = [line + ",1" * more for line in TABLE.splitlines()[1:]]
    assert boxes(read(write(tmp_path / "a.csv", "\n".join([header, *rows])))) == PLACES


def test_rows_beyond_the_memory_are_refused_before_they_are_read(tmp_path):
    rows = TABLE + "".join(f"{frame},7,10,20,50,100\n" for frame in range(2, 5000))
    file = write(tmp_path / "a.csv", rows)
    table = pa.table({name: [1] * 5000 for name in TABLE.splitlines()[0].split(",")})
    pq.write_table(table, tmp_path / "a.parquet")
    for source in (file, tmp_path / "a.parquet"):
        analysis = VideoAnalysis(
            source, AnalysisConfig(video=SMALL, memory="1MB"), form=FormatOptions(format="table")
        )
        with pytest.raises(
            InputError, match=r"500\d rows needs more than 2.\dMB of memory, but 1MB may be used"
        ):
            analysis["tracks"]
