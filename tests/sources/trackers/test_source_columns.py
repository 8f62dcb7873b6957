"""Columns of a tracker's table without a role: kept with their types, or named with the reason."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages import write
from tracker_files import SMALL, read

from ptrack_analysis import compute_trajectories, find_videos, read_tracking, select
from ptrack_analysis.cleaning import fill_gaps
from ptrack_analysis.errors import InputError, PtrackWarning
from ptrack_analysis.sources.trackers.registry import read_tracks
from ptrack_analysis.sources.trackers.tables import detections_from
from ptrack_analysis.sources.trackers.tracked import Given
from ptrack_analysis.video import Video

HEAD = "frame,id,left,top,right,bottom"
ROLES = {"frame": [0, 1, 2], "id": [7, 7, 7], "left": [1.0] * 3, "top": [1.0] * 3, "right": [9.0] * 3}
ROLES["bottom"] = [90.0] * 3
FURTHER = {
    "is_staff": [True, None, False],
    "mood": [3, None, 1],
    "speed_kmh": [4.5, None, 2.0],
    "pose": ["up", None, "down"],
}
DTYPES = {"is_staff": "boolean", "mood": "Int64", "speed_kmh": "float64", "pose": "str"}


def csv_of(columns):
    return pd.DataFrame(columns).astype({"mood": "Int64"}).to_csv(index=False)


def one_column(path, name, values):
    rows = [f"{frame},7,1,1,9,90,{value}" for frame, value in enumerate(values)]
    return write(path / "a.csv", "\n".join([f"{HEAD},{name}", *rows]) + "\n")


def parquet(path):
    pq.write_table(pa.table({**ROLES, **FURTHER}), path / "a.parquet")
    return path / "a.parquet"


SINK = {
    "x_min": "1",
    "y_min": "1",
    "x_max": "9",
    "y_max": "90",
    "class_id": "",
    "confidence": "0.9",
    "tracker_id": "7",
}
BOX = {"x1": 1.0, "y1": 1.0, "x2": 9.0, "y2": 90.0}
RESULT = {"name": "person", "class": 0, "confidence": 0.9, "track_id": 7, "box": BOX}
EXTRA = [{name: values[row] for name, values in FURTHER.items()} for row in range(3)]
TEXTS = [{name: "" if value is None else str(value) for name, value in row.items()} for row in EXTRA]
SINKS = [{**SINK, "frame_number": str(n), **TEXTS[n]} for n in range(3)]
RESULTS = [{**RESULT, **EXTRA[n]} for n in range(3)]
FLAT = [{**{k: v for k, v in RESULT.items() if k != "box"}, **BOX, "frame": n, **EXTRA[n]} for n in range(3)]
FILES = {
    "CSV": lambda path: write(path / "a.csv", csv_of({**ROLES, **FURTHER})),
    "Parquet": parquet,
    "supervision CSV": lambda path: write(path / "a.csv", pd.DataFrame(SINKS).to_csv(index=False)),
    "supervision JSON": lambda path: write(path / "a.json", json.dumps(SINKS)),
    "Ultralytics CSV": lambda path: write(path / "a.csv", csv_of(FLAT)),
    "Ultralytics JSON": lambda path: write(path / "a.json", json.dumps([[row] for row in RESULTS])),
}


def check(table):
    found = table[[*FURTHER]]
    assert found.dtypes.astype(str).to_dict() == DTYPES
    assert [[None if pd.isna(value) else value for value in found[name]] for name in FURTHER] == [
        *FURTHER.values()
    ]


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_columns_without_a_role_keep_their_values_and_types(tmp_path, make):
    tracked = read(make(tmp_path))
    check(tracked.table)
    assert tracked.report.ignored_columns == ()
    trajectories = compute_trajectories(tracked.table, tracked.video)
    check(trajectories)


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table, lambda values: pd.DataFrame(values).astype(object)])
def test_columns_without_a_role_of_a_table_in_memory_are_kept(make):
    table = detections_from(make({**ROLES, **FURTHER}), video=SMALL)
    assert [*table.columns[-4:]] == [*FURTHER]
    assert table["pose"].tolist()[0] == "up"
    assert table["mood"].tolist()[0] == 3


def test_rows_in_filled_gaps_have_none_of_the_values():
    detections = detections_from(pa.table({**ROLES, **FURTHER, "frame": [0, 1, 200]}), video=SMALL)
    filled = fill_gaps(detections, limit="1min", period="40ms")
    assert filled.loc[filled["interpolated"], [*FURTHER]].isna().all(axis=None)
    assert filled[[*FURTHER]].dtypes.astype(str).to_dict() == DTYPES


COLUMNS = {
    "flags": (["true", "False", ""], "boolean", [True, False, None]),
    "whole numbers": (["1", "-2", ""], "Int64", [1, -2, None]),
    "whole numbers with None": (["1", "None", "3"], "Int64", [1, None, 3]),
    "numbers": (["1", "2.5", "nan"], "float64", [1.0, 2.5, None]),
    "leading zeros": (["007", "012", ""], "str", ["007", "012", None]),
    "leading zeros and a point": (["007", "1.5", ""], "str", ["007", "1.5", None]),
    "long numbers": (["12345678901234567890", "1", ""], "str", ["12345678901234567890", "1", None]),
    "flags and numbers": (["true", "1", "2"], "str", ["true", "1", "2"]),
    "texts": (["NA", "a", " b"], "str", ["NA", "a", " b"]),
    "times": (["2024-05-01", "2024-05-02", ""], "str", ["2024-05-01", "2024-05-02", None]),
}


@pytest.mark.parametrize(("values", "dtype", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_the_type_of_a_column_of_a_text_file_follows_from_all_its_values(tmp_path, values, dtype, expected):
    column = read(one_column(tmp_path, "note", values)).table["note"]
    assert str(column.dtype) == dtype
    assert [None if pd.isna(value) else value for value in column] == expected


def test_a_decimal_comma_is_one_in_numbers_only(tmp_path):
    rows = ["frame;id;left;top;right;bottom;speed;pose", "0;7;1,5;1;9;90;2,5;1,5", "1;7;1,5;1;9;90;3;up"]
    table = read(write(tmp_path / "a.csv", "\n".join(rows) + "\n")).table
    assert table["speed"].tolist() == [2.5, 3.0]
    assert table["pose"].tolist() == ["1,5", "up"]


def test_infinite_values_are_missing_and_counted(tmp_path):
    tracked = read(one_column(tmp_path, "ttc", ["1.5", "inf", "-inf"]))
    assert tracked.table["ttc"].isna().tolist() == [False, True, True]
    assert "2 infinite values of the column 'ttc' are read as missing" in tracked.report.oddities


@pytest.mark.parametrize("name", ["zone", "Timestamp", "timestamp_ms", "person", "x_px", "merged_from"])
def test_a_column_with_the_name_of_a_column_of_the_tables_is_renamed(tmp_path, name):
    tracked = read(one_column(tmp_path, name, [1, 2, 3]))
    assert tracked.table[f"source_{name}"].tolist() == [1, 2, 3]
    note = f"the column '{name}' has the name of a column of the tables and becomes 'source_{name}'"
    assert note in tracked.report.oddities


def test_names_that_differ_in_case_only_are_told_apart(tmp_path):
    file = write(tmp_path / "a.csv", f"{HEAD},mood,Mood\n0,7,1,1,9,90,1,2\n")
    assert [*read(file).table.columns[-2:]] == ["mood", "source_Mood"]


def test_a_column_without_values_is_not_read_and_the_report_says_why(tmp_path):
    with pytest.warns(PtrackWarning, match="the column 'note' is not read: it has no values"):
        tracked = read_tracks(one_column(tmp_path, "note", ["", "", ""]), video=SMALL)
    assert tracked.report.ignored_columns == ("note",)
    empty = read(write(tmp_path / "b.csv", f"{HEAD},note\n"))
    assert (len(empty.table), empty.report.ignored_columns) == (0, ())


def test_at_most_50_columns_are_kept_without_a_role():
    for count in (50, 51):
        table = pa.table(ROLES | {f"c{n}": [n] * 3 for n in range(count)})
        if count > 50:
            with pytest.warns(
                PtrackWarning, match="the columns 'c0', .* and 46 more are not read: more than 50"
            ):
                found = detections_from(table, video=SMALL)
        else:
            found = detections_from(table, video=SMALL)
        assert sum(name.startswith("c") and name[1:].isdigit() for name in found.columns) == count % 51


def test_members_that_are_lists_are_named_with_the_reason(tmp_path):
    rows = [[{**RESULT, "keypoints": {"x": [1.0]}, "mood": 1}] for _ in range(2)]
    with pytest.warns(PtrackWarning, match="'keypoints' is not read: its values are lists or objects"):
        tracked = read_tracks(write(tmp_path / "a.json", json.dumps(rows)), video=SMALL)
    assert tracked.table["mood"].tolist() == [1, 1]
    sinks = [{**SINK, "frame_number": n, "embedding": [1, 2]} for n in range(2)]
    with pytest.warns(PtrackWarning, match="'embedding' is not read: its values are lists or objects"):
        read_tracks(write(tmp_path / "b.json", json.dumps(sinks)), video=SMALL)


def test_a_column_that_tells_no_videos_apart_is_kept(tmp_path):
    assert read(one_column(tmp_path, "camera_id", [3, 3, 3])).table["camera_id"].tolist() == [3, 3, 3]


def test_each_video_of_a_table_has_the_types_of_the_whole_table(tmp_path):
    rows = ["0,7,1,1,9,90,a,1", "1,7,1,1,9,90,a,2", "0,7,1,1,9,90,b,1.5", "1,7,1,1,9,90,b,2"]
    file = write(tmp_path / "a.csv", "\n".join([f"{HEAD},clip,speed", *rows]) + "\n")
    columns = {name: name for name in HEAD.split(",")} | {"video": "clip"}
    videos = find_videos(file, columns=columns)
    assert [read_tracking(one, video=SMALL)[0]["speed"].tolist() for one in videos] == [
        [1.0, 2.0],
        [1.5, 2.0],
    ]


def test_the_memory_limit_counts_the_columns():
    class Limit:
        video, row, memory = "a", 300, 500

    given = Given(video=Video(), budget=Limit())
    given.validate_size(1, 3)
    with pytest.raises(InputError, match="1 rows needs more than"):
        given.validate_size(1, 4)


def test_a_row_that_repeats_another_is_chosen_by_its_further_values_too(tmp_path):
    rows = [f"0,7,1,1,9,90,{pose},{flag}" for pose, flag in (("b", "true"), ("a", ""), ("a", "false"))]
    file = write(tmp_path / "a.csv", "\n".join([f"{HEAD},pose,flag", *rows]) + "\n")
    table = read(file, allow_dropped=True).table
    assert (len(table), table["pose"].tolist()) == (1, ["a"])


@pytest.mark.parametrize("name", ["persons", "velocity", "velocity_kmh"])
def test_select_takes_a_table_with_a_further_column_of_any_name(name):
    detections = detections_from(pa.table({**ROLES, name: [1, 2, 3]}), video=SMALL)
    assert select(detections, end="50ms")[name].tolist() == [1, 2]


ARROW = {
    "unsigned": (pa.array([1, 2, None], pa.uint64()), "Int64", [1, 2, None]),
    "beyond int64": (pa.array([2**64 - 1, 2, None], pa.uint64()), "str", [str(2**64 - 1), "2", None]),
    "half floats": (pa.array([1.5, 2.0, None]).cast(pa.float16()), "float64", [1.5, 2.0, None]),
    "decimals": (pa.array([1.5, 2.0, None]).cast(pa.decimal128(9, 2)), "float64", [1.5, 2.0, None]),
    "categories": (pa.array(["a", "b", None]).dictionary_encode(), "str", ["a", "b", None]),
    "large texts": (pa.array(["a", "1", None], pa.large_string()), "str", ["a", "1", None]),
    "texts of digits": (pa.array(["1", "2", None]), "str", ["1", "2", None]),
}


@pytest.mark.parametrize(("column", "dtype", "expected"), ARROW.values(), ids=ARROW)
def test_a_column_of_a_typed_table_keeps_its_type(tmp_path, column, dtype, expected):
    table = pa.table({**ROLES, "note": column})
    pq.write_table(table, tmp_path / "a.parquet")
    for found in (detections_from(table, video=SMALL), read(tmp_path / "a.parquet").table):
        assert str(found["note"].dtype) == dtype
        assert [None if pd.isna(value) else value for value in found["note"]] == expected


NOT_PLAIN = {
    "dates": (pd.to_datetime(["2024-05-01"] * 3), "its type is timestamp"),
    "durations": (pd.to_timedelta([1, 2, 3], unit="s"), "its type is duration"),
    "lists": ([[1], [2], [3]], "its type is list"),
    "several types": ([1, "a", 2.5], "its values are of several types"),
    "nothing": ([None] * 3, "it has no values"),
    "not numbers": ([float("nan")] * 3, "it has no values"),
}


@pytest.mark.parametrize(("values", "reason"), NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_a_column_of_another_type_is_named_with_the_reason(values, reason):
    with pytest.warns(PtrackWarning, match=f"the column 'note' is not read: {reason}"):
        found = detections_from(pd.DataFrame({**ROLES, "note": values}), video=SMALL)
    assert "note" not in found.columns


@pytest.mark.parametrize(
    "make", [lambda table: table, lambda table: table.to_pandas()], ids=["Arrow", "pandas"]
)
def test_two_columns_of_one_name_are_not_read(make):
    table = pa.table([*ROLES.values(), [1, 2, 3], [4, 5, 6]], names=[*ROLES, "mood", "mood"])
    with pytest.warns(PtrackWarning, match="'mood' is not read: another column has the same name"):
        found = detections_from(make(table), video=SMALL)
    assert "mood" not in found.columns


def test_columns_of_pandas_may_have_numbers_as_names():
    assert detections_from(pd.DataFrame({**ROLES, 7: [1, 2, 3]}), video=SMALL)["7"].tolist() == [1, 2, 3]


LATE = {
    "a number": ("2.5", "float64"),
    "a text": ("a", "str"),
    "a whole number": ("4", "Int64"),
    "a missing value": ("None", "Int64"),
}


@pytest.mark.parametrize(("last", "dtype"), LATE.values(), ids=LATE)
def test_the_last_of_many_values_decides_too(tmp_path, last, dtype):
    column = read(one_column(tmp_path, "note", [*["1"] * 2000, last])).table["note"]
    assert (len(column), str(column.dtype)) == (2001, dtype)


def test_values_that_begin_late_have_their_type(tmp_path):
    column = read(one_column(tmp_path, "note", [*[""] * 2000, "true"])).table["note"]
    assert (str(column.dtype), column.sum()) == ("boolean", 1)
