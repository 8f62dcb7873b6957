"""The views for DuckDB work from anywhere and answer questions with the rows of the files."""

import datetime as dt
import shutil
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest
from stored_dataset import (
    START,
    change_table,
    list_tables,
    make_rows,
    write_dataset,
)

from ptrack_analysis.dataset.description import DatasetDescription, VisitEnds
from ptrack_analysis.dataset.duckdb_views import format_duckdb_views

DAYS = (dt.date(2026, 11, 30), dt.date(2026, 12, 1))
VIEWS = {
    "visits_joined",
    "dwell_by_zone",
    "first_crossings",
    "footfall_hourly",
    "footfall_daily",
    "presence",
    "presence_hourly",
}


@pytest.fixture(scope="module", params=[None, "local_month", "local_day"], ids=["flat", "by month", "by day"])
def stored(request, tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("views") / "it's [a] folder*", request.param)


def ask(description, query, *, previous=None, variable=None):
    with duckdb.connect() as connection:
        if variable is not None:
            connection.execute(f"SET VARIABLE ptrack_root = '{variable}'")
        connection.execute(format_duckdb_views(description, previous))
        return connection.execute(query).fetchall()


def test_views_have_the_columns_and_rows_of_each_table(stored):
    with duckdb.connect() as connection:
        connection.execute(format_duckdb_views(stored.description))
        for table in stored.description.tables:
            found = connection.sql(f'FROM "{table.name}"').to_arrow_table()
            assert found.column_names == table.schema.names
            expected = pa.Table.from_pylist(stored.rows[table.name], table.schema)
            order = [(key, "ascending") for key in table.key]
            plain = pa.schema([pa.field(one.name, plain_type(one.type)) for one in table.schema])
            assert (
                found.cast(plain).sort_by(order).to_pylist()
                == expected.cast(plain).sort_by(order).to_pylist()
            )
        names = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        assert {name for (name,) in names} == {table.name for table in stored.description.tables} | VIEWS
        comment = connection.execute(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'visits' AND column_name = 'dwell_s'"
        )
        assert comment.fetchall() == [("The dwell_s of the row; it isn't a sum.",)]


def plain_type(stored):
    return stored.value_type if pa.types.is_dictionary(stored) else stored


def test_views_in_a_database_file_work_from_any_folder(stored, tmp_path, monkeypatch):
    with duckdb.connect(tmp_path / "shop.duckdb") as connection:
        connection.execute(format_duckdb_views(stored.description))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with duckdb.connect(tmp_path / "shop.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM visits_joined").fetchall() == [(8,)]


def test_views_follow_a_dataset_that_was_moved(tmp_path):
    stored = write_dataset(tmp_path / "out", "local_day")
    with duckdb.connect(tmp_path / "shop.duckdb") as connection:
        connection.execute(format_duckdb_views(stored.description))
    shutil.move(stored.description.location, tmp_path / "moved")
    with duckdb.connect(tmp_path / "shop.duckdb") as connection:
        with pytest.raises(duckdb.IOException, match="No files found"):
            connection.execute("FROM visits")
        connection.execute(f"SET VARIABLE ptrack_root = '{tmp_path / 'moved'}'")
        assert connection.execute("SELECT count(*) FROM visits").fetchall() == [(8,)]


def test_views_of_a_dataset_in_s3_name_its_location():
    script = format_duckdb_views(DatasetDescription(tuple(list_tables()), "s3://bucket/nightly/"))
    assert "coalesce(getvariable('ptrack_root'), 's3://bucket/nightly') || '/visits/part-*.parquet'" in script
    assert "CREATE SECRET" in script


def test_a_column_that_no_file_has_yet_is_null(stored):
    visits = stored.description.find("visits")
    schema = visits.schema.append(pa.field("staff", pa.bool_(), metadata={"definition": "Whether staff."}))
    grown = change_table(stored.description, "visits", schema=schema)
    assert ask(grown, "SELECT DISTINCT staff FROM visits") == [(None,)]


def test_a_dataset_without_rows_has_empty_views(tmp_path):
    stored = write_dataset(tmp_path, rows={table.name: [] for table in list_tables()})
    for view in VIEWS:
        assert ask(stored.description, f"FROM {view}") == []


def test_views_that_no_longer_exist_are_dropped(stored):
    description = stored.description
    fewer = replace(description, tables=tuple(one for one in description.tables if one.name != "crossings"))
    with duckdb.connect() as connection:
        connection.execute(format_duckdb_views(description))
        connection.execute(format_duckdb_views(fewer, description))
        names = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert ("crossings",) not in names
    assert ("first_crossings",) not in names
    assert ("visits_joined",) in names


def test_each_visit_is_joined_once_with_video_zone_and_date(stored):
    columns = "visit_id, site, camera, plane, zone_kind, opening_hours, month_name"
    rows = ask(stored.description, f"FROM visits_joined SELECT {columns} ORDER BY 1")
    assert len(rows) == len({row[0] for row in rows}) == 8
    assert rows[0] == ("door:1:hall:1", "Bonn", "c1", "px", "queue", "Mo-Sa 09:00-20:00", "November")
    assert rows[1] == ("door:1:hall:2", "Bonn", "c1", "px", "queue", "Mo-Sa 09:00-20:00", "December")
    assert rows[-1] == ("till:2:hall:2", "Bonn", "c2", "m", "queue", "Mo-Sa 09:00-20:00", None)


def test_dwell_by_zone_includes_zones_without_visits(stored):
    columns = (
        "video, zone, zone_key, visits, persons, dwell_s, mean_dwell_s, start_unobserved, end_unobserved"
    )
    rows = ask(stored.description, f"FROM dwell_by_zone SELECT {columns} ORDER BY 1, 2")
    assert rows[:2] == [
        ("door", "hall", "h-door", 4, 2, 60.0, 15.0, 2, 4),
        ("door", "yard", "y-door", 0, 0, 0.0, None, 0, 0),
    ]
    assert ask(
        stored.description, "SELECT DISTINCT time_in_scene_s, without_position_s FROM dwell_by_zone"
    ) == [(2700.0, 3.0)]


def test_each_video_has_its_own_observed_entries_and_exits(stored):
    ends = {VisitEnds(): ("door",), VisitEnds(("crossed", "appeared"), ("lost",)): ("till",)}
    described = replace(stored.description, observed=ends)
    query = "SELECT video, start_unobserved, end_unobserved FROM dwell_by_zone WHERE zone = 'hall' ORDER BY 1"
    assert ask(described, query) == [("door", 2, 4), ("till", 0, 0)]
    query = "SELECT camera, sum(entries) FROM footfall_daily GROUP BY 1 ORDER BY 1"
    assert ask(described, query) == [("c1", 2), ("c2", 4)]


def test_footfall_counts_visits_per_hour_and_day_and_keeps_those_without_a_clock(stored):
    columns = "camera, zone, local_date, local_hour, videos, visits, entries, dwell_s, recorded_time_s"
    assert ask(stored.description, f"FROM footfall_hourly SELECT {columns} ORDER BY ALL") == [
        ("c1", "hall", DAYS[0], 23, 1, 2, 1, 30.0, 900.0),
        ("c1", "hall", DAYS[1], 0, 1, 2, 1, 30.0, 900.0),
        ("c1", "yard", DAYS[0], 23, 1, 0, 0, 0.0, 900.0),
        ("c1", "yard", DAYS[1], 0, 1, 0, 0, 0.0, 900.0),
        ("c2", "hall", None, None, 1, 4, 2, 60.0, 1800.0),
        ("c2", "yard", None, None, 1, 0, 0, 0.0, 1800.0),
    ]
    for view in ("footfall_hourly", "presence_hourly"):
        keys = ask(stored.description, f"SELECT DISTINCT zone_key FROM {view} WHERE zone = 'hall' ORDER BY 1")  # noqa: S608
        assert keys == [("h-door",), ("h-till",)]
    query = "SELECT zone, local_date, visits, recorded_time_s FROM footfall_daily WHERE camera = 'c1'"
    assert ask(stored.description, f"{query} ORDER BY ALL")[:2] == [
        ("hall", DAYS[0], 2, 900.0),
        ("hall", DAYS[1], 2, 900.0),
    ]


def test_presence_unites_the_scene_and_the_zones(stored):
    query = "SELECT zone, recorded_at, mean_persons FROM presence WHERE video = 'door' ORDER BY ALL"
    rows = ask(stored.description, query)
    later = START + dt.timedelta(minutes=15)
    assert rows == [
        (zone, at, 0.5 * (zone != "yard")) for zone in ("", "hall", "yard") for at in (START, later)
    ]
    query = "SELECT zone, local_hour, person_seconds_s, recorded_time_s, mean_persons FROM presence_hourly"
    rows = ask(stored.description, f"{query} WHERE camera = 'c2' ORDER BY ALL")
    assert rows[:2] == [("", None, 900.0, 1800.0, 0.5), ("hall", None, 900.0, 1800.0, 0.5)]


def test_first_crossings_are_one_per_person_and_line(stored):
    query = "SELECT person, count(*) FROM first_crossings GROUP BY ALL ORDER BY ALL"
    assert ask(stored.description, query) == [
        ("door:1", 1),
        ("door:2", 1),
        ("till:1", 1),
        ("till:2", 1),
    ]


@pytest.fixture
def released(tmp_path):
    """Return a dataset of which small counts are withheld: no row per person, a bin of the hall withheld."""
    people = {"tracks", "detections", "trajectories", "visits", "crossings"}
    tables, rows = [one for one in list_tables() if one.name not in people], make_rows()
    for position, table in enumerate(tables):
        if table.name in {"occupancy", "zone_occupancy"}:
            schema = table.schema.append(
                pa.field("suppressed", pa.bool_(), metadata={"definition": "Withheld."})
            )
            tables[position] = replace(table, schema=schema)
            rows[table.name] = [row | {"suppressed": False} for row in rows[table.name]]
    withheld = rows["zone_occupancy"][0]
    withheld |= {"person_seconds_s": None, "max_persons": None, "mean_persons": None, "suppressed": True}
    return write_dataset(tmp_path, tables=tables, rows=rows)


def test_no_view_adds_up_rows_with_withheld_figures(released):
    with duckdb.connect() as connection:
        connection.execute(format_duckdb_views(released.description))
        names = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        assert VIEWS & {name for (name,) in names} == {"presence", "presence_hourly"}
        query = "SELECT person_seconds_s, mean_persons, max_persons, withheld_bins FROM presence_hourly"
        rows = connection.execute(
            f"{query} WHERE camera = 'c1' AND zone = 'hall' ORDER BY local_date"
        ).fetchall()
        assert rows == [(None, None, None, 1), (450.0, 0.5, 2, 0)]
        [(suppressed,)] = connection.execute(
            "SELECT count(*) FROM presence WHERE suppressed AND person_seconds_s IS NULL"
        ).fetchall()
        assert suppressed == 1


def test_questions_need_neither_cameras_nor_sites_nor_dates(tmp_path):
    tables = [one for one in list_tables() if not one.is_dimension]
    tables[0] = replace(
        tables[0], schema=pa.schema([one for one in tables[0].schema if one.name != "camera"])
    )
    stored = write_dataset(tmp_path, tables=tables)
    assert ask(stored.description, "SELECT count(*) FROM visits_joined") == [(8,)]
    assert ask(stored.description, "SELECT sum(visits) FROM footfall_daily") == [(8,)]
    only_cameras = replace(
        stored.description, tables=(*tables, *(one for one in list_tables() if one.name == "cameras"))
    )
    write_dataset(tmp_path, tables=list(only_cameras.tables))
    assert ask(only_cameras, "SELECT DISTINCT camera, site FROM footfall_daily ORDER BY 1") == [
        ("c1", "Bonn"),
        ("c2", "Bonn"),
    ]


RECIPES = {
    "bars of dwell by zone": "FROM dwell_by_zone SELECT zone, sum(dwell_s) GROUP BY zone",
    "matrix of people and mean dwell": (
        "FROM visits JOIN zones USING (zone_key) "
        "SELECT kind, count(DISTINCT person), avg(dwell_s) GROUP BY kind"
    ),
    "box plot of dwell by zone and entry": "FROM visits SELECT zone, entry, dwell_s",
    "Sankey of transitions": (
        "FROM transitions SELECT origin, destination, sum(transitions) GROUP BY origin, destination"
    ),
    "pivot of the heatmap": 'FROM heatmap SELECT "row", "column", sum(seconds) GROUP BY "row", "column"',
    "footfall by weekday": (
        "FROM footfall_daily JOIN dates ON dates.date = local_date "
        "SELECT weekend, sum(entries) GROUP BY weekend"
    ),
    "busiest hours": "FROM presence_hourly SELECT local_hour, max(mean_persons) GROUP BY local_hour",
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_recipe_for_a_dashboard_has_an_answer(stored, recipe):
    assert ask(stored.description, RECIPES[recipe])
