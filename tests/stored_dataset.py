"""A small dataset in its stored form: twelve facts and five dimensions, flat or partitioned."""

import datetime as dt
import json
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.description import DatasetDescription, StoredTable
from ptrack_analysis.dataset.manifest import NULL_PARTITION

TYPES = {
    "int": pa.int64(),
    "small": pa.int32(),
    "real": pa.float64(),
    "single": pa.float32(),
    "text": pa.string(),
    "name": pa.dictionary(pa.int32(), pa.string()),
    "flag": pa.bool_(),
    "date": pa.date32(),
    "at": pa.timestamp("us", tz="UTC"),
}
FACTS = {
    "videos": ("video", "video:text site:text camera:text camera_key:text plane:text started_at:at WHEN"),
    "tracks": (
        "video person_index",
        """
        video:name person:text person_index:int first_seen_ms:int first_seen_at:at time_in_scene_s:real
        without_position_s:real path_length_px:real path_length_m:real WHEN
        """,
    ),
    "detections": (
        "video timestamp_ms person_index",
        """
        video:name person:text person_index:int timestamp_ms:int recorded_at:at left:real top:real WHEN
        day's~mood|`x`:text
        """,
    ),
    "trajectories": (
        "video person_index timestamp_ms",
        """
        video:name person:text person_index:int timestamp_ms:int recorded_at:at x_px:real x_m:real
        speed_px_per_s:single speed_m_per_s:single WHEN
        """,
    ),
    "visits": (
        "video zone person_index visit",
        """
        video:name visit_id:text zone:name zone_key:text person:text person_index:int visit:int
        entered_ms:int entered_at:at dwell_s:real entry:name exit:name WHEN
        """,
    ),
    "occupancy": (
        "video timestamp_ms",
        """
        video:name timestamp_ms:int recorded_at:at recorded_time_s:real mean_persons:real max_persons:int
        person_seconds_s:real WHEN
        """,
    ),
    "zone_occupancy": (
        "video zone timestamp_ms",
        """
        video:name zone:name zone_key:text timestamp_ms:int recorded_at:at recorded_time_s:real
        mean_persons:real max_persons:int person_seconds_s:real WHEN
        """,
    ),
    "crossings": (
        "video line timestamp_ms person_index",
        """
        video:name crossing_id:text line:name line_key:text timestamp_ms:int recorded_at:at person:text
        person_index:int direction:name crossing:int WHEN
        """,
    ),
    "heatmap": ("video row column", "video:name row:int column:int seconds:real WHEN"),
    "dwell": ("video zone", "video:name zone:name zone_key:text visits:int WHEN"),
    "transitions": (
        "video origin destination",
        """
        video:name origin:name destination:name origin_key:text destination_key:text transitions:int
        WHEN
        """,
    ),
    "quality": ("video check name", "video:name check:name name:name value:real verdict:name WHEN"),
}
"""The key and the columns of each fact; WHEN stands for the local date and hour, ~ for a space."""
DIMENSIONS = {
    "zones": ("zone_key", "zone_key:text zone:text kind:text area_m2:real camera_key:text"),
    "lines": ("line_key", "line_key:text line:text"),
    "cameras": ("camera_key", "camera_key:text camera:text site:text"),
    "sites": ("site", "site:text opening_hours:text"),
    "dates": (
        "date",
        """
        date:date year:int month:int month_name:text iso_week:int weekend:flag holiday:text
        """,
    ),
}
CHOICES = {
    "entry": ("crossed", "frame_edge", "video_start", "appeared", "zone_opened"),
    "exit": ("crossed", "frame_edge", "video_end", "lost", "zone_closed"),
    "direction": ("in", "out"),
    "verdict": ("good", "doubtful", "bad", "unknown"),
}
UNITS = {"int": "1", "real": "s", "at": "UTC"}
START = dt.datetime(2026, 11, 30, 22, 50, tzinfo=dt.UTC)
"""The start of the video ``door`` with a clock; there it is 23:50, so that it goes on into December."""


@dataclass(frozen=True)
class Stored:
    """A dataset on disk with its description and rows."""

    description: DatasetDescription
    rows: dict[str, list[dict[str, object]]]


def declare(name, key, columns, *, is_dimension):
    """Declare a table by the names and types of its columns."""
    fields = []
    for column in columns.replace("WHEN", "local_date:date local_hour:small").split():
        label, _, kind = column.replace("~", " ").rpartition(":")
        marks = {"unit": UNITS.get(kind, ""), "definition": f"The {label} of the row; it isn't a sum."}
        if label in CHOICES:
            marks["choices"] = json.dumps(CHOICES[label])
        fields.append(pa.field(label, TYPES[kind], metadata=marks))
    return StoredTable(name, pa.schema(fields), f"one row of {name}", tuple(key.split()), is_dimension)


def list_tables():
    """List the declarations of all tables, facts first."""
    return [
        *(declare(name, *one, is_dimension=False) for name, one in FACTS.items()),
        *(declare(name, *one, is_dimension=True) for name, one in DIMENSIONS.items()),
    ]


def make_rows():
    """Make the rows of two videos: ``door`` in px with a clock, ``till`` in m without one."""
    rows = {name: [] for name in [*FACTS, *DIMENSIONS]}
    for video, camera, plane, clocked in (("door", "c1", "px", True), ("till", "c2", "m", False)):

        def at(ms, prefix="timestamp", *, clocked=clocked):
            moment = START + dt.timedelta(milliseconds=ms) if clocked else None
            local = moment + dt.timedelta(hours=1) if clocked else None
            return {
                f"{prefix}_ms": ms,
                ("recorded_at" if prefix == "timestamp" else f"{prefix}_at"): moment,
                "local_date": local and local.date(),
                "local_hour": local and local.hour,
            }

        start = {name: at(0)[name] for name in ("local_date", "local_hour")}
        started = at(0)["recorded_at"]
        rows["videos"].append(
            {"video": video, "site": "Bonn", "camera": camera, "camera_key": camera, "plane": plane}
            | {"started_at": started}
            | start
        )
        for person in (1, 2):
            who = {"video": video, "person": f"{video}:{person}", "person_index": person}
            times = {"time_in_scene_s": 900.0 * person, "without_position_s": 1.5}
            rows["tracks"].append(who | at(0, "first_seen") | times | {f"path_length_{plane}": 2.0 * person})
            for ms in (0, 900_000):
                seen = {"left": 0.25, "top": 0.5, "day's mood|`x`": "good" if person == 1 else None}
                rows["detections"].append(who | at(ms) | seen)
                moved = {f"x_{plane}": 1.0 * person, f"speed_{plane}_per_s": 0.5 * person}
                rows["trajectories"].append(who | at(ms) | moved)
                visit = 1 + (ms > 0)
                rows["visits"].append(
                    who
                    | {"visit_id": f"{video}:{person}:hall:{visit}", "zone": "hall", "zone_key": f"h-{video}"}
                    | {"visit": visit, "dwell_s": 10.0 * person, "exit": "lost"}
                    | {"entry": "crossed" if person == 1 else "appeared"}
                    | at(ms, "entered")
                )
                rows["crossings"].append(
                    who
                    | {"crossing_id": f"{video}:{person}:gate:{visit}", "line": "gate", "line_key": "g"}
                    | {"direction": "in", "crossing": visit}
                    | at(ms + 1)
                )
        for ms in (0, 900_000):
            present = {
                "recorded_time_s": 900.0,
                "mean_persons": 0.5,
                "max_persons": 2,
                "person_seconds_s": 450.0,
            }
            rows["occupancy"].append({"video": video} | at(ms) | present)
            for zone in ("hall", "yard"):
                named = {"video": video, "zone": zone, "zone_key": f"{zone[0]}-{video}"}
                share = 1.0 if zone == "hall" else 0.0
                inside = present | {
                    name: present[name] * share for name in ("mean_persons", "person_seconds_s")
                }
                rows["zone_occupancy"].append(named | at(ms) | inside)
        for row, column in ((0, 0), (0, 1), (1, 1)):
            rows["heatmap"].append(
                {"video": video, "row": row, "column": column, "seconds": row + 0.5} | start
            )
        rows["dwell"].append({"video": video, "zone": "hall", "zone_key": f"h-{video}", "visits": 4} | start)
        rows["transitions"].append(
            {"video": video, "origin": "hall", "destination": "(outside)", "origin_key": f"h-{video}"}
            | {"transitions": 3}
            | start
        )
        rows["quality"].append(
            {"video": video, "check": "face only", "name": "", "value": 3.0, "verdict": "good"} | start
        )
        for zone in ("hall", "yard"):
            drawn = {"zone_key": f"{zone[0]}-{video}", "zone": zone, "kind": "queue", "area_m2": 4.0}
            rows["zones"].append(drawn | {"camera_key": camera})
        rows["cameras"].append({"camera_key": camera, "camera": camera, "site": "Bonn"})
    rows["lines"] = [{"line_key": "g", "line": "gate"}]
    rows["sites"] = [{"site": "Bonn", "opening_hours": "Mo-Sa 09:00-20:00"}]
    for day in (dt.date(2026, 11, 30), dt.date(2026, 12, 1)):
        rows["dates"].append(
            {"date": day, "year": 2026, "month": day.month, "month_name": day.strftime("%B"), "iso_week": 49}
            | {"weekend": False, "holiday": None}
        )
    return rows


def write_dataset(folder, partition=None, tables=None, rows=None):
    """Write the dataset below a folder, a file per batch of one video, and return it with its description."""
    tables, rows = tables or list_tables(), rows or make_rows()
    partitions = {}
    for table in tables:
        if table.is_dimension:
            write_table(folder / table.name / f"{table.name}.parquet", table, rows[table.name])
            continue
        found = {}
        for number, video in enumerate(("door", "till", "empty")):
            for row in [row for row in rows[table.name] if row["video"] == video]:
                found.setdefault((find_partition(row, partition), number), []).append(row)
        for (value, number), part in (found or {(None, 2): []}).items():
            key = {"local_month": "month", "local_day": "day"}.get(partition)
            place = folder / table.name / (f"{key}={value or NULL_PARTITION}" if key else "")
            write_table(place / f"part-{number:06}.parquet", table, part)
        values = {value for value, _ in found}
        partitions[table.name] = tuple(sorted(values, key=lambda value: (value is None, value)))
    description = DatasetDescription(
        tuple(tables), str(folder), partition, partitions if partition is not None else {}
    )
    return Stored(description, rows)


def find_partition(row, partition):
    """Return the partition of a row, None if it has no date or the dataset is flat."""
    day = row["local_date"]
    if partition is None or day is None:
        return None
    return day.isoformat() if partition == "local_day" else day.strftime("%Y-%m")


def write_table(path, table, rows):
    """Write rows of a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)


def change_table(description, name, **changes):
    """Return the description with another form of a table."""
    tables = [replace(one, **changes) if one.name == name else one for one in description.tables]
    return replace(description, tables=tuple(tables))
