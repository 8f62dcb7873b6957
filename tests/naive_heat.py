"""Heat in depth again, as slow loops over rows: what the kernels are measured against."""

import math
from itertools import permutations as orders
from itertools import product

import numpy as np


def cell_of(x, y, bounds, shape):
    """Give row and column of a point's cell, None outside."""
    (x0, y0, x1, y1), (rows, columns) = bounds, shape
    if x is None or math.isnan(x) or not (x0 <= x < x1 and y0 <= y < y1):
        return None
    return int((y - y0) * rows / (y1 - y0)), int((x - x0) * columns / (x1 - x0))


def heatmap(quantity, rows, bounds, shape):
    """Compute a quantity per cell; rows are (person, time, x, y, held, run, speed) by person and time.

    A mean speed is blank where it is known for less than half of the time.
    """
    values = np.zeros(shape)
    weights, present, persons, before = np.zeros(shape), np.zeros(shape), {}, None
    for person, _, x, y, held, run, speed in rows:
        cell = cell_of(x, y, bounds, shape)
        here = (person, run, cell)
        if cell is not None:
            present[cell] += held
            if quantity == "person_seconds":
                values[cell] += held
            elif quantity == "visits":
                values[cell] += here != before
            elif quantity == "people":
                values[cell] += person not in persons.setdefault(cell, set())
                persons[cell].add(person)
            elif not math.isnan(speed):
                values[cell] += speed * held
                weights[cell] += held
        before = here
    if quantity == "mean_speed":
        return np.array(
            [
                [v / w if w and 2 * w >= p else math.nan for v, w, p in zip(*row, strict=True)]
                for row in zip(values, weights, present, strict=True)
            ]
        )
    return values / 1000 if quantity == "person_seconds" else values


def series(rows, bounds, shape, every, count):
    """Sum the held [ms] of rows (time, x, y, held) per bin and cell, millisecond after millisecond."""
    sums = np.zeros((count, *shape), dtype="int64")
    for time, x, y, held in rows:
        cell = cell_of(x, y, bounds, shape)
        for moment in range(time, time + held if cell else time):
            sums[(moment // every, *cell)] += 1
    return sums


def flow_field(rows, bounds, shape):
    """Sum number, duration [s], way and vector of the steps of rows (x, y, held [ms], velocity x and y)."""
    sums = np.zeros((5, *shape))
    for x, y, held, vx, vy in rows:
        cell = None if math.isnan(vx) or held == 0 else cell_of(x, y, bounds, shape)
        if cell is not None:
            seconds = held / 1000
            step = [1, seconds, math.hypot(vx, vy) * seconds, vx * seconds, vy * seconds]
            for place, value in enumerate(step):
                sums[(place, *cell)] += value
    return sums


def all_differences(held, first):
    """Give the difference of means of each cell for every assignment of so many persons to the first set.

    ``time_present`` is (persons, cells); the rows of each result are the assignments.
    """
    persons = len(held)
    chosen = {tuple(sorted(order[:first])) for order in orders(range(persons))}
    result = []
    for group in sorted(chosen):
        inside = np.isin(np.arange(persons), group)
        result.append(held[inside].mean(axis=0) - held[~inside].mean(axis=0))
    return np.array(result)


def all_rate_differences(held, durations):
    """Give the difference of rates of each cell for every way to label the persons, and each one's chance."""
    share = durations[0] / sum(durations)
    differences, chances = [], []
    for labels in product([True, False], repeat=len(held)):
        inside = np.array(labels)
        differences.append(held[inside].sum(axis=0) / durations[0] - held[~inside].sum(axis=0) / durations[1])
        chances.append(share ** inside.sum() * (1 - share) ** (~inside).sum())
    return np.array(differences), np.array(chances)
