"""An open square without furniture: people in groups walk in and out over the borders of the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulation.archive import floor_json, page_names, pages_of, write_json
from simulation.detection import (
    FOOT_NOISE,
    FRAME_RATE,
    TOP_NOISE,
    WIDTH_NOISE,
    Plan,
    Recording,
    Sighting,
    Times,
    sample_times,
)
from simulation.scene import WIDTH, Camera, Floats

GROUP_SIZES, SIZE_SHARES = (1, 2, 3, 4), (0.4, 0.35, 0.15, 0.1)
NEAREST, FARTHEST = 6.2, 3.0  # y of the paths; closer to the camera the feet are below the image [m]
BELOW = 7.9  # y of people whose feet are below the image [m]
BESIDE = 2.0  # distance beyond the image border at which a path starts and ends [m]
ABREAST = 0.75  # distance between neighbors of a group [m]
LEAST_VISIBLE = 0.4  # part of the width of a body that must be in the image to be detected
STRIDE, SWAY_PERIOD = 1_100, 3_300  # of walking and of standing [ms]
SMOOTHING = 500  # width of the window in which people start and stop [ms]
SLOW, FAST = 0.9, 1.4  # [m/s]
PAUSE = (8_000, 20_000)  # [ms]
EARLY = 20_000  # time between the arrival of the first group and the start of the video [ms]
LOST_EARLY = 2_000  # time between the loss of a person and their next step [ms]
LEAST_DETECTIONS = 5
FACE_COLUMNS = 20
SQUARE = Plan("square", 240_000, 30)  # the video that ``--scene square`` writes; persons are groups

Interval = tuple[int, int]


@dataclass(frozen=True)
class Visitor:
    """True positions and detections of one person.

    Attributes
    ----------
    group : number of the group, from 1
    entered, left : ``left`` or ``right`` border of the image, otherwise ``start``, ``end`` or ``lost``
    stands : interval in which the person stands still [ms]
    begin : time of the first position [ms]
    positions : position at each ms from ``begin`` on, without sway, shape (n, 2) [m]
    sighting : the detections
    """

    group: int
    entered: str
    left: str
    stands: tuple[Interval, ...]
    begin: int
    positions: Floats
    sighting: Sighting


@dataclass(frozen=True)
class Course:
    """True path of one person: position at each ms after the arrival, shape (n, 2) [m]."""

    group: int
    arrival: int
    path: Floats
    stand: Interval
    sides: Sequence[str]
    is_lost: bool


def simulate_square(
    seed: int,
    *,
    duration: int = SQUARE.duration,
    groups: int = SQUARE.persons,
    sway: float = 0.03,
    lost: float = 0.15,
) -> list[Visitor]:
    """Simulate one video of the square.

    Each group walks in over a side of the image, stands for a while, and walks out over a side. The tracker
    permanently loses some people while they stand, in the middle or with the feet below the image.

    Parameters
    ----------
    seed : seed of the random numbers
    duration : duration of the video [ms]
    groups : number of groups
    sway : lateral amplitude of walking bodies; standing bodies have half of this amplitude [m]
    lost : share of groups that the tracker loses while they stand
    """
    times = sample_times(np.random.default_rng([seed, 0]), duration, FRAME_RATE)
    visitors = []
    for group in range(1, groups + 1):
        rng = np.random.default_rng([seed, group])
        size = int(rng.choice(GROUP_SIZES, p=SIZE_SHARES))
        arrival = round((group - 1) * duration / groups) - EARLY
        is_lost = bool(rng.random() < lost)
        y = BELOW if is_lost and rng.random() < 0.5 else rng.uniform(FARTHEST, NEAREST)
        sides = rng.choice(["left", "right"], size=2).tolist()
        way, stand = _walk(rng, y, sides)
        for member in range(size):  # in rows of two
            place = ABREAST * np.array([-(member // 2), member % 2])
            visitor = _visit(rng, Course(group, arrival, way + place, stand, sides, is_lost), sway, times)
            if visitor is not None:
                visitors.append(visitor)
    return sorted(visitors, key=lambda visitor: int(visitor.sighting.timestamps[0]))


def _walk(rng: np.random.Generator, y: float, sides: Sequence[str]) -> tuple[Floats, Interval]:
    """Return a path over the square at each ms, shape (n, 2) [m], and the standing interval [ms]."""
    middle = np.array([rng.uniform(3.5, 6.5), y])
    ends = [np.array([_border(side, y), y]) for side in sides]
    speed = rng.uniform(SLOW, FAST)
    lengths = [round(1000 * float(np.linalg.norm(end - middle)) / speed) for end in ends]
    pause = int(rng.integers(*PAUSE))
    knots = np.cumsum([0, lengths[0], pause, lengths[1]])
    path = np.array([ends[0], middle, middle, ends[1]])
    moments = np.arange(knots[-1] + 1)
    way = np.stack([np.interp(moments, knots, line) for line in path.T], axis=1)
    kernel = np.full(SMOOTHING, 1 / SMOOTHING)
    half = SMOOTHING // 2
    padded = np.pad(way, ((half, SMOOTHING - 1 - half), (0, 0)), mode="edge")
    way = np.stack([np.convolve(line, kernel, mode="valid") for line in padded.T], axis=1)
    return way, (int(knots[1]) + half, int(knots[2]) - half)


def _border(side: str, y: float) -> float:
    """Return x of a point beyond the left or the right border of the image, at a distance [m]."""
    x = np.linspace(-20.0, 30.0, 5_001)
    across = Camera().project(np.column_stack([x, np.full(len(x), y)]))[:, 0]
    inside = x[(across > 0) & (across < 1)]
    return float(inside[0] - BESIDE) if side == "left" else float(inside[-1] + BESIDE)


def _visit(rng: np.random.Generator, course: Course, sway: float, times: Times) -> Visitor | None:
    """Simulate the walk and the detections of one person; None without detections."""
    path, arrival, stand = course.path, course.arrival, course.stand
    until = arrival + (stand[1] - LOST_EARLY if course.is_lost else len(path))
    moments = times[(times >= arrival) & (times < until)]
    boxes, visible = _boxes(rng, path, moments - arrival, stand, sway)
    if visible.sum() < LEAST_DETECTIONS:
        return None
    moments, boxes = moments[visible], boxes[visible]
    first, last = int(moments[0]), int(moments[-1])
    end = int(times[-1])
    begins, ends = max(stand[0] + arrival, 0), min(stand[1] + arrival, until, end)
    faces = np.full((len(moments), FACE_COLUMNS), np.nan, np.float32)
    return Visitor(
        group=course.group,
        entered="start" if first == times[0] else course.sides[0],
        left="end" if last == end else "lost" if course.is_lost else course.sides[1],
        stands=((begins, ends),) if ends > begins else (),
        begin=arrival,
        positions=path,
        sighting=Sighting(moments, boxes.astype(np.float32), faces, (), ()),
    )


def _boxes(
    rng: np.random.Generator, path: Floats, at: Times, stand: Interval, sway: float
) -> tuple[Floats, np.ndarray]:
    """Return the boxes, clipped to the image, and a mask of boxes that are large enough to detect."""
    camera, count = Camera(), len(at)
    walking = (at < stand[0]) | (at > stand[1])
    period = np.where(walking, STRIDE, SWAY_PERIOD)
    swing = np.where(walking, sway, sway / 2) * np.sin(2 * np.pi * at / period + rng.uniform(0, 2 * np.pi))
    body = path[at] + np.column_stack([0.3 * swing, swing])
    height, width = rng.uniform(1.6, 1.9), rng.uniform(0.45, 0.6)
    foot = camera.project(body) + rng.normal(0, FOOT_NOISE, (count, 2))
    top = camera.project(body, height)[:, 1] + rng.normal(0, TOP_NOISE, count)
    half = camera.focal / WIDTH * width / camera.ahead(body) / 2 * (1 + rng.normal(0, WIDTH_NOISE, count))
    left, right = np.clip(foot[:, 0] - half, 0, 1), np.clip(foot[:, 0] + half, 0, 1)
    top, bottom = np.clip(top, 0, 1), np.clip(foot[:, 1], 0, 1)
    visible = (right - left >= LEAST_VISIBLE * 2 * half) & (bottom > top)
    return np.stack([left, top, right - left, bottom - top], axis=1), visible


def write_square(out: Path, plans: Sequence[Plan], seed: int) -> int:
    """Write the pages, the floor plan and the true answers of a video of the square.

    Parameters
    ----------
    out : the folder
    plans : name and duration of one video; ``persons`` is the number of groups
    seed : seed of the random numbers; the same seed produces the same bytes

    Returns
    -------
    number of detections in the pages
    """
    (plan,) = plans
    visitors = simulate_square(seed, duration=plan.duration, groups=plan.persons)
    recording = Recording(plan, (), tuple(visitor.sighting for visitor in visitors))
    for name, page in zip(page_names(recording), pages_of(recording, seed), strict=True):
        write_json(out / "pages" / name, page)
    write_json(out / "floor.json", floor_json(), indent=1)
    persons = [
        {
            "person_index": number,
            "group": visitor.group,
            "entered": visitor.entered,
            "left": visitor.left,
            "stands": [list(stand) for stand in visitor.stands],
        }
        for number, visitor in enumerate(visitors)
    ]
    answers = {plan.name: {"duration": plan.duration, "persons": persons}}
    write_json(out / "truth.json", {"unit": "ms", "videos": answers}, indent=1)
    return sum(len(visitor.sighting.timestamps) for visitor in visitors)
