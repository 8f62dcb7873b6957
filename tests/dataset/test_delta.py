"""Datasets whose tables are Delta tables: written, read, repaired, compacted, and rid of videos."""

import json
import socket
import subprocess
import sys
import time
from contextlib import suppress

import duckdb
import polars as pl
import pytest
from buckets import put
from pages import page, record, write

from ptrack_analysis import export_dataset, open_dataset, verify_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import delta, publishing
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.delta_tables import find_storage_options
from ptrack_analysis.dataset.removal import remove_videos
from ptrack_analysis.errors import InputError, OutputError, ParameterError
from ptrack_analysis.storage.facts import SCHEMA_VERSION
from ptrack_analysis.video import Video

deltalake = pytest.importorskip("deltalake")
VIDEO = Video(width=1280, height=720, frame_rate=25.0)
READERS = {
    "deltalake": lambda path: deltalake.DeltaTable(path).to_pyarrow_table(),
    "polars": lambda path: pl.read_delta(str(path)).to_arrow(),
    "duckdb": lambda path: duckdb.arrow(deltalake.DeltaTable(path).to_pyarrow_dataset()).to_arrow_table(),
}


def walk(length):
    return [record(ms, 1, box=(0.2, 0.2, 0.1, 0.4)) for ms in range(0, 100 * length, 100)]


def make_source(folder, **lengths):
    for name, length in lengths.items():
        write(folder / f"{name}.json", page(*walk(length), job=name))
    return folder


def count(rows):
    """Count the rows of each video."""
    names = rows["video"].to_pylist()
    return {name: names.count(name) for name in sorted({*names})}


def read(out, table="detections"):
    return count(deltalake.DeltaTable(out / table).to_pyarrow_table())


def versions(out):
    return {
        path.name: deltalake.DeltaTable(path).version()
        for path in out.iterdir()
        if (path / "_delta_log").is_dir()
    }


def assert_sound(out, expected):
    assert read(out) == expected
    assert count(open_dataset(out).read("detections", as_="arrow")) == expected
    verification = verify_dataset(out, laws=True)
    assert verification.passed, verification.findings


@pytest.fixture
def source(tmp_path):
    return make_source(tmp_path / "in", a=3, b=4)


@pytest.fixture
def out(tmp_path, source):
    """Export two videos as Delta tables."""
    place = tmp_path / "out"
    export_dataset(source, place, as_="delta")
    return place


def test_each_table_is_a_delta_table_that_other_tools_read(out):
    assert {*versions(out)} == {*open_dataset(out).tables}
    for name, reader in READERS.items():
        assert count(reader(out / "detections")) == {"a": 3, "b": 4}, name
    assert_sound(out, {"a": 3, "b": 4})
    schema = deltalake.DeltaTable(out / "tracks").to_pyarrow_dataset().schema
    assert schema.field("time_in_scene_s").metadata[b"unit"] == b"s"


def test_rows_come_back_as_from_parquet_files(tmp_path, source, out):
    export_dataset(source, tmp_path / "flat")
    flat, delta = open_dataset(tmp_path / "flat"), open_dataset(out)
    for table in flat.tables:
        assert delta.columns(table) == flat.columns(table)
        assert delta.read(table).sort_index().equals(flat.read(table).sort_index()), table
    assert delta.read("detections", videos="b", start="200ms").equals(
        flat.read("detections", videos="b", start="200ms")
    )
    question = "SELECT video, count(*) AS rows FROM detections GROUP BY ALL ORDER BY ALL"
    assert delta.sql(question).equals(flat.sql(question))
    assert sum(map(len, delta.batches("detections", batch_rows=2))) == 7


def test_a_second_export_of_unchanged_files_makes_no_commit(source, out):
    before = versions(out)
    summary = export_dataset(source, out)
    assert [video.status for video in summary.videos] == ["unchanged", "unchanged"]
    assert versions(out) == open_dataset(out).manifest.versions == before


def test_new_and_changed_videos_are_one_commit_per_table(source, out):
    make_source(source, a=6, c=2)
    export_dataset(source, out)
    assert_sound(out, {"a": 6, "b": 4, "c": 2})
    found = versions(out)
    assert (found["detections"], found["tracks"], found["visits"], found["zones"]) == (1, 1, 0, 0)
    assert open_dataset(out).manifest.versions == found


def test_two_writers_of_other_videos_both_land(out):
    table = deltalake.DeltaTable(out / "detections")
    rows = table.to_pyarrow_table()
    for name in ("x", "y"):
        mine = rows.slice(0, 1).set_column(0, rows.schema.field(0), [[name]])
        deltalake.write_deltalake(table, mine, mode="overwrite", predicate=f"video IN ('{name}')")
    assert read(out) == {"a": 3, "b": 4, "x": 1, "y": 1}
    with pytest.raises(deltalake.exceptions.DeltaError, match=r"failed validation|violated"):
        deltalake.write_deltalake(table, rows, mode="overwrite", predicate="video IN ('a')")
    more = rows.append_column("more", [[1] * len(rows)])
    with pytest.raises(deltalake.exceptions.SchemaMismatchError):
        deltalake.write_deltalake(table, more, mode="overwrite", predicate="video IN ('a', 'b')")


def test_rows_that_another_program_changed_are_neither_read_nor_overwritten(source, out):
    deltalake.DeltaTable(out / "detections").delete("video = 'a'")
    assert count(open_dataset(out).read("detections", as_="arrow")) == {"a": 3, "b": 4}
    assert "files" in verify_dataset(out).failed
    with pytest.raises(OutputError, match=r"detections: another program changed the table \(DELETE\)"):
        export_dataset(source, out)
    deltalake.DeltaTable(out / "detections").restore(0)


def test_maintenance_by_another_program_is_accepted(source, out):
    make_source(source, c=2)
    export_dataset(source, out)
    table = deltalake.DeltaTable(out / "detections")
    table.optimize.compact()
    table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    assert_sound(out, {"a": 3, "b": 4, "c": 2})
    export_dataset(source, out)
    assert open_dataset(out).manifest.versions["detections"] == versions(out)["detections"]


def test_a_dataset_keeps_its_form(tmp_path, source, out):
    assert open_dataset(out).manifest.form == "delta"
    with pytest.raises(ParameterError, match=r"as_ .--as. is 'parquet', but .* is a 'delta' dataset"):
        export_dataset(source, out, as_="parquet")
    export_dataset(source, tmp_path / "flat")
    with pytest.raises(ParameterError, match=r"as_ .--as. is 'delta', but .* is a 'parquet' dataset"):
        export_dataset(source, tmp_path / "flat", as_="delta")
    with pytest.raises(ParameterError, match="csv"):
        export_dataset(source, out, csv=True)


def test_the_shell_writes_delta_tables_too(tmp_path, source):
    out = tmp_path / "out"
    assert main(["export", str(source), str(out), "--as", "delta", "--partition", "local_month"]) == 0
    assert main(["export", str(source), str(out)]) == 0
    assert main(["verify", str(out)]) == 0
    assert deltalake.DeltaTable(out / "tracks").metadata().partition_columns == ["month"]


def test_descriptions_name_folders_and_no_files(out):
    assert not (out / "views").exists()
    assert not (out / "dbt").exists()
    package = json.loads((out / "datapackage.json").read_text())
    assert {(one["path"], one["format"]) for one in package["resources"]} == {
        (name, "delta") for name in versions(out)
    }
    text = (out / "dictionary.md").read_text()
    assert "Each table is a Delta table" in text
    assert ".parquet" not in text


def test_partitions_include_the_one_without_a_date(tmp_path, source):
    recordings = write(tmp_path / "recordings.csv", "video,started_at\na,2026-11-30T10:00:00Z\n")
    out = tmp_path / "out"
    export_dataset(source, out, as_="delta", partition="local_month", recordings=recordings)
    assert {path.name for path in (out / "tracks").glob("month=*")} == {
        "month=2026-11",
        "month=__HIVE_DEFAULT_PARTITION__",
    }
    rows = deltalake.DeltaTable(out / "tracks").to_pyarrow_table()
    found = dict(zip(rows["video"].to_pylist(), rows["month"].to_pylist(), strict=True))
    assert found == {"a": "2026-11", "b": None}
    assert "month" not in open_dataset(out).columns("tracks")
    make_source(source, b=5)
    export_dataset(source, out, recordings=recordings)
    assert_sound(out, {"a": 3, "b": 5})
    remove_videos(out, "a")
    assert_sound(out, {"b": 5})


def test_a_new_column_of_a_source_is_added_and_a_wider_type_rewrites_the_table(tmp_path):
    head, out = "frame,id,left,top,right,bottom", tmp_path / "out"

    def boxes(name, column, value):
        rows = [f"{frame},1,100,200,150,320,{value}" for frame in range(3)]
        write(tmp_path / "in" / f"{name}.csv", "\n".join([f"{head},{column}", *rows]) + "\n")
        export_dataset(tmp_path / "in", out, as_="delta", partition="local_month", video=VIDEO)

    boxes("a", "mood", 3)
    boxes("b", "speed_kmh", 4.5)
    table = deltalake.DeltaTable(out / "detections")
    assert (table.version(), {*table.to_pyarrow_table()["mood"].to_pylist()}) == (1, {3, None})
    boxes("c", "mood", 1.5)
    boxes("d", "mood", "glad")
    table = deltalake.DeltaTable(out / "detections")
    assert (table.version(), {*table.to_pyarrow_table()["mood"].to_pylist()}) == (
        3,
        {"3", "1.5", "glad", None},
    )
    field = table.to_pyarrow_dataset().schema.field("speed_kmh")
    assert b"definition" in field.metadata
    assert_sound(out, {"a": 3, "b": 3, "c": 3, "d": 3})


def test_a_removed_video_is_in_no_file(source, out, tmp_path):
    make_source(source, purgeme=3)
    export_dataset(source, out)
    files = [path for path in out.rglob("*") if path.is_file()]
    assert any(b"purgeme" in path.read_bytes() for path in files)
    remove_videos(out, "purgeme")
    found = [path for path in out.rglob("*") if path.is_file() and b"purgeme" in path.read_bytes()]
    assert [path.name for path in found if path.name != "sources.parquet"] == []
    assert_sound(out, {"a": 3, "b": 4})
    listed = {path for path in (out / "detections").rglob("*.parquet") if "_delta_log" not in path.parts}
    assert len(listed) == len(deltalake.DeltaTable(out / "detections").file_uris())


def test_figures_that_are_withheld_now_are_in_no_older_version(source, tmp_path):
    out = tmp_path / "a folder é"
    export_dataset(source, out, min_count=2, as_="delta")
    export_dataset(source, out, min_count=3)
    table = deltalake.DeltaTable(out / "occupancy")
    assert len([*(out / "occupancy").glob("*.parquet")]) == len(table.file_uris()) == 1
    with pytest.raises(deltalake.exceptions.DeltaError):
        table.load_as_version(0)


def test_compacting_joins_files_and_keeps_rows(source, out):
    for name in "cde":
        make_source(source, **{name: 2})
        export_dataset(source, out)
    summary = compact_dataset(out)
    assert len(deltalake.DeltaTable(out / "detections").file_uris()) == 1
    assert summary.before > len(summary.files)
    assert open_dataset(out).manifest.versions == versions(out)
    assert_sound(out, {"a": 3, "b": 4, "c": 2, "d": 2, "e": 2})
    before = versions(out)
    compact_dataset(out)
    assert versions(out) == before


class Killed(BaseException):
    """Stands for SIGKILL: no handler of the package catches it."""


STEPS = [
    *[("_write", number) for number in range(8)],
    ("open_table", 3),
    ("_commit_tables", 0),
    ("_discard", 1),
    ("format_manifest", 0),
    ("_purge", 2),
]


@pytest.mark.parametrize(("step", "number"), STEPS)
@pytest.mark.parametrize("first", [True, False])
def test_the_next_run_finishes_the_commits_of_a_killed_one(
    source, tmp_path, monkeypatch, step, number, first
):
    out, expected = tmp_path / "out", {"b": 4, "c": 2}
    if not first:
        export_dataset(source, out, as_="delta")
    make_source(source, c=2)
    (source / "a.json").unlink()
    module = publishing if hasattr(publishing, step) else delta
    real, calls = getattr(module, step), []

    def stop(*given, **named):
        calls.append(step)
        if len(calls) == number + 1:
            raise Killed
        return real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(module, step, stop)
        with suppress(Killed):
            export_dataset(source, out, as_="delta", prune=True)
    export_dataset(source, out, as_="delta", prune=True)
    assert_sound(out, expected)
    assert not (out / "_ptrack/journal").exists()
    assert open_dataset(out).manifest.version == SCHEMA_VERSION


def test_a_missing_table_or_file_is_said(source, out):
    file = next(path for path in (out / "detections").glob("*.parquet"))
    file.rename(out / "_away")
    verification = verify_dataset(out)
    assert [one.place for one in verification.findings if "is missing" in one.problem] == ["detections"]
    (out / "detections").rename(out / "_gone")
    with pytest.raises(InputError, match="detections: version 0 is missing, but the manifest lists it"):
        export_dataset(source, out)


def test_a_foreign_delta_table_is_not_overwritten(source, tmp_path):
    rows = pl.DataFrame({"video": ["mine"]}).to_arrow()
    deltalake.write_deltalake(tmp_path / "out/tracks", rows)
    with pytest.raises(OutputError, match="was not written by ptrack-analysis"):
        export_dataset(source, tmp_path / "out", as_="delta")
    with pytest.raises(OutputError, match="contains a Delta table of another program"):
        export_dataset(source, tmp_path / "out", as_="delta", force=True)
    assert read(tmp_path / "out", "tracks") == {"mine": 1}


@pytest.fixture(scope="module")
def moto_url():
    """Run moto in a process of its own: deltalake does not always release Python while it waits."""
    pytest.importorskip("moto.server", reason="moto[server] is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.mark.s3
def test_delta_tables_in_s3(bucket):
    for name, length in (("a", 3), ("b", 4)):
        put(f"in/{name}.json", *walk(length), job=name)
    export_dataset(bucket / "in", bucket / "out", as_="delta")
    put("in/c.json", *walk(2), job="c")
    export_dataset(bucket / "in", bucket / "out")
    options = find_storage_options(bucket)
    table = deltalake.DeltaTable(f"{bucket / 'out'}/detections", storage_options=options)
    assert count(table.to_pyarrow_table()) == {"a": 3, "b": 4, "c": 2}
    remove_videos(bucket / "out", "b")
    compact_dataset(bucket / "out")
    dataset = open_dataset(bucket / "out")
    assert count(dataset.read("detections", as_="arrow")) == {"a": 3, "c": 2}
    assert list(dataset.sql("SELECT count(*) AS n FROM detections")["n"]) == [5]
    assert verify_dataset(bucket / "out").passed
