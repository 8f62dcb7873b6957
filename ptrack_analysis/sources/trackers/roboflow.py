"""Results of Roboflow inference and workflows, with one object per frame."""

from array import array
from dataclasses import dataclass, field
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
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_COLUMNS = {
    "frame": "frame",
    "id": "tracker_id",
    "center_x": "x",
    "center_y": "y",
    "width": "width",
    "height": "height",
    "confidence": "confidence",
    "class_name": "class",
    "video": "video_identifier",
}
_BOX = ("x", "y", "width", "height")
_FACTS = ("width", "height", "frame_rate")


class _Prediction(msgspec.Struct, rename={"label": "class"}):
    x: float
    y: float
    width: float
    height: float
    confidence: float | None = None
    label: str | Whole = ""
    tracker_id: Whole | str | None = None


class _Image(msgspec.Struct):
    width: Whole | None = None
    height: Whole | None = None


class _Metadata(msgspec.Struct):
    frame_number: Whole | None = None
    fps: float | None = None
    video_identifier: str | Whole | None = None


class _Result(msgspec.Struct):
    predictions: list[_Prediction]
    image: _Image | None = None
    video_metadata: _Metadata | None = None


_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RESULT = msgspec.json.Decoder(_Result)
_METADATA = msgspec.json.Decoder(_Metadata)


@dataclass
class _Columns:
    """Columns of boxes, frame numbers of all objects, and facts about the videos."""

    box: dict[str, Any] = field(default_factory=lambda: {name: array("d") for name in _BOX})
    frames: Any = field(default_factory=lambda: array("d"))
    confidences: Any = field(default_factory=lambda: array("d"))
    ids: list[str | None] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    numbered: list[int] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, result: _Result, metadata: _Metadata, place: str, first: int) -> None:
        """Append the boxes of one frame."""
        identifier = metadata.video_identifier
        video = "" if identifier is None else str(identifier)
        position = self.counts.get(video, 0)
        self.counts[video] = position + 1
        frame = position + first
        if metadata.frame_number is not None:
            frame = metadata.frame_number
            self.numbered.append(frame)
        if 0 < len(self.numbered) < sum(self.counts.values()):
            raise InputError(f"{place}: only some objects have a frame_number, so frames cannot be counted")
        self._learn(video, result, metadata, place)
        for number, found in enumerate(result.predictions, 1):
            for name, values in self.box.items():
                values.append(getattr(found, name))
            self.frames.append(frame)
            self.confidences.append(float("nan") if found.confidence is None else found.confidence)
            self.ids.append(None if found.tracker_id is None else str(found.tracker_id))
            self.labels.append(str(found.label))
            self.videos.append(video)
            self.places.append(f"{place}, prediction {number}")

    def _learn(self, video: str, result: _Result, metadata: _Metadata, place: str) -> None:
        """Keep the facts about a video, which must be the same in all its frames."""
        image = result.image or _Image()
        values = (image.width, image.height, metadata.fps if metadata.fps and metadata.fps > 0 else None)
        known = self.facts.setdefault(video, {})
        for name, value in zip(_FACTS, values, strict=True):
            if value is None:
                continue
            if known.setdefault(name, value) != value:
                raise InputError(
                    f"{place}: {name} is {value:g}, but {known[name]:g} in earlier frames of the video. Save "
                    "one file per video."
                )


def read_roboflow(path: AnyPath, given: Given) -> Rows:
    """Read results of Roboflow inference or workflows that have a ``tracker_id``.

    The file has one object per frame: a list, JSON Lines, or objects one after the other. The predictions may
    be inside a named output. A box is its center and size in px. The frame is
    ``video_metadata.frame_number``, otherwise the position of the object. ``fps`` is the frame rate. Each
    value of ``video_identifier`` is a video.

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
        If a value is invalid, with its position; if no prediction has a ``tracker_id``.

    References
    ----------
    Roboflow inference, ``ObjectDetectionInferenceResponse``; Workflows, the serializer of detections.
    """
    validate_columns(given, str(path))
    columns = _Columns()
    first = given.first_frame or 0
    for place, document in iterate_objects(path):
        result, metadata = _find_result(document, place)
        columns.add(result, metadata, place, first)
    if columns.places and all(identity is None for identity in columns.ids):
        raise InputError(
            f"{path}: no prediction has a tracker_id. A detection_id is new for every box, so it does not "
            "identify people: add a tracker, such as ByteTrack, to the workflow."
        )
    given.validate_size(len(columns.places))
    base, assumptions = None, list[str]()
    if not columns.numbered:
        base = first
        assumptions.append("objects have no frame_number: each object is assumed to be the next frame")
    elif min(columns.numbered) == 0:
        base = 0
    values = {
        "frame": columns.frames,
        "tracker_id": columns.ids,
        **columns.box,
        "confidence": columns.confidences,
        "class": columns.labels,
        "video_identifier": columns.videos,
    }
    return Rows(
        columns_to_cells(values, path, columns.places.__getitem__),
        BoxLayout(columns=_COLUMNS, first_frame=base, unit="px", text_ids=True),
        assumptions=tuple(assumptions),
        video=named(given.video, title_of_source(path)),
        part_facts=columns.facts,
    )


def fits_roboflow(sample: Sample) -> str | None:
    """Return why a file is not results of Roboflow, or None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.is_json:
        return "does not start like JSON"
    missing = [name for name in ("predictions", "detection_id") if f'"{name}"'.encode() not in sample.head]
    return f"its objects have no member {missing[0]!r}" if missing else None


def _find_result(text: bytes, place: str) -> tuple[_Result, _Metadata]:
    """Return the predictions of a frame, which may be inside an output of a workflow."""
    members = decode_typed(_MEMBERS, text, place)
    raw = text
    if not bytes(members.get("predictions", b"")).startswith(b"["):
        outputs = {
            name: bytes(value)
            for name, value in members.items()
            if bytes(value).startswith(b"{") and b'"predictions"' in bytes(value)
        }
        if len(outputs) > 1:
            outputs = {name: value for name, value in outputs.items() if b'"tracker_id"' in value} or outputs
        if not outputs:
            raise InputError(f"{place}: the object has no member 'predictions'")
        if len(outputs) > 1:
            names = ", ".join(map(repr, outputs))
            raise InputError(
                f"{place}: several outputs of the workflow have predictions ({names}). Save one output only."
            )
        ((name, raw),) = outputs.items()
        place = f"{place}, {name}"
    result = decode_typed(_RESULT, raw, place)
    metadata = result.video_metadata
    if metadata is None and "video_metadata" in members:
        metadata = decode_typed(_METADATA, bytes(members["video_metadata"]), f"{place}, video_metadata")
    return result, metadata or _Metadata()
