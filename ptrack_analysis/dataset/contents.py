"""What a dataset holds: its tables and their columns, as the records of its runs tell."""

from collections.abc import Iterable
from dataclasses import dataclass

from ptrack_analysis.dataset.layout import FOLDERS
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.io.stored import Stored, stored_columns, with_video
from ptrack_analysis.schema import ZONES


@dataclass(frozen=True, slots=True)
class Contents:
    """The stored columns of each table that is there, by its folder; of zones.parquet none if it is not."""

    columns: dict[str, list[Stored]]
    zones: list[Stored]

    @property
    def has_visits(self) -> bool:
        """Whether there are visits."""
        return "visits" in self.columns


def contents_of(records: Iterable[Record]) -> Contents:
    """Gather the columns of all files of these records; a column stands once, though units may differ."""
    found: dict[str, dict[str, Stored]] = {folder: {} for folder in FOLDERS}
    has_zones = False
    for record in records:
        has_zones |= record.parameters.get("zones") is not None
        for folder in record.folders:
            for column in _columns(folder, record):
                found[folder].setdefault(column.name, column)
    columns = {folder: list(named.values()) for folder, named in found.items() if named}
    return Contents(columns, stored_columns(ZONES) if has_zones else [])


def _columns(folder: str, record: Record) -> list[Stored]:
    """List the columns of one file: with those of faces only if they were asked for, never with landmarks."""
    unit = "px" if record.parameters.get("floor") is None else "m"
    columns = stored_columns(with_video(FOLDERS[folder]), unit)
    faces = bool(record.parameters.get("faces"))
    return [c for c in columns if not c.of.optional or (faces and c.name.startswith("face_"))]
