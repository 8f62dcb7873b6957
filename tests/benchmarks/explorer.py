"""The explorer: how long it takes to open, and how smoothly it plays, in a real browser."""

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from ptrack_analysis import Video, compute_trajectories
from ptrack_analysis.scene.zones import Zone
from ptrack_analysis.schema import DETECTIONS, assemble
from ptrack_analysis.web.explorer import explore

from .inputs import SEED
from .rounds import Line, median

DETECTED, LOAD, RATE, LONGEST = 120_000, 1.0, 50.0, 150.0
_SECONDS = 4
_PLAY = """(seconds) => new Promise((done) => {
  explorer.setSpeed(1); explorer.seek(60000); explorer.play();
  const before = explorer.state();
  const began = performance.now();
  let [last, longest] = [began, 0];
  const look = (now) => {
    [longest, last] = [Math.max(longest, now - last), now];
    if (now - began < 1000 * seconds) return requestAnimationFrame(look);
    const after = explorer.state();
    explorer.pause();
    const drawn = after.draws - before.draws;
    const drawing = (after.drawTime - before.drawTime) / drawn;
    done([1000 * drawn / (now - began), drawing, after.here.length, longest]);
  };
  requestAnimationFrame(look);
})"""
_FLAGS = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")


def run(options):
    """Open and play two videos of 120 000 detections: a quarter of an hour, and a crowd."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        return [Line("explorer", "chromium is not installed")]
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra
    except ImportError:
        return [Line("explorer", "playwright is not installed")]
    lines = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", *_FLAGS])
        for name, present in (("a quarter of an hour", 22), ("a crowd", 200)):
            lines += _measure(chromium, Path(folder, "explorer.html"), name, present, options.rounds)
        chromium.close()
    return lines


def _measure(chromium, file, name, present, rounds):
    detections, trajectories, video, zones = walk(present)
    began = time.perf_counter()
    explore(trajectories, video, zones=zones, detections=detections).save(file)
    making = time.perf_counter() - began
    opening, played = [], []
    for _ in range(min(rounds, 3)):
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        began = time.perf_counter()
        page.goto(file.as_uri())
        page.evaluate("explorer.ready.then(() => new Promise(requestAnimationFrame))")
        opening.append(time.perf_counter() - began)
        played.append(page.evaluate(_PLAY, _SECONDS))
        page.close()
    rate, drawing, here, longest = (median(values) for values in zip(*played, strict=True))
    rows = f"{len(trajectories)} detections, {file.stat().st_size / 1e6:.1f} MB"
    return [
        Line(f"{name}: make", rows, (making,)),
        Line(
            f"{name}: open",
            rows,
            tuple(opening),
            value=median(opening),
            unit="s",
            target=LOAD,
            at_least=False,
        ),
        Line(
            f"{name}: play",
            f"{here:.0f} persons at once, boxes and trails, {drawing:.1f} ms a frame, no GPU",
            value=rate,
            unit="frames/s",
            target=RATE,
        ),
        Line(
            f"{name}: longest frame",
            rows,
            value=longest,
            unit="ms",
            target=LONGEST,
            at_least=False,
        ),
    ]


def walk(present, total=DETECTED):
    """Make detections of persons who wander, so many at once, at 15 Hz; each stays 1000 detections."""
    random = np.random.default_rng(SEED)
    persons, stay = total // 1000, 1000
    lead = np.arange(persons) // present * stay + random.integers(0, stay, persons)
    moment = (lead[:, None] + np.arange(stay)) * 1000 // 15
    heading = np.cumsum(random.normal(0, 0.15, (persons, stay)), axis=1)
    folded = [
        np.abs((random.uniform(0, 2, (persons, 1)) + np.cumsum(way(heading), axis=1) * 0.003) % 2 - 1)
        for way in (np.cos, np.sin)
    ]
    height = 0.1 + 0.15 * folded[1]
    arrays = {
        "timestamp": moment.ravel(),
        "person_index": np.repeat(np.arange(persons), stay),
        "left": (folded[0] * 0.9).ravel(),
        "top": (folded[1] * 0.7).ravel(),
        "width": (height * 0.3).ravel(),
        "height": height.ravel(),
    }
    detections = assemble(DETECTIONS, arrays)
    end = pd.Timedelta(np.timedelta64(int(moment.max()) + 67, "ms"))
    video = Video(name="hall", width=1920, height=1080, frame_rate=15.0, duration=end)
    trajectories = compute_trajectories(detections, video)
    return detections, trajectories, video, _quarters()


def _quarters():
    from shapely.geometry import box  # noqa: PLC0415 - only here

    return [Zone(f"quarter {i}", box(480 * i, 540, 480 * i + 480, 1080), "px") for i in range(4)]
