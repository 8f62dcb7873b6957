"""Exports of several cameras in one run, each video with the configuration of its camera."""

import duckdb
import pytest
from pages import page, record, write

from ptrack_analysis import verify_dataset
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.errors import InputError, ParameterError, ZoneError

WALK = [record(1000 * second, 1, box=(0.05 + 0.08 * second, 0.2, 0.1, 0.4)) for second in range(10)]
FLOOR = {
    "unit": "m",
    "pairs": [
        {"image": [x, y], "floor": [10 * x, 5 * y]} for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0.25))
    ],
    "bounds": [0, 0, 10, 5],
}


def geojson(zone="left", line=None, right=0.5):
    ring = [[0, 0], [right, 0], [right, 1], [0, 1], [0, 0]]
    features = [(zone, {"type": "Polygon", "coordinates": [ring]})] if zone else []
    if line:
        features.append((line, {"type": "LineString", "coordinates": [[0.4, 0], [0.4, 1]]}))
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"name": name}, "geometry": geometry}
            for name, geometry in features
        ],
    }


CAMERAS = """
[[camera]]
name = "door"
files = "door_*"
site = "Mitte"
zones = "scenes/door.geojson"
timezone = "Europe/Berlin"
started_at = "door_%Y-%m-%dT%H-%M"
opening_hours = "09:00-18:00"

[[camera]]
name = "till"
job_tag = "till-tag"
site = "Tokyo"
zones = "scenes/till.geojson"
floor = "scenes/floor.json"
timezone = "Asia/Tokyo"
started_at = "till_%Y%m%d%H%M"
anchor = "center"
max_gap = "3s"
"""


@pytest.fixture
def archive(tmp_path):
    """Make two videos of the door, one of the till, and one of no camera."""
    pages = tmp_path / "pages"
    for name in ("door_2026-11-24T09-30", "door_2026-11-25T09-30"):
        write(pages / name / "page-1.json", page(*WALK, job=name))
    write(pages / "till_202611240930" / "page-1.json", page(*WALK, job="t", JobTag="till-tag"))
    write(pages / "yard" / "page-1.json", page(*WALK, job="y"))
    write(tmp_path / "setup" / "scenes" / "door.geojson", geojson("hall"))
    write(tmp_path / "setup" / "scenes" / "till.geojson", geojson("queue", line="exit"))
    write(tmp_path / "setup" / "scenes" / "floor.json", FLOOR)
    return pages


@pytest.fixture
def cameras(tmp_path):
    return write(tmp_path / "setup" / "cameras.toml", CAMERAS)


def select(out, columns, table, video=""):
    """Return some columns of a table for the videos whose names begin so."""
    rows = duckdb.read_parquet(f"{out}/{table}/*.parquet", union_by_name=True)
    return rows.filter(f"video LIKE '{video}%'").project(columns).distinct().order("ALL").fetchall()


def list_zones(out, video):
    return [zone for (zone,) in select(out, "zone", "dwell", video) if zone]


def statuses(summary):
    return {video.name: video.status for video in summary.videos}


def test_each_video_is_exported_with_the_configuration_of_its_camera(archive, cameras, tmp_path):
    summary = export_dataset(archive, tmp_path / "out", cameras=cameras)
    assert statuses(summary) == dict.fromkeys(
        ["door_2026-11-24T09-30", "door_2026-11-25T09-30", "till_202611240930", "yard"], "written"
    )
    out = tmp_path / "out"
    columns = "video[:4], camera, site, timezone, (started_at AT TIME ZONE 'UTC')::VARCHAR, opening_hours"
    assert select(out, columns, "videos") == [
        ("door", "door", "Mitte", "Europe/Berlin", "2026-11-24 08:30:00", "09:00-18:00"),
        ("door", "door", "Mitte", "Europe/Berlin", "2026-11-25 08:30:00", "09:00-18:00"),
        ("till", "till", "Tokyo", "Asia/Tokyo", "2026-11-24 00:30:00", None),
        ("yard", None, None, None, None, None),
    ]
    assert [list_zones(out, video) for video in ("door", "till", "yard")] == [["hall"], ["queue"], []]
    planes = [select(out, "x_px IS NULL, x_m IS NULL", "trajectories", name) for name in ("door", "till")]
    assert planes == [[(False, True)], [(True, False)]]
    assert any(
        "video 'yard' matches no camera; the general configuration is used" in note
        for note in summary.warnings
    )


def test_a_camera_without_a_line_is_exported_beside_one_with_lines(archive, cameras, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, cameras=cameras)
    assert select(out, "video[:4], line", "crossings") == [("till", "exit")]


def test_editing_one_camera_exports_only_its_videos_again(archive, cameras, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, cameras=cameras)
    assert set(statuses(export_dataset(archive, out, cameras=cameras)).values()) == {"unchanged"}
    cameras.write_text(CAMERAS.replace('"3s"', '"4s"').replace('site = "Tokyo"', 'site = "Osaka"'))
    changed = statuses(export_dataset(archive, out, cameras=cameras))
    assert [name for name, status in changed.items() if status == "written"] == ["till_202611240930"]
    write(tmp_path / "setup" / "scenes" / "door.geojson", geojson("hall", right=0.6))
    changed = statuses(export_dataset(archive, out, cameras=cameras))
    assert [name for name, status in changed.items() if status == "written"] == [
        "door_2026-11-24T09-30",
        "door_2026-11-25T09-30",
    ]


def test_a_zone_that_moves_exports_only_the_videos_of_its_camera_again(archive, cameras, tmp_path):
    out, shared = tmp_path / "out", tmp_path / "zones.geojson"
    names = ("door", "till")
    cameras.write_text("".join(f'[[camera]]\nname = "{name}"\nfiles = "{name}_*"\n' for name in names))

    def draw(**right):
        features = [geojson(name, right=right.get(name, 0.5))["features"][0] for name in names]
        for name, feature in zip(names, features, strict=True):
            feature["properties"]["camera"] = name
        write(shared, {"type": "FeatureCollection", "features": features})

    draw()
    export_dataset(archive, out, cameras=cameras, zones=shared)
    assert [list_zones(out, name) for name in names] == [["door"], ["till"]]
    draw(till=0.7)
    changed = statuses(export_dataset(archive, out, cameras=cameras, zones=shared))
    assert [name for name, status in changed.items() if status == "written"] == ["till_202611240930"]


PERIODS = """
[[camera]]
name = "door"
files = "door_*"
started_at = "door_%Y-%m-%dT%H-%M"
timezone = "Europe/Berlin"
valid_to = 2026-11-25
zones = "scenes/door.geojson"

[[camera]]
name = "door"
files = "door_*"
started_at = "door_%Y-%m-%dT%H-%M"
timezone = "Europe/Berlin"
valid_from = 2026-11-25
zones = "scenes/till.geojson"
"""


def test_the_start_of_a_recording_chooses_the_period_of_its_camera(archive, cameras, tmp_path):
    cameras.write_text(PERIODS)
    late = archive / "door_2026-11-24T23-59" / "page-1.json"
    write(late, page(*WALK, record(90_000, 2), job="over midnight"))
    out = tmp_path / "out"
    export_dataset(archive, out, cameras=cameras)
    assert list_zones(out, "door_2026-11-24T09-30") == ["hall"]
    assert list_zones(out, "door_2026-11-24T23-59") == ["hall"]
    assert list_zones(out, "door_2026-11-25T09-30") == ["queue"]


def test_a_video_outside_the_dates_of_its_camera_or_without_a_start_is_said(archive, cameras, tmp_path):
    first = PERIODS.split("[[camera]]")[1]
    cameras.write_text("[[camera]]" + first)
    summary = export_dataset(archive, tmp_path / "out", cameras=cameras)
    assert "video 'door_2026-11-25T09-30' is outside the dates of camera 'door'" in str(summary.warnings)
    cameras.write_text("[[camera]]" + first.replace("started_at", "#"))
    summary = export_dataset(archive, tmp_path / "out2", cameras=cameras)
    assert "have no known start, which the dates of camera 'door' need" in str(summary.warnings)


def test_strict_refuses_a_video_without_a_camera_before_anything_is_written(archive, cameras, tmp_path):
    with pytest.raises(InputError, match=r"cameras.toml: video 'yard' matches no camera\. Add"):
        export_dataset(archive, tmp_path / "out", cameras=cameras, strict=True)
    assert not list((tmp_path / "out").glob("*/*.parquet"))
    with pytest.raises(ParameterError, match=r"strict .* needs cameras"):
        export_dataset(archive, tmp_path / "out", strict=True)


def test_a_video_that_two_cameras_match_is_refused_unless_its_row_names_one(archive, cameras, tmp_path):
    cameras.write_text('[[camera]]\nname = "a"\nfiles = "door*"\n[[camera]]\nname = "b"\nfiles = "*24T*"\n')
    with pytest.raises(
        InputError,
        match=r"video 'door_2026-11-24T09-30' matches the cameras 'a' \(files 'door\*'\) and 'b'",
    ):
        export_dataset(archive, tmp_path / "out", cameras=cameras)
    rows = "video,camera\ndoor_2026-11-24T09-30,b\n"
    recordings = write(tmp_path / "recordings.csv", rows)
    export_dataset(archive, tmp_path / "out", cameras=cameras, recordings=recordings)
    assert [camera for _, camera in select(tmp_path / "out", "video, camera", "videos", "door")] == ["b", "a"]


def test_a_local_time_in_a_row_is_by_the_clock_of_the_camera(archive, cameras, tmp_path):
    recordings = write(tmp_path / "recordings.csv", "job_id,started_at\nt,2026-11-24T12:00\n")
    summary = export_dataset(archive, tmp_path / "out", cameras=cameras, recordings=recordings)
    start = "(started_at AT TIME ZONE 'UTC')::VARCHAR"
    assert select(tmp_path / "out", start, "videos", "till") == [("2026-11-24 03:00:00",)]
    assert {video.status for video in summary.videos} == {"written"}


def test_a_start_that_the_clock_of_the_camera_shows_twice_fails_its_video_alone(archive, cameras, tmp_path):
    write(archive / "door_2026-10-25T02-30" / "page-1.json", page(*WALK, job="twice"))
    summary = export_dataset(archive, tmp_path / "out", cameras=cameras)
    (failed,) = summary.of_status("failed")
    assert failed.name == "door_2026-10-25T02-30"
    assert "a time that occurs twice in Europe/Berlin" in str(failed.error)
    row = "video,started_at\ndoor_2026-10-25T02-30,2026-10-25T02:30:00+01:00\n"
    recordings = write(tmp_path / "recordings.csv", row)
    summary = export_dataset(archive, tmp_path / "out", cameras=cameras, recordings=recordings)
    assert not summary.of_status("failed")


def test_a_start_that_does_not_exist_fails_the_video_of_a_camera_with_dates(archive, cameras, tmp_path):
    cameras.write_text(PERIODS)
    write(archive / "door_2026-03-29T02-30" / "page-1.json", page(*WALK, job="skipped"))
    (failed,) = export_dataset(archive, tmp_path / "out", cameras=cameras).of_status("failed")
    assert "a time that Europe/Berlin skips" in str(failed.error)
    assert "Set the start of the video in the file of recordings (--recordings)" in str(failed.error)


def test_zones_in_meters_of_a_camera_without_a_floor_plan_are_refused(archive, cameras, tmp_path):
    write(tmp_path / "setup" / "scenes" / "door.geojson", geojson("hall") | {"unit": "m"})
    with pytest.raises(
        ZoneError, match=r"camera 'door': .*door.geojson: zones in meters require a floor plan"
    ):
        export_dataset(archive, tmp_path / "out", cameras=cameras)


def test_a_second_file_may_have_the_lines(archive, cameras, tmp_path):
    write(tmp_path / "setup" / "lines.geojson", geojson(None, line="gate"))
    cameras.write_text(CAMERAS.replace('site = "Mitte"', 'lines = "lines.geojson"'))
    export_dataset(archive, tmp_path / "out", cameras=cameras)
    assert select(tmp_path / "out", "line", "crossings", "door") == [("gate",)]


def test_cameras_may_be_a_table(archive, tmp_path):
    text = (
        "name;files;zones;stop_extent;shape;clip_boxes;valid_from\n"
        "door;door_*;scenes/door.geojson;12.5;4x8;true;\n"
        "till;till_*;scenes/till.geojson;;;;\n"
    )
    file = write(tmp_path / "setup" / "cameras.csv", text)
    out = tmp_path / "out"
    export_dataset(archive, out, cameras=file)
    assert statuses(export_dataset(archive, out, cameras=file))["door_2026-11-24T09-30"] == "unchanged"
    write(file, text.replace("12.5", "13"))
    changed = [
        name
        for name, status in statuses(export_dataset(archive, out, cameras=file)).items()
        if status == "written"
    ]
    assert changed == ["door_2026-11-24T09-30", "door_2026-11-25T09-30"]
    cells = select(out, 'row, "column"', "heatmap", "door")
    assert {row for row, _ in cells} <= {*range(4)}
    assert {column for _, column in cells} <= {*range(8)}


def test_typed_columns_and_cameras_of_both_planes_pass_verification(archive, cameras, tmp_path):
    text = "files,floors,indoor,area,code\ndoor_*,2,true,1.5,07\ntill_*,,,3,\n"
    recordings = write(tmp_path / "recordings.csv", text)
    out = tmp_path / "out"
    export_dataset(archive, out, cameras=cameras, recordings=recordings, workers=2)
    assert verify_dataset(out).findings == []
    assert select(out, "video[:4], floors, indoor, area, code", "videos") == [
        ("door", 2, True, 1.5, "07"),
        ("till", None, None, 3.0, None),
        ("yard", None, None, None, None),
    ]


def test_rows_of_other_videos_change_nothing(archive, cameras, tmp_path):
    recordings = write(tmp_path / "recordings.csv", "files,floors\ndoor_*,2\ntill_*,3\n")
    out = tmp_path / "out"
    export_dataset(archive, out, cameras=cameras, recordings=recordings)
    write(recordings, "files,floors\ndoor_*,2\ntill_*,4\n")
    changed = statuses(export_dataset(archive, out, cameras=cameras, recordings=recordings))
    assert [name for name, status in changed.items() if status == "written"] == ["till_202611240930"]
