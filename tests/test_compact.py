"""A dataset is compacted in place: the same rows in few large files, whatever happens meanwhile."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from buckets import content
from cut_short import cut_short
from pages import page, record, write
from stored import assert_sound, contents, list_files, rows, videos

from ptrack_analysis import export_dataset, open_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import publishing
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.lock import locked
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.errors import InputError, OutputError, ParameterError

NAMES = ("evening", "morning", "noon")
STARTS = {
    "morning": "2026-03-28T23:30:00Z",
    "noon": "2026-03-29T12:00:00+02:00",
}
SETTINGS = {"flat": {}, "by day": {"partition": "local_day"}}


def export_each(data, folder, **settings):
    """Export three videos one by one; the clock of ``evening`` is not known."""
    recordings = write(
        folder / "videos.csv",
        "\n".join(
            ["video,started_at,timezone", *(f"{name},{time},Europe/Berlin" for name, time in STARTS.items())]
        ),
    )
    for name in NAMES:
        for file in (data / "day/pages").glob(f"{name}*"):
            write(folder / name / file.name, file.read_bytes())
        export_dataset(
            folder / name, folder / "out", zones=data / "day/zones.geojson", recordings=recordings, **settings
        )
    return folder / "out"


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def sound(request, data, tmp_path_factory):
    """Give a dataset of three batches, flat or in partitions."""
    return export_each(data, tmp_path_factory.mktemp("sound"), **request.param)


@pytest.fixture(scope="module")
def flat(data, tmp_path_factory):
    return export_each(data, tmp_path_factory.mktemp("flat"))


@pytest.fixture
def out(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "out")


def test_the_rows_stay_and_the_files_become_fewer(sound, out):
    before = contents(sound)
    summary = compact_dataset(out)
    assert summary.videos == NAMES
    assert summary.out == out
    assert contents(out) == before
    manifest = read_manifest(out)
    assert len(manifest.batches) == 1
    assert summary.before == sum(file.batch >= 0 for file in read_manifest(sound).files)
    assert len(summary.files) < summary.before
    for table in manifest.tables:
        folders = {file.parent for file in list_files(out, table)}
        assert len(folders) == len(list_files(out, table)), table
    assert summary.files == {
        place: pq.read_metadata(out / place).num_rows
        for place in (file.place for file in manifest.files if file.batch >= 0)
    }
    assert_sound(out)


def test_a_flat_dataset_has_one_file_per_table(flat, tmp_path):
    out = shutil.copytree(flat, tmp_path / "out")
    compact_dataset(out)
    for table in read_manifest(out).tables:
        assert len(list_files(out, table)) == 1


def test_files_keep_their_form(out):
    before = pq.ParquetFile(next(file for file in list_files(out, "detections")))
    compact_dataset(out)
    now = pq.ParquetFile(next(file for file in list_files(out, "detections")))
    assert now.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    first, usual = (file.metadata.row_group(0) for file in (now, before))
    for number in range(first.num_columns):
        assert first.column(number).compression == usual.column(number).compression
        assert set(first.column(number).encodings) == set(usual.column(number).encodings)


def test_a_video_reads_as_before(sound, out):
    compact_dataset(out)
    for table in ("trajectories", "visits", "tracks"):
        for video in NAMES:
            one, other = (open_dataset(folder).read(table, videos=video) for folder in (sound, out))
            assert one.equals(other)


def test_the_views_and_polars_read_the_large_files(sound, out):
    compact_dataset(out)
    answers = []
    for folder in (sound, out):
        with duckdb.connect(config={"file_search_path": str(folder)}) as connection:
            connection.execute((folder / "views/duckdb.sql").read_text())
            query = "SELECT video, zone, visits, dwell_s FROM dwell_by_zone ORDER BY ALL"
            answers.append(connection.sql(query).fetchall())
        answers[-1].append(
            pl.scan_parquet(f"{folder}/tracks/**/*.parquet", hive_partitioning=False)
            .select(pl.col("time_in_scene_s").sum().round(6))
            .collect()
            .item()
        )
    assert answers[0] == answers[1]
    assert len(answers[0]) > 3


def test_compacting_twice_changes_nothing(out):
    compact_dataset(out)
    before = content(out)
    summary = compact_dataset(out)
    assert content(out) == before
    assert len(summary.files) == summary.before


def test_a_new_batch_is_joined_with_the_large_one(out, data):
    compact_dataset(out)
    write(out.parent / "more/a.json", page(*(record(ms, 1) for ms in range(0, 500, 100)), job="a"))
    export_dataset(out.parent / "more", out, zones=data / "day/zones.geojson")
    before = contents(out)
    assert len(read_manifest(out).batches) == 2
    compact_dataset(out)
    assert len(read_manifest(out).batches) == 1
    assert contents(out) == before
    assert videos(out) == ["a", *NAMES]
    assert_sound(out)


def test_an_export_into_a_compacted_dataset_adds_nothing_twice(sound, data, tmp_path):
    shutil.copytree(sound.parent, tmp_path / "all")
    out = tmp_path / "all/out"
    before = contents(out)
    compact_dataset(out)
    zones = data / "day/zones.geojson"
    recordings = tmp_path / "all/videos.csv"
    for name in NAMES:
        summary = export_dataset(tmp_path / "all" / name, out, zones=zones, recordings=recordings)
        assert [video.status for video in summary.videos] == ["unchanged"]
    assert contents(out) == before
    summary = export_dataset(tmp_path / "all/noon", out, zones=zones, recordings=recordings, merge_gap="3s")
    assert [video.status for video in summary.videos] == ["written"]
    for table in ("detections", "tracks", "occupancy", "dwell"):
        assert rows(out, table) == before[table]
    assert_sound(out)


def test_a_file_size_cuts_batches_between_videos(out):
    before = contents(out)
    sizes = {file.stat().st_size for file in list_files(out, "detections")}
    summary = compact_dataset(out, file_size=max(1000, min(sizes)))
    manifest = read_manifest(out)
    assert len(manifest.batches) > 1
    assert contents(out) == before
    assert len(summary.files) >= len(manifest.tables)
    assert_sound(out)


def test_videos_in_px_and_in_m_share_files(data, tmp_path):
    for name, settings in (("a", {}), ("b", {"floor": data / "day/floor.json"})):
        write(tmp_path / name / f"{name}.json", page(*(record(ms, 1) for ms in range(0, 500, 100)), job=name))
        export_dataset(tmp_path / name, tmp_path / "out", **settings)
    before = contents(tmp_path / "out")
    compact_dataset(tmp_path / "out")
    (file,) = list_files(tmp_path / "out", "trajectories")
    assert {"x_m", "x_px"} <= {*pq.read_schema(file).names}
    assert contents(tmp_path / "out") == before
    assert_sound(tmp_path / "out")


def test_a_table_without_rows_has_a_file_without_rows(data, tmp_path):
    out = tmp_path / "out"
    write(tmp_path / "pages/shop.json", page())
    export_dataset(tmp_path / "pages", out, zones=data / "day/zones.geojson")
    compact_dataset(out)
    (file,) = list_files(out, "trajectories")
    assert pq.read_metadata(file).num_rows == 0
    assert_sound(out)


DAMAGES = {
    "missing": (lambda file: file.unlink(), "the file is missing, but the manifest lists it"),
    "empty": (lambda file: file.write_bytes(b""), "the file was changed after ptrack wrote it"),
    "cut": (
        lambda file: file.write_bytes(file.read_bytes()[:-100]),
        "the file was changed after ptrack wrote it",
    ),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_dataset_is_left_alone(out, damage, said):
    file = list_files(out, "visits")[0]
    damage(file)
    before = content(out)
    with pytest.raises(InputError, match=rf"visits/.*: {said}"):
        compact_dataset(out)
    assert content(out) == before


def test_a_folder_without_a_manifest_is_no_dataset(tmp_path):
    with pytest.raises(InputError, match="it has no manifest"):
        compact_dataset(tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("size", [0, -1, True, 1.5])
def test_a_size_out_of_its_range_is_refused(flat, size):
    with pytest.raises(ParameterError, match="file_size"):
        compact_dataset(flat, file_size=size)


def test_a_dataset_that_another_run_holds_is_refused(flat, tmp_path):
    out = shutil.copytree(flat, tmp_path / "out")
    hold = "import sys\nfrom pathlib import Path\nfrom ptrack_analysis.dataset.lock import locked\n"
    hold += "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(OutputError, match="another run"):
            compact_dataset(out)
        holder.kill()
    with locked(out):
        pass
    compact_dataset(out)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_at_any_moment_the_next_run_has_every_row_once(sound, tmp_path):
    expected = contents(sound)
    before = [file.name for file in list_files(sound, "tracks")]
    out = shutil.copytree(sound, tmp_path / "place/out")
    _, steps = cut_short(["compact", out], tmp_path / "place")
    assert steps > 20
    for step in (*range(2, steps, steps // 3), *range(steps - 3, steps)):
        shutil.rmtree(out)
        shutil.copytree(sound, out)
        done, _ = cut_short(["compact", out], tmp_path / "place", step=step)
        assert done.returncode == -signal.SIGKILL
        manifest = read_manifest(out)
        if not (out / "_ptrack/journal").exists():
            listed = [file for file in manifest.files if file.table == "tracks"]
            assert sum(file.rows for file in listed) == len(expected["tracks"])
        compact_dataset(out)
        assert contents(out) == expected
        assert [file.name for file in list_files(out, "tracks")] != before
        assert_sound(out)


def test_a_disk_that_is_full_leaves_the_dataset_as_it_was(sound, out, monkeypatch, capsys):
    left, flush = [5], publishing.flush

    def full(file):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(file)

    monkeypatch.setattr(publishing, "flush", full)
    assert main(["compact", str(out)]) == 1
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert said.count("\n") == 1
    monkeypatch.undo()
    assert contents(out) == contents(sound)
    compact_dataset(out)
    assert contents(out) == contents(sound)
    assert_sound(out)


def test_the_shell_compacts_and_tells_what_it_made(out, tmp_path, capsys):
    assert main(["compact", str(out), "--file-size", "1MB"]) == 0
    assert capsys.readouterr().out.startswith("3 videos in ")
    assert main(["compact", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["videos"] == [*NAMES]
    assert main(["compact", str(tmp_path / "none")]) == 3
    assert not (tmp_path / "none").exists()
    for size in ("big", ""):
        assert main(["compact", str(out), "--file-size", size]) == 2
    assert "file_size must be at least " in capsys.readouterr().err
