"""The views of a dataset: SQL by which DuckDB and Athena see its files as tables."""

from ptrack_analysis.dataset.contents import Contents
from ptrack_analysis.dataset.joined_views import joined_views
from ptrack_analysis.dataset.layout import place_file
from ptrack_analysis.dataset.ownership import MARK
from ptrack_analysis.storage.columns import Stored

_DUCKDB = f"""\
-- Views of this dataset for DuckDB, {MARK}.
-- Run it in the dataset's folder: duckdb my.duckdb < views/duckdb.sql
"""
_ATHENA = f"""\
-- Tables of this dataset for Amazon Athena, {MARK}.
-- Upload the dataset, put its place for s3://YOUR-BUCKET/PREFIX/, and run one statement at a time.
"""
_ATHENA_PLACES = "\n-- Athena reads folders: upload {uploads}.\n"
_ATHENA_TYPES = {
    "int64": "bigint",
    "double": "double",
    "string": "string",
    "timestamp": "timestamp",
    "bool": "boolean",
}
_DWELL_BY_ZONE = """
-- Stays and time in each zone of each video. The true stay is longer than seen in "cut_visits" of them; for
-- "unlocated_s" of the persons' time in the scene nobody knows where they stood: it is missing from dwell_s.
CREATE OR REPLACE VIEW dwell_by_zone AS
WITH places AS (
  SELECT DISTINCT video, zone FROM occupancy WHERE zone <> ''
),
stays AS (
  SELECT
    video,
    zone,
    count(*) AS visits,
    count(DISTINCT person) AS persons,
    sum(dwell_s) AS dwell_s,
    max(dwell_s) AS longest_dwell_s,
    count(
      CASE WHEN "entry" IN ('start', 'appeared') OR "exit" IN ('end', 'vanished') THEN 1 END
    ) AS cut_visits
  FROM visits
  GROUP BY video, zone
),
scene AS (
  SELECT video, sum(dwell_s) AS scene_dwell_s, sum(unlocated_s) AS unlocated_s FROM persons GROUP BY video
)
SELECT
  places.video,
  places.zone,
  coalesce(stays.visits, 0) AS visits,
  coalesce(stays.persons, 0) AS persons,
  coalesce(stays.dwell_s, 0) AS dwell_s,
  stays.dwell_s / stays.visits AS mean_dwell_s,
  stays.longest_dwell_s,
  coalesce(stays.cut_visits, 0) AS cut_visits,
  coalesce(scene.scene_dwell_s, 0) AS scene_dwell_s,
  coalesce(scene.unlocated_s, 0) AS unlocated_s
FROM places
LEFT JOIN stays ON stays.video = places.video AND stays.zone = places.zone
LEFT JOIN scene ON scene.video = places.video;
"""

_FIRST_CROSSINGS = """
-- Each person's first crossing of each line in each direction: who crossed, not how often.
CREATE OR REPLACE VIEW first_crossings AS
SELECT * FROM crossings WHERE crossing = 1;
"""


def duckdb_views(contents: Contents) -> str:
    """Write a view for each table, over files below the folder in which DuckDB runs, and one of dwell."""
    files = {folder: f"{folder}/*.parquet" for folder in contents.columns}
    files |= {name: place_file(name) for name in contents.places}
    views = [
        f"\nCREATE OR REPLACE VIEW {name} AS\nSELECT * FROM read_parquet('{place}', union_by_name = true);\n"
        for name, place in files.items()
    ]
    return "".join([_DUCKDB, *views, *_questions(contents)])


def athena_tables(contents: Contents) -> str:
    """Write an external table for each table, with the types of its files, and the view of dwell."""
    tables = [_external_table(folder, columns) for folder, columns in contents.columns.items()]
    if contents.places:
        uploads = ", ".join(f"{name}.parquet as {name}/{name}.parquet" for name in contents.places)
        tables += [_ATHENA_PLACES.format(uploads=uploads).rstrip("\n")]
        tables += [_external_table(name, columns) for name, columns in contents.places.items()]
    return "".join([_ATHENA, *tables, *_questions(contents)])


def _questions(contents: Contents) -> list[str]:
    """List the views that answer a question."""
    visits = [_DWELL_BY_ZONE] if contents.has_visits else []
    crossings = [_FIRST_CROSSINGS] if contents.has_crossings else []
    return visits + crossings + joined_views(contents)


def _external_table(name: str, columns: list[Stored]) -> str:
    listed = ",\n".join(f"  `{column.name}` {_ATHENA_TYPES[column.type]}" for column in columns)
    return (
        f"\nCREATE EXTERNAL TABLE IF NOT EXISTS `{name}` (\n{listed}\n)\n"
        f"STORED AS PARQUET\nLOCATION 's3://YOUR-BUCKET/PREFIX/{name}/';\n"
    )
