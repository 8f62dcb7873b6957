"""The tables and files of one video in a dataset."""

import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.dataset.dimensions import describe_video, list_definitions, with_keys
from ptrack_analysis.dataset.placing import (
    RemoteListing,
    intact,
    put_text,
    read_file_stats,
    remove_others,
    upload,
)
from ptrack_analysis.dataset.records import (
    FingerprintCache,
    Look,
    VideoEntry,
    csv_place,
    format_fingerprints,
    has_source_columns,
    new_record,
    record_place,
    record_text,
    schema_in,
    seen_place,
    table_place,
)
from ptrack_analysis.dataset.release import needed_folders, release, released_folders
from ptrack_analysis.dataset.summary import VideoSummary, sum_figures, summarize_video
from ptrack_analysis.errors import InputError, OutputError, PtrackError
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.notes import notes_on
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS, outputs_available
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene.zone_files import Scene
from ptrack_analysis.schema import find_further_columns
from ptrack_analysis.sources.archive import VideoReference
from ptrack_analysis.storage.arrow import find_stored_types
from ptrack_analysis.storage.files import checksum, make_folder
from ptrack_analysis.storage.parquet import write_csv, write_parquet
from ptrack_analysis.storage.s3 import AnyPath


def compute_tables(analysis: VideoAnalysis) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Compute the tables of one video that its configuration asks for, and notes on the video.

    The tables carry the keys of their zones and lines.

    Raises
    ------
    PtrackError
        If the video cannot be read, or not be analyzed as asked.
    """
    tables = {name: compute_table(analysis, name) for name in _computed(analysis.config, analysis.scene)}
    notes = notes_on(analysis.reading, tables["tracks"])
    return tables, [*notes, *analysis.notes]


def compute_table(analysis: VideoAnalysis, name: str) -> pd.DataFrame:
    """Compute one table of a video, with the keys of its zones and lines."""
    definitions = list_definitions(analysis.scene, analysis.video.name)
    return with_keys(analysis[name], OUTPUTS[name].table, definitions)


def find_start(videos: pd.DataFrame) -> datetime | None:
    """Return when the recording of a video started, by its VIDEOS table, or None if that is unknown."""
    started = pd.Timestamp(videos["started_at"].iloc[0])
    return None if pd.isna(started) else started.tz_localize(None).tz_localize(UTC).to_pydatetime()


def list_folders(settings: AnalysisConfig, scene: Scene | None) -> list[str]:
    """List the tables that are written, by the names of their folders, in their order."""
    return released_folders(_computed(settings, scene), settings)


def _computed(settings: AnalysisConfig, scene: Scene | None) -> list[str]:
    """List the tables that are computed: those that are written, and those that others are counted by."""
    standard = {output.name for output in OUTPUTS.values() if output.standard}
    standard |= {"faces"} if settings.faces else set()
    wanted = {*ALWAYS, *(settings.tables or standard), *needed_folders(settings)}
    return [output.name for output in outputs_available(settings, scene) if output.name in wanted]


@dataclass(frozen=True, slots=True)
class Export:
    """One export: from where, to where, and how.

    ``scene`` is the zone file's, ``videos`` are all names in the dataset. ``origin`` identifies the source.
    """

    root: AnyPath
    out: AnyPath
    settings: AnalysisConfig
    parameters: dict[str, Any]
    scene: Scene | None
    videos: frozenset[str] = frozenset()
    origin: str = ""

    def zones(self, video: str) -> list[str]:
        """List the names of the zones that are in a video, in the order of their file."""
        return [] if self.scene is None else [zone.name for zone in self.scene.of(video).zones]

    def parameters_for(self, video: str) -> dict[str, Any]:
        """Return all that decides about the files of a video: what the zone file draws for it included."""
        return {**self.parameters, "places": list_definitions(self.scene, video)}

    def places(self, video: str) -> list[str]:
        """List the places of the files that are written for a video; its record is not among them."""
        folders = list_folders(self.settings, self.scene)
        places = [table_place(folder, video) for folder in folders]
        return places + [csv_place(folder, video) for folder in folders if self.settings.csv]


@dataclass(frozen=True, slots=True)
class Task:
    """One video to export, what is known of its recording, and what an earlier run left of it.

    That is its record, what was seen of its files, and in S3 the objects that are there. ``name`` is the
    name in the dataset: that of the video, or of the part of it that is exported.
    """

    name: str
    reference: VideoReference
    recording: Recording
    record: VideoEntry | None = None
    seen: FingerprintCache = field(default_factory=FingerprintCache)
    there: RemoteListing = None


def export_video(task: Task, export: Export) -> VideoSummary:
    """Bring the files of one video up to date, and say what became of it.

    Nothing is done if an earlier run over the same sources with the same settings left all its files, and
    they are as it left them. A video that cannot be read or measured keeps the files that it had. This runs
    where an executor runs it: it writes the video's files to their places itself, the record last.

    Raises
    ------
    OutputError
        If the files cannot be written: that concerns every video.
    RemoteError
        If S3 refuses to take them.
    """
    try:
        parameters = {**export.parameters_for(task.reference.name), "recording": task.recording.row()}
        record, sources = new_record(task.reference, export.root, parameters, task.seen.sources)
        record = replace(record, video=task.name)
        unchanged = _unchanged(task, record, sources, export)
        if unchanged is not None:
            return unchanged
        analysis = VideoAnalysis(task.reference, export.settings, export.scene, task.recording, warn=False)
        tables, notes = compute_tables(analysis)
        read_report = analysis.reading.report.to_dict(examples=False)
    except OutputError:
        raise
    except PtrackError as error:
        return VideoSummary(name=task.name, status="failed", error=error)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one video stops no other
        said = InputError(f"{task.name}: cannot be measured: {type(error).__name__}: {error}")
        return VideoSummary(name=task.name, status="failed", error=said)
    return _written(tables, replace(record, notes=notes, read_report=read_report), sources, task, export)


def _written(
    tables: dict[str, pd.DataFrame],
    record: VideoEntry,
    sources: dict[str, Look],
    task: Task,
    export: Export,
) -> VideoSummary:
    """Write what was measured of a video to its places, and say what became of it."""
    zones = export.zones(task.reference.name)
    figures = sum_figures(tables.get("tracks"), tables.get("visits"), zones)
    remove_others(export.out, task.name, export.places(task.name), task.there)
    written = release(tables, export.settings, task.name)
    types = list[tuple[str, str]]()
    for name, table in written.items():
        further = [] if name == "videos" else find_further_columns(table, schema_in(name, export.parameters))
        if has_source_columns(name, export.parameters):
            types = find_stored_types(table, further)
        elif further:
            written[name] = table.drop(columns=further)
    made, looks = _make(written, task.name, export)
    released: dict[str, Any] = {"figures": figures}
    if export.settings.withholds:  # notes and figures may be of single people
        kept = {name: record.read_report[name] for name in ("completeness", "missing")}
        released = {"notes": [], "read_report": kept}
    findings = tuple(record.read_report["findings"])
    about = describe_video(tables) | ({"source_columns": types} if types else {})
    record = replace(record, outputs=made, about=about, **released)
    place = record_place(task.name)
    is_new = task.there is not None and place not in task.there
    put_text(export.out, place, record_text(record), new=is_new)
    _note(task, FingerprintCache(sources, looks, export.origin), export)
    return replace(summarize_video(record, "written", zones), findings=findings)


def _unchanged(
    task: Task, record: VideoEntry, sources: dict[str, Look], export: Export
) -> VideoSummary | None:
    """Sum up a video whose files are left as they are; None, if they cannot be."""
    earlier, places = task.record, export.places(task.name)
    if earlier is None or not earlier.is_of_same_run(record):
        return None
    outputs = intact(earlier, export.out, places, task.there, task.seen.outputs)
    if outputs is None:
        return None
    remove_others(export.out, task.name, places, task.there)
    _note(task, FingerprintCache(sources, outputs, export.origin), export)
    return summarize_video(earlier, "unchanged", export.zones(task.reference.name))


def _make(
    tables: dict[str, pd.DataFrame], video: str, export: Export
) -> tuple[dict[str, dict[str, Any]], dict[str, Look]]:
    """Put the files of one video to their places; give what they are, and how they look there."""
    if isinstance(export.out, Path):
        made = _write_tables(tables, video, export.out, export)
        return made, read_file_stats(export.out, made)
    with tempfile.TemporaryDirectory(prefix="ptrack-") as folder:
        made = _write_tables(tables, video, Path(folder), export)
        return made, upload(Path(folder), export.out, made)


def _write_tables(
    tables: dict[str, pd.DataFrame], video: str, folder: Path, export: Export
) -> dict[str, dict[str, Any]]:
    """Write the tables of one video; give rows and checksum of each file by its place."""
    outputs, started_at = {}, find_start(tables["videos"])
    for name, table in tables.items():
        schema, own = schema_in(name, export.parameters), None if name == "videos" else video
        places = {table_place(name, video): write_parquet}
        if export.settings.csv:
            places[csv_place(name, video)] = write_csv
        for place, write in places.items():
            make_folder((folder / place).parent)
            write(table, folder / place, schema=schema, video=own, started_at=started_at)
            outputs[place] = {"rows": len(table), "sha256": checksum(folder / place)}
    return outputs


def _note(task: Task, seen: FingerprintCache, export: Export) -> None:
    """Note what was seen of a video's files, where it is something else than before."""
    if seen != task.seen:
        put_text(export.out, seen_place(task.name), format_fingerprints(seen))
