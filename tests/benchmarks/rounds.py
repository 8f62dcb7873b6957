"""Timing in alternating rounds, and the lines of the printed table."""

import gc
import statistics
import time
from dataclasses import asdict, dataclass

from .machine import peak_of


class Rounds(tuple):  # noqa: SLOT001 - a tuple cannot have any
    """Seconds of all rounds that count; ``peak`` is what one more took of memory [MB], if it can be told."""

    def __new__(cls, seconds=(), peak=None):
        made = super().__new__(cls, seconds)
        made.peak = peak
        return made


@dataclass(frozen=True)
class Line:
    """One line of the table: what was measured, what came out, and the target if there is one.

    ``seconds`` are all rounds; ``value`` is what the target is about, in ``unit``.
    """

    name: str
    note: str
    seconds: tuple = ()
    speed: str = ""
    value: float | None = None
    unit: str = ""
    target: float | None = None
    at_least: bool = True

    @property
    def verdict(self):
        """Whether the target is met; empty without a target."""
        if self.target is None:
            return ""
        if self.value is None:
            return "MISSED"
        met = self.value >= self.target if self.at_least else self.value <= self.target
        return "met" if met else "MISSED"

    @property
    def peak(self):
        """Memory that a call adds at its peak [MB]; None where it was not measured."""
        return getattr(self.seconds, "peak", None)


def alternate(*functions, rounds, memory=True):
    """Time functions in turn (a, b, a, b, ...); seconds of each, and the peak of its memory.

    The first round is not counted: it loads what is loaded once. After it, one measures memory, and no time;
    ``memory`` of processes that a function starts is not to be seen from here.
    """
    counted = [[] for _ in functions]
    peaks = [None] * len(functions)
    for number in range(-2 if memory else -1, rounds):
        for place, function in enumerate(functions):
            gc.collect()
            if memory and number == -1:
                peaks[place] = peak_of(function)
                continue
            start = time.perf_counter()
            result = function()
            stop = time.perf_counter()
            del result
            if number >= 0:
                counted[place].append(stop - start)
    return [Rounds(seconds, peak) for seconds, peak in zip(counted, peaks, strict=True)]


def ratio(numerator, denominator):
    """Give the median of the rounds' ratios: what slows the machine down in one round slows both."""
    return statistics.median(a / b for a, b in zip(numerator, denominator, strict=True))


def against(ours, theirs, *, differs="", **line):
    """Make our line beside another's: how many times faster ours is; no ratio where the outputs differ.

    ``differs`` says in what, and is empty where they are the same.
    """
    note = line.pop("note", "")
    if differs:
        return Line(**line | {"seconds": ours, "note": f"no ratio: {differs}"})
    return Line(note=note, seconds=ours, value=ratio(theirs, ours), unit="x faster", **line)


def median(seconds):
    """Give the median of the rounds."""
    return statistics.median(seconds)


def show(lines):
    """Print lines as a table."""
    header = ("what", "seconds", "spread", "speed", "peak", "value", "target", "", "how")
    rows = [header, *(_cells(line) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(header))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(flush=True)


def as_json(line):
    """Give a line as what JSON can hold: as printed, with all rounds, in seconds, MB and the line's unit."""
    found = asdict(line) | {"seconds": list(line.seconds), "peak_mb": line.peak, "verdict": line.verdict}
    if line.seconds:
        found |= {"median": median(line.seconds), "spread": _middle(line.seconds)}
    return found


def _cells(line):
    seconds = spread = peak = ""
    if line.seconds:
        lower, upper = _middle(line.seconds)
        seconds, spread = f"{median(line.seconds):.3f}", f"{lower:.3f}-{upper:.3f}"
    if line.peak is not None:
        peak = f"{line.peak:.0f} MB"
    value = "" if line.value is None else f"{line.value:.2f} {line.unit}"
    sign = ">=" if line.at_least else "<="
    target = "" if line.target is None else f"{sign} {line.target:.4g}"
    return line.name, seconds, spread, line.speed, peak, value, target, line.verdict, line.note


def _middle(seconds):
    """Give the middle half of the rounds; all of them, where they are few."""
    if len(seconds) < 4:
        return min(seconds), max(seconds)
    lower, _, upper = statistics.quantiles(seconds, n=4, method="inclusive")
    return lower, upper
