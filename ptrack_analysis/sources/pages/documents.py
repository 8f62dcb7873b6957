"""The bytes of files: whole, unzipped or line by line, within limits."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.sources.pages.decode import (
    END_EARLY,
    Decoders,
    EarlyEndError,
    Page,
    SeveralError,
    decode_pages,
)
from ptrack_analysis.sources.pages.encoding import UTF8_MARK, convert_to_utf8, find_encoding
from ptrack_analysis.sources.pages.salvage import (
    SalvageLog,
    close_cut,
    describe_garbage,
    is_garbage,
    is_padding,
    split_documents,
)
from ptrack_analysis.storage.s3 import AnyPath

MAX_DOCUMENT = 2**30
"""Largest JSON document that is read, unzipped [bytes]."""
MAX_RATIO = 200
"""Largest ratio of unzipped to zipped size beyond the first MiB; real pages reach about 30."""
_UNRATED = 2**20
_CHUNK = 2**19  # what is read at once: most pages whole, and into memory that is used again
_GZIP = b"\x1f\x8b"
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


def read_document(file: AnyPath, log: SalvageLog | None = None) -> bytes:
    """Read a file whole, unzipping ``.gz`` and converting UTF-16 and UTF-32; no byte order mark is left.

    With a ``log``, a file that is cut within a character or a gzip stream is read up to there.

    Raises
    ------
    PageError
        If the file is empty, larger than ``MAX_DOCUMENT``, broken, or grows by more than ``MAX_RATIO``.
    InputError
        If the file cannot be read.
    """
    content = b"".join(_chunks(file, limit=MAX_DOCUMENT, log=log)).removeprefix(UTF8_MARK)
    if (encoding := find_encoding(content[:4])) is not None:
        content = _convert(content, str(file), encoding, log)
    if not content or content.isspace():
        raise PageError(f"{file}: the file is empty; a page of JSON was expected")
    if not content[0] and is_padding(content):
        raise PageError(f"{file}: has {len(content)} zero bytes and no text; a page of JSON was expected")
    return content


def _convert(content: bytes, place: str, encoding: str, log: SalvageLog | None) -> bytes:
    """Convert a document to UTF-8, with a note."""
    converted, cut = convert_to_utf8(content, place, encoding)
    if cut and log is None:
        raise PageError(cut)
    if log is not None:
        log.cuts += [cut] if cut else []
        log.note(f"{place}: converted from {encoding[:6].upper()}")
    return converted


def read_lines(  # noqa: C901 - one loop over the pieces
    file: AnyPath, log: SalvageLog | None = None
) -> Iterator[tuple[int, bytes]]:
    """Read a file line by line, unzipping ``.gz``; give each line that is not blank with its number.

    Only one line is in memory at a time. The errors are those of ``read_document``.
    """
    chunks = _chunks(file, limit=None, log=log)
    first = next(chunks, b"")
    if find_encoding(first[:4]) is not None:  # lines are found in UTF-8
        chunks, first = iter(()), read_document(file, log)
    pieces, length, number = list[bytes](), 0, 0
    for chunk in chain([first], chunks):
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:  # where lines are long, faster than a split
            line = chunk[start:end]
            if pieces:
                line = b"".join([*pieces, line])
                pieces, length = [], 0
            start, number = end + 1, number + 1
            if number == 1:
                line = line.removeprefix(UTF8_MARK)
            if line and not line.isspace():
                yield number, line
        pieces.append(chunk[start:])
        length += len(pieces[-1])
        if length > MAX_DOCUMENT:
            raise PageError(f"{file}, line {number + 1}: longer than {MAX_DOCUMENT} bytes")
    rest = b"".join(pieces)
    if number == 0:
        rest = rest.removeprefix(UTF8_MARK)
    if rest.strip():
        yield number + 1, rest
    elif number == 0:
        raise PageError(f"{file}: the file is empty; pages of JSON, one a line, were expected")


def _chunks(file: AnyPath, *, limit: int | None, log: SalvageLog | None = None) -> Iterator[bytes]:
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
        for chunk in _unzipped(file, zipped, log) if unzip else _plain(file):
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


def _unzipped(file: AnyPath, zipped: int, log: SalvageLog | None) -> Iterator[bytes]:
    """Unzip one gzip member after the other, a bounded piece at a time; ignore zeros after a member."""
    total, member = 0, zlib.decompressobj(wbits=31)
    started = False
    try:
        for chunk in _plain(file):
            pending = chunk.lstrip(b"\0") if member.eof else chunk
            while pending:
                if member.eof:
                    if log is not None and not pending.startswith(_GZIP[: len(pending)]):
                        log.assume(f"{file}: ignored bytes after the gzip stream: {pending[:12]!r}")
                        return
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
        cut = f"{file}: the gzip stream ends early, after {total} unzipped bytes"
        if log is None:
            raise PageError(cut)
        log.cuts.append(cut)


Document = tuple[str, list[Page[Any]] | None]

_RECORD = (b'{"Timestamp"', b'{"Person"', b'{ "Timestamp"', b'{ "Person"')
_PERSONS = b'"Persons"'
_MOST = 1000
"""Records that are taken together as one page."""


def decode_document(raw: bytes, place: str, decoders: Decoders, log: SalvageLog) -> Iterator[Document]:
    """Decode the content of a file: a document, several one after another, or JSON Lines.

    The whole records of a document that is cut at its end are returned, and the cut is added to ``log``. What
    follows the last document and has no part of a page is noted.

    Raises
    ------
    PageError
        If a document is at fault, or holds no page while others do.
    """
    try:
        pages = decode_pages(raw, place, decoders, log)
    except EarlyEndError as error:
        yield place, _whole_records(raw, place, decoders, log, error)
    except SeveralError as error:
        first, rest = raw[: error.end], raw[error.end :]
        if first.strip()[:1] not in {b"{", b"["}:
            raise
        ends_line = b"\n" in first[len(first.rstrip()) :]
        if ends_line and b"\n" not in first.strip() and not is_garbage(rest):
            yield from _with_pages(_documents(_lines(raw), place, decoders, log))
        else:
            yield from _with_pages(_one_after_another(raw, place, decoders, log))
    else:
        yield place, pages


def _lines(raw: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line and not line.isspace():
            yield number, line


def _one_after_another(raw: bytes, place: str, decoders: Decoders, log: SalvageLog) -> Iterator[Document]:
    """Decode documents that follow one another, up to what is none."""
    parts = list(split_documents(raw))
    several = sum(part[:1] in {b"{", b"["} for _, part in parts)
    for number, (start, part) in enumerate(parts, 1):
        here = f"{place}, document {number}" if several > 1 else place
        if number > 1 and is_garbage(part):
            log.assume(describe_garbage(place, raw[start:], start))
            return
        try:
            yield here, decode_pages(part, here, decoders, log)
        except EarlyEndError as error:
            yield here, _whole_records(part, here, decoders, log, error)
        except SeveralError as error:  # only the last part has more after it
            yield here, decode_pages(part[: error.end], here, decoders, log)
    if several > 1:
        log.note(f"{place}: read {several} documents that follow one another")
    elif raw.rstrip(b" \t\r\n")[-1:] == b"\0":
        log.note(f"{place}: ignored zero bytes after the document")


def _whole_records(
    raw: bytes, place: str, decoders: Decoders, log: SalvageLog, error: EarlyEndError
) -> list[Page[Any]]:
    """Decode the whole records of a document that is cut at its end."""
    before = log.job_id
    for closed in close_cut(raw):
        try:
            pages = decode_pages(closed, place, decoders, log)
        except PageError:
            continue
        if pages:
            count = sum(len(page.persons or ()) for page in pages)
            said = str(error).removesuffix(END_EARLY)
            if not any(cut.startswith(f"{place}: the ") for cut in log.cuts):
                log.cuts.append(f"{said}; {count} whole records remain")
            pages[-1].job_id = pages[-1].job_id or pages[0].job_id or before
            pages[-1].is_cut = True
            return pages
    raise error


def documents_of_lines(
    file: AnyPath, decoders: Decoders, log: SalvageLog | None = None
) -> Iterator[Document]:
    """Decode a file of JSON Lines, each document with its place; records that follow each other are one page.

    Raises
    ------
    PageError
        If a line is at fault, or holds no page while others do.
    """
    log = SalvageLog() if log is None else log
    yield from _with_pages(_documents(read_lines(file, log), str(file), decoders, log))


def _with_pages(documents: Iterable[Document]) -> Iterator[Document]:
    """Return documents, all of which hold pages, or none."""
    found, empty = False, ""
    for place, pages in documents:
        found, empty = found or bool(pages), empty or ("" if pages else place)
        if found and empty:
            raise _without_page(empty)
        yield place, pages


def _documents(
    lines: Iterable[tuple[int, bytes]], place: str, decoders: Decoders, log: SalvageLog
) -> Iterator[Document]:
    records: list[tuple[int, bytes]] = []
    found = False
    for number, line, is_last in _with_last(lines):
        is_record = line.lstrip().startswith(_RECORD) and _PERSONS not in line
        if records and (not is_record or len(records) == _MOST):
            yield _together(place, records, decoders, log)
            records, found = [], True
        if is_record and not is_last:
            records.append((number, line))
        elif is_last and found | bool(records):
            yield from _last(place, records, (number, line), decoders, log)
            records = []
        else:
            yield from decode_document(line, f"{place}, line {number}", decoders, log)
            found = True
    if records:
        yield _together(place, records, decoders, log)


def _with_last(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes, bool]]:
    """Return lines with their numbers, and whether each is the last."""
    before: tuple[int, bytes] | None = None
    for line in lines:
        if before is not None:
            yield *before, False
        before = line
    if before is not None:
        yield *before, True


def _last(
    place: str, records: list[tuple[int, bytes]], line: tuple[int, bytes], decoders: Decoders, log: SalvageLog
) -> Iterator[Document]:
    """Decode the last line, which may be cut or garbage, after the records before it."""
    number, content = line
    here = f"{place}, line {number}"
    is_record = content.lstrip().startswith(_RECORD) and _PERSONS not in content
    cut = None
    try:
        decode_pages(content, here, decoders)
    except EarlyEndError as error:
        cut = str(error).removesuffix(END_EARLY)
    except PageError:
        if is_garbage(content):
            log.assume(describe_garbage(here, content, 0))
            content = b""
    if is_record and cut is None and content:
        records = [*records, line]
    if records:
        yield _together(place, records, decoders, log)
    if is_record and cut is not None:
        log.cuts.append(cut)
    elif content and not is_record:
        yield from decode_document(content, here, decoders, log)


def _together(place: str, records: list[tuple[int, bytes]], decoders: Decoders, log: SalvageLog) -> Document:
    """Decode lines of one record each as one array; a fault is looked for line by line."""
    here = f"{place}, lines {records[0][0]} to {records[-1][0]}"
    try:
        joined = b"[" + b",".join(line for _, line in records) + b"]"
        return here, decode_pages(joined, here, decoders, log)
    except PageError:
        for number, line in records:
            if not decode_pages(line, f"{place}, line {number}", decoders, log):
                raise _without_page(f"{place}, line {number}") from None
        raise


def _without_page(place: str) -> PageError:
    return PageError(f"{place}: expected a GetPersonTracking page like the other documents of the file")
