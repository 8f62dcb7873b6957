"""The annotated video: how many frames a second are drawn, and written."""

import numpy as np
import pandas as pd
from PIL import Image
from shapely.geometry import LineString, box

from ptrack_analysis import Video, compute_occupancy, compute_trajectories, compute_visits
from ptrack_analysis.analysis.counting.crossings import compute_crossings
from ptrack_analysis.plots.annotated_video import LiveCounts
from ptrack_analysis.plots.frame_annotator import FrameAnnotator, format_clock
from ptrack_analysis.plots.video_boxes import BoxTracks
from ptrack_analysis.scene.zones import Line as CountLine
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import DETECTIONS, assemble

from .inputs import SEED
from .rounds import Line, Rounds, alternate, median

WIDTH, HEIGHT = 1280, 720
STEP, FRAMES = 40, 250  # ms, frames that are drawn in a round
RATE = 100.0  # frames a second, without decoding and encoding


def run(options):
    """Draw boxes, trails, zones and counts of few and of many people on frames of 1280 x 720 px."""
    lines = []
    for people in (5, 30):
        annotator, counts, things = prepare(people)
        plain = Image.fromarray(np.full((HEIGHT, WIDTH, 3), 120, dtype="uint8"))
        for blur in (False, True):
            annotator.hidden = annotator.tracks if blur else None
            (seconds,) = alternate(
                lambda a=annotator, c=counts, t=things, p=plain: _draw(a, c, t, p),
                rounds=min(options.rounds, 3),
                memory=False,
            )
            lines.append(
                Line(
                    f"{people} people{', pixelated' if blur else ''}",
                    f"{FRAMES} frames of {WIDTH} x {HEIGHT} px, without decoding and encoding",
                    seconds if isinstance(seconds, Rounds) else (seconds,),
                    value=FRAMES / median(seconds),
                    unit="frames/s",
                    target=RATE,
                )
            )
    return lines


def _draw(annotator, counts, things, plain):
    for time in range(0, FRAMES * STEP, STEP):
        texts = {thing: counts.describe(thing, time) for thing in things}
        annotator.annotate(plain.copy(), time, texts, format_clock(time, FRAMES * STEP))


def prepare(people):
    """Make people who wander at the frame rate, in four zones and over two lines."""
    random = np.random.default_rng(SEED)
    steps = random.normal(0, 0.004, (2, people, FRAMES)).cumsum(axis=2)
    x, y = np.clip(random.uniform(0.1, 0.9, (2, people, 1)) + steps, 0.05, 1.0)
    height = 0.1 + 0.25 * y
    arrays = {
        "timestamp": np.tile(np.arange(FRAMES) * STEP, people),
        "person_index": np.repeat(np.arange(people), FRAMES),
        "left": (x - 0.1 * height).ravel(),
        "top": (y - height).ravel(),
        "width": (0.2 * height).ravel(),
        "height": height.ravel(),
    }
    detections = assemble(DETECTIONS, arrays)
    end = pd.Timedelta(milliseconds=FRAMES * STEP)
    video = Video(width=WIDTH, height=HEIGHT, frame_rate=1000 / STEP, duration=end)
    trajectories = compute_trajectories(detections, video)
    zones = [Zone(f"zone {i}", box(320 * i + 10, 300, 320 * i + 310, 700), "px") for i in range(4)]
    lines = [CountLine(f"line {i}", LineString([(100, i), (1200, i)]), "px") for i in (250, 500)]
    annotator = FrameAnnotator(
        (WIDTH, HEIGHT),
        BoxTracks(trajectories, detections, "px"),
        lambda points: points / [WIDTH, HEIGHT],
        zones=zones,
        lines=lines,
        trail=5000,
    )
    counts = LiveCounts(
        compute_occupancy(trajectories, video, zones=zones),
        compute_visits(trajectories, zones, video),
        compute_crossings(trajectories, lines),
    )
    return annotator, counts, [*zones, *lines]
