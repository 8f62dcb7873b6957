"""How much memory there is for one video, and how much a video needs."""

import re
from importlib.util import find_spec

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.io.archive import VideoReference

DEFAULT = "1GB"
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?B?)\s*", re.IGNORECASE)
_LEAST = 10**6
_JSON = 110
"""Bytes of JSON that a detection with a body box has at least."""
_ZIPPED = 12
"""What unzipping multiplies the bytes of pages by."""
_IN_MEMORY = 900
"""Bytes that measuring a detection in memory takes at the peak."""


def bytes_of(memory: object) -> int:
    """Read an amount of memory: a number of bytes, or a text such as ``"1GB"`` or ``"512 MB"``.

    Raises
    ------
    ParameterError
        If it is none, or less than a megabyte.
    """
    size = 0.0
    if isinstance(memory, int | float) and not isinstance(memory, bool):
        size = float(memory)
    elif isinstance(memory, str) and (found := _SIZE.fullmatch(memory)):
        unit = found[2].upper()
        size = float(found[1]) * _UNITS[unit if unit in _UNITS else f"{unit}B"]
    if not _LEAST <= size < float("inf"):
        raise ParameterError(f"memory is {memory!r}, not an amount of at least 1MB, as 1GB or 512MB")
    return int(size)


def needed_for(reference: VideoReference) -> int:
    """Guess how much memory measuring a video takes, from the size of its files [bytes]; not too little."""
    size = 0
    for file in reference.files:
        zipped = file.name.lower().endswith(".gz")
        size += file.stat().st_size * (_ZIPPED if zipped else 1)
    return size // _JSON * _IN_MEMORY


def has_sorter() -> bool:
    """Tell whether DuckDB is installed, by which large videos are sorted."""
    return find_spec("duckdb") is not None
