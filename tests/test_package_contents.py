"""The checkout and the distributions contain what belongs in them."""

import shutil
import subprocess
import tomllib

import pytest

TOP = {
    ".ci", ".gitignore", ".pre-commit-config.yaml", ".readthedocs.yaml", "CHANGELOG.md",
    "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "conftest.py", "data", "docs",
    "notebooks", "noxfile.py", "ptrack_analysis", "pyproject.toml", "simulation", "tests", "tools",
}  # fmt: skip


@pytest.fixture
def root(data):
    return data.parent


def test_no_test_leaves_files_in_the_checkout(root):
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        pytest.skip("no checkout with git")
    listed = subprocess.run(
        [git, "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    assert {name.partition("/")[0] for name in listed if name} == TOP


def test_the_source_distribution_has_what_its_tests_need(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    included = {name.strip("/") for name in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]}
    assert included == TOP - {
        ".ci",
        ".gitignore",
        ".pre-commit-config.yaml",
        ".readthedocs.yaml",
        "pyproject.toml",
    }
    assert all((root / name).exists() for name in included)
