"""From one document to its pages, whatever wrapping they were saved in."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from ptrack_analysis.errors import InputError
from ptrack_analysis.io.faults import malformed, not_utf8, unexpected
from ptrack_analysis.io.shapes import Decoders, Face, FaceWithLandmarks, Page, Record, Skipped

SKIPPING = Decoders(list[Skipped], Skipped)
BARE = Decoders(list[Record[Skipped]], Record[Skipped])
WITH_FACES = Decoders(list[Record[Face]], Record[Face])
WITH_LANDMARKS = Decoders(list[Record[FaceWithLandmarks]], Record[FaceWithLandmarks])

_UNFINISHED = {"IN_PROGRESS", "FAILED"}


def pages_of(raw: bytes, place: str, decoders: Decoders) -> list[Page[Any]] | None:
    """Decode one JSON document and take the pages out of their wrapping.

    Accepted are a page, a list of pages, a bare array of Persons, one record of such an array, and a page or
    list of pages under ``original_response`` or ``data``. Numbers may be texts.

    Returns
    -------
    list of Page, or None
        None where the document is well-formed but holds no page.

    Raises
    ------
    PageError
        If the document is not well-formed, or a value in a page is not what the API sends.
    InputError
        If it is an envelope that reports an error instead of a page.
    """
    if not raw.isascii():
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            raise not_utf8(raw, place, error) from error
    try:
        return _unwrapped(_decoded(raw, decoders), raw, place, decoders)
    except msgspec.ValidationError as error:
        content = _untyped(raw, place)
        if not _looks_like_pages(content):
            return None
        raise unexpected(content, place, error) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(raw, place, error) from error


def record_of(raw: bytes, place: str, decoders: Decoders) -> Page[Any]:
    """Decode one line that holds a single record, as a page of one."""
    return _bare(b"[" + raw + b"]", place, decoders)


def _decoded(raw: bytes, decoders: Decoders) -> Page[Any] | list[Page[Any]]:
    strict, lax = decoders.pages
    try:
        decoded: Page[Any] | list[Page[Any]] = strict.decode(raw)
    except msgspec.ValidationError:
        decoded = lax.decode(raw)
    return decoded


def _unwrapped(
    decoded: Page[Any] | list[Page[Any]], raw: bytes, place: str, decoders: Decoders
) -> list[Page[Any]] | None:
    if isinstance(decoded, list):
        if all(page.person is not None for page in decoded):
            return [_bare(raw, place, decoders)]
    elif decoded.person is not None:
        return [record_of(raw, place, decoders)]
    return list(_pages(decoded, place)) or None


def _bare(raw: bytes, place: str, decoders: Decoders) -> Page[Any]:
    strict, lax = decoders.records
    try:
        try:
            return Page(persons=strict.decode(raw))
        except msgspec.ValidationError:
            return Page(persons=lax.decode(raw))
    except msgspec.ValidationError as error:
        raise unexpected(_untyped(raw, place), place, error) from error


def _pages(decoded: Page[Any] | list[Page[Any]], place: str) -> Iterator[Page[Any]]:
    """Walk wrappers down to what is a page: it has Persons, or says that its job has none yet."""
    if isinstance(decoded, list):
        for item in decoded:
            yield from _pages(item, place)
        return
    if decoded.success is False:
        failure = decoded.error
        code, message = (failure.code, failure.message) if failure else (None, None)
        raise InputError(f"{place}: the answer is an error, not a page: {code}: {message}")
    if decoded.persons is not None or decoded.job_status in _UNFINISHED:
        yield decoded
    for inner in (decoded.original_response, decoded.data):
        if inner is not None:
            yield from _pages(inner, place)


def _untyped(raw: bytes, place: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise malformed(raw, place, error) from error


def _looks_like_pages(content: Any) -> bool:
    """Whether an untyped document has the marks of a page, so that its faults are faults of a page."""
    if isinstance(content, list):
        return any(
            isinstance(item, dict) and ("Person" in item or _looks_like_pages(item)) for item in content
        )
    if not isinstance(content, dict):
        return False
    inner = (content.get("original_response"), content.get("data"))
    return "Persons" in content or "Person" in content or any(_looks_like_pages(item) for item in inner)
