"""What files were when a run last looked at them, so that the next one need not read what has not changed.

All this is a cache below ``.ptrack``: no part of the data. If it is lost, the next run takes longer and notes
it again. Only videos that are no longer in the source stay without a known source, so ``prune`` keeps them.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ptrack_analysis.dataset.layout import PRIVATE
from ptrack_analysis.storage.files import checksum
from ptrack_analysis.storage.s3 import AnyPath, S3Path

SEEN = f"{PRIVATE}/seen"
JOBS_FILE = f"{PRIVATE}/sources.json"
_SECOND = 10**9
_TICK = _SECOND // 20
"""A file may change again within so long without another time, where the system counts parts of a second."""

Look = tuple[str, str]
"""How a file looked from outside, and the SHA-256 of its content then."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a video's source files and its files in the dataset were, by their names and places.

    ``origin`` identifies the source of the export, as ``mark_of`` gives it; empty where it is not known.
    """

    sources: Mapping[str, Look] = field(default_factory=dict)
    outputs: Mapping[str, Look] = field(default_factory=dict)
    origin: str = ""


def seen_place(video: str) -> str:
    """Give the place of what was seen of a video's files."""
    return f"{SEEN}/{video}.json"


def look_at(path: AnyPath) -> tuple[str, bool]:
    """Tell how a file looks from outside, and whether it cannot change without looking otherwise.

    On disk that is its size, its times and its number; in S3 its size and its ETag. A file that was changed
    just now may change once more within the grain of the system's clock, and look the same: it is not
    settled yet.

    Raises
    ------
    OSError
        If there is no such file.
    RemoteError
        If S3 refuses.
    """
    if isinstance(path, S3Path):
        found = path.stat()
        return tagged(found.st_size, found.tag), found.tag is not None
    stat = path.stat()
    changed = max(stat.st_mtime_ns, stat.st_ctime_ns)
    grain = 3 * _SECOND if changed % _SECOND == 0 else _TICK
    look = f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"
    return look, changed + grain <= time.time_ns()


def tagged(size: int, tag: str | None) -> str:
    """Tell how an object looks from outside."""
    return f"{size}-{tag}"


def checksum_of(path: AnyPath, name: str, seen: Mapping[str, Look], noted: dict[str, Look]) -> str:
    """Give the checksum of a file: the one seen if it looks as it did then, else that of its content.

    What was found is put into ``noted``, if it can be relied on.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    RemoteError
        If S3 refuses.
    """
    look, settled = look_at(path)
    before = seen.get(name)
    found = before[1] if before is not None and before[0] == look else checksum(path)
    if settled:
        noted[name] = look, found
    return found


def read_seen(content: bytes | None) -> Seen:
    """Read what was seen of a video; nothing, if there is none or it is damaged."""
    found = _json(content)
    origin = found.get("origin")
    return Seen(
        _looks(found.get("sources")), _looks(found.get("outputs")), origin if isinstance(origin, str) else ""
    )


def text_of(seen: Seen) -> str:
    """Write what was seen of a video."""
    content = {"sources": dict(seen.sources), "outputs": dict(seen.outputs), "origin": seen.origin}
    return json.dumps(content, sort_keys=True) + "\n"


def recall_from(content: bytes | None, name_of: Callable[[AnyPath], str]) -> Callable[[AnyPath], Any]:
    """Give what knows the jobs of the source's files that look as they did when they were read."""
    known = _json(content)

    def recall(file: AnyPath) -> frozenset[str | None] | None:
        match known.get(name_of(file)):
            case [str(look), [*jobs]] if all(job is None or isinstance(job, str) for job in jobs):
                return frozenset(jobs) if look_at(file)[0] == look else None
        return None

    return recall


def jobs_text(jobs: Mapping[AnyPath, Iterable[str | None]], name_of: Callable[[AnyPath], str]) -> str:
    """Write the jobs of those files that can be relied on."""
    looks = {file: look_at(file) for file in jobs}
    known = {
        name_of(file): [look, sorted(jobs[file], key=str)]
        for file, (look, settled) in looks.items()
        if settled
    }
    return json.dumps(known, sort_keys=True) + "\n"


def bytes_of(path: AnyPath) -> bytes | None:
    """Read a file of the cache; None where there is none that can be read."""
    try:
        return path.read_bytes()
    except (OSError, ValueError):
        return None


def _json(content: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _looks(found: object) -> dict[str, Look]:
    if not isinstance(found, dict):
        return {}
    return {name: (look[0], look[1]) for name, look in found.items() if _is_look(look)}


def _is_look(look: object) -> bool:
    return isinstance(look, list) and [type(part) for part in look] == [str, str]
