"""Google Video Intelligence: tracks of people and objects."""

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.read_report import DroppedRows
from ptrack_analysis.sources.trackers.cells import Cells
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

_RESULTS = ("annotationResults", "annotation_results")
_KEY = re.compile(rb'"annotation_?[rR]esults"\s*:')
_DEEPEST = 6
_SECONDS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")
_WHOLE_SECONDS = re.compile(r"[0-9]{1,9}")
_SIDES = ("left", "top", "right", "bottom")
_COLUMNS = {side: side for side in _SIDES} | {
    "time_s": "time",
    "id": "track",
    "confidence": "confidence",
    "class_name": "entity",
    "video": "inputUri",
}


class _Box(msgspec.Struct, gc=False):
    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


class _Offset(msgspec.Struct, gc=False):
    seconds: Whole | str = 0
    nanos: Whole = 0
    microseconds: Whole = 0


class _Detection(
    msgspec.Struct,
    rename={
        "box": "normalizedBoundingBox",
        "snake_box": "normalized_bounding_box",
        "time": "timeOffset",
        "snake_time": "time_offset",
    },
):
    box: _Box | None = None
    snake_box: _Box | None = None
    time: str | _Offset | None = None
    snake_time: str | _Offset | None = None


class _Track(
    msgspec.Struct,
    rename={"detections": "timestampedObjects", "snake_detections": "timestamped_objects"},
):
    detections: list[_Detection] = []
    snake_detections: list[_Detection] = []
    confidence: float | None = None


class _Person(msgspec.Struct):
    tracks: list[msgspec.Raw] = []


class _Entity(msgspec.Struct):
    description: str = ""


class _Object(msgspec.Struct, rename={"track_id": "trackId", "snake_track_id": "track_id"}):
    entity: _Entity = msgspec.field(default_factory=_Entity)
    frames: list[_Detection] = []
    confidence: float | None = None
    track_id: Whole | str | None = None
    snake_track_id: Whole | str | None = None


class _Fault(msgspec.Struct):
    message: str = "no reason is given"


class _Result(
    msgspec.Struct,
    rename={
        "input_uri": "inputUri",
        "snake_uri": "input_uri",
        "people": "personDetectionAnnotations",
        "snake_people": "person_detection_annotations",
        "objects": "objectAnnotations",
        "snake_objects": "object_annotations",
    },
):
    input_uri: str = ""
    snake_uri: str = ""
    people: list[_Person] = []
    snake_people: list[_Person] = []
    objects: list[msgspec.Raw] = []
    snake_objects: list[msgspec.Raw] = []
    error: _Fault | None = None


_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RESULT_LIST = msgspec.json.Decoder(list[_Result])
_TRACK = msgspec.json.Decoder(_Track)
_OBJECT = msgspec.json.Decoder(_Object)


@dataclass
class _Columns:
    """Columns of detections with their positions, and the tracks without boxes."""

    sides: dict[str, Any] = field(default_factory=lambda: {side: array("d") for side in _SIDES})
    times: Any = field(default_factory=lambda: array("d"))
    confidences: Any = field(default_factory=lambda: array("d"))
    tracks: Any = field(default_factory=lambda: array("q"))
    entities: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    empty_tracks: int = 0
    without_box: list[str] = field(default_factory=list)
    next_tracks: dict[str, int] = field(default_factory=dict)

    def add(  # the members of one track
        self,
        detections: Iterable[_Detection],
        *,
        track: int | None,
        confidence: float | None,
        entity: str,
        video: str,
        place: str,
    ) -> None:
        """Append the detections of a track, numbered in the video if it has no number."""
        following = self.next_tracks.get(video, 0)
        number = following if track is None else track
        self.next_tracks[video] = max(following, number + 1)
        known = float("nan") if confidence is None else confidence
        before = len(self.tracks)
        for at, found in enumerate(detections, 1):
            box = found.box or found.snake_box
            if box is None:
                self.without_box.append(f"{place}, detection {at}")
                continue
            for side, values in self.sides.items():
                values.append(getattr(box, side))
            self.times.append(_read_offset(found.time or found.snake_time, f"{place}, detection {at}"))
        added = len(self.times) - before
        self.empty_tracks += not added
        self.tracks.extend([number] * added)
        self.confidences.extend([known] * added)
        self.entities.extend([entity] * added)
        self.videos.extend([video] * added)
        self.places.extend([place] * added)


def read_google_video(path: AnyPath, given: Given) -> Rows:
    """Read the annotations of Google Video Intelligence: people, otherwise objects.

    Accepts the JSON of the REST API (``annotationResults``), of the file at ``output_uri`` and of the Python
    client (``annotation_results``), also inside ``response`` or inside ``original_response`` of Eden AI. A
    missing side of a box is 0, and a missing time is 0 s, because Google omits zeros. Each track is a person,
    numbered by its position in the results. Objects keep the ``trackId`` of streaming requests. If a video
    has people and objects, the people are read, because both describe the same people. Each value of
    ``inputUri`` is a video.

    Parameters
    ----------
    path
        The file: one message, JSON Lines, or a list of messages.
    given
        Options and facts from the caller. Frame size and frame rate are not required.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with its position; if people have no boxes; if the analysis failed.

    References
    ----------
    Google Cloud Video Intelligence API v1, ``AnnotateVideoResponse``.
    """
    validate_columns(given, str(path))
    people, objects = _Columns(), _Columns()
    count = 0
    for place, document in iterate_objects(path):
        for here, result in _find_results(document, place):
            if result.error is not None:
                raise InputError(f"{here}: the analysis of the video failed: {result.error.message}")
            count += 1
            _add_people(people, result, here)
            _add_objects(objects, result, here)
    if not count:
        raise InputError(f"{path}: no {_RESULTS[0]}, so there are no results of Google Video Intelligence.")
    if people.empty_tracks and not people.tracks and not objects.tracks:
        raise InputError(
            f"{path}: the tracks of people have no boxes. Request person detection with includeBoundingBoxes."
        )
    dropped, assumptions = list[DroppedRows](), list[str]()
    if people.empty_tracks and not people.tracks:
        assumptions.append("object tracking is read, because the tracks of people have no boxes")
    if without_box := [*people.without_box, *objects.without_box]:
        text = f"{len(without_box)} detections without a box are excluded"
        dropped.append(DroppedRows(text, len(without_box), tuple(without_box[:3])))
    given.validate_size(len(people.tracks) + len(objects.tracks))
    cells = _join(people, objects, path)
    covered = np.array([video in people.next_tracks for video in objects.videos], dtype=bool)
    covered &= bool(people.tracks)
    if covered.any():
        count = int(covered.sum())
        text = (
            f"{count} detections of object tracking are excluded, because person detection found the same "
            "people"
        )
        dropped.append(DroppedRows(text, count, tuple(objects.places[:1]), is_excluded=True))
        cells = cells.kept(~np.append(np.zeros(len(people.tracks), dtype=bool), covered))
    return Rows(
        cells,
        BoxLayout(columns=_COLUMNS, unit="fraction"),
        dropped=tuple(dropped),
        assumptions=tuple(assumptions),
        video=named(given.video, title_of_source(path)),
    )


def fits_google_video(sample: Sample) -> str | None:
    """Return why a file is not from Google Video Intelligence, or None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.is_json:
        return "does not start like JSON"
    return None if _KEY.search(sample.head) else f"it has no member {_RESULTS[0]!r} or {_RESULTS[1]!r}"


def _join(people: _Columns, objects: _Columns, path: AnyPath) -> Cells:
    places = [*people.places, *objects.places]
    columns = {side: people.sides[side] + objects.sides[side] for side in _SIDES}
    columns |= {
        "time": people.times + objects.times,
        "track": people.tracks + objects.tracks,
        "confidence": people.confidences + objects.confidences,
        "entity": [*people.entities, *objects.entities],
        "inputUri": [*people.videos, *objects.videos],
    }
    return columns_to_cells(columns, path, places.__getitem__)


def _find_results(text: bytes, place: str, depth: int = 0) -> Iterator[tuple[str, _Result]]:
    """Yield the results in an object or in one of its members, each with its position."""
    members = decode_typed(_MEMBERS, text, place)
    for name in _RESULTS:
        if name in members:
            found = decode_typed(_RESULT_LIST, bytes(members[name]), f"{place}, {name}")
            yield from ((f"{place}, {name}[{at}]", result) for at, result in enumerate(found))
            return
    for name, value in members.items():
        raw = bytes(value)
        if depth < _DEEPEST and raw.startswith(b"{") and _KEY.search(raw):
            yield from _find_results(raw, f"{place}, {name}", depth + 1)


def _add_people(columns: _Columns, result: _Result, place: str) -> None:
    for at, person in enumerate([*result.people, *result.snake_people]):
        for order, raw in enumerate(person.tracks):
            here = f"{place}, person {at}, track {order}"
            track = decode_typed(_TRACK, bytes(raw), here)
            columns.add(
                track.detections or track.snake_detections,
                track=None,
                confidence=track.confidence,
                entity="person",
                video=result.input_uri or result.snake_uri,
                place=here,
            )


def _add_objects(columns: _Columns, result: _Result, place: str) -> None:
    """Append the objects of a result: tracks, or parts of the track ``trackId``."""
    for at, raw in enumerate([*result.objects, *result.snake_objects]):
        here = f"{place}, object {at}"
        found = decode_typed(_OBJECT, bytes(raw), here)
        written = found.snake_track_id if found.track_id is None else found.track_id
        if written is not None and not re.fullmatch(r"[0-9]{1,18}", str(written)):
            raise InputError(f"{here}: trackId is {written!r}; expected a whole number")
        columns.add(
            found.frames,
            track=None if written is None else int(written),
            confidence=found.confidence,
            entity=found.entity.description,
            video=result.input_uri or result.snake_uri,
            place=here,
        )


def _read_offset(offset: str | _Offset | None, place: str) -> float:
    """Return a time in seconds; a missing time is 0."""
    if offset is None:
        return 0.0
    if isinstance(offset, str):
        found = _SECONDS.fullmatch(offset)
        if found is None:
            raise InputError(f"{place}: timeOffset is {offset[:40]!r}; expected seconds such as '1.5s'")
        return float(found[1])
    seconds = str(offset.seconds)
    if not _WHOLE_SECONDS.fullmatch(seconds) or offset.nanos < 0 or offset.microseconds < 0:
        raise InputError(f"{place}: timeOffset has {seconds[:40]!r} seconds; expected a whole number from 0")
    return int(seconds) + offset.nanos / 1e9 + offset.microseconds / 1e6
