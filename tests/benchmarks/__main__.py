"""`python -m tests.benchmarks [NAME ...]`: run benchmarks and print their tables."""

import argparse
import json
import os
import tempfile
from importlib import import_module
from pathlib import Path

from .machine import description, keep_to_one_core, machine

CASES = (
    "start",
    "loading",
    "memory",
    "workers",
    "tables",
    "kernels",
    "growth",
    "sql",
    "answers",
    "neighbors",
    "frames",
    "sink",
    "export",
    "explorer",
    "video",
    "dataset",
)
CACHE = "PTRACK_BENCHMARKS"


def main():
    """Read the command line, run the benchmarks in turn, and print each one's table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which of {', '.join(CASES)} (default: all)"
    )
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each that count (default: 7)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=os.environ.get(CACHE) or Path(tempfile.gettempdir(), "ptrack-benchmarks"),
        help=f"folder to keep the input in (default: ${CACHE}, or a folder among the temporary files)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that is printed as JSON too")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(CASES)):
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(CASES)}")
    if options.rounds < 1:
        parser.error("at least one round is needed")
    keep_to_one_core()
    options.cache.mkdir(parents=True, exist_ok=True)
    print(description())
    print(f"medians of {options.rounds} alternating rounds, spread: the middle half of them\n", flush=True)
    from .rounds import as_json, show  # noqa: PLC0415 - after the environment is set

    found = {}
    for name in options.names or CASES:
        lines = import_module(f"{__package__}.{name}").run(options)
        found[name] = [as_json(line) for line in lines]
        print(name)
        show(lines)
        if options.json:  # after each, as a run takes an hour
            content = {"machine": machine(), "rounds": options.rounds, "benchmarks": found}
            options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
