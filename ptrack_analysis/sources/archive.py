"""Which files of a folder belong to which video."""

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
    """How another tracker's file is read; ``read_tracks`` explains the options.

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
"""Names of the arguments that say how another tracker's file is read."""


@dataclass(frozen=True, slots=True)
class VideoReference:
    """One video of an archive: its name, its files in natural order, and its job where the pages name it.

    Only the pages of ``identity`` are read (see ``find_identity``); with a ``form``, another tracker's file
    or folder, ``path``, is read instead. ``points_unit`` is ``m`` or ``px`` if it has points without boxes,
    otherwise empty. ``missing`` has the signs that pages are missing, ``notes`` a sentence for
    each assumption about which files belong together. ``job_tag`` and ``video_uri`` are the JobTag and the
    filmed object or file, where the pages name them.
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
    """The videos of a folder, and the files that are ignored, each with the reason.

    ``evidence`` is what the pages of each well-formed file say; it is empty for a file without pages.
    """

    videos: list[VideoReference]
    ignored: list[tuple[str, str]]
    evidence: dict[AnyPath, frozenset[Evidence]] = field(default_factory=dict)


def scan(source: Source, recall: Recall | None = None) -> Scan:
    """Find the videos of an archive of pages, and what in it is none; see ``find_videos``.

    ``recall`` returns what the pages of a file say if it is known from an earlier scan, else None; such a
    file is not opened.
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
    """Return what the pages of a file say about their videos.

    Raises
    ------
    PageError
        If the file is broken, or cut before what identifies its video.
    """
    pages = [page for _, found in read_documents(file, SKIPPING, log) for page in found or ()]
    if any(page.is_cut and not find_identity(page) for page in pages):
        raise PageError(f"{file}: ends early, before the JobId. The file is probably incomplete.")
    return gather_evidence((page, *_find_span(page)) for page in pages)


def _find_span(page: Page[Any]) -> tuple[int | None, int | None]:
    """Return the first and last timestamp of a page that does not say which video it belongs to."""
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
        What the pages of each file say.
    broken
        Files that cannot be decoded. They belong to the video whose pages are beside them.
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
    """Return what the pages of a video say about it; None if they do not."""
    own = (one for file in files for one in evidence.get(file, ()) if one.identity == key[0])
    return next((fact for one in own if (fact := getattr(one, name))), None)


def _find_kin(
    root: AnyPath,
    file: AnyPath,
    groups: Mapping[Key, Sequence[AnyPath]],
    evidence: Mapping[AnyPath, frozenset[Evidence]],
) -> list[Key]:
    """Return the videos that a file which cannot be read may be a page of."""
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
    """List the files of a source by whether their names are those of pages.

    Raises
    ------
    InputError
        If there is no such file or folder.
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
    """Walk a folder without hidden entries and links to folders; return files and entries that are none."""
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
    """List what lies below a prefix, leaving out what is hidden."""
    for file in root.below():
        if not any(part.startswith(".") for part in file.relative_to(root).parts):
            yield file


def no_pages(root: AnyPath, ignored: list[tuple[str, str]]) -> NoPageError:
    """Report that there is no page, and what there is instead."""
    if root.is_file():
        reason = next((reason for name, reason in ignored if name == root.name), "")
        if reason.startswith("a "):
            return NoPageError(f"{root}: no GetPersonTracking page: it is {reason}")
        return NoPageError(
            f"{root}: no GetPersonTracking page: it has no list 'Persons', neither bare nor in one of the "
            "wrappings in which pages are known to be saved"
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
    """Report that one video was asked for and there are several."""
    listed = ", ".join(repr(name) for name in names[:_SHOWN])
    more = ", ..." if len(names) > _SHOWN else ""
    return MixedError(
        f"{root}: holds {len(names)} videos ({listed}{more}), not one; choose one (--video NAME)"
    )


def shown(root: AnyPath, file: AnyPath) -> str:
    """Return a file's path below the source, for people to read; the name of a file beside it."""
    if not str(file).startswith(str(root)):
        return file.name
    below = below_root(root, file)
    return file.name if below is None else below.as_posix()


def _raise(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error
