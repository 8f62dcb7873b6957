"""Assign the files of a folder to videos."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from ptrack_analysis.errors import InputError, MixedError, NoPageError, PageError
from ptrack_analysis.sources.grouping import Evidence, Key, find_identity, gather_evidence, group_files
from ptrack_analysis.sources.names import (
    FIRST_NUMBERS,
    below_root,
    find_page_number,
    find_title,
    group_below,
    has_numbered_siblings,
    name_videos,
    natural,
)
from ptrack_analysis.sources.pages.completeness import Listing, MissingPages, find_missing
from ptrack_analysis.sources.pages.decode import SKIPPING, Page
from ptrack_analysis.sources.pages.documents import is_named_like_a_page, read_documents
from ptrack_analysis.sources.pages.salvage import DocumentLog
from ptrack_analysis.storage.s3 import AnyPath, S3Path, ahead, parse_path

Source = str | PathLike[str] | S3Path
Recall = Callable[[AnyPath], frozenset[Evidence] | None]
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """Options for reading another tracker's file; ``read_tracks`` explains them.

    ``part`` selects the rows of one video of a table: pairs of a role (``video`` or ``camera``) and its
    value.
    """

    format: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    first_frame: int | None = None
    first_pixel: int | None = None
    stride: int | None = None
    unit: Literal["px", "fraction", "m", "cm", "mm"] | None = None
    y_axis: Literal["up", "down"] | None = None
    classes: tuple[int | str, ...] = ()
    min_confidence: float | None = None
    part: tuple[tuple[str, str], ...] = ()


FORMAT_OPTIONS = tuple(field.name for field in fields(FormatOptions) if field.name != "part")
"""Names of the arguments for reading another tracker's file."""


@dataclass(frozen=True, slots=True)
class VideoReference:
    """One video of an archive, as found by ``find_videos``.

    ``name`` is the name of the video, ``files`` its files in natural order. ``job_id``, ``job_tag`` and
    ``video_uri`` (the filmed object or file) come from the pages and are None if the pages do not have them.
    Only pages of ``identity`` are read (see ``find_identity``). With a ``form``, ``path`` is the file or
    folder of another tracker; ``points_unit`` is then ``m`` or ``px`` if it has points instead of boxes.
    ``missing`` has the signs of missing pages, ``notes`` a sentence per assumption about files that belong
    together.

    Examples
    --------
    >>> video = pta.find_videos("data/shop")[0]
    >>> video.name, len(video.files), video.video_uri
    ('shop', 6, 's3://example-bucket/shop.mp4')
    >>> detections, _ = pta.read_tracking(video)
    """

    name: str
    files: tuple[AnyPath, ...]
    job_id: str | None = None
    form: FormatOptions | None = None
    missing: MissingPages = field(default_factory=MissingPages)
    identity: str = ""
    notes: tuple[str, ...] = ()
    path: AnyPath | None = None
    points_unit: Literal["", "m", "px"] = ""
    job_tag: str | None = None
    video_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """The videos of a folder, and the ignored files, each with the reason.

    ``evidence`` has the facts from the pages of each well-formed file, empty for a file without pages.
    """

    videos: list[VideoReference]
    ignored: list[tuple[str, str]]
    evidence: dict[AnyPath, frozenset[Evidence]] = field(default_factory=dict)


def scan(source: Source, recall: Recall | None = None) -> Scan:
    """Find the videos and the ignored files of an archive of pages; see ``find_videos``.

    ``recall`` returns the evidence of a file from an earlier scan, None if unknown. Known files are not
    opened.
    """
    root = parse_path(source, name="source")
    listing = list_files(root)
    files, ignored = listing.files, listing.others
    found: dict[AnyPath, frozenset[Evidence]] = {}
    broken: list[AnyPath] = []
    known = {file: None if recall is None else recall(file) for file in files}
    fetched = ahead([file for file in files if known[file] is None], keep=True)
    for listed in files:
        evidence, file, log = known[listed], listed, DocumentLog()
        try:
            if evidence is None:
                file = next(fetched)
                evidence = _read_evidence(file, log)
        except InputError:
            broken.append(_without_content(file))
            continue
        found[_without_content(file)] = evidence
        if not evidence:
            ignored.append((shown(root, file), log.reason))
    videos = build_references(root, listing, {file: one for file, one in found.items() if one}, broken)
    if not videos:
        raise no_pages(root, ignored)
    return Scan(videos, sorted(ignored), found)


def _without_content(file: AnyPath) -> AnyPath:
    return file if isinstance(file, Path) else replace(file, content=None)


def _read_evidence(file: AnyPath, log: DocumentLog) -> frozenset[Evidence]:
    """Return the evidence of a file's pages about their videos.

    Raises
    ------
    PageError
        If the file is damaged, or ends before the JobId.
    """
    pages = [page for _, found in read_documents(file, SKIPPING, log) for page in found or ()]
    if any(page.is_cut and not find_identity(page) for page in pages):
        raise PageError(f"{file}: ends early, before the JobId. The file is probably incomplete.")
    return gather_evidence((page, *_find_span(page)) for page in pages)


def _find_span(page: Page[Any]) -> tuple[int | None, int | None]:
    """Return the first and last timestamp of a page that does not identify its video."""
    if page.next_token or find_identity(page):
        return None, None
    times = [one.timestamp for one in page.persons or () if isinstance(one.timestamp, int | float)]
    if not times:
        texts = [one.timestamp for one in page.persons or () if isinstance(one.timestamp, str)]
        times = [int(text) for text in texts if text.isdecimal()]
    return (int(min(times)), int(max(times))) if times else (None, None)


def build_references(
    root: AnyPath,
    listing: Listing,
    evidence: Mapping[AnyPath, frozenset[Evidence]],
    broken: Sequence[AnyPath] = (),
) -> list[VideoReference]:
    """Return the videos of a source, in the natural order of their first files.

    Parameters
    ----------
    root, listing
        The source and its files.
    evidence
        The evidence of each file's pages.
    broken
        Files that cannot be decoded. They belong to the video whose pages are in the same folder.
    """
    groups, assumed = group_files(root, evidence)
    missing, orphans = find_missing(root, listing, groups)
    for file in [*broken, *orphans]:
        for key in _find_kin(root, file, groups, evidence) or [("", *group_below(root, file))]:
            groups.setdefault(key, []).append(file)
    ordered = sorted(
        ((key, sorted(files, key=natural)) for key, files in groups.items()),
        key=lambda item: natural(item[1][0]),
    )
    titles = [
        find_title(files[0], is_page=_are_numbered(root, key, files, evidence)) for key, files in ordered
    ]
    names = name_videos(
        titles,
        [files[0] for _, files in ordered],
        lambda index: " ".join([*ordered[index][0], *(shown(root, file) for file in ordered[index][1])]),
    )
    return [
        VideoReference(
            name,
            tuple(files),
            key[0].removeprefix("job ") if key[0].startswith("job ") else None,
            missing=missing.get(key, MissingPages()),
            identity=key[0],
            notes=tuple(note for note in assumed if note.startswith(f"{files[0].name!r} to")),
            job_tag=_find_fact(key, files, evidence, "job_tag"),
            video_uri=_find_fact(key, files, evidence, "video_uri"),
        )
        for name, (key, files) in zip(names, ordered, strict=True)
    ]


def _find_fact(
    key: Key, files: Sequence[AnyPath], evidence: Mapping[AnyPath, frozenset[Evidence]], name: str
) -> str | None:
    """Return a fact from the pages of a video, None if they do not have it."""
    own = (one for file in files for one in evidence.get(file, ()) if one.identity == key[0])
    return next((fact for one in own if (fact := getattr(one, name))), None)


def _find_kin(
    root: AnyPath,
    file: AnyPath,
    groups: Mapping[Key, Sequence[AnyPath]],
    evidence: Mapping[AnyPath, frozenset[Evidence]],
) -> list[Key]:
    """Return the videos to which an unreadable file may belong."""
    group = group_below(root, file)
    kin = [key for key, files in groups.items() if any(group_below(root, one) == group for one in files)]
    numbered = [key for key in kin if _are_numbered(root, key, groups[key], evidence)]
    return numbered or (kin if len(kin) == 1 else [])


def _are_numbered(
    root: AnyPath, key: Key, files: Sequence[AnyPath], evidence: Mapping[AnyPath, frozenset[Evidence]]
) -> bool:
    """Return whether the numbers in the names of a video's files are page numbers."""
    own = [one for file in files for one in evidence.get(file, ()) if one.identity == key[0]]
    if any(one.continues for one in own):
        return True
    if len(files) > 1:
        return len({group_below(root, file) for file in files}) < len(files)
    is_first = find_page_number(files[0].name) in FIRST_NUMBERS and not any(one.is_merged for one in own)
    return is_first and not has_numbered_siblings(files[0])


def list_files(root: AnyPath) -> Listing:
    """List the files of a source; files named like pages are separate from other files.

    Raises
    ------
    InputError
        If the file or folder does not exist.
    """
    if root.is_file():
        return Listing([root], [])
    if not root.is_dir():
        raise InputError(f"{root}: there is no such file or folder")
    if not isinstance(root, Path):
        return _sorted_by_name(root, _in_s3(root), [])
    listing = _sorted_by_name(root, *_on_disk(root))
    if not listing.unreadable:
        return listing
    numbered = {group_below(root, file) for file in listing.files if find_page_number(file.name) is not None}
    beside = [
        entry
        for entry in listing.unreadable
        if not entry.is_dir()
        or (find_page_number(entry.name) is not None and group_below(root, entry) in numbered)
    ]
    return replace(listing, unreadable=beside)


def _sorted_by_name(root: AnyPath, found: Iterable[AnyPath], entries: Iterable[Path]) -> Listing:
    files: list[AnyPath] = []
    others = []
    for file in found:
        if is_named_like_a_page(file.name):
            files.append(file)
        elif not str(file).endswith("/"):
            others.append((shown(root, file), "not named like a page"))
    unreadable = [entry for entry in entries if is_named_like_a_page(entry.name)]
    return Listing(sorted(files, key=natural), others, unreadable)


def _on_disk(root: Path) -> tuple[list[Path], list[Path]]:
    """Return the files below a folder and its other entries, without hidden ones and links to folders."""
    files, entries = list[Path](), list[Path]()
    for folder, folders, names in os.walk(root, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        entries += [Path(folder, name) for name in folders]
        for name in names:
            if not name.startswith("."):
                file = Path(folder, name)
                (files if file.is_file() else entries).append(file)
    return files, entries


def _in_s3(root: S3Path) -> Iterator[S3Path]:
    """Yield the objects below a prefix except hidden ones."""
    for file in root.below():
        if not any(part.startswith(".") for part in file.relative_to(root).parts):
            yield file


def no_pages(root: AnyPath, ignored: list[tuple[str, str]]) -> NoPageError:
    """Return the error for a source without pages, which names the other files."""
    if root.is_file():
        reason = next((reason for name, reason in ignored if name == root.name), "")
        if reason.startswith("a "):
            return NoPageError(f"{root}: not a GetPersonTracking page: it is {reason}")
        return NoPageError(
            f"{root}: not a GetPersonTracking page: the list 'Persons' is missing, also in the known "
            "wrappers of pages"
        )
    seen = ", ".join(repr(name) for name, _ in ignored[:_SHOWN])
    if not ignored:
        return NoPageError(f"{root}: no GetPersonTracking pages in this folder (it is empty)")
    return NoPageError(
        f"{root}: no GetPersonTracking pages in this folder (other files: {len(ignored)}, such as {seen}). "
        "Pages have names that end in .json, .jsonl or .ndjson, or these with .gz. Pass a file itself to see "
        "what it contains."
    )


def several(root: AnyPath, names: list[str]) -> MixedError:
    """Return the error for a source with several videos if one is required."""
    listed = ", ".join(repr(name) for name in names[:_SHOWN])
    more = ", ..." if len(names) > _SHOWN else ""
    return MixedError(
        f"{root}: contains {len(names)} videos ({listed}{more}), expected one. Choose a video (find_videos, "
        "--video NAME)."
    )


def shown(root: AnyPath, file: AnyPath) -> str:
    """Return the path of a file below the source for messages, or its name if it is elsewhere."""
    if not str(file).startswith(str(root)):
        return file.name
    below = below_root(root, file)
    return file.name if below is None else below.as_posix()


def _raise(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error
