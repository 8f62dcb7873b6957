"""Encode rows of detections as GetPersonTracking pages."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from msgspec import UNSET, Struct, UnsetType

from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.schema import DETECTIONS, LANDMARKS, TRACKER_COLUMNS
from ptrack_analysis.sources.pages.decode import Box, Landmark
from ptrack_analysis.video import Video

_BOX = ("left", "top", "width", "height")
_POSE = ("roll", "yaw", "pitch")
_QUALITY = ("brightness", "sharpness")
_NOT_IN_PAGES = {"interpolated", "continued", "merged_from", *(column.name for column in TRACKER_COLUMNS)}
PAGE_COLUMNS = tuple(column.name for column in DETECTIONS.columns if column.name not in _NOT_IN_PAGES)
"""Columns of DETECTIONS that a page contains."""

_Number = float | UnsetType


class _Pose(Struct, rename="pascal", gc=False):
    roll: _Number
    yaw: _Number
    pitch: _Number


class _Quality(Struct, rename="pascal", gc=False):
    brightness: _Number
    sharpness: _Number


class _Face(Struct, rename="pascal", gc=False):
    bounding_box: Box | UnsetType
    landmarks: list[Landmark] | UnsetType
    pose: _Pose | UnsetType
    quality: _Quality | UnsetType
    confidence: _Number


class _Person(Struct, rename="pascal", gc=False):
    index: int
    bounding_box: Box | UnsetType
    face: _Face | UnsetType


class _Record(Struct, rename="pascal", gc=False):
    timestamp: int
    person: _Person


_ENCODER = msgspec.json.Encoder()


def encode_persons(times: Integers, persons: Integers, columns: Mapping[str, Floats]) -> bytes:
    """Encode rows as the member ``Persons`` of a page.

    As in the API, a body box, a face or a part of a face is omitted if its values are NaN.

    Parameters
    ----------
    times
        (n,) timestamps [ms].
    persons
        (n,) person indices.
    columns
        (n,) values of each known column of ``PAGE_COLUMNS``.
    """
    known = {name: values for name, values in columns.items() if not np.isnan(values).all()}
    boxes, faces = _combine(Box, known, _BOX), _build_faces(known, len(times))
    people = map(_Person, persons.tolist(), boxes, faces)
    return _ENCODER.encode(list(map(_Record, times.tolist(), people)))


def _build_faces(columns: Mapping[str, Floats], count: int) -> Iterable[_Face | UnsetType]:
    """Build the face of each row; UNSET for a row without a face."""
    values = {
        name.removeprefix("face_"): column for name, column in columns.items() if name.startswith("face_")
    }
    landmarks = _build_landmarks(columns, count)
    if not values and landmarks is None:
        return repeat(UNSET)
    found = [~np.isnan(values[name]) for name in values]
    if landmarks is not None:
        found.append(np.array([row is not UNSET for row in landmarks], dtype=bool))
    faces: list[_Face | UnsetType] = list(
        map(
            _Face,
            _combine(Box, values, _BOX),
            repeat(UNSET) if landmarks is None else landmarks,
            _combine(_Pose, values, _POSE),
            _combine(_Quality, values, _QUALITY),
            _list_numbers(values, "confidence") or repeat(UNSET),
        )
    )
    return _unset(faces, ~np.logical_or.reduce(found))


def _build_landmarks(columns: Mapping[str, Floats], count: int) -> list[list[Landmark] | UnsetType] | None:
    """Build the landmarks of each row; UNSET for a row without landmarks. None if no row has landmarks."""
    found = [
        (kind, columns[f"{name}_x"], columns[f"{name}_y"])
        for kind, name in LANDMARKS.items()
        if f"{name}_x" in columns and f"{name}_y" in columns
    ]
    if not found:
        return None
    landmarks: list[list[Landmark] | UnsetType] = [UNSET] * count
    missing = np.array([np.isnan(x) for _, x, _ in found])
    kinds = [list(map(Landmark, repeat(kind), x.tolist(), y.tolist())) for kind, x, y in found]
    for row in np.flatnonzero(~missing.all(axis=0)).tolist():
        landmarks[row] = [
            kind[row] for kind, is_missing in zip(kinds, missing[:, row], strict=True) if not is_missing
        ]
    return landmarks


def _combine(struct: type[Any], columns: Mapping[str, Floats], names: tuple[str, ...]) -> Iterable[Any]:
    """Build a struct of some columns for each row; UNSET for a row in which all are missing."""
    lists = [_list_numbers(columns, name) for name in names]
    if not any(lists):
        return repeat(UNSET)
    built: list[Any] = list(map(struct, *(numbers or repeat(UNSET) for numbers in lists)))
    missing = np.logical_and.reduce([np.isnan(columns[name]) for name in names if name in columns])
    return _unset(built, missing)


def _list_numbers(columns: Mapping[str, Floats], name: str) -> list[Any]:
    """List the values of a column, with UNSET for NaN; empty without the column."""
    if name not in columns:
        return []
    return _unset(columns[name].tolist(), np.isnan(columns[name]))


def _unset(values: list[Any], missing: Any) -> list[Any]:
    """Set values to UNSET where they are missing."""
    for row in np.flatnonzero(missing).tolist():
        values[row] = UNSET
    return values


def split_table(table: pd.DataFrame) -> tuple[Integers, Integers, dict[str, Floats]]:
    """Return the times [ms], the person indices, and the columns of ``PAGE_COLUMNS`` that have a value."""
    times = np.asarray(table.index.get_level_values("timestamp")).astype("int64")
    persons = np.asarray(table.index.get_level_values("person_index")).astype("int64")
    columns = {
        name: np.asarray(table[name], dtype="float64")
        for name in PAGE_COLUMNS
        if name in table.columns and table[name].notna().any()
    }
    return times, persons, columns


def build_metadata(video: Video) -> dict[str, Any]:
    """Build the member ``VideoMetadata`` of a page without unknown facts."""
    duration = None if video.duration is None else video.duration // pd.Timedelta(milliseconds=1)
    facts = {
        "Codec": video.codec,
        "DurationMillis": duration,
        "Format": video.format,
        "FrameRate": None if video.frame_rate is None else float(video.frame_rate),
        "FrameHeight": None if video.height is None else int(video.height),
        "FrameWidth": None if video.width is None else int(video.width),
        "ColorRange": video.color_range,
    }
    return {name: value for name, value in facts.items() if value is not None}


def build_job_members(video: Video) -> dict[str, Any]:
    """Build the members of a page that identify the job and the filmed object, if known."""
    job: dict[str, Any] = {"JobId": video.job_id, "JobTag": video.job_tag}
    if video.source:
        bucket, _, name = video.source.partition("/")
        filmed = {"Bucket": bucket, "Name": name}
        job["Video"] = {"S3Object": {key: value for key, value in filmed.items() if value}}
    return {name: value for name, value in job.items() if value is not None}


def start_tokens(metadata: dict[str, Any], job: dict[str, Any]) -> bytes:
    """Return the seed from which the token of the first page is derived instead of an earlier token."""
    return _ENCODER.encode([metadata, job])


def derive_token(before: bytes, persons: bytes) -> bytes:
    """Derive the NextToken of a page from the token before it and its ``Persons``.

    Equal pages therefore have equal tokens.
    """
    return b64encode(sha256(before + persons).digest() + sha256(persons).digest())


def encode_page(metadata: dict[str, Any], job: dict[str, Any], persons: bytes, token: bytes | None) -> bytes:
    """Encode a page, without NextToken if ``token`` is None."""
    page: dict[str, Any] = {"JobStatus": "SUCCEEDED", "VideoMetadata": metadata}
    if token is not None:
        page["NextToken"] = token.decode()
    page["Persons"] = msgspec.Raw(persons)
    return _ENCODER.encode(page | job) + b"\n"
