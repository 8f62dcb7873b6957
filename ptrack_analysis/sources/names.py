"""Derive the names of videos from the paths of their files."""

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
_ESCAPED = re.compile("[\udc80-\udcff]+")
"""Bytes of a file name that Python could not decode, as in the locale C."""
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
"""Names that Windows reserves for devices, also with a suffix."""
_GENERIC = {
    "", "answer", "answers", "chunk", "chunks", "getpersontracking", "json", "output", "outputs", "page",
    "pages", "part", "parts", "people", "peoplepathing", "person", "persons", "persontracking", "raw",
    "rekognition", "response", "responses", "result", "results",
}  # fmt: skip
_GENERIC_PAGE = re.compile(rf"(?:{'|'.join(sorted(_GENERIC))})(?:\d{{1,3}}|0\d*)")
FIRST_NUMBERS = (0, 1)
"""Numbers of the first page of an archive."""


def natural(path: PurePath | S3Path) -> list[list[tuple[int, int, str]]]:
    """Return a sort key that puts ``page-10`` after ``page-9``."""
    return list(map(_split_digits, path.parts))


@lru_cache(maxsize=2**15)
def _split_digits(part: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(text), text) if text.isdecimal() else (1, 0, text) for text in _DIGITS.split(part) if text
    ]


def strip_suffixes(name: str) -> str:
    """Remove the suffixes of the format (``.json``, ``.jsonl``, ``.gz``) from a file name."""
    return plain_name(name).rpartition(".")[0] or plain_name(name)


def find_group(below: PurePath) -> tuple[str, str]:
    """Return the group of a file: its folder, and its stem without a trailing number.

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
    """Return the path of a file below the source, None for the source itself."""
    if file == root:
        return None
    return file.relative_to(root)  # type: ignore[arg-type] # both are of one kind


@lru_cache(maxsize=2**15)
def group_below(root: AnyPath, file: AnyPath) -> tuple[str, str]:
    """Return the group of a file below the source; see ``find_group``."""
    if file.parent == root:
        return ".", _strip_number(strip_suffixes(file.name))
    return find_group(below_root(root, file) or PurePosixPath(file.name))


@lru_cache(maxsize=2**15)
def find_page_number(name: str) -> int | None:
    """Return the number at the end of a file's stem, None without a number."""
    stem = strip_suffixes(name)
    found = None if _is_whole(stem) else _NUMBER.search(stem)
    return None if found is None else int(found[0].lstrip("-_. "))


def is_generic(stem: str) -> bool:
    """Return whether a stem is generic, such as ``page``, so that the folder names the video."""
    return _SEPARATOR.sub("", stem.lower()) in _GENERIC


def find_title(file: AnyPath, *, is_page: bool) -> str:
    """Return the title of a video, from which its name is derived.

    The title is the stem of its first file, without the number if ``is_page``. If the stem is generic, it is
    the name of the nearest folder that is not generic.
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
    """Return whether the folder of a file on disk has files with the same name and other numbers."""
    if not isinstance(file, Path):
        return False
    group = find_group(PurePath(file.name))
    pattern = f"{glob.escape(strip_suffixes(file.name)[: len(group[1])])}*"
    others = [other for other in file.parent.glob(pattern) if other.name != file.name]
    return any(
        is_named_like_a_page(other.name) and find_group(PurePath(other.name)) == group for other in others
    )


def find_folders(file: AnyPath) -> list[str]:
    """List the names of a file's parent folders, the outermost first."""
    parts = file.resolve().parent.parts if isinstance(file, Path) else file.parent.parts
    return [part for part in parts if part.strip("/\\")]


def name_videos(titles: Sequence[str], files: Sequence[AnyPath], identify: Callable[[int], str]) -> list[str]:
    """Return safe and unique names for the videos of one source.

    Equal titles are prefixed with the names of their folders, as many as needed to distinguish them. If the
    folders are not sufficient, six digits of a hash are appended. ``identify`` returns the text to hash by
    the index of the video.
    """
    names = [make_slug(title) for title in titles]
    for slug, times in Counter(name.casefold() for name in names).items():
        if times == 1:
            continue
        alike = [index for index, name in enumerate(names) if name.casefold() == slug]
        for index, name in zip(
            alike, _add_folders([titles[i] for i in alike], [files[i] for i in alike]), strict=True
        ):
            names[index] = name
    times_now = Counter(name.casefold() for name in names)
    return [
        name if times_now[name.casefold()] == 1 else f"{name}-{_hash(identify(index))}"
        for index, name in enumerate(names)
    ]


def _add_folders(titles: Sequence[str], files: Sequence[AnyPath]) -> list[str]:
    """Prefix titles with the names of folders, as many as needed to distinguish them."""
    folders = [find_folders(file) for file in files]
    for depth in range(1, max(map(len, folders), default=0) + 1):
        names = [
            make_slug("-".join([*path[-depth:], title])) for path, title in zip(folders, titles, strict=True)
        ]
        if len({name.casefold() for name in names}) == len(names):
            return names
    return [make_slug(title) for title in titles]


def make_slug(title: str) -> str:
    """Convert a title to a safe file name: at most 100 letters, digits, ``.``, ``_`` and ``-``.

    Case is kept. Accents are removed, and other characters become ``-``. The result is never empty and does
    not start with a dot. It is also valid on Windows: it does not end with a dot, and names of devices such
    as ``con`` get the prefix ``video-``.
    """
    text = _ESCAPED.sub(_decode, title)
    plain = unicodedata.normalize("NFKD", text.replace("\u00df", "ss").replace("/", "-"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    slug = _OTHER.sub("-", plain).strip(".-") or "video"
    if _DEVICE.match(slug):
        slug = f"video-{slug}"
    return slug[:_LONGEST].rstrip(".-")


def _decode(escaped: re.Match[str]) -> str:
    return escaped[0].encode("ascii", "surrogateescape").decode("utf-8", "replace")


def slugs(titles: Sequence[str]) -> list[str]:
    """Convert titles to safe file names, with a hash if two would be equal."""
    names = [make_slug(title) for title in titles]
    times = Counter(name.casefold() for name in names)
    return [
        name if times[name.casefold()] == 1 else f"{name}-{_hash(title)}"
        for name, title in zip(names, titles, strict=True)
    ]


def validate_name(name: str) -> str:
    """Return the name of a video if it is a safe file name.

    Raises
    ------
    ParameterError
        If the name is not safe.
    """
    if make_slug(name) != name:
        raise ParameterError(
            f"name must consist of letters, digits, '.', '_' and '-' and be a valid file name, got {name!r}. "
            f"Use {make_slug(name)!r}, for example (--name)."
        )
    return name


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:6]


def listed(names: Sequence[str], most: int) -> str:
    """List the first names: ``'a', 'b' and 7 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def undirected(text: str) -> str:
    """Remove the bidirectional control characters, which would change the direction of adjacent text."""
    return _DIRECTIONS.sub("", text)
