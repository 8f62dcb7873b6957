"""The README's promises, kept."""

import re
import shlex
import subprocess
import sys

import duckdb
import pytest
from questions import export_all

from ptrack_analysis.cli import main
from ptrack_analysis.dataset.dimensions import DIMENSIONS
from ptrack_analysis.dataset.manifest import read_manifest
from ptrack_analysis.pipeline.outputs import FACTS


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
    assert read_manifest(beside_data / "nightly").partition == "local_day"
    assert read_manifest(beside_data / "nightly").names == ("evening", "morning")


def test_the_two_commands_stand_where_the_checks_look_for_them(readme):
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert "ptrack export data/shop" in commands[0]
    assert commands[1].endswith("-m pytest")


def test_files_that_the_readme_names_are_there(readme, data):
    for name in re.findall(r"\]\((data/[^)]+)\)|`(data/[^`\s]+)`", readme):
        assert (data.parent / (name[0] or name[1])).exists()


def test_every_table_and_every_command_is_named(readme):
    missing = [name for name in [*FACTS, *DIMENSIONS, "faces"] if f"`{name}/`" not in readme]
    commands = ("verify", "compact", "remove", "zones", "report")
    missing += [name for name in commands if f"ptrack {name} " not in readme]
    assert not missing


@pytest.mark.parametrize("with_floor", [True, False], ids=["with a floor plan", "without a floor plan"])
def test_the_queries_and_dashboards_of_the_readme_work_with_a_camera_without_a_clock(
    readme, data, tmp_path, monkeypatch, with_floor
):
    monkeypatch.chdir(tmp_path)
    export_all(data, tmp_path, with_floor=with_floor, partition="local_day" if with_floor else None)
    views = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [^|]*\|$", readme.partition("| view |")[2], re.MULTILINE)
    names = re.findall(r"`(\w+)`", " ".join(views[:5]))
    assert len(names) == 7
    with duckdb.connect() as connection:
        for query in re.findall(r"```sql\n(.*?)```", readme, re.DOTALL):
            assert connection.execute(query).fetchall()
        connection.execute((tmp_path / "out/views/duckdb.sql").read_text())
        for query in re.findall(r"^\$ duckdb .* -c '(.*)'$", readme, re.MULTILINE):
            assert connection.execute(query).fetchall()
        for name in names:
            assert connection.execute(f"FROM {name}").fetchall()
        for row in readme.partition("| tool |")[2].partition("\n\n")[0].splitlines()[2:]:
            table, chart = row.strip("| ").split("|")[2:]
            [table, *_] = re.findall(r"`(\w+)/?`", table)
            columns = re.findall(r"`(\w+)`", chart)
            assert connection.table(table).select(*columns).fetchall(), row
