"""COCO files of videos: COCO-video, MMTracking, TAO and YouTube-VIS."""

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.read_report import DroppedRows
from ptrack_analysis.sources.trackers.form import BoxLayout, Rows, validate_columns
from ptrack_analysis.sources.trackers.objects import Whole, columns_to_cells, decode_typed
from ptrack_analysis.sources.trackers.sample import Sample
from ptrack_analysis.sources.trackers.text import read_text
from ptrack_analysis.sources.trackers.tracked import Given, named, title_of_source
from ptrack_analysis.storage.s3 import AnyPath

_BOX = ("left", "top", "width", "height")
_COLUMNS = {
    "frame": "frame",
    "id": "track",
    **{side: side for side in _BOX},
    "confidence": "score",
    "class_name": "category",
    "video": "video",
}
_LISTS = re.compile(rb'"(images|annotations|videos)"\s*:\s*\[')
_OF_VIDEOS = re.compile(rb'"(video_id|frame_id|frame_index|track_id|instance_id|bboxes)"\s*:')
_FACTS = ("width", "height", "frame_rate")


class _Image(msgspec.Struct):
    id: Whole | str
    video_id: Whole | str | None = None
    frame_id: Whole | None = None
    frame_index: Whole | None = None
    width: Whole | None = None
    height: Whole | None = None


class _Annotation(msgspec.Struct):
    id: Whole | str | None = None
    image_id: Whole | str | None = None
    video_id: Whole | str | None = None
    track_id: Whole | str | None = None
    instance_id: Whole | str | None = None
    category_id: Whole | None = None
    bbox: list[float] | None = None
    bboxes: list[list[float] | None] | None = None
    iscrowd: Whole | bool = 0
    score: float | None = None


class _Video(msgspec.Struct):
    id: Whole | str
    name: str = ""
    file_name: str = ""
    width: Whole | None = None
    height: Whole | None = None
    fps: float | None = None


class _Category(msgspec.Struct):
    id: Whole
    name: str


class _Coco(msgspec.Struct):
    annotations: list[_Annotation]
    images: list[_Image] = []
    videos: list[_Video] = []
    categories: list[_Category] = []


_DECODER = msgspec.json.Decoder(_Coco)
_Frame = tuple[str, int]
"""Name of the video and number of the frame."""


@dataclass
class _Columns:
    """Columns of boxes, and the numbers of annotations that are not read."""

    sides: tuple[Any, ...] = field(default_factory=lambda: tuple(array("d") for _ in _BOX))
    frames: Any = field(default_factory=lambda: array("d"))
    scores: Any = field(default_factory=lambda: array("d"))
    tracks: list[str | None] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)
    places: Any = field(default_factory=lambda: array("q"))
    left_out: Counter[str] = field(default_factory=Counter)

    def add(
        self, box: Sequence[float], frame: _Frame, track: Whole | str | None, category: str, at: int
    ) -> None:
        """Append a box."""
        for values, side in zip(self.sides, box, strict=True):
            values.append(side)
        self.videos.append(frame[0])
        self.frames.append(frame[1])
        self.tracks.append(None if track is None else str(track))
        self.categories.append(category)
        self.places.append(at)


def read_coco_video(path: AnyPath, given: Given) -> Rows:
    """Read a COCO file of videos, with ``track_id`` or ``instance_id``.

    Images state the video and the frame (``frame_id`` or ``frame_index``). Frames are counted from 0 or 1,
    whichever is the smallest frame of all images of a video. In YouTube-VIS an annotation is a track, with a
    box or null per frame in ``bboxes``. Boxes are left, top, width and height in px. Annotations with
    ``iscrowd`` or of category -1 are excluded. Each video of the file is read as a video.

    Parameters
    ----------
    path
        The file.
    given
        Options and facts from the caller; the file has no frame rate.

    Returns
    -------
    Rows
        The rows and their layout, for ``build_tracked``.

    Raises
    ------
    InputError
        If a value is invalid, with its position; if no annotation has a track.

    References
    ----------
    MMTracking, CocoVID; A. Dave et al., "TAO", 2020; L. Yang et al., "Video instance segmentation", 2019.
    """
    validate_columns(given, str(path))
    coco = decode_typed(_DECODER, read_text(path), str(path))
    if coco.annotations and not any(map(_has_track, coco.annotations)):
        raise InputError(
            f"{path}: a COCO file whose annotations have neither track_id nor instance_id. These are "
            "detections, not tracks: run a tracker on them first."
        )
    given.validate_size(len(coco.annotations))
    names = _name_videos(coco.videos)
    facts: dict[str, dict[str, Any]] = {
        names[str(video.id)]: dict(zip(_FACTS, (video.width, video.height, video.fps), strict=True))
        for video in coco.videos
    }
    frames = _find_frames(coco.images, names, facts, path)
    bases, oddities, assumptions = _find_bases(frames, given)
    categories = {category.id: category.name for category in coco.categories}
    columns = _Columns()
    for at, found in enumerate(coco.annotations):
        reason = "iscrowd" if found.iscrowd else "category -1" if found.category_id == -1 else ""
        if reason:
            columns.left_out[reason] += 1
            continue
        category = (
            "" if found.category_id is None else categories.get(found.category_id, str(found.category_id))
        )
        for box, frame in _list_boxes(found, frames, names, f"{path}, annotation {at}"):
            track = found.track_id if found.instance_id is None else found.instance_id
            track = found.id if found.bboxes is not None else track
            shifted = frame[0], frame[1] - bases.get(frame[0], 0)
            columns.add(box, shifted, track, category, at)
            columns.scores.append(float("nan") if found.score is None else found.score)
    values = {
        **dict(zip(_BOX, columns.sides, strict=True)),
        "frame": columns.frames,
        "track": columns.tracks,
        "score": columns.scores,
        "category": columns.categories,
        "video": columns.videos,
    }
    dropped = tuple(
        DroppedRows(f"{count} annotations with {reason} are excluded", count, is_excluded=True)
        for reason, count in columns.left_out.items()
    )
    places = columns.places
    return Rows(
        columns_to_cells(values, path, lambda row: f"{path}, annotation {places[row]}"),
        BoxLayout(columns=_COLUMNS, first_frame=0, unit="px", text_ids=True),
        dropped=dropped,
        assumptions=tuple(assumptions),
        oddities=tuple(oddities),
        video=named(given.video, title_of_source(path)),
        part_facts=facts,
    )


def fits_coco_video(sample: Sample) -> str | None:
    """Return why a file is not a COCO file of videos, or None if it is."""
    if sample.is_folder:
        return "a folder"
    if not sample.head.lstrip().startswith(b"{"):
        return "does not start like a JSON object"
    if sample.path.name.lower().endswith(".kwcoco.json"):
        return "a file of kwcoco"
    if _LISTS.search(sample.head) is None:
        return "it has no member 'images', 'annotations' or 'videos'"
    return (
        None if _OF_VIDEOS.search(sample.head) else "its images and annotations have no video, frame or track"
    )


def _has_track(found: _Annotation) -> bool:
    return found.track_id is not None or found.instance_id is not None or found.bboxes is not None


def _name_videos(videos: Sequence[_Video]) -> dict[str, str]:
    """Return the name of each video by its id, with the id added if names repeat."""
    plain = {str(video.id): video.name or video.file_name or str(video.id) for video in videos}
    counts = Counter(plain.values())
    return {key: name if counts[name] == 1 else f"{name}-{key}" for key, name in plain.items()}


def _find_frames(
    images: Sequence[_Image], names: dict[str, str], facts: dict[str, dict[str, Any]], path: AnyPath
) -> dict[Whole | str, _Frame]:
    """Return the video and frame of each image, and store the size of each video."""
    frames = dict[Whole | str, _Frame]()
    for at, image in enumerate(images):
        number = image.frame_id if image.frame_index is None else image.frame_index
        if number is None:
            raise InputError(
                f"{path}, image {at}: has neither frame_id nor frame_index, so its time is unknown"
            )
        key = "" if image.video_id is None else str(image.video_id)
        video = names.setdefault(key, key)
        known = facts.setdefault(video, {})
        for name, value in (("width", image.width), ("height", image.height)):
            if value is not None and known.get(name) is None:
                known[name] = value
            elif value is not None and known[name] != value:
                raise InputError(
                    f"{path}, image {at}: {name} is {value}, but {known[name]} in other images of the video "
                    f"{video!r}"
                )
        frames[image.id] = video, number
    return frames


def _find_bases(
    frames: dict[Whole | str, _Frame], given: Given
) -> tuple[dict[str, int], list[str], list[str]]:
    """Return the number of each video's first frame, with evidence and assumptions."""
    if given.first_frame is not None:
        return {}, [], []
    least = dict[str, int]()
    for video, number in frames.values():
        least[video] = min(number, least.get(video, number))
    from_1 = [video for video, number in least.items() if number == 1]
    later = [video for video, number in least.items() if number > 1]
    oddities = ["frames are counted from 1, the smallest frame of all images of a video"] if from_1 else []
    if not later:
        return dict.fromkeys(from_1, 1), oddities, []
    assumption = (
        f"the frames of video {later[0]!r} start at {least[later[0]]}: they are counted from 0, unless "
        "first_frame (--first-frame) is given"
    )
    return dict.fromkeys(from_1, 1), oddities, [assumption]


def _list_boxes(
    found: _Annotation, frames: dict[Whole | str, _Frame], names: dict[str, str], place: str
) -> list[tuple[list[float], _Frame]]:
    """Return the boxes of an annotation with their frames."""
    if found.bboxes is not None:
        video = "" if found.video_id is None else str(found.video_id)
        name = names.setdefault(video, video)
        boxes = [(box, (name, frame)) for frame, box in enumerate(found.bboxes) if box is not None]
    else:
        if found.image_id not in frames:
            raise InputError(f"{place}: image_id is {found.image_id!r}, but the file has no such image")
        boxes = [(found.bbox or [], frames[found.image_id])]
    for box, _ in boxes:
        if len(box) != len(_BOX):
            raise InputError(f"{place}: bbox has {len(box)} numbers; expected left, top, width and height")
    return boxes
