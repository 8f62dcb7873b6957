"""Memory: how much more than the finished table reading an archive takes, each in a fresh process."""

import subprocess
import sys

from .inputs import archive
from .rivals import RIVALS
from .rounds import Line

TIMES_TABLE = 2.0
SIZES = ((60, 550), (240, 2200))
_PROGRAM = """
import sys
from pathlib import Path
from ptrack_analysis import read_tracking
from ptrack_analysis.schema import DETECTIONS, assemble
from tests.benchmarks.inputs import Archive
from tests.benchmarks.machine import peak_of
from tests.benchmarks.rivals import RIVALS

pages, lines, warm, name = sys.argv[1:]
tables = []

def whole(pages, lines):
    archive = Archive(Path(pages), Path(lines))
    if name == "ours":
        tables.append(read_tracking(archive.pages)[0])
    else:
        tables.append(assemble(DETECTIONS, RIVALS[name][0](archive)))

whole(warm, Path(warm).with_name("pages.jsonl"))  # what is loaded once is loaded
tables.clear()
peak = peak_of(lambda: whole(pages, lines))
print(len(tables[0]), tables[0].memory_usage(index=True, deep=True).sum() / 1e6, peak)
"""


def run(options):
    """Read archives in fresh processes and compare the peak with the table's size."""
    if not sys.platform.startswith("linux"):
        return [Line("memory", "left out: the peak is read from /proc, which only Linux has")]
    warm = archive(options.cache, 1, 10)
    lines = []
    for size in SIZES:
        pages = archive(options.cache, *size)
        lines += [_line(name, pages, warm) for name in ("ours", *RIVALS)]
    return lines


def _line(name, pages, warm):
    parts = [pages.pages, pages.lines, warm.pages, name]
    command = [sys.executable, "-c", _PROGRAM, *map(str, parts)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and name == "ours":
        raise SystemExit(done.stderr)
    if done.returncode:
        *_, said = [f"exit {done.returncode}", *done.stderr.strip().splitlines()]
        return Line(name, f"left out: {said}")
    rows, table, peak = (float(number) for number in done.stdout.splitlines()[-1].split())
    page = max(file.stat().st_size for file in pages.files) / 1e6
    note = f"{rows:.0f} detections, table {table:.0f} MB, {peak / table:.2f} x"
    if name != "ours":
        return Line(name, note, value=peak, unit="MB")
    note += f"; target {TIMES_TABLE} x table + a page, text of {page:.1f} MB and its objects, as much again"
    limit = TIMES_TABLE * table + 2 * page
    return Line("read_tracking", note, value=peak, unit="MB", target=limit, at_least=False)
