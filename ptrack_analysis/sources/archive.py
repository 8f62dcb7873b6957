"""Which files of a folder belong to which video."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from os import PathLike
from pathlib import Path
from typing import Literal

import msgspec

from ptrack_analysis.errors import InputError, MixedError, NoPageError, PageError
from ptrack_analysis.sources.names import (
    below_root,
    find_page_number,
    find_title,
    group_below,
    natural,
    slugs,
    strip_suffixes,
)
from ptrack_analysis.sources.pages.completeness import Listing, find_missing
from ptrack_analysis.sources.pages.decode import SKIPPING, Decoders
from ptrack_analysis.sources.pages.documents import (
    Document,
    decode_document,
    documents_of_lines,
    has_lines,
    is_named_like_a_page,
    read_document,
)
from ptrack_analysis.sources.pages.members import name_operation
from ptrack_analysis.sources.pages.salvage import SalvageLog
from ptrack_analysis.storage.s3 import AnyPath, S3Path, ahead, parse_path

Source = str | PathLike[str] | S3Path
Jobs = frozenset[str | None]
Recall = Callable[[AnyPath], Jobs | None]
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
    unit: Literal["px", "fraction"] | None = None
    classes: tuple[int | str, ...] = ()
    min_confidence: float | None = None
    part: tuple[tuple[str, str], ...] = ()


FORMAT_OPTIONS = tuple(field.name for field in fields(FormatOptions) if field.name != "part")
"""Names of the arguments that say how another tracker's file is read."""


@dataclass(frozen=True, slots=True)
class VideoReference:
    """One video of an archive: its name, its files in natural order, its job where the pages tell it.

    What is read of the files is the pages with this ``job_id`` (with none, if it is None); with a ``form``,
    another tracker's file or folder, ``path``, is read instead. ``missing`` has a sentence for each sign that
    pages are missing.
    """

    name: str
    files: tuple[AnyPath, ...]
    job_id: str | None = None
    form: FormatOptions | None = None
    missing: tuple[str, ...] = ()
    path: AnyPath | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What a folder holds: its videos, and the files that are passed over, each with the reason.

    ``jobs`` has the jobs of each well-formed file: None for pages that tell none, nothing where it has none.
    """

    videos: list[VideoReference]
    ignored: list[tuple[str, str]]
    jobs: dict[AnyPath, Jobs] = field(default_factory=dict)


def scan(source: Source, recall: Recall | None = None) -> Scan:
    """Find the videos of an archive of pages, and what in it is none; see ``find_videos``.

    ``recall`` gives the jobs of a file where they are known from an earlier scan, else None; such a file is
    not opened.
    """
    root = parse_path(source)
    listing = list_files(root)
    files, ignored = listing.files, listing.others
    collected = _Groups(root, listing)
    known = {file: None if recall is None else recall(file) for file in files}
    fetched = ahead([file for file in files if known[file] is None])
    for file in files:
        jobs, content = known[file], file
        try:
            if jobs is None:
                content = next(fetched)
                jobs = _list_jobs(content)
        except (PageError, InputError):
            collected.broken.append(file)
            continue
        known[file] = jobs
        if jobs:
            collected.add(file, jobs)
        else:
            ignored.append((shown(root, file), describe_other_content(content)))
    videos = collected.videos()
    if not videos:
        raise no_pages(root, ignored)
    return Scan(videos, sorted(ignored), {file: jobs for file, jobs in known.items() if jobs is not None})


def _list_jobs(file: AnyPath) -> Jobs:
    """List the jobs of the pages in a file.

    Raises
    ------
    PageError
        If the file is broken, or cut before its job is named: then the names of files tell its job.
    """
    pages = [page for _, found in documents(file, SKIPPING) for page in found or ()]
    if any(page.is_cut and page.job_id is None for page in pages):
        raise PageError(f"{file}: is cut before the JobId")
    return frozenset(page.job_id for page in pages)


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


def documents(file: AnyPath, decoders: Decoders, log: SalvageLog | None = None) -> Iterator[Document]:
    """Decode the documents of a file one after the other, each with its place; None: it holds no page.

    What was salvaged is noted in ``log``.
    """
    log = SalvageLog() if log is None else log
    log.job_id = None
    if has_lines(file.name):
        yield from documents_of_lines(file, decoders, log)
        return
    raw = read_document(file, log)
    if raw[:9].strip() == b"[]" and not strip_suffixes(file.name).lower().endswith("persons"):
        yield str(file), None  # an empty array may be anything, but in <video>.persons.json
        return
    yield from decode_document(raw, str(file), decoders, log)


def describe_other_content(file: AnyPath) -> str:
    """Tell what a well-formed file without a page is."""
    operation = None
    if not has_lines(file.name):
        try:
            members = msgspec.json.decode(read_document(file), type=dict[str, msgspec.Raw])
        except (InputError, msgspec.MsgspecError, RecursionError):
            members = {}
        operation = name_operation(members)
    if operation is None:
        return "well-formed, but no GetPersonTracking page"
    return f"the answer of {operation}, not of GetPersonTracking"


def no_pages(root: AnyPath, ignored: list[tuple[str, str]]) -> NoPageError:
    """Report that there is no page, and what there is instead."""
    if root.is_file():
        if (other := describe_other_content(root)).startswith("the answer"):
            return NoPageError(f"{root}: no GetPersonTracking page: it has {other}")
        return NoPageError(
            f"{root}: no GetPersonTracking page: it has no list 'Persons', neither bare nor in one of the "
            "wrappings in which pages are known to be saved"
        )
    seen = ", ".join(repr(name) for name, _ in ignored[:_SHOWN])
    hint = "of another tracker's result, give the file itself"
    more = f" (other files: {len(ignored)}, such as {seen}); {hint}" if ignored else " (it is empty)"
    return NoPageError(f"{root}: no GetPersonTracking pages in this folder{more}")


def several(root: AnyPath, names: list[str]) -> MixedError:
    """Report that one video was asked for and there are several."""
    listed = ", ".join(repr(name) for name in names[:_SHOWN])
    more = ", ..." if len(names) > _SHOWN else ""
    return MixedError(
        f"{root}: holds {len(names)} videos ({listed}{more}), not one; choose one (--video NAME)"
    )


def shown(root: AnyPath, file: AnyPath) -> str:
    """Return a file's path below the source, for people to read."""
    below = below_root(root, file)
    return file.name if below is None else below.as_posix()


def _raise(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error


@dataclass(slots=True)
class _Groups:
    """Files on their way to videos: by job where pages tell it, else by folder and stem."""

    root: AnyPath
    listing: Listing
    files: dict[object, list[AnyPath]] = field(default_factory=dict)
    broken: list[AnyPath] = field(default_factory=list)

    def add(self, file: AnyPath, jobs: Jobs) -> None:
        for job in sorted(jobs, key=str):
            self.files.setdefault(group_below(self.root, file) if job is None else job, []).append(file)

    def videos(self) -> list[VideoReference]:
        missing, orphans = find_missing(self.root, self.listing, self.files)
        for file in [*self.broken, *orphans]:
            group = group_below(self.root, file)
            kin = [
                files
                for files in self.files.values()
                if any(group_below(self.root, one) == group for one in files)
            ]
            for files in kin or [self.files.setdefault(group, [])]:
                files.append(file)
        ordered = sorted(
            ((key, sorted(files, key=natural)) for key, files in self.files.items()),
            key=lambda item: natural(item[1][0]),
        )
        titles = [find_title(self.root, below_root(self.root, files[0])) for _, files in ordered]
        names = slugs(titles, [str(key) for key, _ in ordered])
        return [
            VideoReference(
                name,
                tuple(files),
                key if isinstance(key, str) else None,
                missing=tuple(missing.get(key, ())),
            )
            for name, (key, files) in zip(names, ordered, strict=True)
        ]
