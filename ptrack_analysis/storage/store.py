"""Files in a folder on disk or below a prefix in S3."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from io import SEEK_CUR, SEEK_END, RawIOBase
from pathlib import Path
from typing import Any, Protocol

from ptrack_analysis.errors import InputError, OutputError
from ptrack_analysis.storage.files import (
    locked_folder,
    make_folder,
    remove_file,
    remove_leftovers,
    write_bytes,
)
from ptrack_analysis.storage.s3 import AnyPath, S3Path, ahead

_TAIL = 2**20
"""Size of the first request [bytes]: a complete small file, or the footer of a large one."""


class RangedFile(RawIOBase):
    """An object in S3 as a file, read by one request per part; a small object is fetched completely.

    The first request is sent with the first read. If the object is replaced meanwhile, S3 rejects the next
    request, because it requires the same ETag.
    """

    def __init__(self, path: S3Path) -> None:
        super().__init__()
        self._path = path
        self._at = 0
        self._tail: bytes | None = None
        self._size = 0
        self._tag = ""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to another position."""
        start = {SEEK_CUR: self._at, SEEK_END: self._length() if whence == SEEK_END else 0}
        self._at = start.get(whence, 0) + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read bytes from the current position into the buffer."""
        stop = min(self._at + len(buffer), self._length())
        part = self._part(self._at, max(stop, self._at))
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _length(self) -> int:
        """Return the size; the first call also fetches the end of the object."""
        if self._tail is None:
            self._tail, self._size, self._tag = self._path.read_end(_TAIL)
        return self._size

    def _part(self, start: int, stop: int) -> bytes:
        known = self._size - len(self._tail or b"")
        if start >= known:
            return (self._tail or b"")[start - known : stop - known]
        return self._path.read_part(start, stop, tag=self._tag) if stop > start else b""


class Store(Protocol):
    """Files by name. Each file is replaced atomically."""

    def __str__(self) -> str:
        """Return the path or address."""

    def locked(self) -> AbstractContextManager[None]:
        """Lock the files for one process of this machine, if they are on disk."""

    def names(self) -> set[str]:
        """List the files, without subfolders; a missing folder has no files."""

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        """Read files listed by ``names``, in the given order."""

    def write(self, name: str, content: bytes) -> None:
        """Write or replace a file; create the folder if it is missing."""

    def remove(self, name: str) -> None:
        """Remove a file if it exists."""

    def tidy(self, names: Sequence[str]) -> None:
        """Remove temporary files that killed processes left for these names."""


def open_store(place: AnyPath) -> Store:
    """Return the store for a folder or an S3 prefix."""
    return Prefix(place) if isinstance(place, S3Path) else Folder(place)


@dataclass(frozen=True, slots=True)
class Folder:
    """Files in a folder on disk, except hidden files."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def locked(self) -> AbstractContextManager[None]:
        """Create and lock the folder."""
        return locked_folder(self.path)

    def names(self) -> set[str]:
        """List the files directly in the folder.

        Raises
        ------
        OutputError
            If the path is a file.
        InputError
            If the folder cannot be read.
        """
        if not self.path.exists():
            return set()
        try:
            return {path.name for path in self.path.iterdir() if path.name[0] != "." and path.is_file()}
        except NotADirectoryError as error:
            raise OutputError(f"{self.path} must be a folder, but is a file") from error
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        """Read files in the given order."""
        for name in names:
            try:
                yield (self.path / name).read_bytes()
            except OSError as error:
                raise _unreadable(self.path / name, error) from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file atomically and durably."""
        make_folder(self.path)
        write_bytes(self.path / name, content)

    def remove(self, name: str) -> None:
        """Remove a file if it exists; keep the folder."""
        remove_file(self.path / name, up_to=self.path)

    def tidy(self, names: Sequence[str]) -> None:
        """Remove temporary files that killed processes left for these names."""
        remove_leftovers(self.path, names)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Objects directly below a prefix in S3."""

    path: S3Path
    listed: dict[str, S3Path] = field(default_factory=dict, compare=False, repr=False)

    def __str__(self) -> str:
        return str(self.path)

    def locked(self) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def names(self) -> set[str]:
        """List the objects directly below the prefix.

        Raises
        ------
        OutputError
            If the path is an object.
        RemoteError
            If S3 rejects the request.
        """
        if self.path.is_file():
            raise OutputError(f"{self.path} must be a prefix, but is an object")
        below = {found.relative_to(self.path).as_posix(): found for found in self.path.below()}
        self.listed.clear()
        self.listed.update({name: found for name, found in below.items() if "/" not in name})
        return set(self.listed)

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        """Read objects in the given order; fetch a few in advance."""
        for found in ahead([self.listed.get(name, self.path / name) for name in names]):
            yield found.read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Write an object."""
        (self.path / name).write_bytes(content)

    def remove(self, name: str) -> None:
        """Remove an object if it exists."""
        (self.path / name).unlink()

    def tidy(self, names: Sequence[str]) -> None:
        """Do nothing: S3 shows only complete objects."""


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: cannot be read: {error.strerror or error}")
