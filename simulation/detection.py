"""Recordings of simulated videos: boxes and faces that the service reports, with gaps and errors."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from simulation.scene import HEIGHT, WIDTH, ZONES, Camera, Floats, depth_inside
from simulation.walks import Truth, Walk, make_walk, observe

Times = NDArray[np.int64]
Intervals = tuple[tuple[int, int], ...]

FRAME_RATE = 25.0  # [frames per second]
EARLIEST = -30_000  # time of the first arrival, relative to the start of the video [ms]
LATEST = 10_000  # time of the last arrival, before the end of the video [ms]
COMPACT_STEP = 5  # a compact archive has every fifth of the analyzed frames
STEPS, STEP_SHARES = (1, 2, 3), (0.04, 0.92, 0.04)  # frames from one analyzed frame to the next
SLOT = 7_000  # at most one disturbance in each [ms]
QUIET = 1_000  # minimum time between two disturbances [ms]
SHORT = 1_600  # longest gap, and longest time without a body in a zone [ms]
FOOT_NOISE, TOP_NOISE, WIDTH_NOISE = 0.0003, 0.001, 0.05  # [fraction of frame, of frame, of width]
LANDMARKS = ("eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose")
LANDMARK_TURNS = np.radians([-26.0, 26.0, -18.0, 18.0, 0.0])  # around the head, viewed from above [rad]
LANDMARK_DROPS = np.array([-0.03, -0.03, 0.06, 0.06, 0.015])  # below the middle of the face [m]
LANDMARK_RADII = np.array([0.075, 0.075, 0.075, 0.075, 0.1])  # from the middle of the head [m]


@dataclass(frozen=True)
class Sighting:
    """The detections of one person, as the service reports them.

    Attributes
    ----------
    timestamps : times since the video's start, shape (n,) [ms]
    boxes : left, top, width, height; NaN where no body was found, shape (n, 4) [fraction of the frame]
    faces : box [fraction of the frame], x and y of each landmark [fraction of the frame], roll, yaw and
        pitch [degrees], brightness, sharpness, confidence [0-100]; NaN where no face was found, shape (n, 20)
    gaps : intervals without detections of the present person [ms]
    face_only : intervals in which only the face was detected [ms]
    """

    timestamps: Times
    boxes: NDArray[np.float32]
    faces: NDArray[np.float32]
    gaps: Intervals
    face_only: Intervals


def sample_times(rng: np.random.Generator, duration: int, frame_rate: float) -> Times:
    """Return the analyzed times: about every second frame, floored to integer milliseconds [ms]."""
    count = int(duration * frame_rate / 1000)
    frames = np.concatenate([[0], np.cumsum(rng.choice(STEPS, size=count, p=STEP_SHARES))])
    times = np.floor(1000 * frames / frame_rate).astype(np.int64)
    return times[times < duration]


def detect(rng: np.random.Generator, walk: Walk, times: Times) -> Sighting:
    """Simulate the detections of one walk at the analyzed times.

    The bottom center of a box is the position of the person, with a small jitter. Boxes are clipped at the
    lower edge of the image.

    Parameters
    ----------
    rng : random number generator
    walk : the true positions
    times : analyzed times, ascending [ms]
    """
    gaps, face_only = _disturbances(rng, walk)
    times = times[(times >= walk.begin) & (times < walk.end)]
    times = times[~_covered(times, gaps)]
    positions, gaze = walk.positions[times - walk.begin], walk.gaze[times - walk.begin]
    boxes = _boxes(rng, positions, walk)
    faces, turned = _faces(rng, positions, gaze, walk)
    bodiless = _covered(times, face_only)
    faceless = ~bodiless & ((np.abs(turned) > np.radians(65)) | (rng.random(len(times)) < 0.1))
    boxes[bodiless] = np.nan
    faces[faceless] = np.nan
    return Sighting(times, boxes.astype(np.float32), faces.astype(np.float32), gaps, face_only)


def _disturbances(rng: np.random.Generator, walk: Walk) -> tuple[Intervals, Intervals]:
    """Draw gaps and face-only intervals, at most one per slot and with time between them [ms]."""
    gaps, face_only = [], []
    for slot in range(walk.begin + QUIET, walk.end - SLOT, SLOT):
        kind = rng.choice(3, p=(0.3, 0.6, 0.1))
        length = int(rng.integers(200, SHORT) if kind == 0 else rng.integers(400, 4_000))
        start = slot + int(rng.integers(0, SLOT - QUIET - length))
        if kind == 0:
            gaps.append((start, start + length))
        elif kind == 1:
            if _meets_a_zone(walk.positions[start - walk.begin : start - walk.begin + length : 20]):
                length = min(length, SHORT)
            face_only.append((start, start + length))
    return tuple(gaps), tuple(face_only)


def _meets_a_zone(positions: Floats) -> bool:
    return any((depth_inside(positions, corners) > -0.3).any() for corners in ZONES.values())


def _covered(times: Times, intervals: Intervals) -> NDArray[np.bool_]:
    """Return a mask of the times in one of the half-open intervals."""
    covered = np.zeros(len(times), dtype=np.bool_)
    for first, last in intervals:
        covered |= (times >= first) & (times < last)
    return covered


def _boxes(rng: np.random.Generator, positions: Floats, walk: Walk) -> Floats:
    """Return body boxes as left, top, width, height [fraction of the frame]."""
    camera = Camera()
    foot = camera.project(positions) + rng.normal(0, FOOT_NOISE, positions.shape)
    top = camera.project(positions, walk.body_height)[:, 1] + rng.normal(0, TOP_NOISE, len(positions))
    width = camera.focal / WIDTH * walk.body_width / camera.ahead(positions)
    width *= 1 + rng.normal(0, WIDTH_NOISE, len(positions))
    return np.stack([foot[:, 0] - width / 2, top, width, np.minimum(foot[:, 1], 1) - top], axis=1)


def _faces(rng: np.random.Generator, positions: Floats, gaze: Floats, walk: Walk) -> tuple[Floats, Floats]:
    """Return faces in the columns of `Sighting.faces`, and their angle to the camera [rad]."""
    camera, count = Camera(), len(positions)
    bearing = np.arctan2(camera.y - positions[:, 1], camera.x - positions[:, 0])
    turned = (bearing - gaze + np.pi) % (2 * np.pi) - np.pi  # growing towards the image's right
    middle = camera.project(positions, walk.body_height - 0.12)
    scale = camera.focal / camera.ahead(positions)[:, None] / np.array([WIDTH, HEIGHT])  # [fraction per m]
    middle += rng.normal(0, 0.01, (count, 2)) * scale
    size = scale * np.array([0.17, 0.23]) * (1 + rng.normal(0, 0.03, (count, 2)))
    around = np.sin(turned[:, None] + LANDMARK_TURNS) * LANDMARK_RADII
    across = middle[:, :1] + around * scale[:, :1]
    down = middle[:, 1:] + LANDMARK_DROPS * scale[:, 1:]
    landmarks = np.stack([across, down], axis=2) + rng.normal(0, 0.003, (count, 5, 2)) * scale[:, None]
    fall = np.arctan2(camera.z - walk.body_height, camera.ahead(positions))
    pose = np.degrees(np.stack([np.zeros(count), turned, -fall], axis=1)) + rng.normal(0, 4, (count, 3))
    quality = np.stack([np.full(count, 74.0), 900 * scale[:, 0]], axis=1) + rng.normal(0, 4, (count, 2))
    confidence = 100 - rng.exponential(0.3, (count, 1)) % 10
    columns = (middle - size / 2, size, landmarks.reshape(count, 10), pose, quality.clip(1, 99), confidence)
    return np.concatenate(columns, axis=1), turned


@dataclass(frozen=True)
class Plan:
    """Name and size of a video to simulate.

    Attributes
    ----------
    name : the video's name
    duration : its duration [ms]
    persons : number of persons who come into sight
    compact : whether to write small files: few frames, gzipped pages, rounded boxes, no faces
    """

    name: str
    duration: int
    persons: int
    compact: bool = False


@dataclass(frozen=True)
class Recording:
    """A video's persons, true and reported; a person's index is the position in these tuples.

    Attributes
    ----------
    plan : name and size of the video
    truths : the true answers about each person
    sightings : the detections of each person
    """

    plan: Plan
    truths: tuple[Truth, ...]
    sightings: tuple[Sighting, ...]


def _week() -> tuple[Plan, ...]:
    """Plan one minute in each of five hours on six days, with more persons on Saturday."""
    return tuple(
        Plan(
            f"door_{day}T{hour:02d}-00-00",
            60_000,
            persons + (3 if day.isoweekday() == 6 else 0),
            compact=True,
        )
        for day in (date(2026, 3, 30) + timedelta(days=number) for number in range(6))
        for hour, persons in {9: 2, 11: 4, 13: 6, 15: 4, 17: 5}.items()
    )


SCENES = {
    "shop": (Plan("shop", 180_000, 13),),
    "day": (Plan("morning", 75_000, 5), Plan("noon", 75_000, 8), Plan("evening", 60_000, 5)),
    "week": _week(),
}


def record(plan: Plan, seed: int, number: int = 0) -> Recording:
    """Record one video. People arrive at about even intervals, ordered by their first detection.

    Parameters
    ----------
    plan : name and size of the video
    seed : seed of the random numbers
    number : index of the video in its scene
    """
    times = sample_times(np.random.default_rng([seed, number]), plan.duration, FRAME_RATE)
    times = times[:: COMPACT_STEP if plan.compact else 1]
    spacing = (plan.duration - LATEST - EARLIEST) / plan.persons
    seen = []
    for person in range(plan.persons):
        rng = np.random.default_rng([seed, number, person + 1])
        arrival = int(EARLIEST + spacing * (person + rng.random()))
        walk = make_walk(rng, arrival, plan.duration)
        seen.append((observe(walk), detect(rng, walk, times)))
    seen.sort(key=lambda pair: pair[1].timestamps[0])
    return Recording(plan, tuple(truth for truth, _ in seen), tuple(sighting for _, sighting in seen))
