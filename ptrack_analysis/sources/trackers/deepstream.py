"""NVIDIA DeepStream: KITTI dumps with identities, and messages of brokers."""

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.objects import (
    Whole,
    columns_to_cells,
    decode_typed,
    iterate_objects,
)
from ptrack_analysis.sources.trackers.sample import Sample, files_in
from ptrack_analysis.sources.trackers.text import read_lines, read_text
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_DUMP = re.compile(r"(?:(?P<app>\d{2,9})_)?(?P<stream>\d{3,9})_(?P<frame>\d{6,12})\.txt", re.IGNORECASE)
_WIDTHS = (20, 17, 16)
"""Words per line if the label has no blanks: with visibility, with confidence, with neither."""
_BARE = 16
_ID, _FIRST_SIDE, _CONFIDENCE = 1, 5, 16
_ZERO = re.compile(rb"[+-]?0+(\.0*)?")
_DIGITS = re.compile(rb"-1|[0-9]{1,20}")
_SIDES = {"left": "x1", "top": "y1", "right": "x2", "bottom": "y2"}
_COLUMNS = {"frame": "frame", "id": "id", **_SIDES, "confidence": "conf", "class_name": "label"}
_SIZE_ASSUMED = (
    "boxes are assumed to be in px of the given frame size, which must be the size of the stream "
    "multiplexer (streammux)"
)
_NOT_CLASSES = {"id", "bbox", "location", "coordinate", "speed", "direction", "orientation", "confidence"}
_SEPARATOR = "#"
_TIME_OF_FRAMES = "times follow from the frame numbers (id), counted from 0, and the frame rate"
_TIME_OF_SENDING = "times are the times at which the messages were sent"


def read_deepstream_kitti(path: AnyPath, given: Given) -> Rows:
    """Read a folder ``kitti-track-output-dir`` of DeepStream.

    The folder has one file per frame and stream.

    A file is named ``app_stream_frame.txt`` or ``stream_frame.txt``, with frames from 0. Each stream is a
    camera. A line is ``label id 0.0 0 0.0 x1 y1 x2 y2`` and seven zeros, optionally followed by the
    confidence and three values of visibility. A label may contain blanks. Empty files are frames without
    people.

    Parameters
    ----------
    path
        The folder.
    given
        Options and facts from the caller. The frame size must be the size of the stream multiplexer.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a line is invalid, with its number; if the files are of ``gie-kitti-output-dir``, which has no ids.

    References
    ----------
    NVIDIA DeepStream SDK, ``deepstream-app``.
    """
    validate_columns(given, str(path))
    if not path.is_dir():
        raise InputError(f"{path}: DeepStream writes a folder of one file per frame. Pass the folder.")
    files = _list_dumps(path)
    has_apps = len({name["app"] for _, name in files}) > 1
    columns: dict[str, list[str | None]] = {name: [] for name in (*_COLUMNS.values(), "camera")}
    places = list[tuple[AnyPath, int]]()
    for file, name in files:
        if not file.stat().st_size:
            continue
        camera = f"{name['app'] or ''}-{name['stream']}" if has_apps else name["stream"]
        for number, line in read_lines(read_text(file)):
            words = _split_line(line, file, number)
            for column, word in zip(columns, (name["frame"], *words, camera), strict=True):
                columns[column].append(word)
            places.append((file, number))
    given.validate_size(len(places))
    cells = columns_to_cells(columns, path, lambda row: "{}, line {}".format(*places[row]))
    return Rows(
        cells,
        BoxLayout(columns={**_COLUMNS, "camera": "camera"}, first_frame=0, unit="px"),
        assumptions=(_SIZE_ASSUMED,),
        video=named(given.video, title_of_source(path, is_folder=True)),
    )


def read_deepstream_messages(path: AnyPath, given: Given) -> Rows:
    """Read messages of DeepStream in the full, the minimal or the Metropolis schema.

    The file has one JSON object per line, or objects one after the other. Each sensor is a camera. If the
    messages have frame numbers and the caller gives the frame rate, times follow from the frames, counted
    from 0. Otherwise the time is when the message was sent. The messages have no frame size. In the full
    schema the class is the name of a member of ``object``.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with its position.

    References
    ----------
    NVIDIA DeepStream SDK, Gst-nvmsgconv: ``PAYLOAD_DEEPSTREAM`` and ``PAYLOAD_DEEPSTREAM_MINIMAL``.
    """
    validate_columns(given, str(path))
    messages = _Messages()
    for place, document in iterate_objects(path):
        messages.add(decode_typed(_MESSAGE, document, place), place)
    given.validate_size(len(messages.places))
    has_frames = bool(messages.frames) and None not in messages.frames
    columns: dict[str, Any] = {
        **messages.sides,
        "id": messages.ids,
        "label": messages.labels,
        "conf": messages.confidences,
        "camera": messages.cameras,
        "time": messages.times,
        "frame": messages.frames,
    }
    roles = {role: name for role, name in _COLUMNS.items() if role != "frame"} | {"camera": "camera"}
    layout = BoxLayout(columns=roles | {"time": "time"}, unit="px", text_ids=True)
    framed = replace(layout, columns=roles | {"frame": "frame"}, first_frame=0)
    text = f"{_TIME_OF_SENDING}{', unless the frame rate (--frame-rate) is given' if has_frames else ''}"
    return Rows(
        columns_to_cells(columns, path, messages.places.__getitem__),
        layout,
        assumptions=(text,) if messages.places else (),
        video=named(given.video, title_of_source(path)),
        with_frame_rate=(framed, _TIME_OF_FRAMES) if has_frames else None,
    )


def fits_deepstream_kitti(sample: Sample) -> str | None:
    """Return why a source is not a folder of DeepStream, or None if it is."""
    texts = [name for name in sample.names if name.lower().endswith(".txt")]
    if not sample.is_folder or not texts or not all(map(_DUMP.fullmatch, texts)):
        return "not a folder of files app_stream_frame.txt"
    first = sample.first(".txt")
    line = first.rows[0] if first is not None and first.rows else []
    return None if len(line) >= _BARE - 1 else "the lines of its files are not in DeepStream's format"


def fits_deepstream_messages(sample: Sample) -> str | None:
    """Return why a file is not messages of DeepStream, or None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.is_json:
        return "does not start like JSON"
    if b'"mdsversion"' in sample.head:
        return None
    has_time = b'"@timestamp"' in sample.head or b'"timestamp"' in sample.head
    has_objects = b'"sensorId"' in sample.head and b'"objects"' in sample.head
    return None if has_time and has_objects else "its objects have no '@timestamp', 'sensorId' and 'objects'"


def _list_dumps(folder: AnyPath) -> list[tuple[AnyPath, re.Match[str]]]:
    """Return the files with the matches of their names."""
    found = []
    for file in files_in(folder):
        if not file.name.lower().endswith(".txt"):
            continue
        name = _DUMP.fullmatch(file.name)
        if name is None:
            raise InputError(f"{file}: the name is not app_stream_frame.txt, such as 00_000_000012.txt")
        found.append((file, name))
    if not found:
        raise InputError(f"{folder}: no files app_stream_frame.txt, such as 00_000_000012.txt")
    return found


def _split_line(line: bytes, file: AnyPath, number: int) -> list[str | None]:
    """Return id, sides, confidence and label of a line, split from the right."""
    words = line.split()
    for width in _WIDTHS:
        start = len(words) - width
        if start >= 0 and _is_tracked(words[start:]):
            own = words[start:]
            label = b" ".join([*words[:start], own[0]]).decode()
            confidence = own[_CONFIDENCE].decode() if width > _BARE else None
            sides = [word.decode() for word in own[_FIRST_SIDE : _FIRST_SIDE + 4]]
            return [own[_ID].decode(), *sides, confidence, label]
    if len(words) >= _BARE - 1 and _ZERO.fullmatch(words[1]):
        raise InputError(
            f"{file}, line {number}: the second word is {words[1].decode()}, so these are detections without "
            "ids (gie-kitti-output-dir). Set kitti-track-output-dir in the configuration of deepstream-app."
        )
    raise InputError(
        f"{file}, line {number}: expected label id 0.0 0 0.0 x1 y1 x2 y2, seven zeros and optionally a "
        f"confidence, got {len(words)} words"
    )


def _is_tracked(words: Sequence[bytes]) -> bool:
    """Return whether words are a label, an id and three zeros."""
    return _DIGITS.fullmatch(words[_ID]) is not None and all(map(_ZERO.fullmatch, words[2:_FIRST_SIDE]))


class _Box(msgspec.Struct):
    topleftx: float
    toplefty: float
    bottomrightx: float
    bottomrighty: float


class _PlainBox(
    msgspec.Struct, rename={"left": "leftX", "top": "topY", "right": "rightX", "bottom": "bottomY"}
):
    left: float
    top: float
    right: float
    bottom: float


class _Object(msgspec.Struct):
    id: str | Whole
    bbox: _PlainBox
    type: str = ""
    confidence: float | None = None


class _Sensor(msgspec.Struct):
    id: str | Whole = ""


class _Message(msgspec.Struct, rename={"sent": "@timestamp", "sensor_id": "sensorId"}):
    id: str | Whole | None = None
    sent: str | None = None
    timestamp: str | None = None
    sensor_id: str | Whole | None = None
    sensor: _Sensor | None = None
    objects: list[str | _Object] = []
    object: dict[str, msgspec.Raw] | None = None


class _Confidence(msgspec.Struct):
    confidence: float | None = None


_MESSAGE = msgspec.json.Decoder(_Message)
_BOX = msgspec.json.Decoder(_Box)
_NUMBER = msgspec.json.Decoder(str | Whole)
_CONFIDENCE_MEMBER = msgspec.json.Decoder(_Confidence)


@dataclass
class _Messages:
    """Columns of the objects of messages."""

    sides: dict[str, Any] = field(default_factory=lambda: {name: array("d") for name in _SIDES.values()})
    confidences: Any = field(default_factory=lambda: array("d"))
    ids: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    cameras: list[str] = field(default_factory=list)
    times: list[str | None] = field(default_factory=list)
    frames: list[str | None] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def add(self, message: _Message, place: str) -> None:
        """Append the objects of a message."""
        sensor = message.sensor.id if message.sensor is not None else message.sensor_id
        frame = (
            str(message.id) if message.id is not None and re.fullmatch(r"\d{1,18}", str(message.id)) else None
        )
        rows = []
        for number, item in enumerate(message.objects, 1):
            here = f"{place}, object {number}"
            rows.append((here, *(_split_object(item, here) if isinstance(item, str) else _take_object(item))))
        if message.object is not None:
            frame = None
            rows.append((place, *_read_full_object(message.object, place)))
        time = message.sent if message.sent is not None else message.timestamp
        for here, identity, label, confidence, sides in rows:
            if time is None and frame is None:
                raise InputError(f"{here}: the message has no '@timestamp'")
            for values, side in zip(self.sides.values(), sides, strict=True):
                values.append(side)
            self.confidences.append(float("nan") if confidence is None or confidence < 0 else confidence)
            self.ids.append(identity)
            self.labels.append(label)
            self.cameras.append(str(sensor if sensor is not None else ""))
            self.times.append(time)
            self.frames.append(frame)
            self.places.append(here)


_Found = tuple[str, str, float | None, Sequence[float]]


def _split_object(text: str, place: str) -> _Found:
    """Split ``id|x1|y1|x2|y2|label|#|...|confidence`` of the minimal schema."""
    parts = text.split("|")
    try:
        identity, *sides, label = parts[0], *map(float, parts[1:5]), parts[5]
        confidence = float(parts[-1]) if _SEPARATOR in parts[6:-1] and parts[-1] else None
    except (IndexError, ValueError) as error:
        raise InputError(
            f"{place}: the object is {text[:60]!r}; expected 'id|x1|y1|x2|y2|label', optionally with '|#|' "
            "and a confidence at the end"
        ) from error
    return identity, label, confidence, sides


def _take_object(item: _Object) -> _Found:
    return str(item.id), item.type, item.confidence, msgspec.structs.astuple(item.bbox)


def _read_full_object(members: dict[str, msgspec.Raw], place: str) -> _Found:
    """Read ``object`` of the full schema.

    The class is the name of a member with a confidence.
    """
    for name in ("id", "bbox"):
        if name not in members:
            raise InputError(f"{place}: object has no member {name!r}")
    identity = str(decode_typed(_NUMBER, bytes(members["id"]), f"{place}, id"))
    box = decode_typed(_BOX, bytes(members["bbox"]), f"{place}, bbox")
    classes = [name for name, raw in members.items() if name not in _NOT_CLASSES and bytes(raw)[:1] == b"{"]
    label = next((name for name in classes if b'"confidence"' in bytes(members[name])), "".join(classes[:1]))
    confidence = None
    if label:
        confidence = decode_typed(_CONFIDENCE_MEMBER, bytes(members[label]), f"{place}, {label}").confidence
    return identity, label, confidence, msgspec.structs.astuple(box)
