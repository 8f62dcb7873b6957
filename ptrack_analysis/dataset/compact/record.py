"""The record of a compaction: which videos were joined, in which order, and into which files."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ptrack_analysis import __version__
from ptrack_analysis.dataset.layout import RECORDS, is_inside, table_place
from ptrack_analysis.dataset.record import PACKAGE, Record

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

    def records(self) -> list[Record]:
        """Give a record for each video, as the export has it, without its sources and checksums."""
        return [self._record(one) for one in self.videos]

    def _record(self, one: dict[str, Any]) -> Record:
        facts = {name: self.shared[name][number] for name, number in one["facts"].items()}
        outputs = {
            table_place(folder, one["video"]): {"rows": rows, "sha256": ""}
            for folder, rows in one["rows"].items()
        }
        facts["parameters"] = {**facts["parameters"], **one["own"]}
        return Record(video=one["video"], source=[], outputs=outputs, version=self.version, **facts)

    def text(self) -> str:
        """Write it as JSON, one video and one file a line, in their order."""
        lines = [f" {json.dumps(name)}: {_lines(value)}" for name, value in asdict(self).items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"


def new_compact_record(videos: Iterable[tuple[Record, str | None, dict[str, int]]]) -> CompactRecord:
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


def compact_record_of(content: bytes) -> CompactRecord | None:
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
