"""The files of a dataset, each by itself: there, as recorded, of the schema, and no stranger among them."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.dictionary import FURTHER, SOURCE_COLUMN, gather_contents
from ptrack_analysis.dataset.records import FOLDERS, RECORDS, VideoEntry, schema_in
from ptrack_analysis.dataset.verify.findings import ExpectedDataset, Ledger
from ptrack_analysis.dataset.verify.sums import Shelf
from ptrack_analysis.storage.arrow import ARROW_TYPES
from ptrack_analysis.storage.columns import PACKAGE, PACKAGE_MARK, TABLE_MARK, Stored
from ptrack_analysis.storage.files import checksum

RULES = {
    "files": "every file that a record tells of is there (looked at: files)",
    "strangers": "in the folders of the tables, of CSV, of views and of records is nothing else "
    "(looked at: files)",
    "checksums": "each file has the size and the SHA-256 that its record tells (looked at: files)",
    "rows": "each Parquet file has as many rows as its record tells (looked at: files)",
    "schema": "each Parquet file has the columns of its table, with their types, units and definitions "
    "(looked at: files)",
}


def check_strangers(holding: ExpectedDataset, places: list[str], catalogue: set[str], ledger: Ledger) -> None:
    """Look for files of which no record tells, in the folders that are the dataset's."""
    folders = {*FOLDERS, "csv", "views", RECORDS}
    known = {*holding.files, *holding.record_places, *catalogue}
    if holding.is_compact:
        known -= set(holding.record_places[1:])
    for place in places:
        if place.partition("/")[0] in folders and "/" in place:
            ledger.look("strangers", 1)
            if place not in known and holding.sound:
                ledger.find("strangers", place, "", "is in no record", "only files that ptrack export wrote")


def check_file(place: str, record: VideoEntry, made: dict[str, Any], shelf: Shelf, ledger: Ledger) -> None:
    """Check one file by itself; what is broken is not looked into further."""
    ledger.look("files", 1)
    path = shelf.local(place)
    if not path.is_file():
        ledger.find("files", place, "", "is missing", "a file of its record: export the video again")
        return
    ledger.look("checksums", 1)
    size, digest = path.stat().st_size, checksum(path)
    if made.get("size", size) != size:
        ledger.find("checksums", place, "", f"has {size} bytes", f"{made['size']}: export the video again")
    elif digest != made["sha256"]:
        expected = f"{made['sha256'][:12]}...: export the video again"
        ledger.find("checksums", place, "", f"has the SHA-256 {digest[:12]}...", expected)
    elif place.endswith(".parquet"):
        _check_form(place, record, made, shelf, ledger)


def _check_form(place: str, record: VideoEntry, made: dict[str, Any], shelf: Shelf, ledger: Ledger) -> None:
    """Check the rows and the columns that the foot of a file tells of."""
    try:
        foot = pq.read_metadata(shelf.local(place))
    except (OSError, pa.ArrowException):
        ledger.find("schema", place, "", "is no Parquet file", "one of a table of the package")
        return
    ledger.look("rows", 1)
    if foot.num_rows != made["rows"]:
        ledger.find("rows", place, "", f"has {foot.num_rows} rows", made["rows"])
    folder = place.partition("/")[0]
    columns = gather_contents([record]).columns.get(folder, [])
    check_columns(
        place, schema_in(folder, record.parameters).name, columns, foot.schema.to_arrow_schema(), ledger
    )


def check_columns(place: str, name: str, columns: list[Stored], schema: pa.Schema, ledger: Ledger) -> None:
    """Check the columns of one file against those of its table."""
    ledger.look("schema", 1)
    marks = schema.metadata or {}
    if (marks.get(PACKAGE_MARK), marks.get(TABLE_MARK)) != (PACKAGE, name.encode()):
        found = marks.get(TABLE_MARK, b"nothing").decode(errors="replace")
        ledger.find("schema", place, "the mark of the table", repr(found), repr(name))
        return
    for column, found, expected in _defects(columns, schema):
        ledger.find("schema", place, f"column {column!r}", found, expected)


def _defects(columns: list[Stored], schema: pa.Schema) -> Iterator[tuple[str, str, str]]:
    """List what differs: a column, what it is, and what it should be."""
    known = {column.name: column for column in columns}
    for name, wanted in known.items():
        if name not in schema.names and not wanted.of.optional:
            yield name, "is missing", wanted.type
    for field in schema:
        column = known.get(field.name)
        if column is None:
            yield field.name, "is no column of the table", f"one of {', '.join(known)}"
            continue
        if field.type != ARROW_TYPES[column.type]:
            yield field.name, f"is {field.type}", str(ARROW_TYPES[column.type])
        if column.definition in {FURTHER, SOURCE_COLUMN}:  # a column of the user's own has no marks
            continue
        metadata = field.metadata or {}
        for mark, text in (("unit", column.unit), ("definition", column.definition)):
            found = metadata.get(mark.encode(), b"").decode(errors="replace")
            if found != text:
                yield field.name, f"has the {mark} {found!r}", repr(text)
