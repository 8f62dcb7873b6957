"""The README's promises, kept."""

import re
import shlex
import subprocess
import sys

import pytest

from ptrack_analysis.cli import main
from ptrack_analysis.sources.trackers.registry import TRACKERS
from ptrack_analysis.sources.trackers.roles import BOXES, MOMENTS, PARTS, POINT, SIDES


@pytest.fixture
def readme(data):
    return (data.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def beside_data(data, tmp_path, monkeypatch):
    """A folder to work in that has the project's data."""
    (tmp_path / "data").symlink_to(data, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_lines_for_a_notebook_run(readme, beside_data):
    code = "\n".join(re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"MPLBACKEND": "Agg", "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert (beside_data / "visits.parquet").exists()
    assert done.stdout.startswith("evening 5 ")


def test_the_lines_for_the_shell_run(readme, beside_data, capfd):
    lines = re.findall(r"^\$ (ptrack .*)$", readme, flags=re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        assert main(shlex.split(line, comments=True)[1:]) == 0
    assert (beside_data / "paths.png").exists()
    assert (beside_data / "out/visits/part-000001.parquet").exists()


def test_the_two_commands_stand_where_the_checks_look_for_them(readme):
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert "ptrack export data/shop" in commands[0]
    assert commands[1].endswith("-m pytest")


def test_files_that_the_readme_names_are_there(readme, data):
    for name in re.findall(r"\]\((data/[^)]+)\)|`(data/[^`\s]+)`", readme):
        assert (data.parent / (name[0] or name[1])).exists()


def test_the_table_of_formats_has_every_format_and_role(readme):
    section = readme.partition("### Other trackers")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall("`([^`]+)`", row)} == TRACKERS.keys()
    roles = ["id", *MOMENTS, *SIDES, *BOXES, *POINT, *PARTS, "confidence", "class", "class_name"]
    assert [role for role in roles if f"`{role}`" not in section] == ["timestamp_ms"]
