"""`python -m tests.fuzz [TARGET ...]`: search for input that breaks a reader or a server, guided by coverage.

Needs atheris (the extra ``fuzz``). Input that breaks a target is written to ``tests/fuzz/found/TARGET/``, and
is a case of ``tests/test_fuzz.py`` from then on. With ``--corpus``, the next search continues where this one
ends.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from .targets import TARGETS

HERE = Path(__file__).parent
NAMES = [*TARGETS]
LIMITS = ("-rss_limit_mb=2048", "-timeout=20", "-max_len=65536")


def main():
    """Fuzz each target in its own process; the exit code is 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--seconds", type=int, default=600, help="for each target (default: 600)")
    parser.add_argument("--corpus", metavar="FOLDER", help="keep what reached new code in FOLDER/TARGET")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(f"there is no target {unknown[0]!r}; the targets are {', '.join(NAMES)}")
    with tempfile.TemporaryDirectory(prefix="ptrack-corpus-") as folder:
        corpus = Path(options.corpus or folder)
        broken = [name for name in options.names or NAMES if not fuzz(name, options.seconds, corpus / name)]
    print(f"findings in {', '.join(broken)}" if broken else "no findings")
    return int(bool(broken))


def fuzz(name, seconds, corpus):
    """Fuzz one target from its seeds, its findings and its corpus; return whether nothing was found."""
    found = HERE / "found" / name
    for folder in (found, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.one", name, str(corpus.resolve())]
    command += [f"-max_total_time={seconds}", *LIMITS, f"-artifact_prefix={found}/"]
    return subprocess.run(command, cwd=HERE.parent.parent, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
