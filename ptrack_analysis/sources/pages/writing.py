"""Detections written as GetPersonTracking pages."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from msgspec import Struct, msgpack
from msgspec.structs import astuple

from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.schema import (
    DETECTIONS,
    FACE_COLUMNS,
    LANDMARK_COLUMNS,
    LANDMARKS,
    POINTS,
    TRACKER_COLUMNS,
    validate,
)
from ptrack_analysis.sources.names import listed
from ptrack_analysis.sources.pages.decode import Box, Face, Pose, Quality, nan
from ptrack_analysis.sources.pages.documents import is_named_like_a_page
from ptrack_analysis.storage.files import make_folder, remove_file, remove_leftovers, write_bytes
from ptrack_analysis.storage.s3 import SCHEME
from ptrack_analysis.video import Video

_FLOAT = 0xCB  # what stands before the eight bytes of a float
_HEADS = ((2**4, 1), (2**16, 3), (2**32, 5))  # lists shorter than that have a head of so many bytes
_ENCODER = msgpack.Encoder()


@dataclass(frozen=True, slots=True)
class PackedLayout:
    """Where the numbers of a struct stand when it is packed with all of them."""

    places: tuple[int, ...]
    length: int


def find_packed_layout(struct: Struct) -> PackedLayout:
    """Find where the numbers stand, by packing a struct in which each is 0."""
    packed = np.frombuffer(_ENCODER.encode(struct), dtype="uint8")
    return PackedLayout(tuple(int(place) + 1 for place in np.flatnonzero(packed == _FLOAT)), len(packed))


BOX = find_packed_layout(Box(0.0, 0.0, 0.0, 0.0))
POSE = find_packed_layout(Pose(0.0, 0.0, 0.0))
QUALITY = find_packed_layout(Quality(0.0, 0.0))
FACE = find_packed_layout(Face(Box(0.0, 0.0, 0.0, 0.0), 0.0, Pose(0.0, 0.0, 0.0), Quality(0.0, 0.0)))


def unpack(structs: Sequence[Any], form: PackedLayout) -> Floats | None:
    """Take out the numbers of structs, (width, k); None if one of them lacks a number.

    A struct with all its numbers, which are floats, has one length when packed, so NumPy can read a whole
    list where it stands; a null is shorter, so a list with a null is seen by its length. This takes a third
    of the time of a tuple a struct, and gives the garbage collector nothing to look at.
    """
    if not structs:
        return np.empty((len(form.places), 0))
    packed = _ENCODER.encode(structs)
    head = next(size for limit, size in _HEADS if len(structs) < limit)
    if len(packed) != head + len(structs) * form.length:
        return None
    numbers = np.empty((len(form.places), len(structs)))
    for place, column in zip(form.places, numbers, strict=True):
        column[:] = np.ndarray(len(structs), ">f8", packed, offset=head + place, strides=form.length)
    return numbers


def unpack_numbers(structs: Sequence[Any], form: PackedLayout) -> Floats:
    """Take out the numbers of flat structs, (width, k); a null is NaN."""
    numbers = unpack(structs, form)
    if numbers is None:
        flat = [nan if value is None else value for struct in structs for value in astuple(struct)]
        numbers = np.array(flat, dtype="float64").reshape(len(structs), -1).T
    return numbers


MAX_PAGE = 1000
"""Most persons that the API gives in one page."""
_LARGEST = 1e6
_MOST = 2**53
PAGE_NAME = "page-{:06d}.json"
"""Name of the file of a page by its number, from 1."""
_OURS = "page-[0-9][0-9][0-9][0-9][0-9][0-9].json"
_BOX = ("left", "top", "width", "height")
_POSE = ("roll", "yaw", "pitch")
_QUALITY = ("brightness", "sharpness")

Record = dict[str, Any]
Columns = dict[str, list[Any]]


def write_pages(
    detections: pd.DataFrame,
    video: Video,
    folder: str | PathLike[str],
    *,
    page_size: int = MAX_PAGE,
    force: bool = False,
) -> list[Path]:
    """Write detections as pages of GetPersonTracking, so that code written for the API keeps working.

    A page holds up to ``page_size`` persons, by time, then by person. All but the last carry a NextToken,
    which is made of what stands before it, so the same table gives the same bytes. What is NaN is left out,
    as the service leaves it out: a body box, a face, its box, pose, quality or landmarks. Numbers are
    written such that reading gives the very same ones. Further columns have no place in a page and are not
    written. ``read_tracking`` of the folder (with ``landmarks=True`` if they are there) gives the same
    table, and the video's facts but its name. An empty table is one page without persons.

    Parameters
    ----------
    detections
        DETECTIONS, rows in any order.
    video
        The video: its facts, job and source go into each page as far as they are known.
    folder
        Where ``page-000001.json`` and so on are written; made if it is missing.
    page_size
        Most persons a page, 1 to 1000.
    force
        Whether to write into a folder that holds files named like pages. Those called ``page-NNNNNN.json``
        are removed first, the last at first, so that a killed run never leaves what looks whole; others stay.

    Returns
    -------
    list of Path
        The files, in their order.

    Raises
    ------
    SchemaError
        If ``detections`` is not a DETECTIONS table.
    ParameterError
        If ``page_size`` is out of its range, or a value is one that no page can hold: a negative time or
        number of a person, an infinite side, a box of which only some sides are there.
    OutputError
        If the folder holds pages and ``force`` is not set, or cannot be written.

    Notes
    -----
    O(n); one page is in memory at a time, beside the table as Python lists.
    """
    if isinstance(detections, pd.DataFrame) and detections.index.names == POINTS.key_names:
        raise ParameterError(
            "detections has points, but pages contain boxes. Save points with write_parquet."
        )
    validate(detections, DETECTIONS)
    if isinstance(page_size, bool) or not isinstance(page_size, int) or not 1 <= page_size <= MAX_PAGE:
        raise ParameterError(f"page_size is {page_size!r}, not a whole number from 1 to {MAX_PAGE}")
    table = detections if detections.index.is_monotonic_increasing else detections.sort_index()
    _validate_writable(table)
    target = _prepared(folder, force=force)
    starts = range(0, max(len(table), 1), page_size)
    files = [target / PAGE_NAME.format(number) for number in range(1, len(starts) + 1)]
    remove_leftovers(target, (file.name for file in files))
    for file, content in zip(files, _pages(table, video, starts), strict=True):
        write_bytes(file, content)
    return files


def _prepared(folder: str | PathLike[str], *, force: bool) -> Path:
    """Make the folder, and see that no other pages are in it."""
    if str(folder).startswith(SCHEME):
        raise OutputError(f"{folder}: pages are written to a folder on disk, not to S3")
    target = Path(folder)
    make_folder(target)
    others = sorted(path.name for path in target.rglob("*") if _is_page(target, path))
    if others and not force:
        raise OutputError(
            f"{target}: holds files named like pages already ({listed(others, 1)}), with which these would "
            "mix; give an empty folder, or force"
        )
    for old in sorted(target.glob(_OURS), reverse=True):
        remove_file(old, up_to=target)
    return target


def _is_page(folder: Path, path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and is_named_like_a_page(path.name) and path.is_file()


def _validate_writable(table: pd.DataFrame) -> None:
    """Reject what no page can hold, with the first row of it."""
    levels = [np.asarray(table.index.get_level_values(name)).astype("int64") for name in DETECTIONS.key_names]
    for name, values in zip(("time [ms]", "number"), levels, strict=True):
        bad = (values < 0) | (values > _MOST)
        if bad.any():
            _validate_rows(table, bad, f"a {name} of {values[bad.argmax()]}; a page holds 0 to {_MOST}")
    for column in DETECTIONS.columns:
        if column.name in table.columns and column not in TRACKER_COLUMNS:
            values = np.asarray(table[column.name], dtype="float64")
            bad = np.abs(values) > _LARGEST
            if bad.any():
                text = (
                    f"{column.name} {values[bad.argmax()].item()!r}; a page holds numbers up to {_LARGEST:g}"
                )
                _validate_rows(table, bad, text)
    for names in (_BOX, tuple(f"face_{side}" for side in _BOX), *_landmark_pairs()):
        there = [name for name in names if name in table.columns]
        found = table[there].notna().to_numpy().sum(axis=1)
        partly: Bools = (found > 0) & (found < len(names))
        if partly.any():
            _validate_rows(
                table, partly, f"only some of {', '.join(names)}; a page holds all of them or none"
            )


def _landmark_pairs() -> list[tuple[str, str]]:
    return [(f"{name}_x", f"{name}_y") for name in LANDMARKS.values()]


def _validate_rows(table: pd.DataFrame, bad: Bools, text: str) -> None:
    time, person = table.index[int(bad.argmax())]
    raise ParameterError(f"person {person} at {time} cannot be written to a page: it has {text}")


def _pages(table: pd.DataFrame, video: Video, starts: range) -> Iterator[bytes]:
    """Yield the pages in their order."""
    token = compute_first_token(video)
    for start in starts:
        rows = table.iloc[start : start + starts.step]
        page, token = encode_page(rows, video, token, is_last=start == starts[-1])
        yield page


def compute_first_token(video: Video) -> bytes:
    """Return what the token of the first page is computed from."""
    return msgspec.json.encode([_facts(video), _job(video)])


def encode_page(rows: pd.DataFrame, video: Video, token: bytes, *, is_last: bool) -> tuple[bytes, bytes]:
    """Encode one page, and compute its token from the token of the page before.

    Parameters
    ----------
    rows
        The DETECTIONS of the page, sorted.
    video
        The video: its facts, job and source go into the page as far as they are known.
    token
        The token of the page before, or ``compute_first_token`` of the video.
    is_last
        Whether the page is the last one, which has no NextToken.

    Returns
    -------
    tuple
        The bytes of the page; its token.
    """
    persons = msgspec.json.encode(_records(rows))
    token = b64encode(sha256(token + persons).digest() + sha256(persons).digest())
    page: Record = {"JobStatus": "SUCCEEDED", "VideoMetadata": _facts(video)}
    if not is_last:
        page["NextToken"] = token.decode()
    page["Persons"] = msgspec.Raw(persons)
    return msgspec.json.encode(page | _job(video)) + b"\n", token


def _facts(video: Video) -> Record:
    """Return what is known of the video, by the API's names."""
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


def _job(video: Video) -> Record:
    """Return what is known of the job and where the video lies."""
    job: Record = {"JobId": video.job_id, "JobTag": video.job_tag}
    if video.source:
        bucket, _, name = video.source.partition("/")
        places = {"Bucket": bucket, "Name": name}
        job["Video"] = {"S3Object": {key: value for key, value in places.items() if value}}
    return {name: value for name, value in job.items() if value is not None}


def _records(rows: pd.DataFrame) -> list[Record]:
    """Make the elements of Persons of some rows."""
    columns: Columns = {
        column.name: rows[column.name].tolist()
        for column in DETECTIONS.columns
        if column.name in rows.columns
    }
    times = np.asarray(rows.index.get_level_values("timestamp")).astype("int64").tolist()
    persons = rows.index.get_level_values("person_index").tolist()
    boxes = zip(*(columns[name] for name in _BOX), strict=True)
    faces = _faces(columns, len(rows))
    return [
        {"Timestamp": time, "Person": _person(index, box, face)}
        for time, index, box, face in zip(times, persons, boxes, faces, strict=True)
    ]


def _person(index: int, box: tuple[float, ...], face: Record) -> Record:
    person: Record = {"Index": index}
    left, top, width, height = box
    if left == left:  # noqa: PLR0124 - not NaN
        person["BoundingBox"] = {"Left": left, "Top": top, "Width": width, "Height": height}
    if face:
        person["Face"] = face
    return person


def _faces(columns: Columns, count: int) -> list[Record]:
    """Return the face of each row; empty for all if the table has no column of faces."""
    known = {column.name for column in (*FACE_COLUMNS, *LANDMARK_COLUMNS)}
    if known.isdisjoint(columns):
        return [{}] * count
    return [_face(columns, row) for row in range(count)]


def _face(columns: Columns, row: int) -> Record:
    """Return what is there of a face: nothing, if nothing is."""
    parts = {
        "BoundingBox": _members(columns, row, _BOX, "face_"),
        "Landmarks": _landmarks(columns, row),
        "Pose": _members(columns, row, _POSE, "face_"),
        "Quality": _members(columns, row, _QUALITY, "face_"),
    }
    face: Record = {name: part for name, part in parts.items() if part}
    return face | _members(columns, row, ("confidence",), "face_")


def _landmarks(columns: Columns, row: int) -> list[Record]:
    if not any(f"{name}_x" in columns for name in LANDMARKS.values()):
        return []
    found = ((kind, _members(columns, row, ("x", "y"), f"{name}_")) for kind, name in LANDMARKS.items())
    return [{"Type": kind, **place} for kind, place in found if place]


def _members(columns: Columns, row: int, names: tuple[str, ...], prefix: str = "") -> Record:
    """Give the columns that have a number in this row, by the API's names."""
    found = ((name, columns[prefix + name][row]) for name in names if prefix + name in columns)
    return {name.capitalize(): value for name, value in found if value == value}  # noqa: PLR0124 - not NaN
