"""`python -m ptrack_analysis.simulate OUT`: write a simulated archive with its true answers."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ptrack_analysis.simulate.backdrop import draw_backdrop, draw_floor_plan
from ptrack_analysis.simulate.pages import page_names, pages_of, write_bytes, write_json
from ptrack_analysis.simulate.plans import floor_json, truth_json, zones_geojson
from ptrack_analysis.simulate.recording import SCENES, Plan, record

SEED = 4  # of the archives that come with the package


def write_archive(out: Path, plans: Sequence[Plan], seed: int = SEED) -> int:
    """Simulate videos of one shop, with all that belongs to them, in a folder.

    Parameters
    ----------
    out : the folder; what a run with the same plans made before is replaced
    plans : what shall be filmed
    seed : the same seed gives the same bytes

    Returns
    -------
    how many detections the pages hold

    Raises
    ------
    FileExistsError
        if the folder holds pages that do not belong to this archive
    """
    recordings = [record(plan, seed, number) for number, plan in enumerate(plans)]
    _refuse_strangers(out / "pages", {name for recording in recordings for name in page_names(recording)})
    for recording in recordings:
        for name, page in zip(page_names(recording), pages_of(recording, seed), strict=True):
            write_json(out / "pages" / name, page)
    write_json(out / "zones.geojson", zones_geojson(), indent=1)
    write_json(out / "floor.json", floor_json(), indent=1)
    write_json(out / "truth.json", truth_json(recordings), indent=1)
    write_bytes(out / "backdrop.png", draw_backdrop())
    write_bytes(out / "floor_plan.png", draw_floor_plan())
    return sum(len(seen.timestamps) for recording in recordings for seen in recording.sightings)


def _refuse_strangers(folder: Path, names: set[str]) -> None:
    """Raise if a folder holds files of other names."""
    strange = sorted({path.name for path in folder.glob("*")} - names)
    if strange:
        raise FileExistsError(f"{folder} holds {strange[0]!r}, which is not of this archive")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and write the archive; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ptrack_analysis.simulate", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument(
        "--scene", choices=sorted(SCENES), default="shop", help="which videos (default: shop)"
    )
    parser.add_argument("--seed", type=_natural, default=SEED, help="the same seed gives the same bytes")
    parser.add_argument("--minutes", type=_minutes, help="length of each video")
    parser.add_argument("--persons", type=_count, help="how many persons come into sight in each video")
    options = parser.parse_args(arguments)
    plans = [_sized(plan, options.minutes, options.persons) for plan in SCENES[options.scene]]
    try:
        detections = write_archive(options.out, plans, options.seed)
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
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _count(text: str) -> int:
    if _natural(text) == 0:
        raise argparse.ArgumentTypeError("at least one person is needed")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0.5 <= minutes <= 1440:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes between 0.5 and 1440")
    return minutes


if __name__ == "__main__":
    sys.exit(main())
