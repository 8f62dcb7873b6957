"""What a dataset holds: its tables and their columns, as the records of its runs tell."""

from collections.abc import Iterable
from dataclasses import dataclass

from ptrack_analysis.dataset.layout import FOLDERS, PLACES
from ptrack_analysis.dataset.record import Record
from ptrack_analysis.io.stored import Stored, stored_columns, with_video

_ASKED_BY = {
    "interpolated": "fill_gaps",
    "merged_from": "stitch",
    "smoothed": "smooth",
    "jump": "max_speed",
    "density_per_m2": "floor",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """The stored columns of each table that is there, by its folder; of zones and lines, by their name."""

    columns: dict[str, list[Stored]]
    places: dict[str, list[Stored]]

    @property
    def has_visits(self) -> bool:
        """Whether there are visits."""
        return "visits" in self.columns

    @property
    def has_crossings(self) -> bool:
        """Whether there are crossings."""
        return "crossings" in self.columns


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
    places = {name: stored_columns(schema) for name, schema in PLACES.items()} if has_zones else {}
    return Contents(columns, places)


def _columns(folder: str, record: Record) -> list[Stored]:
    """List the columns of one file: the optional ones only if they were asked for, landmarks never."""
    unit = "px" if record.parameters.get("floor") is None else "m"
    columns = stored_columns(with_video(FOLDERS[folder]), unit)
    return [c for c in columns if not c.of.optional or record.parameters.get(_asked_by(c.name))]


def _asked_by(name: str) -> str:
    """Give the setting that brings an optional column."""
    return "faces" if name.startswith("face_") else _ASKED_BY.get(name, "")
