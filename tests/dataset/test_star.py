"""The star: facts that refer to dimensions, by keys that join."""

import datetime as dt
import json
import re

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shapely.geometry import LineString, box
from stored import list_tables, read_stored, values

from ptrack_analysis import Video, Zone, read_parquet, write_parquet
from ptrack_analysis.clock.recordings import make_camera_key
from ptrack_analysis.dataset.dimensions import (
    DIMENSIONS,
    cameras_table,
    dates_table,
    lines_table,
    list_definitions,
    sites_table,
    zones_table,
)
from ptrack_analysis.dataset.export import export_dataset
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.dataset.relations import RELATIONS
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS
from ptrack_analysis.scene.zone_files import Scene
from ptrack_analysis.scene.zones import Line
from ptrack_analysis.schema import CAMERAS, DATES, LINES, SITES, ZONES, validate

STARTED = Video(started_at=pd.Timestamp("2024-05-06T23:59:50Z").to_pydatetime())


@pytest.fixture(scope="module")
def out(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("star") / "out"
    day = data / "day"
    settings = {"zones": day / "zones.geojson", "floor": day / "floor.json", "tables": "all", "faces": True}
    export_dataset(day / "pages", folder, video=STARTED, stop_extent=0.5, **settings)
    return folder


@pytest.fixture
def database(out, monkeypatch):
    monkeypatch.chdir(out)
    with duckdb.connect() as connection:
        connection.execute((out / "views/duckdb.sql").read_text())
        yield lambda query: connection.execute(query).fetchall()


def scene(*zones, lines=()):
    return Scene([*zones], [*lines], "px")


def till(**changes):
    return Zone(**({"name": "till", "outline": box(0, 0, 2, 1), "unit": "px"} | changes))


def test_a_zone_keeps_its_key_whichever_videos_it_is_bound_to():
    everywhere = list_definitions(scene(till()), "noon")
    assert everywhere == list_definitions(scene(till(videos=("noon",))), "noon")
    [key] = everywhere["zones"]
    assert re.fullmatch("[0-9a-f]{16}", key)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "desk"},
        {"outline": box(0, 0, 2, 1.0000001)},
        {"unit": "m"},
        {"kind": "queue"},
        {"start": pd.Timedelta("1s")},
        {"end": pd.Timedelta("1s")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_zone_that_is_another_has_another_key(change):
    first, second = (list_definitions(scene(till(**one)), "noon")["zones"] for one in ({}, change))
    assert first.keys().isdisjoint(second)


def test_a_zone_of_another_video_is_not_in_this_one():
    assert list_definitions(scene(till(videos=("noon",))), "evening") == {"zones": {}, "lines": {}}
    assert list_definitions(None, "evening") == {}


def test_every_version_that_a_video_was_measured_with_is_a_row():
    old, new = (list_definitions(scene(till(outline=box(0, 0, 2, y))), "noon") for y in (1, 2))
    table = zones_table([old, new, new])
    validate(table, ZONES)
    assert sorted(zip(table["area"], table["videos"], strict=True)) == [(2.0, 1), (4.0, 2)]
    assert zones_table([]).empty


def test_a_line_is_a_row_with_its_length():
    drawn = list_definitions(scene(lines=[Line("door", LineString([(0, 0), (3, 4)]), "px")]), "noon")
    table = lines_table([drawn])
    validate(table, LINES)
    assert table.iloc[0][["line", "length", "outline"]].tolist() == ["door", 5.0, "LINESTRING (0 0, 3 4)"]


def test_the_dates_are_those_of_whole_years_with_iso_weeks():
    table = dates_table(["2021-01-04", "2020-12-31"])
    validate(table, DATES)
    assert len(table) == 366 + 365
    assert table.index[[0, -1]].strftime("%Y-%m-%d").tolist() == ["2020-01-01", "2021-12-31"]
    turn = table.loc["2020-12-31":"2021-01-04"]
    assert turn["iso_year"].tolist() == [2020, 2020, 2020, 2020, 2021]
    assert turn["iso_week"].tolist() == [53, 53, 53, 53, 1]
    assert turn["quarter"].tolist() == [4, 1, 1, 1, 1]
    assert turn["weekend"].tolist() == [False, False, True, True, False]
    assert table.loc["2021-01-04", ["weekday_name", "month_name"]].tolist() == ["Monday", "January"]
    assert table["holiday"].isna().all()
    assert dates_table([]).empty


def test_the_dates_name_the_holidays():
    table = dates_table(["2026-05-06"], lambda year: {dt.date(year, 12, 25): "Christmas Day"})
    assert table["holiday"].dropna().to_dict() == {pd.Timestamp("2026-12-25"): "Christmas Day"}


def test_dates_are_stored_as_dates_and_read_back_the_same(tmp_path):
    table = dates_table(["2026-05-06"])
    write_parquet(table, tmp_path / "dates.parquet")
    assert pq.read_schema(tmp_path / "dates.parquet").field("date").type == pa.date32()
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "dates.parquet"), table)
    cameras = cameras_table([{"site": "Bonn", "days": ["2026-05-06"] * 2}, {"camera": "a"}])
    write_parquet(cameras, tmp_path / "cameras.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "cameras.parquet"), cameras)


def test_a_camera_is_known_by_its_site_and_its_name():
    door = {"site": "Bonn", "camera": "door", "timezone": "Europe/Berlin"}
    table = cameras_table(
        [
            door | {"days": ["2026-05-06", "2026-05-07"]},
            door | {"days": ["2026-05-02", "2026-05-03"]},
            door | {"camera": None},
            door | {"site": "Trier"},
            {"camera": "door"},
            {},
        ]
    )
    validate(table, CAMERAS)
    assert table.index.tolist() == ["/door", "Bonn/", "Bonn/door", "Trier/door"]
    assert table["videos"].tolist() == [1, 1, 2, 1]
    period = table.loc["Bonn/door", ["first_date", "last_date"]]
    assert [day.strftime("%Y-%m-%d") for day in period] == ["2026-05-02", "2026-05-06"]
    assert pd.isna(table.loc["Bonn/", "camera"])


def test_cameras_whose_names_have_slashes_have_different_keys():
    pairs = [("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c")]
    assert len({make_camera_key(*pair) for pair in pairs}) == 3


def test_a_zone_of_one_camera_refers_to_it_and_a_zone_of_several_does_not():
    drawn = list_definitions(scene(till()), "noon")
    assert zones_table([drawn, drawn], ["Bonn/door"] * 2)["camera_key"].tolist() == ["Bonn/door"]
    assert zones_table([drawn, drawn], ["Bonn/door", None])["camera_key"].isna().all()


def test_a_site_is_told_by_what_its_videos_agree_in():
    a, b = ({"site": "Bonn", "camera": name, "timezone": "Europe/Berlin"} for name in ("door", "till"))
    table = sites_table([a, a | {"opening_hours": "24/7"}, b, {"site": None}, {}])
    validate(table, SITES)
    assert table.index.tolist() == ["Bonn"]
    assert table.loc["Bonn", ["timezone", "cameras", "videos"]].tolist() == ["Europe/Berlin", 2, 3]
    assert pd.isna(table.loc["Bonn", "opening_hours"])


def test_every_reference_finds_exactly_one_row(database):
    for one in RELATIONS:
        assert database(f'FROM {one.to} SELECT count(*) = count(DISTINCT "{one.key}")') == [(True,)]
        [(given, met)] = database(
            f'FROM {one.table} AS a LEFT JOIN {one.to} AS b ON b."{one.key}" = a."{one.column}" '
            f'SELECT count(a."{one.column}"), count(b."{one.key}")'
        )
        assert given == met, one
        if one.column not in {"origin_key", "destination_key", "camera_key", "site"}:
            assert (given,) == database(f"FROM {one.table} SELECT count(*)")[0], one


def test_both_ends_of_a_transition_refer_to_their_zones(database):
    for end in ("origin", "destination"):
        pairs = database(
            f"FROM transitions LEFT JOIN zones ON zone_key = {end}_key "
            f"SELECT DISTINCT {end}, zone ORDER BY ALL"
        )
        assert len(pairs) > 3
        assert all(zone == (None if name.startswith("(") else name) for name, zone in pairs)


def test_a_video_says_in_which_plane_its_positions_are(database, data, tmp_path):
    assert database("SELECT DISTINCT plane FROM videos") == [("m",)]
    export_dataset(data / "shop", tmp_path / "out", tables="videos")
    assert values(tmp_path / "out", "videos", "plane") == ["px"]


def test_the_joined_view_has_each_visit_once_with_its_day(database):
    [(rows, kinds)] = database("SELECT count(*), count(zone_kind) FROM visits_joined")
    assert (rows, kinds) == (database("SELECT count(*) FROM visits")[0][0], rows)
    assert database("SELECT DISTINCT local_date, weekday_name FROM visits_joined ORDER BY ALL") == [
        (dt.date(2024, 5, 6), "Monday"),
        (dt.date(2024, 5, 7), "Tuesday"),
    ]


def test_footfall_over_videos_is_the_sum_of_the_visits(database):
    dwell = "round(sum(dwell_s), 3)"
    expected = database(f"FROM visits SELECT zone, {dwell} GROUP BY zone ORDER BY zone")
    for view in ("footfall_hourly", "footfall_daily"):
        assert database(f"FROM {view} SELECT zone, {dwell} GROUP BY zone ORDER BY zone") == expected
    hours = database("SELECT DISTINCT local_date, local_hour FROM footfall_hourly ORDER BY ALL")
    assert hours == [(dt.date(2024, 5, 6), 23), (dt.date(2024, 5, 7), 0)]
    assert database("SELECT count(*), min(date), max(date) FROM dates") == [
        (366, dt.date(2024, 1, 1), dt.date(2024, 12, 31))
    ]


def test_presence_by_the_hour_is_that_of_the_persons(database):
    [(there,)] = database("SELECT round(sum(person_seconds_s), 3) FROM presence_hourly WHERE zone = ''")
    assert [(there,)] == database("SELECT round(sum(time_in_scene_s), 3) FROM tracks")


def test_the_zones_of_earlier_runs_stay_while_a_video_refers_to_them(data, tmp_path):
    day, zones = data / "day", tmp_path / "zones.geojson"
    content = json.loads((day / "zones.geojson").read_text())
    zones.write_text(json.dumps(content))
    for video in ("morning", "noon"):
        for page in (day / "pages").glob(f"{video}-*.json"):
            place = tmp_path / video / page.name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(page.read_bytes())
    out = tmp_path / "out"
    export_dataset(tmp_path / "morning", out, zones=zones, tables="visits")
    [moved] = [one for one in content["features"] if one["properties"]["name"] == "table"]
    moved["geometry"]["coordinates"] = [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 0]]]
    zones.write_text(json.dumps(content))
    export_dataset(tmp_path / "noon", out, zones=zones, tables="visits")
    table = read_parquet(out / "zones/zones.parquet")
    assert sorted(table.loc[table["zone"] == "table", "videos"]) == [1, 1]
    entries = read_manifest(out).videos
    for name, dimension in DIMENSIONS.items():
        assert read_parquet(out / f"{name}/{name}.parquet").equals(dimension.compute(entries))
    export_dataset(tmp_path / "morning", out, zones=zones, tables="visits")
    table = read_parquet(out / "zones/zones.parquet")
    assert table.loc[table["zone"] == "table", "videos"].tolist() == [2]


def test_only_the_chosen_tables_and_the_dimensions_are_written(data, tmp_path):
    zones = data / "shop/zones.geojson"
    export_dataset(data / "shop", tmp_path / "out", zones=zones, tables="dwell, visits")
    assert list_tables(tmp_path / "out") == sorted({*ALWAYS, "dwell", "visits", *DIMENSIONS})


def test_all_tables_are_there_if_all_are_asked_for(out):
    assert {*list_tables(out)} == OUTPUTS.keys() | DIMENSIONS.keys()


def test_zones_of_the_kind_queue_bring_the_tables_of_queues(data, tmp_path):
    content = json.loads((data / "shop/zones.geojson").read_text())
    for feature in content["features"]:
        if feature["geometry"]["type"] == "Polygon":
            feature["properties"]["kind"] = "queue"
    zones = tmp_path / "zones.geojson"
    zones.write_text(json.dumps(content))
    tables = ["visits", "waiting_times", "service_levels", "queue_length"]
    export_dataset(data / "shop", tmp_path / "out", zones=zones, tables=tables)
    waits, visits, queue = (
        read_stored(tmp_path / "out", name).to_pandas()
        for name in ("waiting_times", "visits", "queue_length")
    )
    assert len(waits) == len(visits) > 0
    assert queue["zone_key"].notna().all()
