"""The bytes of files: whole, unzipped or line by line, within limits."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.sources.pages.decode import Decoders, Page, decode_pages
from ptrack_analysis.storage.s3 import AnyPath

MAX_DOCUMENT = 2**30
"""Largest JSON document that is read, unzipped [bytes]."""
MAX_RATIO = 200
"""Largest ratio of unzipped to zipped size beyond the first MiB; real pages reach about 30."""
_UNRATED = 2**20
_CHUNK = 2**19  # what is read at once: most pages whole, and into memory that is used again
_BOM = b"\xef\xbb\xbf"
_LINES = (".jsonl", ".ndjson")
_PAGES = (".json", *_LINES)


def plain_name(name: str) -> str:
    """Take ``.gz`` off a file's name."""
    return name[:-3] if name.lower().endswith(".gz") else name


def is_named_like_a_page(name: str) -> bool:
    """Return whether a file's name says that it may hold pages: JSON or JSON Lines, plain or ``.gz``."""
    return plain_name(name).lower().endswith(_PAGES)


def has_lines(name: str) -> bool:
    """Return whether a file's name says that it holds one document a line."""
    return plain_name(name).lower().endswith(_LINES)


def read_document(file: AnyPath) -> bytes:
    """Read a file whole, unzipping ``.gz``, without a byte order mark.

    Raises
    ------
    PageError
        If the file is empty, larger than ``MAX_DOCUMENT``, broken, or grows by more than ``MAX_RATIO``.
    InputError
        If the file cannot be read.
    """
    content = b"".join(_chunks(file, limit=MAX_DOCUMENT)).removeprefix(_BOM)
    if not content or content.isspace():
        raise PageError(f"{file}: the file is empty; a page of JSON was expected")
    return content


def read_lines(file: AnyPath) -> Iterator[tuple[int, bytes]]:
    """Read a file line by line, unzipping ``.gz``; give each line that is not blank with its number.

    Only one line is in memory at a time. The errors are those of ``read_document``.
    """
    pieces, length, number = list[bytes](), 0, 0
    for chunk in _chunks(file, limit=None):
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:  # where lines are long, faster than a split
            line = chunk[start:end]
            if pieces:
                line = b"".join([*pieces, line])
                pieces, length = [], 0
            start, number = end + 1, number + 1
            if number == 1:
                line = line.removeprefix(_BOM)
            if line and not line.isspace():
                yield number, line
        pieces.append(chunk[start:])
        length += len(pieces[-1])
        if length > MAX_DOCUMENT:
            raise PageError(f"{file}, line {number + 1}: longer than {MAX_DOCUMENT} bytes")
    rest = b"".join(pieces)
    if number == 0:
        rest = rest.removeprefix(_BOM)
    if rest.strip():
        yield number + 1, rest
    elif number == 0:
        raise PageError(f"{file}: the file is empty; pages of JSON, one a line, were expected")


def _chunks(file: AnyPath, *, limit: int | None) -> Iterator[bytes]:
    """Return a file's content in pieces, with its sizes checked as they grow."""
    unzip = file.name.lower().endswith(".gz")
    try:
        if isinstance(file, Path) and not S_ISREG((status := file.stat()).st_mode):
            kind = "folder" if S_ISDIR(status.st_mode) else "FIFO or device"
            raise InputError(f"{file}: cannot be read: it is a {kind}, not a file")
        zipped = file.stat().st_size
        total = 0
        if not unzip and limit is not None and zipped > limit:
            raise PageError(f"{file}: larger than {limit} bytes, the most that one document may have")
        for chunk in _unzipped(file, zipped) if unzip else _plain(file):
            total += len(chunk)
            if limit is not None and total > limit:
                raise PageError(f"{file}: larger than {limit} bytes, the most that one document may have")
            yield chunk
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}") from error


def _plain(file: AnyPath) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _unzipped(file: AnyPath, zipped: int) -> Iterator[bytes]:
    """Unzip one gzip member after the other, a bounded piece at a time."""
    total, member = 0, zlib.decompressobj(wbits=31)
    started = False
    try:
        for chunk in _plain(file):
            pending = chunk
            while pending:
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                piece = member.decompress(pending, _CHUNK)
                started, total = True, total + len(piece)
                if total > max(_UNRATED, MAX_RATIO * zipped):
                    raise PageError(
                        f"{file}: unzips to more than {MAX_RATIO} times its {zipped} bytes; refused"
                    )
                yield piece
                pending = member.unused_data.lstrip(b"\0") if member.eof else member.unconsumed_tail
    except zlib.error as error:
        raise PageError(f"{file}: not a whole gzip file: {error}") from error
    if started and not member.eof:
        raise PageError(f"{file}: the gzip stream ends early, after {total} unzipped bytes")


Document = tuple[str, list[Page[Any]] | None]

_RECORD = (b'{"Timestamp"', b'{"Person"', b'{ "Timestamp"', b'{ "Person"')
_PERSONS = b'"Persons"'
_MOST = 1000
"""Records that are taken together as one page."""


def documents_of_lines(file: AnyPath, decoders: Decoders) -> Iterator[Document]:
    """Decode a file of JSON Lines, each document with its place; records that follow each other are one page.

    Raises
    ------
    PageError
        If a line is at fault, or holds no page while others do.
    """
    found, empty = False, ""
    for place, pages in _documents(file, decoders):
        found, empty = found or bool(pages), empty or ("" if pages else place)
        if found and empty:
            raise _without_page(empty)
        yield place, pages


def _documents(file: AnyPath, decoders: Decoders) -> Iterator[Document]:
    records: list[tuple[int, bytes]] = []
    for number, line in read_lines(file):
        is_record = line.lstrip().startswith(_RECORD) and _PERSONS not in line
        if records and (not is_record or len(records) == _MOST):
            yield _together(file, records, decoders)
            records = []
        if is_record:
            records.append((number, line))
        else:
            yield _one(file, number, line, decoders)
    if records:
        yield _together(file, records, decoders)


def _one(file: AnyPath, number: int, line: bytes, decoders: Decoders) -> Document:
    place = f"{file}, line {number}"
    return place, decode_pages(line, place, decoders)


def _together(file: AnyPath, records: list[tuple[int, bytes]], decoders: Decoders) -> Document:
    """Decode lines of one record each as one array; a fault is looked for line by line."""
    place = f"{file}, lines {records[0][0]} to {records[-1][0]}"
    try:
        return place, decode_pages(b"[" + b",".join(line for _, line in records) + b"]", place, decoders)
    except PageError:
        for number, line in records:
            if not _one(file, number, line, decoders)[1]:
                raise _without_page(f"{file}, line {number}") from None
        raise


def _without_page(place: str) -> PageError:
    return PageError(f"{place}: holds no page, while other lines of the file do")
