"""Read files completely or line by line, unzip them within limits, and split them into documents."""

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from math import inf
from stat import S_ISDIR, S_ISREG
from typing import Any

import msgspec

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.limits import SMALL, allowed_memory, validate_budget
from ptrack_analysis.sources.pages.decode import (
    WHOLE,
    CutDocumentError,
    Decoders,
    Page,
    TrailingTextError,
    decode_pages,
    find_end,
    is_cut,
)
from ptrack_analysis.sources.pages.encoding import UTF8_MARK, Transcoder, find_encoding
from ptrack_analysis.sources.pages.salvage import DocumentLog, close_cut
from ptrack_analysis.storage.s3 import AnyPath

MAX_DOCUMENT = 2**30
"""Maximum size of a JSON document, unzipped [bytes]."""
_COPIES = 3
"""Copies of a document in memory while it is read and decoded."""
MAX_RATIO = 200
"""Maximum ratio of unzipped to zipped size beyond the first MiB; real pages reach about 30."""
_UNRATED = 2**20
_CHUNK = 2**19  # most pages fit in one chunk, whose memory is reused
_GZIP = b"\x1f\x8b"
_LONGEST_MARK = 4
_LINES = (".jsonl", ".ndjson")
_PAGES = (".json", *_LINES)


def plain_name(name: str) -> str:
    """Remove ``.gz`` from a file name."""
    return name[:-3] if name.lower().endswith(".gz") else name


def is_named_like_a_page(name: str) -> bool:
    """Return whether a file may contain pages by its suffix: JSON or JSON Lines, plain or ``.gz``."""
    return plain_name(name).lower().endswith(_PAGES)


def has_lines(name: str) -> bool:
    """Return whether a file has one document per line by its suffix."""
    return plain_name(name).lower().endswith(_LINES)


def read_document(file: AnyPath, log: DocumentLog | None = None) -> bytes:
    """Read a complete file as UTF-8 without a byte order mark, and unzip ``.gz``.

    With a ``log``, a gzip stream or a character whose end is missing is logged instead of raising an error.

    Raises
    ------
    PageError
        If the file is empty, damaged, larger than ``MAX_DOCUMENT``, or unzips to more than ``MAX_RATIO``
        times its size.
    InputError
        If the file cannot be read.
    """
    content = b"".join(_read_chunks(file, MAX_DOCUMENT, log)).removeprefix(UTF8_MARK)
    if (encoding := find_encoding(content[:4])) is not None:
        [content] = _transcode(iter([content]), encoding, file, log)
    if not content or content.isspace():
        raise PageError(f"{file}: the file is empty; a page of JSON was expected. Save the response again.")
    if not content[0] and not content.strip(b"\0"):
        raise PageError(
            f"{file}: has {len(content)} zero bytes and no text; a page of JSON was expected. The file "
            "was not written to its end; save the response again."
        )
    return content


def read_lines(file: AnyPath, log: DocumentLog | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the text of each nonblank line of a file as UTF-8, and unzip ``.gz``.

    Only one line is in memory at a time. Raises the same errors as ``read_document``.
    """
    pieces, length, number = list[bytes](), 0, 0
    memory = max(allowed_memory(), SMALL)
    for chunk in _read_text(file, log):
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:  # faster than split for long lines
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
            raise PageError(
                f"{file}, line {number + 1}: longer than {MAX_DOCUMENT} bytes, the maximum for one document"
            )
        _validate_memory(f"{file}, line {number + 1}", length, memory)
    rest = b"".join(pieces)
    if number == 0:
        rest = rest.removeprefix(UTF8_MARK)
    if rest.strip():
        yield number + 1, rest
    elif number == 0:
        raise PageError(
            f"{file}: the file is empty; pages of JSON, one per line, were expected. Save the responses "
            "again."
        )


def _read_text(file: AnyPath, log: DocumentLog | None) -> Iterator[bytes]:
    """Yield the content of a file as UTF-8, in pieces."""
    chunks = _read_chunks(file, None, log)
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= _LONGEST_MARK:
            break
    encoding = find_encoding(start)
    pieces = chain([start], chunks)
    return pieces if encoding is None else _transcode(pieces, encoding, file, log)


def _transcode(
    chunks: Iterator[bytes], encoding: str, file: AnyPath, log: DocumentLog | None
) -> Iterator[bytes]:
    transcoder = Transcoder(encoding, file)
    for chunk in chunks:
        yield transcoder.convert(chunk)
    if rest := transcoder.rest:
        message = f"the file ends within a character of {transcoder.name} ({rest} bytes are left over)"
        if log is None:
            raise PageError(f"{file}: {message}. The file is probably incomplete.")
        log.early = message
    if log is not None:
        log.note(file, f"the text is {transcoder.name}, not UTF-8")


def _read_chunks(file: AnyPath, limit: int | None, log: DocumentLog | None = None) -> Iterator[bytes]:
    """Yield the content of a file in pieces while validating its size."""
    unzip = file.name.lower().endswith(".gz")
    try:
        status = file.stat()
        if isinstance(status, os.stat_result) and not S_ISREG(status.st_mode):
            kind = "folder" if S_ISDIR(status.st_mode) else "FIFO or device"
            raise InputError(f"{file}: cannot be read: it is a {kind}, not a file")
        zipped, total = status.st_size, 0
        memory = inf if limit is None else max(allowed_memory(), SMALL)
        if not unzip:
            _validate_size(file, zipped, limit, memory)
        for chunk in _unzip(file, zipped, log) if unzip else _read_plain(file):
            total += len(chunk)
            _validate_size(file, total, limit, memory)
            yield chunk
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}") from error


def _validate_size(file: AnyPath, size: int, limit: int | None, memory: float) -> None:
    """Reject a document that is too large, or that does not fit into the memory."""
    if limit is not None and size > limit:
        raise _too_large(file, limit)
    _validate_memory(str(file), size, memory)


def _validate_memory(place: str, size: int, memory: float) -> None:
    """Reject a document that does not fit into the memory with its copies."""
    if size * _COPIES > memory:
        remedy = (
            "Split the file (pages: one response per file or per line of a .jsonl file), or raise memory "
            "(--memory)."
        )
        validate_budget(size * _COPIES, f"{place}: a document of {size} bytes or more", remedy, memory)


def _too_large(file: AnyPath, limit: int) -> PageError:
    return PageError(
        f"{file}: larger than {limit} bytes, the maximum for one document. Save one response per file or per "
        "line of a .jsonl file."
    )


def _read_plain(file: AnyPath) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _unzip(file: AnyPath, zipped: int, log: DocumentLog | None) -> Iterator[bytes]:
    """Unzip the gzip members of a file in pieces of limited size; zeros after a member are padding."""
    total, member = 0, zlib.decompressobj(wbits=31)
    started = False
    try:
        for chunk in _read_plain(file):
            pending = chunk
            while pending := pending.lstrip(b"\0") if member.eof else pending:
                if member.eof:
                    if _is_other_text(pending, file, log):
                        return
                    member = zlib.decompressobj(wbits=31)
                piece = member.decompress(pending, _CHUNK)
                started, total = True, total + len(piece)
                if total > max(_UNRATED, MAX_RATIO * zipped):
                    raise PageError(
                        f"{file}: unzips to more than {MAX_RATIO} times its {zipped} bytes, the maximum for "
                        "a file. Unzip it yourself if you trust it."
                    )
                yield piece
                pending = member.unused_data if member.eof else member.unconsumed_tail
    except zlib.error as error:
        reason = str(error).partition(": ")[2] or error
        raise PageError(
            f"{file}: not a complete gzip file: {reason}. If the file is not compressed, remove .gz from its "
            "name."
        ) from error
    if started and not member.eof:
        message = f"the gzip stream ends early, after {total} unzipped bytes"
        if log is None or not total:
            raise PageError(f"{file}: {message}")
        log.early = message


def _is_other_text(pending: bytes, file: AnyPath, log: DocumentLog | None) -> bool:
    """Return whether the bytes after a gzip member are not another member, and note that they are ignored."""
    if pending.startswith(_GZIP[: len(pending)]):
        return False
    if log is None:
        raise PageError(
            f"{file}: other bytes follow the gzip stream: {pending[:_SHOWN]!r}. The file was changed or is "
            "damaged."
        )
    log.assume(f"{file}: bytes after the gzip stream were ignored: {pending[:_SHOWN]!r}")
    return True


Document = tuple[str, list[Page[Any]] | None]

_RECORD = (b'{"Timestamp"', b'{"Person"', b'{ "Timestamp"', b'{ "Person"')
_PERSONS = b'"Persons"'
_MOST = 1000
"""Maximum number of records to join to one page."""
_BETWEEN = re.compile(rb"(?:[ \t\r\n,\0\x1e]|\xef\xbb\xbf)*+")
_OPENING = (b"{", b"[")
_SHOWN = 24
_MARKS = re.compile(rb'"(?:Persons?|Timestamp|JobStatus)"', re.IGNORECASE)


def read_documents(file: AnyPath, decoders: Decoders, log: DocumentLog) -> Iterator[Document]:
    """Yield the location and the pages of each document of a file; None for a document without a page.

    Raises
    ------
    PageError
        If a document is invalid, or has no page although other documents of the file have pages.
    """
    log.start_file()
    if has_lines(file.name):
        yield from documents_of_lines(file, decoders, log)
        return
    raw = read_document(file, log)
    if raw[:9].strip() == b"[]" and not plain_name(file.name)[:-5].lower().endswith("persons"):
        yield str(file), None  # an empty array is only a page in <video>.persons.json
        return
    try:
        pages = decode_pages(raw, str(file), decoders, log)
    except TrailingTextError:
        yield from _refuse_mixtures(_split(raw, file, decoders, log))
    except CutDocumentError as error:
        yield _decode_cut(raw, str(file), decoders, log, error)
    else:
        if log.early:
            log.note(file, f"{log.early}, but its JSON is complete")
        yield str(file), pages


def documents_of_lines(file: AnyPath, decoders: Decoders, log: DocumentLog) -> Iterator[Document]:
    """Yield the location and the pages of each document of JSON Lines; consecutive records are one page.

    If the first line is not a complete document, the file is split at the ends of documents instead.

    Raises
    ------
    PageError
        If a line is invalid, or has no page although other lines have pages.
    """
    lines = read_lines(file, log)
    first, following = next(lines, None), next(lines, None)
    if first is None:
        return
    lines = chain([first], [] if following is None else [following], lines)
    if following is not None and _is_first_of_several(first[1]):
        yield from _refuse_mixtures(_split(_join_lines(lines, file), file, decoders, log))
    else:
        yield from _refuse_mixtures(_decode_lines(file, lines, decoders, log))


def _is_first_of_several(line: bytes) -> bool:
    """Return whether a document starts in a line but does not end in it."""
    try:
        WHOLE.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return is_cut(error, line)
    return False


def _join_lines(lines: Iterable[tuple[int, bytes]], file: AnyPath) -> bytes:
    """Join the lines of a file, including the blank lines between them."""
    pieces, reached, length = list[bytes](), 1, 0
    memory = max(allowed_memory(), SMALL)
    for number, line in lines:
        pieces += [b"\n" * (number - reached), line]
        reached, length = number, length + number - reached + len(line)
        _validate_size(file, length, MAX_DOCUMENT, memory)
    return b"".join(pieces)


def _refuse_mixtures(documents: Iterator[Document]) -> Iterator[Document]:
    found, empty = False, ""
    for place, pages in documents:
        found, empty = found or bool(pages), empty or ("" if pages else place)
        if found and empty:
            raise _without_page(empty)
        yield place, pages


def _without_page(place: str) -> PageError:
    return PageError(
        f"{place}: expected a GetPersonTracking page like the rest of the file. Move it to another file."
    )


def _decode_lines(  # noqa: C901 - one loop over the lines
    file: AnyPath, lines: Iterator[tuple[int, bytes]], decoders: Decoders, log: DocumentLog
) -> Iterator[Document]:
    records: list[tuple[int, bytes]] = []
    first = None
    for number, line in lines:
        first = number if first is None else first
        is_record = _is_record(line)
        if records and (not is_record or len(records) == _MOST):
            yield _join_records(file, records, decoders, log)
            records = []
        if is_record:
            records.append((number, line))
            continue
        place = f"{file}, line {number}"
        try:
            yield place, decode_pages(line, place, decoders, log)
        except TrailingTextError:
            yield from _split(line, file, decoders, log, first_line=number)
        except CutDocumentError as error:
            if next(lines, None) is not None:
                raise
            yield _decode_cut(line, place, decoders, log, error)
            return
        except PageError:
            if number == first or line.lstrip()[:1] in _OPENING or next(lines, None) is not None:
                raise
            _ignore_rest(line, 0, place, log)
            return
    if records:
        yield _join_records(file, records, decoders, log, is_last=True)
    if log.early and not any(log.early in message for message in log.cuts):
        log.cuts.append(f"{file}: {log.early}")


def _is_record(text: bytes) -> bool:
    return text.lstrip().startswith(_RECORD) and _PERSONS not in text


def _join_records(
    file: AnyPath,
    records: list[tuple[int, bytes]],
    decoders: Decoders,
    log: DocumentLog,
    *,
    is_last: bool = False,
) -> Document:
    """Decode lines with one record each as one array; on an error, decode each line to find the cause."""
    place = f"{file}, lines {records[0][0]} to {records[-1][0]}"
    try:
        joined = b"[" + b",".join(line for _, line in records) + b"]"
        return place, decode_pages(joined, place, decoders, log)
    except PageError:
        for number, line in records:
            try:
                if not decode_pages(line, f"{file}, line {number}", decoders, log):
                    raise _without_page(f"{file}, line {number}") from None
            except CutDocumentError as error:
                if not is_last or number != records[-1][0]:
                    raise
                log.cuts.append(error.found)
                return _join_records(file, records[:-1], decoders, log) if records[:-1] else (place, [])
        raise


def _split(
    raw: bytes, file: AnyPath, decoders: Decoders, log: DocumentLog, first_line: int = 1
) -> Iterator[Document]:
    """Decode consecutive documents in one text, with or without line breaks between them."""
    records: list[tuple[int, bytes]] = []
    number, has_lines_only = 0, True
    for number, line, document, is_alone in _find_documents(raw, file, first_line, log):
        has_lines_only &= is_alone
        place = f"{file}, line {line}" if is_alone else f"{file}, document {number} (from line {line})"
        is_record = is_alone and _is_record(document)
        if records and (not is_record or len(records) == _MOST):
            yield _join_records(file, records, decoders, log)
            records = []
        if is_record:
            records.append((line, document))
            continue
        try:
            yield place, decode_pages(document, place, decoders, log)
        except CutDocumentError as error:
            yield _decode_cut(document, place, decoders, log, error)
    if records:
        yield _join_records(file, records, decoders, log, is_last=True)
    if number > 1 and not has_lines_only:
        log.note(file, f"the file contains {number} JSON documents, which were all read")
    if raw.endswith(b"\0"):
        log.note(file, f"{len(raw) - len(raw.rstrip(bytes(1)))} zero bytes at the end were ignored")
    if log.early and not any(log.early in message for message in log.cuts):
        log.cuts.append(f"{file}: {log.early}")


def _find_documents(
    raw: bytes, file: AnyPath, line: int, log: DocumentLog
) -> Iterator[tuple[int, int, bytes, bool]]:
    """Yield number, line and text of each document, and whether it is on a line of its own."""
    start, number, counted = 0, 0, 0
    view = memoryview(raw)
    while (start := _BETWEEN.match(raw, start).end()) < len(raw):  # type: ignore[union-attr] # it always matches
        line, counted = line + raw.count(b"\n", counted, start), start
        if number and raw[start : start + 1] not in _OPENING:
            _ignore_rest(raw, start, f"{file}, line {line}", log)
            break
        number += 1
        end = start + measure_document(view[start:])
        document = raw[start:end]
        is_line = b"\n" not in document.strip() and raw[start - 1 : start] in (b"", b"\n")
        yield number, line, document, is_line and (end == len(raw) or b"\n" in document)
        start = end


def measure_document(text: memoryview) -> int:
    """Return the length of the first JSON document of a text, or of the text if the document is malformed."""
    try:
        WHOLE.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        end = find_end(error)
        return len(text) if end is None else end
    return len(text)


def _ignore_rest(raw: bytes, start: int, place: str, log: DocumentLog) -> None:
    """Note that text after a document is ignored.

    Raises
    ------
    PageError
        If the text seems to contain more pages.
    """
    shown = raw[start : start + _SHOWN]
    if _MARKS.search(raw, start):
        raise PageError(
            f"{place}: expected another JSON document at byte {start}, found {shown!r}. More pages seem to "
            "follow. Remove the text between the documents."
        )
    log.assume(f"{place}: {len(raw) - start} bytes after the last JSON document were ignored: {shown!r}")


def _decode_cut(
    raw: bytes, place: str, decoders: Decoders, log: DocumentLog, error: CutDocumentError
) -> Document:
    """Decode the complete records of a document whose end is missing."""
    job_id = log.job_id
    for closed in close_cut(raw):
        try:
            pages = decode_pages(closed, place, decoders, log)
        except PageError:
            continue
        if pages:
            count = sum(len(page.persons or ()) for page in pages)
            early = f" ({log.early})" if log.early else ""
            log.cuts.append(f"{error.found}{early}, after {count} complete records")
            pages[-1].job_id = pages[-1].job_id or pages[0].job_id or job_id
            pages[-1].is_cut = True
            return place, pages
    raise error
