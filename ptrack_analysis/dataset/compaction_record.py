"""What a compacted dataset holds, and how its files are planned."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ptrack_analysis import __version__
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.dataset.catalogue import write_catalogue
from ptrack_analysis.dataset.dictionary import gather_contents
from ptrack_analysis.dataset.records import (
    ATHENA_FILE,
    DUCKDB_FILE,
    FOLDERS,
    PACKAGE,
    RECORDS,
    VideoEntry,
    is_inside,
    read_record,
    table_place,
)
from ptrack_analysis.errors import InputError
from ptrack_analysis.storage.files import make_folder, write_text
from ptrack_analysis.storage.s3 import AnyPath, S3Path

COMPACT_PLACE = f"{RECORDS}/compact.json"
FORM = "compact"
_OWN = "recording"
_LEFT_OUT = {"video", "source", "outputs", "package", "version"}


@dataclass(frozen=True, slots=True)
class CompactRecord:
    """What a compacted dataset was made from, and what it holds.

    ``videos`` has each video in the order in which it was joined: its name, its day, its ``rows`` of each
    table, and under ``facts`` for each field of its record but sources and files the number of the value in
    ``shared``, which holds the distinct ones; its recording, which is its own, stands beside. ``outputs`` has
    the rows and the SHA-256 of each file by its place, in the order of the rows. Nothing in it depends on
    when or where the compaction was.
    """

    videos: list[dict[str, Any]] = field(default_factory=list)
    shared: dict[str, list[Any]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    form: str = FORM
    package: str = PACKAGE
    version: str = __version__

    def records(self) -> list[VideoEntry]:
        """Return a record for each video, as the export has it, without its sources and checksums."""
        return [self._record(one) for one in self.videos]

    def _record(self, one: dict[str, Any]) -> VideoEntry:
        facts = {name: self.shared[name][number] for name, number in one["facts"].items()}
        outputs = {
            table_place(folder, one["video"]): {"rows": rows, "sha256": ""}
            for folder, rows in one["rows"].items()
        }
        facts["parameters"] = {**facts["parameters"], **one["own"]}
        return VideoEntry(video=one["video"], source=[], outputs=outputs, version=self.version, **facts)

    def text(self) -> str:
        """Write it as JSON, one video and one file a line, in their order."""
        lines = [f" {json.dumps(name)}: {_lines(value)}" for name, value in asdict(self).items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"


def new_compact_record(videos: Iterable[tuple[VideoEntry, str | None, dict[str, int]]]) -> CompactRecord:
    """Begin the record of a compaction of these videos: each one's record, day and rows of each table."""
    record = CompactRecord()
    numbers: dict[tuple[str, str], int] = {}
    for one, day, rows in videos:
        values = {name: value for name, value in asdict(one).items() if name not in _LEFT_OUT}
        own = {_OWN: values["parameters"].pop(_OWN)} if _OWN in values["parameters"] else {}
        facts = {}
        for name, value in values.items():
            listed = record.shared.setdefault(name, [])
            facts[name] = numbers.setdefault((name, json.dumps(value, sort_keys=True)), len(listed))
            if facts[name] == len(listed):
                listed.append(value)
        record.videos.append({"video": one.video, "day": day, "facts": facts, "own": own, "rows": rows})
    return record


def parse_compact_record(content: bytes) -> CompactRecord | None:
    """Read the record of a compaction; None if it is something else."""
    try:
        record = CompactRecord(**json.loads(content))
        is_one = (record.form, record.package) == (FORM, PACKAGE)
        record.records()
        complete = all({"rows", "sha256"} <= set(made) for made in record.outputs.values())
        complete &= all(map(is_inside, record.outputs))
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
        return None
    return record if is_one and complete else None


def _lines(value: Any) -> str:
    """Write what is inside of a list or a mapping a line each."""
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"  {json.dumps(one, sort_keys=True)}" for one in value) + "\n ]"
    if isinstance(value, dict) and value:
        inner = (f"  {json.dumps(key)}: {json.dumps(one, sort_keys=True)}" for key, one in value.items())
        return "{\n" + ",\n".join(inner) + "\n }"
    return json.dumps(value)


NO_DAY = "__HIVE_DEFAULT_PARTITION__"
"""The day of a video whose clock is not known, as Hive names it; readers take it for null."""
_FIX = "run ptrack export again, and compact the dataset then"


@dataclass(frozen=True, slots=True)
class Planned:
    """One video to be joined: its record, the local day on which it starts, and its rows of each table.

    ``form`` tells videos apart whose tables have other columns; they go to files of their own.
    """

    record: VideoEntry
    day: str | None
    form: str
    rows: dict[str, int]


def plan(out: AnyPath) -> list[Planned]:
    """List the videos of a dataset in the order in which their rows are joined.

    Raises
    ------
    InputError
        If it is no dataset, it is a compacted one, or a record cannot be read.
    """
    planned = [_planned(record) for record in read_all_records(out)]
    return sorted(planned, key=lambda one: (one.day is None, one.day or "", one.form, one.record.video))


def read_all_records(out: AnyPath, *, place: AnyPath | None = None) -> list[VideoEntry]:
    """Read the record of every video of a dataset, in the order of their names; errors name ``place`` for it.

    Raises
    ------
    InputError
        If there is none, or one that cannot be read.
    """
    records, place = [], place or out
    for name in _names(out):
        record = read_record(out, name)
        if record is None:
            raise InputError(f"{place}/{RECORDS}/{name}.json: is not the record of a video: {_FIX}")
        records.append(record)
    if not records:
        raise InputError(f"{place}: is no dataset: it has no record in {RECORDS}; ptrack export makes one")
    return records


def _names(out: AnyPath) -> list[str]:
    if isinstance(out, S3Path):
        names = [path.name for path in (out / RECORDS).below()]
    else:
        names = [path.name for path in (out / RECORDS).glob("*.json")]
    return sorted(name.removesuffix(".json") for name in names if not name.startswith("."))


def _planned(record: VideoEntry) -> Planned:
    rows = {}
    for folder in record.folders:
        place = table_place(folder, record.video)
        if place in record.outputs:
            rows[folder] = int(record.outputs[place]["rows"])
    return Planned(record, find_local_day(record), describe_columns(record), rows)


def find_local_day(record: VideoEntry) -> str | None:
    """Return the day on which a recording starts by the clock of its place; None where that is not known."""
    return day_in(record.parameters)


def day_in(parameters: Mapping[str, Any]) -> str | None:
    """Return the day on which a recording starts by the parameters of its record."""
    recording: dict[str, Any] = parameters.get("recording") or {}
    started = recording.get("started_at") or (parameters.get("video") or {}).get("started_at")
    if started is None:
        return None
    moment = datetime.fromisoformat(started)
    name = recording.get("timezone")
    return (moment if name is None else moment.astimezone(parse_timezone(name))).date().isoformat()


def describe_columns(record: VideoEntry) -> str:
    """Return the columns of a video's tables, as a text by which videos of one form come together."""
    columns = gather_contents([record]).columns
    return json.dumps({folder: [column.name for column in listed] for folder, listed in columns.items()})


_BY_DAY = "\nPARTITIONED BY (`day` string)"
_REPAIR = """
-- Each table lies in one folder a day: tell Athena of them, here and after each compaction.
"""


def describe(folder: Path, records: Sequence[VideoEntry], *, is_compact: bool) -> None:
    """Write the catalogue of what these records tell: dictionary, views, zones, lines, sites and dates.

    Of a compacted dataset the views read all files below a table's folder, whatever the day.
    """
    make_folder(folder)
    write_catalogue(folder, records)
    if not is_compact:
        return
    by_day = is_by_day(records)
    folders = [name for name in FOLDERS if any(name in record.folders for record in records)]
    duckdb, athena = ((folder / place).read_text(encoding="utf-8") for place in (DUCKDB_FILE, ATHENA_FILE))
    for name in folders if by_day else ():
        duckdb = duckdb.replace(f"'{name}/*.parquet'", f"'{name}/*/*.parquet'")
        end = f"STORED AS PARQUET\nLOCATION 's3://YOUR-BUCKET/PREFIX/{name}/';\n"
        athena = athena.replace(f"\n{end}", f"{_BY_DAY}\n{end}")
    if by_day:
        athena += _REPAIR + "".join(f"MSCK REPAIR TABLE `{name}`;\n" for name in folders)
    write_text(folder / DUCKDB_FILE, duckdb)
    write_text(folder / ATHENA_FILE, athena)


def is_by_day(records: Sequence[VideoEntry]) -> bool:
    """Return whether the large files lie by day: where the clock of at least one video is known."""
    return any(find_local_day(record) is not None for record in records)
