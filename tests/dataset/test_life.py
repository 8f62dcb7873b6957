"""The life of a dataset: nights, cameras, corrections, removals, versions, and what may go wrong."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq
import pytest
from buckets import content
from pages import FACE, page, record, write
from stored import assert_sound, contents, list_files, read_stored, rows, values, videos

from ptrack_analysis import export_dataset, open_dataset, verify_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import catalogue, changes, manifest, opening
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.manifest import SOURCES, format_manifest, read_manifest
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.errors import InputError, OutputError, ParameterError
from ptrack_analysis.storage import facts
from ptrack_analysis.video import Video

BERLIN = {"timezone": "Europe/Berlin"}
UNKNOWN = "__HIVE_DEFAULT_PARTITION__"


def walk(start=0, count=5, left=0.2, person=1, step=100):
    return [record(start + step * n, person, box=(left, 0.2, 0.1, 0.4)) for n in range(count)]


def save(folder, name, *records, job=None, **facts):
    write(folder / f"{name}.json", page(*records, job=job or f"job {folder.name} {name}", **facts))
    return folder


def zone_file(path, **zones):
    """Write zones with these left and right edges; a third value binds a zone to a video."""
    features = []
    for name, (left, right, *video) in zones.items():
        ring = [[left, 0], [right, 0], [right, 1], [left, 1], [left, 0]]
        bound = {"video": video[0]} if video else {}
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"name": name, **bound}, "geometry": geometry})
    return write(path, {"type": "FeatureCollection", "unit": "fraction", "features": features})


def clock_file(path, **starts):
    lines = [f"{video},{start},Europe/Berlin" for video, start in starts.items()]
    return write(path, "\n".join(["video,started_at,timezone", *lines]) + "\n")


def statuses(summary):
    return {video.name: video.status for video in summary.videos}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_a_week_of_one_folder_a_night_has_every_night_once(tmp_path, out):
    for day in range(16, 23):
        folder = tmp_path / f"2026-11-{day}"
        for camera, count in (("door", day), ("hall", 3)):
            save(folder, camera, *walk(count=count))
        clock = clock_file(
            folder / "clock.csv", door=f"2026-11-{day}T22:00:00", hall=f"2026-11-{day}T22:00:00"
        )
        export_dataset(folder, out, recordings=clock)
    expected = {f"2026-11-{day}": day + 3 for day in range(16, 23)}
    days = [str(one) for one in values(out, "detections", "local_date")]
    assert {day: days.count(day) for day in expected} == expected
    assert videos(out)[:3] == ["door", "door-2026-11-17", "door-2026-11-18"]
    assert len(videos(out)) == 14
    assert_sound(out)


def test_each_night_exported_a_second_time_changes_no_byte(tmp_path, out):
    nights = [save(tmp_path / name, "door", *walk(count=4 + n)) for n, name in enumerate(("mon", "tue"))]
    for folder in nights:
        export_dataset(folder, out)
    before = {place: one for place, one in content(out).items() if not place.startswith("_ptrack")}
    for folder in nights:
        assert list(statuses(export_dataset(folder, out)).values()) == ["unchanged"]
    assert {place: one for place, one in content(out).items() if not place.startswith("_ptrack")} == before


def test_default_readers_see_the_same_columns_whatever_a_video_has(tmp_path, out, data):
    save(tmp_path / "a", "a", *walk())
    export_dataset(tmp_path / "a", out)
    save(tmp_path / "b", "b", *walk())
    export_dataset(tmp_path / "b", out, floor=data / "day/floor.json")
    save(tmp_path / "c", "c", *walk())
    export_dataset(tmp_path / "c", out, recordings=clock_file(tmp_path / "c.csv", c="2026-11-24T10:00:00"))
    save(tmp_path / "d", "d", record(0, 1, face=FACE), *walk(100, 3))
    export_dataset(tmp_path / "d", out, faces=True, stitch=True, fill_gaps="3s")
    head = "frame,id,left,top,right,bottom,confidence,class,class_name"
    lines = [f"{frame},7,100,200,150,320,0.9,0,person" for frame in range(3)]
    write(tmp_path / "e/e.csv", "\n".join([head, *lines]) + "\n")
    export_dataset(tmp_path / "e", out, video=Video(width=1280, height=720, frame_rate=25.0))
    assert_sound(out)  # one schema per table
    for table in read_manifest(out).tables:
        names = read_stored(out, table).column_names
        assert pl.read_parquet(f"{out}/{table}/*.parquet").columns == names
        assert pd.read_parquet(out / table).columns.tolist() == names
        assert pa_dataset.dataset(out / table).schema.names == names
        assert duckdb.read_parquet(f"{out}/{table}/*.parquet").columns == names
        assert {"local_date", "local_hour"} <= {*names}
    trajectories = pl.read_parquet(f"{out}/trajectories/*.parquet")
    counts = trajectories.group_by("video").agg(pl.col("x_px", "x_m", "recorded_at").count()).sort("video")
    assert counts.rows() == [("a", 5, 0, 0), ("b", 0, 5, 0), ("c", 5, 0, 5), ("d", 4, 0, 0), ("e", 3, 0, 0)]
    assert dict(
        zip(*read_stored(out, "videos").select(["video", "plane"]).to_pydict().values(), strict=True)
    ) == {
        **dict.fromkeys("acde", "px"),
        "b": "m",
    }
    assert not any("face" in name for name in read_stored(out, "detections").column_names)
    assert {*values(out, "faces", "video")} == {"d"}


def test_faces_are_a_table_of_their_own(tmp_path, out):
    save(tmp_path / "a", "a", record(0, 1, face=FACE), *walk(100, 3))
    export_dataset(tmp_path / "a", out, faces=True, tables=["faces"])
    assert values(out, "faces", "video") == ["a"]
    assert values(out, "faces", "face_yaw") == [10.0]


def test_editing_a_zone_of_one_video_leaves_the_other_videos_alone(tmp_path, out):
    pages = tmp_path / "pages"
    for name in ("door", "hall"):
        save(pages, name, *walk(left=0.2))
    zones = zone_file(tmp_path / "z.json", left=(0, 0.5, "door"), middle=(0.1, 0.6, "hall"))
    export_dataset(pages, out, zones=zones)
    before = [row for row in rows(out, "visits") if '"video": "door"' in row]
    zone_file(zones, left=(0, 0.5, "door"), middle=(0.4, 0.6, "hall"))
    assert statuses(export_dataset(pages, out, zones=zones)) == {"door": "unchanged", "hall": "written"}
    assert rows(out, "visits") == before
    zone_file(zones, left=(0, 0.4, "door"), middle=(0.4, 0.6, "hall"))
    assert statuses(export_dataset(pages, out, zones=zones)) == {"door": "written", "hall": "unchanged"}
    export_dataset(pages, tmp_path / "fresh", zones=zones)
    assert contents(out) == contents(tmp_path / "fresh")
    assert_sound(out)


def test_a_zone_of_all_videos_that_is_edited_redoes_all(tmp_path, out):
    pages = tmp_path / "pages"
    for name in ("door", "hall"):
        save(pages, name, *walk(left=0.2))
    zones = zone_file(tmp_path / "z.json", left=(0, 0.5))
    export_dataset(pages, out, zones=zones)
    zones.write_text(json.dumps(json.loads(zones.read_text()), indent=2))
    assert set(statuses(export_dataset(pages, out, zones=zones)).values()) == {"unchanged"}
    zone_file(zones, left=(0, 0.4))
    assert set(statuses(export_dataset(pages, out, zones=zones)).values()) == {"written"}


def test_moving_a_zone_of_one_camera_leaves_the_videos_of_other_cameras_alone(tmp_path, out):
    pages = tmp_path / "pages"
    for camera in ("door", "hall"):
        for night in (1, 2):
            save(pages, f"{camera}-{night}", *walk(left=0.2))
        zone_file(tmp_path / f"{camera}.geojson", left=(0, 0.5))
    cameras = write(
        tmp_path / "cameras.toml",
        "".join(
            f'[[camera]]\nname = "{name}"\nfiles = "{name}-*"\nzones = "{name}.geojson"\n'
            for name in ("door", "hall")
        ),
    )
    export_dataset(pages, out, cameras=cameras)
    zone_file(tmp_path / "hall.geojson", left=(0.5, 1))
    assert statuses(export_dataset(pages, out, cameras=cameras)) == {
        "door-1": "unchanged",
        "door-2": "unchanged",
        "hall-1": "written",
        "hall-2": "written",
    }
    assert sorted({*values(out, "visits", "video")}) == ["door-1", "door-2"]
    export_dataset(pages, tmp_path / "fresh", cameras=cameras)
    assert contents(out) == contents(tmp_path / "fresh")


def test_a_video_that_grew_replaces_its_rows_and_those_of_its_batch_stay(tmp_path, out):
    pages = tmp_path / "pages"
    for name in ("a", "b", "c"):
        save(pages, name, *walk())
    export_dataset(pages, out)
    assert len(list_files(out, "detections")) == 1
    save(pages, "b", *walk(count=9))
    assert statuses(export_dataset(pages, out)) == {"a": "unchanged", "b": "written", "c": "unchanged"}
    found = values(out, "detections", "video")
    assert {name: found.count(name) for name in "abc"} == {"a": 5, "b": 9, "c": 5}
    export_dataset(pages, tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")
    assert_sound(out)


def nights(tmp_path, out, **settings):
    """Export three nights of one camera and a video without a clock."""
    for day in (23, 24, 25):
        folder = save(tmp_path / f"n{day}", f"door-{day}", *walk(count=day))
        clock = clock_file(tmp_path / f"{day}.csv", **{f"door-{day}": f"2026-11-{day}T23:00:00"})
        export_dataset(folder, out, recordings=clock, **settings)
    export_dataset(save(tmp_path / "x", "x", *walk()), out, **settings)


@pytest.mark.parametrize("settings", [{}, {"partition": "local_day"}], ids=["flat", "by day"])
def test_removed_videos_are_in_no_file_of_the_dataset(settings, tmp_path, out, capsys):
    nights(tmp_path, out, **settings)
    assert main(["remove", str(out), "--video", "door-24"]) == 0
    assert capsys.readouterr().out == f"Removed door-24 from {out}; 3 videos left\n"
    assert videos(out) == ["door-23", "door-25", "x"]
    for place, found in content(out).items():
        assert b"door-24" not in found, place
    assert not (out / SOURCES).exists()  # compressed, it would hide the names of files
    assert "door-24" not in open_dataset(out).videos
    assert_sound(out)


def test_videos_that_ended_before_a_day_are_removed(tmp_path, out, capsys):
    nights(tmp_path, out)
    assert main(["remove", str(out), "--before", "2026-11-25", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["removed"] == ["door-23", "door-24"]
    assert videos(out) == ["door-25", "x"]
    assert sorted({str(day) for day in values(out, "detections", "local_date")}) == ["2026-11-25", "None"]
    assert remove_videos(out, before=date(2026, 11, 25)).videos == ()
    assert_sound(out)
    export_dataset(tmp_path / "n24", out, recordings=tmp_path / "24.csv")
    assert videos(out) == ["door-24", "door-25", "x"]


def test_a_removed_video_leaves_its_batch(tmp_path, out):
    for name in ("a", "b", "c"):
        save(tmp_path / "in", name, *walk())
    export_dataset(tmp_path / "in", out)
    summary = remove_videos(out, ["a", "c"])
    assert (summary.videos, summary.left) == (("a", "c"), 1)
    assert [len(list_files(out, table)) for table in ("detections", "videos")] == [1, 1]
    assert videos(out) == ["b"]
    remove_videos(out, "b")
    assert read_stored(out, "detections").num_rows == 0
    assert read_manifest(out).names == ()
    export_dataset(tmp_path / "in", out)
    assert videos(out) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--video", "doar-24"], 2, "has no video 'doar-24'. Similar: 'door-24'"),
        (["--before", "soon"], 2, "before must be a date such as 2026-11-24, got 'soon'"),
        ([], 2, "videos or before must be given (--video or --before)"),
    ],
)
def test_removals_that_cannot_be_are_one_sentence(arguments, code, said, tmp_path, out, capsys):
    nights(tmp_path, out)
    before = content(out)
    assert main(["remove", str(out), *arguments]) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert content(out) == before


def test_an_export_that_fails_prunes_nothing_and_says_so(tmp_path, out):
    pages = tmp_path / "pages"
    for name in ("a", "b"):
        save(pages, name, *walk())
    export_dataset(pages, out)
    (pages / "b.json").unlink()
    bad = page(*walk(), job="job pages a")
    bad["Persons"][0]["Timestamp"] = -1
    write(pages / "a.json", bad)
    summary = export_dataset(pages, out, prune=True)
    assert (statuses(summary), summary.gone, summary.pruned) == ({"a": "failed"}, ("b",), False)
    assert videos(out) == ["a", "b"]


def test_a_failed_video_keeps_its_rows_as_outdated_until_it_is_mended(tmp_path, out):
    pages = tmp_path / "pages"
    for name in ("a", "b"):
        save(pages, name, *walk())
    export_dataset(pages, out)
    kept = rows(out, "trajectories")
    save(pages, "a", *walk(count=7))
    good = page(*walk(), job="job pages b")
    good["Persons"][0]["Timestamp"] = -1
    write(pages / "b.json", good)
    assert statuses(export_dataset(pages, out)) == {"a": "written", "b": "failed"}
    assert values(out, "videos", "status", video="a") == ["current"]
    assert values(out, "videos", "status", video="b") == ["outdated"]
    assert [row for row in rows(out, "trajectories") if '"b"' in row] == [row for row in kept if '"b"' in row]
    assert_sound(out)
    assert statuses(export_dataset(pages, out)) == {"a": "unchanged", "b": "failed"}
    save(pages, "b", *walk(count=6))
    assert statuses(export_dataset(pages, out)) == {"a": "unchanged", "b": "written"}
    assert values(out, "videos", "status") == ["current", "current"]
    export_dataset(pages, tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")


@pytest.mark.parametrize("later", ["moved", "no zones", "renamed"])
def test_the_rows_of_a_failed_video_keep_their_zones(later, tmp_path, out):
    pages, zones = tmp_path / "pages", zone_file(tmp_path / "z.json", all=(0, 1))
    for name in ("a", "b"):
        save(pages, name, *walk())
    export_dataset(pages, out, zones=zones)
    before = contents(out)
    broken = page(*walk(), job="job pages b")
    broken["Persons"][0]["Timestamp"] = -1
    (pages / "b.json").unlink()
    write(pages / ("c.json" if later == "renamed" else "b.json"), broken)
    moved = zone_file(tmp_path / "z.json", all=(0, 0.9))
    failed = {"renamed": "c"}.get(later, "b")
    summary = export_dataset(pages, out, zones=None if later == "no zones" else moved)
    assert statuses(summary) == {"a": "written", failed: "failed"}
    assert [row for row in rows(out, "visits") if '"b"' in row] == before["visits"][1:]
    report = verify_dataset(out)
    assert report.passed, report.findings
    assert_sound(out)


def over_midnight(tmp_path, out, partition):
    """Export a video from 23:58 to 0:03, and one without a clock."""
    pages = tmp_path / "pages"
    save(pages, "late", *walk(count=300, step=1000), *walk(count=300, step=1000, person=2, left=0.6))
    save(pages, "none", *walk())
    clock = clock_file(tmp_path / "clock.csv", late="2026-11-30T23:58:00")
    zones = zone_file(tmp_path / "z.json", left=(0, 0.5))
    return export_dataset(pages, out, recordings=clock, zones=zones, partition=partition)


PARTS = {
    "local_day": ("day", ["2026-11-30", "2026-12-01"]),
    "local_month": ("month", ["2026-11", "2026-12"]),
}


@pytest.mark.parametrize("partition", PARTS)
def test_a_video_over_midnight_is_split_by_the_day_of_the_fact(partition, tmp_path, out):
    over_midnight(tmp_path, out, partition)
    name, texts = PARTS[partition]
    folders = {file.parent.name for file in list_files(out, "detections")}
    assert folders == {f"{name}={text}" for text in [*texts, UNKNOWN]}
    for table in read_manifest(out).tables:
        for file in list_files(out, table):
            found = pq.ParquetFile(file).read()
            assert name not in found.column_names
            days = {
                None if day is None else day.isoformat()[: len(texts[0])]
                for day in found["local_date"].to_pylist()
            }
            text = file.parent.name.partition("=")[2]
            assert days <= {None if text == UNKNOWN else text}, (table, file)
    stored = duckdb.read_parquet(f"{out}/detections/**/*.parquet", hive_partitioning=True)
    counted = stored.aggregate(f"{name}, count(*)").order(f"{name} NULLS LAST").fetchall()
    assert [count for _, count in counted] == [240, 360, 5]
    assert counted[-1][0] is None
    assert_sound(out)


@pytest.mark.parametrize("partition", PARTS)
def test_partitions_and_a_flat_dataset_have_the_same_rows_and_tables_in_memory(partition, tmp_path, out):
    over_midnight(tmp_path, out, partition)
    over_midnight(tmp_path, tmp_path / "flat", None)
    assert contents(out) == contents(tmp_path / "flat")
    one, other = open_dataset(out), open_dataset(tmp_path / "flat")
    for table in read_manifest(out).tables:
        found = one.read(table)
        pd.testing.assert_frame_equal(found, other.read(table))
        assert found.index.is_monotonic_increasing
    assert one.sql("SELECT count(*) AS n FROM trajectories")["n"].tolist() == [605]


def test_the_kind_of_partition_is_chosen_once(tmp_path, out, capsys):
    over_midnight(tmp_path, out, "local_day")
    before = contents(out)
    assert set(statuses(over_midnight(tmp_path, out, None)).values()) == {"unchanged"}
    with pytest.raises(ParameterError, match=r"partition \(--partition\) is 'local_month', but .*local_day"):
        over_midnight(tmp_path, out, "local_month")
    assert contents(out) == before


def test_a_corrected_clock_moves_rows_to_other_partitions(tmp_path, out):
    over_midnight(tmp_path, out, "local_day")
    clock = clock_file(tmp_path / "clock.csv", late="2026-11-28T12:00:00", none="2026-11-29T12:00:00")
    zones = zone_file(tmp_path / "z.json", left=(0, 0.5))
    export_dataset(tmp_path / "pages", out, recordings=clock, zones=zones)
    assert {file.parent.name for file in list_files(out, "detections")} == {
        "day=2026-11-28",
        "day=2026-11-29",
    }
    assert not (out / f"detections/day={UNKNOWN}").exists()
    assert len(values(out, "detections", "video")) == 605
    assert_sound(out)


def test_100_videos_are_at_most_60_files(tmp_path, out):
    for number in range(100):
        save(tmp_path / "in", f"v{number:03}", *walk(count=3))
    export_dataset(tmp_path / "in", out, zones=zone_file(tmp_path / "z.json", left=(0, 0.5)))
    files = [*out.glob("[!_]*/**/*.parquet")]
    assert len(files) <= 60
    assert len(videos(out)) == 100
    assert_sound(out)


@pytest.mark.parametrize("place", ["visits/mine.parquet", "tracks/day=1/x.parquet", "zones/more.parquet"])
def test_a_foreign_parquet_in_the_folder_of_a_table_is_refused(place, tmp_path, out, capsys):
    pages = save(tmp_path / "in", "a", *walk())
    export_dataset(pages, out)
    write(out / place, (out / "tracks/part-000001.parquet").read_bytes())
    before = content(out)
    save(pages, "b", *walk())
    assert main(["export", str(pages), str(out)]) == 1
    error = capsys.readouterr().err
    assert f"{place!r} was not written by ptrack-analysis" in error
    assert error.count("\n") == 1
    assert content(out) == before
    assert open_dataset(out).read("tracks").shape[0] == 1
    for hidden in ("visits/_mine.parquet", "visits/.mine.parquet"):
        (out / place).rename(write(out / hidden, b""))
        assert statuses(export_dataset(pages, out))["a"] == "unchanged"
        (out / hidden).rename(write(out / place, b""))


def edit_twice(found):
    return replace(found, videos=(*found.videos, found.videos[0]))


def edit_path(found):
    return replace(found, files=(*found.files, replace(found.files[0], place="../../x.parquet")))


@pytest.mark.parametrize("edit", [edit_twice, edit_path])
def test_a_manifest_that_was_edited_is_refused(edit, tmp_path, out, capsys):
    pages = save(tmp_path / "in", "a", *walk())
    export_dataset(pages, out)
    path = out / "_ptrack/manifest.parquet"
    path.write_bytes(format_manifest(edit(read_manifest(out))))
    before = content(out)
    for command in (
        ["export", str(pages), str(out)],
        ["compact", str(out)],
        ["remove", str(out), "--video", "a"],
    ):
        assert main(command) == 3
        error = capsys.readouterr().err
        assert "_ptrack/manifest.parquet: was edited and is inconsistent" in error
        assert error.count("\n") == 1
    assert content(out) == before


@pytest.mark.parametrize("damage", [b"", b"{}", b"PAR1"], ids=str)
def test_a_damaged_manifest_is_refused(damage, tmp_path, out):
    pages = save(tmp_path / "in", "a", *walk())
    export_dataset(pages, out)
    (out / "_ptrack/manifest.parquet").write_bytes(damage)
    for run in (lambda: export_dataset(pages, out), lambda: compact_dataset(out), lambda: open_dataset(out)):
        with pytest.raises(InputError, match="cannot be read as the manifest of a dataset"):
            run()


def test_a_parquet_file_of_someone_else_is_no_manifest(tmp_path, out):
    pages = save(tmp_path / "in", "a", *walk())
    export_dataset(pages, out)
    table = pq.read_table(out / "_ptrack/manifest.parquet")
    edited = table.set_column(0, "video", pa.array([7])).replace_schema_metadata(table.schema.metadata)
    for content_of in (pa.table({"video": ["a"]}), edited, table.drop_columns(["files"])):
        pq.write_table(content_of, out / "_ptrack/manifest.parquet")
        with pytest.raises(InputError, match=r"manifest\.parquet: (was edited|cannot be read as)"):
            open_dataset(out)


def set_version(patch, version):
    """Have the package know another version of the schema."""
    facts.arrow_schema.cache_clear()
    for module in (facts, manifest, changes, catalogue, opening):
        patch.setattr(module, "SCHEMA_VERSION", version)


@pytest.fixture
def fresh_schemas():
    yield
    facts.arrow_schema.cache_clear()


@pytest.mark.usefixtures("fresh_schemas")
def test_a_dataset_of_a_newer_version_is_refused(tmp_path, out, monkeypatch, capsys):
    pages = save(tmp_path / "in", "a", *walk())
    with monkeypatch.context() as patch:
        set_version(patch, facts.SCHEMA_VERSION + 1)
        export_dataset(pages, out)
    facts.arrow_schema.cache_clear()
    before = content(out)
    save(pages, "b", *walk())
    for command in (
        ["export", str(pages), str(out)],
        ["compact", str(out)],
        ["remove", str(out), "--video", "a"],
    ):
        assert main(command) == 3
        error = capsys.readouterr().err
        assert f"schema version {facts.SCHEMA_VERSION + 1}" in error
        assert "Install the newer package" in error
        assert error.count("\n") == 1
    with pytest.raises(InputError, match="Install the newer package"):
        open_dataset(out)
    assert content(out) == before


@pytest.mark.usefixtures("fresh_schemas")
@pytest.mark.parametrize("partition", [None, "local_day"], ids=["flat", "by day"])
@pytest.mark.parametrize("run", ["export", "export more", "compact", "remove"])
def test_a_step_of_the_schema_brings_every_file_to_the_next_version(
    run, partition, tmp_path, out, monkeypatch
):
    for name in ("a", "b"):
        save(tmp_path / name, name, *walk())
        export_dataset(tmp_path / name, out, partition=partition)
    compact_dataset(out)
    save(tmp_path / "c", "c", *walk())
    export_dataset(tmp_path / "c", out)
    version = facts.SCHEMA_VERSION

    def double(content):
        if "time_in_scene_s" not in content.column_names:
            return content
        index = content.column_names.index("time_in_scene_s")
        doubled = pa.array([2 * value for value in content["time_in_scene_s"].to_pylist()], pa.float64())
        return content.set_column(index, content.schema.field(index), doubled)

    expected = [2 * value for value in values(out, "tracks", "time_in_scene_s")]
    with monkeypatch.context() as patch:
        patch.setitem(facts.STEPS, version, double)
        set_version(patch, version + 1)
        with pytest.raises(InputError, match="Run ptrack compact"):
            open_dataset(out)
        if run == "export":
            assert statuses(export_dataset(tmp_path / "a", out)) == {"a": "unchanged"}
        elif run == "export more":
            save(tmp_path / "d", "d", *walk())
            export_dataset(tmp_path / "d", out)
            expected += [expected[0] / 2]
        elif run == "compact":
            compact_dataset(out)
        else:
            remove_videos(out, "a")
            expected = expected[1:]
        assert sorted(values(out, "tracks", "time_in_scene_s")) == sorted(expected)
        marks = {pq.read_schema(file).metadata[facts.VERSION_MARK] for file in out.glob("[!_]*/**/*.parquet")}
        assert marks == {str(version + 1).encode()}
        assert read_manifest(out).version == version + 1
        assert_sound(out)


def test_two_runs_at_once_are_one_after_the_other_or_one_is_refused(tmp_path, out):
    for name in ("a", "b"):
        save(tmp_path / name, name, *walk(count=400, step=40))
    command = [sys.executable, "-m", "ptrack_analysis", "export"]
    runs = [
        subprocess.Popen(
            [*command, tmp_path / name, out], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("a", "b")
    ]
    results = []
    for run in runs:
        _, error = run.communicate(timeout=300)
        results.append((run.returncode, error))
    for code, error in results:
        assert code == 0 or "another run is writing this dataset" in error
    assert 0 in {code for code, _ in results}
    for name in ("a", "b"):
        export_dataset(tmp_path / name, out)
    assert videos(out) == ["a", "b"]
    assert_sound(out)


def test_further_columns_of_recordings_with_names_of_stored_columns_are_refused(tmp_path, out, capsys):
    pages = save(tmp_path / "in", "a", *walk())
    start = "a,2026-11-24T10:00:00Z"
    for name in ("day", "local_date", "month"):
        clock = write(tmp_path / "clock.csv", f"video,started_at,{name}\n{start},x\n")
        assert main(["export", str(pages), str(out), "--recordings", str(clock)]) == 3
        error = capsys.readouterr().err
        assert (
            f"clock.csv:1: the column {name!r} must be renamed, because datasets reserve this name" in error
        )
        assert error.count("\n") == 1
    clock = write(tmp_path / "clock.csv", f"video,started_at,note\n{start},x\n")
    export_dataset(pages, out, recordings=clock)
    assert values(out, "videos", "note") == ["x"]
    assert values(out, "videos", "local_date") == [date(2026, 11, 24)]


def test_a_clock_that_shows_half_past_two_twice_has_both_hours(tmp_path, out, capsys):
    pages = tmp_path / "pages"
    for name in ("first", "second", "told"):
        save(pages, name, *walk(count=60, step=1000))
    lines = [
        "first,2026-10-25T02:30:00+02:00,Europe/Berlin",
        "second,2026-10-25T02:30:00+01:00,Europe/Berlin",
    ]
    clock = write(tmp_path / "clock.csv", "\n".join(["video,started_at,timezone", *lines]) + "\n")
    export_dataset(pages, out, recordings=clock, partition="local_day")
    for name, moment in (("first", "00:30"), ("second", "01:30")):
        starts = values(out, "detections", "recorded_at", video=name)
        assert f"{min(starts):%H:%M}" == moment
        assert {*values(out, "detections", "local_hour", video=name)} == {2}
        assert {str(day) for day in values(out, "detections", "local_date", video=name)} == {"2026-10-25"}
    assert_sound(out)
    write(tmp_path / "clock.csv", "video,started_at,timezone\ntold,2026-10-25T02:30:00,Europe/Berlin\n")
    before = content(out)
    assert main(["export", str(pages), str(out), "--recordings", str(tmp_path / "clock.csv")]) == 3
    error = capsys.readouterr().err
    assert "twice" in error
    assert error.count("\n") == 1
    assert content(out) == before


def test_a_recording_at_one_minute_to_midnight_has_facts_of_both_days(tmp_path, out):
    pages = tmp_path / "pages"
    save(pages, "late", *walk(count=50, step=1000), *walk(70_000, 50, person=2, step=1000))
    clock = clock_file(tmp_path / "clock.csv", late="2026-12-31T23:59:00")
    zones = zone_file(tmp_path / "z.json", left=(0, 0.5))
    export_dataset(pages, out, recordings=clock, zones=zones)
    visits = read_stored(out, "visits").to_pylist()
    assert [(str(row["local_date"]), row["local_hour"]) for row in visits] == [
        ("2026-12-31", 23),
        ("2027-01-01", 0),
    ]
    dwell = read_stored(out, "dwell").to_pylist()
    assert [(str(row["local_date"]), row["local_hour"]) for row in dwell] == [("2026-12-31", 23)]
    days = {str(day) for day in values(out, "detections", "local_date")}
    assert days == {"2026-12-31", "2027-01-01"}
    assert days <= {str(day) for day in values(out, "dates", read_stored(out, "dates").column_names[0])}
    tracks = open_dataset(out).read("tracks")
    assert tracks.index.get_level_values("person_index").tolist() == [1, 2]


def test_a_run_that_is_refused_leaves_a_new_folder_away(tmp_path, out):
    with pytest.raises(InputError):
        export_dataset(tmp_path / "none", out)
    assert not out.exists()
    write(out / "notes.txt", "mine")
    with pytest.raises(OutputError, match=r"'notes\.txt' was not written by ptrack-analysis"):
        export_dataset(save(tmp_path / "in", "a", *walk()), out)
    export_dataset(tmp_path / "in", out, force=True)
    assert (out / "notes.txt").read_text() == "mine"
    shutil.rmtree(out)


def test_a_failed_video_is_named_although_its_archive_is_a_folder_of_many(tmp_path, out, capsys):
    pages = save(tmp_path / "pages", "door", *walk())
    for number in (1, 2):
        save(pages, f"till-{number}", *walk(start=number * 1000), token=f"more {number}", job="till")
    assert main(["export", str(pages), str(out)]) == 4
    error = capsys.readouterr().err
    assert f"ptrack: till: {pages}: the archive is incomplete" in error
    assert error.count("\n") == 2  # one of them says that there are no zones


def test_a_table_chosen_later_tells_which_videos_lack_it(tmp_path, out):
    save(tmp_path / "first", "a", *walk())
    save(tmp_path / "second", "b", *walk())
    export_dataset(tmp_path / "first", out)
    notes = export_dataset(tmp_path / "second", out, tables="occupancy_changes").warnings
    said = "new tables (occupancy_changes) have no rows of videos of earlier runs: 'a'."
    assert sum(note.startswith(said) for note in notes) == 1
    assert values(out, "occupancy_changes", "video", video="a") == []
    export_dataset(tmp_path / "first", out)
    assert values(out, "occupancy_changes", "video", video="a")
    assert not any("new tables" in note for note in export_dataset(tmp_path / "first", out).warnings)


def test_csv_files_that_a_run_removes_are_told_of(tmp_path, out):
    pages = save(tmp_path / "pages", "a", *walk())
    assert not any("CSV" in note for note in export_dataset(pages, out, csv=True).warnings)
    save(pages, "b", *walk())
    notes = export_dataset(pages, out).warnings
    assert any(note.startswith("the CSV files of an earlier run were removed") for note in notes)
    assert not any("CSV" in note for note in export_dataset(pages, out).warnings)
    assert not (out / "csv").exists()


def test_a_chosen_table_that_is_withheld_is_told_of(tmp_path, out):
    pages = save(tmp_path / "pages", "a", *walk())
    notes = export_dataset(pages, out, min_count=2, tables="detections,occupancy").warnings
    assert "tables withheld because of --min-count: detections" in notes
    assert not (out / "detections").exists()


def test_a_lock_that_the_system_refuses_is_one_plain_sentence(tmp_path, out, monkeypatch):
    pages = save(tmp_path / "pages", "a", *walk())
    export_dataset(pages, out)

    def refuse(_lock):
        raise OSError(30, "Read-only file system", str(out / "_ptrack/lock"))

    monkeypatch.setattr("ptrack_analysis.dataset.lock.FileLock.acquire", refuse)
    with pytest.raises(OutputError, match=r"lock: cannot be locked: Read-only file system$"):
        export_dataset(pages, out)


def test_names_that_do_not_match_the_pattern_of_their_camera_are_told_of(tmp_path, out):
    pages = save(tmp_path / "pages", "door_2026-11-16T20", *walk())
    for name in ("door-21", "till-21"):
        save(pages, name, *walk())
    cameras = write(
        tmp_path / "cameras.toml",
        '[[camera]]\nname = "door"\nfiles = "door*"\ntimezone = "Europe/Berlin"\n'
        'started_at = "door_%Y-%m-%dT%H"\n[[camera]]\nname = "till"\nfiles = "till*"\n',
    )
    notes = export_dataset(pages, out, cameras=cameras).warnings
    assert [note for note in notes if "unknown" in note] == [
        "the start of 'door-21' is unknown: the name does not match started_at of the camera"
    ]


CAMERA = """
[[camera]]
name = "{name}"
files = "new*"
started_at = "new-%Y-%m-%dT%H"
timezone = "Europe/Berlin"
{period} = 2026-01-01
"""


def two_nights(tmp_path, out):
    """Export four videos; then one is new, one changed, one truncated and one gone."""
    pages = tmp_path / "pages"
    for name in ("broken", "changed", "old", "same"):
        save(pages, name, record(0, 1), record(900, 1))
    export_dataset(pages, out, zones=zone_file(tmp_path / "z.json", all=(0, 1)))
    save(pages, "changed", *walk(count=7))
    save(pages, "new-2026-02-01T09", *walk())
    (pages / "broken.json").write_text((pages / "broken.json").read_text()[:-40])
    (pages / "old.json").unlink()
    return ["export", str(pages), str(out), "--zones", str(tmp_path / "z.json"), "--prune"]


def test_a_night_lists_what_is_new_changed_and_failed_but_not_what_is_unchanged(tmp_path, out, capsys):
    arguments = two_nights(tmp_path, out)
    assert main(arguments) == 4
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "5 videos: 2 written, 1 unchanged, 1 removed, 1 failed"
    assert [line.split("  ")[0] for line in lines[3:] if line[:1].strip()] == [
        "changed (changed)",
        "new-2026-02-01T09 (new)",
        "broken: failed, its earlier rows are kept",
        f"results are in {out}: see {out}/dictionary.md for every column",
    ]
    assert "same" not in said.out + said.err


def test_a_dry_run_lists_what_is_new_changed_and_gone(tmp_path, out, capsys):
    arguments = two_nights(tmp_path, out)
    before = content(out)
    cameras = write(tmp_path / "cameras.toml", "")
    for name, start in (("old", "valid_to"), ("young", "valid_from")):
        cameras.write_text(cameras.read_text() + CAMERA.format(name=name, period=start))
    assert main([*arguments, "--cameras", str(cameras), "--dry-run", "--json"]) == 0
    said = capsys.readouterr()
    rows = [(row["video"], row["state"], row["entry"]) for row in json.loads(said.out)]
    assert rows == [
        ("broken", "failed", None),
        ("changed", "changed", None),
        ("new-2026-02-01T09", "new", "young from 2026-01-01T00:00:00"),
        ("same", "unchanged", None),
        ("old", "removed", None),
    ]
    assert "1 complete records" in said.err
    assert content(out) == before


def test_hourly_tables_without_a_clock_are_told_of(tmp_path, out, capsys):
    pages, pattern = save(tmp_path / "pages", "a", *walk()), "x-%Y-%m-%dT%H%z"
    assert main(["export", str(pages), str(out), "--started-at", pattern, "--dry-run"]) == 0
    assert (
        f"the start of the video 'a' is unknown: the name does not match '{pattern}'"
        in capsys.readouterr().err
    )
    summary = export_dataset(pages, out, tables="occupancy_hourly")
    (note,) = summary.warnings
    assert note.startswith("the start of 'a' is unknown, so these videos have no rows in occupancy_hourly.")
