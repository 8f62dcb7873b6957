"""Checks of the rows of a dataset: keys, references and times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.dataset.manifest import VideoEntry
from ptrack_analysis.dataset.relations import RELATIONS, Relation
from ptrack_analysis.dataset.verification import Ledger
from ptrack_analysis.pipeline.outputs import FACTS
from ptrack_analysis.schema import Table
from ptrack_analysis.storage.columns import add_video_key, stored_key
from ptrack_analysis.storage.facts import LOCAL_DATE, LOCAL_HOUR, fact_columns

REFERENCES = {relation.column: relation for relation in RELATIONS if relation.table in FACTS}
"""The relation of each column of a fact, which is the same in all facts."""
_IDS = ("visit_id", "crossing_id")
_SALTED = "^[0-9a-f]{16}$"
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR

Clocks = Mapping[str, tuple[int | None, tzinfo]]
"""Start [us since 1970, UTC] and time zone of each video."""


@dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of one file, with the collector of findings."""

    place: str
    rows: pa.Table
    ledger: Ledger

    def report(self, check: str, wrong: Any, column: str, problem: str) -> None:
        """Add one finding for the wrong rows of a column."""
        indices = np.flatnonzero(np.asarray(pc.fill_null(wrong, fill_value=False)))
        if not len(indices):
            return
        value = self.rows[column][int(indices[0])].as_py()
        shown = value.isoformat() if isinstance(value, date) else repr(value)
        more = f" (and {len(indices) - 1} more rows)" if len(indices) > 1 else ""
        self.ledger.find(check, self.place, f"row {indices[0]}: {column} is {shown}, {problem}{more}")


def list_keys(schema: Table) -> list[list[str]]:
    """List the key of a fact, and its text key if any."""
    columns = {column.name for column in fact_columns(schema)}
    key = [column.name for column in stored_key(add_video_key(schema))]
    return [key, *([name] for name in _IDS if name in columns)]


def choose_columns(name: str, schema: Table) -> list[str]:
    """Choose the columns of a fact that checks need."""
    columns = fact_columns(schema)
    needed = {"other_person", LOCAL_DATE, LOCAL_HOUR, "hour_at", f"{schema.row_time}_ms", *REFERENCES}
    needed |= {"started_at", "timezone"} if name == "videos" else set()
    needed |= {name for key in list_keys(schema) for name in key}
    needed |= {name for one in columns if one.moment_name for name in (one.name, one.moment_name)}
    return [column.name for column in columns if column.name in needed]


def check_counts(
    place: str, videos: pa.ChunkedArray, name: str, entries: Sequence[VideoEntry], ledger: Ledger
) -> None:
    """Compare the number of rows of each video of a batch with the manifest."""
    found = {row["values"]: row["counts"] for row in videos.value_counts().to_pylist()}
    wanted = {entry.video: entry.rows.get(name, 0) for entry in entries}
    ledger.examined["rows"] += len(videos)
    for video in sorted({*found, *wanted}, key=str):
        rows, expected = found.get(video, 0), wanted.get(video, 0)
        if rows != expected:
            ledger.find("rows", place, f"has {rows} rows of {video!r} instead of {expected}")


def check_unique(found: FileRows, key: Sequence[str]) -> None:
    """Check that a key is never null and is unique."""
    rows = found.rows.select(list(key))
    found.ledger.examined["keys"] += len(rows)
    for name in key:
        if rows[name].null_count:
            found.ledger.find("keys", found.place, f"{name} is null in {rows[name].null_count} rows")
            return
    counts = rows.group_by(list(key)).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    if len(twice):
        first = ", ".join(f"{name}={twice[name][0].as_py()!r}" for name in key)
        found.ledger.find("keys", found.place, f"has {len(twice)} keys more than once, such as {first}")


def check_reference(found: FileRows, relation: Relation, known: Mapping[str, pa.Table]) -> None:
    """Check that each value of a column is null or a key of another table."""
    there = known.get(relation.to)
    names = found.rows.column_names
    if there is None or relation.key not in there.column_names or relation.column not in names:
        return
    values = found.rows[relation.column]
    keys = there[relation.key].cast(values.type).combine_chunks()
    wrong = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, value_set=keys)))
    found.report("references", wrong, relation.column, f"which is not in the table {relation.to}")


def list_clocks(videos: pa.Table) -> Clocks:
    """Return the clock of each video."""
    columns = (videos["video"], videos["started_at"].cast(pa.int64()), videos["timezone"])
    return {
        video: (start, parse_timezone(zone) if zone else UTC)
        for video, start, zone in zip(*(column.to_pylist() for column in columns), strict=True)
    }


def check_times(found: FileRows, schema: Table, clocks: Clocks) -> None:
    """Check each wall-clock time against its time since the start of the video."""
    starts = _find_starts(found.rows, clocks)
    for column in fact_columns(schema):
        if column.moment_name is not None:
            found.ledger.examined["times"] += len(found.rows)
            wanted = pc.add(pc.multiply(found.rows[column.moment_name], 1000), starts)
            wrong = _differ(found.rows[column.name].cast(pa.int64()), wanted)
            problem = f"which is not the start of the video plus {column.moment_name}"
            found.report("times", wrong, column.name, problem)


def _find_starts(rows: pa.Table, clocks: Clocks) -> pa.Array:
    """Return the start of the video of each row [us since 1970, UTC]."""
    codes = pc.index_in(rows["video"], value_set=pa.array([*clocks], pa.string()))
    return pa.array([start for start, _ in clocks.values()], pa.int64()).take(codes.combine_chunks())


def _differ(found: Any, wanted: Any) -> Any:
    """Mark the rows in which two columns differ; null equals null."""
    both_null = pc.and_(pc.is_null(found), pc.is_null(wanted))
    return pc.invert(pc.coalesce(pc.equal(found, wanted), both_null))


def check_local(found: FileRows, schema: Table, clocks: Clocks) -> None:
    """Check the local date and hour of the first time of each row."""
    rows = found.rows
    if LOCAL_DATE not in rows.column_names:
        return
    found.ledger.examined["local_dates"] += len(rows)
    instants = _find_starts(rows, clocks)
    if "hour_at" in rows.column_names:
        instants = rows["hour_at"].cast(pa.int64())
    elif schema.row_time:
        since_start = pc.fill_null(rows[f"{schema.row_time}_ms"], 0)
        instants = pc.add(pc.multiply(since_start, 1000), instants)
    unknown = np.asarray(pc.is_null(instants))
    local = np.asarray(pc.fill_null(instants, 0)).copy()
    videos = rows["video"].to_numpy()
    for video, (_, zone) in clocks.items():
        own = np.flatnonzero(videos == video)
        times = pd.DatetimeIndex(local[own].view("datetime64[us]"), tz="UTC").tz_convert(zone)
        local[own] = times.tz_localize(None).as_unit("us").asi8
    for column, values in ((LOCAL_DATE, local // _DAY), (LOCAL_HOUR, local % _DAY // _HOUR)):
        plain = rows[column].cast(pa.int32()).cast(pa.int64())
        wrong = _differ(plain, pa.array(values, mask=unknown))
        found.report("local_dates", wrong, column, "which does not follow from the clock of the video")


def check_salted(found: FileRows) -> None:
    """Check that people are identified by salted keys."""
    for column in {"person", "other_person"} & {*found.rows.column_names}:
        found.ledger.examined["salted_keys"] += len(found.rows)
        wrong = pc.invert(pc.match_substring_regex(found.rows[column], _SALTED))
        found.report("salted_keys", wrong, column, "which is not a salted key")
