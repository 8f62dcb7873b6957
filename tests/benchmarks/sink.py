"""Writing the results of a running tracker: CPU time per frame of 20 boxes."""

import tempfile
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from ptrack_analysis import TrackingSink, Video

from .inputs import SEED
from .rounds import Line, Rounds, median

FRAMES, BOXES = 2000, 20
PER_FRAME = 0.2  # ms
VIDEO = Video(width=1280, height=720, frame_rate=25)
NAMES = {0: "person", 1: "bicycle", 2: "car"}


def run(options):
    """Measure arrays and results as Ultralytics returns them, files included."""
    line = partial(Line, unit="ms CPU per frame", target=PER_FRAME, at_least=False)
    lines = []
    for name, results in (("arrays", _arrays()), ("Results", _results())):
        seconds = Rounds(_write(results) for _ in range(options.rounds + 1))[1:]
        value = median(seconds) / FRAMES * 1000
        lines.append(line(f"TrackingSink, {name}", f"{FRAMES} frames of {BOXES} boxes", seconds, value=value))
    return lines


def _write(results):
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        with TrackingSink(Path(folder, "archive"), video=VIDEO) as sink:
            for frame, result in enumerate(results):
                sink.append(result, frame=frame)
        return time.process_time() - start


def _arrays():
    random = np.random.default_rng(SEED)
    corner = random.uniform(0, 600, (FRAMES, BOXES, 2))
    boxes = np.concatenate([corner, corner + random.uniform(20, 100, (FRAMES, BOXES, 2))], axis=2)
    return [(np.arange(BOXES), each, None) for each in boxes]


def _results():
    """Make results with the attributes of ``ultralytics.engine.results.Results``."""
    kinds = np.zeros(BOXES, dtype="float32")
    return [
        SimpleNamespace(
            boxes=SimpleNamespace(xyxy=boxes.astype("float32"), id=ids.astype("float32"), cls=kinds),
            orig_shape=(VIDEO.height, VIDEO.width),
            names=NAMES,
        )
        for ids, boxes, _ in _arrays()
    ]
