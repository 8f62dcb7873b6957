"""A dataset of many videos: making it with one worker and with several, again, and what it takes."""

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .archives import archive_of
from .machine import run_program
from .rounds import Line

VIDEOS = 200
SPEED = 80.0  # MB of JSON a second
TWO_OVER_ONE = 1.8
DASK_OVER_POOL = 0.9
MEMORY = 250.0  # MB a worker
AGAIN = 1.0  # s
BYTES = 40.0  # a detection
LINE = (10, 100, 1000)
SHORT = 3000  # detections of a video on the line
GROWTH = 1.3
MANY, WORKERS = 1_000_000, 100
_PROGRAM = """
import json, os, resource, sys, time
if __name__ == "__main__":
    source, zones, out, how = sys.argv[1:]
    if how != "one":
        os.sched_setaffinity(0, range(os.cpu_count()))
    from ptrack_analysis.dataset.export import export_dataset
    options = {"zones": zones}
    cluster = client = None
    if how == "pool":
        options["workers"] = 2
    if how == "dask":
        from dask.distributed import Client, LocalCluster
        cluster = LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None)
        client = Client(cluster)
        client.run(lambda: __import__("ptrack_analysis.dataset.export"))
        options["executor"] = client.get_executor()
    start = time.perf_counter()
    summary = export_dataset(source, out, **options)
    seconds = time.perf_counter() - start
    for one in (client, cluster):
        if one is not None:
            one.close()
    failed = [str(video.error) for video in summary.of_status("failed")]
    peak = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found = {"seconds": seconds, "busy": time.process_time(), "failed": failed}
    print(json.dumps({**found, "own": peak[0] / 1e3, "worker": peak[1] / 1e3}))
"""


def run(options):
    """Measure exports of a generated archive in fresh processes, once each: they take minutes."""
    archive = archive_of(options.cache, VIDEOS)
    with _folder(options.cache) as out:
        one = _exported(archive, out, "one")
        again = _exported(archive, out, "one")
        sizes = {name: _size(out / name) / archive.detections for name in ("detections", "trajectories")}
    lines = [_speed("one worker", archive, one, "one core"), *_memory("one worker", one["own"])]
    note = f"{VIDEOS} videos, nothing changed"
    lines += [Line("again", note, (again["seconds"],), "", again["seconds"], "s", AGAIN, at_least=False)]
    lines += [
        Line(name, "bytes a detection on disk", (), "", size, "B", BYTES, at_least=False)
        for name, size in sizes.items()
    ]
    lines += _several(options, archive, one)
    return [*lines, *_line(options), _extrapolated(archive, one)]


def _several(options, archive, one):
    """Measure two workers: a pool of processes, and a Dask cluster."""
    lines, pool = [], None
    for how in ("pool", "dask"):
        with _folder(options.cache) as out:
            try:
                found = _exported(archive, out, how)
            except subprocess.CalledProcessError as error:
                lines.append(Line(how, f"left out: {error.stderr.strip().splitlines()[-1]}"))
                continue
        if how == "pool":
            pool = found
            ratio = one["seconds"] / found["seconds"]
            line = Line(
                "two workers", "processes", (found["seconds"],), _rate(archive, found), ratio, "x one"
            )
            lines += [_with(line, TWO_OVER_ONE), *_memory("two workers", found["worker"])]
        elif pool is not None:
            ratio = pool["seconds"] / found["seconds"]
            line = Line(
                "Dask", "two worker processes", (found["seconds"],), _rate(archive, found), ratio, "x pool"
            )
            lines += [_with(line, DASK_OVER_POOL), *_memory("Dask", found["worker"])]
    return lines


def _line(options):
    """Measure archives of more and more short videos: the time of one video and the memory stay."""
    lines, first = [], None
    for videos in LINE:
        archive = archive_of(options.cache, videos, SHORT)
        with _folder(options.cache) as out:
            found = _exported(archive, out, "one")
        each = found["seconds"] / videos
        note = f"{each * 1e3:.1f} ms a video, {archive.detections} detections, peak {found['own']:.0f} MB"
        line = Line(f"{videos} short videos", note, (found["seconds"],), _rate(archive, found))
        if first is not None:
            line = _with(
                Line(**{**vars(line), "value": found["own"] / first, "unit": "x memory"}), GROWTH, most=True
            )
        first = first or found["own"]
        lines.append(line)
    return lines


def _extrapolated(archive, one):
    """Say what a million such videos would take: the cost of one by their number by the workers."""
    each = one["seconds"] / VIDEOS
    hours = each * MANY / WORKERS / 3600
    detections = archive.detections / VIDEOS * MANY / 1e9
    note = (
        f"{each:.3f} s a video of {archive.detections / VIDEOS:.0f} detections: {detections:.0f} billion "
        f"detections on {WORKERS} workers, if none waits for another"
    )
    return Line(f"{MANY} videos, on paper", note, (), "", hours, "h")


def _exported(archive, out, how):
    """Export in a process of its own; give its seconds and its memory [MB]."""
    found = run_program(_PROGRAM, archive.pages, archive.zones, out, how)
    if found["failed"]:
        raise SystemExit(found["failed"][0])
    return found


@contextmanager
def _folder(cache):
    folder = Path(tempfile.mkdtemp(dir=cache))
    try:
        yield folder / "out"
    finally:
        shutil.rmtree(folder)


def _speed(name, archive, found, where):
    speed = archive.megabytes / found["seconds"]
    note = f"{archive.videos} videos, {archive.detections} detections, {archive.megabytes:.0f} MB, {where}"
    note += f"; with the start {found['busy']:.1f} s of processor time"
    return Line(name, note, (found["seconds"],), _rate(archive, found), speed, "MB/s", SPEED)


def _memory(name, peak):
    return [Line(name, "largest resident memory of a worker", (), "", peak, "MB", MEMORY, at_least=False)]


def _rate(archive, found):
    return f"{archive.megabytes / found['seconds']:.0f} MB/s"


def _with(line, target, *, most=False):
    return Line(**{**vars(line), "target": target, "at_least": not most})


def _size(folder):
    return sum(file.stat().st_size for file in folder.iterdir())
