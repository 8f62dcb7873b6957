"""Which videos are joined, in which order: by day, by form, by name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ptrack_analysis.clock.timezones import timezone_of
from ptrack_analysis.dataset.contents import contents_of
from ptrack_analysis.dataset.layout import RECORDS, table_place
from ptrack_analysis.dataset.record import Record, read_record
from ptrack_analysis.errors import InputError
from ptrack_analysis.storage.s3 import AnyPath, S3Path

NO_DAY = "__HIVE_DEFAULT_PARTITION__"
"""The day of a video whose clock is not known, as Hive names it; readers take it for null."""
_FIX = "run ptrack export again, and compact the dataset then"


@dataclass(frozen=True, slots=True)
class Planned:
    """One video to be joined: its record, the local day on which it starts, and its rows of each table.

    ``form`` tells videos apart whose tables have other columns; they go to files of their own.
    """

    record: Record
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


def read_all_records(out: AnyPath, *, place: AnyPath | None = None) -> list[Record]:
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


def _planned(record: Record) -> Planned:
    rows = {}
    for folder in record.folders:
        place = table_place(folder, record.video)
        if place in record.outputs:
            rows[folder] = int(record.outputs[place]["rows"])
    return Planned(record, day_of(record), form_of(record), rows)


def day_of(record: Record) -> str | None:
    """Tell the day on which a recording starts by the clock of its place; None where that is not known."""
    return day_in(record.parameters)


def day_in(parameters: Mapping[str, Any]) -> str | None:
    """Tell the day on which a recording starts by the parameters of its record."""
    recording: dict[str, Any] = parameters.get("recording") or {}
    started = recording.get("started_at") or (parameters.get("video") or {}).get("started_at")
    if started is None:
        return None
    moment = datetime.fromisoformat(started)
    name = recording.get("timezone")
    return (moment if name is None else moment.astimezone(timezone_of(name))).date().isoformat()


def form_of(record: Record) -> str:
    """Give the columns of a video's tables, as a text by which videos of one form come together."""
    columns = contents_of([record]).columns
    return json.dumps({folder: [column.name for column in listed] for folder, listed in columns.items()})
