"""Exports that do not fit a dataset are refused or reported."""

import math
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePath, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.clock.lookup import no_start
from ptrack_analysis.dataset.catalogue import other_settings, other_zones
from ptrack_analysis.dataset.dictionary import find_type_conflicts
from ptrack_analysis.dataset.records import (
    FingerprintCache,
    VideoEntry,
    find_checksum,
    look_at,
    read_cached_bytes,
    read_record,
    read_seen,
    seen_place,
    table_place,
    video_name,
)
from ptrack_analysis.dataset.staging import Workspace
from ptrack_analysis.dataset.video_files import Export
from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.sources.archive import VideoReference, shown
from ptrack_analysis.sources.names import below_root, listed
from ptrack_analysis.storage.s3 import AnyPath

_SHOWN = 3


def hash_source(root: AnyPath) -> str:
    """Return the SHA-256 of a source's absolute path: it identifies the source without naming it."""
    return _mark(_absolute(root))


def validate_same_videos(videos: Mapping[str, VideoReference], root: AnyPath, stage: Workspace) -> None:
    """Reject to replace a video of the dataset with a different video of the same name.

    Where both JobIds are known, they decide: equal means the same video. Otherwise the video is the same if
    one of its files has the absolute path of a file that the earlier export read (the archive grew, or was
    fetched again or edited), or if its files include the content of all files of the earlier export (the
    source was moved or copied). The JobId of the earlier export comes from the table ``videos``, checksums
    from the record, and paths, as hashes, from the notes in ``.ptrack``.

    Parameters
    ----------
    videos
        The videos to be exported, by their names in the dataset.
    root
        The source.
    stage
        The dataset.

    Raises
    ------
    ParameterError
        If a name belongs to a different video.
    """
    for name, reference in videos.items():
        record = read_record(stage.folder, name)
        if record is None:
            continue
        seen = read_seen(read_cached_bytes(stage.folder / seen_place(name)))
        if _is_unchanged(reference, root, record, seen):
            continue
        job = _job_in(stage, name)
        if job is not None and reference.job_id is not None:
            is_same = job == reference.job_id
        else:
            is_same = _shares_path(reference, root, record, seen) or _has_content(
                reference, root, record, seen
            )
        if not is_same:
            there = [source["name"] for source in record.source] if job is None else [f"job {job}"]
            wanted = "" if reference.job_id is None else f" (job {reference.job_id!r})"
            raise ParameterError(
                f"{stage.out} already has a video {name!r}, made from {listed(there, _SHOWN)}. "
                f"{reference.files[0]}{wanted} is a different video and would replace it. Export the folder "
                "that contains both sources to a new dataset, or give this export another out (OUT)."
            )


def _is_unchanged(
    reference: VideoReference, root: AnyPath, record: VideoEntry, seen: FingerprintCache
) -> bool:
    """Return whether the files look as they did when the record was made; no file is read."""
    recorded = {source["name"]: source["sha256"] for source in record.source}
    files = {shown(root, file): file for file in reference.files}
    if files.keys() != recorded.keys() or not files.keys() <= seen.sources.keys():
        return False
    try:
        return all(seen.sources[name] == (look_at(files[name])[0], recorded[name]) for name in files)
    except OSError:
        return False


def _job_in(stage: Workspace, video: str) -> str | None:
    """Read the JobId of a video of the dataset; None if it has none, or its table cannot be read."""
    place = table_place("videos", video)
    stage.fetch([place])
    try:
        values = pq.read_table(stage.folder / place, columns=["job_id"])["job_id"].to_pylist()
    except (OSError, pa.ArrowException, KeyError):
        return None
    return None if not values or values[0] is None else str(values[0])


def _shares_path(
    reference: VideoReference, root: AnyPath, record: VideoEntry, seen: FingerprintCache
) -> bool:
    """Return whether the earlier export read a file with the absolute path of one of these files."""
    if not seen.origin:
        return False
    names = {source["name"] for source in record.source}
    for file in reference.files:
        below = below_root(root, file)
        path = _absolute(root) if below is None else _absolute(root) / below
        if path.name in names and _mark(path) == seen.origin:  # that file was the source itself
            return True
        for folder in path.parents:
            if path.relative_to(folder).as_posix() in names and _mark(folder) == seen.origin:
                return True
    return False


def _has_content(
    reference: VideoReference, root: AnyPath, record: VideoEntry, seen: FingerprintCache
) -> bool:
    """Return whether the content of every file of the earlier export is among these files."""
    try:
        found = {find_checksum(file, shown(root, file), seen.sources, {}) for file in reference.files}
    except OSError:
        return True  # the video will fail, and keeps the files that it has
    return {source["sha256"] for source in record.source} <= found


def _absolute(path: AnyPath) -> PurePath:
    if isinstance(path, Path):
        return path.resolve()
    return PurePosixPath("s3:", path.bucket, path.key)


def _mark(path: PurePath) -> str:
    return sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()


_WITHHELD = ("min_count", "salt")


def misfits(records: Sequence[VideoEntry], export: Export) -> Iterator[str]:
    """Describe where the videos of a dataset do not fit together."""
    yield from _twice(records, export)
    yield from _bound_to_nobody(export)
    yield from no_start(
        export.settings,
        [one.video for one in records if one.video in export.videos and not one.about.get("days")],
    )
    bare = [record.video for record in _unwithheld(records, export)]
    if bare:
        yield (
            f"of {listed(bare, _SHOWN)}, which could not be exported now, an earlier run's files are there, "
            "with what is withheld of the others: do not hand them on"
        )
    differing = [] if export.has_cameras else other_settings(records, export.videos, export.parameters)
    if differing:
        yield (
            "videos of earlier runs, left as they are, were measured with other settings: "
            + ", ".join(differing)
        )
    for conflict in find_type_conflicts(records):
        yield f"{conflict}, so their detections cannot be read together or compacted"
    others = list[str]()
    if export.scene is not None and not export.has_cameras:
        others = other_zones(records, export.videos, export.scene)
    if others:
        yield f"the visits of {listed(others, _SHOWN)}, exported earlier, are to the zones of another file"


def validate_withheld(
    records: Sequence[VideoEntry], export: Export, gone: Sequence[str], *, prune: bool
) -> None:
    """Reject to withhold something in a dataset in which full files of other videos would stay.

    ``gone`` are the videos that ``prune`` removes.

    Raises
    ------
    OutputError
        If there are videos that the source does not have, or other parts of its videos, with other settings
        of what is withheld.
    """
    others = [one.video for one in _unwithheld(records, export) if one.video not in export.videos]
    kept = [name for name in others if name not in gone]
    if kept:
        raise OutputError(
            f"{export.out} holds {listed(kept, _SHOWN)} from another source or of other parts, with "
            "values that are to be withheld now. Write to another folder."
        )
    if others and not prune:
        raise OutputError(
            f"{export.out}: holds {listed(others, _SHOWN)} of an earlier run, no longer in the source, with "
            "what is to be withheld now: give another folder, or prune=True (in the shell --prune) to remove "
            "them"
        )


def _unwithheld(records: Sequence[VideoEntry], export: Export) -> list[VideoEntry]:
    """List the videos of which an earlier run withheld less, or by another salt or count, than this one."""
    if not export.settings.withholds:
        return []
    wanted = [export.parameters.get(name) for name in _WITHHELD]
    return [one for one in records if [one.parameters.get(name) for name in _WITHHELD] != wanted]


def _bound_to_nobody(export: Export) -> Iterator[str]:
    """Describe which zones and lines are bound to videos that are not in the source."""
    videos = {video_name(video) for video in export.videos}
    strangers = [] if export.scene is None else export.scene.find_unmatched(videos)
    if strangers:
        yield (
            f"{export.settings.zones} has zones or lines of {', '.join(map(repr, strangers))}, which is no "
            f"video of the source; it has {', '.join(map(repr, sorted(videos)[:_SHOWN]))}"
        )


def _twice(records: Sequence[VideoEntry], export: Export) -> Iterator[str]:
    """Describe which videos were made from the same files, overlap in time, and so count twice."""
    alike: dict[tuple[str, ...], list[VideoEntry]] = {}
    for record in sorted(records, key=lambda record: record.video not in export.videos):
        files = tuple(sorted(source["sha256"] for source in record.source))
        others = alike.setdefault(files, [])
        other = next((one for one in others if _overlap(one, record)), None)
        others.append(record)
        if other is not None and record.video not in export.videos:
            yield (
                f"{record.video!r}, exported earlier, was made of the same files as {other.video!r}"
                f"{'' if _between(record) == _between(other) else ' and overlaps it in time'}, so they count "
                f"twice: remove the files named {record.video} from {export.out}"
            )


def _overlap(one: VideoEntry, other: VideoEntry) -> bool:
    """Return whether the parts of two records have a time in common."""
    return max(_between(one)[0], _between(other)[0]) < min(_between(one)[1], _between(other)[1])


def _between(record: VideoEntry) -> tuple[float, float]:
    """Return the start and the end of the part that a record is of [ms]."""
    start, end = (record.parameters.get(name) for name in ("start", "end"))
    return start or 0, math.inf if end is None else end
