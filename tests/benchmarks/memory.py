"""Memory: how much more than the finished table reading an archive takes."""

import subprocess
import sys

from .inputs import archive
from .rounds import Line

TIMES_TABLE = 2.5
BESIDES = 100  # MB
SIZES = ((60, 550), (240, 2200))
_PROGRAM = """
import sys
from ptrack_analysis import read_tracking

def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024

before = status("VmRSS")
table, _ = read_tracking(sys.argv[1])
print(len(table), table.memory_usage(index=True, deep=True).sum() / 2**20, status("VmHWM") - before)
"""


def run(options):
    """Read archives in fresh processes and compare the peak with the table's size."""
    if not sys.platform.startswith("linux"):
        return [Line("memory", "left out: the peak is read from /proc, which only Linux has")]
    return [_line(archive(options.cache, *size), options) for size in SIZES]


def _line(pages, options):
    command = [sys.executable, "-c", _PROGRAM, str(pages.pages)]
    measured = []
    for _ in range(min(3, options.rounds)):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        measured.append([float(number) for number in done.stdout.split()])
    rows, table, peak = max(measured)
    limit = TIMES_TABLE * table + BESIDES
    note = f"table {table:.0f} MB, {peak / table:.2f} x; target {TIMES_TABLE} x table + {BESIDES} MB"
    return Line(f"{rows:.0f} detections", note, value=peak, unit="MB", target=limit, at_least=False)
