"""Names of videos, made from the places of their files."""

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import PurePath, PurePosixPath

from ptrack_analysis.sources.pages.documents import plain_name
from ptrack_analysis.storage.s3 import AnyPath, S3Path

_LONGEST = 100
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NUMBER = re.compile(r"[-_. ]*\d+$")
_DATE = re.compile(
    r"(?:19|20)\d\d([-_.]?)[01]\d\1[0-3]\d"  # 2026-10-31, 20261031
    r"(?:[T_ -]?[0-2]\d[-_.:]?[0-5]\d(?:[-_.:]?[0-5]\d)?)?$"  # T08-30, _083000
)
_SIZE = re.compile(r"(?<!\d)\d{2,5}x\d{2,5}$", re.IGNORECASE)  # 640x360
_DIGITS = re.compile(r"(\d+)")
_OTHER = re.compile(r"[^a-z0-9._-]+")


def natural(path: PurePath | S3Path) -> list[list[tuple[int, int, str]]]:
    """Return the sorting key that puts ``page-10`` after ``page-9``."""
    return [
        [(0, int(text), text) if text.isdecimal() else (1, 0, text) for text in _DIGITS.split(part) if text]
        for part in path.parts
    ]


def strip_suffixes(name: str) -> str:
    """Take the suffixes of its format (``.json``, ``.jsonl``, ``.gz``) off a file's name."""
    return plain_name(name).rpartition(".")[0] or plain_name(name)


def find_group(below: PurePath) -> tuple[str, str]:
    """Return what files of one video have in common: their folder, and their stem without trailing number.

    A date, with or without a time of day, is not a page number, and neither is a frame size:
    ``cam-2026-10-30`` and ``cam-2026-10-31`` are two videos, like ``cam_640x360`` and ``cam_640x480``.
    """
    stem = strip_suffixes(below.name)
    return below.parent.as_posix(), stem if _is_whole(stem) else _NUMBER.sub("", stem)


def _is_whole(stem: str) -> bool:
    """Return whether the digits at the end of a stem are a date or a frame size."""
    return bool(_DATE.search(stem) or _SIZE.search(stem))


def below_root(root: AnyPath, file: AnyPath) -> PurePath | None:
    """Return a file's path below the source, None for the source itself."""
    if file == root:
        return None
    return file.relative_to(root)  # type: ignore[arg-type] # both are of one kind


def group_below(root: AnyPath, file: AnyPath) -> tuple[str, str]:
    """Return what files of one video have in common; see ``find_group``."""
    return find_group(below_root(root, file) or PurePosixPath(file.name))


def find_page_number(name: str) -> int | None:
    """Return the number at the end of a file's stem, None without one."""
    stem = strip_suffixes(name)
    found = None if _is_whole(stem) else _NUMBER.search(stem)
    return None if found is None else int(found[0].lstrip("-_. "))


def find_title(source: AnyPath, below: PurePath | None) -> str:
    """Return a video's name before it is made safe: its path below the source, or the file's own stem."""
    if below is None:
        return strip_suffixes(source.name)
    folder, stem = find_group(below)
    path = "/".join(part for part in (*PurePosixPath(folder).parts, stem) if part)
    return path or source.resolve().name or "video"


def slugs(titles: Sequence[str], marks: Sequence[str] | None = None) -> list[str]:
    """Make titles safe as names of files: ``[a-z0-9._-]``, with a hash where that changed one or two agree.

    The parts of a path are joined by ``-``, which alone is no change. The result is never empty, never
    begins with a dot, is at most 109 characters long and names no other folder. Titles that agree are told
    apart by their ``marks`` (their jobs), which enter the hash then.
    """
    joined = [title.replace("/", "-") for title in titles]
    plain = [_OTHER.sub("-", name.lower()).lstrip(".-")[:_LONGEST] for name in joined]
    times = Counter(plain)
    made = []
    for slug, name, title, mark in zip(plain, joined, titles, marks or titles, strict=True):
        if times[slug] > 1:
            made.append(f"{slug or 'video'}-{_hash(title + mark)}")
        else:
            made.append(slug if slug == name and slug else f"{slug or 'video'}-{_hash(title)}")
    return made


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def listed(names: Sequence[str], most: int) -> str:
    """Name the first few of many: ``'a', 'b' and 7 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def undirected(text: str) -> str:
    """Leave out the marks by which a name would turn the direction of what stands beside it."""
    return _DIRECTIONS.sub("", text)
