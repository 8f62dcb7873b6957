"""The file of cameras: what is refused, with the camera and the key."""

import json
from datetime import datetime

import pytest
from pages import page, record, write

from ptrack_analysis import AnalysisConfig, find_videos
from ptrack_analysis.cli import main
from ptrack_analysis.errors import InputError, ZoneError
from ptrack_analysis.pipeline.camera_config import read_camera_configs, resolve_videos
from ptrack_analysis.storage.s3 import parse_path


@pytest.fixture
def read(tmp_path):
    def read(text, name="cameras.toml", **general):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_camera_configs(file, AnalysisConfig(**general))

    return read


def test_a_camera_has_its_own_values_and_the_general_ones(read):
    (one,) = read('[[camera]]\nname = "a"\nmax_gap = "3s"\nframe_size = "640x360"\n', min_dwell="2s")
    assert one.config.max_gap.total_seconds() == 3
    assert one.config.min_dwell.total_seconds() == 2
    assert (one.config.video.width, one.config.video.height) == (640, 360)
    assert one.scene is None


def test_dates_are_local_and_the_end_is_excluded(read):
    (one,) = read('[[camera]]\nname = "a"\nvalid_from = 2026-01-02\nvalid_to = 2026-01-03T12:00:00\n')
    times = [datetime(2026, 1, 1, 23, 59), datetime(2026, 1, 2), datetime(2026, 1, 3, 12)]  # noqa: DTZ001
    assert [one.camera.is_valid_at(time) for time in times] == [False, True, False]


BASE = '[[camera]]\nname = "door"\n'
FAULTS = {
    "not TOML": ("[[camera]\n", r"cameras\.toml: not TOML: .*line 1"),
    "no cameras": ("", r"cameras\.toml: there are no cameras; expected tables such as \[\[camera\]\]"),
    "cameras": ('[[cameras]]\nname = "a"\n', r"'cameras' is unknown; .* Is \[\[camera\]\] meant\?"),
    "one bracket": ('[camera]\nname = "a"\n', r"'camera' must be a list of tables\. Write \[\[camera\]\]"),
    "no name": ('[[camera]]\nfiles = "a*"\n', "camera 1: name must be the name of the camera, got None"),
    "a misspelled key": (
        BASE + 'zone = "z.geojson"\n',
        r"camera 'door': zone is not a key .* Is 'zones' meant",
    ),
    "an option of the run": (BASE + 'tables = "visits"\n', "camera 'door': tables is not a key of a camera"),
    "a further column": (BASE + 'local_date = "2026-01-01"\n', "camera 'door': local_date is not a key"),
    "the video": (BASE + 'video = "v"\n', "camera 'door': video is not a key of a camera"),
    "a day": (BASE + "day = 3\n", "camera 'door': day is not a key of a camera"),
    "no file": (
        BASE + 'zones = "z.geojson"\n',
        r"camera 'door': zones is 'z\.geojson', but there is no file",
    ),
    "a folder": (BASE + 'floor = "."\n', "camera 'door': floor is '.', but there is no file"),
    "a number as pattern": (BASE + "files = 3\n", "camera 'door': files must be a text or a list of texts"),
    "no patterns": (BASE + "job_tag = []\n", r"job_tag must be a text or a list of texts, got \[\]"),
    "an empty site": (BASE + 'site = " "\n', "camera 'door': site must be a name, got ' '"),
    "a duration": (BASE + "max_gap = 3\n", "camera 'door': max_gap must be a duration such as '2s', got 3"),
    "another duration": (BASE + 'max_gap = "x"\n', "camera 'door': max_gap .*'x'"),
    "a flag": (BASE + 'clip_boxes = "yes"\n', "camera 'door': clip_boxes must be true or false, got 'yes'"),
    "a length": (BASE + "margin = -1\n", "camera 'door': margin .*-1"),
    "a shape": (BASE + "shape = [3]\n", "camera 'door': shape must be two whole numbers such as '54x96'"),
    "an anchor": (BASE + 'anchor = "feet"\n', "camera 'door': anchor must be of bottom_center"),
    "a time zone": (BASE + 'timezone = "Europe/Berln"\n', "camera 'door': .*Did you mean 'Europe/Berlin'"),
    "opening hours": (
        BASE + 'opening_hours = "9-20"\n',
        "camera 'door': opening_hours must be .*, got '9-20'",
    ),
    "a pattern": (BASE + 'started_at = "%Y"\n', "camera 'door': started_at must be a pattern"),
    "an offset": (BASE + "valid_from = 2026-01-01T00:00:00Z\n", "valid_from must be a local date or time"),
    "no date": (BASE + 'valid_to = "soon"\n', "valid_to must be a local date or time .*, got soon"),
    "the wrong order": (
        BASE + "valid_from = 2026-02-01\nvalid_to = 2026-01-01\n",
        "camera 'door': valid_to must be after valid_from",
    ),
    "an overlap": (
        BASE + "valid_to = 2026-02-02\n" + BASE + "valid_from = 2026-02-01\n",
        "camera 'door': two entries of the camera overlap in time: one is valid until 2026-02-02 00:00:00",
    ),
    "twice": (BASE + BASE, "two entries of the camera overlap in time: one is valid until the end"),
    "not UTF-8": (b'[[camera]]\nname = "\xe4"\n', r"cameras\.toml:2: byte 0xe4 is not UTF-8"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_refused_with_the_camera_and_the_key(read, text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_a_zone_file_that_cannot_be_used_names_its_camera(read, tmp_path):
    (tmp_path / "z.geojson").write_text("{}")
    with pytest.raises(ZoneError, match=r"camera 'door': .*z\.geojson: not a GeoJSON"):
        read(BASE + 'zones = "z.geojson"\n')


TABLES = {
    "a row": ("name,max_gap\na,2s\nb,x\n", r"cameras\.csv:3: camera 'b': max_gap .*'x'"),
    "a column": ("name,zone\na,z.geojson\n", r"cameras\.csv:2: camera 'a': zone is not a key"),
    "a column twice": ("name,site,Site\na,b,c\n", r"cameras\.csv:1: the column 'site' occurs twice"),
    "a cell too few": ("name,site\na\n", r"cameras\.csv:2: expected 2 cells like the header, got 1"),
    "a number": ("name,margin\na,wide\n", r"cameras\.csv:2: camera 'a': margin must be a number, got 'wide'"),
}


@pytest.mark.parametrize(("text", "message"), TABLES.values(), ids=TABLES.keys())
def test_a_fault_of_a_table_is_refused_with_its_line(read, text, message):
    with pytest.raises(InputError, match=message):
        read(text, "cameras.csv")


def resolve(archive, cameras, **config):
    return resolve_videos(
        AnalysisConfig(**config), find_videos(archive), parse_path(archive), cameras=cameras
    )


@pytest.fixture
def archive(tmp_path):
    uri = {"S3Object": {"Bucket": "films", "Name": "door/2026-11-24T09-30.mp4"}}
    write(tmp_path / "pages" / "a" / "page-1.json", page(record(), job="j-1", JobTag="front", Video=uri))
    write(tmp_path / "pages" / "b" / "page-1.json", page(record(), job="j-2", JobTag="back"))
    return tmp_path / "pages"


SELECTORS = {
    "job tag": 'job_tag = "front"',
    "job id": 'job_id = ["j-1", "j-9"]',
    "filmed object": 'video_uri = "s3://films/door/*"',
    "name of the filmed object": 'video_uri = "2026-11-24*.mp4"',
    "folder": 'files = "A"',
    "path": 'files = "a/page-1.json"',
    "both": 'files = "a*"\njob_tag = "front"',
}


@pytest.mark.parametrize("selector", SELECTORS.values(), ids=SELECTORS.keys())
def test_a_camera_selects_its_videos(archive, tmp_path, selector):
    cameras = write(tmp_path / "cameras.toml", f'[[camera]]\nname = "door"\n{selector}\n')
    resolved, notes = resolve(archive, cameras)
    assert {name: one.recording.camera for name, one in resolved.items()} == {"a": "door", "b": None}
    assert notes == [f"{cameras}: video 'b' matches no camera; the general configuration is used"]


def test_all_selectors_of_a_camera_must_fit(archive, tmp_path):
    cameras = write(tmp_path / "cameras.toml", BASE + 'files = "b"\njob_tag = "front"\n')
    resolved, notes = resolve(archive, cameras)
    assert [one.camera for one in resolved.values()] == [None, None]
    assert notes == [
        f"{cameras}: 2 videos ('a', 'b') match no camera; the general configuration is used",
        f"{cameras}: 1 camera matches no video of the source ('door')",
    ]


def test_the_filmed_object_tells_the_start_that_dates_need(archive, tmp_path):
    text = 'job_tag = "front"\nvalid_from = 2026-11-24\nstarted_at = "%Y-%m-%dT%H-%M"\ntimezone = "UTC"\n'
    cameras = write(tmp_path / "cameras.toml", BASE + text)
    resolved, _ = resolve(archive, cameras)
    assert resolved["a"].recording.started_at.isoformat() == "2026-11-24T09:30:00+00:00"
    assert resolved["a"].camera.name == "door"


def test_a_camera_without_a_selector_is_matched_by_name(archive, tmp_path):
    cameras = write(tmp_path / "cameras.toml", BASE + 'max_gap = "7s"\n')
    rows = write(tmp_path / "rows.csv", "files,camera,started_at\na,door,2026-11-24T09:30Z\n")
    resolved, _ = resolve(archive, cameras, recordings=rows)
    assert resolved["a"].config.max_gap.total_seconds() == 7
    assert resolved["b"].config.max_gap is None


ROWS = {
    "two rows": (
        "video,files,started_at\na,,2026-01-01T00:00Z\n,a*,2026-01-02T00:00Z\n",
        r"rows\.csv:3: the row matches video 'a', and so does .*rows\.csv:2",
    ),
    "one start for two": (
        "files,started_at\n*,2026-01-01T00:00Z\n",
        r"rows\.csv:2: the row has started_at, but matches 2 videos \('a', 'b'\)\. Write one row",
    ),
    "a row and its camera": (
        "video,camera,site\na,door,x\n,door,y\n",
        r"rows\.csv:3: the row matches video 'a', and so does .*rows\.csv:2",
    ),
    "no video": (
        "video,camera,site\n,,x\n",
        r"rows\.csv:2: the row does not name a video, because the columns 'video' and",
    ),
    "day": ("video,day\na,1\n", r"the column 'day' must be renamed"),
    "local date": ("video,Local Date\na,1\n", "the column 'local_date' must be renamed"),
    "file": ("video,file\na,1\n", r"the column 'file' is unknown \(did you mean 'files'"),
}


@pytest.mark.parametrize(("text", "message"), ROWS.values(), ids=ROWS.keys())
def test_rows_that_cannot_be_matched_are_refused(archive, tmp_path, text, message):
    rows = write(tmp_path / "rows.csv", text)
    with pytest.raises(InputError, match=message):
        resolve(archive, None, recordings=rows)


def test_a_row_for_a_camera_is_for_all_its_videos(archive, tmp_path):
    cameras = write(tmp_path / "cameras.toml", BASE + 'job_tag = ["front", "back"]\n')
    text = "camera,site,floor,code,indoor,area,opened\ndoor,M,2,07,TRUE,1.5,2026-01-01\n"
    rows = write(tmp_path / "rows.csv", text)
    resolved, notes = resolve(archive, cameras, recordings=rows)
    further = {"floor": 2, "code": "07", "indoor": True, "area": 1.5, "opened": "2026-01-01"}
    for one in resolved.values():
        assert (one.recording.camera, one.recording.site, one.recording.further) == ("door", "M", further)
    assert notes == []


def test_strict_wants_a_row_for_every_video(archive, tmp_path, capsys):
    rows = write(tmp_path / "rows.csv", "job_id,started_at\nj-1,2026-01-01T00:00Z\nj-3,2026-01-01T00:00Z\n")
    arguments = ["export", str(archive), str(tmp_path / "out"), "--recordings", str(rows)]
    assert main([*arguments, "--strict"]) == 3
    assert "the video 'b' of the source has no row" in capsys.readouterr().err
    assert main(arguments) == 0
    assert "rows.csv: 1 row matches no video of the source (job_id 'j-3')" in capsys.readouterr().err


def test_the_command_takes_a_file_of_cameras(archive, tmp_path, capsys):
    cameras = write(tmp_path / "cameras.toml", BASE + 'job_tag = "front"\n')
    arguments = ["export", str(archive), str(tmp_path / "out"), "--cameras", str(cameras)]
    assert main([*arguments, "--strict"]) == 3
    assert "cameras.toml: video 'b' matches no camera" in capsys.readouterr().err
    assert main(arguments) == 0
    assert "video 'b' matches no camera; the general configuration is used" in capsys.readouterr().err


def test_a_dry_run_lists_the_cameras_of_the_videos_and_writes_nothing(archive, tmp_path, capsys):
    cameras = write(tmp_path / "cameras.toml", BASE + 'job_tag = "front"\nsite = "Mitte"\n')
    out = tmp_path / "out"
    arguments = ["export", str(archive), str(out), "--cameras", str(cameras), "--dry-run"]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert [line.split()[:3] for line in said.out.splitlines()] == [
        ["video", "camera", "site"],
        ["a", "door", "Mitte"],
        ["b", "-", "-"],
    ]
    assert "video 'b' matches no camera" in said.err
    assert not out.exists()
    assert main([*arguments, "--json"]) == 0
    assert [row["camera"] for row in json.loads(capsys.readouterr().out)] == ["door", None]
    assert main([*arguments, "--strict"]) == 3


def test_one_table_and_the_report_use_the_camera_of_their_video(archive, tmp_path, capsys):
    cameras = write(tmp_path / "cameras.toml", BASE + 'job_tag = "front"\nsite = "Mitte"\n')
    assert main(["table", "videos", str(archive), "--video", "a", "--cameras", str(cameras)]) == 0
    assert '"Mitte","door",' in capsys.readouterr().out
    page_file = tmp_path / "report.html"
    arguments = ["report", str(archive), "-o", str(page_file), "--video", "a", "--cameras", str(cameras)]
    assert main(arguments) == 0
    assert "Mitte \N{MIDDLE DOT} door \N{MIDDLE DOT} " in page_file.read_text()


def test_the_camera_column_of_a_table_names_the_camera(tmp_path):
    rows = [f"{frame},{camera},1,10,10,20,40" for camera in ("door", "till") for frame in range(3)]
    table = write(tmp_path / "tracks.csv", "\n".join(["frame,camera,track_id,left,top,width,height", *rows]))
    cameras = write(tmp_path / "cameras.toml", BASE + 'frame_size = "640x360"\nsite = "Mitte"\n')
    names = ("left", "top", "width", "height", "frame", "camera")
    roles = {"id": "track_id"} | {name: name for name in names}
    references = find_videos(table, columns=roles)
    resolved, _ = resolve_videos(AnalysisConfig(), references, parse_path(table), cameras=cameras)
    found = [(one.recording.camera, one.recording.site, one.config.video.width) for one in resolved.values()]
    assert found == [("door", "Mitte", 640), ("till", None, None)]


def test_a_pattern_of_starts_names_the_camera(archive, tmp_path):
    write(archive / "door_2026-11-24T09" / "page-1.json", page(record(), job="j-3"))
    cameras = write(tmp_path / "cameras.toml", BASE + 'timezone = "Asia/Tokyo"\nvalid_from = 2026-11-24\n')
    resolved, _ = resolve(archive, cameras, started_at="{camera}_%Y-%m-%dT%H")
    recording = resolved["door_2026-11-24T09"].recording
    assert (recording.camera, recording.started_at.isoformat()) == ("door", "2026-11-24T09:00:00+09:00")
    assert resolved["door_2026-11-24T09"].camera is not None
