"""`python -m tests.fuzz [TARGET ...] [--seconds N]`: look for input that breaks a reader, guided by coverage.

Needs atheris (the extra ``fuzz``). What breaks is kept in ``tests/fuzz/found/TARGET/``, and is from then on
a case of the tests.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("pages", "trackers", "zones", "floors", "recordings")
LIMITS = ("-rss_limit_mb=2048", "-timeout=20", "-max_len=65536")


def main():
    """Fuzz each target in a process of its own; the exit code is 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--seconds", type=int, default=600, help="for each (default: 600)")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(f"there is no target {unknown[0]!r}; there are {', '.join(NAMES)}")
    broken = [name for name in options.names or NAMES if not holds(name, options.seconds)]
    print(f"findings in {', '.join(broken)}" if broken else "no findings")
    return int(bool(broken))


def holds(name, seconds):
    """Fuzz one target, from its seeds and what was found before."""
    found = HERE / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ptrack-corpus-") as corpus:
        command = [sys.executable, "-m", "tests.fuzz.one", name, corpus, f"-max_total_time={seconds}"]
        command += [*LIMITS, f"-artifact_prefix={found}/"]
        return subprocess.run(command, cwd=HERE.parent.parent, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
