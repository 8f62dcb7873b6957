"""Common questions about a dataset as SQL for DuckDB, Athena and dbt."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ptrack_analysis.dataset.description import (
    WITHHELD,
    DatasetDescription,
    quote_name,
    quote_text,
)
from ptrack_analysis.dataset.manifest import VisitEnds

Refer = Callable[[str], str]
"""Returns the SQL expression for a table."""
_OF_VIDEO: tuple[str, ...] = ("site", "camera", "timezone", "plane", "started_at", "opening_hours")
_LOCATION: tuple[str, ...] = ("site", "camera")
_OF_ZONE = ("kind", "area", "area_px2", "area_m2")


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A query with its name and the question that it answers."""

    name: str
    text: str
    query: str


def list_question_views(description: DatasetDescription, refer: Refer = str) -> list[QuestionView]:
    """List the queries for which the dataset has the tables.

    The queries name their columns, so flat and partitioned datasets get the same columns. A sum that includes
    withheld figures is null.
    """
    return [
        *_join_visits(description, refer),
        *_compute_dwell(description, refer),
        *_find_first_crossings(description, refer),
        *_compute_footfall(description, refer),
        *_join_presence(description, refer),
        *_compute_presence(description, refer),
    ]


_JOINED = """\
SELECT
  {columns}
FROM {visits} AS visits
{joins}"""


def _join_visits(description: DatasetDescription, refer: Refer) -> Iterator[QuestionView]:
    """Join each visit with its video, zone and date."""
    visits = description.find("visits")
    if visits is None or not description.has("videos", "video"):
        return
    columns = [f"visits.{quote_name(name)}" for name in visits.schema.names]
    joins, of_video = _join_videos(description, refer, "visits")
    columns += [f"{column} AS {name}" for name, column in of_video.items() if not visits.has(name)]
    if description.has("zones", "zone_key") and visits.has("zone_key"):
        joins.append(f"LEFT JOIN {refer('zones')} AS zones ON zones.zone_key = visits.zone_key")
        columns += [f"zones.{name} AS zone_{name}" for name in _OF_ZONE if description.has("zones", name)]
    dates = description.find("dates")
    if dates is not None and dates.has("date") and visits.has("local_date"):
        joins.append(f'LEFT JOIN {refer("dates")} AS dates ON dates."date" = visits.local_date')
        further = [name for name in dates.schema.names if name not in {*dates.key, *visits.schema.names}]
        columns += [f"dates.{quote_name(name)}" for name in further if name not in of_video]
    query = _JOINED.format(columns=",\n  ".join(columns), visits=refer("visits"), joins="\n".join(joins))
    yield QuestionView(
        "visits_joined",
        "Each visit with its site, camera, zone and date: one table for tools that do not join.",
        query,
    )


def _join_videos(
    description: DatasetDescription, refer: Refer, table: str
) -> tuple[list[str], dict[str, str]]:
    """Return the joins from a table to its videos' properties, and their columns."""
    joins = [f"JOIN {refer('videos')} AS videos ON videos.video = {table}.video"]
    found = {name: f"videos.{name}" for name in _OF_VIDEO if description.has("videos", name)}
    if description.has("videos", "camera_key") and description.has("cameras", "camera_key"):
        of_camera = [name for name in _OF_VIDEO if name not in found and description.has("cameras", name)]
        if of_camera:
            joins.append(f"LEFT JOIN {refer('cameras')} AS cameras ON cameras.camera_key = videos.camera_key")
            found |= {name: f"cameras.{name}" for name in of_camera}
    of_site = [name for name in _OF_VIDEO if name not in found and description.has("sites", "site", name)]
    if of_site and "site" in found:
        joins.append(f"LEFT JOIN {refer('sites')} AS sites ON sites.site = {found['site']}")
        found |= {name: f"sites.{name}" for name in of_site}
    return joins, {name: found[name] for name in _OF_VIDEO if name in found}


_DWELL_BY_ZONE = """\
WITH zones_of_videos AS (
  SELECT DISTINCT video, zone, zone_key FROM {zone_occupancy} AS zone_occupancy
),
visits_of_zones AS (
  SELECT
    video,
    zone,
    count(*) AS visits,
    count(DISTINCT person) AS persons,
    sum(dwell_s) AS dwell_s,
    max(dwell_s) AS longest_dwell_s,
    count(CASE WHEN {start_unobserved} THEN 1 END) AS start_unobserved,
    count(CASE WHEN {end_unobserved} THEN 1 END) AS end_unobserved
  FROM {visits} AS visits
  GROUP BY video, zone
),
scenes AS (
  SELECT video, sum(time_in_scene_s) AS time_in_scene_s, sum(without_position_s) AS without_position_s
  FROM {tracks} AS tracks
  GROUP BY video
)
SELECT
  zones_of_videos.video,
  zones_of_videos.zone,
  zones_of_videos.zone_key,
  coalesce(visits_of_zones.visits, 0) AS visits,
  coalesce(visits_of_zones.persons, 0) AS persons,
  coalesce(visits_of_zones.dwell_s, 0) AS dwell_s,
  visits_of_zones.dwell_s / visits_of_zones.visits AS mean_dwell_s,
  visits_of_zones.longest_dwell_s,
  coalesce(visits_of_zones.start_unobserved, 0) AS start_unobserved,
  coalesce(visits_of_zones.end_unobserved, 0) AS end_unobserved,
  coalesce(scenes.time_in_scene_s, 0) AS time_in_scene_s,
  coalesce(scenes.without_position_s, 0) AS without_position_s
FROM zones_of_videos
LEFT JOIN visits_of_zones
  ON visits_of_zones.video = zones_of_videos.video AND visits_of_zones.zone = zones_of_videos.zone
LEFT JOIN scenes ON scenes.video = zones_of_videos.video"""


def _compute_dwell(description: DatasetDescription, refer: Refer) -> Iterator[QuestionView]:
    """Compute visits and dwell per zone and video."""
    needed = (
        description.has("zone_occupancy", "video", "zone", "zone_key")
        and description.has("visits", "person", "dwell_s", "entry", "exit")
        and description.has("tracks", "time_in_scene_s", "without_position_s")
    )
    if needed:
        query = _DWELL_BY_ZONE.format(
            zone_occupancy=refer("zone_occupancy"),
            visits=refer("visits"),
            tracks=refer("tracks"),
            start_unobserved=f"NOT {_is_start_observed(description)}",
            end_unobserved=f"NOT {_is_end_observed(description)}",
        )
        yield QuestionView(
            "dwell_by_zone",
            "Visits and dwell per zone and video, including zones without visits. Visits counted in "
            "start_unobserved or end_unobserved lasted longer than observed. dwell_s does not include "
            "without_position_s, the part of time_in_scene_s without a position.",
            query,
        )


_FIRST_CROSSINGS = "SELECT\n  {columns}\nFROM {crossings} AS crossings\nWHERE crossings.crossing = 1"


def _find_first_crossings(description: DatasetDescription, refer: Refer) -> Iterator[QuestionView]:
    """Find the people who crossed each line."""
    crossings = description.find("crossings")
    if crossings is not None and crossings.has("crossing"):
        columns = ",\n  ".join(f"crossings.{quote_name(name)}" for name in crossings.schema.names)
        yield QuestionView(
            "first_crossings",
            "Each person's first crossing of each line per direction, to count the people who crossed.",
            _FIRST_CROSSINGS.format(columns=columns, crossings=refer("crossings")),
        )


_FOOTFALL = """\
WITH parts AS (
  SELECT
    video, zone, zone_key, local_date, local_hour,
    1 AS visits, CASE WHEN {start_observed} THEN 1 ELSE 0 END AS entries, dwell_s, 0.0 AS recorded_time_s
  FROM {visits} AS visits
  UNION ALL
  SELECT video, zone, zone_key, local_date, local_hour, 0, 0, 0.0, recorded_time_s
  FROM {zone_occupancy} AS zone_occupancy
)
SELECT
  {groups},
  count(DISTINCT parts.video) AS videos,
  sum(parts.visits) AS visits,
  sum(parts.entries) AS entries,
  sum(parts.dwell_s) AS dwell_s,
  sum(parts.recorded_time_s) AS recorded_time_s
FROM parts
{joins}
GROUP BY
  {expressions}"""
_FOOTFALL_TEXT = (
    "Visits per zone, camera and local {period} in which they began. entries counts the visits with an "
    "observed start, dwell_s is the full dwell of the visits, and recorded_time_s is the recorded time. "
    "People are not counted, because a person in two videos would count twice. Without a clock, the date is "
    "null."
)


def _compute_footfall(description: DatasetDescription, refer: Refer) -> Iterator[QuestionView]:
    """Count visits per zone and camera by hour and by day."""
    when = ("local_date", "local_hour")
    needed = (
        description.has("visits", "zone", "zone_key", "dwell_s", "entry", *when)
        and description.has("zone_occupancy", "zone", "zone_key", "recorded_time_s", *when)
        and not _is_withheld(description, "zone_occupancy")
        and description.has("videos", "video")
    )
    if not needed:
        return
    joins, of_video = _join_videos(description, refer, "parts")
    places = {name: of_video[name] for name in _LOCATION if name in of_video}
    for name, period, columns in (
        ("footfall_hourly", "hour", ("zone", "zone_key", "local_date", "local_hour")),
        ("footfall_daily", "day", ("zone", "zone_key", "local_date")),
    ):
        groups = places | {column: f"parts.{column}" for column in columns}
        query = _FOOTFALL.format(
            start_observed=_is_start_observed(description),
            visits=refer("visits"),
            zone_occupancy=refer("zone_occupancy"),
            joins="\n".join(joins),
            groups=_list_named(groups),
            expressions=",\n  ".join(groups.values()),
        )
        yield QuestionView(name, _FOOTFALL_TEXT.format(period=period), query)


_PRESENCE = """\
SELECT
  {groups}{columns}
FROM (
  {bins}
) AS bins
{joins}"""
_BINS = "SELECT video, {named},\n    {columns}\n  FROM {source} AS {table}"
_NO_ZONE = "'' AS zone, CAST(NULL AS varchar) AS zone_key"
_OF_BIN = (
    "timestamp_ms",
    "recorded_at",
    "local_date",
    "local_hour",
    "recorded_time_s",
    "mean_persons",
    "max_persons",
    "person_seconds_s",
    WITHHELD,
)


def _join_presence(description: DatasetDescription, refer: Refer) -> Iterator[QuestionView]:
    """Join the bins of the scene and of the zones with their videos."""
    bins = _unite_bins(description, refer)
    if bins is None:
        return
    query, columns = bins
    joins, of_video = _join_videos(description, refer, "bins")
    places = {name: of_video[name] for name in _LOCATION if name in of_video}
    groups = _list_named(places) + (",\n  " if places else "")
    listed = ",\n  ".join(f"bins.{name}" for name in columns)
    yield QuestionView(
        "presence",
        "People present per bin in each zone and in the scene (zone ''). mean_persons is weighted by time. "
        "For several bins, divide the sum of person_seconds_s by the sum of recorded_time_s.",
        _PRESENCE.format(groups=groups, columns=listed, bins=query, joins="\n".join(joins)),
    )


def _unite_bins(description: DatasetDescription, refer: Refer) -> tuple[str, list[str]] | None:
    """Return the query of the bins of scene and zones with its columns, or None."""
    scene, zones = description.find("occupancy"), description.find("zone_occupancy")
    tables = [
        table for table in (scene, zones) if table is not None and table.has("video", "recorded_time_s")
    ]
    if not tables or not description.has("videos", "video"):
        return None
    shared = [name for name in _OF_BIN if all(table.has(name) for table in tables)]
    parts = [
        _BINS.format(
            named="zone, zone_key" if table.has("zone", "zone_key") else _NO_ZONE,
            columns=", ".join(shared),
            source=refer(table.name),
            table=table.name,
        )
        for table in tables
    ]
    return "\n  UNION ALL\n  ".join(parts), ["video", "zone", "zone_key", *shared]


_PRESENCE_HOURLY = """\
SELECT
  {groups},
  count(DISTINCT bins.video) AS videos,
  {person_seconds} AS person_seconds_s,
  sum(bins.recorded_time_s) AS recorded_time_s,
  {person_seconds} / nullif(sum(bins.recorded_time_s), 0) AS mean_persons,
  {max_persons} AS max_persons{withheld}
FROM (
  {bins}
) AS bins
{joins}
GROUP BY
  {expressions}"""


def _compute_presence(description: DatasetDescription, refer: Refer) -> Iterator[QuestionView]:
    """Compute the mean number of people per hour over the videos of a camera."""
    bins = _unite_bins(description, refer)
    needed = {"local_date", "local_hour", "person_seconds_s", "max_persons"}
    if bins is None or not needed <= {*bins[1]}:
        return
    query, columns = bins
    joins, of_video = _join_videos(description, refer, "bins")
    groups = {name: of_video[name] for name in _LOCATION if name in of_video}
    groups |= {name: f"bins.{name}" for name in ("zone", "zone_key", "local_date", "local_hour")}
    is_withheld = WITHHELD in columns
    count = f"count(CASE WHEN bins.{WITHHELD} THEN 1 END)"

    def unless_withheld(figure: str) -> str:
        return f"CASE WHEN {count} = 0 THEN {figure} END" if is_withheld else figure

    note = " If the figure of a bin is withheld, the figure of its hour is also null." if is_withheld else ""
    yield QuestionView(
        "presence_hourly",
        "People present per zone, camera and local hour. The zone '' is the scene. max_persons is the "
        f"maximum of one video.{note}",
        _PRESENCE_HOURLY.format(
            groups=_list_named(groups),
            expressions=",\n  ".join(groups.values()),
            person_seconds=unless_withheld("sum(bins.person_seconds_s)"),
            max_persons=unless_withheld("max(bins.max_persons)"),
            withheld=f",\n  {count} AS withheld_bins" if is_withheld else "",
            bins=query,
            joins="\n".join(joins),
        ),
    )


def _is_withheld(description: DatasetDescription, table: str) -> bool:
    """Return whether figures of a table may be withheld."""
    return description.has(table, WITHHELD)


def _list_named(columns: dict[str, str]) -> str:
    return ",\n  ".join(f"{column} AS {name}" for name, column in columns.items())


def _is_start_observed(description: DatasetDescription) -> str:
    """Return the condition that the start of a visit was observed."""
    pairs = _list_observed(description)
    return _is_among("entry", [(ends.entries, videos) for ends, videos in pairs])


def _is_end_observed(description: DatasetDescription) -> str:
    """Return the condition that the end of a visit was observed."""
    return _is_among("exit", [(ends.exits, videos) for ends, videos in _list_observed(description)])


def _list_observed(description: DatasetDescription) -> list[tuple[VisitEnds, tuple[str, ...]]]:
    """List the observed entries and exits, the most frequent first."""
    found = sorted(description.observed.items(), key=lambda pair: (-len(pair[1]), pair[1]))
    return found or [(VisitEnds(), ())]


def _is_among(column: str, kinds: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> str:
    """Return the condition that a column has one of its video's values.

    The first values are the default.
    """
    conditions = [
        (f"{quote_name(column)} IN ({_quote_texts(values)})" if values else "FALSE", videos)
        for values, videos in kinds
    ]
    default = conditions[0][0]
    cases = [
        f"WHEN video IN ({_quote_texts(videos)}) THEN {condition}"
        for condition, videos in conditions[1:]
        if condition != default
    ]
    return f"(CASE {' '.join(cases)} ELSE {default} END)" if cases else f"({default})"


def _quote_texts(texts: Iterable[str]) -> str:
    return ", ".join(map(quote_text, texts))
