"""Find errors that a typed decoder ignores: repeated members and numbers that are not finite."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from threading import local
from typing import Any, NamedTuple

import numpy as np

from ptrack_analysis.errors import PageError
from ptrack_analysis.sources.pages.members import MEMBER_NAMES, DoubledMemberError

Span = tuple[int, int]
_CHUNK = 2**18
_BUFFERS = local()
_PERSONS = b'"Persons"'
_LIST = re.compile(rb"\s*:\s*\[\s*(?=[^\]\s])")
_NULL = re.compile(rb'"(?:Face|BoundingBox)"\s*:\s*null')
_NAME = re.compile(rb'"(\w+)"\s*:')
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]:]', re.DOTALL)
_OF_RECORD, _OF_BOX, _OF_FACE = 3, 2, 20
"""Letters ``e`` in the member names of a record, of a box, and of a complete face with five landmarks."""
_E, _LOWER, _ZERO, _TEN = np.uint8(ord("e")), np.uint8(32), np.uint8(ord("0")), np.uint8(10)
_LARGE = re.compile(rb"(?:^|[\s:,\[])-?[0-9][0-9.]*[eE]\+?[0-9]")
_BEFORE = re.compile(rb"(?:^|[\s:,\[])-?[0-9][0-9.]*$")
_AFTER = re.compile(rb"[eE]\+?[0-9]+(?=[\s,\]}]|$)")
_PART = re.compile(r", (line|document) \d[^/]*$")
_WIDEST = 400
_OUTER_LISTS = 4


class Letters(NamedTuple):
    """The number of letters ``e`` in a document; ``has_capital`` if a list of persons may contain ``E``."""

    lower: int
    has_capital: bool


class Split(NamedTuple):
    """The persons, boxes and faces of records, with None if missing; ``given_...`` are without None."""

    persons: list[Any]
    boxes: list[Any]
    faces: list[Any]
    given_boxes: list[Any]
    given_faces: list[Any]


def split_records(records: Sequence[Any]) -> Split:
    """Split decoded records into their parts."""
    persons = [record.person for record in records]
    boxes, faces = [person.bounding_box for person in persons], [person.face for person in persons]
    return Split(persons, boxes, faces, list(filter(None, boxes)), list(filter(None, faces)))


def count_letters(raw: bytes) -> Letters:
    """Count the letters of a document that ``validate_document`` needs.

    This is fastest right after the document was read, while it is in the processor cache.
    """
    start, end = max(_find_list(raw, 0), 0), raw.rfind(b"]")
    return Letters(_count_letter(raw, [(0, len(raw))], ord("e")), raw.find(b"E", start, end + 1) >= 0)


def validate_document(raw: bytes, place: str, pages: Sequence[Any], letters: Letters) -> None:
    """Reject a well-formed document with a repeated member or a number that is not finite.

    The fast check compares the number of letters ``e`` in the document with the number expected from the
    member names of the decoded records. If they differ, exponents are searched. If exponents do not explain
    the difference, the members of each object are compared.

    Raises
    ------
    PageError
        With the line and column of the member or number.
    """
    for page in pages:
        page.split = split_records(page.persons) if page.persons else None
    splits = [page.split for page in pages if page.split is not None]
    spans, around = _find_lists(raw, len(splits))
    if spans is None or (_repeats_name(around) and _has_doubled_member(around)):
        validate_numbers(raw, place)
        validate_members(raw, place)
        return
    surplus = letters.lower - around.count(b"e") - _count_expected_letters(splits)
    has_capital = letters.has_capital and any(raw.find(b"E", start, end) >= 0 for start, end in spans)
    if surplus or has_capital or _LARGE.search(around):
        exponents = validate_numbers(raw, place)
        surplus -= sum(raw[at] == ord("e") for at in exponents for start, end in spans if start <= at < end)
        if surplus and not _has_expected_members(raw, spans, splits, surplus):
            validate_members(raw, place)


def validate_numbers(raw: bytes, place: str) -> list[int]:
    """Reject a number outside the range of a float; return the offsets of all exponents.

    Raises
    ------
    PageError
        With the line and column of the number.
    """
    exponents = _find_exponents(raw)
    for at in exponents:
        if raw[at + 1 : at + 2] == b"-":
            continue
        before = _BEFORE.search(raw, max(0, at - _WIDEST), at)
        after = _AFTER.match(raw, at)
        if before is None or after is None:
            continue
        text = (before[0].lstrip(b" \t\r\n:,[") + after[0]).decode()
        if _is_infinite(text) and _has_infinity(raw):
            raise PageError(
                f"{place}: the number {text} at {describe_position(raw, at, place)} is not finite. The file "
                "was changed or is damaged. Save the response again."
            )
    return exponents


def validate_members(raw: bytes, place: str) -> None:
    """Reject a document in which an object has a member of a page twice.

    Raises
    ------
    PageError
        With the line and column of the second member.
    """
    if not _has_doubled_member(raw):
        return
    for name, at in _find_repeated_members(raw):
        raise PageError(
            f"{place}: {name!r} is given twice in one object, the second time at "
            f"{describe_position(raw, at, place)}. Only one would be read. Save each response as its own "
            "document."
        )


def describe_position(raw: bytes, at: int, place: str) -> str:
    """Describe an offset by byte, line and column, counted from the start of the document.

    If the document is one line of a file, ``place`` already contains the line.
    """
    line, column = raw.count(b"\n", 0, at) + 1, at - raw.rfind(b"\n", 0, at)
    part = _PART.search(place)
    if part is None:
        return f"byte {at} (line {line}, column {column})"
    if part[1] == "line":
        return f"byte {at} of this line"
    return f"byte {at} of this document (its line {line}, column {column})"


def _find_exponents(raw: bytes) -> list[int]:
    """Find each ``e`` or ``E`` that follows a digit."""
    content = np.frombuffer(raw, np.uint8)
    at = np.flatnonzero((content | _LOWER) == _E)
    at = at[at > 0]
    found: list[int] = at[content[at - 1] - _ZERO < _TEN].tolist()  # bytes below "0" wrap around
    return found


def _is_infinite(text: str) -> bool:
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False


def _has_infinity(raw: bytes) -> bool:
    """Return whether a document contains an infinite number outside strings."""
    found: list[str] = []

    def parse(text: str) -> None:
        if _is_infinite(text):
            found.append(text)

    json.loads(raw, parse_float=parse, parse_int=len)
    return bool(found)


def _count_expected_letters(splits: Sequence[Split]) -> int:
    """Return the expected number of letters ``e`` in the member names of complete records."""
    return sum(
        _OF_RECORD * len(split.persons) + _OF_BOX * len(split.given_boxes) + _OF_FACE * len(split.given_faces)
        for split in splits
    )


def _has_expected_members(raw: bytes, spans: Sequence[Span], splits: Sequence[Split], surplus: int) -> bool:
    """Return whether lists of persons with incomplete faces have exactly the decoded members.

    ``Index`` and ``BoundingBox`` are counted by their ``x``, which no other member of a record has. A surplus
    of the letter ``e`` must come from faces that are null.
    """
    nulls = [found[0] for start, end in spans for found in _NULL.finditer(raw, start, end)]
    if surplus > sum(null.startswith(b'"Face"') for null in nulls):
        return False
    records, boxes = sum(len(split.persons) for split in splits), sum(map(_count_boxes, splits))
    boxes += sum(null.startswith(b'"B') for null in nulls)
    stamps = sum(raw.count(b'"Timestamp"', start, end) for start, end in spans)
    return stamps == records and _count_letter(raw, spans, ord("x")) == records + boxes


def _count_boxes(split: Split) -> int:
    """Count the boxes of bodies and faces; a face that the decoder skipped counts as one box."""
    faces = [face for face in split.given_faces if getattr(face, "bounding_box", True)]
    return len(split.given_boxes) + len(faces)


def _count_letter(raw: bytes, spans: Sequence[Span], letter: int) -> int:
    """Count a letter in parts of a document."""
    if not hasattr(_BUFFERS, "equal"):  # allocating memory for each page would cost more than the search
        _BUFFERS.equal = np.empty(_CHUNK, bool)
    content, count = np.frombuffer(raw, np.uint8), 0
    for first, end in spans:
        for start in range(first, end, _CHUNK):
            part = content[start : min(start + _CHUNK, end)]
            count += int(np.count_nonzero(np.equal(part, letter, out=_BUFFERS.equal[: len(part)])))
    return count


def _find_lists(raw: bytes, number: int) -> tuple[list[Span] | None, bytes]:
    """Find the nonempty lists of persons; return their spans and the text around them.

    The spans are None if their number is not ``number``.
    """
    if not number:
        return [], raw
    if _PERSONS not in raw[:_WIDEST] and _PERSONS not in raw:
        return [(0, len(raw))], b""  # a bare array, or one record
    spans, pieces, done = list[Span](), list[bytes](), 0
    at = _find_list(raw, 0)
    while at >= 0 and len(spans) < number:
        following = _find_list(raw, at) if len(spans) + 1 < number else len(raw)
        end = raw.rfind(b"]", at, following if following >= 0 else len(raw))
        pieces.append(raw[done:at])
        if len(spans) + 1 == number:
            end = _skip_outer_lists(raw, at, end, sum(map(_count_open, pieces)))
        spans.append((at, end))
        done, at = end, following
    pieces.append(raw[done:])
    around = b"".join(pieces)
    is_found = len(spans) == number and not _count_open(around)
    return (spans if is_found else None), around


def _count_open(text: bytes) -> int:
    return text.count(b"{") - text.count(b"}")


def _skip_outer_lists(raw: bytes, start: int, end: int, opened: int) -> int:
    """Return the end of the last list of persons; the last ``]`` at ``end`` may close a list of pages."""
    for _ in range(_OUTER_LISTS):
        if opened + _count_open(raw[end:]) == 0:
            break
        end = raw.rfind(b"]", start, end)
    return end


def _find_list(raw: bytes, start: int) -> int:
    """Return the offset of the first element of the next list of persons, -1 if no list follows."""
    at = raw.find(_PERSONS, start)
    while at >= 0:
        if (found := _LIST.match(raw, at + len(_PERSONS))) is not None:
            return found.end()
        at = raw.find(_PERSONS, at + 1)
    return -1


def _repeats_name(raw: bytes) -> bool:
    """Return whether a text has the name of a member twice, in the same or in different objects."""
    names = _NAME.findall(raw)
    return b"\\" in raw or len(set(names)) < len(names)


def _single(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) == len(pairs):
        return
    seen = set[str]()
    for name, _ in pairs:
        if name in seen and name in MEMBER_NAMES:
            raise DoubledMemberError(name)
        seen.add(name)


_PAIRS = json.JSONDecoder(object_pairs_hook=_single, parse_float=len, parse_int=len)


def _has_doubled_member(raw: bytes) -> bool:
    """Return whether an object of a document has a member of a page twice; True if it is not decodable."""
    try:
        _PAIRS.decode(raw.decode())
    except (ValueError, RecursionError):  # also if the text around lists of persons is not a document
        return True
    return False


def _find_repeated_members(raw: bytes) -> Iterator[tuple[str, int]]:
    """Yield the name and the byte of each member of a page that repeats one of the same object."""
    stack: list[set[str] | None] = []
    text, at = b"", 0
    for token in _TOKEN.finditer(raw):
        mark = token[0]
        if mark in (b"{", b"["):
            stack.append(set() if mark == b"{" else None)
        elif mark in (b"}", b"]"):
            stack.pop()
        elif mark == b":":
            names, name = stack[-1], json.loads(text)
            if names is not None and name in MEMBER_NAMES:
                if name in names:
                    yield name, at
                names.add(name)
        else:
            text, at = mark, token.start()
