"""Measures: the numbers that the checks of quality judge."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.analysis.presence import Rows, end_of, rows_by_person, run_starts
from ptrack_analysis.analysis.trust.switches import suspected_switches
from ptrack_analysis.geometry import EDGE_TOLERANCE, Bools, Floats, contains
from ptrack_analysis.schema import LOCATED, TRAJECTORIES, unit_of
from ptrack_analysis.video import Video, milliseconds
from ptrack_analysis.zones import Zone

_SHORT = 1000
_MOST_STEPS = 0.95
_AT_EDGE = 0.02
"""A box within this of an edge of the picture touches it, as a fraction of the frame."""
_FEET = 0.01
"""A lower edge within this of the picture's hides the feet, as a fraction of its height."""
_MINUTE = 60_000.0
_NO = LOCATED.index("no")
_BOX = ("left", "top", "width", "height")


def share(part: float, whole: float) -> float:
    """Give a part as a percentage; NaN of nothing."""
    return 100.0 * float(part) / float(whole) if whole else float("nan")


def of_sampling(detections: pd.DataFrame, period: int, max_gap: int) -> dict[str, float]:
    """Measure the steps between successive moments; NaN without any."""
    moments = np.unique(detections.index.get_level_values("timestamp").to_numpy().view("int64"))
    steps = np.diff(moments)
    if len(steps) and (steps > max_gap).all():  # sampled so rarely that nobody is ever followed
        period = int(np.quantile(steps, 0.5, method="inverted_cdf"))
    else:
        steps = steps[steps <= max_gap]
    if not len(steps) or not period:
        return {"sampling period": float("nan"), "irregular sampling": float("nan")}
    most = float(np.quantile(steps, _MOST_STEPS, method="inverted_cdf"))
    return {"sampling period": period / 1000.0, "irregular sampling": most / period}


def of_presence(trajectories: pd.DataFrame, rows: Rows, period: int) -> dict[str, float]:
    """Measure how whole the persons' presence is."""
    held = trajectories["held"].to_numpy()[rows.order].view("int64")
    begins = run_starts(rows, trajectories["run"].to_numpy()[rows.order])
    unlocated = np.asarray(trajectories["located"].cat.codes)[rows.order] == _NO
    total = int(held.sum())
    dwell = np.add.reduceat(held, np.flatnonzero(rows.first))
    bridged = np.maximum(held - 2 * period, 0).sum() if period else float("nan")
    return {
        "gaps": (begins.sum() - rows.first.sum()) * _MINUTE / total if total else float("nan"),
        "bridged time": share(bridged, total),
        "unlocated time": share(held[unlocated].sum(), total),
        "short tracks": share((dwell < _SHORT).sum(), len(dwell)),
    }


def of_boxes(detections: pd.DataFrame, video: Video, held: int, max_gap: int) -> dict[str, float]:
    """Measure where the boxes lie, and how they jump; ``held`` is the time of all of them [ms]."""
    left, top, width, height = boxes = [detections[name].to_numpy() for name in _BOX]
    right, bottom = left + width, top + height
    count = np.isfinite(right + bottom).sum()
    beyond = 1 + EDGE_TOLERANCE
    out = (left < -EDGE_TOLERANCE) | (top < -EDGE_TOLERANCE) | (right > beyond) | (bottom > beyond)
    switches = float("nan")
    if video.width is not None and video.height is not None and held:
        rows = rows_by_person(detections)
        ordered = [box[rows.order] for box in boxes]
        suspected = suspected_switches(rows, ordered, (video.width, video.height), max_gap=max_gap)
        switches = suspected.sum() * _MINUTE / held
    return {
        "face only": share(len(left) - count, len(left)),
        "suspected switches": switches,
        "out of frame": share(out.sum(), count),
        "feet not seen": share((bottom >= 1 - _FEET).sum(), count),
    }


def ends_inside(
    detections: pd.DataFrame,
    trajectories: pd.DataFrame,
    rows: Rows,
    doors: Sequence[Zone],
    video: Video,
    *,
    period: int,
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
) -> float:
    """Give the percentage of the tracks' ends that lie inside the picture and in no door; NaN without any."""
    unit = unit_of(trajectories, TRAJECTORIES)
    x, y = (trajectories[f"{axis}_{unit}"].to_numpy()[rows.order] for axis in "xy")
    boxed = np.flatnonzero((np.asarray(trajectories["located"].cat.codes)[rows.order] == 0) & np.isfinite(x))
    if not len(boxed):
        return float("nan")
    person = rows.person[boxed]
    new = np.append(True, person[1:] != person[:-1])
    firsts, lasts = boxed[new], boxed[np.append(new[1:], values=True)]
    until = rows.time + trajectories["held"].to_numpy()[rows.order].view("int64")
    known = end_of(video, int(rows.time.max()))
    close = int(until.max()) if known is None else known
    if end is not None:
        close = min(close, milliseconds(end, "end"))
    begin = 0 if start is None else milliseconds(start, "start")
    last_seen = np.maximum.reduceat(until, np.flatnonzero(rows.first))[rows.person[lasts]]
    first_seen = rows.time[rows.first][rows.person[firsts]]
    ends = np.concatenate([firsts[first_seen > begin + period], lasts[last_seen + period < close]])
    at = detection_rows(detections, trajectories.iloc[rows.order[ends]])
    away = _away_from_edges([detections[name].to_numpy()[at] for name in _BOX])
    for door in doors:
        away &= ~contains(door.edges, x[ends], y[ends])
    return share(away.sum(), len(ends))


def _away_from_edges(boxes: Sequence[Floats]) -> Bools:
    left, top, width, height = boxes
    near = np.minimum(np.minimum(left, top), np.minimum(1 - left - width, 1 - top - height))
    return np.asarray(near > _AT_EDGE)
