"""Reading of other trackers' files in a named or recognized format."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ptrack_analysis.errors import InputError
from ptrack_analysis.limits import validate_choice
from ptrack_analysis.sources.archive import FormatOptions, Source
from ptrack_analysis.sources.pages.rows import Budget
from ptrack_analysis.sources.resolution import resolve_video
from ptrack_analysis.sources.trackers import tables
from ptrack_analysis.sources.trackers.classes import parse_classes
from ptrack_analysis.sources.trackers.form import Part, Rows, build_tracked, list_parts, split_rows
from ptrack_analysis.sources.trackers.formats import TRACKERS, Tracker
from ptrack_analysis.sources.trackers.positions import find_stated_unit
from ptrack_analysis.sources.trackers.roles import MOMENTS, PARTS, by_own_names, find_part_columns
from ptrack_analysis.sources.trackers.sample import Sample, files_in, read_sample
from ptrack_analysis.sources.trackers.tracked import Given, Tracked, Unit, combine, validate_options
from ptrack_analysis.sources.trackers.unknown import describe_refused, describe_unknown
from ptrack_analysis.storage.s3 import AnyPath, parse_path
from ptrack_analysis.video import Video, YAxis, validate_video


def read_tracks(
    path: Source,
    *,
    format: str | None = None,  # noqa: A002 - what everyone calls it
    video: Video | None = None,
    columns: Mapping[str, str] | None = None,
    first_frame: int | None = None,
    first_pixel: int | None = None,
    stride: int | None = None,
    unit: Unit | None = None,
    y_axis: YAxis | None = None,
    classes: Sequence[int | str] | None = None,
    min_confidence: float | None = None,
    allow_dropped: bool = False,
) -> Tracked:
    """Read one video from the file of another tracker.

    Frames become times as in the API: 1000 · (frame - first) · stride / rate, truncated to milliseconds.
    Boxes become fractions of the frame. The order of rows does not matter. If a person occurs twice at one
    time, one row is kept. Rows without an id are excluded and counted; a file without any id is rejected.

    Up to 50 columns without a role are kept under their names if they are bool, numbers or text. Whole
    numbers are ``Int64`` and flags ``boolean``, so values may be missing. In a text file the type follows
    from all values of the column. A column with the name of a column of the tables of people becomes
    ``source_<name>``. ``report.ignored`` lists the columns that are not read, with the reasons.

    Parameters
    ----------
    path
        A file on disk or in S3, or a folder if the format is a folder.
    format
        Name of the format, as listed in ``TRACKERS``. By default the format is recognized, or ``table`` if
        ``columns`` names more than the time.
    video
        Facts that the file lacks: frame size, frame rate, start of the recording.
    columns
        Role to column. A ``table`` requires ``id``; a time: ``frame``, ``time`` (date and time, HH:MM:SS.mmm,
        or since 1970), ``time_s`` or ``time_ms``; and a box or a point. A box is ``left`` or ``center_x``,
        ``right`` or ``width``, ``top`` or ``center_y``, and ``bottom`` or ``height``; or one column with four
        numbers, ``box_xyxy``, ``box_xywh`` or ``box_cxcywh``. A point is ``x`` and ``y``. Optional roles are
        ``video``, ``camera``, ``confidence``, ``class`` and ``class_name``. Tables of supervision and
        Ultralytics accept the time, ``video`` and ``camera``.
    first_frame
        Number of the video's first frame; by default as in the format.
    first_pixel
        Coordinate of the upper left pixel in MOT text, 0 or 1; by default as in the format.
    stride
        Frames of the video per frame of the file, if the tracker skipped frames and numbered the rest.
    unit
        Unit of the boxes, ``px`` or ``fraction`` (by default recognized), or of points, ``m``, ``cm``,
        ``mm`` or ``px`` (required unless the file states it).
    y_axis
        Direction in which y increases for points: ``up`` (the default for m) or ``down`` (for px).
    classes
        Classes to keep, by name or number; by default people, if the file has class names.
    min_confidence
        Minimum confidence of a detection.
    allow_dropped
        Whether to read a file if more than 5 % of the rows, or all rows of a person, are dropped for a
        reason that may be a misreading.

    Returns
    -------
    Tracked
        DETECTIONS (for points: POINTS in m or px), the video, and the read report.

    Warns
    -----
    PtrackWarning
        If rows are dropped, columns are not read, or facts are assumed.

    Raises
    ------
    InputError
        If a value is invalid, with its position and column; if no format fits; if many rows are dropped for a
        doubtful reason.
    ParameterError
        If the format does not exist, an argument does not apply to it, or the frame size or rate is required
        and unknown.

    Examples
    --------
    >>> tracked = pta.read_tracks(
    ...     "data/tracker/morning.csv",
    ...     video=pta.Video(width=1280, height=720, frame_rate=25),
    ...     columns={
    ...         "frame": "frame", "id": "track_id", "left": "x1", "top": "y1", "right": "x2", "bottom": "y2"
    ...     },
    ... )
    >>> tracked.table[["left", "width"]].head(3).round(3).reset_index()
                   timestamp  person_index   left  width
    0 0 days 00:00:00.000000             4  0.245  0.034
    1 0 days 00:00:00.000000            11  0.433  0.032
    2 0 days 00:00:00.080000             4  0.246  0.031
    >>> tracked.report.kept
    1119
    """
    options = FormatOptions(
        format=format or "",
        columns=tuple((columns or {}).items()),
        first_frame=first_frame,
        first_pixel=first_pixel,
        stride=stride,
        unit=unit,
        y_axis=y_axis,
        classes=parse_classes(classes or ()),
        min_confidence=min_confidence,
    )
    tracked = read_with_options(path, validate_options(options), video)
    if not allow_dropped:
        tracked.report.validate_dropped()
    tracked.report.warn()
    return tracked


def read_with_options(
    path: Source, options: FormatOptions, video: Video | None = None, budget: Budget | None = None
) -> Tracked:
    """Read one video as ``read_tracks`` does, with at most the rows of the budget."""
    if video is not None:
        validate_video(video)
    given = combine(options, video or Video(), budget)
    found = _read_part(parse_path(path), options, given)
    tracked = found if isinstance(found, Tracked) else build_tracked(found, given)
    resolved, assumptions = resolve_video(tracked.video, tracked.table.index)
    report = replace(tracked.report, assumptions=(*tracked.report.assumptions, *assumptions))
    return replace(tracked, video=replace(resolved, read_report=report), report=report)


def find_parts(path: Source, options: FormatOptions) -> list[dict[str, str]]:
    """Return the values of ``video`` and ``camera`` of each video of a file.

    A file with fewer than two of these combinations is one video.
    """
    if not _may_have_parts(read_sample(parse_path(path)), options):
        return []
    found = _read_rows(parse_path(path), options, combine(options, Video()))
    if isinstance(found, Tracked):
        return []
    split = split_rows(found)
    if len(parts := list_parts(split)) > 1:
        _last_split.keep(parse_path(path), options, split)
    return parts


def find_points_unit(path: AnyPath, options: FormatOptions) -> Literal["", "m", "px"]:
    """Return the unit of a source's points, or an empty string if it has boxes."""
    tracker = find_format(path, options)
    names: dict[str, str] = {}
    if tracker.name == "table":
        names = dict(options.columns) or by_own_names(tables.read_names(read_sample(path)))
    if not tracker.plane and "x" not in names:
        return ""
    return "px" if "px" in {tracker.plane, options.unit, find_stated_unit(names)} else "m"


def find_format(path: AnyPath, options: FormatOptions) -> Tracker:
    """Return the named format, otherwise the recognized format of the source.

    Raises
    ------
    InputError
        If the source does not exist, or no format fits.
    ParameterError
        If the format does not exist.
    """
    name = options.format
    if not name and not {role for role, _ in options.columns} <= _TIMES_AND_PARTS:
        name = "table"
    if not name:
        return recognize(path)
    validate_choice(name, "format", TRACKERS)
    if not path.is_file() and not path.is_dir():
        raise InputError(f"{path}: there is no such file or folder")
    return TRACKERS[name]


def recognize(path: Source) -> Tracker:
    """Recognize the format of a source by its names and first bytes.

    If several formats fit, the first in ``TRACKERS`` is returned.

    Raises
    ------
    InputError
        If no format fits, with a description of the file; if the source does not exist.
    """
    sample = read_sample(parse_path(path))
    if not sample.is_folder and not sample.head.strip():
        raise InputError(f"{sample.path}: the file is empty")
    if (refused := describe_refused(sample)) is not None:
        raise InputError(refused)
    with np.errstate(invalid="ignore", over="ignore"):  # a number such as 1e400 fits no format
        for tracker in TRACKERS.values():
            if tracker.recognizes(sample) is None:
                return tracker
    raise InputError(describe_unknown(sample))


_TIMES_AND_PARTS = {*MOMENTS, *PARTS}
_SPACED = {"mot", "bytetrack", "deepsort"}
"""Formats whose files may have a camera column if white space separates the values."""


def _read_rows(path: AnyPath, options: FormatOptions, given: Given) -> Rows | Tracked:
    return find_format(path, options).read(path, given)


def _read_part(path: AnyPath, options: FormatOptions, given: Given) -> Rows | Tracked:
    """Read the rows of a file; a file with several videos is read once."""
    if not options.part:
        return _read_rows(path, options, given)
    if (kept := _last_split.find(path, options)) is not None:
        given.validate_size(kept.cells.count, len(kept.further))
        return _complete(kept, given.video)
    found = _read_rows(path, options, replace(given, video=Video()))
    if isinstance(found, Tracked):
        return found
    split = split_rows(found)
    _last_split.keep(path, options, split)
    return _complete(split, given.video)


def _complete(rows: Rows, video: Video) -> Rows:
    """Add facts from the caller to the facts of the file."""
    known = {field.name: getattr(rows.video, field.name) for field in fields(Video)}
    known = {name: value for name, value in known.items() if value is not None}
    return replace(rows, video=replace(video, **known))


class _LastSplit:
    """The rows of the last file with several videos.

    They are kept until all videos are read or the file changes. Threads share the object, so key, rows and
    remaining videos are replaced in one assignment.
    """

    def __init__(self) -> None:
        self._kept: tuple[object, Rows, set[Part]] | None = None

    def keep(self, path: AnyPath, options: FormatOptions, rows: Rows) -> None:
        """Keep the rows of a file instead of the rows of the previous file."""
        if (key := _identify(path, options)) is not None:
            self._kept = key, rows, {*(rows.parts or {})} - {options.part}

    def find(self, path: AnyPath, options: FormatOptions) -> Rows | None:
        """Return the kept rows of a file, and drop them with its last video."""
        kept = self._kept
        if kept is None or kept[0] != _identify(path, options):
            return None
        _, rows, left = kept
        left.discard(options.part)
        if not left and self._kept is kept:
            self._kept = None
        return rows


_last_split = _LastSplit()


def _identify(path: AnyPath, options: FormatOptions) -> object:
    """Return a key that changes if a source is replaced or read with other options.

    The key is None for a folder in S3.
    """
    if isinstance(path, Path) and path.is_dir():
        found: list[tuple[str, Any]] = [(file.name, file.stat()) for file in files_in(path)]
        files = tuple((name, state.st_size, state.st_mtime_ns) for name, state in found)
        return str(path), files, replace(options, part=())
    if not path.is_file():
        return None
    stat: Any = path.stat()
    state = getattr(stat, "st_mtime_ns", None) or getattr(stat, "tag", None)
    return str(path), stat.st_size, state, replace(options, part=())


def _may_have_parts(sample: Sample, options: FormatOptions) -> bool:
    """Return whether a file may have several videos, judging by its first bytes."""
    if options.format in TRACKERS and TRACKERS[options.format].may_have_parts:
        return True
    if sample.is_folder:
        return False
    if {role for role, _ in options.columns} & {*PARTS}:
        return True
    if options.format == "table":
        names = tables.read_names(sample)
        return bool({*names} & {*PARTS} or find_part_columns(dict(options.columns), names))
    return options.format in _SPACED and b"," not in sample.head
