"""Group files by video: by the job or filmed file that pages name, otherwise by file names and times."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from ptrack_analysis.sources.names import FIRST_NUMBERS, find_page_number, group_below, is_generic
from ptrack_analysis.sources.pages.decode import Page
from ptrack_analysis.storage.s3 import AnyPath

Key = tuple[str, ...]
"""Identity of a video: its job, its filmed file, the folder and stem of its pages, or its only file."""


class Evidence(NamedTuple):
    """Facts about one video from its pages in one file.

    ``identity`` is the job or the filmed file, empty if no page names one. ``continues`` is True if a page
    has a NextToken, ``is_whole`` if a page is a finished response without a NextToken, and ``is_merged`` if a
    page also has results of other analyses. ``first`` and ``last`` are the first and last timestamp [ms],
    ``facts`` the VideoMetadata. ``job_tag`` and ``video_uri`` are the JobTag and the filmed object or file,
    otherwise empty.
    """

    identity: str
    continues: bool
    is_whole: bool
    is_merged: bool
    first: int | None
    last: int | None
    facts: str
    job_tag: str
    video_uri: str


_NOTHING = Evidence(
    "",
    continues=False,
    is_whole=False,
    is_merged=False,
    first=None,
    last=None,
    facts="",
    job_tag="",
    video_uri="",
)


def find_identity(page: Page[Any]) -> str:
    """Return the job of a page, otherwise the filmed file, otherwise an empty text."""
    if page.job_id:
        return f"job {page.job_id}"
    filmed = page.video and page.video.s3_object
    if filmed and filmed.name:
        return f"video {filmed.bucket or ''}/{filmed.name}"
    return f"file {page.file_name}" if page.file_name else ""


def find_video_uri(page: Page[Any]) -> str:
    """Return the URI of the filmed object or file of a page, otherwise an empty text."""
    filmed = page.video and page.video.s3_object
    if filmed and filmed.name:
        return f"s3://{filmed.bucket}/{filmed.name}" if filmed.bucket else filmed.name
    return page.file_name or ""


def parse_evidence(found: list[Any]) -> frozenset[Evidence] | None:
    """Convert decoded values to evidence; None if they are malformed."""
    try:
        return msgspec.convert(found, frozenset[Evidence])
    except msgspec.ValidationError:
        return None


def gather_evidence(pages: Iterable[tuple[Page[Any], int | None, int | None]]) -> frozenset[Evidence]:
    """Collect the evidence of the pages of one file, given with their first and last timestamps."""
    found: dict[str, Evidence] = {}
    for page, first, last in pages:
        identity = find_identity(page)
        known = found.get(identity, _NOTHING)
        times = [time for time in (first, last, known.first, known.last) if time is not None]
        continues = bool(page.next_token)
        is_whole = not continues and page.job_status == "SUCCEEDED"
        found[identity] = Evidence(
            identity,
            known.continues or continues,
            known.is_whole or is_whole,
            known.is_merged or page.is_merged,
            min(times, default=None),
            max(times, default=None),
            known.facts or (repr(page.video_metadata) if page.video_metadata else ""),
            known.job_tag or page.job_tag or "",
            known.video_uri or find_video_uri(page),
        )
    return frozenset(found.values())


def group_files(
    root: AnyPath, evidence: Mapping[AnyPath, Iterable[Evidence]]
) -> tuple[dict[Key, list[AnyPath]], list[str]]:
    """Group files by video.

    Pages with a job or filmed file are grouped by it. Other files are grouped by folder and by name without
    number if they belong together; otherwise each file is a video.

    Returns
    -------
    tuple
        The files of each video; a sentence for each group that is only assumed to belong together.
    """
    groups: dict[Key, list[AnyPath]] = {}
    anonymous: dict[tuple[str, str], list[tuple[AnyPath, Evidence]]] = {}
    for file, found in evidence.items():
        for one in sorted(found):
            if not one.identity:
                anonymous.setdefault(group_below(root, file), []).append((file, one))
                continue
            beside = (str(file.parent),) if one.identity.startswith("file ") else ()
            groups.setdefault((one.identity, *beside), []).append(file)
    assumed = []
    for (folder, stem), members in anonymous.items():
        members.sort(key=_find_order)
        is_assumed = len(members) > 1 and _are_pages(stem, [one for _, one in members], members[0][0])
        if len(members) == 1 or is_assumed:
            groups[("", folder, stem)] = [file for file, _ in members]
            if is_assumed and not any(one.continues for _, one in members):
                assumed.append(
                    f"{members[0][0].name!r} to {members[-1][0].name!r} are read as pages of one video, "
                    "because their names and times fit"
                )
            continue
        for file, _ in members:
            groups[("", folder, file.name)] = [file]
    return groups, assumed


def _find_order(member: tuple[AnyPath, Evidence]) -> int:
    number = find_page_number(member[0].name)
    return -1 if number is None else number


def _are_pages(stem: str, found: Sequence[Evidence], first: AnyPath) -> bool:
    """Return whether numbered files without a job are pages of one video, not separate videos."""
    if any(one.continues for one in found):
        return True
    if len({one.facts for one in found if one.facts}) > 1:
        return False
    spans = [(one.first, one.last) for one in found if one.first is not None and one.last is not None]
    if any(after[0] < before[1] for before, after in pairwise(spans)):
        return False
    if any(one.is_merged for one in found):
        return False
    if is_generic(stem):
        return True
    are_bare = not any(one.is_whole for one in found) and len(spans) == len(found)
    return are_bare and find_page_number(first.name) in {None, *FIRST_NUMBERS}
