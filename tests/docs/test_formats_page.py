"""The page of formats names every format and every role of a column."""

import re
from pathlib import Path

import pytest

from ptrack_analysis.sources.trackers.formats import TRACKERS
from ptrack_analysis.sources.trackers.roles import BOXES, MOMENTS, PARTS, POINT, SIDES


@pytest.fixture
def page():
    return (Path(__file__).parents[2] / "docs/formats.md").read_text(encoding="utf-8")


def test_the_tables_of_formats_have_every_format(page):
    section = page.partition("\n## Formats of trackers")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in re.findall("`([^`]+)`", row)]
    assert sorted(names) == sorted(TRACKERS)


def test_the_table_of_roles_has_every_role(page):
    section = page.partition("\n## Roles of columns")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("| "))
    roles = ["id", *MOMENTS, *SIDES, *BOXES, *POINT, *PARTS, "confidence", "class", "class_name"]
    assert [role for role in roles if f"`{role}`" not in table] == ["timestamp_ms"]
