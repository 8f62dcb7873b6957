"""Members of pages in other spellings, and responses that are not pages."""

import re
from typing import Any

import msgspec

_Layout = dict[str, tuple[str, Any]]


def _layout(*names: str, **inner: Any) -> _Layout:
    made = {name.lower(): (name, None) for name in names}
    return made | {name.lower(): (name, layout) for name, layout in inner.items()}


_BOX = _layout("Left", "Top", "Width", "Height")
_FACE = _layout(
    "Confidence",
    BoundingBox=_BOX,
    Landmarks=_layout("Type", "X", "Y"),
    Pose=_layout("Roll", "Yaw", "Pitch"),
    Quality=_layout("Brightness", "Sharpness"),
)
_RECORD = _layout("Timestamp", "FaceMatches", Person=_layout("Index", BoundingBox=_BOX, Face=_FACE))
_PAGE = _layout(
    "JobStatus",
    "StatusMessage",
    "NextToken",
    "JobId",
    "JobTag",
    Persons=_RECORD,
    VideoMetadata=_layout(
        "Codec", "DurationMillis", "Format", "FrameRate", "FrameHeight", "FrameWidth", "ColorRange"
    ),
    Video=_layout(S3Object=_layout("Bucket", "Name", "Version")),
)
_TOP: _Layout = {**_PAGE, **_RECORD}
_TOP |= {"originalresponse": ("original_response", _TOP), "data": ("data", _TOP)}
_ENUMS = {"JobStatus", "ColorRange", "Type"}
_DEEPEST = 20
_LOWER = re.compile(rb'"(?:persons?|timestamp)"\s*:')


def _list_names(layout: _Layout) -> set[str]:
    names = {name for name, _ in layout.values()}
    return names.union(*(_list_names(inner) for _, inner in layout.values() if inner))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


_NAMES = _list_names(_PAGE)
MEMBER_NAMES = frozenset(
    spelling for name in _NAMES for spelling in (name, name[0].lower() + name[1:], _snake(name))
)
"""Names of all members of a page that are read, also in camelCase and snake_case."""


class DoubledMemberError(ValueError):
    """A member is in its object twice."""


def may_have_other_spellings(raw: bytes) -> bool:
    """Return whether a document may be a page in camelCase or snake_case."""
    return _LOWER.search(raw) is not None


def restore_members(content: Any) -> tuple[Any, set[str]]:
    """Rename the members of pages to the names of the API, and unwrap enumerations.

    Parameters
    ----------
    content
        A decoded document.

    Returns
    -------
    tuple
        The document; a sentence for each kind of change.

    Raises
    ------
    DoubledMemberError
        If an object has a member under two spellings.
    """
    changes: set[str] = set()
    return _restored(content, _TOP, changes, _DEEPEST), changes


def _restored(content: Any, layout: _Layout, changes: set[str], left: int) -> Any:
    if not left:
        return content
    if isinstance(content, list):
        return [_restored(item, layout, changes, left - 1) for item in content]
    if not isinstance(content, dict):
        return content
    made: dict[str, Any] = {}
    for given, found in content.items():
        name, inner = layout.get(given.replace("_", "").lower(), (given, None))
        if inner is not None and not isinstance(found, dict | list):
            name = given  # a text such as "video": "door.mp4"
        if name != given and _is_new(name, given, found, content, made):
            style = "snake_case" if "_" in given else "camelCase"
            changes.add(f"the member names are in {style} (such as {given!r})")
        elif name != given:
            continue
        value = _unwrap_enum(name, found)
        if value is not found:
            changes.add('enumerations are objects ({"Value": ...})')
        made[name] = value if inner is None else _restored(value, inner, changes, left - 1)
    return made


def _is_new(name: str, given: str, value: Any, content: dict[str, Any], made: dict[str, Any]) -> bool:
    """Return whether a member in another spelling is not in its object under its own name."""
    if name in made and name not in content:
        raise DoubledMemberError(f"{name!r} is given twice, in two spellings such as {given!r}")
    if name in content and content[name] != value:
        raise DoubledMemberError(f"{name!r} is given twice, in two spellings: {name!r} and {given!r}")
    return name not in content


def _unwrap_enum(name: str, value: Any) -> Any:
    if name in _ENUMS and isinstance(value, dict) and [key.lower() for key in value] == ["value"]:
        return next(iter(value.values()))
    return value


_JOBS = {
    "Labels": "GetLabelDetection",
    "Faces": "GetFaceDetection",
    "Celebrities": "GetCelebrityRecognition",
    "ModerationLabels": "GetContentModeration",
    "TextDetections": "GetTextDetection",
    "Segments": "GetSegmentDetection",
}
_IMAGES = {
    "FaceDetails": "DetectFaces",
    "FaceMatches": "SearchFaces",
    "CelebrityFaces": "RecognizeCelebrities",
    "ProtectiveEquipmentModelVersion": "DetectProtectiveEquipment",
}
_OPERATIONS = _JOBS | _IMAGES
_Members = msgspec.defstruct(
    "_Members", [(name, msgspec.Raw, msgspec.Raw(b"")) for name in ("JobStatus", *_OPERATIONS)]
)
_MEMBERS = msgspec.json.Decoder(_Members)


def name_operation(raw: bytes) -> str | None:
    """Return the Rekognition operation whose response a document is, None for another document."""
    try:
        members = _MEMBERS.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None
    found = {name for name in _OPERATIONS if bytes(getattr(members, name))}
    is_job = bool(bytes(members.JobStatus))  # type: ignore[attr-defined]
    named = [_OPERATIONS[name] for name in found if name in _IMAGES or is_job]
    return named[0] if len(named) == len(found) == 1 else None
