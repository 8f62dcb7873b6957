"""Tables and lists of supervision's sinks."""

import json

import pytest
from pages import write
from pandas.testing import assert_frame_equal
from tracker_files import boxes, read

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.video import Video

HEADER = "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,"
ROWS = ["0.0,0.0,50.0,100.0,0,0.9,7,person,1", "25.0,100.0,75.0,200.0,0,0.8,7,person,3"]
PLACES = [(0, 7, 0.0, 0.0, 0.5, 0.5), (80, 7, 0.25, 0.5, 0.5, 0.5)]


def sheet(*rows, frame="frame_number"):
    return "\n".join([HEADER + frame, *rows]) + "\n"


def as_json(text):
    header, *rows = (line.split(",") for line in text.split())
    return [
        {
            name: value if name == "class_name" else json.loads(value or '""')
            for name, value in zip(header, row, strict=True)
        }
        for row in rows
    ]


def test_corners_in_px_become_fractions(tmp_path):
    file = write(tmp_path / "a.csv", sheet(*ROWS))
    assert recognize(file).name == "supervision-csv"
    tracked = read(file)
    assert boxes(tracked) == PLACES
    assert tracked.table["class_id"].tolist() == [0, 0]
    assert tracked.table["class_name"].tolist() == ["person", "person"]
    assert tracked.table["confidence"].tolist() == [0.9, 0.8]


@pytest.mark.parametrize("lines", [False, True], ids=["list", "JSON Lines"])
def test_the_json_sink_gives_the_same_table(tmp_path, lines):
    rows = as_json(sheet(*ROWS))
    content = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, indent=4)
    file = write(tmp_path / "a.json", content)
    assert recognize(file).name == "supervision-json"
    expected = read(write(tmp_path / "a.csv", sheet(*ROWS)))
    assert_frame_equal(read(file).table, expected.table)
    assert read(file).notes == expected.notes


@pytest.mark.parametrize(
    ("name", "first", "times"),
    [
        ("frame_number", 1, [0, 80]),
        ("frame_number", 0, [0, 120]),
        ("frame_index", 1, [40, 120]),
        ("frame_index", 0, [0, 120]),
    ],
)
def test_an_index_is_counted_from_0_and_a_number_from_where_it_begins(tmp_path, name, first, times):
    rows = [ROWS[0][:-1] + str(first), ROWS[1]]
    tracked = read(write(tmp_path / "a.csv", sheet(*rows, frame=name)))
    assert [row[0] for row in boxes(tracked)] == times
    assert bool(tracked.notes) == (name == "frame_number")


def test_the_column_of_the_frame_can_be_named_and_its_base_chosen(tmp_path):
    file = write(tmp_path / "a.csv", sheet(*ROWS, frame="bild"))
    with pytest.raises(InputError, match=r"no column has the frame .*--columns frame="):
        read(file)
    assert boxes(read(file, columns={"frame": "bild"})) == PLACES
    assert boxes(read(file, columns={"frame": "bild"}, first_frame=1)) == PLACES
    assert [row[0] for row in boxes(read(file, columns={"time_s": "bild"}))] == [1000, 3000]


def test_names_of_other_roles_are_refused(tmp_path):
    file = write(tmp_path / "a.csv", sheet(*ROWS))
    with pytest.raises(
        ParameterError,
        match="names 'id', but this format takes only frame, time, timestamp_ms, time_ms, time_s",
    ):
        read(file, format="supervision-csv", columns={"id": "tracker_id"})


def test_rows_without_an_id_are_left_out_and_counted(tmp_path):
    rows = [*ROWS, "0,0,5,5,0,0.5,,person,4", "0,0,5,5,0,0.5,-1,person,4"]
    for name, content in (("a.csv", sheet(*rows)), ("a.json", as_json(sheet(*rows)))):
        tracked = read(write(tmp_path / name, content))
        assert boxes(tracked) == PLACES
        assert "2 rows without an id (untracked detections) are excluded" in tracked.notes


def test_a_sink_without_a_tracker_is_detections_and_no_tracks(tmp_path):
    rows = [row.replace(",7,", ",,") for row in ROWS]
    for name, content in (("a.csv", sheet(*rows)), ("a.json", as_json(sheet(*rows)))):
        with pytest.raises(InputError, match="detections, not tracks"):
            read(write(tmp_path / name, content))


def test_classes_that_are_no_persons_are_left_out_and_counted(tmp_path):
    rows = [*ROWS, "0,0,5,5,2,0.5,8,car,4", "0,0,5,5,56,0.5,9,chair,4"]
    tracked = read(write(tmp_path / "a.csv", sheet(*rows)))
    assert boxes(tracked) == PLACES
    assert tracked.notes[0] == "2 of 4 rows of other classes are excluded (1 car, 1 chair)"


def test_where_no_class_is_a_person_all_are_kept_and_noted(tmp_path):
    tracked = read(write(tmp_path / "a.csv", sheet(*ROWS).replace("person", "customer")))
    assert boxes(tracked) == PLACES
    assert tracked.notes[0] == (
        "no class has the name of a person: rows of all classes are kept (2 customer), unless classes "
        "(--classes) are given"
    )


def test_a_header_alone_is_an_empty_table(tmp_path):
    assert read(write(tmp_path / "a.csv", sheet())).table.empty


FAULTS = {
    "corners turned": (
        ROWS[0].replace("50.0", "-1"),
        "x_max is '-1'; expected at least the x_min of the box, 0",
    ),
    "no number": (ROWS[0].replace("0.0,0.0", "0.0,top"), "y_min is 'top'; expected a number"),
    "fraction of an id": (ROWS[0].replace(",7,", ",7.5,"), "tracker_id is '7.5'; expected a whole number"),
    "missing frame": (ROWS[0][:-1], "frame_number is ''; expected a whole number"),
}


@pytest.mark.parametrize(("row", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_bad_value_of_a_sink_is_refused_with_line_or_item(tmp_path, row, said):
    file = write(tmp_path / "a.csv", sheet(ROWS[1], row))
    with pytest.raises(InputError) as refused:
        read(file)
    assert str(refused.value).startswith(f"{file}, line 3: {said}")


def test_a_quoted_cell_may_hold_commas_and_line_ends(tmp_path):
    text = sheet(ROWS[0] + ',"[1, 2\n3]"', ROWS[1] + ",x", frame="frame_number,extra")
    assert boxes(read(write(tmp_path / "a.csv", text))) == PLACES
    broken = text + ROWS[1].replace("25.0", "left") + ",x\n"
    with pytest.raises(InputError, match="line 5: x_min is 'left'"):
        read(write(tmp_path / "b.csv", broken))


BROKEN_CSV = {
    "a line too short": (sheet(ROWS[0], "1,2,3"), "line 3: has 3 values; the first line has 9"),
    "a column twice": (sheet(*ROWS, frame="x_min"), "line 1: two columns have the name 'x_min'"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN_CSV.values(), ids=BROKEN_CSV.keys())
def test_a_broken_sheet_is_refused_with_its_place(tmp_path, content, said):
    with pytest.raises(InputError, match=said):
        read(write(tmp_path / "a.csv", content), format="supervision-csv")


JSON_ROWS = as_json(sheet(*ROWS))
BROKEN_JSON = {
    "no JSON": ("[{x", "not JSON at byte 2"),
    "cut": (json.dumps(JSON_ROWS)[:50], "JSON ends early"),
    "NaN": (json.dumps([JSON_ROWS[0] | {"x_min": float("nan")}]), "not JSON at byte"),
    "an object": ({"x_min": 1}, "the JSON is an object; expected a list"),
    "a list of numbers": ([1, 2], "item 1: is 1; expected one object per box"),
    "a truth value": ([JSON_ROWS[0] | {"x_min": True}], "item 1: x_min is 'True'; expected a number"),
    "a list as a value": ([JSON_ROWS[0] | {"x_min": [1]}], r"item 1: x_min is '\[1\]'; expected a number"),
    "a huge number": ([JSON_ROWS[0] | {"x_min": 10**400}], "item 1: x_min is '1000"),
    "a missing member": ([JSON_ROWS[0], {"tracker_id": 1}], "item 2: frame_number is"),
    "nested deeply": ("[" * 100_000 + "]" * 100_000, "nested deeper"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN_JSON.values(), ids=BROKEN_JSON.keys())
def test_broken_json_is_refused_with_its_place(tmp_path, content, said):
    with pytest.raises(InputError, match=said) as refused:
        read(write(tmp_path / "a.json", content), format="supervision-json")
    assert str(tmp_path / "a.json") in str(refused.value)


@pytest.mark.parametrize("name", ["csvsink-excerpt.csv", "jsonsink-excerpt.csv"])
def test_the_published_excerpts_load_with_their_counts(real_data, name):
    file = real_data / "supervision" / name
    assert recognize(file).name == "supervision-csv"
    tracked = read(file, video=Video(width=1920, height=1080, frame_rate=25.0))
    assert len(tracked.table) == 10
    assert {row[0] for row in boxes(tracked)} == {0, 13600}
    top = tracked.table["top"] + tracked.table["height"]
    assert top.max() == 1.0
