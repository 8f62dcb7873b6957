"""The definitions of time present, borders, speed, parts and stops as slow loops, in exact fractions.

Written from the definitions and docstrings alone. All times are whole milliseconds. A position is (x, y), or
None where it is unknown.
"""

import math
from fractions import Fraction
from itertools import pairwise

BORDER = Fraction(1, 100)


def lower_median(values):
    """Return the lower of the two middle values, or the middle one."""
    return sorted(values)[(len(values) - 1) // 2]


def steps_between(tracks):
    """Return all times between successive detections of a person; ``tracks`` is person -> times."""
    return [after - before for times in tracks.values() for before, after in pairwise(sorted(times))]


def sampling_period(tracks, frame_rate):
    """Return the sampling period of a video; one frame is cut to whole ms, as its timestamp is."""
    steps = steps_between(tracks)
    if steps and len(steps) >= len(tracks):
        return lower_median(steps)
    if frame_rate is not None:
        return 1000 // Fraction(frame_rate)
    return lower_median(steps) if steps else 0


def default_max_gap(period):
    """Return the default of ``max_gap``."""
    return max(2000, 3 * period)


def has_many_long_steps(tracks, period, max_gap):
    """Return whether more than 5 % of the steps within three periods exceed ``max_gap``."""
    near = [step for step in steps_between(tracks) if step <= 3 * period]
    return 20 * sum(step > max_gap for step in near) > len(near)


def time_present(times, period, max_gap, end):
    """Return (time present, number of the tracklet) of each detection of a person, in order of time."""
    rows, tracklet = [], 1
    for index, time in enumerate(times):
        following = times[index + 1] if index + 1 < len(times) else None
        linked = following is not None and following - time <= max_gap
        length = following - time if linked else period
        if end is not None and not linked:
            length = min(length, end - time)
        rows.append((length, tracklet))
        tracklet += not linked
    return rows


def _sides(box):
    left, top, width, height = (Fraction(value) for value in box)
    return {"left": left, "top": top, "right": left + width, "bottom": top + height}


def _median(values):
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


OPPOSITE = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


def border_margins(boxes, period, end):
    """Return by how much each condition of leaving is met, as (side, reach, speed).

    A tracklet leaves over a side if both are at least 0. ``boxes`` are (time, box) of a tracklet in order of
    time, without the rows that have no box; ``end`` is the last row. Without a box in the last second, or in
    the last period if that is longer, nothing is known. ``reach`` is how far the side is beyond 0.01 from the
    border, now or after a period. ``speed`` is how much faster the opposite side moves than 0.2 box sizes per
    second.
    """
    if len(boxes) < 2 or end - boxes[-1][0] > max(1000, period):
        return []
    last, now = boxes[-1][0], _sides(boxes[-1][1])
    recent = [(time, box) for time, box in boxes if last - time <= 1000]
    if len(recent) < 2:
        recent = boxes[-2:]
    start, first = recent[0]
    seconds = Fraction(last - start, 1000)
    velocity = {side: (value - _sides(first)[side]) / seconds for side, value in now.items()}
    margins = []
    for side, value in now.items():
        later = value + velocity[side] * Fraction(period, 1000)
        outward = -1 if side in {"left", "top"} else 1
        size = _median([Fraction(box[2 if side in {"left", "right"} else 3]) for _, box in recent])
        border = BORDER if outward < 0 else 1 - BORDER
        reach = max(outward * (value - border), outward * (later - border))
        margins.append((side, reach, outward * velocity[OPPOSITE[side]] - size / 5))
    return margins


def leaves_over_border(boxes, period, end):
    """Return whether a tracklet leaves over a side of the image."""
    return any(reach >= 0 and speed >= 0 for _, reach, speed in border_margins(boxes, period, end))


def reverse_in_time(boxes):
    """Return the boxes of a tracklet as if time ran backwards."""
    return [(-time, box) for time, box in reversed(boxes)]


def truncation_margin(box, anchor):
    """Return how far the box reaches beyond 0.01 from the border, at a side that the anchor depends on."""
    sides = _sides(box)
    beyond = {side: BORDER - sides[side] for side in ("left", "top")}
    beyond |= {side: sides[side] - (1 - BORDER) for side in ("right", "bottom")}
    depends = {"bottom_center": ("bottom",), "top_center": ("top",), "center": ("top", "bottom")}[anchor]
    return max(beyond[side] for side in ("left", "right", *depends))


def truncated_rows(rows, anchor):
    """Return whether the position of each row of a tracklet is truncated; rows are (status, box)."""
    flags = []
    for index, (status, box) in enumerate(rows):
        if status == "detected":
            flags.append(truncation_margin(box, anchor) >= 0)
        elif status == "interpolated":
            before = next(own for kind, own in reversed(rows[:index]) if kind == "detected")
            after = next(own for kind, own in rows[index:] if kind == "detected")
            flags.append(any(truncation_margin(own, anchor) >= 0 for own in (before, after)))
        else:
            flags.append(False)
    return flags


def located_stretches(rows):
    """Cut rows (time, position, tracklet) of a person into neighbors (time, x, y) with a position."""
    stretches, previous = [], None
    for time, position, tracklet in rows:
        if position is not None:
            if previous != tracklet:
                stretches.append([])
            stretches[-1].append((time, Fraction(position[0]), Fraction(position[1])))
        previous = tracklet if position is not None else None
    return stretches


def position_at(stretch, time):
    """Return the position at a time of a stretch, linear between its rows."""
    for (t0, x0, y0), (t1, x1, y1) in pairwise(stretch):
        if t0 <= time <= t1:
            share = Fraction(time - t0) / (t1 - t0)
            return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
    assert len(stretch) == 1
    return stretch[0][1:]


def mean_position(stretch, time, half):
    """Return the time mean of the position within ``half`` of a time; the window shrinks towards an end."""
    half = min(half, time - stretch[0][0], stretch[-1][0] - time)
    if half == 0:
        return position_at(stretch, time)
    early, late = time - half, time + half
    times = [early, *(row[0] for row in stretch if early < row[0] < late), late]
    sums = [Fraction(0), Fraction(0)]
    for start, end in pairwise(times):
        for axis in (0, 1):
            ends = position_at(stretch, start)[axis] + position_at(stretch, end)[axis]
            sums[axis] += ends / 2 * (end - start)
    return sums[0] / (late - early), sums[1] / (late - early)


def velocity(stretch, time, half_window=250, half_smoothing=250):
    """Return the velocity per second at a time of a stretch, or None."""
    early, late = max(time - half_window, stretch[0][0]), min(time + half_window, stretch[-1][0])
    if late - early < half_window or late == early:
        return None
    (x0, y0), (x1, y1) = (mean_position(stretch, own, half_smoothing) for own in (early, late))
    return (x1 - x0) * 1000 / (late - early), (y1 - y0) * 1000 / (late - early)


def speeds(rows, **windows):
    """Return the speed at each row (time, position, tracklet) of a person: None, or an almost exact float."""
    by_time = {}
    for stretch in located_stretches(rows):
        for time, _, _ in stretch:
            own = velocity(stretch, time, **windows)
            by_time[time] = None if own is None else math.sqrt(own[0] ** 2 + own[1] ** 2)
    return [by_time.get(row[0]) for row in rows]


def mean_speed(rows):
    """Return (mean, maximum, speed_time) of rows (speed or None, time present); a blank mean is None."""
    known = [(Fraction(speed), present) for speed, present in rows if speed is not None]
    speed_time = sum(present for _, present in known)
    maximum = max((float(speed) for speed, _ in known), default=None)
    if speed_time == 0 or 2 * speed_time < sum(present for _, present in rows):
        return None, maximum, speed_time
    return float(sum(speed * present for speed, present in known) / speed_time), maximum, speed_time


def cut_rows(rows, start, end):
    """Cut rows (time, time present, ...) of a person to a part; the rest of a row stays as it was."""
    part = []
    for time, present, *others in rows:
        if start <= time < end:
            part.append((time, min(time + present, end) - time, *others))
        elif time < start < time + present:
            part.append((start, min(time + present, end) - start, *others))
    return part


def are_linked(before, after):
    """Return whether two rows (time, time present, tracklet) of a person follow each other without a gap."""
    return before[2] == after[2] and before[0] + before[1] == after[0]


def overlaps(rows):
    """Return whether a row of a person (time, time present, ...) ends after the next one begins."""
    return any(before[0] + before[1] > after[0] for before, after in pairwise(rows))


def path_length(rows):
    """Return the sum of the steps between linked rows (time, time present, tracklet, position)."""
    return sum(
        math.dist(before[3], after[3])
        for before, after in pairwise(rows)
        if are_linked(before, after) and before[3] is not None and after[3] is not None
    )


def visits(rows, is_inside, *, period, video_end):
    """Return (entered, exited, dwell, entry, exit) of the visits of one person to a zone that is always open.

    ``rows`` are (time, time present, tracklet, position, enters frame, leaves frame), ``is_inside`` decides
    about a position.
    """
    found = []
    for index, row in enumerate(rows):
        if row[3] is None or not is_inside(row[3]):
            continue
        before = rows[index - 1] if index and are_linked(rows[index - 1], row) else None
        inside_before = before is not None and before[3] is not None and is_inside(before[3])
        if inside_before:
            found[-1].append(index)
        else:
            found.append([index])
    result = []
    for indices in found:
        first, last = rows[indices[0]], rows[indices[-1]]
        exited = last[0] + last[1]
        before = rows[indices[0] - 1] if indices[0] else None
        after = rows[indices[-1] + 1] if indices[-1] + 1 < len(rows) else None
        if before is not None and are_linked(before, first) and before[3] is not None:
            entry = "crossed"
        elif before is None and first[0] <= period:
            entry = "video_start"
        else:
            entry = "frame_edge" if first[4] else "appeared"
        if after is not None and are_linked(last, after) and after[3] is not None:
            exit_ = "crossed"
        elif exited >= video_end - period:
            exit_ = "video_end"
        else:
            exit_ = "frame_edge" if last[5] else "lost"
        result.append((first[0], exited, sum(rows[own][1] for own in indices), entry, exit_))
    return result


def standing_rows(row_speeds, diameter):
    """Return which rows of a stretch belong to standing; speeds are None where unknown."""
    low, high = Fraction(3, 10) * Fraction(diameter), Fraction(1, 2) * Fraction(diameter)
    stands, since, last_slow = [False] * len(row_speeds), None, None
    for index, speed in enumerate([*row_speeds, math.inf]):
        if speed is None:
            continue
        if since is not None and speed > high:
            for own in range(since, last_slow + 1):
                stands[own] = True
            since = None
        elif speed <= low:
            since, last_slow = index if since is None else since, index
    return stands


def diameter_of(positions):
    """Return the greatest distance between two positions."""
    return max((math.dist(a, b) for a in positions for b in positions), default=0.0)


def stops(rows, *, extent, diameter, min_duration):
    """Return (entered, exited, duration, first index, last index) of the stops in a stretch of a person.

    ``rows`` are (time, time present, position, speed) of neighbors with a position; ``extent`` measures
    positions.
    """
    stands, found, index = standing_rows([row[3] for row in rows], diameter), [], 0
    while index < len(rows):
        last, present = index, 0
        while last < len(rows) and stands[last]:
            present += rows[last][1]
            if present >= min_duration:
                break
            last += 1
        positions = [row[2] for row in rows[index : last + 1]]
        if last >= len(rows) or not stands[last] or extent(positions) > diameter:
            index += 1
            continue
        while (
            last + 1 < len(rows)
            and stands[last + 1]
            and extent([row[2] for row in rows[index : last + 2]]) <= diameter
        ):
            last += 1
        own = rows[index : last + 1]
        found.append((own[0][0], own[-1][0] + own[-1][1], sum(row[1] for row in own), index, last))
        index = last + 1
    return found


def person_ms(changes, start, end):
    """Return the person-milliseconds of a time; changes are (time, people), and the last one closes."""
    return sum(
        people * max(min(until, end) - max(since, start), 0)
        for (since, people), (until, _) in pairwise(changes)
    )


def busiest_window(changes, length, *, step=1):
    """Return (start, person-milliseconds) of the earliest window with the most that starts at a ``step``."""
    starts = range(changes[0][0], changes[-1][0] - length + 1, step)
    return max(
        ((start, person_ms(changes, start, start + length)) for start in starts), key=lambda w: (w[1], -w[0])
    )
