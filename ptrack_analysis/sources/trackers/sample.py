"""Samples of files and folders, from which the format is recognized."""

import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.names import natural
from ptrack_analysis.sources.trackers.text import decode_utf16, read_header, read_lines
from ptrack_analysis.storage.s3 import AnyPath

_HEAD = 2**16
_ZIPPED = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Sample:
    """The first complete lines of a file as UTF-8, or the names in a folder."""

    path: AnyPath
    is_folder: bool
    names: tuple[str, ...]
    head: bytes

    @property
    def header(self) -> list[str]:
        """The cells of the first line, read as CSV."""
        return read_header(self.head)[0]

    @cached_property
    def rows(self) -> list[list[bytes]]:
        """The values of the lines that are not empty, split at commas or white space."""
        lines = [line for _, line in read_lines(self.head)]
        if not lines:
            return []
        delimiter = b"," if b"," in lines[0] else None
        return [[cell.strip() for cell in line.rstrip(b",").split(delimiter)] for line in lines]

    @property
    def is_numeric(self) -> bool:
        """Whether the first line that is not empty contains only numbers."""
        try:
            return bool(self.rows) and all(isfinite(float(cell)) for cell in self.rows[0])
        except ValueError:
            return False

    def first(self, suffix: str) -> "Sample | None":
        """Read a sample of the folder's first file with this suffix that is not empty."""
        for file in files_in(self.path):
            if file.name.lower().endswith(suffix) and file.stat().st_size:
                return read_sample(file)
        return None

    @property
    def is_json(self) -> bool:
        """Whether the text starts like JSON."""
        return self.head.lstrip().startswith((b"[", b"{"))

    @property
    def has_header_comment(self) -> bool:
        """Whether the text starts with a comment."""
        return self.head.lstrip().startswith(b"#")

    @property
    def has_frame_0(self) -> bool:
        """Whether a row's first value is 0."""
        return any(row[:1] == [b"0"] for row in self.rows)


def read_sample(path: AnyPath) -> Sample:
    """Read a sample of a file or folder.

    Raises
    ------
    InputError
        If the file or folder does not exist or cannot be read.
    """
    if path.is_file():
        return Sample(path, is_folder=False, names=(path.name,), head=_head(path))
    if not path.is_dir():
        raise InputError(f"{path}: there is no such file or folder")
    files = files_in(path)
    return Sample(path, is_folder=True, names=tuple(file.name for file in files), head=b"")


def files_in(folder: AnyPath) -> list[AnyPath]:
    """List the visible files of a folder, without its subfolders, in natural order."""
    try:
        found = list(folder.iterdir()) if isinstance(folder, Path) else folder.below()
        files = [file for file in found if not file.name.startswith(".") and _is_in(folder, file)]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror or error}") from error
    return sorted(files, key=natural)


def _is_in(folder: AnyPath, file: AnyPath) -> bool:
    if isinstance(file, Path):
        return file.is_file()
    return file.parent == folder


def _head(file: AnyPath) -> bytes:
    try:
        with file.open("rb") as stream:
            head: bytes = stream.read(_HEAD)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}") from error
    whole = len(head) < _HEAD
    if head.startswith(_ZIPPED):
        try:
            head, whole = zlib.decompressobj(wbits=31).decompress(head, _HEAD), False
        except zlib.error as error:
            raise InputError(f"{file}: the gzip file is damaged or incomplete: {error}") from error
    if head.startswith(_UTF16):
        with suppress(InputError):
            head = decode_utf16(head[: len(head) // 2 * 2], str(file))
    head = head.removeprefix(b"\xef\xbb\xbf")
    is_cut = not whole and b"\n" in head and b"\0" not in head
    return head[: head.rindex(b"\n")] if is_cut else head
