import json
import pickle
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from buckets import content
from pages import FACE, page, record, write
from stored import assert_sound, contents, list_files, list_tables, read_stored, values, videos

from ptrack_analysis import Video, open_dataset, read_tracking
from ptrack_analysis.dataset import batches, export
from ptrack_analysis.dataset.batches import export_batch
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.dataset.manifest import read_manifest
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

FACTS = [
    "videos",
    "tracks",
    "detections",
    "trajectories",
    "visits",
    "occupancy",
    "zone_occupancy",
    "crossings",
    "heatmap",
    "dwell",
    "transitions",
    "quality",
]
DIMENSIONS = ["cameras", "dates", "lines", "sites", "zones"]
CATALOGUE = {"dictionary.md", "datapackage.json", "views/athena.sql", "views/duckdb.sql"}
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
    """Rows of an export with zones into an empty folder."""
    folder = tmp_path_factory.mktemp("fresh")
    export_dataset(make_archive(folder), folder / "out", zones=make_zones(folder))
    return contents(folder / "out")


def times(folder):
    """Give when each file was written, and which folders there are."""
    found = [path for path in folder.rglob("*") if "_ptrack" not in path.parts]
    return {path: path.stat().st_mtime_ns if path.is_file() else None for path in found}


def statuses(summary):
    return {video.name: video.status for video in summary.videos}


def ms(milliseconds):
    return pd.Timedelta(np.timedelta64(milliseconds, "ms"))


def test_each_fact_has_a_file_per_batch_and_each_dimension_one_file(archive, zones, tmp_path):
    summary = export_dataset(archive, tmp_path / "out", zones=zones)
    expected = {f"{table}/part-000001.parquet" for table in FACTS} - {"crossings/part-000001.parquet"}
    expected |= {f"{name}/{name}.parquet" for name in DIMENSIONS} | CATALOGUE
    expected |= {"crossings/part-000000.parquet", "_ptrack/manifest.parquet", "_ptrack/sources.parquet"}
    found = {place for place in content(tmp_path / "out") if not place.startswith("dbt/")}
    assert found == expected
    assert list_tables(tmp_path / "out") == sorted([*FACTS, *DIMENSIONS])
    assert (tmp_path / "out/dbt/dbt_project.yml").is_file()
    assert statuses(summary) == {"day": "written", "shop": "written"}
    assert summary.out == tmp_path / "out"
    assert summary.warnings == ()
    assert_sound(tmp_path / "out")


def test_a_video_is_read_back_as_it_was_computed(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    visits = open_dataset(tmp_path / "out").read("visits", videos="shop")
    assert visits.index.tolist() == [("left", 1, 1), ("right", 1, 1), ("right", 2, 1)]
    assert visits["dwell"].tolist() == [ms(400), ms(200), ms(300)]


def test_the_zones_are_written_in_the_unit_of_their_file(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    found = {row["zone"]: row for row in read_stored(tmp_path / "out", "zones").to_pylist()}
    assert sorted(found) == ["=nobody", "left", "right"]
    assert found["left"]["unit"] == "fraction"
    assert "POLYGON ((0 0, 0.5 0, 0.5 1, 0 1, 0 0))" in found["left"].values()


def test_without_zones_tables_of_zones_are_empty(archive, tmp_path):
    summary = export_dataset(archive, tmp_path / "out")
    for table in ("visits", "dwell", "transitions", "zone_occupancy", "zones"):
        assert read_stored(tmp_path / "out", table).num_rows == 0
        assert len(list_files(tmp_path / "out", table)) == 1
    assert "dwell_by_zone" in (tmp_path / "out/views/duckdb.sql").read_text()
    assert summary.videos[1].dwell == {}
    assert_sound(tmp_path / "out")


def test_on_a_floor_plan_positions_are_in_meters(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, zones=zones, floor=floor_file(tmp_path / "floor.json"))
    trajectories = open_dataset(out).read("trajectories", videos="shop")
    assert trajectories["x_m"].iloc[0] == pytest.approx(2.5)
    assert "x_px" not in trajectories
    heatmap = open_dataset(out).read("heatmap", videos="shop")
    assert heatmap.index.names == ["row", "column"]
    assert (heatmap["seconds"] > 0).all()
    assert heatmap["x_m"].between(0, 10).all()
    assert {*values(out, "trajectories", "x_px")} == {None}
    assert values(out, "videos", "plane") == ["m", "m"]


def test_the_heatmap_has_the_cells_in_which_people_stood_and_that_of_boxes_is_a_table_of_its_own(
    archive, tmp_path
):
    export_dataset(archive, tmp_path / "out", shape=(5, 10))
    assert values(tmp_path / "out", "heatmap", "seconds", video="day") == [0.5]
    assert not (tmp_path / "out/box_heatmap").exists()
    export_dataset(archive, tmp_path / "boxes", shape=(5, 10), tables="box_heatmap")
    boxes = values(tmp_path / "boxes", "box_heatmap", "box_seconds", video="day")
    assert sum(boxes) == pytest.approx(0.5 * 0.1 * 0.4 * 50)
    assert 0 < len(boxes) < 50
    assert min(boxes) > 0


def test_faces_are_written_only_if_they_are_asked_for(archive, tmp_path):
    export_dataset(archive, tmp_path / "without")
    export_dataset(archive, tmp_path / "with", faces=True, tables=["detections", "faces"])
    for name in ("without", "with"):
        detections = open_dataset(tmp_path / name).read("detections", videos="shop")
        assert list(detections.columns) == ["left", "top", "width", "height"]
    faces = open_dataset(tmp_path / "with").read("faces", videos="shop")
    assert len(faces) == faces["face_yaw"].count() == 5
    assert "eye_left_x" in faces
    assert "face_yaw" in (tmp_path / "with/dictionary.md").read_text()
    assert "face_yaw" not in (tmp_path / "without/dictionary.md").read_text()
    assert not (tmp_path / "without/faces").exists()


def test_the_video_is_told_in_its_table(archive, tmp_path):
    export_dataset(archive, tmp_path / "out")
    (row,) = [one for one in read_stored(tmp_path / "out", "videos").to_pylist() if one["video"] == "shop"]
    assert [row[name] for name in ("width", "height", "frame_rate", "job_id", "status")] == [
        1000,
        500,
        25.0,
        "shop",
        "current",
    ]
    assert row["duration_s"] == 1.0


def test_facts_that_the_pages_lack_are_taken_from_the_video_given(tmp_path):
    write(tmp_path / "pages/day.json", {"Persons": DAY})
    video = Video(width=200, height=100, duration=ms(900), started_at=pd.Timestamp("2024-05-06T07:08:09Z"))
    export_dataset(tmp_path / "pages", tmp_path / "out", video=video)
    (row,) = read_stored(tmp_path / "out", "videos").to_pylist()
    assert row["started_at"] == pd.Timestamp("2024-05-06T07:08:09Z")
    assert row["duration_s"] == 0.9
    assert values(tmp_path / "out", "trajectories", "x_px") == pytest.approx([50.0] * 5)


def test_persons_and_times_are_selected_with_the_period_of_the_whole_video(tmp_path):
    records = [record(ms, 1) for ms in range(0, 500, 100)] + [record(ms, 2) for ms in (0, 300)]
    write(tmp_path / "pages/shop.json", page(*records))
    export_dataset(tmp_path / "pages", tmp_path / "out", persons=[2, 2], end="400ms")
    trajectories = open_dataset(tmp_path / "out").read("trajectories", videos="shop@start-400ms")
    assert trajectories.index.tolist() == [(2, ms(0)), (2, ms(300))]
    assert trajectories["time_present"].tolist() == [ms(300), ms(100)]
    assert len(read_stored(tmp_path / "out", "detections")) == 2


def test_the_period_can_be_given(archive, tmp_path):
    export_dataset(archive, tmp_path / "out", period="40ms")
    trajectories = open_dataset(tmp_path / "out").read("trajectories", videos="day")
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
                "positions are missing for 18% of the time in the scene (no body box), so "
                "time in zones may be too short by up to this share"
            ),
        )


def test_a_video_with_nobody_has_empty_tables(zones, tmp_path):
    write(tmp_path / "pages/shop.json", page())
    summary = export_dataset(tmp_path / "pages", tmp_path / "out", zones=zones)
    assert summary.videos[0].warnings == ("no person was detected",)
    assert summary.videos[0].dwell == {"right": ms(0), "left": ms(0), "=nobody": ms(0)}
    assert read_stored(tmp_path / "out", "visits").num_rows == 0
    assert values(tmp_path / "out", "occupancy", "max_persons") == [0]
    assert values(tmp_path / "out", "zone_occupancy", "max_persons") == [0, 0, 0]
    assert_sound(tmp_path / "out")


def test_progress_is_told_after_each_video(archive, tmp_path):
    told = []
    export_dataset(
        archive, tmp_path / "out", progress=lambda summary, count: told.append((summary.name, count))
    )
    assert told == [("day", 2), ("shop", 2)]


def test_a_file_can_be_the_source(archive, tmp_path):
    summary = export_dataset(archive / "day.json", tmp_path / "out")
    assert statuses(summary) == {"day": "written"}
    assert videos(tmp_path / "out") == ["day"]


def test_an_incomplete_archive_is_exported_only_if_that_is_allowed(tmp_path):
    write(tmp_path / "pages/shop.json", page(*SHOP, token="next"))
    refused = export_dataset(tmp_path / "pages", tmp_path / "out")
    assert isinstance(refused.videos[0].error, IncompleteError)
    with pytest.warns(PtrackWarning, match="shop: incomplete: its page has a NextToken"):
        allowed = export_dataset(tmp_path / "pages", tmp_path / "out", allow_incomplete=True)
    assert statuses(allowed) == {"shop": "written"}


def test_two_runs_give_the_same_rows_wherever_they_are(archive, zones, tmp_path):
    elsewhere = shutil.copytree(archive, tmp_path / "far" / "away")
    export_dataset(archive, tmp_path / "one", zones=zones)
    export_dataset(elsewhere, tmp_path / "two", zones=zones)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_manifest_tells_settings_and_outputs_but_no_place_and_no_time(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    found = read_manifest(tmp_path / "out")
    assert str(archive) not in str(found)
    shop = found.entries["shop"]
    assert shop.parameters["max_gap"] is None
    assert sorted(one["name"] for one in shop.places["zones"].values()) == ["=nobody", "left", "right"]
    assert shop.rows["visits"] == 3
    assert sorted(found.tables) == sorted(FACTS)


def test_a_second_run_touches_nothing(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    before = times(tmp_path / "out")
    summary = export_dataset(archive, tmp_path / "out", zones=zones)
    assert statuses(summary) == {"day": "unchanged", "shop": "unchanged"}
    assert times(tmp_path / "out") == before


def _change_source(archive, _):
    write(archive / "shop-2.json", page(*SHOP[6:], job="shop"))


def _damage_output(_, out):
    (out / "visits/part-000001.parquet").write_bytes(b"PAR1")


def _remove_output(_, out):
    (out / "heatmap/part-000001.parquet").unlink()


def test_a_video_whose_pages_changed_is_written_again_and_it_alone(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, zones=zones)
    _change_source(archive, out)
    summary = export_dataset(archive, out, zones=zones)
    assert statuses(summary) == {"day": "unchanged", "shop": "written"}
    export_dataset(archive, tmp_path / "fresh", zones=zones)
    assert contents(out) == contents(tmp_path / "fresh")
    assert_sound(out)


@pytest.mark.parametrize(
    "change", [_damage_output, _remove_output], ids=lambda change: change.__name__.strip("_")
)
def test_a_batch_whose_files_were_damaged_is_written_again(change, archive, zones, fresh, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, zones=zones)
    change(archive, out)
    summary = export_dataset(archive, out, zones=zones)
    assert statuses(summary) == {"day": "written", "shop": "written"}
    assert contents(out) == fresh
    assert_sound(out)


@pytest.mark.parametrize(
    "change", [_damage_output, _remove_output], ids=lambda change: change.__name__.strip("_")
)
def test_a_damaged_batch_with_videos_that_the_source_lacks_is_an_error(change, archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, zones=zones)
    change(archive, out)
    (archive / "day.json").unlink()
    before = content(out)
    with pytest.raises(InputError, match=r"files of 'day' are missing or were changed.*ptrack remove"):
        export_dataset(archive, out, zones=zones)
    assert content(out) == before


@pytest.mark.parametrize(
    "setting",
    [
        {"max_gap": "1s"},
        {"merge_gap": "1s"},
        {"shape": (4, 4)},
        {"persons": [1]},
        {"stitch": True},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_another_setting_writes_all_videos_again(setting, archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    summary = export_dataset(archive, tmp_path / "out", zones=zones, **setting)
    assert statuses(summary) == {"day": "written", "shop": "written"}
    export_dataset(archive, tmp_path / "fresh", zones=zones, **setting)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_a_changed_zone_file_writes_visits_and_zones_again(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones)
    zone_file(zones, rectangle("all", 0.0, 1.0))
    summary = export_dataset(archive, tmp_path / "out", zones=zones)
    assert statuses(summary) == {"day": "written", "shop": "written"}
    assert values(tmp_path / "out", "zones", "zone") == ["all"]
    assert summary.videos[0].dwell == {"all": ms(500)}


def test_the_dataset_may_lie_among_the_pages(archive, zones):
    with pytest.raises(OutputError, match=r"'day\.json', .* were not written by ptrack-analysis"):
        export_dataset(archive, archive, zones=zones)
    export_dataset(archive, archive, zones=zones, force=True)
    summary = export_dataset(archive, archive, zones=zones)
    assert statuses(summary) == {"day": "unchanged", "shop": "unchanged"}


def test_a_batch_can_be_exported_by_another_process(archive, zones, tmp_path, monkeypatch):
    def there_and_back(value):
        return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes

    def elsewhere(task, target):
        return there_and_back(export_batch(*there_and_back((task, target))))

    write(archive / "aaa.json", page({"Timestamp": -1, "Person": {"Index": 0}}, job="broken"))
    expected = export_dataset(archive, tmp_path / "here", zones=zones)
    monkeypatch.setattr(export, "export_batch", elsewhere)
    summary = export_dataset(archive, tmp_path / "there", zones=zones)
    assert str(summary.videos) == str(expected.videos)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_rows_that_are_no_longer_made_are_removed_and_their_table_stays(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out, zones=zones, csv=True)
    assert (out / "csv").is_dir()
    summary = export_dataset(archive, out)
    assert statuses(summary) == {"day": "written", "shop": "written"}
    export_dataset(archive, tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")
    assert read_stored(out, "visits").num_rows == 0
    assert not (out / "csv").exists()
    assert_sound(out)


def test_videos_that_are_not_in_the_archive_stay(archive, zones, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive / "day.json", out, zones=zones)
    summary = export_dataset(archive, out, zones=zones)
    assert statuses(summary) == {"day": "unchanged", "shop": "written"}
    (archive / "day.json").unlink()
    assert statuses(export_dataset(archive, out, zones=zones)) == {"shop": "unchanged"}
    assert sorted({*values(out, "visits", "video")}) == ["day", "shop"]


def test_zones_stay_while_visits_of_other_videos_do(archive, zones, tmp_path):
    export_dataset(archive / "day.json", tmp_path / "out", zones=zones)
    (archive / "day.json").unlink()
    export_dataset(archive, tmp_path / "out")
    assert sorted(values(tmp_path / "out", "zones", "zone")) == ["=nobody", "left", "right"]
    assert sorted({*values(tmp_path / "out", "visits", "video")}) == ["day"]


def test_videos_in_px_and_in_meters_are_both_defined(archive, tmp_path):
    export_dataset(archive / "day.json", tmp_path / "out", floor=floor_file(tmp_path / "floor.json"))
    (archive / "day.json").unlink()
    export_dataset(archive, tmp_path / "out")
    text = (tmp_path / "out/dictionary.md").read_text()
    assert "`x_px`" in text
    assert "`x_m`" in text


STRANGERS = {
    "a table": ("visits/shop.parquet", b"PAR1 but not ours"),
    "a batch": ("visits/part-000001.parquet", b"PAR1"),
    "a dictionary": ("dictionary.md", b"# My notes\n"),
    "a view": ("views/duckdb.sql", b"SELECT 1;\n"),
    "notes": ("notes.txt", b"mine"),
}


@pytest.mark.parametrize(("place", "found"), STRANGERS.values(), ids=STRANGERS)
def test_a_folder_with_files_of_someone_else_is_taken_only_by_force(
    place, found, archive, zones, fresh, tmp_path
):
    out = tmp_path / "out"
    write(out / place, found)
    with pytest.raises(OutputError, match=re.escape(f"'{place}' was not written by ptrack-analysis")):
        export_dataset(archive, out, zones=zones)
    assert content(out) == {place: found}
    export_dataset(archive, out, zones=zones, force=True)
    if place == "visits/shop.parquet":
        assert (out / place).read_bytes() == found
        (out / place).unlink()
    assert contents(out) == fresh


def test_of_many_files_in_the_way_the_first_are_named(archive, tmp_path):
    for folder in ("videos", "tracks", "detections", "trajectories"):
        write(tmp_path / "out" / folder / "day.parquet", b"mine")
    with pytest.raises(
        OutputError,
        match=r"'detections/day.parquet', 'tracks/day.parquet', 'trajectories/day.parquet' and 1 more were",
    ):
        export_dataset(archive, tmp_path / "out")


def test_files_beside_the_tables_of_a_dataset_stay(archive, tmp_path):
    out = tmp_path / "out"
    export_dataset(archive, out)
    places = ["notes.txt", "visits/_mine.parquet", "mine/shop.parquet", ".hidden", "views/mine.sql"]
    for place in places:
        write(out / place, b"{")
    export_dataset(archive, out, max_gap="1s")
    assert all((out / place).read_bytes() == b"{" for place in places)


def test_a_file_is_no_folder_of_a_dataset(archive, tmp_path):
    write(tmp_path / "out", b"x")
    for force in (False, True):
        with pytest.raises(OutputError, match="must be a folder, but is a file"):
            export_dataset(archive, tmp_path / "out", force=force)


@pytest.mark.parametrize(
    "prepare",
    [
        lambda out: write(out / "videos", b"x"),
        lambda out: (out / "videos/part-000001.parquet").mkdir(parents=True),
        lambda out: (out / "dictionary.md").mkdir(parents=True),
    ],
    ids=["a table's folder is a file", "a file is a folder", "a text is a folder"],
)
def test_a_place_that_cannot_be_written_is_one_sentence(prepare, archive, tmp_path):
    prepare(tmp_path / "out")
    with pytest.raises(OutputError) as raised:
        export_dataset(archive, tmp_path / "out", force=True)
    assert "\n" not in str(raised.value)


def test_a_full_disk_stops_the_export_and_leaves_no_half_file(archive, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OutputError("out: cannot be written: No space left on device")

    monkeypatch.setattr(batches, "stage_file", refuse)
    with pytest.raises(OutputError, match="No space left"):
        export_dataset(archive, tmp_path / "out")
    monkeypatch.undo()
    assert not [*(tmp_path / "out").rglob("*.parquet")]
    export_dataset(archive, tmp_path / "out")
    export_dataset(archive, tmp_path / "fresh")
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_a_video_that_fails_does_not_stop_the_others(archive, zones, tmp_path):
    write(archive / "aaa.json", page({"Timestamp": -1, "Person": {"Index": 0}}, job="broken"))
    summary = export_dataset(archive, tmp_path / "out", zones=zones)
    assert statuses(summary) == {"aaa": "failed", "day": "written", "shop": "written"}
    failed = summary.of_status("failed")[0]
    assert isinstance(failed.error, PageError)
    assert "aaa.json" in str(failed.error)
    assert failed.rows == {}
    assert videos(tmp_path / "out") == ["day", "shop"]


def test_a_video_that_fails_keeps_the_rows_that_it_had(archive, tmp_path):
    export_dataset(archive, tmp_path / "out")
    before = {name: found for name, found in contents(tmp_path / "out").items() if name != "videos"}
    write(archive / "shop-2.json", page(*SHOP[5:], job="shop", token="more"))
    summary = export_dataset(archive, tmp_path / "out")
    assert statuses(summary) == {"day": "unchanged", "shop": "failed"}
    assert {name: found for name, found in contents(tmp_path / "out").items() if name != "videos"} == before
    assert values(tmp_path / "out", "videos", "status", video="shop") == ["outdated"]
    assert values(tmp_path / "out", "videos", "status", video="day") == ["current"]


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


def test_texts_that_look_like_formulas_are_defused_in_csv(archive, tmp_path):
    names = ["=cmd|' /C calc'!A0", "+1", "-1", "@a", "\ta", "\ra", "plain", "a=b", 'Käse,"x"']
    zones = zone_file(tmp_path / "zones.json", *(rectangle(name, 0.0, 1.0) for name in names))
    export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    with (tmp_path / "out/csv/visits.csv").open(encoding="utf-8", newline="") as file:
        table = pd.read_csv(file)
    cells = table.loc[table["video"] == "day", "zone"].tolist()
    assert sorted(cells) == sorted(name if name in names[6:] else f"'{name}" for name in names)


def test_csv_has_the_columns_and_rows_of_the_parquet_files(archive, zones, tmp_path):
    export_dataset(archive, tmp_path / "out", zones=zones, csv=True)
    for table in [*FACTS, *DIMENSIONS]:
        stored = read_stored(tmp_path / "out", table)
        csv = pd.read_csv(tmp_path / f"out/csv/{table}.csv", keep_default_na=False, na_values=[])
        assert csv.columns.tolist() == stored.column_names
        assert len(csv) == len(stored)
    csv = pd.read_csv(tmp_path / "out/csv/trajectories.csv")
    stored = read_stored(tmp_path / "out", "trajectories").to_pandas()
    pd.testing.assert_frame_equal(csv[["x_px", "y_px"]], stored[["x_px", "y_px"]], check_exact=True)


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
export_dataset("pages", "out", zones="zones.geojson")
"""


def run_and_kill(folder, *, after_writes):
    """Export in another process, which is killed at the n-th flush, with half of the file written."""
    return subprocess.run(
        [sys.executable, "-c", EXPORT, str(after_writes)], cwd=folder, check=False
    ).returncode


@pytest.mark.parametrize("after_writes", [1, 2, 9, 14, 20, 26])
def test_a_run_after_a_killed_one_gives_the_same_rows(after_writes, archive, zones, fresh, tmp_path):
    assert run_and_kill(tmp_path, after_writes=after_writes) == -signal.SIGKILL
    for path in (tmp_path / "out").glob("[!_]*/*.parquet"):
        pq.read_table(path)
    export_dataset(archive, tmp_path / "out", zones=zones)
    assert contents(tmp_path / "out") == fresh
    assert_sound(tmp_path / "out")


def test_a_run_killed_while_it_replaces_other_settings_is_completed(archive, zones, fresh, tmp_path):
    export_dataset(archive, tmp_path / "out", floor=floor_file(tmp_path / "floor.json"))
    assert run_and_kill(tmp_path, after_writes=10) == -signal.SIGKILL
    export_dataset(archive, tmp_path / "out", zones=zones)
    assert contents(tmp_path / "out") == fresh
    assert_sound(tmp_path / "out")


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
        assert values(out, "stitches", "merged_into") == [3]
        assert values(out, "tracks", "detections") == [len(broken)]


def test_a_part_of_a_video_is_said_to_be_one(data, tmp_path):
    zones, out = data / "shop/zones.geojson", tmp_path / "out"
    export_dataset(data / "shop", out, zones=zones, start="20s", end="50s", tables=["count_drift", "counts"])
    dataset = open_dataset(out)
    part = dataset.read("videos")[["analyzed_from", "analyzed_to"]].iloc[0]
    assert part.tolist() == [pd.Timedelta("20s"), pd.Timedelta("50s")]
    drift = dataset.read("count_drift")
    moments = drift.index.get_level_values("timestamp")
    assert moments.min() == pd.Timedelta("20s")
    assert moments.max() >= pd.Timedelta("50s")
    assert drift["drift"].iloc[0] == 0
    assert dataset.read("counts").index.get_level_values("timestamp").min() == pd.Timedelta("20s")


def test_a_line_of_the_kind_door_bounds_the_scene_and_others_do_not(data, tmp_path):
    content = json.loads((data / "shop/zones.geojson").read_text())
    across = {"type": "LineString", "coordinates": [[0.5, 0.0], [0.5, 1.0]]}
    content["features"].append({"type": "Feature", "properties": {"name": "across"}, "geometry": across})
    for feature in content["features"]:
        feature["properties"].pop("kind", None)
    (tmp_path / "both.geojson").write_text(json.dumps(content))
    for feature in content["features"]:
        if feature["properties"]["name"] == "door":
            feature["properties"]["kind"] = "entrance"
    (tmp_path / "door.geojson").write_text(json.dumps(content))
    counted = {}
    for name in ("both", "door"):
        zones = tmp_path / f"{name}.geojson"
        summary = export_dataset(data / "shop", tmp_path / name, zones=zones, tables="count_drift")
        counted[name] = max(values(tmp_path / name, "count_drift", "in_total"))
        said = any("treats every line as a boundary of the scene" in n for n in summary.videos[0].warnings)
        assert said == (name == "both")
    assert counted["door"] < counted["both"]
