"""Movement, ways and stops again, as slow loops over rows: what the kernels are measured against."""

import math
from itertools import pairwise

import numpy as np
from naive import position


def stretches(rows):
    """Cut rows (time, x, y, held, run), x None or NaN where not located, into located stretches."""
    found, before = [], None
    for row in rows:
        located = row[1] is not None and not math.isnan(row[1])
        if located and (before is None or before[4] != row[4]):
            found.append([])
        if located:
            found[-1].append(row)
        before = row if located else None
    return found


def nodes(stretch):
    """Give the (time, x, y) of a stretch."""
    return [row[:3] for row in stretch]


def mean(path, moment, half):
    """Give the mean place from ``half`` before to ``half`` after a moment of a path of nodes (time, x, y)."""
    reach = min(half, moment - path[0][0], path[-1][0] - moment)
    if reach == 0:
        return position(path, moment)
    early, late = moment - reach, moment + reach
    bends = [early, *(time for time, _, _ in path if early < time < late), late]
    total = np.zeros(2)
    for start, stop in pairwise(bends):
        total += (np.array(position(path, start)) + np.array(position(path, stop))) / 2 * (stop - start)
    return tuple(total / (late - early))


def change(path, place, half):
    """Give acceleration and turning at one node of a path."""
    time, x, y = path[place]
    if place in {0, len(path) - 1}:
        return math.nan, math.nan
    early = min(max(time - half, path[0][0]), path[place - 1][0])
    late = max(min(time + half, path[-1][0]), path[place + 1][0])
    (ax, ay), (bx, by) = position(path, early), position(path, late)
    past, future = (time - early) / 1000, (late - time) / 1000
    seconds = (past + future) / 2
    gain = (math.hypot(bx - x, by - y) / future - math.hypot(x - ax, y - ay) / past) / seconds
    if (ax, ay) == (x, y) or (bx, by) == (x, y):
        return gain, math.nan
    turn = math.degrees(math.atan2(by - y, bx - x) - math.atan2(y - ay, x - ax))
    while turn <= -180:
        turn += 360
    while turn > 180:
        turn -= 360
    return gain, turn / seconds


def walked(path, window, least):
    """Give (way, time, dx, dy) walked along one stretch's path."""
    length = path[-1][0] - path[0][0]
    way = time = dx = dy = 0.0
    count = max(length // window, 1) if length else 0
    cuts = [path[0][0] + number * length // count for number in range(count + 1)] if count else []
    for start, stop in pairwise(cuts):
        (ax, ay), (bx, by) = mean(path, start, window // 2), mean(path, stop, window // 2)
        if math.hypot(bx - ax, by - ay) >= least * max(stop - start, window) / window:
            way, time = way + math.hypot(bx - ax, by - ay), time + stop - start
            dx, dy = dx + bx - ax, dy + by - ay
    return way, time, dx, dy


def extent(points, directions=16):
    """Give the largest extent of points in some directions over the half circle."""
    angles = [math.pi * number / directions for number in range(directions)]
    reaches = [[x * math.cos(angle) + y * math.sin(angle) for x, y in points] for angle in angles]
    return max(max(reach) - min(reach) for reach in reaches)


def standing(speeds, max_extent):
    """Give the (first, last) rows of the times of standing in a stretch with these speeds."""
    found, stands = [], False
    for row, speed in enumerate(speeds):
        if speed <= 0.3 * max_extent:
            if stands:
                found[-1][1] = row
            else:
                found.append([row, row])
            stands = True
        elif speed > 0.5 * max_extent:
            stands = False
    return found


def stops(stretch, max_extent, min_duration):
    """Give the (first, last) places of the stops in one stretch of rows (time, x, y, held, run)."""
    found, first = [], 0
    while first < len(stretch):
        last = first
        while last < len(stretch) and sum(row[3] for row in stretch[first : last + 1]) < min_duration:
            last += 1
        if last == len(stretch):
            return found
        if extent([row[1:3] for row in stretch[first : last + 1]]) > max_extent:
            first += 1
            continue
        while (
            last + 1 < len(stretch) and extent([row[1:3] for row in stretch[first : last + 2]]) <= max_extent
        ):
            last += 1
        found.append((first, last))
        first = last + 1
    return found
