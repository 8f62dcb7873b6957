"""Pages, or single records of Persons, that stand one a line."""

from collections.abc import Iterator
from typing import Any

from ptrack_analysis.errors import PageError
from ptrack_analysis.io.documents import read_lines
from ptrack_analysis.io.pages import pages_of
from ptrack_analysis.io.s3 import AnyPath
from ptrack_analysis.io.shapes import Decoders, Page

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
    return place, pages_of(line, place, decoders)


def _together(file: AnyPath, records: list[tuple[int, bytes]], decoders: Decoders) -> Document:
    """Decode lines of one record each as one array; a fault is looked for line by line."""
    place = f"{file}, lines {records[0][0]} to {records[-1][0]}"
    try:
        return place, pages_of(b"[" + b",".join(line for _, line in records) + b"]", place, decoders)
    except PageError:
        for number, line in records:
            if not _one(file, number, line, decoders)[1]:
                raise _without_page(f"{file}, line {number}") from None
        raise


def _without_page(place: str) -> PageError:
    return PageError(f"{place}: holds no page, while other lines of the file do")
