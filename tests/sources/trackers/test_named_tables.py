"""Tables whose columns the caller names, in files and in memory."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages import write
from pandas.testing import assert_frame_equal
from tracker_files import SMALL, boxes, read

from ptrack_analysis.errors import InputError, ParameterError, PtrackWarning
from ptrack_analysis.schema import DETECTIONS, validate
from ptrack_analysis.sources.trackers.registry import recognize
from ptrack_analysis.sources.trackers.roles import list_columns, propose_columns
from ptrack_analysis.sources.trackers.tables import detections_from
from ptrack_analysis.video import Video

COLUMNS = {"frame": "n", "id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
VALUES = {"n": [0, 2], "track_id": [7, 7], "x1": [0, 25], "y1": [0, 100], "x2": [50, 75], "y2": [100, 200]}
PLACES = [(0, 7, 0.0, 0.0, 0.5, 0.5), (80, 7, 0.25, 0.5, 0.5, 0.5)]
TABLE = pd.DataFrame(VALUES)


def test_named_columns_of_a_csv_are_taken(tmp_path):
    file = write(tmp_path / "a.csv", TABLE.to_csv(index=False))
    assert boxes(read(file, columns=COLUMNS)) == PLACES


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_seen(tmp_path, delimiter):
    file = write(tmp_path / "a.csv", TABLE.to_csv(index=False, sep=delimiter))
    assert boxes(read(file, columns=COLUMNS)) == PLACES


def test_named_columns_of_a_parquet_file_are_taken(tmp_path):
    TABLE.to_parquet(tmp_path / "a.parquet")
    assert boxes(read(tmp_path / "a.parquet", columns=COLUMNS)) == PLACES


FORMS = {
    "sizes": ({"left": [0, 25], "top": [0, 100], "width": [50, 50], "height": [100, 100]}),
    "center": ({"center_x": [25, 50], "center_y": [50, 150], "width": [50, 50], "height": [100, 100]}),
    "mixed": ({"left": [0, 25], "right": [50, 75], "center_y": [50, 150], "height": [100, 100]}),
    "corners and centers": (
        {
            "left": [0, 25],
            "right": [50, 75],
            "center_x": [9, 9],
            "top": [0, 100],
            "height": [100, 100],
            "center_y": [9, 9],
        }
    ),
    "a box in one cell as well": (
        {"left": [0, 25], "top": [0, 100], "width": [50, 50], "height": [100, 100], "box_xyxy": ["a", "b"]}
    ),
    "a point as well": (
        {"left": [0, 25], "top": [0, 100], "width": [50, 50], "height": [100, 100], "x": [1, 1], "y": [2, 2]}
    ),
    "a coordinate of a point as well": (
        {"left": [0, 25], "top": [0, 100], "width": [50, 50], "height": [100, 100], "y": [2, 2]}
    ),
    "corners and sizes": (
        {"left": [0, 25], "right": [50, 75], "width": [9, 9], "top": [0, 100], "bottom": [100, 200]}
    ),
}


@pytest.mark.parametrize("sides", FORMS.values(), ids=FORMS.keys())
def test_columns_that_bear_their_roles_names_need_no_mapping(tmp_path, sides):
    table = pd.DataFrame({"frame": [0, 2], "id": [7, 7], **sides})
    file = write(tmp_path / "a.csv", table.to_csv(index=False))
    assert recognize(file).name == "table"
    assert boxes(read(file)) == PLACES
    assert len(read(file).table) == 2


def test_of_several_times_the_frame_is_taken(tmp_path):
    table = pd.DataFrame({"time_ms": [7, 8], "time": [1, 2], "frame": [0, 2], "id": [7, 7], **FORMS["sizes"]})
    assert boxes(read(write(tmp_path / "a.csv", table.to_csv(index=False)))) == PLACES
    table = table.drop(columns=["frame", "time"]).assign(time_s=[3, 4])
    assert [row[0] for row in boxes(read(write(tmp_path / "a.csv", table.to_csv(index=False))))] == [7, 8]


ROLES_OF_NAMES = {
    "corners of YOLO": (
        ["Frame", "Track ID", "xmin", "ymin", "xmax", "ymax", "Score", "Class"],
        "frame=Frame,id=Track ID,left=xmin,top=ymin,right=xmax,bottom=ymax,confidence=Score,class=Class",
    ),
    "corners and a center": (
        ["frame", "id", "x1", "cx", "x2", "y1", "cy", "h"],
        "frame=frame,id=id,left=x1,top=y1,right=x2,height=h",
    ),
    "a point": (["ts", "pid", "pos_x", "pos_y", "cam"], "camera=cam,time=ts,id=pid,x=pos_x,y=pos_y"),
    "half a point": (["t", "pid", "pos_x"], "time=t,id=pid"),
    "several times": (["t", "frame_id", "ms", "id"], "frame=frame_id,id=id"),
    "a name twice": (["ID", "id", "seconds"], "time_s=seconds,id=ID"),
    "nothing known": (["a", "b"], ""),
}


@pytest.mark.parametrize(("names", "roles"), ROLES_OF_NAMES.values(), ids=ROLES_OF_NAMES.keys())
def test_roles_are_proposed_by_the_usual_names_of_columns(names, roles):
    proposed = propose_columns(names)
    assert sorted(f"{role}={name}" for role, name in proposed.items()) == sorted(
        roles.split(",") if roles else []
    )


def test_a_long_list_of_columns_is_cut_after_twenty():
    names = [f"c{number}" for number in range(22)]
    assert list_columns(names[:20]).endswith("'c18', 'c19'")
    assert list_columns(names).endswith("'c18', 'c19' and 2 more")
    assert list_columns([]) == "nothing"


@pytest.mark.parametrize(
    ("role", "times", "expected"),
    [
        ("timestamp_ms", [0, 80.9], [0, 80]),
        ("time_s", [0.029, 1.001], [29, 1001]),
        ("time_s", [0, 0.0809], [0, 80]),
    ],
)
def test_a_time_may_stand_for_the_frame_and_is_cut_to_whole_ms(tmp_path, role, times, expected):
    table = TABLE.assign(t=times).drop(columns="n")
    columns = {role: "t", **{name: column for name, column in COLUMNS.items() if name != "frame"}}
    file = write(tmp_path / "a.csv", table.to_csv(index=False))
    tracked = read(file, columns=columns, video=Video(width=100, height=200))
    assert [row[0] for row in boxes(tracked)] == expected


def test_fractions_need_no_frame_size():
    table = TABLE.assign(x1=[0, 0.25], x2=[0.5, 0.75], y1=[0, 0.5], y2=[0.5, 1])
    found = detections_from(table, columns=COLUMNS, video=Video(frame_rate=25.0), unit="fraction")
    assert_frame_equal(found, detections_from(TABLE, columns=COLUMNS, video=SMALL))


SOURCES = {
    "pandas": lambda: TABLE,
    "pandas of texts": lambda: TABLE.astype("str"),
    "pandas of objects": lambda: TABLE.astype(object),
    "pandas with an index": lambda: TABLE.set_index(["n", "track_id"]),
    "pandas of nullable integers": TABLE.convert_dtypes,
    "pandas of categories": lambda: TABLE.astype({"track_id": "category"}),
    "pyarrow": lambda: pa.table(VALUES),
    "pyarrow of decimals": lambda: pa.table(VALUES).cast(
        pa.schema([(name, pa.decimal128(21, 2)) for name in VALUES])
    ),
    "pyarrow of unsigned": lambda: pa.table(VALUES).cast(pa.schema([(name, pa.uint64()) for name in VALUES])),
    "polars": lambda: pl.DataFrame(VALUES),
    "polars of float32": lambda: pl.DataFrame(VALUES).cast(pl.Float32),
    "DuckDB": lambda: duckdb.from_arrow(pa.table(VALUES)),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES.keys())
def test_every_table_in_memory_gives_the_same_detections(make):
    found = detections_from(make(), columns=COLUMNS, video=SMALL)
    validate(found, DETECTIONS)
    assert_frame_equal(found, detections_from(pa.table(VALUES), columns=COLUMNS, video=SMALL))
    assert found["left"].tolist() == [0.0, 0.25]


MOST_IGNORED = "the column 'more' is not read: its type is list<"


def test_a_column_of_lists_is_named_in_a_warning_and_in_the_report(tmp_path):
    table = pa.table({**VALUES, "more": [[1], [2]], "speed": [0.5, 0.6]})
    with pytest.warns(PtrackWarning, match=f"^the table: {MOST_IGNORED}"):
        found = detections_from(table, columns=COLUMNS, video=SMALL)
    assert found["speed"].tolist() == [0.5, 0.6]
    pq.write_table(table, tmp_path / "a.parquet")
    report = read(tmp_path / "a.parquet", columns=COLUMNS).report
    assert report.ignored_columns == ("more",)
    assert report.notes[0].startswith(MOST_IGNORED)
    assert report.table.query("kind == 'ignored'")["text"].tolist() == [report.notes[0]]


def test_the_callers_table_is_left_as_it_was():
    before = TABLE.copy()
    detections_from(TABLE, columns=COLUMNS, video=SMALL)
    assert_frame_equal(TABLE, before)


def test_a_duration_is_a_time():
    table = TABLE.assign(n=pd.to_timedelta([0, 80], unit="ms"))
    found = detections_from(
        table, columns={"timestamp_ms": "n"} | {k: v for k, v in COLUMNS.items() if k != "frame"}, video=SMALL
    )
    assert found.index.get_level_values(0).tolist() == [pd.Timedelta(0), pd.Timedelta("80ms")]


@pytest.mark.parametrize("role", ["time_s", "frame"])
def test_a_duration_where_a_number_is_asked_for_is_refused(role):
    table = TABLE.assign(n=pd.to_timedelta([0, 80], unit="ms"))
    columns = {role: "n"} | {k: v for k, v in COLUMNS.items() if k != "frame"}
    for one in (table, pa.table(table)):
        with pytest.raises(InputError, match=f"'n', given for {role}, has durations. Use the role time_ms"):
            detections_from(one, columns=columns, video=SMALL)


def test_classes_known_by_number_only_are_noted(tmp_path):
    file = write(tmp_path / "t.csv", "frame,id,left,top,right,bottom,class\n0,1,1,1,2,2,0\n0,2,3,3,4,4,2\n")
    tracked = read(file)
    assert len(tracked.table) == 2
    assert any("the classes are numbers without names (0, 2)" in note for note in tracked.notes)


def test_no_rows_are_an_empty_table():
    found = detections_from(TABLE[:0], columns=COLUMNS, video=SMALL)
    validate(found, DETECTIONS)
    assert found.empty


def test_missing_ids_are_left_out_whatever_is_missing_means():
    for ids in ([7, None], [7.0, np.nan], pd.array([7, pd.NA], dtype="Int64"), ["7", ""], [7, -1]):
        with pytest.warns(PtrackWarning, match="1 rows without an id"):
            found = detections_from(TABLE.assign(track_id=ids), columns=COLUMNS, video=SMALL)
        assert found.index.get_level_values(1).tolist() == [7]


VALUE_FAULTS = {
    "bools": ({"x1": [False, True]}, "row 0: x1 is 'false'; expected a number"),
    "nan": ({"x1": [0, np.nan]}, "row 1: x1 is None; expected a number"),
    "infinity": ({"x1": [0, np.inf]}, "row 1: x1 is inf; expected a number"),
    "absurd": ({"x1": [0, 1e300]}, r"row 1: x1 is 1e\+300; expected a number"),
    "lists": ({"n": [[1], [2]]}, r"row 0: n is '\[1\]'"),
    "negative time": ({"n": [0, -1]}, "row 1: n is -1.0; expected a whole number from 0"),
    "no ids": ({"track_id": [None, None]}, "detections, not tracks"),
}


@pytest.mark.parametrize(("changed", "said"), VALUE_FAULTS.values(), ids=VALUE_FAULTS.keys())
def test_a_bad_value_in_memory_is_refused_with_its_row(changed, said):
    with pytest.raises(InputError, match=said):
        detections_from(TABLE.assign(**changed), columns=COLUMNS, video=SMALL)


ARGUMENT_FAULTS = {
    "unknown role": ({**COLUMNS, "u": "x1"}, "columns names the role 'u'; the roles are 'frame'"),
    "missing column": (
        {**COLUMNS, "left": "x9"},
        "column 'x9', given for left, is missing; the columns are 'n'",
    ),
    "no id": ({k: v for k, v in COLUMNS.items() if k != "id"}, "names no 'id'"),
    "no time": ({k: v for k, v in COLUMNS.items() if k != "frame"}, "names nothing for the time"),
    "two times": ({**COLUMNS, "time_s": "n"}, "names 'frame', 'time_s' for the time"),
    "no side": (
        {k: v for k, v in COLUMNS.items() if k != "left"},
        "names no left and right or left and width",
    ),
    "a point and a box": (
        {**COLUMNS, "x": "x1", "y": "y1"},
        "'left', .*as well as 'x', 'y'. Name one box, or one p",
    ),
    "half a point": (
        {"frame": "n", "id": "track_id", "x": "x1"},
        "^the table: columns names no 'y'; points need x and y",
    ),
    "two boxes in one cell": (
        {"frame": "n", "id": "track_id", "box_xyxy": "x1", "box_xywh": "x2"},
        "names 'box_xywh' as well as 'box_xyxy'",
    ),
    "no height": (
        {k: v for k, v in COLUMNS.items() if k != "bottom"},
        "names no top and bottom or top and height or center_y and height$",
    ),
    "a side too many": ({**COLUMNS, "width": "x1"}, "'width' as well as .* Name one box"),
}


@pytest.mark.parametrize(("columns", "said"), ARGUMENT_FAULTS.values(), ids=ARGUMENT_FAULTS.keys())
def test_roles_that_do_not_make_a_box_are_refused(columns, said):
    with pytest.raises(ParameterError, match=said):
        detections_from(TABLE, columns=columns, video=SMALL)


def test_what_is_no_table_is_refused():
    with pytest.raises(ParameterError, match=r"the table must be a pandas\.DataFrame .*, got list"):
        detections_from([1, 2], columns=COLUMNS, video=SMALL)
    with pytest.raises(ParameterError, match="the frame size is not known"):
        detections_from(TABLE, columns=COLUMNS, video=Video(frame_rate=25.0))


def test_a_column_that_is_there_twice_is_refused():
    table = pd.concat([TABLE, TABLE[["x1"]]], axis=1)
    with pytest.raises(InputError, match="two columns have the name 'x1'"):
        detections_from(table, columns=COLUMNS, video=SMALL)


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1"], ids=["start", "rubbish"])
def test_a_broken_parquet_file_is_refused(tmp_path, content):
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read(write(tmp_path / "a.parquet", content), columns=COLUMNS)


def test_a_parquet_file_of_too_many_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("ptrack_analysis.sources.trackers.tables.MAX_ROWS", 1)
    pq.write_table(pa.table(VALUES), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="2 rows; at most 1 are read"):
        read(tmp_path / "a.parquet", columns=COLUMNS)
