"""JSON files that a person edits: read as they are, judged by their own reader, written legibly."""

import json
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from ptrack_analysis.errors import OutputError, PtrackError, ZoneError

Read = TypeVar("Read")
_MOST = 32 * 2**20


def content_of(place: Path) -> bytes | None:
    """Read a file's bytes; None where there is none.

    Raises
    ------
    ZoneError
        If it cannot be read, or has more than 32 MiB.
    """
    try:
        if place.exists() and place.stat().st_size > _MOST:
            raise ZoneError(
                f"{place}: has {place.stat().st_size} bytes, more than a file of outlines can have"
            )
        return place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ZoneError(f"{place}: cannot be read: {error.strerror}") from error


def digest_of(content: bytes | None) -> str:
    """Give the mark by which a content is known again; that of no file is empty."""
    return "" if content is None else sha256(content).hexdigest()


def object_of(content: bytes, place: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ZoneError
        If it is none.
    """
    try:
        read = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ZoneError(f"{place}: not JSON: {error}") from error
    if not isinstance(read, dict):
        raise ZoneError(f"{place}: not a JSON object")
    return read


def written(content: dict[str, Any], listed: str) -> bytes:
    """Write an object as JSON, a line for each thing of the list that it is about.

    Raises
    ------
    ZoneError
        If it holds a number that is not finite, or a text that cannot be written.
    """
    try:
        head = [f" {_compact(key)}: {_compact(value)}" for key, value in content.items() if key != listed]
        things = ",\n".join(f"  {_compact(thing)}" for thing in content[listed])
        block = f" {_compact(listed)}: [\n{things}\n ]" if things else f" {_compact(listed)}: []"
        return ("{\n" + ",\n".join([*head, block]) + "\n}\n").encode()
    except ValueError as error:
        raise ZoneError(f"cannot be written: {error}") from error


def judged(content: bytes, place: Path, read: Callable[[Path], Read]) -> Read:
    """Let the reader of such files read a content that is not in its place yet.

    Raises
    ------
    PtrackError
        As the reader does, with the name of the place.
    OutputError
        If the system has no room for a temporary file.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder, "trial.json")
            trial.write_bytes(content)
            try:
                return read(trial)
            except PtrackError as error:
                raise type(error)(str(error).replace(str(trial), place.name)) from error
    except OSError as error:
        raise OutputError(f"a temporary file cannot be written: {error.strerror}") from error


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
