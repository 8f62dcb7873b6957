"""Views of a dataset in SQL."""

from collections.abc import Iterable, Mapping, Sequence

from ptrack_analysis.dataset.dictionary import Contents
from ptrack_analysis.dataset.records import MARK, VisitEnds, place_file
from ptrack_analysis.storage.columns import Stored

_VISITS = """
-- Each stay with its video, zone{more}: one table for a tool that joins none.{of_days}
CREATE OR REPLACE VIEW visits_joined AS
SELECT
  {columns}
FROM visits
JOIN videos ON videos.video = visits.video
LEFT JOIN zones ON zones.zone_key = visits.zone_key{joins};
"""
_OF_DAYS = """
-- "recorded_day" and what follows are of the day on which the recording began, by the site's clock."""
_OF_VIDEO = ("site", "camera", "timezone", "started_at")
_OF_DAY = ("year", "quarter", "month", "iso_year", "iso_week", "weekday_name", "weekend")

_FOOTFALL = """
-- Stays by the hour of the site's clock{over}. A person seen by two cameras, or in
-- two videos, counts in each: persons are not to be added up, and are left out.
CREATE OR REPLACE VIEW {name} AS
SELECT
  {groups},
  count(DISTINCT visits_hourly.video) AS videos,
  sum(visits_hourly.entries) AS entries,
  sum(visits_hourly.began) AS began,
  sum(visits_hourly.dwell_s) AS dwell_s,
  sum(visits_hourly.recorded_time_s) AS recorded_time_s
FROM visits_hourly
JOIN videos ON videos.video = visits_hourly.video
GROUP BY
  {groups};
"""
_PRESENCE = """
-- How many persons were there by the hour of the site's clock, over all videos of a camera: mean_persons is
-- the number of persons weighted by time.
CREATE OR REPLACE VIEW presence_hourly AS
SELECT
  {groups},
  sum(occupancy_hourly.person_seconds_s) AS person_seconds_s,
  sum(occupancy_hourly.recorded_time_s) AS recorded_time_s,
  sum(occupancy_hourly.person_seconds_s) / nullif(sum(occupancy_hourly.recorded_time_s), 0) AS mean_persons,
  max(occupancy_hourly.max_persons) AS max_persons
FROM occupancy_hourly
JOIN videos ON videos.video = occupancy_hourly.video
GROUP BY
  {groups};
"""
_SUPPRESSED = "suppressed"
_HOUR = ("zone", "hour_at", "open", "local_date", "local_hour", "weekday")


def joined_views(contents: Contents) -> list[str]:
    """List the joined views for which there are the tables.

    None sums over small counts that were suppressed: what is missing would be taken for nobody.
    """
    views = [_visits_joined(contents)] if contents.has("visits", "zone_key") else []
    if contents.has("visits_hourly", *_HOUR) and not contents.has("visits_hourly", _SUPPRESSED):
        by_camera = _groups("visits_hourly", ("site", "camera"))
        by_site = _groups("visits_hourly", ("site",))
        views += [
            _FOOTFALL.format(name="footfall_hourly", groups=by_camera, over=", over the videos of a camera"),
            _FOOTFALL.format(name="footfall_by_site", groups=by_site, over=", over the cameras of a site"),
        ]
    if contents.has("occupancy_hourly", *_HOUR) and not contents.has("occupancy_hourly", _SUPPRESSED):
        views += [_PRESENCE.format(groups=_groups("occupancy_hourly", ("site", "camera")))]
    return views


def _visits_joined(contents: Contents) -> str:
    columns = ["visits.*", *(f"videos.{name}" for name in _OF_VIDEO)]
    columns += ["videos.local_date AS recorded_day", "zones.kind AS zone_kind", "zones.area AS zone_area"]
    joins, more = "", " and clock" if contents.has("visits", "entered_at") else ""
    if "sites" in contents.places:
        columns += ["sites.opening_hours AS site_opening_hours"]
        joins += "\nLEFT JOIN sites ON sites.site = videos.site"
    if "dates" in contents.places:
        columns += [f"dates.{name}" for name in _OF_DAY]
        joins += "\nLEFT JOIN dates ON dates.date = videos.local_date"
    of_days = _OF_DAYS if "dates" in contents.places else ""
    return _VISITS.format(columns=",\n  ".join(columns), joins=joins, more=more, of_days=of_days)


def _groups(table: str, of_video: tuple[str, ...]) -> str:
    names = [*(f"videos.{name}" for name in of_video), *(f"{table}.{name}" for name in _HOUR)]
    return ",\n  ".join(names)


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
    "date": "date",
    "bool": "boolean",
}
_DWELL_BY_ZONE = """
-- Stays and time in each zone of each video. The start (end) of "start_unobserved" ("end_unobserved") visits
-- was not observed, so they lasted longer. For "without_position_s" of the time in the scene the position is
-- not known: it is missing from dwell_s.
CREATE OR REPLACE VIEW dwell_by_zone AS
WITH places AS (
  SELECT DISTINCT video, zone FROM zone_occupancy
),
stays AS (
  SELECT
    video,
    zone,
    count(*) AS visits,
    count(DISTINCT person) AS persons,
    sum(dwell_s) AS dwell_s,
    max(dwell_s) AS longest_dwell_s,
    count(CASE WHEN {start_unobserved} THEN 1 END) AS start_unobserved,
    count(CASE WHEN {end_unobserved} THEN 1 END) AS end_unobserved
  FROM visits
  GROUP BY video, zone
),
scene AS (
  SELECT video, sum(time_in_scene_s) AS time_in_scene_s, sum(without_position_s) AS without_position_s
  FROM tracks
  GROUP BY video
)
SELECT
  places.video,
  places.zone,
  coalesce(stays.visits, 0) AS visits,
  coalesce(stays.persons, 0) AS persons,
  coalesce(stays.dwell_s, 0) AS dwell_s,
  stays.dwell_s / stays.visits AS mean_dwell_s,
  stays.longest_dwell_s,
  coalesce(stays.start_unobserved, 0) AS start_unobserved,
  coalesce(stays.end_unobserved, 0) AS end_unobserved,
  coalesce(scene.time_in_scene_s, 0) AS time_in_scene_s,
  coalesce(scene.without_position_s, 0) AS without_position_s
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
    visits = [_dwell_by_zone(contents.observed)] if contents.has_visits else []
    crossings = [_FIRST_CROSSINGS] if contents.has_crossings else []
    return visits + crossings + joined_views(contents)


def _dwell_by_zone(observed: Mapping[VisitEnds, tuple[str, ...]]) -> str:
    """Write the view of dwell, with the ends that are observed in each video."""
    pairs = sorted(observed.items(), key=lambda pair: (-len(pair[1]), pair[1])) or [(VisitEnds(), ())]
    return _DWELL_BY_ZONE.format(
        start_unobserved=_not_among("entry", [(ends.entries, videos) for ends, videos in pairs]),
        end_unobserved=_not_among("exit", [(ends.exits, videos) for ends, videos in pairs]),
    )


def _not_among(column: str, kinds: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> str:
    """Write a condition: the column is not one of the kinds of the video; the first kinds are the default."""
    texts = [
        (f'"{column}" NOT IN ({_quote_all(names)})' if names else "TRUE", videos) for names, videos in kinds
    ]
    default, others = texts[0][0], texts[1:]
    cases = [
        f"WHEN video IN ({_quote_all(videos)}) THEN {text}" for text, videos in others if text != default
    ]
    return f"CASE {' '.join(cases)} ELSE {default} END" if cases else default


def _quote_all(names: Iterable[str]) -> str:
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)


def _external_table(name: str, columns: list[Stored]) -> str:
    listed = ",\n".join(
        f"  `{column.name.replace('`', '``')}` {_ATHENA_TYPES[column.type]}" for column in columns
    )
    return (
        f"\nCREATE EXTERNAL TABLE IF NOT EXISTS `{name}` (\n{listed}\n)\n"
        f"STORED AS PARQUET\nLOCATION 's3://YOUR-BUCKET/PREFIX/{name}/';\n"
    )
