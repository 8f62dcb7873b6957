"""How much memory there is for one video, and how much a video needs."""

from importlib.util import find_spec

from ptrack_analysis.io.archive import VideoReference

DEFAULT = "1GB"
LEAST = 10**6
_JSON = 110
"""Bytes of JSON that a detection with a body box has at least."""
_ZIPPED = 12
"""What unzipping multiplies the bytes of pages by."""
_IN_MEMORY = 900
"""Bytes that measuring a detection in memory takes at the peak."""


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
