"""Find the videos of a source: pages or the files of other trackers."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from ptrack_analysis.errors import InputError, NoPageError, ParameterError, PtrackError
from ptrack_analysis.limits import wrong_kind
from ptrack_analysis.sources.archive import (
    FormatOptions,
    Recall,
    Scan,
    Source,
    VideoReference,
    list_files,
    no_pages,
    scan,
    shown,
)
from ptrack_analysis.sources.names import below_root, make_slug, natural, slugs, validate_name
from ptrack_analysis.sources.pages.documents import is_named_like_a_page
from ptrack_analysis.sources.trackers.classes import parse_classes
from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.sources.trackers.registry import (
    find_format,
    find_parts,
    find_points_unit,
    recognize,
)
from ptrack_analysis.sources.trackers.sample import Sample, read_sample
from ptrack_analysis.sources.trackers.tracked import title_of_source, validate_options
from ptrack_analysis.sources.trackers.unknown import describe_unknown
from ptrack_analysis.storage.s3 import AnyPath, parse_path

PAGES = "pages"
_MOST_FILES = 1000
"""Maximum number of files in a folder to search for the files of other trackers."""
_SHOWN = 8
_JSON = (b"{", b"[")
_PERSONS = re.compile(rb'"persons"', re.IGNORECASE)
_COMPANIONS = {"seqinfo.ini", "labels.txt"}
_DETECTIONS = {"det.txt"}


def find_videos(
    source: Source,
    *,
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
) -> list[VideoReference]:
    """Find the videos of an archive: a file, or a folder with pages of one or more jobs.

    Pages with the same JobId are one video; without a JobId, pages of the same filmed object or file are one
    video. Other pages are one video if their names differ only in a number at the end and their tokens or
    times fit together: ``page-1`` and ``page-2`` are one video, but ``IMG_3656`` and ``IMG_3657`` are two if
    each is a complete result.

    A video is named after its files, or after the nearest folder if the files have names such as ``page-1``
    or ``000001``. The name is the same for the file, its folder and the folder above as the source. It
    contains folder names or a hash only if two videos would have the same name. A malformed file belongs to
    the video whose pages are in the same folder; reading that video raises the error.

    A source without pages may be another tracker's file, or a folder of such files in one format; see
    ``read_tracking``. A table with a column for the video or the camera contains several videos.

    Parameters
    ----------
    source
        A file or folder on disk or in S3 (``s3://bucket/prefix``). Folders are searched to any depth; hidden
        files and links to folders are ignored.
    format, columns, first_frame, first_pixel, stride, unit, y_axis, classes, min_confidence
        Options for reading another tracker's file, as in ``read_tracking``.
    name
        Name of the video, if the source contains only one.

    Returns
    -------
    list of VideoReference
        The videos in the natural order of their first files.

    Raises
    ------
    InputError
        If the source does not exist, contains no page, or has files of several other formats.
    ParameterError
        If ``name`` is given for several videos.

    Examples
    --------
    >>> for video in pta.find_videos("data/day"):
    ...     detections, facts = pta.read_tracking(video)
    ...     print(video.name, len(video.files), len(detections))
    evening 2 1510
    morning 2 1289
    noon 4 3194
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
    return rename_videos(scan_source(source, form).videos, name, source)


def rename_videos(videos: list[VideoReference], name: str | None, source: object) -> list[VideoReference]:
    """Return the videos of a source, renamed if ``name`` is given.

    Raises
    ------
    ParameterError
        If there are several videos, or the name is not a safe file name.
    """
    if name is None:
        return videos
    if len(videos) > 1:
        raise ParameterError(
            f"{source} contains {len(videos)} videos, but name (--name) can only name one. Pass the file or "
            "folder of one video."
        )
    return [replace(video, name=validate_name(name)) for video in videos]


def scan_source(source: Source, form: FormatOptions | None = None, recall: Recall | None = None) -> Scan:
    """Find the videos and the ignored files of a source; ``recall`` is as in ``scan``."""
    path = parse_path(source, name="source")
    form = form or form_of_file(path)
    if form is not None and form.format != PAGES:
        return find_tracker_videos(path, form)
    try:
        found = scan(path, recall)
    except NoPageError as error:
        if form is not None:
            raise
        return find_instead(path, error)
    if form is None and not path.is_file() and not any(found.evidence.values()):
        with suppress(NoPageError):
            return find_instead(path, no_pages(path, found.ignored))
    return found


def find_unit_of_points(source: Source | VideoReference, form: FormatOptions | None = None) -> str:
    """Return the unit of the points of a source, empty if it has boxes or cannot be read."""
    if isinstance(source, VideoReference):
        return source.points_unit
    with suppress(PtrackError):
        path = parse_path(source)
        form = form or form_of_file(path)
        if form is not None and (form.format == PAGES or path.is_file()):
            return "" if form.format == PAGES else find_points_unit(path, form)
        if form is not None:
            return find_tracker_videos(path, form).videos[0].points_unit
        if path.is_dir() and not any(map(is_named_like_a_page, (file.name for file in _all_files(path)))):
            return find_tracker_videos(path, FormatOptions()).videos[0].points_unit
    return ""


def form_given(**options: Any) -> FormatOptions | None:
    """Collect the options for reading a tracker's file; None if all are None.

    Raises
    ------
    ParameterError
        If the value of an option is invalid.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if not given:
        return None
    columns = given.get("columns", {})
    if not isinstance(columns, Mapping):
        raise wrong_kind("columns", "a mapping of roles to columns, such as {'id': 'track_id'}", columns)
    given["columns"] = tuple(sorted(columns.items()))
    given["classes"] = parse_classes(given.get("classes", ()))
    return validate_options(FormatOptions(**given))


def form_of_file(path: AnyPath) -> FormatOptions | None:
    """Recognize another tracker's file; None for pages and folders.

    Raises
    ------
    InputError
        If the file is not named like a page, is not recognized, and does not start like JSON.
    """
    if not path.is_file():
        return None
    if is_named_like_a_page(path.name):
        return None if _PERSONS.search(read_sample(path).head) else _recognized(path)
    try:
        return FormatOptions(recognize(path).name)
    except InputError:
        if read_sample(path).head.lstrip(b" \t\r\n").startswith(_JSON):
            return None
        raise


def find_instead(path: AnyPath, error: NoPageError) -> Scan:
    """Find the videos of other trackers in a source without pages.

    Raises
    ------
    NoPageError
        If the source does not contain files of other trackers either.
    InputError
        If the source contains files of several formats.
    """
    if path.is_file() and (form := _recognized(path)) is None:
        kind = describe_unknown(read_sample(path)).removeprefix(f"{path}: ")
        raise NoPageError(f"{error}. {kind[:1].upper()}{kind[1:]}")
    try:
        return find_tracker_videos(path, FormatOptions() if not path.is_file() else form or FormatOptions())
    except NoPageError:
        raise error from None


def find_tracker_videos(path: AnyPath, options: FormatOptions) -> Scan:
    """Find the videos of other trackers in a file, a folder that is one result, or a folder of files.

    Raises
    ------
    InputError
        If the source does not exist, or a folder has files of several formats.
    NoPageError
        If a folder has no file of another tracker.
    ParameterError
        If the format is unknown, or does not support the options.
    """
    sample = read_sample(path)
    if not sample.is_folder or _is_one_result(sample, options):
        return Scan(_list_references(path, options, title_of_source(path, is_folder=sample.is_folder)), [])
    found, others = _list_results(path, options)
    if not found:
        raise NoPageError(f"{path}: no file of another tracker in this folder")
    formats = dict.fromkeys(tracker for _, tracker in found)
    if len(formats) > 1:
        raise InputError(_describe_mixed(path, found))
    titles = [_find_title(path, result) for result, _ in found]
    named = [
        reference
        for (result, _), title in zip(found, titles, strict=True)
        for reference in _list_references(result, options, title, is_alone=len(found) == 1)
    ]
    names = slugs([reference.name for reference in named]) if len(found) > 1 else [one.name for one in named]
    return Scan([replace(one, name=name) for one, name in zip(named, names, strict=True)], others)


def _is_one_result(sample: Sample, options: FormatOptions) -> bool:
    """Return whether a folder is one result: one file per frame, or a MOTChallenge sequence."""
    if options.format:
        tracker = find_format(sample.path, options)
        return tracker.reads_folders and (not tracker.reads_files or tracker.recognizes(sample) is None)
    return any(tracker.reads_folders and tracker.recognizes(sample) is None for tracker in TRACKERS.values())


def _list_results(
    root: AnyPath, options: FormatOptions
) -> tuple[list[tuple[AnyPath, str]], list[tuple[str, str]]]:
    """List the results below a folder with their formats, and the other files with the reasons."""
    files = _all_files(root)
    others = list[tuple[str, str]]()
    if len(files) > _MOST_FILES:
        return [], others
    found = list[tuple[AnyPath, str]]()
    folders = [
        folder
        for folder in dict.fromkeys(file.parent for file in files)
        if _is_one_result_below(root, folder)
    ]
    found += [(folder, recognize(folder).name) for folder in folders]
    for file in files:
        if file.parent in folders or file.name.lower() in _COMPANIONS:
            continue
        name, reason = _find_format_of_file(file, options)
        if name:
            found.append((file, name))
        else:
            others.append((shown(root, file), reason))
    return sorted(found, key=lambda pair: natural(pair[0])), others


def _is_one_result_below(root: AnyPath, folder: AnyPath) -> bool:
    """Return whether a folder below the source has one file per frame."""
    if folder == root:
        return False
    form = _recognized(folder)
    return form is not None and TRACKERS[form.format].has_frame_files


def _find_format_of_file(file: AnyPath, options: FormatOptions) -> tuple[str, str]:
    """Return the format of a file, or an empty text and the reason why it is not recognized."""
    if file.name.lower() in _DETECTIONS:
        return "", "detections without identities"
    try:
        sample = read_sample(file)
        if not sample.head.strip():
            return "", "empty"
        tracker = None if not options.format and not options.columns else find_format(file, options)
        if tracker is not None:
            return (
                (tracker.name, "") if tracker.accepts_file(sample, options) else ("", f"not {tracker.text}")
            )
        return recognize(file).name, ""
    except InputError as error:
        return "", str(error).removeprefix(f"{file}: ")


def _list_references(
    path: AnyPath, options: FormatOptions, title: str, *, is_alone: bool = True
) -> list[VideoReference]:
    """Return the videos of one result; a table may contain several."""
    tracker = find_format(path, options)
    form = replace(options, format=tracker.name)
    files = _list_files(path)
    if tracker.companions is not None:
        files += tracker.companions(path)
    parts = find_parts(path, form)
    unit = find_points_unit(path, form)
    if len(parts) < 2:  # noqa: PLR2004 - one value is one video
        name = make_slug(title) if is_alone else title
        return [VideoReference(name, tuple(files) or (path,), form=form, path=path, points_unit=unit)]
    titles = [
        "/".join(
            [
                *([] if "video" in part and is_alone else [title]),
                *(value or "none" for value in part.values()),
            ]
        )
        for part in parts
    ]
    names = slugs(titles) if is_alone else titles
    return [
        VideoReference(
            name,
            tuple(files),
            form=replace(form, part=tuple(part.items())),
            path=path,
            points_unit=unit,
        )
        for name, part in zip(names, parts, strict=True)
    ]


def _list_files(path: AnyPath) -> list[AnyPath]:
    """List the files of a result."""
    if path.is_file():
        return [path]
    truth = [path / name for name in ("gt/gt.txt", "gt.txt", "gt/labels.txt", "labels.txt", "seqinfo.ini")]
    return (
        [file for file in truth if file.is_file()]
        if any(file.is_file() for file in truth[:2])
        else _all_files(path)
    )


def _find_title(root: AnyPath, result: AnyPath) -> str:
    """Return the title of a result: its path below the source, without gt.txt or a folder of labels."""
    below = below_root(root, result)
    if below is None:
        return title_of_source(result, is_folder=True)
    parts = list(below.parts)
    if result.name.lower() == "gt.txt" and len(parts) > 1:
        parts = parts[:-2] if parts[-2] == "gt" else parts[:-1]
    elif parts[-1] == "labels" and result.is_dir():
        parts = parts[:-1]
    else:
        parts[-1] = title_of_source(result, is_folder=result.is_dir())
    return "/".join(parts) or title_of_source(root, is_folder=True)


def _describe_mixed(root: AnyPath, found: list[tuple[AnyPath, str]]) -> str:
    """Return the message about a folder with files of several formats."""
    listed = "; ".join(f"{shown(root, file)}: {TRACKERS[name].text}" for file, name in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return (
        f"{root}: contains files of several formats ({listed}{more}). Choose a format (format, --format) or "
        "pass one file."
    )


def _recognized(path: AnyPath) -> FormatOptions | None:
    try:
        return FormatOptions(recognize(path).name)
    except InputError:
        return None


def _all_files(folder: AnyPath) -> list[AnyPath]:
    """List all files of a folder, sorted by name."""
    listing = list_files(folder)
    return sorted([*listing.files, *(folder / name for name, _ in listing.others)], key=str)
