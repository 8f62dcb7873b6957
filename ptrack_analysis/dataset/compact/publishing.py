"""Putting a whole folder in its place, in one step."""

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ptrack_analysis.errors import OutputError
from ptrack_analysis.storage.files import flush_folder, leftovers, make_folder, temporary_beside

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
