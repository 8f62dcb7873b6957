"""Columns of a tracker's table without a role in a dataset: typed, described, joined, withheld."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pages import write

from ptrack_analysis import (
    export_dataset,
    open_dataset,
    open_video,
    read_parquet,
    read_tracking,
    verify_dataset,
)
from ptrack_analysis.cli import main
from ptrack_analysis.datasets import compact_dataset
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


def values(table):
    return {name: [None if pd.isna(value) else value for value in table[name]] for name in VALUES}


def both(tmp_path, **settings):
    """Export the folder ``in`` and compact it; give both datasets."""
    done = export_dataset(tmp_path / "in", tmp_path / "out", video=VIDEO, **settings)
    assert {video.status for video in done.videos} == {"written"}
    compact_dataset(tmp_path / "out", tmp_path / "big")
    return tmp_path / "out", tmp_path / "big"


def test_the_columns_are_written_with_their_types_and_read_back_as_they_were(tmp_path):
    source = boxes(tmp_path / "in/a.csv", **VALUES)
    detections, _ = read_tracking(source, video=VIDEO)
    for folder in both(tmp_path, csv=True):
        assert verify_dataset(folder).findings == []
        found = open_dataset(folder).read("detections")
        assert values(found) == VALUES
        assert found.dtypes[[*VALUES]].equals(detections.dtypes[[*VALUES]])
        (file,) = (folder / "detections").rglob("*.parquet")
        schema = pq.read_schema(file)
        assert {name: str(schema.field(name).type) for name in VALUES} == TYPES
        assert values(read_parquet(file)) == VALUES
        text = (folder / "dictionary.md").read_text()
        rows = [f"| `{name}` | {kind} |  | Column of the source. |\n" for name, kind in TYPES.items()]
        assert "".join(rows) in text
        answer = open_dataset(folder).sql("SELECT mood, pose FROM detections WHERE is_staff")
        assert answer.to_dict("records") == [{"mood": 3, "pose": "up"}]
        assert "`is_staff` boolean" in (folder / "views/athena.sql").read_text()
        assert not {*VALUES} & {*open_dataset(folder).read("trajectories").columns}
    header = (tmp_path / "out/csv/detections/a.csv").read_text().splitlines()[0]
    assert header.endswith(',"mood","speed_kmh","is_staff","pose"')


def test_points_have_the_columns_in_their_trajectories(tmp_path):
    rows = [f"{frame},1,{frame / 10},2.5,{frame}" for frame in range(3)]
    write(tmp_path / "in/a.csv", "\n".join(["frame,id,x_m,y_m,mood", *rows]) + "\n")
    columns = {"frame": "frame", "id": "id", "x": "x_m", "y": "y_m"}
    for folder in both(tmp_path, columns=columns):
        assert verify_dataset(folder).findings == []
        assert open_dataset(folder).read("trajectories")["mood"].tolist() == [0, 1, 2]


def test_cleaning_keeps_the_columns_and_leaves_them_empty_in_filled_gaps(tmp_path):
    rows = [f"{frame},1,100,200,150,320,{frame},true" for frame in (0, 1, 2, 100, 101)]
    write(tmp_path / "in/a.csv", "\n".join([f"{HEAD},mood,is_staff", *rows]) + "\n")
    for folder in both(tmp_path, fill_gaps="10s", stitch=True, smooth="1s"):
        assert verify_dataset(folder).findings == []
        found = open_dataset(folder).read("detections")
        assert found["mood"].dropna().tolist() == [0, 1, 2, 100, 101]
        assert found.loc[found["interpolated"], ["mood", "is_staff"]].isna().all(axis=None)


def test_videos_with_different_columns_share_a_dataset(tmp_path):
    boxes(tmp_path / "in/a.csv", **VALUES)
    boxes(tmp_path / "in/b.csv", pose=["left"] * 3, floor=["007"] * 3)
    boxes(tmp_path / "in/c.csv")
    for folder in both(tmp_path):
        assert verify_dataset(folder).findings == []
        found = open_dataset(folder).read("detections")
        assert found["mood"].dropna().tolist() == [3, 1]
        assert found["mood"].dtype == "Int64"
        assert found["floor"].dropna().tolist() == ["007"] * 3
        assert sorted(found["pose"].dropna()) == ["down", "left", "left", "left", "up"]
        assert found["is_staff"].isna().sum() == 7
        (count,) = open_dataset(folder).sql("SELECT count(floor) AS n FROM detections")["n"]
        assert count == 3


def test_whole_numbers_in_one_video_and_others_in_another_are_numbers(tmp_path):
    boxes(tmp_path / "in/a.csv", speed=[1, 2, 3])
    boxes(tmp_path / "in/b.csv", speed=[1.5, 2, 3])
    for folder in both(tmp_path):
        assert verify_dataset(folder).findings == []
        assert open_dataset(folder).read("detections")["speed"].tolist() == [1, 2, 3, 1.5, 2, 3]
        assert "| `speed` | double |" in (folder / "dictionary.md").read_text()


def test_types_that_cannot_be_joined_are_named_by_export_and_refused_by_compact(tmp_path, capsys):
    boxes(tmp_path / "in/a.csv", mood=[1, 2, 3])
    boxes(tmp_path / "in/b.csv", mood=["happy", "sad", "sad"])
    done = export_dataset(tmp_path / "in", tmp_path / "out", video=VIDEO)
    said = "the column 'mood' of the source is int64 in video 'a' and string in video 'b'"
    assert any(said in warning for warning in done.warnings)
    assert verify_dataset(tmp_path / "out").findings == []
    with pytest.raises(InputError, match=f"{said}, which cannot be one column. Rename"):
        compact_dataset(tmp_path / "out", tmp_path / "big")
    assert main(["compact", str(tmp_path / "out"), str(tmp_path / "big")]) == 3
    assert said in capsys.readouterr().err
    assert not (tmp_path / "big").exists()
    dataset = open_dataset(tmp_path / "out")
    assert dataset.read("detections", videos="b")["mood"].tolist() == ["happy", "sad", "sad"]
    with pytest.raises(InputError, match=r"mood has incompatible types: .*Choose videos in which"):
        dataset.read("detections")


def test_data_that_leaves_the_house_has_none_of_the_columns(tmp_path):
    boxes(tmp_path / "in/a.csv", **VALUES)
    for settings in ({"salt": "0123456789abcdef0123456789abcdef"}, {"min_count": 2}):
        out = tmp_path / f"out-{next(iter(settings))}"
        export_dataset(tmp_path / "in", out, video=VIDEO, **settings)
        assert verify_dataset(out).findings == []
        for file in out.rglob("*.parquet"):
            assert not {*VALUES} & {*pq.read_schema(file).names}, file
        for file in (out / "dictionary.md", out / "views/athena.sql", out / "_runs/a.json"):
            assert "speed_kmh" not in file.read_text()
    text = (tmp_path / "out-salt/dictionary.md").read_text()
    assert "columns of the source that have no role" in text


def test_verify_finds_a_column_whose_type_is_not_that_of_the_record(tmp_path):
    boxes(tmp_path / "in/a.csv", mood=[1, 2, 3])
    export_dataset(tmp_path / "in", tmp_path / "out", video=VIDEO)
    file, record = tmp_path / "out/detections/a.parquet", tmp_path / "out/_runs/a.json"
    content = json.loads(record.read_text())
    assert content["about"]["source_columns"] == [["mood", "int64"]]
    content["about"]["source_columns"] = [["mood", "string"]]
    record.write_text(json.dumps(content))
    findings = verify_dataset(tmp_path / "out").findings
    assert any("mood" in str(finding) and "int64" in str(finding) for finding in findings)
    assert pa.types.is_int64(pq.read_schema(file).field("mood").type)


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
