"""Timing in alternating rounds, and the lines of the printed table."""

import gc
import statistics
import time
from dataclasses import dataclass


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
        met = self.value >= self.target if self.at_least else self.value <= self.target
        return "met" if met else "MISSED"


def alternate(*functions, rounds):
    """Time functions in turn (a, b, a, b, ...) after one round that is not counted; seconds of each."""
    times = [[] for _ in functions]
    for number in range(rounds + 1):
        for function, seconds in zip(functions, times, strict=True):
            gc.collect()
            start = time.perf_counter()
            result = function()
            stop = time.perf_counter()
            del result
            if number:
                seconds.append(stop - start)
    return [tuple(seconds) for seconds in times]


def ratio(numerator, denominator):
    """Give the median of the rounds' ratios: what slows the machine down in one round slows both."""
    return statistics.median(a / b for a, b in zip(numerator, denominator, strict=True))


def median(seconds):
    """Give the median of the rounds."""
    return statistics.median(seconds)


def show(lines):
    """Print lines as a table."""
    header = ("what", "seconds", "spread", "speed", "value", "target", "", "how")
    rows = [header, *(_cells(line) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(header))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(flush=True)


def _cells(line):
    seconds = spread = ""
    if line.seconds:
        seconds, spread = f"{median(line.seconds):.3f}", _spread(line.seconds)
    value = "" if line.value is None else f"{line.value:.2f} {line.unit}"
    sign = ">=" if line.at_least else "<="
    target = "" if line.target is None else f"{sign} {line.target:.4g}"
    return line.name, seconds, spread, line.speed, value, target, line.verdict, line.note


def _spread(seconds):
    if len(seconds) < 4:
        return f"{min(seconds):.3f}-{max(seconds):.3f}"
    lower, _, upper = statistics.quantiles(seconds, n=4, method="inclusive")
    return f"{lower:.3f}-{upper:.3f}"
