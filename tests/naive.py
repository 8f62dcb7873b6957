"""The definitions again, as slow loops over rows: what the vectorised kernels are measured against."""

import math
from fractions import Fraction
from itertools import pairwise


def presence(rows, *, max_gap, period, end=None):
    """Give (person, time, held, run) of rows (person, time), by walking them."""
    result = []
    rows = sorted(rows)
    run = 0
    for place, (person, time) in enumerate(rows):
        previous = rows[place - 1] if place else None
        if previous is None or previous[0] != person:
            run = 1
        elif time - previous[1] > max_gap:
            run += 1
        following = rows[place + 1] if place + 1 < len(rows) else None
        if following is not None and following[0] == person and following[1] - time <= max_gap:
            held = following[1] - time
        else:
            held = period if end is None else min(period, end - time)
        result.append((person, time, held, run))
    return result


def lower_median_step(rows):
    """Give the lower median of the steps between each person's successive rows (person, time)."""
    steps = sorted(b[1] - a[1] for a, b in pairwise(sorted(rows)) if a[0] == b[0])
    return steps[(len(steps) - 1) // 2] if steps else None


def position(nodes, time):
    """Give the place between nodes (time, x, y) at a time, by linear interpolation."""
    for (t0, x0, y0), (t1, x1, y1) in pairwise(nodes):
        if t0 <= time <= t1:
            share = (time - t0) / (t1 - t0)
            return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
    return nodes[0][1:] if time <= nodes[0][0] else nodes[-1][1:]


def mean_position(nodes, time, around):
    """Give the time mean of the position in a window that shrinks on both sides towards an end."""
    reach = min(around, time - nodes[0][0], nodes[-1][0] - time)
    if reach == 0:
        return position(nodes, time)
    inner = [node[0] for node in nodes if time - reach < node[0] < time + reach]
    total = [0.0, 0.0]
    for since, until in pairwise([time - reach, *inner, time + reach]):
        for axis, (a, b) in enumerate(zip(position(nodes, since), position(nodes, until), strict=True)):
            total[axis] += (a + b) / 2 * (until - since)
    return total[0] / (2 * reach), total[1] / (2 * reach)


def speed(nodes, time, half, around):
    """Give velocity in a window around a time, nodes being one located stretch."""
    early, late = max(time - half, nodes[0][0]), min(time + half, nodes[-1][0])
    if late - early < half:
        return math.nan, math.nan
    (x0, y0), (x1, y1) = mean_position(nodes, early, around), mean_position(nodes, late, around)
    return (x1 - x0) / (late - early) * 1000, (y1 - y0) / (late - early) * 1000


def inside(ring, x, y):
    """Tell whether a point is in a ring of exact corners, by the half-open crossing rule in fractions."""
    x, y, odd = Fraction(x), Fraction(y), False
    corners = [(Fraction(a), Fraction(b)) for a, b in ring]
    for first, last in pairwise([*corners, corners[0]]):
        (ax, ay), (bx, by) = sorted([first, last], key=lambda corner: corner[1])
        if ay <= y < by and x < ax + (y - ay) * (bx - ax) / (by - ay):
            odd = not odd
    return odd


def visits(rows, *, merge_gap, period, end):
    """Give stays of rows (person, time, held, run, inside, located) in one zone."""
    rows, stays = sorted(rows), []
    for place, (person, time, held, run, is_in, _) in enumerate(rows):
        if not is_in:
            continue
        before = rows[place - 1] if place else None
        after = rows[place + 1] if place + 1 < len(rows) else None
        same_before = before is not None and before[0] == person and before[3] == run
        same_after = after is not None and after[0] == person and after[3] == run
        own = [stay for stay in stays if stay["person"] == person]
        if (same_before and before[4]) or (own and time - own[-1]["exited"] <= merge_gap):
            stay = stays[-1]
        else:
            first = before is None or before[0] != person
            entry = (
                "crossed"
                if same_before and before[5]
                else "video_start"
                if first and time <= period
                else "appeared"
            )
            stay = {"person": person, "entered": time, "dwell": 0, "entry": entry, "detections": 0}
            stays.append(stay)
        stay["dwell"] += held
        stay["detections"] += 1
        stay["exited"] = time + held
        crossed = same_after and after[5]
        stay["exit"] = "crossed" if crossed else "video_end" if time + held + period >= end else "lost"
    return stays


def occupancy(intervals, close):
    """Give (moment, persons) wherever the count of half-open intervals changes, from 0 to the close."""
    moments = sorted({0, close, *(moment for interval in intervals for moment in interval)})
    rows = [(moment, sum(a <= moment < b for a, b in intervals)) for moment in moments]
    if len(rows) > 1:
        rows[-1] = (close, rows[-2][1])
    return [
        row for place, row in enumerate(rows) if place == 0 or row[0] == close or row[1] != rows[place - 1][1]
    ]


def cover(box, rows, columns):
    """Give the share of each cell that a box (left, top, right, bottom) covers, cell by cell."""
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in box)
    return [
        [
            max(min(right * columns, c + 1) - max(left * columns, c), 0)
            * max(min(bottom * rows, r + 1) - max(top * rows, r), 0)
            for c in range(columns)
        ]
        for r in range(rows)
    ]
