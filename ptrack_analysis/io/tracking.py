"""Reading one job's pages as the DETECTIONS table and the video's facts."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from ptrack_analysis.errors import IncompleteError, InputError, JobError, MixedError
from ptrack_analysis.io.archive import (
    Source,
    VideoReference,
    below_root,
    documents,
    list_files,
    no_pages,
    scan,
    several,
    shown,
)
from ptrack_analysis.io.names import group_of, slugs, title_of
from ptrack_analysis.io.pages import BARE, WITH_FACES, WITH_LANDMARKS
from ptrack_analysis.io.rows import Collector, rows_of
from ptrack_analysis.io.s3 import AnyPath, ahead, path_of
from ptrack_analysis.io.shapes import Decoders, Page, SourceVideo, VideoMetadata
from ptrack_analysis.video import Video, timedelta

_METADATA = ("codec", "format", "color_range", "frame_rate")


@dataclass(frozen=True, slots=True)
class Reading:
    """One job as it was read: its tables, and what was noticed on the way.

    ``faults`` are the reasons for which ``read_tracking`` refuses the job, the gravest first; ``incomplete``
    is set where the archive ends before the job. ``merged`` counts rows that were made one with another of
    the same person and moment, ``repeated`` pages that were there before, ``ends`` pages without NextToken;
    ``overlapping`` tells whether such last pages cover the same time, as those of different videos do.
    """

    detections: pd.DataFrame
    video: Video
    pages: int
    repeated: int
    merged: int
    ends: int
    overlapping: bool
    files: int
    faults: list[InputError]
    incomplete: IncompleteError | None
    passed_over: list[tuple[str, str]]


def read_tracking(
    source: Source | VideoReference,
    *,
    video: Video | None = None,
    faces: bool = True,
    landmarks: bool = False,
    allow_incomplete: bool = False,
) -> tuple[pd.DataFrame, Video]:
    """Read the pages of one job: detections, and the facts about the video.

    Every shape in which pages are known to be saved is read: bare, with further fields, in lists, wrapped,
    enveloped, merged with other analyses, as JSON Lines, with numbers as texts, plain or ``.gz``. How the
    pages are cut and in which order they come changes nothing. A page that was saved twice counts once. The
    same person twice at one moment is one row: the body box of the one that has it and the face of the one
    that has it; of two different ones the larger, then the one further left, then further up.

    Parameters
    ----------
    source
        A file or folder of one job's pages, on disk or in S3 (``s3://bucket/prefix``), or a video that
        ``find_videos`` found.
    video
        Facts to fall back to where the pages have none (frame size, frame rate, ...).
    faces
        Whether to read faces; their columns are then there even if no face is.
    landmarks
        Whether to read the faces' landmarks too.
    allow_incomplete
        Whether to read an archive whose last page is missing.

    Returns
    -------
    tuple
        DETECTIONS, sorted by timestamp and person; the Video. No persons: an empty table.

    Raises
    ------
    PageError
        If a file is not well-formed or a value is not what the API sends; the message has the place.
    JobError
        If the job failed or is in progress.
    IncompleteError
        If no page is the job's last.
    MixedError
        If there are pages of several videos.
    InputError
        If there is no such file, or no page.

    Notes
    -----
    O(size of the pages). One page is decoded at a time; at the end the peak is about twice the table.
    """
    reading = load(source, video=video, faces=faces, landmarks=landmarks, careful=False)
    for fault in reading.faults:
        raise fault
    if reading.incomplete and not allow_incomplete:
        raise reading.incomplete
    return reading.detections, reading.video


def load(
    source: Source | VideoReference,
    *,
    video: Video | None = None,
    faces: bool = True,
    landmarks: bool = False,
    careful: bool = True,
) -> Reading:
    """Read one job and say what was noticed; if ``careful``, broken files are noticed instead of raised."""
    reader = _Reader(Collector(faces=faces, landmarks=landmarks), careful=careful)
    decoders = (WITH_LANDMARKS if landmarks else WITH_FACES) if faces else BARE
    if isinstance(source, VideoReference):
        reader.read(source, decoders)
        name, place = source.name, _common(source)
        passed_over: list[tuple[str, str]] = []
    else:
        place = path_of(source)
        name, passed_over = _only_video(place, reader, decoders)
    detections, merged = reader.collector.table()
    return Reading(
        detections=detections,
        video=reader.facts(name, video or Video()),
        pages=reader.pages,
        repeated=reader.repeated,
        merged=merged,
        ends=len(reader.last_pages),
        overlapping=reader.overlapping(),
        files=reader.files,
        faults=reader.faults_of(place),
        incomplete=reader.incomplete(place),
        passed_over=passed_over,
    )


def _only_video(root: AnyPath, reader: "_Reader", decoders: Decoders) -> tuple[str, list[tuple[str, str]]]:
    """Read a file or folder in one pass, as long as it holds one video; give its name."""
    files, passed_over = list_files(root)
    keys: dict[object, AnyPath] = {}
    for file, fetched in zip(files, ahead(files), strict=True):
        below = below_root(root, file) or PurePosixPath(file.name)
        held = reader.file(fetched, decoders)
        for job in held:
            keys.setdefault(group_of(below) if job is None else job, file)
        if not held:
            passed_over.append((shown(root, file), "well-formed, but no GetPersonTracking page"))
        if len(keys) > 1:
            raise several(root, [found.name for found in scan(root).videos])
    if not keys and not reader.broken:
        raise no_pages(root, passed_over)
    first = next(iter(keys.values()), root)
    return slugs([title_of(root, below_root(root, first))])[0], sorted(passed_over)


def _common(reference: VideoReference) -> AnyPath:
    """Give the place that a video's faults are reported at: its one file, or the folder of its files."""
    return reference.files[0] if len(reference.files) == 1 else reference.files[0].parent


@dataclass(slots=True)
class _Reader:
    """The pages of one job, taken in one after the other."""

    collector: Collector
    careful: bool
    pages: int = 0
    repeated: int = 0
    files: int = 0
    last_pages: list[tuple[int, int]] = field(default_factory=list)
    digests: set[bytes] = field(default_factory=set)
    metadata: dict[VideoMetadata, str] = field(default_factory=dict)
    source: SourceVideo | None = None
    job_id: str | None = None
    job_tag: str | None = None
    status: list[InputError] = field(default_factory=list)
    broken: list[InputError] = field(default_factory=list)

    def read(self, reference: VideoReference, decoders: Decoders) -> None:
        """Take in the pages of one video, leaving those of other jobs in the same files."""
        for file in ahead(reference.files):
            self.file(file, decoders, only={reference.job_id})

    def file(self, file: AnyPath, decoders: Decoders, only: set[str | None] | None = None) -> set[str | None]:
        """Take in the pages of one file; give the jobs that it holds pages of."""
        jobs: set[str | None] = set()
        try:
            for place, page in _pages(file, decoders):
                jobs.add(page.job_id)
                if only is None or page.job_id in only:
                    self.add(page, place)
        except InputError as error:
            if not self.careful:
                raise
            self.broken.append(error)
            jobs.add(self.job_id)
        self.files += 1
        return jobs

    def add(self, page: Page[Any], place: str) -> None:
        """Take in one page, unless it was there before."""
        self._notice(page, place)
        rows = rows_of(page.persons or [], faces=self.collector.faces, landmarks=self.collector.landmarks)
        digest = rows.digest() + repr(page.next_token).encode()
        if digest in self.digests and len(rows.time):
            self.repeated += 1
            return
        self.digests.add(digest)
        if not page.next_token:
            self.last_pages.append((int(rows.time.min(initial=2**53)), int(rows.time.max(initial=0))))
        self.collector.pages.append(rows)

    def _notice(self, page: Page[Any], place: str) -> None:
        self.pages += 1
        if page.job_status in {"FAILED", "IN_PROGRESS"}:
            said = f": {page.status_message}" if page.status_message else ""
            self.status.append(
                JobError(f"{place}: the job's status is {page.job_status}, not SUCCEEDED{said}")
            )
        if page.video_metadata is not None:
            self.metadata.setdefault(page.video_metadata, place)
        self.source = self.source or page.video
        self.job_id, self.job_tag = self.job_id or page.job_id, self.job_tag or page.job_tag

    def faults_of(self, place: AnyPath) -> list[InputError]:
        """List why the job cannot be used."""
        mixed: list[InputError] = []
        if len(self.metadata) > 1:
            (one, first), (other, second), *_ = self.metadata.items()
            mixed = [
                MixedError(
                    f"{place}: pages of different videos are mixed: {_difference(one, other, first, second)}"
                )
            ]
        return [*self.broken, *self.status[:1], *mixed]

    def incomplete(self, place: AnyPath) -> IncompleteError | None:
        """Say that no page is the last, if it is so."""
        if not self.pages or self.last_pages or self.status:
            return None
        return IncompleteError(
            f"{place}: the archive is incomplete: each of its pages ({self.pages}) has a NextToken, none is "
            "the job's last; fetch the rest, or read what is there with allow_incomplete (--allow-incomplete)"
        )

    def overlapping(self) -> bool:
        """Tell whether pages that each end a job cover the same time."""
        spans = sorted(self.last_pages)
        return any(first < end for (_, end), (first, _) in pairwise(spans))

    def facts(self, name: str, fallback: Video) -> Video:
        """Put the pages' facts about the video before those to fall back to."""
        known: dict[str, Any] = {"name": name, "job_id": self.job_id, "job_tag": self.job_tag}
        metadata = next(iter(self.metadata), VideoMetadata())
        known |= {fact: getattr(metadata, fact) for fact in _METADATA}
        known |= {"width": metadata.frame_width, "height": metadata.frame_height}
        if metadata.duration_millis is not None:
            known["duration"] = timedelta(metadata.duration_millis)
        if self.source and self.source.s3_object:
            known["source"] = "/".join(
                x for x in (self.source.s3_object.bucket, self.source.s3_object.name) if x
            )
        return replace(fallback, **{fact: value for fact, value in known.items() if value})


def _pages(file: AnyPath, decoders: Decoders) -> Iterator[tuple[str, Page[Any]]]:
    for place, pages in documents(file, decoders):
        for number, page in enumerate(pages or (), 1):
            yield (f"{place}, page {number}" if pages and len(pages) > 1 else place), page


def _difference(one: VideoMetadata, other: VideoMetadata, first: str, second: str) -> str:
    for fact in one.__struct_fields__:
        if getattr(one, fact) != getattr(other, fact):
            return f"{fact} is {getattr(one, fact)!r} in {first} and {getattr(other, fact)!r} in {second}"
    return f"{first} and {second} differ"
