"""`python -m tests.benchmarks [NAME ...]`: run benchmarks and print their tables."""

import argparse
import os
import tempfile
from importlib import import_module
from pathlib import Path

from .machine import description, keep_to_one_core

CASES = ("loading", "memory", "tables", "kernels", "export", "dataset", "answers", "explorer", "neighbours")
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
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(CASES)):
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(CASES)}")
    if options.rounds < 1:
        parser.error("at least one round is needed")
    keep_to_one_core()
    options.cache.mkdir(parents=True, exist_ok=True)
    print(description())
    print(f"medians of {options.rounds} alternating rounds, spread: the middle half of them\n", flush=True)
    from .rounds import show  # noqa: PLC0415 - after the environment is set

    for name in options.names or CASES:
        lines = import_module(f"{__package__}.{name}").run(options)
        print(name)
        show(lines)


if __name__ == "__main__":
    main()
