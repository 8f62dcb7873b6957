"""The pages about datasets name every table and command, and their queries work with any dataset."""

import re
from pathlib import Path

import duckdb
import pytest
from page_blocks import read_blocks
from questions import export_all

from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.relations import RELATIONS
from ptrack_analysis.pipeline.outputs import FACTS

DOCS = Path(__file__).parents[2] / "docs"
BI = DOCS / "guide/bi.md"


def read(name):
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["guide/many-videos.md", "dataset.md"])
def test_every_standard_table_is_named(page):
    assert not [name for name in [*FACTS, *DIMENSIONS, "faces"] if f"`{name}`" not in read(page)]


def test_every_command_for_a_dataset_is_shown_with_its_output():
    page = read("guide/many-videos.md")
    assert not [name for name in ("export", "verify", "compact", "remove") if f"ptrack {name} " not in page]


def test_the_table_of_relations_has_every_relation_and_no_other():
    found = set()
    for table, refers in re.findall(r"^\| `(\w+)` \| [^|]* \|([^|]*)\|$", read("dataset.md"), re.MULTILINE):
        for column, to, inactive in re.findall(r"`(\w+)` → `(\w+)`( \(inactive\))?", refers):
            found.add((table, column, to, not inactive))
    assert found == {(one.table, one.column, one.to, one.active) for one in RELATIONS}


def list_views(page):
    """Return the names in the first column of the table of views."""
    rows = page.partition("| view |")[2].partition("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]


@pytest.mark.parametrize("with_floor", [True, False], ids=["with a floor plan", "without a floor plan"])
def test_the_queries_and_dashboards_work_with_a_camera_without_a_clock(
    data, tmp_path, monkeypatch, with_floor
):
    monkeypatch.chdir(tmp_path)
    out = export_all(data, tmp_path, with_floor=with_floor, partition="local_day" if with_floor else None)
    page = BI.read_text(encoding="utf-8")
    shell = [block.text.replace("\\\n", " ") for block in read_blocks(page) if block.language == "sh"]
    found = [re.findall(r"^duckdb .*-c (['\"])(.*)\1$", text, re.MULTILINE) for text in shell]
    queries = [query for pairs in found for _, query in pairs]
    assert len(queries) == 2
    views = (out / "views/duckdb.sql").read_text(encoding="utf-8")
    of_questions = {name for name in re.findall(r'VIEW "(\w+)"', views) if not (out / name).exists()}
    assert {*list_views(page)} == of_questions
    with duckdb.connect() as connection:
        connection.execute(views)
        for query in queries:
            assert connection.execute(query).fetchall()
        for query in [block.text for block in read_blocks(page) if block.language == "sql"]:
            connection.execute(query)
        for name in list_views(page):
            assert connection.execute(f"FROM {name}").fetchall()
        rows = page.partition("| tool |")[2].partition("\n\n")[0].splitlines()[2:]
        assert len(rows) == 5
        for row in rows:
            table, chart = row.strip("| ").split("|")[2:]
            [table, *_] = re.findall(r"`(\w+)/?`", table)
            columns = re.findall(r"`(\w+)`", chart)
            assert connection.table(table).select(*columns).fetchall(), row
