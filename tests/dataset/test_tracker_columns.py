"""Datasets of other trackers: confidence, class_id and class_name through every step after the reader."""

import json

import pandas as pd
import pytest
from pages import page, record, write
from stored import assert_sound, list_files, read_stored

from ptrack_analysis import compute_trajectories, export_dataset, open_dataset, read_tracking
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.schema import DETECTIONS, TRACKER_COLUMNS, TRAJECTORIES, dictionary, validate
from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
FRAMES = range(1, 6)
NAMES = [column.name for column in TRACKER_COLUMNS if column.name != "source_id"]
BOX = {"x1": 100.0, "y1": 200.0, "x2": 150.0, "y2": 320.0}
SINK = "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,frame_number"


pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(are counted from|are assumed|are read as|are kept):ptrack_analysis.errors.PtrackWarning"
)


def mot_text(path, first=1):
    rows = [f"{first + frame},1,{100 + frame},200,50,120,0.9,0,-1" for frame in range(5)]
    return write(path / "a.txt", "\n".join(rows) + "\n")


def boxmot_text(path):
    rows = [f"{frame},1,{100 + frame}.0,200.0,50.0,120.0,0.9,0,-1" for frame in FRAMES]
    return write(path / "tracks.txt", "\n".join(rows) + "\n")


def boxmot_lines(path):
    track = {
        "geometry": [100.0, 200.0, 150.0, 320.0],
        "geometry_mode": "aabb",
        "track_id": 7,
        "score": 0.9,
        "class_id": 0,
    }
    lines = [
        {"frame_index": frame, "timestamp_s": None, "sequence_id": "a", "tracks": [track]}
        for frame in range(5)
    ]
    return write(path / "tracks.jsonl", "\n".join(map(json.dumps, lines)) + "\n")


def visdrone_text(path):
    rows = [f"{frame},1,{100 + frame},200,50,120,1,1,0,0" for frame in FRAMES]
    return write(path / "uav1_v.txt", "\n".join(rows) + "\n")


def bytetrack_text(path):
    return mot_text(path, first=0)


def sink_rows():
    return [f"{100 + frame},200,{150 + frame},320,0,0.9,7,person,{frame}" for frame in FRAMES]


def sink_csv(path):
    return write(path / "a.csv", "\n".join([SINK, *sink_rows()]) + "\n")


def sink_json(path):
    rows = [dict(zip(SINK.split(","), row.split(","), strict=True)) for row in sink_rows()]
    return write(path / "a.json", json.dumps(rows))


def labels_folder(path):
    for frame in FRAMES:
        write(path / "labels" / f"a_{frame}.txt", "0 0.5 0.5 0.1 0.3 0.9 7\n")
    return path / "labels"


def results_json(path):
    box = {"name": "person", "class": 0, "confidence": 0.9, "track_id": 7, "box": BOX}
    return write(path / "a.json", json.dumps([[box] for _ in FRAMES]))


def results_csv(path):
    rows = [f"{frame},person,0,0.9,7,100,200,150,320" for frame in FRAMES]
    return write(
        path / "a.csv", "\n".join(["frame,name,class,confidence,track_id,x1,y1,x2,y2", *rows]) + "\n"
    )


def named_table(path):
    rows = [f"{frame},7,100,200,150,320,0.9,0,person" for frame in FRAMES]
    header = "frame,id,left,top,right,bottom,confidence,class,class_name"
    return write(path / "a.csv", "\n".join([header, *rows]) + "\n")


FILES = {
    "boxmot": (boxmot_text, NAMES[:2]),
    "boxmot-jsonl": (boxmot_lines, NAMES[:2]),
    "visdrone": (visdrone_text, NAMES[1:2]),
    "mot": (mot_text, NAMES[:2]),
    "bytetrack": (bytetrack_text, NAMES[:2]),
    "deepsort": (mot_text, NAMES[:2]),
    "supervision-csv": (sink_csv, NAMES),
    "supervision-json": (sink_json, NAMES),
    "ultralytics-txt": (labels_folder, NAMES[:2]),
    "ultralytics-json": (results_json, NAMES),
    "ultralytics-csv": (results_csv, NAMES),
    "table": (named_table, NAMES),
}
_NAMES_ONLY = {
    "roboflow",
    "coco-video",
    "label-studio",
    "wildtrack",
    "alphapose",
    "vatic",
    "kitti",
    "deepstream-kitti",
    "deepstream-json",
    "cvat-video",
    "google-video",
}
"""Formats that have no numbers of classes."""
WITHOUT = {"mot-gt", *_NAMES_ONLY, *(name for name, tracker in TRACKERS.items() if tracker.plane)}
"""Formats without such columns, or without boxes."""


def test_every_reader_has_a_file_here():
    assert FILES.keys() | WITHOUT == TRACKERS.keys()


@pytest.mark.parametrize("form", FILES)
def test_export_compact_and_open_know_the_columns_of_every_reader(tmp_path, form):
    make, names = FILES[form]
    source, out = make(tmp_path / "in"), tmp_path / "out"
    done = export_dataset(source, out, video=VIDEO, format=form, fill_gaps="10s")
    assert [video.status for video in done.videos] == ["written"]
    for is_compacted in (False, True):
        if is_compacted:
            compact_dataset(out)
        assert_sound(out)
        for table in ("detections", "trajectories"):
            found = open_dataset(out).read(table)
            assert [name for name in NAMES if name in found.columns] == names
            if "confidence" in names:
                assert found["confidence"].tolist() == [0.9] * 5
            assert found["class_id"].tolist() == [int(form == "visdrone")] * 5
            assert found["class_id"].dtype == "Int64"


def test_a_table_of_points_keeps_its_confidence_and_class(tmp_path):
    rows = [f"{frame},1,{frame / 10},2.5,0.9,0,person" for frame in FRAMES]
    head = "frame,id,x_m,y_m,confidence,class,class_name"
    source = write(tmp_path / "in" / "t.csv", "\n".join([head, *rows]) + "\n")
    columns = dict(zip(("frame", "id", "x", "y", *NAMES), head.split(","), strict=True))
    columns["class"] = columns.pop("class_id")
    export_dataset(source, tmp_path / "out", video=VIDEO, columns=columns)
    assert_sound(tmp_path / "out")
    found = open_dataset(tmp_path / "out").read("trajectories")
    assert found["confidence"].tolist() == [0.9] * 5
    assert found["class_name"].tolist() == ["person"] * 5
    assert "| `confidence` |" in (tmp_path / "out" / "dictionary.md").read_text()


def test_the_columns_have_declared_types_and_texts_in_the_schema(tmp_path):
    detections, video = read_tracking(named_table(tmp_path), video=VIDEO)
    trajectories = compute_trajectories(detections, video)
    for table, schema in ((detections, DETECTIONS), (trajectories, TRAJECTORIES)):
        validate(table, schema)
        assert table.dtypes[NAMES].astype(str).to_dict() == {
            "confidence": "float64",
            "class_id": "Int64",
            "class_name": "str",
        }
        assert all(f"| `{name}` |" in dictionary([schema]) for name in NAMES)


def test_results_with_a_confidence_are_exported_and_stay(real_data, tmp_path):
    file = real_data / "cases/trackers/results-with-confidence.txt"
    export_dataset(file, tmp_path / "out", video=VIDEO)
    assert_sound(tmp_path / "out")
    assert "| `confidence` |" in (tmp_path / "out/dictionary.md").read_text()


def test_videos_with_and_without_the_columns_share_a_dataset(tmp_path):
    out = tmp_path / "out"
    metadata = {"FrameWidth": 1280, "FrameHeight": 720, "FrameRate": 25.0, "DurationMillis": 1000}
    pages = write(tmp_path / "pages" / "b.json", page(record(), VideoMetadata=metadata))
    export_dataset(sink_csv(tmp_path), out, video=VIDEO)
    export_dataset(pages, out)
    for is_compacted in (False, True):
        if is_compacted:
            compact_dataset(out)
        assert_sound(out)
        found = open_dataset(out).read("detections")
        assert found["confidence"].dropna().tolist() == [0.9] * 5
        assert found["class_name"].isna().sum() == 1
    assert len(list_files(out, "detections")) == 1
    assert {*NAMES} <= {*read_stored(out, "detections").column_names}


def test_rows_in_filled_gaps_have_no_confidence_and_no_class(tmp_path):
    text = "\n".join(f"{frame},1,100,200,50,120,0.9,0,-1" for frame in (1, 2, 3, 103, 104))
    export_dataset(write(tmp_path / "a.txt", text), tmp_path / "out", video=VIDEO, fill_gaps="10s")
    found = open_dataset(tmp_path / "out").read("detections")
    assert found["interpolated"].sum() == 99
    assert_sound(tmp_path / "out")
    assert found.loc[found["interpolated"], ["confidence", "class_id"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("values", "name", "found"),
    [
        ([2, 2], "class_id", [2, 2]),
        ([0, None], "class_id", [0, pd.NA]),
        (["person", "child"], "class_name", ["person", "child"]),
        (["a1", "b"], "class_name", ["a1", "b"]),
    ],
)
def test_a_class_is_an_id_if_it_is_a_whole_number_and_else_a_name(tmp_path, values, name, found):
    cells = ["" if value is None else value for value in values]
    rows = [f"{frame},1,1,1,9,9,{value}" for frame, value in enumerate(cells)]
    file = write(tmp_path / "a.csv", "\n".join(["frame,id,left,top,right,bottom,class", *rows]))
    detections, _ = read_tracking(file, video=VIDEO)
    assert detections[name].astype(object).tolist() == found
    assert {"class_id", "class_name", "class"} & {*detections.columns} == {name}
