"""Faces, switches and tallies again, as slow loops over rows."""

import math
import statistics
from itertools import pairwise


def _off(a, b):
    """Give the angle between two directions in the picture [degrees]."""
    return abs((a - b + 180) % 360 - 180)


def looks_at_outline(face, yaw, pitch, corners, *, within, steps=400):
    """Tell whether the cone about the gaze meets an outline, by walking along it in small steps."""
    across = math.sin(math.radians(yaw)) * math.cos(math.radians(pitch))
    gaze = math.degrees(math.atan2(-math.sin(math.radians(pitch)), across))
    least = 180.0
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        for step in range(steps):
            x = ax + (bx - ax) * step / steps - face[0]
            y = ay + (by - ay) * step / steps - face[1]
            least = min(least, _off(math.degrees(math.atan2(y, x)), gaze))
    return least, least <= within


def turned_from_camera(yaw, pitch):
    """Give the angle between the face and the way to the camera [degrees]."""
    return math.degrees(math.acos(math.cos(math.radians(yaw)) * math.cos(math.radians(pitch))))


def switches(rows, size, max_gap):
    """Count suspected switches of rows (person, time, left, top, width, height), None as left: no box."""
    found = 0
    boxes = sorted(row for row in rows if row[2] is not None)
    for before, after in pairwise(boxes):
        seconds = (after[1] - before[1]) / 1000
        if before[0] != after[0] or seconds * 1000 > max_gap:
            continue
        (x0, y0), (x1, y1) = (((b[2] + b[4] / 2) * size[0], (b[3] + b[5]) * size[1]) for b in (before, after))
        far = math.hypot(x1 - x0, y1 - y0) > max(before[5], after[5]) * size[1] * (0.5 + 2 * seconds)
        whole = all(b[3] > 1e-6 and b[3] + b[5] < 1 - 1e-6 for b in (before, after))
        ratio = max(before[5], after[5]) / min(before[5], after[5])
        found += far or (whole and ratio > 1.3 * 1.5**seconds)
    return found


def agreement(events, tally):
    """Give name -> figures of events (name, time) and a tally (name, start, length, count)."""
    found = {}
    for name in sorted({row[0] for row in tally}):
        mine = [row for row in tally if row[0] == name]
        counted = [sum(e[0] == name and s <= e[1] < s + length for e in events) for _, s, length, _ in mine]
        off = [c - row[3] for c, row in zip(counted, mine, strict=True)]
        geh = []
        for c, (_, _, length, m) in zip(counted, mine, strict=True):
            c_hour, m_hour = c * 3.6e6 / length, m * 3.6e6 / length
            both = c_hour + m_hour
            geh.append(math.sqrt(2 * (c_hour - m_hour) ** 2 / both) if both else 0.0)
        found[name] = (
            len(mine),
            sum(row[3] for row in mine),
            sum(counted),
            statistics.mean(off),
            statistics.mean(map(abs, off)),
            statistics.mean(geh),
        )
    return found
