"""Decode JSON documents to GetPersonTracking pages, and describe malformed documents."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from ptrack_analysis.errors import InputError, PageError
from ptrack_analysis.sources.pages.integrity import (
    count_letters,
    describe_position,
    validate_document,
    validate_members,
    validate_numbers,
)
from ptrack_analysis.sources.pages.members import (
    DoubledMemberError,
    may_have_other_spellings,
    name_operation,
    restore_members,
)
from ptrack_analysis.sources.pages.salvage import DocumentLog, describe_text

LATEST_START = 10 * 24 * 3600 * 1000
"""A first timestamp above this (10 days) is wall-clock time, not time since the start of the video [ms].

Seconds since 1970, read as milliseconds, are also above it.
"""
DATE = r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}"
"""Pattern of a date in a timestamp."""
PAGES_FROM_START = (
    "Timestamps count from the start of the video: subtract the time of its first frame from each Timestamp, "
    "in milliseconds."
)
WHOLE = msgspec.json.Decoder(msgspec.Raw)
"""Decoder whose errors contain the end of a document or the position of malformed JSON."""
_LONGEST = 60
_BYTE = re.compile(r"\(byte (\d+)\)")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


class CutDocumentError(PageError):
    """The end of a JSON document is missing. ``found`` is the message without advice."""

    def __init__(self, found: str) -> None:
        super().__init__(f"{found}. The file is probably incomplete.")
        self.found = found


class TrailingTextError(PageError):
    """Other text follows a JSON document."""


def find_end(error: Exception) -> int | None:
    """Return the end of a document from the decoder's error about trailing text; None for other errors."""
    found = _BYTE.search(str(error))
    return int(found[1]) - 1 if found and "trailing characters" in str(error) else None


def is_cut(error: Exception, raw: bytes) -> bool:
    """Return whether a decoder failed because the text ends within a document."""
    found = _BYTE.search(str(error))
    if found is None:
        return "truncated" in str(error)
    return "invalid" in str(error) and int(found[1]) >= len(raw)


def malformed(raw: bytes, place: str, error: Exception) -> PageError:
    """Describe where a document is not well-formed JSON."""
    found = _BYTE.search(str(error))
    if isinstance(error, RecursionError):
        return PageError(
            f"{place}: the JSON is nested deeper than any GetPersonTracking page. Remove it, or save the "
            "response again."
        )
    if is_cut(error, raw):
        return CutDocumentError(f"{place}: JSON ends early at {describe_position(raw, len(raw), place)}")
    end = find_end(error)
    at = int(found[1]) if found else len(raw)
    if end is not None and raw.lstrip()[:1] in (b"{", b"["):
        return TrailingTextError(
            f"{place}: other text follows the JSON document at {describe_position(raw, end, place)}"
        )
    reason = _BYTE.sub("", str(error)).removeprefix("JSON is malformed: ").strip()
    shown = raw[at : at + 12]
    if shown.startswith((b"NaN", b"Inf")):
        reason = "a number must be finite"
    advice = describe_text(raw) or " The file was changed or is damaged: restore the original."
    return PageError(
        f"{place}: not JSON at {describe_position(raw, at, place)}: {reason}, found {shown!r}.{advice}"
    )


def wall_clock(place: object, name: str, first: str, advice: str) -> str:
    """Return the message about timestamps that look like wall-clock time."""
    return (
        f"{place}: {name} starts at {first}, more than {LATEST_START // 86_400_000} days into the video, and "
        f"looks like wall-clock time. {advice}"
    )


def not_utf8(raw: bytes, place: str, error: UnicodeDecodeError) -> PageError:
    """Describe where a document is not UTF-8."""
    shown = raw[error.start : error.start + 4]
    where = describe_position(raw, error.start, place)
    advice = describe_text(raw) or " Save the file as UTF-8."
    return PageError(f"{place}: invalid UTF-8 at {where}: {shown!r}.{advice}")


def unexpected(content: Any, place: str, error: msgspec.ValidationError) -> PageError:
    """Describe a value of a well-formed document that the API does not send."""
    reason, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`")
    where = f"{place}: {path.removeprefix('.')}" if path else f"{place}: the document"
    if "missing required field" in reason:
        return PageError(f"{where}: required field {reason.split('`')[1]!r} is missing")
    value = repr(_value(content, path))
    if len(value) > _LONGEST:
        value = value[:_LONGEST] + "..."
    if path.endswith(".Timestamp") and re.match(DATE, value.strip("'")):
        return PageError(f"{where} is {value}, which is a wall-clock time. {PAGES_FROM_START}")
    expected = reason.replace("`", "").split(", got ")[0].replace("Expected ", "expected ")
    return PageError(f"{where} is {value}; {expected[:1].lower()}{expected[1:]}")


def _value(content: Any, path: str) -> Any:
    """Follow a path such as ``.Persons[3].Timestamp`` into an untyped document, as far as it leads."""
    for name, position in _STEP.findall(path):
        try:
            content = content[name] if name else content[int(position)]
        except (KeyError, IndexError, TypeError):
            break
    return content


nan = float("nan")
Count = Annotated[int, Meta(ge=0, le=2**53)]
Number = Annotated[float, Meta(ge=-1e6, le=1e6)]


class Box(Struct, rename="pascal", gc=False):
    """A bounding box, in fractions of the frame."""

    left: Number
    top: Number
    width: Number
    height: Number


class Pose(Struct, rename="pascal", gc=False):
    """Orientation of a face [degrees]."""

    roll: Number | None = nan
    yaw: Number | None = nan
    pitch: Number | None = nan


class Quality(Struct, rename="pascal", gc=False):
    """Image quality of a face, 0 to 100."""

    brightness: Number | None = nan
    sharpness: Number | None = nan


class Landmark(Struct, rename="pascal", gc=False):
    """A point of a face, in fractions of the frame."""

    type: str
    x: Number
    y: Number


class Face(Struct, rename="pascal", gc=False):
    """A face without its landmarks, which the decoder skips."""

    bounding_box: Box | None = None
    confidence: Number | None = nan
    pose: Pose | None = None
    quality: Quality | None = None


class FaceWithLandmarks(Face, rename="pascal", gc=False):
    """A face with its landmarks."""

    landmarks: list[Landmark] | None = None


class Skipped(Struct, gc=False):
    """An object whose members the decoder skips."""


F = TypeVar("F")
P = TypeVar("P")


class Person(Struct, Generic[F], rename="pascal", gc=False):
    """The person of a detection."""

    index: Count
    bounding_box: Box | None = None
    face: F | None = None


class PersonRecord(Struct, Generic[F], rename="pascal", gc=False):
    """One element of ``Persons``: a detection."""

    timestamp: Count
    person: Person[F]


class TimeOnly(Struct, rename="pascal", gc=False):
    """The time of a detection. A value of another type is only an error when the person is read."""

    timestamp: int | float | str | None = None


class VideoMetadata(Struct, rename="pascal", frozen=True):
    """Metadata of the video, determined by the service."""

    codec: str | None = None
    duration_millis: Count | None = None
    format: str | None = None
    frame_rate: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    frame_height: Annotated[int, Meta(ge=1, le=2**31)] | None = None
    frame_width: Annotated[int, Meta(ge=1, le=2**31)] | None = None
    color_range: str | None = None


class S3Object(Struct, rename="pascal", frozen=True):
    """The S3 object of the video."""

    bucket: str | None = None
    name: str | None = None


class SourceVideo(Struct, rename="pascal", frozen=True):
    """The video that the job was started with."""

    s3_object: S3Object | None = field(name="S3Object", default=None)


class Failure(Struct):
    """The error in an envelope with ``success: false``."""

    code: str | None = None
    message: str | None = None


class Page(Struct, Generic[P], rename="pascal"):
    """An object that may be a page, contain pages, or be one record of an array; P is its Persons."""

    persons: P | None = None
    job_status: str | None = None
    status_message: str | None = None
    video_metadata: VideoMetadata | None = None
    next_token: str | None = None
    job_id: str | None = None
    job_tag: str | None = None
    video: SourceVideo | None = None
    original_response: "Page[P] | list[Page[P]] | None" = field(name="original_response", default=None)
    success: bool | None = field(name="success", default=None)
    data: "Page[P] | list[Page[P]] | None" = field(name="data", default=None)
    error: Failure | None = field(name="error", default=None)
    file_name: str | None = field(name="fileName", default=None)
    labels: msgspec.Raw = msgspec.Raw(b"")
    celebrities: msgspec.Raw = msgspec.Raw(b"")
    moderation_labels: msgspec.Raw = msgspec.Raw(b"")
    person: Skipped | None = None
    job_status_: msgspec.Raw = field(name="jobStatus", default=msgspec.Raw())
    video_metadata_: msgspec.Raw = field(name="videoMetadata", default=msgspec.Raw())
    next_token_: msgspec.Raw = field(name="nextToken", default=msgspec.Raw())
    job_id_: msgspec.Raw = field(name="jobId", default=msgspec.Raw())

    is_cut: bool = field(name="ptrack:is_cut", default=False)
    split: Any = field(name="ptrack:split", default=None)

    def has_other_spellings(self) -> bool:
        """Return whether members of the page are spelled in camelCase."""
        return bool(self.job_status_ or self.video_metadata_ or self.next_token_ or self.job_id_)

    @property
    def is_merged(self) -> bool:
        """Whether the object also has results of other analyses, so that it is a complete result."""
        return any(map(len, map(bytes, (self.labels, self.celebrities, self.moderation_labels))))


class Decoders:
    """Decoders for one type of person, each strict and lax (numbers may be strings)."""

    def __init__(self, persons: object, record: object) -> None:
        page = Page[persons]  # type: ignore[valid-type] # the type is made at run time
        self.pages = [msgspec.json.Decoder(page | list[page], strict=strict) for strict in (True, False)]
        self.records = [msgspec.json.Decoder(list[record], strict=strict) for strict in (True, False)]  # type: ignore[valid-type]


SKIPPING = Decoders(list[TimeOnly], TimeOnly)
"""Decoders that only read the timestamps of records."""
BARE = Decoders(list[PersonRecord[Skipped]], PersonRecord[Skipped])
WITH_FACES = Decoders(list[PersonRecord[Face]], PersonRecord[Face])
WITH_LANDMARKS = Decoders(list[PersonRecord[FaceWithLandmarks]], PersonRecord[FaceWithLandmarks])

_UNFINISHED = {"IN_PROGRESS", "FAILED"}
_DEEPEST = 16
"""Maximum number of wrappers around a page."""
_MEMBERS: dict[str, Any] = {
    "JobStatus": str,
    "StatusMessage": str,
    "NextToken": str,
    "JobId": str,
    "JobTag": str,
    "fileName": str,
    "VideoMetadata": dict,
    "Video": dict,
    "original_response": dict | list,
    "data": dict | list,
    "success": bool,
    "error": dict,
}


def decode_pages(raw: bytes, place: str, decoders: Decoders, log: DocumentLog) -> list[Page[Any]] | None:
    """Decode a JSON document and return the pages it contains.

    The document may be a page, a list of pages, a bare array of Persons, one record of such an array, or a
    page or list of pages under ``original_response`` or ``data``. Numbers may be strings, member names may be
    in camelCase or snake_case, and enumerations may be objects with the member ``Value``.

    Returns
    -------
    list of Page, or None
        None if the document is well-formed but contains no page.

    Raises
    ------
    PageError
        If the document is malformed, the API does not send a value in a page, a member is given twice, or a
        number is not finite.
    InputError
        If the document is an envelope with an error instead of a page.
    """
    if not raw.isascii():
        raw = _validate_utf8(raw, place)
    error: msgspec.ValidationError | None = None
    pages: list[Page[Any]] | None = None
    letters = None if decoders is SKIPPING else count_letters(raw)
    try:
        pages = _unwrapped(_decoded(raw, decoders), raw, place, decoders)
    except msgspec.ValidationError as found:
        error = found
    except (msgspec.DecodeError, RecursionError) as found:
        raise malformed(raw, place, found) from found
    if error is None and not _has_other_spellings(raw, pages, decoders):
        if pages and letters is not None:
            validate_document(raw, place, pages, letters)
            _note_face_search(raw, place, log)
        log.fast += bool(pages)
    else:
        pages = _repaired(raw, place, decoders, log, error)
        log.repaired += bool(pages)
    if pages:
        log.job_id = pages[-1].job_id or log.job_id
    else:
        log.operation = log.operation or name_operation(raw) or ""
    return pages


def _validate_utf8(raw: bytes, place: str) -> bytes:
    """Return a text in UTF-8 without an incomplete character at its end.

    Raises
    ------
    PageError
        If the text is not UTF-8.
    """
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return raw[: error.start]
        raise not_utf8(raw, place, error) from error
    return raw


def _has_other_spellings(raw: bytes, pages: list[Page[Any]] | None, decoders: Decoders) -> bool:
    """Return whether missing members may be present in another spelling."""
    if pages is None:
        return may_have_other_spellings(raw)
    if any(page.has_other_spellings() for page in pages):
        return True
    if decoders is SKIPPING or any(
        one.person.bounding_box is not None for page in pages for one in page.persons or ()
    ):
        return False
    return b'"boundingBox"' in raw or b'"bounding_box"' in raw


_FACE_MATCHES = b'"FaceMatches"'
_NEAR = 4096


def _note_face_search(raw: bytes, place: str, log: DocumentLog) -> None:
    """Note pages of GetFaceSearch, which have the same structure plus FaceMatches."""
    if raw.find(_FACE_MATCHES, 0, _NEAR) >= 0 or raw.find(_FACE_MATCHES, max(0, len(raw) - _NEAR)) >= 0:
        log.note(
            place, "the page is from GetFaceSearch, not GetPersonTracking, and its FaceMatches were ignored"
        )


def _repaired(
    raw: bytes,
    place: str,
    decoders: Decoders,
    log: DocumentLog,
    error: msgspec.ValidationError | None,
) -> list[Page[Any]] | None:
    """Decode a document with other spellings, or with foreign members named like members of a page."""
    content = _untyped(raw, place)
    if isinstance(content, dict) and content.get("success") is False:
        raise InputError(
            f"{place}: the response is an error, not a page: {content.get('error')!r}"
        ) from error
    try:
        restored, changes = restore_members(content)
    except DoubledMemberError as doubled:
        raise PageError(f"{place}: {doubled}. Only one would be read. Remove the other.") from doubled
    if not _looks_like_pages(restored):
        return None
    validate_numbers(raw, place)
    validate_members(raw, place)
    pruned = _pruned(restored)
    if error is not None and pruned == content:
        raise unexpected(content, place, error) from error
    text = json.dumps(pruned).encode()  # also a lone surrogate, which the decoder rejects
    try:
        pages = _unwrapped(_decoded(text, decoders), text, place, decoders)
    except msgspec.ValidationError as again:
        raise unexpected(pruned, place, again) from again
    except msgspec.DecodeError as again:
        raise malformed(text, place, again) from again
    if pages:
        for change in sorted(changes):
            log.note(place, change)
        _note_face_search(text, place, log)
    return pages


def _pruned(content: Any) -> Any:
    """Remove members with the name but not the type of a page's member; numbers may be identifiers."""
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


def decode_record(raw: bytes, place: str, decoders: Decoders) -> Page[Any]:
    """Decode one record as a page with one person."""
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
        return [decode_record(raw, place, decoders)]
    elif decoded.persons is None and decoded.job_status == "SUCCEEDED" and b'"Persons"' in raw:
        return [decoded]  # "Persons": null
    return list(_pages(decoded, place, _DEEPEST)) or None


def _has_other_items(value: Any) -> bool:
    """Return whether a list contains items that are not objects and therefore not pages."""
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
    """Yield the pages within wrappers: objects with Persons or with the status of an unfinished job."""
    if left < 0:
        raise PageError(
            f"{place}: the page is nested in more than {_DEEPEST} wrappers. Unwrap it, or save the response "
            "again."
        )
    if isinstance(decoded, list):
        for item in decoded:
            yield from _pages(item, place, left)
        return
    if decoded.success is False:
        failure = decoded.error
        code, message = (failure.code, failure.message) if failure else (None, None)
        raise InputError(f"{place}: the response is an error, not a page: {code}: {message}")
    if decoded.persons is not None or decoded.job_status in _UNFINISHED:
        yield decoded
    for inner in (decoded.original_response, decoded.data):
        if inner is not None:
            for page in _pages(inner, place, left - 1):
                page.file_name = page.file_name or decoded.file_name
                yield page


def _untyped(raw: bytes, place: str) -> Any:
    try:
        WHOLE.decode(raw)  # because its errors contain the byte
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise malformed(raw, place, error) from error


def _looks_like_pages(content: Any, left: int = _DEEPEST) -> bool:
    """Return whether an untyped document looks like pages, so that its errors are errors of a page."""
    if isinstance(content, list):
        return left >= 0 and any(
            isinstance(item, dict) and ("Person" in item or _looks_like_pages(item, left - 1))
            for item in content
        )
    if not isinstance(content, dict) or left < 0:
        return False
    inner = (content.get("original_response"), content.get("data"))
    return (
        "Persons" in content or "Person" in content or any(_looks_like_pages(one, left - 1) for one in inner)
    )
