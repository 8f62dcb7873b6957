"""Every code block of the documentation runs, and prints what the page shows."""

import re
import subprocess
import warnings
from importlib import metadata
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from page_blocks import PageRun, read_blocks

from ptrack_analysis.errors import PtrackWarning

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *(page for page in (ROOT / "docs").rglob("*.md") if "generated" not in page.parts),
    ]
)
NEEDS = re.compile(r"<!-- needs: (.+?) -->")
"""A comment of a page: distributions that it runs with, which need not be installed."""
RUN_ELSEWHERE = {"from-yolo-to-a-report.md"}
LANGUAGES = {"python", "{plot}", "sh", "console", "sql", "json", "toml", "csv", "text", "output", "mermaid"}
LANGUAGES |= {
    "",
    "py",
    "{toctree}",
    "{include}",
    "{note}",
    "{warning}",
    "{tip}",
    "{image}",
    "{figure}",
    "html",
    "xml",
    "yaml",
    "js",
}
BY_NAME = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@BY_NAME
def test_every_block_of_a_page_runs(page, data, tmp_path, monkeypatch):
    if page.name in RUN_ELSEWHERE:
        pytest.skip("tests/test_yolo_page.py runs this page with a recorded stream in place of the model")
    (tmp_path / "data").symlink_to(data, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    needs = find_needs(page)
    if missing := [name for name in needs if not is_installed(name)]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    try:
        with warnings.catch_warnings():
            if needs:  # what other packages warn of is not ours to mend
                warnings.simplefilter("ignore")
                warnings.simplefilter("error", PtrackWarning)
            PageRun(page).run()
    finally:
        plt.close("all")


def find_needs(page):
    """Return the distributions that a page needs beside those of the tests."""
    found = NEEDS.search(page.read_text(encoding="utf-8"))
    return re.split(r",\s*", found[1]) if found else []


def is_installed(name):
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def test_a_page_says_which_packages_it_needs(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- needs: no-such-package, pytest -->\n\n# Title\n", encoding="utf-8")
    assert [name for name in find_needs(page) if not is_installed(name)] == ["no-such-package"]
    page.write_text("# Title\n", encoding="utf-8")
    assert find_needs(page) == []


def test_the_nightly_script_needs_no_extra_and_keeps_the_code_of_the_export(tmp_path):
    page = (ROOT / "docs/guide/many-videos.md").read_text(encoding="utf-8")
    script = next(block.text for block in read_blocks(page) if block.file == "nightly.sh")
    (tmp_path / "nightly.sh").write_text(script, encoding="utf-8")
    fake = tmp_path / "ptrack"
    fake.write_text('#!/bin/sh\necho "$*" >> calls\n[ "$1" != export ] || exit 4\n', encoding="utf-8")
    fake.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    assert (
        subprocess.run(["/bin/sh", "nightly.sh"], cwd=tmp_path, env={"PATH": path}, check=False).returncode
        == 4
    )
    _, *later = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert later == ["verify nightly", "compact nightly"]


@BY_NAME
def test_every_block_has_a_known_language(page):
    unknown = {block.language for block in read_blocks(page.read_text(encoding="utf-8"))} - LANGUAGES
    assert not {name for name in unknown if not re.fullmatch(r"\{[\w:-]+\}", name)}


@BY_NAME
def test_files_that_a_page_links_are_there(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
        elif "generated/" not in target:
            assert (page.parent / target).exists(), f"{page.name} links {target}"
