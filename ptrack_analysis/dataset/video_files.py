"""The files of one video in a dataset: brought up to date, or left if they are."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ptrack_analysis.dataset.checksum import checksum
from ptrack_analysis.dataset.layout import RECORDS, csv_place, places_of, table_place
from ptrack_analysis.dataset.ownership import was_written
from ptrack_analysis.dataset.record import Record, new_record, read_record, write_record
from ptrack_analysis.dataset.settings import Settings
from ptrack_analysis.dataset.summary import VideoSummary, summarize
from ptrack_analysis.dataset.tables import compute_tables, folders_of
from ptrack_analysis.errors import OutputError, PtrackError
from ptrack_analysis.io.archive import VideoReference
from ptrack_analysis.io.parquet import read_parquet, write_parquet
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.spreadsheets import write_csv
from ptrack_analysis.io.writing import make_folder, remove_file
from ptrack_analysis.zones import Scene


@dataclass(frozen=True, slots=True)
class Export:
    """One export: from where, to where, and how; ``scene`` is the zone file's, ``videos`` all names."""

    root: AnyPath
    out: Path
    settings: Settings
    parameters: dict[str, Any]
    scene: Scene | None
    videos: frozenset[str] = frozenset()

    def zones(self, video: str) -> list[str]:
        """List the names of the zones that are in a video, in the order of their file."""
        return [] if self.scene is None else [zone.name for zone in self.scene.of(video).zones]

    def places(self, video: str) -> list[str]:
        """List the places of the files that are written for a video; its record is not among them."""
        folders = folders_of(self.settings, self.scene)
        places = [table_place(folder, video) for folder in folders]
        return places + [csv_place(folder, video) for folder in folders if self.settings.csv]


def export_video(reference: VideoReference, export: Export) -> VideoSummary:
    """Bring the files of one video up to date, and say what became of it.

    Nothing is done if an earlier run over the same sources with the same settings left all its files, and
    they are as it left them. A video that cannot be read or measured keeps the files that it had.

    Raises
    ------
    OutputError
        If the files cannot be written: that concerns every video.
    """
    name, places = reference.name, export.places(reference.name)
    try:
        record = new_record(reference, export.root, export.parameters)
        earlier = read_record(export.out, name)
        if earlier and earlier.is_of_same_run(record) and earlier.is_intact(export.out, places):
            _remove_others(export.out, name, places)
            return _unchanged(earlier, export)
        tables, notes = compute_tables(reference, export.settings, export.scene)
    except OutputError:
        raise
    except PtrackError as error:
        return VideoSummary(name=name, status="failed", error=error)
    _remove_others(export.out, name, places)
    outputs = _write_tables(tables, name, export)
    make_folder(export.out / RECORDS)
    write_record(replace(record, outputs=outputs, notes=notes), export.out)
    rows = {folder: len(table) for folder, table in tables.items()}
    return summarize(
        name,
        status="written",
        rows=rows,
        tracks=tables["persons"],
        visits=tables.get("visits"),
        zones=export.zones(name),
        notes=notes,
    )


def _write_tables(tables: dict[str, pd.DataFrame], video: str, export: Export) -> dict[str, dict[str, Any]]:
    """Write the tables of one video; give rows and checksum of each file by its place."""
    outputs = {}
    for folder, table in tables.items():
        places = {table_place(folder, video): write_parquet}
        if export.settings.csv:
            places[csv_place(folder, video)] = write_csv
        for place, write in places.items():
            make_folder((export.out / place).parent)
            write(table, export.out / place, video=None if folder == "videos" else video)
            outputs[place] = {"rows": len(table), "sha256": checksum(export.out / place)}
    return outputs


def _remove_others(out: Path, video: str, places: list[str]) -> None:
    """Remove what an earlier run wrote of this video and this one does not."""
    for place in places_of(video):
        path = out / place
        if place in places or not path.is_file() or not was_written(out, place):
            continue
        remove_file(path, up_to=out)


def _unchanged(record: Record, export: Export) -> VideoSummary:
    """Sum up a video whose files are left as they are."""
    name = record.video
    rows = {folder: int(record.outputs[table_place(folder, name)]["rows"]) for folder in record.folders}
    visits = table_place("visits", name)
    return summarize(
        name,
        status="unchanged",
        rows=rows,
        tracks=read_parquet(export.out / table_place("persons", name)),
        visits=read_parquet(export.out / visits) if visits in record.outputs else None,
        zones=export.zones(name),
        notes=record.notes,
    )
