import json
import pickle
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pages import FACE, page, record, write

from ptrack_analysis import Video, read_parquet, read_tracking, write_parquet
from ptrack_analysis.dataset import export, video_files
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.dataset.records import validate_names
from ptrack_analysis.errors import (
    IncompleteError,
    InputError,
    OutputError,
    PageError,
    ParameterError,
    PtrackWarning,
    ZoneError,
)
from ptrack_analysis.rekognition import write_pages
from ptrack_analysis.schema import VISITS, empty_table

FOLDERS = [
    "videos",
    "tracks",
    "detections",
    "trajectories",
    "visits",
    "dwell",
    "transitions",
    "occupancy",
    "zone_occupancy",
    "heatmap",
    "quality",
]
CATALOGUE = ["dictionary.md", "views/athena.sql", "views/duckdb.sql"]
UNIT_SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
# one person for 400 ms on the left, then for 200 ms on the right; another on the right, for 200 ms unseen
SHOP = [
    *(record(ms, 1, box=(0.2, 0.2, 0.1, 0.4)) for ms in range(0, 400, 100)),
    *(record(ms, 1, box=(0.7, 0.2, 0.1, 0.4)) for ms in range(400, 600, 100)),
    *(record(ms, 2, box=(0.7, 0.2, 0.1, 0.4), face=FACE) for ms in range(0, 300, 100)),
    *(record(ms, 2, box=None, face=FACE) for ms in range(300, 500, 100)),
]
DAY = [record(ms, 0, box=(0.2, 0.2, 0.1, 0.4)) for ms in range(0, 500, 100)]


def rectangle(name, x0, x1):
    ring = [[x0, 0.0], [x1, 0.0], [x1, 1.0], [x0, 1.0], [x0, 0.0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def zone_file(path, *features, unit="fraction"):
    return write(path, {"type": "FeatureCollection", "unit": unit, "features": list(features)})


def floor_file(path):
    pairs = [{"image": [x, y], "floor": [10 * x, 5 * y]} for x, y in UNIT_SQUARE]
    return write(path, {"unit": "m", "pairs": pairs, "bounds": [0, 0, 10, 5]})


def make_archive(folder):
    """Make two videos, ``shop`` and ``day``, each of one job."""
    write(folder / "pages" / "shop-1.json", page(*SHOP[:5], token="next", job="shop"))
    write(folder / "pages" / "shop-2.json", page(*SHOP[5:], job="shop"))
    write(folder / "pages" / "day.json", page(*DAY, job="day"))
    return folder / "pages"


def make_zones(folder):
    features = [rectangle("right", 0.5, 1.0), rectangle("left", 0.0, 0.5), rectangle("=nobody", 0.9, 1.0)]
    return zone_file(folder / "zones.geojson", *features)


@pytest.fixture
def archive(tmp_path):
    return make_archive(tmp_path)


@pytest.fixture
def zones(tmp_path):
    return make_zones(tmp_path)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Files of an export with zones and CSV into an empty folder."""
    folder = tmp_path_factory.mktemp("fresh")
    export_dataset(make_archive(folder), folder / "out", zones=make_zones(folder), csv=True)
    return tree(folder / "out")


def tree(folder):
    """Give the content of every file below a folder, but for what runs note for themselves."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".ptrack" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def times(folder):
    """Give when each file was written, and which folders there are."""
    found = [path for path in folder.rglob("*") if ".ptrack" not in path.parts]
    return {path: path.stat().st_mtime_ns if path.is_file() else None for path in found}


def statuses(summary):
    return {video.name: video.status for video in summary.videos}


def ms(milliseconds):
    return pd.Timedelta(np.timedelta64(milliseconds, "ms"))


def test_each_table_is_a_folder_with_a_file_for_each_video(archive, zones, tmp_path):
    summary = export_dataset(archive, tmp_path / "out", zones=zones)
    expected = {f"{folder}/{video}.parquet" for folder in FOLDERS for video in ("shop", "day")}
    expected |= {"zones.parquet", "lines.parquet", "_runs/day.json", "_runs/shop.json", *CATALOGUE}
    assert set(tree(tmp_path / "out")) == expected
    assert statuses(summary) == {"day": "written", "shop": "written"}
    assert summary.out == tmp_path / "out"
    assert summary.warnings == ()


def test_the_files_are_those_of_write_parquet(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    visits = read_parquet(tmp_path / "out/visits/shop.parquet").droplevel("video")
    assert visits.index.tolist() == [("left", 1, 1), ("right", 1, 1), ("right", 2, 1)]
    assert visits["dwell"].tolist() == [ms(400), ms(200), ms(300)]
    write_parquet(visits, tmp_path / "visits.parquet", video="shop")
    assert (tmp_path / "visits.parquet").read_bytes() == (tmp_path / "out/visits/shop.parquet").read_bytes()


def test_the_zones_are_written_in_the_unit_of_their_file(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    written = read_parquet(tmp_path / "out/zones.parquet")
    written = written.set_index("zone")
    assert sorted(written.index) == ["=nobody", "left", "right"]
    outline = "POLYGON ((0 0, 0.5 0, 0.5 1, 0 1, 0 0))"
    assert written.loc["left"].drop("camera_key").tolist() == [
        "zone",
        "fraction",
        outline,
        pd.NaT,
        pd.NaT,
        0.5,
        2,
    ]
    assert written["camera_key"].isna().all()


def test_without_zones_there_are_no_visits_and_no_zones(archive, tmp_path):
    summary = export_dataset(archive, tmp_path / "out")
    assert not (tmp_path / "out/visits").exists()
    assert not (tmp_path / "out/zones.parquet").exists()
    assert "dwell_by_zone" not in (tmp_path / "out/views/duckdb.sql").read_text()
    assert "## visits" not in (tmp_path / "out/dictionary.md").read_text()
    assert summary.videos[1].dwell == {}


def test_on_a_floor_plan_positions_are_in_metres_and_the_heatmap_is_of_footpoints(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones, floor=floor_file(tmp_path / "floor.json"))
    trajectories = read_parquet(tmp_path / "out/trajectories/shop.parquet")
    heatmap = read_parquet(tmp_path / "out/heatmap/shop.parquet").droplevel("video")
    assert trajectories["x_m"].iloc[0] == pytest.approx(2.5)
    assert heatmap.index.names == ["row", "column"]
    assert (heatmap["seconds"] > 0).all()
    assert heatmap["x_m"].between(0, 10).all()
    assert "x_px" not in (tmp_path / "out/dictionary.md").read_text()


def test_the_heatmap_has_the_cells_in_which_people_stood_and_that_of_boxes_is_a_table_of_its_own(
    archive, tmp_path
):
    export_dataset(archive, tmp_path / "out", shape=(5, 10))
    heatmap = read_parquet(tmp_path / "out/heatmap/day.parquet")
    assert heatmap["seconds"].tolist() == [0.5]
    assert not (tmp_path / "out/box_heatmap").exists()
    export_dataset(archive, tmp_path / "boxes", shape=(5, 10), tables="box_heatmap")
    boxes = read_parquet(tmp_path / "boxes/box_heatmap/day.parquet")["box_seconds"]
    assert boxes.sum() == pytest.approx(0.5 * 0.1 * 0.4 * 50)
    assert 0 < len(boxes) < 50
    assert (boxes > 0).all()


def test_faces_are_written_only_if_they_are_asked_for(archive, tmp_path):
    export_dataset(archive, tmp_path / "without")
    export_dataset(archive, tmp_path / "with", faces=True)
    for name in ("without", "with"):
        detections = read_parquet(tmp_path / name / "detections/shop.parquet")
        assert list(detections.columns) == ["left", "top", "width", "height"]
    faces = read_parquet(tmp_path / "with/faces/shop.parquet")
    assert len(faces) == faces["face_yaw"].count() == 5
    assert "eye_left_x" in faces
    assert "face_yaw" in (tmp_path / "with/dictionary.md").read_text()
    assert "face" not in (tmp_path / "without/dictionary.md").read_text()
    assert not (tmp_path / "without/faces").exists()
    export_dataset(archive, tmp_path / "chosen", faces=True, tables="detections")
    assert not (tmp_path / "chosen/faces").exists()


def test_the_video_is_told_in_its_table(archive, tmp_path):
    export_dataset(archive, tmp_path / "out")
    videos = read_parquet(tmp_path / "out/videos/shop.parquet")
    assert videos.index.tolist() == ["shop"]
    assert videos.loc["shop", ["width", "height", "frame_rate", "job_id"]].tolist() == [
        1000,
        500,
        25.0,
        "shop",
    ]
    assert videos["duration"].tolist() == [ms(1000)]


def test_facts_that_the_pages_lack_are_taken_from_the_video_given(tmp_path):
    write(tmp_path / "pages/day.json", {"Persons": DAY})
    video = Video(width=200, height=100, duration=ms(900), started_at=pd.Timestamp("2024-05-06T07:08:09Z"))
    export_dataset(tmp_path / "pages", tmp_path / "out", video=video)
    written = read_parquet(tmp_path / "out/videos/day.parquet")
    trajectories = read_parquet(tmp_path / "out/trajectories/day.parquet")
    assert written["started_at"].tolist() == [pd.Timestamp("2024-05-06T07:08:09Z")]
    assert written["duration"].tolist() == [ms(900)]
    assert trajectories["x_px"].tolist() == pytest.approx([50.0] * 5)
    facts = json.loads((tmp_path / "out/_runs/day.json").read_text())["parameters"]["video"]
    assert facts == {"width": 200, "height": 100, "duration": 900, "started_at": "2024-05-06T07:08:09+00:00"}


def test_persons_and_times_are_selected_with_the_period_of_the_whole_video(tmp_path):
    records = [record(ms, 1) for ms in range(0, 500, 100)] + [record(ms, 2) for ms in (0, 300)]
    write(tmp_path / "pages/shop.json", page(*records))
    export_dataset(tmp_path / "pages", tmp_path / "out", persons=[2, 2], end="400ms")
    trajectories = read_parquet(tmp_path / "out/trajectories/shop@start-400ms.parquet").droplevel("video")
    assert trajectories.index.tolist() == [(2, ms(0)), (2, ms(300))]
    assert trajectories["time_present"].tolist() == [ms(300), ms(100)]
    detections = read_parquet(tmp_path / "out/detections/shop@start-400ms.parquet")
    assert len(detections) == 2


def test_the_period_can_be_given(archive, tmp_path):
    export_dataset(archive, tmp_path / "out", period="40ms")
    trajectories = read_parquet(tmp_path / "out/trajectories/day.parquet")
    assert trajectories["time_present"].tolist() == [ms(100)] * 4 + [ms(40)]


def test_the_summary_tells_rows_and_dwell_with_the_unlocated_time_beside_it(archive, zones, tmp_path):
    for status in ("written", "unchanged"):
        shop = export_dataset(archive, tmp_path / "out", zones=zones).videos[1]
        assert (shop.name, shop.status, shop.error) == ("shop", status, None)
        assert shop.rows["visits"] == 3
        assert shop.rows["detections"] == 11
        assert list(shop.dwell.items()) == [("right", ms(500)), ("left", ms(400)), ("=nobody", ms(0))]
        assert shop.in_scene == ms(1100)
        assert shop.without_position == ms(200)
        assert shop.warnings == (
            (
                "for 18% of the time in the scene it is not known where the person stood (no body box): "
                "time in zones is too short by up to that"
            ),
        )


def test_a_video_with_nobody_has_empty_tables(zones, tmp_path):
    write(tmp_path / "pages/shop.json", page())
    summary = export_dataset(tmp_path / "pages", tmp_path / "out", zones=zones)
    assert summary.videos[0].warnings == ("no person was detected",)
    assert summary.videos[0].dwell == {"right": ms(0), "left": ms(0), "=nobody": ms(0)}
    assert read_parquet(tmp_path / "out/visits/shop.parquet").empty
    assert read_parquet(tmp_path / "out/occupancy/shop.parquet")["max_persons"].tolist() == [0]
    assert read_parquet(tmp_path / "out/zone_occupancy/shop.parquet")["max_persons"].tolist() == [0, 0, 0]


def test_progress_is_told_after_each_video(archive, tmp_path):
    told = []
    export_dataset(
        archive, tmp_path / "out", progress=lambda summary, count: told.append((summary.name, count))
    )
    assert told == [("day", 2), ("shop", 2)]


def test_a_file_can_be_the_source(archive, tmp_path):
    summary = export_dataset(archive / "day.json", tmp_path / "out")
    assert statuses(summary) == {"day": "written"}
    source = json.loads((tmp_path / "out/_runs/day.json").read_text())["source"]
    assert [file["name"] for file in source] == ["day.json"]


def test_an_incomplete_archive_is_exported_only_if_that_is_allowed(tmp_path):
    write(tmp_path / "pages/shop.json", page(*SHOP, token="next"))
    refused = export_dataset(tmp_path / "pages", tmp_path / "out")
    assert isinstance(refused.videos[0].error, IncompleteError)
    with pytest.warns(PtrackWarning, match="shop: incomplete: its page has a NextToken"):
        allowed = export_dataset(tmp_path / "pages", tmp_path / "out", allow_incomplete=True)
    assert statuses(allowed) == {"shop": "written"}


def test_two_runs_give_the_same_bytes_wherever_they_are(archive, zones, tmp_path):
    elsewhere = shutil.copytree(archive, tmp_path / "far" / "away")
    export_dataset(archive, tmp_path / "one", zones=zones, csv=True)
    export_dataset(elsewhere, tmp_path / "two", zones=zones, csv=True)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_a_record_tells_sources_settings_and_outputs_but_no_place_and_no_time(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    text = (tmp_path / "out/_runs/shop.json").read_text()
    content = json.loads(text)
    assert str(tmp_path) not in text
    assert list(content) == sorted(content)
    assert set(content) == {
        *("about", "figures", "notes", "outputs", "package"),
        *("parameters", "read_report", "source", "version", "video"),
    }
    assert [file["name"] for file in content["source"]] == ["shop-1.json", "shop-2.json"]
    assert content["parameters"]["max_gap"] is None
    assert re.fullmatch("[0-9a-f]{64}", content["parameters"]["zones"])
    assert content["outputs"]["visits/shop.parquet"]["rows"] == 3
    assert sorted(content["outputs"]) == sorted(f"{folder}/shop.parquet" for folder in FOLDERS)


def test_a_second_run_touches_nothing(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    before = times(tmp_path / "out")
    summary = export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    assert statuses(summary) == {"day": "unchanged", "shop": "unchanged"}
    assert times(tmp_path / "out") == before


def _change_source(archive, _):
    write(archive / "shop-2.json", page(*SHOP[6:], job="shop"))


def _damage_output(_, out):
    (out / "visits/shop.parquet").write_bytes(b"PAR1")


def _remove_output(_, out):
    (out / "heatmap/shop.parquet").unlink()


def _remove_record(_, out):
    (out / "_runs/shop.json").unlink()


def _older_version(_, out):
    path = out / "_runs/shop.json"
    path.write_text(path.read_text().replace('"version": "', '"version": "0.0.'))


def _older_shape(_, out):
    (out / "_runs/shop.json").write_text('{"package": "ptrack-analysis", "made": []}')


@pytest.mark.parametrize(
    "change",
    [_change_source, _damage_output, _remove_output, _remove_record, _older_version, _older_shape],
    ids=lambda change: change.__name__.strip("_"),
)
def test_a_video_whose_sources_or_files_changed_is_written_again_and_it_alone(
    change, archive, zones, tmp_path
):
    out = tmp_path / "out"
    export_dataset(archive, out, zones=zones)
    change(archive, out)
    summary = export_dataset(archive, out, zones=zones)
    assert statuses(summary) == {"day": "unchanged", "shop": "written"}
    export_dataset(archive, tmp_path / "fresh", zones=zones)
    assert tree(out) == tree(tmp_path / "fresh")


@pytest.mark.parametrize(
    "setting",
    [
        {"max_gap": "1s"},
        {"merge_gap": "1s"},
        {"shape": (4, 4)},
        {"persons": [1]},
        {"faces": True},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_another_setting_writes_all_videos_again(setting, archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    summary = export_dataset(archive, tmp_path / "out", zones=zones, **setting)
    assert statuses(summary) == {"day": "written", "shop": "written"}
    export_dataset(archive, tmp_path / "fresh", zones=zones, **setting)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_a_changed_zone_file_writes_visits_and_zones_again(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    zone_file(zones, rectangle("all", 0.0, 1.0))
    summary = export_dataset(archive, tmp_path / "out", zones=zones)
    assert statuses(summary) == {"day": "written", "shop": "written"}
    assert read_parquet(tmp_path / "out/zones.parquet")["zone"].tolist() == ["all"]
    assert summary.videos[0].dwell == {"all": ms(500)}


def test_the_dataset_may_lie_among_the_pages(archive, zones):
    export_dataset(archive, archive, zones=zones, csv=True)
    summary = export_dataset(archive, archive, zones=zones, csv=True)
    assert statuses(summary) == {"day": "unchanged", "shop": "unchanged"}


def test_a_video_can_be_exported_by_another_process(archive, zones, tmp_path, monkeypatch):
    def there_and_back(value):
        return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes

    def elsewhere(task, export):
        return there_and_back(video_files.export_video(*there_and_back((task, export))))

    write(archive / "aaa.json", page({"Timestamp": -1, "Person": {"Index": 0}}, job="broken"))
    expected = export_dataset(archive, tmp_path / "here", zones=zones)
    monkeypatch.setattr(export, "export_video", elsewhere)
    summary = export_dataset(archive, tmp_path / "there", zones=zones)
    assert str(summary.videos) == str(expected.videos)
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_what_is_no_longer_made_is_removed(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, zones=zones, csv=True)
    summary = export_dataset(archive, out)
    assert statuses(summary) == {"day": "written", "shop": "written"}
    export_dataset(archive, tmp_path / "fresh")
    assert tree(out) == tree(tmp_path / "fresh")
    assert not (out / "visits").exists()
    assert not (out / "csv").exists()


def test_videos_that_are_not_in_the_archive_stay(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive / "day.json", out, zones=zones)
    summary = export_dataset(archive, out, zones=zones)
    assert statuses(summary) == {"day": "unchanged", "shop": "written"}
    (archive / "day.json").unlink()
    assert statuses(export_dataset(archive, out, zones=zones)) == {"shop": "unchanged"}
    assert (out / "visits/day.parquet").exists()


def test_videos_with_other_zones_are_told_of(archive, zones, tmp_path):
    export_dataset(archive / "day.json", tmp_path / "out", zones=zones)
    other = zone_file(tmp_path / "other.geojson", rectangle("all", 0.0, 1.0))
    (archive / "day.json").unlink()
    summary = export_dataset(archive, tmp_path / "out", zones=other)
    assert summary.warnings == ("the visits of 'day', exported earlier, are to the zones of another file",)


def test_zones_stay_while_visits_of_other_videos_do(archive, zones, tmp_path):
    export_dataset(archive / "day.json", tmp_path / "out", zones=zones)
    (archive / "day.json").unlink()
    export_dataset(archive, tmp_path / "out")
    assert (tmp_path / "out/zones.parquet").exists()
    assert "## visits" in (tmp_path / "out/dictionary.md").read_text()


def test_videos_in_px_and_in_metres_are_both_defined(archive, tmp_path):
    export_dataset(archive / "day.json", tmp_path / "out", floor=floor_file(tmp_path / "floor.json"))
    (archive / "day.json").unlink()
    export_dataset(archive, tmp_path / "out")
    text = (tmp_path / "out/dictionary.md").read_text()
    assert "`x_px`" in text
    assert "`x_m`" in text


STRANGERS = {
    "a table": ("visits/shop.parquet", b"PAR1 but not ours"),
    "a record": ("_runs/shop.json", b'{"mine": 1}'),
    "a broken record": ("_runs/shop.json", b"{"),
    "a dictionary": ("dictionary.md", b"# My notes\n"),
    "a view": ("views/duckdb.sql", b"SELECT 1;\n"),
    "zones": ("zones.parquet", b""),
    "a CSV": ("csv/visits/shop.csv", b"zone,dwell\na,1\n"),
    "an empty CSV": ("csv/visits/shop.csv", b""),
}


@pytest.mark.parametrize(("place", "content"), STRANGERS.values(), ids=STRANGERS)
def test_a_file_that_somebody_else_wrote_is_replaced_only_by_force(
    place, content, archive, zones, fresh, tmp_path
):
    out = tmp_path / "out"
    write(out / place, content)
    with pytest.raises(
        OutputError, match=re.escape(f"'{place}' would be replaced, but ptrack-analysis did not")
    ):
        export_dataset(archive, out, zones=zones, csv=True)
    assert tree(out) == {place: content}
    export_dataset(archive, out, zones=zones, csv=True, force=True)
    assert tree(out) == fresh


def test_of_many_files_in_the_way_the_first_are_named(archive, tmp_path):
    for folder in ("videos", "tracks", "detections", "trajectories"):
        write(tmp_path / "out" / folder / "day.parquet", b"mine")
    with pytest.raises(OutputError, match=r"'detections/day.parquet' and 1 more would be replaced"):
        export_dataset(archive, tmp_path / "out")


def test_files_that_are_not_in_the_way_stay(archive, tmp_path):
    out = tmp_path / "out"
    places = ["notes.txt", "visits/mine.parquet", "visits/shop.parquet", ".hidden", "_runs/notes.json"]
    for place in places:
        write(out / place, b"{")
    export_dataset(archive, out)
    assert all((out / place).read_bytes() == b"{" for place in places)


def test_a_table_that_the_package_wrote_may_be_replaced(archive, zones, tmp_path):
    (tmp_path / "out/visits").mkdir(parents=True)
    write_parquet(empty_table(VISITS), tmp_path / "out/visits/shop.parquet")
    summary = export_dataset(archive, tmp_path / "out", zones=zones)
    assert statuses(summary)["shop"] == "written"


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda out: write(out, b"x"), "is a file, so no dataset can be written there"),
        (lambda out: write(out / "videos", b"x"), "a file is where this folder should go"),
        (lambda out: (out / "videos/day.parquet").mkdir(parents=True), "is a folder, so no file can be"),
        (lambda out: (out / "dictionary.md").mkdir(parents=True), "is a folder, so no file can be"),
    ],
    ids=["the folder is a file", "a table's folder is a file", "a file is a folder", "a text is a folder"],
)
def test_what_can_never_be_written_is_refused_before_anything_is(prepare, message, force, archive, tmp_path):
    prepare(tmp_path / "out")
    before = times(tmp_path)
    with pytest.raises(OutputError, match=message):
        export_dataset(archive, tmp_path / "out", force=force)
    assert times(tmp_path) == before


def test_a_full_disk_stops_the_export_and_leaves_no_half_file(archive, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OutputError("out: cannot be written: No space left on device")

    monkeypatch.setattr(video_files, "write_csv", refuse)
    with pytest.raises(OutputError, match="No space left"):
        export_dataset(archive, tmp_path / "out", csv=True)
    monkeypatch.undo()
    export_dataset(archive, tmp_path / "out", csv=True)
    export_dataset(archive, tmp_path / "fresh", csv=True)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_a_video_that_fails_does_not_stop_the_others(archive, zones, tmp_path):
    write(archive / "aaa.json", page({"Timestamp": -1, "Person": {"Index": 0}}, job="broken"))
    summary = export_dataset(archive, tmp_path / "out", zones=zones)
    assert statuses(summary) == {"aaa": "failed", "day": "written", "shop": "written"}
    failed = summary.of_status("failed")[0]
    assert isinstance(failed.error, PageError)
    assert "aaa.json" in str(failed.error)
    assert failed.rows == {}
    assert not [place for place in tree(tmp_path / "out") if "aaa" in place]


def test_a_video_that_fails_keeps_the_files_that_it_had(archive, tmp_path):
    export_dataset(archive, tmp_path / "out")
    before = tree(tmp_path / "out")
    write(archive / "shop-2.json", page(*SHOP[5:], job="shop", token="more"))
    summary = export_dataset(archive, tmp_path / "out")
    assert statuses(summary) == {"day": "unchanged", "shop": "failed"}
    assert tree(tmp_path / "out") == before


def test_if_every_video_fails_nothing_is_written(tmp_path):
    write(tmp_path / "pages/shop.json", {"Persons": SHOP})
    summary = export_dataset(tmp_path / "pages", tmp_path / "out")
    assert isinstance(summary.videos[0].error, ParameterError)
    assert "--frame-size" in str(summary.videos[0].error)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: {"zones": folder / "none.geojson"},
        lambda folder: {"zones": write(folder / "zones.json", "{")},
        lambda folder: {"zones": zone_file(folder / "zones.json", rectangle("a", 0, 1), unit="m")},
        lambda folder: {"floor": folder / "none.json"},
        lambda folder: {"floor": write(folder / "floor.json", {"pairs": []})},
        lambda folder: {
            "floor": write(
                folder / "floor.json",
                {"image_unit": "px", "pairs": [{"image": [x, x], "floor": [x, x]} for x in range(4)]},
            )
        },
    ],
    ids=[
        "no zones",
        "zones of no JSON",
        "meters without floor",
        "no floor",
        "an empty floor",
        "a floor in a line",
    ],
)
def test_a_bad_zone_or_floor_file_is_told_before_anything_is_written(make, archive, tmp_path):
    with pytest.raises(ZoneError):
        export_dataset(archive, tmp_path / "out", **make(tmp_path))
    assert not (tmp_path / "out").exists()


def test_zones_and_floor_in_px_are_measured_with_each_video(archive, tmp_path):
    zones = zone_file(tmp_path / "zones.json", rectangle("left", 0, 500), unit="px")
    zones.write_text(zones.read_text().replace("1.0", "500"))
    pairs = [{"image": [1000 * x, 500 * y], "floor": [10 * x, 5 * y]} for x, y in UNIT_SQUARE]
    floor = write(tmp_path / "floor.json", {"image_unit": "px", "pairs": pairs})
    summary = export_dataset(archive, tmp_path / "out", zones=zones, floor=floor)
    assert [video.dwell for video in summary.videos] == [{"left": ms(500)}, {"left": ms(400)}]


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"max_gap": "soon"}, "max_gap"),
        ({"merge_gap": "-1s"}, "merge_gap"),
        ({"period": "1us"}, "period"),
        ({"shape": (0, 5)}, "shape"),
        ({"start": "2s", "end": "1s"}, "end"),
        ({"end": "0s"}, "end"),
    ],
    ids=str,
)
def test_a_setting_out_of_its_range_is_told_before_anything_is_written(setting, name, archive, tmp_path):
    with pytest.raises(ParameterError, match=f"^{name} (is|must be) "):
        export_dataset(archive, tmp_path / "out", **setting)
    assert not (tmp_path / "out").exists()


def test_a_source_without_pages_is_refused(tmp_path):
    (tmp_path / "pages").mkdir()
    with pytest.raises(InputError):
        export_dataset(tmp_path / "pages", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "a\n", "ä", "a" * 201])
def test_a_name_that_leads_out_of_the_folder_is_refused(name):
    with pytest.raises(OutputError, match="cannot be the name of a file"):
        validate_names(["good", name])


def test_two_videos_of_one_name_are_refused():
    with pytest.raises(OutputError, match="two videos have the name 'a'"):
        validate_names(["a", "b", "A"])


def test_ordinary_names_are_taken():
    validate_names(["a", "b-1", "c.persons", "_", "-", "7"])


def test_texts_that_look_like_formulas_are_defused_in_csv(archive, tmp_path):
    names = ["=cmd|' /C calc'!A0", "+1", "-1", "@a", "\ta", "\ra", "plain", "a=b", 'Käse,"x"']
    zones = zone_file(tmp_path / "zones.json", *(rectangle(name, 0.0, 1.0) for name in names))
    export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    with (tmp_path / "out/csv/visits/day.csv").open(encoding="utf-8", newline="") as file:
        cells = pd.read_csv(file)["zone"].tolist()
    assert sorted(cells) == sorted(name if name in names[6:] else f"'{name}" for name in names)


def test_csv_has_the_columns_and_rows_of_the_parquet_files(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    for folder in FOLDERS:
        parquet = pd.read_parquet(tmp_path / f"out/{folder}/shop.parquet")
        csv = pd.read_csv(tmp_path / f"out/csv/{folder}/shop.csv", keep_default_na=False, na_values=[])
        assert csv.columns.tolist() == parquet.columns.tolist()
        assert len(csv) == len(parquet)
    csv = pd.read_csv(tmp_path / "out/csv/trajectories/shop.csv")
    parquet = pd.read_parquet(tmp_path / "out/trajectories/shop.parquet")
    pd.testing.assert_frame_equal(csv, parquet, check_exact=True)


EXPORT = """
import os, signal, stat, sys
from ptrack_analysis.dataset.export import export_dataset

left = int(sys.argv[1])
fsync = os.fsync

def fsync_or_die(number):
    global left
    left -= 1
    if left == 0:
        found = os.fstat(number)
        if stat.S_ISREG(found.st_mode):
            os.ftruncate(number, found.st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(number)

os.fsync = fsync_or_die
export_dataset("pages", "out", zones="zones.geojson", csv=True)
"""


def run_and_kill(folder, *, after_writes):
    """Export in another process, which is killed at the n-th flush, with half of the file written."""
    return subprocess.run(
        [sys.executable, "-c", EXPORT, str(after_writes)], cwd=folder, check=False
    ).returncode


@pytest.mark.parametrize("after_writes", [1, 2, 14, 31, 58, 66])
def test_a_run_after_a_killed_one_gives_the_same_bytes(after_writes, archive, zones, fresh, tmp_path):
    assert run_and_kill(tmp_path, after_writes=after_writes) == -signal.SIGKILL
    left_behind = [path.name for path in (tmp_path / "out").rglob(".ptrack-*")]
    export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    assert tree(tmp_path / "out") == fresh
    assert left_behind or after_writes % 2 == 0
    assert not [*(tmp_path / "out").rglob(".ptrack-*")]


@pytest.mark.parametrize("after_writes", [9, 23, 41])
def test_a_killed_run_never_leaves_half_a_file(after_writes, archive, zones, fresh, tmp_path):
    assert run_and_kill(tmp_path, after_writes=after_writes) == -signal.SIGKILL
    written = [*(tmp_path / "out").rglob("[!.]*.parquet")]
    assert written
    for path in written:
        read_parquet(path)
    export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    assert tree(tmp_path / "out") == fresh


def test_a_run_killed_while_it_replaces_other_settings_is_completed(archive, zones, fresh, tmp_path):
    export_dataset(archive, tmp_path / "out", floor=floor_file(tmp_path / "floor.json"), faces=True)
    assert run_and_kill(tmp_path, after_writes=20) == -signal.SIGKILL
    export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    assert tree(tmp_path / "out") == fresh


def test_the_number_of_a_track_that_was_joined_is_that_of_its_person(data, tmp_path):
    """Persons are chosen by any of their numbers: two parts of one walk, 1 s apart."""
    detections, video = read_tracking(data / "shop")
    person = detections[detections.index.get_level_values("person_index") == 3].reset_index()
    later = person["timestamp"] > person["timestamp"].median() + pd.Timedelta("1s")
    first = person["timestamp"] <= person["timestamp"].median()
    person.loc[later, "person_index"] = 77
    broken = person[first | later].set_index(["timestamp", "person_index"])
    write_pages(broken, video, tmp_path / "pages")
    for number in (3, 77):
        out = tmp_path / f"out{number}"
        export_dataset(tmp_path / "pages", out, stitch=True, persons=[number], tables="stitches")
        (stitched,) = (out / "stitches").iterdir()
        assert read_parquet(stitched)["merged_into"].tolist() == [3]
        (persons,) = (out / "tracks").iterdir()
        assert read_parquet(persons)["detections"].tolist() == [len(broken)]


def test_a_part_of_a_video_is_said_to_be_one(data, tmp_path):
    zones = data / "shop/zones.geojson"
    export_dataset(data / "shop", tmp_path, zones=zones, start="20s", end="50s")
    (videos,) = (tmp_path / "videos").iterdir()
    part = read_parquet(videos)[["analyzed_from", "analyzed_to"]].iloc[0]
    assert part.tolist() == [pd.Timedelta("20s"), pd.Timedelta("50s")]
    (balance,) = (tmp_path / "count_drift").iterdir()
    rows = read_parquet(balance)
    moments = rows.index.get_level_values("timestamp")
    assert moments.min() == pd.Timedelta("20s")
    assert moments.max() >= pd.Timedelta("50s")
    assert rows["drift"].iloc[0] == 0
    (counts,) = (tmp_path / "counts").iterdir()
    assert read_parquet(counts).index.get_level_values("timestamp").min() == pd.Timedelta("20s")


def test_a_line_of_the_kind_door_bounds_the_scene_and_others_do_not(data, tmp_path):
    content = json.loads((data / "shop/zones.geojson").read_text())
    across = {"type": "LineString", "coordinates": [[0.5, 0.0], [0.5, 1.0]]}
    content["features"].append({"type": "Feature", "properties": {"name": "across"}, "geometry": across})
    (tmp_path / "both.geojson").write_text(json.dumps(content))
    for feature in content["features"]:
        if feature["properties"]["name"] == "door":
            feature["properties"]["kind"] = "entrance"
    (tmp_path / "door.geojson").write_text(json.dumps(content))
    counted = {}
    for name in ("both", "door"):
        zones = tmp_path / f"{name}.geojson"
        summary = export_dataset(data / "shop", tmp_path / name, zones=zones, tables="count_drift")
        (balance,) = (tmp_path / name / "count_drift").iterdir()
        counted[name] = read_parquet(balance)["in_total"].max()
        said = any("takes every line as one that bounds the scene" in n for n in summary.videos[0].warnings)
        assert said == (name == "both")
    assert counted["door"] < counted["both"]
