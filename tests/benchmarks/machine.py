"""The machine: keeping to one core, the memory of a call, and saying what was measured with."""

import ctypes
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "ptrack-analysis",
    "numpy",
    "pandas",
    "msgspec",
    "pyarrow",
    "shapely",
    "scipy",
    "polars",
    "duckdb",
    "chdb",
    "orjson",
    "pysimdjson",
    "pedpy",
    "movingpandas",
    "trackpy",
    "supervision",
)


def keep_to_one_core():
    """Let this process and its children run on one core, and libraries start one thread."""
    for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def peak_of(function):
    """Call a function; give the memory [MB] that the process held at its peak over what it held before.

    None where it cannot be told: only Linux lets a process forget its highest mark. What allocators keep is
    given back before, where they can be asked to; what others keep and use again is not seen.
    """
    _give_back()
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        function()
        return None
    before = _held("VmRSS")
    result = function()
    peak = _held("VmHWM") - before
    del result
    return peak


def _give_back():
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
        if trim is not None:
            trim(0)


def _held(name):
    with Path("/proc/self/status").open(encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024 / 1e6


def run_program(program, *arguments):
    """Run a program in a process of its own, from a file as its workers need it; give its last line, JSON."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "program.py")
        file.write_text(program, encoding="utf-8")
        command = [sys.executable, str(file), *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def description():
    """Give the versions of everything that takes part, of Python, and the processor."""
    facts = machine()
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return f"{facts['python']} on {facts['system']}, one core of {facts['processor']}\n{packages}"


def machine():
    """Tell what was measured with and on, as what JSON can hold."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


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
