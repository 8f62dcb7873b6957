"""Batches of videos: computation in workers and storage of rows in files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ptrack_analysis.clock.recordings import Recording
from ptrack_analysis.clock.timezones import parse_timezone
from ptrack_analysis.dataset.delta_tables import read_videos
from ptrack_analysis.dataset.dimensions import describe_video, list_definitions, with_keys
from ptrack_analysis.dataset.identity import Digests, hash_content
from ptrack_analysis.dataset.manifest import (
    PARTITION_KEYS,
    STAGING,
    DatasetFile,
    Partition,
    VideoEntry,
    place_file,
    read_whole,
)
from ptrack_analysis.dataset.publishing import stage_file
from ptrack_analysis.dataset.release import needed_folders, release, released_folders
from ptrack_analysis.dataset.summary import VideoSummary, sum_figures, summarize_video
from ptrack_analysis.errors import InputError, OutputError, PtrackError, RemoteError
from ptrack_analysis.pipeline.config import AnalysisConfig
from ptrack_analysis.pipeline.notes import notes_on
from ptrack_analysis.pipeline.outputs import ALWAYS, OUTPUTS, outputs_available
from ptrack_analysis.pipeline.video_analysis import VideoAnalysis
from ptrack_analysis.scene.zone_files import Scene
from ptrack_analysis.schema import Table, find_further_columns
from ptrack_analysis.schema.arrays import Rows, TableArrays, collect, to_frame
from ptrack_analysis.sources.archive import VideoReference
from ptrack_analysis.storage.facts import (
    SCHEMA_VERSION,
    Clock,
    Further,
    VideoTable,
    arrow_schema,
    build_rows,
    conform,
    find_further_types,
    join_rows,
    join_types,
    split_by,
    upgrade,
    write_fact,
)
from ptrack_analysis.storage.s3 import AnyPath

MOST_VIDEOS = 25
MOST_BYTES = 128 * 2**20
"""Maximum number of videos per batch, and of bytes of their pages."""
CURRENT, OUTDATED = "current", "outdated"
FAILED = "failed"
"""Fault of a video with withheld data, because its manifest must not contain names of source files."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A configuration that some videos of an export share, with its zones and lines.

    ``parameters`` are its values that change numbers, ``tables`` the tables that are written with it.
    """

    config: AnalysisConfig
    scene: Scene | None
    parameters: Mapping[str, Any]
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoTask:
    """One video to compute, with its new entry, the index of its settings and its earlier entry."""

    reference: VideoReference
    recording: Recording
    setting: int
    entry: VideoEntry
    before: VideoEntry | None = None

    def keep_earlier(self, error: Exception, *, withholds: bool) -> tuple[VideoEntry, ...]:
        """Return the entry of the earlier rows of a video that failed, with the fault."""
        if self.before is None or not self.before.rows:
            return ()
        return (replace(self.before, fault=FAILED if withholds else " ".join(str(error).split())),)


@dataclass(frozen=True, slots=True)
class BatchTask:
    """The task of a worker: compute ``videos``, and keep a batch's other rows.

    ``files`` are the current files of the batch by table. If a batch is split into chunks, only the first
    chunk keeps rows.
    """

    batch: int
    videos: tuple[VideoTask, ...]
    keep: tuple[VideoEntry, ...] = ()
    files: Mapping[str, Sequence[DatasetFile]] = field(default_factory=dict)
    chunk: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The dataset, tables and settings of a run, sent to workers with every task.

    ``versions`` are the versions of Delta tables, and ``schema_version`` is the version of their rows.
    """

    out: AnyPath
    run: str
    tables: Mapping[str, Table]
    further: Mapping[str, Further]
    partition: Partition | None
    settings: tuple[Setting, ...]
    digests: Digests = field(default_factory=Digests)
    versions: Mapping[str, int] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The entries, staged files, further columns and video summaries of a batch."""

    batch: int
    entries: tuple[VideoEntry, ...]
    files: tuple[DatasetFile, ...]
    further: Mapping[str, Further]
    summaries: tuple[VideoSummary, ...]


def cut_batches(videos: Iterable[VideoTask], first: int) -> Iterator[BatchTask]:
    """Group new videos by name into batches numbered from ``first``."""
    waiting: list[VideoTask] = []
    size = 0
    for video in sorted(videos, key=lambda task: task.entry.video):
        own = sum(map(_measure, video.reference.files))
        if waiting and (len(waiting) == MOST_VIDEOS or size + own > MOST_BYTES):
            yield _numbered(waiting, first)
            first, waiting, size = first + 1, [], 0
        waiting.append(video)
        size += own
    if waiting:
        yield _numbered(waiting, first)


def _measure(file: AnyPath) -> int:
    """Return the size of a file, or 0 if it is missing (reading it fails later)."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _numbered(videos: Sequence[VideoTask], batch: int) -> BatchTask:
    return BatchTask(batch, tuple(replace(one, entry=replace(one.entry, batch=batch)) for one in videos))


def split_into_chunks(task: BatchTask, most: int) -> list[BatchTask]:
    """Split a batch into chunks of at most ``most`` videos, to use all workers."""
    starts = range(0, max(len(task.videos), 1), most)
    if len(starts) == 1:
        return [task]
    prefix = "" if task.chunk is None else f"{task.chunk}."
    return [
        replace(
            task,
            videos=task.videos[start : start + most],
            keep=task.keep if start == 0 else (),
            chunk=f"{prefix}{start // most}",
        )
        for start in starts
    ]


def compute_tables(analysis: VideoAnalysis) -> tuple[dict[str, Rows], list[str]]:
    """Compute the configured tables of one video, and notes on the video.

    The tables contain the keys of zones and lines. They are not yet in the stored form.

    Raises
    ------
    PtrackError
        If the video cannot be read or analyzed.
    """
    config = analysis.config
    wanted = {*released_folders([*OUTPUTS], config), *ALWAYS, *needed_folders(config)}
    definitions = list_definitions(analysis.scene, analysis.video.name)
    tables = {
        output.name: with_keys(analysis.compute_rows(output.name), output.table, definitions)
        for output in outputs_available(config, analysis.scene)
        if output.name in wanted
    }
    notes = notes_on(analysis.reading, tables["tracks"])
    return tables, [*notes, *analysis.notes]


def compute_table(analysis: VideoAnalysis, name: str) -> pd.DataFrame:
    """Compute one table of a video, with the keys of its zones and lines."""
    definitions = list_definitions(analysis.scene, analysis.video.name)
    return to_frame(with_keys(analysis.compute_rows(name), OUTPUTS[name].table, definitions))


def format_fact(rows: pa.Table, schema: Table) -> pa.Buffer:
    """Format rows of a dataset as a Parquet file."""
    sink = pa.BufferOutputStream()
    write_fact(rows, schema, sink)
    return sink.getvalue()


def export_batch(task: BatchTask, target: Target) -> BatchResult:
    """Compute the videos of a batch, and stage the files of its tables.

    A video that cannot be read or analyzed keeps its earlier rows.

    Raises
    ------
    OutputError
        If the files cannot be written.
    RemoteError
        If a request to S3 fails.
    """
    made: dict[str, list[VideoTable]] = {name: [] for name in target.tables}
    entries, summaries, kept = dict[str, VideoEntry](), list[VideoSummary](), list(task.keep)
    further = dict(target.further)
    for video in task.videos:
        tables, entry, summary = _try_video(video, target)
        summaries.append(summary)
        if summary.error is not None:
            withholds = target.settings[video.setting].config.withholds
            kept += video.keep_earlier(summary.error, withholds=withholds)
            continue
        entries[entry.video] = entry
        for name, part in tables.items():
            made[name].append(part)
            types = _find_further_types(part.table, target.tables[name])
            if types:
                further[name] = join_types(further.get(name, ()), types)
    entries |= {entry.video: entry for entry in kept}
    files = list[DatasetFile]()
    for name, schema in target.tables.items():
        columns = further.get(name, ())
        rows = _read_kept(kept, name, task, target)
        if made[name]:
            rows.append(build_rows(made.pop(name), schema, columns))
        files += stage_rows(join_rows(rows, arrow_schema(schema, columns)), name, task, target)
    ordered = tuple(entries[name] for name in sorted(entries))
    return BatchResult(task.batch, ordered, tuple(files), further, tuple(summaries))


def _find_further_types(table: Rows, schema: Table) -> Further:
    """Return the columns of a table outside its schema, with their stored types."""
    if isinstance(table, TableArrays):
        return ()
    return find_further_types(table, find_further_columns(table, schema))


def stage_rows(rows: pa.Table, name: str, task: BatchTask, target: Target) -> Iterator[DatasetFile]:
    """Stage the rows of a batch as files of a table; skip a table without rows."""
    if rows.num_rows == 0:
        return
    partition = target.partition if task.chunk is None else None
    for value, part in split_by(rows, partition):
        if task.chunk is None:
            place = place_file(name, task.batch, partition, value)
        else:
            place = f"_chunks/{task.batch}-{task.chunk}/{name}.parquet"
        content = format_fact(part, target.tables[name])
        yield stage_file(target.out, target.run, place, content, rows=len(part), batch=task.batch)


def _try_video(video: VideoTask, target: Target) -> tuple[dict[str, VideoTable], VideoEntry, VideoSummary]:
    """Compute the tables of one video; on failure, return only a summary."""
    try:
        return _compute(video, target)
    except (OutputError, RemoteError):
        raise
    except PtrackError as failure:
        error = failure
    except Exception as failure:  # noqa: BLE001 - a faulty video must not stop the others
        error = InputError(f"{video.entry.video}: cannot be analyzed: {type(failure).__name__}: {failure}")
    return {}, video.entry, VideoSummary(name=video.entry.video, status="failed", error=error)


def _compute(video: VideoTask, target: Target) -> tuple[dict[str, VideoTable], VideoEntry, VideoSummary]:
    """Compute the stored tables of one video."""
    setting, name = target.settings[video.setting], video.entry.video
    analysis = VideoAnalysis(video.reference, setting.config, setting.scene, video.recording, warn=False)
    tables, notes = compute_tables(analysis)
    report = analysis.reading.report.to_dict(examples=False)
    zones = _list_zones(video, setting)
    clock = _find_clock(analysis.recording)
    made = {
        table: VideoTable(name, _prepare(content, table, name, setting, target.tables[table]), clock)
        for table, content in release(tables, setting.config, name, analysis.recording.holidays).items()
    }
    entry = replace(
        video.entry,
        content=video.entry.content or target.digests.digest(hash_content(video.reference)),
        fault="",
        rows={table: len(part.table) for table, part in made.items()},
        about=describe_video(analysis, tables["tracks"]),
        figures=sum_figures(tables.get("tracks"), tables.get("visits"), zones),
        notes=tuple(notes),
        read_report=report,
    )
    if setting.config.withholds:
        kept = {key: report[key] for key in ("completeness", "missing")}
        entry, zones = replace(entry, read_report=kept, figures={}, notes=()), []
    summary = summarize_video(entry, "written", zones)
    return made, entry, replace(summary, findings=tuple(report["findings"]))


def _prepare(table: Rows, name: str, video: str, setting: Setting, schema: Table) -> Rows:
    """Return a table with its further columns, and its video's name and status."""
    if isinstance(table, TableArrays):
        if name != "videos":
            return table
        return collect(table.schema, {**table.arrays, "video": [video], "status": [CURRENT]})
    if name == "videos":
        table = table.set_axis(pd.Index([video], name="video", dtype=table.index.dtype))
        table = table.assign(status=pd.array([CURRENT], dtype="str"))
    further = find_further_columns(table, schema)
    has_further = name in ("videos", "trajectories" if setting.config.points_unit else "detections")
    if further and not has_further:
        return table.drop(columns=further)
    fixed = {one.lower() for one in arrow_schema(schema).names} | {*PARTITION_KEYS.values()}
    return table.rename(columns={one: f"source_{one}" for one in further if one.lower() in fixed})


def _list_zones(video: VideoTask, setting: Setting) -> list[str]:
    if setting.scene is None:
        return []
    return [zone.name for zone in setting.scene.of(video.reference.name).zones]


def find_start(videos: pd.DataFrame) -> datetime | None:
    """Return the start of a recording from its VIDEOS table; None if it is unknown."""
    started = pd.Timestamp(videos["started_at"].iloc[0])
    return None if pd.isna(started) else started.tz_localize(None).tz_localize(UTC).to_pydatetime()


def _find_clock(recording: Recording) -> Clock:
    zone = None if recording.timezone is None else parse_timezone(recording.timezone)
    return Clock.of(recording.started_at, zone)


def _read_kept(kept: Sequence[VideoEntry], table: str, task: BatchTask, target: Target) -> list[pa.Table]:
    """Read the rows of videos of the batch that are not computed in this run."""
    if not kept:
        return []
    names = pa.array([entry.video for entry in kept], pa.string())
    outdated = pa.array([entry.video for entry in kept if entry.fault], pa.string())
    if table in target.versions:
        version = target.versions[table]
        parts = [*read_videos(target.out, table, version, names, schema_version=target.schema_version)]
    else:
        parts = [read_rows(target.out / file.place, file) for file in task.files.get(table, ())]
        parts = [rows.filter(pc.is_in(rows["video"], value_set=names)) for rows in parts]
    return [_set_status(rows, outdated) for rows in parts] if table == "videos" else parts


def _set_status(videos: pa.Table, outdated: pa.Array) -> pa.Table:
    """Set the status in rows of ``videos``."""
    index = videos.column_names.index("status")
    status = pc.if_else(pc.is_in(videos["video"], value_set=outdated), OUTDATED, CURRENT)
    return videos.set_column(index, videos.schema.field(index), status)


def read_rows(path: AnyPath, file: DatasetFile) -> pa.Table:
    """Read a file of the dataset and verify its checksum.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    try:
        stored = path.read_bytes()
        if sha256(stored).hexdigest() != file.sha256:
            raise InputError(
                f"{path}: the file was changed after ptrack wrote it. Delete it and export the source again."
            )
        content = read_whole(stored)
    except FileNotFoundError as error:
        raise InputError(f"{path}: the file is missing, but the manifest lists it") from error
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read as Parquet: {error}") from error
    return upgrade(content)


def join_chunks(
    batch: int, results: Sequence[BatchResult], target: Target, further: Mapping[str, Further]
) -> tuple[DatasetFile, ...]:
    """Join the chunks of one batch into its files."""
    task = BatchTask(batch, ())
    files = list[DatasetFile]()
    staging = target.out / STAGING / target.run
    for name, schema in target.tables.items():
        chunks = [file for result in results for file in result.files if _table_of(file.place) == name]
        rows = [read_rows(staging / file.place, file) for file in chunks]
        joined = join_rows(rows, arrow_schema(schema, further.get(name, ())))
        files += stage_rows(joined, name, task, target)
    return tuple(files)


def _table_of(place: str) -> str:
    return place.rpartition("/")[2].removesuffix(".parquet")


def restage(file: DatasetFile, source: AnyPath, target: Target, further: Further) -> DatasetFile:
    """Stage a file of the dataset again with the current columns of its table."""
    schema = target.tables[file.table]
    content = format_fact(conform(read_rows(source, file), arrow_schema(schema, further)), schema)
    return stage_file(target.out, target.run, file.place, content, rows=file.rows, batch=file.batch)
