"""What a dataset holds: its tables and their columns, as the records of its runs tell."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.layout import FOLDERS, schema_in
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.schema import TRACKER_COLUMNS, Column, Table
from ptrack_analysis.storage.columns import Stored, stored_columns, with_video

_ASKED_BY = {
    "interpolated": "fill_gaps",
    "merged_from": "stitch",
    "smoothed": "smooth",
    "jump": "max_speed",
    "density_per_m2": "floor",
    "in_per_m_per_s": "floor",
    "out_per_m_per_s": "floor",
    "zone_key": "zones",
    "line_key": "zones",
}
FURTHER = "Told of the recording by the file of recordings, or by the name of the video's file."


@dataclass(frozen=True, slots=True)
class Contents:
    """The stored columns of each table that is there, by its folder; of those of the whole, by their name.

    ``schemas`` has the schema of each folder; ``min_counts`` the limits below which counts are suppressed,
    ``salted`` tells whether persons are named by salted keys.
    """

    columns: dict[str, list[Stored]]
    places: dict[str, list[Stored]]
    schemas: dict[str, Table]
    min_counts: tuple[int, ...] = ()
    salted: bool = False

    @property
    def has_visits(self) -> bool:
        """Whether there are visits, and what a question about them needs beside them."""
        return self.has("visits") and self.has("persons") and self.has("occupancy")

    @property
    def has_crossings(self) -> bool:
        """Whether there are crossings."""
        return self.has("crossings")

    def has(self, folder: str, *names: str) -> bool:
        """Whether there is a table, with these columns."""
        return folder in self.columns and {*names} <= {column.name for column in self.columns[folder]}


def contents_of(records: Iterable[Record]) -> Contents:
    """Gather the columns of all files of these records; a column stands once, though units may differ."""
    found: dict[str, dict[str, Stored]] = {folder: {} for folder in FOLDERS}
    schemas, places, min_counts, salts = dict[str, Table](), set[str](), set[int](), set[object]()
    for record in records:
        places |= {name for name, dimension in DIMENSIONS.items() if dimension.is_in(record)}
        min_counts |= {record.parameters.get("min_count") or 0}
        salts.add(record.parameters.get("salt"))
        for folder in record.folders:
            schemas.setdefault(folder, schema_in(folder, record.parameters))
            for column in _columns(folder, record):
                found[folder].setdefault(column.name, column)
    columns = {folder: list(named.values()) for folder, named in found.items() if named}
    described = {name: stored_columns(one.table) for name, one in DIMENSIONS.items() if name in places}
    counts = () if 0 in min_counts else tuple(sorted(min_counts))  # what is not so of every video is not said
    return Contents(columns, described, schemas, counts, bool(salts) and None not in salts)


def _columns(folder: str, record: Record) -> Iterator[Stored]:
    """List the columns of one file: optional ones only if a setting or tracker adds them, no landmarks."""
    unit = "px" if record.parameters.get("floor") is None else "m"
    schema = with_video(schema_in(folder, record.parameters))
    for column in stored_columns(schema, unit, clocked=bool(record.about.get("days"))):
        if column.of in TRACKER_COLUMNS:
            is_there = column.name in record.about.get("tracker_columns", [])
        else:
            is_there = not column.of.optional or bool(record.parameters.get(_asked_by(column.name)))
        if is_there:
            yield column
    if folder == "videos":
        for name in record.about.get("further", []):
            yield Stored(name, "string", "", FURTHER, Column(name, "text", FURTHER), name, is_name=False)


def _asked_by(name: str) -> str:
    """Give the setting that brings an optional column."""
    return "faces" if name.startswith("face_") else _ASKED_BY.get(name, "")
