"""What a video is recognized by before it is read, and selectors of videos."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from fnmatch import translate
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class VideoKeys:
    """What is known of a video before it is read; unknown facts are None.

    ``names`` are the path of the first file and of its folders below the source and the parts of it, without
    the suffix of the file; ``paths`` are the paths of all files. ``camera`` is the camera that the source
    itself names.
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
    """A selection of videos: each field that is not empty must fit, and of its patterns at least one.

    ``*``, ``?`` and ``[...]`` are as in file names, and case does not matter.
    """

    video: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    job_id: tuple[str, ...] = ()
    job_tag: tuple[str, ...] = ()
    video_uri: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether it restricts the videos at all."""
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


SELECTORS = tuple(each.name for each in fields(Selector))
"""Names of the fields that select videos."""


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
    """Return whether a value fits a pattern, in upper or lower case."""
    expression, part = _compile(pattern)
    folded = value.casefold()
    return part in folded and expression.fullmatch(folded) is not None


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> tuple[re.Pattern[str], str]:
    """Return the expression of a pattern, and its longest plain part, which is found faster."""
    folded = pattern.casefold()
    parts = [] if "[" in folded else re.split(r"[*?]", folded)
    return re.compile(translate(folded)), max(parts, key=len, default="")
