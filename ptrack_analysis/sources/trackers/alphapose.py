"""Results of AlphaPose with identities: one pose per person and image."""

import re
from array import array
from typing import Any

import msgspec

from ptrack_analysis.errors import InputError, MixedError
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

_BOX = ("left", "top", "width", "height")
_COLUMNS = {"frame": "image_id", "id": "idx", **{side: side for side in _BOX}, "confidence": "score"}
_NAME = re.compile(r"(.*?)(\d{1,9})(?:\.\w{1,5})?", re.DOTALL)


class _Pose(msgspec.Struct):
    image_id: str | Whole
    box: list[float] = []
    idx: Whole | None = None
    score: float | None = None


_POSE = msgspec.json.Decoder(_Pose)


def read_alphapose(path: AnyPath, given: Given) -> Rows:
    """Read ``alphapose-results.json`` of AlphaPose with tracking (``idx``).

    A frame is the number in ``image_id``: AlphaPose names the frames of a video ``0.jpg``, ``1.jpg``. Images
    with other names are counted from 0 if a number 0 occurs, otherwise from 1. A box is left, top, width and
    height in px. Skeletons are not read.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller; frame size and frame rate are required.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with its position; if no pose has ``idx`` or ``box``.
    MixedError
        If the images have names of several videos.

    References
    ----------
    H. Fang et al., "AlphaPose: whole-body regional multi-person pose estimation and tracking", 2022.
    """
    validate_columns(given, str(path))
    sides: dict[str, Any] = {side: array("d") for side in _BOX}
    frames, scores, places = array("d"), array("d"), list[str]()
    ids, prefixes = list[str | None](), dict[str, None]()
    is_padded = False
    for place, document in iterate_objects(path):
        pose = decode_typed(_POSE, document, place)
        name = _NAME.fullmatch(str(pose.image_id))
        if name is None:
            raise InputError(
                f"{place}: image_id is {str(pose.image_id)[:60]!r}; expected a number, as in 12.jpg"
            )
        if len(pose.box) != len(_BOX):
            raise InputError(
                f"{place}: the pose has no box of four numbers, which newer versions of AlphaPose write"
            )
        prefixes.setdefault(name[1])
        is_padded = is_padded or (name[2] != "0" and name[2].startswith("0"))
        for values, side in zip(sides.values(), pose.box, strict=True):
            values.append(side)
        frames.append(int(name[2]))
        scores.append(float("nan") if pose.score is None else pose.score)
        ids.append(None if pose.idx is None else str(pose.idx))
        places.append(place)
    if places and all(identity is None for identity in ids):
        raise InputError(
            f"{path}: no pose has an idx, so people were not tracked. Run AlphaPose with --pose_track."
        )
    if len(prefixes) > 1:
        first, second = list(prefixes)[:2]
        raise MixedError(
            f"{path}: the images belong to several videos, such as {first[:60]!r} and {second[:60]!r}. Run "
            "AlphaPose once per video."
        )
    given.validate_size(len(places))
    is_video = prefixes.keys() <= {""} and not is_padded
    columns = {"image_id": frames, "idx": ids, **sides, "score": scores}
    return Rows(
        columns_to_cells(columns, path, places.__getitem__),
        BoxLayout(columns=_COLUMNS, first_frame=0 if is_video else None, unit="px"),
        video=named(given.video, title_of_source(path)),
    )


def fits_alphapose(sample: Sample) -> str | None:
    """Return why a file is not results of AlphaPose, or None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.head.lstrip().startswith(b"["):
        return "does not start like a JSON list"
    missing = [name for name in ("image_id", "keypoints") if f'"{name}"'.encode() not in sample.head]
    if not missing and b'"box"' not in sample.head and b'"idx"' not in sample.head:
        missing = ["idx"]
    return f"its objects have no member {missing[0]!r}" if missing else None
