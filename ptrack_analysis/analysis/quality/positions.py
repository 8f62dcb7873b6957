"""Measures of positions: boxes, image border, duplicate tracks and floor plan."""

import numpy as np

from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.analysis.presence import read_level
from ptrack_analysis.analysis.quality.inputs import (
    UNKNOWN,
    Measured,
    QualityInputs,
    compute_percentage,
)
from ptrack_analysis.geometry import EDGE_TOLERANCE, Bools, Floats, Integers
from ptrack_analysis.schema import POSITION_STATUSES

FASTEST = 12.0
"""Maximum plausible speed: the fastest sprinters briefly reach 12.4 m/s [m/s]."""
WIDEST_PIXEL = 0.5
"""Width of one pixel on the floor above which positions are unreliable [m]."""
_OVERLAP = 0.7
"""Minimum intersection over union of two boxes that show the same body."""
_ALWAYS = 0.9
"""Share of the shorter track's boxes that must overlap the other track."""
_LONG_ENOUGH = 1000
"""Shortest common time of two tracks that are compared [ms]."""


def measure_boxes_beyond_image(inputs: QualityInputs) -> Measured:
    """Measure the share of boxes that extend beyond the image by more than 1e-6 of the frame [%]."""
    left, top, width, height = inputs.boxes
    right, bottom, beyond = left + width, top + height, 1 + EDGE_TOLERANCE
    is_beyond = (left < -EDGE_TOLERANCE) | (top < -EDGE_TOLERANCE) | (right > beyond) | (bottom > beyond)
    return Measured(compute_percentage(int(is_beyond.sum()), int(np.isfinite(right + bottom).sum())))


def measure_truncated_boxes(inputs: QualityInputs) -> Measured:
    """Measure the share of the time with a position whose box the image border truncates [%]."""
    return inputs.measure_rows(inputs.walks.read_flag("box_truncated"))


def measure_time_outside_image(inputs: QualityInputs) -> Measured:
    """Measure the share of the time with a position whose position is outside the image [%].

    This time is missing from its actual zones, so there is no share per zone.
    """
    is_outside = inputs.walks.read_flag("outside_image")
    return Measured(inputs.measure_rows(is_outside).value)


def measure_tiny_boxes(inputs: QualityInputs) -> Measured:
    """Measure the share of boxes that are less than a pixel wide or high [%]."""
    video = inputs.video
    if video.width is None or video.height is None:
        return UNKNOWN
    _, _, width, height = inputs.boxes
    is_tiny = (width * video.width < 1) | (height * video.height < 1)
    value = compute_percentage(int(is_tiny.sum()), int(np.isfinite(width + height).sum()))
    time = np.zeros(len(inputs.rows.time))
    if is_tiny.any():
        boxed = np.flatnonzero(inputs.status == POSITION_STATUSES.index("detected"))
        at = detection_rows(inputs.detections, inputs.trajectories.iloc[inputs.rows.order[boxed]])
        time[boxed] = np.where(is_tiny[at], inputs.time_present[boxed], 0)
    return Measured(value, time=time)


def measure_duplicate_tracks(inputs: QualityInputs) -> Measured:
    """Measure the share of people whose boxes overlap the boxes of another track all the time [%]."""
    is_duplicate = np.isin(inputs.people, _find_duplicates(inputs))
    value = compute_percentage(int(is_duplicate.sum()), len(is_duplicate))
    return Measured(value, time=np.where(is_duplicate[inputs.rows.person], inputs.time_present, 0.0))


def _find_duplicates(inputs: QualityInputs) -> Integers:
    """Return the people whose track duplicates one with more boxes, or as many boxes and a lower number.

    Boxes at one timestamp are compared from left to right, each with its next neighbors until their centers
    are too far apart for the boxes to overlap enough.
    """
    index, boxes = inputs.detections.index, inputs.boxes
    there = np.flatnonzero(np.isfinite(sum(boxes)) & (boxes[2] > 0) & (boxes[3] > 0))
    (times, _), (codes, person) = (read_level(index, name) for name in ("timestamp", "person_index"))
    time, codes = times[there], codes[there]
    center = (boxes[0] + boxes[2] / 2)[there]
    order = np.lexsort((center, time))
    time, codes, center = time[order], codes[order], center[order]
    left, top, width, height = (box[there][order] for box in boxes)
    found = []
    active, offset = np.arange(len(time)), 0
    while len(active):
        offset += 1
        active = active[active + offset < len(time)]
        other = active + offset
        near = (time[other] == time[active]) & (center[other] - center[active] <= _REACH * width[active])
        active, other = active[near], other[near]
        across = _overlap(left, width, active, other)
        down = _overlap(top, height, active, other)
        shared = across * down
        union = (width * height)[active] + (width * height)[other] - shared
        same = shared >= _OVERLAP * union
        one, two = codes[active[same]], codes[other[same]]
        found.append(np.minimum(one, two).astype("int64") * len(person) + np.maximum(one, two))
    pairs, counts = np.unique(np.concatenate([np.empty(0, "int64"), *found]), return_counts=True)
    boxes_of = np.bincount(codes, minlength=len(person))
    first, second = pairs // max(len(person), 1), pairs % max(len(person), 1)
    always = counts >= _ALWAYS * np.minimum(boxes_of[first], boxes_of[second])
    always &= counts * inputs.period >= _LONG_ENOUGH
    shorter = np.where(boxes_of[first] < boxes_of[second], first, second)
    duplicates: Integers = person[np.unique(shorter[always])]
    return duplicates


_REACH = 1 - _OVERLAP + 1e-9
"""Largest distance of the centers of two boxes that overlap enough [widths of either box]."""


def _overlap(start: Floats, size: Floats, one: Integers, other: Integers) -> Floats:
    end = np.minimum(start[one] + size[one], start[other] + size[other])
    overlap: Floats = np.maximum(end - np.maximum(start[one], start[other]), 0.0)
    return overlap


def measure_impossible_speeds(inputs: QualityInputs) -> Measured:
    """Measure the share of the time with a speed that is above 12 m/s [%]."""
    if inputs.unit != "m":
        return UNKNOWN
    speed = inputs.walks.read("speed_m_per_s")
    time = np.where(speed > FASTEST, inputs.time_present, 0.0)
    return inputs.measure_time(time, np.where(np.isfinite(speed), inputs.time_present, 0))


def measure_time_near_horizon(inputs: QualityInputs) -> Measured:
    """Measure the share of the time with a position where one pixel is more than 0.5 m on the floor [%]."""
    video, floor_plan = inputs.video, inputs.floor_plan
    if floor_plan is None or video.width is None or video.height is None:
        return UNKNOWN
    x, y = inputs.position
    points = np.column_stack([x, y])[inputs.is_located]
    image = floor_plan.unproject(points)
    size = np.zeros(len(points))
    for step in (1, -1):
        for axis, pixels in enumerate((video.width, video.height)):
            moved = image.copy()
            moved[:, axis] += step / pixels
            away = np.hypot(*(floor_plan.project(moved) - points).T)
            np.maximum(size, np.where(np.isnan(away), np.inf, away), out=size)
    is_wide = np.zeros(len(x), dtype=bool)
    is_wide[inputs.is_located] = size > WIDEST_PIXEL
    return inputs.measure_rows(is_wide)


def measure_time_off_plan(inputs: QualityInputs) -> Measured:
    """Measure the share of the time with a position outside the bounds of the floor plan [%].

    This time is missing from its actual zones, so there is no share per zone.
    """
    if inputs.floor_plan is None:
        return UNKNOWN
    x, y = inputs.position
    x0, y0, x1, y1 = inputs.floor_plan.bounds
    is_off: Bools = inputs.is_located & ~((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))
    return Measured(inputs.measure_rows(is_off).value)
