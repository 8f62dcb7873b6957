"""A dataset is read back: one video as in memory, several side by side, some of it, in batches, by SQL."""

import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import numpy as np
import pandas as pd
import pytest
from pages import page, record
from pandas.testing import assert_frame_equal
from stored import list_tables, read_stored

from ptrack_analysis import (
    compute_tracks,
    export_dataset,
    find_videos,
    open_dataset,
    open_video,
    read_parquet,
)
from ptrack_analysis.dataset.batches import compute_table
from ptrack_analysis.dataset.compaction import compact_dataset
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.manifest import DatasetFile, format_manifest, read_manifest
from ptrack_analysis.errors import InputError, ParameterError, RemoteError
from ptrack_analysis.storage import s3 as s3_asking
from ptrack_analysis.storage.s3 import S3Path, default_client, parse_path
from ptrack_analysis.storage.store import RangedFile
from ptrack_analysis.video import Video

NAMES = ["evening", "morning", "noon"]
STARTED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
BUCKET = "dataset-bucket"


@pytest.fixture(scope="module")
def out(data, tmp_path_factory):
    """Export three videos in px, of which each starts at the same moment."""
    folder = tmp_path_factory.mktemp("opened") / "out"
    export_dataset(
        data / "day/pages", folder, zones=data / "day/zones.geojson", video=Video(started_at=STARTED)
    )
    return folder


@pytest.fixture(scope="module")
def analysis(data):
    """Analyze one of the videos in memory."""
    reference = next(one for one in find_videos(data / "day/pages") if one.name == "noon")
    return open_video(reference, zones=data / "day/zones.geojson", video=Video(started_at=STARTED))


@pytest.fixture(scope="module")
def dataset(out):
    return open_dataset(out)


def facts(dataset):
    return [name for name in dataset.tables if name not in DIMENSIONS]


def test_a_dataset_names_its_videos_and_tables(dataset, out):
    assert dataset.videos == NAMES
    assert sorted(dataset.tables) == list_tables(out)
    assert len(facts(dataset)) == 12


def test_every_table_of_one_video_is_the_one_in_memory(dataset, analysis):
    for name in facts(dataset):
        expected = compute_table(analysis, name)
        found = dataset.read(name, videos="noon")
        if name == "videos":
            found, expected = (
                dataset.read(name, videos=["noon"]),
                expected.assign(status=found["status"].array),
            )
        lacking = [column for column in found.columns if column not in expected]
        assert lacking == [] or name == "videos", name
        assert_frame_equal(found[expected.columns.tolist()], expected, check_like=True)


def test_every_table_of_several_videos_is_those_of_each_one_after_the_other(dataset, out):
    for name in facts(dataset):
        found = dataset.read(name)
        assert_frame_equal(found, pd.concat([dataset.read(name, videos=[video]) for video in NAMES]))
        stored = dataset.read(name, as_="arrow")
        assert stored.num_rows == len(found)
        assert stored.replace_schema_metadata().equals(read_stored(out, name))


def test_a_list_of_one_name_keeps_the_video_in_the_key(dataset):
    assert dataset.read("visits", videos=["noon"]).index.names[0] == "video"
    assert "video" not in dataset.read("visits", videos="noon").index.names


def test_videos_come_in_the_order_in_which_they_are_named(dataset):
    videos = dataset.read("tracks", videos=["noon", "evening"]).index.get_level_values("video")
    assert list(dict.fromkeys(videos)) == ["noon", "evening"]


def test_a_table_of_one_video_goes_into_every_computation(dataset):
    tracks = compute_tracks(dataset.read("trajectories", videos="noon"))
    assert_frame_equal(tracks, dataset.read("tracks", videos="noon"))


def test_a_table_of_the_whole_dataset_is_read_as_it_is(dataset, out):
    assert_frame_equal(dataset.read("zones"), read_parquet(out / "zones/zones.parquet"))
    with pytest.raises(ParameterError, match=r"^videos must not be set for table 'zones'"):
        dataset.read("zones", videos="noon")


@pytest.mark.parametrize("names", [["dwell"], ["dwell_s"], ["dwell", "dwell_s"]])
def test_a_column_goes_by_its_name_in_memory_or_on_disk(dataset, names):
    whole = dataset.read("visits")
    assert_frame_equal(dataset.read("visits", columns=names), whole[["dwell"]])
    assert dataset.read("visits", columns=names, as_="arrow").column_names == ["dwell_s"]


def test_a_derived_column_is_read_when_it_is_asked_for(dataset):
    table = dataset.read("visits", columns=["person"], videos="noon")
    numbers = table.index.get_level_values("person_index")
    assert table["person"].tolist() == [f"noon:{number}" for number in numbers]


def test_rows_of_a_moment_are_those_from_start_to_before_end(dataset):
    whole = dataset.read("detections")
    time = whole.index.get_level_values("timestamp")
    first = time.unique().sort_values()[3]
    found = dataset.read("detections", start=first, end=first + pd.Timedelta("5s"))
    assert_frame_equal(found, whole[(time >= first) & (time < first + pd.Timedelta("5s"))])
    assert first in found.index.get_level_values("timestamp")


def test_a_visit_belongs_to_every_moment_before_it_is_left(dataset):
    visits = dataset.read("visits", videos="noon")
    exited = visits["exited"].iloc[0]
    assert visits.index[0] in dataset.read("visits", videos="noon", start=exited - pd.Timedelta("1ms")).index
    assert visits.index[0] not in dataset.read("visits", videos="noon", start=exited).index
    entered = visits["entered"].iloc[0]
    assert visits.index[0] not in dataset.read("visits", videos="noon", end=entered).index


def test_a_moment_of_the_wall_clock_is_one_since_the_start_of_the_video(dataset):
    zone = timezone(timedelta(hours=2))
    range_ = [(STARTED + timedelta(seconds=second)).astimezone(zone) for second in (10, 20)]
    on_clock = dataset.read("detections", start=range_[0], end=range_[1])
    assert_frame_equal(on_clock, dataset.read("detections", start="10s", end="20s"))
    assert len(on_clock) > 0


def test_batches_are_the_table_cut_into_pieces(dataset):
    batches = list(dataset.batches("detections", batch_rows=100))
    assert {len(batch) for batch in batches[:2]} == {100}
    assert max(map(len, batches)) == 100
    assert min(map(len, batches)) > 0
    assert_frame_equal(pd.concat(batches), dataset.read("detections"))


def test_batches_of_arrow_are_in_the_stored_form(dataset):
    batches = list(dataset.batches("visits", videos="noon", columns=["dwell"], as_="arrow", batch_rows=3))
    whole = dataset.read("visits", videos="noon", columns=["dwell"], as_="arrow")
    assert [value for batch in batches for value in batch["dwell_s"].to_pylist()] == whole[
        "dwell_s"
    ].to_pylist()


def test_duckdb_answers_from_the_same_tables(dataset):
    found = dataset.sql("SELECT video, zone, sum(dwell_s) AS s FROM visits GROUP BY ALL ORDER BY ALL")
    expected = dataset.read("visits")["dwell"].dt.total_seconds().groupby(["video", "zone"]).sum()
    assert found["s"].tolist() == pytest.approx(expected.sort_index().tolist(), rel=1e-12)
    with dataset.connect() as connection:
        [(rows,)] = connection.execute("SELECT count(*) FROM detections").fetchall()
    assert rows == len(dataset.read("detections"))


def test_sql_knows_the_question_views(out, dataset):
    script = (out / "views/duckdb.sql").read_text()
    with duckdb.connect() as published, dataset.connect() as connection:
        published.execute(script)
        names = (
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND view_name NOT IN (SELECT unnest(?))"
        )
        views = [name for (name,) in published.execute(names, [list(dataset.tables)]).fetchall()]
        assert {"dwell_by_zone", "footfall_daily", "presence"} <= {*views}
        for view in views:
            query = f"SELECT * FROM {view} ORDER BY ALL"  # noqa: S608 - names of views
            expected = published.sql(query).to_arrow_table()
            assert dataset.sql(query, as_="arrow").equals(expected)
            assert connection.sql(query).to_arrow_table().equals(expected)


def test_a_query_without_a_result_is_refused(dataset):
    with pytest.raises(ParameterError, match="must return a table"):
        dataset.sql("")


def test_what_the_manifest_does_not_list_is_not_there(out, tmp_path):
    copy = shutil.copytree(out, tmp_path / "out")
    expected = open_dataset(copy).read("visits")
    shutil.copy(copy / "visits/part-000001.parquet", copy / "visits/part-000002.parquet")
    assert_frame_equal(open_dataset(copy).read("visits"), expected)
    assert open_dataset(copy).sql("SELECT count(*) AS n FROM visits")["n"].tolist() == [len(expected)]


def test_a_compacted_dataset_is_read_as_it_was_before(data, dataset, tmp_path):
    out = tmp_path / "out"
    for video in NAMES:
        pages = tmp_path / video
        pages.mkdir()
        for file in (data / "day/pages").glob(f"{video}*"):
            shutil.copy(file, pages)
        export_dataset(pages, out, zones=data / "day/zones.geojson", video=Video(started_at=STARTED))
    assert len(open_dataset(out).manifest.batches) == 3
    compact_dataset(out)
    big = open_dataset(out)
    assert len(big.manifest.batches) == 1
    assert (big.videos, big.tables) == (dataset.videos, dataset.tables)
    for name in facts(big):
        assert_frame_equal(big.read(name), dataset.read(name))
    query = "SELECT video, zone, count(*) AS n FROM visits GROUP BY ALL ORDER BY ALL"
    assert_frame_equal(big.sql(query), dataset.sql(query))


def mixed(data, tmp_path):
    """Export one video in px and another in m to one dataset."""
    out = tmp_path / "out"
    for name, settings in (("evening", {}), ("noon", {"floor": data / "day/floor.json"})):
        pages = tmp_path / name
        pages.mkdir()
        for file in (data / "day/pages").glob(f"{name}*"):
            shutil.copy(file, pages)
        export_dataset(pages, out, **settings)
    return open_dataset(out)


def test_videos_in_px_and_in_m_are_one_arrow_table_with_nulls_and_no_pandas_table(data, tmp_path):
    dataset = mixed(data, tmp_path)
    assert dataset.videos == ["evening", "noon"]
    stored = dataset.read("trajectories", as_="arrow")
    assert {"x_px", "x_m"} <= set(stored.column_names)
    with pytest.raises(
        ParameterError, match=r"^table 'trajectories' has rows measured in px and in m, which"
    ):
        dataset.read("trajectories")
    assert "x_m" in dataset.read("trajectories", videos="noon").columns
    assert "x_px" in dataset.read("trajectories", videos=["evening"]).columns
    assert dataset.read("trajectories", columns=["time_present"]).columns.tolist() == ["time_present"]
    found = dataset.sql("SELECT count(x_px) AS px, count(x_m) AS m, count(*) AS n FROM trajectories")
    assert found["px"][0] + found["m"][0] <= found["n"][0] == stored.num_rows


BAD = {
    "a table": (lambda d: d.read("visit"), r": has no table 'visit'. Similar: 'visits'"),
    "a table like no other": (lambda d: d.read("zzz"), r": has no table 'zzz'. It has 'videos', "),
    "a video": (lambda d: d.read("visits", videos="noo"), r": has no video 'noo'. Similar: 'noon'"),
    "a column": (
        lambda d: d.read("visits", columns=["dwel"]),
        r": table 'visits': has no column 'dwel'. Similar: 'dwell'",
    ),
    "a text of columns": (
        lambda d: d.read("visits", columns="dwell"),
        r"columns must be a list of names, got 'dwell'",
    ),
    "a form": (lambda d: d.read("visits", as_="polars"), r"as_ must be 'pandas' or 'arrow', got 'polars'"),
    "a table without moments": (lambda d: d.read("heatmap", start="1s"), r"'heatmap' has no times, so"),
    "no length of time": (
        lambda d: d.read("visits", start="noon"),
        r"start must be a duration .*, got 'noon'",
    ),
    "an end before the start": (
        lambda d: d.read("visits", start="2s", end="1s"),
        r"end must be after start \('2s'\), got '1s'",
    ),
    "a moment without a zone": (
        lambda d: d.read("visits", start=datetime(2024, 5, 6)),  # noqa: DTZ001 - refused for that
        r"start must have a time zone .*, got datetime.datetime\(2024, 5, 6, 0, 0\)",
    ),
    "two clocks": (lambda d: d.read("visits", start="1s", end=STARTED), r"or both be wall-clock times"),
    "batches of nothing": (lambda d: d.batches("visits", batch_rows=0), r"batch_rows must be a number of"),
    "no query": (lambda d: d.sql("SELECT FROM"), r"DuckDB cannot run the query: Parser Error"),
}


@pytest.mark.parametrize(("ask", "told"), BAD.values(), ids=BAD)
def test_what_is_not_there_is_refused_in_one_sentence(dataset, ask, told):
    with pytest.raises(ParameterError, match=told) as raised:
        ask(dataset)
    assert "\n" not in str(raised.value)


def test_a_folder_without_a_manifest_is_no_dataset(tmp_path):
    with pytest.raises(
        InputError, match=r": not a dataset, because it has no manifest\. Pass the folder that"
    ):
        open_dataset(tmp_path)


def test_a_dataset_of_version_0_1_is_refused_by_its_name(tmp_path):
    (tmp_path / "_runs").mkdir()
    with pytest.raises(InputError, match=r"the dataset has version 0\.1, .*Export the sources again"):
        open_dataset(tmp_path)


def small(tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    rows = [record(80 * step, 1, box=(0.1, 0.4 + step / 1000, 0.1, 0.2)) for step in range(50)]
    (pages / "a-1.json").write_text(json.dumps(page(*rows)))
    export_dataset(pages, tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize("fault", ["missing", "cut", "flipped"])
def test_a_damaged_file_is_named(tmp_path, fault):
    out = small(tmp_path)
    file = out / "detections/part-000001.parquet"
    content = file.read_bytes()
    dataset = open_dataset(out)
    match fault:
        case "missing":
            file.unlink()
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "flipped":
            file.write_bytes(content[:60] + bytes([content[60] ^ 255]) + content[61:])
    with pytest.raises(InputError, match=r"detections.*(is missing|cannot be read as Parquet)") as raised:
        dataset.read("detections")
    assert "\n" not in str(raised.value)


@pytest.fixture
def s3(moto_url, monkeypatch, tmp_path):
    """A client of the moto server, which is also the default session's; with an empty bucket."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    monkeypatch.setattr(os, "environ", kept | own)
    s3_asking._client.cache_clear()
    client = default_client()
    client.create_bucket(Bucket=BUCKET)
    yield client
    for found in S3Path(BUCKET, "", client=client).below():
        found.unlink()
    client.delete_bucket(Bucket=BUCKET)


def test_a_dataset_in_s3_is_read_as_the_one_on_disk(s3, out, dataset):
    for file in out.rglob("*"):
        if file.is_file():
            key = file.relative_to(out).as_posix()
            parse_path(f"s3://{BUCKET}/day/{key}").write_bytes(file.read_bytes())
    there = open_dataset(f"s3://{BUCKET}/day")
    assert (there.videos, there.tables) == (dataset.videos, dataset.tables)
    for name in ("detections", "visits", "zones"):
        assert_frame_equal(there.read(name), dataset.read(name))
    assert_frame_equal(
        there.read("trajectories", videos="noon", columns=["time_present"], start="10s", end="20s"),
        dataset.read("trajectories", videos="noon", columns=["time_present"], start="10s", end="20s"),
    )
    query = "SELECT zone, count(*) AS n, sum(detections) AS d FROM visits GROUP BY ALL ORDER BY ALL"
    assert_frame_equal(there.sql(query), dataset.sql(query))
    parse_path(f"s3://{BUCKET}/day/visits/part-000001.parquet").unlink()
    with pytest.raises(
        RemoteError, match=r"visits/part-000001.parquet: S3 rejected the request: NoSuchKey: the object"
    ):
        there.read("visits")


def test_nothing_at_an_address_is_no_dataset(s3):
    with pytest.raises(
        InputError, match=r"^s3://dataset-bucket/none: not a dataset, because it has no manifest"
    ):
        open_dataset(f"s3://{BUCKET}/none")


def test_a_part_of_a_large_object_is_fetched_and_not_the_whole(s3):
    content = np.random.default_rng(4).bytes(3 * 2**20)
    parse_path(f"s3://{BUCKET}/large").write_bytes(content)
    asked = []
    s3.meta.events.register("before-call.s3.GetObject", lambda params, **_: asked.append(params["headers"]))
    with RangedFile(S3Path(BUCKET, "large", client=s3)) as file:
        assert file.seek(-10, 2) == len(content) - 10
        assert file.read() == content[-10:]
        file.seek(1000)
        assert file.read(5) == content[1000:1005]
        assert file.read(5) == content[1005:1010]
    ranges = [headers["Range"] for headers in asked]
    assert ranges == ["bytes=-1048576", "bytes=1000-1004", "bytes=1005-1009"]


def test_an_object_that_is_replaced_while_it_is_read_is_refused(s3):
    path = parse_path(f"s3://{BUCKET}/large")
    path.write_bytes(bytes(2 * 2**20))
    with RangedFile(path) as file:
        assert file.read(1) == b"\0"
        path.write_bytes(bytes([1]) * (2 * 2**20))
        with pytest.raises(RemoteError, match=r"large: S3 rejected the request: "):
            file.read(1)


def test_a_manifest_from_elsewhere_opens_no_file_outside(out, tmp_path):
    copy = shutil.copytree(out, tmp_path / "out")
    manifest = read_manifest(copy)
    for outside in ("visits/../../elsewhere.parquet", "/etc/passwd", "quality\\..\\x.parquet", "a//b"):
        file = DatasetFile(outside, 1, 1, "00" * 32, 1)
        path = copy / "_ptrack/manifest.parquet"
        path.write_bytes(format_manifest(replace(manifest, files=(*manifest.files, file))))
        with pytest.raises(InputError, match=r"was edited and is inconsistent: it lists a file outside"):
            open_dataset(copy)


def test_signs_of_patterns_in_the_name_of_a_folder_are_no_pattern(data, tmp_path):
    (tmp_path / "o [a]").mkdir()
    export_dataset(data / "day/pages", tmp_path / "o [a]/x", tables="quality")
    export_dataset(data / "shop/pages", tmp_path / "o a/x", tables="quality")
    dataset = open_dataset(tmp_path / "o [a]/x")
    assert dataset.sql("SELECT DISTINCT video FROM quality ORDER BY 1")["video"].tolist() == NAMES


def test_a_file_that_is_gone_is_one_sentence_in_sql(data, tmp_path):
    export_dataset(data / "shop/pages", tmp_path / "out", tables="quality")
    next((tmp_path / "out/quality").glob("*.parquet")).unlink()
    with pytest.raises(InputError, match="quality cannot be read"):
        open_dataset(tmp_path / "out").sql("SELECT 1 FROM quality")
