"""The JSON files of the editor: read, compared, validated and written as text."""

import json
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from ptrack_analysis.errors import OutputError, PtrackError, ZoneError

Content = TypeVar("Content")
_LARGEST = 32 * 2**20


def read_content(path: Path) -> bytes | None:
    """Return the bytes of a file; None if it does not exist.

    Raises
    ------
    ZoneError
        If the file cannot be read or is larger than 32 MiB.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ZoneError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise ZoneError(f"{path}: the file has more than {_LARGEST} bytes. Reduce it, or pass another file.")
    return content


def compute_checksum(content: bytes | None) -> str:
    """Return the checksum of a file's content; empty if the file does not exist."""
    return "" if content is None else sha256(content).hexdigest()


def parse_object(content: bytes, path: Path) -> dict[str, Any]:
    """Parse a JSON object.

    Raises
    ------
    ZoneError
        If the content is not a JSON object.
    """
    try:
        parsed = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ZoneError(f"{path}: not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise ZoneError(f"{path}: not a JSON object")
    return parsed


def format_object(content: dict[str, Any], listed: str) -> bytes:
    """Format an object as JSON, with one line per item of the list ``listed``.

    Raises
    ------
    ZoneError
        If the object contains a number that is not finite or a text that cannot be encoded.
    """
    try:
        head = [f" {_compact(key)}: {_compact(value)}" for key, value in content.items() if key != listed]
        items = ",\n".join(f"  {_compact(item)}" for item in content[listed])
        block = f" {_compact(listed)}: [\n{items}\n ]" if items else f" {_compact(listed)}: []"
        return ("{\n" + ",\n".join([*head, block]) + "\n}\n").encode()
    except ValueError as error:
        raise ZoneError(f"cannot be written: {error}") from error


def validate_content(content: bytes, path: Path, read: Callable[[Path], Content]) -> Content:
    """Read content that is not in its file yet, with the reader of such files.

    Raises
    ------
    PtrackError
        If the reader raises it, with the name of the file.
    OutputError
        If a temporary file cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder, "trial.json")
            trial.write_bytes(content)
            try:
                return read(trial)
            except PtrackError as error:
                raise type(error)(str(error).replace(str(trial), path.name)) from error
    except OSError as error:
        raise OutputError(f"a temporary file cannot be written: {error.strerror}") from error


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
