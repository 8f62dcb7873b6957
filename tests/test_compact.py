"""A dataset as few large files: the same rows, published in one step, whatever happens."""

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
from cut_short import cut_short
from pages import page, record, write

from ptrack_analysis import export_dataset, read_parquet, verify_dataset
from ptrack_analysis.cli import main
from ptrack_analysis.dataset import compaction as joining
from ptrack_analysis.dataset import compaction_files as publishing
from ptrack_analysis.dataset.lock import locked
from ptrack_analysis.datasets import compact_dataset
from ptrack_analysis.errors import InputError, OutputError, ParameterError, PtrackWarning

RECORDINGS = """\
video,started_at,timezone
morning,2026-03-28T23:30:00Z,Europe/Berlin
noon,2026-03-29T12:00:00+02:00,Europe/Berlin
"""


@pytest.fixture(scope="module")
def sound(data, tmp_path_factory):
    """Give a dataset of three videos, of which the clock of none is known."""
    folder = tmp_path_factory.mktemp("sound") / "out"
    export_dataset(data / "day/pages", folder, zones=data / "day/zones.geojson")
    return folder


@pytest.fixture(scope="module")
def clocked(data, tmp_path_factory):
    """Give the same dataset, with two recordings that start on one day of their place, and one without."""
    folder = tmp_path_factory.mktemp("clocked")
    recordings = write(folder / "videos.csv", RECORDINGS)
    export_dataset(
        data / "day/pages", folder / "out", zones=data / "day/zones.geojson", recordings=recordings
    )
    return folder / "out"


@pytest.fixture
def out(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "out")


def tree(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and ".ptrack" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def folders_of(out):
    return sorted({path.parent.name for path in out.glob("*/*.parquet")})


def by_name(relation):
    return relation.project(", ".join(f'"{name}"' for name in sorted(relation.columns)))


def rows_differ(one, other):
    """Count the rows that are in one set of files and not in the other, whatever their order."""
    reads = [
        by_name(duckdb.read_parquet(name, union_by_name=True, hive_partitioning=False))
        for name in (one, other)
    ]
    return len(reads[0].except_(reads[1]).fetchall()) + len(reads[1].except_(reads[0]).fetchall())


def test_the_rows_are_those_of_the_dataset_in_one_file_a_table(sound, tmp_path):
    summary = compact_dataset(sound, tmp_path / "big")
    big = tmp_path / "big"
    assert summary.videos == ("evening", "morning", "noon")
    assert summary.out == big
    for folder in folders_of(sound):
        assert len([*(big / folder).glob("*.parquet")]) == 1
        assert rows_differ(f"{sound}/{folder}/*.parquet", f"{big}/{folder}/*.parquet") == 0
    assert summary.files == {
        place.relative_to(big).as_posix(): pq.read_metadata(place).num_rows
        for place in big.glob("*/*.parquet")
    }
    assert verify_dataset(big).passed


def test_rows_keep_their_order_and_files_their_form(sound, tmp_path):
    compact_dataset(sound, tmp_path / "big")
    (file,) = (tmp_path / "big/detections").glob("*.parquet")
    parts = [read_parquet(sound / f"detections/{name}.parquet") for name in ("evening", "morning", "noon")]
    joined = read_parquet(file)
    assert joined.index.tolist() == [key for part in parts for key in part.index]
    one, other = pq.ParquetFile(file), pq.ParquetFile(sound / "detections/noon.parquet")
    assert one.schema_arrow.equals(other.schema_arrow, check_metadata=True)
    first, usual = (foot.metadata.row_group(0) for foot in (one, other))
    assert first.sorting_columns == usual.sorting_columns
    assert [first.column(n).compression for n in range(3)] == [usual.column(n).compression for n in range(3)]
    assert [first.column(n).encodings for n in range(3)] == [usual.column(n).encodings for n in range(3)]


def test_the_views_read_the_large_files_and_polars_does(clocked, tmp_path, monkeypatch):
    big = tmp_path / "big"
    compact_dataset(clocked, big)
    answers = []
    for folder in (clocked, big):
        monkeypatch.chdir(folder)
        with duckdb.connect() as connection:
            connection.execute((folder / "views/duckdb.sql").read_text())
            query = "SELECT video, zone, visits, dwell_s FROM dwell_by_zone ORDER BY ALL"
            answers.append(connection.sql(query).fetchall())
    assert answers[0] == answers[1]
    assert len(answers[0]) == 12
    read = pl.scan_parquet(f"{big}/tracks/**/*.parquet", missing_columns="insert", extra_columns="ignore")
    dwell = read.select(pl.col("time_in_scene_s").sum()).collect().item()
    assert dwell == pytest.approx(
        pl.scan_parquet(f"{clocked}/tracks/*.parquet", missing_columns="insert", extra_columns="ignore")
        .select(pl.col("time_in_scene_s").sum())
        .collect()
        .item()
    )


def test_where_the_clock_is_known_files_lie_by_the_local_day(clocked, tmp_path):
    summary = compact_dataset(clocked, tmp_path / "big")
    assert summary.videos == ("morning", "noon", "evening")
    days = sorted(path.parent.name for path in (tmp_path / "big/tracks").glob("*/*.parquet"))
    assert days == ["day=2026-03-29", "day=__HIVE_DEFAULT_PARTITION__"]
    for folder in folders_of(clocked):
        assert rows_differ(f"{clocked}/{folder}/*.parquet", f"{tmp_path}/big/{folder}/*/*.parquet") == 0
    assert verify_dataset(tmp_path / "big").findings == []
    videos = duckdb.read_parquet(f"{tmp_path}/big/videos/*/*.parquet", hive_partitioning=True)
    days = videos.project("video, day").order("video").fetchall()
    assert [(video, None if day is None else str(day)) for video, day in days] == [
        ("evening", None),
        ("morning", "2026-03-29"),
        ("noon", "2026-03-29"),
    ]
    athena = (tmp_path / "big/views/athena.sql").read_text()
    assert (
        "PARTITIONED BY (`day` string)\nSTORED AS PARQUET\nLOCATION 's3://YOUR-BUCKET/PREFIX/visits/'"
        in athena
    )
    assert "MSCK REPAIR TABLE `visits`;" in athena


def test_compacting_twice_gives_the_same_bytes(sound, tmp_path):
    compact_dataset(sound, tmp_path / "one")
    compact_dataset(sound, tmp_path / "two")
    first = tree(tmp_path / "one")
    assert first == tree(tmp_path / "two")
    compact_dataset(sound, tmp_path / "one")
    assert first == tree(tmp_path / "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_files_end_with_the_row_group_that_reaches_the_size(sound, tmp_path, monkeypatch):
    monkeypatch.setattr(joining, "ROW_GROUP", 1000)
    big = tmp_path / "big"
    compact_dataset(sound, big, file_size=20_000)
    files = sorted((big / "kinematics").glob("*.parquet"))
    assert len(files) > 1
    assert [path.name[:11] for path in files] == [f"part-{number:05d}-" for number in range(len(files))]
    feet = [pq.read_metadata(path) for path in files]
    groups = [[foot.row_group(n).num_rows for n in range(foot.num_row_groups)] for foot in feet]
    assert {rows for group in groups[:-1] for rows in group} == {1000}
    assert all(path.stat().st_size >= 20_000 for path in files[:-1])
    assert rows_differ(f"{sound}/kinematics/*.parquet", f"{big}/kinematics/*.parquet") == 0
    assert verify_dataset(big).findings == []


def test_videos_with_other_columns_go_to_files_of_their_own(data, tmp_path):
    day = data / "day"
    with pytest.warns(PtrackWarning, match="noon: incomplete: its page has a NextToken"):
        export_dataset(
            day / "pages/noon-1.json", tmp_path / "out", zones=day / "zones.geojson", allow_incomplete=True
        )
    write(tmp_path / "pages/a.json", page(*(record(ms, 1) for ms in range(0, 500, 100))))
    export_dataset(tmp_path / "pages", tmp_path / "out", floor=day / "floor.json")
    compact_dataset(tmp_path / "out", tmp_path / "big")
    names = [set(pq.read_schema(path).names) for path in (tmp_path / "big/trajectories").glob("*.parquet")]
    assert sorted("x_m" in columns for columns in names) == [False, True]
    assert not any({"x_m", "x_px"} <= columns for columns in names)
    assert verify_dataset(tmp_path / "big").findings == []


def test_a_table_without_rows_has_a_file_without_rows(data, tmp_path):
    write(tmp_path / "pages/shop.json", page())
    export_dataset(tmp_path / "pages", tmp_path / "out", zones=data / "day/zones.geojson")
    compact_dataset(tmp_path / "out", tmp_path / "big")
    (file,) = (tmp_path / "big/trajectories").glob("*.parquet")
    assert read_parquet(file).empty
    assert verify_dataset(tmp_path / "big").failed == []


def test_csv_files_are_left_out(data, tmp_path):
    export_dataset(data / "day/pages", tmp_path / "out", zones=data / "day/zones.geojson", csv=True)
    compact_dataset(tmp_path / "out", tmp_path / "big")
    assert not (tmp_path / "big/csv").exists()
    assert verify_dataset(tmp_path / "big").passed


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda out: (out / "visits/noon.parquet").unlink(),
            "visits/noon.parquet: is missing: run ptrack export",
        ),
        (lambda out: (out / "visits/noon.parquet").write_bytes(b""), "cannot be read as Parquet: run ptrack"),
        (
            lambda out: shutil.copy(out / "visits/morning.parquet", out / "visits/noon.parquet"),
            "visits/noon.parquet: is not the file of its record: run ptrack export again",
        ),
        (
            lambda out: (out / "_runs/noon.json").write_text("{"),
            "noon.json: is not the record of a video: run",
        ),
        (lambda out: shutil.rmtree(out / "_runs"), "is no dataset: it has no record in _runs"),
    ],
    ids=["missing", "empty", "another", "broken record", "no records"],
)
def test_a_dataset_that_is_not_whole_is_refused(out, tmp_path, damage, said):
    damage(out)
    with pytest.raises(InputError, match=said):
        compact_dataset(out, tmp_path / "big")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("place", ["notes.txt", "visits/mine.txt", ".hidden"])
def test_a_folder_with_files_that_would_be_lost_is_refused_even_by_force(sound, tmp_path, place):
    compact_dataset(sound, tmp_path / "big")
    write(tmp_path / "big" / place, "mine")
    for force in (False, True):
        with pytest.raises(OutputError, match="would be lost, for the whole folder is replaced"):
            compact_dataset(sound, tmp_path / "big", force=force)
    assert (tmp_path / "big" / place).read_text() == "mine"


def test_files_at_the_places_of_a_dataset_are_replaced_by_force_only(sound, tmp_path):
    write(tmp_path / "big/dictionary.md", "mine")
    with pytest.raises(OutputError, match=r"'dictionary\.md' would be replaced, but no compaction made that"):
        compact_dataset(sound, tmp_path / "big")
    compact_dataset(sound, tmp_path / "big", force=True)
    assert verify_dataset(tmp_path / "big").passed


@pytest.mark.parametrize("big", ["out", "out/big", "."])
def test_the_dataset_itself_is_refused(out, tmp_path, big):
    with pytest.raises(OutputError, match="is the dataset itself, lies in it or holds it"):
        compact_dataset(out, tmp_path / big)


def test_a_file_in_the_place_is_refused(sound, tmp_path):
    write(tmp_path / "big", "mine")
    with pytest.raises(OutputError, match="is a file"):
        compact_dataset(sound, tmp_path / "big")


@pytest.mark.parametrize("size", [0, -1, True, 1.5, 2**40])
def test_a_size_out_of_its_range_is_refused(sound, tmp_path, size):
    with pytest.raises(ParameterError, match="file_size is"):
        compact_dataset(sound, tmp_path / "big", file_size=size)


def test_a_dataset_that_another_run_holds_is_refused(out, tmp_path):
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
            compact_dataset(out, tmp_path / "big")
        holder.kill()
    with locked(out):
        pass
    compact_dataset(out, tmp_path / "big")


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_at_any_moment_the_old_or_the_new_one_is_there(sound, data, tmp_path):
    place, other = tmp_path / "place", tmp_path / "other"
    big = place / "big"
    export_dataset(data / "day/pages", other, zones=data / "day/zones.geojson", merge_gap="2s")
    compact_dataset(sound, big)
    old = tree(big)
    _, steps = cut_short(["compact", other, big], place)
    new = tree(big)
    found = new
    for step in (*range(1, steps, steps // 6), *range(steps - 5, steps + 1)):  # the exchange is near the end
        done, _ = cut_short(["compact", sound if found == new else other, big], place, step=step)
        assert done.returncode == -signal.SIGKILL
        found = tree(big)
        assert found in (old, new)
    compact_dataset(other, big)
    assert tree(big) == new
    assert [path.name for path in place.iterdir()] == ["big"]


def test_the_exchange_in_two_steps_does_the_same(sound, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "_exchange", lambda *_: False)
    for _ in range(2):
        compact_dataset(sound, tmp_path / "big")
    assert verify_dataset(tmp_path / "big").passed
    assert [path.name for path in tmp_path.iterdir()] == ["big"]


def test_two_folders_are_exchanged_in_one_step(tmp_path):
    write(tmp_path / "a/x", "1")
    write(tmp_path / "b/y", "2")
    assert publishing._exchange(tmp_path / "a", tmp_path / "b") is sys.platform.startswith("linux")
    assert (tmp_path / "a/y").read_text() == "2"


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(sound, tmp_path, capsys):
    write(tmp_path / "file", "")
    with pytest.raises(OutputError, match="a file is where this folder should go"):
        compact_dataset(sound, tmp_path / "file/big")


def test_the_shell_compacts_and_tells_what_it_made(sound, tmp_path, capsys):
    assert main(["compact", str(sound), str(tmp_path / "big"), "--file-size", "1MB"]) == 0
    assert capsys.readouterr().out.startswith("3 videos in ")
    assert main(["compact", str(sound), str(tmp_path / "big"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["videos"] == ["evening", "morning", "noon"]
    assert main(["compact", str(tmp_path / "none"), str(tmp_path / "x")]) == 3
    assert main(["compact", str(sound), str(tmp_path / "big"), "--file-size", "big"]) == 2
    assert main(["compact", str(sound), str(tmp_path / "big"), "--file-size", ""]) == 2
    assert "file_size is 'big', not an amount of 1B to 4GB, such as 512MB" in capsys.readouterr().err


def test_in_s3_the_dataset_is_byte_equal_and_old_files_go_last(sound, tmp_path, monkeypatch, moto_url):
    boto3 = pytest.importorskip("boto3")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": moto_url,
    }.items():
        monkeypatch.setitem(os.environ, name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="compact-bucket")
    for path in sorted(sound.rglob("*")):
        if path.is_file() and ".ptrack" not in path.parts:
            client.upload_file(str(path), "compact-bucket", f"d/{path.relative_to(sound).as_posix()}")
    compact_dataset(sound, tmp_path / "big")
    compact_dataset("s3://compact-bucket/d", "s3://compact-bucket/big", file_size=1000)
    compact_dataset("s3://compact-bucket/d", "s3://compact-bucket/big")
    listed = client.list_objects_v2(Bucket="compact-bucket", Prefix="big/")["Contents"]
    found = {
        one["Key"].removeprefix("big/"): client.get_object(Bucket="compact-bucket", Key=one["Key"])[
            "Body"
        ].read()
        for one in listed
    }
    assert found == tree(tmp_path / "big")
    assert verify_dataset("s3://compact-bucket/big").passed
    client.put_object(Bucket="compact-bucket", Key="big/mine.txt", Body=b"")
    with pytest.raises(OutputError, match=r"'mine.txt' would be lost"):
        compact_dataset(sound, "s3://compact-bucket/big")
    with pytest.raises(OutputError, match="is the dataset itself"):
        compact_dataset("s3://compact-bucket/d", "s3://compact-bucket/d/big")
    client.close()


def test_an_empty_folder_of_somebody_is_not_lost(sound, tmp_path):
    compact_dataset(sound, tmp_path / "big")
    (tmp_path / "big/mine").mkdir()
    with pytest.raises(OutputError, match="mine"):
        compact_dataset(sound, tmp_path / "big")


def test_a_target_that_another_run_writes_is_refused(sound, tmp_path):
    compact_dataset(sound, tmp_path / "big")
    with locked(tmp_path / "big"), pytest.raises(OutputError, match="another run is writing this dataset"):
        compact_dataset(sound, tmp_path / "big")
