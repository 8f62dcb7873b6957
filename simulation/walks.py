"""True walks: positions of each person per millisecond, and the resulting answers."""

from dataclasses import dataclass

import numpy as np

from simulation.scene import (
    DOOR,
    FRONT,
    FURNITURE,
    SPOTS,
    ZONES,
    Camera,
    Corners,
    Floats,
    depth_inside,
)

CLEARANCE = 0.15  # from furniture [m]
GRAZE = 0.12  # people who come closer to the border of a zone than this cross it [m]
LEAST_STAY = 500  # inside or outside of a zone, and in sight [ms]
LEAST_SIGHT = 6_000  # in sight at all [ms]
SMOOTHING = 450  # width of the window that rounds corners and softens starts, applied twice [ms]
LIKING = (0.1, 0.25, 0.25, 0.2, 0.2)  # probability of each of the SPOTS
TRIES = 2_000


@dataclass(frozen=True)
class Walk:
    """True path of one person through the scene, while visible to the camera.

    Attributes
    ----------
    begin : first visible time since the video's start [ms]
    positions : position at each ms from ``begin`` on, shape (n, 2) [m]
    gaze : direction of view at each ms: 0 = +x, growing towards +y, shape (n,) [rad]
    body_height, body_width : [m]
    """

    begin: int
    positions: Floats
    gaze: Floats
    body_height: float
    body_width: float

    @property
    def end(self) -> int:
        """End of visibility, exclusive [ms]."""
        return self.begin + len(self.positions)


def make_walk(rng: np.random.Generator, arrival: int, duration: int) -> Walk:
    """Simulate the walk of one person through the shop, with unambiguous entries and exits.

    Paths that run into furniture, over the sides of the image or along the border of a zone are drawn again.

    Parameters
    ----------
    rng : random number generator
    arrival : time of arrival on the pavement, possibly before the video's start [ms]
    duration : duration of the video [ms]

    Raises
    ------
    RuntimeError
        if no such path was found
    """
    for _ in range(TRIES):
        positions = _way(rng)
        seen = np.flatnonzero(positions[:, 1] >= 0)
        first, last = max(int(seen[0]), -arrival), min(int(seen[-1]) + 1, duration - arrival)
        if last - first >= LEAST_SIGHT and _is_decisive(positions[first:last]):
            gaze = _gaze(rng, positions)[first:last]
            return Walk(
                arrival + first, positions[first:last], gaze, rng.uniform(1.6, 1.9), rng.uniform(0.45, 0.6)
            )
    raise RuntimeError(
        f"no unambiguous path through the shop in {TRIES} tries for an arrival at {arrival} ms"
    )


def _way(rng: np.random.Generator) -> Floats:
    """Return positions at each ms from pavement to pavement, slightly curved, shape (n, 2) [m]."""
    stops, pauses = _stops(rng)
    legs = np.diff(stops, axis=0)
    walks = 1000 * np.hypot(legs[:, 0], legs[:, 1]) / rng.uniform(0.8, 1.3, len(legs))
    changes = np.cumsum(np.column_stack([pauses, [*walks, 0]]).ravel())[:-1]  # leaves, arrives, leaves ...
    progress = np.interp(np.arange(int(changes[-1]) + 1), [0, *changes], np.repeat(np.arange(len(stops)), 2))
    leg = np.minimum(progress.astype(np.int64), len(legs) - 1)
    bows = rng.normal(0, 0.06, (len(legs), 1)) * np.column_stack([-legs[:, 1], legs[:, 0]])
    share = (progress - leg)[:, None]
    positions = stops[leg] + share * legs[leg] + np.sin(np.pi * share) * bows[leg]
    return np.stack([_smooth(line) for line in positions.T], axis=1)


def _stops(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw the stops of a person, shape (n, 2) [m], and the duration of each, shape (n,) [ms]."""
    stops = [(rng.uniform(1.6, 2.8), -1.2), (rng.uniform(1.6, 3.0), rng.uniform(1.8, 2.3))]
    for place in rng.choice(list(SPOTS), size=rng.integers(1, 4), replace=False, p=LIKING):
        for _ in range(rng.integers(1, 3)):
            stops.append(_spot(rng, place, stops[-1]))
    pauses = np.minimum(1000 * rng.lognormal(1.7, 0.8, len(stops) - 2), 60_000)
    stops += [(rng.uniform(1.6, 3.0), rng.uniform(1.8, 2.3)), (rng.uniform(1.6, 2.8), -1.2)]
    return np.array(stops), np.array([0, 0, *pauses, 0, 0])


def _spot(rng: np.random.Generator, place: str, here: tuple[float, float]) -> tuple[float, float]:
    """Draw a position to stand; redraw it a few times if furniture hides it [m]."""
    for _ in range(10):
        left, back, right, front = SPOTS[place][rng.integers(len(SPOTS[place]))]
        spot = (rng.uniform(left, right), rng.uniform(back, front))
        line = np.linspace(here, spot, 40)
        if not any(_runs_into(block, line) for block in _blocks()):
            break
    return spot


def _smooth(values: Floats) -> Floats:
    """Apply a moving mean twice, with the ends repeated."""
    for _ in range(2):
        padded = np.pad(values, (SMOOTHING // 2, SMOOTHING - 1 - SMOOTHING // 2), mode="edge")
        total = np.concatenate([[0.0], np.cumsum(padded)])
        values = (total[SMOOTHING:] - total[:-SMOOTHING]) / SMOOTHING
    return values


def _gaze(rng: np.random.Generator, positions: Floats) -> Floats:
    """Return the direction of view: ahead while walking, slowly turning while standing [rad]."""
    step = positions[20::20] - positions[:-20:20]
    walking = np.flatnonzero(np.hypot(step[:, 0], step[:, 1]) > 0.005)
    heading = np.unwrap(np.arctan2(step[walking, 1], step[walking, 0]))
    time = np.arange(len(positions))
    look = 0.9 * np.sin(time / rng.uniform(1_500, 3_000) + rng.uniform(0, 2 * np.pi))
    gaze: Floats = np.interp(time, 20 * walking, heading) + look
    return gaze


def _is_decisive(positions: Floats) -> bool:
    """Return whether every entry and exit is unambiguous for a human observer."""
    coarse = positions[::20]
    across = Camera().project(coarse)[:, 0]
    if across.min() < 0.04 or across.max() > 0.96 or any(_runs_into(block, coarse) for block in _blocks()):
        return False
    outlines = [*ZONES.values(), _inside_the_shop()]
    return all(_is_clear_of_border(depth_inside(coarse, outline)) for outline in outlines)


def _is_clear_of_border(depth: Floats) -> bool:
    """Return whether each border crossing is complete, with time before, between and after."""
    inside = [np.flatnonzero(np.diff(depth > level)) for level in (-GRAZE, 0, GRAZE)]
    if not len(inside[0]) == len(inside[1]) == len(inside[2]):
        return False
    changes = 20 * np.concatenate([[0], inside[1], [len(depth)]])
    return bool((np.diff(changes) > LEAST_STAY + 20).all())


def _runs_into(block: Corners, points: Floats) -> bool:
    return bool((depth_inside(points, block) > -CLEARANCE).any())


def _blocks() -> list[Corners]:
    """Return the outlines of the furniture and of the front wall on both sides of the door [m]."""
    blocks = [(block.left, block.back, block.right, block.front) for block in FURNITURE]
    walls = [(-50.0, FRONT - 0.1, DOOR[0][0], FRONT), (DOOR[1][0], FRONT - 0.1, 50.0, FRONT)]
    return [
        ((left, back), (right, back), (right, front), (left, front))
        for left, back, right, front in [*blocks, *walls]
    ]


def _inside_the_shop() -> Corners:
    """Return the half plane behind the door as a large outline [m]."""
    return ((-50.0, FRONT), (50.0, FRONT), (50.0, 50.0), (-50.0, 50.0))


@dataclass(frozen=True)
class Truth:
    """True answers about one person, to the millisecond.

    Attributes
    ----------
    appeared, vanished : start and exclusive end of visibility [ms]
    visits : zone, entered [ms], exited [ms]: the longest visible intervals inside
    crossings : first time on the other side of the door's line [ms], direction
    """

    appeared: int
    vanished: int
    visits: tuple[tuple[str, int, int], ...]
    crossings: tuple[tuple[int, str], ...]


def observe(walk: Walk) -> Truth:
    """Compute one person's visits to zones and crossings of the door."""
    visits = tuple(visit for zone in ZONES for visit in _visits(zone, walk))
    return Truth(walk.begin, walk.end, visits, _crossings(walk))


def _visits(zone: str, walk: Walk) -> list[tuple[str, int, int]]:
    inside = depth_inside(walk.positions, ZONES[zone]) >= 0
    changes = np.flatnonzero(np.diff(inside, prepend=False, append=False)) + walk.begin
    return [(zone, entered, exited) for entered, exited in changes.reshape(-1, 2).tolist()]


def _crossings(walk: Walk) -> tuple[tuple[int, str], ...]:
    """Return the direction "in" or "out": in is to the right, which is (-dy, dx) with y downwards."""
    first, last = np.array(DOOR)
    along = last - first
    right = (walk.positions - first) @ np.array([-along[1], along[0]]) >= 0
    share = (walk.positions - first) @ along / (along @ along)
    moments = (np.flatnonzero(np.diff(right)) + 1).tolist()
    return tuple(
        (moment + walk.begin, "in" if right[moment] else "out")
        for moment in moments
        if 0 <= share[moment] <= 1
    )
