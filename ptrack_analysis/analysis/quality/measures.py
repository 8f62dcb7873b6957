"""Measures of tracks: sampling, gaps, identities and track ends."""

from collections.abc import Sequence

import numpy as np

from ptrack_analysis.analysis.cleaning.candidates import whole_heights
from ptrack_analysis.analysis.pairing import detection_rows
from ptrack_analysis.analysis.presence import (
    PersonRows,
    mark_starts,
    read_flag,
    steps_between,
)
from ptrack_analysis.analysis.quality.inputs import (
    MINUTE,
    UNKNOWN,
    Measured,
    QualityInputs,
    compute_percentage,
)
from ptrack_analysis.geometry import Bools, Floats, Integers, contains
from ptrack_analysis.scene.zones import ENTRANCE
from ptrack_analysis.schema import POSITION_STATUSES
from ptrack_analysis.schema.arrays import to_frame
from ptrack_analysis.video import Milliseconds

_AT_ONCE = 2**17
"""Number of boxes that are compared together, to keep intermediate arrays small."""
_SLACK, _SPEED = 0.5, 2.0
"""Distance by which a box can jump, and distance that a person can walk per second [heights of the box]."""
_JITTER, _GROWTH = 1.3, 1.5
"""Ratio of two heights explained by jitter, and the ratio per second that walking can add."""


def find_suspected_switches(
    rows: PersonRows, boxes: Sequence[Floats], size: tuple[int, int], *, max_gap: int
) -> Bools:
    """Return which boxes are too different from the same person's previous box.

    A box is suspected if the center of its lower edge is farther from the previous one than half a body
    height plus two body heights per second; the body height is the larger of the two. It is also suspected
    if the heights differ by more than a factor of 1.3, times 1.5 per second. Boxes more than ``max_gap``
    apart are not compared, nor are the heights of boxes that the image border cuts.

    Parameters
    ----------
    rows
        The rows in the order of person and time.
    boxes
        left, top, width, height, each (n,) in that order; NaN without a box.
    size
        Width and height of the frame [px].
    max_gap
        Longest time between two boxes that are compared [ms].

    Returns
    -------
    numpy.ndarray
        (m - 1,) bool, one for each of the m rows with a box except the first.
    """
    boxed = np.flatnonzero(np.isfinite(sum(boxes)))
    suspected: Bools = np.zeros(max(len(boxed) - 1, 0), dtype=bool)
    for begin in range(0, len(suspected), _AT_ONCE):
        part = boxed[begin : begin + _AT_ONCE + 1]
        there = [box[part] for box in boxes]
        suspected[begin : begin + _AT_ONCE] = _compare_boxes(
            rows.time[part], rows.person[part], there, size, max_gap=max_gap
        )
    return suspected


def _compare_boxes(
    time: Milliseconds, person: Integers, boxes: Sequence[Floats], size: tuple[int, int], *, max_gap: int
) -> Bools:
    """Return which boxes after the first are suspected, given boxes without NaN."""
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
_AT_EDGE = 0.02
"""A box is at the image border within this distance, as a fraction of the frame."""


def measure_sampling_period(inputs: QualityInputs) -> Measured:
    """Measure the sampling period [s]."""
    return Measured(inputs.sampling[0])


def measure_irregular_sampling(inputs: QualityInputs) -> Measured:
    """Measure the 95 % quantile of the steps between samplings, in sampling periods."""
    return Measured(inputs.sampling[1])


def measure_long_steps(inputs: QualityInputs) -> Measured:
    """Measure the share of the steps of a person that exceed ``max_gap`` [%]."""
    steps = steps_between(inputs.rows)
    return Measured(compute_percentage(int((steps > inputs.max_gap).sum()), len(steps)))


def measure_gaps(inputs: QualityInputs) -> Measured:
    """Measure the gaps in each person's presence, per minute of presence, overall and per zone."""
    rows, total = inputs.rows, inputs.total
    starts = np.flatnonzero(inputs.tracklet_starts & ~rows.first)
    if not total:
        return UNKNOWN
    is_before_gap = np.zeros(len(rows.time), dtype=bool)
    is_before_gap[starts - 1] = True
    by_name = {
        name: (int(is_before_gap[inside].sum()) * MINUTE / time.sum(), int(is_before_gap[inside].sum()))
        for name, (inside, time) in inputs.inside.items()
        if time.sum()
    }
    return Measured(len(starts) * MINUTE / total, events=len(starts), by_name=by_name)


def measure_bridged_time(inputs: QualityInputs) -> Measured:
    """Measure the share of the time present that is beyond two periods of each detection [%]."""
    if not inputs.period:
        return UNKNOWN
    return inputs.measure_time(np.maximum(inputs.time_present - 2.0 * inputs.period, 0.0))


def measure_missing_positions(inputs: QualityInputs) -> Measured:
    """Measure the share of the time present without a position [%]."""
    missing = float(inputs.time_present[inputs.is_missing].sum())
    return Measured(compute_percentage(missing, inputs.total))


def measure_short_tracks(inputs: QualityInputs) -> Measured:
    """Measure the share of people with less than 1 s in the scene [%].

    People whose track starts or ends within a sampling period of the start or end of the part of the video
    are not short: the rest of their track may be outside it.
    """
    rows, (begin, close) = inputs.rows, inputs.part
    since = rows.time[rows.first]
    until = np.maximum.reduceat(rows.time + inputs.time_present, np.flatnonzero(rows.first))
    is_cut = (since <= begin + inputs.period) | (until + inputs.period >= close)
    is_short = (inputs.time_in_scene < _SHORT) & ~is_cut
    count = int(is_short.sum())
    value = compute_percentage(count, len(is_short))
    return Measured(
        value, events=count, time=np.where(is_short[inputs.rows.person], inputs.time_present, 0.0)
    )


def measure_continued_tracks(inputs: QualityInputs) -> Measured:
    """Measure the share of the original tracks that continue another track [%]."""
    if inputs.stitches is None:
        return UNKNOWN
    detections = inputs.detections
    if "merged_from" in detections.columns:
        tracks = detections["merged_from"].to_numpy()
    else:
        tracks = detections.index.get_level_values("person_index").to_numpy()
    found = np.unique(tracks)
    continued = int(np.isin(found, inputs.stitches.index.to_numpy()).sum())
    return Measured(compute_percentage(continued, len(found)))


def measure_face_only(inputs: QualityInputs) -> Measured:
    """Measure the share of detections without a body box [%].

    The values of the zones are the shares of the time inside with an interpolated position.
    """
    left = inputs.boxes[0]
    is_estimated = inputs.status == POSITION_STATUSES.index("interpolated")
    return Measured(
        compute_percentage(int(np.isnan(left).sum()), len(left)),
        time=np.where(is_estimated, inputs.time_present, 0.0),
    )


def measure_identity_switches(inputs: QualityInputs) -> Measured:
    """Measure implausible jumps of a person's box, per minute of presence."""
    video, rows = inputs.video, inputs.detection_rows
    if video.width is None or video.height is None or not inputs.total:
        return UNKNOWN
    boxes = [box[rows.order] for box in inputs.boxes]
    size = video.width, video.height
    events = int(find_suspected_switches(rows, boxes, size, max_gap=inputs.max_gap).sum())
    return Measured(events * MINUTE / inputs.total, events=events)


def measure_track_ends(inputs: QualityInputs) -> Measured:
    """Measure the share of track ends away from the image border and the entrances [%]."""
    if inputs.entrances is None and not any(line.kind == ENTRANCE for line in inputs.lines):
        return UNKNOWN
    return Measured(compute_percentage(*_count_ends_inside(inputs)))


def _count_ends_inside(inputs: QualityInputs) -> tuple[int, int]:
    """Count the track starts and ends away from the border and the entrances, and all that are considered.

    A start or an end is not counted if the tracklet enters or leaves the frame over the border there. Starts
    before entering and ends after leaving over a line of kind ``entrance`` are not counted either. Starts
    and ends within a sampling period of the two ends of the part of the video are not considered.
    """
    rows, trajectories, period = inputs.rows, inputs.trajectories, inputs.period
    x, y = inputs.position
    boxed = np.flatnonzero((inputs.status == POSITION_STATUSES.index("detected")) & inputs.is_located)
    if not len(boxed):
        return 0, 0
    person = rows.person[boxed]
    new = mark_starts(person)
    firsts, lasts = boxed[new], boxed[np.append(new[1:], values=True)]
    track_firsts = np.flatnonzero(rows.first)
    track_lasts = np.append(track_firsts[1:], len(rows.time)) - 1
    last_seen = np.maximum.reduceat(rows.time + inputs.time_present, track_firsts)[rows.person[lasts]]
    first_seen = rows.time[rows.first][rows.person[firsts]]
    begin, close = inputs.part
    begins_within, ends_within = first_seen > begin + period, last_seen + period < close
    ends = np.concatenate([firsts[begins_within], lasts[ends_within]])
    at = detection_rows(inputs.detections, trajectories.iloc[rows.order[ends]])
    away = _is_away_from_border([box[at] for box in inputs.boxes])
    outer = np.concatenate(
        [
            track_firsts[rows.person[firsts]][begins_within],
            track_lasts[rows.person[lasts]][ends_within],
        ]
    )
    over_border = read_flag(trajectories, rows, "enters_frame") | read_flag(
        trajectories, rows, "leaves_frame"
    )
    away &= ~over_border[outer]
    for entrance in inputs.entrances or ():
        away &= ~contains(entrance.edges, x[ends], y[ends])
    came_in, went_out = _find_outside_entrances(inputs)
    away &= ~np.concatenate(
        [came_in[rows.person[firsts]][begins_within], went_out[rows.person[lasts]][ends_within]]
    )
    return int(away.sum()), len(ends)


def _find_outside_entrances(inputs: QualityInputs) -> tuple[Bools, Bools]:
    """Return which people first entered over an entrance line, and which last left over one."""
    names = [line.name for line in inputs.lines if line.kind == ENTRANCE]
    crossings = to_frame(inputs.crossings)
    index = crossings.index
    is_entrance = index.get_level_values("line").isin(names)
    person = index.get_level_values("person_index").to_numpy()[is_entrance]
    time = index.get_level_values("timestamp").to_numpy()[is_entrance]
    inward = (crossings["direction"] == "in").to_numpy()[is_entrance]
    order = np.lexsort((time, person))
    new = mark_starts(person[order])
    first, last = order[new], order[np.append(new[1:], values=True)[: len(new)]]
    return (
        np.isin(inputs.people, person[first[inward[first]]]),
        np.isin(inputs.people, person[last[~inward[last]]]),
    )


def _is_away_from_border(boxes: Sequence[Floats]) -> Bools:
    left, top, width, height = boxes
    near = np.minimum(np.minimum(left, top), np.minimum(1 - left - width, 1 - top - height))
    return np.asarray(near > _AT_EDGE)


def measure_dropped_rows(inputs: QualityInputs) -> Measured:
    """Measure the share of the rows of the source that were dropped [%]."""
    report = inputs.video.read_report
    if report is None:
        return UNKNOWN
    excluded = sum(reason.rows for reason in report.dropped if reason.is_excluded)
    lost = sum(reason.rows for reason in report.dropped if not (reason.is_repeat or reason.is_excluded))
    return Measured(compute_percentage(lost, report.rows - excluded))


def measure_missing_pages(inputs: QualityInputs) -> Measured:
    """Measure the minimum share of the pages that are missing or cut [%]."""
    report = inputs.video.read_report
    if report is None:
        return UNKNOWN
    missing = report.completeness.missing_pages
    return Measured(compute_percentage(missing, missing + report.pages) if missing else 0.0)
