"""Exporting an archive as a dataset: for the first time, and again with nothing changed."""

import tempfile
import time
from pathlib import Path

from .inputs import archive
from .rounds import Line, median


def run(options):
    """Measure export_dataset into a new folder, and a second run over the same."""
    try:
        from ptrack_analysis.dataset.export import export_dataset  # noqa: PLC0415 - it may not be there
    except ImportError as error:
        return [Line("export", f"left out: {error}")]
    pages = archive(options.cache)
    zones = pages.pages.with_name("zones.geojson")
    first, again = [], []
    for number in range(options.rounds + 1):
        with tempfile.TemporaryDirectory(dir=options.cache) as folder:
            seconds = [_timed(export_dataset, pages.pages, Path(folder, "out"), zones=zones) for _ in "12"]
        if number:
            first.append(seconds[0])
            again.append(seconds[1])
    size = pages.megabytes
    return [
        Line("first run", "all tables, with zones", tuple(first), f"{size / median(first):.0f} MB/s"),
        Line("second run", "nothing changed", tuple(again), f"{size / median(again):.0f} MB/s"),
    ]


def _timed(function, *arguments, **options):
    start = time.perf_counter()
    function(*arguments, **options)
    return time.perf_counter() - start
