"""Writing, replacing and removing files of a dataset."""

import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ptrack_analysis.dataset.records import (
    FOLDERS,
    MARK,
    Look,
    VideoEntry,
    find_checksum,
    is_record,
    list_table_files,
    look_at,
    read_cached_bytes,
    read_seen,
    record_place,
    seen_place,
    tagged,
    video_name,
)
from ptrack_analysis.dataset.staging import Workspace
from ptrack_analysis.errors import OutputError
from ptrack_analysis.schema import SALTED, SUPPRESSED, TABLES
from ptrack_analysis.sources.names import listed
from ptrack_analysis.storage.columns import add_video_key, stored_columns
from ptrack_analysis.storage.files import make_folder, remove_file, write_text
from ptrack_analysis.storage.parquet import is_ours
from ptrack_analysis.storage.s3 import AnyPath, S3Path

_SHOWN = 3


def validate_own_files(out: Path, places: Iterable[str], *, force: bool) -> None:
    """Reject to write where something lies that the package did not write.

    With ``force`` a file that is somebody else's may be replaced; a folder in the place of a file, and a file
    in the place of a folder, never.

    Parameters
    ----------
    out
        The dataset's folder.
    places
        What is to be written there and is in no record, below that folder.
    force
        Whether files may be replaced.

    Raises
    ------
    OutputError
        With the first few that are in the way.
    """
    places = list(places)
    for folder in sorted({parent for place in places for parent in (out / place).parents if parent != out}):
        if folder.is_relative_to(out) and folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder}: a file is where this folder should go")
    for place in places:
        if (out / place).is_dir():
            raise OutputError(f"{out / place}: is a folder, so no file can be written there")
    if force:
        return
    strangers = [place for place in places if (out / place).exists() and not was_written(out, place)]
    if strangers:
        raise OutputError(
            f"{out}: {listed(strangers, _SHOWN)} would be replaced, but ptrack-analysis did not write that: "
            "give another folder, or force=True (in the shell --force)"
        )


def was_written(out: Path, place: str) -> bool:
    """Return whether the package wrote the file at this place, as far as the file itself tells.

    A Parquet file has the package's mark in its metadata, a record names the package, a text has the mark in
    its first line, and a CSV file has the columns of its table.
    """
    path = out / place
    match path.suffix:
        case ".parquet":
            return is_ours(path)
        case ".csv":
            return _has_columns(path, folder=Path(place).parent.name)
        case ".json":
            return is_record(path)
        case _:
            return MARK in _first_line(path)


def _has_columns(path: Path, folder: str) -> bool:
    name = FOLDERS[folder].name
    forms = [forms[name] for forms in (TABLES, SALTED, SUPPRESSED) if name in forms]
    known = {
        column.name
        for form in map(add_video_key, forms)
        for unit in form.units
        for column in stored_columns(form, unit, clocked=True)
    }
    header = _first_line(path).strip().replace('"', "").split(",")
    further = folder == "videos"  # the user's own columns of a recording may stand there
    needed = {
        column.name for column in stored_columns(add_video_key(FOLDERS[folder])) if not column.of.optional
    }
    return header[0] == "video" and (needed <= set(header) if further else set(header) <= known)


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(10_000)
    except OSError:
        return ""


_AT_ONCE = 8

RemoteListing = Mapping[str, S3Path] | None
"""The objects of a dataset in S3 by their places, as they were listed; None on disk."""


def put_text(out: AnyPath, place: str, text: str, *, new: bool = False) -> None:
    """Put a text to its place, whole; if ``new``, in S3 only where there is none."""
    if isinstance(out, S3Path):
        (out / place).write_bytes(text.encode(), new=new)
        return
    make_folder((out / place).parent)
    write_text(out / place, text)


def upload(folder: Path, out: S3Path, made: Mapping[str, Mapping[str, Any]]) -> dict[str, Look]:
    """Put files that were made in a folder to their places in S3, each whole; tell how they look there."""

    def put(place: str) -> tuple[str, Look]:
        content = (folder / place).read_bytes()
        tag = (out / place).write_bytes(content)
        return place, (tagged(len(content), tag), str(made[place]["sha256"]))

    first, *others = made  # what is refused is refused once
    looks = [put(first)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict([*looks, *pool.map(put, others)])


def read_file_stats(out: Path, made: Mapping[str, Mapping[str, Any]]) -> dict[str, Look]:
    """Return how files on disk look that were made just now, of those that can be relied on."""
    looks = {place: look_at(out / place) for place in made}
    return {
        place: (look, str(made[place]["sha256"])) for place, (look, is_settled) in looks.items() if is_settled
    }


def intact(
    record: VideoEntry, out: AnyPath, places: list[str], there: RemoteListing, seen: Mapping[str, Look]
) -> dict[str, Look] | None:
    """Return how a video's files look, if exactly these were made and are as they were made; else None.

    A file is read only if it does not look as it did when it was ``seen``.
    """
    if sorted(record.outputs) != sorted(places):
        return None
    noted: dict[str, Look] = {}
    for place in places:
        path = place_in(out, place, there)
        try:
            if path is None or find_checksum(path, place, seen, noted) != record.outputs[place]["sha256"]:
                return None
        except OSError:
            return None
    return noted


def place_in(out: AnyPath, place: str, there: RemoteListing) -> AnyPath | None:
    """Return the path of a file; None where it is known that there is none."""
    return out / place if there is None else there.get(place)


def remove_others(out: AnyPath, video: str, places: Iterable[str], there: RemoteListing) -> None:
    """Remove what an earlier run wrote of a video, but for these places."""
    for place in set(list_table_files(video)).difference(places):
        if there is not None or os.path.isfile(f"{out}/{place}"):  # noqa: PTH113 - half of the cost of a Path
            remove_written(out, place, there)


def remove_written(out: AnyPath, place: str, there: RemoteListing) -> None:
    """Remove a file, if it is there and the package wrote it."""
    path = place_in(out, place, there)
    if isinstance(path, S3Path):
        with tempfile.TemporaryDirectory(prefix="ptrack-") as folder:
            make_folder((Path(folder) / place).parent)
            (Path(folder) / place).write_bytes(path.read_bytes())
            if was_written(Path(folder), place):
                path.unlink()
    elif path is not None and isinstance(out, Path) and path.is_file() and was_written(out, place):
        remove_file(path, up_to=out)


def gone_from(
    records: Iterable[VideoEntry], videos: frozenset[str], folder: Path, origin: str
) -> tuple[list[str], list[str]]:
    """List the videos of a dataset that this export does not have, in the order of their names.

    Other parts of a video that the source has are not among them.

    Parameters
    ----------
    records
        The records of all videos of the dataset.
    videos
        The names of the videos of the source.
    folder
        The folder with the notes on the dataset.
    origin
        The mark of the source.

    Returns
    -------
    tuple
        The videos that came from this source, and the videos that came from another or an unknown source.
    """
    here = {video_name(video) for video in videos}
    others = sorted(record.video for record in records if video_name(record.video) not in here)
    gone = [
        name for name in others if read_seen(read_cached_bytes(folder / seen_place(name))).origin == origin
    ]
    return gone, [name for name in others if name not in gone]


def remove_videos(stage: Workspace, videos: Sequence[str]) -> None:
    """Remove the files that the package wrote of these videos: tables first, then their records.

    The names of the videos go to stderr before anything is removed.

    Raises
    ------
    OutputError
        If the system refuses.
    RemoteError
        If S3 refuses.
    """
    names = listed(videos, len(videos))
    sys.stderr.write(f"Removing from {stage.out}: {names}, which the source no longer has\n")
    sys.stderr.flush()
    for video in videos:
        there = stage.of_video(video)
        for place in list_table_files(video):
            remove_written(stage.out, place, there)
        for place in (seen_place(video), record_place(video)):
            if isinstance(stage.out, S3Path):
                (stage.out / place).unlink()
            remove_file(stage.folder / place, up_to=stage.folder)
