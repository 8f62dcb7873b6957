"""Label Studio: boxes in a video, with keyframes, in percent of the frame."""

from array import array
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.geometry import Floats
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
from ptrack_analysis.video import timedelta

_KIND = "videorectangle"
_BOX = ("x", "y", "width", "height")
_COLUMNS = {
    "frame": "frame",
    "id": "id",
    "left": "x",
    "top": "y",
    "width": "width",
    "height": "height",
    "class_name": "label",
    "video": "task",
}
_PERCENT = 100.0
_LAST_FRAME = 10**7
"""Largest accepted frame number of a keyframe: more than three days of video."""
_ANNOTATORS = "several annotations of a task are assumed to be from several annotators: the first is read"


class _Keyframe(msgspec.Struct):
    frame: Whole
    x: float
    y: float
    width: float
    height: float
    enabled: bool = True
    rotation: float = 0.0


class _Value(msgspec.Struct, rename={"frames": "framesCount"}):
    sequence: list[_Keyframe]
    frames: Whole | None = None
    duration: float | None = None
    labels: list[str] = []


class _Region(msgspec.Struct):
    id: str = ""
    type: str = ""
    value: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class _Annotation(msgspec.Struct):
    result: list[_Region] = []
    was_cancelled: bool = False


class _Task(msgspec.Struct):
    id: Whole | str | None = None
    annotations: list[_Annotation] = []
    data: dict[str, Any] = {}


_TASK = msgspec.json.Decoder(_Task)
_VALUE = msgspec.json.Decoder(_Value)


class _Columns:
    """Columns of boxes, with counts for the messages about them."""

    def __init__(self) -> None:
        self.numbers: list[Floats] = []
        self.rows = 0
        self.keyframes = 0
        self.still_enabled = 0
        self.rotated = 0
        self.texts: dict[str, list[str]] = {"id": [], "label": [], "task": []}
        self.sizes = array("q")
        self.places: list[str] = []
        self.facts: dict[str, dict[str, Any]] = {}

    def add(self, region: _Region, value: _Value, task: str, place: str) -> None:
        """Append the boxes of a region in all frames in which it is enabled."""
        frames = np.array([key.frame for key in value.sequence], dtype="int64")
        if ((frames < 1) | (frames > (value.frames or _LAST_FRAME))).any():
            bad = int(frames[(frames < 1) | (frames > (value.frames or _LAST_FRAME))][0])
            raise InputError(f"{place}: frame is {bad}; expected 1 to {value.frames or _LAST_FRAME}")
        if not len(frames):
            return
        boxes = np.array([[getattr(key, name) for name in _BOX] for key in value.sequence])
        enabled = np.array([key.enabled for key in value.sequence])
        order = np.argsort(frames, kind="stable")
        self.still_enabled += bool(enabled[order][-1])
        self.keyframes += len(frames)
        self.rotated += sum(key.rotation != 0 for key in value.sequence)
        found = _fill(frames[order], boxes[order], enabled[order])
        self.numbers.append(found)
        self.rows += len(found)
        self.sizes.append(len(found))
        for name, text in (("id", region.id), ("label", "".join(value.labels[:1])), ("task", task)):
            self.texts[name].append(text)
        self.places.append(place)
        self._learn(task, value, place)

    def _learn(self, task: str, value: _Value, place: str) -> None:
        facts = self.facts.setdefault(task, {})
        if value.duration is None or value.frames is None:
            return
        if not 0 < value.duration < 1e9 or value.frames < 1:  # noqa: PLR2004 - seconds
            raise InputError(f"{place}: duration is {value.duration:g} s with {value.frames} frames")
        facts.setdefault("frame_rate", value.frames / value.duration)
        facts.setdefault("duration", timedelta(round(value.duration * 1000)))


def read_label_studio(path: AnyPath, given: Given) -> Rows:
    """Read the JSON export of Label Studio with ``videorectangle`` regions.

    A region is a person. Its box is linear between keyframes while ``enabled`` is true. After a keyframe with
    ``enabled`` false the person is absent. Nothing is read after the last keyframe. Frames are counted from
    1. The frame rate is ``framesCount / duration``, and ``time`` is not used, because its meaning differs by
    version. Each task is a video. If a task has several annotations, the first that was not canceled is read.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller. The frame size is not required.

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
    Label Studio, "VideoRectangle".
    """
    validate_columns(given, str(path))
    columns = _Columns()
    assumptions = list[str]()
    for place, document in iterate_objects(path):
        task = decode_typed(_TASK, document, place)
        done = [found for found in task.annotations if not found.was_cancelled and found.result]
        if len(done) > 1 and _ANNOTATORS not in assumptions:
            assumptions.append(_ANNOTATORS)
        title = _name_task(task, columns.facts)
        for number, region in enumerate(done[0].result if done else (), 1):
            here = f"{place}, result {number}"
            if region.type == _KIND:
                value = decode_typed(_VALUE, bytes(region.value), here)
                columns.add(region, value, title, here)
                given.validate_size(columns.rows)
    filled = columns.rows - columns.keyframes
    oddities = []
    if filled > 0:
        oddities.append(f"{filled} of {columns.rows} rows are linear between keyframes")
    if columns.still_enabled:
        assumptions.append(
            f"{columns.still_enabled} regions are still enabled at their last keyframe; nothing is read "
            "after it"
        )
    if columns.rotated:
        assumptions.append(f"the rotation of {columns.rotated} boxes is ignored")
    sizes = np.array(columns.sizes, dtype="int64")
    regions = np.repeat(np.arange(len(sizes)), sizes)
    numbers = np.vstack([np.empty((0, 1 + len(_BOX))), *columns.numbers])
    values: dict[str, Any] = {
        name: np.ascontiguousarray(numbers[:, at]) for at, name in enumerate(("frame", *_BOX))
    }
    values |= {name: np.array(texts, dtype=object)[regions].tolist() for name, texts in columns.texts.items()}
    places = columns.places
    return Rows(
        columns_to_cells(values, path, lambda row: places[regions[row]]),
        BoxLayout(columns=_COLUMNS, first_frame=1, unit="fraction", text_ids=True),
        assumptions=tuple(assumptions),
        oddities=tuple(oddities),
        video=named(given.video, title_of_source(path)),
        part_facts=columns.facts,
    )


def fits_label_studio(sample: Sample) -> str | None:
    """Return why a file is not a video export of Label Studio, or None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.is_json:
        return "does not start like JSON"
    if b'"annotations"' not in sample.head or b'"result"' not in sample.head:
        return "its objects have no member 'annotations' with 'result'"
    return None if f'"{_KIND}"'.encode() in sample.head else f"no result has the type {_KIND!r}"


def _fill(frames: Any, boxes: Floats, enabled: Any) -> Floats:
    """Return frame and box of all frames from each enabled keyframe to the next.

    Boxes are fractions of the frame.
    """
    steps = np.append(np.where(enabled[:-1], np.diff(frames), 1), 1)
    key = np.repeat(np.arange(len(frames)), steps)
    offset = np.arange(len(key)) - np.repeat(np.cumsum(steps) - steps, steps)
    following = np.minimum(key + 1, len(frames) - 1)
    share = offset / np.maximum(frames[following] - frames[key], 1)
    found = boxes[key] + (boxes[following] - boxes[key]) * share[:, None]
    filled: Floats = np.column_stack([frames[key] + offset, found / _PERCENT])
    return filled


def _name_task(task: _Task, taken: Mapping[str, object]) -> str:
    """Return the name of a task's video, with the task's number if it is taken."""
    texts = [value for value in task.data.values() if isinstance(value, str) and "." in value]
    name = texts[0].rpartition("/")[2] if texts else ""
    if name and name not in taken:
        return name
    return "-".join(filter(None, [name, "task" if not name else "", "" if task.id is None else str(task.id)]))
