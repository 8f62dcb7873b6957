"""The floor's arithmetic again, one point at a time in plain Python."""

import math


def bend(point, *, k1, k2, focal, center):
    """Carry one straight point to where the lens shows it."""
    x, y = ((value - c) / f for value, c, f in zip(point, center, focal, strict=True))
    r = math.hypot(x, y)
    share = 1 + k1 * r**2 + k2 * r**4
    return center[0] + focal[0] * x * share, center[1] + focal[1] * y * share


def straighten(point, *, k1, k2, focal, center):
    """Find the straight radius of one seen point by halving, below where the bent radius stops growing."""
    x, y = ((value - c) / f for value, c, f in zip(point, center, focal, strict=True))
    seen, low, high = math.hypot(x, y), 0.0, 0.0
    step = 1e-3
    while high < 3 and (high + step) * (1 + k1 * (high + step) ** 2 + k2 * (high + step) ** 4) > (
        high * (1 + k1 * high**2 + k2 * high**4)
    ):
        high += step
    if seen > high * (1 + k1 * high**2 + k2 * high**4) or seen == 0:
        return (math.nan, math.nan) if seen else tuple(point)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * (1 + k1 * middle**2 + k2 * middle**4) < seen else (low, middle)
    return tuple(c + f * value * low / seen for value, c, f in zip((x, y), center, focal, strict=True))


def project(matrix, point):
    """Carry one point by a 3 x 3 matrix; nowhere at or beyond the horizon."""
    u, v, w = (row[0] * point[0] + row[1] * point[1] + row[2] for row in matrix)
    return (u / w, v / w) if w > 0 else (math.nan, math.nan)


def squares(matrix, pairs):
    """Sum the squared distances on the floor of pairs (x, y in the picture, x, y on the floor)."""
    return sum(
        (place[0] - u) ** 2 + (place[1] - v) ** 2
        for x, y, u, v in pairs
        for place in [project(matrix, (x, y))]
    )


def density(points, seconds, *, bounds, shape, duration):
    """Count the mean number of persons on a square meter, point by point."""
    (x0, y0, x1, y1), (rows, columns) = bounds, shape
    across, down = (x1 - x0) / columns, (y1 - y0) / rows
    grid = [[0.0] * columns for _ in range(rows)]
    for (x, y), held in zip(points, seconds, strict=True):
        if x0 <= x < x1 and y0 <= y < y1:
            grid[int((y - y0) // down)][int((x - x0) // across)] += held / (across * down * duration)
    return grid
