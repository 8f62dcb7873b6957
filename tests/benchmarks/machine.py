"""The machine: keeping to one core, and saying what was measured with."""

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "ptrack-analysis",
    "numpy",
    "pandas",
    "msgspec",
    "pyarrow",
    "polars",
    "duckdb",
    "shapely",
)


def keep_to_one_core():
    """Let this process and its children run on one core, and libraries start one thread."""
    for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def description():
    """Give the versions of everything that takes part, of Python, and the processor."""
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python} on {platform.system()}, one core of {_processor()}\n{packages}"


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
