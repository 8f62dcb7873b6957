"""The definitions of crowds again, as slow loops: what the vectorised kernels are measured against."""

import math
from itertools import combinations, pairwise


def bins(rows, end, every):
    """Give (start, length, person-ms, largest) of a count (moment, persons) that holds until the next row."""
    result = []
    for start in range(0, end, every):
        stop = min(start + every, end)
        counts = [0]
        total = 0
        for (since, persons), (until, _) in pairwise(rows):
            time = min(until, stop) - max(since, start)
            if time > 0:
                total += persons * time
                counts.append(persons)
        result.append((start, stop - start, total, max(counts)))
    return result


def stretches(rows):
    """Cut one person's rows (time, held, run, x, y) where the position is unknown and between runs."""
    result, previous = [], None
    for row in sorted(rows):
        if row[3] is not None:
            if previous is None or previous[3] is None or previous[2] != row[2]:
                result.append([])
            result[-1].append(row)
        previous = row
    return result


def where(rows, moment):
    """Give the place (x, y, end of the located presence) of a person at a moment, or None."""
    for stretch in stretches(rows):
        end = stretch[-1][0] + stretch[-1][1]
        for place, (time, held, _, x, y) in enumerate(stretch):
            if time <= moment < time + held:
                following = stretch[min(place + 1, len(stretch) - 1)]
                share = (moment - time) / held
                return x + (following[3] - x) * share, y + (following[4] - y) * share, end
    return None


def encounters(persons, *, limit, shortest, gap, period):
    """Give {(one, other): [(began, ended, near, mean, least, x, y)]} of persons -> rows."""
    times = [row[0] for rows in persons.values() for row in rows]
    start, last = min(times), max(row[0] + row[1] for rows in persons.values() for row in rows)
    result = {}
    for one, other in combinations(sorted(persons), 2):
        met = []
        for moment in range(start, last, period):
            here, there = where(persons[one], moment), where(persons[other], moment)
            if here is None or there is None:
                continue
            distance = math.hypot(here[0] - there[0], here[1] - there[1])
            if distance > limit:
                continue
            until = min(moment + period, here[2], there[2])
            time, x, y = until - moment, (here[0] + there[0]) / 2, (here[1] + there[1]) / 2
            if met and moment - met[-1][1] <= gap:
                began, _, near, far, least, sum_x, sum_y, xs, ys = met.pop()
            else:
                began, near, far, least, sum_x, sum_y, xs, ys = moment, 0, 0, math.inf, 0, 0, [], []
            met.append(
                (
                    began,
                    until,
                    near + time,
                    far + distance * time,
                    min(least, distance),
                    sum_x + x * time,
                    sum_y + y * time,
                    [*xs, x],
                    [*ys, y],
                )
            )
        kept = [
            (
                began,
                ended,
                near,
                far / near,
                least,
                x / near,
                y / near,
                math.hypot(max(xs) - min(xs), max(ys) - min(ys)),
            )
            for began, ended, near, far, least, x, y, xs, ys in met
            if near >= shortest
        ]
        if kept:
            result[one, other] = kept
    return result


def shared(persons, one, other):
    """Count the milliseconds at which both are present, one by one."""

    def moments(person):
        return {ms for time, held, *_ in persons[person] for ms in range(time, time + held)}

    return len(moments(one) & moments(other))


def groups(numbers, links):
    """Give {person: (group, size)} by spreading along links."""
    group = {person: person for person in numbers}
    for _ in numbers:
        for one, other in links:
            group[one] = group[other] = min(group[one], group[other])
    order = sorted(set(group.values()))
    return {
        person: (order.index(first) + 1, list(group.values()).count(first)) for person, first in group.items()
    }


def fundamental(persons, inside, *, window, end, every):
    """Give (person-ms, known ms, way) of each interval, going through every row and interval."""
    result = [[0, 0, 0.0] for _ in range(0, end, every)]
    for rows in persons.values():
        rows = sorted(rows)  # noqa: PLW2901 - the same rows, in order
        for time, held, _, x, y, speed in rows:
            if x is None or not inside(x, y):
                continue
            for number, cell in enumerate(result):
                since = max(time, number * every, window[0])
                until = min(time + held, (number + 1) * every, window[1])
                if until > since:
                    cell[0] += until - since
                    if speed is not None:
                        cell[1] += until - since
                        cell[2] += speed * (until - since)
    return result
