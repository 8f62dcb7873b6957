"""Stays in a zone again, as a slow walk over rows: what the vectorised kernels are measured against."""

import math
from itertools import pairwise

import naive

FOREVER = 10**12


def distance(rings, x, y):
    """Give the distance from a point to the nearest edge of rings of corners."""
    found = math.inf
    for ring in rings:
        for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
            squared = (bx - ax) ** 2 + (by - ay) ** 2
            share = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / squared if squared else 0.0
            share = min(max(share, 0.0), 1.0)
            found = min(found, math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay)))
    return found


def inside(rows, rings, margin):
    """Tell of each row (person, time, held, run, x, y), in order, whether it is inside; x None: nowhere."""
    result = []
    for place, (person, _, _, run, x, y) in enumerate(rows):
        within = x is not None and sum(naive.inside(ring, x, y) for ring in rings) % 2 == 1
        if not within and x is not None and margin > 0 and place:
            same = rows[place - 1][0] == person and rows[place - 1][3] == run
            within = same and result[-1] and distance(rings, x, y) <= margin
        result.append(within)
    return result


def visits(
    rows, rings, *, window=(0, FOREVER), margin=0, enter_after=0, merge_gap=0, min_dwell=0, period, end
):
    """Give the stays of rows (person, time, held, run, x, y) in a zone that holds in a window."""
    merged = []
    for one in stretches(rows, rings, window, margin, period, end):
        if one["exited"] - one["entered"] < enter_after:
            continue
        last = merged[-1] if merged and merged[-1]["person"] == one["person"] else None
        if last and one["entered"] - last["exited"] <= merge_gap:
            last |= {"exited": one["exited"], "exit": one["exit"], "dwell": last["dwell"] + one["dwell"]}
            last["detections"] += one["detections"]
        else:
            merged.append(dict(one))
    kept = [one for one in merged if one["dwell"] >= min_dwell]
    for place, one in enumerate(kept):
        again = place and kept[place - 1]["person"] == one["person"]
        one["visit"] = kept[place - 1]["visit"] + 1 if again else 1
        one["since_previous_visit"] = one["entered"] - kept[place - 1]["exited"] if again else None
    return kept


def stretches(rows, rings, window, margin, period, end):
    """Give the stretches inside, row by row, each cut to the window."""
    rows = sorted(rows)
    positions, found, current = inside(rows, rings, margin), [], None
    for place, (person, time, held, *_) in enumerate(rows):
        since, until = max(time, window[0]), min(time + held, window[1])
        counts = since < until or (held == 0 and window[0] <= time < window[1])
        if not (positions[place] and counts):
            current = None
            continue
        before, after = neighbor(rows, place, -1), neighbor(rows, place, 1)
        if current is None or before is None:
            opened = time < window[0] or (before is not None and positions[place - 1])
            first = not any(row[0] == person for row in rows[:place])
            unseen = "video_start" if first and time <= period else "appeared"
            entry = "zone_opened" if opened else "crossed" if before and before[4] is not None else unseen
            current = {"person": person, "entered": since, "entry": entry, "dwell": 0, "detections": 0}
            found.append(current)
        closed = time + held > window[1] or (after is not None and positions[place + 1])
        unseen = "video_end" if until + period >= end else "lost"
        gone = "zone_closed" if closed else "crossed" if after and after[4] is not None else unseen
        current |= {"exited": until, "exit": gone, "dwell": current["dwell"] + until - since}
        current["detections"] += 1
    return found


def neighbor(rows, place, step):
    """Give the row beside one, if there is one of the same run."""
    other = rows[place + step] if 0 <= place + step < len(rows) else None
    return other if other and (other[0], other[3]) == (rows[place][0], rows[place][3]) else None
