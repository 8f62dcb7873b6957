"""Ways from zone to zone again, as a slow walk over each person's visits."""

import statistics
from collections import defaultdict
from itertools import pairwise


def _by_person(visits):
    """Group visits (zone, person, number, entered, exited, entry, exit) by person, in their order."""
    found = defaultdict(list)
    for visit in visits:
        found[visit[1]].append(visit)
    return {
        person: sorted(own, key=lambda v: (v[3], v[4], v[0], v[2])) for person, own in sorted(found.items())
    }


def _state(kind):
    return "(outside)" if kind == "crossed" else f"({kind})"


def _journeys(own, max_between):
    journeys, latest = [], None
    for visit in own:
        if latest is None or (max_between is not None and visit[3] - latest > max_between):
            journeys.append([])
        latest = visit[4] if latest is None else max(latest, visit[4])
        journeys[-1].append(visit)
    return journeys


def transitions(visits, *, max_between=None):
    """Give (origin, destination) -> (how often, persons, share, mean, median) of visits."""
    ways = defaultdict(list)
    for person, own in _by_person(visits).items():
        for journey in _journeys(own, max_between):
            ways[_state(journey[0][5]), journey[0][0]].append((person, None))
            for before, after in pairwise(journey):
                ways[before[0], after[0]].append((person, max(after[3] - before[4], 0)))
            last = journey[0]
            for visit in journey:
                last = visit if visit[4] >= last[4] else last
            ways[journey[-1][0], _state(last[6])].append((person, None))
    result = {}
    for (origin, destination), found in ways.items():
        times = sorted(time for _, time in found if time is not None)
        result[origin, destination] = (
            len(found),
            len({person for person, _ in found}),
            len(found) / sum(len(other) for pair, other in ways.items() if pair[0] == origin),
            sum(times) // len(times) if times else None,
            round(statistics.median(times)) if times else None,
        )
    return result


def funnel(visits, steps):
    """Give how many persons got to each step: some choice of visits, one a step, entered in order."""

    def gets(own, wanted, since, taken):
        if not wanted:
            return True
        return any(
            visit[0] == wanted[0]
            and visit[3] >= since
            and visit not in taken
            and gets(own, wanted[1:], visit[3], [*taken, visit])
            for visit in own
        )

    people = _by_person(visits).values()
    return [sum(gets(own, steps[:count], -1, []) for own in people) for count in range(1, len(steps) + 1)]


def peak(visits):
    """Give the most visits under way at once, and when first."""
    moments = sorted(visit[3] for visit in visits)
    counts = [(sum(v[3] <= moment < v[4] for v in visits), -moment) for moment in moments]
    most, moment = max(counts, default=(0, 0))
    return (most, -moment) if most else (0, None)
