"""Columns of a tracker's table without a role in a dataset: typed, described, joined, withheld."""

import json

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq
import pytest
from pages import write
from stored import assert_sound, list_files, read_stored, values

from ptrack_analysis import export_dataset, open_dataset, open_video, read_tracking
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.errors import InputError
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
HEAD = "frame,id,left,top,right,bottom"
TYPES = {"mood": "int64", "speed_kmh": "double", "is_staff": "bool", "pose": "string"}
SINK = {"x_min": "1", "y_min": "1", "x_max": "9", "y_max": "90", "confidence": "0.9", "tracker_id": "7"}
VALUES = {
    "mood": [3, None, 1],
    "speed_kmh": [4.5, None, 2.0],
    "is_staff": [True, None, False],
    "pose": ["up", None, "down"],
}


def boxes(path, **columns):
    """Write a table of one person over three frames with these columns without a role."""
    rows = [
        ",".join(
            [f"{frame},1,100,200,150,320", *(str(v[frame]).replace("None", "") for v in columns.values())]
        )
        for frame in range(3)
    ]
    return write(path, "\n".join([",".join([HEAD, *columns]), *rows]) + "\n")


def read_values(table):
    return {name: [None if pd.isna(value) else value for value in table[name]] for name in VALUES}


def both(tmp_path, **settings):
    """Export the folder ``in``, and give the dataset as it is and compacted."""
    out = tmp_path / "out"
    done = export_dataset(tmp_path / "in", out, video=VIDEO, **settings)
    assert {video.status for video in done.videos} == {"written"}
    assert_sound(out)
    yield out
    compact_dataset(out)
    assert_sound(out)
    yield out


def test_the_columns_are_written_with_their_types_and_read_back_as_they_were(tmp_path):
    source = boxes(tmp_path / "in/a.csv", **VALUES)
    detections, _ = read_tracking(source, video=VIDEO)
    for folder in both(tmp_path):
        found = open_dataset(folder).read("detections")
        assert read_values(found) == VALUES
        assert found.dtypes[[*VALUES]].equals(detections.dtypes[[*VALUES]])
        (file,) = list_files(folder, "detections")
        schema = pq.read_schema(file)
        assert {name: str(schema.field(name).type) for name in VALUES} == TYPES
        text = (folder / "dictionary.md").read_text()
        assert all(f"`{name}` | {kind} |" in text for name, kind in TYPES.items())
        assert "Column of the source." in text
        answer = open_dataset(folder).sql("SELECT mood, pose FROM detections WHERE is_staff")
        assert answer.to_dict("records") == [{"mood": 3, "pose": "up"}]
        assert "`is_staff` boolean" in (folder / "views/athena.sql").read_text()
        for table in ("trajectories", "tracks"):
            assert not {*VALUES} & {*open_dataset(folder).columns(table)}


def test_points_have_the_columns_in_their_trajectories(tmp_path):
    rows = [f"{frame},1,{frame / 10},2.5,{frame}" for frame in range(3)]
    write(tmp_path / "in/a.csv", "\n".join(["frame,id,x_m,y_m,mood", *rows]) + "\n")
    columns = {"frame": "frame", "id": "id", "x": "x_m", "y": "y_m"}
    for folder in both(tmp_path, columns=columns):
        assert open_dataset(folder).read("trajectories")["mood"].tolist() == [0, 1, 2]


def test_cleaning_keeps_the_columns_and_leaves_them_empty_in_filled_gaps(tmp_path):
    rows = [f"{frame},1,100,200,150,320,{frame},true" for frame in (0, 1, 2, 100, 101)]
    write(tmp_path / "in/a.csv", "\n".join([f"{HEAD},mood,is_staff", *rows]) + "\n")
    for folder in both(tmp_path, fill_gaps="10s", stitch=True, smooth="1s"):
        found = open_dataset(folder).read("detections")
        assert found["mood"].dropna().tolist() == [0, 1, 2, 100, 101]
        assert found.loc[found["interpolated"], ["mood", "is_staff"]].isna().all(axis=None)


def test_videos_with_different_columns_share_a_dataset(tmp_path):
    boxes(tmp_path / "in/a.csv", **VALUES)
    boxes(tmp_path / "in/b.csv", pose=["left"] * 3, floor=["007"] * 3)
    boxes(tmp_path / "in/c.csv")
    for folder in both(tmp_path):
        found = open_dataset(folder).read("detections")
        assert found["mood"].dropna().tolist() == [3, 1]
        assert found["mood"].dtype == "Int64"
        assert found["floor"].dropna().tolist() == ["007"] * 3
        assert sorted(found["pose"].dropna()) == ["down", "left", "left", "left", "up"]
        assert found["is_staff"].isna().sum() == 7
        (count,) = open_dataset(folder).sql("SELECT count(floor) AS n FROM detections")["n"]
        assert count == 3


JOINED = {
    "whole numbers and others": ([1, 2, 3], [1.5, 2, 3], "double", [1, 2, 3, 1.5, 2, 3]),
    "others and whole numbers": ([1.5, 2, 3], [1, 2, 3], "double", [1.5, 2, 3, 1, 2, 3]),
    "numbers and text": ([1, 2, 3], ["a", "b", "b"], "string", ["1", "2", "3", "a", "b", "b"]),
    "text and numbers": (["a", "b", "b"], [1, 2, 3], "string", ["a", "b", "b", "1", "2", "3"]),
    "truth values and numbers": (
        ["true", "false", "true"],
        [1.5, 2.5, 3.5],
        "string",
        ["true", "false", "true", "1.5", "2.5", "3.5"],
    ),
    "one without": ([1, 2, 3], None, "int64", [1, 2, 3, None, None, None]),
}


@pytest.mark.parametrize("in_one_run", [True, False], ids=["one run", "two runs"])
@pytest.mark.parametrize(("first", "second", "kind", "expected"), JOINED.values(), ids=JOINED)
def test_types_of_two_sources_are_joined_in_every_file(tmp_path, first, second, kind, expected, in_one_run):
    out = tmp_path / "out"
    for name, column in (("a", first), ("b", second)):
        boxes(tmp_path / f"in/{name}.csv", **({} if column is None else {"mood": column}))
        if not in_one_run:
            export_dataset(tmp_path / "in", out, video=VIDEO)
    export_dataset(tmp_path / "in", out, video=VIDEO)
    assert len(list_files(out, "detections")) == (1 if in_one_run else 2)
    for file in list_files(out, "detections"):
        assert str(pq.read_schema(file).field("mood").type) == kind
    assert_sound(out)
    for is_compacted in (False, True):
        if is_compacted:
            compact_dataset(out)
        found = values(out, "detections", "mood", video="a") + values(out, "detections", "mood", video="b")
        assert found == expected
        assert f"`mood` | {kind} |" in (out / "dictionary.md").read_text()
    assert [video.status for video in export_dataset(tmp_path / "in", out, video=VIDEO).videos] == [
        "unchanged",
        "unchanged",
    ]


def test_default_readers_see_a_column_that_only_a_later_video_has(tmp_path):
    out = tmp_path / "out"
    boxes(tmp_path / "in/a.csv")
    export_dataset(tmp_path / "in", out, video=VIDEO)
    before = {file: file.read_bytes() for file in list_files(out, "visits") + list_files(out, "tracks")}
    boxes(tmp_path / "in/b.csv", mood=[7, 8, 9])
    export_dataset(tmp_path / "in", out, video=VIDEO)
    folder = out / "detections"
    assert pa_dataset.dataset(folder).to_table()["mood"].drop_null().to_pylist() == [7, 8, 9]
    assert pd.read_parquet(folder)["mood"].dropna().tolist() == [7, 8, 9]
    assert pl.read_parquet(f"{folder}/*.parquet")["mood"].drop_nulls().to_list() == [7, 8, 9]
    (answer,) = duckdb.read_parquet(f"{folder}/*.parquet").aggregate("sum(mood)").fetchall()
    assert answer == (24,)
    assert {file: file.read_bytes() for file in before} == before


def test_a_column_stays_in_the_dataset_when_its_video_is_gone(tmp_path):
    out = tmp_path / "out"
    for name, columns in (("a", {}), ("b", {"mood": [7, 8, 9]})):
        boxes(tmp_path / f"in/{name}.csv", **columns)
    export_dataset(tmp_path / "in", out, video=VIDEO)
    (tmp_path / "in/b.csv").unlink()
    export_dataset(tmp_path / "in", out, video=VIDEO, prune=True)
    assert values(out, "detections", "mood") == [None] * 3
    assert_sound(out)


TAKEN = ["day", "month", "local_date", "local_hour", "person", "recorded_at"]


def test_columns_with_names_of_stored_columns_get_names_of_their_own(tmp_path):
    out = tmp_path / "out"
    boxes(tmp_path / "in/a.csv", **{name: [1, 2, 3] for name in TAKEN})
    export_dataset(tmp_path / "in", out, video=VIDEO, partition="local_day")
    (file,) = list_files(out, "detections")
    stored = pq.ParquetFile(file).read()
    for name in TAKEN:
        assert stored[f"source_{name}"].to_pylist() == [1, 2, 3], name
    assert stored["local_date"].null_count == 3
    assert set(stored["person"].to_pylist()) == {"a:1"}
    assert not {f"source_{name}" for name in TAKEN} & {*read_stored(out, "trajectories").column_names}
    answer = open_dataset(out).sql("SELECT sum(source_day) AS n FROM detections WHERE video = 'a'")
    assert answer["n"].tolist() == [6]
    relation = duckdb.read_parquet(f"{out}/detections/**/*.parquet", hive_partitioning=True)
    assert set(relation.columns) == {*stored.column_names, "day"}
    assert_sound(out)


def test_a_column_named_video_separates_videos(tmp_path):
    boxes(tmp_path / "in/a.csv", video=["x", "y", "y"], mood=[1, 2, 3])
    export_dataset(tmp_path / "in", tmp_path / "out", video=VIDEO)
    assert values(tmp_path / "out", "detections", "mood", video="y") == [2, 3]
    assert sorted({*values(tmp_path / "out", "detections", "video")}) == ["x", "y"]


def test_data_that_leaves_the_house_has_none_of_the_columns(tmp_path):
    boxes(tmp_path / "in/a.csv", **VALUES)
    for settings in ({"salt": "0123456789abcdef0123456789abcdef"}, {"min_count": 2}):
        out = tmp_path / f"out-{next(iter(settings))}"
        export_dataset(tmp_path / "in", out, video=VIDEO, **settings)
        assert_sound(out)
        for file in out.rglob("*.parquet"):
            assert not {*VALUES} & {*pq.read_schema(file).names}, file
        for file in (out / "dictionary.md", out / "views/athena.sql", out / "datapackage.json"):
            assert "speed_kmh" not in file.read_text()
        assert not any("speed_kmh" in str(columns) for columns in read_manifest(out).further.values())
    text = (tmp_path / "out-salt/dictionary.md").read_text()
    assert "unused columns of the source are not included" in " ".join(text.split())


def test_the_memory_limit_of_an_analysis_counts_the_columns(tmp_path):
    rows = [
        {**SINK, "frame_number": str(n), **{f"c{number}": str(n) for number in range(50)}}
        for n in range(1000)
    ]
    write(tmp_path / "wide.json", json.dumps(rows))
    write(tmp_path / "narrow.json", json.dumps([{**SINK, "frame_number": str(n)} for n in range(1000)]))
    assert len(open_video(tmp_path / "narrow.json", video=VIDEO, memory="1MB").detections) == 1000
    with pytest.raises(InputError, match="needs more than 3"):
        open_video(tmp_path / "wide.json", video=VIDEO, memory="1MB").detections  # noqa: B018
