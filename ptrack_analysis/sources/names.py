"""Names of videos, made from the places of their files."""

import glob
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePath, PurePosixPath

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.sources.pages.documents import is_named_like_a_page, plain_name
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
_OTHER = re.compile(r"[^A-Za-z0-9._-]+")
_SEPARATOR = re.compile(r"[-_. ]+")
_GENERIC = {
    "", "answer", "answers", "chunk", "chunks", "getpersontracking", "json", "output", "outputs", "page",
    "pages", "part", "parts", "people", "peoplepathing", "person", "persons", "persontracking", "raw",
    "rekognition", "response", "responses", "result", "results",
}  # fmt: skip
_GENERIC_PAGE = re.compile(rf"(?:{'|'.join(sorted(_GENERIC))})(?:\d{{1,3}}|0\d*)")
FIRST_NUMBERS = (0, 1)
"""Numbers of the first page of an archive."""


def natural(path: PurePath | S3Path) -> list[list[tuple[int, int, str]]]:
    """Return the sorting key that puts ``page-10`` after ``page-9``."""
    return list(map(_split_digits, path.parts))


@lru_cache(maxsize=2**15)
def _split_digits(part: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(text), text) if text.isdecimal() else (1, 0, text) for text in _DIGITS.split(part) if text
    ]


def strip_suffixes(name: str) -> str:
    """Take the suffixes of its format (``.json``, ``.jsonl``, ``.gz``) off a file's name."""
    return plain_name(name).rpartition(".")[0] or plain_name(name)


def find_group(below: PurePath) -> tuple[str, str]:
    """Return what files of one video have in common: their folder, and their stem without trailing number.

    A date, with or without a time of day, is not a page number, and neither is a frame size:
    ``cam-2026-10-30`` and ``cam-2026-10-31`` are two videos, like ``cam_640x360`` and ``cam_640x480``.
    """
    return below.parent.as_posix(), _strip_number(strip_suffixes(below.name))


def _strip_number(stem: str) -> str:
    return stem if _is_whole(stem) else _NUMBER.sub("", stem)


def _is_whole(stem: str) -> bool:
    """Return whether the digits at the end of a stem are a date or a frame size."""
    return bool(_DATE.search(stem) or _SIZE.search(stem))


def below_root(root: AnyPath, file: AnyPath) -> PurePath | None:
    """Return a file's path below the source, None for the source itself."""
    if file == root:
        return None
    return file.relative_to(root)  # type: ignore[arg-type] # both are of one kind


@lru_cache(maxsize=2**15)
def group_below(root: AnyPath, file: AnyPath) -> tuple[str, str]:
    """Return what files of one video have in common; see ``find_group``."""
    if file.parent == root:
        return ".", _strip_number(strip_suffixes(file.name))
    return find_group(below_root(root, file) or PurePosixPath(file.name))


@lru_cache(maxsize=2**15)
def find_page_number(name: str) -> int | None:
    """Return the number at the end of a file's stem, None without one."""
    stem = strip_suffixes(name)
    found = None if _is_whole(stem) else _NUMBER.search(stem)
    return None if found is None else int(found[0].lstrip("-_. "))


def is_generic(stem: str) -> bool:
    """Return whether a name only says that there are pages, so that the folder names the video."""
    return _SEPARATOR.sub("", stem.lower()) in _GENERIC


def find_title(file: AnyPath, *, is_page: bool) -> str:
    """Return a video's name before it is made safe.

    It is the stem of its first file, without the number if ``is_page``; if that is generic, the name of the
    nearest folder whose name is not.
    """
    stem = strip_suffixes(file.name)
    if is_page or _GENERIC_PAGE.fullmatch(_SEPARATOR.sub("", stem.lower())):
        stem = find_group(PurePosixPath(file.name))[1]
    if not is_generic(stem):
        return stem
    folders = find_folders(file)
    return next(
        (name for name in reversed(folders) if not is_generic(name)), folders[-1] if folders else "video"
    )


def has_numbered_siblings(file: AnyPath) -> bool:
    """Return whether files with other numbers and the same name are beside a file on disk."""
    if not isinstance(file, Path):
        return False
    group = find_group(PurePath(file.name))
    pattern = f"{glob.escape(strip_suffixes(file.name)[: len(group[1])])}*"
    others = [other for other in file.parent.glob(pattern) if other.name != file.name]
    return any(
        is_named_like_a_page(other.name) and find_group(PurePath(other.name)) == group for other in others
    )


def find_folders(file: AnyPath) -> list[str]:
    """List the names of the folders around a file, the outermost first."""
    parts = file.resolve().parent.parts if isinstance(file, Path) else file.parent.parts
    return [part for part in parts if part.strip("/\\")]


def name_videos(titles: Sequence[str], files: Sequence[AnyPath], identify: Callable[[int], str]) -> list[str]:
    """Return safe and different names for the videos of one source.

    Videos with the same title get the names of their folders before it, as many as tell them apart. If none
    do, the name ends with six digits of a hash of the video's identity, which ``identify`` returns for its
    index.
    """
    names = [make_slug(title) for title in titles]
    for slug, times in Counter(name.casefold() for name in names).items():
        if times == 1:
            continue
        alike = [index for index, name in enumerate(names) if name.casefold() == slug]
        for index, name in zip(
            alike, _tell_apart([titles[i] for i in alike], [files[i] for i in alike]), strict=True
        ):
            names[index] = name
    times_now = Counter(name.casefold() for name in names)
    return [
        name if times_now[name.casefold()] == 1 else f"{name}-{_hash(identify(index))}"
        for index, name in enumerate(names)
    ]


def _tell_apart(titles: Sequence[str], files: Sequence[AnyPath]) -> list[str]:
    """Put the names of folders before titles, as many as tell them apart."""
    folders = [find_folders(file) for file in files]
    for depth in range(1, max(map(len, folders), default=0) + 1):
        names = [
            make_slug("-".join([*path[-depth:], title])) for path, title in zip(folders, titles, strict=True)
        ]
        if len({name.casefold() for name in names}) == len(names):
            return names
    return [make_slug(title) for title in titles]


def make_slug(title: str) -> str:
    """Make a title safe as the name of a file: at most 100 letters, digits, ``.``, ``_`` and ``-``.

    Case is kept. Accents are left out, and other characters become ``-``. The result is never empty and never
    begins with a dot.
    """
    plain = unicodedata.normalize("NFKD", title.replace("\u00df", "ss").replace("/", "-"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    slug = _OTHER.sub("-", plain).strip("-").lstrip(".-")[:_LONGEST]
    return slug or "video"


def slugs(titles: Sequence[str]) -> list[str]:
    """Make titles safe as names of files, with a hash where two would be equal."""
    names = [make_slug(title) for title in titles]
    times = Counter(name.casefold() for name in names)
    return [
        name if times[name.casefold()] == 1 else f"{name}-{_hash(title)}"
        for name, title in zip(names, titles, strict=True)
    ]


def validate_name(name: str) -> str:
    """Return a name that was given for a video, if it is safe as the name of a file.

    Raises
    ------
    ParameterError
        If it is not.
    """
    if make_slug(name) != name:
        raise ParameterError(
            f"name must consist of letters, digits, '.', '_' and '-', got {name!r}; "
            f"{make_slug(name)!r} would do (--name)"
        )
    return name


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:6]


def listed(names: Sequence[str], most: int) -> str:
    """Name the first few of many: ``'a', 'b' and 7 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def undirected(text: str) -> str:
    """Leave out the marks by which a name would turn the direction of what stands beside it."""
    return _DIRECTIONS.sub("", text)
