"""One frame of a tracker's result in memory: supervision, Ultralytics or arrays."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Bools, Floats, Integers
from ptrack_analysis.sources.trackers.classes import PEOPLE, PERHAPS_PEOPLE
from ptrack_analysis.sources.trackers.identities import UNTRACKED

_SIDES = 4
_PARTS = 3
_SHOWN = 4
_LARGEST_ID = 2**53
_ACCEPTED = (
    "supervision Detections, one Results of Ultralytics, or a tuple of arrays (ids, xyxy, classes), where "
    "classes may be None"
)


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """The rows of one frame.

    ``ids`` are the tracker's numbers, -1 for rows without one; ``boxes`` is (n, 4) left, top, right, bottom
    [px]. ``class_ids`` and ``class_names`` are None if the result does not have them. ``names`` are the names
    of all classes that the tracker knows, ``frame_size`` is width and height [px]; None if the result does
    not state them.
    """

    ids: Integers
    boxes: Floats
    class_ids: Integers | None = None
    class_names: Any = None
    names: tuple[str, ...] | None = None
    frame_size: tuple[int, int] | None = None


def parse_result(result: Any) -> FrameResult:
    """Read the rows of one frame from a tracker's result in memory.

    Raises
    ------
    ParameterError
        If ``result`` is something else, its arrays do not fit each other, or it has no ids.
    InputError
        If a box or an id is invalid.
    """
    if hasattr(result, "xyxy") and hasattr(result, "tracker_id"):
        return _parse_supervision(result)
    if hasattr(result, "boxes") and hasattr(result, "orig_shape"):
        return _parse_ultralytics(result)
    if isinstance(result, tuple) and len(result) == _PARTS:
        ids, xyxy, classes = result
        boxes = _parse_boxes(xyxy, "xyxy of result")
        if ids is None and len(boxes):
            raise ParameterError("result has boxes, but its ids are None. Run a tracker on the boxes first.")
        is_text = classes is not None and _to_array(classes, "classes of result").dtype.kind in "USTO"
        return FrameResult(
            _parse_ids(ids, len(boxes), "ids of result"),
            boxes,
            None if is_text else _parse_class_ids(classes, len(boxes), "classes of result"),
            _parse_class_names(classes, len(boxes), "classes of result") if is_text else None,
        )
    if isinstance(result, list) and result and hasattr(result[0], "boxes"):
        raise ParameterError(
            f"result must be one frame, got a list of {len(result)}. Pass its elements one by one: "
            "sink.append(results[0], frame=k)."
        )
    raise ParameterError(f"result must be {_ACCEPTED}, got {type(result).__name__}")


def select_people(rows: FrameResult, wanted: Collection[str]) -> Bools:
    """Return a mask of the rows of the classes to keep.

    Parameters
    ----------
    rows
        The rows of a frame.
    wanted
        Names and numbers of the classes to keep, in lower case. Without any, rows whose class has the name of
        a person are kept, and rows without a name.

    Raises
    ------
    ParameterError
        If ``wanted`` does not fit the result, or is needed to decide.
    """
    count = len(rows.ids)
    if wanted:
        return _select_wanted(rows, wanted)
    if rows.names is not None:
        _validate_names(rows.names)
    if rows.class_names is None or not count:
        return np.ones(count, dtype=bool)
    found, row = np.unique(rows.class_names.astype(str), return_inverse=True)
    lower = [name.strip().lower() for name in found.tolist()]
    perhaps = sorted(PERHAPS_PEOPLE.intersection(lower))
    if perhaps:
        raise ParameterError(
            f"result has the class {perhaps[0]!r}, which may mean people. Pass classes=[...] with the names "
            "of all classes to keep."
        )
    keep: Bools = np.array([not name or name in PEOPLE for name in lower])[row]
    return keep


def _select_wanted(rows: FrameResult, wanted: Collection[str]) -> Bools:
    """Return a mask of the rows of the classes that the caller names."""
    digits = {int(item) for item in wanted if item.lstrip("-").isdecimal()}
    keep: Bools = np.zeros(len(rows.ids), dtype=bool)
    if not len(keep):
        return keep
    if rows.class_names is None and (rows.class_ids is None or len(digits) < len(wanted)):
        has = "no classes" if rows.class_ids is None else "classes that are numbers without names"
        raise ParameterError(f"classes is {sorted(wanted)}, but result has {has}")
    if rows.class_ids is not None:
        keep |= np.isin(rows.class_ids, list(digits))
    if rows.class_names is not None:
        found, row = np.unique(rows.class_names.astype(str), return_inverse=True)
        keep |= np.array([name.strip().lower() in wanted for name in found.tolist()])[row]
    return keep


def _validate_names(names: Sequence[str]) -> None:
    """Reject a model that has no class of people by name."""
    if PEOPLE.isdisjoint(name.strip().lower() for name in names):
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        raise ParameterError(
            f"no class of the model has the name of a person ({shown}). Pass classes=[...] with the classes "
            "to keep."
        )


def _parse_supervision(result: Any) -> FrameResult:
    """Read ``Detections`` of supervision."""
    boxes = _parse_boxes(result.xyxy, "result.xyxy")
    if result.tracker_id is None and len(boxes):
        raise ParameterError(
            "result.tracker_id is None: these are detections, not tracks. Pass the detections that a tracker "
            "returns: sink.append(tracker.update(detections), frame=k)."
        )
    data = getattr(result, "data", None) or {}
    return FrameResult(
        _parse_ids(result.tracker_id, len(boxes), "result.tracker_id"),
        boxes,
        _parse_class_ids(getattr(result, "class_id", None), len(boxes), "result.class_id"),
        _parse_class_names(data.get("class_name"), len(boxes), "result.data['class_name']"),
    )


def _parse_ultralytics(result: Any) -> FrameResult:
    """Read ``Results`` of Ultralytics.

    The ids are None if the frame has no tracked object.
    """
    if result.boxes is None:
        raise ParameterError("result.boxes is None: only results with upright boxes can be written")
    height, width = (int(side) for side in result.orig_shape[:2])
    boxes = _parse_boxes(result.boxes.xyxy, "result.boxes.xyxy")
    numbers = _parse_class_ids(result.boxes.cls, len(boxes), "result.boxes.cls")
    known = getattr(result, "names", None)
    if known is not None and not isinstance(known, Mapping):
        known = dict(enumerate(known))
    labels = None
    if known and numbers is not None:
        found, row = np.unique(numbers, return_inverse=True)
        labels = np.array([str(known.get(number, "")) for number in found.tolist()], dtype=object)[row]
    return FrameResult(
        _parse_ids(result.boxes.id, len(boxes), "result.boxes.id"),
        boxes,
        numbers,
        labels,
        tuple(map(str, known.values())) if known else None,
        (width, height),
    )


def _to_array(values: Any, name: str) -> Any:
    """Convert a list, an array or a tensor, which may be on a GPU."""
    if isinstance(values, np.ndarray):
        return values
    values = values.cpu() if hasattr(values, "cpu") else values
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ParameterError(f"{name} must be an array of numbers: {error}") from error


def _parse_boxes(values: Any, name: str) -> Floats:
    array = _to_array(values, name)
    if array.size == 0:
        return np.empty((0, _SIDES))
    if array.ndim != 2 or array.shape[1] != _SIDES or array.dtype.kind not in "iuf":  # noqa: PLR2004 - a table
        raise ParameterError(
            f"{name} must be an (n, 4) array of numbers, left, top, right and bottom [px], got shape "
            f"{array.shape} of {array.dtype}"
        )
    boxes: Floats = array.astype("float64")
    if not np.isfinite(boxes).all():
        row = int((~np.isfinite(boxes)).any(axis=1).argmax())
        raise InputError(f"{name}[{row}] must be four finite numbers, got {boxes[row].tolist()}")
    if (boxes[:, :2] > boxes[:, 2:]).any():
        row = int((boxes[:, :2] > boxes[:, 2:]).any(axis=1).argmax())
        raise InputError(
            f"{name}[{row}] must be left, top, right, bottom with left <= right and top <= bottom, got "
            f"{boxes[row].tolist()}"
        )
    return boxes


def _parse_ids(values: Any, count: int, name: str) -> Integers:
    if values is None:
        return np.full(count, UNTRACKED, dtype="int64")
    array = _parse_column(values, count, name)
    if array.dtype.kind == "O":  # None means no id
        array = np.array([UNTRACKED if value is None else value for value in array.tolist()])
    if array.dtype.kind not in "iuf":
        if not count:
            return np.empty(0, dtype="int64")
        raise ParameterError(f"{name} must be whole numbers, got {array.dtype}")
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), UNTRACKED, array)
    bad = (array < UNTRACKED) | (array > _LARGEST_ID)
    if array.dtype.kind == "f":
        bad |= array % 1 != 0
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{name}[{row}] must be a whole number from 0 to {_LARGEST_ID}, or -1 for a row without an id, "
            f"got {array[row].item()!r}"
        )
    ids: Integers = array.astype("int64")
    tracked = np.sort(ids[ids != UNTRACKED])
    again = tracked[1:] == tracked[:-1]
    if again.any():
        raise InputError(f"{name} has the id {tracked[1:][again][0]} twice in one frame")
    return ids


def _parse_class_ids(values: Any, count: int, name: str) -> Integers | None:
    if values is None:
        return None
    array = _parse_column(values, count, name)
    if not count:
        return np.empty(0, dtype="int64")
    if array.dtype.kind not in "iuf" or (array % 1 != 0).any():
        raise ParameterError(f"{name} must be whole numbers or names, got {array.tolist()!r:.60}")
    numbers: Integers = array.astype("int64")
    return numbers


def _parse_class_names(values: Any, count: int, name: str) -> Any:
    if values is None:
        return None
    array = _parse_column(values, count, name)
    texts = ["" if value is None or value != value else value for value in array.tolist()]  # noqa: PLR0124
    if not all(isinstance(text, str) for text in texts):
        raise ParameterError(f"{name} must be whole numbers or names, got {array.tolist()!r:.60}")
    return np.array(texts, dtype=object)


def _parse_column(values: Any, count: int, name: str) -> Any:
    array = _to_array(values, name)
    if array.shape != (count,):
        raise ParameterError(f"{name} must have one value per box, shape ({count},), got shape {array.shape}")
    return array
