"""The README is short, and its commands are where the checks look for them."""

import re
import subprocess
import sys
import tomllib

import pytest

from ptrack_analysis.sources.trackers.formats import TRACKERS


@pytest.fixture
def root(data):
    return data.parent


@pytest.fixture
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


def test_it_has_at_most_200_lines(readme):
    assert len(readme.splitlines()) <= 200


def test_the_two_commands_are_where_the_checks_look_for_them(readme):
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert "ptrack export data/shop" in commands[0]
    assert commands[1].endswith("-m pytest")


def test_the_first_plot_takes_at_most_six_lines_of_a_new_script(readme, data, tmp_path):
    (tmp_path / "data").symlink_to(data, target_is_directory=True)
    code = re.search(r"```python\n(.*?)```", readme, flags=re.DOTALL)[1]
    assert len(code.strip().splitlines()) <= 6
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"MPLBACKEND": "Agg", "PATH": "", "PYTHONPATH": str(data.parent)},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "paths.png").read_bytes().startswith(b"\x89PNG")


def test_files_that_the_readme_names_are_there(readme, root):
    for name in re.findall(r"`(data/[^`\s]+)`", readme):
        assert (root / name).exists()


def test_every_extra_for_users_is_listed(readme, root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for_developers = {"all", "bench", "docs", "fuzz", "lint", "reference", "test"}
    table = readme.partition("## Extras")[2].partition("\n## ")[0]
    listed = {
        name
        for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert listed == project["optional-dependencies"].keys() - for_developers


def test_each_family_of_formats_is_named(readme):
    families = {
        "deepstream",
        "kitti",
        "cvat",
        "coco",
        "roboflow",
        "vadere",
        "viswalk",
        "pathfinder",
        "frigate",
    }
    assert families <= {name.partition("-")[0] for name in TRACKERS}
    assert all(name in readme.lower() for name in families)
