"""Export of an archive to a dataset of Parquet files for BI tools."""

import math
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from ptrack_analysis.clock.holidays import read_holidays
from ptrack_analysis.clock.lookup import no_start
from ptrack_analysis.dataset.batches import (
    FAILED,
    BatchResult,
    BatchTask,
    Setting,
    Target,
    VideoTask,
    cut_batches,
    export_batch,
    split_into_chunks,
)
from ptrack_analysis.dataset.changes import changing, commit
from ptrack_analysis.dataset.dimensions import list_days, list_definitions
from ptrack_analysis.dataset.identity import (
    Candidate,
    Digests,
    EvidenceCache,
    KnownVideos,
    Naming,
    hash_settings,
    hash_source,
    identify,
)
from ptrack_analysis.dataset.manifest import (
    MANIFEST,
    SOURCES,
    Form,
    Manifest,
    Partition,
    VideoEntry,
    read_manifest,
)
from ptrack_analysis.dataset.publishing import name_run, recover, remove_sources, write_bytes_to
from ptrack_analysis.dataset.release import released_folders
from ptrack_analysis.dataset.summary import ExportSummary, VideoSummary, summarize_video
from ptrack_analysis.errors import (
    InputError,
    OutputError,
    ParameterError,
    PtrackError,
    PtrackWarning,
    WorkerError,
)
from ptrack_analysis.limits import memory_for, validate_choice, whole_number
from ptrack_analysis.pipeline.camera_config import ResolvedVideo, resolve_videos
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.config_values import WITHHELD
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS, outputs_available
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.pipeline.workers import IN_FLIGHT, map_tasks, processes
from ptrack_analysis.sources.archive import Source, VideoReference
from ptrack_analysis.sources.finding import form_given, rename_videos, scan_source
from ptrack_analysis.sources.names import listed
from ptrack_analysis.sources.reading import load
from ptrack_analysis.storage.s3 import AnyPath, S3Path, parse_path

_TASKS_PER_WORKER = 4
_SHOWN = 3
_FEW = 3
"""Number of videos below which pruning is never rejected."""

Progress = Callable[[VideoSummary, int], object]


def export_dataset(
    source: Source | VideoAnalysis,
    out: str | PathLike[str] | S3Path,
    *,
    force: bool = False,
    prune: bool | Literal["all"] = False,
    partition: Partition | None = None,
    as_: Form | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    in_flight: int | None = None,
    progress: Progress | None = None,
    cameras: str | PathLike[str] | None = None,
    strict: bool = False,
    format: str | None = None,  # noqa: A002 - the common name
    columns: Mapping[str, str] | None = None,
    first_frame: int | None = None,
    first_pixel: int | None = None,
    stride: int | None = None,
    unit: Literal["px", "fraction", "m", "cm", "mm"] | None = None,
    y_axis: Literal["up", "down"] | None = None,
    classes: Sequence[int | str] | None = None,
    min_confidence: float | None = None,
    name: str | None = None,
    **settings: Any,
) -> ExportSummary:
    """Export the videos of a source to a dataset of Parquet files for BI tools.

    Every table is a folder. Facts have one file per batch of up to 25 videos, and each dimension has one
    file. All files of a table have the same columns. The dataset also has a data dictionary
    (``dictionary.md``, ``datapackage.json``), a dbt project (``dbt/``) and views for DuckDB and Athena
    (``views/``). ``_ptrack`` contains the manifest, which records the videos and files.

    Exporting unchanged files again does not change the dataset. A video is computed again only if its pages,
    its zones and lines, its recording, its options or the package's algorithms changed. Files are replaced
    atomically. If a run is killed, the dataset is unchanged, or the next run finishes the change. If a video
    fails, its earlier rows are kept and the other videos are exported. Only one run can write at a time.

    The identity of a video is its JobId, otherwise the filmed object in S3, otherwise the content of its
    files. A video replaces the video with the same identity. A different video with the same name is added
    under its name and local date, with a note. With ``start`` or ``end``, the part of each video has its own
    name, such as ``shop@20s-70s``.

    Parameters
    ----------
    source
        File or folder of saved pages or of another tracker's files, on disk or in S3
        (``s3://bucket/prefix``); or a ``VideoAnalysis`` of such a file or folder, which has its
        configuration.
    out
        Folder of the dataset, on disk or in S3. It is created or updated.
    force
        Whether to replace files that the package did not write.
    prune
        Whether to remove videos that an earlier export of this source wrote and the source no longer
        contains. Their names are printed to stderr first. If more than half of the videos of the source, and
        at least 3, would be removed, the run stops with an error, unless ``prune`` is ``"all"``.
    partition
        Partition of the facts: ``local_month`` or ``local_day``. It is chosen when the dataset is created.
    as_
        Format of the tables: ``parquet`` (default), or ``delta`` for a Delta table in each folder, which
        needs the extra ``delta``. It is chosen when the dataset is created.
    workers
        Number of processes (default 1, this process). With more, scripts need ``if __name__ ==
        "__main__":``.
    executor
        Executor that processes the videos instead of ``workers``, such as a Dask cluster's
        ``Client(...).get_executor(pure=False)``. Its workers must reach the source and ``out`` under the same
        names, and S3 with their own credentials.
    in_flight
        Maximum number of unfinished tasks; by default 4 per process, or 32 for an executor.
    progress
        Called after each video with its summary and the number of videos.
    cameras
        File of cameras, TOML or CSV. It lists the videos of each camera, by ``files``, ``job_tag``,
        ``job_id`` or ``video_uri``, and its ``site``, ``zones``, ``lines``, ``floor``, clock and options.
        Each video is exported with the configuration of its camera. If a camera changes, only its videos are
        exported again.
    strict
        Whether every video must match a camera and a row of ``recordings``, if these files are given.
        Otherwise, a video without a camera is exported with the general configuration.
    format, columns, first_frame, first_pixel, stride, unit, y_axis, classes, min_confidence
        Options for files of other trackers, as in ``read_tracking``.
    name
        Name of the video in the dataset, if the source contains only one; see ``find_videos``.
    **settings
        Fields of ``AnalysisConfig``, such as ``zones="zones.geojson"``,
        ``floor="floor.json"``, ``max_gap="2s"``, ``stitch=True``.

    Returns
    -------
    ExportSummary
        The outcome of each video, in the order of ``find_videos``.

    Warns
    -----
    PtrackWarning
        For each video with dropped rows, assumed facts or missing pages. Unchanged videos warn again only
        if there are no other videos.

    Raises
    ------
    OutputError
        If ``out`` is a file or contains foreign files, another run is writing there, or writing fails.
    ZoneError
        If the zone file or the floor plan cannot be used.
    InputError
        If the source has no pages, ``prune`` would remove most videos, or the dataset is damaged or has a
        newer version.
    ParameterError
        If a setting is out of range, or ``name`` belongs to a different video of the dataset.
    RemoteError
        If a request to S3 fails, another run has changed the dataset, or the executor's scheduler cannot be
        reached.
    WorkerError
        If the given executor breaks.

    Notes
    -----
    If every video fails, the dataset is not changed. Files are compared by size and time, or ETag in S3, and
    by content if these differ. Each worker needs memory for the largest batch: 128 MB of pages or one larger
    video, about 0.3 GB per million detections. If a video does not fit into memory, it fails. Export it in
    parts (``start``, ``end``). ``end`` does not shorten the video: occupancy is 0 after it.

    Examples
    --------
    >>> summary = pta.export_dataset("data/day", "out", zones="data/day/zones.geojson")
    >>> [(video.name, video.status, video.rows["visits"]) for video in summary.videos]
    [('evening', 'written', 17), ('morning', 'written', 16), ('noon', 'written', 28)]
    """
    if isinstance(source, VideoAnalysis):
        source, settings = _open_analysis(source, settings)
    crew = _choose_workers(workers, executor, in_flight)
    if workers is not None and settings.get("memory") is None:
        settings["memory"] = memory_for(workers)
    config, out, root = (
        AnalysisConfig(**settings),
        parse_path(out, name="out"),
        parse_path(source, name="source"),
    )
    _validate_text(out)
    _validate_target(out)
    find_holidays = None if config.holidays is None else read_holidays(str(config.holidays))
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
    with changing(out, partition, as_) as (dataset, check):
        if config.csv and dataset.manifest.form == "delta":
            raise ParameterError(
                f"csv (--csv) is not available for {out}, because its tables are Delta tables. Export to "
                "another folder without Delta, or do not set csv."
            )
        digests = Digests(config.withholds, config.salt if isinstance(config.salt, bytes) else None)
        mark, cached = hash_source(root, digests), _read_bytes(out / SOURCES)
        cache = EvidenceCache(cached, root, mark)
        found = scan_source(root, form, cache.recall)
        references = rename_videos(found.videos, name, root)
        videos, notes = resolve_videos(config, references, root, cameras=cameras, strict=strict)
        run = _Run(out, root, mark, config, dataset.manifest, digests, name_run())
        plan = run.plan(references, videos, is_named=name is not None, damaged=dataset.damaged)
        dataset.validate_foreign_files(plan.tables, force=force)
        gone, elsewhere = run.find_gone(plan)
        removed = gone if prune else []
        run.validate_withheld(plan, removed)
        run.validate_pruning(removed, force=_removes_all(prune))
        run.warn_of_editions(plan)
        run.announce_removals(plan, removed)
        tasks = run.make_tasks(plan, removed)
        tell = None if progress is None else partial(_report, progress, len(references))
        results, summaries = _work(plan, tasks, run.target(plan), crew, tell)
        pruned = bool(removed)
        if summaries and all(summary.status == "failed" for summary in summaries.values()):
            recover(out)
            pruned = False
        else:
            if config.withholds:
                remove_sources(out)
            manifest = commit(
                dataset,
                run.target(plan),
                results,
                plan.unchanged,
                check,
                find_holidays=find_holidays,
                csv=config.csv,
            )
            if not config.withholds:
                text = cache.format(found.evidence)
                if text != cached:
                    write_bytes_to(out, SOURCES, text)
            notes = [*notes, *plan.notes, *run.describe_tables(manifest, plan)]
            notes += run.describe_misfits(manifest, plan)
    if prune and elsewhere:
        notes.append(
            f"prune keeps {listed([entry.video for entry in elsewhere], _SHOWN)}, exported from another "
            "source"
        )
    before = plan.find_earlier()
    ordered = tuple(replace(summaries[video], existed=video in before) for video in plan.names)
    return ExportSummary(out, ordered, tuple(notes), tuple(entry.video for entry in gone), pruned=pruned)


@dataclass(frozen=True, slots=True)
class PlannedVideo:
    """A video that an export would read: its name and state in the dataset, and its configuration."""

    name: str
    state: Literal["new", "changed", "unchanged", "failed"]
    video: ResolvedVideo


def plan_export(
    references: Sequence[VideoReference],
    videos: Mapping[str, ResolvedVideo],
    root: AnyPath,
    out: AnyPath,
    config: AnalysisConfig,
    *,
    is_named: bool,
) -> tuple[list[PlannedVideo], list[str], list[str]]:
    """Return what an export would do, without writing: videos, videos to prune, and notes.

    Raises
    ------
    InputError
        If the manifest of the dataset is damaged.
    RemoteError
        If a request to S3 fails.
    """
    manifest = read_manifest(out) if (out / MANIFEST).is_file() else Manifest()
    digests = Digests(config.withholds, config.salt if isinstance(config.salt, bytes) else None)
    run = _Run(out, root, hash_source(root, digests), config, manifest, digests, "")
    plan = run.plan(references, videos, is_named=is_named, damaged=set())
    before = plan.find_earlier()
    planned = []
    for name in plan.names:
        state: Literal["new", "changed", "unchanged", "failed"] = "changed" if name in before else "new"
        state = "unchanged" if name in plan.unchanged else state
        planned.append(PlannedVideo(name, "failed" if name in plan.failed else state, plan.videos[name]))
    gone, _ = run.find_gone(plan)
    notes = [
        *(str(summary.error) for summary in plan.failed.values()),
        *plan.notes,
        *no_start(config, [one.name for one in planned if not one.video.recording.started_at]),
    ]
    return planned, [entry.video for entry in gone], notes


def _open_analysis(analysis: VideoAnalysis, settings: dict[str, Any]) -> tuple[Source, dict[str, Any]]:
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


def _validate_target(place: AnyPath) -> None:
    """Reject a file as the folder of a dataset."""
    if isinstance(place, Path) and place.exists() and not place.is_dir():
        raise OutputError(f"{place} must be a folder, but is a file. Choose another folder for the dataset.")
    if isinstance(place, S3Path) and place.is_file():
        raise OutputError(
            f"{place} must be a prefix, but is an object. Choose another prefix for the dataset."
        )


def _removes_all(prune: object) -> bool:
    """Return whether even most videos may be removed."""
    if not isinstance(prune, bool):
        validate_choice(prune, "prune", ("all",))
    return prune == "all"


def _choose_workers(workers: int | None, executor: Executor | None, in_flight: int | None) -> dict[str, Any]:
    """Return the workers as arguments of ``map_tasks``, and their number."""
    if workers is not None and executor is not None:
        raise ParameterError("workers and executor must not both be given. Pass only one.")
    if in_flight is not None:
        whole_number(in_flight, "in_flight", 1)
    if workers is None:
        most = IN_FLIGHT if in_flight is None else in_flight
        width = 1 if executor is None else max(1, most // _TASKS_PER_WORKER)
        return {"executor": executor, "in_flight": most, "width": width}
    make = processes(workers)
    most = _TASKS_PER_WORKER * workers if in_flight is None else in_flight
    return {"make": make if workers > 1 else None, "in_flight": most, "width": workers}


_NO_PARAMETERS = {"zones", "tables", "faces", "csv", "timezone", "opening_hours", "holidays"}
"""Settings that are compared per video by its zones, tables and recording."""


@dataclass(slots=True)
class _Plan:
    """The videos of a run in the order of the source, and their tasks."""

    names: list[str]
    tables: tuple[str, ...]
    settings: list[Setting]
    unchanged: dict[str, VideoEntry]
    tasks: dict[str, VideoTask]
    failed: dict[str, VideoSummary]
    notes: list[str]
    damaged: set[int]
    numbers: dict[int, int] = field(default_factory=dict)
    videos: dict[str, ResolvedVideo] = field(default_factory=dict)
    parts: dict[str, tuple[VideoEntry, ...]] = field(default_factory=dict)
    editions: list[str] = field(default_factory=list)

    def find_setting(self, video: ResolvedVideo) -> tuple[int, Setting]:
        """Return the index and the configuration that a video shares with others."""
        number = self.numbers.setdefault(id(video.parameters), len(self.settings))
        if number == len(self.settings):
            config = replace(
                video.config, tables=self.tables, faces=video.config.faces or "faces" in self.tables
            )
            parameters = {
                name: value for name, value in video.parameters.items() if name not in _NO_PARAMETERS
            }
            names = [output.name for output in outputs_available(config, video.scene)]
            self.settings.append(
                Setting(config, video.scene, parameters, tuple(released_folders(names, config)))
            )
        return number, self.settings[number]

    def find_earlier(self) -> set[str]:
        """Return the names of the videos that already have rows in the dataset."""
        known = {name for name, task in self.tasks.items() if task.before is not None and task.before.rows}
        return {*self.unchanged, *known}

    def list_bare(self) -> list[str]:
        """List the videos that had zones or lines in the dataset and have none in this run."""
        return [
            task.before.video
            for task in self.tasks.values()
            if task.before is not None
            and any(task.before.places.values())
            and not any(task.entry.places.values())
        ]


@dataclass(frozen=True, slots=True)
class _Run:
    """One export: its source, target and configuration."""

    out: AnyPath
    root: AnyPath
    mark: str
    config: AnalysisConfig
    manifest: Manifest
    digests: Digests
    name: str

    def plan(
        self,
        references: Sequence[VideoReference],
        videos: Mapping[str, ResolvedVideo],
        *,
        is_named: bool,
        damaged: set[int],
    ) -> _Plan:
        """Find the new, changed and unchanged videos."""
        known = KnownVideos.of(self.manifest, self.digests)
        naming = Naming(self.manifest, is_named)
        tables = {*self.manifest.tables, *released_folders([*OUTPUTS], self.config)}
        ordered = tuple(name for name in OUTPUTS if name in tables)
        plan = _Plan([], ordered, [], {}, {}, {}, naming.notes, damaged)
        seen: dict[str, str] = {}
        for reference in references:
            wanted, video = self.config.part_name(reference.name), videos[reference.name]
            try:
                candidate = identify(reference, self.root, wanted.partition("@")[2], known)
                self._validate_successor(candidate, wanted, video)
            except PtrackError as error:
                plan.videos[wanted] = video
                self._fail(plan, wanted, error)
                continue
            if candidate.identity in seen:
                plan.notes.append(
                    f"{reference.files[0]} is the same video as {seen[candidate.identity]!r} and is "
                    f"exported once"
                )
                continue
            name = naming.choose(candidate, wanted, video.recording)
            seen[candidate.identity] = name
            plan.names.append(name)
            plan.videos[name] = video
            self._add(plan, candidate, name, video)
        return plan

    def _validate_successor(self, candidate: Candidate, name: str, video: ResolvedVideo) -> None:
        """Reject a video that would take the name of another one of this source but cannot be read.

        A damaged file lacks what identified its video, and would otherwise count as a new video, so that the
        rows of the old one are pruned.
        """
        entry = self.manifest.entries.get(name)
        if candidate.entry is not None or entry is None or entry.root != self.mark:
            return
        reading = load(candidate.reference, video=video.config.video, faces=False, careful=False)
        reading.validate(
            allow_incomplete=video.config.allow_incomplete, allow_dropped=video.config.allow_dropped
        )

    def _fail(self, plan: _Plan, name: str, error: PtrackError) -> None:
        plan.names.append(name)
        plan.failed[name] = VideoSummary(name=name, status="failed", error=error)
        entry = self.manifest.entries.get(name)
        if entry is not None:
            fault = FAILED if self.config.withholds else " ".join(str(error).split())
            plan.unchanged[name] = replace(entry, fault=fault)

    def _add(self, plan: _Plan, candidate: Candidate, name: str, video: ResolvedVideo) -> None:
        """Add a video to the unchanged videos or to the tasks."""
        reference, before = candidate.reference, candidate.entry
        plan.parts[name] = candidate.parts
        number, setting = plan.find_setting(video)
        places = list_definitions(setting.scene, reference.name)
        known = VideoEntry(name, candidate.identity, -1) if before is None else before
        entry = replace(
            known,
            video=name,
            content=candidate.content,
            look=candidate.look,
            settings=hash_settings(setting.parameters, places, video.recording, reference),
            root=self.mark,
            parameters=setting.parameters,
            places=places,
        )
        is_suppressed = before is not None and None not in (
            one.parameters.get("min_count") for one in (before, entry)
        )
        if is_suppressed and (known.settings != entry.settings or entry.parameters["persons"] == WITHHELD):
            plan.editions.append(name)
        is_same = before is not None and all(
            getattr(before, one) == getattr(entry, one) for one in ("video", "content", "settings")
        )
        if (
            is_same
            and {*setting.tables} <= {*entry.rows}
            and entry.content
            and not entry.fault
            and entry.batch not in plan.damaged
        ):
            plan.unchanged[name] = entry
            return
        plan.tasks[name] = VideoTask(reference, video.recording, number, entry, before)

    def find_gone(self, plan: _Plan) -> tuple[list[VideoEntry], list[VideoEntry]]:
        """List the videos that this source no longer contains, and other sources' videos.

        Neither list contains other parts of a video that the source still contains.
        """
        here = {name.partition("@")[0] for name in plan.names}
        kept = {task.entry.identity for task in plan.tasks.values()}
        others = [
            entry
            for entry in self.manifest.videos
            if entry.video.partition("@")[0] not in here and entry.identity not in kept
        ]
        gone = [entry for entry in others if self.mark and entry.root == self.mark]
        return gone, [entry for entry in others if not self.mark or entry.root != self.mark]

    def validate_pruning(self, gone: Sequence[VideoEntry], *, force: bool) -> None:
        """Reject the removal of most videos of a source, which may be incomplete."""
        known = sum(entry.root == self.mark for entry in self.manifest.videos)
        if not force and len(gone) >= _FEW and 2 * len(gone) > known:
            raise InputError(
                f"{self.root}: prune (--prune) would remove {len(gone)} of the {known} videos that were "
                "exported from this source. Check that the source is complete. To remove them, pass "
                'prune="all" (--prune-all).'
            )

    def announce_removals(self, plan: _Plan, gone: Sequence[VideoEntry]) -> None:
        """Print to stderr which videos, and which results of zones, are about to be removed."""
        texts = []
        if gone:
            names = listed([entry.video for entry in gone], len(gone))
            texts.append(f"{names}, which the source no longer contains")
        if bare := plan.list_bare():
            texts.append(
                f"visits, crossings and other results of zones and lines of {listed(bare, _SHOWN)}, because "
                "this run has no zones and lines for them (zones, --zones)"
            )
        for text in texts:
            sys.stderr.write(f"Removing from {self.out}: {text}\n")
        sys.stderr.flush()

    def validate_withheld(self, plan: _Plan, pruned: Sequence[VideoEntry]) -> None:
        """Reject a dataset that would reveal withheld data.

        All videos must have the same ``min_count`` and salt. With ``min_count``, parts of one video must not
        overlap in time, because the difference of their figures covers few people.
        """
        wanted = {"salt": None, "min_count": None}
        for setting in plan.settings:
            wanted = {name: setting.parameters.get(name) for name in wanted}
        replaced = {*plan.tasks, *(entry.video for entry in pruned)}
        replaced |= {task.entry.video for task in plan.tasks.values()}
        others = [
            entry.video
            for entry in self.manifest.videos
            if entry.video not in replaced and {name: entry.parameters.get(name) for name in wanted} != wanted
        ]
        if others and plan.settings:
            raise OutputError(
                f"{self.out}: {listed(others, _SHOWN)} {'was' if len(others) == 1 else 'were'} exported with "
                "another min_count or salt (--min-count, --salt-file). Pass the values of these videos, or "
                "export to another folder."
            )
        for name, task in plan.tasks.items():
            for other in plan.parts[name] if self.config.min_count is not None else ():
                if other.video not in replaced and _overlap_in_time(other, task.entry):
                    raise OutputError(
                        f"{self.out}: {other.video!r}, exported earlier, and {name!r} are parts of one video "
                        "that overlap in time. The differences of their figures would reveal what min_count "
                        "(--min-count) withholds. Remove the other part first (ptrack remove "
                        f"{self.out} --video {other.video}), or choose times that do not overlap."
                    )

    def warn_of_editions(self, plan: _Plan) -> None:
        """Warn if this run replaces figures that were exported with ``min_count`` and other settings."""
        if plan.editions:
            names = listed(plan.editions, _SHOWN)
            warnings.warn(
                f"{self.out}: {names} {'has' if len(plan.editions) == 1 else 'have'} other zones, times or "
                "options than in an earlier export with min_count (--min-count). If the earlier tables were "
                "passed on, do not pass on these: the difference can reveal figures withheld in both.",
                PtrackWarning,
                stacklevel=3,
            )

    def target(self, plan: _Plan) -> Target:
        """Return the target of this run for its workers."""
        withheld = {"salted": self.config.salt is not None, "suppressed": self.config.min_count is not None}
        tables = {name: OUTPUTS[name].released_table(**withheld) for name in plan.tables}
        return Target(
            self.out,
            self.name,
            tables,
            self.manifest.further,
            self.manifest.file_partition,
            tuple(plan.settings),
            self.digests,
            self.manifest.versions,
            self.manifest.version,
        )

    def make_tasks(self, plan: _Plan, removed: Sequence[VideoEntry]) -> list[BatchTask]:
        """Return a task for each batch that changes, and for each batch of new videos."""
        batches = self.manifest.batches
        dropped = {entry.video for entry in removed}
        changed: dict[int, list[VideoTask]] = {}
        new = []
        for task in plan.tasks.values():
            if task.entry.batch in batches:
                changed.setdefault(task.entry.batch, []).append(task)
            else:
                new.append(task)
        identities = {task.entry.identity for task in plan.tasks.values()}
        tasks = []
        for batch, entries in batches.items():
            keep = [
                plan.unchanged.get(entry.video, entry)
                for entry in entries
                if entry.identity not in identities and entry.video not in dropped
            ]
            if batch in plan.damaged and keep:
                raise InputError(
                    f"{self.out}: files of {listed([entry.video for entry in keep], _SHOWN)} are missing "
                    "or were changed, and the source does not contain these videos. Remove the videos with "
                    "ptrack remove, or restore the files."
                )
            if batch in changed or len(keep) < len(entries):
                videos = tuple(sorted(changed.get(batch, ()), key=lambda one: one.entry.video))
                tasks.append(BatchTask(batch, videos, tuple(keep), self.manifest.files_by_table(batch)))
        return [*tasks, *cut_batches(new, self.manifest.next_batch)]

    def describe_tables(self, manifest: Manifest, plan: _Plan) -> Iterator[str]:
        """Describe withheld tables, tables that some videos lack, and removed CSV files."""
        chosen = {*(self.config.tables or ())} & {*OUTPUTS}
        withheld = sorted(chosen - {*released_folders([*chosen], self.config), *ALWAYS})
        if withheld and len(chosen) < len(OUTPUTS):  # "all" means all tables that may be written
            option = "--salt-file" if self.config.min_count is None else "--min-count"
            yield f"tables withheld because of {option}: {', '.join(withheld)}"
        names, before = {*plan.names}, {*self.manifest.tables}
        missing = [name for name in plan.tables if before and name not in before]
        lacking = [
            entry.video
            for entry in manifest.videos
            if entry.video not in names and not {*missing} <= {*entry.rows}
        ]
        if lacking:
            yield (
                f"new tables ({', '.join(missing)}) have no rows of videos of earlier runs: "
                f"{listed(lacking, _SHOWN)}. Export the sources of these videos again."
            )
        places = ({file.place.partition("/")[0] for file in one.files} for one in (self.manifest, manifest))
        if "csv" in next(places) - next(places):
            yield "the CSV files of an earlier run were removed. Pass csv=True (--csv) in each run."

    def describe_misfits(self, manifest: Manifest, plan: _Plan) -> Iterator[str]:
        """Describe inconsistencies between the videos of the dataset."""
        names = {*plan.names}
        bare = [
            entry.video for entry in manifest.videos if entry.video in names and not entry.about.get("days")
        ]
        patterns = {name: video.config.started_at for name, video in plan.videos.items()}
        own = [name for name in bare if patterns.get(name) not in {None, self.config.started_at}]
        unknown = [name for name in bare if name not in own]
        yield from no_start(self.config, unknown)
        hourly = [name for name in plan.tables if name.endswith("_hourly")]
        if hourly and unknown and self.config.recordings is None and self.config.started_at is None:
            yield (
                f"the start of {listed(unknown, _SHOWN)} is unknown, so these videos have no rows in "
                f"{' and '.join(hourly)}. Set it with started_at or recordings (--started-at, --recordings)."
            )
        if own:
            yield (
                f"the start of {listed(own, _SHOWN)} is unknown: the name does not match started_at of "
                "the camera"
            )
        years = {int(day[:4]) for day in list_days(manifest.videos)}
        missing = sorted(years - {int(day[:4]) for day in manifest.holidays})
        if missing and (manifest.holidays or self.config.holidays is not None):
            yield (
                f"the table dates has no holidays of {', '.join(map(str, missing))}. Pass holidays "
                "(--holidays) for these years."
            )
        for earlier, now in _find_overlaps(manifest, names):
            yield (
                f"{earlier!r}, exported earlier, and {now!r} are parts of one video that overlap in time, so "
                f"people count twice. Remove one: ptrack remove {self.out} --video {earlier}"
            )
        if len(plan.settings) == 1:  # cameras have their own
            used = plan.settings[0].parameters
            others = {
                id(entry.parameters): entry.parameters
                for entry in manifest.videos
                if entry.video not in names
            }
            differing = {
                name
                for parameters in others.values()
                for name in used.keys() - _OF_A_VIDEO
                if parameters.get(name) != used[name]
            }
            if differing:
                listed_names = ", ".join(sorted(differing))
                yield f"videos of earlier runs have other settings: {listed_names}"


def _find_overlaps(manifest: Manifest, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Find parts of one video that overlap, from an earlier run and from this run."""
    mine: dict[str, list[VideoEntry]] = {}
    for entry in manifest.videos:
        if entry.content and entry.video in names:
            mine.setdefault(entry.content, []).append(entry)
    for entry in manifest.videos:
        if entry.video not in names:
            other = next((one for one in mine.get(entry.content, ()) if _overlap(entry, one)), None)
            if other is not None:
                yield entry.video, other.video


def _overlap(one: VideoEntry, other: VideoEntry) -> bool:
    return one.video.partition("@")[0] == other.video.partition("@")[0] and _overlap_in_time(one, other)


def _overlap_in_time(one: VideoEntry, other: VideoEntry) -> bool:
    starts, ends = ([entry.parameters.get(name) for entry in (one, other)] for name in ("start", "end"))
    return max(start or 0 for start in starts) < min(math.inf if end is None else end for end in ends)


_OF_A_VIDEO = {"video", "persons", "start", "end", "allow_incomplete", "allow_dropped"}
"""Settings that may differ between videos or have separate notes."""


def _report(progress: Progress, count: int, summary: VideoSummary) -> None:
    progress(summary, count)


def _work(
    plan: _Plan,
    tasks: list[BatchTask],
    target: Target,
    crew: dict[str, Any],
    tell: Callable[[VideoSummary], None] | None,
) -> tuple[list[BatchResult], dict[str, VideoSummary]]:
    """Compute all batches; return their results and the summary of each video."""
    summaries, names = dict(plan.failed), {*plan.names}
    for name, entry in plan.unchanged.items():
        if name not in summaries and name in names:
            drawn = [one["name"] for one in entry.places.get("zones", {}).values()]
            summaries[name] = summarize_video(entry, "unchanged", drawn)
    for summary in summaries.values():
        if not plan.tasks and not plan.failed:
            _warn(summary)
        if tell is not None:
            tell(summary)
    results = list[BatchResult]()
    workers = crew.pop("width", 1)
    if workers > 1 and len(tasks) < _TASKS_PER_WORKER * workers:
        videos = sum(len(task.videos) for task in tasks)
        most = max(1, -(-videos // (_TASKS_PER_WORKER * workers)))
        tasks = [chunk for task in tasks for chunk in split_into_chunks(task, most)]
    for result in _compute(tasks, target, crew):
        results.append(result)
        for summary in result.summaries:
            summaries[summary.name] = summary
            _warn(summary)
            if tell is not None:
                tell(summary)
    return results, summaries


def _warn(summary: VideoSummary) -> None:
    """Warn of missing pages, dropped rows and assumptions."""
    if summary.findings and summary.status != "failed":
        message = f"{summary.name}: {'; '.join(summary.findings)}"
        warnings.warn(message, PtrackWarning, stacklevel=4)


def _compute(tasks: Sequence[BatchTask], target: Target, crew: dict[str, Any]) -> Iterator[BatchResult]:
    """Compute batches, and retry each video of a batch whose worker ended."""
    lost = list[BatchTask]()
    for outcome in map_tasks(partial(export_batch, target=target), tasks, **crew):
        if outcome.result is not None:
            yield outcome.result
        elif isinstance(outcome.error, WorkerError | MemoryError):
            if len(outcome.task.videos) > 1:
                lost += split_into_chunks(outcome.task, 1)
            else:
                yield _give_up(outcome.task, outcome.error, target)
        elif outcome.error is not None:
            raise outcome.error
    if lost:
        yield from _compute(lost, target, crew)


def _give_up(task: BatchTask, error: Exception, target: Target) -> BatchResult:
    """Return the result of a video that ended its worker, and keep its earlier rows."""
    failure = WorkerError(str(error) or "the video does not fit into memory")
    withholds = any(target.settings[one.setting].config.withholds for one in task.videos)
    earlier = [entry for one in task.videos for entry in one.keep_earlier(failure, withholds=withholds)]
    result = export_batch(replace(task, videos=(), keep=(*task.keep, *earlier)), target)
    summaries = [
        VideoSummary(
            name=one.entry.video, status="failed", error=WorkerError(f"{one.entry.video}: {failure}")
        )
        for one in task.videos
    ]
    return replace(result, summaries=tuple(summaries))


def _validate_text(out: AnyPath) -> None:
    """Reject a folder whose name is not valid text, because views and descriptions contain it."""
    try:
        str(out).encode()
    except UnicodeEncodeError:
        raise ParameterError(
            f"OUT must be a path that is valid UTF-8 text, got {str(out)!r}. Use another name, or a UTF-8 "
            "locale."
        ) from None


def _read_bytes(path: AnyPath) -> bytes | None:
    """Read a file; None if it is missing or unreadable."""
    try:
        return path.read_bytes() if path.is_file() else None
    except (OSError, ValueError):
        return None
