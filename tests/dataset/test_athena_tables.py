"""Athena's tables and views, emulated in DuckDB on the files as they lie."""

import datetime as dt
import re
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import expressions
from stored_dataset import change_table, list_tables, write_dataset

from ptrack_analysis.dataset.athena_tables import format_athena
from ptrack_analysis.dataset.description import DatasetDescription
from ptrack_analysis.dataset.duckdb_views import format_duckdb_views
from ptrack_analysis.dataset.manifest import NULL_PARTITION

TO_DUCKDB = {
    "BIGINT": "BIGINT",
    "INT": "INTEGER",
    "DOUBLE": "DOUBLE",
    "FLOAT": "FLOAT",
    "TEXT": "VARCHAR",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE",
}
VIEWS = [
    "visits_joined",
    "dwell_by_zone",
    "first_crossings",
    "footfall_hourly",
    "footfall_daily",
    "presence",
    "presence_hourly",
]


@pytest.fixture(scope="module", params=[None, "local_month", "local_day"], ids=["flat", "by month", "by day"])
def stored(request, tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("athena"), request.param)


def in_s3(description, **changes):
    return replace(description, location="s3://bucket/nightly/", **changes)


def statements(script):
    """Parse the tables and views of a script, one statement at a time, as they are run."""
    texts = [text for text in script.split(";\n") if "CREATE " in text]
    parsed = [sqlglot.parse_one(text, dialect="athena") for text in texts]
    kinds = [statement.args["kind"] for statement in parsed]
    assert {*kinds} == {"TABLE", "VIEW"}
    views = kinds.index("VIEW")
    return parsed[:views], parsed[views:]


def list_columns(statement):
    """Return the columns of a table with their types, the one of the partition last."""
    return {
        one.name: one.args["kind"].sql(dialect="").upper()
        for one in statement.find_all(expressions.ColumnDef)
    }


def find_partitions(script, table):
    """Return the locations that the script adds to a table, by the value of the partition."""
    added = re.findall(rf"ALTER TABLE `{table}` ADD IF NOT EXISTS\n(.*?);", script, re.DOTALL)
    return dict(re.findall(r"PARTITION \(`\w+` = '(.*?)'\) LOCATION '(.*?)'", "".join(added)))


def emulate(connection, script, stored):
    """Create the tables of a script in DuckDB, from the files in the folders of their locations."""
    for statement in statements(script)[0]:
        name = statement.find(expressions.Table).name
        location = re.search(
            rf"CREATE EXTERNAL TABLE IF NOT EXISTS `{name}` .*?LOCATION '(.*?)'", script, re.DOTALL
        )
        folders = {None: location[1]}
        columns = list_columns(statement)
        key = stored.description.partition_key
        if key is not None and not stored.description.find(name).is_dimension:
            folders = find_partitions(script, name)
        parts = []
        for value, folder in folders.items():
            place = folder.replace("s3://bucket/nightly", stored.description.location)
            constants = {key: "NULL" if value == NULL_PARTITION else f"'{value}'"} if value else {}
            listed = ", ".join(
                f"CAST({constants.get(column) or quote(column)} AS {TO_DUCKDB[kind]}) AS {quote(column)}"
                for column, kind in columns.items()
            )
            parts.append(f"FROM read_parquet('{place}*.parquet', hive_partitioning = false) SELECT {listed}")
        connection.execute(f"CREATE VIEW {name} AS " + " UNION ALL ".join(parts))


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def test_tables_have_the_columns_and_types_of_the_files(stored):
    tables, _ = statements(format_athena(in_s3(stored.description)))
    key = stored.description.partition_key
    assert len(tables) == 17
    for statement, table in zip(tables, stored.description.tables, strict=True):
        folder = f"{stored.description.location}/{table.name}/**/*.parquet"
        query = f"DESCRIBE FROM read_parquet('{folder}', hive_partitioning = false)"
        expected = [(name, kind) for name, kind, *_ in duckdb.sql(query).fetchall()]
        found = [(name, TO_DUCKDB[kind]) for name, kind in list_columns(statement).items()]
        partition = [(key, "VARCHAR")] if key and not table.is_dimension else []
        assert found == expected + partition


def test_athena_reads_every_row_once_with_the_values_of_the_files(stored):
    script = format_athena(in_s3(stored.description))
    with duckdb.connect() as connection, duckdb.connect() as other:
        emulate(connection, script, stored)
        other.execute(format_duckdb_views(stored.description))
        for table in stored.description.tables:
            listed = ", ".join(map(quote, table.schema.names))
            query = f"FROM {table.name} SELECT {listed} ORDER BY ALL"
            assert connection.execute(query).fetchall() == other.execute(query).fetchall()
        key = stored.description.partition_key
        if key is not None:
            rows = connection.execute(f"FROM visits SELECT DISTINCT video, {key} ORDER BY ALL").fetchall()
            values = {"month": ("2026-11", "2026-12"), "day": ("2026-11-30", "2026-12-01")}[key]
            assert rows == [("door", values[0]), ("door", values[1]), ("till", None)]


def test_views_give_the_rows_of_those_for_duckdb(stored):
    script = format_athena(in_s3(stored.description))
    _, views = statements(script)
    assert [view.this.name for view in views] == VIEWS
    with duckdb.connect() as connection, duckdb.connect() as other:
        emulate(connection, script, stored)
        other.execute(format_duckdb_views(stored.description))
        for view in views:
            connection.execute(view.sql(dialect="duckdb"))
            query = f"FROM {view.this.name} ORDER BY ALL"
            found, expected = connection.execute(query), other.execute(query)
            assert [one[0] for one in found.description] == [one[0] for one in expected.description]
            rows = found.fetchall()
            assert rows == expected.fetchall()
            assert rows


def test_tables_lie_where_the_dataset_is(stored):
    script = format_athena(in_s3(stored.description))
    assert re.findall(r"^LOCATION '(.*?)'", script, re.MULTILINE) == [
        f"s3://bucket/nightly/{table.name}/" for table in stored.description.tables
    ]
    assert "YOUR-BUCKET" not in script
    local = format_athena(stored.description)
    assert local.count("LOCATION 's3://YOUR-BUCKET/PREFIX/") >= 17
    assert stored.description.location not in local


def test_names_are_quoted_and_comments_fit_the_catalog(stored):
    column = pa.field("row", pa.int64(), metadata={"definition": "It's long; " + "very long " * 40})
    schema = stored.description.find("visits").schema.append(column)
    script = format_athena(in_s3(change_table(stored.description, "visits", schema=schema)))
    assert "`day's mood|``x``` string" in script
    assert "`left` double" in script
    comments = re.findall(r"COMMENT '(.*?)'[,\n]", script)
    assert len(comments) > 100
    assert all(len(comment) <= 255 for comment in comments)
    [comment] = re.findall(r"`row` bigint COMMENT '(It.*?)'\n", script)
    assert comment.startswith("It\N{RIGHT SINGLE QUOTATION MARK}s long, very long")
    assert comment.endswith("long ...")
    assert "COMMENT 'A row is one row of visits.'" in script


def grow(description, kind, name="score"):
    schema = description.find("detections").schema.append(pa.field(name, kind))
    return change_table(description, "detections", schema=schema)


def test_a_new_column_is_added_to_an_existing_table(tmp_path):
    before = in_s3(write_dataset(tmp_path).description)
    after = grow(grow(before, pa.float64()), pa.string(), "odd name")
    script = format_athena(after, before)
    assert "ALTER TABLE `detections` ADD COLUMNS (`score` double);" in script
    assert "ALTER TABLE `detections` ADD COLUMNS (`odd name` string);" in script
    assert script.count("ADD COLUMNS") == 2
    assert "DROP TABLE IF" not in script
    assert "ADD COLUMNS" not in format_athena(after)
    assert "ADD COLUMNS" not in format_athena(after, after)


@pytest.mark.parametrize("change", ["date", "type", "removed", "partitioned", "moved"])
def test_a_table_is_created_again_if_alter_table_cannot_follow(tmp_path, change):
    before = in_s3(write_dataset(tmp_path).description)
    detections = before.find("detections").schema
    match change:
        case "date":
            after = grow(before, pa.date32())
        case "type":
            index = detections.get_field_index("left")
            changed = detections.set(index, pa.field("left", pa.float32()))
            after = change_table(before, "detections", schema=changed)
        case "removed":
            after, before = before, grow(before, pa.float64())
        case "partitioned":
            after = replace(before, partition="local_day")
        case "moved":
            after = replace(before, location="s3://bucket/other")
    script = format_athena(after, before)
    drop = script.index("DROP TABLE IF EXISTS `detections`;")
    assert drop < script.index("CREATE EXTERNAL TABLE IF NOT EXISTS `detections`")
    assert ("DROP TABLE IF EXISTS `visits`" in script) == (change in {"partitioned", "moved"})
    assert ("DROP TABLE IF EXISTS `zones`" in script) == (change == "moved")


def test_a_partitioned_table_that_grew_is_created_again(tmp_path):
    before = in_s3(write_dataset(tmp_path, "local_day").description)
    script = format_athena(grow(before, pa.float64()), before)
    assert "DROP TABLE IF EXISTS `detections`;" in script
    assert "ADD COLUMNS" not in script


def test_partitions_and_tables_that_are_gone_are_dropped(tmp_path):
    before = in_s3(write_dataset(tmp_path, "local_day").description)
    tables = tuple(table for table in before.tables if table.name != "quality")
    after = replace(before, tables=tables, partitions=before.partitions | {"visits": ("2026-12-01", None)})
    script = format_athena(after, before)
    assert re.findall(r"DROP IF EXISTS PARTITION \((.*?)\)", script) == ["`day` = '2026-11-30'"]
    assert "DROP TABLE IF EXISTS `quality`;" in script
    assert find_partitions(script, "visits") == {
        "2026-12-01": "s3://bucket/nightly/visits/day=2026-12-01/",
        NULL_PARTITION: f"s3://bucket/nightly/visits/day={NULL_PARTITION}/",
    }


def test_many_partitions_are_added_in_several_statements():
    first = dt.date(2024, 1, 1)
    days = tuple((first + dt.timedelta(days=number)).isoformat() for number in range(250))
    [table] = [one for one in list_tables() if one.name == "visits"]
    described = DatasetDescription((table,), "s3://bucket/x", "local_day", {"visits": days})
    script = format_athena(described)
    assert script.count("ADD IF NOT EXISTS") == 3
    assert [*find_partitions(script, "visits")] == [*days]


def test_a_column_with_the_name_of_the_partition_is_left_to_the_partition(tmp_path):
    described = grow(in_s3(write_dataset(tmp_path, "local_day").description), pa.string(), "Day")
    script = format_athena(described)
    assert "`Day` string" not in script
    assert "-- The table cannot have column `Day` of the files" in script
    assert "`Day` string" in format_athena(replace(described, partition="local_month"))
