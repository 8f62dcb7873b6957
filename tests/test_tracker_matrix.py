"""Every reader of another tracker's file with everything that can be done with what it reads."""

import gzip
import json
import sqlite3
import warnings
from contextlib import closing

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import write
from pandas.testing import assert_frame_equal

from ptrack_analysis import export_dataset, inspect_tracking, open_dataset, read_tracking, verify_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.errors import PtrackError, PtrackWarning
from ptrack_analysis.rekognition import write_pages
from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.video import Video

VIDEO = Video(width=1280, height=720, frame_rate=25.0)
FACTS = ("--frame-size", "1280x720", "--frame-rate", "25")
PAGE_COLUMNS = ["left", "top", "width", "height"]
SINK = (
    "x_min",
    "y_min",
    "x_max",
    "y_max",
    "class_id",
    "confidence",
    "tracker_id",
    "class_name",
    "frame_number",
)


def lines(rows):
    return "".join(f"{row}\n" for row in rows)


def mot(rows, frame=1, end="{confidence},-1,-1,-1"):
    return lines(
        f"{row['frame'] + frame},{row['id']},{row['x']},{row['y']},{row['w']},{row['h']},"
        + end.format(confidence=row["confidence"])
        for row in rows
    )


def corners(row):
    return row["x"], row["y"], row["x"] + row["w"], row["y"] + row["h"]


def sink(row):
    values = (*corners(row), 0, row["confidence"], row["id"], "person", row["frame"])
    return dict(zip(SINK, values, strict=True))


def result(row):
    box = dict(zip(("x1", "y1", "x2", "y2"), corners(row), strict=True))
    return {"name": "person", "class": 0, "confidence": row["confidence"], "track_id": row["id"], "box": box}


def by_frame(rows):
    return [[row for row in rows if row["frame"] == frame] for frame in range(rows[-1]["frame"] + 1)]


def label_files(folder, rows):
    for frame, found in enumerate(by_frame(rows), 1):
        texts = [
            f"0 {(row['x'] + row['w'] / 2) / 1280!r} {(row['y'] + row['h'] / 2) / 720!r} "
            f"{row['w'] / 1280!r} {row['h'] / 720!r} {row['confidence']} {row['id']}"
            for row in found
        ]
        if texts:
            write(folder / "labels" / f"v_{frame}.txt", lines(texts))
    return folder / "labels"


def boxmot_line(frame, rows):
    tracks = [
        {
            "geometry": corners(row),
            "geometry_mode": "aabb",
            "track_id": row["id"],
            "score": row["confidence"],
            "class_id": 0,
        }
        for row in rows
    ]
    return json.dumps({"frame_index": frame, "timestamp_s": None, "sequence_id": "v", "tracks": tracks})


def google(rows):
    objects = [
        {
            "entity": {"description": "person"},
            "trackId": str(row["id"]),
            "frames": [
                {
                    "timeOffset": {"nanos": 40_000_000 * row["frame"]},
                    "normalizedBoundingBox": {
                        "left": row["x"] / 1280,
                        "top": row["y"] / 720,
                        "right": (row["x"] + row["w"]) / 1280,
                        "bottom": (row["y"] + row["h"]) / 720,
                    },
                }
            ],
        }
        for row in rows
    ]
    return json.dumps({"annotation_results": [{"object_annotations": objects}]})


def cvat(rows):
    boxes = [
        f'<track id="{row["id"]}" label="person"><box frame="{row["frame"]}" outside="0" xtl="{row["x"]}" '
        f'ytl="{row["y"]}" xbr="{row["x"] + row["w"]}" ybr="{row["y"] + row["h"]}"/></track>'
        for row in rows
    ]
    return f"<annotations><version>1.1</version>{''.join(boxes)}</annotations>"


def message(row):
    parts = [row["id"], *corners(row), "person", "#", row["confidence"]]
    text = {
        "version": "4.0",
        "id": str(row["frame"]),
        "sensorId": "a",
        "objects": ["|".join(map(str, parts))],
    }
    return json.dumps({**text, "@timestamp": "2026-01-05T09:00:00.000Z"})


def dump_files(folder, rows):
    for frame, found in enumerate(by_frame(rows)):
        texts = [
            f"person {row['id']} 0.0 0 0.0 {' '.join(map(str, corners(row)))}{' 0.0' * 7} {row['confidence']}"
            for row in found
        ]
        write(folder / f"00_000_{frame:06d}.txt", lines(texts))
    return folder


def kitti(rows):
    return lines(
        f"{row['frame']} {row['id']} Pedestrian 0 0 -10 {' '.join(map(str, corners(row)))} -1 -1 -1 -1000 "
        f"-1000 -1000 -10 {row['confidence']}"
        for row in rows
    )


def vatic(rows):
    return lines(
        f'{row["id"]} {" ".join(map(str, corners(row)))} {row["frame"]} 0 0 1 "Pedestrian"' for row in rows
    )


def pose(row):
    box = [row["x"], row["y"], row["w"], row["h"]]
    return {"image_id": f"{row['frame']}.jpg", "box": box, "idx": row["id"], "keypoints": [1, 2, 0.5]}


def view_files(folder, rows):
    for frame, found in enumerate(by_frame(rows)):
        people = [
            {
                "personID": row["id"],
                "positionID": 481,
                "views": [
                    dict(zip(("viewNum", "xmin", "ymin", "xmax", "ymax"), (0, *corners(row)), strict=True))
                ],
            }
            for row in found
        ]
        write(folder / f"{frame:08d}.json", json.dumps(people))
    return folder


def studio(rows):
    """Give a task whose regions are the people, with a keyframe per row."""
    results = []
    for person in dict.fromkeys(row["id"] for row in rows):
        keys = [
            {
                "frame": row["frame"] + 1,
                "x": row["x"] / 12.8,
                "y": row["y"] / 7.2,
                "width": row["w"] / 12.8,
                "height": row["h"] / 7.2,
                "enabled": False,
            }
            for row in rows
            if row["id"] == person
        ]
        value = {"framesCount": 25, "duration": 1.0, "labels": ["person"], "sequence": keys}
        results.append({"id": str(person), "type": "videorectangle", "value": value})
    return {"id": 1, "annotations": [{"result": results}]}


def coco(rows):
    frames = range(rows[-1]["frame"] + 1)
    return {
        "videos": [{"id": 1, "name": "v"}],
        "images": [{"id": frame, "video_id": 1, "frame_id": frame} for frame in frames],
        "annotations": [
            {
                "image_id": row["frame"],
                "track_id": row["id"],
                "bbox": [row["x"], row["y"], row["w"], row["h"]],
                "category_id": 1,
            }
            for row in rows
        ],
        "categories": [{"id": 1, "name": "person"}],
    }


def prediction(frame_and_rows):
    frame, rows = frame_and_rows
    found = [
        {
            "x": row["x"] + row["w"] / 2,
            "y": row["y"] + row["h"] / 2,
            "width": row["w"],
            "height": row["h"],
            "class": "person",
            "detection_id": f"{frame}-{row['id']}",
            "tracker_id": row["id"],
        }
        for row in rows
    ]
    return json.dumps({"predictions": found, "video_metadata": {"frame_number": frame}})


def csv_of(rows):
    return lines([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)])


def results_csv(rows):
    flat = [{"frame": row["frame"], **result(row)} for row in rows]
    return csv_of([{**row, "box": f'"{row["box"]}"'} for row in flat])


def table(row):
    sides = dict(zip(("left", "top", "right", "bottom"), corners(row), strict=True))
    box = {"frame": row["frame"], "id": row["id"], **sides, "confidence": row["confidence"]}
    return box | further(row["frame"], row["id"])


FURTHER = {"mood": "Int64", "speed_kmh": "float64", "is_staff": "boolean", "pose": "str"}
"""Columns of the tables that have no role, with their types."""


def further(frame, person):
    """Give the values of a row in the columns without a role."""
    return {"mood": frame % 3, "speed_kmh": frame / 2 + 0.25, "is_staff": person == 2, "pose": f"p{frame}"}


def validate_further(table):
    """Check the columns without a role of a table of ``sample`` or ``point_rows``."""
    assert table[[*FURTHER]].dtypes.astype(str).to_dict() == FURTHER
    frames = table.index.get_level_values("timestamp") // pd.Timedelta("40ms")
    people = table.index.get_level_values("person_index")
    for at, row in enumerate(map(further, frames, people)):
        assert table[[*FURTHER]].iloc[at].to_dict() == row


WRITERS = {
    "mot": lambda folder, rows: write(folder / "v.txt", mot(rows)),
    "mot-gt": lambda folder, rows: write(folder / "v.txt", mot(rows, end="1,1,1")),
    "bytetrack": lambda folder, rows: write(folder / "v.txt", mot(rows, frame=0)),
    "deepsort": lambda folder, rows: write(folder / "v.txt", mot(rows, end="1,-1,-1,-1")),
    "boxmot": lambda folder, rows: write(folder / "tracks.txt", mot(rows, end="{confidence},0,-1")),
    "boxmot-jsonl": lambda folder, rows: write(
        folder / "tracks.jsonl", lines(boxmot_line(*item) for item in enumerate(by_frame(rows)))
    ),
    "visdrone": lambda folder, rows: write(folder / "uav1_v.txt", mot(rows, end="1,1,0,0")),
    "google-video": lambda folder, rows: write(folder / "v.json", google(rows)),
    "cvat-video": lambda folder, rows: write(folder / "v.xml", cvat(rows)),
    "deepstream-json": lambda folder, rows: write(folder / "v.jsonl", lines(map(message, rows))),
    "deepstream-kitti": dump_files,
    "kitti": lambda folder, rows: write(folder / "0000.txt", kitti(rows)),
    "vatic": lambda folder, rows: write(folder / "v.txt", vatic(rows)),
    "alphapose": lambda folder, rows: write(folder / "v.json", json.dumps(list(map(pose, rows)))),
    "wildtrack": view_files,
    "label-studio": lambda folder, rows: write(folder / "v.json", json.dumps([studio(rows)])),
    "coco-video": lambda folder, rows: write(folder / "v.json", json.dumps(coco(rows))),
    "roboflow": lambda folder, rows: write(
        folder / "v.jsonl", lines(map(prediction, enumerate(by_frame(rows))))
    ),
    "supervision-csv": lambda folder, rows: write(folder / "v.csv", csv_of([sink(row) for row in rows])),
    "supervision-json": lambda folder, rows: write(
        folder / "v.json", json.dumps([sink(row) for row in rows])
    ),
    "ultralytics-txt": label_files,
    "ultralytics-json": lambda folder, rows: write(
        folder / "v.jsonl", lines(json.dumps([result(row) for row in found]) for found in by_frame(rows))
    ),
    "ultralytics-csv": lambda folder, rows: write(folder / "v.csv", results_csv(rows)),
    "table": lambda folder, rows: write(folder / "v.csv", csv_of([table(row) for row in rows])),
}
BASE_1 = {"mot-gt", "deepsort"}
"""Formats that count pixels from 1."""


def words(rows):
    return lines(" ".join(f"{value!r}" for value in row) for row in rows)


def by_id(rows):
    return sorted(rows, key=lambda row: (row["id"], row["frame"]))


POINT_WRITERS = {
    "points": lambda folder, rows: write(
        folder / "v.txt",
        "# framerate: 25.00\n# id frame x/m y/m z/m\n"
        + words((row["id"], row["frame"], row["x"], row["y"], 1.76) for row in by_id(rows)),
    ),
    "obsmat": lambda folder, rows: write(
        folder / "obsmat.txt",
        words(
            (780.0 + 6 * row["frame"], float(row["id"]), row["x"], 0.0, row["y"], 0.1, 0.0, 0.2)
            for row in rows
        ),
    ),
    "trajnet": lambda folder, rows: write(
        folder / "v.txt", words((10 * row["frame"], row["id"], row["x"], row["y"]) for row in rows)
    ),
    "jupedsim": lambda folder, rows: write_jupedsim(folder / "v.sqlite", rows),
    "vadere": lambda folder, rows: write(
        folder / "v.traj",
        "#IDXCOL=2,DATACOL=5,SEP=' '\n"
        "pedestrianId simTime endTime-PID1 startX-PID1 startY-PID1 endX-PID1 endY-PID1\n"
        + words(
            (row["id"], row["frame"] / 25, row["frame"] / 25, row["x"], row["y"], row["x"], row["y"])
            for row in rows
        ),
    ),
    "viswalk": lambda folder, rows: write(
        folder / "v.pp",
        "$VISION\n* a comment\n$PEDESTRIAN:NO;SIMSEC;COORDCENTX;COORDCENTY\n"
        + lines(f"{row['id']};{row['frame'] / 25!r};{row['x']!r};{row['y']!r}" for row in rows),
    ),
    "pathfinder-csv": lambda folder, rows: write(
        folder / "v.csv",
        '"t","id","name","x","y","z"\n"s","","","m","m","m"\n'
        + lines(f'{row["frame"] / 25!r},{row["id"]},"a",{row["x"]!r},{row["y"]!r},0.0' for row in rows),
    ),
    "pathfinder-json": lambda folder, rows: write(folder / "v.json", pathfinder_json(rows)),
    "crowdit": lambda folder, rows: write(
        folder / "v.csv.gz",
        gzip.compress(
            (
                "time,pedID,posX,posY\n"
                + lines(f"{row['frame'] / 25!r},{row['id']},{row['x']!r},{row['y']!r}" for row in rows)
            ).encode()
        ),
    ),
    "trajnet-lines": lambda folder, rows: write(
        folder / "v.ndjson",
        '{"scene": {"id": 0, "p": 1, "s": 0, "e": 90, "fps": 2.5}}\n'
        + lines(
            json.dumps({"track": {"f": 10 * row["frame"], "p": row["id"], "x": row["x"], "y": row["y"]}})
            for row in rows
        ),
    ),
    "atc": lambda folder, rows: write(
        folder / "v.csv",
        lines(
            f"{1351651620 + row['frame'] / 25:.2f},{row['id']},{1000 * row['x']!r},{1000 * row['y']!r},"
            "1650,9.5,1.5,-3"
            for row in rows
        ),
    ),
    "ind": lambda folder, rows: write_ind(folder / "07_tracks.csv", rows),
    "hdf5": lambda folder, rows: write_hdf5(folder / "v.h5", rows),
    "table": lambda folder, rows: write(
        folder / "v.csv",
        csv_of([point_row(row) for row in rows]),
    ),
    "parquet": lambda folder, rows: write_table(folder / "v.parquet", rows),
}
"""Writers of points; ``table`` and ``parquet`` are tables with the roles x and y."""
START = {"obsmat": 780 / 15}
STEP = {"obsmat": 0.4, "trajnet": 0.4, "trajnet-lines": 0.4}
AT = {"table": {"frame": "frame", "id": "id", "x": "x_m", "y": "y_m"}}
AT["parquet"] = AT["table"]


def point_row(row):
    point = {"frame": row["frame"], "id": row["id"], "x_m": row["x"], "y_m": row["y"]}
    return point | further(row["frame"], row["id"])


def write_jupedsim(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE trajectory_data (frame INTEGER, id INTEGER, pos_x REAL, pos_y REAL)")
        base.execute("CREATE TABLE metadata (key TEXT, value TEXT)")
        base.execute("INSERT INTO metadata VALUES ('fps', '25.0')")
        values = [(row["frame"], row["id"], row["x"], row["y"]) for row in rows]
        base.executemany("INSERT INTO trajectory_data VALUES (?, ?, ?, ?)", values)
        base.commit()
    return path


def pathfinder_json(rows):
    people = {}
    for row in rows:
        moment = {"position": {"x": row["x"], "y": row["y"], "z": 0.0}}
        people.setdefault(str(row["id"]), {})[repr(row["frame"] / 25)] = moment
    return json.dumps(people)


def write_ind(path, rows):
    people = sorted({row["id"] for row in rows})
    write(path.with_name("07_recordingMeta.csv"), "recordingId,frameRate\n7,25\n")
    write(
        path.with_name("07_tracksMeta.csv"),
        lines(["recordingId,trackId,class", *(f"7,{person},pedestrian" for person in people)]),
    )
    text = lines(f"7,{row['id']},{row['frame']},{row['x']!r},{row['y']!r}" for row in rows)
    return write(path, "recordingId,trackId,frame,xCenter,yCenter\n" + text)


def write_hdf5(path, rows):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    values = [(row["id"], row["frame"], row["x"], row["y"]) for row in rows]
    kinds = [("id", "i8"), ("frame", "i8"), ("x", "f8"), ("y", "f8")]
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.create_dataset("trajectory", data=np.array(values, kinds)).attrs["fps"] = 25.0
    return path


def write_table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([point_row(row) for row in rows]), path)
    return path


def point_rows():
    """Give two people who walk 0.03 m per frame over ten frames, the second from the third frame on."""
    return [
        {"frame": n, "id": person, "x": 1.5 + person + 0.03 * n, "y": -2.0 + 0.01 * n}
        for n in range(10)
        for person in (1, 2)
        if person == 1 or n > 1
    ]


def sample():
    """Give two people over ten frames, the second from the third frame on."""
    return [
        {
            "frame": n,
            "id": person,
            "x": 100.5 + 200 * person + n,
            "y": 200.0,
            "w": 50.0,
            "h": 120.25,
            "confidence": 0.9,
        }
        for n in range(10)
        for person in (1, 2)
        if person == 1 or n > 1
    ]


ROW = st.fixed_dictionaries(
    {
        "x": st.integers(12, 4000).map(lambda n: n / 4),
        "y": st.integers(12, 2000).map(lambda n: n / 4),
        "w": st.integers(20, 400).map(lambda n: n / 4),
        "h": st.integers(20, 400).map(lambda n: n / 4),
        "confidence": st.integers(10, 99).map(lambda n: n / 100),
    }
)


def test_every_reader_of_boxes_has_a_writer_here():
    assert WRITERS.keys() | POINT_WRITERS.keys() | {"frigate"} == TRACKERS.keys() | {"parquet"}


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.PtrackWarning")
@pytest.mark.parametrize("form", POINT_WRITERS)
def test_points_go_through_every_command(tmp_path, capsys, form):
    source = POINT_WRITERS[form](tmp_path / "in", point_rows())
    out = tmp_path / "out"
    columns = AT.get(form)
    points, video = read_tracking(source, video=Video(frame_rate=25.0) if columns else None, columns=columns)
    assert (len(points), video.y_axis) == (18, "up")
    options = ["--columns", ",".join(f"{role}={name}" for role, name in columns.items())] if columns else []
    options += ["--frame-rate", "25"] if columns else []
    for command in (
        ["inspect", source, "--json"],
        ["summary", source],
        ["plot", "paths", source, "-o", tmp_path / "a.png"],
        ["export", source, out],
        ["report", source, "-o", tmp_path / "a.html"],
    ):
        assert main([*map(str, command), *options]) == 0, capsys.readouterr().err
    for work in (open_dataset, compact_dataset):
        work(out)
        assert verify_dataset(out).findings == []
        trajectories = open_dataset(out).read("trajectories")
        assert len(trajectories) == 18
        if form in AT:
            validate_further(trajectories)
    with pytest.raises(PtrackError, match="detections has points, but pages contain boxes"):
        write_pages(points, video, tmp_path / "pages")


POINT_ROW = st.fixed_dictionaries(
    {axis: st.integers(-4000, 4000).map(lambda n: n / 1000) for axis in ("x", "y")}
)


@pytest.mark.parametrize("form", POINT_WRITERS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3), POINT_ROW), min_size=1, max_size=12))
def test_a_reader_of_points_gives_back_what_was_written(tmp_path_factory, form, rows):
    unique = {(frame, person): row for frame, person, row in [(0, 1, rows[0][2]), *rows]}
    written = [{"frame": frame, "id": person, **row} for (frame, person), row in sorted(unique.items())]
    source = POINT_WRITERS[form](tmp_path_factory.mktemp("in"), written)
    rate = {"obsmat": 15.0, "trajnet": 25.0}.get(form, 25.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PtrackWarning)
        points, _ = read_tracking(
            source, video=Video(frame_rate=rate), format="table" if form in AT else form, columns=AT.get(form)
        )
    step, start = STEP.get(form, 0.04), START.get(form, 0.0)
    expected = {(row["id"], round(1000 * (start + step * row["frame"]))): row for row in written}
    found = {(person, time.value // 10**6): row for (person, time), row in points.iterrows()}
    assert found.keys() == expected.keys()
    for key, row in found.items():
        assert (row["x_m"], row["y_m"]) == pytest.approx((expected[key]["x"], expected[key]["y"]))


@pytest.mark.filterwarnings("ignore::ptrack_analysis.errors.PtrackWarning")
@pytest.mark.parametrize("form", WRITERS)
def test_what_a_reader_reads_goes_through_every_command_and_back(tmp_path, capsys, form):
    source = WRITERS[form](tmp_path / "in", sample())
    out = tmp_path / "out"
    detections, video = read_tracking(source, video=VIDEO, format=form)
    assert len(detections) == 18
    report = inspect_tracking(next(iter([source])), video=VIDEO) if form not in BASE_1 else None
    assert report is None or (report.persons, report.detections) == (2, 18)
    for command in (
        ["inspect", source, "--json"],
        ["summary", source],
        ["plot", "paths", source, "-o", tmp_path / "a.png"],
        ["export", source, out],
    ):
        assert main([*map(str, command), *FACTS, "--format", form]) == 0, capsys.readouterr().err
    assert (tmp_path / "a.png").stat().st_size > 0
    for work in (open_dataset, compact_dataset):
        work(out)
        assert verify_dataset(out).findings == []
        written = open_dataset(out).read("detections")
        assert len(written) == 18
        if form == "table":
            validate_further(detections)
            validate_further(written)
    write_pages(detections, video, tmp_path / "pages")
    again, _ = read_tracking(tmp_path / "pages", faces=False)
    assert_frame_equal(again[PAGE_COLUMNS], detections[PAGE_COLUMNS])
    export_dataset(source, out, video=VIDEO, format=form)


@pytest.mark.parametrize("form", WRITERS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3), ROW), min_size=1, max_size=12))
def test_a_reader_gives_back_what_was_written(tmp_path_factory, form, rows):
    unique = {(frame, person): row for frame, person, row in [(0, 1, rows[0][2]), *rows]}
    written = [{"frame": frame, "id": person, **row} for (frame, person), row in sorted(unique.items())]
    source = WRITERS[form](tmp_path_factory.mktemp("in"), written)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PtrackWarning)
        detections, _ = read_tracking(source, video=VIDEO, format=form)
    shift = 1 if form in BASE_1 else 0
    expected = [
        ((row["x"] - shift) / 1280, (row["y"] - shift) / 720, row["w"] / 1280, row["h"] / 720)
        for row in written
    ]
    assert [(t.value // 10**6, p) for t, p in detections.index] == [
        (r["frame"] * 40, r["id"]) for r in written
    ]
    np.testing.assert_allclose(detections[PAGE_COLUMNS].to_numpy(), expected, atol=1e-9)


def test_a_parquet_file_is_read_as_the_same_table_in_csv(tmp_path):
    rows = [table(row) for row in sample()]
    csv = WRITERS["table"](tmp_path, sample())
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "v.parquet")
    found = read_tracking(tmp_path / "v.parquet", video=VIDEO, format="table")[0]
    assert_frame_equal(found, read_tracking(csv, video=VIDEO)[0])
