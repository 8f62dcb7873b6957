"""Find missing pages of an archive by file names, by the fetch state and by unreadable entries."""

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import gcd
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np
import pandas as pd

from ptrack_analysis.errors import InputError
from ptrack_analysis.sources.names import find_page_number, group_below
from ptrack_analysis.sources.pages.documents import read_document
from ptrack_analysis.storage.s3 import AnyPath
from ptrack_analysis.video import Milliseconds

FETCH_STATE = "fetch.json"
"""Name of the file in which ``ptrack fetch`` records its progress."""
LATE = pd.Timedelta("2s")
"""A first detection later than this may mean that the first pages are missing."""
_SHOWN = 3
_FIRST = 1
"""Number of the first page unless numbers start at 0."""
_LEAST_STRIDE = 10
"""If all numbers differ by multiples of this step or a larger one, they are offsets or times, not pages."""
_LEAST_DENSITY = 0.5
"""Numbers that fill a smaller share of their range are not page numbers, unless they start at 0 or 1."""
_PAGE_OF_A_FETCH = re.compile(r"\d{6,}\.json")


K = TypeVar("K")


class _FetchState(msgspec.Struct):
    ptrack_fetch: int
    pages: int
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a source that may contain pages, in natural order, and its other entries.

    ``others`` are files with other names, each with the reason. ``unreadable`` are entries that are named
    like a page but are not files: dangling links, FIFOs, and folders next to numbered pages of the same name.
    """

    files: list[AnyPath]
    others: list[tuple[str, str]]
    unreadable: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MissingPages:
    """A sentence for each sign that pages are missing, and the least number of missing pages."""

    signs: tuple[str, ...] = ()
    count: int = 0


def find_missing(
    root: AnyPath, listing: Listing, videos: Mapping[K, Sequence[AnyPath]]
) -> tuple[dict[K, MissingPages], list[Path]]:
    """Find the pages that videos lack, by page numbers, fetch states and entries that are not files.

    Parameters
    ----------
    root
        The source.
    listing
        The entries of the source.
    videos
        The files of each video.

    Returns
    -------
    tuple
        The missing pages per incomplete video; the unreadable entries that do not belong to a video. An
        unreadable page counts as missing once, and not also as a gap between page numbers.
    """
    alike = defaultdict[tuple[str, str], list[AnyPath]](list)
    known = dict[AnyPath, tuple[str, str]]()
    for file in listing.files:
        group = known[file] = group_below(root, file)
        alike[group].append(file)
    unreadable = defaultdict[tuple[str, str], list[AnyPath]](list)
    for entry in listing.unreadable:
        unreadable[group_below(root, entry)].append(entry)
    states = {file.parent: file for file in listing.files if file.name == FETCH_STATE}
    found: dict[K, MissingPages] = {}
    groups: dict[K, dict[tuple[str, str], list[AnyPath]]] = {}
    for video, files in videos.items():
        own = groups[video] = defaultdict(list)
        for file in files:
            own[known[file] if file in known else group_below(root, file)].append(file)
        holes = [_missing_numbers(own[group], [*alike[group], *unreadable[group]]) for group in own]
        folders = {file.parent for file in files}.intersection(states) if states else ()
        fetched = [
            _missing_of_fetch(states[folder], [*listing.files, *listing.unreadable]) for folder in folders
        ]
        signs = [sign for one in (*holes, *fetched) for sign in one.signs]
        if signs:  # a page missing from fetch.json may also be a gap between page numbers
            counts = [sum(one.count for one in alternative) for alternative in (holes, fetched)]
            found[video] = MissingPages(tuple(signs), max(counts))
    orphans = []
    for entry in listing.unreadable:
        group = group_below(root, entry)
        owners = [video for video in videos if group in groups[video]] or [
            video for video, files in videos.items() if any(file.parent == entry.parent for file in files)
        ]
        for video in owners:
            known_of = found.get(video, MissingPages())
            sign = f"{entry.name!r} cannot be read: {_describe_kind(entry)}"
            found[video] = MissingPages((*known_of.signs, sign), known_of.count + 1)
        if not owners:
            orphans.append(entry)
    return found, orphans


def _missing_numbers(own: Iterable[AnyPath], all_files: Iterable[AnyPath]) -> MissingPages:
    """Find gaps between the page numbers of a video that no file of ``all_files`` fills."""
    by_number = {number: file for file in own if (number := find_page_number(file.name)) is not None}
    if len(by_number) < 2:  # noqa: PLR2004 - a hole lies between two pages
        return MissingPages()
    numbers = sorted(by_number)
    if numbers[0] <= _FIRST and len(numbers) == numbers[-1] - numbers[0] + 1:
        return MissingPages()
    stride = gcd(*(number - numbers[0] for number in numbers))
    stride = stride if stride >= _LEAST_STRIDE else 1
    span = (numbers[-1] - numbers[0]) // stride + 1
    if numbers[0] > 1 and len(numbers) < _LEAST_DENSITY * span:
        return MissingPages()
    present = {number for file in all_files if (number := find_page_number(file.name)) is not None}
    is_dense = len(numbers) >= _LEAST_DENSITY * numbers[-1]
    if (
        stride == 1
        and is_dense
        and numbers[0] > _FIRST
        and not present.intersection(range(_FIRST, numbers[0]))
    ):
        first, name = numbers[0], by_number[numbers[0]].name
        listed, verb = ("page 1", "is") if first == _FIRST + 1 else (f"pages 1 to {first - 1}", "are")
        return MissingPages((f"{listed} {verb} missing (the pages start at {name!r})",), first - _FIRST)
    holes = [
        (before + stride, after - stride)
        for before, after in pairwise(numbers)
        if after - before > stride and not present.issuperset(range(before + stride, after, stride))
    ]
    if not holes:
        return MissingPages()
    first, last = holes[0]
    listed = ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in holes[:_SHOWN])
    more = ", ..." if len(holes) > _SHOWN else ""
    pages, verb = ("page", "is") if len(holes) == 1 and first == last else ("pages", "are")
    before, after = by_number[first - stride].name, by_number[last + stride].name
    count = sum((b - a) // stride + 1 for a, b in holes)
    return MissingPages((f"{pages} {listed}{more} {verb} missing (between {before!r} and {after!r})",), count)


def _missing_of_fetch(state_file: AnyPath, files: Collection[AnyPath]) -> MissingPages:
    """Find pages that ``fetch.json`` counts but that are not in its folder."""
    try:
        state = msgspec.json.decode(read_document(state_file), type=_FetchState)
    except (InputError, msgspec.MsgspecError, RecursionError):
        return MissingPages()  # another file of that name
    folder = state_file.parent
    names = {file.name for file in files if file.parent == folder and _PAGE_OF_A_FETCH.fullmatch(file.name)}
    lacking = [name for number in range(1, state.pages + 1) if (name := f"{number:06}.json") not in names]
    if not lacking:
        return MissingPages()
    listed = ", ".join(map(repr, lacking[:_SHOWN])) + (", ..." if len(lacking) > _SHOWN else "")
    verb = "is" if len(lacking) == 1 else "are"
    sign = f"{FETCH_STATE} counts {state.pages} pages, but {listed} {verb} missing"
    return MissingPages((sign,), len(lacking))


def are_all_numbered(files: Sequence[AnyPath]) -> bool:
    """Return whether the file names prove that no page of a job is missing.

    They do if they are numbered from 0 without a gap, or if ``fetch.json`` in the folder records a complete
    fetch of as many pages. Numbers from 1 are not a proof, because page 0 may be missing.
    """
    numbers = [find_page_number(file.name) for file in files]
    if len(files) > 1 and numbers == list(range(len(files))):
        return True
    if not files or not all(_PAGE_OF_A_FETCH.fullmatch(file.name) for file in files):
        return False
    try:
        state = msgspec.json.decode(read_document(files[0].parent / FETCH_STATE), type=_FetchState)
    except (InputError, OSError, msgspec.MsgspecError, RecursionError):
        return False
    return state.complete and state.pages == len(files)


class PageSpan(NamedTuple):
    """The first and last time of a page, and its longest time without a detection [ms]."""

    place: str
    first: int
    last: int
    longest: int


def build_span(time: Milliseconds, place: str) -> PageSpan:
    """Return the span of a page that has rows."""
    if len(time) == 1:
        return PageSpan(place, int(time[0]), int(time[0]), 0)
    steps = time[1:] - time[:-1]
    if np.minimum.reduce(steps) < 0:
        time = np.sort(time)
        steps = time[1:] - time[:-1]
    return PageSpan(place, int(time[0]), int(time[-1]), int(np.maximum.reduce(steps)))


def find_border_gaps(spans: Sequence[PageSpan]) -> list[str]:
    """Return a sentence if more time passes between two pages than between any rows of one page.

    The result is empty if pages overlap in time, because then they are not sorted by time.
    """
    ordered = sorted(spans, key=lambda span: (span.first, span.last))
    gaps = [after.first - before.last for before, after in pairwise(ordered)]
    longest = max((span.longest for span in spans), default=0)
    if not gaps or not longest or min(gaps) < 0 or max(gaps) <= longest:
        return []
    index = gaps.index(max(gaps))
    before, after = ordered[index], ordered[index + 1]
    text = (
        f"no detection for {gaps[index] / 1000:.3f} s between {_file_name(before)} and "
        f"{_file_name(after)}, longer than anywhere "
        f"inside a page ({longest / 1000:.3f} s): a page between them may be missing"
    )
    return [text]


def describe_start(index: pd.MultiIndex) -> str:
    """Describe a late first detection; empty if it is not late.

    Pages number people from 0 as they appear.
    """
    times = index.get_level_values("timestamp")
    if not len(times) or times.min() <= LATE:
        return ""
    late = f"the first detection is at {times.min().total_seconds():.3f} s"
    people = sorted(index.get_level_values("person_index")[times == times.min()])
    if people == [*range(len(people))]:
        return f"{late}: if people were present before, the first pages are missing"
    return (
        f"{late} and of person {people[-1]}, but people are numbered from 0 as they appear, so the first "
        "pages are probably missing"
    )


def _file_name(span: PageSpan) -> str:
    return repr(span.place.rpartition("/")[2])


def _describe_kind(entry: Path) -> str:
    if entry.is_symlink() and not entry.exists():
        return f"the link's target {os.fspath(entry.readlink())!r} does not exist"
    if entry.is_dir():
        return "it is a folder"
    return "it is a FIFO" if entry.is_fifo() else "it is not a regular file"
