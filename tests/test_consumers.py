"""DuckDB, polars, pandas and pyarrow read folders of an export, flat and partitioned, with plain calls."""

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq
import pytest
import sqlglot
from questions import SQL, TABLES, answers, answers_of_pandas, answers_of_polars, export_all, truth
from sqlglot import expressions
from stored import list_files

from ptrack_analysis import open_dataset
from ptrack_analysis.dataset.manifest import read_manifest

EVERYTHING = {"stitch": True, "fill_gaps": "5s", "smooth": "500ms", "faces": True, "tables": "all"}
KINDS = {
    "flat": {},
    "by day": {"partition": "local_day"},
    "every table, by month": {"partition": "local_month", **EVERYTHING},
    "salted": {"salt": "sixteen letters!"},
    "small counts withheld": {"salt": "sixteen letters!", "min_count": 2},
}


@pytest.fixture(scope="module", params=["flat", "by day"])
def out(request, data, tmp_path_factory):
    return export_all(data, tmp_path_factory.mktemp("engines"), **KINDS[request.param])


@pytest.fixture(scope="module", params=KINDS)
def any_kind(request, data, tmp_path_factory):
    return export_all(data, tmp_path_factory.mktemp("kinds"), **KINDS[request.param])


@pytest.fixture(scope="module")
def right_answers(data):
    return truth(data)


def ask_duckdb(out):
    with duckdb.connect() as connection:
        for name in TABLES:
            connection.execute(f"CREATE VIEW {name} AS FROM '{out}/{name}/**/*.parquet'")
        return answers(lambda query: connection.execute(query).fetchall())


def ask_views(out):
    with duckdb.connect() as connection:
        connection.execute((out / "views/duckdb.sql").read_text())
        return answers(lambda query: connection.execute(query).fetchall())


def ask_opened(out):
    dataset = open_dataset(out)
    return answers(lambda query: dataset.sql(query).itertuples(index=False, name=None))


CONSUMERS = {
    "DuckDB": ask_duckdb,
    "the views for DuckDB": ask_views,
    "polars": lambda out: answers_of_polars(lambda name: pl.scan_parquet(out / name)),
    "pandas": lambda out: answers_of_pandas(lambda name: pd.read_parquet(out / name, partitioning=None)),
    "pyarrow": lambda out: answers_of_pandas(
        lambda name: pq.read_table(out / name, partitioning=None).to_pandas()
    ),
    "the opened dataset": ask_opened,
}


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_five_questions_have_the_answers_of_pandas(out, right_answers, consumer):
    found = CONSUMERS[consumer](out)
    for question in SQL:
        assert found[question] == pytest.approx(right_answers[question], rel=1e-6), question
        assert len(found[question]) >= 2
    for question in ("hourly footfall", "transitions"):
        assert found[question] == right_answers[question]


def test_the_questions_cover_clocks_and_planes(right_answers):
    hours = {(date, hour) for _, date, hour in right_answers["hourly footfall"]}
    assert (None, None) in hours
    assert len(hours) > 4
    assert all(speed > 0 for speed in right_answers["median speed"].values())


def test_each_file_of_a_table_has_the_same_columns_with_units_and_definitions(any_kind):
    for name in read_manifest(any_kind).tables:
        first, *others = [pq.read_schema(path) for path in list_files(any_kind, name)]
        assert all(one.equals(first, check_metadata=True) for one in others)
        assert all({b"unit", b"definition"} <= field.metadata.keys() for field in first)


def test_missing_numbers_are_null_and_not_nan(any_kind):
    for name in read_manifest(any_kind).tables:
        numbers = pl.read_parquet(list_files(any_kind, name), hive_partitioning=False)
        assert not any(one.is_nan().any() for one in numbers.select(pl.selectors.float())), name


def test_the_dictionary_and_athena_have_the_columns_of_the_files(any_kind):
    text = (any_kind / "dictionary.md").read_text()
    script = sqlglot.parse((any_kind / "views/athena.sql").read_text(), dialect="athena")
    created = {
        one.find(expressions.Table).name: {column.name for column in one.find_all(expressions.ColumnDef)}
        for one in script
        if one is not None and one.key == "create" and one.args["kind"] == "TABLE"
    }
    for name in read_manifest(any_kind).tables:
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        columns = pq.read_schema(list_files(any_kind, name)[0]).names
        assert [column for column in columns if f"| `{column}` |" not in section] == []
        assert created[name] >= {*columns}


def test_arrow_reads_each_folder_with_all_rows(out):
    counted = {}
    for file in read_manifest(out).files:
        name = file.place.split("/", maxsplit=1)[0]
        counted[name] = counted.get(name, 0) + file.rows
    for name in read_manifest(out).tables:
        assert pa_dataset.dataset(out / name, partitioning="hive").count_rows() == counted[name]
