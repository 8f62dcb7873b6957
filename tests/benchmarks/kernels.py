"""Kernels of the heatmaps alone, on random points and boxes."""

from functools import partial

import numpy as np

from ptrack_analysis.analysis.heat.grid import sum_boxes, sum_points

from .inputs import SEED
from .rounds import Line, alternate, median

POINTS, POINTS_A_SECOND = 4_000_000, 30.0  # million
BOXES, BOXES_A_SECOND = 2_000_000, 15.0  # million
SHAPE = (54, 96)


def run(options):
    """Measure sum_points and sum_boxes; they take turns."""
    random = np.random.default_rng(SEED)
    x, y, weight = random.random(POINTS) * 1280, random.random(POINTS) * 720, np.full(POINTS, 67.0)
    left, top = random.random((2, BOXES)) * 0.95
    boxes = np.stack([left, top, left + random.random(BOXES) * 0.1, top + random.random(BOXES) * 0.3])
    points = partial(sum_points, x, y, weight, bounds=(0.0, 0.0, 1280.0, 720.0), shape=SHAPE)
    covers = partial(sum_boxes, boxes, weight[:BOXES], shape=SHAPE)
    on_points, on_boxes, read = alternate(points, covers, boxes.copy, rounds=options.rounds)
    size, rate = boxes.nbytes / 1e6, BOXES / median(read) / 1e6
    return [
        _line("sum_points", POINTS, on_points, POINTS_A_SECOND),
        _line("sum_boxes", BOXES, on_boxes, BOXES_A_SECOND),
        Line("the boxes copied", f"{size:.0f} MB by memcpy: the least", read, f"{rate:.0f} M/s"),
    ]


def _line(name, count, seconds, target):
    rate = count / median(seconds) / 1e6
    note = f"{count / 1e6:.0f} M random ones, {SHAPE[0]} x {SHAPE[1]} cells"
    return Line(name, note, seconds, f"{rate:.1f} M/s", rate, "M/s", target)
