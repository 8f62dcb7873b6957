"""A film of the video as an explorer's page holds it."""

from base64 import b64encode
from os import PathLike
from pathlib import Path
from typing import Any

from ptrack_analysis.errors import ParameterError

TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg"}
"""What browsers play, by the suffix of its file."""
LARGEST = 100_000_000
"""Largest film that a page holds [bytes]."""


def embedded_film(path: str | PathLike[str]) -> dict[str, Any]:
    """Read a film that a browser plays: its type, and its bytes in base64.

    Raises
    ------
    ParameterError
        If it is of another type, above 100 MB, or cannot be read.
    """
    file = Path(path)
    kind = TYPES.get(file.suffix.lower())
    if kind is None:
        raise ParameterError(
            f"{file}: no film that browsers play: its name ends in none of {', '.join(TYPES)}"
        )
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise ParameterError(
                f"{file}: has {size / 1e6:.0f} MB, and a page holds {LARGEST / 1e6:.0f} MB at most: shrink it"
            )
        content = file.read_bytes()
    except OSError as error:
        raise ParameterError(f"{file}: cannot be read: {error.strerror}") from error
    return {"type": kind, "data": b64encode(content).decode("ascii")}
