"""What others read: DuckDB, polars, pandas, Arrow and Athena on an exported dataset."""

import contextlib
import json
import re

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq
import pytest
import sqlglot
from questions import SQL, TABLES, answers, answers_of_pandas, answers_of_polars, recordings, truth
from sqlglot import expressions

from ptrack_analysis import (
    compute_trajectories,
    compute_visits,
    find_videos,
    open_dataset,
    read_tracking,
    read_zones,
)
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.pipeline.outputs import OUTPUTS

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
    "crossings",
    "heatmap",
    "quality",
]
PLACES = ["zones", "lines"]
VIEWS = ["dwell_by_zone", "first_crossings", "visits_joined"]
ALL = {
    "stitch": True,
    "fill_gaps": "5s",
    "max_speed": 5,
    "repair_jumps": True,
    "smooth": "500ms",
    "faces": True,
    "cell": 0.5,
    "tables": "all",
}
ATHENA_TYPES = {
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
    pa.date32(): "DATE",
}


@pytest.fixture(scope="module")
def day(data):
    return data / "day"


@pytest.fixture(scope="module")
def out(day, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset") / "out"
    export_dataset(day / "pages", folder, zones=day / "zones.geojson")
    return folder


@pytest.fixture(scope="module")
def all_of_it(day, tmp_path_factory):
    """Give a dataset with every table and every optional column, on the floor plan."""
    folder = tmp_path_factory.mktemp("dataset") / "all"
    export_dataset(day / "pages", folder, zones=day / "zones.geojson", floor=day / "floor.json", **ALL)
    return folder


@pytest.fixture(scope="module", params=["plain", "all of it"])
def either(request, out, all_of_it):
    """Give the plain dataset, and the one with everything."""
    return out if request.param == "plain" else all_of_it


def folders(out):
    """List the tables of a dataset in the order of its dictionary."""
    every = [name for name in OUTPUTS if (out / name).exists()]
    assert set(FOLDERS) <= set(every)
    return every


def file_of(out, name):
    return out / f"{name}.parquet" if name in PLACES else out / name / "noon.parquet"


@pytest.fixture
def database(out, monkeypatch):
    """Open DuckDB in the dataset's folder, with its views; give what answers a query with rows."""
    monkeypatch.chdir(out)
    with duckdb.connect() as connection:
        connection.execute((out / "views/duckdb.sql").read_text())
        yield lambda query: connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def dwell(day):
    """Compute the seconds in each zone of each video from the pages, without the dataset."""
    seconds = {}
    for reference in find_videos(day / "pages"):
        detections, video = read_tracking(reference)
        zones, _ = read_zones(day / "zones.geojson", video)
        visits = compute_visits(compute_trajectories(detections, video), zones, video)
        for zone, span in visits["dwell"].groupby(level="zone").sum().items():
            seconds[reference.name, zone] = span.total_seconds()
    return seconds


def files(out):
    return sorted(out.glob("[!._]*/*.parquet"))


def test_duckdb_sees_each_table_with_all_its_rows(database, out):
    for folder in FOLDERS:
        rows = sum(pq.read_metadata(path).num_rows for path in (out / folder).iterdir())
        assert database(f"FROM {folder} SELECT count(*)") == [(rows,)]
    assert database("SELECT count(*) FROM zones") == [(4,)]


def test_dwell_in_duckdb_is_dwell_in_pandas(database, dwell):
    found = database("SELECT video, zone, sum(dwell_s) FROM visits GROUP BY ALL")
    assert {(video, zone): seconds for video, zone, seconds in found} == pytest.approx(dwell)


def test_the_view_of_dwell_has_every_zone_of_every_video_once(database, dwell):
    found = database(
        "SELECT video, zone, dwell_s, visits, persons, start_unobserved, end_unobserved FROM dwell_by_zone"
    )
    assert {(video, zone): seconds for video, zone, seconds, *_ in found} == pytest.approx(dwell)
    assert len(found) == 12
    assert all(
        visits >= persons > 0 and visits >= max(start, end) for *_, visits, persons, start, end in found
    )


def test_the_view_of_dwell_has_the_unlocated_time_beside_it(database, out):
    found = database("SELECT DISTINCT video, time_in_scene_s, without_position_s FROM dwell_by_zone")
    persons = (
        pd.read_parquet(out / "tracks").groupby("video")[["time_in_scene_s", "without_position_s"]].sum()
    )
    assert {video: [scene, unlocated] for video, scene, unlocated in found} == {
        video: pytest.approx(row.tolist()) for video, row in persons.iterrows()
    }


def test_a_zone_that_nobody_entered_is_in_the_view_with_zero(day, tmp_path, monkeypatch):
    content = json.loads((day / "zones.geojson").read_text())
    corner = {"type": "Polygon", "coordinates": [[[0.0, 0.0], [0.01, 0.0], [0.0, 0.01], [0.0, 0.0]]]}
    content["features"] += [{"type": "Feature", "properties": {"name": "nobody's"}, "geometry": corner}]
    zones = tmp_path / "zones.geojson"
    zones.write_text(json.dumps(content))
    export_dataset(day / "pages", tmp_path / "out", zones=zones)
    monkeypatch.chdir(tmp_path / "out")
    with duckdb.connect() as connection:
        connection.execute((tmp_path / "out/views/duckdb.sql").read_text())
        query = "SELECT DISTINCT visits, dwell_s, mean_dwell_s FROM dwell_by_zone WHERE zone = 'nobody''s'"
        assert connection.execute(query).fetchall() == [(0, 0.0, None)]


def test_tables_join_by_person_and_zone(database):
    query = """
        SELECT count(*) FROM visits
        JOIN tracks USING (person) JOIN zones USING (zone) JOIN videos ON videos.video = visits.video
    """
    assert database(query) == database("SELECT count(*) FROM visits")


def test_person_names_a_person_over_all_videos(database):
    composed = "bool_and(person = video || ':' || person_index)"
    query = f"FROM tracks SELECT count(*), count(DISTINCT person), {composed}"
    [(rows, distinct, composed)] = database(query)
    assert rows == distinct
    assert composed


def test_polars_scans_a_folder_as_one_table(out, dwell):
    visits = pl.scan_parquet(out / "visits/*.parquet").group_by("video", "zone").agg(pl.col("dwell_s").sum())
    assert {(video, zone): seconds for video, zone, seconds in visits.collect().rows()} == pytest.approx(
        dwell
    )


def test_pandas_reads_a_folder_as_one_table(out, dwell):
    visits = pd.read_parquet(out / "visits")
    assert visits.groupby(["video", "zone"])["dwell_s"].sum().to_dict() == pytest.approx(dwell)


def test_arrow_reads_every_folder_as_one_table(out):
    for folder in FOLDERS:
        table = pa_dataset.dataset(out / folder).to_table()
        videos = table["video"].unique().to_pylist()
        assert videos == ["evening", "morning", "noon"]


def test_nothing_is_nan(either):
    for path in files(either):
        numbers = pl.read_parquet(path).select(pl.selectors.float())
        assert not any(number.is_nan().any() for number in numbers)


def test_every_file_of_a_folder_has_the_same_columns(either):
    for folder in folders(either):
        schemas = [pq.read_schema(path) for path in (either / folder).iterdir()]
        assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)


def test_rows_are_sorted_as_the_files_say(either):
    for path in files(either):
        with pq.ParquetFile(path) as file:
            order = [
                file.schema_arrow.names[s.column_index] for s in file.metadata.row_group(0).sorting_columns
            ]
            keys = file.read(order).to_pandas()
        assert order[0] == "video"
        assert keys.equals(keys.sort_values(order))
        assert not keys.duplicated().any()


def test_every_column_has_statistics_and_an_index_of_its_pages(either):
    for path in files(either):
        group = pq.read_metadata(path).row_group(0)
        for column in map(group.column, range(group.num_columns)):
            assert column.is_stats_set == column.has_offset_index == bool(group.num_rows)
            assert column.compression == "ZSTD"


def test_the_dictionary_defines_every_column_of_every_file_and_no_other(either):
    text = (either / "dictionary.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(sections) == [*folders(either), *PLACES]
    for name, section in sections.items():
        path = file_of(either, name)
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.+?) \|$", section, re.MULTILINE)
        written = pq.read_schema(path)
        types = [str(field.type).replace("tz=", "") for field in written]
        units = [field.metadata[b"unit"].decode() for field in written]
        definitions = [field.metadata[b"definition"].decode() for field in written]
        assert rows == list(zip(written.names, types, units, definitions, strict=True))


def athena(out):
    return sqlglot.parse((out / "views/athena.sql").read_text(), dialect="athena")


def test_athena_understands_every_statement(either):
    statements = athena(either)
    tables = len(folders(either)) + len(PLACES)
    assert [statement.key for statement in statements] == ["create"] * (tables + len(VIEWS))
    assert [statement.args["kind"] for statement in statements] == ["TABLE"] * tables + ["VIEW"] * len(VIEWS)
    assert [statement.this.name for statement in statements[tables:]] == VIEWS


def test_the_tables_of_athena_have_the_columns_and_types_of_the_files(either):
    for statement in athena(either)[: -len(VIEWS)]:
        name = statement.find(expressions.Table).name
        path = file_of(either, name)
        columns = [(c.name, c.args["kind"].sql().upper()) for c in statement.find_all(expressions.ColumnDef)]
        columns = [(column, {"TEXT": "VARCHAR"}.get(kind, kind)) for column, kind in columns]
        assert columns == [(field.name, ATHENA_TYPES[field.type]) for field in pq.read_schema(path)]


def test_the_tables_of_athena_lie_in_their_folders(either):
    text = (either / "views/athena.sql").read_text()
    places = re.findall(r"LOCATION 's3://YOUR-BUCKET/PREFIX/(\w+)/';", text)
    assert places == [*folders(either), *PLACES]
    assert text.count("STORED AS PARQUET") == len(places)


@pytest.fixture(scope="module")
def chain(day, tmp_path_factory):
    """Give a dataset of three videos with a clock, zones, lines and a floor plan."""
    folder = tmp_path_factory.mktemp("chain")
    export_dataset(
        day / "pages",
        folder / "out",
        zones=day / "zones.geojson",
        floor=day / "floor.json",
        recordings=recordings(folder / "videos.csv"),
        tables=[*TABLES],
    )
    return folder / "out"


@pytest.fixture(scope="module")
def right_answers(day):
    return truth(day)


def asked_of_duckdb(chain):
    with duckdb.connect() as connection:
        for name in TABLES:
            connection.read_parquet(f"{chain}/{name}/*.parquet").create_view(name)
        return answers(lambda query: connection.execute(query).fetchall())


def asked_of_the_views(chain):
    with duckdb.connect() as connection, contextlib.chdir(chain):
        connection.execute((chain / "views/duckdb.sql").read_text())
        return answers(lambda query: connection.execute(query).fetchall())


def asked_of_the_opened(chain):
    dataset = open_dataset(chain)
    return answers(lambda query: dataset.sql(query).itertuples(index=False, name=None))


CONSUMERS = {
    "DuckDB": asked_of_duckdb,
    "the views for DuckDB": asked_of_the_views,
    "polars": lambda chain: answers_of_polars(lambda name: pl.scan_parquet(chain / name / "*.parquet")),
    "pandas": lambda chain: answers_of_pandas(lambda name: pd.read_parquet(chain / name)),
    "the opened dataset": asked_of_the_opened,
}


@pytest.mark.parametrize("question", SQL)
@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_question_has_the_same_answer_whoever_is_asked(chain, right_answers, consumer, question):
    found, expected = CONSUMERS[consumer](chain)[question], right_answers[question]
    assert found == pytest.approx(expected, rel=1e-12, abs=0)
    if question in {"hourly footfall", "transitions"}:
        assert found == expected
    assert len(found) > (question not in {"busiest cell", "median speed"})


def test_footfall_of_one_video_falls_in_two_hours_of_the_clock(right_answers):
    hours = {hour for _, _, hour in right_answers["hourly footfall"]}
    assert {8, 9, 12, 13, 18, 19} >= hours
    assert len(hours) > 3
