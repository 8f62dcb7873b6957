"""From one document to its pages, whatever wrapping they were saved in."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.io.faults import malformed, not_utf8, unexpected
from ptrack_analysis.io.shapes import Decoders, Face, FaceWithLandmarks, Page, Record, Skipped

SKIPPING = Decoders(list[Skipped], Skipped)
BARE = Decoders(list[Record[Skipped]], Record[Skipped])
WITH_FACES = Decoders(list[Record[Face]], Record[Face])
WITH_LANDMARKS = Decoders(list[Record[FaceWithLandmarks]], Record[FaceWithLandmarks])

_UNFINISHED = {"IN_PROGRESS", "FAILED"}
_DEEPEST = 16
"""How many wrappings may lie around a page."""
_MEMBERS: dict[str, Any] = {
    "JobStatus": str,
    "StatusMessage": str,
    "NextToken": str,
    "JobId": str,
    "JobTag": str,
    "VideoMetadata": dict,
    "Video": dict,
    "original_response": dict | list,
    "data": dict | list,
    "success": bool,
    "error": dict,
}


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
        return _second_look(_untyped(raw, place), place, decoders, error)
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(raw, place, error) from error


def _second_look(
    content: Any, place: str, decoders: Decoders, error: msgspec.ValidationError
) -> list[Page[Any]] | None:
    """Read what did not fit the types: a page among whose further members one only shares its name."""
    if isinstance(content, dict) and content.get("success") is False:
        raise InputError(f"{place}: the answer is an error, not a page: {content.get('error')!r}") from error
    if not _looks_like_pages(content):
        return None
    pruned = _pruned(content)
    if pruned == content:
        raise unexpected(content, place, error) from error
    raw = json.dumps(
        pruned
    ).encode()  # as it is written, NaN and half a surrogate pair too: these are refused
    try:
        return _unwrapped(_decoded(raw, decoders), raw, place, decoders)
    except msgspec.ValidationError as again:
        raise unexpected(pruned, place, again) from again
    except msgspec.DecodeError as again:
        raise malformed(raw, place, again) from again


def _pruned(content: Any) -> Any:
    """Leave out members that have the name of one of a page and another type; numbers may be identifiers."""
    if isinstance(content, list):
        return [_pruned(item) for item in content]
    if not isinstance(content, dict):
        return content
    kept = {}
    for name, value in content.items():
        kind = _MEMBERS.get(name)
        if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
            kept[name] = str(value)
        elif kind is None or value is None or (isinstance(value, kind) and not _has_other_items(value)):
            kept[name] = value
    return kept


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
        if not decoded or any(page.person is not None for page in decoded):
            return [_bare(raw, place, decoders)]
    elif decoded.person is not None:
        return [record_of(raw, place, decoders)]
    elif decoded.persons is None and decoded.job_status == "SUCCEEDED" and b'"Persons"' in raw:
        return [decoded]  # "Persons": null
    return list(_pages(decoded, place, _DEEPEST)) or None


def _has_other_items(value: Any) -> bool:
    """Tell whether a list holds what is no object, so that it holds no pages."""
    return isinstance(value, list) and not all(isinstance(item, dict) for item in value)


def _bare(raw: bytes, place: str, decoders: Decoders) -> Page[Any]:
    strict, lax = decoders.records
    try:
        try:
            return Page(persons=strict.decode(raw))
        except msgspec.ValidationError:
            return Page(persons=lax.decode(raw))
    except msgspec.ValidationError as error:
        raise unexpected(_untyped(raw, place), place, error) from error


def _pages(decoded: Page[Any] | list[Page[Any]], place: str, left: int) -> Iterator[Page[Any]]:
    """Walk wrappers down to what is a page: it has Persons, or says that its job has none yet."""
    if left == 0:
        raise PageError(f"{place}: pages wrapped more than {_DEEPEST} times; not a GetPersonTracking page")
    if isinstance(decoded, list):
        for item in decoded:
            yield from _pages(item, place, left)
        return
    if decoded.success is False:
        failure = decoded.error
        code, message = (failure.code, failure.message) if failure else (None, None)
        raise InputError(f"{place}: the answer is an error, not a page: {code}: {message}")
    if decoded.persons is not None or decoded.job_status in _UNFINISHED:
        yield decoded
    for inner in (decoded.original_response, decoded.data):
        if inner is not None:
            yield from _pages(inner, place, left - 1)


def _untyped(raw: bytes, place: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise malformed(raw, place, error) from error


def _looks_like_pages(content: Any, left: int = _DEEPEST) -> bool:
    """Whether an untyped document has the marks of a page, so that its faults are faults of a page."""
    if isinstance(content, list):
        return left > 0 and any(
            isinstance(item, dict) and ("Person" in item or _looks_like_pages(item, left - 1))
            for item in content
        )
    if not isinstance(content, dict) or left == 0:
        return False
    inner = (content.get("original_response"), content.get("data"))
    return (
        "Persons" in content or "Person" in content or any(_looks_like_pages(one, left - 1) for one in inner)
    )
