"""The definitions of cleaning again, as slow loops: what the vectorised kernels are measured against."""

import math
from itertools import pairwise, permutations

import naive


def new_rows(rows, *, max_gap, limit, period):
    """Give (person, time, place) of the rows to be put in; rows are (person, time, place or None)."""
    new = []
    for (person, time, place), (other, later, further) in pairwise(sorted(rows, key=lambda row: row[:2])):
        if person == other and max_gap < later - time <= limit and place is not None and further is not None:
            for moment in range(time + period, later, period):
                share = (moment - time) / (later - time)
                new.append(
                    (person, moment, [a + (b - a) * share for a, b in zip(place, further, strict=True)])
                )
    return new


def smoothed(nodes, time, half):
    """Give the mean place around a moment by summing over ms, nodes (time, x, y) being one stretch."""
    if not any(0 < abs(node[0] - time) <= half for node in nodes):
        return next(node[1:] for node in nodes if node[0] == time)
    reach = min(half, time - nodes[0][0], nodes[-1][0] - time)
    if reach == 0:
        return next(node[1:] for node in nodes if node[0] == time)
    places = [naive.position(nodes, moment + 0.5) for moment in range(time - reach, time + reach)]
    return sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)


def too_far(row, other, max_speed):
    """Tell whether two rows (time, x, y) are further apart than can be walked."""
    return math.dist(row[1:], other[1:]) * 1000 > max_speed * (other[0] - row[0])


def away(rows, max_speed):
    """Give the places of the rows (time, x, y) of one run that are away."""
    sections = []
    for place, row in enumerate(rows):
        if place and not too_far(rows[place - 1], row, max_speed):
            sections[-1].append(place)
        else:
            sections.append([place])
    found = set()
    while True:
        taken = []
        for middle in range(1, len(sections) - 1):
            before, here, after = sections[middle - 1 : middle + 2]
            walkable = not too_far(rows[before[-1]], rows[after[0]], max_speed)
            small = len(here) <= min(len(before), len(after))
            if walkable and small and middle - 1 not in taken:
                taken.append(middle)
        if not taken:
            return found
        joined = []
        for place, section in enumerate(sections):
            if place in taken:
                found |= set(range(section[0], section[-1] + 1))
            elif place - 1 in taken:
                joined[-1] = joined[-1] + section
            else:
                joined.append(section)
        sections = joined


def best_choice(pairs, unmatched):
    """Give the cheapest choice of joins, pairs being {(before, after): cost}, by trying them all."""
    befores = sorted({before for before, _ in pairs})
    afters = sorted({after for _, after in pairs}) + [None] * len(befores)
    best, least = set(), math.inf
    for choice in set(permutations(afters, len(befores))):
        joins = {pair for pair in zip(befores, choice, strict=True) if pair in pairs}
        total = sum(pairs[pair] for pair in joins) + unmatched * (len(befores) - len(joins))
        if total < least - 1e-12:
            best, least = joins, total
    return best


def margin(pairs, chosen, join, unmatched):
    """Give by how much the choice gets dearer if one track of a join is used otherwise."""
    least = math.inf
    for before, after in set(pairs) - chosen:
        out = {one for one in chosen if one[0] == before or one[1] == after}
        if join not in out:
            continue
        lost = sum(unmatched - pairs[one] for one in out)
        won = unmatched - pairs[before, after]
        left = {one[0] for one in out} - {before}, {one[1] for one in out} - {after}
        for pair in ((one, other) for one in left[0] for other in left[1]):
            won += unmatched - pairs[pair] if pair in pairs else 0
        least = min(least, lost - won)
    return least


def first_of_chain(after, person):
    """Follow {later: earlier} to the first of a chain."""
    while person in after:
        person = after[person]
    return person


def cost(stop, start, *, max_gap, max_speed=3.0, max_drift=1.0):
    """Give the cost of joining two tracks of points (ms, x, y) in meters, None where they cannot be."""
    gap = (start[0][0] - stop[-1][0]) / 1000
    one, other = _velocity(stop, stop[-1][0], max_speed), _velocity(start, start[0][0], max_speed)
    dx, dy = start[0][1] - stop[-1][1], start[0][2] - stop[-1][2]
    against = one[0] * other[0] + one[1] * other[1] < -0.5 * math.hypot(*one) * math.hypot(*other)
    if not 0 < gap <= 2 * max_gap or math.hypot(dx, dy) > max_speed * gap + 0.5:
        return None
    if against and min(math.hypot(*one), math.hypot(*other)) > 0.5:
        return None
    reach = 0.8 * (1 - math.exp(-gap / 1.6))
    drift = math.hypot(dx - (one[0] + other[0]) * reach, dy - (one[1] + other[1]) * reach)
    turn = math.hypot(other[0] - one[0], other[1] - one[1])
    return math.hypot(drift / (0.5 + max_drift * gap), turn / max_speed, 0.25, gap / (4 * max_gap))


def _velocity(track, edge, max_speed):
    """Give the slope of the rows within 0.8 s of the edge, drawn towards 0."""
    near = [(t / 1000, x, y) for t, x, y in track if abs(t - edge) <= 800]
    middle = sum(t for t, _, _ in near) / len(near)
    spread = sum((t - middle) ** 2 for t, _, _ in near) + 0.02
    slope = [sum((row[0] - middle) * row[axis] for row in near) / spread for axis in (1, 2)]
    shrink = min(1.0, max_speed / max(math.hypot(*slope), 1e-9))
    return slope[0] * shrink, slope[1] * shrink
