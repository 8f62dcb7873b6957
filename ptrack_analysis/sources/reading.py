"""Read the tracking of one video."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from ptrack_analysis.errors import IncompleteError, NoPageError
from ptrack_analysis.sources.archive import (
    FormatOptions,
    Source,
    VideoReference,
    build_references,
    list_files,
    no_pages,
    scan,
    several,
    shown,
)
from ptrack_analysis.sources.finding import PAGES, find_instead, find_tracker_videos, form_given, form_of_file
from ptrack_analysis.sources.grouping import Evidence
from ptrack_analysis.sources.names import group_below, validate_name
from ptrack_analysis.sources.pages.completeness import MissingPages, describe_start
from ptrack_analysis.sources.pages.decode import BARE, WITH_FACES, WITH_LANDMARKS, Decoders
from ptrack_analysis.sources.pages.job import REST, JobReader, Reading
from ptrack_analysis.sources.pages.rows import Budget, Collector, TimeRange
from ptrack_analysis.sources.resolution import resolve_video
from ptrack_analysis.sources.trackers.registry import read_with_options
from ptrack_analysis.storage.s3 import AnyPath, ahead, parse_path
from ptrack_analysis.video import Video, validate_video


def read_tracking(
    source: Source | VideoReference,
    *,
    video: Video | None = None,
    faces: bool = True,
    landmarks: bool = False,
    allow_incomplete: bool = False,
    allow_dropped: bool = False,
    format: str | None = None,  # noqa: A002 - the usual name
    columns: Mapping[str, str] | None = None,
    first_frame: int | None = None,
    first_pixel: int | None = None,
    stride: int | None = None,
    unit: Literal["px", "fraction", "m", "cm", "mm"] | None = None,
    y_axis: Literal["up", "down"] | None = None,
    classes: Sequence[int | str] | None = None,
    min_confidence: float | None = None,
    name: str | None = None,
) -> tuple[pd.DataFrame, Video]:
    """Read the detections and metadata of one video.

    Accepts GetPersonTracking pages in any known layout: bare, in lists, wrapped or in an envelope, with other
    fields, merged with other analyses, as JSON Lines, with numbers as strings, plain or ``.gz``. The order
    and size of pages do not matter, and duplicate pages count once. If a person occurs twice at one
    timestamp, the larger body box and the larger face are kept (if equal, the leftmost, then the topmost).

    A source without pages is read as another tracker's file: MOTChallenge text, results of Ultralytics,
    supervision, ByteTrack, Roboflow, DeepStream or Google Video Intelligence, annotations of CVAT or Label
    Studio, COCO files of videos, or a table with named columns. Frame numbers become whole milliseconds as in
    the API, and boxes become fractions of the frame. If rows are dropped (without an id, of another class, as
    duplicates) or facts are assumed, a ``PtrackWarning`` has the counts. ``video.read_report`` is the full
    report.

    Parameters
    ----------
    source
        File or folder with the pages of one job, on disk or in S3 (``s3://bucket/prefix``), or a video from
        ``find_videos``.
    video
        Facts to use if the pages have none (frame size, frame rate, ...).
    faces
        Whether to read faces. If True, their columns exist even without any face.
    landmarks
        Whether to read the landmarks of faces.
    allow_incomplete
        Whether to read an archive with missing pages: the last page has a NextToken, the page numbers in the
        file names have a gap, ``fetch.json`` counts more pages than the archive has, or an entry named like a
        page cannot be opened. The verdict is in ``video.read_report.completeness``.
    allow_dropped
        Whether to read a source if more than 5 % of its rows, or all rows of a person, are dropped for a
        reason that may be a misreading of the file.
    format
        ``pages``, or the name of another tracker's format (see ``read_tracks``). By default, the format is
        detected.
    columns
        Columns of a table by role: ``{"frame": "frame", "id": "track_id", "left": "x1", "top": "y1",
        "right": "x2", "bottom": "y2"}``; see ``read_tracks``.
    first_frame, first_pixel, stride, unit, y_axis, classes, min_confidence
        Options for reading another tracker's file, as in ``read_tracks``.
    name
        Name of the video; by default the name of its files or folder, see ``find_videos``.

    Returns
    -------
    tuple
        The table and the Video. The table is DETECTIONS, sorted by timestamp and person, or POINTS, sorted by
        person and timestamp, if the source has points instead of boxes. It is empty if there are no people.

    Raises
    ------
    PageError
        If a file is malformed, or the API does not send a value. The message has the file and position.
    JobError
        If the job failed or is in progress.
    IncompleteError
        If pages are missing.
    MixedError
        If the source contains several videos.
    InputError
        If the source does not exist, contains neither a page nor another tracker's result, or many rows are
        dropped for a doubtful reason (see ``allow_dropped``).

    Notes
    -----
    O(size of the pages). One page is decoded at a time; the peak memory is about twice the size of the table.

    Examples
    --------
    >>> detections, video = pta.read_tracking("data/shop")
    >>> len(detections), video.width, video.height, video.frame_rate
    (5957, 1280, 720, 25.0)
    >>> detections.iloc[0][["left", "top", "width", "height"]].round(2).tolist()
    [0.79, 0.34, 0.05, 0.26]
    """
    form = form_given(
        format=format,
        columns=columns,
        first_frame=first_frame,
        first_pixel=first_pixel,
        stride=stride,
        unit=unit,
        y_axis=y_axis,
        classes=classes,
        min_confidence=min_confidence,
    )
    options: dict[str, Any] = {"faces": faces, "landmarks": landmarks, "careful": False}
    reading = load(source, video=video, form=form, name=name, **options)
    reading.validate(allow_incomplete=allow_incomplete, allow_dropped=allow_dropped)
    reading.report.warn()
    return reading.detections, reading.video


def load(
    source: Source | VideoReference,
    *,
    video: Video | None = None,
    faces: bool = True,
    landmarks: bool = False,
    careful: bool = True,
    form: FormatOptions | None = None,
    part: TimeRange | None = None,
    budget: Budget | None = None,
    name: str | None = None,
) -> Reading:
    """Read one video with all findings; if ``careful``, errors of pages are collected instead of raised.

    With a ``part``, only its rows are kept in memory; this does not apply to other trackers' files. With a
    ``budget``, too many rows raise an error. ``name`` replaces the name from the files.
    """
    if name is not None:
        validate_name(name)
        reading = load(
            source,
            video=video,
            faces=faces,
            landmarks=landmarks,
            careful=careful,
            form=form,
            part=part,
            budget=budget,
        )
        return replace(reading, video=replace(reading.video, name=name))
    options: dict[str, Any] = {"faces": faces, "landmarks": landmarks, "careful": careful}
    options |= {"part": part, "budget": budget}
    if isinstance(source, VideoReference):
        if source.form is not None:
            return _load_tracks(source, video, budget)
        return _load_pages(source, video, **options)
    if video is not None:
        validate_video(video)
    path = parse_path(source, name="source")
    form = form or form_of_file(path)
    if form is not None and form.format != PAGES:
        return _load_only(path, find_tracker_videos(path, form).videos, video, budget)
    try:
        return _load_pages(path, video, **options)
    except NoPageError as error:
        if form is not None:
            raise
        return _load_only(path, find_instead(path, error).videos, video, budget)


def _load_only(
    path: AnyPath, videos: Sequence[VideoReference], video: Video | None, budget: Budget | None
) -> Reading:
    """Read the video of another tracker if it is the only one."""
    if len(videos) > 1:
        raise several(path, [found.name for found in videos])
    return _load_tracks(videos[0], video, budget)


def _load_tracks(reference: VideoReference, video: Video | None, budget: Budget | None) -> Reading:
    """Read one video of another tracker."""
    path, form = reference.path or reference.files[0], reference.form or FormatOptions()
    tracked = read_with_options(path, form, video, budget)
    report = replace(tracked.report, files=len(reference.files))
    video = replace(tracked.video, name=reference.name, read_report=report)
    return Reading(tracked.table, video, report)


def _load_pages(
    source: AnyPath | VideoReference,
    video: Video | None,
    *,
    faces: bool,
    landmarks: bool,
    careful: bool,
    part: TimeRange | None,
    budget: Budget | None,
) -> Reading:
    """Read the pages of one job."""
    collector = Collector(faces=faces, landmarks=landmarks, part=part, budget=budget)
    reader = JobReader(collector, careful=careful)
    decoders = (WITH_LANDMARKS if landmarks else WITH_FACES) if faces else BARE
    if isinstance(source, VideoReference):
        reader.read(source, decoders)
        name, place, missing = source.name, _find_location(source), source.missing
        ignored: list[tuple[str, str]] = []
    else:
        place = source
        name, ignored, missing = _only_video(place, reader, decoders)
    whole = None
    if part is not None and len(unclear := collector.unclear()):
        del collector, reader
        clear = replace(part, moments=np.append(part.moments, unclear))
        options: dict[str, Any] = {"faces": faces, "landmarks": landmarks, "careful": careful}
        return _load_pages(source, video, **options, part=clear, budget=budget)
    detections, merged = collector.table()
    if part is not None:
        whole, more = collector.whole(detections)
        merged = replace(merged, rows=merged.rows + more)
    index: Any = detections.index if whole is None else whole.index
    resolved, assumptions = resolve_video(reader.facts(name, video or Video()), index)
    completeness = reader.judge_completeness(place, missing)
    if start := describe_start(index):
        reader.log.notes.append(start)
    report = reader.build_report(place, len(index), merged, completeness, assumptions)
    signs = "; ".join(completeness.missing)
    return Reading(
        detections=detections,
        video=replace(resolved, read_report=report),
        report=report,
        faults=reader.list_faults(place),
        incomplete=IncompleteError(f"{place}: the archive is incomplete: {signs}{REST}") if signs else None,
        ignored=ignored,
        whole=whole,
    )


def _only_video(
    root: AnyPath, reader: JobReader, decoders: Decoders
) -> tuple[str, list[tuple[str, str]], MissingPages]:
    """Read a file or folder with one video in one pass; return its name, ignored files and missing pages."""
    listing = list_files(root)
    files, ignored = listing.files, listing.others
    evidence: dict[AnyPath, frozenset[Evidence]] = {}
    broken: list[AnyPath] = []
    keys: set[object] = set()
    for file, fetched in zip(files, ahead(files), strict=True):
        cuts, faults = len(reader.log.cuts), len(reader.broken)
        found = reader.file(fetched, decoders)
        if found:
            evidence[file] = found
        elif len(reader.log.cuts) > cuts or len(reader.broken) > faults:
            broken.append(file)
        else:
            ignored.append((shown(root, file), reader.log.reason))
        keys |= {one.identity or group_below(root, file) for one in found}
        if len(keys) > 1:
            raise several(root, [found.name for found in scan(root).videos])
    if not evidence and not broken:
        raise no_pages(root, ignored)
    videos = build_references(root, listing, evidence, broken)
    if len(videos) > 1:
        raise several(root, [found.name for found in videos])
    for note in videos[0].notes:
        reader.log.assume(note)
    return videos[0].name, sorted(ignored), videos[0].missing


def _find_location(reference: VideoReference) -> AnyPath:
    """Return the path for messages about a video: its only file, or the common folder of its files."""
    if len(reference.files) == 1:
        return reference.files[0]
    folder = reference.files[0].parent
    while not all(str(file).startswith(f"{folder}/") for file in reference.files):
        folder = folder.parent
    return folder
