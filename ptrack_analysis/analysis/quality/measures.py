"""What the quality checks measure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ptrack_analysis.analysis.cleaning.candidates import whole_heights
from ptrack_analysis.analysis.linking import link_rows
from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.analysis.presence import (
    PersonRows,
    find_video_end,
    part_end,
    read_flag,
    rows_by_person,
)
from ptrack_analysis.geometry import EDGE_TOLERANCE, FEET_MARGIN, Bools, Floats, Integers, contains
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import POSITION_STATUSES, TRAJECTORIES, find_unit
from ptrack_analysis.video import Milliseconds, Video, milliseconds

_AT_ONCE = 2**17
"""Boxes that are compared at a time, so that intermediate arrays stay small in a long video."""
_SLACK, _SPEED = 0.5, 2.0
"""How far a box may jump, and how far a person may walk in a second [heights of the box]."""
_JITTER, _GROWTH = 1.3, 1.5
"""Ratio of two heights that is jitter, and that in a second a person's walk may add."""


def suspected_switches(
    rows: PersonRows, boxes: Sequence[Floats], size: tuple[int, int], *, max_gap: int
) -> Bools:
    """Return which boxes nobody can have got from the same person's box before.

    A box is suspect if its lower edge's middle lies farther from that of the box before than half a body and
    two bodies a second, the larger of both boxes being the body; or if its height is more than 1.3 times that
    of the box before, or less than the 1.3th part, times 1.5 a second. Boxes more than ``max_gap`` apart are
    not compared, and no heights of boxes that the picture cuts.

    Parameters
    ----------
    rows
        The rows in the order of person and time.
    boxes
        left, top, width, height, each (n,) in that order; NaN where there is none.
    size
        Width and height of the frame [px].
    max_gap
        The longest time between two boxes that are compared [ms].

    Returns
    -------
    numpy.ndarray
        (m - 1,) bool, one for each of the m rows with a box but the first.
    """
    seen = np.flatnonzero(np.isfinite(sum(boxes)))
    suspected: Bools = np.zeros(max(len(seen) - 1, 0), dtype=bool)
    for begin in range(0, len(suspected), _AT_ONCE):
        part = seen[begin : begin + _AT_ONCE + 1]
        there = [box[part] for box in boxes]
        suspected[begin : begin + _AT_ONCE] = _suspected(
            rows.time[part], rows.person[part], there, size, max_gap=max_gap
        )
    return suspected


def _suspected(
    time: Milliseconds, person: Integers, boxes: Sequence[Floats], size: tuple[int, int], *, max_gap: int
) -> Bools:
    """Return which boxes but the first are suspect, of boxes that are all there."""
    left, top, width, height = boxes
    seconds = np.diff(time) / 1000.0
    follows = (person[1:] == person[:-1]) & (seconds * 1000.0 <= max_gap)
    across = np.diff(left + width / 2) * size[0]
    down = np.diff(top + height) * size[1]
    body = np.maximum(height[1:], height[:-1]) * size[1]
    far = across * across + down * down > (body * (_SLACK + _SPEED * seconds)) ** 2
    tall = np.log(whole_heights(top, height))
    other = np.abs(np.diff(tall)) > np.log(_JITTER) + seconds * np.log(_GROWTH)
    suspected: Bools = follows & (far | other)
    return suspected


_SHORT = 1000
_MOST_STEPS = 0.95
_AT_EDGE = 0.02
"""A box within this of an edge of the picture touches it, as a fraction of the frame."""
MINUTE = 60_000.0
_NO = POSITION_STATUSES.index("missing")
_BOX = ("left", "top", "width", "height")


def share(part: float, whole: float) -> float:
    """Return a part as a percentage; NaN of nothing."""
    return 100.0 * float(part) / float(whole) if whole else float("nan")


def of_sampling(moments: Integers, period: int, max_gap: int) -> dict[str, float]:
    """Measure the steps between successive distinct moments, sorted [ms]."""
    steps = np.sort(np.diff(moments))
    near = steps <= max_gap
    if len(steps) and not near.any():  # sampled so rarely that nobody is ever followed
        period = _quantile(steps, 0.5)
    else:
        steps = steps[near]
    if not len(steps) or not period:
        return {"sampling period": float("nan"), "irregular sampling": float("nan")}
    return {
        "sampling period": period / 1000.0,
        "irregular sampling": float(_quantile(steps, _MOST_STEPS)) / period,
    }


def _quantile(values: Integers, quantile: float) -> int:
    """Return the smallest of sorted values that at least this share of the values does not exceed."""
    return int(values[np.searchsorted(np.arange(1, len(values) + 1), quantile * len(values))])


def of_presence(trajectories: pd.DataFrame, rows: PersonRows, period: int) -> dict[str, float]:
    """Measure how whole the persons' presence is; lengths of time are in ms."""
    links = link_rows(trajectories, rows)
    begins, held = links.begins, links.time_present
    unlocated = np.asarray(trajectories["position_status"].cat.codes)[rows.order] == _NO
    dwell = np.add.reduceat(held, np.flatnonzero(rows.first))
    total = int(held.sum())
    gaps = int(begins.sum() - rows.first.sum())
    return {
        "gaps": gaps * MINUTE / total if total else float("nan"),
        "bridged time": share(np.maximum(held - 2 * period, 0).sum() if period else float("nan"), total),
        "time without position": share(held[unlocated].sum(), total),
        "short tracks": share((dwell < _SHORT).sum(), len(dwell)),
    }


def continued(detections: pd.DataFrame, stitches: pd.DataFrame) -> float:
    """Return the percentage of the tracks, as they were before joining, that continue another one."""
    if "merged_from" in detections.columns:
        tracks = detections["merged_from"].to_numpy()
    else:
        tracks = detections.index.get_level_values("person_index").to_numpy()
    found = np.unique(tracks)
    return share(np.isin(found, stitches.index.to_numpy()).sum(), len(found))


def of_boxes(detections: pd.DataFrame, video: Video, max_gap: int, held: int) -> dict[str, float]:
    """Measure where the boxes lie and how they jump; ``time_present`` is the time held by all rows [ms]."""
    left, top, width, height = boxes = [detections[name].to_numpy() for name in _BOX]
    right, bottom = left + width, top + height
    beyond = 1 + EDGE_TOLERANCE
    out = (left < -EDGE_TOLERANCE) | (top < -EDGE_TOLERANCE) | (right > beyond) | (bottom > beyond)
    there, feet = int(np.isfinite(right + bottom).sum()), int((bottom >= 1 - FEET_MARGIN).sum())
    outside = int(out.sum())
    del right, bottom, out
    switches = float("nan")
    if video.width is not None and video.height is not None and held:
        rows = rows_by_person(detections)
        ordered = [box[rows.order] for box in boxes]
        size = video.width, video.height
        switches = int(suspected_switches(rows, ordered, size, max_gap=max_gap).sum()) * MINUTE / held
    return {
        "face only": share(len(left) - there, len(left)),
        "suspected switches": switches,
        "out of frame": share(outside, there),
        "feet not seen": share(feet, there),
    }


def counted_time(
    rows: PersonRows,
    held: Milliseconds,
    video: Video,
    start: pd.Timedelta | str | None = None,
    end: pd.Timedelta | str | None = None,
) -> tuple[int, int]:
    """Return the begin and the end of the part of the video that was looked at [ms]."""
    known = find_video_end(video, int(rows.time.max()))
    close = part_end(known, end, int((rows.time + held).max()))
    return 0 if start is None else milliseconds(start, "start"), close


def ends_inside(
    detections: pd.DataFrame,
    trajectories: pd.DataFrame,
    rows: PersonRows,
    entrances: Sequence[Zone],
    *,
    period: int,
    between: tuple[int, int],
) -> tuple[int, int]:
    """Count the tracks' starts and ends away from the border and the entrances, and all that are considered.

    A start or an end at the border is not counted if the tracklet enters or leaves the frame there. Starts
    and ends within a sampling period of the two times ``between`` are not considered [ms].
    """
    unit = find_unit(trajectories, TRAJECTORIES)
    x, y = (trajectories[f"{axis}_{unit}"].to_numpy()[rows.order] for axis in "xy")
    boxed = np.flatnonzero(
        (np.asarray(trajectories["position_status"].cat.codes)[rows.order] == 0) & np.isfinite(x)
    )
    if not len(boxed):
        return 0, 0
    person = rows.person[boxed]
    new = np.append(True, person[1:] != person[:-1])
    firsts, lasts = boxed[new], boxed[np.append(new[1:], values=True)]
    until = rows.time + trajectories["time_present"].to_numpy()[rows.order].view("int64")
    last_seen = np.maximum.reduceat(until, np.flatnonzero(rows.first))[rows.person[lasts]]
    first_seen = rows.time[rows.first][rows.person[firsts]]
    begin, close = between
    ends = np.concatenate([firsts[first_seen > begin + period], lasts[last_seen + period < close]])
    at = detection_rows(detections, trajectories.iloc[rows.order[ends]])
    away = _away_from_edges([detections[name].to_numpy()[at] for name in _BOX])
    runs = np.concatenate(
        [
            np.flatnonzero(rows.first)[rows.person[firsts]][first_seen > begin + period],
            (np.append(np.flatnonzero(rows.first)[1:], len(rows.time)) - 1)[rows.person[lasts]][
                last_seen + period < close
            ],
        ]
    )
    away &= ~(read_flag(trajectories, rows, "enters_frame") | read_flag(trajectories, rows, "leaves_frame"))[
        runs
    ]
    for door in entrances:
        away &= ~contains(door.edges, x[ends], y[ends])
    return int(away.sum()), len(ends)


def _away_from_edges(boxes: Sequence[Floats]) -> Bools:
    left, top, width, height = boxes
    near = np.minimum(np.minimum(left, top), np.minimum(1 - left - width, 1 - top - height))
    return np.asarray(near > _AT_EDGE)
