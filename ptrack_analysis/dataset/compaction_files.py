"""The files of a compaction: guarded, published, uploaded."""

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ptrack_analysis.dataset.catalogue import CATALOGUE
from ptrack_analysis.dataset.compaction_record import COMPACT_PLACE, parse_compact_record
from ptrack_analysis.dataset.placing import was_written
from ptrack_analysis.dataset.records import FOLDERS, PRIVATE, RECORDS
from ptrack_analysis.errors import OutputError, RemoteError
from ptrack_analysis.sources.names import listed
from ptrack_analysis.storage.files import flush_folder, leftovers, make_folder, temporary_beside
from ptrack_analysis.storage.s3 import AnyPath, S3Path

_SHOWN = 3


def validate_target(source: AnyPath, target: AnyPath, *, force: bool) -> None:
    """Reject to write where the dataset lies, or where something lies that no compaction made.

    Raises
    ------
    OutputError
        If the target is a file, is the dataset, lies in it or holds it, or has files that would be lost.
    """
    _validate_no_overlap(source, target)
    if isinstance(target, Path) and target.exists() and not target.is_dir():
        raise OutputError(f"{target}: is a file, so no dataset can be written there")
    if isinstance(target, S3Path) and target.is_file():
        raise OutputError(f"{target}: is an object, so no dataset can be written there")
    places = _places(target)
    known = _recorded(target)
    unknown = [place for place in places if place not in known]
    foreign = [place for place in unknown if not _is_of_dataset(place)]
    if foreign:
        raise OutputError(
            f"{target}: {listed(foreign, _SHOWN)} would be lost, for the whole folder is replaced: "
            "give another folder"
        )
    if unknown and not force:
        raise OutputError(
            f"{target}: {listed(unknown, _SHOWN)} would be replaced, but no compaction made that: give "
            "another folder, or force=True (in the shell --force)"
        )


def _validate_no_overlap(source: AnyPath, target: AnyPath) -> None:
    if isinstance(source, Path) and isinstance(target, Path):
        one, other = source.resolve(), target.resolve()
        overlap = one.is_relative_to(other) or other.is_relative_to(one)
    elif isinstance(source, S3Path) and isinstance(target, S3Path):
        keys = [f"{path.key}/" if path.key else "" for path in (source, target)]
        overlap = source.bucket == target.bucket and (
            keys[0].startswith(keys[1]) or keys[1].startswith(keys[0])
        )
    else:
        return
    if overlap:
        raise OutputError(f"{target}: is the dataset itself, lies in it or holds it: give another folder")


def _places(target: AnyPath) -> list[str]:
    """List the files that are there, and links and folders that are empty too."""
    if isinstance(target, S3Path):
        found = [path.relative_to(target).as_posix() for path in target.below()]
    elif target.is_dir():
        paths = sorted(target.rglob("*"))
        found = [
            path.relative_to(target).as_posix()
            for path in paths
            if path.is_symlink() or not path.is_dir() or not any(path.iterdir())
        ]
    else:
        found = []
    return [place for place in found if place.split("/")[0] != PRIVATE]


def _recorded(target: AnyPath) -> set[str]:
    """List what an earlier compaction made there, by its own record."""
    try:
        record = parse_compact_record((target / COMPACT_PLACE).read_bytes())
    except (OSError, RemoteError):
        return set()
    if record is None:
        return set()
    described = {place for place in CATALOGUE if isinstance(target, S3Path) or was_written(target, place)}
    return {*record.outputs, *described, COMPACT_PLACE}


def _is_of_dataset(place: str) -> bool:
    """Return whether a file lies where a dataset has its own."""
    first = place.partition("/")[0]
    return place in CATALOGUE or first == RECORDS or (first in FOLDERS and place.endswith(".parquet"))


_EXCHANGE = 2
_HERE = -100


@contextmanager
def stage_beside(target: Path) -> Iterator[Path]:
    """Make a hidden folder beside the target; what is still there in the end is removed.

    Folders that killed runs left are removed first.
    """
    make_folder(target.parent)
    for left in leftovers(target.parent, [target.name]):
        shutil.rmtree(left, ignore_errors=True)
    stage = temporary_beside(target)
    try:
        stage.mkdir()
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def publish(stage: Path, target: Path) -> None:
    """Put a finished folder where the target is, whole; what was there lies where the stage was.

    Where nothing is there, that is one rename. Else the two are exchanged in one step (``renameat2`` of
    Linux), so that at any moment one of them is there, whole. Where the system has no such call, the old
    folder is moved aside, and then the new one put there: in between nothing is there, and a run that is
    killed just then leaves the old one under the name ``<target>.old``.

    Raises
    ------
    OutputError
        If the system refuses.
    """
    for folder in sorted((path for path in stage.rglob("*") if path.is_dir()), reverse=True):
        flush_folder(folder)
    flush_folder(stage)
    try:
        if not target.exists():
            stage.rename(target)
        elif not any(target.iterdir()):
            stage.replace(target)
        elif not _exchange(stage, target):
            _replace_in_two_steps(stage, target)
        flush_folder(target.parent)
    except OSError as error:
        raise OutputError(f"{target}: cannot be replaced: {error.strerror or error}") from error


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; whether the system could."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)


def _replace_in_two_steps(stage: Path, target: Path) -> None:
    aside = target.with_name(f"{target.name}.old")
    target.rename(aside)
    stage.rename(target)
    aside.rename(stage)


def upload(stage: Path, target: S3Path) -> None:
    """Upload the files of a stage: tables first, then the catalogue, the record last; then remove the rest.

    A table's file whose name and size are there already is not uploaded again: its name tells its content.

    Raises
    ------
    RemoteError
        If S3 refuses; what was there before is then still there, and its record too.
    """
    there = {
        place: found
        for found in target.below()
        if not (place := found.relative_to(target).as_posix()).startswith(f"{PRIVATE}/")
    }
    made = [path.relative_to(stage).as_posix() for path in sorted(stage.rglob("*")) if path.is_file()]
    for place in sorted(made, key=lambda name: (name == COMPACT_PLACE, name in CATALOGUE, name)):
        is_data = place != COMPACT_PLACE and place not in CATALOGUE
        if not (is_data and place in there and there[place].size == (stage / place).stat().st_size):
            (target / place).put(stage / place)
    for place in sorted(set(there) - set(made)):
        there[place].unlink()
