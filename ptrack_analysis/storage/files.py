"""Atomic replacement of files on disk."""

import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from ptrack_analysis.errors import OutputError
from ptrack_analysis.limits import validate_path
from ptrack_analysis.storage.s3 import AnyPath

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, flock

_MARK = ".ptrack-"
_SUFFIX = ".tmp"
_own = set[str]()
"""Temporary files of this process."""
_LONGEST_FOLDER = 247
"""Length of a folder's path that Windows accepts if long paths are not enabled; a file's is 12 more."""
_WRITING = 3600.0
"""Age up to which a temporary file may still be written, if processes cannot be checked [s]."""


def replace_file(
    path: str | PathLike[str],
    write: Callable[[BinaryIO], object],
    *,
    verify: Callable[[Path], None] | None = None,
) -> None:
    """Write a file atomically and durably.

    The content is written to a hidden temporary file in the same folder. This file is flushed to disk,
    verified and renamed to ``path`` in one step. If an error occurs, the old file remains and the temporary
    file is removed. A killed process leaves its temporary file, which the next call for this file removes.

    Parameters
    ----------
    path
        The file. Its folder must exist. A symbolic link is replaced, not followed.
    write
        Writes the content to an open binary file.
    verify
        Checks the closed temporary file and raises if the content is wrong.

    Raises
    ------
    OutputError
        If the path is a folder or not a regular file, its folder does not exist, or the file cannot be
        written (no permission, disk full).
    """
    validate_path(path, "path")
    remove_leftovers(Path(path).parent, [Path(path).name])
    _replace(Path(path), write, verify)


def _replace(
    target: Path, write: Callable[[BinaryIO], object], verify: Callable[[Path], None] | None = None
) -> None:
    _validate_target(target)
    temporary = temporary_beside(target)
    try:
        with temporary.open("xb") as file:
            write(file)
            flush(file)
        if verify is not None:
            verify(temporary)
        temporary.replace(target)
        flush_folder(target.parent)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {explain(error)}") from error
    finally:
        _remove(temporary)
        _own.discard(temporary.name)


def write_output(path: str | PathLike[str], content: bytes) -> None:
    """Write bytes to a file that the user names; see ``replace_file``."""
    replace_file(path, lambda file: file.write(content))


def write_bytes(path: str | PathLike[str], content: bytes) -> None:
    """Write bytes to a file of a folder with many, atomically, without looking for files of killed processes.

    ``remove_leftovers`` removes these.
    """
    validate_path(path, "path")
    _replace(Path(path), lambda file: file.write(content))


def write_text(path: str | PathLike[str], text: str) -> None:
    """Write text to a UTF-8 file atomically, without changing line ends."""
    write_bytes(path, text.encode("utf-8"))


def make_folder(path: str | PathLike[str]) -> None:
    """Create a folder and its parents if they do not exist.

    Raises
    ------
    OutputError
        If the path or a parent is a file, or the folder cannot be created.
    """
    validate_path(path, "path")
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"{folder} must be a folder, but it or a parent is a file") from error
    except OSError as error:
        raise OutputError(f"{folder}: cannot be created: {explain(error)}") from error


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Create a folder if it does not exist, and lock it, so that only one process of this machine writes it.

    The lock needs no file and ends with the process. A new folder that stays empty is removed. Windows and
    some network drives cannot lock folders; there, nothing is locked.

    Raises
    ------
    OutputError
        If another process has locked the folder, or it cannot be created or opened.
    """
    is_new = False
    with suppress(OSError):
        is_new = not folder.exists()
    make_folder(folder)
    if sys.platform == "win32":
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be opened: {error.strerror or error}") from error
    try:
        with suppress(OSError):  # not on all network drives
            try:
                flock(descriptor, LOCK_EX | LOCK_NB)
            except BlockingIOError as error:
                raise OutputError(
                    f"{folder}: another process is writing this folder. Wait until it has finished, or stop "
                    "it."
                ) from error
        yield
    finally:
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        os.close(descriptor)


def remove_file(path: Path, *, up_to: Path) -> None:
    """Remove a file, and parent folders below ``up_to`` that become empty.

    Raises
    ------
    OutputError
        If the file or a folder cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
        for folder in path.relative_to(up_to).parents:
            above = up_to / folder
            if folder != Path() and above.is_dir() and not any(above.iterdir()):
                above.rmdir()
    except OSError as error:
        raise OutputError(f"{path}: cannot be removed: {explain(error)}") from error


def remove_leftovers(folder: Path, names: Iterable[str], *, of_all: bool = False) -> None:
    """Remove temporary files that killed processes left for these names.

    Files of processes that still run on this machine are kept, unless ``of_all`` is set. Set it if all
    writers were killed: the system lists a killed process until its parent has collected its exit status.
    """
    for path in leftovers(folder, names, of_all=of_all):
        _remove(path)


def leftovers(folder: Path, names: Iterable[str], *, of_all: bool = False) -> list[Path]:
    """List temporary files and folders whose processes have ended, or of all processes."""
    try:
        found = [path for path in folder.iterdir() if _is_temporary(path)]
    except OSError:
        return []
    if not found:
        return []
    prefixes = tuple(_prefix(name) for name in names)
    return [path for path in found if path.name.startswith(prefixes) and (of_all or not _is_written(path))]


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(_MARK) and path.name.endswith(_SUFFIX)


def temporary_beside(target: Path) -> Path:
    """Return a hidden temporary path next to ``target`` that contains the process ID."""
    path = target.with_name(f"{_prefix(target.name)}{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}")
    _own.add(path.name)
    return path


def flush(file: BinaryIO) -> None:
    """Flush a file to disk."""
    file.flush()
    os.fsync(file.fileno())


def _is_written(path: Path) -> bool:
    """Return whether the process that writes a temporary file is running.

    Windows has no signal that only checks a process: ``os.kill`` terminates it. There, a file is considered
    written until an hour after its last change.
    """
    if os.name == "nt":
        try:
            return abs(time.time() - path.stat().st_mtime) < _WRITING
        except OSError:
            return True
    process = path.name.split("-")[2]
    if not process.isdecimal() or int(process) == os.getpid():
        return path.name in _own  # in a container, a killed process may have had the same ID
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def explain(error: OSError) -> str:
    """Return the reason of an error.

    On Windows, other programs block the files that they have open, and long paths are not found.
    """
    reason = error.strerror or str(error)
    if os.name == "nt" and isinstance(error, PermissionError):
        return f"{reason}. Close the programs that have the file open."
    if os.name == "nt" and isinstance(error, FileNotFoundError):
        named = (error.filename or "", error.filename2 or "")
        length = max(len(str(Path(name).absolute())) for name in named)
        if length > _LONGEST_FOLDER:
            return f"{reason}. The path has {length} characters: use a shorter folder, or enable long paths."
    return reason


def _prefix(name: str) -> str:
    """Return the start of a file's temporary name; its length does not depend on the name."""
    return f"{_MARK}{sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}-"


def _validate_target(target: Path) -> None:
    if target.is_dir():
        raise OutputError(f"{target} must be a file, but is a folder")
    if target.exists() and not target.is_file():
        raise OutputError(f"{target} cannot be replaced, because it is not a regular file")
    if not target.parent.is_dir():
        raise OutputError(f"{target}: cannot be written: the folder {str(target.parent)!r} does not exist")


def _remove(path: Path) -> None:
    """Remove a file if it exists; ignore failures."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries to disk; do nothing on Windows."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(path: AnyPath) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
