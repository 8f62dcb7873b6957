"""Objects in S3 as files of which only the parts that are needed are fetched."""

from io import SEEK_CUR, SEEK_END, RawIOBase
from typing import Any

from ptrack_analysis.io.s3 import S3Path

_TAIL = 2**20
"""How much of an object's end the first request brings [bytes]: a small file whole, of a large the footer."""


class RangedFile(RawIOBase):
    """An object in S3 that is read as a file, a request for each part; small ones are fetched whole.

    Nothing is asked before the first byte is wanted. An object that is replaced while it is read is refused
    by S3, since every request after the first asks for the same tag.
    """

    def __init__(self, path: S3Path) -> None:
        super().__init__()
        self._path = path
        self._at = 0
        self._tail: bytes | None = None
        self._size = 0
        self._tag = ""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Tell from where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to another place."""
        start = {SEEK_CUR: self._at, SEEK_END: self._length() if whence == SEEK_END else 0}
        self._at = start.get(whence, 0) + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read the bytes from here on that fit into the buffer."""
        stop = min(self._at + len(buffer), self._length())
        part = self._part(self._at, max(stop, self._at))
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _length(self) -> int:
        """Give the size; the first call fetches the end of the object with it."""
        if self._tail is None:
            self._tail, self._size, self._tag = self._path.read_end(_TAIL)
        return self._size

    def _part(self, start: int, stop: int) -> bytes:
        known = self._size - len(self._tail or b"")
        if start >= known:
            return (self._tail or b"")[start - known : stop - known]
        return self._path.read_part(start, stop, tag=self._tag) if stop > start else b""
