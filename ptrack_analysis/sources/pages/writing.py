"""Detections written as GetPersonTracking pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from msgspec import Struct, msgpack
from msgspec.structs import astuple

from ptrack_analysis.errors import OutputError, ParameterError
from ptrack_analysis.geometry import Bools, Floats
from ptrack_analysis.limits import validate_path
from ptrack_analysis.schema import (
    DETECTIONS,
    LANDMARKS,
    POINTS,
    TRACKER_COLUMNS,
    validate,
)
from ptrack_analysis.sources.names import listed
from ptrack_analysis.sources.pages.decode import Box, Face, Pose, Quality, nan
from ptrack_analysis.sources.pages.documents import is_named_like_a_page
from ptrack_analysis.sources.pages.encode import (
    build_job_members,
    build_metadata,
    derive_token,
    encode_page,
    encode_persons,
    split_table,
    start_tokens,
)
from ptrack_analysis.storage.files import make_folder, remove_file, remove_leftovers, write_bytes
from ptrack_analysis.storage.s3 import SCHEME
from ptrack_analysis.video import Video, validate_video

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
    O(n); one page is in memory at a time, beside the table.
    """
    if isinstance(detections, pd.DataFrame) and detections.index.names == POINTS.key_names:
        raise ParameterError(
            "detections has points, but pages contain boxes. Save points with write_parquet."
        )
    validate(detections, DETECTIONS)
    validate_video(video)
    validate_path(folder, "folder")
    if isinstance(page_size, bool) or not isinstance(page_size, int) or not 1 <= page_size <= MAX_PAGE:
        raise ParameterError(f"page_size is {page_size!r}, not a whole number from 1 to {MAX_PAGE}")
    table = detections if detections.index.is_monotonic_increasing else detections.sort_index()
    validate_writable(table)
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


def validate_writable(table: pd.DataFrame) -> None:
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
    """Encode the pages one after the other."""
    times, persons, columns = split_table(table)
    metadata, job = build_metadata(video), build_job_members(video)
    token = start_tokens(metadata, job)
    for start in starts:
        part = slice(start, start + starts.step)
        rows = encode_persons(
            times[part], persons[part], {name: values[part] for name, values in columns.items()}
        )
        token = derive_token(token, rows)
        yield encode_page(metadata, job, rows, None if start == starts[-1] else token)
