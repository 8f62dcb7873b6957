"""The videos of a server: their rows in both orders, and checks for changed files."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ptrack_analysis.errors import InputError, ParameterError
from ptrack_analysis.geometry import Floats, Integers
from ptrack_analysis.schema import DETECTIONS, validate
from ptrack_analysis.sources.archive import Source, VideoReference
from ptrack_analysis.sources.finding import find_videos
from ptrack_analysis.sources.pages.encode import (
    build_job_members,
    build_metadata,
    encode_persons,
    split_table,
)
from ptrack_analysis.sources.pages.writing import validate_writable
from ptrack_analysis.sources.reading import read_tracking
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Video

Version: TypeAlias = tuple[tuple[int | str, int] | None, ...]
"""Size and modification time of each file, or the ETag of an S3 object; None for a missing file."""
ServedSource: TypeAlias = Source | VideoReference | Sequence[VideoReference] | tuple[pd.DataFrame, Video]
_CHECK_EVERY = 1.0
"""Time between two checks of the files of a video [s]."""


class ChangedSourceError(InputError):
    """The files of a video changed after a job had started."""


@dataclass(frozen=True, slots=True)
class ServedPages:
    """The rows of one video, sorted by timestamp and person, and the metadata of the video and the job."""

    metadata: dict[str, Any]
    job: dict[str, Any]
    times: Integers
    persons: Integers
    columns: dict[str, Floats]
    order_by_person: Integers

    def __len__(self) -> int:
        return len(self.times)

    @property
    def size(self) -> int:
        """Memory of the rows [bytes]."""
        arrays = (self.times, self.persons, self.order_by_person, *self.columns.values())
        return sum(array.nbytes for array in arrays)

    def encode(self, order: str, start: int, stop: int) -> bytes:
        """Encode some of the rows, ordered by ``TIMESTAMP`` or ``INDEX``."""
        rows: Any = slice(start, stop)
        if order == "INDEX":
            rows = self.order_by_person[rows]
        columns = {name: values[rows] for name, values in self.columns.items()}
        return encode_persons(self.times[rows], self.persons[rows], columns)


def build_served_pages(detections: pd.DataFrame, video: Video) -> ServedPages:
    """Sort the rows of a video for its pages.

    Raises
    ------
    SchemaError
        If ``detections`` is not a DETECTIONS table.
    ParameterError
        If a value cannot be written to a page.
    """
    validate(detections, DETECTIONS)
    table = detections if detections.index.is_monotonic_increasing else detections.sort_index()
    validate_writable(table)
    times, persons, columns = split_table(table)
    order = np.argsort(persons, kind="stable")
    return ServedPages(build_metadata(video), build_job_members(video), times, persons, columns, order)


@dataclass(slots=True)
class ServedVideo:
    """One video of a source, read on first use and again after ``forget``.

    ``job_id`` and ``uri`` are the job and the filmed object that its pages name; otherwise empty.
    """

    name: str
    read: Callable[[], tuple[pd.DataFrame, Video]]
    files: tuple[AnyPath, ...] = ()
    job_id: str = ""
    uri: str = ""
    clock: Callable[[], float] = time.monotonic
    used_at: float = 0.0
    _pages: ServedPages | None = field(default=None, repr=False)
    _version: Version = field(default=(), repr=False)
    _found: Version = field(default=(), repr=False)
    _checked_at: float = -_CHECK_EVERY
    _lock: Lock = field(default_factory=Lock)

    @property
    def size(self) -> int:
        """Memory that the video uses now [bytes]."""
        pages = self._pages
        return 0 if pages is None else pages.size

    def open(self, version: Version | None = None) -> tuple[Version, ServedPages]:
        """Return the version of the files and their rows.

        The files are read on the first call and after a change. If the rows of the given version are in
        memory, files on disk are checked at most once per second, and objects in S3 are not checked.

        Raises
        ------
        ChangedSourceError
            If the files no longer have the given version, or change while they are read.
        InputError
            If the source cannot be read.
        """
        with self._lock:
            self.used_at = self.clock()
            if version is None or self._is_check_due():
                self._found, self._checked_at = self._find_version(), self.clock()
            now = self._found
            if version is not None and now != version:
                raise ChangedSourceError(
                    f"The files of video {self.name!r} changed after the job was started. Start a new job."
                )
            if self._pages is None or self._version != now:
                self._pages = None
                pages = build_served_pages(*self.read())
                if self._find_version() != now:
                    raise ChangedSourceError(
                        f"The files of video {self.name!r} changed while they were read. Start a new job."
                    )
                self._pages, self._version = pages, now
            return now, self._pages

    def forget(self) -> None:
        """Release the memory of the rows."""
        with self._lock:
            self._pages = None

    def _is_check_due(self) -> bool:
        is_on_disk = all(isinstance(file, Path) for file in self.files)
        return self._pages is None or (is_on_disk and self.clock() - self._checked_at >= _CHECK_EVERY)

    def _find_version(self) -> Version:
        return tuple(map(_find_file_version, self.files))


def _find_file_version(file: AnyPath) -> tuple[int | str, int] | None:
    try:
        if isinstance(file, Path):
            found = file.stat()
            return found.st_size, found.st_mtime_ns
        tag = file.find_tag()
    except OSError:
        return None
    return None if tag is None else (tag, 0)


def find_served_videos(
    source: ServedSource,
    *,
    video: Video | None = None,
    allow_incomplete: bool = False,
    allow_dropped: bool = False,
) -> list[ServedVideo]:
    """Find the videos of a source that can be served.

    Videos with points are ignored, because pages contain boxes.

    Raises
    ------
    InputError
        If the source has no video.
    ParameterError
        If all its videos have points.
    """
    if isinstance(source, tuple) and len(source) == 2 and isinstance(source[0], pd.DataFrame):  # noqa: PLR2004
        detections, facts = source
        if detections.index.names == ["person_index", "timestamp"]:
            raise ParameterError(_POINTS.format(source="source"))
        return [
            ServedVideo(
                facts.name, lambda: (detections, facts), job_id=facts.job_id or "", uri=_find_uri(facts)
            )
        ]
    references: Sequence[VideoReference]
    if isinstance(source, VideoReference):
        references = [source]
    elif isinstance(source, list | tuple):
        references = [*source]
    else:
        references = find_videos(source)  # type: ignore[arg-type] # a path is left
    with_boxes = [reference for reference in references if not reference.points_unit]
    if not with_boxes:
        name = source if isinstance(source, str | Path) else "source"
        raise ParameterError(_POINTS.format(source=name))

    options: dict[str, Any] = {"video": video, "landmarks": True}
    options |= {"allow_incomplete": allow_incomplete, "allow_dropped": allow_dropped}
    return [
        ServedVideo(
            reference.name,
            partial(read_tracking, reference, **options),
            reference.files,
            reference.job_id or "",
            reference.video_uri or "",
        )
        for reference in map(_drop_copies, with_boxes)
    ]


def _drop_copies(reference: VideoReference) -> VideoReference:
    """Return a video without local copies of its S3 objects, so that the current objects are read."""
    files = tuple(map(_drop_copy, reference.files))
    return replace(reference, files=files, path=reference.path and _drop_copy(reference.path))


def _drop_copy(file: AnyPath) -> AnyPath:
    return file if isinstance(file, Path) else replace(file, content=None, copy=None)


_POINTS = "{source} has points without boxes, but pages contain boxes. Pass tracking with boxes."


def _find_uri(video: Video) -> str:
    return f"s3://{video.source}" if video.source else ""
