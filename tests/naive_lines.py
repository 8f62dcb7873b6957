"""Crossings again, exactly: a walk in fractions, past a line that was really moved a little."""

import math
from fractions import Fraction
from itertools import pairwise

EPS = Fraction(1, 10**12)


def _area(a, b, p):
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def squared_distance(line, p):
    """Give the exact squared distance of a point from a polyline."""
    found = []
    for (ax, ay), (bx, by) in pairwise(line):
        size = (bx - ax) ** 2 + (by - ay) ** 2
        share = Fraction((p[0] - ax) * (bx - ax) + (p[1] - ay) * (by - ay), size)
        share = min(max(share, 0), 1)
        found.append((p[0] - ax - share * (bx - ax)) ** 2 + (p[1] - ay - share * (by - ay)) ** 2)
    return min(found)


def step_hits(line, p, q):
    """Give (share, sign) of each crossing of the step p to q with the line moved by EPS and its square."""
    found = []
    moved = [(x + EPS, y + EPS**2) for x, y in line]
    for a, b in pairwise(moved):
        before, after = _area(a, b, p), _area(a, b, q)
        if (before > 0) != (after > 0) and (_area(p, q, a) > 0) != (_area(p, q, b) > 0):
            found.append((before / (before - after), 1 if after > 0 else -1))
    return sorted(found)


def crossings(rows, line, *, min_distance=0):
    """Give (time, person, direction) of rows (person, run, time, x, y), from clear place to clear place."""
    found = []
    rows = sorted(rows)
    far = [squared_distance(line, row[3:]) for row in rows]
    clear = [place for place, away in enumerate(far) if away > Fraction(min_distance) ** 2]
    for begin, end in pairwise(clear):
        if rows[begin][:2] != rows[end][:2]:
            continue
        way = [
            (place, *hit)
            for place in range(begin, end)
            for hit in step_hits(line, rows[place][3:], rows[place + 1][3:])
        ]
        total = sum(sign for _, _, sign in way)
        if total:
            place, share, _ = [hit for hit in way if hit[2] * total > 0][-1]
            time, following = rows[place][2], rows[place + 1][2]
            moment = math.ceil(time + share * (following - time) - Fraction(1, 10**6))
            if share > 1 - Fraction(1, 10**6):  # stands on it: until the last position there
                while far[place + 1] == 0:
                    place += 1
                moment = rows[place][2]
            found.append((max(moment, rows[begin][2] + 1), rows[begin][0], "in" if total > 0 else "out"))
    return found
