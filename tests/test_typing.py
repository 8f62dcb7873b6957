"""A user's script passes ``mypy --strict`` with the installed package, and runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ptrack_analysis

SCRIPT = Path(__file__).parent / "typed_script.py"


@pytest.fixture
def folder(tmp_path, data):
    """A folder outside the checkout with the script and the sample data."""
    shutil.copy(SCRIPT, tmp_path / "script.py")
    (tmp_path / "data").symlink_to(data, target_is_directory=True)
    return tmp_path


def run(folder, *command):
    """Run Python with the package as an installed one."""
    root = str(Path(ptrack_analysis.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_mypy_accepts_the_script_and_reports_names_that_are_in_other_modules(folder):
    pytest.importorskip("mypy", reason="mypy is not installed")
    code = "import ptrack_analysis as pta\n\nprint(pta.compute_density, pta.crowd.stitch)\n"
    (folder / "wrong.py").write_text(code)
    done = run(
        folder, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), "script.py", "wrong.py"
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 2, done.stdout + done.stderr
    assert all(line.startswith("wrong.py:3: ") and "has no attribute" in line for line in errors)


def test_the_script_runs(folder):
    done = run(folder, "-W", "ignore", "script.py")
    assert done.returncode == 0, done.stderr
