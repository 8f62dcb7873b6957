"""Conservation laws between the tables of a dataset, as SQL queries for DuckDB."""

from dataclasses import dataclass

from ptrack_analysis.dataset.manifest import Manifest, VideoEntry
from ptrack_analysis.dataset.queries import connected
from ptrack_analysis.dataset.verification import Ledger
from ptrack_analysis.storage.s3 import AnyPath

_MACROS = """
CREATE MACRO ms(seconds) AS CAST(coalesce(sum(round(1000 * seconds)), 0) AS BIGINT);
CREATE MACRO detected(interpolated, continued)
    AS count(*) FILTER (NOT coalesce(interpolated, false) AND NOT coalesce(continued, false));
"""
"""Sum of durations in whole milliseconds, and number of rows with a real detection."""


@dataclass(frozen=True, slots=True)
class Law:
    """A conservation law.

    ``sql`` returns a row per violation: video, subject (such as zone and person), found value and expected
    value. Videos with one of the settings ``unless`` are skipped.
    """

    name: str
    sentence: str
    tables: tuple[str, ...]
    sql: str
    unless: tuple[str, ...] = ()

    def applies_to(self, entry: VideoEntry) -> bool:
        """Return whether the law applies to a video."""
        return not entry.is_withheld and not any(entry.parameters.get(name) for name in self.unless)


def _equal(found: str, expected: str, key: str, tolerance: float = 0) -> str:
    """Return the query that compares two sums by video and key; a missing sum is 0."""
    columns = f"video, {key}" if key else "video"
    place = key or "''"
    return f"""
        SELECT video, {place} AS subject, coalesce(a.value, 0) AS found, coalesce(b.value, 0) AS expected
        FROM ({found}) a FULL JOIN ({expected}) b USING ({columns})
        WHERE abs(coalesce(a.value, 0) - coalesce(b.value, 0)) > {tolerance}"""


def _sum(table: str, value: str, key: str = "", where: str = "true") -> str:
    columns = f"video, {key}" if key else "video"
    return f"SELECT {columns}, {value} AS value FROM {table} WHERE {where} GROUP BY ALL"


def _transitions(end: str) -> str:
    found = f"SELECT video, {end} AS zone, sum(transitions)::BIGINT AS value FROM transitions"
    zones = "(video, zone) IN (SELECT (video, zone) FROM visits) OR NOT starts_with(zone, '(')"
    return _equal(
        f"SELECT * FROM ({found} GROUP BY ALL) WHERE {zones}", _sum("visits", "count(*)", "zone"), "zone"
    )


def _add_up(steps: str, by: str) -> str:
    """Return the integral of a step function over time, in person-milliseconds."""
    return f"""
        SELECT video, {by}, sum(persons * lasts)::BIGINT AS value FROM (
            SELECT *, coalesce(lead(timestamp_ms) OVER steps, timestamp_ms) - timestamp_ms AS lasts
            FROM {steps} WINDOW steps AS (PARTITION BY video, zone ORDER BY timestamp_ms))
        GROUP BY ALL"""


_PERSON_SECONDS = "ms(person_seconds_s)"
_CHANGED = ("margin", "enter_after", "min_dwell")
"""Settings that make the visits differ from the time inside a zone."""
_SCENE_AND_ZONES = f"""
    SELECT video, '' AS zone, {_PERSON_SECONDS} AS value FROM occupancy GROUP BY ALL
    UNION ALL SELECT video, zone, {_PERSON_SECONDS} FROM zone_occupancy GROUP BY ALL"""

LAWS = (
    Law(
        "time_present",
        "time_in_scene of a person is the sum of time_present, to the millisecond",
        ("tracks", "trajectories"),
        _equal(
            _sum("tracks", "ms(time_in_scene_s)", "person"),
            _sum("trajectories", "ms(time_present_s)", "person"),
            "person",
        ),
    ),
    Law(
        "without_position",
        "without_position of a person is the time_present of missing positions, to the millisecond",
        ("tracks", "trajectories"),
        _equal(
            _sum("tracks", "ms(without_position_s)", "person"),
            _sum("trajectories", "ms(time_present_s)", "person", "position_status = 'missing'"),
            "person",
        ),
    ),
    Law(
        "detections",
        "the number of a person's detected rows in detections is the number in tracks",
        ("tracks", "detections"),
        _equal(
            _sum("detections", "detected(interpolated, continued)", "person"),
            _sum("tracks", "sum(detections)::BIGINT", "person", "video IN (SELECT video FROM detections)"),
            "person",
        ),
    ),
    Law(
        "positions",
        "the number of a person's detected rows in trajectories is the number in tracks",
        ("tracks", "trajectories"),
        _equal(
            _sum("trajectories", "detected(interpolated, continued)", "person"),
            _sum("tracks", "sum(detections)::BIGINT", "person"),
            "person",
        ),
    ),
    Law(
        "scene",
        "the time in the scene of all people is the sum of person_seconds of occupancy, to the millisecond",
        ("tracks", "occupancy"),
        _equal(_sum("occupancy", _PERSON_SECONDS), _sum("tracks", "ms(time_in_scene_s)"), ""),
    ),
    Law(
        "zones",
        "the dwell of all visits to a zone is the sum of its person_seconds in zone_occupancy, to the "
        "millisecond",
        ("visits", "zone_occupancy"),
        _equal(
            _sum("visits", "ms(dwell_s)", "zone"),
            _sum("zone_occupancy", _PERSON_SECONDS, "zone"),
            "zone",
        ),
        _CHANGED,
    ),
    Law(
        "located",
        "the dwell of a person in a zone is at most the person's time with a position, to the millisecond",
        ("visits", "tracks"),
        """
        SELECT video, zone || ', ' || person AS subject, ms(dwell_s) AS found, any_value(located) AS expected
        FROM visits JOIN (SELECT video, person, ms(time_in_scene_s) - ms(without_position_s) AS located
            FROM tracks GROUP BY ALL) USING (video, person)
        GROUP BY video, zone, person HAVING found > expected""",
        _CHANGED,
    ),
    Law(
        "visit_times",
        "dwell plus bridged of a visit is the time from entered to exited, and interpolated is at most "
        "dwell, to the millisecond",
        ("visits",),
        """
        SELECT video, visit_id AS subject, ms(dwell_s) + ms(bridged_s) AS found,
            any_value(exited_ms - entered_ms) AS expected
        FROM visits GROUP BY ALL HAVING found <> expected OR ms(interpolated_s) > ms(dwell_s)""",
    ),
    Law(
        "dwell",
        "dwell counts the visits to a zone, and persons is at most the number of its visitors",
        ("visits", "dwell"),
        _equal(_sum("dwell", "sum(visits)::BIGINT", "zone"), _sum("visits", "count(*)", "zone"), "zone")
        + """ UNION ALL
        SELECT video, zone AS subject, persons AS found, people AS expected
        FROM dwell JOIN (SELECT video, zone, count(DISTINCT person) AS people FROM visits GROUP BY ALL)
            USING (video, zone)
        WHERE persons > people""",
    ),
    Law(
        "transitions",
        "the numbers of transitions into a zone and out of the zone are its number of visits",
        ("visits", "transitions"),
        f"{_transitions('origin')} UNION ALL {_transitions('destination')}",
    ),
    Law(
        "crossings",
        "the crossings of a line by a person in one direction have the numbers 1, 2, 3 and so on",
        ("crossings",),
        """
        SELECT video, line || ', ' || person || ', ' || direction AS subject, max(crossing) AS found,
            count(*) AS expected
        FROM crossings GROUP BY video, line, person, direction
        HAVING found <> expected OR count(DISTINCT crossing) <> expected""",
    ),
    Law(
        "counts",
        "counts counts the crossings of a line in each direction",
        ("counts", "crossings"),
        " UNION ALL ".join(
            _equal(
                _sum("counts", f"sum({way}_count)::BIGINT", "line"),
                _sum("crossings", "count(*)", "line", f"direction = '{way}'"),
                "line",
            )
            for way in ("in", "out")
        ),
    ),
    Law(
        "speeds",
        "the mean speed of a person is at most the maximum speed, up to one part in a billion",
        ("tracks",),
        " UNION ALL ".join(
            f"""SELECT video, person AS subject, mean_speed_{unit}_per_s AS found,
                max_speed_{unit}_per_s AS expected
            FROM tracks WHERE found > expected * (1 + 1e-9)"""
            for unit in ("px", "m")
        ),
    ),
    Law(
        "bins",
        "person_seconds of a bin is mean_persons times recorded_time, to the millisecond, and mean_persons "
        "is at most max_persons",
        ("occupancy", "zone_occupancy"),
        " UNION ALL ".join(
            f"""SELECT video, {place} || timestamp_ms AS subject, person_seconds_s AS found,
                mean_persons * recorded_time_s AS expected
            FROM {table} WHERE abs(found - expected) > 1e-3 OR mean_persons > max_persons + 1e-9"""
            for table, place in (("occupancy", "''"), ("zone_occupancy", "zone || ', '"))
        ),
    ),
    Law(
        "occupancy_changes",
        "the integral of occupancy_changes is the person_seconds of the scene and of each zone",
        ("occupancy_changes", "occupancy", "zone_occupancy"),
        _equal(_add_up("occupancy_changes", "zone"), _SCENE_AND_ZONES, "zone"),
    ),
    Law(
        "hours",
        "the hours of occupancy_hourly add up to the person_seconds of the scene and of each zone, to the "
        "millisecond",
        ("occupancy_hourly", "occupancy", "zone_occupancy"),
        _equal(
            _sum("occupancy_hourly", _PERSON_SECONDS, "zone"),
            f"SELECT * FROM ({_SCENE_AND_ZONES}) WHERE video IN (SELECT video FROM occupancy_hourly)",
            "zone",
        ),
    ),
    Law(
        "visits_by_hour",
        "visits_hourly counts each visit in the hour in which it began, and its dwell adds up to the dwell "
        "of all visits, to the millisecond",
        ("visits_hourly", "visits"),
        " UNION ALL ".join(
            _equal(
                _sum("visits_hourly", found, "zone"),
                _sum("visits", expected, "zone", "video IN (SELECT video FROM visits_hourly)"),
                "zone",
            )
            for found, expected in (("sum(began)::BIGINT", "count(*)"), ("ms(dwell_s)", "ms(dwell_s)"))
        ),
    ),
    Law(
        "drift",
        "drift is the number counted at lines minus the number present",
        ("count_drift",),
        """SELECT video, zone || ', ' || timestamp_ms AS subject, drift AS found,
            counted - present AS expected
        FROM count_drift WHERE found <> expected""",
    ),
    Law(
        "groups",
        "size is the number of people in a group",
        ("groups",),
        """SELECT video, 'group ' || "group" AS subject, max(size) AS found, count(*) AS expected FROM groups
        GROUP BY video, "group" HAVING found <> expected OR min(size) <> expected""",
    ),
    Law(
        "heatmap",
        "the seconds of the heatmap are the time with a position in the image, to the millisecond; on a "
        "floor plan they are at most the time with a position",
        ("heatmap", "trajectories", "videos"),
        """
        SELECT video, '' AS subject, coalesce(heat, 0) AS found, coalesce(located, 0) AS expected
        FROM (SELECT video, ms(seconds) AS heat, count(x_m) > 0 AS on_floor FROM heatmap
            GROUP BY ALL)
        FULL JOIN (SELECT video, ms(time_present_s) AS located FROM trajectories
            WHERE position_status <> 'missing' AND (x_m IS NOT NULL OR NOT coalesce(outside_image, false))
            GROUP BY ALL) USING (video)
        WHERE CASE WHEN on_floor THEN found > expected + 1 ELSE abs(found - expected) > 1 END""",
    ),
)
"""The laws that every dataset must satisfy."""


def check_laws(root: AnyPath, manifest: Manifest, ledger: Ledger) -> None:
    """Check the laws if all their tables exist and no file is damaged.

    Raises
    ------
    ParameterError
        If DuckDB is not installed.
    """
    ledger.rules |= {law.name: law.sentence for law in LAWS}
    chosen = [law for law in LAWS if {*law.tables} <= {*manifest.tables}]
    if any(ledger.count[check] for check in ("files", "checksums", "schema")):
        chosen = []
    tables = sorted({table for law in chosen for table in law.tables})
    with connected(root, manifest, tables) as connection:
        connection.execute(_MACROS)
        for law in chosen:
            videos = [entry.video for entry in manifest.videos if law.applies_to(entry)]
            ledger.examined[law.name] = len(videos)
            query = f"SELECT * FROM ({law.sql}) WHERE video IN (SELECT unnest(?)) ORDER BY ALL"
            for row in connection.execute(query, [videos]).fetchall() if videos else ():
                ledger.find(law.name, row[0], _describe(*row[1:]))


def _describe(place: str, found: float, expected: float) -> str:
    return f"{place}: {found} instead of {expected}" if place else f"{found} instead of {expected}"
