"""Selectors of videos, and the video attributes that they compare."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from fnmatch import translate
from functools import lru_cache
from unicodedata import normalize


@dataclass(frozen=True, slots=True)
class VideoKeys:
    """Attributes of a video that are known before it is read; None if unknown.

    ``names`` are the path of the first file below the source without its suffix, the paths of its folders,
    and the parts of these paths. ``paths`` are the paths of all files. ``camera`` is the camera named in the
    source itself.
    """

    name: str
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    job_id: str | None = None
    job_tag: str | None = None
    video_uri: str | None = None
    camera: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A selection of videos: for each field that is not empty, at least one pattern must match.

    ``*``, ``?`` and ``[...]`` work as in file names, and case is ignored.
    """

    video: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    job_id: tuple[str, ...] = ()
    job_tag: tuple[str, ...] = ()
    video_uri: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether the selector restricts the videos."""
        return any(getattr(self, name) for name in SELECTORS)

    def __str__(self) -> str:
        """Describe the selection, as in ``files 'door_*'``."""
        return " and ".join(
            f"{name} {' or '.join(map(repr, patterns))}"
            for name in SELECTORS
            if (patterns := getattr(self, name))
        )

    def fits(self, keys: VideoKeys) -> bool:
        """Return whether a video is selected."""
        return all(
            any(fits_pattern(value, pattern) for pattern in patterns for value in _list_values(keys, name))
            for name in SELECTORS
            if (patterns := getattr(self, name))
        )


class SelectorIndex:
    """An index to find the selectors that match a video.

    Plain names, JobIds and paths are looked up. Other selectors are compared only if their plain part occurs
    in the values of the video.
    """

    def __init__(self, selectors: Sequence[Selector]) -> None:
        self.selectors = selectors
        self._exact: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._parts: list[tuple[int, str]] = []
        for index, selector in enumerate(selectors):
            for name in ("video", "job_id", "files"):
                patterns = getattr(selector, name)
                if patterns and not any(map(is_pattern, patterns)):
                    for pattern in patterns:
                        self._exact[name, _fold(pattern)].append(index)
                    break
            else:
                single = [patterns[0] for name in SELECTORS if len(patterns := getattr(selector, name)) == 1]
                parts = [_compile(pattern)[1] for pattern in single]
                self._parts.append((index, max(parts, key=len, default="")))

    def find(self, keys: VideoKeys) -> list[int]:
        """Return the indices of the selectors that match a video, in ascending order."""
        values = [(name, _fold(value)) for name in SELECTORS for value in _list_values(keys, name)]
        found = {index for value in values for index in self._exact.get(value, ())}
        text = "\n".join(value for _, value in values)
        found.update(index for index, part in self._parts if part in text)
        return sorted(index for index in found if self.selectors[index].fits(keys))


SELECTORS = tuple(each.name for each in fields(Selector))
"""Names of the fields that select videos."""


def is_pattern(name: str) -> bool:
    """Return whether a name contains ``*``, ``?`` or ``[``, so that it may match several names."""
    return any(letter in name for letter in "*?[")


def _list_values(keys: VideoKeys, name: str) -> Iterator[str]:
    if name in ("video", "files"):
        yield keys.name
    if name == "files":
        yield from keys.names
        yield from keys.paths
    elif name == "video_uri" and keys.video_uri is not None:
        below = keys.video_uri.partition("://")[2]
        yield from filter(None, (keys.video_uri, below, keys.video_uri.rpartition("/")[2]))
    elif name in ("job_id", "job_tag") and (value := getattr(keys, name)) is not None:
        yield value


def fits_pattern(value: str, pattern: str) -> bool:
    """Return whether a value matches a pattern, ignoring case and the form of accents."""
    folded = _fold(value)
    if not is_pattern(pattern):
        return folded == _fold(pattern)
    expression, part = _compile(pattern)
    return part in folded and expression.fullmatch(folded) is not None


def _fold(text: str) -> str:
    """Return the text without differences in case and in the form of accents (macOS splits them)."""
    return normalize("NFC", text).casefold()


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> tuple[re.Pattern[str], str]:
    """Return the regular expression of a pattern, and its longest plain part, which is faster to search."""
    folded = _fold(pattern)
    parts = [] if "[" in folded else re.split(r"[*?]", folded)
    return re.compile(translate(folded)), max(parts, key=len, default="")
