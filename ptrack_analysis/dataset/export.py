"""Exporting an archive as a dataset: a folder of Parquet files that BI tools read without help."""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import fields, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from ptrack_analysis.clock.lookup import find_recordings
from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.dataset.catalogue import CATALOGUE, write_catalogue
from ptrack_analysis.dataset.guards import hash_source, misfits, validate_same_videos, validate_withheld
from ptrack_analysis.dataset.holding import read_compact_record
from ptrack_analysis.dataset.lock import HOLDER, locked
from ptrack_analysis.dataset.placing import gone_from, remove_videos, validate_own_files
from ptrack_analysis.dataset.records import (
    JOBS_FILE,
    format_evidence,
    list_table_files,
    read_cached_bytes,
    read_record,
    read_records,
    read_seen,
    recall_from,
    record_place,
    seen_place,
    validate_names,
)
from ptrack_analysis.dataset.staging import Workspace, staged
from ptrack_analysis.dataset.summary import ExportSummary, VideoSummary
from ptrack_analysis.dataset.video_files import Export, Task, export_video
from ptrack_analysis.errors import OutputError, ParameterError, PtrackWarning, WorkerError, ZoneError
from ptrack_analysis.pipeline.config import AnalysisConfig, memory_for
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis, read_scene_file
from ptrack_analysis.pipeline.workers import IN_FLIGHT, map_tasks, processes
from ptrack_analysis.scene.zone_files import Scene
from ptrack_analysis.sources.archive import Source, VideoReference, shown
from ptrack_analysis.sources.finding import form_given, rename_videos, scan_source
from ptrack_analysis.sources.names import listed
from ptrack_analysis.storage.files import make_folder, remove_leftovers, write_text
from ptrack_analysis.storage.s3 import AnyPath, S3Path, parse_path

_A_PROCESS = 4
_SHOWN = 3

Progress = Callable[[VideoSummary, int], object]


def export_dataset(
    source: Source | VideoAnalysis,
    out: str | PathLike[str] | S3Path,
    *,
    force: bool = False,
    prune: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
    in_flight: int | None = None,
    progress: Progress | None = None,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    columns: Mapping[str, str] | None = None,
    first_frame: int | None = None,
    first_pixel: int | None = None,
    stride: int | None = None,
    unit: Literal["px", "fraction", "m", "cm"] | None = None,
    y_axis: Literal["up", "down"] | None = None,
    classes: Sequence[int | str] | None = None,
    min_confidence: float | None = None,
    name: str | None = None,
    **settings: Any,
) -> ExportSummary:
    """Export an archive as a dataset: one folder a table, in it one Parquet file a video.

    With ``start`` or ``end``, the part of each video has a name of its own in the dataset, such as
    ``shop@20s-70s``, so that a dataset can hold several parts of one video.

    The folders are ``videos``, ``tracks``, ``detections``, ``trajectories``, ``occupancy``, ``heatmap`` and
    ``quality``; with zones ``visits``, ``zone_occupancy``, ``dwell`` and ``transitions``; with lines
    ``crossings``. Other tables are written if ``tables`` names them; beside them lie ``zones.parquet`` and
    ``lines.parquet``, ``dictionary.md``, which defines every column, views for DuckDB and Athena in
    ``views``, and ``_runs`` with a record of what each video's files were made from. Every file is replaced
    whole or not at all. A video whose sources, settings and files are those of its record is left as it is;
    so a second run changes nothing, and a run after a killed one completes it. A video that fails does not
    stop the others, and keeps the files that it had. Files that an earlier run made of a video and this one
    does not are removed; videos that are not in the archive stay, unless ``prune`` is set. One run at a time
    may write a dataset.

    A video replaces only itself. If the dataset has a different video under the name of a video of the
    source, the export is refused and writes nothing. Where both JobIds are known, they decide: equal means
    the same video, even if pages were added, fetched again or edited, and a new JobId is a different video,
    even at the same path. Without a JobId, the video is the same if an earlier export read one of its files
    at the same absolute path, or if its files include the content of all files of the earlier export, so
    that a source may be moved or copied. A file without a JobId that is overwritten at its path is therefore
    taken for the same video. Settings do not matter.

    Parameters
    ----------
    source
        File or folder of saved pages, of one job or of many, on disk or in S3 (``s3://bucket/prefix``); or a
        ``VideoAnalysis`` of such a file or folder, which has its configuration.
    out
        The dataset's folder, on disk or in S3; it is made, or brought up to date. For S3 each video's files
        are made in a temporary folder where it is read, and uploaded whole, its record last.
    force
        Whether to replace files that the package did not write.
    prune
        Whether to remove the files that the package wrote of videos that the source no longer has. Only
        videos whose last export read this same source are removed; their names go to stderr first.
    workers
        Number of processes of this machine that work on videos; by default this one does. If one is killed,
        its videos are tried again. Scripts need ``if __name__ == "__main__":`` then.
    executor
        Where videos are worked on instead: any ``concurrent.futures.Executor``, such as a Dask cluster's
        ``Client(...).get_executor(pure=False)``. Its workers read the source and write ``out`` themselves, so
        both must be reachable from there under the same names, and in S3 with credentials of their own. Who
        works on what, and in which order, changes no byte.
    in_flight
        How many videos workers hold at most; by default 4 a process, 32 of an executor.
    progress
        Called after each video with its summary and the number of videos.
    format, columns, first_frame, first_pixel, stride, unit, y_axis, classes, min_confidence
        How another tracker's file is to be read, as in ``read_tracking``.
    name
        Name of the video in the dataset, if the source contains only one; see ``find_videos``.
    **settings
        What is measured, and how: the fields of ``AnalysisConfig``, such as ``zones="zones.geojson"``,
        ``floor="floor.json"``, ``max_gap="2s"``, ``stitch=True``.

    Returns
    -------
    ExportSummary
        What became of each video, in the order of ``find_videos``.

    Warns
    -----
    PtrackWarning
        For each video of which rows are dropped, facts are assumed, or pages are missing.

    Raises
    ------
    OutputError
        If ``out`` is a file, another run is writing there, files that the package did not write are in the
        way, or writing fails.
    ZoneError
        If the zone file or the floor plan cannot be used.
    InputError
        If there is no page in the source.
    ParameterError
        If a setting is out of its range, the dataset has a different video under the same name, or it is a
        compacted dataset.
    RemoteError
        If S3 refuses, another run has exported the same video there meanwhile, or the scheduler of the
        executor goes away.
    WorkerError
        If an executor that was given breaks.

    Notes
    -----
    If every video fails, nothing is written. What has changed is told by sizes and times of files, or their
    ETags in S3, and where these differ by their content; what was seen is noted in ``.ptrack``, which is no
    part of the data. Each worker needs the memory of the largest video: some 0.3 GB per million detections,
    and half as much again on a floor plan. A video that does not fit is refused; export it in parts
    (``start``, ``end``). ``end`` does not shorten the video: occupancy is 0 after it.
    """
    if isinstance(source, VideoAnalysis):
        source, settings = _opened(source, settings)
    crew = _choose_workers(workers, executor, in_flight)
    if workers is not None and settings.get("memory") is None:
        settings["memory"] = memory_for(workers)
    measured, place, root = AnalysisConfig(**settings), parse_path(out), parse_path(source)
    _validate_target(place)
    _validate_not_compacted(place)
    scene = read_scene_file(measured)
    form = form_given(
        format=format,
        columns=columns,
        first_frame=first_frame,
        first_pixel=first_pixel,
        stride=stride,
        unit=unit,
        y_axis=y_axis,
        classes=classes,
        min_confidence=min_confidence,
    )
    with locked(place) as check, staged(place) as stage:
        known = read_cached_bytes(stage.folder / JOBS_FILE)
        found = scan_source(root, form, recall_from(known, partial(shown, root)))
        references = rename_videos(found.videos, name, root)
        measured = _set_points(measured, references, scene)
        names = frozenset(measured.part_name(reference.name) for reference in references)
        files = {one.name: [shown(root, file) for file in one.files] for one in references}
        recordings, notes = find_recordings(measured, files)
        export = Export(root, place, measured, measured.parameters(), scene, names, hash_source(root))
        validate_same_videos(
            {measured.part_name(reference.name): reference for reference in references}, root, stage
        )
        if measured.withholds:
            records = read_records(stage.folder)
            gone, _ = gone_from(records, names, stage.folder, export.origin)
            validate_withheld(records, export, gone, prune=prune)
        _prepare(references, export, stage, force=force)
        text = format_evidence(found.evidence, partial(shown, root))
        if text.encode() != known:
            make_folder((stage.folder / JOBS_FILE).parent)
            write_text(stage.folder / JOBS_FILE, text)
        summaries = []
        for summary in _each(references, recordings, export, stage, crew):
            check()
            summaries.append(summary)
            if summary.findings:
                said = f"{summary.name}: {'; '.join(summary.findings)}"
                warnings.warn(said, PtrackWarning, stacklevel=2)
            if progress is not None:
                progress(summary, len(references))
        _remove_leftovers(stage, names)  # a worker was killed, and others did its videos
        if all(summary.status == "failed" for summary in summaries):
            return ExportSummary(place, tuple(summaries))
        finished = _finish(summaries, export, stage, prune=prune)
    return replace(finished, warnings=(*notes, *finished.warnings))


def _opened(analysis: VideoAnalysis, settings: dict[str, Any]) -> tuple[Source, dict[str, Any]]:
    """Return the source and the configuration of an analysis."""
    if settings:
        raise ParameterError(f"{next(iter(settings))} is part of the configuration of the VideoAnalysis")
    if isinstance(analysis.source, tuple | VideoReference):
        raise ParameterError(
            "export_dataset reads files. Pass the file or folder of the video; write_pages writes tables in "
            "memory as pages."
        )
    config = analysis.config
    return analysis.source, {field.name: getattr(config, field.name) for field in fields(config)}


def _set_points(
    settings: AnalysisConfig, references: Sequence[VideoReference], scene: Scene | None
) -> AnalysisConfig:
    """Return the configuration with the unit of the points of the source, if it has points.

    Raises
    ------
    ParameterError
        If the videos have positions of several kinds.
    ZoneError
        If zones are in meters, but the positions are not.
    """
    units = {reference.points_unit for reference in references}
    if len(units) > 1:
        raise ParameterError("the source has points in m and others. Export them to separate datasets.")
    settings = replace(settings, points_unit=units.pop() if units else "")
    settings.validate_cell()
    if scene is not None and scene.unit == "m" and settings.unit != "m":
        raise ZoneError(
            f"{settings.zones}: zones in meters need a floor plan to be carried to px; none is given"
        )
    return settings


def _validate_target(place: AnyPath) -> None:
    """Reject to write a dataset where a file is."""
    if isinstance(place, Path) and place.exists() and not place.is_dir():
        raise OutputError(f"{place}: is a file, so no dataset can be written there")
    if isinstance(place, S3Path) and place.is_file():
        raise OutputError(f"{place}: is an object, so no dataset can be written there")


def _validate_not_compacted(place: AnyPath) -> None:
    """Reject to export into a compacted dataset, where every video would then count twice."""
    if read_compact_record(place) is not None:
        raise ParameterError(
            f"{place} is a compacted dataset, and an export cannot add videos to it. Export to the dataset "
            "that it was made from and compact that again, or give another out (OUT)."
        )


def _choose_workers(workers: int | None, executor: Executor | None, in_flight: int | None) -> dict[str, Any]:
    """Gather who works on the videos, as ``map_tasks`` takes it."""
    if workers is not None and executor is not None:
        raise ParameterError("workers and executor both say who works on the videos: give one of them")
    if workers is None:
        return {"executor": executor, "in_flight": IN_FLIGHT if in_flight is None else in_flight}
    make = processes(workers)
    most = _A_PROCESS * workers if in_flight is None else in_flight
    return {"make": make if workers > 1 else None, "in_flight": most}


def _each(
    references: Sequence[VideoReference],
    recordings: Mapping[str, Recording],
    export: Export,
    stage: Workspace,
    crew: dict[str, Any],
) -> Iterator[VideoSummary]:
    """Export the videos, and give what became of each, in their order."""
    tasks = (
        Task(
            name,
            reference,
            recordings[reference.name],
            read_record(stage.folder, name),
            read_seen(read_cached_bytes(stage.folder / seen_place(name))),
            stage.of_video(name),
        )
        for reference in references
        for name in (export.settings.part_name(reference.name),)
    )
    alike = replace(export, videos=frozenset())  # what goes to a worker with each video is small
    for outcome in map_tasks(partial(export_video, export=alike), tasks, **crew):
        if outcome.result is not None:
            yield outcome.result
        elif isinstance(outcome.error, WorkerError | MemoryError):
            said = str(outcome.error) or "there is not enough memory for it"
            error = WorkerError(f"{outcome.task.name}: {said}")
            yield VideoSummary(name=outcome.task.name, status="failed", error=error)
        elif outcome.error is not None:
            raise outcome.error


def _prepare(references: Sequence[VideoReference], export: Export, stage: Workspace, *, force: bool) -> None:
    """Reject what is in the way, and remove what killed runs left half written."""
    names = [export.settings.part_name(reference.name) for reference in references]
    validate_names(names)
    unknown = [*CATALOGUE]
    for name in names:
        record = read_record(stage.folder, name)
        recorded = set() if record is None else set(record.outputs)
        if record is None:
            unknown.append(record_place(name))
        unknown += [place for place in export.places(name) if place not in recorded]
    stage.fetch(place for place in unknown if not (stage.folder / place).exists())
    validate_own_files(stage.folder, unknown, force=force)
    _remove_leftovers(stage, names)


def _remove_leftovers(stage: Workspace, videos: Collection[str]) -> None:
    """Remove what was left half written of these videos, and of the dataset as a whole.

    Nobody writes there now: this run holds the dataset's lock, and its own tasks are not begun or all done.
    """
    if stage.there is not None:
        return
    places = [*CATALOGUE, JOBS_FILE, HOLDER]
    for name in videos:
        places += [*list_table_files(name), record_place(name), seen_place(name)]
    written: dict[str, list[str]] = {}
    for place in places:
        folder, _, name = place.rpartition("/")
        written.setdefault(folder, []).append(name)
    for folder, files in written.items():
        remove_leftovers(stage.folder / folder, files, of_all=True)


def _finish(
    summaries: Sequence[VideoSummary], export: Export, stage: Workspace, *, prune: bool
) -> ExportSummary:
    """Write what describes the whole dataset; warn where its videos do not fit together."""
    stage.fetch_records([summary.name for summary in summaries if summary.status == "written"])
    records = read_records(stage.folder)
    gone, elsewhere = gone_from(records, export.videos, stage.folder, export.origin)
    if prune and gone:
        remove_videos(stage, gone)
        records = [record for record in records if record.video not in gone]
    write_catalogue(stage.folder, records)
    notes = [*misfits(records, export)]
    if prune and elsewhere:
        notes.append(
            f"prune keeps {listed(elsewhere, _SHOWN)}: the export that wrote them read another source, or "
            "the dataset does not know which"
        )
    return ExportSummary(export.out, tuple(summaries), tuple(notes), tuple(gone), pruned=prune)
