"""Whether a video to be exported is the video that the dataset already has under its name."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePath, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from ptrack_analysis.dataset.layout import table_place
from ptrack_analysis.dataset.record import Record, read_record
from ptrack_analysis.dataset.seen import Seen, bytes_of, checksum_of, look_at, read_seen, seen_place
from ptrack_analysis.dataset.staging import Stage
from ptrack_analysis.errors import ParameterError
from ptrack_analysis.sources.archive import VideoReference, shown
from ptrack_analysis.sources.names import below_root, listed
from ptrack_analysis.storage.s3 import AnyPath

_SHOWN = 3


def mark_of(root: AnyPath) -> str:
    """Return the SHA-256 of a source's absolute path: it identifies the source without naming it."""
    return _mark(_absolute(root))


def refuse_other_videos(videos: Mapping[str, VideoReference], root: AnyPath, stage: Stage) -> None:
    """Refuse to replace a video of the dataset with a different video of the same name.

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
        seen = read_seen(bytes_of(stage.folder / seen_place(name)))
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


def _is_unchanged(reference: VideoReference, root: AnyPath, record: Record, seen: Seen) -> bool:
    """Whether the files look as they did when the record was made; no file is read."""
    recorded = {source["name"]: source["sha256"] for source in record.source}
    files = {shown(root, file): file for file in reference.files}
    if files.keys() != recorded.keys() or not files.keys() <= seen.sources.keys():
        return False
    try:
        return all(seen.sources[name] == (look_at(files[name])[0], recorded[name]) for name in files)
    except OSError:
        return False


def _job_in(stage: Stage, video: str) -> str | None:
    """Read the JobId of a video of the dataset; None if it has none, or its table cannot be read."""
    place = table_place("videos", video)
    stage.fetch([place])
    try:
        values = pq.read_table(stage.folder / place, columns=["job_id"])["job_id"].to_pylist()
    except (OSError, pa.ArrowException, KeyError):
        return None
    return None if not values or values[0] is None else str(values[0])


def _shares_path(reference: VideoReference, root: AnyPath, record: Record, seen: Seen) -> bool:
    """Whether the earlier export read a file with the absolute path of one of these files."""
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


def _has_content(reference: VideoReference, root: AnyPath, record: Record, seen: Seen) -> bool:
    """Whether the content of every file of the earlier export is among these files."""
    try:
        found = {checksum_of(file, shown(root, file), seen.sources, {}) for file in reference.files}
    except OSError:
        return True  # the video will fail, and keeps the files that it has
    return {source["sha256"] for source in record.source} <= found


def _absolute(path: AnyPath) -> PurePath:
    if isinstance(path, Path):
        return path.resolve()
    return PurePosixPath("s3:", path.bucket, path.key)


def _mark(path: PurePath) -> str:
    return sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()
