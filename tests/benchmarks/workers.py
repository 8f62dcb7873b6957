"""Loading many videos with two processes, beside one; and what two cores give to a bare loop."""

import os

from .archives import archive_of
from .machine import run_program
from .rounds import Line, ratio

VIDEOS, TWO_OVER_ONE = 40, 1.8
_PROGRAM = """
import json, os, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from ptrack_analysis import find_videos
from ptrack_analysis.datasets import map_videos

def count(detections, video):
    return len(detections)

def timed(videos, executor):
    start = time.perf_counter()
    found = [outcome.result for outcome in map_videos(count, videos, executor=executor)]
    return time.perf_counter() - start, found

def loop(_):
    start = time.perf_counter()
    sum(range(20_000_000))
    return time.perf_counter() - start

if __name__ == "__main__":
    os.sched_setaffinity(0, range(os.cpu_count()))
    videos = list(find_videos(sys.argv[1]))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        rounds = [[timed(videos, None), timed(videos, pool)] for _ in range(int(sys.argv[2]) + 1)][1:]
        bare = [[loop(None), max(pool.map(loop, range(2)))] for _ in range(int(sys.argv[2]))]
    found = {str(counts) for pair in rounds for _, counts in pair}
    assert len(found) == 1, "one and two processes read different numbers of detections"
    print(json.dumps([[[seconds for seconds, _ in pair] for pair in rounds], bare]))
"""


def run(options):
    """Read the same videos with one process and with two, in turn; each has its core."""
    if not hasattr(os, "sched_setaffinity") or os.cpu_count() < 2:
        return [Line("two processes", "left out: two cores are needed, on Linux")]
    archive = archive_of(options.cache, VIDEOS)
    found = run_program(_PROGRAM, archive.pages, min(options.rounds, 5))
    (one, two), (alone, beside) = (zip(*pairs, strict=True) for pairs in found)
    possible = 2 * ratio(alone, beside)
    note = f"{VIDEOS} videos, {archive.detections} detections, {archive.megabytes:.0f} MB"
    return [
        Line("one process", note, one),
        Line("two processes", "a warm pool", two, "", ratio(one, two), "x one", TWO_OVER_ONE),
        Line("the machine", "two loops of plain Python at once, beside one", beside, "", possible, "x one"),
    ]
