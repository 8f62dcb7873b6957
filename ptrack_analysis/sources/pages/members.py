"""Members of a page in other spellings, doubled members, and numbers that are not finite."""

import json
import re
from collections.abc import Iterable, Sequence
from math import isinf
from threading import local
from typing import Any, NoReturn

import numpy as np

_NAMES = (
    "JobStatus", "StatusMessage", "VideoMetadata", "NextToken", "Persons", "JobId", "JobTag", "Video",
    "S3Object", "Bucket", "Name", "Codec", "DurationMillis", "Format", "FrameRate", "FrameHeight",
    "FrameWidth", "ColorRange", "Timestamp", "Person", "Index", "BoundingBox", "Left", "Top", "Width",
    "Height", "Face", "Landmarks", "Type", "X", "Y", "Pose", "Roll", "Yaw", "Pitch", "Quality",
    "Brightness", "Sharpness", "Confidence",
)  # fmt: skip
_SPELLINGS = {
    spelling: name
    for name in _NAMES
    for spelling in (name[0].lower() + name[1:], re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
} | {"s3_object": "S3Object"}
_ENUMS = {"JobStatus", "Type", "ColorRange", "Codec", "Format", "Index", "Timestamp"}
_LOWER = re.compile(rb'"(?:persons?|timestamp)"\s*:')
_CHUNK = 2**16
_BUFFERS = local()
_NUMBERS = re.compile(rb'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)|-?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]+', re.DOTALL)
_OPERATIONS = {
    "FaceDetails": "DetectFaces",
    "Faces": "GetFaceDetection",
    "FaceMatches": "SearchFaces",
    "Labels": "GetLabelDetection",
    "Celebrities": "GetCelebrityRecognition",
    "CelebrityFaces": "RecognizeCelebrities",
    "ModerationLabels": "GetContentModeration",
    "TextDetections": "GetTextDetection",
    "Segments": "GetSegmentDetection",
    "ProtectiveEquipmentModelVersion": "DetectProtectiveEquipment",
}


class DoubledError(Exception):
    """An object has a member twice."""


class NotFiniteError(Exception):
    """A number is not finite."""


def may_have_other_spellings(raw: bytes) -> bool:
    """Return whether a document may be a page in camelCase or snake_case."""
    return _LOWER.search(raw) is not None


def rename_members(content: Any) -> Any:
    """Give members of a page their names in the API, and enums in objects their values."""
    if isinstance(content, list):
        return [rename_members(item) for item in content]
    if not isinstance(content, dict):
        return content
    renamed = {}
    for spelling, value in content.items():
        name = _SPELLINGS.get(spelling, spelling)
        if name != spelling and (name in content or name in renamed):
            raise DoubledError(spelling)
        if name in _ENUMS and isinstance(value, dict) and len(value) == 1:
            ((inner, chosen),) = value.items()
            value = chosen if inner.lower() == "value" else value  # noqa: PLW2901 - the value of the enum
        renamed[name] = rename_members(value)
    return renamed


def load_untyped(raw: bytes) -> Any:
    """Decode JSON strictly: without doubled members of a page and without numbers that are not finite."""
    return json.loads(raw, object_pairs_hook=_single, parse_float=_finite, parse_constant=_refuse)


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen = set[str]()
        for name, _ in pairs:
            if name in seen and _SPELLINGS.get(name, name) in _NAMES:
                raise DoubledError(name)
            seen.add(name)
    return made


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise NotFiniteError(text)
    return number


def _refuse(text: str) -> NoReturn:
    raise NotFiniteError(text)


def find_not_finite(raw: bytes) -> int | None:
    """Return where the first number that is not finite begins, None without one."""
    for found in _NUMBERS.finditer(raw):
        text = found[0]
        if not text.startswith(b'"') and (text.endswith((b"N", b"y")) or isinf(float(text))):
            return found.start()
    return None


def find_doubled(raw: bytes, name: str) -> list[int]:
    """Return where a name stands as a member."""
    return [found.start() for found in re.finditer(rb'"%b"\s*:' % re.escape(name.encode()), raw)]


def look_over(raw: bytes) -> tuple[bool, int]:
    """Return whether a document may have a number beyond all bounds, and the number of its opening brackets.

    A decoder skips members that are not read without looking at their numbers, so the bytes are searched: an
    ``e`` before a digit or a plus sign. This is a small part of the time of decoding.
    """
    content = np.frombuffer(raw, np.uint8)
    if not hasattr(_BUFFERS, "kept"):  # memory that is given back and taken again costs more than the search
        _BUFFERS.kept = (np.empty(_CHUNK, np.uint8), np.empty(_CHUNK, np.uint8), np.empty(_CHUNK, bool))
    letters, signs, truths = _BUFFERS.kept
    brackets, large = 0, False
    for start in range(0, len(content), _CHUNK):
        here = content[start : start + _CHUNK]
        brackets += int(np.count_nonzero(np.equal(here, 91, out=truths[: len(here)])))
        after = content[start + 1 : start + _CHUNK + 1]
        size = len(after)
        if large or not size:
            continue
        letter, sign = letters[:size], signs[:size]
        np.bitwise_and(here[:size], 0xDF, out=letter)
        np.bitwise_xor(letter, 0x45, out=letter)
        np.subtract(after, 43, out=sign)
        np.bitwise_or(letter, sign, out=sign)
        if sign.min() < 16:  # noqa: PLR2004 - bits of '+' to ':', beside letters close to 'e'
            at = np.flatnonzero(np.less(sign, 16, out=truths[:size]))
            at = at[(here[at] & 0xDF == 0x45) & np.isin(after[at], _PLUS_OR_DIGIT)]  # noqa: PLR2004 - e and E
            large = any(_is_beyond_bounds(raw, start + int(one)) for one in at)
    return large, brackets


def _is_beyond_bounds(raw: bytes, at: int) -> bool:
    """Return whether the text around an ``e`` would be an infinite number; it may be part of a text."""
    exponent = _EXPONENT.match(raw, at + 1)
    if exponent is None:
        return False
    mantissa = _MANTISSA.search(raw[max(at - 400, 0) : at])
    return mantissa is not None and isinf(float(mantissa[0] + b"e" + exponent[1]))


_EXPONENT = re.compile(rb"\+?([0-9]+)")
_MANTISSA = re.compile(rb"[0-9]+(?:\.[0-9]+)?$")
_PLUS_OR_DIGIT = np.frombuffer(b"+0123456789", np.uint8)


def name_operation(names: Iterable[str]) -> str | None:
    """Name another operation of Rekognition whose answer has such members, None if there is none."""
    found = [operation for name, operation in _OPERATIONS.items() if name in set(names)]
    return found[0] if found else None


def describe_dump(raw: bytes | Sequence[int]) -> str | None:
    """Tell what a text that is not JSON looks like, and how to save JSON instead."""
    start = bytes(raw[:4096]).lstrip()
    if re.match(rb"\{?\s*(?:GetPersonTracking\w+\()?\{?\s*[A-Z]\w+[:=]\s*[\w\[{(]", start):
        return "It looks like the toString() output of an AWS SDK; save the response as JSON instead"
    if re.match(rb"[\[{]\s*'", start):
        return "It looks like a printed Python object; save it with json.dump instead"
    if start.startswith(b"<"):
        return "It looks like HTML or XML, not an answer of the service"
    return None
