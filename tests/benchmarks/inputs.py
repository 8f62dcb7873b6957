"""What the benchmarks read: the same on every machine, made once and kept."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from shapely.geometry import LineString, Polygon

from ptrack_analysis import Line, Video, Zone
from ptrack_analysis.schema import DETECTIONS, assemble
from simulation.__main__ import main as simulate

SEED = 4


@dataclass(frozen=True)
class Archive:
    """Saved pages of one video, and the same pages as JSON Lines, one page a line."""

    pages: Path
    lines: Path

    @property
    def files(self):
        """The pages' files in the order of their numbers."""
        return sorted(self.pages.iterdir(), key=lambda file: int(file.stem.rpartition("-")[2]))

    @property
    def megabytes(self):
        """Size of all pages [MB]."""
        return sum(file.stat().st_size for file in self.files) / 1e6


def archive(cache, minutes=60, persons=550):
    """Simulate a shop for that long, unless it is there already: about 240 000 detections by default."""
    folder = cache / f"shop-{minutes}-{persons}-{SEED}"
    made = Archive(folder / "pages", folder / "pages.jsonl")
    if not made.lines.exists():
        sizes = ["--minutes", str(minutes), "--persons", str(persons), "--seed", str(SEED)]
        if simulate([str(folder), "--scene", "shop", *sizes]):
            raise SystemExit(1)
        part = folder / "pages.jsonl.part"
        with part.open("wb") as out:
            for file in made.files:
                out.write(file.read_bytes().strip() + b"\n")
        part.replace(made.lines)
    return made


VIDEO = Video(name="square", width=1280, height=720, frame_rate=30.0, duration=pd.Timedelta("1h"))


def square(persons=1000, each=1000):
    """Make detections of people who wander over a square: one million by default, a fifth without a body box.

    The video is sampled about every 67 ms, in steps of two frames more or less; a person is seen at most, not
    all, samples of a stretch of it.
    """
    random = np.random.default_rng(SEED)
    seen_of = each + each // 8
    moments = max(persons * each // 40, seen_of + 1)
    samples = np.cumsum(random.choice([33, 67, 67, 67, 100], size=moments))
    first = random.integers(0, len(samples) - seen_of, size=persons)
    seen = np.argsort(random.random((persons, seen_of)), axis=1)[:, :each]
    x, y = (_wander(random, persons, each) for _ in range(2))
    height = random.uniform(0.1, 0.3, size=(persons, 1)) * np.ones(each)
    boxes = np.stack([x - height / 6, y - height, height / 3, height]).reshape(4, -1)
    boxes[:, random.random(persons * each) < 0.2] = np.nan
    columns = dict(zip(("left", "top", "width", "height"), boxes, strict=True))
    key = {
        "timestamp": samples[first[:, None] + np.sort(seen, axis=1)].ravel(),
        "person_index": np.repeat(np.arange(persons), each),
    }
    return assemble(DETECTIONS, key | columns)


def _wander(random, persons, each):
    start = random.uniform(0.3, 0.7, size=(persons, 1))
    return np.clip(start + np.cumsum(random.normal(0, 0.004, size=(persons, each)), axis=1), 0.01, 0.999)


def octagons(count=10):
    """Draw zones over the square, of eight corners each, some of them overlapping [px]."""
    random = np.random.default_rng(SEED)
    angles = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    centers = random.uniform([200, 200], [1080, 520], size=(count, 2))
    radii = random.uniform(60, 180, size=count)
    return [
        Zone(name=f"zone {number}", outline=Polygon(center + radius * ring), unit="px")
        for number, (center, radius) in enumerate(zip(centers, radii, strict=True), 1)
    ]


def strokes(count=10):
    """Draw lines across the square, of three vertices each [px]."""
    random = np.random.default_rng(SEED)
    vertices = np.sort(random.uniform([100, 100], [1180, 620], size=(count, 3, 2)), axis=1)
    return [Line(f"line {number}", LineString(three), "px") for number, three in enumerate(vertices, 1)]


def fragments(persons=2000, parts=5, each=60, *, within=3_400_000):
    """Make detections of people whom the tracker lost and found again under another number: 10 000 tracks.

    They come into sight ``within`` so many ms: the shorter, the more are there at once.
    """
    random = np.random.default_rng(SEED + 1)
    gap = random.integers(500, 2500, size=(persons, parts))
    steps = np.full((persons, parts, each), 67)
    steps[:, :, 0] = gap
    time = random.integers(0, within, size=(persons, 1)) + np.cumsum(steps.reshape(persons, -1), axis=1)
    x, y = (_wander(random, persons, parts * each) for _ in range(2))
    height = random.uniform(0.1, 0.3, size=(persons, 1)) * np.ones(parts * each)
    person = np.arange(persons * parts).reshape(persons, parts, 1) * np.ones(each, dtype=int)
    boxes = np.stack([x - height / 6, y - height, height / 3, height]).reshape(4, -1)
    key = {"timestamp": time.ravel(), "person_index": random.permutation(persons * parts)[person.ravel()]}
    return assemble(DETECTIONS, key | dict(zip(("left", "top", "width", "height"), boxes, strict=True)))
