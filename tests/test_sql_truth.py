"""Dwell, visits, occupancy and crossings against plain SQL on the exported detections, in DuckDB.

The SQL says each definition anew in window functions, from nothing but the files of ``detections/``: another
language, another engine, another way to say it.
"""

import itertools

import duckdb
import numpy as np
import pytest
from pages import METADATA, page, record, write

from ptrack_analysis import export_dataset, verify_dataset
from ptrack_analysis.dataset.laws import LAWS

DURATION, GAP = 60_000, 2000
ZONES = {"left": (0.1, 0.2, 0.45, 0.9), "right": (0.5, 0.1, 0.95, 0.7), "both": (0.3, 0.3, 0.8, 0.8)}
DOOR = 0.52
_HELD = f"""
WITH rows AS (
  SELECT person_index, timestamp_ms AS t, "left" + width / 2 AS x, top + height AS y
  FROM 'detections/*.parquet'
), steps AS (
  SELECT lead(t) OVER (PARTITION BY person_index ORDER BY t) - t AS step FROM rows
), period AS (
  SELECT quantile_disc(step, 0.5) AS period FROM steps
), neighbors AS (
  SELECT *, lead(t) OVER person AS after, lag(t) OVER person AS before, lag(x) OVER person AS x_before
  FROM rows WINDOW person AS (PARTITION BY person_index ORDER BY t)
), held AS (
  SELECT *, coalesce(t - before > {GAP}, true) AS begins,
    CASE WHEN after - t <= {GAP} THEN after - t ELSE least(period, {DURATION} - t) END AS held
  FROM neighbors, period
)"""


def archive(folder, seed):
    """Write the pages of people who walk to and fro, with gaps of all lengths, and the zones."""
    chance, records = np.random.default_rng(seed), []
    for person in range(8):
        count = int(chance.integers(1, 120))
        steps = chance.choice(
            [80, 120, 160, 400, 1900, 2000, 2001, 3500], count, p=[0.4, 0.2, 0.2, 0.1, *[0.025] * 4]
        )
        moments = int(chance.integers(0, 20_000)) + np.cumsum(steps)
        x, y = (np.abs((np.cumsum(chance.normal(0, 0.06, count)) + chance.random()) % 2 - 1) for _ in "xy")
        records += [
            (int(moment), person, (float(a) - 0.03, float(b) - 0.2, 0.06, 0.2))
            for moment, a, b in zip(moments, x, y, strict=True)
            if moment < DURATION
        ]
    made = [record(moment, person, box=box) for moment, person, box in sorted(records)]
    write(folder / "pages/v.json", page(*made, VideoMetadata={**METADATA, "DurationMillis": DURATION}))
    shapes = [("Polygon", name, [corners(*sides)]) for name, sides in ZONES.items()]
    shapes += [("LineString", "door", [[DOOR, -5.0], [DOOR, 5.0]])]
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": kind, "coordinates": where}}
        for kind, name, where in shapes
    ]
    write(folder / "zones.geojson", {"type": "FeatureCollection", "features": features})


def corners(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]


TABLES = (
    "detections",
    "trajectories",
    "visits",
    "transitions",
    "dwell",
    "occupancy",
    "zone_occupancy",
    "occupancy_changes",
    "crossings",
    "counts",
    "heatmap",
)


@pytest.fixture(scope="module", params=range(8))
def out(request, tmp_path_factory):
    """Export a dataset of people who walk to and fro."""
    folder = tmp_path_factory.mktemp("sql")
    archive(folder, request.param)
    options = {"zones": folder / "zones.geojson", "merge_gap": "0s", "tables": TABLES}
    export_dataset(folder / "pages", folder / "out", **options)
    return folder / "out"


@pytest.fixture(scope="module")
def ask(out):
    """Give a function that asks DuckDB, in the folder of a dataset."""

    def asked(query):
        with duckdb.connect(config={"file_search_path": str(out)}) as connection:
            return connection.execute(query).fetchall()

    return asked


def inside(zone):
    left, top, right, bottom = ZONES[zone]
    return f"(x >= {left} AND x < {right} AND y >= {top} AND y < {bottom})"


def test_verify_finds_nothing(out):
    found = verify_dataset(out, laws=True)
    assert found.findings == []
    applied = [law.name for law in LAWS if {*law.tables} <= {*TABLES, "tracks", "videos"}]
    assert {*applied} <= {check.name for check in found.checks if check.examined}


def test_presence_of_each_person(ask):
    expected = ask(f"{_HELD} SELECT person_index, sum(held)::BIGINT FROM held GROUP BY ALL ORDER BY 1")
    got = "SELECT person_index, round(1000 * time_in_scene_s)::BIGINT FROM 'tracks/*.parquet' ORDER BY 1"
    assert ask(got) == expected


@pytest.mark.parametrize("zone", ZONES)
def test_visits_are_the_islands_of_rows_inside(ask, zone):
    islands = f"""{_HELD}, marked AS (
      SELECT *, {inside(zone)} AS inside,
        coalesce(lag({inside(zone)}) OVER (PARTITION BY person_index ORDER BY t), false) AS was_inside
      FROM held
    ), numbered AS (
      SELECT *, sum(CASE WHEN inside AND (begins OR NOT was_inside) THEN 1 ELSE 0 END)
        OVER (PARTITION BY person_index ORDER BY t) AS visit
      FROM marked
    )
    SELECT person_index, visit::BIGINT, min(t), max(t + held)::BIGINT, sum(held)::BIGINT FROM numbered
    WHERE inside GROUP BY ALL ORDER BY ALL"""
    got = f"""SELECT person_index, visit, entered_ms, exited_ms, round(1000 * dwell_s)::BIGINT
      FROM 'visits/*.parquet' WHERE zone = '{zone}' ORDER BY ALL"""
    assert ask(got) == ask(islands)


@pytest.mark.parametrize("zone", ["", *ZONES])
def test_occupancy_counts_the_holds_that_cover_a_moment(ask, zone):
    counted = f"""{_HELD}, moments AS (
      SELECT timestamp_ms AS moment, persons FROM 'occupancy_changes/*.parquet' WHERE zone = '{zone}'
    )
    SELECT moment, any_value(persons), count(t) FROM moments
    LEFT JOIN held ON t <= moment AND moment < t + held AND {inside(zone) if zone else "true"}
    GROUP BY moment ORDER BY moment"""
    rows = ask(counted)
    assert [row[1] for row in rows] == [row[2] for row in rows]
    spent = (
        f"{_HELD} SELECT coalesce(sum(held), 0)::BIGINT FROM held WHERE {inside(zone) if zone else 'true'}"
    )
    area = sum(now[1] * (then[0] - now[0]) for now, then in itertools.pairwise(rows))
    assert [(area,)] == ask(spent)


def test_a_crossing_is_a_change_of_sides_within_a_run(ask):
    expected = ask(f"""{_HELD}
      SELECT person_index, t, CASE WHEN x > {DOOR} THEN 1 ELSE -1 END AS way FROM held
      WHERE NOT begins AND (x_before < {DOOR}) <> (x < {DOOR}) ORDER BY ALL""")
    sign = "CASE direction WHEN 'in' THEN 1 ELSE -1 END"
    got = ask(f"SELECT person_index, timestamp_ms, {sign} FROM 'crossings/*.parquet' ORDER BY ALL")
    assert [row[0] for row in got] == [row[0] for row in expected]
    assert got
    assert len({ours[2] * theirs[2] for ours, theirs in zip(got, expected, strict=True)}) == 1
