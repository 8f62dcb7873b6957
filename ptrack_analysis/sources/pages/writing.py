"""Write detections as GetPersonTracking pages."""

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

_FLOAT = 0xCB  # the byte that precedes the eight bytes of a float
_HEADS = ((2**4, 1), (2**16, 3), (2**32, 5))  # limit for the length of a list, size of its header [bytes]
_ENCODER = msgpack.Encoder()


@dataclass(frozen=True, slots=True)
class PackedLayout:
    """Offsets of the numbers in a packed struct without nulls, and its length [bytes]."""

    offsets: tuple[int, ...]
    length: int


def find_packed_layout(struct: Struct) -> PackedLayout:
    """Find the offsets of the numbers by packing a struct in which each number is 0."""
    packed = np.frombuffer(_ENCODER.encode(struct), dtype="uint8")
    return PackedLayout(tuple(int(offset) + 1 for offset in np.flatnonzero(packed == _FLOAT)), len(packed))


BOX = find_packed_layout(Box(0.0, 0.0, 0.0, 0.0))
POSE = find_packed_layout(Pose(0.0, 0.0, 0.0))
QUALITY = find_packed_layout(Quality(0.0, 0.0))
FACE = find_packed_layout(Face(Box(0.0, 0.0, 0.0, 0.0), 0.0, Pose(0.0, 0.0, 0.0), Quality(0.0, 0.0)))


def unpack(structs: Sequence[Any], layout: PackedLayout) -> Floats | None:
    """Return the numbers of structs as an array (width, k); None if a number is missing.

    All numbers are floats, so every struct without a null has the same packed length, and NumPy can read the
    packed list as strided arrays. A null is shorter, which changes the length of the list. This takes a third
    of the time of one tuple per struct, and creates no objects for the garbage collector.
    """
    if not structs:
        return np.empty((len(layout.offsets), 0))
    packed = _ENCODER.encode(structs)
    head = next(size for limit, size in _HEADS if len(structs) < limit)
    if len(packed) != head + len(structs) * layout.length:
        return None
    numbers = np.empty((len(layout.offsets), len(structs)))
    for offset, column in zip(layout.offsets, numbers, strict=True):
        column[:] = np.ndarray(len(structs), ">f8", packed, offset=head + offset, strides=layout.length)
    return numbers


def unpack_numbers(structs: Sequence[Any], layout: PackedLayout) -> Floats:
    """Return the numbers of flat structs as an array (width, k); a null becomes NaN."""
    numbers = unpack(structs, layout)
    if numbers is None:
        flat = [nan if value is None else value for struct in structs for value in astuple(struct)]
        numbers = np.array(flat, dtype="float64").reshape(len(structs), -1).T
    return numbers


MAX_PAGE = 1000
"""Maximum number of persons per page in the API."""
_LARGEST = 1e6
_MOST = 2**53
PAGE_NAME = "page-{:06d}.json"
"""File name of a page by its number, from 1."""
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
    """Write detections as GetPersonTracking pages, for code that was written for the API.

    Each page contains up to ``page_size`` persons, sorted by time and then by person. All pages except the
    last have a NextToken, which is derived from the preceding content, so equal tables give equal bytes. As
    in the API, values that are NaN are omitted: a body box, a face, its box, pose, quality or landmarks.
    Columns that pages do not have are not written. ``read_tracking`` of the folder (with ``landmarks=True``
    for landmarks) returns exactly the same values, and all facts about the video except its name. An empty
    table becomes one page without persons.

    Parameters
    ----------
    detections
        DETECTIONS, rows in any order.
    video
        The video. Its known facts, job and source are written to each page.
    folder
        Folder for ``page-000001.json`` and so on; created if it is missing.
    page_size
        Maximum number of persons per page, 1 to 1000.
    force
        Whether to write into a folder that contains files named like pages. Files called
        ``page-NNNNNN.json`` are removed first, starting with the last one, so that a killed run does not
        leave pages that look complete. Other files are kept.

    Returns
    -------
    list of Path
        The files in order.

    Raises
    ------
    SchemaError
        If ``detections`` is not a DETECTIONS table.
    ParameterError
        If ``page_size`` is out of its range, or a page cannot contain a value: a negative time or person
        index, an infinite number, or an incomplete box.
    OutputError
        If the folder contains pages and ``force`` is False, or cannot be written.

    Notes
    -----
    O(n). In addition to the table, one page is in memory at a time.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> files = pta.rekognition.write_pages(detections, video, "pages", page_size=500)
    >>> len(files), files[0].name
    (12, 'page-000001.json')
    >>> again, _ = pta.read_tracking("pages")
    >>> again.equals(detections)
    True
    """
    if isinstance(detections, pd.DataFrame) and detections.index.names == POINTS.key_names:
        raise ParameterError(
            "detections has points, but pages contain boxes. Save points with write_parquet."
        )
    validate(detections, DETECTIONS)
    validate_video(video)
    validate_path(folder, "folder")
    if isinstance(page_size, bool) or not isinstance(page_size, int) or not 1 <= page_size <= MAX_PAGE:
        raise ParameterError(f"page_size must be a whole number from 1 to {MAX_PAGE}, got {page_size!r}")
    table = detections if detections.index.is_monotonic_increasing else detections.sort_index()
    validate_writable(table)
    target = _prepare_folder(folder, force=force)
    starts = range(0, max(len(table), 1), page_size)
    files = [target / PAGE_NAME.format(number) for number in range(1, len(starts) + 1)]
    remove_leftovers(target, (file.name for file in files))
    for file, content in zip(files, _pages(table, video, starts), strict=True):
        write_bytes(file, content)
    return files


def _prepare_folder(folder: str | PathLike[str], *, force: bool) -> Path:
    """Create the folder and make sure that it contains no other pages."""
    if str(folder).startswith(SCHEME):
        raise OutputError(f"{folder}: pages are written to a folder on disk, not to S3")
    target = Path(folder)
    make_folder(target)
    others = sorted(path.name for path in target.rglob("*") if _is_page(target, path))
    if others and not force:
        raise OutputError(
            f"{target}: the folder contains files named like pages ({listed(others, 1)}), which would mix "
            "with the new ones. Pass an empty folder, or force=True."
        )
    for old in sorted(target.glob(_OURS), reverse=True):
        remove_file(old, up_to=target)
    return target


def _is_page(folder: Path, path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and is_named_like_a_page(path.name) and path.is_file()


def validate_writable(table: pd.DataFrame) -> None:
    """Reject values that a page cannot contain."""
    levels = [np.asarray(table.index.get_level_values(name)).astype("int64") for name in DETECTIONS.key_names]
    for name, values in zip(("time [ms]", "person index"), levels, strict=True):
        bad = (values < 0) | (values > _MOST)
        if bad.any():
            _reject_row(table, bad, f"the {name} must be 0 to {_MOST}, got {values[bad.argmax()]}")
    for column in DETECTIONS.columns:
        if column.name in table.columns and column not in TRACKER_COLUMNS:
            values = np.asarray(table[column.name], dtype="float64")
            bad = np.abs(values) > _LARGEST
            if bad.any():
                found = values[bad.argmax()].item()
                _reject_row(table, bad, f"{column.name} must be {-_LARGEST:g} to {_LARGEST:g}, got {found!r}")
    for names in (_BOX, tuple(f"face_{side}" for side in _BOX), *_landmark_pairs()):
        given = [name for name in names if name in table.columns]
        count = table[given].notna().to_numpy().sum(axis=1)
        partial: Bools = (count > 0) & (count < len(names))
        if partial.any():
            _reject_row(table, partial, f"{', '.join(names)} must be given together or not at all")


def _landmark_pairs() -> list[tuple[str, str]]:
    return [(f"{name}_x", f"{name}_y") for name in LANDMARKS.values()]


def _reject_row(table: pd.DataFrame, bad: Bools, text: str) -> None:
    time, person = table.index[int(bad.argmax())]
    raise ParameterError(f"person {person} at {time} cannot be written to a page: {text}")


def _pages(table: pd.DataFrame, video: Video, starts: range) -> Iterator[bytes]:
    """Yield the encoded pages."""
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
