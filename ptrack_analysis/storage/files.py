"""Files on disk that are replaced whole or not at all."""

import os
import secrets
from collections.abc import Callable, Iterable
from hashlib import file_digest, sha256
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from ptrack_analysis.errors import OutputError
from ptrack_analysis.storage.s3 import AnyPath

_MARK = ".ptrack-"
_SUFFIX = ".tmp"


def replace_file(
    path: str | PathLike[str],
    write: Callable[[BinaryIO], None],
    *,
    verify: Callable[[Path], None] | None = None,
) -> None:
    """Write a file beside its place, and put it there only when it is whole and on the disk.

    The content goes to a temporary file in the same folder whose name starts with a dot; it is closed,
    verified, flushed to the disk and then takes the place of what was there, in one step. Whatever goes
    wrong, the old file stays and the temporary one is removed. A killed process leaves the temporary file
    behind; ``remove_leftovers`` knows it by its name.

    Parameters
    ----------
    path
        The file. Its folder must exist; a link is replaced, not followed.
    write
        Writes the content to an open binary file.
    verify
        Looks at the closed temporary file, and raises if it is not what it should be.

    Raises
    ------
    OutputError
        If the place is a folder or no ordinary file, the folder does not exist, or the system refuses to
        write there (no permission, disk full).
    """
    target = Path(path)
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
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        _remove(temporary)


def write_bytes(path: str | PathLike[str], content: bytes) -> None:
    """Write bytes to a file, whole or not at all; see ``replace_file``."""

    def write(file: BinaryIO) -> None:
        file.write(content)

    replace_file(path, write)


def write_text(path: str | PathLike[str], text: str) -> None:
    """Write text to a file as UTF-8 with plain line ends, whole or not at all; see ``replace_file``."""
    write_bytes(path, text.encode("utf-8"))


def make_folder(path: str | PathLike[str]) -> None:
    """Make a folder and those above it, where they are missing.

    Raises
    ------
    OutputError
        If a file is in the way, or the system refuses.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"{folder}: a file is where this folder should go") from error
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror or error}") from error


def remove_file(path: Path, *, up_to: Path) -> None:
    """Remove a file, and the folders above it that are empty then, below ``up_to``.

    Raises
    ------
    OutputError
        If the system refuses.
    """
    try:
        path.unlink(missing_ok=True)
        for folder in path.relative_to(up_to).parents:
            above = up_to / folder
            if folder != Path() and above.is_dir() and not any(above.iterdir()):
                above.rmdir()
    except OSError as error:
        raise OutputError(f"{path}: cannot be removed: {error.strerror or error}") from error


def remove_leftovers(folder: Path, names: Iterable[str], *, of_all: bool = False) -> None:
    """Remove the temporary files that killed processes left while they wrote files of these names.

    Those of processes that are alive on this machine stay, unless ``of_all`` says that whoever may still
    write there is lost: a killed process is listed until its parent has asked for it.
    """
    for path in leftovers(folder, names, of_all=of_all):
        _remove(path)


def leftovers(folder: Path, names: Iterable[str], *, of_all: bool = False) -> list[Path]:
    """List the temporary files and folders of these names whose processes are gone, or of all processes."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.name.startswith(_MARK) and path.name.endswith(_SUFFIX)]
    if not found:  # the ordinary case, without a look at the names
        return []
    prefixes = tuple(_prefix(name) for name in names)
    return [path for path in found if path.name.startswith(prefixes) and (of_all or not _is_written(path))]


def temporary_beside(target: Path) -> Path:
    """Name a temporary file or folder beside a place: hidden, and told by its name as this process's."""
    return target.with_name(f"{_prefix(target.name)}{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}")


def flush(file: BinaryIO) -> None:
    """Bring what was written to a file to the disk."""
    file.flush()
    os.fsync(file.fileno())


def _is_written(path: Path) -> bool:
    """Return whether the process that writes a temporary file is alive."""
    process = path.name.split("-")[2]
    if not process.isdecimal() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _prefix(name: str) -> str:
    """Start of the temporary name of a file: short enough for any file system, however long the name is."""
    return f"{_MARK}{sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}-"


def _validate_target(target: Path) -> None:
    if target.is_dir():
        raise OutputError(f"{target}: is a folder, so no file can be written there")
    if target.exists() and not target.is_file():
        raise OutputError(f"{target}: is not an ordinary file, so it cannot be replaced")
    if not target.parent.is_dir():
        raise OutputError(f"{target}: cannot be written: the folder {str(target.parent)!r} does not exist")


def _remove(path: Path) -> None:
    """Remove a file if it is there; where the system refuses, a temporary file stays, and harms nobody."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def flush_folder(folder: Path) -> None:
    """Bring a folder's new entry to the disk; Windows has no such call, and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(path: AnyPath) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
