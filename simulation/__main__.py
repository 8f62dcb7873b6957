"""`python -m simulation OUT`: write the pages of a simulated scene and their true answers."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simulation.archive import SEED, write_archive, write_tracker_table
from simulation.detection import SCENES, Plan
from simulation.square import SQUARE, write_square

TRACKER = "tracker"  # as a scene: the table of another tracker for the first video of the scene "day"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and write the archive; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument(
        "--scene",
        choices=[*sorted(SCENES), SQUARE.name, TRACKER],
        default="shop",
        help="videos to simulate; in 'square', groups walk in and out over the borders of the image and "
        "--persons is the number of groups; 'tracker' writes a CSV table of another tracker (default: shop)",
    )
    parser.add_argument(
        "--seed", type=_natural, default=SEED, help=f"seed of the random numbers (default: {SEED})"
    )
    parser.add_argument("--minutes", type=_minutes, help="length of each video")
    parser.add_argument("--persons", type=_count, help="number of persons in each video")
    options = parser.parse_args(arguments)
    scenes = SCENES | {SQUARE.name: (SQUARE,), TRACKER: SCENES["day"][:1]}
    plans = [_sized(plan, options.minutes, options.persons) for plan in scenes[options.scene]]
    writers = {SQUARE.name: write_square, TRACKER: write_tracker_table}
    write = writers.get(options.scene, write_archive)
    try:
        detections = write(options.out, plans, options.seed)
    except OSError as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 1
    sys.stderr.write(f"{detections} detections written to {options.out}\n")
    return 0


def _sized(plan: Plan, minutes: float | None, persons: int | None) -> Plan:
    duration = plan.duration if minutes is None else round(60_000 * minutes)
    return replace(plan, duration=duration, persons=plan.persons if persons is None else persons)


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 0, got {text!r}")
    return int(text)


def _count(text: str) -> int:
    if _natural(text) == 0:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text!r}")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0.5 <= minutes <= 1440:
        raise argparse.ArgumentTypeError(f"must be between 0.5 and 1440 minutes, got {text!r}")
    return minutes


if __name__ == "__main__":
    sys.exit(main())
